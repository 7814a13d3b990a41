"""TableDisplay: shares and associations by hand, a sheet that is whole for every kind of column."""

import subprocess
import sys

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.stats.contingency import association, crosstab

from skgen.plotting import TableDisplay
from skgen.plotting._association import cell_codes, cramers_v
from skgen.plotting._columns import as_frame


def panels(real, synthetic):
    return {p.name: p for p in TableDisplay.from_predictions(real, synthetic, plot=False).panels}


def odd_table(n=120, seed=0):
    rng = np.random.default_rng(seed)
    when = pd.Timestamp("2020-01-01", tz="Europe/Berlin") + pd.to_timedelta(rng.integers(0, 900, n), unit="D")
    return pd.DataFrame(
        {
            "when": pd.Series(when).where(pd.Series(rng.random(n) > 0.1)),
            "took": pd.to_timedelta(rng.integers(0, 5000, n), unit="min"),
            "flag": rng.random(n) > 0.5,
            "always": 1.0,
            "never": np.nan,
            "few": pd.array(rng.choice([None, 1, 2], n), dtype="Int64"),
            "amount": np.round(rng.lognormal(3, 2, n), 2),
            "level": pd.Categorical(rng.choice(list("abcdefghijk"), n), categories=list("abcdefghijklm")),
            "text": rng.choice(["a level with a very long name indeed", "b"], n),
        }
    )


def test_levels_come_by_frequency_with_missing_and_the_rest_pooled():
    cells = [c for c, k in zip("abcdefghij", range(20, 0, -2)) for _ in range(k)] + [None] * 10
    synthetic = ["a"] * 6 + ["j"] * 2 + ["new"] * 1 + [None] * 1
    panel = panels(pd.DataFrame({"x": cells}), pd.DataFrame({"x": synthetic}))["x"]
    assert panel.levels == [*"abcdefgh", "(other)"]
    np.testing.assert_allclose(panel.real, np.array([20, 18, 16, 14, 12, 10, 8, 6, 4 + 2]) / 120)
    np.testing.assert_allclose(panel.synthetic, [0.6, 0, 0, 0, 0, 0, 0, 0, 0.3])
    assert (panel.real_missing, panel.synthetic_missing) == (10 / 120, 0.1)


def test_histograms_share_their_bins_and_count_every_cell():
    rng = np.random.default_rng(0)
    real, synthetic = rng.normal(size=500), rng.normal(3.0, 1.0, size=300)
    real[:50] = np.nan
    panel = panels(real[:, None], synthetic[:, None])["x0"]
    np.testing.assert_allclose(panel.real.sum() + panel.real_missing, 1.0)
    np.testing.assert_allclose(panel.synthetic.sum(), 1.0)
    assert panel.real_missing == 0.1
    np.testing.assert_allclose(panel.real, np.histogram(real[50:], bins=panel.edges)[0] / 500)
    np.testing.assert_allclose(panel.synthetic[-1], (synthetic >= panel.edges[-2]).mean())


def test_integers_get_bins_of_equal_numbers_of_values():
    values = np.random.default_rng(0).integers(17, 91, size=5000)
    panel = panels(pd.DataFrame({"age": values}), pd.DataFrame({"age": values}))["age"]
    widths = np.diff(panel.edges)
    assert np.all(widths == widths[0]) and widths[0] == np.round(widths[0]) and panel.edges[0] == 16.5
    assert panel.edges[-1] > 90


def test_a_long_tail_is_pooled_and_said_to_be():
    values = np.concatenate([np.linspace(0, 1, 999), [1e6]])[:, None]
    panel = panels(values, values)["x0"]
    assert panel.pooled and panel.edges[-1] <= 1.0
    np.testing.assert_allclose(panel.real.sum(), 1.0)
    display = TableDisplay.from_predictions(values, values)
    assert "tails pooled" in [text.get_text() for text in display.axes_[0].texts] and display.ax_ is display.axes_[0]


def test_numbers_of_few_values_are_drawn_as_levels_in_order():
    panel = panels(pd.DataFrame({"k": [10, 10, 9, 2]}), pd.DataFrame({"k": [2, 2, 3, 10]}))["k"]
    assert panel.levels == ["2", "3", "9", "10"]
    np.testing.assert_allclose(panel.real, [0.25, 0, 0.25, 0.5])
    np.testing.assert_allclose(panel.synthetic, [0.5, 0.25, 0, 0.25])


def test_dates_are_days_and_time_zones_are_kept_apart_from_the_instant():
    berlin = pd.DataFrame({"t": pd.date_range("2020-01-01", periods=40, freq="D", tz="Europe/Berlin")})
    panel = panels(berlin, berlin)["t"]
    assert panel.kind == "date"
    first = (pd.Timestamp("2019-12-31T23:00") - pd.Timestamp(0)) / pd.Timedelta(days=1)
    np.testing.assert_allclose(panel.edges[[0, -1]], [first, first + 39], atol=1e-9)


def test_cramers_v_against_scipy_and_under_independence():
    rng = np.random.default_rng(0)
    a = rng.integers(4, size=4000)
    b = np.where(rng.random(4000) < 0.5, a, rng.integers(4, size=4000))
    plain = association(crosstab(a, b).count)
    assert abs(cramers_v(a, b) - plain) < 5e-3
    assert cramers_v(a, a) == pytest.approx(1.0) and np.isnan(cramers_v(a, np.zeros(4000, dtype=int)))
    null = [cramers_v(rng.integers(6, size=60), rng.integers(6, size=60)) for _ in range(200)]
    raw = [association(crosstab(rng.integers(6, size=60), rng.integers(6, size=60)).count) for _ in range(20)]
    assert np.mean(null) < 0.1 < 0.2 < np.mean(raw)


