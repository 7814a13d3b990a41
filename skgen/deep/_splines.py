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
        # every table is one line, column after column: an index of one dimension is far quicker than a gather
        self._first_bin = torch.arange(len(splines)) * N_BINS
        self._table = torch.as_tensor(np.concatenate([k[:-1] + j * max(counts) for j, k in enumerate(found)]))
        self._next = _line([np.append(s.z[1:-1], np.inf) for s in splines])
        self._z, self._slope = _line([s.z[:-1] for s in splines]), _line([1 / s._rise for s in splines])
        self._x, self._width = _line([s.x[:-1] for s in splines]), _line([2 * s._width for s in splines])
        self._a, self._bend = _line([s._a for s in splines]), _line([s._a + s._b - 2 for s in splines])
        # (end, log-mass beyond, scale away from the centre) of the upper and the lower tail of each column
        upper = [(s.x[-1], log_ndtr(-s.z[-1]), s.scale_above) for s in splines]
        lower = [(s.x[0], log_ndtr(s.z[0]), -s.scale_below) for s in splines]
        self._ends = np.array([upper, lower]).transpose(2, 0, 1)
        self._middle = np.array([0.5 * (s.z[0] + s.z[-1]) for s in splines])

    def inverse(self, t):
        """The numbers (n, q) at places (n, q) on the columns' normal axes."""
        t = torch.as_tensor(t)
        bins = (t * (N_BINS / 2 / REACH) + N_BINS / 2).clamp_(0, N_BINS - 1).long().add_(self._first_bin)
        places, k = t.reshape(-1), self._table.index_select(0, bins.view(-1))
        for _ in range(self._n_moves):
            k += self._next.index_select(0, k).le_(places).long()
        share = (places - self._z.index_select(0, k)).mul_(self._slope.index_select(0, k))
        eta = share.clamp(0, 1)
        # (1 - B) xi^2 + B xi - eta = 0, by the form of its root that subtracts nothing where B is positive
        B = self._a.index_select(0, k).sub_(self._bend.index_select(0, k).mul_(eta))
        root = (B - 4 * eta).mul_(B).add_(eta, alpha=4).sqrt_()
        x = self._width.index_select(0, k).mul_(eta).div_(root.add_(B)).add_(self._x.index_select(0, k))
        self._set_tails(x.numpy(), places, (share != eta).nonzero().view(-1))
        return x.view(t.shape).numpy()

    def _set_tails(self, x, places, outside):
        """Beyond the knots the mass falls off exponentially."""
        if not len(outside):
            return
        z, at = places[outside].numpy(), outside.numpy()
        j = at % len(self._middle)
        is_lower = z < self._middle[j]
        end, log_mass, scale = self._ends[:, is_lower.astype(int), j]
        x[at] = end + scale * (log_mass - log_ndtr(np.where(is_lower, z, -z)))


def _line(columns):
    table = np.ones((len(columns), max(map(len, columns))))
    for row, column in zip(table, columns):
        row[: len(column)] = column
    return torch.as_tensor(table.ravel())
