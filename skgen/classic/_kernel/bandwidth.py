"""Bandwidths: rules, leave-one-out likelihood, and distances to neighbours.

For a Gaussian kernel and p columns of numbers with standard deviations s_j, n the sum of the weights:

    h_j  =  c s_j,    c = n^(-1/(p + 4))  (Scott),    (n (p + 2) / 4)^(-1/(p + 4))  (Silverman).

Other kernels have their canonical multiple of it (Marron and Nolan 1988), which smooths as much.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial import KDTree

from .._threads import worker_threads
from .shapes import KERNELS
from .smoothing import LeaveOneOut, affordable_queries, fit_smoothing, iterate

#: Most rows of the leave-one-out likelihood.
_MAX_ROWS = 10_000

#: Factors of the rule between which the likelihood is searched.
_SEARCH = (0.02, 4.0)

_GRID, _STEPS = 8, 9

#: Rounds of EM steps, each followed by a search of the bandwidth.
_ROUNDS = (6, 4)

#: Smallest local bandwidth as a multiple of Scott's: rows with equal numbers are at distance 0.
_LEAST_FACTOR = 1e-2


def scott(n, p):
    """Scott's factor."""
    return max(n, 1.0) ** (-1 / (p + 4))


def silverman(n, p):
    """Silverman's factor."""
    return max(n * (p + 2) / 4, 1.0) ** (-1 / (p + 4))


#: Rules by name.
RULES = {"scott": scott, "silverman": silverman}


def canonical(kernel):
    """How much wider than a Gaussian a kernel is that smooths as much."""
    return KERNELS[kernel].canonical / KERNELS["gaussian"].canonical


def select(centres, bandwidth, n_neighbors, rng, n_jobs):
    """Bandwidths (d,), mixture weights of the columns, and factors (N,) of local bandwidths or None."""
    n, p = centres.weight.sum(), int(centres.is_local().sum())
    spread, weights, factors = centres.spreads(), centres.start_weights(), None
    if isinstance(bandwidth, str) and bandwidth == "cv":
        h, weights = _by_likelihood(centres, spread, weights, rng, n_jobs)
        return h * canonical(centres.kernel), weights, None
    if not isinstance(bandwidth, str):
        h = np.where(centres.is_number(), np.broadcast_to(np.asarray(bandwidth, float), spread.shape), np.nan)
    else:
        h = RULES.get(bandwidth, scott)(n, p) * spread * canonical(centres.kernel)
    if isinstance(bandwidth, str) and bandwidth == "neighbors" and p:
        local = neighbor_factors(centres, spread, n_neighbors, n_jobs) / scott(n, p)
        typical = np.exp(np.average(np.log(local), weights=centres.weight))
        h, factors = h * typical, local / typical
    return h, fit_smoothing(centres, h, weights, rng, n_jobs), factors


def _by_likelihood(centres, spread, weights, rng, n_jobs):
    """One factor c for all columns, and the mixture weights, by the leave-one-out likelihood of a Gaussian kernel."""
    n, p = centres.weight.sum(), int(centres.is_local().sum())
    gaussian = type(centres)(centres.Z, centres.weight, centres.columns, "gaussian", centres.kinds)
    mixed = centres.mixes().any()
    n_queries = affordable_queries(gaussian, _MAX_ROWS) if mixed else _MAX_ROWS
    rows = LeaveOneOut(gaussian, rng, _MAX_ROWS, n_queries, n_jobs)
    m = min(rows.centres.weight.sum(), n)
    c = scott(m, p)
    for max_iter in _ROUNDS if mixed else (0,):
        weights = iterate(rows, c * spread, weights, max_iter)
        if centres.is_number().any():
            c = _search(rows, spread, weights, scott(m, p))
    h = c * (n / m) ** (-1 / (p + 4)) * spread
    return h, fit_smoothing(centres, h, weights, rng, n_jobs)


def _search(rows, spread, weights, rule):
    """The factor of highest likelihood: a coarse grid of logarithms, then golden sections about its best point."""

    def score(log_c):
        return rows.score(np.exp(log_c) * spread, weights)

    grid = np.log(rule * np.geomspace(*_SEARCH, _GRID))
    scores = [score(x) for x in grid]
    best = int(np.argmax(scores))
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, _GRID - 1)]
    golden = (np.sqrt(5) - 1) / 2
    a, b = high - golden * (high - low), low + golden * (high - low)
    score_a, score_b = score(a), score(b)
    for _ in range(_STEPS):
        if score_a >= score_b:
            high, b, score_b = b, a, score_a
            a = high - golden * (high - low)
            score_a = score(a)
        else:
            low, a, score_a = a, b, score_b
            b = low + golden * (high - low)
            score_b = score(b)
    return np.exp((low + high) / 2)


def neighbor_factors(centres, spread, n_neighbors, n_jobs):
    """Local bandwidths (N,) in standard deviations: distances to the k-th neighbour over sqrt(p)."""
    local = centres.is_local()
    n, p = centres.weight.sum(), int(local.sum())
    X = centres.Z[:, local]
    absent = np.isnan(X)
    mean = np.where(absent, 0.0, X).sum(axis=0) / np.maximum((~absent).sum(axis=0), 1)
    U = np.where(absent, 0.0, (X - mean) / spread[local])
    distance = _weighted_neighbor(U, centres.weight, n_neighbors + 1, worker_threads(n_jobs))
    return np.maximum(distance / np.sqrt(p), _LEAST_FACTOR * scott(n, p))


def _weighted_neighbor(U, weight, count, n_workers):
    """Radius about each point within which the weights, its own included, reach `count`."""
    N = len(U)
    tree, radius, left = KDTree(U), np.empty(N), np.arange(N)
    k = min(N, count)
    while True:
        distance, index = tree.query(U[left], k=k, workers=n_workers)
        distance, index = distance.reshape(len(left), k), index.reshape(len(left), k)
        reached = np.cumsum(weight[index], axis=1) >= count * (1 - 1e-9)
        found = reached.any(axis=1) | (k == N)
        first = np.where(reached.any(axis=1), reached.argmax(axis=1), k - 1)
        radius[left[found]] = distance[found, first[found]]
        left = left[~found]
        if not len(left):
            return radius
        k = min(N, 2 * k)
