"""Linear scores: sums over the features that follow a target of many cells, which single splits only approach in steps.

Each is a least-squares fit of the target, once of its position and once of its normal score, on those of the features,
as one table of addends for each feature.
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

#: Ridge penalty relative to a feature's variance, rows that pull a level's mean to 0, and the largest standard score.
RIDGE, LEVEL_ROWS, MOST = 1e-3, 20.0, 8.0


def linear_scores(codes, weight, cells, j, features):
    """Two axes, each a sum over the features.

    Parameters
    ----------
    codes : ndarray of int of shape (n, d)
        Cells of the rows.
    weight : ndarray of shape (n,)
        Weights of the rows.
    cells : list of ColumnCells
        Cells of all columns.
    j : int
        The target.
    features : ndarray of int of shape (p,)
        The features.
    """
    if not len(features):
        return []
    columns = [int(f) for f in features]
    return [(columns, _fit(codes, weight, cells, j, columns, place)) for place in (_positions, _normal_scores)]


def _fit(codes, weight, cells, j, features, place):
    y = place(cells[j])[codes[:, j]]
    tables = [
        place(cells[f]) if cells[f].column.kind == "number" else _level_means(codes[:, f], y, weight, cells[f].n_cells)
        for f in features
    ]
    X = np.column_stack([table[codes[:, f]] for table, f in zip(tables, features)])
    gram = X.T @ (X * weight[:, None]) + RIDGE * weight.sum() * np.eye(len(features))
    slopes = np.linalg.solve(gram, X.T @ (weight * y))
    return [(table * slope).astype(np.float32) for table, slope in zip(tables, slopes)]


def _level_means(code, y, weight, n_levels):
    """The target's mean at each level, shrunk to 0, in units of their spread."""
    total = np.bincount(code, weight, n_levels + 1)
    means = np.bincount(code, weight * y, n_levels + 1) / (total + LEVEL_ROWS)
    return means / (np.sqrt(np.average(means**2, weights=total)) or 1.0)


def _positions(cells):
    """Standard scores of the middles of the cells; a missing one lies at the mean."""
    if cells.tiling is None:
        return _standardised(cells.column.values if len(cells.column.values) else np.zeros(cells.n_cells), cells.mass)
    return _standardised((cells.tiling.edges[1:] + cells.tiling.edges[:-1]) / 2, cells.mass)


def _normal_scores(cells):
    mass = cells.mass[:-1]
    return _standardised(ndtri((np.cumsum(mass) - mass / 2) / mass.sum()), cells.mass)


def _standardised(x, mass):
    mass = mass[:-1]
    if not mass.sum():
        return np.zeros(len(x) + 1)
    mean = np.average(x, weights=mass)
    spread = np.sqrt(np.average((x - mean) ** 2, weights=mass)) or 1.0
    return np.append(np.clip((x - mean) / spread, -MOST, MOST), 0.0)
