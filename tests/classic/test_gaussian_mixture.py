"""GaussianMixture: closed forms, scikit-learn's values, and the laws that its extensions to tables must keep."""

import itertools
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.mixture import GaussianMixture as Reference

from skgen import MISSING, GaussianMixture

TYPES = ["full", "tied", "diag", "spherical"]


def _clusters(n=1500, d=3, seed=0):
    rng = np.random.default_rng(seed)
    centres = np.array([[-3.0, 0, 1], [2, 2, -1], [0, -4, 0]])[:, :d]
    k = rng.integers(3, size=n)
    return centres[k] + rng.normal(size=(n, d)) @ np.array([[1, 0.4, 0], [0, 0.7, 0.2], [0, 0, 1.2]])[:d, :d]


def _inits(X, covariance_type, K=3):
    d = X.shape[1]
    precisions = {
        "full": np.array([np.eye(d)] * K),
        "tied": np.eye(d),
        "diag": np.ones((K, d)),
        "spherical": np.ones(K),
    }
    return {"weights_init": np.full(K, 1 / K), "means_init": X[:K], "precisions_init": precisions[covariance_type]}


def _table(n=600, seed=0):
    """A mixed table: two levels, few values, a spiked integer, a smooth pair with missing cells."""
    rng = np.random.default_rng(seed)
    k = rng.integers(2, size=n)
    x = rng.normal(np.where(k, 3, -1), 1.0)
    y = 0.8 * x + rng.normal(0, 0.5, n)
    spiked = np.where(rng.random(n) < 0.4, 0, rng.poisson(np.where(k, 60, 25)))
    frame = pd.DataFrame(
        {
            "level": np.where(rng.random(n) < np.where(k, 0.8, 0.2), "a", "b"),
            "few": rng.integers(0, 4, n) + k,
            "spiked": spiked,
            "x": x,
            "y": np.where(rng.random(n) < np.where(k, 0.3, 0.1), np.nan, y),
        }
    )
    frame.loc[rng.random(n) < 0.05, "level"] = None
    return frame


