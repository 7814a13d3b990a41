"""Zero inflation: a law on tables with an amount that is often exactly zero and a cell that is often missing.

`p(visits, amount, rating) = p(visits) p(amount | visits) p(rating | amount > 0)`, where with F the log-normal
distribution function and q the chance to buy

    P(amount = 0) = 1 - q + q F(0.005),    P(amount = a) = q (F(a + 0.005) - F(a - 0.005)).
"""

from functools import cached_property

import numpy as np
from scipy.special import log_ndtr

from ._cells import cell_numbers, entropy_of, log_normal_mass, log_poisson
from ._law import TableLaw

_RESOLUTION = 0.01  # of the amount
_VISITS = 2.0  # mean
_KEEP = 0.8  # P(no purchase | visits) = _KEEP ** (visits + 1)
_LOG_MEAN, _LOG_STD = 1.5, 0.5  # of the amount of a purchase
_MOST_VISITS, _REACH = 60, 8.5  # less than 1e-16 of the mass lies beyond
_N_RATINGS = 5
# P(rating = 1..5, missing | nothing bought, something bought)
_RATING = np.array([[0.015, 0.0125, 0.01, 0.0075, 0.005, 0.95], [0.03, 0.06, 0.12, 0.21, 0.18, 0.4]])


def _log_purchase(k):
    """Log-probability of the k-th cell of a purchase, minus infinity below zero."""
    edges = [np.log(np.maximum((k + side) * _RESOLUTION, 1e-300)) for side in (-0.5, 0.5)]
    low, high = ((edge - _LOG_MEAN) / _LOG_STD for edge in edges)
    return np.where(k > 0, log_normal_mass(low, high), np.where(k == 0, log_ndtr(high), -np.inf))


def _log_amount(k, visits):
    """Log-probability of the k-th cell of the amount: zero for those who do not buy."""
    log_none = (visits + 1) * np.log(_KEEP)
    log_bought = np.log1p(-np.exp(log_none)) + _log_purchase(k)
    return np.where(k == 0, np.logaddexp(log_none, log_bought), log_bought)


class ZeroInflated(TableLaw):
    """Law on tables of purchases: about half of the amounts are exactly zero, and most ratings are missing.

    Columns: `visits` (int, Poisson of mean 2), `amount` (float on a grid of 0.01: zero, or a rounded log-normal law
    with a chance that grows with the visits) and `rating` (1 to 5 or missing, NaN, seldom given without a purchase).
    The density divides the mass of an amount's cell by 0.01, at zero too, and counts at a missing rating, so that a
    schema that reads the columns so reports scores in the same measure.

    Attributes
    ----------
    columns : tuple of str
        Column names in order.

    n_features : int
        3.

    entropy : float
        Entropy in nats, summed over the cells (error below 1e-10).

    Examples
    --------
    >>> from skgen.datasets import ZeroInflated
    >>> law = ZeroInflated()
    >>> amount = law.sample(10_000, random_state=0)["amount"]
    >>> round(float((amount == 0).mean()), 2)
    0.54
    >>> round(law.entropy, 4)
    1.7658
    """

    columns = ("visits", "amount", "rating")

    @cached_property
    def entropy(self):
        """Entropy in nats."""
        visits = np.arange(_MOST_VISITS)
        log_visits = log_poisson(visits, _VISITS)
        k = np.arange(1, np.exp(_LOG_MEAN + _REACH * _LOG_STD) / _RESOLUTION)
        log_purchase = _log_purchase(k)
        log_zero = _log_amount(np.zeros(1), visits)
        bought = -np.expm1(log_zero)  # P(amount > 0 | visits)
        log_chance = np.log1p(-np.exp((visits + 1) * np.log(_KEEP)))
        of_amount = -np.exp(log_zero) * log_zero - bought * log_chance
        of_amount += np.exp(log_chance) * entropy_of(log_purchase) + np.log(_RESOLUTION)
        of_rating = (1 - bought) * entropy_of(np.log(_RATING[0])) + bought * entropy_of(np.log(_RATING[1]))
        return float(entropy_of(log_visits) + np.exp(log_visits) @ (of_amount + of_rating))

    def _sample(self, n, rng):
        import pandas as pd

        visits = rng.poisson(_VISITS, n)
        bought = rng.random(n) >= _KEEP ** (visits + 1)
        amount = np.where(bought, np.round(rng.lognormal(_LOG_MEAN, _LOG_STD, n), 2), 0.0)
        cumulated = _RATING.cumsum(axis=1)[(amount > 0).astype(int), :_N_RATINGS]  # (n, 5)
        rating = 1.0 + (rng.random((n, 1)) >= cumulated).sum(axis=1)
        rating[rating > _N_RATINGS] = np.nan
        return pd.DataFrame(dict(zip(self.columns, (visits, amount, rating))))

    def _log_density(self, X):
        visits, k = cell_numbers(X["visits"]), cell_numbers(X["amount"], _RESOLUTION)
        rating = np.asarray(X["rating"], dtype=np.float64)
        code = np.where(np.isnan(rating), _N_RATINGS, np.rint(rating) - 1)
        valid = (code >= 0) & (code <= _N_RATINGS) & ~(np.rint(rating) > _N_RATINGS)
        log_rating = np.log(_RATING)[(k > 0).astype(int), np.where(valid, code, 0).astype(int)]
        out = log_poisson(visits, _VISITS) + _log_amount(k, np.maximum(visits, 0)) - np.log(_RESOLUTION) + log_rating
        return np.where(valid, out, -np.inf)
