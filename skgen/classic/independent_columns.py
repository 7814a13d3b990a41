r"""IndependentColumns: every column by itself, under the family that describes it best.

.. math:: p(x) = \prod_j f_j(x_j)

The baseline: what a model of the whole table gains over it, it owes to dependence between columns.
"""

from __future__ import annotations

import numpy as np

from .._sklearn import StrOptions, available_if
from ..base import GenerativeModel
from ._independent.choice import NAMES, candidates, choose, names_for


def _is_parametric(self):
    return all(law.n_parameters() is not None for law in getattr(self, "_laws_", []))


class IndependentColumns(GenerativeModel):
    """Independent columns, each under the parametric family, spline or table of probabilities that suits it best.

    The law of a number is a parametric family, on its grid by the mass of the cells; a monotone spline to normal
    scores; or a histogram. Beside a family, heavy values may be atoms (an amount that is often 0), and missing cells
    are one always. A category has a table of probabilities. The choice is by the likelihood of held-out rows (five
    folds), and can be read in `families_`.

    Parameters
    ----------
    family : "auto", str or dict, default="auto"
        The law of the numbers: "normal", "lognormal", "gamma", "beta" (between stated bounds, else on the seen range),
        "poisson", "binomial" (whole numbers), "spline", "histogram", and "categorical" or "bernoulli", which are what
        the last two become where values are few. A dict gives names to some columns. "auto" chooses among all; in float
        arrays between the two that do not depend on where 0 is, "normal" and "spline".
    categorical_features : "from_dtype", mask or names, default="from_dtype"
        Columns to read as categories.
    schema : Schema or None, default=None
        Kinds and base measure of the columns; inferred from the table where None.
    random_state : int, RandomState instance, Generator or None, default=None
        Seed of the fit and of the stream that `sample` draws from.

    Attributes
    ----------
    families_ : dict
        Column name to the name of its law, "gamma + 1 atoms" for a gamma law beside one heavy value.
    parameters_ : dict
        Column name to a dict of the law's parameters: those of the family as in its textbook, "atoms" (value to
        share), "missing" (share of missing cells), "shares" of the cells of a table of probabilities or a histogram.

    See Also
    --------
    GaussianCopula : The same with normal dependence between the columns.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from skgen import IndependentColumns
    >>> rng = np.random.default_rng(0)
    >>> df = pd.DataFrame({"visits": rng.poisson(6, 500), "plan": rng.choice(["basic", "plus"], 500, p=[0.7, 0.3])})
    >>> model = IndependentColumns(random_state=0).fit(df)
    >>> model.families_
    {'visits': 'poisson', 'plan': 'bernoulli'}
    >>> round(model.parameters_["visits"]["rate"], 1)
    6.0
    >>> round(model.score(df), 1)
    -2.9
    """

    _parameter_constraints: dict = {
        **GenerativeModel._parameter_constraints,
        "family": [StrOptions({"auto", *NAMES}), dict],
    }

    def __init__(self, family="auto", *, categorical_features="from_dtype", schema=None, random_state=None):
        self.family = family
        self.categorical_features = categorical_features
        self.schema = schema
        self.random_state = random_state

    def _fit(self, Z, sample_weight, rng):
        weight = np.ones(len(Z)) if sample_weight is None else sample_weight
        wanted = self._wanted_families()
        self._laws_ = [
            self._fit_column(j, np.ascontiguousarray(Z[:, j]), weight, wanted.get(column.name, "auto"))
            for j, column in enumerate(self.codec_.columns)
        ]
        names = [column.name for column in self.codec_.columns]
        self.families_ = {name: law.name for name, law in zip(names, self._laws_)}
        self.parameters_ = {name: law.parameters() for name, law in zip(names, self._laws_)}

    def _sample(self, n, rng):
        return np.column_stack([law.draw(n, rng) for law in self._laws_])

    def _log_density(self, Z, known=None):
        total = np.zeros(len(Z))
        for j, law in enumerate(self._laws_):
            if known is None or known[j]:
                total += law.log_density(np.ascontiguousarray(Z[:, j]))
        return total

    def _sample_given(self, Z, known, rng, allowed=None):
        Z = Z.copy()
        for j in np.flatnonzero(~known):
            Z[:, j] = self._laws_[j].draw(len(Z), rng, None if allowed is None else allowed[j])
        return Z

    @available_if(_is_parametric)
    def _n_parameters(self):
        return int(sum(law.n_parameters() for law in self._laws_))

    # ---- helpers -------------------------------------------------------------------------------------------------

    def _wanted_families(self):
        """Column name to the name of the law that it must have."""
        columns = self.codec_.columns
        if not isinstance(self.family, dict):
            numbers = [column.name for column in columns if column.kind == "number"]
            return dict.fromkeys(numbers, self.family)
        names = [column.name for column in columns]
        for name, family in self.family.items():
            if name not in names:
                raise ValueError(f"family names the column {name!r}, but the columns are {names}.")
            if family not in ("auto", *NAMES):
                raise ValueError(f"The family of column {name!r} must be 'auto' or one of {NAMES}, got {family!r}.")
        return self.family

    def _fit_column(self, j, z, weight, wanted):
        column = self.codec_.columns[j]
        values, at = np.unique(z, return_inverse=True)
        mass = np.bincount(at.reshape(-1), weight)
        found = candidates(column, values, is_date=self.schema_.columns[j].source == "datetime")
        names = names_for(wanted, column, found)
        law = choose(values, mass, column, [fit for name in names for fit in found.get(name, [])])
        if law is None:
            raise ValueError(
                f"The family {wanted!r} does not suit column {column.name!r}: "
                f"{_NEEDS.get(wanted, 'it is for another kind of column')}. Use one of {list(found)}, or 'auto'."
            )
        return law


#: What a family asks of a column.
_NEEDS = {
    "lognormal": "its numbers must be positive",
    "gamma": "its numbers must be positive",
    "beta": "its numbers must lie within the bounds, on arrays between 0 and 1",
    "poisson": "its numbers must be counts",
    "binomial": "its numbers must be counts",
}
