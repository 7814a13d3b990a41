"""Scorers: minus the error of a model's own samples, in searches, pickled and repeated."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import GridSearchCV, cross_val_score

from skgen import GaussianMixture
from skgen.datasets import EightGaussians
from skgen.metrics import (
    SampleScorer,
    shape_error,
    shape_scorer,
    trend_error,
    trend_scorer,
    tstr_score,
    two_sample_scorer,
)

X = EightGaussians().sample(900, random_state=0)


@pytest.mark.parametrize("scorer", [trend_scorer, two_sample_scorer], ids=["trend", "two_sample"])
def test_a_search_finds_the_number_of_modes(scorer):
    search = GridSearchCV(GaussianMixture(random_state=0), {"n_components": [1, 8]}, scoring=scorer, cv=2)
    assert search.fit(X).best_params_ == {"n_components": 8}


def test_the_score_is_minus_the_metric_of_a_fixed_sample():
    model = GaussianMixture(8, random_state=0).fit(X)
    expected = -shape_error(X, model.sample(len(X), random_state=0), schema=model.schema_)
    model.sample(5)  # the model's own stream moves on, the scorer's sample does not
    assert shape_scorer(model, X) == shape_scorer(model, X) == expected < 0


def test_a_copying_model_is_not_rewarded():
    """Twins across the tables push the AUC under one half, which is as far from it as above."""

    class Copies:
        def sample(self, n_samples, random_state=None):
            return X[:n_samples].copy()

    assert two_sample_scorer(Copies(), X) < -0.1


def test_scorers_are_pickled_with_their_settings():
    scorer = pickle.loads(pickle.dumps(SampleScorer(trend_error, n_bins=5, random_state=3)))
    assert repr(scorer) == "SampleScorer(trend_error, best=0, random_state=3, n_bins=5)"
    assert pickle.loads(pickle.dumps(shape_scorer)).metric is shape_error
    assert (cross_val_score(GaussianMixture(random_state=0), X, scoring=scorer, cv=2) < 0).all()


def test_frames_and_targets():
    df = pd.DataFrame({"x": X[:, 0].round(2), "side": np.where(X[:, 0] > 0, "right", "left")})
    model = GaussianMixture(8, random_state=0).fit(df)
    assert SampleScorer(tstr_score, best=1.0, target="side")(model, df) > -0.05
