r"""GAN: rows drawn by a net that another one cannot tell from real rows (Goodfellow et al., 2014).

.. math:: \min_G \max_D \; \mathbb{E}_{x \sim p}\, a(D(x)) + \mathbb{E}_{z}\, b(D(G(z)))

G turns noise into scores of numbers on the normal axis and codes of cells. Its law has no density that can be computed:
scores come from a kernel density over rows that it drew.
"""

from __future__ import annotations

from numbers import Integral, Real

import numpy as np
import torch

from .._sklearn import Interval, StrOptions
from ._gan.calibration import MOST_DRAWN, RowSampler, n_drawn
from ._gan.coverage import mode_coverage
from ._gan.layout import RowLayout, scores_at
from ._gan.losses import LOSSES, PENALTIES
from ._gan.module import GANModule
from ._parzen import N_CENTRES, ParzenEstimate, drawn_rows, parzen_ceiling
from ._random import torch_generator
from ._rows import to_tensors
from .base import DeepModel

#: Batches, and rows of one, over which the generator's layers are normalised in the end.
_SETTLING = (16, 512)


class GAN(DeepModel):
    """Generative adversarial network for tables.

    A generator turns noise into rows, and a discriminator learns to tell these from the rows of fit, until it cannot.
    Numbers are their normal scores, with fresh places in the cells of a grid; categories, numbers of few values, spikes
    and missing cells are codes, drawn with a gradient that goes straight through. After training, the marginals of the
    generator, not its dependence, are calibrated: scores are mapped to the quantiles of the rows of fit, and the
    frequencies of codes raked to theirs.

    The law has no density that can be computed. Scores are those of a kernel density over `n_centres` rows that were
    drawn once: normalised and the same at each call, but no measure of the generator, since the smoothing alone costs
    what `parzen_ceiling_` says. Compare samples instead, with `quality_report`.

    Parameters
    ----------
    loss : {"ns", "wgan-gp", "hinge"}, default="wgan-gp"
        What the nets play for: the non-saturating loss of the first paper, Wasserstein's distance with a penalty on the
        gradient's norm, or hinges. The first and last are kept smooth by R1, a penalty on the gradient at real rows.
    latent_dim : int, default=64
        Latent coordinates.
    hidden_layer_sizes : tuple of int, default=(512, 384)
        Widths of the generator's hidden layers.
    discriminator_layer_sizes : tuple of int, default=(256, 256)
        Widths of the discriminator's hidden layers.
    pack_size : int, default=1
        Rows that the discriminator reads together, against modes that collapse.
    n_discriminator_steps : int, default=1
        Steps of the discriminator for each one of the generator.
    gradient_penalty : float or "auto", default="auto"
        Weight of the penalty; "auto" is 0.2 for "ns" and "hinge" and 1 for "wgan-gp".
    temperature : float, default=1.0
        Softness of the gradient through codes; their draws are hard.
    n_centres : int, default=10_000
        Generated rows that the score stands on.
    condition_on : list of str or int or None, default=None
        Columns that are always given: the model learns the law of the others given these, `sample` needs `given` with a
        value for each and `score_samples` is the conditional log-density.
    max_epochs : int or "auto", default="auto"
        Passes over the rows. "auto" gives about 4,000 training steps, at least 10 and at most 1,000 passes.
    batch_size : int or "auto", default="auto"
        Rows per training step. "auto" takes about a fiftieth of the rows, a power of two from 64 to 512.
    lr : float, default=1e-3
        Learning rate of AdamW at its highest.
    lr_schedule : {"cosine", "plateau", "constant"}, default="cosine"
        How the learning rate falls: along half a cosine to 0, by halves after 5 epochs without a lower loss, or not.
    weight_decay : float, default=0.0
        Weight decay of AdamW.
    max_grad_norm : float or None, default=5.0
        Gradients of a greater norm are scaled down to it.
    ema_decay : float or None, default=0.999
        Decay per step of the moving average of the weights that samples and scores use; None uses the last weights.
    warm_start : bool, default=False
        Whether `fit` goes on from the weights of the last fit.
    checkpoint : str, path-like or None, default=None
        File that holds the training after each epoch, the only thing that `fit` writes: the same fit, started again
        after it was killed, resumes there. It is removed when the fit is complete, or when a fit with `warm_start` is
        interrupted, which goes on from the weights that it has.
    callbacks : list or None, default=None
        Callbacks of skorch, told of the training and each epoch, not of batches; copies are used.
    device : str, default="auto"
        Where to train and sample: "cpu", "cuda", or "auto" for a GPU where there is one.
    verbose : int, default=0
        1 shows a progress bar.
    categorical_features : "from_dtype", mask or names, default="from_dtype"
        Columns to read as categories.
    schema : Schema or None, default=None
        Kinds and base measure of the columns; inferred from the table where None.
    random_state : int, RandomState instance, Generator or None, default=None
        Seed of the fit and of the stream that `sample` draws from.

    Attributes
    ----------
    module_ : torch.nn.Module
        The trained nets, `generator` and `discriminator`.
    parzen_ : ParzenEstimate
        The kernel density over generated rows that scores come from.
    parzen_ceiling_ : float
        The mean score that left-out rows of fit get with real rows as centres, under `condition_on` of the other
        columns given these.
    mode_coverage_ : float
        Share of the cells of k-means on the rows of fit that get at least half their mass among generated rows. There
        are 50 cells, or fewer, so that one has 50 rows on average.
    history_ : list of dict
        Figures of each epoch: "epoch", "train_loss" (the generator's), "discriminator_loss", "lr", "dur" in seconds.
    n_epochs_ : int
        Passes over the rows so far.
    conditional_on_ : list
        The columns of `condition_on`, where there are any.

    Notes
    -----
    A chunk of `partial_fit` calibrates the marginals to its own rows; its rows outside the support of the first chunk
    teach nothing. Weights say how often a row is drawn within its chunk, and nothing of the chunk beside others. The
    discriminator learns at twice the rate of the generator (Heusel et al., 2017). Fits of fewer
    than some 1,000 rows reproduce the marginals well and dependence roughly.

    See Also
    --------
    VAE : A deep model on the same view with a bound on its likelihood.

    Examples
    --------
    >>> import numpy as np
    >>> from skgen import GAN
    >>> X = np.random.default_rng(0).normal([2.0, 5.0], [1.0, 0.1], size=(500, 2))
    >>> model = GAN(max_epochs=20, n_centres=500, random_state=0).fit(X)
    >>> model.sample(1000, random_state=0).mean(axis=0).round(0)
    array([2., 5.])
    >>> model.likelihood_
    'estimate'
    """

    _parameter_constraints: dict = {
        **{
            name: constraint
            for name, constraint in DeepModel._parameter_constraints.items()
            if name not in ("early_stopping", "validation_fraction", "n_iter_no_change", "tol")
        },
        "loss": [StrOptions(set(LOSSES))],
        "latent_dim": [Interval(Integral, 1, None, closed="left")],
        "hidden_layer_sizes": [tuple, list],
        "discriminator_layer_sizes": [tuple, list],
        "pack_size": [Interval(Integral, 1, None, closed="left")],
        "n_discriminator_steps": [Interval(Integral, 1, None, closed="left")],
        "gradient_penalty": [StrOptions({"auto"}), Interval(Real, 0, None, closed="left")],
        "temperature": [Interval(Real, 0, None, closed="neither")],
        "n_centres": [Interval(Integral, 1, None, closed="left")],
        "condition_on": [list, None],
    }
    _auto_epochs = (4_000, 10, 1_000)
    _auto_batch = (64, 512)

    #: A game has no validation loss to stop by.
    early_stopping, tol = False, 0.0

    def __init__(
        self,
        loss="wgan-gp",
        *,
        latent_dim=64,
        hidden_layer_sizes=(512, 384),
        discriminator_layer_sizes=(256, 256),
        pack_size=1,
        n_discriminator_steps=1,
        gradient_penalty="auto",
        temperature=1.0,
        n_centres=N_CENTRES,
        condition_on=None,
        max_epochs="auto",
        batch_size="auto",
        lr=1e-3,
        lr_schedule="cosine",
        weight_decay=0.0,
        max_grad_norm=5.0,
        ema_decay=0.999,
        warm_start=False,
        checkpoint=None,
        callbacks=None,
        device="auto",
        verbose=0,
        categorical_features="from_dtype",
        schema=None,
        random_state=None,
    ):
        self._set_parameters(locals())

    # ---- fit -----------------------------------------------------------------------------------------------------

    def _prepare(self, Z, sample_weight, rng):
        self.layouts_ = [
            RowLayout.fit(Z[:, mask], sample_weight, [c for c, m in zip(self.codec_.columns, mask) if m])
            for mask in (~self._condition, self._condition)
        ]

    def _tensors(self, Z):
        free, given = self.layouts_
        Z = self._within_support(Z)
        return *free.encode(Z[:, ~self._condition]), *given.encode(Z[:, self._condition])

    def _build_module(self):
        penalty = self.gradient_penalty
        free, given = self.layouts_
        return GANModule(
            free=free,
            given=given,
            loss=self.loss,
            latent_dim=int(self.latent_dim),
            hidden_layer_sizes=[int(size) for size in self.hidden_layer_sizes],
            discriminator_layer_sizes=[int(size) for size in self.discriminator_layer_sizes],
            pack_size=int(self.pack_size),
            n_discriminator_steps=int(self.n_discriminator_steps),
            penalty=float(PENALTIES[self.loss] if penalty == "auto" else penalty),
            temperature=float(self.temperature),
        )

    def _finish(self, Z, sample_weight, rng):
        self.likelihood_ = "estimate"
        Z, generator = self._within_support(Z), torch_generator(rng)
        p = None if sample_weight is None else sample_weight / sample_weight.sum()
        rows = Z[rng.choice(len(Z), n_drawn(len(Z)), p=p)]  # whose given columns rows are drawn for
        given = self._given(rows, generator)
        self.module_.settle(given, generator, *_SETTLING)
        self.sampler_ = self._calibrated(Z, sample_weight, given, generator, rng)
        drawn = drawn_rows(self, rng, int(self.n_centres), rows)
        self.parzen_ = ParzenEstimate.fit(drawn, self.codec_, int(rng.integers(2**31)))
        self.parzen_ceiling_ = parzen_ceiling(Z, self.codec_, rng, int(self.n_centres), sample_weight, self._condition)
        parts = [iter(layout.columns) for layout in self.layouts_]
        layout = RowLayout([next(parts[int(is_given)]) for is_given in self._condition])
        self.mode_coverage_ = mode_coverage(Z, sample_weight, drawn, layout, rng)

    def _calibrated(self, Z, sample_weight, given, generator, rng):
        """The sampler whose marginals are those of the rows."""
        free = self.layouts_[0]
        if len(Z) > MOST_DRAWN or sample_weight is not None:
            p = None if sample_weight is None else sample_weight / sample_weight.sum()
            rows = Z[rng.choice(len(Z), n_drawn(len(Z)), p=p)]
        else:
            rows = Z
        hot, start, width = free.encode(rows[:, ~self._condition])
        hot -= free.starts[:-1]
        scores = scores_at(start, width, rng.random(start.shape))
        real = [scores[counts, s] for s, counts in enumerate(free.counting(hot))]
        return RowSampler.fit(self.module_, free, given, generator, free.shares(hot), real)

    # ---- sample, density -----------------------------------------------------------------------------------------

    def _sample(self, n, rng):
        return self._rows(np.empty((n, self.n_features_in_)), rng)

    def _sample_given(self, Z, known, rng):
        Z = Z.copy()
        Z[:, ~known] = self._rows(Z, rng)
        return Z

    def _log_density(self, Z, known=None):
        if self._condition.any():
            known = None if known is None else known | self._condition
            return self.parzen_.log_density(Z, known) - self.parzen_.log_density(Z, self._condition)
        return self.parzen_.log_density(Z, known)

    # ---- helpers -------------------------------------------------------------------------------------------------

    def _within_support(self, Z):
        """Rows with cells that the first rows of fit did not show have none to be drawn: others stand in for them."""
        seen = self.codec_.seen(Z)
        if seen.all():
            return Z
        if not seen.any():
            raise ValueError(
                "No row of this chunk lies in the support of the first one. Fit a chunk that does first, or pass a "
                "schema that states the levels."
            )
        Z = Z.copy()
        Z[~seen] = Z[np.resize(np.flatnonzero(seen), np.sum(~seen))]
        return Z

    def _rows(self, Z, rng):
        """The drawn columns for rows whose given columns are those of Z."""
        generator = torch_generator(rng)
        with torch.inference_mode():
            return self.sampler_.draw(self.module_, self._given(Z, generator), generator, rng)

    def _given(self, Z, generator):
        """What the nets read of the given columns, of no width where there are none."""
        if not self._condition.any():
            return torch.empty(len(Z), 0, device=self.module_.device())
        arrays = self.layouts_[1].encode(Z[:, self._condition])
        return self.module_.given_features(to_tensors(arrays, self.module_.device()), generator)
