"""DensityDisplay: the law that is drawn, on which places, for every kind of table."""

import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.stats import multivariate_normal, norm
from sklearn.mixture import GaussianMixture as ScikitMixture
from sklearn.neighbors import KernelDensity as ScikitKernelDensity

mpl.use("Agg")
import matplotlib.pyplot as plt

from skgen import AutoregressiveTrees, DensityDisplay, GaussianMixture, KernelDensity
from skgen.datasets import Checkerboard, CorrelatedGaussian
from skgen.plotting._density_grid import grid_axis


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


class Normal:
    """The standard normal law on any number of columns, which notes the rows it was asked for."""

    def score_samples(self, X):
        self.seen = X
        return norm.logpdf(np.asarray(X, float)).sum(axis=1)


def test_a_curve_is_the_density_over_unit_bars_and_a_rug():
    x = np.random.default_rng(0).normal(size=(500, 1))
    display = DensityDisplay.from_estimator(Normal(), x)
    np.testing.assert_allclose(display.line_.get_ydata(), norm.pdf(display.x0))
    (bars,) = [p for p in display.ax_.patches if isinstance(p, mpl.patches.StepPatch)]
    heights, edges, _ = bars.get_data()
    assert heights @ np.diff(edges) == pytest.approx(1.0)
    (rug,) = [line for line in display.ax_.lines if line is not display.line_]
    assert len(rug.get_xdata()) == 500
    assert display.figure_ is display.ax_.figure and display.ax_.get_xlabel() == "x0"
    assert display.ax_.get_ylim()[1] >= norm.pdf(0)


def test_contours_have_the_first_column_to_the_right():
    law = CorrelatedGaussian(2)
    X = law.sample(400, random_state=0) * [1.0, 3.0] + [5.0, 0.0]
    model = ScikitMixture(1).fit(X)
    display = DensityDisplay.from_estimator(model, X, grid_resolution=30)
    exact = multivariate_normal(model.means_[0], model.covariances_[0])
    places = np.stack(np.meshgrid(display.x0, display.x1, indexing="ij"), axis=-1)
    np.testing.assert_allclose(display.log_density, exact.logpdf(places))
    assert display.ax_.get_xlim()[0] < X[:, 0].min() and display.ax_.get_ylim()[1] > X[:, 1].max()
    assert np.array_equal(display.ax_.collections[-1].get_offsets(), X)
    assert display.surface_.levels[-1] >= display.log_density.max() > display.surface_.levels[-3]
    inside = np.exp(display.log_density[display.log_density > display.surface_.levels[0]]).sum()
    assert inside > 0.999 * np.exp(display.log_density).sum()


def test_a_marginal_of_a_wider_table_is_the_closed_one():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 3)) @ rng.normal(size=(3, 3))
    model = GaussianMixture(1).fit(X)
    mean, cov = X.mean(axis=0), np.cov(X.T, bias=True)
    two = DensityDisplay.from_estimator(model, X, features=[2, 0], grid_resolution=20, plot=False)
    places = np.stack(np.meshgrid(two.x0, two.x1, indexing="ij"), axis=-1)
    exact = multivariate_normal(mean[[2, 0]], cov[np.ix_([2, 0], [2, 0])])
    np.testing.assert_allclose(two.log_density, exact.logpdf(places), atol=1e-3)
    assert two.names == ["x2", "x0"]
    one = DensityDisplay.from_estimator(model, X, features=1, plot=False)
    np.testing.assert_allclose(one.log_density, norm.logpdf(one.x0, mean[1], np.sqrt(cov[1, 1])), atol=1e-3)


