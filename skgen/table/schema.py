"""Schema: the columns of a table, their kinds and the measure that every density of it is taken against."""

from __future__ import annotations

import json
from dataclasses import replace
from numbers import Number

import numpy as np
import pandas as pd

from ..exceptions import SchemaError
from ._frames import as_array, column_names, container_of, is_frame, read_columns
from ._infer import infer_column, warn_identifiers, warn_objects
from ._levels import level_from_state, level_to_state
from .column import DAY, NANOSECONDS, Column

#: What bounds of columns that are counted in ticks look like.
_BOUNDS = {"datetime": "dates such as '2019-01-31'", "timedelta": "durations such as '5 days'"}


class Schema:
    """Names, kinds and base measure of a table's columns.

    The schema is read off a table; there is no metadata to fill in. It fixes what a density is a density of: mass per
    resolution for numbers (per day for dates and durations), mass for categories and missing cells. It holds no
    probabilities, so that one schema can be shared by every fold and every model of a comparison.

    Parameters
    ----------
    columns : list of Column
        The columns, in order.
    container : str
        What the table was: "pandas", "polars", "array" or "object".
    dtype : str, default=""
        The dtype of an array.

    Examples
    --------
    >>> import pandas as pd
    >>> from skgen import Schema
    >>> Schema.infer(pd.DataFrame({"age": [31, 52], "height": [1.72, 1.8], "name": ["Ada", "Bo"]}))
    Schema of 3 columns (pandas): 2 numbers, 1 category
    age: int, one cell 1; height: float, one cell 0.01; name: 2 levels
    """

    def __init__(self, columns, container, dtype=""):
        self.columns = columns
        self.container = container
        self.dtype = dtype

    @classmethod
    def infer(cls, X, *, categorical_features="from_dtype", sample_weight=None):
        """Read the schema off a table.

        Parameters
        ----------
        X : DataFrame or array of shape (n_samples, n_features)
            The table: pandas, polars, an array or a list of rows.
        categorical_features : "from_dtype", array of bool, or list of names or positions, default="from_dtype"
            Number columns to be read as categories; by default the dtype decides.
        sample_weight : array of shape (n_samples,), default=None
            Weights of the rows; rows of weight 0 are invisible.

        Returns
        -------
        Schema
            The schema.

        Raises
        ------
        SchemaError
            If column names repeat, or `categorical_features` names no column.
        """
        if not is_frame(X):
            X = as_array(X)
        raws = read_columns(X)
        weight = np.ones(len(X)) if sample_weight is None else np.asarray(sample_weight, float)
        if sample_weight is not None and (weight <= 0).any():
            X = _rows(X, weight > 0)
            raws, weight = read_columns(X), weight[weight > 0]
        flags = _category_flags(categorical_features, column_names(X))
        frame = is_frame(X)
        closed = frame or container_of(X) == "object"
        columns = [infer_column(raw, closed, flag, weight) for raw, flag in zip(raws, flags)]
        if frame:
            warn_objects([raw for raw, flag in zip(raws, flags) if not flag])
            warn_identifiers(raws, columns, weight)
        return cls(columns, container_of(X), "" if frame else str(X.dtype))

    # ---- reading -------------------------------------------------------------------------------------------------

    @property
    def names(self) -> list:
        """The columns' names."""
        return [column.name for column in self.columns]

    @property
    def is_frame(self) -> bool:
        """Whether the table had named, typed columns."""
        return self.container not in ("array", "object")

    @property
    def resolutions(self):
        """Width of each column's cells; 0 for continuous numbers and categories."""
        return np.array([column.resolution for column in self.columns])

    def position(self, name) -> int:
        """The position of the column called `name`; an error that lists the columns where there is none."""
        if name not in self.names:
            raise SchemaError(f"There is no column {name!r}. Columns are {self.names}.")
        return self.names.index(name)

    def __len__(self):
        return len(self.columns)

    def __eq__(self, other):
        return isinstance(other, Schema) and self.to_state() == other.to_state()

    __hash__ = None

    def __repr__(self):
        n_numbers = sum(column.kind == "number" for column in self.columns)
        n_categories = len(self) - n_numbers
        counts = [
            f"{n} {word if n == 1 else words}"
            for n, word, words in ((n_numbers, "number", "numbers"), (n_categories, "category", "categories"))
            if n
        ]
        shown = "; ".join(column.describe() for column in self.columns[:6])
        more = f"; and {len(self) - 6} more" if len(self) > 6 else ""
        plural = "column" if len(self) == 1 else "columns"
        return f"Schema of {len(self)} {plural} ({self.container}): {', '.join(counts)}\n{shown}{more}"

    # ---- changing ------------------------------------------------------------------------------------------------

    def with_bounds(self, name, low=None, high=None):
        """The same schema with stated bounds for one number column.

        Parameters
        ----------
        name : str or int
            The column.
        low, high : number, datetime or timedelta, default=None
            The smallest and the largest value that the column can have.

        Returns
        -------
        Schema
            A new schema.

        Raises
        ------
        SchemaError
            If there is no such column, it is a category, or the bounds are not of its type or not in order.
        """
        at = self.position(name)
        column = self.columns[at]
        if column.kind != "number":
            raise SchemaError(f"Column {name!r} is a category: bounds are for numbers.")
        numbers = [_read_bound(bound, column) for bound in (low, high)]
        if None not in numbers and not numbers[0] <= numbers[1]:
            raise SchemaError(f"Bounds of {name!r} must be in order, got {low!r} and {high!r}.")
        columns = list(self.columns)
        columns[at] = replace(column, low=numbers[0], high=numbers[1])
        return Schema(columns, self.container, self.dtype)

    # ---- writing -------------------------------------------------------------------------------------------------

    def to_state(self) -> dict:
        columns = [column.to_state() for column in self.columns]
        for state in columns:
            if state["levels"] is not None:
                state["levels"] = [level_to_state(level) for level in state["levels"]]
        return {"columns": columns, "container": self.container, "dtype": self.dtype}

    @classmethod
    def from_state(cls, state):
        columns = [dict(column) for column in state["columns"]]
        for column in columns:
            if column["levels"] is not None:
                column["levels"] = [level_from_state(level) for level in column["levels"]]
        return cls([Column(**column) for column in columns], state["container"], state["dtype"])

    def to_json(self) -> str:
        """The schema as JSON text."""
        return json.dumps(self.to_state())

    @classmethod
    def from_json(cls, text):
        """The schema that `to_json` wrote."""
        return cls.from_state(json.loads(text))


