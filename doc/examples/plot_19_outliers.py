"""
The strangest rows
==================

Rows of low density are outliers. The threshold comes from rows that the density has not seen, so that it means the
same for new rows.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA

from skgen import DensityOutlierDetector, GaussianMixture
from skgen.datasets import TwoMoons

rng = np.random.default_rng(0)
X = np.vstack([TwoMoons().sample(600, random_state=0), rng.uniform([-1.5, -1.2], [2.5, 1.7], size=(30, 2))])
mixture = GaussianMixture(8, reg_covar=0.02, random_state=0)
detector = DensityOutlierDetector(mixture, contamination=0.05, random_state=0).fit(X)

axis = [np.linspace(X[:, j].min() - 0.2, X[:, j].max() + 0.6, 150) for j in range(2)]
grid = np.column_stack([g.ravel() for g in np.meshgrid(*axis)])
surface = detector.decision_function(grid).reshape(150, 150)
figure, ax = plt.subplots(figsize=(6, 4), layout="constrained")
filled = ax.contourf(*axis, np.maximum(surface, -10), levels=np.arange(-10, 5), cmap="Blues")
ax.contour(*axis, surface, levels=[0], colors="black", linewidths=1)
inlier = detector.predict(X) == 1
ax.scatter(*X[inlier].T, s=4, color="black", label="inliers")
ax.scatter(*X[~inlier].T, s=22, color="orangered", label="outliers")
ax.legend(loc="upper center", ncols=2)
ax.set_ylim(top=2.2)
figure.colorbar(filled, label="nats above the threshold")

# %%
# The digits that look least and most like digits:

digits = load_digits().data
codes = PCA(n_components=20, whiten=True, random_state=0).fit_transform(digits)
mixture = GaussianMixture(10, reg_covar=0.05, init_params="kmeans", random_state=0)
scores = DensityOutlierDetector(mixture, random_state=0).fit(codes).score_samples(codes)
order = np.argsort(scores)
figure, axes = plt.subplots(2, 10, figsize=(8, 1.9), layout="constrained")
for ax, k in zip(axes.flat, [*order[:10], *order[-10:]]):
    ax.imshow(digits[k].reshape(8, 8), cmap="gray_r", vmin=0, vmax=16)
    ax.axis("off")
figure.suptitle("Lowest log-densities above, highest below")
