"""Data files → tables of cells as written: CSV in any usual encoding, workbooks, Parquet, and the same compressed.

Every cell is text until a layout says what it is: a reader that guesses types turns "01" into 1 and "1,119" into nothing.
What can be put right for every layout is put right here: letters that were UTF-8 read as Latin-1, and decimal commas.
"""

from __future__ import annotations

import csv
import io
import re
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from hashlib import file_digest
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from careo.base.errors import InputError
from careo.sources.unpacking import as_utf8, kind_of, unpacked

if TYPE_CHECKING:
    import polars as pl

HEAD_ROWS = 60  # rows a layout may look at to recognise itself
SURPLUS = "surplus"  # name of the column that takes what stands right of the widest row of the head

_SAMPLE = 1 << 16  # characters that tell the delimiter
_CONTINUATION = "\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"
_MISREAD = re.compile(f"[ÃÂ][{_CONTINUATION}]|â[{_CONTINUATION}]{{2}}")
_DECIMAL_COMMA = r"^-?(\d+|\d{1,3}(\.\d{3})+),\d+$"
_POINT_GROUPS = r"^-?[1-9]\d{0,2}(\.\d{3})+$"


@dataclass(frozen=True)
class Sheet:
    """One table of a data file.

    Attributes:
        name: name of the sheet; "" for a CSV or Parquet file.
        head: its first rows, cells as text, blanks stripped; for Parquet the first row holds the column names.
        hidden: True for a sheet that a spreadsheet does not show.
    """

    name: str
    head: tuple[tuple[str, ...], ...]
    hidden: bool = False


