"""Bytes of a publisher → `Package`s of `Release`s: what they are is told by looking, whatever they are called.

JSON Lines (releases, records, packages of either), a JSON document of these or an array of them, and CSV tables of Compras MX and CompraNet 5;
packed with gzip or not. Nothing is held whole that can be large: lines one by one, a large document element by element, a table row by row.
What cannot be read is refused by line, JSON pointer and reason, and what stands around it counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from datetime import date
from itertools import chain, islice
from pathlib import Path
from typing import IO

from careo.base.errors import InputError
from careo.sources.byte_stream import Source, Stream, encoding_of, lines, text_lines
from careo.sources.civil import DAY
from careo.sources.formats import compranet, comprasmx, ocds, ocds_shapes, purchase_table
from careo.sources.formats.purchase_table import Terms as Terms
from careo.sources.releases import Package, Refused, Sighting

PACKAGE = 1000
"""Releases that are taken in at once. Of a long file up to `LONGEST` times as many: the releases of one process that stand near each
other come together and are judged together, and a transaction pays for more."""

LONGEST = 4

LARGEST_LINE = 64 << 20
"""Bytes of a line, or of one release of a large document."""

LAYOUTS = (comprasmx.TENDERS, comprasmx.CONTRACTS, compranet.CONTRACTS)

_HELD = 32 << 20  # bytes of a document that is read at once, and of the lines of one package
_CHUNK = 1 << 20
_LINES_ABOVE = 20  # lines that may stand above the header of a table: its title, the day it was made
_ROWS_LOOKED_AT = 2000  # of a table, to know how its times are meant
_FULL_DATE = re.compile(r"(?<!\d)((?:19|20)\d\d)([-_]?)(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])(?!\d)")
_DAY_FIRST = re.compile(r"(?<!\d)(0[1-9]|[12]\d|3[01])([-_])(0[1-9]|1[0-2])\2((?:19|20)\d\d)(?!\d)")
_COPY = re.compile(
    r"(?<=[^-_ ])(?:[-_ ]+cop(?:y|ia)(?: \d{1,2})?|[-_ ]*\((?:cop(?:y|ia)|[1-9]\d{0,2})\))+$", re.IGNORECASE
)
_PACKAGE_START = re.compile(rb'\s*(?:\[|\{[^\0]{0,65536}?"(?:releases|records|results|data)"\s*:\s*\[)')
_MARK = b"\xef\xbb\xbf"
_OTHERS = ((b"PK", "archive"), (b"\xd0\xcf\x11\xe0", "workbook"), (b"%PDF", "format"), (b"\x89PNG", "format"), (b"PAR1", "format"), (b"BZh", "archive"), (b"\xfd7zXZ", "archive"), (b"7z\xbc\xaf", "archive"), (b"\x1f\x8b", "archive"), (b"Rar!", "archive"), (b"(\xb5/\xfd", "archive"), (b"<", "page"))  # fmt: skip


def series_of(name: str) -> str:
    """What succeeds itself: the name of a file without a full date in it, and without what browsers and people put behind the name of a
    copy (" (1)", " - copia"); of a file that is named by a date alone, that of its folder."""
    path = Path(name)
    stem, dot, suffix, _ = _parted(path)
    rest = _DAY_FIRST.sub("", _FULL_DATE.sub("", stem))
    if rest != stem:
        rest = re.sub(r"([-_ ])[-_ ]+", r"\1", rest).strip("-_ ")
    return (rest or path.absolute().parent.name) + dot + suffix


def _parted(path: Path) -> tuple[str, str, str, str]:
    """The name of a file before its first dot, the dot, what follows, and what told a copy."""
    whole = path.name.removesuffix(".gz")
    bare = _COPY.sub("", whole)
    stem, dot, suffix = bare.partition(".")
    plain = _COPY.sub("", stem)
    return plain, dot, suffix, stem[len(plain) :] + whole[len(bare) :]


def copy_in(name: str) -> tuple[bool, int]:
    """What orders files of a series that bear the same date or none: a copy that somebody made shows what stood in a file before it was
    overwritten; of downloads that a browser counts, the higher number came later."""
    told = _parted(Path(name))[3].lower()
    numbers = re.findall(r"\d+", told)
    return "cop" not in told, int(numbers[-1]) if numbers else 0


def date_in(name: str) -> int | None:
    """Civil seconds of the full date in the name of a file, None if there is none."""
    if found := _FULL_DATE.search(Path(name).name):
        year, month, day = found[1], found[3], found[4]
    elif found := _DAY_FIRST.search(Path(name).name):
        year, month, day = found[4], found[3], found[1]
    else:
        return None
    try:
        return (date(int(year), int(month), int(day)).toordinal() - date(1970, 1, 1).toordinal()) * DAY
    except ValueError:  # 30 February
        return None


def read_packages(
    source: Path | bytes | IO[bytes],
    *,
    terms: Terms,
    name: str = "",
    series: str = "",
    seen: int | None = None,
    published: int | None = None,
    start: tuple[int, int] = (1, 0),
    part: int = 0,
    largest_line: int = LARGEST_LINE,
) -> Generator[Package]:
    """What a file, an answer or a pipe holds, package by package; at least one package, of which the last one says so.

    Args:
        source: a file; the bytes of an answer; or a stream, such as standard input, whose releases are passed on as soon as its writer pauses.
        terms: how the country's purchases are read.
        name: of an answer (its address) or a stream; a file has its own. series: what succeeds itself, by default `series_of(name)` for a
            file and the name for all else.
        seen: when careo had it, civil seconds; by default (a replay) the full date in the name, else the package's own date, else that of the file.
        published: what the publisher's server says of its age, civil seconds.
        start: line and byte to go on at (`Package.next_line`, `next_offset`), for JSON Lines. part: number of the first package.
        largest_line: bytes of a line, or of one release of a large document.

    Raises:
        InputError: there is no such file, or it cannot be opened.
    """
    if isinstance(source, Path):
        name = name or source.name
        series = series or series_of(str(source))
    try:
        opened = Source.of(source)
    except OSError as error:
        raise InputError("input_unreadable", where=str(source), found=error.strerror or str(error)) from error
    named = date_in(name)
    said = terms.clock.at(opened.changed) if opened.changed is not None else None
    maker = _Maker(
        series=series or name,
        name=name,
        sha256=opened.sha256,
        seen=seen if seen is not None else named,
        otherwise=said if said is not None else 0,
        published=published,
        part=part,
    )
    table = None
    try:
        for package in _read(opened, terms, maker, start, largest_line):
            table = package if package.table else None
            yield package
    finally:
        if table is None:
            opened.close()  # the rows of a table are read later


def _read(
    opened: Source, terms: Terms, maker: _Maker, start: tuple[int, int], largest_line: int
) -> Iterator[Package]:
    stream = opened.stream()
    head = bytearray()
    while b"\n" not in head.lstrip() and len(head) <= _HELD and (chunk := stream.read(_CHUNK)):
        head += chunk
    begin = bytes(head[:_CHUNK]).removeprefix(_MARK).lstrip()
    if not begin:
        yield maker.only(stream.damage or "empty")
        return
    reason = next((why for mark, why in _OTHERS if begin.startswith(mark)), "")
    if reason == "archive" and begin.startswith(b"PK") and b"xl/" in head:
        reason = "workbook"
    if begin[257:262] == b"ustar":
        reason = "archive"
    if reason:
        yield maker.only(reason)
    elif begin[:1] in (b"{", b"[") or _second_line_is_json(begin):
        reader = ocds.Reader(terms.clock, terms.door)
        if _is_lines(head, stream):
            yield from _json_lines(opened, bytes(head), stream, reader, maker, start, largest_line)
        else:
            yield from _document(opened, bytes(head), stream, reader, maker, largest_line)
    else:
        yield from _table(opened, bytes(head), stream, terms, maker)


class _Maker:
    """Collects what was read into packages."""

    def __init__(
        self,
        *,
        series: str,
        name: str,
        sha256: str,
        seen: int | None,
        otherwise: int,
        published: int | None,
        part: int,
    ) -> None:
        self.series, self.name, self.sha256 = series, name, sha256
        self.seen, self.otherwise, self.part = seen, otherwise, part
        # A file cannot be published after it was written here, nor an answer after it came.
        self._had = seen if seen is not None else otherwise
        self.published: int | None = None
        self.dated(published)
        self.sightings: dict[str, list[Sighting]] = {}  # by process
        self.refused: list[Refused] = []
        self.count = self.before = 0  # releases of the package; lines, or releases, before it

    def take(self, line: int, read: ocds.Read) -> None:
        """A release, or why there is none."""
        for pointer, reason, detail in read.notes:
            self.refused.append(Refused(line, pointer, reason, detail))
        if read.release is not None:
            one = Sighting.of(read.release, line, read.pointer)
            self.count += 1
            of_process = self.sightings.get(one.process)
            if of_process is None:
                self.sightings[one.process] = [one]
            else:
                of_process.append(one)

    def refuse(self, line: int, pointer: str, reason: str, detail: str = "") -> None:
        """What could not be read."""
        self.refused.append(Refused(line, pointer, reason, detail))

    def dated(self, moment: int | None) -> None:
        """The publisher's own date of what comes; one that lies ahead of when it came is none."""
        if moment is not None and moment < self._had + DAY:
            self.published = moment if self.published is None else max(self.published, moment)

    def made(self, *, last: bool = False, line: int = 1, offset: int = 0) -> Package:
        """The package so far, by process; the next one begins at this line and byte."""
        seen = self.seen
        if seen is None:
            seen = self.published if self.published is not None else self.otherwise
        package = Package(
            series=self.series,
            name=self.name,
            sha256=self.sha256,
            seen=seen,
            sightings=list(chain.from_iterable(self.sightings.values())),
            part=self.part,
            last=last,
            published=self.published,
            next_line=line,
            next_offset=offset,
            refused=self.refused,
        )
        self.sightings, self.refused, self.part = {}, [], self.part + 1
        self.starts_at(line, offset)
        return package

    def starts_at(self, line: int, offset: int) -> None:
        """A package begins there."""
        self.before = line - 1 if offset else self.before + self.count
        self.count = 0

    def only(self, reason: str, detail: str = "") -> Package:
        """The one package of what cannot be read at all."""
        self.refuse(1, "", reason, detail)
        return self.made(last=True)

    def full(self) -> bool:
        """Whether it has as many as are taken in at once: at most as many as came before, so that the first are told soon."""
        most = LONGEST * PACKAGE
        return self.count >= min(max(self.before, PACKAGE), most) or len(self.refused) >= most


