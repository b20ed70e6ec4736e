"""Indicators: what an official figure counts, in words, before any number is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


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
        publisher: who publishes it; cues: words that name this definition or its publisher explicitly, by language.
        frequency, geography, since, breaks, revisions: as the publisher states, for the reader.
        not_comparable_with: id → reason by language.
        usable: False for series kept for the record only (never decide a verdict).
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
    frequency: str = ""
    geography: str = ""
    since: str = ""
    breaks: Mapping[str, str] = field(default_factory=dict)
    revisions: Mapping[str, str] = field(default_factory=dict)
    not_comparable_with: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    usable: bool = True
