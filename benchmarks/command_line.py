"""Seconds from a table to rows and a page by the command line.

Usage: python benchmarks/command_line.py [--data DIR] [--rows 100000] [--write]

Tables are read from DIR, or from the folder that the environment variable SKGEN_DATA names:
tabular/{adult-train,adult-test}.csv.gz. Each command is a process of its own, on one thread, its start included.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from _report import publish, table

#: Seconds that the three may take together.
GOAL = 60


def commands(data, n_rows):
    """The three commands, by name."""
    train, test = data / "tabular" / "adult-train.csv.gz", data / "tabular" / "adult-test.csv.gz"
    return {
        "fit": ["fit", train, "-o", "adult.skgen"],
        "sample": ["sample", "adult.skgen", "-n", n_rows, "-o", "synthetic.parquet"],
        "report": ["report", train, "synthetic.parquet", "--holdout", test, "--target", "income", "-o", "report.html"],
    }


def seconds_of(words, folder):
    """Seconds of one command in a folder."""
    start = perf_counter()
    subprocess.run(
        [sys.executable, "-m", "skgen", *map(str, words), "--quiet"],
        cwd=folder, env={**os.environ, "OMP_NUM_THREADS": "1"}, check=True,
    )  # fmt: skip
    return perf_counter() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("SKGEN_DATA", "data")))
    parser.add_argument("--rows", type=int, default=100_000, help="synthetic rows")
    parser.add_argument("--write", action="store_true", help="write results/command_line.md")
    arguments = parser.parse_args()
    with TemporaryDirectory() as folder:
        asked = commands(arguments.data.resolve(), arguments.rows)
        seconds = {name: seconds_of(words, folder) for name, words in asked.items()}
        sizes = [
            f"{name} of {(Path(folder) / name).stat().st_size:,} bytes" for name in ("synthetic.parquet", "report.html")
        ]
    total = sum(seconds.values())
    rows = [(name, f"{value:.1f}") for name, value in seconds.items()]
    rows.append(("together", f"{total:.1f} (goal {GOAL}: {'met' if total <= GOAL else 'missed'})"))
    lines = [
        *table(("command", "seconds"), rows),
        "",
        f"{arguments.rows:,} rows; {', '.join(sizes)}. Each command is a process of one thread.",
    ]
    publish("command_line", "The command line on Adult", [("Seconds", lines)], arguments.write)


if __name__ == "__main__":
    main()
