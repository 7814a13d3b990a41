"""How good and how fast the synthetic tables of every model are, on five mixed tables.

Usage: python benchmarks/tables.py [--data DIR] [--sets adult ...] [--models floors AutoregressiveTrees ...]
           [--seeds 0 1 2] [--slow 120] [--n-jobs N] [--rows N] [--peers] [--given] [--report tables]
           [--keep] [--write]

Tables are read from DIR, or from the folder that the environment variable SKGEN_DATA names:
tabular/{adult-train,adult-test,default,shoppers,magic,beijing}.csv.gz.

Default parameters throughout. Shape and trend are against train: trend on 10 bins of equal width of the real range for
every number; "trend, corr." compares two numbers by half the gap between their correlations instead, as SDMetrics does
(published figures are mostly of this kind). AUC (boosted trees, 3-fold, equal sizes) against
held-out test rows, TSTR by default HistGradientBoosting on test (AUC; RMSE for pm2.5), nearest is the share of drawn
rows nearer to train than to test, train cut to the size of test, copies the share of drawn rows found in train.
Each figure is a mean over seeds; a model whose first seed takes longer than --slow seconds is not repeated.
"""

import argparse
import inspect
import os
import sys
import warnings
from functools import partial
from pathlib import Path
from time import perf_counter

import _peers
import pandas as pd
from _models import GROUPS, density_models, named_models
from _report import RESULTS, publish, table
from _tables_data import SETS, load, missing_sentence
from _tables_given import given_pairs, summary
from _tables_goals import verdicts
from _tables_measure import FIGURES, FLOORS, model_figures
from sklearn.exceptions import ConvergenceWarning

import skgen

#: Configurations measured beside the default one, where they differ from it.
BESIDE = {
    "AutoregressiveTrees": [{"sharpness": 0}],
    "BayesianNetwork": [{"structure": "chow-liu"}],
}
GIVEN_SET, GIVEN_MODELS = "adult", ("AutoregressiveTrees", "AutoregressiveNetwork")
LIKELIHOODS = {"exact": "", "lower_bound": " (bound)", "estimate": " (estimate)"}


# ---- rows -----------------------------------------------------------------------------------------------------------


def model_rows(name, n_jobs):
    """Rows of one model: title -> what makes it from a seed."""
    cls = getattr(skgen, name)
    known = inspect.signature(cls).parameters
    common = {"n_jobs": n_jobs} if n_jobs is not None and "n_jobs" in known else {}
    rows = {f"{name}()": partial(seeded, cls, common)}
    for extra in BESIDE.get(name, []):
        if all(known[key].default != value for key, value in extra.items()):
            title = ", ".join(f"{key}={value!r}" for key, value in extra.items())
            rows[f"{name}({title})"] = partial(seeded, cls, {**common, **extra})
    return rows


def seeded(cls, parameters, seed):
    return cls(**parameters, random_state=seed)


def rows_of(arguments):
    """Everything that is measured: title -> call(split, seed) -> figures."""
    rows = dict(FLOORS) if "floors" in arguments.models else {}
    for name in arguments.models:
        if name != "floors":
            rows |= {title: partial(model_figures, make) for title, make in model_rows(name, arguments.n_jobs).items()}
    if arguments.peers:
        rows |= {title: partial(model_figures, make) for title, make in _peers.available().items()}
    return rows


# ---- one set --------------------------------------------------------------------------------------------------------


