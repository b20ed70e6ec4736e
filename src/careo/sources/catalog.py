"""Dataset cards: what an official file counts, who publishes it, under which terms, and where it bites."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from careo.base.errors import DataError
from careo.base.shipped import country_folder, read_yaml

TIMES = ("month", "year", "day", "none")
LEVELS = ("nation", "state", "municipality", "foreign", "none")
_REQUIRED = ("title", "publisher", "licence", "definition", "time", "places")


@dataclass(frozen=True, slots=True)
class SeriesRule:
    """Which rows of a dataset count towards an indicator.

    Attributes:
        where: key column → the categories that count, as the publisher writes them (compared without case and accents).
        value: the column that is summed; "" for the only one (or the twelve months).
    """

    where: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    value: str = ""


@dataclass(frozen=True, slots=True)
class Dataset:
    """The card of a dataset.

    Attributes:
        id: its name, "sesnsp_state_cases". title, licence, definition: by language. publisher: who makes it.
        page: where a person finds it. url: the file itself, where the address is stable; else "".
        time: "month", "year", "day" or "none". places: the finest level it speaks of.
        unit: what one unit of a value is. lag_months: months after the last month with values until the edition is
            published; None when irregular.
        stock: True for a state at a date, whose months must not be summed.
        cumulative_months: length of the running total that a value is; 0 for none.
        absent: what a place and period mean that have no row: "zero" in a register that lists only what it has, "unknown" in a
            collection of events, "missing" in a table that should have them all.
        undated: "once" when rows without a date are repeated in every file and must be counted once.
        catalogue: name of the list of known categories (`catalogues/<name>.csv`); "" for none.
        traps: what to beware of, by language. series: indicator id → the rows that count towards it.
    """

    id: str
    title: Mapping[str, str]
    publisher: str
    licence: Mapping[str, str]
    definition: Mapping[str, str]
    time: str
    places: str
    page: str = ""
    url: str = ""
    unit: str = ""
    lag_months: int | None = None
    stock: bool = False
    cumulative_months: int = 0
    absent: str = "missing"
    undated: str = ""
    catalogue: str = ""
    traps: tuple[Mapping[str, str], ...] = ()
    series: Mapping[str, SeriesRule] = field(default_factory=dict)


@cache
def datasets(country: str = "mexico") -> Mapping[str, Dataset]:
    """The cards of a country by id, in order of id; none for a country without cards.

    Raises:
        DataError: a card lacks a field, or has one that no card has.
    """
    folder = country_folder(country) / "cards"
    return {path.stem: _card(path, read_yaml(path) or {}) for path in sorted(folder.glob("*.yaml"))}


def _card(path: Path, given: Mapping[str, Any]) -> Dataset:
    for needed in _REQUIRED:
        if not given.get(needed):
            raise DataError("card_field", where=str(path), field=needed)
    unknown = set(given) - set(Dataset.__dataclass_fields__)
    if unknown:
        raise DataError("card_unknown", where=str(path), found=", ".join(sorted(unknown)))
    for name, allowed in (("time", TIMES), ("places", LEVELS)):
        if given[name] not in allowed:
            raise DataError(
                "card_value", where=str(path), field=name, expected=", ".join(allowed), found=given[name]
            )
    fields = dict(given)
    fields["traps"] = tuple(given.get("traps") or ())
    fields["series"] = {name: _rule(rule or {}) for name, rule in (given.get("series") or {}).items()}
    fields["url"], fields["page"] = given.get("url") or "", given.get("page") or ""
    return Dataset(id=path.stem, **fields)


def _rule(given: Mapping[str, Any]) -> SeriesRule:
    where = {
        name: tuple(str(v) for v in (values if isinstance(values, list) else [values]))
        for name, values in (given.get("where") or {}).items()
    }
    return SeriesRule(where, given.get("value") or "")
