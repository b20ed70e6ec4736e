"""Open Contracting Data Standard 1.1: releases and records → `Release`.

Only what rules read is decoded; titles, descriptions, contact points, addresses and documents never are. What is not as the
standard has it (an object where a list belongs, an amount that is no number) is left out and named, and the rest of the release counts;
a release without an ocid is refused. `null` takes a field back, as the standard's merging rules say; a field that is absent says nothing.

Verified against the standard's own schema and examples (change history, easy releases, deletions); the words that tell Mexican methods
apart are those of Compras MX.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, TypeAlias, TypeVar

import msgspec
from msgspec import UNSET, Struct, UnsetType, inspect

from careo.sources.civil import Clock, cents
from careo.sources.persons import Door
from careo.sources.releases import (
    Award,
    Bid,
    Cents,
    Contract,
    Count,
    Release,
    Supplier,
    Text,
    Time,
    packed,
)

Note: TypeAlias = tuple[str, str, str]
"""What was left out: JSON pointer, reason (key under `watch.refused`), detail."""

_Id: TypeAlias = str | int | float | UnsetType | None
_Number: TypeAlias = int | float | str | UnsetType | None
_Words: TypeAlias = str | UnsetType | None
_T = TypeVar("_T")
_Many: TypeAlias = list[_T | None] | UnsetType | None

METHODS = {"open": "open", "selective": "selective", "limited": "invited", "direct": "direct"}
"""Codes of the standard → ours."""

METHOD_WORDS = (
    (re.compile(r"adjudicaci[oó]n\s+directa|compra\s+directa|direct\s+award|sole\s+source", re.IGNORECASE), "direct"),
    (re.compile(r"invitaci[oó]n|concurso\s+por\s+invitaci|restricted\s+invitation", re.IGNORECASE), "invited"),
    (re.compile(r"licitaci[oó]n\s+p[uú]blica|convocatoria\s+p[uú]blica|open\s+tender", re.IGNORECASE), "open"),
)  # fmt: skip
"""Publishers' own terms → method; they weigh more than the code, which publishers choose in different ways for one procedure."""

_TENDER_STATUS = {"planning": "planned", "planned": "planned", "active": "active", "complete": "complete", "cancelled": "cancelled", "unsuccessful": "unsuccessful", "withdrawn": "withdrawn"}  # fmt: skip
_CATEGORIES = {"goods": "goods", "services": "services", "works": "works"}
_CITATION = re.compile(r"\bart(?:[íi]culos?|icles?|s?\.)?\s*\d+[^;\n]{0,60}", re.IGNORECASE)
_ROLES = frozenset(("supplier", "tenderer", "payee", "invitedSupplier"))
_LONGEST = 200  # characters of an id, a code or the name of an office
_DIGITS = 40  # of a whole number; longer ones are no amounts


class _Value(Struct, gc=False):
    amount: _Number = UNSET
    currency: _Words = UNSET


class _Period(Struct, gc=False):
    startDate: _Words = UNSET  # noqa: N815 - names of the standard
    endDate: _Words = UNSET  # noqa: N815


class _Identifier(Struct, gc=False):
    id: _Id = UNSET


class _Party(Struct, gc=False):
    id: _Id = UNSET
    name: _Words = UNSET
    identifier: _Identifier | UnsetType | None = UNSET
    roles: _Many[str] = UNSET


class _Classification(Struct, gc=False):
    id: _Id = UNSET


class _Item(Struct, gc=False):
    classification: _Classification | UnsetType | None = UNSET


class _Bid(Struct, gc=False):
    id: _Id = UNSET
    date: _Words = UNSET
    status: _Words = UNSET
    tenderers: _Many[_Party] = UNSET
    value: _Value | UnsetType | None = UNSET


class _Bids(Struct, gc=False):
    details: _Many[_Bid] = UNSET


