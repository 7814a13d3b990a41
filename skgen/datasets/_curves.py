"""Curves in the plane, blurred by Gaussian noise.

With a curve c(t), t of density f, and noise s,

    p(x) = integral f(t) N(x; c(t), s^2 I) dt  ~  sum_j w_j f(t_j) N(x; c(t_j), s^2 I),

by Gauss and Legendre's rule of eight nodes on panels about 3 s long. The error of log p is below 1e-6 at rows of the
law; it grows to about a thousandth of log p at rows tens of standard deviations away, where an end of the curve
decides. Nodes that cannot add e^-36 of the density to any row of a block are left out.
"""

from abc import abstractmethod
from functools import cached_property

import numpy as np
from scipy.special import logsumexp

from ._cells import log_normal_mass
from ._law import ArrayLaw, check_positive
from ._quadrature import entropy_on_box, gauss_panels

_PANEL = 3.0  # length of a panel in units of the noise
_REACH = 8.0  # noise standard deviations around the curve that hold all but 1e-14 of the mass
_NEGLIGIBLE = 36.0  # nats
_BLOCK = 512  # rows


def _spiral_edges(low, high, pitch, noise):
    """Edges of panels on which the spiral of radius `pitch * t` advances about equally.

    Its speed is sqrt(1 + t^2) times that factor, at most 1 + t, whose integral is t + t^2 / 2.
    """
    start, stop = (t + t**2 / 2 for t in (low, high))
    n_panels = int(np.ceil(pitch * (stop - start) / (_PANEL * noise)))
    return np.sqrt(1 + 2 * np.linspace(start, stop, n_panels + 1)) - 1


def _near_rows(X):
    """Split the rows into blocks of neighbours, as the leaves of a k-d tree: yields arrays of indices."""
    pending = [np.arange(len(X))] if len(X) else []
    while pending:
        rows = pending.pop()
        if len(rows) <= _BLOCK:
            yield rows
            continue
        axis = np.argmax(np.ptp(X[rows], axis=0))
        half = len(rows) // 2
        rows = rows[np.argpartition(X[rows, axis], half)]
        pending += [rows[:half], rows[half:]]


class _CurveLaw(ArrayLaw):
    """Law of a random point of some curves, plus uniform jitter along each axis, plus Gaussian noise."""

    n_features = 2
    noise: float
    _jitter = 0.0  # width of the uniform jitter along each axis

    @abstractmethod
    def _curves(self):
        """The curves as a list of (edges of the panels of t, density of t, centre at t)."""

    @abstractmethod
    def _on_curve(self, n, rng):
        """Draw n points without the Gaussian noise."""

    @cached_property
    def entropy(self):
        """Entropy in nats."""
        centres, _ = self._nodes
        reach = _REACH * self.noise + self._jitter / 2
        return entropy_on_box(
            self._log_density, centres.min(axis=0) - reach, centres.max(axis=0) + reach, self.noise / 3
        )

    def _sample(self, n, rng):
        return self._on_curve(n, rng) + self.noise * rng.standard_normal((n, 2))

    def _log_density(self, X):
        centres, log_weights = self._nodes
        out = np.empty(len(X))
        for rows in _near_rows(X):  # each block meets few of the nodes
            block = X[rows]
            kept = self._relevant(block, centres, log_weights)
            log_joint = log_weights[kept] + self._log_kernel(block[:, None, 0] - centres[kept, 0])
            log_joint += self._log_kernel(block[:, None, 1] - centres[kept, 1])  # (rows, nodes)
            out[rows] = logsumexp(log_joint, axis=1)
        return out

    @cached_property
    def _nodes(self):
        """Points of the curves, shape (m, 2), and their log-weights, shape (m,)."""
        centres, weights = [], []
        for edges, density, centre in self._curves():
            t, w = gauss_panels(edges)
            centres.append(centre(t))
            weights.append(w * density(t))
        weights = np.concatenate(weights)
        return np.concatenate(centres), np.log(weights / weights.sum())

    def _relevant(self, block, centres, log_weights):
        """Mask of the nodes that can matter to a row of the block, from bounds on its box."""
        low, high, half = block.min(axis=0), block.max(axis=0), self._jitter / 2
        near = np.maximum(np.maximum(low - centres - half, centres - half - high), 0)  # (m, 2)
        far = np.maximum(high - centres + half, centres + half - low)
        highest = log_weights - (near**2).sum(axis=1) / (2 * self.noise**2)
        lowest = log_weights - (far**2).sum(axis=1) / (2 * self.noise**2)
        return highest >= lowest.max() - _NEGLIGIBLE

    def _log_kernel(self, v):
        """Log-density of jitter plus noise at distance v from a centre, along one axis."""
        s, w = self.noise, self._jitter
        if w == 0:
            return -0.5 * (v / s) ** 2 - np.log(s) - 0.5 * np.log(2 * np.pi)
        return log_normal_mass((v - w / 2) / s, (v + w / 2) / s) - np.log(w)


