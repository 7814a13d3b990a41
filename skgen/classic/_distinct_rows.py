"""The distinct rows of a weighted data set: what makes a fit a function of it, whatever the order of the rows."""

from __future__ import annotations

import numpy as np


def distinct_rows(Z, weight, columns):
    """Distinct rows with summed weights, sorted by the columns in the given order.

    So they are a function of the weighted data set, whatever the order of its rows.
    """
    first = Z[:, columns[0]]
    order = np.argsort(first, kind="stable")
    first = first[order]
    if (first[1:] == first[:-1]).any() or np.isnan(first[-1]):
        order = np.lexsort(Z.T[columns[::-1]])
    S = Z[order]
    same = ((S[1:] == S[:-1]) | (np.isnan(S[1:]) & np.isnan(S[:-1]))).all(axis=1)
    starts = np.flatnonzero(np.append(True, ~same))
    return S[starts], np.add.reduceat(weight[order], starts)
