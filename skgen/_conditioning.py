"""Conditional samples: a model's own conditionals where it has them, weighted draws of its joint law elsewhere.

Draws of the model's hook that break a set or leave the seen support are drawn again: what is kept follows the
conditional law exactly.
"""

from __future__ import annotations

import inspect
from dataclasses import replace

import numpy as np
from scipy.special import logsumexp

from ._density import condition_mask, draw_log_densities
from ._proposals import resample_proposals
from ._random import BLOCK_ROWS, block_generator
from ._resampling import resample_given, warn_of_few
from .exceptions import GivenError, LowSupportError, UnsupportedGivenError
from .table import Allowed
from .table.given import column_position, parse_given

#: Rounds of about 1,024 draws for one block of rows that must meet a condition.
MOST_ROUNDS = 256


# ---- densities ------------------------------------------------------------------------------------------------------


def check_marginals(model, given):
    """The mask of the columns to condition on, None where the model always does; an error where it cannot."""
    if isinstance(given, dict):
        raise GivenError(
            "score_samples takes the names of the columns to condition on, given=[...]; their values are those of X."
        )
    names, known = [given] if isinstance(given, str) else list(given), np.zeros(model.n_features_in_, bool)
    known[[column_position(name, model.codec_) for name in names]] = True
    always = condition_mask(model)
    if always.any() and (known == always).all():
        return None
    has_marginals = "known" in _parameters(model._log_density)
    if always.any() and not (has_marginals and known[always].all()):
        raise UnsupportedGivenError(
            f"This {type(model).__name__} was fitted with condition_on: its scores are those given "
            f"{model.conditional_on_}{' and further columns' if has_marginals else ', and no others'}."
        )
    if not has_marginals:
        raise UnsupportedGivenError(
            f"{type(model).__name__} has no marginal densities, so it cannot score given some columns. "
            "GaussianMixture, KernelDensity, BayesianNetwork and AdversarialRandomForest, among others, have."
        )
    return known


def _parameters(hook):
    return inspect.signature(hook).parameters


def log_marginal(model, Z, known):
    """Log-density of the known columns of rows of the typed view."""
    if not known.any():
        return np.zeros(len(Z))
    if model._view == "typed":
        return model._log_density(Z, known)
    scores = draw_log_densities(model, Z, known)
    return logsumexp(scores, axis=0) - np.log(len(scores))


# ---- samples --------------------------------------------------------------------------------------------------------


def read_conditions(model, n_samples, given):
    """The conditions of `given`, which fix the number of rows where they are a table; None where nothing is given."""
    always = condition_mask(model)
    spec = None if given is None else parse_given(given, model.codec_)
    if always.any() and (spec is None or (spec.known != always).any() or any(spec.allowed)):
        raise UnsupportedGivenError(
            f"This {type(model).__name__} was fitted with condition_on: sample needs given with one value for each of "
            f"the columns {model.conditional_on_} and for no other."
        )
    if spec is None:
        return None
    if spec.is_table and n_samples not in (1, len(spec.points)):
        raise GivenError(
            f"A given table has one row per sample: n_samples must be {len(spec.points)} or left out, got {n_samples}."
        )
    return spec


