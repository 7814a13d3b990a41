r"""AutoencoderModule: encoder and decoder that meet in one latent place per row.

Training lowers, per row,

.. math:: -\log p(x \mid h(x)) + \tfrac{\lambda_h}{2} \lVert h(x) \rVert^2 + \lambda R,

R the decoder's squared weights, its squared gradient at h, or nothing beside noise that is added to h (Ghosh et al.,
2020).
"""

from __future__ import annotations

import torch

from .._module import DensityModule, adamw
from .nets import EncoderDecoder

#: Kinds of regularisation.
REGULARIZATIONS = ("none", "l2", "gradient_penalty", "noise")

#: Weight of the squared latent place, which keeps the codes in bounds where there is a regularisation.
LATENT_WEIGHT = 1e-2


class AutoencoderModule(DensityModule):
    """The nets of an autoencoder.

    Parameters
    ----------
    regularization : str
        One of `REGULARIZATIONS`.
    strength : float
        Weight of the penalty, or the standard deviation of the noise.
    **nets
        Arguments of `EncoderDecoder` without `n_out`.
    """

    shaping = ("activation",)

    def __init__(self, regularization, strength, **nets):
        super().__init__(regularization=regularization, strength=strength, **nets)
        self.regularization, self.strength = regularization, strength
        self.nets = EncoderDecoder(n_out=nets["latent_dim"], **nets)

    def loss(self, x, generator):
        h = self.nets.encode(x)
        with torch.set_grad_enabled(torch.is_grad_enabled() or self._has_gradient):
            h = h.requires_grad_() if self._has_gradient and not h.requires_grad else h
            placed = h
            if self.regularization == "noise":
                placed = h + self.strength * torch.randn(h.shape, generator=generator).to(h)
            out = self.nets.decode(placed)
            loss = -self.nets.heads.log_prob(out, x)
            if self.regularization != "none":
                loss = loss + 0.5 * LATENT_WEIGHT * (h * h).sum(-1)
            if self._has_gradient:
                loss = loss + self.strength * self._squared_gradient(h, out, generator)
        return loss if torch.is_grad_enabled() else loss.detach()

    @property
    def _has_gradient(self):
        return self.regularization == "gradient_penalty"

    def _squared_gradient(self, h, out, generator):
        """The squared norm (n,) of the decoder's gradient along a random direction of its output."""
        direction = torch.randn(out.shape, generator=generator).to(out)
        (gradient,) = torch.autograd.grad((out * direction).sum(), h, create_graph=True)
        return (gradient * gradient).sum(-1)

    def make_optimizers(self, lr, weight_decay):
        decoder = [*self.nets.latent.parameters(), *self.nets.decoder.parameters(), *self.nets.heads.parameters()]
        own = {id(p) for p in decoder}
        rest = [p for p in self.parameters() if id(p) not in own]
        decay = weight_decay + (self.strength if self.regularization == "l2" else 0.0)
        groups = [{"params": rest}, {"params": decoder, "weight_decay": decay}]
        return {"all": adamw(groups, lr, weight_decay)}
