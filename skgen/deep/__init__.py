"""Deep models: torch modules behind the contract of every other model. The only folder that imports torch."""

from importlib.util import find_spec

from .._registry import DEEP_PACKAGES

_MISSING = [package for package in DEEP_PACKAGES if find_spec(package) is None]
if _MISSING:
    raise ImportError(f'The deep models need {", ".join(_MISSING)}, not found here: pip install "skgen[deep]"')
