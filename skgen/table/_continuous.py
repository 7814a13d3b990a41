r"""A smooth column on the normal axis: an increasing map, with heavy values and seen missing cells cut out as cells.

With t(x) the map of the remaining rows to their normal score, W their share and H(x) the mass of the cells below x,
:math:`F(x) = H(x) + W\,\Phi(t(x))` and :math:`z = \Phi^{-1} F(x)`: along z lie segment, cell, segment, cell, ...
Without cells z = t. A missing cell where none was seen takes no room: it has mass rho whatever the other columns are,
so its coordinate is integrated out, and all numbers weigh 1 - rho.
"""

from __future__ import annotations

import numpy as np
from scipy.special import log_ndtr, ndtr, ndtri_exp

from ._discrete import count_possible, grid_cells, snap
from ._intervals import Intervals
from .reserved import value_codes
from .spline import MonotoneSpline, knot_positions, weighted_values

_FARTHEST = 1e150  # scores farther out would have no finite square


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
        t = np.clip((x - self.center) / self.scale, -_FARTHEST, _FARTHEST)
        return t, np.full(len(x), -np.log(self.scale))

    def inverse(self, t):
        return self.center + self.scale * t

    def to_state(self) -> dict:
        return {"center": self.center, "scale": self.scale}

    @classmethod
    def from_state(cls, state):
        return cls(**state)


_WHOLE_AXIS = Intervals(np.ones(1))

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
        cells, rest, missing = share[:-2], share[-2], share[-1]  # cells: (K,)
        # the line without the heavy cells, pushed together: y = x - r * (heavy cells below x)
        self._cuts = self.base.forward(heavy - r / 2 - r * np.arange(len(heavy)))[0]  # (K,) normal scores
        mass = np.empty(2 * len(heavy) + 2)  # segment, cell, ..., segment, missing
        mass[0:-1:2], mass[1:-1:2], mass[-1] = rest * _masses_between(self._cuts), cells, missing
        self._intervals = Intervals(mass)
        with np.errstate(divide="ignore"):
            self._log_rest = np.log(rest)
            self._log_reserved = np.log(0.0 if column.missing_seen else column.rho)
            self._log_below = np.log(np.concatenate([[0.0], np.cumsum(cells)]))  # (K + 1,) cells below a segment
            self._log_above = np.log(np.append(np.cumsum(cells[::-1])[::-1], 0.0) + missing)
        self._ends = np.concatenate([[-_FARTHEST], self._cuts, [_FARTHEST]])
        self._log_seen = 0.0 if column.missing_seen else np.log1p(-column.rho)

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
        absent = np.isnan(z)
        if not self.needs_draw:
            R, log_weight = self.base.forward(z)
        else:
            R, log_weight = self._encode_among_cells(z, u)
        log_weight += self._log_seen
        if absent.any() and not self.column.missing_seen:
            R[absent], w = _WHOLE_AXIS.place(np.zeros(absent.sum(), int), u[absent])
            log_weight[absent] = self._log_reserved + w
        return R, log_weight

    def decode(self, R):
        """The typed numbers at `R`."""
        if not self.needs_draw:
            x = self.base.inverse(np.clip(R, -_FARTHEST, _FARTHEST))
            return snap(x, self.column) if self.column.resolution else x
        piece = self._intervals.locate(R)
        k = piece // 2
        z = np.append(self.column.heavy, np.nan)[k]
        free = np.flatnonzero(piece % 2 == 0)
        k = k[free]
        x = self.base.inverse(self._lower(R[free], k)) + self.column.resolution * k
        z[free] = self._between_cells(x, k) if self.column.resolution else x
        return z

    def to_state(self) -> dict:
        kind = "gaussianize" if isinstance(self.base, MonotoneSpline) else "standardize"
        return {"map": kind, "base": self.base.to_state(), "knots": self.knots, "share": self.share}

    @classmethod
    def from_state(cls, state, column):
        return cls(column, MAPS[state["map"]].from_state(state["base"]), state["knots"], state["share"])

    # ---- the free numbers' scores t and their place z among the cells ------------------------------------------------

    def _encode_among_cells(self, z, u):
        heavy, K = self.column.heavy, len(self.column.heavy)
        k = np.searchsorted(heavy, z)  # (n,) heavy cells below; K for a missing cell
        R, log_weight = self._intervals.place(2 * k + 1, u)
        if K:
            log_weight -= np.log(self.column.resolution) * ~np.isnan(z)
        free = np.flatnonzero(value_codes(z, heavy) == K)
        t, log_slope = self.base.forward(z[free] - self.column.resolution * k[free])
        R[free], log_weight[free] = self._lift(t, log_slope, k[free])
        return R, log_weight

    def _lift(self, t, log_slope, k):
        log_F = np.logaddexp(self._log_below[k], self._log_rest + log_ndtr(t))
        log_S = np.logaddexp(self._log_above[k], self._log_rest + log_ndtr(-t))
        z = self._intervals.clip(np.where(log_F < log_S, ndtri_exp(log_F), -ndtri_exp(log_S)), 2 * k)
        # phi(t) / phi(z) is exp((z - t) (z + t) / 2)
        return z, self._log_rest + log_slope + (z - t) * ((z + t) / 2)

    def _lower(self, z, k):
        left = _log_difference(log_ndtr(z), self._log_below[k]) - self._log_rest
        right = _log_difference(log_ndtr(-z), self._log_above[k]) - self._log_rest
        t = np.where(left < right, ndtri_exp(left), -ndtri_exp(right))
        return np.clip(t, self._ends[k], self._ends[k + 1])

    def _between_cells(self, x, k):
        r, heavy = self.column.resolution, self.column.heavy
        first = np.concatenate([[-np.inf], heavy + r])[k]
        last = np.concatenate([heavy - r, [np.inf]])[k]
        return np.clip(snap(x, self.column), first, last)


def _masses_between(t):
    """Normal masses between neighbouring scores, from the side on which they are small."""
    from_left = np.diff(np.concatenate([[0.0], ndtr(t), [1.0]]))
    from_right = -np.diff(np.concatenate([[1.0], ndtr(-t), [0.0]]))
    return np.where(np.append(t, np.inf) < 0, from_left, from_right)


def _log_difference(a, b):
    """log(exp a - exp b) for b < a; what rounding would make empty keeps one unit in the last place."""
    return a + np.log1p(-np.minimum(np.exp(np.minimum(b - a, 0.0)), 1 - 2.0**-53))
