"""GenerativeModel: the contract of every density on rows.

The public verbs are written here, once. A model writes hooks: ``_fit``, ``_sample``, ``_log_density`` and, where it
can, ``_sample_given`` or ``_propose_given``, ``_partial_fit``, ``_n_parameters``. It reads numbers, never a table, a
name or a seed.
"""

from __future__ import annotations

from abc import ABCMeta, abstractmethod

import numpy as np

from ._conditioning import check_marginals, log_marginal, read_conditions, sample_given
from ._density import bound_gap, log_density
from ._encoder import RowEncoder
from ._input import check_count, check_table, check_weights, encode_rows, take_rows, weights_in_rows
from ._random import BLOCK_ROWS, SampleStream, block_generator, claim_stream, generator_from, seed_from
from ._rejection import draw_block
from ._rollback import rollback
from ._sklearn import (
    BaseEstimator,
    DensityMixin,
    StrOptions,
    _fit_context,
    available_if,
    available_with,
    check_is_fitted,
)
from .exceptions import SchemaError
from .table import Schema, TableCodec

_NAMES_OF_INPUT = ("n_features_in_", "feature_names_in_")


def _has_exact_parameters(self):
    return hasattr(self, "_n_parameters") and getattr(self, "likelihood_", "exact") == "exact"


