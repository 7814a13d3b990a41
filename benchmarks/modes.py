"""How many modes generators find: a grid of narrow Gaussians, plain and turned.

Usage: python benchmarks/modes.py [--models GAN ...] [--laws grid turned] [--seeds 0 1 2] [--rows 100000] [--write]

A mode is covered if at least 1 % of 25,000 drawn rows lie within four standard deviations of it. "turned" is the grid
turned by 30 degrees, which its marginals do not give away, and "turned, 3-D" that grid in space, with a third
coordinate of pure noise.
"""

import argparse
from time import perf_counter

import numpy as np
from _report import publish, table

import skgen
from skgen._registry import MODELS
from skgen.datasets import GaussianGrid

N_DRAWN, REACH, LEAST_SHARE, ANGLE = 25_000, 4.0, 0.01, np.pi / 6


def centres():
    side = np.arange(-4.0, 5.0, 2.0)
    return np.array([(a, b) for a in side for b in side])


def turned(X):
    c, s = np.cos(ANGLE), np.sin(ANGLE)
    return X @ np.array([[c, s], [-s, c]])


def with_noise(X, seed):
    return np.column_stack([turned(X), np.random.default_rng(seed).standard_normal(len(X))])


#: Title -> (rows from those of the grid and a seed, points whose distances to the turned or plain centres count).
LAWS = {
    "grid": (lambda X, seed: X, lambda Z: Z),
    "turned": (lambda X, seed: turned(X), lambda Z: Z @ _back()),
    "turned, 3-D": (with_noise, lambda Z: Z[:, :2] @ _back()),
}


def _back():
    return turned(np.eye(2)).T


def coverage(points, std):
    """Modes with enough rows nearby, and the share of the rows near any."""
    distance = np.sqrt(((points[:, None, :] - centres()) ** 2).sum(axis=2))
    near = distance <= REACH * std
    return int((near.mean(axis=0) >= LEAST_SHARE).sum()), float(near.any(axis=1).mean())


def measure(name, title, n_rows, seed):
    """Modes, share of rows near one, seconds of the fit."""
    law, (make, back) = GaussianGrid(), LAWS[title]
    model = getattr(skgen, name)(random_state=seed)
    X = make(law.sample(n_rows, random_state=seed), seed)
    start = perf_counter()
    model.fit(X)
    seconds = perf_counter() - start
    modes, share = coverage(back(model.sample(N_DRAWN)), law.std)
    return modes, share, seconds


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="+", default=["GAN"], choices=[*MODELS])
    parser.add_argument("--laws", nargs="+", default=[*LAWS], choices=[*LAWS])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--write", action="store_true", help="write results/modes.md")
    arguments = parser.parse_args(argv)
    rows = []
    for name in arguments.models:
        for title in arguments.laws:
            for seed in arguments.seeds:
                modes, share, seconds = measure(name, title, arguments.rows, seed)
                rows.append((f"{name}()", title, seed, f"{modes} of 25", f"{share:.1%}", f"{seconds:.0f}"))
                print(*rows[-1], flush=True)
    lines = table(("model", "law", "seed", "modes", "rows near one", "fit s"), rows)
    heading = f"25 Gaussians of sd {GaussianGrid().std}, {arguments.rows:,} rows, default parameters"
    publish("modes", "Modes found in a grid of Gaussians", [(heading, lines)], arguments.write)


if __name__ == "__main__":
    main()
