"""GenerativeRegressor: regressions in closed form, laws at nodes, missing cells, draws, scikit-learn's checks."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import softmax
from scipy.stats import norm
from sklearn.linear_model import LinearRegression
from sklearn.mixture import GaussianMixture as SklearnMixture
from sklearn.model_selection import GridSearchCV
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
    GaussianMixture,
    GenerativeRegressor,
    IndependentColumns,
    KernelDensity,
    make_density_pipeline,
)
from skgen.roles._predictive import MixtureLaw, NodeLaw


def linear(n=400, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 3)) @ np.array([[1.0, 0.5, 0.0], [0.0, 1.0, 0.3], [0.0, 0.0, 2.0]])
    return X, X @ [1.0, 2.0, -1.0] + rng.normal(size=n)


@parametrize_with_checks([GenerativeRegressor(random_state=0)])
@pytest.mark.filterwarnings("ignore::skgen.exceptions.DegenerateDataWarning")
def test_sklearn_check(estimator, check):
    check(estimator)


def test_parameters_and_names_are_checked():
    check_param_validation("GenerativeRegressor", GenerativeRegressor())
    check_dataframe_column_names_consistency("GenerativeRegressor", GenerativeRegressor())


# ---- closed forms ----------------------------------------------------------------------------------------------------


def test_one_gaussian_is_linear_regression():
    X, y = linear()
    model, peer = GenerativeRegressor(GaussianMixture()).fit(X, y), LinearRegression().fit(X, y)
    np.testing.assert_allclose(model.predict(X), peer.predict(X), atol=1e-9)
    sd = np.std(y - peer.predict(X))
    levels = [0.05, 0.5, 0.9]
    expected = peer.predict(X)[:, None] + sd * norm.ppf(levels)
    np.testing.assert_allclose(model.predict(X, quantiles=levels), expected, atol=1e-9)
    np.testing.assert_array_equal(model.predict(X, quantiles=0.5), model.predict(X, quantiles=[0.5])[:, 0])


def test_weights_are_those_of_linear_regression():
    X, y = linear()
    weight = np.random.default_rng(1).uniform(0.5, 3, size=len(y))
    model = GenerativeRegressor(GaussianMixture()).fit(X, y, sample_weight=weight)
    np.testing.assert_allclose(model.predict(X), LinearRegression().fit(X, y, weight).predict(X), atol=1e-9)


def test_nodes_agree_with_the_closed_form():
    """The same Gaussian as a density of scikit-learn, whose scores are taken at nodes."""
    X, y = linear()
    nodes = GenerativeRegressor(SklearnMixture(1, reg_covar=0)).fit(X, y)
    inner = np.abs(LinearRegression().fit(X, y).predict(X)) < 5  # the law is cut beyond the targets of fit
    closed = GenerativeRegressor(GaussianMixture()).fit(X, y)
    np.testing.assert_allclose(nodes.predict(X[inner]), closed.predict(X[inner]), atol=2e-3)
    got, expected = (model.predict(X[inner], quantiles=[0.1, 0.9]) for model in (nodes, closed))
    np.testing.assert_allclose(got, expected, atol=1e-2)


@pytest.mark.parametrize("make", [lambda h: KernelDensity(bandwidth=h), lambda h: SklearnKernels(bandwidth=h)])
def test_kernels_are_those_of_nadaraya_and_watson(make):
    X, y = linear(300)
    model = GenerativeRegressor(make(0.5)).fit(X, y)
    new = linear(40, seed=1)[0]
    new = new[np.abs(new).max(axis=1) < 2]
    weight = np.exp(-0.5 * ((new[:, None] - X) ** 2).sum(axis=2) / 0.25)
    expected = weight @ y / weight.sum(axis=1)
    np.testing.assert_allclose(model.predict(new), expected, atol=0.01 * y.std())


def test_the_law_bends_and_widens_with_the_row():
    rng = np.random.default_rng(0)
    x = rng.uniform(-2, 2, size=(4000, 1))
    y = np.sin(2 * x[:, 0]) + rng.normal(size=4000) * (0.1 + 0.2 * np.abs(x[:, 0]))
    model = GenerativeRegressor(random_state=0).fit(x, y)
    new = rng.uniform(-1.8, 1.8, size=(2000, 1))
    target = np.sin(2 * new[:, 0]) + rng.normal(size=2000) * (0.1 + 0.2 * np.abs(new[:, 0]))
    assert np.sqrt(np.mean((model.predict(new) - np.sin(2 * new[:, 0])) ** 2)) < 0.1
    low, high = model.predict(new, quantiles=[0.05, 0.95]).T
    assert np.mean((low < target) & (target < high)) == pytest.approx(0.9, abs=0.03)
    assert np.subtract(*model.predict([[1.8]], quantiles=[0.9, 0.1])[0]) > 2 * np.subtract(
        *model.predict([[0.0]], quantiles=[0.9, 0.1])[0]
    )


# ---- rows with empty cells, frames -----------------------------------------------------------------------------------


def test_empty_cells_are_integrated_out():
    """Of one Gaussian, what is left is the regression on the other columns."""
    X, y = linear()
    model = GenerativeRegressor(GaussianMixture()).fit(X, y)
    rows = X.copy()
    rows[:, 1] = np.nan
    expected = LinearRegression().fit(X[:, [0, 2]], y).predict(X[:, [0, 2]])
    np.testing.assert_allclose(model.predict(rows), expected, atol=1e-9)
    rows[:] = np.nan
    np.testing.assert_allclose(model.predict(rows[:2]), y.mean())


def test_empty_cells_are_integrated_out_at_nodes():
    X, y = linear(300)
    model = GenerativeRegressor(KernelDensity(bandwidth=0.5)).fit(X, y)
    rows = X[:5].copy()
    rows[:, 1] = np.nan
    weight = np.exp(-0.5 * ((X[:5, None, [0, 2]] - X[:, [0, 2]]) ** 2).sum(axis=2) / 0.25)
    np.testing.assert_allclose(model.predict(rows), weight @ y / weight.sum(axis=1), atol=0.02 * y.std())


@pytest.mark.parametrize("density", [None, AutoregressiveTrees(random_state=0), KernelDensity()])
def test_a_mixed_table(density):
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"x": rng.normal(size=600).round(2), "s": rng.choice(["u", "v"], size=600)})
    y = pd.Series(np.where(X["s"] == "u", 10.0, -10.0) + X["x"] + rng.normal(size=600).round(2), name="price")
    model = GenerativeRegressor(density, random_state=0).fit(X[:500], y[:500])
    assert model.target_column_ == "price"
    assert model.score(X[500:], y[500:]) > 0.95


def test_a_target_of_few_integers_is_summed():
    """The mean of a law on 0 and 1 is the share of ones."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"s": rng.choice(["u", "v"], size=2000)})
    y = (rng.random(2000) < np.where(X["s"] == "u", 0.2, 0.7)).astype(float)
    model = GenerativeRegressor(AutoregressiveTrees(random_state=0)).fit(X, y)
    for level in "uv":
        share = y[(X["s"] == level).to_numpy()].mean()
        assert model.predict(pd.DataFrame({"s": [level]}))[0] == pytest.approx(share, abs=0.02)
    assert model.predict(pd.DataFrame({"s": ["u", "v"]}), quantiles=0.5).round().tolist() == [0.0, 1.0]


