"""TransformedDensity: a density of transformed rows, made one of the rows themselves.

    log p(x)  =  log q(T(x)) + log|det J_T(x)| - log m,

q the density that is fitted to T(x), m the mass that it puts where rows are sent to.
"""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
from sklearn import config_context, get_config
from sklearn.base import is_outlier_detector
from sklearn.compose import ColumnTransformer
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing
from sklearn.utils.validation import check_memory

from .._delegated import DelegatedDensity, draw_rows, fitted_clone, schema_parameter, unwrapped
from .._input import take_rows, weights_in_rows
from .._random import BLOCK_ROWS, block_generator
from .._sklearn import HasMethods, StrOptions, _safe_indexing, clone, get_tags, has_fit_parameter
from ..base import GenerativeModel
from ..exceptions import LostMassWarning, RejectionError, SchemaError, UnsupportedGivenError
from ..table import Schema, TableCodec
from ..table._frames import is_frame
from ..table.given import parse_given
from ._change import row_sums
from ._conditions import chance_of_lists, inner_name, inner_position, to_inner
from ._function import IdentityChange
from ._inner_schema import check_smooth, inner_schema
from ._places import placed_rows
from ._row_map import RowMap, by_source
from .jacobian import change_of

#: Fixed draws by which the mass in the image is estimated, their seed, and the loss that is warned of.
MASS_DRAWS, MASS_SEED, MOST_LOST = 100_000, 0, 0.01


def _fit_transformer(transformer, X, fit_params, routes=False):
    with config_context(**({"enable_metadata_routing": True} if routes else {})):
        return transformer.fit(X, None, **fit_params)


def _is_identity(transformer):
    return transformer is None or isinstance(transformer, str)


def _weight_params(transformer, weight):
    """The parameters of `fit` by which a transformer, or its parts, take weights; none where none does."""
    parts = [part for part in _parts(transformer) if has_fit_parameter(part, "sample_weight")]
    return {"sample_weight": weight} if parts else {}


def _parts(transformer):
    """The steps of pipelines and column transformers, of which some may take weights; any other one as it is."""
    if isinstance(transformer, Pipeline):
        inner = [step for _, step in transformer.steps]
    elif isinstance(transformer, ColumnTransformer):
        inner = [*(part for _, part, _ in transformer.transformers), transformer.remainder]
    else:  # what is frozen is not fitted
        return [transformer] if hasattr(transformer, "fit") and not isinstance(transformer, FrozenEstimator) else []
    return [part for step in inner for part in _parts(step)]


def _asking(transformer):
    """A clone whose parts ask for weights, as scikit-learn's routing wants it."""
    transformer = clone(transformer)
    with config_context(enable_metadata_routing=True):
        for part in _parts(transformer):
            if has_fit_parameter(part, "sample_weight"):
                part.set_fit_request(sample_weight=True)
    return transformer


def _check_states_nothing(density, name):
    """What a density states of columns would be of the transformed ones, whose measure follows from the original."""
    params = density.get_params()
    twin = name.removesuffix("schema") + "categorical_features"
    if params[name] is not None or not isinstance(params.get(twin, ""), str):
        raise ValueError(
            "The density sets its own schema or categorical_features. Those of the original columns decide: "
            "pass them to TransformedDensity instead."
        )


def _state_schema(density, name, rows, N, X, weight):
    """Hand the density the schema of its rows, unless they are plain points of R^d."""
    is_plain = not rows.in_frame and all(c.kind == "number" and not c.resolution for c in rows.codec.schema.columns)
    if not is_plain:
        density.set_params(**{name: inner_schema(rows, N, lambda: rows.to_density(X, N), weight)})


def _line_schema(schema):
    """The schema with every number a point of the line."""
    numbers = {"source": "float", "dtype": "float64", "exponent": None, "origin": 0}
    columns = [replace(c, **numbers) if c.kind == "number" and not c.tick else c for c in schema.columns]
    return Schema(columns, schema.container, schema.dtype)


