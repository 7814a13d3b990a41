"""CodeLayout: where the codes, the features and the outcomes of each column lie in the net's flat vectors."""

from __future__ import annotations

import numpy as np


class CodeLayout:
    """Places of columns in flat vectors, alike columns side by side so that they are computed at once.

    Parameters
    ----------
    columns : list of CodeColumn
        The columns.
    order : ndarray of int of shape (d,)
        The order in which they come.

    Attributes
    ----------
    inputs, outputs : list of (ndarray of int, int)
        Groups of columns with as many features, and of columns with room for as many outcomes.
    code_start, feature_start, outcome_start : ndarray of int of shape (d,)
        First row of the column's codes within its input group; its first feature; its first outcome.
    """

    def __init__(self, columns, order):
        self.columns, self.order = columns, np.asarray(order)
        self.position = np.argsort(self.order)
        self.n_features = np.array([c.n_features for c in columns])
        self.n_places = np.array([_room(c.n_outcomes) for c in columns])
        self.inputs, self.outputs = _alike(self.n_features), _alike(self.n_places)
        self.code_start = np.zeros(len(columns), np.int64)
        for members, _ in self.inputs:
            sizes = [columns[j].n_codes for j in members]
            self.code_start[members] = np.cumsum(sizes) - sizes
        self.feature_start = _starts(self.inputs, len(columns))
        self.outcome_start = _starts(self.outputs, len(columns))

    def feature_positions(self):
        """The column's place in the order, for each feature."""
        return self._spread(self.position, self.inputs)

    def feature_columns(self):
        """The column of each feature."""
        return self._spread(np.arange(len(self.columns)), self.inputs)

    def outcome_positions(self):
        """The column's place in the order, for each outcome."""
        return self._spread(self.position, self.outputs)

    def outcome_groups(self, groups):
        """Rows of groups, numbered through all columns, of each outcome; `groups` has one array for each column."""
        found, n = np.zeros(self.n_places.sum(), np.int64), 0
        for column, start, room, group in zip(self.columns, self.outcome_start, self.n_places, groups):
            found[start : start + room] = n
            found[start : start + column.n_outcomes] = n + group[: column.n_outcomes]
            n += group.max(initial=0) + 1
        return found

    def log_laws(self):
        """Log-probabilities of all outcomes; 0 in places without one."""
        found = np.zeros(self.n_places.sum())
        for column, start in zip(self.columns, self.outcome_start):
            found[start : start + column.n_outcomes] = column.log_law()
        return found

    def gaps(self, lowest):
        """0 for all outcomes; the lowest in places without one."""
        found = np.full(self.n_places.sum(), float(lowest))
        for column, start in zip(self.columns, self.outcome_start):
            found[start : start + column.n_outcomes] = 0.0
        return found

    def _spread(self, values, groups):
        return np.concatenate([np.repeat(values[members], size) for members, size in groups])


def _alike(sizes):
    """Columns of each size, in rising sizes."""
    return [(np.flatnonzero(sizes == size), int(size)) for size in np.unique(sizes)]


def _starts(groups, n_columns):
    starts, n = np.zeros(n_columns, np.int64), 0
    for members, size in groups:
        starts[members] = n + size * np.arange(len(members))
        n += size * len(members)
    return starts


def _room(n_outcomes):
    """Places for the outcomes: rounded up to an eighth of a power of two, so that more columns are alike."""
    step = max(2 ** (int(n_outcomes).bit_length() - 4), 1)
    return -(-n_outcomes // step) * step
