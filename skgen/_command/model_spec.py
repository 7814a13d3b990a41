"""A model spec: the text by which a command line names a model, `Name` or `Name(key=value, ...)`."""

from __future__ import annotations

import argparse
import ast
import inspect
from difflib import get_close_matches
from importlib import import_module
from typing import NamedTuple

from .._registry import MODELS, PUBLIC

AUTO = "AutoDensity"
#: What a command line can say -> public name. Modules of a user's own cannot be written there, nor sequences as tables.
NAMES = {
    "auto": AUTO,
    AUTO: AUTO,
    **{name: name for name, (_, kind) in sorted(MODELS.items()) if kind == "model" and name != "TorchDensity"},
}


class ModelSpec(NamedTuple):
    """A model that was named.

    Parameters
    ----------
    name : str
        Its public name.
    settings : dict
        Parameters that were stated.
    label : str
        It as it was typed.
    """

    name: str
    settings: dict
    label: str

    @property
    def is_slow(self):
        """Whether a fit takes minutes and reports on itself where it is asked to."""
        return self.name == AUTO or PUBLIC[self.name][0].startswith("skgen.deep.")

    def build(self, **defaults):
        """The unfitted model, with defaults for those parameters that it has and that were not stated."""
        cls = getattr(import_module(PUBLIC[self.name][0]), self.name)
        known = list(inspect.signature(cls).parameters)
        unknown = [key for key in self.settings if key not in known]
        if unknown:
            raise ValueError(f"{self.name} has no parameter {unknown[0]!r}. Parameters are {', '.join(known)}.")
        fitting = {key: value for key, value in defaults.items() if key in known}
        return cls(**{**fitting, **self.settings})


def read_spec(text) -> ModelSpec:
    """A model spec as it was typed; usage errors name the models."""
    name, bracket, rest = text.strip().partition("(")
    if name not in NAMES:
        near = get_close_matches(name, NAMES, n=1, cutoff=0.5)
        hint = f" Do you mean {near[0]}?" if near else ""
        raise argparse.ArgumentTypeError(f"there is no model {name!r}.{hint} Models are {', '.join(NAMES)}.")
    return ModelSpec(NAMES[name], _settings(text, bracket + rest) if bracket else {}, text)


def _settings(text, arguments):
    try:
        call = ast.parse(f"model{arguments}", mode="eval").body
        if not isinstance(call, ast.Call) or call.args:
            raise ValueError("parameters must be named")
        return {keyword.arg: ast.literal_eval(keyword.value) for keyword in call.keywords}
    except (SyntaxError, ValueError):
        raise argparse.ArgumentTypeError(
            f"{text!r} must look like 'GaussianMixture(n_components=4)': parameters by name, numbers or quoted text."
        ) from None


def read_param(text):
    """`key=value` as a pair; what is no Python literal is text."""
    key, sign, value = text.partition("=")
    if not sign or not key.isidentifier():
        raise argparse.ArgumentTypeError(f"{text!r} must look like n_components=4.")
    try:
        return key, ast.literal_eval(value)
    except (SyntaxError, ValueError):
        return key, value
