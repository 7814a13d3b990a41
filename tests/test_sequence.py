"""The contract of sequence models, on the smallest one: independent normal frames."""

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score

from skgen import HiddenMarkovModel
from skgen.exceptions import GivenError, UnsupportedGivenError
from skgen.sequence import SequenceModel


class WhiteNoise(SequenceModel):
    """Independent normal frames; the mean of `shift` is added to all of them."""

    _parameter_constraints = {**SequenceModel._parameter_constraints, "shift": [float]}

    def __init__(self, shift=0.0, random_state=None):
        self.shift = shift
        self.random_state = random_state

    def _fit(self, sequences, rng):
        self.mean_ = sequences.frames.mean(axis=0) + self.shift
        if self.shift < 0:
            raise RuntimeError("negative shift")

    def _sample(self, lengths, rng):
        return rng.normal(size=(lengths.sum(), self.n_dims_)) + self.mean_

    def _log_density(self, sequences):
        per_frame = -0.5 * ((sequences.frames - self.mean_) ** 2 + np.log(2 * np.pi)).sum(axis=1)
        return np.array([part.sum() for part in sequences.split(per_frame)])


class Echo(WhiteNoise):
    """Goes on with the last number of the prefix, plus one a step."""

    def _sample_given(self, prefixes, length, rng):
        last = np.array([part[-1] if len(part) else [np.nan] for part in prefixes.split()])
        return (last[:, None] + np.arange(1, length + 1)[:, None]).reshape(-1, self.n_dims_)


RNG = np.random.default_rng(0)
RAGGED = [RNG.normal(size=(T, 2)) for T in (3, 5, 4, 7, 5, 6)]
EQUAL = RNG.normal(size=(6, 4, 2))
ROWS = RNG.normal(size=(6, 4))


def padded(sequences):
    out = np.full((len(sequences), max(map(len, sequences)), sequences[0].shape[1]), np.nan)
    for i, x in enumerate(sequences):
        out[i, : len(x)] = x
    return out


def objects(sequences):
    out = np.empty(len(sequences), dtype=object)
    out[:] = sequences
    return out


def test_containers_of_the_same_sequences_score_the_same():
    expected = WhiteNoise().fit(RAGGED).score_samples(RAGGED)
    assert expected.shape == (6,)
    for X in (padded(RAGGED), objects(RAGGED), tuple(RAGGED), [x.tolist() for x in RAGGED]):
        np.testing.assert_array_equal(WhiteNoise().fit(X).score_samples(X), expected)
    by_hand = [-0.5 * ((x - np.vstack(RAGGED).mean(axis=0)) ** 2 + np.log(2 * np.pi)).sum() for x in RAGGED]
    np.testing.assert_allclose(expected, by_hand, rtol=1e-12)


def test_univariate_containers_score_the_same():
    expected = WhiteNoise().fit(ROWS).score_samples(ROWS)
    for X in (ROWS[:, :, None], list(ROWS), ROWS.tolist(), [row[:, None] for row in ROWS]):
        np.testing.assert_array_equal(WhiteNoise().fit(X).score_samples(X), expected)
    np.testing.assert_array_equal(WhiteNoise().fit(ROWS).score_samples(ROWS[:, :, None]), expected)


def test_samples_come_in_the_container_of_fit():
    draw = {name: WhiteNoise(random_state=0).fit(X).sample(5) for name, X in _CONTAINERS.items()}
    assert isinstance(draw["list"], list) and {x.ndim for x in draw["list"]} == {2}
    assert isinstance(draw["flat list"], list) and {x.ndim for x in draw["flat list"]} == {1}
    assert draw["objects"].dtype == object and draw["objects"].shape == (5,)
    assert draw["3d"].shape == (5, 4, 2) and np.isfinite(draw["3d"]).all()
    assert draw["rows"].shape == (5, 4)
    assert draw["padded"].shape == (5, 7, 2) and np.isnan(draw["padded"]).any()


_CONTAINERS = {
    "list": RAGGED,
    "flat list": [x[:, 0] for x in RAGGED],
    "objects": objects(RAGGED),
    "3d": EQUAL,
    "rows": ROWS,
    "padded": padded(RAGGED),
}


@pytest.mark.parametrize("name", _CONTAINERS)
def test_samples_can_be_fitted_again(name):
    model = WhiteNoise(random_state=0).fit(_CONTAINERS[name])
    for n, length in ((0, None), (1, None), (3, 1), (3, 9)):
        drawn = model.sample(n, length=length)
        assert len(drawn) == n
        if n and not (name == "rows" and length):  # rows of another length are another table to scikit-learn
            assert model.score_samples(drawn).shape == (n,)


def test_lengths_follow_those_of_fit():
    drawn = WhiteNoise(random_state=0).fit(RAGGED).sample(6_000)
    seen, counts = np.unique([len(x) for x in drawn], return_counts=True)
    np.testing.assert_array_equal(seen, [3, 4, 5, 6, 7])
    np.testing.assert_allclose(counts, np.array([1, 1, 2, 1, 1]) * 1_000, atol=4.9 * np.sqrt(6_000 * 2 / 9))


