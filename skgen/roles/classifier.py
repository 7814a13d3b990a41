"""GenerativeClassifier: classes by Bayes' rule from densities of the rows.

    p(k | x)  =  pi_k p(x | k) / sum_l pi_l p(x | l),

with p(x | k) a density that is fitted to the rows of class k, or p(x, k) / pi_k of one density of rows and class.
"""

from __future__ import annotations

from numbers import Integral

import numpy as np
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.parallel import Parallel, delayed

from .._delegated import check_weighted
from .._input import check_table, weights_in_rows
from .._random import generator_from
from .._rollback import rollback
from .._sklearn import (
    BaseEstimator,
    ClassifierMixin,
    HasMethods,
    Interval,
    StrOptions,
    _fit_context,
    _safe_indexing,
    check_is_fitted,
    get_tags,
)
from ..classic.gaussian_mixture import GaussianMixture
from ._calibration import fit_posterior, posterior
from ._class_laws import JointLaw, SeparateLaws
from ._folds import held_out_weights, learn_lone_gaps, repeats_by_chance, row_keys, split_fold
from ._inner_density import check_density, check_learns
from ._input import check_rows

#: Smallest variance of the default density, in variances of the columns: classes have columns that hardly vary.
_FLOOR = 0.03
#: The default joint density has so many components for each class, but no more than one for so many rows.
_COMPONENTS_PER_CLASS, _ROWS_PER_COMPONENT = 6, 8


