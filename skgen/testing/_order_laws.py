"""Order laws: what a model owes that takes the columns in several orders."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .._random import generator_from
from ._cells import all_values, cell_rows, cell_volumes, count_cells, seen_values
from ._given_laws import check_conditional_law
from ._law import check_counts, fitted, require

_ORDERS = (["first", "second", "third"], ["second", "first", "third"])

#: Rows that are drawn for each pair of known levels.
_ROWS = 1_000


def orders_are_a_mixture(estimator):
    """Several orders are one mixture: given the columns that come first in all, each weighs as it foretold them."""
    require("column_order" in estimator.get_params(deep=False), "the model has no orders of columns")
    table = _pairs(90, seed=90)
    known = ["first", "second"]
    model = fitted(estimator, table, column_order=_ORDERS)
    cells = cell_rows(table, [all_values(table[column]) for column in table])
    joint, conditional = model.score_samples(cells), model.score_samples(cells, given=known)
    check_conditional_law(cells, joint, conditional, known, 1e-10, "two orders")
    cells = cell_rows(table, [seen_values(table[column]) for column in table])
    pairs = cells[known].drop_duplicates()
    rows = model.sample(given=pairs.loc[np.repeat(pairs.index, _ROWS)].reset_index(drop=True), random_state=8)
    probabilities = np.exp(model.score_samples(cells, given=known)) * cell_volumes(cells[["third"]])
    counts, _ = count_cells(rows, cells)
    check_counts(counts, probabilities, "rows given the first two columns of two orders")


def _pairs(n, seed):
    """A frame of n rows: a level of six, another that mostly equals it, and a level of four that leans on both."""
    rng = generator_from(seed)
    first = rng.integers(6, size=n)
    second = np.where(rng.random(n) < 0.9, first, rng.integers(6, size=n))
    third = np.where(rng.random(n) < 0.3, (first + second) % 4, rng.integers(4, size=n))
    names = np.array(list("abcdef"))
    return pd.DataFrame({"first": names[first], "second": names[second], "third": names[third]})


ORDER_LAWS = {law.__name__: law for law in (orders_are_a_mixture,)}
