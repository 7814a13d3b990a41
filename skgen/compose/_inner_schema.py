"""The schema of the rows within a composition: each old column's base measure, carried through the map."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np

from ..exceptions import IdentifierColumnWarning, SchemaError
from ..table import Column, Schema
from ..table._fit_column import fit_column
from ._change import MIXED

#: Cells of the density in the narrowest cell of the table, and how many digits this may add.
PLACES_OF_CELL, MOST_DIGITS = 1000, 6
#: A number this near to the centre of a cell, in cells, is the centre.
ROUNDING = 1e-6


def inner_schema(rows, N, inner, weight):
    """The schema of the density's rows, and the row map's shifts set to it.

    Parameters
    ----------
    rows : RowMap
        The map; its shifts are set.
    N : ndarray of shape (n, d)
        The original numbers.
    inner : callable
        Gives the density's rows of fit, once the shifts are set.
    weight : ndarray of shape (n,)
        Weights of the rows, all positive.
    """
    schema = rows.codec.schema
    affine = [i for i, j in enumerate(rows.sources) if not rows.kept[i] and np.isfinite(rows.scales[i])]
    for i in affine:
        rows.shift[i] = _shift(rows, i, schema.columns[rows.sources[i]].resolution)
    mixed = np.setdiff1d(np.arange(len(schema)), rows.sources)
    bent = [rows.sources[i] for i in range(len(schema)) if not rows.kept[i] and i not in affine]
    for j in {*bent, *mixed} - {MIXED}:
        check_smooth(schema.columns[j], N[:, j], weight)
    twin = _inferred(inner()) if rows.in_frame else None
    columns = [_column(rows, i, i in affine, twin, N) for i in range(len(schema))]
    if not rows.in_frame:
        return Schema(columns, "array", "float64")
    return Schema(columns, "pandas")


def check_smooth(column, x, weight):
    """A column on a grid that is not smooth has no Jacobian under a map that is not affine."""
    if not column.resolution:
        return
    present = ~np.isnan(x)
    fitted, _ = fit_column(x[present], column, weight[present], True)
    if fitted.smooth and not len(fitted.heavy):
        return
    why = f"the value {fitted.heavy[0]:g} is heavy" if len(fitted.heavy) else "many rows share a cell"
    raise SchemaError(
        f"Column {column.name!r} is not smooth ({why}), so the mass of its cells does not follow a slope. Under a map "
        "that is not affine it has no density: leave it out (remainder='passthrough') or scale it only."
    )


def _shift(rows, i, resolution):
    """What moves the centres of the cells on to multiples of their width."""
    if not resolution:
        return 0.0
    width = abs(rows.scales[i]) * resolution
    at_zero = rows.map_column(i, np.zeros(1))[0]
    return float(width * np.rint(at_zero / width) - at_zero)


def _inferred(table):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", IdentifierColumnWarning)  # named once, of the original columns
        return Schema.infer(table)


def _column(rows, i, is_affine, twin, N):
    """One column of the density's rows."""
    found = None if twin is None else twin.columns[i]
    old = None if rows.sources[i] == MIXED else rows.codec.schema.columns[rows.sources[i]]
    if rows.kept[i]:
        if rows.codec.schema.container == "pandas" or found is None:
            return old
        return replace(old, source=found.source, dtype=found.dtype, level_dtype=found.level_dtype)
    new = Column(rows.names[i], "number", "float", dtype="float64")
    if is_affine and old.resolution:
        new.exponent = float(np.log10(abs(rows.scales[i]) * old.resolution))
    elif found is not None:
        new.exponent = found.exponent if old is None else _fine_enough(rows, i, old, found.exponent, N)
    new.spread = not is_affine and old is not None and old.resolution > 0
    if old is not None:
        new.low, new.high = (_as_cell(new, bound, is_affine) for bound in _bounds(rows, i, old))
    return new


def _as_cell(column, bound, is_affine):
    """A mapped bound as the cell of a row that lies there; under an affine map one between two cells stays as it is."""
    if bound is None or not column.resolution:
        return bound
    cell = float(column.snap(bound))
    return bound if is_affine and abs(cell - bound) > ROUNDING * column.resolution else cell


def _fine_enough(rows, i, old, exponent, N):
    """A column's digits, so many that rows of one old cell hardly ever share a new one."""
    if not old.resolution or exponent is None:
        return exponent
    seen = np.unique(N[:, rows.sources[i]])
    low, high = (rows.map_column(i, seen + side * old.resolution / 2) for side in (-1, 1))
    width = np.abs(high - low)
    width = width[np.isfinite(width) & (width > 0)]
    narrow = np.floor(np.log10(width.min() / PLACES_OF_CELL)) if len(width) else exponent
    return float(np.clip(narrow, exponent - MOST_DIGITS, exponent))


def _bounds(rows, i, old):
    """Stated bounds, mapped."""
    bounds = [None if x is None else rows.map_column(i, np.array([float(x)]))[0] for x in (old.low, old.high)]
    bounds = [None if x is None or not np.isfinite(x) else float(x) for x in bounds]
    low, high = rows.map_column(i, rows.ends[:, rows.sources[i]])
    return tuple(bounds if low <= high else bounds[::-1])
