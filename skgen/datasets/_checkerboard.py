"""The checkerboard: a uniform law on every other square of a board.

`p(x) = 1 / 32` on the eight dark squares of side 2 in [-4, 4]^2.
"""

import numpy as np

from ._law import ArrayLaw

_SIDE = 2.0
_HALF_BOARD = 2  # squares from the middle to the edge


class Checkerboard(ArrayLaw):
    """Uniform law on the dark squares of a board of 4 by 4 squares, in [-4, 4] x [-4, 4].

    The log-density takes one value on the support, so that minus the entropy, -ln 32 = -3.4657 nats, is reached
    without any noise.

    Attributes
    ----------
    n_features : int
        2.

    entropy : float
        ln 32.

    Examples
    --------
    >>> from skgen.datasets import Checkerboard
    >>> law = Checkerboard()
    >>> law.log_density([[0.5, 0.5], [0.5, -0.5]]).round(4)
    array([-3.4657,    -inf])
    """

    n_features = 2

    @property
    def entropy(self):
        """Entropy in nats."""
        return float(np.log(2 * _HALF_BOARD**2 * _SIDE**2))

    def _sample(self, n, rng):
        column = rng.integers(-_HALF_BOARD, _HALF_BOARD, n)
        row = 2 * rng.integers(-_HALF_BOARD // 2, _HALF_BOARD // 2, n) + column % 2
        return _SIDE * (np.column_stack([column, row]) + rng.random((n, 2)))

    def _log_density(self, X):
        square = np.floor(X / _SIDE)
        inside = ((square >= -_HALF_BOARD) & (square < _HALF_BOARD)).all(axis=1)
        return np.where(inside & (square.sum(axis=1) % 2 == 0), -self.entropy, -np.inf)
