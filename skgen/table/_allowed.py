"""Allowed: the set of cells that a condition leaves open in one column, in the numbers of the typed view."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Allowed:
    """What one column may be.

    Parameters
    ----------
    values : ndarray or None, default=None
        The allowed codes or numbers, sorted; None where an interval says it.
    low, high : float, default=-inf, inf
        The closed interval of allowed numbers, where `values` is None.
    missing : bool, default=False
        Whether the missing cell is allowed.
    """

    values: np.ndarray | None = None
    low: float = -np.inf
    high: float = np.inf
    missing: bool = False

    def contains(self, z):
        """Mask of the entries of `z` (typed numbers, NaN = missing) that are allowed."""
        absent = np.isnan(z)
        if self.values is None:
            inside = (z >= self.low) & (z <= self.high)
        elif len(self.values) == 0:
            inside = np.zeros(len(z), bool)
        else:
            at = np.minimum(np.searchsorted(self.values, z), len(self.values) - 1)
            inside = self.values[at] == z
        return np.where(absent, self.missing, inside)
