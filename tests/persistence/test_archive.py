"""Tests of files that are damaged or hostile: `load` refuses every one with the same error."""

from __future__ import annotations

import hashlib
import io
import json
import os
import pickle
import re
import struct
import sys
import tracemalloc
import zipfile

import joblib
import numpy as np
import pytest
import safetensors.numpy
from numpy.testing import assert_array_equal
from stand_ins import Normal, parts

from skgen import load, save
from skgen._archive import ARRAYS, MANIFEST
from skgen.exceptions import CorruptModelError


def seal(members, names=None):
    """A file of those members that ends in the right digest."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in members:
            archive.writestr(name, data)
        archive.comment = b"0" * 64
    body = file.getvalue()[:-64]
    return reseal(body)


def reseal(body):
    return body + hashlib.sha256(body).hexdigest().encode()


def rebuilt(path, change=None, change_arrays=None):
    """The same file with its manifest or its arrays changed, every digest and size in it true."""
    manifest, blob = parts(path)
    if change_arrays is not None:
        arrays = safetensors.numpy.load(blob)
        change_arrays(arrays)
        blob = safetensors.numpy.save(arrays)
    manifest["members"] = {ARRAYS: {"sha256": hashlib.sha256(blob).hexdigest(), "size": len(blob)}}
    if change is not None:
        change(manifest)
    path.write_bytes(seal([(MANIFEST, json.dumps(manifest)), (ARRAYS, blob)]))


# ---- damaged files ---------------------------------------------------------------------------------------------------


def test_every_flipped_bit_is_seen(saved):
    body = saved.read_bytes()
    rng = np.random.default_rng(0)
    for position in rng.choice(8 * len(body), size=200, replace=False):
        damaged = bytearray(body)
        damaged[position // 8] ^= 1 << position % 8
        saved.write_bytes(damaged)
        with pytest.raises(CorruptModelError, match="altered|does not start"):
            load(saved)


def test_every_flipped_bit_of_the_digest_and_the_directory_is_seen(saved):
    body = saved.read_bytes()
    for position in range(8 * (len(body) - 300), 8 * len(body), 5):
        damaged = bytearray(body)
        damaged[position // 8] ^= 1 << position % 8
        saved.write_bytes(damaged)
        with pytest.raises(CorruptModelError, match="altered"):
            load(saved)


@pytest.mark.parametrize("sixteenth", range(16))
def test_truncation_is_seen(sixteenth, saved):
    body = saved.read_bytes()
    saved.write_bytes(body[: len(body) * sixteenth // 16])
    with pytest.raises(CorruptModelError, match="truncated|does not start"):
        load(saved)


@pytest.mark.parametrize("change", [lambda b: b[:-1], lambda b: b + b"\n", lambda b: b[64:], lambda b: b + b])
def test_lost_and_added_bytes_are_seen(change, saved):
    saved.write_bytes(change(saved.read_bytes()))
    with pytest.raises(CorruptModelError):
        load(saved)


# ---- hostile files ---------------------------------------------------------------------------------------------------


class Bomb:
    def __init__(self, sentinel):
        self.sentinel = sentinel

    def __reduce__(self):
        return open, (self.sentinel, "w")


@pytest.mark.parametrize("wrap", ["bare", "digest", "zip", "arrays", "joblib", "npy"])
def test_pickle_bomb_does_not_go_off(wrap, saved, tmp_path):
    sentinel = tmp_path / "sentinel"
    bomb = pickle.dumps(Bomb(str(sentinel)))
    manifest = json.dumps(parts(saved)[0])
    if wrap == "joblib":
        joblib.dump(Bomb(str(sentinel)), saved)
    elif wrap == "npy":
        np.save(tmp_path / "bomb.npy", np.array([Bomb(str(sentinel))], dtype=object), allow_pickle=True)
        (tmp_path / "bomb.npy").replace(saved)
    else:
        members = {"zip": [("model.pkl", bomb)], "arrays": [(MANIFEST, manifest), (ARRAYS, bomb)]}
        saved.write_bytes({"bare": bomb, "digest": reseal(bomb)}.get(wrap) or seal(members[wrap]))
    with pytest.raises(CorruptModelError):
        load(saved)
    assert not sentinel.exists()
    pickle.loads(bomb).close()
    assert sentinel.exists()  # the bomb is a real one


def test_nothing_is_unpickled_or_evaluated(saved, fitted, monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("load must not do this")

    for place, name in [
        (pickle, "load"), (pickle, "loads"), (pickle, "Unpickler"), (joblib, "load"), (np, "load"),
        (zipfile.ZipFile, "extract"), (zipfile.ZipFile, "extractall"),
        ("builtins.eval", refuse), ("builtins.exec", refuse),
    ]:  # fmt: skip
        if isinstance(place, str):
            monkeypatch.setattr(place, name)
        else:
            monkeypatch.setattr(place, name, refuse)
    again = load(saved)
    monkeypatch.undo()
    assert_array_equal(again.mean_, fitted.mean_)


@pytest.mark.parametrize("name", ["../evil", "/tmp/evil", "a/../../evil", "..\\evil", ARRAYS + "/../x", "."])
def test_member_that_climbs_out_is_refused(name, saved, tmp_path):
    manifest, blob = parts(saved)
    members = [(MANIFEST, json.dumps(manifest)), (ARRAYS, blob)]
    saved.write_bytes(seal(members))
    load(saved)  # so only the name is wrong below
    before = sorted(os.listdir(tmp_path))
    saved.write_bytes(seal([*members, (name, b"evil")]))
    with pytest.raises(CorruptModelError, match="expected the members"):
        load(saved)
    saved.write_bytes(seal([members[0], (name, blob)]))
    with pytest.raises(CorruptModelError, match="expected the members"):
        load(saved)
    assert sorted(os.listdir(tmp_path)) == before


def test_repeated_member_is_refused(saved):
    manifest, blob = parts(saved)
    with pytest.warns(UserWarning, match="Duplicate name"):
        body = seal([(MANIFEST, json.dumps(manifest)), (ARRAYS, blob), (MANIFEST, json.dumps(manifest))])
    saved.write_bytes(body)
    with pytest.raises(CorruptModelError, match="expected one member"):
        load(saved)


def with_directory(body, member, offset, value):
    """The file with one field of a member's row in the zip directory overwritten."""
    rows = [match.start() for match in re.finditer(b"PK\x01\x02", body)]
    row = rows[-2:][member]
    body = bytearray(body[:-64])
    body[row + offset : row + offset + len(value)] = value
    return reseal(bytes(body))


