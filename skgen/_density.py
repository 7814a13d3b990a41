"""Scores of rows: the model's own for the typed view, a mean over fixed draws for the real one."""

from __future__ import annotations

import numpy as np
from scipy.special import logsumexp

from .table._draws import row_draws

#: Draws of a discrete cell's place per row, and rows that are scored at a time.
N_DRAWS, CHUNK_ROWS = 16, 8192


def log_density(model, Z):
    """Log-density of rows of the typed view: exact where the codec is, else a lower bound over fixed draws."""
    if model._view == "typed":
        return model._log_density(Z)
    return _over_chunks(lambda rows: _real_log_density(model, rows), Z)


def _real_log_density(model, Z, n_draws=N_DRAWS):
    real = model.codec_.real
    if real.exact_:
        R, log_weight = real.encode(Z, np.full(Z.shape, 0.5))
        return model._log_density(R) + log_weight
    return logsumexp(_draw_log_densities(model, Z, n_draws), axis=0) - np.log(n_draws)


def _draw_log_densities(model, Z, n_draws):
    real, scores = model.codec_.real, []
    for u in row_draws(real.cells(Z), model.stream_.seed, n_draws):
        R, log_weight = real.encode(Z, u)
        scores.append(model._log_density(R) + log_weight)
    return np.array(scores)


def bound_gap(model, Z, n_rows=1000):
    """What doubling the draws from 8 to 16 adds to the mean score of training rows, in nats."""
    Z = Z[:: max(len(Z) // n_rows, 1)]
    scores = _draw_log_densities(model, Z, N_DRAWS)
    half = logsumexp(scores[: N_DRAWS // 2], axis=0) - np.log(N_DRAWS // 2)
    return float(np.mean(logsumexp(scores, axis=0) - np.log(N_DRAWS) - half))


def _over_chunks(score, Z):
    if len(Z) <= CHUNK_ROWS:
        return score(Z)
    return np.concatenate([score(Z[at : at + CHUNK_ROWS]) for at in range(0, len(Z), CHUNK_ROWS)])
