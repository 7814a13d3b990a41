"""GenerativeOversampler: small classes filled up with samples of a density of their rows.

x_new ~ p(x | class),  as many as the class lacks.
"""

from __future__ import annotations

from collections.abc import Callable
from numbers import Real

import numpy as np
from sklearn.base import OneToOneFeatureMixin

from .._delegated import draw_rows, fitted_clone, unwrapped
from .._input import check_table
from .._random import block_generator, seed_from
from .._rollback import rollback
from .._sklearn import (
    BaseEstimator,
    HasMethods,
    Interval,
    StrOptions,
    _fit_context,
    _num_samples,
    _safe_indexing,
)
from ._inner_density import check_learns, check_samples, share_schema
from ._rows_classes import STRATEGIES, ClassColumn
from ._rows_kernels import NarrowKernels
from ._rows_tables import append_rows


class GenerativeOversampler(OneToOneFeatureMixin, BaseEstimator):
    """Oversampling of small classes by samples of a density.

    A clone of the density is fitted to the rows of each class that lacks rows, and its samples are put below the table.
    Any density serves, on tables of any types, and the new rows are of the types of the old ones. It is a sampler of
    imbalanced-learn by its methods: it stands in that package's pipelines, which resample in `fit` alone.

    Parameters
    ----------
    density : estimator, default=None
        The density that is cloned for each class: of this package, or one of scikit-learn with `sample`. None means a
        `KernelDensity` of a fifteenth of the bandwidth of Scott's rule: a classifier needs the border of the class more
        than its law, and wide kernels cross it. Its parameters are searched as `density__...`.
    sampling_strategy : float, str, dict or callable, default="auto"
        Which classes get new rows. By name up to the size of the largest class: "minority" the smallest class, "not
        majority" or "auto" all but the largest, "not minority" all but the smallest, "all". A float is the wished
        ratio of the smaller to the larger of two classes, a dict maps classes to their wished numbers of rows, and a
        callable takes y and returns such a dict.
    random_state : int, RandomState instance, Generator or None, default=None
        Seed of the samples. The density keeps its own `random_state`.

    Attributes
    ----------
    sampling_strategy_ : dict
        The number of new rows of each class.
    densities_ : dict
        The fitted density of each class that got new rows.
    n_features_in_ : int
        Number of columns.

    See Also
    --------
    TrainOnSynthetic : Trains on the samples of one density of all rows.

    Examples
    --------
    >>> import numpy as np
    >>> from skgen import GenerativeOversampler
    >>> rng = np.random.default_rng(0)
    >>> X = np.concatenate([rng.normal(0, 1, (90, 2)), rng.normal(3, 1, (10, 2))])
    >>> y = np.repeat(["common", "rare"], [90, 10])
    >>> X_new, y_new = GenerativeOversampler(random_state=0).fit_resample(X, y)
    >>> X_new.shape, int((y_new == "rare").sum())
    ((180, 2), 90)
    >>> X_new[100:].mean().round()
    np.float64(3.0)
    """

    _parameter_constraints: dict = {
        "density": [HasMethods(["fit"]), None],
        "sampling_strategy": [Interval(Real, 0, 1, closed="right"), StrOptions(set(STRATEGIES)), dict, Callable],
        "random_state": ["random_state", np.random.Generator],
    }
    _doc_link_module = "skgen"
    _doc_link_template = "https://skgen.readthedocs.io/en/latest/generated/skgen.{estimator_name}.html"

    def __init__(self, density=None, *, sampling_strategy="auto", random_state=None):
        self.density = density
        self.sampling_strategy = sampling_strategy
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y):
        """Check a table and a target, and count the new rows; `fit_resample` makes them.

        Parameters
        ----------
        X : DataFrame or array of shape (n_samples, n_features)
            The table.
        y : array-like of shape (n_samples,)
            The classes.

        Returns
        -------
        self : GenerativeOversampler
            The oversampler.

        Raises
        ------
        ValueError
            If there are less than two classes, or `sampling_strategy` asks for what cannot be.
        """
        with rollback(self):
            self._read(X, y)
        return self

    @_fit_context(prefer_skip_nested_validation=False)
    def fit_resample(self, X, y):
        """The table with new rows of small classes below it.

        Parameters
        ----------
        X : DataFrame or array of shape (n_samples, n_features)
            The table.
        y : array-like of shape (n_samples,)
            The classes.

        Returns
        -------
        X : DataFrame or array of shape (n_samples_new, n_features)
            The rows of the table as they were, then the new ones, in the same container.
        y : array-like of shape (n_samples_new,)
            Their classes.
        """
        with rollback(self):
            if self.density is not None:
                check_samples(self.density, type(self).__name__)
                check_learns(self.density, type(self).__name__, "fitted to the rows of each class")
            table, target = self._read(X, y)
            seed = seed_from(self.random_state)
            density = NarrowKernels(random_state=seed % 2**32) if self.density is None else self.density
            density = share_schema(density, table, None)
            self.densities_, codes = {}, []
            resampled = table
            for k, label in enumerate(target.classes.tolist()):
                n_new = self.sampling_strategy_.get(label, 0)
                if not n_new:
                    continue
                rows = _safe_indexing(table, np.flatnonzero(target.codes == k))
                self.densities_[label] = fitted_clone(density, rows, None)
                call_seed = seed_from(block_generator(seed, 1, k))
                new = draw_rows(unwrapped(self.densities_[label]), n_new, None, call_seed, 0)
                resampled = append_rows(resampled, new)
                codes.append(np.full(n_new, k))
            y = target.append(np.concatenate(codes) if codes else np.empty(0, np.int64))
        return (resampled.tolist() if isinstance(X, list) else resampled), y

    def _read(self, X, y):
        if y is None:
            raise ValueError("GenerativeOversampler requires y to be passed, but the target y is None.")
        table = check_table(self, X, reset=True)
        target = ClassColumn(y)
        if len(target.codes) != _num_samples(table):
            raise ValueError(
                f"X and y must have the same number of rows, got {_num_samples(table)} and {len(target.codes)}."
            )
        self.sampling_strategy_ = target.n_new(self.sampling_strategy)
        return table, target

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.target_tags.required = True
        return tags
