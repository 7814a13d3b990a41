"""
More rows of a rare class
=========================

`GenerativeOversampler` fits a density to the rows of each small class and fills the class up with its draws.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_classification
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import average_precision_score
from sklearn.model_selection import StratifiedKFold

from skgen import GaussianMixture, GenerativeOversampler, KernelDensity

X, y = make_classification(
    3_000, n_features=8, n_informative=6, n_redundant=0, weights=[0.97], class_sep=1.0, flip_y=0.005, random_state=2
)
sampler = GenerativeOversampler(sampling_strategy=0.2, random_state=0)
X_more, y_more = sampler.fit_resample(X, y)
new = slice(len(X), None)

figure, axes = plt.subplots(1, 2, figsize=(8, 3.4), layout="constrained", sharex=True, sharey=True)
for ax, name in zip(axes, ("the table", "with new rows")):
    ax.scatter(*X[y == 0, :2].T, s=3, color="0.8", label="common")
    if ax is axes[1]:
        ax.scatter(*X_more[new, :2].T, s=5, color="tab:orange", label=f"{len(X_more) - len(X)} new")
    ax.scatter(*X[y == 1, :2].T, s=9, color="black", label=f"{(y == 1).sum()} rare")
    ax.set_title(name)
    ax.legend(loc="upper left", fontsize="small")

# %%
# Whether it helps a classifier is a question of held-out rows, of which none is oversampled.


def precision(sampler):
    scores = []
    for train, test in StratifiedKFold(5, shuffle=True, random_state=0).split(X, y):
        rows = (X[train], y[train]) if sampler is None else sampler.fit_resample(X[train], y[train])
        model = HistGradientBoostingClassifier(max_iter=60, random_state=0).fit(*rows)
        scores.append(average_precision_score(y[test], model.predict_proba(X[test])[:, 1]))
    return np.mean(scores)


densities = {"kernels": KernelDensity(), "one normal law": GaussianMixture(random_state=0)}
print(f"{'as it is':>15}: average precision {precision(None):.3f}")
for name, density in densities.items():
    print(f"{name:>15}: average precision {precision(GenerativeOversampler(density, random_state=0)):.3f}")
