"""Folds for held-out scores inside a fit: functions of the weighted set of rows, whatever their order.

Copies of a row are dealt to the folds one after the other, and so is the weight of a row, a unit at a time: a row of
weight 2 counts as the row written twice.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..table._frames import is_frame


def row_keys(X):
    """A number of 64 bits for each row, the same for rows of equal cells."""
    if not is_frame(X):
        X = np.asarray(X)
        X = pd.DataFrame(X.astype(np.float64) + 0.0 if X.dtype.kind in "iufb" else X)  # -0.0 becomes 0.0
    elif not isinstance(X, pd.DataFrame):
        X = X.to_pandas()
    return pd.util.hash_pandas_object(X, index=False).to_numpy()


def held_out_weights(keys, groups, weight, n_folds, rng):
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

    Returns
    -------
    held_out : ndarray of shape (n, n_folds)
        Parts of the weights. They sum to the weight, or are all 0 where a group has but one row, which cannot be
        held out from anything.
    """
    weight = np.ones(len(keys)) if weight is None else weight
    out = np.zeros((len(keys), n_folds))
    for group in np.unique(groups):  # a group at a time: each is dealt out on its own
        own = np.flatnonzero(groups == group)
        own = own[np.argsort(keys[own], kind="stable")]
        distinct, first, rank = np.unique(keys[own], return_index=True, return_inverse=True)
        before = np.cumsum(weight[own]) - weight[own]
        before -= before[first][rank]  # weight of the copies before each
        if len(distinct) == 1 and weight[own].sum() <= 1:
            continue
        turn = (np.arange(n_folds) - rng.permutation(len(distinct))[rank][:, None]) % n_folds
        after = before + weight[own]
        out[own] = _units(after[:, None], turn, n_folds) - _units(before[:, None], turn, n_folds)
    return out


def _units(x, turn, n_folds):
    """How much of the interval from 0 to x lies in units u with u = turn modulo the number of folds."""
    return x // n_folds + np.clip(x % n_folds - turn, 0.0, 1.0)


def split_fold(weight, held_out):
    """One fold: rows to be fitted and their weights (None where none were given), rows held out and their weights."""
    left = (np.ones(len(held_out)) if weight is None else weight) - held_out
    train, test = np.flatnonzero(left > 1e-12), np.flatnonzero(held_out > 1e-12)
    return train, None if weight is None else left[train], test, held_out[test]
