"""Hostile tables: refused with a clear error, or fitted, scored and sampled by the rules."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from registry_models import estimators
from toy_models import IndependentColumns as ToyColumns
from toy_models import TwoHalves
from toy_real import RealNormal

from skgen import (
    AdversarialRandomForest,
    AutoregressiveTrees,
    BayesianNetwork,
    GaussianMixture,
    IndependentColumns,
    KernelDensity,
)
from skgen.testing._law import is_net
from skgen.testing.hostile import COLUMNS, build_table, check_hostile_table, hostile_tables, must_be_refused

MODELS = [
    AdversarialRandomForest(5),
    AutoregressiveTrees(),
    GaussianMixture(),
    GaussianMixture(3),
    KernelDensity(),
    BayesianNetwork(),
    IndependentColumns(random_state=0),
    ToyColumns(),
    TwoHalves(),
]
#: Models that draw sixteen times for each score, or train: they see fewer examples.
SLOW_MODELS = [RealNormal(), *(e for e in estimators() if is_net(e))]


def _examples(n):
    return settings(
        max_examples=n, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )


@pytest.mark.parametrize("model", MODELS, ids=str)
@_examples(25)
@given(table=hostile_tables())
def test_hostile_table(model, table):
    check_hostile_table(model, table)


@pytest.mark.parametrize("model", SLOW_MODELS, ids=str)
@_examples(8)
@given(table=hostile_tables(max_columns=5, max_rows=60))
def test_hostile_table_of_slow_models(model, table):
    check_hostile_table(model, table)


@pytest.mark.parametrize("kind", COLUMNS)
@pytest.mark.parametrize("model", [*MODELS, *SLOW_MODELS], ids=str)
def test_each_kind_of_column_alone(model, kind):
    for n in (1, 2, 60):
        table = build_table([kind], n, seed=n)
        took = check_hostile_table(model, table)
        assert took or n == 1, "a clean column of two rows or more is refused"


@pytest.mark.parametrize("model", [*MODELS, *SLOW_MODELS], ids=str)
def test_all_kinds_at_once(model):
    assert check_hostile_table(model, build_table(list(COLUMNS), 120, seed=0, holes=0.1, repeat=True))


def test_what_must_be_refused():
    clean = build_table(["int", "float"], 5, seed=1)
    assert not must_be_refused(clean)
    assert must_be_refused(clean.iloc[:0])
    assert must_be_refused(pd.concat([clean, clean], axis=1))
    assert must_be_refused(clean.assign(x=[1.0, np.inf, 1.0, 1.0, 1.0]))


def test_mutants_are_found():
    """A sampler that leaves the seen support, and a score that is not finite, are found."""
    table = build_table(["all missing", "text"], 60, seed=2)
    with pytest.raises(AssertionError, match="had no value in fit"):
        check_hostile_table(_Fills(), table)
    with pytest.raises(AssertionError, match="score no number"):
        check_hostile_table(_Infinite(), table)


class _Fills(IndependentColumns):
    """Samples hold numbers where there never was one."""

    def sample(self, n_samples=1, *, given=None, random_state=None):
        return super().sample(n_samples, given=given, random_state=random_state).fillna(1.0)


class _Infinite(IndependentColumns):
    """One row in ten scores -inf."""

    def _log_density(self, Z, known=None):
        return np.where(np.arange(len(Z)) % 10 == 0, -np.inf, super()._log_density(Z, known))
