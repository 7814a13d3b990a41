"""Quantile changes: the piecewise linear distribution function of each column, uniform or through the normal quantile.

u = U_k + (x - q_k) (U_(k+1) - U_k) / (q_(k+1) - q_k) within the seen range, and z = u or z = Phi^-1(u).
"""

from __future__ import annotations

import numpy as np
from scipy import stats
from sklearn.preprocessing import QuantileTransformer

from ..exceptions import NotInvertibleError
from ._change import Change, as_numbers, as_seen, known_change

#: Share of the range by which rounding in earlier steps may send a row beyond it.
_SLACK = 1e-9


class QuantileChange(Change):
    """The quantiles of a fitted `QuantileTransformer`; beyond the range that it saw the density is 0."""

    def __init__(self, transformer):
        super().__init__(np.arange(transformer.quantiles_.shape[1]), bounded=True)
        self.transformer = transformer
        self.is_normal = transformer.output_distribution == "normal"
        self.low, self.high = transformer.quantiles_[0], transformer.quantiles_[-1]
        self.slack = _SLACK * (self.high - self.low)
        ends = self._transformed(np.array([self.low, self.high]))
        self.ends = ends.min(axis=0), ends.max(axis=0)

    def _transformed(self, X):
        return as_numbers(self.transformer.transform(as_seen(self.transformer, X)))

    def forward(self, X):
        return self._transformed(np.where(self._outside(X), np.nan, X))

    def inverse(self, Z):
        Z = np.where(self._beyond(Z), np.nan, Z)
        return as_numbers(self.transformer.inverse_transform(as_seen(self.transformer, Z)))

    def log_derivatives(self, X):
        slopes = np.diff(self.transformer.references_)[:, None] / np.diff(self.transformer.quantiles_, axis=0)
        terms = np.zeros(X.shape)
        for j, (quantiles, slope) in enumerate(zip(self.transformer.quantiles_.T, slopes.T)):
            cell = np.searchsorted(quantiles, X[:, j], side="right") - 1
            terms[:, j] = np.log(slope[np.clip(cell, 0, len(slope) - 1)])
        if self.is_normal:
            terms -= stats.norm.logpdf(self.forward(X))
        terms[np.isnan(X)] = 0.0
        terms[self._outside(X)] = -np.inf
        return terms

    def contains(self, Z):
        return ~self._beyond(Z).any(axis=1)

    def _outside(self, X):
        with np.errstate(invalid="ignore"):
            return (self.low - self.slack > X) | (self.high + self.slack < X)

    def _beyond(self, Z):
        with np.errstate(invalid="ignore"):
            return (self.ends[0] > Z) | (self.ends[1] < Z)


@known_change.register(QuantileTransformer)
def _quantile(transformer, n_columns):
    steps = np.diff(transformer.quantiles_, axis=0)
    tied = np.flatnonzero((steps <= 0).any(axis=0) | (len(steps) == 0))
    if len(tied):
        names = getattr(transformer, "feature_names_in_", np.arange(steps.shape[1]))[tied].tolist()
        raise NotInvertibleError(
            f"QuantileTransformer found equal quantiles in columns {names}: many rows share a value there, which have "
            "no density. Leave these columns out, or take fewer quantiles (n_quantiles)."
        )
    return QuantileChange(transformer)
