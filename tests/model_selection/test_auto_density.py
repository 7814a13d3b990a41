"""AutoDensity: the choice is that of held-out likelihood, within the time, in one base measure, by fair means."""

import pickle
import time
import warnings

import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config
from sklearn.base import clone
from sklearn.mixture import GaussianMixture as SklearnMixture
from sklearn.model_selection import KFold
from sklearn.utils.estimator_checks import parametrize_with_checks
from toy_densities import ToyNormal

from skgen import (
    AutoDensity,
    GaussianMixture,
    KernelDensity,
    NormalizingFlow,
    Schema,
    compare_densities,
)
from skgen.datasets import EightGaussians, load_wine_table
from skgen.exceptions import DegenerateDataError, DegenerateDataWarning
from skgen.model_selection import _race
from skgen.model_selection._ladder import LADDER, climb

X = EightGaussians().sample(300, random_state=0)
#: Without the floor, which is slow to choose its families.
QUICK = {"one": GaussianMixture(1, random_state=0), "eight": GaussianMixture(8, random_state=0)}


class SlowNormal(ToyNormal):
    """Takes its time."""

    def fit(self, X, y=None, sample_weight=None):
        time.sleep(0.1)
        return super().fit(X, sample_weight=sample_weight)


class Failing(ToyNormal):
    """Cannot be fitted to anything."""

    def fit(self, X, y=None, sample_weight=None):
        raise DegenerateDataError("no luck")


def test_it_chooses_what_the_comparison_ranks_first_and_fits_it_to_all_rows():
    folds = list(KFold(3, shuffle=True, random_state=1).split(X))
    model = AutoDensity(models=QUICK, cv=folds, random_state=0).fit(X)
    by_hand = compare_densities(QUICK, X, cv=folds).to_frame()
    np.testing.assert_allclose(model.leaderboard_["nats"], by_hand["nats"], rtol=0, atol=1e-12)
    assert model.best_label_ == by_hand.index[0] == "eight" and model.best_estimator_ is model.density_
    alone = clone(QUICK["eight"]).set_params(schema=Schema.infer(X)).fit(X)
    np.testing.assert_array_equal(model.score_samples(X), alone.score_samples(X))
    assert model.leaderboard_["status"].tolist() == ["chosen", "fitted"] and not hasattr(QUICK["eight"], "schema_")


def test_a_bound_competes_and_an_estimate_does_not():
    kinds = {"exact": (1.5, "exact"), "bound": (1.0, "lower_bound"), "estimate": (1.0, "estimate")}
    models = {name: ToyNormal(scale=scale, kind=kind) for name, (scale, kind) in kinds.items()}
    rows = np.random.default_rng(0).normal(size=(200, 1))
    assert AutoDensity(models=models, cv=3).fit(rows).best_label_ == "bound"
    del models["bound"]
    fitted = AutoDensity(models=models, cv=3).fit(rows)
    assert fitted.best_label_ == "exact" and fitted.likelihood_ == "exact"
    assert fitted.leaderboard_["nats"]["estimate"] > fitted.leaderboard_["nats"]["exact"]
    with pytest.raises(ValueError, match="scores of all models are estimates"):
        AutoDensity(models={"estimate": models["estimate"]}, cv=3).fit(rows)


def test_time_for_the_last_fit_is_kept():
    """Each model takes 3 x 0.1 s and 0.1 s for the last fit: three of ten fit into 1.3 s with the margin."""
    models = {f"m{k}": SlowNormal(scale=1 + k) for k in range(10)}
    start = time.perf_counter()
    fitted = AutoDensity(time_budget=1.3, models=models, cv=3).fit(X)
    assert time.perf_counter() - start < 1.3
    n_fitted = int(fitted.leaderboard_["nats"].notna().sum())
    assert 1 < n_fitted < 5 and fitted.leaderboard_.index[:1].tolist() == ["m0"]
    late = fitted.leaderboard_["status"].iloc[n_fitted:].tolist()
    assert late[0].startswith("needs about") and set(late[1:]) == {"not reached"}
    assert AutoDensity(models=models, cv=3).fit(X).leaderboard_["nats"].notna().all()


