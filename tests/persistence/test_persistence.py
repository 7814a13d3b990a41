"""Tests of saved models: bitwise round trips, what is refused, and how a file is written."""

from __future__ import annotations

import hashlib
import os
import pickle
import stat
import struct
import subprocess
import sys
import textwrap

import joblib
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.mixture import GaussianMixture as OtherGaussianMixture
from stand_ins import Law, Normal, assert_same, parts

from skgen import load, save
from skgen._archive import ARRAYS
from skgen.exceptions import CorruptModelError, UnsavableParameterError

SIGNALLING = struct.unpack("<d", bytes.fromhex("010000000000f4ff"))[0]  # a NaN with a sign and a payload

VALUES = {
    "scalars": [None, True, 0, -1, 2**62, 2**63, -(2**63), 10**5000, 0.1, -0.0, 5e-324, 1.7e308, "", "é\ud800\0"],
    "not finite": [float("nan"), float("inf"), -float("inf"), SIGNALLING],
    "containers": ([], (), {}, ((1, [2]), {"a": (), 3: None, (1, "b"): 0.5, None: {}}), [[1, 2], [3, 4]]),
    "keys that look like tags": {"array": 1, "tuple": [2], "dict": {"scalar": 3}},
    "numpy scalars": [
        np.float64(0.1), np.float32("nan"), np.float16(2), np.int8(-3), np.uint64(2**64 - 1), np.bool_(True),
        np.complex128(1 - 2j), np.str_("é"), np.bytes_(b"x"), np.datetime64("2020-01-02"), np.timedelta64(3, "ms"),
    ],
    "empty text scalar": np.str_(""),
    "all number types": [np.arange(6).reshape(2, 3).astype(t) for t in "?bBhHiIlLqQefdFD"],
    "shapes": [np.array(1.5), np.empty(0), np.empty((0, 3)), np.empty((2, 0, 4), np.float32), np.ones((1, 5))],
    "layouts": [
        np.asfortranarray(np.random.default_rng(0).normal(size=(3, 4))),
        np.random.default_rng(0).normal(size=(2, 3, 4)).transpose(0, 2, 1),
        np.arange(12.0)[::-3], np.broadcast_to(2.0, (2, 3)), np.arange(24.0).reshape(4, 6)[::2, ::2].T,
    ],
    "byte orders": [np.arange(3, dtype=">f8"), np.array(["ab", "c"], dtype=">U2"), np.array([SIGNALLING], ">f8")],
    "texts": [np.array(["a", "bcd", "é"]), np.array([b"xy", b""]), np.array([], dtype="<U3"), np.array("abc")],
    "dates": [np.array(["2020-01-01", "NaT"], "M8[ns]"), np.array([5], "m8[25s]"), np.array(["2020"], "M8")],
    "objects": [
        np.array(["age", "sex"], dtype=object), np.array([[1, None], ["a", 2.5]], dtype=object),
        np.array([], dtype=object), np.array("x", dtype=object),
    ],
    "read-only": np.frombuffer(b"12345678", dtype=np.int64),
    "state object": Law({"nested": Law(np.arange(3.0)), "p": [0.25, 0.75]}),
}  # fmt: skip
ragged = np.empty(2, dtype=object)
ragged[:] = [np.zeros(2), [1, 2]]
VALUES["ragged"] = ragged


@pytest.mark.parametrize("place", ["parameter", "attribute"])
@pytest.mark.parametrize("name", VALUES)
def test_values_come_back_bit_for_bit(name, place, path):
    model = Normal(start=VALUES[name]) if place == "parameter" else Normal()
    if place == "attribute":
        model.start_ = VALUES[name]
    save(model, path)
    assert_same(model, load(path))


def test_strides_survive(path):
    model = Normal(start=np.random.default_rng(0).normal(size=(2, 3, 4)).transpose(1, 2, 0))
    save(model, path)
    assert load(path).start.strides == model.start.strides


