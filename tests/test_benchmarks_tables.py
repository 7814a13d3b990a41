"""The benchmark of synthetic tables, on small tables of the same columns: reading, rows, peers, goals, pairs."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

FOLDER = Path(__file__).resolve().parent.parent / "benchmarks"
ARF = '''
import pandas as pd
calls = []


class arf:
    """Stands in for a peer: gives the rows back as text and fractions."""

    def __init__(self, x, verbose):
        assert not verbose
        self.x = x

    def forde(self):
        calls.append(len(self.x))

    def forge(self, n):
        assert self.x["class"].dtype == object
        rows = self.x.sample(n, replace=True, random_state=0).reset_index(drop=True)
        return rows.assign(fLength=rows["fLength"].astype(float).add(0.3).astype(object))
'''


@pytest.fixture(scope="module")
def bench():
    """The script as a module, its neighbours importable meanwhile."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(FOLDER))
        spec = importlib.util.spec_from_file_location("benchmark_of_tables", FOLDER / "tables.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        yield module
        for name in [name for name in sys.modules if name.startswith(("_tables_", "_peers", "_report"))]:
            patch.delitem(sys.modules, name)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A folder with a small magic (integers, numbers, a class) and a small beijing (codes, missing target)."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "tabular").mkdir()
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 2))
    signal = np.where(x[:, 0] + 0.3 * x[:, 1] > 0, "g", "h")
    magic = pd.DataFrame({"fLength": (10 * x[:, 0]).astype(int), "fWidth": x[:, 1].round(3), "class": signal})
    magic.to_csv(folder / "tabular" / "magic.csv.gz", index=False)
    beijing = pd.DataFrame({"No": np.arange(1, 101), "year": 2010, "month": rng.integers(1, 13, 100), "day": 1})
    beijing = beijing.assign(hour=rng.integers(0, 24, 100), **{"pm2.5": np.where(np.arange(100) % 5 == 0, np.nan, 7.0)})
    beijing.to_csv(folder / "tabular" / "beijing.csv.gz", index=False)
    return folder


def run(bench, data, *arguments):
    bench.main(["--data", str(data), "--sets", "magic", "--seeds", "0", *arguments])


def cells_of(text, row):
    """The cells of the first line of a Markdown table that begins with `row`."""
    line = next(line for line in text.splitlines() if line.startswith(f"| {row} "))
    return [part.strip() for part in line.strip("|").split("|")]


def test_tables_are_read_by_the_rules(bench, data):
    split = bench.load("beijing", data)
    rows = pd.read_csv(data / "tabular" / "beijing.csv.gz").dropna(subset=["pm2.5"]).reset_index(drop=True)
    order = np.random.default_rng(0).permutation(80)
    assert len(split.train) == 72 and len(split.test) == 8 and split.is_regression
    assert "No" not in split.train and not split.train["pm2.5"].isna().any()
    assert split.train["hour"].tolist() == rows["hour"].iloc[order[:72]].astype(str).tolist()
    assert split.test["month"].tolist() == rows["month"].iloc[order[72:]].astype(str).tolist()


def test_a_table_that_is_not_there_is_named(bench, data, capsys):
    bench.main(["--data", str(data), "--sets", "adult", "--models", "floors"])
    said = capsys.readouterr().out
    assert "adult-train.csv.gz" in said and "UCI: Adult" in said
    assert "--data DIR" in sys.modules["_tables_data"].missing_sentence("magic", None)


