r"""LULinear: an invertible linear layer, :math:`y = L U x + b`.

L is lower triangular with a positive diagonal, U upper triangular with ones on it, so that the log-determinant is the
sum of the logarithms on the diagonal (Kingma and Dhariwal, "Glow", 2018). It starts as the identity.
"""

from __future__ import annotations

import torch
from torch import nn
from zuko.transforms import LULinearTransform


class LULinear(nn.Module):
    """A learned matrix in triangular factors, and a shift.

    Parameters
    ----------
    d : int
        Coordinates.
    """

    def __init__(self, d):
        super().__init__()
        if d > 1:
            self.triangles = nn.Parameter(torch.zeros(d, d))
        else:  # nothing off the diagonal to learn
            self.register_buffer("triangles", torch.zeros(1, 1))
        self.log_diagonal, self.shift = nn.Parameter(torch.zeros(d)), nn.Parameter(torch.zeros(d))

    def _transform(self):
        off_diagonal = self.triangles.tril(-1) + self.triangles.triu(1)
        return LULinearTransform(off_diagonal + torch.diag(self.log_diagonal.exp()))

    def forward(self, x, context=None):
        """The points and the log-determinant of each row."""
        return self._transform()(x) + self.shift, self.log_diagonal.sum()

    def inverse(self, y, context=None):
        """The points that come out as `y`."""
        return self._transform().inv(y - self.shift)
