"""A picture of how deep models were trained: losses and learning rates of their epochs."""

import numpy as np

from .._sklearn import check_is_fitted, check_matplotlib_support
from ._theme import shade

#: Losses that are drawn where a history has them: key -> (what the legend says, line style).
LOSSES = {
    "train_loss": ("training", (0, (4, 1.5))),
    "valid_loss": ("validation", "-"),
    "discriminator_loss": ("discriminator", (0, (1, 1))),
}
#: Losses of the first epochs may leave the picture at the top where they would flatten the rest.
FIRST, MOST_FALL = 0.1, 1.0


class TrainingHistoryDisplay:
    """Losses and learning rate of each epoch of a training, or of several.

    Make it with :meth:`from_estimator`. The epoch of least validation loss, whose weights early stopping keeps, is
    marked. Losses that fall steeply at first leave the picture at the top, so that the rest can be seen.

    Parameters
    ----------
    histories : dict of str to list of dict
        Name to the figures of each epoch: "train_loss" and, where there are any, "valid_loss", "discriminator_loss",
        "lr" and "dur" in seconds.

    Attributes
    ----------
    figure_ : matplotlib Figure
        The figure, once plotted.
    ax_ : matplotlib Axes
        The axes with the losses.
    axes_ : ndarray of matplotlib Axes
        The axes with the losses, then that with the learning rates where it is drawn.

    Examples
    --------
    >>> from skgen import TrainingHistoryDisplay
    >>> losses = [{"train_loss": 2.0, "valid_loss": 2.5}, {"train_loss": 1.0, "valid_loss": 3.0}]
    >>> TrainingHistoryDisplay({"flow": losses}).best_epochs()
    {'flow': 1}
    """

    def __init__(self, histories):
        self.histories = histories

    @classmethod
    def from_estimator(cls, estimator, *, name=None, ax=None, plot=True, **kwargs):
        """Draw the training of a fitted deep model, or of several.

        Parameters
        ----------
        estimator : fitted deep model or dict of str to fitted deep model
            Has `history_`. The losses of several can be compared only where they are losses of the same kind.
        name : str, default=None
            Name of a single model; by default that of its class.
        ax : matplotlib Axes, default=None
            Where to draw the losses, without learning rates; a new figure with both where None.
        plot : bool, default=True
            Whether to draw at once.
        **kwargs : dict
            Passed to :meth:`plot`.

        Returns
        -------
        TrainingHistoryDisplay
        """
        models = estimator if isinstance(estimator, dict) else {name or type(estimator).__name__: estimator}
        display = cls({label: _history(model) for label, model in models.items()})
        return display.plot(ax=ax, **kwargs) if plot else display

    def best_epochs(self):
        """The epoch of least validation loss of each training, counted from 1; None where nothing was left out.

        Returns
        -------
        best : dict of str to (int or None)
            Name to epoch.
        """
        best = {}
        for name, history in self.histories.items():
            losses = _series(history, "valid_loss")
            best[name] = int(np.nanargmin(losses)) + 1 if np.isfinite(losses).any() else None
        return best

    def plot(self, ax=None, *, x="epoch"):
        """Draw losses and learning rates.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw the losses, without learning rates; a new figure with both where None.
        x : {"epoch", "seconds"}, default="epoch"
            What runs to the right: epochs, or the seconds that they took.

        Returns
        -------
        TrainingHistoryDisplay
            Itself, with `figure_`, `ax_` and `axes_`.
        """
        check_matplotlib_support("TrainingHistoryDisplay.plot")
        import matplotlib.pyplot as plt

        if x not in ("epoch", "seconds"):
            raise ValueError(f"x must be 'epoch' or 'seconds', got {x!r}.")
        axes = [ax]
        has_rates = any(np.isfinite(_series(history, "lr")).any() for history in self.histories.values())
        if ax is None:
            n, size = 1 + has_rates, (6.4 + 2 * (len(self.histories) > 1), 3.2 + 1.3 * has_rates)
            _, axes = plt.subplots(
                n, 1, sharex=True, squeeze=False, figsize=size, height_ratios=[3, 1][:n], layout="constrained"
            )
            axes = axes[:, 0]
        self.axes_ = np.array(axes, dtype=object)
        self.ax_, self.figure_ = axes[0], axes[0].figure
        self._draw_losses(self.ax_, x)
        if len(axes) > 1:
            self._draw_rates(axes[1], x)
        axes[-1].set_xlabel(x)
        return self

    def _draw_losses(self, ax, x):
        several, best = len(self.histories) > 1, self.best_epochs()
        for k, (name, history) in enumerate(self.histories.items()):
            at = _places(history, x)
            shown = [key for key in LOSSES if np.isfinite(_series(history, key)).any()]
            for j, key in enumerate(shown):
                words, style = LOSSES[key]
                label = f"{name}, {words}" if several else words
                color = f"C{k % 10}" if several else f"C{j}"
                ax.plot(at, _series(history, key), color=color, linestyle=style, linewidth=1.6, label=label)
            if best[name] is not None:
                self._mark(ax, at[best[name] - 1], history[best[name] - 1]["valid_loss"], best[name], k)
        if not several:
            ax.set_title(next(iter(self.histories)))
        ax.set_ylabel("loss")
        _leave_out_the_first(ax, self.histories.values())
        beside = {"loc": "upper left", "bbox_to_anchor": (1.01, 1.0)} if several else {}
        ax.legend(frameon=False, fontsize=9, **beside)

    def _mark(self, ax, at, loss, epoch, k):
        """A dot at the best epoch; with one training its number and a line down to the rates as well."""
        color = f"C{k % 10}" if len(self.histories) > 1 else "C1"
        label = None if len(self.histories) > 1 else f"best epoch, {epoch}"
        ax.plot(at, loss, "o", color=color, markersize=7, markeredgecolor=shade(ax, 0.0), zorder=4, label=label)
        if len(self.histories) == 1:
            for other in self.axes_:
                other.axvline(at, color=shade(other, 0.3), linewidth=1, linestyle=":", zorder=0)

    def _draw_rates(self, ax, x):
        for k, (name, history) in enumerate(self.histories.items()):
            color = f"C{k % 10}" if len(self.histories) > 1 else shade(ax, 0.7)
            ax.plot(_places(history, x), _series(history, "lr"), color=color, linewidth=1.4, label=name)
        ax.set_ylabel("learning rate")
        ax.set_ylim(bottom=0)
        ax.ticklabel_format(axis="y", style="sci", scilimits=(-2, 3))


