"""The codec: exact round trips, reserved cells, offsets, heavy values, and containers."""

from decimal import Context, Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from skgen import IndependentColumns, Schema, TableCodec
from skgen.exceptions import SchemaError

RNG = np.random.default_rng(1)
N = 300


def pandas_table():
    df = pd.DataFrame(
        {
            "Int64": pd.array(RNG.integers(0, 5, N), dtype="Int64"),
            "str": RNG.choice(["x", "y", "zz"], N),
            "object": pd.Series(RNG.choice(["x", "y"], N), dtype=object),
            "ordered": pd.Categorical(RNG.choice(["u", "v"], N), categories=["v", "w", "u"], ordered=True),
            "numbers": pd.Categorical(RNG.choice([3, 1], N)),
            "cut": pd.cut(RNG.normal(size=N), 3),
            "zone": pd.date_range("2020-03-01", periods=N, freq="h", tz="Europe/Berlin"),
            "days": pd.to_datetime(RNG.integers(0, 1000, N), unit="D"),
            "spans": pd.to_timedelta(RNG.integers(0, 1000, N), unit="s"),
            "bool": RNG.random(N) < 0.3,
            "boolean": pd.array(RNG.random(N) < 0.3, dtype="boolean"),
            "float32": RNG.normal(size=N).round(3).astype("float32"),
            "Float64": pd.array(RNG.normal(size=N).round(2), dtype="Float64"),
            "constant": 5,
            "odd_constant": 3.14159265,
            "all_missing": np.nan,
            "no_time": pd.Series([pd.NaT] * N),
            "int8": RNG.integers(-5, 5, N).astype("int8"),
            "uint64": RNG.integers(2**60, 2**60 + 99, N).astype("uint64"),
            "amount": np.where(RNG.random(N) < 0.6, 0, RNG.gamma(2, 10, N).round(2)),
        }
    )
    gaps = RNG.random(N) < 0.2
    df.loc[gaps, ["Int64", "str", "ordered", "zone", "spans", "boolean", "Float64", "amount", "object"]] = None
    return df


def decimals(places):
    return [Decimal(int(number)).scaleb(-places) for number in RNG.integers(-(10**6), 10**6, N)]


def arrow_table():
    """Columns of pyarrow's dtypes, most of which pandas cannot make from their names."""
    days = pd.Series(pd.date_range("2020-03-01", periods=N, freq="h"))
    cells = {
        pa.decimal128(10, 2): decimals(2),
        pa.decimal128(38, 18): decimals(4),
        pa.decimal256(60, 3): decimals(3),
        pa.decimal128(9, -2): [Decimal(int(number)).scaleb(2) for number in RNG.integers(0, 99, N)],
        pa.dictionary(pa.int8(), pa.string()): RNG.choice(["x", "y"], N).tolist(),
        pa.dictionary(pa.int32(), pa.int64(), ordered=True): RNG.integers(0, 3, N).tolist(),
        pa.string(): RNG.choice(["x", "y"], N),
        pa.large_string(): RNG.choice(["x", "y"], N),
        pa.timestamp("us", "UTC"): days.dt.tz_localize("UTC"),
        pa.timestamp("s"): days,
        pa.duration("ms"): days - days[0],
        pa.date32(): days.dt.date,
        pa.int8(): RNG.integers(0, 5, N),
        pa.float64(): RNG.normal(size=N).round(2),
        pa.bool_(): RNG.random(N) < 0.3,
    }
    gaps = pd.Series(RNG.random(N) < 0.2)
    return pd.DataFrame({str(t): pd.Series(x, dtype=pd.ArrowDtype(t)).mask(gaps) for t, x in cells.items()})


def polars_table():
    table = pl.DataFrame(
        {
            "i": RNG.integers(0, 5, N),
            "s": RNG.choice(["x", "y"], N),
            "enum": pl.Series(RNG.choice(["x", "y"], N), dtype=pl.Enum(["y", "x", "unused"])),
            "cat": pl.Series(RNG.choice(["x", "y"], N), dtype=pl.Categorical),
            "date": pl.Series(RNG.integers(0, 500, N)).cast(pl.Date),
            "time": pl.Series(RNG.integers(0, 500, N) * 10**6).cast(pl.Datetime("us", "UTC")),
            "span": pl.Series(RNG.integers(0, 500, N) * 10**6).cast(pl.Duration("us")),
            "f": RNG.normal(size=N).round(2),
            "b": RNG.random(N) < 0.3,
            "i8": pl.Series(RNG.integers(0, 5, N), dtype=pl.Int8),
            "price": pl.Series(decimals(2), dtype=pl.Decimal(10, 2)),
            "fine": pl.Series(decimals(4), dtype=pl.Decimal(38, 18)),
            "null": pl.Series([None] * N),
        }
    )
    gaps = pl.Series(RNG.random(N) < 0.2)
    return table.with_columns(pl.when(gaps).then(None).otherwise(pl.col("*")).name.keep())


