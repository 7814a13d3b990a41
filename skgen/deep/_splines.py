"""SplineBank: the inverses of many columns' splines at once, where one after the other would outlast a net's layers.

The segment of a place is looked up in a table of narrow bins and moved on while its right knot is passed; the formula
is that of `MonotoneSpline.inverse`.
"""

from __future__ import annotations

import numpy as np
import torch
from scipy.special import log_ndtr

#: Bins of the table: so many, from minus to plus so far on the normal axis.
N_BINS, REACH = 1024, 8.0


class SplineBank:
    """The splines of several columns, inverted together.

    Parameters
    ----------
    splines : list of MonotoneSpline
        One for each column.
    """

    def __init__(self, splines):
        self._splines = splines
        counts = [len(spline.z) - 1 for spline in splines]
        starts = np.cumsum([0, *counts])
        edges = (np.arange(N_BINS) / N_BINS * 2 - 1) * REACH
        found = [np.clip(np.searchsorted(s.z, edges, side="right") - 1, 0, c - 1) for s, c in zip(splines, counts)]
        self._table = torch.as_tensor(np.concatenate([k + start for k, start in zip(found, starts)]))
        self._first_bin = torch.arange(len(splines)) * N_BINS
        self._next = _joined([np.append(s.z[1:-1], np.inf) for s in splines])
        self._z = _joined([s.z[:-1] for s in splines])
        self._x = _joined([s.x[:-1] for s in splines])
        self._width, self._rise = _joined([s._width for s in splines]), _joined([s._rise for s in splines])
        self._a, self._b = _joined([s._a for s in splines]), _joined([s._b for s in splines])
        self._low, self._high = np.array([s.z[0] for s in splines]), np.array([s.z[-1] for s in splines])

    def inverse(self, t):
        """The numbers (n, q) at places (n, q) on the columns' normal axes."""
        t = torch.as_tensor(np.ascontiguousarray(t))
        k = self._table[((t * (N_BINS / 2 / REACH) + N_BINS / 2).clamp(0, N_BINS - 1)).long() + self._first_bin]
        while (past := t >= self._next[k]).any():
            k += past
        a, b = self._a[k], self._b[k]
        eta = ((t - self._z[k]) / self._rise[k]).clamp(0, 1)
        B = a - eta * (a + b - 2)
        root = ((B - 2 * eta) ** 2 + 4 * eta * (1 - eta)).sqrt()
        is_rising = B >= 0
        xi = torch.where(is_rising, 2 * eta, root - B) / torch.where(is_rising, B + root, 2 * (1 - B))
        return self._with_tails((self._x[k] + self._width[k] * xi).numpy(), t.numpy())

    def _with_tails(self, x, t):
        """Beyond the knots the mass falls off exponentially."""
        low, high = np.nonzero(t < self._low), np.nonzero(t > self._high)
        for ends, sign in ((low, 1), (high, -1)):
            if len(ends[0]):
                end, z_end, scale = np.array([self._tail(j, sign) for j in range(t.shape[1])]).T[:, ends[1]]
                x[ends] = end - sign * scale * (log_ndtr(sign * z_end) - log_ndtr(sign * t[ends]))
        return x

    def _tail(self, j, sign):
        spline = self._splines[j]
        if sign > 0:
            return spline.x[0], spline.z[0], spline.scale_below
        return spline.x[-1], spline.z[-1], spline.scale_above


def _joined(parts):
    return torch.as_tensor(np.concatenate(parts))
