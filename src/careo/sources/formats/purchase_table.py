"""What tables of purchases have in common: rows out of CSV text whatever is broken in it, and cells as times, cents and codes.

A layout is told by the names of its columns, in whatever order and among whatever others; only the columns it names are ever looked
at, so a column of officials, telephones or descriptions is not read. A row becomes one `Release`.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from msgspec import UNSET

from careo.sources.civil import DAY, Clock, cents
from careo.sources.persons import Door
from careo.sources.releases import Cents, Release, Supplier, Text, Time

TIMES = ("filed", "published", "opening", "decided", "signed", "start")
"""Fields of times."""
SEPARATORS = (",", ";", "\t", "|")
LONGEST_RECORD = 256  # lines of one record: a quote that is not closed by then never is
LARGEST_RECORD = 1 << 20  # characters of one record

_NOT_LETTERS = re.compile(r"[^a-z0-9]+")
_LONGEST = 200  # characters of a code or the name of an office
_NOTHINGS = frozenset({"-", "--", "nan", "nat", "null", "none", "n/a", "#n/a", "<na>"})
_LONGEST_NOTHING = max(map(len, _NOTHINGS))
_NEARLY_ALL = 0.9  # of the times of a column: what names an offset in fewer of them is an exception and taken at its word
_DAYS_ALONE = 0.05  # of the times: from so many on midnights are told
_DAY_HOURS = range(7 * 3600, 21 * 3600)
_CODES = re.compile(r"[^\w.-]+")


@dataclass(frozen=True)
class Terms:
    """How a country's purchases are read. currency: of amounts that name none."""

    clock: Clock
    door: Door
    currency: str


@dataclass(frozen=True)
class Layout:
    """A table as one publisher makes it.

    Attributes:
        name: "comprasmx tenders". columns: name of the field → spellings of its header as `folded` gives them.
        required: fields without whose columns the table cannot be read. told_by: at least one of these must be there.
        release: makes a release of a row; None for a row that states nothing (a blank form).
    """

    name: str
    columns: Mapping[str, tuple[str, ...]]
    required: tuple[str, ...]
    told_by: tuple[str, ...]
    release: Callable[[Row], Release]


