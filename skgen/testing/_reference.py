"""Reference rows: small arrays and tables with fixed seeds, some from laws whose log-density is known.

The plane's law is a mixture of two correlated Gaussians. The table's law is a class (a colour) that moves a binomial
count and a normal size rounded to hundredths, whose cell mass is a difference of normal distribution functions.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import special, stats

from .._random import generator_from

_MIXTURE_WEIGHTS = np.array([0.3, 0.7])
_MIXTURE_MEANS = np.array([[-2.0, 0.0], [1.5, 1.0]])
_MIXTURE_COVARIANCES = np.array([[[1.0, 0.6], [0.6, 1.0]], [[0.5, -0.2], [-0.2, 1.5]]])

_COLOURS = np.array(["red", "green", "blue"])
_COLOUR_SHARES = np.array([0.5, 0.3, 0.2])
_COUNT_CHANCES = np.array([0.2, 0.5, 0.8])
_SIZE_MEANS = np.array([-3.0, 0.0, 5.0])
_SIZE_STEP = 0.01
_COUNT_TRIALS = 4


def plane_rows(n, seed):
    """Rows (n, 2) of the plane's law."""
    rng = generator_from(seed)
    component = (rng.random(n) >= _MIXTURE_WEIGHTS[0]).astype(int)
    roots = np.linalg.cholesky(_MIXTURE_COVARIANCES)
    return _MIXTURE_MEANS[component] + np.einsum("nij,nj->ni", roots[component], rng.standard_normal((n, 2)))


def plane_log_density(X):
    """Log-density of the plane's law, in nats."""
    parts = [
        np.log(w) + stats.multivariate_normal.logpdf(X, mean, covariance)
        for w, mean, covariance in zip(_MIXTURE_WEIGHTS, _MIXTURE_MEANS, _MIXTURE_COVARIANCES)
    ]
    return special.logsumexp(parts, axis=0)


def smooth_rows(n, d, seed):
    """Rows (n, d) of a skew, dependent, smooth law; the first column has two humps."""
    rng = generator_from(seed)
    X = rng.standard_normal((n, d))
    X[:, 0] += 3.0 * (rng.random(n) < 0.4)
    for j in range(1, d):  # each column leans on the one before
        X[:, j] = (1.0 + j) * (0.6 * X[:, j - 1] + X[:, j])
    return X


def known_table(n, seed):
    """A frame of n rows of the table's law: a text, a count and a size on the grid of hundredths."""
    rng = generator_from(seed)
    colour = rng.choice(3, size=n, p=_COLOUR_SHARES)
    count = rng.binomial(_COUNT_TRIALS, _COUNT_CHANCES[colour])
    size = np.round((_SIZE_MEANS[colour] + rng.standard_normal(n)) / _SIZE_STEP) * _SIZE_STEP
    return pd.DataFrame({"colour": _COLOURS[colour], "count": count, "size": np.round(size, 2)})


def known_table_log_density(frame):
    """Log-density of the table's law: counting for the text, mass of the cell / r for the numbers (r = 1, .01)."""
    colour = np.argmax(frame["colour"].to_numpy()[:, None] == _COLOURS, axis=1)
    size = frame["size"].to_numpy() - _SIZE_MEANS[colour]
    mass = special.ndtr(size + _SIZE_STEP / 2) - special.ndtr(size - _SIZE_STEP / 2)
    return (
        np.log(_COLOUR_SHARES[colour])
        + stats.binom.logpmf(frame["count"].to_numpy(), _COUNT_TRIALS, _COUNT_CHANCES[colour])
        + np.log(mass / _SIZE_STEP)
    )


