"""Values as JSON: what a model holds, written down and read back bit for bit.

JSON has exact words for texts, booleans, None, lists, finite floats and ints of 64 bits. Everything else is an object
of one entry, {tag: content}; the numbers of an array stand outside, under a name. A model is its class, its parameters,
its schema and its fitted attributes. A reader builds only classes that the registry lists.
"""

from __future__ import annotations

import importlib
import inspect
import math
import re
import struct
import sys

import numpy as np

from . import _registry
from ._archive import TENSOR_DTYPES
from .exceptions import CorruptModelError, UnsavableParameterError

#: Values nest at most so deep, which ends a list that contains itself.
_MAX_DEPTH = 50

_INT_BITS = 63

#: Element types with a fixed meaning on every machine; `longdouble`, structures and objects are not among them.
_DTYPE = re.compile(r"[<>|](b1|[iu][1248]|f[248]|c8|c16|[SU][1-9]\d{0,8}|[mM]8(\[\d{0,9}[a-zA-Zμ]{1,2}\])?)")

_TENSOR_DTYPES = frozenset(TENSOR_DTYPES.values())

#: Leaves that JSON has no exact word for: type -> (tag, to a JSON value, back).
_LEAVES = {
    int: ("int", hex, lambda text: int(text, 16)),
    float: ("float", lambda x: struct.pack("<d", x).hex(), lambda text: struct.unpack("<d", bytes.fromhex(text))[0]),
}
_LEAF_READERS = {tag: read for tag, _, read in _LEAVES.values()}


def _module_of(row) -> str:
    """The module in a row of either table of the registry."""
    return row if isinstance(row, str) else row[0]


def _class_named(name, table, what):
    """The class of ours with that name, which a file may ask for only if the registry lists it."""
    if not isinstance(name, str) or name not in table:
        raise CorruptModelError(f"it names the {what} {name!r}, which this version of skgen does not have")
    return getattr(importlib.import_module(_module_of(table[name])), name)


def is_ours(value, table) -> bool:
    """Whether the registry's class of that name is really the value's class, not another one called the same."""
    name = type(value).__name__
    if name not in table:
        return False
    return getattr(sys.modules.get(_module_of(table[name])), name, None) is type(value)


def _is_attribute(cls, key) -> bool:
    """Whether `fit` could have left an attribute of that name: one that is no parameter and hides no method."""
    hidden = inspect.getattr_static(cls, key, None)
    is_data = not callable(hidden) and not hasattr(hidden, "__get__")
    return is_data and key.isidentifier() and not key.startswith("__") and key not in inspect.signature(cls).parameters


def _is_exact_in_json(value) -> bool:
    if type(value) is int:
        return value.bit_length() <= _INT_BITS
    if type(value) is float:
        return math.isfinite(value)
    return value is None or type(value) in (bool, str)


def _memory_axes(array) -> list[int]:
    """The axes from the slowest in memory to the fastest; products round as the layout has it, so it is kept."""
    return sorted(range(array.ndim), key=lambda axis: -abs(array.strides[axis]))


class Encoder:
    """Values to JSON, arrays set aside under the path of where they stood."""

    def __init__(self):
        self.arrays = {}

    def encode(self, value, where, depth=0):
        if _is_exact_in_json(value):
            return value
        if depth > _MAX_DEPTH:
            raise UnsavableParameterError(f"{where} is nested more than {_MAX_DEPTH} deep or contains itself.")
        kind, below = type(value), depth + 1
        if kind is list:
            return self._items(value, where, below)
        if kind is tuple:
            return {"tuple": self._items(value, where, below)}
        if kind is dict:
            return {"dict": [self._items(pair, where, below) for pair in value.items()]}
        if kind in (np.ndarray, np.memmap):
            return self._array(value, where, below)
        if isinstance(value, np.generic):
            return {"scalar": self._scalar(np.asarray(value), where)}
        if is_ours(value, _registry.MODELS):
            return {"model": self.encode_model(value, f"{where} -> ", below)}
        if is_ours(value, _registry.STATE_OBJECTS):
            return {"object": [kind.__name__, self.encode(value.to_state(), where, below)]}
        return self._leaf(value, where)

    def encode_model(self, model, prefix="", depth=0) -> dict:
        """The class, parameters, schema and fitted attributes of a model."""
        name = type(model).__name__
        parameters = model.get_params(deep=False)
        fitted = {key: value for key, value in vars(model).items() if key not in parameters}
        hiding = sorted(key for key in fitted if not _is_attribute(type(model), key))
        if hiding:
            raise UnsavableParameterError(f"The attributes {hiding} of {prefix}{name} hide its own. Delete them first.")
        parameters = {k: self.encode(v, f"{prefix}parameter {k!r} of {name}", depth) for k, v in parameters.items()}
        attributes = {k: self.encode(v, f"{prefix}attribute {k!r} of {name}", depth) for k, v in fitted.items()}
        return {
            "class": name,
            "parameters": parameters,
            "schema": attributes.pop("schema_", None),
            "attributes": attributes,
        }

    def _items(self, values, where, depth):
        return [self.encode(value, where, depth) for value in values]

    def _leaf(self, value, where):
        if isinstance(value, type) or inspect.isroutine(value):
            raise UnsavableParameterError(
                f"{where} is code, {value.__module__}.{value.__qualname__}, which a file of data cannot hold. "
                "Pickle the model instead."
            )
        if type(value) not in _LEAVES:
            kind = f"{type(value).__module__}.{type(value).__qualname__}"
            raise UnsavableParameterError(
                f"{where} is of type {kind}, which cannot be saved. "
                "Use a number, a string, an array, a list or dict of these, or a model of skgen."
            )
        tag, write, _ = _LEAVES[type(value)]
        return {tag: write(value)}

    def _little(self, array, where):
        if not _DTYPE.fullmatch(array.dtype.str):
            raise UnsavableParameterError(
                f"{where} holds numpy's dtype {array.dtype}, which cannot be saved. "
                "Use numbers of at most 64 bits, booleans, strings, dates or objects."
            )
        return array.dtype.newbyteorder("<")

    def _scalar(self, array, where):
        return [array.dtype.str, array.astype(self._little(array, where)).tobytes().hex()]

    def _array(self, array, where, depth):
        if array.dtype == object:
            return {"objects": [list(array.shape), self._items(array.ravel().tolist(), where, depth)]}
        little = self._little(array, where)
        axes = _memory_axes(array)
        stored = np.asarray(array.transpose(axes), dtype=little, order="C")
        if little.str not in _TENSOR_DTYPES:
            stored = np.frombuffer(stored.tobytes(), np.uint8).reshape((*stored.shape, little.itemsize))
        name = f"{len(self.arrays):05d} {where}"
        self.arrays[name] = stored
        return {"array": [name, array.dtype.str, axes]}


