"""
The right scaler, and the one that a pipeline picks
===================================================

An ordinary `Pipeline` scores the transformed rows, so whatever shrinks their units looks better.
`make_density_pipeline` scores the rows themselves.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, PowerTransformer, RobustScaler, StandardScaler

from skgen import DensityDisplay, GaussianMixture, make_density_pipeline

X = np.random.default_rng(0).lognormal(3, 1, size=(2_000, 1))
transformers = {
    "none": "passthrough",
    "standard": StandardScaler(),
    "robust": RobustScaler(),
    "min-max": MinMaxScaler(),
    "Box-Cox": PowerTransformer("box-cox"),
}
density = GaussianMixture(random_state=0)
scores = pd.DataFrame(
    {
        make.__name__: {name: cross_val_score(make(step, density), X).mean() for name, step in transformers.items()}
        for make in (make_pipeline, make_density_pipeline)
    }
)
scores.round(2)

# %%
# On the left the score follows the units. On the right no scaler changes anything, and Box-Cox, which makes the law
# normal, is best.

figure, axes = plt.subplots(1, 2, figsize=(8, 2.8), layout="constrained", sharey=True)
for ax, name in zip(axes, scores):
    best = scores[name].idxmax()
    colors = ["tab:orange" if step == best else "tab:blue" for step in scores.index]
    ax.barh(scores.index, scores[name], color=colors)
    ax.axvline(0, color="0.3", linewidth=0.8)
    ax.set(title=name, xlabel="held-out nats")
axes[0].invert_yaxis()

# %%
# One normal law in the transformed space, drawn in the units of the rows:

_, ax = plt.subplots(figsize=(7, 3.4), layout="constrained")
near = X[X[:, 0] < 120]
for name, overlay in (("none", "rows"), ("Box-Cox", None)):
    model = make_density_pipeline(transformers[name], density).fit(X)
    DensityDisplay.from_estimator(model, near, overlay=overlay, margin=0.02, name=name, ax=ax)
