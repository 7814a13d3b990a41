"""Cells of a column: laws that sum to one, places that follow them, sets that cut them."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from skgen import Schema, TableCodec
from skgen.table import Allowed
from skgen.table._tiling import GridTiling, fit_tiling
from skgen.table.cells import ColumnCells
from skgen.table.spline import weighted_values
from skgen.testing._law import check_counts, check_uniform

N = 400


def _spread(rng):
    """Integers of some 200 values, a fifth of them zero."""
    return np.where(rng.random(N) < 0.2, 0, np.round(rng.normal(60, 40, N))).astype(int)


def _gaps(rng):
    """Prices near 1 and near a million."""
    return np.round(np.where(rng.random(N) < 0.5, rng.normal(1, 0.3, N), rng.normal(1e6, 2, N)), 1)


def _holes(rng):
    return pd.Series(np.where(rng.random(N) < 0.1, np.nan, np.round(rng.gamma(2, 3, N), 2)))


#: Columns of frames: what each is made of.
COLUMNS = {
    "spread": _spread,
    "gaps": _gaps,
    "holes": _holes,
    "counts": lambda rng: rng.binomial(6, 0.4, N),
    "text": lambda rng: rng.choice(["a", "b", None], N, p=[0.7, 0.2, 0.1]),
    "one value": lambda rng: np.full(N, 7),
    "two values": lambda rng: rng.choice([1.5, 200.0], N),
    "all missing": lambda rng: np.full(N, np.nan),
}


def _column(values, schema=None, weight=None):
    """The typed cells of a column and what the codec learnt of it."""
    X = values if isinstance(values, np.ndarray) and values.ndim == 2 else pd.DataFrame({"x": values})
    codec = TableCodec().fit(X, schema=schema, sample_weight=weight)
    return codec.encode(X)[:, 0], codec.columns[0]


def _cells(name, max_cells=16):
    z, column = _column(COLUMNS[name](np.random.default_rng(0)))
    return z, column, ColumnCells.fit(z, None, column, max_cells)


def _law(cells):
    """P over the K + 1 codes, as a model of this column alone has it."""
    return cells.mass / cells.mass.sum()


def _log_density(cells, z):
    codes, log_within = cells.locate(z)
    with np.errstate(divide="ignore"):
        return np.where(codes >= 0, np.log(np.append(_law(cells), 1.0))[codes], 0.0) + log_within


def _grid(column, beyond):
    """Every grid point of the range, and so many scales beyond it."""
    r = column.resolution
    below, above = (np.rint(beyond * scale / r) for scale in (column.scale_below, column.scale_above))
    return (np.arange(round(column.lower / r) - below, round(column.upper / r) + above + 1)) * r


# ---- laws ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["spread", "holes", "counts", "one value", "two values"])
def test_grid_and_reserved_cells_sum_to_one(name):
    _, column, cells = _cells(name)
    x = np.round(_grid(column, 60), 6)
    mass = np.exp(_log_density(cells, x)) * column.resolution
    total = mass.sum() + np.exp(_log_density(cells, np.array([np.nan])))[0]
    assert total == pytest.approx(1, abs=1e-9)


def test_levels_sum_to_one():
    _, column, cells = _cells("text")
    assert np.exp(_log_density(cells, np.array([0.0, 1.0, 2.0, np.nan]))).sum() == pytest.approx(1, abs=1e-12)
    assert cells.locate(np.array([2.0]))[0][0] == -1 and column.rho > 0


def test_a_bounded_column_has_nothing_beyond_its_bounds():
    frame = pd.DataFrame({"x": np.random.default_rng(1).integers(0, 101, N)})
    frame.loc[:1, "x"] = [0, 100]
    z, column = _column(frame["x"], schema=Schema.infer(frame).with_bounds("x", 0, 105))
    cells = ColumnCells.fit(z, None, column, 16)
    x = np.arange(-3.0, 109.0)
    p = np.exp(_log_density(cells, x))
    assert np.array_equal(p > 0, (x >= 0) & (x <= 105))
    assert p.sum() + np.exp(_log_density(cells, np.array([np.nan])))[0] == pytest.approx(1, abs=1e-12)
    z, column = _column(frame["x"], schema=Schema.infer(frame).with_bounds("x", 0, 100))
    cells = ColumnCells.fit(z, None, column, 16)  # no place for a reserved number: the first missing cell takes it all
    p = np.exp(_log_density(cells, np.append(np.arange(101.0), np.nan)))
    assert p.sum() == pytest.approx(1, abs=1e-12) and p[-1] == pytest.approx(column.rho)
    frame["x"] = frame["x"].astype("Int64").where(frame.index != 5)
    z, column = _column(frame["x"], schema=Schema.infer(frame).with_bounds("x", 0, 100))
    cells = ColumnCells.fit(z, None, column, 16)  # nothing at all is left to reserve
    assert np.exp(_log_density(cells, np.append(np.arange(101.0), np.nan))).sum() == pytest.approx(1, abs=1e-12)


def test_the_line_integrates_to_one():
    X = np.random.default_rng(2).standard_t(3, (N, 1))
    z, column = _column(X)
    cells = ColumnCells.fit(z, None, column, 16)
    edges, (below, above) = cells.tiling.edges, cells.tiling.scales
    middle = (edges[1:] + edges[:-1]) / 2
    inner = np.exp(_log_density(cells, middle)) @ np.diff(edges)
    ends = np.exp(_log_density(cells, np.array([edges[0] - 1e-12, edges[-1] + 1e-12]))) @ [below, above]
    assert inner + ends == pytest.approx(1, abs=1e-9)


# ---- places ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", COLUMNS)
def test_places_lie_in_their_cells(name):
    z, column, cells = _cells(name)
    codes, _ = cells.locate(z)
    assert codes.min() >= 0, "a row of the fit counts as reserved"
    np.testing.assert_array_equal(np.bincount(codes, minlength=cells.n_cells + 1), cells.mass)
    np.testing.assert_array_equal(cells.nearest(z), codes)
    every = np.repeat(np.flatnonzero(cells.mass > 0), 50)
    places = cells.draw(every, np.random.default_rng(3))
    np.testing.assert_array_equal(cells.locate(places)[0], every)
    assert column.seen(places).all()


@pytest.mark.parametrize("name", ["spread", "holes", "two values", "counts", "text"])
def test_draws_follow_the_density(name):
    _, column, cells = _cells(name)
    rng = np.random.default_rng(4)
    places = cells.draw(rng.choice(cells.n_cells + 1, 40_000, p=_law(cells)), rng)
    at, counts = np.unique(places, return_counts=True)  # NaN is one value
    x = np.arange(cells.n_cells * 1.0) if column.kind == "category" else np.round(_grid(column, 0), 6)
    x = np.append(x, np.nan)
    seen = np.zeros(len(x))
    seen[np.searchsorted(x, at)] = counts  # a place off the grid would land on a neighbour: counted as wrong below
    np.testing.assert_allclose(x[np.searchsorted(x, at)], at, atol=1e-9)
    p = np.exp(_log_density(cells, x)) * np.where(np.isnan(x) | (column.kind == "category"), 1.0, column.resolution)
    allowed = column.seen(x)
    check_counts(seen[allowed], p[allowed], name)


def test_draws_of_the_line_follow_the_density():
    z, column = _column(np.random.default_rng(5).standard_t(3, (N, 1)))
    cells = ColumnCells.fit(z, None, column, 16)
    rng = np.random.default_rng(6)
    codes = rng.choice(cells.n_cells + 1, 20_000, p=_law(cells))
    x = cells.draw(codes, rng)
    np.testing.assert_array_equal(cells.locate(x)[0], codes)
    upto = np.append(0.0, np.cumsum(_law(cells)))
    below = np.array([cells.overlap(Allowed(high=v))[c] for v, c in zip(x[:4_000], codes[:4_000])])
    check_uniform(upto[codes[:4_000]] + below * _law(cells)[codes[:4_000]], "mass below each draw")
    share = [np.mean(x < cells.tiling.edges[0]), np.mean(x > cells.tiling.edges[-1])]
    end = _law(cells)[[0, -2]] / (cells.mass[[0, -2]] + 2)
    assert np.all(np.abs(share - end) < 4.9 * np.sqrt(end / len(x)))


def test_beyond_the_range_the_nearest_cell_is_read():
    _, column, cells = _cells("spread")
    far = np.array([column.lower - 50, column.upper + 50, np.nan])
    np.testing.assert_array_equal(cells.locate(far)[0], -1)
    np.testing.assert_array_equal(cells.nearest(far), [0, cells.n_cells - 1, cells.n_cells])
    _, _, counts = _cells("counts")
    np.testing.assert_array_equal(counts.nearest(np.array([-3.0, 2.4, 99.0])), [0, 2, counts.n_cells - 1])


# ---- sets ------------------------------------------------------------------------------------------------------------


def _sets(name):
    """Sets of the column's numbers: an interval, one of few grid points, a list, the missing cell."""
    if name == "text":
        return [Allowed(np.array([1.0])), Allowed(np.array([0.0]), missing=True)]
    if name == "counts":
        return [Allowed(low=1, high=3), Allowed(np.array([0.0, 5.0])), Allowed(low=2.5)]
    if name == "spread":
        zero_and_two = Allowed(np.array([-900.0, 0.0, 57.0]))
        return [Allowed(low=-10, high=33), Allowed(low=61, high=61), Allowed(low=60.5), zero_and_two]
    three = Allowed(np.array([1.5, 1.51, 8.0]), missing=True)
    return [Allowed(low=2, high=7.5, missing=True), three, Allowed(high=0.99)]


