"""Stand-ins for models, and a strict equality, for the tests of saving and loading."""

from __future__ import annotations

import json
import struct
import zipfile

import numpy as np
from sklearn.base import BaseEstimator

from skgen._archive import ARRAYS, MANIFEST
from skgen._random import SampleStream, block_generator, claim_stream
from skgen.base import GenerativeModel


class Normal(BaseEstimator):
    """A stand-in for a model: one normal law, its state as plain as a fit leaves it."""

    def __init__(self, scale=1.0, start=None, base=None, random_state=None):
        self.scale = scale
        self.start = start
        self.base = base
        self.random_state = random_state

    def fit(self, X):
        self.mean_ = X.mean(axis=0)
        self.factor_ = np.linalg.cholesky(np.cov(X, rowvar=False)).T  # in Fortran order
        self.stream_ = SampleStream(7)
        return self

    def sample(self, n):
        seed, call = claim_stream(self.stream_, None)
        return self.mean_ + block_generator(seed, call, 0).normal(size=(n, len(self.mean_))) @ self.factor_

    @property
    def n_(self):
        return len(self.mean_)


class Law:
    """A stand-in for a state object."""

    def __init__(self, table):
        self.table = table

    def to_state(self):
        return {"table": self.table}

    @classmethod
    def from_state(cls, state):
        return cls(**state)


def parts(path):
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read(MANIFEST)), archive.read(ARRAYS)


class Bootstrap(GenerativeModel):
    """A stand-in on the typed view: the rows themselves; the score tells cells apart and nothing more."""

    def __init__(self, categorical_features="from_dtype", schema=None, random_state=None):
        self.categorical_features = categorical_features
        self.schema = schema
        self.random_state = random_state

    def _fit(self, Z, sample_weight, rng):
        self._rows_ = Z

    def _sample(self, n, rng):
        return self._rows_[rng.integers(len(self._rows_), size=n)]

    def _log_density(self, Z):
        return np.sin(np.where(np.isnan(Z), 0.5, Z)).sum(axis=1)


class RealNormal(GenerativeModel):
    """A stand-in on the real view: independent columns."""

    _view = "real"

    def __init__(self, categorical_features="from_dtype", schema=None, random_state=None):
        self.categorical_features = categorical_features
        self.schema = schema
        self.random_state = random_state

    def _fit(self, Z, sample_weight, rng, encode):
        self.n_columns_ = Z.shape[1]

    def _sample(self, n, rng):
        return rng.normal(size=(n, self.n_columns_))

    def _log_density(self, Z):
        return -0.5 * (Z**2 + np.log(2 * np.pi)).sum(axis=1)


def assert_same(a, b):
    """Equal in type, value, dtype, memory layout and every bit."""
    assert type(a) is type(b)
    if isinstance(a, np.ndarray):
        assert a.dtype == b.dtype and a.shape == b.shape
        if a.dtype == object:
            for x, y in zip(a.ravel(), b.ravel()):
                assert_same(x, y)
            return
        assert a.tobytes() == b.tobytes()
        for flag in ("C_CONTIGUOUS", "F_CONTIGUOUS"):
            assert b.flags[flag] or not a.flags[flag]
        assert b.flags.writeable
    elif isinstance(a, np.generic):
        assert a.dtype == b.dtype and a.tobytes() == b.tobytes()
    elif isinstance(a, (list, tuple)):
        assert len(a) == len(b)
        for x, y in zip(a, b):
            assert_same(x, y)
    elif isinstance(a, dict):
        assert_same(list(a.items()), list(b.items()))
    elif isinstance(a, float):
        assert struct.pack("<d", a) == struct.pack("<d", b)
    elif hasattr(a, "named_parameters"):  # a torch module: its settings and its weights
        assert_same(a.to_state(), b.to_state())
        assert a.training == b.training
    elif hasattr(a, "__dict__"):
        assert_same(sorted(vars(a).items()), sorted(vars(b).items()))
    else:
        assert a == b
