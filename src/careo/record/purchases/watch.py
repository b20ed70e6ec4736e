"""`Watch`: takes packages in, and tells what the rules say of them.

A package is taken in whole or not at all. What is told depends on what was seen, never on the order in which it came: every
process is judged by itself, what it adds to sums is a difference, and fences are drawn over all that is known.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import groupby, islice
from operator import itemgetter

import msgspec

from careo.record.purchases.checks import CHECKS
from careo.record.purchases.contributions import UNIT_YEAR
from careo.record.purchases.fences import hits_of_population, hits_of_shares, with_purchases
from careo.record.purchases.judging import Judge, Judged, Lost, Ready, ReadyPackage, Sums, add, slices_of
from careo.record.purchases.process import process
from careo.record.purchases.rules import Hit, Rule
from careo.record.purchases.signals import Signal, next_revision, signal_id
from careo.record.purchases.state import Derived, PurchaseKey, PurchaseRow, State, unpacked_derived
from careo.record.purchases.versions import Version, Versions, of_stream, with_release, with_table
from careo.record.purchases.whereabouts import Whereabouts
from careo.sources.civil import DAY
from careo.sources.releases import Package, Refused

DAMAGE = frozenset({"cut", "damaged", "bomb", "large", "unreadable"})
"""Reasons why a file ended before its end: what a table lacks then is not gone."""
LOST_ROWS = ("cells", "quotes", "row_long")
"""Reasons why nothing can be told of a row, not even whose it is."""
LEAST_KEPT_OF_A_TABLE = 0.8  # a table with a smaller share of its former rows is taken for a truncated one
_AT_ONCE = 1000  # processes looked at together


@dataclass(frozen=True)
class Taken:
    """What came of one package.

    Attributes:
        name: of the file. releases: how many it held; new: how many of them said something new.
        refused: what could not be read. signals: how many were told (`State.told` gives them).
        seconds: between first seen and told.
    """

    name: str
    releases: int
    new: int
    refused: tuple[Refused, ...]
    signals: int
    seconds: float


@dataclass
class _Came:
    """What came of a package so far. newest: newest date that it states of something done; -1 if none."""

    releases: int = 0
    new: int = 0
    told: int = 0
    newest: int = -1

    def date(self, dates: Iterable[int], end: int) -> None:
        """Note dates before `end`."""
        for at in dates:
            if self.newest < at < end:
                self.newest = at

    def taken(self, package: Package, seconds: float, refused: Sequence[Refused] = ()) -> Taken:
        """That, to be told."""
        return Taken(package.name, self.releases, self.new, tuple(refused), self.told, seconds)


@dataclass
class _Batch:
    """What is to be written of the processes looked at together."""

    clock: int
    processes: list[tuple[str, Versions, bytes]] = field(default_factory=list[tuple[str, Versions, bytes]])
    sums: Sums = field(default_factory=dict[str, dict[str, list[int]]])
    purchases_gone: list[PurchaseKey] = field(default_factory=list[PurchaseKey])
    purchases: list[PurchaseRow] = field(default_factory=list[PurchaseRow])
    measures_gone: list[tuple[str, float, str]] = field(default_factory=list[tuple[str, float, str]])
    measures: list[tuple[str, float, str]] = field(default_factory=list[tuple[str, float, str]])
    timers_gone: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])
    timers: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])
    said: dict[str, tuple[str, Hit | None]] = field(default_factory=dict[str, tuple[str, Hit | None]])
    groups: dict[tuple[str, str, str], None] = field(default_factory=dict[tuple[str, str, str], None])
    names: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    versions: dict[str, Versions] = field(default_factory=dict[str, Versions])

    def take(self, name: str, versions: Versions, before: Derived, judged: Judged) -> None:
        """A process as judged now, instead of what followed from it before. What it adds to sums now is not among it."""
        said = self.said
        for signal, rule, hit in judged.hits:
            said[signal] = (rule, hit)
        if before is not _NO_DERIVED:
            for signal in before.signals:
                if signal not in said:
                    said[signal] = ("", None)
            add(self.sums, before.tallies, -1)
            for key in before.purchases:
                self.groups[key[:3]] = None
        # A correction seldom changes these; rows of purchases with the same keys are replaced.
        if before.purchases != tuple([row[:6] for row in judged.purchases]):
            self.purchases_gone += before.purchases
        self.purchases += judged.purchases
        if before.measures != judged.measures:
            self.measures_gone += before.measures
            self.measures += judged.measures
        if before.due != judged.due:
            if before.due is not None:
                self.timers_gone.append((before.due, name))
            if judged.due is not None:
                self.timers.append((judged.due, name))
        if judged.direct:
            for row in judged.purchases:
                self.groups[row[:3]] = None
        for kind, code, words in judged.names:
            self.names[kind, code] = words
        self.processes.append((name, versions, judged.derived))
        self.versions[name] = versions


class Watch:
    """A state with the rules that it is watched by.

    Args:
        state: open for writing.
        rules: of the country. If they are not those that the state was last watched by, everything kept is judged again.
        currency: code of the country's currency; amounts in others are not counted.
    """

    def __init__(self, state: State, rules: Sequence[Rule], currency: str) -> None:
        self.state, self.rules, self.currency = state, tuple(rules), currency
        self.judge = Judge(self.rules, currency)
        self._where = Whereabouts(state)
        told = [(rule, CHECKS[rule.check]) for rule in rules]
        self._groups = [(rule, check) for rule, check in told if check.kind == "group"]
        self._shares = [(rule, check) for rule, check in told if check.kind == "share"]
        self._populations = [(rule, check) for rule, check in told if check.kind == "population"]
        self._wholes: set[str] | None = set() if state.meta("unsettled") != "1" else None
        self._by_id = {rule.id: rule for rule in rules}
        if state.meta("rules") != self.judge.digest:
            self._judge_all()
            with state.transaction():
                state.remember("rules", self.judge.digest)

    @property
    def clock(self) -> int:
        """The newest civil second at which anything was seen."""
        return int(self.state.meta("clock") or 0)

    # ── taking in ──

    def known(self, series: str, name: str) -> tuple[str, bool, int, int | None, int | None] | None:
        """The newest file of this name that was begun: (sha256, whether all of it is in, parts, next line, next byte)."""
        return self.state.rows(
            "SELECT sha256, done, parts, next_line, next_offset FROM file WHERE series=? AND name=? ORDER BY seen DESC, id DESC LIMIT 1",
            (series, name),
        ).fetchone()

    def readable(self, series: str, name: str) -> bool:
        """Whether anything of the newest file of this name could be read, or of what it grew from, if it grows by lines."""
        rows = self.state.rows(
            "SELECT releases, next_offset, EXISTS (SELECT 1 FROM refused r WHERE r.file = f.id) FROM file f "
            "WHERE series=? AND name=? ORDER BY seen DESC, id DESC",
            (series, name),
        ).fetchall()
        if not rows:
            return False
        releases, offset, refused = rows[0]
        return bool(releases or not refused or (offset and any(before for before, _, _ in rows)))

    def take(self, package: Package, *, accept_shrunk: bool = False) -> Taken:
        """Take a package in: everything it changes in one transaction.

        Args:
            accept_shrunk: take a table that lost many of its rows for what it says, not for a truncated file.
        """
        came = _Came()
        try:
            with without_collector():
                return self._take(package, accept_shrunk, came)
        except Lost:  # who passed it on reads it again
            self._where.again()
            return came.taken(package, 0.0)
        except BaseException:  # nothing of it was kept, so nothing may be remembered
            self._where.again()
            raise

    def _take(self, package: Package, accept_shrunk: bool, came: _Came) -> Taken:
        began = time.perf_counter()
        state = self.state
        with state.transaction():
            clock = max(self.clock, package.seen, package.taken or 0)
            file, fresh = self._file(package)
            if not fresh and not (accept_shrunk and self._was_shrunk(file)):
                self._dated(package, came)
                return came.taken(package, 0.0)
            if package.taken is not None:
                state.remember(f"taken {file}", str(package.taken))
            if package.table:
                self._take_table(package, file, clock, accept_shrunk, came)
            else:
                self._take_stream(package, file, clock, came)
            state.write(
                "INSERT OR REPLACE INTO refused VALUES (?, ?, ?, ?, ?)",
                ((file, one.line, one.pointer, one.reason, one.detail) for one in package.refused),
            )
            state.rows(
                "UPDATE file SET done=?, parts=?, next_line=?, next_offset=?, releases=releases+? WHERE id=?",
                (
                    package.last,
                    package.part + 1,
                    package.next_line,
                    package.next_offset,
                    came.releases,
                    file,
                ),
            )
            state.remember("clock", str(clock))
            if came.new:
                state.remember("unsettled", "1")
            self._seen(package)
            self._dated(package, came)
            seconds = time.perf_counter() - began
            state.rows(
                "INSERT INTO latency VALUES (?, ?) ON CONFLICT DO UPDATE SET releases=releases+excluded.releases",
                (int(seconds * 1000), came.releases),
            )
        return came.taken(package, seconds, package.refused)

    def settle(self, clock: int | None = None) -> int:
        """Tell what time alone, or all processes together, decide: absences that are due, and fences.

        Args:
            clock: now, in civil seconds; default the newest second at which anything was seen.

        Returns:
            How many signals were told.
        """
        state = self.state
        now = max(self.clock, clock or 0)
        told = 0
        while names := state.due(now, _AT_ONCE):
            with state.transaction():
                told += self._look_again(names, now)
                state.remember("clock", str(now))
                state.remember("unsettled", "1")  # what came due can be measured now
        if state.meta("unsettled") == "1":
            with state.transaction():
                for rule, check in self._populations:
                    hits = hits_of_population(state, check, rule, now, self.currency)
                    told += self._fence(rule, (with_purchases(state, hit) for hit in hits), now)
                for rule, check in self._shares:
                    parts = hits_of_shares(state, check, rule, self._wholes)
                    while some := list(islice(parts, _AT_ONCE)):
                        told += self._tell(
                            {signal_id(rule, name): (rule.id, hit) for name, hit in some}, now, {}
                        )
                state.remember("unsettled", "0")
            self._wholes = set()
        return told

    # ── streams and tables ──

    def _file(self, package: Package) -> tuple[int, bool]:
        """The file's number, and whether this part of it is new."""
        row = self.state.rows(
            "SELECT id, sha256, done, parts FROM file WHERE series=? AND name=? ORDER BY seen DESC, id DESC LIMIT 1",
            (package.series, package.name),
        ).fetchone()
        if row and row[1] == package.sha256:
            return row[0], package.part >= row[3] and not (package.table and row[2])
        if package.sha256 and (row is None or package.table):  # a pipe has no checksum
            same = self.state.rows(
                "SELECT id FROM file WHERE series=? AND sha256=? AND seen=? AND done",
                (package.series, package.sha256, package.seen),
            ).fetchone()
            if same:
                return same[0], False
        self.state.rows(
            "INSERT INTO file (series, name, sha256, seen, is_table, done, parts, releases) VALUES (?, ?, ?, ?, ?, 0, 0, 0)",
            (package.series, package.name, package.sha256, package.seen, package.table),
        )
        return self.state.rows("SELECT last_insert_rowid()").fetchone()[0], True

    def _was_shrunk(self, file: int) -> bool:
        return self.state.rows("SELECT NOT is_table FROM file WHERE id=?", (file,)).fetchone()[0]

    def _seen(self, package: Package) -> None:
        self.state.rows(
            "INSERT INTO source (series, first_seen, last_seen, published) VALUES (:series, :seen, :seen, :published) "
            "ON CONFLICT DO UPDATE SET first_seen=MIN(first_seen, :seen), last_seen=MAX(last_seen, :seen), "
            "published=MAX(COALESCE(published, :published), COALESCE(:published, published))",
            {"series": package.series, "seen": package.seen, "published": package.published},
        )

    def _dated(self, package: Package, came: _Came) -> None:
        """Note the newest date that the source gave; what lies later than the day on which it was seen is a plan."""
        found = [one for one in (came.newest, package.published) if one is not None and one >= 0]
        if found:
            self.state.rows(
                "UPDATE source SET newest=MAX(COALESCE(newest, :newest), :newest) WHERE series=:series",
                {"newest": max(found), "series": package.series},
            )

    def _take_stream(self, package: Package, file: int, clock: int, came: _Came) -> None:
        ahead = isinstance(package, ReadyPackage)
        slices = package.slices if ahead else slices_of(package.sightings)
        counts = ahead and package.judged_as == self.judge.as_of(clock, package.seen)
        end = _end_of_day(package.seen)
        for one in slices:
            batch = _Batch(clock)
            if counts:
                batch.sums = one.sums  # of its own: nobody else adds to it
            known = self.state.processes([ready.process for ready in one.ready])
            for ready in one.ready:
                came.releases += ready.releases
                came.date([sighting.newest for sighting in ready.sightings], end)
                before, derived = known.get(ready.process, _NOTHING)
                if self._take_ready(ready, counts, before, derived, file, package.seen, batch):
                    came.new += ready.releases
            came.told += self._write(batch)

    def _take_ready(
        self,
        ready: Ready,
        counts: bool,
        before: Versions,
        derived: Derived,
        file: int,
        seen: int,
        batch: _Batch,
    ) -> bool:
        """What a package says of a process; whether it is new. counts: whether what was judged ahead does."""
        versions = [Version(one.data, file, one.line, one.pointer, seen) for one in ready.sightings]
        ahead = ready.judged if counts else None
        if before is _NO_VERSIONS:
            if ahead is not None:
                batch.take(ready.process, Versions(tuple(versions)), derived, ahead)
                return True
            after = of_stream(versions)
        else:
            after = before
            for version in versions:
                after = with_release(after, version)
            if ahead is not None:  # in vain, for more was known of it; its tallies are among the sums
                add(batch.sums, unpacked_derived(ahead.derived).tallies, -1)
            if after is before:
                return False
        self._judge(ready.process, after, derived, batch)
        return True

    def _take_table(self, package: Package, file: int, clock: int, accept_shrunk: bool, came: _Came) -> None:
        state, series = self.state, package.series
        state.rows("CREATE TEMP TABLE IF NOT EXISTS staged (process TEXT, release BLOB, line INTEGER)")
        state.rows("DELETE FROM staged")
        end = _end_of_day(package.seen)

        def staged() -> Iterator[tuple[str, bytes, int]]:
            for one in package.sightings:
                came.date((one.newest,), end)
                yield one.process, one.data, one.line

        state.write("INSERT INTO staged VALUES (?, ?, ?)", staged())
        (releases,) = state.rows("SELECT COUNT(*) FROM staged").fetchone()
        former = state.rows(
            "SELECT releases, id FROM file WHERE series=? AND is_table AND done AND id<>? ORDER BY seen DESC, sha256 DESC LIMIT 1",
            (series, file),
        ).fetchone()
        cut = any(one.reason in DAMAGE for one in package.refused)
        less = bool(former) and releases < LEAST_KEPT_OF_A_TABLE * former[0]
        shrunk = bool(former) and (cut or less) and not accept_shrunk
        state.rows("UPDATE file SET is_table=? WHERE id=?", (not shrunk, file))
        if shrunk:
            reason = "cut_table" if cut else "shrunk"
            package.refused.append(Refused(0, "", reason, f"{former[0]} → {releases}"))
            return
        came.releases = releases
        edition = (package.seen, package.sha256)
        following = state.rows(
            "SELECT seen, sha256 FROM file WHERE series=? AND is_table AND done AND (seen, sha256) > (?, ?) ORDER BY seen, sha256 LIMIT 1",
            (series, *edition),
        ).fetchone()
        self._where.first_edition(series, package.seen)
        rows = state.rows("SELECT process, release, line FROM staged ORDER BY process, release, line")
        groups = (
            (name, [Version(release, file, line, "", package.seen) for _, release, line in group])
            for name, group in groupby(rows, key=itemgetter(0))
        )
        of_edition = (series, edition, following)
        while some := list(islice(groups, _AT_ONCE)):
            self._take_states(*of_edition, some, clock, came)
        if former and self._lost_more_rows(package, former[1]):
            return  # what is absent may stand in one of them, so it is not taken for gone
        absent = state.rows(
            "SELECT process FROM held WHERE series=? AND process NOT IN (SELECT process FROM staged) ORDER BY process",
            (series,),
        ).fetchall()
        for at in range(0, len(absent), _AT_ONCE):
            self._take_states(
                *of_edition, [(name, []) for (name,) in absent[at : at + _AT_ONCE]], clock, came
            )

    def _lost_more_rows(self, package: Package, former: int) -> bool:
        """Whether more rows of a table cannot be read than of the edition before it."""
        lost = sum(one.reason in LOST_ROWS for one in package.refused)
        (before,) = self.state.rows(
            "SELECT COUNT(*) FROM refused WHERE file=? AND reason IN (?, ?, ?)",
            (former, *LOST_ROWS),
        ).fetchone()
        return lost > before

    def _take_states(
        self,
        series: str,
        edition: tuple[int, str],
        following: tuple[int, str] | None,
        some: Sequence[tuple[str, list[Version]]],
        clock: int,
        came: _Came,
    ) -> None:
        batch = _Batch(clock)
        contents = {name: _content(rows) for name, rows in some}
        if following is None:
            held = dict(
                self.state.rows(
                    "SELECT process, content FROM held WHERE series=? AND process IN (SELECT value FROM json_each(?))",
                    (series, _json(list(contents))),
                )
            )
            some = [(name, rows) for name, rows in some if held.get(name) != contents[name]]
        known = self.state.processes(name for name, _ in some)
        for name, rows in some:
            before, derived = known.get(name, _NOTHING)
            self._judge(name, with_table(before, series, edition, rows, following), derived, batch)
        if following is None:
            self.state.write(
                "INSERT OR REPLACE INTO held VALUES (?, ?, ?)",
                ((series, name, contents[name]) for name, _ in some),
            )
        else:
            self.state.write(
                "INSERT OR IGNORE INTO held VALUES (?, ?, x'')", ((series, name) for name, _ in some)
            )
        came.new += len(some)
        came.told += self._write(batch)

    # ── judging ──

    def _judge(self, name: str, versions: Versions, before: Derived, batch: _Batch) -> None:
        """Judge a process as of `versions`; what that changes goes into `batch`."""
        judged, tallies = self.judge.of(process(name, versions, self._where.baselines), versions, batch.clock)
        add(batch.sums, tallies)
        batch.take(name, versions, before, judged)

    def _write(self, batch: _Batch) -> int:
        state = self.state
        if not batch.processes:
            return 0
        state.put_processes(batch.processes)
        state.put_purchases(batch.purchases_gone, batch.purchases)
        state.put_measures(batch.measures_gone, batch.measures)
        state.put_timers(batch.timers_gone, batch.timers)
        state.add(batch.sums)
        state.write(
            "INSERT INTO name VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET name=MAX(name, excluded.name)",
            ((kind, code, name) for (kind, code), name in sorted(batch.names.items())),
        )
        if self._groups and batch.groups:
            keys = list(batch.groups)
            found = state.groups(keys)
            for place, key in enumerate(keys):
                rows = found.get(place, [])
                for rule, check in self._groups:
                    of_rule = [row for row in rows if check.key(row) is not None]
                    hit = next(iter(check.check(of_rule, rule)), None)
                    batch.said[signal_id(rule, "|".join(key))] = (rule.id, hit)
        if self._wholes is not None:
            self._wholes.update(batch.sums.get(UNIT_YEAR, ()))
        return self._tell(batch.said, batch.clock, batch.versions)

    def _tell(
        self, said: Mapping[str, tuple[str, Hit | None]], clock: int, versions: Mapping[str, Versions]
    ) -> int:
        before = self.state.signals(said) if said else {}
        told: list[Signal] = []
        moved: list[Signal] = []
        for signal in sorted(said):
            name, hit = said[signal]
            last = before.get(signal)
            if hit is None and last is None:
                continue
            rule = self._by_id.get(name or last.rule if last else name, _GONE)
            revision = next_revision(last, rule, hit, clock, lambda found: self._where.dated(found, versions))
            if revision is not None:
                (told if last is None or revision.revision > last.revision else moved).append(revision)
        self.state.tell(told, moved)
        return len(told)

    def _look_again(self, names: Sequence[str], clock: int) -> int:
        batch = _Batch(clock)
        for name, (versions, derived) in self.state.processes(names).items():
            self._judge(name, versions, derived, batch)
        return self._write(batch)

    def _judge_all(self) -> None:
        """Judge everything kept again: the rules are not those of last time."""
        clock = self.clock
        everything = self.state.every_process()
        while some := list(islice(everything, _AT_ONCE)):
            with self.state.transaction():
                batch = _Batch(clock)
                for name, versions, derived in some:
                    self._judge(name, versions, derived, batch)
                self._write(batch)
                self.state.remember("unsettled", "1")
        ids = {rule.id: rule for rule in self.rules}
        with self.state.transaction():
            of_old = [
                signal
                for (name,) in self.state.rows("SELECT DISTINCT rule FROM signal").fetchall()
                for signal in self.state.signals_of(name)
                if name not in ids or ids[name].version != signal.version
            ]
            self.state.tell(
                [
                    msgspec.structs.replace(one, state="withdrawn", revision=one.revision + 1, told=clock)
                    for one in of_old
                ]
            )

    # ── fences ──

    def _fence(self, rule: Rule, hits: Iterable[Hit], clock: int) -> int:
        """Tell what lies beyond a fence now, and take back what no longer does; some at a time, however much there is."""
        state = self.state
        state.rows("CREATE TEMP TABLE IF NOT EXISTS beyond (id TEXT PRIMARY KEY) WITHOUT ROWID")
        state.rows("DELETE FROM beyond")
        told = 0
        coming = iter(hits)
        while some := list(islice(coming, _AT_ONCE)):
            said: dict[str, tuple[str, Hit | None]] = {
                signal_id(rule, hit.subject): (rule.id, hit) for hit in some
            }
            state.write("INSERT OR IGNORE INTO beyond VALUES (?)", ((name,) for name in said))
            told += self._tell(said, clock, {})
        gone = state.rows(
            "SELECT id FROM signal WHERE rule=? AND standing=1 AND id NOT IN (SELECT id FROM beyond) ORDER BY id",
            (rule.id,),
        ).fetchall()
        for at in range(0, len(gone), _AT_ONCE):
            told += self._tell({name: (rule.id, None) for (name,) in gone[at : at + _AT_ONCE]}, clock, {})
        return told


@contextmanager
def without_collector() -> Generator[None]:
    """Without Python's search for cycles, of which a package makes none: it would look at every one of its objects again and again."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


_NO_VERSIONS, _NO_DERIVED = Versions(), Derived()
_NOTHING = (_NO_VERSIONS, _NO_DERIVED)
_GONE = Rule("", 0, "", (), {}, {}, {}, (), {}, (), "")


def _end_of_day(moment: int) -> int:
    return (moment // DAY + 1) * DAY


def _content(rows: Iterable[Version]) -> bytes:
    digest = blake2b(digest_size=12)
    empty = True
    for row in rows:
        digest.update(len(row.release).to_bytes(4, "little") + row.release)
        empty = False
    return b"" if empty else digest.digest()


def _json(names: Sequence[str]) -> str:
    return msgspec.json.encode(names).decode()
