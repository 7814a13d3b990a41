"""Cross-validated likelihood of several models on the same folds and in the same base measure.

Log-densities of a table can be compared only if they are densities of the same thing. So one schema is inferred from
all rows and handed to every model, and every model is fitted to, and scored on, the same rows.
"""

from contextlib import AbstractContextManager
from numbers import Integral
from time import perf_counter

import numpy as np
from sklearn.base import is_outlier_detector
from sklearn.model_selection import KFold, check_cv
from sklearn.pipeline import Pipeline
from sklearn.utils.parallel import Parallel, delayed

from .._random import seed_from
from .._sklearn import _check_sample_weight, _num_samples, _safe_indexing, clone, has_fit_parameter
from ..table import Schema
from .comparison import LIKELIHOODS, LikelihoodComparison


class _Named(AbstractContextManager):
    """Says in which model and fold an error arose."""

    def __init__(self, name, fold):
        self.note = f"compare_densities: model {name!r}, fold {fold}."

    def __exit__(self, kind, error, traceback):
        if error is not None:
            error.add_note(self.note)


def _schema_parameters(model):
    """Names of the parameters that take a schema, those of wrapped estimators included."""
    return [name for name in model.get_params() if name == "schema" or name.endswith("__schema")]


def _check_models(models):
    if not isinstance(models, dict) or not models:
        raise ValueError(f"models must be a dict with at least one entry, name -> unfitted estimator; got {models!r}.")
    for name, model in models.items():
        if not isinstance(name, str):
            raise ValueError(f"models must be named by strings, got {name!r}.")
        if isinstance(model, type) or not (hasattr(model, "fit") and hasattr(model, "score_samples")):
            raise ValueError(f"{name!r} must be an estimator with fit and score_samples, got {model!r}.")
        if is_outlier_detector(model):
            raise ValueError(f"score_samples of {name!r} is an outlier score, not a log-density: leave it out.")
        inner = getattr(model, "estimator", model)
        if isinstance(inner, Pipeline):
            raise ValueError(
                f"{name!r} is a Pipeline, whose score is the density of the transformed data and not of X. "
                "Pass the density alone."
            )


def _check_own_measure(name, model):
    """A model that brings its own schema or kinds would be scored in another base measure than the rest."""
    params = model.get_params()
    for key in _schema_parameters(model):
        twin = key.removesuffix("schema") + "categorical_features"
        if params[key] is not None or params.get(twin, "from_dtype") != "from_dtype":
            raise ValueError(
                f"{name!r} sets its own schema or categorical_features. All models of a comparison share one: "
                "pass it to compare_densities instead."
            )


def _share_schema(models, X, sample_weight, categorical_features, schema):
    """Clones of the models that share one schema, and that schema (None if no model takes one)."""
    takers = [name for name, model in models.items() if _schema_parameters(model)]
    if not takers:
        return {name: clone(model) for name, model in models.items()}, None
    for name in takers:
        _check_own_measure(name, models[name])
    if schema is None:
        schema = Schema.infer(X, sample_weight=sample_weight, categorical_features=categorical_features)
    strangers = [name for name in models if name not in takers]
    plain = all(column.kind == "number" and column.resolution == 0 for column in schema.columns)
    if strangers and not plain:
        raise ValueError(
            f"{', '.join(map(repr, strangers))}: no parameter `schema`, so the score is a density on the real line, "
            "which compares with the others on a float array only. Pass X as one, or leave these models out."
        )
    shared = {}
    for name, model in models.items():
        settings = dict.fromkeys(_schema_parameters(model), schema)
        shared[name] = clone(model).set_params(**settings)
    return shared, schema


def _folds(X, cv, random_state):
    if isinstance(cv, Integral):
        seed = random_state if isinstance(random_state, Integral) else seed_from(random_state) % 2**32
        cv = KFold(int(cv), shuffle=True, random_state=int(seed))
    return list(check_cv(cv).split(X))


def _fit_and_score(model, X, train, test, sample_weight, name, fold):
    """One model in one fold: held-out log-densities, what they are, and seconds."""
    weights = {} if sample_weight is None else {"sample_weight": sample_weight[train]}
    with _Named(name, fold):
        start = perf_counter()
        model = clone(model).fit(_safe_indexing(X, train), **weights)
        fitted = perf_counter()
        scores = np.asarray(model.score_samples(_safe_indexing(X, test)), dtype=np.float64)
        scored = perf_counter()
        if scores.shape != (len(test),) or np.isnan(scores).any():
            raise ValueError(f"score_samples must give one number for each of {len(test)} rows, got {scores!r}.")
    best = getattr(model, "best_estimator_", model)
    kind = getattr(best, "likelihood_", "exact")
    return scores, kind, getattr(best, "bound_gap_", None), fitted - start, scored - fitted


