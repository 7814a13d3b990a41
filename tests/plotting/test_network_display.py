"""GraphDisplay: a layout in which arrows run down and boxes stand apart, and a drawing that is whole."""

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError

from skgen import BayesianNetwork, GraphDisplay
from skgen.plotting._layered import layered_layout


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def random_graph(n, n_edges, seed):
    rng = np.random.default_rng(seed)
    pairs = [(i, j) for i in range(n) for j in range(i + 1, n)]
    return [pairs[k] for k in rng.choice(len(pairs), n_edges, replace=False)]


def crossings(routes):
    """Pairs of pieces of edges between the same two layers that cross."""
    pieces = [(a, b) for route in routes for a, b in zip(route[:-1], route[1:])]
    return sum(
        (a[0] - c[0]) * (b[0] - d[0]) < -1e-9 for k, (a, b) in enumerate(pieces) for c, d in pieces[:k] if a[1] == c[1]
    )


@pytest.mark.parametrize("seed", range(3))
def test_arrows_run_down_and_boxes_stand_apart(seed):
    edges = random_graph(15, 25, seed)
    widths = np.random.default_rng(seed).uniform(0.3, 2.0, 15)
    x, layer, routes = layered_layout(15, edges, widths, gap=0.2)
    for (parent, child), route in zip(edges, routes):
        assert layer[parent] < layer[child]
        np.testing.assert_allclose(route[[0, -1]], [[x[parent], layer[parent]], [x[child], layer[child]]])
        assert (np.diff(route[:, 1]) == 1).all()
    for k in np.unique(layer):
        row = np.flatnonzero(layer == k)
        row = row[np.argsort(x[row])]
        free = x[row][1:] - x[row][:-1] - (widths[row][1:] + widths[row][:-1]) / 2
        assert (free >= 0.2 - 1e-9).all()


def test_trees_are_drawn_without_crossings_and_graphs_with_few():
    tree = [((j - 1) // 2, j) for j in range(1, 31)]
    assert crossings(layered_layout(31, tree, np.full(31, 0.5))[2]) == 0
    edges = random_graph(15, 25, 0)
    found = crossings(layered_layout(15, edges, np.full(15, 0.5))[2])
    x, layer, routes = layered_layout(15, edges, np.full(15, 0.5))
    shuffled = np.random.default_rng(0).permutation(len(routes) * 0 + 15)
    mixed = [
        np.column_stack([np.interp(r[:, 1], r[[0, -1], 1], shuffled[list(e)]), r[:, 1]]) for r, e in zip(routes, edges)
    ]
    assert found < 0.7 * crossings(mixed)


def test_the_graph_of_a_fitted_network():
    rng = np.random.default_rng(0)
    age = rng.integers(20, 60, 500)
    X = pd.DataFrame(
        {"age": age, "a very long name of a column": np.where(age > 40, "old", "young"), "x": rng.random(500)}
    )
    model = BayesianNetwork().fit(X)
    display = model.plot()
    texts = [text.get_text() for text in display.ax_.texts]
    assert texts == ["age", "a very long name of…", "x"]
    arrows = [p for p in display.ax_.patches if isinstance(p, matplotlib.patches.FancyArrowPatch)]
    assert len(arrows) == len(model.edges_) == 1
    legend = [text.get_text() for text in display.figure_.legends[0].get_texts()]
    assert legend == ["category", "number"]
    _, ax = plt.subplots()
    assert GraphDisplay.from_estimator(model, ax=ax).ax_ is ax
    assert not hasattr(GraphDisplay.from_estimator(model, plot=False), "ax_")


def test_every_box_and_bend_lies_inside_the_picture():
    edges = random_graph(12, 24, 1)
    display = GraphDisplay([f"column {j}" for j in range(12)], edges=[(f"column {a}", f"column {b}") for a, b in edges])
    ax = display.plot().ax_
    display.figure_.canvas.draw()
    (left, right), (low, high) = ax.get_xlim(), ax.get_ylim()
    for patch in ax.patches:
        box = patch.get_path().get_extents(patch.get_patch_transform() if hasattr(patch, "get_width") else None)
        assert left <= box.x0 and box.x1 <= right and low <= box.y0 and box.y1 <= high


def test_strong_edges_are_wide():
    display = GraphDisplay(list("abc"), [("a", "b"), ("b", "c")], gains=[0.5, 0.001]).plot()
    arrows = [p for p in display.ax_.patches if isinstance(p, matplotlib.patches.FancyArrowPatch)]
    assert arrows[0].get_linewidth() > 2 * arrows[1].get_linewidth()


def test_a_graph_without_edges_and_a_model_without_fit():
    assert len(GraphDisplay(["alone"], []).plot().ax_.texts) == 1
    with pytest.raises(NotFittedError):
        BayesianNetwork().plot()
