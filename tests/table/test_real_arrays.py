"""The real view of float arrays: plain maps of R^d, with known slopes and no range."""

import numpy as np
import pytest

from skgen.table import CodecColumn
from skgen.table.real import RealView


def array_view(X, marginals, weight=None):
    columns = [CodecColumn(j, "number", missing_seen=bool(np.isnan(x).any())) for j, x in enumerate(X.T)]
    return RealView(marginals).fit(X, columns, weight)


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.gamma(2, size=800), rng.normal(5, 2, 800), rng.standard_t(2, 800)])
    X[:100, 2] = np.nan
    return X


@pytest.mark.parametrize("marginals", ["gaussianize", "standardize"])
def test_slope_is_the_derivative(rows, marginals):
    real = array_view(rows, marginals)
    assert real.needs_draw_.tolist() == [False, False, True]
    X = np.random.default_rng(1).normal(1.5, 3, size=(400, 3))
    u = np.full(X.shape, 0.5)
    R, log_weight = real.encode(X, u)
    h = 1e-7
    numeric = np.log((real.encode(X + h, u)[0] - real.encode(X - h, u)[0]) / (2 * h)).sum(axis=1)
    assert log_weight == pytest.approx(numeric, abs=1e-4)
    assert real.decode(R) == pytest.approx(X, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("marginals", ["gaussianize", "standardize"])
@pytest.mark.parametrize(("a", "b"), [(1e-30, 0.0), (3.0, 50.0), (1e30, 0.0)])
def test_units(rows, marginals, a, b):
    real, scaled = array_view(rows, marginals), array_view(rows * a + b, marginals)
    X = np.random.default_rng(1).normal(1.5, 3, size=(400, 3))
    u = np.full(X.shape, 0.5)
    (R, w), (Ra, wa) = real.encode(X, u), scaled.encode(X * a + b, u)
    assert Ra == pytest.approx(R, rel=1e-9, abs=1e-9)
    assert wa == pytest.approx(w - 3 * np.log(a), rel=1e-9, abs=1e-9)
    assert (scaled.cells(rows * a + b) == real.cells(rows)).all()


def test_standardize_is_affine():
    X = np.random.default_rng(0).exponential(3.0, (500, 2))
    real = array_view(X, "standardize")
    assert real.exact_
    R, w = real.encode(X, np.full(X.shape, 0.5))
    assert pytest.approx((X - X.mean(axis=0)) / X.std(axis=0), abs=1e-12) == R
    assert w == pytest.approx(np.full(500, -np.log(X.std(axis=0)).sum()))


def test_far_rows_of_arrays_stay_finite(rows):
    for marginals in ("gaussianize", "standardize"):
        real = array_view(rows, marginals)
        X = np.array([[1e300, -1e300, 1e10], [-1e5, 1e12, -1e300]])
        R, w = real.encode(X, np.full(X.shape, 0.5))
        assert np.isfinite(R**2).all()
        assert np.isfinite(w).all()


@pytest.mark.parametrize("marginals", ["gaussianize", "standardize"])
def test_one_row_or_no_spread(marginals):
    X = np.full((5, 2), 7.0)
    for rows in (X, X[:1]):
        real = array_view(rows, marginals)
        R, w = real.encode(rows, np.full(rows.shape, 0.5))
        assert (real.decode(R) == rows).all()
        assert np.isfinite(w).all()
