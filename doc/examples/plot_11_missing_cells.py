"""
Missing cells are part of the law
=================================

An empty cell is an event of its own: models learn how often a cell is empty and on what that depends, and can complete
what is missing.
"""

import matplotlib.pyplot as plt
import numpy as np

from skgen import AutoregressiveTrees
from skgen.datasets import load_wine_table

wine = load_wine_table()
rng = np.random.default_rng(0)
# the weaker the wine, the more often nobody measured its hue
lost = rng.random(len(wine)) < np.interp(wine["alcohol"], [11.5, 14.0], [0.8, 0.0])
holes = wine.assign(hue=wine["hue"].mask(lost))
model = AutoregressiveTrees(random_state=0).fit(holes)
new = model.sample(2_000, random_state=0)

bins = np.linspace(11.5, 14.5, 7)
figure, ax = plt.subplots(figsize=(6, 3.2), layout="constrained")
for name, table in (("real", holes), ("drawn", new)):
    at = np.digitize(table["alcohol"], bins)
    shares = [table["hue"].isna()[at == k].mean() for k in range(1, len(bins))]
    ax.plot((bins[1:] + bins[:-1]) / 2, shares, marker="o", label=name)
ax.set(xlabel="alcohol", ylabel="share of missing hues")
ax.legend()

# %%
# `given` a table, its empty cells are drawn as values.

whole = model.sample(given=holes, random_state=0)
print(holes["hue"].isna().sum(), "missing before,", whole["hue"].isna().sum(), "after")
