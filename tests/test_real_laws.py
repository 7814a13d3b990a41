"""A toy of the real view obeys the laws, and finds what is wrong with an encoding."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from toy_real import RealNormal

from skgen import _registry
from skgen._random import generator_from
from skgen.table.real import RealView
from skgen.testing import LAWS, LawNotApplicable

#: What the toy cannot promise, and why.
EXEMPT = {
    "integer_weights": "fresh draws for every row are other draws for repeated rows",
    "zero_weights": "fresh draws for every row are other draws where a row is left out",
    "column_permutation": "the draws of the fit go to the columns in their order",
}


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    monkeypatch.setitem(_registry.MODELS, "RealNormal", ("toy_real", "model"))


@pytest.mark.parametrize("marginals", ["gaussianize", "standardize"])
@pytest.mark.parametrize("law", [law for law in LAWS if law not in EXEMPT])
def test_real_normal_obeys(law, marginals):
    try:
        LAWS[law](RealNormal(marginals=marginals))
    except LawNotApplicable as reason:
        pytest.skip(str(reason))


def _without_log_slope(encode):
    def mutant(self, Z, u, known=None):
        R, log_weight = encode(self, Z, u, known)
        return R, 0.0 * log_weight

    return mutant


def _other_draws(encode):
    def mutant(self, Z, u, known=None):
        return encode(self, Z, 0.5 * u, known)  # the lower half of each interval only

    return mutant


@pytest.mark.parametrize("law", ["integrates_to_one", "ceiling", "units"])
def test_laws_find_a_forgotten_jacobian(law, monkeypatch):
    monkeypatch.setattr(RealView, "encode", _without_log_slope(RealView.encode))
    with pytest.raises(AssertionError):
        LAWS[law](RealNormal(marginals="standardize"))


def _levels(n, seed):
    """Two texts, each "yes" half of the time, independent."""
    rng = generator_from(seed)
    return pd.DataFrame({name: np.where(rng.random(n) < 0.5, "yes", "no") for name in ("a", "b")})


def _copula(table, rho):
    """The toy with the latent correlation set by hand; the mass of a cell is a rectangle's under the normal law."""
    model = RealNormal(random_state=0).fit(table)
    model.mean_, model.covariance_ = np.zeros(2), np.array([[1.0, rho], [rho, 1.0]])
    edges = []
    for j, name in enumerate(("a", "b")):
        ends = [
            model.codec_.real.encode(model.codec_.encode_typed(pd.DataFrame({"a": [v], "b": [v]})), np.full((1, 2), u))[
                0
            ][0, j]
            for v in table[name].unique()
            for u in (0.0, 1.0)
        ]
        edges.append(dict(zip(table[name].unique(), np.reshape(ends, (-1, 2)))))
    return model, edges


def _rectangle(edges, a, b, rho):
    law = stats.multivariate_normal([0, 0], [[1, rho], [rho, 1]])
    lower, upper = zip(np.clip(edges[0][a], -9, 9), np.clip(edges[1][b], -9, 9))
    return float(law.cdf(upper, lower_limit=lower))


def test_a_known_cell_is_a_cell_not_a_point():
    """Given a level, the others follow the law of its whole interval: a point in it gives another law."""
    rho = 0.9
    model, edges = _copula(_levels(2_000, 1), rho)
    masses = np.array([_rectangle(edges, "yes", b, rho) for b in ("yes", "no")])
    expected = masses[0] / masses.sum()
    rows = model.sample(8_000, given={"a": "yes"}, random_state=0)
    share = float((rows["b"] == "yes").mean())
    ess = min(8_000, getattr(model, "given_ess_", 8_000))
    error = np.sqrt(expected * (1 - expected) * (1 / 8_000 + 1 / ess))
    assert abs(share - expected) < 4.9 * error, f"share {share:.4f}, expected {expected:.4f} +- {error:.4f}"
    interval = edges[0]["yes"]
    middle = stats.norm.ppf(stats.norm.cdf(interval).mean())
    cell = np.clip((edges[1]["yes"] - rho * middle) / np.sqrt(1 - rho**2), -9, 9)
    point = float(np.diff(stats.norm.cdf(cell))[0])
    assert abs(point - expected) > 4.9 * error, "the test could not tell a cell from a point"


def test_bounds_stay_below_the_exact_mass():
    """The mean of the bounds over the rows does not exceed that of the exact log-masses, and more draws raise it."""
    rho = 0.9
    table = _levels(2_000, 2)
    model, edges = _copula(table, rho)
    assert model.likelihood_ == "lower_bound"
    rows = pd.DataFrame({"a": ["yes", "yes", "no", "no"], "b": ["yes", "no", "yes", "no"]})
    exact = np.log([_rectangle(edges, a, b, rho) for a, b in rows.to_numpy()])
    bounds = []
    for seed in range(64):  # the draws of a row are keyed by the stream's seed
        model.stream_.seed = seed
        bounds.append(model.score_samples(rows))
    bounds = np.array(bounds)
    error = bounds.std(axis=0, ddof=1) / 8
    assert (bounds.mean(axis=0) <= exact + 4.9 * error).all()
    means = np.exp(bounds - exact)
    assert (np.abs(means.mean(axis=0) - 1) < 4.9 * means.std(axis=0, ddof=1) / 8).all(), means.mean(axis=0)


def test_draws_from_part_of_a_cell_are_found(monkeypatch):
    """The mean over draws is the exact mass only if the draws fill the cell: the mutant fills half of it."""
    monkeypatch.setattr(RealView, "encode", _other_draws(RealView.encode))
    with pytest.raises(AssertionError):
        test_bounds_stay_below_the_exact_mass()
