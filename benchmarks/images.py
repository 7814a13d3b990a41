"""Deep models on images: binarised handwritten digits, in nats.

Usage: python benchmarks/images.py [--data DIR] [--models VAE AutoregressiveNetwork] [--minutes 20] [--rows N]
           [--jobs 2] [--write]

mnist.npz (x_train, x_test: grey values 0 to 255) is read from DIR, or from the folder that the environment variable
SKGEN_DATA names. A pixel is 1 with its grey value over 255 as probability: the 60,000 training images are drawn anew
for each epoch, one call of partial_fit, and the 10,000 test images once with seed 0. Two rows, all 0 and all 1, go with
the first epoch alone, so that each pixel has been seen at either value.

Each model trains for --minutes, its schedule following the number of epochs that fit; the figures are those reached.
Models run `--jobs` at a time, on one thread each where that is above 1.
"""

import argparse
import os
from pathlib import Path
from time import perf_counter

import numpy as np
from _report import publish, table
from joblib import Parallel, delayed

import skgen

SEED = 0
#: Epochs that the schedule of the learning rate expects until the first one has been timed.
FIRST_GUESS = 100
#: Constructor's arguments, and the nats that are wanted after two hours.
MODELS = {
    "VAE": (
        {
            "latent_dim": 40,
            "hidden_layer_sizes": (500, 500),
            "n_prior_components": 500,
            "activation": "relu",
            "n_importance_samples": 64,
            "batch_size": 200,
            "ema_decay": 0.999,
        },
        88.0,
    ),
    "AutoregressiveNetwork": (
        {
            "column_order": "given",
            "any_order": False,
            "calibrate": False,
            "hidden_units": 1024,
            "dropout": 0.0,
            "batch_size": 128,
        },
        86.0,
    ),
}


def binarised(grey, rng):
    """Pixels that are 1 with their grey value as probability."""
    return (rng.random(grey.shape, dtype=np.float32) < grey).astype(np.int8)


def load(data, n_rows):
    """Grey values in [0, 1] of the training and the test images."""
    with np.load(data / "mnist.npz") as file:
        parts = [file[name].reshape(-1, 784).astype(np.float32) / 255 for name in ("x_train", "x_test")]
    return parts[0][:n_rows], parts[1][: None if n_rows is None else max(n_rows // 6, 1)]


def train(model, grey, minutes, rng):
    """Epochs of fresh binary images for as long as the next one fits the time; their number and the seconds taken."""
    rows = np.repeat(np.array([[0], [1]], np.int8), grey.shape[1], axis=1)
    n_epochs, expected, start = 0, FIRST_GUESS, perf_counter()
    while True:
        rows = np.concatenate([binarised(grey, rng), rows])
        model.set_params(max_epochs=max(expected, n_epochs + 1)).partial_fit(rows)
        n_epochs, seconds = n_epochs + 1, perf_counter() - start
        expected = int(60 * minutes * n_epochs / seconds)
        if expected <= n_epochs:
            return n_epochs, seconds
        rows = rows[:0]


def measure(name, parameters, goal, images, minutes, n_threads):
    """One line of the table."""
    if n_threads is not None:
        import torch

        torch.set_num_threads(n_threads)
    grey, grey_test = images
    categories = np.ones(images[0].shape[1], bool)
    model = getattr(skgen, name)(**parameters, categorical_features=categories, random_state=SEED)
    n_epochs, seconds = train(model, grey, minutes, np.random.default_rng(SEED + 1))
    test = binarised(grey_test, np.random.default_rng(SEED))
    start = perf_counter()
    nats = -model.score_samples(test)
    score_seconds = perf_counter() - start
    error = nats.std(ddof=1) / np.sqrt(len(nats))
    said = ", ".join(f"{key}={value!r}" for key, value in parameters.items())
    kind = "bound" if model.likelihood_ == "lower_bound" else model.likelihood_
    return (
        f"{name}({said})",
        n_epochs,
        f"{seconds / 60:.1f}",
        f"{nats.mean():.2f} +- {error:.2f} ({kind})",
        f"<= {goal:.0f}: {'met' if nats.mean() <= goal else 'missed in this time'}",
        f"{score_seconds:.0f}",
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("SKGEN_DATA", "data")))
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS))
    parser.add_argument("--minutes", type=float, default=20.0, help="training time of each model")
    parser.add_argument("--rows", type=int, default=None, help="training images, for a quick look")
    parser.add_argument("--jobs", type=int, default=1, help="models side by side; above 1, on one thread each")
    parser.add_argument("--write", action="store_true", help="write results/images.md")
    arguments = parser.parse_args()
    images = load(arguments.data, arguments.rows)
    n_threads = 1 if arguments.jobs > 1 else None
    calls = (delayed(measure)(name, *MODELS[name], images, arguments.minutes, n_threads) for name in arguments.models)
    lines = Parallel(arguments.jobs)(calls)
    for name in arguments.models:
        getattr(skgen, name)  # loads what it stands on, whose versions the report then names
    header = ("model", "epochs", "minutes", "test nats (minus log-likelihood)", "wanted after two hours", "score s")
    said = f"binarised MNIST, {arguments.minutes:g} minutes of training each, test images drawn with seed {SEED}"
    publish("images", "Deep models on images", [(said, table(header, lines))], arguments.write)


if __name__ == "__main__":
    main()
