"""One edition of a dataset as imported, and the card that records it beside its tables.

The card is JSON, in ASCII whatever a file was called, and is read as something a stranger may have edited.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from careo.sources.formats.layout import Oddity

FORMAT = 1
"""Of the cards."""

_BASES = ("imported", "inferred", "stated", "given")
_TOLD = ("stated", "given")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_PERIOD = re.compile(r"\d{4}(-\d\d(-\d\d)?)?")
_NAME = re.compile(r"[\w.-]*\w")  # of a dataset, of a file: no folder


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One edition of a dataset as imported.

    Attributes:
        sha256, size: of the original file [B]. name: its name as given.
        country, dataset, layout: what it is; `dataset` is the id of its card.
        vintage: the edition, "2020-10-23", "2020-10" or "2020".
        vintage_basis: "stated" by the file, "given" by the user, "inferred" from its last month, or the day it was "imported" where
            nothing tells it.
        known: last day of the vintage, the day from which it counts as known.
        first, last: first and last period with values, "2015-01" or "2015"; "" without time.
        level: "state", "municipality", "nation", "foreign" or "none".
        places, rows: how many. indicators: which series were formed.
        oddities: what was odd in it.
        imported: when, UTC, to the second. version: of the careo that read it.
    """

    sha256: str
    country: str
    dataset: str
    layout: str
    name: str
    size: int
    vintage: str
    vintage_basis: str
    known: date
    first: str
    last: str
    level: str
    places: int
    rows: int
    indicators: tuple[str, ...]
    oddities: tuple[Oddity, ...]
    imported: str
    version: str


def card_text(snapshot: Snapshot, files: Mapping[str, str]) -> str:
    """The card of a snapshot as text; `files` holds the sha256 of each file beside it."""
    values: dict[str, Any] = {field.name: getattr(snapshot, field.name) for field in fields(snapshot)}
    values["known"] = snapshot.known.isoformat()
    values["oddities"] = [
        {"code": o.code, "words": dict(o.words), "grave": o.grave, "refused": o.refused}
        for o in snapshot.oddities
    ]
    return json.dumps({"format": FORMAT, **values, "files": dict(sorted(files.items()))}, indent=1)


def read_card(text: str) -> tuple[Snapshot, dict[str, str]]:
    """The snapshot of a card, and its files.

    Raises:
        ValueError: the card makes no sense, or is of another format.
    """
    from careo.sources.formats.layout import Oddity

    try:
        card = json.loads(text)
        values: dict[str, Any] = {field.name: card[field.name] for field in fields(Snapshot)}
        plain = (field for field in fields(Snapshot) if field.type in ("str", "int"))
        values["known"] = date.fromisoformat(values["known"])
        values["indicators"] = tuple(map(_text, values["indicators"]))
        values["oddities"] = tuple(
            Oddity(
                _text(o["code"]), _words(o["words"]), grave=o["grave"] is True, refused=o["refused"] is True
            )
            for o in values["oddities"]
        )
        datetime.fromisoformat(values["imported"])
        files = {name: _text(digest) for name, digest in card["files"].items()}
        sound = (
            card["format"] == FORMAT
            and all(type(values[field.name]).__name__ == field.type for field in plain)
            and _SHA256.fullmatch(values["sha256"])
            and all(_NAME.fullmatch(name) for name in (values["dataset"], *files))
            and _PERIOD.fullmatch(values["vintage"])
            and all(_PERIOD.fullmatch(values[end]) for end in ("first", "last") if values[end])
            and values["vintage_basis"] in _BASES
        )
        if not sound:
            raise ValueError("this is no card")
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(str(error)) from error
    return Snapshot(**values), files


def _words(words: Mapping[str, object]) -> dict[str, Any]:
    if not all(isinstance(value, str | int | float) for value in words.values()):
        raise TypeError(words)
    return dict(words)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def reread(snapshot: Snapshot, there: Snapshot) -> Snapshot:
    """What stands of a file read again: name and time of the first import, and the edition that is told best.

    Given comes before stated before inferred before imported; of two that nobody told the earlier, for the file was there to be had.
    """
    told, before = _BASES.index(snapshot.vintage_basis), _BASES.index(there.vintage_basis)
    replaces = snapshot.vintage_basis in _TOLD or snapshot.known < there.known
    better = told > before or (told == before and replaces)
    same = replace(snapshot, name=there.name, imported=there.imported)
    return same if better else with_edition_of(there, same)


def with_edition_of(other: Snapshot, snapshot: Snapshot) -> Snapshot:
    """`snapshot` as of the vintage of the other."""
    return replace(snapshot, vintage=other.vintage, vintage_basis=other.vintage_basis, known=other.known)
