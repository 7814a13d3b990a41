"""The law battery on compositions."""

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, StandardScaler

from skgen import GaussianMixture, TransformedDensity
from skgen.testing import LAWS, check_generative_model

#: Laws of what a composition is not.
NOT_OF_COMPOSITIONS = {
    "fitted_is_arrays": "it holds a transformer of scikit-learn",
}

#: Laws that are checked in every run.
QUICK = ("units", "prefix", "table_round_trip", "given_values_come_back", "given_samples_follow_scores")
#: Those that apply, the others marked as slow.
CHECKED = [
    law if law in QUICK else pytest.param(law, marks=pytest.mark.slow) for law in LAWS if law not in NOT_OF_COMPOSITIONS
]


def numbers(X):
    """The number columns of a frame of any library or of an array of objects, all of another array."""
    if isinstance(X, np.ndarray):
        return [j for j in range(X.shape[1]) if X.dtype != object or all(isinstance(cell, float) for cell in X[:, j])]
    frame = X if isinstance(X, pd.DataFrame) else X.to_pandas()
    return list(frame.select_dtypes("number"))


def scaled(density):
    scalers = make_pipeline(StandardScaler(), MinMaxScaler())
    return TransformedDensity(ColumnTransformer([("scale", scalers, numbers)], remainder="passthrough"), density)


@pytest.mark.parametrize("law", CHECKED)
def test_law(law):
    check_generative_model(scaled(GaussianMixture(2, random_state=0)), laws=[law])


@pytest.mark.parametrize("law", ["units", "next_call_differs"])
def test_law_of_a_rotation(law):
    check_generative_model(TransformedDensity(PCA(), GaussianMixture(2, random_state=0)), laws=[law])


def bent(density):
    """Bent maps refuse most columns of tables: the laws of arrays."""
    return TransformedDensity(FunctionTransformer(np.arcsinh), density)


BENT = ["dilation", "entropy", "ceiling", "given_rows_follow_scores", "given_sets_follow_scores"]


@pytest.mark.parametrize("law", BENT)
def test_law_behind_a_bent_map(law):
    check_generative_model(bent(GaussianMixture(2, random_state=0)), laws=[law])


def test_listed_values_without_their_slopes_break_the_law_of_sets(monkeypatch):
    monkeypatch.setattr(TransformedDensity, "_chance", lambda self, rows, given: None)
    with pytest.raises(AssertionError, match="given_sets_follow_scores"):
        check_generative_model(bent(GaussianMixture(2, random_state=0)), laws=["given_sets_follow_scores"])


class Forgetful(TransformedDensity):
    """The mutant: the Jacobian is forgotten."""

    def _log_factor(self, X, given=None):
        return np.zeros(len(X))


def test_a_forgotten_jacobian_breaks_the_law_of_units():
    with pytest.raises(AssertionError, match="units"):
        check_generative_model(Forgetful(StandardScaler(), GaussianMixture(2, random_state=0)), laws=["units"])
