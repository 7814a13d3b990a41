"""The quality report: every figure of synthetic tables beside real rows and independent columns."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from numbers import Integral
from time import perf_counter

from .._random import generator_from, seed_from
from ..exceptions import IdentifierColumnWarning
from ..plotting.quality_display import INDEPENDENT_ROWS, REAL_ROWS
from ..table import Schema
from ._independent import independent_rows
from ._measures import GROUPS, RealTables, by_symmetry
from ._rows import paired_rows
from .quality import QualityReport

ALL = "all"


def quality_report(
    real_train,
    real_test,
    synthetic,
    target=None,
    *,
    metrics="default",
    max_rows=20_000,
    schema=None,
    random_state=0,
    verbose=0,
):
    """Fidelity, utility and privacy of one or several synthetic tables.

    Each figure stands beside that of real rows in the place of the synthetic table, which is the floor, and beside that
    of independent columns, which have every column right and no pair. What gives cause for concern is flagged: a
    shuffled table is "detected", a copied one has "copies" and is "memorised".

    Parameters
    ----------
    real_train : DataFrame or array of shape (n_samples, n_features)
        Real rows that the generative model was fitted to.
    real_test : DataFrame or array of shape (n_test, n_features)
        Real rows that it was not fitted to.
    synthetic : DataFrame, array or dict of str to these
        Rows to be judged, or several tables by name, with the columns of `real_train` in any order.
    target : str or int, default=None
        Name of the column that a learner is to predict; its position in arrays. Without it there is no "tstr".
    metrics : "default", "all" or list of str, default="default"
        What to measure: "shape", "trend", "mode_coverage", "two_sample", "tstr", "copies", "nearest" and "membership",
        which are the default, and "logistic", "global_utility" and "precision_recall".
    max_rows : int or None, default=20_000
        Most rows of each table that distances and two-sample classifiers use, drawn without replacement; all of them
        where None. The other figures always use all rows.
    schema : Schema or None, default=None
        Kinds and base measure of the columns; inferred from `real_train` where None.
    random_state : int, RandomState instance, Generator or None, default=0
        Seed of subsamples, of independent columns, folds and classifiers.
    verbose : int, default=0
        Above 0, print the seconds that each figure took.

    Returns
    -------
    QualityReport
        With `to_frame()`, `plot()` and an HTML view.

    Notes
    -----
    Shape, trend, mode coverage and copies are held against `real_train`, the classifiers and learners against
    `real_test`. The floor has as many rows as the largest synthetic table, where there are enough: test rows against
    train, train rows against test. For the nearest-record share and the membership attack it is those train rows that
    are left once train is cut to the size of test; where none are left it is known by symmetry. Cost: 25 s on one
    core on Adult (32,561 train, 16,281 test, 32,561 synthetic rows of 15 columns).

    Examples
    --------
    >>> import numpy as np
    >>> from skgen import GaussianMixture, quality_report
    >>> rng = np.random.default_rng(0)
    >>> X = rng.multivariate_normal([0, 0], [[1, 0.9], [0.9, 1]], size=2000)
    >>> tables = {"model": GaussianMixture(random_state=0).fit(X[:1000]).sample(1000),
    ...           "shuffled": rng.permuted(X[:1000], axis=0), "copy": X[:1000]}
    >>> report = quality_report(X[:1000], X[1000:], tables)
    >>> report.concerns["model"]
    {}
    >>> report.concerns["shuffled"]
    {'trend': 'pairs lost', 'mode_coverage': 'variety lost', 'two_sample': 'detected'}
    >>> report.concerns["copy"]
    {'copies': 'copies', 'nearest': 'memorised', 'membership_auc': 'memorised', 'membership_tpr': 'leaks'}
    """
    tables = _named(synthetic)
    names = _metric_names(metrics, target)
    if max_rows is not None and (not isinstance(max_rows, Integral) or max_rows < 1):
        raise ValueError(f"max_rows must be a positive integer or None, got {max_rows!r}.")
    if schema is None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", IdentifierColumnWarning)
            schema = Schema.infer(real_train)
    rows = paired_rows(real_train, real_test, *tables.values(), schema=schema)  # refuses what does not fit
    if target is not None:
        rows.position(target)
    seed = seed_from(random_state) % 2**32
    n_rows = dict(zip(("train", "test", *tables), map(len, rows.tables)))
    largest = max(n_rows[name] for name in tables)
    real = RealTables(real_train, real_test, schema, target, max_rows, largest, seed)
    independent = independent_rows(real_train, largest, generator_from(seed))
    figures = {name: {} for name in (*tables, REAL_ROWS, INDEPENDENT_ROWS)}
    for metric in names:
        group, start = GROUPS[metric], perf_counter()
        stand_in = real.stand_in(group.stand_in)
        for name, X in (*tables.items(), (REAL_ROWS, stand_in), (INDEPENDENT_ROWS, independent)):
            figures[name] |= by_symmetry(metric) if X is None else group.measure(real, name, X)
        if verbose:
            print(f"{metric}: {perf_counter() - start:.1f} s")
    notes = _notes(n_rows, largest, max_rows)
    return QualityReport(figures, real.column_errors, real.pair_errors, n_rows=n_rows, notes=notes)


def _named(synthetic):
    """Synthetic tables by name."""
    tables = dict(synthetic) if isinstance(synthetic, Mapping) else {"synthetic": synthetic}
    if not tables:
        raise ValueError("Expected at least one synthetic table, got an empty dict.")
    taken = [name for name in tables if name in (REAL_ROWS, INDEPENDENT_ROWS, "train", "test")]
    if taken:
        raise ValueError(f"The names {taken} are the report's own. Give the synthetic tables others.")
    return tables


def _metric_names(metrics, target):
    if isinstance(metrics, str) and metrics in ("default", ALL):
        chosen = [name for name, group in GROUPS.items() if metrics == ALL or group.is_default]
        return chosen if target is not None else [name for name in chosen if name != "tstr"]
    unknown = [metrics] if isinstance(metrics, str) else [name for name in metrics if name not in GROUPS]
    if unknown or len(metrics) == 0:
        raise ValueError(f"metrics must be 'default', 'all' or a list of {list(GROUPS)}, got {metrics!r}.")
    if "tstr" in metrics and target is None:
        raise ValueError("The metric 'tstr' needs a target: the name of the column that a learner is to predict.")
    return [name for name in GROUPS if name in metrics]


def _notes(n_rows, largest, max_rows):
    counts = [f"{min(n_rows[table], largest):,} of {table}" for table in ("test", "train")]
    notes = [f"Real rows: {counts[0]} where train is the measure, {counts[1]} where test is."]
    if max_rows is not None and max(n_rows.values()) > max_rows:
        notes.append(f"Distances and classifiers use at most {max_rows:,} rows of each table.")
    return notes
