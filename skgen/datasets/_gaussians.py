"""Gaussian laws: one Gaussian, and mixtures of them.

With `p(x) = sum_k w_k N_k(x)`, `N_k = N(m_k, S_k)`, `S_k = L_k L_k'` and u standard normal, the entropy is

    H(p) = sum_k w_k (H(N_k) - E[log(p / N_k)(m_k + L_k u)]),

where only the last term, which is log w_k for a component apart, needs quadrature over u.
"""

from functools import cached_property
from numbers import Integral

import numpy as np
from scipy.linalg import solve_triangular
from scipy.special import logsumexp

from ._law import ArrayLaw, check_positive
from ._quadrature import standard_normal_nodes, trapezoid

_LOG_2PI = np.log(2 * np.pi)
_BLOCK = 4096  # rows whose distances to all components are held at once
_REACH = 9.0  # standard deviations within which all mass lies, to 1e-17

_DEFAULT_MEANS = ((-2.0, 0.0), (2.0, 0.0), (0.0, 2.0))
_DEFAULT_COVARIANCES = (((0.5, 0.3), (0.3, 0.5)), ((0.5, -0.3), (-0.3, 0.5)), ((1.0, 0.0), (0.0, 0.1)))
_DEFAULT_WEIGHTS = (0.4, 0.4, 0.2)


def _in_blocks(function, X):
    """Apply a function of rows block by block, so that memory stays bounded."""
    out = np.empty(len(X))
    for start in range(0, len(X), _BLOCK):
        rows = slice(start, start + _BLOCK)
        out[rows] = function(X[rows])
    return out


def _log_normal_mixture(x, means, std):
    """Log-density of an equal mixture of normal laws on the line, shape of x."""
    z = (x[..., None] - means) / std
    return logsumexp(-0.5 * z**2, axis=-1) - np.log(len(means) * std) - 0.5 * _LOG_2PI


class CorrelatedGaussian(ArrayLaw):
    """Gaussian law with unit variances and one correlation between all pairs of coordinates.

    The covariance `(1 - c) I + c 11'` has determinant `(1 - c)^(d - 1) (1 + (d - 1) c)`, which gives the entropy
    exactly.

    Parameters
    ----------
    n_features : int, default=2
        Number of coordinates.

    correlation : float, default=0.8
        Correlation of each pair, above -1 / (n_features - 1) and below 1.

    Attributes
    ----------
    n_features : int
        Number of coordinates.

    entropy : float
        Entropy in nats, in closed form.

    Examples
    --------
    >>> from skgen.datasets import CorrelatedGaussian
    >>> round(CorrelatedGaussian(n_features=2, correlation=0.6).entropy, 4)
    2.6147
    """

    def __init__(self, n_features=2, correlation=0.8):
        if not isinstance(n_features, Integral) or n_features < 1:
            raise ValueError(f"n_features must be a positive integer, got {n_features!r}.")
        lowest = -1 / max(n_features - 1, 1)
        self.correlation = check_positive("correlation", correlation, minimum=lowest)
        if self.correlation >= 1:
            raise ValueError(f"correlation must be below 1, got {correlation!r}.")
        self.n_features = int(n_features)

    @property
    def entropy(self):
        """Entropy in nats."""
        return float(0.5 * (self.n_features * (1 + _LOG_2PI) + self._log_determinant()))

    def _sample(self, n, rng):
        d, c = self.n_features, self.correlation
        u = rng.standard_normal((n, d))
        along = u.mean(axis=1, keepdims=True)
        return np.sqrt(1 - c) * (u - along) + np.sqrt(1 + (d - 1) * c) * along

    def _log_density(self, X):
        d, c = self.n_features, self.correlation
        along = X.mean(axis=1)
        across = ((X - along[:, None]) ** 2).sum(axis=1)
        squared = d * along**2 / (1 + (d - 1) * c) + across / (1 - c)
        return -0.5 * (squared + self._log_determinant() + d * _LOG_2PI)

    def _log_determinant(self):
        d, c = self.n_features, self.correlation
        return (d - 1) * np.log1p(-c) + np.log1p((d - 1) * c)


