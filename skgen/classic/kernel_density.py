"""KernelDensity: one product of column kernels about every row.

    p(x)  =  sum_i w_i prod_j K_j(x_j | a_ij),

a_i the rows of fit. Conditioning only changes the weights of the rows: given x_A they are proportional to
w_i prod_(j in A) K_j(x_j | a_ij), and the other columns are drawn from the kernels of the row that is picked.
"""

from __future__ import annotations

from numbers import Integral, Real

import numpy as np

from .._sklearn import Interval, StrOptions
from ..base import GenerativeModel
from ..exceptions import LowSupportError
from ._distinct_rows import distinct_rows
from ._kernel.bandwidth import select
from ._kernel.centres import Centres
from ._kernel.column_kernel import draw_code
from ._kernel.shapes import KERNELS
from ._kernel.sums import KernelSum

SELECTORS = ("scott", "silverman", "cv", "neighbors")

#: Entries of one matrix of terms (centres by conditions).
_TERMS = 8_000_000

#: Rounds of plain draws of cells of the seen support, before those left are drawn inside it.
_TRIES = 20


def _draw_centre(log_p, n, rng):
    """n centres with these log-weights."""
    _check_reached(log_p)
    with np.errstate(under="ignore"):
        return draw_code(np.exp(log_p - log_p.max()), n, rng)


def _check_reached(log_weights):
    if not np.isfinite(log_weights.max()):
        raise LowSupportError(
            "No kernel reaches the given values or sets: their density is 0. "
            "Widen them, or use a kernel of unbounded support such as 'gaussian'."
        )


