"""A data file as it was downloaded → one plain file: unpacked, told what it is, and text in UTF-8.

Nothing is believed of a file's name. What is damaged, no table, or a bomb ends in one sentence.
"""

from __future__ import annotations

import bz2
import codecs
import errno
import gzip
import lzma
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from careo.base.errors import InputError

LARGEST = 4 << 30  # bytes of one data file, unpacked

_CHUNK = 1 << 20
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
_MISREAD = ("Ã".encode(), "Â".encode(), "â€".encode())  # with what UTF-8 read as Latin-1 begins
_MISREAD_SINGLE = (b"\xc3", b"\xc2", b"\xe2\x80")  # the same in Windows-1252


@dataclass(frozen=True, slots=True)
class Text:
    """A text file in UTF-8, and what its bytes hold; see `DataFile` of tables."""

    plain: Path
    encoding: str
    misread: bool
    lost: bool
    lines: int


def unpacked(path: Path, folder: Path) -> Path:
    """The file itself, or the one table packed in it, written into `folder`.

    Raises:
        InputError: damaged, under a password, a bomb, or several tables.
    """
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
        if not all(member.filename for member in archive.infolist()):
            raise zipfile.BadZipFile("a member without a name")
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


def kind_of(plain: Path, path: Path) -> str:
    """What an unpacked file is by its first bytes: "csv", "xlsx" (any workbook) or "parquet".

    Raises:
        InputError: a page, a picture, a document, under a password, or empty.
    """
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


def as_utf8(plain: Path, path: Path, target: Path) -> Text:
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
                return Text(plain, "utf-8-sig" if start.startswith(_MARKS[0][0]) else "utf-8", *seen)
            encoding = "utf-8"
        except UnicodeDecodeError:
            encoding = "cp1252"
    with target.open("wb") as out:
        return Text(target, encoding, *_seen(plain, path, encoding, out, old_lines=old_lines))


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
            looked, marks = (given, _MISREAD_SINGLE) if single else (chunk, _MISREAD)
            misread = misread or any(mark in looked for mark in marks)
            lost = lost or "\ufffd".encode() in chunk
            lines += chunk.count(b"\n")
            last = chunk[-1:] or last
            if not given:
                return misread, lost, lines + (last != b"\n")


def _latin1_rest(error: UnicodeError) -> tuple[str | bytes, int]:
    """Bytes that Windows-1252 leaves free are taken as Latin-1 takes them: a stray byte is no reason to refuse a file."""
    if isinstance(error, UnicodeDecodeError):
        return error.object[error.start : error.end].decode("latin-1"), error.end
    if isinstance(error, UnicodeEncodeError):
        return error.object[error.start : error.end].encode("latin-1"), error.end
    raise error


codecs.register_error("latin1_rest", _latin1_rest)
