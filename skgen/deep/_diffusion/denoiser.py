r"""HollowDenoiser: how likely the cells of each column are, given the noisy values of the others.

The noise of one coordinate says nothing of another's, so that behind noise

.. math:: P(z_j \in k \mid y) \propto P(z_j \in k \mid y_{-j})\, P(y_j \mid z_j \in k)

where the last factor is known (`NormalCells`). The net is asked for the first alone, by what leaves column j out
(Chen and Duvenaud, 2019), so the derivative of output j in its own input is the posterior variance: no trace is ever
estimated. A net that gives 0 is the law of independent columns.
"""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn import functional

from .._blocks import Dropout

#: Log-ratios are held within this, so that a normaliser never vanishes: a ratio of 0 becomes one of e^-12.
LARGEST_LOG_RATIO = 12.0

#: Frequencies of the waves that tell places within cells, of a column on the normal axis, and those of levels.
_WAVES = 0.5 * 2.0 ** (0.5 * torch.arange(16))
_WAVES_PER_NODE = 0.75  # the highest frequency resolves the nodes and no more
_LEVEL_WAVES = 0.25 * 1.3 ** torch.arange(16)


class LevelBlock(nn.Module):
    """A residual block that the level of noise shifts and scales.

    Parameters
    ----------
    width : int
        Numbers in and out.
    dropout : float
        Probability of dropping a hidden number.
    """

    def __init__(self, width, dropout):
        super().__init__()
        self.norm = nn.LayerNorm(width, elementwise_affine=False)
        self.film = nn.Linear(width, 2 * width)
        self.first, self.second = nn.Linear(width, width), nn.Linear(width, width)
        self.dropout = Dropout(dropout)

    def forward(self, h, level):
        """Hidden numbers (n, d, width) after the block; `level` (n, 1, width) tells the level."""
        scale, shift = self.film(level).chunk(2, -1)
        inner = functional.silu(self.first(self.norm(h) * (1.0 + scale) + shift))
        if self.training and self.dropout.p:
            inner = inner * self.dropout(torch.ones_like(inner[:, :1]))  # one mask for all columns of a row
        return h + self.second(inner)


