"""Codes of rows as dots in the plane, coloured by a label or a number."""

import numpy as np

from ._theme import shade

#: Labels up to this many get a colour and a line of the legend each.
MOST_LABELS = 20


def in_plane(codes, coordinates):
    """Codes in two coordinates and what these are: two named ones, or the two directions of most variance."""
    d = codes.shape[1]
    if coordinates is not None or d == 2:
        chosen = [0, 1] if coordinates is None else list(coordinates)
        if len(chosen) != 2 or any(not 0 <= j < d for j in chosen):
            raise ValueError(f"coordinates must be two numbers from 0 to {d - 1}, got {chosen}.")
        return codes[:, chosen], [f"coordinate {j}" for j in chosen]
    if d == 1:
        return np.column_stack([codes[:, 0], np.arange(len(codes))]), ["coordinate 0", "row"]
    if len(codes) == 1:
        raise ValueError(f"One code of {d} coordinates has no directions of most variance: choose coordinates=[i, j].")
    centred = codes - codes.mean(axis=0)
    _, scale, directions = np.linalg.svd(centred, full_matrices=False)
    # the sign of a direction is arbitrary: its greatest entry is positive
    directions = directions[:2] * np.sign(directions[[0, 1], np.abs(directions[:2]).argmax(axis=1)])[:, None]
    share = scale**2 / (scale**2).sum()
    names = [f"{ordinal} principal direction of {d} ({share[j]:.0%})" for j, ordinal in enumerate(("first", "second"))]
    return centred @ directions.T, names


def draw_codes(ax, places, y, y_name):
    """Draw dots; those of a label get its colour, those of numbers a scale."""
    size = float(np.clip(12_000 / max(len(places), 1), 4, 30))
    options = {"s": size, "alpha": 0.75, "linewidths": 0}
    if y is None:
        ax.scatter(*places.T, color="C0", **options)
        return
    values = np.asarray(y)
    present = values[~_missing(values)]
    labels = np.unique(present.astype(str) if values.dtype == object else present)
    if len(labels) > MOST_LABELS and np.issubdtype(values.dtype, np.number):
        dots = ax.scatter(*places.T, c=values, cmap="viridis", **options)
        ax.figure.colorbar(dots, ax=ax, label=y_name)
        return
    if len(labels) > MOST_LABELS:
        raise ValueError(
            f"y has {len(labels)} labels, and colours tell {MOST_LABELS} apart: pool some, or pass numbers."
        )
    from matplotlib import colormaps

    colours = colormaps["tab10" if len(labels) <= 10 else "tab20"].colors
    words, missing = values.astype(str) if values.dtype == object else values, _missing(values)
    for label, colour in zip(labels, colours):
        mine = places[(words == label) & ~missing]
        ax.scatter(*mine.T, color=colour, label=str(label), **options)
    if missing.any():
        ax.scatter(*places[missing].T, color=shade(ax, 0.3), label="(missing)", **options)
    outside = {"loc": "center left", "bbox_to_anchor": (1.0, 0.5)}
    ax.legend(title=y_name, frameon=False, fontsize=9, markerscale=float(np.sqrt(40 / size)), **outside)


def _missing(values):
    if values.dtype == object:
        return np.array([value is None or value != value for value in values], bool)
    return np.isnan(values) if np.issubdtype(values.dtype, np.floating) else np.zeros(len(values), bool)
