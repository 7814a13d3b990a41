"""VAE: its bound against the integral over the latent law, its draws against that law, conditions, latent places."""

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.stats import chisquare, kstest

from skgen import VAE, IndependentColumns
from skgen.deep._splines import SplineBank
from skgen.deep._vae.noise import row_noise
from skgen.exceptions import UnsupportedGivenError
from skgen.table._draws import column_keys
from skgen.table.spline import MonotoneSpline

SMALL = {"latent_dim": 1, "hidden_layer_sizes": (32,), "n_prior_components": 3, "n_mixtures": 2, "random_state": 0}


def mixed_rows(n, seed=0):
    """A label, a flag that follows it, a number with a heavy value and missing cells, a coarse grid."""
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 3, n)
    x = np.round(rng.normal(5 * label, 1.0), 1)
    x[rng.random(n) < 0.2] = 0.0
    x[rng.random(n) < 0.1] = np.nan
    flag = np.where(rng.random(n) < 0.9, label == 1, label != 1)
    return pd.DataFrame({"label": np.array(list("abc"))[label], "flag": flag, "x": x, "k": rng.poisson(40, n)})


@pytest.fixture(scope="module")
def fitted():
    return VAE(**SMALL, max_epochs=30, n_importance_samples=512).fit(mixed_rows(2000))


def exact_log_density(model, X, known=None):
    """log p(x) by quadrature over the one latent coordinate."""
    Z = model._encode(X)
    x, extra = model._double_rows(Z)
    known = np.ones(Z.shape[1], bool) if known is None else known
    h = torch.linspace(-12, 12, 1601, dtype=torch.float64)[:, None]
    module = model.module_.in_double()
    with torch.inference_mode():
        log_prior = module.prior.log_prob(h)
        out = module.nets.decode(h)
        rows = [
            torch.logsumexp(module.nets.heads.log_prob(out, row[None], torch.as_tensor(known)) + log_prior, 0)
            for row in x
        ]
    return torch.stack(rows).numpy() + np.log(24 / 1600) + extra[:, known].sum(1)


def test_the_bound_is_below_the_integral_and_close_to_it(fitted):
    X = mixed_rows(200, seed=1)
    gap = exact_log_density(fitted, X) - fitted.score_samples(X)
    assert fitted.likelihood_ == "lower_bound"
    assert -0.01 < gap.mean() < 0.02  # of 512 draws per row
    few = VAE(**{**SMALL, "n_importance_samples": 1})
    few.__dict__.update({k: v for k, v in vars(fitted).items() if k.endswith("_") or k.startswith("_")})
    assert fitted.score(X) - 3 < few.score(X) < fitted.score(X) - 0.01


def test_a_number_and_its_cells_sum_to_one(fitted):
    column = fitted.codec_.columns[2]
    grid = np.append(np.round(np.arange(-20, 40, 0.1), 1), np.nan)
    X = pd.DataFrame({"label": "a", "flag": True, "x": grid, "k": 40})
    known = np.array([False, False, True, False])
    log_p = exact_log_density(fitted, X, known)
    mass = np.exp(log_p + np.log(column.resolution) * ~np.isnan(grid))
    assert mass.sum() == pytest.approx(1, abs=1e-6)
    assert mass[grid == 0].item() == pytest.approx((mixed_rows(2000)["x"] == 0).mean(), abs=0.03)


@pytest.mark.parametrize("decimals", [0, 4])
def test_reserved_events_have_their_mass(decimals):
    x = np.random.default_rng(0).normal(scale=30, size=400).round(decimals)
    model = VAE(**SMALL, max_epochs=0, n_importance_samples=4000).fit(pd.DataFrame({"x": x}))
    assert model.score_samples(pd.DataFrame({"x": [np.nan]}))[0] == pytest.approx(-np.log(402), abs=0.05)
    both = VAE(**SMALL, max_epochs=0, n_importance_samples=4000).fit(pd.DataFrame({"x": x, "c": ["a", "b"] * 200}))
    unseen = pd.DataFrame({"x": [np.nan], "c": ["z"]})
    assert both.score_samples(unseen)[0] == pytest.approx(-2 * np.log(402) - np.log(2), abs=0.05)


def test_samples_follow_the_law(fitted):
    S = fitted.sample(20_000, random_state=1)
    cells = pd.DataFrame([(label, flag) for label in "abc" for flag in (False, True)], columns=["label", "flag"])
    p = np.exp(exact_log_density(fitted, cells.assign(x=0.0, k=40), np.array([True, True, False, False])))
    counts = S.groupby(["label", "flag"]).size().reindex(pd.MultiIndex.from_frame(cells)).to_numpy()
    assert chisquare(counts, p / p.sum() * counts.sum()).pvalue > 1e-4
    columns = np.array([False, False, False, True])
    k = np.arange(S["k"].min(), S["k"].max() + 1)
    p = np.exp(exact_log_density(fitted, pd.DataFrame({"label": "a", "flag": True, "x": 0.0, "k": k}), columns))
    kept = p * len(S) > 20
    counts = np.bincount(S["k"] - k[0], minlength=len(k))[kept]
    assert chisquare(counts, p[kept] / p[kept].sum() * counts.sum()).pvalue > 1e-4