def test_association_sees_a_relation_without_correlation_and_missing_cells():
    rng = np.random.default_rng(0)
    x = rng.normal(size=2000)
    frame = pd.DataFrame({"x": x, "square": x**2, "gone": np.where(x > 0, np.nan, rng.normal(size=2000))})
    shuffled = pd.DataFrame({c: rng.permutation(frame[c]) for c in frame})
    display = TableDisplay.from_predictions(frame, shuffled, plot=False)
    real, synthetic = display.association_real, display.association_synthetic
    assert abs(np.corrcoef(x, x**2)[0, 1]) < 0.1 and real[0, 1] > 0.5 and real[0, 2] > 0.25
    assert synthetic[np.triu_indices(3, 1)].max() < 0.1


def test_cells_are_cut_by_the_real_table():
    real, synthetic = as_frame(np.arange(80.0)[:, None]), as_frame(np.array([[-5.0], [79.0], [500.0], [np.nan]]))
    codes, other = cell_codes(real["x0"], synthetic["x0"])
    assert np.bincount(codes).tolist() == [10] * 8 and other.tolist() == [0, 7, 7, 8]


@pytest.mark.parametrize("backend", [lambda t: t, pl.from_pandas])
def test_every_kind_of_column_is_drawn(backend):
    table = odd_table()
    display = TableDisplay.from_predictions(backend(table), backend(odd_table(seed=1)))
    assert len(display.axes_) == table.shape[1] + 2
    assert [ax.get_title() for ax in display.axes_[:-2]] == list(table)
    shares = [panel.real.sum() + panel.real_missing for panel in display.panels]
    np.testing.assert_allclose(shares, 1.0)
    assert {p.name for p in display.panels if p.kind == "date"} == {"when"}
    assert next(p for p in display.panels if p.name == "never").real_missing == 1.0


def test_pandas_and_polars_give_the_same_panels():
    table, other = odd_table(), odd_table(seed=1)
    for a, b in zip(panels(table, other).values(), panels(pl.from_pandas(table), pl.from_pandas(other)).values()):
        assert (a.name, a.kind, a.levels) == (b.name, b.kind, b.levels) or a.name == "flag"
        np.testing.assert_allclose(a.real, b.real)
        np.testing.assert_allclose(a.synthetic, b.synthetic)


def test_text_on_the_sheet_does_not_overlap():
    table = pd.concat([odd_table(), odd_table(seed=2).add_prefix("second_")], axis=1)
    display = TableDisplay.from_predictions(table, table)
    figure = display.figure_
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()
    boxes = [ax.get_tightbbox(renderer) for ax in display.axes_]
    for i, a in enumerate(boxes):
        for b in boxes[:i]:
            width = min(a.x1, b.x1) - max(a.x0, b.x0)
            height = min(a.y1, b.y1) - max(a.y0, b.y0)
            assert min(width, height) < 2.0, "two panels overlap by more than two pixels"


def test_columns_beyond_the_sheet_are_counted():
    X = np.random.default_rng(0).normal(size=(20, 33))
    display = TableDisplay.from_predictions(X, X)
    assert len(display.axes_) == 32 and display.left_out == ["x30", "x31", "x32"]
    titles = [part.get_suptitle() for part in display.figure_.subfigs]
    assert any("3 more columns are not shown" in title for title in titles)


def test_one_column_has_no_maps():
    X = np.random.default_rng(0).normal(size=(20, 1))
    assert len(TableDisplay.from_predictions(X, X).axes_) == 1


class Echo:
    """Returns its rows, and notes what it was asked for."""

    def __init__(self, rows):
        self.rows, self.asked = rows, []

    def sample(self, n_samples, random_state=None):
        self.asked.append((n_samples, random_state))
        return self.rows[:n_samples]


def test_from_estimator_samples_as_many_rows_as_there_are():
    X = np.random.default_rng(0).normal(size=(20, 2))
    model = Echo(X)
    display = TableDisplay.from_estimator(model, X, random_state=3, plot=False)
    assert not hasattr(display, "figure_")
    np.testing.assert_array_equal(display.panels[0].real, display.panels[0].synthetic)
    TableDisplay.from_estimator(model, X, n_samples=7, plot=False)
    assert model.asked == [(20, 3), (7, None)]


def test_tables_that_do_not_match_are_refused():
    with pytest.raises(ValueError, match=r"they differ in \['b', 'c'\]"):
        TableDisplay.from_predictions(pd.DataFrame({"a": [1], "b": [1]}), pd.DataFrame({"a": [1], "c": [1]}))
    with pytest.raises(ValueError, match="got 1 real and 0 synthetic"):
        TableDisplay.from_predictions(pd.DataFrame({"a": [1]}), pd.DataFrame({"a": []}))
    with pytest.raises(ValueError, match="2-D array"):
        TableDisplay.from_predictions(np.zeros(3), np.zeros(3))


def test_the_display_loads_matplotlib_only_to_draw():
    code = (
        "import sys, numpy as np; from skgen.plotting import TableDisplay; X = np.arange(6.0).reshape(3, 2); "
        "TableDisplay.from_predictions(X, X, plot=False); sys.exit('matplotlib' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
