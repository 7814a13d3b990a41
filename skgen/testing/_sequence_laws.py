"""Sequence laws: what every model of sequences must satisfy, as functions of an unfitted estimator and sequences."""

from __future__ import annotations

import copy
import pickle
import random
import tempfile
import warnings
from pathlib import Path

import numpy as np
from hmmlearn import hmm
from sklearn.exceptions import ConvergenceWarning

from .. import _registry
from .._sklearn import clone
from ..persistence import load, save
from ._law import check_close, check_mean, configured, fitted, require
from ._state import difference, fitted_state, is_plain, leaves, snapshot


def seeds(estimator, X):
    """Two fits of one seed score and sample the same bits, two calls differ, a seeded call moves no stream."""
    model, again = fitted(estimator, X), fitted(estimator, X)
    assert np.array_equal(model.score_samples(X), again.score_samples(X)), "two fits of one seed score differently."
    again.sample(3, random_state=1)
    for length in (None, 9):
        first, other = model.sample(20, length=length), again.sample(20, length=length)
        assert same_sequences(first, other), "two fits of one seed give other samples, or a seeded call moved on."
        assert not same_sequences(first, model.sample(20, length=length)), "two calls give the same sequences."
        again.sample(20, length=length)
        seeded = [model.sample(5, length=length, random_state=seed) for seed in (3, 3, 4)]
        assert same_sequences(seeded[0], seeded[1]), "sample(random_state=3) does not repeat."
        assert not same_sequences(seeded[0], seeded[2]), "two seeds of sample give the same sequences."


def prefix(estimator, X):
    """`sample(n)[:m]` equals `sample(m)`, within a block of 1,024 sequences and across blocks, lengths drawn or not."""
    model = fitted(estimator, X)
    for length in (None, 3):
        many = model.sample(1_100, length=length, random_state=5)
        for m in (0, 1, 7, 1_024, 1_030):
            few = model.sample(m, length=length, random_state=5)
            assert len(few) == m, f"sample({m}) has {len(few)} sequences."
            assert same_sequences(many[:m], few), f"length={length}: sample(1100)[:{m}] differs from sample({m})."


def global_state(estimator, X):
    """Fit, sample and score neither move nor read the global random states of numpy and Python."""
    results = []
    for seed in (0, 1):
        np.random.seed(seed)
        random.seed(seed)
        before = _global_states()
        model = fitted(estimator, X)
        results.append(([*model.sample(20)], model.score_samples(X)))
        assert _global_states() == before, "a global random state moved."
    (rows, scores), (other_rows, other_scores) = results
    assert same_sequences(rows, other_rows), "samples depend on a global random state."
    assert np.array_equal(scores, other_scores), "scores depend on a global random state."


def copies(estimator, X):
    """Pickles, copies and refitted clones score the same bits and go on at the same place of the stream."""
    for name, make in _COPIES.items():
        model = fitted(estimator, X)
        model.sample(3)
        twin = make(model, X)
        if name == "clone":
            twin.sample(3)
        _check_twin(model, twin, X, name)


def save_and_load(estimator, X):
    """A model that was saved and loaded scores the same bits and goes on at the same place of the stream."""
    require(type(estimator).__name__ in _registry.MODELS, "only registered models are saved")
    model = fitted(estimator, X)
    model.sample(3)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.skgen"
        save(model, path)
        twin = load(path)
    _check_twin(model, twin, X, "load")


def units(estimator, X):
    """A fit on aX + b shifts the scores by -T d log a, for a from 1e-30 to 1e30: within 1e-8 relative."""
    _require_smooth(estimator)
    base = fitted(estimator, X).score_samples(X)
    sizes = np.array([np.size(x) for x in X])
    for a in (1e-30, 1e-3, 7.0, 1e30):
        for b in (0.0, 10.0):
            moved = [a * (np.asarray(x) + b) for x in X]
            shifted = fitted(estimator, moved).score_samples(moved)
            check_close(shifted, base - sizes * np.log(a), 1e-8, f"units a = {a:g}, b = {b:g} a", relative=True)


def parameters_untouched(estimator, X):
    """`fit` changes no parameter, not the user's sequences, and a second fit equals the first."""
    model, sequences = configured(estimator), [np.array(x) for x in X]
    before = copy.deepcopy(model.get_params())
    _fit_again(model, sequences)
    path = difference(before, model.get_params())
    assert path is None, f"fit changed the parameter {path}."
    assert same_sequences(sequences, X), "fit wrote to the user's sequences."
    first = copy.deepcopy(fitted_state(model))
    path = difference(first, fitted_state(_fit_again(model, sequences)))
    assert path is None, f"a second fit differs from the first at {path}."


def failed_fit(estimator, X):
    """A fit that raises leaves the model as it was."""
    model = fitted(estimator, X)
    before = snapshot(model)
    wrong = [np.array(x, dtype=np.float64) for x in X]
    wrong[0][0] = np.inf
    try:
        model.fit(wrong)
    except ValueError:
        path = difference(before, vars(model))
        assert path is None, f"a failed fit changed {path}."
        return
    raise AssertionError("fit took an infinite number.")


def arrays_only(estimator, X):
    """What a fit leaves is scalars, strings and arrays, and objects of ours that turn into those."""
    for path, leaf in leaves(fitted_state(fitted(estimator, X))):
        assert is_plain(leaf), f"the fitted model holds {type(leaf).__name__} at {path}."


