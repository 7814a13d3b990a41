r"""The laws of a tree's leaves over the cells of one column: a smooth one and a sharp one.

Smooth is deleted interpolation, tilted so that the column's marginal law comes out right; sharp is the frequencies in
the leaf, with a little of the marginal law so that nothing is impossible.
"""

from __future__ import annotations

import numpy as np

from .interpolation import Components

#: Rows of the marginal law that are added to each leaf of the sharp law.
SHARP_PRIOR = 0.1

#: How far the tilt may go.
LEAST_TILT, MOST_TILT = 0.5, 2.0

#: Uniform draws stop short of 1 by this, so that raised by a row's number they stay in the row.
_LAST = 1e-11


class LeafLaws:
    """Probabilities of cells given a leaf.

    Parameters
    ----------
    tree : Tree
        The tree.
    leaf, code, mass : ndarray of shape (m,)
        Weight of the rows in each cell of each leaf that has any, sorted by leaf.
    groupings : list of ndarray
        Groups of cells at each resolution.
    weights : ndarray of shape (n_kinds, n_components)
        Weights of the interpolation.
    min_leaf : float
        Least weight of a leaf.
    tilts : ndarray of shape (2, K + 1) or None, default=None
        What each cell's smooth and sharp probabilities are multiplied by, before they are normalised.
    """

    _FIELDS = ("leaf", "code", "mass", "groupings", "weights", "min_leaf", "tilts")

    def __init__(self, tree, leaf, code, mass, groupings, weights, min_leaf, tilts=None):
        self.tree, self.leaf, self.code, self.mass = tree, leaf, code, mass
        self.groupings, self.weights, self.min_leaf = groupings, weights, min_leaf
        n_cells = len(groupings[0])
        self.tilts = np.ones((2, n_cells)) if tilts is None else tilts
        self.marginal = np.bincount(code, mass, n_cells)
        self.marginal /= self.marginal.sum()
        self._key = leaf * n_cells + code
        self._prepare()

    def _prepare(self):
        self._prepare_sharp(self.tree.n_leaves)
        self._prepare_smooth()

    def _prepare_sharp(self, n_leaves):
        self._prior = SHARP_PRIOR * self.marginal * self.tilts[1]
        self._mass = self.mass * self.tilts[1][self.code]
        self._total = np.bincount(self.leaf, self._mass, n_leaves)
        self._upto = np.append(0.0, np.cumsum(self._mass))
        self._start = self._upto[np.searchsorted(self.leaf, np.arange(n_leaves))]

    def _prepare_smooth(self):
        components = Components(
            self.tree, self.leaf, self.code, self.mass, self.groupings, self.min_leaf, 1 / len(self.marginal)
        )
        self.smooth = calibrated(components.mix(self.weights), components, self.groupings)
        self.smooth = self.smooth * self.tilts[0]
        self.smooth /= self.smooth.sum(axis=1, keepdims=True)
        with np.errstate(divide="ignore"):
            self.log_smooth = np.log(self.smooth)
        self._smooth_upto = cumulative(self.smooth)

    def set_tilts(self, occupancies):
        """Tilt both laws so that leaves visited this often, shape (2, n_leaves), give the marginal law of the rows."""
        share = occupancies / occupancies.sum(axis=1, keepdims=True)
        per_row = share[1] / (self._total + self._prior.sum())
        sharp = np.bincount(self.code, self._mass * per_row[self.leaf], len(self.marginal))
        sharp += per_row.sum() * self._prior
        self.tilts = np.stack([self._tilt(share[0] @ self.smooth), self._tilt(sharp)])
        self._prepare()

    def _tilt(self, reached):
        grouping = self.groupings[min(1, len(self.groupings) - 1)]
        grouping = np.where(grouping < 0, grouping.max() + 1, grouping)
        wanted, found = np.bincount(grouping, self.marginal), np.bincount(grouping, reached)
        ratio = np.divide(wanted, found, out=np.ones_like(found), where=(found > 0) & (wanted > 0))
        return np.clip(ratio, LEAST_TILT, MOST_TILT)[grouping]

    # ---- probabilities -------------------------------------------------------------------------------------------

    def log_prob(self, leaf, code):
        """Log-probabilities (2, n) of cells under the smooth and the sharp law."""
        at = np.minimum(np.searchsorted(self._key, leaf * len(self.marginal) + code), len(self._key) - 1)
        count = np.where(self._key[at] == leaf * len(self.marginal) + code, self._mass[at], 0.0)
        with np.errstate(divide="ignore"):
            sharp = np.log(count + self._prior[code]) - np.log(self._total[leaf] + self._prior.sum())
        return np.stack([self.log_smooth[leaf, code], sharp])

    def probabilities(self, leaf, sharp):
        """Probabilities (n, K + 1) of all cells, under the sharp law where `sharp`."""
        p = self.smooth[leaf]
        rows = np.flatnonzero(sharp)
        if len(rows):
            leaves, row_of = np.unique(leaf[rows], return_inverse=True)
            table = np.tile(self._prior, (len(leaves), 1))
            own = np.flatnonzero(np.isin(self.leaf, leaves))
            table[np.searchsorted(leaves, self.leaf[own]), self.code[own]] += self._mass[own]
            p[rows] = (table / table.sum(axis=1, keepdims=True))[row_of]
        return p

    def draw(self, leaf, sharp, u, rng):
        """A cell for each row and its place u in (0, 1), under the sharp law where `sharp`."""
        code = draw_from(self._smooth_upto, leaf, u, len(self.marginal))
        rows = np.flatnonzero(sharp)
        level = u[rows] * (self._total[leaf[rows]] + self._prior.sum())
        own = level < self._total[leaf[rows]]
        at = np.searchsorted(self._upto, self._start[leaf[rows]] + level, side="right") - 1
        upto = np.cumsum(self._prior)
        rest = np.searchsorted(upto, rng.random(len(rows)) * upto[-1], side="right")
        rest = np.minimum(rest, np.flatnonzero(self._prior)[-1])
        code[rows] = np.where(own, self.code[np.minimum(at, len(self.code) - 1)], rest)
        return code

    def to_state(self) -> dict:
        return {"tree": self.tree.to_state(), **{name: getattr(self, name) for name in self._FIELDS}}


