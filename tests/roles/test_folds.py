"""Folds inside a fit: no copy of a row vouches for it, values that the law repeats do, one key for equal cells."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from skgen.roles._folds import held_out_weights, learn_lone_gaps, repeats_by_chance, row_keys, split_fold

X = np.arange(12.0)[:, None]
GROUPS = np.array([0] * 11 + [1])


def folds(X, weight=None, n_folds=3, groups=None, deal_all=False):
    groups = np.zeros(len(X), int) if groups is None else groups
    return held_out_weights(row_keys(X), groups, weight, n_folds, np.random.default_rng(0), deal_all)


def test_a_row_is_held_out_with_all_its_weight():
    weight = np.arange(12) % 4 + 1.0
    held = folds(X, weight)
    np.testing.assert_array_equal(np.sort(held, axis=1), [[0, 0, w] for w in weight])
    for part in held.T:
        train, own, test, out = split_fold(weight, part)
        assert not set(train) & set(test) and own.sum() + out.sum() == weight.sum()


def test_weights_equal_copies_in_any_order():
    weight = np.arange(12) % 3 + 1
    rows = np.repeat(np.arange(12), weight)
    held, copies = folds(X, weight.astype(float)), folds(X[rows])
    for i in range(12):
        np.testing.assert_allclose(copies[rows == i].sum(axis=0), held[i])
    back = np.arange(12)[::-1]
    np.testing.assert_array_equal(folds(X[back])[back], folds(X))


def test_a_row_alone_in_its_group_is_not_held_out():
    np.testing.assert_array_equal(folds(X, groups=GROUPS).sum(axis=1), [1] * 11 + [0])


@pytest.mark.parametrize(
    ("rows", "weight", "is_held_out"),
    [
        (X[:2], None, False),
        (X[:2], [0.5, 0.5], False),
        (X[[0, 0]], None, False),
        (X[:1], [2.0], False),
        (X[:3], None, True),
        (X[[0, 0, 0]], None, True),
        (X[:1], [3.0], True),
        (X, np.full(12, 0.1), True),
    ],
)
def test_no_fold_leaves_one_row_of_a_group(rows, weight, is_held_out):
    held = folds(rows, None if weight is None else np.asarray(weight))
    assert held.any() == is_held_out
    whole = np.ones(len(rows)) if weight is None else np.asarray(weight)
    np.testing.assert_allclose(held.sum(axis=1), whole * is_held_out)


def test_a_missing_cell_without_its_like_is_learnt_and_not_held_out():
    table = np.column_stack([X, X])
    table[[0, 5, 7], [0, 1, 1]] = np.nan
    held = np.eye(4)[np.arange(12) % 4]
    out = learn_lone_gaps(table, None, held)
    assert np.flatnonzero((out != held).any(axis=1)).tolist() == [0]  # fold 1 has the gap of 5, fold 3 that of 7
    held = np.eye(4)[[0, 0, 0, 1, 1, 3, 2, 3, 2, 1, 2, 3]]
    assert np.flatnonzero((learn_lone_gaps(table, None, held) != held).any(axis=1)).tolist() == [0, 5, 7]
    frame = pd.DataFrame(table)
    assert learn_lone_gaps(frame, None, held) is held
    assert learn_lone_gaps(X.astype(int), None, held) is held


def test_a_row_that_outweighs_a_fold_is_dealt_to_all():
    held = folds(X, np.array([7.0] + [1.0] * 11))  # of 18, a third is 6
    assert sorted(held[0]) == [2, 2, 3] and (np.count_nonzero(held[1:], axis=1) == 1).all()
    held = folds(X, np.array([5.0] + [1.0] * 11))  # of 16
    assert sorted(held[0]) == [0, 0, 5]


def test_copies_are_dealt_out_where_values_repeat_by_chance():
    rows = np.repeat(X, 2, axis=0)
    held = folds(rows, deal_all=True)
    assert all(np.count_nonzero(held[rows[:, 0] == x].sum(axis=0)) == 2 for x in X[:, 0])


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (np.random.default_rng(0).normal(size=(300, 2)), False),
        (np.random.default_rng(0).normal(size=(9, 2)), False),
        (np.arange(10)[:, None], True),
        (np.indices((4, 4, 2)).reshape(3, -1).T, True),
        (pd.DataFrame({"a": list("uvw"), "b": list("xyx")}), True),
        (pd.DataFrame({"a": list("uv") * 30, "b": range(60)}), False),
    ],
)
def test_which_tables_repeat_their_rows(table, expected):
    twice = pd.concat([table, table]) if isinstance(table, pd.DataFrame) else np.concatenate([table, table])
    assert repeats_by_chance(table) == repeats_by_chance(twice) == expected


def test_a_row_has_one_key_in_any_table_that_holds_it():
    """A column of integers is one of floats where a cell is missing, one of truth values is one of objects."""
    table = pl.DataFrame({"n": [1, None, 3], "b": [True, None, False], "s": ["u", "v", None]})
    keys = row_keys(table)
    assert len(set(keys)) == 3
    for i in range(3):
        assert row_keys(table[[i]])[0] == keys[i]
    nullable = pd.DataFrame(
        {
            "n": pd.array([1, None, 3], "Int64"),
            "b": pd.array([True, None, False], "boolean"),
            "s": pd.array(["u", "v", None], object),
        }
    )
    np.testing.assert_array_equal(row_keys(nullable), keys)
    np.testing.assert_array_equal(row_keys(np.array([[-0.0, 1.0]])), row_keys(np.array([[0, 1]])))
