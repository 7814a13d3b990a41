"""Conditioning by weighted proposals: right weights give the conditional law, poor proposals warn or are refused."""

import warnings

import numpy as np
import pandas as pd
import pytest
from toy_models import IndependentColumns

from skgen.exceptions import LowSupportError, LowSupportWarning
from skgen.testing._law import check_counts

#: The toy's law: P(cause = yes), and P(effect = yes) without and with the cause.
CAUSE, EFFECT = 0.3, np.array([0.2, 0.9])


class Cause(IndependentColumns):
    """Two flags, the second an effect of the first; given the effect, the cause is proposed from its own law.

    Parameters
    ----------
    cause : float, default=0.3
        How likely the cause is.
    proposed : float or None, default=None
        How often it is proposed; None for its own law.
    weighted : bool, default=True
        Whether proposals are weighted.
    """

    def __init__(
        self,
        cause=CAUSE,
        proposed=None,
        weighted=True,
        categorical_features="from_dtype",
        schema=None,
        random_state=None,
    ):
        super().__init__(categorical_features, schema, random_state)
        self.cause, self.proposed, self.weighted = cause, proposed, weighted

    _sample_given = property()  # hides the closed form: `hasattr` says no
    _parameter_constraints: dict = {
        **IndependentColumns._parameter_constraints,
        "cause": "no_validation",
        "proposed": "no_validation",
        "weighted": "no_validation",
    }

    def _is_exact_given(self, known, allowed):
        return not known[1] and all(a is None for a in allowed)

    def _propose_given(self, Z, known, rng, allowed):
        new, log_weight = Z.copy(), np.zeros(len(Z))
        q = self.cause if self.proposed is None else self.proposed
        if not known[0]:
            new[:, 0] = rng.random(len(Z)) < q
            if self.weighted:
                p = np.where(new[:, 0] == 1, [self.cause / q], [(1 - self.cause) / (1 - q)])
                log_weight += np.log(p)
        yes = EFFECT[new[:, 0].astype(int)]
        if known[1]:
            if self.weighted:
                log_weight += np.log(np.where(Z[:, 1] == 1, yes, 1 - yes))
        else:
            new[:, 1] = rng.random(len(Z)) < yes
        return new, log_weight


def _fitted(**parameters):
    rng = np.random.default_rng(0)
    cause = rng.random(2_000) < CAUSE
    frame = pd.DataFrame({"cause": cause, "effect": rng.random(2_000) < EFFECT[cause.astype(int)]})
    names = np.array(["no", "yes"])
    return Cause(**parameters, random_state=0).fit(frame.apply(lambda x: names[x.astype(int)]))


def _posterior(effect, cause=CAUSE):
    """P(cause = no, yes | effect)."""
    likelihood = EFFECT if effect == "yes" else 1 - EFFECT
    joint = np.array([1 - cause, cause]) * likelihood
    return joint / joint.sum()


def _counts(column):
    return [(column == level).sum() for level in ("no", "yes")]


@pytest.mark.parametrize("proposed", [None, 0.05, 0.8])
@pytest.mark.parametrize("effect", ["no", "yes"])
def test_weighted_proposals_follow_the_conditional_law(proposed, effect):
    model = _fitted(proposed=proposed)
    rows = model.sample(10_240, given={"effect": effect}, random_state=1)
    assert (rows["effect"] == effect).all()
    check_counts(_counts(rows["cause"]), _posterior(effect), f"cause given effect {effect}")
    assert 100 <= model.given_ess_ <= 65_536


def test_weights_ignored_are_found():
    rows = _fitted(weighted=False).sample(10_240, given={"effect": "yes"}, random_state=1)
    with pytest.raises(AssertionError, match="chi-square"):
        check_counts(_counts(rows["cause"]), _posterior("yes"), "weights ignored")


def test_sets_that_the_proposal_ignores_are_kept():
    """A set on an unknown column, which the hook does not look at, holds for every row, and the law is conditioned."""
    rows = _fitted().sample(10_240, given={"effect": ["yes"]}, random_state=2)
    assert (rows["effect"] == "yes").all()
    check_counts(_counts(rows["cause"]), _posterior("yes"), "effect in a set")


def test_exact_conditions_are_drawn_once_a_row():
    model = _fitted()
    rows = model.sample(2_048, given={"cause": "yes"}, random_state=3)
    check_counts(_counts(rows["effect"]), [1 - EFFECT[1], EFFECT[1]], "effect given its cause")
    assert model.given_ess_ == np.inf


