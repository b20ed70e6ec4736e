"""Signals, rules and the status of a watch as the JSON contract has them: times on the country's clock, amounts in cents."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from careo.base.fields import worded
from careo.base.texts import say
from careo.record.purchases.naming import Names
from careo.record.purchases.rules import Rule
from careo.record.purchases.signals import Evidence, Place, Signal
from careo.results.watch_findings import Found
from careo.results.watch_status import Delay, Status
from careo.results.watch_words import TIMES, currency_of, in_units, unit_of
from careo.sources.civil import DAY


def moment_data(civil: int | None) -> str | None:
    """Civil seconds as "2024-03-05T10:00:00" on the country's clock."""
    if civil is None:
        return None
    return (datetime(1970, 1, 1) + timedelta(seconds=civil)).isoformat()  # noqa: DTZ001 - the clock of the country, whichever


def signal_data(
    signal: Signal, rule: Rule | None, names: Names, language: str, *, seq: int | None = None
) -> dict[str, Any]:
    """A signal. Names are "" where none was published, and where a supplier is a natural person. seq: its number in the outbox. Delays are whole days, None where one of the two moments is not known."""
    unit = unit_of(signal, rule)
    return {
        **({"seq": seq} if seq is not None else {}),
        "id": signal.id,
        "revision": signal.revision,
        "state": signal.state,
        "rule": signal.rule,
        "rule_version": signal.version,
        "codes": list(signal.codes),
        "title": worded(rule.title, language) if rule else "",
        "severity": signal.severity,
        "subject": signal.subject,
        "buyer": signal.buyer,
        "buyer_name": names.buyer(signal),
        "unit": signal.unit,
        "unit_name": names.unit(signal),
        "supplier": signal.supplier,
        "supplier_name": names.supplier(signal),
        "value": _value(signal.value, unit),
        "threshold": _value(signal.threshold, unit),
        "measured_in": unit,
        "window": [moment_data(one) for one in signal.window] if signal.window else None,
        "event": moment_data(signal.event),
        "published": moment_data(signal.published),
        "first_seen": moment_data(signal.first_seen),
        "taken": moment_data(signal.taken),
        "told": moment_data(signal.told),
        "days": {
            name: (late - early) // DAY if early is not None and late is not None and late >= early else None
            for name, (early, late) in zip(
                ("event_to_published", "published_to_seen", "seen_to_told"), signal.delays, strict=True
            )
        },
        "evidence": [_evidence(one) for one in signal.evidence],
        "limitation": worded(rule.limitation, language) if rule else "",
    }


def _value(value: float | str, unit: str) -> float | str | None:
    return moment_data(value) if unit.endswith("time") and isinstance(value, int) else value


def money_in_units(data: Mapping[str, Any], rule: Rule | None) -> dict[str, Any]:
    """value, threshold and measured_in of `signal_data` for a spreadsheet: money in units of its currency, "1289058.00", "MXN"."""
    kind = data["measured_in"]
    if not kind.endswith("money"):
        return {}
    words = {
        name: f"{in_units(one):f}" if isinstance(one := data[name], int | float) else one
        for name in ("value", "threshold")
    }
    return {**words, "measured_in": kind.removesuffix("money") + (currency_of(rule) or "money")}


def findings_data(found: Found, language: str) -> dict[str, Any]:
    """Signals as they stand; of one that was asked for its revisions, too."""
    names = found.names_of(found.signals)
    data: dict[str, Any] = {
        "signals": [signal_data(one, found.rules.get(one.rule), names, language) for one in found.signals]
    }
    if found.history:
        history = [
            signal_data(one, found.rules.get(one.rule), names, language, seq=number)
            for number, one in found.history
        ]
        fields = ("seq", "revision", "state", "severity", "value", "threshold", "told")
        data["history"] = [{name: one[name] for name in fields} for one in history]
    return {**data, "head": say(language, "watch.findings.head")}


def _evidence(one: Evidence) -> dict[str, Any]:
    return {
        "process": one.process,
        "field": one.field,
        "value": _fact(one.field, one.value),
        "before": _fact(one.field, one.before),
        **_place(one),
        **({"before_place": _place(one.former)} if one.former else {}),
    }


def _place(one: Place) -> dict[str, Any]:
    return {
        "file": one.name,
        "sha256": one.sha256,
        "line": one.line or None,
        "pointer": one.pointer,
        "release": one.release,
    }


def _fact(field: str, value: float | str | bool | None) -> float | str | bool | None:
    if field.rpartition("/")[2] in TIMES and isinstance(value, int) and not isinstance(value, bool):
        return moment_data(value)
    return value


def rule_data(rule: Rule, language: str) -> dict[str, Any]:
    """A rule; its settings without lists of suppliers."""
    return {
        "id": rule.id,
        "version": rule.version,
        "codes": list(rule.codes),
        "title": worded(rule.title, language),
        "definition": worded(rule.definition, language),
        "limitation": worded(rule.limitation, language),
        "severity": rule.severity,
        "needs": list(rule.needs),
        "settings": {name: _plain(value) for name, value in rule.settings.items() if name != "listed"},
        "grounds": [
            {
                "words": worded(ground.words, language),
                "since": ground.since,
                "until": ground.until,
                "verified": ground.verified,
                "sources": [
                    {"key": source.key, "title": source.title, "url": source.url} for source in ground.sources
                ],
            }
            for ground in rule.grounds
        ],
    }


def _plain(value: object) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    return list(value) if isinstance(value, tuple) else value  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]


def status_data(status: Status) -> dict[str, Any]:
    """How a watch stands."""
    return {
        "state": str(status.folder),
        "now": moment_data(status.now),
        "looked": moment_data(status.looked),
        "found": moment_data(status.found),
        "files": status.files,
        "releases": status.releases,
        "processes": status.processes,
        "waiting": status.waiting,
        "told": status.told,
        "standing": dict(status.standing),
        "withdrawn": status.withdrawn,
        "sources": [
            {
                "series": one.series, "files": one.files, "releases": one.releases, "refused": one.refused,
                "first_seen": moment_data(one.first_seen), "last_seen": moment_data(one.last_seen),
                "newest": moment_data(one.newest), "age_days": one.age_days, "state": one.state,
            }
            for one in status.sources
        ],
        "refused": dict(status.refused),
        "delays": [
            {"buyer": buyer, "name": status.buyers.get(buyer, ""), "delay": which, **_delay(delay)}
            for buyer, delays in status.delays.items()
            for which, delay in delays.items()
        ],
        "latency_milliseconds": _delay(status.latency) if status.latency else None,
        "coverage": [
            {
                "buyer": buyer, "name": status.buyers.get(buyer, ""), "rule": rule, "computable": one.computable,
                "processes": dict(one.counts),
                "missing": [{"fields": list(fields), "processes": count} for fields, count in sorted(one.missing.items())],
            }
            for buyer, rules in status.coverage.items()
            for rule, one in rules.items()
        ],
    }  # fmt: skip


def _delay(delay: Delay) -> dict[str, int]:
    return {"count": delay.count, "median": delay.median, "ninth_decile": delay.ninth}
