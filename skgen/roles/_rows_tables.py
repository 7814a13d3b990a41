"""Tables one below the other, in the container of the first."""

from __future__ import annotations

import narwhals as nw
import numpy as np
import pandas as pd

from ..table._frames import is_frame


def append_rows(X, new):
    """The rows of a table and new rows of the same columns below them, with a fresh index."""
    new = rows_like(new, X)
    if not is_frame(X):
        return np.concatenate([X, _cast(np.asarray(new), X.dtype)])
    if hasattr(X, "iloc"):
        X = X.reset_index(drop=True)
    tables = [nw.from_native(table, eager_only=True) for table in (X, new)]
    joined = nw.concat(tables, how="vertical").to_native()
    return joined.reset_index(drop=True) if hasattr(joined, "iloc") else joined


def rows_like(rows, X):
    """Drawn rows in the container of the table X: those of scikit-learn's densities are arrays, whatever that is."""
    if is_frame(rows) or not is_frame(X):
        return rows
    if hasattr(X, "iloc"):
        columns = [
            pd.Series(_cast(z, getattr(dtype, "numpy_dtype", dtype))).astype(dtype)
            for z, dtype in zip(rows.T, X.dtypes)
        ]
        return pd.concat(columns, axis=1).set_axis(X.columns, axis=1)
    frame = nw.from_native(X, eager_only=True)
    series = {}
    for z, (name, dtype) in zip(rows.T, frame.schema.items()):
        z = _cast(z, frame[name].head(0).to_numpy().dtype)
        series[name] = nw.new_series(name, z, dtype, backend=frame.implementation)
    return nw.from_dict(series, backend=frame.implementation).to_native()


def split_last(rows, X):
    """The columns before the last, in the dtype of the array X, and the values of the last."""
    if is_frame(rows):
        frame = nw.from_native(rows, eager_only=True)
        last = frame.shape[1] - 1
        return frame[:, :last].to_native(), frame[:, last].to_numpy()
    return _cast(rows[:, :-1], X.dtype), rows[:, -1]


def _cast(values, dtype):
    """Values in a dtype; real numbers go to the nearest of its integers."""
    if values.dtype.kind != "f" or dtype.kind not in "biu":
        return values.astype(dtype)
    low, high = (0, 1) if dtype.kind == "b" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    return np.clip(np.rint(values), low, high).astype(dtype)
