"""One file that holds a manifest and named arrays.

The file is a zip archive of two stored (uncompressed) members, `manifest.json` and `arrays.safetensors`. Its comment,
the last 64 bytes of the file, is the sha256 in hexadecimal of every byte before it. Any zip tool opens it. A reader
checks that digest first, then sizes, then names, and allocates nothing larger than the file itself.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import shutil
import stat
import struct
import zipfile
from errno import EINVAL, ENOENT

import numpy as np
import safetensors
import safetensors.numpy

from .exceptions import CorruptModelError, UnsavableParameterError

#: The format that this version writes, and the newest that it reads.
FORMAT_VERSION = 1

MANIFEST = "manifest.json"
ARRAYS = "arrays.safetensors"

#: A parsed manifest takes some thirty times its bytes in memory.
MANIFEST_LIMIT = 2**28

#: The library's own limit on the table of contents of the arrays.
HEADER_LIMIT = 100_000_000

#: safetensors' names of the element types that numpy shares with it, all little-endian.
TENSOR_DTYPES: dict[str, str] = {
    "BOOL": "|b1",
    "I8": "|i1",
    "U8": "|u1",
    "I16": "<i2",
    "U16": "<u2",
    "I32": "<i4",
    "U32": "<u4",
    "I64": "<i8",
    "U64": "<u8",
    "F16": "<f2",
    "F32": "<f4",
    "F64": "<f8",
}

_FORMAT = "skgen model"
_ZIP_START = b"PK\x03\x04"
_DIGEST_CHARS = 64
_CHUNK = 2**20

#: What the standard library raises on a malformed zip.
_ZIP_ERRORS = (zipfile.BadZipFile, struct.error, EOFError, LookupError, OSError, RuntimeError, ValueError)


def _prefix_digest(file, n_bytes) -> bytes:
    """The hexadecimal sha256 of the first bytes of a file."""
    digest = hashlib.sha256()
    file.seek(0)
    while n_bytes > 0 and (chunk := file.read(min(_CHUNK, n_bytes))):
        digest.update(chunk)
        n_bytes -= len(chunk)
    return digest.hexdigest().encode("ascii")


def _write_members(file, members: dict[str, bytes]) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, data in members.items():
            row = zipfile.ZipInfo(name)  # dated 1980: equal models give equal files
            row.external_attr = 0o644 << 16
            archive.writestr(row, data)
        archive.comment = b"0" * _DIGEST_CHARS
    end = file.seek(0, os.SEEK_END) - _DIGEST_CHARS
    digest = _prefix_digest(file, end)
    file.seek(end)
    file.write(digest)


def _sync_folder(folder) -> None:
    """Make a rename durable; only POSIX can open a folder for that."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextlib.contextmanager
