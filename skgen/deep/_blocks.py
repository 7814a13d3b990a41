"""Layers that several models are built of.

A residual block is :math:`h + W_2 a(W_1 a(h))` (He et al., 2016), its last layer starting small, so that a deep net
starts as a shallow one.
"""

from __future__ import annotations

import torch
from torch import nn

#: Names of activations and their layers.
ACTIVATIONS = {"relu": nn.ReLU, "silu": nn.SiLU, "gelu": nn.GELU, "tanh": nn.Tanh, "leaky_relu": nn.LeakyReLU}


class Dropout(nn.Module):
    """Dropout that draws from a generator of its own instead of torch's global one; the engine sets it in training.

    Parameters
    ----------
    p : float
        Probability that a number is dropped.
    """

    def __init__(self, p):
        super().__init__()
        self.p = float(p)
        self.generator = None

    def forward(self, x):
        if not self.training or self.p == 0.0:
            return x
        keep = torch.rand(x.shape, generator=self.generator) >= self.p
        return x * keep.to(x) / (1.0 - self.p)


def set_generator(module, generator):
    """Give the dropout layers of a module their generator, or take it away with None."""
    for layer in module.modules():
        if isinstance(layer, Dropout):
            layer.generator = generator


class ResidualBlock(nn.Module):
    """Two layers around a skip, optionally shifted and scaled by a context.

    Parameters
    ----------
    width : int
        Numbers in and out.
    activation : str
        A key of `ACTIVATIONS`.
    dropout : float
        Probability of dropping a hidden number.
    """

    def __init__(self, width, activation="silu", dropout=0.0):
        super().__init__()
        self.first, self.second = nn.Linear(width, width), nn.Linear(width, width)
        self.activation, self.dropout = ACTIVATIONS[activation](), Dropout(dropout)
        nn.init.uniform_(self.second.weight, -1e-3, 1e-3)
        nn.init.zeros_(self.second.bias)

    def forward(self, h):
        return h + self.second(self.dropout(self.activation(self.first(self.activation(h)))))


def mlp(n_in, hidden_layer_sizes, n_out, activation="silu", dropout=0.0) -> nn.Sequential:
    """A plain net: linear layers with an activation between them.

    Parameters
    ----------
    n_in, n_out : int
        Numbers in and out.
    hidden_layer_sizes : sequence of int
        Widths of the hidden layers.
    activation : str, default="silu"
        A key of `ACTIVATIONS`.
    dropout : float, default=0.0
        Probability of dropping a hidden number.

    Returns
    -------
    torch.nn.Sequential
        The net.
    """
    layers, width = [], n_in
    for size in hidden_layer_sizes:
        layers += [nn.Linear(width, size), ACTIVATIONS[activation]()]
        if dropout:
            layers.append(Dropout(dropout))
        width = size
    return nn.Sequential(*layers, nn.Linear(width, n_out))


class ResidualNet(nn.Module):
    """A linear layer, residual blocks of one width, a linear layer.

    Parameters
    ----------
    n_in, n_out : int
        Numbers in and out.
    width : int
        Hidden numbers.
    n_blocks : int
        Residual blocks.
    activation : str
        A key of `ACTIVATIONS`.
    dropout : float
        Probability of dropping a hidden number.
    """

    def __init__(self, n_in, n_out, width=128, n_blocks=2, activation="silu", dropout=0.0):
        super().__init__()
        self.into = nn.Linear(n_in, width)
        self.blocks = nn.Sequential(*(ResidualBlock(width, activation, dropout) for _ in range(n_blocks)))
        self.activation, self.out = ACTIVATIONS[activation](), nn.Linear(width, n_out)

    def forward(self, x):
        return self.out(self.activation(self.blocks(self.into(x))))
