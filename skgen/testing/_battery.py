"""The battery: every law of rows by name, in the order in which they are best read."""

from __future__ import annotations

from ._cell_laws import CELL_LAWS
from ._contract_laws import CONTRACT_LAWS
from ._copy_laws import COPY_LAWS
from ._density_laws import DENSITY_LAWS
from ._given_laws import GIVEN_LAWS
from ._invariance_laws import INVARIANCE_LAWS
from ._law import LawNotApplicable
from ._seed_laws import SEED_LAWS
from ._set_laws import SET_LAWS
from ._table_laws import TABLE_LAWS
from ._weight_laws import WEIGHT_LAWS

#: Name -> law, a function of an unfitted estimator that raises AssertionError with what broke, or LawNotApplicable.
LAWS = {
    **CONTRACT_LAWS,
    **SEED_LAWS,
    **COPY_LAWS,
    **INVARIANCE_LAWS,
    **WEIGHT_LAWS,
    **DENSITY_LAWS,
    **CELL_LAWS,
    **TABLE_LAWS,
    **GIVEN_LAWS,
    **SET_LAWS,
}


def check_generative_model(estimator, laws=None):
    """Check that an estimator obeys the laws of generative models.

    scikit-learn's `check_estimator` never calls `sample` and hardly looks at `score_samples`; these laws do. They need
    the public verbs only, build their own small data with fixed seeds, and raise a false alarm once in a million.

    Parameters
    ----------
    estimator : estimator
        An unfitted generative model; it is cloned, never fitted itself.
    laws : list of str or None, default=None
        Names of the laws to check, keys of `LAWS`; None checks all.

    Returns
    -------
    dict
        Law name to "passed", or to the reason why the law does not apply to this estimator.

    Raises
    ------
    AssertionError
        At the first law that is broken, with its name and what broke, in figures.

    Examples
    --------
    >>> from skgen import GaussianMixture
    >>> from skgen.testing import check_generative_model
    >>> check_generative_model(GaussianMixture(n_components=2), laws=["prefix", "ceiling"])
    {'prefix': 'passed', 'ceiling': 'passed'}
    """
    names = list(LAWS) if laws is None else list(laws)
    unknown = [name for name in names if name not in LAWS]
    if unknown:
        raise ValueError(f"laws must be names out of {list(LAWS)}, got {unknown}.")
    report = {}
    for name in names:
        try:
            LAWS[name](estimator)
        except LawNotApplicable as reason:
            report[name] = str(reason)
        except AssertionError as broken:
            raise AssertionError(f"{type(estimator).__name__} breaks the law {name!r}: {broken}") from broken
        else:
            report[name] = "passed"
    return report
