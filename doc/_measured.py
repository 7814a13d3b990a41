"""Figures of the benchmarks, as tables of the guide: means over seeds, read from `benchmarks/results`."""

from pathlib import Path

import pandas as pd

RESULTS = Path(__file__).resolve().parent.parent / "benchmarks" / "results"

#: Columns of the benchmark: title, factor, decimals.
FIGURES = {
    "fit_seconds": ("fit, s", 1, 1),
    "nats": ("held-out nats", 1, 2),
    "shape": ("shape error, %", 100, 2),
    "trend": ("trend error, %", 100, 2),
    "auc": ("AUC", 1, 3),
    "utility": ("TSTR", 1, 3),
}

#: Marks of likelihoods that are not exact.
MARKS = {"lower_bound": "≥\N{NO-BREAK SPACE}", "estimate": "~\N{NO-BREAK SPACE}"}


def measured(*files):
    """One row per model, best likelihood first; the files are of one table."""
    frames = [pd.read_csv(RESULTS / file) for file in files if (RESULTS / file).exists()]
    rows = pd.concat(frames).drop_duplicates(["row", "seed"])
    rows = rows[rows["row"].str.endswith(")") & rows["failed"].isna()]
    means = rows.groupby("row")[list(FIGURES)].mean()
    kinds = rows.groupby("row")["likelihood"].first()
    means = means.sort_values("nats", ascending=False)
    table = pd.DataFrame(index=means.index)
    for name, (title, factor, decimals) in FIGURES.items():
        table[title] = [f"{factor * value:.{decimals}f}" if value == value else "" for value in means[name]]
    table["held-out nats"] = [MARKS.get(kinds[row], "") + cell for row, cell in table["held-out nats"].items()]
    return table.rename_axis("model")


def write(folder):
    """The tables that the guide includes."""
    folder.mkdir(exist_ok=True)
    for name in ("adult", "magic"):
        measured(f"tables_{name}.csv", f"tables_deep_{name}.csv").to_csv(folder / f"measured_{name}.csv")
