"""Whether a cell of the Gaussian block is missing, in each component of a mixture."""

from __future__ import annotations

import numpy as np

from .column_law import _TINY, ColumnLaw, log


class FlagLaw(ColumnLaw):
    """Whether the cell of a column of the Gaussian block is missing.

    Parameters
    ----------
    column : CodecColumn
        The column.
    index : int
        Its position in the table.
    p : ndarray of shape (K, 2)
        Probabilities of present and missing.
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
        if not column.missing_seen:
            return cls(column, index, np.array([[1 - column.rho, column.rho]]))
        missing = weight[np.isnan(z)].sum() / weight.sum()
        return cls(column, index, np.array([[1 - missing, missing]]))

    @property
    def learns(self) -> bool:
        return self.column.missing_seen

    def n_parameters(self) -> int:
        return len(self.p) if self.column.missing_seen else 0

    def fit_codes(self, z):
        return np.isnan(z).astype(np.int64), 2

    def table(self):
        """Log-densities (K, cells) of the cells of the fit."""
        return log(self.p)

    def update(self, counts):
        """The M step from expected counts (K, cells)."""
        if self.column.missing_seen:
            self.p = counts / counts.sum(axis=1, keepdims=True)

    def log_density(self, z):
        """Log-densities (n, K)."""
        return self.table().T[np.isnan(z).astype(np.int64)]

    def log_mass(self, allowed):
        """Log-mass (K,) of the cells that `allowed` leaves open: here of being missing or not, as far as it says."""
        open_cells = np.array([True, allowed.missing])
        if allowed.values is not None and len(allowed.values) == 0:
            open_cells[0] = False
        return log((self.p * open_cells).sum(axis=1))

    def within(self, log_mass):
        """The law given that the number, if present, lies in a set of this log-mass (K,); the log-mass of that."""
        p = self.p * np.array([1.0, self.column.missing_seen])
        p[:, 0] *= np.exp(log_mass)
        total = p.sum(axis=1, keepdims=True)
        return FlagLaw(self.column, self.index, p / np.maximum(total, _TINY)), log(total[:, 0])

    def draw(self, k, x, rng, allowed=None):
        """The numbers x (n,) of rows of components k, some made missing."""
        p = self.p if self.column.missing_seen else np.array([1.0, 0.0]) * np.ones_like(self.p)
        if allowed is not None and not allowed.missing:
            return x
        if allowed is not None and allowed.values is not None and len(allowed.values) == 0:
            return np.full(len(x), np.nan)
        return np.where(rng.random(len(x)) < p[k, 1], np.nan, x)
