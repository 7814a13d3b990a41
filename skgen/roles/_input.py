"""What a role with a target is handed: a table, a target and weights, checked before any work starts."""

from __future__ import annotations

import numpy as np

from .._input import check_table, check_weights, take_rows
from .._sklearn import _num_samples, assert_all_finite, column_or_1d


def check_rows(role, X, y, sample_weight):
    """The checked table, target and weights (or None), without the rows of weight 0."""
    if y is None:
        raise ValueError(f"{type(role).__name__} requires y to be passed, but the target y is None.")
    X = check_table(role, X, reset=True)
    y = column_or_1d(y, warn=True)
    assert_all_finite(y, input_name="y")
    if len(y) != _num_samples(X):
        raise ValueError(f"X and y must have the same number of rows, got {_num_samples(X)} and {len(y)}.")
    return without_weightless(X, y, check_weights(sample_weight, X))


def without_weightless(X, y, weight):
    """Rows, target and weights where the weight is positive."""
    if weight is None or (weight > 0).all():
        return X, y, weight
    keep = np.asarray(weight) > 0
    return take_rows(X, keep), y[keep], weight[keep]
