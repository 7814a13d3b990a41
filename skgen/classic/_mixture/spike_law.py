"""A number with heavy values, in each component of a mixture: atoms there and a lattice normal for everything."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from ...table import Allowed
from ...table.reserved import value_codes
from . import lattice
from .column_law import ColumnLaw, choose, log

_LOG_2PI = np.log(2 * np.pi)

#: Further rows of the overall rest in the rest of every component: keeps a rest of one or two rows from collapsing.
_PRIOR_ROWS = 1.0


class SpikeLaw(ColumnLaw):
    """A number with heavy values: atoms there, missing cells, and a lattice normal for everything.

    Its mass at an atom v is `p(v) + p(rest) r N(v)`, elsewhere `p(rest) r N(x)`: both have closed forms and sum to 1.

    Parameters
    ----------
    column : CodecColumn
        The column.
    index : int
        Its position in the table.
    atoms : ndarray of shape (V,)
        Sorted values that have mass of their own.
    p : ndarray of shape (K, V + 2)
        Probabilities of the atoms, the rest, the missing cell.
    mean, sd : ndarray of shape (K,)
        Of the rest.
    least_sd : float
        Smallest standard deviation of the rest.
    prior : ndarray of shape (2,)
        Mean of the overall rest, and its standard deviation or the whole column's, whichever is larger.
    cells : ndarray or None, default=None
        Distinct numbers of the rows of the fit; only held during the fit.
    """

    _FIELDS = ("index", "atoms", "p", "mean", "sd", "least_sd", "prior", "cells")
    _PER_COMPONENT = ("p", "mean", "sd")

    def __init__(self, column, index, atoms, p, mean, sd, least_sd, prior, cells=None):
        self.column = column
        self.index = index
        self.atoms = atoms
        self.p = p
        self.mean = mean
        self.sd = sd
        self.least_sd = least_sd
        self.prior = prior
        self.cells = cells

    @classmethod
    def overall(cls, column, index, z, weight, atoms, reg):
        """The law of one component that fits the column's weighted cells."""
        present = ~np.isnan(z)
        cells, code = np.unique(z[present], return_inverse=True)
        counts = np.bincount(code, weight[present])
        missing = weight[~present].sum()
        held = value_codes(cells, atoms) < len(atoms)
        rest = np.where(held, 0.1, 1.0) * counts
        mean = rest @ cells / rest.sum()
        variance = rest @ (cells - mean) ** 2 / rest.sum()
        least = np.sqrt(max(lattice.LEAST_VARIANCE * column.resolution**2, reg * variance))
        p = np.concatenate([0.9 * counts[held], [rest.sum(), missing]]) / weight.sum()
        sd = max(np.sqrt(variance), least)
        whole = np.sqrt(np.average((cells - np.average(cells, weights=counts)) ** 2, weights=counts))
        prior = np.array([mean, max(sd, whole)])
        law = cls(column, index, atoms, p[None], np.array([mean]), np.array([sd]), least, prior, cells)
        for _ in range(50):  # EM between the atoms and the rest, on counts
            law.update(np.append(counts, missing)[None])
            law.prior = np.array([law.mean[0], max(law.sd[0], whole)])
        return law

    def is_alike(self, other) -> bool:
        return super().is_alike(other) and np.array_equal(self.atoms, other.atoms)

    def finished(self):
        return type(self).from_state({**self.to_state(), "cells": None})

    def n_parameters(self) -> int:
        K, cells = self.p.shape
        return K * (cells - 1 - (not self.column.missing_seen) + 2)

    def fit_codes(self, z):
        """Codes of the rows of the fit, the missing cell's being the last, and their number."""
        U = len(self.cells)
        return np.where(np.isnan(z), U, np.searchsorted(self.cells, z)).astype(np.int64), U + 1

    def _parts(self, x):
        """Log-densities (K, n) at numbers x of the atoms and of the rest."""
        log_p = log(self._reserved())
        code = value_codes(x, self.atoms)
        V = len(self.atoms)
        padded = np.concatenate([log_p[:, :V] - np.log(self.column.resolution), np.full((len(log_p), 1), -np.inf)], 1)
        t = np.clip((x - self.mean[:, None]) / self.sd[:, None], -1e100, 1e100)
        normal = -0.5 * (t * t + _LOG_2PI) - np.log(self.sd)[:, None]
        return padded[:, code], log_p[:, V, None] + normal

    def _reserved(self):
        """Probabilities (K, V + 2) with the mass of a missing cell where none was seen."""
        if self.column.missing_seen or self.column.rho == 0:
            return self.p
        p = (1 - self.column.rho) * self.p
        p[:, -1] = self.column.rho
        return p

    def _cell_parts(self):
        """Log-densities at the cells of the fit of the rest (K, U), and at the atoms of their own mass (K, V)."""
        log_p = log(self._reserved())
        V = len(self.atoms)
        rest = (self.cells - self.mean[:, None]) / self.sd[:, None]
        np.multiply(rest, rest, out=rest)
        rest *= -0.5
        rest += (log_p[:, V] - np.log(self.sd) - 0.5 * _LOG_2PI)[:, None]
        return rest, log_p[:, :V] - np.log(self.column.resolution)

    def table(self):
        """Log-densities (K, cells) of the cells of the fit."""
        rest, atom = self._cell_parts()
        at = np.searchsorted(self.cells, self.atoms)
        rest[:, at] = np.logaddexp(rest[:, at], atom)
        return np.concatenate([rest, log(self._reserved()[:, -1:])], axis=1)

    def update(self, counts):
        """One M step from expected counts (K, cells), a heavy value's count shared between its atom and the rest."""
        rest, atom = self._cell_parts()
        at = np.searchsorted(self.cells, self.atoms)
        atom_counts = counts[:, at] * expit(atom - rest[:, at])  # (K, V)
        R = counts[:, :-1].copy()
        R[:, at] -= atom_counts
        mass = R.sum(axis=1)
        mean0, sd0 = self.prior
        N = mass + _PRIOR_ROWS
        self.mean = (R @ self.cells + _PRIOR_ROWS * mean0) / N
        spread = np.einsum("ku,ku->k", R, (self.cells - self.mean[:, None]) ** 2)
        spread += _PRIOR_ROWS * (sd0**2 + (self.mean - mean0) ** 2)
        self.sd = np.maximum(np.sqrt(spread / N), self.least_sd)
        p = np.concatenate([atom_counts, mass[:, None], counts[:, -1:]], axis=1)
        self.p = p / p.sum(axis=1, keepdims=True)

    def log_prior(self):
        """Log-density of the rows of the overall rest that `update` adds, up to a constant."""
        mean0, sd0 = self.prior
        square = (sd0**2 + (self.mean - mean0) ** 2) / self.sd**2
        return -_PRIOR_ROWS * float((np.log(self.sd) + 0.5 * square).sum())

    def log_density(self, z):
        """Log-densities (n, K)."""
        absent = np.isnan(z)
        number = np.logaddexp(*self._parts(np.where(absent, 0.0, z)))
        return np.where(absent, log(self._reserved()[:, -1:]), number).T

    def seen_set(self):
        """The support that fit saw, as an allowed set; None where it is everything."""
        column = self.column
        return Allowed(low=column.lower, high=column.upper, missing=column.missing_seen) if column.rho else None

    def _open_masses(self, allowed):
        """Probabilities (K, V + 2) of the parts, each times the share that `allowed` leaves open."""
        if allowed is None:
            return self.p
        p = self.p * np.append(allowed.contains(self.atoms), [True, allowed.missing])
        r = self.column.resolution
        if allowed.values is None:
            p[:, -2] *= np.exp(lattice.log_mass(self.mean, self.sd, r, allowed.low, allowed.high))
        else:
            t = (allowed.values - self.mean[:, None]) / self.sd[:, None]
            p[:, -2] *= (np.exp(-0.5 * t * t).sum(axis=1) * r / self.sd) / np.sqrt(2 * np.pi)
        return p

    def log_mass(self, allowed):
        """Log-mass (K,) of the cells that `allowed` leaves open."""
        return log(self._open_masses(allowed).sum(axis=1))

    def draw(self, k, x, rng, allowed=None):
        """Cells of rows of components k; x is not read."""
        p = self._open_masses(allowed)
        total = p.sum(axis=1, keepdims=True)
        p = np.where(total > 0, p / np.where(total > 0, total, 1), self.p)
        part = choose(p, k, rng)
        out = np.append(self.atoms, [0.0, np.nan])[part]
        rest = np.flatnonzero(part == len(self.atoms))
        mean, sd = self.mean[k[rest]], self.sd[k[rest]]
        if allowed is not None and allowed.values is not None:
            out[rest] = choose_value(allowed.values, mean, sd, rng)
        else:
            low, high = (-np.inf, np.inf) if allowed is None else (allowed.low, allowed.high)
            out[rest] = lattice.draw(mean, sd, self.column.resolution, rng, low, high)
        return out


def choose_value(values, mean, sd, rng):
    """One of `values` for each normal (mean, sd), in proportion to its density there."""
    if len(values) == 0 or len(mean) == 0:
        return np.full(len(mean), np.nan)
    t = (values - mean[:, None]) / sd[:, None]
    log_p = -0.5 * t * t
    p = np.exp(log_p - log_p.max(axis=1, keepdims=True))
    return values[choose(p / p.sum(axis=1, keepdims=True), np.arange(len(mean)), rng)]
