"""scikit-learn's own suite over the registry, with the two checks that it does not yield by itself."""

import pytest
from registry_models import estimators
from sklearn.utils.estimator_checks import (
    check_dataframe_column_names_consistency,
    check_param_validation,
    parametrize_with_checks,
)

from skgen import VAE, Autoencoder, NormalizingFlow
from skgen.exceptions import DegenerateDataWarning

_OF_MINIBATCHES = {
    "check_sample_weight_equivalence_on_dense_data": "minibatches of repeated rows are other minibatches",
}

#: Any other failure is ours to fix. The check compares what `transform` gives: models without it pass vacuously.
EXPECTED_FAILURES = {Autoencoder: _OF_MINIBATCHES, NormalizingFlow: _OF_MINIBATCHES, VAE: _OF_MINIBATCHES}

ALL = [*estimators("model"), *estimators("sequence")]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@pytest.mark.filterwarnings(f"ignore::{DegenerateDataWarning.__module__}.DegenerateDataWarning")
@parametrize_with_checks(ALL, expected_failed_checks=lambda estimator: EXPECTED_FAILURES.get(type(estimator), {}))
def test_sklearn_check(estimator, check):
    check(estimator)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("estimator", ALL, ids=str)
def test_parameters_are_validated(estimator):
    check_param_validation(type(estimator).__name__, estimator)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("estimator", estimators("model"), ids=str)
def test_feature_names_are_checked(estimator):
    check_dataframe_column_names_consistency(type(estimator).__name__, estimator)
