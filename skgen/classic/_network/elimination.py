r"""Elimination: sums over the unknown columns of a network, one at a time (Zhang and Poole, 1994).

    p(known)  =  sum over unknown x_U of  prod_j  p(x_j | x_parents(j)) e_j(x_j),

e_j the weight that an unknown column gives its states: its reserved mass, or what a condition leaves of each state.
The products that were summed, read backwards, are the conditional laws of the unknown columns.
"""

from __future__ import annotations

import math

import numpy as np

#: Entries of the products of one row, of those of all rows at a time, and of all rows in all.
MOST_ENTRIES, MOST_AT_ONCE, MOST_WORK = 2**22, 2**23, 2**28
#: Rows of different known states to reckon with.
MOST_ROWS = 2**12


class Plan:
    """In which order to sum the unknown columns that bear on what is known, and how large the products get.

    Parameters
    ----------
    parents : list of tuple
        Parents of each column.
    sizes : list of int
        States of each column.
    known : ndarray of bool of shape (d,)
        Which columns are known.
    bearing : ndarray of bool of shape (d,)
        Which columns bear on the result: what is asked for and all that is above it.
    """

    def __init__(self, parents, sizes, known, bearing):
        self.parents, self.known = parents, known
        self.families = [int(j) for j in np.flatnonzero(bearing)]
        self._n_rows = min(math.prod(float(sizes[j]) for j in self.families if known[j]), MOST_ROWS)
        beside = _moral_graph(parents, known, self.families)
        entries = {v: _entries(v, beside[v], sizes) for v in beside}
        self.order, self.total = [], 1.0
        while entries:
            v = min(entries, key=lambda i: (entries[i], i))
            self.total += entries.pop(v)
            self.order.append(v)
            for i in beside[v]:
                beside[i] |= beside[v]
                beside[i] -= {i, v}
                entries[i] = _entries(i, beside[i], sizes)

    @property
    def is_small(self) -> bool:
        """Whether the sums can be done, for as many rows as the known columns can differ in."""
        return self.total <= MOST_ENTRIES and self.total * self._n_rows <= MOST_WORK

    def rows_at_once(self):
        """Rows whose products fit into memory."""
        return max(int(MOST_AT_ONCE / self.total), 1)

    def run(self, tables, weights, states, keep=True):
        """Sum out the unknown columns.

        Parameters
        ----------
        tables : list of ndarray
            For each column its probabilities: one axis for each parent, then its own.
        weights : dict
            For each unknown column the weights of its states.
        states : ndarray of int of shape (m, d)
            States of the known columns.
        keep : bool, default=True
            Whether the products are wanted.

        Returns
        -------
        log_total : ndarray of shape (m,)
            Log of the sum.
        products : list of (column, axes, values)
            What was summed, in order: `values` has shape (m or 1, states of each of `axes`).
        """
        log_total, factors, products = np.zeros(len(states)), [], []
        for j in self.families:
            axes, values = self._factor(j, tables[j], weights, states)
            if axes:
                factors.append((axes, values))
            else:
                log_total = log_total + np.log(values)
        for v in self.order:
            touching = [f for f in factors if v in f[0]]
            axes, values = _product(touching)
            products += [(v, axes, values)] * keep
            values = values.sum(axis=1 + axes.index(v))
            axes = tuple(a for a in axes if a != v)
            scale = values.reshape(len(values), -1).max(axis=1)
            with np.errstate(divide="ignore"):
                log_total = log_total + np.log(scale)
            values = values / np.where(scale > 0, scale, 1.0).reshape(-1, *[1] * len(axes))
            factors = [f for f in factors if v not in f[0]] + ([(axes, values)] if axes else [])
        return log_total, products

    def _factor(self, j, table, weights, states):
        """The table of a family at the known states: its unknown columns in order, and values (m or 1, ...)."""
        columns = (*self.parents[j], j)
        fixed = [k for k, c in enumerate(columns) if self.known[c]]
        free = sorted((k for k, c in enumerate(columns) if not self.known[c]), key=lambda k: columns[k])
        if not self.known[j]:
            table = table * weights[j]
        table = table.transpose(*fixed, *free)
        values = table[tuple(states[:, columns[k]] for k in fixed)] if fixed else table[None]
        return tuple(columns[k] for k in free), values

    def draw_back(self, products, states, of, rng):
        """Draw the summed columns, the last first, into `states` (n, d); `of` (n,) is each row's place in products."""
        for v, axes, values in reversed(products):
            table = np.moveaxis(values, 1 + axes.index(v), -1)
            at = of if len(values) > 1 else np.zeros(len(of), np.int64)
            states[:, v] = choose(table[(at, *(states[:, a] for a in axes if a != v))], rng)


def _moral_graph(parents, known, families):
    """For each unknown column those that stand in a table with it."""
    beside = {j: set() for j in families if not known[j]}
    for j in families:
        scope = {i for i in (*parents[j], j) if not known[i]}
        for i in scope:
            beside[i] |= scope - {i}
    return beside


def _entries(v, others, sizes):
    return math.prod(float(sizes[i]) for i in (v, *others))


def _product(factors):
    """The product of factors over all their columns."""
    axes = tuple(sorted(set().union(*(f[0] for f in factors))))
    product = 1.0
    for own, values in factors:
        missing = tuple(1 + k for k, a in enumerate(axes) if a not in own)
        product = product * np.expand_dims(values, missing)
    return axes, product


def choose(p, rng):
    """One state for each row of weights (n, B); the first where all are 0."""
    upto = np.cumsum(p, axis=1)
    u = rng.random(len(p)) * upto[:, -1]
    return np.minimum((upto <= u[:, None]).sum(axis=1), p.shape[1] - 1) * (upto[:, -1] > 0)
