"""Tables read by one schema: order and container of the columns, new levels, cells off the grid, designs."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from skgen.exceptions import SchemaError
from skgen.metrics import energy_distance, two_sample_auc
from skgen.metrics._rows import paired_rows


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "age": rng.integers(18, 60, 200),
            "pay": np.where(rng.random(200) < 0.2, np.nan, rng.normal(size=200).round(2)),
            "city": rng.choice(["Oslo", "Rome", None], 200, p=[0.5, 0.4, 0.1]),
            "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 90, 200), "D"),
        }
    )


def test_columns_are_found_by_name_in_any_container(table):
    rows = paired_rows(table, table[table.columns[::-1]], pl.from_pandas(table))
    np.testing.assert_array_equal(rows.tables[0], rows.tables[1])
    np.testing.assert_array_equal(rows.tables[0], rows.tables[2])


def test_columns_that_differ_are_named(table):
    with pytest.raises(SchemaError, match=r"one lacks \['city'\] and one has \['town'\]"):
        paired_rows(table, table.rename(columns={"city": "town"}))
    with pytest.raises(SchemaError, match="expected 2, got 3"):
        paired_rows(np.zeros((5, 2)), np.zeros((5, 3)))
    with pytest.raises(ValueError, match="at least one row"):
        paired_rows(table, table[:0])


def test_a_new_level_has_a_code_of_its_own(table):
    new = table.assign(city=["Bern", "Turku"] * 100)
    rows = paired_rows(table, new, new[::-1])
    np.testing.assert_array_equal(rows.tables[1][:, 2], [2, 3] * 100)
    np.testing.assert_array_equal(rows.tables[2][:, 2], [3, 2] * 100)


def test_numbers_stay_off_the_grid_and_cells_do_not(table):
    new = table.assign(age=table["age"] + 0.25, day=table["day"] + pd.Timedelta(hours=6))
    rows = paired_rows(table, new)
    np.testing.assert_allclose(rows.tables[1][:, [0, 3]] - rows.real[:, [0, 3]], 0.25)
    np.testing.assert_array_equal(rows.cells(rows.tables[1])[:, [0, 3]], rows.real[:, [0, 3]])


def test_embedding_adds_up_column_by_column(table):
    rows = paired_rows(table)
    Z = rows.real[:2].copy()
    Z[0] = [rows.low[0], 0.0, 0, rows.low[3]]
    Z[1] = [rows.high[0], 0.0, 1, rows.low[3]]
    E = rows.embedding(Z)
    assert np.sum((E[0] - E[1]) ** 2) == pytest.approx(2)


def test_a_table_of_many_levels_gets_a_sparse_design():
    df = pd.DataFrame({"x": np.arange(3000.0), "name": [f"n{i % 1500}" for i in range(3000)]})
    rows = paired_rows(df)
    E = rows.embedding(rows.real[:4])
    assert E.shape == (4, 1503) and not isinstance(E, np.ndarray)
    assert not rows.native.any()
    assert (rows.tree_design(rows.real)[:, 1] == 2).all()  # how often each level comes


def test_inputs_are_not_written_to():
    X = np.random.default_rng(0).normal(size=(50, 2))
    before = X.copy()
    rows = paired_rows(X, X)
    rows.tables[0][:] = 0
    np.testing.assert_array_equal(X, before)


def test_levels_that_one_table_has_alone_do_not_give_it_away():
    """Rows of one law with many rare levels: no figure may tell the two tables apart by who has seen which."""
    rng = np.random.default_rng(0)
    names = np.array([f"n{i:05d}" for i in range(20_000)])
    real, new = (pd.DataFrame({"name": rng.choice(names, n), "x": rng.normal(size=n)}) for n in (600, 3000))
    assert abs(two_sample_auc(real, new) - 0.5) < 0.05
    assert abs(two_sample_auc(real, new, classifier="logistic") - 0.5) < 0.05
    assert abs(energy_distance(real, new)) < 0.005


def test_numbers_that_are_missing_nearly_everywhere_can_be_told_apart():
    X, Y = np.random.default_rng(0).normal(size=(2, 300, 2))
    X[:, 1], Y[2:, 1] = np.nan, np.nan
    assert abs(two_sample_auc(X, Y) - 0.5) < 0.1
    Y[:150, 1] = 0
    assert two_sample_auc(X, Y) > 0.7
