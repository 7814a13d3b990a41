"""DiscreteNetwork: a directed graph over columns of few states with a table for each."""

from __future__ import annotations

import numpy as np

from .elimination import Plan, choose
from .search import ancestors, topological_order


class DiscreteNetwork:
    """The law of the states of all columns.

    The last state of a column stands for its reserved events. As a child it has the factor 1 in every table (what it
    weighs is the columns' own matter), as a parent a law of its own.

    Parameters
    ----------
    parents : list of tuple
        Parents of each column.
    tables : list of ndarray
        For each column an array with one axis for each parent, then its own, all with the reserved state last.
    """

    def __init__(self, parents, tables):
        self.parents, self.tables = parents, tables
        self.sizes = [table.shape[-1] for table in tables]
        self.order = topological_order(parents)

    def log_mass(self, states):
        """Log-probability of rows of states (n, d)."""
        log_mass = np.zeros(len(states))
        for j in self.order:
            log_mass += np.log(self.tables[j][tuple(states[:, u] for u in (*self.parents[j], j))])
        return log_mass

    def _at(self, j, states):
        """The law of column `j` in each row, (n, B + 1)."""
        if not self.parents[j]:
            return np.broadcast_to(self.tables[j], (len(states), self.sizes[j]))
        return self.tables[j][tuple(states[:, u] for u in self.parents[j])]

    # ---- marginals and conditionals ------------------------------------------------------------------------------

    def plan(self, known, asked):
        """How to sum what is unknown above the columns that are asked for."""
        edge = np.zeros((len(self.parents), len(self.parents)), bool)
        for j, parents in enumerate(self.parents):
            edge[j, list(parents)] = True
        return Plan(self.parents, self.sizes, known, asked | ancestors(edge)[asked].any(axis=0))

    def log_marginal(self, states, known, reserved):
        """Log-probability of the known states of rows; `reserved` (d,) the columns' reserved masses."""
        plan = self.plan(known, known)
        weights = {j: self._with_reserved(j, reserved[j]) for j in np.flatnonzero(~known)}
        distinct, of = distinct_states(states, known)
        step = plan.rows_at_once()
        starts = range(0, len(distinct), step)
        parts = [plan.run(self.tables, weights, distinct[at : at + step], keep=False)[0] for at in starts]
        return np.concatenate(parts)[of]

    def _with_reserved(self, j, reserved):
        return np.append(np.full(self.sizes[j] - 1, 1 - reserved), reserved)

    def draw(self, n, rng):
        """Rows of states without conditions or reserved events."""
        return self._forward(np.zeros((n, len(self.parents)), np.int64), np.zeros(len(self.parents), bool), rng)

    def draw_given(self, states, known, overlaps, rng):
        """Fill in unknown states, exactly: `overlaps` is the share that a condition leaves of each state, or None."""
        plan = self.plan(known, known | np.array([o is not None for o in overlaps]))
        weights = {j: _open(self.sizes[j]) if o is None else o for j, o in enumerate(overlaps)}
        keys, of = distinct_states(states, known)
        states, step = states.copy(), plan.rows_at_once()
        for at in range(0, len(keys), step):
            rows = np.flatnonzero((of >= at) & (of < at + step))
            products = plan.run(self.tables, weights, keys[at : at + step])[1]
            part = states[rows]
            plan.draw_back(products, part, of[rows] - at, rng)
            states[rows] = part
        done = known.copy()
        done[plan.order] = True
        return self._forward(states, done, rng)

    def _forward(self, states, done, rng):
        for j in self.order:
            if not done[j]:
                states[:, j] = choose(self._at(j, states)[:, :-1], rng)
        return states

    def propose(self, states, known, overlaps, rng):
        """Fill in unknown states along the arrows; the log-weights that make the rows follow the conditional law."""
        states, log_weight = states.copy(), np.zeros(len(states))
        for j in self.order:
            if known[j]:
                log_weight += np.log(self.tables[j][tuple(states[:, u] for u in (*self.parents[j], j))])
                continue
            p = self._at(j, states)
            if overlaps[j] is not None:
                p = p * overlaps[j]
                with np.errstate(divide="ignore"):
                    log_weight += np.log(p.sum(axis=1))
            states[:, j] = choose(p[:, :-1], rng)
        return states, log_weight


def _open(size):
    """Everything but the reserved state."""
    return np.append(np.ones(size - 1), 0.0)


def distinct_states(states, known):
    """The rows that differ in their known states, and which of them each row is."""
    if not known.any():
        return states[:1], np.zeros(len(states), np.int64)
    _, first, of = np.unique(states[:, known], axis=0, return_index=True, return_inverse=True)
    return states[first], of.reshape(-1)
