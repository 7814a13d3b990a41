"""Cross-validated likelihood of several models on the same folds and in the same base measure.

Log-densities of a table can be compared only if they are densities of the same thing. So one schema is inferred from
all rows and handed to every model, and every model is fitted to, and scored on, the same rows.
"""

from numbers import Integral

import numpy as np
from sklearn.base import is_outlier_detector
from sklearn.pipeline import Pipeline

from .._delegated import check_weighted, is_frozen, schema_parameter
from .._input import check_weights, weights_in_rows
from .._sklearn import _num_samples, _safe_indexing, clone
from ..base import GenerativeModel
from ..table import Schema
from ._fold import fit_and_score, make_folds
from ._workers import cores_per_worker, limit_own_threads, run_side_by_side
from .comparison import MARKS, comparison_of


def check_models(models):
    """Refuse what is no density of the rows, before any work starts."""
    if not isinstance(models, dict) or not models:
        raise ValueError(f"models must be a dict with at least one entry, name -> unfitted estimator; got {models!r}.")
    for name, model in models.items():
        if not isinstance(name, str):
            raise ValueError(f"models must be named by strings, got {name!r}.")
        if isinstance(model, type) or not (hasattr(model, "fit") and hasattr(model, "score_samples")):
            raise ValueError(f"{name!r} must be an estimator with fit and score_samples, got {model!r}.")
        if is_outlier_detector(model):
            raise ValueError(f"score_samples of {name!r} is an outlier score, not a log-density: leave it out.")
        if is_frozen(model):
            raise ValueError(
                f"{name!r} is frozen: it keeps what it learnt before, maybe from the very rows that would be held out. "
                "Pass the unfitted estimator, which is fitted to each training fold; for rows that a fitted model has "
                "not seen there is LikelihoodComparisonDisplay.from_predictions."
            )
        inner = getattr(model, "estimator", model)
        if isinstance(inner, Pipeline):
            raise ValueError(
                f"{name!r} is a Pipeline, whose score is the density of the transformed data and not of X. "
                "skgen.make_density_pipeline(*steps) corrects for the transformers' Jacobians: pass one."
            )


def _check_own_measure(name, model, key):
    """A model that brings its own schema or kinds would be scored in another base measure than the rest."""
    params = model.get_params()
    twin = key.removesuffix("schema") + "categorical_features"
    if params[key] is not None or not isinstance(params.get(twin, "from_dtype"), str):
        raise ValueError(
            f"{name!r} sets its own schema or categorical_features. All models of a comparison share one: "
            "pass it to the comparison instead."
        )


def share_schema(models, X, sample_weight, categorical_features, schema):
    """Clones of the models that share one schema, and that schema (None if no model takes one)."""
    keys = {name: schema_parameter(model) for name, model in models.items()}
    takers = [name for name, key in keys.items() if key is not None]
    shared = {name: clone(model) for name, model in models.items()}
    if not takers:
        return shared, None
    for name in takers:
        _check_own_measure(name, models[name], keys[name])
    if schema is None:
        schema = Schema.infer(X, sample_weight=sample_weight, categorical_features=categorical_features)
    strangers = [name for name, model in models.items() if keys[name] is None and not hasattr(model, "schema_")]
    plain = all(column.kind == "number" and column.resolution == 0 for column in schema.columns)
    if strangers and not plain:
        raise ValueError(
            f"{', '.join(map(repr, strangers))}: no parameter `schema`, so the score is a density on the real line, "
            "which compares with the others on a float array only. Pass X as one, or leave these models out."
        )
    for name in takers:
        shared[name].set_params(**{keys[name]: schema})
    return shared, schema


def check_conditions(conditions):
    """Densities of different columns given others are densities of different things."""
    ways = {}
    for name, columns in conditions.items():
        ways.setdefault(frozenset(columns), []).append(name)
    if len(ways) > 1:
        shown = "; ".join(f"{', '.join(map(repr, names))} given {sorted(map(str, way))}" for way, names in ways.items())
        raise ValueError(
            f"The models are densities of different columns, which cannot be compared: {shown}. "
            "Give all of them the same condition_on."
        )


