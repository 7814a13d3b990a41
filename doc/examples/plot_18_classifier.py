"""
Digits classified by their densities
====================================

One density for each digit and Bayes' rule make a classifier. It says what each class looks like, and it goes on
working when half of the pixels fail.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split

from skgen import GaussianMixture, GenerativeClassifier

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.4, stratify=y, random_state=0)
density = GaussianMixture(reg_covar=0.5, random_state=0)
model = GenerativeClassifier(density, random_state=0).fit(X_train, y_train)
print(f"accuracy {model.score(X_test, y_test):.3f}")

figure, axes = plt.subplots(2, 10, figsize=(8, 1.9), layout="constrained")
for digit, law in enumerate(model.densities_):
    for ax, image in zip(axes[:, digit], law.sample(2, random_state=1)):
        ax.imshow(image.reshape(8, 8), cmap="gray_r", vmin=0, vmax=16)
        ax.axis("off")
figure.suptitle("Two draws from the density of each class")

# %%
# Pixels of the camera fail. What is missing is integrated out, with no imputation before.

order = np.random.default_rng(0).permutation(64)
shares = [0.0, 0.25, 0.5, 0.625, 0.75, 0.875]
holes = [np.where(np.isin(np.arange(64), order[: int(64 * share)]), np.nan, X_test) for share in shares]
accuracies = [model.score(table, y_test) for table in holes]

# %%
# Bare posteriors of 64 pixels are far too sure of themselves. By default they are calibrated on held-out rows, which a
# logarithmic loss shows.

bare = GenerativeClassifier(density, calibrate=False).fit(X_train, y_train)
figure, axes = plt.subplots(1, 2, figsize=(8, 3.4), layout="constrained", sharex=True)
axes[0].plot(shares, accuracies, marker="o")
axes[0].set(xlabel="share of pixels that failed", ylabel="accuracy", ylim=(0, 1.02))
for name, classifier in {"calibrated": model, "bare": bare}.items():
    losses = [log_loss(y_test, classifier.predict_proba(table)) for table in holes]
    axes[1].plot(shares, losses, marker="o", label=name)
axes[1].axhline(np.log(10), color="0.6", linewidth=0.8)
axes[1].annotate("guessing", (0, np.log(10)), xytext=(0, 3), textcoords="offset points", color="0.4")
axes[1].set(xlabel="share of pixels that failed", ylabel="logarithmic loss", ylim=(0, 2.6))
axes[1].legend(loc="lower right")
