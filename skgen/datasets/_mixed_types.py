"""Mixed types: a law on tables with text, truth values, a count and a number on a decimal grid.

`p(site, rain, temperature, visitors) = p(site) p(rain | site) p(temperature | site, rain) p(visitors | all)`, each
factor a table of probabilities, a normal law rounded to the grid, or a Poisson law.
"""

from functools import cached_property

import numpy as np

from ._cells import cell_numbers, entropy_of, level_codes, log_normal_mass, log_poisson
from ._law import TableLaw

_RESOLUTION = 0.1  # of temperature
_SITES = ("coast", "hills", "north", "south")
_SITE = np.array([0.4, 0.3, 0.2, 0.1])
_RAIN = np.array([0.3, 0.5, 0.4, 0.1])  # P(rain | site)
_MEAN = np.array([18.0, 12.0, 9.0, 24.0])  # temperature on dry days
_RAIN_DROP = 4.0
_STD = np.array([4.0, 5.0, 6.0, 3.0])
_WARM = 20.0
_VISITORS = np.array([12.0, 6.0, 2.0, 9.0])  # mean on dry days that are not warm
_RAIN_FACTOR, _WARM_FACTOR = 0.4, 2.0
_REACH = 10.0  # standard deviations, and for the counts 10 sqrt(mean) + 40: less than 1e-15 lies beyond


def _visitors_mean(site, rain, temperature):
    factor = np.where(rain, _RAIN_FACTOR, 1.0) * np.where(temperature > _WARM, _WARM_FACTOR, 1.0)
    return _VISITORS[site] * factor


def _log_temperature(k, site, rain):
    """Log-probability of the k-th cell of temperature."""
    mean = _MEAN[site] - _RAIN_DROP * rain
    return log_normal_mass(*(((k + side) * _RESOLUTION - mean) / _STD[site] for side in (-0.5, 0.5)))


class MixedTypes(TableLaw):
    """Law on tables of weather and visitors, with a column of each common type.

    Columns: `site` (text, four levels), `rain` (bool), `temperature` (float on a grid of 0.1, a rounded normal law
    given site and rain) and `visitors` (int, Poisson given the rest; twice as many above 20 degrees). The density
    counts categories and divides the mass of a temperature's cell by 0.1, so that a schema that reads the columns
    so reports scores in the same measure.

    Attributes
    ----------
    columns : tuple of str
        Column names in order.

    n_features : int
        4.

    entropy : float
        Entropy in nats, summed over the cells (error below 1e-10).

    Examples
    --------
    >>> from skgen.datasets import MixedTypes
    >>> law = MixedTypes()
    >>> law.sample(2, random_state=0)["temperature"].tolist()
    [12.6, 14.4]
    >>> round(law.entropy, 4)
    7.0579
    """

    columns = ("site", "rain", "temperature", "visitors")

    @cached_property
    def entropy(self):
        """Entropy in nats."""
        total = entropy_of(np.log(_SITE))
        for site, p_site in enumerate(_SITE):
            total += p_site * entropy_of(np.log([_RAIN[site], 1 - _RAIN[site]]))
            total += p_site * (
                _RAIN[site] * self._entropy_given(site, 1) + (1 - _RAIN[site]) * self._entropy_given(site, 0)
            )
        return float(total)

    def _sample(self, n, rng):
        import pandas as pd

        site = rng.choice(len(_SITES), n, p=_SITE)
        rain = rng.random(n) < _RAIN[site]
        exact = _MEAN[site] - _RAIN_DROP * rain + _STD[site] * rng.standard_normal(n)
        temperature = np.round(exact, 1) + 0.0  # no negative zeros
        visitors = rng.poisson(_visitors_mean(site, rain, temperature))
        entries = (np.array(_SITES, dtype=object)[site], rain, temperature, visitors)
        return pd.DataFrame(dict(zip(self.columns, entries))).astype({"site": "str"})

    def _log_density(self, X):
        site, rain = level_codes(X["site"], _SITES), level_codes(X["rain"], (False, True))
        k, visitors = cell_numbers(X["temperature"], _RESOLUTION), cell_numbers(X["visitors"])
        out = np.log(_SITE[site]) + np.log(np.where(rain == 1, _RAIN[site], 1 - _RAIN[site]))
        out += _log_temperature(k, site, rain) - np.log(_RESOLUTION)
        out += log_poisson(visitors, _visitors_mean(site, rain, np.round(k * _RESOLUTION, 1)))
        return np.where((site >= 0) & (rain >= 0), out, -np.inf)

    @staticmethod
    def _entropy_given(site, rain):
        """Entropy of temperature and visitors, given site and rain."""
        centre, reach = _MEAN[site] - _RAIN_DROP * rain, _REACH * _STD[site]
        k = np.arange(np.rint((centre - reach) / _RESOLUTION), np.rint((centre + reach) / _RESOLUTION) + 1)
        log_p = _log_temperature(k, site, rain)
        warm = np.exp(log_p[np.round(k * _RESOLUTION, 1) > _WARM]).sum()
        total = entropy_of(log_p) + np.log(_RESOLUTION)
        for temperature, p in ((_WARM, 1 - warm), (_WARM + 1, warm)):
            mean = _visitors_mean(site, rain, temperature)
            total += p * entropy_of(log_poisson(np.arange(mean + _REACH * np.sqrt(mean) + 40), mean))
        return total
