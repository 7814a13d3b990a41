r"""OrderMixture: nets of several orders of the columns, with equal weights.

.. math:: p(c) = \frac1M \sum_m \prod_i P_m(c_{\pi_m(i)} \mid c_{\pi_m(<i)})
"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from .._module import DensityModule
from .masked_net import MaskedNet, nearest
from .walk import Walk


class OrderMixture(DensityModule):
    """A mixture of nets.

    Parameters
    ----------
    columns : list of CodeColumn
        The columns.
    orders : ndarray of int of shape (n_orders, d)
        Their orders.
    hidden_units : int
        Width of the hidden layers.
    n_blocks : int
        Residual blocks of two layers each.
    dropout : float
        Probability that a hidden number is dropped in training.
    any_order : bool
        Whether columns may be shown.
    """

    def __init__(self, columns, orders, hidden_units, n_blocks, dropout, any_order):
        net = {"hidden_units": hidden_units, "n_blocks": n_blocks, "dropout": dropout, "any_order": any_order}
        super().__init__(columns=columns, orders=orders, **net)
        self.nets = nn.ModuleList(MaskedNet(columns, order, **net) for order in orders)

    def log_parts(self, x, n_columns=None):
        """Log-probabilities (n_orders, n) of the first columns of each order, with the weights of the orders."""
        parts = []
        for net in self.nets:
            log_p = net.log_probs(x)
            if n_columns is not None:
                log_p = log_p[:, torch.as_tensor(net.layout.order[:n_columns].copy(), device=x.device)]
            parts.append(log_p.sum(dim=1))
        return torch.stack(parts) - np.log(len(parts))

    def log_prob(self, x):
        return self.log_parts(x).logsumexp(dim=0)

    def loss(self, x, generator):
        if not self.training:
            return -self.log_prob(x)
        return sum(net.loss(x, generator) for net in self.nets)

    def sample(self, n, generator):
        d = len(self.config["columns"])
        nothing = torch.zeros(n, d, dtype=torch.int64, device=self.device())
        return self.draw_given(nothing, np.zeros(d, bool), [None] * d, True, generator)[0]

    def draw_given(self, x, known, shares, is_exact, generator):
        """Codes with the unknown ones drawn, and their log-weights.

        Parameters
        ----------
        x : torch.Tensor of int of shape (n, d)
            Codes, of which those of known columns count.
        known : ndarray of bool of shape (d,)
            The known columns.
        shares : list of ndarray of shape (K + 1,) or None
            Shares of the outcomes of unknown columns that are left open.
        is_exact : bool
            Whether the known columns come first in every order and nothing is closed: weights are then 0.
        generator : torch.Generator
            Source of the draws.
        """
        codes, log_weight = nearest(x), torch.zeros(len(x), dtype=torch.float64, device=x.device)
        net_of = self._draw_nets(x, int(known.sum()) if is_exact else None, generator)
        for k, net in enumerate(self.nets):
            rows = torch.nonzero(net_of == k)[:, 0]
            is_shown = bool(net.shown is not None and not is_exact and known.any())
            walk = Walk(net, codes[rows], known, is_shown)
            log_q, log_open = walk.run(shares, generator)
            codes[rows] = walk.codes
            if not is_exact:
                flags = torch.as_tensor(known, device=x.device)
                whole = torch.where(flags, x[rows], walk.codes)
                log_weight[rows] = net.log_prob(whole).double() - log_q + log_open
        return codes, log_weight

    def _draw_nets(self, x, n_columns, generator):
        """The net that draws each row: by its probability of the first columns, or any one alike."""
        if len(self.nets) == 1:
            return torch.zeros(len(x), dtype=torch.int64, device=x.device)
        weight = torch.ones(len(x), len(self.nets), device=x.device)
        if n_columns:
            weight = self.log_parts(x, n_columns).softmax(dim=0).T
        upto = weight.double().cumsum(dim=1)
        u = torch.rand(len(x), 1, generator=generator, dtype=torch.float64).to(x.device) * upto[:, -1:]
        return (upto <= u).sum(dim=1).clamp(max=len(self.nets) - 1)