def declared_conditions(models, schema):
    """What the models that say so before they are fitted are given; of others nothing is known yet."""
    declared = {}
    for name, model in models.items():
        inner = getattr(model, "estimator", model)
        if hasattr(inner, "condition_on"):
            stated = inner.condition_on
            declared[name] = () if stated is None else tuple(_column_name(column, schema) for column in stated)
        elif isinstance(inner, GenerativeModel):
            declared[name] = ()
    return declared


def _column_name(column, schema):
    names = [] if schema is None else schema.names
    is_position = isinstance(column, Integral) and column not in names and -len(names) <= column < len(names)
    return names[column] if is_position else column


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
        Unfitted estimators by name. Those with a parameter `schema`, searches over them included, receive the shared
        one. Densities of scikit-learn (``KernelDensity``, ``GaussianMixture``) may stand beside them where X is a
        float array. Models fitted with `condition_on` compare with others of the same columns only.
    X : DataFrame, array-like of shape (n_samples, n_features) or list of sequences
        The rows to learn from and to hold out. Where one sample is a sequence, "row" means a sequence. Of an array,
        a row with a missing cell in a column that has none in the training rows is learnt too and not held out; frames
        expect such cells.
    cv : int, splitter or iterable of (train, test), default=5
        An integer k stands for ``KFold(k, shuffle=True, random_state=random_state)``, which holds out each row once. A
        row that several folds hold out counts with the mean of its scores, and one that none does not count.
    sample_weight : array of shape (n_samples,), default=None
        Weights of the rows; a row of weight 0 is invisible. They count in the fits and in the means.
    categorical_features : "from_dtype", mask or names, default="from_dtype"
        Columns to read as categories.
    schema : Schema or None, default=None
        Kinds and base measure of the columns; inferred from the table where None.
    n_jobs : int, default=None
        How many fits run at once, each on its share of the cores. Seconds are comparable only when one does.
    verbose : int, default=0
        Above 0, print a line for each fit that is done.
    random_state : int, RandomState instance, Generator or None, default=None
        Draws the folds. The models keep their own `random_state`.

    Returns
    -------
    LikelihoodComparison
        Prints as a table; has `to_frame()` and `plot()`.

    Raises
    ------
    ValueError
        If an entry is no density, `cv` holds out no row, weights meet a model that takes none, or models are
        conditional on different columns.

    See Also
    --------
    AutoDensity : Picks and fits the best of a ladder of models.
    make_density_pipeline : A density behind preprocessing, as a density of the original rows.

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
    check_models(models)
    weight = kept = None
    if sample_weight is not None:
        weight = check_weights(sample_weight, X)
        check_weighted_fits(models, weight)
        kept = np.flatnonzero(weight)
        X, weight = _safe_indexing(X, kept), weights_in_rows(weight[kept])
    models, schema = share_schema(models, X, weight, categorical_features, schema)
    check_conditions(declared_conditions(models, schema))
    folds = make_folds(X, cv, random_state, kept)
    results = _run(models, X, folds, weight, schema, n_jobs, verbose)
    check_conditions({name: of_model[0].conditional_on for name, of_model in results.items()})
    return comparison_of(results, folds, _num_samples(X), weight, schema)


def check_weighted_fits(models, sample_weight):
    for name, model in models.items():
        check_weighted(model, sample_weight, repr(name))


def _run(models, X, folds, weight, schema, n_jobs, verbose):
    """The results of every model, fold by fold."""
    n_threads = cores_per_worker(n_jobs)
    tasks = [(name, k) for name in models for k in range(len(folds))]
    limited = {name: limit_own_threads(model, n_threads) for name, model in models.items()}
    calls = [
        (limited[name], X, folds[k], weight, schema, f"compare_densities: model {name!r}, fold {k}.")
        for name, k in tasks
    ]

    def show(position, result):
        name, k = tasks[position]
        held = None if weight is None else weight[folds[k][1]]
        print(
            f"[{position + 1}/{len(tasks)}] {name}, fold {k + 1} of {len(folds)}: "
            f"{MARKS[result.likelihood]}{np.average(result.scores, weights=held):.3f} nats per row, "
            f"fit {result.fit_seconds:.3g} s, score {result.score_seconds:.3g} s",
            flush=True,
        )

    done = run_side_by_side(fit_and_score, calls, n_jobs, show if verbose else None)
    return {name: done[i * len(folds) : (i + 1) * len(folds)] for i, name in enumerate(models)}