def half_zeros(n=2000, seed=0):
    rng = np.random.default_rng(seed)
    X = pd.DataFrame({"x": rng.normal(size=n)})
    return X, np.where(rng.random(n) < 0.5, 0.0, rng.normal(10, 1, n).round(3))


def test_atoms_of_the_target_are_kept_behind_a_transformer():
    """A target of 0 in half the rows and of mean 10 in the others has mean 5."""
    X, y = half_zeros()
    plain = GaussianMixture(random_state=0)
    for density in (plain, make_density_pipeline("passthrough", plain)):
        model = GenerativeRegressor(density).fit(X, y)
        assert model.predict(X[:5]) == pytest.approx(y.mean(), abs=0.6)
        assert (model.sample_y(X[:5], 400, random_state=0) == 0).mean() == pytest.approx(0.5, abs=0.1)


def test_atoms_of_the_target_weigh_what_their_rows_weigh():
    X, y = half_zeros()
    weight = np.where(y == 0, 1e-3, 1.0)
    density = make_density_pipeline("passthrough", GaussianMixture(random_state=0))
    model = GenerativeRegressor(density).fit(X, y, sample_weight=weight)
    assert model.predict(X[:5]) == pytest.approx(np.average(y, weights=weight), abs=0.1)


def test_a_target_of_few_far_values_has_mass_at_these_alone():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"s": rng.choice(["u", "v"], size=900)})
    y = np.where(X["s"] == "u", rng.choice([0.25, 1000.0], size=900), 5000.0)
    model = GenerativeRegressor(AutoregressiveTrees(random_state=0)).fit(X, y)
    share = y[(X["s"] == "u").to_numpy()].mean()
    assert model.predict(pd.DataFrame({"s": ["u", "v"]})) == pytest.approx([share, 5000.0], rel=0.03)