class GaussianMixtureLaw(ArrayLaw):
    """Mixture of Gaussians with full covariances.

    The default has three overlapping components in the plane, two slanted against each other below a flat one.

    Parameters
    ----------
    means : array-like of shape (n_components, n_features), default=None
        Means of the components. None means the three of the default.

    covariances : array-like of shape (n_components, n_features, n_features), default=None
        Covariances of the components. None means the identity, or the default's where `means` is None too.

    weights : array-like of shape (n_components,), default=None
        Positive weights, scaled to sum to 1. None means equal ones, or the default's where `means` is None too.

    Attributes
    ----------
    n_features : int
        Number of coordinates.

    entropy : float
        Entropy in nats, in closed form for one component. In one or two dimensions a product rule whose error is
        below 1e-6 where no component is narrower than a tenth of another that it overlaps; in three dimensions
        below 1e-4 where none is narrower than a third; in more a lattice of 65,536 points, with an error of about
        1e-3 where components overlap.

    Examples
    --------
    >>> from skgen.datasets import GaussianMixtureLaw
    >>> law = GaussianMixtureLaw(means=[[-1.0], [1.0]], covariances=[[[1.0]], [[1.0]]])
    >>> round(law.entropy, 4)
    1.7558
    """

    def __init__(self, means=None, covariances=None, weights=None):
        if means is None:
            covariances = _DEFAULT_COVARIANCES if covariances is None else covariances
            weights = _DEFAULT_WEIGHTS if weights is None else weights
        self.means = np.array(_DEFAULT_MEANS if means is None else means, dtype=np.float64)
        if self.means.ndim != 2:
            raise ValueError(f"means must have shape (n_components, n_features), got {self.means.shape}.")
        K, d = self.means.shape
        self.covariances = np.array(np.tile(np.eye(d), (K, 1, 1)) if covariances is None else covariances, np.float64)
        if self.covariances.shape != (K, d, d):
            raise ValueError(f"covariances must have shape {(K, d, d)}, got {self.covariances.shape}.")
        self.weights = np.array(np.ones(K) if weights is None else weights, dtype=np.float64)
        if self.weights.shape != (K,) or not (self.weights > 0).all():
            raise ValueError(f"weights must be {K} positive numbers, got {weights!r}.")
        self.weights /= self.weights.sum()
        self.n_features = d
        self._factors = np.linalg.cholesky(self.covariances)  # (K, d, d), lower

    @cached_property
    def entropy(self):
        """Entropy in nats."""
        u, w = standard_normal_nodes(self.n_features)
        log_normal = -0.5 * ((u**2).sum(axis=1) + self.n_features * _LOG_2PI)
        total = 0.0
        for weight, mean, L in zip(self.weights, self.means, self._factors):
            log_determinant = 2 * np.log(np.diag(L)).sum()
            log_ratio = self._log_density(mean + u @ L.T) - log_normal + log_determinant / 2
            total += weight * (0.5 * (self.n_features * (1 + _LOG_2PI) + log_determinant) - w @ log_ratio)
        return float(total)

    def _sample(self, n, rng):
        k = rng.choice(len(self.weights), n, p=self.weights)
        u = rng.standard_normal((n, self.n_features))
        return self.means[k] + np.einsum("nij,nj->ni", self._factors[k], u)

    def _log_density(self, X):
        log_joint = np.empty((len(self.weights), len(X)))
        for k, (mean, L) in enumerate(zip(self.means, self._factors)):  # few components, each a triangular solve
            whitened = solve_triangular(L, (X - mean).T, lower=True)  # (d, n)
            log_joint[k] = -0.5 * (whitened**2).sum(axis=0) - np.log(np.diag(L)).sum()
        log_joint += np.log(self.weights)[:, None] - 0.5 * self.n_features * _LOG_2PI
        return logsumexp(log_joint, axis=0)


class EightGaussians(ArrayLaw):
    """Eight equal round Gaussians, evenly spaced on a circle.

    The default is the law of FFJORD [1]_, of entropy 2.8319 nats: centres at distance 4 / 1.414, standard deviation
    0.5 / 1.414.

    Parameters
    ----------
    radius : float, default=4 / 1.414
        Distance of the means from the origin.

    std : float, default=0.5 / 1.414
        Standard deviation of each Gaussian.

    Attributes
    ----------
    n_features : int
        2.

    entropy : float
        Entropy in nats, by quadrature (error below 1e-8).

    References
    ----------
    .. [1] Grathwohl et al., "FFJORD: Free-form continuous dynamics for scalable reversible generative models",
       ICLR 2019.

    Examples
    --------
    >>> from skgen.datasets import EightGaussians
    >>> round(EightGaussians().entropy, 4)
    2.8319
    """

    n_features = 2

    def __init__(self, radius=4 / 1.414, std=0.5 / 1.414):
        self.radius = check_positive("radius", radius)
        self.std = check_positive("std", std)
        angles = np.pi / 4 * np.arange(8)
        self._means = self.radius * np.column_stack([np.cos(angles), np.sin(angles)])

    @cached_property
    def entropy(self):
        """Entropy in nats."""
        # the eight parts are alike: integrate around the first
        u, w = standard_normal_nodes(2)
        return float(-w @ self._log_density(self._means[0] + self.std * u))

    def _sample(self, n, rng):
        return self._means[rng.integers(0, 8, n)] + self.std * rng.standard_normal((n, 2))

    def _log_density(self, X):
        return _in_blocks(self._log_density_of_block, X)

    def _log_density_of_block(self, X):
        squared = ((X[:, None, :] - self._means) ** 2).sum(axis=2)  # (n, 8)
        return logsumexp(-0.5 * squared / self.std**2, axis=1) - np.log(8 * self.std**2) - _LOG_2PI


class GaussianGrid(ArrayLaw):
    """Twenty-five equal round Gaussians on a square grid, with means {-4, -2, 0, 2, 4} x {-4, -2, 0, 2, 4}.

    The usual test for dropped modes. The law is the product of two equal mixtures on the line, and so is computed.

    Parameters
    ----------
    std : float, default=0.05
        Standard deviation of each Gaussian.

    Attributes
    ----------
    n_features : int
        2.

    entropy : float
        Entropy in nats, by quadrature on the line (error below 1e-9).

    Examples
    --------
    >>> from skgen.datasets import GaussianGrid
    >>> round(GaussianGrid().entropy, 4)
    0.0653
    """

    n_features = 2

    def __init__(self, std=0.05):
        self.std = check_positive("std", std)
        self._means = np.arange(-4.0, 5.0, 2.0)

    @cached_property
    def entropy(self):
        """Entropy in nats."""
        reach = 4 + _REACH * self.std
        x, h = trapezoid(-reach, reach, self.std / 8)
        log_p = _log_normal_mixture(x, self._means, self.std)
        return float(-2 * h * (np.exp(log_p) @ log_p))

    def _sample(self, n, rng):
        return self._means[rng.integers(0, 5, (n, 2))] + self.std * rng.standard_normal((n, 2))

    def _log_density(self, X):
        return _in_blocks(lambda rows: _log_normal_mixture(rows, self._means, self.std).sum(axis=1), X)
