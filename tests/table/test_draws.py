"""The scoring draws: uniform, independent, and a function of the row alone."""

import numpy as np
from scipy.stats import kstest

from skgen.table._draws import row_draws


def consecutive(n, d):
    """Cells that differ in few bits: the hardest case for a hash."""
    return np.arange(n * d, dtype=np.int64).reshape(n, d) // 3


def draws(cells, seed=0, n_draws=8):
    return np.stack(list(row_draws(cells, seed, n_draws)))  # (draws, n, d)


def test_uniform_inside_the_open_interval():
    u = draws(consecutive(5000, 3))
    assert u.min() > 0
    assert u.max() < 1
    for draw in u:
        for column in draw.T:
            assert kstest(column, "uniform").pvalue > 1e-6
    assert kstest(u[0, :, 0] ** 1.3, "uniform").pvalue < 1e-6


def correlation_z(a, b):
    return np.corrcoef(a, b)[0, 1] * np.sqrt(len(a))


def test_rows_draws_columns_and_seeds_are_independent():
    cells = np.arange(20_000, dtype=np.int64)[:, None] * np.array([1, 0, 0])
    u, other_seed = draws(cells), draws(cells, seed=1)
    assert abs(correlation_z(u[0, :-1, 0], u[0, 1:, 0])) < 4.9  # neighbouring rows
    assert abs(correlation_z(u[0, :, 0], u[0, :, 1])) < 4.9  # columns
    assert abs(correlation_z(u[0, :, 0], u[2, :, 0])) < 4.9  # draws
    assert abs(correlation_z(u[0, :, 0], u[2, :, 1])) < 4.9
    assert abs(correlation_z(u[0, :, 0], other_seed[0, :, 0])) < 4.9
    assert abs(correlation_z((u[0, :-1, 0] - 0.5) ** 2, (u[0, 1:, 0] - 0.5) ** 2)) < 4.9
    assert abs(correlation_z(u[0, :, 0], u[1, :, 0])) > 100  # a pair depends on each other
    assert np.unique(u[0, :, 0]).size == len(cells)


def test_pairs_are_antithetic():
    u = draws(consecutive(100, 4), n_draws=5)
    assert len(u) == 5
    assert (u[1::2] == 1 - u[:4:2]).all()
    assert (u[0] != u[2]).all()


def test_rows_alone_decide():
    cells = consecutive(400, 3)
    u = draws(cells)
    order = np.random.default_rng(0).permutation(400)
    assert (draws(cells[order]) == u[:, order]).all()
    assert (draws(cells[37:90]) == u[:, 37:90]).all()
    assert (draws(np.repeat(cells[:1], 3, axis=0)) == u[:, :1]).all()
    assert (draws(cells[:, ::-1])[:, :, ::-1] != u).any()  # columns are told apart
    assert (draws(cells, n_draws=4) == u[:4]).all()


def test_every_column_and_the_whole_seed_enter_the_key():
    cells = np.zeros((1, 3), np.int64)
    u = draws(cells)
    for j in range(3):
        changed = cells.copy()
        changed[0, j] = -(2**63)
        assert (draws(changed) != u).all()
    assert (draws(cells, seed=1 << 70) != u).all()
    assert (draws(cells, seed=-1) != u).all()


def test_known_numbers():
    """splitmix64 from state 0 starts with this number (Vigna's reference implementation)."""
    from skgen.table._draws import _GOLDEN, _mix

    assert int(_mix(np.array([_GOLDEN]))[0]) == 0xE220A8397B1DCDAF
