"""Fidelity of columns, pairs and rows: known values, and tables made to fool one metric and be caught by another."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.stats import ks_2samp, norm

from skgen.exceptions import SchemaError
from skgen.metrics import (
    column_jensen_shannon,
    column_shape_errors,
    column_wasserstein,
    density_coverage,
    energy_distance,
    jensen_shannon_error,
    kernel_mmd,
    mode_coverage,
    mode_table,
    pair_trend_errors,
    precision_recall,
    shape_error,
    trend_error,
    two_sample_auc,
    wasserstein_error,
)


def mixed(n, seed):
    """A table of dependent columns: numbers, levels, dates, missing cells."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    return pd.DataFrame(
        {
            "x": x.round(3),
            "y": np.where(rng.random(n) < 0.1, np.nan, (x + 0.3 * rng.normal(size=n)).round(3)),
            "k": rng.poisson(np.exp(x / 2)),
            "city": np.where(x > 0.5, "Rome", np.where(rng.random(n) < 0.05, None, "Oslo")),
            "day": pd.Timestamp("2024-01-01") + pd.to_timedelta((50 * norm.cdf(x)).astype(int), "D"),
        }
    )


def shuffled(df, seed=0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame({name: df[name].to_numpy()[rng.permutation(len(df))] for name in df})


REAL, FRESH = mixed(3000, 0), mixed(3000, 1)

ERRORS = [shape_error, trend_error, wasserstein_error, jensen_shannon_error]
SUBSAMPLED = [energy_distance, kernel_mmd, lambda r, s, **k: precision_recall(r, s, **k).precision]


@pytest.mark.parametrize("error", ERRORS)
def test_no_error_between_equal_tables_in_any_order_and_container(error):
    again = REAL.sample(frac=1, random_state=0)
    assert error(REAL, again) == 0
    assert error(pl.from_pandas(REAL), pl.from_pandas(again)) == 0
    assert error(REAL, FRESH) == error(REAL, pl.from_pandas(FRESH)) > 0


@pytest.mark.parametrize("metric", SUBSAMPLED)
def test_a_seed_gives_the_same_figure(metric):
    a, b = (metric(REAL, FRESH, max_rows=300, random_state=s) for s in (0, 1))
    assert a == metric(REAL, FRESH, max_rows=300, random_state=0) != b


# ---- columns ---------------------------------------------------------------------------------------------------------


def test_shape_is_scipys_statistic_and_the_total_variation():
    errors = column_shape_errors(REAL, FRESH)
    assert errors["x"] == pytest.approx(ks_2samp(REAL["x"], FRESH["x"]).statistic)
    shares = [df["city"].value_counts(dropna=False, normalize=True) for df in (REAL, FRESH)]
    assert errors["city"] == pytest.approx(abs(shares[0] - shares[1]).sum() / 2)


def test_missing_cells_dates_and_new_levels_count():
    errors = column_shape_errors(
        REAL, REAL.assign(y=REAL["y"].mask(REAL.index < 1500), city="Bern", day=REAL["day"] + pd.Timedelta(days=400))
    )
    gone = REAL["y"].isna()[1500:].mean() / 2 + 0.5 - REAL["y"].isna().mean()
    assert errors["y"] == pytest.approx(gone, abs=0.03)
    assert errors["city"] == errors["day"] == 1
    assert errors["x"] == errors["k"] == 0


def test_a_column_without_cells_is_seen():
    empty = REAL.assign(y=np.nan)
    assert column_shape_errors(REAL, empty)["y"] == pytest.approx(REAL["y"].notna().mean())
    assert column_wasserstein(REAL, empty)["y"] == 1
    assert column_shape_errors(empty, REAL)["y"] == pytest.approx(REAL["y"].notna().mean())


def test_numbers_between_the_real_cells_are_seen():
    """Integers that come as fractions near them: the cells are equal, the numbers are not."""
    off = REAL.assign(k=REAL["k"] + 0.3)
    assert shape_error(REAL, off) > 0.05
    assert two_sample_auc(FRESH, off) > 0.9


def test_wasserstein_of_a_shift_is_the_shift():
    X = np.random.default_rng(0).normal(size=(500, 2))
    expected = 0.7 / np.ptp(X[:, 1])
    assert column_wasserstein(X, X + [0, 0.7]).tolist() == pytest.approx([0, expected])


def test_jensen_shannon_of_two_levels():
    real, new = pd.DataFrame({"a": ["u"] * 3 + ["v"]}), pd.DataFrame({"a": ["u"] + ["v"] * 3})
    entropy = -(0.75 * np.log2(0.75) + 0.25 * np.log2(0.25))
    assert column_jensen_shannon(real, new)["a"] == pytest.approx(np.sqrt(1 - entropy))


# ---- pairs -----------------------------------------------------------------------------------------------------------


def test_trend_is_the_total_variation_of_the_contingency_tables():
    errors = pair_trend_errors(REAL, FRESH, n_bins=4)
    edges = np.linspace(REAL["x"].min(), REAL["x"].max(), 5)[1:-1]
    tables = [pd.crosstab(np.digitize(df["x"], edges), df["city"].fillna("-"), normalize=True) for df in (REAL, FRESH)]
    expected = tables[0].sub(tables[1], fill_value=0).abs().to_numpy().sum() / 2
    assert errors.loc["x", "city"] == errors.loc["city", "x"] == pytest.approx(expected)


def test_real_edges_are_shared():
    """One synthetic outlier moves no edge."""
    far = REAL.copy()
    far.loc[0, "x"] = 1e6
    assert trend_error(REAL, far) < 0.001


def test_number_pairs_by_correlation():
    errors = pair_trend_errors(REAL, FRESH, number_pairs="correlation")
    pairs = [df[["x", "y"]].corr().loc["x", "y"] for df in (REAL, FRESH)]
    assert errors.loc["x", "y"] == pytest.approx(abs(pairs[0] - pairs[1]) / 2)
    assert errors.loc["x", "city"] == pair_trend_errors(REAL, FRESH).loc["x", "city"]


def test_one_column_has_no_pair():
    assert np.isnan(trend_error(REAL[["x"]], FRESH[["x"]]))


# ---- rows ------------------------------------------------------------------------------------------------------------


def test_shuffled_columns_have_the_shape_and_nothing_else():
    fake = shuffled(REAL)
    assert shape_error(REAL, fake) == 0
    assert trend_error(REAL, fake) > 5 * trend_error(REAL, FRESH)
    assert two_sample_auc(FRESH, fake) > 0.9 > 0.55 > two_sample_auc(FRESH, REAL)
    assert precision_recall(FRESH, fake).precision < 0.6 * precision_recall(FRESH, REAL).precision
    assert density_coverage(FRESH, fake).coverage < 0.6 * density_coverage(FRESH, REAL).coverage
    assert energy_distance(FRESH, fake) > 20 * abs(energy_distance(FRESH, REAL))
    assert kernel_mmd(FRESH, fake) > 20 * abs(kernel_mmd(FRESH, REAL))


def test_three_columns_together_are_caught_by_the_rows_alone():
    """A parity of three coins: every pair is independent, in the real table and in the shuffled one."""
    rng = np.random.default_rng(0)
    coins = rng.integers(0, 2, (4000, 2))
    real = pd.DataFrame(np.column_stack([coins, coins.sum(axis=1) % 2]), columns=list("abc")).astype(str)
    fake = pd.DataFrame(rng.integers(0, 2, (4000, 3)), columns=list("abc")).astype(str)
    assert trend_error(real, fake) < 0.03
    assert two_sample_auc(real, fake) > 0.7
    assert two_sample_auc(real, fake, classifier="logistic") < 0.55


def test_a_copied_table_is_no_better_than_the_floor():
    assert two_sample_auc(REAL, REAL) < 0.5
    assert precision_recall(REAL, REAL) == (1.0, 1.0)
    assert precision_recall(REAL, FRESH).recall < 0.99
    assert density_coverage(REAL, REAL).coverage == 1


def test_precision_and_recall_tell_narrow_from_wide():
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(2, 1000, 2))
    narrow, wide = precision_recall(X, Y / 4), precision_recall(X, Y * 4)
    assert narrow.precision > 0.99 and narrow.recall < 0.5
    assert wide.precision < 0.5 and wide.recall > 0.8
    assert density_coverage(X, Y / 4).coverage < 0.5 and density_coverage(X, Y * 4).density < 0.4


