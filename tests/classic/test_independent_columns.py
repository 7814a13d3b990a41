"""IndependentColumns against closed forms: textbook fits, cell masses, and the families that made the rows."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from skgen import IndependentColumns, Schema
from skgen._random import generator_from
from skgen.classic._independent.choice import fold_weights
from skgen.testing import LAWS
from skgen.testing._cells import all_values, cell_rows, cell_volumes, count_cells, seen_values
from skgen.testing._law import check_counts
from skgen.testing._reference import inflated_table, mixed_table

N = 3_000


def draws(name, n=N, seed=0):
    rng = generator_from(seed)
    return {
        "normal": lambda: rng.normal(50, 8, n).round(1),
        "lognormal": lambda: rng.lognormal(1.0, 0.6, n).round(3),
        "gamma": lambda: rng.gamma(2.0, 3.0, n).round(3),
        "beta": lambda: (10 * rng.beta(0.6, 0.8, n)).round(3),
        "poisson": lambda: rng.poisson(20, n),
        "binomial": lambda: rng.binomial(40, 0.9, n),
        "bernoulli": lambda: rng.random(n) < 0.3,
        "categorical": lambda: rng.choice(["a", "b", "c"], n, p=[0.5, 0.3, 0.2]),
    }[name]()


def fitted(values, **parameters):
    return IndependentColumns(random_state=0, **parameters).fit(pd.DataFrame({"x": values}))


@pytest.mark.parametrize("name", ["normal", "lognormal", "gamma", "poisson", "bernoulli", "categorical"])
def test_the_family_that_made_the_rows_is_found(name):
    assert fitted(draws(name)).families_["x"] == name


def test_bounds_make_a_beta_law():
    table = pd.DataFrame({"x": draws("beta")})
    schema = Schema.infer(table).with_bounds("x", 0, 10)
    model = IndependentColumns(schema=schema, random_state=0).fit(table)
    assert model.families_["x"] == "beta"
    found = model.parameters_["x"]
    assert (found["a"], found["b"]) == pytest.approx((0.6, 0.8), abs=0.05)


def test_trials_of_a_binomial_are_found():
    found = fitted(draws("binomial"), family="binomial").parameters_["x"]
    assert found["trials"] == pytest.approx(40, abs=1)
    assert found["p"] == pytest.approx(0.9, abs=0.02)


def test_two_humps_are_no_parametric_family():
    rng = generator_from(1)
    x = np.where(rng.random(N) < 0.5, rng.normal(0, 1, N), rng.normal(8, 1, N)).round(3)
    assert fitted(x).families_["x"] in ("spline", "histogram")


def test_an_inflated_amount_is_an_atom_beside_a_family():
    rng = generator_from(2)
    x = np.where(rng.random(N) < 0.4, 0.0, rng.gamma(3.0, 20.0, N).round(2))
    x[rng.random(N) < 0.1] = np.nan
    model = fitted(x)
    assert model.families_["x"] == "gamma + 1 atoms"
    found = model.parameters_["x"]
    assert found["shape"] == pytest.approx(3.0, abs=0.3)
    assert found["atoms"][0.0] == pytest.approx(0.36, abs=0.03)
    assert found["missing"] == np.isnan(x).mean()
    rows = model.sample(20_000)["x"]
    assert rows.isna().mean() == pytest.approx(0.1, abs=0.02)


@pytest.mark.parametrize("name", ["normal", "lognormal", "gamma", "beta"])
def test_on_arrays_a_family_is_the_textbook_one(name):
    """Maximum likelihood by scipy's own optimiser, weights as repeated rows."""
    rng = generator_from(3)
    x = {"normal": rng.normal(3, 2, 400), "lognormal": rng.lognormal(0, 0.5, 400), "gamma": rng.gamma(2, 3, 400)}
    x = {**x, "beta": rng.beta(2, 5, 400)}[name]
    fixed = {"normal": {}, "lognormal": {"floc": 0}, "gamma": {"floc": 0}, "beta": {"floc": 0, "fscale": 1}}[name]
    law = {"normal": stats.norm, "lognormal": stats.lognorm, "gamma": stats.gamma, "beta": stats.beta}[name]
    model = IndependentColumns(family=name).fit(x[:, None])
    expected = law(*law.fit(x, **fixed)).logpdf(x)
    assert model.score(x[:, None]) >= expected.mean() - 1e-9
    np.testing.assert_allclose(model.score_samples(x[:, None]), expected, atol=2e-3)
    assert model.families_ == {0: name}


def test_counts_have_the_mass_of_their_cells():
    """Poisson masses on the seen range, and reserved mass beyond it."""
    x = draws("poisson", n=400, seed=4)
    model = fitted(x, family="poisson")
    rate, grid = model.parameters_["x"]["rate"], np.arange(x.min(), x.max() + 1)
    assert rate == pytest.approx(x.mean(), rel=1e-12)
    expected = stats.poisson.logpmf(grid, rate)
    expected += np.log1p(-1 / 402) - np.log(np.exp(expected).sum())
    np.testing.assert_allclose(model.score_samples(pd.DataFrame({"x": grid})), expected, rtol=1e-10)
    far = model.score_samples(pd.DataFrame({"x": np.arange(x.max() + 1, x.max() + 2_000)}))
    assert np.exp(far).sum() == pytest.approx(1 / 402 / 2 / 2, rel=1e-6)  # beyond or missing; below or above


