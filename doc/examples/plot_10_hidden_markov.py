"""
Sequences from a hidden Markov model
====================================

One sample is one sequence: a hidden chain of states, each of which emits numbers of its own law.
"""

import matplotlib.pyplot as plt
import numpy as np

from skgen import HiddenMarkovModel

rng = np.random.default_rng(0)
levels, stay = np.array([0.0, 3.0, 6.0]), 0.95
walks = []
for _ in range(40):
    state, walk = rng.integers(3), []
    for _ in range(120):
        state = state if rng.random() < stay else rng.integers(3)
        walk.append(levels[state] + 0.4 * rng.normal())
    walks.append(np.array(walk)[:, None])

model = HiddenMarkovModel(3, n_init=3, random_state=0).fit(walks)
new = model.sample(2, length=120, random_state=0)

figure, axes = plt.subplots(2, 2, figsize=(8, 4), layout="constrained", sharex=True, sharey=True)
for column, (name, sequences) in enumerate({"real": walks[:2], "drawn": new}.items()):
    axes[0, column].set_title(name)
    for ax, sequence in zip(axes[:, column], sequences):
        ax.plot(sequence[:, 0], linewidth=0.8, color="0.6")
        ax.scatter(range(len(sequence)), sequence[:, 0], c=model.predict([sequence])[0], s=8, cmap="viridis")
figure.supxlabel("time; coloured by the likeliest state")