def test_pandas_round_trip_is_exact():
    df = pandas_table()
    codec = TableCodec().fit(df)
    Z = codec.encode(df)
    back = codec.decode(codec.place(Z, np.random.default_rng(0)))
    pd.testing.assert_frame_equal(back, df, check_exact=True)
    assert codec.seen(Z).all()


def test_polars_round_trip_is_exact():
    table = polars_table()
    codec = TableCodec().fit(table)
    assert codec.decode(codec.encode(table)).equals(table)
    assert codec.decode(codec.encode(table)).schema == table.schema


def test_round_trip_of_arrow_dtypes_is_exact():
    df = arrow_table()
    codec = TableCodec().fit(df, schema=Schema.from_json(Schema.infer(df).to_json()))
    back = codec.decode(codec.place(codec.encode(df), np.random.default_rng(0)))
    pd.testing.assert_frame_equal(back, df, check_exact=True)


@pytest.mark.parametrize(
    "make",
    [
        lambda cells: pd.DataFrame({"x": pd.Series(cells, dtype=pd.ArrowDtype(pa.decimal128(10, 2)))}),
        lambda cells: pl.DataFrame({"x": pl.Series(cells, dtype=pl.Decimal(10, 2))}),
    ],
    ids=["pandas", "polars"],
)
@pytest.mark.parametrize("cells", [decimals(2), [Decimal("0.01"), Decimal("0.02"), None] * 20, [None] * 9])
@pytest.mark.parametrize("categories", [[], ["x"]])
def test_decimals_keep_their_dtype_and_no_cell_is_finer_than_they_are(make, cells, categories):
    table = make(cells)
    schema = Schema.infer(table, categorical_features=categories)
    drawn = IndependentColumns(schema=schema, random_state=0).fit(table).sample(200)
    assert drawn["x"].dtype == table["x"].dtype
    assert schema.resolutions[0] in (0, 0.01)
    if len(set(cells)) < 9:
        assert set(drawn["x"].to_list()) <= {*table["x"].to_list()}


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (
            pd.DataFrame({"x": pd.Series([[1]], dtype=pd.ArrowDtype(pa.list_(pa.int64())))}),
            "list.*Convert it before fit",
        ),
        (pd.DataFrame({"x": pd.Series([b"a"], dtype=pd.ArrowDtype(pa.binary(1)))}), "binary.*Convert it before fit"),
        (pl.DataFrame({"x": pl.Series([1, 2], dtype=pl.Int128)}), "128 bits. Cast them to Int64"),
        (pl.DataFrame({"x": pl.Series([object()], dtype=pl.Object)}), "Python objects. Cast them to text"),
    ],
    ids=["list", "bytes", "wide", "objects"],
)
def test_dtypes_that_cannot_be_given_back_are_refused_at_once(table, said):
    with pytest.raises(SchemaError, match=f"Column 'x'.*{said}"):
        Schema.infer(table)


@pytest.mark.parametrize("digits, places", [(18, 2), (30, 5)])
def test_the_widest_decimals_come_back(digits, places):
    """The double that is nearest to 99...9 has one digit more."""
    most = Decimal(10**digits - 1).scaleb(-places, Context(prec=76))
    cells = [most, most.copy_negate(), Decimal(1), None] * 20
    for table in (
        pl.DataFrame({"x": pl.Series(cells, dtype=pl.Decimal(digits, places))}),
        pd.DataFrame({"x": pd.array(cells, dtype=pd.ArrowDtype(pa.decimal128(digits, places)))}),
    ):
        drawn = IndependentColumns(random_state=0).fit(table).sample(500)["x"]
        assert drawn.dtype == table["x"].dtype and (drawn.min(), drawn.max()) == (most.copy_negate(), most)


@pytest.mark.parametrize("levels", [["a", "b"], [Decimal("1.25"), Decimal("2.50")]])
def test_categories_keep_dtypes_of_arrow(levels):
    dtype = pd.ArrowDtype(pa.string() if levels[0] == "a" else pa.decimal128(10, 2))
    table = pd.DataFrame({"x": pd.Series(pd.array(levels * 20, dtype=dtype)).astype("category")})
    assert IndependentColumns(random_state=0).fit(table).sample(20)["x"].dtype == table["x"].dtype


