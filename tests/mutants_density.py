"""Mutants of densities, samplers, tables and conditions: one wrong thing each."""

from __future__ import annotations

import numpy as np
import pandas as pd
from toy_models import IndependentColumns, TwoHalves

from skgen import BayesianNetwork

# ---- densities and samplers ------------------------------------------------------------------------------------------


class Unnormalised(IndependentColumns):
    """The density is a thousandth too large."""

    def _log_density(self, Z, known=None):
        return super()._log_density(Z, known) + (1e-3 if known is None else 0.0)


class Boastful(IndependentColumns):
    """The normal law's constant is forgotten."""

    def _log_density(self, Z, known=None):
        return super()._log_density(Z, known) + 0.5 * np.log(2 * np.pi) * Z.shape[1]


class WideSampler(IndependentColumns):
    """Samples are 2 % too wide."""

    def _sample(self, n, rng):
        Z = super()._sample(n, rng)
        means = [law.get("mean", 0.0) for law in self.columns_]
        return means + 1.02 * (Z - means)


class NarrowScore(IndependentColumns):
    """Scores are those of a law 2 % narrower, its Jacobian included."""

    def _log_density(self, Z, known=None):
        means = np.array([law.get("mean", 0.0) for law in self.columns_])
        return super()._log_density(means + 1.02 * (Z - means), known) + Z.shape[1] * np.log(1.02)


class ForgottenJacobian(IndependentColumns):
    """Scores are those of a law 2 % narrower, without its Jacobian."""

    def _log_density(self, Z, known=None):
        means = np.array([law.get("mean", 0.0) for law in self.columns_])
        return super()._log_density(means + 1.02 * (Z - means), known)


class DroppedComponent(TwoHalves):
    """Samples come from the first half only."""

    def _sample(self, n, rng):
        parts = self.weights_
        self.weights_ = [1.0, *[1e-300] * (len(parts) - 1)]
        Z = super()._sample(n, rng)
        self.weights_ = parts
        return Z


class SwappedColumns(IndependentColumns):
    """Samples of the first two columns are swapped."""

    def _sample(self, n, rng):
        Z = super()._sample(n, rng)
        return Z[:, [1, 0, *range(2, Z.shape[1])]]


class IndependentSampler(TwoHalves):
    """Samples forget that columns depend on each other."""

    def _sample(self, n, rng):
        Z = super()._sample(n, rng)
        return np.column_stack([rng.permutation(z) for z in Z.T])


class WideFit(IndependentColumns):
    """The fitted spread is 10 % too wide, however many rows there are."""

    def _fit(self, Z, sample_weight, rng):
        super()._fit(Z, sample_weight, rng)
        for law in self.columns_:
            if "sd" in law:
                law["sd"] *= 1.1


class HalfTheRows(IndependentColumns):
    """One row in eight is learnt from."""

    def _fit(self, Z, sample_weight, rng):
        super()._fit(Z[::8], None if sample_weight is None else sample_weight[::8], rng)


# ---- invariance ------------------------------------------------------------------------------------------------------


class AbsoluteFloor(IndependentColumns):
    """The spread has a floor in absolute units."""

    def _fit(self, Z, sample_weight, rng):
        super()._fit(Z, sample_weight, rng)
        for law in self.columns_:
            if "sd" in law:
                law["sd"] = np.hypot(law["sd"], 1e-6)


class PositionScore(IndependentColumns):
    """A score depends on the row's place in the call."""

    def _log_density(self, Z, known=None):
        return super()._log_density(Z, known) + 1e-9 * np.arange(len(Z))


class RestlessScore(IndependentColumns):
    """A score changes from call to call."""

    def _log_density(self, Z, known=None):
        self.calls_ = getattr(self, "calls_", 0) + 1
        return super()._log_density(Z, known) + 1e-14 * self.calls_


class BatchScore(IndependentColumns):
    """A score depends on the number of rows of the call."""

    def _log_density(self, Z, known=None):
        return super()._log_density(Z, known) + 1e-9 / len(Z)


