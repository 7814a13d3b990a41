"""The battery: every law of rows by name, in the order in which they are best read."""

from __future__ import annotations

from ..sequence import SequenceModel
from ._cell_laws import CELL_LAWS
from ._contract_laws import CONTRACT_LAWS
from ._copy_laws import COPY_LAWS
from ._density_laws import DENSITY_LAWS
from ._given_laws import GIVEN_LAWS
from ._invariance_laws import INVARIANCE_LAWS
from ._law import LawNotApplicable
from ._net_laws import NET_LAWS
from ._order_laws import ORDER_LAWS
from ._reference import regime_sequences
from ._seed_laws import SEED_LAWS
from ._sequence_laws import SEQUENCE_LAWS
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
    **ORDER_LAWS,
    **NET_LAWS,
}


def check_generative_model(estimator, laws=None, X=None):
    """Check that an estimator obeys the laws of generative models.

    scikit-learn's `check_estimator` never calls `sample` and hardly looks at `score_samples`; these laws do. They need
    the public verbs only, build their own small data with fixed seeds, and raise a false alarm once in a million.

    Parameters
    ----------
    estimator : estimator
        An unfitted generative model, of rows or of sequences; it is cloned, never fitted itself.
    laws : list of str or None, default=None
        Names of the laws to check, keys of `LAWS`, for a model of sequences of `SEQUENCE_LAWS`; None checks all.
    X : list of arrays or None, default=None
        The sequences on which a model of sequences is checked, where it needs others than real numbers; None for
        models of rows.

    Returns
    -------
    dict
        Law name to "passed", or to the reason why the law does not apply to this estimator.

    Raises
    ------
    AssertionError
        At the first law that is broken, with its name and what broke, in figures. Errors of the model itself, on the
        tables with categories and missing cells of many laws for instance, come through as they are.

    Examples
    --------
    >>> from skgen import GaussianMixture
    >>> from skgen.testing import check_generative_model
    >>> check_generative_model(GaussianMixture(n_components=2), laws=["prefix", "ceiling"])
    {'prefix': 'passed', 'ceiling': 'passed'}
    """
    is_sequential = isinstance(estimator, SequenceModel)
    known = SEQUENCE_LAWS if is_sequential else LAWS
    names = list(known) if laws is None else list(laws)
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ValueError(f"laws must be names out of {list(known)}, got {unknown}.")
    if X is not None and not is_sequential:
        raise ValueError("X is for models of sequences: laws of rows build their own rows. Leave it out.")
    arguments = [regime_sequences(30, seed=90) if X is None else X] if is_sequential else []
    report = {}
    for name in names:
        try:
            known[name](estimator, *arguments)
        except LawNotApplicable as reason:
            report[name] = str(reason)
        except AssertionError as broken:
            raise AssertionError(f"{type(estimator).__name__} breaks the law {name!r}: {broken}") from broken
        else:
            report[name] = "passed"
    return report
