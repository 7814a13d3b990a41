"""The adversarial rounds: forests that tell real rows from rows drawn out of the last forest's leaves.

Watson, Blesch, Kapar and Wright: Adversarial random forests for density estimation and generative modeling (2023),
algorithm 1. The first forest faces rows of independent columns; each later one rows drawn from leaves of the last,
column by column. The rounds end when a forest does no better than chance on rows it was not grown on, or no better
than the last one: the rows of the last forest's leaves then look real.
"""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.ensemble import RandomForestClassifier

from .leaf_counts import LeafCounts
from .leaf_laws import LeafLaws
from .partition import Partition

#: Rows drawn in a round at most; equal rows are counted together where there are more.
_MOST_ROWS = 200_000


class Adversary:
    """The real rows of the rounds.

    Parameters
    ----------
    places : ndarray of shape (n, d)
        Places of distinct rows.
    weight : ndarray of shape (n,)
        Their weights, in rows.
    marginals : list of ndarray
        The laws of the columns.
    forest : dict
        Parameters of scikit-learn's forest.
    least : float
        Least weight of the rows of a leaf, real ones or drawn ones.
    """

    def __init__(self, places, weight, marginals, forest, least):
        self.total, self.marginals = weight.sum(), marginals
        # equal rows one by one, for some of them to be out of bag while others are in
        copies = np.ceil(weight / max(1.0, self.total / _MOST_ROWS) - 1e-9).astype(int)
        self.places, self.weight = np.repeat(places, copies, axis=0), np.repeat(weight / copies, copies)
        self.n_drawn = int(np.clip(round(self.total), 10, _MOST_ROWS))
        self.forest = {**forest, "min_weight_fraction_leaf": min(least / (2 * self.total), 0.5)}
        varies = (places != places[0]).any(axis=0)
        self.columns = np.flatnonzero(varies) if varies.any() else np.arange(1)  # a constant tells nothing

    def independent_rows(self, rng):
        """Rows of independent columns, of those that vary."""
        uptos = [np.cumsum(self.marginals[j]) for j in self.columns]
        return np.stack(
            [np.searchsorted(upto, rng.random(self.n_drawn) * upto[-1], side="right") for upto in uptos], axis=1
        )

    def rows_of_leaves(self, partition, rng):
        """Rows drawn from leaves, in proportion to the real rows in them, each column on its own."""
        n_places = [len(m) for m in self.marginals]
        leaves = partition.leaves_of(self.places)
        mass = np.bincount(leaves.ravel(), np.repeat(self.weight, partition.n_trees), partition.n_leaves)
        own = np.arange(partition.n_leaves)
        counts = LeafCounts.fit(own, leaves, self.places, self.weight, n_places, self.columns)
        laws = LeafLaws(partition, mass, [counts], self.marginals, np.zeros(len(n_places)), 0.0)
        leaf = laws.draw_leaves(self.n_drawn, rng)
        return np.stack([laws.draw_places(j, leaf, rng) for j in self.columns], axis=1)

    def grow(self, drawn, rng):
        """A forest that tells the real rows from the drawn ones, and its accuracy out of bag."""
        X = np.concatenate([self.places[:, self.columns], drawn]).astype(np.float32)
        y = np.arange(len(X)) < len(self.places)
        weight = np.append(self.weight, np.full(len(drawn), self.total / len(drawn)))
        forest = RandomForestClassifier(oob_score=True, random_state=int(rng.integers(2**31)), **self.forest)
        with warnings.catch_warnings():  # of rows that are in the bags of all trees
            warnings.simplefilter("ignore", UserWarning)
            forest.fit(X, y, sample_weight=weight)
        votes = forest.oob_decision_function_[:, -1]
        told = np.where(votes == 0.5, 0.5, (votes > 0.5) == y)
        voted = ~np.isnan(votes)
        return forest, float(np.average(told[voted], weights=weight[voted])) if voted.any() else 0.5


def adversarial_partition(adversary, delta, max_iter, rng, report):
    """The leaves of the last forest whose rows look real.

    Parameters
    ----------
    adversary : Adversary
        The real rows.
    delta : float
        Accuracy above one half that counts as chance.
    max_iter : int
        Most rounds after the first.
    rng : numpy.random.Generator
        Source of the draws.
    report : callable
        Told the number and the accuracy of each round.

    Returns
    -------
    partition : Partition
        The leaves.
    accuracies : list of float
        Accuracy of each round.
    converged : bool
        Whether the rounds ended before `max_iter` of them.
    """
    forest, accuracy = adversary.grow(adversary.independent_rows(rng), rng)
    report(0, accuracy)
    partition, accuracies = Partition.of_forest(forest, adversary.columns), [accuracy]
    for n_iter in range(1, max_iter + 1):
        if accuracies[-1] <= 0.5 + delta:
            return partition, accuracies, True
        forest, accuracy = adversary.grow(adversary.rows_of_leaves(partition, rng), rng)
        report(n_iter, accuracy)
        accuracies.append(accuracy)
        if accuracy <= 0.5 + delta or accuracy >= accuracies[-2]:
            return partition, accuracies, True
        partition = Partition.of_forest(forest, adversary.columns)
    return partition, accuracies, max_iter == 0
