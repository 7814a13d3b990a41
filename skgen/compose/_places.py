"""Places of the rows of fit within their cells, where a map is bent.

Rows that share a cell are no value that repeats there: of mass that stays at a point the Jacobian counts too much, or
nothing. Rows are therefore learnt anywhere in their cells, and the density's columns say so (`Column.spread`).
"""

from __future__ import annotations

import numpy as np

from .._random import generator_from

#: Seed of the places.
SEED = 0
#: Rows that weights may grow to, or times the rows where that is more; beyond, copies of a row keep weights above 1.
MOST_ROWS, MOST_TIMES = 100_000, 4


def placed_rows(rows, N, weight):
    """Rows of fit, each at a place of its own: a weight of 2 is two rows.

    Parameters
    ----------
    rows : RowMap
        The map.
    N : ndarray of shape (n, d)
        The numbers of the rows of fit.
    weight : ndarray of shape (n,) or None
        Weights that the density is to learn them with.

    Returns
    -------
    at : ndarray of shape (m,)
        The row of fit that each row is.
    N : ndarray of shape (m, d)
        Its numbers.
    weight : ndarray of shape (m,) or None
        Its weight.
    """
    bent, at = rows.gridded_bent(), np.arange(len(N))
    if not bent:
        return at, N, weight
    if weight is not None:
        at, weight = _copies(weight)
    return at, _spread(rows, N[at], weight, bent), weight


def _copies(weight):
    """As many copies of each row as its weight has whole rows, one at least, of equal weights that add up to it."""
    n_copies = np.maximum(np.floor(weight * (1 + 1e-9)), 1.0)
    share = min((max(MOST_ROWS, MOST_TIMES * len(weight)) - len(weight)) / n_copies.sum(), 1.0)
    n_copies = np.maximum(np.floor(n_copies * share), 1).astype(np.int64)
    return np.repeat(np.arange(len(weight)), n_copies), np.repeat(weight / n_copies, n_copies)


def _spread(rows, N, weight, bent):
    """The numbers, each anywhere in its cell; the order of the rows makes no difference."""
    rng, order = generator_from(SEED), np.lexsort([*([] if weight is None else [weight]), *N.T[::-1]])
    N = N.copy()
    for j in bent:
        offset = np.empty(len(N))
        offset[order] = rows.codec.schema.columns[j].resolution * (rng.random(len(N)) - 0.5)
        N[:, j] = _moved(rows, N, j, offset, order)
    return N


def _moved(rows, N, j, offset, order):
    """Numbers of column j moved within their cells, to the other side of the centre where the map has no value.

    A row of the least number and one of the greatest move outwards or not at all: the range must reach their centres.
    """
    centre, N = N[:, j], N.copy()
    if np.isnan(centre).all():
        return centre
    ends, outwards = order[[np.nanargmin(centre[order]), np.nanargmax(centre[order])]], [-1, 1]
    first, second = centre + offset, centre - offset
    first[ends], second[ends] = centre[ends] + outwards * np.abs(offset[ends]), centre[ends]
    stays = np.ones(len(N), bool)
    for moved in (first, second):
        N[stays, j] = moved[stays]
        stays &= ~(rows.same_cell(j, centre, N[:, j]) & np.isfinite(rows.change.log_derivatives(N)).all(axis=1))
    return np.where(stays, centre, N[:, j])
