"""A law: a plain function of an unfitted estimator that checks one property and says with figures what broke."""

from __future__ import annotations

import warnings

import numpy as np
from scipy import stats
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

#: Two-sided false-alarm rate of 1e-6 for a standard normal statistic.
Z_LIMIT = 4.9
#: The same rate for a p-value.
P_LIMIT = 1e-6


class LawNotApplicable(Exception):
    """The law speaks of something that this estimator does not have; the message says what."""


def require(condition, reason):
    """End a law, neither passed nor broken, unless its subject exists."""
    if not condition:
        raise LawNotApplicable(reason)


def configured(estimator, **parameters):
    """A clone with a fixed seed, and with those of `parameters` that the estimator has."""
    model = clone(estimator)
    own = model.get_params(deep=False)
    if "random_state" in own and own["random_state"] is None:
        model.set_params(random_state=0)
    return model.set_params(**{name: value for name, value in parameters.items() if name in own})


def fitted(estimator, X, sample_weight=None, **parameters):
    """A configured clone, fitted; that an optimiser stopped early breaks no law."""
    model = configured(estimator, **parameters)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(X) if sample_weight is None else model.fit(X, sample_weight=sample_weight)


def is_net(estimator) -> bool:
    """Whether the estimator is trained in minibatches of float32 numbers."""
    return "max_epochs" in estimator.get_params(deep=False)


def holds_code(estimator) -> bool:
    """Whether a parameter is a class or a function: what it makes is the user's, and no file of data can hold it."""
    return any(callable(value) for value in estimator.get_params(deep=False).values())


def is_iterative(estimator) -> bool:
    """Whether the estimator runs an expectation-maximisation loop."""
    return "max_iter" in estimator.get_params(deep=False)


def closed_conditions(model, X, choices) -> list:
    """Those of several lists of columns that `score_samples` of an array or a frame takes as `given`."""
    found = []
    for known in choices:
        try:
            model.score_samples(X[:1], given=known)
        except AttributeError:
            continue
        found.append(known)
    return found


def check_mean(values, expected, what):
    """The mean of independent values equals the expected one: abs z below 4.9."""
    values = np.asarray(values, dtype=np.float64)
    error = values.std(ddof=1) / np.sqrt(len(values))
    gap = values.mean() - expected
    assert abs(gap) <= Z_LIMIT * error + 1e-12, (
        f"{what}: mean {values.mean():.6g} over {len(values)} rows, expected {expected:.6g}, z = {gap / error:.1f}."
    )


def check_close(got, expected, tolerance, what, relative=False):
    """Two arrays of scores agree within a tolerance in nats, or relative to max(1, abs score)."""
    got, expected = np.asarray(got), np.asarray(expected)
    assert got.shape == expected.shape, f"{what}: shape {got.shape}, expected {expected.shape}."
    assert np.array_equal(np.isfinite(got), np.isfinite(expected)), f"{what}: other scores are infinite or NaN."
    finite = np.isfinite(expected)
    if not finite.any():
        return
    scale = np.maximum(1.0, np.abs(expected[finite])) if relative else 1.0
    gap = float(np.max(np.abs(got[finite] - expected[finite]) / scale))
    assert gap <= tolerance, f"{what}: scores differ by up to {gap:.3g}, allowed {tolerance:.3g}."


def check_counts(counts, probabilities, what):
    """Counts over cells follow their probabilities: chi-square p above 1e-6, thin cells (under 5) put together."""
    counts, probabilities = np.asarray(counts, dtype=np.float64), np.asarray(probabilities, dtype=np.float64)
    expected = counts.sum() * probabilities / probabilities.sum()
    thin = expected < 5.0
    counts = np.append(counts[~thin], counts[thin].sum())
    expected = np.append(expected[~thin], expected[thin].sum())
    if expected[-1] < 5.0:  # too little for a cell of its own: to the largest cell
        target = int(np.argmax(expected[:-1])) if len(expected) > 1 else 0
        counts[target] += counts[-1]
        expected[target] += expected[-1]
        counts, expected = counts[:-1], expected[:-1]
    statistic = float(((counts - expected) ** 2 / expected).sum())
    p = float(stats.chi2.sf(statistic, max(len(counts) - 1, 1)))
    worst = int(np.argmax(np.abs(counts - expected) / np.sqrt(expected)))
    assert p > P_LIMIT, (
        f"{what}: chi-square {statistic:.1f} on {len(counts) - 1} degrees of freedom, p = {p:.2g}; "
        f"the worst cell has {counts[worst]:.0f} of {counts.sum():.0f} rows, expected {expected[worst]:.1f}."
    )


def check_uniform(values, what):
    """Values are uniform on (0, 1): Kolmogorov-Smirnov p above 1e-6."""
    result = stats.kstest(values, "uniform")
    assert result.pvalue > P_LIMIT, (
        f"{what}: Kolmogorov-Smirnov distance {result.statistic:.4f} over {len(values)} rows, p = {result.pvalue:.2g}."
    )
