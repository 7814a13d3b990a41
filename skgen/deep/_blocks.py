"""Layers that several models are built of."""

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
