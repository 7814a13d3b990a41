"""Cells of a table that nets of the real view draw, against the law of their scores: chi-square.

A score is a bound, the logarithm of a mean over draws of each cell's places: with more draws it is the law itself.
"""

import numpy as np
import pandas as pd
import pytest
from toy_real import RealNormal

from skgen import DiffusionModel, NormalizingFlow
from skgen._random import generator_from
from skgen.table.real import RealView
from skgen.testing._law import check_counts, fitted

N_SAMPLES = 4_096
#: Places of the smooth column at which its density is read, and those in a bin.
N_PLACES, PER_BIN = 60, 12

FLOW = NormalizingFlow(hidden_layer_sizes=(24,), n_bins=8, max_epochs=8)
DIFFUSION = DiffusionModel(hidden_units=16, n_blocks=1, max_cells=8, sigma_min=0.3, max_epochs=8, ode_tol=1e-2)


def mixed(n=500, seed=0):
    """A level, a count and a smooth size that lean on each other; counts and sizes are missing here and there."""
    rng = generator_from(seed)
    kind = rng.random(n) < 0.4
    count = pd.array(rng.binomial(2, np.where(kind, 0.7, 0.3)), dtype="Int64")
    size = np.round(np.where(kind, -1.0, 1.0) + 0.7 * rng.standard_normal(n), 4)
    count[rng.random(n) < np.where(kind, 0.05, 0.3)] = pd.NA
    size[rng.random(n) < np.where(kind, 0.3, 0.1)] = np.nan
    return pd.DataFrame({"kind": np.where(kind, "a", "b"), "count": count, "size": size})


def _codes(rows, edges):
    """Which cell of kind x count x bin of the size a row is in: 0 to 47."""
    size = np.searchsorted(edges[1:-1], rows["size"].to_numpy(np.float64), side="right")
    size = np.where(rows["size"].isna(), len(edges) - 1, size)
    return ((rows["kind"] == "b").to_numpy() * 4 + rows["count"].fillna(3).to_numpy(int)) * len(edges) + size


def cells_follow_scores(net, n_draws):
    """Sampled cells come as often as the scores say."""
    table = mixed()
    model = fitted(net, table)
    model._n_draws = n_draws
    low, high = table["size"].min() - 5e-5, table["size"].max() + 5e-5
    width = (high - low) / N_PLACES
    places = np.round(low + width * (np.arange(N_PLACES) + 0.5), 4)
    cells = pd.DataFrame(
        [(k, c, s) for k in "ab" for c in (0, 1, 2, pd.NA) for s in (*places, np.nan)], columns=list(table)
    ).astype({"count": "Int64"})
    mass = np.exp(model.score_samples(cells)) * np.where(cells["size"].isna(), 1.0, width)
    edges = np.linspace(low, high, N_PLACES // PER_BIN + 1)
    n_cells = 8 * len(edges)
    counts = np.bincount(_codes(model.sample(N_SAMPLES, random_state=0), edges), minlength=n_cells)
    check_counts(counts, np.bincount(_codes(cells, edges), mass, minlength=n_cells), "cells")
    total = float(mass.sum())
    assert 0.9 < total < 1.01, f"the cells of the seen support sum to {total:.4f}."


@pytest.mark.parametrize(
    ("net", "n_draws"), [(RealNormal(), 128), (FLOW, 64), (DIFFUSION, 8)], ids=lambda x: type(x).__name__
)
def test_cells_follow_scores(net, n_draws):
    cells_follow_scores(net, n_draws)


class Apart(RealNormal):
    """Samples forget that columns depend on each other."""

    def _sample(self, n, rng):
        return np.column_stack([rng.permutation(z) for z in super()._sample(n, rng).T])


class Narrow(RealNormal):
    """Samples of the real view are a tenth too narrow."""

    def _sample(self, n, rng):
        return 0.9 * super()._sample(n, rng)


class Even(RealNormal):
    """Scores take a cell of the real view for as likely as any other."""

    def _log_density(self, Z, known=None):
        return super()._log_density(Z, known) + 0.5 * Z[:, 0] ** 2


@pytest.mark.parametrize("mutant", [Apart, Narrow, Even])
def test_mutants_are_found(mutant):
    with pytest.raises(AssertionError, match="chi-square|sum to"):
        cells_follow_scores(mutant(), 128)


def test_draws_from_half_of_a_cell_are_found(monkeypatch):
    encode = RealView.encode
    monkeypatch.setattr(RealView, "encode", lambda self, Z, u, known=None: encode(self, Z, 0.5 * u, known))
    with pytest.raises(AssertionError, match="chi-square|sum to"):
        cells_follow_scores(RealNormal(), 128)