# --- JSON -------------------------------------------------------------------------------------------------------------


def _is_lines(head: bytearray, stream: Stream) -> bool:
    """Whether JSON has one value a line, by its first lines; a document on one line is such a line too, unless it is large."""
    found, newline, rest = bytes(head).removeprefix(_MARK).lstrip().partition(b"\n")
    if not newline:
        return len(head) <= _HELD or not _PACKAGE_START.match(found[: 1 << 17])
    first = found.strip()
    if first == b"[":
        return False
    if _readable(first):
        return True
    while b"\n" not in rest.lstrip() and len(head) <= 2 * _HELD and (chunk := stream.read(_CHUNK)):
        head += chunk
        rest = bytes(head).removeprefix(_MARK).lstrip().partition(b"\n")[2]
    second = rest.lstrip().partition(b"\n")[0].strip()
    return second.startswith(b"{") and _readable(second)


def _second_line_is_json(begin: bytes) -> bool:
    """Whether JSON Lines begin with a line that is none, such as `null` or a heading: it is refused by itself then."""
    second = begin.partition(b"\n")[2].lstrip().partition(b"\n")[0].strip()
    return second.startswith(b"{") and _readable(second)


def _readable(line: bytes) -> bool:
    try:
        ocds_shapes.decoded(line)
    except ocds_shapes.Unreadable as error:
        return error.reason == "deep"  # whole, however deep
    return True


