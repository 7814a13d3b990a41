"""Folds for held-out scores inside a fit: functions of the weighted set of rows, whatever their order.

A row of weight 2 counts as the row written twice. All weight of a row, its copies included, is held out in one fold: a
density that has seen one copy has seen all. That does not go for values that the law itself repeats, which are the
cells of tables of few values, and rows that outweigh a fold: theirs is dealt to all folds, a unit at a time. Rows that
the others could not judge are in no fold: the last but one of their group, the only ones of an array that lack a cell.
"""

from __future__ import annotations

import narwhals as nw
import numpy as np
import pandas as pd

from ..table._frames import is_frame

#: A table whose number columns all have at most so many values repeats its rows by chance.
FEW_VALUES = 20
#: What is left of a weight by rounding.
_NOTHING = 1e-12


def row_keys(X):
    """A number of 64 bits for each row, the same for rows of equal cells."""
    return pd.util.hash_pandas_object(_comparable(X), index=False).to_numpy()


def _comparable(X):
    """A table whose numbers are floats, of one type whichever rows it has, and -0.0 is 0.0."""
    if not is_frame(X):
        X = np.asarray(X)
        return pd.DataFrame(X.astype(np.float64) + 0.0 if X.dtype.kind in "iufb" else X)
    X = nw.from_native(X, eager_only=True)
    columns = [X[:, j] for j in range(X.shape[1])]
    return pd.DataFrame({j: _floats(x) if _is_number(x) else _plain(x) for j, x in enumerate(columns)})


def _is_number(column):
    return column.dtype.is_numeric() or column.dtype == nw.Boolean


def _floats(column):
    return column.cast(nw.Float64).to_numpy().astype(np.float64) + 0.0


def _plain(column):
    return column.to_pandas().reset_index(drop=True)


def repeats_by_chance(X):
    """Whether a table consists of categories and numbers of few values, so that copies of a row are rows of their own.

    Columns of numbers with many values say the contrary: of fractions in short tables, more than half of the rows.
    """
    X = _comparable(X)
    half = len(X.drop_duplicates()) / 2
    return not any(x.nunique() > _few_values(x, half) for _, x in X.items() if x.dtype.kind == "f")


def _few_values(x, half):
    is_whole = (x.dropna() % 1 == 0).all()
    return FEW_VALUES if is_whole else min(FEW_VALUES, half)


def held_out_weights(keys, groups, weight, n_folds, rng, deal_all=False):
    """How much of each row every fold holds out.

    Parameters
    ----------
    keys : ndarray of shape (n,)
        What `row_keys` gives.
    groups : ndarray of int of shape (n,)
        Numbers of groups (classes), each of which is dealt out evenly.
    weight : ndarray of shape (n,) or None
        Weights of the rows, in rows.
    n_folds : int
        Number of folds.
    rng : numpy Generator
        Draws the folds.
    deal_all : bool, default=False
        Whether copies and weight of every row are dealt to all folds.

    Returns
    -------
    held_out : ndarray of shape (n, n_folds)
        Parts of the weights. They sum to the weight, or to less where a fold would leave no more than one row of a
        group: from so little no density is learnt.
    """
    weight = np.ones(len(keys)) if weight is None else weight
    out = np.zeros((len(keys), n_folds))
    for group in np.unique(groups):  # a group at a time: each is dealt out on its own
        own = np.flatnonzero(groups == group)
        own = own[np.argsort(keys[own], kind="stable")]
        distinct, first, rank = np.unique(keys[own], return_index=True, return_inverse=True)
        before = np.cumsum(weight[own]) - weight[own]
        before -= before[first][rank]  # weight of the copies before each
        of_key = np.bincount(rank, weights=weight[own])
        turn = (np.arange(n_folds) - rng.permutation(len(distinct))[rank][:, None]) % n_folds
        after = before + weight[own]
        dealt = _units(after[:, None], turn, n_folds) - _units(before[:, None], turn, n_folds)
        is_dealt = deal_all | (of_key > of_key.sum() / n_folds * (1 + 1e-9))[rank]
        part = np.where(is_dealt[:, None], dealt, weight[own][:, None] * (turn == 0))
        out[own] = part * ~_leaves_one_row(weight[own][:, None] - part, rank)
    return out


def _leaves_one_row(left, rank):
    """Mask of the folds whose training rows are at most one of a group."""
    n_keys = rank.max() + 1
    distinct = [np.count_nonzero(np.bincount(rank, weights=x, minlength=n_keys) > _NOTHING) for x in left.T]
    return (np.array(distinct) < 2) & (left.sum(axis=0) < 2 - _NOTHING)


def _units(x, turn, n_folds):
    """How much of the interval from 0 to x lies in units u with u = turn modulo the number of folds."""
    return x // n_folds + np.clip(x % n_folds - turn, 0.0, 1.0)


def learn_lone_gaps(X, weight, held_out):
    """Folds that hold out no missing cell of a column whose training rows have none: arrays have no law for it."""
    if is_frame(X) or X.dtype.kind != "f" or not (absent := np.isnan(X)).any():
        return held_out
    out = held_out.copy()
    for part in out.T:
        train = split_fold(weight, part)[0]
        part[absent[:, ~absent[train].any(axis=0)].any(axis=1)] = 0.0
    return out


def split_fold(weight, held_out):
    """One fold: rows to be fitted and their weights (None where none were given), rows held out and their weights."""
    left = (np.ones(len(held_out)) if weight is None else weight) - held_out
    train, test = np.flatnonzero(left > _NOTHING), np.flatnonzero(held_out > _NOTHING)
    return train, None if weight is None else left[train], test, held_out[test]
