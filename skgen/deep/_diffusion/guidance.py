r"""Guidance: a posterior pushed away from what it would be without the given columns.

.. math:: \rho = \rho(y) + w\,[\rho(y \mid c) - \rho(y)]

With a scale w of 1 it is the conditional posterior, and samples follow the law that is scored; above 1 they are more
typical of the condition and less varied (classifier-free guidance, Ho and Salimans, 2022), and no longer do.
"""

from __future__ import annotations


class Guidance:
    """A posterior in which the given columns count more or less than they should.

    Parameters
    ----------
    posterior : callable
        Takes points, a level and whether to overlook the given columns; gives mean and variance.
    scale : float
        What the difference that the condition makes is multiplied by.
    """

    def __init__(self, posterior, scale):
        self.posterior, self.scale = posterior, scale

    def __call__(self, y, level):
        """Standardised mean (n, d) of the guided posterior, and variance (n, d) of the conditional one."""
        mean, variance = self.posterior(y, level)
        if self.scale != 1.0:
            plain, _ = self.posterior(y, level, overlook=True)
            mean = plain + self.scale * (mean - plain)
        return mean, variance
