"""Density laws: what a normalised density and its sampler owe each other on float arrays.

They need only `sample` and `score_samples`. The dilation law is the divergence theorem: for rows x of a density p and
any centre c, E[(x - c) . grad log p(x)] = -d, read off a symmetric difference quotient of the score.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import qmc

from .._random import generator_from
from ._law import Z_LIMIT, check_mean, check_uniform, closed_conditions, fitted, is_net, require
from ._reference import plane_log_density, plane_rows, smooth_rows

#: Rows that are drawn; fewer for nets, of which some solve an equation per score.
_SAMPLES, _SAMPLES_OF_NETS = 20_000, 5_000
#: Points along an axis of the plane's grid. Nets take four sets of 2^12 scattered points instead.
_GRID = 601
_SCATTERED_SETS, _SCATTERED_POWER = 4, 12
#: What a sum over the scattered points may be off: with steps the sets differ by 3e-3, their mean by half of it.
SCATTER_ERROR = 5e-3
_MARGIN = 8.0
_STEP = 1e-3
_CHECKED_ROWS = 20

#: By how much a sum that stands for the integral of a conditional density may be off, at most.
QUADRATURE_ERROR = 0.01


def _plane(model, X):
    """Points (m, 2) of the plane, wide around the rows, and the area that each stands for."""
    if is_net(model):
        return _scattered_points(X.mean(axis=0), X.std(axis=0))
    low = X.min(axis=0) - _MARGIN * X.std(axis=0)
    high = X.max(axis=0) + _MARGIN * X.std(axis=0)
    axes = [np.linspace(a, b, _GRID) for a, b in zip(low, high)]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)
    return points, np.full(len(points), np.prod([axis[1] - axis[0] for axis in axes]))


def _scattered_points(centre, spread):
    """Scrambled Sobol points carried to Cauchy laws: dense at the rows, and no side of a step has more than its share.

    On a grid of as many points the errors at the steps of a density are all of one sign.
    """
    sets = [qmc.Sobol(2, seed=generator_from(k)).random_base2(_SCATTERED_POWER) for k in range(_SCATTERED_SETS)]
    t = np.tan(np.pi * (np.concatenate(sets) - 0.5))  # (m, 2)
    return centre + spread * t, np.prod(np.pi * spread * (1 + t**2), axis=1) / len(t)


def _n_samples(estimator):
    return _SAMPLES_OF_NETS if is_net(estimator) else _SAMPLES


def _grid_error(mass):
    """The error of a sum over the grid, read off every second point."""
    plane = mass.reshape(_GRID, _GRID)
    return abs(float(plane.sum()) - float(plane[::2, ::2].sum()) * 4)


def integrates_to_one(estimator):
    """The density integrates to 1 over the plane (a lower bound: to at most 1)."""
    X = plane_rows(200, seed=10)
    model = fitted(estimator, X)
    points, area = _plane(model, X)
    mass = np.exp(model.score_samples(points)) * area
    total, tolerance = float(mass.sum()), SCATTER_ERROR if is_net(estimator) else 1e-6 + _grid_error(mass)
    if model.likelihood_ == "lower_bound":
        assert total <= 1 + SCATTER_ERROR, f"a lower bound integrates to {total:.6f}, more than 1."
    else:
        assert abs(total - 1) <= tolerance, f"the density integrates to {total:.8f}, allowed 1 +- {tolerance:.2g}."


def dilation(estimator):
    """Sampled rows obey the divergence theorem of the score, in 2 and 10 columns: a wrong scale of either shows."""
    for d in (2, 10):
        X = smooth_rows(500, d, seed=11)
        model = fitted(estimator, X)
        require(model.likelihood_ == "exact", "the likelihood is not exact")
        rows = model.sample(_n_samples(estimator), random_state=1)
        centre = X.mean(axis=0)
        wide = model.score_samples(centre + (1 + _STEP) * (rows - centre))
        narrow = model.score_samples(centre + (1 - _STEP) * (rows - centre))
        require(np.isfinite(wide).all() and np.isfinite(narrow).all(), "the density is not smooth: it ends somewhere")
        check_mean((wide - narrow) / (2 * _STEP), -d, f"dilation of {d} columns")


def entropy(estimator):
    """The mean score of sampled rows equals minus the entropy of the score, by quadrature."""
    X = plane_rows(200, seed=12)
    model = fitted(estimator, X)
    require(model.likelihood_ == "exact", "the likelihood is not exact")
    points, area = _plane(model, X)
    log_p = model.score_samples(points)
    mass = np.exp(log_p) * area
    expected = float((mass * np.where(mass > 0, log_p, 0.0)).sum())
    rows = model.sample(_n_samples(estimator), random_state=2)
    check_mean(model.score_samples(rows), expected, "mean score of samples")


def probability_integral(estimator):
    """The conditional distribution function of each sampled row, from `given` scores, is uniform and ends at 1."""
    X = plane_rows(300, seed=13)
    model = fitted(estimator, X)
    require(model.likelihood_ == "exact", "the likelihood is not exact")
    closed = closed_conditions(model, X, ([0], [1]))
    require(closed, "the model has no conditional scores")
    rows = model.sample(400, random_state=3)
    for (known,) in closed:
        free = 1 - known
        axis, below, error = conditional_distribution(model, X, rows, known, free)
        worst = float(np.abs(below[:, -1] - 1).max())
        assert worst <= 1e-3 + error, (
            f"the density of column {free} given column {known} integrates to 1 +- {worst:.2g}."
        )
        reached = [np.interp(x, axis, mass) for x, mass in zip(rows[:, free], below)]
        check_uniform(reached, f"distribution function of column {free} given column {known}")


def conditional_distribution(model, X, rows, known, free, n_points=201):
    """Places of the free coordinate and, for each row, the mass below them given the row's known coordinate.

    The places are an even grid and the points halfway between neighbouring training values: where stepped densities
    step, so that a sum over the middles between places is exact for them, and next to it where densities are smooth.
    That it is within `QUADRATURE_ERROR` is read off the same sum with each step cut into three, for the first rows.
    """
    values, spread = np.unique(X[:, free]), _MARGIN * X[:, free].std()
    even = np.linspace(values[0] - spread, values[-1] + spread, n_points)
    axis = np.unique(np.concatenate([even, values[[0, -1]], (values[1:] + values[:-1]) / 2]))
    step = np.diff(axis)
    mass = _conditional_density(model, rows, known, free, axis[:-1] + step / 2) * step
    thirds = np.repeat(axis[:-1], 3) + np.repeat(step, 3) * np.tile([1 / 6, 3 / 6, 5 / 6], len(step))
    fine = _conditional_density(model, rows[:_CHECKED_ROWS], known, free, thirds) * np.repeat(step, 3) / 3
    error = float(np.abs(fine.sum(axis=1) - mass[:_CHECKED_ROWS].sum(axis=1)).max())
    assert error <= QUADRATURE_ERROR, f"the density of column {free} given {known} is too rough: {error:.2g} off."
    return axis, np.concatenate([np.zeros((len(rows), 1)), np.cumsum(mass, axis=1)], axis=1), error


def _conditional_density(model, rows, known, free, places):
    """The density of the free coordinate at places, given each row's known one."""
    grid = np.empty((len(rows), len(places), 2))
    grid[:, :, known], grid[:, :, free] = rows[:, [known]], places
    return np.exp(model.score_samples(grid.reshape(-1, 2), given=[known])).reshape(len(rows), len(places))


