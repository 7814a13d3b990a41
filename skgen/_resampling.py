r"""Conditional samples from a joint law that can only be drawn and scored.

Rows :math:`(a_i, u_i)` are drawn from the joint law, the wanted `a` is put in place of :math:`a_i`, and the row weighs
:math:`p(a, u_i)\, r(a_i) / p(a_i, u_i)` for a normalised law r near `a`: the weighted rows follow p(u | a).
"""

from __future__ import annotations

import warnings
from functools import partial

import numpy as np
from scipy.special import ndtr

from ._random import BLOCK_ROWS
from ._rejection import draw_points
from .exceptions import LowSupportError, LowSupportWarning

#: Rows of the first and of the largest pool, and the effective sizes below which to warn and to give up.
FIRST_POOL, LARGEST_POOL = 4096, 65536
WARN_ESS, LEAST_ESS = 100, 10
#: The share of r on the wanted category is m / (m + `MANY`), for m rows of the first pool that have it; the rest is
#: even over the levels. Rows of the category weigh alike, others unevenly; where it is rare they are all there is.
MANY = 40


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
    ess : list of (float, int, bytes)
        Effective sizes, the draws behind them and what is known, appended to.
    """
    keys = np.where(np.isnan(points), np.inf, points)[:, known]  # along an axis NaN never equals NaN
    wanted, row_of = np.unique(keys, axis=0, return_inverse=True)
    row_of = row_of.reshape(-1)
    pool = _Pool(model, rng)
    Z = np.empty(points.shape)
    for k in range(len(wanted)):
        rows = np.flatnonzero(row_of == k)
        weight, size = _weigh(pool, points[rows[0]], known, allowed, len(rows))
        ess.append((size, len(pool.Z), known.tobytes() + wanted[k].tobytes()))
        if size < LEAST_ESS:
            give_up(ess[-1], model, known, allowed, partial(_effective, pool, points[rows[0]]))
        Z[rows] = pool.Z[systematic(weight, len(rows), rng)]
    Z[:, known] = points[:, known]
    return Z


class _Pool:
    """Rows of the joint law with their log-densities, grown by doubling."""

    def __init__(self, model, rng):
        self.model, self.rng = model, rng
        self.Z, self.log_p = np.empty((0, model.n_features_in_)), np.empty(0)
        self.points = self.Z
        self.grow(FIRST_POOL)
        self.spread = np.array([np.std(z[~np.isnan(z)]) if not np.isnan(z).all() else 0.0 for z in self.Z.T])

    def grow(self, size):
        while len(self.Z) < size:
            blocks = [draw_points(self.model, self.rng) for _ in range((size - len(self.Z)) // BLOCK_ROWS)]
            Z, points = (np.concatenate(part) for part in zip(*blocks))
            if self.model._view == "real":
                points = _at_cells(self.model.codec_.real, Z, points)
            self.Z, self.points = np.concatenate([self.Z, Z]), np.concatenate([self.points, points])
            self.log_p = np.concatenate([self.log_p, self.model._log_density(points)])

    def sharpness(self, j, a):
        """The share of the law near a category `a` of column j that it keeps."""
        z = self.Z[:FIRST_POOL, j]
        m = np.count_nonzero(np.isnan(z) if np.isnan(a) else z == a)
        return m / (m + MANY)

    def weigh(self, rows, point, known, allowed):
        """Log-weights of some of the rows."""
        model, Z, points = self.model, self.Z[rows], self.points[rows]
        replaced = Z.copy()
        replaced[:, known] = point[known]
        change = 0.0
        if model._view == "real":
            replaced, change = _replaced_points(model.codec_.real, Z, points, replaced, known, self.rng)
        log_ratio = model._log_density(replaced) - self.log_p[rows] + change
        return weigh_rows(model, Z, log_ratio, point, known, allowed, self)


def _at_cells(real, Z, points):
    """Points of the real view, those of smooth numbers moved to where the number in the centre of its cell lies."""
    first, middle, last = (real.encode(Z, np.full(Z.shape, u))[0] for u in (0.0, 0.5, 1.0))
    return np.where(first < last, points, middle)


def _replaced_points(real, Z, points, replaced, known, rng):
    """Points with the known cells in place, anywhere in them, and what the log-weights of the encoding change by.

    A known cell is a set of points: a row keeps its place if it lies in the wanted cell, else it gets one there. So
    weights are exact, where densities of cells averaged over a few draws would not be.
    """
    new, log_new = real.encode(replaced, rng.random(Z.shape), known)
    middle, log_old = real.encode(Z, np.full(Z.shape, 0.5), known)
    moves = known & (replaced != Z) & ~(np.isnan(Z) & np.isnan(replaced))
    # the log-weight of a place z in a cell is log P + z^2 / 2 + const
    places = np.where(moves, points**2 - middle**2, new**2 - middle**2)[:, known]
    return np.where(moves, new, points), log_new - log_old - 0.5 * places.sum(axis=1)


def _weigh(pool, point, known, allowed, n_wanted):
    """The pool with the wanted values in place, its normalised weights and their effective size."""
    log_weight, size = np.empty(0), FIRST_POOL
    while True:
        pool.grow(size)
        new = slice(len(log_weight), size)
        log_weight = np.append(log_weight, pool.weigh(new, point, known, allowed))
        top = log_weight.max()
        weight = np.exp(log_weight - top) if np.isfinite(top) else np.zeros(size)
        total = weight.sum()
        effective = total**2 / (weight**2).sum() if total else 0.0
        if effective >= max(n_wanted / 4, WARN_ESS) or size >= LARGEST_POOL:
            return weight / total if total else weight, effective
        size *= 2


def weigh_rows(model, Z, log_ratio, point, known, allowed, pool):
    """Log-weights that make rows follow p(u | a) once the wanted values stand in place of their own.

    `log_ratio` is the log-density of the rows with the wanted values less that of the rows as they were drawn.
    """
    log_weight = log_ratio
    for j in np.flatnonzero(known):
        near = model.codec_.columns[j], pool.spread[j], known.sum(), pool.sharpness(j, point[j])
        log_weight = log_weight + log_near(Z[:, j], point[j], *near)
    for j, a in enumerate(allowed):
        if a is not None and not known[j]:
            log_weight = np.where(a.contains(Z[:, j]), log_weight, -np.inf)
    return log_weight


def log_near(z, a, column, spread, n_known, sharp=0.5):
    """Log-density at cells `z` of a normalised law near the cell `a` of one column of standard deviation `spread`.

    `sharp` is the share that a category keeps beside its part of the even rest.
    """
    absent = np.isnan(z)
    if column.kind == "category" or np.isnan(a):
        n_cells = column.n_codes + column.missing_seen
        same = absent if np.isnan(a) else z == a
        if column.kind == "number":
            return np.where(same, 0.0, -np.inf)
        return np.log(sharp * same + (1 - sharp) / n_cells)
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


def give_up(found, model, known, allowed, effective):
    """Raise the error of a tiny effective size, naming the condition whose loss raises it most.

    Parameters
    ----------
    found : (float, int, bytes)
        The effective size, the draws behind it, and the known values.
    model : GenerativeModel
        The fitted model.
    known : ndarray of bool of shape (n_features,)
        The known columns.
    allowed : list of Allowed or None
        Sets for the others.
    effective : callable
        The effective size under fewer conditions: takes `known` and `allowed`.
    """
    worst, best = None, -1.0
    for j in [*np.flatnonzero(known), *(j for j, a in enumerate(allowed) if a is not None)]:
        fewer = known.copy()
        fewer[j] = False
        size = effective(fewer, [None if i == j else a for i, a in enumerate(allowed)])
        if size > best:
            worst, best = j, size
    name = model.codec_.columns[worst].name
    raise LowSupportError(f"{_said(found)}; the hardest is that on column {name!r}. Widen it.{_hint(model)}")


def warn_of_few(ess, model, stacklevel):
    """One warning for all effective sizes (size, draws behind it, known values) of a call that are small."""
    few = [found for found in ess if found[0] < WARN_ESS]
    if not few:
        return
    n_others = len({known for _, _, known in few}) - 1
    others = f", and fewer than {WARN_ESS} behind {n_others} more" if n_others else ""
    message = f"{_said(min(few))}{others}; widen it for a more varied sample.{_hint(model)}"
    warnings.warn(message, LowSupportWarning, stacklevel=stacklevel + 1)


def _said(found):
    return f"Only {found[0]:.0f} independent draws of {found[1]} stand behind the condition"


def _hint(model):
    return " A fit with condition_on draws such rows directly." if hasattr(model, "condition_on") else ""


def systematic(weight, n, rng):
    """Systematic resampling: positions of n rows, in random order."""
    at = np.searchsorted(np.cumsum(weight), (rng.random() + np.arange(n)) / n)
    return rng.permutation(np.minimum(at, len(weight) - 1))
