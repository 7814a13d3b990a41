"""
Digits from a GAN
=================

A generator draws images, a discriminator tells them from real ones, and both learn from each other.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

from skgen import GAN

digits = load_digits().data.astype(int)
model = GAN(hidden_layer_sizes=(128, 128), max_epochs=60, n_centres=500, random_state=0).fit(digits)
new = np.asarray(model.sample(40, random_state=1), float)

figure, axes = plt.subplots(4, 10, figsize=(8, 3.4), layout="constrained")
for ax, image in zip(axes.flat, new):
    ax.imshow(image.reshape(8, 8), cmap="gray_r", vmin=0, vmax=16)
    ax.axis("off")
figure.suptitle("Drawn by the generator")

# %%
# A GAN has no likelihood. Its score is that of a kernel density over rows it drew, to be read beside what real rows
# get in their place; and `mode_coverage_` says which share of the clusters of the data it reaches.

print(f"score {model.score(digits[:300]):.1f} ({model.likelihood_}), real rows {model.parzen_ceiling_:.1f}")
print(f"modes covered: {model.mode_coverage_:.2f}")
