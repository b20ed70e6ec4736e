"""Bytes of a file, a pipe or an answer as a stream that never ends in an exception: unpacked, bounded, cut into lines.

What stands before damage counts; the damage itself is told at the end.
"""

from __future__ import annotations

import codecs
import gzip
import io
import tempfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import chain
from pathlib import Path
from select import select
from typing import IO, Any

LARGEST = 4 << 30  # bytes of one file, unpacked

_CHUNK = 1 << 20
_MOST_PACKED = 300  # JSON shrinks to a fiftieth at most; what shrinks further is a bomb
_SMALL = 16 << 20  # and below this size nobody asks
_WIDE = ((codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))  # fmt: skip
"""Marks of encodings of two and four bytes a character; the longer ones first, for UTF-32 begins like UTF-16."""
_LONGEST_MARK = 4
_GZIP = b"\x1f\x8b"


class Stream:
    """A stream that may be packed with gzip; text of two or four bytes a character that begins with its mark comes out in UTF-8.

    Attributes:
        damage: why it ended before its end, as a key under `watch.refused`: "cut", "damaged", "bomb", "large" or "unreadable"; "" if it did not.
        damage_at_end: the same of what it was copied from.
    """

    def __init__(self, file: IO[bytes], start: bytes = b"") -> None:
        """file: to read from; start: bytes that were read from it already."""
        self._file, self._ahead = file, start
        self._packed: gzip.GzipFile | None = None
        self._read, self._taken, self._given = self._raw, 0, 0
        self._recoded: bytes | None = None  # what is left of the last piece; None before the first
        self._wide: codecs.IncrementalDecoder | None = None
        self.damage = self.damage_at_end = ""
        while len(self._ahead) < 2 and (more := self._raw_chunk(_CHUNK)):
            self._ahead += more
        if self._ahead.startswith(_GZIP):
            self._packed = gzip.GzipFile(fileobj=_Reader(self._raw))  # pyright: ignore[reportArgumentType]
            self._read = self._packed.read1

    def read(self, size: int = _CHUNK) -> bytes:
        """Some bytes, at most `size`, as soon as there are any; none at the end."""
        if self._recoded is None:
            self._recoded = self._first()
        while not self._recoded and self._wide is not None and (data := self._plain(_CHUNK)):
            self._recoded = self._wide.decode(data).encode("utf-8", "replace")
        if self._recoded:
            data, self._recoded = self._recoded[:size], self._recoded[size:]
            return data
        return b"" if self._wide is not None else self._plain(size)

    def _first(self) -> bytes:
        """The first bytes, by which its encoding is told."""
        start = self._plain(_CHUNK)
        while 0 < len(start) < _LONGEST_MARK and (more := self._plain(_CHUNK)):
            start += more
        name = next((name for mark, name in _WIDE if start.startswith(mark)), "")
        if not name:
            return start
        self._wide = codecs.getincrementaldecoder(name)("replace")  # half a character at the end is dropped
        return self._wide.decode(start).encode("utf-8", "replace")

    def _plain(self, size: int) -> bytes:
        """Some bytes, unpacked."""
        if self.damage:
            return b""
        try:
            data = self._read(size)
        except EOFError:
            self.damage = "cut"
            return b""
        except (gzip.BadGzipFile, zlib.error):
            self.damage = "damaged"
            return b""
        except OSError:
            self.damage = "unreadable"
            return b""
        self._given += len(data)
        if self._packed is not None:
            if self._given > max(_SMALL, _MOST_PACKED * self._taken):
                self.damage = "bomb"
            elif self._given > LARGEST:
                self.damage = "large"
            if self.damage:
                return b""
        return data

    def more_is_there(self) -> bool:
        """Whether a read would be answered at once: a file always answers, a pipe when its writer wrote."""
        if self._ahead or self._recoded or self._packed is not None:
            return True
        try:
            return bool(select([self._file], [], [], 0)[0])
        except (OSError, ValueError, TypeError):  # no file of the system
            return True

    def close(self) -> None:
        """Close what it reads from."""
        self._file.close()

    def _raw(self, size: int = _CHUNK) -> bytes:
        if self._ahead:
            data, self._ahead = self._ahead[:size], self._ahead[size:]
        else:
            data = self._raw_chunk(size)
        self._taken += len(data)
        return data

    def _raw_chunk(self, size: int) -> bytes:
        some: Callable[[int], bytes] = getattr(self._file, "read1", self._file.read)
        return some(size) or b""


class _Reader:
    """What `gzip` needs of a file."""

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self.read = read

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)