def test_coverage_of_one_law_is_the_closed_form():
    """For rows of one law a ball of the k-th of n - 1 neighbours holds none of m others with a known probability."""
    n, k = 1000, 5
    X, Y = np.random.default_rng(0).normal(size=(2, n, 2))
    missed = np.prod([(n - i) / (2 * n - 1 - i) for i in range(1, k + 1)])
    assert density_coverage(X, Y, n_neighbors=k).coverage == pytest.approx(1 - missed, abs=0.015)


def test_energy_distance_of_two_normals():
    """Of N(0, 1) and N(m, 1): 2 E|X - Y| - 2 E|X - X'|, where the differences are normal with variance 2."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=4000), rng.normal(size=4000) + 1.5
    m, s = 1.5, np.sqrt(2)
    folded = s * np.sqrt(2 / np.pi) * np.exp(-(m**2) / (2 * s**2)) + m * (1 - 2 * norm.cdf(-m / s))
    expected = 2 * folded - 4 / np.sqrt(np.pi)
    got = energy_distance(x[:, None], y[:, None], max_rows=None) * np.ptp(x)
    assert got == pytest.approx(expected, rel=0.06)


def test_mmd_of_two_normals():
    """The kernel's mean over normal differences N(m, v) is h / sqrt(h^2 + v) exp(-m^2 / 2 (h^2 + v))."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=4000), rng.normal(size=4000) + 1.5
    h = 1.0
    same, apart = h / np.sqrt(h**2 + 2), h / np.sqrt(h**2 + 2) * np.exp(-(1.5**2) / (2 * (h**2 + 2)))
    got = kernel_mmd(x[:, None], y[:, None], bandwidth=h / np.ptp(x), max_rows=None)
    assert got == pytest.approx(2 * same - 2 * apart, rel=0.06)


