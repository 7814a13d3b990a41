"""The pinwheel: Gaussian arms, bent around the origin.

A row is `x = 2 R(-a) f` with `f = (f_0, f_1)` Gaussian of mean (1, 0), R a rotation and
`a = 2 pi k / 5 + 0.25 exp(f_0)` for a random arm k. In polar coordinates, with `x / 2` at (r, phi) and f at (r, psi),

    p(x) = 1/20 sum_psi N(f_0; 1, 0.3^2) N(f_1; 0, 0.1^2) / |1 + 0.25 f_1 exp(f_0)|

over the roots psi of `psi - 0.25 exp(r cos psi) = phi + 2 pi k / 5` modulo a turn.
"""

from functools import cached_property

import numpy as np
from scipy.special import logsumexp

from ._law import ArrayLaw
from ._quadrature import standard_normal_nodes

_ARMS, _SCALE = 5, 2.0
_MEAN = np.array([1.0, 0.0])
_STD = np.array([0.3, 0.1])  # along the arm and across
_RATE = 0.25
_FAR = 4.0  # radius of f, ten standard deviations out: less than 1e-22 of the mass lies beyond
_BISECTIONS = 48  # from a turn to 2e-14
_STEP = 2 * np.pi / _ARMS


def _log_straight(f):
    """Log-density of the arm before it is bent, shape f.shape[:-1]."""
    z = (f - _MEAN) / _STD
    return -0.5 * (z**2).sum(axis=-1) - np.log(2 * np.pi * _STD.prod())


def _polar(r, psi):
    """Cartesian coordinates as a last axis."""
    return np.stack([r * np.cos(psi), r * np.sin(psi)], axis=-1)


def _bent(r, psi):
    """Polar angle of f after bending, before the arm's own angle is taken off."""
    return psi - _RATE * np.exp(r * np.cos(psi))


def _slope(r, psi):
    """Derivative of `_bent` by psi."""
    return 1 + _RATE * r * np.sin(psi) * np.exp(r * np.cos(psi))


def _bisect(positive, low, high):
    """Where a sign changes between low and high, elementwise; `positive` holds at high and not at low."""
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        above = positive(middle)
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return (low + high) / 2


def _branch_edges(r):
    """Ends of the three intervals of psi on which `_bent` rises, falls and rises; the middle one may be empty."""
    steepest = -np.arccos((np.sqrt(1 + 4 * r**2) - 1) / np.maximum(2 * r, 1e-300))  # least slope
    first, last = steepest.copy(), steepest.copy()
    folded = _slope(r, steepest) < 0
    s, at = r[folded], steepest[folded]
    first[folded] = _bisect(lambda psi: _slope(s, psi) < 0, np.full_like(s, -np.pi), at)
    last[folded] = _bisect(lambda psi: _slope(s, psi) > 0, at, np.zeros_like(s))
    return [(np.full_like(r, -np.pi), first, 1.0), (first, last, -1.0), (last, np.full_like(r, np.pi), 1.0)]


class Pinwheel(ArrayLaw):
    """Five Gaussian arms, bent around the origin.

    The law of FFJORD [1]_, first drawn by Johnson et al. [2]_. Its entropy is 2.3178 nats, a little under the
    2.3243 of five arms that did not touch. Where arms fold over themselves, with 1e-9 of the mass, the density is
    the sum over the folds; beyond a distance of 8 from the origin, with 1e-22, it is averaged over the angle.

    Attributes
    ----------
    n_features : int
        2.

    entropy : float
        Entropy in nats, by quadrature over a straight arm (error below 1e-6).

    References
    ----------
    .. [1] Grathwohl et al., "FFJORD: Free-form continuous dynamics for scalable reversible generative models",
       ICLR 2019.
    .. [2] Johnson et al., "Composing graphical models with neural networks for structured representations and fast
       inference", NeurIPS 2016.

    Examples
    --------
    >>> from skgen.datasets import Pinwheel
    >>> round(Pinwheel().entropy, 4)
    2.3178
    """

    n_features = 2

    @cached_property
    def entropy(self):
        """Entropy in nats."""
        # the five arms are alike: integrate over the first
        u, w = standard_normal_nodes(2)
        return float(-w @ self._log_density(self._bend(_MEAN + _STD * u, 0)))

    def _sample(self, n, rng):
        straight = _MEAN + _STD * rng.standard_normal((n, 2))
        return self._bend(straight, rng.integers(0, _ARMS, n))

    def _log_density(self, X):
        r, phi = np.hypot(*X.T) / _SCALE, np.arctan2(X[:, 1], X[:, 0])
        out = np.empty(len(X))
        far = r > _FAR
        out[far] = self._log_angular_mean(r[far])
        out[~far] = self._log_sum_over_roots(r[~far], phi[~far])
        return out

    @staticmethod
    def _bend(straight, arm):
        """Rotate each point clockwise by its arm's angle and the bend."""
        angle = -(_STEP * arm + _RATE * np.exp(straight[:, 0]))
        x, y = straight.T
        cos, sin = np.cos(angle), np.sin(angle)
        return _SCALE * np.column_stack([x * cos - y * sin, x * sin + y * cos])

    @staticmethod
    def _log_sum_over_roots(r, phi):
        total = np.full(len(r), -np.inf)
        for low, high, sign in _branch_edges(r):
            ends = [np.floor((_bent(r, end) - phi) / _STEP) for end in (low, high)]
            first, last = np.minimum(*ends) + 1, np.maximum(*ends)  # numbers of the roots on this branch
            for i in range(int((last - first).max(initial=-1)) + 1):  # the i-th root of every row that has one
                rows = np.flatnonzero(first + i <= last)
                s, target = r[rows], phi[rows] + _STEP * (first[rows] + i)
                psi = _bisect(lambda at, s=s, y=target, up=sign: up * (_bent(s, at) - y) > 0, low[rows], high[rows])
                log_term = _log_straight(_polar(s, psi)) - np.log(np.abs(_slope(s, psi)))
                total[rows] = np.logaddexp(total[rows], log_term)
        return total - np.log(_ARMS * _SCALE**2)

    @staticmethod
    def _log_angular_mean(r):
        u = np.linspace(-9, 9, 121)  # the arm's own width is one
        psi = _STD[1] * u / r[:, None]
        log_term = _log_straight(_polar(r[:, None], psi)) + np.log(_STD[1] * (u[1] - u[0]) / r[:, None])
        return logsumexp(log_term, axis=1) - np.log(2 * np.pi * _SCALE**2)