def _history(model):
    check_is_fitted(model)
    history = getattr(model, "history_", None)
    if not isinstance(history, list) or not history or "train_loss" not in history[0]:
        raise ValueError(
            f"{type(model).__name__} has no history of losses to draw. Deep models have, after at least one epoch."
        )
    return [dict(row) for row in history]


def _series(history, key):
    """A figure of all epochs, NaN where it was not taken."""
    values = [row.get(key) for row in history]
    return np.array([np.nan if value is None else value for value in values], float)


def _places(history, x):
    if x == "seconds":
        return np.cumsum(np.nan_to_num(_series(history, "dur")))
    return np.arange(1, len(history) + 1)


def _leave_out_the_first(ax, histories):
    """A top that the first tenth of the epochs may exceed."""
    late, every = [], []
    for history in histories:
        for values in (_series(history, key) for key in LOSSES):
            every.append(values[np.isfinite(values)])
            values = values[int(np.ceil(FIRST * len(values))) :]
            late.append(values[np.isfinite(values)])
    late, every = np.concatenate(late), np.concatenate(every)
    if len(late) < 2:
        return
    span = max(np.ptp(late), 1e-12)
    top = min(every.max(), late.max() + MOST_FALL * span)
    ax.set_ylim(late.min() - 0.06 * span, top + 0.06 * span)
