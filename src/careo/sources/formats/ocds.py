"""Open Contracting Data Standard 1.1: releases and records → `Release`.

Titles, descriptions, contact points, addresses and documents are never decoded. What is not as the standard has it (an object where a
list belongs, an amount that is no number) is left out and named, and the rest of the release counts; a release without an ocid is refused.
Read nevertheless is what publishers are known to write: numbers as text, days as the country's tables have them (31/12/2026), a method in
words where its code belongs, a buyer or supplier named by its id alone, or by its role.
`null` takes a field back, as the standard's merging rules say; a field that is absent says nothing.

Verified against the standard's own schema and examples (change history, easy releases, deletions); the words that tell Mexican methods
apart are those of Compras MX.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET, UnsetType

from careo.sources.civil import Clock, cents
from careo.sources.formats.ocds_shapes import (
    AwardSaid,
    BidSaid,
    ContractSaid,
    Document,
    Id,
    ItemSaid,
    Many,
    Note,
    Number,
    PartySaid,
    RecordSaid,
    ReleaseSaid,
    TenderSaid,
    ValueSaid,
    Words,
)
from careo.sources.persons import Door
from careo.sources.releases import Award, Bid, Cents, Contract, Count, Release, Supplier, Text, Time, packed

METHODS = {"open": "open", "selective": "selective", "limited": "invited", "direct": "direct"}
"""Codes of the standard → ours."""

METHOD_WORDS = (
    (re.compile(r"adjudicaci[oó]n\s+directa|compra\s+directa|direct\s+award|sole\s+source", re.IGNORECASE), "direct"),
    (re.compile(r"invitaci[oó]n|concurso\s+por\s+invitaci|restricted\s+invitation", re.IGNORECASE), "invited"),
    (re.compile(r"(?<!excepci[oó]n a )(?<!excepci[oó]n a la )licitaci[oó]n\s+p[uú]blica|convocatoria\s+p[uú]blica|open\s+tender", re.IGNORECASE), "open"),
)  # fmt: skip
"""Publishers' own terms → method; they weigh more than the code, which publishers choose in different ways for one procedure."""

_TENDER_STATUSES = {
    one: one for one in ("planned", "active", "complete", "cancelled", "unsuccessful", "withdrawn")
}
_TENDER_STATUSES["planning"] = "planned"
_BID_STATUSES = {one: one for one in ("invited", "pending", "valid", "disqualified", "withdrawn")}
_AWARD_STATUSES = {one: one for one in ("pending", "active", "cancelled", "unsuccessful")}
_CONTRACT_STATUSES = {one: one for one in ("pending", "active", "cancelled", "terminated")}
_CATEGORIES = {one: one for one in ("goods", "services", "works")}
_CITATION = re.compile(
    r"\bart(?:[íi]culos?|icles?|s?\.)?\s*\d+(?:[\s,.]*\b(?:fracci[oó]n(?:es)?|fracc?|fr|p[aá]rrafos?|incisos?|apartado|paragraphs?|[ivxlc]+|\d{1,3}|[a-z]\)|y|and)(?![\w@]))*",
    re.IGNORECASE,
)
"""An article with its fractions and paragraphs; nothing after them, which may be anything."""
_SELLERS = frozenset(("supplier", "tenderer", "payee", "invitedSupplier"))
_ZONE = re.compile(r"(?:Z|[+-]\d\d:?\d\d)\s*$", re.ASCII | re.IGNORECASE)
_CURRENCY = re.compile(r"[A-Za-z]{3}", re.ASCII)
_LONGEST = 200  # characters of a code or the name of an office
_MOST_BIDDERS = 1_000_000


class Read(NamedTuple):
    """A release read, at a JSON pointer; None if it was refused. notes: what was left out of it, with whole pointers."""

    pointer: str
    release: Release | None
    notes: tuple[Note, ...] = ()


