"""Tests of saving on the real contract: every model of the registry, on a table of all dtypes and on arrays."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_array_equal
from pandas.testing import assert_frame_equal
from polars.testing import assert_frame_equal as assert_polars_equal
from registry_models import CHEAP, SMALL
from stand_ins import assert_same

from skgen import Schema, load, save
from skgen._registry import MODELS

#: All but the one whose parameter is a class of the user's.
MODEL_NAMES = [name for name, (_, kind) in MODELS.items() if kind == "model" and name != "TorchDensity"]
NAMES = [*MODEL_NAMES, "Bootstrap", "RealNormal"]


def mixed_table(n=120):
    """One column of each dtype that a schema knows, with missing cells where the dtype has them."""
    rng = np.random.default_rng(0)
    day = pd.Timestamp("2024-03-01", tz="Europe/Berlin")
    X = pd.DataFrame(
        {
            "real": rng.normal(size=n),
            "cents": rng.gamma(2.0, size=n).round(2),
            "count": rng.poisson(3.0, size=n),
            "nullable": pd.array(rng.integers(0, 90, size=n), dtype="Int64"),
            "flag": rng.random(n) < 0.3,
            "text": rng.choice(["é", "b c", "d"], size=n),
            "grade": pd.Categorical(rng.choice(["low", "high"], size=n), ["low", "mid", "high"], ordered=True),
            "size": pd.Categorical(rng.choice([0.5, 1.5], size=n)),
            "day": day + pd.to_timedelta(rng.integers(0, 400, size=n), unit="D"),
            "wait": pd.to_timedelta(rng.integers(0, 10_000, size=n), unit="s"),
            "constant": 7,
        }
    )
    for column in ("real", "nullable", "text", "grade", "day"):
        X.loc[rng.random(n) < 0.1, column] = None
    return X


def quick(name, **params):
    """The model by its defaults, on a short leash where it has one."""
    module = MODELS[name][0] if name in MODELS else "stand_ins"
    model = getattr(importlib.import_module(module), name)()
    short = {"n_components": 2, "n_centres": 60, "max_iter": 200, "hidden_layer_sizes": (16, 16), "random_state": 0}
    wishes = {**CHEAP, **short, **SMALL.get(name, {}), **params}
    return model.set_params(**{key: value for key, value in wishes.items() if key in model.get_params()})


TABLES = {
    "pandas": mixed_table(),
    "polars": pl.DataFrame({"x": [0.25, 1.5, None, 2.0] * 20, "n": [1, 2, 3, 4] * 20, "t": ["a", "b", "b", None] * 20}),
    "array": np.random.default_rng(0).normal(size=(80, 3)),
    "array with missing cells": np.where(
        np.random.default_rng(0).random((80, 3)) < 0.1, np.nan, np.random.default_rng(1).normal(size=(80, 3))
    ),
    "float32": np.random.default_rng(0).normal(size=(80, 2)).astype(np.float32),
    "objects": np.array([["a", 1.5], ["b", 2.5], ["a", None], ["c", 3.0]] * 20, dtype=object),
}


def assert_same_table(a, b):
    if isinstance(a, pd.DataFrame):
        assert_frame_equal(a, b, check_exact=True)
    elif isinstance(a, pl.DataFrame):
        assert_polars_equal(a, b, check_exact=True)
    else:
        assert_same(a, b)


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("name", NAMES)
def test_round_trip_on_tables(name, table, tmp_path):
    X = TABLES[table]
    model = quick(name).fit(X)
    model.sample(3)
    save(model, tmp_path / "model")
    again = load(tmp_path / "model")
    assert_same(again, model)
    assert again.stream_.call == 1
    assert_array_equal(again.score_samples(X), model.score_samples(X))
    assert_same_table(again.sample(1500), model.sample(1500))
    assert_same_table(again.sample(4), model.sample(4))


@pytest.mark.parametrize("name", NAMES)
def test_unfitted_model_and_given_schema(name, tmp_path):
    schema = Schema.infer(mixed_table()).with_bounds("count", 0, 50)
    save(quick(name, schema=schema), tmp_path / "model")
    again = load(tmp_path / "model")
    assert again.schema == schema
    assert not hasattr(again, "codec_")
    assert_array_equal(
        again.fit(mixed_table()).score_samples(mixed_table()),
        quick(name, schema=schema).fit(mixed_table()).score_samples(mixed_table()),
    )


@pytest.mark.parametrize("name", NAMES)
def test_pickle_and_joblib(name, tmp_path):
    model = quick(name).fit(mixed_table())
    joblib.dump(model, tmp_path / "model.joblib")
    again = joblib.load(tmp_path / "model.joblib")
    assert_array_equal(again.score_samples(mixed_table()), model.score_samples(mixed_table()))
    assert_same_table(again.sample(50), model.sample(50))


@pytest.mark.parametrize("name", [name for name, (_, kind) in MODELS.items() if kind == "sequence"])
def test_round_trip_on_sequences(name, tmp_path):
    rng = np.random.default_rng(0)
    X = [rng.normal(size=(length, 2)) for length in (30, 40, 50)]
    model = quick(name).fit(X)
    model.sample(3)
    save(model, tmp_path / "model")
    again = load(tmp_path / "model")
    assert_same(again, model)
    assert_array_equal(again.score_samples(X), model.score_samples(X))
    assert_same(again.sample(5), model.sample(5))


def test_another_process_reads_the_same_law(tmp_path):
    X = TABLES["pandas"]
    models = {name: quick(name).fit(X) for name in NAMES}
    for name, model in models.items():
        save(model, tmp_path / f"{name}.skgen")
    X.to_pickle(tmp_path / "X.pkl")
    script = """
import sys
from pathlib import Path
import numpy as np
import pandas as pd
from skgen import _registry, load
folder = Path(sys.argv[1])
for name in ("Bootstrap", "RealNormal"):
    _registry.MODELS[name] = ("stand_ins", "model")
X = pd.read_pickle(folder / "X.pkl")
for path in folder.glob("*.skgen"):
    model = load(path)
    np.save(path.with_suffix(".npy"), model.score_samples(X))
    model.sample(30).to_pickle(path.with_suffix(".sample"))
"""
    run = [sys.executable, "-W", "error", "-c", script, str(tmp_path)]
    done = subprocess.run(run, cwd=Path(__file__).parent, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    for name, model in models.items():
        assert_array_equal(np.load(tmp_path / f"{name}.npy"), model.score_samples(X))
        assert_same_table(pd.read_pickle(tmp_path / f"{name}.sample"), model.sample(30))
