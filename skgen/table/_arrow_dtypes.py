"""pyarrow's dtypes, read from the names that pandas writes for them but does not read itself."""

from __future__ import annotations

import re

import pandas as pd

from ..exceptions import SchemaError

try:
    import pyarrow as pa
except ImportError as error:
    raise ImportError("Columns of pyarrow's dtypes need pyarrow: pip install 'skgen[parquet]'.") from error

_DECIMAL = re.compile(r"(decimal(?:32|64|128|256))\((\d+), (-?\d+)\)\[pyarrow\]")
_DICTIONARY = re.compile(r"dictionary<values=(.+), indices=(\w+), ordered=([01])>\[pyarrow\]")


def arrow_dtype(written):
    """The dtype of a name that ends with "[pyarrow]"; an error of pandas or pyarrow where the name says too little."""
    if written == "string[pyarrow]":  # pandas reads a dtype of its own in this name
        return pd.ArrowDtype(pa.string())
    if found := _DECIMAL.fullmatch(written):
        return pd.ArrowDtype(getattr(pa, found[1])(int(found[2]), int(found[3])))
    if found := _DICTIONARY.fullmatch(written):
        values, indices = pa.type_for_alias(found[1]), pa.type_for_alias(found[2])
        return pd.ArrowDtype(pa.dictionary(indices, values, ordered=found[3] == "1"))
    return pd.api.types.pandas_dtype(written)


def refuse_lost_dtype(name, dtype):
    """An error for a column whose dtype generated tables could not be given back in."""
    try:
        kept = arrow_dtype(str(dtype)) == dtype
    except (TypeError, ValueError, NotImplementedError):
        kept = False
    if not kept:
        raise SchemaError(
            f"Column {name!r} has pyarrow's dtype {dtype}, which generated tables cannot be given. Convert it before "
            "fit: astype('float64') for numbers, astype('str') for text."
        )
