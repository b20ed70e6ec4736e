"""Citing signals of purchases and the rules behind them: what was said of whom, by which rule and law, and the very lines it rests on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from careo.base.citations import Source
from careo.base.errors import CareoError
from careo.base.texts import say
from careo.results.citable import Named, Narrowed, Part, Record

if TYPE_CHECKING:
    from careo.record.purchases.naming import Names
    from careo.record.purchases.rules import Rule
    from careo.record.purchases.signals import Evidence, Place, Signal

_ID = re.compile(r"[0-9a-f]{4,20}")  # so much of a signal's id is taken for one without "signal:" before it


@dataclass(frozen=True, slots=True)
class Told:
    """A signal with what is needed to say what it rests on.

    Attributes:
        rule: of the country's file, None if it has none of that id. names: of whom it speaks, as far as they are known.
        seen: when each file was taken in, civil seconds, by checksum; empty where no state was asked.
    """

    signal: Signal
    rule: Rule | None
    names: Names
    seen: Mapping[str, int] = field(default_factory=dict[str, int])

    @property
    def told_by(self) -> Rule | None:
        """The rule, if it still is the version that told the signal."""
        return self.rule if self.rule and self.rule.version == self.signal.version else None


def signal_called(record: Record, text: str, *, surely: bool) -> Named | None:
    """The signal of a watch whose id begins so.

    Args:
        surely: it was called a signal; otherwise only what looks like an id is asked for.

    Raises:
        CareoError: several signals begin so; if `surely` or if a state was named, none does, or there is no such state.
    """
    from careo.results.watch_findings import watch_file_times, watch_findings

    if not surely and not _ID.fullmatch(text):
        return None
    where: dict[str, Any] = {"country": record.country.key, "state": record.state}
    try:
        found = watch_findings(id=text, **where)
        (signal,) = found.signals
        files = [place.sha256 for one in signal.evidence for place in (one, one.former) if place]
        seen = watch_file_times(files, **where)
    except CareoError as error:
        if (
            surely
            or record.state is not None
            or error.key not in ("watch_finding", "watch_no_state", "watch_no_rules")
        ):
            raise
        return None
    return Named(
        "signal", signal.id, Told(signal, found.rules.get(signal.rule), found.names_of([signal]), seen)
    )


def told_of(record: Record, thing: Any) -> Told:
    """A signal handed over as it is, with the country's rule."""
    from careo.record.purchases.naming import Names

    return thing if isinstance(thing, Told) else Told(thing, _rules(record).get(thing.rule), Names())


def title_of_signal(record: Record, thing: Any) -> str:
    """What it says in a sentence; of one that was withdrawn, that first."""
    from careo.results.watch_words import moment_words

    told = told_of(record, thing)
    words = _sentence(record, told)
    if told.signal.standing:
        return words
    return record.say("withdrawn", date=moment_words(told.signal.told), words=words)


def _sentence(record: Record, told: Told) -> str:
    from careo.results.watch_words import sentence

    return sentence(told.signal, told.told_by, told.names, record.language)


def of_signal(record: Record, named: Named, _narrowed: Narrowed) -> Iterator[Part]:
    """What it says and how late, its rule with definition, limitation and law, and every field that it rests on."""
    from careo.results.watch_words import delay_words, moment_words, severity_words, state_words

    told = told_of(record, named.thing)
    signal, language = told.signal, record.language
    own = (_signal_source(record, told),)
    state = {"state": state_words(signal, language), "date": moment_words(signal.told)}
    words = {
        "revision": signal.revision,
        "severity": severity_words(signal, language),
        "words": _sentence(record, told),
    }
    yield Part(signal.id, record.say("told", **state, **words), "computed", own)
    yield Part(signal.id, delay_words(signal, language), "computed", own)
    if told.told_by:
        yield from of_rule(record, Named("rule", told.told_by.id, told.told_by), Narrowed())
    else:
        now = told.rule.version if told.rule else "–"
        yield Part(
            signal.rule,
            record.say("rule_gone", rule=signal.rule, version=signal.version, now=now),
            "",
            (_rule_source(signal.rule, signal.version, "", record),),
        )
    for one in signal.evidence:
        yield _of_evidence(record, one, told, own)