def test_samples_go_on_where_they_stopped(fitted, path):
    fitted.sample(2)
    save(fitted, path)
    again = load(path)
    assert again.stream_.call == 1
    assert_array_equal(again.sample(5), fitted.sample(5))
    assert_same(again, fitted)


def test_models_in_models(fitted, path):
    model = Normal(base=[("a", fitted), ("b", Normal(base=Normal(scale=2)))])
    save(model, path)
    assert_same(model, load(path))


def test_equal_models_give_equal_files(fitted, tmp_path):
    save(fitted, tmp_path / "a")
    save(load(tmp_path / "a"), tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_manifest_says_what_is_inside(saved):
    manifest, blob = parts(saved)
    assert manifest["format_version"] == 1
    assert manifest["model"]["class"] == "Normal"
    assert manifest["model"]["parameters"] == {"scale": 1.0, "start": None, "base": None, "random_state": 3}
    assert manifest["versions"]["numpy"] == np.__version__
    assert manifest["members"] == {ARRAYS: {"sha256": hashlib.sha256(blob).hexdigest(), "size": len(blob)}}
    body = saved.read_bytes()
    assert hashlib.sha256(body[:-64]).hexdigest().encode() == body[-64:]


def test_array_bytes_are_little_endian(path):
    save(Normal(start=np.array([1, 2], dtype=">u2")), path)
    assert b"\x01\x00\x02\x00" in parts(path)[1]


def test_pickle_and_joblib_agree(fitted, tmp_path):
    joblib.dump(fitted, tmp_path / "model.joblib")
    assert_same(pickle.loads(pickle.dumps(fitted)), fitted)
    assert_same(joblib.load(tmp_path / "model.joblib"), fitted)


def test_memory_mapped_model_can_be_saved(fitted, tmp_path, path):
    joblib.dump(fitted, tmp_path / "model.joblib")
    mapped = joblib.load(tmp_path / "model.joblib", mmap_mode="r")
    assert isinstance(mapped.mean_, np.memmap)
    save(mapped, path)
    assert_same(load(path), fitted)


# ---- what cannot be saved --------------------------------------------------------------------------------------------


class FrozenNormal(Normal):
    pass


class Namesake(Normal):
    pass


Namesake.__name__ = "Normal"


def self_containing():
    items = []
    items.append(items)
    return items


UNSAVABLE = {
    "third-party": OtherGaussianMixture(), "function": len, "lambda": lambda x: x, "class": Normal,
    "state": np.random.RandomState(0), "generator": np.random.default_rng(0), "module": np, "set": {1},
    "masked": np.ma.masked_array([1.0]), "structure": np.zeros(2, "i4,f8"), "longdouble": np.zeros(2, np.longdouble),
    "objects": np.array([len], dtype=object), "within": {"a": [1, (object(),)]},
    "loop": self_containing(),
    "subclass": FrozenNormal(), "namesake": Namesake(),
    "new strings": np.array(["a"], dtype=np.dtypes.StringDType()), "complex": 1j,
}  # fmt: skip


@pytest.mark.parametrize("name", UNSAVABLE)
def test_unsavable_parameter_is_named(name, saved):
    before = saved.read_bytes()
    with pytest.raises(UnsavableParameterError, match="parameter 'start' of Normal"):
        save(Normal(start=UNSAVABLE[name]), saved)
    with pytest.raises(UnsavableParameterError, match="parameter 'base' of Normal -> parameter 'start' of Normal"):
        save(Normal(base=Normal(start=UNSAVABLE[name])), saved)
    assert saved.read_bytes() == before
    assert os.listdir(saved.parent) == [saved.name]


def test_unsavable_message_names_the_type(path):
    with pytest.raises(UnsavableParameterError, match="'random_state' of Normal is of type numpy.*RandomState"):
        save(Normal(random_state=np.random.RandomState(0)), path)


def test_unsavable_attribute_is_named(fitted, path):
    fitted.engine_ = OtherGaussianMixture()
    with pytest.raises(UnsavableParameterError, match="attribute 'engine_' of Normal is of type sklearn"):
        save(fitted, path)


def test_attribute_that_hides_a_method_is_refused(fitted, path):
    fitted.sample = 3
    with pytest.raises(UnsavableParameterError, match="'sample'"):
        save(fitted, path)


@pytest.mark.parametrize("model", [FrozenNormal(), Namesake(), OtherGaussianMixture(), {"scale": 1}, None])
def test_only_models_of_the_registry_are_saved(model, path):
    with pytest.raises(UnsavableParameterError, match="expects one of the models of skgen, got an object of type"):
        save(model, path)
    assert not path.exists()


# ---- writing ---------------------------------------------------------------------------------------------------------


def test_failed_write_keeps_the_old_file(path):
    """A disk that fills up, played by a limit on file sizes."""
    script = """
        import os, resource, signal, sys
        import numpy as np
        sys.path.insert(0, sys.argv[2])
        import stand_ins
        from skgen import _registry, load, save
        _registry.MODELS["Normal"] = ("stand_ins", "model")
        path = sys.argv[1]
        save(stand_ins.Normal(scale=5.0), path)
        before = open(path, "rb").read()
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
        try:
            save(stand_ins.Normal(start=np.zeros(100_000)), path)
        except OSError as error:
            print(type(error).__name__, error.errno)
        assert open(path, "rb").read() == before
        print(load(path).scale, os.listdir(os.path.dirname(path)))
    """
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), str(path), os.path.dirname(__file__)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.stdout.split("\n")[:2] == ["OSError 27", "5.0 ['model.skgen']"], run.stderr


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_interrupted_write_keeps_the_old_file(failing, saved, monkeypatch):
    before = saved.read_bytes()

    def interrupt(*args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, failing, interrupt)
        with pytest.raises(KeyboardInterrupt):
            save(Normal(), saved)
    assert saved.read_bytes() == before
    assert os.listdir(saved.parent) == [saved.name]


