"""Sums over centres of products of column kernels, in blocks that stay in the cache.

    log p(x)  =  log sum_i w_i prod_j K_j(x_j | a_ij)

The exponents of a block of centres and queries are one matrix product of features, plus a row of a table for each
column of codes, plus what is left to direct evaluation. Shapes of blocks are fixed, so that the score of a row does
not depend on the rows beside it.
"""

from __future__ import annotations

import numpy as np

from .._threads import map_blocks, worker_threads

#: Queries and centres of a block: exponents of 0.5 MiB.
QUERIES, CENTRES = 256, 256

#: A weight that stands for log 0 where an infinity would meet a product.
NOTHING = -1e305

#: Sums below this are taken again with their largest exponent in front.
_TINY = 1e-250

#: Terms below which one thread is quicker.
_SMALL = 3e6


def _block(Z, without, start):
    """Queries from `start` on, the last one repeated up to the block's shape; what they leave out."""
    rows = np.minimum(np.arange(start, start + QUERIES), len(Z) - 1)
    return Z[rows], None if without is None else tuple(part[rows] for part in without)


def leave_out(E, part, without):
    """Change the exponents of the one centre that each query leaves out."""
    if without is None:
        return
    centre, change, _ = without
    q = np.flatnonzero((centre >= part.start) & (centre < part.stop))
    E[centre[q] - part.start, q] += change[q]


class KernelSum:
    """The sum over centres, ready for queries.

    Parameters
    ----------
    columns : list of (int, ColumnKernel)
        The columns of the product and their positions in a query.
    log_weights : ndarray of shape (N,)
        Log-weights of the centres.
    """

    def __init__(self, columns, log_weights):
        self.columns = columns
        self.n_centres = N = len(log_weights)
        self.n_blocks = -(-N // CENTRES)
        self._product, features, constant = [], [], log_weights.copy()
        for j, (_, kernel) in enumerate(columns):
            own, added = kernel.centre_features()
            if own:
                self._product.append(j)
                features += own
                constant += added
        self._features = np.zeros((self.n_blocks * CENTRES, len(features) + 2))
        for k, feature in enumerate(features):
            self._features[:N, k] = feature
        self._features[:, -2] = 1.0
        self._features[:N, -1] = constant
        self._features[N:] = np.append(np.zeros(len(features) + 1), NOTHING)

    # ---- blocks --------------------------------------------------------------------------------------------------

    def prepare(self, Z, without=None):
        """What the blocks take from queries of shape (Q, d)."""
        own_share = 0.0 if without is None else without[2]
        terms = [kernel.terms(Z[:, position], own_share) for position, kernel in self.columns]
        features = [feature for j in self._product for feature in terms[j].features]
        inside = sum((terms[j].inside for j in self._product if terms[j].inside is not None), np.zeros(len(Z)))
        F = np.array([*features, inside, np.ones(len(Z))])  # (features, Q)
        outside = sum((term.outside for term in terms), np.zeros(len(Z)))
        return F, outside, terms

    def exponents(self, F, terms):
        """Slices of centres with their exponents (centres, Q), in one buffer that may be changed."""
        E = np.empty((CENTRES, F.shape[1]))
        spare = np.empty_like(E)
        for block in range(self.n_blocks):
            part = slice(block * CENTRES, min((block + 1) * CENTRES, self.n_centres))
            np.dot(self._features[block * CENTRES : (block + 1) * CENTRES], F, out=E)
            inner = E[: part.stop - part.start]
            for term, (_, kernel) in zip(terms, self.columns):
                if term.table is not None:
                    rows = kernel.codes[part] if term.rows is None else term.rows[kernel.codes[part]]
                    inner += np.take(term.table, rows, axis=0, out=spare[: len(inner)], mode="clip")
                if term.direct is not None:
                    inner += term.direct(part)
            yield part, E

    def log_sums(self, Z, without=None):
        """Log-sums at queries (Q, d).

        `without` holds, for each query, a centre, what its exponent changes by, and its share of all weights.
        """
        F, outside, terms = self.prepare(Z, without)
        total, ones = np.zeros(len(Z)), np.ones(CENTRES)
        for part, E in self.exponents(F, terms):
            leave_out(E, part, without)
            np.exp(E, out=E)
            total += ones @ E
        with np.errstate(divide="ignore"):
            log_total = np.log(total)
        if (total < _TINY).any():
            log_total = np.where(total < _TINY, self._careful(F, terms, without), log_total)
        return log_total + outside

    def _careful(self, F, terms, without):
        """Log-sums with a running maximum, for queries far from every centre."""
        top, total = np.full(F.shape[1], -1e300), np.zeros(F.shape[1])
        for part, E in self.exponents(F, terms):
            leave_out(E, part, without)
            higher = np.maximum(top, E.max(axis=0))
            total *= np.exp(top - higher)
            top = higher
            total += np.exp(E - top).sum(axis=0)
        with np.errstate(divide="ignore"):
            return np.where(total > 0, np.log(total) + top, -np.inf)

    def log_terms(self, Z):
        """All log-terms (N, Q) at queries (Q, d), but for what they share."""
        F, _, terms = self.prepare(Z)
        out = np.empty((self.n_centres, len(Z)))
        for part, E in self.exponents(F, terms):
            out[part] = E[: part.stop - part.start]
        return out

    # ---- all queries ---------------------------------------------------------------------------------------------

    def score(self, Z, n_jobs=None, without=None):
        """Log-sums at any number of queries, on `n_jobs` threads."""
        return np.concatenate(self.map_blocks(self.log_sums, Z, n_jobs, without))[: len(Z)]

    def map_blocks(self, function, Z, n_jobs=None, without=None):
        """A function of (queries, without) over blocks of `QUERIES` queries; the last one is filled up."""
        starts = range(0, len(Z), QUERIES)
        n_workers = worker_threads(n_jobs)
        if len(starts) * QUERIES * self.n_centres < _SMALL:
            n_workers = 1

        def work(own_starts):
            with np.errstate(under="ignore", over="ignore", invalid="ignore"):
                return [function(*_block(Z, without, start)) for start in own_starts]

        chunks = np.array_split(np.asarray(starts), min(len(starts), 8 * n_workers)) if n_workers > 1 else [starts]
        return [result for results in map_blocks(work, chunks, n_workers) for result in results]
