"""The real view: independent columns under the normal law, weights that are densities, inverses."""

import time

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chisquare, norm

from skgen.table import CodecColumn, TableCodec
from skgen.table.real import RealView

N = 1500


def frame(n=N, seed=0):
    """Every kind of column that the real view knows."""
    rng = np.random.default_rng(seed)
    income = np.round(rng.lognormal(8, 1, n), 2)
    income[rng.random(n) < 0.3] = 0.0
    income[rng.random(n) < 0.1] = 999.99
    return pd.DataFrame(
        {
            "city": rng.choice(["Oslo", "Rome", "Bonn", None], n, p=[0.6, 0.2, 0.1, 0.1]),
            "children": rng.poisson(1.0, n) * 0.5,  # a number that counts as a category, with gaps
            "age": np.rint(rng.gamma(9, 5, n)) / 10,  # a coarse number with over 30 values
            "income": np.where(rng.random(n) < 0.2, np.nan, income),  # smooth, heavy values, missing
            "height": np.round(rng.normal(1.7, 0.1, n), 6),  # smooth
            "planet": "Earth",
        }
    )


@pytest.fixture(scope="module", params=["gaussianize", "standardize"])
def fitted(request):
    df = frame()
    codec = TableCodec()
    Z = codec.fit_encode(df)
    return codec, Z, RealView(request.param).fit(Z, codec.columns)


def normal_score(R, log_weight):
    return norm.logpdf(R).sum(axis=1) + log_weight


def column_score(real, j, z, u=0.5):
    """Log-density of numbers of one column under the normal law."""
    d = len(real.needs_draw_)
    Z = np.zeros((len(z), d))
    Z[:, j] = z
    known = np.arange(d) == j
    R, log_weight = real.encode(Z, np.full(Z.shape, u), known)
    return norm.logpdf(R[:, j]) + log_weight


def grid(column, extra=40):
    """The grid points of the range and of `extra` tail scales beyond it."""
    r = column.resolution
    low, high = column.lower - extra * column.scale_below, column.upper + extra * column.scale_above
    index = np.arange(np.floor((low - column.lower) / r), np.ceil((high - column.lower) / r) + 1)
    return column.lower + r * index


def unseen_points(column, z):
    """Grid points of the range that no row holds."""
    inside = np.rint(np.arange(column.lower, column.upper, column.resolution) / column.resolution)
    return np.setdiff1d(inside, np.rint(z / column.resolution)) / np.rint(1 / column.resolution)


# ---- a standard normal law is independent columns, at no variance ---------------------------------------------------


def test_table_is_what_the_tests_need(fitted):
    codec, _, real = fitted
    columns = {c.name: c for c in codec.columns}
    assert not len(columns["age"].values) and not columns["age"].smooth
    assert columns["income"].smooth and columns["height"].smooth
    assert columns["income"].heavy.tolist() == [0.0, 999.99]
    assert len(columns["children"].values) > 3 and len(columns["planet"].values) == 0
    assert real.needs_draw_.tolist() == [True, True, True, True, False, True]
    assert not real.exact_


def test_normal_law_has_no_variance_over_draws(fitted):
    _, Z, real = fitted
    rng = np.random.default_rng(1)
    scores = [normal_score(*real.encode(Z, rng.random(Z.shape))) for _ in range(5)]
    assert np.ptp(scores, axis=0).max() < 1e-10


def test_normal_law_is_the_independent_columns(fitted):
    """Shares of the rows, scaled by 1 - rho, over the cell's width."""
    codec, Z, real = fitted
    for j in (0, 1, 5):
        column = codec.columns[j]
        cells, _, count = np.unique(Z[:, j], return_inverse=True, return_counts=True, equal_nan=True)
        expected = np.log(count / N * (1 - column.rho))
        if column.kind == "number":
            expected -= np.log(column.resolution)
        for u in (0.01, 0.5, 0.9):
            assert column_score(real, j, cells, u) == pytest.approx(expected, abs=1e-12)
    income = codec.columns[3]  # its tails belong to the map, and missing cells were seen: nothing is reserved
    share = np.array([np.mean(Z[:, 3] == value) for value in income.heavy])
    got = column_score(real, 3, np.append(income.heavy, np.nan), 0.3)
    expected = np.append(np.log(share / income.resolution), np.log(np.isnan(Z[:, 3]).mean()))
    assert got == pytest.approx(expected, abs=1e-12)


