"""The kernel of a category: a level keeps its place or falls back to the marginal law."""

from __future__ import annotations

import numpy as np

from ...table.reserved import full_codes, with_reserved
from .column_kernel import MARGINAL, OWN, ColumnKernel, Terms, draw_code, safe_log, without_own

#: Levels up to which a block's table has a row for each; beyond, for those that the block's queries hold.
_MANY_LEVELS = 256


class LevelKernel(ColumnKernel):
    """Levels by code; the missing cell, where it was seen, is the last one."""

    _FIELDS = ("codes", "marginal", "weights")

    def __init__(self, z, weight, column, weights):
        self.column = column
        S = column.n_codes
        self.codes = np.where(np.isnan(z), S, z).astype(np.int32)
        self.marginal = np.bincount(self.codes, weight, minlength=S + 1) / weight.sum()
        self.weights = weights

    def terms(self, x, own_share=0.0):
        own, marginal = self.weights[OWN], self.weights[MARGINAL]
        S = self.column.n_codes
        codes = full_codes(x, self.column)
        seen = np.where(codes == S + 1, self.column.missing_seen, codes < S)
        at = np.where(codes == S + 1, S, codes)
        full = with_reserved(self.marginal, self.column)[codes]
        if np.any(own_share):
            full = np.where(
                seen, (1 - self.column.rho) * without_own(self.marginal[np.minimum(at, S)], own_share), full
            )
            seen = seen & (full > 0)
        outside = safe_log(np.where(seen, 1.0, full))
        miss = np.where(seen, marginal * full, 1.0)
        match = np.where(seen, miss + (1 - self.column.rho) * own, 1.0)
        rows, table_rows = self._table_rows(at[seen])
        table = np.repeat(np.log(miss)[None], len(rows) + (table_rows is not None), axis=0)
        share = np.zeros_like(table)
        i, q = np.nonzero(rows[:, None] == np.where(seen, at, -1))
        table[i, q] = np.log(match[q])
        share[i, q] = 1 - miss[q] / match[q]
        return Terms(outside, table=table, shares=(share,), rows=table_rows, reserved=~seen)

    def _table_rows(self, levels):
        """The levels that have a row of the table, and the row of each level (None: all in order)."""
        n_levels = len(self.marginal)
        if n_levels <= _MANY_LEVELS:
            return np.arange(n_levels), None
        rows = np.unique(levels)
        row_of = np.full(n_levels, len(rows))  # the last row: levels that no query holds
        row_of[rows] = np.arange(len(rows))
        return rows, row_of

    def sample(self, centres, rng):
        S = self.column.n_codes
        codes = np.where(
            rng.random(len(centres)) < self.weights[OWN],
            self.codes[centres],
            draw_code(self.marginal, len(centres), rng),
        )
        reserved = rng.random(len(centres)) < self.column.rho
        return np.where(reserved, S, np.where(codes == S, np.nan, codes))

    def _open(self, allowed):
        S = self.column.n_codes
        return allowed.contains(np.append(np.arange(S, dtype=float), np.nan))

    def log_mass(self, allowed):
        inside = self._open(allowed)
        by_level = self.weights[OWN] * inside + self.weights[MARGINAL] * (self.marginal @ inside)
        return safe_log(by_level)[self.codes]

    def sample_allowed(self, centres, allowed, rng):
        inside = self._open(allowed)
        p = self.marginal * inside
        if not p.any():
            return self.sample(centres, rng)
        own = self.weights[OWN] * inside[self.codes[centres]]
        keep = rng.random(len(centres)) * (own + self.weights[MARGINAL] * p.sum()) < own
        codes = np.where(keep, self.codes[centres], draw_code(p, len(centres), rng))
        return np.where(codes == self.column.n_codes, np.nan, codes)
