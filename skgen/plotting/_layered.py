"""A layered layout of a directed graph: arrows run downwards, and few of them cross (Sugiyama, 1981)."""

from __future__ import annotations

import numpy as np
from scipy.optimize import isotonic_regression

SWEEPS = 24


def layered_layout(n_nodes, edges, widths, gap=0.25):
    """Places for nodes, and the points through which edges run.

    Parameters
    ----------
    n_nodes : int
        Nodes, numbered from 0.
    edges : list of (int, int)
        Pairs (parent, child) without a cycle.
    widths : sequence of float
        Width of each node.
    gap : float, default=0.25
        Free space between neighbours.

    Returns
    -------
    x : ndarray of shape (n_nodes,)
        Centres of the nodes.
    layer : ndarray of int of shape (n_nodes,)
        Their layers, 0 at the top.
    routes : list of ndarray of shape (n_points, 2)
        For each edge the points (x, layer) from parent to child.
    """
    layer = _layers(n_nodes, edges)
    widths, of_layer = list(widths), list(layer)
    links, chains = [], []
    for parent, child in edges:  # an edge over several layers gets a bend in each
        chain = [parent]
        for between in range(layer[parent] + 1, layer[child]):
            chain.append(len(widths))
            widths.append(0.0)
            of_layer.append(between)
        chain.append(child)
        chains.append(chain)
        links += zip(chain[:-1], chain[1:])
    rows = _order(np.array(of_layer), links)
    x = _place(rows, links, np.array(widths), gap)
    routes = [np.array([[x[i], of_layer[i]] for i in chain]) for chain in chains]
    return x[:n_nodes], layer, routes


def _layers(n_nodes, edges):
    """Each node one layer below its lowest parent; nodes without parents just above their highest child."""
    layer = np.zeros(n_nodes, np.int64)
    for _ in range(n_nodes):
        before = layer.copy()
        for parent, child in edges:
            layer[child] = max(layer[child], layer[parent] + 1)
        if (before == layer).all():
            break
    has_parent = {child for _, child in edges}
    for node in range(n_nodes):
        below = [layer[child] for parent, child in edges if parent == node]
        if node not in has_parent and below:
            layer[node] = min(below) - 1
    return layer


def _neighbours(n, links):
    above, below = [[] for _ in range(n)], [[] for _ in range(n)]
    for u, v in links:
        above[v].append(u)
        below[u].append(v)
    return above, below


def _order(layer, links):
    """Nodes of each layer from left to right, by sweeps of medians; the order with the fewest crossings."""
    rows = [list(np.flatnonzero(layer == k)) for k in range(layer.max(initial=-1) + 1)]
    above, below = _neighbours(len(layer), links)
    best, fewest = [list(row) for row in rows], _crossings(rows, links)
    place = np.zeros(len(layer))
    for sweep in range(SWEEPS):
        beside = above if sweep % 2 == 0 else below
        for row in rows:
            place[row] = np.arange(len(row))
        for row in rows if sweep % 2 == 0 else rows[::-1]:
            row.sort(key=lambda i: np.mean(place[beside[i]]) if beside[i] else place[i])
            place[row] = np.arange(len(row))
        crossings = _crossings(rows, links)
        if crossings < fewest:
            best, fewest = [list(row) for row in rows], crossings
    return best


def _crossings(rows, links):
    place, of = {}, {}
    for k, row in enumerate(rows):
        for position, i in enumerate(row):
            place[i], of[i] = position, k
    total = 0
    for k in range(len(rows)):
        pairs = np.array([(place[u], place[v]) for u, v in links if of[u] == k]).reshape(-1, 2)
        turned = (pairs[:, None, 0] < pairs[None, :, 0]) & (pairs[:, None, 1] > pairs[None, :, 1])
        total += int(turned.sum())
    return total


def _place(rows, links, widths, gap):
    """Centres: each node near the mean of its neighbours, as far as the order and the widths allow."""
    above, below = _neighbours(len(widths), links)
    x, offsets = np.zeros(len(widths)), []
    for row in rows:
        half = widths[row] / 2
        offset = np.append(0.0, np.cumsum(half[:-1] + half[1:] + gap))
        offsets.append(offset - offset[-1:].sum() / 2)
        x[row] = offsets[-1]
    for sweep in range(SWEEPS):
        for k in range(len(rows)) if sweep % 2 == 0 else range(len(rows) - 1, -1, -1):
            row, beside = rows[k], (above if sweep % 2 == 0 else below)
            if sweep >= SWEEPS - 2:
                beside = [a + b for a, b in zip(above, below)]
            wanted = np.array([np.mean(x[beside[i]]) if beside[i] else x[i] for i in row])
            stiff = np.array([4.0 if widths[i] == 0 else 1.0 for i in row])  # bends keep long edges straight
            x[row] = isotonic_regression(wanted - offsets[k], weights=stiff).x + offsets[k]
    return x
