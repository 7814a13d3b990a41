r"""Losses of a GAN, by name, D the discriminator's output at real and drawn rows.

.. math:: \text{ns}: \operatorname{sp}(-D_r) + \operatorname{sp}(D_f),\ \operatorname{sp}(-D_f) \qquad
   \text{hinge}: (1 - D_r)_+ + (1 + D_f)_+,\ -D_f \qquad \text{wgan-gp}: D_f - D_r,\ -D_f

(Goodfellow et al., 2014; Lim and Ye, 2017; Gulrajani et al., 2017). The first two are kept smooth by R1, half the
squared gradient at real rows (Mescheder et al., 2018), the third by a gradient of norm 1 between the rows.
"""

from __future__ import annotations

import torch
from torch.nn.functional import relu, softplus


def _ns(real, drawn):
    return softplus(-real) + softplus(drawn)


def _hinge(real, drawn):
    return relu(1 - real) + relu(1 + drawn)


def _wasserstein(real, drawn):
    return drawn - real


def _raise_score(drawn):
    return -drawn


#: Name -> (loss of the discriminator, loss of the generator).
LOSSES = {
    "ns": (_ns, lambda drawn: softplus(-drawn)),
    "hinge": (_hinge, _raise_score),
    "wgan-gp": (_wasserstein, _raise_score),
}

#: Weights of the gradient penalty that go with each loss.
PENALTIES = {"ns": 0.2, "hinge": 0.2, "wgan-gp": 1.0}


def gradient_at(discriminator, packs):
    """Gradient of the discriminator at packs of rows, itself with a gradient."""
    packs = packs.detach().requires_grad_()
    return torch.autograd.grad(discriminator(packs).sum(), packs, create_graph=True)[0]


def gradient_penalty(loss, discriminator, real, drawn, generator):
    """The penalty of each pack that goes with a loss."""
    if loss != "wgan-gp":
        return 0.5 * gradient_at(discriminator, real).square().sum(1)
    a = torch.rand(len(real), 1, generator=generator).to(real)
    return (gradient_at(discriminator, a * real + (1 - a) * drawn).norm(dim=1) - 1) ** 2
