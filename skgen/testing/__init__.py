"""The law battery: what every generative model must satisfy, as plain functions, one property each."""

from ._battery import LAWS, LawNotApplicable, check_generative_model
from ._sequence_laws import SEQUENCE_LAWS

__all__ = ["LAWS", "SEQUENCE_LAWS", "LawNotApplicable", "check_generative_model"]