@pytest.mark.parametrize(
    "X",
    [
        RNG.normal(size=(20, 2)).astype("float32"),
        RNG.integers(0, 9, (20, 2)),
        RNG.random((20, 2)) < 0.5,
        np.array([["a", 1, 2.5], ["b", 2, None]] * 5, dtype=object),
        np.array([["a", "x"], ["b", "y"]]),
    ],
    ids=lambda X: str(X.dtype),
)
def test_array_round_trip(X):
    back = TableCodec().fit(X)
    back = back.decode(back.encode(X))
    assert back.dtype == X.dtype
    assert pd.DataFrame(back).fillna(-1).equals(pd.DataFrame(X).fillna(-1))


def test_frames_of_two_libraries_encode_alike():
    df = pd.DataFrame({"a": [1, 2, 3], "s": ["x", "y", "x"]})
    codec = TableCodec().fit(df)
    np.testing.assert_array_equal(codec.encode(pl.DataFrame(df.to_dict("list"))), codec.encode(df))


def test_reserved_cells():
    df = pd.DataFrame({"c": pd.Categorical(["a", "b", "a"], categories=["a", "b", "unused"]), "x": [1, 2, 7]})
    df = df.loc[df.index.repeat(5)]  # fewer rows of a value than five make no list of levels
    codec = TableCodec().fit(df)
    held_out = pd.DataFrame({"c": ["unused", "unknown", "a", None], "x": [1, 9, 3, np.nan]})
    np.testing.assert_array_equal(codec.encode(held_out), [[2, 1], [2, 9], [0, 3], [np.nan, np.nan]])
    assert not codec.seen(codec.encode(held_out)).any()
    assert codec.columns[0].rho == codec.columns[1].rho == 1 / 17


def test_numbers_of_few_rows_are_no_list_of_levels():
    """Twenty-five rows of a fine grid show 25 values, which says nothing of the numbers between them."""
    x = np.random.default_rng(0).normal(50, 10, 25).round(1)
    codec = TableCodec().fit(pd.DataFrame({"x": x, "few": np.arange(25) % 3}))
    number, few = codec.columns
    assert not len(number.values) and few.values.tolist() == [0, 1, 2]
    between = np.setdiff1d(np.arange(450, 550) / 10, x)[:1]
    assert codec.seen(codec.encode(pd.DataFrame({"x": between, "few": [1]}))).all()


@pytest.mark.parametrize(
    ("values", "n", "is_list"),
    [
        ([0, 1], 2, True),  # between neighbours lies nothing
        ([0, 1], 8, True),
        ([0, 7], 3, False),
        ([1, 10, 100], 9, True),
        (pd.date_range("2020-01-01", periods=24, freq="MS"), 60, True),  # 60 of 700 days would show 57
        (np.arange(22) / 10, 60, False),  # 60 of 22 places show about all
        (np.arange(12) / 10, 60, True),
        ([5], 1, True),
    ],
)
def test_values_far_fewer_than_chance_would_show_are_a_list(values, n, is_list):
    x = np.resize(np.asarray(values), n)
    (column,) = TableCodec().fit(pd.DataFrame({"x": x})).columns
    assert bool(len(column.values)) == is_list


@pytest.mark.parametrize(
    "draw",
    [
        lambda rng: np.where(rng.random(60) < 0.05, 999, rng.normal(5.8, 0.8, 60).round(1)),
        lambda rng: np.where(rng.random(60) < 0.05, 9999, rng.integers(1, 31, 60)),
        lambda rng: np.where(rng.random(60) < 0.5, 0, (10 * rng.pareto(1.2, 60)).astype(int)),
        lambda rng: rng.lognormal(2, 1, 60).astype(int),
    ],
)
def test_far_values_make_no_list_of_the_others(draw):
    """Between values that reach far the range has many places, of which rows hardly ever show one."""
    lists = [
        len(TableCodec().fit(pd.DataFrame({"x": draw(np.random.default_rng(s))})).columns[0].values) for s in range(9)
    ]
    assert np.count_nonzero(lists) <= 1


def test_dates_of_few_days_are_a_list():
    months = pd.date_range("2020-01-01", periods=24, freq="MS")
    drawn = [months[np.random.default_rng(seed).integers(24, size=60)] for seed in range(9)]
    lists = [len(TableCodec().fit(pd.DataFrame({"x": x})).columns[0].values) for x in drawn]
    assert np.count_nonzero(lists) >= 8


@pytest.mark.parametrize("values", [[0, 0, 1], [0, 7, 7], [0, 0, 0, 0, 0, 0, 1], [2, 9], [0, 1, 5, 5]])
def test_a_column_of_few_rows_has_a_law(values):
    """Held-out rows may leave a single place, through which goes no spline."""
    frame = pd.DataFrame({"x": values})
    model = IndependentColumns(random_state=0).fit(frame)
    assert np.isfinite(model.score_samples(frame)).all() and len(model.sample(5)) == 5