@pytest.mark.parametrize("member", [0, 1])
@pytest.mark.parametrize("fields", [{24: 2**31}, {20: 2**31}, {20: 2**31, 24: 2**31}, {42: 2**31}])
def test_oversize_in_the_directory_is_refused(member, fields, saved):
    body = saved.read_bytes()
    assert with_directory(body, member, 24, b"") == body
    for offset, size in fields.items():
        body = with_directory(body, member, offset, struct.pack("<I", size))
    saved.write_bytes(body)
    with pytest.raises(CorruptModelError, match="uncompressed|declares 2147483648 bytes|malformed"):
        load(saved)


def test_oversize_in_the_manifest_is_refused(saved):
    rebuilt(saved, lambda manifest: manifest["members"][ARRAYS].update(size=2**50))
    with pytest.raises(CorruptModelError, match="states another size"):
        load(saved)


def test_oversize_in_the_arrays_is_refused(saved):
    manifest, _ = parts(saved)
    for shape, offsets in [([2**40], [0, 2**43]), ([2**40], [0, 8]), ([2**32, 2**32], [0, 8]), ([1], [-8, 0])]:
        head = json.dumps({"x": {"dtype": "F64", "shape": shape, "data_offsets": offsets}}).encode()
        blob = struct.pack("<Q", len(head)) + head + bytes(8)
        manifest["members"] = {ARRAYS: {"sha256": hashlib.sha256(blob).hexdigest(), "size": len(blob)}}
        saved.write_bytes(seal([(MANIFEST, json.dumps(manifest)), (ARRAYS, blob)]))
        with pytest.raises(CorruptModelError, match="arrays are malformed"):
            load(saved)


