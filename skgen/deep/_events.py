"""ColumnEvents: a column as a few events, and a place on the normal axis where the event is "a number".

Events are the levels of a category, the values of a number of few values, single values of a number that repeat far
more often than their neighbours, "any number", and "missing". A net gives each event a probability and "any number" a
law on the axis of the column's normal scores, which this object maps to the numbers' own units.
"""

from __future__ import annotations

import numpy as np
import torch

from ..table._continuous import Affine
from ..table._grid import grid_cells, log_seen_and_reserved, snap
from ..table._mixed import FARTHEST
from ..table.cells import ColumnCells
from ..table.column import CodecColumn
from ..table.reserved import value_codes
from ..table.spline import MonotoneSpline, weighted_values
from ._splines import SplineBank

#: A value repeats by itself if at least so many rows hold it, so many standard deviations above what its neighbours
#: say; the neighbours are so many distinct values at either side. The most values that do.
LEAST_ROWS, LEAST_EXCESS, N_NEIGHBORS, MOST_VALUES = 5, 5.0, 5, 256

#: Places are cut where their squares would leave the type; no row of a fit lies beyond.
_LIMITS = {np.float32: (-1e6, 1e6), np.float64: (-FARTHEST, FARTHEST)}


def column_events(z, weight, column):
    """The events of a column of the typed view.

    Parameters
    ----------
    z : ndarray of shape (n,)
        Cells of the typed view.
    weight : ndarray of shape (n,) or None
        Weights of the rows.
    column : CodecColumn
        The column.

    Returns
    -------
    LevelEvents or NumberEvents
        The fitted events.
    """
    if column.kind == "category" or len(column.values) or np.isnan(z).all():
        return LevelEvents(ColumnCells.fit(z, weight, column))
    return NumberEvents.fit(z, weight, column)


def _repeated_values(values, mass, column):
    """Mask of the values that repeat far more often than their neighbours."""
    if not column.repeats or len(values) < 2:
        return np.zeros(len(values), bool)
    upto = np.append(0.0, np.cumsum(mass))
    first = np.maximum(np.arange(len(values)) - N_NEIGHBORS, 0)
    last = np.minimum(np.arange(len(values)) + N_NEIGHBORS, len(values) - 1)
    n_cells = np.maximum(np.rint((values[last] - values[first]) / column.resolution), 1)
    expected = (upto[last + 1] - upto[first] - mass) / n_cells
    excess = mass - expected - LEAST_EXCESS * np.sqrt(expected + 1)
    repeats = (excess > 0) & (mass >= LEAST_ROWS)
    if repeats.sum() > MOST_VALUES:
        repeats &= mass >= np.sort(mass[repeats])[-MOST_VALUES]
    return repeats


class LevelEvents:
    """Events without a place: levels, or the values of a number of few values; missing last where it was seen.

    Parameters
    ----------
    cells : ColumnCells
        The cells of the column.
    """

    has_place = False

    def __init__(self, cells):
        self.cells = cells

    @property
    def n_levels(self) -> float:
        """Levels of a category, which are their own codes; NaN for the values of a number."""
        return np.nan if len(self.cells.column.values) else float(self.cells.n_cells)

    @property
    def log_seen(self) -> float:
        """Log-probability of not being reserved."""
        return float(np.log1p(-self.cells.reserved_mass))

    @property
    def share(self):
        """Shares of the events in the rows of the fit."""
        mass = self.cells.mass if self.cells.column.missing_seen else self.cells.mass[:-1]
        return mass / max(mass.sum(), 1e-300)

    def codes(self, z):
        """Events of numbers, -1 where reserved, and what is to be added to the log-probability of the event."""
        return self.cells.locate(z)

    def hash_codes(self, z):
        """Whole numbers that tell different cells apart."""
        return grid_cells(z, self.cells.column.resolution or 1.0)

    def decode(self, codes, x):
        """The typed numbers of events."""
        levels = self.cells.column.values
        levels = levels if len(levels) else np.arange(self.cells.n_cells, dtype=float)
        return np.append(levels, np.nan)[codes]

    def overlap(self, allowed):
        """The share of each event that a set leaves."""
        return self.cells.overlap(allowed)[: len(self.share)]

    def to_state(self) -> dict:
        return {"cells": self.cells}

    @classmethod
    def from_state(cls, state):
        return cls(state["cells"])


