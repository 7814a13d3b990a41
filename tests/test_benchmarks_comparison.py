"""The benchmark of comparisons: what it reads, says and times."""

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from skgen import GaussianMixture

FOLDER = Path(__file__).resolve().parent.parent / "benchmarks"


@pytest.fixture
def bench(monkeypatch):
    """The script as a module that keeps what it would write."""
    monkeypatch.syspath_prepend(str(FOLDER))
    spec = importlib.util.spec_from_file_location("benchmark_of_comparisons", FOLDER / "comparison.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.written = []
    monkeypatch.setattr(module, "publish", lambda name, title, sections, write: module.written.extend(sections))
    return module


def test_missing_data_are_named(bench, tmp_path, capsys):
    assert bench.main(["--data", str(tmp_path)]) == 2
    assert "SKGEN_DATA" in capsys.readouterr().out


def test_every_model_has_a_row_with_its_seconds(bench, tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    (tmp_path / "tabular").mkdir()
    table = pd.DataFrame({"a": rng.normal(size=60).round(2), "b": rng.choice(["x", "y"], 60)})
    table.to_csv(tmp_path / "tabular" / "california.csv.gz", index=False)
    models = {f"mixture {k}": GaussianMixture(k, random_state=0) for k in (1, 2)}
    monkeypatch.setattr(bench, "models_of", lambda part: models)
    settings = ["--tables", "california", "--rows", "50", "--n-jobs", "1"]
    assert bench.main(["--data", str(tmp_path), *settings]) == 0
    (title, lines), (again, _), _ = bench.written
    assert title == "california: classic, 50 rows, 2 columns, 3 folds" and again.startswith("california: deep")
    assert sum("mixture" in line for line in lines) == 2 and "| best " in lines[2] and "goal 600 s: yes" in lines[-1]


def test_nets_stand_beside_the_others_in_one_part_only(bench):
    classic, deep = bench.models_of("classic"), bench.models_of("deep")
    assert set(deep) - set(classic) == {"NormalizingFlow()", "VAE()", "DiffusionModel()"}
    assert {"KernelDensity()", "AutoregressiveTrees(sharpness=0)"} <= set(classic)
