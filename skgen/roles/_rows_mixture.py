"""PowerMixture: a Gaussian mixture on powers of the numbers of a table, from which any cells are drawn given others.

    x -> (x - low) / unit -> Yeo and Johnson's power -> N(m_k, S_k)  with weights w_k,

categories having a law of their own in each component. The number of components doubles while it lowers the BIC.
"""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import PowerTransformer

from .._random import generator_from, seed_from
from .._sklearn import BaseEstimator, check_is_fitted
from ..classic.gaussian_mixture import GaussianMixture
from ..table import TableCodec

#: Numbers of at most so many distinct values are levels: a normal law says nothing of them.
_MOST_LEVELS = 2

#: Distinct rows for each component, and smallest variance of one, in variances of the columns.
_ROWS_PER_COMPONENT, _FLOOR = 20, 1e-4

#: When EM stops, in nats per row: draws change by less than they vary.
_TOL, _MOST_ITERATIONS = 1e-3, 100

#: The quantile whose distance to the smallest value is the unit of a column's power: near it the power is a logarithm.
_UNIT_QUANTILE = 0.1


class PowerMixture(BaseEstimator):
    """A Gaussian mixture on powers of the numbers of a table.

    Parameters
    ----------
    max_components : int, default=16
        Most components of the mixture.
    schema : Schema or None, default=None
        Kinds and base measure of the columns; inferred from the table where None.
    random_state : int, RandomState instance, Generator or None, default=None
        Seed of the fit.
    """

    def __init__(self, max_components=16, *, schema=None, random_state=None):
        self.max_components = max_components
        self.schema = schema
        self.random_state = random_state

    def fit(self, X, y=None):
        """Learn from a table without empty cells."""
        rng = generator_from(self.random_state)
        self.codec_ = TableCodec()
        Z = self.codec_.fit_encode(X, self.schema)
        self.schema_ = self.codec_.schema
        self.is_number_ = np.array(
            [
                column.kind == "number" and len(np.unique(z)) > _MOST_LEVELS
                for column, z in zip(self.codec_.columns, Z.T)
            ]
        )
        self.levels_ = [None if number else np.unique(z) for number, z in zip(self.is_number_, Z.T)]
        self.low_, self.high_ = Z.min(axis=0), Z.max(axis=0)
        self.unit_ = self._units(Z)
        if self.is_number_.any():
            self.power_ = PowerTransformer().fit(self._scaled(Z)[:, self.is_number_])
        self.density_ = self._grow(self._to_density(Z), rng)
        return self

    def sample(self, n_samples=1, *, given=None, random_state=None):
        """Rows; `given` is a table with one row per sample, whose empty cells are drawn."""
        check_is_fitted(self)
        if given is None:
            return self.codec_.decode_typed(
                self._from_density(self.density_.sample(n_samples, random_state=random_state))
            )
        Z = self.codec_.encode_typed(given).copy()
        for j in np.flatnonzero(~self.is_number_):  # a level that fit did not see is as good as empty
            Z[~np.isin(Z[:, j], self.levels_[j]), j] = np.nan
        rows = self.density_.sample(len(Z), given=self._to_density(Z), random_state=seed_from(random_state))
        return self.codec_.decode_typed(np.where(np.isnan(Z), self._from_density(rows), Z))

    # ---- helpers -------------------------------------------------------------------------------------------------

    def _units(self, Z):
        near = np.quantile(Z, _UNIT_QUANTILE, axis=0) - self.low_
        spread = Z.std(axis=0)
        unit = np.where(near > 0, near, spread)
        return np.where(unit > 0, unit, 1.0)

    def _scaled(self, Z):
        return (Z - self.low_) / self.unit_

    def _to_density(self, Z):
        A = Z.copy()
        if self.is_number_.any():
            A[:, self.is_number_] = self.power_.transform(self._scaled(Z)[:, self.is_number_])
        return A

    def _from_density(self, A):
        """Numbers of the table; beyond the range that was seen, its ends."""
        Z = A.copy()
        if self.is_number_.any():
            ends = self._to_density(np.array([self.low_, self.high_]))[:, self.is_number_]
            powers = np.clip(A[:, self.is_number_], *ends)
            Z[:, self.is_number_] = self.power_.inverse_transform(powers)
            Z[:, self.is_number_] *= self.unit_[self.is_number_]
            Z[:, self.is_number_] += self.low_[self.is_number_]
        for j in np.flatnonzero(self.is_number_):  # each column has its own grid
            Z[:, j] = np.clip(self.schema_.columns[j].snap(Z[:, j]), self.low_[j], self.high_[j])
        return Z

    def _grow(self, A, rng):
        """The mixture of lowest BIC among 1, 2, 4, ... components, as far as doubling lowers it."""
        seed = seed_from(rng) % 2**32
        most = min(self.max_components, len(np.unique(A, axis=0)) // _ROWS_PER_COMPONENT)
        best, K = None, 1
        while best is None or most >= K:
            mixture = GaussianMixture(
                K, init_params="kmeans", tol=_TOL, max_iter=_MOST_ITERATIONS, reg_covar=_FLOOR,
                categorical_features=~self.is_number_, random_state=seed,
            )  # fmt: skip
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                mixture.fit(A)
            bic = mixture.bic(A)
            if best is not None and bic >= best[0]:
                break
            best, K = (bic, mixture), 2 * K
        return best[1]
