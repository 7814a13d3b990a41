"""
New digits from a Gaussian mixture
==================================

The classic first walk: a mixture of normal laws fitted to images of digits, and new digits drawn from it.
"""

# %%
# scikit-learn's digits are 8 by 8 images. A normal law on 64 pixels, some of which never change, wants fewer
# dimensions: principal components first, then the mixture.

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.model_selection import GridSearchCV, KFold

from skgen import GaussianMixture

digits = load_digits().data
pca = PCA(n_components=0.95, whiten=True, random_state=0)
codes = pca.fit_transform(digits)

# %%
# How many components? Held-out likelihood answers, with `GridSearchCV` as for any estimator.

search = GridSearchCV(
    GaussianMixture(covariance_type="diag", init_params="kmeans", random_state=0),
    {"n_components": [1, 10, 30, 60, 100]},
    cv=KFold(3, shuffle=True, random_state=0),
)
search.fit(codes)
for n, score in zip(search.cv_results_["param_n_components"], search.cv_results_["mean_test_score"]):
    print(f"{n:>3} components: {score:.2f} nats")

# %%
# The best of them draws new digits.

new = pca.inverse_transform(search.best_estimator_.sample(40, random_state=1))
figure, axes = plt.subplots(4, 10, figsize=(8, 3.4), layout="constrained")
for ax, image in zip(axes.flat, new):
    ax.imshow(image.reshape(8, 8), cmap="gray_r", vmin=0, vmax=16)
    ax.axis("off")
figure.suptitle(f"Drawn from {search.best_params_['n_components']} normal laws")
