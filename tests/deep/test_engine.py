"""The training engine: seeds, divergence, interruptions, early stopping, schedules, weights of rows, sizes."""

import copy
import math
import pickle
import threading
import warnings

import numpy as np
import pytest
import torch
from joblib import Parallel, delayed
from skorch.callbacks import EarlyStopping as SkorchStopping
from torch import nn
from torch_modules import AutoregressiveNormal, Faulty, InterruptsAt, Mean

from skgen import TorchDensity
from skgen.deep._average import WeightAverage
from skgen.deep._module import DensityModule
from skgen.deep._net import MOST_RETRIES
from skgen.deep._schedule import PLATEAU_PATIENCE, RateSchedule
from skgen.deep._settings import Settings
from skgen.deep._step import NonFiniteStep, TrainingStep
from skgen.exceptions import DivergenceError, DivergenceWarning, InterruptedFitWarning

X = np.random.default_rng(0).normal(size=(150, 2)) @ np.array([[1.0, 0.8], [0.0, 0.5]])


def small(module=Faulty, max_epochs=4, **parameters):
    parameters = {"batch_size": 50, "early_stopping": False, "random_state": 0, **parameters}
    return TorchDensity(module, max_epochs=max_epochs, **parameters)


def weights(model):
    return {name: tensor.numpy() for name, tensor in model.module_.state_dict().items()}


def same(a, b):
    a, b = weights(a), weights(b)
    return a.keys() == b.keys() and all(np.array_equal(a[name], b[name]) for name in a)


def finite(model):
    return all(np.isfinite(array).all() for array in weights(model).values())


# ---- seeds -----------------------------------------------------------------------------------------------------------


def fitted_weights(seed, dropout=0.3):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return weights(small(module_params={"dropout": dropout}, random_state=seed).fit(X))


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_workers_train_the_same_bits(backend):
    """Fits side by side, dropout included, are the fits one after the other; seeds differ."""
    alone = [fitted_weights(seed) for seed in (1, 2)]
    together = Parallel(2, backend=backend)(delayed(fitted_weights)(seed) for seed in (1, 2))
    for one, two in zip(alone, together):
        assert all(np.array_equal(one[name], two[name]) for name in one)
    assert not np.array_equal(alone[0]["inner.hidden"], alone[1]["inner.hidden"])


def test_dropout_reaches_the_fit():
    assert not np.array_equal(fitted_weights(1, 0.3)["inner.out"], fitted_weights(1, 0.0)["inner.out"])


