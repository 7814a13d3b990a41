"""TrainingStep: what one step of training may do with its losses."""

from __future__ import annotations

import math

import torch


class NonFiniteStep(Exception):
    """A loss, a gradient or a weight was infinite or no number."""


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
            Where the scalar or its gradient is not finite; no weight has changed then.
        """
        optimizer = self.optimizers[name]
        if parameters is None:
            parameters = [p for group in optimizer.param_groups for p in group["params"]]
        parameters = [p for p in parameters if p.requires_grad]
        optimizer.zero_grad(set_to_none=True)
        loss.backward(inputs=parameters)
        gradients = [p.grad for p in parameters if p.grad is not None]
        loss = loss.detach()
        norm = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(gradients)))
        size, value = torch.stack([norm, loss.to(norm)]).tolist()  # one wait for a GPU instead of two
        if not math.isfinite(size + value):
            raise NonFiniteStep
        if self.max_grad_norm is not None and size > self.max_grad_norm:
            torch._foreach_mul_(gradients, self.max_grad_norm / size)
        optimizer.step()
        return loss
