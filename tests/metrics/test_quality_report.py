"""The quality report: what it flags, what it absolves, and that every figure is the metric's own."""

import copy
import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import polars as pl
import pytest

from skgen import Schema, quality_report
from skgen.exceptions import SchemaError
from skgen.metrics import (
    QualityReport,
    Value,
    copied_share,
    distance_membership,
    nearest_record_share,
    shape_error,
    trend_error,
    tstr_score,
    two_sample_auc,
)
from skgen.metrics._figures import FIGURES, WORDS, auc_value, share_value
from skgen.metrics._independent import independent_rows
from skgen.metrics._measures import GROUPS

FAST = ["shape", "trend", "copies", "nearest", "membership"]


def draw(n, seed):
    """Dependent columns of every kind, some cells missing."""
    rng = np.random.default_rng(seed)
    group = rng.integers(0, 3, n)
    x = rng.normal(2 * group, 1.0)
    frame = pd.DataFrame(
        {
            "x": np.round(x, 2),
            "count": rng.poisson(1 + 2 * group),
            "day": pd.Timestamp("2024-01-01") + pd.to_timedelta((10 * x).round() + rng.integers(0, 9, n), "D"),
            "group": pd.Categorical.from_codes(group, ["low", "middle", "high"]),
            "bought": np.where(rng.random(n) < 1 / (1 + np.exp(2 - x)), "yes", "no"),
        }
    )
    frame.loc[rng.random(n) < 0.1, "x"] = np.nan
    return frame


