"""GaussianCopula against closed forms: normal laws, rectangles of the bivariate normal, and its own marginals."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from skgen import GaussianCopula, GaussianMixture, IndependentColumns
from skgen._random import generator_from
from skgen.testing._reference import mixed_table, smooth_rows


def correlated_rows(n, seed, rho=0.8):
    return generator_from(seed).multivariate_normal([0, 0], [[1, rho], [rho, 1]], size=n)


def levels(n, seed, rho=0.9):
    """Two texts, cut out of correlated normals: "a" rare, "b" common."""
    Z = correlated_rows(n, seed, rho)
    return pd.DataFrame({"rare": np.where(Z[:, 0] > 1.2, "yes", "no"), "half": np.where(Z[:, 1] > 0.0, "yes", "no")})


def intervals(model, name, j):
    """The interval of scores of each level of a column."""
    columns = model.codec_.schema.names
    found = {}
    for level in ("yes", "no"):
        row = model.codec_.encode_typed(pd.DataFrame({column: [level] for column in columns}))
        found[level] = [model.codec_.real.encode(row, np.full(row.shape, u))[0][0, j] for u in (0.0, 1.0)]
    return found


def rectangle(first, second, rho):
    law = stats.multivariate_normal([0, 0], [[1, rho], [rho, 1]])
    lower, upper = zip(np.clip(first, -9, 9), np.clip(second, -9, 9))
    return float(law.cdf(upper, lower_limit=lower))


def test_standardised_it_is_the_normal_law():
    """With affine marginals and no shrinkage, the model is the maximum-likelihood normal law of the rows."""
    X = smooth_rows(300, 4, seed=1) * np.array([1.0, 0.1, 10.0, 1.0]) + 7
    model = GaussianCopula(marginals="standardize", shrinkage=0.0, random_state=0).fit(X)
    law = stats.multivariate_normal(X.mean(axis=0), np.cov(X.T, bias=True))
    np.testing.assert_allclose(model.score_samples(X), law.logpdf(X), rtol=1e-10)
    np.testing.assert_allclose(model.score_samples(X), GaussianMixture(1).fit(X).score_samples(X), rtol=1e-6)
    assert model.likelihood_ == "exact"


def test_without_correlation_it_is_independent_columns():
    """Shrunk to no correlation, scores are sums over columns, whatever the draws: those of one-column models."""
    table, rows = mixed_table(300, seed=2), mixed_table(100, seed=3)
    model = GaussianCopula(shrinkage=1.0, random_state=0).fit(table)
    parts = sum(GaussianCopula(random_state=1).fit(table[[c]]).score_samples(rows[[c]]) for c in table)
    np.testing.assert_allclose(model.score_samples(rows), parts, rtol=1e-10)
    assert model.bound_gap_ == pytest.approx(0, abs=1e-12)


def test_marginals_do_not_depend_on_the_correlations():
    X = smooth_rows(400, 3, seed=4)
    model, alone = GaussianCopula(random_state=0).fit(X), GaussianCopula(random_state=0).fit(X[:, [1]])
    marginal = model.score_samples(X) - model.score_samples(X, given=[1])
    np.testing.assert_allclose(marginal, alone.score_samples(X[:, [1]]), rtol=1e-9)


def test_the_correlation_of_any_increasing_maps_is_found():
    Z = correlated_rows(20_000, seed=5)
    model = GaussianCopula(random_state=0).fit(np.column_stack([np.exp(Z[:, 0]), Z[:, 1] ** 3]))
    assert model.correlation_[0, 1] == pytest.approx(0.8, abs=0.01)


def test_the_correlation_behind_cells_is_found():
    """EM undoes what the cells' width takes from the correlation: their scores' own correlation is about half."""
    Z = correlated_rows(20_000, seed=6, rho=0.6)
    counts = pd.DataFrame(np.digitize(Z, [-1.0, 0.0, 1.0]), columns=["a", "b"])
    assert GaussianCopula(random_state=0).fit(counts).correlation_[0, 1] == pytest.approx(0.6, abs=0.02)
    texts = counts.map(lambda code: ("no", "no", "yes", "yes")[code])
    assert abs(GaussianCopula(random_state=0).fit(texts).correlation_[0, 1]) == pytest.approx(0.6, abs=0.03)


def test_a_known_cell_is_a_cell_not_a_point():
    """Given a level, the other follows the normal law over its whole interval; the middle of it gives another share."""
    model = GaussianCopula(random_state=0).fit(levels(4_000, seed=7))
    rho = np.copysign(0.9, model.correlation_[0, 1])
    model.correlation_ = np.array([[1.0, rho], [rho, 1.0]])
    first, second = intervals(model, "half", 1), intervals(model, "rare", 0)
    for known in ("yes", "no"):
        masses = [rectangle(first[known], second[level], rho) for level in ("yes", "no")]
        expected = masses[0] / sum(masses)
        rows = model.sample(20_000, given={"half": known}, random_state=0)
        share, error = float((rows["rare"] == "yes").mean()), np.sqrt(expected * (1 - expected) / 10_000)
        assert abs(share - expected) < 4.9 * error, f"given {known}: {share:.4f}, expected {expected:.4f}"
    middle = stats.norm.ppf(stats.norm.cdf(first["yes"]).mean())
    cell = (np.clip(second["yes"], -9, 9) - rho * middle) / np.sqrt(1 - rho**2)
    masses = [rectangle(first["yes"], second[level], rho) for level in ("yes", "no")]
    assert abs(float(np.diff(stats.norm.cdf(cell))[0]) - masses[0] / sum(masses)) > 0.02, "both would pass"


def test_known_cells_and_points_together():
    """Given a level and a smooth number, a second number follows the quadrature over the level's interval."""
    rng = generator_from(8)
    R = np.array([[1.0, 0.7, 0.5], [0.7, 1.0, 0.3], [0.5, 0.3, 1.0]])
    Z = rng.multivariate_normal(np.zeros(3), R, size=3_000)
    table = pd.DataFrame({"level": np.where(Z[:, 0] > 0.5, "b", "a"), "x": Z[:, 1].round(4), "y": Z[:, 2].round(4)})
    model = GaussianCopula(random_state=0).fit(table)
    C, sign = model.correlation_, np.sign(model.correlation_[0, 1])
    rows = model.sample(20_000, given={"level": "b", "x": table["x"][0]}, random_state=0)
    drawn = model.codec_.real.encode(model.codec_.encode_typed(rows), np.full(rows.shape, 0.5))[0]
    ends = [model.codec_.real.encode(model.codec_.encode_typed(rows[:1]), np.full((1, 3), u))[0][0, 0] for u in (0, 1)]
    known = drawn[0, 1]
    mean, sd = C[0, 1] * known, np.sqrt(1 - C[0, 1] ** 2)
    inside = stats.truncnorm.mean((ends[0] - mean) / sd, (ends[1] - mean) / sd, loc=mean, scale=sd)
    expected = np.array([inside, known]) @ np.linalg.solve(C[:2, :2], C[:2, 2])
    error = drawn[:, 2].std() / np.sqrt(min(len(rows), model.given_ess_))
    assert abs(drawn[:, 2].mean() - expected) < 4.9 * error
    at_the_edge = np.array([ends[0] if sign > 0 else ends[1], known]) @ np.linalg.solve(C[:2, :2], C[:2, 2])
    assert abs(at_the_edge - expected) > 4.9 * error


