"""TableCodec: between rows and the numbers that models read, one coordinate per column.

The typed view holds category codes and numbers, NaN for a missing cell. The real view maps it on to R^d (`RealView`).
"""

from __future__ import annotations

import numpy as np

from ..exceptions import SchemaError
from ._fit_column import fit_column
from ._frames import as_array, column_names, is_frame, read_columns
from ._restore import restore_table
from .column import CodecColumn
from .real import RealView
from .schema import Schema

VIEWS = ("typed", "real")


class TableCodec:
    """Rows to numbers and back.

    Parameters
    ----------
    view : {"typed", "real"}, default="typed"
        Whether `encode` returns codes and numbers, or points of R^d.
    marginals : {"gaussianize", "standardize"}, default="gaussianize"
        How smooth numbers enter the real view.

    Attributes
    ----------
    schema : Schema
        Names, kinds and base measure.
    columns : list of CodecColumn
        What the rows of the fit showed of each column.
    exact_ : bool
        Whether the log-weights of the real view need no draws.

    Examples
    --------
    >>> import pandas as pd
    >>> from skgen import TableCodec
    >>> df = pd.DataFrame({"age": [31, 52, 40], "city": ["Rome", "Oslo", None]})
    >>> codec = TableCodec().fit(df)
    >>> codec.encode(df)
    array([[31.,  1.],
           [52.,  0.],
           [40., nan]])
    >>> codec.decode(codec.encode(df)).equals(df)
    True
    """

    def __init__(self, view="typed", marginals="gaussianize"):
        if view not in VIEWS:
            raise ValueError(f"view must be one of {VIEWS}, got {view!r}.")
        self.view = view
        self.marginals = marginals

    def fit(self, X, schema=None, sample_weight=None):
        """Learn the ranges, heavy values and reserved mass of a table.

        Parameters
        ----------
        X : DataFrame or array of shape (n_samples, n_features)
            The table.
        schema : Schema or None, default=None
            The schema; inferred from `X` where None.
        sample_weight : array of shape (n_samples,), default=None
            Weights of the rows, all positive.

        Returns
        -------
        TableCodec
            The codec itself.
        """
        self.fit_encode(X, schema, sample_weight)
        return self

    def fit_encode(self, X, schema=None, sample_weight=None):
        """`fit`, and the typed view of `X`, for the price of reading the table once."""
        self.schema = Schema.infer(X, sample_weight=sample_weight) if schema is None else schema
        weight = np.ones(len(X)) if sample_weight is None else np.asarray(sample_weight, float)
        numbers = self._numbers(X, snap=False)
        self.columns, self._level_codes = [], []
        open_world = self.schema.is_frame or self.schema.container == "object"
        for j, column in enumerate(self.schema.columns):
            fitted, level_codes = fit_column(numbers[j], column, weight, open_world)
            self.columns.append(fitted)
            self._level_codes.append(level_codes)
            numbers[j] = column.snap(numbers[j]) if column.kind == "number" else numbers[j]
        Z = self._typed(numbers)
        self.real = RealView(self.marginals).fit(Z, self.columns, weight) if self.view == "real" else None
        return Z

    @property
    def exact_(self) -> bool:
        return self.real is None or self.real.exact_

    # ---- rows to numbers -----------------------------------------------------------------------------------------

    def encode(self, X, u=None):
        """The numbers of a table.

        Parameters
        ----------
        X : DataFrame or array of shape (n_samples, n_features)
            The table, with the columns of fit.
        u : array of shape (n_samples, n_features), default=None
            Uniform draws in (0, 1) that place discrete cells in the real view; 1/2 where None.

        Returns
        -------
        ndarray or tuple of ndarray
            Typed view: codes and numbers of shape (n_samples, n_features). Real view: the points and the log-weights.
        """
        Z = self.encode_typed(X)
        if self.view == "typed":
            return Z
        return self.real.encode(Z, np.full(Z.shape, 0.5) if u is None else u)

    def encode_typed(self, X):
        """The typed view of a table, whatever this codec's view is; a float array is its own."""
        return X if self._is_its_own_view(X) else self._typed(self._numbers(X))

    def _numbers(self, X, snap=True):
        """Per column: level positions of the schema (-1 another level) or numbers, moved to their cell if `snap`."""
        if not is_frame(X):
            X = as_array(X)
            if self._is_its_own_view(X):
                return list(X.T)
        elif self.schema.is_frame and column_names(X) != self.schema.names:
            raise SchemaError(f"Columns must be those of fit, {self.schema.names}, got {column_names(X)}.")
        raws = read_columns(X)
        return [_column_numbers(raw, column, snap) for raw, column in zip(raws, self.schema.columns)]

    def _is_its_own_view(self, X):
        """Whether X is a float array of numbers alone, which nothing needs to be done to."""
        if not isinstance(X, np.ndarray) or X.dtype != np.float64 or not self._is_float_array():
            return False
        if np.isinf(X).any():
            read_columns(X)  # raises, naming the columns
        return True

    def _is_float_array(self):
        """Whether the table was an array of numbers on the line."""
        columns = self.schema.columns
        return self.schema.container == "array" and not any(c.kind == "category" or c.resolution for c in columns)

    def _typed(self, numbers):
        Z = np.empty((len(numbers[0]), len(numbers)))
        for j, (z, level_codes) in enumerate(zip(numbers, self._level_codes)):
            Z[:, j] = z if level_codes is None else _take_codes(z, level_codes)
        return Z

    # ---- numbers to rows -----------------------------------------------------------------------------------------

    def to_typed(self, Z):
        """Numbers of this codec's view as the typed view, numbers at the centre of their cell."""
        return self.snap(Z if self.real is None else self.real.decode(Z))

    def snap(self, Z):
        """The typed view with numbers at the centre of their cell, to the last bit."""
        if not self.schema.resolutions.any():
            return Z
        pairs = zip(Z.T, self.schema.columns)
        return np.column_stack([column.snap(z) if column.kind == "number" else z for z, column in pairs])

    def place(self, Z, rng):
        """The typed view with numbers moved from the centre of their cell to a place that was seen there."""
        if not any(_is_off_grid(column) for column in self.columns):
            return Z
        pairs = zip(Z.T, self.columns)
        return np.column_stack([_add_offsets(z, c, rng) if _is_off_grid(c) else z for z, c in pairs])

    def decode(self, Z):
        """The table of some numbers: columns, order and dtypes of fit.

        Parameters
        ----------
        Z : ndarray of shape (n_samples, n_features)
            Numbers of this codec's view.

        Returns
        -------
        DataFrame or ndarray
            The rows, in the container of fit.
        """
        return self.decode_typed(Z if self.real is None else self.to_typed(Z))

    def decode_typed(self, Z):
        """The table of the typed view, whatever this codec's view is; an array may share its memory with Z."""
        if self._is_float_array():
            return Z.astype(self.schema.dtype, copy=False)
        columns = []
        for j, (fitted, column) in enumerate(zip(self.columns, self.schema.columns)):
            if column.kind == "category":
                columns.append(self._positions(Z[:, j], j))
            elif fitted.kind == "category":  # no cell of this number column had a value
                columns.append(np.full(len(Z), np.nan))
            else:
                columns.append(Z[:, j])
        return restore_table(columns, self.schema)

    def _positions(self, codes, j):
        """Level positions of the schema from codes of seen levels; -1 for a missing cell."""
        seen = np.flatnonzero(self._level_codes[j][:-1] < self.columns[j].n_codes)
        table = np.append(seen, [-1])
        return table[np.where(np.isnan(codes) | (codes >= len(seen)), len(seen), codes).astype(np.int64)]

    def column_numbers(self, cells, j):
        """Typed numbers of a series for column j, not moved to their cell."""
        raw = read_columns(_one_column(cells))[0]
        z = _column_numbers(raw, self.schema.columns[j], snap=False)
        level_codes = self._level_codes[j]
        return z if level_codes is None else _take_codes(z, level_codes)

    def level_codes(self, j):
        """Codes of the schema's levels in column j; the last entry is that of a level the schema does not know."""
        return self._level_codes[j]

    def seen(self, Z):
        """Mask of the rows of the typed view that lie in the support that fit saw."""
        inside = np.ones(len(Z), bool)
        for j, column in enumerate(self.columns):
            if column.kind == "category" or column.rho:
                inside &= column.seen(Z[:, j])
        return inside

    # ---- state ---------------------------------------------------------------------------------------------------

    def to_state(self) -> dict:
        return {
            "view": self.view,
            "marginals": self.marginals,
            "schema": self.schema,
            "columns": [column.to_state() for column in self.columns],
            "level_codes": self._level_codes,
            "real": self.real,
        }

    @classmethod
    def from_state(cls, state):
        codec = cls(state["view"], state["marginals"])
        codec.schema = state["schema"]
        codec.columns = [CodecColumn(**column) for column in state["columns"]]
        codec._level_codes = state["level_codes"]
        codec.real = state["real"]
        return codec


