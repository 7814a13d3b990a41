"""Mutants of seeds, copies and the contract: one wrong thing each."""

from __future__ import annotations

import weakref

import numpy as np
import pandas as pd
from sklearn.decomposition import PCA
from toy_models import IndependentColumns

from skgen.base import GenerativeModel

# ---- seeds and copies ------------------------------------------------------------------------------------------------


class SeedIgnored(IndependentColumns):
    """Samples come from a fresh generator."""

    def _sample(self, n, rng):
        return super()._sample(n, np.random.default_rng())


class FrozenStream(IndependentColumns):
    """Each call of sample starts the stream again."""

    def sample(self, n_samples=1, *, given=None, random_state=None):
        return super().sample(n_samples, given=given, random_state=0 if random_state is None else random_state)


class SeedlessModel(IndependentColumns):
    """`random_state` does not reach the samples."""

    def fit(self, X, y=None, sample_weight=None):
        seed, self.random_state = self.random_state, 0
        super().fit(X, y, sample_weight)
        self.random_state = seed
        return self


class LastRows(IndependentColumns):
    """The rows of a call are those at the end of its blocks."""

    def sample(self, n_samples=1, *, given=None, random_state=None):
        rows = super().sample(n_samples, given=given, random_state=random_state)
        return rows.iloc[::-1].reset_index(drop=True) if isinstance(rows, pd.DataFrame) else rows[::-1]


class OneBlock(IndependentColumns):
    """A call of more than one block draws other rows."""

    def sample(self, n_samples=1, *, given=None, random_state=None):
        seed = random_state if n_samples <= 1024 or random_state is None else random_state + 1
        return super().sample(n_samples, given=given, random_state=seed)


class WorkersMatter(IndependentColumns):
    """The number of workers reaches the result."""

    def __init__(self, n_jobs=None, categorical_features="from_dtype", schema=None, random_state=None):
        super().__init__(categorical_features, schema, random_state)
        self.n_jobs = n_jobs

    _parameter_constraints: dict = {**GenerativeModel._parameter_constraints, "n_jobs": [int, None]}

    def _log_density(self, Z, known=None):
        return super()._log_density(Z, known) + 1e-12 * (self.n_jobs or 1)


class HashOrder(IndependentColumns):
    """The result depends on the interpreter's hash seed."""

    def _log_density(self, Z, known=None):
        return super()._log_density(Z, known) + 1e-3 * (hash("a name of a column") % 1001)


class GlobalNoise(IndependentColumns):
    """Samples come from numpy's global generator."""

    def _sample(self, n, rng):
        return super()._sample(n, np.random.mtrand._rand)


class GlobalScore(IndependentColumns):
    """A score reads the global state and puts it back."""

    def _log_density(self, Z, known=None):
        state = np.random.get_state()
        noise = np.random.random()
        np.random.set_state(state)
        return super()._log_density(Z, known) + 1e-6 * noise


_SCALES = weakref.WeakKeyDictionary()


class Forgetful(IndependentColumns):
    """What the fit learnt last is not part of the model's state."""

    def _fit(self, Z, sample_weight, rng):
        super()._fit(Z, sample_weight, rng)
        _SCALES[self] = 1e-3

    def _log_density(self, Z, known=None):
        return super()._log_density(Z, known) + _SCALES.get(self, 0.0)


class StickyClone(IndependentColumns):
    """A clone of a fitted model is fitted."""

    def __sklearn_clone__(self):
        copy = type(self)(**self.get_params(deep=False))
        vars(copy).update(vars(self))
        return copy


# ---- the contract ----------------------------------------------------------------------------------------------------


class HoldsEngine(IndependentColumns):
    """A fitted object of another package stays in the model."""

    def _fit(self, Z, sample_weight, rng):
        super()._fit(Z, sample_weight, rng)
        self.engine_ = PCA()


class HoldsFunction(IndependentColumns):
    """A function stays in a list in the model."""

    def _fit(self, Z, sample_weight, rng):
        super()._fit(Z, sample_weight, rng)
        self.maps_ = [np.exp]


class ChangesParameter(IndependentColumns):
    """The fit writes the seed that it used into its parameter."""

    def _fit(self, Z, sample_weight, rng):
        super()._fit(Z, sample_weight, rng)
        self.random_state = 7


class OddAttribute(IndependentColumns):
    """The fit sets an attribute whose name does not say so."""

    def _fit(self, Z, sample_weight, rng):
        super()._fit(Z, sample_weight, rng)
        self.n_rows = len(Z)


class WritesData(IndependentColumns):
    """The fit writes into the user's frame."""

    def fit(self, X, y=None, sample_weight=None):
        if isinstance(X, pd.DataFrame):
            X["age"] = X["age"] + 1
        return super().fit(X, y, sample_weight)


class KeepsRuins(IndependentColumns):
    """A fit that fails leaves its traces."""

    def fit(self, X, y=None, sample_weight=None):
        self.n_fits_ = getattr(self, "n_fits_", 0) + 1
        return super().fit(X, y, sample_weight)


class RuinsHalfWay(IndependentColumns):
    """A fit that fails half way leaves its traces."""

    def fit(self, X, y=None, sample_weight=None):
        try:
            return super().fit(X, y, sample_weight)
        except Exception as error:
            if not isinstance(error, ValueError):
                self.failed_ = True
            raise


class Accumulates(IndependentColumns):
    """A second fit adds to the first."""

    def fit(self, X, y=None, sample_weight=None):
        n_fits = getattr(self, "n_fits_", 0)
        super().fit(X, y, sample_weight)
        self.n_fits_ = n_fits + 1
        return self

    def _log_density(self, Z, known=None):
        return super()._log_density(Z, known) + 1e-9 * getattr(self, "n_fits_", 0)


class Leftovers(IndependentColumns):
    """An attribute of an earlier fit on wide data stays."""

    def fit(self, X, y=None, sample_weight=None):
        wide = getattr(self, "wide_", None)
        super().fit(X, y, sample_weight)
        if np.shape(X)[1] > 3 or wide:
            self.wide_ = True
        return self


class TakesAnything(IndependentColumns):
    """Infinite cells are scored as large numbers."""

    def score_samples(self, X, *, given=None):
        X = np.nan_to_num(X, posinf=1e9) if isinstance(X, np.ndarray) else X
        return super().score_samples(X, given=given)


class Chatty(IndependentColumns):
    """The fit prints."""

    def _fit(self, Z, sample_weight, rng):
        print("fitting")
        super()._fit(Z, sample_weight, rng)


class StepsDown(IndependentColumns):
    """A step of the iteration lowers the objective."""

    def __init__(self, max_iter=10, categorical_features="from_dtype", schema=None, random_state=None):
        super().__init__(categorical_features, schema, random_state)
        self.max_iter = max_iter

    _parameter_constraints: dict = {**GenerativeModel._parameter_constraints, "max_iter": [int]}

    def _fit(self, Z, sample_weight, rng):
        super()._fit(Z, sample_weight, rng)
        self.lower_bound_ = -1.0 - 1e-6 * (self.max_iter == 4)


class LastChunk(IndependentColumns):
    """`partial_fit` learns from the last chunk only."""

    def _partial_fit(self, Z, sample_weight, rng):
        self._fit(Z, sample_weight, rng)
