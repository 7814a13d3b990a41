"""Train on synthetic, test on real: floors, chance level, targets of all kinds, classes that are absent."""

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.metrics import root_mean_squared_error

from skgen.metrics import column_utilities, global_utility, tstr_score


def make(n, seed):
    rng = np.random.default_rng(seed)
    x, z = rng.normal(size=(2, n))
    return pd.DataFrame(
        {
            "x": x.round(3),
            "y": (2 * x + 0.5 * rng.normal(size=n)).round(3),
            "c": np.where(x > 0.8, "high", np.where(x < -0.8, "low", "middle")),
            "noise": z.round(3),
        }
    )


TRAIN, TEST, NEW = make(1500, 0), make(1500, 1), make(1500, 2)


def shuffled(df):
    rng = np.random.default_rng(0)
    return pd.DataFrame({name: df[name].to_numpy()[rng.permutation(len(df))] for name in df})


def test_regression_is_boosting_with_its_defaults():
    numbers = ["x", "y", "noise"]
    model = HistGradientBoostingRegressor().fit(NEW[["x", "noise"]], NEW["y"])
    expected = root_mean_squared_error(TEST["y"], model.predict(TEST[["x", "noise"]]))
    assert tstr_score(TEST[numbers], NEW[numbers], "y") == pytest.approx(expected)


def test_classes_and_numbers_fall_to_chance_when_columns_are_shuffled():
    assert tstr_score(TEST, NEW, "c") > 0.98
    assert tstr_score(TEST, shuffled(NEW), "c") < 0.65
    assert tstr_score(TEST, NEW, "c", metric="balanced_accuracy") > 0.9
    assert tstr_score(TEST, NEW, "y", metric="r2") > 0.9 > 0.05 > tstr_score(TEST, shuffled(NEW), "y", metric="r2")


def test_a_number_of_two_values_is_a_class():
    df = [d.assign(c=(d["x"] > 0).astype(int)) for d in (TEST, NEW)]
    assert tstr_score(*df, "c") > 0.99
    arrays = [d[["x", "noise", "c"]].to_numpy() for d in df]
    assert tstr_score(*arrays, 2) > 0.99


def test_absent_classes_count_as_chance():
    assert tstr_score(TEST, NEW[NEW["c"] == "low"], "c") == 0.5
    partly = tstr_score(TEST, NEW[NEW["c"] != "low"], "c")
    assert 0.6 < partly < 0.9
    assert tstr_score(TEST, NEW.assign(c="other"), "c") == 0.5
    assert tstr_score(TEST, NEW.assign(y=np.nan), "y", metric="r2") < 0


def test_global_utility_is_one_for_fresh_rows_and_none_for_shuffled_ones():
    table = column_utilities(TRAIN, TEST, NEW)
    assert table["relative"].isna().tolist() == [False, False, False, True]  # nothing predicts noise
    assert global_utility(TRAIN, TEST, NEW) > 0.97
    assert global_utility(TRAIN, TEST, shuffled(NEW)) < 0.1


def test_one_spoilt_column_shows_where_it_is_the_target():
    spoilt = NEW.assign(c=shuffled(NEW)["c"])
    table = column_utilities(TRAIN, TEST, spoilt)["relative"]
    assert table["c"] < 0.2 and table["y"] > 0.95


def test_errors_say_what_to_do():
    with pytest.raises(ValueError, match="no column 'z'"):
        tstr_score(TEST, NEW, "z")
    with pytest.raises(ValueError, match="metric must be 'auto' or one of"):
        tstr_score(TEST, NEW, "c", metric="f1")
    with pytest.raises(ValueError, match="nothing to predict"):
        tstr_score(TEST.assign(c="low"), NEW.assign(c="low"), "c")
