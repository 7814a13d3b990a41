"""A row file: synthetic rows written chunk by chunk, as CSV or Parquet by the file's name."""

from __future__ import annotations

import gzip
from pathlib import Path

import narwhals as nw
import numpy as np
import pandas as pd

from .draft import check_output
from .table_file import PARQUET, check_parquet, is_parquet

CSV = (".csv", ".csv.gz")


def check_row_file(path, *inputs):
    """Refuse a name that does not say how to write, or a place where nothing can be written."""
    if not str(path).lower().endswith((*CSV, *PARQUET)):
        raise ValueError(f"{path} must end in one of {', '.join((*CSV, *PARQUET))}, which says how to write it.")
    check_parquet(path)
    check_output(path, *inputs)


def as_pandas(rows, schema):
    """Rows of a model as a DataFrame; columns of arrays are named by their position."""
    if isinstance(rows, np.ndarray | list):
        frame = pd.DataFrame(rows, columns=schema.names)
    else:
        frame = nw.from_native(rows, eager_only=True).to_pandas()
    frame.columns = [str(name) for name in frame.columns]
    return frame


class CsvRows:
    """Rows as lines of text, under one header.

    Parameters
    ----------
    path : path-like
        The file to write.
    is_compressed : bool
        Whether it is gzip.
    """

    def __init__(self, path, is_compressed):
        open_file = gzip.open if is_compressed else open
        self._file = open_file(path, "wt", encoding="utf-8", newline="")
        self._is_new = True

    def write(self, rows):
        """Add a DataFrame of rows."""
        rows.to_csv(self._file, index=False, header=self._is_new)
        self._is_new = False

    def close(self):
        """End the file."""
        self._file.close()


class ParquetRows:
    """Rows as Parquet, one row group for each chunk, typed by the first one.

    Parameters
    ----------
    path : path-like
        The file to write.
    schema : Schema
        The columns; types those that have only missing cells in the first chunk.
    """

    def __init__(self, path, schema):
        self._path, self._schema, self._writer = str(path), schema, None

    def write(self, rows):
        """Add a DataFrame of rows."""
        import pyarrow
        from pyarrow.parquet import ParquetWriter

        try:
            if self._writer is None:
                self._types = self._types_of(rows, pyarrow)
                self._writer = ParquetWriter(self._path, self._types)
            self._writer.write_table(pyarrow.Table.from_pandas(rows, schema=self._types, preserve_index=False))
        except (pyarrow.ArrowInvalid, pyarrow.ArrowTypeError) as error:
            raise ValueError(f"The rows do not fit the types of Parquet; write CSV: {str(error).strip()}") from None

    def _types_of(self, rows, pyarrow):
        types = pyarrow.Schema.from_pandas(rows, preserve_index=False)
        for j, column in enumerate(self._schema.columns):
            if pyarrow.types.is_null(types.field(j).type) and column.levels:
                types = types.set(j, pyarrow.field(types.field(j).name, pyarrow.array(column.levels).type))
        return types

    def close(self):
        """End the file."""
        if self._writer is not None:
            self._writer.close()


def open_rows(path, name, schema):
    """What writes rows to `path` as the file's name says."""
    if is_parquet(name):
        return ParquetRows(path, schema)
    return CsvRows(path, Path(name).suffix.lower() == ".gz")
