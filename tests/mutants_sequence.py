"""Deliberately wrong models of sequences: one wrong thing each, under the name of the law that must see it."""

import numpy as np

from skgen import HiddenMarkovModel
from skgen.classic._hmm.emissions import LAWS
from skgen.classic._hmm.forward_backward import TimeOrder, draw_states


class IgnoredSeed(HiddenMarkovModel):
    """Draws from fresh entropy."""

    def _sample(self, lengths, rng):
        return super()._sample(lengths, np.random.default_rng())


class StuckStream(HiddenMarkovModel):
    """Every call draws the same sequences."""

    def _sample(self, lengths, rng):
        return super()._sample(lengths, np.random.default_rng(0))


class TimeMajorDraws(HiddenMarkovModel):
    """Spends its random numbers step by step, so that a sequence depends on how many there are."""

    def _emit(self, first_law, lengths, rng):
        law, times = LAWS[self.emission](self), TimeOrder(lengths)
        u = rng.random((len(times.rows), 1 + law.width))
        states = draw_states(u[:, 0], first_law, self.transmat_, times)
        return times.by_sequence(law.draw(u[:, 1:], states))


class GlobalState(HiddenMarkovModel):
    """Starts from numpy's global random state."""

    def _fit(self, sequences, rng):
        super()._fit(sequences, np.random.default_rng(np.random.randint(100)))


class LossyPickle(HiddenMarkovModel):
    """A pickle forgets where the stream was."""

    def __getstate__(self):
        state = super().__getstate__()
        return {name: value for name, value in state.items() if name != "lengths_"} | {
            "lengths_": np.sort(state["lengths_"])
        }


class HiddenMemory(HiddenMarkovModel):
    """Part of the fit lives beside the model, where no file finds it."""

    memory = None

    def _fit(self, sequences, rng):
        super()._fit(sequences, rng)
        type(self).memory = {id(self): 1.0}

    def _log_density(self, sequences):
        return super()._log_density(sequences) + type(self).memory.get(id(self), 0.0)


class AbsoluteFloor(HiddenMarkovModel):
    """Adds a variance that knows no units."""

    def _fit(self, sequences, rng):
        super()._fit(sequences, rng)
        self.covariances_ = self.covariances_ + 1e-3


class ChangedParameter(HiddenMarkovModel):
    """`fit` writes its result over a parameter."""

    def _fit(self, sequences, rng):
        super()._fit(sequences, rng)
        self.max_iter = self.n_iter_


class WrittenInput(HiddenMarkovModel):
    """`fit` centres the user's own sequences."""

    def fit(self, X, y=None):
        for x in X:
            x -= x.mean()
        return super().fit(X)


class HalfFitted(HiddenMarkovModel):
    """A fit that raises has already dropped the old one."""

    def fit(self, X, y=None):
        vars(self).pop("transmat_", None)
        return super().fit(X)


class HeldEngine(HiddenMarkovModel):
    """Keeps the generator of its fit."""

    def _fit(self, sequences, rng):
        super()._fit(sequences, rng)
        self.rng_ = rng


class NeighbourDependent(HiddenMarkovModel):
    """A score leans on the sequences beside it."""

    def _log_density(self, sequences):
        scores = super()._log_density(sequences)
        return scores + 1e-6 * (scores - scores.mean())


class OwnLengths(HiddenMarkovModel):
    """Draws the mean length, always."""

    def _draw_lengths(self, length, rng):
        return super()._draw_lengths(length or round(self.lengths_.mean() * 10), rng)


class WideSamples(HiddenMarkovModel):
    """Samples are 4 % too wide."""

    def _sample(self, lengths, rng):
        frames = super()._sample(lengths, rng)
        return frames.mean(axis=0) + 1.04 * (frames - frames.mean(axis=0))


class ForgottenStart(HiddenMarkovModel):
    """Scores begin with the states all equally likely."""

    def _chain(self, sequences):
        _, transmat, log_b, times = super()._chain(sequences)
        return np.full(self.n_components, 1 / self.n_components), transmat, log_b, times


#: Law -> mutants that must break it.
MUTANTS_SEQUENCE = {
    "seeds": [IgnoredSeed, StuckStream],
    "prefix": [TimeMajorDraws],
    "global_state": [GlobalState],
    "copies": [LossyPickle],
    "save_and_load": [HiddenMemory],
    "units": [AbsoluteFloor],
    "parameters_untouched": [ChangedParameter, WrittenInput],
    "failed_fit": [HalfFitted],
    "arrays_only": [HeldEngine],
    "order": [NeighbourDependent],
    "lengths": [OwnLengths],
    "dilation": [WideSamples],
    "engine_likelihood": [ForgottenStart],
}
