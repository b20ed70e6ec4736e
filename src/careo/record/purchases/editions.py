"""`Chain`: the states of a table that is overwritten, read one after another; what differs from one to the next is a `Change`."""

from __future__ import annotations

import dataclasses
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any, TypeVar

import msgspec
from msgspec import UNSET

from careo.record.purchases.matching import fuller, plain_pairs, same
from careo.record.purchases.versions import TableState, Version
from careo.sources.releases import PARTS, Contract, Release, Said, Supplier, is_numbered, packed, unpacked

_Part = TypeVar("_Part", bound=Said)
_OWN = frozenset({"process", "id", "date", "whole", "tags"})


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
        rows: of what was edited, the row that said the one and the row that said the other. Two that tell the same edit of different
            rows or tables are one.
    """

    kind: str
    contract: str
    field: str
    before: object
    after: object
    filled: bool
    seen: int
    since: int
    rows: tuple[Version, Version] | None = dataclasses.field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Chain:
    """A table's states of one process read one after another.

    Attributes:
        now: what the last state says, None if the process is gone from it. changes: from state to state.
        seen, twice, first_seen, newest: as of `process.Process`, `seen` by id of the row.
        histories: by id of the row, where it stood first and after each edit.
    """

    now: Release | None
    changes: list[Change]
    seen: dict[str, int | None]
    twice: tuple[str, ...]
    first_seen: int | None
    newest: int
    histories: Mapping[str, tuple[Version, ...]]


@dataclass(frozen=True, slots=True)
class _Row:
    """A row with the id that it keeps through edits; several rows with nothing different have one content and own ids."""

    id: str
    version: Version
    release: Release
    values: Mapping[str, Any]
    former: tuple[Version, ...] = ()


def chained(name: str, states: Sequence[TableState], baseline: int | None) -> Chain:
    """The chain of a process. baseline: when the first edition of the series was seen, None if that does not matter."""
    rows: list[_Row] = []
    changes: list[Change] = []
    seen: dict[str, int | None] = {}
    issued: Counter[str] = Counter()
    since = states[0].seen if states else 0
    # Without a number, what says something else is another process, and nobody can say that one is gone.
    numbered = is_numbered(name)
    histories: dict[str, tuple[Version, ...]] = {}
    for state in states:
        # A row that is unchanged keeps its id; what is left on either side is matched.
        by_content: dict[bytes, list[_Row]] = defaultdict(list)
        for row in rows:
            by_content[row.version.release].append(row)
        following: list[_Row] = []
        fresh: list[_Row] = []
        for version in state.rows:
            alike = by_content.get(version.release)
            if alike:
                following.append(alike.pop(0))
            else:
                release = unpacked(version.release)
                fresh.append(_Row("", version, release, _values(release)))
        gone = [row for rest in by_content.values() for row in rest]
        pairs, lost, unclear = _matched(gone, fresh)
        for before, after in sorted(pairs, key=_first):  # of edits alike the first row's is told
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
        for kind, those in (("vanished", lost), ("ambiguous", unclear)) if numbered else ():
            changes += (
                Change(kind, _contract(row), "", None, None, False, state.seen, since) for row in those
            )
        rows, since = sorted(following, key=lambda row: row.id), state.seen
        histories |= {row.id: (*row.former, row.version) for row in rows}
    contents = Counter(_contents(row) for row in rows)
    return Chain(
        now=_table_release(name, rows) if rows else None,
        changes=changes,
        seen=seen,
        twice=tuple(row.id for row in rows if contents[_contents(row)] > 1),
        first_seen=None if states and states[0].seen == baseline else (states[0].seen if states else None),
        newest=states[-1].seen if states else 0,
        histories=histories,
    )


def _first(pair: tuple[_Row, _Row]) -> str:
    return pair[0].id


def _contents(row: _Row) -> bytes:
    """What a row says and said, as far as nothing else was said since."""
    return packed(row.release) if row.former else row.version.release


def _continued(before: _Row, after: _Row) -> _Row:
    """The row `before` as it stands now. What its table no longer speaks of (no such column, a cell that cannot be read) stands as
    it was, and so does what is only written otherwise: silence takes nothing back, as an empty cell does."""
    release = _filled_up(after.release, before.release)
    contracts = release.contracts
    if contracts and before.release.contracts:
        contracts = (_filled_up(contracts[0], before.release.contracts[0]), *contracts[1:])
        release = msgspec.structs.replace(release, contracts=contracts)
    return replace(
        after,
        id=before.id,
        release=release,
        values={**before.values, **_values(release)},
        former=(*before.former, before.version),
    )


def _filled_up(said: _Part, before: _Part) -> _Part:
    """`said`, and of what it does not speak, or says in other words, what was said before."""
    kept: dict[str, object] = {}
    for name in said.__struct_fields__:
        was, became = getattr(before, name), getattr(said, name)
        if was is UNSET or was == became:
            continue
        if became is UNSET:
            kept[name] = was
        elif name not in _OWN and same(name, was, became):
            kept[name] = fuller(was, became)
    return msgspec.structs.replace(said, **kept) if kept else said


def _edits(before: _Row, row: _Row, seen: int, since: int) -> Iterator[Change]:
    for path in sorted({*before.values, *row.values}):
        was, became = before.values.get(path), row.values[path]
        if not same(path, was, became):
            whose, _, name = path.rpartition("/")
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
                (_last_to_say(before, path), row.version),
            )


def _last_to_say(row: _Row, path: str) -> Version:
    """Where a field of a row stands: the table may have been silent about it since, or less exact."""
    spoken: list[Version] = []
    for version in (row.version, *reversed(row.former)):
        said = _values(unpacked(version.release)).get(path, UNSET)
        if said == row.values.get(path):
            return version
        if said is not UNSET:
            spoken.append(version)
    return next(iter(spoken), row.version)


def _contract(row: _Row) -> str:
    return row.id if row.release.contracts else ""


def _values(release: Release) -> dict[str, Any]:
    """The fields of a row by name: those of its process, of its contract, and its supplier's name. None: there, and empty."""
    found: dict[str, Any] = {}
    for name in Release.__struct_fields__:
        value = getattr(release, name)
        if name not in _OWN and name not in PARTS and value is not UNSET:
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
            if field not in PARTS and value is not UNSET and value is not None and field not in fields:
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
