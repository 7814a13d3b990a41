"""A stand-in model in the registry, fitted and saved."""

from __future__ import annotations

import numpy as np
import pytest
from stand_ins import Normal

from skgen import _registry, save


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    for name in ("Normal", "Bootstrap", "RealNormal"):
        monkeypatch.setitem(_registry.MODELS, name, ("stand_ins", "model"))
    monkeypatch.setitem(_registry.STATE_OBJECTS, "Law", "stand_ins")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.skgen"


@pytest.fixture
def fitted():
    return Normal(random_state=3).fit(np.random.default_rng(0).normal(size=(50, 3)))


@pytest.fixture
def saved(fitted, path):
    save(fitted, path)
    return path
