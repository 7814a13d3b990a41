"""Sequential trees: conditions against brute force, mixtures of smooth and sharp laws, raked tables, odd tables."""

import re
import warnings

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from skgen import MISSING, AutoregressiveTrees
from skgen.classic._trees.fitting import _held_out
from skgen.classic._trees.leaf_laws import LeafLaws
from skgen.classic._trees.raking import rake
from skgen.classic._trees.tree import Tree
from skgen.exceptions import LowSupportWarning, SchemaError, UnsupportedGivenError
from skgen.testing._cells import cell_rows, count_cells, seen_values
from skgen.testing._law import check_counts
from skgen.testing._reference import cell_table, inflated_table, mixed_table, plane_log_density, plane_rows


def _cells(table):
    return cell_rows(table, [seen_values(table[column]) for column in table])


def _fit(table, **parameters):
    return AutoregressiveTrees(random_state=0, **parameters).fit(table)


@pytest.fixture(scope="module")
def cells():
    table = cell_table(500, seed=0)
    return _cells(table)


@pytest.fixture(scope="module")
def model():
    return _fit(cell_table(500, seed=0), column_order=["flag", "colour", "count"])


# ---- conditions ------------------------------------------------------------------------------------------------------


def test_conditional_scores_of_a_prefix_equal_brute_force(model, cells):
    """log p(rest | first columns) is log p(row) less the log of the sum over all rows, reserved ones included."""
    p = np.exp(model.score_samples(cells))
    reserved = [column.rho for column in model.codec_.columns]
    for known, free in ((["flag"], ("colour", "count")), (["flag", "colour"], ("count",))):
        group = cells.groupby(known, dropna=False, observed=True, sort=False).ngroup().to_numpy()
        kept = np.prod([1 - reserved[list(cells).index(name)] for name in free])  # the mass of the seen cells
        marginal = np.bincount(group, p)[group] / kept
        got = model.score_samples(cells, given=known)
        if len(free) == 1:
            np.testing.assert_allclose(got, np.log(p / marginal), rtol=0, atol=1e-10)
        else:  # after a reserved event the parts weigh as before it: the same up to that event's mass
            np.testing.assert_allclose(got, np.log(p / marginal), rtol=0, atol=1e-3)


def test_samples_of_a_prefix_are_exact_and_need_no_weights(model, cells):
    rows = model.sample(20_000, given={"flag": "yes"}, random_state=1)
    assert model.given_ess_ == np.inf
    p = np.exp(model.score_samples(cells)) * (cells["flag"] == "yes")
    check_counts(count_cells(rows, cells)[0][p > 0], p[p > 0], "given flag yes")


@pytest.mark.parametrize(
    ("given", "met"),
    [
        ({"count": 3}, lambda t: t["count"] == 3),
        ({"colour": MISSING, "count": 1}, lambda t: t["colour"].isna() & (t["count"] == 1)),
        ({"colour": ["green", "blue"]}, lambda t: t["colour"].isin(["green", "blue"])),
        ({"count": pd.Interval(1, 3), "flag": "no"}, lambda t: t["count"].isin([2, 3]) & (t["flag"] == "no")),
    ],
)
def test_weighted_samples_of_other_columns_follow_the_scores(cells, given, met):
    model = _fit(cell_table(500, seed=0), column_order=["flag", "colour", "count"])
    rows = model.sample(10_240, given=given, random_state=2)
    inside = met(cells).fillna(False).to_numpy(dtype=bool)
    counts, elsewhere = count_cells(rows, cells[inside].reset_index(drop=True))
    assert elsewhere == 0 and model.given_ess_ > 100
    check_counts(counts, np.exp(model.score_samples(cells))[inside], f"given {given}")


def test_weights_are_those_of_the_law_that_a_row_follows():
    """Few rows, so that smooth and sharp laws differ: rows given the last two columns of three follow the scores."""
    table = _leaning(90, seed=2)
    model, cells = _fit(table), _cells(table)
    known = ["a", "b"]  # after c in the order
    pairs = cells[known].drop_duplicates().reset_index(drop=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LowSupportWarning)
        rows = model.sample(given=pairs.loc[np.repeat(pairs.index, 2_000)].reset_index(drop=True), random_state=12)
    p = cells.assign(p=np.exp(model.score_samples(cells)))
    p = (p["p"] / p.groupby(known)["p"].transform("sum")).to_numpy()
    check_counts(count_cells(rows, cells)[0], p, "given a and b")


