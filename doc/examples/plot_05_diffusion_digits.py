"""
Digits from a diffusion model
=============================

Noise is added to the images level by level, a net learns to take it away, and new images are what it makes of pure
noise.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA

from skgen import DiffusionModel

# %%
# Time grows with the number of columns, so the digits enter as 12 principal components.

digits = load_digits().data
pca = PCA(n_components=12, whiten=True, random_state=0)
codes = pca.fit_transform(digits)
settings = {"max_epochs": 20, "batch_size": 128, "hidden_units": 64, "max_cells": 20, "ode_tol": 1e-2}
model = DiffusionModel(**settings, random_state=0).fit(codes)
new = pca.inverse_transform(model.sample(40, random_state=1))

figure, axes = plt.subplots(4, 10, figsize=(8, 3.4), layout="constrained")
for ax, image in zip(axes.flat, new):
    ax.imshow(np.clip(image, 0, 16).reshape(8, 8), cmap="gray_r", vmin=0, vmax=16)
    ax.axis("off")
figure.suptitle("What the flow makes of noise")
