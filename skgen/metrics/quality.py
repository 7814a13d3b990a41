"""QualityReport: the figures of synthetic tables beside those of real rows and of independent columns."""

from __future__ import annotations

from html import escape

import numpy as np

from ..plotting.quality_display import INDEPENDENT_ROWS, REAL_ROWS, Headline, QualityDisplay
from ._figures import FIGURES, WORDS

OK = "ok"
STYLE = {"flag": "color: #b00020; font-weight: bold", "beside": "opacity: 0.75", "cell": "text-align: right"}


class QualityReport:
    """What :func:`quality_report` found.

    Every figure stands beside that of *real rows* which no model has made, put in the place of the synthetic table (the
    floor: what chance alone gives), and beside that of *independent columns*, drawn from each training column on
    its own: a figure by which these look good says nothing about how columns go together.

    Parameters
    ----------
    figures : dict of str to dict of str to Value
        Table to key of the figure to its value with the ends of its 95 % interval (NaN where none is known).
        Synthetic tables come first, then "real rows" and "independent columns".
    column_errors : dict of str to pandas.Series, default=None
        Table to shape error of each column.
    pair_errors : dict of str to DataFrame, default=None
        Table to trend error of each pair of columns.
    n_rows : dict of str to int, default=None
        Rows of "train", of "test" and of each synthetic table.
    notes : list of str, default=()
        What a reader must know of how the figures came about.

    Attributes
    ----------
    names : list of str
        The synthetic tables.
    concerns : dict of str to dict of str to str
        Table to key of a figure to the word for what is wrong. Empty where nothing is.

    Examples
    --------
    >>> from skgen.metrics import QualityReport, Value
    >>> report = QualityReport({
    ...     "synthetic": {"trend": Value(0.08), "two_sample": Value(0.95, 0.94, 0.96)},
    ...     "real rows": {"trend": Value(0.01), "two_sample": Value(0.5, 0.49, 0.51)},
    ...     "independent columns": {"trend": Value(0.09), "two_sample": Value(0.97, 0.96, 0.98)},
    ... })
    >>> report.concerns["synthetic"]
    {'trend': 'pairs lost', 'two_sample': 'detected'}
    >>> report.to_frame()[["synthetic", "real rows", "verdict"]]
                synthetic  real rows     verdict
    figure
    trend            0.08       0.01  pairs lost
    two_sample       0.95       0.50    detected
    """

    def __init__(self, figures, column_errors=None, pair_errors=None, *, n_rows=None, notes=()):
        self.figures = figures
        self.column_errors = dict(column_errors or {})
        self.pair_errors = dict(pair_errors or {})
        self.n_rows = dict(n_rows or {})
        self.notes = list(notes)
        self.names = [name for name in figures if name not in (REAL_ROWS, INDEPENDENT_ROWS)]
        self.concerns = {name: self._concerns(name) for name in self.names}

    def _concerns(self, name):
        beside = (self.figures[REAL_ROWS], self.figures[INDEPENDENT_ROWS])
        words = {
            key: FIGURES[key].concern(own, *(table[key] for table in beside)) for key, own in self.figures[name].items()
        }
        return {key: word for key, word in words.items() if word}

    @property
    def keys(self):
        """The figures, in the order of the table."""
        return list(self.figures[REAL_ROWS])

    def to_frame(self, *, intervals=False):
        """The report as a table, one row per figure.

        Parameters
        ----------
        intervals : bool, default=False
            Whether to add the ends of the 95 % intervals, as columns "<table> low" and "<table> high".

        Returns
        -------
        DataFrame
            A column for each synthetic table, "real rows", "independent columns", "better" (which way) and "verdict":
            "ok" or what is wrong with which table.
        """
        import pandas as pd

        rows = []
        for key in self.keys:
            row = {"figure": key}
            for table, values in self.figures.items():
                row[table] = values[key].value
                if intervals:
                    row[f"{table} low"], row[f"{table} high"] = values[key][1:]
            rows.append({**row, "better": FIGURES[key].note, "verdict": self._verdict(key)})
        return pd.DataFrame(rows).set_index("figure")

    def _verdict(self, key):
        wrong = {name: self.concerns[name][key] for name in self.names if key in self.concerns[name]}
        if not wrong:
            return OK
        return next(iter(wrong.values())) if len(self.names) == 1 else "; ".join(f"{n}: {w}" for n, w in wrong.items())

    # ---- text ----------------------------------------------------------------------------------------------------

    def title(self, name=None):
        """A heading: what was held against what.

        Parameters
        ----------
        name : str, default=None
            A synthetic table, if one alone is meant.

        Returns
        -------
        str
        """
        tables = self.names if name is None else [name]
        what = "Quality of synthetic rows" if tables == ["synthetic"] else f"Quality of {', '.join(map(str, tables))}"
        if not self.n_rows:
            return what
        counts = {f"{self.n_rows[t]:,}" for t in tables}
        rows = f"{counts.pop()} rows" if len(counts) == 1 else "rows"
        return f"{what}: {rows} against {self.n_rows['train']:,} of train and {self.n_rows['test']:,} of test"

    def _cell(self, table, key):
        """The figure; its interval where one table is judged, a mark where several are and this one is flagged."""
        value, low, high = self.figures[table][key]
        if np.isnan(value):
            return ""
        form, alone = FIGURES[key].form, len(self.names) == 1
        interval = f" [{low:{form}}, {high:{form}}]" if alone and table in self.names and not np.isnan(low) else ""
        mark = "" if alone or table not in self.names else " !" if key in self.concerns[table] else "  "
        return f"{value:{form}}{interval}".replace("%", " %") + mark

    def _table(self):
        """Header and cells; where one table is judged its verdict is the last column."""
        alone = len(self.names) == 1
        header = ["", *map(str, self.figures), "", *(["verdict"] if alone else [])]
        cells = [
            [FIGURES[key].label, *(self._cell(table, key) for table in self.figures), FIGURES[key].note]
            + ([self._verdict(key)] if alone else [])
            for key in self.keys
        ]
        return header, cells

    def _remarks(self):
        remarks = []
        if len(self.names) > 1:
            for name, words in self.concerns.items():
                found = ", ".join(f"{FIGURES[key].label} ({word})" for key, word in words.items())
                remarks.append(f"{name}: {found or OK}.")
        used = {word for words in self.concerns.values() for word in words.values()}
        return remarks + [f"{word}: {meaning}." for word, meaning in WORDS.items() if word in used] + self.notes

    def __repr__(self):
        header, cells = self._table()
        widths = [max(len(row[j]) for row in [header, *cells]) for j in range(len(header))]
        left = {0, *range(len(self.figures) + 1, len(header))}
        lines = [
            "  ".join(cell.ljust(w) if j in left else cell.rjust(w) for j, (cell, w) in enumerate(zip(row, widths)))
            for row in [header, *cells]
        ]
        lines.insert(1, "-" * max(map(len, lines)))
        return "\n".join(line.rstrip() for line in [self.title(), *lines, *self._remarks()])

    def _repr_html_(self):
        header, cells = self._table()
        head = "".join(f"<th>{escape(cell)}</th>" for cell in header)
        body = ""
        for key, row in zip(self.keys, cells, strict=True):
            styles = ["", *(self._style(table, key) for table in self.figures), STYLE["beside"]]
            if len(row) > len(styles):
                styles.append("" if row[-1] == OK else STYLE["flag"])
            parts = (f'<td style="{style}">{escape(cell)}</td>' for cell, style in zip(row, styles, strict=True))
            body += f"<tr>{''.join(parts)}</tr>"
        foot = "".join(f"<div>{escape(remark)}</div>" for remark in self._remarks())
        caption = f"<caption>{escape(self.title())}</caption>"
        return f"<div><table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{foot}</div>"

    def _style(self, table, key):
        flag = STYLE["flag"] if key in self.concerns.get(table, {}) else ""
        beside = STYLE["beside"] if table not in self.names else ""
        return "; ".join(part for part in (STYLE["cell"], flag, beside) if part)

    # ---- picture -------------------------------------------------------------------------------------------------

    def headlines(self):
        """The figures as the display draws them.

        Returns
        -------
        list of Headline
        """
        return [
            Headline(
                FIGURES[key].label,
                FIGURES[key].note,
                {table: values[key].value for table, values in self.figures.items()},
                best=FIGURES[key].best,
                form=FIGURES[key].form,
                intervals={t: v[key][1:] for t, v in self.figures.items() if not np.isnan(v[key].low)},
                flagged=[name for name in self.names if key in self.concerns[name]],
            )
            for key in self.keys
        ]

    def pair_matrix(self, name=None):
        """Trend errors of pairs: a synthetic table below the diagonal, real rows above.

        Parameters
        ----------
        name : str, default=None
            The synthetic table; by default the first.

        Returns
        -------
        ndarray of shape (n_columns, n_columns) or None
            None where the trend was not measured.
        """
        name = self.names[0] if name is None else name
        if name not in self.names:
            raise ValueError(f"There is no synthetic table {name!r}. Tables are {self.names}.")
        if not self.pair_errors:
            return None
        own, real = (self.pair_errors[table].to_numpy() for table in (name, REAL_ROWS))
        return np.where(np.tri(len(own), k=-1, dtype=bool), own, real)

    def plot(self, *, name=None):
        """Draw the report on one sheet.

        Parameters
        ----------
        name : str, default=None
            The synthetic table whose pairs are shown; by default the first.

        Returns
        -------
        QualityDisplay
        """
        return QualityDisplay.from_report(self, name=name)
