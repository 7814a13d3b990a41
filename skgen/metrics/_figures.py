"""The figures of a quality report: what each is called, which way is better, when it gives cause for concern."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.stats import beta

LEVEL = 0.95
#: Copies that are never held against a table, as a share of its rows.
FEW_COPIES = 0.0005
#: AUC, nearest-record share: how far above one half they must be.
CLEAR = 0.05
#: False positive rate at which the membership attack is read.
FPR = 0.01


class Value(NamedTuple):
    """A figure of one table, with the ends of its 95 % interval where they are known."""

    value: float
    low: float = np.nan
    high: float = np.nan


def share_value(share, n_rows):
    """A share of rows with Clopper and Pearson's interval."""
    hits, risk = round(share * n_rows), (1 - LEVEL) / 2
    low = beta.ppf(risk, hits, n_rows - hits + 1) if hits > 0 else 0.0
    high = beta.ppf(1 - risk, hits + 1, n_rows - hits) if hits < n_rows else 1.0
    return Value(share, float(low), float(high))


def auc_value(auc, n_rows):
    """A cross-validated AUC of `n_rows` on either side with an interval: Hanley and McNeil's, of twice the variance.

    On tables of one law the AUC over the folds varies by 1.2 to 1.4 of their standard error, which knows nothing of how
    the classifier came about.
    """
    q1, q2 = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    variance = (auc * (1 - auc) + (n_rows - 1) * (q1 + q2 - 2 * auc**2)) / n_rows**2
    half = 1.96 * np.sqrt(max(2 * variance, 0.0))
    return Value(auc, max(auc - half, 0.0), min(auc + half, 1.0))


@dataclass(frozen=True)
class Figure:
    """One figure of the report.

    Parameters
    ----------
    label : str
        Its name on the page.
    note : str
        Which way is better.
    best : float or None
        Where fresh real rows stand by definition, or a perfect table would.
    form : str
        Format of the number.
    concern : callable
        From the values of a table, of real rows and of independent columns to a word, "" where nothing is wrong.
    """

    label: str
    note: str
    best: float | None
    form: str
    concern: Callable


def _columns_off(own, real, independent):
    return "columns off" if own.value > 2 * real.value + 0.01 else ""


def _pairs_off(own, real, independent):
    if not own.value > 2 * real.value + 0.01:
        return ""
    return "pairs lost" if 2 * own.value > real.value + independent.value else "pairs off"


def _is_clear(own, chance):
    """Whether a figure is above chance by 0.05 and by three standard errors."""
    return own.value - chance > max(CLEAR, 1.5 * np.nan_to_num(own.value - own.low))


def _detected(own, real, independent):
    return "detected" if _is_clear(own, max(real.value, 0.5)) else ""


def _worth_little(own, real, independent):
    """Both directions at once: the way from independent columns to real rows that the table has gone."""
    whole = real.value - independent.value
    if abs(whole) <= 0.02 * abs(real.value):
        return ""
    part = (own.value - independent.value) / whole
    return "useless" if part < 0.5 else "weak" if part < 0.9 else ""


def _too_low(own, real, independent):
    return "variety lost" if own.value < 0.9 * real.value else ""


def _too_far(own, real, independent):
    return "unreal rows" if own.value < 0.9 * real.value else ""


def _copied(own, real, independent):
    return "copies" if own.low > max(np.nan_to_num(real.high), FEW_COPIES) else ""


def _memorised(own, real, independent):
    return "memorised" if _is_clear(own, 0.5) else ""


def _leaks(own, real, independent):
    return "leaks" if own.low > 2 * FPR else "slight leak" if own.low > FPR else ""


LOWER, HIGHER, HALF = "lower is better", "higher is better", "0.5 is best"
#: Key of a row of the report -> what it is.
FIGURES = {
    "shape": Figure("shape error", LOWER, 0.0, ".2%", _columns_off),
    "trend": Figure("trend error", LOWER, 0.0, ".2%", _pairs_off),
    "two_sample": Figure("boosted AUC", HALF, 0.5, ".3f", _detected),
    "logistic": Figure("logistic AUC", HALF, 0.5, ".3f", _detected),
    "tstr_auc": Figure("utility (AUC)", HIGHER, None, ".3f", _worth_little),
    "tstr_rmse": Figure("utility (RMSE)", LOWER, None, ".4g", _worth_little),
    "global_utility": Figure("global utility", HIGHER, 1.0, ".3f", _worth_little),
    "precision": Figure("precision", "as real rows", None, ".3f", _too_far),
    "recall": Figure("recall", "as real rows", None, ".3f", _too_low),
    "mode_coverage": Figure("mode coverage", HIGHER, 1.0, ".1%", _too_low),
    "copies": Figure("exact copies", "not above real rows", None, ".2%", _copied),
    "nearest": Figure("nearer to train", HALF, 0.5, ".3f", _memorised),
    "membership_auc": Figure("membership AUC", HALF, 0.5, ".3f", _memorised),
    "membership_tpr": Figure("membership TPR", "at 1 % FPR; 1 % is best", FPR, ".2%", _leaks),
}
#: What each word of concern means.
WORDS = {
    "columns off": "single columns differ from the real ones by more than twice what fresh real rows do",
    "pairs off": "pairs of columns differ from the real ones by more than twice what fresh real rows do",
    "pairs lost": "pairs of columns are no nearer to the real ones than to independent columns",
    "detected": "a classifier tells the rows from real ones, with an AUC more than 0.05 and three "
    "standard errors above that of real rows",
    "useless": "a learner gains less than half of what real rows teach it",
    "weak": "a learner gains less than nine tenths of what real rows teach it",
    "variety lost": "parts of the real table have too few rows here",
    "unreal rows": "rows lie where real ones do not",
    "copies": "more rows equal a training row than fresh real rows do",
    "memorised": "on the side of the training rows by 5 % and three standard errors more than the 50 % of fresh rows",
    "slight leak": "an attacker finds more members at 1 % false alarms than by chance",
    "leaks": "an attacker finds more than twice as many members at 1 % false alarms as by chance",
}
