r"""DiffusionModel: noise is added to the rows level by level, and a net learns to take it away.

The law is that of the probability flow, which carries a Gaussian at the noisiest level to the rows,

.. math:: \log p(y_0) = \log \mathcal{N}(y_1; 0, \Sigma) + \int \nabla \cdot v(y_\lambda, \lambda)\, d\lambda,
   \qquad \frac{dy}{d\lambda} = v(y, \lambda)

(Song et al., 2021). The net tells only how likely the cells of a column are given the noisy others; the rest of the
velocity, and all of its divergence, is in closed form (see the parts in ``_diffusion``).
"""

from __future__ import annotations

import warnings
from numbers import Integral, Real

import numpy as np
import torch
from sklearn.exceptions import ConvergenceWarning

from .._encoder import distinct
from .._sklearn import Interval, StrOptions
from ._diffusion.diffusion_module import SWARM_STEPS, DiffusionModule
from ._diffusion.edges import cut_column
from ._diffusion.noise_end import regression
from ._diffusion.sampler import SAMPLERS
from ._random import torch_generator
from .base import DeepModel

#: What "auto" means for the solver: exact scores keep the first, scores that are bounds the second.
_TIGHT_TOL, _TABLE_TOL = 1e-5, 3e-3

#: Steps that are tried first and at most, the rows they are tried on, and the solver's order.
_FIRST_STEPS, _MOST_STEPS, _TRIAL_ROWS, _ORDER = 4, 512, 128, 4

#: Rows drawn beside those asked for, where some may lie off the seen support: they spare a whole further block.
_SPARE_ROWS = 16

#: Points that tell the drift of the marginals: at least, at most, and in evaluations beside those of the training.
_LEAST_SWARM, _MOST_SWARM, _SWARM_SHARE = 256, 8192, 0.25

#: Standard errors by which the moments of normal coordinates are off at most.
_NORMAL_ERRORS = 5.0

#: Cells of a column, with few columns and with more of them.
_FEW_COLUMNS, _CELLS_OF_FEW, _CELLS_OF_MANY = 4, 128, 48


