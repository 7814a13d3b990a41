"""GAN: known answers of its parts, and what it learns."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.stats import ks_2samp

from skgen import GAN
from skgen._random import generator_from
from skgen.datasets import GaussianGrid
from skgen.deep._gan.calibration import ScoreTables, quantile_map
from skgen.deep._gan.coverage import mode_coverage
from skgen.deep._gan.layout import RowLayout
from skgen.deep._gan.losses import gradient_penalty
from skgen.deep._gan.module import GANModule
from skgen.deep._gan.terms import RowTerms
from skgen.deep._parzen import ParzenEstimate, drawn_rows, parzen_ceiling
from skgen.deep._rows import TensorBatches, TrainingRows
from skgen.exceptions import RejectionError, UnsupportedGivenError
from skgen.table import TableCodec

#: Nets that train in a second or two.
SMALL = {"hidden_layer_sizes": (64, 64), "discriminator_layer_sizes": (64, 64), "random_state": 0}


def mixed_rows(n, seed=0):
    """A category, an integer with a spike at 0, a float with missing cells, a flag that follows the category."""
    rng = np.random.default_rng(seed)
    colour = rng.choice(["red", "green", "blue"], n, p=[0.6, 0.3, 0.1])
    gain = np.where(rng.random(n) < 0.7, 0, rng.integers(1, 400, n))
    size = np.where(rng.random(n) < 0.2, np.nan, rng.normal(3.0, 1.0, n).round(4))
    return pd.DataFrame({"colour": colour, "gain": gain, "size": size, "warm": colour == "red"})


def layout_of(X):
    codec = TableCodec()
    Z = codec.fit_encode(X)
    return RowLayout.fit(Z, None, codec.columns), Z, codec


# ---- columns as cells and scores ------------------------------------------------------------------------------------


def test_rows_come_back_from_their_cells_and_scores():
    layout, Z, _ = layout_of(mixed_rows(2000))
    hot, start, width = layout.encode(Z)
    u = np.random.default_rng(1).random(width.shape)
    scores = ScoreTables.through([lambda s: s] * layout.n_scores)(_normal_scores(start + u * width))
    back = layout.decode(hot - layout.starts[:-1], scores, np.random.default_rng(0))
    np.testing.assert_allclose(back[:, [0, 1, 3]], Z[:, [0, 1, 3]])
    np.testing.assert_allclose(back[:, 2], Z[:, 2], atol=2e-3)  # a table of 4,096 lines in place of the spline


def _normal_scores(p):
    return torch.special.ndtri(torch.as_tensor(p)).clamp(-5, 5).numpy()


def test_spikes_and_missing_cells_are_cells():
    layout, _, _ = layout_of(mixed_rows(2000))
    assert [column.n_cells for column in layout.columns] == [3, 2, 2, 2]
    assert layout.columns[1].atoms.tolist() == [0.0]
    assert layout.score_columns == [1, 2]


def test_codes_are_drawn_by_the_softmax_and_have_its_gradient():
    layout, Z, _ = layout_of(mixed_rows(500))
    terms = RowTerms(layout)
    logits = torch.as_tensor(layout.log_shares(), dtype=torch.float32).expand(40_000, -1).clone().requires_grad_()
    codes = terms.soft_codes(logits, torch.Generator().manual_seed(0), 1.0)
    shares = layout.shares(layout.encode(Z)[0] - layout.starts[:-1])
    assert set(codes.detach().round(decimals=5).unique().tolist()) == {0.0, 1.0}
    np.testing.assert_allclose(codes.detach().mean(0).numpy(), shares, atol=4 * 0.5 / 200)
    (codes * torch.arange(codes.shape[1])).sum().backward()
    mask = torch.as_tensor(layout.mask())
    assert (logits.grad[:, ~mask] == 0).all() and (logits.grad[:, mask] != 0).any()


def test_penalty_of_a_linear_discriminator_is_known():
    direction = torch.tensor([3.0, 4.0])

    def discriminator(x):
        return x @ direction

    x, generator = torch.randn(6, 2, generator=torch.Generator().manual_seed(0)), torch.Generator()
    assert torch.allclose(gradient_penalty("ns", discriminator, x, x + 1, generator), torch.full((6,), 12.5))
    assert torch.allclose(gradient_penalty("wgan-gp", discriminator, x, x + 1, generator), torch.full((6,), 16.0))


# ---- calibration ----------------------------------------------------------------------------------------------------


def test_maps_take_any_scores_to_the_real_ones():
    rng = np.random.default_rng(0)
    scores, normal = rng.exponential(size=20_000), rng.normal(size=20_000)
    mapped = ScoreTables.through([quantile_map(scores, normal)])(scores[:, None])[:, 0]
    assert abs(mapped.mean()) < 0.02 and abs(mapped.std() - 1) < 0.02


def test_an_untrained_generator_has_the_marginals_of_the_rows():
    X = mixed_rows(4000)
    drawn = GAN(max_epochs=0, n_centres=200, **SMALL).fit(X).sample(4000)
    for name in ("colour", "warm"):
        gap = X[name].value_counts(normalize=True) - drawn[name].value_counts(normalize=True)
        assert gap.abs().max() < 0.04  # 3.5 standard errors of a difference
    assert abs((drawn["gain"] == 0).mean() - (X["gain"] == 0).mean()) < 0.04
    assert abs(drawn["size"].isna().mean() - 0.2) < 0.04
    for name in ("gain", "size"):
        assert ks_2samp(drawn[name].dropna(), X[name].dropna()).pvalue > 1e-4


# ---- what is learned ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("extra", "least"), [({}, 0.93), ({"loss": "ns"}, 0.91), ({"loss": "hinge", "pack_size": 4}, 0.9)], ids=str
)
def test_dependence_is_learned(extra, least):
    X = mixed_rows(2000)
    X["twice"] = 2 * X["size"].fillna(0) + np.random.default_rng(1).normal(0, 0.1, len(X)).round(4)
    drawn = GAN(max_epochs=40, n_centres=200, **SMALL, **extra).fit(X).sample(4000)
    assert ((drawn["colour"] == "red") == drawn["warm"]).mean() > least  # 0.52 where independent
    present = drawn.dropna()
    assert np.corrcoef(present["size"], present["twice"])[0, 1] > 0.9


def test_the_grid_of_gaussians_keeps_its_modes():
    law = GaussianGrid()
    X = law.sample(10_000, random_state=0)
    drawn = GAN(max_epochs=8, n_centres=200, **SMALL).fit(X).sample(25_000)
    side = np.arange(-4.0, 5.0, 2.0)
    near = np.hypot(drawn[:, :1] - np.repeat(side, 5), drawn[:, 1:] - np.tile(side, 5)) <= 4 * law.std
    assert (near.mean(axis=0) >= 0.01).all()
    assert near.any(axis=1).mean() > 0.85


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_default_parameters_find_all_modes(seed):
    law = GaussianGrid()
    drawn = GAN(n_centres=200, random_state=seed).fit(law.sample(100_000, random_state=seed)).sample(25_000)
    side = np.arange(-4.0, 5.0, 2.0)
    near = np.hypot(drawn[:, :1] - np.repeat(side, 5), drawn[:, 1:] - np.tile(side, 5)) <= 4 * law.std
    assert (near.mean(axis=0) >= 0.01).all()
    assert near.any(axis=1).mean() >= 0.9


def test_an_epoch_shows_rows_as_often_as_they_weigh():
    """Half of the weight on 20 of 2,000 rows is half of what the discriminator reads, in every batch size."""
    weight = np.where(np.arange(2000) < 20, 99.0, 1.0)
    rows = TrainingRows(lambda rng, at: (at[:, None].astype(float),), np.arange(2000), weight, False, "cpu")
    batches = TensorBatches(rows, 64, shuffle=True, by_weight=GANModule.draws_by_weight)
    for seed in range(3):
        shown = list(batches.batches(None, torch.Generator().manual_seed(seed)))
        assert all(weight is None for _, weight in shown)
        heavy = torch.cat([x for x, _ in shown]).numpy().ravel() < 20
        assert len(heavy) == 2000 and abs(heavy.mean() - 1980 / 3960) < 0.002
        assert heavy[:1000].mean() == pytest.approx(0.5, abs=0.08), "rows come in a random order"


def test_rows_that_weigh_half_are_half_of_the_samples():
    rng = np.random.default_rng(0)
    heavy, a = np.arange(1000) < 10, rng.normal(size=1000)
    X = np.column_stack([a, np.where(heavy, -a, a) + 0.1 * rng.normal(size=1000)])
    model = GAN(max_epochs=40, batch_size=64, n_centres=200, **SMALL).fit(X, sample_weight=np.where(heavy, 99.0, 1.0))
    S = model.sample(4096, random_state=1)
    assert (np.abs(S.sum(axis=1)) < np.abs(S[:, 0] - S[:, 1])).mean() > 0.3  # 0.09 where each batch weighs by itself


def test_a_chunk_outside_the_support_is_refused():
    X = mixed_rows(300)
    model = GAN(max_epochs=1, n_centres=200, **SMALL).partial_fit(X)
    with pytest.raises(ValueError, match="No row of this chunk lies in the support"):
        model.partial_fit(X.assign(colour="violet"))


def test_weights_select_rows():
    X = np.concatenate(
        [np.random.default_rng(0).normal(-3, 1, (500, 1)), np.random.default_rng(1).normal(3, 1, (500, 1))]
    )
    weight = np.repeat([1.0, 1000.0], 500)
    model = GAN(max_epochs=5, n_centres=300, pack_size=2, **SMALL).fit(X, sample_weight=weight)
    assert (model.sample(2000) > 0).mean() > 0.97
    assert abs(model.parzen_ceiling_ + 0.5 * np.log(2 * np.pi * np.e)) < 0.4


def test_condition_on_learns_the_law_of_the_rest():
    rng = np.random.default_rng(0)
    a = rng.integers(0, 2, 3000)
    X = pd.DataFrame({"a": np.array(["x", "y"])[a], "b": (rng.normal(0, 1, 3000) + 4 * a).round(4)})
    model = GAN(max_epochs=30, n_centres=500, condition_on=["a"], **SMALL).fit(X)
    means = [model.sample(2000, given={"a": level})["b"].mean() for level in ("x", "y")]
    np.testing.assert_allclose(means, [0.0, 4.0], atol=0.5)
    with pytest.raises(UnsupportedGivenError, match="condition_on"):
        model.sample(5)
    rows = pd.DataFrame({"a": "x", "b": np.arange(-20.0, 30.0, 0.02).round(4)})
    assert abs(np.exp(model.score_samples(rows)).sum() * 0.02 - 1) < 0.02


def test_mode_coverage_sees_a_lost_mode():
    X = np.random.default_rng(0).normal(size=(2000, 2)) + 10 * np.repeat([[0, 0], [1, 1]], 1000, axis=0)
    layout, Z, _ = layout_of(X)
    assert mode_coverage(Z, None, Z[::-1], layout, generator_from(0)) == 1.0
    assert 0.3 < mode_coverage(Z, None, Z[:1000], layout, generator_from(0)) < 0.7


# ---- the estimate ---------------------------------------------------------------------------------------------------


def test_the_estimate_sums_to_one_where_drawn_rows_lack_a_level():
    X = mixed_rows(600)[["colour", "warm"]]
    codec = TableCodec()
    Z = codec.fit_encode(X)
    estimate = ParzenEstimate.fit(Z[Z[:, 0] != 0], codec, 0)  # no centre is blue
    cells = np.array([[a, b] for a in [0.0, 1.0, 2.0, 3.0, np.nan] for b in [0.0, 1.0, 2.0, np.nan]])
    assert abs(np.exp(estimate.log_density(cells)).sum() - 1) < 1e-12
    again = ParzenEstimate.from_state(estimate.to_state())
    assert (again.log_density(cells) == estimate.log_density(cells)).all()


def test_the_ceiling_is_what_a_kernel_density_reaches():
    X = np.random.default_rng(0).normal(size=(3000, 1))
    codec = TableCodec()
    Z = codec.fit_encode(X)
    ceiling = parzen_ceiling(Z, codec, generator_from(0))
    assert abs(ceiling + 0.5 * np.log(2 * np.pi * np.e)) < 0.15  # 300 rows: 3.5 standard errors


def test_conditional_scores_given_further_columns():
    """log p(a | c) - log p(a, b | c) of a model of p(a, b | c), against the kernels behind it."""
    X = np.random.default_rng(0).normal(size=(300, 3))
    model = GAN(condition_on=[2], max_epochs=1, n_centres=100, random_state=0).fit(X)
    known = np.array([True, False, True])
    expected = model.parzen_.log_density(X) - model.parzen_.log_density(X, known)
    assert model.score_samples(X, given=[0, 2]) == pytest.approx(expected)
    assert np.abs(expected).max() > 0.1
    assert (model.score_samples(X, given=[2]) == model.score_samples(X)).all()
    with pytest.raises(UnsupportedGivenError, match=r"those given \['?x?2'?\] and further columns"):
        model.score_samples(X, given=[0])


def test_draws_that_hardly_ever_lie_in_the_support_are_given_up(monkeypatch):
    monkeypatch.setattr("skgen.deep._parzen.MOST_ROUNDS", 2)
    codec = SimpleNamespace(to_typed=lambda Z: Z, seen=lambda Z: np.zeros(len(Z), bool))
    model = SimpleNamespace(n_features_in_=2, _condition=np.array([True, False]), codec_=codec)
    model._sample_given = lambda rows, known, rng: rows
    with pytest.raises(RejectionError, match="Only 0 of 2048 draws .* Train it longer"):
        drawn_rows(model, np.random.default_rng(0), 10, given=np.zeros((5, 2)))