class _Tender(Struct, gc=False):
    status: _Words = UNSET
    procurementMethod: _Words = UNSET  # noqa: N815
    procurementMethodDetails: _Words = UNSET  # noqa: N815
    procurementMethodRationale: _Words = UNSET  # noqa: N815
    mainProcurementCategory: _Words = UNSET  # noqa: N815
    awardCriteria: _Words = UNSET  # noqa: N815
    numberOfTenderers: _Number = UNSET  # noqa: N815
    tenderPeriod: _Period | UnsetType | None = UNSET  # noqa: N815
    procuringEntity: _Party | UnsetType | None = UNSET  # noqa: N815
    tenderers: _Many[_Party] = UNSET
    items: _Many[_Item] = UNSET


class _Award(Struct, gc=False):
    id: _Id = UNSET
    status: _Words = UNSET
    date: _Words = UNSET
    value: _Value | UnsetType | None = UNSET
    suppliers: _Many[_Party] = UNSET
    items: _Many[_Item] = UNSET


class _Contract(Struct, gc=False):
    id: _Id = UNSET
    awardID: _Id = UNSET  # noqa: N815
    status: _Words = UNSET
    dateSigned: _Words = UNSET  # noqa: N815
    period: _Period | UnsetType | None = UNSET
    value: _Value | UnsetType | None = UNSET
    items: _Many[_Item] = UNSET


class _Release(Struct, gc=False):
    ocid: _Id = UNSET
    id: _Id = UNSET
    date: _Words = UNSET
    url: _Words = UNSET
    tag: list[str | None] | str | UnsetType | None = UNSET
    parties: _Many[_Party] = UNSET
    buyer: _Party | UnsetType | None = UNSET
    tender: _Tender | UnsetType | None = UNSET
    bids: _Bids | UnsetType | None = UNSET
    awards: _Many[_Award] = UNSET
    contracts: _Many[_Contract] = UNSET


class _Record(Struct, gc=False):
    ocid: _Id = UNSET
    releases: _Many[_Release] = UNSET
    compiledRelease: _Release | UnsetType | None = UNSET  # noqa: N815


class Document(_Release, gc=False):
    """What a line or a file may be: a release, a record, a package of either."""

    releases: _Many[_Release] = UNSET
    records: _Many[_Record] = UNSET
    compiledRelease: _Release | UnsetType | None = UNSET  # noqa: N815
    publishedDate: _Words = UNSET  # noqa: N815


_DECODER = msgspec.json.Decoder(Document)


class Unreadable(Exception):  # noqa: N818 - told to the reader as a reason, never raised to a user
    """JSON that cannot be read. reason: key under `watch.refused`."""

    def __init__(self, reason: str, detail: str = "") -> None:
        self.reason, self.detail = reason, detail
        super().__init__(reason)


@dataclass(frozen=True)
class Read:
    """A release read, at a JSON pointer; None if it was refused. notes: what was left out of it, with whole pointers."""

    pointer: str
    release: Release | None
    notes: tuple[Note, ...] = ()


def decoded(data: bytes) -> tuple[list[tuple[str, Document]], list[Note]]:
    """JSON as documents, with their pointers: one, or those of an array; and what in them is not as the standard has it.

    Raises:
        Unreadable: it is no JSON, or neither an object nor an array.
    """
    try:
        return [("", _DECODER.decode(data))], []
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return fitted(_as_any(data))


def fitted(value: object) -> tuple[list[tuple[str, Document]], list[Note]]:
    """As `decoded`, of JSON that was read into plain values."""
    notes: list[Note] = []
    found: list[tuple[str, Document]] = []
    many = isinstance(value, list)
    if not many and not isinstance(value, dict):
        raise Unreadable("object")
    for index, one in enumerate(value if many else [value]):
        pointer = f"/{index}" if many else ""
        try:
            plain = _fit(one, _shape(), pointer, notes)
        except RecursionError as error:
            raise Unreadable("deep") from error
        if plain is not _UNFIT:
            found.append((pointer, msgspec.convert(plain, Document)))
    return found, notes


def part_of(value: object, place: str, pointer: str) -> tuple[Document, list[Note]]:
    """One element of a package's `releases` or `records` (place) or of an array (""), read into plain values.

    Raises:
        Unreadable: it is no object.
    """
    whole = {place: [value]} if place else value
    found, notes = fitted(whole if place else [whole])
    notes = [(pointer + note[0].removeprefix(f"/{place}/0" if place else "/0"), *note[1:]) for note in notes]
    if not found:
        raise Unreadable("object")
    return found[0][1], notes