class TwoMoons(_CurveLaw):
    """Two interleaved half circles with Gaussian noise.

    The law of `sklearn.datasets.make_moons` with angles drawn rather than evenly spaced. Its entropy is 1.0076 nats
    at noise 0.1 and 0.2892 at 0.05.

    Parameters
    ----------
    noise : float, default=0.1
        Standard deviation of the Gaussian noise, in the units of the sample.

    Attributes
    ----------
    n_features : int
        2.

    entropy : float
        Entropy in nats, by quadrature on the plane (error below 1e-7).

    Examples
    --------
    >>> from skgen.datasets import TwoMoons
    >>> round(TwoMoons(noise=0.1).entropy, 4)
    1.0076
    """

    def __init__(self, noise=0.1):
        self.noise = check_positive("noise", noise)

    def _curves(self):
        edges = np.linspace(0, np.pi, int(np.ceil(np.pi / (_PANEL * self.noise))) + 1)
        return [(edges, np.ones_like, moon) for moon in (self._upper, self._lower)]

    @staticmethod
    def _upper(t):
        return np.column_stack([np.cos(t), np.sin(t)])

    @staticmethod
    def _lower(t):
        return np.column_stack([1 - np.cos(t), 0.5 - np.sin(t)])

    def _on_curve(self, n, rng):
        t = rng.uniform(0, np.pi, n)
        return np.where(rng.random((n, 1)) < 0.5, self._upper(t), self._lower(t))


class SwissRoll(_CurveLaw):
    """A spiral strip seen from its side, with Gaussian noise.

    `c(t) = (t cos t, t sin t) / 5` with t uniform in [1.5 pi, 4.5 pi]. The default is the law of FFJORD [1]_, of
    entropy 2.6696 nats: the first and third coordinate of `sklearn.datasets.make_swiss_roll(noise=1)` divided by 5.

    Parameters
    ----------
    noise : float, default=0.2
        Standard deviation of the Gaussian noise, in the units of the sample.

    Attributes
    ----------
    n_features : int
        2.

    entropy : float
        Entropy in nats, by quadrature on the plane (error below 1e-7).

    References
    ----------
    .. [1] Grathwohl et al., "FFJORD: Free-form continuous dynamics for scalable reversible generative models",
       ICLR 2019.

    Examples
    --------
    >>> from skgen.datasets import SwissRoll
    >>> round(SwissRoll().entropy, 4)
    2.6696
    """

    _low, _high = 1.5 * np.pi, 4.5 * np.pi

    def __init__(self, noise=0.2):
        self.noise = check_positive("noise", noise)

    def _curves(self):
        return [(_spiral_edges(self._low, self._high, 1 / 5, self.noise), np.ones_like, self._roll)]

    @staticmethod
    def _roll(t):
        return t[:, None] * np.column_stack([np.cos(t), np.sin(t)]) / 5

    def _on_curve(self, n, rng):
        return self._roll(rng.uniform(self._low, self._high, n))


class TwoSpirals(_CurveLaw):
    """Two spiral arms of one and a half turns, with uniform jitter and Gaussian noise.

    The arms are `+-(-t cos t, t sin t) / 3` with t = 3 pi sqrt(u), u uniform in [0, 1], and each coordinate is
    pushed by an amount uniform in [0, 1/6] (away from its arm's origin for one arm, mirrored for the other). The
    default is the law of FFJORD [1]_ and of neural spline flows [2]_, of entropy 2.6455 nats.

    Parameters
    ----------
    noise : float, default=0.1
        Standard deviation of the Gaussian noise, in the units of the sample.

    Attributes
    ----------
    n_features : int
        2.

    entropy : float
        Entropy in nats, by quadrature on the plane (error below 1e-7).

    References
    ----------
    .. [1] Grathwohl et al., "FFJORD: Free-form continuous dynamics for scalable reversible generative models",
       ICLR 2019.
    .. [2] Durkan et al., "Neural spline flows", NeurIPS 2019.

    Examples
    --------
    >>> from skgen.datasets import TwoSpirals
    >>> round(TwoSpirals().entropy, 4)
    2.6455
    """

    _jitter = 0.5 / 3
    _high = 3 * np.pi

    def __init__(self, noise=0.1):
        self.noise = check_positive("noise", noise)

    def _curves(self):
        edges = _spiral_edges(0.0, self._high, 1 / 3, self.noise)
        # t = 3 pi sqrt(u) has a density proportional to t
        return [(edges, lambda t: t, lambda t, s=s: s * (self._arm(t) + self._jitter / 2)) for s in (-1, 1)]

    @staticmethod
    def _arm(t):
        return t[:, None] * np.column_stack([-np.cos(t), np.sin(t)]) / 3

    def _on_curve(self, n, rng):
        t = self._high * np.sqrt(rng.random(n))
        sign = rng.choice([-1.0, 1.0], (n, 1))
        return sign * (self._arm(t) + self._jitter * rng.random((n, 2)))
