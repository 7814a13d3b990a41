"""What the engine promises, held for every net of the registry in its default configuration."""

import numpy as np
import pandas as pd
import pytest
import torch
from joblib import Parallel, delayed
from registry_models import estimators
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from skorch.callbacks import Callback
from torch_modules import CopiesAt

from skgen.exceptions import InterruptedFitWarning
from skgen.testing._law import is_net

NETS = list({type(e): e for e in reversed(estimators()) if is_net(e)}.values())  # the first of each kind


def mixed(n=120):
    rng = np.random.default_rng(0)
    a, d = rng.normal(size=n).round(3), rng.lognormal(size=n).round(2)
    d[::9] = np.nan
    return pd.DataFrame({"a": a, "b": rng.integers(0, 5, n), "c": rng.choice(list("xyz"), n), "d": d})


ROWS = mixed()


def net(estimator, **parameters):
    return clone(estimator).set_params(**{"max_epochs": 5, "batch_size": 32, "random_state": 0, **parameters})


def weights(model):
    return {name: tensor.cpu().numpy() for name, tensor in model.module_.state_dict().items()}


def same(one, other):
    one, other = weights(one), weights(other)
    return one.keys() == other.keys() and all(np.array_equal(one[k], other[k], equal_nan=True) for k in one)


def interrupting(finish, n_times):
    """A last step that is interrupted so many times, each while it changes weights."""
    left = [n_times]

    def interrupted(self, *args):
        finish(self, *args)
        left[0] -= 1
        if left[0] >= 0:
            with torch.no_grad():
                for parameter in self.module_.parameters():
                    parameter += 1.0
            raise KeyboardInterrupt

    return interrupted


@pytest.mark.parametrize("estimator", NETS, ids=lambda e: type(e).__name__)
def test_an_interrupted_last_step_is_done_again(estimator, monkeypatch):
    kind = type(estimator)
    whole = net(estimator).fit(ROWS)
    finish = kind._finish
    monkeypatch.setattr(kind, "_finish", interrupting(finish, 1))
    with pytest.warns(InterruptedFitWarning, match="in its last step"):
        again = net(estimator).fit(ROWS)
    assert same(whole, again) and whole.sample(20).equals(again.sample(20))
    np.testing.assert_array_equal(whole.score_samples(ROWS), again.score_samples(ROWS))
    monkeypatch.setattr(kind, "_finish", interrupting(finish, 2))
    ended = net(estimator)
    with pytest.warns(InterruptedFitWarning, match="Another Ctrl-C"), pytest.raises(KeyboardInterrupt):
        ended.fit(ROWS)
    with pytest.raises(NotFittedError):
        ended.sample()


@pytest.mark.slow
@pytest.mark.parametrize("lr_schedule", ["cosine", "plateau"])
@pytest.mark.parametrize("estimator", NETS, ids=lambda e: type(e).__name__)
def test_a_fit_that_was_cut_off_resumes_to_the_same_weights(estimator, lr_schedule, tmp_path):
    path, copy = tmp_path / "fit.ckpt", tmp_path / "copy"
    whole = net(estimator, lr_schedule=lr_schedule, checkpoint=path)
    whole.set_params(callbacks=[CopiesAt(3, str(path), str(copy))]).fit(ROWS)
    copy.rename(path)
    resumed = net(estimator, lr_schedule=lr_schedule, checkpoint=path).fit(ROWS)
    seconds = [[row["dur"] for row in model.history_] for model in (whole, resumed)]
    assert seconds[0][:3] == seconds[1][:3], "epochs of the file are trained again"
    assert len(resumed.history_) == len(whole.history_) and not path.exists()
    assert same(whole, resumed) and whole.sample(20).equals(resumed.sample(20))
    np.testing.assert_array_equal(whole.score_samples(ROWS), resumed.score_samples(ROWS))


@pytest.mark.slow
@pytest.mark.parametrize("estimator", NETS, ids=lambda e: type(e).__name__)
def test_threads_fit_the_same_weights(estimator):
    alone = net(estimator).fit(ROWS)
    both = Parallel(2, backend="threading")(delayed(net(estimator).fit)(ROWS) for _ in range(2))
    assert all(same(alone, model) for model in both)


class Poisons(Callback):
    """Turns a weight into no number once, at the beginning of the third epoch."""

    def on_epoch_begin(self, net, **kwargs):
        if len(net.history) == 3 and not hasattr(self, "is_done_"):
            self.is_done_ = True
            with torch.no_grad():
                next(p for p in net.module_.parameters() if p.requires_grad).view(-1)[0] = float("nan")


@pytest.mark.slow
@pytest.mark.parametrize("estimator", NETS, ids=lambda e: type(e).__name__)
def test_a_weight_that_is_no_number_is_rolled_back(estimator):
    model = net(estimator, callbacks=[Poisons()]).fit(ROWS)
    assert model.n_epochs_ == 5 and all(np.isfinite(w).all() for w in weights(model).values() if w.dtype.kind == "f")
    assert np.isfinite(model.score_samples(ROWS)).all() and len(model.sample(20)) == 20
