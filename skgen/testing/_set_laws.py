"""Set laws: rows drawn under an interval, a set of values or a cell to complete follow the conditioned law.

The columns are smooth, so that no cell can be counted: intervals and completed cells are compared with those joint
samples that meet the condition, sets with integrals of the scores.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..exceptions import LowSupportError
from ._law import Z_LIMIT, check_counts, check_mean, fitted, require
from ._reference import plane_rows, smooth_table

_JOINT_SAMPLES = 20_000
_SAMPLES = 3_000
_AXIS = 2_001


def given_intervals_follow_samples(estimator):
    """Rows given intervals and cells to complete have the moments of the joint samples that meet the condition."""
    for name, X, conditions in (
        ("array", holed_rows(2_000, seed=86), _ARRAY_CONDITIONS),
        ("table", smooth_table(2_000, seed=87), _TABLE_CONDITIONS),
    ):
        model = fitted(estimator, X)
        joint = _numbers(model.sample(_JOINT_SAMPLES, random_state=8))
        for what, given, met in conditions:
            expected = joint[met(joint)]
            got = _numbers(model.sample(_SAMPLES, given=given, random_state=9))
            assert met(got).all(), f"{name} given {what}: {(~met(got)).sum()} rows do not meet the condition."
            for j in range(joint.shape[1]):
                _check_moments(got[:, j], expected[:, j], f"{name} given {what}: column {j}")


def given_sets_follow_scores(estimator):
    """Rows given a set of values of a smooth column take each as often, and the other column, as the scores say."""
    values = [-2.5, -2.0, 0.0]
    table = pd.DataFrame(np.round(plane_rows(2_000, seed=88), 4), columns=["first", "second"])
    for name, X, names in (("array", table.to_numpy(), [0, 1]), ("table", table, list(table))):
        model = fitted(estimator, X)
        require(model.likelihood_ == "exact", "the likelihood is not exact")
        for column in (0, 1):
            rows = _draw(model, {names[column]: values})
            masses, means = _slices(model, X, column, values)
            what = f"{name} given {names[column]!r} in {values}"
            check_counts([(rows[:, column] == v).sum() for v in values], masses, what)
            assert np.isin(rows[:, column], values).all(), f"{what}: other values come back."
            check_mean(rows[:, 1 - column], float(masses @ means / masses.sum()), f"{what}: the other column")


def holed_rows(n, seed):
    """Rows of the plane, the first number missing where the second is high, more often than not."""
    X = plane_rows(n, seed)
    X[(X[:, 1] > 1.0) & (np.arange(n) % 4 > 0), 0] = np.nan
    return X


def _between(j, low, high):
    return lambda rows: (rows[:, j] > low) & (rows[:, j] <= high)


def _present(j):
    return lambda rows: ~np.isnan(rows[:, j])


#: What is said, the condition, and the mask of the rows of numbers that meet it.
_ARRAY_CONDITIONS = [
    ("first in (-2, 1.5]", {0: pd.Interval(-2.0, 1.5)}, _between(0, -2.0, 1.5)),
    ("second in (0.5, 4]", {1: pd.Interval(0.5, 4.0)}, _between(1, 0.5, 4.0)),
    ("first to complete", {0: np.nan}, _present(0)),
    ("an empty array", np.full((_SAMPLES, 2), np.nan), _present(0)),
]
_TABLE_CONDITIONS = [
    ("load in (0, 4]", {"load": pd.Interval(0.0, 4.0)}, _between(2, 0.0, 4.0)),
    ("size in (-1, 3]", {"size": pd.Interval(-1.0, 3.0)}, _between(1, -1.0, 3.0)),
    ("size to complete", pd.DataFrame({"size": np.full(_SAMPLES, np.nan)}), _present(1)),
    (
        "flag no, size to complete",
        pd.DataFrame({"flag": ["no"] * _SAMPLES, "size": [np.nan] * _SAMPLES}),
        lambda rows: (rows[:, 0] == 0) & _present(1)(rows),
    ),
]


def _numbers(rows):
    """Rows as numbers; the flag is 1 for yes."""
    if isinstance(rows, pd.DataFrame):
        rows = rows.assign(flag=rows["flag"] == "yes").to_numpy(dtype=np.float64)
    return np.asarray(rows)


def _check_moments(got, expected, what):
    """Share of missing cells, mean and mean square equal those of another sample: abs z below 4.9."""
    centre, spread = np.nanmean(expected), max(np.nanstd(expected), 1e-300)
    for moment, of in (
        ("share of missing cells", lambda x: np.isnan(x).astype(np.float64)),
        ("mean", lambda x: x[~np.isnan(x)]),
        ("mean square about its mean", lambda x: ((x[~np.isnan(x)] - centre) / spread) ** 2),
    ):
        a, b = of(got), of(expected)
        gap = a.mean() - b.mean()
        error = np.sqrt(a.var() / len(a) + b.var() / len(b))
        assert abs(gap) <= Z_LIMIT * error + 1e-12, (
            f"{what}: {moment} {a.mean():.4g} over {len(a)} rows, expected {b.mean():.4g} from the {len(b)} joint "
            f"samples that meet the condition, z = {gap / max(error, 1e-300):.1f}."
        )


def _draw(model, given):
    try:
        return np.asarray(model.sample(_SAMPLES, given=given, random_state=10), dtype=np.float64)
    except LowSupportError:
        require(False, "the model draws no sets of values of a smooth column")


def _slices(model, X, column, values):
    """For each value of a column of two: its density, and the mean of the other column, integrated along it."""
    other = np.asarray(X)[:, 1 - column]
    reach = 0.0 if isinstance(X, pd.DataFrame) else 8.0 * other.std()  # samples of a table stay in the seen range
    axis = np.round(np.linspace(other.min() - reach, other.max() + reach, _AXIS), 4)
    masses, means = [], []
    for value in values:
        points = np.empty((_AXIS, 2))
        points[:, column], points[:, 1 - column] = value, axis
        if isinstance(X, pd.DataFrame):
            points = pd.DataFrame(points, columns=X.columns)
        density = np.exp(model.score_samples(points))
        masses.append(density.sum())
        means.append(density @ axis / density.sum())
    return np.array(masses), np.array(means)


SET_LAWS = {law.__name__: law for law in (given_intervals_follow_samples, given_sets_follow_scores)}
