"""scikit-learn's validation, private parts included: the one file that imports them."""

from sklearn.base import BaseEstimator, DensityMixin, _fit_context, clone
from sklearn.utils import _safe_indexing, check_array
from sklearn.utils._optional_dependencies import check_matplotlib_support
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import (
    _check_feature_names,
    _check_n_features,
    _check_sample_weight,
    _num_samples,
    check_is_fitted,
    has_fit_parameter,
    validate_data,
)

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:  # scikit-learn before 1.9 has no callbacks

    class CallbackSupportMixin:
        """Nothing: no callbacks to support."""

    def with_callbacks(method):
        """The method as it is."""
        return method


def available_with(hook):
    """Make a method appear on the objects that have the method called `hook`."""
    return available_if(lambda self: hasattr(self, hook))


__all__ = [
    "BaseEstimator",
    "CallbackSupportMixin",
    "DensityMixin",
    "Interval",
    "StrOptions",
    "_check_feature_names",
    "_check_n_features",
    "_check_sample_weight",
    "_fit_context",
    "_num_samples",
    "_safe_indexing",
    "available_if",
    "available_with",
    "check_array",
    "check_is_fitted",
    "check_matplotlib_support",
    "clone",
    "has_fit_parameter",
    "validate_data",
    "with_callbacks",
]
