"""A column of cells on the normal axis: a category, or a number that counts as one."""

from __future__ import annotations

import numpy as np

from ._grid import count_possible, grid_cells
from ._intervals import Intervals
from .reserved import full_codes, position_log_density, value_codes, with_reserved


class DiscreteColumn:
    """Cells of probability: the seen levels or values in an order, then any other, then missing.

    Parameters
    ----------
    column : CodecColumn
        The column.
    values : ndarray of shape (S,)
        The values of a number; empty for a category.
    order : ndarray of shape (S,)
        Codes (positions in `values`) in the order of their intervals.
    share : ndarray of shape (S + 1,)
        Shares of the codes, then of the missing cell, adding up to 1.
    """

    needs_draw = True

    def __init__(self, column, values, order, share):
        self.column, self.values, self.order, self.share = column, values, order, share
        S = len(order)
        self._code = np.concatenate([order, [S, S + 1]]).astype(np.int64)  # piece -> code
        self._piece = np.argsort(self._code)
        self._intervals = Intervals(with_reserved(share, column)[self._code])
        if column.kind == "category":
            self._cell = np.append(np.arange(S + 1.0), np.nan)
        else:  # what comes out for another number lies outside the range
            self._cell = np.append(values, [column.lower - max(column.scale_below, column.resolution), np.nan])
        self._log_width = np.log(column.resolution) if column.kind == "number" else 0.0

    @classmethod
    def fit(cls, z, column, order=None, weight=None):
        """Shares counted in the typed numbers `z`."""
        if column.kind == "category":
            values, code, S = np.empty(0), full_codes(z, column), column.n_codes
        else:
            values = column.values
            code, S = value_codes(z, values), len(values)
        count = np.bincount(code, weights=weight, minlength=S + 2).astype(float)
        count = np.append(count[:S], count[S + 1])
        possible = np.append(np.ones(S, bool), column.missing_seen or S == 0)
        count = count_possible(count, possible, column)
        return cls(column, values, np.arange(S) if order is None else order, count / count.sum())

    def cells(self, z):
        """Cell codes."""
        if self.column.kind == "category":
            return full_codes(z, self.column)
        return grid_cells(z, self.column.resolution)

    def encode(self, z, u):
        """Normal scores of the cells at the places `u`, and log-weights."""
        if self.column.kind == "category":
            return self._intervals.place(self._piece[full_codes(z, self.column)], u)
        code = value_codes(z, self.values)
        R, log_weight = self._intervals.place(self._piece[code], u)
        log_weight -= np.where(code > len(self.values), 0.0, self._log_width)
        other = code == len(self.values)
        if other.any():
            log_weight[other] += position_log_density(z[other], self.column, self.values) + self._log_width
        return R, log_weight

    def decode(self, R):
        """The cells in which `R` lies, as typed numbers."""
        return self._cell[self._code[self._intervals.locate(R)]]

    def to_state(self) -> dict:
        return {"values": self.values, "order": self.order, "share": self.share}

    @classmethod
    def from_state(cls, state, column):
        return cls(column, **state)
