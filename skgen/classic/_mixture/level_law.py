"""The levels of a category, or the values of a number that counts as one, in each component of a mixture."""

from __future__ import annotations

import numpy as np

from ...table.reserved import full_codes, position_log_density, value_codes, with_reserved
from .column_law import ColumnLaw, choose, log


class LevelLaw(ColumnLaw):
    """Levels of a category, or the values of a number that counts as one.

    Parameters
    ----------
    column : CodecColumn
        The column.
    index : int
        Its position in the table.
    p : ndarray of shape (K, S + 1)
        Probabilities of the S levels, then of the missing cell, before reserved mass.
    """

    _FIELDS = ("index", "p")
    _PER_COMPONENT = ("p",)

    def __init__(self, column, index, p):
        self.column = column
        self.index = index
        self.p = p

    @classmethod
    def overall(cls, column, index, z, weight):
        """The law of one component that fits the column's weighted cells."""
        S = column.n_codes if column.kind == "category" else len(column.values)
        law = cls(column, index, np.zeros((1, S + 1)))
        counts = np.bincount(law.fit_codes(z)[0], weight, minlength=S + 1)
        law.p = counts[None] / weight.sum()
        return law

    @property
    def is_number(self) -> bool:
        return self.column.kind == "number"

    def is_alike(self, other) -> bool:
        return super().is_alike(other) and np.array_equal(self.column.values, other.column.values)

    def n_parameters(self) -> int:
        K, cells = self.p.shape
        return K * max(cells - 1 - (not self.column.missing_seen), 0)

    def fit_codes(self, z):
        """Codes of the rows of the fit, the missing cell's being the last, and their number."""
        S = self.p.shape[1] - 1
        return np.minimum(self._codes(z), S + 1) - (np.isnan(z)), S + 1

    def _codes(self, z):
        return value_codes(z, self.column.values) if self.is_number else full_codes(z, self.column)

    def _base(self):
        """What turns log-mass into log-density, per cell (S + 2,): -log r for numbers."""
        base = np.zeros(self.p.shape[1] + 1)
        if self.is_number:
            base[:-2] = -np.log(self.column.resolution)
        return base

    def table(self):
        """Log-densities (K, cells) of the cells of the fit."""
        full = log(with_reserved(self.p, self.column)) + self._base()
        return np.delete(full, -2, axis=1)

    def update(self, counts):
        """The M step from expected counts (K, cells)."""
        self.p = counts / counts.sum(axis=1, keepdims=True)

    def log_density(self, z):
        """Log-densities (n, K)."""
        codes = self._codes(z)
        out = (log(with_reserved(self.p, self.column)) + self._base()).T[codes]
        other = codes == self.p.shape[1] - 1
        if self.is_number and other.any():
            out[other] += position_log_density(z[other], self.column, self.column.values)[:, None]
        return out

    def _open(self, allowed):
        """Which seen cells are left open (S + 1,)."""
        S = self.p.shape[1] - 1
        if allowed is None:
            return np.ones(S + 1, bool)
        cells = self.column.values if self.is_number else np.arange(S, dtype=float)
        return np.append(allowed.contains(cells), allowed.missing)

    def log_mass(self, allowed):
        """Log-mass (K,) of the seen cells that `allowed` leaves open."""
        return log((self.p * self._open(allowed)).sum(axis=1))

    def draw(self, k, x, rng, allowed=None):
        """Cells of rows of components k among the seen ones; x is not read."""
        p = self.p * self._open(allowed)
        total = p.sum(axis=1, keepdims=True)
        p = np.where(total > 0, p / np.where(total > 0, total, 1), self.p)
        cells = self.column.values if self.is_number else np.arange(p.shape[1] - 1, dtype=float)
        return np.append(cells, np.nan)[choose(p, k, rng)]
