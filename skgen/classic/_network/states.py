"""ColumnStates: the cells of a column in the few states that a network's tables speak of."""

from __future__ import annotations

import numpy as np

from ...table.cells import ColumnCells

#: Levels of a category that are states of their own; rarer ones share one state.
MOST_LEVELS = 128


class ColumnStates:
    """States of one column: groups of its cells, and the law of the cells inside each.

    States run from 0 to B - 1, a seen missing cell being the last. B stands for any reserved event.

    Parameters
    ----------
    cells : ColumnCells
        The cells.
    state_of : ndarray of int of shape (K + 1,)
        The state of each cell, the missing one's last; B where no missing cell was seen.
    """

    def __init__(self, cells, state_of):
        self.cells, self.state_of = cells, state_of
        self.n_states = int(state_of[:-1].max(initial=-1)) + 1 + bool(cells.column.missing_seen)
        total = np.bincount(state_of, cells.mass, self.n_states + 1)
        self.share = cells.mass / np.where(total > 0, total, 1.0)[state_of]

    @classmethod
    def group(cls, cells, n_bins):
        """The states of a column: its levels or values, or about `n_bins` bins of its intervals."""
        if cells.tiling is not None:
            groups = cells.coarsen(n_bins)
        else:
            groups = _frequent(cells.mass[:-1], MOST_LEVELS)
        return cls(cells, np.append(groups, groups.max(initial=-1) + 1).astype(np.int64))

    def left_out_score(self) -> float:
        """Log-likelihood of the cells given their states, each row left out in turn (alone in its cell: half a row)."""
        mass = self.cells.mass
        total = np.bincount(self.state_of, mass, self.n_states + 1)[self.state_of]
        among = total > mass
        mass, total = mass[among], total[among]
        return float(mass @ np.log(np.maximum(mass - 1, 0.5) / np.maximum(total - 1, 0.5)))

    @property
    def reserved(self) -> float:
        """The mass of the reserved events."""
        return self.cells.reserved_mass

    def n_shares(self) -> int:
        """Free shares of cells within states."""
        return self.cells.n_cells + bool(self.cells.column.missing_seen) - self.n_states

    def locate(self, z):
        """States of cells of the typed view, B where reserved, and what the place within adds to the log-density."""
        codes, log_within = self.cells.locate(z)
        known = codes >= 0
        log_within[known] += np.log(self.share[codes[known]])
        return np.where(known, self.state_of[codes], self.n_states), log_within

    def overlap(self, allowed):
        """The share of each state's mass that a set leaves, of shape (B + 1,): nothing of the reserved."""
        shares = np.bincount(self.state_of, self.share * self.cells.overlap(allowed), self.n_states + 1)
        shares[self.n_states] = 0.0
        return shares

    def draw(self, states, rng, allowed=None):
        """Cells of the typed view inside states, and inside a set."""
        mass = self.share * self.cells.overlap(allowed)
        order = np.argsort(self.state_of, kind="stable")
        upto = np.append(0.0, np.cumsum(mass[order]))
        ends = np.searchsorted(self.state_of[order], [states, states + 1])
        at = np.searchsorted(upto, upto[ends[0]] + rng.random(len(states)) * (upto[ends[1]] - upto[ends[0]]), "right")
        return self.cells.draw(order[np.clip(at - 1, ends[0], ends[1] - 1)], rng, allowed)

    def to_state(self) -> dict:
        return {"cells": self.cells.to_state(), "state_of": self.state_of}

    @classmethod
    def from_state(cls, state):
        return cls(ColumnCells.from_state(state["cells"]), state["state_of"])


def _frequent(mass, most):
    """Every cell a group of its own; of more than `most` cells the rarer ones share the last."""
    if len(mass) <= most:
        return np.arange(len(mass))
    groups = np.full(len(mass), most - 1)
    frequent = np.sort(np.argsort(-mass, kind="stable")[: most - 1])
    groups[frequent] = np.arange(most - 1)
    return groups