# ---- scikit-learn's values -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("covariance_type", TYPES)
def test_equals_scikit_learn(covariance_type):
    X = _clusters()
    steps = {"max_iter": 15, "tol": 0.0, **_inits(X, covariance_type)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tol=0 cannot be reached
        reference = Reference(3, covariance_type=covariance_type, reg_covar=0, **steps).fit(X)
    model = GaussianMixture(3, covariance_type=covariance_type, **steps).fit(X)
    np.testing.assert_allclose(model.score_samples(X), reference.score_samples(X), rtol=0, atol=1e-9)
    np.testing.assert_allclose(model.means_, reference.means_, atol=1e-9)
    np.testing.assert_allclose(model.covariances_, reference.covariances_, atol=1e-9)
    np.testing.assert_allclose(model.predict_proba(X), reference.predict_proba(X), atol=1e-9)
    assert (model.predict(X) == reference.predict(X)).all()
    assert model._n_parameters() == reference._n_parameters()
    assert abs(model.bic(X) - reference.bic(X)) < 1e-5


def test_marginal_and_conditional_of_numbers_equal_scipy():
    X = _clusters()
    model = GaussianMixture(2, random_state=0).fit(X)
    parts = [
        w * stats.multivariate_normal(m[[0, 2]], S[np.ix_([0, 2], [0, 2])]).pdf(X[:, [0, 2]])
        for w, m, S in zip(model.weights_, model.means_, model.covariances_)
    ]
    marginal = model.score_samples(X) - model.score_samples(X, given=[0, 2])
    np.testing.assert_allclose(marginal, np.log(sum(parts)), atol=1e-10)


# ---- EM --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("init_params", ["split", "kmeans", "random"])
@pytest.mark.parametrize("covariance_type", TYPES)
def test_em_never_lowers_the_objective(covariance_type, init_params):
    X = _clusters()
    X[np.random.default_rng(1).random(X.shape) < 0.2] = np.nan
    for table in (X, _table()):
        model = GaussianMixture(
            4, covariance_type=covariance_type, init_params=init_params, max_iter=40, tol=0, random_state=0
        ).fit(table)
        assert np.diff(model.lower_bounds_).min() > -1e-10
        assert model.lower_bounds_[-1] > model.lower_bounds_[0]


def test_lower_bound_is_the_mean_score_on_arrays():
    X = _clusters()
    model = GaussianMixture(3, random_state=0).fit(X)
    assert abs(model.lower_bound_ - model.score(X)) < 1e-10
    assert model.converged_


@pytest.mark.parametrize("n", [1_000, 10_000])
def test_recovers_its_own_family(n):
    truth = GaussianMixture(3, random_state=0).fit(_clusters())
    X, fresh = truth.sample(n, random_state=1), truth.sample(20_000, random_state=2)
    model = GaussianMixture(3, tol=1e-7, max_iter=1000, random_state=0).fit(X)
    divergence = np.mean(truth.score_samples(fresh) - model.score_samples(fresh))
    expected = model._n_parameters() / (2 * n)
    assert expected / 3 < divergence < expected * 3


def test_eight_gaussians_within_five_thousandths_of_a_nat():
    rng = np.random.default_rng(0)
    angle = 2 * np.pi * np.arange(8) / 8
    centres = 4 / 1.414 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    sd = 0.5 / 1.414
    X, fresh = (centres[rng.integers(8, size=n)] + sd * rng.normal(size=(n, 2)) for n in (100_000, 20_000))
    model = GaussianMixture(8, random_state=0).fit(X)
    distance = ((fresh[:, None] - centres) ** 2).sum(-1)
    truth = np.log(np.exp(-0.5 * distance / sd**2).mean(axis=1)) - np.log(2 * np.pi * sd**2)
    assert abs(np.mean(truth - model.score_samples(fresh))) < 0.005


@pytest.mark.parametrize("make", [_clusters, _table])
def test_weights_are_repeats_and_order_is_invisible(make):
    X = make(400)
    weight = np.random.default_rng(3).integers(0, 4, len(X))
    rows = np.repeat(np.arange(len(X)), weight)
    rows = np.random.default_rng(4).permutation(rows)
    repeated = X.iloc[rows] if hasattr(X, "iloc") else X[rows]
    a = GaussianMixture(3, random_state=0).fit(X, sample_weight=weight)
    b = GaussianMixture(3, random_state=0).fit(repeated)
    np.testing.assert_allclose(a.score_samples(X), b.score_samples(X), atol=1e-8)


@pytest.mark.parametrize("covariance_type", TYPES)
@pytest.mark.parametrize("scale", [1e-30, 1e-3, 1e30])
def test_units(covariance_type, scale):
    X = _clusters()
    a = GaussianMixture(3, covariance_type=covariance_type, random_state=0).fit(X)
    b = GaussianMixture(3, covariance_type=covariance_type, random_state=0).fit(X * scale)
    np.testing.assert_allclose(
        b.score_samples(X * scale), a.score_samples(X) - X.shape[1] * np.log(scale), rtol=1e-10, atol=1e-10
    )
    np.testing.assert_allclose(b.means_, a.means_ * scale, rtol=1e-8)


@pytest.mark.parametrize("init_params", ["split", "kmeans", "random"])
@pytest.mark.parametrize("covariance_type", TYPES)
def test_columns_may_be_permuted(covariance_type, init_params):
    X = _clusters()
    X[::7, 1] = np.nan
    order = [2, 0, 1]
    model = GaussianMixture(3, covariance_type=covariance_type, init_params=init_params, random_state=0)
    a, b = model.fit(X).score_samples(X), model.fit(X[:, order]).score_samples(X[:, order])
    np.testing.assert_allclose(a, b, atol=1e-9)


def test_inits_are_in_the_order_of_the_table():
    X = _clusters() * [1, 10, 100]
    inits = {"weights_init": [0.2, 0.8], "means_init": X[:2], "precisions_init": np.array([np.diag([1, 2, 3.0])] * 2)}
    model = GaussianMixture(2, max_iter=0, **inits).fit(X)
    np.testing.assert_allclose(model.means_, X[:2])
    np.testing.assert_allclose(model.covariances_, np.linalg.inv(inits["precisions_init"]))
    parts = [stats.multivariate_normal(m, np.diag([1, 1 / 2, 1 / 3])).logpdf(X) for m in X[:2]]
    np.testing.assert_allclose(model.score_samples(X), np.logaddexp(parts[0] + np.log(0.2), parts[1] + np.log(0.8)))


def test_warm_start_goes_on():
    X = _clusters()
    model = GaussianMixture(3, init_params="random", max_iter=2, tol=0, warm_start=True, random_state=0).fit(X)
    before = model.lower_bound_
    model.fit(X)
    assert model.lower_bounds_[0] == pytest.approx(before, abs=1e-10)
    assert model.lower_bound_ > before
    table = _table()
    model = GaussianMixture(2, max_iter=3, tol=0, warm_start=True, random_state=0).fit(table)
    before = model.lower_bound_
    assert model.fit(table).lower_bounds_[0] == pytest.approx(before, abs=1e-10)
    assert model.set_params(n_components=3).fit(table).means_.shape[0] == 3


def test_n_init_keeps_the_best():
    X = _table()
    steps = {"init_params": "random", "max_iter": 30, "tol": 0}
    bounds = [
        [GaussianMixture(5, n_init=n, random_state=seed, **steps).fit(X).lower_bound_ for n in (1, 6)]
        for seed in range(4)
    ]
    assert all(six >= one for one, six in bounds)
    assert any(six > one + 1e-3 for one, six in bounds)


# ---- missing cells ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("covariance_type", TYPES)
def test_missing_numbers_are_integrated_out(covariance_type):
    X = _clusters(d=2)
    X[np.random.default_rng(1).random(X.shape) < 0.25] = np.nan
    model = GaussianMixture(3, covariance_type=covariance_type, random_state=0).fit(X)
    grid = np.linspace(-25, 25, 4001)
    row = np.array([[0.3, 0.0]])
    line = np.column_stack([np.full(len(grid), 0.3), grid])
    present = np.exp(model.score_samples(line)).sum() * (grid[1] - grid[0])
    absent = np.exp(model.score_samples(np.array([[0.3, np.nan]])))[0]
    marginal = np.exp(model.score_samples(row) - model.score_samples(row, given=[0]))[0]
    assert present + absent == pytest.approx(marginal, rel=1e-9)


def test_em_with_missing_numbers_recovers_the_law():
    X = _clusters(20_000)
    holes = X.copy()
    holes[np.random.default_rng(1).random(X.shape) < 0.3] = np.nan
    whole = GaussianMixture(3, random_state=0).fit(X)
    model = GaussianMixture(3, tol=1e-6, max_iter=500, random_state=0).fit(holes)
    order = [np.abs(model.means_ - m).sum(axis=1).argmin() for m in whole.means_]
    np.testing.assert_allclose(model.means_[order], whole.means_, atol=0.08)
    np.testing.assert_allclose(model.covariances_[order], whole.covariances_, atol=0.12)


def test_missing_share_comes_back():
    table = _table(3000)
    rows = GaussianMixture(3, random_state=0).fit(table).sample(20_000)
    for name in ("level", "y"):
        assert rows[name].isna().mean() == pytest.approx(table[name].isna().mean(), abs=0.02)


# ---- tables ----------------------------------------------------------------------------------------------------------


def test_all_cells_sum_to_one():
    table = _table()[["level", "few", "spiked"]]
    model = GaussianMixture(3, random_state=0).fit(table)
    kinds = [type(law).__name__ for law in model._laws_]
    assert kinds == ["LevelLaw", "LevelLaw", "SpikeLaw"]
    columns = model.codec_.columns
    levels = np.append(np.arange(columns[0].n_codes + 1), np.nan)
    few = np.append(np.arange(-300, 301), np.nan)
    spiked = np.append(np.arange(-150, 300), np.nan)
    Z = np.array(list(itertools.product(levels, few, spiked)))
    assert np.exp(model._log_density(Z)).sum() == pytest.approx(1, abs=1e-8)


def test_gaussian_block_on_a_grid_sums_to_one():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"a": np.rint(rng.normal(0, 9, 500)), "b": np.rint(rng.normal(0, 9, 500))}).astype(int)
    table["b"] += table["a"] // 2
    model = GaussianMixture(6, random_state=0).fit(table)
    assert len(model.gaussian_columns_) == 2
    side = np.arange(-120, 121)
    Z = np.array(list(itertools.product(side, side)), float)
    rho = model.codec_.columns[0].rho
    assert np.exp(model._log_density(Z)).sum() == pytest.approx((1 - rho) ** 2, abs=1e-8)
    tight = [np.linalg.eigvalsh(S)[0] for S in model.covariances_]
    assert min(tight) >= 1


