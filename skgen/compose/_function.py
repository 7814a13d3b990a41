"""Function changes: one function for every cell, its inverse and the logarithm of its slope known by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import special
from sklearn.preprocessing import FunctionTransformer

from ..exceptions import NotInvertibleError
from ._change import Change, as_numbers, as_seen, known_change


@dataclass(frozen=True)
class FunctionLaw:
    """A strictly monotone function of one number.

    Parameters
    ----------
    inverse : callable
        The inverse function.
    log_slope : callable
        The logarithm of the absolute derivative, NaN outside the domain.
    image : tuple of float, default=(-inf, inf)
        The interval that the function maps on to.
    """

    inverse: Callable
    log_slope: Callable
    image: tuple = (-np.inf, np.inf)


def _constant(value):
    return lambda x: np.full(np.shape(x), value)


_LN2, _LN10 = np.log(2.0), np.log(10.0)

#: Function -> its law. `register_function` adds to it.
FUNCTIONS: dict[Callable, FunctionLaw] = {
    np.log: FunctionLaw(np.exp, lambda x: -np.log(x)),
    np.log2: FunctionLaw(np.exp2, lambda x: -np.log(x * _LN2)),
    np.log10: FunctionLaw(lambda z: 10.0**z, lambda x: -np.log(x * _LN10)),
    np.log1p: FunctionLaw(np.expm1, lambda x: -np.log1p(x)),
    np.exp: FunctionLaw(np.log, lambda x: x + 0.0, (0.0, np.inf)),
    np.exp2: FunctionLaw(np.log2, lambda x: x * _LN2 + np.log(_LN2), (0.0, np.inf)),
    np.expm1: FunctionLaw(np.log1p, lambda x: x + 0.0, (-1.0, np.inf)),
    np.sqrt: FunctionLaw(np.square, lambda x: -np.log(2 * np.sqrt(x)), (0.0, np.inf)),
    np.cbrt: FunctionLaw(lambda z: z**3, lambda x: -np.log(3 * np.cbrt(x) ** 2)),
    np.arcsinh: FunctionLaw(np.sinh, lambda x: -0.5 * np.log1p(x**2)),
    np.sinh: FunctionLaw(np.arcsinh, lambda x: np.logaddexp(x, -x) - _LN2),
    np.tanh: FunctionLaw(np.arctanh, lambda x: 2 * (_LN2 - np.logaddexp(x, -x)), (-1.0, 1.0)),
    np.arctanh: FunctionLaw(np.tanh, lambda x: -np.log1p(-x) - np.log1p(x)),
    np.arctan: FunctionLaw(np.tan, lambda x: -np.log1p(x**2), (-np.pi / 2, np.pi / 2)),
    np.negative: FunctionLaw(np.negative, _constant(0.0)),
    np.deg2rad: FunctionLaw(np.rad2deg, _constant(np.log(np.pi / 180))),
    np.rad2deg: FunctionLaw(np.deg2rad, _constant(np.log(180 / np.pi))),
    special.expit: FunctionLaw(special.logit, lambda x: special.log_expit(x) + special.log_expit(-x), (0.0, 1.0)),
    special.logit: FunctionLaw(special.expit, lambda x: -np.log(x) - np.log1p(-x)),
    special.ndtr: FunctionLaw(special.ndtri, lambda x: -0.5 * (x**2 + np.log(2 * np.pi)), (0.0, 1.0)),
    special.ndtri: FunctionLaw(special.ndtr, lambda x: 0.5 * (special.ndtri(x) ** 2 + np.log(2 * np.pi))),
}

#: Functions of constant slope.
_SLOPES = {np.negative: -1.0, np.deg2rad: np.pi / 180, np.rad2deg: 180 / np.pi}

_MANY_TO_ONE = (np.square, np.abs, np.sign, np.round, np.rint, np.floor, np.ceil, np.trunc, np.sin, np.cos)


def register_function(func, *, inverse, log_slope, image=(-np.inf, np.inf)):
    """Teach densities the Jacobian of a function within a `FunctionTransformer`.

    The entry belongs to this process. Where fits run in other processes, write a transformer with a method
    ``log_abs_det_jacobian(X)`` instead.

    Parameters
    ----------
    func : callable
        A strictly monotone function of one number that works on arrays, cell by cell.
    inverse : callable
        Its inverse.
    log_slope : callable
        The logarithm of its absolute derivative, at x; NaN outside the domain.
    image : tuple of (float, float), default=(-inf, inf)
        The interval that it maps on to.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.preprocessing import FunctionTransformer
    >>> from skgen.compose import log_abs_det_jacobian, register_function
    >>> def cube(x):
    ...     return x**3
    >>> register_function(cube, inverse=np.cbrt, log_slope=lambda x: np.log(3 * x**2))
    >>> log_abs_det_jacobian(FunctionTransformer(cube), [[1.0], [2.0]]).round(3)
    array([1.099, 2.485])
    """
    for name, value in (("func", func), ("inverse", inverse), ("log_slope", log_slope)):
        if not callable(value):
            raise ValueError(f"{name} must be a function of one number, got {value!r}.")
    if not image[0] < image[1]:
        raise ValueError(f"image must be an interval (low, high), got {image!r}.")
    FUNCTIONS[func] = FunctionLaw(inverse, log_slope, tuple(image))


def _law_of(func):
    if func not in FUNCTIONS:
        raise NotInvertibleError(
            f"The slope of the function {getattr(func, '__name__', func)} is not known. Call "
            "skgen.compose.register_function, or write a transformer with a method log_abs_det_jacobian(X)."
        )
    return FUNCTIONS[func]


class FunctionChange(Change):
    """The function of a `FunctionTransformer`, cell by cell."""

    def __init__(self, transformer, law, n_columns):
        image = tuple(law.image)
        scales = np.full(n_columns, _SLOPES.get(transformer.func, np.nan))
        super().__init__(np.arange(n_columns), scales, bounded=image != (-np.inf, np.inf))
        self.transformer = transformer
        self.image = image

    @property
    def law(self):
        return _law_of(self.transformer.func)  # looked up, not held: functions do not travel between processes

    def forward(self, X):
        X = np.where(np.isneginf(self.log_derivatives(X)), np.nan, X)
        return as_numbers(self.transformer.transform(as_seen(self.transformer, X)))

    def inverse(self, Z):
        Z = np.where(self._inside(Z), Z, np.nan)
        inverse = self.transformer.inverse_func
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            return as_numbers((self.law.inverse if inverse is None else inverse)(Z))

    def log_derivatives(self, X):
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            terms = np.array(self.law.log_slope(X), dtype=np.float64)
        terms[np.isnan(terms) | ~np.isfinite(self._plain(X))] = -np.inf
        terms[np.isnan(X)] = 0.0
        return terms

    def contains(self, Z):
        X = self.inverse(Z)
        return (np.isnan(Z) | np.isfinite(X)).all(axis=1)

    def _plain(self, X):
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            return np.asarray(self.transformer.func(X), dtype=np.float64)

    def _inside(self, Z):
        with np.errstate(invalid="ignore"):
            return (self.image[0] <= Z) & (self.image[1] >= Z)


class IdentityChange(Change):
    """Columns as they are: these need not be numbers."""

    def __init__(self, n_columns):
        super().__init__(np.arange(n_columns), np.ones(n_columns), np.ones(n_columns, bool))

    def forward(self, X):
        return X

    def inverse(self, Z):
        return Z

    def log_derivatives(self, X):
        return np.zeros(X.shape)


@known_change.register(FunctionTransformer)
def _function(transformer, n_columns):
    func = transformer.func
    if func is None:
        if transformer.inverse_func is not None:
            raise NotInvertibleError("FunctionTransformer has an inverse_func without a func: give both or neither.")
        return IdentityChange(n_columns)
    name = getattr(func, "__name__", repr(func))
    if func in _MANY_TO_ONE:
        raise NotInvertibleError(f"FunctionTransformer({name}) is not one-to-one: several rows become the same.")
    law = _law_of(func)
    if transformer.kw_args or transformer.inv_kw_args:
        raise NotInvertibleError(f"FunctionTransformer({name}) has kw_args, which the known slope knows nothing of.")
    return FunctionChange(transformer, law, n_columns)