def test_every_column_has_mass_one(fitted):
    codec, _, real = fitted
    for j, column in enumerate(codec.columns):
        if column.kind == "category":
            cells = np.append(np.arange(column.n_codes + 1.0), np.nan)
            assert np.exp(column_score(real, j, cells)).sum() == pytest.approx(1, abs=1e-12)
        elif not column.smooth:
            mass = np.exp(column_score(real, j, grid(column, extra=30))).sum() * column.resolution
            missing = np.exp(column_score(real, j, np.array([np.nan])))[0]
            assert mass + missing == pytest.approx(1, abs=1e-10)


def smooth_mass(real, j, column, log_score):
    """Quadrature between the heavy cells, plus those, plus the missing cell."""
    r = column.resolution
    cuts = np.concatenate([[-np.inf], *[[h - r / 2, h + r / 2] for h in column.heavy], [np.inf]])
    center, width = column.lower, column.upper - column.lower
    reach = center + width * np.concatenate([-np.geomspace(1e-7, 30, 60)[::-1], [0], np.geomspace(1e-7, 30, 3000)])
    nodes, weights = np.polynomial.legendre.leggauss(8)
    total = 0.0
    for low, high in cuts.reshape(-1, 2):
        edges = np.unique(np.clip(reach, low, high))
        half = np.diff(edges)[:, None] / 2
        x = edges[:-1, None] + half * (nodes + 1)
        total += (np.exp(log_score(real, j, x.ravel())).reshape(x.shape) * weights * half).sum()
    atoms = np.exp(log_score(real, j, np.append(column.heavy, np.nan)))
    return total + atoms[:-1].sum() * r + atoms[-1]


@pytest.mark.parametrize("name", ["income", "height"])
def test_smooth_columns_have_mass_one(fitted, name):
    codec, _, real = fitted
    j = [c.name for c in codec.columns].index(name)
    assert smooth_mass(real, j, codec.columns[j], column_score) == pytest.approx(1, abs=1e-4)

    def forgotten_slope(real, j, z):
        R, _ = real.encode(np.tile(z[:, None], 6), np.full((len(z), 6), 0.5), np.arange(6) == j)
        return norm.logpdf(R[:, j])

    assert abs(smooth_mass(real, j, codec.columns[j], forgotten_slope) - 1) > 0.05


# ---- the weights are those of any law on R^d ------------------------------------------------------------------------


def test_weights_average_to_the_mass_of_the_interval(fitted):
    """Under another law than the normal, the mean over u is the law's mass of the cell."""
    codec, Z, real = fitted
    Z = Z[:40].copy()
    gaps = unseen_points(codec.columns[2], fitted[1][:, 2])
    Z[: len(gaps), 2] = gaps
    u = (np.arange(4000) + 0.5) / 4000
    for j in (0, 1, 2, 5):
        known = np.arange(6) == j
        low, high = (real.encode(Z, np.full(Z.shape, end), known)[0][:, j] for end in (0.0, 1.0))
        expected = norm.cdf(high, 0.3, 0.8) - norm.cdf(low, 0.3, 0.8)
        places = [real.encode(Z, np.full(Z.shape, v), known) for v in u]
        got = np.mean([np.exp(norm.logpdf(R[:, j], 0.3, 0.8) + w) for R, w in places], axis=0)
        absent = np.isnan(Z[:, j])
        r = 1.0 if codec.columns[j].kind == "category" else codec.columns[j].resolution
        assert got * np.where(absent, 1.0, r) == pytest.approx(expected, rel=2e-3)


def test_samples_follow_the_score(fitted):
    codec, Z, real = fitted
    rng = np.random.default_rng(2)
    S = real.decode(rng.normal(size=(200_000, 6)))
    assert codec.seen(S).mean() > 0.99
    for j in (0, 1, 2, 3, 5):
        column = codec.columns[j]
        cells = np.unique(Z[:, j], equal_nan=True)
        if column.smooth:
            cells = np.append(column.heavy, np.nan)
        r = np.where(np.isnan(cells), 1.0, column.resolution or 1.0)
        p = np.exp(column_score(real, j, cells)) * r
        count = np.array([np.isnan(S[:, j]).sum() if np.isnan(c) else (S[:, j] == c).sum() for c in cells])
        count, p = np.append(count, len(S) - count.sum()), np.append(p, 1 - p.sum())
        often = p * len(S) > 5
        if often.sum() > 1:
            count, p = (np.append(v[often], v[~often].sum()) for v in (count, p))
            keep = p * len(S) > 1e-3
            assert chisquare(count[keep], p[keep] / p[keep].sum() * count[keep].sum()).pvalue > 1e-6


