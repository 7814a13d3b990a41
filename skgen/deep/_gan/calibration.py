r"""RowSampler: a trained generator with its marginals moved on to those of the rows of fit.

Scores go through an increasing map to the quantiles of the normal law, and each cell's logit is shifted,

.. math:: l_k \leftarrow l_k + \log\frac{p_k}{q_k},

p the share among the rows of fit and q the generator's, until they agree. Dependence stays the generator's.
"""

from __future__ import annotations

import numpy as np
import torch

#: Quantiles that a map is made from.
N_QUANTILES = 255

#: Scores between which a map has a table, the cells of all tables, and of one.
REACH, TABLE_CELLS, MIN_CELLS, MAX_CELLS = 6.0, 2**16, 512, 4096

#: Rounds of shifts, and the share that weighs as nothing.
N_ROUNDS, NO_SHARE = 6, 1e-5

#: Rows drawn for this, at least, for each row of fit, and at most; and at a time.
LEAST_DRAWN, DRAWN_PER_ROW, MOST_DRAWN, CHUNK_ROWS = 4096, 2, 40_960, 8192

#: Rows of a column's scores from which on it has a map.
LEAST_ROWS = 50


class ScoreTables:
    """Piecewise linear maps of scores, one for each, looked up in cells of equal width.

    Parameters
    ----------
    start, slope : ndarray of shape (n_scores, n_cells)
        Value at score 0, and slope, of the line that holds in each cell.
    """

    def __init__(self, start, slope):
        self.start, self.slope = start, slope
        self._per_unit = start.shape[1] / (2 * REACH) if start.size else 1.0
        self._first = (np.arange(len(start)) * start.shape[1]).astype(np.int32)

    @classmethod
    def through(cls, functions):
        """Tables of increasing functions."""
        n_cells = int(np.clip(TABLE_CELLS // max(len(functions), 1), MIN_CELLS, MAX_CELLS))
        s = np.linspace(-REACH, REACH, n_cells + 1)
        y = np.array([function(s) for function in functions]).reshape(-1, n_cells + 1)
        slope = np.diff(y) / np.diff(s)
        return cls(y[:, :-1] - slope * s[:-1], slope)

    def __call__(self, scores):
        """Mapped scores (n, n_scores)."""
        cell = ((scores + REACH) * self._per_unit).astype(np.int32)
        np.minimum(np.maximum(cell, 0, out=cell), self.start.shape[1] - 1, out=cell)
        cell += self._first
        mapped = self.slope.take(cell)
        mapped *= scores
        mapped += self.start.take(cell)
        return mapped

    def to_state(self) -> dict:
        return {"start": self.start, "slope": self.slope}

    @classmethod
    def from_state(cls, state):
        return cls(**state)


def n_drawn(n_rows) -> int:
    """How many rows the marginals of a fit to so many rows are calibrated on."""
    return int(np.clip(DRAWN_PER_ROW * n_rows, LEAST_DRAWN, MOST_DRAWN))


def quantile_map(drawn, real):
    """The increasing map that takes the quantiles of drawn scores to those of real ones."""
    if min(len(drawn), len(real)) < LEAST_ROWS or np.ptp(drawn) == 0:
        return lambda s: s
    p = (np.arange(N_QUANTILES) + 0.5) / N_QUANTILES
    at, first = np.unique(np.quantile(drawn, p), return_index=True)
    to = np.quantile(real, p)[first]

    def function(s):
        inner = np.interp(s, at, to)
        return inner + np.minimum(s - at[0], 0) + np.maximum(s - at[-1], 0)

    return function


def level_shift(shares, draw):
    """Shifts of the logits under which cells are drawn at their shares.

    Parameters
    ----------
    shares : ndarray of shape (n_logits,)
        Shares of the rows of fit, 0 where no cell is.
    draw : callable
        Takes shifts and gives the shares among drawn rows.

    Returns
    -------
    ndarray of shape (n_logits,)
        The shifts.
    """
    shift = np.zeros(len(shares))
    for _ in range(N_ROUNDS if len(shares) else 0):
        step = np.log((shares + NO_SHARE) / (draw(shift) + NO_SHARE))
        shift += np.where(shares > 0, step, 0.0)
    return shift


class RowSampler:
    """How rows are drawn from a trained generator.

    Parameters
    ----------
    layout : RowLayout
        The columns that are drawn.
    shift : ndarray of shape (n_logits,)
        Shifts of the logits.
    tables : ScoreTables
        From a generator's scores to calibrated ones, or to the numbers where all columns are numbers without a grid.
    """

    def __init__(self, layout, shift, tables):
        self.layout, self.shift, self.tables = layout, shift, tables

    @classmethod
    def fit(cls, module, layout, given, generator, shares, real):
        """Shifts and maps of a module.

        Parameters
        ----------
        module : GANModule
            The module.
        layout : RowLayout
            The columns that are drawn.
        given : torch.Tensor
            Features of the given columns of the rows to be drawn.
        generator : torch.Generator
            Source of the draws.
        shares : ndarray of shape (n_logits,)
            Shares of the cells among the rows of fit.
        real : list of ndarray
            Each score at the rows of fit in which it counts.

        Returns
        -------
        RowSampler
            The sampler.
        """

        def drawn_shares(shift):
            return layout.shares(_draw(module, given, generator, shift)[0])

        shift = level_shift(shares, drawn_shares)
        hot, scores = _draw(module, given, generator, shift)
        counting = layout.counting(hot)
        maps = [quantile_map(scores[rows, s], real[s]) for s, rows in enumerate(counting)]
        if layout.is_plain:
            maps = [_after(function, column.numbers) for function, column in zip(maps, layout.columns)]
        return cls(layout, shift, ScoreTables.through(maps))

    def draw(self, module, given, generator, rng):
        """Rows of the typed view of the drawn columns, one for each row of given features."""
        hot, scores = _draw(module, given, generator, self.shift)
        mapped = self.tables(scores)
        return mapped if self.layout.is_plain else self.layout.decode(hot, mapped, rng)

    def to_state(self) -> dict:
        return {"layout": self.layout, "shift": self.shift, "tables": self.tables}

    @classmethod
    def from_state(cls, state):
        return cls(**state)


def _after(function, numbers):
    return lambda s: numbers(function(s))


def _draw(module, given, generator, shift):
    """Cells and scores of a module as arrays."""
    shift = torch.as_tensor(shift).to(given) if len(shift) else None
    if len(given) <= CHUNK_ROWS:
        return tuple(part.cpu().numpy() for part in module.draw(given, generator, shift))
    parts = [module.draw(part, generator, shift) for part in given.split(CHUNK_ROWS)]
    return tuple(torch.cat(part).cpu().numpy() for part in zip(*parts))
