"""Where packages come from while one watches: a folder, a stream of lines, an address; looked at once or again and again.

What was taken in before is skipped by what the state remembers of it; a file that only grew is read on from its last line.
"""

from __future__ import annotations

import os
import re
import select
import tempfile
import time
from collections.abc import Generator, Iterable
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from hashlib import sha256
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from careo.base.errors import InputError, NetworkError
from careo.run.watch_ahead import Asked, packages_ahead
from careo.sources.civil import DAY
from careo.sources.network import FetchedFile
from careo.sources.packages import copy_in, date_in, read_packages, series_of
from careo.sources.persons import installation_key
from careo.sources.polling import Page, Remembered, pages
from careo.sources.releases import Package

if TYPE_CHECKING:
    from careo.run.watch import Session

_CHUNK = 1 << 20
_UNFINISHED = (".part", ".partial", ".tmp", ".temp", ".crdownload", ".download", ".swp", "~")
"""Endings of files that somebody still writes."""
_LINES = (".jsonl", ".ndjson")
_DATE_IN_FOLDER = re.compile(r"(?<!\d)(?:19|20)\d\d([-_]?)\d\d\1\d\d(?!\d)")
_TICK_SECONDS = (
    2.0  # the coarsest clock of a file system (FAT): two changes within it can leave the same times
)
_CLOCKS_DIFFER_SECONDS = 3600.0  # how far the clock of another machine that keeps the files may be off


# ── a folder ─────────────────────────────────────────────────────────────────────────────────────────────────────


def look_at_folder(session: Session, folder: Path, *, follow: bool = False, every: float = 5.0) -> None:
    """Take in every readable file of a folder and below, or a single file; with `follow` until asked to stop."""
    met: dict[Path, _Met] = {}
    while True:
        _look(session, folder, met, follow=follow)
        session.settle(None if session.replaying else session.now())
        session.looked()
        if not follow or session.stopped or session.wait(every):
            return


def must_be_there(path: Path) -> None:
    """Raise if there is no such folder or file.

    Raises:
        InputError: there is none.
    """
    if not path.exists():
        raise InputError("input_missing", where=str(path), fix="input_missing")


Mark = tuple[int, int, int, int]
"""Inode, size, when the content was changed, when anything of the file was changed [nanoseconds]."""


@dataclass(slots=True)
class _Met:
    """A file as it looks, which is not read again for as long as it looks so.

    Attributes:
        mark: how it looks. since: when it was first met so, on a clock that is never set.
        settled: all of it was taken in, and so late that no change can hide behind the same times any more.
        trouble: what was said of it when it could not be read.
    """

    mark: Mark
    since: float
    settled: bool = False
    trouble: str = ""

    def settles(self, began: float) -> bool:
        """Whether a reading that began then saw the last of what can be written under this mark.

        Only this clock is asked, for another machine may keep the files; unless they are older than clocks differ.
        """
        return (
            began - self.since >= _TICK_SECONDS
            or time.time() - max(self.mark[2:]) / 1e9 >= _CLOCKS_DIFFER_SECONDS
        )


def _look(session: Session, folder: Path, met: dict[Path, _Met], *, follow: bool) -> None:
    """Take in what is new. met: files as they were at the last look; of those that are gone nothing is kept."""
    files = _files(folder, by_time=session.replaying)
    for path in met.keys() - set(files):
        del met[path]
    for path in files:
        if session.stopped:
            break
        try:
            mark = _mark(path)
        except OSError:
            continue  # gone since it was listed
        grows = path.name.lower().endswith(_LINES)
        if path not in met or met[path].mark != mark:
            met[path] = _Met(mark, time.monotonic())
            if follow and not grows:
                continue  # somebody may be writing it: it has to look the same twice
        one = met[path]
        if one.settled:
            continue
        began = time.monotonic()
        try:
            take_file(session, path, folder, unfinished=follow and grows)
        except InputError as error:
            session.met()
            if one.trouble != str(error):
                one.trouble = str(error)
                session.trouble(error)
            continue
        if session.stopped:
            break
        one.trouble, one.settled = "", one.settles(began)


