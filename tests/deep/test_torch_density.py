"""TorchDensity: a user's module behind the contract, its parameters among the model's."""

import copy
import functools
import math
import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from torch import nn
from torch_modules import AutoregressiveNormal, Faulty, Mean

from skgen import TorchDensity, save
from skgen.exceptions import UnsavableParameterError

X = np.random.default_rng(0).normal(size=(200, 2)) @ np.array([[1.0, 0.8], [0.0, 0.5]])


def small(module, **parameters):
    parameters = {"max_epochs": 2, "early_stopping": False, "random_state": 0, **parameters}
    return TorchDensity(module, **parameters)


def test_learns_a_normal_law():
    """Of correlated normals the score on fresh rows comes close to that of the law, and samples have its covariance."""
    law = np.array([[1.0, 0.8], [0.8, 0.89]])
    rng = np.random.default_rng(1)
    rows, fresh = (rng.multivariate_normal([0, 0], law, size=n) for n in (3_000, 3_000))
    model = TorchDensity(AutoregressiveNormal, max_epochs=30, lr=1e-2, random_state=0).fit(rows)
    expected = -0.5 * (2 + math.log((2 * math.pi) ** 2 * np.linalg.det(law)))
    assert model.score(fresh) == pytest.approx(expected, abs=0.06)
    assert np.cov(model.sample(20_000).T) == pytest.approx(law, abs=0.08)


# ---- parameters ------------------------------------------------------------------------------------------------------


def test_parameters_of_the_module_are_the_model_s():
    model = small(AutoregressiveNormal)
    assert model.get_params()["module__width"] == 8 and "module__n_features" not in model.get_params()
    assert "module__width" not in model.get_params(deep=False)
    model.set_params(module__width=5, lr=0.5)
    assert model.module_params == {"width": 5} and model.lr == 0.5 and model.get_params()["module__width"] == 5
    assert model.fit(X).module_.inner.hidden.shape == (2, 5, 2)
    copy = clone(model)
    assert copy.get_params() == model.get_params() and not hasattr(copy, "module_")


def test_a_clone_shares_no_parameters():
    model = small(AutoregressiveNormal, module_params={"width": 3})
    clone(model).set_params(module__width=4)
    assert model.module_params == {"width": 3}


def test_an_unknown_parameter_is_said():
    with pytest.raises(ValueError, match=r"no parameters \['depth'\]. It takes \['width'\]"):
        small(AutoregressiveNormal).set_params(module__depth=3)


def test_a_factory_may_take_any_parameter():
    def make(n_features, **parameters):
        return AutoregressiveNormal(n_features, **parameters)

    model = small(make).set_params(module__width=3).fit(X)
    assert model.module_.inner.hidden.shape == (2, 3, 2)
    partial = small(functools.partial(AutoregressiveNormal, width=6)).fit(X)
    assert partial.module_.inner.hidden.shape == (2, 6, 2)


def test_a_search_over_parameters_of_the_module():
    search = GridSearchCV(small(AutoregressiveNormal, max_epochs=1), {"module__width": [1, 4]}, cv=2, n_jobs=2)
    search.fit(X)
    assert search.cv_results_["param_module__width"].tolist() == [1, 4]
    width = search.best_params_["module__width"]
    assert search.best_estimator_.module_.inner.hidden.shape == (2, width, 2)
    alone = clone(search.best_estimator_).fit(X)  # in this process, to the same bits
    assert np.array_equal(alone.score_samples(X), search.best_estimator_.score_samples(X))


# ---- what is refused -------------------------------------------------------------------------------------------------


def test_an_instance_is_refused():
    with pytest.raises(TypeError, match="without calling it"):
        small(Mean(2)).fit(X)


def test_what_makes_no_module_is_refused():
    with pytest.raises(TypeError, match="must give a torch.nn.Module, got int"):
        small(lambda n_features: n_features).fit(X)


def test_a_user_s_class_is_not_saved(tmp_path):
    """The parameter is named, pickling is offered, and an older file stays."""
    model, path = small(Mean).fit(X), tmp_path / "model.skgen"
    path.write_text("older")
    with pytest.raises(UnsavableParameterError, match="'module' of TorchDensity is code, torch_modules.Mean.*Pickle"):
        save(model, path)
    assert path.read_text() == "older"
    copy = pickle.loads(pickle.dumps(model))
    assert np.array_equal(copy.score_samples(X), model.score_samples(X))
    assert np.array_equal(copy.sample(3), model.sample(3))


def test_a_fit_with_dropout_can_be_pickled():
    """Nothing of the generator that dropout drew from is left in the module."""
    model = small(Faulty, module_params={"dropout": 0.5}).fit(X)
    copy = pickle.loads(pickle.dumps(model))
    assert model.module_.inner.dropout.generator is None
    assert np.array_equal(copy.score_samples(X), model.score_samples(X))


