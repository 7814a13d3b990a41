"""Invariance laws: units, the order of rows and columns, and the size of a batch do not matter."""

from __future__ import annotations

from numbers import Real

import numpy as np

from .._random import generator_from
from ._law import check_close, configured, fitted, is_net, require
from ._reference import mixed_table, smooth_rows

#: Factor a and shift b in standard deviations of aX + b.
_UNITS = [(1e-30, 0.0), (1e-3, 0.0), (0.3, 0.0), (1e30, 0.0), (1.0, 10.0), (1.0, -1e3), (1e-5, 1e3), (1e20, -30.0)]


def _in_units(estimator, factor):
    """The estimator with its parameters in data units scaled with the data."""
    model = configured(estimator)
    bandwidth = model.get_params(deep=False).get("bandwidth")
    if isinstance(bandwidth, Real) and not isinstance(bandwidth, bool):
        model.set_params(bandwidth=bandwidth * factor)
    elif isinstance(bandwidth, list | tuple | np.ndarray):
        model.set_params(bandwidth=np.asarray(bandwidth) * factor)
    return model


def units(estimator):
    """Fitted on aX + b, the scores of aX + b are those of X minus d log a, for a from 1e-30 to 1e30."""
    X, rows = smooth_rows(200, 3, seed=30), smooth_rows(100, 3, seed=31)
    sd = X.std(axis=0)
    expected = fitted(estimator, X).score_samples(rows)
    for a, b in _UNITS:
        model = fitted(_in_units(estimator, a), a * (X + b * sd))
        got = model.score_samples(a * (rows + b * sd)) + 3 * np.log(a)
        tolerance = 1e-4 if is_net(estimator) else 1e-10 * (1 + abs(b)) ** 2
        check_close(got, expected, tolerance, f"units, factor {a:g}, shift {b:g} sd", relative=True)


def row_order(estimator):
    """The same call gives the same bits, and rows in another order the same scores in that order."""
    for name, X, rows in _data():
        model = fitted(estimator, X)
        scores = model.score_samples(rows)
        assert np.array_equal(scores, model.score_samples(rows)), f"{name}: the same call twice gives other scores."
        order = generator_from(32).permutation(len(rows))
        moved = model.score_samples(_take(rows, order))
        if is_net(estimator):
            check_close(
                moved, scores[order], _batch_tolerance(estimator), f"{name}: rows in another order", relative=True
            )
        else:
            gap = float(np.max(np.abs(moved - scores[order])))
            assert gap == 0.0, f"{name}: rows in another order score otherwise, by up to {gap:.3g}."


def batch_size(estimator):
    """A row's score depends on no other row of the call: alone, in chunks and in a larger table."""
    for name, X, rows in _data():
        model = fitted(estimator, X)
        scores = model.score_samples(rows)
        index = np.arange(len(rows))
        for size in (1, 7, 64):
            chunks = [index[start : start + size] for start in range(0, min(len(rows), 20 * size), size)]
            got = np.concatenate([model.score_samples(_take(rows, chunk)) for chunk in chunks])
            check_close(
                got, scores[: len(got)], _batch_tolerance(estimator), f"{name}: chunks of {size}", relative=True
            )
        many = model.score_samples(_take(rows, np.tile(index, 2_500 // len(rows) + 1)))
        check_close(many[: len(rows)], scores, _batch_tolerance(estimator), f"{name}: a larger call", relative=True)


def column_permutation(estimator):
    """Fitted and scored on columns in another order, the scores are the same."""
    require("column_order" not in estimator.get_params(deep=False), "the model takes the columns in their order")
    require(not is_net(estimator), "a net starts from weights that tell the columns apart")
    for name, X, rows in _data():
        expected = fitted(estimator, X).score_samples(rows)
        d = X.shape[1]
        for order in (np.arange(d)[::-1], generator_from(33).permutation(d)):
            moved = [part.iloc[:, order] if hasattr(part, "iloc") else part[:, order] for part in (X, rows)]
            got = fitted(estimator, moved[0]).score_samples(moved[1])
            check_close(got, expected, 1e-9, f"{name}: columns in the order {order.tolist()}", relative=True)


def _data():
    yield "array", smooth_rows(300, 3, seed=34), smooth_rows(250, 3, seed=35)
    yield "table", mixed_table(300, seed=34), mixed_table(250, seed=35)


def _take(rows, index):
    return rows.iloc[index].reset_index(drop=True) if hasattr(rows, "iloc") else rows[index]


def _batch_tolerance(estimator):
    return 1e-10 if is_net(estimator) else 1e-12  # nets score in float64, in products of matrices


INVARIANCE_LAWS = {law.__name__: law for law in (units, row_order, batch_size, column_permutation)}
