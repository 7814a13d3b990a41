"""The law of a target given a row, as a mixture of normal laws or as masses between nodes.

Both answer the same two questions: the mean, and the quantiles at levels u,

    E[y | x]  =  int y p(x, y) dy / int p(x, y) dy,        F(y | x)  =  u.
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, softmax

#: Halvings of the interval that holds a quantile: to the last digits of a double.
_HALVINGS = 60
_WIDEST = 40.0


class MixtureLaw:
    """Normal laws with weights, for each of n rows.

    Parameters
    ----------
    log_weights : ndarray of shape (n, K)
        Up to a constant of each row.
    means, sds : ndarray of shape (n, K)
        Of the components.
    """

    def __init__(self, log_weights, means, sds):
        self.weights = softmax(log_weights, axis=1)
        self.means = means
        self.sds = sds

    def mean(self):
        """The mean of each row."""
        return (self.weights * self.means).sum(axis=1)

    def quantiles(self, levels):
        """Quantiles (n, q) at levels (n, q), by bisection."""
        low = np.broadcast_to((self.means - _WIDEST * self.sds).min(axis=1)[:, None], levels.shape).copy()
        high = np.broadcast_to((self.means + _WIDEST * self.sds).max(axis=1)[:, None], levels.shape).copy()
        for _ in range(_HALVINGS):
            middle = 0.5 * (low + high)
            below = self._cdf(middle) < levels
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        return 0.5 * (low + high)

    def _cdf(self, y):
        total = np.zeros(y.shape)
        for k in range(self.means.shape[1]):  # a component at a time: (n, q, K) may not fit
            w, m, s = (part[:, k : k + 1] for part in (self.weights, self.means, self.sds))
            total += w * ndtr((y - m) / s)
        return total


class NodeLaw:
    """A density that is linear between nodes, beside masses at points, for each of n rows.

    Parameters
    ----------
    nodes : ndarray of shape (n, G)
        Increasing in each row.
    log_density : ndarray of shape (n, G)
        At the nodes, up to a constant of each row.
    points : ndarray of shape (P,)
        Values that have a mass of their own.
    log_masses : ndarray of shape (n, P)
        Their log-masses, up to the same constant.
    """

    def __init__(self, nodes, log_density, points=(), log_masses=None):
        points = np.asarray(points, dtype=float)
        log_masses = np.empty((len(nodes), 0)) if log_masses is None else log_masses
        top = np.concatenate([log_density, log_masses], axis=1).max(axis=1, keepdims=True)
        p = np.exp(log_density - np.where(np.isfinite(top), top, 0.0))
        widths = np.diff(nodes, axis=1)
        panels = 0.5 * widths * (p[:, 1:] + p[:, :-1])
        first = widths * widths * (2 * p[:, 1:] + p[:, :-1]) / 6  # of y - left node
        masses = np.exp(log_masses - np.where(np.isfinite(top), top, 0.0))
        total = panels.sum(axis=1) + masses.sum(axis=1)
        self.is_empty = ~(total > 0)
        self.total = np.where(self.is_empty, 1.0, total)
        self.nodes, self.points = nodes, points
        self.panels, self.masses = panels / self.total[:, None], masses / self.total[:, None]
        self._mean = (panels * nodes[:, :-1] + first).sum(axis=1) / self.total + self.masses @ points

    def mean(self):
        """The mean of each row; NaN where the density is 0 at all nodes."""
        return np.where(self.is_empty, np.nan, self._mean)

    def quantiles(self, levels):
        """Quantiles (n, q) at levels (n, q), linear between nodes; NaN where the density is 0 at all nodes."""
        out = np.empty(levels.shape)
        for i, level in enumerate(levels):  # a row at a time: each has nodes of its own
            out[i] = np.nan if self.is_empty[i] else self._quantiles_of(i, level)
        return out

    def _quantiles_of(self, i, levels):
        ends = np.concatenate([self.nodes[i], self.points, self.points])
        below = np.concatenate([[0.0], np.cumsum(self.panels[i])])
        at = np.searchsorted(np.sort(self.points), self.nodes[i], side="left")
        order = np.argsort(self.points)
        upto = np.concatenate([[0.0], np.cumsum(self.masses[i][order])])
        smooth = np.interp(self.points[order], self.nodes[i], below) if len(self.points) else np.empty(0)
        cdf = np.concatenate([below + upto[at], smooth + upto[:-1], smooth + upto[1:]])
        ends[len(self.nodes[i]) :] = np.tile(self.points[order], 2)
        rank = np.lexsort((cdf, ends))
        return np.interp(levels, np.maximum.accumulate(cdf[rank]), ends[rank])
