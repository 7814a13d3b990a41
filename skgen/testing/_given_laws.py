"""Given laws: known cells come back as they were, and the others follow the law conditioned on them."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from ..exceptions import GivenError
from ..table import MISSING
from ._cells import all_values, cell_rows, cell_volumes, count_cells, seen_values
from ._density_laws import conditional_distribution
from ._law import check_close, check_counts, check_uniform, closed_conditions, fitted, require
from ._reference import cell_table, inflated_table, mixed_table, plane_rows, wide_table

_SAMPLES = 6_000


def given_values_come_back(estimator):
    """Known values come back exactly, sets and intervals hold, MISSING is missing; tables row by row."""
    table = mixed_table(400, seed=80)
    model = fitted(estimator, table)
    n = 200
    rows = model.sample(n, given={"sex": "Female", "age": 41}, random_state=1)
    assert (rows["sex"] == "Female").all() and (rows["age"] == 41).all(), "a given value does not come back."
    rows = model.sample(n, given={"city": ["Rome", "Oslo"], "active": True}, random_state=2)
    assert set(rows["city"]) <= {"Rome", "Oslo"}, f"given a list, the levels are {sorted(set(rows['city']))}."
    assert rows["active"].all(), "a given True does not come back."
    rows = model.sample(n, given={"age": pd.Interval(30, 40), "income": MISSING}, random_state=3)
    assert ((rows["age"] > 30) & (rows["age"] <= 40)).all(), f"given (30, 40], ages are {sorted(set(rows['age']))}."
    assert rows["income"].isna().all(), "given MISSING, a value is drawn."
    assert list(rows.columns) == list(table.columns), f"given changes the columns to {list(rows.columns)}."
    common = table["city"].isin(["Rome", "Lima"]) & table["height"].between(1.65, 1.75)
    known = table.loc[common, ["city", "height"]].iloc[[0, 1, 2, 3, 0, 1] * 10].reset_index(drop=True)
    rows = model.sample(len(known), given=known, random_state=4)
    pd.testing.assert_frame_equal(rows[["city", "height"]], known)


def given_table_completes(estimator):
    """An empty cell of a present column of a `given` table is drawn as a value; rows keep their order."""
    table = mixed_table(400, seed=81)
    model = fitted(estimator, table)
    known = pd.DataFrame(
        {
            "income": [0.0, np.nan, 0.0, np.nan] * 20,
            "children": pd.array([1, 0, pd.NA, pd.NA] * 20, dtype="Int64"),
            "sex": ["Male", None, None, "Female"] * 20,
        }
    )
    rows = model.sample(80, given=known, random_state=5)
    for name in known:
        assert not rows[name].isna().any(), f"column {name!r}: an empty cell stays empty, expected a drawn value."
        present = known[name].notna()
        moved = (rows[name][present] != known[name][present]).sum()
        assert moved == 0, f"column {name!r}: {moved} given values do not come back."
    assert rows["active"].nunique() == 2, "an absent column is not drawn from its law."


def given_errors(estimator):
    """A condition that names no column, has the wrong number of rows or cannot hold is refused before any work."""
    table = cell_table(200, seed=82)
    model = fitted(estimator, table)
    wrong = {
        "an unknown column": {"given": {"size": 1}},
        "an empty list": {"given": {"colour": []}},
        "a table with other rows": {"given": table[["colour"]].iloc[:3]},
    }
    for what, arguments in wrong.items():
        try:
            model.sample(5, **arguments)
        except GivenError:
            continue
        raise AssertionError(f"given {what} is not refused with a GivenError.")


def given_additivity(estimator):
    """score(x) - score(x | a) depends on a alone, and the law of the rest given a sums to 1: it is log p(a)."""
    for name, build, tolerance in (("cells", cell_table, 1e-10), ("inflated", inflated_table, 1e-8)):
        table = build(300, seed=83)
        model = fitted(estimator, table)
        choices = ([table.columns[0]], list(table.columns[-1:]), list(table.columns[:-1]))
        closed = closed_conditions(model, table, choices)
        require(closed, "the model has no conditional scores")
        require(model.likelihood_ == "exact", "the likelihood is not exact")
        cells = cell_rows(table, [all_values(table[column]) for column in table])
        joint = model.score_samples(cells)
        check_close(model.score_samples(cells, given=[]), joint, 1e-10, f"{name}: given nothing", relative=True)
        for known in closed:
            check_conditional_law(cells, joint, model.score_samples(cells, given=known), known, tolerance, name)


def check_conditional_law(cells, joint, conditional, known, tolerance, name):
    """Scores of all cells given some columns: the joint ones less a function of those columns, and they sum to 1."""
    group = cells.groupby(known, dropna=False, sort=False, observed=True).ngroup().to_numpy()
    first = np.unique(group, return_index=True)[1]
    marginal = joint - conditional
    check_close(marginal, marginal[first][group], tolerance, f"{name}: log p({known})", relative=True)
    free = [column for column in cells if column not in known]
    mass = np.exp(conditional) * cell_volumes(cells[free])
    sums = np.array([math.fsum(mass[group == g]) for g in range(min(len(first), 50))])
    worst = float(np.abs(sums - 1).max())
    assert worst <= 1e-8, f"{name}: the law of {free} given {known} sums to 1 +- {worst:.2g}."


#: Table, condition, and the cells that satisfy it.
_CONDITIONS = [
    (cell_table, {"colour": "red"}, lambda t: t["colour"] == "red"),
    (cell_table, {"colour": MISSING}, lambda t: t["colour"].isna()),
    (
        cell_table,
        {"colour": ["red", "blue"], "flag": "yes"},
        lambda t: t["colour"].isin(["red", "blue"]) & (t["flag"] == "yes"),
    ),
    (cell_table, {"count": pd.Interval(1, 3, closed="left")}, lambda t: t["count"].isin([1, 2])),
    (wide_table, {"flag": "yes"}, lambda t: t["flag"] == "yes"),
    (wide_table, {"wide": 33}, lambda t: t["wide"] == 33),
    (wide_table, {"wide": pd.Interval(25, 35)}, lambda t: (t["wide"] > 25) & (t["wide"] <= 35)),
    (inflated_table, {"amount": 0.0}, lambda t: t["amount"] == 0),
    (inflated_table, {"amount": [0.0, MISSING]}, lambda t: t["amount"].isna() | (t["amount"] == 0)),
]


def given_samples_follow_scores(estimator):
    """Rows sampled under a condition (value, set, interval, MISSING) follow the scores of the cells that satisfy it."""
    models = {}
    for build, given, satisfies in _CONDITIONS:
        table = build(400, seed=84)
        if build not in models:
            models[build] = fitted(estimator, table)
        model = models[build]
        require(model.likelihood_ == "exact", "the likelihood is not exact")
        cells = cell_rows(table, [seen_values(table[column]) for column in table])
        cells = cells[satisfies(cells).fillna(False).to_numpy(dtype=bool)].reset_index(drop=True)
        counts, elsewhere = count_cells(model.sample(_SAMPLES, given=given, random_state=6), cells)
        assert elsewhere == 0, f"given {given}: {elsewhere} of {_SAMPLES} samples do not satisfy the condition."
        check_counts(counts, np.exp(model.score_samples(cells)) * cell_volumes(cells), f"given {given}")


def given_rows_follow_scores(estimator):
    """On float arrays rows sampled given one column follow the conditional density of the other."""
    X = plane_rows(300, seed=85)
    model = fitted(estimator, X)
    closed = closed_conditions(model, X, ([0], [1]))
    require(model.likelihood_ == "exact" and closed, "the model has no conditional scores")
    for (known,) in closed:
        value = (-1.0, 0.5)[known]
        rows = model.sample(2_000, given={known: value}, random_state=7)
        assert (rows[:, known] == value).all(), f"given column {known} = {value}, other values come back."
        axis, below, error = conditional_distribution(model, X, rows[:1], known, 1 - known, 2001)
        total = below[0, -1]
        assert abs(total - 1) <= 1e-3 + error, f"the density given column {known} integrates to {total:.6f}."
        check_uniform(np.interp(rows[:, 1 - known], axis, below[0]), f"rows given column {known} = {value}")


GIVEN_LAWS = {
    law.__name__: law
    for law in (
        given_values_come_back,
        given_table_completes,
        given_errors,
        given_additivity,
        given_samples_follow_scores,
        given_rows_follow_scores,
    )
}
