"""SequenceModel: the contract of every density on sequences.

The verbs are those of `GenerativeModel`, written here once, where one sample is one sequence. A model writes hooks:
``_fit``, ``_sample``, ``_log_density`` and, where it can, ``_sample_given`` and ``_n_parameters``.
"""

from __future__ import annotations

from abc import ABCMeta, abstractmethod
from numbers import Integral

import numpy as np

from ._input import check_count
from ._random import BLOCK_ROWS, SampleStream, block_generator, claim_stream, generator_from, seed_from
from ._rollback import rollback
from ._sequences import Sequences, pack, read_sequences, whole_dtype
from ._sklearn import BaseEstimator, DensityMixin, _fit_context, available_with, check_is_fitted
from .base import GenerativeModel
from .exceptions import GivenError, UnsupportedGivenError


def _check_ignored(y, n_sequences):
    """Refuse what can only be hmmlearn's `lengths`; labels, one for each sequence, are ignored."""
    if y is not None and np.ndim(y) == 1 and len(y) != n_sequences:
        raise ValueError(
            f"X holds {n_sequences} sequences, but y has {len(y)} entries. Lengths are not passed: hand over the "
            "sequences as a list of arrays, [X[:20], X[20:]]."
        )


class SequenceModel(DensityMixin, BaseEstimator, metaclass=ABCMeta):
    """Base class of generative models on sequences.

    A sequence is an array of frames, (n_frames, n_dims). Models read and write many at once as a `Sequences`: all
    frames one after the other, and the lengths. Subclasses write hooks and list their parameters.
    """

    _parameter_constraints: dict = {"random_state": GenerativeModel._parameter_constraints["random_state"]}
    _doc_link_module = GenerativeModel._doc_link_module
    _doc_link_template = GenerativeModel._doc_link_template

    # ---- hooks ---------------------------------------------------------------------------------------------------

    @abstractmethod
    def _fit(self, sequences, rng):
        """Learn from `Sequences`; sets attributes ending in an underscore."""

    @abstractmethod
    def _sample(self, lengths, rng):
        """Draw frames of sequences of the given lengths, one after the other, as (sum of lengths, n_dims).

        The first sequences must not depend on how many follow: draw for them first.
        """

    @abstractmethod
    def _log_density(self, sequences):
        """Log-density of each of the `Sequences`, in nats."""

    # ---- fit -----------------------------------------------------------------------------------------------------

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Learn the law of sequences.

        Parameters
        ----------
        X : list of arrays of shape (n_frames, n_dims), or array of shape (n_sequences, n_frames[, n_dims])
            One sample is one sequence. In a 3-D array, rows of NaN at the end of a sequence are padding; a 2-D array
            is one univariate sequence a row, so that a single recording is `[X]`.
        y : None
            Ignored; lengths are not passed here but read off `X`.

        Returns
        -------
        self : SequenceModel
            The fitted model.
        """
        with rollback(self):
            for name in [name for name in vars(self) if name.endswith("_")]:
                delattr(self, name)
            sequences, self.container_ = read_sequences(self, X, reset=True)
            _check_ignored(y, len(sequences.lengths))
            self.dtype_ = whole_dtype(X)
            self.lengths_ = sequences.lengths
            self.likelihood_ = "exact"
            seed = seed_from(self.random_state)
            self.stream_ = SampleStream(seed)
            self._fit(sequences, generator_from(seed))
        return self

    # ---- sample --------------------------------------------------------------------------------------------------

    def sample(self, n_samples=1, *, length=None, given=None, random_state=None):
        """Draw sequences, or go on with given ones.

        Parameters
        ----------
        n_samples : int, default=1
            How many sequences. With `given`, as many as there are prefixes.
        length : int, default=None
            Frames of each sequence. By default lengths are drawn from those of fit. With `given`, how many further
            frames to draw.
        given : list of arrays or array, default=None
            Prefixes, one for each sample, in any container that `fit` takes: the frames that follow them are drawn.
        random_state : int, RandomState instance, Generator or None, default=None
            Seed of this call. By default the model's own stream goes on: a script is reproducible, two calls differ.

        Returns
        -------
        X : list of arrays or array
            Sequences in the container of fit, without the prefixes; a 3-D array is padded with NaN at the end where
            lengths differ.
        """
        check_is_fitted(self)
        n_samples, length = check_count(n_samples), _check_length(length)
        if given is not None:
            prefixes = self._check_given(given, n_samples, length)
            n_samples = len(prefixes)
        seed, call = claim_stream(self.stream_, random_state)
        frames, lengths = [np.empty((0, self.n_dims_))], [np.empty(0, dtype=np.int64)]
        for block, start in enumerate(range(0, n_samples, BLOCK_ROWS)):
            stop, rng = min(start + BLOCK_ROWS, n_samples), block_generator(seed, call, block)
            lengths.append(self._draw_lengths(length, rng)[: stop - start])
            if given is not None:
                frames.append(self._sample_given(prefixes.part(start, stop), length, rng))
            else:
                frames.append(self._sample(lengths[-1], rng))
        drawn = Sequences(np.concatenate(frames[1:] or frames), np.concatenate(lengths))
        return pack(drawn, self.container_, length or int(self.lengths_.max()), self.dtype_)

    def _draw_lengths(self, length, rng):
        """Lengths of a whole block, so that they depend on no other request."""
        if length is not None:
            return np.full(BLOCK_ROWS, length)
        return self.lengths_[rng.integers(len(self.lengths_), size=BLOCK_ROWS)]

    def _check_given(self, given, n_samples, length):
        if not hasattr(self, "_sample_given"):
            raise UnsupportedGivenError(f"{type(self).__name__} cannot go on with given prefixes.")
        if length is None:
            raise GivenError("With given, length must say how many further frames to draw, got None.")
        prefixes, _ = read_sequences(self, given, prefixes=True)
        if n_samples not in (1, len(prefixes)):
            raise GivenError(
                f"given holds one prefix per sample: n_samples must be {len(prefixes)} or left out, got {n_samples}. "
                "Repeat a prefix to go on with it several times."
            )
        return prefixes

    # ---- score ---------------------------------------------------------------------------------------------------

    def score_samples(self, X):
        """Log-density of sequences, each given its length.

        Parameters
        ----------
        X : list of arrays of shape (n_frames, n_dims), or array of shape (n_sequences, n_frames[, n_dims])
            Sequences in any container that `fit` takes.

        Returns
        -------
        log_density : ndarray of shape (n_sequences,)
            Nats of each whole sequence, in the original units.
        """
        return self._log_density(self._read(X)[0])

    def score(self, X, y=None):
        """Mean log-density of sequences.

        Parameters
        ----------
        X : list of arrays of shape (n_frames, n_dims), or array of shape (n_sequences, n_frames[, n_dims])
            Sequences in any container that `fit` takes.
        y : None
            Ignored.

        Returns
        -------
        score : float
            Nats per sequence; higher is better.
        """
        return float(self.score_samples(X).mean())

    @available_with("_n_parameters")
    def bic(self, X):
        """Bayesian information criterion on the sequences `X`, its n the number of frames; lower is better."""
        sequences, _ = self._read(X)
        return float(self._n_parameters() * np.log(len(sequences.frames)) - 2 * self._log_density(sequences).sum())

    @available_with("_n_parameters")
    def aic(self, X):
        """Akaike information criterion on the sequences `X`; lower is better."""
        return float(2 * self._n_parameters() - 2 * self.score_samples(X).sum())

    # ---- for models ----------------------------------------------------------------------------------------------

    def _read(self, X):
        """`Sequences` and the name of their container, checked against fit."""
        check_is_fitted(self)
        return read_sequences(self, X)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags


def _check_length(length):
    if length is None:
        return None
    if not isinstance(length, Integral) or isinstance(length, bool) or length < 1:
        raise ValueError(f"length must be a positive integer or None, got {length!r}.")
    return int(length)
