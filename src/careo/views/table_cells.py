"""Cells of tables that others open in a spreadsheet."""

from __future__ import annotations


def spreadsheet_cell(value: object) -> object:
    """A cell of a CSV file; text that a spreadsheet would take for a formula begins with an apostrophe."""
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return "'" + value
    return value if not isinstance(value, float) or value - value == 0 else ""
