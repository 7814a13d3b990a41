"""Training of a hidden Markov model by hmmlearn's EM, from starts and with priors that know no units.

hmmlearn's floors and priors are absolute, so real-valued frames are standardised first and the parameters mapped back:
means by x -> shift + scale x, covariances by the scales, the log-likelihood by - log scale a number.
"""

import logging
import threading
import warnings
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
from hmmlearn import hmm
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning

from .emissions import symbol_codes

# Prior sum of squares that every covariance gets, in standard units: hmmlearn's default, here free of units.
_PRIOR_SQUARES = 1e-2
# Weight of the priors that only keep the parameters of an empty state finite.
_TRACE = 1e-9
# More frames than this find no better k-means centres.
_MAX_START_FRAMES = 50_000


@dataclass
class Fit:
    """One run of EM: the parameters, in the units they were trained in, and its course."""

    parameters: dict
    history: list = field(default_factory=list)
    converged: bool = False

    @property
    def log_likelihood(self):
        return self.history[-1] if np.isfinite(self.history[-1]) and self._finite() else -np.inf

    def _finite(self):
        return all(np.isfinite(value).all() for value in self.parameters.values())


class _OwnThread(logging.Filter):
    """Drops the records of one thread."""

    def __init__(self):
        super().__init__()
        self.thread = threading.get_ident()

    def filter(self, record):
        return record.thread != self.thread


@contextmanager
def _quiet():
    """hmmlearn without its log records and its divisions by empty states, which `Fit.log_likelihood` rules on."""
    loggers, own = [logging.getLogger(name) for name in ("hmmlearn.base", "hmmlearn.hmm")], _OwnThread()
    for logger in loggers:
        logger.addFilter(own)
    try:
        with np.errstate(all="ignore"):
            yield
    finally:
        for logger in loggers:
            logger.removeFilter(own)


def _run(engine, frames, lengths, names, start):
    for name, value in start.items():
        setattr(engine, name, value)
    # hmmlearn's own start would run k-means again, and for mixtures read numpy's global random state
    engine._init = lambda X, lengths: engine._check_and_set_n_features(X)
    with _quiet():
        engine.fit(frames, lengths)
    history = [float(value) for value in engine.monitor_.history]
    converged = len(history) > 1 and history[-1] - history[-2] < engine.monitor_.tol
    parameters = {ours: np.array(getattr(engine, theirs)) for ours, theirs in names.items()}
    parameters["transmat_"] = _stochastic(parameters["transmat_"])
    return Fit(parameters, history, converged)


def _stochastic(p):
    """Rows that sum to 1; a row of zeros, a state that nothing ever followed, is uniform."""
    total = p.sum(axis=-1, keepdims=True)
    return np.where(total > 0, p / np.where(total > 0, total, 1.0), 1.0 / p.shape[-1])


def _path_counts(labels, lengths, K):
    """Start and transition laws of labelled frames, each cell with one count more than seen."""
    first = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    inside = np.ones(len(labels) - 1, dtype=bool)
    inside[first[1:] - 1] = False
    pairs = (labels[:-1] * K + labels[1:])[inside]
    trans = np.bincount(pairs, minlength=K * K).reshape(K, K) + 1.0
    start = np.bincount(labels[first], minlength=K) + 1.0
    return {"startprob_": start / start.sum(), "transmat_": trans / trans.sum(axis=1, keepdims=True)}


