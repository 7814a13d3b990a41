"""KernelDensity: scikit-learn's densities on arrays, exactly normalised kernels on tables, closed conditionals."""

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chisquare, kstest
from sklearn.neighbors import KernelDensity as SklearnKernelDensity

from skgen import MISSING, KernelDensity, Schema
from skgen.classic._distinct_rows import distinct_rows
from skgen.classic._kernel import draws as _kernel_draws
from skgen.classic._kernel.centres import Centres
from skgen.classic._kernel.shapes import KERNELS
from skgen.classic._kernel.smoothing import LeaveOneOut
from skgen.exceptions import LowSupportError

BANDWIDTHS = ["scott", "silverman", "cv", "neighbors", 0.4]


def plane(n, seed=0):
    """Correlated numbers with two scales."""
    X = np.random.default_rng(seed).normal(size=(n, 2)) * [1.0, 30.0]
    X[:, 1] += 20 * X[:, 0]
    return X


def table(n=300, seed=0):
    """A table of everything: categories, missing cells, few and many values, a heavy value."""
    rng = np.random.default_rng(seed)
    spend = np.where(rng.random(n) < 0.5, 0.0, np.round(rng.lognormal(8, 1.0, n), 2))
    return pd.DataFrame(
        {
            "city": rng.choice(["Oslo", "Rome", "Bonn", None], n, p=[0.5, 0.3, 0.1, 0.1]),
            "rooms": rng.integers(1, 6, n),
            "age": np.where(rng.random(n) < 0.1, np.nan, np.round(rng.normal(45, 15, n))),
            "spend": spend,
        }
    )


def zero_inflated(n, seed=0):
    """Whole numbers of many values, many of them 0, some missing."""
    rng = np.random.default_rng(seed)
    x = np.where(rng.random(n) < 0.4, 0.0, np.round(rng.normal(3000, 900, n)))
    return np.where(rng.random(n) < 0.05, np.nan, x)


def grid_cells(column, n_around=60):
    """Cells of a number column: the grid points of its range and around it, and the missing cell."""
    r = column.resolution
    around = n_around * max(r, column.scale_below, column.scale_above)
    start, stop = np.floor((column.lower - around) / r), np.ceil((column.upper + around) / r)
    return np.append(np.arange(start, stop + 1) * r, np.nan)


def column_mass(model, j):
    """The sum of one column's marginal law over all its cells."""
    column = model.codec_.columns[j]
    if column.kind == "category":
        z, cell = np.append(np.arange(column.n_codes + 1.0), np.nan), 1.0
    else:
        z = grid_cells(column)
        cell = np.where(np.isnan(z), 1.0, column.resolution)
    Z = np.zeros((len(z), len(model.columns_)))
    Z[:, j] = z
    known = np.arange(len(model.columns_)) == j
    return (np.exp(model._log_density(Z, known)) * cell).sum()


# ---- the kernels ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.parametrize("scale", [0.3, 0.99, 2.5, 40.0])
def test_grid_kernel_sums_to_one_and_is_drawn(name, scale):
    kernel, rng, n = KERNELS[name], np.random.default_rng(1), 20_000
    j = np.arange(-3000.0, 3001)
    for low, high in ((-np.inf, np.inf), (-1, 7), (2, np.inf)):
        inside = (j >= low) & (j <= high)
        with np.errstate(divide="ignore"):
            p = np.exp(_kernel_draws.log_density(kernel, j, 0.0, scale, 1.0))
        assert p.sum() == pytest.approx(1, abs=1e-12)
        if p[inside].sum() < 1e-12:
            continue
        log_mass = _kernel_draws.interval_log_mass(kernel, np.zeros(1), np.full(1, scale), 1.0, low, high)
        assert log_mass[0] == pytest.approx(np.log(p[inside].sum()), abs=1e-4)
        x = _kernel_draws.draw(kernel, np.zeros(n), np.full(n, scale), 1.0, rng, low, high)
        expected = n * p[inside] / p[inside].sum()
        counts = (x[:, None] == j[inside][None, expected > 5]).sum(axis=0)
        rare = n - counts.sum()
        counts, expected = np.append(counts, rare), np.append(expected[expected > 5], n - expected[expected > 5].sum())
        if len(counts) > 2:
            assert chisquare(counts[:-1], expected[:-1] * counts[:-1].sum() / expected[:-1].sum()).pvalue > 1e-6
        assert rare <= expected[-1] + 10 + 6 * np.sqrt(max(expected[-1], 0))


