r"""Conditional samples from a joint law that can only be drawn and scored.

Rows :math:`(a_i, u_i)` are drawn from the joint law, the wanted `a` is put in place of :math:`a_i`, and the row weighs
:math:`p(a, u_i)\, r(a_i) / p(a_i, u_i)` for a normalised law r near `a`: the weighted rows follow p(u | a).
"""

from __future__ import annotations

import warnings
from functools import partial

import numpy as np
from scipy.special import ndtr

from ._density import log_density
from ._random import BLOCK_ROWS
from ._rejection import draw_block
from .exceptions import LowSupportError, LowSupportWarning

#: Rows of the first and of the largest pool, and the effective sizes below which to warn and to give up.
FIRST_POOL, LARGEST_POOL = 4096, 65536
WARN_ESS, LEAST_ESS = 100, 10
#: Share of r on the wanted category; the rest is even over its levels.
_SHARP = 0.5


def resample_given(model, points, known, allowed, rng, ess):
    """Unknown cells for rows that know the same columns.

    Parameters
    ----------
    model : GenerativeModel
        The fitted model.
    points : ndarray of shape (m, n_features)
        Known values of each row.
    known : ndarray of bool of shape (n_features,)
        Which columns they are.
    allowed : list of Allowed or None
        Sets for the unknown columns.
    rng : numpy.random.Generator
        Source of the draws.
    ess : list
        Effective sizes, appended to.
    """
    keys = np.where(np.isnan(points), np.inf, points)[:, known]  # along an axis NaN never equals NaN
    wanted, row_of = np.unique(keys, axis=0, return_inverse=True)
    row_of = row_of.reshape(-1)
    pool = _Pool(model, rng)
    Z = np.empty(points.shape)
    for k in range(len(wanted)):
        rows = np.flatnonzero(row_of == k)
        weight, size = _weigh(pool, points[rows[0]], known, allowed, len(rows))
        ess.append(size)
        if size < WARN_ESS:
            judge(size, len(pool.Z), model, known, allowed, partial(_effective, pool, points[rows[0]]))
        Z[rows] = pool.Z[systematic(weight, len(rows), rng)]
    Z[:, known] = points[:, known]
    return Z


class _Pool:
    """Rows of the joint law with their log-densities, grown by doubling."""

    def __init__(self, model, rng):
        self.model, self.rng = model, rng
        self.Z, self.log_p = np.empty((0, model.n_features_in_)), np.empty(0)
        self.grow(FIRST_POOL)
        self.spread = np.array([np.std(z[~np.isnan(z)]) if not np.isnan(z).all() else 0.0 for z in self.Z.T])

    def grow(self, size):
        while len(self.Z) < size:
            blocks = [draw_block(self.model, self.rng) for _ in range((size - len(self.Z)) // BLOCK_ROWS)]
            new = np.concatenate(blocks)
            self.Z = np.concatenate([self.Z, new])
            self.log_p = np.concatenate([self.log_p, log_density(self.model, new)])


def _weigh(pool, point, known, allowed, n_wanted):
    """The pool with the wanted values in place, its normalised weights and their effective size."""
    log_weight, size = np.empty(0), FIRST_POOL
    while True:
        pool.grow(size)
        new = slice(len(log_weight), size)
        log_weight = np.append(
            log_weight, weigh_rows(pool.model, pool.Z[new], pool.log_p[new], point, known, allowed, pool.spread)
        )
        top = log_weight.max()
        weight = np.exp(log_weight - top) if np.isfinite(top) else np.zeros(size)
        total = weight.sum()
        effective = total**2 / (weight**2).sum() if total else 0.0
        if effective >= max(n_wanted / 4, WARN_ESS) or size >= LARGEST_POOL:
            return weight / total if total else weight, effective
        size *= 2


def weigh_rows(model, Z, log_p, point, known, allowed, spread):
    """Log-weights that make rows follow p(u | a) once the wanted values stand in place of their own."""
    replaced = Z.copy()
    replaced[:, known] = point[known]
    log_weight = log_density(model, replaced) - log_p
    for j in np.flatnonzero(known):
        log_weight = log_weight + log_near(Z[:, j], point[j], model.codec_.columns[j], spread[j], known.sum())
    for j, a in enumerate(allowed):
        if a is not None and not known[j]:
            log_weight = np.where(a.contains(Z[:, j]), log_weight, -np.inf)
    return log_weight


def log_near(z, a, column, spread, n_known):
    """Log-density at cells `z` of a normalised law near the cell `a` of one column of standard deviation `spread`."""
    absent = np.isnan(z)
    if column.kind == "category" or np.isnan(a):
        n_cells = column.n_codes + column.missing_seen
        same = absent if np.isnan(a) else z == a
        if column.kind == "number":
            return np.where(same, 0.0, -np.inf)
        return np.log(_SHARP * same + (1 - _SHARP) / n_cells)
    h = max(spread * FIRST_POOL ** (-1 / (n_known + 4)), column.resolution) or 1.0
    t = (np.where(absent, a, z) - a) / h
    if column.resolution:
        half = column.resolution / 2 / h
        mass = ndtr(half - np.abs(t)) - ndtr(-half - np.abs(t))
        log_r = np.log(np.maximum(mass, 1e-300)) - np.log(column.resolution)
    else:
        log_r = -0.5 * t**2 - 0.5 * np.log(2 * np.pi) - np.log(h)
    return np.where(absent, -np.inf, log_r)


def _effective(pool, point, known, allowed):
    return _weigh(pool, point, known, allowed, 1)[1]


def judge(size, n_drawn, model, known, allowed, effective):
    """Warn of a small effective size; give up on a tiny one, naming the condition whose loss raises it most.

    Parameters
    ----------
    size : float
        The effective size.
    n_drawn : int
        Draws behind it.
    model : GenerativeModel
        The fitted model.
    known : ndarray of bool of shape (n_features,)
        The known columns.
    allowed : list of Allowed or None
        Sets for the others.
    effective : callable
        The effective size under fewer conditions: takes `known` and `allowed`.
    """
    message = f"Only {size:.0f} independent draws of {n_drawn} stand behind the condition"
    if size >= LEAST_ESS:
        warnings.warn(message + "; widen it for a more varied sample.", LowSupportWarning, stacklevel=6)
        return
    worst, best = None, -1.0
    for j in [*np.flatnonzero(known), *(j for j, a in enumerate(allowed) if a is not None)]:
        fewer = known.copy()
        fewer[j] = False
        found = effective(fewer, [None if i == j else a for i, a in enumerate(allowed)])
        if found > best:
            worst, best = j, found
    name = model.codec_.columns[worst].name
    raise LowSupportError(f"{message}; the hardest is that on column {name!r}. Widen it.")


def systematic(weight, n, rng):
    """Systematic resampling: positions of n rows, in random order."""
    at = np.searchsorted(np.cumsum(weight), (rng.random() + np.arange(n)) / n)
    return rng.permutation(np.minimum(at, len(weight) - 1))
