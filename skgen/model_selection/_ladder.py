"""The ladder: models that an automatic choice tries, with forecasts of what they cost."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.util import find_spec

import numpy as np

from .._registry import PUBLIC
from .._sklearn import BaseEstimator

#: Rows beyond which kernels are too slow, and rows per component that a mixture must have.
KERNEL_ROWS, COMPONENT_ROWS = 10_000, 20
#: What nets need.
DEEP_PACKAGES = ("torch", "skorch", "zuko", "tqdm")


@dataclass(frozen=True)
class Candidate:
    """An unfitted model in a race.

    Attributes
    ----------
    label : str
        Its name in tables.
    model : estimator
        The model.
    seconds : float or None
        Forecast for one fit and its scores on the machine of the benchmarks; None where nothing is known.
    is_floor : bool
        Whether its errors are those of the data.
    """

    label: str
    model: BaseEstimator
    seconds: float | None = None
    is_floor: bool = False


@dataclass(frozen=True)
class Rung:
    """A row of the ladder.

    Attributes
    ----------
    name : str
        Public name of the model.
    settings : dict
        Parameters that differ from the defaults.
    seconds : callable
        Forecast from the numbers of rows and columns.
    suits : callable
        Whether it is tried, from the number of rows and the share of columns that are numbers.
    """

    name: str
    settings: dict = field(default_factory=dict)
    seconds: Callable = None
    suits: Callable = lambda n, numbers: True

    @property
    def label(self):
        """The model as it would be written."""
        return f"{self.name}({', '.join(f'{key}={value!r}' for key, value in self.settings.items())})"

    @property
    def is_deep(self):
        """Whether the model is a net."""
        return PUBLIC[self.name][0].startswith("skgen.deep.")

    def candidate(self, schema, n_rows, seed):
        """The model for a table."""
        cls = getattr(importlib.import_module(PUBLIC[self.name][0]), self.name)
        model = cls(**self.settings, schema=schema, random_state=seed)
        return Candidate(self.label, model, self.seconds(n_rows, len(schema)), self is LADDER[0])


def _mixture(n_components):
    return Rung(
        "GaussianMixture",
        {"n_components": n_components},
        lambda n, d: 0.1 + n * d * (1e-6 if n_components == 1 else 9e-6 * n_components),
        lambda n, numbers: numbers > 0 and n >= COMPONENT_ROWS * n_components,
    )


def _trees(min_samples_leaf):
    return Rung(
        "AutoregressiveTrees",
        {"sharpness": 0, "min_samples_leaf": min_samples_leaf},  # sharper laws cost likelihood
        lambda n, d: 0.2 + d**2 * (2e-3 + 2e-7 * n),
    )


def _training_seconds(n, d, n_epochs, n_steps, most_rows, step, cell):
    """Seconds of a net: steps of so many seconds, and more for each cell of a batch; torch takes some to load."""
    batch = np.clip(n / 50, 32, most_rows)
    steps = max(10 * n / batch, min(n_steps, n_epochs * n / batch))
    return 2.0 + steps * (step + cell * batch * d)


#: From simple to rich; the seconds were fitted to Adult, California and wine on one core.
LADDER = (
    Rung("IndependentColumns", seconds=lambda n, d: 0.1 + d * (4e-2 + 3e-6 * n)),
    _mixture(1),
    _mixture(4),
    _mixture(8),
    _mixture(16),
    Rung("GaussianCopula", seconds=lambda n, d: 0.2 + 3e-6 * n * d),
    Rung("BayesianNetwork", {"structure": "chow-liu"}, lambda n, d: 0.1 + d**2 * (5e-4 + 3e-8 * n)),
    Rung("BayesianNetwork", seconds=lambda n, d: 0.2 + d**2 * (2e-3 + 1e-7 * n)),
    _trees(20),
    _trees(50),
    Rung(
        "KernelDensity",
        seconds=lambda n, d: 0.5 + 6e-5 * n * d,
        suits=lambda n, numbers: n <= KERNEL_ROWS,
    ),
    Rung(
        "KernelDensity",
        {"bandwidth": "cv"},
        lambda n, d: 0.5 + 2e-4 * n * d,
        lambda n, numbers: numbers > 0 and n <= KERNEL_ROWS / 2,
    ),
    Rung("AdversarialRandomForest", seconds=lambda n, d: 0.3 + 2.2e-5 * n * d),
    Rung(
        "AutoregressiveNetwork",
        seconds=lambda n, d: _training_seconds(n, d, 100, 2_000, 256, 4e-3, 1.2e-5),
    ),
    Rung(
        "NormalizingFlow",
        seconds=lambda n, d: _training_seconds(n, d, 150, 6_000, 512, 6e-3, 8e-6),
        suits=lambda n, numbers: numbers >= 0.5,
    ),
)


def has_nets():
    """Whether what nets need is installed; nothing is imported."""
    return all(find_spec(package) is not None for package in DEEP_PACKAGES)


def climb(schema, n_rows, deep, seed):
    """The candidates for a table, from cheap to dear.

    Parameters
    ----------
    schema : Schema
        The columns.
    n_rows : int
        Rows of one fit.
    deep : bool
        Whether nets are among them.
    seed : int
        Random state of every model.

    Returns
    -------
    list of Candidate
        One of them, not always the first, is the floor: independent columns.
    """
    numbers = np.mean([column.kind == "number" for column in schema.columns])
    rungs = [rung for rung in LADDER if (deep or not rung.is_deep) and rung.suits(n_rows, numbers)]
    candidates = [rung.candidate(schema, n_rows, seed) for rung in rungs]
    return sorted(candidates, key=lambda candidate: candidate.seconds)