class Reader:
    """Makes releases of documents. clock: of the country; door: tells persons from companies."""

    def __init__(self, clock: Clock, door: Door) -> None:
        self.clock, self.door = clock, door
        self.currencies: dict[str, str] = {}

    def published(self, document: Document) -> int | None:
        """When a package says it was published, civil seconds."""
        return self.time(document.publishedDate)

    def time(self, text: Words) -> int | None:
        """Civil seconds of a date, None if it is none."""
        try:
            return self.clock.written(text) if text else None
        except (ValueError, OverflowError):
            return None

    def releases(self, document: Document, pointer: str) -> Iterator[Read]:
        """The releases of a line or file, one after the other."""
        if document.records is not UNSET:
            for index, record in enumerate(document.records or ()):
                if record is not None:
                    yield from self._record(record, f"{pointer}/records/{index}")
        elif document.compiledRelease is not UNSET or (document.ocid and document.releases is not UNSET):
            yield from self._record(
                RecordSaid(document.ocid, document.releases, document.compiledRelease), pointer
            )
        elif document.releases is not UNSET:
            for index, release in enumerate(document.releases or ()):
                if release is not None:
                    yield _Making(self, pointer=f"{pointer}/releases/{index}").read(release)
        else:
            yield _Making(self, pointer).read(document)

    def _record(self, record: RecordSaid, pointer: str) -> Iterator[Read]:
        """Its releases where they are embedded; else the compiled one, which states the process whole."""
        linked = False
        embedded: list[tuple[str, ReleaseSaid]] = []
        for index, release in enumerate(record.releases or ()):
            place = f"{pointer}/releases/{index}"
            if release is not None and release.url and release.ocid is UNSET:
                linked = True
                yield Read(place, None, ((place, "linked", ""),))
            elif release is not None:
                embedded.append((place, release))
        compiled = record.compiledRelease
        if (linked or not embedded) and isinstance(compiled, ReleaseSaid):
            if compiled.ocid is UNSET:
                compiled.ocid = record.ocid
            yield _Making(self, f"{pointer}/compiledRelease").read(compiled, whole=True)
        elif linked or embedded:
            for place, release in embedded:
                yield _Making(self, place).read(release)
        else:
            yield Read(pointer, None, ((pointer, "record_empty", ""),))


