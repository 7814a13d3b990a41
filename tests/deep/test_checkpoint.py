"""Checkpoints: a fit that was killed and started again is the fit that was not."""

import functools
import hashlib
import io
import os
import pickle
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest
import torch
from skorch.callbacks import Callback
from torch_modules import AutoregressiveNormal, CopiesAt, Faulty, InterruptsAt

from skgen import TorchDensity
from skgen.deep._checkpoint import _MAGIC, fingerprint
from skgen.exceptions import CheckpointError, InterruptedFitWarning

X = np.random.default_rng(0).normal(size=(150, 2)) @ np.array([[1.0, 0.8], [0.0, 0.5]])

#: A fit that kills its own process after the third of seven epochs.
_KILLED = """
import sys
sys.path[:] = {path!r}
from test_checkpoint import X, model
from torch_modules import KillsAt
model({checkpoint!r}, callbacks=[KillsAt(3)], **{parameters!r}).fit(X)
"""


def model(checkpoint=None, **parameters):
    parameters = {"early_stopping": True, "ema_decay": 0.9, "random_state": 0, "lr": 0.02, **parameters}
    return TorchDensity(
        Faulty, module_params={"dropout": 0.2}, max_epochs=7, batch_size=50, checkpoint=checkpoint, **parameters
    )


def weights(model):
    return {name: tensor.numpy() for name, tensor in model.module_.state_dict().items()}


def same(a, b):
    a, b = weights(a), weights(b)
    return a.keys() == b.keys() and all(np.array_equal(a[name], b[name]) for name in a)


def kill_after_three_epochs(path, **parameters):
    here = [os.path.dirname(__file__), os.path.dirname(os.path.dirname(__file__)), *sys.path]
    code = _KILLED.format(path=here, checkpoint=str(path), parameters=parameters)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()[-500:]
    assert os.listdir(path.parent) == [path.name], "a killed fit leaves more than its checkpoint"


def figures(history):
    """The rows of a history without the seconds that an epoch took."""
    return [{name: value for name, value in row.items() if name != "dur"} for row in history]


@pytest.mark.parametrize("lr_schedule", ["cosine", "plateau"])
def test_a_killed_fit_goes_on_to_the_same_bits(tmp_path, lr_schedule):
    path = tmp_path / "fit.ckpt"
    kill_after_three_epochs(path, lr_schedule=lr_schedule)
    resumed = model(path, lr_schedule=lr_schedule).fit(X)
    undisturbed = model(lr_schedule=lr_schedule).fit(X)
    assert same(resumed, undisturbed)
    assert figures(resumed.history_) == figures(undisturbed.history_)
    assert np.array_equal(resumed.sample(5), undisturbed.sample(5))
    assert os.listdir(tmp_path) == [], "the checkpoint of a complete fit stays"


def test_a_fit_without_a_seed_goes_on_with_the_seed_it_had(tmp_path):
    """Its file of the third epoch, put back, leads to the weights that it ended with."""
    path, copy = tmp_path / "fit.ckpt", tmp_path / "copy"
    first = model(path, random_state=None, callbacks=[CopiesAt(3, str(path), str(copy))]).fit(X)
    shutil.move(copy, path)
    assert same(model(path, random_state=None).fit(X), first)
    assert not same(model(random_state=None).fit(X), first)


def test_rows_of_the_real_view_are_drawn_again_as_they_were(tmp_path):
    """Discrete columns are placed in their cells anew each epoch, after a resumption as before."""
    table = np.round(3 * X).astype(int)
    path, copy = tmp_path / "fit.ckpt", tmp_path / "copy"
    first = model(path, callbacks=[CopiesAt(3, str(path), str(copy))]).fit(table)
    shutil.move(copy, path)
    assert same(model(path).fit(table), first)


class Records(Callback):
    """Writes a figure of numpy's into the history, as scoring callbacks do."""

    def __init__(self, figure):
        self.figure = figure

    def on_epoch_end(self, net, **kwargs):
        net.history.record("figure", self.figure)


@pytest.mark.parametrize(
    ("figure", "read"),
    [
        (np.float64(1.5), 1.5),
        (torch.tensor([1.0, 2.0]), [1.0, 2.0]),
        (np.arange(2), [0, 1]),
        ({"low": np.float32(0.5), "ends": (np.int64(1), None)}, {"low": 0.5, "ends": (1, None)}),
        (np.datetime64("2020-01-01"), "datetime.date(2020, 1, 1)"),
    ],
)
def test_figures_of_callbacks_can_be_read_again(tmp_path, figure, read):
    path, copy = tmp_path / "fit.ckpt", tmp_path / "copy"
    model(path, callbacks=[Records(figure), CopiesAt(3, str(path), str(copy))]).fit(X)
    copy.rename(path)
    resumed = model(path, callbacks=[Records(0.0)]).fit(X)
    assert [row["figure"] for row in resumed.history_] == [read] * 3 + [0.0] * 4


class Stops(Callback):
    """Ends the training after the third epoch, as skorch's callbacks do."""

    def on_epoch_end(self, net, **kwargs):
        if len(net.history) == 3:
            raise KeyboardInterrupt


def test_a_training_that_was_told_to_stop_trains_no_further_when_resumed(tmp_path, monkeypatch):
    """Killed after its last epoch, before the model was complete."""
    path = tmp_path / "fit.ckpt"
    stopped = model(callbacks=[Stops()]).fit(X)
    assert stopped.n_epochs_ == 3

    def killed(*args):
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(TorchDensity, "_finish", killed)
        with pytest.raises(MemoryError):
            model(path, callbacks=[Stops()]).fit(X)
    assert path.exists()
    resumed = model(path).fit(X)
    assert resumed.n_epochs_ == 3 and same(resumed, stopped)


