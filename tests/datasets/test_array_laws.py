"""Toy laws on the plane: densities integrate to one, samplers follow them, entropies are right."""

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import chi2, multivariate_normal
from sklearn.datasets import make_circles, make_moons, make_swiss_roll

from skgen.datasets import (
    Checkerboard,
    Circles,
    CorrelatedGaussian,
    EightGaussians,
    GaussianGrid,
    GaussianMixtureLaw,
    Pinwheel,
    Rings,
    SwissRoll,
    TwoMoons,
    TwoSpirals,
)

N = 50_000
Z = 4.9  # two-sided false-alarm rate 1e-6

# law, half side of a box that holds all but 1e-10 of the mass, and its smallest Gaussian scale
SMOOTH = {
    "circles": (Circles(), 5.0, 0.24),
    "rings": (Rings(), 3.7, 0.08),
    "correlated": (CorrelatedGaussian(correlation=-0.6), 8.0, 0.6),
    "mixture": (GaussianMixtureLaw(), 8.0, 0.3),
    "eight": (EightGaussians(), 5.5, 0.35),
    "grid": (GaussianGrid(), 4.4, 0.05),
    "moons": (TwoMoons(noise=0.1), 2.8, 0.1),
    "roll": (SwissRoll(), 4.5, 0.2),
    "spirals": (TwoSpirals(), 4.2, 0.1),
    "pinwheel": (Pinwheel(), 7.6, 0.15),
}
LAWS = {name: law for name, (law, _, _) in SMOOTH.items()} | {"checkerboard": Checkerboard()}


@pytest.fixture(scope="module")
def rows():
    """One sample of each law."""
    return {name: law.sample(N, random_state=1) for name, law in LAWS.items()}


def z_of_entropy(law, X):
    """Distance of the mean log-density from minus the entropy, in standard errors."""
    log_p = law.log_density(X)
    if np.isneginf(log_p).any():
        return np.inf
    return abs(log_p.mean() + law.entropy) / (log_p.std() / np.sqrt(len(X)) + 1e-12)


def p_of_histogram(law, X, half, n_cells=20, order=10):
    """Chi-square p-value of the rows against the masses of square cells, by Gauss's rule in each."""
    edges = np.linspace(-half, half, n_cells + 1)
    nodes, weights = np.polynomial.legendre.leggauss(order)
    at = ((edges[1:] + edges[:-1])[:, None] / 2 + nodes * half / n_cells).ravel()
    grid = np.stack(np.meshgrid(at, at, indexing="ij"), axis=-1).reshape(-1, 2)
    p = np.exp(law.log_density(grid)).reshape(n_cells, order, n_cells, order)
    mass = np.einsum("aibj,i,j->ab", p, weights, weights).ravel() * (half / n_cells) ** 2
    counts = np.histogram2d(*X.T, bins=(edges, edges))[0].ravel()
    large = mass * len(X) >= 5
    mass = np.append(mass[large], 1 - mass[large].sum())
    counts = np.append(counts[large], len(X) - counts[large].sum())
    statistic = ((counts - len(X) * mass) ** 2 / (len(X) * mass)).sum()
    return chi2.sf(statistic, len(mass) - 1)


@pytest.mark.parametrize("name", SMOOTH)
def test_density_integrates_to_one(name):
    law, half, scale = SMOOTH[name]
    # the trapezoidal rule at 3 nodes a standard deviation is off by exp(-2 (3 pi)^2); 1e-6 leaves room for
    # the pinwheel, whose arms are sheared, and for the boxes
    x, h = np.linspace(-half, half, int(6 * half / scale) + 1, retstep=True)
    grid = np.stack(np.meshgrid(x, x), axis=-1).reshape(-1, 2)
    assert np.exp(law.log_density(grid)).sum() * h**2 == pytest.approx(1, abs=1e-6)


def test_checkerboard_integrates_to_one():
    x = np.arange(-5, 5, 0.25) + 0.125  # midpoints of cells that no edge of a square cuts
    grid = np.stack(np.meshgrid(x, x), axis=-1).reshape(-1, 2)
    assert np.exp(Checkerboard().log_density(grid)).sum() * 0.25**2 == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("name", LAWS)
