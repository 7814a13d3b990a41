"""Scorers: closed forms in the original units, in every search, pickled, on pipelines that they correct."""

import pickle
from functools import partial

import numpy as np
import pandas as pd
import pytest
from scipy.stats import lognorm, norm
from sklearn.base import BaseEstimator, clone
from sklearn.ensemble import IsolationForest
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.frozen import FrozenEstimator
from sklearn.mixture import GaussianMixture as SklearnMixture
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV, RandomizedSearchCV, cross_val_score
from sklearn.neighbors import KernelDensity as SklearnKernels
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    MinMaxScaler,
    PowerTransformer,
    RobustScaler,
    StandardScaler,
)

from skgen import GaussianMixture, IndependentColumns, NormalizingFlow
from skgen.compose import make_density_pipeline
from skgen.datasets import EightGaussians, load_wine_table
from skgen.exceptions import LostMassWarning
from skgen.model_selection import c2st, mean_log_likelihood, tstr

RNG = np.random.default_rng(0)
X = RNG.normal(5.0, 30.0, size=(300, 2)) @ [[1.0, 0.5], [0.0, 0.1]]
POSITIVE = 1000 * np.exp(RNG.normal(0.0, 1.5, size=(300, 1)))
MODES = EightGaussians().sample(600, random_state=0)


# ---- mean_log_likelihood ---------------------------------------------------------------------------------------------


def test_it_is_the_mean_where_the_score_is_a_sum():
    kernels = SklearnKernels(bandwidth=3.0).fit(X[:200])
    assert mean_log_likelihood(kernels, X[200:]) == pytest.approx(kernels.score_samples(X[200:]).mean(), abs=1e-12)
    assert kernels.score(X[200:]) == pytest.approx(100 * mean_log_likelihood(kernels, X[200:]), rel=1e-12)
    weight = np.arange(100.0)
    weighted = np.average(kernels.score_samples(X[200:]), weights=weight)
    assert mean_log_likelihood(kernels, X[200:], sample_weight=weight) == pytest.approx(weighted, abs=1e-12)


@pytest.mark.parametrize("scaler", [StandardScaler(), MinMaxScaler(), RobustScaler(), "passthrough"], ids=str)
def test_a_pipeline_is_scored_in_the_units_of_its_rows(scaler):
    """A Gaussian of full covariance is the same law behind any affine map."""
    plain = SklearnMixture(reg_covar=0.0).fit(X).score(X)
    pipeline = make_pipeline(scaler, SklearnMixture(reg_covar=0.0)).fit(X)
    assert mean_log_likelihood(pipeline, X) == pytest.approx(plain, abs=1e-9)
    assert scaler == "passthrough" or abs(pipeline.score(X) - plain) > 1.0


def test_a_curved_map_gives_the_law_it_should():
    pipeline = make_pipeline(FunctionTransformer(np.log, np.exp), SklearnMixture()).fit(POSITIVE)
    logs = np.log(POSITIVE)
    law = lognorm(np.sqrt(logs.var() + 1e-6), scale=np.exp(logs.mean()))
    assert mean_log_likelihood(pipeline, POSITIVE) == pytest.approx(law.logpdf(POSITIVE).mean(), abs=1e-9)


def test_a_pipeline_with_bounds_is_scored_as_the_density_of_its_rows():
    """A square root sends rows to half of the line, where a wide Gaussian has less than all of its mass."""
    rows = RNG.exponential(size=(200, 1)) ** 4
    steps = FunctionTransformer(np.sqrt, np.square), SklearnMixture()
    law = SklearnMixture().fit(np.sqrt(rows))
    mass = norm.sf(0, law.means_[0, 0], law.covariances_[0, 0, 0] ** 0.5)
    scores = law.score_samples(np.sqrt(rows)) - np.log(2 * np.sqrt(rows[:, 0])) - np.log(mass)
    score = mean_log_likelihood(make_pipeline(*steps).fit(rows), rows)
    assert mass < 0.9 and score == pytest.approx(scores.mean(), abs=0.01)
    with pytest.warns(LostMassWarning):
        density = make_density_pipeline(*steps).fit(rows)
    assert score == pytest.approx(mean_log_likelihood(density, rows), abs=1e-9)


