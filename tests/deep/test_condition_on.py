"""Columns that are always given: densities of the others, and samples of them."""

import math
import pickle

import numpy as np
import pandas as pd
import pytest
from toy_deep import ToyNet

from skgen.exceptions import GivenError, SchemaError, UnsupportedGivenError

rng = np.random.default_rng(0)
N = 600


def plane():
    """Rows (x, y), y normal about 2x."""
    x = rng.normal(size=N)
    return np.c_[x, 2 * x + 0.5 * rng.normal(size=N)]


def levels():
    """A level, a count and a size; the size leans on both."""
    level, count = rng.integers(3, size=N), rng.integers(4, size=N)
    size = np.round(10.0 * level + count + rng.normal(size=N), 2)
    return pd.DataFrame({"level": np.array(["a", "b", "c"])[level], "count": count, "size": size})


def net(condition_on, max_epochs=60, **parameters):
    parameters = {"lr": 0.02, "batch_size": 64, "early_stopping": False, "random_state": 0, **parameters}
    return ToyNet(8, condition_on, max_epochs=max_epochs, **parameters)


def test_the_law_of_the_others_integrates_to_one():
    X = plane()
    model = net([0]).fit(X)
    y = np.linspace(-15, 15, 3001)
    for x in (-1.5, 0.0, 1.0):
        density = np.exp(model.score_samples(np.c_[np.full_like(y, x), y]))
        assert density.sum() * 0.01 == pytest.approx(1, abs=1e-3)
        assert (density * y).sum() * 0.01 == pytest.approx(2 * x, abs=0.3)


def test_the_law_of_the_others_sums_to_one_over_their_cells():
    table = levels()
    model = net(["size", "level"]).fit(table)
    rows = table.iloc[:5]
    total = sum(np.exp(model.score_samples(rows.assign(count=c))) for c in range(-40, 60))
    assert (total < 1 + 1e-2).all() and (total > 0.8).all()  # scores are bounds


def test_given_columns_have_no_weight():
    """With standard normals the score is that of the free column alone, whatever the given ones are."""
    X, table = plane(), levels()
    for rows, given, free in ((X, [0], X[:, [1]]), (table, ["level", "count"], table[["size"]])):
        model = ToyNet(0, given, max_epochs=0, random_state=0).fit(rows)
        alone = ToyNet(0, max_epochs=0, random_state=0).fit(free)
        assert model.score_samples(rows) == pytest.approx(alone.score_samples(free), abs=1e-9)
        assert model.likelihood_ == alone.likelihood_ == "exact"
    bound = ToyNet(0, ["level"], max_epochs=0, random_state=0).fit(table)
    assert bound.likelihood_ == "lower_bound" and bound.bound_gap_ >= 0


def test_given_levels_stand_in_the_middle_of_their_cells():
    """In training and in scores: one place for each level, while free discrete columns move about."""
    table = levels()
    model = net(["level"], max_epochs=1, batch_size=N).fit(table)
    seen = model.module_.seen.numpy()
    assert len(np.unique(seen[:, 0])) == 3 and len(np.unique(seen[:, 1])) > 100
    middles = model.codec_.real.encode(model.codec_.encode_typed(table), np.full((N, 3), 0.5))[0][:, 0]
    assert np.unique(seen[:, 0]) == pytest.approx(np.unique(middles.astype(np.float32)))


def test_samples_follow_what_is_given():
    table = levels()
    model = net(["level", "count"], max_epochs=150).fit(table)
    low, high = table["size"].min(), table["size"].max() + 0.01
    for level, count in (("a", 0), ("c", 3), ("b", 1)):
        rows = model.sample(800, given={"level": level, "count": count}, random_state=1)
        assert (rows["level"] == level).all() and (rows["count"] == count).all()
        expected = 10 * "abc".index(level) + count
        assert rows["size"].mean() == pytest.approx(expected, abs=1.0)
        cells = pd.DataFrame({"level": level, "count": count, "size": np.round(np.arange(low, high, 0.01), 2)})
        log_mass = model.score_samples(cells) + np.log(0.01)
        mass = np.exp(log_mass)
        assert 0.95 < mass.sum() < 1.001  # the rest lies beyond the seen range, where no sample comes from
        mass /= mass.sum()
        scores = model.score_samples(rows)
        assert abs(rows["size"].mean() - mass @ cells["size"]) < 4.9 * rows["size"].std() / 800**0.5
        assert abs(scores.mean() - mass @ (log_mass - np.log(0.01))) < 4.9 * scores.std() / 800**0.5


