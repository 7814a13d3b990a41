"""Conditioning by weighted resampling: the right weight gives the conditional law, the classic wrong one does not."""

import numpy as np
import pandas as pd
import pytest
from toy_real import RealNormal

import skgen._conditioning
import skgen._resampling
from skgen.exceptions import LowSupportError, LowSupportWarning

RHO = 0.8


class JointOnly(RealNormal):
    """A normal law that can only be drawn and scored."""

    _sample_given = property()  # hides the closed form: `hasattr` says no

    def _log_density(self, Z):
        return super()._log_density(Z)


def fitted():
    X = np.random.default_rng(0).multivariate_normal([0, 0], [[1, RHO], [RHO, 1]], 20_000)
    return JointOnly(marginals="standardize", random_state=0).fit(X), np.cov(X.T)[0, 1]


def z_of_conditional(model, n=4000):
    """How many standard errors the mean and the spread of x1 | x0 = 1 lie off the truth, with the effective size."""
    x = model.sample(n, given={0: 1.0}, random_state=1)
    assert (x[:, 0] == 1.0).all()
    mean, sd = RHO, np.sqrt(1 - RHO**2)
    size = min(model.given_ess_, n)
    return abs(x[:, 1].mean() - mean) * np.sqrt(size) / sd, abs(x[:, 1].std() / sd - 1) * np.sqrt(2 * size)


def test_weighted_rows_follow_the_conditional_law():
    model, _ = fitted()
    assert max(z_of_conditional(model)) < 4.9
    assert model.given_ess_ > 100


def test_the_classic_wrong_weight_is_found(monkeypatch):
    def joint_only(model, Z, log_ratio, point, known, allowed, pool):
        replaced = Z.copy()
        replaced[:, known] = point[known]
        return model._log_density(replaced)

    monkeypatch.setattr(skgen._resampling, "weigh_rows", joint_only)
    assert max(z_of_conditional(fitted()[0])) > 4.9


def test_little_support_warns_and_none_raises():
    rng = np.random.default_rng(2)
    df = pd.DataFrame({"c": np.where(rng.random(4000) < 0.001, "rare", "usual"), "x": rng.normal(size=4000)})
    df.loc[df.c == "rare", "x"] += 3
    model = JointOnly(random_state=0).fit(df)
    given = {"x": pd.Interval(1.0, 1.001), "c": "rare"}
    with pytest.warns(LowSupportWarning, match="independent draws"):
        model.sample(5, given=given, random_state=0)
    with pytest.raises(LowSupportError, match="column 'x'"):
        model.sample(5, given={"x": pd.Interval(df["x"].max() - 1e-3, df["x"].max(), "both")}, random_state=0)


@pytest.mark.parametrize("z", [np.linspace(-9, 9, 4001)])
def test_near_laws_are_normalised(z):
    model, _ = fitted()
    column = model.codec_.columns[0]
    density = np.exp(skgen._resampling.log_near(z, 0.3, column, 1.0, 1))
    assert np.trapezoid(density, z) == pytest.approx(1, abs=1e-9)
