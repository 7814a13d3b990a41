r"""Tilings of a number column: cells of about equal mass that cover its range, and a law inside each.

On a grid, a value of weight c keeps what exceeds a discount; the discounts of a cell are spread evenly over all of its
N grid points, seen or not (Kneser and Ney, 1995):

.. math:: P(y \mid k) = \Big[\max(c_y - \delta, 0) + \frac1{N_k} \sum_{v \in k} \min(c_v, \delta)\Big] / C_k

On the line a cell's density is uniform, and the two end cells have exponential tails. There are as many cells as
leave the rows, each left out in turn, nearly as likely as they can be made; the discount is the likeliest.
"""

from __future__ import annotations

import numpy as np

from .spline import mean_excess

#: Discounts in rows that are tried beside that of Kneser and Ney; the last spreads everything.
DISCOUNTS = (0.5, 1.0, 2.0, 4.0, 8.0, np.inf)

#: Fewest cells that are tried.
LEAST_CELLS = 8

#: Nats per row that the finest tiling may cost against the likeliest: fine cells leave more to conditional laws.
FINER = 0.005

#: Half the width of the only cell of a column of one value on the line, relative to the value.
POINT_WIDTH = 1e-6

#: The largest number.
FARTHEST = float(np.finfo(np.float64).max)


def fit_tiling(values, mass, column, max_cells):
    """The tiling of sorted distinct values with weights: of a grid, or of the line."""
    r, n_cells, found = column.resolution, max_cells, []
    while True:
        edges, of = _borders(values, mass, r, n_cells)
        total = np.bincount(of, mass, minlength=len(edges) - 1)
        size = np.diff(edges) if r == 0 else np.rint(np.diff(edges) / r)
        for delta in _discounts(mass, column):
            found.append((_leave_one_out(mass, of, total, size, delta), edges, total, size, delta))
        n_cells //= 2
        if n_cells < LEAST_CELLS or len(edges) <= LEAST_CELLS:
            break
    least = max(row[0] for row in found) - FINER * mass.sum()
    _, edges, total, size, delta = max((row for row in found if row[0] >= least), key=lambda row: (len(row[1]), row[0]))
    if r == 0:
        width = edges[-1] - edges[0]
        low, high = mean_excess(values, mass), mean_excess(-values[::-1], mass[::-1])
        return LineTiling(edges, total, (float(low or width), float(high or width)))
    kept = np.maximum(mass - delta, 0.0)
    return GridTiling(edges, total, size, values[kept > 0], kept[kept > 0])


class _Tiling:
    """Cells [e_k, e_k+1) with weights; numbers beyond the ends belong to the cells there."""

    _FIELDS = ("edges", "total")

    def locate(self, x):
        """The cell of each number."""
        return np.clip(np.searchsorted(self.edges, x, side="right") - 1, 0, len(self.total) - 1)

    def to_state(self) -> dict:
        return {name: getattr(self, name) for name in self._FIELDS}

    @classmethod
    def from_state(cls, state):
        return cls(**state)


class LineTiling(_Tiling):
    """Cells of the line: uniform densities, and an exponential tail beyond each end that takes a row of its cell.

    Parameters
    ----------
    edges : ndarray of shape (K + 1,)
        Borders of the cells.
    total : ndarray of shape (K,)
        Weight of the rows of each cell.
    scales : tuple of float
        Scales of the tails.
    """

    _FIELDS = ("edges", "total", "scales")

    def __init__(self, edges, total, scales):
        self.edges, self.total, self.scales = edges, total, scales
        self._below, self._above = np.zeros((2, len(total)))
        self._below[0], self._above[-1] = 1 / (total[0] + 2), 1 / (total[-1] + 2)

    def log_within(self, x, cell):
        """Log-density of numbers given their cell."""
        a, b = self.edges[cell], self.edges[cell + 1]
        inner = np.log1p(-self._below[cell] - self._above[cell]) - np.log(b - a)
        with np.errstate(divide="ignore"):
            below = np.log(self._below[cell] / self.scales[0]) - (a - x) / self.scales[0]
            above = np.log(self._above[cell] / self.scales[1]) - (x - b) / self.scales[1]
        return np.where(x < a, below, np.where(x > b, above, inner))

    def share(self, low, high):
        """The share of each cell's mass in an interval."""
        return self._mass_below(high) - self._mass_below(low)

    def draw(self, cell, rng, low=-np.inf, high=np.inf):
        """Numbers inside cells and an interval."""
        first, last = self._mass_below(low)[cell], self._mass_below(high)[cell]
        x = self._at_mass(first + rng.random(len(cell)) * (last - first), cell)
        return np.clip(x, max(low, -FARTHEST), min(high, FARTHEST))

    def _mass_below(self, x):
        """For each cell, the share of its mass below x."""
        a, b = self.edges[:-1], self.edges[1:]
        inner = self._below + (1 - self._below - self._above) * (np.clip(x, a, b) - a) / (b - a)
        below = self._below * np.exp(-np.maximum(a - x, 0) / self.scales[0])
        above = 1 - self._above * np.exp(-np.maximum(x - b, 0) / self.scales[1])
        return np.where(x < a, below, np.where(x > b, above, inner))

    def _at_mass(self, u, cell):
        """The number of each cell below which the share u of its mass lies."""
        a, b, below, above = self.edges[cell], self.edges[cell + 1], self._below[cell], self._above[cell]
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            low = a + self.scales[0] * np.log(u / below)
            high = b - self.scales[1] * np.log((1 - u) / above)
        x = a + np.clip((u - below) / (1 - below - above), 0, 1) * (b - a)
        return np.where(u < below, low, np.where(u > 1 - above, high, x))


