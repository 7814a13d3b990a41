"""Scorers of densities for searches and cross-validations: plain functions of a fitted estimator and held-out rows."""

import numpy as np
from sklearn.base import is_outlier_detector
from sklearn.pipeline import Pipeline

from .._delegated import draw_rows, unwrapped
from .._input import check_weights
from ..compose._change import as_numbers
from ..compose.jacobian import change_of, log_abs_det_jacobian
from ..compose.transformed_density import MASS_DRAWS, MASS_SEED
from ..exceptions import RejectionError
from ..metrics import tstr_score, two_sample_auc
from ..metrics._learner import default_metric
from ..metrics._rows import paired_rows
from ..table._frames import is_frame

#: Seed of the rows that are drawn: the same at each call.
SEED, CALL = 0, 0
#: Held-out rows below which boosted trees find nothing, so that any rows would pass for real ones.
LEAST_ROWS = 60


def mean_log_likelihood(estimator, X, y=None, sample_weight=None):
    """Mean log-density of held-out rows in their original units, whatever the estimator calls its score.

    `KernelDensity.score` of scikit-learn is a sum, and the `score` of a `Pipeline` is that of the transformed rows.
    This scorer gives nats per row for both: the pipeline is corrected by the Jacobians of its transformers, so that a
    search over scalers does not pick the one that shrinks the units most, and divided by the mass that lies where
    they send rows to. On float arrays it is the score of `make_density_pipeline` with the same steps. A `Pipeline` of
    a frame hands its density an array, whose scores are densities, but the frame itself where nothing transforms it,
    whose cells have masses: to search over the transformers of a frame, use `make_density_pipeline`.

    Parameters
    ----------
    estimator : fitted estimator
        Anything with `score_samples`: models, `TransformedDensity`, scikit-learn's densities, pipelines that end in
        one, and searches over any of these.
    X : DataFrame or array of shape (n_samples, n_features)
        Held-out rows.
    y : None
        Ignored.
    sample_weight : array of shape (n_samples,), default=None
        Weights of the rows.

    Returns
    -------
    score : float
        Nats per row; higher is better.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.mixture import GaussianMixture
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skgen import mean_log_likelihood
    >>> X = np.random.default_rng(0).normal(0, 1000, size=(200, 1))
    >>> pipeline = make_pipeline(StandardScaler(), GaussianMixture()).fit(X)
    >>> round(pipeline.score(X), 2), round(mean_log_likelihood(pipeline, X), 2)
    (-1.42, -8.29)
    """
    density = unwrapped(estimator)
    if is_outlier_detector(density) or not hasattr(density, "score_samples"):
        raise ValueError(
            f"mean_log_likelihood expects a density, got {type(density).__name__}, whose score_samples "
            f"{'is an outlier score' if hasattr(density, 'score_samples') else 'does not exist'}."
        )
    scores = _pipeline_scores(density, X) if isinstance(density, Pipeline) else density.score_samples(X)
    return float(np.average(scores, weights=check_weights(sample_weight, X)))


def _pipeline_scores(pipeline, X):
    """Log-densities of the original rows: those of the transformed ones plus the log-Jacobian."""
    steps = [step for _, step in pipeline.steps[:-1] if step not in (None, "passthrough")]
    if not steps:
        return pipeline[-1].score_samples(X)
    rows = pipeline[:-1].transform(X)
    if is_frame(rows):
        raise ValueError(
            "The transformed rows of this Pipeline are a data frame, whose densities are masses of cells of the "
            "transformed numbers. Use skgen.make_density_pipeline, which keeps the cells of the original ones."
        )
    log_mass = np.log(_mass_in_image(pipeline, np.shape(rows)[1]))
    return pipeline[-1].score_samples(rows) + log_abs_det_jacobian(pipeline[:-1], X) - log_mass


def _mass_in_image(pipeline, n_columns):
    """The share of fixed draws of the last step that lie where the transformers send rows to."""
    change, density = change_of(pipeline[:-1], n_columns), unwrapped(pipeline[-1])
    if not change.bounded:
        return 1.0
    if not hasattr(density, "sample"):
        raise ValueError(
            f"The transformers of this Pipeline send rows to a part of the space only. {type(density).__name__} has no "
            "`sample`, by which its mass there could be told: use transformers without bounds, or another density."
        )
    mass = float(change.contains(as_numbers(draw_rows(density, MASS_DRAWS, None, MASS_SEED, 0))).mean())
    if mass == 0:
        raise RejectionError(
            "The density puts its mass where the transformers of this Pipeline send no row. Use other transformers, "
            "or a density of fewer parameters."
        )
    return mass


