"""How well the classic models fit real tables, a known law and real sequences; and how much memory they take.

Usage: python benchmarks/quality.py [--data DIR] [--write] [--only tables codec adult toy speech memory]

Tables and sequences are read from DIR, or from the folder that the environment variable SKGEN_DATA names:
tabular/{adult-train,adult-test,titanic,penguins,lending}.csv.gz and sequences/JapaneseVowels_{TRAIN,TEST}.ts.gz.
"""

import argparse
import logging
import os
import tempfile
import warnings
from functools import partial
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd
from _memory import peak_above_data
from _report import best_of, publish, table
from _speech import read_ts
from hmmlearn.hmm import GaussianHMM
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV

import skgen
from skgen import GaussianMixture, HiddenMarkovModel, KernelDensity, Schema, TableCodec
from skgen.datasets import EightGaussians

SEED = 0
TABLES = ("penguins", "titanic", "lending", "adult-train")
SEARCH_ROWS = 5_000


def read_table(data, name):
    return pd.read_csv(data / "tabular" / f"{name}.csv.gz", skipinitialspace=True)


def timed(call):
    start = perf_counter()
    result = call()
    return result, perf_counter() - start


def mean_and_error(scores, digits=3):
    return f"{scores.mean():.{digits}f} +- {scores.std(ddof=1) / np.sqrt(len(scores)):.{digits}f}"


# ---- the whole path -----------------------------------------------------------------------------------------------


def whole_path(frame, model, grid):
    """Fit, sample, score, search and save one model on one table; figures of one row."""
    shuffled = frame.sample(len(frame), random_state=SEED).reset_index(drop=True)
    cut = len(frame) * 4 // 5
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        _, fit_seconds = timed(lambda: model.fit(frame))
        new, sample_seconds = timed(lambda: model.sample(len(frame), random_state=SEED))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        schema = Schema.infer(frame)
        held = type(model)(**{**model.get_params(), "schema": schema}).fit(shuffled[:cut]).score_samples(shuffled[cut:])
        search_on = shuffled[:SEARCH_ROWS]
        search = GridSearchCV(model.set_params(schema=Schema.infer(search_on)), grid, cv=3).fit(search_on)
        model.set_params(schema=None)
    missing = np.abs(new.isna().mean() - frame.isna().mean()).max()
    return (
        f"{fit_seconds:.2f}",
        f"{sample_seconds:.2f}",
        mean_and_error(held),
        "all" if np.isfinite(held).all() else f"{np.isfinite(held).mean():.2%}",
        "equal" if (new.dtypes == frame.dtypes).all() and list(new) == list(frame) else "DIFFER",
        f"{missing:.3f}",
        ", ".join(f"{key}={value}" for key, value in search.best_params_.items()),
        round_trip(model, frame),
        "; ".join(dict.fromkeys(warning.category.__name__ for warning in caught)) or "none",
    )


def round_trip(model, frame):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.skgen"
        skgen.save(model, path)
        again = skgen.load(path)
    rows = frame.head(500)
    same = np.array_equal(again.score_samples(rows), model.score_samples(rows))
    same &= again.sample(200, random_state=1).equals(model.sample(200, random_state=1))
    return "bitwise" if same else "DIFFERS"


def tables(data):
    """Real tables through fit, sample, score_samples, GridSearchCV, save and load."""
    header = ("table", "model", "fit s", "sample s", "held-out nats", "finite", "dtypes", "missing off by")
    header += ("search chose", "save/load", "warnings")
    rows = []
    for name in TABLES:
        frame = read_table(data, name)
        for model, grid in (
            (GaussianMixture(8, random_state=SEED), {"n_components": [2, 8]}),
            (KernelDensity(random_state=SEED), {"bandwidth": ["scott", "silverman"]}),
        ):
            rows.append((f"{name} {frame.shape[0]}x{frame.shape[1]}", type(model).__name__))
            rows[-1] += whole_path(frame, model, grid)
    note = "Held-out: a random fifth of the rows. Lending's running number warns as an identifier, by design."
    return "The whole path on real tables", [*table(header, rows), "", note]


# ---- rows and numbers -----------------------------------------------------------------------------------------------


def codec(data):
    """Seconds to encode and decode Adult, the schema known."""
    train = read_table(data, "adult-train")
    schema = Schema.infer(train)
    rows = []
    for view, marginals in (("typed", "gaussianize"), ("real", "gaussianize"), ("real", "standardize")):
        coder = TableCodec(view, marginals).fit(train, schema)
        numbers, encode = best_of(partial(coder.encode, train))[::-1]
        points = numbers if view == "typed" else numbers[0]
        decode, back = best_of(partial(coder.decode, points))
        rows.append(
            [
                view,
                marginals if view == "real" else "",
                f"{encode:.3f}",
                f"{decode:.3f}",
                "<= 0.3",
                "yes" if back.equals(train) else "no",
            ]
        )
    head = ["view", "marginals", "encode s", "decode s", "goal", "round trip equal"]
    return "Table codec: Adult, 32,561 x 15", table(head, rows)


# ---- Adult --------------------------------------------------------------------------------------------------------


def adult(data):
    """Adult, trained on its training file and scored on its test file; '?' is a level."""
    train, test = read_table(data, "adult-train"), read_table(data, "adult-test")
    schema = Schema.infer(train)
    rows, scores = [], {}
    for name, model, goal in (
        ("independent: GaussianMixture(1, 'diag')", GaussianMixture(1, covariance_type="diag"), ""),
        ("GaussianMixture(16)", GaussianMixture(16), ">= -29.8"),
        ("KernelDensity()", KernelDensity(), ">= -31.0"),
    ):
        model.set_params(schema=schema, random_state=SEED)
        _, fit_seconds = timed(partial(model.fit, train))
        scores[name], score_seconds = timed(partial(model.score_samples, test))
        first = next(iter(scores.values()))
        gain = mean_and_error(scores[name] - first) if len(scores) > 1 else ""
        rows.append((name, mean_and_error(scores[name]), goal, gain, f"{fit_seconds:.1f}", f"{score_seconds:.1f}"))
    header = ("model", "test nats per row", "goal", "above independent, paired", "fit s", "score s")
    return "Adult: 32,561 training rows, 16,281 test rows", table(header, rows)


