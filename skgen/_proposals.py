"""Conditional samples by likelihood weighting: a model's proposals, resampled by the weights it gives them."""

from __future__ import annotations

import numpy as np

from ._resampling import LARGEST_POOL, LEAST_ESS, WARN_ESS, give_up, systematic

#: Proposals of the first pool: for each wanted row, and for each distinct condition at least.
FIRST_PER_ROW, FIRST_PER_POINT = 4, 256


def resample_proposals(model, points, known, allowed, rng, ess, meets):
    """Unknown cells for rows that know the same columns.

    Parameters
    ----------
    model : GenerativeModel
        A fitted model with the hook `_propose_given`.
    points : ndarray of shape (m, n_features)
        Known values of each row.
    known : ndarray of bool of shape (n_features,)
        Which columns they are.
    allowed : list of Allowed or None
        Sets for the unknown columns.
    rng : numpy.random.Generator
        Source of the draws.
    ess : list of (float, int, bytes)
        Effective sizes, the draws behind them and what is known, appended to.
    meets : callable
        Mask of the rows that lie in the sets and in the seen support.
    """
    keys = np.where(np.isnan(points), np.inf, points)[:, known]  # along an axis NaN never equals NaN
    _, first, row_of, counts = np.unique(keys, axis=0, return_index=True, return_inverse=True, return_counts=True)
    order = np.split(np.argsort(row_of.reshape(-1), kind="stable"), np.cumsum(counts)[:-1])
    sizes = np.maximum(FIRST_PER_ROW * counts, FIRST_PER_POINT)
    pools = _Pools(model, points[first], known, allowed, rng, meets)
    Z = np.empty(points.shape)
    for group in _groups(sizes):
        pools.draw(group, sizes[group], counts[group])
        for k in group:
            weight, size = _normalised(pools.log_weight[k])
            ess.append((size, len(weight), known.tobytes() + keys[first[k]].tobytes()))
            if size < LEAST_ESS:
                give_up(ess[-1], model, known, allowed, pools.effective_without(k))
            Z[order[k]] = pools.Z[k][systematic(weight, counts[k], rng)]
            del pools.Z[k], pools.log_weight[k]
    return Z


def _groups(sizes):
    """Conditions whose first pools are drawn in one call."""
    part = (np.cumsum(sizes) - sizes) // LARGEST_POOL
    return np.split(np.arange(len(sizes)), np.flatnonzero(np.diff(part)) + 1)


def _normalised(log_weight):
    """Weights that add up to 1, and their effective size."""
    top = log_weight.max()
    if not np.isfinite(top):
        return np.zeros(len(log_weight)), 0.0
    weight = np.exp(log_weight - top)
    return weight / weight.sum(), float(weight.sum() ** 2 / (weight**2).sum())


class _Pools:
    """Weighted proposals for each condition, grown by doubling until enough of them count."""

    def __init__(self, model, points, known, allowed, rng, meets):
        self.model, self.points, self.known, self.allowed = model, points, known, allowed
        self.rng, self.meets = rng, meets
        self.Z, self.log_weight = {}, {}

    def draw(self, group, sizes, counts):
        """Pools for a group of conditions."""
        while len(group):
            self._extend(group, sizes)
            size = np.array([_normalised(self.log_weight[k])[1] for k in group])
            poor = (size < np.maximum(counts, WARN_ESS)) & (2 * sizes <= LARGEST_POOL)
            group, sizes, counts = group[poor], 2 * sizes[poor], counts[poor]

    def _extend(self, group, sizes):
        wanted = sizes - [len(self.Z.get(k, ())) for k in group]
        ends = np.cumsum(wanted)[:-1]
        Z, log_weight = self._propose(np.repeat(self.points[group], wanted, axis=0), self.known, self.allowed)
        for k, new, weight in zip(group, np.split(Z, ends), np.split(log_weight, ends)):
            if k in self.Z:
                new, weight = np.concatenate([self.Z[k], new]), np.concatenate([self.log_weight[k], weight])
            self.Z[k], self.log_weight[k] = new, weight

    def _propose(self, points, known, allowed):
        Z, log_weight = self.model._propose_given(points, known, self.rng, allowed)
        return Z, np.where(self.meets(Z, known, allowed, self.model.codec_), log_weight, -np.inf)

    def effective_without(self, k):
        """The effective size of a condition's first pool under fewer conditions."""

        def effective(known, allowed):
            points = np.repeat(self.points[[k]], 4 * FIRST_PER_POINT, axis=0)
            return _normalised(self._propose(points, known, allowed)[1])[1]

        return effective
