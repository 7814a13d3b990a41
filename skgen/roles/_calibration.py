"""TemperedPosterior: class probabilities of densities that are known to be wrong.

    p(k | x)  =  (1 - e) pi_k p_k(x)^t / sum_l pi_l p_l(x)^t  +  e pi_k.

The exponent t <= 1 takes back what dependence between columns counted twice; with probability e the densities say
nothing, so that a few rows far outside every class do not set t. Both are those of highest likelihood on held-out rows.
"""

from __future__ import annotations

import numpy as np
from scipy.special import log_softmax

#: Exponents and error rates that are tried: finer steps change the likelihood by less than it varies between folds.
TEMPERATURES = 2.0 ** (-np.arange(81) / 8)
ERROR_RATES = np.geomspace(0.5, 1e-6, 60)

#: Rows of the prior that the densities are in error: without them the rate is 0 where all held-out rows come out right.
_PRIOR_ROWS = 0.5


def posterior(log_likelihood, log_prior, temperature, error_rate):
    """Class probabilities (n, K) from log-densities (n, K); the prior where every density is 0."""
    out = np.exp(log_softmax(temperature * _relative(log_likelihood) + log_prior, axis=1))
    out = (1 - error_rate) * out + error_rate * np.exp(log_prior)
    return out / out.sum(axis=1, keepdims=True)


def fit_posterior(log_likelihood, codes, weight, log_prior):
    """The temperature and error rate of highest likelihood.

    Parameters
    ----------
    log_likelihood : ndarray of shape (n, K)
        Held-out log-densities of the classes.
    codes : ndarray of int of shape (n,)
        The classes.
    weight : ndarray of shape (n,)
        Weights, in rows.
    log_prior : ndarray of shape (K,)
        Log-shares of the classes.
    """
    L, own = _relative(log_likelihood), np.arange(len(codes))
    p_own = np.exp(log_prior)[codes]
    best = (-np.inf, 1.0, ERROR_RATES[-1])
    for t in TEMPERATURES:  # one at a time: all at once would hold 81 tables
        q = np.exp(log_softmax(t * L + log_prior, axis=1)[own, codes])
        scores = [weight @ np.log((1 - e) * q + e * p_own) + _PRIOR_ROWS * np.log(e) for e in ERROR_RATES]
        k = int(np.argmax(scores))
        if scores[k] > best[0] + 1e-9:
            best = (scores[k], float(t), float(ERROR_RATES[k]))
    return best[1:]


def _relative(log_likelihood):
    """Log-densities relative to the largest of their row; 0 where all are -inf."""
    top = log_likelihood.max(axis=1, keepdims=True)
    return np.where(np.isneginf(top), 0.0, log_likelihood - np.where(np.isfinite(top), top, 0.0))
