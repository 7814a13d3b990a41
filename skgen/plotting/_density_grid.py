r"""The grid of a density: places of one or two columns of a table, and the log-density of a fitted model there.

For two columns of a wider table it is the marginal, from what a model with marginals scores whatever the others are:

.. math:: \log p(x_A) = \log p(x_A, x_B) - \log p(x_B \mid x_A).

A column of a frame lies on a grid of its own, on which single values may have large probabilities. A curve over it is
the mean over the cells nearest to each place, so that its area is right wherever the places lie.
"""

from inspect import signature

import narwhals as nw
import numpy as np

from ..exceptions import UnsupportedGivenError
from ._columns import NUMBER, as_frame, column_kind, numbers

#: Rows for the other columns of a wider table that are tried, where the density of the first ones is 0.
N_FILLERS = 5
#: How far beyond the central 99 % of the rows the grid goes to reach the outermost one, in widths of these.
MOST_REACH = 0.5
#: Most cells of a column's own grid that are scored, and the share of the rows from which on a value is heavy.
MOST_CELLS, HEAVY = 8_000, 0.01
ADVICE = "Fit a model to the columns to be drawn alone, or look at pairs of columns with TableDisplay."


def chosen_columns(X, features):
    """Positions of the one or two columns that are drawn."""
    frame = as_frame(X)
    names = frame.columns
    if features is None:
        if len(names) > 2:
            raise ValueError(
                f"A density is drawn over one or two columns, got {len(names)}: choose with features=[a, b], where the "
                f"model has marginals. {ADVICE}"
            )
        features = range(len(names))
    wanted = [features] if isinstance(features, str | int | np.integer) else list(features)
    if not 1 <= len(wanted) <= 2:
        raise ValueError(f"features must name one or two columns, got {len(wanted)}.")
    chosen = [_position(name, names) for name in wanted]
    if len(set(chosen)) < len(chosen):
        raise ValueError(f"features must name two different columns, got {wanted}.")
    for j in chosen:
        kind = column_kind(frame[names[j]])
        if kind != NUMBER:
            raise ValueError(f"A density is drawn over numbers; column {names[j]!r} is a {kind}. {ADVICE}")
    return chosen


def _position(name, names):
    if name in names:
        return names.index(name)
    if isinstance(name, int | np.integer) and 0 <= name < len(names):
        return int(name)
    raise ValueError(f"features names {name!r}, which is none of the columns {names}.")


def grid_axis(values, resolution, margin, whole):
    """Places from a little below the least of the values to a little above the greatest; far ones are left out."""
    values = values[np.isfinite(values)]
    if len(values) == 0:
        raise ValueError("A column to be drawn has no finite value among the rows of X.")
    low, high = np.quantile(values, [0.005, 0.995])
    width = high - low if high > low else max(abs(high), 1.0)
    low = max(values.min(), low - MOST_REACH * width) - margin * width
    high = min(values.max(), high + MOST_REACH * width) + margin * width
    axis = np.linspace(low, high, resolution)
    return np.unique(np.round(axis)) if whole else axis


def is_whole(X, j):
    """Whether a column of a table holds integers by its dtype; those of arrays are numbers."""
    return not isinstance(X, np.ndarray | list | tuple) and as_frame(X)[as_frame(X).columns[j]].dtype.is_integer()


def axes_of(places, log_density):
    """Places of one column in order, or the two axes that pairs of places span, with the log-densities there."""
    values = np.column_stack([column_values(places, j) for j in chosen_columns(places, None)])
    scores = np.asarray(log_density, float)
    if not len(values):
        raise ValueError("X has no rows: pass the places of a grid, and the log-density at each.")
    if scores.shape != (len(values),):
        raise ValueError(f"log_density must have one number for each of {len(values)} rows, got shape {scores.shape}.")
    found = [np.unique(column, return_inverse=True) for column in values.T]
    axes, at = [axis for axis, _ in found], tuple(place for _, place in found)
    shape = tuple(map(len, axes))
    is_grid = len(values) == np.prod(shape) and np.bincount(np.ravel_multi_index(at, shape)).max() == 1
    if not is_grid or np.isnan(values).any():
        raise ValueError(
            f"X must have every place of a grid once: {' times '.join(map(str, shape))} places, got {len(values)} rows."
        )
    on_axes = np.empty(shape)
    on_axes[at] = scores
    return axes, on_axes


def column_values(X, j):
    """A column as floats."""
    frame = as_frame(X)
    return numbers(frame[frame.columns[j]])


