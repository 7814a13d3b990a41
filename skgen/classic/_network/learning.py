"""Learner: from the cells of the columns to bins and a graph."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .search import Families, edge_gains, find_parents
from .states import ColumnStates

#: Numbers of bins to start from, and up to which and down to which to go on while that is better.
START, MOST, LEAST = 32, 256, 4


@dataclass
class Candidate:
    """A graph over columns with about `n_bins` bins, and what it is worth in nats.

    Columns of `states` come in the order of the table; `families` and `parents` take them in the order of the search.
    """

    n_bins: int
    states: list
    families: Families
    parents: list
    worth: float


class Learner:
    """Finds graphs.

    Parameters
    ----------
    cells : list of ColumnCells
        The cells of each column.
    codes : list of ndarray of int of shape (n,)
        The cell of each row.
    weight : ndarray of shape (n,)
        Weights of the rows.
    order : ndarray of int of shape (d,)
        In which order the search takes the columns.
    structure : {"hill-climbing", "chow-liu"}
        How graphs are found.
    max_parents : int
        Most parents of a column in hill climbing.
    criterion : {"leave-one-out", "bic"}
        What a family is worth.
    """

    def __init__(self, cells, codes, weight, order, *, structure, max_parents, criterion):
        self.cells, self.codes, self.weight, self.order = cells, codes, weight, order
        self.structure, self.max_parents, self.criterion = structure, max_parents, criterion

    def learn(self, n_bins):
        """The graph with so many bins; "leave-one-out": with the number of bins that is worth most.

        Returns
        -------
        n_bins : int
            Bins of a number of many values.
        states : list of ColumnStates
            The states of each column.
        parents : list of tuple of int
            Parents of each column.
        gains : ndarray
            What each edge adds, in nats per row, by child and then by parent.
        """
        chosen = self._best() if n_bins == "leave-one-out" else self._with_bins(n_bins)
        places = np.argsort(self.order)
        gains = [edge_gains(chosen.families, int(i), chosen.parents[i]) for i in places]
        parents = [tuple(int(self.order[u]) for u in chosen.parents[i]) for i in places]
        return chosen.n_bins, chosen.states, parents, np.concatenate(gains)

    def _best(self):
        """Doubles the number of bins while that is better; if it is not at once, halves it."""
        best = start = self._with_bins(START)
        if all(cell.tiling is None for cell in self.cells):
            return best
        for factor in (2, 1 / 2):
            while LEAST <= best.n_bins * factor <= MOST:
                other = self._with_bins(int(best.n_bins * factor))
                if other.worth <= best.worth:
                    break
                best = other
            if best is not start:
                break
        return best

    def _with_bins(self, n_bins):
        states = [ColumnStates.group(cell, n_bins) for cell in self.cells]
        codes, sizes = state_codes(states, self.codes), [column.n_states for column in states]
        families = Families([codes[j] for j in self.order], [sizes[j] for j in self.order], self.weight, self.criterion)
        parents = find_parents(families, self.structure, self.max_parents)
        worth = sum(families.score(i, own) for i, own in enumerate(parents))
        return Candidate(n_bins, states, families, parents, worth + sum(column.left_out_score() for column in states))


def state_codes(states, codes):
    """The states of rows from their cells."""
    return [column.state_of[code] for column, code in zip(states, codes)]