def test_parameters_start_from_the_seed_alone():
    """Modules made in several threads at once take nothing from each other's, nor from the global generator."""
    alone = [weights(small(AutoregressiveNormal, 0, random_state=s).fit(X)) for s in range(6)]
    found = [None] * 6

    def start(s):
        found[s] = weights(small(AutoregressiveNormal, 0, random_state=s).fit(X))

    before = torch.get_rng_state()
    threads = [threading.Thread(target=start, args=(s,)) for s in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert torch.equal(before, torch.get_rng_state())
    for one, two in zip(alone, found):
        assert all(np.array_equal(one[name], two[name]) for name in one)


# ---- divergence ------------------------------------------------------------------------------------------------------


def test_a_bad_batch_is_survived():
    """The epoch is begun again at half the rate; the history has each epoch once."""
    model = small(module_params={"nan_calls": [5]}, lr_schedule="constant", lr=1e-2).fit(X)
    assert finite(model) and [row["epoch"] for row in model.history_] == [1, 2, 3, 4]
    rates = [row["lr"] for row in model.history_]
    assert rates == [1e-2, 5e-3, 5e-3, 5e-3]
    assert all(math.isfinite(row["train_loss"]) for row in model.history_)


def test_an_epoch_that_is_begun_again_sees_other_random_numbers():
    training = small(max_epochs=1).fit(X)
    again = small(max_epochs=1, module_params={"nan_calls": [3]}, lr=2e-3).fit(X)  # the same rate at the second try
    assert not same(training, again)


def test_loss_that_is_never_a_number_raises():
    model = small().fit(X)
    before = vars(model).copy()
    model.set_params(module_params={"nan_from": 1})
    with pytest.raises(DivergenceError, match="first epoch"):
        model.fit(X)
    assert {**vars(model), "module_params": None} == {**before, "module_params": None}


@pytest.mark.parametrize("early_stopping", [False, True])
def test_loss_that_stops_being_a_number_keeps_the_best(early_stopping):
    model = small(module_params={"nan_from": 7}, early_stopping=early_stopping, max_epochs=9)
    with pytest.warns(DivergenceWarning, match="after 2 epochs"):
        model.fit(X)
    assert finite(model) and len(model.history_) == model.n_epochs_ == 2
    assert np.isfinite(model.score(X))


def test_retries_are_counted_for_each_epoch_alone():
    """Eight bad batches here and there are no divergence."""
    bad = [2, 6, 10, 14, 18, 22, 26, 30, 34]
    model = small(max_epochs=9, module_params={"nan_calls": bad}, lr_schedule="constant", lr=1.0).fit(X)
    assert model.n_epochs_ == 9 and model.history_[-1]["lr"] == 0.5 ** len(bad) and len(bad) > MOST_RETRIES


class NoNumberOutside(Mean):
    """No density of the rows that training leaves out, after a few epochs."""

    def loss(self, x):
        self.epochs = getattr(self, "epochs", 0) + (not self.training)
        return -self.log_prob(x) * (float("nan") if self.epochs > 2 and not self.training else 1.0)


def test_a_validation_loss_that_is_no_number_is_a_divergence():
    with pytest.warns(DivergenceWarning, match="after 2 epochs"):
        model = small(NoNumberOutside, early_stopping=True, max_epochs=6).fit(X)
    assert [row["epoch"] for row in model.history_] == [1, 2] and np.isfinite(model.score(X))


def test_the_number_of_retries_is_the_end():
    model = small(module_params={"nan_calls": range(1, MOST_RETRIES + 1)}, max_epochs=1).fit(X)
    assert model.history_[0]["lr"] < 1e-3 / 2**MOST_RETRIES * 1.01
    with pytest.raises(DivergenceError):
        small(module_params={"nan_calls": range(1, MOST_RETRIES + 2)}, max_epochs=1).fit(X)


class Overshoots(Mean):
    """Its gradients are finite, its steps are not."""

    def __init__(self, n_features):
        super().__init__(n_features)
        nn.init.constant_(self.mean, 1e5)


def test_weights_that_overflow_are_found():
    """Though each loss of the epoch is finite: the step after the last one is not."""
    with pytest.raises(DivergenceError):
        small(Overshoots, max_epochs=1, lr=3e38, max_grad_norm=None, batch_size=150, lr_schedule="constant").fit(X)


# ---- interruptions ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("at", "n_epochs"), [(2, 0), (5, 1), (11, 3)])
@pytest.mark.parametrize("ema_decay", [None, 0.9])
def test_ctrl_c_leaves_a_usable_model(at, n_epochs, ema_decay):
    """The epochs before it are kept whole: those of an undisturbed fit."""
    model = small(module_params={"interrupt_at": at}, ema_decay=ema_decay, lr_schedule="constant")
    with pytest.warns(InterruptedFitWarning, match=f"after {n_epochs} epochs"):
        model.fit(X)
    assert model.n_epochs_ == len(model.history_) == n_epochs
    assert np.isfinite(model.score(X)) and model.sample(3).shape == (3, 2)
    if n_epochs:
        assert same(model, small(max_epochs=n_epochs, ema_decay=ema_decay, lr_schedule="constant").fit(X))
    else:
        assert not same(model, small(max_epochs=0, ema_decay=ema_decay).fit(X)), "the first step is lost"


def test_ctrl_c_between_epochs():
    with pytest.warns(InterruptedFitWarning, match="after 2 epochs"):
        model = small(callbacks=[InterruptsAt(3)], lr_schedule="constant").fit(X)
    assert same(model, small(max_epochs=2, lr_schedule="constant").fit(X))


class InterruptedValidation(Faulty):
    """Interrupted while the validation rows are scored."""

    def loss(self, x):
        if not self.training and self.calls > 3:
            raise KeyboardInterrupt
        return super().loss(x)


def test_ctrl_c_during_validation():
    with pytest.warns(InterruptedFitWarning, match="after 1 epochs"):
        model = small(InterruptedValidation, early_stopping=True, ema_decay=0.5).fit(X)
    assert len(model.history_) == model.n_epochs_ == 1 and np.isfinite(model.score(X))


# ---- early stopping --------------------------------------------------------------------------------------------------


class Remembers(AutoregressiveNormal):
    """Keeps the rows that its training leaves out."""

    def loss(self, x):
        if not self.training:
            self.held_out = x
        return -self.log_prob(x)


@pytest.mark.parametrize("ema_decay", [None, 0.8])
def test_early_stopping_keeps_the_best_weights(ema_decay):
    """The loss of the left-out rows under the final module is the least of the history."""
    model = small(Remembers, 200, early_stopping=True, n_iter_no_change=3, lr=0.1, ema_decay=ema_decay).fit(X)
    losses = [row["valid_loss"] for row in model.history_]
    assert len(losses) < 200 and losses[-1] > min(losses)
    held_out = model.module_.inner.held_out
    assert held_out.shape == (15, 2)
    with torch.no_grad():
        assert float(model.module_.loss(held_out, None).mean()) == pytest.approx(min(losses), abs=1e-6)


def test_early_stopping_is_patient():
    """It ends `n_iter_no_change` epochs after the last fall by `tol`."""
    model = small(AutoregressiveNormal, 300, early_stopping=True, n_iter_no_change=4, lr=0.1, tol=1e-2).fit(X)
    reference, bad = math.inf, 0
    for row in model.history_:
        assert bad < 4
        bad = 0 if row["valid_loss"] < reference - 1e-2 else bad + 1
        reference = min(reference, row["valid_loss"]) if bad == 0 else reference
    assert bad == 4


# ---- averages, schedules, steps --------------------------------------------------------------------------------------


def test_average_known_answer():
    module = nn.Linear(1, 1, bias=False)
    with torch.no_grad():
        module.weight.fill_(0.0)
        average, expected = WeightAverage(module, 0.5), 0.0
        for t in range(1, 30):
            module.weight.fill_(float(t))
            average.update()
            decay = min(0.5, (1 + t) / (10 + t))
            expected = decay * expected + (1 - decay) * t
    with average.applied():
        assert module.weight.item() == pytest.approx(expected, rel=1e-6)
    assert module.weight.item() == 29.0
    average.leave()
    assert module.weight.item() == pytest.approx(expected, rel=1e-6)


def test_average_takes_shared_weights_once_and_buffers():
    first = nn.Linear(2, 2)
    module = nn.Sequential(first, nn.BatchNorm1d(2), first)
    average = WeightAverage(module, 0.9)
    assert len(average.state()["mean"]) == 2 + 2 + 2  # linear, affine of the norm, its running mean and variance


@pytest.mark.parametrize("kind", ["cosine", "plateau", "constant"])
def test_rates_rise_first(kind):
    schedule = RateSchedule(kind, 10_000)
    assert schedule.factor(0) == pytest.approx(1 / 101)
    assert schedule.factor(49) == pytest.approx(50 / 101, rel=1e-3)
    assert schedule.factor(200) == pytest.approx(1.0, rel=2e-3)


def test_cosine_known_answer():
    schedule = RateSchedule("cosine", 1_000)
    assert [schedule.factor(s) for s in (250, 500, 1_000, 2_000)] == pytest.approx(
        [0.5 + 0.25 * 2**0.5, 0.5, 0.01, 0.01]
    )
    assert schedule.factor(999) < 1e-5
    assert RateSchedule("cosine", None).factor(10**6) == 1.0


def test_plateau_known_answer():
    schedule = RateSchedule("plateau", 1_000)
    schedule.watch(1.0)
    for _ in range(PLATEAU_PATIENCE):
        assert schedule.factor(500) == 1.0
        schedule.watch(1.0)
    assert schedule.factor(500) == 0.5
    schedule.watch(0.9)
    assert schedule.factor(500) == 0.5
    for _ in range(100 * PLATEAU_PATIENCE):
        schedule.watch(1.0)
    assert schedule.factor(500) == 1e-3


def test_gradients_are_clipped():
    """The step of plain descent is as long as the limit, in the direction of the gradient."""
    for limit, expected in ((5.0, [3.0, 4.0]), (None, [30.0, 40.0]), (100.0, [30.0, 40.0])):
        w = nn.Parameter(torch.zeros(2))
        step = TrainingStep({"all": torch.optim.SGD([w], lr=1.0)}, limit)
        step.descend("all", -(w * torch.tensor([30.0, 40.0])).sum())
        assert w.tolist() == pytest.approx(expected)


def test_a_step_that_is_no_number_changes_nothing():
    w = nn.Parameter(torch.ones(2))
    step = TrainingStep({"all": torch.optim.AdamW([w], lr=1.0)}, 5.0)
    for factor in (math.nan, math.inf):
        with pytest.raises(NonFiniteStep):
            step.descend("all", (w * factor).sum())
    with pytest.raises(NonFiniteStep):
        step.descend("all", torch.sqrt(w - 1).sum())  # finite, its gradient is not
    assert w.tolist() == [1.0, 1.0]


def test_a_step_touches_its_own_parameters_only():
    a, b = nn.Parameter(torch.ones(1)), nn.Parameter(torch.ones(1))
    step = TrainingStep({"a": torch.optim.SGD([a], lr=0.1), "b": torch.optim.SGD([b], lr=0.1)}, None)
    step.descend("a", (a * b).sum(), [a])
    assert b.grad is None and a.item() == pytest.approx(0.9) and b.item() == 1.0


# ---- rows ------------------------------------------------------------------------------------------------------------


def one_step(X, sample_weight=None):
    model = small(Mean, 1, lr=1.0, batch_size=10**6, max_grad_norm=None, marginals="standardize")
    model.fit(X, sample_weight=sample_weight)
    return model


def test_weights_are_repeated_rows():
    """One full step at rate 1 ends at the weighted mean of the rows, which is that of repeated rows."""
    weight = np.random.default_rng(1).integers(0, 4, size=len(X))
    weighted, repeated = one_step(X, weight), one_step(np.repeat(X, weight, axis=0))
    Z = weighted._encode(X)
    mean = np.average(Z, axis=0, weights=weight)
    assert weights(weighted)["inner.mean"] == pytest.approx(mean, abs=1e-6)
    assert weights(repeated)["inner.mean"] == pytest.approx(weights(weighted)["inner.mean"], abs=1e-6)
    assert weighted.score(X) == pytest.approx(repeated.score(X), abs=1e-6)


@pytest.mark.parametrize("n", [1, 2, 3, 5])
@pytest.mark.parametrize("early_stopping", [False, True])
def test_few_rows(n, early_stopping):
    rows = X[:n] if n > 1 else np.array([[1.0, 2.0]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        model = small(max_epochs=2, batch_size=64, early_stopping=early_stopping).fit(rows)
    assert np.isfinite(model.score(rows)) and model.n_epochs_ == 2


def test_no_epochs():
    model = small(max_epochs=0).fit(X)
    assert model.n_epochs_ == 0 and model.history_ == [] and np.isfinite(model.score(X))


@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_scale_of_float32_rows(scale):
    rows = (X * scale).astype(np.float32)
    model = small().fit(rows)
    expected = small().fit(X).score(X) - 2 * math.log(scale)
    assert model.score(rows) == pytest.approx(expected, abs=1e-2)
    assert model.sample(5).dtype == np.float32 and np.isfinite(model.sample(5)).all()


def test_auto_sizes():
    """About 10,000 steps of about a fiftieth of the rows."""
    model = TorchDensity(Mean, early_stopping=False)
    sizes = {n: Settings.of(model, n, chunk=False) for n in (20, 1_000, 6_400, 10**6)}
    assert [s.batch_size for s in sizes.values()] == [20, 32, 128, 512]
    assert [s.max_epochs for s in sizes.values()] == [1_000, 313, 200, 10]
    assert Settings.of(model, 1_000, chunk=True).max_epochs == 1
    held_out = Settings.of(TorchDensity(Mean, validation_fraction=0.25, max_epochs=3), 1_000, chunk=False)
    assert (held_out.n_valid, held_out.max_epochs, held_out.n_steps) == (250, 3, 72)


# ---- callbacks, progress, device -------------------------------------------------------------------------------------


def test_callbacks_of_skorch_are_copied_and_work():
    callback = SkorchStopping("train_loss", patience=2, threshold=10.0, sink=lambda text: None)
    before = vars(callback).copy()
    model = small(max_epochs=20, callbacks=[callback]).fit(X)
    assert model.n_epochs_ == len(model.history_) == 3  # the first, and two that are not 10 times better
    assert vars(callback) == before and np.isfinite(model.score(X))


def test_only_verbose_prints(capfd):
    small(max_epochs=2).fit(X)
    assert capfd.readouterr() == ("", "")
    small(max_epochs=2, verbose=1, early_stopping=True).fit(X)
    shown = capfd.readouterr()
    assert shown.out == "" and "TorchDensity: 100%" in shown.err and "valid_loss" in shown.err


def test_a_missing_gpu_is_said(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ValueError, match="device='auto' or 'cpu'"):
        small(device="cuda").fit(X)


def test_a_device_that_is_none():
    with pytest.raises(ValueError, match="no device of torch"):
        small(device="gpu7").fit(X)


# ---- modules ---------------------------------------------------------------------------------------------------------


class Scale(DensityModule):
    """A module with a buffer and an array in its configuration."""

    def __init__(self, places, power=1.0):
        super().__init__(places=places, power=power)
        self.register_buffer("places", torch.as_tensor(places))
        self.weight = nn.Parameter(torch.randn(3))


def test_a_module_is_written_down_and_rebuilt():
    module = Scale(np.arange(3.0), power=2.0)
    before = torch.get_rng_state()
    state = module.to_state()
    again = Scale.from_state(copy.deepcopy(state))
    assert torch.equal(before, torch.get_rng_state())
    assert torch.equal(again.weight, module.weight) and torch.equal(again.places, module.places)
    assert again.config["power"] == 2.0 and not again.training
    assert all(isinstance(array, np.ndarray) for array in state["weights"].values())
    with torch.no_grad():
        module.weight.zero_()
    assert not np.array_equal(state["weights"]["weight"], np.zeros(3)), "the state shares memory with the module"


def test_copies_of_a_gpu_go_by_the_cpu(monkeypatch):
    """The way of a pickle where the weights lie elsewhere, on a module that says so."""
    model = small().fit(X)
    scores = model.score_samples(X)
    monkeypatch.setattr(DensityModule, "device", lambda self: torch.device("meta"))
    content = pickle.dumps(model)
    monkeypatch.undo()
    assert np.array_equal(pickle.loads(content).score_samples(X), scores)


def test_scores_are_in_double():
    model = small().fit(X)
    double = model.module_.in_double()
    assert double is model.module_.in_double()
    assert {t.dtype for t in double.state_dict().values() if t.is_floating_point()} == {torch.float64}
    assert next(model.module_.parameters()).dtype == torch.float32
    assert not any(name.startswith("_double") for name in model.module_.state_dict())