@pytest.mark.parametrize("name", KERNELS)
def test_continuous_draws_follow_the_kernel(name):
    kernel, rng = KERNELS[name], np.random.default_rng(2)
    x = _kernel_draws.draw(kernel, np.full(5000, 3.0), np.full(5000, 2.0), 0.0, rng, 2.0, 4.5)
    total = kernel.log_mass(-0.5, 0.75)
    assert kstest(x, lambda t: np.exp(kernel.log_mass(-0.5, (np.asarray(t) - 3) / 2) - total)).pvalue > 1e-6


# ---- arrays ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kernel", KERNELS)
def test_equals_sklearn_in_one_dimension(kernel):
    rng = np.random.default_rng(0)
    X, Q, weight = rng.normal(size=(400, 1)), rng.normal(size=(300, 1)) * 2, rng.random(400)
    ours = KernelDensity(0.7, kernel=kernel).fit(X, sample_weight=weight).score_samples(Q)
    theirs = SklearnKernelDensity(bandwidth=0.7, kernel=kernel).fit(X, sample_weight=weight).score_samples(Q)
    assert np.array_equal(np.isinf(ours), np.isinf(theirs))
    finite = np.isfinite(theirs)
    assert np.abs(ours[finite] - theirs[finite]).max() < 1e-7


def test_gaussian_equals_sklearn_in_three_dimensions():
    rng = np.random.default_rng(1)
    X, Q, weight = rng.normal(size=(700, 3)) + 50, rng.normal(size=(300, 3)) + 50, rng.integers(1, 5, 700)
    ours = KernelDensity(0.5).fit(X, sample_weight=weight).score_samples(Q)
    theirs = SklearnKernelDensity(bandwidth=0.5).fit(X, sample_weight=weight).score_samples(Q)
    assert np.abs(ours - theirs).max() < 1e-6


def test_far_rows_and_narrow_kernels_keep_their_precision():
    x = np.array([[0.0], [1e-6], [1.0], [1e6]])
    model = KernelDensity(1e-3).fit(x)
    assert model.score_samples([[1e6]]) == pytest.approx(-np.log(4 * 1e-3 * np.sqrt(2 * np.pi)), abs=1e-9)
    assert model.score_samples([[2.0]])[0] == pytest.approx(-5e5 - np.log(4e-3 * np.sqrt(2 * np.pi)), rel=1e-12)
    assert np.isfinite(model.score_samples([[1e200]])).all()


@pytest.mark.parametrize(
    "kernel, bandwidth", [*itertools.product(["gaussian"], BANDWIDTHS), ("linear", "scott"), ("linear", "neighbors")]
)
def test_integrates_to_one_in_the_plane(bandwidth, kernel):
    X = plane(60) / [1.0, 30.0]
    model = KernelDensity(bandwidth, kernel=kernel, n_neighbors=5, random_state=0).fit(X)
    axes = [np.linspace(X[:, j].min() - 8, X[:, j].max() + 8, 700) for j in (0, 1)]
    grid = np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, 2)
    area = (axes[0][1] - axes[0][0]) * (axes[1][1] - axes[1][0])
    assert np.exp(model.score_samples(grid)).sum() * area == pytest.approx(
        1, abs=1e-6 if kernel == "gaussian" else 2e-3
    )


@pytest.mark.parametrize("bandwidth", ["scott", "neighbors"])
@pytest.mark.parametrize("kernel", ["gaussian", "exponential", "epanechnikov"])
def test_samples_follow_the_density(bandwidth, kernel):
    x = np.concatenate([np.random.default_rng(3).normal(-3, 1, 60), np.random.default_rng(4).normal(3, 0.2, 60)])[
        :, None
    ]
    model = KernelDensity(bandwidth, kernel=kernel, random_state=0).fit(x)
    grid = np.linspace(-25, 25, 400_001)
    log_p = model.score_samples(grid[:, None])
    p = np.exp(log_p) * (grid[1] - grid[0])
    rows = model.sample(20_000)
    assert kstest(rows[:, 0], lambda t: np.interp(t, grid, np.cumsum(p))).pvalue > 1e-6
    scores = model.score_samples(rows)
    entropy = (p[p > 0] * log_p[p > 0]).sum()
    assert abs(scores.mean() - entropy) / (scores.std() / np.sqrt(len(scores))) < 4.9


