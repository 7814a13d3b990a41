"""CellsLaw: the shares of a column's cells, be they levels, values or the intervals of a histogram."""

from __future__ import annotations

import numpy as np

from ...table.cells import ColumnCells


class CellsLaw:
    """Shares of cells.

    Parameters
    ----------
    cells : ColumnCells
        The cells of the column and the law inside them.
    """

    def __init__(self, cells):
        self.cells, self.column = cells, cells.column
        possible = np.append(np.ones(cells.n_cells, bool), cells.column.missing_seen)
        least = max(cells.mass.sum(), 1e-300) * max(cells.column.rho, 1e-12)
        mass = np.where(possible, np.maximum(cells.mass, least), 0.0)  # (K + 1,)
        self.shares = mass / mass.sum()

    @classmethod
    def fit(cls, z, weight, column):
        """The law of distinct cells of some weight."""
        return cls(ColumnCells.fit(z, weight, column))

    @property
    def name(self) -> str:
        if self.cells.tiling is not None:
            return "histogram"
        return "bernoulli" if self.cells.n_cells == 2 else "categorical"

    def parameters(self) -> dict:
        """The shares, of codes in their order, of values or of intervals; then of missing cells where any were seen."""
        found = {"shares": self.shares[:-1]}
        if self.cells.tiling is None and self.column.kind == "number":
            found["values"] = self.column.values
        return {**found, "missing": float(self.shares[-1])} if self.column.missing_seen else found

    def n_parameters(self):
        """Free shares; None for a histogram, whose cells follow the rows."""
        return None if self.cells.tiling is not None else np.count_nonzero(self.shares) - 1

    def log_density(self, z):
        """Log-density of cells of the typed view."""
        codes, log_within = self.cells.locate(z)
        with np.errstate(divide="ignore"):
            return np.where(codes >= 0, np.log(self.shares)[codes], 0.0) + log_within

    def draw(self, n, rng, allowed=None):
        """Draws of the law, within a set where one is given."""
        weight = self.shares if allowed is None else self.shares * self.cells.overlap(allowed)
        total = weight.sum()
        if total == 0:
            return np.full(n, np.nan)
        return self.cells.draw(rng.choice(len(weight), size=n, p=weight / total), rng, allowed)

    def to_state(self) -> dict:
        return {"cells": self.cells}

    @classmethod
    def from_state(cls, state):
        return cls(state["cells"])