def c2st(estimator, X, y=None):
    """Classifier two-sample test: how hard it is to tell rows of the model from held-out ones.

    As many rows as there are in `X` are drawn with a fixed seed, and boosted trees are trained to tell both apart,
    by cross-validation. The score is 1 - 2 abs(AUC - 1/2).

    Parameters
    ----------
    estimator : fitted density
        Anything with `sample`, or a search over it.
    X : DataFrame or array of shape (n_samples, n_features)
        Held-out rows, 60 at least.
    y : None
        Ignored.

    Returns
    -------
    score : float
        1 if they cannot be told apart, 0 if every row is recognised; higher is better. Rows that have twins in the
        other table, whose AUC is below one half, score below 1 as well.

    Notes
    -----
    With n rows the score of a perfect model is about 1 - 0.7 / sqrt(n). It cannot see copies of training rows.

    Examples
    --------
    >>> from sklearn.model_selection import GridSearchCV
    >>> from skgen import GaussianMixture, c2st
    >>> from skgen.datasets import EightGaussians
    >>> X = EightGaussians().sample(900, random_state=0)
    >>> search = GridSearchCV(GaussianMixture(random_state=0), {"n_components": [1, 8]}, scoring=c2st, cv=3)
    >>> search.fit(X).best_params_
    {'n_components': 8}
    """
    if len(X) < LEAST_ROWS:
        raise ValueError(f"c2st needs at least {LEAST_ROWS} held-out rows for its classifier, got {len(X)}.")
    rows, schema = _own_rows(estimator, len(X))
    auc = two_sample_auc(X, rows, schema=schema, random_state=SEED)
    return 1.0 - 2.0 * abs(auc - 0.5)


def tstr(estimator, X, y=None, *, target=None, metric="auto"):
    """Train on synthetic, test on real: what a learner that is trained on rows of the model is worth on held-out ones.

    As many rows as there are in `X` are drawn with a fixed seed. Boosted trees learn from them to predict one column
    from all others.

    Parameters
    ----------
    estimator : fitted density
        Anything with `sample`, or a search over it.
    X : DataFrame or array of shape (n_samples, n_features)
        Held-out rows, the target among their columns.
    y : None
        Ignored.
    target : str, int or None, default=None
        Name of the column to be predicted, its position in arrays; None is the last one. A search takes another one by
        ``functools.partial(tstr, target="income")``.
    metric : {"auto", "roc_auc", "balanced_accuracy", "r2"}, default="auto"
        Area under the ROC curve (of several classes the mean of one against the rest), mean recall of the classes, or
        share of variance that is explained. By default the first for categories and numbers of two values, "r2" for
        other numbers.

    Returns
    -------
    score : float
        Higher is better.

    Examples
    --------
    >>> from sklearn.model_selection import cross_val_score
    >>> from skgen import AutoregressiveTrees, tstr
    >>> from skgen.datasets import load_wine_table
    >>> wine = load_wine_table().sample(frac=1, random_state=0)  # it comes sorted by cultivar
    >>> scores = cross_val_score(AutoregressiveTrees(random_state=0), wine, scoring=tstr, cv=3)
    >>> bool(scores.mean() > 0.9)
    True
    """
    if metric not in ("auto", "roc_auc", "balanced_accuracy", "r2"):
        raise ValueError(f"metric must be 'auto', 'roc_auc', 'balanced_accuracy' or 'r2', got {metric!r}.")
    rows, schema = _own_rows(estimator, len(X))
    if target is None:
        target = X.columns[-1] if hasattr(X, "columns") else np.shape(X)[1] - 1
    if metric == "auto":
        pair = paired_rows(X, rows, schema=schema)
        metric = "roc_auc" if default_metric(pair, pair.position(target)) == "roc_auc" else "r2"
    return tstr_score(X, rows, target, metric=metric, schema=schema, random_state=SEED)


def _own_rows(estimator, n):
    """Rows that a fitted density draws, always the same, and its schema where it has one."""
    density = unwrapped(estimator)
    if isinstance(density, Pipeline):
        raise ValueError(
            "A Pipeline of scikit-learn draws no rows. Make it with skgen.make_density_pipeline, which draws them in "
            "the original space."
        )
    return draw_rows(density, n, None, SEED, CALL), getattr(density, "schema_", None)