class NumberEvents:
    """Events of a number of many values: values that repeat, any number, missing where it was seen.

    Parameters
    ----------
    column : CodecColumn
        The column.
    base : MonotoneSpline or Affine
        The map of numbers to the normal axis.
    atoms : ndarray
        The values that repeat, sorted.
    share : ndarray
        Shares of the events in the rows of the fit.
    """

    has_place, n_levels = True, np.nan

    def __init__(self, column, base, atoms, share):
        self.column, self.base, self.atoms, self.share = column, base, atoms, share
        self.log_seen, self._log_reserved = log_seen_and_reserved(column)

    @classmethod
    def fit(cls, z, weight, column):
        """Events of the typed numbers `z`, of which one at least is not missing."""
        weight = np.ones(len(z)) if weight is None else weight
        present = ~np.isnan(z)
        values, mass = weighted_values(z[present], weight[present])
        repeats = _repeated_values(values, mass, column)
        rest = ~repeats if (~repeats).sum() > 1 else np.ones(len(values), bool)
        base = (MonotoneSpline if rest.sum() > 1 else Affine).fit_values(values[rest], mass[rest])
        counts = np.append(mass[repeats], [mass[~repeats].sum(), weight[~present].sum()])
        counts = np.maximum(counts, 0.5)[: len(counts) - (not column.missing_seen)]
        return cls(column, base, values[repeats], counts / counts.sum())

    @property
    def any_number(self) -> int:
        """The event "any number"."""
        return len(self.atoms)

    def codes(self, z):
        """Events of numbers, -1 where reserved, and what is to be added to the log-probability of the event."""
        codes = value_codes(z, self.atoms)
        log_r = np.log(self.column.resolution) if self.column.resolution else 0.0
        absent = np.isnan(z)
        extra = self.log_seen - log_r * ~absent
        if not self.column.missing_seen:
            codes[absent] = -1
            extra[absent] = self._log_reserved
        return codes, extra

    def places(self, z):
        """Where the cells of numbers begin on the normal axis, and the logarithm of their width.

        On the line a number's width is the slope of the map.
        """
        x = np.where(np.isnan(z), self.base.inverse(np.zeros(1)), z)
        r = self.column.resolution
        centre, log_slope = self.base.forward(x)
        if not r:
            return centre, log_slope
        low, high = self.base.forward(x - r / 2)[0], self.base.forward(x + r / 2)[0]
        with np.errstate(divide="ignore"):  # far beyond the rows, where both ends are one float
            return low, np.where(high - low > 1e-9 * np.abs(low), np.log(high - low), np.log(r) + log_slope)

    def hash_codes(self, z):
        """Whole numbers that tell different cells apart; on the line, intervals between the knots of the map."""
        if self.column.resolution:
            return grid_cells(z, self.column.resolution)
        knots = self.base.x if isinstance(self.base, MonotoneSpline) else np.empty(0)
        return np.where(np.isnan(z), -1, np.searchsorted(knots, z))

    @property
    def is_plain(self) -> bool:
        """Whether there is one event and no grid."""
        return len(self.share) == 1 and not self.column.resolution

    def decode(self, codes, x):
        """The typed numbers of events, and of the numbers at their places."""
        x = snap(x, self.column) if self.column.resolution else x
        return np.where(codes == self.any_number, x, np.append(self.atoms, [np.nan, np.nan])[codes])

    def to_state(self) -> dict:
        kind = "spline" if isinstance(self.base, MonotoneSpline) else "affine"
        state = {"column": self.column.to_state(), "kind": kind, "base": self.base.to_state()}
        return {**state, "atoms": self.atoms, "share": self.share}

    @classmethod
    def from_state(cls, state):
        base = (MonotoneSpline if state["kind"] == "spline" else Affine).from_state(state["base"])
        return cls(CodecColumn(**state["column"]), base, state["atoms"], state["share"])


