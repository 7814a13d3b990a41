"""
Empty cells, many times over
============================

One guess for an empty cell hides how unsure it is. `GenerativeImputer` draws from the law of the cell given the rest of
its row: single draws keep the spread of the table, many show what is not known.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.impute import KNNImputer

from skgen import GenerativeImputer
from skgen.datasets import load_diabetes_table

table = load_diabetes_table()
rng = np.random.default_rng(0)
lost = rng.random(len(table)) < 0.4
holes = table.assign(bmi=table["bmi"].mask(lost))
imputer = GenerativeImputer(random_state=0).fit(holes)
single = imputer.transform(holes)
mean = GenerativeImputer(n_imputations=20, random_state=0).fit_transform(holes)
numbers = holes.select_dtypes("number")
neighbours = KNNImputer().set_output(transform="pandas").fit_transform((numbers - numbers.mean()) / numbers.std())
neighbours = neighbours * numbers.std() + numbers.mean()

figure, axes = plt.subplots(1, 4, figsize=(10, 3), layout="constrained", sharex=True, sharey=True)
filled = {"what was lost": table, "one draw": single, "mean of 20 draws": mean, "KNNImputer": neighbours}
for ax, (name, rows) in zip(axes, filled.items()):
    ax.scatter(holes["progression"], holes["bmi"], s=5, color="0.75")
    ax.scatter(table.loc[lost, "progression"], rows.loc[lost, "bmi"], s=5, color="tab:orange")
    error = np.sqrt(np.mean((rows.loc[lost, "bmi"] - table.loc[lost, "bmi"]) ** 2))
    ax.set(title=name if rows is table else f"{name}\nerror {error:.1f}", xlabel="progression")
axes[0].set_ylabel("bmi")

# %%
# A hundred completed tables give an interval for each empty cell, and nine out of ten should hold what was there.

draws = np.array([rows.loc[lost, "bmi"] for rows in imputer.sample_imputations(holes, 100)])
low, middle, high = np.quantile(draws, [0.05, 0.5, 0.95], axis=0)
truth = table.loc[lost, "bmi"].to_numpy()
order = np.argsort(middle)
figure, ax = plt.subplots(figsize=(8, 3), layout="constrained")
ax.vlines(np.arange(len(order)), low[order], high[order], color="0.75", label="5 % to 95 % of 100 draws")
ax.scatter(np.arange(len(order)), truth[order], s=8, color="tab:orange", zorder=3, label="what was lost")
inside = np.mean((truth >= low) & (truth <= high))
ax.set(xlabel="empty cells, by their median draw", ylabel="bmi", title=f"{inside:.0%} lie inside")
ax.legend()
