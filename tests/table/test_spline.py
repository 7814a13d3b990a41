"""The monotone spline: its slope, its inverse, its mass."""

import numpy as np
import pytest
from scipy.stats import norm

from skgen.table.spline import MonotoneSpline

LAWS = {
    "normal": lambda rng, n: rng.normal(10, 3, size=n),
    "exponential": lambda rng, n: rng.exponential(size=n),
    "two modes": lambda rng, n: np.where(rng.random(n) < 0.3, rng.normal(-5, 0.1, n), rng.normal(4, 2, n)),
    "heavy tails": lambda rng, n: rng.standard_t(1.5, n),
    "zero-inflated": lambda rng, n: np.where(rng.random(n) < 0.6, 0.0, rng.lognormal(0, 2, n)),
    "near ties": lambda rng, n: np.rint(rng.normal(size=n) * 3) + 1e-9 * rng.normal(size=n),
}


@pytest.fixture(params=LAWS)
def rows(request):
    return LAWS[request.param](np.random.default_rng(0), 2000)


def places(spline):
    """Points inside every bin and far in both tails."""
    inner = np.concatenate([spline.x[:-1] + f * np.diff(spline.x) for f in (0.01, 0.37, 0.8)])
    tails = np.array([1e-3, 1.0, 30.0, 1e4])
    below, above = spline.x[0] - tails * spline.scale_below, spline.x[-1] + tails * spline.scale_above
    return np.sort(np.concatenate([below, inner, above]))


def test_increases_and_inverts(rows):
    spline = MonotoneSpline.fit(rows)
    x = places(spline)
    z, _ = spline.forward(x)
    assert (np.diff(z) > 0).all()
    scale = np.maximum(np.abs(x), np.ptp(spline.x))
    assert np.abs((spline.inverse(z) - x) / scale).max() < 1e-9
    z = np.linspace(-8, 8, 4001)
    assert np.abs(spline.forward(spline.inverse(z))[0] - z).max() < 1e-6  # x of near ties has few digits
    rng = np.random.default_rng(1)
    smooth = MonotoneSpline.fit(rng.normal(size=2000))
    assert np.abs(smooth.forward(smooth.inverse(z))[0] - z).max() < 1e-9


def worst_slope_error(spline, x, log_slope):
    """Largest relative distance of slopes from central differences of the map."""
    gap = np.where((x > spline.x[0]) & (x < spline.x[-1]), np.interp(x, spline.x[:-1], np.diff(spline.x)), 1.0)
    gap = np.where(x < spline.x[0], spline.scale_below, np.where(x > spline.x[-1], spline.scale_above, gap))
    h = 1e-5 * gap
    numeric = (spline.forward(x + h)[0] - spline.forward(x - h)[0]) / (2 * h)
    return np.abs(np.exp(log_slope) / numeric - 1).max()


@pytest.mark.parametrize("law", ["normal", "exponential", "two modes", "heavy tails"])
def test_slope_is_the_derivative(law):
    spline = MonotoneSpline.fit(LAWS[law](np.random.default_rng(0), 2000))
    x = places(spline)
    x = x[(x > spline.x[0] - 50 * spline.scale_below) & (x < spline.x[-1] + 50 * spline.scale_above)]
    _, log_slope = spline.forward(x)
    assert worst_slope_error(spline, x, log_slope) < 1e-3
    assert worst_slope_error(spline, x, np.zeros_like(log_slope)) > 0.1  # a forgotten derivative


def total_mass(spline, weight=1.0):
    """Integral of phi(z(x)) z'(x) by Gauss-Legendre in every bin and geometric pieces of the tails."""
    steps = np.concatenate([[0], np.geomspace(1e-3, 200, 60)])
    ends = np.geomspace(1e-7, 0.5, 15)  # of a bin: next to a steep one the slope changes within a small part of it
    inner = spline.x[:-1, None] + np.diff(spline.x)[:, None] * np.concatenate([[0], ends, 1 - ends[-2::-1]])
    below, above = spline.x[0] - spline.scale_below * steps[:0:-1], spline.x[-1] + spline.scale_above * steps
    edges = np.concatenate([below, inner.ravel(), above])
    nodes, weights = np.polynomial.legendre.leggauss(40)
    half = np.diff(edges)[:, None] / 2
    x = edges[:-1, None] + half * (nodes + 1)
    z, log_slope = spline.forward(x.ravel())
    density = np.exp(norm.logpdf(z) + weight * log_slope).reshape(x.shape)
    return float((density * weights * half).sum())


