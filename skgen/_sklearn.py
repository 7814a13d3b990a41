"""scikit-learn's validation, private parts included: the one file that imports them."""

from sklearn.base import BaseEstimator, ClassifierMixin, DensityMixin, OutlierMixin, RegressorMixin, _fit_context, clone
from sklearn.utils import _safe_indexing, assert_all_finite, check_array, column_or_1d, get_tags
from sklearn.utils._optional_dependencies import check_matplotlib_support
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
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
    "ClassifierMixin",
    "DensityMixin",
    "HasMethods",
    "Interval",
    "OutlierMixin",
    "RegressorMixin",
    "StrOptions",
    "_check_feature_names",
    "_check_n_features",
    "_check_sample_weight",
    "_fit_context",
    "_num_samples",
    "_safe_indexing",
    "assert_all_finite",
    "available_if",
    "available_with",
    "check_array",
    "check_is_fitted",
    "check_matplotlib_support",
    "clone",
    "column_or_1d",
    "get_tags",
    "has_fit_parameter",
    "validate_data",
    "with_callbacks",
]
