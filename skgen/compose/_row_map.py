"""RowMap: between original tables and the rows that the density within a composition reads.

Numbers go through a change of variables, other columns as they are. Every column that comes of one old column stands
where that one stood, under its name. A column on a grid of resolution r stays on one: under an affine map its cells are
|s| r wide, moved by less than half a cell so that a multiple of |s| r lies at each centre. Under any other map a column
must be smooth; the Jacobian is that of the cell's centre.
"""

from __future__ import annotations

import narwhals as nw
import numpy as np
import pandas as pd

from ..exceptions import NotInvertibleError, SchemaError
from ._change import MIXED, as_numbers, as_seen

#: A row must come back to this precision, relative to its columns' spread and size.
ROUND_TRIP = 1e-6


def by_source(sources):
    """New columns in the order of the old ones that they come from; mixtures fill the rest."""
    single = np.flatnonzero(sources != MIXED)
    order = np.empty(len(sources), np.intp)
    order[sources[single]] = single
    order[np.setdiff1d(np.arange(len(sources)), sources[single])] = np.flatnonzero(sources == MIXED)
    return order


def pandas_column(X, j):
    """Column j of any table as a series of pandas."""
    if hasattr(X, "iloc"):
        return X.iloc[:, j].reset_index(drop=True)
    if isinstance(X, np.ndarray):
        return pd.Series(list(X[:, j])).infer_objects()
    return nw.from_native(X, eager_only=True)[:, int(j)].to_pandas()


def _as_written(N, conditions):
    """The numbers with given ones as they were written, which the map and its inverse may have moved by a rounding."""
    N = np.where(conditions.known, conditions.exact, N)
    for j in range(N.shape[1]):
        if conditions.written[j] is not None:
            nearest = np.abs(N[:, j, None] - conditions.written[j]).argmin(axis=1)
            N[:, j] = np.where(np.isnan(N[:, j]), np.nan, conditions.written[j][nearest])
    return N


