"""Partition: the boxes into which each tree of a forest cuts the cells of a table."""

from __future__ import annotations

import numpy as np

#: Pairs of rows and nodes that are held at a time.
_PAIRS = 2_000_000


class Partition:
    """The trees of a forest on places, as arrays over all of their nodes.

    Parameters
    ----------
    roots : ndarray of int of shape (T,)
        The first node of each tree.
    left, right : ndarray of int of shape (n_nodes,)
        Children; -1 for a leaf.
    column : ndarray of int of shape (n_nodes,)
        The column that a node cuts.
    cut : ndarray of int of shape (n_nodes,)
        The last place that goes left.
    """

    _FIELDS = ("roots", "left", "right", "column", "cut")

    def __init__(self, roots, left, right, column, cut):
        self.roots, self.left, self.right, self.column, self.cut = roots, left, right, column, cut
        is_leaf = left < 0
        self.n_leaves = int(is_leaf.sum())
        self._leaf = np.where(is_leaf, np.cumsum(is_leaf) - 1, -1)

    @classmethod
    def of_forest(cls, forest, columns):
        """The partition of a fitted forest of scikit-learn, which saw some of the columns."""
        trees = [estimator.tree_ for estimator in forest.estimators_]
        roots = np.cumsum([0, *(tree.node_count for tree in trees)])
        left, right = (
            np.concatenate([np.where(c < 0, -1, c + root) for c, root in zip(children, roots)]).astype(np.int32)
            for children in zip(*((tree.children_left, tree.children_right) for tree in trees))
        )
        column = columns[np.concatenate([np.maximum(tree.feature, 0) for tree in trees])].astype(np.int32)
        cut = np.concatenate([np.floor(tree.threshold) for tree in trees]).astype(np.int32)
        return cls(roots[:-1].astype(np.int32), left, right, column, cut)

    def to_state(self) -> dict:
        return {name: getattr(self, name) for name in self._FIELDS}

    @classmethod
    def from_state(cls, state):
        return cls(**state)

    @property
    def n_trees(self) -> int:
        return len(self.roots)

    def levels(self):
        """The nodes of all trees by depth, inner ones only."""
        nodes, levels = self.roots, []
        while len(nodes := nodes[self.left[nodes] >= 0]):
            levels.append(nodes)
            nodes = np.concatenate([self.left[nodes], self.right[nodes]])
        return levels

    def boxes(self, n_places):
        """First place, and the one behind the last, of every leaf in every column; (n_leaves, d) each."""
        kind = np.uint16 if max(n_places) < 2**16 else np.int32
        low = np.zeros((len(self.left), len(n_places)), kind)
        high = np.tile(np.asarray(n_places, kind), (len(self.left), 1))
        for nodes in self.levels():
            left, right, j = self.left[nodes], self.right[nodes], self.column[nodes]
            for child in (left, right):
                low[child], high[child] = low[nodes], high[nodes]
            high[left, j] = low[right, j] = self.cut[nodes] + 1
        is_leaf = self.left < 0
        return low[is_leaf], high[is_leaf]

    def groups(self, mass, least):
        """For every leaf its nearest ancestor of at least this mass, or its tree's root, numbered from 0."""
        levels, total = self.levels(), np.zeros(len(self.left))
        total[self.left < 0] = mass
        for nodes in reversed(levels):
            total[nodes] = total[self.left[nodes]] + total[self.right[nodes]]
        of = np.arange(len(self.left))
        for nodes in levels:
            for child in (self.left[nodes], self.right[nodes]):
                of[child] = np.where(total[child] >= least, child, of[nodes])
        return np.unique(of[self.left < 0], return_inverse=True)[1].astype(np.int32)

    def leaves_of(self, places):
        """The leaf of each row in each tree, (n, T); all places are known."""
        rows = np.arange(len(places))
        leaves = np.empty((len(places), self.n_trees), np.int32)
        for t, root in enumerate(self.roots):
            node = np.full(len(places), root)
            inner = rows
            while len(inner := inner[self.left[node[inner]] >= 0]):
                at = node[inner]
                goes_left = places[inner, self.column[at]] <= self.cut[at]
                node[inner] = np.where(goes_left, self.left[at], self.right[at])
            leaves[:, t] = self._leaf[node]
        return leaves

    def reached(self, places):
        """Blocks of rows with the leaves that they can lie in, where a place of -1 is not known.

        Yields
        ------
        rows : slice
            The rows of the block.
        row, leaf : ndarray of int
            Pairs of a row, counted within the block, and a leaf; by row, then by leaf.
        """
        start, size = 0, 64
        while start < len(places):
            rows = slice(start, min(start + size, len(places)))
            row, leaf = self._pairs(places[rows])
            yield rows, row, leaf
            start = rows.stop
            size = int(np.clip(_PAIRS * (rows.stop - rows.start) // max(len(row), 1), 1, 4 * size))

    def _pairs(self, places):
        row = np.repeat(np.arange(len(places)), self.n_trees)
        node = np.tile(self.roots, len(places))
        rows, leaves = [], []
        while len(row):
            at_end = self.left[node] < 0
            rows.append(row[at_end])
            leaves.append(self._leaf[node[at_end]])
            row, node = row[~at_end], node[~at_end]
            place = places[row, self.column[node]]
            go_left, go_right = place <= self.cut[node], (place > self.cut[node]) | (place < 0)
            row = np.concatenate([row[go_left], row[go_right]])
            node = np.concatenate([self.left[node[go_left]], self.right[node[go_right]]])
        row, leaf = np.concatenate(rows), np.concatenate(leaves).astype(np.int64)
        order = np.argsort(row * self.n_leaves + leaf)
        return row[order], leaf[order]