def _gather(results, folds, n_rows):
    """Average a model's results over its folds; a row that several folds held out gets its mean score."""
    totals, counts = np.zeros(n_rows), np.zeros(n_rows)
    for (scores, *_), (_, test) in zip(results, folds, strict=True):
        np.add.at(totals, test, scores)
        np.add.at(counts, test, 1)
    held = counts > 0
    values = np.full(n_rows, np.nan)
    values[held] = totals[held] / counts[held]
    kind = max((result[1] for result in results), key=LIKELIHOODS.index)
    gaps = [result[2] for result in results if result[2] is not None]
    seconds = np.mean([result[3:] for result in results], axis=0)
    return values, kind, float(np.mean(gaps)) if gaps else None, float(seconds[0]), float(seconds[1])


def compare_densities(
    models,
    X,
    *,
    cv=5,
    sample_weight=None,
    categorical_features="from_dtype",
    schema=None,
    n_jobs=None,
    verbose=0,
    random_state=None,
):
    """Compare generative models by the likelihood that they give to held-out rows.

    Every model is fitted on the same training folds and scored on the same held-out rows, in the base measure of
    one schema. Differences are paired row by row, so a small one can be told from chance although rows differ
    much in how likely they are. The intervals hold for the models as fitted in these folds; how much another
    training sample would change them is not in them.

    Parameters
    ----------
    models : dict of str to estimator
        Unfitted estimators by name. Those with a parameter `schema` receive the shared one. Densities of
        scikit-learn (``KernelDensity``, ``GaussianMixture``) may stand beside them where X is a float array.
    X : DataFrame, array-like of shape (n_samples, n_features) or list of sequences
        The rows to learn from, each held out once. Where one sample is a sequence, "row" means a sequence.
    cv : int, splitter or iterable of (train, test), default=5
        An integer k stands for ``KFold(k, shuffle=True, random_state=random_state)``.
    sample_weight : array of shape (n_samples,), default=None
        Weights of the rows; a row of weight 0 is invisible. They count in the fits and in the means.
    categorical_features : "from_dtype", mask or names, default="from_dtype"
        Columns to read as categories.
    schema : Schema or None, default=None
        Kinds and base measure of the columns; inferred from the table where None.
    n_jobs : int, default=None
        How many fits run at once. Seconds are comparable only when one does.
    verbose : int, default=0
        Above 0, progress is printed.
    random_state : int, RandomState instance, Generator or None, default=None
        Draws the folds. The models keep their own `random_state`.

    Returns
    -------
    LikelihoodComparison
        Prints as a table; has `to_frame()` and `plot()`.

    Examples
    --------
    >>> import numpy as np
    >>> from skgen import GaussianMixture, compare_densities
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(400, 2)) + 6 * rng.integers(2, size=(400, 1))
    >>> models = {"one": GaussianMixture(1), "two": GaussianMixture(2, random_state=0)}
    >>> comparison = compare_densities(models, X, random_state=0)
    >>> comparison.best
    'two'
    >>> comparison.to_frame()["nats"].round(1)
    model
    two   -3.6
    one   -4.3
    Name: nats, dtype: float64
    """
    _check_models(models)
    weight = None
    if sample_weight is not None:
        weight = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
        _check_weighted_fits(models)
        X, weight = _safe_indexing(X, np.flatnonzero(weight)), weight[weight > 0]
    models, schema = _share_schema(models, X, weight, categorical_features, schema)
    folds = _folds(X, cv, random_state)
    tasks = [(name, fold) for name in models for fold in range(len(folds))]
    done = Parallel(n_jobs=n_jobs, verbose=verbose)(
        delayed(_fit_and_score)(models[name], X, *folds[fold], weight, name, fold) for name, fold in tasks
    )
    by_name = {name: done[i * len(folds) : (i + 1) * len(folds)] for i, name in enumerate(models)}
    gathered = {name: _gather(results, folds, _num_samples(X)) for name, results in by_name.items()}
    scores, kinds, gaps, fits, times = ({name: g[k] for name, g in gathered.items()} for k in range(5))
    return LikelihoodComparison(
        scores,
        kinds,
        fits,
        times,
        sample_weight=weight,
        n_splits=len(folds),
        bound_gap={name: gap for name, gap in gaps.items() if gap is not None},
        schema=schema,
    )


def _check_weighted_fits(models):
    for name, model in models.items():
        if not has_fit_parameter(getattr(model, "estimator", model), "sample_weight"):
            raise ValueError(f"sample_weight was given, but fit of {name!r} takes none. Leave one of the two out.")
