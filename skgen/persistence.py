"""Saved models: `save` and `load`.

A model is its registry name, its parameters and what `fit` left. `save` writes these as JSON, with the arrays beside,
and `load` builds the class of that name and puts them back. Nothing is pickled, and a file can name only the classes
that the registry lists: it never decides what is imported or called.
"""

from __future__ import annotations

import importlib.metadata
import platform
import struct

from . import _registry
from ._archive import read_archive, write_archive
from ._values import Decoder, Encoder, is_ours
from ._version import __version__
from .exceptions import CorruptModelError, UnsavableParameterError

_PACKAGES = ("numpy", "scipy", "scikit-learn", "pandas", "narwhals", "safetensors", "hmmlearn", "torch")

#: What to do with a model of one's own, or one that holds others.
OTHERS = "Models outside of the registry, and those that hold other estimators, can be pickled."

#: What a well-sealed file of nonsense makes the readers raise.
_CONTENT_ERRORS = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, struct.error, RecursionError)


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version(), "skgen": __version__}
    for package in _PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def save(model, path) -> None:
    """Save a model to one file.

    The file holds the model's parameters, its schema and the arrays of its fit, and the model that `load` makes of it
    gives the same scores, and the same samples from the same place of its stream, bit for bit. It is written beside
    `path` and moved there once it is complete: if anything fails, an older file at `path` is left as it was.

    Parameters
    ----------
    model : estimator
        A model of this package, fitted or not.
    path : str or path-like
        The file to write; an existing one is replaced.

    Raises
    ------
    UnsavableParameterError
        If a parameter or a fitted attribute, which the message names, is something a file cannot hold: an object of
        another package, a function, a random generator.

    See Also
    --------
    load : The way back.

    Examples
    --------
    >>> import tempfile, os, numpy as np
    >>> from skgen import KernelDensity, load, save
    >>> X = np.random.default_rng(0).normal(size=(200, 2))
    >>> model = KernelDensity(bandwidth=0.5).fit(X)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "model.skgen")
    ...     save(model, path)
    ...     again = load(path)
    >>> again.score(X) == model.score(X)
    True
    """
    if not is_ours(model, _registry.MODELS):
        kind = f"{type(model).__module__}.{type(model).__qualname__}"
        raise UnsavableParameterError(
            f"save expects one of the models of skgen, got an object of type {kind}. "
            f"{'Save its best_estimator_.' if hasattr(model, 'best_estimator_') else OTHERS}"
        )
    encoder = Encoder()
    manifest = {"versions": _versions(), "model": encoder.encode_model(model)}
    write_archive(path, manifest, encoder.arrays)


def load(path):
    """Load a model that `save` wrote.

    A file from an unknown source can at worst be a wrong model: no pickle is read, no code runs from it, and it can
    name no class but those of this package.

    Parameters
    ----------
    path : str or path-like
        The file to read.

    Returns
    -------
    model : estimator
        A model equal to the one that was saved.

    Raises
    ------
    CorruptModelError
        If the file is truncated or altered, was not written by `save`, or needs a newer version of this package.

    See Also
    --------
    save : The way there.

    Examples
    --------
    >>> import tempfile, os, numpy as np
    >>> from skgen import GaussianMixture, load, save
    >>> X = np.random.default_rng(0).normal(size=(200, 2))
    >>> model = GaussianMixture(n_components=2, random_state=0).fit(X)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "model.skgen")
    ...     save(model, path)
    ...     again = load(path)
    >>> bool((again.sample(5) == model.sample(5)).all())
    True
    """
    manifest, arrays = read_archive(path)
    try:
        model = Decoder(arrays).decode_model(manifest["model"])
    except CorruptModelError as error:
        raise CorruptModelError(f"{path} is no model that can be read: {error}.") from error
    except _CONTENT_ERRORS as error:
        raise CorruptModelError(f"{path} is no model that can be read: its content is malformed: {error!r}.") from error
    if arrays:
        raise CorruptModelError(f"{path} is no model that can be read: its arrays {sorted(arrays)} belong to nothing.")
    return model
