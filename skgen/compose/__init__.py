"""Compositions: likelihood through preprocessing."""

from ..exceptions import LostMassWarning, NotInvertibleError
from ._function import register_function
from .jacobian import log_abs_det_jacobian
from .pipeline import make_density_pipeline
from .transformed_density import TransformedDensity

__all__ = [
    "LostMassWarning",
    "NotInvertibleError",
    "TransformedDensity",
    "log_abs_det_jacobian",
    "make_density_pipeline",
    "register_function",
]
