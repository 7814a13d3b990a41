"""Numbers on a grid: their cells, and the counts, reserved mass and places that every map of them shares."""

from __future__ import annotations

import numpy as np

from ._intervals import Intervals

_WHOLE_AXIS = Intervals(np.ones(1))


def grid_cells(z, resolution):
    """Grid positions as integers; the smallest integer for a missing cell."""
    codes = np.clip(np.rint(z / resolution), -(2.0**62), 2.0**62)
    return np.where(np.isnan(z), -(2.0**63), codes).astype(np.int64)


def snap(x, column):
    """Numbers moved to the centres of their cells; inside the range near its ends."""
    r = column.resolution
    exponent = np.rint(np.log10(r))
    if exponent <= 0 and 10.0**exponent == r:  # dividing by a power of ten gives the double nearest to the decimal
        x = np.rint(x * 10.0**-exponent) / 10.0**-exponent
    else:
        x = np.rint(x / r) * r
    x = np.where(np.abs(x - column.lower) < r / 2, column.lower, x)
    return np.where(np.abs(x - column.upper) < r / 2, column.upper, x)


def snap_between(x, column, values, k):
    """Numbers moved to the centres of cells that lie strictly between `values[k - 1]` and `values[k]`."""
    r = column.resolution
    first = np.concatenate([[-np.inf], values + r])[k]
    last = np.concatenate([values - r, [np.inf]])[k]
    return snap(np.clip(x, first, last), column)


def count_possible(count, possible, column):
    """Counts of the possible cells; one that no row shows weighs what a reserved cell does."""
    least = max(count.sum(), 1e-300) * max(column.rho, 1e-12)
    return np.where(possible & (count == 0), least, count * possible)


def log_seen_and_reserved(column):
    """Log-mass of all numbers and of a missing cell, where none was seen and tails hold the numbers off the range."""
    if column.missing_seen:
        return 0.0, -np.inf
    with np.errstate(divide="ignore"):
        return np.log1p(-column.rho), np.log(column.rho)


def place_reserved(u, log_mass):
    """Points and log-weights of a cell that is no interval: the coordinate is integrated out, drawn as the normal."""
    R, log_weight = _WHOLE_AXIS.place(np.zeros(len(u), int), u)
    return R, log_weight + log_mass
