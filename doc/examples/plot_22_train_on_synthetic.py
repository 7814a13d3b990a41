"""
Does synthetic data help here?
==============================

`TrainOnSynthetic` fits a density to the training rows and trains an estimator on its draws, instead of or beside the
rows. In a cross-validation the held-out rows stay unseen, and the question is one line.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_wine
from sklearn.model_selection import ShuffleSplit, cross_val_score
from sklearn.tree import DecisionTreeClassifier

from skgen import KernelDensity, TrainOnSynthetic

X, y = load_wine(return_X_y=True, as_frame=True)
tree = DecisionTreeClassifier(min_samples_leaf=3, random_state=0)
few = ShuffleSplit(8, train_size=40, random_state=0)
real = cross_val_score(tree, X, y, cv=few)

# %%
# A tree sees little in 40 rows. Kernels know that the law is smooth, and their draws tell it: it learns from them alone
# what it could not learn from the rows.

sizes = [40, 200, 1_000]
curves = {
    combine: [
        cross_val_score(
            TrainOnSynthetic(tree, KernelDensity(), n_samples=n, combine=combine, random_state=0), X, y, cv=few
        )
        for n in sizes
    ]
    for combine in ("replace", "append")
}
figure, ax = plt.subplots(figsize=(6.5, 3.6), layout="constrained")
for combine, scores in curves.items():
    means, errors = np.mean(scores, axis=1), np.std(scores, axis=1) / np.sqrt(len(real))
    ax.errorbar(sizes, means, errors, marker="o", capsize=3, label=f'combine="{combine}"')
ax.axhline(real.mean(), color="0.4", linestyle="--", label="the 40 real rows")
ax.set(xscale="log", xticks=sizes, xticklabels=sizes, xlabel="drawn rows", ylabel="held-out accuracy")
ax.minorticks_off()
ax.legend()
