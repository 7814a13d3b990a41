"""The recursions along a chain: equal to sums over all paths of states, and exact where probabilities underflow."""

import itertools

import numpy as np
import pytest
from scipy.special import logsumexp

from skgen.classic._hmm.forward_backward import TimeOrder, forward, posterior, viterbi


def random_chain(K, lengths, seed, spread=1.0):
    rng = np.random.default_rng(seed)
    log_b = spread * rng.normal(size=(sum(lengths), K))
    return rng.dirichlet(np.ones(K)), rng.dirichlet(np.ones(K), size=K), log_b


def all_paths(startprob, transmat, log_b):
    """Every path of states and the log-probability of it and the frames."""
    paths = np.array(list(itertools.product(range(len(startprob)), repeat=len(log_b))))
    with np.errstate(divide="ignore"):
        log_p = np.log(startprob)[paths[:, 0]] + log_b[np.arange(len(log_b)), paths].sum(axis=1)
        log_p = log_p + np.log(transmat)[paths[:, :-1], paths[:, 1:]].sum(axis=1)
    return paths, log_p


@pytest.mark.parametrize("spread", [1.0, 300.0, 3_000.0])
@pytest.mark.parametrize("forbidden", [False, True])
def test_recursions_equal_the_sum_over_all_paths(spread, forbidden):
    lengths = [3, 1, 5, 2, 5]
    startprob, transmat, log_b = random_chain(3, lengths, 0, spread)
    if forbidden:
        startprob, transmat = np.array([1.0, 0.0, 0.0]), np.triu(transmat)
        transmat /= transmat.sum(axis=1, keepdims=True)
    times = TimeOrder(lengths)
    chain = startprob, transmat, log_b[times.rows], times
    total, states = forward(*chain)[1], times.by_sequence(viterbi(*chain))
    smooth = times.by_sequence(posterior(*chain))
    ends = np.cumsum([0, *lengths])
    for i, (a, b) in enumerate(itertools.pairwise(ends)):
        paths, log_p = all_paths(startprob, transmat, log_b[a:b])
        np.testing.assert_allclose(total[i], logsumexp(log_p), rtol=1e-12)
        np.testing.assert_array_equal(states[a:b], paths[log_p.argmax()])
        weight = np.exp(log_p - logsumexp(log_p))
        expected = [[weight[paths[:, t] == k].sum() for k in range(3)] for t in range(b - a)]
        np.testing.assert_allclose(smooth[a:b], expected, atol=1e-10)


def test_a_long_chain_of_unlikely_steps_does_not_underflow():
    """Mass that is e^-2000 at one step decides the next: scaled probabilities would lose it."""
    log_b = np.array([[0.0, -2_000.0], [-5_000.0, 0.0]])
    times = TimeOrder([2])
    transmat = np.array([[1.0, 0.0], [0.0, 1.0]])
    total = forward(np.array([0.5, 0.5]), transmat, log_b, times)[1]
    np.testing.assert_allclose(total, np.log(0.5) - 2_000.0, rtol=1e-14)


def test_an_impossible_sequence_scores_minus_infinity_and_no_nan():
    log_b = np.zeros((3, 2))
    log_b[1] = -np.inf
    total = forward(np.array([0.5, 0.5]), np.full((2, 2), 0.5), log_b, TimeOrder([3]))[1]
    assert total[0] == -np.inf
