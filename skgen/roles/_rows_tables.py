"""Tables one below the other, in the container of the first."""

from __future__ import annotations

import narwhals as nw
import numpy as np

from ..table._frames import is_frame


def append_rows(X, new):
    """The rows of a table and new rows of the same columns below them, with a fresh index."""
    if not is_frame(X):
        new = np.asarray(new)
        if X.dtype.kind in "OUS":
            return np.concatenate([X, new.astype(X.dtype)])
        return np.concatenate([X, new]).astype(X.dtype)
    if hasattr(X, "iloc"):
        X = X.reset_index(drop=True)
    tables = [nw.from_native(table, eager_only=True) for table in (X, new)]
    joined = nw.concat(tables, how="vertical").to_native()
    return joined.reset_index(drop=True) if hasattr(joined, "iloc") else joined


def split_last(rows, X):
    """The columns before the last, in the dtype of the array X, and the values of the last."""
    if is_frame(rows):
        frame = nw.from_native(rows, eager_only=True)
        last = frame.shape[1] - 1
        return frame[:, :last].to_native(), frame[:, last].to_numpy()
    first = rows[:, :-1]
    return (np.rint(first) if X.dtype.kind in "iu" and first.dtype.kind == "f" else first).astype(X.dtype), rows[:, -1]
