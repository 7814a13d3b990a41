"""DensityOutlierDetector: held-out thresholds, the meaning of contamination, scikit-learn's checks."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.stats import norm
from sklearn.ensemble import IsolationForest
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import roc_auc_score
from sklearn.mixture import GaussianMixture as SklearnMixture
from sklearn.neighbors import KernelDensity as SklearnKernels
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import (
    check_dataframe_column_names_consistency,
    check_param_validation,
    parametrize_with_checks,
)

from skgen import DensityOutlierDetector, GaussianMixture, KernelDensity, make_density_pipeline
from skgen.roles.outlier_detector import lower_quantile

DATA = Path(os.environ.get("SKGEN_DATA", "data")) / "outliers"


@parametrize_with_checks(
    [DensityOutlierDetector(random_state=0), DensityOutlierDetector(GaussianMixture(), random_state=0)]
)
@pytest.mark.filterwarnings("ignore::skgen.exceptions.DegenerateDataWarning")
def test_sklearn_check(estimator, check):
    check(estimator)


def test_parameters_and_names_are_checked():
    check_param_validation("DensityOutlierDetector", DensityOutlierDetector())
    check_dataframe_column_names_consistency("DensityOutlierDetector", DensityOutlierDetector())


def test_scores_are_log_densities():
    rng = np.random.default_rng(0)
    X, new = rng.normal(size=(300, 2)), rng.normal(size=(50, 2))
    detector = DensityOutlierDetector(GaussianMixture(), random_state=0).fit(X)
    mean, sd = X.mean(axis=0), np.linalg.cholesky(np.cov(X.T, bias=True))
    z = np.linalg.solve(sd, (new - mean).T)
    expected = norm.logpdf(z).sum(axis=0) - np.log(np.diag(sd)).sum()
    np.testing.assert_allclose(detector.score_samples(new), expected, atol=1e-9)
    np.testing.assert_allclose(detector.decision_function(new), expected - detector.offset_, atol=1e-9)


def test_rows_of_fit_are_scored_by_densities_that_have_not_seen_them():
    """Kernels so narrow that a density is high only where it has seen a row."""
    X = np.random.default_rng(0).normal(size=(200, 2))
    narrow = KernelDensity(bandwidth=0.05)
    detector = DensityOutlierDetector(narrow, random_state=0).fit(X)
    seen = narrow.fit(X).score_samples(X)
    assert np.mean(detector.score_samples(X) < seen) == 1.0
    np.testing.assert_array_equal(detector.score_samples(X), detector.held_out_scores_)
    moved = X + 1e-12
    np.testing.assert_allclose(detector.score_samples(moved), seen, atol=1e-6)


def test_the_share_of_new_rows_is_that_of_rows_of_fit():
    """In-sample thresholds of narrow kernels flag a multiple of the share among new rows."""
    rng = np.random.default_rng(0)
    X, new = rng.normal(size=(2, 2000, 2))
    narrow = KernelDensity(bandwidth=0.1)
    detector = DensityOutlierDetector(narrow, 0.1, random_state=0).fit(X)
    assert (detector.predict(X) == -1).mean() == 0.1
    assert (detector.predict(new) == -1).mean() == pytest.approx(0.1, abs=0.02)
    scores = narrow.fit(X).score_samples(X)
    assert (narrow.score_samples(new) < np.quantile(scores, 0.1)).mean() > 0.15


def test_weights_are_rows():
    X = np.random.default_rng(0).normal(size=(60, 2))
    weight = np.arange(60) % 3
    weighted = DensityOutlierDetector(contamination=0.2, random_state=0).fit(X, sample_weight=weight)
    repeated = DensityOutlierDetector(contamination=0.2, random_state=0).fit(np.repeat(X, weight, axis=0))
    assert weighted.offset_ == pytest.approx(repeated.offset_, abs=1e-10)
    np.testing.assert_allclose(weighted.score_samples(X), repeated.score_samples(X), atol=1e-10)


@pytest.mark.parametrize("weight", [2.0, 10.0])
def test_a_weight_above_one_does_not_show_a_row_to_its_own_judge(weight):
    X = np.random.default_rng(0).normal(size=(200, 2))
    narrow = DensityOutlierDetector(KernelDensity(bandwidth=0.05), random_state=0)
    plain = narrow.fit(X).held_out_scores_
    heavy = narrow.fit(X, sample_weight=np.full(200, weight)).held_out_scores_
    np.testing.assert_allclose(heavy, plain, atol=1e-9)


def test_the_values_of_a_table_of_few_values_are_told_by_their_shares():
    X = pd.DataFrame({"a": np.repeat(list("uvwxyz"), [18, 18, 18, 18, 18, 2])})
    detector = DensityOutlierDetector(GaussianMixture(), random_state=0).fit(X)
    shares = dict(zip(X["a"], detector.held_out_scores_, strict=True))
    assert shares.pop("z") < min(shares.values()) - 1
    np.testing.assert_allclose(list(shares.values()), np.log(18 / 92), atol=0.1)


def test_a_pipeline_is_refused():
    with pytest.raises(ValueError, match="must not be a Pipeline.*make_density_pipeline"):
        DensityOutlierDetector(make_pipeline(StandardScaler(), SklearnMixture())).fit(np.eye(4))


def test_a_table_of_polars_with_empty_cells_is_known_again():
    rng = np.random.default_rng(0)
    n = [None if i % 9 == 0 else int(k) for i, k in enumerate(rng.integers(100, size=90))]
    X = pl.DataFrame({"n": n, "x": rng.normal(size=90)})
    detector = DensityOutlierDetector(random_state=0).fit(X)
    whole = X.filter(pl.col("n").is_not_null())
    expected = detector.held_out_scores_[X["n"].is_not_null().to_numpy()]
    np.testing.assert_array_equal(detector.score_samples(whole), expected)


def test_copies_vouch_for_each_other_where_they_outweigh_a_fold():
    """The one value that half of the rows share is no outlier: the law has an atom there."""
    X = np.concatenate([np.zeros((100, 1)), np.linspace(5, 6, 100)[:, None]])
    detector = DensityOutlierDetector(SklearnKernels(bandwidth=0.2), random_state=0).fit(X)
    assert detector.predict([[0.0]])[0] == 1
    assert detector.score_samples([[0.0]])[0] > detector.score_samples([[5.5]])[0]


def test_auto_flags_beyond_the_outer_fence():
    rng = np.random.default_rng(0)
    clean = rng.normal(size=(1000, 5))
    detector = DensityOutlierDetector(GaussianMixture(), random_state=0)
    assert (detector.fit_predict(clean) == -1).mean() == pytest.approx(0.01)
    dirty = clean.copy()
    dirty[:40] = rng.normal(size=(40, 5)) + 12 * rng.choice([-1, 1], size=(40, 5))
    flagged = detector.fit_predict(dirty) == -1
    assert flagged[:40].mean() > 0.95 and flagged[40:].mean() < 0.01


def test_lower_quantile_by_hand():
    values, weight = np.array([3.0, 1.0, 2.0, 4.0]), np.ones(4)
    assert lower_quantile(values, weight, 0.25) == 2.0  # one of four lies below
    assert lower_quantile(values, weight, 0.24) == 1.0
    assert lower_quantile(values, np.array([1.0, 3.0, 1.0, 1.0]), 0.4) == 1.0
    assert lower_quantile(values, weight, 1.0) == 4.0


@pytest.mark.parametrize("density", [SklearnKernels(), SklearnMixture(2, random_state=0), KernelDensity()])
def test_any_density(density):
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(size=(190, 2)), rng.normal(size=(10, 2)) + 8])
    scores = DensityOutlierDetector(density, random_state=0).fit(X).score_samples(X)
    assert roc_auc_score(np.arange(200) < 190, scores) > 0.95


@pytest.mark.parametrize("wrap", [lambda model: model, lambda model: make_density_pipeline(StandardScaler(), model)])
def test_a_frozen_density_cannot_judge_rows_that_it_has_not_seen(wrap):
    X = np.random.default_rng(0).normal(size=(100, 2))
    frozen = FrozenEstimator(GaussianMixture().fit(X))
    with pytest.raises(ValueError, match="(?s)judged by the others.*Pass the density without FrozenEstimator"):
        DensityOutlierDetector(wrap(frozen)).fit(X)


@pytest.mark.parametrize("contamination", ["auto", 0.1])
def test_rows_of_density_zero_are_outliers_however_many(contamination):
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(size=(180, 1)), rng.uniform(50, 5000, size=(40, 1))])
    narrow = KernelDensity(kernel="epanechnikov", bandwidth=0.5)
    detector = DensityOutlierDetector(narrow, contamination=contamination, random_state=0).fit(X)
    alone = np.isneginf(detector.held_out_scores_)
    assert alone.sum() > 22
    np.testing.assert_array_equal(detector.predict(X) == -1, alone)
    assert detector.predict([[1e6], [0.0]]).tolist() == [-1, 1]
    nowhere = DensityOutlierDetector(KernelDensity(kernel="tophat", bandwidth=1e-9), random_state=0).fit(X)
    assert (nowhere.predict(X) == -1).all()


@pytest.mark.parametrize("n_missing", [1, 3])
def test_an_array_with_few_missing_cells(n_missing):
    X = np.random.default_rng(0).normal(size=(100, 2))
    X[:n_missing, 1] = np.nan
    detector = DensityOutlierDetector(GaussianMixture(), random_state=0).fit(X)
    assert np.isfinite(detector.held_out_scores_).all()
    if n_missing == 1:  # no other row knows of a missing cell: it is judged by all rows
        assert detector.score_samples(X)[0] == detector.density_.score_samples(X)[0]
        assert (detector.held_out_scores_ < detector.density_.score_samples(X))[1:].mean() > 0.5


def test_a_mixed_table_with_empty_cells():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"x": rng.normal(size=300).round(2), "s": rng.choice(["u", "v"], size=300)})
    X.loc[::10, "x"] = np.nan
    X.loc[0] = [9.0, "u"]
    detector = DensityOutlierDetector(random_state=0).fit(X)
    assert detector.score_samples(X).argmin() == 0
    assert np.isfinite(detector.score_samples(pd.DataFrame({"x": [0.1], "s": ["w"]}))).all()


@pytest.mark.slow
@pytest.mark.skipif(not DATA.exists(), reason="no data: set SKGEN_DATA")
def test_beside_an_isolation_forest():
    ours, theirs = [], []
    for name in ("shuttle", "pendigits", "mammography"):
        with np.load(DATA / f"{name}.npz") as file:
            X, y = file["X"].astype(float), file["y"].ravel()
        ours.append(roc_auc_score(y, -DensityOutlierDetector(random_state=0).fit(X).score_samples(X)))
        theirs.append(roc_auc_score(y, -IsolationForest(random_state=0).fit(X).score_samples(X)))
    assert np.mean(ours) >= np.mean(theirs)