def test_smooth_samples_avoid_the_heavy_cells(fitted):
    """The density next to a heavy value is its neighbours', not theirs plus its own."""
    codec, Z, real = fitted
    x = real.decode(np.random.default_rng(4).normal(size=(100_000, 6)))[:, 3]
    column = codec.columns[3]
    index = np.rint(x[~np.isnan(x)] / column.resolution)
    near, at = (np.abs(index - 99999) == 1).sum(), (index == 99999).sum()
    assert near < 20
    expected = np.mean(Z[:, 3] == 999.99)
    assert abs(at / len(x) - expected) < 4.9 * np.sqrt(expected / len(x))


def test_heavy_values_side_by_side():
    """Adjacent and scattered ones, on a grid so coarse that their width counts."""
    rng = np.random.default_rng(0)
    z = np.concatenate([np.rint(rng.normal(0, 60, 3000)), np.repeat([0.0, 1.0, 2.0, 30.0], 300)])
    heavy = np.array([0.0, 1.0, 2.0, 30.0])
    column = CodecColumn("x", "number", 1.0, rho=1e-4, lower=z.min(), upper=z.max(), heavy=heavy)
    real = RealView().fit(z[:, None], [column])
    assert real.decode(real.encode(z[:, None], np.full((len(z), 1), 0.3))[0])[:, 0].tolist() == z.tolist()
    x = np.arange(z.min() - 500, z.max() + 500)
    density = np.exp(column_score(real, 0, x))
    assert density.sum() == pytest.approx(1 - 1e-4, abs=2e-3)
    drawn = real.decode(rng.normal(size=(300_000, 1)))[:, 0]
    near = np.isin(x, [-2, -1, 3, 4, 28, 29, 31, 32])
    count = np.array([np.sum(drawn == v) for v in x[near]])
    assert (
        chisquare(np.append(count, 3e5 - count.sum()), 3e5 * np.append(density[near], 1 - density[near].sum())).pvalue
        > 1e-6
    )


# ---- inverses and reserved cells ------------------------------------------------------------------------------------


def test_decode_inverts_encode(fitted):
    _, Z, real = fitted
    for u in (1e-12, 0.2, 0.77, 1 - 1e-12):
        R, log_weight = real.encode(Z, np.full(Z.shape, u))
        assert np.isfinite(R).all()
        assert np.isfinite(log_weight).all()
        np.testing.assert_array_equal(real.decode(R), Z)


def test_decoded_numbers_are_cell_centres(fitted):
    codec, _, real = fitted
    S = real.decode(np.random.default_rng(6).normal(size=(20_000, 6)))
    S = S[codec.seen(S)]
    np.testing.assert_array_equal(codec.encode(codec.decode(S)), S)


def test_reserved_cells_score_finite_and_are_not_sampled(fitted):
    codec, Z, real = fitted
    usual = Z[~np.isnan(Z).any(axis=1)][:1]
    odd = np.repeat(usual, 8, axis=0)
    odd[0, 0] = 3  # another level
    odd[1, 1] = 0.3  # a gap
    odd[2, 1] = 400.0
    odd[3, 2] = -1000.0
    odd[4, 2] = np.nan  # missing where none was
    odd[5, 4] = 1e6
    odd[6, 4] = np.nan
    odd[7, 5] = np.nan
    assert not codec.seen(odd).any()
    R, log_weight = real.encode(odd, np.full(odd.shape, 0.4))
    assert np.isfinite(R).all()
    assert np.isfinite(log_weight).all()
    assert (normal_score(R, log_weight) < normal_score(*real.encode(usual, np.full(usual.shape, 0.4))) - 2).all()
    back = codec.seen(real.decode(R))
    # the missing cells of rows 4 and 6 take no room on their axes, so there is nothing to come back to
    assert back.tolist() == [False, False, False, False, True, False, True, False]


