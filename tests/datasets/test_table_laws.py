"""Toy laws on tables: cells sum to one, samplers follow them, entropies are right."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.stats import chi2

from skgen.datasets import MixedTypes, ZeroInflated

N = 50_000
Z = 4.9  # two-sided false-alarm rate 1e-6


def product(**columns):
    """All combinations of the columns' values, as a table."""
    grids = np.meshgrid(*[np.arange(len(values)) for values in columns.values()], indexing="ij")
    return pd.DataFrame({n: np.asarray(v)[g.ravel()] for (n, v), g in zip(columns.items(), grids)})


def mixed_cells():
    # temperatures 9 standard deviations from the extreme means, counts 12 from the largest: 1e-15 lies beyond
    sites, temperatures = np.array(["coast", "hills", "north", "south"], object), np.arange(-540, 640) / 10
    return product(site=sites, rain=[False, True], temperature=temperatures, visitors=range(85))


def zero_cells():
    # amounts up to 8 standard deviations of the logarithm, visits up to 1e-16
    amounts, ratings = np.arange(24_500) / 100, [1.0, 2.0, 3.0, 4.0, 5.0, np.nan]
    return product(visits=range(24), amount=amounts, rating=ratings)


LAWS = {"mixed": (MixedTypes(), 0.1, mixed_cells), "zero": (ZeroInflated(), 0.01, zero_cells)}


@pytest.fixture(scope="module", params=LAWS)
def case(request):
    """A law, its resolution, all its cells with their log-densities, and a sample."""
    law, resolution, cells = LAWS[request.param]
    cells = cells()
    return law, resolution, cells, law.log_density(cells), law.sample(N, random_state=1)


def z_of_entropy(law, X):
    """Distance of the mean log-density from minus the entropy, in standard errors."""
    log_p = law.log_density(X)
    return abs(log_p.mean() + law.entropy) / (log_p.std() / np.sqrt(len(X)))


def p_of_counts(cells, mass, X, names):
    """Chi-square p-value of the rows against the masses of the groups that some columns make."""
    expected = pd.Series(mass).groupby([cells[n].to_numpy() for n in names], dropna=False).sum() * len(X)
    seen = X.groupby(names, dropna=False).size().reindex(expected.index, fill_value=0)
    small = expected < 5
    e = np.append(expected[~small], expected[small].sum() + 1e-9)
    o = np.append(seen[~small], seen[small].sum())
    return chi2.sf(((o - e) ** 2 / e).sum(), len(e) - 1)


def test_cells_sum_to_one(case):
    _, resolution, _, log_p, _ = case
    assert abs((np.exp(log_p) * resolution).sum() - 1) < 1e-12


def test_entropy_is_the_sum_over_cells(case):
    law, resolution, _, log_p, _ = case
    p = np.exp(log_p) * resolution
    assert law.entropy == pytest.approx(-(p * np.where(p > 0, log_p, 0)).sum(), abs=1e-10)


def test_sampler_has_the_entropy(case):
    law, _, _, _, X = case
    assert z_of_entropy(law, X) < Z
    last = law.columns[-1]
    assert z_of_entropy(law, X.assign(**{last: np.roll(X[last], 1)})) > Z  # a column independent of the others


def test_sampler_fills_cells_by_their_mass(case):
    law, resolution, cells, log_p, X = case
    mass = np.exp(log_p) * resolution
    if "site" in X:
        groups = [["site", "rain"], ["visitors"], ["temperature"]]
    else:
        groups = [["visits", "rating"], ["amount"]]
    as_grid = X.assign(**{n: np.round(X[n], 2) for n in ("temperature", "amount") if n in X})
    for names in groups:
        assert p_of_counts(cells, mass, as_grid, names) > 1e-6, names


def test_a_wrong_scale_fails_the_cells(case):
    law, resolution, cells, log_p, X = case
    name = "temperature" if "temperature" in X else "amount"
    digits = 1 if name == "temperature" else 2
    wrong = X.assign(**{name: np.round(X[name] * 1.02, digits)})
    assert p_of_counts(cells, np.exp(log_p) * resolution, wrong, [name]) < 1e-6


def test_density_is_mass_by_resolution():
    law = ZeroInflated()
    empty = pd.DataFrame({"visits": [0], "amount": [0.0], "rating": [np.nan]})
    # exp(-2) for no visit, 0.8 for no purchase, 0.95 for no rating
    assert law.log_density(empty)[0] == pytest.approx(np.log(np.exp(-2) * 0.8 * 0.95 / 0.01), abs=1e-12)


def test_a_number_belongs_to_its_nearest_grid_point():
    law = MixedTypes()
    X = law.sample(100, random_state=0)
    near = X.assign(temperature=X["temperature"] + 0.04)
    np.testing.assert_array_equal(law.log_density(near), law.log_density(X))
    assert not np.allclose(law.log_density(X.assign(temperature=X["temperature"] + 0.06)), law.log_density(X))


@pytest.mark.parametrize(
    "entry",
    [{"site": "desert"}, {"site": None}, {"temperature": np.nan}, {"temperature": np.inf}, {"visitors": -1}],
)
def test_mixed_types_has_no_mass_outside(entry):
    law = MixedTypes()
    row = {"site": "coast", "rain": True, "temperature": 12.5, "visitors": 3}
    assert np.isfinite(law.log_density(pd.DataFrame([row]))).all()
    assert law.log_density(pd.DataFrame([row | entry]))[0] == -np.inf


@pytest.mark.parametrize(
    "entry",
    [{"amount": -0.01}, {"amount": np.nan}, {"amount": -np.inf}, {"rating": 0.0}, {"rating": 6.0}, {"visits": -1}],
)
def test_zero_inflated_has_no_mass_outside(entry):
    law = ZeroInflated()
    row = {"visits": 2, "amount": 4.99, "rating": 5.0}
    assert np.isfinite(law.log_density(pd.DataFrame([row]))).all()
    assert law.log_density(pd.DataFrame([row | entry]))[0] == -np.inf


def test_columns_come_in_any_order_and_container(case):
    law, _, _, _, X = case
    X = X.head(200)
    expected = law.log_density(X)
    np.testing.assert_array_equal(law.log_density(X[X.columns[::-1]]), expected)
    columns = {name: [None if pd.isna(v) else v for v in X[name].tolist()] for name in X}
    np.testing.assert_array_equal(law.log_density(pl.DataFrame(columns)), expected)
    with pytest.raises(ValueError, match="are absent"):
        law.log_density(X.drop(columns=X.columns[0]))


def test_samples_are_plain_tables():
    X, Y = MixedTypes().sample(1000, random_state=0), ZeroInflated().sample(1000, random_state=0)
    assert [X[n].dtype.kind for n in ("rain", "temperature", "visitors")] == ["b", "f", "i"]
    assert pd.api.types.is_string_dtype(X["site"])
    np.testing.assert_array_equal(X["temperature"], np.round(X["temperature"], 1))
    np.testing.assert_array_equal(Y["amount"], np.round(Y["amount"], 2))
    assert Y["rating"].isna().any()
    assert Y["visits"].dtype.kind == "i"
    pd.testing.assert_frame_equal(X, MixedTypes().sample(1000, random_state=0))
    assert list(MixedTypes().sample(0).columns) == list(MixedTypes.columns)
    assert MixedTypes().n_features == 4
