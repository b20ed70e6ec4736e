"""`Process`: what is known of one contracting process, whoever said it in whatever order.

A process is a function of the set of releases seen, never of the order in which they came: the same releases shuffled, doubled or
late give the same process. Releases of a stream are merged in the order of their dates, those of one date in the order of their
bytes; a table that is overwritten is a chain of states, and what differs from one state to the next is a `Change`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import blake2b
from typing import Any, TypeVar, cast

import msgspec
from msgspec import UNSET

from careo.record.purchases.matching import plain_pairs, same
from careo.sources.releases import Contract, Release, Said, Supplier, unpacked

_Part = TypeVar("_Part", bound=Said)


@dataclass(frozen=True, slots=True)
class Change:
    """What a publisher changed in place, without a new release.

    Attributes:
        kind: "edited", "vanished", "ambiguous" (a row gone where several came: which replaced which cannot be told).
        contract: id of the contract (see `Process.contracts`), or "" for the process itself.
        field: what was edited, as named in `Release`, or in `Contract` for a contract; "supplier_name" for the name of its
            supplier; "" for a row that vanished.
        before, after: as kept: cents, civil seconds, codes; None where there is or was nothing.
        filled: True where an empty field was filled, which is no change of anything said.
        seen: when the later state was first seen, civil seconds. since: when the earlier one was.
    """

    kind: str
    contract: str
    field: str
    before: object
    after: object
    filled: bool
    seen: int
    since: int


@dataclass(frozen=True, slots=True)
class Process:
    """One process as of all that was seen.

    Attributes:
        id: as of `Release.process`.
        now: its releases merged; nothing in it is None. `contracts` of it carry ids that stay the same through edits.
        changes: edits in place, in the order of time.
        first_seen: the earliest sighting, civil seconds; None if it stood in the first table of its series, when nobody can
            know since when.
        contract_seen: of each contract id, the same.
        newest: date of the newest release, or when the newest table that holds it was seen.
        twice: contract ids that stand in the table more than once with nothing different.
        conflicts: ids of releases that were published under one id with two contents.
    """

    id: str
    now: Release
    changes: tuple[Change, ...]
    first_seen: int | None
    contract_seen: dict[str, int | None]
    newest: int
    twice: tuple[str, ...]
    conflicts: tuple[str, ...]

    def contracts(self) -> tuple[Contract, ...]:
        """Its contracts, none if it has none yet."""
        return self.now.contracts or ()


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
        stream = sorted(kept.values(), key=_date_order)
    return Versions(tuple(stream))


def with_release(versions: Versions, version: Version) -> Versions:
    """`versions` and one more release; the same where it was there already (the earlier sighting stays)."""
    kept = {one.release: one for one in versions.stream}
    there = kept.get(version.release)
    if there is not None and there.seen <= version.seen:
        return versions
    kept[version.release] = version
    return Versions(tuple(sorted(kept.values(), key=_date_order)), versions.tables)


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


def process(name: str, versions: Versions, baselines: Mapping[str, int]) -> Process:
    """The process called `name` as of all its versions.

    Args:
        baselines: of each series of tables, when its first edition was seen: since when what stood in it was published
            cannot be known.
    """
    if len(versions.stream) == 1 and not versions.tables:  # most processes, most of the time
        return of_one_release(name, versions.stream[0], unpacked(versions.stream[0].release))
    parts: list[tuple[int, str, Release]] = []
    changes: list[Change] = []
    contract_seen: dict[str, int | None] = {}
    twice: tuple[str, ...] = ()
    first_seen: list[int | None] = []
    conflicts: tuple[str, ...] = ()
    if versions.stream:
        said = [_PLAIN.decode(version.release) for version in versions.stream]
        now = _merged(said)
        newest = max([one.get("date") or 0 for one in said])
        parts.append((newest, "", now))
        first_seen.append(min([version.seen for version in versions.stream]))
        if len(said) > 1:
            ids = Counter([one["id"] for one in said])
            conflicts = tuple(sorted(name for name, count in ids.items() if count > 1))
        for version, one in zip(versions.stream, said, strict=True):
            for contract in one.get("contracts") or ():
                seen = contract_seen.get(contract["id"])
                contract_seen[contract["id"]] = version.seen if seen is None else min(seen, version.seen)
        if len(contract_seen) > len(now.contracts or ()):  # some were taken back
            standing = {contract.id for contract in now.contracts or ()}
            contract_seen = {name: seen for name, seen in contract_seen.items() if name in standing}
    for series in sorted(versions.tables):
        chain = _chain(name, versions.tables[series], baselines.get(series))
        changes += chain.changes
        if chain.now is not None:
            parts.append((chain.newest, series, chain.now))
            contract_seen.update(chain.seen)
            twice += chain.twice
        first_seen.append(chain.first_seen)
    if len(parts) == 1:
        now = parts[0][2]
    else:
        now = _joined(name, [part for _, _, part in sorted(parts, key=lambda part: part[:2])])
    known = [seen for seen in first_seen if seen is not None]
    return Process(
        id=name,
        now=now,
        changes=tuple(
            sorted(dict.fromkeys(changes), key=lambda change: (change.seen, change.contract, change.field))
        ),
        first_seen=None if len(known) < len(first_seen) else min(known, default=None),
        contract_seen=contract_seen,
        newest=max((newest for newest, _, _ in parts), default=0),
        twice=twice,
        conflicts=conflicts,
    )


def of_one_release(name: str, version: Version, release: Release) -> Process:
    """As `process`, of one release of a stream; `release` is that of `version`."""
    now = _alone(release, version.release)
    seen = version.seen
    contracts: dict[str, int | None] = {contract.id: seen for contract in now.contracts or ()}
    return Process(name, now, (), seen, contracts, release.date or 0, (), ())


def merged(releases: Sequence[Release]) -> Release:
    """Releases of one process as one, by the merging rules of OCDS 1.1: later fields replace earlier ones, null removes, parts
    with ids are merged by id, other lists replaced; a release that states the process whole replaces all before it. Codes of items
    stand for lists of items whose ids are not kept: they are replaced.

    Args:
        releases: in the order of their dates.
    """
    return _merged([msgspec.to_builtins(release) for release in releases])


def _merged(releases: Iterable[Mapping[str, Any]]) -> Release:
    """As `merged`, of releases as plain values: only what they say is in them."""
    fields: dict[str, Any] = {}
    for release in releases:
        if release.get("whole"):
            fields = {}
        for name, value in release.items():
            if value is None:
                fields.pop(name, None)
            elif name in _LISTS:
                parts: dict[str, dict[str, Any]] = fields.setdefault(name, {})
                for part in value:
                    _lay_over(parts.setdefault(part["id"], {}), part)
            else:
                fields[name] = value
    for name in _LISTS & fields.keys():
        fields[name] = list(fields[name].values())
    return msgspec.convert(fields, Release)


_PLAIN = msgspec.msgpack.Decoder()


def located(name: str, versions: Versions, field: str) -> Version | None:
    """Where what the process `name` says of `field` now ("opening", "contracts/<id>/amount"; as of `rules.Fact`) was first said:
    the first version that says it and after which no other says otherwise; the newest of all if none speaks of it.

    So a signal rests on the same place however often the same is said again.
    """
    if len(versions.stream) == 1 and not versions.tables:
        return versions.stream[0]  # whatever is asked for
    head, _, rest = field.partition("/")
    part, _, own = rest.partition("/")
    newest: list[Version] = []
    for series in sorted(versions.tables, reverse=True):
        states = versions.tables[series]
        histories = _histories(name, states)
        if part in histories:
            return _first_to_say(histories[part], "contracts", "", own)
        for history in histories.values() if states and states[-1].rows else ():
            found = _first_to_say(history, head, part, own, speaks=True)
            if found is not None:
                return found
            newest.append(history[-1])
    newest += versions.stream
    found = _first_to_say(versions.stream, head, part, own, speaks=True) if versions.stream else None
    return found or max(newest, key=_date_order, default=None)


@lru_cache(maxsize=16)
def _histories(name: str, states: tuple[TableState, ...]) -> Mapping[str, tuple[Version, ...]]:
    """As of `_Chain`: a process of many edits is asked for the place of each."""
    return _chain(name, states, None).histories


def _first_to_say(
    history: Sequence[Version], head: str, part: str, own: str, *, speaks: bool = False
) -> Version | None:
    """The first version of the last ones that say the same; if none says anything, the last one, or None if it must."""
    first: Version | None = None
    said: object = UNSET
    for version in reversed(history):
        value = _said(_read(version.release), head, part, own)
        if value is UNSET:
            continue
        if first is not None and value != said:
            break
        first, said = version, value
    return first if first is not None or speaks else history[-1]


_read = lru_cache(maxsize=1024)(unpacked)  # a signal rests on several fields, a process has several signals


def _said(release: Release, head: str, part: str, own: str) -> object:
    value: object = getattr(release, head, UNSET)
    if not isinstance(value, tuple) or (not part and not own):
        return value  # pyright: ignore[reportUnknownVariableType]
    for one in cast("tuple[object, ...]", value):
        if getattr(one, "id", None) == part:
            return getattr(one, own, one) if own else one
    return UNSET


_IN_ORDER = ("bids", "awards", "contracts", "suppliers")
_LISTS = frozenset(_IN_ORDER)
_REFERENCES = {"suppliers", "tenderers"}  # of parts: organisations with ids, so merged by them
_OWN = {"process", "id", "date", "whole", "tags"}
_DROPPED = frozenset({"whole"})


def date_of(version: Version) -> int | None:
    """The date of its release, the one field that its order needs."""
    return _DATE.decode(version.release).date


class _Date(msgspec.Struct, gc=False):
    date: int | None = None


_DATE = msgspec.msgpack.Decoder(_Date)


def _date_order(version: Version) -> tuple[int, bytes]:
    return date_of(version) or 0, version.release


def _contents(rows: Sequence[Version]) -> list[bytes]:
    return [row.release for row in rows]


def _lay_over(fields: dict[str, Any], part: Mapping[str, Any]) -> None:
    """Lay what a part of a release says over what was said of it before."""
    for name, value in part.items():
        if value is None:
            fields.pop(name, None)
        elif name in _REFERENCES and name in fields:
            fields[name] = tuple(dict.fromkeys((*fields[name], *value)))
        else:
            fields[name] = value


def _alone(release: Release, data: bytes) -> Release:
    """What `merged` makes of one release, packed as `data`: what it takes back is not there, and parts that come twice are one."""
    lists = (release.bids, release.awards, release.contracts, release.suppliers)
    for parts in lists:
        if parts and len(parts) > 1 and len({part.id for part in parts}) < len(parts):
            return merged((release,))
    if _NIL not in data:
        return release
    kept: dict[str, object] = {}
    for name, parts in zip(_IN_ORDER, lists, strict=True):
        if parts and any(None in msgspec.structs.astuple(part) for part in parts):
            kept[name] = tuple([_without_nulls(part) for part in parts])
    return _without_nulls(release, **kept)


def _without_nulls(said: _Part, **kept: object) -> _Part:
    values = msgspec.structs.astuple(said)
    if None in values:
        for name, value in zip(said.__struct_fields__, values, strict=True):
            if value is None:
                kept[name] = UNSET
    return msgspec.structs.replace(said, **kept) if kept else said


_NIL = b"\xc0"  # null in MessagePack; other bytes may look like it


@dataclass(frozen=True, slots=True)
class _Chain:
    """A table's states of one process read one after another."""

    now: Release | None
    changes: list[Change]
    seen: dict[str, int | None]
    twice: tuple[str, ...]
    first_seen: int | None
    newest: int
    histories: Mapping[str, tuple[Version, ...]]  # by id of the row, where it stood first and after each edit


