"""Two models small enough to be right at a glance: independent columns, and two halves of them.

Each column has a table of probabilities (categories, numbers of few values) or a normal law on its grid or on the line,
and the chance of a missing cell beside it. `TwoHalves` splits the rows at the mean of the first column and mixes the
independent columns of either half, so that its columns depend on each other.
"""

from __future__ import annotations

import numpy as np
from scipy.special import log_ndtr, logsumexp

from skgen.base import GenerativeModel
from skgen.table.reserved import full_codes, position_log_density, value_codes, with_reserved


def _is_table(column):
    return column.kind == "category" or len(column.values) > 0


def _codes(z, column):
    return full_codes(z, column) if column.kind == "category" else value_codes(z, column.values)


def fit_column(z, weight, column, prior=None):
    """The law of one column: probabilities of its cells, or mean, sd and the chance of a missing cell."""
    total = weight.sum() + (0 if prior is None else 1)
    prior = {} if prior is None else prior
    absent = np.isnan(z)
    if _is_table(column):
        n_codes = column.n_codes if column.kind == "category" else len(column.values)
        codes = np.where(absent, n_codes, _codes(z, column))
        mass = np.bincount(codes, weight, minlength=n_codes + 1)
        shares = (mass + prior.get("shares", 0.0)) / total
        return {"shares": shares, "p": with_reserved(shares, column)}
    missing = (weight[absent].sum() + prior.get("missing", 0.0)) / total
    z, weight = z[~absent], weight[~absent]
    mean = np.average(z, weights=weight) if len(z) else prior["mean"]
    sd = np.sqrt(np.average((z - mean) ** 2, weights=weight)) if len(z) > 1 else 0.0
    sd = sd or prior.get("sd", max(1e-9 * abs(mean), 1e-300))
    reserved = 0.0 if column.missing_seen else column.rho
    return {"missing": missing, "p_missing": missing if column.missing_seen else reserved, "mean": mean, "sd": sd}


def column_log_density(z, law, column):
    """Log-density of one column's law."""
    absent = np.isnan(z)
    with np.errstate(divide="ignore"):
        if _is_table(column):
            codes = _codes(z, column)
            log_p = np.log(law["p"])[codes]
            if column.kind == "number":
                other = codes == len(column.values)
                log_p = log_p - np.where(absent | other, 0.0, np.log(column.resolution))
                log_p[other] += position_log_density(z[other], column, column.values)
            return log_p
        log_p = np.where(absent, np.log(law["p_missing"]), np.log1p(-law["p_missing"]))
    log_p[~absent] += normal_log_density(z[~absent], law["mean"], law["sd"], column.resolution)
    return log_p


def normal_log_density(x, mean, sd, r):
    """Log-density of a normal law, of its cell where the column has a grid."""
    t = (x - mean) / sd
    log_density = -0.5 * t * t - 0.5 * np.log(2 * np.pi) - np.log(sd)
    if r == 0:
        return log_density
    t, half = -np.abs(t), r / (2 * sd)  # by symmetry in the lower tail, where differences are exact
    gap = log_ndtr(t - half) - log_ndtr(t + half)
    with np.errstate(divide="ignore"):
        mass = log_ndtr(t + half) + np.log(-np.expm1(gap))
    return np.where(gap < 0, mass - np.log(r), log_density)


def sample_column(n, law, column, rng, allowed=None):
    """Draws of one column's law; another cell than the seen ones comes as the codec's mark for it."""
    if _is_table(column):
        p = law["p"].copy()
        cells = np.arange(len(p) - 1.0) if column.kind == "category" else np.append(column.values, column.lower - 1)
        cells = np.append(cells, np.nan)
        if allowed is not None and allowed.contains(cells) @ p > 0:
            p = p * allowed.contains(cells)
        return cells[rng.choice(len(p), size=n, p=p / p.sum())]
    z = law["mean"] + law["sd"] * rng.standard_normal(n)
    if column.resolution:
        z = np.rint(z / column.resolution) * column.resolution
    z[rng.random(n) < law["p_missing"]] = np.nan
    return z


