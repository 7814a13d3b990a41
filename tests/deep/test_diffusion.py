"""Known answers of the diffusion model."""

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import stats
from sklearn.exceptions import ConvergenceWarning

from skgen import DiffusionModel
from skgen.datasets import CorrelatedGaussian
from skgen.deep._diffusion.cells import NormalCells
from skgen.deep._diffusion.diffusion_module import DiffusionModule
from skgen.deep._diffusion.edges import cut_column
from skgen.deep._diffusion.marginal_drift import MarginalDrift
from skgen.deep._diffusion.noise_end import regression
from skgen.deep._random import seeded_init
from skgen.exceptions import UnsupportedGivenError

EDGES = [np.array([-1.0, 0.2, 0.9]), np.array([0.0]), np.array([-0.5, 0.5])]
SMALL = {"hidden_units": 32, "n_blocks": 1, "dropout": 0.0, "random_state": 0}


def module(targets=(0, 1, 2)):
    """A module of three columns whose net is far from 0, in float64."""
    rng = np.random.default_rng(0)
    Z = rng.standard_normal((200, 3))
    slope, covariance = regression(Z, ~np.isin(np.arange(3), targets))
    with seeded_init(0):
        made = DiffusionModule(
            edges=EDGES,
            spreads=[np.array([[1.0, 0.0], [0.5, 0.5], [0.2, 0.8], [0.0, 1.0]]), None, None],
            targets=list(targets),
            regression=slope,
            covariance=covariance,
            sigma_min=0.01,
            sigma_max=10.0,
            width=16,
            n_blocks=1,
            dropout=0.0,
            condition_dropout=0.1,
        )
        for head in made.denoiser.heads:
            torch.nn.init.normal_(head, std=0.5)
    return made.eval().double()


def test_posterior_moments_are_those_of_quadrature():
    """The mean and the variance behind noise, against sums over a fine grid of clean points."""
    cells = NormalCells([EDGES[0]]).double()
    ratio = torch.tensor([[0.2, 3.0, 0.01, 1.5, 1.0]], dtype=torch.float64)
    z = np.linspace(-9, 9, 400_001)
    for y, signal in ((0.3, 0.6), (-2.0, 0.95), (1.1, 0.999), (4.0, 0.9)):
        noise = np.sqrt(1 - signal**2)
        parts = [torch.full((1, 1), v, dtype=torch.float64) for v in (y, signal, noise)]
        a, mass = cells.places(*parts)
        mean, variance = cells.moments(a, mass, ratio)
        weight = stats.norm.pdf(z) * stats.norm.pdf(y, signal * z, noise)
        weight *= ratio[0].numpy()[np.searchsorted(EDGES[0], z)]
        weight /= weight.sum()
        t = (z - signal * y) / noise
        assert mean.item() == pytest.approx(weight @ t, abs=2e-4 / noise)
        assert variance.item() == pytest.approx(weight @ t**2 - (weight @ t) ** 2, abs=2e-4 / noise**2)


def test_ratios_of_a_column_do_not_see_it():
    made = module()
    y, level = (
        torch.randn(1, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0)),
        torch.zeros(1).double(),
    )

    def ratios(y):
        signal, noise = made._shares(level)
        _, mass = made.cells.places(y, signal, noise)
        g = made.denoiser(y, level, signal, noise, mass)
        return g @ made.cells.belongs  # (1, d)

    J = torch.autograd.functional.jacobian(ratios, y)[0, :, 0]
    assert J.diagonal().abs().max() < 1e-14
    assert (J.abs() > 1e-4).sum() == 6


