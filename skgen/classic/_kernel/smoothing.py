"""Leave-one-out likelihood of a kernel density, and the EM that raises it in the columns' mixture weights.

A row that is left out belongs to centre i with responsibility r_i, and its cell of column j to the centre's own cell,
its local kernel or the marginal law in the proportions of their masses. The mean of these proportions is the next
weight vector of the column: EM, which never lowers the likelihood (but for the prior of one row for each part).
"""

from __future__ import annotations

import numpy as np

from .centres import systematic_sample
from .column_kernel import MARGINAL
from .sums import NOTHING, KernelSum, leave_out

#: Centres, and terms of one pass times columns, that the search is content with.
_MAX_CENTRES, _TERMS = 40_000, 8e7

#: Rows that are left out, at least and at most.
_QUERIES = (200, 2000)

_MAX_ITER = 12

#: Change of every weight at which EM stops.
_TOL = 2e-3


class LeaveOneOut:
    """Rows of a table, each scored by the others.

    Parameters
    ----------
    centres : Centres
        The rows.
    rng : numpy.random.Generator
        Draws the rows where there are too many.
    max_centres, max_queries : int
        Rows that are kept as centres, and of these the ones that are left out.
    n_jobs : int or None
        Number of threads.
    """

    def __init__(self, centres, rng, max_centres, max_queries, n_jobs):
        if len(centres.weight) > max_centres:
            centres = centres.subset(systematic_sample(centres.weight, max_centres, rng))
        self.centres, self.n_jobs = centres, n_jobs
        weight = centres.weight
        if len(weight) > max_queries:
            hits = systematic_sample(weight, max_queries, rng)
            self.index = np.flatnonzero(hits)
            self.weight = hits[self.index].astype(float)
        else:
            self.index, self.weight = np.arange(len(weight)), weight
        self.without = (self.index, *self._left_out(weight[self.index], weight.sum()))
        self.queries = centres.Z[self.index]

    def _left_out(self, weight, total):
        """Change of a row's own log-weight, and the share of all weights that is left out.

        One copy of the row is taken away, or all of them where equal rows are a matter of rounding.
        """
        continuous = any(c.kind == "number" and not c.repeats for c in self.centres.columns)
        left = np.zeros(len(weight)) if continuous else np.maximum(weight - 1, 0)
        change = np.log(left / weight, where=left > 0, out=np.full(len(weight), NOTHING))
        return change, np.minimum((weight - left) / total, 1.0)

    def kernel_sum(self, bandwidth, weights):
        kernels = self.centres.kernels(bandwidth, weights)
        return KernelSum(list(enumerate(kernels)), self.centres.log_weights())

    def score(self, bandwidth, weights):
        """Weighted mean of the leave-one-out log-densities, but for a constant."""
        log_p = self.kernel_sum(bandwidth, weights).score(self.queries, self.n_jobs, self.without)
        return np.average(np.maximum(log_p, -1e6), weights=self.weight)

    def improve(self, bandwidth, weights):
        """One EM step for the mixture weights of all columns."""
        total = self.kernel_sum(bandwidth, weights)
        counts = np.hstack(total.map_blocks(_Shares(total), self.queries, self.n_jobs, self.without))
        counts = iter(counts[:, : len(self.queries)] @ self.weight)
        new = []
        for (_, kernel), old in zip(total.columns, weights):
            expected = np.zeros(3)
            for part in kernel.parts[:-1]:
                expected[part] = next(counts)
            expected[MARGINAL] = max(next(counts) - expected.sum(), 0)
            expected[list(kernel.parts)] += 1
            new.append(expected / expected.sum() if kernel.mixes else old)
        return new


class _Shares:
    """For a block of queries: by column, the parts of the own cell and of the local kernel, and 1 if they are told."""

    def __init__(self, total):
        self.total = total

    def __call__(self, Z, without):
        F, _, terms = self.total.prepare(Z, without)
        kernels = [kernel for _, kernel in self.total.columns]
        sums, counts = np.zeros(len(Z)), [np.zeros((len(kernel.parts), len(Z))) for kernel in kernels]
        for part, E in self.total.exponents(F, terms):
            leave_out(E, part, without)
            E = np.exp(E[: part.stop - part.start])
            sums += E.sum(axis=0)
            for term, kernel, count in zip(terms, kernels, counts):
                for k, share in enumerate(term.shares):
                    rows = kernel.codes[part] if term.rows is None else term.rows[kernel.codes[part]]
                    count[k] += np.einsum("cq,cq->q", E, share[rows])
        reached = sums > 0
        for term, count in zip(terms, counts):
            count /= np.where(reached, sums, 1.0)
            count[-1] = 1.0
            count *= reached & ~term.reserved
        return np.vstack(counts)


def fit_smoothing(centres, bandwidth, weights, rng, n_jobs):
    """Mixture weights of the columns of highest leave-one-out likelihood, at given bandwidths."""
    if not centres.mixes().any():
        return weights
    rows = LeaveOneOut(centres, rng, _MAX_CENTRES, affordable_queries(centres, _MAX_CENTRES), n_jobs)
    return iterate(rows, bandwidth, weights, _MAX_ITER)


def affordable_queries(centres, max_centres):
    """How many rows to leave out of at most `max_centres` rows of a table with codes."""
    n_centres = min(len(centres.weight), max_centres)
    return int(np.clip(_TERMS / (n_centres * len(centres.columns)), *_QUERIES))


def iterate(rows, bandwidth, weights, max_iter):
    """EM steps until no weight changes any more."""
    for _ in range(max_iter):
        old, weights = weights, rows.improve(bandwidth, weights)
        if max(np.abs(a - b).max() for a, b in zip(old, weights)) < _TOL:
            break
    return weights
