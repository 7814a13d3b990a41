"""Speed of the classic models beside scikit-learn and hmmlearn: same data, same threads, one run.

Usage: python benchmarks/classic.py [--write] [--only kde gmm hmm]

Each figure is the best of three calls after one to warm up. The last column is the difference in log-likelihood:
speed counts only where the answers agree.
"""

import argparse
import logging
import warnings
from functools import partial

import numpy as np
from _report import best_of, publish, table
from hmmlearn.hmm import GaussianHMM
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture as SklearnMixture
from sklearn.neighbors import KernelDensity as SklearnKernels

from skgen import GaussianMixture, HiddenMarkovModel, KernelDensity

SEED = 0
EM_STEPS = 20
HEADER = ("case", "skgen s", "peer s", "ratio", "goal", "log-likelihood difference")


def row(case, ours, peer, goal, difference):
    return case, f"{ours:.4g}", f"{peer:.4g}", f"{peer / ours:.2f}", goal, difference


def kde():
    """Row scores of a Gaussian kernel density: 20,000 training rows, 2,000 queries."""
    rows = []
    for d in (5, 2):
        rng = np.random.default_rng(SEED)
        X, queries = rng.normal(size=(20_000, d)), rng.normal(size=(2_000, d))
        ours, theirs = KernelDensity(bandwidth=0.3).fit(X), SklearnKernels(bandwidth=0.3).fit(X)
        seconds, a = best_of(partial(ours.score_samples, queries))
        peer, b = best_of(partial(theirs.score_samples, queries))
        difference = f"rows differ by at most {np.abs(a - b).max():.1e}"
        rows.append(row(f"KernelDensity.score_samples, d = {d}", seconds, peer, ">= 25", difference))
    return rows


def gmm():
    """EM of a full-covariance mixture from one start, and its row scores: 50,000 x 10, 10 components."""
    n, d, k = 50_000, 10, 10
    rng = np.random.default_rng(SEED)
    centres = rng.normal(scale=2.0, size=(k, d))
    shapes = rng.normal(size=(k, d, d)) / np.sqrt(d) + 0.5 * np.eye(d)
    label = rng.integers(k, size=n)
    X = centres[label] + np.einsum("nij,nj->ni", shapes[label], rng.normal(size=(n, d)))
    start = {
        "weights_init": np.full(k, 1 / k),
        "means_init": X[rng.choice(n, k, replace=False)],
        "precisions_init": np.stack([np.linalg.inv(np.cov(X.T))] * k),
    }
    common = {"n_components": k, "max_iter": EM_STEPS, "tol": 0.0, "reg_covar": 0.0, "random_state": SEED, **start}
    ours = GaussianMixture(**common)
    theirs = SklearnMixture(init_params="random_from_data", **common)
    seconds, ours = best_of(lambda: ours.fit(X))
    peer, theirs = best_of(lambda: theirs.fit(X))
    rows = [
        row(
            f"GaussianMixture.fit, {ours.n_iter_} against {theirs.n_iter_} EM steps",
            seconds,
            peer,
            ">= 5",
            f"mean differs by {abs(ours.score(X) - theirs.score(X)):.1e}",
        )
    ]
    seconds, a = best_of(lambda: ours.score_samples(X))
    peer, b = best_of(lambda: theirs.score_samples(X))
    difference = f"mean differs by {abs(a.mean() - b.mean()):.1e}"
    rows.append(row("GaussianMixture.score_samples", seconds, peer, ">= 5", difference))
    return rows


def hmm():
    """Sampling 1,000 sequences of length 100, and Baum-Welch on 300 of them, five Gaussian states in 4 dimensions."""
    k, d = 5, 4
    rng = np.random.default_rng(SEED)
    truth = GaussianHMM(k, random_state=SEED)
    truth.startprob_ = np.full(k, 1 / k)
    truth.transmat_ = 0.8 * np.eye(k) + 0.2 / k
    truth.means_, truth.covars_ = rng.normal(scale=2.0, size=(k, d)), rng.uniform(0.5, 1.5, size=(k, d))
    sequences = [truth.sample(100, random_state=i)[0] for i in range(300)]
    stacked, lengths = np.concatenate(sequences), [100] * 300
    ours = HiddenMarkovModel(k, max_iter=EM_STEPS, random_state=SEED, tol=0.0)
    seconds, ours = best_of(lambda: ours.fit(sequences))
    peer, theirs = best_of(
        lambda: GaussianHMM(k, n_iter=EM_STEPS, tol=-np.inf, random_state=SEED).fit(stacked, lengths)
    )
    frames = len(stacked)
    difference = ours.score(sequences) * len(sequences) / frames - theirs.score(stacked, lengths) / frames
    steps = f"{ours.n_iter_} against {theirs.monitor_.iter} EM steps"
    rows = [row(f"HiddenMarkovModel.fit, {steps}", seconds, peer, ">= 0.91", f"{difference:+.1e} nats a frame")]
    seconds, a = best_of(lambda: ours.sample(1_000, length=100, random_state=SEED))
    peer, b = best_of(lambda: [theirs.sample(100, random_state=i)[0] for i in range(1_000)])
    a, b = np.concatenate(list(a)), np.concatenate(b)
    gap = np.abs(a.mean(0) - b.mean(0)).max()
    rows.append(row("HiddenMarkovModel.sample, 1,000 x 100", seconds, peer, ">= 20", f"means differ by {gap:.2f}"))
    return rows


CASES = {"kde": kde, "gmm": gmm, "hmm": hmm}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="write benchmarks/results/classic.md")
    parser.add_argument("--only", nargs="+", choices=CASES, default=list(CASES))
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)  # both sides stop after a set number of steps
    logging.getLogger("hmmlearn").setLevel(logging.ERROR)
    rows = [line for name in arguments.only for line in CASES[name]()]
    notes = ["", f"Seed {SEED}; best of 3 after a warm-up; a ratio above 1 means that skgen is faster."]
    publish("classic", "Classic models beside their peers", [("Speed", table(HEADER, rows) + notes)], arguments.write)


if __name__ == "__main__":
    main()
