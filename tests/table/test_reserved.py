"""Reserved cells: every law that carries them still sums to one."""

from itertools import product

import numpy as np
import pytest

from skgen.table import CodecColumn
from skgen.table.reserved import full_codes, position_log_density, value_codes, with_reserved


@pytest.mark.parametrize("missing_seen", [True, False])
def test_with_reserved_sums_to_one_and_keeps_rho(missing_seen):
    column = CodecColumn("c", "category", n_codes=3, missing_seen=missing_seen, rho=0.1)
    p = np.array([[0.5, 0.2, 0.1, 0.2 if missing_seen else 0.0], [1, 0, 0, 0]])
    p /= p.sum(axis=1, keepdims=True)
    full = with_reserved(p, column)
    np.testing.assert_allclose(full.sum(axis=1), 1, rtol=1e-15)
    reserved = full[:, 3] + (0 if missing_seen else full[:, 4])
    np.testing.assert_allclose(reserved, 0.1, rtol=1e-15)


@pytest.mark.parametrize(
    ("bounds", "values", "inside"),
    [
        *product([(-np.inf, np.inf), (0.0, 11.0), (2.0, 9.0)], [None, np.array([2.0, 5.0, 9.0])], [True]),
        *product([(-np.inf, np.inf), (0.0, 11.0), (2.0, 11.0)], [None], [False]),
    ],
)
def test_positions_sum_to_one(bounds, values, inside):
    column = CodecColumn(
        "x",
        "number",
        resolution=0.5,
        lower=2.0,
        upper=9.0,
        low=bounds[0],
        high=bounds[1],
        scale_below=3.0,
        scale_above=1.0,
    )
    grid = np.arange(-400, 400) * 0.5
    mass = np.exp(position_log_density(grid, column, values, inside)) * 0.5
    assert mass.sum() == pytest.approx(1, abs=1e-12)
    assert (mass[(grid < bounds[0]) | (grid > bounds[1])] == 0).all()
    if not inside:
        assert (mass[(grid >= 2) & (grid <= 9)] == 0).all()
    if values is not None:
        assert (mass[np.isin(grid, values)] == 0).all()


def test_codes():
    column = CodecColumn("c", "category", n_codes=3)
    np.testing.assert_array_equal(full_codes(np.array([0, 2, 3, np.nan]), column), [0, 2, 3, 4])
    np.testing.assert_array_equal(value_codes(np.array([1, 1.5, np.nan]), np.array([1.0, 2.0])), [0, 2, 3])
