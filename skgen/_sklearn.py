"""scikit-learn's validation, private parts included: the one file that imports them."""

from sklearn.base import BaseEstimator, DensityMixin, TransformerMixin, _fit_context, clone
from sklearn.utils import _safe_indexing, check_array
from sklearn.utils._optional_dependencies import check_matplotlib_support
from sklearn.utils._param_validation import HasMethods, Hidden, Interval, StrOptions, validate_params
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

__all__ = [
    "BaseEstimator",
    "DensityMixin",
    "HasMethods",
    "Hidden",
    "Interval",
    "StrOptions",
    "TransformerMixin",
    "_check_feature_names",
    "_check_n_features",
    "_check_sample_weight",
    "_fit_context",
    "_num_samples",
    "_safe_indexing",
    "available_if",
    "check_array",
    "check_is_fitted",
    "check_matplotlib_support",
    "clone",
    "has_fit_parameter",
    "validate_data",
    "validate_params",
]