def test_whole_sequences_are_split():
    scores = cross_val_score(WhiteNoise(), RAGGED, cv=KFold(3))
    folds = [
        np.mean(WhiteNoise().fit([RAGGED[i] for i in train]).score_samples([RAGGED[i] for i in test]))
        for train, test in KFold(3).split(RAGGED)
    ]
    np.testing.assert_allclose(scores, folds, rtol=1e-12)
    for X in (RAGGED, padded(RAGGED), objects(RAGGED), EQUAL):
        search = GridSearchCV(WhiteNoise(), {"shift": [0.0, 3.0]}, cv=3).fit(X)
        assert search.best_params_ == {"shift": 0.0}


def test_given_goes_on_with_each_prefix():
    model = Echo(random_state=0).fit(ROWS)
    np.testing.assert_array_equal(model.sample(given=[[1.0, 5.0], [2.0, 9.0]], length=3), [[6, 7, 8], [10, 11, 12]])
    ragged = Echo(random_state=0).fit([x[:, :1] for x in RAGGED])
    drawn = ragged.sample(2, given=[np.array([[1.0]]), np.array([[1.0], [4.0]])], length=2)
    np.testing.assert_array_equal(drawn, [[[2.0], [3.0]], [[5.0], [6.0]]])
    many = np.arange(3_000.0)[:, None]
    np.testing.assert_array_equal(model.sample(given=many, length=1), many + 1)


def test_given_errors_say_what_to_do():
    model = Echo().fit(ROWS)
    with pytest.raises(GivenError, match="length must say"):
        model.sample(given=ROWS)
    with pytest.raises(GivenError, match="n_samples must be 6"):
        model.sample(4, given=ROWS, length=1)
    with pytest.raises(UnsupportedGivenError, match="cannot go on"):
        WhiteNoise().fit(ROWS).sample(given=ROWS, length=1)
    with pytest.raises(ValueError, match="2 number"):
        model.sample(given=RAGGED, length=1)


@pytest.mark.parametrize(
    ("X", "match"),
    [
        ([np.zeros((3, 2)), np.zeros((3, 1))], "equally many"),
        ([np.zeros((3, 2)), np.zeros((0, 2))], "Sequence 1 of X is empty"),
        ([np.zeros((3, 2)), np.zeros(3)], "one kind"),
        ([np.array([[0.0], [np.nan]])], "NaN inside sequence 0"),
        ([np.zeros((2, 1)), np.array([[0.0], [np.inf]])], "infinity inside sequence 1"),
        (np.array([[[0.0], [np.nan], [1.0]]]), "NaN inside sequence 0"),
        (np.full((2, 3, 1), np.nan), "empty"),
        (np.array([[0.0, np.nan]]), "NaN"),
        (np.zeros((0, 3, 2)), "0 sample"),
        ([], "0 sample|Expected 2D"),
        ([np.array([["a"], ["b"]])], "could not convert|numeric"),
        (np.zeros((2, 3, 1), dtype=complex), "Complex"),
    ],
)
def test_refused_input(X, match):
    with pytest.raises(ValueError, match=match):
        WhiteNoise().fit(X)


def test_another_width_is_refused():
    with pytest.raises(ValueError, match="1 number"):
        WhiteNoise().fit(RAGGED).score_samples(ROWS)
    with pytest.raises(ValueError, match="features"):
        WhiteNoise().fit(ROWS).score_samples(ROWS[:, :2])


@pytest.mark.parametrize(
    "options", [{"n_samples": -1}, {"n_samples": 1.5}, {"length": 0}, {"length": True}, {"length": 2.0}]
)
def test_refused_counts(options):
    with pytest.raises(ValueError, match="integer, got|integer or None, got"):
        WhiteNoise().fit(ROWS).sample(**options)


def test_unfitted_models_say_so():
    for verb in ("sample", "score_samples", "score"):
        with pytest.raises(NotFittedError):
            getattr(WhiteNoise(), verb)(*([] if verb == "sample" else [ROWS]))


def test_a_failing_hook_leaves_the_old_fit():
    model = WhiteNoise(random_state=0).fit(RAGGED)
    before = dict(vars(model))
    with pytest.raises(RuntimeError, match="negative"):
        model.set_params(shift=-1.0).fit(ROWS)
    assert vars(model) == before | {"shift": -1.0}


def test_information_criteria_exist_with_the_count_of_parameters_only():
    assert not hasattr(WhiteNoise().fit(ROWS), "bic")


def test_lengths_in_the_place_of_labels_are_refused():
    X = np.random.default_rng(0).normal(size=(60, 2))
    with pytest.raises(ValueError, match="Lengths are not passed"):
        HiddenMarkovModel(2).fit(X, [20, 20, 20])
