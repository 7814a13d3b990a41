"""EarlyStopping: the weights with the least validation loss, and when to give up on less."""

from __future__ import annotations

import math


class EarlyStopping:
    """Watches a loss over the epochs.

    Parameters
    ----------
    patience : int or None
        Epochs without an improvement after which training stops; None never stops and keeps no weights.
    tol : float
        The least improvement that counts.
    """

    def __init__(self, patience, tol):
        self.patience, self.tol, self.is_told = patience, tol, False
        self.best_loss, self.n_bad, self.best_weights, self._reference = math.inf, 0, None, math.inf

    def watch(self, loss, module):
        """Take in the loss after an epoch."""
        if self.patience is None:
            return
        if loss < self.best_loss:
            self.best_loss = loss
            self.best_weights = {name: t.detach().clone() for name, t in module.state_dict().items()}
        improved = loss < self._reference - self.tol
        self.n_bad = 0 if improved else self.n_bad + 1
        if improved:
            self._reference = loss

    @property
    def is_over(self) -> bool:
        """Whether to stop: told so by a callback, or out of patience."""
        return self.is_told or (self.patience is not None and self.n_bad >= self.patience)

    def state(self) -> dict:
        weights = self.best_weights
        return {
            "best_loss": self.best_loss,
            "reference": self._reference,
            "n_bad": self.n_bad,
            "is_told": self.is_told,
            "best_weights": None if weights is None else {name: t.clone() for name, t in weights.items()},
        }

    def restore(self, state):
        self.best_loss, self._reference, self.n_bad = state["best_loss"], state["reference"], state["n_bad"]
        self.best_weights, self.is_told = state["best_weights"], state["is_told"]
