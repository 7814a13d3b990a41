"""Balls: around each row, as far as its k-th nearest neighbour in the same table."""

from __future__ import annotations

from numbers import Integral

import numpy as np
from sklearn.metrics import euclidean_distances

#: Entries of a block of distances.
_BLOCK = 2**22
#: Squared distances that rounding alone can give to equal rows.
_ROUNDING = 1e-9


def check_neighbors(n_neighbors, n_rows):
    """The neighbour's number, which needs at least one more row."""
    if not isinstance(n_neighbors, Integral) or isinstance(n_neighbors, bool) or n_neighbors < 1:
        raise ValueError(f"n_neighbors must be a positive integer, got {n_neighbors!r}.")
    if n_rows <= n_neighbors:
        raise ValueError(f"n_neighbors={n_neighbors} needs more rows than that in each table, got {n_rows}.")


def squared_distances(A, B):
    """Squared Euclidean distances a block of rows of A at a time: positions and distances."""
    step = max(1, _BLOCK // B.shape[0])
    for start in range(0, A.shape[0], step):  # blocks bound the memory
        yield slice(start, start + step), euclidean_distances(A[start : start + step], B, squared=True)


def ball_radii(E, k):
    """Squared distance of each row's k-th neighbour, itself not counted."""
    return np.concatenate([np.partition(d2, k, axis=1)[:, k] for _, d2 in squared_distances(E, E)]) + _ROUNDING


def ball_hits(centres, radii, points):
    """How many balls hold each point, and how many points each ball holds."""
    per_point, per_ball = np.zeros(points.shape[0], np.int64), np.empty(centres.shape[0], np.int64)
    for at, d2 in squared_distances(centres, points):
        inside = d2 <= radii[at, None]
        per_point += inside.sum(axis=0)
        per_ball[at] = inside.sum(axis=1)
    return per_point, per_ball
