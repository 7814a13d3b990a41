"""Levels of categories as JSON values and back: strings, numbers, booleans, dates and intervals."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd

from ..exceptions import UnsavableParameterError

_PLAIN = (str, int, float, bool, type(None))
_READERS = {
    "date": dt.date.fromisoformat,
    "datetime": pd.Timestamp,
    "decimal": Decimal,
    "time": dt.time.fromisoformat,
    "timedelta": pd.Timedelta,
}


def level_to_state(level):
    """A JSON value for one level of a category."""
    if isinstance(level, np.generic):
        level = level.item()
    if type(level) in _PLAIN:
        return level
    if isinstance(level, str):
        return str(level)
    if isinstance(level, pd.Interval):
        return {"interval": [level_to_state(level.left), level_to_state(level.right), level.closed]}
    if isinstance(level, pd.Period):
        return {"period": [str(level), level.freqstr]}
    if isinstance(level, pd.Timedelta):
        return {"timedelta": level.isoformat()}
    if isinstance(level, dt.datetime):
        return {"datetime": level.isoformat()}
    if isinstance(level, dt.date):
        return {"date": level.isoformat()}
    if isinstance(level, dt.time):
        return {"time": level.isoformat()}
    if isinstance(level, Decimal):
        return {"decimal": str(level)}
    if isinstance(level, tuple):
        return {"tuple": [level_to_state(part) for part in level]}
    raise UnsavableParameterError(f"A level of type {type(level).__name__} cannot be written: {level!r}.")


def level_from_state(state):
    """The level that `level_to_state` wrote."""
    if not isinstance(state, dict):
        return state
    ((kind, value),) = state.items()
    if kind == "interval":
        return pd.Interval(level_from_state(value[0]), level_from_state(value[1]), closed=value[2])
    if kind in _READERS:
        return _READERS[kind](value)
    if kind == "period":
        return pd.Period(value[0], freq=value[1])
    return tuple(level_from_state(part) for part in value)