def _leaning(n, seed):
    """Two levels of six, the second mostly equal to the first, and one of four that leans on both."""
    rng = np.random.default_rng(seed)
    a = rng.integers(6, size=n)
    b = np.where(rng.random(n) < 0.9, a, rng.integers(6, size=n))
    c = np.where(rng.random(n) < 0.3, (a + b) % 4, rng.integers(4, size=n))
    return pd.DataFrame({name: np.array(list("uvwxyz"))[code] for name, code in zip("abc", (a, b, c))})


def test_what_has_no_closed_form_says_what_has(model, cells):
    with pytest.raises(UnsupportedGivenError, match=re.escape("['flag', 'colour', 'count']")):
        model.score_samples(cells, given=["count"])
    two = _fit(cell_table(500, seed=0), column_order=[["flag", "colour", "count"], ["colour", "flag", "count"]])
    assert np.isfinite(two.score_samples(cells, given=["colour", "flag"])).all()
    with pytest.raises(UnsupportedGivenError, match="come first"):
        two.score_samples(cells, given=["flag"])


# ---- smooth and sharp ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sharpness", [0.1, 0.5, 0.9])
def test_a_share_of_sharp_rows_costs_at_most_its_own(sharpness):
    table, held = mixed_table(400, seed=1), mixed_table(300, seed=2)
    smooth, sharp, both = (_fit(table, sharpness=s).score_samples(held) for s in (0.0, 1.0, sharpness))
    np.testing.assert_allclose(
        both, np.logaddexp(smooth + np.log1p(-sharpness), sharp + np.log(sharpness)), rtol=0, atol=1e-9
    )
    assert (both >= smooth + np.log1p(-sharpness) - 1e-9).all()


def test_smooth_laws_are_likelier_on_fresh_rows_and_sharp_ones_on_their_own():
    table, held = mixed_table(600, seed=3, constant=False), mixed_table(600, seed=4, constant=False)
    smooth, sharp = _fit(table, sharpness=0.0), _fit(table, sharpness=1.0)
    assert smooth.score(held) > sharp.score(held)
    assert sharp.score(table) - smooth.score(table) > 0.1


# ---- what is learnt --------------------------------------------------------------------------------------------------


def _chained(n, seed):
    """Four levels: each follows the one before with probability .8."""
    rng = np.random.default_rng(seed)
    codes = [rng.integers(4, size=n)]
    for _ in range(4):
        codes.append(np.where(rng.random(n) < 0.8, (codes[-1] + 1) % 4, rng.integers(4, size=n)))
    return pd.DataFrame({f"c{k}": np.array(list("abcd"))[code] for k, code in enumerate(codes)})


def test_dependence_is_found_in_any_order():
    table, held = _chained(2_000, seed=5), _chained(2_000, seed=6)
    same, other = 0.8 + 0.2 / 4, 0.2 / 4
    entropy = np.log(4) - 4 * (same * np.log(same) + 3 * other * np.log(other))
    for order, most in (("auto", 0.12), (list(table), 0.06), ([3, 0, 4, 1, 2], 0.065)):
        loss = -_fit(table, sharpness=0.0, column_order=order).score(held) - entropy
        assert -0.1 < loss < most, f"order {order}: {loss:.3f} nats over the entropy"


def test_one_unit_of_weight_in_five_is_held_out():
    """A row that repeats is in part held out: else what is held out would be combinations that were never seen."""
    weight = np.array([1.0, 7.0, 0.5, 3.0, 2.5, 40.0])
    units = np.repeat(np.arange(4), [1, 7, 1, 3])
    held = _held_out(np.ones(12))
    np.testing.assert_array_equal(np.flatnonzero(held), [2, 7])
    np.testing.assert_array_equal(_held_out(np.array([1.0, 7.0, 1.0, 3.0])), np.bincount(units, held))
    assert np.all((_held_out(weight) >= 0) & (_held_out(weight) <= weight))
    assert _held_out(weight).sum() == pytest.approx(weight.sum() / 5, abs=1)
    assert not _held_out(np.ones(2)).any()


