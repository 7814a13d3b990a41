"""A network of known tables, read from a file in the interchange format BIF."""

import gzip
import re

import numpy as np
import pandas as pd

VARIABLE = re.compile(r"variable\s+(\S+)\s*\{[^{]*\{([^}]*)\}")
PROBABILITY = re.compile(r"probability\s*\(([^)]*)\)\s*\{([^}]*)\}")


class KnownNetwork:
    """A network of known tables: draws rows and gives their log-probability.

    Parameters
    ----------
    levels : dict
        Column -> its levels.
    families : dict
        Column -> (parents, table with one axis for each parent, then its own).
    """

    def __init__(self, levels, families):
        self.levels, self.families = levels, families
        self.order = []
        while len(self.order) < len(levels):
            self.order += [c for c in levels if c not in self.order and set(families[c][0]) <= set(self.order)]

    @classmethod
    def read(cls, path):
        """The network in a file, packed by gzip."""
        with gzip.open(path, "rt") as file:
            text = file.read()
        levels = {m[1]: _words(m[2]) for m in VARIABLE.finditer(text)}
        families = {}
        for m in PROBABILITY.finditer(text):
            child, _, parents = (part.strip() for part in m[1].partition("|"))
            families[child] = _words(parents), _table(m[2], [levels[p] for p in _words(parents)], levels[child])
        return cls(levels, families)

    def sample(self, n, seed):
        """Rows as a frame of text."""
        rng, codes = np.random.default_rng(seed), {}
        for column in self.order:
            parents, table = self.families[column]
            p = table[tuple(codes[parent] for parent in parents)] if parents else np.tile(table, (n, 1))
            codes[column] = (rng.random(n)[:, None] > p.cumsum(axis=1)[:, :-1]).sum(axis=1)
        return pd.DataFrame({column: np.array(names)[codes[column]] for column, names in self.levels.items()})

    def log_probability(self, X):
        """Nats of each row."""
        codes = {column: pd.Index(names).get_indexer(X[column]) for column, names in self.levels.items()}
        log_p = np.zeros(len(X))
        for column, (parents, table) in self.families.items():
            log_p += np.log(table[(*(codes[parent] for parent in parents), codes[column])])
        return log_p

    def n_edges(self):
        return sum(len(parents) for parents, _ in self.families.values())


def _words(text):
    return [word.strip() for word in text.split(",") if word.strip()]


def _table(text, of_parents, of_child):
    """The table of one block of probabilities; every entry must be there, rows are rounded in the files."""
    table = np.full([*map(len, of_parents), len(of_child)], np.nan)
    for line in filter(None, map(str.strip, text.split(";"))):
        if line.startswith("table"):
            table[...] = [float(word) for word in _words(line.removeprefix("table"))]
        else:
            states, numbers = line.removeprefix("(").split(")")
            place = tuple(levels.index(word) for levels, word in zip(of_parents, _words(states)))
            table[place] = [float(word) for word in _words(numbers)]
    total = table.sum(axis=-1, keepdims=True)
    if not np.allclose(total, 1.0, atol=0.01):
        raise ValueError(f"A row of probabilities sums to {total.ravel()[np.abs(total - 1).argmax()]}, expected 1.")
    return table / total
