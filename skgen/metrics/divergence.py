"""Kullback-Leibler divergence between two laws, from samples of the first: KL(p || q) = E_p[log p(x) - log q(x)]."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..exceptions import SchemaError


class Divergence(NamedTuple):
    """A divergence in nats, its standard error, and what it is: "exact", "lower_bound", "upper_bound" or "estimate"."""

    value: float
    standard_error: float
    kind: str


def kl_divergence(p, q, *, n_samples=10_000, random_state=0):
    """Kullback-Leibler divergence of one law from another, in nats.

    Parameters
    ----------
    p, q : fitted models or known laws
        Anything with `sample(n_samples, random_state=...)` (p alone needs it) and `score_samples` or `log_density`:
        fitted models, laws of `skgen.datasets`. Two fitted models must have the same columns and base measure: pass
        one `schema` to both.
    n_samples : int, default=10_000
        How many rows of p are drawn.
    random_state : int, RandomState instance, Generator or None, default=0
        Seed of the rows.

    Returns
    -------
    Divergence
        Named tuple of `value`, `standard_error` and `kind`: an unbiased estimate where both densities are exact (on
        frames but for the mass of unseen events, see Notes); an upper bound in expectation where only that of q is a
        lower bound, a lower bound where only that of p is one.

    Raises
    ------
    SchemaError
        If two fitted models have other columns or base measures.

    Notes
    -----
    From 0 in expectation, lower is better; infinite where q rules out a row of p. Floor: 0, within two standard errors,
    so slightly negative values are at the floor. Cost: n_samples draws of p and scores of both.

    A model of a frame draws only what can be seen, while its scores also keep a mass of at most 1/(n_rows + 2) per
    column for unseen levels, numbers off the range and the like. Where p is such a model, the value is low by minus the
    log of the seen mass of p: about n_features/(n_rows + 2) nats, more than the rest in tables of few rows alone.

    Examples
    --------
    >>> from skgen import GaussianMixture
    >>> from skgen.datasets import EightGaussians
    >>> from skgen.metrics import kl_divergence
    >>> law = EightGaussians()
    >>> model = GaussianMixture(8, random_state=0).fit(law.sample(2000, random_state=0))
    >>> kl = kl_divergence(law, model)
    >>> round(kl.value, 2), kl.kind
    (0.01, 'exact')
    """
    _check_measure(p, q)
    X = p.sample(n_samples, random_state=random_state)
    log_p, log_q = _log_density(p, X), _log_density(q, X)
    if n_samples < 2 or not np.isfinite(log_p).all():
        raise ValueError(f"n_samples must be at least 2 and p must score its own rows, got n_samples={n_samples}.")
    ratio = log_p - log_q
    spread = np.std(ratio, ddof=1) / np.sqrt(n_samples) if np.isfinite(ratio).all() else np.inf
    return Divergence(float(ratio.mean()), float(spread), _kind(p, q))


def _log_density(law, X):
    score = getattr(law, "score_samples", None) or law.log_density
    return np.asarray(score(X), float)


def _kind(p, q):
    kinds = tuple(getattr(law, "likelihood_", "exact") for law in (p, q))
    bounds = {
        ("exact", "exact"): "exact",
        ("exact", "lower_bound"): "upper_bound",
        ("lower_bound", "exact"): "lower_bound",
    }
    return bounds.get(kinds, "estimate")


def _check_measure(p, q):
    """Densities of other measures have no ratio: columns, kinds and resolutions must be the same."""
    schemas = [getattr(law, "schema_", None) for law in (p, q)]
    if None in schemas:
        return
    measures = [[(c.name, c.kind, c.resolution) for c in schema.columns] for schema in schemas]
    if measures[0] != measures[1]:
        differ = [a[0] for a, b in zip(*measures) if a != b] or [m[0] for m in measures[0] + measures[1]]
        raise SchemaError(
            f"The laws have densities of different measures: columns {differ} differ in name, kind or resolution. Pass "
            "one schema to both fits."
        )
