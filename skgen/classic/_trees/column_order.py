"""Orders of the columns: as stated, or as the table has them, its last column first."""

from __future__ import annotations

import numpy as np

from ...exceptions import SchemaError


def auto_order(n_columns):
    """The last column first, since it is mostly the target, then the others as they stand."""
    return np.append(n_columns - 1, np.arange(n_columns - 1))


def read_orders(column_order, names):
    """Orders (n_orders, d) from the parameter: "auto", one list of names or positions, or several."""
    if isinstance(column_order, str):
        return [auto_order(len(names))]
    lists = list(column_order)
    if not lists or isinstance(lists[0], (str, int, np.integer)):
        lists = [lists]
    return [_positions(order, names) for order in lists]


def _positions(order, names):
    named = {name: j for j, name in enumerate(names)}
    positions = [named.get(column, column) for column in order]
    if sorted(map(str, positions)) != sorted(map(str, range(len(names)))):
        raise SchemaError(
            f"column_order must name each of the {len(names)} columns once ({', '.join(map(repr, names[:5]))}"
            f"{', ...' if len(names) > 5 else ''}), got {list(order)!r}."
        )
    return np.array(positions, dtype=np.int64)
