"""Checkpoint: a training on disk after each epoch, so that a fit that was killed goes on where it stood."""

from __future__ import annotations

import hashlib
import os
import pickle
import secrets

import numpy as np
import torch

from ..exceptions import CheckpointError

_FORMAT = 1

#: Parameters that do not change what a fit learns.
_NO_MATTER = ("checkpoint", "callbacks", "verbose")


def fingerprint(model, arrays) -> str:
    """A digest of a model's class and parameters and of the rows it is fitted to."""
    digest = hashlib.sha256(type(model).__name__.encode())
    parameters = {k: v for k, v in model.get_params(deep=False).items() if k not in _NO_MATTER}
    if not isinstance(model.random_state, int):
        del parameters["random_state"]  # the seed that it gave is in the file
    digest.update(repr(sorted(parameters.items())).encode())
    for array in arrays:
        if array is not None:
            array = np.ascontiguousarray(array)
            digest.update(f"{array.shape}{array.dtype}".encode())
            digest.update(array.tobytes())
    return digest.hexdigest()


class Checkpoint:
    """The file of a training.

    Parameters
    ----------
    path : str, path-like or None
        The file; None writes nothing.
    digest : str
        Of the fit: a file of another one is refused.
    """

    def __init__(self, path, digest):
        self.path = None if path is None else os.fspath(path)
        self.digest = digest

    def load(self, device):
        """What `save` wrote last, or None where there is no file."""
        if self.path is None or not os.path.exists(self.path):
            return None
        try:
            content = torch.load(self.path, map_location=device, weights_only=True)
        except (RuntimeError, EOFError, KeyError, ValueError, pickle.UnpicklingError) as error:
            raise CheckpointError(f"{self.path} is no checkpoint that can be read: {error}") from error
        if not isinstance(content, dict) or content.get("format") != _FORMAT:
            raise CheckpointError(f"{self.path} is no checkpoint of this version of skgen.")
        if content["digest"] != self.digest:
            raise CheckpointError(
                f"{self.path} belongs to a fit of other rows or parameters. Delete it or choose another checkpoint."
            )
        return content

    def save(self, training, history):
        """Write the training and its history in place of the file, all or nothing."""
        if self.path is None:
            return
        draft = f"{self.path}.{secrets.token_hex(8)}.tmp"
        content = {
            "format": _FORMAT,
            "digest": self.digest,
            "seed": training.seed,
            "training": training.state(),
            "history": history,
        }
        try:
            with open(draft, "wb") as file:
                torch.save(content, file)
                file.flush()
                os.fsync(file.fileno())
            os.replace(draft, self.path)
        finally:
            if os.path.exists(draft):
                os.unlink(draft)

    def remove(self):
        """The fit is complete: nothing is left to resume."""
        if self.path is not None and os.path.exists(self.path):
            os.unlink(self.path)
