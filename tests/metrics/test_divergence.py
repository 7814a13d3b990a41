"""KL against closed forms, its standard error, bounds by the kind of likelihood, and laws of other measures."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import multivariate_normal

from skgen import GaussianMixture
from skgen.exceptions import SchemaError
from skgen.metrics import kl_divergence


class Normal:
    """A normal law."""

    def __init__(self, mean, covariance, likelihood="exact"):
        self.law = multivariate_normal(mean, covariance)
        self.likelihood_ = likelihood

    def sample(self, n_samples, random_state=None):
        return self.law.rvs(n_samples, random_state=random_state).reshape(n_samples, -1)

    def score_samples(self, X):
        return self.law.logpdf(X).reshape(len(X))


A = np.array([[1.0, 0.6], [0.6, 2.0]])
B = np.array([[1.5, -0.2], [-0.2, 1.0]])
M = np.array([0.5, -1.0])


def closed_form(m0, S0, m1, S1):
    inverse, shift = np.linalg.inv(S1), m1 - m0
    logs = np.linalg.slogdet(S1)[1] - np.linalg.slogdet(S0)[1]
    return 0.5 * (np.trace(inverse @ S0) - len(m0) + shift @ inverse @ shift + logs)


@pytest.mark.parametrize("seed", range(3))
def test_two_normals(seed):
    for p, q in [((0 * M, A), (M, B)), ((M, B), (0 * M, A))]:
        kl = kl_divergence(Normal(*p), Normal(*q), random_state=seed)
        assert abs(kl.value - closed_form(*p, *q)) < 4 * kl.standard_error < 0.1
    assert kl_divergence(Normal(M, A), Normal(M, A)).value == 0


def test_a_law_that_rules_rows_out_is_infinitely_far():
    class Half(Normal):
        def score_samples(self, X):
            return np.where(X[:, 0] > 0, super().score_samples(X) + np.log(2), -np.inf)

    assert kl_divergence(Normal([0], [[1]]), Half([0], [[1]])).value == np.inf


def test_bounds_are_named():
    exact, bound = Normal(M, A), Normal(M, A, "lower_bound")
    kinds = [kl_divergence(p, q, n_samples=10).kind for p in (exact, bound) for q in (exact, bound)]
    assert kinds == ["exact", "upper_bound", "lower_bound", "estimate"]


def test_fitted_models_of_other_measures_are_refused():
    coarse = pd.DataFrame({"x": np.arange(50.0), "c": ["u", "v"] * 25})
    fine = coarse.assign(x=coarse["x"] + 0.01 * np.arange(50))
    p, q = (GaussianMixture(random_state=0).fit(df) for df in (coarse, fine))
    with pytest.raises(SchemaError, match=r"columns \['x'\] differ"):
        kl_divergence(p, q)
    assert kl_divergence(p, p, n_samples=100).value == 0
