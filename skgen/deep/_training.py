"""Training: everything that a step or an epoch changes, as one thing that can be written down and put back.

A checkpoint holds it, a divergence goes back to it, and `partial_fit` goes on from it. The generators of an epoch are
made from (seed, epoch, attempt), so that their state is these three numbers.
"""

from __future__ import annotations

import numpy as np
import torch

from .._random import block_generator
from ._average import WeightAverage
from ._module import array_of
from ._random import torch_generator
from ._schedule import RateSchedule
from ._step import NonFiniteStep, TrainingStep
from ._stopping import EarlyStopping


def copied(value):
    """Nested dicts and lists with their tensors copied."""
    if isinstance(value, torch.Tensor):
        return value.detach().clone()
    if isinstance(value, dict):
        return {key: copied(item) for key, item in value.items()}
    return [copied(item) for item in value] if isinstance(value, (list, tuple)) else value


class Training:
    """The state of a training.

    Parameters
    ----------
    module : DensityModule
        The module, on its device.
    seed : int
        What the generators are made from.
    settings : Settings
        Rates, decays and patience.
    """

    def __init__(self, module, seed, settings):
        self.module, self.seed, self.settings = module, int(seed), settings
        self.optimizers = module.make_optimizers(settings.lr, settings.weight_decay)
        self._rates = {
            name: [group["lr"] for group in optimizer.param_groups] for name, optimizer in self.optimizers.items()
        }
        self.average = WeightAverage(module, settings.ema_decay)
        self.stopping = EarlyStopping(settings.patience, settings.tol)
        self.schedule = RateSchedule(settings.lr_schedule, settings.n_steps)
        self.step = TrainingStep(self.optimizers, settings.max_grad_norm)
        self.n_epochs, self.n_steps, self.n_attempts, self.rate = 0, 0, 0, 1.0

    def generators(self):
        """Those of numpy and torch for the coming epoch."""
        rng = block_generator(self.seed, self.n_attempts, self.n_epochs)
        return rng, torch_generator(rng)

    def validation_generators(self):
        """Those of the validation rows: the same after every epoch."""
        rng = block_generator(self.seed, -1 % 2**32, 0)
        return rng, torch_generator(rng)

    def set_rates(self) -> float:
        """Learning rates for the coming step; the factor."""
        factor = self.rate * self.schedule.factor(self.n_steps)
        for name, optimizer in self.optimizers.items():
            for group, rate in zip(optimizer.param_groups, self._rates[name]):
                group["lr"] = rate * factor
        return factor

    def retry(self, state, n_attempts):
        """Back to an earlier state, with other random numbers and half the rate."""
        rate = self.rate / 2
        self.restore(state)
        self.n_attempts, self.rate = n_attempts, rate

    def check_weights(self):
        """Raise NonFiniteStep where a step with finite gradients left weights that are not."""
        norms = torch._foreach_norm([p.detach() for p in self.module.parameters()])
        if not torch.isfinite(torch.stack(norms)).all():
            raise NonFiniteStep

    # ---- states --------------------------------------------------------------------------------------------------

    def state(self) -> dict:
        """Numbers and tensors that nothing changes any more."""
        return {
            "counts": [self.n_epochs, self.n_steps, self.n_attempts],
            "rate": self.rate,
            "weights": copied(self.module.state_dict()),
            "optimizers": {name: copied(optimizer.state_dict()) for name, optimizer in self.optimizers.items()},
            "average": self.average.state(),
            "stopping": self.stopping.state(),
            "schedule": self.schedule.state(),
        }

    def restore(self, state):
        """Put back what `state` gave."""
        self.n_epochs, self.n_steps, self.n_attempts = state["counts"]
        self.rate = state["rate"]
        self.module.load_state_dict(state["weights"])
        for name, optimizer in self.optimizers.items():
            optimizer.load_state_dict(copied(state["optimizers"][name]))
        self.average.restore(state["average"])
        self.stopping.restore(copied(state["stopping"]))
        self.schedule.restore(state["schedule"])

    def go_on(self, model, chunk):
        """From where a fitted model stands: chunks of `partial_fit` are one training, a warm start begins another."""
        if chunk and hasattr(model, "training_"):
            self.restore(model.training_.tensors())
            self.stopping.is_told = False  # that was of the last chunk
        self.n_epochs = model.n_epochs_

    def finish(self):
        """Leave the weights that are to be used in the module: the best of early stopping, else the average."""
        if self.stopping.best_weights is not None:
            self.module.load_state_dict(self.stopping.best_weights)
        else:
            self.average.leave()


class TrainingRecord:
    """A training's state as arrays, from which a fitted model goes on.

    Parameters
    ----------
    state : dict
        Of `Training.state`, its tensors as arrays.
    """

    def __init__(self, state):
        self.state = state

    @classmethod
    def of(cls, training):
        """The record of a training."""
        return cls(_as_arrays(training.state()))

    def tensors(self) -> dict:
        """What `Training.restore` takes."""
        return _as_tensors(self.state)

    def to_state(self) -> dict:
        return self.state

    @classmethod
    def from_state(cls, state):
        return cls(state)


def _as_arrays(value):
    if isinstance(value, torch.Tensor):
        return array_of(value)
    if isinstance(value, dict):
        return {key: _as_arrays(item) for key, item in value.items()}
    return [_as_arrays(item) for item in value] if isinstance(value, (list, tuple)) else value


def _as_tensors(value):
    if isinstance(value, np.ndarray):
        return torch.as_tensor(value.copy())
    if isinstance(value, dict):
        return {key: _as_tensors(item) for key, item in value.items()}
    return [_as_tensors(item) for item in value] if isinstance(value, list) else value
