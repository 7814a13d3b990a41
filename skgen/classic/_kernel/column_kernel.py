"""ColumnKernel: what the centres say of one column, and the terms that a block of queries takes from it.

A column's kernel is a mixture of the centre's own cell, a local kernel about the centre's number, and the column's
marginal law (Aitchison and Aitken 1976, towards the marginal instead of the uniform law):

    K(x | a)  =  w_own 1[x = a]  +  w_local k(x | a)  +  w_marginal m(x).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ...table import Allowed
from ...table.column import CodecColumn
from ...table.reserved import count_tails

#: Order of the mixture's weights.
OWN, LOCAL, MARGINAL = 0, 1, 2


@dataclass
class Terms:
    """What a block of Q queries adds to the log-kernels of one column.

    Parameters
    ----------
    outside : ndarray of shape (Q,)
        Added to the log of the sum over centres.
    inside : ndarray of shape (Q,) or None
        Added to the exponents, where it cancels against the products.
    features : list of ndarray of shape (Q,)
        Multiplied by the column's features of the centres.
    table : ndarray of shape (rows, Q) or None
        Log-probabilities by the centre's code.
    shares : list of ndarray of shape (rows, Q)
        The parts of each probability that its own cell and its local kernel make up.
    rows : ndarray or None
        Row of the table of each code; None: the code itself.
    direct : callable or None
        Maps a slice of centres to a matrix (centres, Q) of further exponents.
    reserved : ndarray of shape (Q,) or None
        Mask of the queries whose cell is reserved: it has the same mass about every centre.
    """

    outside: np.ndarray
    inside: np.ndarray | None = None
    features: tuple = ()
    table: np.ndarray | None = None
    shares: tuple = ()
    rows: np.ndarray | None = None
    direct: Callable | None = None
    reserved: np.ndarray | None = None


class ColumnKernel(ABC):
    """The kernel of one column; `codes` are the cells of the centres, `weights` those of the mixture."""

    #: Names of what `to_state` keeps, beside the column.
    _FIELDS: tuple = ()

    #: Which of own, local and marginal the column mixes.
    parts: tuple = (OWN, MARGINAL)

    #: Whether the mixture has weights to learn; a number without atoms has its local kernel only.
    mixes = True

    @abstractmethod
    def terms(self, x, own_share=0.0) -> Terms:
        """The terms of a block of queries of shape (Q,), the share of its own weight taken out of the marginal law."""

    @abstractmethod
    def sample(self, centres, rng):
        """One cell for each of the centres with these indices."""

    @abstractmethod
    def log_mass(self, allowed):
        """Log-mass of an allowed set for every centre."""

    @abstractmethod
    def sample_allowed(self, centres, allowed, rng):
        """One cell of an allowed set for each of the centres with these indices."""

    def seen_set(self):
        """The support that fit saw, as an allowed set; None where it is everything."""
        column = self.column
        if not column.rho:
            return None
        if column.kind == "category":
            return Allowed(values=np.arange(column.n_codes, dtype=float), missing=column.missing_seen)
        return Allowed(low=column.lower, high=column.upper, missing=column.missing_seen)

    def seen_log_mass(self):
        """Log-mass of the seen support for every centre, up to a constant."""
        seen = self.seen_set()
        if seen is None or self.column.kind == "category" or self.is_cut:
            return 0.0
        return np.logaddexp(np.log1p(-self.reserved()[0]) + self.log_mass(seen), safe_log(self.reserved_inside()))

    @property
    def is_cut(self) -> bool:
        """Whether the kernel has tails, and the column a range, within which the kernel is normalised."""
        return False

    def reserved(self):
        """The reserved mass, and the share of positions and of a missing cell, whichever are reserved."""
        return reserved_share(self.column, self.bounded or (self.is_cut and count_tails(self.column) > 0))

    def off_range(self, x):
        """Mask of the numbers that lie beyond the range of a kernel that is cut."""
        return ((x < self.column.lower) | (x > self.column.upper)) & self.is_cut

    def within(self, allowed):
        """Ends of an allowed interval, within the range where the kernel is cut."""
        if not self.is_cut:
            return allowed.low, allowed.high
        return max(allowed.low, self.column.lower), min(allowed.high, self.column.upper)

    def centre_features(self):
        """Features of the centres, as many as the queries have, and a constant for each."""
        return (), 0.0

    def to_state(self) -> dict:
        return {"column": self.column.to_state(), **{name: getattr(self, name) for name in self._FIELDS}}

    @classmethod
    def from_state(cls, state):
        kernel = cls.__new__(cls)
        for name, value in state.items():
            setattr(kernel, name, CodecColumn(**value) if name == "column" else value)
        return kernel


def reserved_share(column, positions):
    """The reserved mass of a column, and the share of each reserved thing: positions, and missing cells if unseen."""
    n_reserved = positions + (not column.missing_seen)
    return (column.rho, column.rho / n_reserved) if n_reserved else (0.0, 0.0)


def without_own(p, own_share):
    """Marginal probabilities after the query's own share is taken away; what is left of nothing but it is 0."""
    left = np.maximum(p - own_share, 0.0) / np.maximum(1 - own_share, 1e-300)
    return np.where(p > own_share * (1 + 1e-9), left, 0.0)


def safe_log(p):
    """Log with log 0 = -inf."""
    with np.errstate(divide="ignore"):
        return np.log(p)


def draw_code(p, n, rng):
    """n indices with probabilities proportional to p."""
    total = np.cumsum(p)
    return np.minimum(np.searchsorted(total, rng.random(n) * total[-1], side="right"), len(p) - 1)


def inside_share(column):
    """The part of the reserved law of positions that lies within the seen range."""
    return 1.0 / (_n_sides(column) + 1) if column.resolution else 0.0


def _n_sides(column):
    """How many sides of the seen range have numbers beyond it."""
    r = column.resolution
    return (column.lower - column.low > r / 2) + (column.high - column.upper > r / 2)


def draw_reserved_position(column, values, n, rng):
    """Positions from the reserved law of numbers; one beyond the range, which is drawn again, as the cell below it."""
    if n == 0:
        return np.empty(0)
    r = column.resolution
    out = np.full(n, column.lower - r)
    left = np.flatnonzero(rng.random(n) * (_n_sides(column) + 1) < 1)
    n_cells = round((column.upper - column.lower) / r) + 1
    while len(left) and n_cells > len(values):
        out[left] = column.lower + np.floor(rng.random(len(left)) * n_cells) * r
        left = left[np.isin(out[left], values)]
    return out
