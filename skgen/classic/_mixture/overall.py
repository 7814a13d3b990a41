"""Which law a mixture gives each column: the joint Gaussian block, or a one-dimensional law of its own."""

from __future__ import annotations

import numpy as np

from ...table.reserved import value_codes
from . import lattice
from .flag_law import FlagLaw
from .gaussian_block import GaussianBlock
from .level_law import LevelLaw
from .spike_law import SpikeLaw

#: A heavy value is a spike if it is beyond doubt this many times as frequent as the grid points around it, on average.
_SPIKE_RATIO = 2.0

#: Distinct values on each side that a value is compared with.
_WINDOW = 20

#: Grid points on each side of a heavy value that it is compared with.
_NEIGHBOURS = 5


def overall_laws(Z, weight, columns, order, covariance_type, reg_covar):
    """The laws of one component that fit the whole table.

    Parameters
    ----------
    Z : ndarray of shape (n, d)
        Rows of the typed view.
    weight : ndarray of shape (n,)
        Their weights.
    columns : list of CodecColumn
        The columns.
    order : ndarray of shape (d,)
        The order in which they are taken.
    covariance_type : {"full", "tied", "diag", "spherical"}
        Shape of the covariances.
    reg_covar : float
        Smallest variance in the block, in units of the columns' variances.

    Returns
    -------
    block : GaussianBlock
        Of one component: the columns' means and covariances.
    laws : list
        Of the other columns, and of the missing cells of the block's.
    """
    joint, laws = [], []
    for j in order:
        column = columns[j]
        law = _own_law(column, j, Z[:, j], weight, reg_covar)
        if law is not None:
            laws.append(law)
            continue
        joint.append(j)
        if column.missing_seen or column.rho > 0:
            laws.append(FlagLaw.overall(column, j, Z[:, j], weight))
    return _block(Z, weight, columns, np.array(joint, np.int64), covariance_type, reg_covar), laws


def _own_law(column, j, z, weight, reg_covar):
    if column.kind == "category" or len(column.values):
        return LevelLaw.overall(column, j, z, weight)
    if not len(column.heavy):
        return None
    values, at = np.unique(z[~np.isnan(z)], return_inverse=True)
    mass = np.bincount(at, weight[~np.isnan(z)])
    if not _has_spike(column, values, mass):
        return None
    few = SpikeLaw.overall(column, j, z, weight, column.heavy, reg_covar)
    if not (frequent := _stands_out(values, mass, column)).any():
        return few
    many = SpikeLaw.overall(column, j, z, weight, values[frequent | np.isin(values, column.heavy)], reg_covar)
    return many if _criterion(many, values, mass) < _criterion(few, values, mass) else few


def _has_spike(column, values, mass):
    """Whether a heavy value stands out of the grid points next to it."""
    steps = column.resolution * np.delete(np.arange(-_NEIGHBOURS, _NEIGHBOURS + 1), _NEIGHBOURS)
    nearby = column.heavy[:, None] + steps  # (heavy values, neighbours)
    at = np.clip(np.searchsorted(values, nearby - 0.5 * column.resolution), 0, len(values) - 1)
    around = np.where(np.abs(values[at] - nearby) < 0.5 * column.resolution, mass[at], 0).mean(axis=1)
    own = mass[value_codes(column.heavy, values)]
    return bool((own > _SPIKE_RATIO * around + 3 * np.sqrt(own + around)).any())  # beyond chance


def _stands_out(values, mass, column):
    """Which values are more frequent than the density of the values around them explains, beyond chance."""
    n = len(values)
    low = np.clip(np.arange(n) - _WINDOW, 0, max(n - 2 * _WINDOW - 1, 0))
    high = np.minimum(low + 2 * _WINDOW, n - 1)
    light = np.minimum(mass, np.median(mass))  # spikes around do not count as density
    within = np.append(0, np.cumsum(light))
    density = (within[high + 1] - within[low]) / (values[high] - values[low] + column.resolution)
    expected = density * column.resolution
    surprise = mass * np.log(mass / expected) - mass + expected  # of a Poisson count
    return (mass >= 2) & (mass > expected) & (surprise > np.log(mass.sum()))


def _criterion(law, values, mass):
    """Bayesian information criterion of a law of one component."""
    return -2 * mass @ law.log_density(values)[:, 0] + law.n_parameters() * np.log(mass.sum())


def _block(Z, weight, columns, joint, covariance_type, reg_covar):
    """The Gaussian block of one component, standardised by the columns' means and deviations."""
    centre, scale = np.zeros(len(joint)), np.ones(len(joint))
    for i, j in enumerate(joint):
        seen = ~np.isnan(Z[:, j])
        if seen.any():
            centre[i], scale[i] = _mean_and_deviation(Z[seen, j], weight[seen])
    is_array = not any(columns[j].rho for j in joint)
    if covariance_type == "spherical" and len(joint) and is_array:  # one variance in the table's units, for all columns
        scale[:] = scale.max() * np.sqrt(np.mean((scale / scale.max()) ** 2))
    resolution = np.array([columns[j].resolution for j in joint])
    floor = np.maximum(max(reg_covar, 1e-14), lattice.LEAST_VARIANCE * (resolution / scale) ** 2)
    shapes = {"full": np.eye(len(joint))[None], "tied": np.eye(len(joint)), "diag": np.ones((1, len(joint)))}
    covariances = shapes.get(covariance_type, np.ones(1))
    return GaussianBlock(
        joint, covariance_type, centre, scale, floor, resolution, np.zeros((1, len(joint))), covariances
    )


def _mean_and_deviation(z, weight):
    """Weighted mean and standard deviation; where there is no spread, the number's own size stands for it."""
    unit = np.abs(z).max()
    if unit == 0:
        return 0.0, 1.0
    share = weight / weight.sum()
    low, high = (z / unit).min(), (z / unit).max()
    mean = np.clip(share @ (z / unit), low, high)
    sd = np.sqrt(share @ (z / unit - mean) ** 2)
    return mean * unit, (sd if high > low else 1.0) * unit
