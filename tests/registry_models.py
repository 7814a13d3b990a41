"""The registry's models as the common tests see them: cheap, and in the configurations that take other paths."""

from __future__ import annotations

import inspect

import pytest
from torch_modules import AutoregressiveNormal

import skgen
from skgen._registry import MODELS

#: What makes a model cheap, set wherever it has the parameter.
CHEAP = {"max_epochs": 2, "n_importance_samples": 4, "n_centres": 100, "n_init": 1, "n_estimators": 8}

#: What a model cannot be made without.
REQUIRED = {"TorchDensity": {"module": AutoregressiveNormal}}

#: What makes one model cheap: its scores solve an equation, or its samples take a pass per column.
SMALL = {
    "AutoregressiveNetwork": {"hidden_units": 64},
    "DiffusionModel": {"hidden_units": 8, "n_blocks": 1, "max_cells": 4, "sigma_min": 0.3},
    "Autoencoder": {"hidden_layer_sizes": (64,)},
    "GAN": {"hidden_layer_sizes": (32,), "discriminator_layer_sizes": (32,)},
    "NormalizingFlow": {"hidden_layer_sizes": (32,), "n_bins": 8},
    "VAE": {"hidden_layer_sizes": (64,)},
}

#: Beside the default configuration, those that take other paths through a model.
CONFIGURATIONS = {
    "AdversarialRandomForest": [{"smoothing": 1.0, "min_samples_leaf": 10}],
    "AutoregressiveNetwork": [
        {"hidden_units": 32, "max_cells": 32, "any_order": False, "column_order": "given"},
    ],
    "AutoregressiveTrees": [{"sharpness": 0.0, "min_samples_leaf": 10, "max_cells": 64}],
    "BayesianNetwork": [{"structure": "chow-liu", "smoothing": 0.5, "n_bins": 4}],
    "GaussianCopula": [{"marginals": "standardize", "shrinkage": 0.1}],
    "GaussianMixture": [{"n_components": 3}, {"n_components": 2, "covariance_type": "diag"}],
    "IndependentColumns": [{"family": "spline"}],
    "KernelDensity": [{"bandwidth": 0.4}, {"bandwidth": "neighbors"}],
    "Autoencoder": [
        {"latent_dim": 2, "hidden_layer_sizes": (32,), "n_components": 2, "regularization": "gradient_penalty"}
    ],
    "VAE": [{"latent_dim": 2, "hidden_layer_sizes": (32,), "n_prior_components": 1, "n_importance_samples": 9}],
    "TorchDensity": [{"marginals": "standardize", "ema_decay": 0.9, "early_stopping": False}],
}


#: Further ones, of which the laws make slow tests.
MORE_CONFIGURATIONS = {
    "GAN": [{"loss": "ns", "pack_size": 2}],
    "NormalizingFlow": [{"architecture": "realnvp"}, {"architecture": "glow"}, {"architecture": "maf"}],
}


def estimators(kind="model", more=False):
    """Unfitted estimators of a kind, the default configuration of each first."""
    found = []
    for name, (_, own_kind) in MODELS.items():
        if own_kind != kind:
            continue
        cls = getattr(skgen, name)
        own = inspect.signature(cls).parameters
        cheap = {key: value for key, value in CHEAP.items() if key in own}
        cheap |= REQUIRED.get(name, {}) | SMALL.get(name, {})
        others = CONFIGURATIONS.get(name, []) + (MORE_CONFIGURATIONS.get(name, []) if more else [])
        found += [cls(**{**cheap, **extra}) for extra in [{}, *others]]
    return found


def with_slow_nets(found):
    """The estimators as test parameters; nets in other configurations than their default one are slow tests."""
    seen, parameters = set(), []
    for estimator in found:
        name = type(estimator).__name__
        is_slow = name in seen and MODELS[name][0].startswith("skgen.deep.")
        parameters.append(pytest.param(estimator, marks=pytest.mark.slow if is_slow else ()))
        seen.add(name)
    return parameters
