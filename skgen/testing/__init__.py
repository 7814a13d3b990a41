"""The law battery: what every generative model must satisfy, as plain functions, one property each.

`check_generative_model` runs the laws of rows, `LAWS`, or of sequences, `SEQUENCE_LAWS`, on an estimator. The module
`skgen.testing.hostile`, which is imported by its own name and needs hypothesis (``pip install skgen[test]``), makes
tables that break models: `hostile_tables` is a hypothesis strategy, `check_hostile_table` what a model owes to each.
"""

from ._battery import LAWS, LawNotApplicable, check_generative_model
from ._sequence_laws import SEQUENCE_LAWS

__all__ = ["LAWS", "SEQUENCE_LAWS", "LawNotApplicable", "check_generative_model"]
