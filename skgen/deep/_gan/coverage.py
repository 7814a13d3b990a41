"""Mode coverage: whether a generator draws all that it has seen."""

from __future__ import annotations

import numpy as np
from sklearn.cluster import KMeans

from .layout import scores_at

#: Cells at most, rows of a cell at least on average, rows at most, and numbers of all rows' features at most.
MAX_CELLS, ROWS_PER_CELL, MAX_ROWS, MAX_NUMBERS = 50, 50, 10_000, 20_000_000


def mode_coverage(Z, weight, drawn, layout, rng) -> float:
    """The share of cells of the training rows that get at least half their mass among drawn rows.

    Cells are those of k-means on the rows' scores and codes, on average of 50 rows each and at most 50.

    Parameters
    ----------
    Z : ndarray of shape (n, d)
        Rows of a fit.
    weight : ndarray of shape (n,) or None
        Their weights.
    drawn : ndarray of shape (m, d)
        Rows of a generator.
    layout : RowLayout
        Scores and codes of all columns.
    rng : numpy.random.Generator
        Draws the rows and the starts of k-means.

    Returns
    -------
    float
        The share, 1 where nothing is lost.
    """
    most = int(min(MAX_ROWS, max(MAX_NUMBERS // max(layout.n_scores + layout.n_logits, 1), 1)))
    at = rng.permutation(len(Z))[:most]
    real, new = _features(Z[at], layout), _features(drawn[:most], layout)
    weight = np.ones(len(at)) if weight is None else weight[at]
    n_cells = int(np.clip(len(at) // ROWS_PER_CELL, 1, min(MAX_CELLS, len(np.unique(real, axis=0)))))
    means = KMeans(n_cells, n_init=1, random_state=int(rng.integers(2**31))).fit(real, sample_weight=weight)
    p = np.bincount(means.predict(real), weight, n_cells) / weight.sum()
    q = np.bincount(means.predict(new), minlength=n_cells) / len(new)
    return float(np.mean(q[p > 0] >= p[p > 0] / 2))


def _features(Z, layout):
    """Scores, and codes between two of which lies the distance 1."""
    hot, start, width = layout.encode(Z)
    codes = np.zeros((len(Z), layout.n_logits))
    np.put_along_axis(codes, hot, np.sqrt(0.5), axis=1)
    return np.concatenate([scores_at(start, width, 0.5), codes, np.zeros((len(Z), 1))], axis=1)