def test_compressed_bomb_is_refused_unread(saved):
    """A hundred megabytes of zeros that take a hundred kilobytes."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(MANIFEST, b"0" * 10**8)
        archive.comment = b"0" * 64
    saved.write_bytes(reseal(file.getvalue()[:-64]))
    with pytest.raises(CorruptModelError, match="uncompressed"):
        load(saved)


def test_loading_allocates_no_more_than_a_few_files(path):
    save(Normal(start=np.zeros(10**6)), path)
    load(path)
    tracemalloc.start()
    load(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3.5 * os.path.getsize(path)


@pytest.mark.parametrize(
    ("version", "message"),
    [(2, "has format version 2 and this skgen reads versions up to 1; upgrade skgen"), (0, "1 or more"), ("1", "1 or")],
)
def test_format_version(version, message, saved):
    rebuilt(saved, lambda manifest: manifest.update(format_version=version, members="arranged anew"))
    with pytest.raises(CorruptModelError, match=message):
        load(saved)


def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


HOSTILE = {
    "unknown class": (lambda m: m["model"].update({"class": "Popen"}), "names the model 'Popen'"),
    "dotted class": (lambda m: m["model"].update({"class": "os.system"}), "names the model 'os.system'"),
    "function for a class": (lambda m: m["model"].update({"class": "compare_densities"}), "names the model"),
    "list for a class": (lambda m: m["model"].update({"class": ["Normal"]}), "names the model"),
    "unknown object": (
        lambda m: m["model"]["attributes"].update(x_={"object": ["Path", {"dict": []}]}),
        "names the object 'Path'",
    ),
    "model for an object": (
        lambda m: m["model"]["attributes"].update(x_={"object": ["Normal", {"dict": []}]}),
        "names the object 'Normal'",
    ),
    "object of nonsense": (
        lambda m: m["model"]["attributes"].update(x_={"object": ["Law", {"dict": []}]}),
        "content is malformed",
    ),
    "unknown parameter": (lambda m: m["model"]["parameters"].update(evil=1), r"sets the parameters \['evil'\]"),
    "hidden method": (lambda m: m["model"]["attributes"].update(sample=1), r"sets \['sample'\]"),
    "hidden property": (lambda m: m["model"]["attributes"].update(n_=1), r"sets \['n_'\]"),
    "hidden class": (lambda m: m["model"]["attributes"].update(__class__="x"), r"sets \['__class__'\]"),
    "parameter as attribute": (lambda m: m["model"]["attributes"].update(scale=1), r"sets \['scale'\]"),
    "unknown tag": (lambda m: m["model"]["attributes"].update(x_={"call": ["print", 1]}), "unknown kind 'call'"),
    "two tags": (lambda m: m["model"]["attributes"].update(x_={"tuple": [], "dict": []}), "malformed"),
    "no tag": (lambda m: m["model"]["attributes"].update(x_={}), "malformed"),
    "missing array": (lambda m: m["model"]["attributes"].update(x_={"array": ["no", "<f8", [0]]}), "malformed"),
    "array used twice": (
        lambda m: m["model"]["attributes"].update(x_=m["model"]["attributes"]["mean_"]),
        "malformed",
    ),
    "unused array": (lambda m: m["model"]["attributes"].pop("mean_"), "belong to nothing"),
    "dtype of objects": (lambda m: m["model"]["attributes"]["mean_"]["array"].__setitem__(1, "|O"), "unknown dtype"),
    "dtype with code": (lambda m: m["model"]["attributes"]["mean_"]["array"].__setitem__(1, "f8,O"), "unknown dtype"),
    "another dtype": (lambda m: m["model"]["attributes"]["mean_"]["array"].__setitem__(1, "<i8"), "another dtype"),
    "text dtype": (lambda m: m["model"]["attributes"]["mean_"]["array"].__setitem__(1, "<U9"), "is not made of"),
    "repeated axes": (
        lambda m: m["model"]["attributes"]["factor_"]["array"].__setitem__(2, [0, 0]),
        "another dtype or dimension",
    ),
    "huge text scalar": (
        lambda m: m["model"]["attributes"].update(x_={"scalar": ["<U999999999", "00"]}),
        "malformed",
    ),
    "huge shape": (lambda m: m["model"]["attributes"].update(x_={"objects": [[2**40], []]}), "an array of shape"),
    "no model": (lambda m: m.pop("model"), "malformed"),
    "model of text": (lambda m: m.update(model="Normal"), "malformed"),
    "other format": (lambda m: m.update(format="zip"), "other program"),
    "digits": (lambda m: m["model"]["parameters"].update(scale=float("nan")), "no JSON"),
    "deep nesting": (lambda m: m["model"]["parameters"].update(start=nested(800)), "malformed|nested"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_manifest(name, saved):
    rebuilt(saved)
    load(saved)  # so only the change below is wrong
    change, message = HOSTILE[name]
    rebuilt(saved, change)
    with pytest.raises(CorruptModelError, match=message):
        load(saved)


@pytest.mark.parametrize(
    "text",
    [b"", b"[]", b"nonsense", b"\xff\xfe", b'{"format": "skgen model"}', b"[" * 100_000, b"9" * 10_000,
     b'{"format": "skgen model", "format_version": 9, "format_version": 1}'],
)  # fmt: skip
def test_hostile_manifest_text(text, saved):
    saved.write_bytes(seal([(MANIFEST, text), (ARRAYS, parts(saved)[1])]))
    with pytest.raises(CorruptModelError):
        load(saved)


def test_booleans_of_other_bits_are_refused(path):
    save(Normal(start=np.array([True, False])), path)
    manifest, blob = parts(path)
    blob = blob[:-2] + b"\x02\x00" if blob.endswith(b"\x01\x00") else blob.replace(b"\x01\x00", b"\x02\x00")
    manifest["members"] = {ARRAYS: {"sha256": hashlib.sha256(blob).hexdigest(), "size": len(blob)}}
    path.write_bytes(seal([(MANIFEST, json.dumps(manifest)), (ARRAYS, blob)]))
    with pytest.raises(CorruptModelError, match="neither 0 nor 1"):
        load(path)


def test_random_damage_under_a_true_digest_raises_nothing_else(saved):
    """Whatever a file holds, it loads or it is refused by the one error."""
    rebuilt(saved)
    body = saved.read_bytes()[:-64]
    rng = np.random.default_rng(1)
    refused = 0
    for _ in range(400):
        damaged = bytearray(body)
        for position in rng.integers(0, len(body), size=rng.integers(1, 4)):
            damaged[position] = rng.integers(0, 256)
        saved.write_bytes(reseal(bytes(damaged)))
        try:
            load(saved)
        except CorruptModelError:
            refused += 1
    assert refused > 200


def test_file_cannot_import(saved, monkeypatch):
    """A name outside the registry reaches no import at all."""
    rebuilt(saved, lambda manifest: manifest["model"].update({"class": "antigravity"}))
    with pytest.raises(CorruptModelError):
        load(saved)
    assert "antigravity" not in sys.modules