def _one_column(cells):
    return cells.to_frame() if hasattr(cells, "to_frame") else np.asarray(cells)[:, None]


def _take_codes(positions, level_codes):
    """Codes of seen levels from level positions: NaN is a missing cell, -1 another level (the table's last entry)."""
    absent = np.isnan(positions)
    codes = level_codes[np.where(absent, -1, positions).astype(np.int64)].astype(float)
    codes[absent] = np.nan
    return codes


def _column_numbers(raw, column, snap):
    if column.kind == "category":
        return _level_positions(raw, column)
    if raw.codes is not None:
        if raw.levels and (raw.codes >= 0).any():
            raise SchemaError(f"Column {column.name!r} held numbers in fit, got text such as {raw.levels[0]!r}.")
        return np.full(len(raw.codes), np.nan)
    if raw.tick or column.tick:
        return _tick_numbers(raw, column)
    values = _since(raw.values, column.origin).astype(float)
    values = column.snap(values) if snap else values
    return np.where(raw.missing, np.nan, values) if raw.missing.any() else values


def _since(values, origin):
    """Differences from the origin, in whole numbers: unsigned ones below it do not wrap."""
    if not origin:
        return values
    if values.dtype != np.uint64:
        return values - origin
    origin = np.uint64(origin)
    return np.where(values >= origin, (values - origin).astype(float), -(origin - values).astype(float))