# ---- what a module may write -----------------------------------------------------------------------------------------


class Noisy(Mean):
    """Its loss draws random numbers, it steps twice on each batch, and it tells of both."""

    def loss(self, x, generator):
        return -self.log_prob(x + 0.1 * torch.randn(x.shape, generator=generator))

    def training_step(self, x, weight, step):
        losses = [step.descend("all", self.loss(x, step.generator).mean()) for _ in range(2)]
        return {"loss": losses[1], "first_loss": losses[0]}


def test_own_losses_and_steps():
    model = small(Noisy, lr=0.5, lr_schedule="constant", max_epochs=3).fit(X + 3)
    assert [set(row) for row in model.history_] == [{"epoch", "train_loss", "first_loss", "lr", "dur"}] * 3
    assert model.history_[0]["first_loss"] > model.history_[0]["train_loss"]
    again = small(Noisy, lr=0.5, lr_schedule="constant", max_epochs=3).fit(X + 3)
    assert np.array_equal(again.score_samples(X), model.score_samples(X)), "the loss draws other numbers"


class WithDropout(AutoregressiveNormal):
    """Dropout of torch's own, which knows only the global generator."""

    def __init__(self, n_features):
        super().__init__(n_features)
        shared = nn.Dropout(0.3)
        self.front, self.again = nn.Sequential(nn.Identity(), shared, shared), shared

    def loss(self, x):
        return -self.log_prob(self.again(self.front(x)))


def test_dropout_draws_from_the_seed_of_the_fit():
    scores = []
    for seed in (0, 1):
        torch.manual_seed(seed)
        before = torch.get_rng_state()
        scores.append(small(WithDropout).fit(X).score_samples(X))
        assert torch.equal(before, torch.get_rng_state())
    assert np.array_equal(*scores)
    assert not np.array_equal(scores[0], small(AutoregressiveNormal).fit(X).score_samples(X))


class OnlySamples(nn.Module):
    """A module without a density."""

    def __init__(self, n_features):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(n_features))

    def loss(self, x):
        return ((x.abs() - self.scale) ** 2).sum(1)

    def sample(self, n, generator):
        return self.scale * torch.randn(n, len(self.scale), generator=generator)


def test_a_module_without_a_density_samples():
    model = small(OnlySamples).fit(X)
    assert model.sample(4).shape == (4, 2)
    with pytest.raises(AttributeError, match="log_prob"):
        model.score_samples(X)


class Keeps(Mean):
    """Keeps a tensor with a gradient, which no deep copy can be made of."""

    def loss(self, x):
        self.last = -self.log_prob(x)
        return self.last


def test_a_module_that_cannot_be_copied_is_fitted():
    model = small(Keeps).fit(X)
    with pytest.raises(RuntimeError, match="deepcopy"):
        copy.deepcopy(model.module_)
    assert model.sample(3, random_state=0).shape == (3, 2) and model.partial_fit(X).n_epochs_ > 2


class HasOddBuffers(Mean):
    """Buffers that no array can be made of."""

    def __init__(self, n_features):
        super().__init__(n_features)
        self.register_buffer("rough", torch.ones(3, dtype=torch.bfloat16))
        self.register_buffer("sparse", torch.eye(3).to_sparse())


def test_a_module_whose_weights_are_no_arrays_is_fitted():
    assert small(HasOddBuffers).fit(X).sample(3, random_state=0).shape == (3, 2)


def test_tables_go_in_and_come_out():
    table = pd.DataFrame(
        {"x": X[:, 0], "n": np.round(2 * X[:, 1]).astype(int), "level": np.where(X[:, 0] > 0, "a", "b")}
    )
    model = small(AutoregressiveNormal, max_epochs=20, lr=0.01).fit(table)
    rows = model.sample(300)
    assert rows.dtypes.equals(table.dtypes) and model.likelihood_ == "lower_bound"
    assert rows["x"][rows["level"] == "a"].mean() > rows["x"][rows["level"] == "b"].mean() + 0.3


def test_copies_need_no_pickle():
    """The float64 copy of a module whose class is local, which pickle refuses."""

    class Local(torch.nn.Module):
        def __init__(self, n_features):
            super().__init__()
            self.mean = torch.nn.Parameter(torch.zeros(n_features))

        def log_prob(self, x):
            return -0.5 * ((x - self.mean) ** 2 + np.log(2 * np.pi)).sum(1)

    model = TorchDensity(Local, max_epochs=1, random_state=0).fit(np.random.default_rng(0).normal(size=(50, 2)))
    twin = copy.deepcopy(model.module_)
    model.module_.device = lambda: torch.device("meta")  # as on a GPU, where pickling goes by the CPU
    copied = copy.deepcopy(model.module_)
    for module in (twin, copied):
        assert torch.equal(module.inner.mean, model.module_.inner.mean)
        assert module.inner.mean is not model.module_.inner.mean
