"""The components of a mixture: weights, one Gaussian block, and one law for every other column."""

from __future__ import annotations

import numpy as np
from scipy.special import logsumexp

from .._threads import map_blocks
from . import lattice
from .spike_law import SpikeLaw, choose_value

_TINY = 1e-300

#: Exponents that count for nothing beside 0; far below, exponentials are several times slower.
_NOTHING = -700.0

#: Numbers that the temporaries of an evaluation hold (4 MiB): small enough for the cache, large enough for threads.
_CELLS = 1 << 19


class Components:
    """K laws of whole rows, side by side.

    Parameters
    ----------
    weights : ndarray of shape (K,)
        Weights of the mixture.
    block : GaussianBlock
        The jointly normal columns, possibly none.
    laws : list
        Laws of the other columns, and of the missing cells of the block's.
    """

    def __init__(self, weights, block, laws):
        self.weights = weights
        self.block = block
        self.laws = laws

    def pick(self, components):
        """Some of the components, in a given order; a component may come twice. Weights sum to 1 again."""
        weights = self.weights[components]
        block, laws = self.block.pick(components), [law.pick(components) for law in self.laws]
        return Components(weights / weights.sum(), block, laws)

    def split(self, k, parts):
        """The components with the k-th replaced by `parts`, which share its weight."""
        rest = np.delete(np.arange(len(self.weights)), k)
        weights = np.concatenate([self.weights[rest], self.weights[k] * parts.weights])
        laws = [law.pick(rest).joined(part) for law, part in zip(self.laws, parts.laws)]
        return Components(weights, self.block.pick(rest).joined(parts.block), laws)

    @property
    def log_weights(self):
        return np.log(np.maximum(self.weights, _TINY))

    def n_parameters(self) -> int:
        return len(self.weights) - 1 + self.block.n_parameters() + sum(law.n_parameters() for law in self.laws)

    # ---- density -------------------------------------------------------------------------------------------------

    def log_joint(self, Z, known=None):
        """Log-densities (n, K) of rows and component up to a constant of each row.

        With a mask `known` (d,), of the known coordinates alone.
        """
        out, factors = np.empty((len(Z), len(self.weights))), {}

        def fill(part):
            out[part] = self._log_joint(Z[part], known, factors)[0].T

        map_blocks(fill, self._blocks(Z))
        return out

    def log_density(self, Z, known=None):
        """Log-densities (n,) of the mixture."""
        out, factors = np.empty(len(Z)), {}

        quick = known is None and self.block.is_whole(Z)

        def fill(part):
            if quick:
                with np.errstate(over="ignore", invalid="ignore"):
                    out[part] = log_total(self._log_joint_of_whole(Z[part], factors))
            if not quick or not np.isfinite(out[part].sum()):
                out[part] = self._log_density(Z[part], known, factors)

        map_blocks(fill, self._blocks(Z))
        return out

    def _log_joint_of_whole(self, Z, factors):
        L = self.block.whole_log_density(Z, factors)
        L += self.log_weights[:, None]
        for law in self.laws:
            L += law.log_density(Z[:, law.index]).T
        return L

    def _log_density(self, Z, known, factors):
        L, X = self._log_joint(Z, known, factors)
        log_scale = np.log(self.block.scale)
        unseen = np.isnan(X) @ log_scale if np.isnan(X.sum()) else 0.0
        return log_total(L) - log_scale.sum() + unseen

    def _blocks(self, Z):
        """Slices of rows that bound the memory."""
        step = int(np.clip(_CELLS // (len(self.weights) * max(len(self.block.columns), 1)), 256, 8192))
        return [slice(a, a + step) for a in range(0, len(Z), step)]

    def _log_joint(self, Z, known, factors):
        X = self.block.standardise(Z)
        if known is not None:
            X[:, ~known[self.block.columns]] = np.nan
        out = self.block.log_density(X, factors)  # (K, n)
        out += self.log_weights[:, None]
        for law in self.laws:
            if known is None or known[law.index]:
                out += law.log_density(Z[:, law.index]).T
        return out, X

    def posterior(self, Z):
        """Probabilities (n, K) of the components given rows."""
        log_p = np.ascontiguousarray(self.log_joint(Z).T)
        normalise(log_p)
        return log_p.T

    # ---- sampling ------------------------------------------------------------------------------------------------

    def draw(self, Z, known, rng, allowed=None):
        """Rows whose unknown coordinates are drawn given the known ones, and given `allowed` as far as it is exact.

        Exact are conditions on every column outside the Gaussian block, on the missing cells of all columns, and on
        the numbers of one column of the block. Columns without a condition are kept to the range that fit saw, those
        of the block where its covariances are diagonal.
        """
        Z = Z.copy()
        allowed = [None] * len(known) if allowed is None else [a if not f else None for a, f in zip(allowed, known)]
        X = self.block.standardise(Z)
        X[:, ~known[self.block.columns]] = np.nan
        log_p = self.log_joint(Z, known) if known.any() else np.tile(self.log_weights, (len(Z), 1))
        ranges, laws = self._ranges(known, allowed), list(self.laws)
        for at, law in enumerate(laws):
            a = allowed[law.index]
            if law.index in ranges:
                mean, sd, column = ranges[law.index]
                laws[at], log_mass = law.within(lattice.log_mass(mean, sd, column.resolution, *_range(column)))
                log_p = log_p + log_mass
            elif a is None and not known[law.index] and isinstance(law, SpikeLaw):
                a = allowed[law.index] = law.seen_set()
            if a is not None:
                log_p = log_p + law.log_mass(a)
        bound = next((i for i, j in enumerate(self.block.columns) if _binds(allowed[j])), None)
        if bound is not None:
            log_p = log_p + self._interval_log_mass(X, bound, allowed[self.block.columns[bound]])
        k = _component(log_p, rng)
        if bound is not None:
            exact = self._draw_interval(X, k, bound, allowed[self.block.columns[bound]], rng)
        for i, j in enumerate(self.block.columns):
            if j in ranges:
                mean, sd, column = ranges[j]
                z = lattice.draw(mean[k], sd[k], column.resolution, rng, *_range(column))
                X[:, i] = (z - self.block.centre[i]) / self.block.scale[i]
        X = self.block.draw(k, X, rng)
        for i, j in enumerate(self.block.columns):
            if not known[j]:
                Z[:, j] = exact if i == bound else self._on_grid(X[:, i], i)
        for law in laws:
            if not known[law.index]:
                Z[:, law.index] = law.draw(k, Z[:, law.index], rng, allowed[law.index])
        return Z

    def _ranges(self, known, allowed):
        """Means and deviations (K,), in the table's units, of the coordinates that are drawn within their range."""
        if not self.block.is_diagonal:
            return {}
        mean = self.block.centre + self.block.scale * self.block.means
        sd = self.block.scale * np.sqrt(self.block.variances())
        columns = {law.index: law.column for law in self.laws}
        free = [i for i, j in enumerate(self.block.columns) if not known[j] and allowed[j] is None]
        of = {i: columns.get(self.block.columns[i]) for i in free}
        return {self.block.columns[i]: (mean[:, i], sd[:, i], c) for i, c in of.items() if c is not None and c.rho}

    def _on_grid(self, x, i):
        block = self.block
        r, z = block.resolution[i], block.centre[i] + block.scale[i] * x
        return np.rint(z / r) * r if r > 0 else z

    def _interval_log_mass(self, X, i, allowed):
        """Log-mass (n, K) that the law of the block's coordinate i gives to the allowed numbers."""
        mean, sd = self.block.conditional(X, i)
        if allowed.values is None:
            return lattice.log_mass(mean, sd, self.block.resolution[i], allowed.low, allowed.high)
        t = (allowed.values - mean[..., None]) / sd[..., None]
        return logsumexp(-0.5 * t * t, axis=-1) - np.log(sd)

    def _draw_interval(self, X, k, i, allowed, rng):
        """Draw the block's coordinate i inside the allowed numbers; return them in the table's units."""
        mean, sd = (a[np.arange(len(k)), k] for a in self.block.conditional(X, i))
        if allowed.values is None:
            z = lattice.draw(mean, sd, self.block.resolution[i], rng, allowed.low, allowed.high)
        else:
            z = choose_value(allowed.values, mean, sd, rng)
        X[:, i] = (z - self.block.centre[i]) / self.block.scale[i]
        return z


def log_total(L):
    """Log-densities (n,) from log-joints (K, n), which become proportional to the components' probabilities."""
    top = L.max(axis=0)
    L -= top
    np.maximum(L, _NOTHING, out=L)
    np.exp(L, out=L)
    return top + np.log(L.sum(axis=0))


def normalise(L):
    """Turn log-joints (K, n) into probabilities of the components in place; return the log-densities (n,)."""
    log_density = log_total(L)
    L /= L.sum(axis=0)
    return log_density


def _range(column):
    return column.lower, column.upper


def _binds(allowed):
    """Whether a condition is one on numbers alone, which the block can meet; the others are left to rejection."""
    if allowed is None or allowed.missing:
        return False
    return len(allowed.values) > 0 if allowed.values is not None else np.isfinite([allowed.low, allowed.high]).any()


def _component(log_p, rng):
    """One component for each row, drawn in proportion to exp(log_p)."""
    top = log_p.max(axis=1, keepdims=True)
    steps = np.cumsum(np.exp(log_p - np.where(np.isfinite(top), top, 0)), axis=1)
    u = rng.random(len(log_p)) * steps[:, -1]
    return np.minimum((u[:, None] >= steps).sum(axis=1), log_p.shape[1] - 1)
