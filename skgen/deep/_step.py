"""TrainingStep: what one step of training may do with its losses."""

from __future__ import annotations

import torch


class NonFiniteStep(Exception):
    """A loss or a gradient was infinite or no number; the step was not taken."""


class TrainingStep:
    """The optimisers and the generator of a step.

    Parameters
    ----------
    optimizers : dict
        Optimisers by name.
    max_grad_norm : float or None
        Gradients of a greater norm are scaled down to it.
    """

    def __init__(self, optimizers, max_grad_norm):
        self.optimizers, self.max_grad_norm = optimizers, max_grad_norm
        self.generator = None

    def descend(self, name, loss, parameters=None):
        """One step of an optimiser down the gradient of a scalar.

        Parameters
        ----------
        name : str
            The optimiser's name.
        loss : torch.Tensor
            The scalar.
        parameters : iterable of torch.Tensor, default=None
            What the gradient is taken for and clipped over; all of the optimiser's where None.

        Returns
        -------
        torch.Tensor
            The scalar, detached.

        Raises
        ------
        NonFiniteStep
            Where the scalar or its gradient is not finite; nothing has changed then.
        """
        optimizer = self.optimizers[name]
        if parameters is None:
            parameters = [p for group in optimizer.param_groups for p in group["params"]]
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        limit = float("inf") if self.max_grad_norm is None else self.max_grad_norm
        norm = torch.nn.utils.clip_grad_norm_(parameters, limit)
        if not torch.isfinite(norm + loss.detach()):
            raise NonFiniteStep
        optimizer.step()
        return loss.detach()
