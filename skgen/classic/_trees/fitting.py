"""Fitting one column's law given the columns before it: a tree for the weights, then the tree that stays."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from ...table._correspondence import first_axis
from .interpolation import RESOLUTIONS, Components
from .leaf_laws import LeafLaws
from .linear_scores import linear_scores
from .raking import rake
from .tree import Tree

#: Bins of the target by which a tree is grown, and the share of the rows, one in so many, that weights are fitted on.
TARGET_BINS, HELD_OUT = 32, 5

#: Levels of a target that a tree tells apart at most.
MOST_CLASSES = 256

#: Entries of a table of leaves by cells: with many rows or levels, leaves grow instead.
MOST_ENTRIES = 2**20

#: From so many cells a number is fine: a draw inside a cell is new. Elsewhere sharp laws take nodes of COARSE leaves.
FINE_CELLS, COARSE = 128, 2

#: Rows of the marginal law that are added to each node of the sharp law, so that nothing is impossible.
SHARP_PRIOR = 0.1

#: Bins of a feature, and most levels, whose joint table with the target is raked.
RAKED_BINS, RAKED_LEVELS = 16, 64


def fit_law(codes, weight, cells, order, i, min_leaf, seed):
    """The laws of the order's i-th column.

    Parameters
    ----------
    codes : ndarray of int of shape (n, d)
        Cells of distinct rows in sorted order.
    weight : ndarray of shape (n,)
        Weights of the rows.
    cells : list of ColumnCells
        Cells of all columns.
    order : ndarray of int of shape (d,)
        The order.
    i : int
        Position in it.
    min_leaf : float
        Least weight of a leaf.
    seed : int
        Order in which features of equal gain are tried.

    Returns
    -------
    LeafLaws
        The fitted laws, not yet tilted.
    """
    column = _Column(codes, weight, cells, order[i], order[:i], min_leaf, seed)
    weights = column.fit_weights()
    tree, leaf = column.grow(slice(None), weight)
    components = column.components(tree, leaf, slice(None), weight, 0.0)
    node = tree.pruned(components.counts.sum(axis=1), column.min_leaf * (1 if column.is_fine else COARSE))
    sharp = np.zeros((node[-1] + 1, column.n_cells))
    np.add.at(sharp, node, components.counts)
    sharp += SHARP_PRIOR * components.marginal
    smooth = column.raked(components.mix(weights), leaf)
    return LeafLaws(tree, node, smooth, column.raked(sharp / sharp.sum(axis=1, keepdims=True), node[leaf]))


class _Column:
    """One column of the rows and those before it."""

    def __init__(self, codes, weight, cells, j, features, min_leaf, seed):
        self.codes, self.weight, self.cells, self.j, self.features, self.seed = codes, weight, cells, j, features, seed
        self.code = codes[:, j]
        self.groupings = groupings(cells[j])
        self.n_cells = cells[j].n_cells + 1
        self.min_leaf = max(min_leaf, weight.sum() * self.n_cells / MOST_ENTRIES)
        self.target = _target_bins(cells[j])[self.code]
        self.is_fine = cells[j].column.kind == "number" and cells[j].n_cells >= FINE_CELLS

    def grow(self, rows, weight):
        """A tree on some of the rows, with weights, and their leaves."""
        codes, target = self.codes[rows], self.target[rows]
        axes = [([int(f)], [_ranks(codes[:, f], target, weight, self.cells[f])]) for f in self.features]
        if self.is_fine:
            axes += linear_scores(codes, weight, self.cells, self.j, self.features)
        tree = Tree.grow(codes, axes, target, weight, self.min_leaf, self.seed)
        return tree, tree.apply(codes)

    def components(self, tree, leaf, rows, weight, prior):
        """The frequencies below each leaf in some of the rows."""
        prior = prior * (self.cells[self.j].mass > 0)
        return Components(tree, leaf, self.code[rows], weight, self.groupings, self.min_leaf, prior)

    def fit_weights(self):
        """Weights of the components, fitted on rows that their tree did not see."""
        held_weight = _held_out(self.weight)
        held = np.flatnonzero(held_weight)
        if not len(held):
            held, held_weight = np.arange(len(self.codes)), self.weight
        rest_weight = np.maximum(self.weight - held_weight, 0.0)
        if not rest_weight.any():
            rest_weight = self.weight
        rest = np.flatnonzero(rest_weight)
        tree, leaf = self.grow(rest, rest_weight[rest])
        components = self.components(tree, leaf, rest, rest_weight[rest], 0.5)
        return components.fit_weights(tree.apply(self.codes[held]), self.code[held], held_weight[held])

    def raked(self, law, leaf):
        """Laws of leaves (n_leaves, K + 1) that give the joint tables with the features."""
        features = [_feature_groups(self.cells[f])[self.codes[:, f]] for f in self.features if _is_raked(self.cells[f])]
        if not features or len(law) == 1:
            return law
        grouping = tilt_grouping(self.cells[self.j])
        fold = np.zeros((self.n_cells, grouping.max() + 1))
        fold[np.arange(self.n_cells), grouping] = 1
        law = law * rake(law @ fold, leaf, grouping[self.code], self.weight, features)[:, grouping]
        return law / law.sum(axis=1, keepdims=True)


def _held_out(weight):
    """Of each row's weight what falls on every so many-th unit, were the rows repeated as often as they weigh."""
    units, rest = np.divmod(np.append(0.0, np.cumsum(weight)), HELD_OUT)
    return np.diff(units + np.clip(rest - HELD_OUT // 2, 0.0, 1.0))


def groupings(cells):
    """The group of each cell at each resolution, the cells themselves first; the missing cell is a group of its own."""
    K = cells.n_cells
    found = [np.arange(K + 1)]
    for n_groups in RESOLUTIONS if cells.column.kind == "number" else ():
        if n_groups < K:
            groups = cells.coarsen(n_groups)
            found.append(np.append(groups, groups[-1] + 1))
    return found


def tilt_grouping(cells):
    """The groups of cells that are tilted and raked alike."""
    found = groupings(cells)
    return found[min(1, len(found) - 1)]


def _feature_groups(cells):
    groups = cells.coarsen(RAKED_BINS) if cells.column.kind == "number" else np.arange(cells.n_cells)
    return np.append(groups, groups.max(initial=-1) + 1)


def _is_raked(cells):
    return cells.column.kind == "number" or cells.n_cells <= RAKED_LEVELS


def _target_bins(cells):
    """The classes that a tree tells apart: bins of a number; levels, the rarest of very many together."""
    bins = cells.coarsen(TARGET_BINS) if cells.column.kind == "number" else np.arange(cells.n_cells)
    if len(bins) > MOST_CLASSES and cells.column.kind == "category":
        place = np.argsort(np.argsort(-cells.mass[:-1], kind="stable"))
        bins = np.minimum(place, MOST_CLASSES - 1)
    return np.append(bins, bins.max(initial=-1) + 1)


def _ranks(code, target, weight, cells):
    """Places of a feature's codes on the axis that is split: levels lie along their first axis against the target."""
    n_codes = cells.n_cells + 1
    if cells.column.kind == "number":
        return np.arange(n_codes, dtype=np.float32)
    n_bins = target.max() + 1
    table = np.bincount(code * n_bins + target, weight, n_codes * n_bins).reshape(n_codes, n_bins)
    axis = first_axis(csr_array(table[:, table.any(axis=0)]))
    largest = np.abs(axis).max() or 1.0
    ranks = np.empty(n_codes, np.float32)
    ranks[np.argsort(np.round(axis / largest, 9), kind="stable")] = np.arange(n_codes)
    return ranks
