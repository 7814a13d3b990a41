"""Tables behind transformers: the base measure is that of the original rows, and everything else passes."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn.mixture
import sklearn.neighbors
from scipy import stats
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MinMaxScaler,
    OrdinalEncoder,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)

from skgen import (
    MISSING,
    AutoregressiveTrees,
    GaussianMixture,
    KernelDensity,
    Schema,
    TransformedDensity,
    compare_densities,
    make_density_pipeline,
)
from skgen.exceptions import GivenError, SchemaError

MIXTURE = GaussianMixture(2, random_state=0)


def table(n=400, seed=0):
    rng = np.random.default_rng(seed)
    city = rng.integers(3, size=n)
    frame = pd.DataFrame(
        {
            "age": np.round(40 + 8 * rng.normal(size=n) + 4 * city).astype(int),
            "income": np.round(np.exp(7 + 0.6 * rng.normal(size=n) + 0.3 * city), 2),
            "city": np.array(["Rome", "Lima", "Oslo"])[city],
            "zeros": np.where(rng.random(n) < 0.3, 0.0, np.round(rng.gamma(3, 5, size=n), 1)),
            "day": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 500, size=n), unit="D"),
        }
    )
    frame.loc[rng.random(n) < 0.1, "income"] = np.nan
    return frame


def on(transformer, *columns):
    return ColumnTransformer([("t", transformer, list(columns))], remainder="passthrough")


SCALED = on(StandardScaler(), "age", "income", "zeros")
LOGGED = on(FunctionTransformer(np.log), "income")


@pytest.mark.parametrize("scaler", [StandardScaler(), MinMaxScaler((-3, 8)), RobustScaler()], ids=repr)
@pytest.mark.parametrize("density", [MIXTURE, KernelDensity(random_state=0)], ids=["mixture", "kernel"])
def test_scalers_change_nothing(scaler, density):
    """Cells keep their mass: scores of a scaled table are those without a scaler."""
    frame = table()
    plain = density.fit(frame)
    model = TransformedDensity(on(scaler, "zeros", "age", "income"), density).fit(frame)
    assert model.schema_ == Schema.infer(frame)
    np.testing.assert_allclose(model.score_samples(frame), plain.score_samples(frame), atol=1e-9)
    for given in (["age"], ["city", "income"]):
        expected = plain.score_samples(frame, given=given)
        np.testing.assert_allclose(model.score_samples(frame, given=given), expected, atol=1e-9)


def test_cells_of_a_scaled_column_sum_to_one():
    ages = table()[["age"]]
    model = TransformedDensity(StandardScaler(), MIXTURE).fit(ages)
    every = pd.DataFrame({"age": np.arange(-60, 160)})
    reserved = np.exp(model.score_samples(pd.DataFrame({"age": [np.nan]})))[0]
    assert reserved == pytest.approx(1 / (len(ages) + 2))
    assert np.exp(model.score_samples(every)).sum() + reserved == pytest.approx(1, abs=1e-8)


@pytest.mark.parametrize("transformer", [FunctionTransformer(np.log), PowerTransformer("box-cox")], ids=repr)
def test_a_smooth_column_takes_the_slope_at_the_centre(transformer):
    frame = table(3_000)[["income"]].dropna().reset_index(drop=True)
    model = TransformedDensity(transformer, GaussianMixture(random_state=0)).fit(frame)
    cells = np.geomspace(1, 1e6, 40_000).round(2)
    cells = np.unique(cells)
    density = np.exp(model.score_samples(pd.DataFrame({"income": cells})))
    assert np.trapezoid(density, cells) == pytest.approx(1, abs=5e-3)
    array = TransformedDensity(transformer, GaussianMixture(random_state=0)).fit(frame.to_numpy())
    assert model.score(frame) == pytest.approx(array.score(frame.to_numpy()), abs=5e-3)


def test_a_table_behind_a_logarithm_fits_better():
    frame, held = table(1_000), table(500, seed=1)
    plain = GaussianMixture(3, random_state=0).fit(frame)
    model = TransformedDensity(LOGGED, GaussianMixture(3, random_state=0)).fit(frame)
    assert model.score(held) > plain.score(held) + 0.05
    missing = held["income"].isna()
    assert missing.any() and np.isfinite(model.score_samples(held)).all()
    rows = model.sample(2_000, random_state=0)
    assert (rows.dtypes == frame.dtypes).all() and list(rows) == list(frame)
    assert abs(rows["income"].isna().mean() - frame["income"].isna().mean()) < 0.05
    assert (rows["income"].dropna() > 0).all()
    np.testing.assert_array_equal(rows["income"], rows["income"].round(2))
    for name in ("income", "age"):
        assert frame[name].min() <= rows[name].min() and rows[name].max() <= frame[name].max()
    assert abs(np.log(rows["income"]).mean() - np.log(frame["income"]).mean()) < 0.1


def test_columns_that_are_not_smooth_are_refused_under_a_bent_map():
    with pytest.raises(SchemaError, match="'zeros' is not smooth .the value 0 is heavy"):
        TransformedDensity(on(FunctionTransformer(np.log1p), "zeros"), MIXTURE).fit(table())
    with pytest.raises(SchemaError, match="'age' is not smooth .many rows share a cell|'age' is not smooth"):
        TransformedDensity(on(PowerTransformer(), "age"), MIXTURE).fit(table())
    with pytest.raises(SchemaError, match="'age' is not smooth"):
        TransformedDensity(on(PCA(), "age", "day"), MIXTURE).fit(table().assign(day=table()["income"].fillna(1.0)))
    counts = np.random.default_rng(0).poisson(3, size=(200, 1))
    with pytest.raises(SchemaError, match="0 is not smooth"):
        TransformedDensity(FunctionTransformer(np.log1p), MIXTURE).fit(counts)


def test_columns_that_are_no_numbers_are_refused():
    frame = table().assign(city=np.where(table()["city"] == "Rome", "1", "2"))  # texts that a scaler takes for numbers
    with pytest.raises(SchemaError, match="'city' is a category, which the transformer cannot change"):
        TransformedDensity(StandardScaler(), MIXTURE).fit(frame[["age", "city"]])
    theirs = sklearn.mixture.GaussianMixture()
    with pytest.raises(SchemaError, match="'city' is no number, and GaussianMixture here reads points"):
        TransformedDensity(on(StandardScaler(), "age"), theirs).fit(frame[["age", "city"]])
    with pytest.raises(SchemaError, match="'age' is not smooth"):
        TransformedDensity(StandardScaler(), theirs, schema=Schema.infer(frame[["age"]])).fit(frame[["age"]])


def test_a_density_of_sklearn_reads_points():
    frame = table(2_000)[["income"]].dropna().reset_index(drop=True)
    model = TransformedDensity(FunctionTransformer(np.log), sklearn.mixture.GaussianMixture(random_state=0)).fit(frame)
    x = np.log(frame.to_numpy())
    by_hand = -0.5 * ((x - x.mean()) / x.std()) ** 2 - np.log(x.std() * np.sqrt(2 * np.pi)) - x
    incomes = by_hand[:, 0]
    np.testing.assert_allclose(model.score_samples(frame), incomes, atol=1e-4)
    rows = model.sample(10)
    assert list(rows) == ["income"] and model.schema_.columns[0].resolution == 0
    ages = table()[["age"]]
    theirs = sklearn.mixture.GaussianMixture(random_state=0)
    model = TransformedDensity(StandardScaler(), theirs).fit(ages)
    by_hand = stats.norm(ages["age"].mean(), ages["age"].std(ddof=0)).logpdf(ages["age"])
    np.testing.assert_allclose(model.score_samples(ages), by_hand, atol=1e-4)
    assert model.sample(3)["age"].dtype == np.float64 and model.schema_.columns[0].resolution == 0
    frozen = FrozenEstimator(GaussianMixture(random_state=0).fit(np.log(frame)))
    model = TransformedDensity(FunctionTransformer(np.log), frozen).fit(frame)
    np.testing.assert_allclose(model.score_samples(frame), incomes, atol=1e-3)
    assert model.sample(3, given={"income": 1234.56})["income"].tolist() == [1234.56] * 3


@pytest.mark.parametrize("transformer", [SCALED, LOGGED], ids=["scaled", "logged"])
def test_conditions_of_a_table(transformer):
    frame = table()
    model = TransformedDensity(transformer, MIXTURE).fit(frame)
    rows = model.sample(40, given={"age": 44, "income": pd.Interval(500, 2_000), "city": ["Rome", "Oslo"]})
    assert (
        (rows["age"] == 44).all() and rows["income"].between(500, 2_000).all() and set(rows["city"]) <= {"Rome", "Oslo"}
    )
    assert model.sample(5, given={"income": MISSING})["income"].isna().all()
    assert model.sample(50, given={"income": None})["income"].notna().all()
    exact = model.sample(300, given={"age": pd.Interval(40, 41, closed="both")})["age"]
    assert set(exact) == {40, 41}
    assert set(model.sample(300, given={"age": pd.Interval(40, 42, closed="neither")})["age"]) == {41}
    assert set(model.sample(100, given={"income": [1000.25, 888.88]})["income"]) == {1000.25, 888.88}
    asked = pd.DataFrame({"income": [1234.56, np.nan, 777.77], "city": ["Rome", "Lima", None], "age": [30, 40, 50]})
    rows = model.sample(given=asked)
    assert rows["income"][0] == 1234.56 and rows["income"][2] == 777.77 and rows["income"].notna().all()
    assert rows["age"].tolist() == [30, 40, 50] and rows["city"].tolist()[:2] == ["Rome", "Lima"]
    with pytest.raises(GivenError, match="'city', which fit did not see"):
        model.sample(2, given={"city": "Kyiv"})


def test_other_containers_come_back():
    frame = table()
    plain = TransformedDensity(SCALED, MIXTURE).fit(frame)
    model = TransformedDensity(SCALED, MIXTURE).fit(pl.from_pandas(frame))
    np.testing.assert_allclose(model.score_samples(pl.from_pandas(frame)), plain.score_samples(frame), atol=1e-9)
    rows = model.sample(5, given={"age": 40})
    assert isinstance(rows, pl.DataFrame) and rows.schema == pl.from_pandas(frame).schema
    assert rows["age"].to_list() == [40] * 5
    mixed = frame[["age", "city"]].to_numpy(dtype=object)
    model = TransformedDensity(ColumnTransformer([("s", StandardScaler(), [0])], remainder="passthrough"), MIXTURE)
    rows = model.fit(mixed).sample(5)
    expected = GaussianMixture(2, random_state=0).fit(mixed)
    np.testing.assert_allclose(model.score_samples(mixed), expected.score_samples(mixed), atol=1e-9)
    assert rows.dtype == object and isinstance(rows[0, 1], str)


def test_arrays_with_categories_keep_them():
    X = np.column_stack([np.random.default_rng(0).normal(3, 2, 300), np.random.default_rng(1).integers(3, size=300)])
    density = GaussianMixture(2, random_state=0)
    transformer = ColumnTransformer([("o", OrdinalEncoder(), [1]), ("s", StandardScaler(), [0])])
    model = TransformedDensity(transformer, density, categorical_features=[1]).fit(X)
    expected = density.set_params(categorical_features=[1]).fit(X).score_samples(X)
    np.testing.assert_allclose(model.score_samples(X), expected, atol=1e-9)
    assert set(model.sample(200)[:, 1]) == {0.0, 1.0, 2.0}
    assert (model.sample(20, given={1: 2.0})[:, 1] == 2).all()


def test_stated_schemas_are_of_the_original_rows():
    frame = table()[["age", "income"]].dropna().reset_index(drop=True)
    schema = Schema.infer(frame).with_bounds("age", 0, 120)
    model = TransformedDensity(StandardScaler(), MIXTURE, schema=schema).fit(frame)
    plain = GaussianMixture(2, schema=schema, random_state=0).fit(frame)
    assert model.schema_ == schema
    np.testing.assert_allclose(model.score_samples(frame), plain.score_samples(frame), atol=1e-9)
    assert model.density.schema is None, "the parameter is left as it is"
    assert model.density_.schema_.columns[0].low == pytest.approx(
        (0 - frame["age"].mean()) / frame["age"].std(ddof=0), abs=0.1
    )
    with pytest.raises(ValueError, match="pass them to TransformedDensity"):
        TransformedDensity(StandardScaler(), GaussianMixture(schema=schema)).fit(frame)
    with pytest.raises(ValueError, match="not both"):
        TransformedDensity(StandardScaler(), MIXTURE, schema=schema, categorical_features=["age"]).fit(frame)
    table_ = compare_densities(
        {"plain": MIXTURE, "scaled": make_density_pipeline(StandardScaler(), MIXTURE)}, frame, cv=2, random_state=0
    )
    assert table_.to_frame()["nats"].to_numpy() == pytest.approx(table_.to_frame()["nats"].iloc[0], abs=1e-9)


def test_nets_of_trees_read_scaled_tables():
    frame = table()
    model = TransformedDensity(SCALED, AutoregressiveTrees(random_state=0)).fit(frame)
    plain = AutoregressiveTrees(random_state=0).fit(frame)
    assert model.score(frame) == pytest.approx(plain.score(frame), abs=0.1)
    assert (model.sample(20).dtypes == frame.dtypes).all()


def test_quantiles_keep_the_range():
    frame = table(800)[["income", "city"]].dropna().reset_index(drop=True)
    transformer = on(QuantileTransformer(n_quantiles=50, output_distribution="normal"), "income")
    model = TransformedDensity(transformer, GaussianMixture(random_state=0)).fit(frame)
    assert model.mass_ > 0.999
    rows = model.sample(500)
    assert rows["income"].between(frame["income"].min(), frame["income"].max()).all()
    assert model.score_samples(pd.DataFrame({"income": [1e7], "city": ["Rome"]}))[0] == -np.inf


def test_weights_reach_the_parts_of_a_column_transformer():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.lognormal(size=(150, 2)), columns=["a", "b"])
    weight = rng.integers(1, 5, size=150)
    transformer = ColumnTransformer(
        [("a", StandardScaler(), ["a"]), ("b", make_pipeline(FunctionTransformer(np.log), StandardScaler()), ["b"])]
    )
    model = TransformedDensity(transformer, sklearn.neighbors.KernelDensity(bandwidth=0.4))
    weighted = model.fit(frame, sample_weight=weight).score_samples(frame)
    repeated = model.fit(frame.loc[frame.index.repeat(weight)]).score_samples(frame)
    np.testing.assert_allclose(weighted, repeated, atol=1e-9)


@pytest.mark.parametrize(
    "transformer",
    [
        make_pipeline(StandardScaler()),
        make_pipeline("passthrough", StandardScaler()),
        ColumnTransformer([("x", StandardScaler(), [0])], remainder="passthrough"),
        make_pipeline(ColumnTransformer([("x", StandardScaler(), [0])], remainder=StandardScaler())),
    ],
    ids=repr,
)
def test_weights_reach_a_single_part(transformer):
    rng = np.random.default_rng(0)
    X, weight = rng.lognormal(size=(150, 2)), rng.integers(1, 5, size=150)
    model = TransformedDensity(transformer, sklearn.neighbors.KernelDensity(bandwidth=0.4))
    weighted = model.fit(X, sample_weight=weight).score_samples(X)
    repeated = model.fit(np.repeat(X, weight, axis=0)).score_samples(X)
    np.testing.assert_allclose(weighted, repeated, atol=1e-9)


def test_a_frozen_part_is_left_as_it_was():
    X = np.random.default_rng(0).lognormal(size=(150, 2))
    scaler = StandardScaler().fit(X)
    before = dict(vars(scaler))
    chain = make_pipeline(FrozenEstimator(scaler), MinMaxScaler(), StandardScaler())
    TransformedDensity(chain, MIXTURE).fit(X, sample_weight=np.arange(1, 151))
    assert vars(scaler).keys() == before.keys()