def measure_set(name, split, rows, seeds, slow):
    """All figures of one table: a line per row and seed.

    A model that cannot do a table is reported, not fatal: its line holds the reason under `failed`.
    """
    records = []
    for title, measure in rows.items():
        for seed in seeds:
            start = perf_counter()
            try:
                figures = measure(split, seed)
            except (ValueError, RuntimeError, MemoryError) as error:
                figures = {"failed": f"{type(error).__name__}: {error}"}
            records.append({"set": name, "row": title, "seed": seed, **figures})
            took = sum(figures.get(f"{step}_seconds", 0.0) for step in ("fit", "sample", "score"))
            print(f"{name}: {title}, seed {seed}: {perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
            if took > slow or "failed" in figures:
                break
    return pd.DataFrame(records).reindex(columns=columns_of_csv())


def with_earlier(records, earlier):
    """Records in place of earlier ones of the same rows, which stand where these stood."""
    again = set(records["row"])
    order = list(dict.fromkeys([*earlier["row"], *records["row"]]))
    both = pd.concat([part for part in (earlier[~earlier["row"].isin(again)], records) if len(part)])
    return both.sort_values("row", key=lambda names: names.map(order.index), kind="stable")[records.columns]


def columns_of_csv():
    return ["set", "row", "seed", *FIGURES, "nats_error", "score_seconds", "likelihood", "failed"]


def averaged(records):
    """Means and standard deviations over seeds, one line per row in the order measured."""
    groups = records.groupby("row", sort=False)
    numbers = [*FIGURES, "nats_error", "score_seconds"]
    means, spreads = groups[numbers].mean(), groups[numbers].std()
    extra = groups.agg(seeds=("seed", "size"), likelihood=("likelihood", "first"), failed=("failed", "first"))
    return means.join(extra), spreads


def lines_of(means, spreads):
    """The Markdown table: mean and, from two seeds on, standard deviation."""
    rows = []
    for title in means.index:
        mean, spread = means.loc[title], spreads.loc[title]
        cells = [cell(figure, mean, spread) for figure in FIGURES]
        rows.append((title, mean["seeds"], *cells) if pd.isna(mean["failed"]) else (title, mean["failed"]))
    width = 2 + len(FIGURES)
    rows = [row + ("",) * (width - len(row)) for row in rows]
    return table(("row", "seeds", *(heading for heading, _ in FIGURES.values())), rows)


def cell(figure, mean, spread):
    if pd.isna(mean[figure]):
        return ""
    form = FIGURES[figure][1]
    text = form.format(mean[figure]).rstrip("%")
    if figure == "nats":
        return f"{text} +- {mean['nats_error']:.2f}{LIKELIHOODS[mean['likelihood']]}"
    if pd.isna(spread[figure]) or figure.endswith("seconds"):
        return text
    return f"{text} +- {form.format(spread[figure]).rstrip('%')}"


def section_of(name, split, records):
    """Heading and lines of one table set."""
    means, spreads = averaged(records)
    n_columns, numbers = split.train.shape[1], split.train.select_dtypes("number").shape[1]
    heading = f"{name}: {len(split.train):,} training and {len(split.test):,} test rows, "
    heading += f"{numbers} numbers and {n_columns - numbers} levels"
    utility = "root mean squared error, lower is better" if split.is_regression else "area under the curve"
    lines = [*lines_of(means, spreads), "", f"TSTR: {utility}, target {split.target}."]
    goals = verdicts(name, means)
    return heading, [*lines, "", *goals] if goals else lines


def given_sections(arguments):
    """Conditional samples of the models that draw them for every pair of columns, and of those named one by one."""
    asked = {*GIVEN_MODELS, *arguments.named} - {"floors"}
    names = [name for name in arguments.models if name in asked]
    split = load(GIVEN_SET, arguments.data, arguments.rows)
    sections = []
    for name in names:
        model = next(iter(model_rows(name, arguments.n_jobs).values()))(arguments.seeds[0])
        calls = given_pairs(model.fit(split.train), split.test, arguments.seeds[0])
        sections.append((f"{name}.sample(1,000, given=...), each of {len(calls)} pairs of columns", summary(calls)))
    return sections


# ---- command --------------------------------------------------------------------------------------------------------


def parse(argv):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("SKGEN_DATA"), help="folder of the data sets")
    parser.add_argument("--sets", nargs="*", choices=SETS, default=list(SETS))
    parser.add_argument(
        "--models", nargs="*", choices=["floors", *GROUPS, *density_models()], default=["floors", "classic"]
    )
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--slow", type=float, default=120.0, help="seconds of fit, sample and score for one seed only")
    parser.add_argument("--n-jobs", type=int, help="n_jobs of the models that have it")
    parser.add_argument("--rows", type=int, help="only the first rows of train: a quick look, no result")
    parser.add_argument("--peers", action="store_true", help="add sdv, mostlyai-engine and arfpy where installed")
    parser.add_argument("--given", action="store_true", help="add conditional samples on the pairs of Adult's columns")
    parser.add_argument("--report", default="tables", help="the name of the report")
    parser.add_argument(
        "--keep", action="store_true", help="keep rows of results/REPORT_SET.csv that are not measured again"
    )
    parser.add_argument("--write", action="store_true", help="write results/REPORT.md and results/REPORT_SET.csv")
    arguments = parser.parse_args(argv)
    arguments.data = Path(arguments.data) if arguments.data else None
    arguments.named = set(arguments.models) - set(GROUPS)
    arguments.models = named_models(arguments.models)
    return arguments


def main(argv=None):
    arguments = parse(argv)
    warnings.simplefilter("ignore", ConvergenceWarning)
    rows, sections = rows_of(arguments), []
    for name in arguments.sets:
        absent = missing_sentence(name, arguments.data)
        if absent:
            sections.append((name, [absent]))
            continue
        split, file = load(name, arguments.data, arguments.rows), RESULTS / f"{arguments.report}_{name}.csv"
        records = measure_set(name, split, rows, arguments.seeds, arguments.slow)
        if arguments.keep and file.exists():
            records = with_earlier(records, pd.read_csv(file))
            for row in records["row"]:  # loads what it stands on, whose versions the report then names
                getattr(skgen, row.split("(")[0], None)
        sections.append(section_of(name, split, records))
        print("\n".join([sections[-1][0], *sections[-1][1], ""]), flush=True)
        if arguments.write:
            RESULTS.mkdir(exist_ok=True)
            records.to_csv(file, index=False, float_format="%.6g")
    if arguments.given and not missing_sentence(GIVEN_SET, arguments.data):
        sections += given_sections(arguments)
    publish(arguments.report, "Synthetic tables: fidelity, likelihood, privacy, speed", sections, arguments.write)


if __name__ == "__main__":
    main()
