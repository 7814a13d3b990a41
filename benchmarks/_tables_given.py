"""Conditional samples on every pair of columns: seconds, effective sizes, refusals, repeated rows."""

import warnings
from contextlib import suppress
from itertools import combinations
from time import perf_counter

import numpy as np
import pandas as pd
from _report import table

from skgen.exceptions import GivenError, LowSupportError, LowSupportWarning

N_SAMPLES = 1000


def given_pairs(model, test, seed):
    """One call of 1,000 rows for each pair of columns, their values from a random test row.

    Parameters
    ----------
    model : GenerativeModel
        A fitted model.
    test : DataFrame
        Rows that the model has not seen.
    seed : int
        Seed of the rows and of the calls.

    Returns
    -------
    calls : DataFrame
        One row per pair: `seconds`, `ess` (infinite where every draw is exact), `raised`, `warned`, and `repeated`, the
        share of rows that occur more than once: resampled more than once, or equal by chance.
    """
    rng = np.random.default_rng(seed)
    calls = []
    for a, b in combinations(test.columns, 2):
        row = test.iloc[rng.integers(len(test))]
        calls.append({"pair": f"{a}, {b}", **one_call(model, {a: row[a], b: row[b]}, seed)})
    return pd.DataFrame(calls)


def one_call(model, given, seed):
    drawn = None
    start = perf_counter()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with suppress(LowSupportError, GivenError):
            drawn = model.sample(N_SAMPLES, given=given, random_state=seed)
    return {
        "seconds": perf_counter() - start,
        "raised": drawn is None,
        "warned": any(issubclass(warning.category, LowSupportWarning) for warning in caught),
        "ess": np.nan if drawn is None else model.given_ess_,
        "repeated": np.nan if drawn is None else drawn.duplicated(keep=False).mean(),
    }


def summary(calls):
    """Lines of a table of one row per quantity."""
    ess = calls["ess"][np.isfinite(calls["ess"])]
    weighted = f"{len(ess)} of {len(calls)} calls"
    rows = [("seconds per call, median (maximum)", f"{calls.seconds.median():.3f} ({calls.seconds.max():.3f})")]
    rows.append(("calls that raise", f"{calls.raised.mean():.1%} ({calls.raised.sum()})"))
    rows.append(("calls that warn of low support", f"{calls.warned.mean():.1%} ({calls.warned.sum()})"))
    rows.append(("calls answered by exact draws", f"{np.isinf(calls.ess).sum()} of {len(calls)}"))
    if len(ess):
        sizes = f"{ess.median():.0f}, {ess.quantile(0.1):.0f}, {ess.min():.0f}"
        rows.append((f"effective size: median, 10 % quantile, minimum ({weighted})", sizes))
    repeated = calls["repeated"].dropna()
    rows.append(("rows that occur more than once: mean, median", f"{repeated.mean():.1%}, {repeated.median():.1%}"))
    return table(("quantity", "value"), rows)
