"""Learner: predicts one column of a table from the others, by histogram gradient boosting with its defaults."""

from __future__ import annotations

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.metrics import r2_score, roc_auc_score, root_mean_squared_error

#: Metrics by name: whether the target is a class.
METRICS = {"roc_auc": True, "balanced_accuracy": True, "rmse": False, "r2": False}
#: Distinct values up to which a number is a class by default.
TWO = 2


def check_metric(metric):
    """The metric's name, or an error that lists the names."""
    if metric != "auto" and metric not in METRICS:
        raise ValueError(f"metric must be 'auto' or one of {list(METRICS)}, got {metric!r}.")


def default_metric(rows, target):
    """The AUC for categories and numbers of two values, the root mean squared error for other numbers."""
    z = rows.real[:, target]
    is_class = rows.is_category[target] or len(np.unique(z[~np.isnan(z)])) <= TWO
    return "roc_auc" if is_class else "rmse"


def predict_score(rows, train, test, target, metric, seed, keep_levels=None):
    """The score on `test` of a learner fitted to `train`; NaN where the test rows cannot show any.

    Parameters
    ----------
    rows : PairedRows
        What the tables were read by.
    train, test : ndarray of shape (n, d)
        Typed rows; those without a value of the target are left out.
    target : int
        Position of the column to be predicted.
    metric : str
        One of METRICS.
    seed : int
        Seed of the learner.
    keep_levels : int, default=None
        Classes kept apart, the most frequent ones of the real table; the others count as one.
    """
    train, test = (Z[~np.isnan(Z[:, target])] for Z in (train, test))
    y_train, y_test = train[:, target], test[:, target]
    if METRICS[metric]:
        y_train, y_test = _merge_rare(rows.real[:, target], keep_levels, y_train, y_test)
    if len(y_test) == 0 or len(np.unique(y_test)) < TWO:
        return float("nan")
    others = np.delete(np.arange(train.shape[1]), target)
    native = rows.native[others]
    X_train, X_test = (rows.tree_design(Z)[:, others] for Z in (train, test))
    settings = {"categorical_features": native if native.any() else None, "random_state": seed}
    if not METRICS[metric]:
        return _score_numbers(X_train, y_train, X_test, y_test, metric, settings)
    return _score_classes(X_train, y_train, X_test, y_test, metric, settings)


def _score_numbers(X_train, y_train, X_test, y_test, metric, settings):
    if len(y_train) < TWO:
        predicted = np.full(len(y_test), y_train.mean() if len(y_train) else 0.0)
    else:
        predicted = HistGradientBoostingRegressor(**settings).fit(X_train, y_train).predict(X_test)
    return float(root_mean_squared_error(y_test, predicted) if metric == "rmse" else r2_score(y_test, predicted))


def _score_classes(X_train, y_train, X_test, y_test, metric, settings):
    seen, counts = np.unique(y_train, return_counts=True)
    if len(seen) < TWO:  # nothing to learn: every row gets the same score
        shares = np.ones((len(y_test), len(seen)))
    else:
        if counts.min() < TWO:  # a class of one row cannot be split for early stopping
            settings = {**settings, "early_stopping": False}
        shares = HistGradientBoostingClassifier(**settings).fit(X_train, y_train).predict_proba(X_test)
    classes = np.unique(y_test)
    if metric == "balanced_accuracy":
        predicted = seen[shares.argmax(axis=1)] if len(seen) else np.full(len(y_test), np.inf)
        return float(np.mean([np.mean(predicted[y_test == c] == c) for c in classes]))
    return float(np.mean([_one_against_rest(y_test == c, shares, seen == c) for c in classes]))


def _one_against_rest(is_class, shares, column):
    """The AUC of one class; a class that the training rows never showed has the same score everywhere."""
    return roc_auc_score(is_class, shares[:, column].ravel() if column.any() else np.zeros(len(is_class)))


def _merge_rare(real, keep, *ys):
    """Classes beyond the `keep` most frequent ones of the real column (None: all of them) become one, coded -1."""
    levels, counts = np.unique(real[~np.isnan(real)], return_counts=True)
    kept = levels[np.argsort(-counts, kind="stable")[:keep]]
    return [np.where(np.isin(y, kept), y, -1.0) for y in ys]
