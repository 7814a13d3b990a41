"""Fit several generative models to a table, compare them on held-out rows, and write what the best one generates.

Usage: python demo/demo.py [table.csv]

Without an argument the table is scikit-learn's wine data, with the cultivar as a text column.
"""

import argparse
import sys
import warnings
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd

from skgen import GaussianMixture, KernelDensity, TableDisplay, compare_densities
from skgen.datasets import load_wine_table

HERE = Path(__file__).resolve().parent
MAX_ROWS = 20_000
MAX_CELLS = 200_000
MIN_ROWS = 10
SEPARATORS = (";", "\t", "|")
ISO_DATE = r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?"


class UnusableTable(Exception):
    """The file cannot be read as a table of enough rows; the message says why."""


def read_table(path):
    """A CSV file as a DataFrame, with columns of ISO dates as dates."""
    path = Path(path)
    if not path.exists():
        raise UnusableTable(f"There is no file {path}.")
    if path.is_dir():
        raise UnusableTable(f"{path} is a folder; name a CSV file.")
    try:
        table = _parse(path)
    except pd.errors.EmptyDataError:
        raise UnusableTable(f"{path} is empty.") from None
    except (pd.errors.ParserError, UnicodeDecodeError, OSError) as error:
        raise UnusableTable(f"{path} cannot be read as CSV: {str(error).strip()}") from None
    infinite = [name for name in table.select_dtypes("number") if np.isinf(table[name]).any()]
    if infinite:
        raise UnusableTable(
            f"{path} has infinite cells in columns {infinite}; drop those rows or leave the cells empty."
        )
    if len(table) < MIN_ROWS:
        raise UnusableTable(f"{path} has {len(table)} rows below its header; the comparison needs at least {MIN_ROWS}.")
    return _with_dates(table)


def _parse(path):
    options = {"skipinitialspace": True, "low_memory": False}
    try:
        table = pd.read_csv(path, **options)
    except UnicodeDecodeError:
        print("The file is not UTF-8; reading it as Latin-1.")
        options["encoding"] = "latin-1"
        table = pd.read_csv(path, **options)
    if table.shape[1] == 1:
        found = [mark for mark in SEPARATORS if mark in str(table.columns[0])]
        if found:
            print(f"Columns are separated by {found[0]!r}.")
            table = pd.read_csv(path, sep=found[0], **options)
    return table


def _with_dates(table):
    for name in table.columns[table.dtypes.map(pd.api.types.is_string_dtype)]:
        cells = table[name].dropna().astype(str)
        if len(cells) and cells.str.fullmatch(ISO_DATE).all():
            parsed = pd.to_datetime(table[name], format="ISO8601", errors="coerce")
            if parsed.notna().sum() == len(cells):
                table[name] = parsed
                print(f"Column {name!r} is read as dates.")
    return table


def make_models():
    """What is compared: independent columns as the line to beat, mixtures, kernels."""
    return {
        "independent columns": GaussianMixture(1, covariance_type="diag", random_state=0),
        "mixture of 4": GaussianMixture(4, random_state=0),
        "mixture of 8": GaussianMixture(8, random_state=0),
        "mixture of 16": GaussianMixture(16, random_state=0),
        "kernel density": KernelDensity(random_state=0),
    }


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
    """Cross-validated comparison, on a random part of a long table."""
    part, n_rows = table, max(min(MAX_ROWS, MAX_CELLS // table.shape[1]), MIN_ROWS)
    if len(table) > n_rows:
        part = table.sample(n_rows, random_state=0).reset_index(drop=True)
        print(f"\nThe comparison uses {n_rows:,} rows drawn at random from {len(table):,}; the final fit uses all.")
    with step(f"Comparing {len(make_models())} models by 5-fold cross-validation"):
        comparison = compare_densities(make_models(), part, random_state=0)
    print(f"\n{comparison.schema!r}\n\n{comparison!r}")
    return comparison.best


def generate(table, name):
    """Fit the named model to the whole table; write as many new rows as it has, and the picture."""
    csv, picture = HERE / "synthetic.csv", HERE / "real_vs_synthetic.png"
    with step(f"Fitting {name!r} to all {len(table):,} rows and sampling as many"):
        model = make_models()[name].fit(table)
        synthetic = model.sample(len(table))
        synthetic.to_csv(csv, index=False)
    with step("Drawing real against synthetic columns"):
        TableDisplay.from_predictions(table, synthetic).figure_.savefig(picture, dpi=100)
    print(f"\nSynthetic rows: {csv}\nPicture:        {picture}")


def main(arguments=None):
    """Run the demo; the exit status is 0, or 2 when the table cannot be used."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("csv", nargs="?", help="a CSV file with a header line; default: the wine data")
    path = parser.parse_args(arguments).csv
    try:
        table = read_table(path) if path else load_wine_table()
    except UnusableTable as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{path or 'Wine data (scikit-learn)'}: {len(table):,} rows, {table.shape[1]} columns.")
    generate(table, compare(table))
    return 0


if __name__ == "__main__":
    sys.exit(main())
