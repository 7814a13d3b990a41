"""Growing a mixture: the best splits until there are too many components, then the cheapest removals; and again.

For a split, a component's rows are fitted by two, started by 2-means; the one whose log-likelihood rises most is made.
For a removal, the component goes without which the likelihood is highest. A few EM iterations follow each. On mixed
tables the likelihood that EM reaches from here beats the best of many random starts, and hardly varies with the seed.
"""

from __future__ import annotations

import numpy as np
from scipy.special import logsumexp, softmax

from . import em
from .start import embed, responsibilities

#: Distinct rows that the search looks at.
_MOST_ROWS = 20_000

#: EM iterations inside a split, after a split, and after the last.
_INSIDE, _AFTER, _LAST = 12, 6, 20

#: The search's EM stops at a smaller rise: below it the rise is no more than rounding.
_SETTLED = 1e-7

#: Rounds of splits and removals, and the components at the top of a round, as a multiple of those wanted.
_ROUNDS, _SURPLUS = 5, 1.25

#: Rows with a smaller posterior probability of a component have no part in its split.
_LEAST_POSTERIOR = 0.01


def grow(Z, weight, overall, K, smoothing, rng):
    """Components grown from one.

    Parameters
    ----------
    Z : ndarray of shape (n, d)
        Distinct rows.
    weight : ndarray of shape (n,)
        Their weights.
    overall : Components
        The laws of one component that fit the whole table.
    K : int
        Number of components.
    smoothing : float
        As in the M step.
    rng : numpy.random.Generator
        Picks the rows of the search and starts its clusterings.

    Returns
    -------
    Components
        To start EM from.
    """
    if len(Z) > _MOST_ROWS:
        rows = np.sort(rng.choice(len(Z), _MOST_ROWS, replace=False, p=weight / weight.sum()))
        Z, weight = Z[rows], np.ones(len(rows))  # drawn by weight
    data = em.Rows(Z, weight, overall.block, overall.laws)
    points = embed(Z, weight, overall.block, overall.laws)
    components, best = overall.pick([0]), None
    for _ in range(_ROUNDS if K > 1 else 1):
        top = int(np.ceil(_SURPLUS * K)) if K > 1 else 1
        components = _split_up_to(top, Z, weight, data, points, components, overall, smoothing, rng)
        components = _remove_down_to(K, weight, data, components, smoothing)
        history, _ = em.run(data, components, smoothing=smoothing, tol=_SETTLED, max_iter=_LAST)
        if best is None or history[-1] > best[0] + em.TIE:
            best = history[-1], components
        components = best[1].pick(np.arange(K))
    return components


def _split_up_to(top, Z, weight, data, points, components, overall, smoothing, rng):
    splits = []  # (gain, two components) of each component
    while len(components.weights) < top:
        posterior = softmax(em.log_joint(data, components), axis=1)
        for k in range(len(splits), len(components.weights)):  # the older ones hardly changed
            splits.append(_split(Z, posterior[:, k] * weight, points, overall, smoothing, rng))
        k = int(np.argmax(np.round([gain for gain, _ in splits], 6)))  # no choice by the last bits
        components = components.split(k, splits.pop(k)[1])
        em.run(data, components, smoothing=smoothing, tol=_SETTLED, max_iter=_AFTER)
    return components


def _remove_down_to(K, weight, data, components, smoothing):
    while len(components.weights) > K:
        log_p = em.log_joint(data, components)
        left = [weight @ logsumexp(np.delete(log_p, k, axis=1), axis=1) for k in range(log_p.shape[1])]
        components = components.pick(np.delete(np.arange(log_p.shape[1]), int(np.argmax(np.round(left, 6)))))
        em.run(data, components, smoothing=smoothing, tol=_SETTLED, max_iter=_AFTER)
    return components


def _split(Z, weight, points, overall, smoothing, rng):
    """The gain in log-likelihood of two components over one on weighted rows, and the two."""
    held = np.flatnonzero(weight > _LEAST_POSTERIOR)
    if len(held) < 2:
        return -np.inf, overall.pick([0, 0])
    data = em.Rows(Z[held], weight[held], overall.block, overall.laws)
    ends = []
    for K in (1, 2):
        components = overall.pick([0] * K)
        R = responsibilities(points[held], weight[held], K, "kmeans", rng)
        em.start(data, components, R, smoothing)
        history, _ = em.run(data, components, smoothing=smoothing, tol=_SETTLED, max_iter=_INSIDE if K > 1 else 1)
        ends.append(history[-1] * data.total)
    return ends[1] - ends[0], components
