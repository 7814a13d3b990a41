"""Scores of rows: the model's own for the typed view, a mean over fixed draws for the real one."""

from __future__ import annotations

import numpy as np
from scipy.special import logsumexp

#: Draws of a discrete cell's place per row, where a model states no other number, and rows that are scored at a time.
N_DRAWS, CHUNK_ROWS = 16, 8192


def log_density(model, Z):
    """Log-density of rows of the typed view: exact where the codec is, else a lower bound over fixed draws."""
    if model._view == "typed":
        return model._log_density(Z)
    return _over_chunks(lambda rows: _real_log_density(model, rows), Z)


def _real_log_density(model, Z):
    scores = draw_log_densities(model, Z)
    return logsumexp(scores, axis=0) - np.log(len(scores))


def draw_log_densities(model, Z, known=None):
    """Weighted log-densities at the scoring draws, (1, n) where none is needed; of the known columns if they are given.

    Their mean on the natural scale is the density that a score takes the logarithm of. Of a model of p(the rest | some
    columns), the rest alone is drawn and weighted; those columns stand in the middle of their cells.
    """
    seed, n_draws = model.stream_.seed, draws_of(model)
    condition = condition_mask(model)
    if condition.any():
        given = model.codec_.real.encode(Z, np.full(Z.shape, 0.5), condition)[0]
        draws = model.codec_.real.draws(Z, seed, n_draws, ~condition)
        return np.array([model._log_density(R + given) + log_weight for R, log_weight in draws])
    marginal = () if known is None else (known,)
    draws = model.codec_.real.draws(Z, seed, n_draws, known)
    return np.array([model._log_density(R, *marginal) + log_weight for R, log_weight in draws])


def condition_mask(model):
    """The columns that a model was fitted to be given, as a mask; none in a model of all columns."""
    return getattr(model, "_condition", np.zeros(model.n_features_in_, bool))


def draws_of(model):
    """How many draws of a place per row a model's scores take: a power of two."""
    return getattr(model, "_n_draws", N_DRAWS)


def bound_gap(model, Z, n_rows=1000):
    """What the second half of the draws adds to the mean score of training rows, in nats."""
    Z = Z[:: max(len(Z) // n_rows, 1)]
    scores = draw_log_densities(model, Z)
    n_draws = len(scores)
    if n_draws == 1:  # the discrete columns are all given
        return 0.0
    half = logsumexp(scores[: n_draws // 2], axis=0) - np.log(n_draws // 2)
    return float(np.mean(logsumexp(scores, axis=0) - np.log(n_draws) - half))


def _over_chunks(score, Z):
    if len(Z) <= CHUNK_ROWS:
        return score(Z)
    return np.concatenate([score(Z[at : at + CHUNK_ROWS]) for at in range(0, len(Z), CHUNK_ROWS)])
