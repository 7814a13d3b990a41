r"""BayesianNetwork: a directed graph over the columns, and a table for each column given its parents.

    p(x)  =  prod_j  P(s_j | s_parents(j))  p(x_j | s_j),

s_j the state of a column: its level, its value, or the bin that holds it. Tables are shrunk towards those of fewer
parents; inside a bin a number follows its own law.
"""

from __future__ import annotations

import math
from numbers import Integral, Real

import numpy as np

from .._sklearn import Interval, StrOptions, available_if, check_is_fitted
from ..base import GenerativeModel
from ..exceptions import UnsupportedGivenError
from ..plotting.network_display import GraphDisplay
from ..table.cells import ColumnCells
from ._mixture.start import canonical_columns
from ._network import family
from ._network.discrete import DiscreteNetwork
from ._network.learning import Learner, state_codes


def _has_states_only(self):
    """Whether no number is binned: bins are chosen from the rows, and nothing counts that choice."""
    return all(states.cells.tiling is None for states in getattr(self, "_states_", ()))


class BayesianNetwork(GenerativeModel):
    """Bayesian network over the columns of a table, its graph learnt from the rows.

    Every column has a few states: the levels of a category, the values of a number of few values, and elsewhere bins
    of about equal mass, with "missing" a state of its own. The graph says which columns a column's states depend on;
    inside a bin numbers follow the fine law of the column. Densities, marginal densities and conditional draws are
    exact, unless the graph is so dense that sums over unknown columns become too large: then `sample` weighs draws
    along the arrows, and `score_samples` with `given` says what can be done.

    Parameters
    ----------
    structure : {"hill-climbing", "chow-liu"}, default="hill-climbing"
        How the graph is found. "chow-liu": the forest of the highest criterion [1]_. "hill-climbing": from that forest,
        and from no edges at all, the best of adding, removing and turning an edge until none helps; the better end is
        kept.
    max_parents : int, default=4
        Most parents of a column in hill climbing.
    criterion : {"leave-one-out", "bic"}, default="leave-one-out"
        What a family is worth: the log-likelihood of the rows, each under the shrunk table of the others, less the log
        of (root of the number of rows times number of columns) for each parent; or the Bayesian information criterion
        of the plain table.
    smoothing : "leave-one-out" or float, default="leave-one-out"
        How tables are smoothed. "leave-one-out": towards the table of one parent fewer, each time as strongly as makes
        the rows likeliest, each left out in turn. A number is the rows that are added to every entry.
    n_bins : "leave-one-out" or int, default="leave-one-out"
        About how many bins a number of many values has. "leave-one-out": 32, doubled or else halved for as long as the
        criterion, with the law inside the bins counted in, rises.
    categorical_features : "from_dtype", mask or names, default="from_dtype"
        Columns to read as categories.
    schema : Schema or None, default=None
        Kinds and base measure of the columns; inferred from the table where None.
    random_state : int, RandomState instance, Generator or None, default=None
        Seed of the fit and of the stream that `sample` draws from.

    Attributes
    ----------
    n_bins_ : int
        About how many bins a number of many values has.
    edges_ : list of tuple
        Names (parent, child), the children in the order of the table.
    edge_gains_ : ndarray of shape (n_edges,)
        What each edge adds to the criterion, in nats per row.

    See Also
    --------
    GaussianMixture : Smooth laws of numbers, with categories in their components.

    Notes
    -----
    The search takes one edge at a time, so it does not find a column that depends on several others only together: an
    exclusive or of two independent, evenly split columns shows in no pair, and its graph stays without edges, whatever
    `max_parents`.

    References
    ----------
    .. [1] Chow, C. & Liu, C. (1968). Approximating discrete probability distributions with dependence trees. IEEE
       Transactions on Information Theory, 14(3), 462-467.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from skgen import BayesianNetwork
    >>> rng = np.random.default_rng(0)
    >>> rain = rng.random(1000) < 0.3
    >>> wet = rng.random(1000) < np.where(rain, 0.9, 0.1)
    >>> X = pd.DataFrame({"rain": rain, "wet": wet, "slip": rng.random(1000) < np.where(wet, 0.5, 0.02)})
    >>> model = BayesianNetwork(structure="chow-liu", random_state=0).fit(X)
    >>> model.edges_
    [('rain', 'wet'), ('wet', 'slip')]
    >>> float(model.sample(1000, given={"slip": True})["rain"].mean().round(1))
    0.7
    """

    _parameter_constraints: dict = {
        **GenerativeModel._parameter_constraints,
        "structure": [StrOptions({"hill-climbing", "chow-liu"})],
        "max_parents": [Interval(Integral, 0, None, closed="left")],
        "criterion": [StrOptions({"leave-one-out", "bic"})],
        "smoothing": [StrOptions({"leave-one-out"}), Interval(Real, 0, None, closed="neither")],
        "n_bins": [StrOptions({"leave-one-out"}), Interval(Integral, 1, None, closed="left")],
    }

    def __init__(
        self,
        structure="hill-climbing",
        *,
        max_parents=4,
        criterion="leave-one-out",
        smoothing="leave-one-out",
        n_bins="leave-one-out",
        categorical_features="from_dtype",
        schema=None,
        random_state=None,
    ):
        self.structure = structure
        self.max_parents = max_parents
        self.criterion = criterion
        self.smoothing = smoothing
        self.n_bins = n_bins
        self.categorical_features = categorical_features
        self.schema = schema
        self.random_state = random_state

    # ---- hooks ---------------------------------------------------------------------------------------------------

    def _fit(self, Z, sample_weight, rng):
        weight = np.ones(len(Z)) if sample_weight is None else sample_weight
        columns = self.codec_.columns
        cells = [ColumnCells.fit(z, weight, column) for z, column in zip(Z.T, columns)]
        codes = [cell.locate(z)[0] for cell, z in zip(cells, Z.T)]
        order = canonical_columns(Z, weight)  # so that the graph does not depend on the places of columns
        learner = Learner(
            cells,
            codes,
            weight,
            order,
            structure=self.structure,
            max_parents=self.max_parents,
            criterion=self.criterion,
        )
        self.n_bins_, self._states_, self._parents_, self.edge_gains_ = learner.learn(self.n_bins)
        self.edges_ = [(columns[u].name, columns[j].name) for j, own in enumerate(self._parents_) for u in own]
        codes, sizes = state_codes(self._states_, codes), [states.n_states for states in self._states_]
        self._tables_ = [
            family.table(codes, j, own, sizes, weight, self.smoothing) for j, own in enumerate(self._parents_)
        ]

    def _sample(self, n, rng):
        return self._decode(self._network().draw(n, rng), np.zeros(self.n_features_in_, bool), None, rng)

    def _log_density(self, Z, known=None):
        located = [states.locate(z) for states, z in zip(self._states_, Z.T)]
        states, within = (np.stack(part, axis=1) for part in zip(*located))
        network = self._network()
        if known is None:
            return network.log_mass(states) + within.sum(axis=1)
        if not network.plan(known, known).is_small:
            raise UnsupportedGivenError(
                "The graph is too dense to sum over the columns that are not given. Condition on columns whose parents "
                "are given too, fit with fewer max_parents or n_bins, or with structure='chow-liu'."
            )
        reserved = [states.reserved for states in self._states_]
        return network.log_marginal(states, known, reserved) + within[:, known].sum(axis=1)

    def _propose_given(self, Z, known, rng, allowed):
        """Draws along the arrows with their weights; where sums are small, draws of the conditional law itself."""
        overlaps = [None if a is None else s.overlap(a) for s, a in zip(self._states_, allowed)]
        states = np.zeros(Z.shape, np.int64)
        for j in np.flatnonzero(known):
            states[:, j] = self._states_[j].locate(Z[:, j])[0]
        network, log_weight = self._network(), np.zeros(len(Z))
        if self._is_exact_given(known, allowed):
            states = network.draw_given(states, known, overlaps, rng)
        else:
            states, log_weight = network.propose(states, known, overlaps, rng)
        drawn = self._decode(states, known, allowed, rng)
        drawn[:, known] = Z[:, known]
        return drawn, log_weight

    def _is_exact_given(self, known, allowed):
        return self._network().plan(known, known | np.array([a is not None for a in allowed])).is_small

    @available_if(_has_states_only)
    def _n_parameters(self):
        sizes = [states.n_states for states in self._states_]
        tables = [(n - 1) * math.prod(sizes[u] for u in own) for n, own in zip(sizes, self._parents_)]
        return sum(tables) + sum(states.n_shares() for states in self._states_)

    # ---- the graph -----------------------------------------------------------------------------------------------

    def to_networkx(self):
        """The graph as an object of networkx.

        Returns
        -------
        graph : networkx.DiGraph
            Nodes are names of columns, edges run from parents to children.
        """
        check_is_fitted(self)
        from ._network.graph import as_graph

        names = [column.name for column in self.codec_.columns]
        return as_graph(names, self.edges_)

    def plot(self, *, ax=None):
        """Draw the graph.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; a new figure where None.

        Returns
        -------
        display : GraphDisplay
            The drawing, with `figure_` and `ax_`.
        """
        return GraphDisplay.from_estimator(self, ax=ax)

    # ---- helpers -------------------------------------------------------------------------------------------------

    def _network(self):
        return DiscreteNetwork(self._parents_, self._tables_)

    def _decode(self, states, known, allowed, rng):
        """Cells of the typed view from states."""
        Z = np.empty(states.shape)
        for j in np.flatnonzero(~known):
            Z[:, j] = self._states_[j].draw(states[:, j], rng, None if allowed is None else allowed[j])
        return Z