class RowMap:
    """Rows to the density's rows and back.

    Parameters
    ----------
    change : Change
        The change of variables.
    codec : TableCodec
        The typed view of the original table.
    is_line : bool
        Whether the density reads points of R^d and no schema.
    order : array of shape (d,)
        The change's column that stands at each place.
    """

    def __init__(self, change, codec, is_line, order):
        self.change = change
        self.codec = codec
        self.order = order
        self.sources = change.sources[order]
        self.kept = change.kept[order]
        self.scales = change.scales[order]
        self.in_frame = not is_line and codec.schema.container != "array"
        self.mixed = np.setdiff1d(np.arange(len(order)), self.sources)
        self.fences = self._stated_bounds(np.arange(len(order)) if is_line else self.mixed)
        self.shift = np.zeros(len(order))
        self.names = [self._name(i) for i in range(len(order))]
        self.seen_as = None

    def _name(self, i):
        if not self.in_frame:
            return i
        names = self.codec.schema.names
        if self.sources[i] != MIXED:
            return names[self.sources[i]]
        free = f"component {i}"
        while free in names:
            free += "'"
        return free

    def _stated_bounds(self, places):
        """Bounds (2, d) that the density's own schema cannot state: those of the old columns at some places."""
        fences = np.array([[-np.inf], [np.inf]]).repeat(len(self.codec.columns), axis=1)
        for j in places:
            fences[:, j] = self.codec.columns[j].low, self.codec.columns[j].high
        return fences

    # ---- numbers -------------------------------------------------------------------------------------------------

    def numbers(self, X):
        """Original numbers (n, d), at the centre of their cell; columns that are no numbers hold anything.

        Under a map that is not affine, the cells at both ends of the range of fit are taken at the last number that was
        seen there: their centre may lie where the map has no value.
        """
        N = self.codec.encode_typed(X)
        for j in self._bent():
            column = self.codec.columns[j]
            if column.lower < column.first or column.last < column.upper:
                N[N[:, j] == column.lower, j] = max(column.lower, column.first)
                N[N[:, j] == column.upper, j] = min(column.upper, column.last)
        origins = self._origins()
        return N + origins if origins.any() else N

    def _origins(self):
        return np.array([0.0 if column.tick else float(column.origin) for column in self.codec.schema.columns])

    def learn_places(self, N):
        """Of each column a typical number and the ends, by which single columns are mapped."""
        self.typical, self.ends = np.zeros(N.shape[1]), np.zeros((2, N.shape[1]))
        for j, x in enumerate(N.T):
            x = np.sort(x[np.isfinite(x)])
            if len(x):
                self.typical[j], self.ends[:, j] = x[len(x) // 2], (x[0], x[-1])

    def map_column(self, i, values):
        """Numbers of the old column that column i comes from, as the density sees them; NaN outside the domain."""
        if not len(values):
            return np.empty(0)
        N = np.tile(self.typical, (len(values), 1))
        N[:, self.sources[i]] = values
        return self.change.forward(N)[:, self.order[i]] + self.shift[i]

    def log_slopes(self, i, values):
        """Logarithms of the slope of column i at numbers of the old column that it comes from."""
        N = np.tile(self.typical, (len(values), 1))
        N[:, self.sources[i]] = values
        return self.change.log_derivatives(N)[:, self.order[i]]

    def log_derivatives(self, X):
        """Terms of the log-Jacobian, one column for each of the density's; -inf beyond the fences."""
        N = self.numbers(X)
        terms = self.change.log_derivatives(N)[:, self.order]
        terms[self._beyond(N - self._origins(), *self.fences), 0] = -np.inf
        return terms

    # ---- originals -----------------------------------------------------------------------------------------------

    @property
    def bounded(self):
        """Whether some numbers of the density may have no original."""
        return self.change.bounded or bool(np.isfinite(self.fences).any())

    @property
    def cuts_range(self):
        """Whether draws may leave the range of fit, which a density of frames keeps only in its own columns."""
        return self.in_frame and len(self.mixed) > 0

    def has_original(self, rows):
        """Mask of the density's rows that have one; None where every row has."""
        if not (self.bounded or self.cuts_range):
            return None
        Z = self.to_numbers(rows)
        inside = self.contains(Z)
        if self.cuts_range and inside.any():
            inside[inside] = self.in_range(Z[inside])
        return inside

    def contains(self, Z):
        """Mask of the change's numbers that have an original within the fences."""
        inside = self.change.contains(Z)
        if np.isfinite(self.fences).any() and inside.any():
            inside[inside] = ~self._beyond(self.originals(Z[inside]), *self.fences)
        return inside

    def in_range(self, Z):
        """Mask of the change's numbers whose originals lie, in mixed columns, in the range that fit saw."""
        ends = np.array([[-np.inf], [np.inf]]).repeat(Z.shape[1], axis=1)
        for j in self.mixed:
            ends[:, j] = self.codec.columns[j].lower, self.codec.columns[j].upper
        return ~self._beyond(self.originals(Z), *ends)

    def originals(self, Z):
        """The typed numbers of the change's numbers, at the centre of their cell."""
        N = (self.change.inverse(Z) if len(Z) else Z) - self._origins()  # transformers refuse no rows
        for j in np.setdiff1d(np.arange(N.shape[1]), self.sources[self.kept]):
            N[:, j] = self.codec.schema.columns[j].snap(N[:, j])
        return N

    @staticmethod
    def _beyond(N, low, high):
        with np.errstate(invalid="ignore"):
            return ((low > N) | (high < N)).any(axis=1)

    # ---- tables --------------------------------------------------------------------------------------------------

    def bent_places(self):
        """The density's columns that come of one old column by a map that is not affine."""
        return np.flatnonzero(~self.kept & ~np.isfinite(self.scales) & (self.sources != MIXED))

    def _bent(self):
        """Old columns whose map is not affine."""
        bent = np.union1d(self.sources[self.bent_places()], self.mixed)
        return bent[bent != MIXED]

    def gridded_bent(self):
        """Old columns on a grid whose map is not affine."""
        return [j for j in self._bent() if self.codec.schema.columns[j].resolution]

    def same_cell(self, j, numbers, others):
        """Mask of the pairs of numbers of column j in one cell, both within its stated bounds."""
        column, origin = self.codec.schema.columns[j], self._origins()[j]
        inside = ~self._beyond((others - origin)[:, None], self.codec.columns[j].low, self.codec.columns[j].high)
        return inside & (column.snap(numbers - origin) == column.snap(others - origin))

    def to_density(self, X, N=None):
        """A table as the density takes it; its numbers are taken from N where these are given."""
        N = self.numbers(X) if N is None else N
        Z = self.change.forward(N)[:, self.order] + self.shift
        if not self.in_frame:
            for i in np.flatnonzero(self.kept & self._is_category()):
                Z[:, i] = X[:, self.sources[i]]
            return Z if self.seen_as is None else as_seen(self.seen_as, Z)
        columns = {
            name: pandas_column(X, self.sources[i]) if self.kept[i] else pd.Series(Z[:, i])
            for i, name in enumerate(self.names)
        }
        return pd.DataFrame(columns)

    def _is_category(self):
        is_category = [column.kind == "category" for column in self.codec.schema.columns]
        return np.append(is_category, False)[self.sources]

    def to_numbers(self, rows):
        """The change's numbers of the density's rows; NaN where a column is kept as it is and no number."""
        if not self.in_frame:
            Z = as_numbers(rows)
        else:
            Z = np.full((len(rows), len(self.order)), np.nan)
            for i in np.flatnonzero(~self.kept):
                Z[:, i] = rows.iloc[:, i]
        return self.unordered(Z)

    def unordered(self, Z):
        """The density's numbers as those of the change."""
        numbers = np.empty(Z.shape)
        numbers[:, self.order] = Z - self.shift
        return numbers

    def from_density(self, rows, conditions=None):
        """The original table of rows of the density; cells that were given come back as they were written."""
        Z = self.to_numbers(rows)
        N = self.originals(Z)
        columns = self.codec.schema.columns
        for i in range(len(self.order)):
            j = self.sources[i]
            if self.kept[i] and (self.in_frame or columns[j].kind == "category"):
                cells = rows.iloc[:, i] if self.in_frame else rows[:, i]
                N[:, j] = self.codec.column_numbers(cells, j)
        return self.codec.decode_typed(N if conditions is None else _as_written(N, conditions))

    # ---- checks --------------------------------------------------------------------------------------------------

    def check_columns(self):
        """Columns that are changed must be numbers."""
        columns = self.codec.schema.columns
        for j in np.setdiff1d(np.arange(len(columns)), self.sources[self.kept]):
            if columns[j].kind == "category" or columns[j].tick:
                what = "a category" if columns[j].kind == "category" else f"a {columns[j].source}"
                raise SchemaError(
                    f"Column {columns[j].name!r} is {what}, which the transformer cannot change. Transform the others "
                    "alone: ColumnTransformer(..., remainder='passthrough')."
                )

    def check_domain(self, N):
        """Every row of fit must have a place after the transformer: none is learnt as a missing cell."""
        outside = np.isneginf(self.change.log_derivatives(N))
        if not outside.any():
            return
        wrong = outside.any(axis=1)
        missing = self.mixed[np.isnan(N[wrong][:, self.mixed]).any(axis=0)]
        if len(missing):
            raise NotInvertibleError(
                f"Columns {[self.codec.schema.names[j] for j in missing]} have missing cells, and the transformer "
                "mixes them with others: such rows have no components. Drop these rows, or transform each column alone."
            )
        raise NotInvertibleError(
            f"{wrong.sum()} of {len(N)} rows of fit lie outside the domain of the transformer in columns "
            f"{self._sources_of(outside)}, where they would have no density. Drop these rows, take another function, "
            "or let the transformer see every row (QuantileTransformer: subsample=None)."
        )

    def _sources_of(self, terms):
        """Names of the old columns behind the terms (n, d) that are true: all mixed ones behind a mixture's."""
        places = self.change.sources[terms.any(axis=0)]
        places = np.union1d(places[places != MIXED], self.mixed if MIXED in places else places[:0])
        return [self.codec.schema.names[j] for j in places.astype(int)]

    def check_round_trip(self, N):
        """The rows of fit must come back."""
        terms = self.change.log_derivatives(N)
        if np.isposinf(terms).any():
            raise NotInvertibleError(
                "The slope of the transformer is infinite at some rows of columns "
                f"{self._sources_of(np.isposinf(terms))}, where their density would be too. Drop these rows or take "
                "another function."
            )
        back = self.change.inverse(self.change.forward(N))
        changed = np.setdiff1d(np.arange(N.shape[1]), self.sources[self.kept])
        off = np.abs(back - N)[:, changed]
        allowed = ROUND_TRIP * (np.abs(N) + np.ptp(self.ends, axis=0))[:, changed]
        wrong = (off > allowed) | (np.isnan(back) & ~np.isnan(N))[:, changed]
        if wrong.any():
            names = [self.codec.schema.names[j] for j in changed[wrong.any(axis=0)]]
            raise NotInvertibleError(
                f"inverse_transform does not give back the rows of columns {names}: the transformer is not one-to-one "
                "on them, or its inverse is another function's."
            )
