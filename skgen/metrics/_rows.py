"""PairedRows: tables to be compared, read by one schema and one codec.

The first table is the real one: it alone decides kinds, ranges and scales, so that nothing of a figure depends on how a
synthetic table looks on its own. Levels that it lacks keep codes of their own: were they one level "another", rows of
the same law would be recognised by it wherever levels are many.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace

import narwhals as nw
import numpy as np
from scipy import sparse

from .._random import generator_from
from ..exceptions import IdentifierColumnWarning, SchemaError
from ..table import Schema, TableCodec
from ..table._frames import as_array, column_names, is_frame, read_columns
from ..table.column import DAY

#: Most levels that a histogram-gradient-boosting tree splits as a category.
NATIVE_LEVELS = 255
#: Rows and share of a number column under which its missing cells become a number below all others.
FEW_ROWS, FEW_SHARE = 20, 0.01
#: Columns from which a design matrix is sparse.
DENSE_WIDTH = 1000
#: Real ranges beyond which an outlier stands no further off, so that squares stay exact.
FAR = 1e3


def paired_rows(real, *others, schema=None):
    """Read tables by the schema and the codec of the first.

    Parameters
    ----------
    real : DataFrame or array of shape (n_samples, n_features)
        The real table.
    *others : DataFrame or array of shape (n_samples, n_features)
        Tables to be compared with it: the same columns, in any order and container.
    schema : Schema or None, default=None
        The schema; inferred from `real` where None.

    Returns
    -------
    PairedRows
        The schema, the codec and the numbers of each table.

    Raises
    ------
    SchemaError
        If a table's columns are others than the real table's.
    """
    tables = [_as_table(X) for X in (real, *others)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", IdentifierColumnWarning)
        schema = Schema.infer(tables[0]) if schema is None else schema
    tables = [_like(X, schema, tables[0]) for X in tables]
    raws = [read_columns(X) for X in tables]
    schema = _with_all_levels(schema, raws)
    codec = TableCodec().fit(tables[0], schema)
    reader = _with_own_codes(codec)
    return PairedRows(schema, codec, [_numbers(X, raw, reader) for X, raw in zip(tables, raws)])


@dataclass
class PairedRows:
    """Tables in the numbers of one codec.

    Parameters
    ----------
    schema : Schema
        The real table's schema.
    codec : TableCodec
        Fitted to the real table, typed view.
    tables : list of ndarray of shape (n, d)
        The typed view of each table, the real one first: codes of levels (from `n_codes` on those that only other
        tables have), numbers as they came (not moved to a cell; dates in days), NaN for a missing cell.
    """

    schema: Schema
    codec: TableCodec
    tables: list

    def __post_init__(self):
        real = self.tables[0]
        present = ~np.isnan(real)
        self.low = np.where(present, real, np.inf).min(axis=0)
        self.high = np.where(present, real, -np.inf).max(axis=0)
        self.low[~present.any(axis=0)] = self.high[~present.any(axis=0)] = 0.0
        most = [np.where(np.isnan(Z), -1, Z).max(axis=0) for Z in self.tables]
        counts = np.maximum([column.n_codes for column in self.columns], np.max(most, axis=0) + 1)
        self.n_levels = np.where(self.is_category, counts, 0).astype(np.int64)

    @property
    def real(self):
        """The real table's numbers."""
        return self.tables[0]

    @property
    def columns(self):
        """The codec's columns."""
        return self.codec.columns

    @property
    def names(self):
        """The columns' names."""
        return [column.name for column in self.columns]

    @property
    def is_category(self):
        """Mask of the columns that hold levels."""
        return np.array([column.kind == "category" for column in self.columns])

    def position(self, name):
        """The position of the column called `name`."""
        return self.schema.position(name)

    def cells(self, Z):
        """The numbers with each moved to the centre of its cell: rows are copies where these are equal."""
        return self.codec.to_typed(Z)

    def scaled(self, Z):
        """Numbers over the real range (0 at its low end, 1 at its high end); categories and NaN as they are.

        A column that is constant in the real table becomes 0 at that value and 1 elsewhere.
        """
        out = np.array(Z, float)
        for j in np.flatnonzero(~self.is_category):
            spread = self.high[j] - self.low[j]
            z = out[:, j]
            out[:, j] = (z - self.low[j]) / spread if spread > 0 else np.where(np.isnan(z), z, z != self.low[j])
        return out

    def codes(self, Z, j):
        """Levels of a category as integers; `n_levels[j]` is a missing cell."""
        return np.where(np.isnan(Z[:, j]), self.n_levels[j], Z[:, j]).astype(np.int64)

    # ---- design matrices -----------------------------------------------------------------------------------------

    @property
    def native(self):
        """Mask of the categories that boosted trees split natively; of the others they read how frequent a level is."""
        return self.is_category & (self.n_levels <= NATIVE_LEVELS)

    def tree_design(self, Z):
        """The design for histogram gradient boosting with `native` as categorical features: codes, numbers, NaN."""
        out = np.array(Z, float)
        for j in np.flatnonzero(self.is_category & ~self.native):
            # counts in all tables: those of one would tell which table a rare level came from
            counts = sum(np.bincount(self.codes(T, j), minlength=self.n_levels[j] + 1) for T in self.tables)
            out[:, j] = np.append(counts[:-1], np.nan)[self.codes(Z, j)]
        for j in np.flatnonzero(self._hardly_present()):
            least = min(np.nanmin(T[:, j], initial=self.low[j]) for T in self.tables)
            out[:, j] = np.where(np.isnan(Z[:, j]), least - max(self.high[j] - self.low[j], 1.0), Z[:, j])
        return out

    def _hardly_present(self):
        """Numbers that are missing nearly everywhere: a fold without any number is more than boosting can bin."""
        present = [(~np.isnan(T)).sum(axis=0) for T in self.tables]
        few = [n < max(FEW_ROWS, FEW_SHARE * len(T)) for n, T in zip(present, self.tables)]
        missing = np.any([np.isnan(T).any(axis=0) for T in self.tables], axis=0)
        return ~self.is_category & missing & np.any(few, axis=0)

    def linear_design(self, Z):
        """The design for linear models: indicators of levels and of missing cells, numbers scaled robustly."""
        return self._design(Z, self.robust_center, 1.0)

    def embedding(self, Z):
        """A point of R^D for each row, in which Euclid's squared distance is a sum over columns.

        A number adds its squared difference over the real range (capped at 1,000 ranges off); two levels that differ
        add 1, and so does a missing cell beside a present one (for a number, more: it stands in the middle of the
        range). Sparse where D > 1,000.
        """
        scaled = self.scaled(Z)
        numbers = ~self.is_category
        scaled[:, numbers] = np.clip(scaled[:, numbers], -FAR, FAR)
        return self._design(scaled, lambda j: (0.5, 1.0), np.sqrt(0.5))

    def _design(self, Z, center_of, weight):
        blocks = []
        for j, column in enumerate(self.columns):
            z = Z[:, j]
            if column.kind == "category":
                blocks.append(weight * _indicators(self.codes(Z, j), self.n_levels[j] + 1))
                continue
            center, spread = center_of(j)
            absent = np.isnan(z)
            blocks.append(sparse.csr_array(np.where(absent, 0.0, (z - center) / spread)[:, None]))
            blocks.append(sparse.csr_array(absent.astype(float)[:, None]))
        design = sparse.hstack(blocks, format="csr")
        return design if design.shape[1] > DENSE_WIDTH else design.toarray()

    def robust_center(self, j):
        """Median and interquartile range of the real column; the range, then 1, where the latter is 0."""
        z = self.real[:, j]
        q25, q50, q75 = np.quantile(z[~np.isnan(z)], [0.25, 0.5, 0.75]) if not np.isnan(z).all() else (0.0, 0.0, 0.0)
        return q50, (q75 - q25) or (self.high[j] - self.low[j] if self.high[j] > self.low[j] else 1.0)


