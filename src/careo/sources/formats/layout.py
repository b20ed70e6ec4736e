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
from typing import TYPE_CHECKING

from careo.sources.tables import DataFile, Sheet

if TYPE_CHECKING:
    import polars as pl

MONTHS = ("enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre")  # fmt: skip
"""Month names as the publishers head their columns, folded."""

MONTH_COLUMNS = tuple(f"m{number:02d}" for number in range(1, 13))
"""The twelve values of a row of a wide table."""

_MISSING = ("", "na", "n/a", "nd", "n.d.", "n/d", "s/d", "-", "--", ".", "null", "nan", "none")
_GROUPED = r"^-?\d{1,3}(,\d{3})+(\.\d+)?$"  # 1,119
_BROKEN = re.compile(r"[ÃÂ][\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ\xa0-\xff]")


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
    """

    file: DataFile
    sheet: Sheet
    header: int
    columns: Mapping[str, str]
    unknown: tuple[str, ...] = ()
    repaired: bool = False

    def rows(self) -> pl.LazyFrame:
        """The rows below the header, every cell text, columns under their header keys."""
        import polars as pl

        frame = self.file.frame(self.sheet, self.header)
        return frame.select(pl.col(place).alias(name) for name, place in self.columns.items())


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


def key(header: str) -> str:
    """A header as a name: repaired, folded, what is neither letter nor figure as one underscore ("Cve. Municipio" → "cve_municipio")."""
    plain = unicodedata.normalize("NFKD", repaired(header.lstrip("\ufeff"))).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_")


def repaired(text: str) -> str:
    """Text whose UTF-8 was read as Latin-1 ("MÃ©xico"), read right; any other text as it is."""
    if not _BROKEN.search(text):
        return text
    for encoding in ("cp1252", "latin-1"):
        try:
            return text.encode(encoding).decode("utf-8")
        except UnicodeError:
            continue
    return text


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
    """An official code, zero-padded: "1", "1.0" and " 01 " are all "01"."""
    import polars as pl

    cell = pl.col(column).str.strip_chars().str.replace(r"\.0+$", "")
    return pl.when(cell != "").then(cell.str.zfill(digits))


def number(column: str) -> pl.Expr:
    """A number: plain, with a decimal point, or with commas between thousands; null for everything else."""
    import polars as pl

    cell = pl.col(column).str.strip_chars()
    grouped = pl.when(cell.str.contains(_GROUPED)).then(cell.str.replace_all(",", ""))
    return pl.coalesce(cell.cast(pl.Float64, strict=False), grouped.cast(pl.Float64, strict=False))


def year(column: str) -> pl.Expr:
    """A calendar year."""
    import polars as pl

    return number(column).cast(pl.Int32, strict=False)


def odd_cells(rows: pl.LazyFrame, columns: Sequence[str], *, counts: bool = True) -> tuple[Oddity, ...]:
    """How the cells of number columns are written: thousands separators, counts such as 1.0, negatives, and what is no number.

    Args:
        rows: as `Table.rows` gives them. columns: number columns. counts: True when only whole numbers make sense.
    """
    import polars as pl

    def total(condition: Callable[[pl.Expr], pl.Expr]) -> pl.Expr:
        return pl.sum_horizontal(condition(pl.col(c).str.strip_chars()).sum() for c in columns)

    def unreadable(cell: pl.Expr) -> pl.Expr:
        odd = ~cell.str.to_lowercase().is_in(_MISSING)
        return odd & cell.cast(pl.Float64, strict=False).is_null() & ~cell.str.contains(_GROUPED)

    tally = (
        rows.select(
            commas=total(lambda cell: cell.str.contains(",", literal=True) & cell.str.contains(_GROUPED)),
            points=total(lambda cell: cell.str.ends_with(".0")),
            negative=total(lambda cell: cell.str.starts_with("-") & (cell.str.len_bytes() > 1)),
            broken=total(lambda cell: ~cell.str.contains(r"^\d*$") & unreadable(cell)),
            fractions=total(lambda cell: cell.str.contains(r"\.\d*[1-9]")),
        )
        .collect(engine="streaming")
        .row(0, named=True)
    )
    found: list[Oddity] = []
    if tally["commas"]:
        found.append(Oddity("thousands_separators", {"count": str(tally["commas"])}))
    if counts and tally["points"]:
        found.append(Oddity("counts_as_decimals", {"count": str(tally["points"])}))
    if counts and tally["fractions"]:
        found.append(Oddity("fractional_counts", {"count": str(tally["fractions"])}, grave=True))
    if counts and tally["negative"]:
        found.append(Oddity("negative_counts", {"count": str(tally["negative"])}, grave=True))
    if tally["broken"]:
        first = _first_unreadable(rows, columns, unreadable)
        found.append(Oddity("unreadable_cells", {"count": str(tally["broken"]), "first": first}, grave=True))
    return tuple(found)



def _first_unreadable(
    rows: pl.LazyFrame, columns: Sequence[str], unreadable: Callable[[pl.Expr], pl.Expr]
) -> str:
    import polars as pl

    for column in columns:
        cells = rows.filter(unreadable(pl.col(column).str.strip_chars())).select(column).head(1).collect()
        if cells.height:
            return f"{cells.item()[:40]!r} ({column})"
    return ""

