"""Rows of a table drawn as a table: cells with their values, numbers on a colour that tells low from high."""

import numpy as np

from ._columns import CATEGORY, DATE, as_frame, column_kind, levels, numbers
from ._theme import ink_on, sequential, shade

#: Wider or longer tables are drawn without the values.
MOST_COLUMNS, MOST_LINES = 14, 80


def draw_cells(ax, table, reference, labels, blocks):
    """Draw rows of a table.

    Parameters
    ----------
    ax : matplotlib Axes
        Where to draw.
    table : DataFrame or array of shape (n_rows, n_columns)
        The rows.
    reference : DataFrame or array of shape (n_samples, n_columns)
        Rows that say what is low and what is high in each column.
    labels : list of str
        What each row is.
    blocks : sequence of int
        Rows before which there is a gap.

    Returns
    -------
    image : matplotlib QuadMesh
        The cells.
    """
    frame, known = as_frame(table), as_frame(reference)
    gaps = np.isin(np.arange(len(frame)), list(blocks))
    y = np.arange(len(frame)) + 0.5 * np.cumsum(gaps)
    share = np.column_stack([_share(frame[a], known[b]) for a, b in zip(frame.columns, known.columns)])
    texts = [_texts(frame[name]) for name in frame.columns]
    d, cmap = share.shape[1], sequential(ax)
    for line, height in enumerate(y):  # lines have gaps between them, cells of one line have none
        image = ax.pcolormesh(
            np.arange(d + 1) - 0.5, [height - 0.5, height + 0.5], np.ma.masked_invalid(share[[line]]),
            cmap=cmap, vmin=0, vmax=1,
        )  # fmt: skip
        if d <= MOST_COLUMNS and len(frame) <= MOST_LINES:
            for j in range(d):
                value = share[line, j]
                colour = shade(ax, 0.9) if np.isnan(value) else ink_on(image.get_cmap()(value))
                ax.text(j, height, texts[j][line], ha="center", va="center", fontsize=8, color=colour)
    ax.set_xlim(-0.5, d - 0.5)
    ax.set_ylim(y[-1] + 0.5, -0.5)
    ax.xaxis.tick_top()
    if d <= 40:
        slant = {"rotation": 35, "ha": "left"} if d > 4 else {}
        ax.set_xticks(range(d), [_short(name) for name in frame.columns], **slant)
    ax.set_yticks(y, labels)
    ax.tick_params(length=0, labelsize=8)
    for side in ax.spines.values():
        side.set_visible(False)
    return image


def _short(name, width=16):
    text = str(name)
    return text if len(text) <= width else text[: width - 1] + "…"


def _share(series, known):
    """Where numbers and dates lie between the least and the greatest known one; NaN for categories."""
    if CATEGORY in (column_kind(series), column_kind(known)):
        return np.full(len(series), np.nan)
    low, high = np.nanmin(numbers(known), initial=np.inf), np.nanmax(numbers(known), initial=-np.inf)
    if not high > low:
        return np.where(np.isnan(numbers(series)), np.nan, 0.0)
    return np.clip((numbers(series) - low) / (high - low), 0, 1)


def _texts(series):
    kind = column_kind(series)
    if kind == CATEGORY:
        return ["" if level is None else _short(level, 14) for level in levels(series)]
    if kind == DATE:
        return ["" if value is None else str(value)[:10] for value in series.to_list()]
    return ["" if np.isnan(value) else f"{value:.4g}" for value in numbers(series)]
