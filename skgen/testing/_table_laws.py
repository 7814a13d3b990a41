"""Table laws: rows come back as the table that went in, inside the seen support, and every row has a finite score."""

from __future__ import annotations

import importlib.util

import numpy as np
import pandas as pd

from ._law import Z_LIMIT, fitted, is_net
from ._reference import mixed_table, smooth_rows


def table_round_trip(estimator):
    """Samples of a frame have its columns, order, dtypes, categories, time zone, decimals and missing shares."""
    table = mixed_table(400, seed=70)
    model = fitted(estimator, table)
    empty = model.sample(0)
    assert len(empty) == 0, f"sample(0) has {len(empty)} rows."
    rows = model.sample(2_000)
    for what, got in (("sample(0)", empty), ("sample(2000)", rows)):
        assert list(got.columns) == list(table.columns), f"{what} has the columns {list(got.columns)}."
        for name in table:
            assert got[name].dtype == table[name].dtype, (
                f"{what}: column {name!r} has dtype {got[name].dtype}, expected {table[name].dtype}."
            )
    assert rows.index.equals(pd.RangeIndex(2_000)), "samples do not carry a fresh index."
    for name, decimals in (("income", 2), ("height", 3)):
        numbers = rows[name].dropna().to_numpy()
        off = np.abs(numbers - np.round(numbers, decimals)) > 0
        assert not off.any(), f"column {name!r}: {off.sum()} samples are off its {decimals} decimals."
    assert (rows["unit"] == "cm").all(), "the constant column is not reproduced."
    for name in table:
        _check_share(rows[name].isna().to_numpy(), table[name].isna().to_numpy(), f"missing cells of {name!r}")


def _check_share(sampled, seen, what):
    p, q = sampled.mean(), seen.mean()
    pooled = (sampled.sum() + seen.sum()) / (len(sampled) + len(seen))
    error = np.sqrt(pooled * (1 - pooled) * (1 / len(sampled) + 1 / len(seen)))
    assert abs(p - q) <= Z_LIMIT * error, (
        f"{what}: share {p:.4f} in samples, {q:.4f} in fit (standard error {error:.4f})."
    )


def containers(estimator):
    """Arrays and lists come back as arrays, polars frames as polars frames, each with the dtype that went in."""
    X = smooth_rows(80, 2, seed=71)
    counts = np.round(10 * X).astype(np.int32)
    for name, data, dtype in (
        ("a float64 array", X, np.float64),
        ("a float32 array", X.astype(np.float32), np.float32),
        ("an int32 array", counts, np.int32),
        ("a list of lists", X.tolist(), np.float64),
    ):
        model = fitted(estimator, data)
        rows = model.sample(10)
        assert isinstance(rows, np.ndarray) and rows.shape == (10, 2), f"{name} comes back as {type(rows).__name__}."
        assert rows.dtype == dtype, f"{name} comes back as {rows.dtype}."
        assert model.sample(0).shape == (0, 2), f"{name}: sample(0) has shape {model.sample(0).shape}."
        scores = model.score_samples(data)
        assert scores.shape == (80,) and scores.dtype == np.float64, f"{name}: scores {scores.shape}, {scores.dtype}."
    if importlib.util.find_spec("polars") is not None:
        _check_polars(estimator)


def _check_polars(estimator):
    import polars as pl

    table = mixed_table(150, seed=72)[["age", "height", "active"]]
    frame = pl.DataFrame({name: table[name].tolist() for name in table} | {"sex": ["a", "b", None] * 50})
    model = fitted(estimator, frame)
    rows = model.sample(20)
    assert isinstance(rows, pl.DataFrame), f"a polars frame comes back as {type(rows).__name__}."
    assert rows.schema == frame.schema, f"a polars frame comes back with the schema {rows.schema}."
    assert np.isfinite(model.score_samples(rows)).all(), "a sampled polars frame scores no finite number."


def seen_support(estimator):
    """Samples of a frame hold only what was seen: levels, range, grid, and no missing cell where none was."""
    table = mixed_table(300, seed=73)
    model = fitted(estimator, table)
    rows = model.sample(5_000)
    for name in table:
        seen, got = table[name].dropna(), rows[name]
        assert table[name].isna().any() or not got.isna().any(), f"column {name!r}: a missing cell where none was seen."
        got = got.dropna()
        if pd.api.types.is_numeric_dtype(seen.dtype) or seen.dtype.kind == "M":
            assert got.min() >= seen.min() and got.max() <= seen.max(), (
                f"column {name!r}: samples from {got.min()} to {got.max()}, seen {seen.min()} to {seen.max()}."
            )
        else:
            unseen = set(got.unique()) - set(seen.unique())
            assert not unseen, f"column {name!r}: sampled levels {sorted(unseen)} were not seen."
    scores = model.score_samples(rows)
    assert np.isfinite(scores).all(), f"{(~np.isfinite(scores)).sum()} of 5000 sampled rows score no finite number."


#: Cells that a held-out row may hold although the fit saw nothing like them.
_STRANGE = {
    "age": [-10_000, 10**9],
    "income": [-5.0, 1e12, 0.004, None],
    "sex": ["Other", None],
    "city": ["Kyiv", None],
    "children": [11, -3, None],
    "active": [None],
    "joined": [pd.Timestamp("1900-01-01", tz="Europe/Paris"), pd.Timestamp("2200-01-01", tz="Europe/Paris"), None],
    "height": [1e6, 0.0, None],
    "unit": ["inch", None],
}


def held_out_rows_are_finite(estimator):
    """Held-out rows score finite numbers: unseen levels, far out, first missing cells, a new value of a constant."""
    table = mixed_table(300, seed=74)
    model = fitted(estimator, table)
    held_out = mixed_table(300, seed=75)
    scores = model.score_samples(held_out)
    assert np.isfinite(scores).all(), f"{(~np.isfinite(scores)).sum()} of 300 held-out rows score no finite number."
    for name, cells in _STRANGE.items():
        for cell in cells:
            row = _with_cell(held_out.iloc[:2], name, cell)
            scores = model.score_samples(row)
            assert np.isfinite(scores).all(), f"column {name!r} = {cell!r} scores {scores[0]}."
    scores = model.score_samples(held_out)  # nothing was learnt from the strange rows
    assert np.isfinite(scores).all(), "scoring strange rows changed the model."


def _with_cell(rows, name, cell):
    """The rows with one cell of the first row replaced, in a dtype that can hold it."""
    column = rows[name].astype(object)
    column.iloc[0] = cell
    dtype = rows[name].dtype
    if name == "age":
        column = column.astype(np.int64)
    elif dtype.kind == "b":
        column = column.astype("boolean")
    elif name != "unit":
        column = column.astype(dtype)
    return rows.assign(**{name: column})


def reserved_cells_cost_little(estimator):
    """A constant column adds log(1 - reserved mass) to the score of a row, next to nothing."""
    table = mixed_table(300, seed=76, constant=False)
    without = fitted(estimator, table).score(table)
    limit = 0.5 if is_net(estimator) else 10 / 300
    for place in (0, 1, table.shape[1]):
        longer = table.copy()
        longer.insert(place, "unit", "cm")
        cost = abs(fitted(estimator, longer).score(longer) - without)
        assert cost <= limit, f"a constant column {place} moves the mean score by {cost:.4f} nats, allowed {limit:.4f}."


TABLE_LAWS = {
    law.__name__: law
    for law in (table_round_trip, containers, seen_support, held_out_rows_are_finite, reserved_cells_cost_little)
}