def subsample(Z, n_rows, rng):
    """At most `n_rows` rows of a table, drawn without replacement, in their order; all where n_rows is None."""
    if n_rows is None or len(Z) <= n_rows:
        return Z
    return Z[np.sort(rng.choice(len(Z), n_rows, replace=False))]


def equal_rows(tables, max_rows, random_state):
    """The tables cut to one size, that of the smallest and at most `max_rows`, by draws without replacement."""
    rng = generator_from(random_state)
    n = min([len(Z) for Z in tables] + ([] if max_rows is None else [max_rows]))
    return [subsample(Z, n, rng) for Z in tables]


def _indicators(codes, width):
    n = len(codes)
    return sparse.csr_array((np.ones(n), codes, np.arange(n + 1)), shape=(n, width))


# ---- reading ---------------------------------------------------------------------------------------------------------


def _as_table(X):
    X = X if is_frame(X) else as_array(X)
    if isinstance(X, np.ndarray) and X.ndim != 2:
        raise ValueError(f"Expected a table of rows and columns, got an array of {X.ndim} dimension(s).")
    if len(X) == 0:
        raise ValueError("Expected a table with at least one row, got none.")
    return X


def _like(X, schema, real):
    """The table with the real table's columns in their order."""
    names, n_columns = schema.names, len(column_names(X))
    if is_frame(X) and is_frame(real):
        got = column_names(X)
        absent, extra = [n for n in names if n not in got], [n for n in got if n not in names]
        if absent or extra:
            wrong = [f"one {what} {which}" for what, which in (("lacks", absent), ("has", extra)) if which]
            raise SchemaError(f"Tables must have the columns of the real one: {' and '.join(wrong)}.")
        if got != names:
            X = X[names] if hasattr(X, "loc") else nw.from_native(X, eager_only=True).select(names).to_native()
    elif n_columns != len(names):
        raise SchemaError(f"Tables must have the same columns: expected {len(names)}, got {n_columns}.")
    return X


