"""RowLayout: where the cells and scores of all columns stand in what the nets read and write.

Columns of two or more cells have a block of logits each. Blocks of about the same size lie side by side, filled up to a
power of two, so that all of them are one array (n, blocks, width) without a loop over columns.
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from .features import FARTHEST, ColumnFeatures


class RowLayout:
    """Columns, blocks and scores.

    Parameters
    ----------
    columns : list of ColumnFeatures
        The columns.
    """

    def __init__(self, columns):
        self.columns = columns
        blocks = [j for j, c in enumerate(columns) if c.n_cells > 1]
        self.block_columns = sorted(blocks, key=lambda j: _padded(columns[j].n_cells))  # stable
        self.score_columns = [j for j, c in enumerate(columns) if c.real is not None]
        widths = [_padded(columns[j].n_cells) for j in self.block_columns]
        self.starts = np.concatenate([[0], np.cumsum(widths)]).astype(np.int64)
        #: (number of blocks, width) of each run of blocks of one width
        self.runs = [(widths.count(width), width) for width in sorted(set(widths))]
        self.n_logits, self.n_scores = int(self.starts[-1]), len(self.score_columns)
        #: Whether all columns are numbers without a grid, spikes or missing cells.
        self.is_plain = self.n_scores == len(columns) and not blocks and not any(c.column.resolution for c in columns)

    @classmethod
    def fit(cls, Z, weight, columns):
        """The layout of a typed view."""
        weight = np.ones(len(Z)) if weight is None else weight
        return cls([ColumnFeatures.fit(z, weight, column) for z, column in zip(Z.T, columns)])

    # ---- what the nets know --------------------------------------------------------------------------------------

    def mask(self):
        """Which logits stand for a cell (n_logits,)."""
        return np.concatenate([np.zeros(0, bool), *(self._fill(j, True, False) for j in self.block_columns)])

    def log_shares(self):
        """Log-shares of the cells (n_logits,), 0 where none is."""
        logs = [self._fill(j, np.log(np.maximum(self.columns[j].mass, 1e-6)), 0.0) for j in self.block_columns]
        return np.concatenate([np.zeros(0), *logs])

    def places(self):
        """Scores of the atoms of number columns (n_logits, columns that have any)."""
        found = []
        for start, j in zip(self.starts, self.block_columns):
            place = self.columns[j].place
            if place.any():
                column = np.zeros(self.n_logits)
                column[start : start + len(place)] = place
                found.append(column)
        return np.array(found).reshape(len(found), self.n_logits).T

    def gates(self):
        """Of each score, the logit of the cell in which it counts; n_logits where it always does."""
        start_of = dict(zip(self.block_columns, self.starts))
        always = self.n_logits
        return np.array(
            [start_of[j] + len(self.columns[j].atoms) if j in start_of else always for j in self.score_columns],
            np.int64,
        )

    def _fill(self, j, values, rest):
        n_cells = self.columns[j].n_cells
        out = np.full(_padded(n_cells), rest, dtype=np.asarray(values).dtype)
        out[:n_cells] = values
        return out

    # ---- rows to arrays ------------------------------------------------------------------------------------------

    def encode(self, Z):
        """Logit positions of the cells (n, blocks), and scores as intervals of probability: starts and widths."""
        hot = np.empty((len(Z), len(self.block_columns)), np.int64)
        for b, j in enumerate(self.block_columns):
            hot[:, b] = self.starts[b] + self.columns[j].cells(Z[:, j])
        start, width = np.empty((2, len(Z), self.n_scores))
        for s, j in enumerate(self.score_columns):
            start[:, s], width[:, s] = self.columns[j].intervals(Z[:, j])
        return hot, start, width

    def shares(self, hot, weight=None):
        """Shares of the cells (n_logits,) among rows, their cells counted from the start of their block."""
        weight = np.ones(len(hot)) if weight is None else weight
        of_cell = np.repeat(weight, hot.shape[1])
        return np.bincount((hot + self.starts[:-1]).ravel(), of_cell, self.n_logits) / weight.sum()

    def counting(self, hot):
        """For each score, the mask of the rows in whose cells it counts."""
        block_of = {j: b for b, j in enumerate(self.block_columns)}
        for j in self.score_columns:
            if j in block_of:
                yield hot[:, block_of[j]] == len(self.columns[j].atoms)
            else:
                yield np.ones(len(hot), bool)

    # ---- arrays to rows ------------------------------------------------------------------------------------------

    def decode(self, hot, scores, rng):
        """Rows of the typed view of cells (n, blocks), counted from their block's start, and scores."""
        n = len(scores)
        Z = np.empty((n, len(self.columns)))
        block_of = {j: b for b, j in enumerate(self.block_columns)}
        score_of = {j: s for s, j in enumerate(self.score_columns)}
        for j, column in enumerate(self.columns):
            cell = hot[:, block_of[j]] if j in block_of else np.zeros(n, np.int64)
            Z[:, j] = column.decode(cell, scores[:, score_of[j]] if j in score_of else None, rng)
        return Z

    def to_state(self) -> dict:
        return {"columns": self.columns}

    @classmethod
    def from_state(cls, state):
        return cls(**state)


def _padded(n_cells):
    return 1 << (n_cells - 1).bit_length()


def scores_at(start, width, u):
    """Scores at the places `u` of intervals of probability."""
    return np.clip(ndtri(start + u * width), -FARTHEST, FARTHEST)
