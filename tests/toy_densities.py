"""A density whose scores are known by heart, and what it may do wrong."""

from __future__ import annotations

import numpy as np
from scipy.stats import norm
from sklearn.base import BaseEstimator, DensityMixin


class ToyNormal(DensityMixin, BaseEstimator):
    """A normal law with independent columns that records the schema it was given."""

    def __init__(self, scale=1.0, kind="exact", fail=None, categorical_features="from_dtype", schema=None):
        self.scale = scale
        self.kind = kind
        self.fail = fail
        self.categorical_features = categorical_features
        self.schema = schema

    def fit(self, X, y=None, sample_weight=None):
        if self.fail == "fit":
            raise RuntimeError("no luck")
        X = np.asarray(X, dtype=float)
        self.mean_ = np.average(X, axis=0, weights=sample_weight)
        self.sd_ = self.scale * np.sqrt(np.average((X - self.mean_) ** 2, axis=0, weights=sample_weight))
        self.likelihood_ = self.kind
        self.schema_ = self.schema
        return self

    def score_samples(self, X):
        scores = norm.logpdf(np.asarray(X, dtype=float), self.mean_, self.sd_).sum(1)
        return scores * np.nan if self.fail == "score" else scores

    def score(self, X, y=None):
        return float(self.score_samples(X).mean())
