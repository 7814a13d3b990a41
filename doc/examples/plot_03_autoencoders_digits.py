"""
Random decodes: an autoencoder against a VAE
============================================

What does a decoder make of a random place in its latent space? A plain autoencoder was never asked to make sense
between the codes of its rows; a variational one was trained for just that.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.neighbors import NearestNeighbors

from skgen import VAE, Autoencoder

digits = load_digits().data.astype(int) // 4  # five levels of grey
settings = {"hidden_layer_sizes": (128,), "batch_size": 128, "lr": 5e-3, "max_epochs": 25, "random_state": 0}
plain = Autoencoder(16, regularization="none", n_centres=500, **settings).fit(digits)
variational = VAE(16, n_prior_components=1, **settings).fit(digits)

# %%
# Places are drawn from a normal law with the mean and spread of each model's own codes. How well that went, the mean
# distance to the nearest real digit says: that of real digits is to the nearest other one.


def decodes(model, n, seed):
    codes = model.transform(digits)
    places = np.random.default_rng(seed).normal(codes.mean(0), codes.std(0), (n, codes.shape[1]))
    return np.asarray(model.inverse_transform(places), float)


neighbours = NearestNeighbors().fit(digits)
print(f"real digits: {neighbours.kneighbors(digits, 2)[0][:, 1].mean():.1f}")
parts = plt.figure(figsize=(8, 4), layout="constrained").subfigures(2, 1)
for part, (name, model) in zip(parts, {"Autoencoder": plain, "VAE": variational}.items()):
    images = decodes(model, 200, seed=0)
    print(f"{name}: {neighbours.kneighbors(images, 1)[0].mean():.1f}")
    axes = part.subplots(2, 10)
    for ax, image in zip(axes.flat, images):
        ax.imshow(image.reshape(8, 8), cmap="gray_r", vmin=0, vmax=4)
        ax.axis("off")
    part.suptitle(f"{name}, decoded from random places")

# %%
# As models of rows both have a better law of their codes: `sample` draws from it. A VAE's score is a lower bound of
# the log-probability of an image.

print(variational.likelihood_, round(variational.score(digits[:200]), 1), "nats an image")