def _as_any(data: bytes) -> object:
    """JSON by the standard library, which is slower and knows more: NaN, numbers beyond all bounds, text in Windows-1252."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
    if "\0" in text:
        raise Unreadable("nul")
    try:
        return json.loads(text, parse_constant=_not_finite, parse_int=_whole)
    except RecursionError as error:
        raise Unreadable("deep") from error
    except json.JSONDecodeError as error:
        raise Unreadable("json", str(error.pos + 1)) from error
    except ValueError as error:
        raise Unreadable("json") from error


def _not_finite(_: str) -> float:
    return float("nan")


def _whole(digits: str) -> float:
    return int(digits) if len(digits) <= _DIGITS else float("inf")


# --- what does not fit ------------------------------------------------------------------------------------------------

_UNFIT: Any = object()
_SHAPES: list[inspect.Type] = []
_SCALARS: dict[type[inspect.Type], type] = {
    inspect.StrType: str,
    inspect.IntType: int,
    inspect.FloatType: float,
    inspect.NoneType: type(None),
}


def _shape() -> inspect.Type:
    if not _SHAPES:
        _SHAPES.append(inspect.type_info(Document))
    return _SHAPES[0]


def _fit(value: object, shape: inspect.Type, pointer: str, notes: list[Note]) -> Any:
    """The value without what has another type than the standard's; `_UNFIT` if nothing is left."""
    kinds = shape.types if isinstance(shape, inspect.UnionType) else (shape,)
    for kind in kinds:
        if isinstance(kind, inspect.StructType) and isinstance(value, dict):
            plain: dict[str, object] = {}
            for field in kind.fields:
                if field.encode_name in value:
                    part = _fit(value[field.encode_name], field.type, f"{pointer}/{field.encode_name}", notes)
                    if part is not _UNFIT:
                        plain[field.encode_name] = part
            return plain
        if isinstance(kind, inspect.ListType) and isinstance(value, list):
            parts = [
                _fit(one, kind.item_type, f"{pointer}/{index}", notes) for index, one in enumerate(value)
            ]
            return [None if part is _UNFIT else part for part in parts]  # places stay, so pointers hold
        if _SCALARS.get(type(kind)) is type(value):
            return value
    notes.append((pointer, "shape", _KINDS.get(type(value), "")))
    return _UNFIT


_KINDS = {dict: "{}", list: "[]", str: '""', int: "0", float: "0.0", bool: "true/false", type(None): "null"}


# --- releases ---------------------------------------------------------------------------------------------------------