def test_sampler_has_the_entropy(name, rows):
    assert z_of_entropy(LAWS[name], rows[name]) < Z


@pytest.mark.parametrize("name", LAWS)
def test_wrong_scale_fails_the_entropy(name, rows):
    assert z_of_entropy(LAWS[name], 1.02 * rows[name]) > Z


HISTOGRAMS = ["rings", "mixture", "moons", "roll", "spirals", "pinwheel"]


@pytest.mark.parametrize("name", HISTOGRAMS)
def test_sampler_fills_cells_by_their_mass(name, rows):
    law, half, _ = SMOOTH[name]
    assert p_of_histogram(law, rows[name], half) > 1e-6


@pytest.mark.parametrize("name", HISTOGRAMS)
def test_wrong_scale_fails_the_histogram(name, rows):
    law, half, _ = SMOOTH[name]
    assert p_of_histogram(law, 1.02 * rows[name], half) < 1e-6


@pytest.mark.parametrize("name", ["pinwheel", "moons", "roll"])
def test_swapped_columns_fail_the_histogram(name, rows):
    law, half, _ = SMOOTH[name]
    assert p_of_histogram(law, rows[name][:, ::-1], half) < 1e-6


# quadrature on grids whose halving moved the entropy by up to 3e-4, printed to 1e-4; the pinwheel by Monte Carlo
@pytest.mark.parametrize(
    ("law", "entropy", "tolerance"),
    [
        (LAWS["checkerboard"], 3.4657, 5.1e-5),
        (LAWS["eight"], 2.8319, 5e-4),
        (TwoMoons(noise=0.05), 0.2895, 5e-4),
        (LAWS["moons"], 1.0076, 5e-4),
        (LAWS["circles"], 3.2681, 5e-4),
        (LAWS["rings"], 2.6236, 5e-4),
        (LAWS["roll"], 2.6697, 5e-4),
        (LAWS["spirals"], 2.6458, 5e-4),
        (LAWS["pinwheel"], 2.317, 5e-3),
    ],
)
def test_entropy_equals_an_independent_computation(law, entropy, tolerance):
    assert law.entropy == pytest.approx(entropy, abs=tolerance)


@pytest.mark.parametrize(
    ("law", "rows"),
    [
        (LAWS["moons"], lambda: make_moons(N, noise=0.1, random_state=0)[0]),
        (LAWS["circles"], lambda: 3 * make_circles(N, factor=0.5, noise=0.08, random_state=0)[0]),
        (LAWS["roll"], lambda: make_swiss_roll(N, noise=1.0, random_state=0)[0][:, [0, 2]] / 5),
    ],
)
def test_scikit_learn_draws_the_same_law(law, rows):
    X = rows()
    assert z_of_entropy(law, X) < Z  # even spacing of angles only lowers the variance
    assert z_of_entropy(law, 1.02 * X) > Z


def test_entropies_in_closed_form():
    # means 40 standard deviations apart: the overlap is nil
    expected = np.log(25) + 1 + np.log(2 * np.pi * 0.05**2)
    assert GaussianGrid().entropy == pytest.approx(expected, abs=1e-12)
    one = GaussianMixtureLaw([[1.0] * 5], [np.diag([1.0, 2.0, 3.0, 4.0, 5.0])])
    assert one.entropy == pytest.approx(2.5 * (1 + np.log(2 * np.pi)) + 0.5 * np.log(120), abs=1e-12)
    apart = GaussianMixtureLaw([[0.0] * 4, [50.0] * 4], weights=[1, 3])
    mixing = -(0.25 * np.log(0.25) + 0.75 * np.log(0.75))
    assert apart.entropy == pytest.approx(2 * (1 + np.log(2 * np.pi)) + mixing, abs=1e-9)


