"""The order of levels: a hidden order is found, however the levels are coded."""

import numpy as np
from scipy.sparse import csr_array
from scipy.stats import spearmanr

from skgen.table import CodecColumn
from skgen.table._correspondence import first_axis, level_orders


def hidden_order(n=4000, S=9, seed=0):
    """A number, and a category whose shuffled codes follow it."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(size=n)
    rank = np.clip(np.floor(x * S + rng.normal(size=n)), 0, S - 1).astype(int)
    shuffle = rng.permutation(S)  # rank -> code
    Z = np.column_stack([x, shuffle[rank], rng.integers(0, 3, n)]).astype(float)
    columns = [
        CodecColumn("x", "number"),
        CodecColumn("c", "category", n_codes=S),
        CodecColumn("n", "category", n_codes=3),
    ]
    return Z, columns, shuffle


def test_finds_the_hidden_order():
    Z, columns, shuffle = hidden_order()
    orders = level_orders(Z, columns)
    assert sorted(orders) == [1, 2]
    rank_of_code = np.argsort(shuffle)
    assert abs(spearmanr(rank_of_code[orders[1]], np.arange(9)).statistic) > 0.98
    assert abs(spearmanr(rank_of_code, np.arange(9)).statistic) < 0.9  # the codes alone do not show it


def test_renaming_levels_renames_the_order():
    Z, columns, _ = hidden_order()
    rename = np.random.default_rng(1).permutation(9)
    renamed = Z.copy()
    renamed[:, 1] = rename[Z[:, 1].astype(int)]
    assert (level_orders(renamed, columns)[1] == rename[level_orders(Z, columns)[1]]).all()


def test_row_order_and_weights():
    Z, columns, _ = hidden_order(n=600)
    rng = np.random.default_rng(2)
    assert (level_orders(Z[rng.permutation(600)], columns)[1] == level_orders(Z, columns)[1]).all()
    weight = rng.integers(1, 4, 600)
    repeated = level_orders(np.repeat(Z, weight, axis=0), columns)[1]
    assert (level_orders(Z, columns, weight.astype(float))[1] == repeated).all()


def test_two_levels_alone_and_missing_cells():
    columns = [CodecColumn("a", "category", n_codes=5)]
    assert level_orders(np.arange(5.0)[:, None], columns)[0].tolist() == [0, 1, 2, 3, 4]
    Z, columns, _ = hidden_order(n=500)
    Z[::5] = np.nan
    order = level_orders(Z, columns)[1]
    assert sorted(order) == list(range(9))


def test_many_levels_stay_sparse():
    n = 100_000
    rng = np.random.default_rng(0)
    place = rng.permutation(n)
    Z = np.column_stack([place, place / n, place * 5 // n]).astype(float)
    columns = [
        CodecColumn("id", "category", n_codes=n),
        CodecColumn("x", "number"),
        CodecColumn("c", "category", n_codes=5),
    ]
    order = level_orders(Z, columns)[0]
    # the finest that eight bins can show of a straight order
    assert abs(spearmanr(order, np.arange(n)).statistic) > 0.7


def test_a_copied_column_has_an_axis():
    axis = first_axis(csr_array(np.diag(np.random.default_rng(0).integers(130, 200, 30).astype(float))))
    assert axis.shape == (30,) and np.isfinite(axis).all() and np.ptp(axis) > 0