class Reader:
    """Makes releases of documents. clock: of the country; door: tells persons from companies."""

    def __init__(self, clock: Clock, door: Door) -> None:
        self._iso, self._party, self._clean, self._code = clock.iso, door.party, door.clean, door.code

    def time(self, text: _Words) -> int | None:
        """Civil seconds of a date, None if it is none."""
        try:
            return self._iso(text) if text else None  # pyright: ignore[reportArgumentType]
        except (ValueError, OverflowError):
            return None

    def published(self, document: Document) -> int | None:
        """When a package says it was published."""
        return self.time(document.publishedDate)

    def releases(self, document: Document, pointer: str) -> Iterator[Read]:
        """The releases of a line or file, one after the other."""
        if document.records is not UNSET:
            for index, record in enumerate(document.records or ()):
                if record is not None:
                    yield from self._record(record, f"{pointer}/records/{index}")
        elif document.compiledRelease is not UNSET:
            yield from self._record(
                _Record(document.ocid, document.releases, document.compiledRelease), pointer
            )
        elif document.releases is not UNSET:
            for index, release in enumerate(document.releases or ()):
                if release is not None:
                    yield self.release(release, f"{pointer}/releases/{index}")
        else:
            yield self.release(document, pointer)

    def _record(self, record: _Record, pointer: str) -> Iterator[Read]:
        """Its releases where they are embedded; else the compiled one, which states the process whole."""
        linked = False
        embedded: list[tuple[str, _Release]] = []
        for index, release in enumerate(record.releases or ()):
            place = f"{pointer}/releases/{index}"
            if release is not None and release.url and release.ocid is UNSET:
                linked = True
                yield Read(place, None, ((place, "linked", ""),))
            elif release is not None:
                embedded.append((place, release))
        compiled = record.compiledRelease
        if (linked or not embedded) and isinstance(compiled, _Release):
            if compiled.ocid is UNSET:
                compiled.ocid = record.ocid
            yield self.release(compiled, f"{pointer}/compiledRelease", whole=True)
            return
        if not linked and not embedded:
            yield Read(pointer, None, ((pointer, "record_empty", ""),))
        for place, release in embedded:
            yield self.release(release, place)

    def release(self, said: _Release, pointer: str, *, whole: bool = False) -> Read:
        """One release."""
        notes: list[Note] = []

        def left_out(place: str, reason: str) -> UnsetType:
            notes.append((pointer + place, reason, ""))
            return UNSET

        iso, clean = self._iso, self._clean

        def time(text: _Words, place: str) -> Time:
            if text is UNSET or text is None:
                return text  # pyright: ignore[reportReturnType] - UNSET or None
            if not text:
                return None
            try:
                return iso(text)
            except (ValueError, OverflowError):
                return left_out(place, "date")

        def code(text: _Words, place: str, codes: dict[str, str] | None = None) -> Text:
            if not text:
                return UNSET if text is UNSET else None
            if codes is not None:
                known = codes.get(text) or codes.get(text.strip().lower())
                return left_out(place, "code") if known is None else known
            if len(text) > _LONGEST or not clean(text):
                return left_out(place, "private")
            return text

        def value(given: _Value | UnsetType | None, place: str) -> tuple[Cents, Text]:
            if given is UNSET or given is None:
                return given, given  # pyright: ignore[reportReturnType]
            amount, currency = given.amount, given.currency
            if amount is not UNSET and amount is not None:
                try:
                    amount = cents(amount)
                except (ValueError, OverflowError):
                    amount = left_out(place + "/amount", "amount")
            if currency and (len(currency) != 3 or not currency.isalpha()):
                currency = left_out(place + "/currency", "code")
            return amount, (currency.upper() if currency else currency if currency is UNSET else None)  # pyright: ignore[reportReturnType]

        ocid = self._code(_id(said.ocid))
        if not ocid:
            return Read(pointer, None, ((pointer, "ocid", ""),))
        release_id = self._code(_id(said.id))

        # Who sells: parties are known by their ids in the release, and leave as references.
        party = self._party
        refs: dict[str, str] = {}
        suppliers: dict[str, Supplier] = {}

        def known(one: _Party) -> str:
            id = _id(one.id)
            ref = refs.get(id) if id else None
            if ref is None:
                other = one.identifier
                ref, name = party(id, one.name or "", _id(other.id) if other else "")
                if id:
                    refs[id] = ref
                if ref not in suppliers:
                    suppliers[ref] = Supplier(id=ref, name=name)
            return ref

        def references(many: _Many[_Party]) -> tuple[str, ...] | UnsetType | None:
            if many is UNSET or many is None:
                return many  # pyright: ignore[reportReturnType]
            return tuple([known(one) for one in many if one is not None])

        buyer, unit = said.buyer, UNSET
        named_buyer = named_unit = None
        for one in said.parties or ():
            if one is None or not one.roles:
                continue
            for role in one.roles:
                if role in _ROLES:
                    known(one)
                elif role == "buyer":
                    named_buyer = named_buyer or one
                elif role == "procuringEntity":
                    named_unit = named_unit or one
        if buyer is UNSET and named_buyer is not None:
            buyer = named_buyer

        def office(one: _Party | UnsetType | None, place: str, again: _Party | None) -> tuple[Text, Text]:
            if one is UNSET or one is None:
                return one, one  # pyright: ignore[reportReturnType]
            name = one.name or (again.name if again is not None and again.id == one.id else one.name)
            return self._code(_id(one.id)) or UNSET, code(name, place + "/name")

        buyer_id, buyer_name = office(buyer, "/buyer", named_buyer)

        status = method = method_words = ground = category = UNSET
        published = opening = UNSET
        tenderers: Count = UNSET
        items = price_only = UNSET
        unit_id: Text = UNSET
        unit_name: Text = UNSET
        tender = said.tender
        if tender is None:
            status = method = method_words = ground = category = published = opening = None
            tenderers = items = price_only = unit_id = unit_name = None
        elif tender is not UNSET:
            status = code(tender.status, "/tender/status", _TENDER_STATUS)
            method_words = code(tender.procurementMethodDetails, "/tender/procurementMethodDetails")
            method = _method(tender.procurementMethod, method_words)
            if method is UNSET and tender.procurementMethod:
                left_out("/tender/procurementMethod", "code")
            ground = _ground(tender.procurementMethodRationale)
            category = code(tender.mainProcurementCategory, "/tender/mainProcurementCategory", _CATEGORIES)
            period = tender.tenderPeriod
            if period is None:
                published = opening = None
            elif period is not UNSET:
                published = time(period.startDate, "/tender/tenderPeriod/startDate")
                opening = time(period.endDate, "/tender/tenderPeriod/endDate")
            tenderers = tender.numberOfTenderers  # pyright: ignore[reportAssignmentType]
            if (
                tenderers is not UNSET
                and tenderers is not None
                and not (type(tenderers) is int and 0 <= tenderers < 1_000_000)
            ):
                tenderers = _count(tenderers)
                if tenderers is UNSET:
                    left_out("/tender/numberOfTenderers", "count")
            items = self._items(tender.items)
            criteria = tender.awardCriteria
            price_only = criteria if not criteria else criteria in ("priceOnly", "lowestCost")
            price_only = None if price_only == "" else price_only
            unit = tender.procuringEntity
            if unit is UNSET and named_unit is not None:
                unit = named_unit
            unit_id, unit_name = office(unit, "/tender/procuringEntity", named_unit)
            for one in tender.tenderers or ():
                if one is not None:
                    known(one)

        bids: tuple[Bid, ...] | UnsetType | None = UNSET
        if said.bids is None:
            bids = None
        elif said.bids is not UNSET:
            details = said.bids.details
            if not details:
                bids = () if details == [] else details  # pyright: ignore[reportAssignmentType]
            else:
                made: list[Bid] = []
                for index, bid in enumerate(details):
                    if bid is None:
                        continue
                    place = f"/bids/details/{index}"
                    amount, currency = value(bid.value, place + "/value")
                    made.append(
                        Bid(
                            id=self._part_id(bid.id, index),
                            date=time(bid.date, place + "/date"),
                            status=code(bid.status, place + "/status", _BID_STATUS),
                            tenderers=references(bid.tenderers),
                            amount=amount,
                            currency=currency,
                        )
                    )
                bids = tuple(made)

        awards: tuple[Award, ...] | UnsetType | None = (
            said.awards and UNSET if said.awards is not UNSET else UNSET
        )  # pyright: ignore[reportAssignmentType]
        if said.awards is None:
            awards = None
        elif said.awards is not UNSET:
            given: list[Award] = []
            for index, award in enumerate(said.awards):
                if award is None:
                    continue
                place = f"/awards/{index}"
                amount, currency = value(award.value, place + "/value")
                given.append(
                    Award(
                        id=self._part_id(award.id, index),
                        status=code(award.status, place + "/status", _AWARD_STATUS),
                        date=time(award.date, place + "/date"),
                        amount=amount,
                        currency=currency,
                        suppliers=references(award.suppliers),
                        items=self._items(award.items),
                    )
                )
            awards = tuple(given)

        contracts: tuple[Contract, ...] | UnsetType | None = UNSET
        if said.contracts is None:
            contracts = None
        elif said.contracts is not UNSET:
            signed: list[Contract] = []
            for index, contract in enumerate(said.contracts):
                if contract is None:
                    continue
                place = f"/contracts/{index}"
                amount, currency = value(contract.value, place + "/value")
                period = contract.period
                signed.append(
                    Contract(
                        id=self._part_id(contract.id, index),
                        award=self._code(_id(contract.awardID)) or UNSET,
                        status=code(contract.status, place + "/status", _CONTRACT_STATUS),
                        signed=time(contract.dateSigned, place + "/dateSigned"),
                        start=time(period.startDate, place + "/period/startDate") if period else period,  # pyright: ignore[reportArgumentType]
                        amount=amount,
                        currency=currency,
                        parts=self._items(contract.items),
                    )
                )
            contracts = tuple(signed)

        tag = said.tag
        release = Release(
            process=ocid,
            id=release_id,
            date=None if (date := time(said.date, "/date")) is UNSET else date,
            whole=whole,
            tags=(tag,) if isinstance(tag, str) else tuple([one[:40] for one in tag if one]) if tag else (),
            status=status,
            method=method,
            method_words=method_words,
            ground=ground,
            category=category,
            buyer=buyer_id,
            buyer_name=buyer_name,
            unit=unit_id,
            unit_name=unit_name,
            published=published,
            opening=opening,
            tenderers=tenderers,
            items=items,
            price_only=price_only,
            bids=bids,
            awards=awards,
            contracts=contracts,
            suppliers=tuple(suppliers.values()) if suppliers else UNSET,
        )
        return Read(pointer, release if release_id else named_by_content(release), tuple(notes))

    def _part_id(self, id: _Id, index: int) -> str:
        """The id of a bid, an award or a contract; its place where it has none."""
        return self._code(_id(id)) or f"#{index}"

    def _items(self, items: _Many[_Item]) -> tuple[str, ...] | UnsetType | None:
        """Classification codes, each once, in the order published."""
        if items is UNSET or items is None:
            return items  # pyright: ignore[reportReturnType]
        codes: dict[str, None] = {}
        for item in items:
            if item is not None and item.classification:
                code = _id(item.classification.id)
                if code and len(code) <= 40 and "@" not in code:
                    codes[code] = None
        return tuple(codes)


