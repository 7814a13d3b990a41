"""One fold of a comparison: a model fitted to its training rows, and scored on the rows that it left out."""

from contextlib import AbstractContextManager
from numbers import Integral
from time import perf_counter
from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.model_selection import KFold, check_cv

from .._delegated import unwrapped
from .._random import seed_from
from .._sklearn import _safe_indexing, clone


class FoldResult(NamedTuple):
    """What one model gave in one fold.

    Attributes
    ----------
    scores : ndarray of shape (n_test,)
        Held-out log-densities in nats.
    likelihood : {"exact", "lower_bound", "estimate"}
        What the scores are.
    conditional_on : tuple
        Columns that the density is given.
    bound_gap : float or None
        What doubling its draws adds to a lower bound.
    fit_seconds, score_seconds : float
        How long it took.
    """

    scores: np.ndarray
    likelihood: str
    conditional_on: tuple
    bound_gap: float | None
    fit_seconds: float
    score_seconds: float


class _Named(AbstractContextManager):
    """Says in which model and fold an error arose."""

    def __init__(self, note):
        self.note = note

    def __exit__(self, kind, error, traceback):
        if error is not None:
            error.add_note(self.note)


def make_folds(X, cv, random_state, kept=None):
    """Pairs of training and held-out positions; lone missing cells of an array are not held out.

    Parameters
    ----------
    X : DataFrame, array or list
        The rows.
    cv : int, splitter or iterable of (train, test)
        An integer stands for shuffled folds.
    random_state : int, RandomState instance, Generator or None
        Draws them.
    kept : ndarray of int, default=None
        Positions of `X` in the table that an iterable speaks of; its other rows are invisible.
    """
    if isinstance(cv, Integral):
        seed = random_state if isinstance(random_state, Integral) else seed_from(random_state) % 2**32
        cv = KFold(int(cv), shuffle=True, random_state=int(seed))
    folds = [(np.asarray(train), np.asarray(test)) for train, test in check_cv(cv).split(X)]
    if kept is not None and cv is not None and not hasattr(cv, "split"):
        place = np.full(1 + max(max(map(np.max, fold)) for fold in folds), -1)
        place[kept[kept < len(place)]] = np.flatnonzero(kept < len(place))
        folds = [tuple(place[part][place[part] >= 0] for part in fold) for fold in folds]
        folds = [fold for fold in folds if len(fold[1])]
    absent = _missing_cells(X)
    return folds if absent is None or not absent.any() else _learn_lone_gaps(absent, folds)


def _missing_cells(X):
    """Where the cells of an array are missing; None of frames, which expect such cells, and of sequences."""
    if isinstance(X, (list, tuple)) and np.ndim(X[0]) == 1 and len({len(row) for row in X}) == 1:
        X = np.asarray(X, dtype=object)
    return pd.isna(X) if isinstance(X, np.ndarray) and X.ndim == 2 else None


def _learn_lone_gaps(absent, folds):
    """Folds that hold out no missing cell of a column whose training rows have none: arrays have no law for it."""
    changed = []
    for train, test in folds:
        is_lone = absent[test][:, ~absent[train].any(axis=0)].any(axis=1)
        if not is_lone.all():
            changed.append((np.concatenate([train, test[is_lone]]), test[~is_lone]))
    if not changed:
        raise ValueError(
            "Every row that would be held out has a missing cell in a column without one in the training rows. Pass a "
            "DataFrame, whose columns expect such cells."
        )
    return changed


def fit_and_score(model, X, fold, sample_weight, schema, note):
    """Fit a clone of the model to one fold's training rows, and score the others."""
    train, test = fold
    weights = {} if sample_weight is None else {"sample_weight": sample_weight[train]}
    with _Named(note):
        start = perf_counter()
        model = clone(model).fit(_safe_indexing(X, train), None, **weights)
        fitted = perf_counter()
        best = unwrapped(model)
        own = getattr(best, "schema_", None)
        if schema is not None and own is not None and own != schema:
            raise ValueError(
                f"The fitted model has a schema of its own, so that its scores are densities in another base measure: "
                f"expected {schema!r}, got {own!r}. Let it take the shared one by its parameter `schema`."
            )
        scores = np.asarray(model.score_samples(_safe_indexing(X, test)), dtype=np.float64)
        scored = perf_counter()
        if scores.shape != (len(test),) or np.isnan(scores).any():
            raise ValueError(f"score_samples must give one number for each of {len(test)} rows, got {scores!r}.")
    return FoldResult(
        scores,
        getattr(best, "likelihood_", "exact"),
        tuple(getattr(best, "conditional_on_", ())),
        getattr(best, "bound_gap_", None),
        fitted - start,
        scored - fitted,
    )


def gather_scores(results, folds, n_rows):
    """The score of each row: NaN if no fold held it out, the mean of its scores if several did."""
    totals, counts = np.zeros(n_rows), np.zeros(n_rows)
    for result, (_, test) in zip(results, folds, strict=True):
        np.add.at(totals, test, result.scores)
        np.add.at(counts, test, 1)
    held = counts > 0
    values = np.full(n_rows, np.nan)
    values[held] = totals[held] / counts[held]
    return values
