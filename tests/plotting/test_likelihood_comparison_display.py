"""LikelihoodComparisonDisplay: what is drawn is what was measured, pair by pair."""

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pytest
from scipy.stats import t as student
from sklearn.exceptions import NotFittedError
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import GridSearchCV, KFold, cross_validate

from skgen import AutoDensity, LikelihoodComparisonDisplay, compare_densities
from skgen import GaussianMixture as OurMixture
from skgen.model_selection import LikelihoodComparison

ROWS = np.array([-1.0, -2.0, -4.0, -3.5])
SCORES = {
    "behind": ROWS - [0, 1, 2, 0.5],
    "best": ROWS,
    "bound": ROWS + [1, 1, 2, 1],
    "zero": np.where(ROWS < -3.7, -np.inf, ROWS),
    "gan": ROWS + [5, 4, 5, 5],
}
KINDS = {"bound": "lower_bound", "gan": "estimate"}
ORDER = ["bound", "best", "behind", "zero", "gan"]


def drawn(display):
    """Labels, and the places of the dots."""
    labels = [text.get_text().split("  ")[0] for text in display.ax_.get_yticklabels()]
    return labels, [float(container.lines[0].get_xdata()[0]) for container in display.ax_.containers]


def test_differences_and_intervals_are_those_of_the_pairs():
    display = LikelihoodComparisonDisplay.from_predictions(SCORES, likelihood=KINDS)
    assert display.names == ORDER and display.best == "best"
    labels, places = drawn(display)
    np.testing.assert_allclose(places, [1.25, 0.0, -0.875, 4.75])  # zero has no place
    assert labels == ORDER and any("density zero" in text.get_text() for text in display.ax_.texts)
    pairs = SCORES["behind"] - ROWS
    half = student.ppf(0.975, 3) * pairs.std(ddof=1) / 2
    np.testing.assert_allclose([display.low[2], display.high[2]], [pairs.mean() - half, pairs.mean() + half])
    assert display.figure_ is display.ax_.figure


def test_a_comparison_is_drawn_as_its_table_says():
    seconds = dict.fromkeys(SCORES, 1.0)
    kinds = dict.fromkeys(SCORES, "exact") | KINDS
    comparison = LikelihoodComparison(SCORES, kinds, seconds, seconds, sample_weight=[1, 2, 1, 3])
    frame = comparison.to_frame()
    for display in (
        comparison.plot(),
        LikelihoodComparisonDisplay.from_predictions(SCORES, likelihood=kinds, sample_weight=[1, 2, 1, 3]),
    ):
        assert display.names == list(frame.index)
        np.testing.assert_allclose(display.differences, frame["difference"])
        np.testing.assert_allclose(display.low, frame["low"])


@pytest.mark.parametrize("scale", [0.01, 1.0])
def test_light_weights_give_the_intervals_of_the_comparison(scale):
    """Weights that sum to less than the number of rows are shares: their scale changes no interval."""
    X = np.random.default_rng(0).normal(size=(80, 2))
    weight = scale * np.random.default_rng(1).integers(0, 4, size=80) / 3
    models = {"one": OurMixture(1), "two": OurMixture(2, random_state=0)}
    comparison = compare_densities(models, X, sample_weight=weight, cv=2, random_state=0)
    frame = comparison.to_frame()
    whole = {name: np.full(80, -np.inf) for name in models}
    for name, scores in comparison.scores.items():
        whole[name][weight > 0] = scores
    for scores, weights in ((comparison.scores, weight[weight > 0]), (whole, weight)):
        display = LikelihoodComparisonDisplay.from_predictions(scores, sample_weight=weights, plot=False)
        np.testing.assert_allclose(np.c_[display.low, display.high], frame[["low", "high"]], rtol=1e-12)
        np.testing.assert_allclose(display.differences, frame["difference"], rtol=1e-12)
        table = LikelihoodComparison(
            scores, comparison.likelihood, *[dict.fromkeys(models, 1.0)] * 2, sample_weight=weights
        )
        np.testing.assert_allclose(table.to_frame()[["low", "high"]], frame[["low", "high"]], rtol=1e-12)
    assert np.isfinite(frame[["low", "high"]].to_numpy()).all()


@pytest.mark.parametrize("weight", [[0, 0, 0, 0], [1, 1, 1], [1, 1, 1, -1], [1, 1, 1, np.nan], [1, 1, 1, np.inf]])
def test_weights_that_are_none_are_refused(weight):
    with pytest.raises(ValueError, match="sample_weight must have a number from 0 for each of 4 rows"):
        LikelihoodComparisonDisplay.from_predictions(SCORES, sample_weight=weight)