def test_a_density_that_draws_nothing_has_no_score_behind_bounds():
    class Silent(BaseEstimator):
        def fit(self, X, y=None):
            return self

        def score_samples(self, X):
            return np.zeros(len(X))

    pipeline = make_pipeline(FunctionTransformer(np.sqrt, np.square), Silent()).fit(POSITIVE)
    with pytest.raises(ValueError, match="Silent has no `sample`"):
        mean_log_likelihood(pipeline, POSITIVE)


def test_a_search_over_scalers_is_not_won_by_the_smallest_units():
    grid = {"scaler": [StandardScaler(), MinMaxScaler(), PowerTransformer("box-cox")]}
    pipeline = Pipeline([("scaler", "passthrough"), ("density", SklearnMixture(reg_covar=0.0))])
    own = GridSearchCV(pipeline, grid, cv=3).fit(POSITIVE)
    fair = GridSearchCV(pipeline, grid, cv=3, scoring=mean_log_likelihood).fit(POSITIVE)
    assert isinstance(own.best_params_["scaler"], MinMaxScaler)
    assert isinstance(fair.best_params_["scaler"], PowerTransformer)
    scores = fair.cv_results_["mean_test_score"]
    assert scores[0] == pytest.approx(scores[1], abs=1e-9) and scores[2] > scores[0] + 0.5


def test_what_wraps_a_density_is_looked_through():
    search = GridSearchCV(
        make_pipeline(StandardScaler(), SklearnMixture()), {"gaussianmixture__n_components": [1]}, cv=2
    )
    plain = mean_log_likelihood(make_pipeline(StandardScaler(), SklearnMixture()).fit(X), X)
    assert mean_log_likelihood(search.fit(X), X) == pytest.approx(plain, abs=1e-9)
    model = GaussianMixture(2, random_state=0).fit(X)
    assert mean_log_likelihood(FrozenEstimator(model), X) == model.score(X)


def test_what_is_no_density_of_the_rows_is_refused():
    with pytest.raises(ValueError, match="IsolationForest, whose score_samples is an outlier score"):
        mean_log_likelihood(IsolationForest(n_estimators=2, random_state=0).fit(X), X)
    with pytest.raises(ValueError, match="StandardScaler, whose score_samples does not exist"):
        mean_log_likelihood(StandardScaler().fit(X), X)
    bins = make_pipeline(KBinsDiscretizer(encode="ordinal", quantile_method="averaged_inverted_cdf"), SklearnMixture())
    with pytest.raises(ValueError, match="KBinsDiscretizer is not one-to-one"):
        mean_log_likelihood(bins.fit(X), X)
    framed = make_pipeline(StandardScaler().set_output(transform="pandas"), IndependentColumns(family="normal"))
    frame = pd.DataFrame(X, columns=["a", "b"])
    with pytest.raises(ValueError, match="make_density_pipeline"):
        mean_log_likelihood(framed.fit(frame), frame)


# ---- c2st, tstr ------------------------------------------------------------------------------------------------------


def test_c2st_is_one_for_the_law_itself_and_zero_for_another():
    class Shifted:
        def __init__(self, by):
            self.by = by

        def sample(self, n_samples, random_state=None):
            return EightGaussians().sample(n_samples, random_state=random_state) + self.by

    assert c2st(Shifted(0.0), MODES) > 0.85
    assert c2st(Shifted(100.0), MODES) < 0.01
    assert 0.05 < c2st(Shifted(0.3), MODES) < 0.95


def test_c2st_is_repeated_and_leaves_the_stream_alone():
    model = GaussianMixture(8, random_state=0).fit(MODES)
    theirs = SklearnMixture(8, random_state=0).fit(MODES)
    call = model.stream_.call
    assert c2st(model, MODES) == c2st(model, MODES) and model.stream_.call == call
    assert c2st(theirs, MODES) == c2st(theirs, MODES) > 0.7


def test_too_few_rows_for_a_classifier_are_no_success():
    with pytest.raises(ValueError, match="at least 60 held-out rows"):
        c2st(GaussianMixture(random_state=0).fit(MODES), MODES[:59])
    with pytest.raises(ValueError, match="draws no rows"):
        c2st(make_pipeline(StandardScaler(), SklearnMixture()).fit(MODES), MODES)