def calibrated(p, components, groupings):
    """Laws of leaves such that below each large node they add up to its frequencies."""
    import os
    least = float(os.environ.get("CAL", "200"))
    grouping = groupings[min(1, len(groupings) - 1)] if os.environ.get("CALG","1")=="1" else groupings[0]
    grouping = np.where(grouping < 0, grouping.max() + 1, grouping)
    total = components.counts.sum(axis=1)
    for first, last in components.ranges[:0:-1]:
        starts, node = np.unique(first, return_inverse=True)
        size = np.add.reduceat(total, starts)
        if size.min() < least*0 + 0:
            break
        wanted = np.add.reduceat(components.counts, starts, axis=0)
        found = np.add.reduceat(p * total[:, None], starts, axis=0)
        n_groups = grouping.max() + 1
        fold = np.zeros((p.shape[1], n_groups)); fold[np.arange(p.shape[1]), grouping] = 1
        a, b = wanted @ fold, found @ fold
        k = float(os.environ.get("CALK", "100"))
        marg = a.sum(0) / a.sum()
        ratio = (a + k * marg) / np.maximum(b + k * marg, 1e-300)
        ratio[size < least] = 1.0
        p = p * ratio[node][:, grouping]
        p = p / p.sum(axis=1, keepdims=True)
    return p


def cumulative(p):
    """Running sums of the rows of a table of probabilities, each raised by the row's number; flat."""
    upto = np.cumsum(p, axis=1)
    upto /= upto[:, -1:]
    return (upto + np.arange(len(p))[:, None]).ravel()


def draw_from(upto, row, u, n_columns):
    """A column for each of the given rows of a table, whose running sums are `upto`."""
    level = row + np.minimum(u, 1 - _LAST)
    return np.searchsorted(upto, level, side="right") - row * n_columns
