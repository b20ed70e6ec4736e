"""Official layouts, one module per publisher. `recognise` tells which one a file has by its header, never by its name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module

from careo.base.errors import DataError
from careo.sources.formats.layout import Layout, Reading, Table, key, repaired, spellings
from careo.sources.tables import DataFile, Sheet

MODULES = ("sesnsp",)
"""Where layouts are declared, as `LAYOUTS` of each module."""

_HEADER_ROWS = 15  # a header stands within the first rows; publishers put titles above it


@cache
def layouts() -> tuple[Layout, ...]:
    """Every layout careo knows."""
    return tuple(
        layout for name in MODULES for layout in import_module(f"careo.sources.formats.{name}").LAYOUTS
    )


def recognise(file: DataFile) -> tuple[Layout, Table]:
    """The layout of a file and the table that has it.

    The layout that explains the most columns of the header wins. A sheet that lacks a column of every layout is refused with the
    name of the nearest one and what differs.

    Raises:
        DataError: no layout fits; says which is nearest and what is missing or new.
    """
    best: tuple[float, Layout, Table] | None = None
    nearest: tuple[float, Layout, Table, tuple[str, ...]] | None = None
    for sheet in file.sheets:
        for layout in layouts():
            for table, missing in _tables(file, sheet, layout):
                explained = len(table.columns) - len(table.unknown)
                score = explained - 0.5 * len(table.unknown)
                if not missing and (best is None or score > best[0]):
                    best = (score, layout, table)
                share = (explained - 0.25 * len(table.unknown)) / (explained + len(missing) or 1)
                if missing and (nearest is None or share > nearest[0]):
                    nearest = (share, layout, table, missing)
    if best is not None and len(best[2].columns) >= 2 * len(best[2].unknown):
        return best[1], best[2]
    if nearest is not None and nearest[0] >= 0.4:
        raise _unlike(file, nearest[1], nearest[2], nearest[3])
    head = next((row for sheet in file.sheets for row in sheet.head if sum(map(bool, row)) > 1), ())
    raise DataError(
        "layout_unknown", where=file.name, found=", ".join(cell for cell in head if cell)[:300], fix="layout_unknown"
    )


def read(layout: Layout, table: Table) -> Reading:
    """What a table of a layout says.

    Raises:
        DataError: the layout is known and not read yet.
    """
    if layout.read is None:
        raise DataError("layout_not_read", where=table.file.name, layout=layout.key, fix="layout_not_read")
    return layout.read(table)


def _tables(file: DataFile, sheet: Sheet, layout: Layout) -> Iterator[tuple[Table, tuple[str, ...]]]:
    """The rows of a sheet that could be the header of a layout, with the columns that are missing."""
    if layout.find is not None:
        table = layout.find(file, sheet)
        if table is not None:
            yield table, ()
        return
    known = spellings((*layout.columns, *layout.optional))
    needed = [column.partition("|")[0] for column in layout.columns]
    pattern = re.compile(layout.pattern) if layout.pattern else None
    for row, cells in enumerate(sheet.head[:_HEADER_ROWS]):
        columns: dict[str, str] = {}
        unknown: list[str] = []
        patterned = False
        for place, cell in enumerate(cells):
            name = key(cell)
            if not name:
                continue
            told = known.get(name, name)
            matched = pattern is not None and pattern.fullmatch(told) is not None
            patterned |= matched
            if name not in known and not matched:
                unknown.append(cell)
            columns.setdefault(told, str(place))
        missing = tuple(column for column in needed if column not in columns)
        if pattern is not None and not patterned:
            missing = (*missing, layout.pattern)
        if len(missing) < len(needed) and len(columns) > 1:
            broken = any(repaired(cell) != cell for cell in cells)
            yield Table(file, sheet, row, columns, tuple(unknown), broken), missing


def _unlike(file: DataFile, layout: Layout, table: Table, missing: tuple[str, ...]) -> DataError:
    return DataError(
        "layout_nearly",
        where=file.name,
        found=", ".join(cell for cell in table.sheet.head[table.header] if cell)[:300],
        fix="layout_unknown",
        layout=layout.key,
        missing=", ".join(missing),
        unknown=", ".join(table.unknown) or "–",
    )