def grid_scores(model, X, chosen, axes):
    """Log-densities on the grid, of the shape of the axes; NaN where the model cannot tell."""
    if len(axes) == 1:
        return _curve_scores(model, X, chosen, axes[0])
    places = np.stack([part.ravel() for part in np.meshgrid(*axes, indexing="ij")], axis=1)
    return _scores(model, X, chosen, places).reshape([len(axis) for axis in axes])


def _curve_scores(model, X, chosen, axis):
    """Log of the mean density over the cells of the column's own grid that are nearest to each place."""
    r = model.schema_.columns[chosen[0]].resolution if hasattr(model, "schema_") else 0.0
    if r == 0 or len(axis) < 2 or axis[1] - axis[0] <= r:
        return _scores(model, X, chosen, axis[:, None])
    cells, weight = _cells(axis, r, column_values(X, chosen[0]))
    place = np.searchsorted((axis[1:] + axis[:-1]) / 2, cells * r)
    density = np.exp(_scores(model, X, chosen, cells[:, None] * r))
    with np.errstate(divide="ignore"):
        return np.log(np.bincount(place, weight * density, len(axis)) / np.bincount(place, weight, len(axis)))


def _cells(axis, r, values):
    """Cells of a grid of spacing r between the ends of an axis, and for how many each stands: at most 8,000 or so.

    Heavy values stand for themselves, since a cell that is left out must be like its neighbours.
    """
    first, last = int(np.ceil(axis[0] / r)), int(np.floor(axis[-1] / r))
    if last - first < MOST_CELLS:
        return np.arange(first, last + 1), np.ones(last - first + 1)
    seen, counts = np.unique(np.rint(values[np.isfinite(values)] / r), return_counts=True)
    heavy = seen[(counts >= HEAVY * counts.sum()) & (seen >= first) & (seen <= last)]
    others = np.setdiff1d(np.linspace(first, last, MOST_CELLS).astype(int), heavy)
    weight = np.full(len(others), (last - first + 1 - len(heavy)) / len(others))
    return np.append(others, heavy), np.append(weight, np.ones(len(heavy)))


def _scores(model, X, chosen, places):
    if len(chosen) < as_frame(X).shape[1]:
        return _marginal_scores(model, X, chosen, places)
    score = model.score_samples if hasattr(model, "score_samples") else model.log_density
    return np.asarray(score(_rows(X, 0, chosen, places)), float)


def _rows(X, filler, chosen, places):
    """Rows like one of X but for the chosen columns, in its container and dtypes."""
    if isinstance(X, np.ndarray | list | tuple):
        rows = np.repeat(np.asarray(X)[[filler]].astype(float), len(places), axis=0)
        rows[:, chosen] = places
        return rows
    frame = as_frame(X)
    rows = frame[np.full(len(places), filler)]
    new, everywhere = [], np.arange(len(places))
    rows = nw.maybe_reset_index(rows)
    for column, values in zip(chosen, places.T):
        own = rows[frame.columns[column]]
        series = nw.new_series(own.name, values, backend=frame.implementation).cast(own.dtype)
        new.append(own.scatter(everywhere, series))  # into the column itself: a cast forgets what is nullable
    return nw.to_native(rows.with_columns(*new))


def _marginal_scores(model, X, chosen, places):
    if "given" not in signature(getattr(model, "score_samples", type)).parameters:
        raise ValueError(
            f"{type(model).__name__} has no score_samples(X, given=...), so the law of single columns is unknown. "
            f"{ADVICE}"
        )
    if getattr(model, "conditional_on_", ()):
        raise ValueError(
            f"{type(model).__name__} was fitted with condition_on, so it knows no law of single columns. {ADVICE}"
        )
    names = as_frame(X).columns if not isinstance(X, np.ndarray | list | tuple) else range(as_frame(X).shape[1])
    given = [names[j] for j in chosen]
    scores = np.full(len(places), np.nan)
    for filler in _fillers(model, X):
        left = np.isnan(scores)
        if not left.any():
            break
        rows = _rows(X, filler, chosen, places[left])
        joint, rest = model.score_samples(rows), _conditional(model, rows, given)
        with np.errstate(invalid="ignore"):  # where the joint density is 0, this row tells nothing of the marginal
            scores[left] = joint - rest
    return scores


def _fillers(model, X):
    """The rows of highest density first: with them the fewest places get density 0."""
    n = min(len(as_frame(X)), 200)
    head = X[:n] if isinstance(X, np.ndarray | list | tuple) else nw.to_native(as_frame(X)[:n])
    return np.argsort(-np.asarray(model.score_samples(head)), kind="stable")[:N_FILLERS]


def _conditional(model, rows, given):
    try:
        return model.score_samples(rows, given=given)
    except UnsupportedGivenError as error:
        raise ValueError(f"The law of {given} alone is unknown: {error} {ADVICE}") from error
