"""Log-Jacobians against finite differences, and what is refused."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import special
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.cluster import FeatureAgglomeration
from sklearn.compose import ColumnTransformer, make_column_transformer
from sklearn.decomposition import NMF, PCA, FactorAnalysis, FastICA, IncrementalPCA, TruncatedSVD
from sklearn.feature_selection import SelectFdr, VarianceThreshold
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.kernel_approximation import SkewedChi2Sampler
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    OneHotEncoder,
    OrdinalEncoder,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)
from sklearn.utils import check_array

from skgen import GaussianMixture, TransformedDensity
from skgen.compose import LostMassWarning, NotInvertibleError, log_abs_det_jacobian, register_function
from skgen.compose._foreign import change_of

D = 3


def rows(n=400, low=0.1, seed=0):
    """Positive, skew, dependent rows of very different units."""
    Z = np.random.default_rng(seed).normal(size=(n, D))
    Z[:, 1:] += 0.6 * Z[:, :-1]
    return low + np.exp(0.5 * Z) * [1.0, 20.0, 0.3]


def differences(change, x, h=1e-5):
    """log|det| of the matrix of central differences at one row, steps relative to its cells."""
    steps = h * np.abs(x)
    J = [change.forward((x + e)[None])[0] - change.forward((x - e)[None])[0] for e in np.diag(steps)]
    return np.linalg.slogdet(np.array(J) / (2 * steps[:, None]))[1]


def fitted_change(transformer):
    """The change of a fitted transformer, of as many columns as it saw."""
    return change_of(transformer, getattr(transformer, "n_features_in_", D))


class Sheared(TransformerMixin, BaseEstimator):
    """A third party's: the first column shears the second, the third is cubed."""

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return np.column_stack([2 * X[:, 0], X[:, 1] + X[:, 0] ** 2, X[:, 2] ** 3])

    def inverse_transform(self, Z):
        return np.column_stack([Z[:, 0] / 2, Z[:, 1] - Z[:, 0] ** 2 / 4, np.cbrt(Z[:, 2])])

    def log_abs_det_jacobian(self, X):
        return np.log(6 * X[:, 2] ** 2)


AFFINE = [
    StandardScaler(),
    StandardScaler(with_std=False),
    MinMaxScaler(feature_range=(-2, 5)),
    MaxAbsScaler(),
    RobustScaler(),
    RobustScaler(with_scaling=False),
]
BENT = [
    PowerTransformer("box-cox"),
    PowerTransformer("box-cox", standardize=False),
    PowerTransformer("yeo-johnson"),
    QuantileTransformer(n_quantiles=30),
    QuantileTransformer(n_quantiles=30, output_distribution="normal"),
]
MIXING = [PCA(), PCA(whiten=True), IncrementalPCA(whiten=True), FastICA(random_state=0), TruncatedSVD(D)]
COMPOSED = [
    make_pipeline(StandardScaler(), PowerTransformer(), PCA(whiten=True), MinMaxScaler()),
    make_pipeline(FunctionTransformer(np.log), "passthrough", StandardScaler()),
    ColumnTransformer([("a", StandardScaler(), [2]), ("b", PowerTransformer("box-cox"), [0])], remainder="passthrough"),
    ColumnTransformer([("a", PCA(whiten=True), [2, 0]), ("b", make_pipeline(FunctionTransformer(np.log1p)), [1])]),
    make_pipeline(
        ColumnTransformer([("a", PCA(whiten=True), [2, 0]), ("b", RobustScaler(), [1])]),
        ColumnTransformer([("a", PCA(whiten=True), [2, 1]), ("b", StandardScaler(), [0])]),
    ),
    FrozenEstimator(StandardScaler().fit(rows())),
    Sheared(),
    make_pipeline(StandardScaler(), Sheared()),
]
FUNCTIONS = [
    *(np.log, np.log2, np.log10, np.log1p, np.exp, np.exp2, np.expm1, np.sqrt, np.cbrt, np.arcsinh, np.sinh, np.tanh),
    *(np.arctan, np.negative, np.deg2rad, np.rad2deg, special.expit, special.ndtr),
]
UNIT = [np.arctanh, special.logit, special.ndtri]


