"""skgen: generative models that behave like scikit-learn estimators.

A generative model is a law on rows. The table codec owns the border between rows and numbers, a model owns the law,
a net owns the gradients.
"""

from importlib import import_module

from ._registry import PUBLIC, importable
from ._version import __version__

_MODULES = (
    "classic", "compose", "datasets", "exceptions", "metrics", "model_selection", "plotting", "roles", "table",
    "testing",
)  # fmt: skip

__all__ = ["__version__", *importable()]


def __getattr__(name):
    if name in PUBLIC:
        return getattr(import_module(PUBLIC[name][0]), name)
    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return ["__version__", *sorted(PUBLIC), *_MODULES]