def test_scores_are_sums_and_marginals_are_columns():
    table, rows = mixed_table(300, seed=5), mixed_table(100, seed=6)
    model = IndependentColumns(random_state=0).fit(table)
    parts = {c: IndependentColumns().fit(table[[c]]).score_samples(rows[[c]]) for c in table}
    np.testing.assert_allclose(model.score_samples(rows), sum(parts.values()), rtol=1e-12)
    some = ["age", "sex", "income"]
    rest = sum(parts[c] for c in table if c not in some)
    np.testing.assert_allclose(model.score_samples(rows, given=some), rest, rtol=1e-10)
    with_known = model.sample(2_000, given={"sex": "Female"}, random_state=0)["city"].value_counts(normalize=True)
    without = table["city"].value_counts(normalize=True)
    assert (with_known - without).abs().max() < 0.06


def test_folds_deal_the_rows():
    """Folds add up to the weights, and a weight of 2 is two rows: a function of the weighted values."""
    weight = generator_from(7).integers(1, 5, 200).astype(float)
    folds = fold_weights(weight)
    np.testing.assert_allclose(folds.sum(axis=0), weight, rtol=1e-12)
    assert folds.sum(axis=1).max() - folds.sum(axis=1).min() <= 1
    repeated = fold_weights(np.ones(int(weight.sum())))
    starts = np.append(0, np.cumsum(weight)[:-1]).astype(int)
    np.testing.assert_array_equal(np.add.reduceat(repeated, starts, axis=1), folds)
    tiny = fold_weights(weight / 1e6)
    assert (tiny.sum(axis=1) > 0).all()


def test_families_by_name():
    table = mixed_table(300, seed=8)
    model = IndependentColumns(family={"age": "normal", "income": "histogram"}).fit(table)
    assert model.families_["age"].startswith("normal")
    assert model.families_["income"] == "histogram"
    with pytest.raises(ValueError, match="family names the column 'size'"):
        IndependentColumns(family={"size": "normal"}).fit(table)
    with pytest.raises(ValueError, match="must be 'auto' or one of"):
        IndependentColumns(family={"age": "cauchy"}).fit(table)
    with pytest.raises(ValueError, match="'poisson' does not suit column 'height'"):
        IndependentColumns(family={"height": "poisson"}).fit(table)
    with pytest.raises(ValueError, match="numbers must be positive"):
        IndependentColumns(family="gamma").fit(pd.DataFrame({"x": draws("normal") - 60}))
    with pytest.raises(ValueError, match="does not suit column 'city'"):
        IndependentColumns(family={"city": "normal"}).fit(table)


@pytest.mark.parametrize("family", ["normal", "beta", "histogram", "spline"])
def test_every_family_sums_to_one_and_is_drawn_right(family):
    for law in ("cells_sum_to_one", "cells_follow_scores", "given_samples_follow_scores"):
        LAWS[law](IndependentColumns(family=family))


@pytest.mark.parametrize("family", ["gamma", "lognormal", "beta"])
@pytest.mark.parametrize("shift", [0.0, 0.5])
def test_positive_families_sum_to_one_and_are_drawn_right(family, shift):
    """With the zeros an atom, or all numbers from 0.5 on."""
    table = inflated_table(400, seed=10)
    table["amount"] += shift
    model = IndependentColumns(family=family, random_state=0).fit(table)
    cells = cell_rows(table, [all_values(table[column]) for column in table])
    masses = np.exp(model.score_samples(cells)) * cell_volumes(cells)
    assert masses.sum() == pytest.approx(1, abs=1e-9)
    for given, mask in (({}, None), ({"amount": pd.Interval(0.95, 2.0)}, lambda a: (a > 0.95) & (a <= 2.0))):
        seen = cell_rows(table, [seen_values(table[column]) for column in table])
        seen = seen if mask is None else seen[mask(seen["amount"])].reset_index(drop=True)
        counts, elsewhere = count_cells(model.sample(20_000, given=given or None, random_state=1), seen)
        assert elsewhere == 0
        check_counts(counts, np.exp(model.score_samples(seen)) * cell_volumes(seen), f"{family}, given {given}")


def test_parameters_are_counted_only_where_they_are_few():
    LAWS["parametric_recovery"](IndependentColumns(family="normal"))
    table = inflated_table(300, seed=9)
    model = IndependentColumns(family="gamma").fit(table)
    n_atoms = len(model.parameters_["amount"].get("atoms", ()))
    assert model._n_parameters() == 1 + 2 + n_atoms + 1
    assert model.bic(table) > model.aic(table)
    assert not hasattr(IndependentColumns(family="spline").fit(table), "bic")
