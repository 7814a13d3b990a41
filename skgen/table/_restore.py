"""Tables from numbers: the container, names, order and dtypes of fit."""

from __future__ import annotations

import narwhals as nw
import numpy as np
import pandas as pd

from ._decimals import as_decimals, decimal_size
from .column import NANOSECONDS

_UNITS = {ticks: unit for unit, ticks in NANOSECONDS.items()}
_POLARS_NUMBERS = {
    name: getattr(nw, name)
    for name in ("Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64", "Float32", "Float64")
}


def restore_table(columns, schema):
    """The table of some columns of numbers.

    Parameters
    ----------
    columns : list of ndarray
        Level positions (-1 missing) of categories, numbers (NaN missing) of the others.
    schema : Schema
        The schema.
    """
    if schema.container == "pandas":
        data = {j: _pandas_series(x, c) for j, (x, c) in enumerate(zip(columns, schema.columns))}
        frame = pd.DataFrame(data, index=pd.RangeIndex(len(columns[0])))
        frame.columns = pd.Index(schema.names)
        return frame
    if schema.is_frame:
        data = {c.name: _other_series(x, c, schema.container) for x, c in zip(columns, schema.columns)}
        return nw.from_dict(data).to_native()
    if schema.container == "object":
        table = np.empty((len(columns[0]), len(columns)), object)
        for j, (x, column) in enumerate(zip(columns, schema.columns)):
            table[:, j] = _objects(x, column)
        return table if schema.dtype == "object" else table.astype(schema.dtype)
    return _array(columns, schema)


def _array(columns, schema):
    if schema.columns[0].tick:
        return np.column_stack([_pandas_ticks(x, column) for x, column in zip(columns, schema.columns)]).astype(
            schema.dtype
        )
    table = np.empty((len(columns[0]), len(columns)))
    for j, (x, column) in enumerate(zip(columns, schema.columns)):
        table[:, j] = x if column.kind == "number" else _level_values(x, column, np.nan).astype(float)
    return table.astype(schema.dtype)


def _ticks(x, column):
    """Whole ticks of a date or duration, and the mask of the missing ones."""
    absent = np.isnan(x)
    cells = np.rint(np.where(absent, 0, x) / column.resolution).astype(np.int64)
    return cells * column.step + column.origin, absent


def _integers(x, column):
    absent = np.isnan(x)
    steps = np.rint(np.where(absent, 0, x)).astype(np.int64)
    if column.origin > np.iinfo(np.int64).max:
        return steps.astype(np.uint64) + np.uint64(column.origin), absent
    return steps + column.origin, absent


def _level_values(positions, column, missing):
    levels = np.empty(len(column.levels) + 1, object)
    levels[:-1] = column.levels
    levels[-1] = missing
    return levels[positions]


def _objects(x, column):
    if column.kind == "category":
        return _level_values(x, column, np.nan)
    if column.source == "int":
        values, absent = _integers(x, column)
        return np.where(absent, np.nan, values.astype(object))
    if column.tick:
        return _pandas_ticks(x, column).astype(object).to_numpy()
    return x


# ---- pandas ---------------------------------------------------------------------------------------------------------


def _pandas_series(x, column):
    if column.kind == "category":
        return _pandas_levels(x, column)
    dtype = _pandas_dtype(column.dtype)
    if column.tick:
        return _pandas_ticks(x, column).astype(dtype)
    if column.source == "int":
        values, absent = _integers(x, column)
        if not absent.any() and column.dtype[0].islower():
            return pd.Series(values).astype(column.dtype)
        nullable = "UInt64" if values.dtype == np.uint64 else "Int64"
        return pd.Series(pd.array(np.where(absent, 0, values), dtype=nullable)).mask(absent).astype(column.dtype)
    return _pandas_floats(x, column)


def _pandas_dtype(written):
    if not written.endswith("[pyarrow]"):
        return written
    from ._arrow_dtypes import arrow_dtype  # pyarrow is optional

    return arrow_dtype(written)


