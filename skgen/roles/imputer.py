"""GenerativeImputer: empty cells drawn from a density, given the cells of their row that are there.

    x_empty ~ p(x_empty | x_known, no cell is missing)

The density learns from incomplete rows by stochastic EM: fit, draw the empty cells, fit again.
"""

from __future__ import annotations

import inspect
from numbers import Integral

import numpy as np
from sklearn.base import OneToOneFeatureMixin, TransformerMixin
from sklearn.frozen import FrozenEstimator

from .._delegated import schema_parameter, unwrapped
from .._input import check_table
from .._random import block_generator, generator_from, seed_from
from .._rollback import rollback
from .._sklearn import BaseEstimator, HasMethods, Interval, _fit_context, _safe_indexing, check_is_fitted, clone
from ..exceptions import SchemaError
from ..table import Schema, TableCodec
from ._inner_density import check_samples, share_schema
from ._marginals import codec_of
from ._rows_draws import EmptyCells
from ._rows_mixture import PowerMixture

#: Complete rows for each column from which the first fit learns from these alone.
_COMPLETE_ROWS = 20


class GenerativeImputer(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Imputation of empty cells by draws from a density, given the other cells of their row.

    Any density with conditional samples serves, on tables of any types. One draw for each cell keeps the spread of the
    columns and what ties them together; the mean of many is the better guess of a single cell; and a list of completed
    tables (multiple imputation; Rubin 1987) shows how much the guesses are worth.

    Parameters
    ----------
    density : estimator, default=None
        A density whose `sample` takes `given`. None means a Gaussian mixture on Yeo-Johnson powers of the numbers, with
        categories that have their own law in each component, and as many components (1 to 16) as lower the BIC; draws
        beyond the seen range of a column are put at its end. A fitted density in a `FrozenEstimator` imputes as it is.
        Its parameters are searched as `density__...`.
    n_imputations : int, default=1
        How many times each empty cell is drawn. `transform` gives the mean of the draws, rounded to the grid of the
        column, and of categories the most frequent one; 20 come close to the best guess. `sample_imputations` gives
        the tables of all draws.
    n_rounds : int, default=5
        How many times the density is fitted to incomplete rows, with fresh draws of their empty cells from the fit
        before in between. The first fit learns from the complete rows where these are enough, else from cells of other
        rows in the place of the empty ones.
    random_state : int, RandomState instance, Generator or None, default=None
        Seed of the rounds and of the draws. The density keeps its own `random_state`.

    Attributes
    ----------
    density_ : estimator
        The fitted density; by default a mixture that draws rows and has no scores.
    schema_ : Schema
        Names, kinds and base measure of the columns.
    n_features_in_ : int
        Number of columns.

    See Also
    --------
    AutoregressiveNetwork : A density with good conditional samples on mixed types.

    Notes
    -----
    The rounds are stochastic EM (Celeux and Diebolt 1985): sound where cells are missing at random, that is where what
    is missing depends on no more than the cells that are there. A density that is fitted once to the rows as they come
    knows "missing" as a value like others instead, and is asked for its law given that no cell is missing: so it is
    with frozen ones.

    `transform` draws from a fixed seed: the same table gives the same result, but a row that stands in another table
    gets other draws.

    References
    ----------
    Celeux, G. and Diebolt, J. (1985). The SEM algorithm: a probabilistic teacher algorithm derived from the EM
    algorithm for the mixture problem. Computational Statistics Quarterly 2.

    Rubin, D. B. (1987). Multiple Imputation for Nonresponse in Surveys.

    Examples
    --------
    >>> import numpy as np
    >>> from skgen import GenerativeImputer
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=500)
    >>> X = np.column_stack([x, 2 * x + 0.1 * rng.normal(size=500)])
    >>> X[:100, 1] = np.nan
    >>> imputer = GenerativeImputer(n_imputations=20, random_state=0)
    >>> filled = imputer.fit_transform(X)
    >>> round(np.abs(filled[:100, 1] - 2 * x[:100]).mean(), 1)
    np.float64(0.0)
    """

    _parameter_constraints: dict = {
        "density": [HasMethods(["fit"]), None],
        "n_imputations": [Interval(Integral, 1, None, closed="left")],
        "n_rounds": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state", np.random.Generator],
    }
    _doc_link_module = "skgen"
    _doc_link_template = "https://skgen.readthedocs.io/en/latest/generated/skgen.{estimator_name}.html"

    def __init__(self, density=None, n_imputations=1, *, n_rounds=5, random_state=None):
        self.density = density
        self.n_imputations = n_imputations
        self.n_rounds = n_rounds
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y=None):
        """Learn the law of the rows.

        Parameters
        ----------
        X : DataFrame or array of shape (n_samples, n_features)
            The table as it comes, with empty cells.
        y : None
            Ignored.

        Returns
        -------
        self : GenerativeImputer
            The fitted imputer.

        Raises
        ------
        ValueError
            If the `sample` of `density` takes no `given`.
        SchemaError
            If a column has no value to learn from, or a frozen density was fitted to other columns.
        """
        with rollback(self):
            X = check_table(self, X, reset=True)
            self._seed = seed_from(self.random_state)
            if self.density is not None:
                check_samples(self.density, type(self).__name__)
            density = self._unfitted(X)
            _check_takes_given(density)
            is_frozen = isinstance(density, FrozenEstimator)
            self.codec_ = _codec_of(density, X) if is_frozen else TableCodec().fit(X, _schema_for(density, X))
            self.schema_ = self.codec_.schema
            cells = EmptyCells(self.codec_, X)
            if not is_frozen:  # what is fitted knows the law of a column whatever this table shows
                _check_columns(cells, self.schema_)
            self.density_ = density if is_frozen else self._fit_rounds(density, cells)
        return self

    def transform(self, X):
        """The table with its empty cells filled.

        Parameters
        ----------
        X : DataFrame or array of shape (n_samples, n_features)
            Rows with the columns of fit.

        Returns
        -------
        X : DataFrame or array of shape (n_samples, n_features)
            The same table, without empty cells: numbers are the mean of `n_imputations` draws, categories the most
            frequent one.
        """
        cells = self._cells(X)
        return cells.fill(cells.average(self._draws(cells, self.n_imputations, None)))

    def sample_imputations(self, X, n_imputations=None, *, random_state=None):
        """Completed tables, each with its own draws.

        Parameters
        ----------
        X : DataFrame or array of shape (n_samples, n_features)
            Rows with the columns of fit.
        n_imputations : int, default=None
            How many tables; those of the constructor where None.
        random_state : int, RandomState instance, Generator or None, default=None
            Seed of this call. None means that of `transform`, which averages the same draws.

        Returns
        -------
        tables : list of DataFrame or array of shape (n_samples, n_features)
            The completed tables.
        """
        n = self.n_imputations if n_imputations is None else n_imputations
        if not isinstance(n, Integral) or isinstance(n, bool) or n < 1:
            raise ValueError(f"n_imputations must be a positive integer, got {n!r}.")
        cells = self._cells(X)
        return [cells.fill(numbers) for numbers in self._draws(cells, int(n), random_state)]

    # ---- helpers -------------------------------------------------------------------------------------------------

    def _unfitted(self, X):
        if self.density is None:
            return PowerMixture(schema=Schema.infer(X), random_state=self._seed)
        if isinstance(self.density, FrozenEstimator):
            return clone(self.density)
        return share_schema(self.density, X, None)

    def _fit_rounds(self, density, cells):
        """A density that is fitted to the rows with their empty cells drawn from the fit before."""
        if not cells.empty.any():
            return density.fit(cells.X)
        complete = np.flatnonzero(~cells.empty.any(axis=1))
        if _show_all_levels(cells, complete):
            table = _safe_indexing(cells.X, complete)
        else:
            table = cells.fill(cells.hot_deck(generator_from(self._seed)))
        fitted = clone(density).fit(table)
        for k in range(1, self.n_rounds):
            seed = seed_from(block_generator(self._seed, 1, k))
            fitted = clone(density).fit(cells.fill(cells.draw(fitted, 1, seed)[0]))
        return fitted

    def _cells(self, X):
        check_is_fitted(self)
        return EmptyCells(self.codec_, check_table(self, X, reset=False))

    def _draws(self, cells, n, random_state):
        return cells.draw(self.density_, n, self._seed if random_state is None else seed_from(random_state))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        return tags


def _schema_for(density, X):
    """The schema that an unfitted density will read the table by."""
    name = schema_parameter(density)
    schema = None if name is None else density.get_params()[name]
    return Schema.infer(X) if schema is None else schema


def _codec_of(density, X):
    """The codec of a fitted density, which knows levels and columns that the table does not show."""
    check_is_fitted(unwrapped(density))
    codec = codec_of(density)
    if codec is None:
        return TableCodec().fit(X, getattr(unwrapped(density), "schema_", None))
    if X.shape[1] != len(codec.columns):
        raise SchemaError(f"The frozen density was fitted to {len(codec.columns)} columns, got {X.shape[1]}.")
    return codec


def _check_columns(cells, schema):
    names = [column.name for column, none in zip(schema.columns, cells.empty.all(axis=0)) if none]
    if names:
        raise SchemaError(f"Columns {names} have no value to learn from. Drop them before imputing.")


def _check_takes_given(density):
    """An error where a density says that it has no conditional samples."""
    density = unwrapped(density)
    density = getattr(density, "estimator", density)  # of a search what it searches
    if "given" not in inspect.signature(density.sample).parameters:
        raise ValueError(
            f"density of GenerativeImputer must have conditional samples, sample(given=...); {type(density).__name__} "
            "has none. Use a model of skgen: its GaussianMixture and KernelDensity take given."
        )


def _show_all_levels(cells, complete):
    """Whether the complete rows are enough to start from, and show each level of each category."""
    if len(complete) < _COMPLETE_ROWS * cells.Z.shape[1]:
        return False
    return all(
        is_number or len(np.unique(z)) == column.n_codes
        for z, is_number, column in zip(cells.Z[complete].T, cells.is_number, cells.codec.columns)
    )
