"""Trend error: how far the joint law of each pair of columns is from the real one."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import sparse

from ._bins import bin_codes, check_bins, pair_shares
from ._rows import paired_rows

#: Ways to compare two numbers.
NUMBER_PAIRS = ("bins", "correlation")


def pair_trend_errors(real, synthetic, *, n_bins=10, number_pairs="bins", schema=None):
    """Total variation between the contingency tables of each pair of columns.

    Numbers and dates are cut into bins of equal width of the *real* range, the outer ones without an end, so that both
    tables share their edges; missing cells have a bin of their own.

    Parameters
    ----------
    real : DataFrame or array of shape (n_samples, n_features)
        Real rows. They alone decide kinds, levels, ranges and scales.
    synthetic : DataFrame or array of shape (n_synthetic, n_features)
        Rows to be judged, with the columns of `real` in any order.
    n_bins : int, default=10
        Bins of equal width of the real range that a number is cut into; the outer ones have no end.
    number_pairs : {"bins", "correlation"}, default="bins"
        How two numbers are compared: as all other pairs, or by half the gap between their Pearson correlations, which
        sees linear dependence alone.
    schema : Schema or None, default=None
        Kinds and base measure of the columns; inferred from `real` where None.

    Returns
    -------
    pandas.DataFrame
        One row and one column for each column of the table; on the diagonal the error of the column alone.

    Notes
    -----
    As `trend_error`, which is the mean over pairs.

    Examples
    --------
    >>> import pandas as pd
    >>> from skgen.metrics import pair_trend_errors
    >>> real = pd.DataFrame({"sex": ["f", "f", "m", "m"], "city": ["Rome", "Rome", "Oslo", "Oslo"]})
    >>> new = pd.DataFrame({"sex": ["f", "f", "m", "m"], "city": ["Rome", "Oslo", "Rome", "Oslo"]})
    >>> pair_trend_errors(real, new)
          sex  city
    sex   0.0   0.5
    city  0.5   0.0
    """
    if number_pairs not in NUMBER_PAIRS:
        raise ValueError(f"number_pairs must be one of {NUMBER_PAIRS}, got {number_pairs!r}.")
    n_bins = check_bins(n_bins)
    rows = paired_rows(real, synthetic, schema=schema)
    codes, widths = zip(*(bin_codes(rows, Z, n_bins) for Z in rows.tables))
    gaps = abs(pair_shares(codes[0], widths[0]) - pair_shares(codes[1], widths[0]))
    owner = np.repeat(np.arange(len(widths[0])), widths[0])
    member = sparse.csr_array((np.ones(len(owner)), (np.arange(len(owner)), owner)))
    errors = 0.5 * (member.T @ gaps @ member).toarray()
    errors = (errors + errors.T) / 2  # symmetric to the last bit
    if number_pairs == "correlation":
        numbers = np.flatnonzero(~rows.is_category)
        apart = np.ix_(numbers, numbers)
        errors[apart] = np.where(np.eye(len(numbers), dtype=bool), errors[apart], _correlation_gaps(rows, numbers))
    return pd.DataFrame(errors, index=rows.names, columns=rows.names)


def trend_error(real, synthetic, *, n_bins=10, number_pairs="bins", schema=None):
    """Mean total variation between the contingency tables of all pairs of columns.

    Parameters
    ----------
    real : DataFrame or array of shape (n_samples, n_features)
        Real rows. They alone decide kinds, levels, ranges and scales.
    synthetic : DataFrame or array of shape (n_synthetic, n_features)
        Rows to be judged, with the columns of `real` in any order.
    n_bins : int, default=10
        Bins of equal width of the real range that a number is cut into; the outer ones have no end.
    number_pairs : {"bins", "correlation"}, default="bins"
        How two numbers are compared: as all other pairs, or by half the gap between their Pearson correlations, which
        sees linear dependence alone.
    schema : Schema or None, default=None
        Kinds and base measure of the columns; inferred from `real` where None.

    Returns
    -------
    float
        The error, as a fraction; NaN for a table of one column, which has no pair.

    Notes
    -----
    Range 0 to 1, lower is better. Floor: real rows resampled score 0.010 on the 32,561 rows of Adult (0.009 with
    `number_pairs="correlation"`), independent columns 0.074; it grows as 1 / sqrt(n) and with the number of occupied
    cells, so compare only tables of one size. Blind to what three columns do together: read it beside
    `two_sample_auc`. Cost: one product of sparse matrices, n d^2 steps, 0.2 s on Adult.

    Examples
    --------
    >>> import numpy as np
    >>> from skgen.metrics import trend_error
    >>> rng = np.random.default_rng(0)
    >>> X = rng.multivariate_normal([0, 0], [[1, 0.9], [0.9, 1]], size=5000)
    >>> shuffled = np.column_stack([X[:, 0], rng.permutation(X[:, 1])])
    >>> round(trend_error(X, X), 2), round(trend_error(X, shuffled), 2)
    (0.0, 0.43)
    """
    errors = pair_trend_errors(real, synthetic, n_bins=n_bins, number_pairs=number_pairs, schema=schema).to_numpy()
    above = np.triu_indices(len(errors), 1)
    return float(errors[above].mean()) if len(above[0]) else float("nan")


def _correlation_gaps(rows, numbers):
    """Half the gaps between the correlations of both tables, over the rows where both cells are present."""
    tables = [pd.DataFrame(Z[:, numbers]).corr().fillna(0.0).to_numpy() for Z in rows.tables]
    return np.abs(tables[0] - tables[1]) / 2
