"""SplineBank: the inverses of many columns' splines at once, where one after the other would outlast a net's layers.

The segment of a place is looked up in a table of narrow bins and moved on while its right knot is passed; the formula
is that of `MonotoneSpline.inverse`.
"""

from __future__ import annotations

import numpy as np
import torch
from scipy.special import log_ndtr

#: Bins of the table: so many, from minus to plus so far on the normal axis.
N_BINS, REACH = 2048, 4.5


class SplineBank:
    """The splines of several columns, inverted together.

    Parameters
    ----------
    splines : list of MonotoneSpline
        One for each column.
    """

    def __init__(self, splines):
        counts = [len(spline.z) - 1 for spline in splines]
        edges = (np.arange(N_BINS + 1) / N_BINS * 2 - 1) * REACH
        found = [np.clip(np.searchsorted(s.z, edges, side="right") - 1, 0, c - 1) for s, c in zip(splines, counts)]
        self._n_moves = max(int(np.diff(np.append(k, c - 1)).max()) for k, c in zip(found, counts))
        self._table = torch.as_tensor(np.column_stack([k[:-1] for k in found]))  # (bins, q)
        self._next = _padded([np.append(s.z[1:-1], np.inf) for s in splines])  # (segments, q), as all below
        self._z, self._slope = _padded([s.z[:-1] for s in splines]), _padded([1 / s._rise for s in splines])
        self._x, self._width = _padded([s.x[:-1] for s in splines]), _padded([2 * s._width for s in splines])
        self._a, self._bend = _padded([s._a for s in splines]), _padded([s._a + s._b - 2 for s in splines])
        # (end, normal score, scale) of the lower and the upper tail of each column
        lower = [(s.x[0], s.z[0], s.scale_below) for s in splines]
        upper = [(s.x[-1], s.z[-1], s.scale_above) for s in splines]
        self._ends = np.array([lower, upper]).transpose(2, 0, 1)

    def inverse(self, t):
        """The numbers (n, q) at places (n, q) on the columns' normal axes."""
        t = torch.as_tensor(t)
        k = self._table.gather(0, (t * (N_BINS / 2 / REACH) + N_BINS / 2).clamp_(0, N_BINS - 1).long())
        for _ in range(self._n_moves):
            k += t >= self._next.gather(0, k)
        share = (t - self._z.gather(0, k)).mul_(self._slope.gather(0, k))
        eta = share.clamp(0, 1)
        # (1 - B) xi^2 + B xi - eta = 0, by the form of its root that subtracts nothing where B is positive
        B = self._a.gather(0, k).sub_(self._bend.gather(0, k).mul_(eta))
        root = (B - 4 * eta).mul_(B).add_(eta, alpha=4).sqrt_()
        x = self._width.gather(0, k).mul_(eta).div_(root.add_(B)).add_(self._x.gather(0, k))
        return self._with_tails(x, t, (share != eta).nonzero().unbind(1))

    def _with_tails(self, x, t, outside):
        """Beyond the knots the mass falls off exponentially."""
        x = x.numpy()
        if len(outside[0]):
            z, j = t[outside].numpy(), outside[1].numpy()
            sign = np.where(z < 0.5 * (self._ends[1, 0] + self._ends[1, 1])[j], 1, -1)
            end, z_end, scale = self._ends[:, (sign < 0).astype(int), j]
            x[outside[0].numpy(), j] = end - sign * scale * (log_ndtr(sign * z_end) - log_ndtr(sign * z))
        return x


def _padded(columns):
    table = np.ones((max(map(len, columns)), len(columns)))
    for j, column in enumerate(columns):
        table[: len(column), j] = column
    return torch.as_tensor(table)
