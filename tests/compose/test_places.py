"""Rows of tables behind maps that are bent: places within cells, weights, lists of values, stated bounds."""

import numpy as np
import pandas as pd
import pytest
from sklearn.frozen import FrozenEstimator
from sklearn.preprocessing import FunctionTransformer, PowerTransformer, QuantileTransformer, StandardScaler

from skgen import (
    MISSING,
    AdversarialRandomForest,
    AutoregressiveTrees,
    BayesianNetwork,
    GaussianMixture,
    IndependentColumns,
    KernelDensity,
    Schema,
    TransformedDensity,
    _delegated,
)
from skgen.classic._kernel import centres
from skgen.classic._kernel.cell_kernel import CellKernel
from skgen.compose import _places
from skgen.exceptions import RejectionError, SchemaError, UnsupportedGivenError
from skgen.table import _tiling

LOG = FunctionTransformer(np.log)
QUANTILES = QuantileTransformer(n_quantiles=100)
TREES = [AutoregressiveTrees, BayesianNetwork, AdversarialRandomForest]
MIXTURE = GaussianMixture(random_state=0)


def rounded(n=1_000, digits=3, tied=None):
    """Rounded lognormals; nine rows at one end of the range where it is tied."""
    x = np.random.default_rng(0).lognormal(size=n).round(digits)
    least, greatest = np.sort(x)[[8, -9]]
    x = {None: x, "low": np.maximum(x, least), "high": np.minimum(x, greatest)}[tied]
    return pd.DataFrame({"x": x})


def mass_of_cells(model, frame, digits=3):
    cells = np.arange(1, int(frame["x"].max() * 10**digits) + 2).round() / 10**digits
    return np.exp(model.score_samples(pd.DataFrame({"x": cells}))).sum() / 10**digits


@pytest.mark.parametrize(
    "density, transformer, tied",
    [
        *((density, LOG, None) for density in [*TREES, IndependentColumns, KernelDensity]),
        *((density, QUANTILES, "low") for density in (AutoregressiveTrees, IndependentColumns, KernelDensity)),
        *((density, LOG, "high") for density in (BayesianNetwork, KernelDensity)),
    ],
)
def test_rows_that_share_a_cell_are_no_repeated_value_behind_a_bent_map(density, transformer, tied):
    """A density of cells would keep mass at the tie, which the slope at the cell's centre counts many times."""
    frame = rounded(tied=tied)
    assert frame["x"].duplicated().sum() > 100
    model = TransformedDensity(transformer, density(random_state=0)).fit(frame)
    assert mass_of_cells(model, frame) == pytest.approx(1, abs=5e-3)
    drawn = model.sample(2_000, random_state=0)["x"]
    assert frame["x"].min() <= drawn.min() and drawn.max() <= frame["x"].max()


def test_ties_left_as_they_are_make_a_false_density(monkeypatch):
    """The mutant: every row is learnt at the centre of its cell."""
    monkeypatch.setattr(_places, "_spread", lambda rows, N, weight, bent: N)
    frame = rounded(tied="low")
    model = TransformedDensity(QUANTILES, IndependentColumns(random_state=0)).fit(frame)
    assert mass_of_cells(model, frame) > 1.1


WEIGHTS = {
    "small": lambda rng, n: rng.exponential(size=n),
    "less than a row": lambda rng, n: 1e-3 * rng.random(n),
    "beyond the copies": lambda rng, n: np.full(n, 500.0),
}


def weighted_mass(density, weights, n=4_000):
    """The mass of all cells under a density of weighted rows."""
    frame = rounded(n, 4)
    weight = WEIGHTS[weights](np.random.default_rng(1), len(frame))
    model = TransformedDensity(LOG, density(random_state=0)).fit(frame, sample_weight=weight)
    return mass_of_cells(model, frame, 4)


@pytest.mark.parametrize(
    "density, weights", [*((density, "small") for density in TREES), *((TREES[0], w) for w in WEIGHTS)]
)
def test_weights_are_no_repeated_values_behind_a_bent_map(density, weights):
    assert weighted_mass(density, weights) == pytest.approx(1, abs=5e-3)


@pytest.mark.parametrize("weight", [None, 1.2])
@pytest.mark.parametrize("bandwidth", ["scott", "cv"])
def test_kernels_on_few_rows_keep_no_mass_at_points(weight, bandwidth):
    """Few distinct values are cells elsewhere, with parts of their own."""
    frame = rounded(250, 4)
    weight = None if weight is None else np.full(250, weight)
    model = TransformedDensity(LOG, KernelDensity(bandwidth, random_state=0)).fit(frame, sample_weight=weight)
    assert mass_of_cells(model, frame, 4) == pytest.approx(1, abs=6e-3)  # 1 / 252 is for what no row has shown


