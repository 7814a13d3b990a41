"""AutoDensity: the model of a fixed ladder that gives held-out rows the highest likelihood, fitted to all rows."""

import warnings
from numbers import Integral, Real
from time import perf_counter

import numpy as np
from sklearn.model_selection import ShuffleSplit

from .._delegated import DelegatedDensity
from .._input import take_rows, weights_in_rows
from .._random import seed_from
from .._sklearn import Interval, StrOptions, _num_samples, clone
from ..exceptions import DegenerateDataError
from ..table import Schema
from ._fold import make_folds
from ._ladder import Candidate, climb, has_nets
from ._race import Race
from .compare import check_conditions, check_models, check_weighted_fits, declared_conditions, share_schema

#: Up to so many rows the scores come from five folds; beyond, a fifth of the rows is held out once.
FEW_ROWS, N_FOLDS, HELD_OUT = 2_000, 5, 0.2


class AutoDensity(DelegatedDensity):
    """The model of highest held-out likelihood, chosen from a ladder of models and their main settings.

    The ladder runs from independent columns over Gaussian mixtures, a Gaussian copula, Bayesian networks, sequential
    trees, kernels and a forest to nets. All models are fitted to the same training rows and scored on the same
    held-out rows, in one base measure, from cheap to dear; the best one is fitted again, to all rows.

    Parameters
    ----------
    time_budget : float or None, default=None
        Seconds that `fit` may take. It stops before the first model whose forecast, from the numbers of rows and
        columns and the seconds of the models before it, does not leave time for the last fit. A fit that has started
        is not interrupted, and the cheapest model is always fitted. None climbs the whole ladder.
    models : dict of str to estimator or None, default=None
        Unfitted estimators by name, tried in this order instead of the ladder.
    deep : "auto" or bool, default="auto"
        Whether nets are tried, which take minutes. "auto" tries them where the packages of the extra "deep" are
        installed.
    cv : "auto", int, splitter or iterable of (train, test), default="auto"
        How rows are held out. "auto" takes five shuffled folds up to 2,000 rows, and beyond holds out a fifth of the
        rows once. An integer k stands for k shuffled folds.
    n_jobs : int, default=None
        How many folds are fitted at once, each on its share of the cores.
    verbose : int, default=0
        Above 0, print a line for each model that was tried.
    categorical_features : "from_dtype", mask or names, default="from_dtype"
        Columns to read as categories.
    schema : Schema or None, default=None
        Kinds and base measure of the columns; inferred from the table where None.
    random_state : int, RandomState instance, Generator or None, default=None
        Seed of the folds, of every model, and of the stream that `sample` draws from.

    Attributes
    ----------
    best_estimator_ : estimator
        The chosen model, fitted to all rows; also called `density_`.
    best_label_ : str
        Its name in the tables.
    leaderboard_ : DataFrame
        One row per model, the best first: as in the table of :func:`compare_densities`, and what became of it.
        Models that were not fitted stand at the end with the reason.
    comparison_ : LikelihoodComparison
        The same with row-by-row differences; has `plot()`.

    See Also
    --------
    compare_densities : Compares models of your own, and picks none.

    Notes
    -----
    Exact likelihoods and lower bounds compete; estimates, as those of a GAN, do not. With a time budget the choice
    depends on how fast the machine is. To write the result to a file, save `best_estimator_`.

    The score of the winner is the best of several on the same rows, and so a little too good; how much depends on how
    close the others are.

    Examples
    --------
    >>> from skgen import AutoDensity
    >>> from skgen.datasets import EightGaussians
    >>> X = EightGaussians().sample(600, random_state=0)
    >>> model = AutoDensity(deep=False, cv=2, random_state=0).fit(X)
    >>> model.best_label_
    'GaussianMixture(n_components=8)'
    >>> model.leaderboard_["nats"].round(1)[["GaussianMixture(n_components=8)", "IndependentColumns()"]].tolist()
    [-2.9, -3.6]
    >>> model.sample(3).shape
    (3, 2)
    """

    _parameter_constraints: dict = {
        "time_budget": [Interval(Real, 0, None, closed="neither"), None],
        "models": [dict, None],
        "deep": ["boolean", StrOptions({"auto"})],
        "cv": ["cv_object", StrOptions({"auto"})],
        "n_jobs": [Integral, None],
        "verbose": ["verbose"],
        "categorical_features": [StrOptions({"from_dtype"}), "array-like"],
        "schema": [Schema, None],
        "random_state": ["random_state", np.random.Generator],
    }

    def __init__(
        self,
        time_budget=None,
        *,
        models=None,
        deep="auto",
        cv="auto",
        n_jobs=None,
        verbose=0,
        categorical_features="from_dtype",
        schema=None,
        random_state=None,
    ):
        self.time_budget = time_budget
        self.models = models
        self.deep = deep
        self.cv = cv
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.categorical_features = categorical_features
        self.schema = schema
        self.random_state = random_state

    def _fit_density(self, X, sample_weight):
        start, kept = perf_counter(), None
        if sample_weight is not None and (sample_weight == 0).any():
            kept = np.flatnonzero(sample_weight)
            X, sample_weight = take_rows(X, sample_weight > 0), sample_weight[kept]
        sample_weight = weights_in_rows(sample_weight)
        if _num_samples(X) < 2:
            raise ValueError(
                "AutoDensity needs at least 2 rows, to learn from some and be judged by others; got 1 sample."
            )
        seed = seed_from(self.random_state) % 2**32
        folds = self._folds(X, seed, kept)
        candidates, schema = self._candidates(X, sample_weight, folds, seed)
        race = Race(
            X, folds, sample_weight, schema,
            n_jobs=self.n_jobs,
            deadline=None if self.time_budget is None else start + self.time_budget,
            verbose=self.verbose,
        )  # fmt: skip
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of models that are not chosen; the last fit warns
            race.run(candidates)
        self._keep(race)
        weights = {} if sample_weight is None else {"sample_weight": sample_weight}
        winner = {candidate.label: candidate.model for candidate in candidates}[self.best_label_]
        self.density_ = self.best_estimator_ = clone(winner).fit(X, **weights)

    def _folds(self, X, seed, kept):
        cv, n = self.cv, _num_samples(X)
        if isinstance(cv, str):
            cv = min(N_FOLDS, n) if n <= FEW_ROWS else ShuffleSplit(1, test_size=HELD_OUT, random_state=seed)
        return make_folds(X, cv, seed, kept)

    def _candidates(self, X, sample_weight, folds, seed):
        """Unfitted models that share one schema, and the schema."""
        if self.schema is not None and not isinstance(self.categorical_features, str):
            raise ValueError("Pass either schema or categorical_features, not both: the schema states the categories.")
        if self.models is not None:
            check_models(self.models)
            check_weighted_fits(self.models, sample_weight)
            models, schema = share_schema(self.models, X, sample_weight, self.categorical_features, self.schema)
            check_conditions(declared_conditions(models, schema))
            return [Candidate(label, model) for label, model in models.items()], schema
        schema = self.schema
        if schema is None:
            schema = Schema.infer(X, categorical_features=self.categorical_features, sample_weight=sample_weight)
        deep = has_nets() if self.deep == "auto" else self.deep
        return climb(schema, len(folds[0][0]), deep, seed), schema

    def _keep(self, race):
        """The tables of a race, and the name of its winner."""
        if not race.results:
            raise DegenerateDataError(f"No model could be fitted: {race.status}.")
        check_conditions({label: results[0].conditional_on for label, results in race.results.items()})
        self.comparison_ = race.comparison()
        self.best_label_ = self.comparison_.names[0]
        if self.comparison_.likelihood[self.best_label_] == "estimate":
            raise ValueError(
                "The scores of all models are estimates, which do not compete: add a model whose likelihood is exact "
                "or a bound."
            )
        frame = self.comparison_.to_frame()
        frame["status"] = "fitted"
        frame.loc[self.best_label_, "status"] = "chosen"
        self.leaderboard_ = frame.reindex([*frame.index, *race.status])
        for label, reason in race.status.items():
            self.leaderboard_.loc[label, "status"] = reason
