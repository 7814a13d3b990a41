"""Layers that several models are built of."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

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


class MaskedLinear(nn.Linear):
    """A linear layer some of whose weights are held at 0.

    Parameters
    ----------
    mask : array or tensor of bool of shape (n_out, n_in)
        The weights that are kept.
    scale : float, default=None
        Standard deviation of what comes out at the start, for inputs of standard deviation 1; None means the start of
        any linear layer.
    is_kept : bool, default=False
        Whether the mask goes with the weights: it has to where it is drawn at random.
    """

    def __init__(self, mask, scale=None, is_kept=False):
        super().__init__(mask.shape[1], mask.shape[0])
        self.is_dense = bool(mask.all())
        self.register_buffer(
            "mask", torch.as_tensor(mask, dtype=self.weight.dtype), persistent=is_kept and not self.is_dense
        )
        if scale is None:
            return
        nn.init.normal_(self.weight)
        nn.init.zeros_(self.bias)
        with torch.no_grad():
            self.weight.mul_(scale / self.mask.sum(dim=1, keepdim=True).clamp(min=1).sqrt())

    def matrix(self, rows=None):
        """The weights, or some rows of them, in the pattern."""
        weight, mask = (self.weight, self.mask) if rows is None else (self.weight[rows], self.mask[rows])
        return weight if self.is_dense else weight * mask

    def forward(self, x, rows=None):
        """The numbers out, or some of them."""
        return F.linear(x, self.matrix(rows), self.bias if rows is None else self.bias[rows])


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
