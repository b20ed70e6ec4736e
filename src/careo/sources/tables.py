"""Data files → tables of cells as written: CSV in any usual encoding, XLSX, Parquet, and the same compressed.

Every cell is text until a layout says what it is: a reader that guesses types turns "01" into 1 and "1,119" into nothing.
"""

from __future__ import annotations

import bz2
import codecs
import csv
import gzip
import io
import lzma
import shutil
import tempfile
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
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
_CHUNK = 1 << 20
_PACKED: dict[bytes, Callable[[Path], IO[bytes]]] = {
    b"BZh": lambda path: bz2.open(path, "rb"),
    b"\x1f\x8b": lambda path: gzip.open(path, "rb"),
    b"\xfd7zXZ": lambda path: lzma.open(path, "rb"),
}
_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


@dataclass(frozen=True)
class Sheet:
    """One table of a data file.

    Attributes:
        name: name of the sheet; "" for a CSV or Parquet file.
        head: its first rows, cells as text, blanks stripped; for Parquet the first row holds the column names.
    """

    name: str
    head: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class DataFile:
    """A data file opened, before anyone says what it is. Valid inside `open_data` only.

    Attributes:
        path: the file as given. plain: the unpacked file in UTF-8 that is read (the same file where nothing had to be done).
        sha256, size: of the file as given.
        format: "csv", "xlsx" or "parquet". encoding: of a CSV file as given. delimiter: of a CSV file.
    """

    path: Path
    plain: Path
    sha256: str
    size: int
    format: str
    encoding: str = ""
    delimiter: str = ""

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name

    @cached_property
    def sheets(self) -> tuple[Sheet, ...]:
        """Its tables, with the rows by which a layout recognises them."""
        if self.format == "csv":
            return (Sheet("", _csv_head(self.plain, self.delimiter)),)
        if self.format == "parquet":
            import polars as pl

            try:
                frame = pl.read_parquet(self.plain, n_rows=HEAD_ROWS - 1)
            except Exception as error:  # polars raises its Rust errors as many types
                raise InputError("table_broken", where=str(self.path), format="Parquet") from error
            rows = [tuple("" if cell is None else str(cell) for cell in row) for row in frame.rows()]
            return (Sheet("", (tuple(frame.columns), *rows)),)
        return tuple(Sheet(name, _xlsx_head(self._workbook, name)) for name in self._workbook.sheet_names)

    @cached_property
    def _workbook(self) -> Any:
        import fastexcel

        try:
            return fastexcel.read_excel(self.plain)
        except Exception as error:
            raise InputError("table_broken", where=str(self.path), format="XLSX") from error

    def frame(self, sheet: Sheet, header: int) -> pl.LazyFrame:
        """The rows below the header, every column text, columns named "0", "1", …; lazy where the file is large.

        Args:
            sheet: one of `sheets`.
            header: index of the header row in `sheet.head`; -1 when there is none.

        Raises:
            InputError: the file breaks off or is broken.
        """
        import polars as pl

        names = [str(place) for place in range(max(len(row) for row in sheet.head))]
        if self.format == "csv":
            return pl.scan_csv(
                self.plain,
                separator=self.delimiter,
                has_header=False,
                skip_lines=self._line_of(header + 1),
                schema=dict.fromkeys(names, pl.String),
                truncate_ragged_lines=True,
                missing_columns="insert",
                encoding="utf8-lossy",
            )
        if self.format == "parquet":
            lazy = pl.scan_parquet(self.plain)
            columns = lazy.collect_schema().names()
            return lazy.select(
                pl.col(c).cast(pl.String).alias(str(place)) for place, c in enumerate(columns)
            )
        with _quiet():
            frame = self._workbook.load_sheet(
                sheet.name, header_row=None, dtypes="string", skip_rows=header + 1, column_names=names
            ).to_polars()
        return frame.lazy()

    def _line_of(self, row: int) -> int:
        """How many lines of the file stand before a row (a quoted cell may hold line breaks)."""
        with self.plain.open(encoding="utf-8", errors="replace", newline="") as stream:
            reader = csv.reader(stream, delimiter=self.delimiter)
            for _ in islice(reader, row):
                pass
            return reader.line_num


@contextmanager
def open_data(path: Path) -> Iterator[DataFile]:
    """Open a data file; what had to be unpacked or recoded lives in a temporary folder until the block ends.

    Raises:
        InputError: no such file, empty, larger than `LARGEST`, of no known format, or broken.
    """
    if not path.is_file():
        raise InputError("input_missing" if not path.exists() else "table_folder", where=str(path))
    size = path.stat().st_size
    if not size:
        raise InputError("input_empty", where=str(path), fix="input_empty")
    with path.open("rb") as stream:
        digest = file_digest(stream, "sha256").hexdigest()
    with tempfile.TemporaryDirectory(prefix="careo-") as folder:
        plain = _unpacked(path, Path(folder))
        format_ = _format(plain, path)
        encoding = delimiter = ""
        if format_ == "csv":
            encoding = _encoding(plain)
            if encoding != "utf-8":
                plain = _recoded(plain, encoding, Path(folder) / "utf8.csv")
            delimiter = _delimiter(plain)
        yield DataFile(path, plain, digest, size, format_, encoding, delimiter)