def _mark(path: Path) -> Mark:
    about = path.stat()
    return about.st_ino, about.st_size, about.st_mtime_ns, about.st_ctime_ns


def _files(folder: Path, *, by_time: bool) -> list[Path]:
    """Files of a folder and below: by the full date in the name (of the file, else of its folder), then by series, copies in their order."""
    if folder.is_file():
        return [folder]

    def place(path: Path) -> tuple[int, str, tuple[bool, int], str]:
        inner = path.relative_to(folder)
        dated = _dated(inner)
        if dated is None and by_time:
            dated = int(path.stat().st_mtime)
        return dated if dated is not None else -1, _series(path, inner), copy_in(path.name), inner.as_posix()

    try:
        found = [
            path
            for path in folder.rglob("*")
            if path.is_file()
            and not path.name.lower().endswith(_UNFINISHED)
            and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        ]
    except OSError as error:
        raise InputError("input_unreadable", where=str(folder), found=error.strerror or str(error)) from error
    return sorted(found, key=place)


def _dated(inner: Path) -> int | None:
    dates = (date_in(part) for part in reversed(inner.parts))
    return next((found for found in dates if found is not None), None)


def _series(path: Path, inner: Path) -> str:
    """The series of a file: its place in the folder, without dates."""
    above = [_DATE_IN_FOLDER.sub("", part).strip("-_ ") for part in inner.parts[:-1]]
    return "/".join([*(part for part in above if part), series_of(str(path))])


def take_file(session: Session, path: Path, folder: Path, *, unfinished: bool = False) -> None:
    """Take in what is new in a file.

    Args:
        folder: that it stands in: names of files are told from there.
        unfinished: somebody writes to it: a last line without an end is left for later.
    """
    inner = path.relative_to(folder) if folder.is_dir() else Path(path.name)
    series, name = _series(path, inner), inner.as_posix()
    if unfinished and not _ends_a_line(path):
        _take_whole_lines(session, path, series, name)
    else:
        _take(session, path, series, name, dated=_dated(inner))


@contextmanager
def _read_plainly(path: Path) -> Generator[None]:
    """What the system says of a file, in our words."""
    try:
        yield
    except OSError as error:
        raise InputError("input_unreadable", where=str(path), found=error.strerror or str(error)) from error


def _take(
    session: Session,
    source: Path,
    series: str,
    name: str,
    *,
    dated: int | None = None,
    published: int | None = None,
) -> None:
    row = session.watch.known(series, name)
    start, part = (1, 0), 0
    if row is None:
        series = _continued_series(session, source, series)
        row = session.watch.known(series, name)
    session.series.add(series)
    if row is None and _copies_what_was_read(session, source, series, name):
        return
    if row:
        before, done, parts, line, offset = row
        now, head = _sha256(source, offset if done and offset and line else 0)
        if before == now and done and not (session.accept_shrunk and _was_shrunk(session, series, name)):
            session.met(series, name)
            return
        if before == now and not done and offset and line:
            start, part = (line, offset), parts
        elif before == head and offset and line and _ends_a_line(source, offset):  # it grew by whole lines
            start = (line, offset)
    newest = session.state.rows(
        "SELECT MAX(seen) FROM file WHERE series=? AND NOT (name=? AND NOT done)", (series, name)
    ).fetchone()[0]
    seen = dated if session.replaying else session.seen_of(newest)
    asked = Asked(
        path=str(source),
        name=name,
        series=series,
        seen=seen,
        published=published,
        start=start,
        part=part,
        country=session.country,
        key=installation_key(session.folder),
        folder=str(session.folder),
        clock=session.watch.clock,
    )
    with closing(packages_ahead(asked, session.terms)) as packages:
        _take_all(session, packages, newest)
    session.met(series, name)


def _continued_series(session: Session, source: Path, series: str) -> str:
    """The series that a table goes on with: that of the same file which was had by another path, if its own is new."""
    state = session.state
    if state.rows("SELECT 1 FROM file WHERE series=?", (series,)).fetchone():
        return series
    if known := state.meta(f"series {series}"):
        return known
    same = state.rows(
        "SELECT series FROM file WHERE sha256=? AND is_table AND done ORDER BY id LIMIT 1",
        (_sha256(source, 0)[0],),
    ).fetchone()
    if same is None:
        return series
    with state.transaction():
        state.remember(f"series {series}", same[0])
    return same[0]


