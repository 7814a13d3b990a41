"""Composite changes: one after the other (`Pipeline`), and side by side (`ColumnTransformer`)."""

from __future__ import annotations

from functools import reduce

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline

from ..exceptions import NotInvertibleError
from ._change import MIXED, Change, known_change, row_sums
from ._foreign import change_of
from ._function import IdentityChange


class ChainChange(Change):
    """Two changes, the second of what the first gives."""

    def __init__(self, first, second):
        old = np.append(first.sources, MIXED)  # the last entry serves columns that are mixed by the second
        scales, kept = np.append(first.scales, np.nan), np.append(first.kept, False)
        at = second.sources
        super().__init__(old[at], scales[at] * second.scales, kept[at] & second.kept, first.bounded or second.bounded)
        self.first, self.second = first, second

    def forward(self, X):
        return self.second.forward(self.first.forward(X))

    def inverse(self, Z):
        return self.first.inverse(self.second.inverse(Z))

    def log_derivatives(self, X):
        terms = self.first.log_derivatives(X)
        total = self.second.log_derivatives(self.first.forward(X))
        single = self.second.sources != MIXED
        total[:, single] += terms[:, self.second.sources[single]]
        rest = np.setdiff1d(np.arange(terms.shape[1]), self.second.sources)
        if len(rest):
            total[:, np.flatnonzero(~single)[0]] += row_sums(terms[:, rest])
        return total

    def contains(self, Z):
        inside = self.second.contains(Z)
        if inside.any():  # transformers refuse no rows
            inside[inside] = self.first.contains(self.second.inverse(Z[inside]))
        return inside


class BlockChange(Change):
    """Changes of disjoint columns, side by side."""

    def __init__(self, changes, inputs, n_columns):
        self.changes, self.inputs = changes, [np.asarray(at, dtype=np.intp) for at in inputs]
        sources = [np.append(at, MIXED)[change.sources] for change, at in zip(changes, self.inputs)]
        ends = np.cumsum([0, *map(len, sources)])
        self.outputs = [slice(start, stop) for start, stop in zip(ends, ends[1:])]
        super().__init__(
            np.concatenate(sources),
            np.concatenate([change.scales for change in changes]),
            np.concatenate([change.kept for change in changes]),
            any(change.bounded for change in changes),
        )
        self.n_columns = n_columns

    def forward(self, X):
        return np.hstack([change.forward(X[:, at]) for change, at in zip(self.changes, self.inputs)])

    def inverse(self, Z):
        X = np.empty((len(Z), self.n_columns))
        for change, at, to in zip(self.changes, self.inputs, self.outputs):
            X[:, at] = change.inverse(Z[:, to])
        return X

    def log_derivatives(self, X):
        return np.hstack([change.log_derivatives(X[:, at]) for change, at in zip(self.changes, self.inputs)])

    def contains(self, Z):
        return np.all([change.contains(Z[:, to]) for change, to in zip(self.changes, self.outputs)], axis=0)


@known_change.register(FrozenEstimator)
def _frozen(frozen, n_columns):
    return change_of(frozen.estimator, n_columns)


@known_change.register(Pipeline)
def _pipeline(pipeline, n_columns):
    steps = [step for _, step in pipeline.steps if step is not None and step != "passthrough"]
    if not steps:
        return IdentityChange(n_columns)
    return reduce(ChainChange, [change_of(step, n_columns) for step in steps])


@known_change.register(ColumnTransformer)
def _columns(transformer, d):
    taken, changes, inputs = np.zeros(d, int), [], []
    for name, step, _ in transformer.transformers_:
        at = list(transformer._transformer_to_input_indices[name])
        if not at:
            continue
        if isinstance(step, str) and step == "drop":
            names = getattr(transformer, "feature_names_in_", np.arange(d))[at].tolist()
            raise NotInvertibleError(
                f"ColumnTransformer drops the columns {names}, which then have no density. "
                "Set remainder='passthrough', or drop them before fit."
            )
        taken[at] += 1
        changes.append(IdentityChange(len(at)) if isinstance(step, str) else change_of(step, len(at)))
        inputs.append(at)
    if (taken != 1).any():
        names = getattr(transformer, "feature_names_in_", np.arange(d))[taken != 1].tolist()
        raise NotInvertibleError(f"ColumnTransformer must use each column once, not so {names}.")
    return BlockChange(changes, inputs, d)
