"""The commands: fit, sample, report, compare."""

from __future__ import annotations

from contextlib import redirect_stdout
from pathlib import Path

import numpy as np

from .._random import BLOCK_ROWS, generator_from
from .._sklearn import check_is_fitted
from ..metrics import quality_report
from ..metrics._measures import GROUPS
from ..model_selection import compare_densities
from ..persistence import load, save
from ..sequence import SequenceModel
from .condition import read_conditions
from .draft import check_output, draft_of
from .model_spec import AUTO
from .report_page import check_picture, figures_without_holdout, judged, picture, render, unjudged
from .row_file import as_pandas, check_row_file, open_rows
from .table_file import read_table

#: Rows of one call of `sample`: whole blocks, so that fewer rows are the first of more.
CHUNK_ROWS = 16 * BLOCK_ROWS


def _read(path, console, min_rows=1):
    with console.step(f"Reading {path}") as step:
        return read_table(path, min_rows=min_rows, say=lambda text: step.write(f"{text}\n"))


def _size(table):
    return f"{len(table):,} rows of {table.shape[1]} columns"


def fit(options, console):
    """Fit a model to a table and save it."""
    check_output(options.output, options.table)
    spec = options.model
    settings = spec.settings | dict(options.param)
    progress = {"verbose": 1} if spec.is_slow and not options.quiet else {}
    model = spec._replace(settings=settings).build(random_state=options.seed, **progress)
    table = _read(options.table, console, min_rows=2)
    title = f"Fitting {spec.name} to {_size(table)}"
    with console.step(title) as step, redirect_stdout(step):
        model.fit(table)
    if spec.name == AUTO:
        console.say(f"Chosen: {model.best_label_}.")
        model = model.best_estimator_
    elif progress and "verbose" not in settings:
        model.set_params(verbose=0)
    save(model, options.output)
    console.say(f"Saved {options.output}.")


def sample(options, console):
    """Write rows of a saved model."""
    check_row_file(options.output, options.model)
    model = load(options.model)
    if isinstance(model, SequenceModel):
        raise ValueError(
            f"{options.model} is a {type(model).__name__}, which draws sequences, not rows of a table: use skgen.load."
        )
    check_is_fitted(model)
    given = read_conditions(options.given, model.schema_)
    seeds = None if options.seed is None else generator_from(options.seed)
    with draft_of(options.output) as draft:
        rows_out = open_rows(draft, options.output, model.schema_)
        try:
            with console.step(f"Sampling {Path(options.output).name}", options.n_samples, "rows") as step:
                for start in range(0, max(options.n_samples, 1), CHUNK_ROWS):
                    n = min(CHUNK_ROWS, options.n_samples - start)
                    rows_out.write(as_pandas(model.sample(n, given=given, random_state=seeds), model.schema_))
                    step.advance(n)
        finally:
            rows_out.close()


def _with_columns_of(train, table, path):
    """A table with the columns of the training rows, in their order."""
    absent = [name for name in train if name not in table]
    others = [name for name in table if name not in train]
    if absent or others:
        lacks = f"lacks the columns {absent}" if absent else f"has the columns {others} beside those"
        raise ValueError(f"{path} {lacks} of the training table; both need the same columns.")
    return table[list(train)]


def report(options, console):
    """Write a page on synthetic rows."""
    check_picture()
    check_output(options.output, options.train, options.synthetic, *([options.holdout] if options.holdout else []))
    train = _read(options.train, console, min_rows=2)
    synthetic = _with_columns_of(train, _read(options.synthetic, console, min_rows=2), options.synthetic)
    if options.target is not None and options.target not in train:
        raise ValueError(f"--target names {options.target!r}, which is no column. Columns are {list(train)}.")
    names = [Path(path).name for path in (options.train, options.synthetic)]
    intro = f"{names[1]}: {len(synthetic):,} rows, beside {len(train):,} of {names[0]} that the model was fitted to"
    if options.holdout is None:
        with console.step("Measuring what needs no holdout"):
            figures = unjudged(figures_without_holdout(train, synthetic, generator_from(options.seed)))
    else:
        holdout = _with_columns_of(train, _read(options.holdout, console, min_rows=2), options.holdout)
        if holdout.equals(train):
            raise ValueError(f"{options.holdout} are the training rows; a holdout is rows that the model has not seen.")
        figures = _judge(train, holdout, synthetic, options, console)
        intro += f" and {len(holdout):,} of {Path(options.holdout).name} that it was not"
    with console.step("Drawing"):
        image = picture(train, synthetic)
    page = render(f"Synthetic rows of {names[0]}", f"{intro}.", figures, image)
    with draft_of(options.output) as draft:
        draft.write_text(page, encoding="utf-8")
    console.say(f"Saved {options.output}.")


def _judge(train, holdout, synthetic, options, console):
    """The quality report, as a part of the page; its concerns are said."""
    n_figures = sum(group.is_default for group in GROUPS.values()) - (options.target is None)
    with console.step("Judging", n_figures, "figures") as step, redirect_stdout(step):
        found = quality_report(
            train, holdout, synthetic, options.target,
            max_rows=options.max_rows or None, random_state=options.seed, verbose=1,
        )  # fmt: skip
    words = found.concerns[found.names[0]]
    console.say(f"Cause for concern: {', '.join(words.values())}." if words else "No figure gives cause for concern.")
    return judged(found, options.target is not None)


def compare(options, console):
    """Print the held-out likelihoods of several models."""
    labels = [spec.label for spec in options.models]
    repeated = [label for label in dict.fromkeys(labels) if labels.count(label) > 1]
    if repeated:
        raise ValueError(f"--models names {', '.join(repeated)} more than once; name each model once.")
    models = {spec.label: spec.build(random_state=options.seed) for spec in options.models}
    table = _read(options.table, console, min_rows=options.cv)
    if options.max_rows and len(table) > options.max_rows:
        rows = generator_from(options.seed).permutation(len(table))[: options.max_rows]
        table = table.iloc[np.sort(rows)].reset_index(drop=True)
        console.say(f"Comparing on {len(table):,} rows drawn at random; --max-rows 0 takes all.")
    title = f"Comparing on {_size(table)}"
    with console.step(title, len(models) * options.cv, "fits") as step, redirect_stdout(step):
        comparison = compare_densities(
            models, table, cv=options.cv, n_jobs=options.n_jobs, verbose=1, random_state=options.seed
        )
    print(comparison)
