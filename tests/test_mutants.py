"""Each law lets the two right models pass and kills its mutants."""

import inspect
import sys

import pytest
from mutants import MUTANTS, MUTANTS_OF_NETS
from toy_models import IndependentColumns, TwoHalves

from skgen import _registry
from skgen.testing import LAWS, LawNotApplicable

#: Laws of which a right model is no example: it has neither halves that follow from the rows alone, nor iterations.
EXEMPT = {
    ("TwoHalves", "column_permutation"): "the first column decides on the halves",
    ("TwoHalves", "reserved_cells_cost_little"): "the first column decides on the halves",
}


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    """The toys and mutants count as models of the registry, so that they can be saved."""
    classes = {IndependentColumns, TwoHalves, *(mutant for mutants in MUTANTS.values() for mutant in mutants)}
    for mutant in classes:
        monkeypatch.setitem(_registry.MODELS, mutant.__name__, (mutant.__module__, "model"))


def test_every_law_has_a_mutant():
    assert set(MUTANTS) == set(LAWS)


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("model", [IndependentColumns, TwoHalves])
def test_right_models_pass(model, law):
    if (model.__name__, law) in EXEMPT:
        pytest.skip(EXEMPT[model.__name__, law])
    try:
        LAWS[law](model())
    except LawNotApplicable as reason:
        pytest.skip(str(reason))


@pytest.mark.parametrize(
    ("law", "mutant"), [(law, mutant) for law, mutants in MUTANTS.items() for mutant in mutants], ids=lambda x: str(x)
)
def test_law_kills_its_mutant(law, mutant):
    with pytest.raises(AssertionError) as broken:
        LAWS[law](mutant())
    assert str(broken.value), "the law does not say what broke"


@pytest.fixture
def as_nets(monkeypatch):
    """Every model counts as a net: the laws use the rows, points and tolerances that they use for nets."""
    for name in {LAWS[law].__module__ for law in MUTANTS_OF_NETS}:
        monkeypatch.setattr(sys.modules[name], "is_net", lambda estimator: True)


#: Laws that ask for a net or refuse one, and laws without nets as a subject: there is nothing to loosen.
NOT_LOOSENED = {
    "chunks_equal_one_fit",
    "column_permutation",
    "every_weight_is_trained",
    "integer_weights",
    "parametric_recovery",
}


def test_every_law_that_nets_loosen_has_mutants_of_nets():
    """A law looks at `is_net`, itself or through a helper of its module, or it is the same for nets."""
    for law, function in LAWS.items():
        names, seen = set(function.__code__.co_names), set()
        while names - seen:
            name = (names - seen).pop()
            seen.add(name)
            helper = function.__globals__.get(name)
            if inspect.isfunction(helper) and helper.__module__ == function.__module__:
                names |= set(helper.__code__.co_names)
        loosened = "is_net" in names and law not in NOT_LOOSENED
        assert loosened == (law in MUTANTS_OF_NETS), law


@pytest.mark.parametrize(
    ("law", "mutant"), [(law, mutant) for law, found in MUTANTS_OF_NETS.items() for mutant in found], ids=str
)
def test_law_of_nets_kills_its_mutant(law, mutant, as_nets):
    with pytest.raises(AssertionError) as broken:
        LAWS[law](mutant())
    assert str(broken.value), "the law does not say what broke"


@pytest.mark.parametrize("law", MUTANTS_OF_NETS)
def test_right_models_pass_as_nets(law, as_nets):
    LAWS[law](IndependentColumns())
