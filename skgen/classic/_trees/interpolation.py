r"""Deleted interpolation: the law of a leaf as a mixture of frequencies in its ancestors, at several resolutions.

.. math:: P(y \mid x) = \sum_{l, b} w_{lb} P(\mathrm{bin}_b(y) \mid \mathrm{ancestor}_l(x)) P(y \mid \mathrm{bin}_b(y))

over ancestors that hold at least so many rows and groups of so many cells (Jelinek and Mercer, 1980). The weights are
fitted by EM on rows that the tree did not see, for leaves of similar size and purity together.
"""

from __future__ import annotations

import numpy as np

#: Least rows of the ancestors, in units of the least leaf; the leaf itself and the root always count.
ANCESTORS = (3, 10, 30, 100, 400)

#: Groups of cells beside the cells themselves.
RESOLUTIONS = (64, 16, 4)

#: Rows of prior weight with which leaves of a kind follow those of the column.
PRIOR_ROWS = 30.0

N_STEPS = 60

#: Bounds between leaves of similar size (in units of the least leaf) and of similar purity (share of the likeliest).
SIZES, PURITIES = (1.5, 3.0, 10.0, 50.0), (0.6, 0.97)


class Components:
    """The frequencies that a leaf's law mixes.

    Parameters
    ----------
    tree : Tree
        The tree.
    leaf : ndarray of int of shape (n,)
        The leaf of each row.
    codes : ndarray of int of shape (n,)
        Cells of the target, K for a missing one.
    weight : ndarray of shape (n,)
        Weights of the rows.
    groupings : list of ndarray of int of shape (K + 1,)
        The group of each cell at each resolution, the cells themselves first.
    min_leaf : float
        Least weight of a leaf.
    prior : ndarray of shape (K + 1,)
        Weight added to each cell's own, so that none is impossible that the column has.
    """

    def __init__(self, tree, leaf, codes, weight, groupings, min_leaf, prior):
        n_cells = len(groupings[0])
        counts = np.bincount(leaf * n_cells + codes, weight, tree.n_leaves * n_cells).reshape(tree.n_leaves, n_cells)
        marginal = counts.sum(axis=0) + prior
        self.counts, self.groupings = counts, groupings
        self.marginal = marginal / marginal.sum()
        self.within = [self.marginal / np.maximum(np.bincount(g, self.marginal)[g], 1e-300) for g in self.groupings]
        self.ranges = _ancestor_ranges(tree, counts.sum(axis=1), min_leaf)
        self.bucket = _buckets(counts, min_leaf)

    def __len__(self):
        return len(self.ranges) * len(self.groupings) + 1

    def tables(self):
        """Each component in turn: probabilities of shape (n_leaves, K + 1)."""
        upto = np.zeros((len(self.counts) + 1, self.counts.shape[1]))
        np.cumsum(self.counts, axis=0, out=upto[1:])
        for first, last in self.ranges:
            counts = self.counts if first is None else upto[last] - upto[first]
            counts = counts / counts.sum(axis=1, keepdims=True)
            for grouping, within in zip(self.groupings, self.within):
                yield _grouped(counts, grouping)[:, grouping] * within if grouping is not self.groupings[0] else counts
        yield np.broadcast_to(self.marginal, self.counts.shape)

    def mix(self, weights):
        """The laws of the leaves, of shape (n_leaves, K + 1), from weights for each kind of leaf."""
        law = np.zeros(self.counts.shape)
        for k, table in enumerate(self.tables()):
            law += weights[self.bucket, k][:, None] * table
        return law / law.sum(axis=1, keepdims=True)

    def fit_weights(self, leaf, codes, weight):
        """Weights (n_kinds, n_components) under which rows, unseen by the tree, are likeliest."""
        p = np.column_stack([table[leaf, codes] for table in self.tables()])
        bucket = self.bucket[leaf]
        possible = np.append(np.zeros(len(self) - 1), 1.0)  # a row for the marginal law: no cell becomes impossible
        overall = _em(p, weight, np.full(len(self), 1 / len(self)), possible)
        found = np.tile(overall, (N_KINDS, 1))
        for kind in np.unique(bucket):
            rows = bucket == kind
            found[kind] = _em(p[rows], weight[rows], overall, PRIOR_ROWS * overall)
        return found


N_KINDS = (len(SIZES) + 1) * (len(PURITIES) + 1)


def _grouped(counts, grouping):
    starts = np.flatnonzero(np.append(True, grouping[1:] != grouping[:-1]))
    return np.add.reduceat(counts, starts, axis=1)


def _em(p, weight, start, prior):
    """Mixture weights that maximise the likelihood of rows, and of `prior` rows that belong to each component."""
    w = start
    for _ in range(N_STEPS):
        r = p * w
        r *= (weight / np.maximum(r.sum(axis=1), 1e-300))[:, None]
        w = r.sum(axis=0) + prior
        w = w / w.sum()
    return w


def _buckets(counts, min_leaf):
    """The kind of each leaf: its size and its purity."""
    total = counts.sum(axis=1)
    size = np.searchsorted(np.array(SIZES) * min_leaf, total, side="right")
    purity = np.searchsorted(PURITIES, counts.max(axis=1) / np.maximum(total, 1e-300), side="right")
    return size * (len(PURITIES) + 1) + purity


def _ancestor_ranges(tree, leaf_total, min_leaf):
    """For each least size of an ancestor, the ranges of leaves below that of every leaf; None for the leaf itself."""
    first, last = tree.leaf_ranges()
    upto = np.append(0.0, np.cumsum(leaf_total))
    total = upto[last] - upto[first]
    parent, leaves = tree.parents(), np.flatnonzero(tree.feature < 0)
    ranges = [(None, None)]
    for least in [*(np.array(ANCESTORS) * min_leaf), total[0]]:
        node = leaves.copy()
        small = (total[node] < least * (1 - 1e-9)) & (node > 0)
        while small.any():
            node = np.where(small, parent[node], node)
            small = (total[node] < least * (1 - 1e-9)) & (node > 0)
        ranges.append((first[node], last[node]))
    return ranges
