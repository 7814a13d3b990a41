"""
Laws that are known
===================

The toys of `skgen.datasets` have known densities, so that a model's distance from the truth can be measured in nats.
"""

import matplotlib.pyplot as plt
import numpy as np

from skgen import GaussianMixture, KernelDensity
from skgen.datasets import Pinwheel

law = Pinwheel()
train, test = law.sample(3_000, random_state=0), law.sample(3_000, random_state=1)
models = {
    "kernels": KernelDensity("cv").fit(train),
    "mixture": GaussianMixture(25, random_state=0).fit(train),
}

low, high = train.min(0) - 0.3, train.max(0) + 0.3
axis = [np.linspace(a, b, 120) for a, b in zip(low, high)]
grid = np.column_stack([g.ravel() for g in np.meshgrid(*axis)])
figure, axes = plt.subplots(1, 3, figsize=(9, 3.2), layout="constrained", sharex=True, sharey=True)
densities = {"the law": law.log_density, **{name: model.score_samples for name, model in models.items()}}
for ax, (name, log_density) in zip(axes, densities.items()):
    ax.pcolormesh(*axis, np.exp(log_density(grid)).reshape(120, 120), cmap="viridis", shading="auto")
    gap = (law.log_density(test) - log_density(test)).mean()
    ax.set(title=name if name == "the law" else f"{name}: {gap:.3f} nats below", xticks=[], yticks=[])
    ax.set_aspect("equal")
