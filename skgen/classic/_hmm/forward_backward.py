"""Exact recursions along a hidden Markov chain, over many sequences at once.

With the log-density b_t of the frame at time t in each state, start law s and transitions A,

    log a_t = b_t + log (a_{t-1} A),    log a_0 = log s + b_0,

is the forward recursion; the backward and the Viterbi one have the same shape. The only loop is over time. Frames lie
in the order of time (all first frames, all second frames, ...), longest sequence first, so that the sequences still
running at time t are always the first of them.
"""

import numpy as np

# exp(-660) is about 1e-287: with nothing smaller than that in a sum of products, no term of weight underflows.
_SAFE_SPREAD = 660.0


class TimeOrder:
    """The order of frames by time, for sequences of the given lengths.

    Parameters
    ----------
    lengths : ndarray of shape (n_sequences,)
        The number of frames of each sequence, at least 1.
    """

    def __init__(self, lengths):
        lengths = np.asarray(lengths, dtype=np.int64)
        self.order = np.argsort(-lengths, kind="stable")
        shorter = np.bincount(lengths)[:-1].cumsum()  # (T,) sequences that are over at time t
        self.active = len(lengths) - shorter
        self.starts = np.concatenate([[0], np.cumsum(self.active)])
        time = np.repeat(np.arange(len(self.active)), self.active)
        place = np.arange(self.starts[-1]) - self.starts[time]
        first = np.concatenate([[0], np.cumsum(lengths)[:-1]])
        #: (N,) row in the concatenated frames of each frame in the order of time.
        self.rows = first[self.order[place]] + time
        #: (n,) rows, in the order of time, of the last frames, longest sequence first.
        self.last = self.starts[lengths[self.order] - 1] + np.arange(len(lengths))

    def __len__(self):
        return len(self.active)

    def at(self, t):
        """The slice of the frames at time t."""
        return slice(self.starts[t], self.starts[t + 1])

    def by_sequence(self, values):
        """Values in the order of time, back in the order of the concatenated frames."""
        out = np.empty_like(values)
        out[self.rows] = values
        return out


def _log(p):
    with np.errstate(divide="ignore"):
        return np.log(p)


def _finite_or_zero(x):
    return np.where(np.isfinite(x), x, 0.0)


def _log_vecmat(log_a, trans, log_trans):
    """log sum_i exp(log_a[:, i] + log_trans[i, :]), exact: a product of matrices wherever nothing can underflow."""
    top = _finite_or_zero(log_a.max(axis=1))
    shifted = log_a - top[:, None]
    out = _log(np.exp(shifted) @ trans)
    room = _SAFE_SPREAD + np.log(trans[trans > 0].min())
    wide = np.where(np.isfinite(shifted), shifted, 0.0).min(axis=1) < -room
    if wide.any():
        terms = shifted[wide][:, :, None] + log_trans  # (wide, K, K)
        peak = _finite_or_zero(terms.max(axis=1))
        out[wide] = _log(np.exp(terms - peak[:, None, :]).sum(axis=1)) + peak
    return out + top[:, None]


def _log_normalize(log_a):
    """Rows less their log-sum, and the log-sums; a row of zeros stays one."""
    top = _finite_or_zero(log_a.max(axis=1))
    total = _log(np.exp(log_a - top[:, None]).sum(axis=1)) + top
    return log_a - _finite_or_zero(total)[:, None], total


def forward(startprob, transmat, log_b, times):
    """Filter: the law of the state at each frame given the frames so far.

    Parameters
    ----------
    startprob : ndarray of shape (K,)
    transmat : ndarray of shape (K, K)
    log_b : ndarray of shape (N, K)
        Log-density of each frame in each state, in the order of time.
    times : TimeOrder

    Returns
    -------
    log_filter : ndarray of shape (N, K)
    log_likelihood : ndarray of shape (n,)
        Of each sequence, in the order of the caller.
    """
    log_trans = _log(transmat)
    log_filter = np.empty_like(log_b)
    total = np.zeros(len(times.order))
    prior = np.broadcast_to(_log(startprob), log_b[times.at(0)].shape)
    for t, m in enumerate(times.active):  # a recursion in time
        if t:
            prior = _log_vecmat(log_filter[times.at(t - 1)][:m], transmat, log_trans)
        log_filter[times.at(t)], step = _log_normalize(prior + log_b[times.at(t)])
        total[:m] += step
    log_likelihood = np.empty_like(total)
    log_likelihood[times.order] = total
    return log_filter, log_likelihood


def posterior(startprob, transmat, log_b, times):
    """Smoother: the law of the state at each frame given its whole sequence, (N, K) in the order of time."""
    log_post, _ = forward(startprob, transmat, log_b, times)
    back, log_back = transmat.T, _log(transmat.T)
    message = np.zeros((0, log_b.shape[1]))
    for t in range(len(times) - 1, -1, -1):  # a recursion in time
        beta = np.zeros((times.active[t], log_b.shape[1]))
        beta[: len(message)] = message
        log_post[times.at(t)] += beta
        message, _ = _log_normalize(_log_vecmat(beta + log_b[times.at(t)], back, log_back))
    return np.exp(_log_normalize(log_post)[0])


def viterbi(startprob, transmat, log_b, times):
    """The likeliest path of states of each sequence, (N,) in the order of time."""
    log_trans = _log(transmat)
    came_from = np.zeros(log_b.shape, dtype=np.int32)
    best = _log(startprob) + log_b[times.at(0)]
    score_at_end = np.empty((len(times.order), log_b.shape[1]))
    for t, m in enumerate(times.active):  # a recursion in time
        if t:
            paths = best[:m, :, None] + log_trans  # (m, K, K)
            came_from[times.at(t)] = paths.argmax(axis=1)
            best = paths.max(axis=1) + log_b[times.at(t)]
        score_at_end[: len(best)] = best
    return _trace_back(score_at_end.argmax(axis=1), came_from, times)


def _trace_back(state, came_from, times):
    path = np.empty(len(came_from), dtype=np.int64)
    for t in range(len(times) - 1, -1, -1):  # a recursion in time
        m = times.active[t]
        path[times.at(t)] = state[:m]
        state[:m] = came_from[times.at(t)][np.arange(m), state[:m]] if t else state[:m]
    return path


def draw_index(u, cumulative):
    """The index that a uniform number falls on: (m,) and cumulative laws (m, K)."""
    return np.minimum((u[:, None] >= cumulative).sum(axis=1), cumulative.shape[1] - 1)


def draw_states(u, first_law, transmat, times):
    """Paths of states, (N,) in the order of time, from uniform numbers in that order.

    `first_law` (n, K), in the order of the caller, is the law of each sequence's first state. A draw depends on its
    own uniform number and the state before it alone, never on the other sequences.
    """
    cumulative = np.cumsum(transmat, axis=1) / transmat.sum(axis=1, keepdims=True)
    first = np.cumsum(first_law[times.order], axis=1)
    states = np.empty(len(u), dtype=np.int64)
    states[times.at(0)] = draw_index(u[times.at(0)], first / first[:, -1:])
    for t in range(1, len(times)):  # a recursion in time
        before = states[times.at(t - 1)][: times.active[t]]
        states[times.at(t)] = draw_index(u[times.at(t)], cumulative[before])
    return states