@pytest.mark.parametrize("name", ["spread", "holes", "counts", "text"])
def test_overlap_and_draws_in_sets_equal_brute_force(name):
    """The share of each cell is the sum over its grid points in the set, and draws keep to it and its proportions."""
    _, column, cells = _cells(name)
    x = np.arange(cells.n_cells * 1.0) if column.kind == "category" else np.round(_grid(column, 0), 6)
    x = np.append(x[column.seen(x)], np.nan)
    codes, _ = cells.locate(x)
    r = np.where(np.isnan(x) | (column.kind == "category"), 1.0, column.resolution)
    p = np.exp(_log_density(cells, x)) * r / (1 - column.rho)
    rng = np.random.default_rng(7)
    for allowed in _sets(name):
        inside = np.bincount(codes[codes >= 0], (p * allowed.contains(x))[codes >= 0], cells.n_cells + 1)
        share = cells.overlap(allowed)
        np.testing.assert_allclose((_law(cells) * share), inside * (_law(cells) > 0), atol=1e-12)
        chance = _law(cells) * share
        places = cells.draw(rng.choice(len(chance), 20_000, p=chance / chance.sum()), rng, allowed)
        assert allowed.contains(places).all(), f"{allowed}: {places[~allowed.contains(places)][:5]}"
        of = allowed.contains(x) & (codes >= 0) & (p > 0)
        found, counts = np.unique(places, return_counts=True)
        seen = np.zeros(len(x))
        seen[np.searchsorted(x, found)] = counts
        check_counts(seen[of], p[of], f"{name}, {allowed}")
        assert seen[~of].sum() == 0


