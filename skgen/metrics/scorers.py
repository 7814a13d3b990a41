"""Sample scorers: fidelity of a fitted model's samples as the `scoring` of a search or a cross-validation."""

from __future__ import annotations

from .shape import shape_error
from .trend import trend_error
from .two_sample import two_sample_auc


class SampleScorer:
    """Draw as many rows as there are to compare with, and score them; higher is better.

    Parameters
    ----------
    metric : callable
        A function `metric(real, synthetic, **settings) -> float`.
    best : float, default=0.0
        The metric's best value: the score is minus the distance from it.
    random_state : int, default=0
        Seed of the rows, the same at each call.
    **settings : dict
        Further arguments of the metric.

    Examples
    --------
    >>> from sklearn.model_selection import GridSearchCV
    >>> from skgen import GaussianMixture
    >>> from skgen.datasets import EightGaussians
    >>> from skgen.metrics import SampleScorer, trend_error
    >>> X = EightGaussians().sample(1000, random_state=0)
    >>> scorer = SampleScorer(trend_error, n_bins=20)
    >>> search = GridSearchCV(GaussianMixture(random_state=0), {"n_components": [1, 8]}, scoring=scorer, cv=3)
    >>> search.fit(X).best_params_
    {'n_components': 8}
    """

    def __init__(self, metric, *, best=0.0, random_state=0, **settings):
        self.metric = metric
        self.best = best
        self.random_state = random_state
        self.settings = settings

    def __call__(self, estimator, X, y=None):
        """Minus the error of rows of a fitted model.

        Parameters
        ----------
        estimator : fitted model
            Anything with `sample(n_samples, random_state=...)`.
        X : DataFrame or array of shape (n_samples, n_features)
            Real rows, best such that the model has not been fitted to.
        y : None
            Ignored.

        Returns
        -------
        float
            The score, higher is better.
        """
        rows = estimator.sample(len(X), random_state=self.random_state)
        settings = {"schema": getattr(estimator, "schema_", None), **self.settings}
        return -abs(self.metric(X, rows, **settings) - self.best)

    def __repr__(self):
        settings = "".join(f", {key}={value!r}" for key, value in self.settings.items())
        return f"SampleScorer({self.metric.__name__}, best={self.best:g}, random_state={self.random_state}{settings})"


#: Minus the shape error, the trend error, and the distance of the boosted two-sample AUC from one half.
shape_scorer = SampleScorer(shape_error)
trend_scorer = SampleScorer(trend_error)
two_sample_scorer = SampleScorer(two_sample_auc, best=0.5)
