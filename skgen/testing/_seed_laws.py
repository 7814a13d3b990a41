"""Seed laws: rows are a function of the seed, the call and the row's number, and of nothing else."""

from __future__ import annotations

import os
import pickle
import random
import subprocess
import sys

import numpy as np

from ._law import configured, fitted, require
from ._reference import mixed_table, smooth_rows

#: Reads a model and data, fits, and writes samples and scores: run by another interpreter with another hash seed.
_CHILD = """
import pickle, sys
sys.path[:] = pickle.load(sys.stdin.buffer)
from skgen.testing._seed_laws import rows_and_scores
estimator, X = pickle.load(sys.stdin.buffer)
pickle.dump(rows_and_scores(estimator, X), sys.stdout.buffer)
"""


def rows_and_scores(estimator, X):
    """Samples and scores of a fresh fit, as lists and arrays that travel between processes."""
    model = fitted(estimator, X)
    return _plain(model.sample(60)), _plain(model.sample(5, random_state=9)), model.score_samples(X)


def same_seed_same_rows(estimator):
    """Two fits of one seed sample and score the same bits; a `random_state` of `sample` repeats, other ones differ."""
    for name, X in _data():
        first, second = rows_and_scores(estimator, X), rows_and_scores(estimator, X)
        for what, a, b in zip(("samples", "seeded samples", "scores"), first, second):
            assert _equal(a, b), f"{name}: two fits of one seed give other {what}."
        model = fitted(estimator, X)
        assert same_rows(model.sample(50, random_state=3), model.sample(50, random_state=3)), (
            f"{name}: sample(random_state=3) does not repeat."
        )
        assert not same_rows(model.sample(50, random_state=3), model.sample(50, random_state=4)), (
            f"{name}: sample(random_state=3) and sample(random_state=4) give the same rows."
        )


def next_call_differs(estimator):
    """Two calls of `sample` differ, a seeded call between them changes nothing, and another seed gives other rows."""
    X = smooth_rows(100, 2, seed=50)
    model = fitted(estimator, X)
    first, second = model.sample(50), model.sample(50)
    assert not same_rows(first, second), "two calls of sample give the same rows."
    again = fitted(estimator, X)
    again.sample(50)
    again.sample(7, random_state=1)
    assert same_rows(again.sample(50), second), "a seeded call of sample moved the model's own stream."
    other = configured(estimator)
    require("random_state" in other.get_params(deep=False), "the model has no random_state")
    other.set_params(random_state=12345)
    assert not same_rows(fitted(other, X).sample(50), first), "random_state does not reach the samples."


def prefix(estimator):
    """`sample(n)[:m]` equals `sample(m)`, within a block of rows and across blocks."""
    for name, X in _data():
        model = fitted(estimator, X)
        many = model.sample(2_100, random_state=5)
        for m in (0, 1, 100, 1_024, 1_500):
            few = model.sample(m, random_state=5)
            assert len(few) == m, f"{name}: sample({m}) has {len(few)} rows."
            assert same_rows(_head(many, m), few), f"{name}: sample(2100)[:{m}] differs from sample({m})."


def workers(estimator):
    """`n_jobs` changes neither samples nor scores."""
    require("n_jobs" in estimator.get_params(deep=False), "the model has no n_jobs")
    for name, X in _data():
        one = rows_and_scores(configured(estimator, n_jobs=1), X)
        two = rows_and_scores(configured(estimator, n_jobs=2), X)
        assert all(_equal(a, b) for a, b in zip(one, two)), f"{name}: n_jobs=1 and n_jobs=2 differ."


def another_process(estimator):
    """Another interpreter, with another hash seed, fits, samples and scores the same bits."""
    require(type(estimator).__module__ != "__main__", "another process cannot import the model's class")
    X = mixed_table(150, seed=51)
    payload = pickle.dumps(list(sys.path)) + pickle.dumps((configured(estimator), X))
    environment = {**os.environ, "PYTHONHASHSEED": "4711", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    child = subprocess.run([sys.executable, "-c", _CHILD], input=payload, capture_output=True, env=environment)
    assert child.returncode == 0, f"the other process failed: {child.stderr.decode(errors='replace')[-500:]}"
    here = rows_and_scores(estimator, X)
    for what, a, b in zip(("samples", "seeded samples", "scores"), here, pickle.loads(child.stdout)):
        assert _equal(a, b), f"another process gives other {what}."


def global_state(estimator):
    """Fit, sample and score neither move nor read the global random states of numpy, Python and torch."""
    X = mixed_table(150, seed=52)
    results = []
    for seed in (0, 1):
        np.random.seed(seed)
        random.seed(seed)
        before = _global_states()
        results.append(rows_and_scores(estimator, X))
        after = _global_states()
        moved = [name for name in before if not _equal(before[name], after[name])]
        assert not moved, f"the global random state of {', '.join(moved)} moved."
    assert all(_equal(a, b) for a, b in zip(*results)), "the result depends on a global random state."


def _global_states():
    states = {"numpy": [str(part) for part in np.random.get_state()], "Python": list(random.getstate())}
    if "torch" in sys.modules:
        states["torch"] = sys.modules["torch"].get_rng_state().numpy()
    return states


def _data():
    yield "array", smooth_rows(120, 2, seed=53)
    yield "table", mixed_table(150, seed=53)


def _head(rows, m):
    return rows.iloc[:m] if hasattr(rows, "iloc") else rows[:m]


def same_rows(a, b) -> bool:
    """Equality of two samples to the bit, missing cells equal to missing cells."""
    return _equal(_plain(a), _plain(b))


def _plain(rows):
    """A frame as a dict of arrays and masks, an array as it is."""
    if not hasattr(rows, "iloc"):
        return np.asarray(rows)
    cells = {}
    for name in rows.columns:
        missing = rows[name].isna().to_numpy()
        cells[name] = [missing.tolist(), [str(cell) for cell in rows[name][~missing].tolist()]]
    return cells


def _equal(a, b) -> bool:
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return a.shape == b.shape and a.dtype == b.dtype and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
    return a == b


SEED_LAWS = {
    law.__name__: law
    for law in (same_seed_same_rows, next_call_differs, prefix, workers, another_process, global_state)
}
