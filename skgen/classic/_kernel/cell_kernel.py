"""The kernel of a number with few distinct values: its own value, its neighbours on the grid, or the marginal law.

Where the column counts as a category the neighbours are the seen values; otherwise all grid points.
"""

from __future__ import annotations

import numpy as np

from ...table.reserved import position_log_density, value_codes
from . import draws as one
from .column_kernel import (
    LOCAL,
    MARGINAL,
    OWN,
    ColumnKernel,
    Terms,
    draw_code,
    draw_reserved_position,
    inside_share,
    safe_log,
    without_own,
)
from .shapes import KERNELS

#: Distinct values up to which a number is tabulated, and where some are heavy: in a small table these are often values
#: like any other, and the table's mixture tells.
MAX_CELLS, MAX_CELLS_HEAVY = 256, 1024


class CellKernel(ColumnKernel):
    """Cells are the distinct values in order; the missing cell, where it was seen, is the last one."""

    _FIELDS = ("kernel", "bandwidth", "values", "codes", "marginal", "weights")
    parts = (OWN, LOCAL, MARGINAL)

    def __init__(self, z, weight, column, weights, kernel, bandwidth):
        self.column = column
        self.kernel = kernel
        self.bandwidth = float(bandwidth)
        self.values = np.unique(z[~np.isnan(z)])
        V = len(self.values)
        self.codes = np.where(np.isnan(z), V, value_codes(z, self.values)).astype(np.int32)
        self.marginal = np.bincount(self.codes, weight, minlength=V + 1) / weight.sum()
        self.weights = weights

    @property
    def closed(self) -> bool:
        """Whether only the seen values belong to the support."""
        return len(self.column.values) > 0

    @property
    def bounded(self) -> bool:
        return self.closed or KERNELS[self.kernel].bounded

    @property
    def is_cut(self) -> bool:
        return self.column.rho > 0 and not self.bounded

    def reserved_inside(self):
        """Mass that the reserved law gives to numbers of the seen range."""
        _, share = self.reserved()
        return share * inside_share(self.column) if self.bounded and not self.closed else 0.0

    def _local_log_mass(self, x):
        """Log-mass (V, Q) of the local kernel of each value at the cells of numbers x."""
        kernel, r = KERNELS[self.kernel], self.column.resolution
        with np.errstate(divide="ignore", invalid="ignore"):
            log_p = one.log_density(kernel, x, self.values[:, None], self.bandwidth, r) + np.log(r)
            if self.closed:
                within = kernel.log_density(one.distance(self.values, self.values[:, None], self.bandwidth, r))
                norm = one.log_norm(kernel, self.bandwidth, r) - np.log(r)
                log_p = log_p + norm - np.log(np.exp(within).sum(axis=1))[:, None]
            if self.is_cut:
                log_p = np.where(self.off_range(x), -np.inf, log_p - np.log(self._range_mass())[:, None])
        return log_p

    def _range_mass(self):
        column, kernel = self.column, KERNELS[self.kernel]
        scale = np.full(len(self.values), self.bandwidth)
        return one.range_mass(kernel, self.values, scale, column.resolution, column.lower, column.upper)

    def terms(self, x, own_share=0.0):
        V, r = len(self.values), self.column.resolution
        codes = value_codes(x, self.values)
        number, at = codes <= V, np.where(codes == V + 1, V, codes)
        rho, share = self.reserved()
        off = (codes == V) if self.closed else self.off_range(x)
        marginal = np.where(codes == V, 0.0, without_own(self.marginal[at], own_share))
        alone = np.any(own_share) & (marginal == 0) & (self.closed | ~number)
        lost = off | alone | (~number & (not self.column.missing_seen))
        outside = np.where(lost, safe_log(share), 0.0) - np.where(number & ~off, np.log(r), 0.0)
        if off.any():
            outside[off] += position_log_density(x[off], self.column, self.values if self.closed else None, self.closed)
        own, local = self._parts(x, codes, number)
        log_even = safe_log((1 - rho) * (self.weights[OWN] * own + self.weights[MARGINAL] * marginal))
        if share and not self.closed and self.bounded:
            position = np.log(share * r) + position_log_density(x[number], self.column)
            log_even[:, number] = np.logaddexp(log_even[:, number], position)
        log_local = safe_log((1 - rho) * self.weights[LOCAL]) + local
        table = np.logaddexp(log_local, log_even)
        with np.errstate(invalid="ignore"):
            shares = ((1 - rho) * self.weights[OWN] * own * np.exp(-table), np.exp(log_local - table))
        table[:, lost] = 0.0
        return Terms(outside, table=table, shares=tuple(np.nan_to_num(part) for part in shares), reserved=lost)

    def _parts(self, x, codes, number):
        """Own cell (mass) and local kernel (log-mass) of each centre cell, (V + 1, Q)."""
        V = len(self.values)
        own = (np.arange(V + 1)[:, None] == np.where(codes == V, -1, np.where(number, codes, V))).astype(float)
        local = np.full((V + 1, len(x)), -np.inf)
        local[:V, number] = self._local_log_mass(x[number])
        local[V, ~number] = 0.0
        return own, local

    def sample(self, centres, rng):
        V, n = len(self.values), len(centres)
        part = draw_code(self.weights, n, rng)
        codes = np.where(part == MARGINAL, draw_code(self.marginal, n, rng), self.codes[centres])
        x = np.append(self.values, np.nan)[codes]
        moved = np.flatnonzero((part == LOCAL) & (codes < V))
        ends = (self.column.lower, self.column.upper) if self.is_cut else (-np.inf, np.inf)
        x[moved] = self._draw_local(codes[moved], rng, *ends)
        rho, share = self.reserved()
        reserved = np.flatnonzero(rng.random(n) < rho)
        position = rng.random(len(reserved)) * rho < rho - (not self.column.missing_seen) * share
        gap = self.column.lower - self.column.resolution  # drawn again, as all beyond the range
        if self.bounded:
            gap = draw_reserved_position(self.column, self.values if self.closed else [], len(reserved), rng)
        x[reserved] = np.where(position, gap, np.nan)
        return x

    def _draw_local(self, codes, rng, low=-np.inf, high=np.inf):
        if self.closed:
            inside = (self.values >= low) & (self.values <= high)
            log_p = np.where(inside, self._local_log_mass(self.values), -np.inf)
            return self.values[one.draw_index(log_p[codes].T, rng)]
        scale = np.full(len(codes), self.bandwidth)
        return one.draw(KERNELS[self.kernel], self.values[codes], scale, self.column.resolution, rng, low, high)

    def _allowed_log_masses(self, allowed):
        """Log-masses (3, V + 1) of an allowed set in the parts own, local and marginal, by the centre's cell."""
        V = len(self.values)
        inside = allowed.contains(np.append(self.values, np.nan))
        local = np.full(V + 1, 0.0 if allowed.missing else -np.inf)
        if allowed.values is not None:
            local[:V] = np.logaddexp.reduce(self._local_log_mass(allowed.values), axis=1, initial=-np.inf)
        elif self.closed:
            log_p = self._local_log_mass(self.values)[:, inside[:V]]
            local[:V] = np.logaddexp.reduce(log_p, axis=1, initial=-np.inf)
        else:
            scale, r = np.full(V, self.bandwidth), self.column.resolution
            kernel = KERNELS[self.kernel]
            local[:V] = one.interval_log_mass(kernel, self.values, scale, r, *self.within(allowed))
            local[:V] -= np.log(self._range_mass()) if self.is_cut else 0.0
        marginal = np.full(V + 1, safe_log(self.marginal @ inside))
        return np.stack([safe_log(inside.astype(float)), local, marginal]) + safe_log(self.weights)[:, None]

    def log_mass(self, allowed):
        return np.logaddexp.reduce(self._allowed_log_masses(allowed), axis=0)[self.codes]

    def sample_allowed(self, centres, allowed, rng):
        V, n = len(self.values), len(centres)
        log_p = self._allowed_log_masses(allowed)[:, self.codes[centres]]
        part = one.draw_index(log_p, rng)
        p = self.marginal * allowed.contains(np.append(self.values, np.nan))
        codes = np.where(part == MARGINAL, draw_code(p, n, rng) if p.any() else V, self.codes[centres])
        x = np.append(self.values, np.nan)[codes]
        moved = np.flatnonzero((part == LOCAL) & (codes < V))
        if allowed.values is None:
            x[moved] = self._draw_local(codes[moved], rng, *self.within(allowed))
        elif len(moved):
            log_q = self._local_log_mass(allowed.values)[codes[moved]]
            x[moved] = allowed.values[one.draw_index(log_q.T, rng)]
        return x
