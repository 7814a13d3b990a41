"""The contract's own words: refusals, empty samples, streams, conditions of the wrong shape."""

import numpy as np
import pandas as pd
import pytest
from toy_models import IndependentColumns, TwoHalves
from toy_real import RealNormal

from skgen import BayesianNetwork, GaussianMixture, KernelDensity, Schema
from skgen.exceptions import GivenError, RejectionError, SchemaError, UnsupportedGivenError

RNG = np.random.default_rng(5)
DF = pd.DataFrame({"age": RNG.integers(18, 60, 200), "sex": RNG.choice(["F", "M"], 200)})


def test_empty_sample_has_the_schema():
    empty = TwoHalves(random_state=0).fit(DF).sample(0)
    assert empty.shape == (0, 2) and (empty.dtypes == DF.dtypes).all()


@pytest.mark.parametrize("n_samples", [-3, 1.5, "2", True, None])
def test_n_samples_is_checked(n_samples):
    with pytest.raises(ValueError, match="n_samples must be a non-negative integer, got"):
        TwoHalves().fit(DF).sample(n_samples)


@pytest.mark.parametrize("seed", [3, np.random.RandomState(3), np.random.default_rng(3)])
def test_every_kind_of_random_state(seed):
    model = TwoHalves(random_state=0).fit(DF)
    assert len(model.sample(5, random_state=seed)) == 5


def test_a_stated_seed_leaves_the_stream_alone():
    a, b = (TwoHalves(random_state=0).fit(DF) for _ in range(2))
    a.sample(3, random_state=7)
    pd.testing.assert_frame_equal(a.sample(5), b.sample(5))


def test_schema_and_categorical_features_are_one_too_many():
    with pytest.raises(ValueError, match="not both"):
        TwoHalves(schema=Schema.infer(DF), categorical_features=["sex"]).fit(DF)


def test_a_schema_of_another_table_is_refused():
    with pytest.raises(SchemaError, match="must be those of fit"):
        TwoHalves(schema=Schema.infer(DF)).fit(DF.rename(columns={"age": "years"}))


def test_scores_given_columns_need_marginals():
    class NoMarginals(TwoHalves):
        def _log_density(self, Z):
            return super()._log_density(Z)

    model = NoMarginals().fit(DF)
    assert np.isfinite(model.score(DF))
    with pytest.raises(UnsupportedGivenError, match="NoMarginals has no marginal densities"):
        model.score_samples(DF, given=["sex"])


def test_given_columns_must_exist():
    with pytest.raises(GivenError, match="names 'hight', which is no column"):
        TwoHalves().fit(DF).score_samples(DF, given=["hight"])


def test_a_given_table_fixes_the_number_of_rows():
    model = TwoHalves(random_state=0).fit(DF)
    rows = pd.DataFrame({"sex": ["F", "M", "F"]})
    assert model.sample(given=rows)["sex"].tolist() == ["F", "M", "F"]
    with pytest.raises(GivenError, match="n_samples must be 3 or left out, got 5"):
        model.sample(5, given=rows)


def test_impossible_sets_end_with_the_column_named():
    model = IndependentColumns(random_state=0).fit(DF)
    with pytest.raises(GivenError, match="column 'age', all of it beyond the range"):
        model.sample(3, given={"age": pd.Interval(900, 901)})


def test_a_model_off_its_support_says_so():
    class Lost(IndependentColumns):
        def _sample(self, n, rng):
            return np.full((n, 2), 1e6)

    with pytest.raises(RejectionError, match="column 'age' most often not"):
        Lost().fit(DF).sample(1)


def test_new_missing_cells_of_an_array_are_refused():
    X = RNG.normal(size=(50, 2))
    with pytest.raises(ValueError, match="contains NaN in columns \\[1\\]"):
        TwoHalves().fit(X).score_samples(np.array([[0.0, np.nan]]))


def test_frames_without_rows_or_columns_are_refused():
    for empty in (DF.iloc[:0], DF[[]]):
        with pytest.raises(ValueError, match="while a minimum of 1 is required"):
            TwoHalves().fit(empty)


def test_information_criteria_need_parameters_and_an_exact_score():
    assert not hasattr(TwoHalves().fit(DF), "bic")

    class Counted(RealNormal):
        def _n_parameters(self):
            return 5

    assert not hasattr(Counted(random_state=0).fit(DF), "bic")
    X = RNG.normal(size=(50, 2))
    model = Counted(marginals="standardize").fit(X)
    assert model.bic(X) == pytest.approx(5 * np.log(50) - 2 * model.score_samples(X).sum(), rel=1e-12)
    assert model.aic(X) == pytest.approx(10 - 2 * model.score_samples(X).sum(), rel=1e-12)


@pytest.mark.parametrize("model", [BayesianNetwork(), GaussianMixture(2), KernelDensity()], ids=str)
def test_weights_below_one_are_no_fewer_rows(model):
    """Weights of 1/n each are no weights; others are in proportion, with rows of weight 0 left out of their mean."""
    model.set_params(random_state=0)
    expected = model.fit(DF).score_samples(DF)
    for weight in (np.full(200, 1 / 200), np.full(200, 0.3)):
        np.testing.assert_allclose(model.fit(DF, sample_weight=weight).score_samples(DF), expected, rtol=0, atol=1e-10)
    weight = np.where(np.arange(200) < 100, 0.0, RNG.uniform(0.5, 1.5, 200))
    in_rows = weight / weight[weight > 0].mean()
    expected = model.fit(DF, sample_weight=in_rows).score_samples(DF)
    np.testing.assert_allclose(model.fit(DF, sample_weight=weight / 50).score_samples(DF), expected, rtol=0, atol=1e-8)


def test_weights_above_one_count_as_rows():
    """Weights of mean above 1 stay: twice the rows reserve half the mass."""
    model = BayesianNetwork(random_state=0)
    rho = [model.fit(DF, sample_weight=np.full(200, w)).codec_.columns[0].rho for w in (1.0, 2.0, 0.01)]
    np.testing.assert_allclose(rho, [1 / 202, 1 / 402, 1 / 202], rtol=1e-12)


def test_html_representation_links_to_the_documentation():
    assert "skgen.readthedocs.io/en/latest/generated" in KernelDensity()._repr_html_()
