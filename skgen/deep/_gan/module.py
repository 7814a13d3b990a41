r"""GANModule: a generator and a discriminator that learn from each other (Goodfellow et al., 2014).

The generator turns noise, and what is given, into scores and cells; the discriminator tells such rows from real ones:

.. math:: \min_G \max_D \; \mathbb{E}_{x \sim p}\, a(D(x)) + \mathbb{E}_{z}\, b(D(G(z)))
"""

from __future__ import annotations

import torch

from .._module import DensityModule, adamw
from .losses import LOSSES, gradient_penalty
from .nets import Discriminator, Generator
from .terms import RowTerms

#: Decay rates of Adam's moments: none for the first, as the target moves (Karras et al., 2018).
BETAS = (0.0, 0.99)

#: Steps from one penalty to the next, which weighs as many times more (Karras et al., 2020).
PENALTY_EVERY = 4

#: Rows that the generator draws at a step at least: its layers are normalised over them.
LEAST_ROWS = 32


class GANModule(DensityModule):
    """Two nets over the layouts of the columns that are drawn and of those that are given.

    Parameters
    ----------
    free, given : RowLayout
        The columns.
    loss : str
        A key of `LOSSES`.
    latent_dim : int
        Numbers of noise.
    hidden_layer_sizes, discriminator_layer_sizes : list of int
        Widths of the hidden layers.
    pack_size : int
        Rows that the discriminator reads together.
    n_discriminator_steps : int
        Its steps for each one of the generator.
    penalty, temperature : float
        Weight of the gradient penalty, and softness of the gradient through cells.
    """

    draws_by_weight = True  # a pack of rows has no weight of its own

    def __init__(
        self,
        *,
        free,
        given,
        loss,
        latent_dim,
        hidden_layer_sizes,
        discriminator_layer_sizes,
        pack_size,
        n_discriminator_steps,
        penalty,
        temperature,
    ):
        super().__init__(
            free=free,
            given=given,
            loss=loss,
            latent_dim=latent_dim,
            hidden_layer_sizes=hidden_layer_sizes,
            discriminator_layer_sizes=discriminator_layer_sizes,
            pack_size=pack_size,
            n_discriminator_steps=n_discriminator_steps,
            penalty=penalty,
            temperature=temperature,
        )
        self.free, self.given = RowTerms(free), RowTerms(given)
        self.latent_dim, self.kind, self.penalty, self.temperature = latent_dim, loss, penalty, temperature
        self.n_discriminator_steps = n_discriminator_steps
        n_given, n_out = self.given.n_features, max(free.n_scores + free.n_logits, 1)
        self.generator = Generator(latent_dim + n_given, n_out, hidden_layer_sizes)
        n_features = max(self.free.n_features, 1) + n_given
        self.discriminator = Discriminator(n_features, discriminator_layer_sizes, pack_size, loss != "wgan-gp")
        self.register_buffer("n_steps", torch.zeros((), dtype=torch.int64))
        with torch.no_grad():
            self.generator.out.bias[free.n_scores : free.n_scores + free.n_logits] = torch.as_tensor(free.log_shares())

    def make_optimizers(self, lr, weight_decay) -> dict:
        nets = {"generator": (self.generator, lr), "discriminator": (self.discriminator, 2 * lr)}
        return {name: adamw(net.parameters(), rate, weight_decay, BETAS) for name, (net, rate) in nets.items()}

    # ---- rows ----------------------------------------------------------------------------------------------------

    def given_features(self, arrays, generator):
        """What the nets read of the given columns, of no width where there are none."""
        hot, start, width = arrays
        return self.given.features(self.given.scores(start, width, generator), self.given.one_hot(hot))

    def free_features(self, arrays, generator):
        """What the discriminator reads of real rows beside that."""
        hot, start, width = arrays
        return self.free.features(self.free.scores(start, width, generator), self.free.one_hot(hot))

    def outputs(self, given, generator, shift=None):
        """Scores and logits of rows, one for each row of the given features."""
        n = len(given)
        noise = torch.randn(n, self.latent_dim, generator=generator).to(given)
        out = self.generator(torch.cat([noise, given], 1) if given.shape[1] else noise)
        n_scores, n_logits = self.free.n_scores, self.free.n_logits
        scores, logits = out[:, :n_scores], out[:, n_scores : n_scores + n_logits]
        return scores, logits if shift is None else logits + shift

    def drawn_features(self, given, generator):
        """What the discriminator reads of rows that the generator draws."""
        scores, logits = self.outputs(given, generator)
        return self.free.features(scores, self.free.soft_codes(logits, generator, self.temperature))

    @torch.no_grad()
    def draw(self, given, generator, shift=None):
        """Cells (n, blocks), counted from the start of their block, and scores (n, n_scores)."""
        scores, logits = self.outputs(given, generator, shift)
        return self.free.cells(logits, generator), scores

    # ---- training ------------------------------------------------------------------------------------------------

    def training_step(self, x, weight, step) -> dict:
        if not self.free.n_features:  # constant columns leave nothing to learn
            return {"loss": torch.zeros(())}
        generator, packed = step.generator, self.discriminator.packed
        given = self.given_features(x[3:], generator)
        real = packed(torch.cat([self.free_features(x[:3], generator), given], 1))
        at = torch.arange(max(len(given), LEAST_ROWS), device=given.device) % len(given)
        given = given[at]
        for _ in range(self.n_discriminator_steps):
            drawn = packed(torch.cat([self.drawn_features(given, generator), given], 1))
            d_loss = step.descend("discriminator", self._discriminator_loss(real, drawn.detach(), generator))
        # the generator has not changed since: its rows serve both nets
        g_loss = step.descend("generator", LOSSES[self.kind][1](self.discriminator(drawn)).mean())
        return {"loss": g_loss, "discriminator_loss": d_loss}

    def _discriminator_loss(self, real, drawn, generator):
        drawn = drawn[torch.arange(len(real), device=real.device) % len(drawn)]
        loss = LOSSES[self.kind][0](self.discriminator(real), self.discriminator(drawn))
        if self.penalty and self.n_steps % PENALTY_EVERY == 0:
            penalty = gradient_penalty(self.kind, self.discriminator, real, drawn, generator)
            loss = loss + PENALTY_EVERY * self.penalty * penalty
        self.n_steps += 1
        return loss.mean()

    @torch.no_grad()
    def settle(self, given, generator, n_batches, batch_size):
        """Take the averages that the generator's layers are normalised by afresh, at its present weights."""
        norms = [layer.norm for layer in self.generator.body]
        momentum = [norm.momentum for norm in norms]
        try:
            for norm in norms:
                norm.reset_running_stats()
                norm.momentum = None  # the mean of all batches
            self.train()
            for k in range(n_batches):
                at = torch.arange(k * batch_size, (k + 1) * batch_size, device=given.device) % len(given)
                self.outputs(given[at], generator)
        finally:  # an interrupt leaves nothing behind but averages
            self.eval()
            for norm, value in zip(norms, momentum):
                norm.momentum = value
