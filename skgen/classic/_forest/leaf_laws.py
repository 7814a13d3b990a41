r"""LeafLaws: in each leaf of a forest independent laws of the columns, smoothed towards those of ever larger groups.

.. math:: p_{lj}^{(k)}(c) = \frac{n_{lj}^{(k)}(c) + \alpha_j\, p_{lj}^{(k-1)}(c)}{n_{lj}^{(k)}(B_{lj}) + \alpha_j},
    \quad p_{lj}^{(0)}(c) = \frac{m_j(c)}{m_j(B_{lj})}, \quad
    w_l = \frac{n_l + \kappa \prod_j m_j(B_{lj})}{T (n + \kappa)}

for cells c of column j in the leaf's box B_lj; m_j is the column's marginal law, n^(k) the weight of the rows in the
k-th group of leaf l, the last of which is the leaf itself. All laws are normalised, and so are the weights w, since the
boxes of each of the T trees partition the space.
"""

from __future__ import annotations

import numpy as np


def starts_of(row):
    """Where the pairs of each row start, in pairs sorted by row."""
    return np.flatnonzero(np.append(True, row[1:] != row[:-1]))


def smoothed(count, mass, behind, alpha):
    """A law from counts among the rows of a mass, and the law behind them that weighs as much as alpha rows."""
    return count / (mass + alpha) + (1 - mass / (mass + alpha)) * behind


