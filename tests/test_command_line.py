"""The command line: rows, figures and tables of the API, errors in a sentence, files whole or not at all."""

import base64
import datetime
import decimal
import gzip
import re
import subprocess
import sys
import tracemalloc
import zipfile

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pandas.testing import assert_frame_equal

import skgen
from skgen import MISSING, AutoregressiveTrees, GaussianMixture, IndependentColumns, Schema, compare_densities
from skgen.__main__ import main
from skgen._command import commands, report_page, row_file, table_file
from skgen._command.condition import read_conditions
from skgen._command.model_spec import NAMES, read_spec
from skgen._command.progress import Progress
from skgen._command.report_page import AGAINST_HOLDOUT, AGAINST_TRAIN, NEEDS
from skgen._command.row_file import ParquetRows
from skgen._command.table_file import read_table
from skgen._registry import MODELS
from skgen.metrics import quality_report, shape_error
from skgen.metrics._figures import FIGURES


def make_table(n, seed=0):
    """Numbers, decimals, text with missing cells, a boolean and dates; the price hangs on the kind."""
    rng = np.random.default_rng(seed)
    kind = rng.integers(3, size=n)
    return pd.DataFrame(
        {
            "age": rng.integers(18, 80, n),
            "price": np.round(rng.lognormal(1 + kind, 0.3), 2),
            "kind": pd.array(np.array(["a", "b", None], object)[kind], dtype="str"),
            "member": rng.random(n) > 0.3,
            "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(300, size=n), unit="D"),
        }
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two tables of one law, and a model of the first one fitted by the command line."""
    place = tmp_path_factory.mktemp("files")
    make_table(400).to_csv(place / "train.csv", index=False)
    make_table(300, 1).to_parquet(place / "test.parquet", index=False)
    assert main(["fit", str(place / "train.csv"), "-o", str(place / "trees.skgen"), "-q"]) == 0
    return place


@pytest.fixture
def run(folder, tmp_path, monkeypatch, capsys):
    """Run a command in a fresh folder that `train.csv`, `test.parquet` and `trees.skgen` stand in: status, out, err."""
    for file in folder.iterdir():
        (tmp_path / file.name).symlink_to(file)
    monkeypatch.chdir(tmp_path)

    def command(*arguments):
        capsys.readouterr()
        try:
            status = main([str(argument) for argument in arguments])
        except SystemExit as error:
            status = error.code
        return status, *capsys.readouterr()

    return command


# ---- fit ------------------------------------------------------------------------------------------------------------


def test_fit_saves_what_the_api_would(run):
    status, out, err = run(
        "fit", "train.csv", "-o", "m.skgen", "--param", "min_samples_leaf=5", "--param", "sharpness=0"
    )
    assert (status, out) == (0, "") and "Fitting AutoregressiveTrees to 400 rows of 5 columns" in err
    table = read_table("train.csv")
    mine = AutoregressiveTrees(min_samples_leaf=5, sharpness=0, random_state=0).fit(table)
    model = skgen.load("m.skgen")
    assert np.array_equal(model.score_samples(table), mine.score_samples(table))
    assert_frame_equal(model.sample(20), mine.sample(20))
    assert [column.source for column in model.schema_.columns] == ["int", "float", "text", "bool", "datetime"]


def test_a_model_is_named_with_its_parameters_and_seed(run):
    assert (
        run("fit", "train.csv", "-o", "m.skgen", "--model", "GaussianMixture(n_components=3)", "--seed", 7, "-q")[0]
        == 0
    )
    model = skgen.load("m.skgen")
    assert isinstance(model, GaussianMixture) and (model.n_components, model.random_state) == (3, 7)
    assert (
        run("fit", "train.csv", "-o", "m.skgen", "--model", "KernelDensity", "--param", "kernel=gaussian", "-q")[0] == 0
    )


def test_auto_saves_the_model_that_it_chose(run):
    status, _, err = run(
        "fit", "train.csv", "-o", "m.skgen", "--model", "auto", "--param", "deep=False", "--param", "time_budget=1"
    )
    model = skgen.load("m.skgen")
    chosen = re.search(r"Chosen: (\w+)\(", err)
    assert status == 0 and type(model).__name__ == chosen[1] and chosen[1] in MODELS
    assert model.schema_ == Schema.infer(read_table("train.csv"))


def test_every_model_of_tables_can_be_named():
    rows = {name for name, (_, kind) in MODELS.items() if kind == "model"}
    assert set(NAMES) == rows - {"TorchDensity"} | {"auto", "AutoDensity"}
    assert all(
        read_spec(name).build(random_state=3).get_params()["random_state"] == 3 for name in ("auto", "GaussianCopula")
    )


# ---- sample ---------------------------------------------------------------------------------------------------------


def test_rows_are_those_of_the_api_chunk_by_chunk(run, monkeypatch):
    monkeypatch.setattr(commands, "CHUNK_ROWS", 1024)
    assert run("sample", "trees.skgen", "-n", 2500, "-o", "s.parquet")[0] == 0
    assert run("sample", "trees.skgen", "-n", 1100, "-o", "s.csv.gz")[0] == 0
    model = skgen.load("trees.skgen")
    expected = pd.concat([model.sample(n) for n in (1024, 1024, 452)], ignore_index=True)
    assert_frame_equal(pd.read_parquet("s.parquet"), expected, check_dtype=False)
    assert_frame_equal(read_table("s.csv.gz", say=lambda text: None), expected.head(1100), check_dtype=False)
    groups = pq.ParquetFile("s.parquet").metadata
    assert [groups.row_group(i).num_rows for i in range(groups.num_row_groups)] == [1024, 1024, 452]


def test_a_seed_draws_other_rows_and_always_the_same(run, monkeypatch):
    monkeypatch.setattr(commands, "CHUNK_ROWS", 1024)
    tables = []
    for n, seed in ((1500, 1), (1200, 1), (1200, 2)):
        assert run("sample", "trees.skgen", "-n", n, "-o", "s.csv", "--seed", seed, "-q") == (0, "", "")
        tables.append(pd.read_csv("s.csv"))
    assert tables[0].head(1200).equals(tables[1]) and not tables[1].equals(tables[2])
    halves = tables[0].iloc[:476].reset_index(drop=True), tables[0].iloc[1024:].reset_index(drop=True)
    assert not halves[0].equals(halves[1])


def test_no_rows_are_a_header(run):
    for name in ("s.csv", "s.parquet"):
        assert run("sample", "trees.skgen", "-n", 0, "-o", name)[0] == 0
        rows = pd.read_csv(name) if name == "s.csv" else pd.read_parquet(name)
        assert list(rows) == list(make_table(1)) and len(rows) == 0


def test_conditions_hold_in_every_row(run):
    asked = [
        "--given",
        "kind=a",
        "--given",
        "age=30..40",
        "--given",
        "member=True",
        "--given",
        "day=2024-02-01..2024-03-01",
    ]
    assert run("sample", "trees.skgen", "-n", 300, "-o", "s.parquet", *asked)[0] == 0
    rows = pd.read_parquet("s.parquet")
    assert (rows["kind"] == "a").all() and rows["age"].between(30, 40).all() and rows["member"].all()
    assert rows["day"].between("2024-02-01", "2024-03-01").all() and rows["age"].nunique() > 5
    assert run("sample", "trees.skgen", "-n", 200, "-o", "s.csv", "--given", "kind=", "-q")[0] == 0
    assert pd.read_csv("s.csv")["kind"].isna().all()
    assert (
        run("sample", "trees.skgen", "-n", 200, "-o", "s.csv", "--given", "kind=a", "--given", "kind=b", "-q")[0] == 0
    )
    assert set(pd.read_csv("s.csv")["kind"]) == {"a", "b"}


def test_conditions_are_read_in_the_types_of_the_columns():
    table = pd.DataFrame(
        {
            "x": [0.5, 1.25],
            "x=y": ["1", "2"],
            "code": pd.Categorical([1, 2]),
            "at": pd.to_datetime(["2024-01-01", "2024-06-01"]).tz_localize("Europe/Paris"),
            "took": pd.to_timedelta([1, 2], unit="h"),
        }
    )
    schema = Schema.infer(table)
    texts = ["x=1", "x=y=2", "code=2", "at=2024-03-01", "took=0 days 01:30:00"]
    assert read_conditions(texts, schema) == {
        "x": 1,
        "x=y": "2",
        "code": 2,
        "at": pd.Timestamp("2024-03-01", tz="Europe/Paris"),
        "took": pd.Timedelta("90min"),
    }
    assert read_conditions(["x=-1..2.5"], schema) == {"x": pd.Interval(-1, 2.5, closed="both")}
    assert read_conditions(["x=1", "x=", "x=2"], schema) == {"x": [1, MISSING, 2]}
    assert read_conditions([], schema) is None
    with pytest.raises(ValueError, match="one range, or values, not both"):
        read_conditions(["x=1..2", "x=3"], schema)


def test_models_of_arrays_and_of_polars_write_rows_too(run):
    polars = pytest.importorskip("polars")
    X = np.random.default_rng(0).normal(size=(200, 2))
    skgen.save(GaussianMixture(random_state=0).fit(X), "array.skgen")
    assert run("sample", "array.skgen", "-n", 5, "-o", "s.csv", "--given", "0=1.5", "-q")[0] == 0
    rows = pd.read_csv("s.csv")
    assert list(rows) == ["0", "1"] and (rows["0"] == 1.5).all() and rows["1"].nunique() == 5
    frame = polars.DataFrame({"n": [1, 2, 3] * 20, "t": ["u", "v", None] * 20})
    model = IndependentColumns(random_state=0).fit(frame)
    skgen.save(model, "polars.skgen")
    assert run("sample", "polars.skgen", "-n", 50, "-o", "s.parquet", "-q")[0] == 0
    assert polars.read_parquet("s.parquet").cast(frame.schema).equals(model.sample(50))


def test_a_column_that_starts_with_missing_cells_has_the_type_of_its_levels(tmp_path):
    table = pd.DataFrame({"flag": pd.array([True, None, False], dtype=object)})
    rows = ParquetRows(tmp_path / "s.parquet", Schema.infer(table))
    rows.write(table.iloc[[1]])
    rows.write(table.iloc[[0, 2]])
    rows.close()
    assert pq.read_table(tmp_path / "s.parquet").column("flag").to_pylist() == [None, True, False]


def test_rows_that_parquet_cannot_hold_are_refused(tmp_path):
    table = pd.DataFrame({"mixed": np.array(["a", 1, "b", 2], object)})
    rows = ParquetRows(tmp_path / "s.parquet", Schema.infer(table))
    with pytest.raises(ValueError, match="write CSV"):
        rows.write(table)


def test_a_failed_run_leaves_the_older_file(run, tmp_path, monkeypatch):
    (tmp_path / "s.csv").write_text("older\n")
    draw, calls = AutoregressiveTrees.sample, []

    def fail_at_the_second(self, *args, **kwargs):
        calls.append(args)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return draw(self, *args, **kwargs)

    monkeypatch.setattr(commands, "CHUNK_ROWS", 1024)
    monkeypatch.setattr(AutoregressiveTrees, "sample", fail_at_the_second)
    status, _, err = run("sample", "trees.skgen", "-n", 3000, "-o", "s.csv")
    assert status == 130 and "Error: Interrupted." in err and len(calls) == 2
    assert (tmp_path / "s.csv").read_text() == "older\n" and not list(tmp_path.glob(".*"))


@pytest.mark.slow
def test_memory_does_not_grow_with_the_rows(run):
    def peak(n):
        tracemalloc.start()
        assert run("sample", "trees.skgen", "-n", n, "-o", "s.parquet", "-q")[0] == 0
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(1000)
    few, many = peak(2 * commands.CHUNK_ROWS), peak(16 * commands.CHUNK_ROWS)
    assert many < 1.2 * few


# ---- report ---------------------------------------------------------------------------------------------------------


def page_of(path):
    text = path.read_text(encoding="utf-8")
    picture = re.search(r'src="data:image/png;base64,([^"]+)"', text)
    png = base64.b64decode(picture[1])
    assert png[:8] == b"\x89PNG\r\n\x1a\n" and int.from_bytes(png[16:20], "big") > 800
    text = text.replace(picture[0], "")
    assert not re.search(r"src=|href=|url\(|<script", text)  # nothing is fetched
    return text


def test_a_page_holds_the_figures_of_the_quality_report(run, tmp_path, monkeypatch):
    calls = []

    def recorded(*tables, **settings):
        calls.append((tables, settings, quality_report(*tables, **settings)))
        return calls[-1][2]

    monkeypatch.setattr(commands, "quality_report", recorded)
    run("sample", "trees.skgen", "-n", 400, "-o", "s.csv")
    arguments = "report train.csv s.csv --holdout test.parquet --target kind -o r.html --max-rows 150 --seed 3"
    assert run(*arguments.split())[:2] == (0, "")
    ((train, test, new, target), settings, report) = calls[0]
    for table, name in ((train, "train.csv"), (test, "test.parquet"), (new, "s.csv")):
        assert_frame_equal(table, read_table(name, say=lambda text: None))
    assert (target, settings["max_rows"], settings["random_state"]) == ("kind", 150, 3)
    text = page_of(tmp_path / "r.html")
    assert report._repr_html_() in text and "utility" in text
    words = report.concerns["synthetic"].values()
    assert all(word in text for word in words) and (not words) == ("No figure gives cause for concern." in text)
    assert "beside 400 of train.csv that the model was fitted to and 300 of test.parquet that it was not" in text


def test_a_copy_is_called_one(run, tmp_path):
    status, _, err = run("report", "train.csv", "train.csv", "--holdout", "test.parquet", "-o", "r.html")
    text = page_of(tmp_path / "r.html")
    assert (
        status == 0
        and "copies" in err
        and "Cause for concern: exact copies (copies), nearer to train (memorised)" in text
    )
    assert "Utility is measured where --target names a column." in text


def test_without_a_holdout_the_figures_that_need_one_say_so(run, tmp_path, monkeypatch):
    def never(*args, **kwargs):
        raise AssertionError("figures of a holdout were computed")

    monkeypatch.setattr(commands, "quality_report", never)
    table = read_table("train.csv", say=lambda text: None)
    shuffled = table.apply(lambda column: column.sample(frac=1, random_state=len(column.name)).to_numpy()).head(300)
    shuffled.to_csv("s.csv", index=False)
    assert run("report", "train.csv", "s.csv", "-o", "r.html")[0] == 0
    text = page_of(tmp_path / "r.html")
    rows = dict(re.findall(r"<tr><td>([^<]+)</td>(.*?)</tr>", text))
    assert {FIGURES[key].label for key in AGAINST_HOLDOUT} == {label for label in rows if rows[label].count(NEEDS) == 3}
    assert {FIGURES[key].label for key in AGAINST_TRAIN} == {label for label in rows if rows[label].count(NEEDS) == 1}
    error = shape_error(table, read_table("s.csv", say=lambda text: None))
    assert rows["shape error"].startswith(f"<td>{error:.2%}".replace("%", " %"))
    labels = " and ".join(", ".join(FIGURES[key].label for key in AGAINST_TRAIN).rsplit(", ", 1))
    assert f"What is shown are {labels}: by definition they hold a table against the training" in " ".join(text.split())
    assert "A verdict takes real rows" in text and "cause for concern" not in text.lower() and ">ok<" not in text


def test_the_columns_of_a_synthetic_table_may_stand_in_any_order(run, tmp_path):
    table = read_table("train.csv", say=lambda text: None)
    table[list(table)[::-1]].to_csv("turned.csv", index=False)
    for name in ("train.csv", "turned.csv"):
        assert run("report", "train.csv", name, "-o", f"{name}.html", "-q") == (0, "", "")
    pages = [
        (tmp_path / f"{name}.html").read_text().replace("turned.csv", "train.csv")
        for name in ("train.csv", "turned.csv")
    ]
    assert pages[0] == pages[1]


# ---- compare --------------------------------------------------------------------------------------------------------


def test_a_comparison_is_that_of_the_api(run):
    names = ["IndependentColumns", "GaussianMixture(n_components=2)"]
    status, out, err = run("compare", "train.csv", "--cv", 3, "--models", *names, "--seed", 4)
    models = {names[0]: IndependentColumns(random_state=4), names[1]: GaussianMixture(2, random_state=4)}
    frame = compare_densities(models, read_table("train.csv", say=str), cv=3, random_state=4).to_frame()
    assert status == 0 and err.count("nats per row") == 6
    for name, nats in frame["nats"].items():
        assert re.search(rf"{re.escape(name)} +{nats:.3f} ", out)
    assert out.index(frame.index[0]) < out.index(frame.index[1])


def test_a_long_table_is_cut_and_says_so(run):
    command = ("compare", "train.csv", "--models", "IndependentColumns", "--cv", 2)
    assert "on 100 rows drawn at random" in run(*command, "--max-rows", 100)[2]
    assert "drawn at random" not in run(*command, "--max-rows", 0)[2]


# ---- what is said ---------------------------------------------------------------------------------------------------


class Terminal:
    """A stream that takes itself for a terminal."""

    def __init__(self):
        self.text = ""

    def write(self, text):
        self.text += text

    def flush(self):
        pass

    def isatty(self):
        return True


def test_a_bar_fills_up_on_a_terminal():
    stream = Terminal()
    with Progress("Sampling", 400, "rows", stream) as step:
        step._drawn = -1.0
        step.advance(100)
        step._drawn = -1.0
        step.advance(300)
    shown = stream.text.split("\r\x1b[K")
    assert [re.search(r"\[(#*)", part)[1].count("#") for part in shown[1:4]] == [0, 6, 24]
    assert "100%" in shown[3] and re.fullmatch(r"Sampling: 400 rows, \d+\.\d s\n", shown[-1])


def test_lines_that_a_library_prints_count_and_are_shown():
    stream = Terminal()
    with Progress("Judging", 2, "figures", stream) as step:
        print("shape: 0.1 s", file=step)
        step._drawn = -1.0
        print("trend: 0.2 s", file=step)
    assert step.done == 2 and "100% trend: 0.2 s" in stream.text


def test_quiet_commands_say_nothing_but_warnings_once(run):
    rng = np.random.default_rng(0)
    pd.DataFrame({"id": rng.permutation(500), "x": rng.normal(size=500).round(2)}).to_csv("t.csv", index=False)
    status, out, err = run("fit", "t.csv", "-o", "m.skgen", "-q")
    assert (status, out) == (0, "") and err.count("Note: ") == 1 and "'id'" in err and err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["fit", "none.csv", "-o", "m.skgen"], "There is no file none.csv"),
        (["fit", ".", "-o", "m.skgen"], "is a folder"),
        (["fit", "empty.csv", "-o", "m.skgen"], "empty.csv is empty"),
        (["fit", "trees.skgen", "-o", "m.skgen"], "trees.skgen is no text"),
        (["fit", "ragged.csv", "-o", "m.skgen"], "cannot be read as CSV"),
        (["fit", "train.csv", "-o", "./train.csv"], "would overwrite"),
        (["report", "train.csv", "short.csv", "-o", "short.csv"], "would overwrite"),
        (["fit", "broken.parquet", "-o", "m.skgen"], "cannot be read as Parquet"),
        (["fit", "short.csv", "-o", "m.skgen"], "1 rows below its header; at least 2"),
        (["fit", "train.csv", "-o", "none/m.skgen"], "There is no folder none"),
        (["fit", "train.csv", "-o", "m.skgen", "--param", "leaves=3"], "no parameter 'leaves'"),
        (["fit", "train.csv", "-o", "m.skgen", "--param", "sharpness=2"], "'sharpness' parameter"),
        (["sample", "none.skgen", "-o", "s.csv"], "none.skgen"),
        (["sample", "train.csv", "-o", "s.csv"], "train.csv"),
        (["sample", "trees.skgen", "-o", "s.xlsx"], "must end in one of .csv"),
        (["sample", "trees.skgen", "-o", "s.csv", "--given", "kin=a"], "'kin', which is no column"),
        (["sample", "trees.skgen", "-o", "s.csv", "--given", "kind"], "must look like column=value"),
        (["sample", "trees.skgen", "-o", "s.csv", "--given", "age=old"], "must have one number"),
        (["sample", "trees.skgen", "-o", "s.csv", "--given", "age=40..30"], "two in order"),
        (["sample", "trees.skgen", "-o", "s.csv", "--given", "day=soon"], "must have one datetime"),
        (["sample", "trees.skgen", "-o", "s.csv", "--given", "kind=z"], "fit did not see"),
        (["sample", "trees.skgen", "-o", "s.csv", "--given", "age=nan"], "one number, or two in order"),
        (["sample", "trees.skgen", "-o", "s.csv", "--given", "age=1..nan"], "missing cells, 'age=' asks for them"),
        (["sample", "trees.skgen", "-o", "s.csv", "--given", "day=NaT"], "missing cells, 'day=' asks for them"),
        (["sample", "trees.skgen", "-o", "s.csv", "--given", "age="], "where fit saw none"),
        (["report", "train.csv", "short.csv", "-o", "r.html"], "at least 2"),
        (["report", "train.csv", "narrow.csv", "-o", "r.html"], "narrow.csv lacks the columns"),
        (["report", "narrow.csv", "train.csv", "-o", "r.html"], "train.csv has the columns"),
        (["report", "train.csv", "train.csv", "-o", "r.html", "--target", "none"], "no column. Columns are"),
        (["report", "train.csv", "train.csv", "-o", "r.html", "--holdout", "train.csv"], "has not seen"),
        (["compare", "short.csv"], "at least 5 are needed"),
        (["compare", "train.csv", "--models", "VAE", "GAN", "VAE"], "--models names VAE more than once"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_a_user_can_put_right_is_one_sentence(run, tmp_path, arguments, message):
    (tmp_path / "empty.csv").touch()
    (tmp_path / "broken.parquet").write_text("no table")
    (tmp_path / "ragged.csv").write_text("a,b\n1,2\n1,2,3\n")
    (tmp_path / "short.csv").write_text("age,kind\n1,a\n")
    (tmp_path / "narrow.csv").write_text("age,kind\n1,a\n2,b\n3,a\n")
    before = set(tmp_path.iterdir())
    status, out, err = run(*arguments, "-q")
    assert (status, out) == (1, "") and message in err
    assert err.startswith("Error: ") and err.count("\n") == 1
    assert set(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "required: COMMAND"),
        (["fit", "train.csv"], "required: -o/--output"),
        (["fit", "train.csv", "-o", "m", "--model", "GausianMixture"], "Do you mean GaussianMixture?"),
        (["fit", "train.csv", "-o", "m", "--model", "GaussianMixture(4)"], "parameters by name"),
        (["fit", "train.csv", "-o", "m", "--model", "HiddenMarkovModel"], "there is no model"),
        (["fit", "train.csv", "-o", "m", "--param", "deep"], "must look like n_components=4"),
        (["sample", "trees.skgen", "-o", "s.csv", "-n", "-3"], "whole number from 0"),
        (["compare", "train.csv", "--cv", "1"], "whole number from 2"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_usage_is_status_2(run, arguments, message):
    status, out, err = run(*arguments)
    assert (status, out) == (2, "") and message in err


@pytest.mark.parametrize(
    ("module", "arguments", "extra"),
    [
        (table_file, ["sample", "trees.skgen", "-o", "s.parquet"], "skgen[parquet]"),
        (table_file, ["fit", "test.parquet", "-o", "m.skgen"], "skgen[parquet]"),
        (report_page, ["report", "train.csv", "train.csv", "-o", "r.html"], "skgen[plot]"),
    ],
)
def test_what_is_not_installed_is_named_with_its_extra(run, monkeypatch, module, arguments, extra):
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    status, _, err = run(*arguments, "-q")
    assert status == 1 and extra in err and err.count("\n") == 1


def test_a_model_of_sequences_is_refused(run):
    rng = np.random.default_rng(0)
    skgen.save(skgen.HiddenMarkovModel(random_state=0).fit([rng.normal(size=(30, 1)) for _ in range(4)]), "hmm.skgen")
    status, _, err = run("sample", "hmm.skgen", "-o", "s.csv")
    assert status == 1 and "draws sequences" in err


def test_an_unfitted_model_is_refused(run):
    skgen.save(GaussianMixture(), "new.skgen")
    status, _, err = run("sample", "new.skgen", "-o", "s.csv")
    assert status == 1 and "not fitted yet" in err and err.count("\n") == 1


def test_our_own_errors_keep_their_traceback(run, monkeypatch):
    def broken(options, console):
        raise TypeError("ours")

    monkeypatch.setattr(commands, "fit", broken)
    with pytest.raises(TypeError, match="ours"):
        run("fit", "train.csv", "-o", "m.skgen")


def test_it_runs_as_a_module(tmp_path):
    command = [sys.executable, "-m", "skgen", "sample", "none.skgen", "-o", "s.csv"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "") and re.fullmatch(r"Error: .*none\.skgen.*\n", done.stderr)


# ---- tables ---------------------------------------------------------------------------------------------------------


def test_separators_encodings_and_dates_are_recognised(tmp_path):
    lines = ["Tag;Größe;Code"] + [f"2024-01-{i:02};größe {i % 2};2024-99-{i:02}" for i in range(1, 13)]
    (tmp_path / "t.csv").write_bytes("\n".join(lines).encode("latin-1"))
    said = []
    table = read_table(tmp_path / "t.csv", say=said.append)
    assert list(table) == ["Tag", "Größe", "Code"] and table["Tag"].iloc[-1] == pd.Timestamp("2024-01-12")
    assert not pd.api.types.is_datetime64_any_dtype(table["Code"])
    assert [re.search("Latin-1|';'|'Tag'", text)[0] for text in said] == ["Latin-1", "';'", "'Tag'"]


def test_numbers_with_decimal_commas_are_numbers(run):
    for seed, sep, name in ((0, "\t", "t.tsv"), (1, ";", "h.csv"), (0, ";", "t.csv")):
        rows = make_table(400, seed)
        rows["ratio"] = (rows["price"] / 1e6).where(rows.index % 5 > 0)  # some are written like 3,1e-06
        rows.to_csv(name, index=False, sep=sep, decimal=",")
        rows.to_csv("points.csv", index=False)
        said = []
        assert_frame_equal(read_table(name, say=said.append), read_table("points.csv", say=str))
        assert said[1] == "Numbers have decimal commas." and len(said) == 3
    rows[:150].to_csv("s.csv", index=False)
    status, _, err = run("report", "t.csv", "s.csv", "--holdout", "h.csv", "-o", "r.html", "--target", "price")
    assert status == 0 and err.count("Numbers have decimal commas.") == 2
    assert run("fit", "t.csv", "-o", "m.skgen", "-q")[0] == 0
    assert skgen.load("m.skgen").schema_ == Schema.infer(read_table("t.csv", say=str))


def test_decimal_commas_may_part_lines_into_unequal_numbers_of_cells(tmp_path):
    (tmp_path / "t.csv").write_bytes("größe;n\n12;3\n12,5;4\n12,5;4,5\n-7;\n".encode("latin-1"))
    said = []
    table = read_table(tmp_path / "t.csv", say=said.append)
    expected = pd.DataFrame({"größe": [12, 12.5, 12.5, -7], "n": [3, 4, 4.5, np.nan]})
    assert_frame_equal(table, expected)
    assert [re.search("Latin-1|';'|decimal commas", text)[0] for text in said] == ["Latin-1", "';'", "decimal commas"]


@pytest.mark.parametrize("cells", ["1.234,5|2,5", "1,2,3|4,5", "12,5 kg", "1,5|-", "1.5|2.5", "12|13"])
def test_what_is_no_number_with_a_decimal_comma_is_read_as_before(tmp_path, cells):
    text = "a;b\n" + "".join(f"{cell};1\n" for cell in cells.split("|"))
    (tmp_path / "t.csv").write_text(text)
    said = []
    table = read_table(tmp_path / "t.csv", say=said.append)
    assert said == ["Columns are separated by ';'."]
    assert_frame_equal(table, pd.read_csv(tmp_path / "t.csv", sep=";"))


def test_points_of_other_columns_make_commas_part_thousands(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("a;b\n1,234;3.5\n567;2.25\n")
    assert read_table(path, say=str)["a"].tolist() == ["1,234", "567"]


def test_a_comma_that_may_part_thousands_is_no_decimal_comma(tmp_path):
    (tmp_path / "t.tsv").write_text("a\tb\n1,234\t1\n567\t2\n")
    assert not pd.api.types.is_numeric_dtype(read_table(tmp_path / "t.tsv", say=str)["a"])
    (tmp_path / "t.tsv").write_text("a\tb\n1,234\t1\n567\t2,5\n")
    assert read_table(tmp_path / "t.tsv", say=str)["a"].tolist() == [1.234, 567]
    (tmp_path / "t.csv").write_text("a;b\n1,234;1\n567;2\n")
    assert read_table(tmp_path / "t.csv", say=str)["a"].tolist() == [1.234, 567]


def test_compressed_files_are_told_from_broken_ones(tmp_path):
    text = "".join(f"{row}\n" for row in ["a,b", *(f"{i},{i * i % 97}" for i in range(500))])
    body = bytearray(gzip.compress(text.encode()))
    body[60:90] = bytes(byte ^ 0x5A for byte in body[60:90])
    with zipfile.ZipFile(tmp_path / "locked.zip", "w") as archive:
        archive.writestr("t.csv", text)
    locked = bytearray((tmp_path / "locked.zip").read_bytes())
    locked[6] |= 1  # both headers say that a password is needed
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    broken = {"body.csv.gz": body, "t.zip": b"text", "t.xz": b"text", "t.bz2": b"text", "locked.zip": locked}
    for name, content in broken.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ValueError, match=f"{name} cannot be read as CSV: ."):
            read_table(tmp_path / name)
    for suffix in ("gz", "zip", "xz", "bz2"):
        pd.DataFrame({"a": [1, 2]}).to_csv(tmp_path / f"fine.csv.{suffix}", index=False)
        assert read_table(tmp_path / f"fine.csv.{suffix}")["a"].tolist() == [1, 2]


def test_whole_numbers_stay_whole_beside_missing_cells(run, tmp_path):
    lines = ["age;age;rate;none;flag"] + [f"{i % 9 or ''};{i};{i}.0;;" for i in range(1, 80)] + [";;;;"]
    (tmp_path / "t.csv").write_text("\n".join(lines))
    table = read_table("t.csv", say=str)
    assert list(table.dtypes.astype(str)) == ["Int64", "Int64", "float64", "float64", "float64"]
    table[["age", "rate"]].to_csv("t.csv", index=False)
    assert run("fit", "t.csv", "-o", "m.skgen", "-q", "--model", "IndependentColumns")[0] == 0
    train = read_table("t.csv", say=str)
    for name in ("s.csv", "s.parquet"):
        assert run("sample", "m.skgen", "-n", 200, "-o", name, "-q")[0] == 0
        rows = read_table(name, say=str)
        assert_frame_equal(rows.head(0), train.head(0))
        assert Schema.infer(rows) == Schema.infer(train) and 0 < rows["age"].isna().sum() < 100
        assert run("report", "t.csv", name, "-o", "r.html", "-q") == (0, "", "")
    assert set((tmp_path / "s.csv").read_text().split()[1].partition(",")[0]) <= set("12345678")


def test_infinite_cells_are_named(tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n1,2\ninf,3\n")
    with pytest.raises(ValueError, match=r"infinite cells in columns \['a'\]"):
        read_table(tmp_path / "t.csv")


def test_a_parquet_file_keeps_its_types_and_loses_its_index(tmp_path):
    table = make_table(20).astype({"kind": "category"}).set_index("age", drop=False)
    table.index.name = "row"
    table.to_parquet(tmp_path / "t.parquet")
    assert_frame_equal(read_table(tmp_path / "t.parquet"), table.reset_index(drop=True))


def make_arrow_table(n, seed=0):
    """Dates and decimals as a warehouse writes them, with missing cells."""
    table = make_table(n, seed)
    days = [None, *table["day"].dt.date[1:]]
    prices = [None, *(decimal.Decimal(f"{price:.2f}") for price in table["price"][1:])]
    return pa.table(
        {
            "age": table["age"].to_numpy(),
            "day": pa.array(days, pa.date32()),
            "end": pa.array(table["day"].dt.date, pa.date64()),
            "price": pa.array(prices, pa.decimal128(12, 2)),
        }
    )


def test_dates_and_decimals_of_parquet_are_no_categories(run):
    table = make_arrow_table(400)
    pq.write_table(table, "t.parquet")
    pq.write_table(make_arrow_table(300, 1), "h.parquet")
    status, _, err = run("fit", "t.parquet", "-o", "m.skgen")
    said = ("'day' is read as dates.", "'end' is read as dates.", "'price' of decimals is read as floats.")
    assert status == 0 and all(err.count(text) == 1 for text in said)
    sources = {column.name: column.source for column in skgen.load("m.skgen").schema_.columns}
    assert sources == {"age": "int", "day": "datetime", "end": "datetime", "price": "float"}
    assert read_table("t.parquet", say=str)["price"].tolist()[1:] == [float(x) for x in table["price"].to_pylist()[1:]]
    given = ("--given", "day=2024-03-01..2024-04-01", "--given", "price=3..9")
    assert run("sample", "m.skgen", "-n", 200, "-o", "g.parquet", "-q", *given)[0] == 0
    rows = pd.read_parquet("g.parquet")
    assert rows["day"].between("2024-03-01", "2024-04-01").all() and rows["price"].between(3, 9).all()
    for name in ("s.csv", "s.parquet"):
        assert run("sample", "m.skgen", "-n", 300, "-o", name, "-q")[0] == 0
        assert run("report", "t.parquet", name, "--holdout", "h.parquet", "-o", "r.html", "-q") == (0, "", "")


def test_dates_and_decimals_are_told_by_the_types_of_the_file(tmp_path):
    last = pa.array([None, datetime.date(9999, 12, 31)] * 10, pa.date32())
    table = make_arrow_table(20).set_column(1, "day", last)
    kinds = {field.name: pd.ArrowDtype(field.type) for field in table.schema}
    frame = table.to_pandas(types_mapper=pd.ArrowDtype).astype(kinds | {"age": "Int64"}).set_index("end")
    frame.to_parquet(tmp_path / "t.parquet")
    said = []
    found = read_table(tmp_path / "t.parquet", say=said.append)
    assert found.dtypes.astype(str).tolist() == ["Int64", "datetime64[us]", "float64"] and len(said) == 2
    assert found["day"].iloc[1] == pd.Timestamp(9999, 12, 31) and found["price"].isna().sum() == 1
    pq.write_table(table, tmp_path / "t.parquet")
    assert_frame_equal(
        read_table(tmp_path / "t.parquet", say=str)[["day", "price"]], found[["day", "price"]], check_column_type=False
    )


def test_the_row_files_are_told_by_their_names(tmp_path):
    for name in ("a.csv", "a.CSV.gz", "a.parquet", "a.pq"):
        row_file.check_row_file(tmp_path / name)
    assert isinstance(row_file.open_rows(tmp_path / "x", "a.pq", None), ParquetRows)
    row_file.open_rows(tmp_path / "x", "a.csv.GZ", None).close()
    assert (tmp_path / "x").read_bytes()[:2] == b"\x1f\x8b"
