r"""ColumnFeatures: one column as a cell and a score, between the typed view and what the nets read and write.

Cells are the levels of a category, the values of a number of few values, and elsewhere a number's spikes, "another
number" and "missing". The score is the number's place in its law outside the spikes, on the normal axis,

.. math:: t = \Phi^{-1}\bigl(F(x-) + u\,P(x)\bigr),

u drawn afresh whenever a row is read, so that a grid looks like the line to the nets.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.special import ndtr, ndtri

from ...table.column import CodecColumn
from ...table.real import RealView

#: Share from which on a value of a number is a cell of its own.
SPIKE = 0.05

#: Levels of one column with a cell of their own; the others share one, and are drawn there by their frequency.
MAX_LEVELS = 256

#: Normal scores farther out look alike.
FARTHEST = 5.0


def _own_levels(x, w, column):
    """Levels with a cell of their own, and the others with their weight."""
    mass = np.bincount(x.astype(np.int64), w, column.n_codes)
    by_mass = np.argsort(-mass, kind="stable")
    n_own = column.n_codes if column.n_codes <= MAX_LEVELS else MAX_LEVELS - 1
    own, rest = np.sort(by_mass[:n_own]), np.sort(by_mass[n_own:])
    return own.astype(float), rest.astype(float), mass[rest]


def _spikes(x, w, column):
    """Heavy values; all values where no two others are left for a map."""
    share = np.array([w[x == value].sum() for value in column.heavy]) / max(w.sum(), 1e-300)
    atoms = column.heavy[share >= SPIKE]
    free = x[~np.isin(x, atoms)]
    return np.unique(x) if (free == free[:1]).all() else atoms


def _rest_view(x, w, column, atoms):
    """The map of the numbers that are no atoms."""
    free = ~np.isin(x, atoms)
    if not free.any():
        return None
    alone = replace(column, heavy=np.empty(0), missing_seen=False, rho=0.0)
    return RealView("gaussianize").fit(x[free][:, None], [alone], w[free])


def _middle_scores(x, w, atoms):
    order = np.argsort(x, kind="stable")
    upto = np.append(0.0, np.cumsum(w[order]))
    first, last = (np.searchsorted(x[order], atoms, side) for side in ("left", "right"))
    return ndtri((upto[first] + upto[last]) / (2 * upto[-1]))


class ColumnFeatures:
    """A column's cells and the law of its score.

    Parameters
    ----------
    column : CodecColumn
        The column.
    atoms : ndarray
        Codes or values with a cell of their own.
    grouped, grouped_mass : ndarray
        Codes of the levels that share a cell, and their weight.
    real : RealView or None
        The map of the numbers that are no atoms; None where there are none.
    mass : ndarray of shape (n_cells,)
        Shares of the cells: atoms, the rest of the levels or numbers, missing.
    place : ndarray of shape (n_cells,)
        Scores of a number's atoms among all numbers of the column; 0 for the other cells.
    """

    def __init__(self, column, atoms, grouped, grouped_mass, real, mass, place):
        self.column, self.atoms, self.grouped, self.grouped_mass = column, atoms, grouped, grouped_mass
        self.real, self.mass, self.place = real, mass, place
        self.has_rest = real is not None or len(grouped) > 0
        self.n_cells = len(mass)

    @classmethod
    def fit(cls, z, weight, column):
        """The features of a column.

        Parameters
        ----------
        z : ndarray of shape (n,)
            Cells of the typed view.
        weight : ndarray of shape (n,)
            Weights of the rows.
        column : CodecColumn
            The column.

        Returns
        -------
        ColumnFeatures
            The fitted features.
        """
        present = ~np.isnan(z)
        x, w = z[present], weight[present]
        nothing = np.empty(0)
        grouped, grouped_mass, real = nothing, nothing, None
        if column.kind == "category":
            atoms, grouped, grouped_mass = _own_levels(x, w, column)
        elif len(column.values):
            atoms = column.values
        else:
            atoms = _spikes(x, w, column)
            real = _rest_view(x, w, column, atoms)
        parts = [[w[x == a].sum() for a in atoms]]
        if real is not None or len(grouped):
            parts.append([w[~np.isin(x, atoms)].sum()])
        if column.missing_seen:
            parts.append([weight[~present].sum()])
        mass = np.concatenate(parts) / weight.sum()
        place = np.zeros(len(mass))
        if column.kind == "number" and len(atoms):
            place[: len(atoms)] = _middle_scores(x, w, atoms)
        return cls(column, atoms, grouped, grouped_mass, real, mass, place)

    @property
    def is_number(self) -> bool:
        return self.column.kind == "number"

    # ---- the typed view to features ------------------------------------------------------------------------------

    def cells(self, z):
        """The cell of each row: atoms, then the rest, then missing."""
        cell = np.full(len(z), len(self.atoms) if self.has_rest else 0)
        if len(self.atoms):
            at = np.minimum(np.searchsorted(self.atoms, z), len(self.atoms) - 1)
            near = at
            if self.is_number and not self.has_rest:
                near = np.searchsorted((self.atoms[1:] + self.atoms[:-1]) / 2, z)
            cell = np.where(self.atoms[at] == z, at, cell if self.has_rest else near)
        return np.where(np.isnan(z), self.n_cells - 1, cell).astype(np.int64)

    def intervals(self, z):
        """Start and width, in probability, of each number's interval; 1/2 and 0 where the score does not count."""
        start, width = np.full(len(z), 0.5), np.zeros(len(z))
        free = np.flatnonzero(~np.isnan(z) & ~np.isin(z, self.atoms)) if self.real is not None else []
        if len(free):
            x = z[free][:, None]
            ends = [ndtr(self.real.encode(x, np.full(x.shape, u))[0][:, 0]) for u in (0.0, 1.0)]
            start[free], width[free] = ends[0], ends[1] - ends[0]
        return start, width

    # ---- features to the typed view ------------------------------------------------------------------------------

    def decode(self, cell, score, rng):
        """Cells and scores as numbers of the typed view."""
        z = np.full(len(cell), np.nan)
        own = cell < len(self.atoms)
        z[own] = self.atoms[cell[own]]
        if self.has_rest:
            rest = np.flatnonzero(cell == len(self.atoms))
            z[rest] = self._draw_grouped(len(rest), rng) if self.real is None else self.numbers(score[rest])
        return z

    def numbers(self, score):
        """Numbers at scores."""
        return self.real.decode(score[:, None])[:, 0]

    def _draw_grouped(self, n, rng):
        upto = np.cumsum(self.grouped_mass)
        at = np.searchsorted(upto, rng.random(n) * upto[-1], side="right")
        return self.grouped[np.minimum(at, len(upto) - 1)]

    # ---- saving --------------------------------------------------------------------------------------------------

    def to_state(self) -> dict:
        return {
            "column": self.column.to_state(),
            "atoms": self.atoms,
            "grouped": self.grouped,
            "grouped_mass": self.grouped_mass,
            "real": self.real,
            "mass": self.mass,
            "place": self.place,
        }

    @classmethod
    def from_state(cls, state):
        return cls(**{**state, "column": CodecColumn(**state["column"])})