def test_samples_have_the_tables_of_all_pairs():
    """Pair tables of many samples are nearer to those of the training rows than another draw of as many rows is."""
    table, other = _chained(2_000, seed=7), _chained(2_000, seed=8)
    rows = _fit(table).sample(60_000, random_state=3)

    def distance(a, b, pair):
        p, q = (pd.crosstab(t[pair[0]], t[pair[1]], normalize=True).to_numpy() for t in (a, b))
        return np.abs(p - q).sum() / 2

    pairs = [(f"c{i}", f"c{j}") for i in range(5) for j in range(i)]
    model, chance = (np.mean([distance(table, t, pair) for pair in pairs]) for t in (rows, other))
    assert model < 0.35 * chance, f"{model:.4f} against {chance:.4f} of a fresh draw"


def test_marginals_are_those_of_the_rows():
    """Tilted laws: shares of levels, zeros and missing cells in samples equal those of the rows."""
    table = inflated_table(3_000, seed=9)
    rows = _fit(table).sample(60_000, random_state=4)
    for name, met in {
        "flag": lambda t: t["flag"] == "yes",
        "zero": lambda t: t["amount"] == 0,
        "missing": lambda t: t["amount"].isna(),
        "high": lambda t: t["amount"] > 3,
    }.items():
        got, wanted = met(rows).mean(), met(table).mean()
        limit = 0.004 + 4.9 * np.sqrt(wanted / len(rows))
        assert abs(got - wanted) < limit, f"{name}: {got:.4f}, in the rows {wanted:.4f}"


def test_tilted_laws_give_the_marginal_where_leaves_are_visited_otherwise():
    codes = np.repeat([[0], [1]], 50, axis=0)
    tree = Tree.grow(codes, [([0], [np.arange(2.0)])], codes[:, 0], np.ones(100), 5, 0)
    table = np.array([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6]])
    laws = LeafLaws(tree, np.arange(2), table.copy(), table.copy())
    visits, marginal = np.array([[40.0, 60.0], [70.0, 30.0]]), np.array([0.4, 0.25, 0.35])
    laws.tilt(visits, marginal, np.arange(3))
    for visit, tilted in zip(visits, laws.tables):
        share = visit / visit.sum()
        np.testing.assert_allclose(tilted.sum(axis=1), 1, rtol=1e-14)
        assert np.abs(share @ tilted - marginal).max() < 0.6 * np.abs(share @ table - marginal).max()


def test_raking_reaches_the_table():
    """Laws of leaves that know nothing of a feature are brought near its joint table with the target."""
    rng = np.random.default_rng(10)
    n = 20_000
    group = rng.integers(3, size=n)
    target = np.where(rng.random(n) < 0.7, group, rng.integers(3, size=n))
    leaf = 3 * rng.integers(2, size=n) + np.where(rng.random(n) < 0.9, group, rng.integers(3, size=n))
    law = np.full((6, 3), 1 / 3)
    factor = rake(law, leaf, target, np.ones(n), [group])
    raked = law * factor / (law * factor).sum(axis=1, keepdims=True)

    def gap(p):
        table = np.stack([np.bincount(leaf[group == h], minlength=6) @ p for h in range(3)])
        return np.abs(table - np.bincount(3 * group + target).reshape(3, 3)).sum() / n

    assert gap(law) > 0.5 and gap(raked) < 0.25 * gap(law)


def test_missing_cells_are_told_apart():
    """A cell that is missing where the flag says so, and tells about a third column, does both in samples."""
    rng = np.random.default_rng(11)
    flag = rng.random(1_500) < 0.4
    x = np.where(flag & (rng.random(1_500) < 0.9), np.nan, np.round(rng.normal(0, 1, 1_500), 2))
    y = np.where(np.isnan(x), 3, rng.poisson(9, 1_500))
    table = pd.DataFrame({"flag": np.where(flag, "yes", "no"), "x": x, "y": y})
    rows = _fit(table, column_order=["flag", "x", "y"]).sample(20_000, random_state=5)
    assert rows.loc[rows["flag"] == "no", "x"].isna().mean() < 0.01
    assert rows.loc[rows["flag"] == "yes", "x"].isna().mean() == pytest.approx(0.9, abs=0.03)
    assert (rows.loc[rows["x"].isna(), "y"] == 3).mean() > 0.97