def sample_given(model, n_samples, spec, seed, call):
    """Rows of the typed view under conditions."""
    n_samples = len(spec.points) if spec.is_table else n_samples
    Z = np.empty((n_samples, model.n_features_in_))
    ess = []
    for block in range(-(-n_samples // BLOCK_ROWS)):
        rng = block_generator(seed, call, block)
        at = slice(block * BLOCK_ROWS, min((block + 1) * BLOCK_ROWS, n_samples))
        rows = np.arange(at.start, at.stop) if spec.is_table else np.zeros(BLOCK_ROWS, int)
        Z[at] = _draw_rows(model, spec, rows, rng, ess)[: at.stop - at.start]
    model.given_ess_ = float(min(ess)[0]) if ess else np.inf
    if ess:
        warn_of_few(ess, model, stacklevel=3)
    return Z


def _draw_rows(model, spec, rows, rng, ess):
    """One block of rows: those that know the same columns are drawn together."""
    Z = np.empty((len(rows), spec.points.shape[1]))
    patterns = np.concatenate([spec.known[rows], spec.completed[rows]], axis=1)
    for pattern in np.unique(patterns, axis=0):
        group = np.flatnonzero((patterns == pattern).all(axis=1))
        known = spec.known[rows[group[0]]]
        allowed = _with_completed(spec.allowed, spec.completed[rows[group[0]]])
        points = spec.points[rows[group]]
        if _has_conditionals(model, known, allowed):
            drawn = _draw_by_hook(model, points, known, allowed, rng)
        elif hasattr(model, "_propose_given"):
            drawn = resample_proposals(model, points, known, allowed, rng, ess, meets)
        else:
            drawn = resample_given(model, points, known, allowed, rng, ess)
        Z[group] = _placed(model.codec_, model.codec_.snap(drawn), allowed, spec.written, rng)
        Z[np.ix_(group, known)] = spec.exact[np.ix_(rows[group], known)]
    return Z


def _placed(codec, drawn, allowed, written, rng):
    """Numbers moved to a place in their cell that the sets allow; members of a set come as they were written."""
    Z = codec.place(drawn, rng).copy()
    for j, a in enumerate(allowed):
        if a is not None and written[j] is None:
            Z[:, j] = np.where(a.contains(Z[:, j]), Z[:, j], drawn[:, j])
        elif a is not None:
            at = np.minimum(np.searchsorted(a.values, drawn[:, j]), len(a.values) - 1)
            Z[:, j] = np.where(np.isnan(drawn[:, j]), np.nan, written[j][at])
    return Z


def _with_completed(allowed, completed):
    """The allowed sets, without "missing" where a value is to be drawn."""
    return [
        (Allowed() if a is None else replace(a, missing=False)) if complete else a
        for a, complete in zip(allowed, completed)
    ]


def _has_conditionals(model, known, allowed):
    """Whether single draws of a hook follow the conditional law."""
    if hasattr(model, "condition_on"):  # the hook of such a model knows no other columns
        return bool(condition_mask(model).any())
    if hasattr(model, "_is_exact_given"):
        return model._is_exact_given(known, allowed)
    if not hasattr(model, "_sample_given"):
        return False
    return model._view == "typed" or not model.codec_.real.needs_draw_[known].any()


def _draw_by_hook(model, points, known, allowed, rng):
    """Independent draws of the model's conditional law; those outside the sets or the support are drawn again."""
    takes_allowed = not hasattr(model, "_sample_given") or "allowed" in _parameters(model._sample_given)
    Z = np.empty(points.shape)
    pending = np.arange(len(points))
    for _ in range(MOST_ROUNDS):
        tried = np.repeat(pending, max(BLOCK_ROWS // len(pending), 1))
        drawn = _call_hook(model, points[tried], known, rng, allowed if takes_allowed else None)
        good = np.flatnonzero(meets(drawn, known, allowed, model.codec_))
        served, first = np.unique(tried[good], return_index=True)
        Z[served] = drawn[good[first]]
        pending = np.setdiff1d(pending, served, assume_unique=True)
        if not len(pending):
            return Z
    raise LowSupportError(
        f"No draw of {MOST_ROUNDS} rounds met the conditions. "
        f"{_hardest(drawn, points[pending[0]], known, allowed, model.codec_)}"
    )


def _call_hook(model, points, known, rng, allowed):
    extra = () if allowed is None else (allowed,)
    if not hasattr(model, "_sample_given"):
        return model._propose_given(points, known, rng, allowed)[0]
    if model._view == "typed":
        return model._sample_given(points, known, rng, *extra)
    real = model.codec_.real
    R, _ = real.encode(points, np.full(points.shape, 0.5), known)
    drawn = real.decode(model._sample_given(R, known, rng))
    drawn[:, known] = points[:, known]
    return drawn


def meets(Z, known, allowed, codec):
    """Mask of the rows whose unknown cells lie in the allowed sets and in the seen support."""
    inside = np.ones(len(Z), bool)
    for j, (column, a) in enumerate(zip(codec.columns, allowed)):
        if known[j]:
            continue
        if column.kind == "category" or column.rho:
            inside &= column.seen(Z[:, j])
        if a is not None:
            inside &= a.contains(Z[:, j])
    return inside


def _hardest(Z, point, known, allowed, codec):
    """What to change: a known number off the seen range, else the set that the fewest draws met."""
    for column, z in zip([c for c, k in zip(codec.columns, known) if k], point[known]):
        if z < column.lower or z > column.upper:
            return f"Column {column.name!r} was seen from {column.lower:g} to {column.upper:g}, and {z:g} was given."
    shares = [2.0 if known[j] or a is None else a.contains(Z[:, j]).mean() for j, a in enumerate(allowed)]
    column = codec.columns[int(np.argmin(shares))]
    if min(shares) > 1:
        return "The model puts hardly any rows with the given values into the range that fit saw."
    seen = f", seen from {column.lower:g} to {column.upper:g}" if column.kind == "number" else ""
    return f"The hardest is that on column {column.name!r}{seen}: widen it."