def test_overlap_of_the_line_equals_the_density():
    z, column = _column(np.random.default_rng(8).standard_normal((N, 1)))
    cells = ColumnCells.fit(z, None, column, 16)
    low, high = -0.7, 9.0  # beyond the last border: part of its tail
    share = cells.overlap(Allowed(low=low, high=high))[:-1]
    x = np.linspace(low, high, 400_001)
    middle = (x[1:] + x[:-1]) / 2
    codes, log_within = cells.locate(middle)
    expected = np.bincount(codes, np.exp(log_within), cells.n_cells) * (x[1] - x[0])
    np.testing.assert_allclose(share, expected, atol=2e-4)
    values = np.array([-0.5, 0.25, 0.26])
    points = cells.overlap(Allowed(values))
    codes, log_within = cells.locate(values)
    np.testing.assert_allclose(points[:-1], np.bincount(codes, np.exp(log_within), cells.n_cells), rtol=1e-12)
    assert points[-1] == 0
    drawn = cells.draw(np.full(500, codes[1]), np.random.default_rng(9), Allowed(values))
    assert set(drawn) == set(values[codes == codes[1]])


def test_kept_and_spread_weight_in_part_of_a_cell():
    """Ten grid points share half of a cell, 3 holds the other half: of 2, 3 and 4 it comes 5.5 times in 6.5."""
    tiling = GridTiling(np.array([-0.5, 9.5]), np.array([10.0]), np.array([10.0]), np.array([3.0]), np.array([5.0]))
    assert tiling.share(2, 4)[0] == pytest.approx(0.65)
    x = np.rint(tiling.draw(np.zeros(20_000, int), np.random.default_rng(16), 2, 4))
    check_counts([(x == v).sum() for v in (2, 3, 4)], [0.5, 5.5, 0.5], "draws in [2, 4]")