@pytest.mark.parametrize("step", [0.5, 25, 100])
def test_a_target_on_a_coarse_grid_keeps_its_regressions(step):
    """Such values stand out of the empty cells beside them, or are all there are."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(600, 3)).round(2)
    y = step * np.rint(40 + 3 * (X @ [1, 2, -1] + rng.normal(size=600)))
    frame, half = pd.DataFrame(X, columns=list("abc")), slice(0, 300)
    model = GenerativeRegressor(random_state=0).fit(frame[half], y[half])
    assert 3 in model.density_.gaussian_columns_
    of_arrays = GenerativeRegressor(random_state=0).fit(X[half], y[half])
    score = model.score(frame[300:], y[300:])
    assert score == pytest.approx(of_arrays.score(X[300:], y[300:]), abs=0.02)
    plain = GenerativeRegressor(GaussianMixture(3, random_state=0)).fit(frame[half], y[half])
    assert plain.score(frame[300:], y[300:]) < score - 0.05  # its target is in no regression


def test_a_target_with_a_point_of_its_own_keeps_it():
    X, y = half_zeros(400)
    frame = pd.DataFrame(np.reshape(X, (len(y), -1))).rename(columns=str)
    drawn = GenerativeRegressor(random_state=0).fit(frame, np.round(y, 2)).sample_y(frame, random_state=0)
    assert np.mean(drawn == 0) == pytest.approx(np.mean(np.round(y, 2) == 0), abs=0.1)


def test_the_link_of_the_diagram_is_the_page():
    assert GenerativeRegressor()._get_doc_link().endswith("/generated/skgen.GenerativeRegressor.html")


def test_a_name_that_the_table_has_is_not_taken_twice():
    X, y = linear(100)
    frame = pd.DataFrame(X, columns=["a", "target", "target_"])
    assert GenerativeRegressor().fit(frame, pd.Series(y, name="a")).target_column_ == "target__"


# ---- draws -----------------------------------------------------------------------------------------------------------


def test_draws_follow_the_law():
    X, y = linear()
    model = GenerativeRegressor(GaussianMixture(), random_state=0).fit(X, y)
    draws = model.sample_y(X[:3], 4000)
    assert draws.shape == (3, 4000)
    np.testing.assert_allclose(draws.mean(axis=1), model.predict(X[:3]), atol=0.06)
    share = (draws < model.predict(X[:3], quantiles=[0.2])).mean(axis=1)
    np.testing.assert_allclose(share, 0.2, atol=0.025)
    np.testing.assert_array_equal(draws, model.sample_y(X[:3], 4000))
    assert (draws != model.sample_y(X[:3], 4000, random_state=1)).all()


def test_masses_and_densities_by_hand():
    """Half the mass at 0, half uniform on (-1, 1)."""
    nodes = np.linspace(-1, 1, 11)[None] + 1e-3
    law = NodeLaw(nodes, np.full((1, 11), np.log(0.5)), [0.0], np.log([[1.0]]))
    np.testing.assert_allclose(law.mean(), 5e-4, atol=1e-12)
    got = law.quantiles(np.array([[0.125, 0.3, 0.5, 0.7, 0.875]]))
    np.testing.assert_allclose(got, [[-0.5, 0.0, 0.0, 0.0, 0.5]], atol=2e-3)


def test_quantiles_of_a_mixture_by_hand():
    law = MixtureLaw(np.log([[0.5, 0.5]]), np.array([[-10.0, 10.0]]), np.array([[1.0, 2.0]]))
    got = law.quantiles(np.array([[0.25, 0.75, 0.75 + 0.5 * (norm.cdf(1) - 0.5)]]))
    np.testing.assert_allclose(got, [[-10.0, 10.0, 12.0]], atol=1e-9)


@pytest.mark.parametrize("density", [BayesianNetwork(), IndependentColumns()])
def test_repeated_values_of_a_long_grid_are_summed(density):
    """Seven of ten targets are whole tens, on which nodes would lie or not lie."""
    rng = np.random.default_rng(0)
    x = rng.uniform(0, 3, size=1500).round(2)
    y = np.rint(300 * x + 200 + 150 * rng.normal(size=1500)).clip(0, None)
    y = np.where(rng.random(1500) < 0.7, np.rint(y / 10) * 10, y).astype(int)
    assert 256 < np.ptp(y) < 4096
    model = GenerativeRegressor(density).fit(pd.DataFrame({"x": x}), y)
    values, places = np.arange(y.min(), y.max() + 1.0), np.array([0.5, 1.5, 2.5])
    for place, mean, ends in zip(
        places,
        model.predict(pd.DataFrame({"x": places})),
        model.predict(pd.DataFrame({"x": places}), quantiles=[0.05, 0.95]),
        strict=True,
    ):
        p = softmax(model.density_.score_samples(pd.DataFrame({"x": place, "target": values})))
        assert mean == pytest.approx(p @ values, abs=1e-6)
        np.testing.assert_allclose(ends, values[np.searchsorted(p.cumsum(), [0.05, 0.95])], atol=1.0)


def test_rows_in_parts_have_the_laws_of_all(monkeypatch):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(100, 1)).round(2), rng.integers(40, size=100)
    model = GenerativeRegressor(KernelDensity(), random_state=0).fit(pd.DataFrame(X, columns=["x"]), y)
    rows = pd.DataFrame(X[:10], columns=["x"])
    whole = model.predict(rows), model.predict(rows, quantiles=[0.2, 0.7]), model.sample_y(rows, 3)
    monkeypatch.setattr("skgen.roles._target_law._MOST_SCORES", 500)
    assert model._target.most_rows < 10
    for before, after in zip(
        whole, (model.predict(rows), model.predict(rows, quantiles=[0.2, 0.7]), model.sample_y(rows, 3)), strict=True
    ):
        np.testing.assert_allclose(after, before, rtol=1e-12)


# ---- searches, errors ------------------------------------------------------------------------------------------------


def test_a_grid_search_reaches_the_density():
    rng = np.random.default_rng(0)
    x = rng.uniform(-2, 2, size=(300, 1))
    search = GridSearchCV(GenerativeRegressor(GaussianMixture(random_state=0)), {"density__n_components": [1, 6]}, cv=3)
    search.fit(x, x[:, 0] ** 2 + 0.1 * rng.normal(size=300))
    assert search.best_params_ == {"density__n_components": 6}


def test_errors_name_the_cure():
    X, y = linear(50)
    with pytest.raises(ValueError, match="make_density_pipeline"):
        GenerativeRegressor(make_pipeline(StandardScaler(), SklearnKernels())).fit(X, y)
    model = GenerativeRegressor().fit(X, y)
    with pytest.raises(ValueError, match=r"quantiles must be levels between 0 and 1"):
        model.predict(X, quantiles=[0.5, 1.0])
    with pytest.raises(ValueError, match="takes none"):
        GenerativeRegressor(SklearnMixture()).fit(X, y, sample_weight=np.ones(50))