def _tick_numbers(raw, column):
    if raw.missing.all():
        return np.full(len(raw.missing), np.nan)
    if bool(raw.tick) != bool(column.tick) or raw.source != column.source:
        raise SchemaError(f"Column {column.name!r} held {column.source} cells in fit, got {raw.source}.")
    if bool(raw.time_zone) != bool(column.time_zone):
        held, got = (f"the time zone {zone}" if zone else "no time zone" for zone in (column.time_zone, raw.time_zone))
        raise SchemaError(f"Dates of column {column.name!r} had {held} in fit, now {got}. Localise or convert them.")
    ticks = raw.values if raw.tick == column.tick else np.rint(raw.values * (raw.tick / column.tick)).astype(np.int64)
    cells = np.rint((ticks - column.origin) / column.step)
    return np.where(raw.missing, np.nan, cells * column.resolution)


def _level_positions(raw, column):
    """Positions in the schema's levels as floats: -1 another level, NaN a missing cell."""
    if raw.codes is None:
        if column.source == "text" and not raw.missing.all() and all(isinstance(s, str) for s in column.levels):
            shown = raw.values[~raw.missing][0]
            raise SchemaError(f"Column {column.name!r} held text in fit, got numbers such as {shown}.")
        levels, codes = np.unique(raw.values, return_inverse=True)
        levels, codes = levels.tolist(), np.where(raw.missing, -1, codes)
    else:
        levels, codes = raw.levels, raw.codes
    if levels == column.levels:
        positions = codes.astype(float)
    else:
        index = {level: i for i, level in enumerate(column.levels)}
        table = np.array([*(index.get(level, -1) for level in levels), 0], float)
        positions = table[codes]
    positions[codes < 0] = np.nan
    return positions


def _is_off_grid(column):
    return len(column.offset_cells) > 0 or (column.first, column.last) != (column.lower, column.upper)


def _add_offsets(z, column, rng):
    """Numbers moved from the centre of their cell to a place that was seen there, between the seen extremes."""
    if len(column.offset_cells):
        mass = np.append(0.0, column.offset_mass)
        low = mass[np.searchsorted(column.offset_cells, z, "left")]
        high = mass[np.searchsorted(column.offset_cells, z, "right")]
        pick = np.searchsorted(mass, low + rng.random(len(z)) * (high - low), "right") - 1
        offsets = column.offsets[np.minimum(pick, len(column.offsets) - 1)]
        z = np.where(high > low, z + offsets, z)
    return np.clip(z, column.first, column.last)