def test_a_set_off_the_seen_range_leaves_nothing():
    _, column, cells = _cells("spread")
    for allowed in (Allowed(low=column.upper + 1), Allowed(np.array([column.upper + 1.0])), Allowed(low=5.2, high=5.8)):
        assert np.abs(cells.overlap(allowed)).max() == 0


# ---- groups ----------------------------------------------------------------------------------------------------------


def test_groups_are_neighbours_of_about_equal_mass():
    z, column, cells = _cells("spread", max_cells=128)
    groups = cells.coarsen(8)
    assert groups[0] == 0 and set(np.diff(groups)) <= {0, 1}
    mass = np.bincount(groups, cells.mass[:-1])
    zero = groups[cells.locate(np.zeros(1))[0][0]]
    assert np.count_nonzero(groups == zero) == 1, "a value with a group's mass shares its group"
    assert 8 <= len(mass) <= 10 and np.delete(mass, zero).max() < 2 * N / 8
    np.testing.assert_array_equal(cells.coarsen(500), np.arange(cells.n_cells))


def test_a_heavy_value_has_a_cell_of_its_own():
    _, _, cells = _cells("spread")
    code = cells.locate(np.zeros(1))[0][0]
    np.testing.assert_allclose(cells.tiling.edges[code : code + 2], [-0.5, 0.5])


# ---- invariance ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("scale", "shift"), [(1e-30, 0.0), (1e30, 0.0), (3.7, 250.0)])
def test_units_of_the_line(scale, shift):
    X = np.random.default_rng(10).standard_normal((N, 1))
    rows = np.random.default_rng(11).standard_normal(100) * 2
    scores = []
    for a, b in ((1.0, 0.0), (scale, shift)):
        z, column = _column(a * X + b)
        scores.append(_log_density(ColumnCells.fit(z, None, column), a * rows + b) + np.log(a))
    np.testing.assert_allclose(scores[1], scores[0], rtol=0, atol=1e-10 if shift == 0 else 1e-7)


@pytest.mark.parametrize("name", ["spread", "gaps", "holes", "counts", "text", "line"])
def test_integer_weights_are_repeated_rows(name):
    rng = np.random.default_rng(12)
    if name == "line":
        values = rng.standard_normal((N, 1))
    else:
        values = pd.Series(COLUMNS[name](rng))
    weight = rng.integers(1, 4, N).astype(float)
    z, column = _column(values, weight=weight)
    again = np.repeat(z, weight.astype(int))
    one, two = ColumnCells.fit(z, weight, column, 32), ColumnCells.fit(again, None, column, 32)
    np.testing.assert_allclose(_log_density(one, z), _log_density(two, z), rtol=0, atol=1e-12)


def test_state_round_trip():
    for name in COLUMNS:
        z, _, cells = _cells(name)
        again = ColumnCells.from_state(cells.to_state())
        np.testing.assert_array_equal(again.locate(z), cells.locate(z))
        codes = cells.locate(z)[0]
        places = [c.draw(codes, np.random.default_rng(13)) for c in (cells, again)]
        np.testing.assert_array_equal(*places)


# ---- edges -----------------------------------------------------------------------------------------------------------


