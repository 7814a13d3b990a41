"""A table file: CSV, plain or compressed, or Parquet, read into a DataFrame."""

from __future__ import annotations

import zlib
from importlib.util import find_spec
from lzma import LZMAError
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import pandas as pd

PARQUET = (".parquet", ".pq")
#: Bytes of a file that tell whether it is text.
PEEK = 4096
SEPARATORS = (";", "\t", "|")
#: What readers of text and of its compressions raise; a RuntimeError speaks of a zip file that needs a password.
BROKEN = (
    pd.errors.ParserError, UnicodeDecodeError, EOFError, OSError, zlib.error, LZMAError, BadZipFile, RuntimeError,
)  # fmt: skip
ISO_DATE = r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?"
#: A number with a decimal comma or none; a point may part thousands, so no cell has one.
COMMA_NUMBER = r"[ \t]*[+-]?[0-9]+(,[0-9]+)?([eE][+-]?[0-9]+)?[ \t]*"
#: Cells whose comma may part thousands as well.
COMMA_THOUSANDS = r"[ \t]*[+-]?[1-9][0-9]{0,2},[0-9]{3}[ \t]*"


def is_parquet(path) -> bool:
    """Whether a file's name says that it is Parquet."""
    return Path(path).suffix.lower() in PARQUET


def check_parquet(path):
    """Refuse a Parquet file where nothing is installed that reads or writes it."""
    if is_parquet(path) and find_spec("pyarrow") is None:
        raise ImportError(f'{path}: Parquet needs pyarrow, not found here: pip install "skgen[parquet]".')


def read_table(path, *, min_rows=1, say=print):
    """A file as a DataFrame, with columns of dates as dates, of whole numbers as integers, of decimals as floats.

    Parameters
    ----------
    path : str or path-like
        The file: Parquet by its name, else CSV with a header line, compressed where the name ends in .gz, .bz2, .xz
        or .zip. Separators ";", tab and "|" are recognised, beside them numbers with decimal commas, and Latin-1
        where the text is not UTF-8.
    min_rows : int, default=1
        Fewest rows that are of use.
    say : callable, default=print
        Takes a sentence on each thing that was recognised.

    Returns
    -------
    DataFrame
        The table.

    Raises
    ------
    ValueError
        If the file is no table of enough rows; the message says why.
    """
    path = Path(path)
    if not path.exists():
        raise ValueError(f"There is no file {path}.")
    if path.is_dir():
        raise ValueError(f"{path} is a folder; name a file of CSV or Parquet.")
    table = _read_parquet(path, say) if is_parquet(path) else _with_dates(_read_csv(path, say), say)
    if table.shape[1] == 0:
        raise ValueError(f"{path} has no columns.")
    infinite = [name for name in table.select_dtypes("number") if np.isinf(table[name].astype("float64")).any()]
    if infinite:
        raise ValueError(f"{path} has infinite cells in columns {infinite}; drop those rows or leave the cells empty.")
    if len(table) < min_rows:
        raise ValueError(f"{path} has {len(table)} rows below its header; at least {min_rows} are needed.")
    return table


def _read_parquet(path, say):
    check_parquet(path)
    import pyarrow
    from pyarrow.parquet import read_schema

    try:
        schema = read_schema(path)
        table = pd.read_parquet(path).reset_index(drop=True)
    except (pyarrow.ArrowException, OSError) as error:
        raise ValueError(f"{path} cannot be read as Parquet: {str(error).strip()}") from None
    return _with_arrow_types(table, schema, say)


def _with_arrow_types(table, schema, say):
    """Dates as stamps and decimals as floats, which pandas reads as objects of Python."""
    from pyarrow import types

    names = {str(name): name for name in table}
    for field in schema:
        name = names.get(field.name)
        if name is None:  # the index
            continue
        if types.is_date(field.type):
            table[name] = table[name].astype("datetime64[us]")
            say(f"Column {name!r} is read as dates.")
        elif types.is_decimal(field.type):
            table[name] = table[name].to_numpy("float64", na_value=np.nan)  # the nearest; a cast of pyarrow is not
            say(f"Column {name!r} of decimals is read as floats.")
    return table