@pytest.mark.parametrize(("d", "c"), [(1, 0.0), (2, -0.9), (5, 0.8), (20, -0.05)])
def test_correlated_gaussian_is_scipys(d, c):
    law = CorrelatedGaussian(n_features=d, correlation=c)
    X = law.sample(20_000, random_state=0)
    covariance = np.full((d, d), c)
    np.fill_diagonal(covariance, 1.0)
    reference = multivariate_normal(np.zeros(d), covariance)
    np.testing.assert_allclose(law.log_density(X), np.atleast_1d(reference.logpdf(X)), rtol=1e-10)
    assert law.entropy == pytest.approx(reference.entropy(), abs=1e-10)
    # a correlation of 20,000 rows has a standard error of at most .0071
    np.testing.assert_allclose(np.cov(X.T), covariance if d > 1 else 1.0, atol=4.9 * 0.0142)


def test_mixture_density_is_scipys():
    law = GaussianMixtureLaw()
    X = law.sample(1000, random_state=0)
    parts = [multivariate_normal(m, S).logpdf(X) for m, S in zip(law.means, law.covariances)]
    reference = logsumexp(np.log(law.weights)[:, None] + parts, axis=0)
    np.testing.assert_allclose(law.log_density(X), reference, rtol=1e-12)


def test_pinwheel_sums_over_folds():
    # at distance 6.56 the arms have wound over themselves: 13 points of the straight arms end up here
    x = np.array([-3.1, 5.78])
    r, phi = np.hypot(*x) / 2, np.arctan2(x[1], x[0])
    psi = np.linspace(-np.pi, np.pi, 2_000_001)
    turn = (psi - 0.25 * np.exp(r * np.cos(psi)) - phi) / (2 * np.pi / 5)
    root = np.flatnonzero(np.diff(np.floor(turn)))
    f0, f1 = r * np.cos(psi[root]), r * np.sin(psi[root])
    density = np.exp(-0.5 * ((f0 - 1) / 0.3) ** 2 - 0.5 * (f1 / 0.1) ** 2) / (2 * np.pi * 0.03)
    expected = (density / abs(1 + 0.25 * f1 * np.exp(f0))).sum() / 20
    assert len(root) > 5
    assert Pinwheel().log_density([x])[0] == pytest.approx(np.log(expected), abs=1e-3)  # the grid's error


@pytest.mark.parametrize("name", SMOOTH)
def test_rows_far_outside_have_a_finite_density(name):
    law = LAWS[name]
    log_p = law.log_density([[1e3, -1e3], [0.0, 1e4], [-30.0, 0.0]])
    assert np.isfinite(log_p).all()
    assert (log_p < -100).all()


@pytest.mark.parametrize("name", LAWS)
def test_density_of_a_row_ignores_the_other_rows(name, rows):
    law, X = LAWS[name], rows[name][:2000]
    # blocks of neighbours leave out nodes that add less than e^-36
    np.testing.assert_allclose(law.log_density(X)[::-40], law.log_density(X[::-40]), rtol=0, atol=1e-11)


@pytest.mark.parametrize("name", LAWS)
def test_seeds_and_sizes(name):
    law = LAWS[name]
    first, again = (law.sample(5, random_state=3) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, law.sample(5, random_state=4))
    assert law.sample(0).shape == (0, 2)
    assert law.log_density(np.empty((0, 2))).shape == (0,)


def test_errors_say_what_was_expected():
    with pytest.raises(ValueError, match="n_samples must be a non-negative integer, got -3"):
        Rings().sample(-3)
    with pytest.raises(ValueError, match="Expected rows of 2 features, got 3"):
        TwoMoons().log_density(np.zeros((1, 3)))
    with pytest.raises(ValueError, match="noise must be a finite number above 0"):
        TwoSpirals(noise=0.0)
    with pytest.raises(ValueError, match="factor must be below 1"):
        Circles(factor=1.0)
    with pytest.raises(ValueError, match="correlation must be a finite number above -0.5"):
        CorrelatedGaussian(n_features=3, correlation=-0.5)
    with pytest.raises(ValueError, match="weights must be 2 positive numbers"):
        GaussianMixtureLaw([[0.0], [1.0]], weights=[1.0, 0.0])
    with pytest.raises(ValueError, match="covariances must have shape"):
        GaussianMixtureLaw([[0.0], [1.0]], [[[1.0]]])
