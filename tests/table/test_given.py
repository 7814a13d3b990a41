"""Conditions: what they say in numbers, and what is refused."""

import numpy as np
import pandas as pd
import pytest

from skgen import MISSING, GaussianCopula, GaussianMixture, KernelDensity, TableCodec
from skgen.exceptions import GivenError
from skgen.table.given import parse_given

DF = pd.DataFrame(
    {
        "age": [20, 30, 40, 50],
        "sex": ["F", "M", None, "F"],
        "when": pd.to_datetime(["2020-01-01", "2020-01-02", "2020-01-05", "2020-02-01"]),
    }
)
CODEC = TableCodec().fit(DF)


def test_values_sets_intervals_and_missing():
    spec = parse_given({"age": 30, "sex": ["M", MISSING], "when": pd.Interval(DF.when[0], DF.when[2])}, CODEC)
    assert spec.known.tolist() == [[True, False, False]] and spec.points[0, 0] == 30
    assert spec.allowed[1].contains(np.array([0, 1, np.nan])).tolist() == [False, True, True]
    assert spec.allowed[2].contains(np.array([0.0, 1, 4, 5, np.nan])).tolist() == [False, True, True, False, False]
    spec = parse_given({"sex": MISSING, "age": None}, CODEC)
    assert spec.known.tolist() == [[False, True, False]] and np.isnan(spec.points[0, 1])
    assert spec.completed.tolist() == [[True, False, False]]


def test_a_set_of_one_is_a_point():
    spec = parse_given({"sex": ["M"]}, CODEC)
    assert spec.known[0, 1] and spec.allowed[1] is None


def test_a_table_has_one_row_per_sample():
    spec = parse_given(pd.DataFrame({"sex": ["F", None, MISSING], "age": [30.0, np.nan, 20]}), CODEC)
    assert spec.known.tolist() == [[True, True, False], [False, False, False], [True, True, False]]
    assert spec.completed.tolist() == [[False] * 3, [True, True, False], [False] * 3]


def test_points_condition_on_their_cell_and_come_back_as_written():
    codec = TableCodec().fit(pd.DataFrame({"x": [0.1, 0.2, 0.3]}))
    spec = parse_given({"x": 0.2345}, codec)
    assert spec.points[0, 0] == 0.2 and spec.exact[0, 0] == 0.2345


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"hight": 1}, "names 'hight', which is no column"),
        ({"sex": "X"}, "'X' in column 'sex', which fit did not see. Seen: 'F', 'M'"),
        ({"age": "old"}, "needs a value of type int for column 'age', a list or a pandas.Interval, got 'old'"),
        ({"age": 30.5}, "needs a finite number of type int"),
        ({"age": MISSING}, "missing cells in 'age', where fit saw none"),
        ({"age": []}, "empty set"),
        ({"sex": pd.Interval(0, 1)}, "give a list of levels"),
        (pd.DataFrame({"sex": ["X"]}), "did not see"),
        (pd.DataFrame({"age": ["x"]}), "held numbers in fit, got text"),
        (np.zeros((2, 2)), "must have the 3 columns of fit"),
        (3, "must be a dict of columns or a table with one row per sample, got int"),
    ],
)
def test_refusals_say_what_to_do(given, message):
    with pytest.raises(GivenError, match=message):
        parse_given(given, CODEC)


@pytest.mark.parametrize("model", [GaussianMixture(2, random_state=0), GaussianCopula(), KernelDensity(0.3)], ids=repr)
@pytest.mark.parametrize("given", [{"b": 3}, {"b": pd.Interval(2, 4)}, {"a": pd.Interval(0, 1)}])
def test_drawn_numbers_keep_their_decimals(model, given):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=200).round(2), "b": rng.integers(0, 5, 200)})
    drawn = model.fit(frame).sample(500, given=given, random_state=0)["a"]
    assert (drawn == drawn.round(2)).all()


@pytest.mark.parametrize("given", [{"a": pd.Interval(1e5, 1e6)}, {"a": pd.Interval(-9, -8)}, {"b": pd.Interval(7, 9)}])
def test_an_interval_beyond_the_seen_range_is_refused(given):
    with pytest.raises(GivenError, match="beyond the range that fit saw"):
        parse_given(given, TableCodec().fit(pd.DataFrame({"a": [0.25, 1.5, 2.75], "b": [1, 2, 5]})))


@pytest.mark.parametrize("interval", [pd.Interval(1.2, 1.8), pd.Interval(2, 3, "neither")])
def test_an_interval_between_two_values_is_refused(interval):
    with pytest.raises(GivenError, match="no cell of its grid has its centre there"):
        parse_given({"b": interval}, TableCodec().fit(pd.DataFrame({"b": np.repeat(np.arange(40), 2)})))


@pytest.mark.parametrize("closed", ["right", "both", "neither"])
def test_an_interval_without_an_end(closed):
    codec = TableCodec().fit(pd.DataFrame({"a": [0.25, 1.5, 1.5, 2.75]}))
    for interval in (pd.Interval(-np.inf, 1, closed), pd.Interval(1, np.inf, closed)):
        assert parse_given({"a": interval}, codec).allowed[0].contains(np.array([0.25, 2.75])).sum() == 1
