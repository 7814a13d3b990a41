"""DensityOutlierDetector: the rows of lowest log-density, judged by densities that have not seen them.

A row of fit is scored by a density of the other folds, any other row by that of all rows: a density is always higher
where it has seen a row, so that rows of fit would look normal beside the threshold, and new rows abnormal.
"""

from __future__ import annotations

from numbers import Integral, Real

import numpy as np
from sklearn.utils.parallel import Parallel, delayed

from .._delegated import check_weighted, fitted_clone
from .._input import check_table, check_weights, take_rows, weights_in_rows
from .._random import generator_from
from .._rollback import rollback
from .._sklearn import (
    BaseEstimator,
    HasMethods,
    Interval,
    OutlierMixin,
    StrOptions,
    _fit_context,
    _safe_indexing,
    check_is_fitted,
    get_tags,
)
from ..classic.kernel_density import KernelDensity
from ..table import Schema, TableCodec
from ._folds import held_out_weights, learn_lone_gaps, repeats_by_chance, row_keys, split_fold
from ._inner_density import check_density, check_learns, share_schema

#: Kernels of the default density, in standard deviations of the column: a clump of outliers must not hide itself.
_WIDTH = 2.0
#: "auto" flags what lies beyond this many interquartile ranges (Tukey 1977, the outer fence), and at least this share.
_FENCE, _LEAST_SHARE = 3.0, 0.01


class DensityOutlierDetector(OutlierMixin, BaseEstimator):
    """Outlier detection by log-density.

    Parameters
    ----------
    density : estimator, default=None
        The density of the rows: of this package, or one of scikit-learn with `score_samples`. None means a
        `KernelDensity` whose kernels are two standard deviations of their column wide. It is far too smooth to describe
        the rows, but outliers that come in clumps have low density only under kernels that are wider than a clump.
    contamination : "auto" or float in (0, 0.5], default="auto"
        Share of the rows of fit to be flagged. "auto" flags rows whose log-density lies below the lower quartile by
        more than three interquartile ranges, and the lowest 1 % in any case. Rows of density 0 are always flagged.
    n_folds : int, default=5
        Number of folds of the held-out scores.
    n_jobs : int, default=None
        How many densities are fitted at once.
    random_state : int, RandomState instance, Generator or None, default=None
        Draws the folds. The density keeps its own `random_state`.

    Attributes
    ----------
    density_ : estimator
        The density, fitted to all rows.
    offset_ : float
        The log-density below which a row is an outlier: a quantile of held-out scores.
    held_out_scores_ : ndarray of shape (n_samples,)
        Log-densities of the rows of fit of positive weight, each under a density of the other folds; under that of all
        rows for those that cannot be held out, such as the only one of an array that lacks a cell.

    See Also
    --------
    GenerativeClassifier : Classes from densities.

    Notes
    -----
    `score_samples` knows the rows of fit again and returns their held-out scores; so do the methods that rest on it.
    The share that `predict` flags among rows of fit and among new rows of the same law is thus the same. It costs
    `n_folds` fits beside that of all rows.

    References
    ----------
    Tukey, J. W. (1977). Exploratory Data Analysis. Addison-Wesley.

    Examples
    --------
    >>> import numpy as np
    >>> from skgen import DensityOutlierDetector
    >>> X = np.random.default_rng(0).normal(size=(200, 2))
    >>> detector = DensityOutlierDetector(random_state=0).fit(X)
    >>> detector.predict([[0.0, 0.0], [5.0, 5.0]])
    array([ 1, -1])
    """

    _parameter_constraints: dict = {
        "density": [HasMethods(["fit", "score_samples"]), None],
        "contamination": [StrOptions({"auto"}), Interval(Real, 0, 0.5, closed="right")],
        "n_folds": [Interval(Integral, 2, None, closed="left")],
        "n_jobs": [Integral, None],
        "random_state": ["random_state", np.random.Generator],
    }
    _doc_link_module = "skgen"
    _doc_link_template = "https://skgen.readthedocs.io/en/latest/generated/skgen.{estimator_name}.html"

    def __init__(self, density=None, contamination="auto", *, n_folds=5, n_jobs=None, random_state=None):
        self.density = density
        self.contamination = contamination
        self.n_folds = n_folds
        self.n_jobs = n_jobs
        self.random_state = random_state

    # ---- fit -----------------------------------------------------------------------------------------------------

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y=None, sample_weight=None):
        """Learn the density of the rows and the threshold.

        Parameters
        ----------
        X : DataFrame or array of shape (n_samples, n_features)
            The table as it comes, outliers among its rows.
        y : None
            Ignored.
        sample_weight : array of shape (n_samples,), default=None
            Weights of the rows, in rows: they count in the density and in the threshold.

        Returns
        -------
        self : DensityOutlierDetector
            The fitted detector.

        Raises
        ------
        ValueError
            If `density` is no density, or takes no weights where some are given.
        """
        with rollback(self):
            X = check_table(self, X, reset=True)
            weight = check_weights(sample_weight, X)
            if weight is not None:
                X, weight = take_rows(X, weight > 0), weights_in_rows(weight[weight > 0])
            density = self._prototype(X, weight)
            self.density_ = fitted_clone(density, X, weight)
            keys = row_keys(X)
            self.held_out_scores_ = self._held_out(density, X, keys, weight)
            self._keys, first = np.unique(keys, return_index=True)
            self._scores_of_keys = self.held_out_scores_[first]
            self.offset_ = self._threshold(self.held_out_scores_, weight)
        return self

    def _prototype(self, X, weight):
        """The density to be cloned, with a schema read off all rows."""
        if self.density is None:
            return wide_kernels(X, weight)
        check_density(self.density, type(self).__name__)
        check_learns(self.density, type(self).__name__)
        check_weighted(self.density, weight)
        return share_schema(self.density, X, weight)

    def _held_out(self, density, X, keys, weight):
        """The score of each row under densities that have not seen it; of copies, their mean."""
        groups = np.zeros(len(keys), int)
        rng = generator_from(self.random_state)
        held_out = held_out_weights(keys, groups, weight, self.n_folds, rng, repeats_by_chance(X))
        held_out = learn_lone_gaps(X, weight, held_out)
        folds = [split_fold(weight, part) for part in held_out.T if part.any()]
        parts = Parallel(n_jobs=self.n_jobs)(delayed(_score_fold)(density, X, *fold) for fold in folds)
        _, of_row = np.unique(keys, return_inverse=True)
        totals, mass = np.zeros((2, of_row.max() + 1))
        for scores, (_, _, test, out) in zip(parts, folds, strict=True):
            np.add.at(totals, of_row[test], out * scores)
            np.add.at(mass, of_row[test], out)
        judged = np.flatnonzero(mass[of_row] > 0)
        unjudged = np.flatnonzero(mass[of_row] == 0)
        scores = np.empty(len(keys))
        scores[judged] = totals[of_row[judged]] / mass[of_row[judged]]
        if len(unjudged):
            scores[unjudged] = _scores(self.density_, _safe_indexing(X, unjudged))
        return scores

    def _threshold(self, scores, weight):
        """A quantile, and no lower than the smallest density above 0."""
        weight = np.ones(len(scores)) if weight is None else weight
        finite = scores[np.isfinite(scores)]
        least = finite.min() if len(finite) else np.finfo(np.float64).min
        if self.contamination != "auto":
            return max(least, lower_quantile(scores, weight, self.contamination))
        low, high = (lower_quantile(scores, weight, share) for share in (0.25, 0.75))
        fence = low - _FENCE * (high - low) if np.isfinite(low) else -np.inf
        return max(least, fence, lower_quantile(scores, weight, _LEAST_SHARE))

    # ---- predict -------------------------------------------------------------------------------------------------

    def score_samples(self, X):
        """Log-densities of rows, held-out ones of rows of fit; the lower, the more abnormal.

        Parameters
        ----------
        X : DataFrame or array of shape (n_samples, n_features)
            Rows with the columns of fit.

        Returns
        -------
        scores : ndarray of shape (n_samples,)
            Nats.
        """
        check_is_fitted(self)
        X = check_table(self, X, reset=False)
        keys = row_keys(X)
        at = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        known = self._keys[at] == keys
        scores = self._scores_of_keys[at]
        if not known.all():
            scores[~known] = _scores(self.density_, _safe_indexing(X, np.flatnonzero(~known)))
        return scores

    def decision_function(self, X):
        """Log-densities less the threshold: negative for outliers.

        Parameters
        ----------
        X : DataFrame or array of shape (n_samples, n_features)
            Rows with the columns of fit.

        Returns
        -------
        decision : ndarray of shape (n_samples,)
            Nats above `offset_`.
        """
        scores = self.score_samples(X)
        with np.errstate(invalid="ignore"):
            return np.where(scores == self.offset_, 0.0, scores - self.offset_)

    def predict(self, X):
        """Whether rows are outliers.

        Parameters
        ----------
        X : DataFrame or array of shape (n_samples, n_features)
            Rows with the columns of fit.

        Returns
        -------
        y : ndarray of shape (n_samples,)
            -1 for outliers, 1 for the others.
        """
        return np.where(self.decision_function(X) < 0, -1, 1)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        inner = get_tags(KernelDensity() if self.density is None else self.density).input_tags
        tags.input_tags.allow_nan, tags.input_tags.string = inner.allow_nan, inner.string
        return tags


