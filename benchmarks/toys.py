"""How far every density falls below the known law of toys in the plane.

Usage: python benchmarks/toys.py [--models classic deep NormalizingFlow ...] [--toys Rings ...] [--rows 100000]
           [--jobs 2] [--write]

Every density of the registry but `TorchDensity`, which has no module of its own; default parameters throughout. The gap
is the mean of log p - log q over the same test rows, p the law and q the fitted density: nats, 0 at best, with its
standard error. Nothing but noise can make it negative. Numbers are those in the fitted state, codec included. Pairs of
model and toy run `--jobs` at a time, on one thread each where that is above 1.
With --write each finished pair is kept in results/toys.csv, in place of what it held of that pair, and the report shows
all that it holds; pairs that were not asked for stay as they were on the day that the file names.
"""

import argparse
import sys
import warnings
from datetime import date
from time import perf_counter

import numpy as np
import pandas as pd
from _models import GROUPS, density_models, is_deep, named_models
from _report import RESULTS, publish, table
from joblib import Parallel, delayed
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits

import skgen
from skgen import datasets
from skgen.testing._state import fitted_state, leaves

SEED, TRAIN_SEED, TEST_SEED = 0, 1, 2
TOYS = (
    "CorrelatedGaussian",
    "TwoMoons",
    "Circles",
    "Pinwheel",
    "SwissRoll",
    "EightGaussians",
    "GaussianGrid",
    "Rings",
    "TwoSpirals",
    "Checkerboard",
)

#: Highest gaps, in nats, that the designs of these models promise.
GOALS = {
    "NormalizingFlow": ({"Rings": 0.05, "TwoSpirals": 0.05, "Checkerboard": 0.08}, 0.02),
    "DiffusionModel": ({"TwoSpirals": 0.10, "Checkerboard": 0.10}, 0.05),
}

#: Test rows of models whose scores are dear, where they differ from the training rows.
SCORED_ROWS = {"DiffusionModel": 20_000, "VAE": 20_000}

#: Seconds that the fit of one of these may take, and that fit and scores together should.
LONGEST = 300

#: Standard errors by which a gap may be negative.
NOISE = 5.0


# ---- one pair -------------------------------------------------------------------------------------------------------


def measure(name, toy, n_rows, n_threads):
    """Figures of one model on one toy."""
    if n_threads is not None and is_deep(name):
        import torch

        torch.set_num_threads(n_threads)
    with threadpool_limits(n_threads), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        figures = {"model": name, "toy": toy, "rows": n_rows, "threads": n_threads, **_figures(name, toy, n_rows)}
    print(f"{name} on {toy}: gap {figures['gap']:.4f}, fit {figures['fit']:.0f} s", file=sys.stderr, flush=True)
    return figures


def _figures(name, toy, n_rows):
    law = getattr(datasets, toy)()
    train = law.sample(n_rows, random_state=TRAIN_SEED)
    test = law.sample(min(SCORED_ROWS.get(name, n_rows), n_rows), random_state=TEST_SEED)
    start = perf_counter()
    model = getattr(skgen, name)(random_state=SEED).fit(train)
    fit = perf_counter() - start
    start = perf_counter()
    gap = law.log_density(test) - model.score_samples(test)
    return {
        "gap": gap.mean(),
        "error": gap.std() / np.sqrt(len(gap)),
        "fit": fit,
        "score": perf_counter() - start,
        "scored": len(test),
        "numbers": n_numbers(model),
        "likelihood": model.likelihood_,
        "day": date.today().isoformat(),
    }


def n_numbers(model):
    """Numbers in the fitted state."""
    arrays = (leaf for _, leaf in leaves(fitted_state(model)) if isinstance(leaf, np.ndarray))
    return sum(array.size for array in arrays if array.dtype.kind in "fiub")


# ---- report ---------------------------------------------------------------------------------------------------------


def grid(records, cell):
    """A Markdown table, models down and toys across."""
    toys = [toy for toy in TOYS if toy in set(records["toy"])]
    found = {(r.model, r.toy): cell(r) for r in records.itertuples()}
    models = [name for name in density_models() if name in set(records["model"])]
    return table(("model", *toys), [(name, *(found.get((name, toy), "") for toy in toys)) for name in models])