@pytest.mark.parametrize("backend", [lambda t: t, pl.from_pandas])
def test_a_column_of_a_mixed_frame_has_the_right_area(backend):
    rng = np.random.default_rng(0)
    amount = np.round(np.where(rng.random(600) < 0.3, 0.0, rng.lognormal(3, 1, 600)), 2)
    table = backend(pd.DataFrame({"k": rng.poisson(3, 600), "amount": amount, "c": rng.choice(list("ab"), 600)}))
    model = GaussianMixture(2, random_state=0).fit(table)
    counts = DensityDisplay.from_estimator(model, table, features="k", plot=False)
    assert np.array_equal(counts.x0, np.arange(counts.x0[0], counts.x0[-1] + 1))
    assert np.exp(counts.log_density).sum() == pytest.approx(1.0, abs=0.01)
    spike = DensityDisplay.from_estimator(model, table, features="amount", plot=False)
    density, width = np.exp(spike.log_density), np.diff(spike.x0)[0]
    assert density.sum() * width == pytest.approx(1.0, abs=0.03)
    assert density.max() * width == pytest.approx(0.3, abs=0.05) and abs(spike.x0[density.argmax()]) < width
    drawn = spike.plot()
    bars = next(p for p in drawn.ax_.patches if isinstance(p, mpl.patches.StepPatch)).get_data()[0]
    assert drawn.ax_.get_ylim()[1] < 4 * bars.max() < density.max() * 4


def test_rows_keep_their_container_and_dtypes():
    table = pd.DataFrame({"n": pd.array([1, 2, 9], dtype="Int32"), "x": [0.5, 1.0, 2.0]}, index=[7, 8, 9])
    law = Normal()
    DensityDisplay.from_estimator(law, table, grid_resolution=5, plot=False)
    assert law.seen.dtypes.tolist() == table.dtypes.tolist() and law.seen.index.tolist() == list(range(len(law.seen)))


def test_without_rows_the_model_generates_them():
    X = np.random.default_rng(0).normal(size=(200, 2))
    mixture = DensityDisplay.from_estimator(ScikitMixture(2, random_state=0).fit(X), n_samples=50)
    assert mixture.rows.shape == (50, 2) and mixture.rows_label == "samples"
    kernels = ScikitKernelDensity(bandwidth=0.3).fit(X)
    a, b = (DensityDisplay.from_estimator(kernels, random_state=1, plot=False) for _ in range(2))
    np.testing.assert_array_equal(a.rows, b.rows)
    both = DensityDisplay.from_estimator(kernels, X, overlay="samples", n_samples=30, plot=False)
    assert len(both.rows) == 30 and both.x0[0] < X[:, 0].min()
    assert DensityDisplay.from_estimator(kernels, X, overlay=None, plot=False).rows is None


def test_a_density_that_is_zero_in_places_is_drawn_where_it_is_not():
    X = Checkerboard().sample(300, random_state=0)
    display = DensityDisplay.from_estimator(Checkerboard(), X)
    assert np.isneginf(display.log_density).any()
    paths = display.surface_.get_paths()
    inner = X[(np.abs(X / 2 - np.round(X / 2)) > 0.06).all(axis=1)]  # a step of the grid away from the edges
    filled = [any(path.contains_point(row) for path in paths) for row in inner]
    assert len(inner) > 200 and all(filled) and not any(path.contains_point((-3.0, -1.0)) for path in paths)


def test_several_curves_share_an_axes():
    x = np.random.default_rng(0).normal(size=(200, 1))
    _, ax = plt.subplots()
    for width, name in ((0.5, "wide"), (0.05, "narrow")):
        model = KernelDensity(bandwidth=width).fit(x)
        display = DensityDisplay.from_estimator(model, x, ax=ax, name=name, overlay="rows" if name == "wide" else None)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["rows", "wide", "narrow"]
    assert ax.get_ylim()[1] >= np.exp(display.log_density).max()


def test_far_rows_do_not_stretch_the_picture():
    values = np.append(np.linspace(0, 1, 999), 1e6)
    axis = grid_axis(values, 100, 0.1, whole=False)
    assert -0.2 < axis[0] < 0 and 1.4 < axis[-1] < 1.7
    assert np.array_equal(grid_axis(np.array([3.0, 5.0]), 400, 0.1, whole=True), [3, 4, 5])


