r"""ProbabilityFlow: the ordinary differential equation that has the marginal laws of a diffusion (Song et al., 2021).

In levels :math:`\lambda = \log \tan \theta`, with the standardised posterior mean :math:`\rho` and variances V,

.. math:: \frac{dy}{d\lambda} = -\sin\theta \cos\theta\, \rho(y), \qquad
   \frac{d \log p}{d\lambda} = \cos^2\theta \sum_j (V_j(y) - 1)

so that independent columns stand still. Both are solved by the classical Runge-Kutta method with equal steps in the
level, which are the same for all rows: a score does not depend on the rows beside it.
"""

from __future__ import annotations


class ProbabilityFlow:
    """The flow of a posterior.

    Parameters
    ----------
    posterior : callable
        Takes points and a level, gives mean and variance (n, d); 0 and 1 for coordinates that are to stay.
    schedule : NoiseSchedule
        The levels.
    """

    def __init__(self, posterior, schedule):
        self.posterior, self.schedule = posterior, schedule

    def rate(self, y, level):
        """Velocity (n, d) of points and growth (n,) of volume, per unit of level."""
        signal, noise = self.schedule.parts(y.new_full((1,), level))
        mean, variance = self.posterior(y, level)
        return -(signal * noise) * mean, signal**2 * (1.0 - variance).sum(1)

    def solve(self, y, levels):
        """Points at the last of the levels for points at the first, and the logarithm (n,) of the volume gained."""
        volume = y.new_zeros(len(y))
        for level, following in zip(levels[:-1], levels[1:]):  # a step needs the one before
            y, gained = self._step(y, float(level), float(following))
            volume = volume + gained
        return y, volume

    def _step(self, y, level, following):
        step, middle = following - level, 0.5 * (level + following)
        v1, g1 = self.rate(y, level)
        v2, g2 = self.rate(y + 0.5 * step * v1, middle)
        v3, g3 = self.rate(y + 0.5 * step * v2, middle)
        v4, g4 = self.rate(y + step * v3, following)
        return y + step / 6.0 * (v1 + 2.0 * (v2 + v3) + v4), step / 6.0 * (g1 + 2.0 * (g2 + g3) + g4)
