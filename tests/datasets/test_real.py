"""Real tables: dtypes, text labels and the values of scikit-learn."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_diabetes, load_wine

from skgen.datasets import load_diabetes_table, load_wine_table


def test_wine_table():
    frame, wine = load_wine_table(), load_wine()
    assert frame.shape == (178, 14)
    np.testing.assert_array_equal(frame.drop(columns="cultivar").to_numpy(dtype=float), wine.data)
    np.testing.assert_array_equal(frame["cultivar"].to_numpy(dtype=object), wine.target_names[wine.target])
    assert [name for name in frame if frame[name].dtype.kind == "i"] == ["magnesium", "proline"]


def test_diabetes_table():
    frame, diabetes = load_diabetes_table(), load_diabetes(scaled=False)
    assert frame.shape == (442, 11)
    np.testing.assert_array_equal(frame.drop(columns="progression").to_numpy(dtype=float), diabetes.data)
    np.testing.assert_array_equal(frame["progression"], diabetes.target)
    assert set(frame["sex"]) == {"1", "2"}
    assert [name for name in frame if frame[name].dtype.kind == "i"] == ["age", "s1", "s6", "progression"]


@pytest.mark.parametrize("load", [load_wine_table, load_diabetes_table])
def test_no_cell_is_missing_and_tables_are_fresh(load):
    frame = load()
    assert not frame.isna().any(axis=None)
    frame.iloc[:, 0] = 0
    assert (load().iloc[:, 0] != 0).all()
    pd.testing.assert_index_equal(frame.index, pd.RangeIndex(len(frame)))
