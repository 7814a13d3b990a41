"""The Gaussian block: the jointly normal columns of a mixture's components.

With coordinates O of a row observed, a component has log-density

    log N(x_O; m_O, S_OO)  =  c + b'x_O + sum_{i<=j} A_ij x_i x_j,

linear in the features (1, x_i, x_i x_j): one matrix product gives it for all components, and the transposed product
gives all moments that the M step needs. Missing coordinates enter the moments by their conditional means and
covariances, which are functions of the same products. Densities that are reported are computed from whitened
differences instead, which lose no digits.
"""

from __future__ import annotations

import numpy as np

from .._threads import scratch
from . import lattice

_LOG_2PI = np.log(2 * np.pi)

#: Standardised numbers are cut here, so that the square of any finite number is finite.
_FAR = 1e100


class GaussianBlock:
    """Normal laws of K components in standardised columns.

    Parameters
    ----------
    columns : ndarray of shape (b,)
        The table's columns that form the block.
    covariance_type : {"full", "tied", "diag", "spherical"}
        Shape of the covariances.
    centre, scale : ndarray of shape (b,)
        A number x of the table is `(x - centre) / scale` here.
    floor : ndarray of shape (b,)
        Covariances minus diag(floor) have no negative eigenvalue.
    resolution : ndarray of shape (b,)
        Step of each column's grid in the table's units, 0 for the line.
    means : ndarray of shape (K, b)
        Means.
    covariances : ndarray
        Shape (K, b, b) for full, (b, b) for tied, (K, b) for diag, (K,) for spherical.
    """

    _FIELDS = ("columns", "covariance_type", "centre", "scale", "floor", "resolution", "means", "covariances")

    def __init__(self, columns, covariance_type, centre, scale, floor, resolution, means, covariances):
        self.columns = columns
        self.covariance_type = covariance_type
        self.centre = centre
        self.scale = scale
        self.floor = floor
        self.resolution = resolution
        self.means = means
        self.covariances = covariances

    def to_state(self) -> dict:
        return {name: getattr(self, name) for name in self._FIELDS}

    @classmethod
    def from_state(cls, state):
        return cls(**state)

    def pick(self, components):
        """The laws of some of the components, in a given order; a component may come twice."""
        tied = self.covariance_type == "tied"
        return self._with(self.means[components], self.covariances if tied else self.covariances[components])

    def joined(self, other):
        """The laws of the components of both; tied covariances are this block's."""
        tied = self.covariance_type == "tied"
        covariances = self.covariances if tied else np.concatenate([self.covariances, other.covariances])
        return self._with(np.concatenate([self.means, other.means]), covariances)

    def _with(self, means, covariances):
        return GaussianBlock.from_state({**self.to_state(), "means": means, "covariances": covariances})

    def arranged(self, columns):
        """The same laws with the coordinates in another order, given by the table's columns."""
        order = [list(self.columns).index(j) for j in columns]
        state = self.to_state()
        for name in ("columns", "centre", "scale", "floor", "resolution"):
            state[name] = state[name][order]
        state["means"] = self.means[:, order]
        if self.covariance_type == "diag":
            state["covariances"] = self.covariances[:, order]
        elif not self.is_diagonal:
            state["covariances"] = self.covariances[..., order, :][..., order]
        return GaussianBlock.from_state(state)

    @property
    def is_diagonal(self) -> bool:
        return self.covariance_type in ("diag", "spherical")

    def standardise(self, Z):
        """The block's columns of Z, standardised: (n, b), NaN kept."""
        X = self._rows(Z) - self.centre
        X /= self.scale
        if not np.vdot(X, X) < _FAR:  # far or missing numbers
            np.clip(X, -_FAR, _FAR, out=X)
        return X

    def _rows(self, Z):
        """The block's columns of Z."""
        d = Z.shape[1]
        is_whole = len(self.columns) == d and (self.columns == np.arange(d)).all()
        return Z if is_whole else Z[:, self.columns]

    def is_whole(self, Z):
        """Whether no number of the block is missing."""
        return not np.isnan(self._rows(Z).sum())

    def variances(self):
        """Diagonal covariances as an array (K, b)."""
        if self.covariance_type == "spherical":
            return np.repeat(self.covariances[:, None], self.means.shape[1], axis=1)
        return self.covariances

    def matrices(self):
        """Covariances as matrices (K, b, b)."""
        K, b = self.means.shape
        if self.covariance_type == "full":
            return self.covariances
        if self.covariance_type == "tied":
            return np.broadcast_to(self.covariances, (K, b, b))
        return self.variances()[:, :, None] * np.eye(b)

    def unit_of_covariances(self):
        """What turns `covariances` into the units of the table."""
        if self.covariance_type == "spherical":
            same = len(self.scale) and (self.scale == self.scale[0]).all()
            return self.scale[0] ** 2 if same else 1.0  # of arrays; columns of frames are spheres once standardised
        return self.scale**2 if self.is_diagonal else self.scale[:, None] * self.scale

    def n_parameters(self) -> int:
        K, b = self.means.shape
        per_type = {"full": K * b * (b + 1) // 2, "tied": b * (b + 1) // 2, "diag": K * b, "spherical": K}
        return K * b + per_type[self.covariance_type]

    # ---- density -------------------------------------------------------------------------------------------------

    def log_density(self, X, factors):
        """Log-densities (K, n) of standardised rows, NaN coordinates integrated out, without the `log_unit` of a row.

        `factors` is a dict that keeps the factors of the patterns of missing coordinates from one call to the next.
        """
        groups = patterns(X)
        if len(groups) == 1:
            return self._log_density(X, groups[0][1], factors)
        out = np.empty((len(self.means), len(X)))
        for rows, O in groups:
            out[:, rows] = self._log_density(X[rows], O, factors)
        return out

    def _log_density(self, X, O, factors):
        """Log-densities (K, n) of the coordinates O."""
        key = O.tobytes()
        if key not in factors:
            factors[key] = self._whitening(O)
        L, log_norm, whitening = factors[key]
        K, o, n = len(self.means), len(O), len(X)
        x, y = scratch("x", (o + 1, n)), scratch("y", (K, o, n))
        x[:o] = X.T if o == X.shape[1] else X[:, O].T
        if self.is_diagonal:
            np.subtract(x[:o], self.means[:, O, None], out=y)
            y *= L[:, :, None]
        else:
            np.dot(whitening, x, out=y.reshape(K * o, n))
        out = np.einsum("kon,kon->kn", y, y)
        out *= -0.5
        out += log_norm[:, None]
        return out

    def whole_log_density(self, Z, factors):
        """Log-densities (K, n), per unit of the table, of rows of the table without missing coordinates.

        In fewer passes than `log_density`; not finite where a number is so far that its square is not.
        """
        K, b = self.means.shape
        if "whole" not in factors:
            L, log_norm, whitening = self._whitening(np.arange(b))
            if not self.is_diagonal:
                whitening = whitening / np.append(self.scale, 1.0)
            factors["whole"] = L, (log_norm - np.log(self.scale).sum())[:, None], whitening
        L, log_norm, whitening = factors["whole"]
        x, y = scratch("x", (b + 1, len(Z))), scratch("y", (K, b, len(Z)))
        np.subtract(self._rows(Z).T, self.centre[:, None], out=x[:b])  # x[b] stays 1
        if self.is_diagonal:
            x[:b] /= self.scale[:, None]
            np.subtract(x[:b], self.means[:, :, None], out=y)
            y *= L[:, :, None]
        else:
            np.dot(whitening, x, out=y.reshape(K * b, len(Z)))
        out = np.einsum("kon,kon->kn", y, y)
        out *= -0.5
        out += log_norm
        return out

    def log_unit(self, O):
        """What turns a log-density of standardised coordinates O into one per unit of the table."""
        return -np.log(self.scale[O]).sum()

    def _whitening(self, O):
        """Factors L with L L' = S_OO^-1 (K, o, o), or 1 / sd (K, o), the log-densities' constants (K,), and the
        matrix (K o, o + 1) that takes (x, 1) to L'(x - m) for all components."""
        constant = -0.5 * len(O) * _LOG_2PI
        if self.is_diagonal:
            v = self.variances()[:, O]
            return 1 / np.sqrt(v), constant - 0.5 * np.log(v).sum(axis=1), None
        C = np.linalg.cholesky(self.matrices()[:, O][:, :, O])
        inverse = np.linalg.solve(C, np.broadcast_to(np.eye(len(O)), C.shape)) if len(O) else C
        shift = -np.einsum("kij,kj->ki", inverse, self.means[:, O])
        whitening = np.concatenate([inverse, shift[:, :, None]], axis=2).reshape(-1, len(O) + 1)
        log_norm = constant - np.log(np.diagonal(C, axis1=1, axis2=2)).sum(axis=1)
        return inverse.swapaxes(1, 2), log_norm, whitening

    # ---- EM ------------------------------------------------------------------------------------------------------

    def n_features(self, o) -> int:
        return 1 + 2 * o if self.is_diagonal else 1 + o + o * (o + 1) // 2

    def features(self, x, out):
        """Fill `out` (f, n) with the features of x (o, n)."""
        o = len(x)
        out[0] = 1
        out[1 : o + 1] = x
        if self.is_diagonal:
            np.multiply(x, x, out=out[o + 1 :])
            return
        at = o + 1
        for i in range(o):
            np.multiply(x[i:], x[i], out=out[at : at + o - i])
            at += o - i

    def coefficients(self, O):
        """Coefficients (K, f) of the log-density in the features of coordinates O."""
        L, c, _ = self._whitening(O)
        m = self.means[:, O]
        if self.is_diagonal:
            P = L * L
            return np.concatenate([(c - 0.5 * (P * m * m).sum(1))[:, None], P * m, -0.5 * P], axis=1)
        P = L @ L.swapaxes(1, 2)
        linear = np.einsum("kij,kj->ki", P, m)
        i, j = np.triu_indices(len(O))
        square = np.where(i == j, -0.5, -1.0) * P[:, i, j]
        return np.concatenate([(c - 0.5 * (linear * m).sum(1))[:, None], linear, square], axis=1)

    def moments(self, sums, O):
        """Expected sums of 1, x and x x' over rows, from the sums (K, f) of the features of coordinates O."""
        (K, b), o = self.means.shape, len(O)
        N, sx = sums[:, 0], sums[:, 1 : o + 1]
        if self.is_diagonal:
            S1 = N[:, None] * self.means
            S2 = S1 * self.means + N[:, None] * self.variances()
            S1[:, O], S2[:, O] = sx, sums[:, o + 1 :]
            return N, S1, S2
        sxx = np.empty((K, o, o))
        i, j = np.triu_indices(o)
        sxx[:, i, j] = sxx[:, j, i] = sums[:, o + 1 :]
        if o == b:
            return N, sx, sxx
        return self._completed(N, sx, sxx, O)

    def _completed(self, N, sx, sxx, O):
        """Moments with the coordinates outside O replaced by their law given those in O."""
        K, b = len(N), len(self.centre)
        M = np.setdiff1d(np.arange(b), O)
        A, c, V = self.regression(O, M)  # E[x_M | x_O] = c + A x_O
        full = np.concatenate([O, M])
        T = np.concatenate([np.broadcast_to(np.eye(len(O)), (K, len(O), len(O))), A], axis=1)  # (K, b, o)
        t = np.concatenate([np.zeros((K, len(O))), c], axis=1)
        Tx = np.einsum("kij,kj->ki", T, sx)
        S1, S2 = np.empty((K, b)), np.empty((K, b, b))
        S1[:, full] = Tx + N[:, None] * t
        second = T @ sxx @ T.swapaxes(1, 2)
        cross = Tx[:, :, None] * t[:, None, :]
        second += cross + cross.swapaxes(1, 2) + N[:, None, None] * t[:, :, None] * t[:, None, :]
        second[:, len(O) :, len(O) :] += N[:, None, None] * V
        S2[np.ix_(np.arange(K), full, full)] = second
        return N, S1, S2

    def regression(self, O, M):
        """Slopes (K, m, o), intercepts (K, m) and covariances (K, m, m) of coordinates M given O."""
        S = self.matrices()
        S_MO, S_MM = S[:, M][:, :, O], S[:, M][:, :, M]
        A = np.linalg.solve(S[:, O][:, :, O], S_MO.swapaxes(1, 2)).swapaxes(1, 2) if len(O) else S_MO
        c = self.means[:, M] - np.einsum("kij,kj->ki", A, self.means[:, O])
        V = S_MM - A @ S_MO.swapaxes(1, 2)
        return A, c, 0.5 * (V + V.swapaxes(1, 2))

    def update(self, N, S1, S2):
        """The M step: means and covariances of largest expected likelihood above the floor."""
        held = 1e-10 * N.sum() < N  # a component without rows stays as it is
        m = S1 / np.where(held, N, 1)[:, None]
        if self.is_diagonal:
            V = S2 / np.where(held, N, 1)[:, None] - m * m
        else:
            V = S2 / np.where(held, N, 1)[:, None, None] - m[:, :, None] * m[:, None, :]
        if self.covariance_type == "tied":
            V = np.where(held[:, None, None], V, 0)
            self.covariances = self._floored(V, np.where(held, N, 0))
        else:
            shape = (len(N),) + (1,) * (self.covariances.ndim - 1)
            self.covariances = np.where(held.reshape(shape), self._floored(V, N), self.covariances)
        self.means = np.where(held[:, None], m, self.means)

    def _floored(self, V, N):
        if self.covariance_type == "spherical":
            return np.maximum(V.mean(axis=1), self.floor.max()) if len(self.floor) else self.covariances
        if self.covariance_type == "diag":
            return np.maximum(V, self.floor)
        if self.covariance_type == "tied":
            V = np.einsum("k,kij->ij", N / N.sum(), V)
        unit = np.sqrt(self.floor)
        values, vectors = np.linalg.eigh(V / (unit[:, None] * unit))
        low = values[..., 0] < 1 if len(unit) else np.zeros(values.shape[:-1], bool)
        lifted = (vectors * np.maximum(values, 1)[..., None, :]) @ vectors.swapaxes(-1, -2) * (unit[:, None] * unit)
        return np.where(low[..., None, None], lifted, V)

    # ---- sampling ------------------------------------------------------------------------------------------------

    def draw(self, k, X, rng):
        """Rows of components k (n,) whose NaN coordinates are drawn given the others; X is standardised, changed."""
        for rows, O in patterns(X):
            M = np.setdiff1d(np.arange(X.shape[1]), O)
            if len(M) == 0:
                continue
            A, c, V = self.regression(O, M)
            factors = np.linalg.cholesky(V)
            for component in np.unique(k[rows]):  # each component has its own factor
                part = rows[k[rows] == component]
                mean = c[component] + X[np.ix_(part, O)] @ A[component].T
                X[np.ix_(part, M)] = self._draw_along(mean, factors[component], M, rng)
        return X

    def _draw_along(self, mean, L, M, rng):
        """Normal rows with factor L, on the grid of their columns, coordinate after coordinate."""
        if not self.resolution[M].any():
            return mean + rng.standard_normal(mean.shape) @ L.T
        x, e = np.empty(mean.shape), np.empty(mean.shape)
        for at, j in enumerate(M):  # each coordinate's law hangs on the rounded ones before it
            m = mean[:, at] + e[:, :at] @ L[at, :at]
            user = self.centre[j] + self.scale[j] * m
            drawn = lattice.draw(user, np.full(len(m), L[at, at] * self.scale[j]), self.resolution[j], rng)
            x[:, at] = (drawn - self.centre[j]) / self.scale[j]
            e[:, at] = (x[:, at] - m) / L[at, at]
        return x

    def conditional(self, X, j):
        """Mean and standard deviation (n, K) of the NaN coordinate j given the others, in the table's units."""
        mean, sd = np.empty((2, len(X), len(self.means)))
        for rows, O in patterns(X):
            A, c, V = self.regression(O, np.array([j]))
            mean[rows] = X[np.ix_(rows, O)] @ A[:, 0].T + c[:, 0]
            sd[rows] = np.sqrt(V[:, 0, 0])
        return self.centre[j] + self.scale[j] * mean, self.scale[j] * sd


def patterns(X):
    """The rows of X grouped by their coordinates that are not NaN: pairs (rows, coordinates)."""
    if not np.isnan(X.sum()):
        return [(np.arange(len(X)), np.arange(X.shape[1]))]
    seen = ~np.isnan(X)
    keys, group = np.unique(np.packbits(seen, axis=1), axis=0, return_inverse=True)
    order = np.argsort(group.ravel(), kind="stable")
    ends = np.searchsorted(group.ravel()[order], np.arange(len(keys) + 1))
    rows = [order[ends[g] : ends[g + 1]] for g in range(len(keys))]
    return [(part, np.flatnonzero(seen[part[0]])) for part in rows]
