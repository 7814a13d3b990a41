r"""Membership attacks: how well a score tells the rows of the fit from fresh rows of the same law.

With s the score of an attacker and t its threshold,

.. math:: \operatorname{TPR}(t) = P(s(member) > t), \quad \operatorname{FPR}(t) = P(s(other) > t), \quad
          \operatorname{AUC} = P(s(member) > s(other)) + P(s(member) = s(other)) / 2.

The average attack says little about the rows most at risk, so the TPR at a small FPR stands beside the AUC
(Carlini et al., "Membership inference attacks from first principles", S&P 2022).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import beta, binom, norm, rankdata

from .._random import generator_from
from ._neighbours import nearest_rows
from ._rows import paired_rows, subsample

LEVEL = 0.95


@dataclass
class MembershipAttack:
    """How well an attacker's score tells members of the fit from others.

    Parameters
    ----------
    auc : float
        Chance that a member scores above another row; 0.5 is blind.
    auc_low, auc_high : float
        95 % interval (DeLong).
    tpr : float
        Share of members found by the threshold that a share `fpr` of the others exceeds; `fpr` itself is blind.
    tpr_low, tpr_high : float
        Interval of at least 95 % whatever the law of the scores: Clopper and Pearson's for the members, beyond the
        order statistics of the others between which the threshold lies.
    fpr : float
        False positive rate at which `tpr` is read.
    n_members, n_others : int
        Rows on either side.
    """

    auc: float
    auc_low: float
    auc_high: float
    tpr: float
    tpr_low: float
    tpr_high: float
    fpr: float
    n_members: int
    n_others: int


def membership_attack(member_scores, other_scores, *, fpr=0.01):
    """Judge an attack by its scores.

    Parameters
    ----------
    member_scores : array-like of shape (n_members,)
        Scores of rows that the model was fitted to; higher means "member".
    other_scores : array-like of shape (n_others,)
        Scores of fresh rows of the same law.
    fpr : float, default=0.01
        False positive rate, in (0, 1), at which the true positive rate is read.

    Returns
    -------
    MembershipAttack
        AUC and TPR with their 95 % intervals.

    Notes
    -----
    AUC 0 to 1, 0.5 is best; TPR 0 to 1, `fpr` is best. Floor: 0.5 and `fpr`, within the intervals. Cost: two sorts.

    Examples
    --------
    >>> import numpy as np
    >>> from skgen.metrics import membership_attack
    >>> rng = np.random.default_rng(0)
    >>> attack = membership_attack(rng.normal(0.5, 1, size=2000), rng.normal(size=2000))
    >>> round(attack.auc, 2), round(attack.tpr, 3), round(attack.tpr_low, 3), round(attack.tpr_high, 3)
    (0.63, 0.025, 0.011, 0.055)
    """
    members, others = (np.asarray(scores, float).ravel() for scores in (member_scores, other_scores))
    if len(members) == 0 or len(others) == 0:
        raise ValueError(f"Expected scores on both sides, got {len(members)} of members, {len(others)} of others.")
    if np.isnan(members).any() or np.isnan(others).any():
        raise ValueError("Scores must not be NaN. Drop the rows that have none on both sides.")
    if not 0 < fpr < 1:
        raise ValueError(f"fpr must lie strictly between 0 and 1, got {fpr}.")
    auc, half = _auc(members, others)
    low, high = _tpr_interval(members, others, fpr)
    return MembershipAttack(
        auc=auc,
        auc_low=max(auc - half, 0.0),
        auc_high=min(auc + half, 1.0),
        tpr=_tpr_at(members, others, fpr),
        tpr_low=low,
        tpr_high=high,
        fpr=fpr,
        n_members=len(members),
        n_others=len(others),
    )


def likelihood_membership(model, members, others, *, fpr=0.01):
    """Attack a fitted model by its own likelihood: rows that it finds likely are called members.

    The attacker holds the model. Over-fitting shows here first, even where samples look harmless.

    Parameters
    ----------
    model : fitted estimator
        Has ``score_samples``.
    members : DataFrame or array of shape (n_samples, n_features)
        The rows that the model was fitted to, or some of them.
    others : DataFrame or array of shape (n_samples, n_features)
        Real rows of the same law that the model never saw.
    fpr : float, default=0.01
        False positive rate, in (0, 1), at which the true positive rate is read.

    Returns
    -------
    MembershipAttack
        AUC and TPR with their 95 % intervals.

    Notes
    -----
    AUC 0 to 1, 0.5 is best; TPR 0 to 1, `fpr` is best. Floor: 0.5 and `fpr`, within the intervals. Cost: that of
    ``model.score_samples`` on both tables.

    Examples
    --------
    >>> import numpy as np
    >>> from skgen import GaussianMixture
    >>> from skgen.metrics import likelihood_membership
    >>> X = np.random.default_rng(0).normal(size=(400, 8))
    >>> small, large = (GaussianMixture(k, random_state=0).fit(X[:200]) for k in (1, 20))
    >>> round(likelihood_membership(small, X[:200], X[200:]).auc, 2)
    0.55
    >>> round(likelihood_membership(large, X[:200], X[200:]).auc, 2)
    0.76
    """
    return membership_attack(model.score_samples(members), model.score_samples(others), fpr=fpr)


def distance_membership(members, others, synthetic, *, max_rows=None, fpr=0.01, schema=None, random_state=0):
    """Attack a synthetic table: rows near to one of its rows are called members.

    The attacker holds the synthetic table alone. The distance is that of :func:`nearest_record_share`.

    Parameters
    ----------
    members : DataFrame or array of shape (n_samples, n_features)
        The rows that the model was fitted to, or some of them.
    others : DataFrame or array of shape (n_samples, n_features)
        Real rows of the same law that the model never saw.
    synthetic : DataFrame or array of shape (n_samples, n_features)
        Rows that the model generated, with the columns of `members` in any order.
    max_rows : int or None, default=None
        Most rows of each table that are used, drawn without replacement; all of them where None.
    fpr : float, default=0.01
        False positive rate, in (0, 1), at which the true positive rate is read.
    schema : Schema or None, default=None
        Kinds and base measure of the columns; inferred from `members` where None.
    random_state : int, RandomState instance, Generator or None, default=0
        Seed of subsamples.

    Returns
    -------
    MembershipAttack
        AUC and TPR with their 95 % intervals.

    Notes
    -----
    AUC 0 to 1, 0.5 is best; TPR 0 to 1, `fpr` is best. Floor: 0.5 and `fpr`, within the intervals. Cost: the
    distances of all real to all synthetic rows, 5 s on Adult.

    Examples
    --------
    >>> import numpy as np
    >>> from skgen.metrics import distance_membership
    >>> rng = np.random.default_rng(0)
    >>> members, others, fresh = rng.normal(size=(3, 400, 4))
    >>> blurred = members + rng.normal(scale=0.1, size=(400, 4))
    >>> [round(distance_membership(members, others, X).auc, 2) for X in (fresh, blurred)]
    [0.52, 0.98]
    """
    rows = paired_rows(members, others, synthetic, schema=schema)
    rng = generator_from(random_state)
    tables = [subsample(Z, max_rows, rng) for Z in rows.tables]
    scores = [-nearest_rows(real, tables[2], rows)[0] for real in tables[:2]]
    return membership_attack(*scores, fpr=fpr)


def _auc(members, others):
    """The area under the curve and half its 95 % interval, by DeLong's placements."""
    n, m = len(members), len(others)
    ranks = rankdata(np.append(members, others))
    above = (ranks[:n] - rankdata(members)) / m  # share of the others below each member
    below = 1.0 - (ranks[n:] - rankdata(others)) / n  # share of the members above each other row
    variance = sum(v.var(ddof=1) / len(v) for v in (above, below) if len(v) > 1)
    return float(above.mean()), float(norm.ppf((1 + LEVEL) / 2) * np.sqrt(variance))


