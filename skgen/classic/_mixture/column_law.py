"""What the one-dimensional laws of a mixture's components share: states, logarithms, draws.

    p_k(cell)  =  (C_k(cell) + a S M(cell)) / (C_k + a S),

C the expected counts, M the column's overall law, S its number of cells, a the smoothing: as if every component had
seen `a` further rows of the overall law per cell, so that no cell is empty. A law is told the distinct cells of the
rows of a fit once; EM then works on counts per cell, whatever the number of rows.
"""

from __future__ import annotations

import numpy as np

from ...table import CodecColumn

_TINY = 1e-300


class ColumnLaw:
    """The law of one column in each of K components; abstract.

    A law has `fit_codes(z)` (cells of the rows of the fit), `table()` (their log-densities), `update(counts)` (the M
    step), `log_density(z)`, `log_mass(allowed)`, `draw(k, x, rng, allowed)` and `n_parameters()`.
    """

    _FIELDS: tuple[str, ...] = ()
    _PER_COMPONENT: tuple[str, ...] = ()

    def to_state(self) -> dict:
        return {"column": self.column.to_state(), **{name: getattr(self, name) for name in self._FIELDS}}

    @classmethod
    def from_state(cls, state):
        return cls(**{**state, "column": CodecColumn(**state["column"])})

    def pick(self, components):
        """The law of some of the components, in a given order; a component may come twice."""
        state = {name: getattr(self, name) for name in self._FIELDS}
        state.update({name: state[name][components] for name in self._PER_COMPONENT})
        return type(self)(column=self.column, **state)

    def joined(self, other):
        """The law of the components of both."""
        state = {name: getattr(self, name) for name in self._FIELDS}
        state.update({name: np.concatenate([state[name], getattr(other, name)]) for name in self._PER_COMPONENT})
        return type(self)(column=self.column, **state)

    @property
    def learns(self) -> bool:
        """Whether the rows of the fit say anything about the law."""
        return True

    def is_alike(self, other) -> bool:
        """Whether the parameters of another law of this column could be this one's."""
        same = type(self) is type(other)
        return same and all(getattr(self, n).shape == getattr(other, n).shape for n in self._PER_COMPONENT)

    def with_parameters_of(self, other):
        """This law with the parameters of one that is alike."""
        state = {name: getattr(self, name) for name in self._FIELDS}
        state.update({name: getattr(other, name) for name in self._PER_COMPONENT})
        return type(self)(column=self.column, **state)

    def finished(self):
        """The law without what only the fit needs."""
        return self

    def log_prior(self):
        """Log-density (up to a constant) of what further rows `update` adds by itself; 0 for most laws."""
        return 0.0


def log(p):
    """Logarithms, finite at 0."""
    return np.log(np.maximum(p, _TINY))


def choose(p, k, rng):
    """One index for each row, drawn from p[k]."""
    steps = np.cumsum(p, axis=1)
    u = rng.random(len(k)) * steps[k, -1]
    return np.minimum((u[:, None] >= steps[k]).sum(axis=1), p.shape[1] - 1)