def test_mass_is_one(rows):
    spline = MonotoneSpline.fit(rows)
    assert abs(total_mass(spline) - 1) < 1e-6
    assert abs(total_mass(spline, weight=0.0) - 1) > 1e-2  # a forgotten derivative


def test_tails_hold_one_row_and_fall_off_exponentially(rows):
    n = len(rows)
    spline = MonotoneSpline.fit(rows)
    ends = norm.cdf(spline.forward(np.array([rows.min(), rows.max()]))[0])
    assert ends == pytest.approx([1 / (n + 1), n / (n + 1)], rel=1e-9)
    x = rows.max() + spline.scale_above * np.array([1.0, 5.0])
    assert norm.sf(spline.forward(x)[0]) * (n + 1) == pytest.approx(np.exp([-1.0, -5.0]), rel=1e-6)
    far, log_slope = spline.forward(rows.max() + np.array([1e10, 1e300]))
    assert np.isfinite(far**2).all()
    assert np.isfinite(log_slope).all()


def test_knots_are_the_mid_distribution():
    x = np.repeat([0.0, 1.0, 2.0, 5.0], [10, 30, 40, 20])
    spline = MonotoneSpline.fit(x)
    assert spline.x.tolist() == [0, 1, 2, 5]
    mid = np.array([5, 25, 60, 90])
    eps = 1 / 101
    expected = eps + (1 - 2 * eps) * (mid - 5) / 85
    assert norm.cdf(spline.z) == pytest.approx(expected, abs=1e-12)


def test_weights_are_repeated_rows():
    rng = np.random.default_rng(3)
    x, weight = rng.normal(size=300), rng.integers(1, 6, 300)
    a, b = MonotoneSpline.fit(x, weight.astype(float)), MonotoneSpline.fit(np.repeat(x, weight))
    grid = np.linspace(-6, 6, 101)
    for left, right in zip(a.forward(grid), b.forward(grid)):
        assert left == pytest.approx(right, abs=1e-12)


@pytest.mark.parametrize("law", ["normal", "two modes", "heavy tails", "zero-inflated"])
@pytest.mark.parametrize("a", [1e-30, 1e-3, 7.0, 1e30])
def test_units(law, a):
    rows = LAWS[law](np.random.default_rng(0), 2000)
    spline, scaled = MonotoneSpline.fit(rows), MonotoneSpline.fit(rows * a)
    x = places(spline)
    (z, s), (za, sa) = spline.forward(x), scaled.forward(x * a)
    assert za == pytest.approx(z, rel=1e-9, abs=1e-9)
    assert sa == pytest.approx(s - np.log(a), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("n", [2, 3, 9])
def test_few_rows(n):
    x = np.random.default_rng(n).normal(size=n)
    spline = MonotoneSpline.fit(x)
    assert abs(total_mass(spline) - 1) < 1e-6


def test_fresh_rows():
    """Scores of fresh rows are close to standard normal, their density close to the law's."""
    rng = np.random.default_rng(5)
    spline = MonotoneSpline.fit(rng.gamma(2.0, size=20_000))
    z, log_slope = spline.forward(rng.gamma(2.0, size=20_000))
    assert abs(z.mean()) < 0.03
    assert abs(z.std() - 1) < 0.03
    entropy = 1 + np.euler_gamma  # of the gamma law of shape 2
    assert -np.mean(norm.logpdf(z) + log_slope) == pytest.approx(entropy, abs=0.03)


@pytest.mark.parametrize("mass", [[1e-300, 1.0, 1e-300], [1.0, 1e-14, 1e-14], [1e-20, 1e-20, 5.0]])
def test_one_value_may_hold_nearly_all_mass(mass):
    """Weights of a neighbourhood leave next to nothing elsewhere: the map goes on rising."""
    spline = MonotoneSpline.fit_values(np.array([0.0, 1.0, 2.0]), np.array(mass))
    z, log_slope = spline.forward(np.linspace(-1, 3, 41))
    assert (np.diff(z) > 0).all() and np.isfinite(log_slope).all()


def test_rows_of_no_weight_do_not_stretch_the_ends():
    x = np.arange(101.0)
    spline = MonotoneSpline.fit_values(x, np.exp(-((x - 50) ** 2) / 8))
    assert spline.x[0] > 25 and spline.x[-1] < 75