class _Making:
    """One release while it is made: what was left out, and who sells."""

    __slots__ = (
        "_code_of",
        "_currencies",
        "_door",
        "_iso",
        "_notes",
        "_parties",
        "_pointer",
        "_references",
        "_suppliers",
        "_written",
        "_zone",
    )

    def __init__(self, reader: Reader, pointer: str) -> None:
        self._iso = reader.clock.iso
        self._written = reader.clock.written
        self._door = reader.door
        self._code_of = reader.door.code
        self._currencies = reader.currencies
        self._pointer = pointer
        self._notes: list[Note] = []
        self._parties: dict[str, PartySaid] = {}  # by their ids, for what names them by these alone
        self._references: dict[str, str] = {}  # by the ids of the release
        self._suppliers: dict[str, Supplier] = {}
        self._zone = ""  # of the time for bids, as written; "" where it names none

    def read(self, said: ReleaseSaid, *, whole: bool = False) -> Read:
        process = self._code_of(said.ocid)
        if not process:
            return Read(self._pointer, None, ((self._pointer, "ocid", ""),))
        buyer: PartySaid | None = None
        unit: PartySaid | None = None
        if said.parties:
            for party in said.parties:
                if party is None:
                    continue
                self._parties[party.id if type(party.id) is str else _id(party.id)] = party
                for role in party.roles or ():
                    if role in _SELLERS:
                        self._reference(party)
                    elif role == "buyer":
                        buyer = buyer or party
                    elif role == "procuringEntity":
                        unit = unit or party
        buyer_id, buyer_name = self._office(said.buyer, buyer, "/buyer")
        of_tender = self._tender(said.tender, unit) if said.tender else _NO_TENDER[said.tender]  # pyright: ignore[reportArgumentType]
        bids = said.bids
        details = bids.details if bids else bids
        made_bids = tuple(map(self._bid, details, range(len(details)))) if details else _none(details)
        awards = said.awards
        made_awards = tuple(map(self._award, awards, range(len(awards)))) if awards else _none(awards)
        contracts = said.contracts
        made_contracts = (
            tuple(map(self._contract, contracts, range(len(contracts)))) if contracts else _none(contracts)
        )
        date = self._time(said.date, "/date")
        tags = _tags(said.tag)
        release = Release(
            process=process,
            id=self._code_of(said.id),
            date=None if date is UNSET else date,
            whole=whole or "compiled" in tags,
            tags=tags,
            buyer=buyer_id,
            buyer_name=buyer_name,
            bids=made_bids if made_bids is None or made_bids is UNSET else _present(made_bids),
            awards=made_awards if made_awards is None or made_awards is UNSET else _present(made_awards),
            contracts=made_contracts if made_contracts is None or made_contracts is UNSET else _present(made_contracts),
            suppliers=tuple(self._suppliers.values()) if self._suppliers else UNSET,
            **of_tender,  # pyright: ignore[reportArgumentType]
        )  # fmt: skip
        return Read(self._pointer, release if release.id else named_by_content(release), tuple(self._notes))

    def _tender(self, tender: TenderSaid, unit: PartySaid | None) -> dict[str, object]:
        words = self._code(tender.procurementMethodDetails, "/tender/procurementMethodDetails")
        method = _method(tender.procurementMethod, words)
        if method is UNSET and tender.procurementMethod:
            self._left_out("/tender/procurementMethod", "code")
        period = tender.tenderPeriod
        if period:
            published = self._time(period.startDate, "/tender/tenderPeriod/startDate")
            opening = self._time(period.endDate, "/tender/tenderPeriod/endDate")
            self._zone = _zone(period.endDate)
        else:
            published = opening = _none(period)
        unit_id, unit_name = self._office(tender.procuringEntity, unit, "/tender/procuringEntity")
        for party in tender.tenderers or ():
            if party is not None:
                self._reference(party)
        criteria = tender.awardCriteria
        return {
            "status": self._known(tender.status, _TENDER_STATUSES, "/tender/status"),
            "method": method,
            "method_words": words,
            "ground": _ground(tender.procurementMethodRationale),
            "category": self._known(
                tender.mainProcurementCategory, _CATEGORIES, "/tender/mainProcurementCategory"
            ),
            "unit": unit_id,
            "unit_name": unit_name,
            "published": published,
            "opening": opening,
            "tenderers": self._count(tender.numberOfTenderers),
            "items": _items(tender.items, self._door),
            "price_only": criteria in ("priceOnly", "lowestCost") if criteria else _none(criteria),
        }

    def _bid(self, bid: BidSaid | None, index: int) -> Bid | None:
        if bid is None:
            return None
        # There are many bids: what is usual is told without a call.
        value, tenderers, date = bid.value, bid.tenderers, bid.date
        amount, currency = self._value(value, "/bids/details", index) if value else (value, value)
        try:
            moment = self._iso(date)  # pyright: ignore[reportArgumentType]
        except (ValueError, OverflowError, TypeError):
            moment = self._time(date, "/bids/details", index, "/date")
        else:
            if self._zone and date[-1] != "Z" and not _zone(date):  # pyright: ignore[reportOptionalSubscript, reportIndexIssue]
                moment = self._earlier(moment, date)  # pyright: ignore[reportArgumentType]
        return Bid(
            id=self._code_of(bid.id) or f"#{index}",
            date=moment,
            status=_BID_STATUSES.get(bid.status)  # pyright: ignore[reportArgumentType, reportCallIssue]
            or self._known(bid.status, _BID_STATUSES, "/bids/details", index, "/status"),
            tenderers=self._sellers(tenderers) if tenderers else _none(tenderers),
            amount=amount,
            currency=currency,
        )

    def _earlier(self, moment: int, date: str) -> int:
        """When a bid came whose date names no zone, where the end of the time for bids does.

        It may be meant on the country's clock or on the one that the other date names. The earlier is taken: a bid is late only
        if it is late on both.
        """
        try:
            return min(moment, self._iso(date.rstrip() + self._zone))
        except (ValueError, OverflowError):  # a day alone
            return moment

    def _award(self, award: AwardSaid | None, index: int) -> Award | None:
        if award is None:
            return None
        value = award.value
        amount, currency = self._value(value, "/awards", index) if value else (value, value)
        suppliers = award.suppliers
        status = self._known(award.status, _AWARD_STATUSES, "/awards", index, "/status")
        return Award(
            id=self._code_of(award.id) or f"#{index}",
            status="other" if status is UNSET and award.status else status,
            date=self._time(award.date, "/awards", index, "/date"),
            amount=amount,
            currency=currency,
            suppliers=self._sellers(suppliers) if suppliers else _none(suppliers),
            items=_items(award.items, self._door),
        )  # fmt: skip

    def _contract(self, contract: ContractSaid | None, index: int) -> Contract | None:
        if contract is None:
            return None
        value, period = contract.value, contract.period
        amount, currency = self._value(value, "/contracts", index) if value else (value, value)
        return Contract(
            id=self._code_of(contract.id) or f"#{index}",
            award=self._code_of(contract.awardID) or UNSET,
            status=self._known(contract.status, _CONTRACT_STATUSES, "/contracts", index, "/status"),
            signed=self._time(contract.dateSigned, "/contracts", index, "/dateSigned"),
            start=self._time(period.startDate, "/contracts", index, "/period/startDate") if period else period,
            amount=amount,
            currency=currency,
            parts=_items(contract.items, self._door),
        )  # fmt: skip

    def _sellers(self, parties: list[PartySaid | None]) -> tuple[str, ...]:
        return tuple([reference for one in parties if one and (reference := self._reference(one))])

    def _reference(self, party: PartySaid) -> str:
        """Who sells: known by the ids of the release, leaves as a reference; "" for nobody."""
        own = party.id if type(party.id) is str else _id(party.id)  # a number and a text are one id
        reference = self._references.get(own)
        if reference is None or not own:
            known = self._parties.get(own, party) if own else party
            tax_id = party.identifier or known.identifier
            reference, name = self._door.party(
                own.strip(), party.name or known.name or "", _id(tax_id.id) if tax_id else ""
            )
            if own:
                self._references[own] = reference
            if reference and reference not in self._suppliers:
                self._suppliers[reference] = Supplier(id=reference, name=name)
        return reference

    def _office(
        self, said: PartySaid | UnsetType | None, of_role: PartySaid | None, place: str
    ) -> tuple[Text, Text]:
        """Id and name of who buys, as said; what that leaves out is taken of the party with its id, else of the one with the role."""
        if said is UNSET or said is None or not (said.id or said.name):
            if of_role is None:
                return (UNSET, UNSET) if said is not None else (None, None)
            said = of_role
        elif not said.id and of_role is not None and said.name == of_role.name:
            said = of_role
        id = self._code_of(said.id)
        name = said.name
        if not name and id and (known := self._parties.get(id)) is not None:
            name = known.name
        return id or UNSET, self._code(name, place + "/name")

    def _time(self, text: Words, place: str, index: int = -1, field: str = "") -> Time:
        if not text:
            return UNSET if text is UNSET else None
        try:
            return self._iso(text)
        except (ValueError, OverflowError):
            pass
        try:  # 31/12/2026, as the tables of the same publishers have it
            return self._written(text)
        except (ValueError, OverflowError):
            return self._left_out(place, "date", index, field)

    def _value(self, value: ValueSaid, place: str, index: int) -> tuple[Cents, Text]:
        amount, currency = value.amount, value.currency
        known = self._currencies.get(currency)  # pyright: ignore[reportArgumentType, reportCallIssue]
        if amount == "":
            amount = None
        elif amount is not UNSET and amount is not None:
            try:
                amount = cents(amount)
            except (ValueError, OverflowError):
                amount = self._left_out(place, "amount", index, "/value/amount")
        if known is None:
            if not currency:
                return amount, _none(currency)
            code = currency.strip().upper()
            if not _CURRENCY.fullmatch(code):
                return amount, self._left_out(place, "code", index, "/value/currency")
            known = self._currencies[currency] = code
        return amount, known

    def _count(self, given: Number) -> Count:
        if given is UNSET or given is None:
            return given
        try:
            count = int(float(given))
            if 0 <= count < _MOST_BIDDERS and count == float(given):
                return count
        except (ValueError, OverflowError):
            pass
        return self._left_out("/tender/numberOfTenderers", "count")

    def _code(self, text: Words, place: str) -> Text:
        """A publisher's own words, where they cannot name a person."""
        if not text:
            return UNSET if text is UNSET else None
        if len(text) > _LONGEST or not self._door.clean(text):
            return self._left_out(place, "private")
        return text

    def _known(
        self, code: Words, codes: Mapping[str, str], place: str, index: int = -1, field: str = ""
    ) -> Text:
        """A code of the standard as ours."""
        if not code:
            return UNSET if code is UNSET else None
        known = codes.get(code) or codes.get(code.strip().lower())
        return self._left_out(place, "code", index, field) if known is None else known

    def _left_out(self, place: str, reason: str, index: int = -1, field: str = "") -> UnsetType:
        where = f"{self._pointer}{place}" if index < 0 else f"{self._pointer}{place}/{index}{field}"
        self._notes.append((where, reason, ""))
        return UNSET


