"""Contract laws: what a fit may touch, what it leaves behind, and how wrong input is refused."""

from __future__ import annotations

import contextlib
import copy
import io
import warnings

import numpy as np
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError

from ._law import check_close, configured, fitted, holds_code, is_net, require
from ._reference import mixed_table, smooth_rows
from ._seed_laws import same_rows
from ._state import difference, fitted_state, is_plain, leaves, snapshot


def fitted_is_arrays(estimator):
    """What a fit leaves in `vars` is plain: scalars, strings, lists, dicts, arrays, or objects that turn into those."""
    require(not holds_code(estimator), "a parameter is code of the user's")
    for name, X in _data():
        model = fitted(estimator, X)
        model.sample(2)
        model.score_samples(X)
        for path, leaf in leaves(fitted_state(model)):
            assert is_plain(leaf), f"{name}: vars(model){path} is a {type(leaf).__module__}.{type(leaf).__name__}."


def parameters_untouched(estimator):
    """Fit, sample and score change no parameter, and no attribute that the fit did not announce by a final "_"."""
    for name, X in _data():
        model = configured(estimator)
        before = copy.deepcopy(model.get_params())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(X)
        model.sample(3)
        model.score(X)
        path = difference(before, model.get_params())
        assert path is None, f"{name}: the parameter {path} changed."
        odd = [a for a in fitted_state(model) if not a.endswith("_") and not a.startswith("_")]
        assert not odd, f"{name}: fit sets {', '.join(odd)} without a final underscore."


def data_untouched(estimator):
    """The user's table is the same after fit, score and a conditional sample, and may be read-only."""
    X = smooth_rows(100, 2, seed=90)
    X.flags.writeable = False
    model = fitted(estimator, X)
    model.score_samples(X)
    table = mixed_table(120, seed=90)
    before = table.copy(deep=True)
    model = fitted(estimator, table)
    model.score_samples(table)
    model.sample(5, given=table[["sex"]].iloc[:5])
    assert table.equals(before) and list(table) == list(before), "the user's table changed."


def failed_fit_restores(estimator):
    """A fit that raises, at its start or half way, leaves the estimator as it was, fitted or not."""
    X = smooth_rows(100, 2, seed=91)
    model = fitted(estimator, X)
    model.sample(3)
    before = snapshot(model)
    bad = X.copy()
    bad[3, 1] = np.inf
    _fails(lambda: model.fit(bad))
    assert difference(before, vars(model)) is None, f"a failed fit changed {difference(before, vars(model))}."
    require(hasattr(model, "_fit"), "the model has no hook that could fail half way")
    for subject in (model, configured(estimator)):
        before = snapshot(subject)
        _fails(lambda subject=subject: _spoiled(subject).fit(smooth_rows(50, 3, seed=92)))
        path = difference(before, vars(subject))
        assert path is None, f"a fit that fails half way changed {path}."


class _HalfWay(Exception):
    """The failure that the law stages."""


def _spoiled(model):
    """The same object, its hook set to fail after it has begun to write."""

    def _fit(self, *args, **kwargs):
        for name in [name for name in vars(self) if name.endswith("_")]:
            setattr(self, name, "spoiled")
        self.spoiled_ = True
        raise _HalfWay

    model.__class__ = type(type(model).__name__, (type(model),), {"_fit": _fit, "__module__": type(model).__module__})
    return model


def _fails(call):
    try:
        call()
    except (ValueError, _HalfWay):
        return
    raise AssertionError("a fit that should fail does not.")


def fit_twice(estimator):
    """Fitting twice, or first on other data, equals fitting once."""
    for name, X in _data():
        once = fitted(estimator, X)
        require(not once.get_params(deep=False).get("warm_start", False), "warm_start continues a fit on purpose")
        other = mixed_table(90, seed=93) if name == "array" else smooth_rows(70, 4, seed=93)
        for first in (X, other):
            model = fitted(estimator, first)
            model.sample(3)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                model.fit(X)
            assert np.array_equal(model.score_samples(X), once.score_samples(X)), (
                f"{name}: a second fit scores otherwise."
            )
            stale = sorted(set(vars(model)) - set(vars(once)))
            assert not stale, f"{name}: {', '.join(stale)} is left over from an earlier fit."
        once = fitted(estimator, X)
        assert same_rows(model.sample(20), once.sample(20)), f"{name}: a second fit samples otherwise."


