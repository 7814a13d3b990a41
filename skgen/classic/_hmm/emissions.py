"""The law of a frame given the hidden state.

Each class holds the parameters of one kind of law for all states: `log_density(frames)` is (N, K), and
`draw(u, states)` turns uniform numbers, `width` of them a frame, into frames. Drawing is a function of each frame's own
numbers alone, so that a longer sample begins with a shorter one, bit by bit.
"""

import numpy as np
from scipy.linalg import solve_triangular
from scipy.special import gammaln, logsumexp, ndtri, pdtr, pdtrik

from .forward_backward import draw_index

_LOG_2PI = np.log(2 * np.pi)


def _factors(covariances, covariance_type, n_laws, n_dims):
    """Lower Cholesky factors (n_laws, d, d), or the standard deviations (n_laws, d) of diagonal covariances."""
    if covariance_type == "spherical":
        return np.sqrt(np.repeat(covariances[:, None], n_dims, axis=1))
    if covariance_type == "diag":
        return np.sqrt(covariances)
    return np.linalg.cholesky(np.broadcast_to(covariances, (n_laws, n_dims, n_dims)))


def _normal_log_density(frames, means, factors):
    """(N, K) from means (K, d) and factors."""
    out = np.empty((len(frames), len(means)))
    diagonal = factors if factors.ndim == 2 else np.diagonal(factors, axis1=1, axis2=2)
    with np.errstate(over="ignore", invalid="ignore"):
        for k, (mean, factor) in enumerate(zip(means, factors)):  # few states, each one triangular solve
            white = _solve(factor, (frames - mean).T)
            out[:, k] = np.einsum("dn,dn->n", white, white)
    out[np.isnan(out)] = np.inf  # a frame so far out that its distance overflows
    return -0.5 * (out + means.shape[1] * _LOG_2PI) - np.log(diagonal).sum(axis=1)


def _solve(factor, residuals):
    if factor.ndim == 1:
        return residuals / factor[:, None]
    return solve_triangular(factor, residuals, lower=True, check_finite=False)


def _open(u):
    """Uniform numbers, multiples of 2**-53 in [0, 1), as numbers in (0, 1)."""
    return np.maximum(u, 2.0**-54)


def _normal_draw(u, kinds, means, factors):
    """One normal vector a row; sums run column by column, so that a row never depends on how many there are."""
    white = ndtri(_open(u))
    if factors.ndim == 2:
        return means[kinds] + factors[kinds] * white
    out = means[kinds]
    for j in range(means.shape[1]):
        out[:, j:] += factors[:, j:, j][kinds] * white[:, j, None]
    return out


class GaussianLaw:
    """A normal law per state."""

    def __init__(self, model):
        self.means = model.means_
        K, d = self.means.shape
        self.factors = _factors(model.covariances_, model.covariance_type, K, d)
        self.width = d

    def log_density(self, frames):
        return _normal_log_density(frames, self.means, self.factors)

    def draw(self, u, states):
        return _normal_draw(u, states, self.means, self.factors)

    @staticmethod
    def n_parameters(K, d, model):
        return K * d + n_covariance_parameters(model.covariance_type, K, d, n_tied=1)


class MixtureLaw:
    """A mixture of normal laws per state; `tied` covariances are shared by the components of one state."""

    def __init__(self, model):
        self.weights = model.weights_
        K, M, d = model.means_.shape
        self.means = model.means_.reshape(K * M, d)
        if model.covariance_type == "tied":
            covariances = np.repeat(model.covariances_, M, axis=0)
        else:
            covariances = model.covariances_.reshape(K * M, *model.covariances_.shape[2:])
        self.factors = _factors(covariances, model.covariance_type, K * M, d)
        self.width = d + 1

    def log_density(self, frames):
        log_normal = _normal_log_density(frames, self.means, self.factors).reshape(len(frames), *self.weights.shape)
        return logsumexp(log_normal, b=self.weights, axis=2)

    def draw(self, u, states):
        cumulative = np.cumsum(self.weights, axis=1)
        part = draw_index(u[:, 0], (cumulative / cumulative[:, -1:])[states])
        return _normal_draw(u[:, 1:], states * self.weights.shape[1] + part, self.means, self.factors)

    @staticmethod
    def n_parameters(K, d, model):
        M = model.weights_.shape[1]
        return K * (M - 1) + K * M * d + n_covariance_parameters(model.covariance_type, K * M, d, n_tied=K)


class CategoricalLaw:
    """A law over symbols per state. The last cell, every symbol that fit did not see, is scored and never drawn."""

    width = 1

    def __init__(self, model):
        self.symbols = model.categories_
        self.p = model.emissionprob_

    def log_density(self, frames):
        with np.errstate(divide="ignore"):  # parameters set by hand may hold zeros
            return np.log(self.p).T[symbol_codes(frames, self.symbols)]

    def draw(self, u, states):
        cumulative = np.cumsum(self.p[:, :-1], axis=1)
        return self.symbols[draw_index(u[:, 0], (cumulative / cumulative[:, -1:])[states])][:, None]

    @staticmethod
    def n_parameters(K, d, model):
        return K * (len(model.categories_) - 1)


class PoissonLaw:
    """Independent Poisson counts per state."""

    def __init__(self, model):
        self.rates = model.rates_
        self.width = self.rates.shape[1]

    def log_density(self, frames):
        return frames @ np.log(self.rates).T - self.rates.sum(axis=1) - gammaln(frames + 1).sum(axis=1)[:, None]

    def draw(self, u, states):
        rates, u = self.rates[states], _open(u)
        count = np.ceil(pdtrik(u, rates))
        below = np.maximum(count - 1, 0)
        return np.where(pdtr(below, rates) >= u, below, count).astype(np.int64)

    @staticmethod
    def n_parameters(K, d, model):
        return K * d


def n_covariance_parameters(covariance_type, n_laws, d, n_tied):
    """Free parameters of the covariances of `n_laws` normal laws that share `n_tied` matrices when tied."""
    full = d * (d + 1) // 2
    return {"spherical": n_laws, "diag": n_laws * d, "full": n_laws * full, "tied": n_tied * full}[covariance_type]


def symbol_codes(frames, symbols):
    """Place of each frame's symbol among the sorted `symbols`; their number for any other symbol."""
    values = frames[:, 0]
    place = np.minimum(np.searchsorted(symbols, values), len(symbols) - 1)
    return np.where(symbols[place] == values, place, len(symbols))


#: Name of the parameter `emission` -> the law of a frame.
LAWS = {"gaussian": GaussianLaw, "mixture": MixtureLaw, "categorical": CategoricalLaw, "poisson": PoissonLaw}
