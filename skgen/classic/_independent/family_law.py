r"""FamilyLaw: a parametric family on one column of numbers, beside atoms of heavy values and the missing cell.

With s_k the share of atom v_k, m that of missing cells, F the family and I the seen range without the atoms' cells,

.. math:: P(x) = (1 - \rho) (1 - m) \Bigl[\sum_k s_k 1[x = v_k] + (1 - \sum_k s_k)\, F(x) / F(I)\Bigr], \quad x \in I.

The reserved mass rho lies beyond the range, and on missing cells where none was seen.
"""

from __future__ import annotations

import numpy as np

from ...table._grid import snap
from ...table.column import CodecColumn
from ...table.reserved import count_tails, position_log_density, value_codes
from .families import FAMILIES, fit_family, scipy_law

#: A family with less mass than that beside the atoms says nothing of the other numbers.
LEAST_MASS = 1e-6

_TRIES = 100


class FamilyLaw:
    """A family, atoms and the missing cell.

    Parameters
    ----------
    column : CodecColumn
        The column.
    family : str
        A key of `FAMILIES`.
    parameters : dict
        The family's parameters.
    atoms : ndarray of shape (K,)
        Values with a share of their own, sorted.
    shares : ndarray of shape (K + 2,)
        Shares of the atoms, of the family, of missing cells, adding up to 1.
    """

    def __init__(self, column, family, parameters, atoms, shares):
        self.column, self.family, self.fitted, self.atoms, self.shares = column, family, parameters, atoms, shares
        self.law = scipy_law(family, parameters)
        self._half = column.resolution / 2
        mass = float(self._mass(column.lower - self._half, column.upper + self._half))
        self._inside = mass - (np.exp(self._log_cell(atoms)).sum() if len(atoms) else 0.0)
        self._n_events = (count_tails(column) > 0) + (not column.missing_seen) if column.rho else 0

    @classmethod
    def fit(cls, z, weight, column, family, atoms=()):
        """The law of distinct cells of some weight; None where it does not apply."""
        atoms = np.asarray(atoms, float)
        codes, K = value_codes(z, atoms), len(atoms)
        rest = codes == K
        if not rest.any():
            return None
        parameters = fit_family(family, z[rest], weight[rest], column)
        if parameters is None:
            return None
        law = cls(column, family, parameters, atoms, np.bincount(codes, weight, K + 2) / weight.sum())
        return law if law._inside > LEAST_MASS else None

    @property
    def name(self) -> str:
        return self.family if len(self.atoms) == 0 else f"{self.family} + {len(self.atoms)} atoms"

    def parameters(self) -> dict:
        """The parameters in words."""
        found = dict(self.fitted)
        if len(self.atoms):
            found["atoms"] = dict(zip(self.atoms.tolist(), self.shares.tolist()))
        return {**found, "missing": float(self.shares[-1])} if self.column.missing_seen else found

    def n_parameters(self) -> int:
        return FAMILIES[self.family][3] + len(self.atoms) + self.column.missing_seen

    # ---- density -------------------------------------------------------------------------------------------------

    def _mass(self, low, high):
        """Mass between two numbers, from the side on which it is small; of whole numbers if they end in halves."""
        upper = low > self.law.median()
        return np.where(upper, self.law.sf(low) - self.law.sf(high), self.law.cdf(high) - self.law.cdf(low))

    def _log_cell(self, x):
        """Log-mass of the family on cells of the grid; its log-density without one."""
        if self.column.resolution == 0:
            return self.law.logpdf(x)
        if FAMILIES[self.family][2]:
            return self.law.logpmf(x)
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            log_mass = np.log(self._mass(x - self._half, x + self._half))
            far = ~(log_mass > -600)  # where differences underflow, and no sum feels it
            log_mass[far] = self.law.logpdf(x[far]) + np.log(self.column.resolution)
        return log_mass

    def log_density(self, z):
        """Log-density of cells of the typed view."""
        K, column = len(self.atoms), self.column
        codes = value_codes(z, self.atoms)
        with np.errstate(divide="ignore"):
            out = np.log(self.shares)[codes]
        number = np.flatnonzero(codes == K)
        out[number] += self._log_cell(z[number]) - np.log(self._inside)
        if column.resolution:
            out[codes <= K] -= np.log(column.resolution)
        if not self._n_events:
            return out
        reserved = np.log(column.rho / self._n_events)
        out += np.log1p(-column.rho)
        beyond = np.flatnonzero((z < column.lower) | (z > column.upper))
        out[beyond] = reserved + position_log_density(z[beyond], column, inside=False)
        return out if column.missing_seen else np.where(codes == K + 1, reserved, out)

    # ---- samples -------------------------------------------------------------------------------------------------

    def draw(self, n, rng, allowed=None):
        """Draws of the law, within a set where one is given."""
        K = len(self.atoms)
        if allowed is None:
            codes = rng.choice(K + 2, size=n, p=self.shares)
            low, high = -np.inf, np.inf
        elif allowed.values is None:
            low, high = allowed.low, allowed.high
            codes = _choose(self._shares_within(allowed), n, rng)
        else:
            return draw_listed(self, n, rng, allowed)
        z = np.append(self.atoms, [np.nan, np.nan])[codes]
        number = np.flatnonzero(codes == K)
        for _ in range(_TRIES):  # atoms' cells come from the atoms alone
            z[number] = self._draw_family(len(number), rng, low, high)
            number = number[value_codes(z[number], self.atoms) < K]
            if not len(number):
                break
        return z

    def _edges(self, low, high):
        """The ends of an interval within the range, those of the outermost cells on a grid."""
        low, high = max(low, self.column.lower), min(high, self.column.upper)
        r = self.column.resolution
        if r == 0:
            return low, high
        low = np.ceil(low / r - 1e-9) * r - self._half if np.isfinite(low) else low
        return low, np.floor(high / r + 1e-9) * r + self._half if np.isfinite(high) else high

    def _shares_within(self, allowed):
        inside = allowed.contains(np.append(self.atoms, np.nan))
        low, high = self._edges(allowed.low, allowed.high)
        cut = np.exp(self._log_cell(self.atoms[inside[:-1]])).sum() if len(self.atoms) else 0.0
        mass = max(float(self._mass(low, high)) - cut, 0.0) if high > low else 0.0
        return self.shares * np.append(inside[:-1], [mass / self._inside, inside[-1]])

    def _draw_family(self, n, rng, low, high):
        """Numbers of the family between two ends, by the inverse of its distribution function."""
        u = rng.random(n)
        low, high = self._edges(low, high)
        if low > self.law.median():
            a, b = self.law.sf(high), self.law.sf(low)
            x = self.law.isf(b - u * (b - a))
        else:
            a, b = self.law.cdf(low), self.law.cdf(high)
            x = self.law.ppf(a + u * (b - a))
        x = np.clip(x, low, high) if high > low else x
        return snap(x, self.column) if self.column.resolution else x

    # ---- saving --------------------------------------------------------------------------------------------------

    def to_state(self) -> dict:
        return {
            "column": self.column.to_state(),
            "family": self.family,
            "parameters": self.fitted,
            "atoms": self.atoms,
            "shares": self.shares,
        }

    @classmethod
    def from_state(cls, state):
        return cls(**{**state, "column": CodecColumn(**state["column"])})


def _choose(weight, n, rng):
    """Codes in proportion to weights; the last, if there is no weight at all."""
    total = weight.sum()
    return rng.choice(len(weight), size=n, p=weight / total) if total > 0 else np.full(n, len(weight) - 1)


def draw_listed(law, n, rng, allowed):
    """Draws of a law within a list of cells: each in proportion to its density."""
    cells = np.append(allowed.values, np.nan) if allowed.missing and law.column.missing_seen else allowed.values
    log_p = law.log_density(cells)
    if law.column.resolution:
        log_p = log_p + np.where(np.isnan(cells), 0.0, np.log(law.column.resolution))
    top = log_p.max()
    if not np.isfinite(top):
        return np.full(n, np.nan)
    return cells[_choose(np.exp(log_p - top), n, rng)]