@pytest.mark.parametrize("transformer", [*AFFINE, *BENT, *MIXING, *COMPOSED], ids=repr)
def test_jacobians_equal_finite_differences(transformer):
    X = rows()
    transformer.fit(X, None)
    change = fitted_change(transformer)
    at = X[:40] + 1e-4  # between the quantiles
    inside = np.isfinite(log_abs_det_jacobian(transformer, at))
    got = log_abs_det_jacobian(transformer, at[inside])
    assert inside.mean() > 0.8
    np.testing.assert_allclose(got, [differences(change, x) for x in at[inside]], atol=1e-6)
    np.testing.assert_allclose(change.inverse(change.forward(at)), at, rtol=1e-7)
    assert change.contains(change.forward(at)).all()


@pytest.mark.parametrize("func", [*FUNCTIONS, *UNIT], ids=lambda func: func.__name__)
def test_functions_equal_finite_differences(func):
    X = np.random.default_rng(0).uniform(0.05, 0.95, (40, 2)) * (1 if func in UNIT else 2)
    transformer = FunctionTransformer(func).fit(X)
    change = fitted_change(transformer)
    expected = [differences(change, x) for x in X]
    np.testing.assert_allclose(log_abs_det_jacobian(transformer, X), expected, atol=1e-6)
    np.testing.assert_allclose(change.inverse(change.forward(X)), X, rtol=1e-9)


@pytest.mark.parametrize("transformer", COMPOSED[2:5], ids=repr)
def test_single_columns_are_known_by_name(transformer):
    """A column that comes of one old column moves with that one alone."""
    X = rows()
    change = fitted_change(transformer.fit(X))
    Z = change.forward(X)
    for k, source in enumerate(change.sources):
        if source < 0:
            continue
        moved = X.copy()
        moved[:, np.arange(D) != source] *= 1.1
        np.testing.assert_allclose(change.forward(moved)[:, k], Z[:, k], atol=1e-12)


def test_a_frame_is_read_by_its_names():
    frame = pd.DataFrame(rows(), columns=list("abc")).assign(d="text")
    transformer = make_column_transformer(
        (StandardScaler(), ["b"]), (PowerTransformer(), ["a"]), remainder="passthrough"
    )
    transformer.fit(frame)
    power = fitted_change(transformer.named_transformers_["powertransformer"])
    by_hand = power.log_det(frame[["a"]].to_numpy()) - np.log(frame["b"].std(ddof=0))
    np.testing.assert_allclose(log_abs_det_jacobian(transformer, frame), by_hand, atol=1e-12)


def test_missing_cells_add_nothing_and_cells_outside_the_domain_have_no_density():
    X = rows()
    transformer = make_pipeline(PowerTransformer("box-cox"), StandardScaler()).fit(X)
    whole = fitted_change(transformer).log_derivatives(X[:1])
    some = X[:1].copy()
    some[0, 1] = np.nan
    assert log_abs_det_jacobian(transformer, some)[0] == pytest.approx(whole[0, [0, 2]].sum(), abs=1e-12)
    some[0, 1] = -1.0
    assert log_abs_det_jacobian(transformer, some)[0] == -np.inf
    assert log_abs_det_jacobian(FunctionTransformer(np.log).fit(X), [[1.0, 0.0, 1.0]])[0] == -np.inf
    power = PowerTransformer("box-cox", standardize=False).fit(X)
    power.lambdas_[:] = 3
    for far in (power, FunctionTransformer(np.exp).fit(X)):  # beyond what a float holds after the map
        assert log_abs_det_jacobian(far, [[1.0, 1e300, 1.0]])[0] == -np.inf
    uniform = QuantileTransformer(n_quantiles=30).fit(X)
    assert log_abs_det_jacobian(uniform, X.max(axis=0, keepdims=True) + 1)[0] == -np.inf


def test_relabelling_costs_nothing():
    codes = OrdinalEncoder().fit([["a"], ["b"]])
    assert log_abs_det_jacobian(codes, pd.DataFrame({"x": ["b", "a"]})).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("words", [{"max_categories": 2}, {"min_frequency": 3}])
def test_levels_that_are_put_together_are_refused(words):
    frame = pd.DataFrame({"x": ["a"] * 5 + ["b", "c"]})
    with pytest.raises(NotInvertibleError, match="rare levels together"):
        change_of(OrdinalEncoder(**words).fit(frame), 1)
    change_of(OrdinalEncoder(**words).fit(frame[:5]), 1)  # nothing to put together


