"""CodeColumn: what the net must know of a column of codes."""

from __future__ import annotations

import numpy as np

#: Groups of neighbouring cells of a number whose weights are shared, at each resolution.
RESOLUTIONS = (8, 32)

#: Numbers that stand for a code at most.
MOST_FEATURES = 32

#: Rows that are added to each seen code in the law that training starts from.
PRIOR = 0.5


class CodeColumn:
    """A column of codes 0 to K, the last one standing for missing and unseen cells.

    Parameters
    ----------
    mass : ndarray of shape (K + 1,)
        Weight of the rows at each code.
    has_missing : bool
        Whether code K is an outcome: otherwise it is only read.
    groups : list of ndarray of int of shape (K + 1,)
        The group of each code at each resolution; empty for levels.
    """

    def __init__(self, mass, has_missing, groups):
        self.mass, self.has_missing, self.groups = mass, has_missing, groups

    @classmethod
    def of(cls, cells):
        """That of a column's cells."""
        n_cells, groups = cells.n_cells, []
        for n_groups in RESOLUTIONS if cells.column.kind == "number" else ():
            if 2 * n_groups <= n_cells:
                of = cells.coarsen(n_groups)
                groups.append(np.append(of, of[-1] + 1))
        return cls(cells.mass, bool(cells.column.missing_seen), groups)

    @property
    def n_codes(self) -> int:
        """Codes that are read."""
        return len(self.mass)

    @property
    def n_outcomes(self) -> int:
        """Codes that are outcomes."""
        return len(self.mass) - (not self.has_missing)

    @property
    def n_features(self) -> int:
        """Numbers that stand for a code in the net."""
        if self.n_outcomes <= 2:
            return 1
        return int(min(MOST_FEATURES, 2 ** np.ceil(np.log2(self.n_outcomes) / 2 + 1)))

    def log_law(self):
        """Log-probabilities (n_outcomes,) of the outcomes, smoothed."""
        mass = self.mass[: self.n_outcomes] + PRIOR
        return np.log(mass / mass.sum())

    def group_rows(self):
        """For each resolution of the net, the group (K + 1,) of each code; all codes are one where a level has none."""
        none = np.zeros(self.n_codes, np.int64)
        return [self.groups[k] if k < len(self.groups) else none for k in range(len(RESOLUTIONS))]

    def to_state(self) -> dict:
        return {"mass": self.mass, "has_missing": self.has_missing, "groups": self.groups}

    @classmethod
    def from_state(cls, state):
        return cls(**state)
