"""scikit-learn's callbacks see the epochs of a fit, alone and inside a search."""

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV
from torch_modules import AutoregressiveNormal, Faulty

from skgen import TorchDensity
from skgen._sklearn import CallbackSupportMixin
from skgen.exceptions import DivergenceError

callback = pytest.importorskip("sklearn.callback", reason="scikit-learn has callbacks since 1.9")
X = np.random.default_rng(0).normal(size=(60, 2))


class Log:
    """Writes down what it is told.

    Parameters
    ----------
    stop_after : int or None
        Epoch after which it asks for the end.
    depth : int or None
        How far down searches hand it.
    """

    def __init__(self, stop_after=None, depth=None):
        self.stop_after, self.max_propagation_depth, self.events = stop_after, depth, []

    def setup(self, estimator, context):
        self.events.append("setup")

    def teardown(self, estimator, context):
        self.events.append("teardown")

    def on_fit_task_begin(self, estimator, context):
        self.events.append(("begin", context.task_name, context.task_id))

    def on_fit_task_end(self, estimator, context, *, X, fitted_estimator):
        score = None if fitted_estimator is None else fitted_estimator.score(X)
        self.events.append(("end", context.task_name, context.task_id, score))
        return context.task_name == "epoch" and context.task_id + 1 == self.stop_after


def model(module=AutoregressiveNormal, **parameters):
    parameters = {"max_epochs": 3, "batch_size": 20, "early_stopping": False, "random_state": 0, **parameters}
    return TorchDensity(module, **parameters)


def ends(log, name):
    return [event[2:] for event in log.events if event[0] == "end" and event[1] == name]


def test_each_epoch_is_a_task():
    """With the model as it would be, had the fit ended there."""
    log = Log()
    fit = model(ema_decay=0.9, lr_schedule="constant").set_callbacks(log)
    fit.fit(X)
    assert isinstance(fit, CallbackSupportMixin)
    assert log.events[:2] == ["setup", ("begin", "fit", 0)] and log.events[-1] == "teardown"
    expected = [(k, model(max_epochs=k + 1, ema_decay=0.9, lr_schedule="constant").fit(X).score(X)) for k in range(3)]
    assert ends(log, "epoch") == expected and ends(log, "fit") == [(0, expected[-1][1])]
    begun = [event[2] for event in log.events if event[:2] == ("begin", "epoch")]
    assert begun == [0, 1, 2]


def test_callbacks_change_nothing():
    plain, watched = model().fit(X), model().set_callbacks(Log()).fit(X)
    assert np.array_equal(plain.score_samples(X), watched.score_samples(X))
    assert set(vars(watched)) == {*vars(plain), "_skl_callbacks"}


def test_a_callback_can_end_the_fit():
    log = Log(stop_after=2)
    assert model().set_callbacks(log).fit(X).n_epochs_ == 2 and len(ends(log, "epoch")) == 2


def test_an_epoch_that_is_begun_again_is_one_task():
    log = Log()
    model(Faulty, module_params={"nan_calls": [5, 6]}).set_callbacks(log).fit(X)
    assert [k for k, _ in ends(log, "epoch")] == [0, 1, 2]


def test_callbacks_are_torn_down_after_a_failure():
    log = Log()
    with pytest.raises(DivergenceError):
        model(Faulty, module_params={"nan_from": 1}).set_callbacks(log).fit(X)
    assert log.events[-1] == "teardown"


def test_a_search_hands_its_callbacks_down():
    """Epochs stand below the fits of the search."""
    log = Log()
    search = GridSearchCV(model(max_epochs=2), {"lr": [1e-3, 1e-2]}, cv=2).set_callbacks(log)
    search.fit(X)
    assert len(ends(log, "epoch")) == 2 * (2 * 2 + 1)
    assert log.events.count("setup") == log.events.count("teardown") == 1
    assert not hasattr(search.best_estimator_, "_parent_callback_ctx")


def test_chunks_have_tasks_too():
    log = Log()
    model().set_callbacks(log).partial_fit(X).partial_fit(X)
    assert len(ends(log, "epoch")) == 2 and log.events.count("teardown") == 2
