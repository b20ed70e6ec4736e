"""What a figure was held against: the table of official values behind a finding."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from careo.base.texts import say
from careo.base.units import A_YEAR
from careo.panel import Country
from careo.panel.indicators import Indicator
from careo.record.statements import Quantity, Statement
from careo.results.agreement import agrees
from careo.results.candidates import Candidate, Reading, candidates, each_year, readings
from careo.results.finding import Considered, Finding
from careo.results.wording import period_words, unit_name, value_words

_MINUTES_A_YEAR = 525_600.0


def considered(
    statement: Statement, country: Country, on: date | None, language: str
) -> tuple[Considered, ...]:
    """Every official value a figure was held against, definitions that its words name first."""
    rows: list[Considered] = []
    stage = {"preliminary", "revised"} & set(statement.naming)
    for candidate in candidates(statement, country):
        readings_ = readings(candidate.indicator, statement, country, on)
        if len(stage) == 1:
            readings_ = _of_stage(readings_, "preliminary" in stage)
        held = _thinned([_row(statement, candidate, r, language) for r in readings_])
        if each_year(statement):
            missed = {r.period for r in held} - {r.period for r in held if r.fits}
            held = [replace(r, fits=r.fits and not missed) for r in held]
        rows += held
    return tuple(rows)


def _of_stage(found: tuple[Reading, ...], preliminary: bool) -> tuple[Reading, ...]:
    """Readings of the stage the words name: "preliminary" the first value published, "final" the last.

    The others stay in the table, as values of another stage that does not decide what the words name.
    """
    kept: list[Reading] = []
    for period in dict.fromkeys(r.observation.period for r in found):
        same = sorted((r for r in found if r.observation.period == period), key=lambda r: r.observation.known)
        meant = same[0] if preliminary else same[-1]
        kept += [r if r is meant else replace(r, meant=False) for r in same]
    return tuple(kept)


def _thinned(rows: list[Considered]) -> list[Considered]:
    """Per period: the value known then, the newest, and the first older one that fits; the rest is left to `careo indicators`."""
    kept: list[Considered] = []
    for period in dict.fromkeys(r.period for r in rows):
        same = [r for r in rows if r.period == period]
        known = next((r for r in same if r.known), None)
        newest = max(same, key=lambda r: r.vintage)
        fitting = min((r for r in same if r.fits), key=lambda r: abs((r.ratio or 9) - 1), default=None)
        kept += [r for r in same if r in (known, newest, fitting)]
    return kept


def _row(statement: Statement, candidate: Candidate, reading: Reading, language: str) -> Considered:
    indicator, observation = candidate.indicator, reading.observation
    quantity = _comparable(statement, indicator)
    value = observation.value
    fits = agrees(quantity, statement.hedge, value, named=candidate.named)
    return Considered(
        indicator=indicator.id,
        name=in_words(indicator.name, language),
        definition=in_words(indicator.definition, language),
        period=str(observation.period),
        place=observation.place,
        value=value,
        unit=indicator.unit,
        vintage=observation.vintage,
        source=observation.source,
        verified=observation.verified,
        ratio=round(quantity.value / value, 4) if value else None,
        fits=fits,
        named=candidate.named and reading.meant,
        known=reading.known,
        note="" if reading.exact else say(language, "findings.note.other_period"),
    )


def _comparable(statement: Statement, indicator: Indicator) -> Quantity:
    """The claim in the rhythm of the indicator: "every 15 minutes" and "100 a day" as so many a year."""
    quantity = statement.quantity
    assert quantity is not None  # noqa: S101
    if quantity.unit == "interval_minutes" and quantity.value:
        value = _MINUTES_A_YEAR / quantity.value
        return replace(
            quantity,
            value=value,
            low=value,
            high=value,
            unit="persons",
            step=value / max(quantity.value, 1),
            digits=2,
        )
    times = A_YEAR.get(quantity.every, 1.0) if indicator.kind == "flow" else 1.0
    if times == 1.0:
        return quantity
    return replace(
        quantity,
        value=quantity.value * times,
        low=quantity.low * times,
        high=quantity.high * times,
        step=quantity.step * times,
    )


def row_words(row: Considered, language: str) -> dict[str, str]:
    """The words of a row for the placeholders of a sentence."""
    return {
        "name": row.name,
        "value": row_value(row, language),
        "period": period_words(row.period, language),
        "vintage": row.vintage,
        "place": row.place,
    }


def row_value(row: Considered, language: str) -> str:
    """The value of a row in words, with its unit."""
    return value_words(row.value, row.unit, language)


def in_words(words: Mapping[str, str], language: str) -> str:
    """A text by language, in English when the language is missing."""
    return words.get(language) or words.get("en", "")


def make_finding(
    statement: Statement,
    kind: str,
    verdict: str,
    because: str,
    rows: tuple[Considered, ...],
    caveats: tuple[str, ...],
    country: Country,
    language: str,
) -> Finding:
    """A finding on a statement, with the sources of everything it shows."""
    keys = dict.fromkeys(r.source for r in rows)
    sources = [country.sources[k] for k in keys if k in country.sources]
    digest = hashlib.sha256(
        f"{statement.source}|{statement.start}|{statement.end}|{kind}|{statement.quote}".encode()
    ).hexdigest()
    return Finding(
        id=f"{kind[0]}{digest[:10]}",
        kind=kind,
        claim=statement.claim or statement.quote,
        verdict=verdict,
        because=because[:1].upper() + because[1:],
        statement=statement,
        considered=rows,
        caveats=tuple(c for c in dict.fromkeys(caveats) if c),
        sources=tuple(sources),
        language=language,
        extra={"unit": unit_name(statement.quantity)} if statement.quantity else {},
    )
