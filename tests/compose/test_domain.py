"""Rows that a transformer or a schema gives no place: refused in fit, density 0 in scores, never drawn."""

import numpy as np
import pandas as pd
import pytest
import sklearn.mixture
from scipy import stats
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, QuantileTransformer, StandardScaler

from skgen import GaussianMixture, Schema, TransformedDensity
from skgen.compose import NotInvertibleError
from skgen.exceptions import LostMassWarning

ONE = GaussianMixture(random_state=0)
LOG = FunctionTransformer(np.log)


def lognormal(n=500, d=2):
    return 20 * np.exp(0.6 * np.random.default_rng(0).normal(size=(n, d)))


def ellipse(n=3_000):
    """Two dependent normals, as a frame: a in centimetres, b in hundredths."""
    Z = np.random.default_rng(0).normal(size=(n, 2))
    return pd.DataFrame({"a": (10 + 3 * Z[:, 0]).round(3), "b": (Z[:, 0] + 0.5 * Z[:, 1]).round(4)})


# ---- outside the domain ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("container", [np.asarray, pd.DataFrame])
@pytest.mark.parametrize("share", [0.2, 0.004])
def test_zeros_under_a_logarithm_are_refused(container, share):
    X = lognormal()
    X[: int(share * len(X)), 1] = 0.0
    with pytest.raises(NotInvertibleError, match=rf"{int(share * 500)} of 500 rows of fit lie outside .* \[1\]"):
        TransformedDensity(LOG, ONE).fit(container(X))
    weight = (X[:, 1] > 0).astype(float)
    assert np.isfinite(TransformedDensity(LOG, ONE).fit(container(X), sample_weight=weight).sample(100)).all(axis=None)


def test_rows_outside_before_a_mixture_are_refused():
    X = lognormal()
    X[0, 1] = 0.0
    logs = FrozenEstimator(make_pipeline(LOG, PCA()).fit(X[1:]))
    with pytest.raises(NotInvertibleError, match=r"1 of 500 rows .* \[0, 1\]"):
        TransformedDensity(logs, ONE).fit(X)


def test_quantiles_of_a_part_of_the_rows_are_refused():
    X = lognormal(2_000, 1)
    some = QuantileTransformer(n_quantiles=50, subsample=500, random_state=4)
    with pytest.raises(NotInvertibleError, match="subsample=None"):
        TransformedDensity(some, ONE).fit(X)
    with pytest.warns(LostMassWarning):
        model = TransformedDensity(some.set_params(subsample=None), ONE).fit(X)
    assert np.isfinite(model.score_samples(X)).all() and np.isfinite(model.sample(500)).all()


def test_the_ends_of_a_range_have_a_place_when_their_cells_stick_out():
    """Digits beyond the grid: the centre of the last cell lies beyond the last number."""
    frame = pd.DataFrame({"a": lognormal(2_000, 1)[:, 0]})
    transformer = QuantileTransformer(n_quantiles=100, output_distribution="normal")
    model = TransformedDensity(transformer, ONE).fit(frame)
    centres = model.rows_.codec.encode_typed(frame)
    assert centres.min() < frame["a"].min() or centres.max() > frame["a"].max()
    assert np.isfinite(model.score_samples(frame)).all()
    assert not model.density_.sample(2_000).isna().any(axis=None)
    assert np.isfinite(model.score_samples(model.sample(2_000))).all()


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("first", [StandardScaler(), PCA()], ids=repr)
def test_roundings_in_earlier_steps_send_no_row_outside(first, dtype):
    X = lognormal(300, 3).astype(dtype)
    steps = make_pipeline(first, QuantileTransformer(n_quantiles=50, output_distribution="normal"))
    model = TransformedDensity(steps, ONE).fit(X)
    assert np.isfinite(model.score_samples(X)).all() and not np.isnan(model.density_.sample(1_000)).any()


# ---- missing cells under a mixture -----------------------------------------------------------------------------------


def test_missing_cells_that_are_mixed_are_refused_and_have_no_density():
    frame = ellipse(500).assign(c=np.where(np.arange(500) % 5, 1.5, np.nan))
    pca = ColumnTransformer([("p", PCA(), ["a", "b"])], remainder="passthrough").fit(frame)
    model = TransformedDensity(FrozenEstimator(pca), ONE).fit(frame)
    assert np.isfinite(model.score_samples(frame)).all()
    holes = frame.copy()
    holes.loc[[3, 7], "b"] = np.nan
    assert np.flatnonzero(np.isneginf(model.score_samples(holes))).tolist() == [3, 7]
    with pytest.raises(NotInvertibleError, match=r"Columns \['b'\] have missing cells"):
        TransformedDensity(FrozenEstimator(pca), ONE).fit(holes)


# ---- bounds under a mixture ------------------------------------------------------------------------------------------


def test_stated_bounds_hold_under_a_mixture():
    """The law is the normal one cut at the bound: its mass beyond is known."""
    frame = ellipse()
    frame = frame[frame["a"] >= 8].reset_index(drop=True)
    schema = Schema.infer(frame).with_bounds("a", low=8)
    with pytest.warns(LostMassWarning, match="beyond stated bounds"):
        model = TransformedDensity(PCA(), ONE, schema=schema).fit(frame)
    mean, sd = frame["a"].mean(), frame["a"].std()
    assert model.mass_ == pytest.approx(stats.norm(mean, sd).sf(8), abs=0.01)
    rows = model.sample(5_000, random_state=0)
    cut = stats.truncnorm((8 - mean) / sd, np.inf, mean, sd)
    assert rows["a"].min() >= 8 and stats.kstest(rows["a"], cut.cdf).pvalue > 1e-4
    at = pd.DataFrame({"a": [7.5, 9.0], "b": [0.0, 0.0]})
    free = TransformedDensity(PCA(), ONE).fit(frame)
    expected = free.score_samples(at) - np.log(model.mass_)
    assert model.score_samples(at).tolist() == [-np.inf, pytest.approx(expected[1], abs=1e-9)]


def test_stated_bounds_hold_for_densities_of_points():
    frame = ellipse()
    frame = frame[frame["a"] >= 8].reset_index(drop=True)
    theirs = sklearn.mixture.GaussianMixture(random_state=0)
    with pytest.warns(LostMassWarning):
        model = TransformedDensity(StandardScaler(), theirs, schema=Schema.infer(frame).with_bounds("a", low=8))
        model.fit(frame)
    assert model.sample(2_000, random_state=0)["a"].min() >= 8


def test_samples_of_a_table_keep_its_range_under_a_mixture():
    frame = ellipse(60)
    model = TransformedDensity(PCA(), ONE).fit(frame)
    rows = model.sample(3_000, random_state=0)
    assert (rows.min() >= frame.min()).all() and (rows.max() <= frame.max()).all()
    assert model.mass_ == 1 and np.isfinite(model.score_samples(frame + 5)).all()
