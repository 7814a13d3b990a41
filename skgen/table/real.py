r"""RealView: the layer that takes the typed view on to R^d, for models that know only numbers.

.. math:: \log p(x) = \log \mathbb{E}_u \exp\bigl(\log p_R(R(x, u)) + w(x, u)\bigr)

Smooth numbers go through an increasing map, w being its log-slope. Everything discrete is an interval of probability,
:math:`R = \Phi^{-1}(F(x-) + u P(x))` and :math:`w = \log P(x) - \log \phi(R)`: a standard normal model then *is*
independent columns, whatever u.
"""

from __future__ import annotations

import numpy as np

from ._continuous import MAPS, ContinuousColumn
from ._correspondence import level_orders
from ._discrete import DiscreteColumn
from ._draws import column_keys, row_draws
from ._lattice import LatticeColumn
from .column import CodecColumn


class RealView:
    """Points of R^d for the rows of a typed view, one coordinate per column.

    Parameters
    ----------
    marginals : {"gaussianize", "standardize"}, default="gaussianize"
        How smooth numbers enter the real view: by a spline to their normal scores, or by mean and standard deviation. A
        column with heavy values or missing cells always takes the spline.

    Attributes
    ----------
    needs_draw_ : ndarray of bool of shape (n_features,)
        Columns with seen cells, whose place in the interval is drawn.
    exact_ : bool
        Whether no column needs a draw.

    Examples
    --------
    >>> import numpy as np
    >>> from skgen.table import CodecColumn
    >>> from skgen.table.real import RealView
    >>> Z = np.array([[0.0], [1.0], [1.0], [2.0]])
    >>> real = RealView().fit(Z, [CodecColumn("size", "category", n_codes=3, rho=1 / 6)])
    >>> R, log_weight = real.encode(Z, np.full(Z.shape, 0.5))
    >>> [round(float(r), 2) for r in R[:, 0]]
    [-1.26, -0.21, -0.21, 0.61]
    >>> (real.decode(R) == Z).all()
    np.True_
    >>> log_mass = log_weight - 0.5 * R[:, 0] ** 2 - 0.5 * np.log(2 * np.pi)
    >>> [round(float(p), 4) for p in np.exp(log_mass)]  # 5/6 of the shares; 1/6 is reserved
    [0.2083, 0.4167, 0.4167, 0.2083]
    """

    def __init__(self, marginals="gaussianize"):
        if marginals not in MAPS:
            raise ValueError(f"marginals must be one of {tuple(MAPS)}, got {marginals!r}.")
        self.marginals = marginals

    def fit(self, Z, columns, sample_weight=None):
        """Learn the maps.

        Parameters
        ----------
        Z : ndarray of shape (n_samples, n_features)
            The typed view.
        columns : list of CodecColumn
            Its columns.
        sample_weight : ndarray of shape (n_samples,), default=None
            Weights of the rows, all positive.

        Returns
        -------
        RealView
            The view itself.
        """
        orders = level_orders(Z, columns, sample_weight)
        maps = []
        for j, column in enumerate(columns):
            z = np.ascontiguousarray(Z[:, j])
            if _map_class(column) is ContinuousColumn:
                maps.append(ContinuousColumn.fit(z, column, self.marginals, sample_weight))
            elif _map_class(column) is LatticeColumn:
                maps.append(LatticeColumn.fit(z, column, sample_weight))
            else:
                maps.append(DiscreteColumn.fit(z, column, orders.get(j), sample_weight))
        return self._set_maps(maps)

    def _set_maps(self, maps):
        self._maps = maps
        self.needs_draw_ = np.array([m.needs_draw for m in maps], bool)
        self._keys = column_keys([m.column.name for m in maps])
        return self

    @property
    def exact_(self) -> bool:
        return not self.needs_draw_.any()

    def encode(self, Z, u, known=None):
        """Points and log-weights of rows.

        Parameters
        ----------
        Z : ndarray of shape (n_samples, n_features)
            Rows of the typed view.
        u : ndarray of shape (n_samples, n_features)
            Places in the intervals, uniform in (0, 1); 0 and 1 give the ends of the intervals.
        known : ndarray of bool of shape (n_features,), default=None
            The columns that count, all where None; the others' coordinates are 0 and carry no weight.

        Returns
        -------
        R : ndarray of shape (n_samples, n_features)
            Points of R^d.
        log_weight : ndarray of shape (n_samples,)
            What to add to a log-density at `R`, nats.
        """
        R, log_weight = np.zeros(Z.shape), np.zeros(len(Z))
        for j, column in enumerate(self._maps):
            if known is None or known[j]:
                R[:, j], w = column.encode(np.ascontiguousarray(Z[:, j]), u[:, j])
                log_weight += w
        return R, log_weight

    def decode(self, R):
        """Rows of the typed view at points of R^d; a reserved cell comes out as one that was not seen.

        Parameters
        ----------
        R : ndarray of shape (n_samples, n_features)
            Points.

        Returns
        -------
        ndarray of shape (n_samples, n_features)
            Rows of the typed view.
        """
        Z = np.empty(R.shape)
        for j, column in enumerate(self._maps):
            Z[:, j] = column.decode(np.ascontiguousarray(R[:, j]))
        return Z

    def cells(self, Z):
        """Cell codes of rows, the key of their scoring draws.

        Parameters
        ----------
        Z : ndarray of shape (n_samples, n_features)
            Rows of the typed view.

        Returns
        -------
        ndarray of int64 of shape (n_samples, n_features)
            Codes; of a column of a float array, the interval between the fitted quantiles.
        """
        codes = np.empty(Z.shape, np.int64)
        for j, column in enumerate(self._maps):
            codes[:, j] = column.cells(Z[:, j])
        return codes

    def draws(self, Z, seed, n_draws, known=None):
        """Scoring draws of rows: a function of the seed and of the named cells of a row alone.

        Parameters
        ----------
        Z : ndarray of shape (n_samples, n_features)
            Rows of the typed view.
        seed : int
            Seed of the draws.
        n_draws : int
            Number of draws.
        known : ndarray of bool of shape (n_features,), default=None
            The columns that count, all where None.

        Yields
        ------
        R : ndarray of shape (n_samples, n_features)
            Points of R^d; 0 in columns that do not count.
        log_weight : ndarray of shape (n_samples,)
            What to add to a log-density at `R`, nats.
        """
        known = np.ones(Z.shape[1], bool) if known is None else known
        for u in self._places(Z, seed, n_draws, known):
            yield self.encode(Z, u, known)

    def stacked_draws(self, Z, seed, n_draws):
        """The draws of all columns in one array: points (draws, n_samples, n_features), log-weights (draws, n_samples).

        Parameters
        ----------
        Z : ndarray of shape (n_samples, n_features)
            Rows of the typed view.
        seed : int
            Seed of the draws.
        n_draws : int
            Number of draws.
        """
        u = np.array(list(self._places(Z, seed, n_draws, np.ones(Z.shape[1], bool))))  # (draws, n, d)
        R, log_weight = self.encode(np.tile(Z, (len(u), 1)), u.reshape(-1, Z.shape[1]))
        return R.reshape(u.shape), log_weight.reshape(u.shape[:2])

    def _places(self, Z, seed, n_draws, known):
        """Places in the intervals of the known columns, one draw after the other; one draw where none is needed."""
        if not self.needs_draw_[known].any():
            yield np.full(Z.shape, 0.5)
            return
        for u in row_draws(self.cells(Z)[:, known], seed, n_draws, self._keys[known]):
            full = np.full(Z.shape, 0.5)
            full[:, known] = u
            yield full

    def to_state(self) -> dict:
        return {
            "marginals": self.marginals,
            "columns": [m.column.to_state() for m in self._maps],
            "maps": [m.to_state() for m in self._maps],
        }

    @classmethod
    def from_state(cls, state):
        columns = [CodecColumn(**column) for column in state["columns"]]
        maps = [_map_class(column).from_state(m, column) for column, m in zip(columns, state["maps"])]
        return cls(state["marginals"])._set_maps(maps)


def _map_class(column):
    """Smooth numbers, and all without a resolution, have a map; categories and numbers of few values have cells."""
    if column.kind == "category" or len(column.values):
        return DiscreteColumn
    return ContinuousColumn if column.smooth or column.resolution == 0 else LatticeColumn
