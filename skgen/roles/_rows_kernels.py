"""NarrowKernels: a kernel density with a small share of the bandwidth that describes the rows best.

p(x)  =  sum_i w_i prod_j K_j(x_j | a_ij),   bandwidths h_j = share * Scott's.
"""

from __future__ import annotations

import numpy as np

from .._delegated import DelegatedDensity
from ..classic.kernel_density import KernelDensity

#: Width of the kernels of a column without spread: its value is repeated.
_LEAST = 1e-12


class NarrowKernels(DelegatedDensity):
    """A kernel density with a small share of the bandwidth of Scott's rule.

    Parameters
    ----------
    share : float, default=1/15
        The share. Between 1/20 and 1/10 samples of rare classes serve classifiers best.
    schema : Schema or None, default=None
        Kinds and base measure of the columns; inferred from the table where None.
    random_state : int, RandomState instance, Generator or None, default=None
        Seed of the fit and of the stream that `sample` draws from.
    """

    def __init__(self, share=1 / 15, *, schema=None, random_state=None):
        self.share = share
        self.schema = schema
        self.random_state = random_state

    def _fit_density(self, X, sample_weight):
        settings = {"schema": self.schema, "n_jobs": 1, "random_state": self.random_state}
        scott = KernelDensity("scott", **settings).fit(X, sample_weight=sample_weight).bandwidth_
        h = np.where(np.isnan(scott), np.nan, np.maximum(self.share * np.nan_to_num(scott), _LEAST))
        self.density_ = KernelDensity(h, **settings).fit(X, sample_weight=sample_weight)
