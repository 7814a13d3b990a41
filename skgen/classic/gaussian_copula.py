r"""GaussianCopula: columns that keep their own laws, and depend on each other as correlated normals do.

With z_j the normal score of column j, whose own law has the density f_j,

.. math:: p(x) = N(z; 0, R) \prod_j \frac{f_j(x_j)}{\phi(z_j)},

R a correlation matrix. A discrete cell is an interval of scores, over which the first factor is integrated.
"""

from __future__ import annotations

from numbers import Real

import numpy as np
from scipy.linalg import cholesky, solve_triangular
from scipy.special import logsumexp, ndtr, ndtri

from .._sklearn import Interval, StrOptions
from ..base import GenerativeModel
from ..table._mixed import log_normal_mass

LOG_ROOT_2PI = 0.5 * np.log(2 * np.pi)

#: Least eigenvalue of the correlations: a column varies by 1e-3 given the others, the width that cells of smooth
#: columns may have, in units of its spread.
LEAST_EIGENVALUE = 1e-6

#: Draws of a row's cells in fit: so many numbers in all, but at least and at most so many draws; two of the largest
#: tables. Equal rows share their draws, so that few distinct rows need many.
FIT_NUMBERS, LEAST_DRAWS, MOST_DRAWS, MOST_NUMBERS = 250_000, 16, 8192, 20_000_000

#: EM's tolerance in nats per row, its most iterations, and how far each goes beyond EM's own step while that helps:
#: cells hide much of the correlation, so that EM's own steps are short.
TOL, MAX_ITER, STRETCH = 1e-5, 50, 1.8


def _log_normal(Z, R):
    """Log-density (n,) of standard normals with the correlations R."""
    L = cholesky(R, lower=True)
    t = solve_triangular(L, Z.T, lower=True)  # (d, n)
    return -0.5 * np.einsum("dn,dn->n", t, t) - np.log(np.diag(L)).sum() - len(R) * LOG_ROOT_2PI


def _correlation(S):
    """The correlations of a covariance matrix; 0 where a variance is 0."""
    sd = np.sqrt(np.diag(S))
    unit = np.where(sd > 0, sd, 1.0)
    R = S / np.outer(unit, unit)
    np.fill_diagonal(R, 1.0)
    return R


def _moments(Z, weight):
    """The weighted covariance of rows."""
    centred = Z - weight @ Z / weight.sum()
    return (weight[:, None] * centred).T @ centred / weight.sum()


def _shrunk(R, shrinkage):
    """Correlations drawn towards 0 by a share, and at least as far as makes them positive definite."""
    d = len(R)
    least = np.linalg.eigvalsh(R)[0]
    needed = (LEAST_EIGENVALUE - least) / (1 - least) if least < LEAST_EIGENVALUE else 0.0
    share = max(shrinkage, needed)
    return (1 - share) * R + share * np.eye(d)


def _best_shrinkage(R, n):
    """Share of least expected squared error (Schaefer and Strimmer, 2005), with the variances (1 - r^2)^2 / n."""
    r = R[~np.eye(len(R), dtype=bool)]
    total = n * np.sum(r**2)
    return float(min(np.sum((1 - r**2) ** 2) / total, 1.0)) if total else 0.0


