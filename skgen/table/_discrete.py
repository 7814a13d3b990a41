"""A column of cells on the normal axis: categories, and grid numbers each of whose values is a cell."""

from __future__ import annotations

import numpy as np

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
        self._cell = np.concatenate([values if column.kind == "number" else np.arange(S), [S, np.nan]])
        self._log_width = np.log(column.resolution) if column.kind == "number" else 0.0
        self._gap_share, self._n_gaps = self._gaps()

    @classmethod
    def fit(cls, z, column, order=None, weight=None):
        """Shares counted in the typed numbers `z`."""
        if column.kind == "category":
            values, code, S = np.empty(0), full_codes(z, column), column.n_codes
        else:
            values = column.values if len(column.values) else np.unique(z[~np.isnan(z)])
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
        other = np.flatnonzero(code == len(self.values))
        if len(other):
            R[other], log_weight[other] = self._encode_other(z[other], u[other])
        return R, log_weight

    def decode(self, R):
        """The cells in which `R` lies, as typed numbers."""
        code = self._code[self._intervals.locate(R)]
        z = self._cell[code]
        other = np.flatnonzero(code == len(self.order))
        if self.column.kind == "number" and len(other):
            z[other] = self._decode_other(R[other])
        return z

    def to_state(self) -> dict:
        return {"values": self.values, "order": self.order, "share": self.share}

    @classmethod
    def from_state(cls, state, column):
        return cls(column, **state)

    # ---- numbers that are none of the values: first the gaps of the range, then what lies beyond it -----------------

    def _gaps(self):
        """The share of the gaps in the cell "another number", and how many there are."""
        column = self.column
        if column.kind == "category" or not column.rho:
            return 0.0, 0
        index = self._grid_index(self.values)
        last = self._grid_index(np.array([column.upper]))[0]
        holes = np.flatnonzero(index != np.arange(len(index)))
        n_gaps = int(last) + 1 - len(index)
        if n_gaps <= 0 or not len(holes):
            return 0.0, 0
        first_gap = np.array([column.lower + column.resolution * holes[0]])
        log_density = position_log_density(first_gap, column, self.values)[0]
        return float(np.exp(log_density + self._log_width) * n_gaps), n_gaps

    def _grid_index(self, x):
        return np.rint((x - self.column.lower) / self.column.resolution)

    def _encode_other(self, x, u):
        column, piece = self.column, np.full(len(x), self._piece[len(self.order)])
        gap = (x > column.lower) & (x < column.upper)
        place = self._gap_share + (1 - self._gap_share) * u
        if gap.any():
            index = self._grid_index(x[gap]) - np.searchsorted(self.values, x[gap])
            place[gap] = (index + u[gap]) / self._n_gaps * self._gap_share
        R, log_weight = self._intervals.place(piece, place)
        return R, log_weight + position_log_density(x, column, self.values)

    def _decode_other(self, R):
        column, piece = self.column, self._piece[len(self.order)]
        place = self._intervals.fraction(R, np.full(len(R), piece))
        beyond = column.lower - max(column.scale_below, column.resolution)
        if not self._n_gaps:
            return np.full(len(R), beyond)
        nth = np.minimum(np.floor(place / self._gap_share * self._n_gaps), self._n_gaps - 1)
        # the nth gap lies after as many values as have at most nth gaps before them
        before = self._grid_index(self.values) - np.arange(len(self.values))
        index = nth + np.searchsorted(before, nth, side="right")
        gap = snap(column.lower + index * column.resolution, column)
        return np.where(place < self._gap_share, gap, beyond)


def count_possible(count, possible, column):
    """Counts of the possible cells; one that no row shows weighs what a reserved cell does."""
    least = max(count.sum(), 1e-300) * max(column.rho, 1e-12)
    return np.where(possible & (count == 0), least, count * possible)


def grid_cells(z, resolution):
    """Grid positions as integers; the smallest integer for a missing cell."""
    codes = np.clip(np.rint(z / resolution), -(2.0**62), 2.0**62)
    return np.where(np.isnan(z), -(2.0**63), codes).astype(np.int64)


def snap(x, column):
    """Numbers moved to the centres of their cells; inside the range near its ends."""
    r = column.resolution
    exponent = np.rint(np.log10(r))
    if exponent <= 0 and 10.0**exponent == r:  # dividing by a power of ten gives the double nearest to the decimal
        x = np.rint(x * 10.0**-exponent) / 10.0**-exponent
    else:
        x = np.rint(x / r) * r
    x = np.where(np.abs(x - column.lower) < r / 2, column.lower, x)
    return np.where(np.abs(x - column.upper) < r / 2, column.upper, x)