def test_floors_and_a_model_stand_in_one_table_and_a_csv(bench, data, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(bench, "RESULTS", tmp_path)
    monkeypatch.setattr(sys.modules["_report"], "RESULTS", tmp_path)
    run(bench, data, "--models", "floors", "GaussianMixture", "--write")
    said = (tmp_path / "tables.md").read_text()
    assert said in capsys.readouterr().out
    rows = pd.read_csv(tmp_path / "tables_magic.csv", index_col="row")
    assert cells_of(said, "GaussianMixture()")[1] == "1"
    assert {*bench.FLOORS, "GaussianMixture()"} == set(rows.index)
    train = rows.loc["real: train itself"]
    assert train["shape"] == train["trend"] == 0.0 and train["copies"] == 1.0
    shuffled, model = rows.loc["train, columns shuffled"], rows.loc["GaussianMixture()"]
    assert shuffled["shape"] == 0.0 and shuffled["trend"] > rows.loc["real: train resampled", "trend"]
    assert shuffled["utility"] < 0.8 < train["utility"]
    assert model["fit_seconds"] > 0 and np.isfinite(model["nats"]) and model["likelihood"] == "exact"
    assert np.isnan(rows.loc["real: test rows", "auc"])


def test_peers_are_found_where_installed_and_left_alone_otherwise(bench, data, tmp_path, capsys, monkeypatch):
    (tmp_path / "arfpy").mkdir()
    (tmp_path / "arfpy" / "__init__.py").touch()
    (tmp_path / "arfpy" / "arf.py").write_text(ARF)
    monkeypatch.syspath_prepend(str(tmp_path))
    run(bench, data, "--models", "GaussianMixture", "--rows", "90")
    assert "arfpy" not in capsys.readouterr().out and "arfpy" not in sys.modules
    run(bench, data, "--models", "GaussianMixture", "--rows", "90", "--peers")
    cells = cells_of(capsys.readouterr().out, "arfpy arf")
    peer = sys.modules.pop("arfpy.arf")
    sys.modules.pop("arfpy")
    assert peer.calls == [90] and cells[4] == "" and cells[-1] == "100.00"  # no likelihood; rounded back: copies
    assert not bench._peers.is_installed("no_such_parent.engine")


def test_what_cannot_be_measured_is_said_and_the_rest_goes_on(bench, data, capsys, monkeypatch):
    class Stubborn:
        def fit(self, frame):
            raise RuntimeError("no fit today")

    monkeypatch.setattr(bench._peers, "available", lambda: {"stubborn": lambda seed: Stubborn()})
    run(bench, data, "--models", "GaussianMixture", "--rows", "90", "--peers")
    said = capsys.readouterr().out
    assert cells_of(said, "stubborn")[1] == "RuntimeError: no fit today" and cells_of(said, "GaussianMixture()")


def test_a_slow_model_is_not_repeated(bench):
    asked = []

    def measure(split, seed):
        asked.append(seed)
        return {"fit_seconds": 5.0, "nats": float(seed)}

    for slow, wanted in ((1.0, [0]), (9.0, [0, 1, 2])):
        asked.clear()
        records = bench.measure_set("magic", None, {"row": measure}, [0, 1, 2], slow)
        means, spreads = bench.averaged(records)
        assert asked == wanted and means.at["row", "seeds"] == len(wanted)
    assert means.at["row", "nats"] == 1.0 and spreads.at["row", "nats"] == 1.0


def test_goals_are_judged_by_their_sense(bench):
    goals = sys.modules["_tables_goals"]
    figures = dict.fromkeys([*bench.FIGURES], 0.0)
    means = pd.DataFrame(
        [{**figures, "shape": 0.0041, "nats": -27.0, "fit_seconds": 6.0, "sample_seconds": 5.0, "copies": 0.0009}],
        index=[goals.TREES],
    )
    fresh = pd.DataFrame([{**figures, "copies": 0.001}], index=["real: test rows"])
    lines = goals.verdicts("adult", pd.concat([means, fresh]))
    met = {line.split("|")[2].strip(): line.split("|")[5].strip() for line in lines[2:]}
    assert met["shape %"] == "NO" and met["fit and sample s"] == "NO" and met["TSTR"] == "NO"
    assert met["held-out nats"] == met["copies %"] == met["fit s"] == "yes"
    assert not goals.verdicts("adult", fresh)


def test_every_pair_of_columns_is_asked_once(bench, data):
    given = sys.modules["_tables_given"]
    split = bench.load("magic", data)
    model = bench.skgen.GaussianMixture(random_state=0).fit(split.train)
    calls = given.given_pairs(model, split.test, 0)
    assert calls["pair"].tolist() == ["fLength, fWidth", "fLength, class", "fWidth, class"]
    assert not calls["raised"].any() and np.isinf(calls["ess"]).all()  # a mixture has its own conditionals
    weighted = calls.assign(ess=[50.0, np.nan, 1000.0], raised=[False, True, False])
    said = "\n".join(given.summary(weighted))
    assert "525, 145, 50" in said and "33.3% (1)" in said
    refused = given.one_call(model, {"class": "no such level"}, 0)
    assert refused["raised"] and np.isnan(refused["repeated"])


def test_pairs_are_asked_of_the_models_named(bench, data, capsys, monkeypatch):
    monkeypatch.setattr(bench, "GIVEN_SET", "magic")
    bench.main(["--data", str(data), "--sets", "--models", "GaussianMixture", "--given"])
    said = capsys.readouterr().out
    assert "GaussianMixture.sample(1,000, given=...), each of 3 pairs" in said
    assert cells_of(said, "calls answered by exact draws")[1] == "3 of 3"
