"""The kernel of a number with many values: a local kernel, beside atoms for missing cells and heavy values.

A centre that is an atom has, where it becomes a number, a wide kernel about the column's mean. A Gaussian exponent is a
product of features of query and centre, so that a block of all columns is one matrix product:

    -(x - a)^2 / 2 h^2  =  x a / h^2  -  x^2 / 2 h^2  -  a^2 / 2 h^2.
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
from .shapes import KERNELS, LOG_SQRT_2PI

#: Distance of a centre from the mean, in bandwidths, up to which the product of features keeps 1e-9 nats.
_FAR = 3e3

#: Queries are taken no further from the mean than so many bandwidths, which keeps their squares finite.
_FARTHEST = 1e140


class NumberKernel(ColumnKernel):
    """Cells are the heavy values in order, any other number, and the missing cell."""

    _FIELDS = ("kernel", "origin", "unit", "centres", "scales", "log_norms", "codes", "marginal", "weights", "mixes")

    def __init__(self, z, weight, column, weights, kernel, bandwidth, factors=None):
        self.column = column
        self.kernel = kernel
        H = len(column.heavy)
        codes = value_codes(z, column.heavy)
        self.codes = codes.astype(np.int32)
        self.marginal = np.bincount(codes, weight, minlength=H + 2) / weight.sum()
        self.weights = weights
        self.mixes = bool((codes != H).any())
        self._place(z, weight, codes == H, float(bandwidth), factors)

    def _place(self, z, weight, number, bandwidth, factors):
        """Centres and scales, those of atoms standing for the whole column; normalisers without the heavy cells."""
        column, kernel = self.column, KERNELS[self.kernel]
        mean, sd = weighted_moments(z[number], weight[number])
        self.origin = float(np.rint(mean / column.resolution) * column.resolution) if column.resolution else float(mean)
        self.unit = bandwidth
        self.centres = np.where(number, z, self.origin)
        self.scales = np.full(1, bandwidth) if factors is None else bandwidth * factors
        if not number.all():
            self.scales = np.where(number, self.scales, max(sd / kernel.sd, bandwidth))
        self.log_norms = one.log_norm(kernel, self.scales, column.resolution)
        kept = np.ones(1)
        if self.is_cut:
            kept = one.range_mass(kernel, self.centres, self.scales, column.resolution, column.lower, column.upper)
        if len(column.heavy):
            kept = np.maximum(kept - self._heavy_mass(column.heavy), 1e-12)
        self.log_norms = self.log_norms + np.log(kept)

    @property
    def bounded(self) -> bool:
        return KERNELS[self.kernel].bounded

    @property
    def is_cut(self) -> bool:
        return self.column.rho > 0 and not self.bounded

    def reserved_inside(self):
        """Mass that the reserved law gives to numbers of the seen range."""
        _, share = self.reserved()
        return share * inside_share(self.column) if self.bounded else 0.0

    def _heavy_mass(self, heavy):
        """Mass (N,) that each kernel gives to heavy cells."""
        kernel, r, mass = KERNELS[self.kernel], self.column.resolution, np.zeros(len(self.centres))
        for value in heavy:  # at most 100 values; one pass each keeps the memory flat
            with np.errstate(divide="ignore"):
                mass += np.exp(one.log_density(kernel, value, self.centres, self.scales, r)) * r
        return np.minimum(mass, 1 - 1e-12)

    # ---- terms ---------------------------------------------------------------------------------------------------

    def _as_product(self):
        """Whether the exponents may be taken from a product of features."""
        reach = np.abs(self.centres - self.origin).max() / self.scales.min()
        return self.kernel == "gaussian" and reach <= _FAR

    def centre_features(self):
        if not self._as_product():
            return (), 0.0
        a, s = (self.centres - self.origin) / self.unit, self.scales / self.unit
        constant = -0.5 * (a / s) ** 2 - self.log_norms - LOG_SQRT_2PI
        if self._plain():
            return (a,), constant + np.log(self.unit)
        precision = np.broadcast_to(1 / s**2, a.shape)
        return (a * precision, precision, constant + np.log(self.unit)), 0.0

    def _plain(self):
        """Whether every query is a number and every kernel has the same scale."""
        return len(self.scales) == 1 and not self.mixes and not self.column.rho

    def terms(self, x, own_share=0.0):
        H = len(self.column.heavy)
        codes = value_codes(x, self.column.heavy)
        off = self.off_range(x)
        number, missing = (codes == H) & ~off, codes == H + 1
        rho, share = self.reserved()
        lost = off | missing & (not self.column.missing_seen)
        outside = np.where(lost, safe_log(share), 0.0)
        if off.any():
            outside[off] += position_log_density(x[off], self.column, inside=False)
        if self.column.resolution:
            outside[codes < H] -= np.log(self.column.resolution)
        marginal = without_own(self.marginal[codes], own_share)
        lost |= np.any(own_share) & (marginal == 0)
        table, shares = self._code_table(codes, marginal, rho, lost)
        if table is None:
            outside[number] += np.log1p(-rho)
        x = np.where(number, x, self.origin)
        if self._as_product():
            outside[number] -= np.log(self.unit)
            inside, features = self._product_terms(x, number)
            return Terms(outside, inside, features, table, shares, reserved=lost)
        if rho and KERNELS[self.kernel].bounded:
            direct = self._mixed(x, number, outside, table, rho, share)
        else:
            direct = self._direct(x, number)
        return Terms(outside, table=table, shares=shares, direct=direct, reserved=lost)

    def _code_table(self, codes, marginal, rho, lost):
        """Log-probabilities (H + 2, Q) of the queries' codes by the centre's, and the part of the centre's own."""
        if not self.mixes:
            return None, ()
        own = (np.arange(len(self.marginal))[:, None] == codes) * self.weights[OWN]
        p = (1 - rho) * (own + self.weights[MARGINAL] * marginal)
        p[:, lost] = 1.0
        shares = (np.where(lost, 0.0, (1 - rho) * own / p),)
        return np.log(p, where=p > 0, out=np.full(p.shape, -np.inf)), shares

    def _product_terms(self, x, number):
        x = np.clip((x - self.origin) / self.unit, -_FARTHEST, _FARTHEST) * number
        if self._plain():
            return -0.5 * x * x, (x,)
        return None, (x, -0.5 * x * x, number.astype(float))

    def _log_kernels(self, x, number, part):
        """Log-kernels (centres, Q) at numbers; 0 at other cells."""
        scale = self.scales if len(self.scales) == 1 else self.scales[part, None]
        norm = self.log_norms if len(self.log_norms) == 1 else self.log_norms[part, None]
        u = one.distance(x, self.centres[part, None], scale, self.column.resolution)
        with np.errstate(divide="ignore", invalid="ignore"):
            log_k = KERNELS[self.kernel].log_density(np.minimum(u, _FARTHEST)) - norm
        return log_k if number.all() else np.where(number, log_k, 0.0)

    def _direct(self, x, number):
        return lambda part: self._log_kernels(x, number, part)

    def _mixed(self, x, number, outside, table, rho, share):
        """A bounded kernel on a grid: the reserved law of positions keeps the density above 0."""
        position = np.full(len(x), -np.inf)
        position[number] = np.log(share) + position_log_density(x[number], self.column, self.column.heavy)
        if table is None:
            outside[number] -= np.log1p(-rho)

        def direct(part):
            log_k = self._log_kernels(x, number, part)
            log_p = np.log1p(-rho) if table is None else table[self.codes[part]]
            with np.errstate(invalid="ignore"):
                mixed = np.logaddexp(log_k + log_p, position) - (0.0 if table is None else log_p)
            return np.where(number, mixed, log_k)

        return direct

    # ---- samples -------------------------------------------------------------------------------------------------

    def _draw_number(self, centres, rng, low=-np.inf, high=np.inf):
        """Numbers from the centres' kernels, off the heavy cells."""
        a = self.centres[centres]
        s = np.broadcast_to(self.scales, self.centres.shape)[centres]
        x = np.empty(len(centres))
        left = np.arange(len(centres))
        kernel, r = KERNELS[self.kernel], self.column.resolution
        for _ in range(1000):  # an interval of heavy cells alone has, but for rounding, no mass
            if not len(left):
                break
            x[left] = one.draw(kernel, a[left], s[left], r, rng, low, high)
            left = left[value_codes(x[left], self.column.heavy) < len(self.column.heavy)]
        return x

    def sample(self, centres, rng):
        H, n = len(self.column.heavy), len(centres)
        own = rng.random(n) < self.weights[OWN]
        codes = np.where(own, self.codes[centres], draw_code(self.marginal, n, rng))
        x = np.append(self.column.heavy, [np.nan, np.nan])[codes]
        number = np.flatnonzero(codes == H)
        ends = (self.column.lower, self.column.upper) if self.is_cut else (-np.inf, np.inf)
        x[number] = self._draw_number(centres[number], rng, *ends)
        rho, share = self.reserved()
        if rho:
            reserved = np.flatnonzero(rng.random(n) < rho)
            position = rng.random(len(reserved)) * rho < rho - (not self.column.missing_seen) * share
            gap = self.column.lower - self.column.resolution  # drawn again, as all beyond the range
            if self.bounded:
                gap = draw_reserved_position(self.column, self.column.heavy, len(reserved), rng)
            x[reserved] = np.where(position, gap, np.nan)
        return x

    def _allowed_log_masses(self, allowed, part):
        """Log-masses (H + 2, n) of an allowed set by cell, for the centres `part`."""
        column, r = self.column, self.column.resolution
        kernel, heavy = KERNELS[self.kernel], column.heavy
        a = self.centres[part]
        s = np.broadcast_to(self.scales, self.centres.shape)[part]
        norm = np.broadcast_to(self.log_norms, self.centres.shape)[part] - one.log_norm(kernel, s, r)
        inside = allowed.contains(np.append(heavy, np.nan))
        with np.errstate(divide="ignore", invalid="ignore"):
            if allowed.values is None:
                number = one.interval_log_mass(kernel, a, s, r, *self.within(allowed))
                for value in heavy[inside[:-1]]:
                    log_mass = one.log_density(kernel, value, a, s, r) + np.log(r)
                    number = number + np.log(np.maximum(-np.expm1(np.minimum(log_mass - number, 0)), 0))
                number = np.where(np.isnan(number), -np.inf, number) - norm
            else:
                number = np.logaddexp.reduce(self._log_at(allowed.values, a, s), axis=0, initial=-np.inf) - norm
            stays = self.weights[OWN] + self.weights[LOCAL]  # LOCAL is all of a column without atoms, 0 of others
            own = np.arange(len(heavy) + 2)[:, None] == self.codes[part]
            p = self.weights[MARGINAL] * self.marginal[:, None] + stays * own
            log_p = np.log(p) + np.where(np.append(inside[:-1], [True, inside[-1]]), 0.0, -np.inf)[:, None]
        log_p[len(heavy)] += number
        return log_p

    def _log_at(self, values, a, s):
        """Log-kernels (values, n) at listed numbers, mass of the cell on a grid; -inf at heavy values."""
        r = self.column.resolution
        log_k = one.log_density(KERNELS[self.kernel], values[:, None], a, s, r) + (np.log(r) if r else 0.0)
        barred = np.isin(values, self.column.heavy) | self.off_range(values)
        return np.where(barred[:, None], -np.inf, log_k)

    def log_mass(self, allowed):
        return np.logaddexp.reduce(self._allowed_log_masses(allowed, slice(None)), axis=0)

    def sample_allowed(self, centres, allowed, rng):
        H = len(self.column.heavy)
        codes = one.draw_index(self._allowed_log_masses(allowed, centres), rng)
        x = np.append(self.column.heavy, [np.nan, np.nan])[codes]
        number = np.flatnonzero(codes == H)
        if allowed.values is None:
            x[number] = self._draw_number(centres[number], rng, *self.within(allowed))
        elif len(number):
            a = self.centres[centres[number]]
            s = np.broadcast_to(self.scales, self.centres.shape)[centres[number]]
            with np.errstate(divide="ignore"):
                log_k = self._log_at(allowed.values, a, s)
            x[number] = allowed.values[one.draw_index(log_k, rng)]
        return x


def weighted_moments(x, weight):
    """Mean and standard deviation; (0, 0) of nothing."""
    if not len(x):
        return 0.0, 0.0
    shift = x[0]
    mean = np.average(x - shift, weights=weight)
    return shift + mean, np.sqrt(np.average((x - shift - mean) ** 2, weights=weight))
