"""A sheet of how good synthetic tables are: headline figures, errors of columns and of pairs."""

from dataclasses import dataclass, field

import numpy as np

from .._sklearn import check_matplotlib_support
from ._theme import sequential, shade
from .table_display import _short

REAL, INDEPENDENT, FLAGGED = "C0", "0.55", "C3"
#: Colours of the synthetic tables, none of them red.
SYNTHETIC = ("C1", "C2", "C4", "C5", "C6", "C8", "C9")
#: The two tables that every figure stands beside.
REAL_ROWS, INDEPENDENT_ROWS = "real rows", "independent columns"
#: Most columns that the sheet has room for.
MAX_COLUMNS = 40


@dataclass
class Headline:
    """One figure of every table.

    Attributes
    ----------
    label : str
        What is measured.
    note : str
        Which way is better.
    values : dict of str to float
        Figure of each table; NaN where there is none.
    best : float or None
        Where a perfect table stands, if that is one number.
    form : str
        Format of a figure.
    intervals : dict of str to (float, float)
        Ends of the intervals that are known.
    flagged : list of str
        Tables whose figure gives cause for concern.
    """

    label: str
    note: str
    values: dict
    best: float | None = None
    form: str = ".3f"
    intervals: dict = field(default_factory=dict)
    flagged: list = field(default_factory=list)


class QualityDisplay:
    """How good synthetic tables are, on one sheet.

    On top every headline figure of every table, beside real rows that no model has seen and columns drawn
    independently; flagged figures are red. Below the shape error of each column, with that of real rows as a mark, and
    the trend error of each pair of columns (the synthetic table below the diagonal, real rows above).

    Parameters
    ----------
    headlines : list of Headline
        The figures.
    column_errors : dict of str to dict of str to float, default=None
        Table to column to shape error, the table "real rows" included.
    pair_errors : ndarray of shape (n_columns, n_columns), default=None
        Trend errors of pairs: synthetic below the diagonal, real rows above.
    pair_name : str, default="synthetic"
        The table below the diagonal.
    title : str, default=""
        Heading of the sheet.

    Attributes
    ----------
    figure_ : matplotlib Figure
        The sheet, once plotted.
    ax_ : matplotlib Axes
        The axes of the first headline.
    axes_ : ndarray of matplotlib Axes
        One for each headline, then the columns and the pairs where they are known.

    Examples
    --------
    >>> import pandas as pd
    >>> from skgen import QualityDisplay, quality_report
    >>> tables = [pd.DataFrame({"a": [i, 1, 2, 3] * 20, "b": list("xyxy") * 20}) for i in (0, 1, 2)]
    >>> report = quality_report(*tables, metrics=["shape", "trend"], random_state=0)
    >>> display = QualityDisplay.from_report(report, plot=False)
    >>> [headline.label for headline in display.headlines]
    ['shape error', 'trend error']
    """

    def __init__(self, headlines, column_errors=None, pair_errors=None, *, pair_name="synthetic", title=""):
        self.headlines = headlines
        self.column_errors = column_errors
        self.pair_errors = pair_errors
        self.pair_name = pair_name
        self.title = title

    @classmethod
    def from_report(cls, report, *, name=None, plot=True):
        """Draw a quality report.

        Parameters
        ----------
        report : QualityReport
            Made by :func:`quality_report`.
        name : str, default=None
            The synthetic table whose pairs are shown; by default the first.
        plot : bool, default=True
            Whether to draw at once.

        Returns
        -------
        QualityDisplay
        """
        errors = {table: dict(of_column) for table, of_column in report.column_errors.items()}
        display = cls(
            report.headlines(),
            errors,
            report.pair_matrix(name),
            pair_name=report.names[0] if name is None else name,
            title=report.title(name),
        )
        return display.plot() if plot else display

    def plot(self):
        """Draw the sheet.

        Returns
        -------
        QualityDisplay
            Itself, with `figure_`, `ax_` and `axes_`.
        """
        check_matplotlib_support("QualityDisplay.plot")
        import matplotlib.pyplot as plt

        n_tables = len(self.headlines[0].values)
        d = min(len(next(iter(self.column_errors.values()))), MAX_COLUMNS) if self.column_errors else 0
        top_height = 1.5 + 0.3 * n_tables
        low_height = float(np.clip(0.32 * d + 1.8, 4.2, 13)) if d else 0.0
        width = max(11.0, 1.75 * len(self.headlines) + 2.0, low_height + 6.5)
        self.figure_ = plt.figure(figsize=(width, top_height + low_height), layout="constrained")
        ratios = [top_height, low_height][: 1 + (d > 0)]
        top, *bottom = np.atleast_1d(self.figure_.subfigures(len(ratios), 1, height_ratios=ratios))
        axes = list(np.atleast_1d(top.subplots(1, len(self.headlines), sharey=True)))
        for ax, headline in zip(axes, self.headlines):
            _draw_headline(ax, headline)
        top.suptitle(self.title, fontsize=12)
        self.axes_ = np.array([*axes, *(self._draw_errors(bottom[0], d, low_height) if bottom else [])], dtype=object)
        self.ax_ = self.axes_[0]
        return self

    def _draw_errors(self, figure, d, height):
        has_pairs = self.pair_errors is not None and d > 1
        side = height - 0.9  # inches of the map; names and the scale take some three more of the width
        ratios = [max(self.figure_.get_figwidth() - side - 3.1, 2.0), side] if has_pairs else [1.0]
        axes = np.atleast_1d(figure.subplots(1, 1 + has_pairs, width_ratios=ratios))
        names = list(next(iter(self.column_errors.values())))
        left_out = f"; {len(names) - d} more are not shown" if len(names) > d else ""
        _draw_columns(axes[0], self.column_errors, names[:d])
        axes[0].set_title(f"Shape error of each column{left_out}", fontsize=10)
        figure.legend(
            *axes[0].get_legend_handles_labels(), loc="outside lower left", ncols=4, fontsize=8, frameon=False
        )
        if has_pairs:
            self._draw_pairs(figure, axes[1], names[:d])
        return list(axes)

    def _draw_pairs(self, figure, ax, names):
        d = len(names)
        shown = np.array(self.pair_errors, float)[:d, :d]
        np.fill_diagonal(shown, np.nan)
        ax.set_facecolor(shade(ax, 0.15))
        image = ax.imshow(shown, cmap=sequential(ax, "magma_r"), vmin=0, vmax=max(0.05, np.nanmax(shown, initial=0.0)))
        size = float(np.clip(220 / d, 5, 9))
        ax.set_xticks(range(d), [_short(str(name), 18) for name in names], rotation=90, fontsize=size)
        ax.set_yticks(range(d), [_short(str(name), 18) for name in names], fontsize=size)
        ax.set_title(f"Trend error of each pair: {_short(str(self.pair_name), 22)} below, real rows above", fontsize=10)
        bar = figure.colorbar(image, ax=ax, shrink=0.8)
        bar.ax.yaxis.set_major_formatter(_percent)