def _json_lines(
    opened: Source,
    head: bytes,
    stream: Stream,
    reader: ocds.Reader,
    maker: _Maker,
    start: tuple[int, int],
    longest: int,
) -> Iterator[Package]:
    line, offset = start
    if opened.open and offset:
        stream, head = opened.stream(), b""
        if not _skipped(stream, offset):  # shorter than it was
            line, offset, stream = 1, 0, opened.stream()
    else:
        line, offset = 1, 0
    maker.starts_at(line, offset)
    rest = _After(head, stream)
    held = 0
    for number, after, data in lines(rest, longest, line, offset):  # pyright: ignore[reportArgumentType]
        if not number:
            if maker.count or maker.refused:
                yield maker.made(line=line, offset=offset)
            continue
        here, line, offset = (line, offset), number + 1, after
        if data is None:
            maker.refuse(number, "", "line_long", str(longest >> 20))
            continue
        held += len(data)
        if number == 1:
            data = data.removeprefix(_MARK)
        if not data.strip():
            continue
        try:
            documents, notes = ocds_shapes.decoded(data)
        except ocds_shapes.Unreadable as error:
            maker.refuse(number, "", error.reason, error.detail)
            continue
        for pointer, reason, detail in notes:
            maker.refuse(number, pointer, reason, detail)
        for pointer, document in documents:
            maker.dated(reader.published(document))
            for read in reader.releases(document, pointer):
                if maker.full():
                    yield maker.made(
                        line=here[0], offset=here[1]
                    )  # in the middle of a line: it is read again
                maker.take(number, read)
        if held > _HELD or maker.full():
            held = 0
            yield maker.made(line=line, offset=offset)
    if rest.damage:
        maker.refuse(line, "", rest.damage)
    yield maker.made(last=True, line=line, offset=offset)


