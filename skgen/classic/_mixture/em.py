"""The EM loop of a mixture: rows in blocks, one pass an iteration, matrix products throughout.

E step   R_ik  =  p(k | x_i)
M step   every law from the sums over rows of R_ik times its features: (1, x, x x') for the Gaussian block, indicators
         of the cells for the other columns.

The passes see distinct rows with summed weights in sorted order: a function of the weighted data set alone.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from .._threads import map_blocks
from .components import normalise
from .gaussian_block import patterns

#: Numbers that the features of a block of rows hold (4 MiB: in cache).
_CELLS = 1 << 19

#: EM sees standardised numbers rounded to this, so that the last bits, which a change of units flips, cannot grow.
_GRAIN = 2.0**-36

#: Objectives that differ by less are equal: which one is kept must not hang on their last bits.
TIE = 1e-9

#: Runs of blocks whose sums are kept apart until the end of a pass.
_CHUNKS = 8


class Rows:
    """Distinct weighted rows, prepared for the passes of EM.

    Parameters
    ----------
    Z : ndarray of shape (n, d)
        Distinct rows.
    weight : ndarray of shape (n,)
        Their weights.
    block : GaussianBlock
        Tells the jointly normal columns.
    laws : list
        The overall laws of the other columns; those without cells of the fit are left out.
    """

    def __init__(self, Z, weight, block, laws):
        X = np.rint(block.standardise(Z) / _GRAIN) * _GRAIN
        groups = patterns(X)
        self.order = np.concatenate([rows for rows, _ in groups])
        self.weight = weight[self.order]
        self.total = weight.sum()
        self.block = block
        self.groups, start = [], 0
        for rows, O in groups:
            x = np.ascontiguousarray(X[np.ix_(rows, O)].T)  # (o, n)
            self.groups.append((start, x, O))
            start += len(rows)
        self.hot, self.ends = _one_hot(Z[self.order], laws)
        sizes = np.diff(self.ends, prepend=0)
        parameters = np.array([law.p.shape[1] for law in laws], np.int64)
        self.overall = np.repeat(parameters, sizes) * (self.hot.T @ self.weight) / self.total

    def __len__(self):
        return len(self.order)

    def features(self, g, part):
        """Features (f, n) of some rows of group g."""
        x = self.groups[g][1][:, part]
        out = np.empty((self.block.n_features(len(x)), x.shape[1]))
        self.block.features(x, out)
        return out

    def blocks(self, K):
        """(group, slice of the group's rows, slice of all rows) of the blocks of a pass."""
        for g, (start, x, O) in enumerate(self.groups):
            step = max(256, _CELLS // (self.block.n_features(len(O)) + 2 * K))
            for a in range(0, x.shape[1], step):
                b = min(a + step, x.shape[1])
                yield g, slice(a, b), slice(start + a, start + b)


def _one_hot(Z, laws):
    """Indicators (n, U) of the cells of all laws as a sparse matrix, and where each law's columns end."""
    codes, sizes = [], []
    for law in laws:
        code, size = law.fit_codes(Z[:, law.index])
        codes.append(code + sum(sizes))
        sizes.append(size)
    n, m = len(Z), len(laws)
    indices = np.stack(codes, axis=1).ravel() if m else np.empty(0, np.int64)
    pointers = m * np.arange(n + 1)
    hot = sparse.csr_matrix((np.ones(n * m), indices, pointers), shape=(n, sum(sizes)))
    return hot, np.cumsum(sizes, dtype=np.int64)


def sweep(rows, components, R=None):
    """One E step: the log-likelihood, and the sums that the M step needs.

    Parameters
    ----------
    rows : Rows
        The data.
    components : Components
        The current laws.
    R : ndarray of shape (n, K) or None, default=None
        Responsibilities of the distinct rows that replace those of the laws.

    Returns
    -------
    log_likelihood : float
        Sum over rows.
    overlap : float
        Sum over components of the log-likelihood that they give the overall law's cells, for the smoothing's prior.
    sums : list of ndarray of shape (K, f)
        Sums of the features, one for each pattern of observed coordinates.
    counts : ndarray of shape (K, U)
        Expected counts of the cells of the other laws.
    """
    K = len(components.weights)
    joint = _LogJoint(rows, components)

    def partial(blocks):
        sums, total = [np.zeros_like(C) for C in joint.coefficients], 0.0
        first, last = blocks[0][2].start, blocks[-1][2].stop
        shares = np.empty((last - first, K))
        for g, part, where in blocks:
            L, features = joint(g, part, where)
            total += rows.weight[where] @ normalise(L) + rows.weight[where].sum() * joint.log_units[g]
            W = (L if R is None else R[rows.order[where]].T) * rows.weight[where]
            sums[g] += W @ features.T
            shares[where.start - first : where.stop - first] = W.T
        return total, sums, rows.hot[first:last].T @ shares

    parts = map_blocks(partial, _chunks(list(rows.blocks(K))))
    sums = [sum(S) for S in zip(*(sums for _, sums, _ in parts))]
    log_likelihood = sum(total for total, _, _ in parts)
    return log_likelihood, (rows.overall @ joint.table).sum(), sums, sum(counts for _, _, counts in parts).T


class _LogJoint:
    """Log-densities of blocks of rows and component, up to the units of the numbers."""

    def __init__(self, rows, components):
        self.rows = rows
        self.table = np.ascontiguousarray(tables(components.laws, len(components.weights)).T)  # (U, K)
        block = components.block
        self.coefficients = [block.coefficients(O) for _, _, O in rows.groups]
        self.log_units = [block.log_unit(O) for _, _, O in rows.groups]
        self.log_weights = components.log_weights[:, None]

    def __call__(self, g, part, where):
        features = self.rows.features(g, part)
        L = self.coefficients[g] @ features + self.log_weights  # (K, rows of the block)
        if len(self.table):
            L += (self.rows.hot[where] @ self.table).T
        return L, features


def log_joint(rows, components):
    """Log-densities (n, K) of the distinct rows and component, up to the units of the numbers."""
    K = len(components.weights)
    joint, out = _LogJoint(rows, components), np.empty((len(rows), K))
    for g, part, where in rows.blocks(K):
        out[rows.order[where]] = joint(g, part, where)[0].T
    return out


def _chunks(blocks):
    """The blocks in a few runs, whatever the number of threads."""
    step = -(-len(blocks) // _CHUNKS)
    return [blocks[a : a + step] for a in range(0, len(blocks), step)]


def maximise(rows, components, sums, counts, smoothing):
    """The M step."""
    block = components.block
    moments = [block.moments(S, O) for S, (_, _, O) in zip(sums, rows.groups)]
    N, S1, S2 = (sum(parts) for parts in zip(*moments))
    components.weights = N / N.sum()
    block.update(N, S1, S2)
    counts = counts + smoothing * rows.overall
    for law, begin, end in zip(components.laws, np.append(0, rows.ends), rows.ends):
        law.update(counts[:, begin:end])


def start(rows, components, R, smoothing):
    """The M step from given responsibilities R (n, K) of the distinct rows."""
    _, _, sums, counts = sweep(rows, components, R)
    maximise(rows, components, sums, counts, smoothing)


def run(rows, components, *, smoothing, tol, max_iter):
    """EM until the objective rises by less than `tol` in one iteration.

    The objective is the mean log-likelihood of a row, plus the log-prior that stands behind the smoothing.

    Returns
    -------
    history : list of float
        The objective before each M step and after the last.
    converged : bool
        Whether `tol` was reached within `max_iter` iterations.
    """
    history, converged = [], False
    for iteration in range(max_iter + 1):
        log_likelihood, overlap, sums, counts = sweep(rows, components)
        prior = smoothing * overlap + sum(law.log_prior() for law in components.laws)
        history.append(float((log_likelihood + prior) / rows.total))
        converged = iteration > 0 and history[-1] - history[-2] < tol
        if converged or iteration == max_iter:
            break
        maximise(rows, components, sums, counts, smoothing)
    return history, converged


def tables(laws, K):
    """Log-densities (K, U) of the cells of all laws."""
    return np.concatenate([np.zeros((K, 0)), *(law.table() for law in laws)], axis=1)
