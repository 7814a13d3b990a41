"""Cell laws: on tables the score times the volume of a cell is a probability, and samples follow it.

Samples of a table stay in the seen support; the law they follow is the score's conditioned on that support.
"""

from __future__ import annotations

import math

import numpy as np

from ._cells import all_values, cell_rows, cell_volumes, count_cells, seen_values
from ._density_laws import check_ceiling
from ._law import check_counts, check_mean, fitted, require
from ._reference import (
    cell_table,
    inflated_table,
    known_table,
    known_table_log_density,
    wide_table,
)

_ROWS = 400
_SAMPLES = 20_000
#: Builder of the table, and the tolerance of its sum: tables of probabilities, and laws of numbers on a grid.
_TABLES = {"cells": (cell_table, 1e-12), "wide": (wide_table, 1e-8), "inflated": (inflated_table, 1e-8)}


def cells_sum_to_one(estimator):
    """The masses of all cells sum to 1: seen, unseen, missing and out of range."""
    for name, (build, tolerance) in _TABLES.items():
        table = build(_ROWS, seed=20)
        model = fitted(estimator, table)
        require(model.likelihood_ == "exact", "the likelihood is not exact")
        rows = cell_rows(table, [all_values(table[column]) for column in table])
        scores = model.score_samples(rows)
        assert np.isfinite(scores).all(), (
            f"table {name!r}: {(~np.isfinite(scores)).sum()} cells score no finite number."
        )
        total = math.fsum(np.exp(scores) * cell_volumes(rows))
        assert abs(total - 1) <= tolerance, (
            f"table {name!r}: the {len(rows)} cells sum to 1 {total - 1:+.3g}, allowed {tolerance:.0e}."
        )


def cells_follow_scores(estimator):
    """Samples of a table follow exp(score) x volume over the cells of the seen support: chi-square."""
    for name, (build, _) in _TABLES.items():
        table = build(_ROWS, seed=21)
        model = fitted(estimator, table)
        require(model.likelihood_ == "exact", "the likelihood is not exact")
        cells = cell_rows(table, [seen_values(table[column]) for column in table])
        counts, elsewhere = count_cells(model.sample(_SAMPLES, random_state=4), cells)
        assert elsewhere == 0, f"table {name!r}: {elsewhere} of {_SAMPLES} samples are outside the seen support."
        check_counts(counts, np.exp(model.score_samples(cells)) * cell_volumes(cells), f"table {name!r}")


def ceiling_on_tables(estimator):
    """No score beats the true one on fresh rows of a table: the base measure is counting and mass / r."""
    model = fitted(estimator, known_table(1_000, seed=22))
    rows = known_table(10_000, seed=23)
    check_ceiling(model.score_samples(rows), known_table_log_density(rows))


def entropy_on_tables(estimator):
    """The mean score of sampled rows equals that of the cells in the seen support."""
    table = cell_table(_ROWS, seed=24)
    model = fitted(estimator, table)
    require(model.likelihood_ == "exact", "the likelihood is not exact")
    scores = model.score_samples(cell_rows(table, [seen_values(table[column]) for column in table]))
    mass = np.exp(scores - scores.max())
    expected = float((mass * scores).sum() / mass.sum())
    check_mean(model.score_samples(model.sample(_SAMPLES, random_state=5)), expected, "mean score of sampled rows")


def likelihood_is_true(estimator):
    """`likelihood_` is one of three words, equal rows get equal scores, and `score` is their mean, a float."""
    table = known_table(500, seed=25)
    model = fitted(estimator, table)
    words = ("exact", "lower_bound", "estimate")
    assert model.likelihood_ in words, f"likelihood_ is {model.likelihood_!r}, expected one of {words}."
    scores = model.score_samples(table)
    first = table.groupby(list(table), sort=False).ngroup().to_numpy()
    _, index = np.unique(first, return_index=True)
    gap = float(np.abs(scores - scores[index][first]).max())
    assert gap == 0.0, f"equal rows get scores that differ by {gap:.3g}."
    mean = model.score(table)
    assert isinstance(mean, float), f"score returns {type(mean).__name__}, expected a float."
    assert abs(mean - scores.mean()) <= 1e-12 * max(1, abs(mean)), f"score is {mean}, the mean is {scores.mean()}."
    weight = np.arange(1.0, len(table) + 1)
    weighted, expected = model.score(table, sample_weight=weight), np.average(scores, weights=weight)
    assert abs(weighted - expected) <= 1e-12 * max(1, abs(expected)), f"weighted score {weighted}, mean {expected}."
    if model.likelihood_ != "exact":
        assert not hasattr(model, "bic"), "bic exists although the likelihood is not exact."


CELL_LAWS = {
    law.__name__: law
    for law in (cells_sum_to_one, cells_follow_scores, ceiling_on_tables, entropy_on_tables, likelihood_is_true)
}
