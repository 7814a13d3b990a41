"""The order of a category's levels along the first axis of a correspondence analysis against the other columns.

With P the table of levels by the other columns' bins, r and c its margins, the scores are those of the first singular
vector of D_r^(-1/2) (P - r c') D_c^(-1/2): levels that go with the same values elsewhere come to lie side by side.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import eigh
from scipy.sparse import csr_array

from .spline import quantile_positions, weighted_values

MAX_PARTNERS = 32  # other columns that enter; evenly spaced ones in a wider table
MAX_LEVELS = 64  # levels of another column that count as its bins; rarer ones are pooled
NUMBER_BINS = 8


def level_orders(Z, columns, sample_weight=None):
    """Orders of the levels of every category column.

    Parameters
    ----------
    Z : ndarray of shape (n, d)
        The typed view.
    columns : list of CodecColumn
        Its columns.
    sample_weight : ndarray of shape (n,) or None, default=None
        Weights of the rows.

    Returns
    -------
    dict
        Column -> the codes 0..S-1 in their order.
    """
    weight = np.ones(len(Z)) if sample_weight is None else np.asarray(sample_weight, float)
    wanted = [j for j, column in enumerate(columns) if column.kind == "category"]
    orders = {j: np.arange(columns[j].n_codes) for j in wanted}
    wanted = [j for j in wanted if columns[j].n_codes > 2]  # two levels have one order
    if not wanted or Z.shape[1] == 1 or len(Z) == 0:
        return orders
    partners = np.unique(np.linspace(0, Z.shape[1] - 1, min(Z.shape[1], MAX_PARTNERS + 1)).astype(int))
    bins, owner = _bin_table(Z, columns, weight, partners)
    for j in wanted:
        table = _crosstab(Z[:, j], columns[j].n_codes, bins, weight)[:, owner != j]
        orders[j] = _axis_order(first_axis(table))
    return orders


def _bin_table(Z, columns, weight, partners):
    """Indicators of the partners' bins, sparse (n, Q), and the column that owns each bin."""
    codes, owner, start = [], [], 0
    for j in partners:
        code, n_bins = _bins(Z[:, j], columns[j], weight)
        codes.append(code + start)
        owner.append(np.full(n_bins, j))
        start += n_bins
    indices = np.stack(codes, axis=1)  # (n, partners)
    table = csr_array(
        (np.ones(indices.size), indices.ravel(), np.arange(len(Z) + 1) * len(partners)), shape=(len(Z), start)
    )
    return table, np.concatenate(owner)


def _bins(z, column, weight):
    absent = np.isnan(z)
    if column.kind == "category":
        code = np.where(absent, column.n_codes, z).astype(np.int64)
        code[code > column.n_codes] = column.n_codes
        return _pool_rare(code, column.n_codes + 1, weight)
    if absent.all():
        return np.zeros(len(z), np.int64), 1
    values, mass = weighted_values(z[~absent], weight[~absent])
    edges = values[quantile_positions(mass, NUMBER_BINS)][1:-1]
    code = np.where(absent, len(edges) + 1, np.searchsorted(edges, z))
    return code.astype(np.int64), len(edges) + 2


def _pool_rare(code, n_codes, weight):
    if n_codes <= MAX_LEVELS:
        return code, n_codes
    mass = np.bincount(code, weights=weight, minlength=n_codes)
    frequent = np.argsort(-mass, kind="stable")[: MAX_LEVELS - 1]
    pooled = np.full(n_codes, MAX_LEVELS - 1)
    pooled[frequent] = np.arange(MAX_LEVELS - 1)
    return pooled[code], MAX_LEVELS


def _crosstab(z, n_levels, bins, weight):
    """Weighted counts of levels by bins, sparse (levels, bins)."""
    rows = np.flatnonzero((z >= 0) & (z < n_levels))
    level = csr_array((weight[rows], (z[rows].astype(np.int64), rows)), shape=(n_levels, len(z)))
    return level @ bins


def first_axis(table):
    """Scores of the rows of a table of counts on its first correspondence axis."""
    total = table.sum()
    if not total:
        return np.zeros(table.shape[0])
    row_root = np.sqrt(table.sum(axis=1) / total)
    column_root = np.sqrt(table.sum(axis=0) / total)
    if table.shape[0] <= table.shape[1]:
        A = _scaled(table / total, row_root, column_root)
        vector = _leading((A @ A.T).toarray(), row_root)
    else:
        A = _scaled(table / total, row_root, column_root)
        vector = A @ _leading((A.T @ A).toarray(), column_root)
    return _divide(vector, row_root)


def _scaled(table, row_root, column_root):
    table = csr_array(table)
    rows = np.repeat(np.arange(table.shape[0]), np.diff(table.indptr))
    return csr_array(
        (table.data / (row_root[rows] * column_root[table.indices]), table.indices, table.indptr), table.shape
    )


def _leading(gram, trivial):
    """First eigenvector of a Gram matrix without its trivial direction, whose eigenvalue is 1."""
    size = len(gram)
    matrix = gram - np.outer(trivial, trivial)
    _, vectors = eigh(matrix, subset_by_index=[size - 1, size - 1])
    if not vectors.shape[1]:  # LAPACK's search for one of many equal eigenvalues can come back empty
        _, vectors = eigh(matrix)
    return vectors[:, -1]


def _divide(a, b):
    return np.divide(a, b, out=np.zeros_like(a), where=b > 0)


def _axis_order(scores):
    """Codes by score, ties by code, the end farthest from the centre last."""
    largest = np.abs(scores).max()
    if largest == 0:
        return np.arange(len(scores))
    scores = np.round(scores / largest, 9)  # so that rounding decides nothing
    farthest = np.argmax(np.abs(scores))
    return np.argsort(scores * np.sign(scores[farthest]), kind="stable")
