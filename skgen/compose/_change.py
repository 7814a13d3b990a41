"""Change: a fitted change of variables, from d numbers to d numbers and back.

    p_X(x)  =  p_Z(T(x)) |det J_T(x)|

A change knows its Jacobian column by column where it can, which column comes from which, and which z have an original.
Cells outside the domain of T have the log-derivative -inf and are NaN after it; missing cells (NaN) stay NaN and have
the log-derivative 0, their mass being counted. Where columns are mixed, a row with a missing cell is outside.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import singledispatch

import numpy as np
import pandas as pd

from ..exceptions import NotInvertibleError

#: The source of a column that comes of several.
MIXED = -1


class Change(ABC):
    """A fitted change of variables.

    Parameters
    ----------
    sources : array of shape (d,)
        The column that each new column comes from; `MIXED` where it comes of several.
    scales : array of shape (d,)
        Derivative of each new column where it is constant, else NaN.
    kept : array of bool of shape (d,)
        New columns that are old ones as they are: these need not be numbers.
    bounded : bool
        Whether some z may have no original.
    """

    def __init__(self, sources, scales=None, kept=None, bounded=False):
        self.sources = np.asarray(sources, dtype=np.intp)
        d = len(self.sources)
        self.scales = np.full(d, np.nan) if scales is None else np.asarray(scales, dtype=np.float64)
        self.kept = np.zeros(d, bool) if kept is None else np.asarray(kept, bool)
        self.bounded = bool(bounded)

    @abstractmethod
    def forward(self, X):
        """T(x) of numbers (n, d), NaN at missing cells and outside the domain."""

    @abstractmethod
    def inverse(self, Z):
        """The originals of numbers (n, d); NaN where there are none."""

    @abstractmethod
    def log_derivatives(self, X):
        """Terms (n, d) whose sums over columns are log|det J|: a column's own, or all of a mixture in its first."""

    def contains(self, Z):
        """Mask of the rows that have an original."""
        return np.ones(len(Z), bool)

    def log_det(self, X):
        """log|det J| of rows of numbers (n, d)."""
        return row_sums(self.log_derivatives(X))


def row_sums(terms):
    """Sums over columns, -inf wherever one term is."""
    outside = np.isneginf(terms).any(axis=1)
    return np.where(outside, -np.inf, np.where(np.isneginf(terms), 0.0, terms).sum(axis=1))


@singledispatch
def known_change(transformer, n_columns) -> Change:
    """The change of variables of a fitted transformer of so many columns; an error that says why where it is none."""
    raise NotInvertibleError(f"{type(transformer).__name__} is no transformer whose Jacobian is known.")


def as_seen(transformer, X):
    """Numbers in the container that the transformer was fitted on: names where it knows names."""
    names = getattr(transformer, "feature_names_in_", None)
    return X if names is None else pd.DataFrame(X, columns=names)


def as_numbers(table):
    """What a transformer returned, as numbers."""
    if hasattr(table, "toarray"):
        table = table.toarray()
    return np.asarray(table, dtype=np.float64)


def log_abs(x):
    """log|x|, -inf at 0."""
    with np.errstate(divide="ignore"):
        return np.log(np.abs(x))
