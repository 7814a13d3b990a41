"""Bins: every cell of a table as one of finitely many codes, by edges that the real table sets."""

from __future__ import annotations

from numbers import Integral

import numpy as np
from scipy import sparse


def check_bins(n_bins) -> int:
    """The number of bins, at least 1."""
    if not isinstance(n_bins, Integral) or isinstance(n_bins, bool) or n_bins < 1:
        raise ValueError(f"n_bins must be a positive integer, got {n_bins!r}.")
    return int(n_bins)


def bin_codes(rows, Z, n_bins, values=False):
    """Codes of each column and how many there are: levels, bins, single values if `values`; the last one is missing.

    Numbers are cut at edges of equal width over the real range, the outer bins without an end. Where the real column
    is constant the bins are below it, at it and above it.
    """
    codes = np.empty(Z.shape, np.int64)
    widths = np.empty(Z.shape[1], np.int64)
    for j, column in enumerate(rows.columns):
        z = Z[:, j]
        if column.kind == "category":
            codes[:, j], widths[j] = rows.codes(Z, j), rows.n_levels[j] + 1
            continue
        if values and len(column.values):
            at, n = _nearest_value(rows.cells(Z)[:, j], column.values), len(column.values) + 1
        else:
            at, n = _bin(z, rows.low[j], rows.high[j], n_bins)
        codes[:, j], widths[j] = np.where(np.isnan(z), n, at), n + 1
    return codes, widths


def _bin(z, low, high, n_bins):
    if not high > low:
        return np.sign(np.where(np.isnan(z), low, z) - low).astype(np.int64) + 1, 3
    edges = np.linspace(low, high, n_bins + 1)[1:-1]
    return np.searchsorted(edges, z, side="right"), n_bins


def _nearest_value(z, values):
    """Positions among the seen values, their number for another one."""
    at = np.searchsorted(values, z).clip(max=len(values) - 1)
    return np.where(values[at] == z, at, len(values))


def pair_shares(codes, widths):
    """Shares of every pair of codes of any two columns, those of single codes on the diagonal: sparse (D, D)."""
    n, d = codes.shape
    positions = codes + (np.cumsum(widths) - widths)
    ones = sparse.csr_array((np.ones(n * d), positions.ravel(), np.arange(n + 1) * d), shape=(n, widths.sum()))
    return (ones.T @ ones) / n