@dataclass(frozen=True, slots=True)
class _Row:
    """A row with the id that it keeps through edits; several rows with nothing different have one content and own ids."""

    id: str
    version: Version
    release: Release
    values: Mapping[str, Any]
    former: tuple[Version, ...] = ()


def _chain(name: str, states: Sequence[TableState], baseline: int | None) -> _Chain:
    rows: list[_Row] = []
    changes: list[Change] = []
    seen: dict[str, int | None] = {}
    issued: Counter[str] = Counter()
    since = states[0].seen if states else 0
    histories: dict[str, tuple[Version, ...]] = {}
    for state in states:
        # A row that is unchanged keeps its id; what is left on either side is matched.
        by_content: dict[bytes, list[_Row]] = defaultdict(list)
        for row in rows:
            by_content[row.version.release].append(row)
        following: list[_Row] = []
        fresh: list[_Row] = []
        for version in state.rows:
            same = by_content.get(version.release)
            if same:
                following.append(same.pop(0))
            else:
                release = unpacked(version.release)
                fresh.append(_Row("", version, release, _values(release)))
        gone = [row for rest in by_content.values() for row in rest]
        pairs, lost, unclear = _matched(gone, fresh)
        for before, after in pairs:
            row = _continued(before, after)
            following.append(row)
            changes += _edits(before, row, state.seen, since)
        matched = {id(after) for _, after in pairs}
        for row in fresh:
            if id(row) not in matched:
                stem = blake2b(name.encode() + row.version.release, digest_size=5).hexdigest()
                issued[stem] += 1
                row = replace(row, id=stem if issued[stem] == 1 else f"{stem}-{issued[stem]}")
                following.append(row)
                seen[row.id] = None if state.seen == baseline else state.seen
        for kind, those in (("vanished", lost), ("ambiguous", unclear)):
            changes += (
                Change(kind, _contract(row), "", None, None, False, state.seen, since) for row in those
            )
        rows, since = sorted(following, key=lambda row: row.id), state.seen
        histories |= {row.id: (*row.former, row.version) for row in rows}
    contents = Counter(row.version.release for row in rows)
    return _Chain(
        now=_table_release(name, rows) if rows else None,
        changes=changes,
        seen=seen,
        twice=tuple(row.id for row in rows if contents[row.version.release] > 1),
        first_seen=None if states and states[0].seen == baseline else (states[0].seen if states else None),
        newest=states[-1].seen if states else 0,
        histories=histories,
    )


