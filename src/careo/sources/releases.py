"""What a publisher says of a contracting process at one time: `Release`, whatever the file it came in.

Every reader (OCDS, Compras MX, CompraNet) makes these; nothing later sees the publisher's own form. A release holds only what
rules read: no free text, no official, no e-mail, no telephone; a natural person stands as a reference (`sources/persons.py`).

Times are whole seconds on the clock of the publisher's country since 1970-01-01T00:00 there ("civil seconds"), so that the
calendar day is `time // 86400`; a date alone is midnight. Money is in whole cents. What a release does not speak of is UNSET;
what it takes back is None, as in the merging rules of the Open Contracting Data Standard 1.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

import msgspec
from msgspec import UNSET, UnsetType

Text: TypeAlias = str | UnsetType | None
Time: TypeAlias = int | UnsetType | None  # civil seconds
Cents: TypeAlias = int | UnsetType | None
Count: TypeAlias = int | UnsetType | None


class Said(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What the parts of a release have in common: they can be kept as bytes, unset fields take none."""


class Supplier(Said, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A supplier. id: tax id or the publisher's; "P-…" for a natural person, whose name is never kept."""

    id: str
    name: Text = UNSET


class Bid(Said, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A bid. status: "invited", "pending", "valid", "disqualified", "withdrawn". tenderers: references of suppliers."""

    id: str
    date: Time = UNSET
    status: Text = UNSET
    tenderers: tuple[str, ...] | UnsetType | None = UNSET
    amount: Cents = UNSET
    currency: Text = UNSET


class Award(Said, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """An award. status: "pending", "active", "cancelled", "unsuccessful"; "other" for a code that the standard does not have.

    items: classification codes as published.
    """

    id: str
    status: Text = UNSET
    date: Time = UNSET
    amount: Cents = UNSET
    currency: Text = UNSET
    suppliers: tuple[str, ...] | UnsetType | None = UNSET
    items: tuple[str, ...] | UnsetType | None = UNSET


class Contract(Said, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A contract. award: id of its award. status: "pending", "active", "cancelled", "terminated".

    suppliers: references; unset where only the award names them. parts: what it is charged to or bought, as codes
    (*partida específica*, or item classification). buyer, unit: as of `Release`, where a purchase for several of them says
    whose the contract is.
    """

    id: str
    award: Text = UNSET
    status: Text = UNSET
    buyer: Text = UNSET
    unit: Text = UNSET
    decided: Time = UNSET
    signed: Time = UNSET
    start: Time = UNSET
    amount: Cents = UNSET
    currency: Text = UNSET
    suppliers: tuple[str, ...] | UnsetType | None = UNSET
    parts: tuple[str, ...] | UnsetType | None = UNSET


class Release(Said, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One statement about one process.

    Attributes:
        process: id of the process: its ocid, or "local-<layout>-<number of the procedure>" where the source has none.
        id: the publisher's id of the release; the hash of its content where there is none (an "easy release").
        date: when the publisher says it was published.
        whole: True if it states the process whole and so replaces what the same source said before (a row of a table that is
            overwritten, a compiled release); False if it adds to it.
        tags: the release's OCDS tags.
        draft: a draft of a call that nobody can answer yet.
        status: of the tender: "planned", "active", "complete", "cancelled", "unsuccessful", "withdrawn".
        method: "open", "selective", "invited", "direct"; method_words: the publisher's own term for it.
        ground: the legal ground of an exception as published ("ART. 54 FR. IV"); None if the field is there and empty.
        law: code of the law. scope: "national", "treaties", "international". category: "goods", "services", "works",
            "works services", "leases".
        buyer, unit: codes of the institution and of its buying unit; branch: the budget branch (*ramo*), two digits.
        filed: when the file was opened. published: when the call was published (start of the tender period).
        opening: when bids are opened (end of the tender period). decided: the award decision (*fallo*), which can be a plan.
        tenderers: how many bid, as stated. items: classification codes of the tender.
        price_only: True where the price alone decides.
        address: where the publisher shows it.
        suppliers: those that the release names, with the names of companies.
    """

    process: str
    id: str
    date: Time = UNSET
    whole: bool = False
    tags: tuple[str, ...] = ()
    draft: bool | UnsetType | None = UNSET
    status: Text = UNSET
    method: Text = UNSET
    method_words: Text = UNSET
    ground: Text = UNSET
    law: Text = UNSET
    scope: Text = UNSET
    category: Text = UNSET
    buyer: Text = UNSET
    buyer_name: Text = UNSET
    unit: Text = UNSET
    unit_name: Text = UNSET
    branch: Text = UNSET
    filed: Time = UNSET
    published: Time = UNSET
    opening: Time = UNSET
    decided: Time = UNSET
    tenderers: Count = UNSET
    items: tuple[str, ...] | UnsetType | None = UNSET
    price_only: bool | UnsetType | None = UNSET
    address: Text = UNSET
    bids: tuple[Bid, ...] | UnsetType | None = UNSET
    awards: tuple[Award, ...] | UnsetType | None = UNSET
    contracts: tuple[Contract, ...] | UnsetType | None = UNSET
    suppliers: tuple[Supplier, ...] | UnsetType | None = UNSET


class Sighting(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A release where it stands.

    process: as of the release. data: the release, `packed`. line: of a text file, from 1; pointer: JSON pointer within a JSON document, else "".
    newest: as of `newest_date`.
    """

    process: str
    data: bytes
    line: int
    pointer: str
    newest: int

    @classmethod
    def of(cls, release: Release, line: int, pointer: str = "") -> Sighting:
        """A release seen there."""
        return cls(release.process, packed(release), line, pointer, newest_date(release))

    @property
    def release(self) -> Release:
        """What was seen."""
        return unpacked(self.data)


PARTS = ("bids", "awards", "contracts", "suppliers")
"""Fields of a release that are lists of parts with ids."""


ROW = "row-"
"""Begins the number of a process whose row has none: the hash of what it says."""


def is_numbered(process: str) -> bool:
    """Whether a process keeps its id whatever its row comes to say."""
    return _OF_ROW.match(process) is None


_OF_ROW = re.compile(rf"local-[^-]+-{ROW}")


@dataclass(frozen=True, slots=True)
class Refused:
    """What could not be read. line, pointer: as of `Sighting`. reason: key under `watch.refused`; detail: what was found,
    never the text of the line itself, which may name a person."""

    line: int
    pointer: str
    reason: str
    detail: str = ""


@dataclass(frozen=True)
class Package:
    """What is taken in at once, or not at all: a page of a publisher, some thousand lines of a long file, a whole table.

    Attributes:
        series: what succeeds itself: the file's name without the full date in it, or an address. Two tables of a series
            are two states of the same table.
        name: the file's name or the address. sha256: of the whole file.
        seen: when careo first had it (civil seconds): the clock, or for a replay the date of the file.
        taken: of a dated copy of a table, seen at its own date, when it came to careo; else None.
        table: True for a table that its publisher overwrites: what it no longer holds is gone.
        part: number of the package within its file, from 0; last: True for the last one.
        next_line, next_offset: where to go on after it: line, and byte of the unpacked file. Whole documents and tables are read
            again from their beginning, which changes nothing.
        sightings: what could be read; an iterable that is gone through once. Of a stream, those of one process stand together.
        refused: what could not; filled while `sightings` is gone through.
        published: newest time that the publisher itself gives (package date or Last-Modified), else None.
    """

    series: str
    name: str
    sha256: str
    seen: int
    sightings: Iterable[Sighting]
    table: bool = False
    part: int = 0
    last: bool = True
    published: int | None = None
    taken: int | None = None
    next_line: int = 1
    next_offset: int = 0
    refused: list[Refused] = field(default_factory=list[Refused])


def packed(release: Release) -> bytes:
    """The release as bytes: the same for the same content."""
    return _ENCODER.encode(release)


def unpacked(data: bytes) -> Release:
    """A release that `packed` wrote."""
    return _DECODER.decode(data)


def newest_date(release: Release) -> int:
    """The newest date that a release states of something done; -1 if none."""
    if release.date is not UNSET and release.date is not None:
        return release.date
    newest = -1
    for at in (release.filed, release.published):
        if at is not UNSET and at is not None and at > newest:
            newest = at
    if release.contracts is not UNSET:
        for contract in release.contracts or ():
            for at in (contract.decided, contract.signed):
                if at is not UNSET and at is not None and at > newest:
                    newest = at
    return newest


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Release)