def test_kernels_of_cells_keep_mass_at_points(monkeypatch):
    """The mutant: few distinct values are cells."""
    monkeypatch.setattr(centres, "_kind", lambda z, column: CellKernel)
    model = TransformedDensity(LOG, KernelDensity("scott", random_state=0))
    frame = rounded(250, 4)
    assert mass_of_cells(model.fit(frame, sample_weight=np.full(250, 1.2)), frame, 4) < 1 - 6e-3


def test_a_weight_that_stays_at_a_point_is_lost_to_the_cells(monkeypatch):
    """The mutant: what exceeds the weight of a row keeps its point."""
    monkeypatch.setattr(_tiling, "_discounts", lambda mass, column: (1.0,))
    assert weighted_mass(AutoregressiveTrees, "small") < 0.8


def test_a_weight_is_refused_on_any_scale():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": np.where(rng.random(1_000) < 0.2, 3.0, rng.lognormal(size=1_000)).round(3)})
    for weight in (1.0, 1e-3):
        with pytest.raises(SchemaError, match="value 3 is heavy"):
            TransformedDensity(LOG, MIXTURE).fit(frame, sample_weight=np.full(1_000, weight))


def drawn_and_scored(values):
    """The share of the first of some listed values in draws, and by their scores."""
    frame = pd.DataFrame({"x": np.random.default_rng(0).lognormal(3, 1, size=3_000).round(3)})
    model = TransformedDensity(LOG, MIXTURE).fit(frame)
    mass = np.exp(model.score_samples(pd.DataFrame({"x": values})))
    rows = model.sample(4_000, given={"x": values}, random_state=0)["x"]
    assert rows.isin(values).all()
    return (rows == values[0]).mean(), mass[0] / mass.sum()


@pytest.mark.parametrize("values", [[5.0, 80.0], [3.0, 9.0, 27.0]])
def test_listed_values_behind_a_bent_map_come_as_their_scores_say(values):
    drawn, scored = drawn_and_scored(values)
    assert drawn == pytest.approx(scored, abs=0.025)  # three standard errors of 4,000 draws


def test_listed_values_without_their_slopes_come_too_often(monkeypatch):
    """The mutant: draws of the density stay as they are."""
    monkeypatch.setattr(TransformedDensity, "_chance", lambda self, rows, given: None)
    drawn, scored = drawn_and_scored([5.0, 80.0])
    assert drawn < scored - 0.2


def test_listed_values_are_a_prefix_of_more_and_none_of_them_is_out_of_reach():
    frame = pd.DataFrame({"x": np.random.default_rng(0).lognormal(3, 1, size=1_500).round(3)})
    model = TransformedDensity(LOG, MIXTURE).fit(frame)
    few, many = (model.sample(n, given={"x": [3.0, 80.0]}, random_state=0) for n in (5, 50))
    assert few.equals(many.head(5))
    assert model.sample(200, given={"x": [1e-3, 80.0, 100.0]}, random_state=0)["x"].isin([80.0, 100.0]).all()
    assert frame["x"].min() > 1e-3  # which the row below adds
    with pytest.raises(RejectionError, match="one by one"):
        TransformedDensity(FunctionTransformer(np.log, np.exp), KernelDensity(0.01)).fit(
            pd.DataFrame({"x": np.append(frame["x"], 1e-3)})
        ).sample(2_000, given={"x": [1e-3, 80.0, 100.0]}, random_state=0)


def test_a_list_is_not_blamed_where_rows_have_no_original(monkeypatch):
    model = TransformedDensity(LOG, MIXTURE).fit(rounded())
    monkeypatch.setattr(TransformedDensity, "_has_original", lambda self, rows: np.zeros(len(rows), bool))
    monkeypatch.setattr(_delegated, "MOST_ROUNDS", 5)
    with pytest.raises(RejectionError, match="has an original"):
        model.sample(given={"x": [1.0, 2.0]})


