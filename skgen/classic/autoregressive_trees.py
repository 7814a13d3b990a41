r"""AutoregressiveTrees: the columns one after the other, each by the leaf of a tree on those before it.

    p(x)  =  (1 - s) prod_i P_smooth(x_i | leaf_i(x_<i))  +  s prod_i P_sharp(x_i | leaf_i(x_<i)),

with s the sharpness. The smooth law of a leaf mixes the frequencies in the leaf, in its ancestors and in coarser bins,
by weights that make unseen rows likeliest; the sharp one is the frequencies in the leaf. Both are corrected until the
joint law of each column with each one before it comes out right. Several orders of the columns are a mixture of such.
"""

from __future__ import annotations

from numbers import Integral, Real

import numpy as np
from joblib import Parallel, delayed
from scipy.special import logsumexp

from .._sklearn import Interval, StrOptions
from ..base import GenerativeModel
from ..exceptions import UnsupportedGivenError
from ..table.cells import ColumnCells
from ._distinct_rows import distinct_rows
from ._threads import worker_threads
from ._trees.chain import TreeChain
from ._trees.column_order import read_orders
from ._trees.fitting import fit_law


class AutoregressiveTrees(GenerativeModel):
    """Sequential trees: the law of each column given those before it, read off the leaves of a decision tree.

    Every column is cut into cells (levels, values, or about 256 intervals), and a tree tells apart the cells of one
    column by those before it. Its leaves hold two laws: a smooth one by deleted interpolation (Jelinek and Mercer 1980)
    and a sharp one of frequencies, both raked to the joint tables of the training rows. The density is exact on mixed
    types, missing cells are cells like others, and a number is drawn afresh inside its cell, so that rows are not
    copied.

    Parameters
    ----------
    sharpness : float, default=0.5
        Share of the rows that come from the sharp laws. 0 mostly gives the highest likelihood; a share s costs at most
        -log(1 - s) nats per row, log 2 by default. It serves models that are trained on the samples, and makes those
        of tables of numbers harder to tell from real rows.
    column_order : "auto", list of str or int, or list of lists, default="auto"
        The order of the columns, by name or position. "auto" takes the last column that varies first, since it is
        mostly the target, then the others as they stand; state an order where the last one is an identifier or a date.
        Several orders make a mixture of as many models with equal weights.
    min_samples_leaf : float, default=20
        Least weight of a leaf. The sharp laws of columns with fewer than 128 cells take twice as much.
    max_cells : int, default=256
        About how many intervals a number is cut into at most.
    n_jobs : int, default=None
        Number of threads that fit columns; None means all cores.
    categorical_features : "from_dtype", mask or names, default="from_dtype"
        Columns to read as categories.
    schema : Schema or None, default=None
        Kinds and base measure of the columns; inferred from the table where None.
    random_state : int, RandomState instance, Generator or None, default=None
        Seed of the fit and of the stream that `sample` draws from.

    Attributes
    ----------
    column_orders_ : list of list
        The orders, by name.
    cells_ : list of ColumnCells
        The cells of each column.
    chains_ : list of TreeChain
        The laws of the columns along each order.

    See Also
    --------
    BayesianNetwork : A graph with few parents for each column, to be read.
    AdversarialRandomForest : A mixture of leaves, whose conditional laws are exact on any columns.

    Notes
    -----
    Conditions on the first columns of the order are exact; on others, rows are drawn along the order with the known
    cells in place, weighted by the probability of those, and resampled (`given_ess_` tells how many count).
    Conditional scores exist for the first columns of the order only.

    References
    ----------
    Jelinek, F. and Mercer, R. (1980). Interpolated estimation of Markov source parameters from sparse data.

    Deming, W. E. and Stephan, F. F. (1940). On a least squares adjustment of a sampled frequency table when the
    expected marginal totals are known. Annals of Mathematical Statistics 11.

    Examples
    --------
    >>> from skgen import AutoregressiveTrees
    >>> from skgen.datasets import load_wine_table
    >>> wine = load_wine_table()
    >>> model = AutoregressiveTrees(random_state=0).fit(wine)
    >>> model.sample(2, given={"cultivar": "class_1"})[["alcohol", "magnesium", "cultivar"]].shape
    (2, 3)
    >>> round(model.score(wine), 1)
    -7.3
    """

    _parameter_constraints: dict = {
        **GenerativeModel._parameter_constraints,
        "sharpness": [Interval(Real, 0, 1, closed="both")],
        "column_order": [StrOptions({"auto"}), "array-like"],
        "min_samples_leaf": [Interval(Real, 1, None, closed="left")],
        "max_cells": [Interval(Integral, 2, None, closed="left")],
        "n_jobs": [Integral, None],
    }

    def __init__(
        self,
        *,
        sharpness=0.5,
        column_order="auto",
        min_samples_leaf=20,
        max_cells=256,
        n_jobs=None,
        categorical_features="from_dtype",
        schema=None,
        random_state=None,
    ):
        self.sharpness = sharpness
        self.column_order = column_order
        self.min_samples_leaf = min_samples_leaf
        self.max_cells = max_cells
        self.n_jobs = n_jobs
        self.categorical_features = categorical_features
        self.schema = schema
        self.random_state = random_state

    def _fit(self, Z, sample_weight, rng):
        weight = np.ones(len(Z)) if sample_weight is None else sample_weight
        rows, weight = distinct_rows(Z, weight, np.arange(Z.shape[1]))
        pairs = zip(rows.T, self.codec_.columns)
        self.cells_ = [ColumnCells.fit(z, weight, column, self.max_cells) for z, column in pairs]
        codes = np.column_stack([cells.nearest(z) for cells, z in zip(self.cells_, rows.T)])
        orders = read_orders(self.column_order, self.schema_.names, self.cells_)
        self.column_orders_ = [[self.schema_.names[j] for j in order] for order in orders]
        seed = int(rng.integers(2**31))
        laws = Parallel(n_jobs=worker_threads(self.n_jobs), prefer="threads")(
            delayed(fit_law)(codes, weight, self.cells_, order, i, self.min_samples_leaf, seed)
            for order in orders
            for i in range(len(order))
        )
        d = Z.shape[1]
        self.chains_ = [TreeChain(order, laws[k * d : (k + 1) * d]) for k, order in enumerate(orders)]
        for chain in self.chains_:
            chain.tilt(self.cells_, int(weight.sum()), rng)

    def _sample(self, n, rng):
        chain_of, sharp = self._draw_parts(n, rng)
        codes = np.empty((n, len(self.cells_)), np.int64)
        for k, chain in enumerate(self.chains_):
            rows = np.flatnonzero(chain_of == k)
            codes[rows] = chain.draw(sharp[rows], rng)
        return np.column_stack([cells.draw(c, rng) for cells, c in zip(self.cells_, codes.T)])

    def _log_density(self, Z, known=None):
        codes, near, log_within = self._locate(Z)
        if known is None:
            return logsumexp(self._log_parts(codes, near, None), axis=0) + log_within.sum(axis=1)
        self._check_prefix(known)
        return logsumexp(self._log_parts(codes, near, int(known.sum())), axis=0) + log_within[:, known].sum(axis=1)

    def _is_exact_given(self, known, allowed):
        return self._is_prefix(known) and all(a is None for a in allowed)

    def _propose_given(self, Z, known, rng, allowed):
        codes, near, _ = self._locate(Z)
        is_exact = self._is_exact_given(known, allowed)
        log_parts = self._log_parts(codes, near, int(known.sum())) if is_exact else None
        chain_of, sharp = self._draw_parts(len(Z), rng, log_parts)
        overlaps = [None if a is None or k else c.overlap(a) for a, k, c in zip(allowed, known, self.cells_)]
        log_weight = np.empty(len(Z))
        for k, chain in enumerate(self.chains_):
            rows = np.flatnonzero(chain_of == k)
            near[rows], log_weight[rows] = chain.propose(codes[rows], near[rows], known, overlaps, sharp[rows], rng)
        new = Z.copy()
        for j in np.flatnonzero(~known):
            new[:, j] = self.cells_[j].draw(near[:, j], rng, allowed[j])
        return new, np.zeros(len(Z)) if is_exact else log_weight

    # ---- helpers -------------------------------------------------------------------------------------------------

    def _log_priors(self):
        """Log-weights (2 n_chains,) of the smooth and the sharp laws of the orders."""
        with np.errstate(divide="ignore"):
            both = np.log([1 - self.sharpness, self.sharpness]) - np.log(len(self.chains_))
        return np.tile(both, len(self.chains_))

    def _log_parts(self, codes, near, n_columns):
        """Log-probabilities (2 n_chains, n) of the cells of the first columns, with the log-weights of the parts."""
        parts = np.concatenate([chain.log_prob(codes, near, n_columns) for chain in self.chains_])
        return parts + self._log_priors()[:, None]

    def _draw_parts(self, n, rng, log_parts=None):
        """For each row the order, and whether the laws are the sharp ones."""
        log_p = np.tile(self._log_priors()[:, None], n) if log_parts is None else log_parts
        upto = np.cumsum(np.exp(log_p - log_p.max(axis=0)), axis=0)
        part = (upto <= rng.random(n) * upto[-1]).sum(axis=0)
        return part // 2, part % 2 == 1

    def _locate(self, Z):
        pairs = list(zip(self.cells_, Z.T))
        codes, log_within = zip(*(cells.locate(z) for cells, z in pairs))
        near = np.column_stack([cells.nearest(z) for cells, z in pairs])
        return np.column_stack(codes), near, np.column_stack(log_within)

    def _is_prefix(self, known):
        n_known = int(known.sum())
        return all(known[chain.order[:n_known]].all() for chain in self.chains_)

    def _check_prefix(self, known):
        if not self._is_prefix(known):
            orders = "the order" if len(self.column_orders_) == 1 else "every one of the orders"
            raise UnsupportedGivenError(
                f"The marginal density of these columns has no closed form: it has for the first columns of {orders}, "
                f"{', '.join(map(str, self.column_orders_))}. Set column_order so that the columns to condition on "
                "come first."
            )