def wide_kernels(X, weight):
    """The default density: kernels of two standard deviations of their column."""
    schema = Schema.infer(X, sample_weight=weight)
    Z = TableCodec(view="typed").fit_encode(X, schema, weight)
    weight = np.ones(len(Z)) if weight is None else weight
    widths = [_WIDTH * _spread(z, weight, column) for z, column in zip(Z.T, schema.columns)]
    return KernelDensity(bandwidth=np.array(widths), schema=schema)


def _spread(z, weight, column):
    """The standard deviation of a column's numbers; NaN for categories, some positive number where it is 0."""
    present = ~np.isnan(z)
    if column.kind == "category" or not present.any():
        return np.nan
    z, weight = z[present], weight[present]
    mean = np.average(z, weights=weight)
    sd = np.sqrt(np.average((z - mean) ** 2, weights=weight))
    return sd if sd > 1e-12 * np.abs(z).max() else column.resolution or max(abs(mean), 1.0)


def _scores(density, X):
    return np.asarray(density.score_samples(X), dtype=np.float64).copy()


def _score_fold(density, X, train, weight, test, _):
    """Scores of the rows of one fold under a density of the others."""
    return _scores(fitted_clone(density, _safe_indexing(X, train), weight), _safe_indexing(X, test))


def lower_quantile(values, weight, share):
    """The smallest value with more than this share of the weight at or below it: so much of it lies below."""
    order = np.argsort(values, kind="stable")
    mass = np.cumsum(weight[order])
    at = np.searchsorted(mass, share * mass[-1] * (1 + 1e-9), side="right")
    return float(values[order][min(at, len(values) - 1)])
