"""The two nets of a GAN: plain layers, so that almost all time goes into matrix products.

The generator's layers are normalised over the batch (Ioffe and Szegedy, 2015). The discriminator reads several rows at
once (Lin et al., 2018), so that rows too much alike give a generator away.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

SLOPE = 0.2


class NormedLayer(nn.Module):
    """A linear layer, normalised over the batch in training and by its averages afterwards, where it is one product.

    Parameters
    ----------
    n_in, n_out : int
        Numbers in and out.
    """

    def __init__(self, n_in, n_out):
        super().__init__()
        self.linear = nn.Linear(n_in, n_out, bias=False)
        self.norm = nn.BatchNorm1d(n_out)

    def forward(self, x):
        if self.training:
            h = self.norm(self.linear(x))
        else:
            scale = self.norm.weight * torch.rsqrt(self.norm.running_var + self.norm.eps)
            shift = self.norm.bias - self.norm.running_mean * scale
            h = functional.linear(x, self.linear.weight * scale[:, None], shift)
        return functional.leaky_relu_(h, SLOPE)


class Generator(nn.Module):
    """Noise, and what is given, to scores and logits.

    Parameters
    ----------
    n_in, n_out : int
        Numbers in and out.
    hidden_layer_sizes : sequence of int
        Widths of the hidden layers.
    """

    def __init__(self, n_in, n_out, hidden_layer_sizes):
        super().__init__()
        widths = [n_in, *hidden_layer_sizes]
        self.body = nn.Sequential(*(NormedLayer(a, b) for a, b in zip(widths[:-1], widths[1:])))
        self.out = nn.Linear(widths[-1], n_out)

    def forward(self, x):
        return self.out(self.body(x))


class Discriminator(nn.Module):
    """How real some rows look that are read together.

    Parameters
    ----------
    n_features : int
        Numbers of a row.
    hidden_layer_sizes : sequence of int
        Widths of the hidden layers.
    pack_size : int
        Rows that are read together.
    has_level : bool
        Whether its level matters to the loss, not only differences.
    """

    def __init__(self, n_features, hidden_layer_sizes, pack_size, has_level):
        super().__init__()
        self.pack_size = pack_size
        widths = [n_features * pack_size, *hidden_layer_sizes]
        layers = []
        for a, b in zip(widths[:-1], widths[1:]):
            layers += [nn.Linear(a, b), nn.LeakyReLU(SLOPE)]
        self.layers = nn.Sequential(*layers, nn.Linear(widths[-1], 1, bias=has_level))

    def packed(self, x):
        """Rows side by side (packs, pack_size * n_features); the first ones are taken again to fill the last pack."""
        if self.pack_size == 1:
            return x
        n = -(-len(x) // self.pack_size) * self.pack_size
        at = torch.arange(n, device=x.device) % len(x)
        return x[at].reshape(-1, self.pack_size * x.shape[1])

    def forward(self, packs):
        return self.layers(packs).squeeze(1)
