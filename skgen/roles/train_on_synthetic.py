"""TrainOnSynthetic: an estimator that is trained on samples of a density instead of, or on top of, the rows.

(x, y) ~ p(x, y),  p fitted to the rows of the fit alone.
"""

from __future__ import annotations

from numbers import Integral

import numpy as np
from sklearn.base import MetaEstimatorMixin, is_classifier, is_regressor
from sklearn.utils import assert_all_finite
from sklearn.utils.multiclass import check_classification_targets

from .._delegated import draw_rows, fitted_clone, schema_parameter, unwrapped
from .._random import seed_from
from .._rollback import rollback
from .._sklearn import (
    BaseEstimator,
    HasMethods,
    Interval,
    StrOptions,
    _fit_context,
    _safe_indexing,
    available_if,
    check_is_fitted,
    clone,
    get_tags,
)
from ..classic.autoregressive_trees import AutoregressiveTrees
from ._inner_density import check_learns, check_samples, share_schema
from ._input import check_rows
from ._joined import JoinedTable
from ._rows_tables import append_rows, rows_like, split_last


def _estimator_has(method):
    def has(self):
        getattr(getattr(self, "estimator_", self.estimator), method)  # the error names what the estimator lacks
        return True

    return available_if(has)


class TrainOnSynthetic(MetaEstimatorMixin, BaseEstimator):
    """An estimator that is trained on the samples of a density.

    `fit` fits the density to the rows with their target as a further column, draws rows from it, and trains the
    estimator on these. Predictions and scores are the estimator's. In a cross-validation the density sees the training
    folds alone, so that "does synthetic data help here?" is one line of `cross_val_score`.

    Parameters
    ----------
    estimator : estimator
        A classifier or regressor.
    density : estimator, default=None
        The density of rows and target: of this package, before a regressor one of scikit-learn too, which has no column
        for classes. None means `AutoregressiveTrees`. Its parameters are searched as `density__...`.
    n_samples : int or None, default=None
        How many rows are drawn; as many as there are where None. Those of a classifier show each class: where one is
        so rare that no row of it was drawn, a row drawn given that class takes the place of one of the largest.
    combine : {"replace", "append"}, default="replace"
        Whether the drawn rows take the place of the rows, or stand below them.
    random_state : int, RandomState instance, Generator or None, default=None
        Seed of the samples. The density and the estimator keep their own `random_state`.

    Attributes
    ----------
    density_ : estimator
        The fitted density of rows and target.
    estimator_ : estimator
        The trained estimator.
    n_features_in_ : int
        Number of columns, without the target.

    See Also
    --------
    GenerativeOversampler : New rows for small classes only.
    skgen.metrics.tstr_score : The same question of one table of samples.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.model_selection import cross_val_score
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skgen import TrainOnSynthetic
    >>> X, y = load_wine(return_X_y=True)
    >>> classifier = make_pipeline(StandardScaler(), LogisticRegression())
    >>> scores = cross_val_score(TrainOnSynthetic(classifier, n_samples=1000, random_state=0), X, y)
    >>> scores.mean().round(1)
    np.float64(1.0)
    """

    _parameter_constraints: dict = {
        "estimator": [HasMethods(["fit"])],
        "density": [HasMethods(["fit"]), None],
        "n_samples": [Interval(Integral, 1, None, closed="left"), None],
        "combine": [StrOptions({"replace", "append"})],
        "random_state": ["random_state", np.random.Generator],
    }
    _doc_link_module = "skgen"
    _doc_link_template = "https://skgen.readthedocs.io/en/latest/generated/skgen.{estimator_name}.html"

    def __init__(self, estimator, density=None, *, n_samples=None, combine="replace", random_state=None):
        self.estimator = estimator
        self.density = density
        self.n_samples = n_samples
        self.combine = combine
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y):
        """Fit the density, and train the estimator on its samples.

        Parameters
        ----------
        X : DataFrame or array of shape (n_samples, n_features)
            The rows.
        y : array-like of shape (n_samples,)
            Their target.

        Returns
        -------
        self : TrainOnSynthetic
            The fitted estimator.

        Raises
        ------
        ValueError
            If the estimator is neither classifier nor regressor, or the density cannot be sampled, is frozen, or
            (before a classifier) does not learn categories by a `schema`.
        """
        with rollback(self):
            if self.density is not None:
                check_samples(self.density, type(self).__name__)
                check_learns(self.density, type(self).__name__, "fitted to the training rows and to no others")
            if not (is_classifier(self.estimator) or is_regressor(self.estimator)):
                raise ValueError(f"estimator must be a classifier or a regressor, got {self.estimator!r}.")
            name = getattr(y, "name", None)
            X, y, _ = check_rows(self, X, y, None)
            assert_all_finite(y, input_name="y")
            seed = seed_from(self.random_state)
            make = self._draw_classes if is_classifier(self.estimator) else self._draw_numbers
            rows, target = make(X, y, name, len(X) if self.n_samples is None else self.n_samples, seed)
            if self.combine == "append":
                rows, target = append_rows(X, rows), np.concatenate([y, target])
            self.estimator_ = clone(self.estimator).fit(rows, target)
        return self

    @_estimator_has("predict")
    def predict(self, X):
        """The estimator's predictions.

        Parameters
        ----------
        X : DataFrame or array of shape (n_samples, n_features)
            Rows with the columns of fit.

        Returns
        -------
        ndarray of shape (n_samples,)
            Classes or numbers.
        """
        return self._fitted().predict(X)

    @_estimator_has("predict_proba")
    def predict_proba(self, X):
        """The estimator's class probabilities.

        Parameters
        ----------
        X : DataFrame or array of shape (n_samples, n_features)
            Rows with the columns of fit.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            In the order of `classes_`.
        """
        return self._fitted().predict_proba(X)

    @_estimator_has("predict_log_proba")
    def predict_log_proba(self, X):
        """The logarithms of the estimator's class probabilities.

        Parameters
        ----------
        X : DataFrame or array of shape (n_samples, n_features)
            Rows with the columns of fit.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            In the order of `classes_`.
        """
        return self._fitted().predict_log_proba(X)

    @_estimator_has("decision_function")
    def decision_function(self, X):
        """The estimator's decision function.

        Parameters
        ----------
        X : DataFrame or array of shape (n_samples, n_features)
            Rows with the columns of fit.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_classes)
            As the estimator gives it.
        """
        return self._fitted().decision_function(X)

    @_estimator_has("score")
    def score(self, X, y, **params):
        """The estimator's score.

        Parameters
        ----------
        X : DataFrame or array of shape (n_samples, n_features)
            Rows with the columns of fit.
        y : array-like of shape (n_samples,)
            Their target.
        **params : dict
            What else the estimator's `score` takes, such as `sample_weight`.

        Returns
        -------
        float
            Accuracy or R2, unless the estimator has its own.
        """
        return self._fitted().score(X, y, **params)

    @property
    def classes_(self):
        """The classes that the estimator was trained on."""
        return self._fitted().classes_

    # ---- helpers -------------------------------------------------------------------------------------------------

    def _fitted(self):
        check_is_fitted(self, "estimator_")
        return self.estimator_

    def _draw_classes(self, X, y, name, n, seed):
        """Rows and classes; the density sees the class as a category."""
        check_classification_targets(y)
        classes, codes = np.unique(y, return_inverse=True)
        if self.combine == "replace" and n < len(classes):
            raise ValueError(f"n_samples must be at least the {len(classes)} classes of y, got {n}.")
        joined = JoinedTable(X, name, default="class")
        density = self._unfitted(seed)
        if schema_parameter(density) is None:
            raise ValueError(
                f"{type(density).__name__} has no parameter `schema`, by which it would learn that the class is a "
                "category. Use a density that has, such as GaussianMixture of skgen."
            )
        table = joined.join(X, codes.astype(str) if joined.is_frame else codes)
        drawn = self._draw(share_schema(density, table, None, [joined.column]), table, n, seed)
        if self.combine == "replace":
            drawn = self._with_all_classes(drawn, joined, table, seed)
        rows, target = split_last(drawn, X)
        return rows, classes[np.asarray(target).astype(np.int64)]

    def _with_all_classes(self, drawn, joined, table, seed):
        """Drawn rows of which one is of each class that the table has."""
        labels, column = np.unique(joined.split(table)), joined.column
        found = np.asarray(joined.split(drawn))
        for k, label in enumerate(labels[~np.isin(labels, found)]):
            new = draw_rows(unwrapped(self.density_), 1, {column: label}, seed, 1 + k)
            seen, counts = np.unique(found, return_counts=True)
            at = np.flatnonzero(found == seen[counts.argmax()])[-1]
            drawn = append_rows(_safe_indexing(drawn, np.delete(np.arange(len(drawn)), at)), rows_like(new, table))
            found = np.append(np.delete(found, at), label)
        return drawn

    def _draw_numbers(self, X, y, name, n, seed):
        """Rows and numbers."""
        y = np.asarray(y, dtype=np.float64)
        joined = JoinedTable(X, name)
        rows, target = split_last(self._draw(self._unfitted(seed), joined.join(X, y), n, seed), X)
        return rows, np.asarray(target, dtype=np.float64)

    def _unfitted(self, seed):
        return AutoregressiveTrees(random_state=seed % 2**32) if self.density is None else self.density

    def _draw(self, density, table, n, seed):
        self.density_ = fitted_clone(density, table)
        return rows_like(draw_rows(unwrapped(self.density_), n, None, seed, 0), table)

    def __sklearn_tags__(self):
        tags, inner = super().__sklearn_tags__(), get_tags(self.estimator)
        tags.estimator_type = inner.estimator_type
        tags.classifier_tags = inner.classifier_tags
        tags.regressor_tags = inner.regressor_tags
        tags.target_tags.required = True
        tags.input_tags.allow_nan = inner.input_tags.allow_nan
        tags.input_tags.string = inner.input_tags.string
        return tags
