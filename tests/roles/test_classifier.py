"""GenerativeClassifier: Bayes' rule in closed form, calibration, missing cells, joint laws, scikit-learn's checks."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import log_softmax, softmax
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from sklearn.frozen import FrozenEstimator
from sklearn.mixture import GaussianMixture as SklearnMixture
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_predict
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KernelDensity as SklearnKernels
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import (
    check_dataframe_column_names_consistency,
    check_param_validation,
    parametrize_with_checks,
)

from skgen import (
    AutoregressiveTrees,
    BayesianNetwork,
    GaussianCopula,
    GaussianMixture,
    GenerativeClassifier,
    KernelDensity,
)
from skgen.exceptions import SchemaError
from skgen.roles._calibration import fit_posterior, posterior


def calibration_error(proba, y, n_bins=15):
    """The mean distance of confidence and accuracy in bins of confidence."""
    sure, right = proba.max(axis=1), proba.argmax(axis=1) == y
    bins = np.minimum((sure * n_bins).astype(int), n_bins - 1)
    gaps = [abs(right[bins == b].mean() - sure[bins == b].mean()) * (bins == b).mean() for b in np.unique(bins)]
    return float(np.sum(gaps))


def two_classes(n=300, seed=0, gap=2.0):
    rng = np.random.default_rng(seed)
    y = np.where(rng.random(n) < 0.3, "yes", "no")
    X = rng.normal(size=(n, 3)) @ np.diag([1.0, 2.0, 0.5]) + gap * (y == "yes")[:, None]
    return X, y


@parametrize_with_checks(
    [GenerativeClassifier(random_state=0), GenerativeClassifier(KernelDensity(), joint=True, random_state=0)]
)
@pytest.mark.filterwarnings("ignore::skgen.exceptions.DegenerateDataWarning")
def test_sklearn_check(estimator, check):
    check(estimator)


def test_parameters_and_names_are_checked():
    check_param_validation("GenerativeClassifier", GenerativeClassifier())
    check_dataframe_column_names_consistency("GenerativeClassifier", GenerativeClassifier(calibrate=False))


# ---- Bayes' rule -----------------------------------------------------------------------------------------------------


def test_one_gaussian_a_class_is_quadratic_discriminant_analysis():
    X, y = two_classes()
    ours = GenerativeClassifier(GaussianMixture(), calibrate=False).fit(X, y)
    log_joint = []
    for label in ("no", "yes"):
        own = X[y == label]
        gap, S = X - own.mean(axis=0), np.cov(own.T, bias=True)
        distance = np.einsum("ij,jk,ik->i", gap, np.linalg.inv(S), gap)
        log_joint.append(np.log(len(own) / len(y)) - 0.5 * (distance + np.linalg.slogdet(S)[1]))
    np.testing.assert_allclose(ours.predict_log_proba(X), log_softmax(np.column_stack(log_joint), axis=1), atol=1e-8)


def test_priors_shift_the_log_odds():
    X, y = two_classes()
    own = GenerativeClassifier(GaussianMixture(), calibrate=False).fit(X, y)
    even = GenerativeClassifier(GaussianMixture(), calibrate=False, priors=[0.5, 0.5]).fit(X, y)
    odds = [np.subtract(*model.predict_log_proba(X[:20]).T) for model in (own, even)]
    share = (y == "no").mean()
    np.testing.assert_allclose(odds[0] - odds[1], np.log(share / (1 - share)), atol=1e-8)
    with pytest.raises(ValueError, match=r"priors must be 2 positive numbers"):
        GenerativeClassifier(priors=[0.5, 0.6]).fit(X, y)


@pytest.mark.parametrize("density", [SklearnKernels(bandwidth=0.5), SklearnMixture(2, random_state=0)])
def test_densities_of_scikit_learn(density):
    X, y = two_classes()
    model = GenerativeClassifier(density, calibrate=False).fit(X, y)
    joint = [clone(density).fit(X[y == k]).score_samples(X) + np.log((y == k).mean()) for k in ("no", "yes")]
    np.testing.assert_allclose(model.predict_proba(X), softmax(np.column_stack(joint), axis=1), atol=1e-10)


def test_weights_are_rows():
    X, y = two_classes(60)
    weight = np.arange(60) % 3
    weighted = GenerativeClassifier(random_state=0).fit(X, y, sample_weight=weight)
    repeated = GenerativeClassifier(random_state=0).fit(np.repeat(X, weight, axis=0), np.repeat(y, weight))
    np.testing.assert_allclose(weighted.predict_proba(X), repeated.predict_proba(X), atol=1e-9)
    assert weighted.temperature_ == repeated.temperature_


def test_classes_of_a_frame_share_one_schema():
    rng = np.random.default_rng(0)
    y = np.repeat(["a", "b"], 100)
    X = pd.DataFrame({"x": np.where(y == "a", rng.integers(0, 5, 200), rng.normal(size=200).round(2)), "s": "u"})
    X.loc[rng.random(200) < 0.3, "s"] = "v"
    model = GenerativeClassifier(calibrate=False).fit(X, y)
    first, second = (density.schema_ for density in model.densities_)
    assert first == second and first.resolutions[0] == 0.01
    own = GaussianMixture().fit(X[y == "a"])
    assert own.schema_ != first  # what each class would have read by itself


def test_a_grid_search_reaches_the_density():
    X, y = two_classes(200)
    search = GridSearchCV(
        GenerativeClassifier(GaussianMixture(random_state=0), calibrate=False), {"density__n_components": [1, 2]}, cv=2
    ).fit(X, y)
    assert search.best_estimator_.densities_[0].n_components == search.best_params_["density__n_components"]


def test_what_has_no_density_is_refused():
    X, y = two_classes(40)
    with pytest.raises(ValueError, match="make_density_pipeline"):
        GenerativeClassifier(make_pipeline(StandardScaler(), SklearnKernels())).fit(X, y)
    with pytest.raises(ValueError, match="joint=True needs a density that reads categories"):
        GenerativeClassifier(SklearnKernels(), joint=True).fit(X, y)
    with pytest.raises(ValueError, match="Pass the density without FrozenEstimator"):
        GenerativeClassifier(FrozenEstimator(GaussianMixture().fit(X))).fit(X, y)
    with pytest.raises(ValueError, match="fit of GridSearchCV takes none|takes none"):
        GenerativeClassifier(_Unweighted()).fit(X, y, sample_weight=np.ones(40))


class _Unweighted(SklearnMixture):
    """scikit-learn's mixture, whose fit takes no weights."""


