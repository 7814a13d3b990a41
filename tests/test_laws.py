"""The law battery over the registry: every model, every law."""

import pytest
from registry_models import estimators

from skgen.testing import LAWS, LawNotApplicable, check_generative_model

#: (class, law) -> why that law is not for that model. A law that holds after all fails here.
EXEMPT = {}


def _exempt(estimator, law):
    return EXEMPT.get((type(estimator).__name__, law))


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("estimator", estimators(), ids=str)
def test_law(estimator, law):
    reason = _exempt(estimator, law)
    if reason:
        with pytest.raises(AssertionError):
            LAWS[law](estimator)
        return
    try:
        LAWS[law](estimator)
    except LawNotApplicable as reason:
        pytest.skip(str(reason))


@pytest.mark.slow
@pytest.mark.parametrize("estimator", estimators(), ids=str)
def test_recovery_on_many_rows(estimator):
    from skgen.testing._density_laws import parametric_recovery

    try:
        parametric_recovery(estimator, sizes=(100_000,), repeats=4)
    except LawNotApplicable as reason:
        pytest.skip(str(reason))


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