def test_what_compared_models_in_its_fit_is_drawn():
    X = np.random.default_rng(0).normal(size=(60, 2)) + 5 * np.random.default_rng(1).integers(2, size=(60, 1))
    models = {"one": OurMixture(1), "two": OurMixture(2, random_state=0)}
    auto = AutoDensity(models=models, cv=3, random_state=0).fit(X)
    display = LikelihoodComparisonDisplay.from_estimator(auto)
    frame = auto.comparison_.to_frame()
    assert display.names == ["two", "one"] and display.pairs == "held-out rows" and drawn(display)[0] == display.names
    np.testing.assert_allclose(display.low, frame["low"])
    search = GridSearchCV(OurMixture(random_state=0), {"n_components": [1, 2, 3]}, cv=3).fit(X)
    display = LikelihoodComparisonDisplay.from_estimator(search, max_models=2, plot=False)
    assert display.best == "n_components=2" and len(display.names) == 2 and display.pairs == "folds"
    with pytest.raises(ValueError, match="GaussianMixture has compared no models"):
        LikelihoodComparisonDisplay.from_estimator(auto.best_estimator_)
    with pytest.raises(NotFittedError):
        LikelihoodComparisonDisplay.from_estimator(AutoDensity())


def test_searches_and_cross_validations_are_paired_over_folds():
    X = np.random.default_rng(0).normal(size=(90, 1)) + 6 * (np.arange(90)[:, None] % 2)
    folds = KFold(3)
    search = GridSearchCV(GaussianMixture(random_state=0), {"n_components": [1, 2]}, cv=folds).fit(X)
    display = LikelihoodComparisonDisplay.from_cv_results(search.cv_results_, plot=False)
    scores = np.array([search.cv_results_[f"split{k}_test_score"] for k in range(3)])
    assert display.names == ["n_components=2", "n_components=1"]
    np.testing.assert_allclose(display.differences, [0.0, (scores[:, 0] - scores[:, 1]).mean()])
    by_name = {k: cross_validate(GaussianMixture(k, random_state=0), X, cv=folds) for k in (1, 2)}
    again = LikelihoodComparisonDisplay.from_cv_results({f"n_components={k}": v for k, v in by_name.items()})
    np.testing.assert_allclose(again.low, display.low, atol=1e-12)
    assert "over folds" in again.ax_.get_xlabel()
    assert LikelihoodComparisonDisplay.from_cv_results(search.cv_results_, max_models=1, plot=False).names == [
        "n_components=2"
    ]


def test_candidates_of_halving_keep_their_round():
    results = {
        "params": [{"a": 1}, {"a": 2}, {"a": 2}], "iter": [0, 0, 1],
        "split0_test_score": np.array([0.0, 1.0, 2.0]), "split1_test_score": np.array([0.5, 1.0, 3.0]),
    }  # fmt: skip
    display = LikelihoodComparisonDisplay.from_cv_results(results, plot=False)
    assert display.names == ["a=2 (1)", "a=2 (0)", "a=1 (0)"]


@pytest.mark.parametrize(
    ("scores", "kinds", "message"),
    [
        ({}, None, "at least one model"),
        ({"a": [1.0, 2.0], "b": [1.0]}, None, "the same rows"),
        ({"a": [1.0]}, {"a": "certain"}, "likelihood must map"),
        ({"a": [1.0]}, {"b": "exact"}, "likelihood must map"),
    ],
)
def test_what_cannot_be_paired_is_refused(scores, kinds, message):
    with pytest.raises(ValueError, match=message):
        LikelihoodComparisonDisplay.from_predictions(scores, likelihood=kinds)
    with pytest.raises(ValueError, match="one scorer"):
        LikelihoodComparisonDisplay.from_cv_results({"params": [{}], "split0_test_nats": [1.0]})


def test_it_takes_axes_and_the_colours_of_the_theme():
    with plt.style.context("dark_background"):
        display = LikelihoodComparisonDisplay.from_predictions(SCORES, likelihood=KINDS)
    inks = {text.get_color() for text in display.ax_.texts} | {line.get_color() for line in display.ax_.lines[-2:]}
    assert inks == {"white"}
    _, ax = plt.subplots()
    assert display.plot(ax=ax).ax_ is ax and ax.get_legend() is not None


def test_long_names_leave_room_for_the_plot():
    rng = np.random.default_rng(0)
    long = "AutoregressiveTrees(sharpness=0, min_samples_leaf=20, column_order='auto')"
    display = LikelihoodComparisonDisplay.from_predictions({long: rng.normal(size=50), "b": rng.normal(size=50)})
    display.figure_.canvas.draw()
    width = display.figure_.bbox.width
    assert display.ax_.get_window_extent().width > 0.3 * width
    for text in (display.ax_.title, display.ax_._left_title, display.ax_.xaxis.label):
        box = text.get_window_extent()
        assert box.x0 >= 0 and box.x1 <= width + 1, text.get_text()