class _After:
    """A stream with what was read of it put back in front."""

    def __init__(self, head: bytes, stream: Stream) -> None:
        self._head, self._stream = head, stream

    @property
    def damage(self) -> str:
        return self._stream.damage

    def read(self, size: int = _CHUNK) -> bytes:
        if self._head:
            data, self._head = self._head[:size], self._head[size:]
            return data
        return self._stream.read(size)

    def more_is_there(self) -> bool:
        return bool(self._head) or self._stream.more_is_there()


def _skipped(stream: Stream, offset: int) -> bool:
    """Go on to a byte; whether the stream is that long."""
    while offset and (chunk := stream.read(min(_CHUNK, offset))):
        offset -= len(chunk)
    return not offset


def _document(
    opened: Source, head: bytes, stream: Stream, reader: ocds.Reader, maker: _Maker, longest: int
) -> Iterator[Package]:
    """One JSON document over several lines, or a large one."""
    data = bytearray(head)
    while len(data) <= _HELD and (chunk := stream.read(_CHUNK)):
        data += chunk
    if len(data) <= _HELD and not stream.damage:
        try:
            documents, notes = ocds_shapes.decoded(bytes(data).removeprefix(_MARK))
        except ocds_shapes.Unreadable as error:
            if error.reason != "json":
                yield maker.only(error.reason, error.detail)
                return
        else:
            for pointer, reason, detail in notes:
                maker.refuse(1, pointer, reason, detail)
            for _, document in documents:
                maker.dated(reader.published(document))
            for pointer, document in documents:
                for read in reader.releases(document, pointer):
                    if maker.full():
                        yield maker.made()
                    maker.take(1, read)
            yield maker.made(last=True)
            return
    again = opened.again(bytes(data), stream)
    yield from _streamed(again, reader, maker, longest)


class _Feed:
    """What a streaming parser reads from: ends where one element is larger than may be held."""

    def __init__(self, stream: Stream, longest: int) -> None:
        self.stream, self.longest = stream, longest
        self.fed = self.mark = 0
        self.too_long = False
        self._first = True

    def read(self, size: int = -1) -> bytes:
        if not size or self.too_long:
            return b""
        if self.fed - self.mark > self.longest:
            self.too_long = True
            return b""
        data = self.stream.read(1 << 16)
        if self._first:
            self._first, data = False, data.removeprefix(_MARK)
        self.fed += len(data)
        return data

    @property
    def damage(self) -> str:
        return self.stream.damage


