"""Mutants of the laws of nets: one wrong thing each."""

from __future__ import annotations

import numpy as np
import torch
from toy_deep import ToyModule, ToyNet
from toy_models import IndependentColumns


class _Idle(ToyModule):
    def __init__(self, condition, width):
        super().__init__(condition, width)
        self.idle = torch.nn.Linear(2, 2)


class IdleLayer(ToyNet):
    """A layer that nothing reads."""

    def __init__(self, width=8, max_epochs=2, early_stopping=False, random_state=None):
        super().__init__(width, max_epochs=max_epochs, early_stopping=early_stopping, random_state=random_state)

    def _build_module(self):
        return _Idle(self._condition, self.width)


class SumOfDraws(IndependentColumns):
    """A score that divides by the number of its draws once too often."""

    def __init__(self, n_importance_samples=1, categorical_features="from_dtype", schema=None, random_state=None):
        super().__init__(categorical_features=categorical_features, schema=schema, random_state=random_state)
        self.n_importance_samples = n_importance_samples

    _parameter_constraints: dict = {**IndependentColumns._parameter_constraints, "n_importance_samples": [int]}

    def _log_density(self, Z, known=None):
        return super()._log_density(Z, known) - np.log(self.n_importance_samples)


class WideUnnormalised(IndependentColumns):
    """The density is a hundredth too large."""

    def _log_density(self, Z, known=None):
        return super()._log_density(Z, known) + (1e-2 if known is None else 0.0)


class HalfConstant(IndependentColumns):
    """A constant column costs half of the mass."""

    def _log_density(self, Z, known=None):
        constants = sum(column.n_values == 1 for column in self.codec_.columns)
        return super()._log_density(Z, known) + constants * np.log(0.5)