# ---- calibration -----------------------------------------------------------------------------------------------------


def test_the_temperature_of_columns_counted_twice():
    """Each column stands there four times: the log-likelihood ratio is four times too large."""
    rng = np.random.default_rng(0)
    y = np.arange(4000) % 2
    x = rng.normal(size=(4000, 1)) + y[:, None]
    X = np.repeat(x, 4, axis=1)
    model = GenerativeClassifier(GaussianMixture(covariance_type="diag"), random_state=0).fit(X, y)
    assert model.temperature_ == pytest.approx(0.25, rel=0.2)
    assert model.error_rate_ < 0.02
    truth = 1 / (1 + np.exp(0.5 - x[:, 0]))
    np.testing.assert_allclose(model.predict_proba(X)[:, 1], truth, atol=0.05)
    bare = GenerativeClassifier(GaussianMixture(covariance_type="diag"), calibrate=False).fit(X, y)
    assert np.abs(bare.predict_proba(X)[:, 1] - truth).max() > 0.25


def test_the_error_rate_of_rows_that_no_class_explains():
    """One row in ten has a class at random, however sure the densities are."""
    rng = np.random.default_rng(0)
    codes = rng.integers(2, size=5000)
    shown = np.where(rng.random(5000) < 0.1, rng.integers(2, size=5000), codes)
    scores = np.where(np.arange(2) == shown[:, None], 0.0, -200.0)
    temperature, error = fit_posterior(scores, codes, np.ones(5000), np.log([0.5, 0.5]))
    proba = posterior(scores, np.log([0.5, 0.5]), temperature, error)
    np.testing.assert_allclose(proba.max(axis=1), (shown == codes).mean(), atol=0.005)
    alone = min(2.0 ** (-np.arange(81) / 8), key=lambda t: abs(1 / (1 + np.exp(-200 * t)) - 0.95))
    assert temperature > 1.5 * alone  # what the temperature would have to be without the error rate


