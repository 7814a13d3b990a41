"""Foreign changes: transformers that bring their own Jacobian."""

from __future__ import annotations

import numpy as np

from ..exceptions import NotInvertibleError
from ._change import MIXED, Change, as_numbers, as_seen, known_change

#: A draw has an original if it comes back to this precision.
_ROUND_TRIP = 1e-6


class ForeignChange(Change):
    """A fitted transformer with a function of X that gives its Jacobian; which column comes of which is not known."""

    def __init__(self, transformer, n_columns, jacobian):
        name = type(transformer).__name__
        if not hasattr(transformer, "inverse_transform"):
            raise NotInvertibleError(f"{name} has a Jacobian but no inverse_transform, which samples need.")
        super().__init__(np.full(n_columns, MIXED), bounded=True)
        self.transformer = transformer
        self.jacobian = jacobian

    def forward(self, X):
        Z = as_numbers(self.transformer.transform(as_seen(self.transformer, X)))
        if Z.shape != X.shape:
            raise NotInvertibleError(
                f"{type(self.transformer).__name__} makes {Z.shape[1]} columns of {X.shape[1]}: only transformers that "
                "keep the number of columns have a density."
            )
        return Z

    def inverse(self, Z):
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            return as_numbers(self.transformer.inverse_transform(Z))

    def log_derivatives(self, X):
        terms = np.zeros(X.shape)
        with np.errstate(invalid="ignore", divide="ignore"):
            terms[:, 0] = self.jacobian(as_seen(self.transformer, X))
        terms[np.isnan(terms[:, 0]), 0] = -np.inf
        terms[self._spreads_missing(X), 0] = -np.inf
        return terms

    def _spreads_missing(self, X):
        """Mask of the rows whose missing cells make more cells missing: they have no original."""
        missing = np.isnan(X).sum(axis=1)
        spread = missing > 0
        if spread.any():
            spread[spread] = np.isnan(self.forward(X[spread])).sum(axis=1) != missing[spread]
        return spread

    def contains(self, Z):
        X = self.inverse(Z)
        inside = (np.isfinite(X) | np.isnan(Z)).all(axis=1)
        if not inside.any():  # transformers refuse no rows
            return inside
        with np.errstate(invalid="ignore"):
            off = np.abs(self.forward(X[inside]) - Z[inside]) > _ROUND_TRIP * (1 + np.abs(Z[inside]))
        inside[inside] = ~off.any(axis=1)
        return inside


def change_of(transformer, n_columns) -> Change:
    """The change of variables of a fitted transformer: by its own Jacobian, else by what is known of its class."""
    own = getattr(transformer, "log_abs_det_jacobian", None)
    return ForeignChange(transformer, n_columns, own) if callable(own) else known_change(transformer, n_columns)