def test_given_follows_the_law(fitted):
    S = fitted.sample(4000, given={"x": 5.0}, random_state=0)
    cells = pd.DataFrame({"label": list("abc"), "flag": True, "x": 5.0, "k": 40})
    both = exact_log_density(fitted, cells, np.array([True, False, True, False]))
    p = np.exp(both - np.logaddexp.reduce(both))
    shares = S["label"].value_counts(normalize=True).reindex(list("abc")).fillna(0).to_numpy()
    assert (S["x"] == 5.0).all()
    assert np.abs(shares - p).max() < 0.05


def test_learns_what_independent_columns_miss(fitted):
    train, test = mixed_rows(2000), mixed_rows(2000, seed=2)
    assert fitted.score(test) > IndependentColumns().fit(train).score(test) + 0.5


def test_condition_on():
    train, test = mixed_rows(2000), mixed_rows(500, seed=3)
    model = VAE(**SMALL, max_epochs=20, condition_on=["label"]).fit(train)
    assert model.conditional_on_ == ["label"]
    with pytest.raises(UnsupportedGivenError, match="label"):
        model.sample(3)
    with pytest.raises(UnsupportedGivenError, match="label"):
        model.inverse_transform(np.zeros((1, 1)))
    S = model.sample(2000, given={"label": "c"}, random_state=0)
    assert (S["label"] == "c").all()
    assert S["x"][S["x"] != 0].mean() == pytest.approx(10, abs=0.5)
    swapped = test.assign(label=test["label"].map({"a": "b", "b": "c", "c": "a"}))
    assert model.score(test) > model.score(swapped) + 2


def test_float_arrays_have_the_density_of_their_units():
    rng = np.random.default_rng(0)
    X = np.exp(rng.normal(size=(1000, 2)))
    model = VAE(**SMALL, max_epochs=10).fit(X)
    grid = np.exp(np.linspace(-12, 12, 1201))
    rows = np.column_stack([grid, np.ones(1201)])
    density = np.exp(exact_log_density(model, rows, np.array([True, False])))
    assert (density * grid).sum() * 0.02 == pytest.approx(1, abs=5e-3)
    assert kstest(np.log(np.maximum(model.sample(5000, random_state=0)[:, 0], 1e-9)), "norm").statistic < 0.06


def test_latent_places():
    rng = np.random.default_rng(0)
    h = rng.normal(size=1000)
    X = np.column_stack([h, 2 * h, -h]) + 0.05 * rng.normal(size=(1000, 3))
    model = VAE(latent_dim=2, hidden_layer_sizes=(64,), n_prior_components=1, max_epochs=60, random_state=0).fit(X)
    H = model.transform(X)
    assert H.shape == (1000, 2)
    assert list(model.get_feature_names_out()) == ["vae0", "vae1"]
    assert np.abs(model.inverse_transform(H) - X).mean() < 0.15
    lines = model.interpolate(X[:2], X[2:4], 5)
    assert lines.shape == (10, 3)
    assert np.allclose(lines[[0, 4, 5, 9]], model.inverse_transform(H[[0, 2, 1, 3]]))
    with pytest.raises(ValueError, match="2 columns"):
        model.inverse_transform(np.zeros((1, 3)))


def test_free_bits_keep_the_latent_place_in_use():
    X = np.random.default_rng(0).normal(size=(1000, 2))
    settings = {**SMALL, "max_epochs": 20, "n_warmup_steps": 10}
    plain, free = VAE(**settings).fit(X), VAE(**settings, free_bits=1.0).fit(X)
    assert plain.history_[-1]["divergence"] < 0.3
    assert free.history_[-1]["divergence"] > 0.7


def test_noise_is_a_function_of_the_row():
    cells = np.random.default_rng(0).integers(0, 50, (4000, 3))
    keys = column_keys(["a", "b", "c"])
    noise = row_noise(cells, 7, 5, 8, keys)
    assert np.array_equal(row_noise(cells[:10], 7, 5, 8, keys), noise[:, :10])
    assert np.array_equal(noise[1], -noise[0])
    _, first = np.unique(cells, axis=0, return_index=True)
    draws = noise[[0, 2, 4]][:, first]
    assert kstest(draws.ravel(), "norm").pvalue > 1e-4
    correlation = np.corrcoef(draws.transpose(0, 2, 1).reshape(24, -1)) - np.eye(24)
    assert np.abs(correlation).max() < 5 / np.sqrt(len(first))


def test_splines_inverted_together():
    rng = np.random.default_rng(0)
    splines = [
        MonotoneSpline.fit(x) for x in (rng.normal(size=3000), rng.exponential(size=50), rng.integers(0, 9, 400))
    ]
    t = rng.normal(size=(2000, 3)) * 2.5
    expected = np.column_stack([spline.inverse(z) for spline, z in zip(splines, t.T)])
    assert np.allclose(SplineBank(splines).inverse(t), expected, rtol=1e-12, atol=1e-12)
