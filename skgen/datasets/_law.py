"""The toy law: a distribution that can be sampled and whose log-density and entropy are known.

For a density q fitted to rows of a law p, `H(p) + E_p[log q(x)] = -KL(p || q) <= 0`: minus the entropy is the highest
mean log-likelihood that any model can reach on fresh rows.
"""

from abc import ABC, abstractmethod
from numbers import Integral, Real

import numpy as np

from .._random import generator_from
from .._sklearn import check_array


def check_positive(name, value, minimum=0.0):
    """The value as a float above `minimum`, or an error that names the parameter."""
    if not isinstance(value, Real) or isinstance(value, bool) or not minimum < value < np.inf:
        raise ValueError(f"{name} must be a finite number above {minimum:g}, got {value!r}.")
    return float(value)


class ToyLaw(ABC):
    """A law on rows whose log-density and entropy are known.

    Attributes
    ----------
    n_features : int
        Number of columns of a row.

    entropy : float
        Entropy in nats: minus the mean log-density of rows of the law.
    """

    n_features: int

    def sample(self, n_samples=1, random_state=None):
        """Draw independent rows.

        Parameters
        ----------
        n_samples : int, default=1
            How many rows.

        random_state : int, RandomState instance, Generator or None, default=None
            Seed of this call. None draws afresh each time.

        Returns
        -------
        X : ndarray of shape (n_samples, n_features) or DataFrame
            The rows.
        """
        if not isinstance(n_samples, Integral) or isinstance(n_samples, bool) or n_samples < 0:
            raise ValueError(f"n_samples must be a non-negative integer, got {n_samples!r}.")
        return self._sample(int(n_samples), generator_from(random_state))

    @abstractmethod
    def log_density(self, X):
        """Log-density of each row in nats, minus infinity outside the support.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or DataFrame
            Rows such as `sample` returns.

        Returns
        -------
        log_density : ndarray of shape (n_samples,)
            Nats per row.
        """

    @property
    @abstractmethod
    def entropy(self):
        """Entropy in nats."""

    @abstractmethod
    def _sample(self, n, rng):
        """Draw n rows."""


class ArrayLaw(ToyLaw):
    """A toy law on R^d, whose rows are float arrays."""

    def log_density(self, X):
        """Log-density of each row in nats, minus infinity outside the support.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows such as `sample` returns.

        Returns
        -------
        log_density : ndarray of shape (n_samples,)
            Nats per row.
        """
        X = check_array(X, dtype=np.float64, ensure_min_samples=0)
        if X.shape[1] != self.n_features:
            raise ValueError(f"Expected rows of {self.n_features} features, got {X.shape[1]}.")
        return self._log_density(X)

    @abstractmethod
    def _log_density(self, X):
        """Log-density of checked rows."""


class TableLaw(ToyLaw):
    """A toy law on tables, whose rows come as a DataFrame.

    The density is with respect to the measure that a schema gives such columns: counting for categories and missing
    cells, mass of the cell divided by the grid's spacing for numbers on a grid.

    Attributes
    ----------
    columns : tuple of str
        Column names in order.
    """

    columns: tuple

    @property
    def n_features(self):
        """Number of columns of a row."""
        return len(self.columns)

    def log_density(self, X):
        """Log-density of each row in nats, minus infinity outside the support.

        Parameters
        ----------
        X : DataFrame
            Rows such as `sample` returns, in any order of columns. A number belongs to the cell of its nearest grid
            point.

        Returns
        -------
        log_density : ndarray of shape (n_samples,)
            Nats per row.
        """
        absent = [name for name in self.columns if name not in X]
        if absent:
            raise ValueError(f"Expected a table with the columns {list(self.columns)}; {absent} are absent.")
        with np.errstate(divide="ignore"):
            out = self._log_density(X)
        return np.where(np.isnan(out), -np.inf, out)

    @abstractmethod
    def _log_density(self, X):
        """Log-density of the rows of a checked table, NaN or minus infinity outside the support."""