@pytest.mark.parametrize("bandwidth", BANDWIDTHS)
def test_weights_are_repetitions(bandwidth):
    X, Q = plane(150), plane(50, seed=1)
    weight = np.random.default_rng(0).integers(0, 4, len(X))
    h = 0.4 if bandwidth == 0.4 else bandwidth
    weighted = KernelDensity(h, random_state=0).fit(X, sample_weight=weight)
    repeated = KernelDensity(h, random_state=0).fit(np.repeat(X, weight, axis=0)[::-1])
    np.testing.assert_allclose(weighted.score_samples(Q), repeated.score_samples(Q), rtol=1e-10)


def test_weights_are_repetitions_in_a_table():
    df = table()
    weight = np.random.default_rng(0).integers(1, 4, len(df))
    repeated = df.loc[np.repeat(df.index, weight)].reset_index(drop=True)
    schema = Schema.infer(df)
    for bandwidth in ("scott", "cv"):
        a = KernelDensity(bandwidth, schema=schema, random_state=0).fit(df, sample_weight=weight)
        b = KernelDensity(bandwidth, schema=schema, random_state=0).fit(repeated)
        np.testing.assert_allclose(a.score_samples(df), b.score_samples(df), rtol=1e-10)


@pytest.mark.parametrize("bandwidth", ["scott", "silverman", "cv", "neighbors"])
@pytest.mark.parametrize("scale", [1e-25, 1e25])
def test_units(bandwidth, scale):
    X, Q = plane(200), plane(50, seed=1)
    a = KernelDensity(bandwidth, random_state=0).fit(X).score_samples(Q)
    b = KernelDensity(bandwidth, random_state=0).fit(X * scale).score_samples(Q * scale)
    np.testing.assert_allclose(b, a - 2 * np.log(scale), rtol=1e-10)


def test_bandwidth_rules():
    X = plane(500)
    sd = X.std(axis=0)
    np.testing.assert_allclose(KernelDensity().fit(X).bandwidth_, sd * 500 ** (-1 / 6))
    np.testing.assert_allclose(KernelDensity("silverman").fit(X).bandwidth_, sd * 500 ** (-1 / 6))
    np.testing.assert_allclose(KernelDensity([0.1, 2.0]).fit(X).bandwidth_, [0.1, 2.0])
    linear = KernelDensity(kernel="linear").fit(X).bandwidth_
    np.testing.assert_allclose(linear, sd * 500 ** (-1 / 6) * 1.8882 / 0.7764)
    with pytest.raises(ValueError, match="one positive finite number for each of the 2 columns"):
        KernelDensity([0.1, -2.0]).fit(X)


def test_cv_is_near_the_best_of_a_grid():
    rng = np.random.default_rng(5)
    angle = rng.integers(8, size=4000) * np.pi / 4
    X = 3 * np.column_stack([np.cos(angle), np.sin(angle)]) + 0.3 * rng.normal(size=(4000, 2))
    train, test = X[:2000], X[2000:]
    model = KernelDensity("cv", random_state=0).fit(train)
    best = max(KernelDensity(h).fit(train).score(test) for h in np.geomspace(0.02, 2, 25))
    assert model.score(test) > best - 0.01
    assert model.score(test) > KernelDensity().fit(train).score(test) + 0.2


def test_cv_on_a_subsample_is_rescaled():
    x = np.random.default_rng(6).normal(size=(15_000, 1))
    h = KernelDensity("cv", random_state=0).fit(x).bandwidth_[0]
    assert h == pytest.approx(1.06 * 15_000**-0.2, rel=0.35)


def test_neighbors_are_distances():
    x = np.array([0.0, 1.0, 3.0, 10.0])[:, None]
    model = KernelDensity("neighbors", n_neighbors=1, random_state=0).fit(x)
    np.testing.assert_allclose(model.columns_[0].scales, [1.0, 1.0, 2.0, 7.0])


