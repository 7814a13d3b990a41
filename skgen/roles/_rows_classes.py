"""ClassColumn: the classes of a target in any container, and how many rows each is to have."""

from __future__ import annotations

from numbers import Integral, Real

import numpy as np
from sklearn.utils.multiclass import check_classification_targets

from .._sklearn import _safe_indexing, column_or_1d

#: Names of the classes that get new rows, up to the size of the largest.
STRATEGIES = ("auto", "minority", "not minority", "not majority", "all")


class ClassColumn:
    """The classes of a target.

    Parameters
    ----------
    y : array-like
        One class a row, or one indicator column a class; a frame of one column, a series, an array or a list.

    Attributes
    ----------
    classes : ndarray
        The classes, sorted.
    codes : ndarray of int
        The position of each row's class among them.
    counts : ndarray of int
        The rows of each class.
    """

    def __init__(self, y):
        check_classification_targets(y)
        self.y = y
        if np.ndim(y) == 2 and np.shape(y)[1] > 1:
            values = _from_indicators(np.asarray(y))
        else:
            values = column_or_1d(np.asarray(y).ravel())
        self.classes, self.codes = np.unique(values, return_inverse=True)
        self.counts = np.bincount(self.codes)
        if len(self.classes) < 2:
            raise ValueError(f"The target must have more than one class to be balanced, got {len(self.classes)} class.")

    def append(self, codes):
        """The target with further rows of these classes, in its container."""
        first = np.array([np.argmax(self.codes == k) for k in range(len(self.classes))])
        rows = np.concatenate([np.arange(len(self.codes)), first[codes]])
        y = _safe_indexing(self.y, rows)
        return y.reset_index(drop=True) if hasattr(y, "reset_index") else y

    def n_new(self, strategy) -> dict:
        """New rows of each class that gets any: class -> number."""
        if callable(strategy):
            strategy = strategy(self.y)
        if isinstance(strategy, str):
            wanted = self._of_name(strategy)
        elif isinstance(strategy, dict):
            wanted = self._of_counts(strategy)
        elif isinstance(strategy, Real) and not isinstance(strategy, bool):
            wanted = self._of_share(float(strategy))
        else:
            raise ValueError(
                f"sampling_strategy must be one of {STRATEGIES}, a dict class -> rows, a share of the largest class or "
                f"a function of y, got {strategy!r}."
            )
        return {
            self.classes[k].item() if hasattr(self.classes[k], "item") else self.classes[k]: n
            for k, n in wanted.items()
        }

    def _of_name(self, name):
        if name not in STRATEGIES:
            raise ValueError(f"sampling_strategy must be one of {STRATEGIES}, got {name!r}.")
        largest, smallest = int(self.counts.argmax()), int(self.counts.argmin())
        every = range(len(self.classes))
        chosen = {
            "auto": [k for k in every if k != largest],
            "not majority": [k for k in every if k != largest],
            "minority": [smallest],
            "not minority": [k for k in every if k != smallest],
            "all": list(every),
        }[name]
        return {k: int(self.counts[largest] - self.counts[k]) for k in chosen}

    def _of_counts(self, wanted):
        known = dict(zip(self.classes.tolist(), range(len(self.classes))))
        strangers = [label for label in wanted if label not in known]
        if strangers:
            raise ValueError(f"sampling_strategy names {strangers}, which are no classes of y: {list(known)}.")
        out = {}
        for label, n in wanted.items():
            has = int(self.counts[known[label]])
            if not isinstance(n, Integral) or n < has:
                raise ValueError(f"sampling_strategy must ask for at least the {has} rows of class {label!r}, got {n}.")
            out[known[label]] = int(n) - has
        return out

    def _of_share(self, share):
        if len(self.classes) != 2:
            raise ValueError(f"A share as sampling_strategy needs two classes, got {len(self.classes)}: pass a dict.")
        smallest = int(self.counts.argmin())
        n = int(share * self.counts.max()) - int(self.counts[smallest])
        if not 0 < share <= 1 or n < 0:
            has = self.counts[smallest] / self.counts.max()
            raise ValueError(
                f"sampling_strategy must be a share from {has:.3g}, which the classes have, to 1, got {share}."
            )
        return {smallest: n}


def _from_indicators(Y):
    """Positions of the classes of indicator columns."""
    if not (np.isin(Y, (0, 1)).all() and (Y.sum(axis=1) == 1).all()):
        raise ValueError("Multilabel and multioutput targets are not supported.")
    return Y.argmax(axis=1)
