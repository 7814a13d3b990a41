"""The graph of a network as an object of networkx."""

from __future__ import annotations

try:
    import networkx
except ImportError as error:
    raise ImportError("BayesianNetwork.to_networkx needs networkx: pip install 'skgen[graph]'.") from error


def as_graph(names, edges):
    """A directed graph of named columns."""
    graph = networkx.DiGraph()
    graph.add_nodes_from(names)
    graph.add_edges_from(edges)
    return graph
