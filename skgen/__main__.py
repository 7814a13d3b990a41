"""The command line: `python -m skgen fit`, `sample`, `report` and `compare`."""

from __future__ import annotations

import argparse
import os
import sys

from . import __version__, exceptions
from ._command import commands
from ._command.console import Console
from ._command.model_spec import NAMES, read_param, read_spec

FINE, FAILED, INTERRUPTED = 0, 1, 130
#: What a user can put right: each says how. Every other error is one of ours, and shows where it happened.
USER_ERRORS = (
    ValueError,
    OSError,
    ImportError,
    exceptions.DivergenceError,
    exceptions.LowSupportError,
    exceptions.RejectionError,
)
COMPARED = (
    "AutoregressiveTrees",
    "AutoregressiveTrees(sharpness=0)",
    "BayesianNetwork",
    "GaussianMixture(n_components=4)",
    "IndependentColumns",
    "KernelDensity",
)
TABLE = "CSV with a header line (also .gz), or Parquet"


def _count(least):
    def read(text):
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"{text!r} must be a whole number from {least}.")
        return int(text)

    return read


def _add_fit(add):
    command = add("fit", "fit a model to a table and save it", commands.fit)
    command.add_argument("table", help=TABLE)
    command.add_argument("-o", "--output", required=True, metavar="FILE", help="the model, as skgen.load reads it")
    command.add_argument(
        "--model",
        type=read_spec,
        default="AutoregressiveTrees",
        metavar="NAME",
        help=f"{', '.join(NAMES)}; default: AutoregressiveTrees. auto tries several and takes the likeliest",
    )
    command.add_argument(
        "--param", type=read_param, action="append", default=[], metavar="KEY=VALUE", help="a parameter of the model"
    )
    command.add_argument("--seed", type=_count(0), default=0, help="seed of the fit and of the rows; default: 0")


def _add_sample(add):
    command = add("sample", "write rows of a saved model", commands.sample)
    command.add_argument("model", help="a file that fit wrote, or skgen.save")
    command.add_argument("-n", "--n-samples", type=_count(0), default=1000, metavar="N", help="rows; default: 1000")
    command.add_argument("-o", "--output", required=True, metavar="FILE", help=".csv, .csv.gz or .parquet")
    command.add_argument(
        "--given",
        action="append",
        default=[],
        metavar="COLUMN=VALUE",
        help="fix a column: VALUE, LOW..HIGH for a range, nothing for a missing cell; "
        "for several columns, or values of one, state it again",
    )
    command.add_argument("--seed", type=_count(0), help="draws other rows; default: those that the saved model is at")


def _add_report(add):
    command = add("report", "write a page on synthetic rows", commands.report)
    command.add_argument("train", help=f"rows that the model was fitted to: {TABLE}")
    command.add_argument("synthetic", help="rows that it generated")
    command.add_argument(
        "--holdout", metavar="FILE", help="real rows that the model has not seen; most figures need them"
    )
    command.add_argument("--target", metavar="COLUMN", help="the column that a learner is to predict")
    command.add_argument("-o", "--output", required=True, metavar="FILE", help="an HTML page, its picture inside")
    command.add_argument(
        "--max-rows",
        type=_count(0),
        default=20_000,
        metavar="N",
        help="most rows of distances and classifiers; default: 20000, 0 takes all",
    )
    command.add_argument("--seed", type=_count(0), default=0, help="seed of what is drawn at random; default: 0")


def _add_compare(add):
    command = add("compare", "print the held-out likelihoods of several models", commands.compare)
    command.add_argument("table", help=TABLE)
    command.add_argument(
        "--models",
        type=read_spec,
        nargs="+",
        default=[read_spec(text) for text in COMPARED],
        metavar="NAME",
        help=f"names, with parameters in quotes: {' '.join(map(repr, COMPARED))} is the default",
    )
    command.add_argument("--cv", type=_count(2), default=5, metavar="K", help="folds; default: 5")
    command.add_argument(
        "--max-rows",
        type=_count(0),
        default=20_000,
        metavar="N",
        help="of a longer table so many rows are drawn at random; default: 20000, 0 takes all",
    )
    command.add_argument("--n-jobs", type=_count(1), metavar="N", help="fits at once; default: 1")
    command.add_argument("--seed", type=_count(0), default=0, help="seed of the folds and the models; default: 0")


def make_parser():
    """The arguments of all commands."""
    parser = argparse.ArgumentParser(
        prog="python -m skgen",
        description="Fit generative models to tables, draw synthetic rows, judge them.",
        epilog="Exit status: 0 fine, 1 something to put right, 2 usage, 130 interrupted.",
    )
    parser.add_argument("--version", action="version", version=f"skgen {__version__}")
    parts = parser.add_subparsers(title="commands", dest="command", metavar="COMMAND", required=True)

    def add(name, text, run):
        command = parts.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
        command.set_defaults(run=run)
        command.add_argument("-q", "--quiet", action="store_true", help="no progress on stderr")
        return command

    for add_command in (_add_fit, _add_sample, _add_report, _add_compare):
        add_command(add)
    return parser


def main(arguments=None):
    """Run a command.

    Parameters
    ----------
    arguments : list of str, default=None
        What follows `python -m skgen`; by default those of the process.

    Returns
    -------
    int
        The exit status: 0, 1 where there is something to put right, 130 where it was interrupted; wrong usage exits
        with 2.
    """
    options = make_parser().parse_args(arguments)
    console = Console(options.quiet)
    try:
        with console.notes():
            options.run(options, console)
    except USER_ERRORS as error:
        console.error(error)
        return FAILED
    except KeyboardInterrupt:
        console.error("Interrupted.")
        return INTERRUPTED
    return FINE


if __name__ == "__main__":
    os.environ["MPLBACKEND"] = "Agg"  # a page needs no window
    sys.exit(main())