class Row:
    """The cells of a row by the names of its layout: UNSET where the table has no such column, None where the cell is empty.

    Attributes:
        wall: fields of times whose offsets are a way of writing (`wall_times`). notes: (column, reason) of cells that could not be read.
    """

    __slots__ = ("_cells", "_headers", "_places", "notes", "terms", "wall")

    def __init__(self, terms: Terms, places: Mapping[str, int], headers: Mapping[str, str]) -> None:
        self.terms, self._places, self._headers = terms, places, headers
        self._cells: Sequence[str] = ()
        self.wall: Collection[str] = ()
        self.notes: list[tuple[str, str]] = []

    def take(self, cells: Sequence[str]) -> None:
        """Go to the next row."""
        self._cells, self.notes = cells, []

    def text(self, name: str) -> Text:
        """A cell as it stands, None for what programs write into an empty one."""
        cell = self._cell(name)
        return None if cell and len(cell) <= _LONGEST_NOTHING and cell.lower() in _NOTHINGS else cell

    def _cell(self, name: str) -> Text:
        """A cell without the apostrophe and tabs that keep spreadsheets from changing it."""
        place = self._places.get(name)
        if place is None:
            return UNSET
        cell = self._cells[place].strip()
        if cell.startswith("'"):
            cell = cell.lstrip("'").strip()
        if not cell.isascii():
            cell = unicodedata.normalize("NFC", cell)  # some programs write an accent as a letter of its own
        return cell or None

    def words(self, name: str) -> Text:
        """A cell as one line of words that may be kept."""
        cell = self.text(name)
        if not cell:
            return cell
        cell = " ".join(cell.split())
        if len(cell) > _LONGEST or not self.terms.door.clean(cell):
            return self.left_out(name, "private")
        return cell

    def time(self, name: str) -> Time:
        """A cell as civil seconds."""
        cell = self.text(name)
        if not cell:
            return None if cell is None else UNSET
        try:
            return self.terms.clock.written(cell, wall=name in self.wall)
        except (ValueError, OverflowError):
            return self.left_out(name, "date")

    def cents(self, name: str) -> Cents:
        """A cell as cents; what is written for none is named, for an amount should be there."""
        cell = self._cell(name)
        if not cell:
            return None if cell is None else UNSET
        try:
            return cents(cell)
        except (ValueError, OverflowError):
            return self.left_out(name, "amount")

    def code(self, name: str, codes: Mapping[str, str]) -> Text:
        """A cell as one of our codes, by its folded words or their beginning; named where it is none that is known."""
        cell = self.text(name)
        if not cell:
            return cell
        words = folded(cell)
        known = codes.get(words)
        if known is None:
            known = next((ours for theirs, ours in codes.items() if words.startswith(theirs + "_")), None)
        return self.left_out(name, "code") if known is None else known

    def parts(self, name: str) -> tuple[str, ...] | object | None:
        """A cell of several codes ("37101, 37104"), without any that may be a person's id."""
        cell = self.text(name)
        if not cell:
            return cell
        found = (
            _CODES.sub("", part.strip().lstrip("'")).removesuffix(".0")
            for part in re.split(r"[,;|/\s]+", cell)
        )
        clean = self.terms.door.clean
        return tuple(dict.fromkeys(part[:20] for part in found if part and clean(part))) or None

    def address(self, name: str) -> Text:
        """A cell as an address; nothing else, and none that holds an e-mail or a person's id."""
        cell = self.text(name)
        if not cell:
            return cell
        if (
            not cell.lower().startswith(("http://", "https://"))
            or len(cell) > 500
            or not self.terms.door.clean(cell)
        ):
            return self.left_out(name, "address")
        return cell

    def supplier(self, id: str, name: str) -> Supplier | None:
        """Who the cells `id` and `name` are about; None if they are empty or there are no such columns."""
        given, called = self.text(id), self.text(name)
        if not given and not called:
            return None
        reference, kept = self.terms.door.party(given or "", called or "")
        return Supplier(id=reference, name=kept)

    def currency(self, name: str) -> Text:
        """A cell as a currency; that of the country where there is no such column."""
        cell = self.text(name)
        if cell is UNSET:
            return self.terms.currency
        if not cell:
            return None
        known = CURRENCIES.get(folded(cell))
        return self.left_out(name, "code") if known is None else known

    def left_out(self, name: str, reason: str):
        """Note that a cell could not be read."""
        self.notes.append((self._headers.get(name, name), reason))
        return UNSET


def wall_times(row: Row, rows: Iterable[Sequence[str]]) -> frozenset[str]:
    """Fields of times in which nearly every cell names an offset that says nothing: it was put behind the clock of the country.

    Programs put "Z" behind times that they know no zone of, and others truly convert times to UTC; a table does not say which. Days
    alone do: they are midnights. Where there are none, hours do: offices work by day. Where neither does, an offset is taken at its word.

    Args:
        row: of the table; it is gone through `rows`, which stand for all.
    """
    times = Counter[str]()
    named: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for cells in rows:
        row.take(cells)
        for name in TIMES:
            cell = row.text(name)
            if not cell or ":" not in cell:
                continue
            try:
                on_the_wall, at_its_word = row.terms.clock.readings(cell)
            except (ValueError, OverflowError):
                continue
            times[name] += 1
            if at_its_word is not None:
                named[name].append((on_the_wall % DAY, at_its_word % DAY))
    fields = frozenset(name for name, both in named.items() if len(both) >= _NEARLY_ALL * times[name])
    found = [pair for name in fields for pair in named[name]]
    walls, words = (sum(not pair[reading] for pair in found) for reading in (0, 1))
    if max(walls, words) < _DAYS_ALONE * len(found):
        walls, words = (sum(pair[reading] in _DAY_HOURS for pair in found) for reading in (0, 1))
    return fields if walls > words else frozenset()


