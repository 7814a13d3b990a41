"""Hostile tables: hypothesis strategies for frames that break models, and what a model owes to each of them.

A model refuses such a table with a clear error, or obeys: finite scores, samples of the same dtypes in the seen
support, the same bits from the same seed. hypothesis is needed for this file alone: ``pip install skgen[test]``.
"""

from __future__ import annotations

import pickle
import warnings

import numpy as np
import pandas as pd
from hypothesis import strategies as st
from sklearn.exceptions import ConvergenceWarning

from .._random import generator_from
from ..exceptions import DegenerateDataWarning, IdentifierColumnWarning
from ._law import configured, is_net
from ._seed_laws import same_rows

#: What a model may say of a table that it takes.
_FAIR_WARNINGS = (ConvergenceWarning, DegenerateDataWarning, IdentifierColumnWarning)
_MOST_EXPONENT = 30


def _scale(rng):
    return 10.0 ** rng.integers(-_MOST_EXPONENT, _MOST_EXPONENT + 1)


def _categories(n, rng):
    codes = rng.integers(0, 4, size=n)
    return pd.Categorical.from_codes(codes, categories=["u", "v", "w", "x", "unused"], ordered=bool(rng.integers(2)))


def _dates(n, rng):
    start = pd.Timestamp("1999-03-28", tz="Europe/Berlin")  # the night of a clock change
    return pd.DatetimeIndex([start + pd.Timedelta(minutes=int(m)) for m in rng.integers(0, 10**6, size=n)])


def _texts(n, rng):
    levels = np.array(["", " ", "a", "A", "nan", "é\n", "0", "very long " * 5], dtype=object)
    return pd.Series(levels[rng.integers(0, len(levels), size=n)], dtype="object")


#: Kind of column -> its cells, from the number of rows and a generator.
COLUMNS = {
    "float": lambda n, rng: _scale(rng) * rng.standard_normal(n),
    "decimal": lambda n, rng: np.round(100 * rng.random(n), 2),
    "int": lambda n, rng: rng.integers(-1000, 1000, size=n),
    "large int": lambda n, rng: rng.integers(2**52, 2**53, size=n),
    "nullable int": lambda n, rng: pd.array(rng.integers(0, 5, size=n), dtype="Int64"),
    "bool": lambda n, rng: rng.random(n) < 0.5,
    "category": _categories,
    "text": _texts,
    "date": _dates,
    "constant": lambda n, rng: np.full(n, _scale(rng)),
    "constant text": lambda n, rng: np.full(n, "same"),
    "all missing": lambda n, rng: np.full(n, np.nan),
    "heavy-tailed": lambda n, rng: rng.standard_cauchy(n) ** 3,
    "zero-inflated": lambda n, rng: np.where(rng.random(n) < 0.9, 0.0, np.round(rng.gamma(2.0, 100.0, size=n), 2)),
    "identifier": lambda n, rng: rng.permutation(n),
    "text identifier": lambda n, rng: np.array([f"id-{k}" for k in rng.permutation(n)]),
}
_HOLEY = ("float", "decimal", "nullable int", "category", "text", "date", "heavy-tailed", "zero-inflated")


def build_table(kinds, n, seed, holes=0.0, repeat=False):
    """A table of columns of the given kinds.

    Parameters
    ----------
    kinds : list of str
        Keys of `COLUMNS`.
    n : int
        Number of rows.
    seed : int
        Seed of the cells.
    holes : float, default=0.0
        Share of missing cells in the columns that can have them.
    repeat : bool, default=False
        Whether the last column is the first one again, a little moved.

    Returns
    -------
    DataFrame
        The table.
    """
    rng = generator_from(seed)
    columns = {}
    for j, kind in enumerate(kinds):
        column = pd.Series(COLUMNS[kind](n, rng), name=f"{j} {kind}")
        if kind in _HOLEY and holes:
            column = column.mask(rng.random(n) < holes)
        columns[column.name] = column
    table = pd.DataFrame(columns)
    if repeat and kinds:
        table["again"] = table.iloc[:, 0]
    return table


