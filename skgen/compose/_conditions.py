"""Conditions through a change of variables: `given` of the original columns as the density takes it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..exceptions import GivenError, UnsupportedGivenError
from ..table import MISSING
from ..table.given import column_position


def inner_position(rows, name):
    """The place of the density's column that comes of an old one; an error where it is mixed with others."""
    j = column_position(name, rows.codec)
    found = np.flatnonzero(rows.sources == j)
    if not len(found):
        raise UnsupportedGivenError(
            f"Column {name!r} is mixed with others by the transformer, so a condition on it is none on any column of "
            "the density. Use a transformer that changes each column alone, or condition on others."
        )
    return int(found[0])


def to_inner(rows, given, conditions):
    """`given` as the density takes it.

    Parameters
    ----------
    rows : RowMap
        The map of rows.
    given : dict or table
        The conditions as they were written.
    conditions : Given
        The same, read by the codec of the original table.
    """
    if conditions.is_table:
        return _table(rows, given, conditions)
    return {inner_name(rows, i): cell for i, cell in _cells(rows, given, conditions)}


def inner_name(rows, i):
    """The name by which the density knows its column."""
    return rows.names[i] if rows.seen_as is None else list(rows.seen_as.schema_.names)[i]


def _cells(rows, given, conditions):
    for name, value in given.items():
        i = inner_position(rows, name)
        j = rows.sources[i]
        if rows.kept[i] or value is MISSING:
            yield i, value
        elif conditions.known[0, j]:
            yield i, float(_inside(rows, i, conditions.points[:1, j])[0])
        elif conditions.allowed[j] is None:
            yield i, None
        elif conditions.allowed[j].values is None:
            yield i, _interval(rows, i, conditions.allowed[j])
        else:
            allowed = conditions.allowed[j]
            if allowed.missing and len(allowed.values) and i in rows.bent_places():
                raise UnsupportedGivenError(
                    f"Column {name!r} stands behind a transformer that is not affine, where listed numbers cannot be "
                    "weighed against a missing cell. Draw rows given the numbers and rows given MISSING one by one."
                )
            yield i, [*_inside(rows, i, allowed.values).tolist(), *([MISSING] if allowed.missing else [])]


def _table(rows, given, conditions):
    named = list(given.columns) if hasattr(given, "columns") else rows.codec.schema.names
    columns = {}
    for name in named:
        i = inner_position(rows, name)
        j = rows.sources[i]
        if rows.kept[i]:
            columns[inner_name(rows, i)] = _old_cells(given, name)
            continue
        known = conditions.known[:, j]
        cells = np.full(len(known), None, dtype=object)
        present = known & ~np.isnan(conditions.points[:, j])
        cells[present] = _inside(rows, i, conditions.points[present, j])
        cells[known & ~present] = MISSING
        no_missing = (present == known).all()
        columns[inner_name(rows, i)] = cells.astype(float) if no_missing else cells
    return pd.DataFrame(columns)


def _old_cells(given, name):
    if isinstance(given, np.ndarray | list):
        return np.asarray(given)[:, name]
    cells = given[name]
    return cells.reset_index(drop=True) if hasattr(cells, "reset_index") else cells.to_list()


def _inside(rows, i, values):
    """Given numbers mapped; those outside the domain are refused."""
    origin = rows.codec.schema.columns[rows.sources[i]].origin
    mapped = rows.map_column(i, values + origin)
    if not np.isfinite(mapped).all():
        wrong = values[~np.isfinite(mapped)][0] + origin
        name = rows.codec.schema.names[rows.sources[i]]
        raise GivenError(f"given has {wrong:g} in column {name!r}, where the transformer has no value.")
    return mapped


def _interval(rows, i, allowed):
    """The mapped interval; an end beyond the domain is no end. On a grid it takes whole cells."""
    j = rows.sources[i]
    column = rows.codec.schema.columns[j]
    ends = np.array([allowed.low, allowed.high])
    if column.resolution:
        cells = column.snap(ends)
        inward = np.array([cells[0] < ends[0], cells[1] > ends[1]])
        ends = cells + np.where(inward, 0.5, -0.5) * column.resolution * [1, -1]
    ends = ends + column.origin
    finite = np.isfinite(ends)
    mapped = np.full(2, np.nan)
    mapped[finite] = rows.map_column(i, ends[finite])
    seen = rows.ends[:, j]
    if (np.isnan(mapped[0]) and ends[0] > seen[1]) or (np.isnan(mapped[1]) and ends[1] < seen[0]):
        raise GivenError(f"given asks for [{ends[0]:g}, {ends[1]:g}] in column {column.name!r}, where no row can lie.")
    images = rows.map_column(i, seen)
    if images[0] > images[1]:
        mapped = mapped[::-1]
    low, high = np.where(np.isnan(mapped), [-np.inf, np.inf], mapped)
    return pd.Interval(low, high, closed="both")


def chance_of_lists(rows, drawn, conditions):
    """Chances (n,) of drawn rows to stay, by which listed values come as their slopes say; None where all stay.

    The density draws one of its own values, in proportion to its law. That of the table has the slope as a factor.

    Parameters
    ----------
    rows : RowMap
        The map of rows.
    drawn : table
        Rows of the density, drawn under the conditions.
    conditions : Given
        The conditions, read by the codec of the original table.
    """
    listed = [i for i in rows.bent_places() if _values(rows, i, conditions) is not None]
    if not listed or not len(drawn):
        return None
    N, chance = rows.originals(rows.to_numbers(drawn)), np.ones(len(drawn))
    for i in listed:
        j, values = rows.sources[i], _values(rows, i, conditions)
        log_slope = rows.log_slopes(i, values + rows.codec.schema.columns[j].origin)
        seen = rows.codec.columns[j].seen(values)  # no other is drawn
        top = log_slope[seen].max() if seen.any() else log_slope.max()
        chance *= np.exp(np.minimum(log_slope - top, 0.0))[np.abs(N[:, j, None] - values).argmin(axis=1)]
    return chance


def _values(rows, i, conditions):
    allowed = conditions.allowed[rows.sources[i]]
    return None if allowed is None or allowed.values is None or not len(allowed.values) else allowed.values