@pytest.mark.parametrize("n", [1, 500])
def test_a_list_is_blamed_where_rows_find_originals(monkeypatch, n):
    model = TransformedDensity(FunctionTransformer(np.log, np.exp), KernelDensity(0.01))
    model.fit(pd.DataFrame({"x": np.append(rounded()["x"], 1e-3)}))
    with_original = np.random.default_rng(0).random(500) < 0.1
    with_original[0] = False
    monkeypatch.setattr(TransformedDensity, "_has_original", lambda self, rows: with_original[: len(rows)])
    monkeypatch.setattr(TransformedDensity, "_chance", lambda self, rows, given: np.zeros(len(rows)))
    monkeypatch.setattr(_delegated, "MOST_ROUNDS", 50)
    with pytest.raises(RejectionError, match="one by one"):
        model.sample(n, given={"x": [1.0, 2.0]})


def test_a_missing_cell_is_not_weighed_against_listed_values_behind_a_bent_map():
    frame = rounded()
    frame.loc[::7, "x"] = np.nan
    model = TransformedDensity(LOG, MIXTURE).fit(frame)
    with pytest.raises(UnsupportedGivenError, match="one by one"):
        model.sample(given={"x": [1.0, MISSING]})
    assert model.sample(3, given={"x": [MISSING]})["x"].isna().all()
    scaled = TransformedDensity(StandardScaler(), MIXTURE).fit(frame)
    cells = pd.DataFrame({"x": [1.0, np.nan]})
    mass = np.exp(scaled.score_samples(cells)) * [1e-3, 1.0]
    drawn = scaled.sample(4_000, given={"x": [1.0, MISSING]}, random_state=0)["x"]
    assert drawn.isna().mean() == pytest.approx(mass[1] / mass.sum(), abs=0.025)


@pytest.mark.parametrize("low", range(6))
def test_a_row_may_lie_at_a_stated_bound(low):
    age = np.append([low, low], np.random.default_rng(low).integers(low, 80, 400))
    frame = pd.DataFrame({"age": age})
    schema = Schema.infer(frame).with_bounds("age", low, 120)
    plain = GaussianMixture(schema=schema, random_state=0).fit(frame)
    model = TransformedDensity(StandardScaler(), MIXTURE, schema=schema).fit(frame)
    np.testing.assert_allclose(model.score_samples(frame), plain.score_samples(frame), atol=1e-6)


@pytest.mark.parametrize("low", [0.3, 0.45, 0.5, 0.7])
def test_a_row_may_lie_at_a_stated_bound_behind_a_bent_map(low):
    x = low + np.random.default_rng(0).lognormal(size=800).round(3)
    frame = pd.DataFrame({"x": np.append(low, x)})
    schema = Schema.infer(frame).with_bounds("x", low, 1_000)
    model = TransformedDensity(LOG, MIXTURE, schema=schema).fit(frame)
    assert np.isfinite(model.score_samples(frame)).all()
    assert model.sample(1_000)["x"].min() >= low


@pytest.mark.parametrize("density", [IndependentColumns, AutoregressiveTrees, KernelDensity])
def test_behind_a_bent_map_a_weight_of_two_is_two_rows_in_any_order(density):
    """Each copy has a place of its own, which depends on the rows and not on where they stand."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.lognormal(size=800).round(4), "y": rng.normal(size=800).round(4)})
    frame["x"] = frame["x"].clip(*frame["x"].sort_values().iloc[[4, -5]])  # ties of rows that differ elsewhere
    weight = rng.integers(1, 3, size=800)
    model = TransformedDensity(FrozenEstimator(PowerTransformer().fit(frame)), density(random_state=0))
    weighted = model.fit(frame, sample_weight=weight).score_samples(frame)
    repeated = frame.loc[frame.index.repeat(weight)].reset_index(drop=True)
    np.testing.assert_allclose(model.fit(repeated).score_samples(frame), weighted, atol=1e-9)
    shuffled = repeated.sample(frac=1, random_state=0).reset_index(drop=True)
    np.testing.assert_allclose(model.fit(shuffled).score_samples(frame), weighted, atol=1e-9)


def test_copies_of_heavy_rows_have_a_bound(monkeypatch):
    monkeypatch.setattr(_places, "MOST_ROWS", 3_000)
    frame = rounded(2_000)
    model = TransformedDensity(LOG, IndependentColumns(random_state=0))
    model.fit(frame, sample_weight=np.full(2_000, 1e6))
    assert np.isfinite(model.score_samples(frame)).all()
    at, weight = _places._copies(np.array([1e6, 0.5, 2.0]))
    assert len(at) <= 3_000 and np.bincount(at, weight) == pytest.approx([1e6, 0.5, 2.0])
