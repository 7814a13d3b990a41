r"""One order of the columns: each column's law given those before it, by the leaf of a tree.

.. math:: p(x) = \prod_i P(c_{\pi(i)} \mid \mathrm{leaf}_i(c_{\pi(1)}, \dots, c_{\pi(i-1)}))

for the cells c of a row. The smooth and the sharp laws of the leaves make two such products.
"""

from __future__ import annotations

import numpy as np

from .fitting import tilt_grouping
from .leaf_laws import LeafLaws

#: Rows of each kind that are simulated to tilt the laws: so many for each row of the fit, between two bounds.
SIMULATED, LEAST_SIMULATED, MOST_SIMULATED = 5, 10_000, 100_000


class TreeChain:
    """The laws of the columns along one order.

    Parameters
    ----------
    order : ndarray of int of shape (d,)
        Columns in their order.
    laws : list of LeafLaws
        Their laws, in the same order.
    """

    def __init__(self, order, laws):
        self.order, self.laws = order, laws

    def log_prob(self, codes, near, n_columns=None):
        """Log-probabilities (2, n) of rows of cells under the smooth and the sharp laws.

        Parameters
        ----------
        codes : ndarray of int of shape (n, d)
            Cells; -1, a reserved event, adds nothing.
        near : ndarray of int of shape (n, d)
            The cells by which the trees read them.
        n_columns : int, default=None
            Only the first so many columns of the order.
        """
        total = np.zeros((2, len(codes)))
        for law, j in zip(self.laws, self.order[:n_columns]):
            rows = np.flatnonzero(codes[:, j] >= 0)
            total[:, rows] += law.log_prob(law.tree.apply(near[rows]), codes[rows, j])
        return total

    def draw(self, sharp, rng):
        """Cells (n, d), under the sharp laws where `sharp`."""
        codes = np.zeros((len(sharp), len(self.order)), np.int64)
        for law, j in zip(self.laws, self.order):
            codes[:, j] = law.draw(law.tree.apply(codes), sharp, rng.random(len(codes)))
        return codes

    def propose(self, codes, near, known, overlaps, sharp, rng):
        """Rows whose unknown cells are drawn along the order, and the log-weight of what was not drawn.

        Parameters
        ----------
        codes, near : ndarray of int of shape (n, d)
            Known cells, and the cells by which the trees read them; `near` is filled.
        known : ndarray of bool of shape (d,)
            The known columns.
        overlaps : list of ndarray of shape (K + 1,) or None
            Shares of the cells that sets of unknown columns leave open.
        sharp : ndarray of bool of shape (n,)
            Rows under the sharp laws.
        rng : numpy.random.Generator
            Source of the draws.
        """
        log_weight = np.zeros(len(codes))
        for law, j in zip(self.laws, self.order):
            leaf = law.tree.apply(near)
            if known[j]:
                rows = np.flatnonzero(codes[:, j] >= 0)
                both = law.log_prob(leaf[rows], codes[rows, j])
                log_weight[rows] += np.where(sharp[rows], both[1], both[0])
            elif overlaps[j] is None:
                near[:, j] = law.draw(leaf, sharp, rng.random(len(leaf)))
            else:
                near[:, j], log_mass = _draw_open(law.probabilities(leaf, sharp) * overlaps[j], rng)
                log_weight += log_mass
        return near, log_weight

    def tilt(self, cells, n_rows, rng):
        """Tilt the laws, in turn, so that simulated rows of each kind have the marginal laws of the fit.

        Parameters
        ----------
        cells : list of ColumnCells
            Cells of all columns.
        n_rows : int
            Rows of the fit.
        rng : numpy.random.Generator
            Source of the draws.
        """
        n = int(np.clip(SIMULATED * n_rows, LEAST_SIMULATED, MOST_SIMULATED))
        sharp = np.arange(2 * n) >= n
        codes = np.zeros((2 * n, len(self.order)), np.int64)
        for law, j in zip(self.laws, self.order):
            leaf = law.tree.apply(codes)
            if j != self.order[0]:
                visits = np.stack([np.bincount(part, minlength=law.tree.n_leaves) for part in (leaf[:n], leaf[n:])])
                law.tilt(visits, cells[j].mass / cells[j].mass.sum(), tilt_grouping(cells[j]))
            codes[:, j] = law.draw(leaf, sharp, _even(leaf * 2 + sharp, rng))

    def to_state(self) -> dict:
        return {"order": self.order, "laws": [law.to_state() for law in self.laws]}

    @classmethod
    def from_state(cls, state):
        return cls(state["order"], [LeafLaws.from_state(law) for law in state["laws"]])

    def __reduce__(self):
        return type(self).from_state, (self.to_state(),)


def _even(group, rng):
    """Uniform places for each row that cover (0, 1) evenly among the rows of a group."""
    order = np.lexsort([rng.random(len(group)), group])
    counts = np.bincount(group)
    starts = np.cumsum(counts) - counts
    u = np.empty(len(group))
    u[order] = np.arange(len(group)) - starts[group[order]]
    return (u + rng.random(len(group))) / counts[group]


def _draw_open(p, rng):
    """A cell for each row of weights (n, K + 1), and the log of their sum."""
    upto = np.cumsum(p, axis=1)
    mass = upto[:, -1]
    level = rng.random(len(p)) * mass
    code = np.minimum((upto <= level[:, None]).sum(axis=1), p.shape[1] - 1)
    with np.errstate(divide="ignore"):
        return code, np.log(mass)
