"""Official layouts, one module per publisher. `recognise` tells which one a file has by its header, never by its name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module

from careo.base.errors import DataError
from careo.sources.formats.layout import Layout, Oddity, Reading, Table, key, odd_shape, repaired, spellings
from careo.sources.tables import DataFile, Sheet, readable

MODULES = (
    "cdc",
    "conapo",
    "guard",
    "inegi",
    "inegi_deaths",
    "inegi_query",
    "marginalisation",
    "network_model",
    "rnpdno",
    "sesnsp",
    "treasury",
    "unread",
    "violent_events",
)
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

    The layout that explains the most columns of the header wins; of two that explain the same, the one that asks for more. Sheets
    with the same columns are read as one table.

    Raises:
        DataError: no layout fits (names the nearest, what is missing and what is new), two fit alike, or a column stands twice.
        InputError: the file is damaged.
    """
    with readable(file):
        found = [fit for sheet in file.sheets for layout in layouts() for fit in _fits(file, sheet, layout)]
    whole = sorted((fit for fit in found if not fit.missing), key=lambda fit: fit.rank, reverse=True)
    best = whole[0] if whole else None
    if best is not None and len(best.table.columns) >= 2 * len(best.table.unknown):
        rivals = sorted({fit.layout.key for fit in whole if fit.rank == best.rank})
        if len(rivals) > 1:
            raise DataError(
                "layout_ambiguous", where=file.name, found=", ".join(rivals), fix="layout_unknown"
            )
        if best.twice:
            words = "; ".join(f"{name}: {', '.join(headers)}" for name, headers in best.twice.items())
            raise DataError(
                "layout_twice", where=file.name, found=words, fix="layout_twice", layout=best.layout.key
            )
        return best.layout, _with_other_sheets(best, whole)
    nearest = max((fit for fit in found if fit.missing), key=lambda fit: fit.share, default=None)
    if nearest is not None and nearest.share >= 0.4:
        raise DataError(
            "layout_nearly",
            where=file.name,
            found=_listed(nearest.table.sheet.head[nearest.table.header]),
            fix="layout_unknown",
            layout=nearest.layout.key,
            missing=", ".join(nearest.missing),
            unknown=", ".join(nearest.table.unknown) or "–",
        )
    rows = [row for sheet in file.sheets for row in sheet.head if any(row)]
    head = next((row for row in rows if sum(map(bool, row)) > 1), rows[0] if rows else ())
    raise DataError("layout_unknown", where=file.name, found=_listed(head), fix="layout_unknown")


def read(layout: Layout, table: Table) -> Reading:
    """What a table of a layout says.

    Raises:
        DataError: the layout is known and not read yet, or there is no row below the header. InputError: the file is damaged.
    """
    if layout.read is None:
        raise DataError("layout_not_read", where=table.file.name, layout=layout.key, fix="layout_not_read")
    with readable(table.file):
        shape = odd_shape(table) if layout.find is None else ()
        reading = layout.read(table)
    if table.unread:
        shape = (*shape, Oddity("sheets_unread", {"sheets": ", ".join(table.unread)}, grave=True))
    said = {oddity.code for oddity in reading.oddities}
    return replace(reading, oddities=(*reading.oddities, *(o for o in shape if o.code not in said)))


@dataclass(frozen=True)
class _Fit:
    """A row of a sheet taken for the header of a layout.

    Attributes:
        missing: columns that the layout needs and the row lacks. twice: columns that stand more than once → headers as written.
    """

    layout: Layout
    table: Table
    missing: tuple[str, ...] = ()
    twice: Mapping[str, tuple[str, ...]] | None = None

    @property
    def rank(self) -> tuple[float, int]:
        """How much of the header the layout explains; how much it asks for."""
        explained = len(self.table.columns) - len(self.table.unknown)
        return explained - 0.5 * len(self.table.unknown) - 0.25 * self.table.sheet.hidden, len(
            self.layout.columns
        )

    @property
    def share(self) -> float:
        """How near the row comes to the layout, at most 1."""
        explained = len(self.table.columns) - len(self.table.unknown)
        return (explained - 0.25 * len(self.table.unknown)) / (explained + len(self.missing) or 1)


def _fits(file: DataFile, sheet: Sheet, layout: Layout) -> Iterator[_Fit]:
    """The rows of a sheet that could be the header of a layout."""
    if layout.find is not None:
        table = layout.find(file, sheet)
        if table is not None:
            yield _Fit(layout, table)
        return
    known = spellings((*layout.columns, *layout.optional))
    needed = [column.partition("|")[0] for column in layout.columns]
    pattern = re.compile(layout.pattern) if layout.pattern else None
    for row, cells in enumerate(sheet.head[:_HEADER_ROWS]):
        places: dict[str, list[int]] = {}
        unknown: list[str] = []
        patterned = False
        for place, cell in enumerate(cells):
            name = key(cell)
            if not name:
                continue
            told = _told(cell, name, known)
            matched = pattern is not None and pattern.fullmatch(told) is not None
            patterned |= matched
            if told not in known and not matched:
                unknown.append(cell)
            places.setdefault(told, []).append(place)
        missing = tuple(column for column in needed if column not in places)
        if pattern is not None and not patterned:
            missing = (*missing, layout.pattern)
        if len(missing) < len(needed) and len(places) > 1:
            broken = any(repaired(cell) != cell for cell in cells)
            columns = {name: str(where[0]) for name, where in places.items()}
            twice = {
                name: tuple(cells[place] for place in where)
                for name, where in places.items()
                if len(where) > 1 and not {cells[place] for place in where} & set(unknown)
            }
            yield _Fit(layout, Table(file, sheet, row, columns, tuple(unknown), broken), missing, twice)


def _told(cell: str, name: str, known: Mapping[str, str]) -> str:
    """The column that a header names; letters replaced by � may be any."""
    if name in known or "\ufffd" not in cell:
        return known.get(name, name)
    gaps = re.compile(name.replace("_", "[a-z0-9]?"))
    meant = {column for spelling, column in known.items() if gaps.fullmatch(spelling.replace("_", ""))}
    return meant.pop() if len(meant) == 1 else name


def _with_other_sheets(best: _Fit, whole: list[_Fit]) -> Table:
    """The table of the best sheet, with the rows of other sheets that have the same columns, and the names of those not read."""
    table = best.table
    others = {
        fit.table.sheet: fit
        for fit in reversed(whole)
        if fit.layout is best.layout and fit.table.sheet is not table.sheet
    }
    alike = [
        fit.table
        for fit in others.values()
        if best.layout.find is None and not fit.twice and set(fit.table.columns) == set(table.columns)
    ]
    read = [other for other in alike if not other.sheet.hidden]
    unread = [sheet.name for sheet in others if all(sheet is not other.sheet for other in read)]
    return replace(table, more=tuple(read), unread=tuple(unread)) if others else table


def _listed(cells: tuple[str, ...]) -> str:
    return ", ".join(cell for cell in cells if cell)[:300]
