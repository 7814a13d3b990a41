r"""NoiseEnd: the law of the points at the noisiest level, a Gaussian with the covariance of the rows.

.. math:: y \sim \mathcal{N}\bigl(\cos\theta\; c W,\; \cos^2\theta\, C + \sin^2\theta\, I\bigr)

c are the columns that are always given, W the regression of the others on them and C what it leaves.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import nn


def regression(Z, is_given, sample_weight=None):
    """The regression (c, t) of the other columns on the given ones, and the covariance (t, t) that it leaves.

    Parameters
    ----------
    Z : ndarray of shape (n, d)
        Points.
    is_given : ndarray of bool of shape (d,)
        The given columns.
    sample_weight : ndarray of shape (n,), default=None
        Weights of the points.
    """
    S = np.atleast_2d(np.average(Z[:, :, None] * Z[:, None, :], axis=0, weights=sample_weight))
    inside, across = S[np.ix_(is_given, is_given)], S[np.ix_(is_given, ~is_given)]
    W = np.linalg.lstsq(inside, across, rcond=None)[0]
    return W, S[np.ix_(~is_given, ~is_given)] - across.T @ W


class NoiseEnd(nn.Module):
    """The Gaussian at the noisiest level.

    Parameters
    ----------
    regression : ndarray of shape (c, t)
        Of the columns that are noised on those that are given.
    covariance : ndarray of shape (t, t)
        What it leaves.
    signal, noise : float
        Shares at the level.
    """

    def __init__(self, regression, covariance, signal, noise):
        super().__init__()
        total = signal**2 * covariance + noise**2 * np.eye(len(covariance))
        self.register_buffer("slope", torch.as_tensor(signal * regression, dtype=torch.float32))
        self.register_buffer("root", torch.as_tensor(np.linalg.cholesky(total), dtype=torch.float32))

    def draw(self, given, generator):
        """Points (n, t) for given columns (n, c)."""
        return self.points(given, torch.randn((len(given), len(self.root)), generator=generator))

    def points(self, given, fresh):
        """Points (n, t) from given columns (n, c) and standard normal numbers (n, t)."""
        return given @ self.slope + fresh.to(self.root) @ self.root.T

    def log_prob(self, y, given):
        """Log-density (n,) of points."""
        white = torch.linalg.solve_triangular(self.root, (y - given @ self.slope).T, upper=False)
        log_scale = self.root.diagonal().log().sum()
        return -0.5 * (white**2).sum(0) - log_scale - 0.5 * len(self.root) * math.log(2.0 * math.pi)
