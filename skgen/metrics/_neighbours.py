"""Nearest rows in a mixed table, by a Gower-like distance.

A number adds its absolute difference over the real range, at most 1; levels that differ add 1; a missing cell beside a
present one adds 1, two missing cells nothing.
"""

from __future__ import annotations

import numpy as np

#: Rows of a block of distances: 128 x 2,048 of them in float32 fill one megabyte, which stays in the cache.
BLOCK_QUERIES, BLOCK_REFERENCE = 128, 2048
#: Distances that differ by no more are ties: numbers are compared in float32.
TIE = 1e-6
#: Where a missing number stands: far from every other one, so that the cap of 1 a column takes effect.
MISSING_PLACE = np.float32(1e9)


def nearest_rows(queries, reference, rows):
    """Distance to the nearest reference row, and which row that is.

    Parameters
    ----------
    queries : ndarray of shape (n, d)
        Typed rows.
    reference : ndarray of shape (m, d)
        Typed rows, at least one.
    rows : PairedRows
        Gives the kinds and the ranges of the columns.

    Returns
    -------
    distance : ndarray of shape (n,)
        Between 0 and d.
    index : ndarray of shape (n,)
        The first of the nearest reference rows.
    """
    distance, index, _ = mutual_nearest(queries, reference, rows)
    return distance, index


def mutual_nearest(queries, reference, rows):
    """`nearest_rows`, and the distance of each reference row to its nearest query: one pass serves both."""
    A, B = _split(queries, rows), _split(reference, rows)
    n, m = len(queries), len(reference)
    distance, index, back = np.full(n, np.inf, np.float32), np.zeros(n, np.int64), np.full(m, np.inf, np.float32)
    for b in range(0, m, BLOCK_REFERENCE):
        there = slice(b, b + BLOCK_REFERENCE)
        right = _rows_of(B, there)
        for a in range(0, n, BLOCK_QUERIES):
            here = slice(a, a + BLOCK_QUERIES)
            block = _distances(_rows_of(A, here), right)
            nearest = block.argmin(axis=1)
            found = block[np.arange(len(block)), nearest]
            better = found < distance[here]
            distance[here] = np.where(better, found, distance[here])
            index[here] = np.where(better, nearest + b, index[here])
            back[there] = np.minimum(back[there], block.min(axis=0))
    return distance.astype(float), index, back.astype(float)


def _split(Z, rows):
    """Numbers over the real range in float32, and levels as small integers, a column in a row of its own."""
    is_category = rows.is_category
    numbers = np.ascontiguousarray(rows.scaled(Z)[:, ~is_category].T, dtype=np.float32)
    numbers[np.isnan(numbers)] = MISSING_PLACE
    widths = [n + 1 for n in rows.n_levels[is_category]]
    codes = Z[:, is_category].T
    codes = np.where(np.isnan(codes), np.array(widths)[:, None] - 1 if widths else 0, codes)
    return numbers, np.ascontiguousarray(codes, dtype=np.min_scalar_type(max(widths, default=0)))


def _rows_of(parts, here):
    return [part[:, here] for part in parts]


def _distances(left, right):
    """All distances between the rows of two blocks, (a, b)."""
    (x, s), (y, t) = left, right
    shape = (x.shape[1], y.shape[1])
    total, step = np.zeros(shape, np.float32), np.empty(shape, np.float32)
    for u, v in zip(x, y):  # one column at a time: a block of all columns would leave the cache
        np.subtract(u[:, None], v[None, :], out=step)
        np.abs(step, out=step)
        np.minimum(step, np.float32(1), out=step)
        total += step
    if len(s):
        # counted in bytes, which is several times as fast as adding booleans to floats
        count, differs = np.zeros(shape, np.min_scalar_type(len(s))), np.empty(shape, bool)
        for u, v in zip(s, t):
            np.not_equal(u[:, None], v[None, :], out=differs)
            count += differs.view(np.uint8)
        total += count
    return total