def verdict(record):
    """A note on a gap: beyond the goal, or below zero by more than noise."""
    special, usual = GOALS.get(record.model, ({}, np.inf))
    if record.gap < -NOISE * record.error:
        return " (above the law)"
    return f" (goal {special.get(record.toy, usual)})" if record.gap > special.get(record.toy, usual) else ""


def _slow(records):
    """A sentence on the pairs that take longer than they should."""
    goal = records[records["model"].isin(GOALS)]
    slow = {name: goal[seconds > LONGEST] for name, seconds in
            (("fit", goal["fit"]), ("fit and scores", goal["fit"] + goal["score"]))}  # fmt: skip
    said = [
        f"{name} beyond it: {', '.join(f'{r.model} on {r.toy}' for r in rows.itertuples()) or 'none'}"
        for name, rows in slow.items()
    ]
    return f"Models with goals may take {LONGEST} s; {'; '.join(said)}."


def sections_of(records):
    gaps = grid(records, lambda r: f"{r.gap:.4f} +- {r.error:.4f}{verdict(r)}")
    rows = ", ".join(f"{n:,}" for n in sorted(records["rows"].unique()))
    scored = "; ".join(f"{n:,} for {name}" for name, n in SCORED_ROWS.items() if name in set(records["model"]))
    threads = sorted({"all" if pd.isna(n) else str(int(n)) for n in records["threads"]})
    kinds = records.groupby("likelihood")["model"].unique()
    notes = [
        "",
        f"{rows} training rows and as many test rows{f' ({scored})' if scored else ''}; seeds of the model {SEED}, of "
        f"the training rows {TRAIN_SEED}, of the test rows {TEST_SEED}; threads of a fit: {', '.join(threads)}; "
        f"measured on {', '.join(sorted(records['day'].unique()))}.",
        _slow(records),
        *(f"Scores of kind {kind}: {', '.join(sorted(names))}." for kind, names in kinds.items()),
    ]
    return [
        ("Gap to the known law, nats", gaps + notes),
        ("Seconds of fit", grid(records, lambda r: f"{r.fit:.3g}")),
        ("Seconds of scoring", grid(records, lambda r: f"{r.score:.3g}")),
        ("Numbers in the fitted state", grid(records, lambda r: f"{r.numbers:,}")),
    ]


# ---- command --------------------------------------------------------------------------------------------------------


def parse(argv):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="+", choices=[*GROUPS, *density_models()], default=["classic", "deep"])
    parser.add_argument("--toys", nargs="+", choices=TOYS, default=list(TOYS))
    parser.add_argument("--rows", type=int, default=100_000, help="training rows, and test rows")
    parser.add_argument("--jobs", type=int, default=1, help="pairs side by side; above 1, on one thread each")
    parser.add_argument("--write", action="store_true", help="write results/toys.csv and results/toys.md")
    arguments = parser.parse_args(argv)
    arguments.models = named_models(arguments.models)
    return arguments


def main(argv=None):
    arguments = parse(argv)
    file = RESULTS / "toys.csv"
    records = pd.read_csv(file) if arguments.write and file.exists() else pd.DataFrame(columns=["model", "toy"])
    pairs = [(name, toy) for name in arguments.models for toy in arguments.toys]
    n_threads = 1 if arguments.jobs > 1 else None
    jobs = (delayed(measure)(name, toy, arguments.rows, n_threads) for name, toy in pairs)
    for row in Parallel(arguments.jobs, return_as="generator_unordered")(jobs):
        keep = (records["model"] != row["model"]) | (records["toy"] != row["toy"])
        records = pd.concat([records[keep], pd.DataFrame([row])] if keep.any() else [pd.DataFrame([row])])
        if arguments.write:
            records.to_csv(file, index=False, float_format="%.6g")
    for name in records["model"].unique():
        getattr(skgen, name)  # loads what it stands on, whose versions the report then names
    publish("toys", "Densities on toys whose law is known", sections_of(records), arguments.write)


if __name__ == "__main__":
    main()
