"""Inference of a column's kind and base measure from its dtype and values.

A rule about the grid, never about how many values are distinct: such counts change with the number of rows.
"""

from __future__ import annotations

import warnings
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import numpy as np

from ..exceptions import IdentifierColumnWarning
from ._decimals import decimal_size
from .column import DAY, NANOSECONDS, Column

#: Share of the cells that must lie on a decimal grid, and how close (as a share of the grid's step or of the spread).
GRID_SHARE, GRID_TOLERANCE, FINEST_EXPONENT = 0.95, 1e-6, 4
#: Significant digits of the central range where no decimal grid fits.
SPREAD_DIGITS = 6
#: Columns look like identifiers above this share of distinct texts, from this many rows on.
IDENTIFIER_SHARE, IDENTIFIER_ROWS = 0.95, 50
#: Objects that pandas has a dtype for: what they are, and what makes numbers of them.
_OBJECTS = {
    date: ("dates", "pandas.to_datetime(...)"),
    timedelta: ("durations", "pandas.to_timedelta(...)"),
    Decimal: ("decimals", "astype(float)"),
}
#: They are named above this many levels, or above this share of distinct cells.
OBJECT_LEVELS, OBJECT_SHARE = 20, 0.5
#: Integers beyond 2^52 are counted from the smallest.
_EXACT_INTEGERS = 2**52

_TICK_STEPS = [
    DAY,
    3600 * NANOSECONDS["s"],
    60 * NANOSECONDS["s"],
    NANOSECONDS["s"],
    NANOSECONDS["ms"],
    NANOSECONDS["us"],
]


def infer_column(raw, is_frame, as_category, weight):
    """The `Column` of one raw column.

    Parameters
    ----------
    raw : RawColumn
        The cells.
    is_frame : bool
        Whether the column stands in a frame; float arrays stay continuous.
    as_category : bool
        Whether numbers are to be read as levels.
    weight : ndarray of shape (n,)
        Weights of the rows, all positive.
    """
    column = Column(raw.name, "number", raw.source, dtype=raw.dtype)
    if raw.codes is not None:
        return replace(
            column,
            kind="category",
            levels=list(raw.levels),
            ordered=raw.ordered,
            level_dtype=raw.level_dtype,
        )
    present = ~raw.missing
    if (as_category and not raw.tick) or (is_frame and not present.any()):
        return replace(
            column,
            kind="category",
            levels=np.unique(raw.values[present]).tolist(),
            tick=raw.tick,
            time_zone=raw.time_zone,
        )
    if raw.tick:
        return _tick_column(column, raw, raw.values[present], weight[present])
    if raw.source == "int":
        values = raw.values[present]
        far = len(values) and max(abs(int(values.min())), abs(int(values.max()))) > _EXACT_INTEGERS
        return replace(column, exponent=0, origin=int(values.min()) if far else 0)
    if not is_frame:
        return column
    rounding = np.finfo(np.float32).eps if raw.dtype.lower() == "float32" else 0.0
    exponent = _float_exponent(raw.values[present], weight[present], rounding)
    size = decimal_size(raw.dtype)
    return replace(column, exponent=exponent if size is None else max(exponent, -size[1]))


def _tick_column(column, raw, ticks, weight):
    """Dates and durations count in the coarsest unit that 95 % of the cells meet."""
    day = DAY // raw.tick
    origin = int(ticks.min() // day * day) if len(ticks) and raw.source == "datetime" else 0
    since = ticks - origin
    span = int(np.abs(since).max(initial=0))
    for nanoseconds in (*_TICK_STEPS, raw.tick):
        step = max(nanoseconds // raw.tick, 1)
        if np.average(since % step == 0, weights=weight) >= GRID_SHARE or span // step > 2**50:
            break
    return replace(column, tick=raw.tick, step=int(step), origin=origin, time_zone=raw.time_zone)


def _float_exponent(x, weight, rounding):
    """Exponent of the decimal grid: the coarsest of 0..-4 that fits, else six digits of the central range.

    `rounding` is the relative precision of the dtype where it is coarser than that of doubles.
    """
    q01, q99 = _weighted_quantiles(x, weight, (0.01, 0.99))
    spread = q99 - q01 or np.ptp(x) or abs(x[0])
    if spread == 0:
        return 0
    for k in range(FINEST_EXPONENT + 1):
        with np.errstate(over="ignore", invalid="ignore"):
            distance = np.abs(x - np.rint(x * 10.0**k) / 10.0**k)
        on_grid = distance <= GRID_TOLERANCE * min(10.0**-k, spread) + rounding * np.abs(x)
        if np.average(on_grid, weights=weight) >= GRID_SHARE:
            return -k
    return int(np.clip(np.ceil(np.log10(spread)) - SPREAD_DIGITS, -300, 300))


def _weighted_quantiles(x, weight, shares):
    order = np.argsort(x, kind="stable")
    mass = np.cumsum(weight[order])
    at = np.searchsorted(mass, np.asarray(shares) * mass[-1])
    return x[order][np.minimum(at, len(x) - 1)]


def warn_identifiers(raws, columns, weight):
    """Name the columns whose values are nearly all distinct texts, or integers that number the rows."""
    names = [column.name for raw, column in zip(raws, columns) if _is_identifier(raw, column, weight)]
    if names:
        warnings.warn(
            f"Columns {names} look like identifiers (nearly every row has its own value). They carry no law that could "
            "be learnt; consider dropping them before fit.",
            IdentifierColumnWarning,
            stacklevel=3,
        )


def warn_objects(raws):
    """Name the columns of dates, durations or decimals that are read as levels, since pandas holds them as objects."""
    for raw in raws:
        kind = _object_kind(raw)
        n = 0 if kind is None else len(raw.levels)
        if n > OBJECT_LEVELS or (n and n > OBJECT_SHARE * np.count_nonzero(raw.codes >= 0)):
            what, cure = _OBJECTS[kind]
            warnings.warn(
                f"Column {raw.name!r} holds {what} as objects, which are read as {n} levels. Convert it by {cure} to "
                "have them as numbers.",
                IdentifierColumnWarning,
                stacklevel=3,
            )


def _object_kind(raw):
    """The type of `_OBJECTS` that all of a column's levels are of; None where there is none."""
    if raw.source != "text" or not raw.levels:
        return None
    return next((kind for kind in _OBJECTS if all(isinstance(level, kind) for level in raw.levels)), None)


def _is_identifier(raw, column, weight):
    n = len(weight)
    if n < IDENTIFIER_ROWS or _object_kind(raw) is not None:
        return False
    if raw.source == "text":
        return np.count_nonzero(raw.codes >= 0) >= IDENTIFIER_ROWS and len(raw.levels) > IDENTIFIER_SHARE * n
    if raw.source != "int" or column.kind == "category" or raw.missing.any():
        return False
    low, high = int(raw.values.min()), int(raw.values.max())
    return high - low + 1 == n and len(np.unique(raw.values)) == n