def test_samples_follow_the_scores():
    table = _table(400)[["level", "few", "spiked"]]
    table["spiked"] = table["spiked"] // 8
    table["few"] = table["few"] // 2
    model = GaussianMixture(3, random_state=0).fit(table)
    rows = model.sample(100_000)
    seen, counts = np.unique(np.nan_to_num(model._encode(rows), nan=-1.0), axis=0, return_counts=True)
    levels = np.append(np.arange(model.codec_.columns[0].n_codes), np.nan)
    support = itertools.product(
        levels, np.unique(table["few"]), np.arange(table["spiked"].min(), table["spiked"].max() + 1)
    )
    Z = np.array(list(support), float)
    Z = Z[model.codec_.seen(Z)]
    p = np.exp(model._log_density(Z))
    p /= p.sum()
    Z = np.nan_to_num(Z, nan=-1.0)
    expected = dict(zip(map(str, Z.tolist()), p * counts.sum()))
    observed = dict(zip(map(str, seen.tolist()), counts))
    assert set(observed) <= set(expected)
    big = [key for key in expected if expected[key] > 5]
    f = np.array([observed.get(key, 0) for key in big] + [0.0])
    e = np.array([expected[key] for key in big] + [0.0])
    f[-1], e[-1] = counts.sum() - f.sum(), counts.sum() - e.sum()
    assert stats.chisquare(f[e > 0], e[e > 0]).pvalue > 1e-6


