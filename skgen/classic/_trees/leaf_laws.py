"""The laws of a tree's leaves over the cells of one column: a smooth one and a sharp one, as tables."""

from __future__ import annotations

import numpy as np

from .tree import Tree

#: Steps of a tilt, and how far each may go.
N_STEPS, LEAST_TILT, MOST_TILT = 5, 0.5, 2.0

#: Uniform draws stop short of 1 by this, so that raised by a row's number they stay in the row.
_LAST = 1e-11


class LeafLaws:
    """Probabilities of cells given a leaf.

    Parameters
    ----------
    tree : Tree
        The tree.
    node : ndarray of int of shape (n_leaves,)
        The row of the sharp table that belongs to each leaf.
    smooth : ndarray of shape (n_leaves, K + 1)
        The smooth law of each leaf.
    sharp : ndarray of shape (n_nodes, K + 1)
        The sharp law of each node, which holds one leaf or a few.
    """

    def __init__(self, tree, node, smooth, sharp):
        self.tree, self.node, self.tables = tree, node, [smooth, sharp]
        self._upto = [_running(p) for p in self.tables]

    def tilt(self, occupancies, marginal, grouping):
        """Tilt both laws so that leaves that are visited this often give the column's marginal law.

        Parameters
        ----------
        occupancies : ndarray of shape (2, n_leaves)
            How often each leaf is visited under the smooth and under the sharp laws.
        marginal : ndarray of shape (K + 1,)
            The marginal law.
        grouping : ndarray of int of shape (K + 1,)
            Groups of cells that are tilted alike.
        """
        visits = [occupancies[0], np.bincount(self.node, occupancies[1])]
        for table, visit in zip(self.tables, visits):
            wanted = np.bincount(grouping, marginal)
            for _ in range(N_STEPS):
                found = np.bincount(grouping, visit @ table / visit.sum())
                ratio = np.divide(wanted, found, out=np.ones_like(found), where=(found > 0) & (wanted > 0))
                table *= np.clip(ratio, LEAST_TILT, MOST_TILT)[grouping]
                table /= table.sum(axis=1, keepdims=True)
        self._upto = [_running(p) for p in self.tables]

    def log_prob(self, leaf, code):
        """Log-probabilities (2, n) of cells under the smooth and the sharp law."""
        with np.errstate(divide="ignore"):
            return np.log(np.stack([self.tables[0][leaf, code], self.tables[1][self.node[leaf], code]]))

    def probabilities(self, leaf, sharp):
        """Probabilities (n, K + 1) of all cells, under the sharp law where `sharp`."""
        return np.where(sharp[:, None], self.tables[1][self.node[leaf]], self.tables[0][leaf])

    def draw(self, leaf, sharp, u):
        """The cell for each row and its place u in (0, 1), under the sharp law where `sharp`."""
        n_cells = self.tables[0].shape[1]
        code = np.empty(len(leaf), np.int64)
        for upto, rows, at in ((self._upto[0], ~sharp, leaf), (self._upto[1], sharp, self.node[leaf])):
            row = at[rows]
            found = np.searchsorted(upto, row + np.minimum(u[rows], 1 - _LAST), side="right")
            code[rows] = found - row * n_cells
        return code

    def to_state(self) -> dict:
        return {"tree": self.tree.to_state(), "node": self.node, "smooth": self.tables[0], "sharp": self.tables[1]}

    @classmethod
    def from_state(cls, state):
        return cls(Tree.from_state(state["tree"]), state["node"], state["smooth"], state["sharp"])


def _running(p):
    """Running sums of the rows of a table of probabilities, each raised by the row's number; flat."""
    upto = np.cumsum(p, axis=1)
    upto /= upto[:, -1:]
    return (upto + np.arange(len(p))[:, None]).ravel()