def _copies_what_was_read(session: Session, source: Path, series: str, name: str) -> bool:
    """Whether it is a copy that somebody made of an edition that was taken in: it may be older than the newest one."""
    if copy_in(name)[0]:
        return False
    query = "SELECT 1 FROM file WHERE series=? AND sha256=? AND done"
    return session.state.rows(query, (series, _sha256(source, 0)[0])).fetchone() is not None


def _take_all(session: Session, packages: Iterable[Package], newest: int | None) -> None:
    """Take packages in until asked to stop. newest: when the newest edition of their series was seen."""
    for package in packages:
        if session.replaying:
            if newest is not None and 0 <= newest - package.seen < DAY:
                package = replace(package, seen=newest + 1)
            if package.seen > session.watch.clock:
                session.settle(package.seen - 1)
        elif package.table and (copied := date_in(package.name)) is not None and copied < package.seen:
            # A dated copy shows a table as it stood on that date, whenever it comes to us.
            same_day = newest is not None and 0 <= newest - copied < DAY
            seen = newest + 1 if newest is not None and same_day else copied
            package = replace(package, seen=seen, taken=package.seen)
        session.take(package)
        if session.stopped:
            break


def _was_shrunk(session: Session, series: str, name: str) -> bool:
    row = session.state.rows(
        "SELECT r.reason FROM file f JOIN refused r ON r.file = f.id WHERE f.series=? AND f.name=? AND r.reason IN ('shrunk', 'cut_table') AND NOT f.is_table",
        (series, name),
    ).fetchone()
    return row is not None


def _sha256(path: Path, head: int) -> tuple[str, str]:
    """Of a file, and of its first bytes, as many as `head` says: "" where it has no more than these. The file is read once."""
    digest, of_head, left = sha256(), "", head
    with _read_plainly(path), path.open("rb") as stream:
        while chunk := stream.read(min(left, _CHUNK) if left else _CHUNK):
            if head and not left and not of_head:
                of_head = digest.hexdigest()
            digest.update(chunk)
            left = max(0, left - len(chunk))
    return digest.hexdigest(), of_head


def _ends_a_line(path: Path, offset: int | None = None) -> bool:
    """Whether a line of a file ends before that byte, or before its end."""
    with _read_plainly(path), path.open("rb") as stream:
        size = stream.seek(0, os.SEEK_END) if offset is None else offset
        if size == 0:
            return False
        stream.seek(size - 1)
        return stream.read(1) == b"\n"


def _take_whole_lines(session: Session, path: Path, series: str, name: str) -> None:
    """The lines that have ended, as a file of its own that grows with the next look."""
    with tempfile.TemporaryDirectory(prefix="careo-watch-") as spare:
        copy = Path(spare) / path.name
        with _read_plainly(path), path.open("rb") as stream, copy.open("wb") as kept:
            size = _last_line_end(stream)
            stream.seek(0)
            while size > 0 and (chunk := stream.read(min(size, _CHUNK))):
                kept.write(chunk)
                size -= len(chunk)
        if not copy.stat().st_size:
            return
        _take(session, copy, series, name)


def _last_line_end(stream: IO[bytes]) -> int:
    """The byte after the last line feed, 0 if there is none."""
    end = stream.seek(0, os.SEEK_END)
    while end > 0:
        begin = max(0, end - _CHUNK)
        stream.seek(begin)
        at = stream.read(end - begin).rfind(b"\n")
        if at >= 0:
            return begin + at + 1
        end = begin
    return 0


# ── a stream ─────────────────────────────────────────────────────────────────────────────────────────────────────


