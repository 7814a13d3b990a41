"""SplineLaw: the law of a number whose normal score is a monotone spline of it, with heavy values as cells.

It is the column's law in the real view: a standard normal there is this law here.
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, ndtri

from ...table.column import CodecColumn
from ...table.real import RealView
from .family_law import draw_listed


class SplineLaw:
    """The law of a number under its map to normal scores.

    Parameters
    ----------
    view : RealView
        The map of the one column.
    column : CodecColumn
        The column.
    """

    name = "spline"

    def __init__(self, view, column):
        self.view, self.column = view, column

    @classmethod
    def fit(cls, z, weight, column):
        """The law of distinct cells of some weight; None of a single grid point, through which goes no curve."""
        if column.resolution and not column.smooth and np.count_nonzero(~np.isnan(z)) < 2:
            return None
        return cls(RealView().fit(z[:, None], [column], weight), column)

    def parameters(self) -> dict:
        """None that could be read."""
        return {}

    def n_parameters(self):
        """None: the knots follow the rows."""
        return None

    def _encode(self, z, u=0.5):
        z = np.atleast_1d(np.asarray(z, float))
        R, log_weight = self.view.encode(z[:, None], np.full((len(z), 1), u))
        return R[:, 0], log_weight

    def log_density(self, z):
        """Log-density of cells of the typed view."""
        R, log_weight = self._encode(z)
        return log_weight - 0.5 * R * R - 0.5 * np.log(2 * np.pi)

    def draw(self, n, rng, allowed=None):
        """Draws of the law, within a set where one is given."""
        if allowed is None:
            return self.view.decode(rng.standard_normal((n, 1)))[:, 0]
        if allowed.values is not None:
            return draw_listed(self, n, rng, allowed)
        start, stop = self._scores(allowed)
        missing = ndtr(-self._end()) if allowed.missing and self.column.missing_seen else 0.0
        flip = start > 0  # the side on which the normal distribution function keeps its digits
        low, high = (ndtr(-stop), ndtr(-start)) if flip else (ndtr(start), ndtr(stop))
        u = rng.random(n)
        R = np.clip(ndtri(low + u * max(high - low, 0.0)) * (-1 if flip else 1), start, max(start, stop))
        z = self.view.decode(R[:, None])[:, 0]
        total = max(high - low, 0.0) + missing
        return np.where(rng.random(n) * total < missing, np.nan, z) if missing else z

    def _end(self):
        """The normal score where numbers end and the missing cell begins."""
        return self._encode(np.nan, 0.0)[0][0] if self.column.missing_seen else np.inf

    def _scores(self, allowed):
        """The normal scores between which the numbers of an interval lie."""
        r = self.column.resolution
        low, high = allowed.low, allowed.high
        if r:
            low, high = np.ceil(low / r - 1e-9) * r, np.floor(high / r + 1e-9) * r
        start = self._encode(low, 0.0)[0][0] if low > self.column.lower else -np.inf
        return start, self._encode(high, 1.0)[0][0] if high < self.column.upper else self._end()

    def to_state(self) -> dict:
        return {"view": self.view, "column": self.column.to_state()}

    @classmethod
    def from_state(cls, state):
        return cls(state["view"], CodecColumn(**state["column"]))
