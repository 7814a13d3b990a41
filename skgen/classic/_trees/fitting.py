"""Fitting one column's law given the columns before it: a tree for the weights, then the tree that stays."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from ...table._correspondence import first_axis
from .interpolation import RESOLUTIONS, Components
from .leaf_laws import LeafLaws
from .tree import Tree

#: Bins of the target by which a tree is grown, and every so many-th row that the weights are fitted on.
TARGET_BINS, HELD_OUT = 32, 5

#: Entries of a table of leaves by cells: with many rows or levels, leaves grow instead.
MOST_ENTRIES = 2**21


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
    """
    j, features = order[i], order[:i]
    groupings = _groupings(cells[j])
    min_leaf = max(min_leaf, weight.sum() * len(groupings[0]) / MOST_ENTRIES)
    target = _target_bins(cells[j])[codes[:, j]]
    numeric = [cells[f].column.kind == "number" for f in features]
    sizes = [cells[f].n_cells + 1 for f in features]

    def grow(rows):
        ranks = [_ranks(codes[rows, f], target[rows], weight[rows], s, k) for f, s, k in zip(features, sizes, numeric)]
        return Tree.grow(codes[rows][:, features], ranks, target[rows], weight[rows], min_leaf, seed)

    held = np.arange(len(codes)) % HELD_OUT == HELD_OUT // 2
    weights = _fit_weights(grow, codes, weight, held, j, features, groupings, min_leaf)
    tree = grow(slice(None))
    leaf, code, mass = _leaf_counts(tree.apply(codes[:, features]), codes[:, j], weight, len(groupings[0]))
    return LeafLaws(tree, leaf, code, mass, groupings, weights, min_leaf)


def _fit_weights(grow, codes, weight, held, j, features, groupings, min_leaf):
    if held.any():
        tree, rest = grow(~held), ~held
    else:
        tree, rest, held = grow(slice(None)), slice(None), slice(None)
    leaf = tree.apply(codes[rest][:, features])
    components = Components(tree, leaf, codes[rest, j], weight[rest], groupings, min_leaf, 0.5)
    return components.fit_weights(tree.apply(codes[held][:, features]), codes[held, j], weight[held])


def _leaf_counts(leaf, code, weight, n_cells):
    keys, at = np.unique(leaf * n_cells + code, return_inverse=True)
    return keys // n_cells, keys % n_cells, np.bincount(at, weight)


def _groupings(cells):
    """The group of each cell at each resolution; the missing cell, where one was seen, is a group of its own."""
    K = cells.n_cells
    last = K if cells.column.missing_seen else -1
    found = [np.append(np.arange(K), last)]
    if cells.column.kind == "number":
        for n_groups in RESOLUTIONS:
            if n_groups < K:
                groups = cells.coarsen(n_groups)
                found.append(np.append(groups, groups[-1] + 1))
    return found


def _target_bins(cells):
    bins = cells.coarsen(TARGET_BINS) if cells.column.kind == "number" else np.arange(cells.n_cells)
    return np.append(bins, bins.max(initial=-1) + 1)


def _ranks(code, target, weight, n_codes, numeric):
    """Places of a feature's codes on the axis that is split: levels lie along their first axis against the target."""
    if numeric:
        return np.arange(n_codes, dtype=np.float32)
    n_bins = target.max() + 1
    table = np.bincount(code * n_bins + target, weight, n_codes * n_bins).reshape(n_codes, n_bins)
    axis = first_axis(csr_array(table[:, table.any(axis=0)]))
    largest = np.abs(axis).max() or 1.0
    ranks = np.empty(n_codes, np.float32)
    ranks[np.argsort(np.round(axis / largest, 9), kind="stable")] = np.arange(n_codes)
    return ranks
