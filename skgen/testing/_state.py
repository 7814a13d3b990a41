"""The state of an estimator: what `vars` holds, taken apart to its leaves."""

from __future__ import annotations

import copy
from numbers import Number

import numpy as np

from .._registry import MODELS, STATE_OBJECTS


def fitted_state(model) -> dict:
    """What a fit left behind: `vars` without the parameters."""
    parameters = model.get_params(deep=False)
    return {name: value for name, value in vars(model).items() if name not in parameters}


def snapshot(model) -> dict:
    """A deep copy of `vars`."""
    return copy.deepcopy(vars(model))


def leaves(value, path=""):
    """Pairs (path, leaf); objects of ours are taken apart by `to_state`, models inside models by `vars`."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, f"{path}[{key!r}]")
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from leaves(item, f"{path}[{index}]")
    elif type(value).__name__ in STATE_OBJECTS and hasattr(value, "to_state"):
        yield from leaves(value.to_state(), f"{path}<{type(value).__name__}>")
    elif type(value).__name__ in MODELS:
        yield from leaves(vars(value), f"{path}<{type(value).__name__}>")
    else:
        yield path, value


def is_plain(leaf) -> bool:
    """Whether a leaf is a scalar, a string, None, or an array of numbers or strings."""
    if isinstance(leaf, np.ndarray):
        return leaf.dtype.kind in "biufcUSmM" or all(isinstance(item, str) for item in leaf.flat)
    return leaf is None or isinstance(leaf, str | bytes | bool | Number | np.generic)


def same_leaf(a, b) -> bool:
    """Equality of two leaves to the bit, NaN equal to NaN."""
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        if not (isinstance(a, np.ndarray) and isinstance(b, np.ndarray)) or a.dtype != b.dtype or a.shape != b.shape:
            return False
        return bool(np.array_equal(a, b, equal_nan=a.dtype.kind in "fc"))
    if isinstance(a, float) and isinstance(b, float) and a != a and b != b:
        return True
    if not (is_plain(a) and is_plain(b)):
        return a is b or type(a) is type(b)
    return type(a) is type(b) and a == b


def difference(before, after):
    """The first path at which two states differ, or None."""
    old, new = dict(leaves(before)), dict(leaves(after))
    for path in old.keys() | new.keys():
        if path not in old or path not in new or not same_leaf(old[path], new[path]):
            return path
    return None
