"""Densities behind transformers: normalised, comparable across transformers, sampled through the inverse."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
import sklearn
import sklearn.mixture
import sklearn.neighbors
from scipy import stats
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MinMaxScaler,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)
from sklearn.utils.estimator_checks import parametrize_with_checks

import skgen
from skgen import GaussianMixture, KernelDensity, TransformedDensity, compare_densities, make_density_pipeline
from skgen.compose import LostMassWarning, NotInvertibleError
from skgen.exceptions import GivenError, RejectionError, UnsavableParameterError, UnsupportedGivenError

MIXTURE = GaussianMixture(2, random_state=0)


def lognormal(n=1_000, d=1, seed=0):
    Z = np.random.default_rng(seed).normal(size=(n, d))
    Z[:, 1:] += 0.7 * Z[:, :-1]
    return 20 * np.exp(0.6 * Z)


class Forgetful(TransformedDensity):
    """The mutant: the Jacobian is forgotten."""

    def _log_factor(self, X, given=None):
        factor = super()._log_factor(X, given)
        return np.where(np.isneginf(factor), -np.inf, 0.0)


def fitted(model, X):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LostMassWarning)
        return model.fit(X)


# ---- what scikit-learn asks ------------------------------------------------------------------------------------------


@parametrize_with_checks(
    [
        TransformedDensity(StandardScaler(), GaussianMixture(random_state=0)),
        make_density_pipeline(RobustScaler(), StandardScaler(), sklearn.neighbors.KernelDensity(bandwidth=0.5)),
        TransformedDensity("passthrough", KernelDensity()),
    ]
)
def test_sklearn_check(estimator, check):
    check(estimator)


# ---- normalised ------------------------------------------------------------------------------------------------------

IN_ONE = [
    "passthrough",
    None,
    StandardScaler(),
    PowerTransformer("box-cox"),
    PowerTransformer("yeo-johnson"),
    QuantileTransformer(n_quantiles=20),
    QuantileTransformer(n_quantiles=20, output_distribution="normal"),
    FunctionTransformer(np.log),
    FunctionTransformer(np.sqrt),
    make_pipeline(MinMaxScaler(), PowerTransformer()),
    make_pipeline(FunctionTransformer(np.negative), StandardScaler(), FunctionTransformer(np.expm1)),
]
IN_TWO = [
    PCA(whiten=True),
    make_pipeline(FunctionTransformer(np.log), PCA()),
    ColumnTransformer([("a", QuantileTransformer(n_quantiles=20), [1])], remainder=PowerTransformer("box-cox")),
]


def places(model, X, j):
    """Places of column j: evenly spread after a transformer that changes it alone, else over all that matters."""
    change, n = model.rows_.change, 20_001 if X.shape[1] == 1 else 601
    k = np.flatnonzero(change.sources == j)
    if not len(k):
        return np.geomspace(1e-2, 1e4, n) if isinstance(model.transformer, Pipeline) else np.linspace(-80, 250, n)
    Z = np.tile(change.forward(X[:1]), (n, 1))
    z = change.forward(X)[:, k[0]]
    Z[:, k[0]] = np.linspace(z.mean() - 8 * z.std(), z.mean() + 12 * z.std(), n)
    x = change.inverse(Z[change.contains(Z)])[:, j]
    return np.unique(x)


def integral(model, X):
    """The integral of the density by trapezoids whose ends are close where the transformer spreads them."""
    axes = [places(model, X, j) for j in range(X.shape[1])]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    mass = np.exp(model.score_samples(grid.reshape(-1, X.shape[1]))).reshape(grid.shape[:-1])
    for axis in reversed(axes):
        mass = np.trapezoid(mass, axis, axis=-1)
    return float(mass)


def check_integrates(model, X):
    assert integral(fitted(model, X), X) == pytest.approx(1, abs=5e-3)


@pytest.mark.parametrize("transformer", IN_ONE, ids=repr)
@pytest.mark.parametrize("density", [MIXTURE, sklearn.neighbors.KernelDensity(bandwidth=0.5)], ids=["ours", "theirs"])
def test_densities_integrate_to_one(transformer, density):
    check_integrates(TransformedDensity(transformer, density), lognormal(300))


@pytest.mark.parametrize("transformer", IN_TWO, ids=repr)
def test_densities_of_the_plane_integrate_to_one(transformer):
    check_integrates(TransformedDensity(transformer, MIXTURE), lognormal(300, 2))


@pytest.mark.parametrize("transformer", IN_ONE[2:], ids=repr)
def test_a_forgotten_jacobian_does_not(transformer):
    with pytest.raises(AssertionError):
        check_integrates(Forgetful(transformer, MIXTURE), lognormal(300))


@pytest.mark.parametrize("transformer", IN_ONE[2:], ids=repr)
def test_samples_follow_the_density(transformer):
    X = lognormal(300)
    model = fitted(TransformedDensity(transformer, MIXTURE), X)
    rows = model.sample(3_000, random_state=1)[:, 0]
    x = np.unique(np.concatenate([rows, np.geomspace(1e-3, 1e3, 4_000), -np.geomspace(1e-3, 1e3, 4_000)]))
    p = np.exp(model.score_samples(x[:, None]))
    mass = np.append(0, np.cumsum(np.diff(x) * (p[1:] + p[:-1]) / 2))
    assert stats.kstest(rows, lambda r: np.interp(r, x, mass / mass[-1])).pvalue > 1e-4
    np.testing.assert_array_equal(model.sample(1_100, random_state=1)[:, 0], rows[:1_100])


def test_the_mass_that_is_lost_is_measured_and_warned_of():
    """A standard normal in sqrt(x): half of it has no original, and x has the chi-square law."""
    X = stats.chi2(1).rvs((4_000, 1), random_state=0) + 1e-9
    normal = sklearn.mixture.GaussianMixture(random_state=0).fit(np.random.default_rng(0).normal(size=(50, 1)))
    normal.means_[:], normal.covariances_[:], normal.precisions_cholesky_[:] = 0, 1, 1
    model = TransformedDensity(FunctionTransformer(np.sqrt), FrozenEstimator(normal))
    with pytest.warns(LostMassWarning, match="puts (49|50)"):
        model.fit(X)
    assert model.mass_ == pytest.approx(0.5, abs=0.006)
    np.testing.assert_allclose(model.score_samples(X[:50]), stats.chi2(1).logpdf(X[:50, 0]), atol=0.012)
    assert stats.kstest(model.sample(3_000, random_state=0)[:, 0], stats.chi2(1).cdf).pvalue > 1e-4
    assert TransformedDensity(StandardScaler(), MIXTURE).fit(X).mass_ == 1


def test_a_density_beside_the_image_is_refused():
    normal = sklearn.mixture.GaussianMixture(random_state=0).fit(-100 - np.random.default_rng(0).random((50, 1)))
    with pytest.raises(RejectionError, match="No draw of the density has an original"):
        TransformedDensity(FunctionTransformer(np.sqrt), FrozenEstimator(normal)).fit(lognormal())


# ---- comparable ------------------------------------------------------------------------------------------------------


def search(model, X):
    transformers = [
        "passthrough",
        StandardScaler(),
        MinMaxScaler(),
        RobustScaler(),
        PowerTransformer("box-cox"),
        QuantileTransformer(n_quantiles=100),
    ]
    # held-out rows beyond the quantiles score -inf, of which scikit-learn warns, and again of their spread
    non_finite = pytest.warns(UserWarning, match="test scores are non-finite")
    no_spread = pytest.warns(RuntimeWarning, match="invalid value encountered in subtract")
    with non_finite, no_spread, warnings.catch_warnings():
        warnings.simplefilter("ignore", LostMassWarning)
        return GridSearchCV(model, {"transformer": transformers}, cv=3).fit(X)


@pytest.mark.parametrize("scale", [1.0, *(pytest.param(s, marks=pytest.mark.slow) for s in (1e-6, 1e6))])
def test_a_search_over_transformers_is_not_fooled_by_units(scale):
    X = lognormal(600) * scale
    found = search(make_density_pipeline("passthrough", GaussianMixture(2, random_state=0)), X)
    scores = found.cv_results_["mean_test_score"]
    np.testing.assert_allclose(scores[:4], scores[0], atol=1e-9)
    assert scores[4] > scores[:4].max() + 0.02 and found.best_index_ == 4
    assert scores[5] < scores[4]
    law = stats.lognorm(0.6, scale=20 * scale)
    assert found.best_estimator_.score(X) == pytest.approx(law.logpdf(X).mean(), abs=0.02)
    assert (found.best_estimator_.sample(500) > 0).all()


def test_the_mutant_picks_the_smallest_units():
    scores = search(Forgetful("passthrough", MIXTURE), lognormal(600)).cv_results_["mean_test_score"]
    assert scores[2] > scores[1] > scores[0] + 1


@pytest.mark.parametrize(
    "density",
    [sklearn.mixture.GaussianMixture(2, random_state=0), sklearn.neighbors.KernelDensity(bandwidth=0.3)],
    ids=["mixture", "kernel"],
)
def test_densities_of_sklearn_are_ranked_rightly(density):
    X = lognormal(600)
    scores = search(make_density_pipeline("passthrough", density), X).cv_results_["mean_test_score"]
    assert np.argmax(scores) == 4
    model = TransformedDensity(StandardScaler(), density).fit(X)
    inner = clone(density).fit((X - X.mean()) / X.std())
    by_hand = inner.score_samples((X - X.mean()) / X.std()) - np.log(X.std())
    np.testing.assert_allclose(model.score_samples(X), by_hand, atol=1e-12)
    assert model.likelihood_ == "exact" and model.schema_.columns[0].resolution == 0


def test_nested_parameters_and_searches_within():
    X = lognormal(300, 2)
    model = make_density_pipeline(StandardScaler(), PowerTransformer(), GaussianMixture(random_state=0))
    assert model.get_params()["transformer__powertransformer__method"] == "yeo-johnson"
    grid = {"density__n_components": [1, 2], "transformer__standardscaler__with_mean": [True, False]}
    found = GridSearchCV(model, grid, cv=2).fit(X)
    assert found.best_estimator_.density_.n_components == found.best_params_["density__n_components"]
    inner = TransformedDensity(
        PowerTransformer(), GridSearchCV(GaussianMixture(random_state=0), {"n_components": [1, 2]})
    )
    assert inner.fit(X).sample(3).shape == (3, 2) and inner.likelihood_ == "exact"


def test_densities_nest():
    """Two steps at once or one density within the other: the same law."""
    X = lognormal(300, 2)
    at_once = make_density_pipeline(FunctionTransformer(np.log), StandardScaler(), MIXTURE).fit(X)
    nested = TransformedDensity(FunctionTransformer(np.log), TransformedDensity(StandardScaler(), MIXTURE)).fit(X)
    np.testing.assert_allclose(nested.score_samples(X), at_once.score_samples(X), atol=1e-10)


def test_a_comparison_takes_them():
    X = lognormal(300)
    table = compare_densities(
        {"plain": MIXTURE, "log": make_density_pipeline(FunctionTransformer(np.log), MIXTURE)}, X, cv=2, random_state=0
    )
    assert table.best == "log"


# ---- given -----------------------------------------------------------------------------------------------------------


def test_conditions_go_through_single_columns():
    """log x is Gaussian: the conditional law is known in closed form."""
    X = lognormal(4_000, 2)
    transformer = ColumnTransformer([("a", FunctionTransformer(np.log), [1])], remainder=FunctionTransformer(np.log))
    model = TransformedDensity(transformer, GaussianMixture(random_state=0)).fit(X)
    Y = np.log(X)
    slope = np.cov(Y.T)[0, 1] / Y[:, 0].var(ddof=1)
    sd = np.sqrt(Y[:, 1].var() - slope**2 * Y[:, 0].var())
    law = stats.lognorm(sd, scale=np.exp(Y[:, 1].mean() + slope * (np.log(50.0) - Y[:, 0].mean())))
    rows = model.sample(2_000, given={0: 50.0}, random_state=0)
    assert (rows[:, 0] == 50.0).all() and stats.kstest(rows[:, 1], law.cdf).pvalue > 1e-4
    at = np.column_stack([np.full(20, 50.0), np.linspace(5, 80, 20)])
    np.testing.assert_allclose(model.score_samples(at, given=[0]), law.logpdf(at[:, 1]), atol=5e-3)


def test_a_forgotten_jacobian_shows_in_conditionals():
    X = lognormal(500, 2)
    model = Forgetful(StandardScaler(), GaussianMixture(random_state=0)).fit(X)
    right = TransformedDensity(StandardScaler(), GaussianMixture(random_state=0)).fit(X)
    gap = right.score_samples(X, given=[0]) - model.score_samples(X, given=[0])
    np.testing.assert_allclose(gap, -np.log(X[:, 1].std()), atol=1e-9)


@pytest.mark.parametrize("flip", [False, True])
def test_sets_intervals_and_tables(flip):
    X = lognormal(1_000, 2)
    steps = [FunctionTransformer(np.log), *([FunctionTransformer(np.negative)] if flip else []), StandardScaler()]
    model = make_density_pipeline(*steps, GaussianMixture(2, random_state=0)).fit(X)

    for low, high in ((10, 20), (-np.inf, 20), (10, np.inf), (-5, 15), (0, 12)):
        x = model.sample(200, given={1: pd.Interval(low, high)}, random_state=0)[:, 1]
        assert ((x >= low) & (x <= high)).all()
    values = [11.3, 25.7, 40.1]
    x = model.sample(200, given={0: values}, random_state=0)[:, 0]
    assert set(x) == set(values)
    table = np.array([[12.3, np.nan], [np.nan, 33.3], [np.nan, np.nan]])
    rows = model.sample(given=table, random_state=0)
    assert rows[0, 0] == 12.3 and rows[1, 1] == 33.3 and np.isfinite(rows).all()
    rows = model.sample(3, given=pd.DataFrame({1: [5.5, 6.5, 7.5]}))
    assert rows[:, 1].tolist() == [5.5, 6.5, 7.5]


def test_conditions_that_cannot_be_are_refused():

    X = lognormal(300, 2)
    model = make_density_pipeline(FunctionTransformer(np.log), MIXTURE).fit(X)
    with pytest.raises(GivenError, match="has -3 in column 0, where the transformer has no value"):
        model.sample(2, given={0: -3.0})
    with pytest.raises(GivenError, match="where no row can lie"):
        model.sample(2, given={0: pd.Interval(-5, -3)})
    with pytest.raises(GivenError, match="no column"):
        model.sample(2, given={7: 1.0})
    mixed = TransformedDensity(ColumnTransformer([("p", PCA(), [0, 1]), ("s", StandardScaler(), [2])]), MIXTURE)
    mixed.fit(lognormal(300, 3))
    with pytest.raises(UnsupportedGivenError, match="Column 1 is mixed with others"):
        mixed.sample(2, given={1: 3.0})
    with pytest.raises(UnsupportedGivenError, match="Column 0 is mixed"):
        mixed.score_samples(lognormal(5, 3), given=[0])
    assert mixed.sample(2, given={2: 30.0})[:, 2].tolist() == [30.0, 30.0]
    lossy = fitted(TransformedDensity(QuantileTransformer(n_quantiles=20), MIXTURE), X)
    assert ((lossy.sample(200, given={0: 20.0}) >= X.min(0)) & (lossy.sample(200) <= X.max(0))).all()
    with pytest.raises(UnsupportedGivenError, match="depends on what is given"):
        lossy.score_samples(X, given=[0])
    theirs = TransformedDensity(StandardScaler(), sklearn.neighbors.KernelDensity()).fit(X)
    with pytest.raises(UnsupportedGivenError, match="Use the model of skgen"):
        theirs.sample(2, given={0: 3.0})


# ---- weights, routing, freezing, caching, copies ---------------------------------------------------------------------


def test_weights_reach_both_parts():
    X = lognormal(400)
    weight = np.random.default_rng(1).integers(0, 3, size=400).astype(float)
    repeated = np.repeat(X, weight.astype(int), axis=0)
    for model in (
        TransformedDensity(StandardScaler(), GaussianMixture(random_state=0)),
        make_density_pipeline(FunctionTransformer(np.log), StandardScaler(), GaussianMixture(random_state=0)),
    ):
        weighted = clone(model).fit(X, sample_weight=weight)
        np.testing.assert_allclose(weighted.score_samples(X), model.fit(repeated).score_samples(X), atol=1e-9)
        scaler = weighted.transformer_ if hasattr(weighted.transformer_, "mean_") else weighted.transformer_[-1]
        assert scaler.n_samples_seen_ == pytest.approx(weight.sum())
    with pytest.raises(ValueError, match="fit of GaussianMixture takes none"):
        TransformedDensity("passthrough", sklearn.mixture.GaussianMixture()).fit(X, sample_weight=weight)


def test_weights_are_routed():
    X = lognormal(200)
    weight = np.random.default_rng(1).integers(0, 3, size=200).astype(float)
    plain = TransformedDensity(StandardScaler(), GaussianMixture(random_state=0)).fit(X, sample_weight=weight)
    with sklearn.config_context(enable_metadata_routing=True):
        scaler, density = StandardScaler(), GaussianMixture(random_state=0)
        model = TransformedDensity(scaler, density).set_fit_request(sample_weight=True)
        with pytest.raises(sklearn.exceptions.UnsetMetadataPassedError):
            clone(model).fit(X, sample_weight=weight)
        scaler.set_fit_request(sample_weight=True)
        density.set_fit_request(sample_weight=True)
        model.set_score_request(sample_weight=True)
        np.testing.assert_allclose(clone(model).fit(X, sample_weight=weight).score(X), plain.score(X), atol=1e-12)
        scaler.set_fit_request(sample_weight=False)
        unweighted = clone(model).fit(X, sample_weight=weight)
        assert unweighted.transformer_.mean_ == pytest.approx(X[weight > 0].mean())
        routed = cross_val_score(model, X, params={"sample_weight": weight}, cv=2)
    half = np.arange(200) < 100
    by_hand = clone(plain).fit(X[~half], sample_weight=weight[~half]).score(X[half], sample_weight=weight[half])
    assert routed[0] == pytest.approx(by_hand, abs=1e-9)


def test_frozen_parts_are_not_fitted_again():
    X, other = lognormal(300, 2), lognormal(300, 2, seed=5) * 3
    scaler = StandardScaler().fit(X)
    model = TransformedDensity(FrozenEstimator(scaler), GaussianMixture(random_state=0)).fit(other)
    np.testing.assert_array_equal(model.transformer_.estimator.mean_, scaler.mean_)
    for density in (GaussianMixture(random_state=0), sklearn.mixture.GaussianMixture(random_state=0)):
        inner = density.fit(scaler.transform(X))
        model = TransformedDensity(FrozenEstimator(scaler), FrozenEstimator(inner)).fit(other[:5])
        by_hand = inner.score_samples(scaler.transform(other)) - np.log(scaler.scale_).sum()
        np.testing.assert_allclose(model.score_samples(other), by_hand, atol=1e-12)
        assert clone(model).fit(X).density_.estimator is inner
    turned = ColumnTransformer([("b", StandardScaler(), [1]), ("a", MinMaxScaler(), [0])]).fit(X)
    inner = GaussianMixture(random_state=0).fit(turned.transform(X))
    model = TransformedDensity(FrozenEstimator(turned), FrozenEstimator(inner)).fit(X)
    rows = model.sample(4, given={1: 17.0})
    assert (rows[:, 1] == 17.0).all()
    assert model.score(X) == pytest.approx(TransformedDensity(turned, GaussianMixture(random_state=0)).fit(X).score(X))


def test_fitted_transformers_are_cached(tmp_path):
    X = lognormal(200)
    model = make_density_pipeline(PowerTransformer("box-cox"), MIXTURE, memory=str(tmp_path))
    first = model.fit(X).score_samples(X)
    stored = sorted(tmp_path.rglob("output.pkl"))
    assert len(stored) == 1
    again = clone(model).set_params(density__n_components=1).fit(X)
    assert sorted(tmp_path.rglob("output.pkl")) == stored
    assert not np.array_equal(again.score_samples(X), first)
    np.testing.assert_array_equal(clone(model).fit(X).score_samples(X), first)


def test_copies_keep_scores_and_the_place_in_the_stream(tmp_path):
    X = lognormal(200)
    model = make_density_pipeline(FunctionTransformer(np.log), StandardScaler(), MIXTURE).fit(X)
    model.sample(3)
    copy = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(copy.score_samples(X), model.score_samples(X))
    np.testing.assert_array_equal(copy.sample(20), model.sample(20))
    with pytest.raises(UnsavableParameterError, match="TransformedDensity"):
        skgen.save(model, tmp_path / "model.skgen")


# ---- refused ---------------------------------------------------------------------------------------------------------


def test_wrong_parts_are_refused():
    X = lognormal(100, 2)
    with pytest.raises(ValueError, match="density is a Pipeline"):
        TransformedDensity("passthrough", make_pipeline(StandardScaler(), MIXTURE)).fit(X)
    with pytest.raises(ValueError, match="outlier score"):
        TransformedDensity("passthrough", IsolationForest()).fit(X)
    with pytest.raises(NotInvertibleError, match="keeps 1 of 2"):
        TransformedDensity(PCA(n_components=1), MIXTURE).fit(X)
    with pytest.raises(NotInvertibleError, match="inverse_transform does not give back"):
        TransformedDensity(FunctionTransformer(np.log, inverse_func=np.expm1, check_inverse=False), MIXTURE).fit(X)
    with pytest.raises(NotInvertibleError, match="slope of the transformer is infinite"):
        TransformedDensity(FunctionTransformer(np.sqrt), MIXTURE).fit(np.vstack([X, [[0.0, 1.0]]]))
    with pytest.raises(ValueError, match="needs a density"):
        make_density_pipeline()
    with pytest.raises(ValueError, match="last step must be a density"):
        make_density_pipeline(StandardScaler())
    assert isinstance(make_density_pipeline(MIXTURE).fit(X), TransformedDensity)
