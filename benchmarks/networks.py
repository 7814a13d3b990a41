"""Bayesian networks: laws that are known, binary tables with published figures, a census.

Usage: python benchmarks/networks.py [--data DIR] [--write] [--only known binary adult]

Files are read from DIR, or from the folder that the environment variable SKGEN_DATA names: bayesnets/*.bif.gz (asia,
cancer, sachs, child, insurance, alarm), debd/*.npz (nltcs, plants, jester, accidents, mushrooms, dna; uint8 arrays
train and test) and tabular/adult-{train,test}.csv.gz.
"""

import argparse
import os
import warnings
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd
from _bif import KnownNetwork
from _report import publish, table
from sklearn.exceptions import ConvergenceWarning

import skgen
from skgen import BayesianNetwork, GaussianMixture, Schema

SEED = 0
N_TRAIN, N_TEST, N_ENTROPY = 10_000, 20_000, 200_000
#: Most nats (asia) or most share of the entropy that may be missing.
NETWORKS = {"asia": 0.02, "cancer": None, "sachs": None, "child": "1 %", "insurance": "1 %", "alarm": "1 %"}
#: Published test nats of the tree on the training rows, half a row added to each entry.
TREES = {
    "nltcs": -6.759,
    "plants": -16.524,
    "jester": -58.230,
    "accidents": -33.187,
    "mushrooms": -20.986,
    "dna": -87.698,
}
COLUMNS = {
    "BayesianNetwork('chow-liu')": lambda: BayesianNetwork("chow-liu", random_state=SEED),
    "BayesianNetwork()": lambda: BayesianNetwork(random_state=SEED),
    "BayesianNetwork(max_parents=6)": lambda: BayesianNetwork(max_parents=6, random_state=SEED),
    "GaussianMixture(8)": lambda: GaussianMixture(8, max_iter=50, random_state=SEED),
    "AutoregressiveTrees(sharpness=0)": lambda: skgen.AutoregressiveTrees(sharpness=0, random_state=SEED),
}


def timed_fit(model, X):
    start = perf_counter()
    model.fit(X)
    return model, perf_counter() - start


def mean_and_error(values):
    return values.mean(), values.std(ddof=1) / np.sqrt(len(values))


def known(data):
    """Known networks: 10,000 training rows against the truth on the same 20,000 test rows"""
    rows = []
    for name, goal in NETWORKS.items():
        truth = KnownNetwork.read(data / "bayesnets" / f"{name}.bif.gz")
        train, test = truth.sample(N_TRAIN, SEED), truth.sample(N_TEST, SEED + 1)
        log_p = truth.log_probability(test)
        entropy = -truth.log_probability(truth.sample(N_ENTROPY, SEED + 2)).mean()
        for structure in ("chow-liu", "hill-climbing"):
            model, seconds = timed_fit(BayesianNetwork(structure, random_state=SEED), train)
            gap, error = mean_and_error(log_p - model.score_samples(test))
            wanted = f"<= {goal}" if goal and structure == "hill-climbing" else ""
            edges = f"{len(model.edges_)} of {truth.n_edges()}"
            rows.append(
                (f"{name}, {len(truth.levels)} columns", f"{entropy:.3f}", structure, f"{gap:.4f} +- {error:.4f}",
                 f"{gap / entropy:.2%}", wanted, edges, f"{seconds:.1f}")
            )  # fmt: skip
    header = ("network", "entropy", "structure", "nats missing, paired", "of the entropy", "goal", "edges", "fit s")
    return known.__doc__, table(header, rows)


def score_or_none(make, train, test):
    """Mean test nats and seconds; None for a model that this version has not."""
    try:
        model = make()
    except AttributeError:
        return None
    model, seconds = timed_fit(model, train)
    return model.score(test), seconds


def binary(data):
    """Binary density estimation: test nats a row, trained on the training rows alone"""
    rows = []
    for name, published in TREES.items():
        with np.load(data / "debd" / f"{name}.npz") as arrays:
            train, test = (
                pd.DataFrame(arrays[part].astype(bool)).rename(columns="x{}".format) for part in ("train", "test")
            )
        tree = BayesianNetwork("chow-liu", criterion="bic", smoothing=0.5, random_state=SEED).fit(train)
        reserved = train.shape[1] * np.log1p(-1 / (len(train) + 2))
        rows.append((name, "published tree", f"{published:.3f}", "", ""))
        plain = tree.score(test) - reserved
        rows.append(
            (name, "tree, smoothing=0.5, reserved mass put back", f"{plain:.3f}", f"{plain - published:+.3f}", "")
        )
        for label, make in COLUMNS.items():
            found = score_or_none(make, train, test)
            if found is None:
                rows.append((name, label, "not in this version", "", ""))
            else:
                rows.append((name, label, f"{found[0]:.3f}", f"{found[0] - published:+.3f}", f"{found[1]:.1f}"))
        print("\n".join("  ".join(row) for row in rows[-len(COLUMNS) - 2 :]), flush=True)
    note = [
        "",
        "The published tree adds half a row to each entry of its tables and reserves nothing. The rows below the",
        "second are scores as they are: each column keeps mass 1/(n + 2) for unseen events.",
    ]
    return binary.__doc__, table(("table", "model", "test nats", "above the tree", "fit s"), rows) + note


def adult(data):
    """Adult: 32,561 training rows, 16,281 test rows, one schema"""
    train, test = (
        pd.read_csv(data / "tabular" / f"adult-{part}.csv.gz", na_values="?", skipinitialspace=True)
        for part in ("train", "test")
    )
    schema, rows = Schema.infer(train), []
    goals = {"chow-liu": ">= -28.7"}
    for options in ({"structure": "chow-liu"}, {}, {"max_parents": 3}, {"n_bins": 16}, {"criterion": "bic"}):
        model, seconds = timed_fit(BayesianNetwork(**options, schema=schema, random_state=SEED), train)
        start = perf_counter()
        mean, error = mean_and_error(model.score_samples(test))
        score_seconds = perf_counter() - start
        label = ", ".join(f"{key}={value!r}" for key, value in options.items())
        rows.append(
            (f"BayesianNetwork({label})", f"{mean:.3f} +- {error:.3f}", goals.get(options.get("structure"), ""),
             len(model.edges_), f"{seconds:.1f}", f"{score_seconds:.2f}")
        )  # fmt: skip
    return adult.__doc__, table(("model", "test nats a row", "goal", "edges", "fit s", "score s"), rows)


CASES = {"known": known, "binary": binary, "adult": adult}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("SKGEN_DATA"), help="folder of the data sets")
    parser.add_argument("--write", action="store_true", help="write benchmarks/results/networks.md")
    parser.add_argument("--only", nargs="+", choices=CASES, default=list(CASES))
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    if not arguments.data:
        parser.error("no data folder: name one with --data or SKGEN_DATA; what it must hold is said above")
    sections = [CASES[name](Path(arguments.data)) for name in arguments.only]
    publish("networks", "Bayesian networks", sections, arguments.write)


if __name__ == "__main__":
    main()
