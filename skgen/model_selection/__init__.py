"""Model selection by held-out likelihood: comparisons, scorers of searches, an automatic choice."""

from .auto_density import AutoDensity
from .compare import compare_densities
from .comparison import LikelihoodComparison
from .scorers import c2st, mean_log_likelihood, tstr

__all__ = ["AutoDensity", "LikelihoodComparison", "c2st", "compare_densities", "mean_log_likelihood", "tstr"]
