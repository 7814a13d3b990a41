"""GaussianMixture: components that are a normal law on numbers times laws of the other columns.

    p(x)  =  sum_k w_k N(x_O; m_k[O], S_k[O, O]) prod_j p_kj(x_j),

O the numbers of the row that are not missing; j runs over categories, missing-cell flags and numbers with heavy values.
On a float array without missing cells only the normal law is left: the textbook mixture.
"""

from __future__ import annotations

import warnings
from numbers import Integral, Real

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from .._sklearn import Interval, StrOptions
from ..base import GenerativeModel
from ..exceptions import DegenerateDataWarning
from ._distinct_rows import distinct_rows
from ._mixture import em
from ._mixture.components import Components
from ._mixture.inits import from_last_fit, with_inits
from ._mixture.overall import overall_laws
from ._mixture.split import grow
from ._mixture.start import canonical_columns, embed, responsibilities


class GaussianMixture(GenerativeModel):
    """Mixture of Gaussians, extended to tables with categories, missing cells and heavy values.

    On float arrays this is the model of ``sklearn.mixture.GaussianMixture``. In a table, a component is a Gaussian on
    the numbers times one independent law for every other column: categories, numbers of few values, and numbers with
    heavy values (atoms there, a lattice normal for the rest). Missing cells are exact everywhere: being missing has a
    probability in each component, and the missing numbers of the Gaussian are integrated out.

    Parameters
    ----------
    n_components : int, default=1
        Number of mixture components.
    covariance_type : {"full", "tied", "diag", "spherical"}, default="full"
        Shape of the components' covariances: one matrix each, one matrix for all, one variance per column each, one
        variance each.
    tol : float, default=1e-4
        EM stops when one iteration raises the mean log-likelihood (nats per row) by less.
    reg_covar : float, default=1e-6
        Smallest variance of a component, in units of the columns' variances: eigenvalues of the covariances of
        standardised columns are kept at or above it. Scale-free, and without effect on larger variances.
    max_iter : int, default=200
        Most EM iterations of a start.
    n_init : int, default=1
        Number of starts; the one of highest likelihood is kept.
    init_params : {"split", "kmeans", "random"}, default="split"
        Where EM starts: a mixture grown from one component by the best splits, k-means clusters of the standardised
        columns, or the rows nearest to random rows. All are functions of the weighted data set, whatever its order.
    weights_init : array of shape (n_components,), default=None
        Weights to start from.
    means_init : array of shape (n_components, n_features), default=None
        Means to start from, for tables of numbers in one Gaussian.
    precisions_init : array, default=None
        Inverse covariances to start from, in the shape of `covariances_`.
    smoothing : float, default=0.5
        Every component counts this many further rows of the overall law for each cell of a column outside the Gaussian,
        so that a level a component never saw keeps some probability. The default is near the best held-out likelihood
        on census, shop and passenger tables.
    warm_start : bool, default=False
        Whether `fit` starts from the last fit, where its components and columns are of the same kind.
    categorical_features : "from_dtype", mask or names, default="from_dtype"
        Columns to read as categories.
    schema : Schema or None, default=None
        Kinds and base measure of the columns; inferred from the table where None.
    random_state : int, RandomState instance, Generator or None, default=None
        Seed of the fit and of the stream that `sample` draws from.

    Attributes
    ----------
    weights_ : ndarray of shape (n_components,)
        Weights of the components.
    gaussian_columns_ : ndarray of shape (n_gaussian,)
        Positions of the columns in the Gaussian; all of them for a float array.
    means_ : ndarray of shape (n_components, n_gaussian)
        Means, in the units of the table.
    covariances_ : ndarray
        Covariances in the units of the table: shape (n_components, n_gaussian, n_gaussian) for "full", (n_gaussian,
        n_gaussian) for "tied", (n_components, n_gaussian) for "diag", (n_components,) for "spherical" (in frames, whose
        columns differ in unit, in multiples of the columns' variances).
    converged_ : bool
        Whether the kept start reached `tol`.
    n_iter_ : int
        EM iterations of the kept start.
    lower_bounds_ : ndarray
        Mean log-likelihood of the rows of fit at each iteration, plus the smoothing's log-prior; it never falls.
    lower_bound_ : float
        The last of them.

    See Also
    --------
    KernelDensity : One kernel per row instead of a few components.

    Examples
    --------
    >>> import numpy as np
    >>> from skgen import GaussianMixture
    >>> rng = np.random.default_rng(0)
    >>> X = np.concatenate([rng.normal(-2, 1, (500, 1)), rng.normal(2, 0.5, (500, 1))])
    >>> model = GaussianMixture(2, random_state=0).fit(X)
    >>> model.means_.ravel().round(1)
    array([-2.,  2.])
    >>> round(model.score(X), 2)
    -1.73
    """

    _parameter_constraints: dict = {
        **GenerativeModel._parameter_constraints,
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "covariance_type": [StrOptions({"full", "tied", "diag", "spherical"})],
        "tol": [Interval(Real, 0, None, closed="left")],
        "reg_covar": [Interval(Real, 0, None, closed="left")],
        "max_iter": [Interval(Integral, 0, None, closed="left")],
        "n_init": [Interval(Integral, 1, None, closed="left")],
        "init_params": [StrOptions({"split", "kmeans", "random"})],
        "weights_init": ["array-like", None],
        "means_init": ["array-like", None],
        "precisions_init": ["array-like", None],
        "smoothing": [Interval(Real, 0, None, closed="left")],
        "warm_start": ["boolean"],
    }

    def __init__(
        self,
        n_components=1,
        *,
        covariance_type="full",
        tol=1e-4,
        reg_covar=1e-6,
        max_iter=200,
        n_init=1,
        init_params="split",
        weights_init=None,
        means_init=None,
        precisions_init=None,
        smoothing=0.5,
        warm_start=False,
        categorical_features="from_dtype",
        schema=None,
        random_state=None,
    ):
        self.n_components = n_components
        self.covariance_type = covariance_type
        self.tol = tol
        self.reg_covar = reg_covar
        self.max_iter = max_iter
        self.n_init = n_init
        self.init_params = init_params
        self.weights_init = weights_init
        self.means_init = means_init
        self.precisions_init = precisions_init
        self.smoothing = smoothing
        self.warm_start = warm_start
        self.categorical_features = categorical_features
        self.schema = schema
        self.random_state = random_state

    # ---- hooks ---------------------------------------------------------------------------------------------------

    def _fit(self, Z, sample_weight, rng):
        weight = np.ones(len(Z)) if sample_weight is None else sample_weight
        order = canonical_columns(Z, weight)
        Z, weight = distinct_rows(Z, weight, order)
        if len(Z) < self.n_components:
            warnings.warn(
                f"n_components={self.n_components}, but only {len(Z)} rows are distinct: some components coincide. "
                f"Use at most {len(Z)}.",
                DegenerateDataWarning,
                stacklevel=2,
            )
        overall = Components(
            np.ones(1), *overall_laws(Z, weight, self.codec_.columns, order, self.covariance_type, self.reg_covar)
        )
        fixed = [law for law in overall.laws if not law.learns]
        overall.laws = [law for law in overall.laws if law.learns]
        rows = em.Rows(Z, weight, overall.block, overall.laws)
        best = None
        for _ in range(1 if self._is_started() else self.n_init):
            components = self._start_components(Z, weight, rows, overall, rng)
            history, converged = em.run(
                rows, components, smoothing=self.smoothing, tol=self.tol, max_iter=self.max_iter
            )
            if best is None or history[-1] > best[1][-1] + em.TIE:
                best = components, history, converged
        components, history, self.converged_ = best
        components.laws += [law.pick([0] * self.n_components) for law in fixed]
        self._keep(components, history)

    def _sample(self, n, rng):
        Z = np.full((n, self.n_features_in_), np.nan)
        return self._components().draw(Z, np.zeros(self.n_features_in_, bool), rng)

    def _log_density(self, Z, known=None):
        return self._components().log_density(Z, known)

    def _sample_given(self, Z, known, rng, allowed=None):
        return self._components().draw(Z, known, rng, allowed)

    def _n_parameters(self):
        return self._components().n_parameters()

    # ---- clustering ----------------------------------------------------------------------------------------------

    def predict_proba(self, X):
        """Probabilities of the components given rows.

        Parameters
        ----------
        X : DataFrame or array of shape (n_samples, n_features)
            Rows with the columns of fit.

        Returns
        -------
        proba : ndarray of shape (n_samples, n_components)
            They sum to 1 in each row.
        """
        Z = self._encode(X)
        return self._components().posterior(Z)

    def predict(self, X):
        """The most probable component of each row.

        Parameters
        ----------
        X : DataFrame or array of shape (n_samples, n_features)
            Rows with the columns of fit.

        Returns
        -------
        labels : ndarray of shape (n_samples,)
            Numbers of components.
        """
        Z = self._encode(X)
        return self._components().log_joint(Z).argmax(axis=1)

    # ---- start and end of a fit ----------------------------------------------------------------------------------

    def _components(self):
        return Components(self.weights_, self._block_, self._laws_)

    def _keep(self, components, history):
        block = components.block.arranged(np.sort(components.block.columns))
        self.weights_, self._block_ = components.weights, block
        self._laws_ = [law.finished() for law in components.laws]
        self.gaussian_columns_ = block.columns
        self.means_ = block.centre + block.scale * block.means
        self.covariances_ = block.covariances * block.unit_of_covariances()
        self.lower_bounds_ = np.array(history)
        self.lower_bound_ = history[-1]
        self.n_iter_ = len(history) - 1
        if not self.converged_ and self.max_iter > 0 and self.tol > 0:
            warnings.warn(
                f"EM did not reach tol={self.tol:g} in {self.max_iter} iterations; the last raised the mean "
                f"log-likelihood by {history[-1] - history[-2]:.2g}. Raise max_iter or tol.",
                ConvergenceWarning,
                stacklevel=2,
            )

    def _is_started(self):
        """Whether the start is a point, not a search."""
        inits = (self.weights_init, self.means_init, self.precisions_init)
        return all(init is not None for init in inits) or (self.warm_start and hasattr(self, "_block_"))

    def _start_components(self, Z, weight, rows, overall, rng):
        K = self.n_components
        if self.warm_start and hasattr(self, "_block_"):
            components = from_last_fit(overall, self._components(), K)
            if components is not None:
                return components
        inits = (self.weights_init, self.means_init, self.precisions_init)
        if all(init is not None for init in inits):
            components = overall.pick([0] * K)
        elif self.init_params == "split":
            components = grow(Z, weight, overall, K, self.smoothing, rng)
        else:
            components = overall.pick([0] * K)
            points = embed(Z, weight, overall.block, overall.laws)
            em.start(rows, components, responsibilities(points, weight, K, self.init_params, rng), self.smoothing)
        return with_inits(components, *inits)