def test_the_cheapest_model_is_fitted_whatever_the_time():
    fitted = AutoDensity(time_budget=1e-6, random_state=0).fit(X[:60, :1])
    cheapest = climb(fitted.schema_, 48, False, 0)[0].label
    assert fitted.best_label_ == cheapest == "GaussianMixture(n_components=1)"
    assert fitted.leaderboard_["nats"].notna().sum() == 1 and len(fitted.leaderboard_) > 5


def test_a_forecast_follows_the_pace_of_the_machine():
    race = _race.Race(X, [(np.arange(240), np.arange(240, 300))], None, None)
    candidate = climb(Schema.infer(X), 240, False, 0)[0]
    seconds, last = race._forecast(candidate)
    assert seconds == pytest.approx(1.3 * candidate.seconds) and last == pytest.approx(seconds * 300 / 240)
    race._learn_pace(candidate, 5 * candidate.seconds)
    assert race._forecast(candidate)[0] == pytest.approx(5 * seconds)


def test_what_fails_is_named_and_the_others_go_on():
    fitted = AutoDensity(models={"bad": Failing(), "good": ToyNormal()}, cv=3).fit(X)
    assert fitted.best_label_ == "good" and fitted.leaderboard_["status"]["bad"] == "failed: no luck"
    with pytest.raises(DegenerateDataError, match="No model could be fitted: {'bad': 'failed: no luck'}"):
        AutoDensity(models={"bad": Failing()}, cv=3).fit(X)
    with pytest.raises(RuntimeError, match="no luck"):  # a bug is no failure
        AutoDensity(models={"bug": ToyNormal(fail="fit"), "good": ToyNormal()}, cv=3).fit(X)


def test_weights_are_rows():
    weight = np.arange(len(X)) % 3
    train = np.arange(len(X)) % 2 == 0
    rows = np.repeat(np.arange(len(X)), weight)
    folds = [(np.flatnonzero(part), np.flatnonzero(~part)) for part in (train, train[rows])]
    models = {"a": ToyNormal(), "b": ToyNormal(scale=1.3)}
    weighted = AutoDensity(models=models, cv=folds[:1]).fit(X, sample_weight=weight)
    repeated = AutoDensity(models=models, cv=folds[1:]).fit(X[rows])
    np.testing.assert_allclose(weighted.leaderboard_["nats"], repeated.leaderboard_["nats"], rtol=1e-10)
    np.testing.assert_allclose(weighted.score_samples(X), repeated.score_samples(X), rtol=1e-10)


def test_the_scale_of_weights_below_one_does_not_matter():
    models = {"a": ToyNormal(), "b": ToyNormal(scale=1.3)}
    plain, small = (
        AutoDensity(models=models, cv=2, random_state=0).fit(X, sample_weight=weight).leaderboard_[["nats", "se"]]
        for weight in (None, np.full(len(X), 1 / len(X)))
    )
    np.testing.assert_allclose(small, plain, rtol=1e-10)


def test_densities_of_different_things_do_not_compete():
    models = {"slow": ToyNormal(fail="fit"), "joint": QUICK["one"], "flow": NormalizingFlow(condition_on=[0])}
    with pytest.raises(ValueError, match=r"'joint' given \[\]; 'flow' given"):  # before any fit
        AutoDensity(models=models, cv=2).fit(X)

    class Conditional(ToyNormal):
        def fit(self, X, y=None, sample_weight=None):
            self.conditional_on_ = [0]
            return super().fit(X)

    with pytest.raises(ValueError, match=r"'joint' given \[\]; 'late' given \['0'\]"):
        AutoDensity(models={"joint": ToyNormal(), "late": Conditional()}, cv=2).fit(X)


def test_models_that_take_no_weights_are_named():
    with pytest.raises(ValueError, match="fit of 'theirs' takes none"):
        AutoDensity(models={"theirs": SklearnMixture()}, cv=2).fit(X, sample_weight=np.ones(len(X)))


def test_the_chosen_model_keeps_its_own_number_of_workers():
    with parallel_config("threading"):
        fitted = AutoDensity(models={"kernels": KernelDensity(0.5)}, cv=2, n_jobs=2).fit(X[:60])
    assert fitted.best_estimator_.n_jobs is None