class HollowDenoiser(nn.Module):
    """Log-ratios of the cells of every column, from the others.

    Parameters
    ----------
    cells : NormalCells
        The cells.
    spreads : list of ndarray of shape (n_cells, n_nodes) or None
        How numbers at nodes spread over the cells of each column; None where every cell is a node, and the place within
        it tells nothing of the other columns.
    targets : list of int
        Columns to say something of; the rest is always given.
    width : int
        Hidden numbers.
    n_blocks : int
        Residual blocks.
    dropout : float
        Probability of dropping a hidden number.
    """

    def __init__(self, cells, spreads, targets, width, n_blocks, dropout):
        super().__init__()
        d = len(cells.n_cells)
        self.n_cells, self.targets = cells.n_cells, list(targets)
        self.smooth = [j for j in range(d) if spreads[j] is not None]
        self.register_buffer("waves", _WAVES.clone())
        self.register_buffer("level_waves", _LEVEL_WAVES.clone())
        for j in self.smooth:
            self.register_buffer(f"spread_{j}", torch.as_tensor(spreads[j], dtype=torch.float32))
        n_nodes = [K if spread is None else spread.shape[1] for K, spread in zip(self.n_cells, spreads)]
        self.of_nodes = _tables((M, width) for M in n_nodes)
        self.n_waves = [int((_WAVES_PER_NODE * n_nodes[j] >= _WAVES).sum()) for j in self.smooth]
        self.of_waves = _tables((2 * n + 1, width) for n in self.n_waves)
        with torch.no_grad():
            for table in [*self.of_nodes, *self.of_waves]:
                table.mul_(1.0 / math.sqrt(d))
            for table in self.of_waves:
                table.mul_(1.0 / math.sqrt(len(table)))
        self.of_target = nn.Parameter(0.3 * torch.randn(len(self.targets), width))
        self.of_absent = nn.Parameter(0.3 * torch.randn(width)) if len(self.targets) < d else None
        self.level_in = nn.Sequential(
            nn.Linear(2 * len(_LEVEL_WAVES), width), nn.SiLU(), nn.Linear(width, width), nn.SiLU()
        )
        self.level_out = nn.Linear(width, width)
        self.blocks = nn.ModuleList(LevelBlock(width, dropout) for _ in range(n_blocks))
        self.norm = nn.LayerNorm(width)
        asked = list(enumerate(self.targets))  # one cell is no question, but a net without any head has no gradient
        self.open = [(at, j) for at, j in asked if self.n_cells[j] > 1] or asked[:1]
        self.heads = _tables((width + 1, n_nodes[j]) for _, j in self.open)
        with torch.no_grad():
            for head in self.heads:
                head.mul_(0.01)

    def forward(self, y, level, signal, noise, mass, absent=None):
        """Log-ratios (n, L); 0 for columns that are always given.

        Parameters
        ----------
        y : tensor of shape (n, d)
            Noisy points.
        level : tensor of shape (n,)
            Their levels.
        signal, noise : tensor of shape (n, d)
            Shares of signal and noise in each coordinate.
        mass : tensor of shape (n, L)
            Of `NormalCells.places`.
        absent : tensor of bool of shape (n,) or None
            Rows whose always given columns are to be overlooked.
        """
        wave = level[:, None] * self.level_waves
        told = self.level_in(torch.cat([torch.sin(wave), torch.cos(wave)], 1))
        parts = self._parts(y, signal, noise, mass)  # (n, d, width)
        if absent is not None:
            parts = self._overlook(parts, absent)
        own = parts if len(self.targets) == parts.shape[1] else parts[:, self.targets]
        h = parts.sum(1, keepdim=True) - own + self.of_target + self.level_out(told)[:, None]
        for block in self.blocks:
            h = block(h, told[:, None])
        return self._log_ratios(self.norm(h), signal)

    def _parts(self, y, signal, noise, mass):
        """What each column adds, (n, d, width): its cells' chances and waves, as far as the noise lets them be seen."""
        shares = torch.split(mass, [K + 1 for K in self.n_cells], 1)
        nodes = [share[:, :-1] for share in shares]
        for j in self.smooth:
            nodes[j] = nodes[j] @ getattr(self, f"spread_{j}")
        parts = [share @ table for share, table in zip(nodes, self.of_nodes)]  # tables of unequal sizes
        for j, n, table in zip(self.smooth, self.n_waves, self.of_waves):
            place = (signal[:, j] * y[:, j])[:, None] * self.waves[:n]
            fade = torch.exp(-0.5 * (noise[:, j][:, None] * self.waves[:n]) ** 2)
            told = torch.cat([torch.sin(place) * fade, torch.cos(place) * fade, y[:, j : j + 1]], 1)
            parts[j] = parts[j] + told @ table
        return torch.stack(parts, 1)

    def _overlook(self, parts, absent):
        """The parts, with one and the same number in place of the columns that are always given."""
        is_given = parts.new_ones(parts.shape[1])
        is_given[self.targets] = 0.0
        dropped = absent.to(parts)[:, None, None] * is_given[:, None]
        return parts * (1.0 - dropped) + dropped * self.of_absent

    def _log_ratios(self, h, signal):
        n = len(h)
        columns = [h.new_zeros(n, K + 1) for K in self.n_cells]
        for (at, j), head in zip(self.open, self.heads):  # heads of unequal sizes
            raw = (h[:, at] @ head[:-1] + head[-1]) * signal[:, j : j + 1]  # without signal nothing is known
            if j in self.smooth:
                raw = raw @ getattr(self, f"spread_{j}").T
            columns[j] = functional.pad(LARGEST_LOG_RATIO * torch.tanh(raw / LARGEST_LOG_RATIO), (0, 1))
        return torch.cat(columns, 1)


def _tables(shapes):
    return nn.ParameterList([nn.Parameter(torch.randn(shape)) for shape in shapes])
