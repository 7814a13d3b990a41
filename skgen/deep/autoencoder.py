r"""Autoencoder: rows drawn from a decoder net at places of a mixture that is fitted to the codes of the rows.

.. math:: p(x) = \int p(x \mid h)\, p(h)\, dh, \qquad p(h) \text{ a Gaussian mixture, fitted to the codes of the rows}

The nets learn to reproduce rows, with a penalty that keeps the decoder smooth, and the density of the codes comes
afterwards (Ghosh et al., 2020).
"""

from __future__ import annotations

from numbers import Integral, Real

import numpy as np
import torch

from .._sklearn import Interval, StrOptions
from ._blocks import ACTIVATIONS
from ._events import TableEvents
from ._parzen import ParzenEstimate, drawn_rows, parzen_ceiling
from ._vae.autoencoder_module import REGULARIZATIONS, AutoencoderModule
from ._vae.code_law import MOST_CODES, CodeLaw
from ._vae.latent_space import LatentSpace
from .base import DeepModel


class Autoencoder(LatentSpace, DeepModel):
    """Plain or regularised autoencoder for tables, with a Gaussian mixture in its latent space.

    Columns are read and drawn as by `VAE`. There is no encoder's law and so no bound: `score_samples` is a kernel
    density over `n_centres` rows that the model has drawn, the same at each call, an estimate of its law that is
    smoother than the law itself. `parzen_ceiling_` says what real rows as centres would get.

    Parameters
    ----------
    latent_dim : int, default=16
        Latent coordinates.
    hidden_layer_sizes : tuple of int, default=(256, 256)
        Widths of the encoder's hidden layers; the decoder's are the same backwards.
    regularization : {"none", "l2", "gradient_penalty", "noise"}, default="noise"
        What keeps neighbouring codes alike: nothing, weight decay of the decoder, its squared gradient, or noise added
        to the codes in training.
    regularization_strength : float or None, default=None
        Weight of the decay or of the squared gradient, or standard deviation of the noise, in units of the latent
        coordinates. None means 1e-2, 1e-2 and 0.3.
    n_components : int, default=32
        Gaussians of the mixture that is fitted to the codes.
    n_mixtures : int, default=5
        Logistic laws in the mixture of a number.
    activation : {"relu", "silu", "gelu", "tanh", "leaky_relu"}, default="silu"
        Activation of the hidden layers.
    n_centres : int, default=10_000
        Generated rows that the score stands on.
    max_epochs : int or "auto", default="auto"
        Passes over the rows. "auto" gives about 5,000 training steps, at least 20 and at most 300 passes.
    batch_size : int or "auto", default="auto"
        Rows per training step. "auto" takes about a fiftieth of the rows, a power of two from 32 to 512.
    lr : float, default=1e-3
        Learning rate of AdamW at its highest.
    lr_schedule : {"cosine", "plateau", "constant"}, default="cosine"
        How the learning rate falls: along half a cosine to 0, by halves after 5 epochs without a lower loss, or not.
    weight_decay : float, default=0.0
        Weight decay of AdamW.
    max_grad_norm : float or None, default=5.0
        Gradients of a greater norm are scaled down to it.
    ema_decay : float or None, default=None
        Decay per step of the moving average of the weights that samples and scores use; None uses the last weights.
    early_stopping : bool, default=True
        Whether to leave out rows, stop when their loss stops falling, and keep the weights of its least value.
    validation_fraction : float, default=0.1
        Share of the rows that early stopping leaves out.
    n_iter_no_change : int, default=20
        Epochs without a lower loss after which early stopping ends the training.
    tol : float, default=1e-4
        The least fall of the loss that counts for early stopping.
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
    events_ : TableEvents
        What the net reads of each column.
    module_ : torch.nn.Module
        The trained encoder and decoder.
    code_law_ : CodeLaw
        The mixture that is the law of the codes.
    parzen_ : ParzenEstimate
        The kernel density that scores.
    parzen_ceiling_ : float
        Mean score that left-out training rows get where other training rows are the centres.
    history_ : list of dict
        Figures of each epoch: "epoch", "train_loss", "valid_loss", "lr", "dur" in seconds.
    n_epochs_ : int
        Passes over the rows so far.

    Notes
    -----
    The law of the codes, and the rows behind scores, are those of the last chunk of `partial_fit`: hand chunks over in
    random order, and large.

    See Also
    --------
    VAE : With a latent law that is learnt with the nets, and a bound for a score.

    Examples
    --------
    >>> import numpy as np
    >>> from skgen import Autoencoder
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(600, 2)) + 4 * rng.integers(0, 2, (600, 1))
    >>> model = Autoencoder(latent_dim=2, hidden_layer_sizes=(32,), max_epochs=20, n_centres=1000, random_state=0)
    >>> round(model.fit(X).score(X))
    -4
    >>> model.transform(X).shape
    (600, 2)
    """

    _parameter_constraints: dict = {
        **DeepModel._parameter_constraints,
        "latent_dim": [Interval(Integral, 1, None, closed="left")],
        "hidden_layer_sizes": [tuple, list],
        "regularization": [StrOptions(set(REGULARIZATIONS))],
        "regularization_strength": [Interval(Real, 0, None, closed="left"), None],
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "n_mixtures": [Interval(Integral, 1, None, closed="left")],
        "activation": [StrOptions(set(ACTIVATIONS))],
        "n_centres": [Interval(Integral, 2, None, closed="left")],
    }
    _auto_epochs = (5_000, 20, 300)

    def __init__(
        self,
        latent_dim=16,
        *,
        hidden_layer_sizes=(256, 256),
        regularization="noise",
        regularization_strength=None,
        n_components=32,
        n_mixtures=5,
        activation="silu",
        n_centres=10_000,
        max_epochs="auto",
        batch_size="auto",
        lr=1e-3,
        lr_schedule="cosine",
        weight_decay=0.0,
        max_grad_norm=5.0,
        ema_decay=None,
        early_stopping=True,
        validation_fraction=0.1,
        n_iter_no_change=20,
        tol=1e-4,
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
        self.events_ = TableEvents.fit(Z, sample_weight, self.codec_.columns)

    def _tensors(self, Z):
        return (self.events_.encode(Z)[0],)

    def _build_module(self):
        strength = self.regularization_strength
        default = {"none": 0.0, "l2": 1e-2, "gradient_penalty": 1e-2, "noise": 0.3}[self.regularization]
        return AutoencoderModule(
            regularization=self.regularization,
            strength=default if strength is None else float(strength),
            events=self.events_,
            conditions=[],
            latent_dim=int(self.latent_dim),
            hidden_layer_sizes=[int(width) for width in self.hidden_layer_sizes],
            n_mixtures=int(self.n_mixtures),
            activation=self.activation,
        )

    def _finish(self, Z, sample_weight, rng):
        self.likelihood_ = "estimate"
        is_cut = len(Z) > MOST_CODES
        p = None if sample_weight is None else sample_weight / sample_weight.sum()
        rows = rng.choice(len(Z), MOST_CODES, p=p) if is_cut else np.arange(len(Z))
        with torch.inference_mode():
            codes = self._places(self.module_.in_double(), self._double_rows(Z[rows])[0]).cpu().numpy()
        weight = None if is_cut else sample_weight
        self.code_law_ = CodeLaw.fit(codes, weight, int(self.n_components), int(rng.integers(2**31)))
        seed = int(rng.integers(2**31))
        self.parzen_ = ParzenEstimate.fit(drawn_rows(self, rng, int(self.n_centres)), self.codec_, seed)
        self.parzen_ceiling_ = parzen_ceiling(Z, self.codec_, rng, int(self.n_centres), sample_weight)

    # ---- sample, density -----------------------------------------------------------------------------------------

    def _sample(self, n, rng):
        with torch.inference_mode():
            out, u = self._decoded_prior(self.module_, n, rng)
            return self._typed_rows(*self.module_.nets.heads.draw(out, u))

    def _log_density(self, Z, known=None):
        return self.parzen_.log_density(Z, known)

    def _decoded_prior(self, module, n, rng):
        h = torch.as_tensor(self.code_law_.draw(n, rng)).to(module.nets.latent.weight)
        return module.nets.decode(h), self._uniforms(module, n, rng).to(h)

    def _places(self, module, x):
        return module.nets.encode(x)
