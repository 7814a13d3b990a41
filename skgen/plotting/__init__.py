"""Displays: pictures of real against generated data. matplotlib loads when one is drawn."""

from .table_display import TableDisplay

__all__ = ["TableDisplay"]