def test_a_complete_training_needs_no_epoch(tmp_path):
    """Killed after the last epoch, before the file was removed."""
    path, copy = tmp_path / "fit.ckpt", tmp_path / "copy"
    first = model(path, callbacks=[CopiesAt(7, str(path), str(copy))]).fit(X)
    shutil.move(copy, path)
    again = model(path).fit(X)
    assert same(again, first) and len(again.history_) == 7


@pytest.fixture
def left_over(tmp_path):
    """The file of a fit after its third epoch."""
    path, copy = tmp_path / "fit.ckpt", tmp_path / "copy"
    model(path, callbacks=[CopiesAt(3, str(path), str(copy))]).fit(X)
    return copy.rename(path)


def test_a_foreign_checkpoint_is_refused(left_over):
    other = X.copy()
    other[3, 1] += 1e-9
    with pytest.raises(CheckpointError, match="other rows or parameters"):
        model(left_over).fit(other)
    with pytest.raises(CheckpointError, match="other rows or parameters"):
        model(left_over, lr=0.03).fit(X)
    with pytest.raises(CheckpointError, match="other rows or parameters"):
        model(left_over).fit(X, sample_weight=np.arange(150) + 1.0)
    assert os.path.exists(left_over)
    model(left_over, verbose=1, device="cpu").fit(X)  # what does not change the fit does not matter


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.999])
def test_a_truncated_file_is_refused(left_over, share):
    content = left_over.read_bytes()
    left_over.write_bytes(content[: int(share * len(content))])
    with pytest.raises(CheckpointError, match="can be read"):
        model(left_over).fit(X)


@pytest.mark.parametrize("content", [b"nonsense\n" * 50, b"\x80\x02}q\x00.", bytes(range(256)) * 8, b"PK\x03\x04" * 99])
def test_a_file_of_something_else_is_refused(tmp_path, content):
    path = tmp_path / "fit.ckpt"
    path.write_bytes(content)
    with pytest.raises(CheckpointError):
        model(path).fit(X)
    assert path.read_bytes() == content


def test_altered_bytes_are_refused(left_over):
    content = left_over.read_bytes()
    for at in np.random.default_rng(0).integers(0, len(content), size=25):
        altered = bytearray(content)
        altered[at] ^= 0x55
        left_over.write_bytes(altered)
        with pytest.raises(CheckpointError, match="can be read"):
            model(left_over).fit(X)


def test_no_code_runs_from_a_file(tmp_path):
    """Not even from one that is well sealed."""
    path, marker = tmp_path / "fit.ckpt", tmp_path / "ran"
    content = io.BytesIO()
    torch.save({"digest": _Runs(str(marker))}, content)
    path.write_bytes(_MAGIC + hashlib.sha256(content.getvalue()).digest() + content.getvalue())
    with pytest.raises(CheckpointError):
        model(path).fit(X)
    assert not marker.exists()


class _Runs:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (self.path, "w")


def test_a_folder_that_does_not_exist_is_said_before_training(tmp_path):
    with pytest.raises(CheckpointError, match="folder"):
        model(tmp_path / "no" / "fit.ckpt").fit(X)


def test_a_warm_start_goes_on_from_its_own_start_only(tmp_path):
    """A file of a warm start is none of a fit that begins anew, whose coordinates may be others."""
    path, copy = tmp_path / "fit.ckpt", tmp_path / "copy"
    first = model(warm_start=True).fit(X)
    before = pickle.dumps(first.set_params(checkpoint=path))
    warm = pickle.loads(before).set_params(callbacks=[CopiesAt(3, str(path), str(copy))]).fit(2 * X)
    copy.rename(path)
    with pytest.raises(CheckpointError, match="other rows or parameters"):
        model(path, warm_start=True).fit(2 * X)
    assert same(pickle.loads(before).fit(2 * X), warm)


def test_an_interrupted_fit_keeps_its_checkpoint(tmp_path):
    """After Ctrl-C the model can be used, or the same fit be started again."""
    path = tmp_path / "fit.ckpt"
    fit = model(path, lr_schedule="constant")
    fit.set_params(module__interrupt_at=8)
    with pytest.warns(InterruptedFitWarning, match="goes on from its checkpoint"):
        fit.fit(X)
    assert fit.n_epochs_ == 2 and path.exists()
    fit.module_params["interrupt_at"] = 8  # counted anew by a new module
    assert fit.set_params(max_epochs=7) is fit
    with pytest.warns(InterruptedFitWarning, match="after 4 epochs"):
        fit.fit(X)


def test_an_interrupted_warm_start_goes_on_from_its_weights(tmp_path):
    """The same call starts from what is left, which no file is needed for."""
    path = tmp_path / "fit.ckpt"
    with pytest.warns(InterruptedFitWarning, match="Call fit again to go on"):
        fit = model(path, warm_start=True, callbacks=[InterruptsAt(3)]).fit(X)
    assert fit.n_epochs_ == 2 and not path.exists()
    assert fit.set_params(callbacks=None).fit(X).n_epochs_ == 9 and not path.exists()


def test_fingerprints_are_those_of_content():
    """Of arrays to the last number, of functions by name, of partial calls by their arguments; not of addresses."""
    long = np.zeros(5_000)
    other = long.copy()
    other[2_500] = 1.0
    make = [functools.partial(AutoregressiveNormal, width=width) for width in (4, 4, 5)]
    digests = [fingerprint(TorchDensity(m, module_params={"a": a}), (X,)) for m in make for a in (long, other)]
    assert digests[0] == digests[2] and digests[1] == digests[3]
    assert len(set(digests)) == 4
