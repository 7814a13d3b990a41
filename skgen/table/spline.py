r"""The monotone rational-quadratic spline between a number and its normal score.

Between two knots, with :math:`\xi = (x - x_k)/h_k`, secant :math:`s_k` and end slopes :math:`a s_k, b s_k`,

.. math:: z(x) = z_k + s_k h_k \frac{\xi^2 + a \xi (1 - \xi)}{1 + (a + b - 2)\, \xi (1 - \xi)}

(Gregory and Delbourgo, 1982); beyond the knots the mass :math:`\epsilon = \Phi(z_0)` falls off exponentially,
:math:`\Phi(z) = \epsilon\, e^{-(x_0 - x) / s}`.
"""

from __future__ import annotations

import numpy as np
from scipy.special import erfcx, log_ndtr, ndtri, ndtri_exp

MIN_KNOTS, MAX_KNOTS = 8, 128
#: What rounding leaves of a mass, as a share of all.
NOTHING = 1e-12

#: A gap is no accident where it takes this share of an interval of so many rows: even ones leave it once in 2,000.
GAP_SHARE, GAP_ROWS = 0.5, 16

_LOG_MASS_FLOOR = -1e299  # its normal score, -1.4e149, still has a finite square


def weighted_values(x, weight=None):
    """Distinct values of `x`, sorted, and the mass on each."""
    values, inverse = np.unique(x, return_inverse=True)
    mass = np.bincount(inverse, weights=weight, minlength=len(values)).astype(float)
    return values, mass


def quantile_positions(mass, m):
    """Positions, among sorted values of the given mass, of the quantiles 0, 1/m, ..., 1; ties merged."""
    upto = np.cumsum(mass)
    at = np.searchsorted(upto, np.arange(m + 1) / m * upto[-1])
    return np.unique(np.minimum(at, len(mass) - 1))


def knot_positions(mass):
    """Positions of the clip(sqrt(n), 8, 128) quantiles that a column of n rows can carry."""
    return quantile_positions(mass, int(np.clip(np.rint(np.sqrt(mass.sum())), MIN_KNOTS, MAX_KNOTS)))


def split_at_gaps(knots, values, mass):
    """The knots, and the ends of a gap that takes more than half of an inner interval of many rows.

    Between clumps of values nothing lies: a smooth curve across would take mass from the edges of both.
    """
    gap = np.diff(values)
    start, width = knots[:-1], np.diff(values[knots])
    widest, rows = np.maximum.reduceat(gap, start), np.add.reduceat(mass[:-1], start)
    split = (widest > GAP_SHARE * width) & (rows >= GAP_ROWS)
    split[[0, -1]] = False  # tails
    interval = np.repeat(np.arange(len(start)), np.diff(knots))
    at = np.flatnonzero(split[interval] & (gap == widest[interval]))
    return np.unique(np.concatenate([knots, at, at + 1]))