def test_tstr_is_high_where_the_columns_depend_as_in_life():
    wine = load_wine_table()
    independent = IndependentColumns(family="normal", random_state=0).fit(wine)
    mixture = GaussianMixture(4, random_state=0).fit(wine)
    assert tstr(mixture, wine) > 0.9 > 0.7 > tstr(independent, wine)
    assert tstr(mixture, wine, target="alcohol") > 0.2 > tstr(independent, wine, target="alcohol")
    with pytest.raises(ValueError, match="metric must be"):
        tstr(mixture, wine, metric="rmse")


def test_the_target_of_an_array_is_its_last_column():
    rows = np.column_stack([MODES[:, 0], 2 * MODES[:, 0] + 0.01 * RNG.normal(size=len(MODES))])
    model = GaussianMixture(1, random_state=0).fit(rows)
    assert tstr(model, rows) == tstr(model, rows, target=1, metric="r2") > 0.9


# ---- searches --------------------------------------------------------------------------------------------------------

CURVE = np.column_stack([RNG.uniform(-2, 2, 300), np.zeros(300)])
CURVE[:, 1] = CURVE[:, 0] ** 2 + 0.1 * RNG.normal(size=300)
MODEL, GRID = GaussianMixture(random_state=0), {"n_components": [1, 8]}


@pytest.mark.parametrize("scorer", [c2st, tstr, partial(tstr, target=1)], ids=["c2st", "tstr", "tstr of a column"])
def test_a_search_takes_a_scorer_of_samples(scorer):
    search = GridSearchCV(MODEL, GRID, scoring=scorer, cv=2).fit(CURVE)
    assert search.best_params_ == {"n_components": 8}
    assert pickle.loads(pickle.dumps(scorer))(search, CURVE) == scorer(search.best_estimator_, CURVE)


def test_searches_average_the_nats_of_their_folds():
    search = GridSearchCV(MODEL, GRID, scoring=mean_log_likelihood, cv=2).fit(MODES)
    drawn = RandomizedSearchCV(MODEL, GRID, n_iter=2, scoring=mean_log_likelihood, cv=2, random_state=0).fit(MODES)
    halves = [(MODES[:300], MODES[300:]), (MODES[300:], MODES[:300])]
    for k, n_components in enumerate(GRID["n_components"]):
        model = clone(MODEL).set_params(n_components=n_components)
        by_hand = np.mean([model.fit(train).score_samples(test).mean() for train, test in halves])
        assert search.cv_results_["mean_test_score"][k] == pytest.approx(by_hand, abs=1e-12)
        assert np.abs(drawn.cv_results_["mean_test_score"] - by_hand).min() <= 1e-12
    assert pickle.loads(pickle.dumps(mean_log_likelihood)) is mean_log_likelihood


def test_halving_spends_epochs_on_the_better_rate():
    flow = NormalizingFlow(n_transforms=1, hidden_layer_sizes=(8,), batch_size=64, early_stopping=False, random_state=0)
    rows = norm.rvs(3.0, 0.5, size=(200, 1), random_state=0)
    search = HalvingGridSearchCV(
        flow, {"lr": [1e-6, 1e-4, 1e-2]}, resource="max_epochs", max_resources=9, min_resources=1, factor=3,
        scoring=mean_log_likelihood, cv=2, random_state=0,
    ).fit(rows)  # fmt: skip
    assert search.n_resources_ == [1, 3, 9][: search.n_iterations_] and search.n_iterations_ >= 2
    assert search.best_estimator_.max_epochs == search.n_resources_[-1]


@pytest.mark.filterwarnings("ignore:OptunaSearchCV is experimental")
@pytest.mark.filterwarnings("ignore:.*optuna.terminator:FutureWarning")
def test_optuna_searches_with_a_scorer():
    optuna = pytest.importorskip("optuna")
    integration = pytest.importorskip("optuna_integration.sklearn")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    space = {"n_components": optuna.distributions.CategoricalDistribution([1, 8])}
    search = integration.OptunaSearchCV(
        GaussianMixture(random_state=0), space, cv=2, n_trials=4, scoring=mean_log_likelihood, random_state=1
    ).fit(MODES)
    assert search.best_params_ == {"n_components": 8}
    by_hand = cross_val_score(GaussianMixture(8, random_state=0), MODES, cv=2).mean()
    assert search.best_score_ == pytest.approx(by_hand, abs=1e-12)
    assert mean_log_likelihood(search, MODES) == search.best_estimator_.score(MODES)