def test_what_cannot_be_drawn_is_said():
    X = np.random.default_rng(0).normal(size=(50, 3))
    frame = pd.DataFrame(X, columns=list("abc")).assign(d=list("xy") * 25)
    draw = DensityDisplay.from_estimator
    with pytest.raises(ValueError, match="got 3: choose with features"):
        draw(GaussianMixture(1).fit(X), X)
    with pytest.raises(ValueError, match="column 'd' is a category"):
        draw(Normal(), frame, features=["a", "d"])
    with pytest.raises(ValueError, match="'q', which is none of"):
        draw(Normal(), frame, features=["a", "q"])
    with pytest.raises(ValueError, match="two different"):
        draw(Normal(), frame, features=["a", "a"])
    with pytest.raises(ValueError, match=r"ScikitMixture|GaussianMixture has no score_samples\(X, given"):
        draw(ScikitMixture(1).fit(X), X, features=[0, 1])
    with pytest.raises(ValueError, match="overlay must be"):
        draw(Normal(), X[:, :1], overlay="dots")
    with pytest.raises(ValueError, match="there is no X"):
        draw(Normal(), overlay="rows")
    with pytest.raises(ValueError, match="Normal cannot sample"):
        draw(Normal())
    trees = AutoregressiveTrees(random_state=0).fit(frame[["a", "b", "c"]])
    with pytest.raises(ValueError, match="Fit a model to the columns to be drawn alone"):
        draw(trees, frame[["a", "b", "c"]], features=["b", "c"])


def test_the_display_loads_matplotlib_only_to_draw():
    code = (
        "import sys, numpy as np; from skgen import DensityDisplay, KernelDensity; X = np.arange(6.0).reshape(6, 1); "
        "DensityDisplay.from_estimator(KernelDensity().fit(X), X, plot=False); sys.exit('matplotlib' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# ---- scores of a grid ------------------------------------------------------------------------------------------------


def test_scores_of_places_in_any_order_are_drawn_on_their_grid():
    rng = np.random.default_rng(0)
    grid = np.stack(np.meshgrid(np.linspace(-2, 2, 7), np.linspace(0, 3, 5)), axis=-1).reshape(-1, 2)
    X = pd.DataFrame(rng.permutation(grid), columns=["a", "b"])
    display = DensityDisplay.from_predictions(X, Normal().score_samples(X), rows=X.head(9), name="law")
    np.testing.assert_array_equal(display.x0, np.linspace(-2, 2, 7))
    both = norm.logpdf(display.x0)[:, None] + norm.logpdf(display.x1)
    np.testing.assert_allclose(display.log_density, both)
    assert (display.ax_.get_xlabel(), display.ax_.get_ylabel(), display.ax_.get_title()) == ("a", "b", "law")
    assert len(display.ax_.collections[-1].get_offsets()) == 9
    x = rng.permutation(np.linspace(-3, 3, 50))[:, None]
    display = DensityDisplay.from_predictions(x, Normal().score_samples(x), color="k")
    np.testing.assert_allclose(display.line_.get_ydata(), norm.pdf(np.sort(x[:, 0])))


def test_scores_of_places_are_those_of_the_estimator():
    X = np.random.default_rng(0).normal(size=(200, 2))
    model = GaussianMixture(2, random_state=0).fit(X)
    one = DensityDisplay.from_estimator(model, X, grid_resolution=20, plot=False)
    places = np.stack(np.meshgrid(one.x0, one.x1), axis=-1).reshape(-1, 2)
    two = DensityDisplay.from_predictions(places, model.score_samples(places), plot=False)
    np.testing.assert_allclose(two.log_density, one.log_density)


@pytest.mark.parametrize(
    ("X", "scores", "rows", "message"),
    [
        (np.zeros((4, 3)), np.zeros(4), None, "over one or two columns, got 3"),
        (np.arange(4.0)[:, None], np.zeros(3), None, r"one number for each of 4 rows, got shape \(3,\)"),
        (np.zeros((4, 1)), np.zeros(4), None, "every place of a grid once: 1 places, got 4 rows"),
        (np.zeros((0, 1)), np.zeros(0), None, "X has no rows"),
        (np.eye(3, 2), np.zeros(3), None, "2 times 2 places, got 3 rows"),
        (np.repeat(np.eye(2), 2, axis=0), np.zeros(4), None, "2 times 2 places, got 4 rows"),
        (np.array([[1.0], [np.nan]]), np.zeros(2), None, "every place of a grid once"),
        (np.arange(4.0)[:, None], np.zeros(4), np.zeros((2, 2)), "the 1 columns of X, got 2"),
    ],
)
def test_scores_that_span_no_grid_are_refused(X, scores, rows, message):
    with pytest.raises(ValueError, match=message):
        DensityDisplay.from_predictions(X, scores, rows=rows)
