r"""The normal axis of a mixed law: cells of their own mass, and a continuous law on the segments between them.

With t the continuous law's normal score, W its share and H the mass of the cells below, a number of a segment lies at
:math:`z = \Phi^{-1}(H + W\,\Phi(t))`: along z follow segment, cell, segment, cell, ..., segment, missing cell.
"""

from __future__ import annotations

import numpy as np
from scipy.special import log_ndtr, ndtri_exp

from ._intervals import FARTHEST_MASS, LOG_ROOT_2PI, Intervals, score

FARTHEST = 1e150  # scores farther out would have no finite square


class MixedAxis:
    """Segments and cells in turn.

    Parameters
    ----------
    cells : ndarray of shape (K,)
        Mass of the cells beyond what the continuous law gives them.
    rest, missing : float
        Mass of the continuous law and of the missing cell; all masses add up to 1.
    start, stop : ndarray of shape (K,)
        Normal scores, in the continuous law, of the ends of the cells; equal where a cell has no room in it.
    """

    def __init__(self, cells, rest, missing, start, stop):
        self.start = np.append(start, FARTHEST)  # of the cell after segment k
        self.stop = np.concatenate([[-FARTHEST], stop])  # of the cell before it
        K = len(cells)
        mass = np.empty(2 * K + 2)
        mass[0:-1:2] = rest * np.exp(log_normal_mass(self.stop, self.start))
        mass[1:-1:2] = cells + rest * np.exp(log_normal_mass(start, stop))
        mass[-1] = missing
        self.intervals = Intervals(mass)
        with np.errstate(divide="ignore"):
            self.log_rest = np.log(rest)
            self._log_below = np.log(np.concatenate([[0.0], np.cumsum(cells)]))  # (K + 1,)
            self._log_above = np.log(np.append(np.cumsum(cells[::-1])[::-1], 0.0) + missing)

    def place(self, k, u):
        """Places `u` of the cells `k`, K for the missing cell, and their log-weights."""
        return self.intervals.place(2 * k + 1, u)

    def locate(self, z):
        """The cells or segments in which `z` lies, and whether they are segments."""
        piece = self.intervals.locate(z)
        return piece // 2, piece % 2 == 0

    def place_within(self, start, stop, k, u):
        """Places `u` of parts of the segments `k`, from the score `start` to `stop`, and their log-weights."""
        log_mass = self.log_rest + log_normal_mass(start, stop)
        below = np.exp(self._log_below[k]) + np.exp(self.log_rest + log_ndtr(start))
        above = np.exp(self._log_above[k]) + np.exp(self.log_rest + log_ndtr(-stop))
        z = score(below + u * np.exp(log_mass), above + (1 - u) * np.exp(log_mass))
        z = np.clip(self.intervals.clip(z, 2 * k), -FARTHEST_MASS, FARTHEST_MASS)
        return z, log_mass + 0.5 * z * z + LOG_ROOT_2PI

    def lift(self, t, k):
        """The axis at the scores `t` in the segments `k`."""
        log_below = np.logaddexp(self._log_below[k], self.log_rest + log_ndtr(t))
        log_above = np.logaddexp(self._log_above[k], self.log_rest + log_ndtr(-t))
        z = np.where(log_below < log_above, ndtri_exp(log_below), -ndtri_exp(log_above))
        return self.intervals.clip(z, 2 * k)

    def lower(self, z, k):
        """The inverse of `lift`."""
        below = _log_difference(log_ndtr(z), self._log_below[k]) - self.log_rest
        above = _log_difference(log_ndtr(-z), self._log_above[k]) - self.log_rest
        t = np.where(below < above, ndtri_exp(below), -ndtri_exp(above))
        return np.clip(t, self.stop[k], self.start[k])


def log_normal_mass(low, high):
    """Log of the normal mass between two scores, from the side on which it is small."""
    near, far = np.where(low < 0, high, -low), np.where(low < 0, low, -high)
    with np.errstate(divide="ignore"):
        return np.where(low < high, _log_difference(log_ndtr(near), log_ndtr(far)), -np.inf)


def _log_difference(a, b):
    """log(exp a - exp b) for b < a; what rounding would make empty keeps one unit in the last place."""
    return a + np.log1p(-np.minimum(np.exp(np.minimum(b - a, 0.0)), 1 - 2.0**-53))
