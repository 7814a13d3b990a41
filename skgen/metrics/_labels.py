"""Labels: words for the cells that `bin_codes` numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..table.column import DAY


def cell_labels(rows, j, n_bins):
    """One label for each code of column j, those of `bin_codes(..., values=True)`."""
    column, described = rows.columns[j], rows.schema.columns[j]
    if column.kind == "category":
        return [*_levels(rows, j), "missing"]
    if len(column.values):
        return [*(_show(v, described) for v in column.values), "another", "missing"]
    low, high = rows.low[j], rows.high[j]
    if not high > low:
        at = _show(low, described)
        return [f"< {at}", at, f"> {at}", "missing"]
    edges = [_show(edge, described) for edge in np.linspace(low, high, n_bins + 1)[1:-1]]
    if not edges:
        return ["any", "missing"]
    between = [f"{a} to {b}" for a, b in zip(edges[:-1], edges[1:])]
    return [f"< {edges[0]}", *between, f">= {edges[-1]}", "missing"]


def _levels(rows, j):
    """The levels in the order of their codes; those that the real table lacks are called "another"."""
    levels = rows.schema.columns[j].levels or []
    labels = ["another"] * rows.n_levels[j]
    for level, code in zip(levels, rows.codec.level_codes(j)):
        if code < rows.columns[j].n_codes:
            labels[code] = level
    return labels


def _show(z, column):
    if column.source == "datetime":
        return str(pd.Timestamp(int(column.origin * column.tick + z * DAY)))
    return str(pd.Timedelta(days=z)) if column.source == "timedelta" else f"{z + column.origin:g}"
