"""The result of a likelihood comparison: held-out log-densities of several models on the same rows.

Differences are taken row by row, so that what makes a row hard for both models cancels: `plotting/_paired.py` has the
formulas.
"""

from html import escape

import numpy as np

from ..plotting._paired import LIKELIHOODS, MARKS, mean_and_error, order_models, pair_weights, paired_difference
from ..plotting.likelihood_comparison_display import LikelihoodComparisonDisplay
from ._fold import gather_scores

HEADER = ("", "model", "nats per row", "SE", "against best", "95 % interval", "fit s", "score s")
NOTES = {
    "lower_bound": "at least this much. A bound above an exact score by more than chance proves the model better; "
    "a bound below one proves nothing.",
    "estimate": "the density of a law near the model's own; below the line and without a rank.",
}


def _number(value, form):
    return "" if np.isnan(value) else format(value, form)


class LikelihoodComparison:
    """Held-out likelihoods of several models, paired row by row.

    Usually made by :func:`compare_densities`. Models whose likelihood is exact are ranked. A lower bound
    stands at its place, marked ``>=``. Estimates stand below a line and are not ranked.

    Parameters
    ----------
    scores : dict of str to ndarray of shape (n_rows,)
        Held-out log-density of each row in nats under each model; NaN for rows that were never held out.
    likelihood : dict of str to {"exact", "lower_bound", "estimate"}
        What the scores of each model are.
    fit_seconds, score_seconds : dict of str to float
        Seconds for one fold, averaged over the folds.
    sample_weight : array of shape (n_samples,), default=None
        Weights of the rows; a row of weight 0 is invisible.
    n_splits : int, default=1
        Number of folds.
    bound_gap : dict of str to float, default=None
        How much a lower bound rose when its draws were doubled, where the model reports it.
    schema : Schema or None, default=None
        Kinds and base measure of the columns, which all models shared.
    conditional_on : sequence, default=()
        Columns that all densities are given.

    Attributes
    ----------
    names : list of str
        Models in the order of the table: exact scores and bounds by their mean, then estimates.
    best : str
        The model that differences are taken to: the best exact one, or without any the first of `names`.

    Examples
    --------
    >>> import numpy as np
    >>> from skgen.model_selection import LikelihoodComparison
    >>> comparison = LikelihoodComparison(
    ...     {"a": np.array([-1.0, -3.0]), "b": np.array([-2.0, -3.5])},
    ...     {"a": "exact", "b": "exact"}, {"a": 0.1, "b": 0.1}, {"a": 0.1, "b": 0.1})
    >>> comparison.best
    'a'
    >>> comparison.to_frame()[["nats", "difference", "difference_se"]].round(3)
           nats  difference  difference_se
    model
    a     -2.00        0.00           0.00
    b     -2.75       -0.75           0.25
    """

    def __init__(
        self,
        scores,
        likelihood,
        fit_seconds,
        score_seconds,
        *,
        sample_weight=None,
        n_splits=1,
        bound_gap=None,
        schema=None,
        conditional_on=(),
    ):
        self.sample_weight = pair_weights(sample_weight, len(next(iter(scores.values()))))
        self.scores = {name: np.where(self.sample_weight > 0, values, np.nan) for name, values in scores.items()}
        self.likelihood = dict(likelihood)
        self.fit_seconds = dict(fit_seconds)
        self.score_seconds = dict(score_seconds)
        self.n_splits = n_splits
        self.bound_gap = dict(bound_gap or {})
        self.schema = schema
        self.conditional_on = tuple(conditional_on)
        means = {name: mean_and_error(values, self.sample_weight)[0] for name, values in self.scores.items()}
        self.names, self.best = order_models(means, self.likelihood)

    def to_frame(self):
        """The comparison as a table, one row per model.

        Returns
        -------
        DataFrame
            Columns: rank (exact models only), likelihood, nats (mean held-out log-density per row) and its
            standard error, the mean paired difference to the best model with its standard error and 95 %
            interval, the number of held-out rows of density zero, seconds for fit and score of one fold.
        """
        import pandas as pd

        rows, rank = [], 0
        for name in self.names:
            exact = self.likelihood[name] == "exact"
            rank += exact
            rows.append({"model": name, "rank": rank if exact else None, **self._row(name)})
        return pd.DataFrame(rows).astype({"rank": "Int64"}).set_index("model")

    def _row(self, name):
        values = self.scores[name]
        nats, error, _ = mean_and_error(values, self.sample_weight)
        difference, difference_se, low, high = paired_difference(values, self.scores[self.best], self.sample_weight)
        return {
            "likelihood": self.likelihood[name],
            "nats": nats,
            "se": error,
            "difference": difference,
            "difference_se": difference_se,
            "low": low,
            "high": high,
            "n_zero": int(np.sum(np.isneginf(values))),
            "fit_seconds": self.fit_seconds[name],
            "score_seconds": self.score_seconds[name],
        }

    def _title(self):
        held = ~np.isnan(self.scores[self.best])
        rows = f"{held.sum():,} rows"
        if np.any(self.sample_weight != 1):
            rows += f" of total weight {self.sample_weight[held].sum():g}"
        folds = f"{self.n_splits} fold{'s' * (self.n_splits != 1)}"
        given = f", given {', '.join(map(str, self.conditional_on))}" if self.conditional_on else ""
        return f"Held-out log-likelihood{given} in nats per row (higher is better): {rows}, {folds}"

    def _cells(self, name, row):
        first = name == self.best
        interval = "" if first or np.isnan(row["low"]) else f"[{row['low']:+.3f}, {row['high']:+.3f}]"
        return (
            "" if row["likelihood"] != "exact" else str(row["rank"]),
            name,
            MARKS[row["likelihood"]] + _number(row["nats"], ".3f"),
            _number(row["se"], ".3f"),
            "best" if first else _number(row["difference"], "+.3f"),
            interval,
            _number(row["fit_seconds"], ".3g"),
            _number(row["score_seconds"], ".3g"),
        )

    def _table(self):
        """Cells of all rows, the number of rows above the line, and the notes."""
        frame = self.to_frame()
        cells = [self._cells(name, row) for name, row in zip(frame.index, frame.to_dict("records"), strict=True)]
        above = sum(kind != "estimate" for kind in frame["likelihood"])
        notes = ["Intervals are paired over rows, for the models as fitted in these folds."]
        notes += [f"{MARKS[kind].strip():2} {text}" for kind, text in NOTES.items() if kind in set(frame["likelihood"])]
        notes += [f"{name}: twice the draws raised the bound by {gap:.3f}." for name, gap in self.bound_gap.items()]
        notes += [f"{name}: density zero at {k} held-out rows." for name, k in frame["n_zero"].items() if k]
        return cells, above, notes

    def __repr__(self):
        cells, above, notes = self._table()
        widths = [max(len(row[j]) for row in [HEADER, *cells]) for j in range(len(HEADER))]
        lines = [
            "  ".join(cell.ljust(w) if j == 1 else cell.rjust(w) for j, (cell, w) in enumerate(zip(row, widths)))
            for row in [HEADER, *cells]
        ]
        rule = "-" * len(lines[0])
        lines.insert(1, rule)
        if above < len(cells):
            lines.insert(2 + above, rule)
        return "\n".join(line.rstrip() for line in [self._title(), *lines, *notes])

    def _repr_html_(self):
        cells, above, notes = self._table()
        head = "".join(f"<th>{escape(cell)}</th>" for cell in HEADER)
        body = ""
        for i, row in enumerate(cells):
            line = ' style="border-top: 2px solid"' if i == above else ""
            body += f"<tr{line}>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>"
        foot = "".join(f"<div>{escape(note)}</div>" for note in notes)
        caption = f"<caption>{escape(self._title())}</caption>"
        return f"<div><table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{foot}</div>"

    def plot(self, ax=None):
        """Draw the paired differences to the best model with their 95 % intervals.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; a new figure where None.

        Returns
        -------
        LikelihoodComparisonDisplay
            With `figure_` and `ax_`. Filled dots are exact, triangles are lower bounds, open dots below the line are
            estimates.
        """
        return LikelihoodComparisonDisplay.from_comparison(self, ax=ax)


def comparison_of(results, folds, n_rows, sample_weight, schema):
    """The comparison of models by their results in each fold.

    Parameters
    ----------
    results : dict of str to list of FoldResult
        One result per fold.
    folds : list of (train, test)
        Positions of the rows.
    n_rows : int
        Rows in all.
    sample_weight : array or None
        Their weights.
    schema : Schema or None
        What the models shared.

    Returns
    -------
    LikelihoodComparison
    """
    gaps = {name: [r.bound_gap for r in rows if r.bound_gap is not None] for name, rows in results.items()}
    return LikelihoodComparison(
        {name: gather_scores(rows, folds, n_rows) for name, rows in results.items()},
        {name: max((r.likelihood for r in rows), key=LIKELIHOODS.index) for name, rows in results.items()},
        {name: float(np.mean([r.fit_seconds for r in rows])) for name, rows in results.items()},
        {name: float(np.mean([r.score_seconds for r in rows])) for name, rows in results.items()},
        sample_weight=sample_weight,
        n_splits=len(folds),
        bound_gap={name: float(np.mean(values)) for name, values in gaps.items() if values},
        schema=schema,
        conditional_on=next(iter(results.values()))[0].conditional_on,
    )
