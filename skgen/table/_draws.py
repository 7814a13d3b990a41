"""The scoring draws: uniform numbers that are a function of (seed, the row's cell codes, draw, column) alone.

A row's codes are folded into one 64-bit key; number t of the row's stream is `mix(key + t * GOLDEN)`, splitmix64
(Steele, Lea and Flood, 2014) started at the key: the finaliser's xor-shifts and odd multipliers are bijections of the
64-bit integers in which every input bit flips every output bit with probability close to one half.
"""

from __future__ import annotations

import numpy as np

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # 2^64 over the golden ratio, odd
_MASK = 2**64 - 1


def row_draws(cells, seed, n_draws):
    """Uniform numbers for `n_draws` encodings of the same rows.

    Equal rows get equal numbers, whatever their order and their neighbours; different rows get independent ones. Draws
    come in antithetic pairs, u and 1 - u.

    Parameters
    ----------
    cells : ndarray of int64 of shape (n, d)
        Cell codes of the rows.
    seed : int
        The model's seed.
    n_draws : int
        Number of draws.

    Yields
    ------
    ndarray of shape (n, d)
        Uniform numbers, in (0, 1) without its ends.
    """
    keys = _row_keys(np.asarray(cells, np.int64).view(np.uint64), int(seed))  # (n,)
    d = cells.shape[1]
    columns = np.arange(1, d + 1, dtype=np.uint64)
    for pair in range((n_draws + 1) // 2):
        bits = _mix(keys[:, None] + (columns + np.uint64(pair * d)) * _GOLDEN)  # (n, d)
        u = ((bits >> np.uint64(12)).astype(float) + 0.5) * 2.0**-52
        yield u
        if 2 * pair + 1 < n_draws:
            yield 1 - u


def _row_keys(codes, seed):
    low, high = np.array([seed & _MASK, (seed >> 64) & _MASK], np.uint64)
    keys = np.broadcast_to(_mix(_mix(np.array([low]) + _GOLDEN) ^ high), len(codes))
    for column in codes.T:  # a chain: each column is mixed into what the ones before it left
        keys = _mix((keys ^ _mix(column + _GOLDEN)) + _GOLDEN)
    return keys


def _mix(h):
    """The finaliser of splitmix64, modulo 2^64."""
    h = (h ^ (h >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    h = (h ^ (h >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return h ^ (h >> np.uint64(31))