class FavouriteColumn(IndependentColumns):
    """The first column is modelled otherwise than the rest."""

    def _fit(self, Z, sample_weight, rng):
        super()._fit(Z, sample_weight, rng)
        if "sd" in self.columns_[0]:
            self.columns_[0]["sd"] *= 1.001


# ---- weights ---------------------------------------------------------------------------------------------------------


class WeightsIgnored(IndependentColumns):
    """Rows count once, whatever their weight."""

    def _fit(self, Z, sample_weight, rng):
        super()._fit(Z, None, rng)


class ZeroIsSomething(IndependentColumns):
    """A row of weight zero is worth a millionth."""

    def fit(self, X, y=None, sample_weight=None):
        return super().fit(X, y, None if sample_weight is None else np.maximum(sample_weight, 1e-6))


class AbsoluteWeights(IndependentColumns):
    """Any weights are taken."""

    def fit(self, X, y=None, sample_weight=None):
        if sample_weight is not None:
            sample_weight = np.resize(np.abs(np.nan_to_num(sample_weight)) + 1e-6, len(X))
        return super().fit(X, y, sample_weight)


# ---- tables ----------------------------------------------------------------------------------------------------------


class NothingReserved(IndependentColumns):
    """An unseen level has no mass."""

    def _fit(self, Z, sample_weight, rng):
        super()._fit(Z, sample_weight, rng)
        for law in self.columns_:
            if "p" in law:
                law["p"] = np.concatenate([law["shares"][:-1], [0.0], law["shares"][-1:]])


class DearConstant(IndependentColumns):
    """A constant column costs a tenth of the mass."""

    def _log_density(self, Z, known=None):
        constants = sum(column.n_values == 1 for column in self.codec_.columns)
        return super()._log_density(Z, known) + constants * np.log(0.9)


class ClippedSamples(IndependentColumns):
    """Samples beyond the range are put at its ends."""

    def _sample(self, n, rng):
        Z = super()._sample(n, rng)
        low, high = np.array([(column.lower, column.upper) for column in self.codec_.columns]).T
        return np.where(np.isnan(Z), Z, np.clip(Z, low, high))


class ResolutionTwice(IndependentColumns):
    """The mass of a cell is divided by its width twice."""

    def _log_density(self, Z, known=None):
        widths = [column.resolution for column in self.codec_.columns if column.resolution]
        return super()._log_density(Z, known) - np.sum(np.log(widths))


class EvenSampler(IndependentColumns):
    """Samples of categories are drawn with even chances."""

    def _sample(self, n, rng):
        Z = super()._sample(n, rng)
        for j, column in enumerate(self.codec_.columns):
            if column.kind == "category":
                Z[:, j] = rng.integers(0, column.n_codes, size=n)
        return Z


class SumScore(IndependentColumns):
    """`score` is a sum, as in scikit-learn's kernel density."""

    def score(self, X, y=None, sample_weight=None):
        return float(np.sum(self.score_samples(X)))


class NoiseByRow(IndependentColumns):
    """Equal rows get scores that differ a little."""

    def _log_density(self, Z, known=None):
        noise = np.random.default_rng(0).standard_normal(len(Z))
        return super()._log_density(Z, known) + 1e-3 * noise


class DropsMissing(IndependentColumns):
    """Missing cells are never sampled."""

    def _sample(self, n, rng):
        Z = super()._sample(n, rng)
        for j, column in enumerate(self.codec_.columns):
            fill = column.lower if column.kind == "number" else 0.0
            Z[:, j] = np.where(np.isnan(Z[:, j]), fill, Z[:, j])
        return Z


class LosesDtypes(IndependentColumns):
    """Samples of frames come back as objects, of arrays as float64."""

    def sample(self, n_samples=1, *, given=None, random_state=None):
        rows = super().sample(n_samples, given=given, random_state=random_state)
        return rows.astype(object) if isinstance(rows, pd.DataFrame) else np.asarray(rows, np.float64)


