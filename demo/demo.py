"""Compare generative models on a table, write synthetic rows, and judge them against rows that no model has seen.

Usage: python demo/demo.py [table.csv] [--model NAME] [--target COLUMN]

Without a file the table is scikit-learn's wine data, with the cultivar as a text column. Without --model, AutoDensity
picks what gives held-out rows the highest likelihood, within a minute. The target is the column that a learner predicts
when it is trained on synthetic rows: by default the last one, where that has few levels or numbers.
"""

import argparse
import sys
import warnings
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd

from skgen import (
    AutoDensity,
    AutoregressiveTrees,
    BayesianNetwork,
    GaussianMixture,
    IndependentColumns,
    TableDisplay,
    compare_densities,
    quality_report,
)
from skgen._command.table_file import read_table
from skgen.datasets import load_wine_table

HERE = Path(__file__).resolve().parent
MAX_ROWS = 20_000
MAX_CELLS = 150_000
MIN_ROWS = 10
FOLDS = 3
#: Seconds in which a model is chosen and fitted, where none is named.
TIME_BUDGET = 60
#: Share of the rows that the quality report keeps from the model, and most rows of its distances and classifiers.
TEST_SHARE, REPORT_ROWS = 0.25, 5_000
#: Most levels of a target that is not named.
MAX_LEVELS = 10


def make_models():
    """What is compared, the default answer first; independent columns are the line to beat."""
    return {
        "AutoregressiveTrees": AutoregressiveTrees(random_state=0),
        "AutoregressiveTrees(sharpness=0)": AutoregressiveTrees(sharpness=0, random_state=0),
        "BayesianNetwork": BayesianNetwork(random_state=0),
        "GaussianMixture(4)": GaussianMixture(4, random_state=0),
        "IndependentColumns": IndependentColumns(random_state=0),
    }


def make_generator(name):
    """What generates the rows: the named model, or the one that gives held-out rows the highest likelihood."""
    if name != "AutoDensity":
        return make_models()[name]
    return AutoDensity(time_budget=TIME_BUDGET, random_state=0)


def find_target(table, name=None):
    """The column that a learner is to predict, or None where the last one does not suit."""
    if name is not None and name not in table:
        raise ValueError(f"There is no column {name!r}; the columns are {list(table)}.")
    column = table.iloc[:, -1] if name is None else table[name]
    n_values = column.nunique()
    if name is not None and n_values < 2:
        raise ValueError(f"The target {name!r} has fewer than two distinct values: nothing to predict.")
    is_fit = n_values >= 2 and (n_values <= MAX_LEVELS or pd.api.types.is_numeric_dtype(column))
    return column.name if name is not None or is_fit else None


#: Notes that were printed, so that each is printed once.
SAID = set()


@contextmanager
def step(title):
    """Announces a step, and afterwards its seconds and every warning that is new."""
    print(f"\n{title} ...", flush=True)
    start = perf_counter()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    print(f"... {perf_counter() - start:.1f} s")
    for message in dict.fromkeys(str(warning.message) for warning in caught):
        if message not in SAID:
            print(f"Note: {message}")
            SAID.add(message)


def compare(table):
    """Cross-validated likelihood, on a random part of a long table."""
    part, n_rows = table, max(min(MAX_ROWS, MAX_CELLS // table.shape[1]), MIN_ROWS)
    if len(table) > n_rows:
        part = table.sample(n_rows, random_state=0).reset_index(drop=True)
        print(f"\nThe comparison uses {n_rows:,} rows drawn at random from {len(table):,}.")
    with step(f"Comparing {len(make_models())} models by {FOLDS}-fold cross-validation"):
        comparison = compare_densities(make_models(), part, cv=FOLDS, random_state=0)
    print(f"\n{comparison.schema!r}\n\n{comparison!r}")
    print("AutoregressiveTrees draws half of its rows from sharper laws. That costs at most 0.69 nats per row")
    print("and mostly makes them harder to tell from real ones: --model AutoregressiveTrees reports on it.")


def generate(table, name, target):
    """Fit the named model to most rows, write as many new ones, and judge these by the rows that were kept from it."""
    csv, columns, quality = HERE / "synthetic.csv", HERE / "real_vs_synthetic.png", HERE / "quality.png"
    order = np.random.default_rng(0).permutation(len(table))
    n_test = max(round(TEST_SHARE * len(table)), 1)
    test, train = (table.iloc[np.sort(part)] for part in (order[:n_test], order[n_test:]))
    target = target if target is not None and test[target].nunique() > 1 else None
    with step(f"Fitting {name} to {len(train):,} rows and sampling as many; {len(test):,} rows are kept to judge them"):
        model = make_generator(name).fit(train)
        synthetic = model.sample(len(train))
        synthetic.to_csv(csv, index=False)
    if isinstance(model, AutoDensity):
        print(f"\n{model.comparison_!r}")
        for label, status in model.leaderboard_["status"][model.leaderboard_["nats"].isna()].items():
            print(f"{label}: {status}.")
        print(f"Chosen on rows held out of these: {model.best_label_}.")
    with step("Judging the synthetic rows beside real rows and independent columns"):
        report = quality_report(train, test, synthetic, target, max_rows=REPORT_ROWS)
    print(f"\n{report!r}")
    if target is not None:
        print(f"Utility: a learner trained on synthetic rows predicts {target!r} in real ones.")
    with step("Drawing"):
        TableDisplay.from_predictions(table, synthetic).figure_.savefig(columns, dpi=100)
        report.plot().figure_.savefig(quality, dpi=100)
    print(f"\nSynthetic rows: {csv}\nPictures:       {columns}\n                {quality}")


def main(arguments=None):
    """Run the demo; the exit status is 0, or 2 when the table cannot be used."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("csv", nargs="?", help="a CSV file with a header line; default: the wine data")
    parser.add_argument(
        "--model", choices=["AutoDensity", *make_models()], default="AutoDensity", help="what generates the rows"
    )
    parser.add_argument("--target", help="the column that a learner is to predict; default: the last, if it suits")
    options = parser.parse_args(arguments)
    try:
        table = read_table(options.csv, min_rows=MIN_ROWS) if options.csv else load_wine_table()
        target = find_target(table, options.target)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{options.csv or 'Wine data (scikit-learn)'}: {len(table):,} rows, {table.shape[1]} columns.")
    compare(table)
    generate(table, options.model, target)
    return 0


if __name__ == "__main__":
    sys.exit(main())
