"""Linear changes: z = A (x - m) with a square A, as of principal or independent components."""

from __future__ import annotations

import numpy as np
from sklearn.decomposition import PCA, FastICA, IncrementalPCA, TruncatedSVD

from ..exceptions import NotInvertibleError
from ._change import MIXED, Change, as_numbers, as_seen, known_change


class LinearChange(Change):
    """A fitted transformer with a square matrix, whose log|det| is the same for all rows.

    A row with a missing cell has no components, so it lies outside the domain.
    """

    def __init__(self, transformer, n_columns, log_det):
        super().__init__(np.full(n_columns, MIXED))
        self.transformer = transformer
        self.log_det_ = log_det

    def forward(self, X):
        Z = np.full(X.shape, np.nan)
        whole = ~np.isnan(X).any(axis=1)
        if whole.any():
            Z[whole] = as_numbers(self.transformer.transform(as_seen(self.transformer, X[whole])))
        return Z

    def inverse(self, Z):
        X = np.full(Z.shape, np.nan)
        whole = ~np.isnan(Z).any(axis=1)
        if whole.any():
            X[whole] = as_numbers(self.transformer.inverse_transform(Z[whole]))
        return X

    def log_derivatives(self, X):
        terms = np.zeros(X.shape)
        terms[:, 0] = np.where(np.isnan(X).any(axis=1), -np.inf, self.log_det_)
        return terms


def linear_change(transformer, matrix):
    """The change of a matrix, which must be square and of full rank."""
    k, d = matrix.shape
    name = type(transformer).__name__
    if k != d:
        raise NotInvertibleError(
            f"{name} keeps {k} of {d} dimensions: what it drops has no density. Set n_components={d} (which needs at "
            "least as many rows), or model fewer columns."
        )
    values = np.linalg.svd(matrix, compute_uv=False)
    if not values[-1] > np.finfo(float).eps * d * values[0]:
        raise NotInvertibleError(
            f"The matrix of {name} is singular: some column is a combination of others. Drop such columns."
        )
    return LinearChange(transformer, d, float(np.log(values).sum()))


@known_change.register(PCA)
@known_change.register(IncrementalPCA)
def _principal(pca, n_columns):
    matrix = pca.components_
    if pca.whiten:
        variance = pca.explained_variance_
        if not variance.min() > np.finfo(float).eps * variance.max():
            raise NotInvertibleError("PCA(whiten=True) divides by a variance of 0: drop columns that depend on others.")
        matrix = matrix / np.sqrt(variance)[:, None]
    return linear_change(pca, matrix)


@known_change.register(FastICA)
@known_change.register(TruncatedSVD)
def _components(transformer, n_columns):
    return linear_change(transformer, transformer.components_)
