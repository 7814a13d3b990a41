"""The six kernels: density, distribution function, quantiles and grid sums of a unit kernel k.

At scale h a kernel is k((x - a) / h) / h on the line. On a grid of step r it keeps that shape at the grid points,

    P(x | a) = k((x - a) / h) / sum_j k(j r / h),

divided by the sum over the whole grid (a itself is a grid point): normalised for every h, from a spike to a smooth law.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import log_ndtr, ndtr, ndtri_exp

LOG_SQRT_2PI = 0.5 * np.log(2 * np.pi)

#: Steps (in bandwidths) of a grid below which sums over it are taken by a formula.
_FINE_GRID = 0.05


@dataclass(frozen=True)
class Kernel:
    """A unit kernel, symmetric and falling away from 0.

    Parameters
    ----------
    log_density : callable
        log k(u) for u >= 0; -inf outside a bounded support, which is open.
    log_cdf : callable
        log of the distribution function at u <= 0.
    inverse_log_cdf : callable
        Its inverse, from logs up to log(1/2) to u <= 0.
    grid_sum : callable
        w times the sum over all integers j of k(j w).
    sd : float
        Standard deviation.
    canonical : float
        Canonical bandwidth (Marron and Nolan 1988): kernels whose bandwidths are in this proportion smooth alike.
    bounded : bool
        Whether the support is (-1, 1).
    grid_mass : callable or None, default=None
        w times the sum over integers j from `first` <= 0 to `last` >= 0 of k(j w), for kernels with tails.
    """

    log_density: Callable
    log_cdf: Callable
    inverse_log_cdf: Callable
    grid_sum: Callable
    sd: float
    canonical: float
    bounded: bool = True
    grid_mass: Callable | None = None

    def log_mass(self, low, high):
        """Log-mass between `low` and `high`, without cancellation in the tails."""
        low, high = np.broadcast_arrays(low, high)
        flip = low > 0  # both ends to the left, where the distribution function is precise
        a, b = np.where(flip, -high, low), np.where(flip, -low, high)
        with np.errstate(divide="ignore", invalid="ignore", under="ignore"):
            to_b = self.log_cdf(-np.abs(b))
            log_b = np.where(b > 0, np.log1p(-np.exp(to_b)), to_b)
            return _log_difference(log_b, self.log_cdf(np.minimum(a, 0)))

    def draw_between(self, low, high, rng):
        """Draws of the unit kernel between `low` and `high`, one for each pair."""
        flip = low > 0
        a, b = np.where(flip, -high, low), np.where(flip, -low, high)
        with np.errstate(divide="ignore", invalid="ignore", under="ignore"):
            log_p = np.logaddexp(self.log_cdf(np.minimum(a, 0)), np.log1p(-rng.random(len(a))) + self.log_mass(a, b))
            right = log_p > -np.log(2)
            upper = np.log(-np.expm1(np.minimum(log_p, 0)))
            u = self.inverse_log_cdf(np.where(right, upper, log_p))
        u = np.clip(np.where(right, -u, u), a, b)
        return np.where(flip, -u, u)

    def log_grid_norm(self, w):
        """Log of `w sum_j k(j w)`: what a grid of step w (in bandwidths) adds to the log-normaliser; 0 for w = 0."""
        w = np.asarray(w, float)
        return np.where(w > 0, np.log(self.grid_sum(np.maximum(w, 1e-300))), 0.0)


def _log_difference(log_b, log_a):
    """log(exp(log_b) - exp(log_a)), -inf where they are equal."""
    gap = np.minimum(np.where(np.isneginf(log_a), -np.inf, log_a - log_b), 0)
    return log_b + np.log(-np.expm1(gap))


def _last_inside(w):
    """The largest integer m with m w < 1, in the same floating point numbers as the density's own test."""
    m = np.ceil(1 / w) - 1
    m = np.where(m * w >= 1, m - 1, m)
    return np.where((m + 1) * w < 1, m + 1, m)


# ---- gaussian --------------------------------------------------------------------------------------------------------


def _gaussian_grid_sum(w):
    wide = 1 + 2 * np.exp(-2 * np.pi**2 / np.minimum(w, 1) ** 2)  # Poisson summation, next term below 1e-30
    j = np.arange(1, 12).reshape(-1, *([1] * np.ndim(w)))
    narrow = w * (1 + 2 * np.exp(-0.5 * (j * np.maximum(w, 1)) ** 2).sum(axis=0)) / np.sqrt(2 * np.pi)
    return np.where(w < 1, wide, narrow)