def _unpacked(path: Path, folder: Path) -> Path:
    with path.open("rb") as stream:
        start = stream.read(8)
    opener = next((opener for mark, opener in _PACKED.items() if start.startswith(mark)), None)
    target = folder / "unpacked"
    if opener is not None:
        with opener(path) as packed, target.open("wb") as out:
            _copy(packed, out, path)
        return target
    if start.startswith(b"PK") and not _is_workbook(path):
        with zipfile.ZipFile(path) as archive:
            members = [m for m in archive.infolist() if not m.is_dir() and not m.filename.startswith("__MACOSX")]
            if len(members) != 1:
                found = ", ".join(m.filename for m in members[:6])
                raise InputError("table_archive", where=str(path), found=found, fix="table_archive")
            with archive.open(members[0]) as packed, target.open("wb") as out:
                _copy(packed, out, path)
        return target
    return path


def _copy(packed: IO[bytes], out: IO[bytes], path: Path) -> None:
    written = 0
    try:
        while chunk := packed.read(_CHUNK):
            written += len(chunk)
            if written > LARGEST:
                raise InputError("input_too_large", where=str(path), fix="input_too_large", limit=LARGEST >> 20)
            out.write(chunk)
    except (OSError, EOFError, zipfile.BadZipFile, lzma.LZMAError) as error:
        raise InputError("table_broken", where=str(path), format=path.suffix.lstrip(".")) from error


def _is_workbook(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return "[Content_Types].xml" in archive.namelist()
    except (zipfile.BadZipFile, OSError) as error:
        raise InputError("table_broken", where=str(path), format="ZIP") from error


def _format(plain: Path, path: Path) -> str:
    with plain.open("rb") as stream:
        start = stream.read(_CHUNK)
    if start.startswith(b"PAR1"):
        return "parquet"
    if start.startswith(b"PK") or start.startswith(b"\xd0\xcf\x11\xe0"):  # OOXML; the old binary workbook
        return "xlsx"
    if start.startswith((b"%PDF", b"\x89PNG", b"GIF8", b"\xff\xd8\xff")) or (
        b"\0" in start and not start.startswith((b"\xff\xfe", b"\xfe\xff"))
    ):
        raise InputError("table_format", where=str(path), fix="table_format")
    return "csv"


def _encoding(plain: Path) -> str:
    """UTF-8 when every byte agrees, else Windows-1252 (what publishers mean by Latin-1), or what the mark says."""
    with plain.open("rb") as stream:
        start = stream.read(4)
        for mark, name in _MARKS:
            if start.startswith(mark):
                return name
        stream.seek(0)
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            while chunk := stream.read(_CHUNK):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8"


def _recoded(plain: Path, encoding: str, target: Path) -> Path:
    # bytes that Windows-1252 leaves free are taken as Latin-1 takes them: a stray byte is no reason to refuse a file
    errors = "latin1_rest" if encoding == "cp1252" else "replace"
    with (
        plain.open(encoding=encoding, errors=errors, newline="") as stream,
        target.open("w", encoding="utf-8", newline="") as out,
    ):
        shutil.copyfileobj(stream, out, _CHUNK)
    return target


def _rest_as_latin1(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)  # noqa: S101 - registered for decoding only
    return error.object[error.start : error.end].decode("latin-1"), error.end


codecs.register_error("latin1_rest", _rest_as_latin1)


def _delimiter(plain: Path) -> str:
    """The delimiter that cuts the first rows into the most cells alike."""
    with plain.open(encoding="utf-8", errors="replace", newline="") as stream:
        text = stream.read(1 << 16)
    best = (0, ",")
    for delimiter in ",;|\t":
        rows = list(islice(_rows(io.StringIO(text), delimiter), HEAD_ROWS))[:-1] or [[text]]
        width, often = Counter(len(row) for row in rows).most_common(1)[0]
        best = max(best, (often * (width - 1), delimiter), key=lambda pair: pair[0])
    return best[1]


def _rows(stream: IO[str], delimiter: str) -> Iterator[list[str]]:
    try:
        yield from csv.reader(stream, delimiter=delimiter)
    except csv.Error:  # a cell beyond the limit: no table
        return


def _csv_head(plain: Path, delimiter: str) -> tuple[tuple[str, ...], ...]:
    with plain.open(encoding="utf-8", errors="replace", newline="") as stream:
        rows = islice(_rows(stream, delimiter), HEAD_ROWS)
        return tuple(tuple(cell.strip() for cell in row) for row in rows)


def _xlsx_head(workbook: Any, name: str) -> tuple[tuple[str, ...], ...]:
    with _quiet():
        frame = workbook.load_sheet(name, header_row=None, n_rows=HEAD_ROWS, dtypes="string").to_polars()
    return tuple(tuple((cell or "").strip() for cell in row) for row in frame.rows())


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