def mixed_table(n, seed, constant=True):
    """A frame with a column of every kind: numbers, counts, text, categories, dates, booleans and missing cells."""
    rng = generator_from(seed)
    city = rng.choice(4, size=n, p=[0.4, 0.3, 0.2, 0.1])
    income = np.where(rng.random(n) < 0.3, 0.0, np.round(np.exp(6 + 0.5 * rng.standard_normal(n) + 0.2 * city), 2))
    income[rng.random(n) < 0.1] = np.nan
    children = pd.array(rng.binomial(4, 0.3, size=n), dtype="Int64")
    children[rng.random(n) < 0.15] = pd.NA
    joined = pd.Timestamp("2020-01-01", tz="Europe/Paris") + pd.to_timedelta(rng.integers(0, 1000, size=n), unit="D")
    frame = pd.DataFrame(
        {
            "age": np.round(40 + 12 * rng.standard_normal(n)).astype(np.int64) + 3 * city,
            "income": income,
            "sex": np.array(["Female", "Male"])[(rng.random(n) < 0.3 + 0.1 * city).astype(int)],
            "city": pd.Categorical.from_codes(city, categories=["Rome", "Lima", "Oslo", "Bern", "Kyiv"], ordered=True),
            "children": children,
            "active": rng.random(n) < 0.7,
            "joined": joined,
            "height": np.round(1.7 + 0.1 * rng.standard_normal(n), 3),
        }
    )
    text = frame["sex"].copy()
    text[rng.random(n) < 0.08] = None
    frame["sex"] = text
    return frame.assign(unit="cm") if constant else frame


def cell_table(n, seed):
    """A frame whose cells can be listed: a text with missing cells, a text without, a small count."""
    rng = generator_from(seed)
    flag = rng.random(n) < 0.35
    colour = np.array([rng.choice(4, p=[0.5, 0.3, 0.1, 0.1] if f else [0.1, 0.2, 0.5, 0.2]) for f in flag])
    count = rng.binomial(4, np.where(flag, 0.7, 0.25))
    names = pd.Series(["red", "green", "blue", None], dtype="object")
    colours = pd.Categorical(names.to_numpy()[colour], categories=["red", "green", "blue", "violet"])
    return pd.DataFrame(
        {"colour": colours, "flag": np.where(flag, "yes", "no"), "count": pd.array(count, dtype="Int64")}
    )


def wide_table(n, seed):
    """A frame with a text and an integer of some fifty values."""
    rng = generator_from(seed)
    flag = rng.random(n) < 0.4
    return pd.DataFrame(
        {
            "flag": np.where(flag, "yes", "no"),
            "wide": pd.array(np.round(np.where(flag, 20, 45) + 8 * rng.standard_normal(n)).astype(int), dtype="Int64"),
        }
    )


def smooth_table(n, seed):
    """A frame with a text and two smooth numbers that depend on it, the first with missing cells."""
    rng = generator_from(seed)
    flag = rng.random(n) < 0.4
    size = np.where(flag, -1.5, 1.5) + rng.standard_normal(n)
    load = np.where(flag, -1.0, 2.0) + 0.5 * size + rng.standard_normal(n)
    size[rng.random(n) < np.where(flag, 0.6, 0.1)] = np.nan
    return pd.DataFrame({"flag": np.where(flag, "yes", "no"), "size": np.round(size, 4), "load": np.round(load, 4)})


def regime_sequences(n, seed):
    """A list of n sequences of 5 to 14 frames of two numbers, whose mean changes every third frame."""
    rng = generator_from(seed)
    regimes = [((np.arange(length) // 3 + rng.integers(2)) % 2)[:, None] for length in rng.integers(5, 15, size=n)]
    return [np.hstack([3 * high, -high]) + rng.standard_normal((len(high), 2)) for high in regimes]


def inflated_table(n, seed):
    """A frame with a text and an amount: a third zeros, a tenth missing, the rest on a grid of tenths."""
    rng = generator_from(seed)
    flag = rng.random(n) < 0.4
    amount = np.round(rng.gamma(3.0, np.where(flag, 0.4, 0.9)), 1)
    amount[rng.random(n) < np.where(flag, 0.5, 0.2)] = 0.0
    amount[rng.random(n) < 0.1] = np.nan
    return pd.DataFrame({"flag": np.where(flag, "yes", "no"), "amount": amount})
