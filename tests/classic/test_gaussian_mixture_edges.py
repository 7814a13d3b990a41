"""GaussianMixture where data or starting points are degenerate."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chisquare

from skgen import GaussianMixture
from skgen.exceptions import DegenerateDataWarning

TYPES = ["full", "tied", "diag", "spherical"]


def _clusters():
    rng = np.random.default_rng(0)
    return rng.normal(size=(600, 2)) + 5 * rng.integers(2, size=(600, 1))


@pytest.mark.parametrize("covariance_type", TYPES)
@pytest.mark.parametrize("init_params", ["split", "kmeans", "random"])
def test_degenerate_rows_stay_finite(covariance_type, init_params):
    model = GaussianMixture(3, covariance_type=covariance_type, init_params=init_params, random_state=0)
    for X in (np.ones((5, 2)), np.zeros((1, 2)), np.array([[1.0, 2], [3, 4]])):
        with pytest.warns(DegenerateDataWarning, match="distinct"):
            model.fit(X)
        assert np.isfinite(model.score_samples(X)).all()
        assert np.isfinite(model.sample(50)).all()


def test_constant_and_empty_columns():
    X = _clusters()
    model = GaussianMixture(2, random_state=0).fit(np.column_stack([X, np.full(len(X), 7.0)]))
    np.testing.assert_allclose(model.sample(100)[:, 2], 7, rtol=0.01)
    holes = np.column_stack([X, np.full(len(X), np.nan)])
    model = GaussianMixture(2, random_state=0).fit(holes)
    plain = GaussianMixture(2, random_state=0).fit(X)
    np.testing.assert_allclose(model.score_samples(holes), plain.score_samples(X), atol=1e-9)
    assert np.isnan(model.sample(100)[:, 2]).all()


def test_bad_inits_say_what_is_expected():
    X = _clusters()
    with pytest.raises(ValueError, match="means_init must be finite, of shape"):
        GaussianMixture(3, means_init=X[:2]).fit(X)
    with pytest.raises(ValueError, match="sum to 1"):
        GaussianMixture(2, weights_init=[1, 1]).fit(X)
    with pytest.raises(ValueError, match="positive"):
        GaussianMixture(1, precisions_init=-np.eye(2)[None]).fit(X)


@pytest.mark.parametrize("covariance_type", ["diag", "spherical"])
def test_wide_skewed_tables_are_sampled(covariance_type):
    rng = np.random.default_rng(0)
    df = pd.DataFrame(rng.lognormal(sigma=2, size=(500, 14)), columns=[f"x{j}" for j in range(14)])
    model = GaussianMixture(1, covariance_type=covariance_type, random_state=0).fit(df)
    rows = model.sample(2000)
    assert (rows.max() <= df.max()).all() and (rows.min() >= df.min()).all()


@pytest.mark.parametrize("covariance_type", ["diag", "spherical", "full"])
@pytest.mark.parametrize("given", [None, "a"])
def test_samples_follow_the_density_within_the_range(covariance_type, given):
    rng = np.random.default_rng(0)
    n, side = 600, np.repeat([0, 1], [200, 400])
    df = pd.DataFrame({"a": rng.integers(0, 40, n) + 20.0 * side, "b": np.round(rng.exponential(9, n))})
    df["c"] = np.where(rng.random(n) < 0.4, 0.0, np.round(rng.exponential(30, n) * (1 + side)))
    df.loc[rng.random(n) < 0.2 + 0.4 * side, "b"] = np.nan
    model = GaussianMixture(2, covariance_type=covariance_type, random_state=0).fit(df)
    assert {"FlagLaw", "SpikeLaw"} <= {type(law).__name__ for law in model._laws_}
    assert model.gaussian_columns_.tolist() == [0, 1]
    axes = [np.append(np.arange(c.lower, c.upper + 1), [np.nan] * c.missing_seen) for c in model.codec_.columns]
    axes[0] = axes[0] if given is None else np.array([9.0])
    cells = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    p = np.exp(model._log_density(cells.reshape(-1, 3))).reshape(cells.shape[:-1])
    known, points = np.arange(3) < (given is not None), np.full((100_000, 3), 9.0)
    Z = model._components().draw(points, known, np.random.default_rng(1))
    kept = Z[model.codec_.seen(Z)]
    assert len(kept) == len(Z) or covariance_type == "full"
    at = np.column_stack([np.where(np.isnan(z), len(a) - 1, z - a[0]).astype(int) for z, a in zip(kept.T, axes)])
    for sides in ((0, 1), (0, 2), (1, 2)):
        expected = p.sum(axis=3 - sum(sides)) * len(kept) / p.sum()
        counts = np.zeros(expected.shape)
        np.add.at(counts, tuple(at[:, sides].T), 1)
        often = expected > 5
        counts, expected = (np.append(t[often], t[~often].sum() + 1e-9) for t in (counts, expected))
        assert chisquare(counts, expected * counts.sum() / expected.sum()).pvalue > 1e-6


def test_given_a_set_of_numbers_of_an_array():
    X = _clusters()
    model = GaussianMixture(2, random_state=0).fit(X)
    values = np.array([-2.5, 0.1, 0.3])
    p = np.exp(model._log_density(np.column_stack([values, values]), np.array([True, False])))
    rows = model.sample(4000, given={0: values.tolist()})
    counts = (rows[:, :1] == values).sum(axis=0)
    assert chisquare(counts, 4000 * p / p.sum()).pvalue > 1e-6