class DiffusionModel(DeepModel):
    """Diffusion over all columns of a table, with the density of its probability flow.

    Each column is cut into cells: one for each level or common value, cells of equal mass elsewhere. At every level of
    noise a net tells the chances of the cells of each column from the noisy values of the *other* columns; the column's
    own noisy value is then taken into account exactly. This is what diffusions with score interpolation learn (Dieleman
    et al., 2022; Mueller et al., 2025), with the borders of discrete values and the divergence that a likelihood needs
    in closed form, for any number of columns (Chen and Duvenaud, 2019).

    Samples of the default sampler, drawn in float32, follow the density that `score_samples` returns. Scores are exact
    on float arrays and a lower bound with discrete columns, an estimate where `ode_tol` is above its "auto": see
    `likelihood_`, which speaks of the default sampler without guidance.

    Parameters
    ----------
    sampler : {"ode", "ddim", "ddpm", "heun", "dpm++2m"}, default="ode"
        How rows are drawn. "ode" solves the flow whose law is scored, to the same tolerance; the others take `n_steps`
        steps and draw from laws of their own, close to it ("dpm++2m" and "heun" are closest; "ddpm" wants hundreds).
    n_steps : int, default=20
        Steps of the other samplers.
    ode_tol : float or "auto", default="auto"
        Mean error of the flow's log-densities, nats per row: fit takes as many steps as training rows need for it.
        "auto" is 1e-5 where scores are exact, and 3e-3 with discrete columns, where they are bounds.
    sigma_min : float, default=0.005
        Least noise, in units of a standard normal: how blurred the law is that is learned.
    sigma_max : float, default=10.0
        Most noise, where the law is taken to be Gaussian.
    max_cells : int or "auto", default="auto"
        The most parts of equal mass, sqrt(n_samples) / 2 at most, that a column of many values is cut into, and between
        which the net's answers are interpolated. "auto" is 128 up to four columns and 48 with more.
    hidden_units : int, default=128
        Width of the hidden layers.
    n_blocks : int, default=2
        Residual blocks of two hidden layers each.
    dropout : float, default=0.0
        Probability that a hidden number is dropped in a training step.
    keep_marginals : bool, default=True
        Whether `fit` ends by taking out of the flow what the net's errors do to the marginal law of each column, as a
        swarm of points tells it; of columns, that is, whose rows have the normal coordinates of the first fit. Not with
        `condition_on`, nor in `partial_fit` without `warm_start`.
    condition_on : list of str or int or None, default=None
        Columns that are always given: the model learns the law of the others given these, `sample` needs `given` with
        a value for each and `score_samples` is the conditional log-density.
    guidance_scale : float, default=1.0
        What the difference made by the columns of `condition_on` is multiplied by in `sample` (Ho and Salimans, 2022):
        above 1, rows are more typical of what is given and less varied, and no longer follow the law that is scored.
    condition_dropout : float, default=0.1
        Share of the rows of a training step whose columns of `condition_on` are overlooked, which guidance needs.
    max_epochs : int or "auto", default="auto"
        Passes over the rows. "auto" gives about 1,000 training steps, at least 16 and at most 50 passes.
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
    ema_decay : float or None, default=0.998
        Decay per step of the moving average of the weights that samples and scores use; None uses the last weights.
    early_stopping : bool, default=True
        Whether to leave out rows, stop when their loss stops falling, and keep the weights of its least value.
    validation_fraction : float, default=0.05
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
    module_ : torch.nn.Module
        The trained module.
    n_ode_steps_ : int
        Steps of four evaluations each in which the flow meets `ode_tol`.
    history_ : list of dict
        Figures of each epoch: "epoch", "train_loss", "valid_loss", "lr", "dur" in seconds.
    n_epochs_ : int
        Passes over the rows so far.
    conditional_on_ : list
        The columns of `condition_on`, where there are any.

    See Also
    --------
    NormalizingFlow : Exact likelihood in one pass of a net.
    AutoregressiveNetwork : Exact likelihood on tables, and conditions on any columns.

    References
    ----------
    Song et al., "Score-based generative modeling through stochastic differential equations", ICLR 2021.
    Karras et al., "Elucidating the design space of diffusion-based generative models", NeurIPS 2022.
    Mueller, Gruber, Fok, "Continuous diffusion for mixed-type tabular data", ICLR 2025.
    Chen, Duvenaud, "Neural networks with cheap differential operators", NeurIPS 2019.

    Examples
    --------
    >>> from skgen import DiffusionModel
    >>> from skgen.datasets import TwoMoons
    >>> X = TwoMoons().sample(1000, random_state=0)
    >>> model = DiffusionModel(hidden_units=32, max_epochs=20, ode_tol=1e-3, random_state=0).fit(X)
    >>> round(model.score(X), 1)
    -1.0
    >>> model.sample(3).shape
    (3, 2)
    """

    _parameter_constraints: dict = {
        **DeepModel._parameter_constraints,
        "sampler": [StrOptions({"ode", *SAMPLERS})],
        "n_steps": [Interval(Integral, 1, None, closed="left")],
        "ode_tol": [StrOptions({"auto"}), Interval(Real, 0, None, closed="neither")],
        "sigma_min": [Interval(Real, 0, None, closed="neither")],
        "sigma_max": [Interval(Real, 0, None, closed="neither")],
        "max_cells": [StrOptions({"auto"}), Interval(Integral, 2, None, closed="left")],
        "hidden_units": [Interval(Integral, 1, None, closed="left")],
        "n_blocks": [Interval(Integral, 0, None, closed="left")],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "keep_marginals": ["boolean"],
        "condition_on": [list, None],
        "guidance_scale": [Interval(Real, 0, None, closed="left")],
        "condition_dropout": [Interval(Real, 0, 1, closed="left")],
    }
    _view = "real"
    _auto_epochs = (1_000, 16, 50)

    #: Scoring draws of a row's place within its cells: the model knows the law within a cell exactly, up to its blur.
    _n_draws = 2

    _read_once = (*DeepModel._read_once, "max_cells")

    def __init__(
        self,
        *,
        sampler="ode",
        n_steps=20,
        ode_tol="auto",
        sigma_min=0.005,
        sigma_max=10.0,
        max_cells="auto",
        hidden_units=128,
        n_blocks=2,
        dropout=0.0,
        keep_marginals=True,
        condition_on=None,
        guidance_scale=1.0,
        condition_dropout=0.1,
        max_epochs="auto",
        batch_size="auto",
        lr=2e-3,
        lr_schedule="cosine",
        weight_decay=0.0,
        max_grad_norm=5.0,
        ema_decay=0.998,
        early_stopping=True,
        validation_fraction=0.05,
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
        if not self.sigma_min < self.sigma_max:
            raise ValueError(f"sigma_min must be below sigma_max, got {self.sigma_min} and {self.sigma_max}.")
        real = self.codec_.real
        rows = real.decode(Z)
        low, high = (real.encode(rows, np.full(Z.shape, end))[0] for end in (0.0, 1.0))
        low[:, ~real.needs_draw_] = high[:, ~real.needs_draw_] = Z[:, ~real.needs_draw_]
        most = self._most_cells(Z.shape[1])
        found = [cut_column(*pair, sample_weight, most) for pair in zip(low.T, high.T)]
        slope, covariance = regression(Z, self._condition, sample_weight)
        self._layout_ = {
            "edges": [edges for edges, _ in found],
            "spreads": [spread for _, spread in found],
            "targets": np.flatnonzero(~self._condition).tolist(),
            "regression": slope,
            "covariance": covariance,
        }

    def _most_cells(self, n_columns):
        if self.max_cells != "auto":
            return self.max_cells
        return _CELLS_OF_FEW if n_columns <= _FEW_COLUMNS else _CELLS_OF_MANY

    def _check_guidance(self, condition_dropout):
        if self.guidance_scale == 1:
            return
        if not self._condition.any():
            raise ValueError(f"guidance_scale={self.guidance_scale} needs columns to be guided by: set condition_on.")
        if not condition_dropout:
            raise ValueError(
                "guidance_scale other than 1 needs a net that was trained with condition_dropout above 0: fit it so, "
                "or set guidance_scale=1."
            )

    def _build_module(self):
        self._check_guidance(self.condition_dropout)
        return DiffusionModule(
            **self._layout_,
            sigma_min=float(self.sigma_min),
            sigma_max=float(self.sigma_max),
            width=int(self.hidden_units),
            n_blocks=int(self.n_blocks),
            dropout=float(self.dropout),
            condition_dropout=float(self.condition_dropout),
        )

    def _finish(self, Z, sample_weight, rng):
        self._keep_marginals(Z, sample_weight, rng)
        exact = not self.codec_.real.needs_draw_[~self._condition].any()
        tight = _TIGHT_TOL if exact else _TABLE_TOL
        ode_tol = tight if self.ode_tol == "auto" else self.ode_tol
        self.n_ode_steps_, is_within = self._enough_steps(Z[:: -(-len(Z) // _TRIAL_ROWS)], ode_tol)
        if ode_tol > tight or not is_within:
            self.likelihood_ = "estimate"
        else:
            self.likelihood_ = "exact" if exact else "lower_bound"

    def _keep_marginals(self, Z, sample_weight, rng):
        """Take out the drift of the marginals of a trained net, where the coordinates of the rows are normal."""
        self.module_.drop_double()
        self.module_.drift.factor.zero_()
        is_chunk = hasattr(self, "training_") and not self.warm_start  # `partial_fit` leaves a training
        if not self.keep_marginals or not self.n_epochs_ or is_chunk or self._condition.any():
            return
        moments = np.array([np.average(Z**k, axis=0, weights=sample_weight) - (k == 2) for k in (1, 2)])
        normal = (np.abs(moments) <= _NORMAL_ERRORS * np.sqrt([[1.0 / len(Z)], [2.0 / len(Z)]])).all(axis=0)
        trained = 3 * self.n_epochs_ * len(Z)  # a step of the training takes about as long as three evaluations
        n_points = np.clip(_SWARM_SHARE * trained / SWARM_STEPS, _LEAST_SWARM, _MOST_SWARM)
        with torch.inference_mode():
            self.module_.take_out_drift(2 ** int(np.log2(n_points)), int(rng.integers(2**31)), normal)

    def _enough_steps(self, Z, ode_tol):
        """Steps in which the log-densities of rows have a mean error within the tolerance, and whether they have it.

        Halving the steps of a method of order 4 leaves a fifteenth of the change as error.
        """
        n_steps, before = _FIRST_STEPS, self._flow_density(Z, _FIRST_STEPS)
        while n_steps < _MOST_STEPS:
            n_steps *= 2
            now = self._flow_density(Z, n_steps)
            error = np.abs(now - before).mean() / (2**_ORDER - 1)
            if error <= ode_tol:
                return max(int(np.ceil(1.1 * n_steps * (error / ode_tol) ** (1 / _ORDER))), n_steps // 2), True
            before = now
        warnings.warn(
            f"{_MOST_STEPS} steps leave the flow of DiffusionModel an error of {error:.1e} nats per row, more than "
            f"ode_tol={ode_tol:g}: raise ode_tol or sigma_min.",
            ConvergenceWarning,
            stacklevel=2,
        )
        return _MOST_STEPS, False

    # ---- sample, density -----------------------------------------------------------------------------------------

    def _sample(self, n, rng):
        if any(column.rho for column in self.codec_.columns):
            n += _SPARE_ROWS
        return self._draw(np.zeros((n, self.n_features_in_)), rng)

    def _sample_given(self, Z, known, rng):
        return self._draw(Z, rng)

    def _draw(self, Z, rng):
        """Rows with the given columns of Z."""
        self._check_guidance(self.module_.condition_dropout)
        n_steps = self.n_ode_steps_ if self.sampler == "ode" else self.n_steps
        with torch.inference_mode():
            (x,) = self._inputs(Z)
            drawn = self.module_.draw(x, torch_generator(rng), self.sampler, n_steps, float(self.guidance_scale))
        return drawn.double().cpu().numpy()

    def _log_density(self, Z):
        first, row_of = distinct(Z)  # a row's rounding errors depend on its place in a chunk
        Z = Z[first]
        return self._flow_density(Z, self.n_ode_steps_)[row_of]

    def _flow_density(self, Z, n_steps):
        """Log-densities under the flow in so many steps."""
        scorer = self.module_.in_double()
        with torch.inference_mode():
            (x,) = self._inputs(Z, torch.float64)
            return scorer.log_density(x, n_steps).cpu().numpy()
