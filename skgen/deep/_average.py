r"""WeightAverage: an exponential moving average of the weights.

.. math:: \bar w_t = \delta_t \bar w_{t-1} + (1 - \delta_t) w_t, \qquad
          \delta_t = \min\bigl(\delta, \tfrac{1 + t}{10 + t}\bigr)

It scores and samples better than the last weights (Polyak and Juditsky, 1992); the slow start is that of TensorFlow's.
"""

from __future__ import annotations

import contextlib

import torch


def _slots(module):
    """Where each floating-point weight and saved buffer stands, once also where layers share it: (dict, key) pairs."""
    slots = {}
    for owner in module.modules():
        for key, tensor in [*owner._parameters.items(), *owner._buffers.items()]:
            if tensor is not None and tensor.is_floating_point() and key not in owner._non_persistent_buffers_set:
                home = owner._parameters if key in owner._parameters else owner._buffers
                slots.setdefault(id(tensor), (home, key))
    return list(slots.values())


class WeightAverage:
    """The average of a module's floating-point weights and buffers.

    Parameters
    ----------
    module : torch.nn.Module
        The module.
    decay : float or None
        The most that the average keeps of itself at a step; None averages nothing.
    """

    def __init__(self, module, decay):
        self.decay, self.n_steps = decay, 0
        self._slots = _slots(module)  # found once: a walk through the module costs as much as a small step
        self._mean = None if decay is None else [t.clone() for t in self._weights()]

    def _weights(self):
        return [home[key].detach() for home, key in self._slots]

    @torch.no_grad()
    def update(self):
        """Take in the weights after a step."""
        if self._mean is None:
            return
        self.n_steps += 1
        decay = min(self.decay, (1 + self.n_steps) / (10 + self.n_steps))
        torch._foreach_lerp_(self._mean, self._weights(), 1.0 - decay)

    @contextlib.contextmanager
    def applied(self):
        """The module has the average weights inside."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    def leave(self):
        """Leave the average weights in the module, for good."""
        self._swap()
        self._mean = None

    def _swap(self):
        if self._mean is None:
            return
        for i, (home, key) in enumerate(self._slots):
            home[key].data, self._mean[i] = self._mean[i], home[key].data

    def state(self) -> dict:
        return {"n_steps": self.n_steps, "mean": None if self._mean is None else [t.clone() for t in self._mean]}

    def restore(self, state):
        if self._mean is not None and state["mean"] is not None:
            self.n_steps = state["n_steps"]
            for mine, saved in zip(self._mean, state["mean"]):
                mine.copy_(saved)