def _read_csv(path, say):
    try:
        return _parse(path, say)
    except pd.errors.EmptyDataError:
        raise ValueError(f"{path} is empty.") from None
    except BROKEN as error:
        raise ValueError(f"{path} cannot be read as CSV: {str(error).strip()}") from None


def _parse(path, say):
    options = {"skipinitialspace": True, "low_memory": False}
    try:
        table = _read_separated(path, options)
    except UnicodeDecodeError:
        with open(path, "rb") as file:
            if b"\0" in file.read(PEEK):
                raise ValueError(f"{path} is no text; name a file of CSV, or of Parquet ending in .parquet.") from None
        say("The file is not UTF-8; reading it as Latin-1.")
        options["encoding"] = "latin-1"
        table = _read_separated(path, options)
    if "sep" in options:
        say(f"Columns are separated by {options['sep']!r}.")
    return _with_decimal_commas(_with_whole_numbers(table, path, options), path, options, say)


def _read_separated(path, options):
    """The cells, parted by the separator of a header line without commas, which joins the options."""
    try:
        table, broken = pd.read_csv(path, **options), None
    except pd.errors.ParserError as error:  # decimal commas part lines into unequal numbers of cells
        table, broken = pd.read_csv(path, nrows=0, **options), error
    found = [mark for mark in SEPARATORS if table.shape[1] == 1 and mark in str(table.columns[0])]
    if found:
        options["sep"] = found[0]
        return pd.read_csv(path, **options)
    if broken:
        raise broken
    return table


def _with_whole_numbers(table, path, options):
    """Columns written as integers stay integers beside missing cells, which pandas reads as floats otherwise."""
    cells = {j: table.iloc[:, j].dropna() for j, dtype in enumerate(table.dtypes) if dtype == np.float64}
    found = [j for j, x in cells.items() if 0 < len(x) < len(table) and (x == np.rint(x)).all()]
    if not found or not isinstance(table.index, pd.RangeIndex):
        return table
    written = pd.read_csv(path, usecols=found, dtype_backend="numpy_nullable", **options)
    return table.assign(**written.select_dtypes("Int64"))


def _with_decimal_commas(table, path, options, say):
    """Columns whose texts are all numbers with decimal commas, as the numbers, unless commas separate the columns."""
    texts = [j for j, dtype in enumerate(table.dtypes) if "sep" in options and pd.api.types.is_string_dtype(dtype)]
    cells = {j: table.iloc[:, j].dropna().astype(str) for j in texts}
    found = {j: x[x.str.contains(",")] for j, x in cells.items() if x.str.fullmatch(COMMA_NUMBER).all()}
    found = {j: x for j, x in found.items() if len(x)}
    if not found or not isinstance(table.index, pd.RangeIndex):
        return table
    points = any((x.dropna() % 1 != 0).any() for _, x in table.select_dtypes("float64").items())
    if (options["sep"] != ";" or points) and all(x.str.fullmatch(COMMA_THOUSANDS).all() for x in found.values()):
        return table
    written = pd.read_csv(path, usecols=list(found), decimal=",", **options)
    numbers = written.select_dtypes("float64")
    if numbers.shape[1]:
        say("Numbers have decimal commas.")
    return table.assign(**numbers)


def _with_dates(table, say):
    for name in table.columns[table.dtypes.map(pd.api.types.is_string_dtype)]:
        cells = table[name].dropna().astype(str)
        if len(cells) and cells.str.fullmatch(ISO_DATE).all():
            parsed = pd.to_datetime(table[name], format="ISO8601", errors="coerce")
            if parsed.notna().sum() == len(cells):
                table[name] = parsed
                say(f"Column {name!r} is read as dates.")
    return table
