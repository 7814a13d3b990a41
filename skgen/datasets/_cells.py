"""Cells of a table: which one an entry lies in, and the mass that familiar laws give it."""

import numpy as np
from scipy.special import gammaln, log_ndtr, xlogy


def log_normal_mass(low, high):
    """Log of the standard normal mass between two points, exact in both tails."""
    # by symmetry the tail on the left, where the logarithms keep their digits
    flip = low + high > 0
    left, right = np.where(flip, -high, low), np.where(flip, -low, high)
    log_right = log_ndtr(right)
    return log_right + np.log1p(-np.exp(log_ndtr(left) - log_right))


def log_poisson(k, mean):
    """Log-probability of a Poisson count, minus infinity below zero."""
    return np.where(k >= 0, xlogy(np.maximum(k, 0), mean) - mean - gammaln(np.maximum(k, 0) + 1), -np.inf)


def entropy_of(log_p):
    """Entropy of a finite law given as log-probabilities along the last axis."""
    p = np.exp(log_p)
    return -np.where(p > 0, p * log_p, 0.0).sum(axis=-1)


def cell_numbers(column, resolution=1.0):
    """Number of each entry's cell on the grid, NaN where an entry is missing or infinite."""
    x = np.asarray(column, dtype=np.float64)
    return np.rint(np.where(np.isfinite(x), x, np.nan) / resolution)


def level_codes(column, levels):
    """Position of each entry among the levels, -1 where it is none of them."""
    import pandas as pd

    return pd.Index(list(levels), dtype=object).get_indexer(np.asarray(column, dtype=object))
