"""The schema: kinds, resolutions and the grid rule, on the columns that people bring."""

import warnings
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from skgen import IndependentColumns, Schema
from skgen.exceptions import IdentifierColumnWarning, SchemaError
from skgen.table.schema import to_number

RNG = np.random.default_rng(0)
N = 400


def resolution(values):
    return Schema.infer(pd.DataFrame({"x": values})).columns[0].resolution


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (RNG.integers(0, 9, N), 1.0),
        (RNG.integers(0, 9, N) * 1000, 1.0),
        (RNG.normal(size=N).round(1), 0.1),
        (RNG.normal(size=N).round(4), 1e-4),
        (RNG.integers(0, 9, N).astype(float), 1.0),
        (np.append(RNG.normal(size=N).round(1), [0.123] * 10), 0.1),
        (RNG.normal(size=N) * 100, 1e-3),
        (RNG.normal(size=N) * 1e-9, 1e-14),
        (RNG.integers(-9, 9, N) + RNG.normal(size=N) * 1e-8, 1.0),
        (np.zeros(N), 1.0),
        (pd.date_range("2020", periods=N, freq="D"), 1.0),
        (pd.date_range("2020", periods=N, freq="h", tz="Asia/Tokyo"), 1 / 24),
        (pd.to_timedelta(RNG.integers(0, 99, N), unit="s"), 1 / 86400),
    ],
)
def test_resolution(values, expected):
    assert resolution(values) == pytest.approx(expected, rel=1e-12)


def test_float_arrays_are_continuous_and_integer_arrays_are_not():
    assert Schema.infer(RNG.normal(size=(9, 2))).resolutions.tolist() == [0, 0]
    assert Schema.infer(RNG.integers(0, 9, (9, 2))).resolutions.tolist() == [1, 1]


def test_the_rule_is_about_the_grid_and_survives_subsampling():
    x = (RNG.gamma(2, 1000, 20_000)).round(2)
    assert {resolution(RNG.choice(x, 200)) for _ in range(50)} == {0.01}


def test_zero_weight_rows_are_invisible():
    df = pd.DataFrame({"x": [1.0, 2.0, 0.123456], "c": ["a", "b", "z"]})
    schema = Schema.infer(df, sample_weight=[1, 2, 0])
    assert schema == Schema.infer(df.iloc[:2])
    assert schema.columns[1].levels == ["a", "b"]


def test_categorical_features_by_mask_and_by_name():
    X = np.array([[1.0, 0.5], [2.0, 0.7]])
    for chosen in ([True, False], [0]):
        schema = Schema.infer(X, categorical_features=chosen)
        assert [column.kind for column in schema.columns] == ["category", "number"]
    with pytest.raises(SchemaError, match="names \\['age'\\], which are no columns"):
        Schema.infer(pd.DataFrame({"a": [1]}), categorical_features=["age"])


def test_identifiers_warn_by_name():
    df = pd.DataFrame({"key": [f"k{i}" for i in range(99)], "row": RNG.permutation(99), "x": RNG.integers(0, 5, 99)})
    with pytest.warns(IdentifierColumnWarning, match="'key', 'row'"):
        Schema.infer(df)


@pytest.mark.parametrize(
    ("objects", "said"),
    [
        ([date(2020, 1, 1) + timedelta(days) for days in range(60)], "dates.* 60 levels.*pandas.to_datetime"),
        ([date(2020, 1, 1) + timedelta(days) for days in range(21)] * 9, "dates.* 21 levels"),
        ([timedelta(days) for days in range(60)], "durations.*pandas.to_timedelta"),
        ([Decimal(cents).scaleb(-2) for cents in range(60)], "decimals.*astype\\(float\\)"),
        ([Decimal("1.5"), Decimal("2.5"), None], "decimals.* 2 levels"),
    ],
)
def test_dates_and_decimals_that_are_objects_warn_once_with_the_conversion(objects, said):
    df = pd.DataFrame({"d": pd.Series(objects, dtype=object)})
    with pytest.warns(IdentifierColumnWarning, match=f"'d' holds {said}") as caught:
        Schema.infer(df)
    assert [warning.filename for warning in caught] == [__file__]


def test_few_dates_as_objects_are_levels_without_a_word():
    years = [date(year, 1, 1) for year in range(2001, 2021)] * 3
    assert len(Schema.infer(pd.DataFrame({"d": years})).columns[0].levels) == 20
    Schema.infer(pd.DataFrame({"d": pd.Series([date(2020, 1, 1), 3, "a"], dtype=object)}))


def test_json_round_trip_of_every_kind():
    df = pd.DataFrame(
        {
            "t": ["a", None],
            "cut": pd.cut([1.0, 2.0], 2),
            "day": pd.Categorical(pd.to_datetime(["2020-01-01", "2021-01-01"])),
            "when": pd.to_datetime(["2020-01-01", None]),
            "flag": pd.array([True, None], dtype="boolean"),
            "span": pd.Categorical(pd.to_timedelta([1, 90], unit="s")),
            "month": pd.period_range("2020-01", periods=2, freq="M"),
        }
    )
    schema = Schema.infer(df).with_bounds("when", low="2019-01-01")
    assert Schema.from_json(schema.to_json()) == schema
    assert Schema.from_json(schema.to_json()) != Schema.infer(df)


