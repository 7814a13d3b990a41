r"""FlowModule: a chain of invertible steps from rows to standard normal noise.

.. math:: \log p(x) = \log N(f(x); 0, I) + \log |\det \partial f(x) / \partial x|
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import nn

from .._module import DensityModule
from .autoregressive import AutoregressiveStep
from .linear import LULinear


class Design(NamedTuple):
    """What an architecture is made of."""

    map_name: str
    is_autoregressive: bool
    is_mixed: bool  # by linear layers between the steps
    n_steps: tuple  # for few columns, for more


ARCHITECTURES = {
    "nsf": Design("spline", True, True, (1, 3)),
    "realnvp": Design("affine", False, False, (8, 8)),
    "glow": Design("affine", False, True, (8, 8)),
    "maf": Design("affine", True, False, (8, 8)),
}


def group_orders(d, n_groups, n_steps):
    """Groups (d,) of the coordinates, per step: a random order and its reverse in turn, at first that of the table."""
    per_group, orders = -(-d // n_groups), []
    for i in range(0, n_steps, 2):
        rank = torch.arange(d) if i == 0 else torch.randperm(d)
        orders += [rank, d - 1 - rank]
    return [rank // per_group for rank in orders[:n_steps]]


class FlowModule(DensityModule):
    """A normalizing flow, of the coordinates that are not conditions given those that are.

    Parameters
    ----------
    is_condition : list of bool
        Which coordinates are conditions.
    architecture : str
        A key of `ARCHITECTURES`.
    n_transforms : int
        Steps.
    n_groups : int
        Passes that the inverse of a step takes.
    n_bins : int
        Bins of splines.
    hidden_layer_sizes : list of int
        Widths of the conditioners' blocks.
    n_frequencies : int
        Sines and cosines that the conditioners read of each coordinate.
    activation : str
        Activation of the conditioners.
    dropout : float
        Probability of dropping a hidden number in training.
    """

    shaping = ("architecture", "n_groups", "n_frequencies", "activation")

    def __init__(
        self,
        is_condition,
        architecture,
        n_transforms,
        n_groups,
        n_bins,
        hidden_layer_sizes,
        n_frequencies,
        activation,
        dropout,
    ):
        super().__init__(
            is_condition=is_condition,
            architecture=architecture,
            n_transforms=n_transforms,
            n_groups=n_groups,
            n_bins=n_bins,
            hidden_layer_sizes=hidden_layer_sizes,
            n_frequencies=n_frequencies,
            activation=activation,
            dropout=dropout,
        )
        design = ARCHITECTURES[architecture]
        mask = torch.as_tensor(is_condition, dtype=torch.bool)
        d, n_context = int((~mask).sum()), int(mask.sum())
        net = {
            "hidden_layer_sizes": hidden_layer_sizes,
            "n_frequencies": n_frequencies,
            "activation": activation,
            "dropout": dropout,
        }
        steps = []
        for groups in group_orders(d, min(n_groups, d), n_transforms):
            steps += [LULinear(d)] if design.is_mixed else []
            steps.append(AutoregressiveStep(groups, n_context, design.map_name, n_bins, **net))
        self.steps = nn.ModuleList(steps + [LULinear(d)])
        self.n_free = d
        self._free = None if n_context == 0 else (~mask).nonzero()[:, 0].tolist()
        self._given = mask.nonzero()[:, 0].tolist()

    def _split(self, x):
        """Free coordinates and context."""
        return (x, None) if self._free is None else (x[:, self._free], x[:, self._given])

    def to_latent(self, x):
        """Noise (n, free) of rows (n, d), and the log-determinants."""
        z, context = self._split(x)
        log_slope = z.new_zeros(len(z))
        for step in self.steps:
            z, term = step(z, context)
            log_slope = log_slope + term
        return z, log_slope

    def from_latent(self, z, x=None):
        """Free coordinates of noise; `x` holds rows with the conditions where there are any."""
        context = None if self._free is None else x[:, self._given]
        for step in reversed(self.steps):
            z = step.inverse(z, context)
        return z

    def log_prob(self, x):
        z, log_slope = self.to_latent(x)
        return log_slope - 0.5 * (z * z).sum(dim=1) - 0.5 * self.n_free * math.log(2 * math.pi)

    def sample(self, n, generator, x=None):
        noise = torch.randn(n, self.n_free, generator=generator)
        weight = self.steps[-1].shift
        return self.from_latent(noise.to(weight.device, weight.dtype), x)
