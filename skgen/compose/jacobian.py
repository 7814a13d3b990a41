"""log_abs_det_jacobian: what a transformer does to densities, for every one-to-one transformer of scikit-learn."""

from __future__ import annotations

from functools import partial, singledispatch

import numpy as np
import pandas as pd
from sklearn import (
    cluster,
    decomposition,
    feature_selection,
    impute,
    kernel_approximation,
    preprocessing,
    random_projection,
)
from sklearn.pipeline import FeatureUnion
from sklearn.preprocessing import OrdinalEncoder

from ..exceptions import NotInvertibleError
from ..table._frames import is_frame
from . import _affine, _composite, _linear, _power, _quantile  # noqa: F401  (they register their transformers)
from ._change import known_change
from ._foreign import ForeignChange, change_of
from ._function import IdentityChange

#: Transformers that are not one-to-one, and why.
_NOT_ONE_TO_ONE = {
    preprocessing.KBinsDiscretizer: "it puts all numbers of a bin together",
    preprocessing.Binarizer: "it puts all numbers of a side together",
    preprocessing.Normalizer: "it forgets the length of a row",
    preprocessing.OneHotEncoder: "its columns are no numbers with a density. A model of skgen reads categories as they "
    "are: leave them out of the transformer (remainder='passthrough')",
    preprocessing.TargetEncoder: "levels may get the same number",
    preprocessing.PolynomialFeatures: "its columns depend on each other, so they have no density together",
    preprocessing.SplineTransformer: "its columns depend on each other, so they have no density together",
    impute.MissingIndicator: "it keeps only what is missing",
    impute.SimpleImputer: "filled cells cannot be told from others. A model of skgen reads missing cells as they are",
    impute.KNNImputer: "filled cells cannot be told from others. A model of skgen reads missing cells as they are",
    feature_selection.SelectorMixin: "it drops columns, which then have no density",
    random_projection.GaussianRandomProjection: "it drops dimensions",
    random_projection.SparseRandomProjection: "it drops dimensions",
    kernel_approximation.Nystroem: "its columns depend on each other",
    kernel_approximation.RBFSampler: "its columns depend on each other",
    decomposition.NMF: "most rows are only approximated",
    decomposition.MiniBatchNMF: "most rows are only approximated",
    decomposition.SparsePCA: "most rows are only approximated",
    decomposition.MiniBatchSparsePCA: "most rows are only approximated",
    cluster.FeatureAgglomeration: "it merges columns",
    decomposition.FactorAnalysis: "it drops dimensions",
    decomposition.KernelPCA: "its inverse is an approximation",
    FeatureUnion: "its columns depend on each other, so they have no density together",
}


@singledispatch
def log_abs_det_jacobian(transformer, X):
    """Log-volume by which a fitted transformer stretches space at each row.

    A density of the transformed rows becomes one of the rows by adding it:
    ``log p(x) = log q(T(x)) + log_abs_det_jacobian(T, x)``. It is known of scikit-learn's scalers,
    `PowerTransformer`, `QuantileTransformer`, `OrdinalEncoder` (a relabelling, 0), of `PCA`, `IncrementalPCA`,
    `TruncatedSVD` and `FastICA` that keep all dimensions, of `FunctionTransformer` with a known function (see
    `register_function`), and of `Pipeline` and `ColumnTransformer` of these.

    A transformer of your own needs ``inverse_transform(Z)`` and a method ``log_abs_det_jacobian(X)``, where no number
    counts as outside its domain; for a class that
    is not yours, ``log_abs_det_jacobian.register(cls)`` decorates a function of (transformer, X).

    Parameters
    ----------
    transformer : estimator
        A fitted transformer.
    X : DataFrame or array of shape (n_samples, n_features)
        Rows, not transformed.

    Returns
    -------
    log_det : ndarray of shape (n_samples,)
        Nats per row, -inf outside the transformer's domain; missing cells add nothing, but a row with one is outside
        the domain of a transformer that mixes its columns.

    Raises
    ------
    NotInvertibleError
        If the transformer is not one-to-one, or nothing is known of it.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skgen.compose import log_abs_det_jacobian
    >>> X = np.array([[0.0, 10.0], [2.0, 50.0]])
    >>> log_abs_det_jacobian(StandardScaler().fit(X), X).round(3)
    array([-2.996, -2.996])
    """
    N = _numbers(X)
    return change_of(transformer, N.shape[1]).log_det(N)


_UNKNOWN = log_abs_det_jacobian.dispatch(object)


def _numbers(X):
    """The numbers of a table, NaN in columns of anything else."""
    if not is_frame(X):
        return np.asarray(X, dtype=np.float64)
    columns = [pd.to_numeric(pd.Series(X[name].to_numpy()), errors="coerce") for name in X.columns]
    return np.column_stack([column.to_numpy(dtype=np.float64, na_value=np.nan) for column in columns])


@known_change.register(object)
def _registered(transformer, n_columns):
    jacobian = log_abs_det_jacobian.dispatch(type(transformer))
    if jacobian is not _UNKNOWN:
        return ForeignChange(transformer, n_columns, partial(jacobian, transformer))
    name = type(transformer).__name__
    if not hasattr(transformer, "inverse_transform"):
        raise NotInvertibleError(
            f"{name} has no inverse_transform: rows cannot be told from what it makes of them, so they have no density "
            "behind it. A transformer of your own needs inverse_transform(Z) and log_abs_det_jacobian(X)."
        )
    raise NotInvertibleError(
        f"Nothing is known of the Jacobian of {name}. Give it a method log_abs_det_jacobian(X), "
        "or register a function of (transformer, X) by skgen.compose.log_abs_det_jacobian.register."
    )


def _not_one_to_one(transformer, n_columns):
    why = next(why for cls, why in _NOT_ONE_TO_ONE.items() if isinstance(transformer, cls))
    raise NotInvertibleError(f"{type(transformer).__name__} is not one-to-one: {why}.")


for _cls in _NOT_ONE_TO_ONE:
    known_change.register(_cls, _not_one_to_one)


@known_change.register(OrdinalEncoder)
def _ordinal(encoder, n_columns):
    may_merge = encoder.max_categories is not None or encoder.min_frequency is not None
    if may_merge and any(rare is not None for rare in encoder.infrequent_categories_):
        raise NotInvertibleError(
            "OrdinalEncoder is not one-to-one: it put rare levels together. Leave out max_categories and min_frequency."
        )
    return IdentityChange(n_columns)
