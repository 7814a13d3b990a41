"""Utility: what a learner that was trained on synthetic rows is worth on real ones."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .._random import generator_from, seed_from
from ._learner import check_metric, default_metric, predict_score
from ._rows import paired_rows, subsample

#: Classes of a target that `global_utility` keeps apart.
KEPT_CLASSES = 5
#: Skill on real rows under which a column counts as unpredictable.
LEAST_SKILL = 0.05


def tstr_score(real, synthetic, target, *, metric="auto", max_rows=None, schema=None, random_state=0):
    """Train on synthetic rows, test on real ones.

    Histogram gradient boosting with its defaults predicts one column from all others. Hand over real rows that the
    generative model has *not* been fitted to.

    Parameters
    ----------
    real : DataFrame or array of shape (n_samples, n_features)
        Real rows. They alone decide kinds, levels, ranges and scales.
    synthetic : DataFrame or array of shape (n_synthetic, n_features)
        Rows to be judged, with the columns of `real` in any order.
    target : str or int
        Name of the column to be predicted; its position in arrays. Rows without a value there are left out.
    metric : {"auto", "roc_auc", "balanced_accuracy", "rmse", "r2"}, default="auto"
        Area under the ROC curve (of several classes the mean of one against the rest), mean recall of the classes, root
        mean squared error, or the share of variance that is explained. By default the first for categories and numbers
        of two values, "rmse" for other numbers.
    max_rows : int or None, default=None
        Most rows of each table that are used, drawn without replacement; all of them where None.
    schema : Schema or None, default=None
        Kinds and base measure of the columns; inferred from `real` where None.
    random_state : int, RandomState instance, Generator or None, default=0
        Seed of subsamples, folds and classifiers.

    Returns
    -------
    float
        The score.

    Notes
    -----
    AUC 0 to 1, higher is better, 0.5 is chance; RMSE lower is better, in units of the target. Floor: what real training
    rows in place of the synthetic ones give (AUC 0.928 on Adult). It judges one conditional law and not the table:
    interpolated rows do well on it. Cost: one fit, 1 s on Adult.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from skgen.metrics import tstr_score
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(2, 1000))
    >>> df = [pd.DataFrame({"x": u, "above": np.where(u > 0, "yes", "no")}) for u in x]
    >>> round(tstr_score(df[0], df[1], "above"), 2)
    1.0
    """
    check_metric(metric)
    rows = paired_rows(real, synthetic, schema=schema)
    j, seed = rows.position(target), seed_from(random_state) % 2**32
    metric = default_metric(rows, j) if metric == "auto" else metric
    train = subsample(rows.tables[1], max_rows, generator_from(seed))
    score = predict_score(rows, train, rows.real, j, metric, seed)
    if np.isnan(score):
        raise ValueError(f"Column {target!r} has fewer than two distinct values in the real rows: nothing to predict.")
    return score


def column_utilities(real_train, real_test, synthetic, *, max_rows=10_000, schema=None, random_state=0):
    """Every column in turn as the target: skill of a learner trained on synthetic rows beside one trained on real ones.

    Skill is 2 AUC - 1 for categories (the five most frequent levels against each other and the rest) and R2 for
    numbers, no less than 0: 0 is chance, 1 is perfect.

    Parameters
    ----------
    real_train : DataFrame or array of shape (n_samples, n_features)
        Real rows that the generative model was fitted to.
    real_test : DataFrame or array of shape (n_test, n_features)
        Real rows that it was not fitted to.
    synthetic : DataFrame or array of shape (n_synthetic, n_features)
        Rows to be judged, with the columns of `real_train` in any order.
    max_rows : int or None, default=10_000
        Most rows of each table that are used, drawn without replacement; all of them where None.
    schema : Schema or None, default=None
        Kinds and base measure of the columns; inferred from `real_train` where None.
    random_state : int, RandomState instance, Generator or None, default=0
        Seed of subsamples, folds and classifiers.

    Returns
    -------
    pandas.DataFrame
        One row for each column: the skill "real" and "synthetic" and their ratio "relative", NaN where the skill of
        the former is under 0.05.

    Notes
    -----
    As `global_utility`, which is the mean of "relative".

    Examples
    --------
    >>> import numpy as np
    >>> from skgen.metrics import column_utilities
    >>> rng = np.random.default_rng(0)
    >>> train, test, new = rng.multivariate_normal([0, 0], [[1, 0.9], [0.9, 1]], size=(3, 1000))
    >>> column_utilities(train, test, new).round(1)
       real  synthetic  relative
    0   0.8        0.8       1.0
    1   0.8        0.8       1.0
    """
    rows = paired_rows(real_train, real_test, synthetic, schema=schema)
    seed = seed_from(random_state) % 2**32
    train, test, new = (subsample(Z, max_rows, generator_from(seed)) for Z in rows.tables)
    skills = np.array([[_skill(rows, Z, test, j, seed) for Z in (train, new)] for j in range(len(rows.columns))])
    real, synthetic = skills.T
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.where(real >= LEAST_SKILL, synthetic / real, np.nan)
    return pd.DataFrame({"real": real, "synthetic": synthetic, "relative": relative}, index=rows.names)


def global_utility(real_train, real_test, synthetic, *, max_rows=10_000, schema=None, random_state=0):
    """Skill of learners that were trained on synthetic rows relative to real ones, averaged over all columns as target.

    Parameters
    ----------
    real_train : DataFrame or array of shape (n_samples, n_features)
        Real rows that the generative model was fitted to.
    real_test : DataFrame or array of shape (n_test, n_features)
        Real rows that it was not fitted to.
    synthetic : DataFrame or array of shape (n_synthetic, n_features)
        Rows to be judged, with the columns of `real_train` in any order.
    max_rows : int or None, default=10_000
        Most rows of each table that are used, drawn without replacement; all of them where None.
    schema : Schema or None, default=None
        Kinds and base measure of the columns; inferred from `real_train` where None.
    random_state : int, RandomState instance, Generator or None, default=0
        Seed of subsamples, folds and classifiers.

    Returns
    -------
    float
        The mean relative skill over the columns that real rows can predict; NaN where there is none.

    Notes
    -----
    From 0, higher is better; 1 is what real training rows give, and no column counts for more than that. Floor: other
    real rows of Adult score 0.997, independent columns 0.01. Cost: two fits for each column, 20 s on Adult.

    Examples
    --------
    >>> import numpy as np
    >>> from skgen.metrics import global_utility
    >>> rng = np.random.default_rng(0)
    >>> train, test, new = rng.multivariate_normal([0, 0], [[1, 0.9], [0.9, 1]], size=(3, 1000))
    >>> round(global_utility(train, test, rng.permuted(new, axis=0)), 1)
    0.0
    """
    table = column_utilities(
        real_train, real_test, synthetic, max_rows=max_rows, schema=schema, random_state=random_state
    )
    return float(table["relative"].clip(upper=1.0).mean())


def _skill(rows, train, test, target, seed):
    """From 0, chance, to 1."""
    if default_metric(rows, target) == "roc_auc":
        score = 2 * predict_score(rows, train, test, target, "roc_auc", seed, KEPT_CLASSES) - 1
    else:
        score = predict_score(rows, train, test, target, "r2", seed)
    return max(score, 0.0) if score == score else 0.0
