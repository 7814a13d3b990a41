"""Adversarial random forests: the mixture against brute force, dependence that is found, smoothing that is learnt."""

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import ConvergenceWarning

from skgen import AdversarialRandomForest
from skgen._random import generator_from
from skgen.classic._forest.adversary import Adversary
from skgen.classic._forest.leaf_counts import LeafCounts
from skgen.classic._forest.leaf_laws import LeafLaws
from skgen.classic._forest.partition import Partition


def _pairs(n, seed, hold=0.9):
    """A level of eight, and another that equals it with probability `hold` and is else any of the eight."""
    rng = generator_from(seed)
    first = rng.integers(8, size=n)
    second = np.where(rng.random(n) < hold, first, rng.integers(8, size=n))
    names = np.array(list("abcdefgh"))
    return pd.DataFrame({"first": names[first], "second": names[second], "noise": names[rng.integers(8, size=n)]})


def _pair_entropy(hold=0.9):
    same, other = hold + (1 - hold) / 8, (1 - hold) / 8
    return np.log(8) - same * np.log(same) - 7 * other * np.log(other)


def _small_laws(shrinkage=2.0):
    """Two trees on columns of 4 and 3 places: the first cuts both columns, the second one."""
    left, right = np.array([1, 3, -1, -1, -1, 6, -1, -1]), np.array([2, 4, -1, -1, -1, 7, -1, -1])
    column, cut = np.array([0, 1, 0, 0, 0, 1, 0, 0]), np.array([1, 0, -2, -2, -2, 1, -2, -2])
    partition = Partition(np.array([0, 5]), left, right, column, cut)
    places = np.array([[0, 0], [0, 2], [1, 1], [3, 2], [2, 0], [3, 2]])
    weight = np.array([1.0, 2.0, 1.0, 3.0, 1.0, 0.5])
    marginals = [np.array([0.4, 0.1, 0.2, 0.3]), np.array([0.3, 0.3, 0.4])]
    leaves = partition.leaves_of(places)
    mass = np.bincount(leaves.ravel(), np.repeat(weight, 2), partition.n_leaves)
    groups = [np.array([0, 0, 0, 1, 1]), np.arange(5)]
    levels = [LeafCounts.fit(g, leaves, places, weight, [4, 3], [0, 1]) for g in groups]
    laws = LeafLaws(partition, mass, levels, marginals, np.array([1.5, 0.5]), shrinkage)
    return laws, places, weight, groups


def _brute_force(laws, places, weight, groups):
    """The joint law over the 4 x 3 places, from the formula of the module, leaf by leaf."""
    # leaves by node: right of tree 1, its two left ones, then left and right of tree 2
    boxes = [((2, 4), (0, 3)), ((0, 2), (0, 1)), ((0, 2), (1, 3)), ((0, 4), (0, 2)), ((0, 4), (2, 3))]

    def rows_in(box):
        return np.all([(places[:, j] >= box[j][0]) & (places[:, j] < box[j][1]) for j in range(2)], axis=0)

    total = np.zeros((4, 3))
    for leaf, box in enumerate(boxes):
        factors, prior = [], 1.0
        for j in range(2):
            inside = np.zeros(len(laws.marginals[j]))
            inside[slice(*box[j])] = 1
            law = laws.marginals[j] * inside
            prior *= law.sum()
            law = law / law.sum()
            for group in groups:
                of = np.any([rows_in(boxes[k]) for k in np.flatnonzero(group == group[leaf])], axis=0)
                counts = np.bincount(places[of, j], weight[of], len(law)) * inside
                law = (counts + laws.smoothing[j] * law) / (counts.sum() + laws.smoothing[j])
            factors.append(law)
        share = (weight[rows_in(box)].sum() + laws.shrinkage * prior) / (weight.sum() + laws.shrinkage) / 2
        total += share * np.outer(*factors)
    return total


def test_mixture_equals_brute_force():
    laws, *rows = _small_laws()
    expected = _brute_force(laws, *rows)
    assert abs(expected.sum() - 1) < 1e-14
    every = np.indices((4, 3)).reshape(2, -1).T
    np.testing.assert_allclose(np.exp(laws.log_density(every)), expected.ravel(), rtol=1e-13)
    first = np.c_[np.arange(4), np.full(4, -1)]
    np.testing.assert_allclose(np.exp(laws.log_density(first)), expected.sum(axis=1), rtol=1e-13)
    np.testing.assert_allclose(laws.log_density(np.array([[-1, -1]])), 0.0, atol=1e-14)


