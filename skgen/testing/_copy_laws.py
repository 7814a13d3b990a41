"""Copy laws: a model that was saved, pickled or cloned and refitted is the same model, to the bit."""

from __future__ import annotations

import pickle
import tempfile
from pathlib import Path

import numpy as np
from sklearn.base import clone

from .._registry import MODELS
from ..persistence import load, save
from ._law import configured, fitted, holds_code, require
from ._reference import mixed_table, smooth_rows
from ._seed_laws import same_rows


def save_and_load(estimator):
    """`save` then `load` gives a model with the same parameters, scores and stream of samples."""
    require(type(estimator).__name__ in MODELS, "the model is not in the registry")
    require(not holds_code(estimator), "a parameter is code of the user's")
    for name, X in _data():
        model = fitted(estimator, X)
        model.sample(3)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.skgen"
            save(model, path)
            _check_same(model, load(path), X, f"{name}: the loaded model")


def pickling(estimator):
    """A pickled model has the same parameters, scores and stream of samples."""
    for name, X in _data():
        model = fitted(estimator, X)
        model.sample(3)
        _check_same(model, pickle.loads(pickle.dumps(model)), X, f"{name}: the unpickled model")


def clone_and_refit(estimator):
    """A clone of a fitted model is unfitted, and refitted it is the same model."""
    for name, X in _data():
        model = fitted(estimator, X)
        copy = clone(model)
        left = sorted(set(vars(copy)) - set(copy.get_params(deep=False)))
        assert not left, f"{name}: a clone carries {', '.join(left)}."
        _check_same(model, fitted(copy, X), X, f"{name}: the refitted clone")


def _data():
    yield "array", smooth_rows(120, 2, seed=60)
    yield "table", mixed_table(150, seed=60)


def _check_same(model, copy, X, what):
    assert type(copy) is type(model), f"{what} is a {type(copy).__name__}."
    own, other = repr(configured(model)), repr(configured(copy))
    assert own == other, f"{what} has other parameters: {other}, expected {own}."
    assert np.array_equal(model.score_samples(X), copy.score_samples(X)), f"{what} scores differently."
    assert same_rows(model.sample(40), copy.sample(40)), f"{what} does not continue the stream of samples."
    assert same_rows(model.sample(40, random_state=2), copy.sample(40, random_state=2)), f"{what} samples differently."


COPY_LAWS = {law.__name__: law for law in (save_and_load, pickling, clone_and_refit)}
