"""DensityModule: what a deep model trains, a torch module that can be written down and rebuilt."""

from __future__ import annotations

import copy
import io

import numpy as np
import torch
from torch import nn

from ._random import seeded_init


def array_of(tensor) -> np.ndarray:
    """A tensor as an array of its own."""
    return tensor.detach().cpu().numpy().copy()


def adamw(parameters, lr, weight_decay, betas=(0.9, 0.999)) -> torch.optim.AdamW:
    """AdamW in one kernel, which halves its time on a CPU."""
    return torch.optim.AdamW(parameters, lr=lr, betas=betas, weight_decay=weight_decay, fused=True)


class DensityModule(nn.Module):
    """A law as a torch module.

    A subclass hands all its constructor's arguments to this one, which keeps them: they and the weights are the module.
    It writes `log_prob`, or `loss` and `sample`, or `training_step`.

    Parameters
    ----------
    **config
        The constructor's arguments: numbers, strings, lists, dicts, arrays or objects with `to_state`.
    """

    #: Arguments that weights of one shape depend on: nets that differ in them cannot go on from each other.
    shaping: tuple[str, ...] = ()

    #: Whether batches hold rows drawn by their weights, for a loss that is no sum over rows.
    draws_by_weight = False

    def __init__(self, **config):
        super().__init__()
        self.config = config
        self._double = None

    # ---- what a module may write ---------------------------------------------------------------------------------

    def log_prob(self, x):
        """Log-density (n,) of rows, nats."""
        raise NotImplementedError(f"{type(self).__name__} has no log-density: write log_prob.")

    def loss(self, x, generator):
        """Loss (n,) of rows; random numbers come from the generator."""
        return -self.log_prob(x)

    def sample(self, n, generator):
        """Rows drawn with random numbers from the generator."""
        raise NotImplementedError(f"{type(self).__name__} draws no samples: write sample.")

    def make_optimizers(self, lr, weight_decay) -> dict:
        """Optimisers by name."""
        return {"all": adamw(self.parameters(), lr, weight_decay)}

    def training_step(self, x, weight, step) -> dict:
        """One step of training on a batch; scalars for the history, "loss" among them."""
        loss = self.loss(x, step.generator)
        mean = loss.mean() if weight is None else (weight * loss).mean()
        return {"loss": step.descend("all", mean)}

    # ---- copies --------------------------------------------------------------------------------------------------

    def in_double(self):
        """The module in float64, on the same device: made once, never saved."""
        if self._double is None:
            double = copy.deepcopy(self).double()
            double.eval()
            object.__setattr__(self, "_double", double)  # no submodule: its weights are this module's
        return self._double

    def drop_double(self):
        """Forget the float64 copy: the weights have changed."""
        object.__setattr__(self, "_double", None)

    def device(self) -> torch.device:
        """Where the weights lie."""
        return next((p.device for p in self.parameters()), torch.device("cpu"))

    def __deepcopy__(self, memo):
        new = type(self).__new__(type(self))
        memo[id(self)] = new
        new.__dict__.update(copy.deepcopy({**self.__dict__, "_double": None}, memo))
        return new

    def __getstate__(self):
        state = {**self.__dict__, "_double": None}
        if self.device().type == "cpu":
            return state
        buffer = io.BytesIO()  # copies go by the CPU, so that one of a GPU loads without one
        torch.save(state, buffer)
        buffer.seek(0)
        return torch.load(buffer, map_location="cpu", weights_only=False)

    # ---- saving --------------------------------------------------------------------------------------------------

    def to_state(self) -> dict:
        weights = {name: array_of(tensor) for name, tensor in self.state_dict().items()}
        return {"config": self.config, "weights": weights}

    @classmethod
    def from_state(cls, state):
        with seeded_init(0):
            module = cls(**state["config"])
        module.load_state_dict({name: torch.as_tensor(array) for name, array in state["weights"].items()})
        return module.eval()