CURRENCIES = {
    "mxn": "MXN", "peso_mexicano": "MXN", "pesos_mexicanos": "MXN", "pesos": "MXN", "moneda_nacional": "MXN", "m_n": "MXN", "mxp": "MXN",
    "usd": "USD", "dolar_americano": "USD", "dolares": "USD", "dolar_estadounidense": "USD", "dolar_de_los_estados_unidos": "USD",
    "eur": "EUR", "euro": "EUR", "euros": "EUR", "jpy": "JPY", "yen": "JPY", "yen_japones": "JPY", "gbp": "GBP",
    "libra_esterlina": "GBP", "cad": "CAD", "dolar_canadiense": "CAD", "chf": "CHF", "franco_suizo": "CHF", "sek": "SEK",
    "corona_sueca": "SEK", "brl": "BRL", "cny": "CNY",
}  # fmt: skip
"""Currencies as Mexican tables write them, folded."""


def folded(words: str) -> str:
    """Words as a name: no accents, no case, one underscore between ("Núm. Proc. Proyecto" → "num_proc_proyecto")."""
    plain = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode()
    return _NOT_LETTERS.sub("_", plain.lower()).strip("_")


Record: TypeAlias = tuple[int, list[str] | None, str, str]
"""First line (from 1) of a record, its cells, and if there are none the reason and the detail."""


def records(lines: Iterable[str], separator: str, columns: int, number: int = 1) -> Iterator[Record]:
    """The records of CSV text after its header; a broken one costs no other.

    A quote that is never closed would swallow the rest of the file: a record that runs over too many lines, or over several and has
    not the cells of the header, is refused at its first line and reading goes on at the second.

    Args:
        lines: with their ends, in order, from below the header. number: line of the header, from 1.
    """
    ahead: list[str] = []  # lines that were looked at, to be read again; the next one last
    source = iter(lines)

    def following() -> str | None:
        return ahead.pop() if ahead else next(source, None)

    while (line := following()) is not None:
        number += 1
        if not line.strip():
            continue
        taken = [line]
        quotes, size = line.count('"'), len(line)
        while quotes % 2 and len(taken) < LONGEST_RECORD and size < LARGEST_RECORD:
            more = following()
            if more is None:
                break
            taken.append(more)
            quotes, size = quotes + more.count('"'), size + len(more)
        reason = detail = ""
        cells: list[str] | None = None
        if quotes % 2:
            reason = "quotes"
        elif size > LARGEST_RECORD:
            reason, detail = "row_long", str(LARGEST_RECORD >> 20)
        else:
            try:
                cells = next(csv.reader(taken, delimiter=separator), [])
            except csv.Error:
                reason = "quotes"
            if cells is not None and len(cells) != columns:
                reason, detail = "cells", f"{len(cells)}/{columns}"
        if not reason:
            yield number, cells, "", ""
            number += len(taken) - 1
            continue
        yield number, None, reason if len(taken) == 1 else "quotes", detail if len(taken) == 1 else ""
        ahead.extend(reversed(taken[1:]))


def header(line: str, layouts: Sequence[Layout]) -> tuple[Layout | None, str, list[str]]:
    """The layout that a header line fits best, the separator, and its cells; no layout if it fits none."""
    best: tuple[float, Layout | None, str, list[str]] = (0.0, None, ",", [])
    for separator in SEPARATORS:
        try:
            cells = next(csv.reader([line], delimiter=separator), [])
        except csv.Error:
            continue
        names = {folded(cell) for cell in cells}
        for layout in layouts:
            if not any(one in names for field in layout.told_by for one in layout.columns[field]):
                continue
            there = sum(any(one in names for one in spellings) for spellings in layout.columns.values())
            if there >= 3 and there / len(layout.columns) > best[0]:
                best = (there / len(layout.columns), layout, separator, cells)
    return best[1:]


def places(layout: Layout, cells: Sequence[str]) -> tuple[dict[str, int], dict[str, str], str]:
    """Where the fields of a layout stand, their headers as the layout spells them, and the first required one that is missing ("")."""
    where: dict[str, int] = {}
    for index, cell in enumerate(cells):
        where.setdefault(folded(cell), index)
    found = {
        field: where[spelling]
        for field, spellings in layout.columns.items()
        for spelling in [next((one for one in spellings if one in where), None)]
        if spelling is not None
    }
    headers = {field: spellings[0] for field, spellings in layout.columns.items()}
    missing = next((headers[field] for field in layout.required if field not in found), "")
    return found, headers, missing
