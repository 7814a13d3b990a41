r"""NormalizingFlow: noise that is carried to the rows by invertible steps, so that its density is exact.

.. math:: \log p(x) = \log N(f(x); 0, I) + \log |\det \partial f(x) / \partial x|,

f being a chain of triangular maps, whose determinants are products (Papamakarios et al., "Normalizing flows for
probabilistic modeling and inference", 2021). The maps are those of zuko (Rozet et al., 2022).
"""

from __future__ import annotations

from numbers import Integral, Real

import numpy as np
import torch
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin

from .._sklearn import Interval, StrOptions, check_array, check_is_fitted
from ._blocks import ACTIVATIONS
from ._flow.flow_module import ARCHITECTURES, FlowModule
from ._random import torch_generator
from .base import CHUNK_ROWS, DeepModel

#: Columns up to which "auto" inverts a spline flow one column at a time: a block of rows takes that many passes.
MOST_PASSES = 64

#: Up to so many columns one step of many bins fits better than several of few bins, and costs less.
FEW_COLUMNS = 4

#: Bins of "auto", for few columns and for more.
N_BINS = (64, 16)

#: Where the last cells of discrete columns are looked up: all but 1e-12 of the mass lies inside.
FARTHEST_CELL = 7.0

#: Moves inwards from there, a tenth of the way each; reserved cells hold a third of the mass at most.
MOST_MOVES = 64


