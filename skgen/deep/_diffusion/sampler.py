r"""Samplers: ways from noise to rows that evaluate the denoiser a fixed number of times.

All step from one level to a lower one with the denoised point D and the noise :math:`\varepsilon` that is left in y:

.. math:: y' = \cos(\theta') D + \sqrt{\sin^2\theta' - \tau^2}\, \varepsilon + \tau\, \text{fresh noise}

with :math:`\tau = 0` in DDIM (Song et al., 2021) and that of the exact posterior in DDPM (Ho et al., 2020). Heun's step
is that of Karras et al. (2022); "dpm++2m" looks back at the last D (Lu et al., 2022). None of them is the law that is
scored: that one is the flow solved to its tolerance (`flow_ode`).
"""

from __future__ import annotations

import math

import torch


class Denoised:
    """The denoised point and the noise at a level, from a posterior.

    Parameters
    ----------
    posterior : callable
        Takes points and a level, gives the standardised mean and variance.
    schedule : NoiseSchedule
        The levels.
    """

    def __init__(self, posterior, schedule):
        self.posterior, self.schedule = posterior, schedule

    def parts(self, level):
        """Shares of signal and noise at a level."""
        return math.cos(math.atan(math.exp(level))), math.sin(math.atan(math.exp(level)))

    def __call__(self, y, level):
        """Mean D (n, d) of the clean points behind y, and the noise (y - signal D) / noise."""
        signal, noise = self.parts(level)
        mean, _ = self.posterior(y, level)
        return signal * y + noise * mean, noise * y - signal * mean


def ddim(denoised, y, levels, generator):
    """Straight to the next level along D and the noise."""
    for level, following in zip(levels[:-1], levels[1:]):
        D, eps = denoised(y, level)
        signal, noise = denoised.parts(following)
        y = signal * D + noise * eps
    return y


def ddpm(denoised, y, levels, generator):
    """As DDIM, with as much fresh noise as the exact posterior of the next level has, given D."""
    for level, following in zip(levels[:-1], levels[1:]):
        D, eps = denoised(y, level)
        (before, spread), (signal, noise) = denoised.parts(level), denoised.parts(following)
        tau = noise / spread * math.sqrt(1.0 - (before / signal) ** 2)
        fresh = torch.randn(y.shape, generator=generator).to(y)
        y = signal * D + math.sqrt(max(noise**2 - tau**2, 0.0)) * eps + tau * fresh
    return y


def heun(denoised, y, levels, generator):
    """The trapezoid rule for dx / d sigma = noise, with x = y / signal: two evaluations a step."""
    for level, following in zip(levels[:-1], levels[1:]):
        signal, width = denoised.parts(following)[0], math.exp(following) - math.exp(level)
        x = y / denoised.parts(level)[0]
        _, eps = denoised(y, level)
        _, eps_ahead = denoised(signal * (x + width * eps), following)
        y = signal * (x + 0.5 * width * (eps + eps_ahead))
    return y


def dpm_2m(denoised, y, levels, generator):
    """The exponential integrator of second order, D being extrapolated from the last two; steps are equal."""
    D_before = None
    for level, following in zip(levels[:-1], levels[1:]):
        D, _ = denoised(y, level)
        ahead = D if D_before is None else 1.5 * D - 0.5 * D_before
        signal, shrink = denoised.parts(following)[0], math.exp(following - level)
        y = signal * (shrink * y / denoised.parts(level)[0] + (1.0 - shrink) * ahead)
        D_before = D
    return y


#: Names of the samplers of a fixed number of steps.
SAMPLERS = {"ddpm": ddpm, "ddim": ddim, "heun": heun, "dpm++2m": dpm_2m}
