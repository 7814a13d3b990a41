"""The discrepancy between orders: how far conditional laws that a net learned are from those of its density."""

from __future__ import annotations

import numpy as np
import torch

from .._random import torch_generator

#: Sets of known columns that are tried, and draws for each row of each.
N_SETS, N_DRAWS = 8, 32


def order_discrepancy(module, x, rng):
    """Nats from the laws that conditions are drawn from to those of the density: E log q(x_u | x_S) - log p(x_u | x_S).

    The marginal p(x_S) that it needs is the mean weight of the draws.

    Parameters
    ----------
    module : OrderMixture
        The nets, of which conditions are drawn from.
    x : torch.Tensor of int of shape (n, d)
        Rows of codes whose values are the conditions.
    rng : numpy.random.Generator
        Source of the sets and of the draws.

    Returns
    -------
    float
        The mean over rows and random sets of columns.
    """
    d, generator, found = x.shape[1], torch_generator(rng), []
    with torch.inference_mode():
        for part in x.tensor_split(min(N_SETS, len(x))):
            known = np.zeros(d, bool)
            known[rng.choice(d, rng.integers(1, d), replace=False)] = True
            again = part.repeat_interleave(N_DRAWS, dim=0)
            log_weight = module.draw_given(again, known, [None] * d, False, generator)[1]
            log_weight = log_weight.reshape(len(part), N_DRAWS)
            log_mean = log_weight.logsumexp(dim=1) - np.log(N_DRAWS)
            found.append((log_mean - log_weight.mean(dim=1)).cpu().numpy())
    return float(np.concatenate(found).mean())
