"""The verbs by delegation: a trivial subclass around densities of this package and of scikit-learn."""

import pickle

import numpy as np
import pandas as pd
import pytest
import sklearn.mixture
import sklearn.neighbors
from scipy import integrate, stats
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV
from sklearn.utils.estimator_checks import parametrize_with_checks

from skgen import GaussianMixture, KernelDensity
from skgen._delegated import DelegatedDensity, fitted_clone
from skgen._sklearn import clone
from skgen.exceptions import RejectionError, UnsupportedGivenError


class Handed(DelegatedDensity):
    """Hands everything on."""

    def __init__(self, density=None):
        self.density = density

    def _fit_density(self, X, sample_weight):
        density = GaussianMixture(random_state=0) if self.density is None else self.density
        self.density_ = fitted_clone(density, X, sample_weight)


class Doubled(Handed):
    """The density of the doubled logarithm of positive rows, its negative draws without an original."""

    def _fit_density(self, X, sample_weight):
        super()._fit_density(np.sqrt(np.asarray(X)), sample_weight)

    def _to_density(self, X):
        return np.sqrt(X)

    def _from_density(self, rows):
        return rows**2

    def _has_original(self, rows):
        return (rows >= 0).all(axis=1)

    def _log_factor(self, X, given=None):
        with np.errstate(invalid="ignore", divide="ignore"):
            factor = -np.log(2 * np.sqrt(X)).sum(axis=1)
        return np.where((X > 0).all(axis=1), factor, -np.inf)


SKLEARN = [
    sklearn.mixture.GaussianMixture(2, random_state=0),
    sklearn.mixture.BayesianGaussianMixture(n_components=2, random_state=0),
    sklearn.neighbors.KernelDensity(bandwidth=0.4),
]