def _continued(before: _Row, after: _Row) -> _Row:
    """The row `before` as it stands now. What its table no longer speaks of (no such column, a cell that cannot be read) stands as
    it was: silence takes nothing back, as an empty cell does."""
    release = _filled_up(after.release, before.release)
    contracts = release.contracts
    if contracts and before.release.contracts:
        contracts = (_filled_up(contracts[0], before.release.contracts[0]), *contracts[1:])
        release = msgspec.structs.replace(release, contracts=contracts)
    return replace(
        after,
        id=before.id,
        release=release,
        values={**before.values, **after.values},
        former=(*before.former, before.version),
    )


def _filled_up(said: _Part, before: _Part) -> _Part:
    """`said`, and of what it does not speak what was said before."""
    silent = {
        name: value
        for name in said.__struct_fields__
        if getattr(said, name) is UNSET and (value := getattr(before, name)) is not UNSET
    }
    return msgspec.structs.replace(said, **silent) if silent else said


def _edits(before: _Row, row: _Row, seen: int, since: int) -> Iterator[Change]:
    for field in sorted({*before.values, *row.values}):
        was, became = before.values.get(field), row.values[field]
        if not same(field, was, became):
            whose, _, name = field.rpartition("/")
            contract = _contract(row) if whose else ""
            yield Change(
                "edited",
                contract,
                _SUPPLIER_NAME if whose == "suppliers" else name,
                was,
                became,
                was in (None, ""),
                seen,
                since,
            )


