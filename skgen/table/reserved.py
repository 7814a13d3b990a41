"""Reserved cells: the mass 1/(n + 2) that each column of a frame keeps for what the rows of the fit did not show.

A level unseen or unused, a number off the seen values or beyond the range, a missing cell where none was. The law of a
model stays normalised with them, every score is finite, and samples that hold one are drawn again.
"""

from __future__ import annotations

import numpy as np


def with_reserved(p, column):
    """Probabilities over all cells of a column from those over its seen cells.

    Parameters
    ----------
    p : ndarray of shape (..., S + 1)
        Probabilities of the S seen codes, then of the missing cell (0 if none was seen).
    column : CodecColumn
        The column.

    Returns
    -------
    ndarray of shape (..., S + 2)
        Probabilities of the seen codes, of any other, of the missing cell.
    """
    p = np.asarray(p, float)
    share = column.rho / (1 if column.missing_seen else 2)
    full = np.empty((*p.shape[:-1], p.shape[-1] + 1))
    full[..., :-2] = (1 - column.rho) * p[..., :-1]
    full[..., -2] = share
    full[..., -1] = (1 - column.rho) * p[..., -1] if column.missing_seen else share
    return full


def full_codes(z, column):
    """Codes of a category's cells as integers: S for any other level, S + 1 for a missing cell."""
    codes = np.where(np.isnan(z), column.n_codes + 1, z)
    return codes.astype(np.int64)


def value_codes(z, values):
    """Positions of numbers in the sorted `values`: V for another number, V + 1 for a missing cell."""
    V = len(values)
    at = np.searchsorted(values, z)
    found = values[np.minimum(at, V - 1)] == z if V else np.zeros(len(z), bool)
    return np.where(np.isnan(z), V + 1, np.where(found, at, V)).astype(np.int64)


def position_log_density(x, column, values=None, inside=True):
    """Log-density of the reserved law of a number's position.

    Equal shares for "below the range", "in the range" and "above it": exponential tails beyond the range (geometric on
    the grid, cut at stated bounds), uniform on the range's grid points, without `values` if they are given. A share
    that has no place (no grid point left, a bound at the end of the range) goes to the others.

    Parameters
    ----------
    x : ndarray of shape (n,)
        Numbers, not NaN.
    column : CodecColumn
        A number column of a frame.
    values : ndarray or None, default=None
        Sorted grid points that do not belong to this law.
    inside : bool, default=True
        Whether grid points of the range belong to it.

    Returns
    -------
    ndarray of shape (n,)
        Nats, mass of the cell per unit of the column; -inf where the law has no mass.
    """
    r = column.resolution
    below, above = x < column.lower, x > column.upper
    n_inside = (_cells(column.lower, column.upper, r) + 1 - (0 if values is None else len(values))) * inside
    tails = [
        _tail_log_mass(column.lower - x, column.scale_below, r, column.lower - column.low),
        _tail_log_mass(x - column.upper, column.scale_above, r, column.high - column.upper),
    ]
    shares = count_tails(column) + (n_inside > 0)
    if not shares:
        return np.full(len(x), -np.inf)
    within = -np.log(n_inside) if n_inside > 0 else -np.inf
    if values is not None and n_inside > 0:
        within = np.where(value_codes(x, values) < len(values), -np.inf, within)
    log_mass = np.where(below, tails[0], np.where(above, tails[1], within))
    return log_mass - np.log(shares) - np.log(r)


def _cells(low, high, r):
    return round((high - low) / r)


def count_tails(column) -> int:
    """At how many ends of the range stated bounds leave room for a tail."""
    gaps = column.lower - column.low, column.high - column.upper
    return sum(gap > column.resolution / 2 for gap in gaps)


def _tail_log_mass(distance, scale, r, room):
    """Log-mass of the cell that lies `distance` beyond the end of the range, geometric in cells."""
    q = r / scale
    m = np.rint(np.maximum(distance, r) / r)
    log_mass = np.log(-np.expm1(-q)) - (m - 1) * q
    if np.isinf(room):
        return log_mass
    n_cells = np.floor(room / r + 1e-9)
    if n_cells < 1:
        return np.full(len(distance), -np.inf)
    return np.where(m <= n_cells, log_mass - np.log(-np.expm1(-n_cells * q)), -np.inf)
