"""The lattice normal: its draws and masses against the masses of its cells."""

import numpy as np
import pytest
from scipy import stats

from skgen.classic._mixture import lattice as _lattice


@pytest.mark.parametrize("sd", [1.05, 2.0, 30.0])
def test_lattice_normal_is_drawn_exactly(sd):
    rng = np.random.default_rng(0)
    n = 400_000
    x = _lattice.draw(np.full(n, 0.3), np.full(n, sd), 1.0, rng)
    cells = np.arange(np.floor(-3.5 * sd), np.ceil(3.5 * sd))
    p = stats.norm(0.3, sd).pdf(cells)
    f = np.array([(x == c).sum() for c in cells])
    e = n * p
    assert stats.chisquare(np.append(f, n - f.sum()), np.append(e, n - e.sum())).pvalue > 1e-6


@pytest.mark.parametrize("bounds", [(2.0, np.inf), (-1.0, 3.0), (9.0, 14.0)])
def test_lattice_normal_between_bounds(bounds):
    mean, sd, low, high = 0.3, 2.0, *bounds
    cells = np.arange(low, min(high, 40) + 1)
    p = stats.norm(mean, sd).pdf(cells)
    one = np.array([mean]), np.array([sd])
    assert _lattice.log_mass(*one, 1.0, low, high)[0] == pytest.approx(np.log(p.sum()), abs=2e-3)
    x = _lattice.draw(np.full(100_000, mean), np.full(100_000, sd), 1.0, np.random.default_rng(0), low, high)
    assert set(x) <= set(cells)
    f = np.array([(x == c).sum() for c in cells])
    keep = p / p.sum() * len(x) > 5
    f, e = np.append(f[keep], f[~keep].sum()), np.append(p[keep], p[~keep].sum()) / p.sum() * len(x)
    assert stats.chisquare(f[e > 1], e[e > 1] * f[e > 1].sum() / e[e > 1].sum()).pvalue > 1e-6


@pytest.mark.parametrize("low", [6.0, 40.0, 1e5])
def test_lattice_normal_far_from_its_mean(low):
    """Nearly every draw is the first point, or falls off as the density does."""
    n, r, sd = 20_000, 0.01, 1.0
    x = _lattice.draw(np.zeros(n), np.full(n, sd), r, np.random.default_rng(0), low, low + 1e6)
    j = np.rint((x - low) / r)
    assert j.min() == 0
    t = low + r * np.arange(1_000)
    p = np.exp(-0.5 * (t**2 - low**2))
    assert j.mean() == pytest.approx(np.sum(np.arange(1_000) * p) / p.sum(), rel=0.05, abs=1e-9)
