"""The law battery over the registry: every model, every law."""

import numpy as np
import pytest
from mutants_sequence import IgnoredSeed
from registry_models import estimators

from skgen import HiddenMarkovModel
from skgen.testing import LAWS, SEQUENCE_LAWS, LawNotApplicable, check_generative_model

#: (class, law) -> why that law is not for that model. A law that holds after all fails here.
#: The laws whose subject a model lacks, and no others: elsewhere "does not apply" is a failure.
WITHOUT_SUBJECT = {
    "AdversarialRandomForest": {
        "chunks_equal_one_fit",
        "em_never_lowers",
        "orders_are_a_mixture",
        "parametric_recovery",
    },
    "AutoregressiveTrees": {"chunks_equal_one_fit", "column_permutation", "em_never_lowers", "parametric_recovery"},
    "BayesianNetwork": {
        "chunks_equal_one_fit",
        "em_never_lowers",
        "orders_are_a_mixture",
        "parametric_recovery",
        "workers",
    },
    "GaussianCopula": {
        "cells_follow_scores",
        "cells_sum_to_one",
        "chunks_equal_one_fit",
        "em_never_lowers",
        "entropy_on_tables",
        "given_additivity",
        "given_samples_follow_scores",
        "orders_are_a_mixture",
        "parametric_recovery",
        "workers",
    },
    "GaussianMixture": {"chunks_equal_one_fit", "orders_are_a_mixture", "workers"},
    "IndependentColumns": {
        "chunks_equal_one_fit",
        "em_never_lowers",
        "orders_are_a_mixture",
        "parametric_recovery",
        "workers",
    },
    "KernelDensity": {"chunks_equal_one_fit", "em_never_lowers", "orders_are_a_mixture", "parametric_recovery"},
}


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("estimator", estimators(), ids=str)
def test_law(estimator, law):
    if law in WITHOUT_SUBJECT[type(estimator).__name__]:
        with pytest.raises(LawNotApplicable):
            LAWS[law](estimator)
    else:
        LAWS[law](estimator)


@pytest.mark.slow
@pytest.mark.parametrize(
    "estimator",
    [e for e in estimators() if "parametric_recovery" not in WITHOUT_SUBJECT[type(e).__name__]],
    ids=str,
)
def test_recovery_on_many_rows(estimator):
    from skgen.testing._density_laws import parametric_recovery

    parametric_recovery(estimator, sizes=(100_000,), repeats=4)


def test_check_reports_every_law():
    estimator = estimators()[0]
    names = ["prefix", "workers", "table_round_trip"]
    report = check_generative_model(estimator, laws=names)
    assert list(report) == names
    assert report["prefix"] == report["table_round_trip"] == "passed"
    assert report["workers"] in ("passed", "the model has no n_jobs")


def test_unknown_law_is_refused():
    with pytest.raises(ValueError, match="no_such_law"):
        check_generative_model(estimators()[0], laws=["no_such_law"])


def test_sequence_models_are_checked_by_their_own_laws():
    report = check_generative_model(HiddenMarkovModel(2))
    assert report == dict.fromkeys(SEQUENCE_LAWS, "passed")
    counts = [np.arange(length) % 3 for length in (5, 8, 6, 7)]
    report = check_generative_model(HiddenMarkovModel(2, emission="poisson"), laws=["prefix", "dilation"], X=counts)
    assert report == {"prefix": "passed", "dilation": "the law speaks of densities on real numbers"}
    with pytest.raises(AssertionError, match="IgnoredSeed breaks the law 'seeds'"):
        check_generative_model(IgnoredSeed(2), laws=["seeds"])


def test_sequences_are_no_data_of_a_model_of_rows():
    with pytest.raises(ValueError, match="Leave it out"):
        check_generative_model(estimators()[0], laws=["prefix"], X=[np.zeros((3, 1))])