def order(estimator, X):
    """Scores depend neither on the order of sequences nor on what is scored beside them."""
    model = fitted(estimator, X)
    scores, places = model.score_samples(X), np.arange(len(X))[::-1]
    check_close(model.score_samples([X[i] for i in places])[places], scores, 1e-12, "reversed order", relative=True)
    alone = np.concatenate([model.score_samples([x]) for x in X])
    check_close(alone, scores, 1e-12, "one at a time", relative=True)


def lengths(estimator, X):
    """Lengths are drawn from those of fit; `length` and `given` fix them."""
    model = fitted(estimator, X)
    drawn, seen = {len(x) for x in model.sample(200)}, {len(x) for x in X}
    assert drawn <= seen, f"sample drew lengths {sorted(drawn - seen)}, which fit did not see."
    assert len(drawn) > 1 or len(seen) == 1, "sample drew one length only."
    for options in ({"n_samples": 5}, {"given": list(X[:5])}):
        found = {len(x) for x in model.sample(length=4, **options)}
        assert found == {4}, f"length=4 gave lengths {sorted(found)}."


def dilation(estimator, X):
    """Samples follow the scores: the mean of d/dh log p(x_1 + h (x - x_0), ...) over samples is -T d."""
    _require_smooth(estimator)
    model = fitted(estimator, X)
    T, h = 4, 1e-4
    drawn = np.stack(list(model.sample(4_000, length=T, random_state=11)))
    centre = drawn.mean(axis=0)
    up, down = (model.score_samples(list(centre + s * (drawn - centre))) for s in (1 + h, 1 - h))
    check_mean((up - down) / (2 * h), -centre.size, "dilation of sequences")


def engine_likelihood(estimator, X):
    """Scores equal those of hmmlearn with the fitted parameters, within 1e-8 relative."""
    model = fitted(estimator, X)
    require(hasattr(model, "transmat_"), "the model is no hidden Markov model")
    engine, frames = _engine(model)
    scores = [engine.score(frames(np.asarray(x).reshape(len(x), -1))) for x in X]
    check_close(model.score_samples(X), scores, 1e-8, "hmmlearn's score", relative=True)


def _engine(model):
    """hmmlearn's model with the fitted parameters, and how it wants the frames."""
    K, kind = model.n_components, model.covariance_type
    if model.emission == "gaussian":
        engine, arrays = hmm.GaussianHMM(K, kind), {"means_": model.means_, "covars_": model.covariances_}
        if kind == "spherical":
            arrays["covars_"] = np.repeat(model.covariances_[:, None], model.n_dims_, axis=1)
    elif model.emission == "mixture":
        engine = hmm.GMMHMM(K, model.weights_.shape[1], covariance_type=kind)
        arrays = {"weights_": model.weights_, "means_": model.means_, "covars_": model.covariances_}
    elif model.emission == "categorical":
        engine, arrays = hmm.CategoricalHMM(K), {"emissionprob_": model.emissionprob_}
    else:
        engine, arrays = hmm.PoissonHMM(K), {"lambdas_": model.rates_}
    for name, value in {"startprob_": model.startprob_, "transmat_": model.transmat_, **arrays}.items():
        setattr(engine, name, value)
    if model.emission == "categorical":
        return engine, lambda x: np.searchsorted(model.categories_, x)
    return engine, (lambda x: x.astype(np.int64)) if model.emission == "poisson" else (lambda x: x)


def same_sequences(a, b) -> bool:
    """Whether two collections of sequences are equal to the bit, dtypes included."""
    pairs = [(np.asarray(x), np.asarray(y)) for x, y in zip(a, b)]
    return len(a) == len(b) and all(x.dtype == y.dtype and np.array_equal(x, y) for x, y in pairs)


def _fit_again(model, X):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(X)


def _require_smooth(estimator):
    discrete = estimator.get_params(deep=False).get("emission") in ("categorical", "poisson")
    require(not discrete, "the law speaks of densities on real numbers")


def _check_twin(model, twin, X, name):
    assert np.array_equal(model.score_samples(X), twin.score_samples(X)), f"{name}: other scores."
    for options in ({"n_samples": 5}, {"given": list(X[:3]), "length": 4}):
        assert same_sequences(model.sample(**options), twin.sample(**options)), f"{name}: samples go on differently."


def _global_states():
    return [str(part) for part in np.random.get_state()], random.getstate()


_COPIES = {
    "pickle": lambda model, X: pickle.loads(pickle.dumps(model)),
    "deepcopy": lambda model, X: copy.deepcopy(model),
    "clone": lambda model, X: fitted(clone(model), X),
}

#: Name -> law, a function of an unfitted estimator and a list of sequences that raises AssertionError with what broke,
#: or LawNotApplicable.
SEQUENCE_LAWS = {
    "seeds": seeds,
    "prefix": prefix,
    "global_state": global_state,
    "copies": copies,
    "save_and_load": save_and_load,
    "units": units,
    "parameters_untouched": parameters_untouched,
    "failed_fit": failed_fit,
    "arrays_only": arrays_only,
    "order": order,
    "lengths": lengths,
    "dilation": dilation,
    "engine_likelihood": engine_likelihood,
}
