r"""Paired means: what rows or folds say of several models, and of their differences to one of them.

With values v_i and weights w_i of sum W, the mean and its standard error are

.. math:: \bar v = \sum_i w_i v_i / W, \qquad
          \operatorname{se}(v)^2 = \sum_i w_i (v_i - \bar v)^2 / (W (W - 1)).

Differences are taken before the mean, v_i = s_m(i) - s_best(i): what makes a row hard for both models cancels. Weights
of mean below 1 are scaled to 1 first: shares of a whole say nothing of how many rows there are.
"""

import numpy as np
from scipy.stats import t as student

from .._row_weights import weights_as_rows

#: What scores can be, best first; and the mark that stands before them.
LIKELIHOODS = ("exact", "lower_bound", "estimate")
MARKS = {"exact": "", "lower_bound": ">= ", "estimate": "~ "}
#: Probability of the intervals.
LEVEL = 0.95


def pair_weights(sample_weight, n_rows):
    """What each row counts: 1 without weights, else on the scale of the rows whose weight is not 0."""
    if sample_weight is None:
        return np.ones(n_rows)
    weights = np.asarray(sample_weight, dtype=np.float64)
    seen = weights > 0
    if weights.shape != (n_rows,) or not seen.any() or not ((weights >= 0) & (weights < np.inf)).all():
        raise ValueError(
            f"sample_weight must have a number from 0 for each of {n_rows} rows, one of them above 0; got {weights}."
        )
    scaled = np.zeros(n_rows)
    scaled[seen] = weights_as_rows(weights[seen])
    return scaled


def mean_and_error(values, weights):
    """Weighted mean and its standard error, where a weight counts equal rows.

    Parameters
    ----------
    values : ndarray of shape (n,)
        NaN where there is none.
    weights : ndarray of shape (n,)
        Positive weights.

    Returns
    -------
    mean, error : float
        The error is NaN where it is not defined: one row, or an infinite value.
    total : float
        The sum of the weights that counted.
    """
    used = ~np.isnan(values)
    v, w = values[used], weights[used]
    total = float(w.sum())
    mean = float(v @ w / total) if total > 0 else np.nan
    if total <= 1 or not np.isfinite(mean):
        return mean, np.nan, total
    return mean, float(np.sqrt(w @ (v - mean) ** 2 / (total * (total - 1)))), total


def paired_difference(values, reference, weights):
    """Mean of the differences, its standard error, and the ends of its interval by Student's law."""
    with np.errstate(invalid="ignore"):
        differences = values - reference  # two densities of zero differ by nothing that can be said: NaN
    mean, error, total = mean_and_error(differences, weights)
    half = student.ppf((1 + LEVEL) / 2, total - 1) * error if total > 1 else np.nan
    return mean, error, mean - half, mean + half


def order_models(means, likelihood):
    """Names in the order of a table: exact scores and bounds by their mean, then estimates; and the best of them.

    The best is the exact model of the highest mean; without any, the first.
    """
    names = sorted(means, key=lambda name: (likelihood[name] == "estimate", -means[name]))
    exact = [name for name in names if likelihood[name] == "exact"]
    return names, exact[0] if exact else names[0]
