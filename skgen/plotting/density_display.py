"""A picture of a density over one or two columns."""

from inspect import signature

import numpy as np

from .._sklearn import check_matplotlib_support
from ._columns import as_frame
from ._density_grid import axes_of, chosen_columns, column_values, grid_axis, grid_scores, is_whole
from ._theme import ROWS, sequential, shade

#: Most rows that are drawn as marks.
MOST_MARKS = 2000
#: Share of the mass on the grid that the filled contours hold, and the most nats that they reach down.
HELD, DEEPEST = 0.9999, 15.0
#: A curve is cut off where it rises above so many times the highest bar.
MOST_RISE = 3.0
N_POINTS = {1: 400, 2: 100}


class DensityDisplay:
    """A density: a curve over one column, or filled contours of the log-density over two.

    Make it with :meth:`from_estimator`, of skgen's densities or scikit-learn's, or with :meth:`from_predictions`, of
    scores on a grid. Rows or samples are drawn with it: over one column as a histogram of unit area with a rug below,
    over two as dots.

    Parameters
    ----------
    x0 : array of shape (n_0,)
        Places along the first column.
    log_density : array of shape (n_0,) or (n_0, n_1)
        Nats at these places, or at each pair of places.
    x1 : array of shape (n_1,), default=None
        Places along the second column, if there is one.
    rows : array of shape (n_rows, 1) or (n_rows, 2), default=None
        What is drawn with the density.
    rows_label : str, default="rows"
        What these rows are.
    names : list of str, default=None
        Names of the columns.
    estimator_name : str, default=None
        Name of the density.

    Attributes
    ----------
    figure_ : matplotlib Figure
        The figure, once plotted.
    ax_ : matplotlib Axes
        The axes with the density.
    line_ : matplotlib Line2D or None
        The curve over one column.
    surface_ : matplotlib QuadContourSet or None
        The contours over two.
    colorbar_ : matplotlib Colorbar or None
        The scale of the contours.

    Examples
    --------
    >>> import numpy as np
    >>> from skgen import DensityDisplay, GaussianMixture
    >>> X = np.random.default_rng(0).normal(size=(500, 1))
    >>> model = GaussianMixture(1, random_state=0).fit(X)
    >>> display = DensityDisplay.from_estimator(model, X, plot=False)
    >>> density = np.exp(display.log_density)
    >>> bool(0.97 < np.trapezoid(density, display.x0) <= 1)
    True
    """

    def __init__(self, x0, log_density, *, x1=None, rows=None, rows_label="rows", names=None, estimator_name=None):
        self.x0 = x0
        self.log_density = log_density
        self.x1 = x1
        self.rows = rows
        self.rows_label = rows_label
        self.names = names
        self.estimator_name = estimator_name

    @classmethod
    def from_estimator(
        cls,
        estimator,
        X=None,
        *,
        features=None,
        overlay="auto",
        n_samples=1000,
        grid_resolution=None,
        margin=0.1,
        random_state=None,
        name=None,
        ax=None,
        plot=True,
        **kwargs,
    ):
        """Draw the density of a fitted model.

        Parameters
        ----------
        estimator : fitted density
            Has ``score_samples`` (a toy law: ``log_density``), and ``sample`` where samples are drawn.
        X : DataFrame or array-like of shape (n_samples, n_features), default=None
            Rows that say how far the picture reaches; by default rows that the model generates.
        features : list of str or int, default=None
            The one or two number columns to draw, of a wider table whose model has marginals.
        overlay : {"auto", "rows", "samples"} or None, default="auto"
            What is drawn with the density: the rows of X, rows that the model generates, or nothing. "auto" takes the
            rows of X where there are any.
        n_samples : int, default=1000
            How many rows to generate.
        grid_resolution : int, default=None
            Places along a column at which the model scores; by default 400 for one column and 100 for each of two.
        margin : float, default=0.1
            How far the picture reaches beyond the rows, as a share of their range.
        random_state : int, RandomState instance, Generator or None, default=None
            Draws the rows; None takes the next draw of the model's own stream.
        name : str, default=None
            Name of the density; by default that of its class.
        ax : matplotlib Axes, default=None
            Where to draw; a new figure where None.
        plot : bool, default=True
            Whether to draw at once.
        **kwargs : dict
            Passed to :meth:`plot`.

        Returns
        -------
        DensityDisplay
        """
        table, shown, label = _table_and_rows(estimator, X, overlay, n_samples, random_state)
        chosen = chosen_columns(table, features)
        n_points = N_POINTS[len(chosen)] if grid_resolution is None else grid_resolution
        axes = [grid_axis(column_values(table, j), n_points, margin, is_whole(table, j)) for j in chosen]
        display = cls(
            axes[0],
            grid_scores(estimator, table, chosen, axes),
            x1=axes[1] if len(axes) > 1 else None,
            rows=None if shown is None else np.column_stack([column_values(shown, j) for j in chosen]),
            rows_label=label,
            names=[as_frame(table).columns[j] for j in chosen],
            estimator_name=type(estimator).__name__ if name is None else name,
        )
        return display.plot(ax=ax, **kwargs) if plot else display

    @classmethod
    def from_predictions(cls, X, log_density, *, rows=None, name=None, ax=None, plot=True, **kwargs):
        """Draw log-densities that a model gave to the places of a grid.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_places, 1) or (n_places, 2)
            The places, in any order: of one column, or all pairs of places of two.
        log_density : array of shape (n_places,)
            What ``score_samples`` of a model gave to them.
        rows : DataFrame or array-like of shape (n_rows, 1) or (n_rows, 2), default=None
            What is drawn with the density.
        name : str, default=None
            Name of the density.
        ax : matplotlib Axes, default=None
            Where to draw; a new figure where None.
        plot : bool, default=True
            Whether to draw at once.
        **kwargs : dict
            Passed to :meth:`plot`.

        Returns
        -------
        DensityDisplay

        Examples
        --------
        >>> import numpy as np
        >>> from skgen import DensityDisplay, GaussianMixture
        >>> X = np.random.default_rng(0).normal(size=(500, 2))
        >>> model = GaussianMixture(1, random_state=0).fit(X)
        >>> places = np.stack(np.meshgrid(np.linspace(-3, 3, 40), np.linspace(-2, 2, 30)), axis=-1).reshape(-1, 2)
        >>> display = DensityDisplay.from_predictions(places, model.score_samples(places), rows=X, plot=False)
        >>> display.log_density.shape
        (40, 30)
        """
        axes, scores = axes_of(X, log_density)
        shown = None if rows is None else np.column_stack([column_values(rows, j) for j in chosen_columns(rows, None)])
        if shown is not None and shown.shape[1] != len(axes):
            raise ValueError(f"rows must have the {len(axes)} columns of X, got {shown.shape[1]}.")
        names = [str(column) for column in as_frame(X).columns]
        display = cls(*axes[:1], scores, x1=axes[1] if axes[1:] else None, rows=shown, names=names, estimator_name=name)
        return display.plot(ax=ax, **kwargs) if plot else display

    def plot(self, ax=None, *, levels=None, cmap=None, colorbar=True, rows_color=ROWS, **kwargs):
        """Draw the density.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; a new figure where None.
        levels : array-like or int, default=None
            Log-densities at which contours lie, or about how many there are. Give several pictures the same levels to
            compare them. By default some ten round numbers down to where nearly all mass is held.
        cmap : str or matplotlib Colormap, default=None
            Colours of the contours; by default from that of the ground to the most unlike it.
        colorbar : bool, default=True
            Whether contours get a scale.
        rows_color : matplotlib colour, default="orangered"
            Colour of dots.
        **kwargs : dict
            Passed to matplotlib's ``plot`` for the curve, or to ``contourf``.

        Returns
        -------
        DensityDisplay
            Itself, with `figure_` and `ax_`.
        """
        check_matplotlib_support("DensityDisplay.plot")
        import matplotlib.pyplot as plt

        if ax is None:
            _, ax = plt.subplots(figsize=(5.6, 4.2), layout="constrained")
        self.ax_, self.figure_ = ax, ax.figure
        self.line_ = self.surface_ = self.colorbar_ = None
        if self.x1 is None:
            self._draw_curve(ax, kwargs)
        else:
            self._draw_contours(ax, levels, cmap, rows_color, kwargs)
            if colorbar:
                self.colorbar_ = self.figure_.colorbar(self.surface_, ax=ax, label="log-density in nats")
        return self

    # ---- one column ----------------------------------------------------------------------------------------------

    def _draw_curve(self, ax, kwargs):
        density = np.exp(np.asarray(self.log_density, float))
        before = ax.get_ylim()[1] if ax.has_data() else 0.0
        highest = self._draw_histogram(ax) if self.rows is not None else 0.0
        options = {"drawstyle": "steps-mid" if self._is_whole() else "default", "linewidth": 1.8}
        (self.line_,) = ax.plot(self.x0, density, **(options | {"label": self.estimator_name} | kwargs))
        top = density[np.isfinite(density)].max(initial=0.0)
        if highest > 0:  # a value of large probability is a spike that would flatten the rest
            top = np.clip(top, highest, MOST_RISE * highest)
        ax.set_ylim(0, max(1.08 * top, before))
        if self.names:
            ax.set_xlabel(self.names[0])
        ax.set_ylabel("density")
        if ax.get_legend_handles_labels()[1]:
            ax.legend(fontsize=9)

    def _is_whole(self):
        return bool(np.all(self.x0 == np.round(self.x0)))

    def _draw_histogram(self, ax):
        """Bars of unit area and a rug; the height of the highest."""
        values = self.rows[:, 0]
        values = values[np.isfinite(values)]
        inside = values[(values >= self.x0[0]) & (values <= self.x0[-1])]
        step = np.diff(self.x0).min() if len(self.x0) > 1 else 1.0
        n_bins = int(np.clip(np.ceil(2 * len(values) ** (1 / 3)), 5, 60))
        if self._is_whole():  # bins of a whole number of integers
            wide = max(np.ceil((self.x0[-1] - self.x0[0] + 1) / n_bins), step)
            edges = np.arange(self.x0[0] - 0.5, self.x0[-1] + 0.5 + wide, wide)
        else:
            edges = np.linspace(self.x0[0], self.x0[-1], n_bins + 1)
        heights = np.histogram(inside, edges)[0] / (max(len(values), 1) * np.diff(edges))
        ax.stairs(heights, edges, fill=True, color=shade(ax, 0.22), label=self.rows_label, zorder=0.5)
        marks = _thinned(inside)
        ax.plot(
            marks, np.zeros(len(marks)), "|", color=shade(ax, 0.6), markersize=7, alpha=0.5, markeredgewidth=0.6,
            transform=ax.get_xaxis_transform(), clip_on=False, zorder=1.5,
        )  # fmt: skip
        return float(heights.max(initial=0.0))

    # ---- two columns ---------------------------------------------------------------------------------------------

    def _draw_contours(self, ax, levels, cmap, rows_color, kwargs):
        from matplotlib.ticker import MaxNLocator

        log_density = np.asarray(self.log_density, float)
        if levels is None or isinstance(levels, int):
            low, high = _range(log_density)
            levels = MaxNLocator(10 if levels is None else levels, steps=[1, 2, 5, 10]).tick_values(low, high)
        extend = "max" if np.nanmax(log_density) > np.max(levels) else "neither"
        options = {"levels": levels, "cmap": sequential(ax) if cmap is None else cmap, "extend": extend} | kwargs
        shown = np.ma.masked_invalid(np.where(np.isneginf(log_density), np.min(levels) - 1e3, log_density))
        self.surface_ = ax.contourf(self.x0, self.x1, shown.T, **options)
        if self.rows is not None:
            marks = _thinned(self.rows)
            size = float(np.clip(3000 / max(len(marks), 1), 3, 12))
            ax.scatter(*marks.T, s=size, color=rows_color, alpha=0.6, linewidths=0, label=self.rows_label)
        ax.set(xlim=(self.x0[0], self.x0[-1]), ylim=(self.x1[0], self.x1[-1]))
        if self.names:
            ax.set(xlabel=self.names[0], ylabel=self.names[1])
        if self.estimator_name:
            ax.set_title(self.estimator_name)


