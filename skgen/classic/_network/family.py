r"""Family: the law of one discrete column given its parents, shrunk towards the law given fewer of them.

With N counts, C a context of the first k parents and :math:`C^-` that of the first k - 1,

.. math:: P_k(x \mid C) = \frac{N(x, C) + a_k P_{k-1}(x \mid C^-)}{N(C) + a_k}, \qquad
          P_0(x) = \frac{N(x) + a_0 / B}{N + a_0}.

Each strength a is the one under which the rows, each left out in turn, are likeliest.
"""

from __future__ import annotations

import numpy as np

#: Strengths in rows that are tried, finely for the tables that are kept; beyond the last a level adds next to nothing.
COARSE = 2.0 ** np.arange(-2, 13, 2)
FINE = 2.0 ** np.arange(-4, 14, 0.5)


class Level:
    """One level of a family: counts of a column in the contexts of its first k parents.

    Parameters
    ----------
    contexts : ndarray of int of shape (n,)
        Context of each row.
    n_contexts : int
        Number of contexts.
    codes : ndarray of int of shape (n,)
        States of the column.
    n_states : int
        Number of its states.
    weight : ndarray of shape (n,)
        Weights of the rows.
    below : Level or None
        The level of one parent fewer, whose contexts are those of this one divided by `fan`.
    fan : int
        States of the last parent.
    grid : ndarray
        Strengths to choose from.
    """

    def __init__(self, contexts, n_contexts, codes, n_states, weight, below=None, fan=1, grid=COARSE):
        self.contexts, self.n_contexts, self.n_states = contexts, n_contexts, n_states
        counts = np.bincount(contexts * n_states + codes, weight, minlength=n_contexts * n_states)
        self.counts = counts.reshape(n_contexts, n_states)
        self.totals = self.counts.sum(axis=1)
        self.below, self.fan = below, fan
        self.n_parents = 0 if below is None else below.n_parents + 1
        self._choose(grid)

    def _choose(self, grid):
        """The strength of the highest leave-one-out likelihood, and the left-out probabilities of the seen cells."""
        self.cell = np.flatnonzero(self.counts)
        context, state = np.divmod(self.cell, self.n_states)
        n, total = self.counts.ravel()[self.cell], self.totals[context]
        if self.below is None:
            prior = np.full(len(n), 1 / self.n_states)
        else:
            at = (context // self.fan) * self.n_states + state
            prior = self.below.left_out[np.searchsorted(self.below.cell, at)]
        n_left, total_left = np.maximum(n - 1, 0.0), np.maximum(total - 1, 0.0)
        a = grid[:, None]
        scores = np.log((n_left + a * prior) / (total_left + a)) @ n
        best = int(scores.argmax())
        self.score, self.strength = float(scores[best]), float(grid[best])
        self.left_out = (n_left + self.strength * prior) / (total_left + self.strength)

    def table(self):
        """Probabilities of the states in each context, of shape (n_contexts, n_states)."""
        if self.below is None:
            prior = np.full((1, self.n_states), 1 / self.n_states)
        else:
            prior = np.repeat(self.below.table(), self.fan, axis=0)
        return (self.counts + self.strength * prior) / (self.totals + self.strength)[:, None]


def grow(level, codes, n_states, parent, fan, weight, grid=COARSE):
    """The level of one parent more: its states `parent` (n,), `fan` of them."""
    contexts = level.contexts * fan + parent
    return Level(contexts, level.n_contexts * fan, codes, n_states, weight, level, fan, grid)


def root(codes, n_states, weight, grid=COARSE):
    """The level of no parents."""
    return Level(np.zeros(len(codes), np.int64), 1, codes, n_states, weight, None, 1, grid)


def table(codes, j, parents, sizes, weight, smoothing):
    """The smoothed table of a family.

    Parameters
    ----------
    codes : list of ndarray of int of shape (n,)
        States of the columns.
    j : int
        The column.
    parents : tuple of int
        Its parents, the weightiest first.
    sizes : list of int
        How many they are; as a parent a column has one state more, which no row is in.
    weight : ndarray of shape (n,)
        Weights of the rows.
    smoothing : float or "leave-one-out"
        Rows added to every entry, or strengths of shrinking by left-out rows.

    Returns
    -------
    ndarray of shape (sizes of the parents + 1..., sizes[j] + 1)
        Probabilities; they sum to 1 along the last axis but for a further state at its end, whose factor is 1.
    """
    level = root(codes[j], sizes[j], weight, FINE)
    for u in parents:
        level = grow(level, codes[j], sizes[j], codes[u], sizes[u] + 1, weight, FINE)
    p = level.table() if smoothing == "leave-one-out" else level.counts + smoothing
    p = np.append(p / p.sum(axis=1, keepdims=True), np.ones((len(p), 1)), axis=1)
    return p.reshape(*(sizes[u] + 1 for u in parents), sizes[j] + 1)
