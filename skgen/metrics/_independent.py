"""Independent columns: the table that has every column right and no pair."""

from __future__ import annotations

import narwhals as nw
import numpy as np

from ..table._frames import as_array, is_frame


def independent_rows(X, n_rows, rng):
    """Rows whose cells are drawn from each column of a table on its own, with replacement."""
    if not is_frame(X):
        X = as_array(X)
        picks = rng.integers(0, len(X), (n_rows, X.shape[1]))
        return X[picks, np.arange(X.shape[1])]
    frame = nw.maybe_reset_index(nw.from_native(X, eager_only=True))
    columns = [
        nw.maybe_reset_index(frame.select(name)[rng.integers(0, len(frame), n_rows).tolist()]) for name in frame.columns
    ]
    return nw.concat(columns, how="horizontal").to_native()


def take_rows(X, index):
    """Some rows of a table, in its container."""
    if not is_frame(X):
        return as_array(X)[index]
    return nw.maybe_reset_index(nw.from_native(X, eager_only=True)[np.asarray(index).tolist()]).to_native()