@pytest.mark.parametrize("method", ["box-cox", "yeo-johnson"])
@pytest.mark.parametrize("power", [-0.8, 0.0, 0.5, 2.7])
def test_images_of_powers(method, power):
    """What has an original comes back; what has none is found by hand: l y + 1 > 0 on the half that l bounds."""
    transformer = PowerTransformer(method, standardize=False).fit(rows()[:, :1])
    transformer.lambdas_[:] = power
    change = fitted_change(transformer)
    y = np.linspace(-6, 6, 241)[:, None]
    inside = change.contains(y)
    if method == "box-cox":
        expected = power * y[:, 0] + 1 > 0
    else:
        expected = np.where(y[:, 0] >= 0, power * y[:, 0] + 1 > 0, (power - 2) * y[:, 0] + 1 > 0)
    edge = np.abs(power * y[:, 0] + 1) < 1e-9
    np.testing.assert_array_equal(inside[~edge], expected[~edge])
    np.testing.assert_allclose(change.forward(change.inverse(y[inside])), y[inside], atol=1e-7)
    assert change.bounded == bool(not inside.all())


def test_images_of_functions_and_quantiles():
    X = rows()
    z = np.array([[-2.0], [-0.5], [0.5], [2.0]])
    for func, expected in (
        (np.sqrt, [False, False, True, True]),
        (np.expm1, [False, True, True, True]),
        (np.tanh, [False, True, True, False]),
        (np.log, [True] * 4),
    ):
        change = fitted_change(FunctionTransformer(func).fit(X[:, :1]))
        assert change.contains(z).tolist() == expected and change.bounded == (not all(expected))
    quantile = QuantileTransformer(n_quantiles=30).fit(X[:, :1])
    assert fitted_change(quantile).contains(z).tolist() == [False, False, True, False]


REFUSED = [
    (MinMaxScaler(clip=True), "set clip=False"),
    (PCA(n_components=2), "keeps 2 of 3 dimensions"),
    (KBinsDiscretizer(quantile_method="averaged_inverted_cdf"), "puts all numbers of a bin together"),
    (Normalizer(), "forgets the length"),
    (SimpleImputer(), "filled cells cannot be told"),
    (VarianceThreshold(), "drops columns"),
    (SelectFdr(), "drops columns"),
    (FeatureAgglomeration(2), "merges columns"),
    (SkewedChi2Sampler(), "has no inverse_transform"),
    (FactorAnalysis(1), "drops dimensions"),
    (NMF(2, max_iter=2000), "only approximated"),
    (OneHotEncoder(), "reads categories as they are"),
    (FeatureUnion([("a", StandardScaler()), ("b", MinMaxScaler())]), "depend on each other"),
    (FunctionTransformer(np.square), "square.*not one-to-one"),
    (FunctionTransformer(np.nan_to_num), "slope of the function nan_to_num is not known"),
    (FunctionTransformer(np.log, kw_args={"where": True}), "kw_args"),
    (FunctionTransformer(inverse_func=np.exp), "inverse_func without a func"),
    (ColumnTransformer([("a", StandardScaler(), [0])]), r"drops the columns \[1, 2\]"),
    (ColumnTransformer([("a", StandardScaler(), [0, 1]), ("b", MaxAbsScaler(), [1, 2])]), r"once, not so \[1\]"),
    (BaseEstimator(), "BaseEstimator has no inverse_transform"),
]


@pytest.mark.parametrize(("transformer", "why"), REFUSED, ids=[repr(row[0]).split(" at 0x")[0] for row in REFUSED])
def test_what_is_not_one_to_one_says_why(transformer, why):
    if hasattr(transformer, "fit"):
        transformer.fit(rows(), rows()[:, 0] > 1)
    with pytest.raises(NotInvertibleError, match=why):
        log_abs_det_jacobian(transformer, rows())


def test_a_scaler_that_clips_is_refused():
    scaler = MaxAbsScaler().fit(rows())
    scaler.clip = True  # a parameter of newer versions of scikit-learn
    with pytest.raises(NotInvertibleError, match=r"MaxAbsScaler\(clip=True\).*set clip=False"):
        log_abs_det_jacobian(scaler, rows())


@pytest.mark.parametrize("transformer", MIXING, ids=repr)
def test_a_row_with_a_missing_cell_has_no_components(transformer):
    X = rows()
    transformer.fit(X)
    some = X[:3].copy()
    some[1, 2] = np.nan
    np.testing.assert_array_equal(np.isneginf(log_abs_det_jacobian(transformer, some)), [False, True, False])


