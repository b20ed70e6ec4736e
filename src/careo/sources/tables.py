"""Data files → tables of cells as written: CSV in any usual encoding, workbooks, Parquet, and the same compressed.

Every cell is text until a layout says what it is: a reader that guesses types turns "01" into 1 and "1,119" into nothing.
What can be put right for every layout is put right here: the encoding, letters that were UTF-8 read as Latin-1, decimal
commas. A file that is no table, or is damaged, ends in one sentence.
"""

from __future__ import annotations

import bz2
import codecs
import csv
import errno
import gzip
import io
import lzma
import re
import tempfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from hashlib import file_digest
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from careo.base.errors import InputError

if TYPE_CHECKING:
    import polars as pl

LARGEST = 4 << 30  # bytes of one data file, unpacked
HEAD_ROWS = 60  # rows a layout may look at to recognise itself
SURPLUS = "surplus"  # name of the column that takes what stands right of the widest row of the head

_CHUNK = 1 << 20
_SAMPLE = 1 << 16  # characters that tell the delimiter
_MOST_PACKED = 300  # a table shrinks to a hundredth at most; what shrinks further is a bomb
_SMALL = 64 << 20  # and below this size nobody asks
_PACKED: dict[bytes, Callable[[Path], Any]] = {
    b"BZh": bz2.BZ2File,
    b"\x1f\x8b": gzip.GzipFile,
    b"\xfd7zXZ": lzma.LZMAFile,
}
_TABLES = (".csv", ".txt", ".tsv", ".xlsx", ".xls", ".xlsb", ".xlsm", ".ods", ".parquet")
_WORKBOOKS = ("[Content_Types].xml", "META-INF/manifest.xml")  # OOXML; OpenDocument
_OLE = b"\xd0\xcf\x11\xe0"  # the old binary workbook, and a workbook under a password
_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_OTHERS = (b"%PDF", b"\x89PNG", b"GIF8", b"\xff\xd8\xff", b"{\\rtf", b"7z\xbc\xaf", b"Rar!")
_PAGE = re.compile(rb"\s*<(!doctype|html|head|body|table|meta|\?xml|!--)", re.IGNORECASE)
_TITLE = re.compile(rb"<title[^>]*>\s*(.*?)\s*</title>", re.IGNORECASE | re.DOTALL)
_CONTINUATION = "\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"
_MISREAD = re.compile(f"[ÃÂ][{_CONTINUATION}]|â[{_CONTINUATION}]{{2}}")
_MISREAD_BYTES = ("Ã".encode(), "Â".encode(), "â€".encode())
_MISREAD_SINGLE = (b"\xc3", b"\xc2", b"\xe2\x80")  # the same in Windows-1252
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
        InputError: no such file, empty, larger than `LARGEST`, of no known format, or broken.
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
        plain = _unpacked(path, folder)
        kind = _format(plain, path)
        if kind != "csv":
            return DataFile(path, plain, digest.result(), size, kind)
        text = _as_utf8(plain, path, folder / "utf8.csv")
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


def _latin1_rest(error: UnicodeError) -> tuple[str | bytes, int]:
    """Bytes that Windows-1252 leaves free are taken as Latin-1 takes them: a stray byte is no reason to refuse a file."""
    if isinstance(error, UnicodeDecodeError):
        return error.object[error.start : error.end].decode("latin-1"), error.end
    if isinstance(error, UnicodeEncodeError):
        return error.object[error.start : error.end].encode("latin-1"), error.end
    raise error


codecs.register_error("latin1_rest", _latin1_rest)


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return file_digest(stream, "sha256").hexdigest()


# --- unpacking --------------------------------------------------------------------------------------------------------


def _unpacked(path: Path, folder: Path) -> Path:
    with path.open("rb") as stream:
        start = stream.read(8)
    target = folder / "unpacked"
    opener = next((opener for mark, opener in _PACKED.items() if start.startswith(mark)), None)
    if opener is not None:
        with opener(path) as packed:
            return _copied(packed, target, path)
    if not start.startswith(b"PK"):
        return path
    with _sound(path, "ZIP"), zipfile.ZipFile(path) as archive:
        members = [m for m in archive.infolist() if not m.is_dir() and not m.filename.startswith("__MACOSX")]
        if sum(member.file_size for member in members) > _allowed(path):
            raise InputError("table_bomb", where=str(path), limit=_allowed(path) >> 20)
        if any(member.filename in _WORKBOOKS for member in members):
            return path
        tables = [member for member in members if Path(member.filename).suffix.lower() in _TABLES]
        chosen = tables if len(tables) == 1 else members
        if len(chosen) != 1:
            found = ", ".join(member.filename for member in chosen[:12])
            raise InputError("table_archive", where=str(path), found=found, fix="table_archive")
        if chosen[0].flag_bits & 1:
            raise InputError("table_locked", where=str(path), fix="table_locked")
        with archive.open(chosen[0]) as packed:
            return _copied(packed, target, path)


def _copied(packed: IO[bytes], target: Path, path: Path) -> Path:
    written, allowed = 0, _allowed(path)
    with target.open("wb") as out:
        while True:
            with _sound(path, path.suffix.lstrip(".").upper()):
                chunk = packed.read(_CHUNK)
            if not chunk:
                break
            written += len(chunk)
            if written > allowed:
                raise InputError("table_bomb", where=str(path), limit=allowed >> 20)
            out.write(chunk)
    if not written:
        raise InputError("input_empty", where=str(path), fix="table_again")
    return target


