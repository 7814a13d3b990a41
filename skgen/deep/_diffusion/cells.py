r"""NormalCells: columns as cells of the normal axis, and what is known of a coordinate behind noise.

Given the noisy y and that z lies in cell k, z is a truncated normal, whatever the other columns are. With ratios
:math:`e^{g_k}` of the cells' probabilities to those of the normal, and edges :math:`a_k` in units of the posterior's
scale, the standardised posterior mean is a sum over edges, where the ratio jumps:

.. math:: \rho = \frac{\sum_k \phi(a_k)\,(e^{g_k} - e^{g_{k-1}})}{\sum_k e^{g_k}\,[\Phi(a_{k+1}) - \Phi(a_k)]}
"""

from __future__ import annotations

import math

import numpy as np
import torch
from scipy.special import ndtr
from torch import nn

#: Beyond so many standard deviations a normal has no mass left in float64.
FAR = 38.0


class NormalCells(nn.Module):
    """The cells of all columns, side by side.

    Column j with K_j cells takes K_j + 1 entries of the last axis: entry i is the edge below cell i, and the last one,
    the edge above all, has an empty cell.

    Parameters
    ----------
    edges : list of ndarray
        Inner edges (K_j - 1,) of each column, increasing.
    """

    def __init__(self, edges):
        super().__init__()
        self.n_cells = [len(inner) + 1 for inner in edges]
        ends = [np.concatenate([[-np.inf], inner, [np.inf]]) for inner in edges]
        column = np.repeat(np.arange(len(edges)), [len(e) for e in ends])
        mass = np.concatenate([np.append(np.diff(ndtr(e)), 0.0) for e in ends])
        flat = np.concatenate(ends)
        finite, outer = np.where(np.isfinite(flat), flat, 0.0), np.clip(flat, -FAR, FAR)
        self.register_buffer("edge", torch.as_tensor(finite, dtype=torch.float32))  # (L,)
        self.register_buffer("outer", torch.as_tensor(outer, dtype=torch.float32))  # where the edge is not inside
        self.register_buffer("mass", torch.as_tensor(mass, dtype=torch.float32))
        self.register_buffer("column", torch.as_tensor(column))
        self.register_buffer("is_cell", torch.as_tensor(mass > 0))
        self.register_buffer("is_inner", torch.as_tensor(np.isfinite(flat)))
        belongs = column[:, None] == np.arange(len(edges))
        self.register_buffer("belongs", torch.as_tensor(belongs, dtype=torch.float32))  # (L, d)

    def codes(self, z):
        """Entries (n, d) of the cells in which points lie."""
        found, at = [], 0
        for j, n_cells in enumerate(self.n_cells):  # the columns differ in their edges
            inner = self.edge[at + 1 : at + n_cells]
            found.append(at + torch.searchsorted(inner, z[:, j].contiguous(), right=True))
            at += n_cells + 1
        return torch.stack(found, 1)

    def places(self, y, signal, noise):
        """Edges (n, L) in units of the posterior under independent columns, and its mass in each cell.

        Parameters
        ----------
        y : tensor of shape (n, d)
            Noisy points.
        signal, noise : tensor of shape (n, d)
            Shares of signal and noise in each coordinate.
        """
        column = self.column
        a = ((self.edge - (signal * y)[:, column]) / noise[:, column]).clamp(-FAR, FAR)
        a = torch.where(self.is_inner, a, self.outer)
        tail = 0.5 * torch.special.erfc(a.abs() * math.sqrt(0.5))  # beyond the edge, seen from 0: exact far out
        above = a > 0
        tail_up, above_up = tail.roll(-1, 1), above.roll(-1, 1)
        mass = torch.where(above == above_up, (tail - tail_up).abs(), 1.0 - tail - tail_up)
        return a, mass * self.is_cell

    def log_norm(self, ratio, mass):
        """Logarithm (n, d) of the sum of ratio times mass over the cells of each column."""
        return torch.log((ratio * mass) @ self.belongs)

    def moments(self, a, mass, ratio):
        """Mean and variance (n, d) of the posterior in its standard units.

        Parameters
        ----------
        a, mass : tensor of shape (n, L)
            Of `places`.
        ratio : tensor of shape (n, L)
            Ratios of the cells.
        """
        jump = (ratio - ratio.roll(1, 1)) * self.is_inner
        jump = jump * torch.exp(-0.5 * a * a) * (1.0 / math.sqrt(2.0 * math.pi))
        norm = (ratio * mass) @ self.belongs
        mean = (jump @ self.belongs) / norm
        return mean, 1.0 + ((a * jump) @ self.belongs) / norm - mean**2