def test_integers_are_sampled_from_the_lattice_along_the_block():
    rng = np.random.default_rng(0)
    a = rng.normal(0, 4, 4000)
    table = pd.DataFrame({"a": np.rint(a), "b": np.rint(a + rng.normal(0, 2, 4000))}).astype(int)
    table = pd.concat([table, pd.DataFrame({"a": [-60, 60], "b": [-60, 60]})])  # a wide seen range
    model = GaussianMixture(1, random_state=0).fit(table)
    assert len(model.gaussian_columns_) == 2
    rows = model._encode(model.sample(200_000))
    cells = np.array(list(itertools.product(np.arange(-8, 9), np.arange(-8, 9))), float)
    e = np.exp(model._log_density(cells)) * len(rows)
    keys, counts = np.unique(rows, axis=0, return_counts=True)
    table_of = dict(zip(map(tuple, keys), counts))
    f = np.array([table_of.get(tuple(c), 0) for c in cells])
    keep = e > 10
    f, e = np.append(f[keep], len(rows) - f[keep].sum()), np.append(e[keep], len(rows) - e[keep].sum())
    assert stats.chisquare(f, e).pvalue > 1e-6


def test_far_and_unseen_rows_score_finite():
    model = GaussianMixture(3, random_state=0).fit(_table())
    row = _table().iloc[[0]]
    for name, value in [("level", "new"), ("few", 99), ("few", -1), ("spiked", 10**9), ("x", 1e200), ("x", np.nan)]:
        far = row.astype(object)
        far[name] = value
        assert np.isfinite(model.score_samples(far.infer_objects())).all(), name