def _of_evidence(record: Record, one: Evidence, told: Told, own: tuple[Source, ...]) -> Part:
    from careo.results.watch_words import fact_words, line_words

    name, value = fact_words(one, told.rule, record.language)
    of = one.process or told.signal.id
    if not one.name:
        where = say(record.language, "watch.words.counted")
        return Part(of, record.say("fact", field=name, value=value, where=where), "computed", own)
    where = line_words(one, record.language) or one.name
    files = (_file(one, told),)
    if one.former:
        before = line_words(one.former, record.language) or one.former.name
        where = say(record.language, "watch.words.places", before=before, after=where)
        files = (_file(one.former, told), *files)
    return Part(of, record.say("fact", field=name, value=value, where=where), "read", files)


def _file(one: Place, told: Told) -> Source:
    from careo.results.watch_words import moment_words

    seen = told.seen.get(one.sha256)
    return Source(
        f"{one.name}:{one.sha256[:12]}",
        title=one.name,
        url=one.name if one.name.startswith(("http://", "https://")) else "",
        accessed=moment_words(seen)[:10] if seen is not None else "",
        sha256=one.sha256,
    )


def _signal_source(record: Record, told: Told) -> Source:
    """The signal itself, as somebody else would cite it."""
    from careo.results.watch_words import moment_words, state_words

    signal = told.signal
    words = {"id": signal.id, "revision": signal.revision, "rule": signal.rule, "version": signal.version}
    state = state_words(signal, record.language)
    notes = [say(record.language, "watch.findings.head")]
    if told.told_by:
        notes.append(_limitation(record, told.told_by))
    return Source(
        f"signal-{signal.id}",
        "careo",
        record.say("signal_title", title=title_of_signal(record, told), state=state, **words),
        published=moment_words(signal.told)[:10],
        note=" ".join(notes),
    )


# ── rules ────────────────────────────────────────────────────────────────────────────────────────────────────────


def rules(record: Record) -> Iterator[Named]:
    """Those by which the country's purchases are watched."""
    for name, rule in _rules(record).items():
        yield Named("rule", name, rule)


def _rules(record: Record) -> Mapping[str, Rule]:
    from careo.record.purchases.rule_files import load_rules

    known = load_rules(record.country.key)
    return known.by_id if known else {}


def of_rule(record: Record, named: Named, _narrowed: Narrowed) -> Iterator[Part]:
    """Its definition and limitation as careo has them, its legal grounds, and the ceilings that it holds amounts against."""
    from careo.record.purchases.rule_files import load_rules

    rule: Rule = named.thing
    own = (_rule_source(rule.id, rule.version, record.word(rule.title), record),)
    definition = record.word(rule.definition)
    yield Part(rule.id, record.say("rule", version=rule.version, definition=definition), "", own)
    yield Part(rule.id, _limitation(record, rule), "", own)
    for ground in rule.grounds:
        key = "ground" if ground.until else "ground_open"
        words = {"since": ground.since, "until": ground.until, "words": record.word(ground.words)}
        sources = tuple(source.key for source in ground.sources)
        yield Part(
            rule.id, say(record.language, f"watch.rule.{key}", **words), ground.verified, sources or own
        )
    if not rule.grounds:
        yield Part(rule.id, say(record.language, "watch.rule.no_ground"), "", own)
    known = load_rules(record.country.key)
    if known and "ceilings" in rule.settings:
        ceilings = known.ceilings
        yield Part(rule.id, record.word(ceilings.note), ceilings.verified, ceilings.sources or own)


def _limitation(record: Record, rule: Rule) -> str:
    return say(record.language, "watch.rule.limitation", limitation=record.word(rule.limitation))


def _rule_source(rule: str, version: int, title: str, record: Record) -> Source:
    words = record.say("rule_title", rule=rule, version=version, title=title)
    return Source(f"rule-{rule}-{version}", "careo", words if title else words.rstrip(": "))