class KernelDensity(GenerativeModel):
    """Kernel density estimate, extended to tables with categories, missing cells and heavy values.

    Every row of fit is the centre of a product of kernels, one for each column. A number of an array has the kernel of
    `sklearn.neighbors.KernelDensity` (equal to it in one dimension, for the Gaussian kernel in any); on the grid of a
    frame's column the kernel keeps its shape and sums to 1 within the seen range, the column's reserved mass lying
    beyond it. A category keeps its level or falls back to the marginal
    law of the column (Aitchison and Aitken 1976, towards the marginal), and so do missing cells and heavy values; a
    number of few distinct values keeps its value, moves to a neighbour, or falls back. How often each happens is learnt
    for each column by EM on the leave-one-out likelihood.

    Parameters
    ----------
    bandwidth : float, array of shape (n_features,) or {"scott", "silverman", "cv", "neighbors"}, default="scott"
        Scale of the kernels. A positive number or one for each column is in the units of the data. The rules of Scott
        and Silverman are n^(-1/(p+4)) and (n (p+2)/4)^(-1/(p+4)) times the column's standard deviation, with n the sum
        of the weights and p the number of number columns. "cv" puts one common factor in the rule's place, that of
        highest leave-one-out likelihood on at most 10,000 rows. "neighbors" gives every row its own: the distance to
        its `n_neighbors`-th neighbour in standardised numbers, over sqrt(p). Kernels other than the Gaussian take the
        canonical multiple of what is selected, which smooths as much (Marron and Nolan 1988).
    kernel : {"gaussian", "tophat", "epanechnikov", "exponential", "linear", "cosine"}, default="gaussian"
        Shape of the kernel, as in scikit-learn. On arrays, the bounded ones have density 0 far from every row.
    n_neighbors : int, default=10
        The neighbour that sets a row's own bandwidth, with bandwidth "neighbors".
    n_jobs : int, default=None
        Number of threads that evaluate densities; None means all cores.
    categorical_features : "from_dtype", mask or names, default="from_dtype"
        Columns to read as categories.
    schema : Schema or None, default=None
        Kinds and base measure of the columns; inferred from the table where None.
    random_state : int, RandomState instance, Generator or None, default=None
        Seed of the fit and of the stream that `sample` draws from.

    Attributes
    ----------
    bandwidth_ : ndarray of shape (n_features,)
        Scale of the kernels in the units of the data; NaN for categories. With "neighbors", the geometric mean.
    smoothing_ : ndarray of shape (n_features, 3)
        How much of a column's kernel is the row's own cell, the neighbourhood of its number, and the marginal law.
        Numbers of many values always have their neighbourhood; there the weights are those of atoms.
    log_weights_ : ndarray of shape (n_centres,)
        Log-weights of the centres, which are the distinct rows of fit in sorted order.
    columns_ : list
        The kernels of the columns.

    See Also
    --------
    GaussianMixture : A few components instead of one kernel per row.

    Examples
    --------
    >>> import numpy as np
    >>> from skgen import KernelDensity
    >>> rng = np.random.default_rng(0)
    >>> X = np.concatenate([rng.normal(-2, 1, (500, 1)), rng.normal(2, 0.5, (500, 1))])
    >>> model = KernelDensity(bandwidth="cv", random_state=0).fit(X)
    >>> model.bandwidth_.round(1)
    array([0.2])
    >>> round(model.score(X), 1)
    -1.7
    """

    _parameter_constraints: dict = {
        **GenerativeModel._parameter_constraints,
        "bandwidth": [Interval(Real, 0, None, closed="neither"), "array-like", StrOptions(set(SELECTORS))],
        "kernel": [StrOptions(set(KERNELS))],
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
        "n_jobs": [Integral, None],
    }

    def __init__(
        self,
        bandwidth="scott",
        *,
        kernel="gaussian",
        n_neighbors=10,
        n_jobs=None,
        categorical_features="from_dtype",
        schema=None,
        random_state=None,
    ):
        self.bandwidth = bandwidth
        self.kernel = kernel
        self.n_neighbors = n_neighbors
        self.n_jobs = n_jobs
        self.categorical_features = categorical_features
        self.schema = schema
        self.random_state = random_state

    def _fit(self, Z, sample_weight, rng):
        bandwidth = self._checked_bandwidth(Z.shape[1])
        weight = np.ones(len(Z)) if sample_weight is None else sample_weight
        centres = Centres(*distinct_rows(Z, weight, np.arange(Z.shape[1])), self.codec_.columns, self.kernel)
        h, weights, factors = select(centres, bandwidth, self.n_neighbors, rng, self.n_jobs)
        self.bandwidth_ = h
        self.smoothing_ = np.array(weights)
        self.columns_ = centres.kernels(h, weights, factors)
        self.log_weights_ = centres.log_weights()
        self._seen_log_weights_ = self.log_weights_ + sum(kernel.seen_log_mass() for kernel in self.columns_)

    def _sample(self, n, rng):
        centres = _draw_centre(self._seen_log_weights_, n, rng)
        return np.column_stack([self._draw_seen(j, centres, rng) for j in range(len(self.columns_))])

    def _log_density(self, Z, known=None):
        columns = [(j, kernel) for j, kernel in enumerate(self.columns_) if known is None or known[j]]
        return KernelSum(columns, self.log_weights_).score(Z, self.n_jobs)

    def _sample_given(self, Z, known, rng, allowed=None):
        Z = Z.copy()
        allowed = [None] * len(known) if allowed is None else allowed
        centres = self._draw_centres(Z, known, allowed, rng)
        for j in np.flatnonzero(~known):
            if allowed[j] is None:
                Z[:, j] = self._draw_seen(j, centres, rng)
            else:
                Z[:, j] = self._snap(self.columns_[j].sample_allowed(centres, allowed[j], rng), j)
        return Z

    # ---- helpers -------------------------------------------------------------------------------------------------

    def _checked_bandwidth(self, n_features):
        """The bandwidth parameter, an array of it checked."""
        if isinstance(self.bandwidth, (str, Real)):
            return self.bandwidth
        bandwidth = np.asarray(self.bandwidth, dtype=float)
        is_number = np.array([column.kind == "number" for column in self.codec_.columns])
        if bandwidth.shape != (n_features,) or not (bandwidth[is_number] > 0).all() or np.isinf(bandwidth).any():
            raise ValueError(
                f"bandwidth must be one positive finite number for each of the {n_features} columns, "
                f"got {self.bandwidth!r}. Entries of categories are ignored and may be NaN."
            )
        return bandwidth

    def _draw_centres(self, Z, known, allowed, rng):
        """One centre for each row, by its weight given the row's known cells and the allowed sets of the others."""
        log_weights = self.log_weights_.copy()
        for j in np.flatnonzero(~known):
            kernel = self.columns_[j]
            log_weights += kernel.seen_log_mass() if allowed[j] is None else kernel.log_mass(allowed[j])
        _check_reached(log_weights)
        conditions, row = np.unique(np.nan_to_num(Z[:, known], nan=np.inf), axis=0, return_inverse=True)
        order = np.argsort(row.ravel(), kind="stable")
        counts = np.bincount(row.ravel(), minlength=len(conditions))
        starts = np.cumsum(counts) - counts
        total = KernelSum([(j, self.columns_[j]) for j in np.flatnonzero(known)], self.log_weights_)
        centres = np.empty(len(Z), np.int64)
        step = max(_TERMS // len(log_weights), 1)
        for first in range(0, len(conditions), step):
            part = order[starts[first : first + step]]
            log_p = total.log_terms(Z[part]) + (log_weights - self.log_weights_)[:, None]
            for k, column in enumerate(log_p.T):  # a condition at a time: each is drawn for its own rows
                rows = order[starts[first + k] : starts[first + k] + counts[first + k]]
                centres[rows] = _draw_centre(column, len(rows), rng)
        return centres

    def _draw_seen(self, j, centres, rng):
        """Cells of column j from the centres' kernels, each kept to the support that fit saw."""
        kernel, column = self.columns_[j], self.codec_.columns[j]
        z = self._snap(kernel.sample(centres, rng), j)
        if not column.rho:
            return z
        for _ in range(_TRIES):
            left = np.flatnonzero(~column.seen(z))
            if not len(left):
                return z
            z[left] = self._snap(kernel.sample(centres[left], rng), j)
        left = np.flatnonzero(~column.seen(z))
        z[left] = self._snap(kernel.sample_allowed(centres[left], kernel.seen_set(), rng), j)
        return z

    def _snap(self, z, j):
        """Numbers of a grid as the codec writes them."""
        return self.schema_.columns[j].snap(z) if self.codec_.columns[j].resolution else z
