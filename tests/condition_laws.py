"""Laws of nets that are always given some columns, as functions of an unfitted net whose `condition_on` is [0].

They are the laws of densities, seeds and copies, on rows (x, y) of which x is given: the battery's own ask for rows
without a condition, which such nets refuse.
"""

from __future__ import annotations

import numpy as np

from skgen import load, save
from skgen._random import generator_from
from skgen.testing._law import check_close, check_uniform, fitted, require

#: What is given, and the places of the other column at which its density is read.
GIVEN = (-1.0, 0.2, 1.5)
PLACES = np.linspace(-15.0, 15.0, 1501)
_STEP = PLACES[1] - PLACES[0]

#: Error of a sum over the places, at the corners of a spline's density and beyond the last of them.
_SUM_ERROR = 5e-3
#: And with the chance of 256 draws of latent numbers for each of some 20 places.
_DRAWS_ERROR = 2e-2


def line_rows(n=400, seed=0):
    """Rows (x, y), y normal about 2x with a spread of a half."""
    rng = generator_from(seed)
    x = rng.standard_normal(n)
    return np.column_stack([x, 2 * x + 0.5 * rng.standard_normal(n)])


def _densities(model, x):
    return np.exp(model.score_samples(np.column_stack([np.full_like(PLACES, x), PLACES])))


def law_of_the_other_integrates(net):
    """At each condition the density of the other column integrates to 1, and so does a mean over latent draws."""
    model = fitted(net, line_rows())
    error = _DRAWS_ERROR if model.likelihood_ == "lower_bound" else _SUM_ERROR
    for x in GIVEN:
        total = float(_densities(model, x).sum() * _STEP)
        assert abs(total - 1) < error, f"given {x}, the density integrates to {total:.4f}."


def rows_follow_scores(net):
    """At each condition the distribution function of the scores makes sampled rows uniform."""
    model = fitted(net, line_rows())
    require(model.likelihood_ == "exact", "the likelihood is not exact")
    for x in GIVEN:
        rows = model.sample(1_000, given={0: x}, random_state=1)
        assert (rows[:, 0] == x).all(), f"given {x}, other values come back."
        below = np.append(0.0, np.cumsum(_densities(model, x)) * _STEP)
        edges = np.append(PLACES - _STEP / 2, PLACES[-1] + _STEP / 2)
        check_uniform(np.interp(rows[:, 1], edges, below / below[-1]), f"rows given {x}")


def rows_follow_the_condition(net):
    """Rows given a high value lie above those given a low one, and so do the scores that they get."""
    model = fitted(net, line_rows())
    low, high = (model.sample(500, given={0: x}, random_state=2) for x in (-1.0, 1.0))
    gap = float(high[:, 1].mean() - low[:, 1].mean())
    assert gap > 1.0, f"rows given 1 and given -1 lie {gap:.2f} apart, expected about 4."
    other = model.score_samples(np.column_stack([np.full(500, -1.0), high[:, 1]]))
    gain = float(np.median(model.score_samples(high) - other))
    assert gain > 0.5, f"rows given 1 score {gain:.2f} nats more under that condition than under -1."


def rows_repeat(net):
    """A seed gives the same bits from two fits, rows do not depend on their number, other seeds give other rows."""
    X = line_rows(120)
    first, second = fitted(net, X), fitted(net, X)
    given = {0: 0.5}
    assert np.array_equal(first.score_samples(X), second.score_samples(X)), "two fits of one seed score otherwise."
    many = first.sample(1_200, given=given, random_state=3)
    assert np.array_equal(many[:1_100], second.sample(1_100, given=given, random_state=3)), "rows depend on the number."
    assert not np.array_equal(many[:50], first.sample(50, given=given, random_state=4)), "a seed does not matter."
    third = fitted(net, X)
    assert np.array_equal(third.sample(9, given=given), second.sample(9, given=given)), "the stream does not repeat."
    assert not np.array_equal(third.sample(9, given=given), second.sample(9, given={0: 0.4})), "all calls are one."


def order_does_not_matter(net):
    """Scores of rows in another order, or alone, are the same to rounding."""
    X = line_rows(120)
    model = fitted(net, X)
    scores, order = model.score_samples(X), generator_from(5).permutation(len(X))
    check_close(model.score_samples(X[order]), scores[order], 1e-10, "rows in another order", relative=True)
    check_close(model.score_samples(X[7:8]), scores[7:8], 1e-10, "a row alone", relative=True)


def copies_go_on(net, path):
    """A saved and loaded net has the same scores, the same condition and the same stream of rows."""
    X = line_rows(120)
    model = fitted(net, X)
    model.sample(3, given={0: 0.0})
    save(model, path)
    copy = load(path)
    assert copy.conditional_on_ == model.conditional_on_, f"the copy is given {copy.conditional_on_}."
    assert np.array_equal(copy.score_samples(X), model.score_samples(X)), "the copy scores otherwise."
    rows, again = (one.sample(30, given={0: 0.0}) for one in (model, copy))
    assert np.array_equal(rows, again), "the copy does not go on with the stream."
