"""Draws of the empty cells of a table, from a density given the cells that are there.

Rows that lack the same columns are drawn together, and a cell that the density cannot be asked about, of a level that
its rows did not show, is as good as empty to it.
"""

from __future__ import annotations

import narwhals as nw
import numpy as np
import pandas as pd

from .._delegated import unwrapped
from .._random import block_generator, seed_from
from .._sklearn import _safe_indexing
from ..table._frames import column_names, is_frame

#: Rows that a density is asked for at a time.
_CHUNK_ROWS = 65_536


class EmptyCells:
    """The empty cells of a table, in the numbers of a codec.

    Parameters
    ----------
    codec : TableCodec
        Fitted to a table with the same columns.
    X : DataFrame or ndarray
        The table.

    Attributes
    ----------
    empty : ndarray of bool of shape (n, d)
        Which cells are empty.
    unseen : ndarray of bool of shape (n, d)
        Which cells have a level that the codec does not know.
    """

    def __init__(self, codec, X):
        self.codec, self.X = codec, X
        self.Z = codec.encode_typed(X)
        self.empty = np.isnan(self.Z)
        self.is_number = np.array([column.kind == "number" for column in codec.columns])
        n_codes = np.array([np.inf if column.kind == "number" else column.n_codes for column in codec.columns])
        self.unseen = n_codes == self.Z

    def draw(self, density, n, seed):
        """Numbers (n, n_empty) of the empty cells, in the order of rows and then of columns."""
        rows = np.flatnonzero(self.empty.any(axis=1))
        rows = rows[np.lexsort(self.empty[rows].T)]  # rows that lack the same columns stand together
        at = np.cumsum(self.empty.ravel()).reshape(self.empty.shape) - 1  # the number of each empty cell
        out = np.empty((n, int(self.empty.sum())))
        if not len(rows):
            return out
        known = _without(self.X, self.unseen) if self.unseen.any() else self.X
        density = unwrapped(density)
        step = max(_CHUNK_ROWS // n, 1)
        for k, first in enumerate(range(0, len(rows), step)):
            part = rows[first : first + step]
            given = _safe_indexing(known, np.repeat(part, n))
            drawn = density.sample(len(given), given=given, random_state=seed_from(block_generator(seed, 0, k)))
            drawn = self.codec.encode_typed(drawn).reshape(len(part), n, -1)
            lacks = self.empty[part]
            out[:, at[part][lacks]] = drawn.swapaxes(0, 1)[:, lacks]
        return out

    def hot_deck(self, rng):
        """Numbers (n_empty,) of the empty cells, each from another row of its column."""
        Z = self.Z.copy()
        for j in np.flatnonzero(self.empty.any(axis=0)):  # each column has its own donors
            donors = self.Z[~self.empty[:, j], j]
            Z[self.empty[:, j], j] = rng.choice(donors, int(self.empty[:, j].sum()))
        return Z[self.empty]

    def average(self, draws):
        """One number for each empty cell: the mean of its draws, of categories the most frequent one."""
        out = draws.mean(axis=0)
        column = np.nonzero(self.empty)[1]
        for j in np.unique(column[~self.is_number[column]]):  # each column has its own levels
            codes = draws[:, column == j]
            counts = np.stack([(codes == code).sum(axis=0) for code in range(self.codec.columns[j].n_codes)])
            out[column == j] = counts.argmax(axis=0)
        return out

    def fill(self, numbers):
        """The table with these numbers in its empty cells; all others stay as they were written."""
        Z = np.where(self.unseen, 0.0, self.Z)  # a level that the codec does not know has no dtype of its own
        Z[self.empty] = numbers
        for j, column in enumerate(self.codec.schema.columns):
            if self.is_number[j]:
                Z[self.empty[:, j], j] = column.snap(Z[self.empty[:, j], j])
        return _replace(self.X, self.empty, self.codec.decode_typed(Z))


def _without(X, mask):
    """The table with the masked cells empty; columns whose dtype has no empty cell get one that does."""
    if hasattr(X, "iloc"):
        return X.mask(mask)
    if not is_frame(X):
        return np.where(mask, np.nan, X.astype(object) if X.dtype.kind in "US" else X)
    frame = nw.from_native(X, eager_only=True)
    columns = np.flatnonzero(mask.any(axis=0))
    keep = [nw.new_series("keep", ~mask[:, j], nw.Boolean, backend=frame.implementation) for j in columns]
    names = [frame.columns[j] for j in columns]
    return frame.with_columns(nw.when(at).then(nw.col(name)) for at, name in zip(keep, names)).to_native()


def _replace(X, mask, others):
    """The table with the masked cells of another table."""
    if not mask.any():
        return X.copy() if hasattr(X, "copy") else X
    if not is_frame(X):
        X, others = X.copy(), np.asarray(others)
        X[mask] = others[mask]
        return X
    columns = np.flatnonzero(mask.any(axis=0))
    if hasattr(X, "iloc"):
        X = X.copy()
        for j in columns:  # each column has its own dtype
            _replace_cells(X, j, mask[:, j], _pandas_column(others, j))
        return X
    frame, names = nw.from_native(X, eager_only=True), column_names(X)
    others = nw.from_native(others, eager_only=True) if is_frame(others) else others
    new = []
    for j in columns:
        rows = np.flatnonzero(mask[:, j])
        values = others[names[j]].to_list() if hasattr(others, "to_native") else list(others[:, j])
        if len(rows) == len(frame) and frame.schema[names[j]] == nw.Unknown:
            new.append(nw.new_series(names[j], values, backend=frame.implementation))
        else:
            new.append(frame[names[j]].scatter(rows.tolist(), [values[i] for i in rows]))
    return frame.with_columns(*new).to_native()


def _pandas_column(table, j):
    if hasattr(table, "iloc"):
        return table.iloc[:, j]
    if is_frame(table):
        return nw.from_native(table, eager_only=True)[:, int(j)].to_pandas()
    return pd.Series(list(table[:, j]))


def _replace_cells(X, j, at, values):
    """Cells of column j of a pandas frame, in place; one that is empty throughout says nothing of its dtype."""
    dtype = X.dtypes.iloc[j]
    if at.all() and dtype.kind in "fO" and not isinstance(dtype, pd.CategoricalDtype):
        X.isetitem(j, values.set_axis(X.index))
        return
    if isinstance(dtype, pd.CategoricalDtype):
        new = pd.Index(values.array[at]).unique().difference(dtype.categories, sort=False).dropna()
        if len(new):
            X.isetitem(j, X.iloc[:, j].cat.add_categories(new))
        values = pd.Series(np.asarray(values, dtype=object))
    X.iloc[at, j] = values.array[at]
