"""
Rows under conditions
=====================

Fix a value, a list of levels or an interval, and draw the other columns. The rows follow the conditional law; nothing
is searched for.
"""

import matplotlib.pyplot as plt
import pandas as pd

from skgen import BayesianNetwork
from skgen.datasets import load_wine_table

wine = load_wine_table()
model = BayesianNetwork(random_state=0).fit(wine)

figure, axes = plt.subplots(1, 2, figsize=(8, 3.2), layout="constrained", sharey=True)
for ax, (low, high) in zip(axes, [(11.0, 12.5), (13.0, 14.9)]):
    drawn = model.sample(500, given={"alcohol": pd.Interval(low, high)}, random_state=0)
    real = wine[wine["alcohol"].between(low, high, inclusive="right")]
    levels = sorted(wine["cultivar"].unique())
    shares = pd.DataFrame(
        {name: rows["cultivar"].value_counts(normalize=True) for name, rows in (("real", real), ("drawn", drawn))}
    ).reindex(levels)
    shares.fillna(0).plot.bar(ax=ax, rot=0, width=0.75)
    ax.set(title=f"alcohol in ({low}, {high}]", xlabel="")
axes[0].set_ylabel("share of rows")

# %%
# A table of conditions is completed row by row.

model.sample(given=wine[["cultivar", "alcohol"]].iloc[[0, 70, 150]])