def test_constant_column_and_single_row():
    X = np.column_stack([np.random.default_rng(0).normal(size=50), np.full(50, 7.0)])
    for bandwidth in ("scott", "cv", "neighbors"):
        model = KernelDensity(bandwidth, random_state=0).fit(X)
        assert np.isfinite(model.score_samples(X)).all()
        np.testing.assert_allclose(model.sample(20)[:, 1], 7.0, rtol=1e-4)
        assert np.isfinite(KernelDensity(bandwidth, random_state=0).fit(X[:1]).score_samples(X[:1])).all()


def test_missing_cells_of_an_array_are_an_atom():
    x = np.append(np.random.default_rng(0).normal(size=75), np.full(25, np.nan))[:, None]
    model = KernelDensity("scott", random_state=0).fit(x)
    assert np.exp(model.score_samples([[np.nan]])[0]) == pytest.approx(0.25, abs=1e-12)
    grid = np.linspace(-12, 12, 20_001)[:, None]
    assert np.exp(model.score_samples(grid)).sum() * (grid[1] - grid[0]).item() == pytest.approx(0.75, abs=1e-9)
    assert abs(np.isnan(model.sample(4000)).mean() - 0.25) < 5 * np.sqrt(0.25 * 0.75 / 4000)


def test_score_does_not_depend_on_the_batch():
    X, Q = plane(1000), plane(700, seed=1)
    model = KernelDensity(random_state=0).fit(X)
    whole = model.score_samples(Q)
    parts = np.concatenate([model.score_samples(Q[i : i + 37]) for i in range(0, 700, 37)])
    np.testing.assert_allclose(parts, whole, rtol=1e-12)
    one, two = (KernelDensity(random_state=0, n_jobs=n).fit(X).score_samples(Q) for n in (1, 2))
    assert np.array_equal(one, two)


# ---- tables ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("missing", [True, False])
def test_every_column_sums_to_one(kernel, missing):
    df = table() if missing else table().dropna().reset_index(drop=True)
    model = KernelDensity(kernel=kernel, random_state=0).fit(df)
    assert {type(k).__name__ for k in model.columns_} >= {"LevelKernel", "CellKernel"}
    for j in range(3):
        assert column_mass(model, j) == pytest.approx(1, abs=1e-10)


@pytest.mark.parametrize("kernel", ["gaussian", "linear", "exponential"])
def test_a_number_with_a_heavy_value_sums_to_one(kernel):
    x = zero_inflated(4000)
    model = KernelDensity(kernel=kernel, random_state=0).fit(pd.DataFrame({"x": x}))
    assert type(model.columns_[0]).__name__ == "NumberKernel"
    assert model.codec_.columns[0].heavy.tolist() == [0.0]
    assert column_mass(model, 0) == pytest.approx(1, abs=1e-10)
    rows = model.sample(4000)["x"]
    for share, event in ((np.mean(x == 0), rows == 0), (np.isnan(x).mean(), rows.isna())):
        assert abs(event.mean() - share) < 5 * np.sqrt(share / 4000)


def test_samples_follow_the_cells_of_a_small_table():
    rng = np.random.default_rng(1)
    df = pd.DataFrame({"a": rng.choice(["x", "y", None], 60), "n": rng.integers(0, 4, 60), "b": rng.random(60) < 0.3})
    df.loc[df["a"] == "x", "n"] = 1
    model = KernelDensity(random_state=0).fit(df)
    cells = pd.DataFrame(itertools.product(["x", "y", None], range(4), [False, True]), columns=["a", "n", "b"])
    p = np.exp(model.score_samples(cells))
    assert 0.9 < p.sum() < 1  # the rest is reserved: 3 columns, 1 / 62 each
    rows = model.sample(20_000)
    counts = pd.concat([cells, rows.astype(cells.dtypes)]).groupby(["a", "n", "b"], dropna=False).size()
    counts = counts.reindex(pd.MultiIndex.from_frame(cells)) - 1
    assert chisquare(counts.to_numpy(), 20_000 * p / p.sum()).pvalue > 1e-6


def test_reserved_cells_have_their_mass():
    df = table()
    model = KernelDensity(random_state=0).fit(df)
    rho = 1 / (len(df) + 2)
    Z = np.full((1, 4), 0.0)
    for j, z in ((0, 3.0), (1, np.nan)):  # another city; missing rooms, which share with other numbers of rooms
        Z[0, j] = z
        share = rho if j == 0 else rho / 2
        assert np.exp(model._log_density(Z, np.arange(4) == j)[0]) == pytest.approx(share, rel=1e-9)


