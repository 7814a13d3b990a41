"""Tilt: the outcomes' biases of a net, set so that rows drawn from it have the marginal laws of the fit.

Dropout, early stopping and errors that add up along the order move the marginal laws a little. Rows are drawn once
more: before each column the mean of its laws is brought to the wanted one, so that later columns see it corrected. The
density stays the product of its factors.
"""

from __future__ import annotations

import math

import numpy as np
import torch

from .walk import Walk, draw_codes

#: Rows that are drawn: so many for each row of the fit, between two bounds and up to so many hidden units in all.
DRAWN, LEAST_ROWS, MOST_ROWS, MOST_NUMBERS = 4, 1_024, 32_768, 2**25

#: Corrections of each column.
N_STEPS = 4


def tilt(net, x, weight, generator):
    """Tilt a net's biases in place.

    Parameters
    ----------
    net : MaskedNet
        The net.
    x : torch.Tensor of int of shape (n, d)
        Rows of codes whose marginal laws are wanted.
    weight : torch.Tensor of shape (n,)
        Weights of the rows.
    generator : torch.Generator
        Source of the draws.
    """
    d, layout, device = len(net.layout.order), net.layout, net.out_bias.device
    width = len(net.degree) + int(layout.n_features.sum())
    n = int(np.clip(min(DRAWN * len(x), MOST_NUMBERS // width), LEAST_ROWS, MOST_ROWS))
    with torch.no_grad():
        walk = Walk(net, torch.zeros(n, d, dtype=torch.int64, device=device), np.zeros(d, bool), is_shown=False)
        for j, logits in walk.columns():
            column = layout.columns[j]
            seen = x[:, j] >= 0
            shift = _shift(logits, torch.bincount(x[seen, j], weight[seen], minlength=column.n_outcomes))
            net.out_bias[layout.outcome_start[j] :][: column.n_outcomes] += shift
            walk.codes[:, j] = draw_codes((logits + shift).double().log_softmax(dim=1), None, generator)[0]


def _shift(logits, mass):
    """What brings the mean law of logits (n, V) to that of the masses; outcomes of none keep what they have."""
    shift = torch.zeros_like(mass)
    for _ in range(N_STEPS if mass.any() else 0):
        law = (logits.double() + shift).log_softmax(dim=1).logsumexp(dim=0) - math.log(len(logits))
        wanted = torch.log(mass / mass.sum()) + law[mass > 0].logsumexp(dim=0)
        shift = shift + torch.where(mass > 0, wanted - law, 0.0)
    return shift.to(logits)
