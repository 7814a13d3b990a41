r"""MixturePrior: the law of the latent coordinates, a mixture of Gaussians that is learnt with the rest.

.. math:: p(h) = \sum_k w_k \prod_l N(h_l;\ m_{kl}, s_{kl}^2)

One component is the standard normal. More follow the aggregate posterior, which leaves no holes between the latent
codes of the rows (Tomczak and Welling, 2018).
"""

from __future__ import annotations

import math

import torch
from torch import nn


class MixturePrior(nn.Module):
    """A mixture of Gaussians with diagonal covariances.

    Parameters
    ----------
    latent_dim : int
        Latent coordinates.
    n_components : int
        Components; 1 is the standard normal.
    """

    def __init__(self, latent_dim, n_components):
        super().__init__()
        self.L, self.K = latent_dim, n_components
        if n_components > 1:
            self.logits = nn.Parameter(torch.zeros(n_components))
            self.means = nn.Parameter(torch.randn(n_components, latent_dim))
            self.log_scales = nn.Parameter(torch.zeros(n_components, latent_dim))

    def log_prob(self, h):
        """Log-density (...) of latent rows (..., L)."""
        if self.K == 1:
            return -0.5 * (h * h).sum(-1) - 0.5 * self.L * math.log(2 * math.pi)
        precision = torch.exp(-2 * self.log_scales)  # (K, L)
        const = self.logits.log_softmax(0) - self.log_scales.sum(-1) - 0.5 * self.L * math.log(2 * math.pi)
        const = const - 0.5 * (self.means**2 * precision).sum(-1)
        quadratic = -0.5 * (h * h) @ precision.T + h @ (self.means * precision).T
        return torch.logsumexp(quadratic + const, -1)

    def draw(self, noise, u):
        """Latent rows from standard normal noise (n, L) and uniform numbers (n,)."""
        if self.K == 1:
            return noise
        upto = self.logits.softmax(0).cumsum(0)
        k = torch.searchsorted(upto, u * upto[-1]).clamp(max=self.K - 1)
        return self.means[k] + self.log_scales.exp()[k] * noise
