"""Starting points of a mixture that are given: by the user's arrays, or by the last fit."""

from __future__ import annotations

import numpy as np

from .components import Components


def with_inits(components, weights_init, means_init, precisions_init):
    """Components with some parameters replaced by the user's, which are in the units of the table."""
    K, order = len(components.weights), components.block.columns
    block, b = components.block.arranged(np.sort(order)), len(order)
    if weights_init is not None:
        weights = _checked("weights_init", weights_init, (K,))
        if (weights < 0).any() or not np.isclose(weights.sum(), 1):
            raise ValueError(f"weights_init must be non-negative and sum to 1, got a sum of {weights.sum():g}.")
        components.weights = weights / weights.sum()
    if means_init is not None:
        block.means = (_checked("means_init", means_init, (K, b)) - block.centre) / block.scale
    if precisions_init is not None:
        shapes = {"full": (K, b, b), "tied": (b, b), "diag": (K, b), "spherical": (K,)}
        precisions = _checked("precisions_init", precisions_init, shapes[block.covariance_type])
        block.covariances = _inverse(precisions, block.is_diagonal) / block.unit_of_covariances()
    components.block = block.arranged(order)
    return components


def _checked(name, init, shape):
    init = np.asarray(init, float)
    if init.shape != shape or not np.isfinite(init).all():
        raise ValueError(
            f"{name} must be finite, of shape {shape} (components, then columns of the Gaussian), got {init.shape}."
        )
    return init


def _inverse(precisions, is_diagonal):
    if is_diagonal:
        smallest = precisions.min()
    else:
        smallest = np.linalg.eigvalsh(precisions).min()
    if smallest <= 0:
        raise ValueError("precisions_init must be positive (definite), got a matrix or number that is not.")
    return 1 / precisions if is_diagonal else np.linalg.inv(precisions)


def from_last_fit(overall, last, K):
    """Components of the last fit, told the rows of this one; None where they are not of the same kind.

    Parameters
    ----------
    overall : Components
        Laws of one component that fit the new table.
    last : Components
        Of the last fit.
    K : int
        Components wanted.
    """
    new = overall.pick([0] * K)
    old_laws = {law.index: law for law in last.laws if law.learns}
    alike = (
        len(last.weights) == K
        and np.array_equal(np.sort(last.block.columns), np.sort(new.block.columns))
        and last.block.covariance_type == new.block.covariance_type
        and sorted(old_laws) == sorted(law.index for law in new.laws)
        and all(law.is_alike(old_laws[law.index]) for law in new.laws)
    )
    if not alike:
        return None
    old, block = last.block.arranged(new.block.columns), new.block
    block.means = (old.centre + old.scale * old.means - block.centre) / block.scale
    block.covariances = old.covariances * old.unit_of_covariances() / block.unit_of_covariances()
    laws = [law.with_parameters_of(old_laws[law.index]) for law in new.laws]
    return Components(last.weights.copy(), block, laws)
