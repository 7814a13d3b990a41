"""Compositions around nets that are given columns, and in the processes of a search."""

import numpy as np
import pytest
from joblib import parallel_config
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.model_selection import GridSearchCV
from sklearn.preprocessing import FunctionTransformer, PowerTransformer, StandardScaler

from skgen import GaussianMixture, NormalizingFlow, TransformedDensity, make_density_pipeline
from skgen.exceptions import UnsupportedGivenError

pytestmark = pytest.mark.slow


def lognormal(n=400):
    Z = np.random.default_rng(0).normal(size=(n, 3))
    Z[:, 1:] += 0.7 * Z[:, :-1]
    return 20 * np.exp(0.6 * Z)


def test_a_density_that_is_given_columns_takes_the_slopes_of_the_others():
    X = lognormal()
    flow = NormalizingFlow(max_epochs=2, condition_on=[1], random_state=0)
    transformer = ColumnTransformer([("l", FunctionTransformer(np.log), [1, 2])], remainder=StandardScaler())
    model = TransformedDensity(transformer, flow).fit(X)
    assert list(model.conditional_on_) == [1]
    Z = np.column_stack([(X[:, 0] - X[:, 0].mean()) / X[:, 0].std(), np.log(X[:, 1:])])
    by_hand = model.density_.score_samples(Z) - np.log(X[:, 0].std()) - np.log(X[:, 2])
    np.testing.assert_allclose(model.score_samples(X), by_hand, atol=1e-9)
    assert model.sample(4, given={1: 17.0})[:, 1].tolist() == [17.0] * 4
    with pytest.raises(UnsupportedGivenError, match="mixes with others"):
        TransformedDensity(PCA(), flow).fit(X)
    with pytest.raises(UnsupportedGivenError, match="depends on what is given"):
        TransformedDensity(PowerTransformer("box-cox"), flow).fit(X)


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_searches_in_parallel_find_the_same(backend):
    X = lognormal()
    grid = {"transformer": [StandardScaler(), PowerTransformer("box-cox")], "density__n_components": [1, 2]}
    search = GridSearchCV(make_density_pipeline(StandardScaler(), GaussianMixture(random_state=0)), grid, cv=2)
    alone = search.fit(X).cv_results_["mean_test_score"]
    with parallel_config(backend, n_jobs=2):
        np.testing.assert_allclose(search.fit(X).cv_results_["mean_test_score"], alone, atol=1e-10)
