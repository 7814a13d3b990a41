r"""AutoregressiveTrees: the columns one after the other, each by a tree on those before it.

    p(x)  =  (1 - s) prod_i P_smooth(x_i | leaf_i(x_<i))  +  s prod_i P_sharp(x_i | leaf_i(x_<i)),

with s the sharpness. The smooth law of a leaf mixes the frequencies in the leaf, in its ancestors and in coarser bins,
by weights that make unseen rows likeliest; the sharp one is the frequencies in the leaf.
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
from ._trees.chain import SIMULATED, TreeChain
from ._trees.column_order import read_orders
from ._trees.fitting import fit_law


class AutoregressiveTrees(GenerativeModel):
    """Sequential trees.
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
        orders = read_orders(self.column_order, self.schema_.names)
        self.column_orders_ = [[self.schema_.names[j] for j in order] for order in orders]
        seed = int(rng.integers(2**31))
        laws = Parallel(n_jobs=-1 if self.n_jobs is None else self.n_jobs, prefer="threads")(
            delayed(fit_law)(codes, weight, self.cells_, order, i, self.min_samples_leaf, seed)
            for order in orders
            for i in range(len(order))
        )
        d = Z.shape[1]
        self.chains_ = [TreeChain(order, laws[k * d : (k + 1) * d]) for k, order in enumerate(orders)]
        for chain in self.chains_:
            chain.tilt(self.cells_, SIMULATED, rng)

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
        exact = self._is_prefix(known)
        if exact:
            chain_of, sharp = self._draw_parts(len(Z), rng, self._log_parts(codes, near, int(known.sum())))
        else:
            chain_of, sharp = self._draw_parts(len(Z), rng)
        overlaps = [None if a is None or k else c.overlap(a) for a, k, c in zip(allowed, known, self.cells_)]
        log_weight = np.empty(len(Z))
        for k, chain in enumerate(self.chains_):
            rows = np.flatnonzero(chain_of == k)
            near[rows], log_weight[rows] = chain.propose(codes[rows], near[rows], known, overlaps, sharp[rows], rng)
        new = Z.copy()
        for j in np.flatnonzero(~known):
            closed = np.flatnonzero(~np.isfinite(log_weight))
            new[:, j] = self.cells_[j].draw(near[:, j], rng, allowed[j])
        return new, np.zeros(len(Z)) if exact and not any(o is not None for o in overlaps) else log_weight

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
            raise UnsupportedGivenError(
                "The marginal density of these columns has no closed form: it has for the first columns of the "
                f"order, {self.column_orders_[0]}. Set column_order so that the columns to condition on come first."
            )