def lines(
    stream: Stream, longest: int, number: int = 1, offset: int = 0
) -> Iterator[tuple[int, int, bytes | None]]:
    """The lines of a stream: number, byte after the line, and the line without its end; None for one that is longer than `longest`.

    Most empty lines are passed over. Number 0 says that whoever writes has paused, so that what came may be passed on. The unfinished last line of a damaged stream is dropped.

    Args:
        number, offset: of the first line.
    """
    parts: list[bytes] = []  # of a line that has not ended
    size = 0
    while chunk := stream.read(_CHUNK):
        first, *rest = chunk.split(b"\n")
        size += len(first)
        if size <= longest:
            parts.append(first)
        else:
            parts.clear()  # never held whole
        if rest:
            offset += size + 1
            yield number, offset, b"".join(parts) if size <= longest else None
            number += 1
            for line in rest[:-1]:
                offset += len(line) + 1
                if line:
                    yield number, offset, line if len(line) <= longest else None
                number += 1
            parts, size = [rest[-1]], len(rest[-1])
            if size > longest:
                parts.clear()
        if not stream.more_is_there():
            yield 0, offset, b""
    if size and not stream.damage:
        yield number, offset + size, b"".join(parts) if size <= longest else None


@dataclass
class Source:
    """Where bytes come from, and come from again. changed: seconds since 1970 at which a file was last written."""

    open: Callable[[], IO[bytes]] | None
    live: IO[bytes] | None
    sha256: str
    changed: int | None
    spool: IO[bytes] | None = None
    opened: list[Stream] = field(default_factory=list[Stream])

    @classmethod
    def of(cls, source: Path | bytes | IO[bytes]) -> Source:
        if isinstance(source, bytes):
            return cls(lambda: io.BytesIO(source), None, sha256(source).hexdigest(), None)
        if isinstance(source, Path):
            hash = sha256()
            with source.open("rb") as file:
                while chunk := file.read(_CHUNK):
                    hash.update(chunk)
            return cls(lambda: source.open("rb"), None, hash.hexdigest(), int(source.stat().st_mtime))
        return cls(None, source, "", None)

    def stream(self) -> Stream:
        """From the beginning; of a live stream, once."""
        if not self.open:
            return Stream(self.live)  # pyright: ignore[reportArgumentType] - one of them is there
        self.opened.append(stream := Stream(self.open()))
        return stream

    def again(self, head: bytes, rest: Stream) -> Callable[[], Stream]:
        """How to read from the beginning as often as one likes; a live stream is put on disk for it, unpacked."""
        if self.open:
            return self.stream
        if self.spool is None:
            self.spool = spool = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the source
            spool.write(head)
            while chunk := rest.read(_CHUNK):
                spool.write(chunk)
        spool = self.spool
        damage = rest.damage

        def reopened() -> Stream:
            spool.seek(0)
            stream = Stream(_Unclosed(spool))  # pyright: ignore[reportArgumentType]
            stream.damage_at_end = damage
            return stream

        return reopened

    def close(self) -> None:
        """Close what was opened here; the stream of a caller stays open."""
        for stream in self.opened:
            stream.close()
        if self.spool is not None:
            self.spool.close()


class _Unclosed:
    """A file that is read from several times."""

    def __init__(self, file: IO[bytes]) -> None:
        self.read = file.read

    def close(self) -> None:
        """Stays open."""


def encoding_of(stream: Stream) -> tuple[str, str, bool]:
    """The encoding of a text, the damage at its end, and whether there are NUL bytes in it; one pass."""
    start = stream.read(_CHUNK)
    decoder = codecs.getincrementaldecoder("utf-8")()
    encoding = "utf-8-sig"
    for chunk in chain((start,), iter(lambda: stream.read(_CHUNK), b"")):
        if b"\0" in chunk:
            return encoding, "", True
        if encoding == "utf-8-sig":
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError:
                encoding = "cp1252"
    return encoding, stream.damage or stream.damage_at_end, False


def text_lines(stream: Stream, encoding: str) -> Iterator[str]:
    """The lines of a text with their ends; the last one of a damaged stream, which may be half a line, is dropped."""
    errors = "replace"
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    rest = ""
    old: bool | None = (
        None  # whether lines end with a carriage return alone, as spreadsheets of old Macs write them
    )
    while chunk := stream.read(_CHUNK >> 3):
        text = decoder.decode(chunk)
        if old is None:
            old = "\r" in text and "\n" not in text
        rest += text.replace("\r", "\n") if old else text
        whole, end, rest = rest.rpartition("\n")
        if end:
            for line in whole.split("\n"):
                yield line + "\n"
    rest += decoder.decode(b"", final=True)
    if rest and not (stream.damage or stream.damage_at_end):
        yield rest
