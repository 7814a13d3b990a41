"""
Leave the choice to the data
============================

`AutoDensity` tries a ladder of models on the same held-out rows and keeps the best one. With ``time_budget=60`` it
stops climbing when the minute does not suffice for the next one; ``deep=False`` leaves out the nets, which take longer.
"""

import matplotlib.pyplot as plt

from skgen import AutoDensity
from skgen.datasets import load_wine_table

wine = load_wine_table()[["alcohol", "malic_acid", "color_intensity", "hue", "proline", "cultivar"]]
model = AutoDensity(deep=False, cv=3, random_state=0).fit(wine)
print("chosen:", model.best_label_)
model.leaderboard_[["nats", "difference", "fit_seconds", "status"]].round(2)

# %%
# Differences to the best, row by row:

_, ax = plt.subplots(figsize=(9, 4.6), layout="constrained")
display = model.comparison_.plot(ax=ax)

# %%
# What was chosen is fitted again to all rows, and is a density like any other.

model.sample(5, given={"cultivar": "class_0"}, random_state=0)
