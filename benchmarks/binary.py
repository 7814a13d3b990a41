"""Binary density estimation: the autoregressive network on the DEBD tables, beside published figures.

Usage: python benchmarks/binary.py [--data DIR] [--sets nltcs ...] [--models AutoregressiveNetwork ...] [--write]

Tables are read from DIR, or from the folder that the environment variable SKGEN_DATA names: debd/*.npz, uint8 arrays
train and test. Nets see the training rows alone, a tenth of which they hold back for early stopping.
"""

import argparse
import os
import warnings
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd
import torch
from _report import publish, table
from sklearn.exceptions import ConvergenceWarning

import skgen

SEED = 0

#: Published test nats a row: Chow-Liu tree, ID-SPN.
PUBLISHED = {
    "nltcs": (-6.759, -6.02),
    "plants": (-16.524, -12.54),
    "jester": (-58.230, -52.86),
    "accidents": (-33.187, -26.98),
    "mushrooms": (-20.986, None),
    "dna": (-87.698, -81.21),
}

#: Sets on which the network should come this near to ID-SPN; on the others it should beat the tree.
NEAR, SETS_NEAR = 0.3, ("nltcs", "plants", "jester")

MODELS = {
    "AutoregressiveNetwork": {
        "AutoregressiveNetwork()": {},
    },
    "BayesianNetwork": {"BayesianNetwork('chow-liu')": {"structure": "chow-liu"}},
    "AutoregressiveTrees": {"AutoregressiveTrees(sharpness=0)": {"sharpness": 0}},
}
RIVAL = "AutoregressiveNetwork"


def load(data, name):
    """Training and test rows as a table of booleans."""
    with np.load(data / "debd" / f"{name}.npz") as arrays:
        return [pd.DataFrame(arrays[part].astype(bool)).rename(columns="x{}".format) for part in ("train", "test")]


def measured(name, label, model, train, test):
    """The line of one model on one table."""
    start = perf_counter()
    model.fit(train)
    seconds, start = perf_counter() - start, perf_counter()
    scores = model.score_samples(test)
    score_seconds = perf_counter() - start
    tree, network = PUBLISHED[name]
    mean, error = scores.mean(), scores.std(ddof=1) / np.sqrt(len(scores))
    return (
        name,
        label,
        f"{mean:.3f} +- {error:.3f}",
        f"{mean - tree:+.3f}",
        "" if network is None else f"{mean - network:+.3f}",
        verdict(name, mean) if label.startswith(RIVAL) else "",
        str(getattr(model, "n_epochs_", "")),
        f"{seconds:.1f}",
        f"{score_seconds:.1f}",
    )


def verdict(name, mean):
    """Whether the goal of a table is met."""
    tree, network = PUBLISHED[name]
    goal = network - NEAR if name in SETS_NEAR else tree
    return f"{'met' if mean >= goal else 'missed'}: >= {goal:.2f}"


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("SKGEN_DATA"), help="folder of the data sets")
    parser.add_argument("--sets", nargs="+", choices=PUBLISHED, default=list(PUBLISHED))
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS))
    parser.add_argument("--write", action="store_true", help="write benchmarks/results/binary.md")
    arguments = parser.parse_args()
    if not arguments.data:
        parser.error("no data folder: name one with --data or SKGEN_DATA; what it must hold is said above")
    return arguments


def main():
    arguments = parse()
    warnings.simplefilter("ignore", ConvergenceWarning)
    rows = []
    for name in arguments.sets:
        train, test = load(Path(arguments.data), name)
        for model in arguments.models:
            for label, options in MODELS[model].items():
                rows.append(measured(name, label, getattr(skgen, model)(**options, random_state=SEED), train, test))
                print("  ".join(rows[-1]), flush=True)
    header = ("table", "model", "test nats", "above the tree", "above ID-SPN", "goal", "epochs", "fit s", "score s")
    trees, networks = (
        ", ".join(f"{name} {row[k]}" for name, row in PUBLISHED.items() if row[k] is not None) for k in range(2)
    )
    note = [
        "",
        f"Published: Chow-Liu trees {trees}; ID-SPN {networks}.",
        "Each column keeps mass 1/(n + 2) for unseen events.",
        f"Torch ran on {torch.get_num_threads()} threads, seed {SEED}.",
    ]
    publish("binary", "Binary density estimation", [("Test nats a row", table(header, rows) + note)], arguments.write)


if __name__ == "__main__":
    main()