def test_divergence_is_that_of_autograd():
    """The closed form of the trace, against the Jacobian of the velocity, the drift of the marginals included."""
    made = module()
    torch.nn.init.normal_(made.drift.factor, std=0.3, generator=torch.Generator().manual_seed(0))
    y = torch.randn(6, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    for level in (-3.0, -0.5, 1.5):
        J = torch.autograd.functional.jacobian(lambda y, level=level: made.posterior(y, level)[0], y)
        trace = torch.einsum("ijij->i", J)
        _, variance = made.posterior(y, level)
        assert torch.allclose(trace, ((variance - 1) / np.exp(level)).sum(1), atol=1e-9)


def test_drift_is_learned_in_orthonormal_waves():
    """A drift of waves is found in a swarm of normal marginals, and along the levels; slopes are those of autograd."""
    generator = torch.Generator().manual_seed(0)
    drift, found = MarginalDrift(2, -3.0, 2.0).double(), MarginalDrift(2, -3.0, 2.0).double()
    torch.nn.init.normal_(drift.factor, generator=generator)
    y = torch.as_tensor(stats.norm.ppf((np.arange(1000) + 0.5) / 1000))
    y = torch.stack([y, y[torch.randperm(1000, generator=generator)]], 1)
    levels = np.linspace(-3.0, 2.0, 25)
    exact = [torch.einsum("q,qdp->dp", drift._polynomials(level), drift.factor) for level in levels]
    coefficients, fitted = drift.of_swarm(y, drift(y, levels[3])[0])
    assert torch.allclose(coefficients, exact[3], atol=1e-5)
    assert torch.allclose(fitted, drift(y, levels[3])[0], atol=1e-5)
    found.keep(levels, exact, 0.5)
    assert torch.allclose(found.factor, 0.5 * drift.factor, atol=1e-5)
    J = torch.autograd.functional.jacobian(lambda y: drift(y, -1.2)[0], y[:5])
    assert torch.allclose(torch.einsum("ijij->ij", J), drift(y[:5], -1.2)[1], atol=1e-12)
    far, still = drift(torch.full((1, 2), 1e30, dtype=torch.float64), 0.3)
    assert torch.isfinite(far).all()
    assert (still == 0).all()


def test_marginals_stay_normal_without_the_drift():
    """Points that are drawn from a net of random ratios, before and after."""
    made = module()

    def distance():
        drawn = made.draw(torch.zeros(8192, 3).double(), torch.Generator().manual_seed(1), "ode", 24, 1.0)
        return [stats.kstest(column, "norm").statistic for column in drawn.T.numpy()]

    with torch.no_grad():
        before = distance()
        made.take_out_drift(4096, 0, np.ones(3, bool))
        after = distance()
    assert np.mean(after) < 0.5 * np.mean(before), (before, after)


def test_given_columns_neither_move_nor_count():
    made = module(targets=(0, 2))
    x = torch.randn(50, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    for sampler in ("ode", "ddim", "ddpm", "heun", "dpm++2m"):
        drawn = made.draw(x, torch.Generator().manual_seed(3), sampler, 8, 1.5)
        assert torch.equal(drawn[:, 1], x[:, 1])
        assert torch.isfinite(drawn).all()
        assert (drawn[:, 0] != x[:, 0]).all()


def test_columns_are_cut_at_levels_and_at_equal_mass():
    rng = np.random.default_rng(0)
    levels = rng.integers(0, 4, 1000).astype(float)
    edges, spread = cut_column(levels, levels + 0.9, None, 16)
    assert edges == pytest.approx([0.95, 1.95, 2.95])
    assert spread is None
    z = np.where(rng.random(10_000) < 0.3, 0.0, rng.standard_normal(10_000))
    high = np.where(z == 0, 1e-3, z)  # a heavy value among smooth ones
    edges, spread = cut_column(z, high, None, 32)
    cells = np.bincount(np.searchsorted(edges, z, side="right")) / len(z)
    assert cells.max() == pytest.approx(0.3, abs=0.02)
    assert np.sort(cells)[-2] < 1.5 / 64
    assert spread.shape[0] == len(edges) + 1
    assert spread.sum(axis=1) == pytest.approx(1.0)
    assert spread[cells.argmax()].max() == 1.0


@pytest.fixture(scope="module")
def gaussian():
    """Correlated normal rows, their law, and the model of them."""
    law = CorrelatedGaussian()
    X = law.sample(4000, random_state=0)
    return law, X, DiffusionModel(max_epochs=40, **SMALL).fit(X)


def test_learns_a_correlated_gaussian(gaussian):
    law, _, model = gaussian
    X = law.sample(2000, random_state=1)
    gap = law.log_density(X) - model.score_samples(X)
    assert model.likelihood_ == "exact"
    assert -3 * gap.std() / np.sqrt(len(gap)) < gap.mean() < 0.06


@pytest.mark.parametrize(
    ("sampler", "n_steps"),
    [("ode", 1), ("ddim", 40), ("heun", 20), ("dpm++2m", 20), pytest.param("ddpm", 200, marks=pytest.mark.slow)],
)
def test_samplers_agree(gaussian, sampler, n_steps):
    """All of them draw the correlations that the flow has."""
    _, X, model = gaussian
    state = model.get_params()
    drawn = model.set_params(sampler=sampler, n_steps=n_steps).sample(4096, random_state=0)
    model.set_params(**state)
    assert np.abs(np.corrcoef(drawn.T) - np.corrcoef(X.T)).max() < 0.06
    for j in range(X.shape[1]):
        assert stats.ks_2samp(drawn[:, j], X[:, j]).statistic < 0.045


def test_steps_meet_the_tolerance(gaussian):
    """Scores in the steps that fit chose, against scores in many more."""
    law, _, model = gaussian
    Z = model._encode(law.sample(300, random_state=3))
    assert np.abs(model._flow_density(Z, model.n_ode_steps_) - model._flow_density(Z, 200)).mean() < 2e-5


def test_rows_far_outside_are_finite(gaussian):
    _, _, model = gaussian
    scores = model.score_samples(np.array([[1e30, 0.0], [-1e12, 1e12], [40.0, -40.0]]))
    assert np.isfinite(scores).all()
    assert (scores < -50).all()


def test_a_loose_solver_gives_estimates():
    X = np.random.default_rng(0).standard_normal((100, 2))
    model = DiffusionModel(ode_tol=1e-2, max_epochs=1, warm_start=True, **SMALL).fit(X)
    assert model.likelihood_ == "estimate"
    assert model.set_params(ode_tol=1e-5).fit(X).likelihood_ == "exact"
    levels = pd.DataFrame({"a": np.where(X[:, 0] > 0, "x", "y"), "b": X[:, 1].round(2)})
    assert DiffusionModel(ode_tol=1e-2, max_epochs=1, **SMALL).fit(levels).likelihood_ == "estimate"


@pytest.mark.slow
def test_conditions_and_guidance():
    """Means move with what is given, farther under guidance; scores are densities of the rest and do not change."""
    rng = np.random.default_rng(0)
    group = rng.integers(0, 2, 3000)
    frame = pd.DataFrame({"group": np.array(["a", "b"])[group], "x": rng.normal(np.array([-1.0, 1.0])[group])})
    model = DiffusionModel(condition_on=["group"], max_epochs=20, **SMALL).fit(frame)
    assert model.conditional_on_ == ["group"]
    grid = pd.DataFrame({"group": "b", "x": np.linspace(-8, 8, 1601)})
    grid["x"] = grid["x"].round(6)
    scores = model.score_samples(grid)
    assert np.exp(scores).sum() * 0.01 == pytest.approx(1.0, abs=0.02)
    assert (np.exp(scores) @ grid["x"]) * 0.01 == pytest.approx(1.0, abs=0.15)
    plain = model.sample(1024, given={"group": "b"}, random_state=0)
    guided = model.set_params(guidance_scale=2.0).sample(1024, given={"group": "b"}, random_state=0)
    assert (plain["group"] == "b").all()
    assert plain["x"].mean() == pytest.approx(1.0, abs=0.15)
    assert guided["x"].mean() > plain["x"].mean() + 0.2
    assert model.score_samples(grid) == pytest.approx(scores)
    with pytest.raises(UnsupportedGivenError, match="group"):
        model.sample(3)
    plain = DiffusionModel(condition_on=["group"], condition_dropout=0.0, max_epochs=1, **SMALL).fit(frame)
    with pytest.raises(ValueError, match="condition_dropout above 0"):
        plain.set_params(guidance_scale=2.0).sample(3, given={"group": "b"})


def test_noise_must_have_a_range():
    with pytest.raises(ValueError, match="sigma_min must be below sigma_max"):
        DiffusionModel(sigma_min=2.0, sigma_max=1.0, max_epochs=1).fit(np.zeros((20, 2)) + np.arange(20)[:, None])


def test_guidance_is_checked_before_work_starts():
    X = np.random.default_rng(0).normal(size=(40, 2))
    with pytest.raises(ValueError, match="condition_dropout above 0"):
        DiffusionModel(condition_on=[0], condition_dropout=0.0, guidance_scale=2.0, max_epochs=10**6, **SMALL).fit(X)
    model = DiffusionModel(max_epochs=1, **SMALL).fit(X)
    with pytest.raises(ValueError, match="needs columns to be guided by"):
        model.set_params(guidance_scale=2.0).sample(3)


def test_noisy_draws_are_the_same_in_chunks_of_any_size(monkeypatch):
    """Processors and GPUs hold different numbers of rows at a time."""
    X = np.random.default_rng(0).normal(size=(100, 2))
    model = DiffusionModel(max_epochs=1, sampler="ddpm", n_steps=4, **{**SMALL, "hidden_units": 64}).fit(X)
    rows = model.sample(600, random_state=0)
    monkeypatch.setattr("skgen.deep._diffusion.diffusion_module._CHUNK_BYTES", 1)
    np.testing.assert_allclose(model.sample(600, random_state=0), rows, atol=1e-5)


def test_guidance_needs_a_condition():
    with pytest.raises(ValueError, match="set condition_on"):
        DiffusionModel(guidance_scale=2.0, max_epochs=1, **SMALL).fit(np.zeros((20, 2)))


def test_too_few_steps_make_an_estimate(monkeypatch):
    """Scores whose equation was not solved to the tolerance are not called exact."""
    monkeypatch.setattr("skgen.deep.diffusion._MOST_STEPS", 8)
    X = np.random.default_rng(0).normal(size=(200, 2))
    with pytest.warns(ConvergenceWarning, match="raise ode_tol"):
        model = DiffusionModel(ode_tol=1e-12, max_epochs=1, **SMALL).fit(X)
    assert model.likelihood_ == "estimate"


@pytest.mark.slow
def test_rare_conditions_grow_the_pool():
    """A pool of weighted draws that has to grow holds whole blocks, though the model draws some rows to spare."""
    rng = np.random.default_rng(0)
    level = rng.choice(["often", "rare"], 4000, p=[0.98, 0.02])
    table = pd.DataFrame({"level": level, "size": rng.normal(size=4000) + 3.0 * (level == "rare")})
    model = DiffusionModel(max_epochs=2, **SMALL).fit(table)
    drawn = model.sample(1500, given={"level": "rare"})
    assert set(drawn["level"]) == {"rare"}
