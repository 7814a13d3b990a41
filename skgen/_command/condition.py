"""A condition: the text `column=value` by which a command line fixes a column, read in the types of the column."""

from __future__ import annotations

import pandas as pd

from ..table import MISSING

RANGE = ".."


def read_conditions(texts, schema):
    """Conditions as `sample` takes them.

    Parameters
    ----------
    texts : list of str
        `column=value`; `column=low..high` for a range with both its ends; `column=` for a missing cell. A column that
        is named more than once may have any of the values.
    schema : Schema
        The columns of the model.

    Returns
    -------
    dict or None
        Column to value, list of values or interval; None where there are no texts.

    Raises
    ------
    ValueError
        If a text names no column, or its value is none of the column's type.
    """
    given = {}
    for text in texts:
        column, value = _split(text, schema)
        given.setdefault(column.name, []).append(_read(value, column, text))
    for name, values in given.items():
        if len(values) > 1 and any(isinstance(value, pd.Interval) for value in values):
            raise ValueError(f"--given names column {name!r} more than once: state one range, or values, not both.")
    return {name: values[0] if len(values) == 1 else values for name, values in given.items()} or None


def _split(text, schema):
    """The column and the text of its value; the longest name that fits, as names may hold the sign."""
    fitting = [column for column in schema.columns if text.startswith(f"{column.name}=")]
    if not fitting:
        name, sign, _ = text.partition("=")
        if not sign:
            raise ValueError(f"--given {text!r} must look like column=value.")
        raise ValueError(f"--given names {name!r}, which is no column. Columns are {schema.names}.")
    column = max(fitting, key=lambda column: len(str(column.name)))
    return column, text[len(f"{column.name}=") :]


def _read(value, column, text):
    if value == "":
        return MISSING
    if column.kind == "category":
        return {str(level): level for level in column.levels}.get(value, value)
    try:
        if RANGE in value:
            low, high = (_number(end, column) for end in value.split(RANGE, 1))
            return pd.Interval(low, high, closed="both")
        return _number(value, column)
    except ValueError:
        what = column.source if column.tick else "number"
        raise ValueError(
            f"--given {text!r} must have one {what}, or two in order with {RANGE!r} between them. Where the table of "
            f"fit had missing cells, '{column.name}=' asks for them."
        ) from None


def _number(text, column):
    number = _parsed(text, column)
    if pd.isna(number):
        raise ValueError(f"{text!r} is no value.")
    return number


def _parsed(text, column):
    if column.source == "timedelta":
        return pd.Timedelta(text)
    if column.tick:
        stamp = pd.Timestamp(text)
        return stamp.tz_localize(column.time_zone) if column.time_zone and stamp.tzinfo is None else stamp
    try:
        return int(text)
    except ValueError:
        return float(text)