def test_unseen_points_of_a_coarse_number_share_a_smooth_law(fitted):
    """They come back, weigh about what their neighbours' smooth part does, and the seen values pay for them."""
    codec, Z, real = fitted
    column = codec.columns[2]
    gaps = unseen_points(column, Z[:, 2])
    assert len(gaps) > 2
    odd = np.repeat(Z[:1], len(gaps), axis=0)
    odd[:, 2] = gaps
    for u in (0.01, 0.99):
        R, _ = real.encode(odd, np.full(odd.shape, u))
        assert (real.decode(R)[:, 2] == gaps).all()
    assert (column_score(real, 2, gaps) > np.log(0.05 / N / column.resolution)).all()


# ---- coarse numbers, weights, state, size --------------------------------------------------------------------------


def held_out(make, n=3000):
    """Mean score of fresh rows of a column under the law of the real view, and under the shares of its values."""
    rng = np.random.default_rng(0)
    train, test = pd.DataFrame({"x": make(rng, n)}), pd.DataFrame({"x": make(rng, n)})
    codec = TableCodec()
    Z = codec.fit_encode(train)
    (column,) = codec.columns
    assert not column.smooth and not len(column.values)
    real = RealView().fit(Z, codec.columns)
    return column_score(real, 0, codec.encode(test)[:, 0]).mean()


def test_coarse_numbers_are_neither_shares_nor_smooth():
    """Close to the entropy of laws that only one of the two describes."""
    assert held_out(lambda rng, n: np.rint(rng.lognormal(6, 1.0, n))) > -(6 + 0.5 * np.log(2 * np.pi * np.e)) - 0.12
    values = np.unique(np.random.default_rng(1).integers(0, 10**6, 60)).astype(float)
    assert held_out(lambda rng, n: rng.choice(values, n)) > -np.log(len(values)) - 0.03


def test_weights_are_repeated_rows():
    df = frame(300)
    weight = np.random.default_rng(0).integers(1, 4, 300)
    u = np.full(df.shape, 0.3)
    repeated = df.loc[np.repeat(df.index, weight)].reset_index(drop=True)
    views = []
    for table, w in ((df, weight.astype(float)), (repeated, None)):
        codec = TableCodec()
        Z = codec.fit_encode(table, sample_weight=w)
        real = RealView().fit(Z, codec.columns, w)
        views.append(real.encode(codec.encode(df), u))
    for a, b in zip(*views):
        assert a == pytest.approx(b, abs=1e-10)


def test_state_round_trip(fitted):
    _, Z, real = fitted
    again = RealView.from_state(real.to_state())
    u = np.random.default_rng(0).random(Z.shape)
    for a, b in zip(real.encode(Z, u), again.encode(Z, u)):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(again.cells(Z), real.cells(Z))
    assert (again.marginals, again.exact_) == (real.marginals, real.exact_)


def test_cells_tell_rows_apart(fitted):
    _, Z, real = fitted
    cells = real.cells(Z)
    assert cells.dtype == np.int64
    for j in range(Z.shape[1]):
        assert len(np.unique(cells[:, j])) == len(np.unique(Z[:, j], equal_nan=True))


def test_unknown_columns_carry_no_weight(fitted):
    _, Z, real = fitted
    u = np.full(Z.shape, 0.6)
    parts = [real.encode(Z, u, np.arange(6) == j) for j in range(6)]
    R, w = real.encode(Z, u)
    assert np.sum([part[0] for part in parts], axis=0) == pytest.approx(R, abs=0)
    assert np.sum([part[1] for part in parts], axis=0) == pytest.approx(w, abs=1e-9)


def test_marginals_is_checked():
    with pytest.raises(ValueError, match="marginals must be one of"):
        RealView("rank")


def test_many_levels_are_cheap():
    """A column of 10^5 levels costs a few times what one of 10 does: nothing is dense."""
    n = 100_000
    rng = np.random.default_rng(0)

    def seconds(S):
        Z = np.column_stack([rng.permutation(n) % S, rng.normal(size=n)]).astype(float)
        columns = [CodecColumn("a", "category", n_codes=S, rho=1 / (n + 2)), CodecColumn("b", "number")]
        start = time.perf_counter()
        real = RealView().fit(Z, columns)
        R, _ = real.encode(Z, np.full(Z.shape, 0.5))
        assert (real.decode(R)[:, 0] == Z[:, 0]).all()
        return time.perf_counter() - start

    few = min(seconds(10) for _ in range(2))
    assert seconds(n) < 12 * few  # three times, measured
