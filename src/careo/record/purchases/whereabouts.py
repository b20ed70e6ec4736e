"""`Whereabouts`: where what a signal rests on stands, and when it happened, was published and was first seen."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b

from careo.record.purchases.process import located
from careo.record.purchases.rules import Hit
from careo.record.purchases.signals import Dated, Evidence, Place, value_of
from careo.record.purchases.state import State
from careo.record.purchases.versions import Version, Versions, date_of
from careo.sources.civil import DAY

_TIMES = frozenset({"filed", "published", "opening", "decided", "signed", "start", "date"})


class Whereabouts:
    """Finds evidence in a state.

    Attributes:
        baselines: of each series of tables, when its first edition was seen: nobody can know since when that stood there.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self._files: dict[int, tuple[str, str, bool, int | None]] = {}
        self.baselines: dict[str, int] = {}
        self.again()

    def again(self) -> None:
        """Forget what was read of files, as after a transaction that failed: their numbers are given again."""
        self._files.clear()
        self.baselines = dict(
            self._state.rows("SELECT series, MIN(seen) FROM file WHERE is_table AND done GROUP BY series")
        )

    def first_edition(self, series: str, seen: int) -> None:
        """An edition of a series that may be the first one."""
        if seen < self.baselines.get(series, seen + 1):
            self.baselines[series] = seen
            self._files.clear()

    def dated(self, hit: Hit, versions: Mapping[str, Versions]) -> Dated:
        """The evidence of a hit. versions: of processes that are at hand; others are read from the state."""
        names = {fact.process for fact in hit.facts if fact.process}
        known = {name: versions[name] for name in names if name in versions}
        if len(known) < len(names):
            missing = sorted(names - known.keys())
            known |= {name: one for name, (one, _) in self._state.processes(missing).items()}
        evidence: list[Evidence] = []
        seen: list[int | None] = []
        published: list[int] = []
        taken: list[int] = []
        latest_version: Version | None = None
        place, date = Place(), None
        for fact in hit.facts:
            before, value = value_of(fact)
            former, version = fact.rows or (
                None,
                located(fact.process, known[fact.process], fact.field) if fact.process in known else None,
            )
            if version is None:
                evidence.append(Evidence(process=fact.process, field=fact.field, value=value, before=before))
                continue
            if version is not latest_version:  # most facts of a hit stand in one release
                latest_version = version
                place, date = self._place(version), date_of(version)
            evidence.append(
                Evidence(
                    process=fact.process,
                    field=fact.field,
                    value=value,
                    before=before,
                    former=self._place(former) if former else None,
                    name=place.name,
                    sha256=place.sha256,
                    line=place.line,
                    pointer=place.pointer,
                    release=place.release,
                )
            )
            seen.append(None if self._file_of(version.file)[2] else version.seen)
            taken += (came for one in (former, version) if one and (came := self._file_of(one.file)[3]))
            if date and date < version.seen + DAY:  # nothing is published after it was seen
                published.append(date)
        known_seen = [one for one in seen if one is not None]
        first_seen = max(known_seen) if seen and len(known_seen) == len(seen) else None
        latest = (
            max((version.seen for one in known.values() for version in one.stream), default=None)
            if first_seen is None
            else first_seen
        )
        times = [
            fact.value
            for fact in hit.facts
            if isinstance(fact.value, int)
            and fact.field.rpartition("/")[2] in _TIMES
            and (latest is None or fact.value <= latest)
        ]
        return Dated(
            tuple(evidence),
            max(times, default=None),
            max(published, default=None),
            first_seen,
            max(taken, default=None),
        )

    def _place(self, version: Version) -> Place:
        name, sha256, *_ = self._file_of(version.file)
        release = blake2b(version.release, digest_size=10).hexdigest()
        return Place(name=name, sha256=sha256, line=version.line, pointer=version.pointer, release=release)

    def _file_of(self, file: int) -> tuple[str, str, bool, int | None]:
        """Name, checksum, whether it was the first of its series, and when it came if it shows an earlier day."""
        if file not in self._files:
            name, sha256, seen, series, table = self._state.rows(
                "SELECT name, sha256, seen, series, is_table FROM file WHERE id=?", (file,)
            ).fetchone()
            taken = self._state.meta(f"taken {file}")
            first = bool(table) and seen <= self.baselines.get(series, seen)
            self._files[file] = (name, sha256, first, int(taken) if taken else None)
        return self._files[file]
