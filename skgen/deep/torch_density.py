r"""TorchDensity: any torch module with a log-density, as a model.

Its law is the module's density at points z of :math:`R^d`, taken back to the table:
:math:`\log p(x) = \log p_\theta(z(x)) + \log|\det \partial z / \partial x|`.
"""

from __future__ import annotations

import inspect

from torch import nn

from .._sklearn import StrOptions
from ._blocks import Dropout
from ._module import DensityModule
from .base import DeepModel


def _parameters(function) -> dict:
    """The parameters of a callable by name; none of anything else."""
    return dict(inspect.signature(function).parameters) if callable(function) else {}


def _seed_dropout(module):
    """Put layers that draw from the generator of the fit in place of torch's dropout, which has the global one."""
    ours = {}
    for owner in list(module.modules()):
        for name, layer in list(owner._modules.items()):  # `named_children` gives a shared layer once
            if type(layer) is nn.Dropout:
                setattr(owner, name, ours.setdefault(layer, Dropout(layer.p)))


class _Wrapped(DensityModule):
    """A user's module in the terms of the engine."""

    def __init__(self, module, n_features, module_params):
        super().__init__(module=module, n_features=n_features, module_params=module_params)
        self.inner = module(n_features, **module_params)
        if not isinstance(self.inner, nn.Module):
            raise TypeError(f"module must give a torch.nn.Module, got {type(self.inner).__name__}.")
        _seed_dropout(self.inner)
        self._takes_generator = "generator" in _parameters(getattr(self.inner, "loss", None))

    def log_prob(self, x):
        return self.inner.log_prob(x)

    def loss(self, x, generator):
        if not hasattr(self.inner, "loss"):
            return -self.inner.log_prob(x)
        return self.inner.loss(x, generator=generator) if self._takes_generator else self.inner.loss(x)

    def sample(self, n, generator):
        return self.inner.sample(n, generator)

    def training_step(self, x, weight, step):
        if hasattr(self.inner, "training_step"):
            return self.inner.training_step(x, weight, step)
        return super().training_step(x, weight, step)

    def make_optimizers(self, lr, weight_decay):
        if hasattr(self.inner, "make_optimizers"):
            return self.inner.make_optimizers(lr, weight_decay)
        return super().make_optimizers(lr, weight_decay)


class TorchDensity(DeepModel):
    """A torch module of your own as a model: trained, sampled and scored like every other one.

    The module sees points of R^d, one coordinate per column: numbers by a smooth increasing map, discrete columns as
    intervals of a normal. It has `log_prob(x)`, the log-density (n,) of points (n, n_features), and
    `sample(n, generator)`, points drawn with random numbers from the generator alone, which lives on the CPU: move what
    it draws to the module's device. It may have `loss(x)` or
    `loss(x, generator)`, the loss (n,) that training lowers instead of minus the log-density, `make_optimizers(lr,
    weight_decay)`, a dict of optimisers, and `training_step(x, weight, step)` for training in several steps.

    Layers of `torch.nn.Dropout` draw from the seed of the fit; other random numbers must come from `generator`.

    Scores are exact where every column is smooth, and a lower bound with discrete columns: see `likelihood_`. They are
    computed with the module in float64, so it must not fix the type of its tensors.

    Parameters
    ----------
    module : class or callable
        Called as `module(n_features, **module_params)`; gives a `torch.nn.Module`.
    module_params : dict or None, default=None
        Further arguments of `module`. `set_params(module__width=64)` sets one of them, so that grids can.
    marginals : {"gaussianize", "standardize"}, default="gaussianize"
        How smooth numbers enter: by a spline to their normal scores, or by mean and standard deviation.
    max_epochs : int or "auto", default="auto"
        Passes over the rows. "auto" gives about 10,000 training steps, at least 10 and at most 1,000 passes.
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
    module_ : torch.nn.Module
        The trained module; the one that `module` made is its `inner`.
    history_ : list of dict
        Figures of each epoch: "epoch", "train_loss", "valid_loss", "lr", "dur" in seconds.
    n_epochs_ : int
        Passes over the rows so far.

    Notes
    -----
    Under `warm_start` another `module` or other `module_params` take over the last weights where all names and shapes
    are the same; what else they change is not looked at.

    See Also
    --------
    NormalizingFlow : A ready-made density for such points.

    Examples
    --------
    >>> import numpy as np
    >>> import torch
    >>> from skgen import TorchDensity
    >>> class Normal(torch.nn.Module):
    ...     def __init__(self, n_features):
    ...         super().__init__()
    ...         self.mean = torch.nn.Parameter(torch.zeros(n_features))
    ...     def log_prob(self, x):
    ...         return -0.5 * ((x - self.mean) ** 2 + np.log(2 * np.pi)).sum(1)
    ...     def sample(self, n, generator):
    ...         return self.mean + torch.randn(n, len(self.mean), generator=generator).to(self.mean)
    >>> X = np.random.default_rng(0).normal(size=(500, 2))
    >>> model = TorchDensity(Normal, max_epochs=5, random_state=0).fit(X)
    >>> round(model.score(X), 1)
    -2.8
    >>> model.sample(3).shape
    (3, 2)
    """

    _parameter_constraints: dict = {
        **DeepModel._parameter_constraints,
        "module": [callable],
        "module_params": [dict, None],
        "marginals": [StrOptions({"gaussianize", "standardize"})],
    }
    _view = "real"

    def __init__(
        self,
        module,
        *,
        module_params=None,
        marginals="gaussianize",
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

    def _build_module(self):
        if isinstance(self.module, nn.Module):
            raise TypeError("module must be a class, or a function that makes a module: pass it without calling it.")
        return _Wrapped(self.module, self.n_features_in_, dict(self.module_params or {}))

    # ---- parameters of the module ----------------------------------------------------------------------------------

    def get_params(self, deep=True):
        """Parameters of the model and, as `module__name`, those of the module.

        Parameters
        ----------
        deep : bool, default=True
            Whether to add those of the module.

        Returns
        -------
        dict
            Names and values.
        """
        params = super().get_params(deep=deep)
        if not deep:
            return params
        for name, parameter in list(_parameters(self.module).items())[1:]:
            if parameter.default is not parameter.empty:
                params[f"module__{name}"] = parameter.default
        own = self.module_params if isinstance(self.module_params, dict) else {}
        params.update({f"module__{name}": value for name, value in own.items()})
        return params

    def set_params(self, **params):
        """Set parameters; `module__name` sets one of the module's.

        Parameters
        ----------
        **params
            Names and values.

        Returns
        -------
        self : TorchDensity
            The model.
        """
        own = {k: v for k, v in params.items() if not k.startswith("module__")}
        super().set_params(**own)
        new = {k.removeprefix("module__"): v for k, v in params.items() if k.startswith("module__")}
        if new:
            taken = list(_parameters(self.module).values())[1:]
            known = [parameter.name for parameter in taken if parameter.kind is not parameter.VAR_KEYWORD]
            unknown = sorted(set(new) - set(known))
            if unknown and len(known) == len(taken):
                raise ValueError(f"module takes no parameters {unknown}. It takes {known}.")
            self.module_params = {**(self.module_params or {}), **new}
        return self
