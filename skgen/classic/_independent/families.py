"""Families: the parametric laws of one number, each with its fit by maximum likelihood.

A family is a row of `FAMILIES`: what fits its parameters (None where the column is not of its kind), and the law of
scipy with those parameters.
"""

from __future__ import annotations

import numpy as np
from scipy import stats
from scipy.special import digamma, polygamma

#: Largest count of a binomial or Poisson law, shape of a gamma law, and trials of a binomial in units of its largest.
MOST_COUNTS, MOST_SHAPE, MOST_TRIALS = 1e6, 1e8, 16

_NEWTON_STEPS = 50


def _mean(x, weight):
    shift = x[0]  # so that a spread far from 0 keeps its digits
    return shift + weight @ (x - shift) / weight.sum()


def _normal(x, weight, column):
    mean = _mean(x, weight)
    sd = np.sqrt(weight @ (x - mean) ** 2 / weight.sum()) if len(x) > 1 else 0.0
    return {"mean": mean, "sd": sd or max(column.resolution, 1e-6 * abs(mean)) or 1e-6}


def _positive(x, column):
    """The numbers, those of the cell at 0 moved to its middle; None where others are not positive."""
    if x.min() < 0 or (x.min() == 0 and column.resolution == 0):
        return None
    return np.maximum(x, column.resolution / 4)


def _lognormal(x, weight, column):
    x = _positive(x, column)
    if x is None:
        return None
    log = _normal(np.log(x), weight, column)
    return {"log_mean": log["mean"], "log_sd": log["sd"] if len(x) > 1 else 1e-6}


def _gamma(x, weight, column):
    x = _positive(x, column)
    if x is None:
        return None
    mean = weight @ x / weight.sum()
    gap = np.log(mean) - weight @ np.log(x) / weight.sum()  # log k - digamma(k)
    if gap < 1 / MOST_SHAPE:
        return {"shape": MOST_SHAPE, "scale": mean / MOST_SHAPE}
    k = (3 - gap + np.sqrt((gap - 3) ** 2 + 24 * gap)) / (12 * gap)
    for _ in range(4):  # Minka (2002)
        k = 1 / (1 / k + (np.log(k) - digamma(k) - gap) / (k * (1 - k * polygamma(1, k))))
    return {"shape": k, "scale": mean / k}


def _beta(x, weight, column):
    low, high = _ends(column)
    if x.min() < low or x.max() > high:
        return None
    width = high - low
    y = np.clip((x - low) / width, column.resolution / 4 / width, 1 - column.resolution / 4 / width)
    if y.min() <= 0 or y.max() >= 1 or len(x) < 2:
        return None
    share = weight / weight.sum()
    mean, variance = share @ y, share @ (y - share @ y) ** 2
    start = np.array([mean, 1 - mean]) * max(mean * (1 - mean) / variance - 1, 1e-2)
    a, b = _beta_shapes(np.array([share @ np.log(y), share @ np.log1p(-y)]), start)
    return {"a": a, "b": b, "low": low, "high": high}


def _ends(column):
    """The interval of a beta law: stated bounds, else the seen range; the unit interval on arrays."""
    half = column.resolution / 2
    low = column.low if np.isfinite(column.low) else column.lower
    high = column.high if np.isfinite(column.high) else column.upper
    return (low - half, high + half) if np.isfinite(low) and np.isfinite(high) else (0.0, 1.0)


def _beta_shapes(mean_logs, shapes):
    """Newton's method on the likelihood of a beta law, in halves of steps that would leave the positive numbers."""
    for _ in range(_NEWTON_STEPS):
        total = shapes.sum()
        slope = mean_logs - digamma(shapes) + digamma(total)
        hessian = polygamma(1, total) - np.diag(polygamma(1, shapes))
        step = -np.linalg.solve(hessian, slope)
        while (shapes + step <= 0).any():
            step = step / 2
        shapes = shapes + step
        if np.abs(step).max() <= 1e-12 * shapes.min():
            break
    return shapes


def _are_counts(x, column):
    return column.resolution == 1 and x.min() >= 0 and x.max() <= MOST_COUNTS


def _poisson(x, weight, column):
    return {"rate": max(weight @ x / weight.sum(), 1e-12)} if _are_counts(x, column) else None


def _binomial(x, weight, column):
    """The number of trials too is that of highest likelihood, up to `MOST_TRIALS` times the largest count."""
    if not _are_counts(x, column) or x.max() == 0:
        return None
    mean, largest = weight @ x / weight.sum(), x.max()
    tried = np.unique(np.rint(largest * np.geomspace(1, MOST_TRIALS, 33)))
    trials = max(tried, key=lambda n: weight @ stats.binom.logpmf(x, n, mean / n))
    return {"trials": trials, "p": min(mean / trials, 1 - 1e-12)}


#: Name -> fit, the law of scipy with its parameters, whether it is a law on whole numbers, its number of parameters.
FAMILIES = {
    "normal": (_normal, lambda mean, sd: stats.norm(mean, sd), False, 2),
    "lognormal": (_lognormal, lambda log_mean, log_sd: stats.lognorm(log_sd, scale=np.exp(log_mean)), False, 2),
    "gamma": (_gamma, lambda shape, scale: stats.gamma(shape, scale=scale), False, 2),
    "beta": (_beta, lambda a, b, low, high: stats.beta(a, b, loc=low, scale=high - low), False, 2),
    "poisson": (_poisson, lambda rate: stats.poisson(rate), True, 1),
    "binomial": (_binomial, lambda trials, p: stats.binom(trials, p), True, 2),
}


def fit_family(name, x, weight, column):
    """Parameters of highest likelihood for distinct numbers of some weight; None where the family does not apply."""
    found = FAMILIES[name][0](x, weight, column)
    return None if found is None else {key: float(value) for key, value in found.items()}


def scipy_law(name, parameters):
    """The law of scipy with these parameters."""
    return FAMILIES[name][1](**parameters)
