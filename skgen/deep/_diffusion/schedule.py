r"""NoiseSchedule: how much noise there is at each level of a diffusion.

.. math:: y_\lambda = \cos(\theta)\, z + \sin(\theta)\, \varepsilon, \qquad \lambda = \log \tan \theta = \log \sigma

A level is the logarithm of the noise per unit of signal (the sigma of Karras et al., 2022). Every coordinate of z is
normal by itself in the real view, and so it is at every level, which leaves one schedule for all columns: what differs
between columns, the places where their cells end, the denoiser knows exactly.
"""

from __future__ import annotations

import math

import numpy as np
import torch


class NoiseSchedule:
    """Levels of noise, from least to most.

    Parameters
    ----------
    sigma_min, sigma_max : float
        Noise per unit of signal at the ends.
    """

    def __init__(self, sigma_min, sigma_max):
        self.low, self.high = math.log(sigma_min), math.log(sigma_max)

    def parts(self, level):
        """Shares of signal and of noise at levels: cosine and sine."""
        return torch.sigmoid(-2.0 * level).sqrt(), torch.sigmoid(2.0 * level).sqrt()

    def draw(self, n, like, generator):
        """Levels (n,) for training, uniform and one in each n-th part of the range, in the type of `like`."""
        places = torch.randperm(n, generator=generator) + torch.rand(n, generator=generator)
        return (self.low + (self.high - self.low) / n * places).to(like)

    def grid(self, n_steps) -> np.ndarray:
        """The levels (n_steps + 1,) between equal steps, from least to most."""
        return np.linspace(self.low, self.high, n_steps + 1)
