"""DelegatedDensity: the verbs of the contract, written once more by delegation to a density that it holds.

    log p(x)  =  log p_density(T(x)) + log_factor(x),

T the map of rows that a subclass writes (the identity unless it does).
"""

from __future__ import annotations

import copy
import inspect
from abc import ABCMeta, abstractmethod

import numpy as np
from sklearn.frozen import FrozenEstimator

from ._input import check_count, check_table, check_weights, take_rows
from ._random import BLOCK_ROWS, SampleStream, block_generator, claim_stream, generator_from, seed_from
from ._rollback import rollback
from ._sklearn import BaseEstimator, DensityMixin, _fit_context, check_is_fitted, clone, has_fit_parameter
from .exceptions import RejectionError, UnsupportedGivenError

#: Rounds of draws for rows that have no original; below 1 in 1,000 the density does not describe the rows.
MOST_ROUNDS = 1000
#: Share of draws with an original from which on a row finds one in so many rounds.
_FOUND_SURELY = 0.01

_NAMES_OF_INPUT = ("n_features_in_", "feature_names_in_")
_SKLEARN_SEEDS = 2**32


def unwrapped(density):
    """The density itself within a `FrozenEstimator` or a fitted search."""
    while True:
        if isinstance(density, FrozenEstimator):
            density = density.estimator
        elif hasattr(density, "best_estimator_"):
            density = density.best_estimator_
        else:
            return density


def is_frozen(density) -> bool:
    """Whether a density is a `FrozenEstimator`, or holds one as the density that it searches or hands rows to."""
    while hasattr(density, "get_params"):
        if isinstance(density, FrozenEstimator):
            return True
        own = density.get_params(deep=False)
        density = own.get("density", own.get("estimator"))
    return False


def schema_parameter(density):
    """Name of the parameter by which a density, or what a search searches, takes the schema of X; None without one.

    Densities of transformed rows inside a density have parameters called `schema` as well, but of other rows.
    """
    prefix = ""
    while "schema" not in (own := density.get_params(deep=False)):
        if isinstance(density, FrozenEstimator) or not hasattr(own.get("estimator"), "get_params"):
            return None
        density, prefix = own["estimator"], f"{prefix}estimator__"
    return f"{prefix}schema"


def check_weighted(density, sample_weight, name=None):
    """An error where weights are given that the density, of some name, cannot take."""
    if sample_weight is None or isinstance(density, FrozenEstimator):
        return
    if not has_fit_parameter(getattr(density, "estimator", density), "sample_weight"):
        raise ValueError(
            f"sample_weight was given, but fit of {name or type(density).__name__} takes none. Use a density that "
            "does, such as those of skgen, or leave the weights out."
        )


def fitted_clone(density, X, sample_weight=None, **fit_params):
    """A clone of a density, fitted (a frozen one as it is); weights raise where it takes none."""
    check_weighted(density, sample_weight)
    if sample_weight is not None and not isinstance(density, FrozenEstimator):
        fit_params["sample_weight"] = sample_weight
    return clone(density).fit(X, None, **fit_params)


def is_ours(density) -> bool:
    """Whether a fitted density has the verbs of this package, not those of scikit-learn."""
    return hasattr(density, "schema_")


