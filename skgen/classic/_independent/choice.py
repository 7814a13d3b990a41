"""The choice of a column's law: the one under which held-out rows are likeliest.

The folds are a function of the weighted values. Laid side by side in order, each with its weight as its length, the
values fill a line; a fixed shuffle deals the line's units to the folds, and a value belongs to a fold for the part of
its length that lies in the fold's units. So a weight of 2 is two rows, dealt each on its own.
"""

from __future__ import annotations

import numpy as np

from ..._random import generator_from
from .cells_law import CellsLaw
from .families import FAMILIES
from .family_law import FamilyLaw
from .spline_law import SplineLaw

N_FOLDS = 5

#: Rows from which one fold of the five is held out, not each in turn; and the most units that are dealt.
MANY_ROWS, MOST_UNITS = 50_000, 1_000_000

#: What rounding leaves of a weight, as a share of the greatest.
NOTHING = 1e-9

#: Names of a column's laws that are no parametric families of numbers.
CELL_NAMES = ("bernoulli", "categorical", "histogram")
NAMES = (*FAMILIES, "spline", *CELL_NAMES)


def candidates(column, z, is_date=False):
    """What may be fitted to a column: name -> list of functions (z, weight) of distinct cells and their weight.

    Parameters
    ----------
    column : CodecColumn
        The column.
    z : ndarray of shape (n,)
        Its distinct cells.
    is_date : bool, default=False
        Whether 0 is a date like any other, so that no law begins there.
    """
    cells = _cells_name(column, z)
    found = {}
    if column.kind == "number" and not np.isnan(z).all():
        for family in FAMILIES:
            if family == "normal" or not is_date:
                found[family] = [_with_atoms(family, column, atoms) for atoms in _atom_sets(column)]
        if cells == "histogram":
            found["spline"] = [lambda z, weight: SplineLaw.fit(z, weight, column)]
    found[cells] = [lambda z, weight: CellsLaw.fit(z, weight, column)]
    return found


def names_for(wanted, column, found):
    """The names among which to choose.

    "auto" takes all; on the line, whose 0 means nothing, the smooth laws without an origin; and of two cells, which
    have one law whatever it is called, the table. A spline or histogram of few values is their table, and the reverse.

    Parameters
    ----------
    wanted : str
        "auto" or a name.
    column : CodecColumn
        The column.
    found : dict
        Its candidates.
    """
    cells = [name for name in found if name in CELL_NAMES]
    if wanted not in ("auto", *FAMILIES):
        return [wanted] if wanted in found else cells
    if wanted != "auto":
        return [wanted]
    if column.resolution == 0 and "spline" in found:
        return ["normal", "spline"]
    return cells if column.n_values <= 2 and "histogram" not in found else list(found)


def _cells_name(column, z):
    if column.kind == "number" and not len(column.values):
        return "histogram"
    n_cells = column.n_codes if column.kind == "category" else len(column.values)
    return "bernoulli" if n_cells == 2 else "categorical"


def _atom_sets(column):
    """No atoms, the value at an end of the range if it is heavy, or all heavy values."""
    heavy = column.heavy
    if not len(heavy):
        return [heavy]
    ends = heavy[(heavy == column.lower) | (heavy == column.upper)]
    return [heavy[:0], *([ends] if 0 < len(ends) < len(heavy) else []), heavy]


def _with_atoms(family, column, atoms):
    return lambda z, weight: FamilyLaw.fit(z, weight, column, family, atoms)


def fold_weights(weight):
    """The weight of each value in each fold.

    Parameters
    ----------
    weight : ndarray of shape (n,)
        Weights of the distinct values, in their order.

    Returns
    -------
    ndarray of shape (N_FOLDS, n)
        They add up to `weight`.
    """
    upto = np.append(0.0, np.cumsum(weight))
    unit = max(min(1.0, upto[-1] / len(weight)), upto[-1] / MOST_UNITS)
    n_units = int(np.ceil(upto[-1] / unit))
    fold = generator_from(0).permutation(n_units) % N_FOLDS
    edges = np.arange(n_units + 1.0) * unit
    shares = np.empty((N_FOLDS, len(weight)))
    for k in range(N_FOLDS):
        shares[k] = np.diff(np.interp(upto, edges, np.append(0.0, np.cumsum(fold == k)) * unit))
    return shares


def choose(z, weight, column, options):
    """The law under which held-out rows are likeliest, fitted to all rows; None where none of them applies.

    Parameters
    ----------
    z : ndarray of shape (n,)
        Distinct cells of the column, sorted.
    weight : ndarray of shape (n,)
        Their weight.
    column : CodecColumn
        The column.
    options : list of functions
        Each fits one law to cells and weights, or returns None.
    """
    laws = [(fit, law) for fit in options if (law := fit(z, weight)) is not None]
    if len(laws) < 2:
        return laws[0][1] if laws else None
    folds = fold_weights(weight)
    folds = folds[:1] if weight.sum() > MANY_ROWS else folds
    scores = [sum(_held_out(fit, z, weight - fold, fold) for fold in folds) for fit, _ in laws]
    return laws[int(np.argmax(scores))][1]


def _held_out(fit, z, weight, held_out):
    """Log-likelihood of held-out weight under the law fitted to the other weight; -inf where there is none."""
    kept, tested = weight > NOTHING * weight.max(), held_out > 0
    if not tested.any():
        return 0.0
    law = fit(z[kept], weight[kept]) if kept.any() else None
    return -np.inf if law is None else float(held_out[tested] @ law.log_density(z[tested]))