def _allowed(path: Path) -> int:
    """Bytes a packed file may unpack to."""
    return min(LARGEST, max(_SMALL, _MOST_PACKED * path.stat().st_size))


@contextmanager
def _sound(path: Path, format: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EACCES, errno.EIO):
            raise
        raise InputError("table_broken", where=str(path), fix="table_again", format=format) from error
    except (
        EOFError,
        zipfile.BadZipFile,
        zlib.error,
        lzma.LZMAError,
        NotImplementedError,
        ValueError,
    ) as error:
        raise InputError("table_broken", where=str(path), fix="table_again", format=format) from error


def _format(plain: Path, path: Path) -> str:
    with plain.open("rb") as stream:
        start = stream.read(_CHUNK)
        stream.seek(max(0, plain.stat().st_size - _CHUNK))
        end = stream.read()
    if start.startswith(b"PAR1"):
        return "parquet"
    if start.startswith(_OLE) and "EncryptedPackage".encode("utf-16-le") in start + end:
        raise InputError("table_locked", where=str(path), fix="table_locked")
    if start.startswith((b"PK", _OLE)):
        return "xlsx"
    if _PAGE.match(start.removeprefix(b"\xef\xbb\xbf")):
        title = _TITLE.search(start)
        found = title[1].decode("utf-8", errors="replace")[:120] if title else ""
        raise InputError("table_page", where=str(path), found=found, fix="table_page")
    if (
        start.startswith(_OTHERS)
        or start.lstrip()[:1] in (b"{", b"[")
        or (b"\0" in start and not _wide(start))
    ):
        raise InputError("table_format", where=str(path), fix="table_format")
    if not start.strip():
        raise InputError("input_empty", where=str(path), fix="table_again")
    return "csv"


# --- text -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Text:
    """A text file in UTF-8, and what its bytes hold; see `DataFile`."""

    plain: Path
    encoding: str
    misread: bool
    lost: bool
    lines: int


def _wide(start: bytes) -> str:
    """The 16-bit encoding of a text, by its mark or by where its NUL bytes stand; "" for any other."""
    for mark, name in _MARKS[1:]:
        if start.startswith(mark):
            return name
    half = len(start) // 2
    if half and b"\0" in start:
        if start[1::2].count(0) > 0.6 * half and not start[0::2].count(0):
            return "utf-16-le"
        if start[0::2].count(0) > 0.6 * half and not start[1::2].count(0):
            return "utf-16-be"
    return ""


def _as_utf8(plain: Path, path: Path, target: Path) -> _Text:
    """The text in UTF-8 with "\\n" at the end of its lines; the file itself where it is that already.

    Encoding: what its mark or its NUL bytes say, else UTF-8 when every byte agrees, else Windows-1252 (what publishers mean by
    Latin-1).
    """
    with plain.open("rb") as stream:
        start = stream.read(_CHUNK)
    old_lines = (
        b"\r" in start and b"\n" not in start
    )  # a lone carriage return: no reader ends a line there any more
    encoding = _wide(start)
    if not encoding:
        try:
            seen = _seen(plain, path, "utf-8")
            if not old_lines:
                return _Text(plain, "utf-8-sig" if start.startswith(_MARKS[0][0]) else "utf-8", *seen)
            encoding = "utf-8"
        except UnicodeDecodeError:
            encoding = "cp1252"
    with target.open("wb") as out:
        return _Text(target, encoding, *_seen(plain, path, encoding, out, old_lines=old_lines))


def _seen(
    plain: Path, path: Path, encoding: str, out: IO[bytes] | None = None, *, old_lines: bool = False
) -> tuple[bool, bool, int]:
    """Whether letters of a text may be misread, whether letters are lost, and the number of lines; one pass.

    Args:
        out: takes the text in UTF-8. old_lines: whether lines end with a carriage return.

    Raises:
        UnicodeDecodeError: the text is not in this encoding, and `out` is not given. InputError: there are NUL bytes.
    """
    errors = "strict" if out is None else "latin1_rest" if encoding == "cp1252" else "replace"
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    single = encoding == "cp1252"  # one byte a letter, so one byte shows it
    misread = lost = False
    lines, last = 0, b""
    with plain.open("rb") as stream:
        while True:
            given = stream.read(_CHUNK)
            text = decoder.decode(given, final=not given)
            chunk = given if out is None else text.encode("utf-8", errors="replace")
            if old_lines:
                chunk = chunk.replace(b"\r", b"\n")
            if out is not None:
                out.write(chunk)
            if b"\0" in chunk:
                raise InputError("table_nul", where=str(path), fix="table_again")
            looked, marks = (given, _MISREAD_SINGLE) if single else (chunk, _MISREAD_BYTES)
            misread = misread or any(mark in looked for mark in marks)
            lost = lost or "\ufffd".encode() in chunk
            lines += chunk.count(b"\n")
            last = chunk[-1:] or last
            if not given:
                return misread, lost, lines + (last != b"\n")


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
