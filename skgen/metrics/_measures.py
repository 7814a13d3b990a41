"""How the figures of a quality report are measured: one function for each group of figures that one pass gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from .._random import generator_from
from ..table import Schema
from ._figures import FIGURES, FPR, Value, auc_value, share_value
from ._independent import take_rows
from ._learner import default_metric
from ._neighbours import mutual_nearest
from ._rows import paired_rows
from .copies import copied_share
from .membership import membership_attack
from .modes import mode_coverage
from .nearest import share_from_distances
from .precision_recall import precision_recall
from .shape import column_shape_errors
from .trend import pair_trend_errors
from .two_sample import two_sample_auc
from .utility import global_utility, tstr_score

#: Fewest rows of train beside the members that can stand for a table that no model has made.
FEWEST_FRESH = 30


class RealTables:
    """The real rows that every table is held against, and what was measured on the way.

    Parameters
    ----------
    train, test : DataFrame or array
        Real rows of the fit, and others.
    schema : Schema
        Kinds of the columns.
    target : str, int or None
        Column that a learner predicts.
    max_rows : int or None
        Most rows of figures whose cost grows faster than the table.
    n_rows : int
        Most rows of a real table that stands in the place of a synthetic one.
    seed : int
        Seed of every draw.
    """

    def __init__(self, train, test, schema: Schema, target, max_rows, n_rows, seed):
        self.train, self.test, self.schema, self.target = train, test, schema, target
        self.max_rows, self.n_rows, self.seed = max_rows, n_rows, seed
        self.column_errors, self.pair_errors, self._distances = {}, {}, {}
        order = generator_from(seed).permutation(len(train))
        n = min([len(train), len(test)] + ([] if max_rows is None else [max_rows]))
        self.members = np.sort(order[:n])
        self.others = np.sort(generator_from(seed).permutation(len(test))[:n])
        self._order = order[::-1]

    def stand_in(self, kind):
        """Real rows in the place of a synthetic table: "test" rows, "train" rows, or those that are no members."""
        if kind == "test":
            return self._cut(self.test, np.arange(len(self.test)))
        n_fresh = len(self.train) - len(self.members)
        if kind == "fresh":
            return self._cut(self.train, self._order[:n_fresh]) if n_fresh >= FEWEST_FRESH else None
        return self._cut(self.train, self._order)

    def _cut(self, X, index):
        index = generator_from(self.seed).permutation(index)[: self.n_rows] if len(index) > self.n_rows else index
        return take_rows(X, np.sort(index))

    def distances(self, name, X):
        """Distances of a table to the members and to the others, and back again; kept for the next figure."""
        if name not in self._distances:
            rows = paired_rows(self.train, self.test, X, schema=self.schema)
            train, test, Z = rows.tables
            if self.max_rows is not None and len(Z) > self.max_rows:
                Z = Z[np.sort(generator_from(self.seed).permutation(len(Z))[: self.max_rows])]
            self._distances[name] = [mutual_nearest(Z, real, rows) for real in (train[self.members], test[self.others])]
        return self._distances[name]


def _shape(real, name, X):
    errors = column_shape_errors(real.train, X, schema=real.schema)
    real.column_errors[name] = errors
    return {"shape": Value(float(errors.mean()))}


def _trend(real, name, X):
    errors = pair_trend_errors(real.train, X, schema=real.schema)
    real.pair_errors[name] = errors
    pairs = errors.to_numpy()[np.triu_indices(len(errors), 1)]
    return {"trend": Value(float(pairs.mean()) if len(pairs) else np.nan)}


def _modes(real, name, X):
    return {"mode_coverage": Value(mode_coverage(real.train, X, schema=real.schema))}


def _auc(real, X, classifier):
    auc = two_sample_auc(
        real.test, X, classifier=classifier, max_rows=real.max_rows, schema=real.schema, random_state=real.seed
    )
    n = min([len(real.test), len(X)] + ([] if real.max_rows is None else [real.max_rows]))
    return auc_value(auc, n)


def _two_sample(real, name, X):
    return {"two_sample": _auc(real, X, "boosted")}


def _logistic(real, name, X):
    return {"logistic": _auc(real, X, "logistic")}


def _tstr(real, name, X):
    rows = paired_rows(real.test, schema=real.schema)
    metric = default_metric(rows, rows.position(real.target))
    score = tstr_score(real.test, X, real.target, metric=metric, schema=real.schema, random_state=real.seed)
    return {"tstr_auc" if metric == "roc_auc" else "tstr_rmse": Value(score)}


def _global_utility(real, name, X):
    return {
        "global_utility": Value(global_utility(real.train, real.test, X, schema=real.schema, random_state=real.seed))
    }


def _precision_recall(real, name, X):
    precision, recall = precision_recall(real.test, X, schema=real.schema, random_state=real.seed)
    return {"precision": Value(precision), "recall": Value(recall)}


def _copies(real, name, X):
    return {"copies": share_value(copied_share(real.train, X, schema=real.schema), len(X))}


def _nearest(real, name, X):
    to_members, to_others = (d[:2] for d in real.distances(name, X))
    share, std = share_from_distances(to_members, to_others)
    return {"nearest": Value(share, max(share - 1.96 * std, 0.0), min(share + 1.96 * std, 1.0))}


def _membership(real, name, X):
    attack = membership_attack(*(-back for _, _, back in real.distances(name, X)), fpr=FPR)
    return {
        "membership_auc": Value(attack.auc, attack.auc_low, attack.auc_high),
        "membership_tpr": Value(attack.tpr, attack.tpr_low, attack.tpr_high),
    }


class Group(NamedTuple):
    """Figures that are measured together.

    Parameters
    ----------
    measure : callable
        From the real tables, a table's name and the table to its figures.
    stand_in : {"test", "train", "fresh"}
        Which real rows take the place of a synthetic table.
    is_default : bool
        Whether the group is measured unless others are asked for.
    """

    measure: Callable
    stand_in: str
    is_default: bool


#: Name of a metric of `quality_report` -> what measures it.
GROUPS = {
    "shape": Group(_shape, "test", True),
    "trend": Group(_trend, "test", True),
    "mode_coverage": Group(_modes, "test", True),
    "two_sample": Group(_two_sample, "train", True),
    "logistic": Group(_logistic, "train", False),
    "tstr": Group(_tstr, "train", True),
    "global_utility": Group(_global_utility, "train", False),
    "precision_recall": Group(_precision_recall, "train", False),
    "copies": Group(_copies, "test", True),
    "nearest": Group(_nearest, "fresh", True),
    "membership": Group(_membership, "fresh", True),
}


def by_symmetry(name):
    """Figures of real rows where none are left to be measured: a table that no model made favours neither side."""
    keys = ("membership_auc", "membership_tpr") if name == "membership" else (name,)
    return {key: Value(FIGURES[key].best) for key in keys}