def _percent(value, _=None):
    return f"{100 * value:.3g} %"


def _colors(names):
    """A colour for each table."""
    synthetic = [name for name in names if name not in (REAL_ROWS, INDEPENDENT_ROWS)]
    own = {name: SYNTHETIC[k % len(SYNTHETIC)] for k, name in enumerate(synthetic)}
    return {REAL_ROWS: REAL, INDEPENDENT_ROWS: INDEPENDENT} | own


def _draw_headline(ax, headline):
    """One dot a table, its interval, its figure in words."""
    from matplotlib.patheffects import withStroke

    names, colors = list(headline.values), _colors(headline.values)
    y = -np.arange(len(names))
    for name, height in zip(names, y):
        value, color = headline.values[name], colors[name]
        if np.isnan(value):
            continue
        low, high = headline.intervals.get(name, (value, value))
        ax.plot([low, high], [height, height], color=color, linewidth=2, alpha=0.6, solid_capstyle="butt")
        ax.plot(value, height, "o", color=color, markersize=6)
        red = name in headline.flagged
        ax.annotate(
            format(value, headline.form).replace("%", " %"),
            (value, height),
            (0, 5),
            textcoords="offset points",
            ha="center",
            fontsize=8,
            color=FLAGGED if red else shade(ax, 0.85),
            weight="bold" if red else "normal",
            path_effects=[withStroke(linewidth=2.5, foreground=shade(ax, 0.0))],
        )
    if headline.best is not None:
        ax.axvline(headline.best, color=shade(ax, 0.25), linewidth=1, zorder=0)
    _set_range(ax, headline)
    ax.set_yticks(y, [_short(str(name), 22) for name in names], fontsize=9)
    ax.set_ylim(y[-1] - 0.5, 0.75)
    ax.set_title(f"{headline.label}\n", fontsize=9.5, weight="bold")
    ax.text(
        0.5, 1.03, headline.note, transform=ax.transAxes, ha="center", va="bottom", fontsize=7.5, color=shade(ax, 0.65)
    )
    ax.tick_params(axis="y", length=0)
    ax.tick_params(axis="x", labelsize=7)
    for side in ("top", "right", "left"):
        ax.spines[side].set_visible(False)


def _set_range(ax, headline):
    """Room for all dots, intervals and the best place, and for the words above the outermost dots."""
    ends = [v for pair in headline.intervals.values() for v in pair]
    points = np.array([*headline.values.values(), *ends, *([] if headline.best is None else [headline.best])], float)
    points = points[np.isfinite(points)]
    low, high = (points.min(), points.max()) if len(points) else (0.0, 1.0)
    spread = max(high - low, 0.02 * max(abs(high), abs(low)), 1e-4)
    ax.set_xlim(low - 0.22 * spread, high + 0.22 * spread)
    ax.locator_params(axis="x", nbins=3)
    if headline.form.endswith("%"):
        ax.xaxis.set_major_formatter(_percent)


def _draw_columns(ax, errors, names):
    """Bars of the synthetic tables, a mark for real rows."""
    tables, colors = [table for table in errors if table not in (REAL_ROWS, INDEPENDENT_ROWS)], _colors(errors)
    y, height = np.arange(len(names)), 0.8 / max(len(tables), 1)
    for k, table in enumerate(tables):
        values = [errors[table][name] for name in names]
        place = y - 0.4 + height * (k + 0.5)
        ax.barh(place, values, height * 0.92, color=colors[table], label=_short(str(table), 22))
    if REAL_ROWS in errors:
        marks = [errors[REAL_ROWS][name] for name in names]
        ax.plot(marks, y, "|", color=REAL, markersize=9, markeredgewidth=2, label=REAL_ROWS)
    ax.set_yticks(y, [_short(str(name), 22) for name in names], fontsize=float(np.clip(250 / len(names), 5, 9)))
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.set_xlim(left=0)
    ax.xaxis.set_major_formatter(_percent)
    ax.tick_params(axis="x", labelsize=8)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