class LeafLaws:
    """The mixture of a forest's leaves.

    Parameters
    ----------
    partition : Partition
        The trees.
    mass : ndarray of shape (L,)
        Weight of the rows in the leaves.
    levels : list of LeafCounts
        Weights of the rows in groups of leaves, large groups first, the leaves themselves last.
    marginals : list of ndarray
        The marginal law of each column on its places.
    smoothing : ndarray of shape (d,)
        Weight of the law behind each group's counts in each column, in rows.
    shrinkage : float
        Weight of independent columns in the weights of the leaves, in rows.
    """

    _FIELDS = ("partition", "mass", "levels", "marginals", "smoothing", "shrinkage")

    def __init__(self, partition, mass, levels, marginals, smoothing, shrinkage):
        self.partition, self.mass, self.levels, self.marginals = partition, mass, levels, marginals
        self.smoothing, self.shrinkage = smoothing, shrinkage
        self._upto = [np.append(0.0, np.cumsum(m)) for m in marginals]
        self._low, self._high = partition.boxes([len(m) for m in marginals])
        # for each level and column the entries in the boxes of the leaves; those of a leaf itself all are
        self._entries = [
            [level.entries(j, self._low[:, j], self._high[:, j]) for j in range(len(marginals))]
            for level in levels[:-1]
        ] + [[(starts[:-1], starts[1:]) for starts in levels[-1].starts]]
        with np.errstate(divide="ignore"):
            self.log_weight = np.log(self.weights(shrinkage))

    def to_state(self) -> dict:
        return {name: getattr(self, name) for name in self._FIELDS}

    @classmethod
    def from_state(cls, state):
        return cls(**state)

    def weights(self, shrinkage):
        """Weights of the leaves with this shrinkage; they sum to 1."""
        n_trees = self.partition.n_trees
        prior = np.ones(len(self.mass))
        for j in range(len(self.marginals)):
            prior *= self._box(j, slice(None))
        if np.isinf(shrinkage):
            return prior / n_trees
        return (self.mass + shrinkage * prior) / (self.mass.sum() + n_trees * shrinkage)

    def _box(self, j, leaf):
        """The marginal mass of column j in the boxes of leaves."""
        return self._upto[j][self._high[leaf, j]] - self._upto[j][self._low[leaf, j]]

    def _within(self, k, j, leaf):
        """The weight of the rows of the k-th groups of leaves that column j puts into their boxes."""
        if k == len(self.levels) - 1:
            return self.mass[leaf]
        first, end = self._entries[k][j]
        return self.levels[k].between(j, first[leaf], end[leaf])

    def evidence(self, j, leaf, place):
        """What the law of column j in leaves at places is made of: the marginal law, counts and masses by level."""
        found = [(level.at(j, leaf, place), self._within(k, j, leaf)) for k, level in enumerate(self.levels)]
        return self.marginals[j][place] / self._box(j, leaf), found

    def log_law(self, j, leaf, place):
        """The log-law of column j in leaves at places in them."""
        return np.log(combined(*self.evidence(j, leaf, place), self.smoothing[j]))

    # ---- rows of which some places are known ---------------------------------------------------------------------

    def log_terms(self, row, leaf, places):
        """Log-weights of leaves times the laws of the known places (-1: not known) of rows, for pairs of both."""
        total = self.log_weight[leaf]
        for j in range(places.shape[1]):
            place = places[row, j]
            at = np.flatnonzero(place >= 0)
            if len(at):
                total[at] += self.log_law(j, leaf[at], place[at])
        return total

    def log_density(self, places):
        """The log-law of rows, summed over the places that are not known."""
        out = np.empty(len(places))
        for rows, row, leaf in self.partition.reached(places):
            terms = self.log_terms(row, leaf, places[rows])
            top = np.maximum.reduceat(terms, starts_of(row))
            out[rows] = top + np.log(np.bincount(row, np.exp(terms - top[row])))
        return out

    def log_share(self, j, share):
        """For every leaf, the log of the expected share in column j."""
        with np.errstate(divide="ignore"):
            return np.log(self._shares(j, share, slice(None))[-1])

    def _shares(self, j, share, leaf):
        """The expected share in column j in leaves, under the marginal law and then level by level."""
        upto = self._upto[j] if share is None else np.append(0.0, np.cumsum(self.marginals[j] * share))
        shares = [(upto[self._high[leaf, j]] - upto[self._low[leaf, j]]) / self._box(j, leaf)]
        for k, level in enumerate(self.levels):
            upto, (first, end) = level.shared(j, share), self._entries[k][j]
            seen = upto[end[leaf]] - upto[first[leaf]]
            shares.append(smoothed(seen, self._within(k, j, leaf), shares[-1], self.smoothing[j]))
        return shares

    # ---- draws ---------------------------------------------------------------------------------------------------

    def draw_leaves(self, n, rng):
        """Leaves in proportion to their weights."""
        upto = np.cumsum(np.exp(self.log_weight))
        return np.minimum(np.searchsorted(upto, rng.random(n) * upto[-1], side="right"), len(upto) - 1)

    def draw_leaves_given(self, places, log_share, rng):
        """A leaf for each row, given its known places and for all leaves log-weights from conditions on the others.

        None where no leaf meets the conditions of some row.
        """
        distinct, pattern = np.unique(places, axis=0, return_inverse=True)
        pattern = pattern.reshape(-1)
        by_pattern = np.argsort(pattern, kind="stable")
        bounds = np.searchsorted(pattern[by_pattern], np.arange(len(distinct) + 1))
        out = np.empty(len(places), np.int64)
        for rows, row, leaf in self.partition.reached(distinct):
            terms = self.log_terms(row, leaf, distinct[rows]) + log_share[leaf]
            starts = starts_of(row)
            top = np.maximum.reduceat(terms, starts)
            if not np.isfinite(top).all():
                return None
            upto = np.append(0.0, np.cumsum(np.exp(terms - top[row])))
            wanted = by_pattern[bounds[rows.start] : bounds[rows.stop]]
            of = pattern[wanted] - rows.start
            out[wanted] = leaf[_pick(upto, starts[of], np.append(starts[1:], len(row))[of], rng)]
        return out

    def draw_places(self, j, leaf, rng, share=None):
        """Places of column j in leaves, each place's law times a share."""
        shares, alpha = self._shares(j, share, leaf), self.smoothing[j]
        upto = self._upto[j] if share is None else np.append(0.0, np.cumsum(self.marginals[j] * share))
        place = _pick(upto, self._low[leaf, j], self._high[leaf, j], rng)
        for k, level in enumerate(self.levels):  # each level's own rows cover what lies behind them
            within = self._within(k, j, leaf)
            behind = (1 - within / (within + alpha)) * shares[k]
            own = np.flatnonzero(rng.random(len(leaf)) * shares[k + 1] >= behind)
            first, end = (runs[leaf[own]] for runs in self._entries[k][j])
            own, first, end = own[first < end], first[first < end], end[first < end]
            if len(own):
                place[own] = level.places[j][_pick(level.shared(j, share), first, end, rng)]
        return place


def combined(law, found, alpha):
    """The law of the last level, from the marginal law and the counts and masses of the levels."""
    for count, mass in found:
        law = smoothed(count, mass, law, alpha)
    return law


def _pick(upto, first, end, rng):
    """One of the entries from `first` to before `end`, in proportion to the steps of the running sum."""
    u = upto[first] + rng.random(len(first)) * (upto[end] - upto[first])
    return np.clip(np.searchsorted(upto, u, side="right") - 1, first, end - 1)
