"""The law of the last column given the others, of any fitted density: in closed form, or from scores at nodes."""

from __future__ import annotations

import numpy as np

from .._delegated import unwrapped
from .._input import weights_in_rows
from .._sklearn import _num_samples, _safe_indexing
from ..classic.gaussian_mixture import GaussianMixture
from ..table._fit_column import fit_column
from ._marginals import empty_cells, marginal_model, score_rows
from ._predictive import MixtureLaw, NodeLaw

#: Nodes of one pass over the range of the target; each further pass has as many where the mass of the last one lies.
N_NODES, N_PASSES = 65, 2
#: How far nodes reach beyond the range that fit saw, as a share of it.
_MARGIN = 0.1
#: Mass that a further pass leaves out on either side.
_TAIL = 1e-4
#: Most values of a target on a grid that are summed one by one, and of one whose values hardly ever repeat.
_MOST_VALUES, _MOST_SMOOTH_VALUES = 4096, 256
#: A value with this share of the rows is a point of the target with a mass of its own.
_POINT_SHARE = 0.1
#: Rows that are scored at a time.
_CHUNK = 1 << 16
#: Most rows whose law is held at a time, times the scores of each.
_MOST_SCORES = 1 << 23


def target_law(density, joined, X, target, marginalize):
    """The predictive law of each row of X.

    Parameters
    ----------
    density : estimator
        Fitted to the joined table.
    joined : JoinedTable
        How the target is put beside the columns.
    X : table
        The rows.
    target : TargetRange
        What fit saw of the target.
    marginalize : bool
        Whether empty cells are integrated out, where the density can do so.
    """
    model = marginal_model(density)
    if marginalize and isinstance(model, GaussianMixture) and model.n_features_in_ - 1 in model.gaussian_columns_:
        return _mixture_law(model, joined, X)
    scores = _Scores(density, joined, X, marginalize)
    if len(target.values):
        nodes = np.tile(target.values[[0, -1]], (_num_samples(X), 1))
        log_masses = scores.at(np.tile(target.values, (len(nodes), 1)))
        return NodeLaw(nodes, np.full(nodes.shape, -np.inf), target.values, log_masses)
    nodes = np.tile(np.linspace(target.low, target.high, N_NODES), (_num_samples(X), 1))
    points = np.tile(target.heavy, (len(nodes), 1))
    log_masses = scores.at(points) + np.log(target.resolution) if len(target.heavy) else None
    for _ in range(N_PASSES):
        nodes = target.beside_heavy(nodes)
        law = NodeLaw(nodes, scores.at(nodes), target.heavy, log_masses)
        nodes = _zoom(law)
    return law


def is_dispersed(y, weight=None):
    """Whether no value of a target holds a good part of the rows."""
    weight = np.ones(len(y)) if weight is None else weight
    mass = np.bincount(np.unique(y, return_inverse=True)[1], weight)
    return bool(mass.max() < _POINT_SHARE * mass.sum())


class TargetRange:
    """What fit saw of a target.

    Parameters
    ----------
    y : ndarray of shape (n,)
        The target.
    density : estimator
        The fitted density, whose schema says on which grid the target lies.
    weight : ndarray of shape (n,) or None
        Weights of the rows, all positive.
    """

    def __init__(self, y, density, weight=None):
        schema = getattr(unwrapped(density), "schema_", None)
        column = None if schema is None else schema.columns[-1]
        self.resolution = 0.0 if column is None else column.resolution
        self.heavy, is_smooth = _heavy_values(y, column, weight) if self.resolution else (np.empty(0), True)
        margin = _MARGIN * (np.ptp(y) or abs(y[0]) or 1.0)
        self.low, self.high = float(y.min() - margin), float(y.max() + margin)
        self.values = np.empty(0)
        most = _MOST_SMOOTH_VALUES if is_smooth else _MOST_VALUES
        if self.resolution and np.ptp(y) / self.resolution < most:
            first = np.rint(y.min() / self.resolution)
            self.values = self.resolution * np.arange(first, np.rint(y.max() / self.resolution) + 1)

    @property
    def most_rows(self):
        """Rows whose laws are held at a time."""
        return max(_MOST_SCORES // (len(self.values) + len(self.heavy) + N_NODES), 1)

    def beside_heavy(self, nodes):
        """Nodes moved off the values that have a mass of their own."""
        for value in self.heavy:  # at most 100
            near = np.abs(nodes - value) <= self.resolution
            nodes = np.where(near, value + 1.5 * self.resolution, nodes)
        return np.sort(nodes, axis=1) if len(self.heavy) else nodes


def _heavy_values(y, column, weight):
    """The values of a target on a grid that have a mass of their own, and whether the others hardly ever repeat."""
    weight = np.ones(len(y)) if weight is None else weights_in_rows(weight)
    fitted, _ = fit_column(y - column.origin, column, weight, True)
    return np.union1d(fitted.heavy, fitted.values) + column.origin, fitted.smooth


class _Scores:
    """Joint log-densities of rows with targets beside them."""

    def __init__(self, density, joined, X, marginalize):
        self.density, self.joined, self.X, self.marginalize = density, joined, X, marginalize

    def at(self, targets):
        """Log-densities (n, G) at targets (n, G)."""
        n, G = targets.shape
        step, out = max(_CHUNK // G, 1), np.empty(targets.shape)
        for start in range(0, n, step):
            rows = np.arange(start, min(start + step, n))
            table = self.joined.join(_safe_indexing(self.X, np.repeat(rows, G)), targets[rows].ravel())
            out[rows] = score_rows([self.density], [table], self.marginalize).reshape(len(rows), G)
        return out


def _zoom(law):
    """Nodes between which nearly all mass of the rows' laws lies, one node wider on either side."""
    mass = np.cumsum(law.panels, axis=1)
    total = mass[:, -1:]
    last = law.panels.shape[1] - 1
    left = np.clip((mass < _TAIL * total).sum(axis=1) - 1, 0, last)
    right = np.clip((mass < (1 - _TAIL) * total).sum(axis=1) + 2, left + 1, last + 1)
    own = np.arange(len(mass))
    low, high = law.nodes[own, left], law.nodes[own, right]
    return low[:, None] + (high - low)[:, None] * np.linspace(0, 1, N_NODES)


def _mixture_law(model, joined, X):
    """The conditional mixture of a Gaussian mixture, the target among its jointly normal columns."""
    n, d = _num_samples(X), model.n_features_in_
    Z = model.codec_.encode_typed(joined.join(X, np.zeros(n)))
    components, block = model._components(), model._block_
    empty = np.column_stack([empty_cells(X), np.ones(n, bool)])
    log_weights = np.empty((n, len(model.weights_)))
    masks, group = np.unique(empty, axis=0, return_inverse=True)
    for k, mask in enumerate(masks):  # a pattern of empty cells at a time
        rows = np.flatnonzero(group.ravel() == k)
        log_weights[rows] = components.log_joint(Z[rows], ~mask)
    at = int(np.flatnonzero(block.columns == d - 1)[0])
    U = block.standardise(np.where(empty, np.nan, Z))
    means, sds = block.conditional(U, at)
    return MixtureLaw(log_weights, means, sds)
