"""Quadrature rules for densities that are integrals, written as nodes with weights.

The trapezoidal rule is used where the integrand vanishes at both ends: for a density smoothed by Gaussian noise of
standard deviation s and a spacing h its error falls like `exp(-2 (pi s / h)^2)`.
"""

import numpy as np
from scipy.special import ndtri

_SPREAD = 8.0  # a normal law has less than 2e-15 of its mass beyond so many standard deviations
_NORMAL_POINTS = {1: 4001, 2: 241, 3: 61}  # per axis
_LATTICE_POINTS = 2**16


def trapezoid(low, high, spacing):
    """Nodes on [low, high] at most `spacing` apart, and the one weight that they share."""
    n = int(np.ceil((high - low) / spacing)) + 1
    nodes = np.linspace(low, high, n)
    return nodes, (high - low) / (n - 1)


def gauss_panels(edges, order=8):
    """Nodes and weights of Gauss and Legendre's rule on the panels between neighbouring edges."""
    unit_nodes, unit_weights = np.polynomial.legendre.leggauss(order)
    halves = np.diff(edges)[:, None] / 2
    middles = (edges[:-1, None] + edges[1:, None]) / 2
    return (middles + halves * unit_nodes).ravel(), (halves * unit_weights).ravel()  # (panels * order,)


def entropy_on_box(log_density, lows, highs, spacing):
    """Entropy of a smooth density on the plane, by the trapezoidal rule on a box outside which it vanishes."""
    x, h = trapezoid(lows[0], highs[0], spacing)
    y, k = trapezoid(lows[1], highs[1], spacing)
    grid = np.stack(np.meshgrid(x, y, indexing="ij"), axis=-1).reshape(-1, 2)
    log_p = log_density(grid)
    return float(-np.exp(log_p) @ log_p * h * k)


def standard_normal_nodes(n_dims):
    """Nodes and weights of a standard normal law: a product rule in up to 3 dimensions, a lattice in more.

    The lattice is Kronecker's sequence of the powers of the root of `x^(d+1) = x + 1`, carried through the normal
    quantile function.
    """
    if n_dims in _NORMAL_POINTS:
        x = np.linspace(-_SPREAD, _SPREAD, _NORMAL_POINTS[n_dims])
        p = np.exp(-0.5 * x**2)
        nodes = np.stack(np.meshgrid(*[x] * n_dims, indexing="ij"), axis=-1).reshape(-1, n_dims)
        weights = np.prod(np.stack(np.meshgrid(*[p / p.sum()] * n_dims, indexing="ij"), axis=-1), axis=-1).ravel()
        kept = weights > 1e-18
        return nodes[kept], weights[kept]
    root = 2.0
    for _ in range(64):  # a fixed point iteration, which converges linearly
        root = (1 + root) ** (1 / (n_dims + 1))
    steps = root ** -np.arange(1.0, n_dims + 1)
    lattice = (0.5 + np.arange(1, _LATTICE_POINTS + 1)[:, None] * steps) % 1.0
    return ndtri(lattice), np.full(_LATTICE_POINTS, 1 / _LATTICE_POINTS)