def two_humps(n, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(0, 0.5, (n, 2)) + 4 * rng.integers(2, size=(n, 1))


@parametrize_with_checks([Handed()])
def test_sklearn_check(estimator, check):
    check(estimator)


def test_what_is_handed_on_is_the_density():
    frame = pd.DataFrame(two_humps(200).round(2), columns=["a", "b"]).assign(c=["x", "y"] * 100)
    model, plain = Handed(GaussianMixture(2, random_state=0)).fit(frame), GaussianMixture(2, random_state=0).fit(frame)
    np.testing.assert_array_equal(model.score_samples(frame), plain.score_samples(frame))
    np.testing.assert_array_equal(model.score_samples(frame, given=["a"]), plain.score_samples(frame, given=["a"]))
    weight = np.arange(200.0)
    assert model.score(frame, sample_weight=weight) == pytest.approx(
        plain.score(frame, sample_weight=weight), abs=1e-12
    )
    assert model.schema_ == plain.schema_ and model.likelihood_ == "exact"
    assert not hasattr(model, "bound_gap_") and not hasattr(model, "conditional_on_")
    rows = model.sample(50, given={"c": "x"})
    assert list(rows) == ["a", "b", "c"] and (rows["c"] == "x").all() and (rows.dtypes == frame.dtypes).all()


def test_weights_reach_the_density():
    X = two_humps(300)
    weight = np.where(X[:, 0] > 2, 0.0, 1.0)
    model = Handed(GaussianMixture(random_state=0)).fit(X, sample_weight=weight)
    np.testing.assert_allclose(model.score_samples(X), GaussianMixture().fit(X[weight > 0]).score_samples(X), atol=1e-9)


def test_weights_of_a_density_that_takes_none_are_refused():
    with pytest.raises(ValueError, match="fit of GaussianMixture takes none"):
        Handed(sklearn.mixture.GaussianMixture()).fit(two_humps(20), sample_weight=np.ones(20))


@pytest.mark.parametrize("density", SKLEARN, ids=lambda density: type(density).__name__)
def test_densities_of_sklearn_draw_like_ours(density):
    X = two_humps(400)
    model = Handed(density).fit(X)
    np.testing.assert_array_equal(model.score_samples(X), clone(density).fit(X).score_samples(X))
    assert isinstance(model.score(X), float) and model.score(X) == pytest.approx(model.score_samples(X).mean())
    assert model.likelihood_ == "exact"
    rows = model.sample(2_500, random_state=3)
    assert rows.shape == (2_500, 2) and model.sample(0).shape == (0, 2)
    np.testing.assert_array_equal(model.sample(1_100, random_state=3), rows[:1_100])
    assert not np.array_equal(model.sample(20), model.sample(20))
    low = rows[:, 0] < 2
    assert abs(low[:1_000].mean() - low[1_500:].mean()) < 0.15, "the components come one after the other"
    assert abs(low.mean() - (X[:, 0] < 2).mean()) < 0.06


@pytest.mark.parametrize("density", SKLEARN, ids=lambda density: type(density).__name__)
def test_densities_of_sklearn_have_no_conditionals(density):
    model = Handed(density).fit(two_humps(50))
    with pytest.raises(UnsupportedGivenError, match="Use the model of skgen"):
        model.sample(3, given={0: 1.0})
    with pytest.raises(UnsupportedGivenError, match="Use the model of skgen"):
        model.score_samples(two_humps(5), given=[0])


def test_the_stream_goes_on_and_copies_keep_its_place():
    X = two_humps(100)
    model = Handed(KernelDensity(random_state=0)).fit(X)
    model.sample(5)
    copy = pickle.loads(pickle.dumps(model))
    second = model.sample(30)
    np.testing.assert_array_equal(copy.sample(30), second)
    again = Handed(KernelDensity(random_state=0)).fit(X)
    again.sample(5)
    again.sample(7, random_state=1)
    np.testing.assert_array_equal(again.sample(30), second)


@pytest.mark.parametrize("inner", SKLEARN[::2], ids=lambda density: type(density).__name__)
def test_frozen_and_searched_densities(inner):
    X = two_humps(100)
    frozen = FrozenEstimator(clone(inner).fit(X))
    np.testing.assert_array_equal(Handed(frozen).fit(X[:10]).score_samples(X), frozen.score_samples(X))
    assert Handed(frozen).fit(X[:10]).sample(3).shape == (3, 2)
    search = GridSearchCV(GaussianMixture(random_state=0), {"n_components": [1, 2]}, cv=2)
    model = Handed(search).fit(X)
    assert model.density_.best_params_ == {"n_components": 2} and model.likelihood_ == "exact"
    assert model.sample(3, given={0: 0.0})[:, 0].tolist() == [0.0, 0.0, 0.0]


def test_draws_without_an_original_are_drawn_again():
    """The half-normal law through the square: N(0, 1) conditioned on z > 0 has the square's chi-square law."""
    z = np.random.default_rng(0).normal(size=(2_000, 1))
    model = Doubled(sklearn.mixture.GaussianMixture(random_state=0)).fit(z**2)
    model.density_.means_[:], model.density_.covariances_[:] = 0.0, 1.0
    rows = model.sample(4_000, random_state=0)
    assert stats.kstest(rows[:, 0], stats.chi2(1).cdf).pvalue > 1e-3
    np.testing.assert_array_equal(model.sample(1_500, random_state=0), rows[:1_500])


def test_rows_of_density_zero_are_not_handed_on():
    model = Doubled(sklearn.mixture.GaussianMixture(random_state=0)).fit(
        np.random.default_rng(0).gamma(9, size=(500, 1))
    )
    np.testing.assert_array_equal(model.score_samples([[-1.0], [-2.0]]), [-np.inf, -np.inf])
    assert np.isneginf(model.score_samples([[-1.0], [4.0]])).tolist() == [True, False]
    mass = integrate.quad(lambda x: np.exp(model.score_samples([[x]])[0]), 0, 60, limit=200)[0]
    assert mass == pytest.approx(1, abs=1e-3)


def test_a_density_that_misses_the_rows_is_said():
    model = Doubled(sklearn.mixture.GaussianMixture(random_state=0)).fit(np.ones((10, 1)) * np.arange(1, 11)[:, None])
    model.density_.means_[:] = -1e6
    with pytest.raises(RejectionError, match="2 of 2 rows"):
        model.sample(2)


def test_a_failed_fit_leaves_all_as_it_was():
    X = two_humps(50)
    model = Handed(GaussianMixture(random_state=0)).fit(X)
    before = dict(vars(model))
    with pytest.raises(ValueError, match="infinity"):
        model.fit(np.where(X > 4, np.inf, X))
    assert vars(model) == before
    frame = pd.DataFrame(X, columns=["a", "b"])
    assert sorted(vars(model.fit(frame))) == sorted([*before, "feature_names_in_"])
    assert sorted(vars(model.fit(X))) == sorted(before)


def test_unfitted_and_wrong_numbers_are_refused():
    with pytest.raises(NotFittedError):
        Handed().sample()
    with pytest.raises(NotFittedError):
        Handed().score_samples(two_humps(3))
    assert not hasattr(Handed(), "schema_")
    with pytest.raises(ValueError, match="n_samples must be a non-negative integer, got -3"):
        Handed().fit(two_humps(20)).sample(-3)
    with pytest.raises(ValueError, match="at least one non-zero number"):
        Handed().fit(two_humps(20), sample_weight=np.zeros(20))
