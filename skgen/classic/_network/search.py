"""Search: which columns are the parents of which, by the score of each family."""

from __future__ import annotations

import numpy as np

from . import family

#: Entries of the largest table of a family.
MOST_ENTRIES = 2**18
#: A move counts as better from this share of the score on: rounding must not choose.
TIE = 1e-9


def left_out_score(level, total, n_columns):
    """Log-likelihood of the rows, each left out of the smoothed table in turn, less the price of the parents.

    A parent costs half log n for its strength, and log d for having been picked among d columns: without the latter,
    the best of many chance gains would look like a find.
    """
    price = 0.5 * np.log(max(total, 2.0)) + np.log(n_columns)
    return level.score - price * level.n_parents


def bic_score(level, total, n_columns):
    """Log-likelihood of the rows under their shares, less half log n for each free share."""
    n = level.counts[level.counts > 0]
    shares = n @ np.log(n) - level.totals[level.totals > 0] @ np.log(level.totals[level.totals > 0])
    return float(shares - 0.5 * np.log(max(total, 2.0)) * level.n_contexts * (level.n_states - 1))


CRITERIA = {"leave-one-out": left_out_score, "bic": bic_score}


class Families:
    """The families of a table of states, scored on demand.

    Parameters
    ----------
    codes : list of ndarray of int of shape (n,)
        States of each column.
    sizes : list of int
        How many they are.
    weight : ndarray of shape (n,)
        Weights of the rows.
    criterion : {"leave-one-out", "bic"}
        What a family is worth.
    """

    def __init__(self, codes, sizes, weight, criterion):
        self.columns = codes
        self.sizes, self.weight, self.total = sizes, weight, float(weight.sum())
        self._criterion, self._scores = CRITERIA[criterion], {}

    def level(self, j, parents=()):
        """The family of column `j` with parents in the order of their weight."""
        level = family.root(self.columns[j], self.sizes[j], self.weight)
        for u in parents:
            level = self.grown(level, j, u)
        return level

    def grown(self, level, j, u):
        """The family of column `j` with one parent more."""
        return family.grow(level, self.columns[j], self.sizes[j], self.columns[u], self.sizes[u], self.weight)

    def score(self, j, parents, level=None):
        """What a family is worth, in nats over all rows; `level` is that of all but its last parent, where at hand."""
        if (j, parents) not in self._scores:
            level = self.grown(level, j, parents[-1]) if level is not None and parents else self.level(j, parents)
            self._scores[j, parents] = self._criterion(level, self.total, len(self.sizes))
        return self._scores[j, parents]

    def fits(self, level, u):
        """Whether the table with one parent more is small enough."""
        return level.n_contexts * self.sizes[u] * level.n_states <= MOST_ENTRIES


def chow_liu(families):
    """The parents of each column in the forest of the highest criterion.

    The weight of an edge is the mean of what it gains in its two directions (with counts alone both are the mutual
    information); edges that gain nothing are left out. Each tree hangs from the column that makes its arrows gain most.
    """
    gains = pair_gains(families)
    both = (gains + gains.T) / 2
    d = len(both)
    beside = [[] for _ in range(d)]
    best, source, outside = np.zeros(d), np.full(d, -1), np.ones(d, bool)
    for _ in range(d):  # Prim: the next column is the one with the heaviest edge, or starts a tree
        j = int(np.argmax(np.where(outside, best, -1.0)))
        outside[j] = False
        if source[j] >= 0:
            beside[j].append(int(source[j]))
            beside[source[j]].append(j)
        heavier = both[j] > best * (1 + TIE)
        best, source = np.where(heavier, both[j], best), np.where(heavier, j, source)
    parents = [()] * d
    pending = set(range(d))
    while pending:
        tree = _walk(min(pending), beside)
        total = {tree[0][0]: 0.0}
        for j, u in tree[1:]:
            total[j] = total[u] - gains[j, u] + gains[u, j]
        for j, u in _walk(max(total, key=total.get), beside)[1:]:
            parents[j] = (u,)
        pending -= total.keys()
    return parents


def _walk(start, beside):
    """The columns of a tree from a start on, each with the one before it."""
    walk = [(start, -1)]
    for j, u in walk:
        walk += [(k, j) for k in beside[j] if k != u]
    return walk


