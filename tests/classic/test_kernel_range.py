"""Kernels on frames are normalised within the seen range: sums over grids, cells of a table, and centres' shares."""

import numpy as np
import pandas as pd
import pytest

from skgen import KernelDensity
from skgen.classic._kernel.draws import range_mass
from skgen.classic._kernel.shapes import KERNELS
from skgen.datasets import load_wine_table


@pytest.mark.parametrize("kernel", ["gaussian", "exponential"])
@pytest.mark.parametrize("scale", [0.3, 1.0, 7.0, 19.9, 20.1, 150.0, 4000.0])
def test_masses_of_ranges_are_sums_over_the_grid(kernel, scale):
    shape = KERNELS[kernel]
    centres = np.array([-5.0, 0.0, 40.0, 3000.0])
    grid = np.arange(-5.0, 3001.0)
    mass = range_mass(shape, centres, np.full(4, scale), 1.0, -5.0, 3000.0)
    heights = np.exp(shape.log_density(np.abs(grid[:, None] - centres) / scale))
    whole = np.exp(shape.log_density(np.abs(np.arange(-(2**17), 2**17)) / scale)).sum()
    np.testing.assert_allclose(mass, heights.sum(axis=0) / whole, rtol=1e-10)


@pytest.mark.parametrize("bandwidth", ["scott", "neighbors", 3.0])
@pytest.mark.parametrize("kernel", ["gaussian", "exponential"])
@pytest.mark.parametrize("n_values", [60, 1500])
def test_cells_of_a_column_sum_to_one(kernel, bandwidth, n_values):
    rng = np.random.default_rng(0)
    x = np.round(rng.gamma(1.0, n_values / 3, 2000))
    x[:200] = 7.0
    model = KernelDensity(bandwidth=bandwidth, kernel=kernel, random_state=0).fit(pd.DataFrame({"x": x}))
    grid = np.arange(-4000.0 - 10 * n_values, 4000.0 + 18 * n_values)
    total = np.exp(model.score_samples(pd.DataFrame({"x": grid}))).sum()
    missing = np.exp(model.score_samples(pd.DataFrame({"x": [np.nan]})))[0]
    assert total + missing == pytest.approx(1, abs=1e-9)
    outside = (grid < x.min()) | (grid > x.max())
    share = np.exp(model.score_samples(pd.DataFrame({"x": grid[outside]}))).sum()
    assert share == pytest.approx(missing, rel=1e-6)  # reserved things have equal shares


def test_wide_tables_keep_the_shares_of_their_levels():
    wine = load_wine_table()
    drawn = KernelDensity(random_state=0).fit(wine).sample(20_000)["cultivar"].value_counts(normalize=True)
    real = wine["cultivar"].value_counts(normalize=True)
    assert (drawn - real).abs().max() < 0.02
