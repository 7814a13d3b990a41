r"""How strongly pairs of columns go together, on one scale for numbers, dates and categories.

Every column is cut into cells (eight quantile bins of the real numbers, the most frequent levels, missing). The
association of two columns is Cramér's V of their cells with Bergsma's correction, so that independence scores 0:

.. math:: \tilde\varphi^2 = \max(0, \chi^2 / n - (r-1)(c-1)/(n-1)), \qquad
          V = \sqrt{\tilde\varphi^2 / \min(\tilde r - 1, \tilde c - 1)}, \quad \tilde r = r - (r-1)^2/(n-1).
"""

import numpy as np

from ._columns import CATEGORY, column_kind, levels, numbers

N_BINS = 8
MAX_CELLS = 20


def cell_codes(real, synthetic):
    """Cells of a column in both tables, cut by the real values; pairs of integer arrays."""
    if CATEGORY in (column_kind(real), column_kind(synthetic)):
        return _level_codes(levels(real), levels(synthetic))
    a, b = numbers(real), numbers(synthetic)
    present = a[np.isfinite(a)]
    cuts = np.unique(np.quantile(present, np.arange(1, N_BINS) / N_BINS)) if len(present) else np.zeros(0)
    # a value at a cut belongs to the cell below it, as in the quantile itself; missing is the last cell
    return tuple(np.where(np.isnan(v), len(cuts) + 1, np.searchsorted(cuts, v, side="left")) for v in (a, b))


def _level_codes(real, synthetic):
    found, counts = np.unique(np.array([v for v in real if v is not None], dtype=str), return_counts=True)
    shown = found[np.argsort(-counts, kind="stable")][:MAX_CELLS].tolist()
    place = {level: i for i, level in enumerate(shown)}
    place[None] = len(shown) + 1
    return tuple(np.array([place.get(v, len(shown)) for v in values], dtype=int) for values in (real, synthetic))


def cramers_v(a, b):
    """Bias-corrected Cramér's V of two integer arrays; NaN where one of them is constant."""
    n = len(a)
    _, a = np.unique(a, return_inverse=True)
    _, b = np.unique(b, return_inverse=True)
    if n < 2 or a.max() == 0 or b.max() == 0:
        return np.nan
    r, c = a.max() + 1, b.max() + 1
    table = np.bincount(a * c + b, minlength=r * c).reshape(r, c)
    expected = np.outer(table.sum(1), table.sum(0)) / n
    chi2 = ((table - expected) ** 2 / expected).sum()
    phi2 = max(0.0, chi2 / n - (r - 1) * (c - 1) / (n - 1))
    width = min(r - (r - 1) ** 2 / (n - 1), c - (c - 1) ** 2 / (n - 1)) - 1
    return float(min(1.0, np.sqrt(phi2 / width))) if width > 0 else np.nan


def association_matrix(codes):
    """Cramér's V of all pairs of columns, with 1 on the diagonal."""
    d = len(codes)
    matrix = np.eye(d)
    for i in range(d):
        for j in range(i):
            matrix[i, j] = matrix[j, i] = cramers_v(codes[i], codes[j])
    return matrix
