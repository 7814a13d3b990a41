"""make_density_pipeline: transformers and a density, as one density of the original rows."""

from __future__ import annotations

from sklearn.pipeline import make_pipeline

from .transformed_density import TransformedDensity


def make_density_pipeline(*steps, memory=None):
    """Build a density behind transformers, scored in the units of the original rows.

    Parameters
    ----------
    *steps : list of estimators
        One-to-one transformers, in order, and the density at the end.
    memory : str, joblib.Memory or None, default=None
        Where fitted transformers are cached, so that a search over the density fits each once.

    Returns
    -------
    TransformedDensity
        Its `transformer` is the transformer, "passthrough" where there is none, or a `Pipeline` of several, whose steps
        are named as `sklearn.pipeline.make_pipeline` names them.

    See Also
    --------
    TransformedDensity : What it makes.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn.preprocessing import MinMaxScaler, PowerTransformer
    >>> from skgen import GaussianMixture, make_density_pipeline
    >>> X = np.random.default_rng(0).lognormal(size=(500, 1))
    >>> model = make_density_pipeline(MinMaxScaler(), GaussianMixture(random_state=0))
    >>> grid = {"transformer": [MinMaxScaler(), PowerTransformer("box-cox")]}
    >>> search = GridSearchCV(model, grid).fit(X)
    >>> search.best_params_["transformer"]
    PowerTransformer(method='box-cox')
    >>> search.cv_results_["mean_test_score"].round(2)
    array([-2.24, -1.42])
    """
    if not steps:
        raise ValueError("make_density_pipeline needs a density as its last step, got nothing.")
    *transformers, density = steps
    if not hasattr(density, "score_samples"):
        raise ValueError(f"The last step must be a density, with fit and score_samples, got {density!r}.")
    if not transformers:
        return TransformedDensity("passthrough", density, memory=memory)
    if len(transformers) == 1:
        return TransformedDensity(transformers[0], density, memory=memory)
    return TransformedDensity(make_pipeline(*transformers, memory=memory), density, memory=memory)