_BID_STATUS = {one: one for one in ("invited", "pending", "valid", "disqualified", "withdrawn")}
_AWARD_STATUS = {one: one for one in ("pending", "active", "cancelled", "unsuccessful")}
_CONTRACT_STATUS = {one: one for one in ("pending", "active", "cancelled", "terminated")}


def named_by_content(release: Release) -> Release:
    """A release whose id is the hash of all it says, for a source that gives none."""
    return msgspec.structs.replace(release, id=blake2b(packed(release), digest_size=16).hexdigest())


def _id(id: _Id) -> str:
    """An id as text, "" for none: publishers write numbers and texts for the same one."""
    if type(id) is str:
        return id.strip()
    if type(id) is int:
        return str(id)
    if type(id) is float:
        return str(int(id)) if id.is_integer() else repr(id)
    return ""


def method_of(words: str) -> str | None:
    """The method that a publisher's own term means, None if it means none that is known."""
    return next((method for pattern, method in METHOD_WORDS if pattern.search(words)), None)


_METHODS_TOLD: dict[tuple[str, str], Text] = {}


def _method(code: _Words, words: Text) -> Text:
    """The method by the publisher's own words, else by the code of the standard."""
    if not code and not words:
        return UNSET if code is UNSET else None
    asked = (code or "", words or "")
    if asked not in _METHODS_TOLD:
        if len(_METHODS_TOLD) > 10_000:
            _METHODS_TOLD.clear()
        told = method_of(asked[1]) or METHODS.get(asked[0].strip().lower())
        _METHODS_TOLD[asked] = UNSET if told is None else told
    return _METHODS_TOLD[asked]


def _ground(rationale: _Words) -> Text:
    """The article of law that a rationale cites; the rest of it is free text and is not kept."""
    if not rationale:
        return UNSET if rationale is UNSET else None
    found = _CITATION.search(rationale)
    return found[0].strip()[:80].upper() if found and "@" not in found[0] else UNSET


def _count(given: float | str) -> Count:
    try:
        count = int(given)
    except (ValueError, OverflowError):
        return UNSET
    return count if 0 <= count < 1_000_000 and (isinstance(given, str) or count == given) else UNSET
