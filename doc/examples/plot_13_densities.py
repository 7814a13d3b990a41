"""
One toy, three densities
========================

Kernels, a mixture and a flow learn the same 2,000 rows. `DensityDisplay` draws what each makes of them, on common
levels beside the law that the rows come from.
"""

import matplotlib.pyplot as plt
import numpy as np

from skgen import DensityDisplay, GaussianMixture, KernelDensity, NormalizingFlow
from skgen.datasets import TwoMoons

law = TwoMoons()
train, test = law.sample(2_000, random_state=0), law.sample(2_000, random_state=1)
models = {
    "kernels": KernelDensity("cv").fit(train),
    "mixture": GaussianMixture(8, random_state=0).fit(train),
    "flow": NormalizingFlow(max_epochs=40, random_state=0).fit(train),
}

figure, axes = plt.subplots(2, 2, figsize=(7, 5.8), layout="constrained", sharex=True, sharey=True)
levels = np.arange(-8, 1.5, 0.5)
options = {"grid_resolution": 80, "levels": levels, "colorbar": False}
display = DensityDisplay.from_estimator(law, train[:500], ax=axes[0, 0], name="the law and some of its rows", **options)
for ax, (name, model) in zip(axes.flat[1:], models.items()):
    name = f"{name}: {model.score(test):.2f} nats a fresh row"
    DensityDisplay.from_estimator(model, train, overlay=None, ax=ax, name=name, **options)
figure.colorbar(display.surface_, ax=axes, label="log-density in nats", shrink=0.8)

# %%
# Over one column the density is a curve, and the rows are a histogram and a rug.

_, ax = plt.subplots(figsize=(7, 3.6), layout="constrained")
column = train[:, :1]
for name, bandwidth in {"rule of Scott": "scott", "cross-validated": "cv"}.items():
    overlay = "rows" if bandwidth == "scott" else None
    DensityDisplay.from_estimator(KernelDensity(bandwidth).fit(column), column, overlay=overlay, name=name, ax=ax)
