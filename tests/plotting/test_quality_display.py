"""The quality display: what stands on the sheet and that it can be read."""

import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pytest

mpl.use("Agg")
import matplotlib.pyplot as plt

from skgen import QualityDisplay, quality_report
from skgen.metrics import QualityReport, Value
from skgen.plotting.quality_display import FLAGGED, MAX_COLUMNS, Headline


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def tables(d=4, n=120):
    rng = np.random.default_rng(0)
    mix = np.eye(d) + 0.8
    return rng.normal(size=(3, n, d)) @ mix


@pytest.fixture(scope="module")
def report():
    train, test, new = tables()
    named = {"fresh": new, "a table of a very long name, longer than its room": train}
    return quality_report(train, test, named, metrics=["shape", "trend", "copies", "nearest"])


def texts(ax):
    return [text.get_text() for text in ax.texts]


def test_every_figure_is_on_the_sheet_and_flagged_ones_are_red(report):
    display = report.plot()
    assert isinstance(display, QualityDisplay) and len(display.axes_) == 4 + 2 and display.ax_ is display.axes_[0]
    for ax, headline in zip(display.axes_, display.headlines):
        assert ax.get_title().strip() == headline.label and headline.note in texts(ax)
        shown = {format(value, headline.form).replace("%", " %") for value in headline.values.values()}
        assert shown <= set(texts(ax))
    copies = display.axes_[2]
    red = [text.get_text() for text in copies.texts if text.get_color() == FLAGGED]
    assert red == ["100.00 %"]
    assert not [text for text in display.axes_[0].texts if text.get_color() == FLAGGED]


def test_bars_are_the_errors_of_columns_and_marks_those_of_real_rows(report):
    display = QualityDisplay.from_report(report)
    ax = display.axes_[4]
    widths = [bar.get_width() for bar in ax.containers[0]]
    np.testing.assert_allclose(widths, report.column_errors["fresh"])
    np.testing.assert_allclose(ax.lines[0].get_xdata(), report.column_errors["real rows"])
    assert len(ax.containers) == 2 and len(display.figure_.subfigs[1].legends[0].get_texts()) == 3


def test_the_map_shows_the_table_that_was_asked_for(report):
    name = report.names[1]
    display = report.plot(name=name)
    shown = np.asarray(display.axes_[5].images[0].get_array())
    below = np.tril_indices(4, -1)
    np.testing.assert_allclose(shown[below], report.pair_errors[name].to_numpy()[below])
    assert np.isnan(np.diag(display.axes_[5].images[0].get_array().filled(np.nan))).all()
    assert "a table of a very lon…" in display.axes_[5].get_title()


def test_panels_do_not_overlap(report):
    for display in (report.plot(), quality_report(*tables(30), metrics=["shape", "trend"]).plot()):
        display.figure_.canvas.draw()
        renderer = display.figure_.canvas.get_renderer()
        width, height = display.figure_.canvas.get_width_height()
        boxes = [ax.get_tightbbox(renderer) for ax in display.axes_]
        for i, a in enumerate(boxes):
            assert min(a.x0, a.y0) > -2 and a.x1 < width + 2 and a.y1 < height + 2, "a panel leaves the sheet"
            for b in boxes[:i]:
                inside = min(min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0))
                assert inside < 2.0, "two panels overlap by more than two pixels"


def test_a_report_without_columns_or_pairs_has_headlines_alone():
    rows = {"copies": Value(0.0), "nearest": Value(np.nan)}
    report = QualityReport({"new": rows, "real rows": rows, "independent columns": rows})
    display = report.plot()
    assert len(display.axes_) == 2
    assert "nan" not in " ".join(texts(display.axes_[1]))
    shape = {"shape": Value(0.1)}
    errors = {name: {"a": 0.1} for name in ("new", "real rows", "independent columns")}
    single = QualityReport(dict.fromkeys(errors, shape), errors).plot()
    assert len(single.axes_) == 2 and single.axes_[1].get_title() == "Shape error of each column"


def test_columns_beyond_the_sheet_are_counted():
    errors = {name: {f"x{j}": 0.1 for j in range(50)} for name in ("new", "real rows")}
    headline = Headline("shape error", "lower is better", {"new": 0.1, "real rows": 0.1})
    display = QualityDisplay([headline], errors, np.full((50, 50), 0.1)).plot()
    assert f"{50 - MAX_COLUMNS} more are not shown" in display.axes_[1].get_title()
    assert display.axes_[2].images[0].get_array().shape == (MAX_COLUMNS, MAX_COLUMNS)


def test_the_display_loads_matplotlib_only_to_draw():
    code = (
        "import sys, numpy as np; from skgen import QualityDisplay, quality_report; "
        "X = np.random.default_rng(0).normal(size=(60, 2)); "
        "report = quality_report(X[:20], X[20:40], X[40:], metrics=['shape']); repr(report); "
        "QualityDisplay.from_report(report, plot=False); sys.exit('matplotlib' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
