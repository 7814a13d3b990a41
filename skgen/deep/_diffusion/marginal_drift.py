r"""MarginalDrift: what a net's errors do to the marginal law of each column, to be taken out of the flow.

Coordinates are standard normal by themselves at every level of noise. Along a flow they stay so just where the mean of
the standardised posterior mean, given a coordinate's own value, is 0 among the flow's own points. A net's is

.. math:: E[\rho_j \mid y_j, \lambda] \approx \sum_p c_{jp}(\lambda)\, b_p(y_j), \qquad
   b_0 = 1,\; b_p(y) = \sqrt{2} \cos(p \pi \Phi(y))

in waves that are orthonormal under the normal law, with polynomials of the level for c.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import nn

#: Waves in a column's value, the constant among them, and polynomials in the level.
N_WAVES, N_POLYNOMIALS = 8, 10


class MarginalDrift(nn.Module):
    """The drift of the columns, none at first.

    Parameters
    ----------
    n_columns : int
        Columns.
    low, high : float
        The range of the levels.
    """

    def __init__(self, n_columns, low, high):
        super().__init__()
        self.low, self.high = low, high
        self.register_buffer("factor", torch.zeros(N_POLYNOMIALS, n_columns, N_WAVES))
        self.register_buffer("frequency", math.pi * torch.arange(N_WAVES), persistent=False)
        self.register_buffer("height", torch.tensor([1.0] + [math.sqrt(2.0)] * (N_WAVES - 1)), persistent=False)

    def forward(self, y, level):
        """Drift (n, d) of points (n, d) at a level, and its derivative in each column's own value."""
        phase, c = self._phase(y), torch.einsum("q,qdp->dp", self._polynomials(level).to(y), self.factor)
        density = torch.exp(-0.5 * y * y) / math.sqrt(2.0 * math.pi)
        slopes = -self.frequency * self.height * torch.sin(phase)
        return (self.height * torch.cos(phase) * c).sum(-1), density * (slopes * c).sum(-1)

    def of_swarm(self, y, mean):
        """Coefficients (d, p) of the drift of a swarm (n, d) with these standardised means, and the drift itself."""
        waves = self.height * torch.cos(self._phase(y))
        c = torch.einsum("nd,ndp->dp", mean, waves) / len(y)
        return c, (waves * c).sum(-1)

    def keep(self, levels, coefficients, share):
        """Hold a share of coefficients (d, p) that were found at each of some levels, smoothed along the levels."""
        basis = torch.stack([self._polynomials(level) for level in levels])
        found = torch.stack(coefficients).double().cpu()
        self.factor.copy_(share * torch.einsum("qk,kdp->qdp", torch.linalg.pinv(basis), found))

    def _phase(self, y):
        return torch.special.ndtr(y)[..., None] * self.frequency  # (n, d, p)

    def _polynomials(self, level):
        """Legendre polynomials (q,) of a level."""
        x = (2.0 * level - self.low - self.high) / (self.high - self.low)
        return torch.as_tensor(np.polynomial.legendre.legvander(np.array([x]), N_POLYNOMIALS - 1)[0])