def test_smoothing_helps_where_levels_are_rare():
    rng = np.random.default_rng(0)
    tables = []
    for n in (300, 3000):
        k = rng.integers(2, size=n)
        levels = [f"v{v}" for v in rng.geometric(0.1, n) % 40]
        tables.append(pd.DataFrame({"a": levels, "b": rng.permutation(levels), "x": rng.normal(8 * k, 1)}))
    scores = [GaussianMixture(6, smoothing=a, random_state=0).fit(tables[0]).score(tables[1]) for a in (1e-9, 0.5)]
    assert scores[1] > scores[0] + 0.1


# ---- given -----------------------------------------------------------------------------------------------------------


def test_scores_add_up():
    table = _table()
    model = GaussianMixture(3, random_state=0).fit(table)
    Z = model._encode(table)
    joint = model.score_samples(table)
    for given in (["level"], ["x", "few"], ["y", "spiked"], ["level", "few", "spiked", "x"]):
        known = np.isin(table.columns, given)
        total = model._log_density(Z, known) + model.score_samples(table, given=given)
        np.testing.assert_allclose(total, joint, atol=1e-10)


def test_marginal_sums_over_a_category():
    table = _table()
    model = GaussianMixture(3, random_state=0).fit(table)
    Z = model._encode(table)[:50]
    parts = []
    for code in [*range(model.codec_.columns[0].n_codes + 1), np.nan]:
        Z[:, 0] = code
        parts.append(model._log_density(Z))
    known = np.array([False, True, True, True, True])
    np.testing.assert_allclose(np.logaddexp.reduce(parts), model._log_density(Z, known), atol=1e-10)


@pytest.mark.parametrize(
    "given, mask",
    [
        ({"level": "a"}, lambda t: t["level"] == "a"),
        ({"level": ["b"], "few": [1, 2]}, lambda t: (t["level"] == "b") & t["few"].isin([1, 2])),
        ({"x": pd.Interval(1.0, 2.0)}, lambda t: t["x"].between(1, 2)),
        ({"spiked": pd.Interval(0, 30, closed="both")}, lambda t: t["spiked"].between(0, 30)),
        ({"y": MISSING}, lambda t: t["y"].isna()),
        ({"y": pd.Interval(0.0, 1.0)}, lambda t: t["y"].between(0, 1)),
    ],
)
def test_conditional_samples_are_the_joint_ones_that_meet_the_condition(given, mask):
    model = GaussianMixture(3, random_state=0).fit(_table())
    rows = model.sample(20_000, random_state=1)
    rows = rows[mask(rows)]
    drawn = model.sample(8000, given=given, random_state=2)
    assert mask(drawn).all()
    a, b = (t.assign(level=t["level"].map({"a": 0.0, "b": 1.0}).fillna(2.0)).fillna(9.0) for t in (rows, drawn))
    for name in a:
        if a[name].nunique() > 1:
            assert stats.ks_2samp(a[name], b[name]).pvalue > 1e-6, name


def test_known_numbers_condition_the_block():
    X = _clusters()
    model = GaussianMixture(1, random_state=0).fit(X)
    drawn = model.sample(50_000, given={0: 1.5})
    m, S = model.means_[0], model.covariances_[0]
    slope = S[1:, 0] / S[0, 0]
    np.testing.assert_allclose(drawn[:, 1:].mean(0), m[1:] + slope * (1.5 - m[0]), atol=0.03)
    np.testing.assert_allclose(np.cov(drawn[:, 1:].T), S[1:, 1:] - np.outer(slope, S[0, 1:]), atol=0.05)
    assert (drawn[:, 0] == 1.5).all()
