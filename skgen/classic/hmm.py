"""HiddenMarkovModel: sequences that a hidden Markov chain emits.

A chain of states z follows a start law s and transitions A, and each state emits a frame of its own law:

    p(x_1 ... x_T) = sum over z of s(z_1) p(x_1 | z_1) prod_t A(z_{t-1}, z_t) p(x_t | z_t).

Training is EM (hmmlearn's); scores, paths and samples are exact recursions over all sequences at once.
"""

from __future__ import annotations

import warnings
from numbers import Integral, Real

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from .._sequences import Sequences
from .._sklearn import Interval, StrOptions
from ..exceptions import DegenerateDataError
from ..sequence import SequenceModel
from ._hmm.emissions import LAWS
from ._hmm.forward_backward import TimeOrder, draw_states, forward, posterior, viterbi
from ._hmm.training import TRAINERS, in_data_units, standard_units

# Numbers in one work array of a recursion: 32 MiB of floats.
_CHUNK_NUMBERS = 2**22
# Starts tried in place of one whose EM ends in numbers that are not finite.
_SPARE_STARTS = 3


class HiddenMarkovModel(SequenceModel):
    """Hidden Markov model with Gaussian, mixture, categorical or Poisson emissions.

    Parameters
    ----------
    n_components : int, default=1
        Number of hidden states.
    emission : {"gaussian", "mixture", "categorical", "poisson"}, default="gaussian"
        Law of a frame given the state: a normal law, a mixture of `n_mix` normal laws, a law over the symbols of a
        univariate sequence, or independent Poisson counts.
    covariance_type : {"diag", "full", "tied", "spherical"}, default="diag"
        Shape of the covariances of normal laws. Tied ones are shared by all states, in a mixture by the components of
        each state.
    n_mix : int, default=2
        Components per state of the emission "mixture"; ignored otherwise.
    tol : float, default=1e-5
        EM stops when one iteration raises the mean log-likelihood (nats per frame) by less.
    max_iter : int, default=100
        Most EM iterations of a start.
    n_init : int, default=1
        Number of starts; the one of highest likelihood is kept.
    verbose : int, default=0
        If positive, the course of EM is printed to the standard error.
    random_state : int, RandomState instance, Generator or None, default=None
        Seed of the fit and of the stream that `sample` draws from.

    Attributes
    ----------
    startprob_ : ndarray of shape (n_components,)
        Law of the first state.
    transmat_ : ndarray of shape (n_components, n_components)
        Law of the next state, a row for each state.
    means_ : ndarray of shape (n_components, n_dims) or (n_components, n_mix, n_dims)
        Means of normal laws, in the units of the data.
    covariances_ : ndarray
        Covariances of normal laws. The leading shape is (n_components,) or, for mixtures, (n_components, n_mix);
        "diag" adds (n_dims,), "full" (n_dims, n_dims), "spherical" nothing. "tied" has the shape (n_dims, n_dims),
        for mixtures (n_components, n_dims, n_dims).
    weights_ : ndarray of shape (n_components, n_mix)
        Weights of the components of mixtures.
    categories_ : ndarray of shape (n_symbols,)
        Symbols of categorical emissions, sorted.
    emissionprob_ : ndarray of shape (n_components, n_symbols + 1)
        Laws over symbols. Each keeps the mass 1 / (n_frames + 2), spread over all cells, for what it has not seen; the
        last cell is any symbol that fit did not see.
    rates_ : ndarray of shape (n_components, n_dims)
        Means of Poisson counts.
    history_ : ndarray of shape (n_rounds,)
        Mean log-likelihood of a frame before each EM iteration of the best run.
    n_iter_ : int
        EM iterations of the best run.
    converged_ : bool
        Whether the best run gained less than `tol` at its end.
    n_dims_ : int
        Numbers in a frame.
    lengths_ : ndarray of shape (n_sequences,)
        Lengths of the sequences of fit.
    likelihood_ : str
        "exact".

    See Also
    --------
    skgen.GaussianMixture : The model of rows without an order in time.

    Notes
    -----
    `bic` counts frames, as hmmlearn does: its penalty is the number of parameters times log(frames).

    Examples
    --------
    >>> import numpy as np
    >>> from skgen import HiddenMarkovModel
    >>> rng = np.random.default_rng(0)
    >>> X = [np.repeat([[0.0], [5.0]], [8, n], axis=0) + rng.normal(size=(8 + n, 1)) for n in range(1, 9)]
    >>> model = HiddenMarkovModel(2, random_state=0).fit(X)
    >>> np.sort(model.means_.ravel()).round(1)
    array([0.1, 5. ])
    >>> path = model.predict(X)[0]
    >>> int((path != path[0]).sum())
    1
    >>> round(model.score(X), 2)
    -20.23
    >>> model.sample(length=3, given=X[:2])[1].shape
    (3, 1)
    """

    _parameter_constraints: dict = {
        **SequenceModel._parameter_constraints,
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "emission": [StrOptions(set(LAWS))],
        "covariance_type": [StrOptions({"diag", "full", "tied", "spherical"})],
        "n_mix": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "n_init": [Interval(Integral, 1, None, closed="left")],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        n_components=1,
        *,
        emission="gaussian",
        covariance_type="diag",
        n_mix=2,
        tol=1e-5,
        max_iter=100,
        n_init=1,
        verbose=0,
        random_state=None,
    ):
        self.n_components = n_components
        self.emission = emission
        self.covariance_type = covariance_type
        self.n_mix = n_mix
        self.tol = tol
        self.max_iter = max_iter
        self.n_init = n_init
        self.verbose = verbose
        self.random_state = random_state

    # ---- hooks ---------------------------------------------------------------------------------------------------

    def _fit(self, sequences, rng):
        frames, lengths = sequences.frames, sequences.lengths
        self._check_emission(frames)
        if self.emission in ("gaussian", "mixture"):
            shift, scale = standard_units(frames, self.covariance_type)
            best = self._best_run((frames - shift) / scale, lengths, rng)
            best.parameters = in_data_units(best.parameters, shift, scale, self.covariance_type)
            offset = np.log(scale).sum()
        else:
            best, offset = self._best_run(frames, lengths, rng), 0.0
        vars(self).update(best.parameters)
        self.history_ = np.array(best.history) / len(frames) - offset
        self.n_iter_, self.converged_ = len(best.history), bool(best.converged)
        if not self.converged_:
            self._warn_of_early_end()

    def _best_run(self, frames, lengths, rng):
        best = None
        for run in range(self.n_init + _SPARE_STARTS):
            if run >= self.n_init and best is not None:
                break
            fit = TRAINERS[self.emission](frames, lengths, self, rng)
            if np.isfinite(fit.log_likelihood) and (best is None or fit.log_likelihood > best.log_likelihood):
                best = fit
        if best is None:
            raise DegenerateDataError(
                f"EM with {self.n_components} states ended in parameters that are not finite, from every start. "
                "Use fewer states or components, or a simpler covariance_type."
            )
        return best

    def _sample(self, lengths, rng):
        first_law = np.broadcast_to(self.startprob_, (len(lengths), self.n_components))
        return self._emit(first_law, lengths, rng)

    def _sample_given(self, prefixes, length, rng):
        first_law = np.tile(self.startprob_, (len(prefixes), 1))
        begun = prefixes.lengths > 0
        if begun.any():
            times, log_b = self._frame_densities(Sequences(prefixes.frames, prefixes.lengths[begun]))
            log_filter, _ = forward(self.startprob_, self.transmat_, log_b, times)
            last = np.empty((begun.sum(), self.n_components))
            last[times.order] = np.exp(log_filter[times.last])
            first_law[begun] = last @ self.transmat_
        return self._emit(first_law, np.full(len(prefixes), length), rng)

    def _log_density(self, sequences):
        return np.concatenate([forward(*self._chain(part))[1] for part in self._parts(sequences)])

    def _n_parameters(self):
        K = self.n_components
        return K * K - 1 + LAWS[self.emission].n_parameters(K, self.n_dims_, self)

    # ---- states --------------------------------------------------------------------------------------------------

    def predict(self, X):
        """Likeliest path of hidden states of each sequence (Viterbi).

        Parameters
        ----------
        X : list of arrays of shape (n_frames, n_dims), or array of shape (n_sequences, n_frames[, n_dims])
            Sequences in any container that `fit` takes.

        Returns
        -------
        states : list of int arrays of shape (n_frames,), or array of shape (n_sequences, n_frames)
            A list for lists and padded arrays, one array for an array of sequences of one length.
        """
        return self._frame_by_frame(viterbi, X)

    def predict_proba(self, X):
        """Probability of each hidden state at each frame, given the whole sequence.

        Parameters
        ----------
        X : list of arrays of shape (n_frames, n_dims), or array of shape (n_sequences, n_frames[, n_dims])
            Sequences in any container that `fit` takes.

        Returns
        -------
        probability : list of arrays of shape (n_frames, n_components), or array of shape \
(n_sequences, n_frames, n_components)
            A list for lists and padded arrays, one array for an array of sequences of one length.
        """
        return self._frame_by_frame(posterior, X)

    def _frame_by_frame(self, recursion, X):
        sequences, container = self._read(X)
        values = []
        for part in self._parts(sequences):
            chain = self._chain(part)
            values.append(chain[-1].by_sequence(recursion(*chain)))
        values = np.concatenate(values)
        if container in ("2d", "3d") and (sequences.lengths == sequences.lengths[0]).all():
            return values.reshape(len(sequences), -1, *values.shape[1:])
        return sequences.split(values)

    # ---- private helpers -----------------------------------------------------------------------------------------

    def _emit(self, first_law, lengths, rng):
        """Frames of chains that start with the laws (n, K), each frame from its own row of uniform numbers."""
        law, times = LAWS[self.emission](self), TimeOrder(lengths)
        u = rng.random((len(times.rows), 1 + law.width))
        states = times.by_sequence(draw_states(u[times.rows, 0], first_law, self.transmat_, times))
        return law.draw(u[:, 1:], states)

    def _frame_densities(self, sequences):
        if self.emission == "poisson":
            _check_counts(sequences.frames)
        times = TimeOrder(sequences.lengths)
        return times, LAWS[self.emission](self).log_density(sequences.frames[times.rows])

    def _chain(self, sequences):
        """The arguments of a recursion along these sequences."""
        times, log_b = self._frame_densities(sequences)
        return self.startprob_, self.transmat_, log_b, times

    def _parts(self, sequences):
        """Runs of sequences short enough that work arrays (frames x K x n_dims, sequences x K x K) stay bounded."""
        K = self.n_components
        width = np.maximum(sequences.lengths * max(K, self.n_dims_), K * K)
        part = np.cumsum(width) // _CHUNK_NUMBERS
        cuts = [0, *(np.flatnonzero(np.diff(part)) + 1), len(sequences)]
        return [sequences.part(start, stop) for start, stop in zip(cuts[:-1], cuts[1:])]

    def _check_emission(self, frames):
        if self.emission == "categorical" and frames.shape[1] != 1:
            raise ValueError(
                f"Categorical emissions need one symbol a frame, got {frames.shape[1]} numbers. "
                "Code each combination as one symbol."
            )
        if self.emission == "poisson":
            _check_counts(frames)

    def _warn_of_early_end(self):
        gain = f"{self.history_[-1] - self.history_[-2]:.2g} nats a frame" if self.n_iter_ > 1 else "unknown"
        warnings.warn(
            f"EM ended at max_iter={self.max_iter} before it converged: the last gain is {gain}, tol is {self.tol:g}. "
            "Raise max_iter or tol.",
            ConvergenceWarning,
            stacklevel=5,
        )


def _check_counts(frames):
    bad = (frames < 0) | (frames != np.floor(frames))
    if bad.any():
        raise ValueError(f"Poisson emissions need counts 0, 1, 2, ..., got {frames[bad][0]:g}.")
