"""The demo: sensible messages for unusable files, and the whole way for a small awkward table."""

import importlib.util
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

spec = importlib.util.spec_from_file_location("demo", Path(__file__).resolve().parent.parent / "demo" / "demo.py")
demo = importlib.util.module_from_spec(spec)
spec.loader.exec_module(demo)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "There is no file"),
        (b"", "is empty"),
        (b"a,b\n", "has 0 rows below its header; at least 10 are needed"),
        (b"a,b\n1,2\n1,2,3\n", "cannot be read as CSV"),
        (b"a,b\n" + b"1,2\n" * 9, "has 9 rows"),
    ],
)
def test_an_unusable_file_is_named_with_its_reason(tmp_path, capsys, content, message):
    path = tmp_path / "table.csv"
    if content is not None:
        path.write_bytes(content)
    assert demo.main([str(path)]) == 2
    said = capsys.readouterr().err
    assert message in said and str(path) in said and "Traceback" not in said


def test_a_folder_is_no_table(tmp_path, capsys):
    assert demo.main([str(tmp_path)]) == 2
    assert "is a folder" in capsys.readouterr().err


def test_separators_encodings_and_dates_are_recognised(tmp_path, capsys):
    path = tmp_path / "table.csv"
    lines = ["Tag;Größe;Wert"] + [f"2024-01-{i:02};größe {i % 2};{i}" for i in range(1, 13)]
    path.write_bytes("\n".join(lines).encode("latin-1"))
    table = demo.read_table(path)
    assert table.shape == (12, 3) and list(table)[1] == "Größe"
    assert pd.api.types.is_datetime64_any_dtype(table["Tag"]) and table["Tag"].iloc[-1] == pd.Timestamp("2024-01-12")
    said = capsys.readouterr().out
    assert "Latin-1" in said and "separated by ';'" in said and "'Tag' is read as dates" in said


def test_text_that_only_resembles_dates_stays_text(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("code,n\n" + "".join(f"2024-99-{i:02},{i}\n" for i in range(1, 13)))
    assert not pd.api.types.is_datetime64_any_dtype(demo.read_table(path)["code"])


def test_an_awkward_table_goes_the_whole_way(tmp_path, monkeypatch, capsys):
    rng = np.random.default_rng(0)
    n = 120
    table = pd.DataFrame(
        {
            "empty": np.full(n, np.nan),
            "same": 3,
            "price": np.round(rng.lognormal(2, 1, n), 2),
            "kind": rng.choice(["a", "b", None], n),
            "flag": rng.random(n) > 0.5,
            "day": pd.date_range("2021-01-01", periods=n),
        }
    )
    table.to_csv(tmp_path / "in.csv", index=False)
    monkeypatch.setattr(demo, "HERE", tmp_path)
    monkeypatch.setattr(demo, "MAX_ROWS", 100)
    monkeypatch.setattr(demo, "TIME_BUDGET", 3)
    assert demo.main([str(tmp_path / "in.csv"), "--target", "flag"]) == 0
    plt.close("all")
    said = capsys.readouterr().out
    assert "uses 100 rows drawn at random from 120" in said and "Quality of synthetic rows: 90 rows against 90" in said
    assert all(name in said for name in demo.make_models()) and "utility (AUC)" in said
    assert "Chosen on rows held out of these: " in said and "the last fit" in said  # nets do not fit into the budget
    synthetic = pd.read_csv(tmp_path / "synthetic.csv")
    assert synthetic.shape == (90, 6) and list(synthetic) == list(table)
    assert synthetic["empty"].isna().all() and (synthetic["same"] == 3).all()
    assert set(synthetic["kind"].dropna()) <= {"a", "b"} and synthetic["price"].between(0, table["price"].max()).all()
    for name, size in {"synthetic.csv": 1_000, "real_vs_synthetic.png": 10_000, "quality.png": 10_000}.items():
        assert str(tmp_path / name) in said and (tmp_path / name).stat().st_size > size


def test_rows_that_judge_the_model_are_kept_from_it(tmp_path, monkeypatch, capsys):
    """A model that copies its training rows is called out: it can only copy rows that it was fitted to."""
    monkeypatch.setattr(demo, "HERE", tmp_path)
    monkeypatch.setattr(demo, "make_models", lambda: {"copier": Copier()})
    table = demo.load_wine_table()
    demo.generate(table, "copier", "cultivar")
    plt.close("all")
    said = capsys.readouterr().out
    assert "exact copies" in said and "memorised" in said


class Copier:
    """Gives back the rows of its fit."""

    def fit(self, X):
        self.rows = X
        return self

    def sample(self, n):
        assert n == len(self.rows)
        return self.rows.reset_index(drop=True)


def test_a_target_is_taken_only_where_it_can_be_predicted():
    days = pd.date_range("2021-01-01", periods=40)
    number = [float(i) for i in range(40)]
    table = pd.DataFrame({"names": [f"n{i}" for i in range(40)], "flag": [True, False] * 20, "day": days, "x": number})
    assert demo.find_target(table) == "x" and demo.find_target(table[["x", "flag"]]) == "flag"
    assert demo.find_target(table[["x", "day"]]) is None and demo.find_target(table[["x", "names"]]) is None
    assert demo.find_target(table.assign(same=1)) is None and demo.find_target(table, "names") == "names"
    for name, message in {"absent": "no column 'absent'", "same": "fewer than two"}.items():
        with pytest.raises(ValueError, match=message):
            demo.find_target(table.assign(same=1), name)