def test_numbers_are_drawn_afresh_inside_their_cells():
    rng = np.random.default_rng(12)
    table = pd.DataFrame({"a": np.round(rng.normal(size=500), 4), "b": np.round(rng.normal(size=500), 4)})
    rows = _fit(table, sharpness=1.0).sample(2_000, random_state=6)
    assert rows.merge(table).shape[0] < 5


# ---- orders ----------------------------------------------------------------------------------------------------------


def test_orders_are_names_or_positions():
    table = cell_table(200, seed=13)
    assert _fit(table).column_orders_ == [["count", "colour", "flag"]]
    named, placed = (_fit(table, column_order=order) for order in (["flag", "count", "colour"], [1, 2, 0]))
    assert named.column_orders_ == placed.column_orders_ == [["flag", "count", "colour"]]
    assert named.score(table) == placed.score(table)
    arrays = _fit(plane_rows(100, seed=14), column_order=np.array([1, 0]))
    assert arrays.column_orders_ == [[1, 0]]
    two = _fit(table, column_order=[["flag", "count", "colour"], [2, 0, 1]])
    assert two.column_orders_ == [["flag", "count", "colour"], ["count", "colour", "flag"]]
    first, both = np.exp(named.score_samples(table)), np.exp(two.score_samples(table))
    assert (both >= first / 2 * (1 - 1e-9)).all() and np.abs(both - first).max() > 1e-4


_WRONG = [["flag", "colour"], ["flag", "colour", "size"], ["flag", "flag", "count"], [0, 1, 3], [[0, 1, 2], [0, 1]], []]


@pytest.mark.parametrize("order", _WRONG, ids=str)
def test_orders_that_leave_out_columns_are_refused(order):
    with pytest.raises(SchemaError, match="each of the 3 columns once"):
        _fit(cell_table(50, seed=15), column_order=order)


# ---- determinism -----------------------------------------------------------------------------------------------------


def test_threads_do_not_matter():
    table = mixed_table(300, seed=16)
    models = [_fit(table, n_jobs=n_jobs, column_order=[list(table), list(table)[::-1]]) for n_jobs in (1, 4, None)]
    for model in models[1:]:
        np.testing.assert_array_equal(model.score_samples(table), models[0].score_samples(table))
        assert_frame_equal(model.sample(100, random_state=7), models[0].sample(100, random_state=7))


# ---- odd tables ------------------------------------------------------------------------------------------------------


def test_a_column_of_many_levels():
    """3,000 levels, each of which decides on another column: no table of all pairs, and every level may come."""
    rng = np.random.default_rng(17)
    level = rng.integers(3_000, size=8_000)
    frame = pd.DataFrame({"level": level.astype(str), "half": np.where(level % 2, "odd", "even")})
    for order in (["level", "half"], ["half", "level"]):
        model = _fit(frame, column_order=order)
        rows = model.sample(3_000, random_state=8)
        agree = ((rows["level"].astype(int) % 2 == 1) == (rows["half"] == "odd")).mean()
        assert agree > 0.75, f"order {order}: {agree:.2f} of the samples have the level's half"
        assert rows["level"].nunique() > 1_200
        assert np.isfinite(model.score(frame.assign(level="new")))


@pytest.mark.parametrize("n", [1, 2, 3])
def test_few_rows(n):
    table = mixed_table(400, seed=18).dropna().head(n).reset_index(drop=True)
    model = _fit(table)  # any warning is an error
    assert np.isfinite(model.score_samples(mixed_table(50, seed=19))).all()
    rows = model.sample(50, random_state=9)
    for name in ("sex", "city", "active"):
        assert set(rows[name]) <= set(table[name])
    if n == 1:
        assert_frame_equal(rows.iloc[[49]].reset_index(drop=True), table)


