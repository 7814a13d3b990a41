"""LeafCounts: the weights of rows in groups of leaves, and in each group and place."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array


class LeafCounts:
    """The weights of rows in groups of leaves, column by column.

    Parameters
    ----------
    group : ndarray of int of shape (L,)
        The group of each leaf.
    starts : list of ndarray of shape (G + 1,)
        For each column, where the entries of the groups start.
    places : list of ndarray
        The place of each entry, sorted within a group.
    weights : list of ndarray
        Its weight.
    """

    _FIELDS = ("group", "starts", "places", "weights")

    def __init__(self, group, starts, places, weights):
        self.group, self.starts, self.places, self.weights = group, starts, places, weights
        self._upto = [np.append(0.0, np.cumsum(w, dtype=float)) for w in weights]

    @classmethod
    def fit(cls, group, leaves, places, weight, n_places, columns):
        """Counts of weighted rows, of which the leaves (n, T) and places (n, d) are known, in some of the columns."""
        row_groups, w = group[leaves.ravel()], np.repeat(weight, leaves.shape[1])
        is_exact = (weight == np.rint(weight)).all() and w.sum() < 2**24  # in half the memory
        starts, cells, weights = [], [], []
        for j in range(places.shape[1]):
            at = slice(None) if j in columns else slice(0)
            place = np.repeat(places[:, j], leaves.shape[1])[at]
            table = coo_array((w[at], (row_groups[at], place)), shape=(group.max() + 1, n_places[j])).tocsr()
            table.sum_duplicates()
            starts.append(table.indptr)
            cells.append(table.indices.astype(np.uint16 if n_places[j] < 2**16 else np.int32))
            weights.append(table.data.astype(np.float32 if is_exact else np.float64))
        return cls(group, starts, cells, weights)

    def to_state(self) -> dict:
        return {name: getattr(self, name) for name in self._FIELDS}

    @classmethod
    def from_state(cls, state):
        return cls(**state)

    def _first_from(self, j, group, place):
        """The first entry of each group at or behind a place: binary searches side by side."""
        places, first, last = self.places[j], self.starts[j][group], self.starts[j][group + 1]
        while (is_open := first < last).any():
            middle = (first + last) // 2
            before = is_open & (places[np.minimum(middle, len(places) - 1)] < place)
            first, last = np.where(before, middle + 1, first), np.where(is_open & ~before, middle, last)
        return first

    def at(self, j, leaf, place):
        """The weight of column j's rows in the groups of leaves at places."""
        if not len(self.places[j]):
            return np.zeros(len(leaf))
        group = self.group[leaf]
        first = self._first_from(j, group, place)
        found = np.minimum(first, len(self.places[j]) - 1)
        is_there = (first < self.starts[j][group + 1]) & (self.places[j][found] == place)
        return np.where(is_there, self.weights[j][found], 0.0)

    def entries(self, j, low, high):
        """The first and the last entry of column j, and one more, in the groups of all leaves and in their boxes."""
        return self._first_from(j, self.group, low), self._first_from(j, self.group, high)

    def between(self, j, first, end):
        """The weight of column j's entries from `first` to before `end`."""
        return self._upto[j][end] - self._upto[j][first]

    def shared(self, j, share):
        """The running weight of column j's entries times the shares of their places."""
        if share is None:
            return self._upto[j]
        return np.append(0.0, np.cumsum(self.weights[j] * share[self.places[j]], dtype=float))