def test_shares_equal_brute_force():
    """What a set leaves, and the leaves and places drawn in it."""
    laws, *rows = _small_laws()
    joint = _brute_force(laws, *rows)
    share = np.array([0.0, 1.0, 0.5, 0.25])
    weights = np.exp(laws.log_weight + laws.log_share(0, share))
    assert abs(weights.sum() - joint.sum(axis=1) @ share) < 1e-14
    rng = generator_from(0)
    n = 40_000
    leaf = laws.draw_leaves_given(np.full((n, 2), -1), laws.log_share(0, share), rng)
    drawn = np.stack([laws.draw_places(0, leaf, rng, share), laws.draw_places(1, leaf, rng)], axis=1)
    got = np.histogram2d(*drawn.T, bins=[np.arange(5), np.arange(4)])[0] / n
    expected = joint * share[:, None] / (joint.sum(axis=1) @ share)
    assert np.abs(got - expected).max() < 4.9 * np.sqrt(0.25 / n)
    assert not got[0].any()


def test_dependence_is_found():
    """Held-out nats come near the entropy of the law, and far above independent columns."""
    train, test = _pairs(4_000, seed=1), _pairs(4_000, seed=2)
    model = AdversarialRandomForest(n_estimators=20, random_state=0).fit(train)
    entropy, independent = _pair_entropy() + np.log(8), 3 * np.log(8)
    gap = -model.score(test) - entropy
    assert -0.06 < gap < 0.1, f"{gap:.3f} nats of {independent - entropy:.3f} are not found"
    rows = model.sample(4_000, random_state=0)
    assert (rows["first"] == rows["second"]).mean() > 0.75


def test_independent_columns_stay_independent():
    """A forest finds nothing, the smoothing leaves nothing of the leaves' chance counts."""
    train, test = _pairs(3_000, seed=3, hold=0.0), _pairs(3_000, seed=4, hold=0.0)
    model = AdversarialRandomForest(n_estimators=10, random_state=0).fit(train)
    assert abs(model.accuracies_[0] - 0.5) < 0.05
    assert -model.score(test) - 3 * np.log(8) < 0.06
    raw = AdversarialRandomForest(n_estimators=10, smoothing=1.0, random_state=0).fit(train)
    assert raw.score(test) < model.score(test) - 0.05


def test_learnt_smoothing_is_better_than_any_of_one_size():
    train, test = _pairs(2_000, seed=5), _pairs(4_000, seed=6)
    rng = generator_from(7)
    train["size"], test["size"] = (np.round(rng.standard_normal(len(t)), 3) for t in (train, test))
    learnt = AdversarialRandomForest(n_estimators=10, random_state=0).fit(train)
    fixed = [
        AdversarialRandomForest(n_estimators=10, smoothing=s, random_state=0).fit(train).score(test)
        for s in (0.1, 3.0, 100.0)
    ]
    assert learnt.score(test) > max(fixed), (learnt.score(test), fixed)
    assert learnt.smoothing_[3] > learnt.smoothing_[1], learnt.smoothing_


def test_rows_of_leaves_keep_what_the_leaves_hold():
    """Rows drawn from leaves that separate two clusters stay in them, columns independent within."""
    places = np.array([[0, 0], [1, 1], [2, 2], [3, 3]] * 50)
    partition = Partition(
        np.array([0]), np.array([1, -1, -1]), np.array([2, -1, -1]), np.array([0, 0, 0]), np.array([1, -2, -2])
    )
    adversary = Adversary(places, np.ones(200), [np.full(4, 0.25)] * 2, {"n_estimators": 1}, 1)
    drawn = adversary.rows_of_leaves(partition, generator_from(0))
    assert ((drawn[:, 0] < 2) == (drawn[:, 1] < 2)).all()
    assert 0.3 < (drawn[:, 0] == drawn[:, 1]).mean() < 0.7


def test_rounds_that_stop_early_say_so():
    with pytest.warns(ConvergenceWarning, match="Raise max_iter or delta"):
        model = AdversarialRandomForest(n_estimators=10, min_samples_leaf=500, max_iter=1, random_state=0)
        model.fit(_pairs(2_000, seed=8))
    assert model.n_iter_ == 1 and not model.converged_
    assert AdversarialRandomForest(n_estimators=10, delta=0.5, random_state=0).fit(_pairs(200, seed=9)).n_iter_ == 0


def test_verbose_prints_each_round(capsys):
    model = AdversarialRandomForest(n_estimators=5, verbose=1, random_state=0).fit(_pairs(200, seed=10))
    assert len(capsys.readouterr().out.splitlines()) == len(model.accuracies_)
