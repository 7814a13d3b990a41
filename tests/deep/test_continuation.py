"""Going on: chunks, warm starts, and models that were saved, pickled or moved in between."""

import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from skorch.callbacks import Callback
from torch_modules import Mean
from toy_deep import ToyModule, ToyNet

from skgen import (
    VAE,
    Autoencoder,
    AutoregressiveNetwork,
    DiffusionModel,
    NormalizingFlow,
    TorchDensity,
    _registry,
    load,
    save,
)
from skgen.deep._training import TrainingRecord
from skgen.exceptions import InterruptedFitWarning

rng = np.random.default_rng(0)
X = rng.normal(size=(150, 2)) @ np.array([[1.0, 0.8], [0.0, 0.5]])


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    monkeypatch.setitem(_registry.MODELS, "ToyNet", ("toy_deep", "model"))
    monkeypatch.setitem(_registry.STATE_OBJECTS, "ToyModule", "toy_deep")


def small(**parameters):
    parameters = {"max_epochs": 3, "batch_size": 50, "early_stopping": False, "random_state": 0, **parameters}
    return ToyNet(4, **parameters)


def weights(model):
    return {name: tensor.numpy() for name, tensor in model.module_.state_dict().items()}


def same(a, b):
    a, b = weights(a), weights(b)
    return a.keys() == b.keys() and all(np.array_equal(a[name], b[name]) for name in a)


def figures(history):
    return [{name: value for name, value in row.items() if name != "dur"} for row in history]


def saved(model, path):
    save(model, path / "model.skgen")
    return load(path / "model.skgen")


BETWEEN = {
    "nothing": lambda model, path: model,
    "pickle": lambda model, path: pickle.loads(pickle.dumps(model)),
    "save": saved,
}


@pytest.mark.parametrize("between", BETWEEN)
@pytest.mark.parametrize("lr_schedule", ["cosine", "plateau", "constant"])
def test_chunks_of_all_rows_are_epochs_of_a_fit(between, lr_schedule, tmp_path):
    """Bit for bit: moments of the optimiser, averages and schedules go on, in a copy as in the model."""
    table = pd.DataFrame({"x": X[:, 0], "y": np.round(3 * X[:, 1])})
    parameters = {"lr_schedule": lr_schedule, "ema_decay": 0.8, "lr": 0.05, "max_epochs": 8}
    model = small(**parameters)
    for _ in range(8):
        model = BETWEEN[between](model, tmp_path).partial_fit(table)
    whole = small(**parameters).fit(table)
    assert model.n_epochs_ == 8 and figures(model.history_) == figures(whole.history_)
    assert same(model, whole)
    assert np.array_equal(model.score_samples(table), whole.score_samples(table))


def test_chunks_go_on_from_a_fit():
    model = small().fit(X)
    before = weights(model)
    model.set_params(lr=1e-9).partial_fit(X)
    assert model.n_epochs_ == 4 and [row["epoch"] for row in model.history_] == [1, 2, 3, 4]
    assert all(np.allclose(weights(model)[name], before[name], atol=1e-6) for name in before)


def test_chunks_may_hold_what_the_first_did_not():
    table = pd.DataFrame({"x": X[:, 0], "level": np.where(X[:, 1] > 0, "a", "b")})
    model = small().partial_fit(table)
    model.partial_fit(table.assign(x=table["x"] + 100, level="c"))
    assert np.isfinite(model.score_samples(table)).all() and model.n_epochs_ == 2


def test_a_fit_begins_anew():
    once = small().fit(X)
    model = small().partial_fit(X[:50]).partial_fit(X[:50])
    assert same(model.fit(X), once) and not hasattr(model, "training_")


class FarMean(Mean):
    """A mean that starts one standard deviation from that of the rows."""

    def __init__(self, n_features):
        super().__init__(n_features)
        torch.nn.init.ones_(self.mean)


@pytest.mark.parametrize("factor", [1.0, 2.0])
def test_chunks_keep_their_weight(factor):
    """Plain descent goes as far as the rows of a chunk weigh; in one fit only ratios of weights matter."""
    weight = factor * np.r_[np.ones(75), np.full(75, 3.0)]
    parameters = {"batch_size": 150, "lr": 0.05, "lr_schedule": "constant", "early_stopping": False}
    net = TorchDensity(FarMean, max_epochs=2, marginals="standardize", max_grad_norm=None, **parameters)
    whole = clone(net).fit(X, sample_weight=weight)
    assert weights(whole)["inner.mean"] == pytest.approx(np.full(2, 0.95**2), abs=1e-5)
    chunks = net.partial_fit(X, sample_weight=weight).partial_fit(X, sample_weight=weight)
    assert weights(chunks)["inner.mean"] == pytest.approx(np.full(2, (1 - 0.1 * factor) ** 2), abs=1e-5)


def test_an_interrupted_chunk_leaves_the_last_one(monkeypatch):
    model = small().partial_fit(X)
    before = weights(model)

    def interrupted(self, x, generator):
        raise KeyboardInterrupt

    monkeypatch.setattr(ToyModule, "loss", interrupted)
    with pytest.warns(InterruptedFitWarning, match="after 0 epochs"):
        model.partial_fit(X)
    assert model.n_epochs_ == 1 and all(np.array_equal(weights(model)[name], before[name]) for name in before)