def shuffled(frame, seed=0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame({name: column.iloc[rng.permutation(len(frame))].array for name, column in frame.items()})


@pytest.fixture(scope="module")
def report():
    train, test = draw(1500, 0), draw(700, 1)
    tables = {
        "fresh": draw(1500, 2),
        "shuffled": shuffled(train),
        "copied": train,
        "blurred": train.assign(x=train["x"] + 0.01, day=train["day"] + pd.Timedelta(1, "D")),
        "poor": train.assign(group="low", x=train["x"] + 1.0),
    }
    return quality_report(train, test, tables, "bought")


def test_fresh_rows_raise_no_concern(report):
    assert report.concerns["fresh"] == {}


def test_a_shuffled_table_is_detected(report):
    assert report.concerns["shuffled"].items() >= {
        ("trend", "pairs lost"),
        ("two_sample", "detected"),
        ("tstr_auc", "useless"),
    }
    assert "shape" not in report.concerns["shuffled"]


def test_a_copied_table_is_flagged_by_its_privacy_figures(report):
    private = {"copies": "copies", "nearest": "memorised", "membership_auc": "memorised", "membership_tpr": "leaks"}
    assert report.concerns["copied"] == private
    blurred = report.concerns["blurred"]
    assert blurred["nearest"] == blurred["membership_auc"] == "memorised" and "copies" not in blurred


def test_wrong_columns_and_lost_levels_are_named(report):
    found = report.concerns["poor"]
    assert found["shape"] == "columns off" and found["trend"].startswith("pairs") and found["two_sample"] == "detected"
    assert found["mode_coverage"] == "variety lost"


def test_real_rows_and_independent_columns_stand_beside(report):
    frame = report.to_frame()
    assert list(frame.columns[-4:]) == ["real rows", "independent columns", "better", "verdict"]
    real, independent = frame["real rows"], frame["independent columns"]
    assert abs(real["two_sample"] - 0.5) < 0.05 and abs(real["nearest"] - 0.5) < 0.05 and real["copies"] < 0.05
    assert independent["two_sample"] > 0.75 and independent["trend"] > 3 * real["trend"]
    assert frame.loc["tstr_auc", "real rows"] > 0.8 and abs(frame.loc["tstr_auc", "independent columns"] - 0.5) < 0.1


def test_figures_are_those_of_the_metrics():
    train, test, new = draw(300, 0), draw(200, 1), draw(250, 2)
    report = quality_report(train, test, new, "bought", max_rows=None, random_state=3)
    got = {key: value.value for key, value in report.figures["synthetic"].items()}
    schema, seed = Schema.infer(train), np.random.SeedSequence(3).generate_state(1, np.uint64)[0]
    seed = int(seed >> 1) % 2**32
    assert got["shape"] == shape_error(train, new) and got["trend"] == trend_error(train, new)
    assert got["copies"] == copied_share(train, new)
    assert got["two_sample"] == two_sample_auc(test, new, schema=schema, random_state=seed)
    assert got["tstr_auc"] == tstr_score(test, new, "bought", schema=schema, random_state=seed)
    floor = report.figures["real rows"]
    assert floor["shape"].value == pytest.approx(shape_error(train, test)) and floor["copies"].value < 0.02
    assert nearest_record_share(train.head(200), test, train, random_state=0) > 0.7  # the cut is seen from both sides
    assert abs(got["nearest"] - nearest_record_share(train, test, new)) < 0.1
    assert abs(got["membership_auc"] - distance_membership(train, test, new).auc) < 0.1


def test_equal_tables_leave_no_fresh_rows_and_the_floor_is_known_by_symmetry():
    train, test, new = draw(200, 0), draw(200, 1), draw(200, 2)
    floor = quality_report(train, test, new, metrics=["nearest", "membership"]).figures["real rows"]
    assert [floor[key].value for key in floor] == [0.5, 0.5, 0.01]


def test_same_seed_same_report_in_any_container():
    train, test, new = draw(300, 0), draw(200, 1), draw(300, 2)
    first = quality_report(train, test, new, metrics=FAST, random_state=0)
    again = quality_report(train, test, new, metrics=FAST, random_state=0)
    pd.testing.assert_frame_equal(first.to_frame(intervals=True), again.to_frame(intervals=True))
    polars = quality_report(*(pl.from_pandas(t) for t in (train, test, new)), metrics=FAST, random_state=0)
    pd.testing.assert_frame_equal(first.to_frame(), polars.to_frame())
    other = quality_report(train, test, new, metrics=FAST, random_state=1)
    assert other.figures["independent columns"] != first.figures["independent columns"]


def test_tables_and_global_state_are_left_alone(capsys):
    train, test, new = draw(200, 0), draw(150, 1), draw(200, 2)
    before, state = copy.deepcopy([train, test, new]), np.random.get_state()[1].tolist()
    quality_report(train, test, new, metrics=FAST)
    for old, now in zip(before, (train, test, new)):
        pd.testing.assert_frame_equal(old, now)
    assert np.random.get_state()[1].tolist() == state and capsys.readouterr().out == ""
    quality_report(train, test, new, metrics=["copies"], verbose=1)
    assert re.fullmatch(r"copies: \d+\.\d s\n", capsys.readouterr().out)


def test_arrays_targets_by_position_and_regression():
    rng = np.random.default_rng(0)
    X = rng.multivariate_normal([0, 0], [[1, 0.9], [0.9, 1]], size=1200)
    train, test, mixed = X[:500], X[500:800], rng.permuted(X[800:], axis=0)
    report = quality_report(train, test, {"fresh": X[800:], "mixed": mixed}, 1, metrics=["tstr", "trend"])
    assert list(report.figures["fresh"]) == ["trend", "tstr_rmse"] and report.concerns["fresh"] == {}
    assert report.concerns["mixed"] == {"trend": "pairs lost", "tstr_rmse": "useless"}


def test_all_metrics_are_measured_and_every_figure_is_known():
    train, test, new = (draw(n, seed)[["x", "group", "bought"]] for n, seed in ((150, 0), (90, 1), (120, 2)))
    report = quality_report(train, test, new, "bought", metrics="all", max_rows=80)
    assert set(report.keys) == set(FIGURES) - {"tstr_rmse"}
    assert any("at most 80 rows" in note for note in report.notes)
    assert not report.to_frame()["synthetic"].isna().any()


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"metrics": ["shape", "beauty"]}, ValueError, "beauty"),
        ({"metrics": "shape"}, ValueError, "a list of"),
        ({"metrics": []}, ValueError, "metrics must be"),
        ({"metrics": ["tstr"]}, ValueError, "needs a target"),
        ({"target": "colour"}, SchemaError, "no column 'colour'"),
        ({"synthetic": {}}, ValueError, "empty dict"),
        ({"synthetic": {"real rows": draw(20, 0)}}, ValueError, "report's own"),
        ({"synthetic": draw(20, 0).drop(columns="x")}, SchemaError, "'x'"),
        ({"max_rows": 0}, ValueError, "max_rows"),
    ],
)
def test_wrong_arguments_are_refused_before_work(change, error, words):
    arguments = {"real_train": draw(40, 0), "real_test": draw(30, 1), "synthetic": draw(40, 2)} | change
    with pytest.raises(error, match=words):
        quality_report(**arguments)