class TableEvents:
    """The events of all columns, as the arrays that a net reads.

    A row is one array: the codes of the events of all d columns, then where the cells of the q number columns begin on
    the normal axis, then the logarithms of their widths.

    Parameters
    ----------
    columns : list of LevelEvents or NumberEvents
        One for each column.
    """

    def __init__(self, columns):
        self.columns = columns
        self.numbers = [j for j, events in enumerate(columns) if events.has_place]
        bases = [columns[j].base for j in self.numbers]
        self._bank = SplineBank(bases) if bases and all(isinstance(b, MonotoneSpline) for b in bases) else None
        self._level_counts = np.array([events.n_levels for events in columns])
        self._log_seen = np.array([np.nan if events.has_place else events.log_seen for events in columns])
        self._is_plain = all(events.has_place and events.is_plain for events in columns)

    @classmethod
    def fit(cls, Z, weight, columns):
        """The events of the rows of a typed view."""
        return cls([column_events(np.ascontiguousarray(z), weight, column) for z, column in zip(Z.T, columns)])

    @property
    def n_events(self):
        """Number of events of each column."""
        return [len(events.share) for events in self.columns]

    def only(self, mask):
        """The events of some columns."""
        return TableEvents([events for events, kept in zip(self.columns, mask) if kept])

    def encode(self, Z, dtype=np.float32):
        """What the net reads, and what is to be added to each column's log-probability (n, d)."""
        n, d = Z.shape
        q = len(self.numbers)
        X, extra = np.empty((n, d + 2 * q), dtype), np.empty((n, d))
        levels = self._level_counts
        with np.errstate(invalid="ignore"):
            X[:, :d] = np.where(levels > Z, Z, -1.0)  # right for categories without a missing or reserved cell
        extra[:] = self._log_seen
        for j in np.flatnonzero(np.isnan(levels) | (X[:, :d] < 0).any(0)):
            X[:, j], extra[:, j] = self.columns[j].codes(np.ascontiguousarray(Z[:, j]))
        for i, j in enumerate(self.numbers):
            low, log_width = self.columns[j].places(np.ascontiguousarray(Z[:, j]))
            X[:, d + i], X[:, d + q + i] = np.clip(low, *_LIMITS[dtype]), log_width
        return X, extra

    def hash_codes(self, Z):
        """Whole numbers (n, d), equal for rows that scores treat alike."""
        return np.column_stack([events.hash_codes(z) for events, z in zip(self.columns, Z.T)]).astype(np.int64)

    def decode(self, codes, t):
        """Rows of the typed view from events (n, d), None where each column has one, and places (n, q)."""
        t = torch.as_tensor(t).clamp(-FARTHEST, FARTHEST)
        x = np.empty(t.shape) if self._bank is None else self._bank.inverse(t)
        if self._bank is None:
            for i, j in enumerate(self.numbers):
                x[:, i] = self.columns[j].base.inverse(t[:, i].numpy())
        if self._is_plain:
            return x
        Z = np.empty((len(t), len(self.columns)))
        place = {j: i for i, j in enumerate(self.numbers)}
        for j, events in enumerate(self.columns):
            code = np.zeros(len(t), np.int64) if codes is None else codes[:, j]
            Z[:, j] = events.decode(code, x[:, place[j]] if j in place else None)
        return Z

    def to_state(self) -> dict:
        return {"columns": self.columns}

    @classmethod
    def from_state(cls, state):
        return cls(state["columns"])