def _zone(date: Words) -> str:
    """The zone that a time names, as it is written; "" for none."""
    found = _ZONE.search(date, 10) if date else None
    return found[0] if found else ""


_TENDER_FIELDS = ("status", "method", "method_words", "ground", "category", "unit", "unit_name", "published", "opening", "tenderers", "items", "price_only")  # fmt: skip
_NO_TENDER = {UNSET: {}, None: dict.fromkeys(_TENDER_FIELDS)}


def named_by_content(release: Release) -> Release:
    """A release whose id is the hash of all it says, for a source that gives none."""
    return msgspec.structs.replace(release, id=blake2b(packed(release), digest_size=16).hexdigest())


def method_of(words: str) -> str | None:
    """The method that a publisher's own term means, None if it means none that is known."""
    words = unicodedata.normalize("NFC", words)
    return next((method for pattern, method in METHOD_WORDS if pattern.search(words)), None)


def _none(given: Any) -> Any:
    """What an absent, removed or empty part says: nothing, taken back, none."""
    return () if isinstance(given, list) else None if given == "" else given


def _present(parts: tuple) -> tuple:
    return tuple([part for part in parts if part is not None]) if None in parts else parts


def _id(id: Id) -> str:
    """An id as text, "" for none: publishers write numbers and texts for the same one."""
    if type(id) is str:
        return id.strip()
    if type(id) is int:
        return str(id)
    if type(id) is float:
        return str(int(id)) if id.is_integer() else repr(id)
    return ""


