"""A sheet of real against synthetic columns."""

import numpy as np

from .._sklearn import _num_samples, check_matplotlib_support
from ._association import association_matrix, cell_codes
from ._columns import CATEGORY, DATE, as_frame
from ._panels import MISSING, make_panel
from ._theme import shade

REAL, SYNTHETIC = "C0", "C1"
N_ACROSS = 5
#: Ranges in days, and how their ticks are written.
DATE_FORMS = ((1500, "%Y"), (100, "%Y-%m"), (3, "%Y-%m-%d"), (-np.inf, "%m-%d %H:%M"))


def _short(text, width):
    return text if len(text) <= width else text[: width - 1] + "…"


class TableDisplay:
    """Real against synthetic data on one sheet: every column, and how pairs of columns go together.

    Make it with :meth:`from_predictions` or :meth:`from_estimator`. Numbers and dates are drawn as histograms on
    common bins, categories as bars, with the share of missing cells. Below stand two maps: the association of
    each pair of columns (bias-corrected Cramér's V of their cells, from 0 to 1; the real table below the
    diagonal, the synthetic one above), and synthetic minus real.

    Parameters
    ----------
    panels : list of Panel
        What is drawn of each column: shares of real and of synthetic cells on the same bins or levels.
    association_real, association_synthetic : ndarray of shape (n_columns, n_columns)
        Associations of pairs of the shown columns; NaN where a column is constant.
    left_out : list of str, default=()
        Names of the columns for which there was no room.

    Attributes
    ----------
    figure_ : matplotlib Figure
        The sheet, once plotted.
    ax_ : matplotlib Axes
        The axes of the first column.
    axes_ : ndarray of matplotlib Axes
        One for each column, then the two maps.

    Examples
    --------
    >>> import pandas as pd
    >>> from skgen import TableDisplay
    >>> real = pd.DataFrame({"colour": ["red", "red", "blue", None]})
    >>> new = pd.DataFrame({"colour": ["red", "blue", "blue", "blue"]})
    >>> panel = TableDisplay.from_predictions(real, new, plot=False).panels[0]
    >>> panel.levels, panel.real.tolist(), panel.real_missing, panel.synthetic.tolist()
    (['red', 'blue'], [0.5, 0.25], 0.25, [0.25, 0.75])
    """

    def __init__(self, panels, association_real, association_synthetic, *, left_out=()):
        self.panels = panels
        self.association_real = association_real
        self.association_synthetic = association_synthetic
        self.left_out = left_out

    @classmethod
    def from_predictions(cls, real, synthetic, *, max_columns=30, plot=True):
        """Compare two tables.

        Parameters
        ----------
        real, synthetic : DataFrame or array-like of shape (n_samples, n_features)
            Tables of the same columns; their numbers of rows may differ.
        max_columns : int, default=30
            Columns that are shown; the sheet names the number left out.
        plot : bool, default=True
            Whether to draw at once.

        Returns
        -------
        TableDisplay
        """
        real, synthetic = as_frame(real), as_frame(synthetic)
        if real.columns != synthetic.columns:
            odd = sorted(set(real.columns) ^ set(synthetic.columns)) or "their order"
            raise ValueError(f"The two tables must have the same columns in the same order; they differ in {odd}.")
        if len(real) == 0 or len(synthetic) == 0:
            raise ValueError(f"Each table needs at least one row, got {len(real)} real and {len(synthetic)} synthetic.")
        shown = real.columns[:max_columns]
        panels = [make_panel(name, real[name], synthetic[name]) for name in shown]
        codes = [cell_codes(real[name], synthetic[name]) for name in shown]
        matrices = [association_matrix([pair[k] for pair in codes]) for k in (0, 1)]
        display = cls(panels, *matrices, left_out=real.columns[max_columns:])
        return display.plot() if plot else display

    @classmethod
    def from_estimator(cls, estimator, X, *, n_samples=None, random_state=None, max_columns=30, plot=True):
        """Compare a table with rows that a fitted model generates.

        Parameters
        ----------
        estimator : fitted generative model
            Has ``sample(n_samples, random_state=...)``.
        X : DataFrame or array-like of shape (n_samples, n_features)
            Real rows.
        n_samples : int, default=None
            How many rows to generate; by default as many as X has.
        random_state : int, RandomState instance, Generator or None, default=None
            Draws the rows; None takes the next draw of the model's own stream.
        max_columns : int, default=30
            Columns that are shown; the sheet names the number left out.
        plot : bool, default=True
            Whether to draw at once.

        Returns
        -------
        TableDisplay
        """
        n_samples = _num_samples(X) if n_samples is None else n_samples
        synthetic = estimator.sample(n_samples, random_state=random_state)
        return cls.from_predictions(X, synthetic, max_columns=max_columns, plot=plot)

    def plot(self):
        """Draw the sheet.

        Returns
        -------
        TableDisplay
            Itself, with `figure_`, `ax_` and `axes_`.
        """
        check_matplotlib_support("TableDisplay.plot")
        import matplotlib.pyplot as plt

        d = len(self.panels)
        across = min(d, N_ACROSS)
        down = -(-d // across)
        width, height = max(3.0 * across, 9.0), 2.3 * down
        map_height = 0.47 * width if d > 1 else 0.0
        self.figure_ = plt.figure(figsize=(width, height + map_height + 0.6), layout="constrained")
        parts = self.figure_.subfigures(1 + (d > 1), 1, height_ratios=[height + 0.6, map_height][: 1 + (d > 1)])
        top, *bottom = np.atleast_1d(parts)
        axes = top.subplots(down, across, squeeze=False).ravel()
        for panel, ax in zip(self.panels, axes):
            _draw_panel(ax, panel)
        for ax in axes[d:]:
            ax.remove()
        self._draw_heading(top, axes[0])
        maps = self._draw_maps(bottom[0]) if bottom else []
        self.axes_ = np.array([*axes[:d], *maps], dtype=object)
        self.ax_ = self.axes_[0]
        return self

    def _draw_heading(self, figure, first):
        text = f"; {len(self.left_out)} more columns are not shown" if self.left_out else ""
        figure.suptitle(f"Share of rows, real and synthetic{text}", fontsize=12)
        handles, labels = first.get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper right", ncols=2, frameon=False)

    def _draw_maps(self, figure):
        """Associations below and above the diagonal, and their difference."""
        left, right = figure.subplots(1, 2)
        names = [_short(panel.name, 22) for panel in self.panels]
        d = len(names)
        both = np.where(np.tri(d, dtype=bool), self.association_real, self.association_synthetic)
        np.fill_diagonal(both, np.nan)
        difference = self.association_synthetic - self.association_real
        np.fill_diagonal(difference, np.nan)
        pairs = difference[np.tril_indices(d, -1)]
        mean = f"{np.nanmean(np.abs(pairs)):.3f}" if np.isfinite(pairs).any() else "not defined"
        size = float(np.clip(200 / d, 5, 9))
        limit = max(0.1, np.nanmax(np.abs(pairs))) if np.isfinite(pairs).any() else 0.1
        for ax, values, title, options in (
            (left, both, "Association: real below, synthetic above", {"vmin": 0, "vmax": 1, "cmap": "viridis"}),
            (
                right,
                difference,
                f"Synthetic minus real (mean size {mean})",
                {"vmin": -limit, "vmax": limit, "cmap": "RdBu_r"},
            ),
        ):
            ax.set_facecolor(shade(ax, 0.15))
            image = ax.imshow(values, **options)
            ax.set_title(title, fontsize=11)
            ax.set_xticks(range(d), names, rotation=90, fontsize=size)
            ax.set_yticks(range(d), names, fontsize=size)
            figure.colorbar(image, ax=ax, shrink=0.8)
        return [left, right]


def _draw_panel(ax, panel):
    """One column: bars of categories or two histograms."""
    ax.set_title(_short(panel.name, 30), fontsize=10)
    ax.tick_params(labelsize=8)
    if panel.kind == CATEGORY:
        _draw_levels(ax, panel)
    else:
        _draw_bins(ax, panel)


def _draw_levels(ax, panel):
    labels, real, synthetic = list(panel.levels), panel.real, panel.synthetic
    if panel.real_missing or panel.synthetic_missing or not labels:
        labels.append(MISSING)
        real, synthetic = np.append(real, panel.real_missing), np.append(synthetic, panel.synthetic_missing)
    y = np.arange(len(labels))
    ax.barh(y - 0.2, real, 0.4, color=REAL, label="real")
    ax.barh(y + 0.2, synthetic, 0.4, color=SYNTHETIC, label="synthetic")
    ax.set_yticks(y, [_short(label, 16) for label in labels])
    ax.invert_yaxis()


def _draw_bins(ax, panel):
    ax.stairs(panel.real, panel.edges, fill=True, color=REAL, alpha=0.45, label="real")
    ax.stairs(panel.synthetic, panel.edges, color=SYNTHETIC, linewidth=1.6, label="synthetic")
    notes = []
    if panel.pooled:
        notes.append("tails pooled")
    if panel.real_missing or panel.synthetic_missing:
        notes.append(f"missing {panel.real_missing:.1%} | {panel.synthetic_missing:.1%}")
    if notes:
        ax.text(0.98, 0.97, "\n".join(notes), transform=ax.transAxes, ha="right", va="top", fontsize=8)
    ax.set_ylim(0, max(panel.real.max(), panel.synthetic.max(), 1e-9) * (1.1 + 0.12 * len(notes)))
    if panel.kind == DATE:
        _date_axis(ax, panel.edges)
    else:
        ax.locator_params(axis="x", nbins=5)
        ax.ticklabel_format(axis="x", style="sci", scilimits=(-3, 5))


def _date_axis(ax, edges):
    """First, middle and last day, as precisely as the range asks."""
    ticks = np.linspace(edges[0], edges[-1], 3)
    form = next(form for days, form in DATE_FORMS if ticks[-1] - ticks[0] >= days)
    seconds = np.round(ticks * 86_400).astype("datetime64[s]").tolist()
    ax.set_xticks(ticks, [stamp.strftime(form) for stamp in seconds])