# ---- warm start ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("early_stopping", [False, True])
def test_a_warm_start_goes_on_from_the_weights_that_are_used(early_stopping):
    """Those of the least loss or the average, not the last ones."""
    model = small(early_stopping=early_stopping, ema_decay=0.9, warm_start=True, lr=0.1, max_epochs=10).fit(X)
    first = weights(model)
    model.set_params(max_epochs=0).fit(X)
    assert all(np.array_equal(weights(model)[name], first[name]) for name in first)
    model.set_params(max_epochs=2).fit(X)
    assert model.n_epochs_ == len(model.history_) == 12 and not same(model, small(max_epochs=0).fit(X))


def test_a_warm_start_keeps_the_coordinates():
    """On other rows too: weights mean nothing in other units."""
    model = small(warm_start=True, max_epochs=40, lr=0.01).fit(X)
    before = model.score_samples(X)
    model.set_params(lr=1e-9).fit(100 * X + 7)
    assert model.score_samples(X) == pytest.approx(before, abs=1e-4)
    with pytest.raises(ValueError, match="features"):
        model.fit(X[:, :1])


def test_a_warm_start_needs_the_same_net():
    model = small(warm_start=True).fit(X)
    before = weights(model)
    with pytest.raises(ValueError, match="warm_start=False"):
        model.set_params(width=5).fit(X)
    assert all(np.array_equal(weights(model)[name], before[name]) for name in before)
    assert model.set_params(warm_start=False).fit(X).module_.config["width"] == 5


# ---- copies ----------------------------------------------------------------------------------------------------------


def test_a_saved_model_is_the_same(tmp_path):
    model = small(ema_decay=0.9).fit(X)
    model.sample(3)
    again = saved(model, tmp_path)
    assert same(model, again) and not again.module_.training
    assert np.array_equal(model.score_samples(X), again.score_samples(X))
    assert np.array_equal(model.sample(4), again.sample(4))


def test_a_record_of_a_gpu_loads_anywhere():
    """Records and states hold arrays: nothing of the device where they were made is left."""
    model = small(ema_decay=0.5).partial_fit(X)

    def leaves(value):
        if isinstance(value, (dict, list, tuple)):
            for item in value.values() if isinstance(value, dict) else value:
                yield from leaves(item)
        else:
            yield value

    kinds = {type(leaf) for leaf in leaves(model.training_.to_state())} | {
        type(leaf) for leaf in leaves(model.module_.to_state()["weights"])
    }
    assert kinds <= {np.ndarray, int, float, bool, str, type(None)}
    record = TrainingRecord.from_state(model.training_.to_state())
    assert {leaf.device for leaf in leaves(record.tensors()) if isinstance(leaf, torch.Tensor)} == {torch.device("cpu")}


@pytest.mark.parametrize(
    ("model", "changed"),
    [
        (NormalizingFlow(n_passes=4, hidden_layer_sizes=(8,), n_bins=4, max_epochs=1), {"n_passes": 2}),
        (NormalizingFlow(hidden_layer_sizes=(8,), n_bins=4, max_epochs=1), {"activation": "tanh"}),
        (NormalizingFlow(hidden_layer_sizes=(8,), n_bins=4, max_epochs=1), {"marginals": "standardize"}),
        (VAE(hidden_layer_sizes=(8,), max_epochs=1), {"activation": "tanh"}),
        (Autoencoder(hidden_layer_sizes=(8,), max_epochs=1), {"activation": "tanh"}),
        (DiffusionModel(hidden_units=8, n_blocks=1, max_cells=4, sigma_min=0.3, max_epochs=1), {"sigma_max": 5.0}),
        (DiffusionModel(hidden_units=8, n_blocks=1, max_cells=4, sigma_min=0.3, max_epochs=1), {"max_cells": 5}),
        (AutoregressiveNetwork(hidden_units=8, max_epochs=1), {"column_order": "given"}),
        (AutoregressiveNetwork(hidden_units=8, max_epochs=1), {"n_orders": 2}),
        (AutoregressiveNetwork(hidden_units=8, max_epochs=1), {"max_cells": 9, "schema": None}),
    ],
    ids=lambda part: type(part).__name__ if not isinstance(part, dict) else "-".join(part),
)
def test_a_warm_start_refuses_a_law_of_another_build(model, changed):
    """Weights of the same shapes that mean another law."""
    X = np.random.default_rng(0).normal(size=(200, 4))
    model.set_params(warm_start=True, random_state=0).fit(X)
    with pytest.raises(ValueError, match="warm_start=False"):
        model.set_params(**changed).fit(X)


def test_an_interrupted_chunk_says_how_to_go_on(monkeypatch):
    """`fit` would begin anew and forget the chunks."""

    def interrupted(self, x, generator):
        raise KeyboardInterrupt

    monkeypatch.setattr(ToyModule, "loss", interrupted)
    with pytest.warns(InterruptedFitWarning, match="Call partial_fit again to go on"):
        small().partial_fit(X)


class Stops(Callback):
    """Ends a training after each epoch, as skorch's callbacks do."""

    def on_epoch_end(self, net, **kwargs):
        raise KeyboardInterrupt


def test_a_callback_ends_one_chunk_and_not_the_next():
    model = small(callbacks=[Stops()])
    assert [model.partial_fit(X).n_epochs_ for _ in range(3)] == [1, 2, 3]
