"""
Walks through a latent space
============================

A VAE gives every image a code of a few numbers and decodes any such code into an image. `LatentDisplay` shows where
the codes lie, and what lies between and around them.
"""

import numpy as np
from sklearn.datasets import load_digits

from skgen import VAE, LatentDisplay

X, y = load_digits(return_X_y=True)
X = X.astype(int)
settings = {"hidden_layer_sizes": (128,), "batch_size": 128, "lr": 5e-3, "max_epochs": 40, "random_state": 0}
model = VAE(8, **settings).fit(X)
LatentDisplay.from_estimator(model, X, y=y)

# %%
# Straight lines between the codes of two images, which stand at the ends:

first = [np.flatnonzero(y == digit)[0] for digit in (0, 6, 1, 7, 3, 8, 4, 9)]
images = {"image_shape": (8, 8), "cmap": "gray_r"}
LatentDisplay.from_estimator(model, X[first], kind="interpolation", **images)

# %%
# One coordinate after the other, from the code of the first image:

LatentDisplay.from_estimator(model, X, kind="traversal", extent=3, **images)

# %%
# With two coordinates the whole latent space can be seen at once:

flat = VAE(2, **settings).fit(X)
LatentDisplay.from_estimator(flat, X, kind="plane", n_steps=12, **images)
