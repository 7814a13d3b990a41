"""Checkpoint: a training on disk after each epoch, so that a fit that was killed goes on where it stood."""

from __future__ import annotations

import functools
import hashlib
import io
import os
import pickle
import re
from numbers import Integral

import numpy as np
import torch

from ..exceptions import CheckpointError

#: First line of the file; the digest of the rest follows, because torch's reader takes altered bytes.
_MAGIC = b"skgen checkpoint 1\n"

#: What a well-sealed file of something else makes torch's reader raise.
_CONTENT_ERRORS = (RuntimeError, EOFError, LookupError, TypeError, ValueError, AttributeError, pickle.UnpicklingError)

#: Parameters that do not change what a fit learns.
_NO_MATTER = ("checkpoint", "callbacks", "verbose", "device")


def fingerprint(model, arrays) -> str:
    """A digest of a model's class and parameters and of the rows it is fitted to, the same in every process."""
    parameters = {k: v for k, v in model.get_params(deep=False).items() if k not in _NO_MATTER}
    if not isinstance(model.random_state, Integral):
        del parameters["random_state"]  # the seed that it gave is in the file
    return digest([type(model).__name__, parameters, list(arrays)])


def digest(value) -> str:
    """A digest of a parameter's value, the same in every process."""
    found = hashlib.sha256()
    for part in _parts(value):
        found.update(part)
    return found.hexdigest()


def _parts(value):
    """Bytes that tell a value from others."""
    if isinstance(value, np.ndarray) and value.dtype != object:
        yield f"{value.shape}{value.dtype}".encode()
        yield np.ascontiguousarray(value).tobytes()
    elif isinstance(value, dict):
        for key in sorted(value, key=str):
            yield f"{key}=".encode()
            yield from _parts(value[key])
    elif isinstance(value, (list, tuple)):
        yield f"{len(value)}[".encode()
        for item in value:
            yield from _parts(item)
    elif hasattr(value, "to_state"):
        yield from _parts(value.to_state())
    elif isinstance(value, functools.partial):
        yield from _parts([value.func, value.args, value.keywords])
    elif callable(value):
        yield f"{value.__module__}.{value.__qualname__};".encode()
    else:
        yield f"{re.sub(' at 0x[0-9a-f]+', '', repr(value))};".encode()


def _plain(value):
    """A figure of a callback in the types of Python's that the reader takes; of others what they print."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, (np.ndarray, torch.Tensor)):
        value = value.tolist()
    if isinstance(value, dict):
        return {_plain(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(map(_plain, value)) if type(value) in (list, tuple) else list(map(_plain, value))
    return value if value is None or type(value) in (bool, int, float, str) else repr(value)


class Checkpoint:
    """The file of a training.

    Parameters
    ----------
    path : str, path-like or None
        The file; None writes nothing.
    digest : str
        Of the fit: a file of another one is refused.
    again : str, default=None
        The method that goes on from the weights that an interruption leaves, so that the file is of no use then; None
        where a fit begins anew.
    """

    def __init__(self, path, digest, again=None):
        self.path = None if path is None else os.path.abspath(os.fspath(path))
        self.digest, self.again = digest, again
        if self.path is not None and not os.path.isdir(os.path.dirname(self.path)):
            raise CheckpointError(f"checkpoint={path!r} lies in a folder that does not exist: make it first.")

    @property
    def advice(self) -> str:
        """How to go on after an interruption."""
        if self.again is not None:
            return f" Call {self.again} again to go on."
        is_there = self.path is not None and os.path.exists(self.path)
        return " The same fit goes on from its checkpoint." if is_there else ""

    def load(self, device):
        """What `save` wrote last, or None where there is no file."""
        if self.path is None or not os.path.exists(self.path):
            return None
        with open(self.path, "rb") as file:
            magic, seal, content = file.read(len(_MAGIC)), file.read(32), file.read()
        unreadable = f"{self.path} is no checkpoint that can be read: delete it or choose another one."
        if magic != _MAGIC or hashlib.sha256(content).digest() != seal:
            raise CheckpointError(unreadable)
        try:
            content = torch.load(io.BytesIO(content), map_location=device, weights_only=True)
            found = content["digest"]
        except _CONTENT_ERRORS as error:
            raise CheckpointError(unreadable) from error
        if found != self.digest:
            raise CheckpointError(
                f"{self.path} belongs to a fit of other rows or parameters. Delete it or choose another checkpoint."
            )
        return content

    def save(self, training, history):
        """Write the training and its history in place of the file, all or nothing."""
        if self.path is None:
            return
        content = {
            "digest": self.digest,
            "seed": training.seed,
            "training": training.state(),
            "history": [{name: _plain(value) for name, value in row.items()} for row in history],
        }
        draft = f"{self.path}.tmp"  # one name: what a killed fit left half written is written over
        buffer = io.BytesIO()
        torch.save(content, buffer)
        with open(draft, "wb") as file:
            file.write(_MAGIC)
            file.write(hashlib.sha256(buffer.getbuffer()).digest())
            file.write(buffer.getbuffer())
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, self.path)

    def end(self, was_interrupted):
        """Remove the file where nothing is left to resume."""
        if was_interrupted and self.again is None:
            return
        for path in (self.path, f"{self.path}.tmp"):
            if self.path is not None and os.path.exists(path):
                os.unlink(path)
