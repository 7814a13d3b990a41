"""The cells of a small table: every row that can occur, reserved ones included, and those in the seen support."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd

#: Columns of numbers with at most so many distinct values are tables of probabilities.
_FEW_VALUES = 30


def _numbers(column):
    return column.dropna().to_numpy(dtype=np.float64)


def _resolution(column):
    """The grid of the reference tables: tenths for floats, ones for the rest."""
    return 0.1 if pd.api.types.is_float_dtype(column.dtype) else 1.0


def _grid(numbers, r, reach):
    low, high = np.rint(numbers.min() / r) - reach, np.rint(numbers.max() / r) + reach
    return np.arange(low, high + 1) / np.rint(1 / r)


def all_values(column, reach=400):
    """Every cell of one column: seen levels, one unseen, missing; the grid up to `reach` steps past the range."""
    if not pd.api.types.is_numeric_dtype(column.dtype):
        seen = sorted(column.dropna().unique())
        declared = column.cat.categories if isinstance(column.dtype, pd.CategoricalDtype) else []
        unseen = sorted(set(declared) - set(seen)) or ["never seen"]
        return [*seen, unseen[0], None]  # every unseen and every unused level is the same cell
    numbers, r = _numbers(column), _resolution(column)
    return [*_grid(numbers, r, reach), None]


def seen_values(column):
    """The cells of one column in the seen support: its levels, its values if they are few, its range otherwise."""
    missing = [None] if column.isna().any() else []
    if not pd.api.types.is_numeric_dtype(column.dtype):
        return [*sorted(column.dropna().unique()), *missing]
    numbers, r = np.unique(_numbers(column)), _resolution(column)
    if len(numbers) > _FEW_VALUES:
        numbers = _grid(numbers, r, 0)
    return [*numbers, *missing]


def cell_rows(table, values):
    """The product of the columns' values as a frame with the table's dtypes."""
    columns = list(zip(*product(*values)))
    return pd.DataFrame(
        {
            name: pd.Series(cells, dtype=table[name].dtype) if _typed(table[name]) else list(cells)
            for name, cells in zip(table.columns, columns)
        }
    )


def _typed(column):
    return pd.api.types.is_numeric_dtype(column.dtype) or isinstance(column.dtype, pd.CategoricalDtype)


def cell_volumes(rows):
    """The volume of each cell, which turns its density into a mass; a missing cell has volume 1."""
    volumes = np.ones(len(rows))
    for name in rows:
        if pd.api.types.is_numeric_dtype(rows[name].dtype):
            volumes *= np.where(rows[name].isna(), 1.0, _resolution(rows[name]))
    return volumes


def count_cells(rows, cells):
    """How often each cell occurs among the rows, and how many rows are in none of them."""
    keys = pd.Series(np.arange(len(cells)), index=_keys(cells))
    position = keys.reindex(_keys(rows)).to_numpy(dtype=np.float64)
    counts = np.bincount(position[~np.isnan(position)].astype(int), minlength=len(cells))
    return counts, int(np.isnan(position).sum())


def _keys(frame):
    """The printed values of each row; a missing cell prints as nan."""
    return pd.Index(["|".join(cells) for cells in zip(*(_printed(frame[name]) for name in frame))])


def _printed(column):
    if pd.api.types.is_numeric_dtype(column.dtype):
        return [f"{number:.6f}" for number in column.to_numpy(dtype=np.float64, na_value=np.nan) + 0.0]
    return ["nan" if missing else str(cell) for cell, missing in zip(column, column.isna())]
