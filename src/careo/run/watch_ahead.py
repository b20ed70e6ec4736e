"""A second program that reads a large file, and judges what it reads, while the first one keeps what came before.

It is asked through a pipe, which carries the installation's key too, and answers through another with packages as bytes. It keeps nothing,
opens no state and ends with the program that asked. Whatever it cannot do, or if it is lost, the file is read on in place.
"""

from __future__ import annotations

import signal
import struct
import subprocess
import sys
from collections.abc import Generator
from contextlib import closing, suppress
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import IO

import msgspec

from careo.record.purchases.judging import Judge, Judged, Ready, ReadyPackage, add
from careo.record.purchases.process import Version, of_stream, process
from careo.record.purchases.watch import without_collector
from careo.run.watch_state import clock_of, rules_of, rules_with_lists
from careo.sources.packages import Terms, read_packages
from careo.sources.persons import Door
from careo.sources.releases import Package, Refused

LARGE = 8 << 20
"""Bytes from which on a second program pays: it takes a quarter of a second to start."""

_REMEMBERED = 1_000_000  # processes met in a file; a longer one is judged in vain now and then
_SIZE = struct.Struct("<Q")
_LARGEST = 1 << 30  # bytes of a message


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


class _Answer(msgspec.Struct, frozen=True, array_like=True):
    """A `ReadyPackage` on its way."""

    sha256: str
    seen: int
    part: int
    last: bool
    published: int | None
    next_line: int
    next_offset: int
    refused: list[Refused]
    ready: tuple[Ready, ...]
    sums: tuple[tuple[str, str, list[int]], ...]
    judged_as: str


def packages_ahead(asked: Asked, terms: Terms) -> Generator[Package]:
    """As `read_packages` of a file, read by a second program where that pays.

    Raises:
        InputError: as of `read_packages`.
    """
    path, start, part = Path(asked.path), asked.start, asked.part
    if path.suffix.lower() != ".csv" and path.is_file() and path.stat().st_size - start[1] >= LARGE:
        with closing(_answers(asked)) as answers:
            for package in answers:
                yield package
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


def _answers(asked: Asked) -> Generator[ReadyPackage]:
    """What the second program answers; ends early where it does."""
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
    try:
        with suppress(OSError):
            _send(program.stdin, msgspec.msgpack.encode(asked))
        while data := _received(program.stdout):
            try:
                with without_collector():
                    answer = _ANSWER.decode(data)
            except msgspec.MsgspecError:
                return
            yield ReadyPackage(
                series=asked.series,
                name=asked.name,
                sha256=answer.sha256,
                seen=answer.seen,
                sightings=(),
                part=answer.part,
                last=answer.last,
                published=answer.published,
                next_line=answer.next_line,
                next_offset=answer.next_offset,
                refused=answer.refused,
                ready=answer.ready,
                sums=answer.sums,
                judged_as=answer.judged_as,
            )
    finally:
        program.kill()
        for pipe in (program.stdin, program.stdout):
            with suppress(OSError):
                pipe.close()
        program.wait()


_ANSWER = msgspec.msgpack.Decoder(_Answer)


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
    met: set[int] = set()
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
            _send(answering, msgspec.msgpack.encode(_judged(package, judge, clock, met)))


_process = attrgetter("process")


def _judged(package: Package, judge: Judge, clock: int, met: set[int]) -> _Answer:
    """The package with everything judged that is met for the first time: what was met before is judged by who keeps it.

    met: hashes of the processes that came before.
    """
    sums: dict[tuple[str, str], list[int]] = {}
    ready: list[Ready] = []
    if len(met) > _REMEMBERED:
        met.clear()
    for name, group in groupby(package.sightings, key=_process):
        sightings = tuple(group)
        judged: Judged | None = None
        releases = len(sightings)
        if hash(name) not in met:
            versions = of_stream(
                [Version(one.data, 0, one.line, one.pointer, package.seen) for one in sightings]
            )
            if releases > 1:
                first = {one.data: one for one in reversed(sightings)}
                sightings = tuple([first[version.release] for version in versions.stream])
            judged, tallies = judge.of(process(name, versions, {}), versions, clock)
            add(sums, tallies)
        ready.append(Ready(name, sightings, releases, judged))
        met.add(hash(name))
    return _Answer(
        package.sha256,
        package.seen,
        package.part,
        package.last,
        package.published,
        package.next_line,
        package.next_offset,
        package.refused,
        tuple(ready),
        tuple([(kind, key, numbers) for (kind, key), numbers in sorted(sums.items())]),
        judge.as_of(clock, package.seen),
    )  # fmt: skip


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # ends with who asked
    with suppress(OSError), without_collector():
        answer(sys.stdin.buffer, sys.stdout.buffer)
