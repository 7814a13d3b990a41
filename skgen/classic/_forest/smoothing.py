"""How far leaves are smoothed: the weights of the marginal laws that make held-out rows likeliest."""

from __future__ import annotations

import numpy as np

from .leaf_laws import combined

#: Weights of a marginal law that are tried, in rows; the last leaves nothing of the leaf's own counts.
SMOOTHINGS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0, np.inf)
#: Weights of independent columns in the weights of the leaves.
SHRINKAGES = (1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0, 3000.0, 10_000.0, np.inf)
#: Where the search starts.
FIRST = 3.0
#: Held-out rows times trees times columns that are looked at.
_MOST_TERMS = 20_000_000
#: Least held-out rows, and the most.
LEAST_ROWS, MOST_ROWS = 10, 5_000


def hold_out(weight, fraction, rng):
    """The weight of each distinct row that is held out: whole rows, about a share of all."""
    fraction = min(fraction, MOST_ROWS / weight.sum())
    return np.minimum(np.floor(fraction * weight + rng.random(len(weight))), weight)


class HeldOut:
    """Held-out rows, and what their likelihood is made of.

    Parameters
    ----------
    laws : LeafLaws
        Laws of the other rows.
    places : ndarray of shape (n, d)
        The held-out rows.
    weight : ndarray of shape (n,)
        Their weights.
    """

    def __init__(self, laws, places, weight):
        n = min(len(places), max(_MOST_TERMS // (laws.partition.n_trees * places.shape[1]), LEAST_ROWS))
        every = np.linspace(0, len(places) - 1, n).astype(int)
        places, self.weight, self.laws = places[every], weight[every], laws
        self.leaf = laws.partition.leaves_of(places)  # (n, T)
        n_trees, self.evidence = laws.partition.n_trees, []
        for j in range(places.shape[1]):
            law, found = laws.evidence(j, self.leaf.ravel(), np.repeat(places[:, j], n_trees))
            self.evidence.append((self._per_tree(law), [(self._per_tree(c), self._per_tree(m)) for c, m in found]))

    def _per_tree(self, values):
        return values.reshape(self.leaf.shape).astype(np.float32)

    def log_law(self, j, alpha):
        """The log-law of column j for each row and tree."""
        return np.log(combined(*self.evidence[j], np.float32(alpha)))

    def log_weights(self, kappa):
        """The log-weight of each row's leaf in each tree."""
        return np.log(self.laws.weights(kappa)[self.leaf])

    def score(self, terms):
        """The weighted log-likelihood of the rows, from the log-term of each tree."""
        top = terms.max(axis=1)
        return float(self.weight @ (top + np.log(np.exp(terms - top[:, None]).sum(axis=1))))

    def choose(self, most_sweeps=4):
        """The smoothing of each column and the shrinkage of the weights, one after the other until none changes."""
        d = len(self.evidence)
        values = [FIRST] * d + [SHRINKAGES[0]]
        terms = [self.log_law(j, FIRST) for j in range(d)] + [self.log_weights(values[d])]
        total = sum(terms)
        for _ in range(most_sweeps):
            before = list(values)
            for k in range(d + 1):
                rest = total - terms[k]
                tried, of = (SMOOTHINGS, self._law_of(k)) if k < d else (SHRINKAGES, self.log_weights)
                options = [of(value) for value in tried]
                best = int(np.argmax([self.score(rest + option) for option in options]))
                values[k], terms[k] = tried[best], options[best]
                total = rest + terms[k]
            if values == before:
                break
        return np.array(values[:d]), float(values[d])

    def _law_of(self, j):
        return lambda alpha: self.log_law(j, alpha)
