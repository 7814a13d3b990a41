"""
Which model knows the table best?
=================================

Held-out likelihood, on the same folds for all models, with differences taken row by row.
"""

from skgen import (
    AutoregressiveTrees,
    BayesianNetwork,
    GaussianCopula,
    GaussianMixture,
    IndependentColumns,
    KernelDensity,
    compare_densities,
)
from skgen.datasets import load_wine_table

wine = load_wine_table()
models = {
    "independent columns": IndependentColumns(random_state=0),
    "mixture of 3": GaussianMixture(3, random_state=0),
    "copula": GaussianCopula(random_state=0),
    "trees": AutoregressiveTrees(random_state=0),
    "network": BayesianNetwork(random_state=0),
    "kernels": KernelDensity(),
}
comparison = compare_densities(models, wine, cv=3, random_state=0)
print(comparison)

# %%
# Intervals are those of the paired differences: what makes a wine hard for all models cancels.

comparison.plot()
