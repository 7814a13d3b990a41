"""
How long to train
=================

A VAE leaves out a tenth of the rows, watches their loss, and keeps the weights of its least value.
`TrainingHistoryDisplay` shows what happened, and what another learning rate would have done.
"""

from sklearn.datasets import load_digits

from skgen import VAE, TrainingHistoryDisplay

digits = load_digits().data.astype(int)
settings = {"latent_dim": 8, "hidden_layer_sizes": (128,), "batch_size": 128, "n_warmup_steps": 50, "random_state": 0}
model = VAE(max_epochs=60, lr=5e-3, lr_schedule="constant", n_iter_no_change=10, **settings).fit(digits)
display = TrainingHistoryDisplay.from_estimator(model)
print(display.best_epochs(), "of", model.n_epochs_)

# %%
# Several trainings share a picture; what runs to the right may be the seconds that they took.

models = {f"lr {lr:g}": VAE(max_epochs=12, lr=lr, **settings).fit(digits) for lr in (3e-4, 2e-3, 2e-2)}
TrainingHistoryDisplay.from_estimator(models, x="seconds")
