"""Drawing rows of the seen support: rows that hold a reserved cell or leave the range are drawn again."""

from __future__ import annotations

import numpy as np

from ._random import BLOCK_ROWS
from .exceptions import RejectionError

#: Rounds of 1,024 draws for one block of rows; below 1 row in 1,000 the model does not describe the support.
MOST_ROUNDS = 1000


def draw_block(model, rng):
    """One block of 1,024 rows of the typed view from the model's law, conditioned on the seen support."""
    kept, n_kept = [], 0
    for _ in range(MOST_ROUNDS):
        Z = model.codec_.to_typed(model._sample(BLOCK_ROWS, rng))
        inside = model.codec_.seen(Z)
        kept.append(Z if inside.all() else Z[inside])
        n_kept += len(kept[-1])
        if n_kept >= BLOCK_ROWS:
            return model.codec_.place(np.concatenate(kept)[:BLOCK_ROWS], rng)
    raise RejectionError(
        f"Only {n_kept} of {MOST_ROUNDS * BLOCK_ROWS} draws lie in the support that fit saw, {_worst(model, Z)}. "
        "Use KernelDensity, covariance_type='diag', or transform skewed columns."
    )


def _worst(model, Z):
    shares = [1 - column.seen(z).mean() if column.rho else 0.0 for column, z in zip(model.codec_.columns, Z.T)]
    worst = int(np.argmax(shares))
    return f"column {model.codec_.columns[worst].name!r} most often not ({shares[worst]:.0%})"
