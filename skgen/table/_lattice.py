r"""A coarse number of many values on the normal axis: every grid point, seen or not, is an interval of probability.

The seen values give up a discount, which a smooth law on the grid spreads over all its points (Kneser and Ney, 1995):

.. math:: P(x) = \max(c_x - \delta, 0) / n + \lambda\,[\Phi(t(x + r/2)) - \Phi(t(x - r/2))],
   \qquad \lambda = \sum_v \min(c_v, \delta) / n

with t the spline of the discounts themselves. Leave-one-out likelihood picks the discount.
"""

from __future__ import annotations

import numpy as np

from ._grid import grid_cells, log_seen_and_reserved, place_reserved, snap_between
from ._mixed import MixedAxis, log_normal_mass
from .reserved import value_codes
from .spline import MonotoneSpline, weighted_values

#: Discounts in rows that are tried beside that of Kneser and Ney; the last makes the law all smooth.
DISCOUNTS = (1.0, 2.0, 4.0, 8.0, np.inf)


class LatticeColumn:
    """Intervals for the points of a grid.

    Parameters
    ----------
    column : CodecColumn
        The column.
    base : MonotoneSpline
        Normal score of the smooth part.
    values : ndarray of shape (K,)
        Seen values.
    share : ndarray of shape (K + 2,)
        Shares that the values keep, of the smooth part, of the missing cell, adding up to 1.
    """

    needs_draw = True

    def __init__(self, column, base, values, share):
        self.column, self.base, self.values, self.share = column, base, values, share
        start, stop = self._scores(values)
        self._axis = MixedAxis(share[:-2], share[-2], share[-1], start, stop)
        self._log_seen, self._log_reserved = log_seen_and_reserved(column)

    def _scores(self, x):
        half = self.column.resolution / 2
        return self.base.forward(x - half)[0], self.base.forward(x + half)[0]

    @classmethod
    def fit(cls, z, column, weight=None):
        """The law of the typed numbers `z`, of which at least two are distinct."""
        present = ~np.isnan(z)
        values, mass = weighted_values(z[present], None if weight is None else weight[present])
        delta = _best_discount(values, mass, column.resolution)
        base = MonotoneSpline.fit_values(values, np.minimum(mass, delta))
        missing = np.sum(~present if weight is None else weight[~present])
        kept = np.maximum(mass - delta, 0)
        parts = np.array([mass.sum(), missing], float)
        numbers, missing = parts / parts.sum()
        share = np.append(kept, mass.sum() - kept.sum()) * (numbers / mass.sum())
        return cls(column, base, values, np.append(share, missing))

    def cells(self, z):
        """Cell codes."""
        return grid_cells(z, self.column.resolution)

    def encode(self, z, u):
        """Normal scores of the cells at the places `u`, and log-weights."""
        code, absent = value_codes(z, self.values), np.isnan(z)
        k = np.searchsorted(self.values, z)  # K for a missing cell
        R, log_weight = self._axis.place(k, u)
        unseen = np.flatnonzero(code == len(self.values))
        if len(unseen):
            R[unseen], log_weight[unseen] = self._encode_unseen(z[unseen], k[unseen], u[unseen])
        log_weight += np.where(absent, 0.0, self._log_seen - np.log(self.column.resolution))
        if absent.any() and not self.column.missing_seen:
            R[absent], log_weight[absent] = place_reserved(u[absent], self._log_reserved)
        return R, log_weight

    def _encode_unseen(self, z, k, u):
        """Grid points inside the segments `k`: intervals of the smooth part alone."""
        start, stop = self._scores(z)
        return self._axis.place_within(start, stop, k, u)

    def decode(self, R):
        """The grid points at `R`."""
        k, free = self._axis.locate(R)
        z = np.append(self.values, np.nan)[k]
        k = k[free]
        x = self.base.inverse(self._axis.lower(R[free], k))
        z[free] = snap_between(x, self.column, self.values, k)
        return z

    def to_state(self) -> dict:
        return {"base": self.base.to_state(), "values": self.values, "share": self.share}

    @classmethod
    def from_state(cls, state, column):
        return cls(column, MonotoneSpline.from_state(state["base"]), state["values"], state["share"])


def _best_discount(values, mass, r):
    """The discount under which the rows, each left out in turn, are likeliest."""
    once, twice = np.count_nonzero(mass <= 1), np.count_nonzero((mass > 1) & (mass <= 2))
    candidates = ((once + 1) / (once + 2 * twice + 2), *DISCOUNTS)
    return max(candidates, key=lambda delta: _leave_one_out(values, mass, delta, r))


def _leave_one_out(values, mass, delta, r):
    discount = np.minimum(mass, delta)
    spline = MonotoneSpline.fit_values(values, discount)
    log_q = log_normal_mass(spline.forward(values - r / 2)[0], spline.forward(values + r / 2)[0])
    others = max(mass.sum() - 1, 1e-12)
    with np.errstate(divide="ignore"):
        kept = np.log(np.maximum(mass - 1 - delta, 0) / others)
    return float(mass @ np.logaddexp(kept, np.log(discount.sum() / mass.sum()) + log_q))
