"""HiddenMarkovModel: known answers, hmmlearn's own numbers and the laws of sequences."""

import itertools
import logging
import warnings

import numpy as np
import pytest
from hmmlearn import hmm
from mutants_sequence import MUTANTS_SEQUENCE
from scipy import stats
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.utils.estimator_checks import parametrize_with_checks

from skgen import HiddenMarkovModel, _registry
from skgen.exceptions import DegenerateDataError
from skgen.testing import LawNotApplicable
from skgen.testing._sequence_laws import SEQUENCE_LAWS, same_sequences

COVARIANCES = ("diag", "full", "tied", "spherical")


def real_sequences(n=30, seed=0):
    rng = np.random.default_rng(seed)
    paths = [((np.arange(T) // 3 + rng.integers(2)) % 2)[:, None] for T in rng.integers(5, 15, size=n)]
    return [np.hstack([3 * z, -z]) + rng.normal(size=(len(z), 2)) for z in paths]


def count_sequences(n=30, seed=0):
    rng = np.random.default_rng(seed)
    return [
        rng.poisson(np.where((np.arange(T) // 3)[:, None] % 2, [2.0, 9.0], [7.0, 1.0]))
        for T in rng.integers(5, 15, size=n)
    ]


def symbol_sequences(n=30, seed=0):
    return [3 * (x[:, :1] % 4) for x in count_sequences(n, seed)]


CASES = {
    **{f"gaussian-{kind}": ({"covariance_type": kind}, real_sequences) for kind in COVARIANCES},
    **{
        f"mixture-{kind}": ({"emission": "mixture", "covariance_type": kind, "max_iter": 5}, real_sequences)
        for kind in COVARIANCES
    },
    "categorical": ({"emission": "categorical"}, symbol_sequences),
    "poisson": ({"emission": "poisson"}, count_sequences),
}


def fitted(name, **options):
    parameters, data = CASES[name]
    X = data()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return HiddenMarkovModel(2, random_state=0, **parameters, **options).fit(X), X


# ---- laws and checks ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("law", SEQUENCE_LAWS)
@pytest.mark.parametrize("case", CASES)
def test_laws(case, law):
    parameters, data = CASES[case]
    try:
        SEQUENCE_LAWS[law](HiddenMarkovModel(2, **parameters), data())
    except LawNotApplicable as reason:
        assert case in ("categorical", "poisson") and law in ("units", "dilation"), reason


@pytest.mark.parametrize(("law", "mutant"), [(law, m) for law, all_ in MUTANTS_SEQUENCE.items() for m in all_])
def test_laws_kill_their_mutants(law, mutant, monkeypatch):
    monkeypatch.setitem(_registry.MODELS, mutant.__name__, (mutant.__module__, "sequence"))
    with pytest.raises(AssertionError):
        SEQUENCE_LAWS[law](mutant(2), real_sequences())


def test_every_law_has_a_mutant():
    assert set(MUTANTS_SEQUENCE) == set(SEQUENCE_LAWS)


@parametrize_with_checks([HiddenMarkovModel(), HiddenMarkovModel(2, emission="mixture", max_iter=3)])
def test_scikit_learn(estimator, check):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        check(estimator)


# ---- hmmlearn ----------------------------------------------------------------------------------------------------


def as_hmmlearn(model):
    engine = hmm.GaussianHMM(model.n_components, model.covariance_type)
    engine.startprob_, engine.transmat_ = model.startprob_, model.transmat_
    engine.means_, engine.covars_ = model.means_, model.covariances_
    return engine


@pytest.mark.parametrize("kind", ["diag", "full", "tied"])
def test_paths_and_posteriors_equal_hmmlearns(kind):
    model, X = fitted(f"gaussian-{kind}")
    engine = as_hmmlearn(model)
    for x, path, probability in zip(X, model.predict(X), model.predict_proba(X)):
        np.testing.assert_array_equal(path, engine.predict(x))
        np.testing.assert_allclose(probability, engine.predict_proba(x), atol=1e-10)


def test_em_reaches_the_likelihood_of_hmmlearn():
    """From hmmlearn's own start, its likelihood in the units of the data is not above ours by more than its prior."""
    X = real_sequences(60)
    ours = HiddenMarkovModel(2, random_state=0).fit(X)
    engine = hmm.GaussianHMM(2, "diag", random_state=0, n_iter=200, tol=1e-6)
    engine.fit(np.vstack(X), [len(x) for x in X])
    assert ours.score_samples(X).sum() > engine.score(np.vstack(X), [len(x) for x in X]) - 0.1


def test_history_climbs_to_the_score():
    for case in ("gaussian-diag", "gaussian-full", "gaussian-spherical", "mixture-diag", "categorical", "poisson"):
        model, X = fitted(case)
        frames = sum(len(x) for x in X)
        assert np.diff(model.history_).min() > -1e-6, f"{case}: EM lowered the likelihood"
        assert model.score_samples(X).sum() / frames > model.history_[-1] - 1e-3, case


def test_fit_leaves_loggers_and_warnings_alone(caplog):
    with caplog.at_level(logging.DEBUG):
        HiddenMarkovModel(3, random_state=0).fit([np.arange(4.0)[:, None], np.zeros((3, 1))])
        assert not caplog.records
        hmm.GaussianHMM(3).fit(np.arange(4.0)[:, None])
    assert caplog.records, "hmmlearn's own records are silenced for good"


# ---- laws of known chains ----------------------------------------------------------------------------------------


def known_model(emission="gaussian"):
    """A sticky chain of two states far apart, parameters by hand."""
    X = [np.array([[0.0], [1.0], [2.0]])]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = HiddenMarkovModel(2, emission=emission, random_state=0, max_iter=1).fit(X)
    model.startprob_ = np.array([0.3, 0.7])
    model.transmat_ = np.array([[0.9, 0.1], [0.4, 0.6]])
    if emission == "gaussian":
        model.means_, model.covariances_ = np.array([[-50.0], [50.0]]), np.array([[1.0], [4.0]])
    elif emission == "poisson":
        model.rates_ = np.array([[1.0], [6.0]])
    else:
        model.emissionprob_ = np.array([[0.7, 0.2, 0.0, 0.1], [0.1, 0.1, 0.7, 0.1]])
    return model


def test_samples_of_states_follow_the_chain():
    model = known_model()
    z = (np.array(model.sample(20_000, length=3))[:, :, 0] > 0).astype(int)
    counts = np.bincount(z @ [4, 2, 1], minlength=8)
    A, s = model.transmat_, model.startprob_
    expected = [s[a] * A[a, b] * A[b, c] for a, b, c in itertools.product((0, 1), repeat=3)]
    assert stats.chisquare(counts, np.array(expected) * 20_000).pvalue > 1e-6


def test_samples_of_frames_follow_the_emissions():
    model = known_model()
    x = np.concatenate(model.sample(5_000, length=2))[:, 0]
    assert stats.kstest(x[x < 0] + 50, "norm").pvalue > 1e-6
    assert stats.kstest((x[x > 0] - 50) / 2, "norm").pvalue > 1e-6


@pytest.mark.parametrize("emission", ["categorical", "poisson"])
def test_discrete_samples_follow_the_scores(emission):
    """All pairs of frames: chi-square against exp(score), given the seen symbols."""
    model = known_model(emission)
    drawn = np.array(model.sample(40_000, length=2))[:, :, 0].astype(int)
    size = 3 if emission == "categorical" else 25
    pairs = np.array(list(itertools.product(range(size), repeat=2)))
    p = np.exp(model.score_samples([pair[:, None] for pair in pairs]))
    if emission == "poisson":
        np.testing.assert_allclose(p.sum(), 1.0, atol=1e-8)
    counts = np.bincount(drawn @ [size, 1], minlength=size**2)
    thin = p * 40_000 < 5
    counts, p = np.append(counts[~thin], counts[thin].sum()), np.append(p[~thin], p[thin].sum())
    keep = p > 0
    assert stats.chisquare(counts[keep], (p / p.sum())[keep] * counts.sum()).pvalue > 1e-6


def test_categorical_cells_sum_to_one_with_the_unseen_symbol():
    model, X = fitted("categorical")
    symbols = [*model.categories_, 99.0]
    pairs = [np.array(pair)[:, None] for pair in itertools.product(symbols, repeat=2)]
    scores = model.score_samples(pairs)
    np.testing.assert_allclose(np.exp(scores).sum(), 1.0, rtol=1e-12)
    assert np.isfinite(scores).all()
    assert {x.item() for sequence in model.sample(200) for x in sequence} <= set(model.categories_)


def test_symbols_and_counts_come_back_as_whole_numbers():
    for case in ("categorical", "poisson"):
        model, X = fitted(case)
        assert model.sample(2)[0].dtype == X[0].dtype
    small = HiddenMarkovModel(1, emission="categorical", random_state=0).fit(np.array([[0, 1, 1]], dtype=np.uint8))
    assert small.sample(3).dtype == np.uint8
    assert fitted("gaussian-diag")[0].sample(1)[0].dtype == np.float64
    floats = HiddenMarkovModel(1, emission="categorical", random_state=0).fit([np.array([[0.0], [1.0], [1.0]])])
    assert floats.sample(1)[0].dtype == np.float64


def test_forecasts_follow_the_chain_after_the_prefix():
    """Two states that show: the h-th state after a prefix has the law A^h of the last one."""
    model = known_model()
    for last in (0, 1):
        prefix = np.array([[50.0], [-50.0], [[-50.0], [50.0]][last]], dtype=float)
        drawn = np.array(model.sample(given=[prefix] * 20_000, length=3, random_state=1))[:, :, 0] > 0
        for h in range(3):
            p = np.linalg.matrix_power(model.transmat_, h + 1)[last, 1]
            assert abs(drawn[:, h].mean() - p) < 4.9 * np.sqrt(p * (1 - p) / 20_000)


def test_forecasts_weigh_doubtful_states():
    """Overlapping states: the mean forecast is the mixture of the states that the prefix leaves likely."""
    model = known_model()
    model.means_ = np.array([[0.0], [2.0]])
    prefix = np.array([[1.5], [0.7], [0.9]])
    p = stats.norm(model.means_[:, 0], np.sqrt(model.covariances_[:, 0])).pdf(prefix)
    last = model.startprob_ * p[0] @ model.transmat_ * p[1] @ model.transmat_ * p[2]
    last /= last.sum()
    drawn = np.array(model.sample(given=[prefix] * 40_000, length=1, random_state=2)).ravel()
    expected = last @ model.transmat_ @ model.means_[:, 0]
    assert abs(drawn.mean() - expected) < 4.9 * drawn.std() / 200


def test_an_empty_prefix_is_a_start_and_prefixes_keep_their_order():
    model = known_model()
    prefixes = [np.empty((0, 1)), np.array([[50.0]]), np.array([[-50.0], [-50.0]])] * 3_000
    drawn = np.array(model.sample(given=prefixes, length=1, random_state=3))[:, 0, 0] > 0
    for i, p in enumerate((0.7, 0.6, 0.1)):
        assert abs(drawn[i::3].mean() - p) < 4.9 * np.sqrt(p * (1 - p) / 3_000)


def test_recovers_a_chain():
    """Fitted to its own samples, the model comes back to within the error of estimation."""
    truth = known_model()
    truth.means_ = np.array([[-2.0], [2.0]])
    X = truth.sample(300, length=60, random_state=4)
    model = HiddenMarkovModel(2, random_state=0).fit(X)
    order = np.argsort(model.means_[:, 0])
    np.testing.assert_allclose(model.transmat_[order][:, order], truth.transmat_, atol=0.02)
    np.testing.assert_allclose(model.means_[order], truth.means_, atol=0.15)
    gap = (model.score_samples(X) - truth.score_samples(X)).sum()
    assert 0 < gap < 20, gap  # half a chi-square of 7 degrees of freedom


# ---- containers, criteria, selection -----------------------------------------------------------------------------


def test_paths_come_in_the_container_of_the_sequences():
    model, X = fitted("gaussian-diag")
    paths = model.predict(X)
    assert isinstance(paths, list) and [len(p) for p in paths] == [len(x) for x in X]
    cube = np.stack([x[:5] for x in X])
    assert model.predict(cube).shape == (30, 5)
    assert model.predict_proba(cube).shape == (30, 5, 2)
    padded = cube.copy()
    padded[3, 4] = np.nan
    assert len(model.predict(padded)[3]) == 4
    np.testing.assert_array_equal(model.predict(padded)[3], model.predict([X[3][:4]])[0])


def test_large_requests_are_cut_into_parts(monkeypatch):
    model, X = fitted("gaussian-full")
    scores, paths = model.score_samples(X), model.predict(X)
    monkeypatch.setattr("skgen.classic.hmm._CHUNK_NUMBERS", 60)
    assert len(model._parts(model._read(X)[0])) > 5
    np.testing.assert_allclose(model.score_samples(X), scores, rtol=1e-12)
    assert same_sequences(model.predict(X), paths)


@pytest.mark.parametrize(
    ("case", "count"),
    [
        ("gaussian-diag", 3 + 4 + 4),
        ("gaussian-full", 3 + 4 + 6),
        ("gaussian-tied", 3 + 4 + 3),
        ("gaussian-spherical", 3 + 4 + 2),
        ("mixture-full", 3 + 2 + 8 + 12),
        ("mixture-tied", 3 + 2 + 8 + 6),
        ("categorical", 3 + 2 * 3),
        ("poisson", 3 + 4),
    ],
)
def test_information_criteria_count_free_parameters(case, count):
    model, X = fitted(case)
    total, frames = model.score_samples(X).sum(), sum(len(x) for x in X)
    np.testing.assert_allclose(model.aic(X), 2 * count - 2 * total)
    np.testing.assert_allclose(model.bic(X), count * np.log(frames) - 2 * total)


def test_selection_splits_whole_sequences():
    X = real_sequences(40)
    assert cross_val_score(HiddenMarkovModel(2, random_state=0), X, cv=KFold(4)).shape == (4,)
    search = GridSearchCV(HiddenMarkovModel(random_state=0), {"n_components": [1, 2]}, cv=KFold(4)).fit(X)
    assert search.best_params_ == {"n_components": 2}


def test_more_starts_are_never_worse():
    X = real_sequences(20)
    one = HiddenMarkovModel(4, random_state=0).fit(X)
    many = HiddenMarkovModel(4, random_state=0, n_init=5).fit(X)
    assert many.score(X) >= one.score(X) - 1e-3


# ---- edges -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("emission", ["gaussian", "mixture"])
@pytest.mark.parametrize("kind", COVARIANCES)
def test_poor_data_fit_with_finite_scores(emission, kind):
    model = HiddenMarkovModel(3, emission=emission, covariance_type=kind, random_state=0)
    constant_column = [np.hstack([x, np.full((len(x), 1), 7.0)]) for x in real_sequences(5)]
    for X in ([np.ones((4, 2))], [np.array([[1.0, 2.0]])], constant_column, np.ones((3, 1)), np.array([[0.0, 5.0]])):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(X)
        assert np.isfinite(model.score_samples(X)).all()
        assert np.isfinite(np.concatenate(list(model.sample(20)))).all()


def test_early_end_warns_and_says_so():
    with pytest.warns(ConvergenceWarning, match="max_iter=2"):
        model = HiddenMarkovModel(3, max_iter=2, random_state=0).fit(real_sequences())
    assert not model.converged_ and model.n_iter_ == 2
    assert fitted("gaussian-diag")[0].converged_


def test_emissions_refuse_what_they_cannot_emit():
    with pytest.raises(ValueError, match="one symbol a frame, got 2"):
        HiddenMarkovModel(emission="categorical").fit(real_sequences())
    with pytest.raises(ValueError, match="counts 0, 1, 2"):
        HiddenMarkovModel(emission="poisson").fit(real_sequences())
    model, X = fitted("poisson")
    with pytest.raises(ValueError, match="got 0.5"):
        model.score_samples([*X, np.full((1, 2), 0.5)])


def test_a_fit_without_finite_parameters_raises(monkeypatch):
    def broken(frames, lengths, model, rng):
        return hmm_training.Fit({"means_": np.array([np.nan])}, [0.0])

    from skgen.classic._hmm import training as hmm_training

    monkeypatch.setitem(hmm_training.TRAINERS, "gaussian", broken)
    with pytest.raises(DegenerateDataError, match="Use fewer states"):
        HiddenMarkovModel().fit(real_sequences())


def test_far_frames_score_without_nan():
    for case in ("gaussian-diag", "gaussian-full"):
        model, _ = fitted(case)
        scores = model.score_samples([np.array([[1e300, -1e300]]), np.array([[1e6, 0.0]])])
        assert not np.isnan(scores).any() and np.isfinite(scores[1])