class GridTiling(_Tiling):
    """Cells of a grid: values keep weight of their own, the rest is even over a cell's grid points.

    Parameters
    ----------
    edges : ndarray of shape (K + 1,)
        Borders of the cells, halfway between two grid points.
    total : ndarray of shape (K,)
        Weight of the rows of each cell.
    size : ndarray of shape (K,)
        Grid points of each cell.
    values, kept : ndarray of shape (V,)
        Values that keep weight, sorted, and how much.
    """

    _FIELDS = ("edges", "total", "size", "values", "kept")

    def __init__(self, edges, total, size, values, kept):
        self.edges, self.total, self.size, self.values, self.kept = edges, total, size, values, kept
        self._upto = np.append(0.0, np.cumsum(kept))
        starts = np.searchsorted(values, edges)
        self._first, self._last = self._upto[starts[:-1]], self._upto[starts[1:]]
        self._spread = np.maximum(total - (self._last - self._first), 0.0)

    def log_within(self, x, cell):
        """Log-probability of grid points given their cell."""
        kept = 0.0
        if len(self.values):
            at = np.minimum(np.searchsorted(self.values, x), len(self.values) - 1)
            kept = np.where(self.values[at] == x, self.kept[at], 0.0)
        return np.log((kept + self._spread[cell] / self.size[cell]) / self.total[cell])

    def share(self, low, high):
        """The share of each cell's mass on the grid points of a closed interval."""
        a, b, first, last = self._open_part(low, high)
        return (last - first + self._spread * (b - a) / np.diff(self.edges)) / self.total

    def draw(self, cell, rng, low=-np.inf, high=np.inf):
        """Numbers inside cells and a closed interval, not yet moved to the grid points they stand for."""
        a, b, first, last = (part[cell] for part in self._open_part(low, high))
        x = a + rng.random(len(cell)) * (b - a)
        weight = last - first + self._spread[cell] * (b - a) / np.diff(self.edges)[cell]
        u = rng.random(len(cell)) * weight
        own = np.flatnonzero(u < last - first)
        if len(own):
            at = np.searchsorted(self._upto, (first + u)[own], side="right") - 1
            x[own] = self.values[np.clip(at, 0, len(self.values) - 1)]
        return x

    def _open_part(self, low, high):
        """Per cell: borders of the open grid points, and the running sums of kept weight at their ends."""
        edges, step = self.edges, np.diff(self.edges) / self.size
        if low == -np.inf and high == np.inf:
            return edges[:-1], edges[1:], self._first, self._last
        ends = edges[:-1], edges[1:]
        a = np.clip(edges[0] + (np.ceil((low - edges[0]) / step - 0.5 - 1e-6)) * step, *ends)
        b = np.clip(edges[0] + (np.floor((high - edges[0]) / step - 0.5 + 1e-6) + 1) * step, *ends)
        at = np.searchsorted(self.values, [low, np.nextafter(high, np.inf)])
        first, last = (np.clip(self._upto[k], self._first, self._last) for k in at)
        return a, np.maximum(a, b), first, np.maximum(first, last)


def equal_groups(mass, n_groups):
    """Runs of neighbours of about equal mass, numbered from 0: what holds a group's mass is one of its own."""
    if n_groups >= len(mass):
        return np.arange(len(mass))
    step = mass.sum() / n_groups
    alone = mass >= step
    light = np.where(alone, 0.0, mass)
    block = np.cumsum(np.append(False, alone[1:] | alone[:-1]))  # runs between those that stand alone
    start = np.searchsorted(block, block)
    fill = np.cumsum(light) - (np.cumsum(light) - light)[start]
    part = np.where(alone, 0, np.ceil(fill / step - 1e-9).astype(np.int64))
    new = np.append(False, (block[1:] != block[:-1]) | (part[1:] != part[:-1]))
    return np.cumsum(new)


def _borders(values, mass, r, n_cells):
    """Borders of about `n_cells` cells, and the cell of each value."""
    of = equal_groups(mass, n_cells)
    last = np.flatnonzero(of[1:] != of[:-1])
    left, right = values[last], values[last + 1]
    if r == 0:
        middle = left / 2 + right / 2  # a sum of two could overflow
        between = (left < middle) & (middle < right)  # no double lies between neighbours: they share a cell
        opens = np.zeros(len(values), dtype=np.int64)
        opens[last[between] + 1] = 1
        return _on_the_line(values, middle[between]), np.cumsum(opens)
    gap = np.floor((np.rint((right - left) / r) - 1) / 2)
    return np.concatenate([[values[0] - r / 2], left + (gap + 0.5) * r, [values[-1] + r / 2]]), of


def _on_the_line(values, inner):
    low, high = values[0], values[-1]
    if low == high:
        half = max(POINT_WIDTH * (abs(low) or 1.0), float(np.finfo(np.float64).tiny))
        low, high = max(low - half, -FARTHEST), min(high + half, FARTHEST)
    return np.concatenate([[low], inner, [high]])


def _discounts(mass, column):
    """The discounts to try: on the line everything is spread, and where no value repeats."""
    if not column.repeats or mass.max() <= 1:
        return (np.inf,)
    once, twice = np.count_nonzero(mass <= 1), np.count_nonzero((mass > 1) & (mass <= 2))
    return ((once + 1) / (once + 2 * twice + 2), *DISCOUNTS)


def _leave_one_out(mass, of, total, size, delta):
    """Log-likelihood of the rows, each under the law of the others (those alone in their cell count as 1/2 a row)."""
    kept = np.maximum(mass - 1 - delta, 0.0)
    discounts = np.minimum(mass, delta)
    others = (
        np.bincount(of, discounts, minlength=len(total))[of] - discounts + np.minimum(np.maximum(mass - 1, 0), delta)
    )
    return float(mass @ np.log(kept + np.maximum(others, 0.5) / size[of]))