class GenerativeModel(DensityMixin, BaseEstimator, metaclass=ABCMeta):
    """Base class of generative models on rows.

    Subclasses write hooks and list their parameters; they define no public verb of this class.
    """

    _parameter_constraints: dict = {
        "categorical_features": [StrOptions({"from_dtype"}), "array-like"],
        "schema": [Schema, None],
        "random_state": ["random_state", np.random.Generator],
    }
    _view = "typed"
    _warm_start_keeps_codec = False
    _doc_link_module = "skgen"
    _doc_link_template = "https://skgen.readthedocs.io/en/latest/generated/skgen.{estimator_name}.html"

    # ---- hooks ---------------------------------------------------------------------------------------------------

    @abstractmethod
    def _fit(self, Z, sample_weight, rng):
        """Learn from numbers of shape (n, d); sets attributes ending in an underscore."""

    @abstractmethod
    def _sample(self, n, rng):
        """Draw a block of n rows of numbers."""

    @abstractmethod
    def _log_density(self, Z):
        """Log-density of numbers in nats; with an argument `known`, the log marginal of the known coordinates."""

    # ---- fit -----------------------------------------------------------------------------------------------------

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None, sample_weight=None):
        """Learn the law of the rows of a table.

        Parameters
        ----------
        X : DataFrame or array of shape (n_samples, n_features)
            The table as it comes: pandas, polars, an array or a list of rows; missing cells are part of the law.
        y : None
            Ignored. A class label is a column: leave it in `X` and use `given`.
        sample_weight : array of shape (n_samples,), default=None
            Weights of the rows, in rows: a row of weight 2 is two rows, one of weight 0 is invisible. Weights of mean
            below 1 (of those above 0), such as 1/n each, are divided by their mean.

        Returns
        -------
        self : GenerativeModel
            The fitted model.
        """
        with rollback(self):
            keeps = self._warm_start_keeps_codec and self.warm_start and hasattr(self, "codec_")
            self._fit_table(X, sample_weight, first=not keeps)
        return self

    @available_with("_partial_fit")
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y=None, sample_weight=None):
        """Go on learning from a further chunk of rows.

        Parameters
        ----------
        X : DataFrame or array of shape (n_samples, n_features)
            The chunk. The first one fixes ranges and levels; pass `schema` to state them.
        y : None
            Ignored.
        sample_weight : array of shape (n_samples,), default=None
            Weights of the rows, in rows, as they are: chunks keep their weight beside each other.

        Returns
        -------
        self : GenerativeModel
            The fitted model.
        """
        with rollback(self):
            self._fit_table(X, sample_weight, first=not hasattr(self, "codec_"), chunk=True)
        return self

    def _fit_table(self, X, sample_weight, first=True, chunk=False):
        X = check_table(self, X, reset=first)
        weight = check_weights(sample_weight, X)
        if weight is not None and (weight == 0).any():
            X, weight = take_rows(X, weight > 0), weight[weight > 0]
        if not chunk:
            weight = weights_in_rows(weight)
        seed = seed_from(self.random_state)
        if first:
            Z = self._start(X, weight, seed)
        else:
            Z = self.codec_.encode_typed(X)
        rng = generator_from(seed)
        hook = self._partial_fit if chunk else self._fit
        if self._view == "typed":
            hook(Z, weight, rng)
            return
        encode = RowEncoder(self.codec_, Z, seed)
        hook(encode(rng)[0], weight, rng, encode)
        if not self.codec_.exact_:
            self.bound_gap_ = bound_gap(self, Z)

    def _start(self, X, weight, seed):
        """Schema, codec, stream and what the scores will be; the typed view of the rows."""
        schema = self.schema
        if schema is not None and not (isinstance(self.categorical_features, str)):
            raise ValueError("Pass either schema or categorical_features, not both: the schema states the categories.")
        if schema is None:
            schema = Schema.infer(X, categorical_features=self.categorical_features, sample_weight=weight)
        if not schema.is_frame and X.shape[1] != len(schema):
            raise SchemaError(f"X must have the {len(schema)} columns of the schema, got {X.shape[1]}.")
        self._forget()
        self.codec_ = TableCodec(view=self._view, marginals=getattr(self, "marginals", "gaussianize"))
        Z = self.codec_.fit_encode(X, schema, weight)
        self.schema_ = schema
        self.likelihood_ = "exact" if self.codec_.exact_ else "lower_bound"
        self.stream_ = SampleStream(seed)
        return Z

    def _forget(self):
        """Drop what an earlier fit left, unless this one starts from it."""
        if getattr(self, "warm_start", False):
            return
        for name in [name for name in vars(self) if name.endswith("_") and name not in _NAMES_OF_INPUT]:
            delattr(self, name)

    # ---- sample --------------------------------------------------------------------------------------------------

    def sample(self, n_samples=1, *, given=None, random_state=None):
        """Draw rows.

        Parameters
        ----------
        n_samples : int, default=1
            How many rows.
        given : dict or DataFrame, default=None
            Conditions. A dict maps columns to a value, a list of allowed values, a `pandas.Interval` or
            `skgen.MISSING`, for every row; a table holds one row of values per sample, and its empty cells are drawn.
        random_state : int, RandomState instance, Generator or None, default=None
            Seed of this call. By default the model's own stream goes on: a script is reproducible, two calls differ.

        Returns
        -------
        X : DataFrame or array of shape (n_samples, n_features)
            Rows in the container, columns, order and dtypes of fit, with a fresh index.

        Raises
        ------
        LowSupportError
            If almost no draw meets the conditions.
        """
        check_is_fitted(self)
        n_samples = check_count(n_samples)
        spec = read_conditions(self, n_samples, given)
        seed, call = claim_stream(self.stream_, random_state)
        if spec is not None:
            return self.codec_.decode_typed(sample_given(self, n_samples, spec, seed, call))
        Z = np.empty((n_samples, self.n_features_in_))
        for block in range(-(-n_samples // BLOCK_ROWS)):
            at = slice(block * BLOCK_ROWS, min((block + 1) * BLOCK_ROWS, n_samples))
            Z[at] = draw_block(self, block_generator(seed, call, block))[: at.stop - at.start]
        return self.codec_.decode_typed(Z)

    # ---- score ---------------------------------------------------------------------------------------------------

    def score_samples(self, X, *, given=None):
        """Log-density of rows.

        Parameters
        ----------
        X : DataFrame or array of shape (n_samples, n_features)
            Rows with the columns of fit. An empty cell is the event "missing".
        given : list of str or int, default=None
            Columns to condition on: the result is log p(the other columns | those). A model fitted with `condition_on`
            always conditions on those columns.

        Returns
        -------
        log_density : ndarray of shape (n_samples,)
            Nats per row, in the original units: see `schema_` for the measure, `likelihood_` for what they are and, of
            models fitted with `condition_on`, `conditional_on_` for the columns that are given.
        """
        check_is_fitted(self)
        known = None if given is None else check_marginals(self, given)
        Z = encode_rows(self, X)
        joint = log_density(self, Z)
        if known is None:
            return joint
        with np.errstate(invalid="ignore"):
            return np.where(np.isneginf(joint), -np.inf, joint - log_marginal(self, Z, known))

    def score(self, X, y=None, sample_weight=None):
        """Mean log-density of rows.

        Parameters
        ----------
        X : DataFrame or array of shape (n_samples, n_features)
            Rows with the columns of fit.
        y : None
            Ignored.
        sample_weight : array of shape (n_samples,), default=None
            Weights of the rows.

        Returns
        -------
        score : float
            Nats per row; higher is better.
        """
        return float(np.average(self.score_samples(X), weights=check_weights(sample_weight, X)))

    @available_if(_has_exact_parameters)
    def bic(self, X):
        """Bayesian information criterion, log(n) k - 2 log L for k parameters; lower is better.

        Parameters
        ----------
        X : DataFrame or array of shape (n_samples, n_features)
            Rows, all of weight 1.

        Returns
        -------
        float
            Nats, of all rows together.
        """
        return float(self._n_parameters() * np.log(len(X)) - 2 * self.score_samples(X).sum())

    @available_if(_has_exact_parameters)
    def aic(self, X):
        """Akaike information criterion, 2 k - 2 log L for k parameters; lower is better.

        Parameters
        ----------
        X : DataFrame or array of shape (n_samples, n_features)
            Rows, all of weight 1.

        Returns
        -------
        float
            Nats, of all rows together.
        """
        return float(2 * self._n_parameters() - 2 * self.score_samples(X).sum())

    # ---- for models ----------------------------------------------------------------------------------------------

    def _encode(self, X):
        """The numbers of this model's view for rows of a table."""
        Z = encode_rows(self, X)
        return Z if self._view == "typed" else self.codec_.real.encode(Z, np.full(Z.shape, 0.5))[0]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        return tags