class GenerativeClassifier(ClassifierMixin, BaseEstimator):
    """Classifier by Bayes' rule from a density of each class.

    Any density serves: a clone is fitted to the rows of each class, and all of them read one schema, so that their
    log-densities are of the same thing. Since densities are models, their bare posterior probabilities are too sure of
    themselves, the more so the more columns there are. By default they are calibrated on held-out rows.

    Parameters
    ----------
    density : estimator, default=None
        The density that is cloned for each class: of this package, or one of scikit-learn with `score_samples` in
        log-densities. None means ``GaussianMixture(reg_covar=0.03)``: on numbers one Gaussian a class, no direction of
        it narrower than a sixth of the columns, which is quadratic discriminant analysis with a floor. With
        ``joint=True`` it has six components of one covariance for each class, on few rows one for each 8 of them. Its
        parameters are searched as `density__...`.
    joint : bool, default=False
        Whether one density of the rows with their class as a further column takes the place of one for each class. Few
        rows in a class are less of a problem to it, and what classes share it learns once.
    priors : array of shape (n_classes,), default=None
        Probabilities of the classes, in sorted order. None means their weighted shares of the rows.
    calibrate : bool, default=True
        Whether probabilities are calibrated: the log-densities are multiplied by a `temperature_` of at most 1, and
        with probability `error_rate_` they count for nothing. Both are fitted to held-out rows. It costs `n_folds`
        further fits of each density. On data of many columns it takes log-loss and calibration error down by much; on
        small tables whose classes lie apart there is little to gain, and log-loss may rise a little.
    n_folds : int, default=5
        Number of folds of the held-out rows.
    missing : {"marginalize", "event"}, default="marginalize"
        What an empty cell of a row says. "marginalize": nothing, it is integrated out, by densities with exact
        marginals of any columns (`GaussianMixture`, `KernelDensity`, `BayesianNetwork`, `AdversarialRandomForest`,
        `IndependentColumns`, `GaussianCopula` on smooth columns; a network of too dense a graph for some cells raises).
        "event": that the cell is empty, which has its own probability in each class; so it is with all other
        densities. In arrays that is 0 for a class without an empty cell in a column where other classes have some;
        frames expect such cells.
    n_jobs : int, default=None
        How many densities are fitted at once.
    random_state : int, RandomState instance, Generator or None, default=None
        Draws the folds, and seeds the default density of ``joint=True``. A given density keeps its own.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The classes, sorted.
    densities_ : list
        The fitted densities, in the order of the classes; of `joint=True` the one.
    class_log_prior_ : ndarray of shape (n_classes,)
        Log-probabilities of the classes.
    temperature_ : float
        What log-densities are multiplied by; 1 where nothing was calibrated.
    error_rate_ : float
        The probability that the densities count for nothing.

    See Also
    --------
    DensityOutlierDetector : Rows that no class explains.

    Notes
    -----
    The calibrated probabilities are ``(1 - e) q + e pi`` with q proportional to ``pi_k p(x | k)^t``. Between equal
    priors they order the classes as the bare ones do. In a grid search over densities calibration changes `accuracy`
    hardly and it multiplies the cost: set ``calibrate=False`` there, and True for the final fit.

    A row with nothing but empty cells has the priors as its probabilities.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sklearn.model_selection import cross_val_score
    >>> from skgen import GenerativeClassifier
    >>> X, y = load_wine(return_X_y=True)
    >>> accuracy = cross_val_score(GenerativeClassifier(random_state=0), X, y, cv=3)
    >>> round(float(accuracy.mean()), 2)
    0.97
    """

    _parameter_constraints: dict = {
        "density": [HasMethods(["fit", "score_samples"]), None],
        "joint": ["boolean"],
        "priors": ["array-like", None],
        "calibrate": ["boolean"],
        "n_folds": [Interval(Integral, 2, None, closed="left")],
        "missing": [StrOptions({"marginalize", "event"})],
        "n_jobs": [Integral, None],
        "random_state": ["random_state", np.random.Generator],
    }
    _doc_link_module = "skgen"
    _doc_link_template = "https://skgen.readthedocs.io/en/latest/generated/skgen.{estimator_name}.html"

    def __init__(
        self,
        density=None,
        *,
        joint=False,
        priors=None,
        calibrate=True,
        n_folds=5,
        missing="marginalize",
        n_jobs=None,
        random_state=None,
    ):
        self.density = density
        self.joint = joint
        self.priors = priors
        self.calibrate = calibrate
        self.n_folds = n_folds
        self.missing = missing
        self.n_jobs = n_jobs
        self.random_state = random_state

    # ---- fit -----------------------------------------------------------------------------------------------------

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y, sample_weight=None):
        """Learn the density of each class.

        Parameters
        ----------
        X : DataFrame or array of shape (n_samples, n_features)
            The table as it comes, without the class.
        y : array of shape (n_samples,)
            The classes.
        sample_weight : array of shape (n_samples,), default=None
            Weights of the rows, in rows: they count in the densities, the priors and the calibration.

        Returns
        -------
        self : GenerativeClassifier
            The fitted classifier.

        Raises
        ------
        ValueError
            If `density` is no density that can learn, or takes no weights where some are given, or `priors` do not
            fit the classes.
        SchemaError
            If `density` reads each class in a base measure of its own.
        """
        with rollback(self):
            if self.density is not None:
                check_density(self.density, type(self).__name__)
                check_learns(self.density, type(self).__name__)
            named = getattr(y, "name", None)
            X, y, weight = check_rows(self, X, y, sample_weight)
            check_classification_targets(y)
            weight = weights_in_rows(weight)
            self.classes_, codes = np.unique(y, return_inverse=True)
            density = (
                self._default(len(y) if weight is None else weight.sum()) if self.density is None else self.density
            )
            check_weighted(density, weight)
            self._fit_laws(density, X, y, named, codes, weight)
        return self

    def _default(self, n_rows):
        """One Gaussian a class; more components in a joint law, since within one the row says nothing of the class."""
        if not self.joint:
            return GaussianMixture(reg_covar=_FLOOR)
        K = len(self.classes_)
        n_components = int(np.clip(n_rows // _ROWS_PER_COMPONENT, K, _COMPONENTS_PER_CLASS * K))
        settings = {"covariance_type": "tied", "init_params": "kmeans", "reg_covar": _FLOOR}
        return GaussianMixture(n_components, **settings, random_state=self.random_state)

    def _fit_laws(self, density, X, y, named, codes, weight):
        log_share = _log_shares(codes, weight)
        self.class_log_prior_ = self._log_prior(log_share)
        self._laws = (JointLaw if self.joint else SeparateLaws)(density, X, y, named, weight)
        self._log_share = log_share
        self.temperature_, self.error_rate_ = 1.0, 0.0
        if self.calibrate and len(self.classes_) > 1:
            self._calibrate(X, codes, weight, log_share)
        self.densities_ = self._laws.fit(X, codes, weight, log_share, self._run)

    def _log_prior(self, log_share):
        if self.priors is None:
            return log_share
        priors = np.asarray(self.priors, dtype=float)
        if priors.shape != log_share.shape or not (priors > 0).all() or not np.isclose(priors.sum(), 1):
            raise ValueError(
                f"priors must be {len(log_share)} positive numbers that sum to 1, one a class, got {self.priors}."
            )
        return np.log(priors)

    def _calibrate(self, X, codes, weight, log_share):
        """Temperature and error rate by the likelihood of rows that the densities have not seen."""
        rng = generator_from(self.random_state)
        held_out = held_out_weights(row_keys(X), codes, weight, self.n_folds, rng, repeats_by_chance(X))
        held_out = learn_lone_gaps(X, weight, held_out)
        scores, classes, weights = [np.empty((0, len(log_share)))], [], []
        for part in held_out.T:
            train, own, test, out = split_fold(weight, part)
            if not len(test):
                continue
            densities = self._laws.fit(_safe_indexing(X, train), codes[train], own, log_share, self._run)
            rows = _safe_indexing(X, test)
            scores.append(self._laws.log_likelihood(densities, rows, log_share, self._marginalizes()))
            classes.append(codes[test])
            weights.append(out)
        if classes:
            self.temperature_, self.error_rate_ = fit_posterior(
                np.concatenate(scores), np.concatenate(classes), np.concatenate(weights), log_share
            )

    def _run(self, calls):
        return Parallel(n_jobs=self.n_jobs)(delayed(function)(*rest) for function, *rest in calls)

    def _marginalizes(self):
        return self.missing == "marginalize"

    # ---- predict -------------------------------------------------------------------------------------------------

    def predict_proba(self, X):
        """Probabilities of the classes.

        Parameters
        ----------
        X : DataFrame or array of shape (n_samples, n_features)
            Rows with the columns of fit.

        Returns
        -------
        proba : ndarray of shape (n_samples, n_classes)
            Probabilities, in the order of `classes_`.
        """
        check_is_fitted(self)
        X = check_table(self, X, reset=False)
        log_likelihood = self._laws.log_likelihood(self.densities_, X, self._log_share, self._marginalizes())
        return posterior(log_likelihood, self.class_log_prior_, self.temperature_, self.error_rate_)

    def predict_log_proba(self, X):
        """Log-probabilities of the classes.

        Parameters
        ----------
        X : DataFrame or array of shape (n_samples, n_features)
            Rows with the columns of fit.

        Returns
        -------
        log_proba : ndarray of shape (n_samples, n_classes)
            Log-probabilities, in the order of `classes_`.
        """
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    def predict(self, X):
        """The most probable class of each row.

        Parameters
        ----------
        X : DataFrame or array of shape (n_samples, n_features)
            Rows with the columns of fit.

        Returns
        -------
        y : ndarray of shape (n_samples,)
            Classes.
        """
        check_is_fitted(self)
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        inner = get_tags(GaussianMixture() if self.density is None else self.density).input_tags
        tags.input_tags.allow_nan, tags.input_tags.string = inner.allow_nan, inner.string
        return tags


def _log_shares(codes, weight):
    """Logarithms of the classes' weighted shares."""
    totals = np.bincount(codes, weights=weight)
    return np.log(totals / totals.sum())