def test_arrays_are_densities_of_the_plane():
    """On a float array the piecewise constant density approaches the truth, and conditional scores integrate to 1."""
    X, held = plane_rows(20_000, seed=20), plane_rows(4_000, seed=21)
    model = _fit(X, sharpness=0.0, column_order=[0, 1])
    loss = plane_log_density(held).mean() - model.score(held)
    assert 0 < loss < 0.12
    axis = np.linspace(-12, 14, 200_001)
    density = np.exp(model.score_samples(np.column_stack([np.full(len(axis), 0.7), axis]), given=[0]))
    assert np.trapezoid(density, axis) == pytest.approx(1, abs=2e-3)


def test_many_flags():
    """60 flags in twelve groups that share a cause: far likelier than independent ones, and samples keep the groups."""
    rng = np.random.default_rng(22)
    cause = np.repeat(rng.random((2_500, 12)) < 0.3, 5, axis=1)
    flags = pd.DataFrame(np.where(rng.random(cause.shape) < 0.9, cause, ~cause)).add_prefix("f")
    table, held = flags[:1_500], flags[1_500:].reset_index(drop=True)
    model = _fit(table, sharpness=0.0)
    share = table.mean().to_numpy()
    independent = np.where(held, np.log(share), np.log1p(-share)).sum(axis=1).mean()
    assert model.score(held) > independent + 8
    rows = model.sample(10_000, random_state=10)
    assert np.abs(np.corrcoef(rows.T.astype(float)) - np.corrcoef(table.T.astype(float))).max() < 0.12
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LowSupportWarning)
        assert model.sample(200, given={"f30": True, "f31": True}, random_state=11)["f32"].mean() > 0.75


# ---- exact rules on few distinct rows --------------------------------------------------------------------------------


def texts(**columns):
    return pd.DataFrame({name: [f"{name}{code}" for code in codes] for name, codes in columns.items()})


@pytest.mark.parametrize("n_levels", [2, 5, 30])
def test_a_copied_column_costs_nothing(n_levels):
    codes = np.random.default_rng(0).integers(0, n_levels, 5_000)
    table = texts(a=codes, b=codes)
    for sharpness in (0, 0.5):
        model = AutoregressiveTrees(sharpness=sharpness, random_state=0).fit(table)
        assert model.score(table) == pytest.approx(-np.log(n_levels), abs=0.02)


def test_a_rule_that_is_broken_once_in_a_while_costs_little():
    rng = np.random.default_rng(0)
    seen, new = rng.integers(0, 6, (2, 5_000))
    other = np.where(rng.random(5_000) < 0.002, (new + 1) % 6, new)
    model = AutoregressiveTrees(sharpness=0, random_state=0).fit(texts(a=seen, b=seen))
    scores = model.score_samples(texts(a=new, b=other))
    assert scores.min() > -np.log(6) - np.log(100 * 5_000)
    assert scores.mean() > -np.log(6) - 0.05


def test_an_interaction_of_two_columns_is_found():
    rng = np.random.default_rng(0)
    x, y, noise = rng.integers(0, 3, (3, 5_000))
    z = np.where(rng.random(5_000) < 0.1, noise, (x + y) % 3)
    table = texts(x=x, y=y, z=z)
    truth = np.mean(np.log(np.where(z == (x + y) % 3, 0.9 + 0.1 / 3, 0.1 / 3)) - 2 * np.log(3))
    model = AutoregressiveTrees(sharpness=0, column_order=["x", "y", "z"], random_state=0).fit(table)
    assert model.score(table) == pytest.approx(truth, abs=0.02)


def test_text_that_looks_like_a_position_is_no_position():
    table = texts(a=[0, 1] * 20, b=[1, 1, 0, 0] * 10)
    with pytest.raises(ValueError, match="must name each of the 2 columns"):
        AutoregressiveTrees(column_order=["1", "0"]).fit(table)


def test_a_constant_last_column_is_not_taken_for_the_target():
    table = texts(a=[0, 1] * 20, b=[1, 1, 0, 0] * 10, unit=[0] * 40)
    assert AutoregressiveTrees().fit(table).column_orders_ == [["b", "a", "unit"]]