class IndependentColumns(GenerativeModel):
    """Independent columns.

    Parameters
    ----------
    categorical_features, schema, random_state
        As in the package's models.
    """

    _view = "typed"
    _parameter_constraints: dict = {**GenerativeModel._parameter_constraints}

    def __init__(self, categorical_features="from_dtype", schema=None, random_state=None):
        self.categorical_features = categorical_features
        self.schema = schema
        self.random_state = random_state

    def _fit(self, Z, sample_weight, rng):
        weight = np.ones(len(Z)) if sample_weight is None else sample_weight
        self.columns_ = [fit_column(z, weight, column) for z, column in zip(Z.T, self.codec_.columns)]

    def _sample(self, n, rng):
        return np.column_stack(
            [sample_column(n, law, column, rng) for law, column in zip(self.columns_, self.codec_.columns)]
        )

    def _log_density(self, Z, known=None):
        known = np.ones(Z.shape[1], bool) if known is None else known
        terms = zip(Z.T, self.columns_, self.codec_.columns, known)
        return sum((column_log_density(z, law, column) for z, law, column, use in terms if use), np.zeros(len(Z)))

    def _sample_given(self, Z, known, rng, allowed=None):
        Z = Z.copy()
        for j in np.flatnonzero(~known):
            limit = None if allowed is None else allowed[j]
            Z[:, j] = sample_column(len(Z), self.columns_[j], self.codec_.columns[j], rng, limit)
        return Z

    def _n_parameters(self):
        counts = [
            len(law["shares"]) - 1 if "shares" in law else 2 + column.missing_seen
            for law, column in zip(self.columns_, self.codec_.columns)
        ]
        return int(sum(counts))


class TwoHalves(GenerativeModel):
    """A mixture of two sets of independent columns, split at the mean of the first column.

    Parameters
    ----------
    categorical_features, schema, random_state
        As in the package's models.
    """

    _view = "typed"
    _parameter_constraints: dict = {**GenerativeModel._parameter_constraints}

    def __init__(self, categorical_features="from_dtype", schema=None, random_state=None):
        self.categorical_features = categorical_features
        self.schema = schema
        self.random_state = random_state

    def _fit(self, Z, sample_weight, rng):
        weight = np.ones(len(Z)) if sample_weight is None else sample_weight
        first = np.where(np.isnan(Z[:, 0]), 0.0, Z[:, 0])
        upper = first > np.average(first, weights=weight)
        priors = [fit_column(z, weight, column) for z, column in zip(Z.T, self.codec_.columns)]
        self.weights_, self.halves_ = [], []
        for half in (~upper, upper):
            if half.any():  # all rows may be in one half
                self.weights_.append(weight[half].sum() / weight.sum())
                columns = zip(Z[half].T, self.codec_.columns, priors)
                self.halves_.append([fit_column(z, weight[half], column, prior) for z, column, prior in columns])

    def _log_parts(self, Z, known):
        """Log of weight times density of each half at the known coordinates: (halves, n)."""
        parts = []
        for weight, half in zip(self.weights_, self.halves_):
            terms = zip(Z.T, half, self.codec_.columns, known)
            density = (column_log_density(z, law, column) for z, law, column, use in terms if use)
            parts.append(sum(density, np.full(len(Z), np.log(weight))))
        return np.array(parts)

    def _log_density(self, Z, known=None):
        return logsumexp(self._log_parts(Z, np.ones(Z.shape[1], bool) if known is None else known), axis=0)

    def _sample(self, n, rng):
        d = len(self.codec_.columns)
        return TwoHalves._sample_given(self, np.full((n, d), np.nan), np.zeros(d, bool), rng)

    def _sample_given(self, Z, known, rng, allowed=None):
        Z, known = self._choose_value(Z, known, rng, allowed)
        parts = self._log_parts(Z, known)
        chance = np.exp(parts - logsumexp(parts, axis=0))
        upper = rng.random(len(Z)) >= chance[0]
        for k, half in enumerate(self.halves_):
            for j in np.flatnonzero(~known):
                z = sample_column(len(Z), half[j], self.codec_.columns[j], rng)
                Z[:, j] = np.where(upper == bool(k), z, Z[:, j])
        return Z

    def _choose_value(self, Z, known, rng, allowed):
        """Of the first column with a set of numbers, one number a row, as often as the known cells make it; known."""
        Z, known = Z.copy(), known.copy()
        for j, a in enumerate(allowed or []):
            if not known[j] and a is not None and a.values is not None and not a.missing:
                known[j] = True
                log_p = self._value_log_densities(Z, known, j, a.values)
                p = np.exp(log_p - logsumexp(log_p, axis=0))
                at = (rng.random(len(Z)) > np.cumsum(p, axis=0)).sum(axis=0)
                Z[:, j] = a.values[np.minimum(at, len(a.values) - 1)]
                break
        return Z, known

    def _value_log_densities(self, Z, known, j, values):
        """Log-density of the known cells with each value of column j, (values, n)."""
        return np.array([self._log_density(np.where(np.arange(Z.shape[1]) == j, v, Z), known) for v in values])