def look_at_stream(session: Session, stream: IO[bytes]) -> None:
    """Take in a stream until it ends or until asked to stop; what came is told as soon as its writer pauses."""
    started = session.now()
    name = next(
        name
        for number in range(1, 1 << 30)
        if not session.state.rows(
            "SELECT 1 FROM file WHERE name=?",
            (name := f"stdin-{started}" + (f"-{number}" if number > 1 else ""),),
        ).fetchone()
    )
    session.series.add("stdin")
    rested = 0.0
    pausing = cast("IO[bytes]", _Pausing(session, stream))
    for package in read_packages(pausing, terms=session.terms, name=name, series="stdin", seen=started):
        taken = session.take(replace(package, seen=max(started, session.now())))
        if any(one.reason != "empty" for one in taken.refused) or taken.releases:
            session.met("stdin", name)  # a pipe may end with nothing new
        if (
            time.monotonic() >= rested
        ):  # fences are drawn over everything: at most a tenth of the time goes there
            began = time.monotonic()
            session.settle(session.now())
            rested = 11 * time.monotonic() - 10 * began
    session.settle(session.now())
    session.looked()


class _Pausing:
    """A stream that ends when the watch is asked to stop: what was read of it by then is taken in."""

    def __init__(self, session: Session, stream: IO[bytes]) -> None:
        self._session, self._stream = session, stream
        self._number: int | None = None
        try:
            self._number = stream.fileno()
        except (OSError, AttributeError):
            self._number = None  # no file of the system: it answers at once

    def fileno(self) -> int:
        """As `select` wants it."""
        if self._number is None:
            raise OSError
        return self._number

    def read1(self, size: int = -1) -> bytes:
        """What is there; waits for the first byte, and no longer than the watch goes on."""
        if self._number is None:
            return b"" if self._session.stopped else self._stream.read(size)
        while not self._session.stopped:
            try:
                if select.select([self._number], [], [], 0.2)[0]:
                    return os.read(self._number, size)
            except (OSError, ValueError):  # not a pipe where only pipes can be waited for
                return os.read(self._number, size)
        return b""

    read = read1

    def close(self) -> None:
        """Belongs to somebody else."""


# ── an address ───────────────────────────────────────────────────────────────────────────────────────────────────


def look_at_address(
    session: Session, address: str, *, follow: bool = False, every: float = 60.0, offline: bool = False
) -> None:
    """Take in the pages behind an address that changed; with `follow` until asked to stop, whatever the server answers meanwhile."""
    while True:
        try:
            _ask(session, address, offline=offline)
        except NetworkError as error:
            if not follow or error.key in (
                "network_offline",
                "watch_portal",
                "network_scheme",
                "network_private",
            ):
                raise
            session.trouble(error)
        else:
            session.settle(session.now())
            session.looked()
        if not follow or session.stopped or session.wait(every):
            return


def _ask(session: Session, address: str, *, offline: bool) -> None:
    session.series.add(address)

    def remembered(page: str) -> Remembered:
        row = session.state.rows("SELECT etag, modified FROM source WHERE series=?", (page,)).fetchone()
        following = session.state.meta(f"next {page}")
        return Remembered(row[0] or "", row[1] or "", following or "") if row else Remembered()

    with tempfile.TemporaryDirectory(prefix="careo-watch-") as spare:
        for page in pages(address, Path(spare), remembered, offline=offline, wait=session.wait):
            if page.file is not None:
                _take(
                    session, page.file.path, address, page.address, published=_published(session, page.file)
                )
                if not session.stopped:
                    _remember(session, page, page.file)
            else:
                session.met(address, page.address)
            if page.trouble:
                session.note(page.trouble, address=page.next or page.address)
            if session.stopped:
                break


def _remember(session: Session, page: Page, file: FetchedFile) -> None:
    """After all of it was taken in: before, it would be skipped the next time."""
    now = session.now()
    with session.state.transaction():
        session.state.rows(
            "INSERT INTO source (series, first_seen, last_seen, etag, modified) VALUES (:series, :now, :now, :etag, :modified) "
            "ON CONFLICT DO UPDATE SET last_seen=MAX(last_seen, :now), etag=:etag, modified=:modified",
            {"series": page.address, "now": now, "etag": file.etag, "modified": file.changed},
        )
        session.state.remember(f"next {page.address}", page.next)


def _published(session: Session, file: FetchedFile) -> int | None:
    """When the server says that the page was changed last, civil seconds."""
    try:
        return session.terms.clock.at(int(parsedate_to_datetime(file.changed).timestamp()))
    except (ValueError, OverflowError, OSError):
        return None