def test_heavy_values_smooth_columns_and_values_that_count_as_categories():
    n = 5000
    df = pd.DataFrame(
        {
            "smooth": RNG.normal(size=n) * 1e4,
            "amount": np.where(RNG.random(n) < 0.5, 0.0, RNG.gamma(2, 1000, n).round(2)),
            "few": RNG.integers(0, 20, n),
            "many": RNG.integers(0, 500, n),
        }
    )
    smooth, amount, few, many = TableCodec().fit(df).columns
    assert smooth.smooth and amount.smooth and not few.smooth and not many.smooth
    assert amount.heavy.tolist() == [0.0] and len(smooth.heavy) == len(many.heavy) == 0
    assert few.values.tolist() == list(range(20)) and not len(many.values)


def test_weights_equal_repeats():
    df = pd.DataFrame({"x": RNG.gamma(2, 10, 80).round(1), "c": RNG.choice(["a", "b"], 80)})
    w = RNG.integers(1, 5, 80)
    weighted = TableCodec().fit(df, sample_weight=w)
    repeated = TableCodec().fit(df.loc[df.index.repeat(w)], schema=weighted.schema)
    for a, b in zip(weighted.columns, repeated.columns):
        for key in ("rho", "lower", "upper", "scale_below", "scale_above", "heavy", "values", "n_codes"):
            np.testing.assert_allclose(a.to_state()[key], b.to_state()[key], rtol=1e-12)


def test_places_inside_a_cell_survive():
    x = np.append(RNG.integers(0, 3, 1000), [1.25] * 30).astype(float)
    codec = TableCodec().fit(pd.DataFrame({"x": x}))
    Z = np.ones((100_000, 1))
    drawn = codec.decode(codec.place(Z, np.random.default_rng(0)))["x"]
    assert set(drawn) == {1.0, 1.25}
    expected = 30 / (30 + (x == 1).sum())
    assert abs((drawn == 1.25).mean() - expected) < 4.9 * np.sqrt(expected / 100_000)


def test_a_column_of_100_000_levels_costs_one_column():
    levels = [f"v{i:06d}" for i in RNG.permutation(100_000)]
    df = pd.DataFrame({"s": levels + levels[:10_000]})
    codec = TableCodec().fit(df, schema=Schema.infer(df))
    Z = codec.encode(df)
    assert Z.shape == (110_000, 1) and codec.columns[0].n_codes == 100_000
    assert codec.decode(Z)["s"].tolist() == df["s"].tolist()


def test_wrong_tables_raise():
    codec = TableCodec().fit(pd.DataFrame({"x": [1, 2], "t": pd.to_datetime(["2020", "2021"])}))
    with pytest.raises(SchemaError, match="must be those of fit"):
        codec.encode(pd.DataFrame({"x": [1]}))
    with pytest.raises(SchemaError, match="held numbers in fit, got text"):
        codec.encode(pd.DataFrame({"x": ["a"], "t": pd.to_datetime(["2020"])}))
    with pytest.raises(SchemaError, match="held datetime cells"):
        codec.encode(pd.DataFrame({"x": [1], "t": [3.5]}))
    with pytest.raises(SchemaError, match="had no time zone in fit, now the time zone Asia/Tokyo"):
        codec.encode(pd.DataFrame({"x": [1], "t": pd.to_datetime(["2020"]).tz_localize("Asia/Tokyo")}))
    with pytest.raises(SchemaError, match="held text in fit, got numbers such as 3"):
        TableCodec().fit(pd.DataFrame({"s": ["a", "b"]})).encode(pd.DataFrame({"s": [3, 4]}))
    with pytest.raises(ValueError, match="infinity in columns \\['x'\\]"):
        codec.encode(pd.DataFrame({"x": [np.inf], "t": pd.to_datetime(["2020"])}))


def test_bounds_hold():
    df = pd.DataFrame({"age": [3, 50]})
    schema = Schema.infer(df).with_bounds("age", 0, 40)
    with pytest.raises(SchemaError, match="outside its bounds"):
        TableCodec().fit(df, schema=schema)


def test_state_round_trip():
    df = pandas_table()
    for view in ("typed", "real"):
        codec = TableCodec(view=view).fit(df)
        twin = TableCodec.from_state(codec.to_state())
        encoded, again = (c.encode(df) if view == "real" else (c.encode(df),) for c in (codec, twin))
        for a, b in zip(encoded, again):
            np.testing.assert_array_equal(a, b)
        assert twin.schema == codec.schema


def test_weights_with_rounding_errors_have_a_law():
    """Weights less a fold's leave residues, which are no rows."""
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"x": rng.lognormal(size=1500).round(6)})
    weight = rng.integers(1, 4, size=1500).astype(float)
    model = IndependentColumns(random_state=0).fit(frame, sample_weight=weight / weight.mean())
    assert np.isfinite(model.score_samples(frame)).all()