def test_new_file_is_complete_before_it_takes_the_name(saved, monkeypatch):
    seen = []
    replace = os.replace

    def watched(source, target):
        seen.append(load(source).scale)
        assert os.path.dirname(source) == os.path.dirname(target)
        replace(source, target)

    monkeypatch.setattr(os, "replace", watched)
    save(Normal(scale=9.0), saved)
    assert seen == [9.0] and load(saved).scale == 9.0


def test_permissions_follow_the_old_file_or_the_mask(tmp_path):
    mask = os.umask(0o027)
    try:
        save(Normal(), tmp_path / "new")
    finally:
        os.umask(mask)
    assert stat.S_IMODE(os.stat(tmp_path / "new").st_mode) == 0o640
    os.chmod(tmp_path / "new", 0o600)
    save(Normal(), tmp_path / "new")
    assert stat.S_IMODE(os.stat(tmp_path / "new").st_mode) == 0o600


def test_link_stays_a_link(saved, tmp_path):
    os.symlink(saved, tmp_path / "latest")
    save(Normal(scale=4.0), tmp_path / "latest")
    assert os.path.islink(tmp_path / "latest") and load(saved).scale == 4.0


def test_paths_that_cannot_be_written(tmp_path):
    with pytest.raises(FileNotFoundError, match="no such folder"):
        save(Normal(), tmp_path / "nowhere" / "model")
    with pytest.raises(OSError, match="regular file"):
        save(Normal(), tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="regular file"):
        save(Normal(), tmp_path / "pipe")
    with pytest.raises(TypeError, match="PathLike"):
        save(Normal(), None)


def test_paths_that_cannot_be_read(tmp_path):
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "nothing")
    with pytest.raises(IsADirectoryError):
        load(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(CorruptModelError, match="regular file"):
        load(tmp_path / "pipe")


@pytest.mark.parametrize("convert", [str, os.fspath, os.fsencode])
def test_path_types(convert, fitted, path):
    save(fitted, convert(path))
    assert_same(load(convert(path)), fitted)
