"""GenerativeImputer: closed-form conditionals, calibrated intervals, tables of any container."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.frozen import FrozenEstimator
from sklearn.impute import IterativeImputer, KNNImputer
from sklearn.linear_model import LinearRegression
from sklearn.mixture import GaussianMixture as SklearnMixture
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import (
    check_dataframe_column_names_consistency,
    check_param_validation,
    parametrize_with_checks,
)

from skgen import GaussianMixture, GenerativeImputer, KernelDensity, make_density_pipeline
from skgen.exceptions import SchemaError


@parametrize_with_checks([GenerativeImputer(random_state=0), GenerativeImputer(GaussianMixture(random_state=0))])
def test_sklearn_check(estimator, check):
    check(estimator)


@pytest.mark.parametrize("check", [check_param_validation, check_dataframe_column_names_consistency])
def test_parameters_and_names_are_checked(check):
    check("GenerativeImputer", GenerativeImputer(random_state=0))


def correlated(n=2000, rho=0.8, seed=0):
    rng = np.random.default_rng(seed)
    return rng.multivariate_normal([1.0, -2.0], [[1.0, 2 * rho], [2 * rho, 4.0]], size=n), rng


def test_draws_have_the_closed_form_of_a_normal():
    X, rng = correlated()
    X[rng.random(len(X)) < 0.3, 1] = np.nan
    row = np.array([[2.0, np.nan]])
    imputer = GenerativeImputer(GaussianMixture(random_state=0), random_state=0).fit(X)
    draws = np.array(imputer.sample_imputations(row, 4000))[:, 0, 1]
    assert draws.mean() == pytest.approx(-2 + 1.6, abs=0.1)  # m + rho s (x - 1)
    assert draws.std() == pytest.approx(2 * 0.6, abs=0.08)


def test_rows_missing_at_random_are_learnt_without_bias():
    """Cells are missing where the other column is large: the mean of the cells that are there is far too low."""
    X, _ = correlated(4000)
    whole = X[:, 1].mean()
    X[X[:, 0] > 1.0, 1] = np.nan
    assert np.nanmean(X[:, 1]) < whole - 1.0
    filled = GenerativeImputer(GaussianMixture(random_state=0), random_state=0).fit_transform(X)
    assert filled[:, 1].mean() == pytest.approx(whole, abs=0.15)
    assert filled[:, 1].std() == pytest.approx(2.0, abs=0.15)


def test_rounds_recover_what_a_hot_deck_start_destroys():
    """No row is complete, so the first fit sees columns that are torn apart; the rounds put them together."""
    rng = np.random.default_rng(0)
    z = rng.normal(size=(3000, 1))
    X = z + 0.3 * rng.normal(size=(3000, 4))
    whole = X.copy()
    X[np.arange(3000), rng.integers(4, size=3000)] = np.nan
    errors = {}
    for n_rounds in (1, 10):
        imputer = GenerativeImputer(GaussianMixture(random_state=0), 20, n_rounds=n_rounds, random_state=0)
        filled = imputer.fit_transform(X)
        errors[n_rounds] = np.sqrt(np.mean((filled - whole)[np.isnan(X)] ** 2))
    best = np.sqrt(0.09 + 0.09 / (3 + 0.09))  # given three others
    assert errors[10] < 1.1 * best < errors[1]


def test_transform_is_the_mean_of_the_imputations_and_leaves_known_cells():
    X, rng = correlated(300)
    hole = rng.random(X.shape) < 0.2
    X[hole] = np.nan
    imputer = GenerativeImputer(n_imputations=7, random_state=0).fit(X)
    filled, tables = imputer.transform(X), imputer.sample_imputations(X)
    assert len(tables) == 7
    np.testing.assert_allclose(filled, np.mean(tables, axis=0))
    np.testing.assert_array_equal(filled[~hole], X[~hole])
    np.testing.assert_array_equal(filled, imputer.transform(X))
    other = imputer.sample_imputations(X, 1, random_state=1)[0]
    assert (other[hole] != tables[0][hole]).mean() > 0.9  # draws beyond the range that was seen share its ends


def mixed(n=600, seed=0):
    rng = np.random.default_rng(seed)
    kind = rng.choice(["a", "b", "c"], n)
    x = np.select([kind == "a", kind == "b"], [0.0, 5.0], 10.0) + rng.normal(size=n)
    return pd.DataFrame(
        {
            "kind": pd.Series(kind, dtype="category"),
            "x": x.round(2),
            "count": pd.array((x * 3).round().astype(int), dtype="Int64"),
            "on": x > 5,
            "day": pd.Timestamp("2024-01-01") + pd.to_timedelta((x * 10).round(), unit="D"),
        }
    )


def holed(df, share=0.2, seed=0):
    hide = np.random.default_rng(seed).random(df.shape) < share
    df = df.copy()
    df["on"] = df["on"].astype(object)
    for j in range(df.shape[1]):
        df.iloc[hide[:, j], j] = None
    return df, hide


@pytest.mark.parametrize("density", [None, GaussianMixture(3, random_state=0), KernelDensity(random_state=0, n_jobs=1)])
def test_mixed_frames_keep_their_types_and_find_the_group(density):
    whole = mixed()
    df, hide = holed(whole)
    filled = GenerativeImputer(density, n_imputations=15, random_state=0).fit_transform(df)
    assert not filled.isna().any().any()
    assert (filled.dtypes == df.dtypes).all()
    assert filled.index.equals(df.index)
    for j, name in enumerate(df):  # cells that were there come back as they were written
        assert (filled[name][~hide[:, j]] == df[name][~hide[:, j]]).all()
    lost = hide[:, 0] & ~hide[:, 1]
    assert (filled["kind"] == whole["kind"])[lost].mean() > 0.95
    assert (filled["day"] - whole["day"])[hide[:, 4] & ~hide[:, 1]].abs().mean() < pd.Timedelta("12D")


def test_polars_and_arrays_of_objects():
    df, _ = holed(mixed()[["kind", "x", "on"]])
    frame = pl.DataFrame(
        {"kind": df["kind"].astype(object).where(df["kind"].notna(), None).tolist(), "x": df["x"].tolist()}
    )
    frame = frame.with_columns(pl.col("x").fill_nan(None))
    filled = GenerativeImputer(random_state=0).fit_transform(frame)
    assert filled.schema == frame.schema
    assert filled.null_count().sum_horizontal().item() == 0
    objects = df[["kind", "x"]].astype(object).to_numpy()
    filled = GenerativeImputer(random_state=0).fit_transform(objects)
    assert filled.dtype == object
    assert not pd.isna(filled).any()


def test_a_new_level_is_kept_and_not_asked_about():
    df = mixed()[["kind", "x"]].astype({"kind": object})
    new = pd.DataFrame({"kind": ["a", "unheard of", None], "x": [np.nan, np.nan, 5.0]})
    imputer = GenerativeImputer(KernelDensity(random_state=0, n_jobs=1), 20, random_state=0).fit(df)
    filled = imputer.transform(new)
    assert filled["kind"].tolist() == ["a", "unheard of", "b"]
    assert abs(filled["x"][0]) < 1
    assert df["x"].min() <= filled["x"][1] <= df["x"].max()


@pytest.mark.parametrize("as_frame", [pd.DataFrame, pl.from_pandas])
def test_a_new_level_stands_beside_columns_that_cannot_be_empty(as_frame):
    df = mixed()[["kind", "x", "day"]].astype({"kind": object})
    df["whole"], df["always"] = df["x"].round().astype(int), True
    new = (
        df.iloc[:3].assign(kind=["a", "unheard of", None], always=[True, True, False], x=np.nan).set_index([[7, 8, 9]])
    )
    imputer = GenerativeImputer(GaussianMixture(3, random_state=0), 20, random_state=0).fit(as_frame(df))
    filled = imputer.transform(as_frame(new))
    assert list(filled["kind"])[:2] == ["a", "unheard of"]
    for name in ("whole", "day", "always"):
        assert filled[name].dtype == as_frame(new)[name].dtype
        assert list(filled[name]) == list(as_frame(new)[name])
    assert abs(np.asarray(filled["x"])[0] - new["whole"].iloc[0]) < 2


def test_a_new_level_among_integers_keeps_their_type():
    df = mixed()[["x"]].assign(code=np.arange(600) % 3)
    new = pd.DataFrame({"x": [np.nan, 1.0], "code": [99, 1]})
    density = GaussianMixture(2, categorical_features=["code"], random_state=0)
    filled = GenerativeImputer(density, random_state=0).fit(df).transform(new)
    assert filled["code"].dtype == int and filled["code"].tolist() == [99, 1]


def test_a_frozen_density_imputes_as_it_is():
    df, hide = holed(mixed()[["kind", "x", "on"]])
    model = GaussianMixture(3, random_state=0).fit(df[["kind", "x"]])
    before = model.weights_.copy()
    imputer = GenerativeImputer(FrozenEstimator(model), random_state=0).fit(df[["kind", "x"]])
    assert imputer.density_.estimator is model
    filled = imputer.transform(df[["kind", "x"]])
    assert not filled.isna().any().any()
    np.testing.assert_array_equal(model.weights_, before)


def test_categories_that_the_density_states_are_imputed_as_codes():
    rng = np.random.default_rng(0)
    code = rng.integers(3, size=400)
    X = np.column_stack([4.0 * code + rng.normal(size=400), code])
    X[:120, 1] = np.nan
    density = GaussianMixture(3, categorical_features=[1], random_state=0)
    imputer = GenerativeImputer(density, 20, random_state=0).fit(X)
    filled = imputer.transform(X)
    assert imputer.schema_ == imputer.density_.schema_
    assert set(filled[:120, 1]) <= {0.0, 1.0, 2.0}
    assert (filled[:120, 1] == code[:120]).mean() > 0.8


@pytest.mark.parametrize("wrap", [lambda model: model, lambda model: make_density_pipeline("passthrough", model)])
@pytest.mark.parametrize("dtype", [object, "category"])
def test_a_frozen_density_knows_levels_and_columns_that_the_table_does_not_show(wrap, dtype):
    df = mixed()[["kind", "x"]].astype({"kind": object})
    model = FrozenEstimator(wrap(GaussianMixture(3, random_state=0)).fit(df))
    table = df[df["kind"] != "c"].reset_index(drop=True).astype({"kind": dtype})
    table.loc[len(table)] = [None, 10.0]  # rows of "c" have a mean of 10
    imputer = GenerativeImputer(model, 20, random_state=0).fit(table)
    assert imputer.schema_.columns[0].levels == ["a", "b", "c"]
    assert imputer.transform(table)["kind"].iloc[-1] == "c"
    assert {filled["kind"].iloc[-1] for filled in imputer.sample_imputations(table)} == {"c"}


@pytest.mark.parametrize("as_frame", [pd.DataFrame, pl.DataFrame, lambda data: pd.DataFrame(data, dtype=float)])
def test_a_frozen_density_imputes_a_column_that_is_empty_throughout(as_frame):
    df = mixed()[["x"]].assign(kind=mixed()["kind"].astype(object))
    is_polars = as_frame is pl.DataFrame
    model = GaussianMixture(3, random_state=0).fit(pl.from_pandas(df) if is_polars else df)
    table = as_frame({"x": [0.0, 5.0, 10.0], "kind": [None] * 3})
    filled = GenerativeImputer(FrozenEstimator(model), 20, random_state=0).fit_transform(table)
    assert filled["kind"].to_list() == ["a", "b", "c"]
    assert filled["x"].to_list() == [0.0, 5.0, 10.0]
    with pytest.raises(SchemaError, match="fitted to 2 columns, got 1"):
        GenerativeImputer(FrozenEstimator(model)).fit(table[["x"]])


def test_a_third_value_of_a_number_of_two_is_as_good_as_empty():
    X, rng = correlated(300)
    X[:, 1] = X[:, 0] > 1
    imputer = GenerativeImputer(n_imputations=20, random_state=0).fit(X)
    filled = imputer.transform(np.array([[np.nan, 7.0], [np.nan, 1.0]]))
    assert filled[:, 1].tolist() == [7.0, 1.0]
    assert X[:, 0].min() <= filled[0, 0] <= X[:, 0].max()
    assert filled[1, 0] > 1


def test_the_link_of_the_diagram_is_the_page():
    assert GenerativeImputer()._get_doc_link().endswith("/generated/skgen.GenerativeImputer.html")


def test_searches_pickles_and_pipelines():
    X, rng = correlated(200)
    y = X.sum(axis=1)
    X[rng.random(len(X)) < 0.2, 1] = np.nan
    pipeline = make_pipeline(GenerativeImputer(GaussianMixture(random_state=0), 5, random_state=0), LinearRegression())
    search = GridSearchCV(pipeline, {"generativeimputer__density__n_components": [1, 2]}, cv=2).fit(X, y)
    assert search.best_score_ > 0.9
    imputer = GenerativeImputer(random_state=0).fit(X)
    copy = pickle.loads(pickle.dumps(imputer))
    np.testing.assert_array_equal(copy.transform(X), imputer.transform(X))
    np.testing.assert_array_equal(clone(imputer).fit_transform(X), imputer.transform(X))
    framed = imputer.set_output(transform="pandas").transform(X)
    assert list(framed) == ["x0", "x1"]


def test_a_search_of_a_density_imputes():
    X, rng = correlated(200)
    X[rng.random(len(X)) < 0.2, 1] = np.nan
    search = GridSearchCV(GaussianMixture(random_state=0), {"n_components": [1, 2]}, cv=2)
    imputer = GenerativeImputer(search, n_rounds=2, random_state=0).fit(X)
    assert not np.isnan(imputer.transform(X)).any()
    assert imputer.density_.best_estimator_.n_components in (1, 2)
    frozen = GenerativeImputer(FrozenEstimator(imputer.density_), random_state=0).fit(X)
    assert not np.isnan(frozen.transform(X)).any()
    with pytest.raises(ValueError, match="GaussianMixture has none"):
        GenerativeImputer(GridSearchCV(SklearnMixture(), {})).fit(X)
    with pytest.raises(ValueError, match="fit and sample, or a search of one"):
        GenerativeImputer(LinearRegression()).fit(X)


def test_errors_say_what_to_do():
    X = np.column_stack([np.arange(30.0), np.full(30, np.nan)])
    with pytest.raises(SchemaError, match=r"\[1\] have no value to learn from"):
        GenerativeImputer().fit(X)
    with pytest.raises(ValueError, match="must have conditional samples"):
        GenerativeImputer(SklearnMixture()).fit(X[:, :1])
    imputer = GenerativeImputer(random_state=0).fit(X[:, :1])
    with pytest.raises(ValueError, match="must be a positive integer, got 0"):
        imputer.sample_imputations(X[:, :1], 0)
    assert imputer.transform(np.array([[np.nan]])).shape == (1, 1)


def test_intervals_cover_and_means_beat_scikit_learn_on_curved_data():
    rng = np.random.default_rng(0)
    z = rng.normal(size=(1500, 2))
    noise = rng.normal(size=(1500, 4))
    whole = np.column_stack([np.exp(z[:, 0]), z[:, 0] ** 2 + z[:, 1], np.exp(z[:, 0] + z[:, 1]), z.sum(axis=1)])
    whole += 0.1 * np.abs(whole) * noise
    hide = rng.random(whole.shape) < 0.2
    X = np.where(hide, np.nan, whole)
    sd = whole.std(axis=0)

    def error(filled):
        return np.sqrt((((filled - whole) / sd)[hide] ** 2).mean())

    imputer = GenerativeImputer(n_imputations=20, random_state=0).fit(X)
    ours = error(imputer.transform(X))
    assert ours < error(IterativeImputer(random_state=0, max_iter=30, tol=1e-2).fit_transform(X))
    assert ours < error(KNNImputer().fit_transform(X / sd) * sd)
    low, high = np.quantile(imputer.sample_imputations(X, 100), [0.05, 0.95], axis=0)
    assert ((low <= whole) & (whole <= high))[hide].mean() == pytest.approx(0.9, abs=0.04)
