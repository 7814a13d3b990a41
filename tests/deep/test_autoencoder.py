"""Autoencoder: reconstruction, the law of its codes, its penalties, its score beside the ceiling."""

import numpy as np
import pandas as pd
import pytest
import torch

from skgen import Autoencoder
from skgen.deep._random import torch_generator

SMALL = {"latent_dim": 2, "hidden_layer_sizes": (64,), "n_components": 8, "n_centres": 1000, "random_state": 0}


def ring(n, seed=0):
    """Two numbers on a ring, and the quadrant as a label."""
    rng = np.random.default_rng(seed)
    angle = rng.uniform(0, 2 * np.pi, n)
    x, y = np.cos(angle), np.sin(angle)
    quadrant = np.array(list("abcd"))[(angle // (np.pi / 2)).astype(int)]
    noise = 0.05 * rng.normal(size=(2, n))
    return pd.DataFrame({"x": (x + noise[0]).round(3), "y": (y + noise[1]).round(3), "quadrant": quadrant})


@pytest.fixture(scope="module")
def fitted():
    return Autoencoder(**SMALL, max_epochs=60).fit(ring(2000))


def test_codes_say_what_the_row_was(fitted):
    X = ring(500, seed=1)
    back = fitted.inverse_transform(fitted.transform(X))
    assert (back["quadrant"] == X["quadrant"]).mean() > 0.95
    assert np.abs(back[["x", "y"]] - X[["x", "y"]]).mean().max() < 0.1


def test_samples_lie_on_the_ring(fitted):
    S = fitted.sample(2000, random_state=0)
    assert np.hypot(S["x"], S["y"]).between(0.7, 1.3).mean() > 0.9
    right = np.array(list("abcd"))[(np.mod(np.arctan2(S["y"], S["x"]), 2 * np.pi) // (np.pi / 2)).astype(int)]
    assert (S["quadrant"] == right).mean() > 0.85
    assert S["quadrant"].value_counts(normalize=True).between(0.2, 0.3).all()


def test_given_is_met_by_what_goes_with_it(fitted):
    S = fitted.sample(500, given={"quadrant": "a"}, random_state=0)
    assert ((S["x"] > -0.1) & (S["y"] > -0.1)).mean() > 0.9


def test_the_score_is_an_estimate_below_its_ceiling(fitted):
    test = ring(500, seed=2)
    assert fitted.likelihood_ == "estimate"
    assert fitted.score(test) < fitted.parzen_ceiling_ + 0.2
    assert fitted.score(test) > fitted.parzen_ceiling_ - 1.0
    moved = test.assign(x=test["x"] + 0.5)
    assert fitted.score(test) > fitted.score(moved) + 1


def test_the_gradient_penalty_smooths_the_decoder():
    X = ring(500)

    def steepness(model):
        h = torch.as_tensor(model.transform(X), dtype=torch.float32).requires_grad_()
        generator = torch_generator(np.random.default_rng(0))
        return model.module_._squared_gradient(h, model.module_.nets.decode(h), generator).mean().item()

    settings = {**SMALL, "n_centres": 50, "max_epochs": 10, "regularization": "gradient_penalty"}
    weak, strong = (Autoencoder(**settings, regularization_strength=strength).fit(X) for strength in (1e-4, 1.0))
    assert steepness(strong) < 0.5 * steepness(weak)


def test_weight_decay_is_the_decoders_alone():
    X = ring(500)
    settings = {**SMALL, "n_centres": 50, "max_epochs": 10, "regularization": "l2", "lr_schedule": "constant"}
    weak, strong = (Autoencoder(**settings, regularization_strength=s).fit(X) for s in (0.0, 30.0))

    def size(model, part):
        return sum((p**2).sum().item() for p in getattr(model.module_.nets, part).parameters())

    assert size(strong, "heads") < 0.5 * size(weak, "heads")
    assert size(strong, "encoder") > 0.7 * size(weak, "encoder")
