"""Displays: pictures of real against generated data. matplotlib loads when one is drawn."""

from .network_display import GraphDisplay
from .quality_display import QualityDisplay
from .table_display import TableDisplay

__all__ = ["GraphDisplay", "QualityDisplay", "TableDisplay"]