@st.composite
def hostile_tables(draw, max_columns=8, max_rows=200):
    """Strategy for hostile tables.

    Parameters
    ----------
    max_columns : int, default=8
        Most columns.
    max_rows : int, default=200
        Most rows.

    Returns
    -------
    DataFrame
        The table; some hold infinite cells, repeated names, or no rows at all.
    """
    kinds = draw(st.lists(st.sampled_from(sorted(COLUMNS)), min_size=1, max_size=max_columns))
    n = draw(st.one_of(st.integers(0, 5), st.integers(0, max_rows)))
    holes = draw(st.sampled_from([0.0, 0.0, 0.1, 0.9]))
    table = build_table(kinds, n, draw(st.integers(0, 2**31)), holes, draw(st.booleans()))
    fault = draw(st.sampled_from(["none"] * 6 + ["infinity", "names"]))
    if fault == "infinity" and n:
        table["infinite"] = np.where(np.arange(n) == 0, np.inf, 1.0)
    if fault == "names":
        table = pd.concat([table, table.iloc[:, :1]], axis=1)
    return table


def must_be_refused(table) -> bool:
    """Whether no model can take the table: no rows, repeated names, infinite cells."""
    if len(table) == 0 or table.columns.has_duplicates:
        return True
    numbers = table.select_dtypes("float")
    return bool(np.isinf(numbers.to_numpy()).any())


def check_hostile_table(estimator, table):
    """Check that a model refuses a table with a clear error, or obeys the laws that apply.

    Parameters
    ----------
    estimator : estimator
        An unfitted generative model.
    table : DataFrame
        Any table.

    Returns
    -------
    bool
        Whether the model took the table.

    Raises
    ------
    AssertionError
        If it took what it should refuse, refused what it could take, or broke a law.
    """
    model = configured(estimator)
    with warnings.catch_warnings():
        for category in _FAIR_WARNINGS:
            warnings.simplefilter("ignore", category)
        try:
            model.fit(table)
        except ValueError as error:
            assert must_be_refused(table) or len(table) < 2, f"a table that can be fitted is refused: {error}"
            assert len(str(error)) > 10, f"the error says nothing: {error!r}"
            return False
        assert not must_be_refused(table), "a table with no rows, repeated names or infinite cells is taken."
        _check_fitted(model, table)
    return True


def _check_fitted(model, table):
    scores = model.score_samples(table)
    assert np.isfinite(scores).all(), (
        f"{(~np.isfinite(scores)).sum()} of {len(scores)} rows of the fit score no number."
    )
    backwards = model.score_samples(table.iloc[::-1].reset_index(drop=True))[::-1]
    gap = np.abs(backwards - scores) / np.maximum(1, np.abs(scores))
    assert gap.max() <= (1e-10 if is_net(model) else 1e-12), f"the order of the rows moves scores by {gap.max():.2g}."
    rows = model.sample(30, random_state=0)
    assert list(rows.columns) == list(table.columns), f"samples have the columns {list(rows.columns)}."
    other = [name for name in table if rows[name].dtype != table[name].dtype]
    assert not other, f"the dtypes of {other} change: {rows[other].dtypes.tolist()}, {table[other].dtypes.tolist()}."
    for name in table:
        _check_column(rows[name], table[name], name, model.schema_)
    own = model.score_samples(rows)
    assert np.isfinite(own).all(), f"{(~np.isfinite(own)).sum()} of {len(own)} samples score no number."
    assert same_rows(model.sample(10, random_state=0), rows.iloc[:10]), "sample(10) is no head of sample(30)."
    copy = pickle.loads(pickle.dumps(model))
    assert np.array_equal(copy.score_samples(table), scores), "a pickled copy scores otherwise."


def _check_column(got, seen, name, schema):
    """A sampled column lies in the support of the seen one: its levels, or its range up to half a cell."""
    assert seen.isna().any() or not got.isna().any(), f"column {name!r}: a missing cell where none was seen."
    got, seen = got.dropna(), seen.dropna()
    if len(got) == 0:
        return
    assert len(seen), f"column {name!r} had no value in fit, samples have {got.iloc[0]!r}."
    if seen.nunique() == 1 or seen.dtype.kind not in "iufM":
        unseen = set(got) - set(seen)
        assert not unseen, f"column {name!r}: sampled values {sorted(map(repr, unseen))[:3]} were not seen."
        return
    half = schema.columns[schema.position(name)].resolution / 2
    half = pd.Timedelta(days=half) if seen.dtype.kind == "M" else half * (1 + 1e-9)
    assert seen.min() - half <= got.min() and got.max() <= seen.max() + half, (
        f"column {name!r}: samples from {got.min()!r} to {got.max()!r}, seen {seen.min()!r} to {seen.max()!r}."
    )
