"""Drawing rows of the seen support: rows that hold a reserved cell or leave the range are drawn again."""

from __future__ import annotations

import numpy as np

from ._random import BLOCK_ROWS
from .exceptions import RejectionError

#: Rounds of 1,024 draws for one block of rows; below 1 row in 1,000 the model does not describe the support.
MOST_ROUNDS = 1000


def draw_block(model, rng):
    """One block of 1,024 rows of the typed view from the model's law, conditioned on the seen support."""
    return model.codec_.place(draw_points(model, rng)[0], rng)


def draw_points(model, rng):
    """As `draw_block`, numbers at the centre of their cell, and the model's own numbers behind the rows."""
    kept, n_kept = [], 0
    for _ in range(MOST_ROUNDS):
        points = model._sample(BLOCK_ROWS, rng)
        Z = model.codec_.to_typed(points)
        inside = model.codec_.seen(Z)
        if inside.all() and not kept:
            return Z[:BLOCK_ROWS], points[:BLOCK_ROWS]
        kept.append((Z[inside], points[inside]))
        n_kept += len(kept[-1][0])
        if n_kept >= BLOCK_ROWS:
            return tuple(np.concatenate(part)[:BLOCK_ROWS] for part in zip(*kept))
    raise RejectionError(
        f"Only {n_kept} of {MOST_ROUNDS * BLOCK_ROWS} draws lie in the support that fit saw, {_worst(model, Z)}. "
        "Use KernelDensity, covariance_type='diag', or transform skewed columns."
    )


def _worst(model, Z):
    shares = [1 - column.seen(z).mean() if column.rho else 0.0 for column, z in zip(model.codec_.columns, Z.T)]
    worst = int(np.argmax(shares))
    return f"column {model.codec_.columns[worst].name!r} most often not ({shares[worst]:.0%})"
