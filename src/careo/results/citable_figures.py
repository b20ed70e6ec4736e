"""Citing figures: values of indicators, panels, official files, findings and pages, part by part."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import Any

from careo.base.citations import Source
from careo.base.dates import Period
from careo.base.errors import InputError
from careo.base.shipped import country_folder
from careo.panel.series import Observation
from careo.results.citable import FEW, Named, Narrowed, Part, Record
from careo.results.finding import Considered, Finding
from careo.results.wording import period_words, place_name, value_words

# ── values ───────────────────────────────────────────────────────────────────────────────────────────────────────


def indicators(record: Record) -> Iterator[Named]:
    for name, indicator in record.country.indicators.items():
        yield Named("indicator", name, indicator)


def of_indicator(record: Record, named: Named, narrowed: Narrowed) -> Iterator[Part]:
    """Its values; those of its variants where it has none itself; else the datasets that would bring them."""
    values = values_of(record, named.name, narrowed)
    variants = [item.id for item in record.country.indicators.values() if item.parent == named.name]
    if values:
        yield from told(record, named.name, values)
    elif any(values_of(record, one, Narrowed()) for one in (named.name, *variants)):
        for variant in variants:
            yield from told(record, variant, values_of(record, variant, narrowed))
    elif not narrowed:
        for card in cards(record):
            if named.name in card.thing.series:
                words = record.say("nothing_imported", indicator=named.name)
                yield Part(card.name, words, "", (_card_source(record, card.thing),))


def values_of(record: Record, indicator: str, narrowed: Narrowed) -> list[Observation]:
    """Values of a place within a period; where none lies within it, those that hold a part of it."""
    country, place = record.country, narrowed.place
    both = (country.series(indicator), country.months(indicator))
    if place and place in country.places.by_code and country.places.by_code[place].kind == "municipality":
        both = country.local(indicator, (place,))
    every = [o for series in both for o in series.observations if place in ("", o.place)]
    if narrowed.period is None:
        return every
    period = narrowed.period
    inside = [o for o in every if _dated(o.period) and period.contains(o.period)]
    return inside or [o for o in every if _dated(o.period) and period.overlaps(o.period)]


def _dated(period: Period) -> bool:
    return period.first is not None or period.last is not None


def told(record: Record, indicator: str, values: Sequence[Observation]) -> Iterator[Part]:
    """Values by source and how they are known: few one by one, many by number, time and place."""
    groups: dict[tuple[str, str], list[Observation]] = {}
    for value in values:
        groups.setdefault((value.source, value.verified), []).append(value)
    unit = record.country.indicators[indicator].unit
    for (source, verified), members in groups.items():
        yield Part(indicator, _in_words(record, members, unit), verified, (source,))


def _in_words(record: Record, values: Sequence[Observation], unit: str) -> str:
    language = record.language
    if len(values) <= FEW:
        return "; ".join(
            record.say(
                "value", place=place_name(record.country, o.place, language), period=period_words(o.period, language),
                value=value_words(o.value, unit, language), vintage=o.vintage,
            )
            for o in values
        )  # fmt: skip
    places = list(dict.fromkeys(o.place for o in values))
    where = (
        place_name(record.country, places[0], language)
        if len(places) == 1
        else record.say("places", count=len(places))
    )
    return record.say(
        "values", count=f"{len(values):,}", period=record.span(o.period for o in values), places=where
    )


def of_series(record: Record, named: Named, _narrowed: Narrowed) -> Iterable[Part]:
    return told(record, named.thing.indicator, named.thing.observations)


def of_panel(record: Record, named: Named, _narrowed: Narrowed) -> Iterator[Part]:
    """The sources its columns name; how their values are known stands in the series they were taken from."""
    from careo.panel.monthly import LEVEL_RATE, RATE

    rates = False
    for column, array in named.thing.data_vars.items():
        name = str(column)
        indicator = name.removesuffix(RATE).removesuffix(LEVEL_RATE)
        rates |= name != indicator
        keys = [key for key in str(array.attrs.get("sources", "")).split(", ") if key]
        found = [o for o in values_of(record, indicator, Narrowed()) if o.source in keys]
        yield from told(record, indicator, found)
        local = set(keys) - {
            o.source for o in found
        }  # of municipalities, which the country's series leave out
        for key in sorted(local):
            yield Part(indicator, str(array.attrs.get("long_name", name)), "read", (key,))
    if rates:
        for part in told(record, "population", values_of(record, "population", Narrowed())):
            yield Part(part.of, f"{record.say('population')}: {part.what}", part.verified, part.sources)


# ── official files ───────────────────────────────────────────────────────────────────────────────────────────────


def cards(record: Record) -> Iterator[Named]:
    from careo.sources.catalog import datasets

    for name, card in datasets(record.country.key).items():
        yield Named("dataset", name, card)


def _card_source(record: Record, card: Any) -> Source:
    return Source(
        key=card.id, producer=card.publisher, title=record.word(card.title), url=card.url or card.page,
        licence=record.word(card.licence), tier=1,
    )  # fmt: skip


def of_card(record: Record, named: Named, _narrowed: Narrowed) -> Iterator[Part]:
    words = record.say("card", definition=record.word(named.thing.definition))
    yield Part(named.name, words, "", (_card_source(record, named.thing),))


def editions_of_card(record: Record, named: Named) -> Iterator[Part]:
    for edition in record.country.editions:
        if edition.dataset == named.name:
            yield from of_edition(record, Named("edition", "", edition), Narrowed())


def editions(record: Record) -> Iterator[Named]:
    from careo.panel.editions import source_of

    for edition in record.country.editions:
        others = (f"{edition.dataset}@{edition.vintage}", edition.sha256, edition.sha256[:8])
        yield Named("edition", source_of(edition).key, edition, others)


def of_edition(record: Record, named: Named, _narrowed: Narrowed) -> Iterator[Part]:
    from careo.panel.editions import source_of

    edition = named.thing
    source = source_of(edition)
    span = record.day(f"{edition.first}/{edition.last}" if edition.first != edition.last else edition.first)
    yield Part(source.key, record.say("edition", period=span, rows=f"{edition.rows:,}"), "read", (source,))


def calibrations(record: Record) -> Iterator[Named]:
    if (country_folder(record.country.key) / "calibration.yaml").is_file():
        yield Named("calibration", "calibration", None)  # read only when it is taken apart


def of_calibration(record: Record, named: Named, _narrowed: Narrowed) -> Iterator[Part]:
    """The history that the constants were learnt from."""
    from careo.run.calibrate import load_calibration
    from careo.run.history import homicide_history

    made = named.thing or load_calibration(record.country.key)
    if made.origins:
        history = homicide_history(record.country, last=date.fromisoformat(f"{made.until}-01"))
        words = {"period": record.day(f"{history.first:%Y-%m}/{made.until}"), "count": made.origins}
        yield Part("calibration", record.say("calibration", **words), "read", history.sources)


# ── findings ─────────────────────────────────────────────────────────────────────────────────────────────────────


def of_finding(record: Record, named: Named, _narrowed: Narrowed) -> Iterator[Part]:
    finding: Finding = named.thing
    own = {source.key: source for source in finding.sources}
    used: set[str] = set()

    def source(key: str) -> str | Source:
        used.add(key)
        return own.get(key, key)

    for row in finding.considered:
        value = record.say(
            "value", place=place_name(record.country, row.place, record.language), period=record.day(row.period),
            value=value_words(row.value, row.unit, record.language), vintage=row.vintage,
        )  # fmt: skip
        yield Part(finding.id, f"{row.name}: {value}", row.verified, (source(row.source),))
    for row in finding.table:  # a row that names its sources says how it is known
        keys = [key for key in row.get("sources", "").split(", ") if key]
        words = " · ".join(text for name, text in row.items() if text and name not in ("sources", "verified"))
        if keys:
            yield Part(finding.id, words, row.get("verified", ""), tuple(source(key) for key in keys))
    if finding.statement and finding.statement.source in own:
        words = record.say("statement", quote=finding.statement.quote)
        yield Part(finding.id, words, "", (source(finding.statement.source),))
    for key in own:
        if key not in used:
            yield Part(finding.id, record.say("rests"), "", (source(key),))


def of_findings(record: Record, named: Named, narrowed: Narrowed) -> Iterator[Part]:
    for finding in getattr(named.thing, "findings", named.thing):
        yield from of_finding(record, Named("finding", finding.id, finding), narrowed)


def of_drift(record: Record, named: Named, _narrowed: Narrowed) -> Iterator[Part]:
    for link in named.thing.links:
        words = record.say("step", date=record.day(link.date), what=link.text)
        yield Part(link.reference, words, link.verified, link.sources)


def findings_in(path: Path) -> tuple[Finding, ...]:
    """The findings of a dossier's findings.json, as far as their sources go.

    Raises:
        InputError: it cannot be read, or is no such file.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return tuple(_finding(found) for found in data["findings"])
    except FileNotFoundError as error:
        raise InputError("input_missing", where=str(path), fix="input_missing") from error
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise InputError("cite_findings", where=str(path), fix="cite_findings") from error


def _finding(data: Mapping[str, Any]) -> Finding:
    considered = tuple(
        Considered(**{**dict(row), "value": float(row["value"])}) for row in data["considered"]
    )
    known = {field.name for field in fields(Source)}
    sources = tuple(
        Source(**{name: value for name, value in one.items() if name in known}) for one in data["sources"]
    )
    table = tuple({str(name): str(cell) for name, cell in row.items()} for row in data["table"])
    texts = (data["id"], data["kind"], data["claim"], data["verdict"], data["because"])
    if not all(isinstance(text, str) for text in (*texts, *(source.key for source in sources))):
        raise TypeError(texts)
    return Finding(*texts, statement=None, considered=considered, table=table, sources=sources)


def of_document(record: Record, named: Named, _narrowed: Narrowed) -> Iterator[Part]:
    yield Part(named.name, record.say("document"), "read", (named.thing.source,))