def _dtype_named(text) -> np.dtype:
    if not _DTYPE.fullmatch(text):
        raise CorruptModelError(f"it holds an array of the unknown dtype {text!r}")
    return np.dtype(text)


class Decoder:
    """JSON and arrays back to values."""

    def __init__(self, arrays):
        self.arrays = arrays

    def decode(self, node):
        if isinstance(node, list):
            return [self.decode(item) for item in node]
        if not isinstance(node, dict):
            return node
        ((tag, content),) = node.items()
        if tag in _LEAF_READERS:
            return _LEAF_READERS[tag](content)
        if tag not in _READERS:
            raise CorruptModelError(f"it holds a value of the unknown kind {tag!r}")
        return _READERS[tag](self, content)

    def decode_model(self, content):
        cls = _class_named(content["class"], _registry.MODELS, "model")
        parameters = {key: self.decode(node) for key, node in content["parameters"].items()}
        unknown = sorted(set(parameters) - set(inspect.signature(cls).parameters))
        if unknown:
            raise CorruptModelError(f"it sets the parameters {unknown}, which this version's {cls.__name__} has not")
        model = cls(**parameters)
        attributes = {key: self.decode(node) for key, node in content["attributes"].items()}
        if content["schema"] is not None:
            attributes["schema_"] = self.decode(content["schema"])
        hiding = sorted(key for key in attributes if not _is_attribute(cls, key))
        if hiding:
            raise CorruptModelError(f"it sets {hiding}, which are no fitted attributes of {cls.__name__}")
        vars(model).update(attributes)
        return model

    def _tuple(self, content):
        return tuple(self.decode(list(content)))

    def _dict(self, content):
        return {self.decode(key): self.decode(value) for key, value in content}

    def _array(self, content):
        name, dtype, axes = content
        stored, dtype = self.arrays.pop(name), _dtype_named(dtype)  # each array once: a file cannot multiply itself
        little = dtype.newbyteorder("<")
        if little.str not in _TENSOR_DTYPES:
            *shape, itemsize = stored.shape
            if stored.dtype != np.uint8 or itemsize != little.itemsize:
                raise CorruptModelError(f"the array {name!r} is not made of {dtype}")
            stored = np.ndarray(tuple(shape), little, buffer=stored.tobytes())
        if stored.dtype != little or sorted(axes) != list(range(stored.ndim)):
            raise CorruptModelError(f"the array {name!r} has another dtype or dimension than the manifest says")
        return np.array(stored, dtype=dtype, order="C").transpose(np.argsort(axes))

    def _scalar(self, content):
        dtype, data = _dtype_named(content[0]), bytes.fromhex(content[1])
        return np.ndarray((), dtype.newbyteorder("<"), buffer=data).astype(dtype)[()]

    def _objects(self, content):
        shape, items = content
        if math.prod(shape) != len(items):
            raise CorruptModelError(f"an array of shape {shape} has {len(items)} items")
        array = np.empty(len(items), dtype=object)
        for i, item in enumerate(items):  # one by one: numpy would take equally long lists for rows
            array[i] = self.decode(item)
        return array.reshape(shape)

    def _object(self, content):
        name, state = content
        return _class_named(name, _registry.STATE_OBJECTS, "object").from_state(self.decode(state))


#: The tags of `Encoder`, beside those of the leaves.
_READERS = {
    "tuple": Decoder._tuple,
    "dict": Decoder._dict,
    "array": Decoder._array,
    "scalar": Decoder._scalar,
    "objects": Decoder._objects,
    "object": Decoder._object,
    "model": Decoder.decode_model,
}
