"""A watch of purchases as rows for its pages: signals, what could be told of whom, delays, rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from careo.base.fields import worded
from careo.base.texts import say, sayable
from careo.record.purchases.naming import Names
from careo.record.purchases.rule_files import load_buyers
from careo.record.purchases.rules import Rule
from careo.record.purchases.signals import Place, Signal
from careo.results.watch_data import moment_data, money_in_units, rule_data, signal_data
from careo.results.watch_findings import Found
from careo.results.watch_status import (
    CLEAR,
    DELAYS,
    HIT,
    NOT_MEANT,
    STALE,
    UNKNOWN,
    WAITING,
    Coverage,
    Status,
)
from careo.results.watch_words import (
    buyer_words,
    days_words,
    fact_words,
    line_words,
    measured,
    moment_words,
    process_words,
    severity_words,
    state_words,
    subject_words,
    supplier_words,
    taken_words,
    unit_words,
)
from careo.results.wording import number, period_words
from careo.sources.civil import DAY
from careo.views.web.page import Table

Row = dict[str, Any]
Counts = Counter[tuple[str, str]]
"""Signals that stand, by (code of the buyer, rule)."""
SIGNALS, NONE, WAITS, NO_DATA, NOT_ASKED = "signals", "none", "waits", "no_data", "not_asked"
"""What a cell of the matrix says: signals stand; looked at and none; too early; fields are missing; the rule speaks of nothing there."""
_NAMED = 3  # buyers in the first sentence


def watched_codes(country: str, names: Mapping[str, str]) -> frozenset[str]:
    """Codes of the buyers that belong to public security; none where the country has no register."""
    register = load_buyers(country)
    if register is None:
        return frozenset()
    return frozenset(code for code, name in names.items() if register.watched(code, "", name))


# ── the first sentence ───────────────────────────────────────────────────────────────────────────────────────────


def sum_up(status: Status, counts: Counts, security: frozenset[str], language: str) -> Row:
    """How many signals stand, among which buyers, since when, and how stale the sources are."""
    by_buyer = Counter[str]()
    for (buyer, _), count in counts.items():
        by_buyer[buyer] += count
    ours = {code: count for code, count in by_buyer.items() if code in security}
    most = sorted(ours or by_buyer, key=lambda code: (-by_buyer[code], code))
    since = min((one.first_seen for one in status.sources), default=None)
    newest = max((one.newest for one in status.sources if one.newest is not None), default=None)
    return {
        "standing": number(sum(status.standing.values())),
        "withdrawn": number(status.withdrawn),
        "told": number(status.told),
        "buyers_with": number(len(by_buyer)),
        "buyers": number(len(status.coverage)),
        "ours": number(sum(ours.values())),
        "with_security": bool(security & set(status.coverage)),
        "most": [
            {"code": code, "name": buyer_called(status.buyers, code, language), "count": number(by_buyer[code])}
            for code in most[:_NAMED]
        ],
        "more_buyers": max(0, len(most) - _NAMED),
        "since": _date(since, language),
        "looked": moment_words(status.looked),
        "found": moment_words(status.found),
        "files": number(status.files),
        "releases": number(status.releases),
        "processes": number(status.processes),
        "waiting": number(status.waiting),
        "newest": _date(newest, language),
        "age": None if status.age_days is None else days_words(status.age_days, language),
        "stale": status.age_days is not None and all(one.state == STALE for one in status.sources if one.state != UNKNOWN),
        "refused": [
            {"count": number(count), "why": say(language, key, detail="…") if sayable(language, key := f"watch.refused.{reason}") else reason}
            for reason, count in status.refused.items()
        ],
    }  # fmt: skip


def buyer_called(names: Mapping[str, str], code: str, language: str) -> str:
    """The name of a buyer, else its code."""
    return names.get(code) or code or say(language, "watch.words.nobody")


def _date(civil: int | None, language: str) -> str:
    told = moment_data(civil)
    return period_words(told[:10], language) if told else "–"


# ── what could be told of whom ───────────────────────────────────────────────────────────────────────────────────


def matrix(status: Status, counts: Counts, shown: Sequence[str], chosen: Sequence[str], language: str) -> Row:
    """Buyers by rules. shown: codes of the buyers of this page; chosen: of all that were asked for, which the sums by rule are of."""
    kinds = {
        (code, rule.id): _kind(counts[code, rule.id], status.coverage[code][rule.id])
        for code in chosen
        for rule in status.rules
    }
    rules = list[Row]()
    for rule in status.rules:
        told = Counter(kinds[code, rule.id] for code in chosen)
        rules.append(
            {
                "id": rule.id,
                "title": worded(rule.title, language),
                "count": sum(counts[code, rule.id] for code in chosen),
                "told": told[SIGNALS] + told[NONE],
                "waits": told[WAITS],
                "no_data": told[NO_DATA],
                "not_asked": told[NOT_ASKED],
                "lacking": _lacking([status.coverage[code][rule.id] for code in chosen], language),
            }
        )
    buyers = [
        {
            "code": code,
            "name": buyer_called(status.buyers, code, language),
            "count": sum(counts[code, rule.id] for rule in status.rules),
            "cells": [
                {
                    "rule": rule.id,
                    "kind": kinds[code, rule.id],
                    "count": counts[code, rule.id],
                    "why": _why(kinds[code, rule.id], status.coverage[code][rule.id], language),
                }
                for rule in status.rules
            ],
        }
        for code in shown
    ]
    return {"rules": rules, "by_buyer": buyers, "kinds": (SIGNALS, NONE, WAITS, NO_DATA, NOT_ASKED)}


def _kind(count: int, covered: Coverage) -> str:
    if count:
        return SIGNALS
    if covered.counts.get(HIT) or covered.counts.get(CLEAR):
        return NONE
    if covered.counts.get(WAITING):
        return WAITS
    return NO_DATA if covered.missing else NOT_ASKED


def _why(kind: str, covered: Coverage, language: str) -> str:
    if kind == NO_DATA:
        return say(language, "web_watch.matrix.why.no_data", fields=_lacking([covered], language))
    return say(language, f"web_watch.matrix.why.{kind}", count=number(covered.judged))


def _lacking(covered: Sequence[Coverage], language: str) -> str:
    """Names of the missing fields, those that are missing most often first."""
    fields: Counter[str] = Counter()
    for one in covered:
        for names, count in one.missing.items():
            fields.update(dict.fromkeys(names, count))
    return ", ".join(_field(name, language) for name, _ in fields.most_common())


def _field(name: str, language: str) -> str:
    key = f"watch.field.{name}"
    return say(language, key) if sayable(language, key) else name


def coverage_cells(status: Status, counts: Counts) -> Table:
    """Every buyer and rule with what was found and what was missing."""
    columns = ("buyer", "name", "rule", "computable", "signals", HIT, CLEAR, WAITING, NOT_MEANT, "missing")
    rows = [
        [
            buyer, status.buyers.get(buyer, ""), rule, one.computable, counts[buyer, rule],
            *(one.counts.get(key, 0) for key in (HIT, CLEAR, WAITING, NOT_MEANT)),
            "; ".join(f"{' '.join(fields)} ({count})" for fields, count in sorted(one.missing.items())),
        ]
        for buyer, rules in status.coverage.items()
        for rule, one in rules.items()
    ]  # fmt: skip
    return Table(columns, rows)


# ── delays and sources ───────────────────────────────────────────────────────────────────────────────────────────


def delay_rows(status: Status, shown: Sequence[str], language: str) -> Row:
    """The three delays by buyer, our own, and the sources with their ages."""
    return {
        "by_buyer": [
            {
                "name": buyer_called(status.buyers, code, language),
                "cells": [
                    {"median": number(one.median), "ninth": number(one.ninth), "count": number(one.count)}
                    if (one := status.delays[code].get(which))
                    else None
                    for which in DELAYS
                ],
            }
            for code in shown
        ],
        "latency": {
            "median": number(status.latency.median),
            "ninth": number(status.latency.ninth),
            "count": number(status.latency.count),
        }
        if status.latency
        else None,
        "sources": [
            {
                "name": one.series,
                "files": number(one.files),
                "releases": number(one.releases),
                "refused": number(one.refused),
                "seen": moment_words(one.last_seen),
                "newest": moment_words(one.newest),
                "age": "–" if one.age_days is None else days_words(one.age_days, language),
                "state": one.state,
                "state_words": say(language, f"watch.view.status.{one.state}"),
            }
            for one in status.sources
        ],
    }


def delay_table(status: Status) -> Mapping[str, Table]:
    """Delays and sources to take away."""
    delays = [
        [buyer, status.buyers.get(buyer, ""), which, one.count, one.median, one.ninth]
        for buyer, found in status.delays.items()
        for which, one in found.items()
    ]
    sources = [
        [one.series, one.files, one.releases, one.refused, moment_data(one.last_seen), moment_data(one.newest), one.age_days, one.state]
        for one in status.sources
    ]  # fmt: skip
    return {
        "delays": Table(("buyer", "name", "delay", "cases", "median_days", "ninth_decile_days"), delays),
        "sources": Table(("series", "files", "releases", "refused", "last_seen", "newest", "age_days", "state"), sources),
    }  # fmt: skip


# ── signals and rules ────────────────────────────────────────────────────────────────────────────────────────────


def signal_row(signal: Signal, found: Found, names: Names, language: str, *, whole: bool = False) -> Row:
    """A signal for a list, with the names of whom it speaks; `whole` with what it rests on, its delays and its history."""
    rule = found.rules.get(signal.rule)
    title = worded(rule.title, language) if rule else signal.rule
    value = measured(signal, rule, language)
    row: Row = {
        "id": signal.id,
        "rule": signal.rule,
        "title": f"{title}: {value}" if value else title,
        "name": title,
        "value": value,
        "severity": signal.severity,
        "severity_words": severity_words(signal, language),
        "state": signal.state,
        "state_words": state_words(signal, language),
        "told": moment_words(signal.told),
        "buyer": buyer_words(signal, names, language),
        "buyer_code": signal.buyer,
        "unit": unit_words(signal, names),
        "supplier": supplier_words(signal, names, language),
        "subject": subject_words(signal, rule, language),
        "revision": signal.revision,
    }
    if not whole:
        return row
    clock = moment_data(found.clock)
    return row | {
        "codes": list(signal.codes),
        "version": signal.version,
        "window": [moment_words(one) for one in signal.window or ()],
        "evidence": [
            {
                "process": process_words(one.process),
                "path": one.field,
                "field": fact_words(one, rule, language)[0].partition(" (")[0],
                "value": fact_words(one, rule, language)[1],
                "places": [_place(place, language) for place in (one.former, one) if place and place.name],
            }
            for one in signal.evidence
        ],
        "delays": _delays(signal, language),
        "taken": taken_words(signal, language),
        "history": [
            {
                "number": seq,
                "revision": one.revision,
                "state": one.state,
                "state_words": state_words(one, language),
                "told": moment_words(one.told),
                "value": measured(one, rule, language) if one.standing else "",
            }
            for seq, one in found.history
        ],
        "clock": clock[:10] if clock else "",
    }


def _place(place: Place, language: str) -> Row:
    where = line_words(place, language)
    return {"file": place.name, "line": where, "sha256": place.sha256, "release": place.release}


def evidence_table(evidence: Sequence[Mapping[str, Any]]) -> Table:
    """What a signal rests on, of `signal_data`, to take away; of edits also where what was there before stands."""
    columns = ("process", "field", "value", "before", *_PLACE)
    rows = [[one[name] for name in columns] for one in evidence]
    former = [one.get("before_place") for one in evidence]
    if not any(former):
        return Table(columns, rows)
    places = [[place[name] if place else None for name in _PLACE] for place in former]
    return Table(
        (*columns, *(f"before_{name}" for name in _PLACE)),
        [[*row, *place] for row, place in zip(rows, places, strict=True)],
    )


_PLACE = ("file", "sha256", "line", "pointer", "release")


def _delays(signal: Signal, language: str) -> list[Row]:
    """From what happened to what was told of it, step by step."""
    steps = zip(
        ("event", "published", "first_seen", "told"), ((None, signal.event), *signal.delays), strict=True
    )
    rows = list[Row]()
    for name, (early, late) in steps:
        days = (
            ""
            if early is None or late is None or late < early
            else days_words((late - early) // DAY, language)
        )
        rows.append(
            {"step": say(language, f"web_watch.step.{name}"), "when": moment_words(late), "days": days}
        )
    return rows


def signal_rows(found: Found, language: str, columns: Sequence[str]) -> list[list[Any]]:
    """Signals to take away."""
    rows: list[list[Any]] = []
    names = found.names_of(found.signals)
    for signal in found.signals:
        data = signal_data(signal, found.rules.get(signal.rule), names, language)
        data |= money_in_units(data, found.rules.get(signal.rule))
        for name in ("value", "threshold"):
            data[name] = str(data[name])
        rows.append([data[name] for name in columns])
    return rows


def rule_row(rule: Rule, language: str) -> Row:
    """A rule with its definition, grounds and limitation."""
    data = rule_data(rule, language)
    return {
        **data,
        "codes": ", ".join(data["codes"]),
        "severity": say(language, f"watch.severity.{rule.severity}"),
        "needs": ", ".join(_field(name, language) for name in rule.needs),
        "settings": ", ".join(
            f"{name} = {_setting(value)}" for name, value in data["settings"].items() if name != "ceilings"
        ),
        "grounds": [
            {
                "words": say(language, "watch.rule.ground" if one["until"] else "watch.rule.ground_open", **one),
                "verified": say(language, key) if sayable(language, key := f"watch.rule.verified.{one['verified']}") else one["verified"],
                "known": one["verified"] in ("read", "excerpt"),
                "sources": one["sources"],
            }
            for one in data["grounds"]
        ],
        "ceilings": bool(rule.settings.get("ceilings")),
    }  # fmt: skip


def _setting(value: Any) -> str:
    return "/".join(map(str, value)) or "–" if isinstance(value, list) else str(value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
