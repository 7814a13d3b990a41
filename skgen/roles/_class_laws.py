"""The laws of the classes: one density each, or one of the rows with their class.

log p(x | k)  =  log p_k(x),    or    log p(x, k) - log pi_k    of the joint law.
"""

from __future__ import annotations

import numpy as np

from .._delegated import fitted_clone, schema_parameter
from .._sklearn import _safe_indexing
from ._inner_density import check_same_measure, share_schema
from ._joined import JoinedTable
from ._marginals import score_rows


def _take(X, weight, rows):
    return _safe_indexing(X, rows), None if weight is None else weight[rows]


class SeparateLaws:
    """One density for each class.

    Parameters
    ----------
    density : estimator
        What is cloned for each class.
    X : table
        All rows, from which the shared schema is read.
    y : ndarray
        The classes.
    name : str or None
        The name of the target, where it has one.
    sample_weight : ndarray or None
        Weights of the rows.
    """

    def __init__(self, density, X, y, name, sample_weight):
        self.density = share_schema(density, X, sample_weight)

    def fit(self, X, codes, sample_weight, log_prior, run):
        """The fitted densities, in the order of the classes."""
        parts = [_take(X, sample_weight, np.flatnonzero(codes == k)) for k in range(len(log_prior))]
        densities = run([(fitted_clone, self.density, *part) for part in parts])
        check_same_measure(densities)
        return densities

    def log_likelihood(self, densities, X, log_prior, marginalize):
        """Log-densities (n, K) of rows given their class."""
        return score_rows(densities, [X] * len(densities), marginalize)


class JointLaw:
    """One density of the rows with their class as the last column.

    Parameters
    ----------
    density : estimator
        What is cloned; it must take a schema, which says that the class is a category.
    X : table
        All rows, from which the schema is read.
    y : ndarray
        The classes.
    name : str or None
        The name of the target, where it has one.
    sample_weight : ndarray or None
        Weights of the rows.
    """

    def __init__(self, density, X, y, name, sample_weight):
        self.joined = JoinedTable(X, name, default="class")
        self.classes, codes = np.unique(y, return_inverse=True)
        self.labels = self.classes if self.joined.is_frame else np.arange(len(self.classes))
        if schema_parameter(density) is None:
            raise ValueError(
                f"joint=True needs a density that reads categories, by a parameter `schema`; {type(density).__name__} "
                "has none. Use joint=False, which fits one density to each class."
            )
        table = self.joined.join(X, self.labels[codes])
        self.density = share_schema(density, table, sample_weight, [self.joined.column])

    def fit(self, X, codes, sample_weight, log_prior, run):
        """The fitted joint density, in a list."""
        return run([(fitted_clone, self.density, self.joined.join(X, self.labels[codes]), sample_weight)])

    def log_likelihood(self, densities, X, log_prior, marginalize):
        """Log-densities (n, K) of rows given their class."""
        tables = [self.joined.join(X, np.repeat(label, len(X))) for label in self.labels]
        return score_rows(densities * len(tables), tables, marginalize) - log_prior