@pytest.mark.parametrize("kernel", ["gaussian", "tophat"])
def test_rows_outside_the_table_are_finite(kernel):
    df = table()
    model = KernelDensity(kernel=kernel, random_state=0).fit(df)
    odd = df.iloc[:4].copy()
    odd.loc[0, "city"] = "Atlantis"
    odd.loc[1, "age"] = 1e7
    odd.loc[2, "spend"] = -1e9
    odd.loc[3, "rooms"] = 1000
    assert np.isfinite(model.score_samples(odd)).all()


def test_many_levels_use_a_short_table():
    rng = np.random.default_rng(0)
    names = np.array([f"name{i}" for i in range(1000)])
    df = pd.DataFrame({"name": names[np.minimum(rng.geometric(0.01, 3000), 999)], "x": rng.normal(size=3000)})
    model = KernelDensity(random_state=0).fit(df)
    assert model.codec_.columns[0].n_codes > 256
    assert column_mass(model, 0) == pytest.approx(1, abs=1e-12)
    frequent = df["name"].value_counts().index[0]
    share = (model.sample(4000)["name"] == frequent).mean()
    assert share == pytest.approx((df["name"] == frequent).mean(), abs=0.02)


def test_smoothing_follows_the_dependence():
    rng = np.random.default_rng(0)
    a = rng.choice(list("abcd"), 4000)
    df = pd.DataFrame({"a": a, "copy": a, "noise": rng.choice(list("uvw"), 4000)})
    model = KernelDensity(random_state=0).fit(df[:2000])
    assert (model.smoothing_[:2, 0] > 0.98).all()
    assert model.score(df[2000:]) == pytest.approx(-np.log(12), abs=0.02)


def test_a_small_frame_scores_like_its_array():
    X = np.random.default_rng(0).normal(10, 1, size=(700, 8)).round(2)
    df = pd.DataFrame(X, columns=[f"x{j}" for j in range(8)])
    for bandwidth in ("scott", "cv"):
        frame = KernelDensity(bandwidth, random_state=0).fit(df[:200]).score(df[200:])
        array = KernelDensity(bandwidth, random_state=0).fit(X[:200]).score(X[200:])
        assert frame > array - 0.3


def test_em_raises_the_leave_one_out_likelihood():
    model = KernelDensity(random_state=0).fit(table())
    Z = model.codec_.encode_typed(table())
    centres = Centres(*distinct_rows(Z, np.ones(len(Z)), np.arange(Z.shape[1])), model.codec_.columns, "gaussian")
    rows = LeaveOneOut(centres, np.random.default_rng(0), 10_000, 10_000, 1)
    h, weights = model.bandwidth_, centres.start_weights()
    scores = []
    for _ in range(8):
        scores.append(rows.score(h, weights))
        weights = rows.improve(h, weights)
    assert (np.diff(scores) > -1e-3).all()  # the prior of one row for each part moves the weights a little
    assert scores[-1] > scores[0] + 0.1


def test_smoothing_raises_the_held_out_score():
    df = table(1200)
    train, test = df[:600].reset_index(drop=True), df[600:]
    schema = Schema.infer(df)
    learnt = KernelDensity(schema=schema, random_state=0).fit(train)
    score = learnt.score(test)
    for weights in ([0.9, 0.05, 0.05], [0.05, 0.05, 0.9], [0.5, 0.25, 0.25]):
        for kernel in learnt.columns_:
            kernel.weights = np.array(weights)
        assert learnt.score(test) < score


@pytest.mark.parametrize("kernel", ["gaussian", "cosine"])
def test_wide_skewed_tables_are_sampled(kernel):
    rng = np.random.default_rng(0)
    df = pd.DataFrame(rng.lognormal(size=(500, 25)), columns=[f"x{j}" for j in range(25)])
    model = KernelDensity(kernel=kernel, random_state=0).fit(df)
    for rows in (model.sample(2000), model.sample(2000, given={"x0": 1.0})):
        assert (rows.max() <= df.max()).all() and (rows.min() >= df.min()).all()


