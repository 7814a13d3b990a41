"""TrainOnSynthetic: an estimator that sees samples, and no row of the test folds."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, clone, is_classifier, is_regressor
from sklearn.cluster import KMeans
from sklearn.compose import make_column_transformer
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.mixture import GaussianMixture as SklearnMixture
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.utils.estimator_checks import (
    check_dataframe_column_names_consistency,
    check_param_validation,
    parametrize_with_checks,
)

from skgen import AutoregressiveTrees, GaussianMixture, TrainOnSynthetic

DENSITY = GaussianMixture(2, random_state=0)


CLASSIFIER = TrainOnSynthetic(
    LogisticRegression(), GaussianMixture(4, random_state=0), combine="append", random_state=0
)
REGRESSOR = TrainOnSynthetic(LinearRegression(), GaussianMixture(random_state=0), n_samples=400, random_state=0)
_OTHER_SAMPLES = "numbers of a frame lie on a grid and those of an array do not, so that other samples are drawn"

#: Any other failure is ours to fix.
EXPECTED_FAILURES = {
    "check_classifier_data_not_an_array": _OTHER_SAMPLES,
    "check_regressor_data_not_an_array": _OTHER_SAMPLES,
}


@parametrize_with_checks([CLASSIFIER, REGRESSOR], expected_failed_checks=lambda estimator: EXPECTED_FAILURES)
def test_sklearn_check(estimator, check):
    check(estimator)


@pytest.mark.parametrize("check", [check_param_validation, check_dataframe_column_names_consistency])
def test_parameters_and_names_are_checked(check):
    check("TrainOnSynthetic", CLASSIFIER)


class Recorder(ClassifierMixin, BaseEstimator):
    """Keeps what it was fitted to."""

    def fit(self, X, y):
        self.X_, self.y_, self.classes_ = X, y, np.unique(y)
        return self

    def predict(self, X):
        return np.repeat(self.classes_[0], len(X))


def blobs(n=600, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.repeat(["left", "right"], [n // 3, n - n // 3]))
    return rng.normal(size=(n, 2)) + np.where(y == "left", -3.0, 3.0)[:, None], y


def test_the_estimator_sees_samples_of_the_joint_law():
    X, y = blobs()
    model = TrainOnSynthetic(Recorder(), DENSITY, n_samples=3000, random_state=0).fit(X, y)
    seen, labels = model.estimator_.X_, model.estimator_.y_
    assert seen.shape == (3000, 2)
    assert not np.isin(seen, X).any()
    assert (labels == "left").mean() == pytest.approx(1 / 3, abs=0.03)
    assert seen[labels == "left"].mean() == pytest.approx(-3, abs=0.15)
    assert seen[labels == "right"].mean() == pytest.approx(3, abs=0.15)
    assert model.density_.n_features_in_ == 3
    assert model.n_features_in_ == 2


@pytest.mark.parametrize("as_table", [np.asarray, lambda X: pd.DataFrame(X, columns=["a", "b"]).round(2)])
def test_each_class_is_shown_however_rare(as_table):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(300, 2)), np.repeat(["rare", "seldom", "often"], [3, 6, 291])
    X[:3] += 6
    for seed in range(5):
        model = TrainOnSynthetic(Recorder(), DENSITY, n_samples=20, random_state=seed).fit(as_table(X), y)
        assert model.classes_.tolist() == ["often", "rare", "seldom"]
        seen = model.estimator_
        assert seen.X_.shape == (20, 2) and type(seen.X_) is type(as_table(X))
        assert (seen.y_ == "often").sum() >= 16
    with pytest.raises(ValueError, match="n_samples must be at least the 3 classes of y, got 2"):
        TrainOnSynthetic(Recorder(), DENSITY, n_samples=2).fit(as_table(X), y)


def test_append_puts_the_samples_below_the_rows():
    X, y = blobs()
    model = TrainOnSynthetic(Recorder(), DENSITY, n_samples=50, combine="append", random_state=0).fit(X, y)
    np.testing.assert_array_equal(model.estimator_.X_[:600], X)
    np.testing.assert_array_equal(model.estimator_.y_[:600], y)
    assert len(model.estimator_.X_) == len(model.estimator_.y_) == 650


def test_regression_recovers_the_line():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(2000, 2))
    y = X @ [1.0, -2.0] + 3 + 0.1 * rng.normal(size=2000)
    model = TrainOnSynthetic(LinearRegression(), GaussianMixture(random_state=0), random_state=0).fit(X, y)
    np.testing.assert_allclose(model.estimator_.coef_, [1, -2], atol=0.02)
    assert model.estimator_.intercept_ == pytest.approx(3, abs=0.02)
    assert model.score(X, y) > 0.99
    assert is_regressor(model)
    assert not hasattr(model, "predict_proba")


def test_frames_with_text_train_what_reads_text():
    rng = np.random.default_rng(0)
    kind = rng.choice(["a", "b", "c"], 900)
    df = pd.DataFrame({"kind": kind, "x": rng.normal(size=900).round(2)})
    y = pd.Series(np.where(kind == "a", 7, 3), name="label")
    encoder = make_column_transformer((OneHotEncoder(), ["kind"]), remainder="passthrough")
    model = TrainOnSynthetic(make_pipeline(encoder, LogisticRegression()), random_state=0)
    assert cross_val_score(model, df, y, cv=3).min() > 0.97
    model.set_params(combine="append").fit(df, y)
    assert model.classes_.tolist() == [3, 7]
    assert isinstance(model.density_, AutoregressiveTrees)
    assert "label" in model.density_.schema_.names
    np.testing.assert_allclose(model.predict_proba(df).sum(axis=1), 1)


def test_a_density_that_knows_nothing_of_the_target_trains_chance():
    """Were real rows to leak through, the accuracy would be that of the real ones."""
    X, y = blobs()
    rng = np.random.default_rng(0)
    honest = TrainOnSynthetic(HistGradientBoostingClassifier(), DENSITY, random_state=0)
    assert cross_val_score(honest, X, y, cv=3).mean() > 0.97
    shuffled = cross_val_score(honest, X, rng.permutation(y), cv=3).mean()
    assert shuffled < 0.75


def test_searches_clones_and_pickles():
    X, y = blobs(300)
    model = TrainOnSynthetic(LogisticRegression(), DENSITY, random_state=0)
    grid = {"density__n_components": [1, 2], "estimator__C": [0.1, 1.0], "n_samples": [100, None]}
    assert GridSearchCV(model, grid, cv=2).fit(X, y).best_score_ > 0.95
    assert is_classifier(model)
    one, two = model.fit(X, y), clone(model).fit(X, y)
    np.testing.assert_array_equal(one.predict_proba(X), two.predict_proba(X))
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(one)).predict(X), one.predict(X))


class NumbersRecorder(RegressorMixin, BaseEstimator):
    """Keeps what it was fitted to."""

    def fit(self, X, y):
        self.X_, self.y_ = X, y
        return self


@pytest.mark.parametrize("combine", ["replace", "append"])
def test_frames_stay_frames_under_scikit_learn_densities(combine):
    rng = np.random.default_rng(0)
    df = pd.DataFrame({"x": rng.normal(size=2000), "n": rng.integers(9, size=2000)})
    y = 2 * df["x"] - df["n"]
    model = TrainOnSynthetic(NumbersRecorder(), SklearnMixture(), combine=combine, random_state=0)
    for frame in (df, pl.from_pandas(df)):
        seen = model.fit(frame, y).estimator_
        assert type(seen.X_) is type(frame)
        assert dict(zip(seen.X_.columns, seen.X_.dtypes)) == dict(zip(frame.columns, frame.dtypes))
        new = np.asarray(seen.X_, dtype=float)[-2000:]
        np.testing.assert_allclose(new @ [2, -1], seen.y_[-2000:], atol=1)
        assert new.mean(axis=0) == pytest.approx(df.mean().to_numpy(), abs=0.3)


def test_a_search_of_a_density_is_a_density():
    X, y = blobs(120)
    search = GridSearchCV(GaussianMixture(random_state=0), {"n_components": [1, 3]}, cv=2)
    model = TrainOnSynthetic(LogisticRegression(), search, random_state=0).fit(X, y)
    assert model.score(X, y) > 0.95 and model.density_.best_estimator_.n_components == 3
    with pytest.raises(ValueError, match="fit and sample, or a search of one"):
        TrainOnSynthetic(LogisticRegression(), GridSearchCV(LogisticRegression(), {})).fit(X, y)


def test_the_link_of_the_diagram_is_the_page():
    assert CLASSIFIER._get_doc_link().endswith("/generated/skgen.TrainOnSynthetic.html")


def test_errors_say_what_was_expected():
    X, y = blobs(60)
    with pytest.raises(ValueError, match="must be a classifier or a regressor, got KMeans"):
        TrainOnSynthetic(KMeans()).fit(X, y)
    for table in (X, pd.DataFrame(X, columns=["a", "b"])):
        with pytest.raises(ValueError, match="has no parameter `schema`"):
            TrainOnSynthetic(DummyClassifier(), SklearnMixture()).fit(table, y)
    with pytest.raises(ValueError, match="n_samples"):
        TrainOnSynthetic(DummyClassifier(), n_samples=0).fit(X, y)


def test_frozen_densities_are_refused():
    """They have seen the rows that a fold holds out."""
    X = np.random.default_rng(0).normal(size=(60, 2))
    frozen = FrozenEstimator(GaussianMixture(random_state=0).fit(np.column_stack([X, X[:, 0]])))
    with pytest.raises(ValueError, match="fitted to the training rows and to no others"):
        TrainOnSynthetic(LinearRegression(), frozen).fit(X, X[:, 0])


def test_too_few_rows_for_the_classes_are_refused_before_the_density_is_fitted():
    class Unfit(GaussianMixture):
        def fit(self, X, y=None, sample_weight=None):
            raise AssertionError("fitted in vain")

    X, y = np.random.default_rng(0).normal(size=(60, 2)), np.arange(60) % 3
    with pytest.raises(ValueError, match="at least the 3 classes of y, got 2"):
        TrainOnSynthetic(LogisticRegression(), Unfit(), n_samples=2).fit(X, y)
