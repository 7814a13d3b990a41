"""Rows and numbers: the schema that fixes the base measure, and the codec between tables and arrays."""

from ._allowed import Allowed
from .codec import TableCodec
from .column import CodecColumn, Column
from .missing import MISSING
from .schema import Schema

__all__ = ["MISSING", "Allowed", "CodecColumn", "Column", "Schema", "TableCodec"]
