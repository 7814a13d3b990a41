r"""VAEModule: encoder, prior and decoder of a variational autoencoder on the events of a table.

The encoder's law q is Gaussian with diagonal covariance. Training climbs, per row,

.. math:: \log p(x \mid h) - \beta_t\, \bigl[\log q(h \mid x) - \log p(h)\bigr], \qquad h \sim q(h \mid x),

with :math:`\beta_t` rising to :math:`\beta` over the first steps.
"""

from __future__ import annotations

import math

import torch
from torch.nn import functional as F

from .._module import DensityModule
from .nets import EncoderDecoder
from .prior import MixturePrior

#: The least standard deviation of the encoder's law, in logarithm.
LEAST_LOG_SCALE = -6.0


class VAEModule(DensityModule):
    """The nets of a variational autoencoder.

    Parameters
    ----------
    n_prior_components : int
        Components of the prior.
    beta, free_bits : float
        Weight of the divergence from the prior, and the nats of it per row that cost nothing.
    n_warmup_steps : int
        Steps over which its weight rises.
    **nets
        Arguments of `EncoderDecoder` without `n_out`.
    """

    shaping = ("activation",)

    def __init__(self, n_prior_components, beta, free_bits, n_warmup_steps, **nets):
        own = {"n_prior_components": n_prior_components, "beta": beta, "free_bits": free_bits}
        super().__init__(**own, n_warmup_steps=n_warmup_steps, **nets)
        self.L, self.beta, self.free_bits = nets["latent_dim"], beta, free_bits
        self.n_warmup_steps = n_warmup_steps
        self.nets = EncoderDecoder(n_out=2 * self.L, **nets)
        self.prior = MixturePrior(self.L, n_prior_components)
        self.register_buffer("n_steps", torch.zeros((), dtype=torch.int64))

    # ---- the three laws ------------------------------------------------------------------------------------------

    def encode(self, x):
        """Means and logarithms of the standard deviations of q(h | x)."""
        means, raw = self.nets.encode(x).chunk(2, -1)
        return means, F.softplus(raw - LEAST_LOG_SCALE) + LEAST_LOG_SCALE

    def log_weights(self, x, noise):
        """log p(x, h) - log q(h | x) (..., n) for h placed by standard normal noise (..., n, L)."""
        log_likelihood, divergence = self._bound_parts(x, noise)
        return log_likelihood - divergence

    def _bound_parts(self, x, noise):
        """log p(x | h), and log q(h | x) - log p(h)."""
        means, log_scales = self.encode(x)
        h = means + log_scales.exp() * noise
        log_q = -(0.5 * noise * noise + log_scales).sum(-1) - 0.5 * self.L * math.log(2 * math.pi)
        return self.nets.heads.log_prob(self.nets.decode(h, x), x), log_q - self.prior.log_prob(h)

    # ---- training ------------------------------------------------------------------------------------------------

    def loss(self, x, generator):
        log_likelihood, divergence = self._drawn_parts(x, generator)
        return self.beta * self._charged(divergence) - log_likelihood

    def _drawn_parts(self, x, generator):
        noise = torch.randn((len(x), self.L), generator=generator).to(x)
        return self._bound_parts(x, noise)

    def _charged(self, divergence):
        """The divergence, or the free nats where its mean is below them."""
        return torch.where(divergence.detach().mean() < self.free_bits, self.free_bits, divergence)

    def training_step(self, x, weight, step):
        self.n_steps += 1
        warm = min(int(self.n_steps) / max(self.n_warmup_steps, 1), 1.0)
        log_likelihood, divergence = self._drawn_parts(x, step.generator)
        loss = self.beta * warm * self._charged(divergence) - log_likelihood
        mean = loss.mean() if weight is None else (weight * loss).mean()
        parts = {"divergence": divergence.detach().mean(), "reconstruction": log_likelihood.detach().mean()}
        return {"loss": step.descend("all", mean), **parts}

    # ---- draws ---------------------------------------------------------------------------------------------------

    def sample(self, n, generator, x=None):
        """Events and places of new rows, given the conditions in `x`."""
        return self.nets.heads.draw(*self.decoded_prior(n, generator, x))

    def decoded_prior(self, n, generator, x=None):
        """What the heads read at places drawn from the prior, and the uniform numbers for their draws."""
        like = self.nets.latent.weight
        noise = torch.randn((n, self.L), generator=generator).to(like)
        u = torch.rand((n, self.nets.heads.n_uniforms + 1), generator=generator).to(like)
        return self.nets.decode(self.prior.draw(noise, u[:, 0].contiguous()), x), u[:, 1:]
