r"""Conditioner: the masked residual net that gives each coordinate's transform its parameters.

Coordinates stand in groups 0, 1, ...; every hidden number has a degree, and a weight is kept where

.. math:: \text{group}(x_i) \le \text{degree}(h), \quad \text{degree}(h) \le \text{degree}(h'), \quad
          \text{degree}(h') < \text{group}(y_i),

so that the parameters of a coordinate depend on earlier groups alone (Germain et al., "MADE", 2015; with residual
blocks, Durkan and Nash, "Autoregressive energy machines", 2019). A context is earlier than every group.
"""

from __future__ import annotations

import math

import torch
from torch import nn

from .._blocks import ACTIVATIONS, Dropout, MaskedLinear

#: Wavelength of the lowest frequency: the coordinates are about standard normal.
PERIOD = 10.0


class Waves(nn.Module):
    """Numbers with their sines and cosines at whole multiples of a lowest frequency, which resolve fine structure.

    A net learns low frequencies of its inputs first (Tancik et al., "Fourier features", 2020).

    Parameters
    ----------
    n_frequencies : int
        Multiples.
    """

    def __init__(self, n_frequencies):
        super().__init__()
        self.register_buffer("frequencies", torch.arange(1, n_frequencies + 1) * (2 * math.pi / PERIOD))

    def forward(self, x):
        if not len(self.frequencies):
            return x
        angle = (x[:, None, :] * self.frequencies[:, None]).flatten(1)  # (n, frequencies * d)
        return torch.cat([x, angle.sin(), angle.cos()], dim=1)


class MaskedResidualBlock(nn.Module):
    """Two masked layers around a skip.

    Parameters
    ----------
    mask : torch.Tensor of bool of shape (width, width)
        The weights that are kept in both.
    activation : str
        A key of `ACTIVATIONS`.
    dropout : float
        Probability of dropping a hidden number.
    """

    def __init__(self, mask, activation, dropout):
        super().__init__()
        self.first, self.second = MaskedLinear(mask, is_kept=True), MaskedLinear(mask, is_kept=True)
        self.activation, self.dropout = ACTIVATIONS[activation](), Dropout(dropout)
        nn.init.uniform_(self.second.weight, -1e-3, 1e-3)
        nn.init.zeros_(self.second.bias)

    def forward(self, h):
        return h + self.second(self.dropout(self.activation(self.first(self.activation(h)))))


class Conditioner(nn.Module):
    """From the coordinates, and a context, to the parameters of each coordinate's transform.

    The net starts near zero. Where no coordinate and no context comes before another, there is nothing but a bias.

    Parameters
    ----------
    groups : torch.Tensor of int64 of shape (d,)
        The group of each coordinate, from 0.
    n_context : int
        Numbers of the context.
    n_out : int
        Parameters per coordinate.
    hidden_layer_sizes : sequence of int
        Widths of the residual blocks.
    n_frequencies : int
        Of the `Waves` that the net reads.
    activation : str
        A key of `ACTIVATIONS`.
    dropout : float
        Probability of dropping a hidden number.
    """

    def __init__(self, groups, n_context, n_out, hidden_layer_sizes, n_frequencies, activation, dropout):
        super().__init__()
        d = len(groups)
        self.shape = (d, n_out)
        first, last = (-1 if n_context else 0), int(groups.max()) - 1
        self.is_constant = last < first
        if self.is_constant:
            self.constant = nn.Parameter(torch.zeros(d, n_out))
            return
        degree = torch.cat([groups, torch.full((n_context,), -1)])
        self.waves = Waves(n_frequencies)
        degree, layers = degree.repeat(1 + 2 * n_frequencies), []
        for size in hidden_layer_sizes:
            n_degrees = last - first + 1  # in turn, or spread where there are fewer units than degrees
            turn = torch.arange(size)
            hidden = first + (turn % n_degrees if size >= n_degrees else turn * (n_degrees - 1) // max(size - 1, 1))
            if not layers or size != len(degree):
                layers.append(MaskedLinear(hidden[:, None] >= degree, is_kept=True))
            layers.append(MaskedResidualBlock(hidden[:, None] >= hidden, activation, dropout))
            degree = hidden
        self.hidden = nn.Sequential(*layers, ACTIVATIONS[activation]())
        self.out = MaskedLinear((groups[:, None] > degree).repeat_interleave(n_out, dim=0), is_kept=True)
        nn.init.uniform_(self.out.weight, -1e-3, 1e-3)
        nn.init.zeros_(self.out.bias)

    def forward(self, x, context=None, columns=None):
        """Parameters (n, d, n_out), or those of some columns."""
        d, n_out = self.shape
        if self.is_constant:
            constant = self.constant if columns is None else self.constant[columns]
            return constant.expand(len(x), *constant.shape)
        h = self.hidden(self.waves(x if context is None else torch.cat([x, context], dim=1)))
        if columns is None:
            return self.out(h).view(len(x), d, n_out)
        rows = (columns[:, None] * n_out + torch.arange(n_out, device=columns.device)).flatten()
        return self.out(h, rows).view(len(x), len(columns), n_out)
