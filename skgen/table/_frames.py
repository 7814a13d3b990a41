"""Containers: pandas and polars frames (through narwhals), arrays and lists, read into raw columns."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import narwhals as nw
import numpy as np
import pandas as pd

from ..exceptions import SchemaError
from ._decimals import decimal_size
from .column import NANOSECONDS

_TICK_UNITS = {"ns": "ns", "us": "us", "ms": "ms", "s": "ms"}


@dataclass
class RawColumn:
    """The cells of one column as they came: `values` for numbers and ticks, else `codes` into `levels`."""

    name: object
    source: str
    dtype: str
    values: np.ndarray | None = None
    missing: np.ndarray | None = None
    codes: np.ndarray | None = None
    levels: list | None = None
    ordered: bool = False
    level_dtype: str = ""
    tick: int = 0
    time_zone: str = ""


def container_of(X) -> str:
    """ "pandas", "polars" or another frame library; "array" for numbers, "object" for arrays and lists with text."""
    if isinstance(X, np.ndarray):
        return "object" if X.dtype.kind in "OUS" else "array"
    refuse_no_table(X)
    if hasattr(X, "columns"):
        _refuse_repeats(list(X.columns))
    frame = nw.from_native(X, eager_only=True, pass_through=True)
    if isinstance(frame, nw.DataFrame):
        return str(frame.implementation)
    return container_of(as_array(X))


def refuse_no_table(X):
    """An error that names the way to a table, for what holds rows but is none."""
    if type(X) is str:
        how = "pandas.read_csv(...) reads a file"
    elif type(X) is dict:  # a sparse array may be a subclass of it
        how = "pandas.DataFrame(...) makes one of a dict"
    elif nw.dependencies.is_polars_lazyframe(X):
        how = "collect() makes one of it"
    elif type(X).__module__.partition(".")[0] == "pyarrow":
        how = "to_pandas() or polars.from_arrow(...) makes one of it"
    else:
        return
    raise TypeError(f"Expected a table of rows and columns, got a {type(X).__name__}: {how}.")


def as_array(X):
    """An array of a list of rows: one of objects where text stands beside numbers, which would become text."""
    table = np.asarray(X)
    if table.dtype.kind not in "US" or isinstance(X, np.ndarray):
        return table
    objects = np.asarray(X, dtype=object)
    return table if all(isinstance(cell, (str, bytes)) for cell in objects.flat) else objects


def is_frame(X) -> bool:
    """Whether X has named, typed columns."""
    return container_of(X) not in ("array", "object")


def column_names(X) -> list:
    """The names of a frame's columns, positions of an array's."""
    if not is_frame(X):
        return list(range(as_array(X).shape[1]))
    return list(X.columns)


def _refuse_repeats(names):
    repeated = sorted({str(name) for name, count in Counter(names).items() if count > 1})
    if repeated:
        raise SchemaError(f"Column names must be unique, got {repeated} more than once. Rename or drop the repeats.")


def read_columns(X) -> list[RawColumn]:
    """The columns of a frame or of an array, one `RawColumn` each; infinite numbers raise."""
    raws = _read_columns(X)
    names = [raw.name for raw in raws if raw.source == "float" and raw.codes is None and np.isinf(raw.values).any()]
    if names:
        raise ValueError(f"Input X contains infinity in columns {names}. Drop those rows or set the cells to NaN.")
    return raws


def _read_columns(X):
    if is_frame(X):
        names = column_names(X)
        frame = nw.from_native(X, eager_only=True)
        return [_read_series(frame[:, j], name) for j, name in enumerate(names)]
    X = as_array(X)
    if X.dtype.kind in "OUS":
        return [_read_objects(X[:, j], j, str(X.dtype)) for j in range(X.shape[1])]
    return [_read_numbers(X[:, j], j) for j in range(X.shape[1])]


# ---- arrays ---------------------------------------------------------------------------------------------------------


def _read_numbers(x, name):
    if x.dtype.kind == "b":
        return RawColumn(name, "bool", str(x.dtype), codes=x.astype(np.int64), levels=[False, True])
    if x.dtype.kind in "mM":
        return _read_series(nw.from_native(pd.Series(x), series_only=True), name)
    if x.dtype.kind in "iu":
        return RawColumn(name, "int", str(x.dtype), values=x, missing=np.zeros(len(x), bool))
    return RawColumn(name, "float", str(x.dtype), values=x.astype(float), missing=np.isnan(x))


def _read_objects(x, name, dtype):
    series = pd.Series(list(x)).infer_objects()
    if series.dtype == object and not _hashable(series):
        raise TypeError(f"Cells of column {name} must be hashable: argument must be a string or a number.")
    column = _read_series(nw.from_native(series, series_only=True), name)
    column.dtype = dtype
    return column


def _hashable(series):
    return all(not isinstance(cell, (dict, list, set, np.ndarray)) for cell in series)


# ---- frames, a series at a time --------------------------------------------------------------------------------------


def _read_series(series, name):
    native = series.to_native()
    written = str(native.dtype)
    if isinstance(native.dtype, pd.ArrowDtype):
        from ._arrow_dtypes import refuse_lost_dtype  # pyarrow is optional

        refuse_lost_dtype(name, native.dtype)
        if decimal_size(written):  # narwhals knows no wide ones
            values = native.to_numpy(dtype=float, na_value=np.nan)
            return RawColumn(name, "float", written, values=values, missing=np.isnan(values))
    dtype = series.dtype
    if dtype == nw.Boolean:
        return _read_bools(series, name, written)
    if written in ("Int128", "UInt128"):
        raise SchemaError(f"Column {name!r} holds integers of 128 bits. Cast them to Int64 or Float64 before fit.")
    if written == "Object":
        raise SchemaError(f"Column {name!r} holds Python objects. Cast them to text, numbers or dates before fit.")
    if dtype.is_integer():
        return _read_ints(series, name, written)
    if dtype.is_numeric():
        values = series.cast(nw.Float64).to_numpy().astype(float)
        values = np.where(series.is_null().to_numpy(), np.nan, values)
        return RawColumn(name, "float", written, values=values, missing=np.isnan(values))
    if dtype == nw.Binary:
        raise SchemaError(f"Column {name!r} holds bytes, which have no law here. Pass text instead.")
    if dtype == nw.Time:
        raise SchemaError(
            f"Column {name!r} holds times of day, which have no law here. Pass durations or text instead."
        )
    if dtype.is_temporal():
        return _read_ticks(series, name, written)
    if isinstance(native, pd.Series) and isinstance(native.dtype, pd.CategoricalDtype):
        return _read_pandas_category(native, name)
    if dtype == nw.Enum:
        return _read_enum(series, name)
    return _read_text(native, name, written)


def _read_bools(series, name, written):
    missing = series.is_null().to_numpy()
    codes = np.where(missing, -1, series.fill_null(False).to_numpy().astype(np.int64))
    return RawColumn(name, "bool", written, codes=codes, levels=[False, True])


def _read_ints(series, name, written):
    missing = series.is_null().to_numpy()
    values = series.fill_null(0).to_numpy() if missing.any() else series.to_numpy()
    return RawColumn(name, "int", written, values=np.asarray(values), missing=missing)


def _read_ticks(series, name, written):
    missing = series.is_null().to_numpy()
    dtype, time_zone = series.dtype, ""
    if dtype == nw.Date:
        series, unit = series.cast(nw.Datetime("ms")), "ms"
    else:
        unit = _TICK_UNITS[dtype.time_unit]
        time_zone = getattr(dtype, "time_zone", None) or ""
    present = series.drop_nulls() if missing.any() else series
    if dtype == nw.Duration:
        total = {"ns": "total_nanoseconds", "us": "total_microseconds", "ms": "total_milliseconds"}[unit]
        ticks, source = getattr(present.dt, total)(), "timedelta"
    else:
        ticks, source = present.dt.timestamp(unit), "datetime"
    values = np.zeros(len(missing), np.int64)
    values[~missing] = ticks.to_numpy()
    return RawColumn(name, source, written, values=values, missing=missing, tick=NANOSECONDS[unit], time_zone=time_zone)


def _read_pandas_category(native, name):
    categories = native.cat.categories
    if isinstance(categories.dtype, pd.ArrowDtype):
        from ._arrow_dtypes import refuse_lost_dtype  # pyarrow is optional

        refuse_lost_dtype(name, categories.dtype)
    return RawColumn(
        name,
        "category",
        "category",
        codes=native.cat.codes.to_numpy().astype(np.int64),
        levels=categories.tolist(),
        ordered=bool(native.cat.ordered),
        level_dtype=str(categories.dtype),
    )


def _read_enum(series, name):
    missing = series.is_null().to_numpy()
    physical = series.to_native().to_physical().fill_null(0).to_numpy().astype(np.int64)
    codes = np.where(missing, -1, physical)
    return RawColumn(name, "category", "Enum", codes=codes, levels=list(series.dtype.categories), ordered=True)


def _read_text(native, name, written):
    values = native if isinstance(native, pd.Series) else _object_array(native.to_list())
    try:
        codes, levels = pd.factorize(values)
    except TypeError as error:
        raise SchemaError(f"Column {name!r} holds cells of dtype {written}, which are no values.") from error
    if getattr(levels, "dtype", None) == np.dtype(complex):
        raise SchemaError(f"Column {name!r} holds complex numbers. Split them into two columns.")
    order = _level_order(levels)
    rank = np.empty(len(levels) + 1, np.int64)
    rank[order], rank[-1] = np.arange(len(levels)), -1
    return RawColumn(name, "text", written, codes=rank[codes], levels=[levels[i] for i in order])


def _object_array(cells):
    values = np.empty(len(cells), dtype=object)
    values[:] = cells
    return values


def _level_order(levels):
    levels = np.asarray(levels, dtype=object)
    try:
        return np.argsort(levels, kind="stable")
    except TypeError:  # levels of several types have no order of their own
        return sorted(range(len(levels)), key=lambda i: (type(levels[i]).__name__, str(levels[i])))
