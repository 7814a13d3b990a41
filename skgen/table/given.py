"""Given: the conditions of a conditional sample, read in the numbers of the typed view."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..exceptions import GivenError, SchemaError
from ._allowed import Allowed
from ._frames import as_array, column_names, is_frame
from .missing import MISSING
from .schema import to_number

_COLLECTIONS = (list, set, frozenset, np.ndarray, pd.Index, pd.Series)


class Given:
    """Points, completed cells and allowed sets.

    Parameters
    ----------
    points : ndarray of shape (m, n_features)
        Values of the known cells, to condition on; NaN at a known cell is "missing". One row for a dict.
    exact : ndarray of shape (m, n_features)
        The same values as they were written, to be given back.
    known : ndarray of bool of shape (m, n_features)
        Which cells are known.
    completed : ndarray of bool of shape (m, n_features)
        Which cells are to be drawn as values, not as missing.
    allowed : list of Allowed or None
        Sets that unknown cells must lie in, for every row.
    written : list of ndarray or None
        The numbers of each set as they were written, beside the cells of `allowed`.
    is_table : bool
        Whether there is one row per sample.
    """

    def __init__(self, points, exact, known, completed, allowed, written, is_table):
        self.points = points
        self.exact = exact
        self.known = known
        self.completed = completed
        self.allowed = allowed
        self.written = written
        self.is_table = is_table


def parse_given(given, codec) -> Given:
    """Read conditions: a dict of columns, or a table with one row per sample."""
    if isinstance(given, dict):
        return _parse_dict(given, codec)
    if not isinstance(given, str) and (isinstance(given, (np.ndarray, list)) or is_frame(given)):
        return _parse_table(given, codec)
    raise GivenError(
        f"given must be a dict of columns or a table with one row per sample, got {type(given).__name__}. "
        "A Series has to_dict()."
    )


def _parse_dict(given, codec):
    d = len(codec.columns)
    points, known = np.full((1, d), np.nan), np.zeros((1, d), bool)
    completed, allowed, written = np.zeros((1, d), bool), [None] * d, [None] * d
    for name, value in given.items():
        j = column_position(name, codec)
        if value is MISSING:
            _check_missing(name, codec.columns[j])
            known[0, j] = True
        elif isinstance(value, pd.Interval):
            allowed[j] = _interval(value, codec, j)
        elif isinstance(value, _COLLECTIONS) or hasattr(value, "to_list"):
            allowed[j], numbers = _value_set(value, codec, j)
            if len(numbers) == 1 and not allowed[j].missing:
                points[0, j], known[0, j], allowed[j] = numbers[0], True, None
            elif codec.columns[j].kind == "number" and len(numbers):
                written[j] = numbers
        elif _is_empty(value):
            completed[0, j] = True
        else:
            points[0, j], known[0, j] = _cell(value, codec, j), True
    snapped = _snap(points, codec)
    return Given(snapped, points, known, completed, allowed, written, is_table=False)


def _parse_table(given, codec):
    if not is_frame(given):
        given = as_array(given)
        if given.ndim != 2 or given.shape[1] != len(codec.columns):
            raise GivenError(
                f"A given array must have the {len(codec.columns)} columns of fit, got shape {given.shape}. "
                "Use a dict or a DataFrame to give some of them."
            )
    names = column_names(given)
    m, d = len(given), len(codec.columns)
    points, known = np.full((m, d), np.nan), np.zeros((m, d), bool)
    completed = np.zeros((m, d), bool)
    for at, name in enumerate(names):
        j = column_position(name, codec)
        cells, asked_missing = _table_cells(given, at, name)
        if asked_missing.any():
            _check_missing(name, codec.columns[j])
        points[:, j] = _table_numbers(cells, codec, j)
        known[:, j] = ~np.isnan(points[:, j]) | asked_missing
        completed[:, j] = ~known[:, j]
    return Given(_snap(points, codec), points, known, completed, [None] * d, [None] * d, is_table=True)


def _table_cells(given, at, name):
    """One column of a table as a series, and the mask of the cells that say MISSING."""
    if isinstance(given, np.ndarray):
        cells = pd.Series(list(given[:, at])) if given.dtype == object else pd.Series(given[:, at])
    else:
        cells = given.iloc[:, at].reset_index(drop=True) if hasattr(given, "iloc") else given[name]
    asked = np.zeros(len(cells), bool)
    if isinstance(cells, pd.Series) and cells.dtype == object:
        asked = np.array([cell is MISSING for cell in cells], bool)
        cells = cells.mask(asked, None).infer_objects()
    return cells, asked


def _table_numbers(cells, codec, j):
    column, name = codec.schema.columns[j], codec.columns[j].name
    try:
        z = codec.column_numbers(cells, j)
    except SchemaError as error:
        raise GivenError(str(error)) from error
    if codec.columns[j].kind == "category" and (z == codec.columns[j].n_codes).any():
        seen = _shown_levels(column, codec.level_codes(j), codec.columns[j])
        raise GivenError(f"given has levels of column {name!r} that fit did not see. Seen: {seen}.")
    return z


def column_position(name, codec, named_by="given"):
    """The position of a column that `given`, or another parameter, names."""
    names = codec.schema.names
    if name not in names:
        raise GivenError(f"{named_by} names {name!r}, which is no column. Columns are {names}.")
    return names.index(name)


def _check_missing(name, column):
    if not column.missing_seen:
        raise GivenError(f"given asks for missing cells in {name!r}, where fit saw none.")


def _cell(value, codec, j):
    column, fitted = codec.schema.columns[j], codec.columns[j]
    if column.kind == "category":
        level_codes = codec.level_codes(j)
        at = column.levels.index(value) if value in column.levels else -1
        if level_codes[at] >= fitted.n_codes:
            raise GivenError(
                f"given has {value!r} in column {column.name!r}, which fit did not see. "
                f"Seen: {_shown_levels(column, level_codes, fitted)}."
            )
        return float(level_codes[at])
    try:
        number = to_number(value, column)
    except (TypeError, ValueError) as error:
        raise GivenError(
            f"given needs a value of type {column.source} for column {column.name!r}, a list or a pandas.Interval, "
            f"got {value!r}."
        ) from error
    if np.isinf(number) or (column.source == "int" and number != np.rint(number)):
        raise GivenError(f"given needs a finite number of type {column.source} in {column.name!r}, got {value!r}.")
    return number


def _value_set(values, codec, j):
    column, fitted = codec.schema.columns[j], codec.columns[j]
    missing = any(value is MISSING or _is_empty(value) for value in values)
    if missing:
        _check_missing(column.name, fitted)
    numbers = sorted({_cell(v, codec, j) for v in values if v is not MISSING and not _is_empty(v)})
    if not numbers and not missing:
        raise GivenError(f"given has an empty set of values for column {column.name!r}.")
    numbers = np.array(numbers)
    if fitted.kind != "number":
        return Allowed(values=numbers, missing=missing), numbers
    cells, first = np.unique(column.snap(numbers), return_index=True)
    return Allowed(values=cells, missing=missing), numbers[first]


def _interval(interval, codec, j):
    column = codec.schema.columns[j]
    if column.kind == "category":
        raise GivenError(f"Column {column.name!r} is a category: give a list of levels, not an interval.")
    try:
        low, high = to_number(interval.left, column), to_number(interval.right, column)
    except (TypeError, ValueError) as error:
        raise GivenError(
            f"given needs an interval of {column.source}s in column {column.name!r}, got {interval}."
        ) from error
    low = low if interval.closed in ("left", "both") else np.nextafter(low, np.inf)
    high = high if interval.closed in ("right", "both") else np.nextafter(high, -np.inf)
    _check_places(interval, low, high, column, codec.columns[j])
    return Allowed(low=low, high=high)


def _check_places(interval, low, high, column, fitted):
    """An error where no row can lie in an interval: rows stay in the seen range, on their grid."""
    if fitted.lower > high or fitted.upper < low:
        raise GivenError(
            f"given asks for {interval} in column {column.name!r}, all of it beyond the range that fit saw, in which "
            "rows stay. State values within it."
        )
    if len(fitted.values):
        is_empty = not ((fitted.values >= low) & (fitted.values <= high)).any()
    else:
        starts_inside = np.isfinite(low) and low > fitted.lower
        is_empty = column.resolution > 0 and starts_inside and _first_cell(low, column) > high
    if is_empty:
        raise GivenError(
            f"given asks for {interval} in column {column.name!r}: no cell of its grid has its centre there. Widen it."
        )


def _first_cell(low, column):
    """The first cell whose centre is not below a number."""
    cell = float(column.snap(low))
    return cell if cell >= low else float(column.snap(cell + column.resolution))


def _snap(points, codec):
    snapped = points.copy()
    for j, column in enumerate(codec.schema.columns):
        if column.kind == "number":
            snapped[:, j] = column.snap(points[:, j])
    return snapped


def _is_empty(value):
    return value is None or (value is not MISSING and np.ndim(value) == 0 and bool(pd.isna(value)))


def _shown_levels(column, level_codes, fitted, most=10):
    levels = [level for level, code in zip(column.levels, level_codes) if code < fitted.n_codes]
    return ", ".join(repr(level) for level in levels[:most]) + (", ..." if len(levels) > most else "")