def draw_rows(density, n, given, seed, call):
    """Rows of a fitted density, of this package or of scikit-learn, as a function of the seed and the call alone."""
    if is_ours(density):
        return density.sample(n, given=given, random_state=seed_from(block_generator(seed, call, 0)))
    if given is not None:
        raise UnsupportedGivenError(
            f"{type(density).__name__} of scikit-learn has no conditional samples. Use the model of skgen: its "
            "GaussianMixture and KernelDensity take given."
        )
    blocks = [_draw_block(density, block_generator(seed, call, block)) for block in range(max(-(-n // BLOCK_ROWS), 1))]
    return np.concatenate(blocks)[:n]


def _draw_block(density, rng):
    """A block of rows of a density of scikit-learn; mixtures return (rows, component), sorted by the component."""
    seed = seed_from(rng) % _SKLEARN_SEEDS
    if "random_state" in inspect.signature(density.sample).parameters:
        rows = density.sample(BLOCK_ROWS, random_state=seed)
    else:
        density = copy.copy(density)
        density.random_state = seed
        rows = density.sample(BLOCK_ROWS)
    rows = rows[0] if isinstance(rows, tuple) else rows
    return rng.permutation(np.asarray(rows))


def _replace_rows(rows, others, at):
    """The rows, those at the positions `at` taken from `others`."""
    rows = rows.copy()
    if hasattr(rows, "iloc"):
        rows.iloc[at] = others.iloc[at]
    else:
        rows[at] = others[at]
    return rows


class DelegatedDensity(DensityMixin, BaseEstimator, metaclass=ABCMeta):
    """Base class of densities that hold another density, `density_`, and delegate the verbs to it.

    Subclasses write `_fit_density`, which sets `density_`, and, where rows are not handed on as they are, the hooks
    below it. The held density may be a model of this package, one of scikit-learn, or either in a `FrozenEstimator` or
    a fitted search.
    """

    _parameter_constraints: dict = {}
    _doc_link_module = "skgen"
    _doc_link_template = "https://skgen.readthedocs.io/en/latest/generated/skgen.{estimator_name}.html"

    # ---- hooks ---------------------------------------------------------------------------------------------------

    @abstractmethod
    def _fit_density(self, X, sample_weight):
        """Learn from a checked table and weights (or None); sets `density_`."""

    def _to_density(self, X):
        """Rows as `density_` takes them."""
        return X

    def _from_density(self, rows, given=None):
        """Original rows of those that `density_` drew, under the original conditions where there are any."""
        return rows

    def _log_factor(self, X, given=None):
        """Nats to be added to the scores of `density_`, -inf where X has density 0; for given columns, of the rest."""
        return np.zeros(len(X))

    def _given_to_density(self, given):
        """Conditions of `sample` as `density_` takes them."""
        return given

    def _columns_to_density(self, given):
        """The columns that `score_samples` is to condition on, as `density_` names them."""
        return given

    def _has_original(self, rows):
        """Mask of the rows of `density_` that `_from_density` has an original for; None where each has one."""
        return None

    def _chance(self, rows, given):
        """Chance of each row of `density_`, drawn under the original conditions, to stay; None where all are to."""
        return None

    def _original_schema(self):
        """The schema of the original rows."""
        return self._held.schema_

    # ---- fit -----------------------------------------------------------------------------------------------------

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y=None, sample_weight=None):
        """Learn the law of the rows of a table.

        Parameters
        ----------
        X : DataFrame or array of shape (n_samples, n_features)
            The table as it comes: pandas, polars, an array or a list of rows.
        y : None
            Ignored. A class label is a column: leave it in `X` and use `given`.
        sample_weight : array of shape (n_samples,), default=None
            Weights of the rows, handed on to the density.

        Returns
        -------
        self : DelegatedDensity
            The fitted density.

        Raises
        ------
        ValueError
            If the density cannot be fitted to such rows, or takes no weights where some are given.
        SchemaError
            If a column has no density behind a transformer.
        NotInvertibleError
            If a transformer is not one-to-one, or a row lies where it has no value.
        """
        with rollback(self):
            X = check_table(self, X, reset=True)
            weight = check_weights(sample_weight, X)
            for name in [name for name in vars(self) if name.endswith("_") and name not in _NAMES_OF_INPUT]:
                delattr(self, name)
            self._fit_density(X, weight)
            self.stream_ = SampleStream(self._stream_seed())
        return self

    def _stream_seed(self):
        """Of the own seed where there is one, else of the density's."""
        if "random_state" in self.get_params(deep=False):
            return seed_from(self.random_state)
        held = self._held
        return held.stream_.seed if hasattr(held, "stream_") else seed_from(getattr(held, "random_state", None))

    @property
    def _held(self):
        return unwrapped(self.density_)

    # ---- sample --------------------------------------------------------------------------------------------------

    def sample(self, n_samples=1, *, given=None, random_state=None):
        """Draw rows.

        Parameters
        ----------
        n_samples : int, default=1
            How many rows.
        given : dict or DataFrame, default=None
            Conditions, as in the `sample` of the density that is held, on the original columns.
        random_state : int, RandomState instance, Generator or None, default=None
            Seed of this call. By default the own stream goes on: a script is reproducible, two calls differ.

        Returns
        -------
        X : DataFrame or array of shape (n_samples, n_features)
            Rows in the container, columns, order and dtypes of fit, with a fresh index.
        """
        check_is_fitted(self)
        n_samples = check_count(n_samples)
        condition = None if given is None else self._given_to_density(given)
        seed, call = claim_stream(self.stream_, random_state)
        rows = self._draw(n_samples, given, condition, seed, call)
        return self._from_density(rows) if given is None else self._from_density(rows, given)

    def _draw(self, n, given, condition, seed, call):
        """Rows of the density; each is the first of its own draws that has an original, whatever n is."""
        rng = block_generator(seed, call, 0)
        rows = draw_rows(self._held, n, condition, seed_from(rng), 0)
        stays = self._stays(rows, given, rng)
        if stays is None or stays.all():
            return rows
        missing = np.flatnonzero(~stays)
        for _ in range(MOST_ROUNDS):
            n_more = n if given is not None else missing[-1] + 1
            more = draw_rows(self._held, n_more, condition, seed_from(rng), 0)
            found = missing[self._stays(more, given, rng)[missing]]
            rows = _replace_rows(rows, more, found)
            missing = np.setdiff1d(missing, found, assume_unique=True)
            if not len(missing):
                return rows
        found_none = f"{len(missing)} of {len(rows)} rows found no draw of {MOST_ROUNDS} that"
        if given is not None and self._chance(more, given) is not None:  # a list, the same for any number of rows
            many = draw_rows(self._held, MOST_ROUNDS, condition, seed_from(rng), 0)
            has_original = self._has_original(many)
            if has_original is None or has_original.mean() > _FOUND_SURELY:
                raise RejectionError(
                    f"{found_none} stays: the slopes of the transformer at the listed values differ too much to weigh "
                    "them by draws. Give them one by one."
                )
        raise RejectionError(
            f"{found_none} has an original: the density puts hardly any mass where the rows are. Use another "
            "transformer, or a density of fewer parameters."
        )

    def _stays(self, rows, given, rng):
        """Mask of the drawn rows that are kept; None where all are."""
        has_original = self._has_original(rows)
        chance = None if given is None else self._chance(rows, given)
        if chance is None:
            return has_original
        stays = generator_from(seed_from(rng)).random(len(rows)) < chance  # a seed, whatever the number of rows
        return stays if has_original is None else stays & has_original

    # ---- score ---------------------------------------------------------------------------------------------------

    def score_samples(self, X, *, given=None):
        """Log-density of rows.

        Parameters
        ----------
        X : DataFrame or array of shape (n_samples, n_features)
            Rows with the columns of fit.
        given : list of str or int, default=None
            Columns to condition on: the result is log p(the other columns | those).

        Returns
        -------
        log_density : ndarray of shape (n_samples,)
            Nats per row, in the original units: see `schema_` for the measure, `likelihood_` for what they are.
        """
        check_is_fitted(self)
        X = check_table(self, X, reset=False)
        if given is None:
            scores = np.array(self._log_factor(X), dtype=np.float64)
            condition = {}
        else:
            self._check_scores_given()
            condition = {"given": self._columns_to_density(given)}
            scores = np.array(self._log_factor(X, given), dtype=np.float64)
        inside = scores > -np.inf
        if inside.all():
            return scores + self._held.score_samples(self._to_density(X), **condition)
        if inside.any():
            scores[inside] += self._held.score_samples(self._to_density(take_rows(X, inside)), **condition)
        return scores

    def _check_scores_given(self):
        if not is_ours(self._held):
            raise UnsupportedGivenError(
                f"{type(self._held).__name__} of scikit-learn cannot score given some columns. Use the model of skgen."
            )

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

    # ---- what the density says of itself ---------------------------------------------------------------------------

    @property
    def likelihood_(self):
        """What the scores are: "exact", "lower_bound" or "estimate"."""
        return getattr(self._held, "likelihood_", "exact")

    @property
    def schema_(self):
        """Names, kinds and base measure of the columns."""
        return self._original_schema()

    @property
    def conditional_on_(self):
        """The columns that are given, of densities that were fitted with `condition_on`."""
        return self._held.conditional_on_

    @property
    def bound_gap_(self):
        """What half of the draws lose, in nats, of densities whose score is a lower bound."""
        return self._held.bound_gap_

    @property
    def given_ess_(self):
        """Independent draws behind the last sample under conditions, infinite after a closed form."""
        return self._held.given_ess_

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        return tags
