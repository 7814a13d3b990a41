"""JoinedTable: a table with a target as its last column, of any container."""

from __future__ import annotations

import narwhals as nw
import numpy as np

from ..table._frames import column_names, is_frame


class JoinedTable:
    """How a target is put beside the columns of a table.

    Parameters
    ----------
    X : DataFrame or ndarray
        The table.
    name : str or None
        The name of the target, where it has one.
    default : str
        The name of the column where the target has none, or one that the table has.

    Attributes
    ----------
    column : str or int
        The name of the target's column; its position in arrays.
    """

    def __init__(self, X, name=None, default="target"):
        self.is_frame = is_frame(X)
        names = column_names(X)
        if not self.is_frame:
            self.column = len(names)
            return
        if not any(isinstance(other, str) for other in names):  # positions for names: scikit-learn mixes no kinds
            self.column = len(names) + sum(other for other in names if other >= len(names))
            return
        name = name if isinstance(name, str) and name and name not in names else default
        while name in names:
            name += "_"
        self.column = name

    def join(self, X, values):
        """The table with these values, one a row, in the last column."""
        values = np.asarray(values)
        if self.is_frame:
            frame = nw.from_native(X, eager_only=True)
            series = nw.new_series(self.column, values, backend=frame.implementation)
            if hasattr(X, "index"):
                series = nw.from_native(series.to_native().set_axis(X.index), series_only=True)
            return frame.with_columns(series).to_native()
        X = np.asarray(X)
        if X.dtype.kind in "OUS" or values.dtype.kind in "OUS":
            return np.column_stack([X.astype(object), values.astype(object)])
        return np.column_stack([X, values])

    def split(self, rows):
        """The values of the last column of such a table."""
        if self.is_frame:
            return nw.from_native(rows, eager_only=True)[self.column].to_numpy()
        return np.asarray(rows)[:, -1]