def refuses_bad_input(estimator):
    """Unfitted models, wrong widths, 1-D, empty, infinite and complex input raise the ecosystem's errors."""
    X = smooth_rows(60, 3, seed=94)
    raw, model = configured(estimator), fitted(estimator, X)
    infinite, missing = X.copy(), X.copy()
    infinite[0, 0], missing[0, 0] = np.inf, np.nan
    table = mixed_table(60, seed=94)
    on_table = fitted(estimator, table)
    cases = {
        "sample before fit": (NotFittedError, lambda: raw.sample(2)),
        "score_samples before fit": (NotFittedError, lambda: raw.score_samples(X)),
        "score before fit": (NotFittedError, lambda: raw.score(X)),
        "a narrower array": (ValueError, lambda: model.score_samples(X[:, :2])),
        "a wider array": (ValueError, lambda: model.score_samples(np.c_[X, X])),
        "a 1-D array": (ValueError, lambda: model.score_samples(X[0])),
        "a 1-D array in fit": (ValueError, lambda: clone(raw).fit(X[0])),
        "no rows in fit": (ValueError, lambda: clone(raw).fit(X[:0])),
        "no columns in fit": (ValueError, lambda: clone(raw).fit(X[:, :0])),
        "an empty frame in fit": (ValueError, lambda: clone(raw).fit(table.iloc[:0])),
        "infinity in fit": (ValueError, lambda: clone(raw).fit(infinite)),
        "infinity in score": (ValueError, lambda: model.score_samples(infinite)),
        "a missing cell where fit saw none": (ValueError, lambda: model.score_samples(missing)),
        "complex numbers": (ValueError, lambda: clone(raw).fit(X + 1j)),
        "a negative number of samples": (ValueError, lambda: model.sample(-3)),
        "half a sample": ((ValueError, TypeError), lambda: model.sample(2.5)),
        "a frame without a column": (ValueError, lambda: on_table.score_samples(table.drop(columns="age"))),
        "a frame in another order": (ValueError, lambda: on_table.score_samples(table.iloc[:, ::-1])),
        "an infinite cell of a frame": (ValueError, lambda: clone(raw).fit(table.assign(height=np.inf))),
    }
    for what, (expected, call) in cases.items():
        try:
            call()
        except expected as error:
            assert str(error), f"{what}: the error says nothing."
            continue
        raise AssertionError(f"{what} raises nothing.")
    assert model.score_samples(X[:0]).shape == (0,) if _takes_no_rows(model, X) else True


def _takes_no_rows(model, X):
    """Whether the model scores an empty array instead of refusing it as scikit-learn does."""
    try:
        model.score_samples(X[:0])
    except ValueError:
        return False
    return True


def refuses_bad_weights(estimator):
    """Weights that are negative, all zero, not finite or of another length are refused."""
    X = smooth_rows(60, 2, seed=95)
    model = configured(estimator)
    for what, weight in (
        ("negative weights", np.r_[-1.0, np.ones(59)]),
        ("weights that are all zero", np.zeros(60)),
        ("weights that are not finite", np.r_[np.nan, np.ones(59)]),
        ("too few weights", np.ones(10)),
    ):
        try:
            clone(model).fit(X, sample_weight=weight)
        except ValueError:
            continue
        except TypeError:
            require(False, "fit takes no sample_weight")
        raise AssertionError(f"{what} raise nothing.")


def prints_nothing(estimator):
    """At its default verbosity a model prints nothing and warns of nothing on clean data."""
    out, err = io.StringIO(), io.StringIO()
    with (
        warnings.catch_warnings(record=True) as caught,
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        warnings.simplefilter("always")
        for _, X in _data():
            model = fitted(estimator, X)
            model.sample(3)
            model.score_samples(X)
            repr(model)
    text = out.getvalue() + err.getvalue()
    assert not text, f"the model prints {text[:80]!r}."
    messages = [f"{w.category.__name__}: {w.message}" for w in caught]
    assert not messages, f"the model warns: {messages[0]}"


def em_never_lowers(estimator):
    """One more step of expectation-maximisation never lowers the objective `lower_bound_`."""
    own = estimator.get_params(deep=False)
    require("max_iter" in own, "the model has no iterations")
    for name, X in _data():
        bounds = []
        for steps in (1, 2, 3, 4, 6, 9, 14, 20):
            model = fitted(estimator, X, max_iter=steps, tol=0.0, n_init=1)
            require(hasattr(model, "lower_bound_"), "the model has no lower_bound_")
            bounds.append(float(model.lower_bound_))
        drop = float(-np.diff(bounds).min())
        assert drop <= 1e-10 * max(1.0, abs(bounds[0])), f"{name}: a step lowers the objective by {drop:.3g} nats."


def chunks_equal_one_fit(estimator):
    """Chunks through `partial_fit`, under one schema, equal one `fit`."""
    require(hasattr(configured(estimator), "partial_fit"), "the model has no partial_fit")
    require(not is_net(estimator), "minibatches make it another fit")
    from ..table import Schema

    table = mixed_table(240, seed=96)
    whole = fitted(estimator, table, schema=Schema.infer(table))
    model = configured(estimator, schema=Schema.infer(table))
    for start in range(0, 240, 80):
        model.partial_fit(table.iloc[start : start + 80])
    check_close(model.score_samples(table), whole.score_samples(table), 1e-9, "chunks against one fit", relative=True)


def _data():
    yield "array", smooth_rows(100, 3, seed=97)
    yield "table", mixed_table(120, seed=97)


CONTRACT_LAWS = {
    law.__name__: law
    for law in (
        fitted_is_arrays,
        parameters_untouched,
        data_untouched,
        failed_fit_restores,
        fit_twice,
        refuses_bad_input,
        refuses_bad_weights,
        prints_nothing,
        em_never_lowers,
        chunks_equal_one_fit,
    )
}