def test_a_lone_missing_cell_of_an_array_is_learnt_and_not_held_out():
    rows = np.random.default_rng(0).normal(size=(40, 2))
    rows[7, 1] = np.nan
    fitted = AutoDensity(models={"a": GaussianMixture(1, random_state=0)}, cv=4, random_state=0).fit(rows)
    held_out = ~np.isnan(fitted.comparison_.scores["a"])
    assert held_out.sum() == 39 and not held_out[7] and np.isfinite(fitted.score_samples(rows)).all()
    with pytest.raises(ValueError, match="Pass a DataFrame"):
        AutoDensity(models={"a": GaussianMixture(1)}, cv=[(np.arange(20), np.array([20]))]).fit(
            rows[[*range(20, 40), 7]]
        )


@pytest.mark.slow
def test_a_mixed_table_goes_the_whole_way():
    wine = load_wine_table()
    model = AutoDensity(deep=False, random_state=0).fit(wine)
    assert model.leaderboard_["nats"].iloc[0] > model.leaderboard_["nats"]["IndependentColumns()"] + 3
    drawn = model.sample(50, given={"cultivar": "class_1"}, random_state=1)
    assert list(drawn) == list(wine) and (drawn.dtypes == wine.dtypes).all() and (drawn["cultivar"] == "class_1").all()
    assert model.schema_ == Schema.infer(wine) and set(model.leaderboard_["likelihood"]) == {"exact", "lower_bound"}
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.score_samples(wine), model.score_samples(wine))
    pd.testing.assert_frame_equal(clone(model).fit(wine).sample(5), again.sample(5, random_state=None).iloc[:5])


def test_one_schema_is_shared_and_can_be_stated():
    frame = pd.DataFrame({"code": np.arange(90) % 7, "fine": np.round(np.linspace(0, 1, 90), 2)})
    schema = Schema.infer(frame, categorical_features=["code"])
    models = {"a": ToyNormal()}
    assert AutoDensity(models=models, schema=schema).fit(frame).best_estimator_.schema_ == schema
    assert AutoDensity(models=models, categorical_features=["code"]).fit(frame).schema_ == schema
    with pytest.raises(ValueError, match="either schema or categorical_features"):
        AutoDensity(models=models, schema=schema, categorical_features=["code"]).fit(frame)
    with pytest.raises(ValueError, match="at least 2 rows.*got 1 sample"):
        AutoDensity().fit(frame.iloc[:1])


def test_the_ladder_fits_the_table():
    mixed = Schema.infer(pd.DataFrame({"a": list("xyz"), "b": list("xxz"), "c": [1.5, 2.0, 1.0]}))
    labels = [candidate.label for candidate in climb(mixed, 50_000, True, 0)]
    assert "IndependentColumns()" in labels and not {"KernelDensity()", "NormalizingFlow()"} & set(labels)
    seconds = [candidate.seconds for candidate in climb(mixed, 50_000, True, 0)]
    assert seconds == sorted(seconds)
    wide = Schema.infer(pd.DataFrame(np.random.default_rng(0).normal(size=(5, 13)).round(2)))
    assert climb(wide, 140, False, 0)[-1].label != "IndependentColumns()" != climb(wide, 140, False, 0)[0].label
    small = [candidate.label for candidate in climb(Schema.infer(X), 100, False, 0)]
    assert "GaussianMixture(n_components=4)" in small and "GaussianMixture(n_components=16)" not in small
    assert not any(rung.label in small for rung in LADDER if rung.is_deep)


def test_progress_is_printed_when_asked_for_only(capsys):
    AutoDensity(models=QUICK, cv=2).fit(X)
    assert capsys.readouterr().out == ""
    AutoDensity(models=QUICK, cv=2, verbose=1).fit(X)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == list(QUICK) and "nats per row" in lines[0]


def test_losers_do_not_warn():
    class Warns(ToyNormal):
        def fit(self, X, y=None, sample_weight=None):
            warnings.warn(f"scale {self.scale}", DegenerateDataWarning, stacklevel=2)
            return super().fit(X)

    models = {"good": Warns(scale=1.0), "bad": Warns(scale=9.0)}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        AutoDensity(models=models, cv=2).fit(X)
    assert {str(warning.message) for warning in caught} == {"scale 1.0"} and len(caught) == 1


@pytest.mark.filterwarnings(f"ignore::{DegenerateDataWarning.__module__}.DegenerateDataWarning")
@parametrize_with_checks([AutoDensity(time_budget=1e-6, cv=2, random_state=0)])
def test_sklearn_check(estimator, check):
    """The floor alone, which no clock changes."""
    check(estimator)
