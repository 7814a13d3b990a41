"""The scoring draws: uniform numbers that are a function of (seed, the row's named cell codes, draw, column) alone.

A row's codes, each mixed with its column's key, are added up to one 64-bit key, so that the order of the columns does
not matter; number t of the row's stream is `mix(key + t * GOLDEN)`, splitmix64
(Steele, Lea and Flood, 2014) started at the key: the finaliser's xor-shifts and odd multipliers are bijections of the
64-bit integers in which every input bit flips every output bit with probability close to one half.
"""

from __future__ import annotations

from hashlib import blake2b

import numpy as np

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # 2^64 over the golden ratio, odd
_MASK = 2**64 - 1


def column_keys(names):
    """Keys of 64 bits for columns, a function of their names alone."""
    digests = [blake2b(repr(name).encode(), digest_size=8).digest() for name in names]
    return np.array([int.from_bytes(digest, "little") for digest in digests], np.uint64)


def row_draws(cells, seed, n_draws, keys=None):
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
    keys : ndarray of uint64 of shape (d,), default=None
        Keys of the columns; by default their positions.

    Yields
    ------
    ndarray of shape (n, d)
        Uniform numbers, in (0, 1) without its ends.
    """
    d = cells.shape[1]
    keys = _mix(np.arange(1, d + 1, dtype=np.uint64) * _GOLDEN if keys is None else keys)  # (d,)
    rows = _row_keys(np.asarray(cells, np.int64).view(np.uint64), keys, int(seed))  # (n,)
    for pair in range((n_draws + 1) // 2):
        bits = _mix(rows[:, None] + _mix(keys + np.uint64((pair + 1) * int(_GOLDEN) & _MASK)))  # (n, d)
        u = ((bits >> np.uint64(12)).astype(float) + 0.5) * 2.0**-52
        yield u
        if 2 * pair + 1 < n_draws:
            yield 1 - u


def _row_keys(codes, keys, seed):
    low, high = np.array([seed & _MASK, (seed >> 64) & _MASK], np.uint64)
    total = np.zeros(len(codes), np.uint64)
    for column, key in zip(codes.T, keys):  # a sum, modulo 2^64, of what is far from linear in the codes
        total += _mix(_mix(column + _GOLDEN) + key)
    return _mix(_mix(total + _GOLDEN) ^ _mix(_mix(np.array([low]) + _GOLDEN) ^ high))


def _mix(h):
    """The finaliser of splitmix64, modulo 2^64."""
    h = (h ^ (h >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    h = (h ^ (h >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return h ^ (h >> np.uint64(31))
