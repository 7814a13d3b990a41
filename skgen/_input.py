"""What users hand over: tables and weights, checked with scikit-learn's words before any work starts."""

from __future__ import annotations

from numbers import Integral

import numpy as np

from ._row_weights import weights_as_rows
from ._sklearn import (
    _check_feature_names,
    _check_n_features,
    _check_sample_weight,
    check_is_fitted,
    validate_data,
)
from .table._frames import as_array, column_names, is_frame, refuse_no_table


def check_table(model, X, reset):
    """The table with its names and width checked (and remembered, if `reset`); arrays become ndarrays."""
    refuse_no_table(X)
    if not is_frame_like(X):
        X = as_array(X) if isinstance(X, (list, tuple)) else X
        return validate_data(model, X, reset=reset, dtype=None, ensure_all_finite=False, ensure_min_samples=1)
    column_names(X)  # repeated names raise here, before scikit-learn reads them
    _check_feature_names(model, X, reset=reset)
    _check_n_features(model, X, reset=reset)
    if 0 in X.shape:
        what = "sample(s)" if X.shape[0] == 0 else "feature(s)"
        raise ValueError(f"Found array with 0 {what} (shape={X.shape}) while a minimum of 1 is required.")
    return X


def is_frame_like(X) -> bool:
    """Whether X is a frame; anything that is no container at all is left to scikit-learn's checks."""
    return hasattr(X, "columns") and hasattr(X, "shape") and is_frame(X)


def check_weights(sample_weight, X):
    """Weights as floats, or None; at least one must be positive."""
    if sample_weight is None:
        return None
    weight = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
    if not (weight > 0).any():
        raise ValueError("sample_weight cannot be zero everywhere: at least one weight must be positive.")
    return weight


def weights_in_rows(weight):
    """Weights on the scale of rows, or None."""
    return None if weight is None else weights_as_rows(weight)


def take_rows(X, keep):
    """The rows of a table where `keep` holds."""
    if hasattr(X, "loc"):
        return X.loc[keep]
    return X.filter(keep) if hasattr(X, "filter") else X[keep]


def encode_rows(model, X):
    """The typed view of rows to be scored by a fitted model."""
    check_is_fitted(model)
    X = check_table(model, X, reset=False)
    Z = model.codec_.encode_typed(X)
    if not model.schema_.is_frame and np.isnan(Z.sum()):
        _refuse_new_missing(Z, model.codec_)
    return Z


def _refuse_new_missing(Z, codec):
    absent = np.isnan(Z).any(axis=0)
    names = [c.name for c, gone in zip(codec.columns, absent) if gone and not c.missing_seen and not c.rho]
    if names:
        raise ValueError(
            f"Input X contains NaN in columns {names}, which had no missing cell in fit: an array has no law for them. "
            "Fit on rows with missing cells, or pass a DataFrame."
        )


def check_count(n_samples) -> int:
    """The number of rows to be drawn."""
    if not isinstance(n_samples, Integral) or isinstance(n_samples, bool) or n_samples < 0:
        raise ValueError(f"n_samples must be a non-negative integer, got {n_samples!r}.")
    return int(n_samples)
