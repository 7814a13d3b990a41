"""Centres: the distinct rows of a table as the kernels of its columns.

Equal rows are one centre whose weight is their sum, so that everything learnt is a function of the weighted data set.
"""

from __future__ import annotations

import numpy as np

from .cell_kernel import MAX_CELLS, MAX_CELLS_HEAVY, CellKernel
from .column_kernel import LOCAL
from .level_kernel import LevelKernel
from .number_kernel import NumberKernel, weighted_moments

#: Spread of a constant column relative to its value, for the lack of any other scale.
_CONSTANT_SPREAD = 1e-6


class Centres:
    """Distinct rows of the typed view with their weights, and what kind of kernel each column has.

    Parameters
    ----------
    Z : ndarray of shape (N, d)
        Distinct rows.
    weight : ndarray of shape (N,)
        Their weights.
    columns : list of CodecColumn
        The columns.
    kernel : str
        Name of the kernel.
    kinds : list of type or None
        The kernel class of each column; found from the rows if None.
    """

    def __init__(self, Z, weight, columns, kernel, kinds=None):
        self.Z, self.weight, self.columns, self.kernel = Z, weight, columns, kernel
        self.kinds = [_kind(z, column) for z, column in zip(Z.T, columns)] if kinds is None else kinds

    def subset(self, hits):
        """The centres that a sample hits, with the numbers of hits as weights."""
        hit = hits > 0
        return Centres(self.Z[hit], hits[hit].astype(float), self.columns, self.kernel, self.kinds)

    def is_number(self):
        """Mask of the columns that have a bandwidth."""
        return np.array([column.kind == "number" for column in self.columns])

    def is_local(self):
        """Mask of the columns that count as dimensions: numbers, but for those that count as categories."""
        return self.is_number() & np.array([not len(column.values) for column in self.columns])

    def spreads(self):
        """Standard deviations of the numbers; NaN for categories."""
        return np.array([self._spread(j) for j in range(len(self.columns))])

    def _spread(self, j):
        column, z = self.columns[j], self.Z[:, j]
        if column.kind == "category":
            return np.nan
        number = ~np.isnan(z)
        if self.kinds[j] is NumberKernel:
            number &= ~np.isin(z, column.heavy)
        x = z[number]
        _, sd = weighted_moments(x, self.weight[number])
        largest = np.abs(x).max(initial=0.0)
        if sd > 1e-14 * largest:
            return sd
        return column.resolution or largest * _CONSTANT_SPREAD or 1.0

    def mixes(self):
        """Mask of the columns whose kernel is a mixture with weights to learn."""
        return np.array(
            [
                kind is not NumberKernel or len(column.heavy) > 0 or column.missing_seen
                for kind, column in zip(self.kinds, self.columns)
            ]
        )

    def start_weights(self):
        """Even weights of the parts of every column's mixture."""
        weights = []
        for kind, mixes in zip(self.kinds, self.mixes()):
            parts = list(kind.parts) if mixes else [LOCAL]
            weights.append(np.bincount(parts, minlength=3) / len(parts))
        return weights

    def kernels(self, bandwidth, weights, factors=None):
        """The columns' kernels with bandwidths (d,), mixture weights, and factors (N,) of local bandwidths."""
        kernels = []
        for j, (kind, column) in enumerate(zip(self.kinds, self.columns)):
            own = (self.Z[:, j], self.weight, column, weights[j])
            if kind is LevelKernel:
                kernels.append(LevelKernel(*own))
            elif kind is CellKernel:
                kernels.append(CellKernel(*own, self.kernel, bandwidth[j]))
            else:
                kernels.append(NumberKernel(*own, self.kernel, bandwidth[j], factors))
        return kernels

    def log_weights(self):
        return np.log(self.weight / self.weight.sum())


def _kind(z, column):
    if column.kind == "category":
        return LevelKernel
    if column.spread:  # no value repeats
        return NumberKernel
    most = MAX_CELLS_HEAVY if len(column.heavy) else MAX_CELLS
    if column.resolution and (len(column.values) or len(np.unique(z[~np.isnan(z)])) <= most):
        return CellKernel
    return NumberKernel


def systematic_sample(weight, m, rng):
    """How often each row is hit by m equally spaced points on the rows' weights, laid end to end in random order."""
    order = rng.permutation(len(weight))
    ends = np.cumsum(weight[order])
    points = (np.arange(m) + rng.random()) * (ends[-1] / m)
    hits = np.zeros(len(weight), np.int64)
    np.add.at(hits, order[np.minimum(np.searchsorted(ends, points, side="right"), len(weight) - 1)], 1)
    return hits
