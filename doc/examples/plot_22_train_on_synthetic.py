"""
Does synthetic data help here?
==============================

`TrainOnSynthetic` fits a density to the training rows and trains an estimator on its draws, instead of or beside the
rows. In a cross-validation the held-out rows stay unseen, and the question is one line.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import ShuffleSplit, cross_val_score

from skgen import GaussianMixture, TrainOnSynthetic

X, y = load_breast_cancer(return_X_y=True, as_frame=True)
learner = HistGradientBoostingClassifier(max_iter=40, min_samples_leaf=5, random_state=0)
density = GaussianMixture(2, covariance_type="tied", random_state=0)
few = ShuffleSplit(8, train_size=60, test_size=300, random_state=0)

# %%
# Trained on 60 rows, on as many draws as one likes, and on both:

sizes = [60, 200, 600, 2_000]
curves = {
    combine: [
        cross_val_score(TrainOnSynthetic(learner, density, n_samples=n, combine=combine, random_state=0), X, y, cv=few)
        for n in sizes
    ]
    for combine in ("replace", "append")
}
real = cross_val_score(learner, X, y, cv=few)

figure, ax = plt.subplots(figsize=(6.5, 3.6), layout="constrained")
for combine, scores in curves.items():
    means, errors = np.mean(scores, axis=1), np.std(scores, axis=1) / np.sqrt(8)
    ax.errorbar(sizes, means, errors, marker="o", capsize=3, label=f"{combine}: drawn rows")
ax.axhline(real.mean(), color="0.4", linestyle="--", label="the 60 real rows")
ax.set(xscale="log", xticks=sizes, xticklabels=sizes, xlabel="drawn rows", ylabel="held-out accuracy")
ax.minorticks_off()
ax.legend()
