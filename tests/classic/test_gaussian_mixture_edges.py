"""GaussianMixture where data or starting points are degenerate."""

import numpy as np
import pytest

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
def test_samples_follow_the_density_within_the_range(covariance_type):
    rng = np.random.default_rng(0)
    n, side = 600, np.repeat([0, 1], [200, 400])
    df = pd.DataFrame({"a": np.round(rng.exponential(3, n)) + 20 * side, "b": np.round(rng.exponential(4, n))})
    df["c"] = np.where(rng.random(n) < 0.4, 0.0, np.round(rng.exponential(300, n)))
    df.loc[rng.random(n) < 0.2 + 0.4 * side, "b"] = np.nan
    model = GaussianMixture(2, covariance_type=covariance_type, random_state=0).fit(df)
    draws = model._components().draw(np.full((200_000, 3), np.nan), np.zeros(3, bool), np.random.default_rng(1))
    kept = draws[model.codec_.seen(draws)]
    if covariance_type != "full":
        assert len(kept) == len(draws)
    Z, column = np.full((1, 3), np.nan), model.codec_.columns
    a, b = (np.arange(c.lower, c.upper + 1) for c in column[:2])
    grid = np.array([(i, j, 0.0) for i in a for j in np.append(b, np.nan)])
    known = np.array([True, True, False])
    # mass of the third column's range is not the same in every component: sum it too
    third = np.arange(column[2].lower, column[2].upper + 1)
    del Z, known, third, grid
