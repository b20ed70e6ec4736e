"""`Process`: what is known of one contracting process, whoever said it in whatever order.

A process is a function of the set of releases seen, never of the order in which they came: the same releases shuffled, doubled or
late give the same process. Releases of a stream are merged in the order of their dates, those of one date in the order of their
bytes; a table that is overwritten is a chain of states, and what differs from one state to the next is a `Change`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar, cast

import msgspec
from msgspec import UNSET

from careo.record.purchases.editions import Chain, Change, chained
from careo.record.purchases.matching import fuller, same
from careo.record.purchases.versions import TableState, Version, Versions, date_order
from careo.sources.releases import PARTS, Contract, Release, Said, Supplier, unpacked

_Part = TypeVar("_Part", bound=Said)


@dataclass(frozen=True, slots=True)
class Process:
    """One process as of all that was seen.

    Attributes:
        id: as of `Release.process`.
        now: its releases merged; nothing in it is None. `contracts` of it carry ids that stay the same through edits; of rows with
            nothing different there is one, so that nobody counts a purchase twice.
        changes: edits in place, in the order of time.
        first_seen: the earliest sighting, civil seconds; None if it stood in the first table of its series, when nobody can
            know since when.
        contract_seen: of each contract id, the same.
        newest: date of the newest release, or when the newest table that holds it was seen.
        twice: ids of rows that stand in the table more than once with nothing different, all of them.
        conflicts: ids of releases that were published under one id with two contents; of compiled ones, which are made anew from the
            releases behind them, only those that bear one date, too.
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


def process(name: str, versions: Versions, baselines: Mapping[str, int]) -> Process:
    """The process called `name` as of all its versions.

    Args:
        baselines: of each series of tables, when its first edition was seen: since when what stood in it was published
            cannot be known.
    """
    if len(versions.stream) == 1 and not versions.tables:  # most processes, most of the time
        return _of_one_release(name, versions.stream[0], unpacked(versions.stream[0].release))
    parts: list[tuple[int, str, Release]] = []
    changes: list[Change] = []
    contract_seen: dict[str, int | None] = {}
    twice: tuple[str, ...] = ()
    first_seen: list[int | None] = []
    conflicts: tuple[str, ...] = ()
    if versions.stream:
        said = [unpacked(version.release) for version in versions.stream]
        now = merged(said)
        newest = max([one.date or 0 for one in said])
        parts.append((newest, "", now))
        first_seen.append(min([version.seen for version in versions.stream]))
        if len(said) > 1:
            ids = Counter(
                [(one.id, one.date if one.whole else 0) for one in said if not one.whole or one.date]
            )
            conflicts = tuple(sorted({name for (name, _), count in ids.items() if count > 1}))
        for version, one in zip(versions.stream, said, strict=True):
            for contract in one.contracts or ():
                seen = contract_seen.get(contract.id)
                contract_seen[contract.id] = version.seen if seen is None else min(seen, version.seen)
        if len(contract_seen) > len(now.contracts or ()):  # some were taken back
            standing = {contract.id for contract in now.contracts or ()}
            contract_seen = {name: seen for name, seen in contract_seen.items() if name in standing}
    for series in sorted(versions.tables):
        chain = chained(name, versions.tables[series], baselines.get(series))
        changes += chain.changes
        if chain.now is not None:
            parts.append((chain.newest, series, _each_once(chain.now, chain)))
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


def _each_once(now: Release, chain: Chain) -> Release:
    """`now` of a chain without the contracts of rows that say nothing else than another row: the first one stands for all."""
    if not chain.twice or not now.contracts:
        return now
    twice = frozenset(chain.twice)
    kept: dict[object, Contract] = {}
    for contract in now.contracts:
        name = contract.id
        alike = (
            (chain.histories[name][-1].release, msgspec.structs.replace(contract, id=""))
            if name in twice
            else name
        )
        kept.setdefault(alike, contract)
    return msgspec.structs.replace(now, contracts=tuple(kept.values()))


def _of_one_release(name: str, version: Version, release: Release) -> Process:
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
    fields: dict[str, Any] = {}
    for release in releases:
        if release.whole:
            fields = {}
        for name, value in zip(_FIELDS, msgspec.structs.astuple(release), strict=True):
            if value is UNSET or (not value and name in _WITHOUT_WORDS):
                continue
            if value is None:
                fields.pop(name, None)
            elif name in _LISTS:
                parts = fields.setdefault(name, {})
                for part in value:
                    before = parts.get(part.id)
                    if before is None:
                        parts[part.id] = _without_nulls(part)
                    elif before != part:
                        parts[part.id] = _laid_over(before, part)
            else:
                fields[name] = value
    for name in _LISTS & fields.keys():
        fields[name] = tuple(fields[name].values())
    return Release(**fields)


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
            return _first_to_say(histories[part], "contracts", "", own, of_table=True)
        for history in histories.values() if states and states[-1].rows else ():
            found = _first_to_say(history, head, part, own, speaks=True, of_table=True)
            if found is not None:
                return found
            newest.append(history[-1])
    newest += versions.stream
    found = _first_to_say(versions.stream, head, part, own, speaks=True) if versions.stream else None
    return found or max(newest, key=date_order, default=None)


@lru_cache(maxsize=16)
def _histories(name: str, states: tuple[TableState, ...]) -> Mapping[str, tuple[Version, ...]]:
    """As of `Chain`: a process of many edits is asked for the place of each."""
    return chained(name, states, None).histories


def _first_to_say(
    history: Sequence[Version],
    head: str,
    part: str,
    own: str,
    *,
    speaks: bool = False,
    of_table: bool = False,
) -> Version | None:
    """The first version of the last ones that say the same; if none says anything, the last one, or None if it must. A table may say
    it in other words: the first that tells as much as any."""
    first: Version | None = None
    said: object = UNSET
    for version in reversed(history):
        value = _said(_read(version.release), head, part, own)
        if value is UNSET:
            continue
        if first is not None and value != said:
            if not of_table or not same(own or head, value, said):
                break
            if fuller(value, said) is not value:
                continue
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


_FIELDS = Release.__struct_fields__
_LISTS = frozenset(PARTS)
_WITHOUT_WORDS = {"whole", "tags"}  # False and () say nothing
_REFERENCES = {"suppliers", "tenderers"}  # of parts: organisations with ids, so merged by them
_DROPPED = frozenset({"whole"})


def _laid_over(before: _Part, part: _Part) -> _Part:
    """What a part of a release says laid over what was said of it before."""
    changed: dict[str, object] = {}
    for name, value in zip(part.__struct_fields__, msgspec.structs.astuple(part), strict=True):
        if value is None:
            changed[name] = UNSET
        elif value is not UNSET:
            if name in _REFERENCES and (known := getattr(before, name)) is not UNSET:
                value = tuple(dict.fromkeys((*known, *value)))
            changed[name] = value
    return msgspec.structs.replace(before, **changed)


def _alone(release: Release, data: bytes) -> Release:
    """What `merged` makes of one release, packed as `data`: what it takes back is not there, and parts that come twice are one."""
    lists = (release.bids, release.awards, release.contracts, release.suppliers)
    for parts in lists:
        if parts and len(parts) > 1 and len({part.id for part in parts}) < len(parts):
            return merged((release,))
    if _NIL not in data:
        return release
    kept: dict[str, object] = {}
    for name, parts in zip(PARTS, lists, strict=True):
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