def pair_gains(families):
    """What one parent adds to the score of each column alone: entry (child, parent)."""
    d = len(families.sizes)
    gains = np.full((d, d), -np.inf)
    for j in range(d):
        alone = families.level(j)
        at_first = families.score(j, ())
        for u in range(d):
            if u != j and families.fits(alone, u):
                gains[j, u] = families.score(j, (u,), alone) - at_first
    return gains


def find_parents(families, structure, max_parents):
    """The parents of each column: by `structure` "chow-liu" or "hill-climbing"."""
    forest = chow_liu(families)
    if structure == "chow-liu":
        return forest
    starts = [forest, [()] * len(forest)][max_parents == 0 :]
    climbers = [HillClimber(families, start, max_parents) for start in starts]
    return max((climber.climb() for climber in climbers), key=lambda end: end[0])[1]


def edge_gains(families, j, parents):
    """What each edge into column `j` adds to the criterion, in nats per row."""
    whole = families.score(j, parents)
    without = [families.score(j, tuple(p for p in parents if p != u)) for u in parents]
    return (whole - np.array(without)) / families.total


class HillClimber:
    """Greedy search over graphs: the best of adding, removing and turning an edge, until none helps.

    Parameters
    ----------
    families : Families
        Scores of families.
    parents : list of tuple
        The graph to start from.
    max_parents : int
        Most parents of a column.
    """

    def __init__(self, families, parents, max_parents):
        self.families, self.max_parents = families, max_parents
        self.parents = list(parents)
        d = len(parents)
        self.scores = np.zeros(d)
        self.add, self.remove = np.full((d, d), -np.inf), np.full((d, d), -np.inf)
        for j in range(d):
            self._refresh(j)

    def climb(self):
        """The score and the parents of each column at the top."""
        least = TIE * abs(self.families.total) + TIE
        while True:
            gain, move = self._best_move()
            if gain <= least:
                return float(self.scores.sum()), self.parents
            kind, j, u = move
            if kind != "add":
                self.parents[j] = tuple(p for p in self.parents[j] if p != u)
            if kind != "remove":
                child, parent = (j, u) if kind == "add" else (u, j)
                self.parents[child] = (*self.parents[child], parent)
            for changed in {j, u} if kind == "turn" else {j}:
                self._refresh(changed)

    def _refresh(self, j):
        """Gains of the moves that change the parents of column `j`."""
        families, parents = self.families, self.parents[j]
        level = families.level(j, parents)
        score = self.scores[j] = families.score(j, parents)
        self.add[j], self.remove[j] = -np.inf, -np.inf
        for u in range(len(self.parents)):
            if u == j:
                continue
            if u in parents:
                rest = tuple(p for p in parents if p != u)
                self.remove[j, u] = families.score(j, rest) - score
            elif len(parents) < self.max_parents and families.fits(level, u):
                self.add[j, u] = families.score(j, (*parents, u), level) - score

    def _best_move(self):
        d = len(self.parents)
        edge = np.zeros((d, d), bool)  # (child, parent)
        for j, parents in enumerate(self.parents):
            edge[j, list(parents)] = True
        above = ancestors(edge)
        turned = np.where(edge & ~(edge.astype(int) @ above.astype(int) > 0), self.remove + self.add.T, -np.inf)
        moves = {"add": np.where(above.T, -np.inf, self.add), "remove": self.remove, "turn": turned}
        best = 0.0, None
        for kind, gains in moves.items():
            at = np.unravel_index(np.argmax(gains), gains.shape)
            if gains[at] > best[0] * (1 + TIE) and gains[at] > 0:
                best = float(gains[at]), (kind, int(at[0]), int(at[1]))
        return best


def ancestors(edge):
    """Which columns are above which: entry (column, ancestor), from entries (child, parent)."""
    above = edge.copy()
    for k in range(len(edge)):  # Warshall
        above |= above[:, [k]] & above[k]
    return above


def topological_order(parents):
    """Columns in an order in which parents come first."""
    order, placed = [], set()
    pending = list(range(len(parents)))
    while pending:
        ready = [j for j in pending if placed.issuperset(parents[j])]
        order += ready
        placed.update(ready)
        pending = [j for j in pending if j not in placed]
    return order
