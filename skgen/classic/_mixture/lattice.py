"""The lattice normal: a normal law on the multiples of r, with mass r phi at each.

    P(x = j r)  =  r N(j r; m, s^2),   s >= r,

whose masses sum to 1 within 1e-8 (Poisson summation: the error is 2 exp(-2 pi^2 s^2 / r^2)). It is drawn by rounding a
normal, whose cells have nearly that mass, and rejecting the difference: one draw in 25 at s = r, fewer above.
"""

from __future__ import annotations

import numpy as np
from scipy.special import log_ndtr, ndtri_exp

#: Variance, in squared cells, from which the masses of a lattice normal sum to 1 within 1e-9.
LEAST_VARIANCE = 1.1

#: Above this ratio of s to r rounding alone is exact to 1e-9.
_FINE = 1e4

_NODES, _NODE_WEIGHTS = np.polynomial.legendre.leggauss(10)


def draw(mean, sd, r, rng, low=-np.inf, high=np.inf):
    """Draws of lattice normals (normals where r = 0), kept between `low` and `high`.

    Parameters
    ----------
    mean, sd : ndarray of shape (n,)
        Mean and standard deviation of each draw.
    r : float
        The grid's step; 0 for the line.
    rng : numpy.random.Generator
        Source of randomness.
    low, high : float
        Closed interval that the draws are kept in.

    Returns
    -------
    ndarray of shape (n,)
        Multiples of r, or real numbers.
    """
    if r == 0:
        return _truncated(mean, sd, low, high, rng)
    first, last = np.ceil(low / r - 1e-9), np.floor(high / r + 1e-9)
    x = np.empty(len(mean))
    left = np.arange(len(mean))
    while len(left):  # accepts more than 24 of 25 draws each time
        m, s = mean[left], sd[left]
        j = np.rint(_truncated(m, s, (first - 0.5) * r, (last + 0.5) * r, rng) / r)
        x[left] = np.clip(j, first, last) * r
        u, nearest = rng.random(len(left)), np.clip(0.0, (first * r - m) / s, (last * r - m) / s)
        left = left[u > _acceptance((x[left] - m) / s, nearest, r / s)]
    return x


def log_mass(mean, sd, r, low, high):
    """Log-mass between `low` and `high`, whose ends count: exact on the line, to 1e-4 at s = r on the grid."""
    if r > 0:
        low, high = (np.ceil(low / r - 1e-9) - 0.5) * r, (np.floor(high / r + 1e-9) + 0.5) * r
    a, b = (low - mean) / sd, (high - mean) / sd
    log_p = _log_interval(a, b)
    if r == 0:
        return log_p
    h2 = np.minimum((r / sd) ** 2, 1 / LEAST_VARIANCE)
    with np.errstate(invalid="ignore", over="ignore"):  # Euler-Maclaurin: sum of the masses minus the integral
        slope = _derivatives(b) - _derivatives(a)
        ratio = np.exp(-np.log(np.sqrt(2 * np.pi)) - log_p)
        change = np.nan_to_num((-h2 / 24 * slope[0] + 7 * h2**2 / 5760 * slope[1]) * ratio)
    return log_p + np.log1p(np.clip(change, -0.5, 0.5))


def _derivatives(t):
    """First and third derivative of exp(-t^2 / 2)."""
    t = np.clip(t, -40.0, 40.0)
    return np.stack([-t, 3 * t - t**3]) * np.exp(-0.5 * t * t)


def _acceptance(t, nearest, h):
    """Ratio of the wanted mass at t (in sd) to the rounded normal's, over its maximum, next to the mean."""
    return np.where(h * _FINE < 1, 1.0, _rounded_mass(nearest, h) / _rounded_mass(t, h))


def _rounded_mass(t, h):
    """Mass that rounding gives to the cell at t, over the density there."""
    half = 0.5 * h
    s = half[:, None] * _NODES  # (n, 10)
    return half * (np.exp(np.clip(-t[:, None] * s, -700, 700) - 0.5 * s * s) @ _NODE_WEIGHTS)


def _truncated(mean, sd, low, high, rng):
    if np.isinf(low) and np.isinf(high):
        return mean + sd * rng.standard_normal(len(mean))
    a, b = (low - mean) / sd, (high - mean) / sd
    flip = a > 0  # the tail where log_ndtr keeps its digits
    a, b = np.where(flip, -b, a), np.where(flip, -a, b)
    with np.errstate(divide="ignore"):
        log_u = np.log(rng.random(len(mean)))
    t = ndtri_exp(np.minimum(np.logaddexp(log_ndtr(a), log_u + _log_interval(a, b)), 0.0))
    t = np.clip(t, a, b)
    return mean + sd * np.where(flip, -t, t)


def _log_interval(a, b):
    """log(Phi(b) - Phi(a)), -inf where b <= a."""
    flip = a > 0
    a, b = np.where(flip, -b, a), np.where(flip, -a, b)
    top, bottom = log_ndtr(b), log_ndtr(a)
    with np.errstate(invalid="ignore", divide="ignore"):
        gap = np.where(b > a, bottom - top, 0.0)
        return top + np.log(-np.expm1(gap))
