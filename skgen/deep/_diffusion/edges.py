"""Edges of cells: where the columns of the real view are cut, from the places that their rows take up."""

from __future__ import annotations

import numpy as np

#: Cells between two nodes, along which the log-ratios of a smooth column are interpolated.
_CELLS_PER_NODE = 2


def cut_column(low, high, sample_weight, max_nodes):
    """Inner edges of the cells of one column, and how the numbers at nodes spread over the cells.

    Places of a share of at least 1 / max_nodes have a cell and a node of their own. The others share cells of about
    equal mass, of which there are `_CELLS_PER_NODE` to a node, and at most sqrt(n) / 2 nodes.

    Parameters
    ----------
    low, high : ndarray of shape (n,)
        The interval of each row; a point where they are equal. Different intervals do not overlap.
    sample_weight : ndarray of shape (n,) or None
        Weights of the rows.
    max_nodes : int
        The most nodes of equal mass.

    Returns
    -------
    edges : ndarray of shape (n_cells - 1,)
        Increasing.
    spread : ndarray of shape (n_cells, n_nodes) or None
        What each node adds to each cell; None where every place has a cell of its own.
    """
    starts, first, row_of = np.unique(low, return_index=True, return_inverse=True)
    ends = high[first]
    between = 0.5 * (ends[:-1] + starts[1:])
    if len(starts) <= max_nodes and (ends > starts).all():
        return between, None
    share = np.bincount(row_of.reshape(-1), sample_weight)
    share = share / share.sum()
    n_nodes = min(max_nodes, max(int(np.sqrt(len(low)) / 2), 2))
    heavy = share >= 1.0 / n_nodes
    light = np.where(heavy, 0.0, share)
    middle = (np.cumsum(light) - 0.5 * light) / max(light.sum(), 1e-12)
    group = np.minimum((middle * n_nodes * _CELLS_PER_NODE).astype(int), n_nodes * _CELLS_PER_NODE - 1)
    cut = heavy[:-1] | heavy[1:] | (group[:-1] != group[1:])
    members = np.append(0, np.flatnonzero(cut) + 1)  # the first place of each cell
    return between[cut], _spread(group[members], heavy[members], n_nodes)


def _spread(group, heavy, n_nodes):
    """Hat functions of the nodes at the cells; a node of its own for each heavy one."""
    at = np.clip((group + 0.5) / _CELLS_PER_NODE - 0.5, 0, n_nodes - 1)
    hats = np.clip(1.0 - np.abs(at[:, None] - np.arange(n_nodes)), 0.0, None) * ~heavy[:, None]
    spread = np.concatenate([hats, np.eye(len(heavy))[:, heavy]], axis=1)
    return spread[:, spread.any(axis=0)]