def _read_bound(bound, column):
    if bound is None:
        return None
    needed = _BOUNDS.get(column.source, "numbers")
    try:
        if pd.isna(bound):
            raise ValueError("a missing value")
        return float(to_number(bound, column))
    except (TypeError, ValueError, OverflowError) as error:
        raise SchemaError(f"Bounds of {column.name!r} must be {needed} or None, got {bound!r}.") from error


def to_number(value, column):
    """A user's value in the numbers of the typed view: days since the origin for dates."""
    if column.origin and not column.tick and float(value).is_integer():
        return float(int(value) - column.origin)
    if not column.tick:
        return float(value) - column.origin
    if isinstance(value, Number) and not isinstance(value, np.timedelta64):  # numpy counts its durations as numbers
        raise TypeError(f"A {column.source} was expected, got the number {value!r}.")
    if column.source == "timedelta":
        return pd.Timedelta(value).value / DAY
    stamp = pd.Timestamp(value)
    if column.time_zone and stamp.tzinfo is None:
        stamp = stamp.tz_localize(column.time_zone)
    if stamp.tzinfo is not None:
        stamp = stamp.tz_convert("UTC").tz_localize(None)
    unit = next(unit for unit, nanoseconds in NANOSECONDS.items() if nanoseconds == column.tick)
    ticks = int(stamp.as_unit(unit).to_datetime64().astype("int64")) - column.origin
    return ticks * column.tick / DAY


def _rows(X, keep):
    if isinstance(X, np.ndarray):
        return X[keep]
    return X.loc[keep] if hasattr(X, "loc") else X.filter(keep)


def _category_flags(categorical_features, names):
    if isinstance(categorical_features, str) or categorical_features is None:
        if categorical_features not in ("from_dtype", None):
            raise SchemaError(
                f"categorical_features must be 'from_dtype', a mask or a list, got {categorical_features!r}."
            )
        return [False] * len(names)
    chosen = list(np.asarray(categorical_features).tolist())
    if len(chosen) == len(names) and all(isinstance(flag, bool) for flag in chosen):
        return chosen
    unknown = [name for name in chosen if name not in names]
    if unknown:
        raise SchemaError(f"categorical_features names {unknown}, which are no columns. Columns are {names}.")
    return [name in chosen for name in names]