def test_it_prints_in_two_lines():
    assert str(Schema.infer(pd.DataFrame({f"x{i}": [1, 2] for i in range(9)}))).count("\n") == 1


def test_bounds_are_checked():
    schema = Schema.infer(pd.DataFrame({"age": [1, 2], "c": ["a", "b"]}))
    assert schema.with_bounds("age", 0, 120).columns[0].high == 120
    with pytest.raises(SchemaError, match="in order"):
        schema.with_bounds("age", 3, 1)
    with pytest.raises(SchemaError, match="is a category"):
        schema.with_bounds("c", 0)
    with pytest.raises(SchemaError, match="no column 'hight'"):
        schema.with_bounds("hight", 0)


def dated_table():
    """895 days from 2020 on, with a time zone, as durations, and as integers that are counted from the smallest."""
    days = pd.date_range("2020-01-01", periods=895, freq="D")
    whole = 2**60 + np.arange(895) // 2 * 2  # each twice: no identifiers
    return pd.DataFrame({"since": days, "zone": days.tz_localize("Asia/Tokyo"), "age": days - days[0], "whole": whole})


@pytest.mark.parametrize("bound", [2019, 2019.5, np.int64(2019), True, "soon"])
def test_bounds_of_dates_and_durations_are_no_numbers(bound):
    schema = Schema.infer(dated_table())
    with pytest.raises(SchemaError, match="'since' must be dates such as '2019-01-31' or None, got"):
        schema.with_bounds("since", bound)
    with pytest.raises(SchemaError, match="'age' must be durations such as '5 days' or None, got"):
        schema.with_bounds("age", high=bound)


@pytest.mark.parametrize(
    ("name", "low", "high", "said"),
    [
        ("since", date(2020, 2, 1), None, "from 2020-01-01 to 2022-06-13, outside its bounds \\[2020-02-01, inf\\]"),
        ("since", None, np.datetime64("2021-01-01"), "outside its bounds \\[-inf, 2021-01-01\\]"),
        ("zone", "2020-01-02", None, "from 2020-01-01 00:00:00\\+09:00 to .* \\[2020-01-02 00:00:00\\+09:00, inf\\]"),
        ("age", np.timedelta64(5, "h"), "9 days", "to 894 days.* \\[0 days 05:00:00, 9 days 00:00:00\\]"),
        ("whole", 2**60 + 5, None, f"from {2**60} to {2**60 + 894}, outside its bounds \\[{2**60 + 5}, inf\\]"),
    ],
)
def test_rows_beyond_bounds_are_told_in_the_words_of_the_column(name, low, high, said):
    table = dated_table()
    schema = Schema.infer(table).with_bounds(name, low, high)
    with pytest.raises(SchemaError, match=f"'{name}' has values .*{said}"):
        IndependentColumns(schema=schema).fit(table)


def test_repeated_names_raise():
    df = pd.DataFrame([[1, 2]], columns=["a", "a"])
    with pytest.raises(SchemaError, match="unique"):
        Schema.infer(df)


@pytest.mark.parametrize(
    ("rows", "how"),
    [
        (pl.LazyFrame({"a": [1, 2]}), "a LazyFrame: collect\\(\\)"),
        (pa.table({"a": [1, 2]}), "a Table: to_pandas\\(\\) or polars.from_arrow"),
        (pa.record_batch({"a": [1, 2]}), "a RecordBatch: to_pandas\\(\\)"),
        ({"a": [1, 2]}, "a dict: pandas.DataFrame"),
        ("rows.csv", "a str: pandas.read_csv"),
    ],
    ids=["lazy", "arrow", "batch", "dict", "path"],
)
def test_what_holds_rows_but_is_no_table_is_told_the_way_to_one(rows, how):
    model = IndependentColumns().fit(pd.DataFrame({"a": [1, 2]}))
    for verb in (Schema.infer, IndependentColumns().fit, model.score_samples):
        with pytest.raises(TypeError, match=f"Expected a table of rows and columns, got {how}"):
            verb(rows)


def test_dates_beyond_the_reach_of_nanoseconds_are_values_and_bounds():
    days = pd.to_datetime(["2020-01-01", "9999-12-31", "1965-03-01"] * 4).astype("datetime64[us]")
    schema = Schema.infer(pd.DataFrame({"day": days})).with_bounds("day", high=date(9999, 12, 31))
    assert schema.columns[0].write(schema.columns[0].high) == "9999-12-31"
    assert to_number("9999-12-31", schema.columns[0]) == schema.columns[0].high
    for none in (pd.NaT, float("nan"), [0, 1]):
        with pytest.raises(SchemaError, match="or None"):
            schema.with_bounds("day", low=none)


def test_no_warning_of_objects_that_are_to_be_categories():
    frame = pd.DataFrame({"d": [date(2020, 1, 1 + i) for i in range(30)]})
    with pytest.warns(IdentifierColumnWarning, match="holds dates as objects"):
        Schema.infer(frame)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Schema.infer(frame, categorical_features=["d"])