def test_a_table_of_conditions_is_answered_row_by_row():
    model = _fitted()
    known = pd.DataFrame({"effect": np.tile(["yes", "no", "yes"], 3_000)})
    rows = model.sample(given=known, random_state=4)
    pd.testing.assert_series_equal(rows["effect"], known["effect"])
    for effect in ("yes", "no"):
        check_counts(_counts(rows["cause"][known["effect"] == effect]), _posterior(effect), f"rows of {effect}")
    first, last = rows["cause"][:3_000:3], rows["cause"][6_000::3]  # the same condition in other blocks
    assert abs((first == "yes").mean() - (last == "yes").mean()) < 4.9 * np.sqrt(0.5 / 1_000)


class Shift(IndependentColumns):
    """A number, proposed about 0, and another that equals it within 0.1."""

    _sample_given = property()

    def _is_exact_given(self, known, allowed):
        return False

    def _propose_given(self, Z, known, rng, allowed):
        new = Z.copy()
        new[:, 0] = rng.standard_normal(len(Z))
        return new, -0.5 * ((Z[:, 1] - new[:, 0]) / 0.1) ** 2


def _shifted():
    x = np.random.default_rng(1).standard_normal(1_000)
    return Shift(random_state=0).fit(np.column_stack([x, x + 0.1 * np.random.default_rng(2).standard_normal(1_000)]))


def test_each_distinct_row_of_a_table_has_a_pool_of_its_own():
    """1,500 conditions, each another number: the normal law given its noisy copy."""
    model = _shifted()
    b = np.linspace(-1.5, 1.5, 1_500)
    known = np.column_stack([np.full(1_500, np.nan), b])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LowSupportWarning)
        a = model.sample(given=known, random_state=5)[:, 0]
    mean, sd = b / 1.01, 0.1 / np.sqrt(1.01)
    z = (a - mean) / sd
    assert abs(z.mean()) < 4.9 / np.sqrt(len(z)) and abs(z.var() - 1) < 4.9 * np.sqrt(2 / len(z))
    assert abs(np.corrcoef(z[1:], z[:-1])[0, 1]) < 4.9 / np.sqrt(len(z))


def test_same_seed_same_rows():
    model, given = _fitted(), {"effect": "yes"}
    one, two = (model.sample(3_000, given=given, random_state=6) for _ in range(2))
    pd.testing.assert_frame_equal(one, two)
    pd.testing.assert_frame_equal(model.sample(1_500, given=given, random_state=6), one[:1_500])
    assert not model.sample(3_000, given=given, random_state=7).equals(one)


def test_pools_grow_until_enough_proposals_count():
    """A proposal that hardly ever hits: the first pool of 4,096 holds some 40 that count, so more are drawn."""
    model = _fitted(cause=0.99, proposed=0.01)
    rows = model.sample(1_024, given={"effect": "yes"}, random_state=8)
    assert model.given_ess_ >= 100
    assert (rows["cause"] == "yes").mean() > 0.99


def test_few_that_count_warn_and_none_raise():
    model = _shifted()
    with pytest.warns(LowSupportWarning, match="independent draws of 65536"):
        model.sample(5, given={1: 3.5}, random_state=9)
    assert 10 <= model.given_ess_ < 100
    with pytest.raises(LowSupportError, match="column 1") as refused:
        model.sample(5, given={1: 4.5}, random_state=9)
    assert "Widen it" in str(refused.value)


def test_a_table_of_poor_conditions_warns_once_and_at_the_call():
    """The least size and the number of the others are told, not one warning for each of them."""
    model, one = _shifted(), [np.nan, 3.5]
    with pytest.warns(LowSupportWarning) as caught:
        model.sample(given=np.array([one, [np.nan, 0.0], [np.nan, 3.45]]), random_state=9)
    (warning,) = caught
    assert "behind the condition, and fewer than 100 behind 1 more; widen it" in str(warning.message)
    assert f"Only {model.given_ess_:.0f} independent draws" in str(warning.message)
    assert warning.filename == __file__
    for once in ({"n_samples": 2_000, "given": {1: 3.5}}, {"given": np.array([one] * 2_000)}):
        with pytest.warns(LowSupportWarning) as caught:
            model.sample(**once, random_state=9)
        (warning,) = caught
        assert "behind the condition; widen it" in str(warning.message)


def test_the_error_names_the_hardest_condition():
    model = _shifted()
    with pytest.raises(LowSupportError, match="column 0"):  # hardly any number lies there; the copy would be no matter
        model.sample(5, given={0: pd.Interval(6.0, 7.0), 1: 1.0}, random_state=10)
