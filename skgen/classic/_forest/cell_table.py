"""CellTable: rows as places on the cells of their columns, every column a line of cells that trees can cut.

Numbers lie in order, levels of a category along their first correspondence axis, missing cells last.
"""

from __future__ import annotations

import numpy as np

from ...table._correspondence import level_orders
from ...table.cells import ColumnCells


class CellTable:
    """The cells of a table's columns, and the places of these cells on a line.

    Parameters
    ----------
    cells : list of ColumnCells
        One for each column.
    orders : list of ndarray
        The codes of each column's cells, without the missing one, in the order of their places.
    """

    def __init__(self, cells, orders):
        self.cells, self.orders = cells, orders
        self.n_places = np.array([c.n_cells + 1 for c in cells])
        self._places = [np.append(np.argsort(order), len(order)) for order in orders]
        self._codes = [np.append(order, len(order)) for order in orders]

    @classmethod
    def fit(cls, Z, weight, columns):
        """The cells of weighted rows of the typed view."""
        levels = level_orders(Z, columns, weight)
        cells = [ColumnCells.fit(Z[:, j], weight, column) for j, column in enumerate(columns)]
        return cls(cells, [levels.get(j, np.arange(c.n_cells)) for j, c in enumerate(cells)])

    def to_state(self) -> dict:
        return {"cells": self.cells, "orders": self.orders}

    @classmethod
    def from_state(cls, state):
        return cls(**state)

    def marginals(self):
        """The share of each place of each column in the rows of the fit."""
        return [(c.mass / c.mass.sum())[codes] for c, codes in zip(self.cells, self._codes)]

    def locate(self, Z):
        """Places of rows, -1 for a reserved event, and the log-densities within their cells; (n, d) each."""
        places, log_within = np.empty(Z.shape, np.int64), np.empty(Z.shape)
        for j, cells in enumerate(self.cells):
            codes, log_within[:, j] = cells.locate(Z[:, j])
            places[:, j] = np.where(codes < 0, -1, self._places[j][codes])
        return places, log_within

    def draw(self, places, j, rng, allowed=None):
        """Numbers of the typed view at places of column j, inside a set."""
        return self.cells[j].draw(self._codes[j][places], rng, allowed)

    def overlap(self, allowed, j):
        """The share of each place's mass that a set leaves."""
        return self.cells[j].overlap(allowed)[self._codes[j]]