@pytest.mark.parametrize("kernel", ["gaussian", "exponential", "cosine"])
@pytest.mark.parametrize("bandwidth", ["scott", 3.0])
def test_samples_follow_the_density_within_the_range(kernel, bandwidth):
    rng = np.random.default_rng(0)
    x = rng.integers(0, 8, 40) * 1.0  # many rows at the edges
    df = pd.DataFrame({"x": x, "y": np.where(rng.random(40) < 0.2, np.nan, np.round(x + rng.normal(0, 1, 40)))})
    model = KernelDensity(bandwidth, kernel=kernel, random_state=0).fit(df)
    columns = model.codec_.columns
    axes = [np.append(np.arange(c.lower, c.upper + 1), [np.nan] * c.missing_seen) for c in columns]
    cells = pd.DataFrame(itertools.product(*axes), columns=["x", "y"])
    p = np.exp(model.score_samples(cells))
    seen = model.codec_.seen(cells.to_numpy(float))
    rows = model.sample(40_000)
    key = [tuple(row) for row in rows.fillna(-99).to_numpy(float)]
    counts = pd.Series(key).value_counts().reindex([tuple(c) for c in cells.fillna(-99).to_numpy(float)]).fillna(0)
    assert counts.sum() == 40_000
    expected = 40_000 * p / p[seen].sum()
    often = seen & (expected > 5)
    a, b = counts.to_numpy()[often], expected[often]
    assert (counts.to_numpy()[~seen] == 0).all()
    rest = [40_000 - a.sum() + 1e-9], [40_000 - b.sum() + 1e-9]
    assert chisquare(np.append(a, rest[0]), np.append(b, rest[1])).pvalue > 1e-6


# ---- given ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kernel", ["gaussian", "exponential"])
def test_scores_add_up(kernel):
    df = table()
    model = KernelDensity(kernel=kernel, random_state=0).fit(df)
    known = ["city", "spend"]
    Z = model.codec_.encode_typed(df)
    marginal = model._log_density(Z, np.isin(df.columns, known))
    conditional = model.score_samples(df, given=known)
    np.testing.assert_allclose(marginal + conditional, model.score_samples(df), rtol=1e-10)


@pytest.mark.parametrize("bandwidth", ["scott", "neighbors"])
def test_given_a_number_draws_the_conditional_law(bandwidth):
    X = plane(200)
    model = KernelDensity(bandwidth, random_state=0).fit(X)
    rows = model.sample(4000, given={0: 1.0})
    assert (rows[:, 0] == 1.0).all()
    grid = np.column_stack([np.full(40_001, 1.0), np.linspace(-500, 540, 40_001)])
    p = np.exp(model.score_samples(grid, given=[0]))
    below = np.cumsum(p) * (grid[1, 1] - grid[0, 1])
    assert below[-1] == pytest.approx(1, abs=1e-6)
    assert kstest(rows[:, 1], lambda t: np.interp(t, grid[:, 1], below)).pvalue > 1e-6


@pytest.mark.parametrize("kernel", ["gaussian", "cosine"])
@pytest.mark.parametrize(
    "given, event",
    [
        ({"age": pd.Interval(30, 40)}, lambda df: (df["age"] > 30) & (df["age"] <= 40)),
        ({"city": ["Rome", "Bonn"]}, lambda df: df["city"].isin(["Rome", "Bonn"])),
        ({"age": MISSING}, lambda df: df["age"].isna()),
        ({"rooms": [1, 5]}, lambda df: df["rooms"].isin([1, 5])),
        ({"spend": pd.Interval(0, 1000, closed="both")}, lambda df: df["spend"] <= 1000),
    ],
)
def test_given_equals_rejection(given, event, kernel):
    model = KernelDensity(kernel=kernel, random_state=0).fit(table())
    rows = model.sample(4000, given=given)
    assert event(rows).all()
    kept = model.sample(40_000)
    kept = kept[event(kept)]
    for column in rows.columns[rows.notna().any()]:
        a, b = rows[column], kept[column]
        if rows[column].dtype.kind in "if":
            edges = np.unique(np.nanquantile(b, np.linspace(0, 1, 9)))
            a, b = (np.where(v.isna(), -1, np.searchsorted(edges, v.to_numpy(float))) for v in (a, b))
        a, b = pd.Series(a).astype(str).value_counts(), pd.Series(b).astype(str).value_counts()
        levels = b.index[b > 20]
        share = b[levels] / b.sum()
        error = np.sqrt(share * (1 - share) * (1 / a.sum() + 1 / b.sum()))
        z = (a.reindex(levels, fill_value=0) / a.sum() - share) / error.clip(lower=1e-12)
        assert np.abs(z).max() < 5.5, column


