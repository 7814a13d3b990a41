r"""VAE: rows drawn from a decoder net at the places of a learnt latent law.

.. math:: \log p(x) = \log \int p(x \mid h)\, p(h)\, dh \;\ge\;
          \mathbb{E} \log \frac1K \sum_k \frac{p(x \mid h_k)\, p(h_k)}{q(h_k \mid x)}, \qquad h_k \sim q(h \mid x)

Training climbs the bound of K = 1 (Kingma and Welling, 2014), scores are that of many draws (Burda et al., 2016), and
the prior p(h) is a mixture of Gaussians learnt with the nets (after Tomczak and Welling, 2018).
"""

from __future__ import annotations

from numbers import Integral, Real

import numpy as np
import torch

from .._encoder import distinct
from .._sklearn import Interval, StrOptions
from ..table._draws import column_keys
from ._blocks import ACTIVATIONS
from ._events import TableEvents
from ._random import torch_generator
from ._vae.latent_space import LatentSpace
from ._vae.module import VAEModule
from ._vae.noise import row_noise
from .base import DeepModel

#: Rows times draws that are scored at a time.
_CHUNK = 8192


class VAE(LatentSpace, DeepModel):
    """Variational autoencoder for tables: latent places, and for each a law of the row whose columns are independent.

    Categories, missing cells, and values that repeat are events with probabilities of their own; other numbers follow
    mixtures of logistic laws on the axis of their normal scores, of which a cell of the column's grid holds its
    integral. So a score is a lower bound of the log-density of exactly what `sample` draws, tight up to the draws of
    `n_importance_samples`.

    `sample` takes any `given` by likelihood weighting: latent places are drawn from the prior and weighted by the
    probability of what is given.

    Parameters
    ----------
    latent_dim : int, default=16
        Latent coordinates.
    hidden_layer_sizes : tuple of int, default=(512, 256)
        Widths of the encoder's hidden layers; the decoder's are the same backwards.
    n_prior_components : int, default=64
        Gaussians in the mixture that is the law of the latent coordinates; 1 is the standard normal of the first VAEs,
        which leaves holes: places of high prior density that no row maps to.
    n_mixtures : int, default=5
        Logistic laws in the mixture of a number.
    activation : {"relu", "silu", "gelu", "tanh", "leaky_relu"}, default="silu"
        Activation of the hidden layers.
    beta : float, default=1.0
        Weight of the divergence of the encoder's law from the prior in training. 1 climbs the bound; less gives
        sharper reconstructions, more a plainer latent space (Higgins et al., 2017). Scores do not change with it.
    free_bits : float, default=0.0
        Nats of that divergence per row that cost nothing (Kingma et al., 2016), against latent places being ignored.
    n_warmup_steps : int, default=500
        Training steps over which the weight of the divergence rises from 0 to `beta`.
    n_importance_samples : int, default=32
        Draws per row in `score_samples`; more make the bound tighter.
    condition_on : list of str or int or None, default=None
        Columns that are always given: the model learns the law of the others given these, `sample` needs `given` with
        a value for each and `score_samples` is the conditional log-density.
    max_epochs : int or "auto", default="auto"
        Passes over the rows. "auto" gives about 3,000 training steps, at least 20 and at most 300 passes.
    batch_size : int or "auto", default="auto"
        Rows per training step. "auto" takes about a fiftieth of the rows, a power of two from 32 to 512.
    lr : float, default=2e-3
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
        The trained encoder, prior and decoder.
    history_ : list of dict
        Figures of each epoch: "epoch", "train_loss", "valid_loss", "lr", "dur" in seconds; "divergence" and
        "reconstruction" are the two parts of the bound, in nats.
    n_epochs_ : int
        Passes over the rows so far.
    conditional_on_ : list
        The columns of `condition_on`, where there are any.

    See Also
    --------
    Autoencoder : Without the bound: a latent code and a mixture fitted to it afterwards.

    Examples
    --------
    >>> import numpy as np
    >>> from skgen import VAE
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(600, 2)) + 4 * rng.integers(0, 2, (600, 1))
    >>> model = VAE(latent_dim=2, hidden_layer_sizes=(32,), max_epochs=20, random_state=0).fit(X)
    >>> round(model.score(X))
    -4
    >>> model.transform(X).shape
    (600, 2)
    """

    _parameter_constraints: dict = {
        **DeepModel._parameter_constraints,
        "latent_dim": [Interval(Integral, 1, None, closed="left")],
        "hidden_layer_sizes": [tuple, list],
        "n_prior_components": [Interval(Integral, 1, None, closed="left")],
        "n_mixtures": [Interval(Integral, 1, None, closed="left")],
        "activation": [StrOptions(set(ACTIVATIONS))],
        "beta": [Interval(Real, 0, None, closed="left")],
        "free_bits": [Interval(Real, 0, None, closed="left")],
        "n_warmup_steps": [Interval(Integral, 0, None, closed="left")],
        "n_importance_samples": [Interval(Integral, 1, None, closed="left")],
        "condition_on": [list, None],
    }
    _auto_epochs = (3_000, 20, 300)

    def __init__(
        self,
        latent_dim=16,
        *,
        hidden_layer_sizes=(512, 256),
        n_prior_components=64,
        n_mixtures=5,
        activation="silu",
        beta=1.0,
        free_bits=0.0,
        n_warmup_steps=500,
        n_importance_samples=32,
        condition_on=None,
        max_epochs="auto",
        batch_size="auto",
        lr=2e-3,
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
        return VAEModule(
            events=self.events_,
            conditions=np.flatnonzero(self._condition).tolist(),
            latent_dim=int(self.latent_dim),
            hidden_layer_sizes=[int(width) for width in self.hidden_layer_sizes],
            n_prior_components=int(self.n_prior_components),
            n_mixtures=int(self.n_mixtures),
            activation=self.activation,
            beta=float(self.beta),
            free_bits=float(self.free_bits),
            n_warmup_steps=int(self.n_warmup_steps),
        )

    def _finish(self, Z, sample_weight, rng):
        self.likelihood_ = "lower_bound"

    # ---- sample --------------------------------------------------------------------------------------------------

    def _sample(self, n, rng):
        with torch.inference_mode():
            return self._typed_rows(*self.module_.sample(n, torch_generator(rng)))

    def _sample_given(self, Z, known, rng):
        x, _ = self._double_rows(Z)
        with torch.inference_mode():
            return self._typed_rows(*self.module_.in_double().sample(len(Z), torch_generator(rng), x), Z)

    def _decoded_prior(self, module, n, rng):
        return module.decoded_prior(n, torch_generator(rng))

    def _places(self, module, x):
        return module.encode(x)[0]

    # ---- density -------------------------------------------------------------------------------------------------

    def _log_density(self, Z):
        first, row_of = distinct(Z)  # a row's rounding errors depend on its place in a chunk
        Z = Z[first]
        step = max(_CHUNK // self.n_importance_samples, 1)
        parts = [self._log_bound(Z[at : at + step]) for at in range(0, max(len(Z), 1), step)]
        return np.concatenate(parts)[row_of]

    def _log_bound(self, Z):
        x, extra = self._double_rows(Z)
        keys = column_keys([column.name for column in self.codec_.columns])
        cells = self.events_.hash_codes(Z)
        noise = row_noise(cells, self.stream_.seed, int(self.n_importance_samples), int(self.latent_dim), keys)
        with torch.inference_mode():
            log_weights = self.module_.in_double().log_weights(x, torch.as_tensor(noise).to(x.device))
            bound = torch.logsumexp(log_weights, 0).cpu().numpy() - np.log(len(noise))
        return bound + extra[:, ~self._condition].sum(1)
