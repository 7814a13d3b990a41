"""What a codec learns of one column: seen levels, range, tails, heavy values, smoothness, reserved mass."""

from __future__ import annotations

import numpy as np

from ..exceptions import SchemaError
from .column import CodecColumn
from .spline import mean_excess

#: Share and rows from which a value is heavy, and most distinct values of a number that counts as a category.
HEAVY_SHARE, HEAVY_ROWS, MOST_VALUES = 0.01, 5, 30
#: Of the values that rows drawn evenly from a range would show, a list has at most this share; the range is twice that
#: of the quartiles, which far values leave alone. And the most rows of a list whose value stands alone.
FEW_SHOWN, MOST_ALONE = 0.5, 0.15
#: The roundings of a weight of 1.
ROUNDING = 1e-9
#: A column is smooth if a cell is at most this share of the interquartile range, and two rows share a cell this rarely.
SMOOTH_CELL, SMOOTH_COLLISION = 1e-3, 1e-3
#: Places inside a cell are kept where at most this share of the rows lies off the grid, or values are few.
OFFSET_SHARE = 0.1


def fit_column(z, column, weight, open_world):
    """The codec's column, and the codes of the schema's levels (None for a number).

    Parameters
    ----------
    z : ndarray of shape (n,)
        Level positions or numbers of the column, NaN for missing cells.
    column : Column
        The schema's column.
    weight : ndarray of shape (n,)
        Positive weights of the rows.
    open_world : bool
        Whether the table has a range and reserved cells: frames do, arrays of numbers do not.
    """
    absent = np.isnan(z)
    missing_seen = bool(absent.any())
    fitted = CodecColumn(column.name, column.kind, column.resolution, missing_seen=missing_seen, spread=column.spread)
    if open_world or column.kind == "category":
        fitted.rho = 1 / (weight.sum() + 2)
    z, weight = z[~absent], weight[~absent]
    if column.kind == "category":
        return fitted, _fit_levels(fitted, z, len(column.levels))
    if open_world and not len(z):
        fitted.kind, fitted.resolution, fitted.smooth = "category", 0.0, False
        return fitted, np.zeros(1, np.int64)
    if open_world:
        _fit_number(fitted, column, z, weight)
    return fitted, None


def _fit_levels(fitted, positions, n_levels):
    """Codes of the schema's levels: 0.. for the seen ones, one code more for all others, and for unknown levels."""
    seen = np.zeros(n_levels, bool)
    seen[positions[positions >= 0].astype(np.int64)] = True
    fitted.n_codes = fitted.n_values = int(seen.sum())
    fitted.smooth = False
    return np.append(np.where(seen, np.cumsum(seen) - 1, fitted.n_codes), fitted.n_codes).astype(np.int64)


def _fit_number(fitted, column, z, weight):
    cells = column.snap(z)
    fitted.offset_cells, fitted.offsets, fitted.offset_mass = _offsets(z, cells, fitted.resolution, weight)
    values, at = np.unique(cells, return_inverse=True)
    mass = np.bincount(at, weight)
    fitted.n_values = len(values)
    fitted.lower, fitted.upper = float(values[0]), float(values[-1])
    fitted.first, fitted.last = float(z.min()), float(z.max())
    fitted.low = -np.inf if column.low is None else column.low
    fitted.high = np.inf if column.high is None else column.high
    if fitted.lower < fitted.low or fitted.upper > fitted.high:
        lower, upper, low, high = map(column.write, (fitted.lower, fitted.upper, fitted.low, fitted.high))
        raise SchemaError(
            f"Column {column.name!r} has values from {lower} to {upper}, outside its bounds [{low}, {high}]. "
            "Drop those rows or widen the bounds."
        )
    fitted.scale_below = max(mean_excess(values, mass), fitted.resolution)
    fitted.scale_above = max(mean_excess(-values[::-1], mass[::-1]), fitted.resolution)
    if fitted.spread:
        fitted.smooth = len(values) > 1
        return
    heavy = mass >= max(HEAVY_SHARE * mass.sum(), HEAVY_ROWS)
    fitted.smooth = _is_smooth(values[~heavy], mass[~heavy], fitted.resolution)
    if not fitted.smooth and _is_list(values, mass, fitted.resolution):
        fitted.values = values
    else:
        fitted.heavy = values[heavy]


def _is_list(values, mass, resolution):
    """Few values that are all there are: of many rows each, or hardly any alone and far fewer than by chance."""
    n_rows, n_values = mass.sum(), len(values)
    if n_values > MOST_VALUES:
        return False
    if n_values <= max(n_rows / HEAVY_ROWS, 1) or _n_places(values[[0, -1]], resolution) <= 2:  # nothing lies between
        return True
    if mass[mass <= 1 + ROUNDING].sum() > MOST_ALONE * n_rows:  # about the mass of what was not seen (Good, 1953)
        return False
    n_places = 2 * _n_places(_quartiles(values, mass), resolution)
    shown = -n_places * np.expm1(-n_rows / n_places) if resolution else n_rows
    return bool(n_values <= FEW_SHOWN * shown)


def _quartiles(values, mass):
    return values[np.searchsorted(np.cumsum(mass), np.array([0.25, 0.75]) * mass.sum()).clip(max=len(values) - 1)]


def _n_places(ends, resolution):
    """Grid points from one number to another."""
    return 1 + np.rint((ends[1] - ends[0]) / resolution) if resolution else np.inf


def _is_smooth(values, mass, resolution):
    """Cells that are fine against the interquartile range, and a small chance that two rows share one."""
    if len(values) < 2:
        return False
    total, (q25, q75) = mass.sum(), _quartiles(values, mass)
    collision = np.sum(mass * np.maximum(mass - 1, 0)) / max(total * (total - 1), 1e-300)
    return bool(resolution <= SMOOTH_CELL * (q75 - q25) and collision < SMOOTH_COLLISION)


def _offsets(z, cells, resolution, weight):
    """Rows of the cells that hold any row off the grid: cells, sorted, offsets and cumulative weights.

    Where most rows are off the grid, only of the cells that hold a value twice: the others' digits mean nothing.
    """
    offsets = z - cells
    off_grid = offsets != 0
    if not off_grid.any():
        return np.empty(0), np.empty(0), np.empty(0)
    few = len(np.unique(z[: MOST_VALUES**2])) <= MOST_VALUES and len(np.unique(z)) <= MOST_VALUES
    if not few and np.average(off_grid, weights=weight) > OFFSET_SHARE:
        off_grid &= _is_repeated(z, weight)
    rows = np.isin(cells, cells[off_grid])
    places, at = np.unique(np.column_stack([cells[rows], offsets[rows]]), axis=0, return_inverse=True)
    return places[:, 0], places[:, 1], np.cumsum(np.bincount(at.reshape(-1), weight[rows]))


def _is_repeated(z, weight):
    """Mask of the rows whose value has the weight of two rows."""
    _, at = np.unique(z, return_inverse=True)
    return np.bincount(at, weight)[at] >= 2