def test_a_transformer_of_others_may_keep_missing_cells():
    """The shear loses the second cell with the first; a missing third or second cell stays alone."""
    some = np.tile(rows()[:1], (3, 1))
    some[[0, 1, 2], [0, 1, 2]] = np.nan
    found = change_of(Sheared(), D).log_derivatives(np.where(np.isnan(some[:, [2]]), rows()[0], some))
    whole = change_of(Sheared(), D).log_derivatives(rows()[:1])[0, 0]
    assert found[:, 0].tolist() == [-np.inf, whole, whole]


class Halved(TransformerMixin, BaseEstimator):
    def fit(self, X, y=None):
        self.n_features_in_ = X.shape[1]
        return self

    def transform(self, X):
        return X / 2

    def inverse_transform(self, Z):
        return 2 * Z


class Logged(Halved):
    """A third party's that says nothing of its domain."""

    def transform(self, X):
        with np.errstate(invalid="ignore"):
            return np.log(X)

    def inverse_transform(self, Z):
        return np.exp(Z)

    def log_abs_det_jacobian(self, X):
        return -np.log(X).sum(axis=1)


class Rooted(Halved):
    """A third party's that refuses empty arrays and has no original of negative numbers."""

    def transform(self, X):
        return np.sqrt(check_array(X))

    def inverse_transform(self, Z):
        return np.where(check_array(Z) > 0, Z**2, np.nan)

    def log_abs_det_jacobian(self, X):
        return (-np.log(2) - 0.5 * np.log(X)).sum(axis=1)


def test_where_a_transformer_of_others_has_no_number_is_outside_its_domain():
    X = rows()
    some = X[:3].copy()
    some[1, 0] = -1.0
    np.testing.assert_array_equal(np.isneginf(log_abs_det_jacobian(Logged().fit(X), some)), [False, True, False])
    model = TransformedDensity(Logged(), GaussianMixture(random_state=0)).fit(X)
    assert np.isneginf(model.score_samples(some)).tolist() == [False, True, False]


def test_single_draws_of_bounded_chains_may_have_no_original():
    X = rows()[:, :2]
    for transformer in (make_pipeline(StandardScaler(), QuantileTransformer(n_quantiles=50)), Logged(), Rooted()):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", LostMassWarning)
            model = TransformedDensity(transformer, GaussianMixture(random_state=0)).fit(X)
        assert all(model.sample(1, random_state=seed).shape == (1, 2) for seed in range(60))


def test_ties_have_no_density():
    X = np.repeat([[1.0], [2.0], [3.0]], 50, axis=0)
    with pytest.raises(NotInvertibleError, match=r"equal quantiles in columns \[0\]"):
        log_abs_det_jacobian(QuantileTransformer(n_quantiles=20).fit(X), X)


def test_a_singular_matrix_is_refused():
    X = rows()
    with pytest.raises(NotInvertibleError, match="variance of 0"):
        log_abs_det_jacobian(PCA(whiten=True).fit(X[:, [0, 1, 1]]), X)


def test_a_class_of_others_can_be_registered():
    X = rows()
    with pytest.raises(NotInvertibleError, match="Nothing is known of the Jacobian of Halved"):
        log_abs_det_jacobian(Halved().fit(X), X)
    log_abs_det_jacobian.register(Halved, lambda transformer, X: np.full(len(X), -np.log(2) * X.shape[1]))
    np.testing.assert_allclose(log_abs_det_jacobian(make_pipeline(Halved()).fit(X), X), -D * np.log(2))


def cubed(x):
    return x**3


def test_a_function_of_the_users_can_be_registered():
    register_function(cubed, inverse=np.cbrt, log_slope=lambda x: np.log(3 * x**2))
    change = fitted_change(FunctionTransformer(cubed).fit(rows()))
    np.testing.assert_allclose(change.log_det(rows()), [differences(change, x) for x in rows()], atol=1e-6)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(change)).forward(rows()), change.forward(rows()))
    with pytest.raises(ValueError, match="inverse must be a function"):
        register_function(cubed, inverse=3, log_slope=np.log)
    with pytest.raises(ValueError, match="image must be an interval"):
        register_function(cubed, inverse=np.cbrt, log_slope=np.log, image=(1, 0))