def _replacing(path):
    """A new file that takes the place of `path` once it is complete, and of nothing if anything fails."""
    target = os.path.realpath(os.fsdecode(path))
    folder = os.path.dirname(target)
    if not os.path.isdir(folder):
        raise FileNotFoundError(ENOENT, "There is no such folder to save a model in", folder)
    exists = os.path.exists(target)
    if exists and not os.path.isfile(target):
        raise OSError(EINVAL, "A model is saved to a regular file, which this is not", target)
    draft = os.path.join(folder, f".skgen-{secrets.token_hex(8)}.tmp")
    try:
        with open(draft, "x+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if exists:
            shutil.copymode(target, draft)
        os.replace(draft, target)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(draft)
    _sync_folder(folder)


def write_archive(path, manifest: dict, arrays: dict[str, np.ndarray]) -> None:
    """Write a manifest and its arrays in place of `path`, all or nothing.

    Parameters
    ----------
    path : str or path-like
        The file to write.
    manifest : dict
        What `json` can write, without "format", "format_version" and "members", which are added here.
    arrays : dict of str to ndarray
        C-contiguous arrays of a type listed in `TENSOR_DTYPES`.
    """
    blob = safetensors.numpy.save(arrays)
    members = {ARRAYS: {"sha256": hashlib.sha256(blob).hexdigest(), "size": len(blob)}}
    head = {"format": _FORMAT, "format_version": FORMAT_VERSION, "members": members}
    text = json.dumps({**head, **manifest}, allow_nan=False, separators=(",", ":")).encode("ascii")
    if len(text) > MANIFEST_LIMIT or int.from_bytes(blob[:8], "little") > HEADER_LIMIT:
        raise UnsavableParameterError(
            f"The model is too large to be saved: its manifest takes {len(text)} bytes (limit {MANIFEST_LIMIT}) and it "
            f"holds {len(arrays)} arrays. Fit it on columns with fewer or shorter levels."
        )
    with _replacing(path) as file:
        _write_members(file, {MANIFEST: text, ARRAYS: blob})


def _check_digest(file, path) -> int:
    """The size of a sealed file, once its last bytes are known to be the digest of the rest."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    if file.read(len(_ZIP_START)) != _ZIP_START:
        raise CorruptModelError(f"{path} is not a file that skgen.save wrote: it does not start like one.")
    found = b""
    if size > _DIGEST_CHARS:
        file.seek(size - _DIGEST_CHARS)
        found = file.read(_DIGEST_CHARS)
    if found != _prefix_digest(file, size - _DIGEST_CHARS):
        raise CorruptModelError(
            f"{path} is truncated or altered: it does not end in the sha256 of its other bytes. "
            "Restore it from a copy, or save the model again."
        )
    return size


def _read_member(archive, name, limit) -> bytes:
    rows = [row for row in archive.infolist() if row.filename == name]
    if len(rows) != 1:
        raise CorruptModelError(f"expected one member {name!r}, got {len(rows)}")
    row = rows[0]
    if row.compress_type != zipfile.ZIP_STORED or row.file_size != row.compress_size:
        raise CorruptModelError(f"expected the member {name!r} uncompressed")
    if row.file_size > limit:
        raise CorruptModelError(f"the member {name!r} declares {row.file_size} bytes, more than the {limit} allowed")
    return archive.read(row)


def _unique_keys(pairs) -> dict:
    entries = dict(pairs)
    if len(entries) != len(pairs):
        raise CorruptModelError("the manifest repeats a key")
    return entries


def _refuse_constant(name):
    raise CorruptModelError(f"the manifest holds {name}, which is no JSON")


def _parse_manifest(text) -> dict:
    try:
        manifest = json.loads(text.decode("ascii"), object_pairs_hook=_unique_keys, parse_constant=_refuse_constant)
    except RecursionError as error:
        raise CorruptModelError("the manifest is nested too deeply") from error
    if not isinstance(manifest, dict) or manifest.get("format") != _FORMAT:
        raise CorruptModelError("it is some other program's zip archive")
    version = manifest.get("format_version")
    if type(version) is not int or version < 1:
        raise CorruptModelError(f"expected a format version of 1 or more, got {version!r}")
    if version > FORMAT_VERSION:
        raise CorruptModelError(
            f"it has format version {version} and this skgen reads versions up to {FORMAT_VERSION}; upgrade skgen"
        )
    return manifest


def _parse_arrays(blob) -> dict[str, np.ndarray]:
    try:
        tensors = safetensors.deserialize(blob)
    except safetensors.SafetensorError as error:
        raise CorruptModelError(f"its arrays are malformed: {error}") from error
    arrays = {}
    for name, tensor in tensors:
        if tensor["dtype"] not in TENSOR_DTYPES:
            raise CorruptModelError(f"the array {name!r} has the unknown element type {tensor['dtype']!r}")
        array = np.frombuffer(tensor["data"], dtype=TENSOR_DTYPES[tensor["dtype"]]).reshape(tensor["shape"])
        if array.dtype == bool and array.view(np.uint8).max(initial=0) > 1:  # numpy trusts its booleans blindly
            raise CorruptModelError(f"the array {name!r} holds booleans that are neither 0 nor 1")
        arrays[name] = array
    return arrays


def _read_members(file, size) -> tuple[dict, bytes]:
    with zipfile.ZipFile(file) as archive:
        manifest = _parse_manifest(_read_member(archive, MANIFEST, min(size, MANIFEST_LIMIT)))
        names = [row.filename for row in archive.infolist()]
        if names != [MANIFEST, ARRAYS]:
            raise CorruptModelError(f"expected the members {[MANIFEST, ARRAYS]}, got {names}")
        blob = _read_member(archive, ARRAYS, size)
    stated = manifest.get("members")
    if stated != {ARRAYS: {"sha256": hashlib.sha256(blob).hexdigest(), "size": len(blob)}}:
        raise CorruptModelError(f"the manifest states another size or sha256 of {ARRAYS!r}")
    return manifest, blob


def read_archive(path) -> tuple[dict, dict[str, np.ndarray]]:
    """Read back what `write_archive` wrote.

    Parameters
    ----------
    path : str or path-like
        The file to read.

    Returns
    -------
    manifest : dict
        The manifest, "format", "format_version" and "members" included.
    arrays : dict of str to ndarray
        The arrays, little-endian, by name.
    """
    path = os.fsdecode(path)
    if not os.path.isdir(path) and not stat.S_ISREG(os.stat(path).st_mode):
        raise CorruptModelError(f"{path} is not a regular file.")
    with open(path, "rb") as file:
        size = _check_digest(file, path)
        try:
            manifest, blob = _read_members(file, size)
            return manifest, _parse_arrays(blob)
        except CorruptModelError as error:
            raise CorruptModelError(f"{path} is no model that can be read: {error}.") from error
        except _ZIP_ERRORS as error:
            raise CorruptModelError(
                f"{path} is no model that can be read: its archive is malformed: {error}."
            ) from error
