"""What tables of places and periods have in common: headers that say nothing else, notes between rows, cells out of line.

A table headed "Entidad, Año, Ene, Feb …" does not say what it counts. Such a layout is taken only when nothing else stands in the
header, and the reading looks at the numbers before it believes them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

import polars as pl

from careo.base.errors import DataError
from careo.sources.formats.layout import Oddity, Table, key, number, repaired, spellings, text
from careo.sources.tables import DataFile, Sheet

NATION = "00"
"""The nation in tables of states."""

_NATION_NAMES = (
    "nacional",
    "total",
    "total nacional",
    "nacional total",
    "republica mexicana",
    "estados unidos mexicanos",
)
_HEADER_ROWS = 15
_FIRST_YEAR, _LAST_YEAR = 1900, 2200


# --- headers ----------------------------------------------------------------------------------------------------------


def closed(
    columns: Sequence[str], *, pattern: str, optional: Sequence[str] = ()
) -> Callable[[DataFile, Sheet], Table | None]:
    """A `Layout.find` for headers without a word of their own: every column must be known, and all of `columns` there.

    Args:
        columns, optional, pattern: as in `Layout`.
    """
    known = spellings((*columns, *optional))
    needed = {column.partition("|")[0] for column in columns}
    periods = re.compile(pattern)

    def find(file: DataFile, sheet: Sheet) -> Table | None:
        for row, cells in enumerate(sheet.head[:_HEADER_ROWS]):
            named = [(key(cell), str(place)) for place, cell in enumerate(cells) if key(cell)]
            told = [(known.get(name, name), place) for name, place in named]
            patterned = [name for name, _ in told if name not in known.values() and periods.fullmatch(name)]
            names = [name for name, _ in told]
            strange = any(name not in known.values() and not periods.fullmatch(name) for name in names)
            if patterned and not strange and needed <= set(names) and len(names) == len(set(names)):
                broken = any(repaired(cell) != cell for cell in cells)
                return Table(file, sheet, row, dict(told), (), broken)
        return None

    return find


def said(table: Table, pattern: str) -> bool:
    """Whether the file's name, the sheet's name or a title above the header has a word."""
    titles = (cell for row in table.sheet.head[: table.header] for cell in row)
    return any(re.search(pattern, key(words)) for words in (table.file.name, table.sheet.name, *titles))


# --- cells ------------------------------------------------------------------------------------------------------------


def folded(cell: pl.Expr) -> pl.Expr:
    """Text without case and accents, underscores and runs of blanks as one blank."""
    plain = cell.str.normalize("NFKD").str.replace_all(r"\p{M}", "").str.to_lowercase()
    return plain.str.replace_all(r"[\s_]+", " ").str.strip_chars()


def calendar_year(column: str) -> pl.Expr:
    """A year as Int32; null for what is no year from 1900 to 2199."""
    value = number(column)
    whole = value.is_between(_FIRST_YEAR, _LAST_YEAR, closed="left") & (value == value.floor())
    return pl.when(whole).then(value).cast(pl.Int32)


def state_code(code: pl.Expr | None, name: pl.Expr) -> pl.Expr:
    """The code of a state or of the nation; where there is no code, "00" for what is named the nation and null for the rest."""
    nation = pl.when(folded(name).is_in(_NATION_NAMES)).then(pl.lit(NATION))
    return nation if code is None else pl.coalesce(code, nation)


def municipality_code(column: str) -> pl.Expr:
    """Five digits for a municipality; "01000" and "1" are the state, "00000" and "0" the nation."""
    cell = text(column).str.replace(r"\.0+$", "")
    short = pl.when(cell.str.len_bytes() <= 2).then(cell.str.zfill(2)).otherwise(cell.str.zfill(5))
    return short.str.replace(r"^(\d{2})000$", "$1")


# --- rows -------------------------------------------------------------------------------------------------------------


def without_headers(table: Table) -> tuple[pl.LazyFrame, tuple[Oddity, ...]]:
    """The rows of a table without those that repeat its header, as files put one behind another have them.

    A row repeats the header when every cell of it that is not empty does.
    """
    rows = table.rows()
    header = table.sheet.head[table.header]
    alike = pl.all_horizontal(
        _keyed(text(name)).eq(key(header[int(place)])).fill_null(True)
        for name, place in table.columns.items()
    )
    empty = pl.all_horizontal(text(name).is_null() for name in table.columns)
    again = alike & ~empty
    count = rows.select(again.sum()).collect(engine="streaming").item()
    if not count:
        return rows, ()
    return rows.filter(~again), (Oddity("headers_repeated", {"count": str(count)}, refused=True),)


def _keyed(cell: pl.Expr) -> pl.Expr:
    """A cell as `key` makes a header."""
    return folded(cell).str.replace_all(r"[^a-z0-9]+", "_").str.strip_chars("_")


def without_notes(rows: pl.LazyFrame, columns: Sequence[str]) -> tuple[pl.LazyFrame, tuple[Oddity, ...]]:
    """The rows that say something of a period; titles and footnotes are left out and named.

    Args:
        rows: as `Table.rows` gives them. columns: cells of periods and values; a row without any of them is a note.
    """
    everything = [name for name in rows.collect_schema().names() if name not in columns]
    empty = pl.all_horizontal(text(column).is_null() for column in columns)
    if not everything:
        return rows.filter(~empty), ()
    words = pl.coalesce(text(column) for column in everything)
    notes = rows.filter(empty).select(words.alias("note")).drop_nulls().collect(engine="streaming")["note"]
    found = (Oddity("note_rows", {"count": str(len(notes)), "first": notes[0][:60]}),) if len(notes) else ()
    return rows.filter(~empty), found


def unread_periods(
    rows: pl.LazyFrame, column: str, read: pl.Expr, *, where: str, expected: str
) -> tuple[Oddity, ...]:
    """The rows whose period `read` leaves null: they are left out, which is grave.

    Raises:
        DataError: there is none that can be read.
    """
    tally = rows.select(
        all=pl.len(),
        odd=read.is_null().sum(),
        first=pl.when(read.is_null()).then(pl.col(column).fill_null("")).drop_nulls().first(),
    ).collect(engine="streaming")
    count, odd, first = tally.row(0)
    if odd and odd == count:
        raise DataError(
            "periods_unreadable", where=where, expected=expected, found=repr(first[:40]), column=column
        )
    return (
        (Oddity("unreadable_periods", {"count": str(odd), "first": repr(first[:40])}, True, True),)
        if odd
        else ()
    )


def unknown_categories(column: str, found: Iterable[str | None], known: Iterable[str]) -> tuple[Oddity, ...]:
    """Categories of a column that careo does not know: a rule that names the known ones would miss their rows."""
    new = sorted({category for category in found if category is not None} - set(known))
    words = {"column": column, "categories": ", ".join(new[:8])}
    return (Oddity("unknown_categories", words, grave=True),) if new else ()


def plausible(
    values: pl.LazyFrame, column: str, low: float, high: float, *, table: Table, layout: str
) -> None:
    """Refuse numbers of another size than the layout's: its header fits other tables as well.

    Args:
        values: a table with the numbers in `column`. low, high: what the middle one may be.

    Raises:
        DataError: the middle of the numbers is outside.
    """
    middle = values.select(pl.col(column).median()).collect(engine="streaming").item()
    if middle is None or not low <= middle <= high:
        found = "–" if middle is None else f"{middle:,.0f}"
        raise DataError(
            "values_implausible",
            where=table.file.name,
            expected=f"{low:,.0f} – {high:,.0f}",
            found=found,
            layout=layout,
        )


# --- values -----------------------------------------------------------------------------------------------------------


def out_of_line(value: str, *, over: Sequence[str], factor: float = 4.0, least: float = 100.0) -> pl.Expr:
    """Whether a value is wildly out of line with both its neighbours in time, as a digit too many or a value of another row is.

    A value counts when it is at least `factor` times the larger neighbour, or at most one `factor`-th of the smaller one, and the
    largest of the three reaches `least` (small counts vary that much by nature). At either end the two nearest values are the
    neighbours. A jump that lasts is therefore never flagged, nor one of two or three times.

    Args:
        value: a column without nulls, rows in order of time. over: the columns that tell one series from another.
    """
    here = pl.col(value)
    before = pl.coalesce(here.shift(1).over(over), here.shift(-2).over(over))
    after = pl.coalesce(here.shift(-1).over(over), here.shift(2).over(over))
    # max_horizontal passes over nulls; a series of fewer than three values has no neighbours to go by
    known = before.is_not_null() & after.is_not_null()
    high, low = pl.max_horizontal(before, after), pl.min_horizontal(before, after)
    apart = (here >= factor * high) | (here * factor <= low)
    return known & apart & (pl.max_horizontal(here, high) >= least)
