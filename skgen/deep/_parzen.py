"""ParzenEstimate: a density for models that can only draw rows.

A kernel density over a fixed set of drawn rows is normalised and the same at every call, but it is the law of the
smoothed rows, not the model's own: with many columns it lies far below. What the same estimate makes of real rows is
therefore told beside it.
"""

from __future__ import annotations

import numpy as np

from .._density import condition_mask
from .._random import BLOCK_ROWS, block_generator
from .._rejection import MOST_ROUNDS, draw_block
from ..classic.kernel_density import KernelDensity
from ..exceptions import RejectionError
from ..table.column import CodecColumn
from ..table.reserved import position_log_density

#: Drawn rows that the estimate stands on, and left-out rows at most that the ceiling is measured on.
N_CENTRES, N_LEFT_OUT = 10_000, 2_000

#: Share of the rows of a fit that the ceiling leaves out at least.
LEFT_OUT = 0.1


def drawn_rows(model, rng, n_rows=N_CENTRES, given=None) -> np.ndarray:
    """Rows of the typed view drawn from a model, all of the seen support.

    Parameters
    ----------
    model : GenerativeModel
        The model.
    rng : numpy.random.Generator
        Source of the draws.
    n_rows : int, default=10,000
        How many.
    given : ndarray of shape (m, d), default=None
        Rows that a model with `condition_on` takes the given columns from.

    Returns
    -------
    ndarray of shape (n_rows, d)
        The rows.
    """
    seed, known = int(rng.integers(0, 2**63)), condition_mask(model)
    if not known.any():
        blocks = range(-(-n_rows // BLOCK_ROWS))
        return np.concatenate([draw_block(model, block_generator(seed, 0, block)) for block in blocks])[:n_rows]
    kept, n_kept, at = [], 0, 0
    while n_kept < n_rows and at < MOST_ROUNDS:
        rows = given[np.arange(at * BLOCK_ROWS, (at + 1) * BLOCK_ROWS) % len(given)]
        Z = model.codec_.to_typed(model._sample_given(rows, known, block_generator(seed, 0, at)))
        kept.append(Z[model.codec_.seen(Z)])
        n_kept, at = n_kept + len(kept[-1]), at + 1
    if n_kept < n_rows:
        raise RejectionError(
            f"Only {n_kept} of {MOST_ROUNDS * BLOCK_ROWS} draws lie in the support that fit saw; {n_rows} are needed. "
            "Train it longer, or on more rows."
        )
    return np.concatenate(kept)[:n_rows]


class ParzenEstimate:
    """A kernel density over fixed rows, read by the typed view of a model.

    Parameters
    ----------
    density : KernelDensity
        Fitted to the rows, so that it has codes of its own for the levels that they show.
    columns : list of CodecColumn
        The columns of the model's typed view.
    codes : list of ndarray or None
        For each category, the density's codes of the model's levels, the last entry that of any other level.
    """

    def __init__(self, density, columns, codes):
        self.density, self.columns, self.codes = density, columns, codes

    @classmethod
    def fit(cls, Z, codec, seed, weight=None):
        """The estimate over rows of a codec's typed view, its bandwidth by leave-one-out likelihood.

        Parameters
        ----------
        Z : ndarray of shape (n, d)
            The rows.
        codec : TableCodec
            What they were encoded by.
        seed : int
            Draws the rows that are left out where there are too many.
        weight : ndarray of shape (n,), default=None
            Weights of the rows.

        Returns
        -------
        ParzenEstimate
            The fitted estimate.
        """
        density = KernelDensity(bandwidth="cv", schema=codec.schema, random_state=seed)
        density.fit(codec.decode_typed(Z), sample_weight=weight)
        codes = [
            None
            if column.kind == "number"
            else _code_table(column, codec.level_codes(j), density.codec_.level_codes(j))
            for j, column in enumerate(codec.columns)
        ]
        return cls(density, codec.columns, codes)

    def log_density(self, Z, known=None):
        """Log-density of rows of the model's typed view, or the log marginal of the known columns.

        Parameters
        ----------
        Z : ndarray of shape (n, d)
            The rows.
        known : ndarray of bool of shape (d,), default=None
            The columns that count; all where None.

        Returns
        -------
        ndarray of shape (n,)
            Nats.
        """
        Z, extra = Z.copy(), np.zeros(len(Z))
        for j in range(Z.shape[1]) if known is None else np.flatnonzero(known):
            present = np.flatnonzero(~np.isnan(Z[:, j]))
            Z[present, j], log_share = self._translate(Z[present, j], j)
            extra[present] += log_share
        return self.density._log_density(Z, known) + extra

    def _translate(self, z, j):
        """The density's cells for those of the model, and what its log-density has to be corrected by."""
        codes, column = self.codes[j], self.columns[j]
        if codes is not None:
            own = codes[np.minimum(z, len(codes) - 1).astype(np.int64)]
            # levels that no centre shows share one cell, "any other level"
            return own, -np.log(np.sum(codes == codes[-1])) * (own == codes[-1])
        if self.density.codec_.columns[j].kind == "category":  # no centre has a number here
            return np.zeros(len(z)), position_log_density(z, column)
        return z, 0.0

    def to_state(self) -> dict:
        return {"density": self.density, "columns": [c.to_state() for c in self.columns], "codes": self.codes}

    @classmethod
    def from_state(cls, state):
        return cls(state["density"], [CodecColumn(**column) for column in state["columns"]], state["codes"])


def _code_table(column, mine, its):
    """The density's code for each of the model's, from the codes that both give to the levels of the schema."""
    table = np.full(column.n_codes + 1, its[-1], np.int64)
    table[mine[:-1]] = its[:-1]
    table[-1] = its[-1]
    return table


def parzen_ceiling(Z, codec, rng, n_centres=N_CENTRES, weight=None, known=None) -> float:
    """The mean score that the estimate reaches with real rows as its centres, on other real rows.

    Parameters
    ----------
    Z : ndarray of shape (n, d)
        The rows of a fit; those outside the seen support of the codec do not count.
    codec : TableCodec
        What they were encoded by.
    rng : numpy.random.Generator
        Draws the rows.
    n_centres : int, default=10,000
        Centres at most.
    weight : ndarray of shape (n,), default=None
        Weights of the rows.
    known : ndarray of bool of shape (d,), default=None
        Columns to condition on, none where None.

    Returns
    -------
    float
        Nats per row.
    """
    order = rng.permutation(np.flatnonzero(codec.seen(Z)))
    n_left_out = int(np.clip(len(order) - n_centres, max(LEFT_OUT * len(order), 1), N_LEFT_OUT))
    left_out, centres = order[:n_left_out], order[n_left_out:][:n_centres]
    if not len(centres):
        centres = left_out
    if not len(centres):
        return float("nan")
    of_centres, of_left_out = (None, None) if weight is None else (weight[centres], weight[left_out])
    estimate = ParzenEstimate.fit(Z[centres], codec, int(rng.integers(0, 2**31)), of_centres)
    scores = estimate.log_density(Z[left_out])
    if known is not None and known.any():
        scores = scores - estimate.log_density(Z[left_out], known)
    return float(np.average(scores, weights=of_left_out))
