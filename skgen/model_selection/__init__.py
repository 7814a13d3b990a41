"""Model comparison by held-out likelihood."""

from .compare import compare_densities
from .comparison import LikelihoodComparison

__all__ = ["LikelihoodComparison", "compare_densities"]
