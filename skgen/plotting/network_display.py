"""A drawing of the graph of a network."""

import numpy as np

from .._sklearn import check_is_fitted, check_matplotlib_support
from ._layered import layered_layout
from ._theme import shade

#: Inches: of a letter, of a node's margin and height, between layers.
LETTER, MARGIN, HEIGHT, LAYER = 0.085, 0.22, 0.3, 0.85
COLOURS = {"number": "#d7e5f2", "category": "#fbe3cd"}
#: What stands in a box, which is light on any ground.
INK = "0.1"
LONGEST = 20


class GraphDisplay:
    """The graph of a network: a box for each column, an arrow from each parent to each child.

    Make it with :meth:`from_estimator`. Arrows run downwards; they are the wider and darker the more an edge adds to
    the likelihood. Boxes of numbers and of categories differ in colour.

    Parameters
    ----------
    nodes : list
        Names.
    edges : list of tuple
        Pairs of names (parent, child).
    gains : array of shape (n_edges,), default=None
        What each edge is worth; its width goes with the logarithm. By default all are alike.
    kinds : list of {"number", "category"}, default=None
        What each node is.

    Attributes
    ----------
    figure_ : matplotlib Figure
        The figure, once plotted.
    ax_ : matplotlib Axes
        The axes with the graph.

    Examples
    --------
    >>> from skgen import GraphDisplay
    >>> display = GraphDisplay(["rain", "wet", "slip"], [("rain", "wet"), ("wet", "slip")])
    >>> display.places()[1].tolist()
    [0, 1, 2]
    """

    def __init__(self, nodes, edges, *, gains=None, kinds=None):
        self.nodes = nodes
        self.edges = edges
        self.gains = gains
        self.kinds = kinds

    @classmethod
    def from_estimator(cls, estimator, *, ax=None, plot=True):
        """Draw the graph of a fitted network.

        Parameters
        ----------
        estimator : fitted network
            Has `edges_`, `edge_gains_` and the columns of its table.
        ax : matplotlib Axes, default=None
            Where to draw; a new figure where None.
        plot : bool, default=True
            Whether to draw at once.

        Returns
        -------
        GraphDisplay
        """
        check_is_fitted(estimator, "edges_")
        columns = estimator.codec_.columns
        display = cls(
            [column.name for column in columns],
            estimator.edges_,
            gains=estimator.edge_gains_,
            kinds=[column.kind for column in columns],
        )
        return display.plot(ax=ax) if plot else display

    def places(self):
        """Where the boxes and arrows go.

        Returns
        -------
        x : ndarray of shape (n_nodes,)
            Centres in inches.
        layer : ndarray of int of shape (n_nodes,)
            Layers, 0 at the top.
        routes : list of ndarray of shape (n_points, 2)
            For each edge the points (x, layer) from parent to child.
        """
        at = {name: i for i, name in enumerate(self.nodes)}
        edges = [(at[parent], at[child]) for parent, child in self.edges]
        return layered_layout(len(self.nodes), edges, self._widths())

    def plot(self, ax=None):
        """Draw the graph.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; a new figure where None.

        Returns
        -------
        GraphDisplay
            Itself, with `figure_` and `ax_`.
        """
        check_matplotlib_support("GraphDisplay.plot")
        import matplotlib.pyplot as plt

        x, layer, routes = self.places()
        half = self._widths() / 2
        bends = np.concatenate([x - half, x + half, *(route[:, 0] for route in routes)])
        left, right = bends.min() - MARGIN, bends.max() + MARGIN
        low, high = -LAYER * layer.max() - HEIGHT, HEIGHT
        if ax is None:
            _, ax = plt.subplots(figsize=(max(right - left, 2.0), max(high - low, 1.0)), layout="constrained")
        self.ax_, self.figure_ = ax, ax.figure
        ax.set(xlim=(left, right), ylim=(low, high))
        ax.axis("off")
        for route, strength in zip(routes, self._strengths()):
            _draw_edge(ax, route, strength)
        for i, name in enumerate(self.nodes):
            _draw_node(ax, x[i], -LAYER * layer[i], 2 * half[i], _label(name), self._colour(i))
        if self.kinds is not None and len(set(self.kinds)) > 1:
            _draw_legend(ax, sorted(set(self.kinds)))
        return self

    def _widths(self):
        return np.array([LETTER * len(_label(name)) + MARGIN for name in self.nodes])

    def _colour(self, i):
        return COLOURS["number"] if self.kinds is None else COLOURS[self.kinds[i]]

    def _strengths(self):
        """Between 0 and 1, by the logarithm of the gains."""
        if self.gains is None or not len(self.edges):
            return np.full(len(self.edges), 0.5)
        logs = np.log(np.maximum(self.gains, 1e-9))
        span = np.ptp(logs)
        return (logs - logs.min()) / span if span > 0 else np.full(len(logs), 0.5)


def _label(name):
    text = str(name)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _draw_node(ax, x, y, width, text, colour):
    from matplotlib.patches import FancyBboxPatch

    box = FancyBboxPatch(
        (x - width / 2, y - HEIGHT / 2), width, HEIGHT, boxstyle="round,pad=0,rounding_size=0.1",
        facecolor=colour, edgecolor="0.35", linewidth=0.8, zorder=3,
    )  # fmt: skip
    ax.add_patch(box)
    ax.text(x, y, text, ha="center", va="center", fontsize=9, color=INK, zorder=4)


def _draw_legend(ax, kinds):
    from matplotlib.patches import Patch

    patches = [Patch(facecolor=COLOURS[kind], edgecolor="0.35", linewidth=0.8, label=kind) for kind in kinds]
    ax.figure.legend(handles=patches, loc="outside lower right", fontsize=8, frameon=False, ncols=2)


def _draw_edge(ax, route, strength):
    """A curve through the bends of an edge that leaves and arrives vertically."""
    from matplotlib.patches import FancyArrowPatch
    from matplotlib.path import Path

    x, y = route[:, 0], -LAYER * route[:, 1]
    y = y + np.concatenate([[-HEIGHT / 2], np.zeros(len(y) - 2), [HEIGHT / 2]])
    points = [(x[0], y[0])]
    for k in range(len(x) - 1):
        middle = (y[k] + y[k + 1]) / 2
        points += [(x[k], middle), (x[k + 1], middle), (x[k + 1], y[k + 1])]
    path = Path(points, [Path.MOVETO] + [Path.CURVE4] * (len(points) - 1))
    style = f"-|>,head_length={4 + 2 * strength:.2f},head_width={2 + strength:.2f}"
    colour = shade(ax.figure, 0.35 + 0.5 * float(strength))  # the axes have no ground of their own
    ax.add_patch(
        FancyArrowPatch(path=path, arrowstyle=style, color=colour, linewidth=0.6 + 1.6 * strength, zorder=1 + strength)
    )
