"""GenerativeRegressor: a target by the law of its column given the others.

    p(y | x)  =  p(x, y) / int p(x, y) dy,

the joint density p fitted to the rows with their target as a last column.
"""

from __future__ import annotations

from numbers import Real

import numpy as np

from .._delegated import check_weighted, fitted_clone
from .._input import check_count, check_table, weights_in_rows
from .._random import generator_from
from .._rollback import rollback
from .._sklearn import (
    BaseEstimator,
    HasMethods,
    RegressorMixin,
    StrOptions,
    _fit_context,
    _num_samples,
    _safe_indexing,
    check_array,
    check_is_fitted,
    get_tags,
)
from ..classic.gaussian_mixture import GaussianMixture
from ..table.schema import Schema
from ._inner_density import check_density
from ._input import check_rows
from ._joined import JoinedTable
from ._target_law import TargetRange, is_dispersed, target_law

#: The default density has a component for this many rows per column, and at most so many.
_ROWS_PER_CELL, _MOST_COMPONENTS = 20, 10


class GenerativeRegressor(RegressorMixin, BaseEstimator):
    """Regressor by the law of a target given a row: its mean, its quantiles, draws from it.

    The density is fitted to the table with the target as its last column. A `GaussianMixture` gives the law of the
    target in closed form: regressions of its components, weighted by how well each explains the row. Of any other
    density the joint scores are taken at 65 targets over their range, and at 65 more where the mass lies; where targets
    repeat on a grid of up to 4,096 values, at all of these, which takes as many scores a row.

    Parameters
    ----------
    density : estimator, default=None
        The density of the rows with their target: of this package, or one of scikit-learn with `score_samples` in
        log-densities. None means a `GaussianMixture` of one component for each 20 rows per column, at most 10, in
        whose Gaussians the target is unless a tenth of the rows share one value of it. Its parameters are searched as
        `density__...`.
    missing : {"marginalize", "event"}, default="marginalize"
        What an empty cell of a row says. "marginalize": nothing, it is integrated out, by densities with exact
        marginals of any columns (`GaussianMixture`, `KernelDensity`, `BayesianNetwork`, `AdversarialRandomForest`,
        `IndependentColumns`, `GaussianCopula` on smooth columns; a network of too dense a graph for some cells raises).
        "event": that the cell is empty, as it was in rows of fit; so it is with all other densities.
    random_state : int, RandomState instance, Generator or None, default=None
        Seed of the draws of `sample_y` and of the default density. A given density keeps its own.

    Attributes
    ----------
    density_ : estimator
        The fitted density.
    target_column_ : str or int
        The target's column in the density's table: the name of `y` or "target"; in arrays, its position.

    See Also
    --------
    GenerativeClassifier : The same of classes.

    Notes
    -----
    Rows far from all rows of fit, whose density underflows at every target, get NaN from densities of bounded support.
    Quantiles and means of densities without closed form are those of the density cut a tenth of the range beyond the
    targets of fit.

    Examples
    --------
    >>> import numpy as np
    >>> from skgen import GenerativeRegressor
    >>> rng = np.random.default_rng(0)
    >>> x = rng.uniform(0, 3, size=(500, 1))
    >>> y = x[:, 0] ** 2 + rng.normal(scale=0.1 + x[:, 0] / 3)
    >>> model = GenerativeRegressor(random_state=0).fit(x, y)
    >>> model.predict([[1.0], [2.0]]).round(1)
    array([1. , 3.9])
    >>> model.predict([[1.0], [2.0]], quantiles=[0.1, 0.9]).shape
    (2, 2)
    """

    _parameter_constraints: dict = {
        "density": [HasMethods(["fit", "score_samples"]), None],
        "missing": [StrOptions({"marginalize", "event"})],
        "random_state": ["random_state", np.random.Generator],
    }
    _doc_link_module = "skgen"
    _doc_link_template = "https://skgen.readthedocs.io/en/latest/generated/skgen.{estimator_name}.html"

    def __init__(self, density=None, *, missing="marginalize", random_state=None):
        self.density = density
        self.missing = missing
        self.random_state = random_state

    # ---- fit -----------------------------------------------------------------------------------------------------

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y, sample_weight=None):
        """Learn the density of the rows with their target.

        Parameters
        ----------
        X : DataFrame or array of shape (n_samples, n_features)
            The table as it comes, without the target.
        y : array of shape (n_samples,)
            The target.
        sample_weight : array of shape (n_samples,), default=None
            Weights of the rows, handed on to the density.

        Returns
        -------
        self : GenerativeRegressor
            The fitted regressor.

        Raises
        ------
        ValueError
            If `density` is no density, or takes no weights where some are given, or the target is no finite number.
        """
        with rollback(self):
            if self.density is not None:
                check_density(self.density, type(self).__name__)
            named = getattr(y, "name", None)
            X, y, weight = check_rows(self, X, y, sample_weight)
            y = check_array(y, ensure_2d=False, dtype=np.float64, input_name="y")
            self._joined = JoinedTable(X, named)
            table = self._joined.join(X, y)
            density = self._default(y, table, weight) if self.density is None else self.density
            check_weighted(density, weight)
            self.density_ = fitted_clone(density, table, weight)
            self.target_column_ = self._joined.column
            self._target = TargetRange(y, self.density_, weight)
        return self

    def _default(self, y, table, weight):
        n_rows = len(y) if weight is None else weights_in_rows(weight).sum()
        n_components = int(np.clip(n_rows // (_ROWS_PER_CELL * table.shape[1]), 1, _MOST_COMPONENTS))
        schema = Schema.infer(table, sample_weight=weight)
        schema.columns[-1].spread = is_dispersed(y, weight)  # or it has no regressions
        return GaussianMixture(n_components, schema=schema, random_state=self.random_state)

    # ---- predict -------------------------------------------------------------------------------------------------

    def predict(self, X, quantiles=None):
        """The mean of the target of each row, or quantiles.

        Parameters
        ----------
        X : DataFrame or array of shape (n_samples, n_features)
            Rows with the columns of fit.
        quantiles : float or array of shape (n_quantiles,), default=None
            Levels between 0 and 1. None means the mean.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_quantiles)
            Means, or quantiles in the order of the levels; of one level as a number, one column less.
        """
        if quantiles is None:
            return self._ask(X, lambda law, rows: law.mean())
        levels = np.atleast_1d(np.asarray(quantiles, dtype=float))
        if levels.ndim != 1 or not ((levels > 0) & (levels < 1)).all():
            raise ValueError(f"quantiles must be levels between 0 and 1, both excluded, got {quantiles!r}.")
        out = self._ask(X, lambda law, rows: law.quantiles(np.broadcast_to(levels, (len(rows), len(levels)))))
        return out[:, 0] if isinstance(quantiles, Real) else out

    def sample_y(self, X, n_samples=1, random_state=None):
        """Draw targets for rows.

        Parameters
        ----------
        X : DataFrame or array of shape (n_samples, n_features)
            Rows with the columns of fit.
        n_samples : int, default=1
            Draws for each row.
        random_state : int, RandomState instance, Generator or None, default=None
            Seed of this call. None means that of the regressor: where that is an int, the same rows get the same draws.

        Returns
        -------
        y : ndarray of shape (n_rows, n_samples)
            Independent draws from the law of the target given the row.
        """
        check_is_fitted(self)
        rng = generator_from(self.random_state if random_state is None else random_state)
        levels = rng.uniform(size=(_num_samples(X), check_count(n_samples)))
        return self._ask(X, lambda law, rows: law.quantiles(levels[rows]))

    def _ask(self, X, question):
        """What the laws of the rows answer, of so many rows at a time as memory allows."""
        check_is_fitted(self)
        X = check_table(self, X, reset=False)
        rows, most = np.arange(_num_samples(X)), self._target.most_rows
        parts = [rows[start : start + most] for start in range(0, len(rows), most)]
        settings = self._target, self.missing == "marginalize"
        laws = (target_law(self.density_, self._joined, _safe_indexing(X, part), *settings) for part in parts)
        return np.concatenate([question(law, part) for law, part in zip(laws, parts, strict=True)])

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        inner = get_tags(GaussianMixture() if self.density is None else self.density).input_tags
        tags.input_tags.allow_nan, tags.input_tags.string = inner.allow_nan, inner.string
        return tags