def _contract(row: _Row) -> str:
    return row.id if row.release.contracts else ""


def _values(release: Release) -> dict[str, Any]:
    """The fields of a row by name: those of its process, of its contract, and its supplier's name. None: there, and empty."""
    found: dict[str, Any] = {}
    for name in Release.__struct_fields__:
        value = getattr(release, name)
        if name not in _OWN and name not in _LISTS and value is not UNSET:
            found[name] = value
    for contract in release.contracts or ():
        for name in Contract.__struct_fields__:
            value = getattr(contract, name)
            if name != "id" and value is not UNSET:
                found[f"contracts/{name}"] = value
                if name in found and found[name] == value:
                    del found[name]  # said of the contract and of its process
    for supplier in release.suppliers or ():
        if supplier.name is not UNSET and supplier.name is not None:
            found["suppliers/name"] = supplier.name
    return found


def _matched(
    gone: Sequence[_Row], fresh: Sequence[_Row]
) -> tuple[list[tuple[_Row, _Row]], list[_Row], list[_Row]]:
    """Rows that are gone told to rows that are new: (edited pairs, rows that vanished, rows of which it cannot be told).

    Two rows of one supplier and one buying unit are the same contract if nothing else could be; see `matching.plain_pairs`. Among what is left,
    a row of the same sum and start is the same.
    """
    pairs: list[tuple[_Row, _Row]] = []
    old, new = list(gone), list(fresh)

    def tell(keep: Callable[[Mapping[str, Any]], object]) -> None:
        """Tell rows to each other within the groups that `keep` makes (None: no group)."""
        groups: dict[object, tuple[list[_Row], list[_Row]]] = defaultdict(lambda: ([], []))
        for row in old:
            groups[keep(row.values)][0].append(row)
        for row in new:
            groups[keep(row.values)][1].append(row)
        groups.pop(None, None)
        found = [
            pair
            for before, after in groups.values()
            if before and after
            for pair in _told_rows(before, after)
        ]
        pairs.extend(found)
        told = {id(row) for pair in found for row in pair}
        old[:] = [row for row in old if id(row) not in told]
        new[:] = [row for row in new if id(row) not in told]

    tell(_supplier_and_unit)
    tell(_sum_and_start)
    replaced = {_supplier(row.values) for row in new}
    return (
        pairs,
        [row for row in old if _supplier(row.values) not in replaced],
        [row for row in old if _supplier(row.values) in replaced],
    )


