r"""Intervals of probability on the normal axis: pieces of given mass, side by side.

Piece k takes :math:`(\Phi^{-1} F_{k-1}, \Phi^{-1} F_k)`; a place u in it is
:math:`z = \Phi^{-1}(F_{k-1} + u P_k)`, with the weight :math:`\log P_k - \log \phi(z)`: under the normal law the piece
has mass :math:`P_k` whatever u is.
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

LOG_ROOT_2PI = 0.5 * np.log(2 * np.pi)

FARTHEST_MASS = 38.0  # the normal score of the smallest positive double


class Intervals:
    """Pieces of the normal axis.

    Parameters
    ----------
    mass : ndarray of shape (K,)
        Probabilities of the pieces, in their order, adding up to 1.
    """

    def __init__(self, mass):
        self.mass = np.asarray(mass, float)
        with np.errstate(divide="ignore"):
            self.log_mass = np.log(self.mass)
        self.below = np.concatenate([[0.0], np.cumsum(self.mass[:-1])])  # (K,) mass before each piece
        self.above = np.concatenate([np.cumsum(self.mass[:0:-1])[::-1], [0.0]])  # (K,) mass after it
        self.edges = score(self.below[1:], self.above[:-1])  # (K - 1,)
        self._first = np.concatenate([[-np.inf], self.edges])
        self._last = np.nextafter(np.concatenate([self.edges, [np.inf]]), -np.inf)

    def place(self, piece, u):
        """The normal axis at the places `u` in [0, 1] of the pieces, and the log-weights."""
        mass = self.mass[piece]
        z = score(self.below[piece] + u * mass, self.above[piece] + (1 - u) * mass)
        z = np.clip(self.clip(z, piece), -FARTHEST_MASS, FARTHEST_MASS)  # a piece without mass may lie at infinity
        return z, self.log_mass[piece] + 0.5 * z * z + LOG_ROOT_2PI

    def clip(self, z, piece):
        """`z` moved by rounding errors back into its piece."""
        return np.minimum(np.maximum(z, self._first[piece]), self._last[piece])

    def locate(self, z):
        """The pieces in which `z` lies."""
        return np.searchsorted(self.edges, z, side="right")


def score(below, above):
    """Normal score of a probability given with its complement, by the smaller of the two."""
    z = ndtri(np.minimum(below, above))
    return np.where(below <= above, z, -z)
