"""
A target that is not one number
===============================

A regressor from a density knows the whole law of the target: its mean, its quantiles, and that it may have two humps.
"""

import matplotlib.pyplot as plt
import numpy as np

from skgen import GaussianMixture, GenerativeRegressor

rng = np.random.default_rng(0)
x = rng.uniform(-3, 3, size=1_500)
branch = np.where(rng.random(1_500) < 0.5, 1.0, -1.0) * np.maximum(x, 0)
y = np.sin(2 * x) * (x < 0) + branch + rng.normal(scale=0.15 + 0.05 * np.abs(x))
model = GenerativeRegressor(GaussianMixture(10, random_state=0)).fit(x[:, None], y)

places = np.linspace(-3, 3, 200)[:, None]
figure, axes = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained", sharex=True, sharey=True)
for ax in axes:
    ax.scatter(x, y, s=3, color="0.7")
low, middle, high = model.predict(places, quantiles=[0.05, 0.5, 0.95]).T
axes[0].fill_between(places[:, 0], low, high, color="tab:blue", alpha=0.25, label="5 % to 95 %")
axes[0].plot(places, model.predict(places), color="tab:blue", label="mean")
axes[0].legend(loc="upper left")
axes[0].set(title="mean and quantiles", xlabel="x", ylabel="y")
axes[1].scatter(np.repeat(places, 6), model.sample_y(places, 6, random_state=0), s=4, color="tab:orange")
axes[1].set(title="draws", xlabel="x")

# %%
# Right of zero the mean lies where no target ever is: there the draws say what the mean cannot.

ends = model.predict(x[:, None], quantiles=[0.05, 0.95])
inside = np.mean((ends[:, 0] <= y) & (y <= ends[:, 1]))
print(f"{inside:.1%} of the rows lie between the 5 % and the 95 % quantile")