# ---- a known law --------------------------------------------------------------------------------------------------


def toy(data):
    """100,000 rows of 8 Gaussians against the true log-density of 20,000 fresh rows."""
    law = EightGaussians()
    X, fresh = law.sample(100_000, random_state=SEED), law.sample(20_000, random_state=SEED + 1)
    truth = law.log_density(fresh)
    rows = []
    for name, model, goal in (
        ("GaussianMixture(8)", GaussianMixture(8, random_state=SEED), "<= 0.005"),
        ("KernelDensity(bandwidth='cv')", KernelDensity(bandwidth="cv", random_state=SEED), "<= 0.05, fit <= 20 s"),
    ):
        _, fit_seconds = timed(partial(model.fit, X))
        scores, score_seconds = timed(partial(model.score_samples, fresh))
        gap = mean_and_error(truth - scores, digits=4)
        rows.append((name, f"{truth.mean():.4f}", f"{scores.mean():.4f}", gap, goal))
        rows[-1] += (f"{fit_seconds:.1f}", f"{score_seconds:.1f}")
    header = ("model", "truth", "model nats", "paired gap", "goal", "fit s", "score s")
    return "8 Gaussians, 100,000 rows", table(header, rows)


# ---- sequences ----------------------------------------------------------------------------------------------------


def speech(data):
    """JapaneseVowels: test nats per frame beside hmmlearn's, and a classifier of one model per speaker."""
    folder = data / "sequences"
    train, speakers = read_ts(folder / "JapaneseVowels_TRAIN.ts.gz")
    test, wanted = read_ts(folder / "JapaneseVowels_TEST.ts.gz")
    frames = sum(map(len, test))
    rows = []
    for k in (1, 5, 10, 20):
        ours, fit_seconds = timed(lambda k=k: HiddenMarkovModel(k, max_iter=100, random_state=SEED).fit(train))
        peer = GaussianHMM(k, n_iter=100, random_state=SEED)
        _, peer_seconds = timed(lambda peer=peer: peer.fit(np.concatenate(train), list(map(len, train))))
        theirs = peer.score(np.concatenate(test), list(map(len, test))) / frames
        mine = ours.score_samples(test).sum() / frames
        rows.append((k, f"{mine:.3f}", f"{theirs:.3f}", f"{mine - theirs:+.3f}"))
        rows[-1] += (f"{fit_seconds:.1f}", f"{peer_seconds:.1f}")
    header = ("states", "skgen nats per frame", "hmmlearn", "difference", "fit s", "hmmlearn fit s")
    share = speaker_accuracy(train, speakers, test, wanted)
    lines = table(header, rows)
    return "JapaneseVowels, diagonal Gaussian states", [
        *lines,
        "",
        f"5-state speaker classifier: {share:.1%} (>= 97 %)",
    ]


def speaker_accuracy(train, speakers, test, wanted):
    classes = np.unique(speakers)
    scores = []
    for speaker in classes:
        model = HiddenMarkovModel(5, random_state=SEED)
        model.fit([s for s, who in zip(train, speakers) if who == speaker])
        scores.append(model.score_samples(test))
    return float(np.mean(classes[np.argmax(scores, axis=0)] == wanted))


# ---- memory -------------------------------------------------------------------------------------------------------


def make_kernels():
    return KernelDensity(bandwidth=0.3)


def make_mixture():
    return GaussianMixture(10, random_state=SEED, max_iter=5, tol=1.0)


def memory(data):
    """Peak memory of scoring 10^6 rows."""
    rows = []
    for name, make, n_train, d in (
        ("KernelDensity, 5,000 centres", make_kernels, 5_000, 2),
        ("GaussianMixture(10)", make_mixture, 20_000, 10),
    ):
        above, size, finite = peak_above_data(make, n_train, 1_000_000, d)
        rows.append((name, f"1,000,000 x {d}", f"{size:.0f}", f"{above:.0f}", "< 1024", "yes" if finite else "NO"))
    header = ("model", "queries", "queries MiB", "peak above data MiB", "goal", "all finite")
    return "Memory of scoring 10^6 rows", table(header, rows)


CASES = {"tables": tables, "codec": codec, "adult": adult, "toy": toy, "speech": speech, "memory": memory}
NEED_DATA = {"tables", "adult", "speech"}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("SKGEN_DATA"), help="folder of the data sets")
    parser.add_argument("--write", action="store_true", help="write benchmarks/results/quality.md")
    parser.add_argument("--only", nargs="+", choices=CASES, default=list(CASES))
    arguments = parser.parse_args()
    logging.getLogger("hmmlearn").setLevel(logging.ERROR)
    warnings.simplefilter("ignore", ConvergenceWarning)
    data = Path(arguments.data) if arguments.data else None
    sections = []
    for name in arguments.only:
        if name in NEED_DATA and data is None:
            missing = "Left out: no data folder. Name one with --data or SKGEN_DATA; what it must hold is said above."
            sections.append((CASES[name].__doc__.splitlines()[0], [missing]))
            continue
        sections.append(CASES[name](data))
        print("\n".join([sections[-1][0], *sections[-1][1], ""]), flush=True)
    publish("quality", "Quality of the classic models", sections, arguments.write)


if __name__ == "__main__":
    main()
