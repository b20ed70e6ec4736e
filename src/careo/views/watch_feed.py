"""What a watch told, for other programs: JSON Lines, a table, an Atom feed. Each revision once, by its number in the outbox."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from xml.etree.ElementTree import Element, SubElement, indent, tostring
from zoneinfo import ZoneInfo

from careo.base.fields import worded
from careo.base.texts import say
from careo.record.purchases.naming import Names
from careo.record.purchases.rules import Rule
from careo.record.purchases.signals import Signal
from careo.results.watch_data import money_in_units, signal_data
from careo.results.watch_words import (
    delay_words,
    fact_words,
    place_words,
    sentence,
    severity_words,
    state_words,
)
from careo.views.i18n import clean
from careo.views.table_cells import spreadsheet_cell

ATOM = "http://www.w3.org/2005/Atom"
MOST_ENTRIES = 500
"""Entries of a feed, the newest ones: a reader of feeds asks for all of it each time."""

COLUMNS = (
    "seq", "id", "revision", "state", "rule", "rule_version", "codes", "title", "severity", "buyer", "buyer_name",
    "unit", "unit_name", "supplier", "supplier_name", "subject", "value", "threshold", "measured_in", "event", "published", "first_seen", "told", "evidence", "limitation",
)  # fmt: skip

Told = Iterable[tuple[int, Signal]]


def json_lines(told: Told, rules: Mapping[str, Rule], names: Names, language: str) -> Iterator[str]:
    """A line for each revision. names: of whom these speak; may learn them while revisions are gone through, as below."""
    for number, signal in told:
        data = signal_data(signal, rules.get(signal.rule), names, language, seq=number)
        yield json.dumps(data, ensure_ascii=False, allow_nan=False) + "\n"


def table(told: Told, rules: Mapping[str, Rule], names: Names, language: str) -> Iterator[str]:
    """CSV with the columns of `COLUMNS`; no cell can be taken for a formula."""
    yield _line(COLUMNS)
    for number, signal in told:
        rule = rules.get(signal.rule)
        data = signal_data(signal, rule, names, language, seq=number)
        data |= money_in_units(data, rule)
        data["codes"] = " ".join(signal.codes)
        data["evidence"] = " | ".join(
            f"{': '.join(fact_words(one, rule, language))} ({place_words(one, language)})"
            for one in signal.evidence
        )
        yield _line([spreadsheet_cell(data[name]) for name in COLUMNS])


def _line(cells: Iterable[object]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(cells)
    return out.getvalue()


def atom(
    told: Told,
    rules: Mapping[str, Rule],
    names: Names,
    zone: ZoneInfo,
    country: str,
    language: str,
    page: Callable[[Signal], str] | None = None,
) -> str:
    """An Atom feed (RFC 4287) of the newest revisions, newest first; an entry's id never changes. page: where a signal is shown."""
    newest = sorted(told, key=lambda pair: -pair[0])[:MOST_ENTRIES]
    feed = Element("feed", {"xmlns": ATOM, "xml:lang": language})
    _text(feed, "id", f"urn:careo:watch:{country}")
    _text(feed, "title", say(language, "watch.feed.title", country=country))
    _text(feed, "subtitle", say(language, "watch.findings.head"))
    _text(feed, "updated", _moment(newest[0][1].told if newest else 0, zone))
    _text(SubElement(feed, "author"), "name", "careo")
    for _, signal in newest:
        rule = rules.get(signal.rule)
        entry = SubElement(feed, "entry")
        _text(entry, "id", f"urn:careo:watch:{signal.id}:{signal.revision}")
        words = sentence(signal, rule, names, language)
        _text(entry, "title", f"{state_words(signal, language)}: {words}")
        _text(entry, "updated", _moment(signal.told, zone))
        if page:
            SubElement(entry, "link", {"rel": "alternate", "type": "text/html", "href": page(signal)})
        SubElement(entry, "category", {"term": signal.rule})
        SubElement(entry, "category", {"term": signal.severity, "label": severity_words(signal, language)})
        facts = [
            f"{': '.join(fact_words(one, rule, language))} ({place_words(one, language)})"
            for one in signal.evidence
        ]
        limitation = worded(rule.limitation, language) if rule else ""
        _text(entry, "content", "\n".join([*facts, delay_words(signal, language), limitation]), type="text")
    indent(feed)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + tostring(feed, encoding="unicode") + "\n"


def _text(parent: Element, name: str, text: str, **attributes: str) -> None:
    SubElement(parent, name, attributes).text = clean(text)


def _moment(civil: int, zone: ZoneInfo) -> str:
    return (datetime(1970, 1, 1, tzinfo=zone) + timedelta(seconds=civil)).isoformat()
