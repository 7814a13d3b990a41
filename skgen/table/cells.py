"""ColumnCells: a column cut into cells, and the law of the column inside each of them.

What a model of discrete codes needs of a column: `locate` says in which cell a number lies and how likely it is there,
`draw` goes back. A model's log-density of a column is that of the code plus that within the cell.
"""

from __future__ import annotations

import numpy as np

from ._grid import snap
from ._tiling import GridTiling, LineTiling, equal_groups, fit_tiling
from .column import CodecColumn
from .reserved import count_tails, position_log_density, value_codes
from .spline import weighted_values


class ColumnCells:
    """The cells of one column and the law inside them.

    Cells are the levels of a category, the values of a number of few values, and elsewhere intervals of about equal
    mass that tile the seen range. Their codes run from 0 to K - 1; K is the missing cell where one was seen; -1 is a
    reserved event: an unseen level, a number off the seen support, the first missing cell.

    Parameters
    ----------
    column : CodecColumn
        The column.
    mass : ndarray of shape (K + 1,)
        Weight of the rows in each cell, then of the missing cells.
    tiling : GridTiling, LineTiling or None
        The intervals of a number; None where cells are single levels or values.
    """

    def __init__(self, column, mass, tiling):
        self.column, self.mass, self.tiling = column, mass, tiling

    @classmethod
    def fit(cls, z, weight, column, max_cells=256):
        """The cells of a column.

        Parameters
        ----------
        z : ndarray of shape (n,)
            Cells of the typed view.
        weight : ndarray of shape (n,) or None
            Weights of the rows.
        column : CodecColumn
            The column.
        max_cells : int, default=256
            About how many intervals at most; fewer where that makes left-out rows likelier.

        Returns
        -------
        ColumnCells
            The fitted cells.
        """
        weight = np.ones(len(z)) if weight is None else weight
        absent = np.isnan(z)
        missing = weight[absent].sum()
        present, w = z[~absent], weight[~absent]
        if column.kind == "category":
            return cls(column, np.append(np.bincount(present.astype(np.int64), w, column.n_codes), missing), None)
        if len(column.values):
            counts = np.bincount(np.searchsorted(column.values, present), w, len(column.values))
            return cls(column, np.append(counts, missing), None)
        if not len(present):
            return cls(column, np.array([missing]), None)
        values, mass = weighted_values(present, w)
        tiling = fit_tiling(values, mass, column, max_cells)
        return cls(column, np.append(tiling.total, missing), tiling)

    @property
    def n_cells(self) -> int:
        """Cells without the missing one."""
        return len(self.mass) - 1

    @property
    def reserved_mass(self) -> float:
        """The mass of all reserved events; 0 where there can be none."""
        return self.column.rho if self._n_events() else 0.0

    # ---- numbers to cells ----------------------------------------------------------------------------------------

    def locate(self, z):
        """Codes of cells, and what the place within them adds to the log-density.

        Parameters
        ----------
        z : ndarray of shape (n,)
            Cells of the typed view.

        Returns
        -------
        codes : ndarray of int of shape (n,)
            0 to K - 1; K where a seen missing cell; -1 where reserved.
        log_within : ndarray of shape (n,)
            Log-density of the number given its cell, and of not being reserved; where reserved, the whole log-density.
        """
        absent = np.isnan(z)
        codes = np.where(absent, self.n_cells if self.column.missing_seen else -1, self._positions(z))
        log_within = np.full(len(z), np.log1p(-self.reserved_mass))
        inner = np.flatnonzero(~absent & (codes >= 0))
        if self.column.kind == "number":
            log_within[inner] += self._log_places(z[inner], codes[inner])
        outside = np.flatnonzero(codes < 0)
        if len(outside):
            log_within[outside] = self._log_reserved(z[outside])
        return codes, log_within

    def nearest(self, z):
        """Codes of cells where each event has one: the end of the range for a number beyond it, the nearest of a few
        values, and K for an unseen level as for a missing cell.

        Parameters
        ----------
        z : ndarray of shape (n,)
            Cells of the typed view.

        Returns
        -------
        ndarray of int of shape (n,)
            Codes from 0 to K.
        """
        absent = np.isnan(z)
        if self.tiling is not None:
            codes = self.tiling.locate(z)
        elif self.column.kind == "number" and self.n_cells:
            values = self.column.values
            codes = np.searchsorted((values[1:] + values[:-1]) / 2, z)
        else:
            codes = np.where(z < self.n_cells, np.nan_to_num(z), self.n_cells).astype(np.int64)
        return np.where(absent, self.n_cells, codes)

    def _positions(self, z):
        """Codes of numbers; what is at NaN does not matter."""
        if self.column.kind == "category":
            return np.where(z < self.n_cells, np.nan_to_num(z, nan=-1.0), -1).astype(np.int64)
        if self.tiling is None:
            codes = value_codes(z, self.column.values)
            return np.where(codes < self.n_cells, codes, -1)
        cells = self.tiling.locate(z)
        if self.column.rho == 0:
            return cells
        return np.where((z >= self.column.lower) & (z <= self.column.upper), cells, -1)

    def _log_places(self, x, cells):
        log_r = np.log(self.column.resolution) if self.column.resolution else 0.0
        return (0.0 if self.tiling is None else self.tiling.log_within(x, cells)) - log_r

    # ---- reserved events -----------------------------------------------------------------------------------------

    def _has_places(self):
        """Whether a reserved level or number can be."""
        if self.column.kind == "category" or len(self.column.values):
            return True
        return count_tails(self.column) > 0

    def _n_events(self):
        return self._has_places() + (not self.column.missing_seen)

    def _log_reserved(self, z):
        n_events = self._n_events()
        if self.column.rho == 0 or not n_events:
            return np.full(len(z), -np.inf)
        out = np.full(len(z), np.log(self.column.rho / n_events))
        places = np.flatnonzero(~np.isnan(z))
        if self.column.kind == "number" and len(places):
            values = self.column.values if len(self.column.values) else None
            out[places] += position_log_density(z[places], self.column, values, inside=values is not None)
        return out

    # ---- cells to numbers ----------------------------------------------------------------------------------------

    def draw(self, codes, rng, allowed=None):
        """A place inside each cell.

        Parameters
        ----------
        codes : ndarray of int of shape (n,)
            Cells, K for a missing one.
        rng : numpy.random.Generator
            Source of the draws.
        allowed : Allowed, default=None
            Keep to this set, which must leave something of every cell.

        Returns
        -------
        ndarray of shape (n,)
            Cells of the typed view, not snapped to the grid.
        """
        z = np.full(len(codes), np.nan)
        inner = np.flatnonzero(codes < self.n_cells)
        cells = codes[inner]
        if self.tiling is None:
            z[inner] = self.column.values[cells] if len(self.column.values) else cells
        elif allowed is None or allowed.values is None:
            x = self.tiling.draw(cells, rng, *_ends(allowed))
            z[inner] = snap(x, self.column) if self.column.resolution else x
        else:
            z[inner] = self._draw_listed(cells, allowed, rng)
        return z

    def overlap(self, allowed):
        """The share of each cell's mass that a set leaves.

        Parameters
        ----------
        allowed : Allowed or None
            The set; None for everything.

        Returns
        -------
        ndarray of shape (K + 1,)
            Shares, the last that of the missing cell; on the line, densities where the set is a list of points.
        """
        share = np.ones(self.n_cells + 1)
        if allowed is None:
            return share
        share[-1] = allowed.missing
        if self.tiling is None:
            levels = self.column.values if len(self.column.values) else np.arange(self.n_cells, dtype=float)
            share[:-1] = allowed.contains(levels)
        elif allowed.values is None:
            share[:-1] = self.tiling.share(*_ends(allowed))
        else:
            cells, weight = self._listed(allowed)
            share[:-1] = np.bincount(cells, weight, self.n_cells)
        return share

    def _listed(self, allowed):
        """The cell of each listed value, and its probability there."""
        inside = allowed.values[(allowed.values >= self.column.lower) & (allowed.values <= self.column.upper)]
        cells = self.tiling.locate(inside)
        return cells, np.exp(self.tiling.log_within(inside, cells))

    def _draw_listed(self, cells, allowed, rng):
        """Listed values inside cells, in proportion to their probabilities."""
        of, weight = self._listed(allowed)
        inside = allowed.values[(allowed.values >= self.column.lower) & (allowed.values <= self.column.upper)]
        if not len(inside):
            return np.full(len(cells), np.nan)
        upto = np.append(0.0, np.cumsum(weight))
        first, last = upto[np.searchsorted(of, cells)], upto[np.searchsorted(of, cells, side="right")]
        at = np.searchsorted(upto, first + rng.random(len(cells)) * (last - first), side="right") - 1
        return inside[np.minimum(at, len(inside) - 1)]

    # ---- groups of cells -----------------------------------------------------------------------------------------

    def coarsen(self, n_bins):
        """Groups of neighbouring cells of about equal mass; a cell with a group's mass is one of its own.

        Parameters
        ----------
        n_bins : int
            About how many groups; there are as many as cells where these are fewer.

        Returns
        -------
        ndarray of int of shape (K,)
            The group of each cell, from 0.
        """
        return equal_groups(self.mass[:-1], n_bins)

    # ---- saving --------------------------------------------------------------------------------------------------

    def to_state(self) -> dict:
        tiling = None if self.tiling is None else self.tiling.to_state()
        return {"column": self.column.to_state(), "mass": self.mass, "tiling": tiling}

    @classmethod
    def from_state(cls, state):
        column, tiling = CodecColumn(**state["column"]), state["tiling"]
        if tiling is not None:
            tiling = (GridTiling if column.resolution else LineTiling).from_state(tiling)
        return cls(column, state["mass"], tiling)


def _ends(allowed):
    return (-np.inf, np.inf) if allowed is None else (allowed.low, allowed.high)
