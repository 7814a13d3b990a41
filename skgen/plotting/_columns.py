"""One column of a table as plain arrays: numbers, dates or levels, and which cells are missing."""

import narwhals as nw
import numpy as np

NUMBER, DATE, CATEGORY = "number", "date", "category"
_DAY = np.timedelta64(1, "D")


def as_frame(table):
    """A narwhals frame; an array or list becomes columns x0, x1, ... as scikit-learn names them."""
    try:
        return nw.from_native(table, eager_only=True)
    except TypeError:
        values = np.asarray(table)
    if values.ndim != 2:
        raise ValueError(f"Expected a table or a 2-D array, got an array of shape {values.shape}.")
    columns = {f"x{j}": values[:, j] for j in range(values.shape[1])}
    return nw.from_dict(columns, backend="pandas")


def column_kind(series):
    """What a column of a narwhals frame is drawn as."""
    if series.dtype.is_numeric():
        return NUMBER
    if series.dtype == nw.Datetime or series.dtype == nw.Date:
        return DATE
    if series.dtype == nw.Duration:
        return NUMBER
    values = series.drop_nulls().to_list()
    if series.dtype == nw.Object and all(isinstance(v, int | float) and not isinstance(v, bool) for v in values):
        return NUMBER
    return CATEGORY


def numbers(series):
    """A number or date column as floats, NaN where missing; times in days (dates since 1970-01-01)."""
    if series.dtype == nw.Datetime:
        naive = series.dt.convert_time_zone("UTC").dt.replace_time_zone(None) if series.dtype.time_zone else series
        return _days(naive.to_numpy().astype("datetime64[ns]") - np.datetime64(0, "ns"))
    if series.dtype == nw.Date:
        return _days(series.to_numpy().astype("datetime64[D]") - np.datetime64(0, "D"))
    if series.dtype == nw.Duration:
        return _days(series.to_numpy().astype("timedelta64[ns]"))
    values = np.full(len(series), np.nan)
    values[_present(series)] = series.drop_nulls().to_list()
    return values


def _present(series):
    return ~series.is_null().to_numpy().astype(bool)


def _days(delta):
    return np.where(np.isnat(delta), np.nan, delta / _DAY)


def levels(series):
    """A category column as an object array of strings, None where missing."""
    values = np.full(len(series), None, dtype=object)
    values[_present(series)] = [str(v) for v in series.drop_nulls().to_list()]
    return values