def test_listed_numbers_follow_their_densities():
    """Given a list of numbers, each comes as often as its density says, and the other column follows it."""
    X = correlated_rows(2_000, seed=15)
    model = GaussianCopula(random_state=0).fit(X)
    values = np.array([-1.5, 0.0, 0.75])
    rows = model.sample(10_000, given={0: list(values)}, random_state=0)
    own = model.score_samples(np.column_stack([values, np.zeros(3)]))
    own -= model.score_samples(np.column_stack([values, np.zeros(3)]), given=[0])
    share = np.exp(own) / np.exp(own).sum()
    counts = np.array([(rows[:, 0] == value).sum() for value in values])
    assert counts.sum() == len(rows)
    assert stats.chisquare(counts, share * len(rows)).pvalue > 1e-6
    means = [rows[rows[:, 0] == value, 1].mean() for value in values]
    assert means == pytest.approx(0.8 * values, abs=0.1)


def heavy_and_smooth_rows(n, seed):
    """A number that is 0 in three rows of ten and else lognormal, and a normal one; correlated normals behind both."""
    Z = correlated_rows(n, seed, rho=0.95)
    x = np.where(stats.norm.cdf(Z[:, 0]) < 0.3, 0.0, (100 * np.exp(Z[:, 0])).round(2))
    return pd.DataFrame({"x": x, "y": (50 * Z[:, 1]).round(2)})


