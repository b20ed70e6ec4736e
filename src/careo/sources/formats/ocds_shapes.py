"""What is decoded of the Open Contracting Data Standard 1.1, and JSON that is not as the standard has it.

Only the fields that rules read are here; what is not here is never decoded. Names in the classes are the standard's.
"""

from __future__ import annotations

import json
import re
from typing import Any, TypeAlias, TypeVar

import msgspec
from msgspec import UNSET, Struct, UnsetType, inspect

Note: TypeAlias = tuple[str, str, str]
"""What was left out: JSON pointer, reason (key under `watch.refused`), detail."""

Id: TypeAlias = str | int | float | UnsetType | None
Number: TypeAlias = int | float | str | UnsetType | None
Words: TypeAlias = str | UnsetType | None
_T = TypeVar("_T")
Many: TypeAlias = list[_T | None] | UnsetType | None

_HALF_A_CHARACTER = re.compile(
    r"\\u(?:d[89ab][0-9a-f]{2}(?!\\ud[c-f][0-9a-f]{2})|(?<!\\ud[89ab][0-9a-f]{2}\\u)d[c-f][0-9a-f]{2})",
    re.IGNORECASE,
)
"""An escape of half a character without its other half, which is no text at all."""
_DIGITS = 40  # of a whole number; longer ones are no amounts


class ValueSaid(Struct, gc=False):
    amount: Number = UNSET
    currency: Words = UNSET


class PeriodSaid(Struct, gc=False):
    startDate: Words = UNSET  # noqa: N815 - names of the standard
    endDate: Words = UNSET  # noqa: N815


class _Identifier(Struct, gc=False):
    id: Id = UNSET


class PartySaid(Struct, gc=False):
    id: Id = UNSET
    name: Words = UNSET
    identifier: _Identifier | UnsetType | None = UNSET
    roles: Many[str] = UNSET


class _Classification(Struct, gc=False):
    id: Id = UNSET


class ItemSaid(Struct, gc=False):
    classification: _Classification | UnsetType | None = UNSET


class BidSaid(Struct, gc=False):
    id: Id = UNSET
    date: Words = UNSET
    status: Words = UNSET
    tenderers: Many[PartySaid] = UNSET
    value: ValueSaid | UnsetType | None = UNSET


class BidsSaid(Struct, gc=False):
    details: Many[BidSaid] = UNSET


class TenderSaid(Struct, gc=False):
    status: Words = UNSET
    procurementMethod: Words = UNSET  # noqa: N815
    procurementMethodDetails: Words = UNSET  # noqa: N815
    procurementMethodRationale: Words = UNSET  # noqa: N815
    mainProcurementCategory: Words = UNSET  # noqa: N815
    awardCriteria: Words = UNSET  # noqa: N815
    numberOfTenderers: Number = UNSET  # noqa: N815
    tenderPeriod: PeriodSaid | UnsetType | None = UNSET  # noqa: N815
    procuringEntity: PartySaid | UnsetType | None = UNSET  # noqa: N815
    tenderers: Many[PartySaid] = UNSET
    items: Many[ItemSaid] = UNSET


class AwardSaid(Struct, gc=False):
    id: Id = UNSET
    status: Words = UNSET
    date: Words = UNSET
    value: ValueSaid | UnsetType | None = UNSET
    suppliers: Many[PartySaid] = UNSET
    items: Many[ItemSaid] = UNSET


class ContractSaid(Struct, gc=False):
    id: Id = UNSET
    awardID: Id = UNSET  # noqa: N815
    status: Words = UNSET
    dateSigned: Words = UNSET  # noqa: N815
    period: PeriodSaid | UnsetType | None = UNSET
    value: ValueSaid | UnsetType | None = UNSET
    items: Many[ItemSaid] = UNSET


class ReleaseSaid(Struct, gc=False):
    ocid: Id = UNSET
    id: Id = UNSET
    date: Words = UNSET
    url: Words = UNSET
    tag: list[str | None] | str | UnsetType | None = UNSET
    parties: Many[PartySaid] = UNSET
    buyer: PartySaid | UnsetType | None = UNSET
    tender: TenderSaid | UnsetType | None = UNSET
    bids: BidsSaid | UnsetType | None = UNSET
    awards: Many[AwardSaid] = UNSET
    contracts: Many[ContractSaid] = UNSET


class RecordSaid(Struct, gc=False):
    ocid: Id = UNSET
    releases: Many[ReleaseSaid] = UNSET
    compiledRelease: ReleaseSaid | UnsetType | None = UNSET  # noqa: N815


class Document(ReleaseSaid, gc=False):
    """What a line or a file may be: a release, a record, a package of either."""

    releases: Many[ReleaseSaid] = UNSET
    records: Many[RecordSaid] = UNSET
    compiledRelease: ReleaseSaid | UnsetType | None = UNSET  # noqa: N815
    publishedDate: Words = UNSET  # noqa: N815


WRAPPERS = ("results", "data")
"""What interfaces of publishers put releases, records and packages in, next to the number of pages."""

_DECODER = msgspec.json.Decoder(Document)


class Unreadable(Exception):  # noqa: N818 - told to the reader as a reason, never raised to a user
    """JSON that cannot be read. reason: key under `watch.refused`."""

    def __init__(self, reason: str, detail: str = "") -> None:
        self.reason, self.detail = reason, detail
        super().__init__(reason)


def decoded(data: bytes) -> tuple[list[tuple[str, Document]], list[Note]]:
    """JSON as documents, with their pointers: one, or those of an array; and what in them is not as the standard has it.

    Raises:
        Unreadable: it is no JSON, or neither an object nor an array.
    """
    try:
        document = _DECODER.decode(data)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return fitted(plain(data))
    if document.ocid is document.releases is document.records is document.compiledRelease is UNSET:
        return fitted(plain(data))
    return [("", document)], []


def fitted(value: object) -> tuple[list[tuple[str, Document]], list[Note]]:
    """As `decoded`, of JSON that was read into plain values."""
    notes: list[Note] = []
    found: list[tuple[str, Document]] = []
    place, inner = _unwrapped(value)
    many = isinstance(inner, list)
    if not many and not isinstance(inner, dict):
        raise Unreadable("object")
    for index, one in enumerate(inner if many else [inner]):
        pointer = f"{place}/{index}" if many else place
        try:
            fit = _fit(one, _shape(), pointer, notes)
        except RecursionError as error:
            raise Unreadable("deep") from error
        if fit is not _UNFIT:
            found.append((pointer, msgspec.convert(fit, Document)))
    return found, notes


def _unwrapped(value: object) -> tuple[str, object]:
    """JSON without what an interface wraps it in, and the pointer of what is left."""
    if isinstance(value, dict) and not _OWN & value.keys():
        for name in WRAPPERS:
            if isinstance(value.get(name), (list, dict)):
                return f"/{name}", value[name]
    return "", value


_OWN = {"ocid", "releases", "records", "compiledRelease"}  # one of these makes a document of the standard


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


def plain(data: bytes) -> object:
    """JSON by the standard library, which is slower and knows more: NaN, numbers beyond all bounds, text in Windows-1252.

    Raises:
        Unreadable: it is no JSON.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
    if "\0" in text:
        raise Unreadable("nul")
    if "\\u" in text:
        text = _HALF_A_CHARACTER.sub(r"\\ufffd", text)
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
            fit: dict[str, object] = {}
            for field in kind.fields:
                if field.encode_name in value:
                    part = _fit(value[field.encode_name], field.type, f"{pointer}/{field.encode_name}", notes)
                    if part is not _UNFIT:
                        fit[field.encode_name] = part
            return fit
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
