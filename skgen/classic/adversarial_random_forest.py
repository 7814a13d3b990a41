r"""AdversarialRandomForest: a mixture of independent columns over the leaves of a forest that found no difference.

.. math:: p(x) = \sum_l w_l \prod_j p_{lj}(x_j),

l over the leaves of all trees. Forests learn to tell the rows from rows drawn out of the last forest's leaves, column
by column; when they cannot, the columns are independent within the leaves (Watson, Blesch, Kapar and Wright 2023).
"""

from __future__ import annotations

import warnings
from numbers import Integral, Real

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from .._sklearn import Interval, StrOptions
from ..base import GenerativeModel
from ..exceptions import LowSupportError
from ._distinct_rows import distinct_rows
from ._forest.adversary import Adversary, adversarial_partition
from ._forest.cell_table import CellTable
from ._forest.leaf_counts import LeafCounts
from ._forest.leaf_laws import LeafLaws
from ._forest.smoothing import FIRST, LEAST_ROWS, HeldOut, hold_out
from ._mixture.start import canonical_columns
from ._threads import worker_threads

#: Least rows of the ancestor of a leaf, towards whose law that of the leaf is smoothed.
GROUPS = (200,)


class AdversarialRandomForest(GenerativeModel):
    """Adversarial random forest: a forest whose leaves hold independent columns.

    A random forest learns to tell the rows from synthetic ones, first of independent columns, then drawn from its own
    leaves, until it cannot (Watson et al. 2023). Its leaves, thousands of boxes, are then components of a mixture: in
    each the columns are independent. Here their laws are smoothed: the law of a column in a leaf counts, beside the
    rows of the leaf, some further rows of the column's marginal law within the box. How many is learnt for each column
    from held-out rows; the raw frequencies of the paper give most new rows a likelihood of 0. Scores, marginals and
    conditional samples are exact.

    Numbers with many values are cut into up to 256 cells, in which the density does not depend on the other columns.
    The model keeps the counts of the rows in the leaves: its size grows with rows times columns times trees.

    Parameters
    ----------
    n_estimators : int, default=30
        Number of trees.
    min_samples_leaf : int, default=2
        Least number of rows in a leaf, real or synthetic ones.
    max_features : {"sqrt", "log2"}, int, float or None, default="sqrt"
        Number of columns that a split chooses from, as in `sklearn.ensemble.RandomForestClassifier`.
    delta : float, default=0.0
        The rounds end when the accuracy of a forest out of bag is at most one half plus this.
    max_iter : int, default=10
        Most adversarial rounds after the first forest.
    smoothing : "auto" or float, default="auto"
        Weight of a column's marginal law in a leaf, in rows: learnt from held-out rows, or the same for all columns.
    validation_fraction : float, default=0.1
        Share of the rows that are held out of the forest to learn the smoothing from (at most 5,000 rows). In the end
        they are counted too.
    n_jobs : int, default=None
        Number of jobs that grow trees; None means all cores.
    verbose : int, default=0
        Whether the accuracy of each round is printed.
    categorical_features : "from_dtype", mask or names, default="from_dtype"
        Columns to read as categories.
    schema : Schema or None, default=None
        Kinds and base measure of the columns; inferred from the table where None.
    random_state : int, RandomState instance, Generator or None, default=None
        Seed of the fit and of the stream that `sample` draws from.

    Attributes
    ----------
    accuracies_ : ndarray of shape (n_rounds + 1,)
        Accuracy of each round's forest on rows out of bag; 0.5 is chance.
    n_iter_ : int
        Adversarial rounds after the first forest.
    converged_ : bool
        Whether the rounds ended by themselves: at chance, or when a forest did no better than the last.
    n_leaves_ : int
        Leaves of all trees: components of the mixture.
    smoothing_ : ndarray of shape (n_features,)
        Weight of each column's marginal law in a leaf, in rows; infinite where the leaves say nothing of the column
        but its range.
    shrinkage_ : float
        Weight of the law of independent columns in the weights of the leaves, in rows.

    See Also
    --------
    GaussianMixture : Fewer components, of which numbers may depend on each other.

    References
    ----------
    .. [1] D. S. Watson, K. Blesch, J. Kapar, M. N. Wright: Adversarial random forests for density estimation and
       generative modeling. AISTATS 2023.

    Examples
    --------
    >>> import pandas as pd
    >>> from skgen import AdversarialRandomForest
    >>> table = pd.DataFrame({"sky": ["sun", "rain", "sun", "rain"] * 50, "umbrella": [False, True, False, False] * 50})
    >>> model = AdversarialRandomForest(random_state=0).fit(table)
    >>> round(model.score(table), 1)
    -1.1
    >>> rainy = model.sample(1_000, given={"sky": "rain"})
    >>> round(float(rainy["umbrella"].mean()), 1)
    0.5
    """

    _parameter_constraints: dict = {
        **GenerativeModel._parameter_constraints,
        "n_estimators": [Interval(Integral, 1, None, closed="left")],
        "min_samples_leaf": [Interval(Integral, 1, None, closed="left")],
        "max_features": [StrOptions({"sqrt", "log2"}), Interval(Real, 0, None, closed="neither"), None],
        "delta": [Interval(Real, 0, 0.5, closed="both")],
        "max_iter": [Interval(Integral, 0, None, closed="left")],
        "smoothing": [StrOptions({"auto"}), Interval(Real, 0, None, closed="neither")],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_jobs": [Integral, None],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        n_estimators=30,
        *,
        min_samples_leaf=2,
        max_features="sqrt",
        delta=0.0,
        max_iter=10,
        smoothing="auto",
        validation_fraction=0.1,
        n_jobs=None,
        verbose=0,
        categorical_features="from_dtype",
        schema=None,
        random_state=None,
    ):
        self.n_estimators = n_estimators
        self.min_samples_leaf = min_samples_leaf
        self.max_features = max_features
        self.delta = delta
        self.max_iter = max_iter
        self.smoothing = smoothing
        self.validation_fraction = validation_fraction
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.categorical_features = categorical_features
        self.schema = schema
        self.random_state = random_state

    # ---- hooks ---------------------------------------------------------------------------------------------------

    def _fit(self, Z, sample_weight, rng):
        weight = np.ones(len(Z)) if sample_weight is None else sample_weight
        self._order_ = canonical_columns(Z, weight)
        Z, weight = distinct_rows(Z, weight, self._order_)
        Z = Z[:, self._order_]
        self._table_ = CellTable.fit(Z, weight, [self.codec_.columns[j] for j in self._order_])
        places = self._table_.locate(Z)[0]
        held_out = self._held_out(weight, rng)
        partition = self._rounds(places, weight - held_out, rng)
        smoothing, self.shrinkage_ = self._choose(partition, places, weight, held_out)
        self._laws_ = self._count(partition, places, weight, smoothing, self.shrinkage_)
        self.smoothing_ = np.empty(len(smoothing))
        self.smoothing_[self._order_] = smoothing
        self.n_leaves_ = partition.n_leaves

    def _sample(self, n, rng):
        return self._draw(self._laws_.draw_leaves(n, rng), rng)

    def _log_density(self, Z, known=None):
        places, log_within = self._table_.locate(Z[:, self._order_])
        if known is None:
            return self._laws_.log_density(places) + _sum_columns(log_within)
        free = ~known[self._order_]
        places[:, free] = -1
        distinct, row_of = np.unique(places, axis=0, return_inverse=True)
        return self._laws_.log_density(distinct)[row_of.reshape(-1)] + _sum_columns(log_within[:, ~free])

    def _sample_given(self, Z, known, rng, allowed=None):
        known = known[self._order_]
        sets = [None] * len(known) if allowed is None else [allowed[j] for j in self._order_]
        places = np.full(Z.shape, -1)
        places[:, known] = self._table_.locate(np.where(known, Z[:, self._order_], np.nan))[0][:, known]
        shares = [None if a is None or k else self._table_.overlap(a, j) for j, (a, k) in enumerate(zip(sets, known))]
        log_share = np.zeros(self.n_leaves_)
        for j, share in enumerate(shares):
            if share is not None:
                log_share += self._laws_.log_share(j, share)
        leaf = self._laws_.draw_leaves_given(places, log_share, rng)
        if leaf is None:
            raise LowSupportError("No leaf holds anything of the sets: their probability is 0. Widen them.")
        drawn = self._draw(leaf, rng, shares, sets)
        drawn[:, self._order_[known]] = Z[:, self._order_[known]]
        return drawn

    # ---- steps of a fit ------------------------------------------------------------------------------------------

    def _held_out(self, weight, rng):
        """The weight that is held out of each row; none where there are too few rows."""
        if self.smoothing != "auto":
            return np.zeros(len(weight))
        held_out = hold_out(weight, self.validation_fraction, rng)
        enough = held_out.sum() >= LEAST_ROWS and (weight > held_out).any()
        return held_out if enough else np.zeros(len(weight))

    def _rounds(self, places, weight, rng):
        rows = weight > 0
        forest = {
            "n_estimators": self.n_estimators,
            "max_features": self.max_features,
            "n_jobs": worker_threads(self.n_jobs),
        }
        adversary = Adversary(places[rows], weight[rows], self._table_.marginals(), forest, self.min_samples_leaf)
        partition, accuracies, self.converged_ = adversarial_partition(
            adversary, self.delta, self.max_iter, rng, self._report
        )
        self.accuracies_, self.n_iter_ = np.array(accuracies), len(accuracies) - 1
        if not self.converged_:
            warnings.warn(
                f"After max_iter={self.max_iter} rounds the forest still tells synthetic rows with accuracy "
                f"{accuracies[-1]:.3f}, better each round. Raise max_iter or delta.",
                ConvergenceWarning,
                stacklevel=2,
            )
        return partition

    def _report(self, n_iter, accuracy):
        if self.verbose:
            print(f"[AdversarialRandomForest] round {n_iter}: accuracy {accuracy:.3f}")

    def _choose(self, partition, places, weight, held_out):
        """Smoothing of the columns and shrinkage of the leaves' weights."""
        if self.smoothing != "auto" or not held_out.any():
            value = FIRST if self.smoothing == "auto" else float(self.smoothing)
            return np.full(places.shape[1], value), value
        laws = self._count(partition, places, weight - held_out, np.ones(places.shape[1]), 1.0)
        rows = held_out > 0
        return HeldOut(laws, places[rows], held_out[rows]).choose()

    def _count(self, partition, places, weight, smoothing, shrinkage):
        leaves, finite = partition.leaves_of(places), np.flatnonzero(np.isfinite(smoothing))
        mass = np.bincount(leaves.ravel(), np.repeat(weight, partition.n_trees), partition.n_leaves)
        groups = [*(partition.groups(mass, least) for least in GROUPS), np.arange(partition.n_leaves)]
        levels = [LeafCounts.fit(g, leaves, places, weight, self._table_.n_places, finite) for g in groups]
        return LeafLaws(partition, mass, levels, self._table_.marginals(), smoothing, shrinkage)

    # ---- draws ---------------------------------------------------------------------------------------------------

    def _draw(self, leaf, rng, shares=None, sets=None):
        Z = np.empty((len(leaf), len(self._order_)))
        for j, column in enumerate(self._order_):
            share, allowed = (None, None) if shares is None else (shares[j], sets[j])
            places = self._laws_.draw_places(j, leaf, rng, share)
            Z[:, column] = self._table_.draw(places, j, rng, allowed)
        return Z


def _sum_columns(x):
    """Sums of rows, one column after the other whatever the number of rows."""
    total = np.zeros(len(x))
    for column in x.T:
        total += column
    return total