class MonotoneSpline:
    """A strictly increasing map from a number to its normal score, with closed-form slope and inverse.

    Parameters
    ----------
    x, z : ndarray of shape (K,)
        Knots, K >= 2, both strictly increasing.
    scale_below, scale_above : float
        Scale of the exponential tails, in the units of `x`.

    Examples
    --------
    >>> import numpy as np
    >>> from skgen.table.spline import MonotoneSpline
    >>> x = np.random.default_rng(0).exponential(size=1000)
    >>> spline = MonotoneSpline.fit(x)
    >>> z, log_slope = spline.forward(np.array([0.1, np.log(2), 3.0]))
    >>> [round(float(v), 1) for v in z]
    [-1.4, -0.1, 1.7]
    >>> [round(float(v), 3) for v in spline.inverse(z)]
    [0.1, 0.693, 3.0]
    """

    def __init__(self, x, z, scale_below, scale_above):
        self.x, self.z = np.asarray(x, float), np.asarray(z, float)
        self.scale_below, self.scale_above = float(scale_below), float(scale_above)
        self._width, self._rise = np.diff(self.x), np.diff(self.z)
        secant = self._rise / self._width
        # slopes over secants, without forming the slopes: data may be in any unit
        ratio = np.sqrt(secant[1:] / secant[:-1])  # interior slope = sqrt(left secant * right secant)
        self._a = np.concatenate([[1.0], 1 / ratio])
        self._b = np.concatenate([ratio, [1.0]])
        self._log_secant = np.log(secant)

    @classmethod
    def fit(cls, x, weight=None):
        """The spline through the mid-distribution at clip(sqrt(n), 8, 128) quantiles; `x` has two distinct values."""
        return cls.fit_values(*weighted_values(x, weight))

    @classmethod
    def fit_values(cls, values, mass):
        """As `fit`, from sorted distinct values and the mass on each.

        What is lost beside the total does not count, unless a single value would be left.
        """
        counts = mass > NOTHING * mass.sum()
        if np.count_nonzero(counts) > 1:
            values, mass = values[counts], mass[counts]
        else:
            mass = np.maximum(mass, NOTHING * mass.sum())
        n = max(mass.sum(), 3.0)  # keeps the tails below a quarter each
        knots = split_at_gaps(knot_positions(mass), values, mass)
        mid = (np.cumsum(mass) - mass / 2)[knots]
        eps = 1 / (n + 1)
        # the probabilities rise from eps to 1/2 and fall, as their complements, back to eps
        F = eps + (1 - 2 * eps) * (mid - mid[0]) / (mid[-1] - mid[0])
        S = eps + (1 - 2 * eps) * (mid[-1] - mid) / (mid[-1] - mid[0])
        z = np.where(F < S, ndtri(F), -ndtri(S))
        below = mean_excess(values, mass)
        above = mean_excess(-values[::-1], mass[::-1])
        return cls(values[knots], z, below, above)

    def forward(self, x):
        """Normal scores of `x` and the logarithm of their slope."""
        k = np.clip(np.searchsorted(self.x, x, side="right") - 1, 0, len(self._width) - 1)
        a, b = self._a[k], self._b[k]
        xi = np.clip((x - self.x[k]) / self._width[k], 0, 1)
        cross = xi * (1 - xi)
        below_line = 1 + (a + b - 2) * cross
        z = self.z[k] + self._rise[k] * ((xi * xi + a * cross) / below_line)
        slope = (b * xi * xi + 2 * cross + a * (1 - xi) ** 2) / below_line**2
        log_slope = self._log_secant[k] + np.log(slope)
        low, high = x < self.x[0], x > self.x[-1]
        if low.any():
            z[low], log_slope[low] = _tail_score(self.x[0], x[low], self.z[0], self.scale_below)
        if high.any():
            score, log_slope[high] = _tail_score(-self.x[-1], -x[high], -self.z[-1], self.scale_above)
            z[high] = -score
        return z, log_slope

    def inverse(self, z):
        """The numbers whose normal scores are `z`."""
        k = np.clip(np.searchsorted(self.z, z, side="right") - 1, 0, len(self._width) - 1)
        a, b = self._a[k], self._b[k]
        eta = np.clip((z - self.z[k]) / self._rise[k], 0, 1)
        # (1 - B) xi^2 + B xi - eta = 0, by the form of its root that subtracts nothing
        B = a - eta * (a + b - 2)
        root = np.sqrt((B - 2 * eta) ** 2 + 4 * eta * (1 - eta))
        numerator = np.where(B >= 0, 2 * eta, root - B)
        denominator = np.where(B >= 0, B + root, 2 * (1 - B))
        x = self.x[k] + self._width[k] * (numerator / denominator)
        low, high = z < self.z[0], z > self.z[-1]
        if low.any():
            x[low] = self.x[0] - self.scale_below * (log_ndtr(self.z[0]) - log_ndtr(z[low]))
        if high.any():
            x[high] = self.x[-1] + self.scale_above * (log_ndtr(-self.z[-1]) - log_ndtr(-z[high]))
        return x

    def to_state(self) -> dict:
        return {"x": self.x, "z": self.z, "scale_below": self.scale_below, "scale_above": self.scale_above}

    @classmethod
    def from_state(cls, state):
        return cls(**state)


def mean_excess(values, mass):
    """Mean distance of the lowest sqrt(n) rows from the first value above them: the scale of the lower tail."""
    outer = np.sqrt(mass.sum())
    upto = np.cumsum(mass)
    inside = np.clip(outer - (upto - mass), 0, mass)
    threshold = min(max(np.searchsorted(upto, outer, side="right"), 1), len(values) - 1)
    excess = (values[threshold] - values) * (inside / inside.sum())
    return max(excess[: threshold + 1].sum(), 1e-12 * (values[-1] - values[0]))


def _tail_score(end, x, z_end, scale):
    """Normal score and log-slope below `end`, where the mass falls off exponentially."""
    log_mass = np.maximum(log_ndtr(z_end) - (end / scale - x / scale), _LOG_MASS_FLOOR)
    z = ndtri_exp(log_mass)
    # slope = mass / (scale * phi(z)), and mass / phi(z) is Mills' ratio
    return z, np.log(erfcx(-z / np.sqrt(2))) + 0.5 * np.log(np.pi / 2) - np.log(scale)