def _items(items: Many[ItemSaid], door: Door) -> tuple[str, ...] | UnsetType | None:
    """Classification codes, each once, in the order published."""
    if not items:
        return _none(items)
    codes: dict[str, None] = {}
    for item in items:
        if item is not None and item.classification and (code := _id(item.classification.id)):
            codes[door.code(code)] = None
    return tuple(codes)


_METHODS_TOLD: dict[tuple[str, str], Text] = {}


def _method(code: Words, words: Text) -> Text:
    """The method by the publisher's own words, else by the code of the standard, else by words in its place."""
    if not code and not words:
        return UNSET if code is UNSET else None
    asked = (code or "", words or "")
    told = _METHODS_TOLD.get(asked)
    if told is None:
        if len(_METHODS_TOLD) > 10_000:
            _METHODS_TOLD.clear()
        _METHODS_TOLD[asked] = told = (
            method_of(asked[1]) or METHODS.get(asked[0].strip().lower()) or method_of(asked[0]) or UNSET
        )
    return told


def _ground(rationale: Words) -> Text:
    """The article of law that a rationale cites; the rest of it is free text and is not kept."""
    if not rationale:
        return UNSET if rationale is UNSET else None
    found = _CITATION.search(rationale[:2000])
    return found[0].strip()[:80].upper() if found and "@" not in found[0] else UNSET


def _tags(tag: list[str | None] | str | UnsetType | None) -> tuple[str, ...]:
    """Tags, each one word of letters, as those of the standard are."""
    if not tag:
        return ()
    return tuple(
        [one for one in ([tag] if isinstance(tag, str) else tag) if one and len(one) <= 40 and one.isalpha()]
    )