def test_no_density_anywhere_leaves_the_prior():
    proba = posterior(np.array([[-np.inf, -np.inf], [0.0, -np.inf]]), np.log([0.2, 0.8]), 1.0, 0.0)
    np.testing.assert_allclose(proba, [[0.2, 0.8], [1.0, 0.0]])


def test_cells_of_categories_are_no_evidence_against_the_densities():
    """Copies of a row in a table of few values are rows of their own: a fold without them would know the wrong law."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"a": rng.choice(list("uvwx"), size=1200), "b": rng.choice(list("mf"), size=1200)})
    p = np.where((X["a"] == "u") == (X["b"] == "m"), 0.8, 0.2)
    y = (rng.random(1200) < p).astype(int)
    model = GenerativeClassifier(KernelDensity(0.5), random_state=0).fit(X, y)
    assert model.temperature_ > 0.7 and model.error_rate_ < 0.1


def test_a_class_of_two_rows_is_in_no_held_out_fold():
    X, y = two_classes(60)
    X, y = np.concatenate([X, [[9, 9, 9], [9, 8, 9]]]), np.append(y, ["rare", "rare"])
    model = GenerativeClassifier(SklearnMixture(), random_state=0).fit(X, y)
    assert model.predict([[9.0, 8.5, 9.0]]) == "rare"
    tiny = GenerativeClassifier(SklearnMixture(), random_state=0).fit([[0.0], [1.0], [8.0], [9.0]], list("uuvv"))
    assert tiny.temperature_ == 1.0 and tiny.error_rate_ == 0.0
    assert tiny.predict([[0.5], [8.5]]).tolist() == ["u", "v"]


# ---- missing cells ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("density", [GaussianMixture(), KernelDensity(0.5)])
def test_empty_cells_are_integrated_out(density):
    X, y = two_classes()
    model = GenerativeClassifier(density, calibrate=False).fit(X, y)
    rows = X[:5].copy()
    rows[:, 1] = np.nan
    grid = np.linspace(-20, 20, 4001)
    totals = np.zeros((5, 2))
    for k, fitted in enumerate(model.densities_):
        for i in range(5):
            full = np.repeat(X[i][None], len(grid), axis=0)
            full[:, 1] = grid
            totals[i, k] = np.trapezoid(np.exp(fitted.score_samples(full)), grid)
    totals *= np.exp(model.class_log_prior_)
    np.testing.assert_allclose(model.predict_proba(rows), totals / totals.sum(axis=1, keepdims=True), rtol=1e-5)
    nothing = np.full((1, 3), np.nan)
    np.testing.assert_allclose(model.predict_proba(nothing)[0], np.exp(model.class_log_prior_))


def test_an_empty_cell_may_be_an_event():
    X, y = two_classes(400, gap=0.0)
    rng = np.random.default_rng(1)
    X[(y == "yes") & (rng.random(400) < 0.9), 0] = np.nan
    X[(y == "no") & (rng.random(400) < 0.1), 0] = np.nan
    row = np.array([[np.nan, 0.0, 0.0]])
    event = GenerativeClassifier(missing="event", calibrate=False).fit(X, y)
    assert event.predict(row) == "yes"
    assert GenerativeClassifier(calibrate=False).fit(X, y).predict(row) == "no"


@pytest.mark.parametrize("n_missing", [1, 3])
@pytest.mark.parametrize("density", [GaussianMixture(), AutoregressiveTrees(random_state=0)])
@pytest.mark.parametrize("joint", [False, True])
def test_an_array_with_few_missing_cells(density, n_missing, joint):
    X, y = two_classes(80)
    X[np.flatnonzero(y == "no")[:n_missing], 0] = np.nan
    model = GenerativeClassifier(density, joint=joint, missing="event", random_state=0).fit(X, y)
    assert np.isfinite(model.predict_log_proba(X)).all()
    if not joint:  # a missing cell is an event that one class alone has seen
        rare = GenerativeClassifier(density, missing="event", calibrate=False).fit(X, y)
        assert rare.predict_proba(X)[np.isnan(X[:, 0])].tolist() == [[1.0, 0.0]] * n_missing
        with pytest.raises(ValueError, match=r"NaN in columns \[1\], which had no missing cell in fit"):
            rare.predict_proba(np.array([[0.0, np.nan, 0.0]]))


@pytest.mark.parametrize("density", [AutoregressiveTrees(random_state=0), GaussianCopula(random_state=0)], ids=repr)
def test_an_empty_cell_says_one_thing_in_all_rows(density):
    """Trees integrate out some columns and no others, copulas of levels have bounds: every empty cell is the event."""
    X, y = two_classes(200)
    frame = pd.DataFrame(X, columns=["a", "b", "c"]).assign(level=np.where(X[:, 0] > 0, "u", "v"))
    rng = np.random.default_rng(0)
    frame = frame.mask(rng.random(frame.shape) < 0.1)
    marginalize, event = (
        GenerativeClassifier(density, missing=missing, calibrate=False).fit(frame, y).predict_proba(frame)
        for missing in ("marginalize", "event")
    )
    np.testing.assert_array_equal(marginalize, event)


# ---- one density of rows and class -----------------------------------------------------------------------------------


def test_a_joint_network_is_naive_bayes():
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=2000)
    X = pd.DataFrame({f"x{j}": np.where(rng.random(2000) < 0.3 + 0.4 * y, "u", "v") for j in range(3)})
    network = BayesianNetwork(structure="chow-liu")
    model = GenerativeClassifier(network, joint=True, calibrate=False).fit(X, y)
    assert len(model.densities_) == 1 and model.densities_[0].schema_.names[-1] == "class"
    rows = pd.DataFrame([["u", "u", "v"]], columns=X.columns)
    odds = np.log((y == 1).mean() / (y == 0).mean())
    for j, level in enumerate("uuv"):
        odds += np.log((X[f"x{j}"][y == 1] == level).mean() / (X[f"x{j}"][y == 0] == level).mean())
    got = np.subtract(*model.predict_log_proba(rows)[0][::-1])
    assert got == pytest.approx(odds, abs=0.05)


@pytest.mark.parametrize("calibrate", [False, True])
def test_the_default_joint_density_ties_rows_to_classes(calibrate):
    """One component would make the row and its class independent, and the classifier that of the priors."""
    X, y = load_wine(return_X_y=True)
    model = GenerativeClassifier(joint=True, calibrate=calibrate, random_state=0)
    folds = StratifiedKFold(3, shuffle=True, random_state=0)
    assert (cross_val_predict(model, X, y, cv=folds) == y).mean() > 0.92
    assert model.fit(X, y).densities_[0].n_components == 18
    few = np.concatenate([np.flatnonzero(y == k)[:5] for k in range(3)])
    few_rows = clone(model).fit(X[few], y[few])
    assert few_rows.densities_[0].n_components == 3 and few_rows.score(X, y) > 0.7


def test_joint_trees_read_a_frame_and_its_class():
    wine = load_wine(as_frame=True)
    model = GenerativeClassifier(AutoregressiveTrees(random_state=0), joint=True, calibrate=False).fit(
        wine.data, wine.target
    )
    assert model.densities_[0].schema_.names[-1] == "target"
    assert model.score(wine.data, wine.target) > 0.95


def test_other_base_measures_are_refused():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], 50)
    X = pd.DataFrame({"x": np.where(y == 0, rng.integers(0, 50, 100), rng.normal(size=100))})
    with pytest.raises(SchemaError, match="do not compare"):
        GenerativeClassifier(_OwnSchema(), calibrate=False).fit(X, y)


class _OwnSchema(SklearnMixture):
    """A density that reads each table by itself."""

    def fit(self, X, y=None):
        self.inner_ = GaussianMixture().fit(X)
        self.schema_ = self.inner_.schema_
        return self


# ---- real data -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("load", "gain"),
    [
        (load_wine, -0.01),
        (load_breast_cancer, -0.01),
        pytest.param(load_digits, 0.05, marks=pytest.mark.slow),
    ],
)
def test_beside_naive_bayes(load, gain):
    X, y = load(return_X_y=True)
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    proba = cross_val_predict(GenerativeClassifier(random_state=0), X, y, cv=folds, method="predict_proba")
    peer = (cross_val_predict(GaussianNB(), X, y, cv=folds) == y).mean()
    assert (proba.argmax(axis=1) == y).mean() >= peer + gain
    assert calibration_error(proba, y) <= 0.05
