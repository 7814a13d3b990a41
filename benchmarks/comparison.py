"""How long fair comparisons take, and what they say, on Adult and California.

Usage: python benchmarks/comparison.py [--data DIR] [--tables adult california] [--parts classic deep]
           [--rows N] [--n-jobs 2] [--write]

Tables are read from DIR, or from the folder that the environment variable SKGEN_DATA names:
tabular/{adult-train,california}.csv.gz. "classic" compares the models without nets on all rows (or on N), "deep" the
flow, the VAE and the diffusion beside them on 5,000 rows (or on N), by three folds each, with default parameters.
"""

import argparse
import os
import sys
import warnings
from pathlib import Path
from time import perf_counter

import pandas as pd
from _report import publish, table

import skgen
from skgen._registry import MODELS

SEED, FOLDS, DEEP_ROWS = 0, 3, 5_000
#: Seconds that a comparison of one table may take.
GOAL = 600
TABLES = {"adult": "adult-train", "california": "california"}
NETS = ("NormalizingFlow", "VAE", "DiffusionModel")
#: Settings beside the defaults.
BESIDE = {"AutoregressiveTrees": [{"sharpness": 0}], "GaussianMixture": [{"n_components": 8}]}
MARKS = {"exact": "", "lower_bound": ">= ", "estimate": "~ "}
HEADER = ("rank", "model", "nats per row", "SE", "against best", "95 % interval", "fit s", "score s")


def models_of(part):
    """Unfitted models by name: those without nets, and nets beside them."""
    classic = [name for name, (module, kind) in MODELS.items() if kind == "model" and ".classic." in module]
    models = {}
    for name in [*classic, *(NETS if part == "deep" else ())]:
        for settings in [{}, *BESIDE.get(name, [])]:
            shown = ", ".join(f"{key}={value}" for key, value in settings.items())
            models[f"{name}({shown})"] = getattr(skgen, name)(**settings, random_state=SEED)
    return models


def read(data, name, n_rows):
    """A table, or some rows of it drawn at random."""
    rows = pd.read_csv(data / "tabular" / f"{TABLES[name]}.csv.gz", skipinitialspace=True)
    return rows if n_rows is None else rows.sample(min(n_rows, len(rows)), random_state=SEED).reset_index(drop=True)


def compare(data, name, part, n_rows, n_jobs):
    """Heading and lines of one comparison."""
    if n_rows is None and part == "deep":
        n_rows = DEEP_ROWS
    rows = read(data, name, n_rows)
    start = perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        comparison = skgen.compare_densities(
            models_of(part), rows, cv=FOLDS, n_jobs=n_jobs, verbose=1, random_state=SEED
        )
    seconds = perf_counter() - start
    lines = table(HEADER, [cells(label, row, comparison.best) for label, row in comparison.to_frame().iterrows()])
    lines += ["", f"{seconds:.0f} s with n_jobs={n_jobs}; goal {GOAL} s: {'yes' if seconds <= GOAL else 'NO'}."]
    return f"{name}: {part}, {len(rows):,} rows, {rows.shape[1]} columns, {FOLDS} folds", lines


def cells(label, row, best):
    """One model's row of the table."""
    against = [f"{row['difference']:+.3f}", f"[{row['low']:+.3f}, {row['high']:+.3f}]"]
    return (
        "" if pd.isna(row["rank"]) else row["rank"],
        label,
        f"{MARKS[row['likelihood']]}{row['nats']:.3f}",
        f"{row['se']:.3f}",
        *(["best", ""] if label == best else against),
        f"{row['fit_seconds']:.3g}",
        f"{row['score_seconds']:.3g}",
    )


def main(arguments=None):
    """Run the benchmark; the exit status is 0, or 2 where the data are missing."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("SKGEN_DATA"))
    parser.add_argument("--tables", nargs="+", choices=TABLES, default=list(TABLES))
    parser.add_argument("--parts", nargs="+", choices=("classic", "deep"), default=["classic", "deep"])
    parser.add_argument("--rows", type=int)
    parser.add_argument("--n-jobs", type=int, default=2)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args(arguments)
    if options.data is None or not (Path(options.data) / "tabular").is_dir():
        print("Expected --data DIR or SKGEN_DATA: the folder that holds tabular/. See the head of this file.")
        return 2
    data = Path(options.data)
    sections = [
        compare(data, name, part, options.rows, options.n_jobs) for name in options.tables for part in options.parts
    ]
    sections.append(
        ("How to read it", [">= marks lower bounds, ~ estimates, which have no rank. Seconds are those of one fold."])
    )
    publish("comparison", "Fair comparisons: what they say and how long they take", sections, options.write)
    return 0


if __name__ == "__main__":
    sys.exit(main())
