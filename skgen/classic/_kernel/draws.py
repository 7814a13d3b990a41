"""One number from its kernel, on the line or on a grid: the log-mass of an interval and draws inside it.

On a grid, coarse ones are summed and drawn cell by cell, fine ones by rounding and rejection (a rounded draw falls into
a cell with nearly the mass that the kernel's height at the centre of the cell gives it).
"""

from __future__ import annotations

import numpy as np

#: Cells on either side of the nearest allowed one that are enumerated.
_REACH = 256

#: Steps (in bandwidths) from which a grid is summed cell by cell: below, the midpoint rule errs by less than 1e-4 for
#: kernels with tails, by less than 3e-3 (a jump at the edge of the support) for the others.
_COARSE_SUM = {False: 0.05, True: 0.004}

#: Steps from which a draw is enumerated: below, rejection keeps at least half of its proposals.
_COARSE_DRAW = 0.5

#: Steps below which a rounded draw has the kernel's height at the centre of the cell to 1e-9.
_FINE = 1e-5

#: Entries of one table of cells.
_TABLE = 2_000_000


def log_density(kernel, x, centre, scale, r):
    """Log-density at x (mass of the cell / r on a grid) of kernels at `centre`; all broadcast together."""
    return kernel.log_density(distance(x, centre, scale, r)) - log_norm(kernel, scale, r)


def distance(x, centre, scale, r):
    """abs(x - centre) in bandwidths: on a grid, a whole number of cells times the cell."""
    gap = np.abs(x - centre)
    return gap / scale if r == 0 else np.rint(gap / r) * (r / scale)


def log_norm(kernel, scale, r):
    """Log of what k(u) is divided by to be a density: the scale, and what the grid adds."""
    return np.log(scale) + (kernel.log_grid_norm(r / scale) if r > 0 else 0.0)


def interval_log_mass(kernel, centre, scale, r, low, high):
    """Log-mass between `low` and `high`, ends included, of kernels of shape (N,)."""
    if low == -np.inf and high == np.inf:
        return np.zeros(len(centre))
    if r == 0:
        return kernel.log_mass((low - centre) / scale, (high - centre) / scale)
    first, last = _cells_between(centre, r, low, high)
    w = r / scale
    out = kernel.log_mass((first - 0.5) * w, (last + 0.5) * w) - kernel.log_grid_norm(w)
    exact = np.flatnonzero((w >= _COARSE_SUM[kernel.bounded]) | (last - first <= _REACH))
    half = _REACH if kernel.bounded else int(np.ceil(40 / _COARSE_SUM[False]))
    rows = max(_TABLE // (2 * half), 1)
    for part in (exact[i : i + rows] for i in range(0, len(exact), rows)):
        _, log_p = _cell_table(kernel, first[part], last[part], w[part], half)
        top = np.maximum(log_p.max(axis=1), -1e300)
        with np.errstate(divide="ignore"):
            sums = np.log(np.exp(log_p - top[:, None]).sum(axis=1)) + top
        out[part] = sums + np.log(w[part]) - kernel.log_grid_norm(w[part])
    return np.where(last < first, -np.inf, out)


def range_mass(kernel, centre, scale, r, low, high):
    """Mass (N,) of kernels with tails between two grid points that lie on either side of their centres."""
    first, last = _cells_between(centre, r, low, high)
    w = np.broadcast_to(r / scale, first.shape)
    return kernel.grid_mass(first, last, w) / np.exp(kernel.log_grid_norm(w))


def draw(kernel, centre, scale, r, rng, low=-np.inf, high=np.inf):
    """One draw from each of the kernels of shape (n,), kept between `low` and `high`."""
    if r == 0:
        u = kernel.draw_between((low - centre) / scale, (high - centre) / scale, rng)
        return np.clip(centre + scale * u, low, high)
    first, last = _cells_between(centre, r, low, high)
    w = r / scale
    near = np.clip(0.0, first, last)
    coarse = (w * np.maximum(1, np.abs(near) * w) >= _COARSE_DRAW) | (last - first < _REACH)
    cells = np.empty(len(centre))
    part = np.flatnonzero(coarse)
    cells[part] = _draw_enumerated(kernel, first[part], last[part], w[part], rng)
    part = np.flatnonzero(~coarse)
    cells[part] = _draw_rejected(kernel, first[part], last[part], w[part], rng)
    return centre + cells * r


def _cells_between(centre, r, low, high):
    """First and last cell, counted from the centre's own, between `low` and `high`."""
    with np.errstate(invalid="ignore"):
        return np.ceil((low - centre) / r - 1e-6), np.floor((high - centre) / r + 1e-6)


def _cell_table(kernel, first, last, w, half):
    """Cells (n, 2 half + 1) about the nearest allowed one, and their log-weights."""
    near = np.clip(0.0, first, last)
    cells = near[:, None] + np.arange(-half, half + 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        log_p = kernel.log_density(np.abs(cells) * w[:, None])
    return cells, np.where((cells >= first[:, None]) & (cells <= last[:, None]), log_p, -np.inf)


def _draw_enumerated(kernel, first, last, w, rng):
    if not len(first):
        return np.empty(0)
    cells, log_p = _cell_table(kernel, first, last, w, _REACH)
    return cells[np.arange(len(cells)), draw_index(log_p.T, rng)]


def _draw_rejected(kernel, first, last, w, rng):
    """Round a continuous draw; keep it with probability (height at the centre of the cell) / (mass of the cell)."""
    cells = np.empty(len(first))
    left = np.arange(len(first))
    top = np.log(2.0) if kernel.bounded else kernel.log_density(np.zeros(len(w))) + np.log(w)
    if not kernel.bounded:  # the ratio is largest at the kernel's centre
        with np.errstate(invalid="ignore"):
            top = top - kernel.log_mass(-w / 2, w / 2)
    top = np.broadcast_to(top, w.shape)
    while len(left):
        step, a, b = w[left], first[left], last[left]
        j = np.clip(np.rint(kernel.draw_between((a - 0.5) * step, (b + 0.5) * step, rng) / step), a, b)
        with np.errstate(divide="ignore", invalid="ignore"):
            height = kernel.log_density(np.abs(j) * step) + np.log(step)
            log_keep = height - kernel.log_mass((j - 0.5) * step, (j + 0.5) * step) - top[left]
        cells[left] = j
        left = left[(np.log1p(-rng.random(len(left))) > log_keep) & (step > _FINE)]
    return cells


def draw_index(log_p, rng):
    """One index for each column of log-weights of shape (K, n)."""
    top = np.maximum(log_p.max(axis=0), -1e300)
    with np.errstate(under="ignore"):
        total = np.cumsum(np.exp(log_p - top), axis=0)
    u = rng.random(total.shape[1]) * total[-1]
    return np.minimum((total <= u).sum(axis=0), len(total) - 1)