def _pandas_floats(x, column):
    dtype, size = _pandas_dtype(column.dtype), decimal_size(column.dtype)
    return pd.Series(x).astype(dtype) if size is None else pd.Series(as_decimals(x, *size), dtype=dtype)


def _pandas_levels(positions, column):
    if column.source == "category":
        categories = pd.Index(column.levels, dtype=_pandas_dtype(column.level_dtype) or None)
        return pd.Series(pd.Categorical.from_codes(positions, categories=categories, ordered=column.ordered))
    if column.source == "bool" and not (positions < 0).any():
        return pd.Series(positions.astype(bool)).astype(column.dtype)
    dtype = _pandas_dtype(column.dtype)
    missing = pd.NA if column.dtype in ("boolean", "string") or column.dtype.endswith("[pyarrow]") else np.nan
    if column.dtype == "object" or column.source not in ("int", "float"):
        values = _level_values(positions, column, None if column.source == "bool" else missing)
        return pd.Series(values, dtype=dtype)
    return _pandas_floats(_level_values(positions, column, np.nan).astype(float), column)


def _pandas_ticks(x, column):
    ticks, absent = _ticks(x, column)
    kind = "M8" if column.source == "datetime" else "m8"
    values = ticks.view(f"{kind}[{_UNITS[column.tick]}]")
    values[absent] = np.array("NaT", dtype=values.dtype)
    series = pd.Series(values)
    return series.dt.tz_localize("UTC").dt.tz_convert(column.time_zone) if column.time_zone else series


# ---- polars and others ----------------------------------------------------------------------------------------------


def _other_series(x, column, backend):
    if column.kind == "category":
        return _other_levels(x, column, backend)
    if column.tick:
        return _other_ticks(x, column, backend)
    if decimal_size(column.dtype):
        return _other_decimals(x, column, backend)
    dtype = _POLARS_NUMBERS.get(column.dtype, nw.Float64)
    absent = np.isnan(x)
    values = _integers(x, column)[0] if column.source == "int" else x
    values = [None if gone else value for value, gone in zip(values.tolist(), absent)] if absent.any() else values
    return nw.new_series(column.name, values, dtype, backend=backend)


def _other_levels(positions, column, backend):
    values = _level_values(positions, column, None).tolist()
    if column.source == "category":
        return nw.new_series(column.name, values, nw.Enum(column.levels), backend=backend)
    if column.source == "bool":
        return nw.new_series(column.name, values, nw.Boolean, backend=backend)
    if decimal_size(column.dtype):
        return _other_decimals(_level_values(positions, column, np.nan).astype(float), column, backend)
    if column.dtype == "Null":
        return nw.new_series(column.name, values, backend=backend)
    dtype = _POLARS_NUMBERS.get(column.dtype, nw.Categorical if column.dtype == "Categorical" else nw.String)
    return nw.new_series(column.name, values, dtype, backend=backend)


def _other_decimals(x, column, backend):
    digits, places = decimal_size(column.dtype)
    series = nw.new_series(column.name, as_decimals(x, digits, places), backend=backend)
    own = nw.get_native_namespace(series).Decimal(digits, places)  # narwhals' own had no digits at first
    return nw.from_native(series.to_native().cast(own), series_only=True)


def _other_ticks(x, column, backend):
    ticks, absent = _ticks(x, column)
    unit = _UNITS[column.tick]
    counts = nw.new_series(
        column.name, [None if gone else t for t, gone in zip(ticks.tolist(), absent)], nw.Int64, backend=backend
    )
    if column.source == "timedelta":
        return counts.cast(nw.Duration(unit))
    dates = counts.cast(nw.Datetime(unit))
    if column.dtype == "Date":
        return dates.cast(nw.Date)
    return dates.dt.replace_time_zone("UTC").dt.convert_time_zone(column.time_zone) if column.time_zone else dates
