"""One density in the roles of scikit-learn's own estimators, beside those.

Usage: python benchmarks/roles.py [--data DIR] [--write] [--only classification detection ...]

Estimators have their defaults but for the settings that their row or the protocol names; both sides of a comparison
read the same folds in the same run. --data, or the environment variable SKGEN_DATA, names the folder that holds
outliers/, tabular/ and uci/; the classifier needs none.
"""

import argparse
import os
import warnings
from pathlib import Path

import pandas as pd
from _report import publish, table
from _roles_predict import SEED, classification, detection, regression
from _roles_rows import imputation, oversampling
from sklearn.exceptions import ConvergenceWarning

MEASURES = {
    "classification": (classification, "Accuracy within 0.01 of GaussianNB, 0.05 above it on digits; error <= 0.05."),
    "detection": (detection, "Mean ROC AUC at least that of IsolationForest."),
    "imputation": (imputation, "RMSE below both others; 87 to 93 % of the cells within the quantiles."),
    "oversampling": (oversampling, "Average precision above that of SMOTE."),
    "regression": (regression, "90 % of the targets within the quantiles."),
}
#: What is no default.
SETTINGS = (
    "Defaults on both sides, but for the settings that a row names, 30 rounds of IterativeImputer instead of 10, and "
    "20 imputations whose mean is taken (100 for the quantiles) instead of 1."
)


def lines(frame, goal):
    """A table of figures, four digits each, and the goal."""
    frame = frame.reset_index() if frame.index.name else frame
    cells = [["" if pd.isna(x) else f"{x:.4g}" if isinstance(x, float) else x for x in row] for row in frame.values]
    return [*table(list(frame.columns), cells), "", f"Goal: {goal}"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("SKGEN_DATA"), help="folder of the data")
    parser.add_argument("--write", action="store_true", help="write benchmarks/results/roles.md")
    parser.add_argument("--only", nargs="+", choices=MEASURES, default=list(MEASURES))
    arguments = parser.parse_args()
    if arguments.data is None and arguments.only != ["classification"]:
        parser.error("pass --data or set SKGEN_DATA: only classification runs without")
    warnings.simplefilter("ignore", ConvergenceWarning)
    data = None if arguments.data is None else Path(arguments.data)
    sections = []
    for name in arguments.only:
        measure, goal = MEASURES[name]
        sections.append((name.capitalize(), lines(measure(data), goal)))
    sections.append(("Protocol", [f"Seed {SEED}. {SETTINGS}"]))
    publish("roles", "One density in many roles", sections, arguments.write)


if __name__ == "__main__":
    main()
