"""What one panel of a table display shows: shares of real and of synthetic cells on common bins or levels."""

from dataclasses import dataclass

import numpy as np

from ._columns import CATEGORY, NUMBER, column_kind, levels, numbers

MAX_BINS = 30
MAX_LEVELS = 8
OTHER, MISSING = "(other)", "(missing)"


@dataclass
class Panel:
    """Shares of one column in the real and in the synthetic table.

    Attributes
    ----------
    name : str
        Column.
    kind : {"number", "date", "category"}
        Numbers and dates have `edges`, categories `levels`.
    real, synthetic : ndarray
        Share of all cells in each bin or level; with the missing shares they sum to 1.
    real_missing, synthetic_missing : float
        Share of missing cells.
    edges : ndarray or None
        Bin edges, of length one more than the shares. Dates are days since 1970-01-01.
    levels : list of str or None
        Levels by falling frequency in the real table.
    pooled : bool
        Whether far values were counted in the outermost bins.
    """

    name: str
    kind: str
    real: np.ndarray
    synthetic: np.ndarray
    real_missing: float
    synthetic_missing: float
    edges: np.ndarray | None = None
    levels: list | None = None
    pooled: bool = False


def make_panel(name, real, synthetic):
    """Summarise one column of two narwhals frames."""
    kind = column_kind(real)
    if kind == CATEGORY or column_kind(synthetic) == CATEGORY:
        return _level_panel(name, levels(real), levels(synthetic))
    a, b = numbers(real), numbers(synthetic)
    present = a[np.isfinite(a)]
    if kind == NUMBER and len(np.unique(present)) <= MAX_LEVELS and len(np.unique(b[np.isfinite(b)])) <= MAX_LEVELS:
        return _level_panel(name, _number_levels(a), _number_levels(b), in_order=True)
    return _bin_panel(name, kind, a, b)


def _number_levels(values):
    return np.array([None if np.isnan(v) else f"{v:g}" for v in values] + [None], dtype=object)[:-1]


def _level_panel(name, real, synthetic, in_order=False):
    """Categories; numbers of few values come `in_order`, the rest by falling frequency."""
    present = [v for v in real if v is not None]
    found, counts = np.unique(np.array(present, dtype=str), return_counts=True)
    if in_order:
        shown = sorted({*found.tolist(), *(v for v in synthetic if v is not None)}, key=float)
    else:
        shown = found[np.argsort(-counts, kind="stable")].tolist()
    many = len(shown) > MAX_LEVELS + (not in_order) or bool({v for v in synthetic if v is not None} - set(shown))
    shown = shown if in_order else shown[: MAX_LEVELS if many else None]
    labels = shown + [OTHER] * (many and not in_order)
    shares = [_level_shares(v, shown, len(labels)) for v in (real, synthetic)]
    missing = [float(np.mean([v is None for v in values])) if len(values) else 0.0 for values in (real, synthetic)]
    return Panel(name, CATEGORY, *shares, *missing, levels=labels)


def _level_shares(values, shown, n_labels):
    place = {level: i for i, level in enumerate(shown)}
    codes = [place.get(v, n_labels - 1) for v in values if v is not None]
    return np.bincount(np.array(codes, dtype=int), minlength=n_labels) / max(len(values), 1)


def _bin_panel(name, kind, real, synthetic):
    present = real[np.isfinite(real)]
    if len(present) == 0:
        present = synthetic[np.isfinite(synthetic)]
    if len(present) == 0:
        present = np.zeros(1)
    edges, pooled = _edges(present)
    shares = []
    for values in (real, synthetic):
        inside = np.clip(values[~np.isnan(values)], edges[0], edges[-1])
        shares.append(np.histogram(inside, bins=edges)[0] / max(len(values), 1))
    missing = [float(np.isnan(values).mean()) if len(values) else 0.0 for values in (real, synthetic)]
    return Panel(name, kind, *shares, *missing, edges=edges, pooled=pooled)


def _edges(values):
    """At most 30 equal bins over the real values; a long tail is pooled into the outermost ones."""
    low, high = values.min(), values.max()
    inner_low, inner_high = np.quantile(values, [0.005, 0.995])
    pooled = inner_high > inner_low and high - low > 3 * (inner_high - inner_low)
    if pooled:
        low, high = inner_low, inner_high
    if high == low:
        half = max(abs(low) * 1e-3, 0.5)
        return np.array([low - half, low + half]), False
    bins = int(np.clip(np.ceil(2 * len(values) ** (1 / 3)), 5, MAX_BINS))
    whole = np.all(values == np.round(values))
    if whole and high - low < MAX_BINS:
        return np.arange(np.floor(low) - 0.5, np.ceil(high) + 1), bool(pooled)
    if whole:  # bins of a whole number of integers, so that none holds one more than its neighbour
        step = np.ceil((high - low + 1) / bins)
        return np.floor(low) - 0.5 + step * np.arange(np.ceil((high - low + 1) / step) + 1), bool(pooled)
    return np.linspace(low, high, bins + 1), bool(pooled)
