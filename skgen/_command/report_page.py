"""A report page: one HTML file on synthetic rows, with its picture inside."""

from __future__ import annotations

from base64 import b64encode
from html import escape
from importlib.util import find_spec
from io import BytesIO

import pandas as pd

from .._version import __version__
from ..metrics import mode_coverage, shape_error, trend_error
from ..metrics._figures import FIGURES
from ..metrics._independent import independent_rows

#: Dots of the picture per inch.
DPI = 110
NEEDS = "needs a holdout"
#: Figures that are held against the training rows by definition, with a holdout or not -> what measures them.
AGAINST_TRAIN = {"shape": shape_error, "trend": trend_error, "mode_coverage": mode_coverage}
#: Figures that mean nothing without rows that the model has not seen.
AGAINST_HOLDOUT = ("two_sample", "tstr_auc", "copies", "nearest", "membership_auc", "membership_tpr")

STYLE = """
:root { color-scheme: light; }
body { font: 15px/1.5 system-ui, sans-serif; color: #1c1e21; background: #fff; max-width: 72rem; margin: 2rem auto;
  padding: 0 1.5rem; }
h1 { font-size: 1.6rem; margin: 0 0 .3rem; } h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
p { max-width: 50rem; } .verdict { border-left: 4px solid #2e7d32; padding: .6rem 1rem; background: #f4f7f4; }
.verdict.concern { border-color: #b00020; background: #fbf1f2; }
.verdict.open { border-color: #888; background: #f5f5f5; }
table { border-collapse: collapse; margin: .5rem 0 1rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: #555; padding-bottom: .4rem; }
th, td { padding: .25rem .8rem .25rem 0; border-bottom: 1px solid #ddd; text-align: left; }
th { color: #555; font-weight: 600; } .needs { color: #777; font-style: italic; }
img { width: 100%; height: auto; } footer { color: #777; font-size: .85rem; margin-top: 2rem; }
"""
HOW = """<p>A figure means little alone. <b>Real rows</b> are rows that no model has made, put in the place of the
synthetic ones: what chance alone gives. <b>Independent columns</b> are drawn from each training column on its own: they
have every column right and no pair.</p>"""
OPEN = """A verdict takes real rows that the model was not fitted to, and none were given: state them by --holdout. What
is shown are {labels}: by definition they hold a table against the training rows, with a holdout as without. A table of
copies would look perfect by them."""


def check_picture():
    """Refuse to start where nothing is installed that draws."""
    if find_spec("matplotlib") is None:
        raise ImportError('The report draws a picture with matplotlib, not found here: pip install "skgen[plot]".')


def judged(report, with_target):
    """The part of a page on a quality report."""
    concerns = report.concerns[report.names[0]]
    if concerns:
        found = ", ".join(f"{FIGURES[key].label} ({word})" for key, word in concerns.items())
        verdict = f'<p class="verdict concern">Cause for concern: {escape(found)}.</p>'
    else:
        verdict = '<p class="verdict">No figure gives cause for concern.</p>'
    without = "" if with_target else '<p class="needs">Utility is measured where --target names a column.</p>'
    return f"{verdict}{HOW}{report._repr_html_()}{without}"


def figures_without_holdout(train, synthetic, rng):
    """What can be said of a table beside its training rows alone.

    Parameters
    ----------
    train, synthetic : DataFrame
        Rows that the model was fitted to, and rows that it generated.
    rng : Generator
        Draws the independent columns.

    Returns
    -------
    DataFrame
        One row for each figure, the name of which is its label; those that need a holdout say so.
    """
    independent = independent_rows(train, len(synthetic), rng)
    rows = {}
    for key, measure in AGAINST_TRAIN.items():
        values = [format(measure(train, X), FIGURES[key].form) for X in (synthetic, independent)]
        own, beside = (value.replace("%", " %") for value in values)
        rows[FIGURES[key].label] = [own, NEEDS, beside, FIGURES[key].note]
    for key in AGAINST_HOLDOUT:
        rows[FIGURES[key].label] = [NEEDS, NEEDS, NEEDS, FIGURES[key].note]
    return pd.DataFrame.from_dict(rows, orient="index", columns=["synthetic", "real rows", "independent columns", ""])


def unjudged(figures):
    """The part of a page on figures without a holdout."""
    head = "".join(f"<th>{escape(name)}</th>" for name in ["", *figures.columns])
    body = ""
    for label, cells in figures.iterrows():
        shown = (f'<td class="needs">{cell}</td>' if cell == NEEDS else f"<td>{escape(cell)}</td>" for cell in cells)
        body += f"<tr><td>{escape(label)}</td>{''.join(shown)}</tr>"
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    *most, last = (FIGURES[key].label for key in AGAINST_TRAIN)
    reason = OPEN.format(labels=f"{', '.join(most)} and {last}")
    return f'<p class="verdict open">{escape(reason)}</p>{HOW}{table}'


def picture(train, synthetic):
    """An image of every column and every pair, as text that a page holds."""
    from matplotlib import pyplot

    from ..plotting.table_display import TableDisplay

    with pyplot.style.context("default"):
        figure = TableDisplay.from_predictions(train, synthetic).figure_
        png = BytesIO()
        figure.savefig(png, format="png", dpi=DPI)
        pyplot.close(figure)
    data = b64encode(png.getvalue()).decode("ascii")
    return f'<img alt="Every column and every pair, real and synthetic" src="data:image/png;base64,{data}">'


def render(title, intro, figures, image):
    """The whole page."""
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8"><title>{escape(title)}</title>\n'
        f"<style>{STYLE}</style></head>\n<body>\n<h1>{escape(title)}</h1>\n<p>{escape(intro)}</p>\n"
        f"<h2>Figures</h2>\n{figures}\n<h2>Columns and pairs</h2>\n{image}\n"
        f"<footer>skgen {escape(__version__)}</footer>\n</body>\n</html>\n"
    )
