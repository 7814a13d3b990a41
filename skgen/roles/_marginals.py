"""Scores of incomplete rows: empty cells integrated out where every density has marginals."""

from __future__ import annotations

import inspect

import numpy as np

from .._conditioning import log_marginal
from .._delegated import DelegatedDensity, unwrapped
from .._sklearn import _safe_indexing
from ..base import GenerativeModel
from ..exceptions import UnsupportedGivenError
from ..table._frames import read_columns


def empty_cells(X):
    """Mask (n, d) of the empty cells of a table."""
    raws = read_columns(X)
    return np.column_stack([raw.missing if raw.codes is None else raw.codes < 0 for raw in raws])


def score_rows(densities, tables, marginalize):
    """Log-densities (n, K) of rows under K fitted densities.

    Parameters
    ----------
    densities : list of estimators
        Fitted densities of one kind.
    tables : list of tables
        The rows as each density takes them; their empty cells are the same.
    marginalize : bool
        Whether empty cells are integrated out where all densities can do so. Elsewhere they are the event "missing".
    """
    models = [marginal_model(density) for density in densities]
    empty = empty_cells(tables[0]) if marginalize and None not in models else np.zeros((1, 1), bool)
    if not empty.any():
        return np.column_stack([_scores(density, X) for density, X in zip(densities, tables)])
    out = np.empty((len(empty), len(densities)))
    masks, group = np.unique(empty, axis=0, return_inverse=True)
    for k, mask in enumerate(masks):  # a pattern of empty cells at a time: each has its own marginal
        rows = np.flatnonzero(group.ravel() == k)
        parts = [_safe_indexing(X, rows) for X in tables]
        out[rows] = _score_pattern(densities, models, parts, ~mask)
    return out


def _score_pattern(densities, models, tables, known):
    if not known.all():
        try:
            encoded = [model.codec_.encode_typed(X) for model, X in zip(models, tables)]
            return np.column_stack([log_marginal(model, Z, known) for model, Z in zip(models, encoded)])
        except UnsupportedGivenError:  # some marginals, but not this one
            pass
    return np.column_stack([_scores(density, X) for density, X in zip(densities, tables)])


def _scores(density, X):
    return np.asarray(density.score_samples(X), dtype=np.float64)


def density_of_rows(density):
    """The fitted density of the rows as they are, behind frames, searches and densities that hand their rows on."""
    model = unwrapped(density)
    while isinstance(model, DelegatedDensity) and type(model)._to_density is DelegatedDensity._to_density:
        model = unwrapped(model.density_)
    return model


def marginal_model(density):
    """The model of this package with marginals that is behind a density, or None."""
    model = density_of_rows(density)
    if not isinstance(model, GenerativeModel) or getattr(model, "conditional_on_", ()):
        return None
    return model if "known" in inspect.signature(model._log_density).parameters else None
