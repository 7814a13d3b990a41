"""RateSchedule: the factor of the learning rate at each step.

"cosine" falls from 1 to 0 along half a cosine (Loshchilov and Hutter, 2017), "plateau" halves after epochs without a
lower loss, "constant" stays. All rise from 0 over the first steps, which keeps Adam's first moments in bounds.
"""

from __future__ import annotations

import math

#: Steps of the rise, and the most of all steps that it may take.
WARMUP_STEPS, WARMUP_SHARE = 100, 0.05

#: Epochs without a lower loss before the rate is halved, and the least factor.
PLATEAU_PATIENCE, LEAST_FACTOR = 5, 1e-3

#: Factor of a cosine past its end, where chunks go on.
PAST_FACTOR = 0.01

#: Names of the schedules.
SCHEDULES = ("cosine", "plateau", "constant")


class RateSchedule:
    """The learning rate over a training.

    Parameters
    ----------
    kind : {"cosine", "plateau", "constant"}
        The schedule.
    n_steps : int or None
        Steps of the whole training; None where that is open, which makes a cosine constant. Past its end a cosine
        stays at `PAST_FACTOR`.
    """

    def __init__(self, kind, n_steps):
        self.kind, self.n_steps = kind, n_steps
        self._warmup = WARMUP_STEPS if n_steps is None else min(WARMUP_STEPS, int(WARMUP_SHARE * n_steps))
        self._best, self._n_bad, self._level = math.inf, 0, 1.0

    def factor(self, step) -> float:
        """The factor at a step, counted from 0."""
        rise = min((step + 1) / (self._warmup + 1), 1.0)
        if self.kind == "cosine" and self.n_steps is not None:
            if step >= self.n_steps:
                return PAST_FACTOR
            return rise * 0.5 * (1.0 + math.cos(math.pi * step / self.n_steps))
        return rise * self._level

    def watch(self, loss):
        """Take in the loss after an epoch."""
        if self.kind != "plateau":
            return
        self._n_bad = 0 if loss < self._best else self._n_bad + 1
        self._best = min(self._best, loss)
        if self._n_bad >= PLATEAU_PATIENCE:
            self._level, self._n_bad = max(self._level / 2, LEAST_FACTOR), 0

    def state(self) -> dict:
        return {"best": self._best, "n_bad": self._n_bad, "level": self._level}

    def restore(self, state):
        self._best, self._n_bad, self._level = state["best"], state["n_bad"], state["level"]
