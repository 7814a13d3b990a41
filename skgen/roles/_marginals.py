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
        Whether empty cells are integrated out where all densities can do so exactly, whichever cells these are.
        Elsewhere they are the event "missing".
    """
    empty = empty_cells(tables[0]) if marginalize else np.zeros((1, 1), bool)
    models = [marginal_model(density) for density in densities] if empty.any() else []
    if not all(_has_any_marginal(model, X) for model, X in zip(models, tables)):
        models = []
    if not models:
        return _score_as_they_are(densities, tables)
    out = np.empty((len(empty), len(densities)))
    masks, group = np.unique(empty, axis=0, return_inverse=True)
    for k, mask in enumerate(masks):  # a pattern of empty cells at a time: each has its own marginal
        rows = np.flatnonzero(group.ravel() == k)
        parts = [_safe_indexing(X, rows) for X in tables]
        out[rows] = _score_pattern(densities, models, parts, ~mask)
    return out


def _has_any_marginal(model, X):
    """Whether a model integrates any columns out: one that takes its columns in order has not both of these two."""
    if model is None:
        return False
    row, at = model.codec_.encode_typed(_safe_indexing(X, [0])), np.arange(model.n_features_in_)
    try:
        for j in {0, model.n_features_in_ - 1}:
            log_marginal(model, row, at == j)
    except UnsupportedGivenError:
        return False
    return True


def _score_pattern(densities, models, tables, known):
    if known.all():
        return _score_as_they_are(densities, tables)
    encoded = [model.codec_.encode_typed(X) for model, X in zip(models, tables)]
    try:
        return np.column_stack([log_marginal(model, Z, known) for model, Z in zip(models, encoded)])
    except UnsupportedGivenError as error:  # the graph of a network is too dense for some
        raise UnsupportedGivenError(f'{error} Or set missing="event".') from error


def _score_as_they_are(densities, tables):
    """Log-densities (n, K); -inf under densities of arrays that saw no missing cell in a column where another did."""
    possible = np.array([_may_be_empty(density, tables[0]) for density in densities])
    if possible.all() or not (~possible & possible.any(axis=0)).any():
        return np.column_stack([_scores(density, X) for density, X in zip(densities, tables)])
    empty, out = empty_cells(tables[0]), np.full((len(tables[0]), len(densities)), -np.inf)
    for k, density in enumerate(densities):
        rows = np.flatnonzero(~(empty & ~possible[k] & possible.any(axis=0)).any(axis=1))
        if len(rows):
            out[rows, k] = _scores(density, _safe_indexing(tables[k], rows))
    return out


def _scores(density, X):
    return np.asarray(density.score_samples(X), dtype=np.float64)


def _may_be_empty(density, X):
    """Mask (d,) of the columns of which a fitted density knows missing cells; all where it does not say."""
    codec = codec_of(density)
    if codec is None:
        return np.ones(X.shape[1], bool)
    return np.array([column.missing_seen or column.rho > 0 for column in codec.columns])


def codec_of(density):
    """The codec by which a fitted density reads the rows, or None."""
    model = density_of_rows(density)
    return model.rows_.codec if hasattr(model, "rows_") else getattr(model, "codec_", None)


def density_of_rows(density):
    """The fitted density of the rows as they are, behind frames, searches and densities that hand their rows on."""
    model = unwrapped(density)
    while isinstance(model, DelegatedDensity) and type(model)._to_density is DelegatedDensity._to_density:
        model = unwrapped(model.density_)
    return model


def marginal_model(density):
    """The model of this package with exact marginals that is behind a density, or None."""
    model = density_of_rows(density)
    if not isinstance(model, GenerativeModel) or model.likelihood_ != "exact" or getattr(model, "conditional_on_", ()):
        return None
    return model if "known" in inspect.signature(model._log_density).parameters else None
