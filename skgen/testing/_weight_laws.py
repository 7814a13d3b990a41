"""Weight laws: an integer weight is that many rows, and a weight of zero is no row."""

from __future__ import annotations

import numpy as np
from sklearn.utils.validation import has_fit_parameter

from .._random import generator_from
from ._law import check_close, fitted, is_iterative, is_net, require
from ._reference import mixed_table, smooth_rows


def integer_weights(estimator):
    """Fitted with integer weights, the scores are those of a fit on repeated rows."""
    require(has_fit_parameter(estimator, "sample_weight"), "fit takes no sample_weight")
    require(not is_net(estimator), "minibatches draw rows, not weights")
    for name, X, rows in _data():
        weight = generator_from(41).integers(1, 4, size=len(X))
        got = fitted(estimator, X, sample_weight=weight).score_samples(rows)
        expected = fitted(estimator, _take(X, np.repeat(np.arange(len(X)), weight))).score_samples(rows)
        check_close(got, expected, _tolerance(estimator), f"{name}: weights 1 to 3, repeated rows", relative=True)


def zero_weights(estimator):
    """Rows of weight zero, far out and with levels of their own, leave no trace."""
    require(has_fit_parameter(estimator, "sample_weight"), "fit takes no sample_weight")
    for name, X, rows in _data():
        far = _far_rows(X)
        together = _stack(X, far)
        weight = np.r_[np.ones(len(X)), np.zeros(len(far))]
        order = generator_from(40).permutation(len(weight))
        ones = None
        if is_net(estimator):  # whose minibatches follow the order of the rows, and their weights
            order, ones = np.arange(len(weight)), np.ones(len(X))
        got = fitted(estimator, _take(together, order), sample_weight=weight[order]).score_samples(rows)
        expected = fitted(estimator, X, sample_weight=ones).score_samples(rows)
        check_close(got, expected, _tolerance(estimator), f"{name}: rows of weight zero", relative=True)


def _data():
    yield "array", smooth_rows(150, 2, seed=42), smooth_rows(100, 2, seed=43)
    yield "table", mixed_table(200, seed=42), mixed_table(100, seed=43)


def _far_rows(X):
    if not hasattr(X, "iloc"):
        return X[:5] * 100 + 1e3
    return X.iloc[:5].assign(age=X["age"].iloc[:5] + 500, height=9.75, sex="Other", city="Kyiv", income=12.345)


def _stack(X, Y):
    if not hasattr(X, "iloc"):
        return np.vstack([X, Y])
    rows = {name: [*X[name], *Y[name]] for name in X}
    return type(X)(rows).astype(X.dtypes.to_dict())


def _take(X, index):
    return X.iloc[index].reset_index(drop=True) if hasattr(X, "iloc") else X[index]


def _tolerance(estimator):
    return 1e-8 if is_iterative(estimator) else 1e-10


WEIGHT_LAWS = {law.__name__: law for law in (integer_weights, zero_weights)}