def _gaussian_grid_mass(first, last, w):
    """By the Euler-Maclaurin formula where the grid is fine (its next term is below 1e-11), else term by term."""
    out = np.empty(w.shape)
    fine = w < _FINE_GRID
    step, a, b = w[fine], (first[fine] - 0.5) * w[fine], (last[fine] + 0.5) * w[fine]
    density_a, density_b = (np.exp(-0.5 * u * u - LOG_SQRT_2PI) for u in (a, b))
    slopes = a * density_a - b * density_b
    thirds = (3 - b * b) * b * density_b - (3 - a * a) * a * density_a
    out[fine] = ndtr(b) - ndtr(a) - step**2 / 24 * slopes + 7 * step**4 / 5760 * thirds
    for step in np.unique(w[~fine]):
        rows = np.flatnonzero(w == step)
        j = np.arange(1, int(40 / step) + 2)
        sums = np.append(0.0, np.cumsum(np.exp(-0.5 * (j * step) ** 2 - LOG_SQRT_2PI)))
        ends = (np.minimum(np.abs(end[rows]), len(j)).astype(np.int64) for end in (first, last))
        out[rows] = step * (np.exp(-LOG_SQRT_2PI) + sum(sums[n] for n in ends))
    return out


def _exponential_grid_mass(first, last, w):
    return 0.5 * w * (1 - (np.expm1(first * w) + np.expm1(-last * w)) / np.expm1(w))


# ---- bounded kernels -------------------------------------------------------------------------------------------------


def _inside(u, density):
    """Log of a density on (-1, 1)."""
    return np.where(u < 1, np.log(np.where(u < 1, density, 1.0)), -np.inf)


def _tophat_grid_sum(w):
    return w * (2 * _last_inside(w) + 1) / 2


def _epanechnikov_log_cdf(u):
    t = 1 + np.maximum(u, -1)  # (1 - u^2) integrated from -1, without cancellation near -1
    return np.log(t * t * (3 - t) / 4)


def _epanechnikov_inverse(log_p):
    return 2 * np.sin(np.arcsin(2 * np.exp(log_p) - 1) / 3)


def _epanechnikov_grid_sum(w):
    m = _last_inside(w)
    return 0.75 * w * (1 + 2 * m - w * w * m * (m + 1) * (2 * m + 1) / 3)


def _linear_grid_sum(w):
    m = _last_inside(w)
    return w * (1 + 2 * m - w * m * (m + 1))


def _cosine_grid_sum(w):
    m, angle = _last_inside(w), np.pi * w / 2
    wide = np.sin((m + 0.5) * angle) / np.sin(np.minimum(angle, np.pi) / 2)  # Dirichlet's kernel
    return np.pi / 4 * w * np.where(m == 0, 1.0, wide)


#: Kernel by name, as in scikit-learn.
KERNELS: dict[str, Kernel] = {
    "gaussian": Kernel(
        log_density=lambda u: -0.5 * u * u - LOG_SQRT_2PI,
        log_cdf=log_ndtr,
        inverse_log_cdf=ndtri_exp,
        grid_sum=_gaussian_grid_sum,
        grid_mass=_gaussian_grid_mass,
        sd=1.0,
        canonical=0.7764,
        bounded=False,
    ),
    "tophat": Kernel(
        log_density=lambda u: np.where(u < 1, -np.log(2), -np.inf),
        log_cdf=lambda u: np.log((1 + np.maximum(u, -1)) / 2),
        inverse_log_cdf=lambda log_p: 2 * np.exp(log_p) - 1,
        grid_sum=_tophat_grid_sum,
        sd=3**-0.5,
        canonical=1.3510,
    ),
    "epanechnikov": Kernel(
        log_density=lambda u: _inside(u, 0.75 * (1 - u) * (1 + u)),
        log_cdf=_epanechnikov_log_cdf,
        inverse_log_cdf=_epanechnikov_inverse,
        grid_sum=_epanechnikov_grid_sum,
        sd=5**-0.5,
        canonical=1.7188,
    ),
    "exponential": Kernel(
        log_density=lambda u: -u - np.log(2),
        log_cdf=lambda u: u - np.log(2),
        inverse_log_cdf=lambda log_p: log_p + np.log(2),
        grid_sum=lambda w: w / 2 / np.tanh(w / 2),
        grid_mass=_exponential_grid_mass,
        sd=2**0.5,
        canonical=0.5743,
        bounded=False,
    ),
    "linear": Kernel(
        log_density=lambda u: _inside(u, 1 - u),
        log_cdf=lambda u: np.log(0.5 * (1 + np.maximum(u, -1)) ** 2),
        inverse_log_cdf=lambda log_p: np.sqrt(2 * np.exp(log_p)) - 1,
        grid_sum=_linear_grid_sum,
        sd=6**-0.5,
        canonical=1.8882,
    ),
    "cosine": Kernel(
        log_density=lambda u: _inside(u, np.pi / 4 * np.cos(np.pi / 2 * np.minimum(u, 1))),
        log_cdf=lambda u: np.log(np.sin(np.pi / 4 * (1 + np.maximum(u, -1))) ** 2),
        inverse_log_cdf=lambda log_p: 4 / np.pi * np.arcsin(np.exp(log_p / 2)) - 1,
        grid_sum=_cosine_grid_sum,
        sd=(1 - 8 / np.pi**2) ** 0.5,
        canonical=1.7663,
    ),
}
