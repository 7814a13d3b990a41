"""Toy laws whose log-density and entropy are known, next to a few real tables."""

from ._checkerboard import Checkerboard
from ._curves import SwissRoll, TwoMoons, TwoSpirals
from ._gaussians import CorrelatedGaussian, EightGaussians, GaussianGrid, GaussianMixtureLaw
from ._law import ToyLaw
from ._mixed_types import MixedTypes
from ._pinwheel import Pinwheel
from ._real import load_diabetes_table, load_wine_table
from ._rings import Circles, Rings
from ._zero_inflated import ZeroInflated

__all__ = [
    "Checkerboard",
    "Circles",
    "CorrelatedGaussian",
    "EightGaussians",
    "GaussianGrid",
    "GaussianMixtureLaw",
    "MixedTypes",
    "Pinwheel",
    "Rings",
    "SwissRoll",
    "ToyLaw",
    "TwoMoons",
    "TwoSpirals",
    "ZeroInflated",
    "load_diabetes_table",
    "load_wine_table",
]
