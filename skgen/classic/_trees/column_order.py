"""Orders of the columns: as stated, or as the table has them, its last column first."""

from __future__ import annotations

import numpy as np

from ...exceptions import SchemaError


def auto_order(cells):
    """The last column that varies comes first, since it is mostly the target; then the others, then constants."""
    constant = np.array([np.count_nonzero(c.mass) < 2 for c in cells])
    varying = np.flatnonzero(~constant)
    return np.concatenate([varying[-1:], varying[:-1], np.flatnonzero(constant)])


def read_orders(column_order, names, cells):
    """Orders (n_orders, d) from the parameter: "auto", one list of names or positions, or several."""
    if isinstance(column_order, str):
        return [auto_order(cells)]
    lists = list(column_order)
    if not lists or any(_is_column(lists[0], known) for known in (names, range(len(names)))):
        lists = [lists]
    return [_positions(order, names) for order in lists]


def _is_column(column, known):
    return not isinstance(column, (list, np.ndarray)) and (
        isinstance(column, (str, int, np.integer)) or column in known
    )


def _positions(order, names):
    named = {name: j for j, name in enumerate(names)}
    positions = [named.get(c, c) if _is_column(c, names) else None for c in order]
    whole = [isinstance(p, (int, np.integer)) and not isinstance(p, bool) for p in positions]
    if not all(whole) or sorted(positions) != list(range(len(names))):
        raise SchemaError(
            f"column_order must name each of the {len(names)} columns once ({', '.join(map(repr, names[:5]))}"
            f"{', ...' if len(names) > 5 else ''}), got {list(order)!r}."
        )
    return np.array(positions, dtype=np.int64)
