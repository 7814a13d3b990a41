"""A decision tree as arrays: grown on axes that columns' codes are looked up on, to tell a target's bins apart."""

from __future__ import annotations

import numpy as np
from sklearn.tree import DecisionTreeClassifier


class Tree:
    """Splits "place on axis f <= threshold"; leaves are numbered from left to right.

    Parameters
    ----------
    feature, threshold, left, right : ndarray of shape (n_nodes,)
        Splits in depth-first order; the feature of a leaf is -1.
    axes : list of (list of int, list of ndarray)
        Each axis is a sum over columns: their positions, and for each a table that its codes are looked up in.
    """

    def __init__(self, feature, threshold, left, right, axes):
        self.feature, self.threshold, self.left, self.right, self.axes = feature, threshold, left, right, axes
        self.leaf = np.cumsum(feature < 0) - 1  # (n_nodes,): the leaf's number, at leaves

    @classmethod
    def grow(cls, codes, axes, target, weight, min_leaf, seed):
        """The tree of highest information about the target's bins.

        Parameters
        ----------
        codes : ndarray of int of shape (n, d)
            Cells of the rows.
        axes : list of (list of int, list of ndarray)
            The axes to split.
        target : ndarray of int of shape (n,)
            Bins of the target.
        weight : ndarray of shape (n,)
            Weights of the rows.
        min_leaf : float
            Least weight of a leaf.
        seed : int
            Order in which axes of equal gain are tried.
        """
        total = weight.sum()
        if not axes or total < 2 * min_leaf or (target == target[0]).all():
            none = np.array([-1], np.int32)
            return cls(none, np.zeros(1), none, none, [])
        share = min(min_leaf * (1 - 1e-9) / total, 0.5)
        engine = DecisionTreeClassifier(criterion="entropy", min_weight_fraction_leaf=share, random_state=seed)
        n_copies = 1 + 2 * (target.max() + 1) // len(target)  # many classes in few rows: the engine would warn
        places = np.tile(_places(codes, axes), (n_copies, 1))
        tree = engine.fit(places, np.tile(target, n_copies), sample_weight=np.tile(weight / n_copies, n_copies)).tree_
        is_leaf = tree.children_left < 0
        used, feature = np.unique(tree.feature[~is_leaf], return_inverse=True)
        features = np.full(len(is_leaf), -1, np.int32)
        features[~is_leaf] = feature
        pointers = (tree.children_left.astype(np.int32), tree.children_right.astype(np.int32))
        return cls(features, np.where(is_leaf, 0.0, tree.threshold), *pointers, [axes[k] for k in used])

    @property
    def n_leaves(self) -> int:
        return int(self.leaf[-1]) + 1

    def apply(self, codes):
        """The leaf of each row of codes (n, d)."""
        node = np.zeros(len(codes), np.int32)
        if len(self.feature) == 1:
            return node
        X = _places(codes, self.axes)
        rows = np.arange(len(codes))
        while len(rows):
            at = node[rows]
            go_left = X[rows, self.feature[at]] <= self.threshold[at]
            node[rows] = at = np.where(go_left, self.left[at], self.right[at])
            rows = rows[self.feature[at] >= 0]
        return self.leaf[node]

    def leaf_ranges(self):
        """First leaf and the one after the last below each node."""
        end = np.arange(1, len(self.feature) + 1)
        for node in np.flatnonzero(self.feature >= 0)[::-1]:  # children come later: a loop from the back
            end[node] = end[self.right[node]]
        before = np.append(0, np.cumsum(self.feature < 0))
        return before[:-1], before[end]

    def parents(self):
        """The parent of each node; the root is its own."""
        parent = np.zeros(len(self.feature), np.int32)
        inner = np.flatnonzero(self.feature >= 0)
        parent[self.left[inner]] = parent[self.right[inner]] = inner
        return parent

    def pruned(self, leaf_total, least):
        """The leaf of each leaf after splits are undone of which a side holds less weight; numbered as leaves are."""
        first, last = self.leaf_ranges()
        upto = np.append(0.0, np.cumsum(leaf_total))
        enough = upto[last] - upto[first] >= least * (1 - 1e-9)
        splits = self.feature >= 0
        splits[splits] = enough[self.left[splits]] & enough[self.right[splits]]
        leaves = np.arange(self.n_leaves)
        node = np.zeros(self.n_leaves, np.int64)
        open_ = np.flatnonzero(splits[node])
        while len(open_):
            at = node[open_]
            goes_left = leaves[open_] < first[self.right[at]]
            node[open_] = np.where(goes_left, self.left[at], self.right[at])
            open_ = open_[splits[node[open_]]]
        return np.unique(node, return_inverse=True)[1]

    def to_state(self) -> dict:
        return {name: getattr(self, name) for name in ("feature", "threshold", "left", "right", "axes")}

    @classmethod
    def from_state(cls, state):
        return cls(**state)


def _places(codes, axes):
    """Where the rows lie on each axis, as the engine reads them."""
    places = [sum(table[codes[:, j]] for j, table in zip(columns, tables)) for columns, tables in axes]
    return np.column_stack(places).astype(np.float32)