def _n_draws(n, d):
    least = max(min(LEAST_DRAWS, MOST_NUMBERS // (n * d)), 2)
    return int(np.clip(FIT_NUMBERS // (n * d), least, MOST_DRAWS))


def _fit_correlation(points, log_weights, weight, R, shrinkage):
    """EM on the mean over draws: each draw of a row counts by its share of the row's density."""
    Z = points.reshape(-1, len(R))  # (K n, d)
    best, log_p, stretch = R, -np.inf, STRETCH
    for _ in range(MAX_ITER):
        terms = _log_normal(Z, R).reshape(log_weights.shape) + log_weights  # (K, n)
        row = logsumexp(terms, axis=0)
        found = float(weight @ row / weight.sum())
        gain = found - log_p
        if gain < 0 and stretch > 1:  # too far: on from the best with EM's own steps
            R, log_p, stretch = best, -np.inf, 1.0
            continue
        if gain < TOL:
            break
        best, log_p = R, found
        S = (Z * (weight * np.exp(terms - row)).reshape(-1, 1)).T @ Z
        R = _shrunk(R + stretch * (_shrunk(_correlation(S), shrinkage) - R), 0.0)
    return best


def _draw_between(R, low, high, n_bounded, rng):
    """Correlated normals, the first columns between bounds, and their log-weights (Geweke, Hajivassiliou and Keane).

    Each column is drawn given those before it; the weight is the mass that its bounds had then, over the mass they have
    by themselves; densities where the bounds coincide.
    """
    L = cholesky(R, lower=True)
    t, log_weight = rng.standard_normal(low.shape), np.zeros(len(low))
    for j in range(n_bounded):
        mean = t[:, :j] @ L[j, :j]
        a, b = (low[:, j] - mean) / L[j, j], (high[:, j] - mean) / L[j, j]
        t[:, j] = _truncated(a, b, rng)
        log_weight += _log_mass(a, b, L[j, j]) - _log_mass(low[:, j], high[:, j])
    return t @ L.T, log_weight


def _log_mass(a, b, scale=1.0):
    """Log-mass of a normal between bounds in units of its deviation, the scale.

    Where they coincide, its log-density but for a constant.
    """
    return np.where(a < b, log_normal_mass(a, b), -0.5 * a * a - np.log(scale))


def _truncated(a, b, rng):
    """Standard normals between bounds, by the tail in which the distribution function keeps its digits."""
    sign = np.where(a > 0, -1.0, 1.0)
    low, high = np.where(a > 0, -b, a), np.where(a > 0, -a, b)
    u = rng.random(len(a))
    return sign * np.clip(ndtri(ndtr(low) + u * (ndtr(high) - ndtr(low))), low, high)


class GaussianCopula(GenerativeModel):
    """Gaussian copula: the law of each column as it is, and normal dependence between them.

    Every column is turned into normal scores, numbers by a smooth increasing map, and the scores are jointly normal
    with the correlations `correlation_`. The cells of categories, of counts, of heavy values and "missing" are
    intervals of scores; levels stand in the order of their first correspondence axis. The correlations are those of
    highest likelihood: in closed form where every column is smooth, else by EM over draws inside the cells. With no
    correlation this model is independent columns.

    Scores are exact where every column is smooth. With discrete columns they are a lower bound, the average over 16
    draws inside the cells of each row: see `likelihood_`.

    Parameters
    ----------
    marginals : {"gaussianize", "standardize"}, default="gaussianize"
        How smooth numbers become normal scores: by a spline through their quantiles, or by mean and standard deviation.
    shrinkage : "auto" or float, default="auto"
        Share by which the correlations are drawn towards 0. By default that of least expected squared error, which
        matters in small tables alone.
    categorical_features : "from_dtype", mask or names, default="from_dtype"
        Columns to read as categories.
    schema : Schema or None, default=None
        Kinds and base measure of the columns; inferred from the table where None.
    random_state : int, RandomState instance, Generator or None, default=None
        Seed of the fit and of the stream that `sample` draws from.

    Attributes
    ----------
    correlation_ : ndarray of shape (n_features, n_features)
        Correlations of the normal scores, in the order of the columns.
    shrinkage_ : float
        The share by which they were drawn towards 0.

    See Also
    --------
    IndependentColumns : The same without dependence.
    GaussianMixture : Several Gaussians, exact on tables.

    References
    ----------
    .. [1] Nelsen, R. B. (2006). An Introduction to Copulas. Springer.
    .. [2] Schaefer, J. and Strimmer, K. (2005). A shrinkage approach to large-scale covariance matrix estimation and
       implications for functional genomics. Statistical Applications in Genetics and Molecular Biology 4 (1).

    Examples
    --------
    >>> import numpy as np
    >>> from skgen import GaussianCopula
    >>> rng = np.random.default_rng(0)
    >>> Z = rng.multivariate_normal([0, 0], [[1, 0.8], [0.8, 1]], size=2_000)
    >>> X = np.column_stack([np.exp(Z[:, 0]), Z[:, 1] ** 3])  # any increasing maps
    >>> model = GaussianCopula(random_state=0).fit(X)
    >>> model.correlation_.round(1)
    array([[1. , 0.8],
           [0.8, 1. ]])
    >>> float(np.median(model.sample(1_000, given={0: 3.0})[:, 1]).round(1))
    0.7
    """

    _parameter_constraints: dict = {
        **GenerativeModel._parameter_constraints,
        "marginals": [StrOptions({"gaussianize", "standardize"})],
        "shrinkage": [StrOptions({"auto"}), Interval(Real, 0, 1, closed="both")],
    }
    _view = "real"

    def __init__(
        self,
        marginals="gaussianize",
        *,
        shrinkage="auto",
        categorical_features="from_dtype",
        schema=None,
        random_state=None,
    ):
        self.marginals = marginals
        self.shrinkage = shrinkage
        self.categorical_features = categorical_features
        self.schema = schema
        self.random_state = random_state

    def _fit(self, Z, sample_weight, rng, encode):
        weight = np.ones(len(Z)) if sample_weight is None else sample_weight
        rows, weight = encode.distinct(weight)
        points, log_weights = encode.draws(rows, _n_draws(len(rows), Z.shape[1]))
        R = _correlation(_moments(points.mean(axis=0), weight))
        self.shrinkage_ = _best_shrinkage(R, weight.sum()) if self.shrinkage == "auto" else float(self.shrinkage)
        R = _shrunk(R, self.shrinkage_)
        if len(points) > 1 and len(R) > 1:
            R = _fit_correlation(points, log_weights, weight, R, self.shrinkage_)
        self.correlation_ = R

    def _sample(self, n, rng):
        return rng.standard_normal((n, len(self.correlation_))) @ cholesky(self.correlation_, lower=True).T

    def _log_density(self, Z, known=None):
        if known is None:
            return _log_normal(Z, self.correlation_)
        return _log_normal(Z[:, known], self.correlation_[np.ix_(known, known)])

    def _is_exact_given(self, known, allowed):
        return not self.codec_.real.needs_draw_[known].any() and all(a is None or a.values is None for a in allowed)

    def _propose_given(self, Z, known, rng, allowed=None):
        """Rows of the typed view whose known cells are intervals of scores, drawn column by column within them."""
        real = self.codec_.real
        Z, known = self._with_listed(Z, known, rng, allowed)
        low, high = (real.encode(Z, np.full(Z.shape, u), known)[0] for u in (0.0, 1.0))
        drawn, log_weight = np.empty(Z.shape), np.empty(len(Z))
        is_cell = known & (low < high)
        for pattern in np.unique(is_cell, axis=0):  # of the known columns, those with a cell
            rows = np.flatnonzero((is_cell == pattern).all(axis=1))
            order = np.concatenate([np.flatnonzero(part) for part in (known & ~pattern, pattern, ~known)])
            R = self.correlation_[np.ix_(order, order)]
            ends = low[np.ix_(rows, order)], high[np.ix_(rows, order)]
            scores, log_weight[rows] = _draw_between(R, *ends, int(known.sum()), rng)
            drawn[np.ix_(rows, order)] = scores
        new = real.decode(drawn)
        new[:, known] = Z[:, known]
        return new, log_weight

    def _with_listed(self, Z, known, rng, allowed):
        """Rows where columns kept to a list have one of its cells, by the column's own law; they are known then."""
        Z, known = Z.copy(), known.copy()
        for j, a in enumerate(allowed or []):
            if a is None or a.values is None or known[j]:
                continue
            cells = np.append(a.values, np.nan) if a.missing else a.values
            rows = np.full((len(cells), len(known)), np.nan)
            rows[:, j] = cells
            R, log_weight = self.codec_.real.encode(rows, np.full(rows.shape, 0.5), np.arange(len(known)) == j)
            log_p = log_weight - 0.5 * R[:, j] ** 2
            if self.codec_.columns[j].resolution:  # a density beside the mass of the missing cell
                log_p += np.where(np.isnan(cells), 0.0, np.log(self.codec_.columns[j].resolution))
            p = np.exp(log_p - log_p.max())
            Z[:, j] = cells[rng.choice(len(cells), size=len(Z), p=p / p.sum())]
            known[j] = True
        return Z, known

    def _sample_given(self, Z, known, rng):
        R = self.correlation_
        gain = np.linalg.solve(R[np.ix_(known, known)], R[np.ix_(known, ~known)]).T  # (unknown, known)
        rest = R[np.ix_(~known, ~known)] - gain @ R[np.ix_(known, ~known)]
        Z = Z.copy()
        noise = rng.standard_normal((len(Z), len(rest))) @ cholesky(rest, lower=True).T
        Z[:, ~known] = Z[:, known] @ gain.T + noise
        return Z