def _clusters(points, K, rng):
    """Labels and centres of k-means; clusters beyond the distinct points stay empty at the overall mean."""
    if K == 1:
        return np.zeros(len(points), dtype=np.int64), points.mean(axis=0, keepdims=True)
    few = points
    if len(points) > _MAX_START_FRAMES:
        few = points[np.sort(rng.choice(len(points), _MAX_START_FRAMES, replace=False))]
    found = min(K, len(np.unique(few, axis=0)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # nearly equal points merge: EM takes them apart or not
        means = KMeans(found, n_init=1, random_state=int(rng.integers(2**31))).fit(few)
    centres = np.tile(points.mean(axis=0), (K, 1))
    centres[:found] = means.cluster_centers_
    return means.predict(points).astype(np.int64), centres


def _cluster_covariances(points, labels, K, covariance_type):
    """Covariances of the clusters, each as if it held one frame more, of unit variance."""
    d = points.shape[1]
    squares, counts = np.tile(np.eye(d), (K, 1, 1)), np.bincount(labels, minlength=K) + 1.0
    for k in range(K):  # few states
        own = points[labels == k]
        if len(own):
            own = own - own.mean(axis=0)
            squares[k] += own.T @ own
    return _as_type(squares, counts, covariance_type)


def _as_type(squares, counts, covariance_type):
    if covariance_type == "tied":
        return squares.sum(axis=0) / counts.sum()
    full = squares / counts[:, None, None]
    diag = np.diagonal(full, axis1=1, axis2=2)
    if covariance_type == "spherical":
        return np.tile(diag.mean(axis=1)[:, None], (1, diag.shape[1]))
    return full if covariance_type == "full" else diag.copy()


def train_gaussian(frames, lengths, model, rng):
    """EM for one normal law per state, on standardised frames."""
    K, d, kind = model.n_components, frames.shape[1], model.covariance_type
    matrix = kind in ("full", "tied")
    labels, centres = _clusters(frames, K, rng)
    start = _path_counts(labels, lengths, K)
    start |= {"means_": centres, "covars_": _cluster_covariances(frames, labels, K, kind)}
    engine = hmm.GaussianHMM(
        K,
        kind,
        covars_prior=_PRIOR_SQUARES * np.eye(d) if matrix else _PRIOR_SQUARES,
        covars_weight=(d if matrix else 1) + _TRACE,
        means_weight=_TRACE,
        **_engine_settings(model, frames),
    )
    fit = _run(engine, frames, lengths, {**_CHAIN, "means_": "means_", "covariances_": "_covars_"}, start)
    if kind == "spherical":
        fit.parameters["covariances_"] = fit.parameters["covariances_"][:, 0]
    return fit


def train_mixture(frames, lengths, model, rng):
    """EM for a mixture of normal laws per state, on standardised frames."""
    K, M, d, kind = model.n_components, model.n_mix, frames.shape[1], model.covariance_type
    labels, _ = _clusters(frames, K, rng)
    start = _path_counts(labels, lengths, K)
    means, covariances = np.zeros((K, M, d)), []
    for k in range(K):  # few states, each with a k-means of its own
        own = frames[labels == k] if (labels == k).any() else frames
        parts, means[k] = _clusters(own, M, rng)
        covariances.append(_cluster_covariances(own, parts, M, kind))
    covariances = np.array(covariances)[..., 0] if kind == "spherical" else np.array(covariances)
    start |= {"weights_": np.full((K, M), 1.0 / M), "means_": means, "covars_": covariances}
    engine = hmm.GMMHMM(
        K,
        M,
        covariance_type=kind,
        weights_prior=1 + _TRACE,
        means_weight=_TRACE,
        **_mixture_priors(kind, M, d),
        **_engine_settings(model, frames),
    )
    names = {**_CHAIN, "weights_": "weights_", "means_": "means_", "covariances_": "covars_"}
    return _run(engine, frames, lengths, names, start)


def _mixture_priors(kind, M, d):
    """hmmlearn's priors, set so that a covariance is (squares + prior) / (weight + trace), whatever the type."""
    if kind == "diag":
        return {"covars_prior": -1.5 + _TRACE, "covars_weight": _PRIOR_SQUARES / 2}
    if kind == "spherical":
        return {"covars_prior": -(d + 2.0) / 2 + _TRACE, "covars_weight": d * _PRIOR_SQUARES / 2}
    weight = -(M + d + 1.0) if kind == "tied" else -(d + 2.0)
    return {"covars_prior": _PRIOR_SQUARES * np.eye(d), "covars_weight": weight + _TRACE}


def train_categorical(frames, lengths, model, rng):
    """EM for a law over symbols per state, from laws scattered around the overall one."""
    K = model.n_components
    symbols = np.unique(frames[:, 0])
    codes, N = symbol_codes(frames, symbols)[:, None], len(frames)
    share = np.bincount(codes[:, 0], minlength=len(symbols)) / N
    start = {
        "startprob_": np.full(K, 1.0 / K),
        "transmat_": rng.dirichlet(np.ones(K), size=K),
        "emissionprob_": _stochastic(share * rng.exponential(size=(K, len(symbols)))),
    }
    engine = hmm.CategoricalHMM(K, n_features=len(symbols), **_engine_settings(model, frames))
    fit = _run(engine, codes, lengths, {**_CHAIN, "emissionprob_": "emissionprob_"}, start)
    seen = np.hstack([_stochastic(fit.parameters["emissionprob_"]), np.zeros((K, 1))])
    rho = 1.0 / (N + 2)  # what no state may exclude, nor the symbols that were not seen
    fit.parameters["emissionprob_"] = (1 - rho) * seen + rho / seen.shape[1]
    whole = (symbols == np.floor(symbols)).all() and np.abs(symbols).max() < 2**53
    fit.parameters["categories_"] = symbols.astype(np.int64) if whole else symbols
    return fit


def train_poisson(frames, lengths, model, rng):
    """EM for Poisson counts per state, from the means of clusters of square roots."""
    K, N = model.n_components, len(frames)
    floor = 1.0 / (N + 2)  # a rate below one event in all the frames cannot be told from nought
    labels, _ = _clusters(np.sqrt(frames), K, rng)
    counts = np.bincount(labels, minlength=K)[:, None]
    sums = np.zeros((K, frames.shape[1]))
    np.add.at(sums, labels, frames)
    start = _path_counts(labels, lengths, K)
    start["lambdas_"] = np.maximum((sums + frames.mean(axis=0)) / (counts + 1.0), floor)
    engine = hmm.PoissonHMM(K, **_engine_settings(model, frames))
    fit = _run(engine, frames.astype(np.int64), lengths, {**_CHAIN, "rates_": "lambdas_"}, start)
    fit.parameters["rates_"] = np.maximum(fit.parameters["rates_"], floor)
    return fit


_CHAIN = {"startprob_": "startprob_", "transmat_": "transmat_"}


def _engine_settings(model, frames):
    """`tol` is a mean over frames; hmmlearn's is a sum. No random state: nothing is left for it to draw."""
    return {
        "n_iter": model.max_iter,
        "tol": model.tol * len(frames),
        "init_params": "",
        "random_state": 0,
        "verbose": bool(model.verbose),
    }


#: Name of the parameter `emission` -> its training.
TRAINERS = {
    "gaussian": train_gaussian,
    "mixture": train_mixture,
    "categorical": train_categorical,
    "poisson": train_poisson,
}


def standard_units(frames, covariance_type):
    """Shift and scale of each number; one common scale where covariances are spherical; 1 where nothing varies."""
    shift = frames.mean(axis=0)
    spread = np.abs(frames - shift).max(axis=0)
    scale = np.where(spread > 0, spread, 1.0)
    scale = scale * np.sqrt((((frames - shift) / scale) ** 2).mean(axis=0))  # no square leaves the range of floats
    constant = scale <= 1e-13 * np.abs(shift)  # what rounding leaves of a constant
    scale = np.where(constant | (spread == 0), 0.0, scale)
    if covariance_type == "spherical":
        top = scale.max()
        scale = np.full_like(scale, top * np.sqrt(np.mean((scale / top) ** 2)) if top > 0 else 0.0)
    return shift, np.where(scale > 0, scale, np.where(shift == 0, 1.0, np.abs(shift)))


def in_data_units(parameters, shift, scale, covariance_type):
    """Means and covariances of standardised frames, back in the units of the data."""
    covariances = parameters["covariances_"]
    if covariance_type == "spherical":
        covariances = covariances * scale[0] ** 2
    elif covariance_type == "diag":
        covariances = covariances * scale**2
    else:
        covariances = covariances * np.outer(scale, scale)
    return {**parameters, "means_": parameters["means_"] * scale + shift, "covariances_": covariances}