def _streamed(
    again: Callable[[], Stream], reader: ocds.Reader, maker: _Maker, longest: int
) -> Iterator[Package]:
    """A document element by element: all before the first mistake counts."""
    import ijson

    feed = _Feed(again(), longest)
    place = None
    broken = ""
    try:
        for prefix, event, value in ijson.parse(feed, use_float=True):
            feed.mark = feed.fed
            if prefix == "publishedDate" and event == "string":
                maker.dated(reader.time(str(value)))
            if event == "start_array" and prefix in ("", "releases", "records", *ocds_shapes.WRAPPERS):
                place = str(prefix)
                break
    except (ijson.JSONError, ValueError, RecursionError, OverflowError):
        broken = "json"
    if place is not None:
        kind = "" if place in ocds_shapes.WRAPPERS else place
        feed = _Feed(again(), longest)
        elements = ijson.items(feed, f"{place}.item" if place else "item", use_float=True)
        index = -1
        while not broken:
            feed.mark = feed.fed
            try:
                value = next(elements, _END)
            except (ijson.JSONError, ValueError, RecursionError, OverflowError):
                broken = "json"
                break
            if value is _END:
                break
            index += 1
            pointer = f"/{place}/{index}" if place else f"/{index}"
            try:
                document, notes = ocds_shapes.part_of(value, kind, pointer)
            except ocds_shapes.Unreadable as error:
                maker.refuse(1, pointer, error.reason, error.detail)
                continue
            for where, reason, detail in notes:
                maker.refuse(1, where, reason, detail)
            maker.dated(reader.published(document))
            for read in reader.releases(document, ""):
                if maker.full():
                    yield maker.made()
                maker.take(1, _moved(read, f"/{kind}/0" if kind else "", pointer))
    if feed.too_long:
        maker.refuse(1, "", "element_long", str(longest >> 20))
    elif feed.damage or feed.stream.damage_at_end:
        maker.refuse(1, "", feed.damage or feed.stream.damage_at_end)
    elif broken:
        maker.refuse(1, "", "json_rest")
    elif place is None:
        maker.refuse(1, "", "element_long", str(longest >> 20))
    yield maker.made(last=True)


_END = object()


def _moved(read: ocds.Read, before: str, pointer: str) -> ocds.Read:
    notes = tuple(
        (pointer + where.removeprefix(before), reason, detail) for where, reason, detail in read.notes
    )
    return ocds.Read(pointer + read.pointer.removeprefix(before), read.release, notes)


# --- tables -----------------------------------------------------------------------------------------------------------


def _header(text: Iterator[str]) -> tuple[int, purchase_table.Layout, str, list[str]] | None:
    """The line of a header that is known, its layout, the separator, and its cells; None if there is none near the top."""
    for number, line in enumerate(islice(text, _LINES_ABOVE), start=1):
        layout, separator, cells = purchase_table.header(line, LAYOUTS)
        if layout is not None:
            return number, layout, separator, cells
    return None


def _table(opened: Source, head: bytes, stream: Stream, terms: Terms, maker: _Maker) -> Iterator[Package]:
    again = opened.again(head, stream)
    encoding, damage, nul = encoding_of(again())
    if nul:
        yield maker.only("nul")
        return
    headed = _header(text_lines(again(), encoding))
    if headed is None:
        yield maker.only("unknown")
        return
    top, layout, separator, cells = headed
    places, headers, missing = purchase_table.places(layout, cells)
    if missing:
        yield maker.only("column", missing)
        return
    package = maker.made(last=True)
    refused = package.refused

    def records() -> Iterator[purchase_table.Record]:
        text = islice(text_lines(again(), encoding), top, None)
        return purchase_table.records(text, separator, len(cells), top)

    def sightings() -> Iterator[Sighting]:
        row = purchase_table.Row(terms, places, headers)
        number = 0
        try:
            some = islice(records(), _ROWS_LOOKED_AT)
            row.wall = purchase_table.wall_times(row, (values for _, values, _, _ in some if values))
            for number, values, reason, detail in records():
                if values is None:
                    refused.append(Refused(number, "", reason, detail))
                    continue
                if not any(map(str.strip, values)) or values == cells:
                    continue  # files that were put one after the other keep their headers
                row.take(values)
                release = layout.release(row)
                for column, why in row.notes:
                    refused.append(Refused(number, column, why))
                yield Sighting.of(release, number)
            if damage:
                refused.append(Refused(number, "", damage))
        finally:
            opened.close()

    yield replace(package, sightings=sightings(), table=True)