def _read_as_line(density, rows, N, weight):
    """Points of R^d for a density without a schema: each column must be a number."""
    for j, column in enumerate(rows.codec.schema.columns):
        if column.kind == "category" or column.tick:
            raise SchemaError(
                f"Column {column.name!r} is no number, and {type(unwrapped(density)).__name__} here reads points of "
                "R^d. Use a model of skgen that is not frozen, or leave the column out."
            )
        check_smooth(column, N[:, j], weight)
    if isinstance(density, FrozenEstimator) and hasattr(unwrapped(density), "feature_names_in_"):
        rows.seen_as = unwrapped(density)


class TransformedDensity(DelegatedDensity):
    """A density behind a transformer, as a density of the original rows.

    `sklearn.pipeline.Pipeline` scores the *transformed* rows, in units of its own making: a search over transformers
    then picks the one that shrinks the units most. Here the log-Jacobian of the transformer is added, so that scores
    are nats of the original rows and compare; samples come back through the inverse, `given` goes through.

    Columns on a grid (of frames) keep their base measure: through a scaler cells keep their mass; where the map is
    bent a smooth column is learnt with its rows anywhere in their cells, and takes the Jacobian at the cells'
    centres. Categories, dates and the like pass a `ColumnTransformer` by ``remainder="passthrough"``. A density of
    scikit-learn, or one in a `FrozenEstimator`, reads the rows as points of R^d, whatever their grid: `schema_`
    says so.

    Parameters
    ----------
    transformer : transformer, "passthrough" or None
        One-to-one: a scaler, `PowerTransformer`, `QuantileTransformer`, a `PCA` that keeps all dimensions,
        `FunctionTransformer` with a known function, `Pipeline` or `ColumnTransformer` of these, or one of your own with
        a method ``log_abs_det_jacobian(X)``. See `skgen.compose.log_abs_det_jacobian`.
    density : estimator
        A model of skgen, `sklearn.neighbors.KernelDensity` or `sklearn.mixture.GaussianMixture`, a search over such.
    categorical_features : "from_dtype", mask or names, default="from_dtype"
        Columns to read as categories.
    schema : Schema or None, default=None
        Kinds and base measure of the columns; inferred from the table where None.
    memory : str, joblib.Memory or None, default=None
        Where fitted transformers are cached, so that a search over the density fits each once.

    Attributes
    ----------
    transformer_ : transformer
        The fitted transformer.
    density_ : estimator
        The fitted density of the transformed rows.
    mass_ : float
        The mass that `density_` puts where rows are sent to, estimated from 100,000 fixed draws; scores are divided by
        it and other draws are drawn again. 1 where no mass can be lost.
    rows_ : RowMap
        The map between tables and the density's rows.
    schema_ : Schema
        The schema of the original rows.
    likelihood_ : str
        What the scores are, as of `density_`.

    See Also
    --------
    make_density_pipeline : The short way to one with several transformers.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.preprocessing import PowerTransformer, StandardScaler
    >>> from skgen import GaussianMixture, TransformedDensity
    >>> X = np.random.default_rng(0).lognormal(3, 1, size=(1000, 1))
    >>> for transformer in ("passthrough", StandardScaler(), PowerTransformer("box-cox")):
    ...     model = TransformedDensity(transformer, GaussianMixture(random_state=0)).fit(X)
    ...     print(round(model.score(X), 2))
    -5.02
    -5.02
    -4.35
    >>> bool((model.sample(1000) > 0).all())
    True
    """

    _parameter_constraints: dict = {
        "transformer": [HasMethods(["fit", "transform"]), StrOptions({"passthrough"}), None],
        "density": [HasMethods(["fit", "score_samples"])],
        "categorical_features": [StrOptions({"from_dtype"}), "array-like"],
        "schema": [Schema, None],
        "memory": [None, str, HasMethods(["cache"])],
    }

    def __init__(self, transformer, density, *, categorical_features="from_dtype", schema=None, memory=None):
        self.transformer = transformer
        self.density = density
        self.categorical_features = categorical_features
        self.schema = schema
        self.memory = memory

    # ---- fit -----------------------------------------------------------------------------------------------------

    def _fit_density(self, X, sample_weight):
        self._check_density()
        if sample_weight is not None:
            X, sample_weight = take_rows(X, sample_weight > 0), weights_in_rows(sample_weight[sample_weight > 0])
        key = schema_parameter(self.density)
        if key is None and not is_frame(X):
            X = np.asarray(X, dtype=np.float64)
        params = self._routed(sample_weight)
        weight = np.ones(len(X)) if sample_weight is None else sample_weight
        codec = TableCodec()
        codec.fit_encode(X, self._schema_of(X, sample_weight, key is None), weight)
        self.transformer_, change = self._fitted_change(X, params["transformer"])
        is_frozen = isinstance(self.density, FrozenEstimator)
        order = np.arange(len(change.sources)) if is_frozen else by_source(change.sources)
        rows = self.rows_ = RowMap(change, codec, key is None, order)
        N = rows.numbers(X)
        rows.learn_places(N)
        rows.check_columns()
        rows.check_domain(N)
        rows.check_round_trip(N)
        density = clone(self.density)
        if key is None:
            _read_as_line(density, rows, N, weight)
        else:
            _state_schema(density, key, rows, N, X, weight)
        at, N, weight = placed_rows(rows, N, None if is_frozen else params["density"].get("sample_weight"))
        if weight is not None:
            params["density"] = {**params["density"], "sample_weight": weight}
        X = X if len(at) == len(X) else _safe_indexing(X, at)
        self.density_ = fitted_clone(density, rows.to_density(X, N), **params["density"])
        self._check_conditional()
        self.mass_ = self._estimated_mass()

    def _check_density(self):
        if isinstance(self.density, Pipeline):
            raise ValueError(
                "density is a Pipeline, whose scores are those of its own transformed rows. Put its transformers into "
                "`transformer`: make_density_pipeline(*transformers, density)."
            )
        if is_outlier_detector(self.density):
            raise ValueError(
                f"score_samples of {type(self.density).__name__} is an outlier score, not a log-density. "
                "Use a density, such as GaussianMixture."
            )

        key = schema_parameter(self.density)
        if key is not None:
            _check_states_nothing(self.density, key)

    def _schema_of(self, X, weight, is_line):
        """The schema of the original rows."""
        if self.schema is None:
            schema = Schema.infer(X, categorical_features=self.categorical_features, sample_weight=weight)
            return _line_schema(schema) if is_line else schema
        if not isinstance(self.categorical_features, str):
            raise ValueError("Pass either schema or categorical_features, not both: the schema states the categories.")
        return self.schema

    def _routed(self, weight):
        """The parameters of `fit` for the transformer and the density."""
        given = {} if weight is None else {"sample_weight": weight}
        if get_config()["enable_metadata_routing"]:
            routed = process_routing(self, "fit", **given)
            transformer = {} if _is_identity(self.transformer) else routed.transformer.fit
            return {"transformer": transformer, "density": routed.density.fit}
        transformer = {} if weight is None else _weight_params(self.transformer, weight)
        return {"transformer": transformer, "density": given}

    def _fitted_change(self, X, fit_params):
        """The fitted transformer and its change of variables."""
        if _is_identity(self.transformer):
            return None, IdentityChange(self.n_features_in_)
        if isinstance(X, np.ndarray) and X.dtype.kind == "f":
            X = X.astype(np.float64, copy=False)  # as it is asked later
        fit = check_memory(self.memory).cache(_fit_transformer)
        is_made_of_parts = isinstance(self.transformer, Pipeline | ColumnTransformer)
        if fit_params and is_made_of_parts and not get_config()["enable_metadata_routing"]:
            transformer = fit(_asking(self.transformer), X, fit_params, True)
        else:
            transformer = fit(clone(self.transformer), X, fit_params)
        return transformer, change_of(transformer, self.n_features_in_)

    def _conditional(self):
        """Mask of the density's columns that it was fitted to be given."""
        names = getattr(self._held, "conditional_on_", [])
        own = list(self._held.schema_.names) if names else []
        mask = np.zeros(self.n_features_in_, bool)
        mask[[own.index(name) for name in names]] = True
        return mask

    def _check_conditional(self):
        conditional = self._conditional()
        if conditional.any() and (self.rows_.sources[conditional] < 0).any():
            raise UnsupportedGivenError(
                "The density is given columns (condition_on) that the transformer mixes with others: the original "
                "columns are then not given. Use a transformer that changes each column alone."
            )
        if conditional.any() and self.rows_.bounded:
            raise UnsupportedGivenError(
                "The transformer sends rows to a part of the space only, and how much of its mass a density with "
                "condition_on puts there depends on what is given. Use a transformer without bounds, and state none."
            )

    def _estimated_mass(self):
        """The share of fixed draws that have an original; a warning where that loses more than 1 %."""
        if not self.rows_.bounded:
            return 1.0
        mass = float(self.rows_.contains(self._fixed_draws()).mean())
        if mass == 0:
            raise RejectionError(
                "No draw of the density has an original: it puts its mass where the transformer sends no row. "
                "Use another transformer, or a density of fewer parameters."
            )
        if mass < 1 - MOST_LOST:
            warnings.warn(
                f"The density puts {1 - mass:.1%} of its mass where the transformer sends no row, or beyond stated "
                "bounds. Scores are divided by the rest and such draws drawn again; a transformer without bounds may "
                "fit better.",
                LostMassWarning,
                stacklevel=5,
            )
        return mass

    def _fixed_draws(self):
        """Draws of the density's whole law: of a model of frames before its range cuts it."""
        held, rows = self._held, self.rows_
        if not rows.in_frame or not isinstance(held, GenerativeModel):
            return rows.to_numbers(draw_rows(held, MASS_DRAWS, None, MASS_SEED, 0))
        blocks = range(-(-MASS_DRAWS // BLOCK_ROWS))
        Z = [held.codec_.to_typed(held._sample(BLOCK_ROWS, block_generator(MASS_SEED, 0, b))) for b in blocks]
        return rows.unordered(np.concatenate(Z))

    # ---- delegation ------------------------------------------------------------------------------------------------

    def _to_density(self, X):
        return self.rows_.to_density(self._as_read(X))

    def _as_read(self, X):
        """Arrays for a density of R^d are floats, whatever they were."""
        is_line = isinstance(X, np.ndarray) and self.rows_.codec.schema.dtype == "float64"
        return X.astype(np.float64, copy=False) if is_line else X

    def _from_density(self, rows, given=None):
        conditions = None if given is None else parse_given(given, self.rows_.codec)
        return self.rows_.from_density(rows, conditions)

    def _has_original(self, rows):
        return self.rows_.has_original(rows) if len(rows) else None

    def _chance(self, rows, given):
        return chance_of_lists(self.rows_, rows, parse_given(given, self.rows_.codec))

    def _given_to_density(self, given):
        return to_inner(self.rows_, given, parse_given(given, self.rows_.codec))

    def _columns_to_density(self, given):
        if self.mass_ < 1:
            raise UnsupportedGivenError(
                f"The density puts {1 - self.mass_:.1%} of its mass where the transformer sends no row, and how much "
                "depends on what is given: score_samples has no given here. Use a transformer without bounds."
            )
        return [inner_name(self.rows_, i) for i in self._given_positions(given)]

    def _given_positions(self, given):
        return [inner_position(self.rows_, name) for name in ([given] if isinstance(given, str) else given)]

    def _log_factor(self, X, given=None):
        terms = self.rows_.log_derivatives(self._as_read(X))
        known = self._conditional()
        known[self._given_positions([] if given is None else given)] = True
        return row_sums(np.where(known & np.isfinite(terms), 0.0, terms)) - np.log(self.mass_)

    def _original_schema(self):
        return self.rows_.codec.schema

    # ---- scikit-learn --------------------------------------------------------------------------------------------

    def get_metadata_routing(self):
        """Where `sample_weight` goes: see scikit-learn's user guide on metadata routing.

        Returns
        -------
        routing : MetadataRouter
            The routes to the transformer and the density.
        """
        mapping = MethodMapping().add(caller="fit", callee="fit")
        router = MetadataRouter(owner=self).add_self_request(self).add(density=self.density, method_mapping=mapping)
        if _is_identity(self.transformer):
            return router
        return router.add(transformer=self.transformer, method_mapping=mapping)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        parts = [self.density] if _is_identity(self.transformer) else [self.density, self.transformer]
        inputs = [get_tags(part).input_tags for part in parts]
        tags.input_tags.allow_nan = all(part.allow_nan for part in inputs)
        tags.input_tags.string = all(part.string for part in inputs)
        return tags
