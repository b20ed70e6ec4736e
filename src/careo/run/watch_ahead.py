"""A second program that reads a large file, and judges what it reads, while the first one keeps what came before.

It is asked through a pipe, which carries the installation's key too, and answers through another with packages as bytes. It keeps nothing,
opens no state and ends with the program that asked. Whatever it cannot do, or if it is lost, the file is read on in place.
"""

from __future__ import annotations

import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Generator, Iterator
from contextlib import closing, suppress
from pathlib import Path
from queue import Empty, Queue
from typing import IO

import msgspec

from careo.record.purchases.judging import Judge, Lost, Ready, ReadyPackage, Slice, Sums, add, slices_of
from careo.record.purchases.watch import without_collector
from careo.run.watch_state import clock_of, rules_of, rules_with_lists
from careo.sources.packages import Terms, read_packages
from careo.sources.persons import Door
from careo.sources.releases import Package, Refused

LARGE = 8 << 20
"""Bytes from which on a second program pays: it takes a quarter of a second to start."""

_SIZE = struct.Struct("<Q")
_LARGEST = 1 << 30  # bytes of a message
_MESSAGES = 3  # that wait, of some 1.5 MB


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be read, and as what it is judged.

    path, name, series, seen, published, start, part: as of `read_packages`. country, key: of the `Door`. folder: of the state, for its list of
    suppliers. clock: the second up to which was watched before.
    """

    path: str
    name: str
    series: str
    seen: int | None
    published: int | None
    start: tuple[int, int]
    part: int
    country: str
    key: bytes
    folder: str
    clock: int


class _Head(msgspec.Struct, frozen=True, array_like=True):
    """A `ReadyPackage` on its way, and how many slices of it follow."""

    sha256: str
    seen: int
    part: int
    last: bool
    published: int | None
    next_line: int
    next_offset: int
    refused: list[Refused]
    judged_as: str
    slices: int


def packages_ahead(asked: Asked, terms: Terms) -> Generator[Package]:
    """As `read_packages` of a file, read by a second program where that pays. What a package holds of it is to be gone through
    before the next one is asked for; a package that ends in `Lost` comes again.

    Raises:
        InputError: as of `read_packages`.
    """
    path, start, part = Path(asked.path), asked.start, asked.part
    if path.suffix.lower() != ".csv" and path.is_file() and path.stat().st_size - start[1] >= LARGE:
        with closing(_answers(asked)) as answers:
            for package, slices in answers:
                yield package
                slices.skip()
                if slices.lost:
                    break
                if package.last:
                    return
                if package.next_offset:
                    start, part = (package.next_line, package.next_offset), package.part + 1
    yield from read_packages(
        path,
        terms=terms,
        name=asked.name,
        series=asked.series,
        seen=asked.seen,
        published=asked.published,
        start=start,
        part=part,
    )


def _answers(asked: Asked) -> Generator[tuple[ReadyPackage, _Slices]]:
    """What the second program answers, package by package with its slices; ends early where it does."""
    try:
        program = subprocess.Popen(
            [sys.executable, "-P", "-m", "careo.run.watch_ahead"],  # -P: not from where one stands
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    except OSError:
        return
    assert program.stdin is not None and program.stdout is not None  # noqa: S101 - they are pipes
    messages = _Messages(program.stdout)
    try:
        try:
            _send(program.stdin, msgspec.msgpack.encode(asked))
            messages.start()
        except (OSError, RuntimeError):  # it ended already; no thread can be had
            return
        while data := messages.next():
            try:
                head = _HEAD.decode(data)
            except msgspec.MsgspecError:
                return
            slices = _Slices(messages, head.slices)
            package = ReadyPackage(
                series=asked.series,
                name=asked.name,
                sha256=head.sha256,
                seen=head.seen,
                sightings=(),
                part=head.part,
                last=head.last,
                published=head.published,
                next_line=head.next_line,
                next_offset=head.next_offset,
                refused=head.refused,
                slices=slices,
                judged_as=head.judged_as,
            )
            yield package, slices
    finally:
        program.kill()
        messages.stop()
        for pipe in (program.stdin, program.stdout):
            with suppress(OSError):
                pipe.close()
        program.wait()


class _Messages(threading.Thread):
    """What the second program says, fetched while the first one keeps what came before; some messages ahead."""

    def __init__(self, pipe: IO[bytes]) -> None:
        super().__init__(daemon=True)
        self._pipe = pipe
        self._waiting: Queue[bytes] = Queue(_MESSAGES)

    def run(self) -> None:
        """Fetch messages until there are no more; the last one is empty."""
        while data := _received(self._pipe):
            self._waiting.put(data)
        self._waiting.put(b"")

    def next(self) -> bytes:
        """The next message; nothing if there is no whole one any more."""
        data = self._waiting.get()
        if not data:
            self._waiting.put(b"")  # and none after it
        return data

    def stop(self) -> None:
        """Wait for its end, which that of the program brings about."""
        while self.is_alive():
            with suppress(Empty):
                self._waiting.get(timeout=0.05)
        if self.ident is not None:
            self.join()


class _Slices:
    """The slices of a package. lost: the program ended before the last of them."""

    def __init__(self, messages: _Messages, count: int) -> None:
        self._messages, self._left = messages, count
        self.lost = False

    def __iter__(self) -> Iterator[Slice]:
        while self._left:
            data = self._next()
            try:
                if data:
                    yield _SLICE.decode(data)
                    continue
            except msgspec.MsgspecError:
                self.lost = True
            raise Lost

    def skip(self) -> None:
        """Pass over what nobody wanted."""
        while self._left and not self.lost:
            self._next()

    def _next(self) -> bytes:
        self._left -= 1
        data = self._messages.next()
        self.lost = self.lost or not data
        return data


_HEAD, _SLICE = msgspec.msgpack.Decoder(_Head), msgspec.msgpack.Decoder(Slice)


def _send(pipe: IO[bytes], data: bytes) -> None:
    pipe.write(_SIZE.pack(len(data)))
    pipe.write(data)
    pipe.flush()


def _received(pipe: IO[bytes]) -> bytes:
    """The next message; nothing if there is no whole one."""
    try:
        head = pipe.read(_SIZE.size)
        if len(head) < _SIZE.size:
            return b""
        (size,) = _SIZE.unpack(head)
        data = pipe.read(size) if size <= _LARGEST else b""
    except OSError:
        return b""
    return data if len(data) == size else b""


# ── the second program ───────────────────────────────────────────────────────────────────────────────────────────


def answer(asking: IO[bytes], answering: IO[bytes]) -> None:
    """Read what is asked for and answer with it, package by package; a table is left to who asks."""
    asked = msgspec.msgpack.decode(_received(asking), type=Asked)
    currency = rules_of(asked.country).currency
    judge = Judge(rules_with_lists(Path(asked.folder), asked.country), currency)
    terms = Terms(clock_of(asked.country), Door(asked.key, asked.country), currency)
    met = _Met()
    clock = asked.clock
    with closing(
        read_packages(
            Path(asked.path),
            terms=terms,
            name=asked.name,
            series=asked.series,
            seen=asked.seen,
            published=asked.published,
            start=asked.start,
            part=asked.part,
        )
    ) as packages:
        for package in packages:
            if package.table:
                return
            clock = max(clock, package.seen)
            slices = list(slices_of(package.sightings))
            head = _Head(
                package.sha256,
                package.seen,
                package.part,
                package.last,
                package.published,
                package.next_line,
                package.next_offset,
                package.refused,
                judge.as_of(clock, package.seen),
                len(slices),
            )
            _send(answering, msgspec.msgpack.encode(head))
            for some in slices:
                _send(answering, msgspec.msgpack.encode(_judged(some, judge, clock, package.seen, met)))


class _Met:
    """Names that were met before, in four megabytes however many they are: of two million, one in twenty new ones is taken for known."""

    def __init__(self) -> None:
        self._bits = bytearray(1 << 22)

    def is_new(self, name: str) -> bool:
        """Whether a name is surely new; it is known from now on."""
        place = hash(name) & ((1 << 25) - 1)
        byte, bit = place >> 3, 1 << (place & 7)
        new = not self._bits[byte] & bit
        self._bits[byte] |= bit
        return new


def _judged(some: Slice, judge: Judge, clock: int, seen: int, met: _Met) -> Slice:
    """The slice with everything judged that is met for the first time: what was met before is judged by who keeps it."""
    sums: Sums = {}
    ready: list[Ready] = []
    for one in some.ready:
        if met.is_new(one.process):
            one, tallies = judge.ready(one, clock, seen)
            add(sums, tallies)
        ready.append(one)
    return Slice(tuple(ready), sums)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # ends with who asked
    with suppress(OSError), without_collector():
        answer(sys.stdin.buffer, sys.stdout.buffer)