@dataclass(frozen=True)
class DataFile:
    """A data file opened, before anyone says what it is. Valid inside `open_data` only.

    Attributes:
        path: the file as given. plain: the unpacked file in UTF-8 that is read (the same file where nothing had to be done).
        sha256, size: of the file as given.
        format: "csv", "xlsx" (any workbook) or "parquet". encoding: of a CSV file as given. delimiter: of a CSV file.
        misread: True when letters of a CSV file may be UTF-8 read as Latin-1. lost: True when some were replaced by �.
        lines: lines of a CSV file.
    """

    path: Path
    plain: Path
    sha256: str
    size: int
    format: str
    encoding: str = ""
    delimiter: str = ""
    misread: bool = False
    lost: bool = False
    lines: int = 0

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name

    @cached_property
    def sheets(self) -> tuple[Sheet, ...]:
        """Its tables, with the rows by which a layout recognises them; sheets without any cell are left out."""
        if self.format == "csv":
            return (Sheet("", _csv_head(self.plain, self.delimiter)),)
        if self.format == "parquet":
            return (Sheet("", self._parquet_head()),)
        with readable(self):
            sheets = tuple(self._workbook_sheet(name) for name in self._workbook.sheet_names)
        return tuple(sheet for sheet in sheets if sheet.head)

    @cached_property
    def decimal_comma(self) -> bool:
        """Whether numbers are written 12,5: only where a semicolon or a tab divides the cells, and some cell shows it.

        A comma before exactly three figures shows nothing: 1,119 may be thousands.
        """
        if self.format != "csv" or self.delimiter == ",":
            return False
        cells = [cell for row in self.sheets[0].head for cell in row]
        return any(re.fullmatch(r"-?(0,\d+|\d[\d.]*,(\d{1,2}|\d{4,}))", cell) for cell in cells)

    def frame(self, sheet: Sheet, header: int) -> pl.LazyFrame:
        """The rows below the header, every column text, columns named "0", "1", …; lazy where the file is large.

        A further column `SURPLUS` holds the first cell right of the widest row of the head.

        Args:
            sheet: one of `sheets`.
            header: index of the header row in `sheet.head`; -1 when there is none.

        Raises:
            InputError: the file breaks off or is broken.
        """
        return self._opened(sheet, header)[0]

    def misread_cells(self, sheet: Sheet, header: int) -> bool:
        """Whether cells below the header had to be read again (see `repaired`)."""
        return self._opened(sheet, header)[1]

    def line_of(self, row: int) -> int:
        """How many lines of a CSV file stand before a row of its head (a quoted cell may hold line breaks)."""
        with self.plain.open(encoding="utf-8-sig", errors="replace", newline="") as stream:
            reader = csv.reader(stream, delimiter=self.delimiter)
            for _ in islice(reader, row):
                pass
            return reader.line_num

    def last_line(self) -> str:
        """The last line of a CSV file when no line break ends it, else "": where a download broke off."""
        with self.plain.open("rb") as stream:
            stream.seek(max(0, self.plain.stat().st_size - (1 << 16)))
            end = stream.read().decode("utf-8", errors="replace")
        return end.rpartition("\n")[2]

    @cached_property
    def _frames(self) -> dict[tuple[str, int], tuple[pl.LazyFrame, bool]]:
        return {}

    def _opened(self, sheet: Sheet, header: int) -> tuple[pl.LazyFrame, bool]:
        if (sheet.name, header) not in self._frames:
            self._frames[sheet.name, header] = self._repaired_frame(sheet, header)
        return self._frames[sheet.name, header]

    def _repaired_frame(self, sheet: Sheet, header: int) -> tuple[pl.LazyFrame, bool]:
        import polars as pl

        names = [str(place) for place in range(max(map(len, sheet.head), default=0))]
        with readable(self):
            if self.format == "csv":
                frame = self._csv_frame(names, header)
            elif self.format == "parquet":
                frame = pl.scan_parquet(self.plain)
                columns = frame.collect_schema().names()
                frame = frame.select(
                    pl.col(c).cast(pl.String).alias(name) for c, name in zip(columns, names, strict=True)
                )
            else:
                # skip_rows counts rows of the sheet, the head only those from the first that holds a cell
                frame = self._sheet(sheet.name).to_polars().slice(header + 1).lazy()
                frame = frame.rename(dict(zip(frame.collect_schema().names(), names, strict=True)))
            repairs = self._repairs(frame)
            frame = frame.with_columns(pl.col(name).replace(cells) for name, cells in repairs.items())
        if SURPLUS not in frame.collect_schema().names():
            frame = frame.with_columns(pl.lit(None, pl.String).alias(SURPLUS))
        return frame, bool(repairs)

    def _csv_frame(self, names: list[str], header: int) -> pl.LazyFrame:
        import polars as pl

        frame = pl.scan_csv(
            self.plain,
            separator=self.delimiter,
            has_header=False,
            skip_lines=self.line_of(header + 1),
            schema=dict.fromkeys((*names, SURPLUS), pl.String),
            truncate_ragged_lines=True,
            missing_columns="insert",
            encoding="utf8-lossy",
        )
        if not self.decimal_comma:
            return frame
        cell = pl.col(*names)
        plain = cell.str.replace_all(".", "", literal=True)
        number = cell.str.contains(_DECIMAL_COMMA) | cell.str.contains(_POINT_GROUPS)
        return frame.with_columns(
            pl.when(number).then(plain.str.replace(",", ".", literal=True)).otherwise(cell)
        )

    def _repairs(self, frame: pl.LazyFrame) -> Mapping[str, Mapping[str, str]]:
        """Column → cell as written → cell repaired; found on the distinct cells, which are few."""
        import polars as pl

        if self.format == "csv" and not self.misread:
            return {}
        columns = [name for name in frame.collect_schema().names() if name != SURPLUS]
        suspect = (
            frame.select(
                pl.col(c).filter(pl.col(c).str.contains("[ÃÂâ]")).unique().implode() for c in columns
            )
            .collect(engine="streaming")
            .row(0, named=True)
        )
        found = {
            column: {cell: repaired(cell) for cell in cells if repaired(cell) != cell}
            for column, cells in suspect.items()
        }
        return {column: repairs for column, repairs in found.items() if repairs}

    def _parquet_head(self) -> tuple[tuple[str, ...], ...]:
        import polars as pl

        with readable(self):
            lazy = pl.scan_parquet(self.plain)
            schema = lazy.collect_schema()
            nested = [name for name, kind in schema.items() if kind.is_nested()]
            if nested:
                raise InputError("table_nested", where=str(self.path), found=", ".join(nested)[:300])
            rows = lazy.head(HEAD_ROWS - 1).select(pl.all().cast(pl.String)).collect().rows()
        return (tuple(schema.names()), *(tuple((cell or "").strip() for cell in row) for row in rows))

    @cached_property
    def _workbook(self) -> Any:
        import fastexcel

        return fastexcel.read_excel(self.plain)

    def _sheet(self, name: str, rows: int | None = None) -> Any:
        with _quiet():
            return self._workbook.load_sheet(name, header_row=None, n_rows=rows, dtypes="string")

    def _workbook_sheet(self, name: str) -> Sheet:
        sheet = self._sheet(name, HEAD_ROWS)
        head = tuple(tuple((cell or "").strip() for cell in row) for row in sheet.to_polars().rows())
        return Sheet(name, head, sheet.visible != "visible")


