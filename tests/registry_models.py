"""The registry's models as the common tests see them: cheap, and in the configurations that take other paths."""

from __future__ import annotations

import inspect

import skgen
from skgen._registry import MODELS

#: What makes a model cheap, set wherever it has the parameter.
CHEAP = {"max_epochs": 2, "n_init": 1, "n_estimators": 8}

#: Beside the default configuration, those that take other paths through a model.
CONFIGURATIONS = {
    "AdversarialRandomForest": [{"smoothing": 1.0, "min_samples_leaf": 10}],
    "AutoregressiveTrees": [{"sharpness": 0.0, "min_samples_leaf": 10, "max_cells": 64}],
    "BayesianNetwork": [{"structure": "chow-liu", "smoothing": 0.5, "n_bins": 4}],
    "GaussianCopula": [{"marginals": "standardize", "shrinkage": 0.1}],
    "GaussianMixture": [{"n_components": 3}, {"n_components": 2, "covariance_type": "diag"}],
    "IndependentColumns": [{"family": "spline"}],
    "KernelDensity": [{"bandwidth": 0.4}, {"bandwidth": "neighbors"}],
}


def estimators(kind="model"):
    """Unfitted estimators of a kind, the default configuration of each first."""
    found = []
    for name, (_, own_kind) in MODELS.items():
        if own_kind != kind:
            continue
        cls = getattr(skgen, name)
        own = inspect.signature(cls).parameters
        cheap = {key: value for key, value in CHEAP.items() if key in own}
        found += [cls(**cheap, **extra) for extra in [{}, *CONFIGURATIONS.get(name, [])]]
    return found
