"""What an official layout is: how its header is told, and what reading it gives.

A layout module declares `Layout`s and one reading function each. Reading changes names and types, never values: what a file says
stays what it says, in careo's columns. Which place a name is, what a total should be, and which indicator a row counts
towards are decided later (`panel/`), with the country's data.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from careo.base.errors import DataError
from careo.sources.tables import SURPLUS, DataFile, Sheet
from careo.sources.tables import repaired as repaired

if TYPE_CHECKING:
    import polars as pl

MONTHS = ("enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre")  # fmt: skip
"""Month names as the publishers head their columns, folded."""

MONTH_COLUMNS = tuple(f"m{number:02d}" for number in range(1, 13))
"""The twelve values of a row of a wide table."""

_MISSING = ("", "na", "n/a", "nd", "n.d.", "n/d", "s/d", "-", "--", ".", "null", "nan", "none")
_GROUPED = r"^-?[1-9]\d{0,2}(,\d{3})+(\.\d+)?$"  # 1,119; never 0,125
_POINT_GROUPED = r"^-?[1-9]\d{0,2}(\.\d{3})+$"  # 1.119
_YEARS = range(1900, 2100)
_LOOKED_AT = 200  # rows without a year that are looked at one by one; more than that are no footnotes


@dataclass(frozen=True, slots=True)
class Oddity:
    """Something in a file that a reader of its numbers must know.

    Attributes:
        code: name of its sentence, `data.oddity.<code>` of the text files.
        words: values for the sentence (names, counts, first places as text).
        grave: True when numbers would be wrong without a person's look: the check of the file fails.
        refused: True when something of the file was left out for it.
    """

    code: str
    words: Mapping[str, str] = field(default_factory=dict)
    grave: bool = False
    refused: bool = False


@dataclass(frozen=True)
class Table:
    """A sheet whose header was found.

    Attributes:
        file, sheet: where it stands. header: index of the header row in `sheet.head`.
        columns: header key (see `key`) → name of the column in `rows` ("0", "1", …).
        unknown: headers as written that the layout does not know. repaired: True when headers were UTF-8 read as Latin-1.
        more: further sheets of the file with the same columns; their rows follow in `rows`. unread: names of sheets of this layout
            whose rows do not.
    """

    file: DataFile
    sheet: Sheet
    header: int
    columns: Mapping[str, str]
    unknown: tuple[str, ...] = ()
    repaired: bool = False
    more: tuple[Table, ...] = ()
    unread: tuple[str, ...] = ()

    def rows(self) -> pl.LazyFrame:
        """The rows below the header, every cell text, columns under their header keys."""
        import polars as pl

        parts = [
            part.cells().select(pl.col(place).alias(name) for name, place in part.columns.items())
            for part in self.parts
        ]
        return (
            parts[0]
            if len(parts) == 1
            else pl.concat(
                [parts[0], *(part.select(parts[0].collect_schema().names()) for part in parts[1:])]
            )
        )

    @property
    def parts(self) -> tuple[Table, ...]:
        """This sheet and those with the same columns."""
        return (self, *self.more)

    def cells(self) -> pl.LazyFrame:
        """The rows below the header of this sheet alone, columns as the file gives them ("0", "1", …, `SURPLUS`)."""
        return self.file.frame(self.sheet, self.header)


@dataclass(frozen=True)
class Reading:
    """What a file says, in careo's columns.

    Attributes:
        dataset: id of the dataset's card (`data/<country>/cards/<dataset>.yaml`).
        rows: the table, lazy. Columns:
            place: official code as written, zero-padded; null where the file gives none.
            place_name: as written (only where the file gives names).
            one of: `year` (Int32) with MONTH_COLUMNS as values; `month` (Date, its first day); `year` alone; `day` (Date); nothing.
            keys: text, one column each. values: Float64, null where nothing was reported.
        keys: names of the columns that say what is counted ("crime", "sex" …).
        values: names of the value columns; MONTH_COLUMNS for a wide table.
        vintage: the day, month or year the file itself says it is of; "" when it does not.
        oddities: what was odd in cells and columns.
    """

    dataset: str
    rows: pl.LazyFrame
    keys: tuple[str, ...]
    values: tuple[str, ...]
    vintage: str = ""
    oddities: tuple[Oddity, ...] = ()


@dataclass(frozen=True)
class Layout:
    """One official layout.

    Attributes:
        key: its name, "sesnsp_state_cases".
        columns: header keys that must be there, each with its known spellings: "cve_municipio|clave_municipio".
        optional: header keys that may be there, written likewise.
        pattern: further columns, as a regular expression over header keys ("[0-9]{4}"); at least one must be there.
        read: the table → what it says; None for a layout that is known and not read yet.
        find: for a layout without a plain header row: the table, or None when this is not it.
    """

    key: str
    columns: tuple[str, ...]
    read: Callable[[Table], Reading] | None
    optional: tuple[str, ...] = ()
    pattern: str = ""
    find: Callable[[DataFile, Sheet], Table | None] | None = None


@lru_cache(
    maxsize=8192
)  # every layout asks for the same headers, and every map for the names of the same places
def key(header: str) -> str:
    """A header as a name: repaired, folded, what is neither letter nor figure as one underscore ("Cve. Municipio" → "cve_municipio")."""
    whole = repaired(header.lstrip("\ufeff")).replace("\ufffd", "_")
    plain = unicodedata.normalize("NFKD", whole).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_")


def spellings(columns: Iterable[str]) -> dict[str, str]:
    """Every known spelling of every column → its name, the first spelling."""
    return {spelling: column.partition("|")[0] for column in columns for spelling in column.split("|")}


# --- expressions that the reading functions share --------------------------------------------------------------------


def text(column: str) -> pl.Expr:
    """A cell without blanks around it; null when empty."""
    import polars as pl

    cell = pl.col(column).str.strip_chars()
    return pl.when(cell != "").then(cell)


def code(column: str, digits: int) -> pl.Expr:
    """An official code, zero-padded: "1", "1.0" and " 01 " are all "01", "1,001" and "01 001" are "01001"."""
    import polars as pl

    cell = pl.col(column).str.replace_all(r"[\s,]|\.0+$", "")
    return pl.when(cell != "").then(cell.str.zfill(digits))


def number(column: str) -> pl.Expr:
    """A number: plain, with a decimal point, or with commas between thousands; null for everything else."""
    import polars as pl

    cell = pl.col(column).str.strip_chars()
    plain = cell.cast(pl.Float64, strict=False)
    grouped = pl.when(cell.str.contains(_GROUPED)).then(cell.str.replace_all(",", "", literal=True))
    return pl.coalesce(pl.when(plain.is_finite()).then(plain), grouped.cast(pl.Float64, strict=False))


def year(column: str) -> pl.Expr:
    """A calendar year, Int32; null for what is no whole number from 1900 to 2099."""
    import polars as pl

    value = number(column)
    whole = value.is_between(_YEARS.start, _YEARS.stop, closed="left") & (value == value.floor())
    return pl.when(whole).then(value).cast(pl.Int32)


# --- what is odd in a table --------------------------------------------------------------------------------------------


def unknown_columns(table: Table) -> tuple[Oddity, ...]:
    """Columns that the layout does not know, and letters of headers or cells that had to be read again."""
    found: list[Oddity] = []
    if table.unknown:
        found.append(Oddity("unknown_columns", {"columns": ", ".join(table.unknown)}, grave=True))
    if table.repaired or any(part.file.misread_cells(part.sheet, part.header) for part in table.parts):
        found.append(Oddity("broken_encoding"))
    return tuple(found)


def odd_shape(table: Table) -> tuple[Oddity, ...]:
    """What is odd in the rows of a table with a plain header: cells right of the header, lines swallowed by quotation marks, an end
    in the middle of a row, further sheets, lost letters, decimal commas.

    Raises:
        DataError: there is no row below the header.
    """
    found: list[Oddity] = []
    file = table.file
    for part in table.parts:
        found += _surplus(part)
    if file.format == "csv":
        found += _line_breaks(table)
        found += _broken_off(table)
    if table.more:
        found.append(Oddity("several_sheets", {"sheets": ", ".join(part.sheet.name for part in table.parts)}))
    if file.lost:
        found.append(Oddity("lost_letters"))
    if file.decimal_comma:
        found.append(Oddity("decimal_commas"))
    return tuple(found)


def _named(table: Table) -> tuple[str, ...]:
    """The header up to its last cell that is not empty."""
    header = table.sheet.head[table.header]
    return header[: max((place for place, cell in enumerate(header, start=1) if cell), default=0)]


def _surplus(table: Table) -> list[Oddity]:
    """Rows with more cells than the header has."""
    import polars as pl

    beyond = [str(place) for place in range(len(_named(table)), max(map(len, table.sheet.head)))]
    longer = pl.any_horizontal(text(column).is_not_null() for column in (*beyond, SURPLUS))
    cells = table.cells()
    count, rows = cells.select(longer.sum().alias("longer"), pl.len()).collect(engine="streaming").row(0)
    if not rows:
        raise DataError("table_no_rows", where=table.file.name, fix="table_again")
    if not count:
        return []
    first = cells.filter(longer).head(1).collect().row(0)
    words = {"count": str(count), "first": _shown(first)}
    return [Oddity("surplus_cells", words, grave=True)]


def _line_breaks(table: Table) -> list[Oddity]:
    """Lines that a quotation mark joined to one row. When whole rows stand in a cell, their numbers are lost."""
    import polars as pl

    file = table.file
    cells = table.cells()
    lines = file.lines - file.line_of(table.header + 1)
    joined = lines - cells.select(pl.len()).collect(engine="streaming").item()
    if joined <= 0:
        return []
    columns = [pl.col(name) for name in cells.collect_schema().names()]
    broken = cells.select(pl.concat_list(columns).explode().alias("cell")).filter(
        pl.col("cell").str.contains("\n", literal=True)
    )
    longest = max(broken.collect(engine="streaming")["cell"].to_list(), key=len, default="")
    rows = longest.count(file.delimiter) >= 2
    return [
        Oddity("line_breaks", {"count": str(joined), "first": " ".join(longest[:60].split())}, grave=rows)
    ]


def _broken_off(table: Table) -> list[Oddity]:
    """An end in the middle of a row; a note as the last line is none."""
    end = table.file.last_line().strip()
    cells = end.split(table.file.delimiter)
    below = table.sheet.head[table.header + 1 :]
    begins = below[0][0] if below and below[0] else ""
    alike = cells[0].strip(' "').isdigit() == begins.isdigit() and (
        begins.isdigit() or 2 * len(cells) >= len(_named(table))
    )
    whole = (
        not 1 < len(cells) < len(_named(table)) or end.count('"') % 2
    )  # else a quoted cell with a line break ends here
    return [] if whole or not alike else [Oddity("breaks_off", {"last": end[:60]}, grave=True)]


@dataclass(frozen=True)
class Sound:
    """The rows of a table whose year can be read.

    Attributes:
        rows: columns as in `Table.rows`. year: Int32. first, last: year; 0 when there is no row.
        oddities: what is odd in all rows.
        odd: columns of counts in which some cell is no plain whole number.
    """

    rows: pl.LazyFrame
    year: pl.Expr
    first: int
    last: int
    oddities: tuple[Oddity, ...]
    odd: frozenset[str]

    def count(self, column: str) -> pl.Expr:
        """A count as Float64, as `number` reads it; several times faster where every cell is plain."""
        import polars as pl

        if column in self.odd:
            return number(column)
        return pl.col(column).cast(pl.UInt64, strict=False).cast(pl.Float64)


def sound_rows(table: Table, *, year_column: str, values: Sequence[str]) -> Sound:
    """What of a table of counts by year can be counted, and what is odd in it; one pass where nothing is.

    Args:
        table: the table. year_column: the column of the year. values: columns of counts.
    """
    import polars as pl

    rows = table.rows()
    plain = pl.col(year_column).cast(
        pl.UInt16, strict=False
    )  # much faster than `year`, which is asked where this fails
    tally = (
        rows.select(
            pl.len().alias("all"),
            plain.is_between(_YEARS.start, _YEARS.stop, closed="left").sum().alias("dated"),
            plain.min().alias("first"),
            plain.max().alias("last"),
            *(_odd(pl.col(column)).any().alias(f"odd {column}") for column in values),
        )
        .collect(engine="streaming")
        .row(0, named=True)
    )
    found: list[Oddity] = []
    first, last, when = tally["first"] or 0, tally["last"] or 0, plain.cast(pl.Int32)
    if tally["dated"] < tally["all"]:
        when = year(year_column)
        unread, first, last = (
            rows.select(
                when.is_null().sum().alias("unread"),
                when.min().fill_null(0).alias("first"),
                when.max().fill_null(0).alias("last"),
            )
            .collect(engine="streaming")
            .row(0)
        )
        if unread:
            found += _undated(table, rows.filter(when.is_null()), unread, values)
            rows = rows.filter(when.is_not_null())
    odd = frozenset(column for column in values if tally[f"odd {column}"])
    if odd:
        found += odd_cells(rows, sorted(odd))
    return Sound(rows, when, first, last, tuple(found), odd)


def _undated(table: Table, rows: pl.LazyFrame, count: int, values: Sequence[str]) -> list[Oddity]:
    """What the rows without a year are: blank, the header again (files put one behind another), notes, or numbers that are lost."""
    header = {name: key(table.sheet.head[table.header][int(place)]) for name, place in table.columns.items()}
    notes: list[str] = []
    lost: list[str] = []
    headers = 0
    for row in rows.head(_LOOKED_AT).collect().rows(named=True):
        cells = {name: cell.strip() for name, cell in row.items() if cell and cell.strip()}
        if not cells:
            continue
        if all(key(cell) == header[name] for name, cell in cells.items()):
            headers += 1
        elif not any(name in cells for name in values):
            notes.append(_shown(cells.values()))
        else:
            lost.append(_shown(cells.values()))
    found: list[Oddity] = []
    if headers:
        found.append(Oddity("headers_repeated", {"count": str(headers)}, refused=True))
    if notes:
        found.append(Oddity("note_rows", {"count": str(len(notes)), "first": notes[0]}, refused=True))
    beyond = max(0, count - _LOOKED_AT)
    if lost or beyond:
        words = {"count": str(len(lost) + beyond), "first": lost[0] if lost else "…"}
        found.append(Oddity("unreadable_periods", words, grave=True, refused=True))
    return found


def repeated_rows(rows: pl.LazyFrame, columns: Sequence[str]) -> tuple[Oddity, ...]:
    """Rows that stand twice for the same place, period and categories: their sum would count them twice."""
    import polars as pl

    twice = rows.group_by(columns).len().filter(pl.col("len") > 1).sort(columns).collect(engine="streaming")
    if twice.is_empty():
        return ()
    words = {"count": str(twice.height), "first": _shown(twice.row(0)[:-1])}
    return (Oddity("repeated_rows", words, grave=True),)


def odd_cells(rows: pl.LazyFrame, columns: Sequence[str], *, counts: bool = True) -> tuple[Oddity, ...]:
    """How the cells of number columns are written: thousands separators, counts such as 1.0, negatives, and what is no number.

    One pass keeps the distinct cells that are no plain whole number, which are few; only these are looked at closely.

    Args:
        rows: as `Table.rows` gives them. columns: number columns. counts: True when only whole numbers make sense.
    """
    import polars as pl

    odd = (
        rows.select(columns)
        .unpivot(value_name="cell", variable_name="column")
        .filter(_odd(pl.col("cell")))
        .group_by("cell")
        .agg(pl.len().alias("count"), pl.col("column").first())
        .collect(engine="streaming")
    )
    if odd.is_empty():
        return ()
    cell = pl.col("cell").str.strip_chars()
    kinds = odd.sort("cell").with_columns(
        number("cell").alias("value"),
        cell.str.contains(_GROUPED).alias("commas"),
        cell.str.contains(_POINT_GROUPED).alias("point_groups"),
        cell.str.contains(r"^-?\d+\.0*$").alias("points"),
        cell.str.to_lowercase().is_in(_MISSING).alias("missing"),
    )

    def of(code: str, condition: pl.Expr, *, grave: bool) -> list[Oddity]:
        some = kinds.filter(condition)
        if some.is_empty():
            return []
        first = f"{some['cell'][0][:40]!r} ({some['column'][0]})"
        return [Oddity(code, {"count": str(some["count"].sum()), "first": first}, grave=grave)]

    value = pl.col("value")
    found = of("thousands_separators", pl.col("commas"), grave=False)
    if counts:
        found += of("counts_as_decimals", pl.col("points") & ~pl.col("point_groups"), grave=False)
        found += of("points_in_counts", pl.col("point_groups"), grave=True)
        found += of("fractional_counts", (value != value.floor()) & ~pl.col("point_groups"), grave=True)
        found += of("negative_counts", value < 0, grave=True)
    found += of("unreadable_cells", value.is_null() & ~pl.col("missing"), grave=True)
    return tuple(found)


def _odd(cell: pl.Expr) -> pl.Expr:
    """Whether a cell is there and is no plain whole number."""
    import polars as pl

    return cell.is_not_null() & cell.cast(pl.UInt64, strict=False).is_null()


def _shown(cells: Iterable[object]) -> str:
    """The first cells of a row, for a sentence."""
    return ", ".join(str(cell).strip() for cell in cells if cell is not None and str(cell).strip())[:80]
