"""Rings: uniform laws on concentric circles, blurred by Gaussian noise.

At distance r from the centre, with rings of radii R_k, noise s and I_0 the modified Bessel function,

    p(x) = (1/K) sum_k exp(-(r^2 + R_k^2) / (2 s^2)) I_0(r R_k / s^2) / (2 pi s^2).
"""

from abc import abstractmethod
from functools import cached_property

import numpy as np
from scipy.special import i0e, logsumexp

from ._law import ArrayLaw, check_positive
from ._quadrature import gauss_panels

_REACH = 9.0  # noise standard deviations within which all mass lies, to 1e-17


class _ConcentricLaw(ArrayLaw):
    """Equal mixture of uniform laws on circles around the origin, plus isotropic Gaussian noise."""

    n_features = 2
    noise: float

    @property
    @abstractmethod
    def _radii(self):
        """Radii of the circles, shape (K,)."""

    @cached_property
    def entropy(self):
        """Entropy in nats, by quadrature along the radius (error below 1e-9)."""
        low = max(0.0, min(self._radii) - _REACH * self.noise)
        high = max(self._radii) + _REACH * self.noise
        r, w = gauss_panels(np.linspace(low, high, int(np.ceil(2 * (high - low) / self.noise)) + 1))
        log_p = self._log_density_at(r)
        return float(-(2 * np.pi * r * w * np.exp(log_p)) @ log_p)

    def _sample(self, n, rng):
        radius = rng.choice(self._radii, n)
        angle = rng.uniform(0, 2 * np.pi, n)
        on_ring = radius[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
        return on_ring + self.noise * rng.standard_normal((n, 2))

    def _log_density(self, X):
        return self._log_density_at(np.hypot(X[:, 0], X[:, 1]))

    def _log_density_at(self, r):
        """Log-density at distance r from the origin, shape of r."""
        variance = self.noise**2
        R = np.asarray(self._radii)[:, None]  # (K, 1)
        log_ring = np.log(i0e(r * R / variance)) - (r - R) ** 2 / (2 * variance)  # (K, n)
        return logsumexp(log_ring, axis=0) - np.log(len(R) * 2 * np.pi * variance)


class Circles(_ConcentricLaw):
    """Two concentric circles with Gaussian noise.

    The defaults are those of FFJORD [1]_: circles of radii 3 and 1.5 with noise 0.24, that is three times
    `sklearn.datasets.make_circles(factor=0.5, noise=0.08)`, with angles drawn rather than evenly spaced. The
    entropy is then 3.2681 nats.

    Parameters
    ----------
    noise : float, default=0.24
        Standard deviation of the Gaussian noise, in the units of the sample.

    radius : float, default=3.0
        Radius of the outer circle.

    factor : float, default=0.5
        Radius of the inner circle divided by that of the outer one, above 0 and below 1.

    Attributes
    ----------
    n_features : int
        2.

    entropy : float
        Entropy in nats, by quadrature along the radius.

    References
    ----------
    .. [1] Grathwohl et al., "FFJORD: Free-form continuous dynamics for scalable reversible generative models",
       ICLR 2019.

    Examples
    --------
    >>> from skgen.datasets import Circles
    >>> round(Circles().entropy, 4)
    3.2681
    """

    def __init__(self, noise=0.24, radius=3.0, factor=0.5):
        self.noise = check_positive("noise", noise)
        self.radius = check_positive("radius", radius)
        self.factor = check_positive("factor", factor)
        if self.factor >= 1:
            raise ValueError(f"factor must be below 1, got {factor!r}.")

    @property
    def _radii(self):
        return (self.factor * self.radius, self.radius)


class Rings(_ConcentricLaw):
    """Four concentric circles of radii 0.75, 1.5, 2.25 and 3 with Gaussian noise, equally likely.

    The default is the law of FFJORD [1]_, of entropy 2.6232 nats.

    Parameters
    ----------
    noise : float, default=0.08
        Standard deviation of the Gaussian noise, in the units of the sample.

    Attributes
    ----------
    n_features : int
        2.

    entropy : float
        Entropy in nats, by quadrature along the radius.

    References
    ----------
    .. [1] Grathwohl et al., "FFJORD: Free-form continuous dynamics for scalable reversible generative models",
       ICLR 2019.

    Examples
    --------
    >>> from skgen.datasets import Rings
    >>> round(Rings().entropy, 4)
    2.6232
    """

    def __init__(self, noise=0.08):
        self.noise = check_positive("noise", noise)

    @property
    def _radii(self):
        return (0.75, 1.5, 2.25, 3.0)
