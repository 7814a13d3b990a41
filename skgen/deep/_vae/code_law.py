"""CodeLaw: the Gaussian mixture that is fitted to the codes of the rows once the nets are trained."""

from __future__ import annotations

import numpy as np

from ...classic.gaussian_mixture import GaussianMixture

#: Codes at most that it is fitted to, and rows per coordinate at least that a component takes.
MOST_CODES, LEAST_ROWS = 20_000, 20


class CodeLaw:
    """A mixture of Gaussians with full covariances.

    Parameters
    ----------
    weights : ndarray of shape (K,)
        Shares of the components.
    means : ndarray of shape (K, L)
        Their means.
    factors : ndarray of shape (K, L, L)
        Lower triangular factors of their covariances.
    """

    def __init__(self, weights, means, factors):
        self.weights, self.means, self.factors = weights, means, factors

    @classmethod
    def fit(cls, codes, weight, n_components, seed):
        """The mixture of highest likelihood.

        Parameters
        ----------
        codes : ndarray of shape (n, L)
            Codes of rows.
        weight : ndarray of shape (n,) or None
            Weights of the rows.
        n_components : int
            Components at most; fewer for few rows.
        seed : int
            Seed of its start.

        Returns
        -------
        CodeLaw
            The fitted law.
        """
        K = min(n_components, max(len(codes) // (LEAST_ROWS * codes.shape[1]), 1))
        mixture = GaussianMixture(K, random_state=seed).fit(codes, sample_weight=weight)
        return cls(mixture.weights_, mixture.means_, np.linalg.cholesky(mixture.covariances_))

    def draw(self, n, rng):
        """Codes (n, L) of new rows."""
        k = rng.choice(len(self.weights), n, p=self.weights / self.weights.sum())
        noise = rng.standard_normal((n, self.means.shape[1]))
        return self.means[k] + np.einsum("nij,nj->ni", self.factors[k], noise)

    def to_state(self) -> dict:
        return {"weights": self.weights, "means": self.means, "factors": self.factors}

    @classmethod
    def from_state(cls, state):
        return cls(**state)