# ---- the parts -------------------------------------------------------------------------------------------------------


def test_independent_rows_keep_columns_and_lose_pairs():
    train = draw(3000, 0)
    for table in (train, pl.from_pandas(train)):
        out = independent_rows(table, 4000, np.random.default_rng(0))
        assert type(out) is type(table) and out.shape == (4000, 5) and list(out.columns) == list(table.columns)
        assert list(out.dtypes) == list(table.dtypes)
        assert shape_error(table, out) < 0.03 < 0.2 < trend_error(table, out)
    X = train[["x", "count"]].to_numpy()
    out = independent_rows(X, 4000, np.random.default_rng(0))
    assert shape_error(X, out) < 0.03 and trend_error(X, out) > 0.1


def test_intervals_of_shares_and_of_aucs():
    assert share_value(0.0, 100)[1:] == (0.0, pytest.approx(1 - 0.025 ** (1 / 100)))
    assert share_value(1.0, 100)[1:] == (pytest.approx(0.025 ** (1 / 100)), 1.0)
    value, low, high = auc_value(0.5, 1000)
    assert (high - low) / 2 == pytest.approx(1.96 * np.sqrt(2 * 2001 / (12 * 1000**2)), rel=0.01)
    assert auc_value(1.0, 50)[1:] == (1.0, 1.0)


def test_every_word_of_concern_is_explained_and_every_group_has_a_figure():
    extremes = [Value(v, v, v) for v in (0.0, 0.04, 0.3, 0.6, 1.0)]
    words = {
        figure.concern(own, real, other)
        for figure in FIGURES.values()
        for own in [*extremes, Value(0.015, 0.012, 0.02)]
        for real in extremes
        for other in extremes
    }
    assert words - {""} == set(WORDS)
    assert all(key in FIGURES for key in ("shape", "trend", "copies", "nearest")) and len(GROUPS) == 11


def odd_report():
    """A report whose names need escaping."""
    figures = {"trend": Value(0.3), "copies": Value(0.5, 0.4, 0.6)}
    beside = {"trend": Value(0.01), "copies": Value(0.0, 0.0, 0.01)}
    return QualityReport(
        {"<b>a & b</b>": figures, "real rows": beside, "independent columns": {**beside, "trend": Value(0.2)}},
        n_rows={"train": 10, "test": 10, "<b>a & b</b>": 10},
        notes=["n < 100 & few"],
    )


class Reader(HTMLParser):
    """Collects tags, and text in which an unescaped bracket would be lost."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.words = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)

    def handle_data(self, data):
        self.words.append(data)


def test_html_is_escaped_and_self_contained(report):
    page = Reader(odd_report()._repr_html_())
    assert "<b>a & b</b>" in page.words and "b" not in page.tags and "n < 100 & few" in page.words
    text = report._repr_html_()
    assert not re.search(r"src=|href=|<script|<link", text)
    assert text.count("<tr>") == 1 + len(report.keys) and text.count("#b00020") == sum(
        map(len, report.concerns.values())
    )


def test_text_says_what_is_wrong_in_which_table(report):
    text = repr(report)
    assert "fresh: ok." in text and re.search(r"copied: exact copies \(copies\), nearer to train \(memorised\)", text)
    assert max(map(len, text.splitlines()[:12])) < 160
    alone = repr(odd_report())
    assert "50.00 % [40.00 %, 60.00 %]" in alone and "pairs lost" in alone and "n < 100 & few" in alone


def test_frame_with_intervals_and_verdicts(report):
    frame = report.to_frame(intervals=True)
    row = frame.loc["nearest"]
    assert row["fresh low"] < row["fresh"] < row["fresh high"]
    assert frame.loc["copies", "verdict"] == "copied: copies"
    assert odd_report().to_frame()["verdict"].tolist() == ["pairs lost", "copies"]


def test_the_pairs_of_one_table_stand_below_the_diagonal(report):
    matrix = report.pair_matrix("shuffled")
    low, high = (np.mean(matrix[np.tril_indices(5, -1)]), np.mean(matrix[np.triu_indices(5, 1)]))
    assert low == pytest.approx(report.figures["shuffled"]["trend"].value)
    assert high == pytest.approx(report.figures["real rows"]["trend"].value)
    assert odd_report().pair_matrix() is None
    with pytest.raises(ValueError, match="no synthetic table 'nobody'"):
        report.pair_matrix("nobody")
