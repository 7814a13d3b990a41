"""The density inside a role: what may stand there, its schema, its measure."""

from __future__ import annotations

import numpy as np
from sklearn.base import is_outlier_detector
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline

from .._delegated import is_frozen, schema_parameter, unwrapped
from .._sklearn import clone
from ..exceptions import SchemaError
from ..table import Schema


def check_density(density, role):
    """An error where an estimator has no log-density of the rows themselves."""
    if isinstance(density, type) or not (hasattr(density, "fit") and hasattr(density, "score_samples")):
        raise ValueError(f"density of {role} must be an estimator with fit and score_samples, got {density!r}.")
    if is_outlier_detector(density):
        raise ValueError(
            f"density of {role} must have log-densities, got {density!r}, whose score_samples is an outlier score."
        )
    if isinstance(getattr(density, "estimator", density), Pipeline):
        raise ValueError(
            f"density of {role} must not be a Pipeline, whose score is the density of the transformed rows: "
            "use make_density_pipeline with the same steps."
        )


def check_samples(density, role):
    """An error where neither an estimator nor what a search searches draws samples."""
    inner = unwrapped(density)
    if not hasattr(getattr(inner, "estimator", inner), "sample"):
        raise ValueError(
            f"density of {role} must be an estimator with fit and sample, or a search of one, got {density!r}."
        )


def check_learns(density, role, what="fitted to parts of the rows and judged by the others"):
    """An error where a density is frozen, in a role that has to fit it."""
    if is_frozen(density):
        raise ValueError(
            f"density of {role} must be {what}; got {density!r}, which stays as it was fitted. Pass the density "
            "without FrozenEstimator."
        )


def share_schema(density, X, sample_weight, categorical=()):
    """A clone whose own clones all read one schema, so that their densities are of the same thing.

    Parameters
    ----------
    density : estimator
        The density; one with a schema of its own keeps it.
    X : table
        All rows.
    sample_weight : ndarray or None
        Their weights.
    categorical : sequence
        Further columns to be read as categories.
    """
    density = clone(density)
    if isinstance(density, FrozenEstimator):
        return density
    name = schema_parameter(density)
    if name is None or density.get_params()[name] is not None:
        return density
    twin = name.removesuffix("schema") + "categorical_features"
    flags = density.get_params().get(twin, "from_dtype")
    schema = Schema.infer(X, categorical_features=_with_columns(flags, categorical), sample_weight=sample_weight)
    settings = {name: schema}
    if twin in density.get_params():
        settings[twin] = "from_dtype"
    return density.set_params(**settings)


def _with_columns(flags, columns):
    """The categorical columns of a density, and further ones by name or position."""
    columns = list(columns)
    if isinstance(flags, str) or flags is None:
        return columns or "from_dtype"
    flags = np.asarray(flags).tolist()
    if flags and all(isinstance(flag, bool) for flag in flags):
        return [*flags, *(True for _ in columns)]
    return [*flags, *columns]


def check_same_measure(densities):
    """An error where fitted densities are densities of different things, so that their scores do not compare."""
    schemas = [density.schema_ for density in densities if hasattr(density, "schema_")]
    measures = {tuple((column.kind, column.resolution) for column in schema.columns) for schema in schemas}
    if len(measures) > 1:
        raise SchemaError(
            "The densities of the classes read the table in different kinds or resolutions, so their scores do not "
            "compare. Pass a float array, or a density that takes `schema`."
        )
