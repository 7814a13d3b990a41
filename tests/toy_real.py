"""A model that knows only R^d: one normal law of the real view, which makes it a Gaussian copula."""

from __future__ import annotations

import numpy as np
from scipy import stats

from skgen._sklearn import StrOptions
from skgen.base import GenerativeModel


class RealNormal(GenerativeModel):
    """A multivariate normal law of the real view.

    Parameters
    ----------
    marginals : {"gaussianize", "standardize"}, default="gaussianize"
        How smooth numbers enter the real view.
    categorical_features, schema, random_state
        As in the package's models.
    """

    _view = "real"
    _parameter_constraints: dict = {
        **GenerativeModel._parameter_constraints,
        "marginals": [StrOptions({"gaussianize", "standardize"})],
    }

    def __init__(self, marginals="gaussianize", categorical_features="from_dtype", schema=None, random_state=None):
        self.marginals = marginals
        self.categorical_features = categorical_features
        self.schema = schema
        self.random_state = random_state

    def _fit(self, Z, sample_weight, rng, encode):
        weight = np.ones(len(Z)) if sample_weight is None else sample_weight
        Z = np.concatenate([Z, *(encode(rng)[0] for _ in range(9))])
        weight = np.tile(weight, 10)
        self.mean_ = np.average(Z, axis=0, weights=weight)
        centred = Z - self.mean_
        self.covariance_ = (weight[:, None] * centred).T @ centred / weight.sum() + 1e-9 * np.eye(Z.shape[1])

    def _sample(self, n, rng):
        return self.mean_ + rng.standard_normal((n, len(self.mean_))) @ np.linalg.cholesky(self.covariance_).T

    def _log_density(self, Z, known=None):
        known = np.ones(Z.shape[1], bool) if known is None else known
        law = stats.multivariate_normal(self.mean_[known], self.covariance_[np.ix_(known, known)])
        return np.atleast_1d(law.logpdf(Z[:, known]))

    def _sample_given(self, Z, known, rng):
        S = self.covariance_
        gain = S[np.ix_(~known, known)] @ np.linalg.inv(S[np.ix_(known, known)])
        rest = S[np.ix_(~known, ~known)] - gain @ S[np.ix_(known, ~known)]
        Z = Z.copy()
        noise = rng.standard_normal((len(Z), len(rest))) @ np.linalg.cholesky(rest).T
        Z[:, ~known] = self.mean_[~known] + (Z[:, known] - self.mean_[known]) @ gain.T + noise
        return Z
