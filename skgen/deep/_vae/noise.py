"""Noise of scores: standard normal numbers that are a function of (seed, the row's cells, draw) alone.

Equal rows get equal noise whatever their order and their neighbours; different rows get independent noise.
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from ...table._draws import row_draws


def row_noise(cells, seed, n_draws, width, keys):
    """Normal numbers for the draws of rows.

    Parameters
    ----------
    cells : ndarray of int64 of shape (n, d)
        Cell codes of the rows.
    seed : int
        Seed of the draws.
    n_draws : int
        Number of draws; they come in pairs of opposite signs.
    width : int
        Numbers of one draw.
    keys : ndarray of uint64 of shape (d,)
        Keys of the columns.

    Returns
    -------
    ndarray of shape (n_draws, n, width)
        Standard normal numbers.
    """
    n, d = cells.shape
    n_pairs, n_parts = -(-n_draws // 2), -(-width // d)
    noise = np.empty((n_draws, n, width))
    draws = row_draws(cells, seed, 2 * n_pairs * n_parts, keys)
    for pair in range(n_pairs):
        # of the antithetic pairs u, 1 - u only u is taken: the coordinates of one draw are independent
        parts = [(next(draws), next(draws))[0] for _ in range(n_parts)]
        noise[2 * pair] = ndtri(np.concatenate(parts, 1)[:, :width])
        if 2 * pair + 1 < n_draws:
            noise[2 * pair + 1] = -noise[2 * pair]
    return noise
