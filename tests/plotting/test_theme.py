"""Themes: what is written on a picture can be read on its ground, light or dark."""

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_rgb

mpl.use("Agg")
import matplotlib.pyplot as plt

from skgen import (
    DensityDisplay,
    GraphDisplay,
    LatentDisplay,
    LikelihoodComparisonDisplay,
    QualityDisplay,
    TableDisplay,
    TrainingHistoryDisplay,
)
from skgen.plotting._theme import ground, ink_on, is_dark, sequential, shade
from skgen.plotting.quality_display import Headline


def luminance(colour):
    """Relative luminance of WCAG 2."""
    c = np.array(to_rgb(colour))
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]


def contrast(a, b):
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


@pytest.fixture(params=["default", "dark_background"])
def theme(request):
    with plt.style.context(request.param):
        yield request.param
    plt.close("all")


def test_the_ground_is_what_lies_behind(theme):
    figure, ax = plt.subplots()
    assert is_dark(ax) is is_dark(figure) is (theme == "dark_background")
    assert contrast(shade(ax, 1.0), shade(ax, 0.0)) == pytest.approx(21.0)
    ax.patch.set_alpha(0)
    figure.patch.set_alpha(0)
    assert is_dark(ax) is (theme == "dark_background"), "a transparent figure is read on the theme's page"
    figure.patch.set(facecolor="navy" if theme == "default" else "ivory", alpha=1)
    assert is_dark(ax) is (theme == "default")
    np.testing.assert_allclose(ground(ax), to_rgb(figure.get_facecolor()))
    assert contrast(shade(ax, 1.0), ground(ax)) > 7


def test_colour_maps_start_near_the_ground(theme):
    _, ax = plt.subplots()
    for name in ("YlGnBu", "magma_r", "gray_r"):
        colours = mpl.colormaps[sequential(ax, name)]
        assert contrast(colours(0.0)[:3], ground(ax)) < 2 < 7 < contrast(colours(1.0)[:3], ground(ax))
        for at in np.linspace(0, 1, 20):
            assert contrast(ink_on(colours(at)), colours(at)[:3]) > 3.5


def displays():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3))
    headline = Headline(
        "error", "lower is better", {"a": 0.1, "real rows": 0.2, "independent columns": 0.3}, flagged=["a"]
    )
    losses = [{"train_loss": 2.0 - i, "valid_loss": 2.0 - i, "lr": 0.1} for i in range(3)]
    from sklearn.decomposition import PCA
    from sklearn.mixture import GaussianMixture

    return [
        TableDisplay.from_predictions(X, X),
        QualityDisplay([headline], {"a": {"x": 0.1, "y": 0.2}}, np.eye(2)).plot(),
        GraphDisplay(["a", "b", "c"], [("a", "b"), ("b", "c")], gains=[1.0, 0.1], kinds=["number"] * 3).plot(),
        DensityDisplay.from_estimator(GaussianMixture(1).fit(X[:, :1]), X[:, :1]),
        DensityDisplay.from_estimator(GaussianMixture(1).fit(X[:, :2]), X[:, :2]),
        TrainingHistoryDisplay({"a": losses}).plot(),
        LikelihoodComparisonDisplay.from_predictions(
            {"a": X[:, 0], "b": X[:, 1], "c": X[:, 2] - 9}, likelihood={"b": "lower_bound", "c": "estimate"}
        ),
        LatentDisplay.from_estimator(PCA(2).fit(X), X[:4], kind="interpolation", n_steps=3),
        LatentDisplay.from_estimator(PCA(2).fit(X), X, y=np.arange(60) % 3),
    ]


def behind(text, figure):
    """The mean colour of the border of a text's box on the picture."""
    renderer = figure.canvas.get_renderer()
    box = text.get_window_extent(renderer)
    pixels = np.asarray(figure.canvas.buffer_rgba())[::-1, :, :3] / 255
    x0, x1 = (int(np.clip(v, 0, pixels.shape[1] - 1)) for v in (box.x0 - 1, box.x1 + 1))
    y0, y1 = (int(np.clip(v, 0, pixels.shape[0] - 1)) for v in (box.y0 - 1, box.y1 + 1))
    rim = np.concatenate(
        [pixels[y0, x0 : x1 + 1], pixels[y1, x0 : x1 + 1], pixels[y0 : y1 + 1, x0], pixels[y0 : y1 + 1, x1]]
    )
    return np.median(rim, axis=0)


def test_every_text_can_be_read(theme):
    for display in displays():
        figure = display.figure_
        figure.canvas.draw()
        texts = [t for t in figure.findobj(mpl.text.Text) if t.get_visible() and t.get_text().strip()]
        assert texts
        for text in texts:
            if text.axes is not None and not text.axes.get_visible():
                continue
            seen = contrast(text.get_color(), behind(text, figure))
            assert seen > 3, f"{type(display).__name__}: {text.get_text()!r} has a contrast of {seen:.1f}"


def test_edges_of_a_graph_stand_out(theme):
    display = GraphDisplay(["a", "b", "c"], [("a", "b"), ("b", "c")], gains=[1.0, 0.1]).plot()
    arrows = [p for p in display.ax_.patches if isinstance(p, mpl.patches.FancyArrowPatch)]
    strong, weak = (contrast(arrow.get_edgecolor()[:3], ground(display.figure_)) for arrow in arrows)
    assert strong > 7 > weak > 1.5
