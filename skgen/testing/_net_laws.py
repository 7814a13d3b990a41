"""Net laws: what a model owes that is trained by gradients, or scored by draws of its latent numbers."""

from __future__ import annotations

import numpy as np

from ._law import Z_LIMIT, fitted, is_net, require
from ._reference import known_table, mixed_table, plane_rows, smooth_rows


def every_weight_is_trained(estimator):
    """A gradient reaches every named parameter: without decay, training moves each off its start.

    A parameter whose gradients cancel to the last bit while training lasts is idle too: so does the level of a
    discriminator under a hinge, for as long as all rows are within the margin.
    """
    require(is_net(estimator), "the model is no net")
    for name, X in (("array", smooth_rows(150, 3, seed=61)), ("table", mixed_table(150, seed=61))):
        plain = {"weight_decay": 0.0, "ema_decay": None, "early_stopping": False}
        start, end = (_weights(fitted(estimator, X, **plain, **more)) for more in ({"max_epochs": 0}, {}))
        idle = [key for key in start if np.array_equal(start[key], end[key])]
        assert not idle, f"{name}: no gradient reaches {', '.join(idle)}."


def _weights(model):
    return {key: parameter.detach().cpu().numpy() for key, parameter in model.module_.named_parameters()}


def bounds_grow_with_draws(estimator):
    """The mean of a bound over rows rises with the draws of latent numbers that it takes."""
    require("n_importance_samples" in estimator.get_params(deep=False), "the score draws no latent numbers")
    for name, X, rows in (
        ("array", plane_rows(300, seed=62), plane_rows(400, seed=63)),
        ("table", known_table(300, seed=62), known_table(400, seed=63)),
    ):
        model, scores = fitted(estimator, X), []
        for n_draws in (1, 8, 64):
            scores.append(model.set_params(n_importance_samples=n_draws).score_samples(rows))
        for few, many, n_draws in zip(scores, scores[1:], (8, 64)):
            gain = many - few
            error = gain.std(ddof=1) / np.sqrt(len(gain))
            assert gain.mean() >= -Z_LIMIT * error, (
                f"{name}: {n_draws} draws instead of {n_draws // 8} lower the mean score by {-gain.mean():.3g} nats "
                f"(standard error {error:.2g})."
            )


#: Laws of models that have `max_epochs`; `bounds_grow_with_draws` of those with `n_importance_samples`.
NET_LAWS = {law.__name__: law for law in (every_weight_is_trained, bounds_grow_with_draws)}
