"""The law battery over the registry: every model, every law."""

import inspect
from itertools import combinations

import numpy as np
import pytest
from mutants_sequence import IgnoredSeed
from registry_models import estimators, with_slow_nets

from skgen import HiddenMarkovModel
from skgen._registry import MODELS
from skgen.testing import LAWS, SEQUENCE_LAWS, LawNotApplicable, check_generative_model
from skgen.testing._law import closed_conditions, fitted
from skgen.testing._net_laws import NET_LAWS
from skgen.testing._reference import cell_table, plane_rows

#: Nets trained in minibatches.
OF_NETS = {
    "chunks_equal_one_fit",
    "column_permutation",
    "em_never_lowers",
    "integer_weights",
    "orders_are_a_mixture",
    "parametric_recovery",
    "workers",
}
#: Models of the real view without marginals, whose scores of discrete columns are bounds.
OF_BOUNDS = {
    "cells_follow_scores",
    "cells_sum_to_one",
    "entropy_on_tables",
    "given_additivity",
    "given_rows_follow_scores",
    "given_samples_follow_scores",
    "probability_integral",
}

#: Laws of nets -> the models that they speak of.
NETS = {
    "every_weight_is_trained": {name for name, (module, _) in MODELS.items() if module.startswith("skgen.deep.")},
    "bounds_grow_with_draws": {"VAE"},
}

#: (class, law) -> why that law is not for that model. A law that holds after all fails here.
#: The laws whose subject a model lacks, and no others: elsewhere "does not apply" is a failure.
WITHOUT_SUBJECT = {
    "AdversarialRandomForest": {
        "chunks_equal_one_fit",
        "em_never_lowers",
        "orders_are_a_mixture",
        "parametric_recovery",
    },
    "AutoregressiveNetwork": OF_NETS - {"orders_are_a_mixture"},
    "AutoregressiveTrees": {"chunks_equal_one_fit", "column_permutation", "em_never_lowers", "parametric_recovery"},
    "BayesianNetwork": {
        "chunks_equal_one_fit",
        "em_never_lowers",
        "orders_are_a_mixture",
        "parametric_recovery",
        "workers",
    },
    "GAN": {*OF_NETS, *OF_BOUNDS, "dilation", "entropy", "given_sets_follow_scores"},
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
    "Autoencoder": {*OF_NETS, *OF_BOUNDS, "dilation", "entropy", "given_sets_follow_scores"},
    "VAE": {
        *OF_NETS,
        *OF_BOUNDS,
        "dilation",
        "entropy",
        "given_sets_follow_scores",
    },
    "NormalizingFlow": {*OF_NETS, *OF_BOUNDS, "given_sets_follow_scores"},
    "DiffusionModel": {*OF_NETS, *OF_BOUNDS, "given_sets_follow_scores"},
    "TorchDensity": {*OF_NETS, *OF_BOUNDS, "fitted_is_arrays", "save_and_load", "given_sets_follow_scores"},
}


#: Model -> laws that take it ten seconds or more (conditions drawn from pools, many fits): slow tests.
SLOW = {
    "DiffusionModel": {
        "dilation",
        "given_intervals_follow_samples",
        "given_sets_follow_scores",
        "given_table_completes",
        "given_values_come_back",
    },
    "GaussianMixture": {"parametric_recovery"},
    "NormalizingFlow": {"given_table_completes"},
}
#: Nets that import torch in another process on every run; the others do so in the slow tests.
IN_ANOTHER_PROCESS = "AutoregressiveNetwork"


def _is_slow(estimator, law):
    name = type(estimator).__name__
    is_net = MODELS[name][0].startswith("skgen.deep.")
    return law in SLOW.get(name, ()) or (law == "another_process" and is_net and name != IN_ANOTHER_PROCESS)


def _pairs():
    """Every model with every law, the slow ones marked."""
    for parameter in with_slow_nets(estimators(more=True)):
        for law in LAWS:
            marks = pytest.mark.slow if parameter.marks or _is_slow(parameter.values[0], law) else ()
            yield pytest.param(*parameter.values, law, marks=marks, id=f"{parameter.values[0]}-{law}")


@pytest.mark.parametrize("estimator, law", list(_pairs()))
def test_law(estimator, law):
    name = type(estimator).__name__
    if law in WITHOUT_SUBJECT.get(name, ()) or (law in NET_LAWS and name not in NETS[law]):
        with pytest.raises(LawNotApplicable):
            LAWS[law](estimator)
    else:
        LAWS[law](estimator)


def _subsets(columns):
    """All subsets of columns, as lists."""
    return [list(s) for k in range(len(columns) + 1) for s in combinations(columns, k)]


@pytest.mark.parametrize("estimator", estimators(), ids=str)
def test_every_condition_is_closed(estimator):
    """Laws of conditional scores look at the closed conditions only: all, none, or the prefixes of trees' orders."""
    for X, columns in ((plane_rows(150, seed=1), [0, 1]), (cell_table(150, seed=1), ["colour", "flag", "count"])):
        model = fitted(estimator, X)
        expected = _subsets(columns) if "known" in inspect.signature(model._log_density).parameters else []
        if type(estimator).__name__ in ("AutoregressiveNetwork", "AutoregressiveTrees"):
            expected = [s for s in expected if all(set(order[: len(s)]) == set(s) for order in model.column_orders_)]
            assert len(expected) == len(columns) + 1
        assert closed_conditions(model, X, _subsets(columns)) == expected


@pytest.mark.slow
@pytest.mark.parametrize(
    "estimator",
    [e for e in estimators() if "parametric_recovery" not in WITHOUT_SUBJECT.get(type(e).__name__, ())],
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
