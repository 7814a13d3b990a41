"""The benchmark of toys: what is measured, what is flagged, what the file keeps."""

import importlib.util
from pathlib import Path

import pandas as pd
import pytest

FOLDER = Path(__file__).resolve().parent.parent / "benchmarks"


@pytest.fixture
def bench(monkeypatch, tmp_path):
    """The script as a module that writes into an empty folder."""
    monkeypatch.syspath_prepend(str(FOLDER))
    spec = importlib.util.spec_from_file_location("benchmark_of_toys", FOLDER / "toys.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "RESULTS", tmp_path)
    monkeypatch.setattr(module, "publish", lambda name, title, sections, write: printed.append(sections))
    printed = module.printed = []
    return module


def test_pairs_are_kept_until_they_are_measured_again(bench):
    command = ["--toys", "TwoMoons", "Circles", "--rows", "400", "--write", "--models"]
    bench.main([*command, "IndependentColumns"])
    first = pd.read_csv(bench.RESULTS / "toys.csv")
    assert first[["model", "toy"]].to_numpy().tolist() == [["IndependentColumns", t] for t in ("TwoMoons", "Circles")]
    assert (first["gap"] > 0.1).all() and (first["numbers"] > 50).all()  # columns of rings are not independent
    bench.main([*command, "GaussianMixture"])
    both = pd.read_csv(bench.RESULTS / "toys.csv")
    assert len(both) == 4 and both.head(2).equals(first)
    bench.main([*command, "GaussianMixture"])
    assert len(pd.read_csv(bench.RESULTS / "toys.csv")) == 4
    (_, gaps), *_ = bench.printed[-1]
    assert any("GaussianMixture" in line and "+-" in line for line in gaps)


def test_gaps_beyond_a_goal_or_below_zero_are_flagged(bench):
    def note(**figures):
        return bench.verdict(pd.Series({"model": "NormalizingFlow", "toy": "Rings", "error": 0.001, **figures}))

    assert note(gap=0.04) == "" and note(gap=-0.004) == ""
    assert note(gap=0.06) == " (goal 0.05)" and note(gap=0.03, toy="Circles") == " (goal 0.02)"
    assert note(gap=-0.006) == note(gap=-0.006, model="KernelDensity") == " (above the law)"
    assert note(gap=3.0, model="KernelDensity") == ""