def _tpr_at(members, others, fpr):
    """The true positive rate at a false positive rate; a threshold that is tied is drawn by lot (linear between)."""
    places = np.unique(np.append(members, others))[::-1]
    false, true = (np.append(0.0, _shares_at_least(v, places)) for v in (others, members))
    last = np.searchsorted(false, fpr, side="right") - 1
    if last + 1 == len(false):
        return float(true[last])
    part = (fpr - false[last]) / (false[last + 1] - false[last])
    return float(true[last] + part * (true[last + 1] - true[last]))


def _shares_at_least(scores, places):
    return 1.0 - np.searchsorted(np.sort(scores), places, side="left") / len(scores)


def _tpr_interval(members, others, fpr):
    """An interval of at least 95 %: half of the risk for the threshold, half for the members beyond it."""
    n, m, risk = len(members), len(others), (1 - LEVEL) / 4
    descending = np.sort(others)[::-1]
    n_fewest, n_most = int(binom.ppf(risk, m, fpr)), int(binom.ppf(1 - risk, m, fpr)) + 1
    hits_low = np.floor(_members_beyond(members, descending, n_fewest)) if n_fewest > 0 else 0
    hits_high = np.ceil(_members_beyond(members, descending, n_most)) if n_most <= m else n
    low = beta.ppf(risk, hits_low, n - hits_low + 1) if hits_low > 0 else 0.0
    high = beta.ppf(1 - risk, hits_high + 1, n - hits_high) if hits_high < n else 1.0
    return float(low), float(high)


def _members_beyond(members, descending, k):
    """Members above the k-th largest score of the others; those that equal it stand evenly between its ties."""
    threshold = descending[k - 1]
    above, ties = np.sum(descending > threshold), np.sum(descending == threshold)
    return np.sum(members > threshold) + np.sum(members == threshold) * (k - above) / (ties + 1)
