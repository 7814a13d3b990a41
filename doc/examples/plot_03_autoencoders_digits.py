"""
Random decodes: an autoencoder against a VAE
============================================

What does a decoder make of a random place in its latent space? A plain autoencoder was never asked to make sense
between the codes of its rows; a variational one was trained for just that.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

from skgen import VAE, Autoencoder

digits = load_digits().data.astype(int)
settings = {
    "latent_dim": 8,
    "hidden_layer_sizes": (128,),
    "batch_size": 128,
    "lr": 5e-3,
    "max_epochs": 30,
    "random_state": 0,
}
plain = Autoencoder(regularization="none", n_centres=500, **settings).fit(digits)
variational = VAE(n_prior_components=1, **settings).fit(digits)

# %%
# Places are drawn from a normal law with the mean and spread of each model's own codes.


def decodes(model, n, seed):
    codes = model.transform(digits)
    places = np.random.default_rng(seed).normal(codes.mean(0), codes.std(0), (n, codes.shape[1]))
    return model.inverse_transform(places)


figure, axes = plt.subplots(4, 10, figsize=(8, 3.6), layout="constrained")
for rows, (name, model) in zip((axes[:2], axes[2:]), {"Autoencoder": plain, "VAE": variational}.items()):
    for ax, image in zip(rows.flat, decodes(model, 20, seed=0)):
        ax.imshow(np.asarray(image, float).reshape(8, 8), cmap="gray_r", vmin=0, vmax=16)
        ax.set(xticks=[], yticks=[])
    rows[0, 0].set_ylabel(name)
    rows[1, 0].set_ylabel(name)
figure.suptitle("Decoded from random places")

# %%
# As models of rows both have a better law of their codes: `sample` draws from it. A VAE's score is a lower bound of
# the log-probability of an image.

print(variational.likelihood_, round(variational.score(digits[:200]), 1), "nats an image")
