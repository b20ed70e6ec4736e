"""`Versions`: all that was seen of one process: releases of streams, and states of tables that are overwritten."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec


class Version(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A release as it was seen. file: number of the file in the state; release: as bytes; seen: civil seconds."""

    release: bytes
    file: int
    line: int
    pointer: str
    seen: int


class TableState(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a table held of the process from one edition of it on. rows: sorted by their bytes; none if it held nothing."""

    seen: int
    sha256: str
    rows: tuple[Version, ...]


class Versions(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """All that was seen of a process.

    stream: releases that add to each other, sorted by date and bytes. tables: by series, the states of a table that is
    overwritten, in the order of its editions, only those that differ from the one before.
    """

    stream: tuple[Version, ...] = ()
    tables: dict[str, tuple[TableState, ...]] = {}


def of_stream(stream: Sequence[Version]) -> Versions:
    """Releases seen together, and nothing else: of those that say the same, the first."""
    if len(stream) > 1:
        kept = {one.release: one for one in reversed(stream)}
        stream = sorted(kept.values(), key=date_order)
    return Versions(tuple(stream))


def with_release(versions: Versions, version: Version) -> Versions:
    """`versions` and one more release; the same where it was there already (the earlier sighting stays)."""
    kept = {one.release: one for one in versions.stream}
    there = kept.get(version.release)
    if there is not None and there.seen <= version.seen:
        return versions
    kept[version.release] = version
    return Versions(tuple(sorted(kept.values(), key=date_order)), versions.tables)


def with_table(
    versions: Versions,
    series: str,
    edition: tuple[int, str],
    rows: Iterable[Version],
    following: tuple[int, str] | None,
) -> Versions:
    """`versions` and what one edition of a table holds of the process.

    Args:
        edition: when the table was seen, and its sha256: editions are ordered by these.
        following: the next later edition of the series that is known, None for the newest one. An edition that comes late
            is put in its place: what later editions showed stays as it was.
    """
    states = versions.tables.get(series, ())
    before = tuple(state for state in states if (state.seen, state.sha256) < edition)
    after = tuple(state for state in states if (state.seen, state.sha256) > edition)
    new = [TableState(*edition, tuple(sorted(rows, key=lambda row: (row.release, row.line))))]
    if following is not None and not (after and (after[0].seen, after[0].sha256) == following):
        new.append(TableState(*following, before[-1].rows if before else ()))
    kept: list[TableState] = []
    for state in (*before, *new, *after):
        if _contents(kept[-1].rows if kept else ()) != _contents(state.rows):
            kept.append(state)
    return Versions(versions.stream, {**versions.tables, series: tuple(kept)})


def date_of(version: Version) -> int | None:
    """The date of its release, the one field that its order needs."""
    return _DATE.decode(version.release).date


class _Date(msgspec.Struct, gc=False):
    date: int | None = None


_DATE = msgspec.msgpack.Decoder(_Date)


def date_order(version: Version) -> tuple[int, bytes]:
    """By what releases of a stream are sorted."""
    return date_of(version) or 0, version.release


def _contents(rows: Sequence[Version]) -> list[bytes]:
    return [row.release for row in rows]