class NormalizingFlow(ClassNamePrefixFeaturesOutMixin, TransformerMixin, DeepModel):
    """Normalizing flow: rows as smooth invertible maps of normal noise, with an exact density.

    Numbers enter by a smooth increasing map, discrete columns as intervals of a normal; an untrained flow is the law of
    independent columns. Each step transforms a column by an increasing map whose parameters come from a residual net
    that reads the columns before it. Splines bend a column into any shape, so that one step with many bins does for
    few columns; affine maps need many steps.

    Scores are exact where every column is smooth, and a lower bound with discrete columns: see `likelihood_`.
    `transform` takes rows to their noise, `inverse_transform` noise to rows.

    Parameters
    ----------
    architecture : {"nsf", "realnvp", "glow", "maf"}, default="nsf"
        "nsf": splines of each column given all before it, with linear layers between the steps [1]_. "maf": affine maps
        in their place, without linear layers [2]_. "realnvp": affine maps of half of the columns given the other [3]_.
        "glow": the same with linear layers [4]_.
    n_transforms : int or "auto", default="auto"
        Steps. "auto" takes 8 of affine maps; of splines 1 for up to four columns, and 3 for more.
    n_bins : int or "auto", default="auto"
        Bins of each spline; affine maps have none. "auto" takes 64 for up to four columns, and 16 for more.
    hidden_layer_sizes : tuple of int, default=(128, 128)
        Widths of the hidden layers, here of the residual blocks of each net.
    n_frequencies : int, default=8
        Sines and cosines, up to this multiple of a frequency of a tenth, that the nets read of each column beside its
        value: they resolve fine structure [5]_.
    activation : {"relu", "silu", "gelu", "tanh", "leaky_relu"}, default="silu"
        Activation of the hidden layers.
    dropout : float, default=0.0
        Probability that a hidden number is dropped in a training step.
    n_passes : int or "auto", default="auto"
        Groups of columns that a step transforms one after the other, each given those before, and so the passes that
        sampling takes: 2 makes couplings, the number of columns an autoregressive flow. "auto" takes 2 for "realnvp"
        and "glow", and for "nsf" and "maf" the number of columns, or 2 above 64.
    marginals : {"gaussianize", "standardize"}, default="gaussianize"
        How smooth numbers enter: by a spline to their normal scores, or by mean and standard deviation.
    condition_on : list of str or int or None, default=None
        Columns that are always given: the model learns the law of the others given these, `sample` needs `given` with a
        value for each and `score_samples` is the conditional log-density.
    max_epochs : int or "auto", default="auto"
        Passes over the rows. "auto" gives about 6,000 training steps, at least 10 and at most 1,000 passes.
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
    ema_decay : float or None, default=0.999
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
    module_ : FlowModule
        The trained flow.
    history_ : list of dict
        Figures of each epoch: "epoch", "train_loss", "valid_loss", "lr", "dur" in seconds.
    n_epochs_ : int
        Passes over the rows so far.
    conditional_on_ : list
        The columns of `condition_on`, where there are any.

    See Also
    --------
    DiffusionModel : Carries noise to rows by a learnt flow of time.
    AutoregressiveNetwork : Reads tables as they are; stronger on categories.

    References
    ----------
    .. [1] Durkan, Bekasov, Murray and Papamakarios, "Neural spline flows", NeurIPS 2019.
    .. [2] Papamakarios, Pavlakou and Murray, "Masked autoregressive flow for density estimation", NeurIPS 2017.
    .. [3] Dinh, Sohl-Dickstein and Bengio, "Density estimation using Real NVP", ICLR 2017.
    .. [4] Kingma and Dhariwal, "Glow: generative flow with invertible 1x1 convolutions", NeurIPS 2018.
    .. [5] Tancik et al., "Fourier features let networks learn high frequency functions in low dimensional domains",
       NeurIPS 2020.

    Examples
    --------
    >>> from skgen import NormalizingFlow
    >>> from skgen.datasets import TwoMoons
    >>> X = TwoMoons().sample(1000, random_state=0)
    >>> flow = NormalizingFlow(hidden_layer_sizes=(32,), max_epochs=10, random_state=0).fit(X)
    >>> round(flow.score(X), 1)
    -1.1
    >>> noise = flow.transform(X[:3])
    >>> bool(abs(flow.inverse_transform(noise) - X[:3]).max() < 1e-6)
    True
    """

    _parameter_constraints: dict = {
        **DeepModel._parameter_constraints,
        "architecture": [StrOptions(set(ARCHITECTURES))],
        "n_transforms": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "n_bins": [StrOptions({"auto"}), Interval(Integral, 2, None, closed="left")],
        "hidden_layer_sizes": [tuple, list],
        "n_frequencies": [Interval(Integral, 0, None, closed="left")],
        "activation": [StrOptions(set(ACTIVATIONS))],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "n_passes": [StrOptions({"auto"}), Interval(Integral, 2, None, closed="left")],
        "marginals": [StrOptions({"gaussianize", "standardize"})],
        "condition_on": [list, None],
    }
    _view = "real"
    _auto_epochs = (6_000, 10, 1_000)

    def __init__(
        self,
        architecture="nsf",
        *,
        n_transforms="auto",
        n_bins="auto",
        hidden_layer_sizes=(128, 128),
        n_frequencies=8,
        activation="silu",
        dropout=0.0,
        n_passes="auto",
        marginals="gaussianize",
        condition_on=None,
        max_epochs="auto",
        batch_size="auto",
        lr=2e-3,
        lr_schedule="cosine",
        weight_decay=0.0,
        max_grad_norm=5.0,
        ema_decay=0.999,
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

    def _build_module(self):
        if any(not isinstance(width, Integral) or width < 1 for width in self.hidden_layer_sizes):
            raise ValueError(f"hidden_layer_sizes must hold positive integers, got {self.hidden_layer_sizes!r}.")
        design = ARCHITECTURES[self.architecture]
        d = int((~self._condition).sum())
        is_wide = d > FEW_COLUMNS
        whole = design.is_autoregressive and d <= MOST_PASSES
        n_passes = (d if whole else 2) if self.n_passes == "auto" else int(self.n_passes)
        return FlowModule(
            is_condition=self._condition.tolist(),
            architecture=self.architecture,
            n_transforms=design.n_steps[is_wide] if self.n_transforms == "auto" else int(self.n_transforms),
            n_groups=min(n_passes, d),
            n_bins=N_BINS[is_wide] if self.n_bins == "auto" else int(self.n_bins),
            hidden_layer_sizes=[int(width) for width in self.hidden_layer_sizes],
            n_frequencies=int(self.n_frequencies),
            activation=self.activation,
            dropout=float(self.dropout),
        )

    # ---- sample --------------------------------------------------------------------------------------------------

    def _sample(self, n, rng):
        # in float64, like scores: the root of a spline's quadratic loses half of its digits
        with torch.inference_mode():
            return self.module_.in_double().sample(n, torch_generator(rng)).cpu().numpy()

    def _sample_given(self, Z, known, rng):
        x = self._inputs(np.where(known, Z, 0.0), torch.float64)[0]
        with torch.inference_mode():
            drawn = self.module_.in_double().sample(len(Z), torch_generator(rng), x).cpu().numpy()
        Z = Z.copy()
        Z[:, ~known] = drawn
        return Z

    # ---- latent space --------------------------------------------------------------------------------------------

    def transform(self, X):
        """The noise that rows come from; columns of `condition_on` keep their place in the real view.

        Parameters
        ----------
        X : DataFrame or array of shape (n_samples, n_features)
            Rows with the columns of fit.

        Returns
        -------
        H : ndarray of shape (n_samples, n_features)
            Standard normal numbers for rows of the model's law.
        """
        check_is_fitted(self)
        return self._carried(self._encode(X), lambda x: self.module_.in_double().to_latent(x)[0])

    def inverse_transform(self, H):
        """The rows that noise is carried to; numbers beyond the range of fit end on it.

        Parameters
        ----------
        H : array of shape (n_samples, n_features)
            Noise, as `transform` gives it.

        Returns
        -------
        X : DataFrame or array of shape (n_samples, n_features)
            Rows in the container, columns, order and dtypes of fit.
        """
        check_is_fitted(self)
        H = check_array(H, dtype=np.float64)
        if H.shape[1] != self.n_features_in_:
            raise ValueError(f"Expected latent rows of {self.n_features_in_} features, got {H.shape[1]}.")
        free = torch.as_tensor(~self._condition)
        R = self._carried(H, lambda h: self.module_.in_double().from_latent(h[:, free.to(h.device)], h))
        columns = self.codec_.columns
        Z = np.clip(self._seen_cells(R), [c.lower for c in columns], [c.upper for c in columns])
        return self.codec_.decode_typed(Z)

    def _seen_cells(self, R):
        """Typed rows at points; cells that fit did not see lie outermost, and give way to the next one inwards."""
        real, R = self.codec_.real, R.copy()
        discrete = np.flatnonzero(real.needs_draw_)
        R[:, discrete] = np.clip(R[:, discrete], -FARTHEST_CELL, FARTHEST_CELL)
        for _ in range(MOST_MOVES):
            Z = real.decode(R)
            unseen = np.zeros(R.shape, bool)
            for j in discrete:
                unseen[:, j] = ~self.codec_.columns[j].seen(Z[:, j])
            if not unseen.any():
                break
            R[unseen] *= 0.9
        return Z

    def _carried(self, Z, step):
        """Rows with the coordinates that are no conditions put through a map, chunk by chunk."""
        out = Z.copy()
        for at in range(0, len(Z), CHUNK_ROWS):
            (x,) = self._inputs(Z[at : at + CHUNK_ROWS], torch.float64)
            with torch.inference_mode():
                out[at : at + CHUNK_ROWS, ~self._condition] = step(x).cpu().numpy()
        return out

    @property
    def _n_features_out(self):
        return self.n_features_in_
