r"""A smooth column on the normal axis: an increasing map, with heavy values and seen missing cells cut out as cells.

A missing cell where none was seen takes no room: it has mass rho whatever the other columns are, so its coordinate is
integrated out, and all numbers weigh 1 - rho.
"""

from __future__ import annotations

import numpy as np

from ._grid import count_possible, grid_cells, log_seen_and_reserved, place_reserved, snap, snap_between
from ._mixed import FARTHEST, MixedAxis
from .reserved import value_codes
from .spline import MonotoneSpline, knot_positions, weighted_values


class Affine:
    """The map (x - center) / scale.

    Parameters
    ----------
    center, scale : float
        Mean and standard deviation of the rows.
    """

    def __init__(self, center, scale):
        self.center, self.scale = float(center), float(scale)

    @classmethod
    def fit_values(cls, values, mass):
        """From sorted distinct values and the mass on each; scale 1 where there is no spread."""
        if len(values) == 0:
            return cls(0.0, 1.0)
        share = mass / mass.sum()
        center = share @ values
        spread = values - center
        unit = np.abs(spread).max()  # squares stay finite in any unit
        return cls(center, unit * np.sqrt(share @ (spread / unit) ** 2) if len(values) > 1 else 1.0)

    def forward(self, x):
        t = np.clip((x - self.center) / self.scale, -FARTHEST, FARTHEST)
        return t, np.full(len(x), -np.log(self.scale))

    def inverse(self, t):
        return self.center + self.scale * t

    def to_state(self) -> dict:
        return {"center": self.center, "scale": self.scale}

    @classmethod
    def from_state(cls, state):
        return cls(**state)


MAPS = {"gaussianize": MonotoneSpline, "standardize": Affine}


class ContinuousColumn:
    """A strictly increasing map between the cells that are cut out.

    Parameters
    ----------
    column : CodecColumn
        The column.
    base : MonotoneSpline or Affine
        The map of the rows that lie in no cell.
    knots : ndarray
        Quantiles of a continuous column, whose intervals are the cells of its scoring draws.
    share : ndarray of shape (K + 2,)
        Shares of the heavy values, of the other numbers, of the missing cell, adding up to 1.
    """

    def __init__(self, column, base, knots, share):
        self.column, self.base, self.knots, self.share = column, base, knots, share
        heavy, r = column.heavy, column.resolution
        self.needs_draw = len(heavy) > 0 or column.missing_seen
        # the line without the heavy cells, pushed together: y = x - r * (heavy cells below x)
        cuts = self.base.forward(heavy - r / 2 - r * np.arange(len(heavy)))[0]  # (K,)
        self._axis = MixedAxis(share[:-2], share[-2], share[-1], cuts, cuts)
        self._log_seen, self._log_reserved = log_seen_and_reserved(column)

    @classmethod
    def fit(cls, z, column, marginals, weight=None):
        """The map and the shares, from the typed numbers `z`."""
        K = len(column.heavy)
        code = value_codes(z, column.heavy)
        count = np.bincount(code, weights=weight, minlength=K + 2).astype(float)
        possible = np.append(np.ones(K + 1, bool), column.missing_seen)
        count = count_possible(count, possible, column)
        rest = code == K
        y = z[rest] - column.resolution * np.searchsorted(column.heavy, z[rest])
        values, mass = weighted_values(y, None if weight is None else weight[rest])
        # cells stand on an axis of probability, so beside them a number needs its own law, not mean and deviation
        affine = len(values) < 2 or (marginals == "standardize" and K == 0 and not column.missing_seen)
        base = MAPS["standardize" if affine else "gaussianize"].fit_values(values, mass)
        with_knots = column.resolution == 0 and len(values) > 0
        knots = values[knot_positions(mass)] if with_knots else np.empty(0)
        return cls(column, base, knots, count / count.sum())

    def cells(self, z):
        """Cell codes; of a continuous column, the interval between its knots."""
        if self.column.resolution:
            return grid_cells(z, self.column.resolution)
        return np.where(np.isnan(z), -1, np.searchsorted(self.knots, z))

    def encode(self, z, u):
        """Normal scores, of cells at the places `u`, and log-weights."""
        if not self.needs_draw:
            R, log_weight = self.base.forward(z)
        else:
            R, log_weight = self._encode_among_cells(z, u)
        log_weight += self._log_seen
        absent = np.isnan(z)
        if absent.any() and not self.column.missing_seen:
            R[absent], log_weight[absent] = place_reserved(u[absent], self._log_reserved)
        return R, log_weight

    def _encode_among_cells(self, z, u):
        heavy, K, r = self.column.heavy, len(self.column.heavy), self.column.resolution
        k = np.searchsorted(heavy, z)  # (n,) heavy cells below; K for a missing cell
        R, log_weight = self._axis.place(k, u)
        if K:
            log_weight -= np.log(r) * ~np.isnan(z)
        free = np.flatnonzero(value_codes(z, heavy) == K)
        t, log_slope = self.base.forward(z[free] - r * k[free])
        R[free] = self._axis.lift(t, k[free])
        # phi(t) / phi(R) is exp((R - t) (R + t) / 2)
        log_weight[free] = self._axis.log_rest + log_slope + (R[free] - t) * ((R[free] + t) / 2)
        return R, log_weight

    def decode(self, R):
        """The typed numbers at `R`."""
        if not self.needs_draw:
            x = self.base.inverse(np.clip(R, -FARTHEST, FARTHEST))
            return snap(x, self.column) if self.column.resolution else x
        k, free = self._axis.locate(R)
        z = np.append(self.column.heavy, np.nan)[k]
        k = k[free]
        x = self.base.inverse(self._axis.lower(R[free], k)) + self.column.resolution * k
        z[free] = snap_between(x, self.column, self.column.heavy, k) if self.column.resolution else x
        return z

    def to_state(self) -> dict:
        kind = "gaussianize" if isinstance(self.base, MonotoneSpline) else "standardize"
        return {"map": kind, "base": self.base.to_state(), "knots": self.knots, "share": self.share}

    @classmethod
    def from_state(cls, state, column):
        return cls(column, MAPS[state["map"]].from_state(state["base"]), state["knots"], state["share"])