def _table_and_rows(estimator, X, overlay, n_samples, random_state):
    """What says how far the picture reaches, the rows that are drawn, and what they are."""
    if overlay not in ("auto", "rows", "samples", None):
        raise ValueError(f"overlay must be 'auto', 'rows', 'samples' or None, got {overlay!r}.")
    if overlay == "rows" and X is None:
        raise ValueError("overlay='rows' draws the rows of X, and there is no X: pass it, or use 'samples'.")
    if X is not None and overlay != "samples":
        return X, None if overlay is None else X, "rows"
    samples = _samples(estimator, n_samples, random_state)
    return samples if X is None else X, None if overlay is None else samples, "samples"


def _samples(estimator, n_samples, random_state):
    """Rows that a model generates; those of scikit-learn's mixtures come with their components."""
    if not hasattr(estimator, "sample"):
        raise ValueError(f"{type(estimator).__name__} cannot sample: pass rows of X to draw its density among.")
    seeded = "random_state" in signature(estimator.sample).parameters
    rows = estimator.sample(n_samples, random_state=random_state) if seeded else estimator.sample(n_samples)
    return rows[0] if isinstance(rows, tuple) else rows


def _thinned(rows):
    """At most 2,000 rows, evenly from first to last."""
    return rows if len(rows) <= MOST_MARKS else rows[np.linspace(0, len(rows) - 1, MOST_MARKS).astype(int)]


def _range(log_density):
    """The log-densities between which nearly all mass on the grid lies."""
    finite = np.sort(log_density[np.isfinite(log_density)])[::-1]
    if len(finite) == 0:
        raise ValueError("No place of the grid has a finite log-density: nothing can be drawn.")
    mass = np.cumsum(np.exp(finite - finite[0]))
    low = finite[min(np.searchsorted(mass, HELD * mass[-1]), len(finite) - 1)]
    return min(max(low, finite[0] - DEEPEST), finite[0] - 1.0), finite[0]