@pytest.mark.parametrize("known", [0.0, 15.0])
def test_lists_of_a_heavy_value_and_smooth_ones_follow_the_conditional_law(known):
    """A heavy value has the mass of its interval in the conditional normal law, a smooth one its density there."""
    model = GaussianCopula(random_state=0).fit(heavy_and_smooth_rows(4_000, seed=16))
    values = np.append(0.0, np.arange(60.0, 400.0, 0.5))
    Z = model.codec_.encode_typed(pd.DataFrame({"x": values, "y": known}))
    low, middle, high = (model.codec_.real.encode(Z, np.full(Z.shape, u))[0][:, 0] for u in (0.0, 0.5, 1.0))
    assert low[0] < high[0] and (low[1:] == high[1:]).all()
    score = model.codec_.real.encode(Z[:1], np.full((1, 2), 0.5))[0][0, 1]
    rho = model.correlation_[0, 1]
    law = stats.norm(rho * score, np.sqrt(1 - rho**2))
    heavy = law.cdf(high[0]) - law.cdf(low[0])
    log_own = model.codec_.real.encode(Z, np.full(Z.shape, 0.5), np.array([True, False]))[1][1:]  # f / phi
    smooth = 0.01 * np.exp(log_own + law.logpdf(middle[1:])).sum()
    expected = heavy / (heavy + smooth)
    rows = model.sample(20_000, given={"x": values.tolist(), "y": known}, random_state=0)
    share = float((rows["x"] == 0).mean())
    error = np.sqrt(expected * (1 - expected) / min(len(rows), model.given_ess_))
    assert abs(share - expected) < 4.9 * error, f"{share:.3f}, expected {expected:.3f}"
    flat = heavy / (heavy + smooth * law.std())
    assert abs(flat - expected) > 9.8 * error, "densities without their scale would pass"


def test_dependence_helps_and_noise_does_not_hurt():
    """On dependent columns it beats them taken alone; on independent ones in a small table it loses next to nothing."""
    table, rows = mixed_table(600, seed=9), mixed_table(600, seed=10)
    gain = GaussianCopula(random_state=0).fit(table).score(rows) - GaussianCopula(shrinkage=1.0).fit(table).score(rows)
    assert gain > 0.02
    noise = generator_from(11).standard_normal((1_040, 10))
    auto, none, all_of_it = (
        GaussianCopula(shrinkage=s, random_state=0).fit(noise[:40]).score(noise[40:]) for s in ("auto", 1.0, 0.0)
    )
    assert none - auto < 0.1
    assert auto - all_of_it > 0.5


def test_copies_of_a_column_stay_positive_definite():
    x = generator_from(12).standard_normal(200)
    model = GaussianCopula(random_state=0).fit(np.column_stack([x, 2 * x + 1, -x]))
    assert np.linalg.eigvalsh(model.correlation_)[0] > 0
    rows = model.sample(500, random_state=0)
    assert np.abs(rows[:, 1] - 2 * rows[:, 0] - 1).max() < 0.05
    assert np.isfinite(model.score_samples(rows)).all()


def test_it_is_no_worse_than_the_columns_of_which_it_is_made():
    table = mixed_table(500, seed=13)
    held_out = mixed_table(500, seed=14)
    alone = IndependentColumns(family="spline", random_state=0).fit(table)
    same = GaussianCopula(shrinkage=1.0, random_state=0).fit(table)
    smooth = [c for c in ("income", "height") if alone.families_[c] == "spline"]
    assert smooth
    for name in smooth:
        one = IndependentColumns(family="spline").fit(table[[name]]).score_samples(held_out[[name]])
        np.testing.assert_allclose(GaussianCopula().fit(table[[name]]).score_samples(held_out[[name]]), one, rtol=1e-9)
    assert GaussianCopula(random_state=0).fit(table).score(held_out) > same.score(held_out)