def test_a_table_of_conditions():
    table = levels()
    model = net(["level", "count"]).fit(table)
    known = table[["count", "level"]].iloc[:50].reset_index(drop=True)
    rows = model.sample(given=known, random_state=2)
    pd.testing.assert_frame_equal(rows[["count", "level"]], known)
    assert abs((rows["size"] - table["size"].iloc[:50]).mean()) < 2
    again = model.sample(given=known.assign(size=np.nan), random_state=2)
    pd.testing.assert_frame_equal(rows, again)


def test_rows_do_not_depend_on_their_number():
    model = net([0], max_epochs=2).fit(plane())
    many = model.sample(1500, given={0: 0.5}, random_state=3)
    assert np.array_equal(many[:700], model.sample(700, given={0: 0.5}, random_state=3))


@pytest.mark.parametrize(
    "given",
    [None, {"level": "a"}, {"level": "a", "count": 1, "size": 3.0}, {"size": 3.0}, {"level": ["a", "b"], "count": 1}],
)
def test_other_conditions_are_refused(given):
    model = net(["level", "count"], max_epochs=1).fit(levels())
    with pytest.raises(UnsupportedGivenError, match=r"\['level', 'count'\]"):
        model.sample(5, given=given)


def test_marginals_are_refused():
    model = net(None, max_epochs=1).fit(levels())
    with pytest.raises(UnsupportedGivenError, match="no marginal densities"):
        model.score_samples(levels(), given=["level"])


def test_the_own_condition_may_be_named_and_no_other():
    table = levels()
    model = ToyNet(0, ["level", "count"], max_epochs=0, random_state=0).fit(table)
    assert (model.score_samples(table, given=["count", "level"]) == model.score_samples(table)).all()
    for other in (["level"], ["size"], []):
        with pytest.raises(UnsupportedGivenError, match=r"fitted with condition_on: .* given \['level', 'count'\]"):
            model.score_samples(table, given=other)


def test_wrong_columns_are_refused():
    with pytest.raises((GivenError, SchemaError), match="colour"):
        net(["colour"], max_epochs=1).fit(levels())
    with pytest.raises(ValueError, match="leave one out"):
        net(["level", "count", "size"], max_epochs=1).fit(levels())


def test_a_model_of_all_columns_stays_one():
    """Without condition_on, or with an empty list, samples need nothing and may be given anything."""
    for condition_on in (None, []):
        model = net(condition_on, max_epochs=20).fit(levels())
        assert model.sample(5).shape == (5, 3)
        assert (model.sample(5, given={"level": "b"})["level"] == "b").all()
        assert hasattr(model, "conditional_on_") == (condition_on is not None)
        assert math.isfinite(model.score(levels()))


def test_the_condition_goes_with_copies_and_chunks():
    table = levels()
    model = net(["level", "count"], max_epochs=2).partial_fit(table).partial_fit(table)
    copy = pickle.loads(pickle.dumps(model))
    assert np.array_equal(copy.score_samples(table), model.score_samples(table))
    given = {"level": "a", "count": 2}
    pd.testing.assert_frame_equal(
        copy.sample(4, given=given, random_state=0), model.sample(4, given=given, random_state=0)
    )
    with pytest.raises(ValueError, match="condition_on has changed"):
        model.set_params(condition_on=["level"]).partial_fit(table)
    model.set_params(condition_on=None).fit(table)
    assert not hasattr(model, "conditional_on_") and model.sample(2).shape == (2, 3)
