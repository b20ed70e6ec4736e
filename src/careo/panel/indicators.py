"""Indicators: what an official figure counts, in words, before any number is shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from careo.base.errors import DataError
from careo.base.shipped import country_folder, read_yaml

KINDS = ("flow", "stock", "share", "rate", "money")
_REQUIRED = ("name", "definition", "kind", "unit", "concept", "measure", "publisher")


@dataclass(frozen=True, slots=True)
class Indicator:
    """The operational definition of a series.

    Attributes:
        id: "homicide_sesnsp_victims" or, for a variant, "disappeared_stock.since_2006".
        parent: id of the indicator it is a variant of; "" for none.
        name, definition: by language ("en", "es").
        kind: "flow" (events in a period), "stock" (at a date), "share", "rate", "money".
        unit: published unit name: "deaths", "victims", "persons", "case files", "share", "per 100,000 per year", "MXN", "USD"…
        concept: what is counted, whoever counts it: "homicide", "organised_crime_homicide", "disappeared"… Same concept =
            a reader may take one for the other. Words of each concept stand in the country's `lexicons/concepts.yaml`.
        measure: what one unit of it is: "deaths", "victims", "case_files", "persons", "bodies", "graves", "records", "money_voted",
            "money_spent", "money_announced", "money_appropriated", "money_delivered", "share", "rate"…
        cumulative: True when it accumulates since `since` (a running total).
        timing: "registration", "occurrence", "file_opened", "cut_off", "fiscal_year"…: which date places an event.
        qualifier: words without which this definition is not meant, and with which its neighbours are not ("in real
            terms", "since 2006"), by language; empty for a definition that is meant without more.
        publisher: who publishes it; cues: words that name this definition or its publisher explicitly, by language.
        frequency, geography, since, breaks, revisions: as the publisher states, for the reader.
        not_comparable_with: id → reason by language.
        usable: False for series kept for the record only (never decide a verdict).
        lag_months: months after the end of a period by which its first value is usually public; None when irregular.
            For old periods the embedded vintage is that of a later copy: the value itself had long been published.
    """

    id: str
    parent: str
    name: Mapping[str, str]
    definition: Mapping[str, str]
    kind: str
    unit: str
    concept: str
    measure: str
    publisher: str
    cumulative: bool = False
    timing: str = ""
    cues: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    qualifier: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    frequency: str = ""
    geography: str = ""
    since: str = ""
    breaks: Mapping[str, str] = field(default_factory=dict)
    revisions: Mapping[str, str] = field(default_factory=dict)
    not_comparable_with: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    usable: bool = True
    lag_months: int | None = None


def load_indicators(country: str = "mexico") -> dict[str, Indicator]:
    """The indicators of a country by id, variants right after the indicator they vary.

    A variant inherits what it does not say itself, except its name, definition, kind, unit and measure: what it
    counts is its own to say.

    Raises:
        DataError: an indicator lacks a name, a definition, a kind or a unit.
    """
    path = country_folder(country) / "indicators.yaml"
    given: Mapping[str, Mapping[str, Any]] = read_yaml(path) or {}
    return {item.id: item for name, entry in given.items() for item in _family(path, name, entry)}


def _family(path: Path, name: str, entry: Mapping[str, Any]) -> Iterator[Indicator]:
    if not isinstance(entry, Mapping):
        raise DataError(
            "panel_indicator", where=str(path), indicator=name, field="definition", fix="panel_indicator"
        )
    yield _indicator(path, name, "", entry)
    own = {"variants", "cues", "qualifier", "cumulative", "usable", *_REQUIRED} - {"concept", "publisher"}
    inherited = {key: value for key, value in entry.items() if key not in own}
    for variant, changes in (entry.get("variants") or {}).items():
        yield _indicator(path, f"{name}.{variant}", name, inherited | (changes or {}))


def _indicator(path: Path, name: str, parent: str, entry: Mapping[str, Any]) -> Indicator:
    for needed in _REQUIRED:
        if not entry.get(needed):
            raise DataError(
                "panel_indicator", where=str(path), indicator=name, field=needed, fix="panel_indicator"
            )
    if entry["kind"] not in KINDS:
        raise DataError(
            "panel_kind",
            where=str(path),
            indicator=name,
            expected=", ".join(KINDS),
            found=repr(entry["kind"]),
        )
    return Indicator(
        id=name,
        parent=parent,
        name=entry["name"],
        definition=entry["definition"],
        kind=entry["kind"],
        unit=entry["unit"],
        concept=entry["concept"],
        measure=entry["measure"],
        publisher=entry["publisher"],
        cumulative=bool(entry.get("cumulative", False)),
        timing=entry.get("timing", ""),
        cues={language: tuple(words) for language, words in (entry.get("cues") or {}).items()},
        qualifier={language: tuple(words) for language, words in (entry.get("qualifier") or {}).items()},
        frequency=entry.get("frequency", ""),
        geography=entry.get("geography", ""),
        since=str(entry.get("since", "")),
        breaks=entry.get("breaks") or {},
        revisions=entry.get("revisions") or {},
        not_comparable_with=entry.get("not_comparable_with") or {},
        usable=bool(entry.get("usable", True)),
        lag_months=entry.get("lag_months"),
    )
