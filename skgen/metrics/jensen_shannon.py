"""Jensen-Shannon distance of single columns: the root of the divergence in bits, from 0 to 1."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import rel_entr

from ._bins import bin_codes, check_bins
from ._rows import paired_rows


def column_jensen_shannon(real, synthetic, *, n_bins=10, schema=None):
    """Jensen-Shannon distance of each column: levels, bins of numbers, and missing as a cell of its own.

    Parameters
    ----------
    real : DataFrame or array of shape (n_samples, n_features)
        Real rows. They alone decide kinds, levels, ranges and scales.
    synthetic : DataFrame or array of shape (n_synthetic, n_features)
        Rows to be judged, with the columns of `real` in any order.
    n_bins : int, default=10
        Bins of equal width of the real range that a number is cut into; the outer ones have no end.
    schema : Schema or None, default=None
        Kinds and base measure of the columns; inferred from `real` where None.

    Returns
    -------
    pandas.Series
        One distance for each column, indexed by its name.

    Notes
    -----
    As `jensen_shannon_error`, which is its mean.

    Examples
    --------
    >>> import pandas as pd
    >>> from skgen.metrics import column_jensen_shannon
    >>> real = pd.DataFrame({"sex": ["f", "m"], "city": ["Rome", "Oslo"]})
    >>> column_jensen_shannon(real, real.assign(city="Bern"))
    sex     0.0
    city    1.0
    Name: jensen_shannon, dtype: float64
    """
    n_bins = check_bins(n_bins)
    rows = paired_rows(real, synthetic, schema=schema)
    (R, widths), (S, _) = (bin_codes(rows, Z, n_bins) for Z in rows.tables)
    # a loop over columns: each has its own number of cells
    values = [_distance(R[:, j], S[:, j], widths[j]) for j in range(len(widths))]
    return pd.Series(values, index=pd.Index(rows.names), name="jensen_shannon")


def jensen_shannon_error(real, synthetic, *, n_bins=10, schema=None):
    """Mean Jensen-Shannon distance of the columns.

    Parameters
    ----------
    real : DataFrame or array of shape (n_samples, n_features)
        Real rows. They alone decide kinds, levels, ranges and scales.
    synthetic : DataFrame or array of shape (n_synthetic, n_features)
        Rows to be judged, with the columns of `real` in any order.
    n_bins : int, default=10
        Bins of equal width of the real range that a number is cut into; the outer ones have no end.
    schema : Schema or None, default=None
        Kinds and base measure of the columns; inferred from `real` where None.

    Returns
    -------
    float
        The mean of `column_jensen_shannon`.

    Notes
    -----
    Range 0 to 1, lower is better. The square root of the divergence in bits, a metric; rare levels weigh more than in
    the total variation. Floor: 0.011 for other rows of Adult; it falls as 1 / sqrt(n). Blind to dependence.
    Cost: counts of each column, 0.1 s on Adult.

    Examples
    --------
    >>> import numpy as np
    >>> from skgen.metrics import jensen_shannon_error
    >>> X = np.random.default_rng(0).normal(size=(1000, 2))
    >>> round(jensen_shannon_error(X, X + 1), 2)
    0.4
    """
    return float(column_jensen_shannon(real, synthetic, n_bins=n_bins, schema=schema).mean())


def _distance(r, s, width):
    p, q = (np.bincount(codes, minlength=width) / len(codes) for codes in (r, s))
    m = (p + q) / 2
    bits = (rel_entr(p, m).sum() + rel_entr(q, m).sum()) / (2 * np.log(2))
    return float(np.sqrt(np.clip(bits, 0.0, 1.0)))