def _told_rows(before: Sequence[_Row], after: Sequence[_Row]) -> list[tuple[_Row, _Row]]:
    told = plain_pairs([row.values for row in before], [row.values for row in after])
    return [(before[row], after[column]) for row, column in told]


def _supplier_and_unit(values: Mapping[str, Any]) -> object:
    return _supplier(values), values.get("contracts/unit", values.get("unit"))


def _supplier(values: Mapping[str, Any]) -> object:
    return values.get("contracts/suppliers") or ()


def _sum_and_start(values: Mapping[str, Any]) -> object:
    amount = values.get("contracts/amount")
    return None if amount is None else (amount, values.get("contracts/start"))


_SUPPLIER_NAME = "supplier_name"


def _table_release(name: str, rows: Sequence[_Row]) -> Release:
    """Rows of one process as one release: fields of the first row that says them, one contract for each row that has one."""
    fields: dict[str, Any] = {"process": name, "id": rows[0].release.id}
    contracts: list[Contract] = []
    suppliers: dict[str, Supplier] = {}
    for row in rows:
        for field in Release.__struct_fields__:
            value = getattr(row.release, field)
            if field not in _LISTS and value is not UNSET and value is not None and field not in fields:
                fields[field] = value
        contracts += (
            msgspec.structs.replace(contract, id=row.id) for contract in row.release.contracts or ()
        )
        suppliers |= {supplier.id: supplier for supplier in row.release.suppliers or ()}
    if contracts:
        fields["contracts"] = tuple(contracts)
    if suppliers:
        fields["suppliers"] = tuple(suppliers.values())
    return Release(**fields)


def _joined(name: str, parts: Sequence[Release]) -> Release:
    """What several series say of one process: the later wins; contracts, awards and bids are those of one series."""
    fields: dict[str, Any] = {"process": name, "id": ""}
    suppliers: dict[str, Supplier] = {}
    for part in parts:
        for field in Release.__struct_fields__:
            value = getattr(part, field)
            if field == "suppliers":
                suppliers |= {supplier.id: supplier for supplier in value or ()}
            elif (
                value is not UNSET
                and value is not None
                and field not in _DROPPED
                and not (field == "tags" and not value)
            ):
                fields[field] = value
    if suppliers:
        fields["suppliers"] = tuple(suppliers.values())
    return Release(**fields)
