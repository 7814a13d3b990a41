"""RowEncoder: the training rows of a real-view model, dequantised afresh at each call."""

from __future__ import annotations

import numpy as np


def distinct(Z):
    """Positions of the distinct rows, and of each row among them; missing cells equal each other."""
    keys = np.where(np.isnan(Z), np.inf, Z)  # NaN never equals NaN
    _, first, row_of = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    return first, row_of.reshape(-1)


class RowEncoder:
    """Points of R^d for the rows of a typed view.

    Parameters
    ----------
    codec : TableCodec
        The fitted codec.
    Z : ndarray of shape (n, d)
        The typed view of the rows.
    seed : int
        Seed of `draws`.
    """

    def __init__(self, codec, Z, seed):
        self.typed = Z
        self._codec, self._seed = codec, seed

    @property
    def is_exact(self) -> bool:
        """Whether every call gives the same points."""
        return self._codec.exact_

    def __call__(self, rng, fixed=None, rows=slice(None)):
        """Points and log-weights of rows; the middle of the cell in fixed columns."""
        Z = self.typed[rows]
        u = rng.random(Z.shape)
        if fixed is not None:
            u[:, fixed] = 0.5
        return self._codec.real.encode(Z, u)

    def distinct(self, weight):
        """Positions of the distinct rows, and their summed weights."""
        first, row_of = distinct(self.typed)
        return first, np.bincount(row_of, weight)

    def draws(self, rows, n_draws):
        """Points (draws, rows, d) and log-weights of rows: functions of a row alone; one draw where none is needed."""
        return self._codec.real.stacked_draws(self.typed[rows], self._seed + 1, n_draws)