def ceiling(estimator):
    """No density beats the true one on fresh rows of it, beyond chance."""
    model = fitted(estimator, plane_rows(1_000, seed=14))
    rows = plane_rows(_n_samples(estimator), seed=15)
    check_ceiling(model.score_samples(rows), plane_log_density(rows))


def check_ceiling(scores, truth):
    """The paired gap of scores to the true log-density is not above 0 beyond chance."""
    assert not np.isnan(scores).any(), f"{np.isnan(scores).sum()} scores are NaN."
    gap = scores - truth
    if not np.isfinite(gap).all():
        assert gap.max() < np.inf, "a score is +inf."
        return
    error = gap.std(ddof=1) / np.sqrt(len(gap))
    assert gap.mean() <= Z_LIMIT * error, (
        f"the score beats the true log-density by {gap.mean():.4f} nats a row (standard error {error:.4f})."
    )


def parametric_recovery(estimator, sizes=(1_000, 10_000), repeats=8):
    """Refitted on n rows of itself, the divergence to itself is k/2n within a factor of 3, for k parameters.

    The mean of `repeats` fits has 8k degrees of freedom in all, so that a factor of 3 is beyond chance.
    """
    X = plane_rows(2_000, seed=16)
    truth = fitted(estimator, X)
    require(hasattr(truth, "bic"), "the model counts no parameters")
    points, area = _plane(truth, X)
    log_p = truth.score_samples(points)
    mass = np.exp(log_p) * area
    inside = mass > 1e-14
    k = truth._n_parameters()
    for n in sizes:
        gaps = []
        for repeat in range(repeats):
            refit = fitted(estimator, truth.sample(n, random_state=repeat), max_iter=1_000, tol=1e-7, n_init=2)
            log_q = refit.score_samples(points[inside])
            gaps.append(float((mass[inside] * (log_p[inside] - log_q)).sum()))
        ratio = float(np.mean(gaps)) * 2 * n / k
        assert 1 / 3 < ratio < 3, (
            f"refitted on {n} rows of itself the divergence is {ratio:.2f} times k/2n (k = {k}), expected 1."
        )


DENSITY_LAWS = {
    law.__name__: law
    for law in (integrates_to_one, dilation, entropy, probability_integral, ceiling, parametric_recovery)
}