def _with_all_levels(schema, tables):
    """The schema with the levels of all tables; text that meets numbers is left to the codec, which refuses it."""
    columns = list(schema.columns)
    for j, column in enumerate(columns):
        if column.kind != "category":
            continue
        levels = dict.fromkeys(column.levels)
        for raw in (raws[j] for raws in tables):
            if raw.codes is not None:
                levels.update(dict.fromkeys(raw.levels))
            elif column.source != "text":
                levels.update(dict.fromkeys(np.unique(raw.values[~raw.missing]).tolist()))
        columns[j] = replace(column, levels=list(levels))
    return Schema(columns, schema.container, schema.dtype)


def _with_own_codes(codec):
    """The codec with a code for each level that the real table lacks, in place of one for all of them."""
    tables = []
    for j, column in enumerate(codec.columns):
        table = codec.level_codes(j)
        if table is not None:
            table = table.copy()
            new = table == column.n_codes
            table[new] += np.arange(new.sum())
        tables.append(table)
    return TableCodec.from_state({**codec.to_state(), "level_codes": tables})


def _numbers(X, raws, codec):
    """The typed view with numbers as they came: between two cells they stay there, where a detector can see them."""
    Z = np.array(codec.encode_typed(X), float)
    for j, (raw, column) in enumerate(zip(raws, codec.schema.columns)):
        if codec.columns[j].kind == "category" or raw.codes is not None:
            continue
        if column.tick:
            days = (raw.values * (raw.tick / column.tick) - column.origin) * (column.tick / DAY)
            moved = np.abs(days - Z[:, j]) > 1e-9 * np.maximum(np.abs(days), 1.0)
            Z[:, j] = np.where(moved & ~raw.missing, days, Z[:, j])
        elif not column.origin:
            Z[:, j] = np.where(raw.missing, np.nan, raw.values)
    return Z
