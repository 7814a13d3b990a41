"""Exact copies of training rows among synthetic ones."""

from __future__ import annotations

import numpy as np

from ._rows import paired_rows


def copied_share(train, synthetic, *, schema=None):
    """Share of synthetic rows that equal a training row in every cell.

    Numbers are equal where they fall into the same cell of the real column's grid (the same integer, cent, second),
    missing cells equal one another.

    Parameters
    ----------
    train : DataFrame or array of shape (n_samples, n_features)
        The rows that the model was fitted to.
    synthetic : DataFrame or array of shape (n_samples, n_features)
        Rows that the model generated, with the columns of `train` in any order.
    schema : Schema or None, default=None
        Kinds and base measure of the columns; inferred from `train` where None.

    Returns
    -------
    float
        The share.

    Notes
    -----
    Range 0 to 1, lower is better down to the floor: ``copied_share(train, test)``, the share of fresh real rows that
    are found in the training table (0.0014 on Adult). On tables of few columns it is far from 0, and a figure below
    it means that common rows are too rare. Cost: one pass over both tables, 0.2 s on Adult.

    See Also
    --------
    nearest_record_share : Sees rows that were copied and then blurred.

    Examples
    --------
    >>> import pandas as pd
    >>> from skgen.metrics import copied_share
    >>> train = pd.DataFrame({"age": [31, 52, 40], "city": ["Rome", None, "Oslo"]})
    >>> copied_share(train, pd.DataFrame({"age": [52, 52], "city": [None, "Rome"]}))
    0.5
    """
    rows = paired_rows(train, synthetic, schema=schema)
    return share_of_copies(*rows.tables, rows)


def share_of_copies(train, synthetic, rows):
    """The share of typed synthetic rows that are training rows."""
    known = set(_keys(train, rows))
    return float(np.mean([key in known for key in _keys(synthetic, rows)]))


def _keys(Z, rows):
    """The bytes of each row's cells: one zero, one NaN, and a level that the training table has not equals nothing."""
    cells = np.ascontiguousarray(rows.cells(Z) + 0.0)
    cells[np.isnan(cells)] = np.nan
    return cells.view(f"V{cells.itemsize * cells.shape[1]}").ravel().tolist()
