"""Power changes: Box-Cox and Yeo-Johnson.

Box-Cox  z = (x^l - 1) / l,  log dz/dx = (l - 1) log x,  of x > 0 on to l z + 1 > 0;
Yeo-Johnson is Box-Cox of 1 + x above 0 and minus that of 1 - x with 2 - l below, log dz/dx = sign(x) (l - 1) log1p|x|.
"""

from __future__ import annotations

import numpy as np
from sklearn.preprocessing import PowerTransformer

from ._change import Change, as_numbers, as_seen, known_change


class PowerChange(Change):
    """The powers that a fitted `PowerTransformer` found, standardised or not."""

    def __init__(self, transformer):
        lambdas = transformer.lambdas_
        self.is_box_cox = transformer.method == "box-cox"
        bounded = (lambdas != 0) if self.is_box_cox else (lambdas < 0) | (lambdas > 2)
        super().__init__(np.arange(len(lambdas)), bounded=bounded.any())
        self.transformer = transformer
        standard = transformer._scaler if transformer.standardize else None
        self.mean = np.zeros(len(lambdas)) if standard is None else standard.mean_
        self.scale = np.ones(len(lambdas)) if standard is None else standard.scale_

    def forward(self, X):
        X = np.where(self._outside(X), np.nan, X)
        with np.errstate(over="ignore"):
            Z = as_numbers(self.transformer.transform(as_seen(self.transformer, X)))
        return np.where(np.isinf(Z), np.nan, Z)

    def inverse(self, Z):
        Z = np.where(self._has_original(Z), Z, np.nan)
        with np.errstate(over="ignore"):
            return as_numbers(self.transformer.inverse_transform(as_seen(self.transformer, Z)))

    def log_derivatives(self, X):
        with np.errstate(invalid="ignore", divide="ignore"):
            slope = np.log(X) if self.is_box_cox else np.sign(X) * np.log1p(np.abs(X))
        terms = (self.transformer.lambdas_ - 1) * slope - np.log(self.scale)
        terms[np.isnan(X)] = 0.0
        terms[np.isnan(self.forward(X)) & ~np.isnan(X)] = -np.inf
        return terms

    def contains(self, Z):
        X = self.inverse(Z)
        with np.errstate(invalid="ignore"):
            found = np.isfinite(X) & ~self._outside(X)
        return (np.isnan(Z) | found).all(axis=1)

    def _outside(self, X):
        with np.errstate(invalid="ignore"):
            return (X <= 0) if self.is_box_cox else np.zeros(X.shape, bool)

    def _has_original(self, Z):
        y, lambdas = Z * self.scale + self.mean, self.transformer.lambdas_
        with np.errstate(invalid="ignore"):
            if self.is_box_cox:
                return lambdas * y + 1 > 0
            return np.where(y >= 0, lambdas * y + 1 > 0, 1 - (2 - lambdas) * y > 0)


@known_change.register(PowerTransformer)
def _power(transformer, n_columns):
    return PowerChange(transformer)
