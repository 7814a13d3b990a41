"""A deep model of the tests' own: conditional normals, with columns that are always given."""

from __future__ import annotations

import numpy as np
import torch
from torch_modules import AutoregressiveNormal

from skgen.deep._module import DensityModule
from skgen.deep._random import torch_generator
from skgen.deep.base import DeepModel


class ToyModule(DensityModule):
    """Autoregressive normals over coordinates, the given ones first; a density of the others.

    Parameters
    ----------
    condition : ndarray of bool
        The given coordinates.
    width : int
        Hidden numbers per coordinate; 0 makes all of them standard normals.
    """

    def __init__(self, condition, width):
        super().__init__(condition=condition, width=width)
        order = np.argsort(~condition, kind="stable")
        self.register_buffer("order", torch.as_tensor(order))
        self.register_buffer("place", torch.as_tensor(np.argsort(order)))
        self.n_given = int(condition.sum())
        self.law = AutoregressiveNormal(len(condition), max(width, 1))
        if not width:
            torch.nn.init.zeros_(self.law.out)

    def log_prob(self, x):
        if self.training:
            self.seen = x
        mean, log_scale = self.law._mean_and_log_scale(x[:, self.order])
        z = (x[:, self.order] - mean) * torch.exp(-log_scale)
        return -(0.5 * z**2 + log_scale + 0.5 * np.log(2 * np.pi))[:, self.n_given :].sum(1)

    def sample_given(self, x, generator):
        """Rows with the other coordinates drawn given those of x."""
        x = x[:, self.order].clone()
        noise = torch.randn(x.shape, generator=generator).to(x)
        for j in range(self.n_given, x.shape[1]):  # each coordinate needs those before it
            mean, log_scale = self.law._mean_and_log_scale(x)
            x[:, j] = mean[:, j] + torch.exp(log_scale[:, j]) * noise[:, j]
        return x[:, self.place]

    def sample(self, n, generator):
        return self.sample_given(self.law.out.new_zeros(n, len(self.order)), generator)


class ToyNet(DeepModel):
    """The module as a model.

    Parameters
    ----------
    width : int, default=8
        Hidden numbers per coordinate.
    condition_on, marginals, max_epochs, ...
        As in the package's models.
    """

    _view = "real"
    _parameter_constraints: dict = {**DeepModel._parameter_constraints, "condition_on": [list, None]}

    def __init__(
        self,
        width=8,
        condition_on=None,
        marginals="gaussianize",
        *,
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
        self.width = width
        self.condition_on = condition_on
        self.marginals = marginals
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.lr = lr
        self.lr_schedule = lr_schedule
        self.weight_decay = weight_decay
        self.max_grad_norm = max_grad_norm
        self.ema_decay = ema_decay
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.warm_start = warm_start
        self.checkpoint = checkpoint
        self.callbacks = callbacks
        self.device = device
        self.verbose = verbose
        self.categorical_features = categorical_features
        self.schema = schema
        self.random_state = random_state

    def _build_module(self):
        return ToyModule(self._condition, self.width)

    def _sample_given(self, Z, known, rng):
        (x,) = self._inputs(Z)
        with torch.inference_mode():
            drawn = self.module_.sample_given(x, torch_generator(rng)).double().cpu().numpy()
        drawn[:, known] = Z[:, known]
        return drawn