@pytest.mark.parametrize("bandwidth", ["scott", "neighbors"])
def test_given_an_interval_of_a_number_with_a_heavy_value(bandwidth):
    x = zero_inflated(4000)
    y = np.where(np.nan_to_num(x) > 2500, "high", "low")
    df = pd.DataFrame({"x": x, "y": y})
    model = KernelDensity(bandwidth, random_state=0).fit(df)
    rows = model.sample(4000, given={"x": pd.Interval(-10, 2600)})
    assert rows["x"].between(-10, 2600).all()
    cells = pd.DataFrame({"x": np.arange(0, 2601.0), "y": "high"})
    p_high = np.exp(model.score_samples(cells))
    p = p_high + np.exp(model.score_samples(cells.assign(y="low")))
    for share, event in ((p[0] / p.sum(), rows["x"] == 0), (p_high.sum() / p.sum(), rows["y"] == "high")):
        assert abs(event.mean() - share) < 5 * np.sqrt(share * (1 - share) / 4000)
    below = np.cumsum(p[1:]) / p[1:].sum()
    positive = rows["x"][rows["x"] > 0]
    assert kstest(positive - 0.5, lambda t: np.interp(t, np.arange(1, 2601), below)).pvalue > 1e-6


@pytest.mark.parametrize("bandwidth", ["scott", "neighbors"])
@pytest.mark.parametrize("frame", [False, True])
def test_given_an_interval_of_a_smooth_number(frame, bandwidth):
    X = plane(400)
    X = pd.DataFrame(X, columns=["a", "b"]).round(3) if frame else X
    model = KernelDensity(bandwidth, random_state=0).fit(X)
    rows = np.asarray(model.sample(8000, given={"a" if frame else 0: pd.Interval(-0.3, 2)}))
    joint = np.asarray(model.sample(40_000))
    kept = joint[(joint[:, 0] > -0.3) & (joint[:, 0] <= 2)]
    assert ((rows[:, 0] > -0.3) & (rows[:, 0] <= 2)).all()
    for f in (lambda x: x[:, 0], lambda x: x[:, 1], lambda x: x[:, 0] > 0.5, lambda x: x[:, 1] > 10):
        a, b = f(rows).astype(float), f(kept).astype(float)
        assert abs(a.mean() - b.mean()) < 4.9 * np.sqrt(a.var() / len(a) + b.var() / len(b))


def test_given_a_set_or_an_empty_cell_of_a_smooth_number():
    X = plane(400)
    model = KernelDensity(random_state=0).fit(X)
    rows = model.sample(4000, given={0: [-1.0, 0.5]})
    known = np.array([True, False])
    p = np.exp(model._log_density(np.array([[-1.0, 0.0], [0.5, 0.0]]), known))
    share = p[0] / p.sum()
    assert abs((rows[:, 0] == -1.0).mean() - share) < 4.9 * np.sqrt(share * (1 - share) / 4000)
    df = pd.DataFrame(X, columns=["a", "b"]).round(3)
    conditions = pd.DataFrame({"a": np.where(np.arange(400) % 2, 0.5, np.nan)})
    completed = KernelDensity(random_state=0).fit(df).sample(400, given=conditions)
    assert completed.notna().all().all()
    assert (completed["a"][1::2] == 0.5).all() and completed["a"][::2].nunique() > 100


def test_given_what_no_kernel_reaches_is_refused():
    model = KernelDensity(0.5, kernel="linear", random_state=0).fit(np.random.default_rng(0).normal(size=(50, 2)))
    with pytest.raises(LowSupportError, match="No kernel reaches"):
        model.sample(3, given={0: 100.0})


def test_given_a_table_of_conditions():
    model = KernelDensity(random_state=0).fit(table())
    conditions = pd.DataFrame({"city": ["Rome", "Oslo"] * 200, "rooms": [1, 2, 3, 4] * 100})
    rows = model.sample(400, given=conditions)
    assert (rows["city"].to_numpy() == conditions["city"].to_numpy()).all()
    assert (rows["rooms"].to_numpy() == conditions["rooms"].to_numpy()).all()
    assert rows["age"].nunique() > 20