def test_distances_of_equal_laws_have_no_bias():
    figures = [
        (energy_distance(X, Y), kernel_mmd(X, Y)) for X, Y in np.random.default_rng(0).normal(size=(30, 2, 100, 2))
    ]
    z = np.mean(figures, axis=0) / (np.std(figures, axis=0) / np.sqrt(30))
    assert (np.abs(z) < 3).all()


def test_far_outliers_do_not_overflow():
    far = REAL.assign(x=np.where(REAL["x"] > 1, 1e300, REAL["x"]))
    for metric in (energy_distance, kernel_mmd, wasserstein_error):
        assert np.isfinite(metric(REAL, far)) and metric(REAL, far) > metric(REAL, FRESH)
    assert two_sample_auc(REAL, far, classifier="logistic") > 0.5


def test_identical_rows_lie_in_balls_of_no_radius():
    df = pd.DataFrame({"a": ["u", "v"] * 50, "b": ["p", "p", "q", "q"] * 25})
    assert precision_recall(df, df[::-1]) == (1.0, 1.0)
    assert precision_recall(df, df.assign(b="r")) == (0.0, 0.0)


# ---- modes -----------------------------------------------------------------------------------------------------------


def test_a_dropped_mode_is_found_where_the_averages_hardly_move():
    rng = np.random.default_rng(0)
    real = pd.DataFrame({"a": rng.choice(["u", "v", "w"], 5000, p=[0.5, 0.49, 0.01]), "x": rng.normal(size=5000)})
    dropped = real[real["a"] != "w"].sample(5000, replace=True, random_state=0)
    assert shape_error(real, dropped) < 0.02
    assert mode_coverage(real, dropped, order=1) == pytest.approx(1 - 1 / (3 + 8), abs=0.02)
    lost = mode_table(real, dropped).iloc[0]
    assert (lost["column"], lost["cell"], lost["synthetic"]) == ("a", "w", 0)
    assert mode_coverage(real, real.sample(5000, replace=True, random_state=1)) > 0.99


def test_a_dropped_combination_is_a_mode_of_two_columns():
    real = pd.DataFrame({"a": ["u", "u", "v", "v"] * 50, "b": ["p", "q"] * 100})
    new = pd.DataFrame({"a": ["u", "v"] * 100, "b": ["p", "q"] * 100})
    assert mode_coverage(real, new, order=1) == 1
    assert mode_coverage(real, new) == pytest.approx(6 / 8)
    assert set(mode_table(real, new)["other_cell"][:2]) == {"p", "q"}


def test_modes_of_dates_and_missing_cells_have_names():
    modes = mode_table(REAL, FRESH, order=1)
    assert {"Rome", "Oslo", "missing"} <= set(modes.loc[modes["column"] == "city", "cell"])
    assert modes.loc[modes["column"] == "day", "cell"].str.contains("2024-01").any()


# ---- errors ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: trend_error(REAL, FRESH, n_bins=0), "n_bins must be a positive integer, got 0"),
        (lambda: trend_error(REAL, FRESH, number_pairs="rank"), "number_pairs must be one of"),
        (lambda: two_sample_auc(REAL, FRESH, classifier="forest"), "classifier must be one of"),
        (lambda: two_sample_auc(REAL[:2], FRESH), "at least cv=3 rows"),
        (lambda: precision_recall(REAL[:3], FRESH), "n_neighbors=3 needs more rows"),
        (lambda: kernel_mmd(REAL, FRESH, bandwidth=0), "bandwidth must be positive"),
        (lambda: mode_coverage(REAL, FRESH, order=3), "order must be one of"),
        (lambda: mode_coverage(REAL, FRESH, ratio=0), "ratio must be in"),
    ],
)
def test_errors_say_what_to_do(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_text_in_place_of_numbers_is_no_silent_figure():
    with pytest.raises(SchemaError, match="'k'"):
        shape_error(REAL, FRESH.assign(k="many"))