class LeavesSupport(IndependentColumns):
    """Samples are moved by a year."""

    def sample(self, n_samples=1, *, given=None, random_state=None):
        rows = super().sample(n_samples, given=given, random_state=random_state)
        return rows.assign(joined=rows["joined"] + pd.Timedelta(days=365))


# ---- given -----------------------------------------------------------------------------------------------------------


class GivenMoves(IndependentColumns):
    """A known value comes back a little moved."""

    def sample(self, n_samples=1, *, given=None, random_state=None):
        rows = super().sample(n_samples, given=given, random_state=random_state)
        return rows.assign(age=rows["age"] + 1) if given is not None and "age" in given else rows


class GivenIgnored(IndependentColumns):
    """`given` is not looked at."""

    def sample(self, n_samples=1, *, given=None, random_state=None):
        return super().sample(n_samples, random_state=random_state)


class LeavesHoles(IndependentColumns):
    """An empty cell of `given` stays empty."""

    def sample(self, n_samples=1, *, given=None, random_state=None):
        rows = super().sample(n_samples, given=given, random_state=random_state)
        if isinstance(given, pd.DataFrame):
            rows = rows.assign(**{name: rows[name].where(given[name].notna()) for name in given})
        return rows


class TallSteps(BayesianNetwork):
    """A density of steps is 5 % too high."""

    def _log_density(self, Z, known=None):
        return super()._log_density(Z, known) + (np.log(1.05) if known is None else 0.0)


class MarginalIgnored(TwoHalves):
    """The marginal density of known cells is taken for 1."""

    def _log_density(self, Z, known=None):
        return super()._log_density(Z, known) if known is None or known.all() else np.zeros(len(Z))


class JointMarginal(TwoHalves):
    """The marginal of the known cells counts the first half only."""

    def _log_density(self, Z, known=None):
        if known is None or known.all():
            return super()._log_density(Z)
        return self._log_parts(Z, known)[0]


class KnownIgnored(TwoHalves):
    """The unknown cells are drawn from their own law, whatever is known."""

    def _sample_given(self, Z, known, rng, allowed=None):
        free = TwoHalves._sample(self, len(Z), rng)
        return np.where(known, Z, free)


class JointWeights(TwoHalves):
    """Draws (a_i, u_i) are weighted by p(a, u_i) alone: the classic error, rows come too often from where p is high."""

    def _sample_given(self, Z, known, rng, allowed=None):
        pool = np.vstack([TwoHalves._sample(self, 1024, rng) for _ in range(4)])
        out = Z.copy()
        for i in range(0, len(Z), 64):  # the known values are the same for all rows in the tests
            pool[:, known] = Z[i, known]
            weight = np.exp(self._log_density(pool))
            out[i : i + 64] = pool[rng.choice(len(pool), size=len(out[i : i + 64]), p=weight / weight.sum())]
        return out


class IntervalMidpoint(TwoHalves):
    """An interval is taken for its midpoint."""

    def _sample_given(self, Z, known, rng, allowed=None):
        Z, known = Z.copy(), known.copy()
        for j, a in enumerate(allowed or []):
            if a is not None and np.isfinite(a.low):
                Z[:, j], known[j] = (a.low + a.high) / 2, True
        return super()._sample_given(Z, known, rng, allowed)


class OthersFree(TwoHalves):
    """A column with a set is drawn from the set, the others as if there were none."""

    def _sample_given(self, Z, known, rng, allowed=None):
        drawn = super()._sample_given(Z, known, rng, allowed)
        free = super()._sample_given(Z, known, rng)
        limited = known | np.array([a is not None for a in allowed])
        return np.where(limited, drawn, free)


class EvenSet(TwoHalves):
    """The values of a set are drawn with even chances."""

    def _value_log_densities(self, Z, known, j, values):
        return np.zeros((len(values), len(Z)))