@contextmanager
def open_data(path: Path) -> Iterator[DataFile]:
    """Open a data file; what had to be unpacked or recoded lives in a temporary folder until the block ends.

    Raises:
        InputError: no such file, empty, too large, of no known format, or broken.
    """
    if not path.is_file():
        raise InputError("table_folder" if path.is_dir() else "input_missing", where=str(path))
    with tempfile.TemporaryDirectory(prefix="careo-") as folder:
        try:
            file = _prepared(path, Path(folder))
        except OSError as error:
            problem = error.strerror or str(error)
            raise InputError("input_unreadable", where=str(path), problem=problem) from error
        yield file


def _prepared(path: Path, folder: Path) -> DataFile:
    size = path.stat().st_size
    if not size:
        raise InputError("input_empty", where=str(path), fix="table_again")
    with ThreadPoolExecutor(1) as beside:  # hashing lets the unpacking go on
        digest = beside.submit(_sha256, path)
        plain = unpacked(path, folder)
        kind = kind_of(plain, path)
        if kind != "csv":
            return DataFile(path, plain, digest.result(), size, kind)
        text = as_utf8(plain, path, folder / "utf8.csv")
        return DataFile(
            path,
            text.plain,
            digest.result(),
            size,
            kind,
            encoding=text.encoding,
            delimiter=_delimiter(text.plain),
            misread=text.misread,
            lost=text.lost,
            lines=text.lines,
        )


@contextmanager
def readable(file: DataFile) -> Iterator[None]:
    """Where rows of a file are collected: what its readers stumble over becomes one sentence.

    Raises:
        InputError: the file is damaged or breaks off; names the line of a CSV file whose quotation marks do not pair.
    """
    import polars as pl

    try:
        yield
    except (pl.exceptions.ComputeError, pl.exceptions.NoDataError) as error:
        line = _unpaired_quote(file) if file.format == "csv" else 0
        where = f"{file.path}:{line}" if line else str(file.path)
        raise InputError(
            "table_quotes" if line else "table_broken", where=where, format=file.format.upper()
        ) from error
    except BaseException as error:  # a panic of a reader written in Rust is no Exception
        if type(error).__module__.partition(".")[0] in ("_fastexcel", "fastexcel", "pyo3_runtime"):
            raise InputError(
                "table_broken", where=str(file.path), fix="table_again", format=file.format.upper()
            ) from error
        raise


def repaired(text: str) -> str:
    """Text whose UTF-8 was read as Latin-1 or Windows-1252 ("MÃ©xico"), read right; any other text as it is."""
    return _MISREAD.sub(_read_again, text) if _MISREAD.search(text) else text


def _read_again(found: re.Match[str]) -> str:
    try:
        return found[0].encode("cp1252", errors="latin1_rest").decode("utf-8")
    except UnicodeError:
        return found[0]


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return file_digest(stream, "sha256").hexdigest()


def _delimiter(plain: Path) -> str:
    """The delimiter that cuts the first rows into the most cells alike; titles above a table do not count against it."""
    with plain.open(encoding="utf-8-sig", errors="replace", newline="") as stream:
        text = stream.read(_SAMPLE)
    best = (0, ",")
    for delimiter in ",;|\t":
        rows = list(islice(_rows(io.StringIO(text), delimiter), HEAD_ROWS))
        widths = Counter(
            len(row) for row in (rows[:-1] if len(text) == _SAMPLE else rows)
        )  # the last may be cut
        alike = max((often * (width - 1) for width, often in widths.items()), default=0)
        best = max(best, (alike, delimiter), key=lambda pair: pair[0])
    return best[1]


def _rows(stream: IO[str], delimiter: str) -> Iterator[list[str]]:
    try:
        yield from csv.reader(stream, delimiter=delimiter)
    except csv.Error:  # a cell beyond the limit: no table
        return


def _csv_head(plain: Path, delimiter: str) -> tuple[tuple[str, ...], ...]:
    with plain.open(encoding="utf-8-sig", errors="replace", newline="") as stream:
        rows = islice(_rows(stream, delimiter), HEAD_ROWS)
        return tuple(tuple(cell.strip() for cell in row) for row in rows)


def _unpaired_quote(file: DataFile) -> int:
    """The line in which a CSV reader loses its way for a quotation mark; 0 when it does not."""
    with file.plain.open(encoding="utf-8", errors="replace", newline="") as stream:
        reader = csv.reader(stream, delimiter=file.delimiter, strict=True)
        line = 0
        try:
            for _ in reader:
                line = reader.line_num
        except csv.Error:
            return line + 1
    return 0


@contextmanager
def _quiet() -> Iterator[None]:
    """fastexcel warns of columns that are empty in the rows it looked at; a layout says so itself where it matters."""
    import logging

    logger = logging.getLogger("fastexcel")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
