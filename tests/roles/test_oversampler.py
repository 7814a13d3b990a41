"""GenerativeOversampler: a sampler of imbalanced-learn, whose new rows follow the class."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from imblearn.pipeline import make_pipeline as make_resampling_pipeline
from imblearn.utils import estimator_checks as imbalanced
from scipy.stats import ks_2samp
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.mixture import GaussianMixture as SklearnMixture
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.neighbors import KernelDensity as SklearnKernels
from sklearn.utils.estimator_checks import (
    check_dataframe_column_names_consistency,
    check_param_validation,
    parametrize_with_checks,
)

from skgen import AutoregressiveTrees, GaussianMixture, GenerativeOversampler


@parametrize_with_checks([GenerativeOversampler(GaussianMixture(random_state=0), random_state=0)])
def test_sklearn_check(estimator, check):
    check(estimator)


@pytest.mark.parametrize("check", [check_param_validation, check_dataframe_column_names_consistency])
def test_parameters_and_names_are_checked(check):
    check("GenerativeOversampler", GenerativeOversampler(random_state=0))


#: imbalanced-learn's checks of a sampler, without those of sparse tables, which hold no law here.
SAMPLER_CHECKS = [
    imbalanced.check_target_type,
    imbalanced.check_samplers_one_label,
    imbalanced.check_samplers_fit,
    imbalanced.check_samplers_fit_resample,
    imbalanced.check_samplers_sampling_strategy_fit_resample,
    imbalanced.check_samplers_string,
    imbalanced.check_samplers_nan,
    imbalanced.check_samplers_list,
    imbalanced.check_samplers_multiclass_ova,
    imbalanced.check_samplers_preserve_dtype,
    imbalanced.check_samplers_2d_target,
    imbalanced.check_sampler_get_feature_names_out,
    imbalanced.check_sampler_get_feature_names_out_pandas,
]


@pytest.mark.parametrize("check", SAMPLER_CHECKS, ids=lambda check: check.__name__)
def test_imbalanced_learn_check(check):
    check("GenerativeOversampler", GenerativeOversampler(random_state=0))


def two_classes(n=400, seed=0):
    rng = np.random.default_rng(seed)
    n_rare = n // 10
    X = np.concatenate(
        [rng.normal(0, 1, (n - n_rare, 2)), rng.multivariate_normal([4, 4], [[1, 0.9], [0.9, 1]], n_rare)]
    )
    return X, np.repeat([0, 1], [n - n_rare, n_rare])


def test_new_rows_follow_the_law_of_their_class():
    X, y = two_classes(4000)
    X_new, y_new = GenerativeOversampler(GaussianMixture(random_state=0), random_state=0).fit_resample(X, y)
    np.testing.assert_array_equal(X_new[: len(X)], X)
    np.testing.assert_array_equal(y_new[: len(y)], y)
    assert (y_new[len(y) :] == 1).all()
    new, fresh = X_new[len(X) :], np.random.default_rng(1).multivariate_normal([4, 4], [[1, 0.9], [0.9, 1]], 3000)
    assert np.corrcoef(new.T)[0, 1] == pytest.approx(0.9, abs=0.03)
    assert ks_2samp(new.sum(axis=1), fresh.sum(axis=1)).statistic < 0.12
    assert len(np.unique(new, axis=0)) == len(new) == 3200


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ("auto", {"b": 50, "c": 60}),
        ("minority", {"c": 60}),
        ("not minority", {"a": 0, "b": 50}),
        ("all", {"a": 0, "b": 50, "c": 60}),
        ({"c": 25}, {"c": 15}),
        (lambda y: {"b": 21, "c": 10}, {"b": 1, "c": 0}),
    ],
)
def test_strategies_count_by_hand(strategy, expected):
    X = np.random.default_rng(0).normal(size=(100, 2))
    y = np.repeat(["a", "b", "c"], [70, 20, 10])
    sampler = GenerativeOversampler(GaussianMixture(), sampling_strategy=strategy, random_state=0)
    _, y_new = sampler.fit_resample(X, y)
    assert sampler.sampling_strategy_ == expected
    counts = {label: int((y_new == label).sum() - (y == label).sum()) for label in "abc"}
    assert {label: n for label, n in counts.items() if n} == {label: n for label, n in expected.items() if n}


def test_a_share_fills_up_the_smaller_class():
    X, y = two_classes()
    _, y_new = GenerativeOversampler(sampling_strategy=0.5, random_state=0).fit_resample(X, y)
    assert np.bincount(y_new).tolist() == [360, 180]


def test_a_search_of_a_density_draws_the_rows():
    X, y = two_classes()
    search = GridSearchCV(GaussianMixture(random_state=0), {"n_components": [1, 2]}, cv=2)
    sampler = GenerativeOversampler(search, random_state=0)
    X_new, y_new = sampler.fit_resample(X, y)
    assert (y_new == 1).sum() == 360 and X_new[400:].mean() == pytest.approx(4, abs=0.5)
    assert sampler.densities_[1].best_params_["n_components"] in (1, 2)
    with pytest.raises(ValueError, match="fit and sample, or a search of one"):
        GenerativeOversampler(LogisticRegression()).fit_resample(X, y)


def test_frames_keep_their_types():
    rng = np.random.default_rng(0)
    df = pd.DataFrame(
        {
            "x": rng.normal(size=60).round(2),
            "n": rng.integers(9, size=60),
            "kind": pd.Categorical(rng.choice(["u", "v"], 60), categories=["u", "v", "never"]),
            "text": rng.choice(["p", "q", None], 60),
        }
    )
    y = pd.Series(np.repeat(["no", "yes"], [50, 10]), name="bought", dtype="category")
    X_new, y_new = GenerativeOversampler(random_state=0).fit_resample(df, y)
    assert (X_new.dtypes == df.dtypes).all()
    assert len(X_new) == len(y_new) == 100
    assert y_new.name == "bought"
    assert y_new.dtype == y.dtype
    assert X_new.index.equals(y_new.index)
    assert set(X_new["n"]) <= set(range(9))
    frame = pl.DataFrame({"x": df["x"].tolist(), "text": ["p", "q", None] * 20})
    X_new, y_new = GenerativeOversampler(AutoregressiveTrees(random_state=0), random_state=0).fit_resample(
        frame, pl.Series("bought", y.tolist())
    )
    assert X_new.schema == frame.schema
    assert y_new.to_list().count("yes") == 50


def test_pipelines_resample_in_fit_alone():
    X, y = two_classes()
    pipeline = make_resampling_pipeline(
        GenerativeOversampler(GaussianMixture(random_state=0), random_state=0), LogisticRegression()
    )
    assert pipeline.fit(X, y).predict(X).shape == y.shape
    assert cross_val_score(pipeline, X, y, scoring="average_precision").mean() > 0.95
    grid = {
        "generativeoversampler__density__n_components": [1, 2],
        "generativeoversampler__sampling_strategy": ["auto", 0.5],
    }
    assert GridSearchCV(pipeline, grid, cv=2).fit(X, y).best_score_ > 0.95


def test_scikit_learn_densities_serve_and_seeds_repeat():
    X, y = two_classes()
    sampler = GenerativeOversampler(SklearnMixture(2, random_state=0), random_state=3)
    first, second = sampler.fit_resample(X, y)[0], sampler.fit_resample(X, y)[0]
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, sampler.set_params(random_state=4).fit_resample(X, y)[0])
    assert first[len(X) :].mean() == pytest.approx(4, abs=0.4)


@pytest.mark.parametrize("density", [SklearnMixture(random_state=0), SklearnKernels()])
def test_frames_of_numbers_keep_their_types_under_scikit_learn_densities(density):
    X, y = two_classes()
    df = pd.DataFrame({"x": X[:, 0], "n": X[:, 1].round().astype("int8"), "on": X[:, 0] > 0})
    df["m"] = pd.array(df["n"], dtype="Int64")
    for frame in (df, pl.from_pandas(df)):
        new = GenerativeOversampler(density, random_state=0).fit_resample(frame, y)[0]
        assert list(new.columns) == list(df)
        assert dict(zip(new.columns, new.dtypes)) == dict(zip(frame.columns, frame.dtypes))
        assert len(new) == 720
        assert np.asarray(new["x"])[400:].mean() == pytest.approx(4, abs=0.5)


def test_integers_are_rounded_not_cut():
    """Cells cut at the point would lie half a unit below their class."""
    rng = np.random.default_rng(0)
    X = rng.poisson(20, size=(4000, 1))
    y = np.repeat([0, 1], [3000, 1000])
    new = GenerativeOversampler(SklearnKernels(bandwidth=0.5), random_state=0).fit_resample(X, y)[0]
    assert new.dtype == X.dtype
    assert new[4000:].mean() == pytest.approx(X[3000:].mean(), abs=0.25)
    small = GenerativeOversampler(SklearnKernels(bandwidth=9.0), random_state=0).fit_resample(X.astype("uint8"), y)[0]
    assert small.max() < 100  # what falls below 0 is 0 and does not wrap


def test_the_link_of_the_diagram_is_the_page():
    assert GenerativeOversampler()._get_doc_link().endswith("/generated/skgen.GenerativeOversampler.html")


@pytest.mark.parametrize(
    ("strategy", "message"),
    [
        ({2: 50}, r"names \[2\], which are no classes"),
        ({1: 3}, "at least the 40 rows of class 1, got 3"),
        (0.01, "a share from 0.111"),
    ],
)
def test_errors_say_what_was_expected(strategy, message):
    X, y = two_classes()
    with pytest.raises(ValueError, match=message):
        GenerativeOversampler(sampling_strategy=strategy).fit_resample(X, y)
    with pytest.raises(ValueError, match="requires y"):
        GenerativeOversampler().fit_resample(X, None)


def test_frozen_densities_are_refused():
    """One density, fitted to all rows, has no law of a class."""
    X, y = np.random.default_rng(0).normal(size=(60, 2)), np.arange(60) % 6 == 0
    with pytest.raises(ValueError, match="fitted to the rows of each class"):
        GenerativeOversampler(FrozenEstimator(GaussianMixture(random_state=0).fit(X))).fit_resample(X, y)
