"""Each law lets the two right models pass and kills its mutants."""

import pytest
from mutants import MUTANTS
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
