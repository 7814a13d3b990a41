"""Decimals of a fixed number of places, as pyarrow and polars have them."""

from __future__ import annotations

import re
from decimal import Context, Decimal

import numpy as np

_DTYPE = re.compile(r"decimal\d+\((\d+), (-?\d+)\)\[pyarrow\]|Decimal\(precision=(\d+|None), scale=(\d+)\)")
#: As many digits as the widest decimals have.
_CONTEXT = Context(prec=76)


def decimal_size(dtype):
    """The digits of a dtype by its name, and how many of them stand behind the point; None where it is no decimal."""
    found = _DTYPE.fullmatch(dtype)
    if found is None:
        return None
    digits, places = found[1] or found[3], int(found[2] or found[4])
    return None if digits == "None" else int(digits), places


def as_decimals(x, digits, places):
    """Numbers as decimals of at most so many digits, None for NaN."""
    unit = Decimal(1).scaleb(-places)
    most = Decimal(10 ** (digits or 38) - 1).scaleb(-places, _CONTEXT)  # the nearest double may be beyond it
    # Number by number: the libraries' casts from floats do not round alike, and write out digits of the double.
    least = most.copy_negate()  # a sign rounds
    within = (None if np.isnan(number) else min(max(Decimal(repr(number)), least), most) for number in x.tolist())
    return [None if number is None else _CONTEXT.quantize(number, unit) for number in within]