def test_one_value_costs_the_reserved_mass():
    z, column, cells = _cells("one value")
    np.testing.assert_allclose(_log_density(cells, z), np.log1p(-column.rho), atol=1e-12)
    z, column, cells = _cells("all missing")
    np.testing.assert_allclose(_log_density(cells, z), np.log1p(-cells.reserved_mass), atol=1e-12)
    assert np.isnan(cells.draw(np.zeros(5, int), np.random.default_rng(0))).all()


@pytest.mark.parametrize("value", [0.0, 3.25e-20, -7e18, 1e-320, 1.79769e308])
def test_one_value_on_the_line_is_finite(value):
    z, column = _column(np.full((5, 1), value))
    cells = ColumnCells.fit(z, None, column)
    assert np.isfinite(_log_density(cells, z)).all()
    drawn = cells.draw(np.zeros(101, int), np.random.default_rng(0))
    assert np.isfinite(drawn).all() and np.abs(np.median(drawn) - value) <= 1e-5 * max(
        abs(value), 1e-300 if value else 1
    )


@pytest.mark.parametrize(
    "pair", [(1.0, np.nextafter(1.0, 2.0)), (-3e7, np.nextafter(-3e7, 0.0)), (1e308, 1.5e308), (-8e307, 8e307)], ids=str
)
def test_ends_of_doubles_on_the_line_are_finite(pair):
    """No border fits between neighbouring doubles, and the middle of two huge ones is no infinity."""
    z, column = _column(np.repeat(pair, 20)[:, None])
    cells = ColumnCells.fit(z, None, column)
    assert np.isfinite(_log_density(cells, z)).all()
    assert cells.mass.sum() == 40 and cells.n_cells == (1 if pair[1] == np.nextafter(pair[0], np.inf) else 2)
    codes = np.repeat(np.arange(cells.n_cells), 100)
    drawn = cells.draw(codes, np.random.default_rng(0))
    assert np.isfinite(drawn).all() and np.quantile(drawn, 0.3) <= pair[1]
    assert (np.diff(cells.tiling.edges) > 0).all()


def test_huge_gaps_hold_few_rows():
    """Between two heaps at 1 and a million lies no more than the cells at their ends spread."""
    values = _gaps(np.random.default_rng(0))
    for X in (values, values[:, None]):
        z, column = _column(X)
        cells = ColumnCells.fit(z, None, column)
        assert _law(cells) @ cells.overlap(Allowed(low=1e5, high=9e5)) < 5 / N


# ---- what left-out rows prefer ---------------------------------------------------------------------------------------


def _prices(n, rng):
    """Prices with digits that repeat: most end on .99 or .50."""
    whole = rng.integers(1, 60, n)
    return np.round(whole + rng.choice([0.99, 0.50, 0.0], n, p=[0.6, 0.3, 0.1]), 2)


def test_repeated_values_keep_weight_of_their_own():
    """On held-out rows of a column of repeated values the law beats uniform cells by a lot; on an even one it ties."""
    rng = np.random.default_rng(14)
    even = np.round(rng.uniform(0, 60, 2_000), 3)
    for values, held, gain in (
        (_prices(2_000, rng), _prices(2_000, rng), 1.0),
        (even, np.round(rng.uniform(0.1, 59.9, 2_000), 3), -0.02),
    ):
        z, column = _column(values)
        cells = ColumnCells.fit(z, None, column)
        fitted = _log_density(cells, held[column.seen(held)])
        uniform = -np.log(column.upper - column.lower)
        binned = stats.rv_histogram(np.histogram(values, 40)).logpdf(held[column.seen(held)])
        assert fitted.mean() > max(uniform, binned.mean()) + gain


def test_discount_is_the_likeliest_of_left_out_rows():
    """A tiling that spreads everything, forced, is worse on fresh rows than the one that was chosen."""
    rng = np.random.default_rng(15)
    z, column = _column(_prices(2_000, rng))
    tiling = fit_tiling(*weighted_values(z, np.ones(len(z))), column, 16)
    held = _prices(2_000, rng)
    held = held[(held >= column.lower) & (held <= column.upper)]
    at = tiling.locate(held)
    chosen = tiling.log_within(held, at)
    assert chosen.mean() > -np.log(tiling.size[at]).mean() + 1.0
