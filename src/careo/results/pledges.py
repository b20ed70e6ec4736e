"""What became of each pledge on a day: a verdict by explicit rules, in a stated order, from the cited record.

The rules, first one that applies (`RULES`); every finding names its rule and the order:

1. a person decided otherwise, with reason and date;
2. what cannot be measured as stated (said so, or a position, a claim, an outcome without a level) → not measurable as stated;
3. nothing could decide it: no series, no ladder, no line of money → no evidence found;
4. nothing recorded beyond words → no evidence found;
5. reached by the deadline in force and lasting at it → kept; changed when what came about differs, or only a moved deadline was met;
6. reached after the deadline → late;
7. the deadline was moved or removed before it passed → changed;
8. the deadline passed unamended → late while the term runs and work goes on, broken when the record shows the shortfall, else no
   evidence found (always so for what was only said to be possible);
9. time remains → under way.

Without a deadline the end of the strategy's period is taken, and said. Nothing later than the day a record was compiled is known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from careo.base.fields import last_day, worded
from careo.base.texts import say, sayable
from careo.panel import Country, country_of
from careo.record.ladder import Deadline
from careo.record.money import money_of
from careo.record.strategy import Pledge, Strategy, Test, sources_of
from careo.results.finding import Finding
from careo.results.pledge_record import (
    FRESH,
    Event,
    Ground,
    Limit,
    events_on,
    limit_on,
    said_on,
    state_at,
)
from careo.results.wording import number, period_words, value_words

if TYPE_CHECKING:
    import xarray as xr

RULES = (
    "override",
    "not_measurable",
    "no_test",
    "nothing",
    "reached",
    "late",
    "moved",
    "passed",
    "under_way",
)


RECENT = timedelta(days=31)
"""A last count older than this before a deadline is said to be the last count, not how things stood."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the rules say of a test.

    Attributes:
        verdict: one of PLEDGE_VERDICTS. rule: one of RULES. because: one sentence.
        events: what it rests on. limit: the deadline; None when no rule asked for it.
    """

    verdict: str
    rule: str
    because: str
    events: tuple[Event, ...] = ()
    limit: Limit | None = None


def judge_pledges(
    strategy: Strategy,
    panel: Country | xr.Dataset | None = None,
    *,
    on: date | None = None,
    language: str = "en",
) -> tuple[Finding, ...]:
    """A finding for every pledge, request, position and claim of a strategy, in its order.

    Args:
        strategy: as `careo.load_strategy` returns it, and checked (`careo.check_strategy`).
        panel: what values are held against; Mexico by default.
        on: the day of the verdict; only what was known then counts. Without it the day the strategy was compiled.
        language: of the sentences, "en" or "es".
    """
    country = country_of(panel)
    return tuple(
        judge_pledge(pledge, strategy, country, on=on, language=language) for pledge in strategy.pledges
    )


def judge_pledge(
    pledge: Pledge, strategy: Strategy, country: Country, *, on: date | None = None, language: str = "en"
) -> Finding:
    """The finding of one pledge; see `judge_pledges`."""
    compiled = last_day(strategy.compiled)
    day = min(on or compiled, compiled)
    found = judge(pledge, strategy, country, day, language)
    sources = {**sources_of(strategy, country.key), **country.sources}
    keys = dict.fromkeys([*pledge.sources, *(key for event in found.events for key in event.sources)])
    because = found.because
    if pledge.addressee and pledge.act == "request":
        because = say(
            language, "pledges.asked", addressee=worded(pledge.addressee, language), because=because
        )
    return Finding(
        id=f"{strategy.slug}:{pledge.id}",
        kind="pledge",
        claim=worded(pledge.text, language),
        verdict=found.verdict,
        because=because,
        statement=None,
        table=tuple(_row(event, language) for event in found.events),
        caveats=tuple(_caveats(pledge, strategy, country, found, on, day, language)),
        sources=tuple(sources[key] for key in keys if key in sources),
        language=language,
        extra={
            "strategy": strategy.slug,
            "pledge": pledge.id,
            "act": pledge.act,
            "kind": pledge.kind,
            "hedge": pledge.hedge,
            "component": pledge.component,
            "on": day.isoformat(),
            "rule": say(
                language, "pledges.rule_of", number=RULES.index(found.rule) + 1, count=len(RULES),
                rule=say(language, f"pledges.rule.{found.rule}{'_changed' if (found.rule, found.verdict) == ('reached', 'changed') else ''}"),
            ),
            "order": " > ".join(say(language, f"pledges.rule_name.{rule}") for rule in RULES),
            "verified": _weakest(pledge, found.events),
        },
    )  # fmt: skip


def judge(pledge: Pledge, strategy: Strategy, country: Country, day: date, language: str) -> Judgement:
    """The rules, in their order."""
    if pledge.override and last_day(pledge.override.on) <= day:
        o = pledge.override
        words = say(
            language,
            "pledges.override",
            by=o.by,
            on=period_words(o.on, language),
            reason=worded(o.reason, language),
        )
        return Judgement(o.verdict, "override", words)
    made = said_on(pledge, strategy)
    if day < made:
        words = say(
            language,
            "pledges.not_yet",
            day=_day(day, language),
            made=period_words(pledge.said or made.isoformat(), language),
        )
        return Judgement("no evidence found", "nothing", words)
    if unmeasurable := _unmeasurable(pledge, language):
        return Judgement("not measurable as stated", "not_measurable", unmeasurable)
    if pledge.test is None:
        words = say(language, "pledges.no_test", why=sentence(pledge.no_series or pledge.why_not, language))
        return Judgement("no evidence found", "no_test", words)
    return judge_test(pledge.test, pledge, strategy, country, day, language)


def judge_test(
    test: Test, pledge: Pledge, strategy: Strategy, country: Country, day: date, language: str
) -> Judgement:
    """The rules from the fourth on: those that look at the record.

    The deadline is the pledge's own, by the test that decides it: another reading of the words has no other deadline.
    """
    limit = limit_on(pledge if pledge.test else replace(pledge, test=test), strategy, day, country.key)
    ground = Ground(country, money_of(strategy, country.key), said_on(pledge, strategy), day, language)
    events = events_on(test, ground)
    case = _Case(test, events, limit, day, language)
    if not events:
        return case.judged("no evidence found", "nothing", "nothing")
    return _reached(case) or _moved(case) or _passed(case, pledge, strategy) or _under_way(case)


@dataclass(frozen=True, slots=True)
class _Case:
    """A test with what the record shows of it on a day."""

    test: Test
    events: tuple[Event, ...]
    limit: Limit
    day: date
    language: str

    @property
    def at_limit(self) -> Event | None:
        """How things stood at the deadline, or now when there is none."""
        return state_at(self.events, self.limit.now or self.day)

    @property
    def after(self) -> tuple[Event, ...]:
        """What happened after the deadline."""
        return tuple(event for event in self.events if self.limit.now and event.day > self.limit.now)

    @property
    def goes_on(self) -> bool:
        """Whether work towards the goal is recorded: steps taken, or a count that is to rise; a ceiling is not worked towards."""
        return self.test.at_most is None and self.test.kind != "money"

    @property
    def shortfall(self) -> Event | None:
        """What shows that the goal was missed: how things stood at the deadline, or a later count that only grows.

        A stock counted later says nothing of the day of the deadline; a bill that lapsed later was no law on that day.
        """
        limit, at_limit = self.limit.now, self.at_limit
        if limit is None:
            return None
        if at_limit and (at_limit.state == "ended" or limit - at_limit.day <= FRESH):
            return at_limit
        telling = {"short"} if self.test.at_least is not None else {"ended"}
        return next((e for e in self.after if self.test.kind == "ladder" and e.state in telling), None)

    @property
    def passed(self) -> bool:
        return self.limit.now is not None and self.day > self.limit.now

    def judged(
        self, verdict: str, rule: str, key: str, event: Event | None = None, **words: object
    ) -> Judgement:
        words |= {
            "first": _day(self.limit.first, self.language),
            "now": _day(self.limit.now, self.language),
            "day": _day(self.day, self.language),
            "differs": sentence(self.test.differs, self.language),
        }
        words.setdefault("evidence", _words(event, self.language) if event else "")
        # Nobody promised the end of a term: what is said of a deadline is said otherwise of it.
        horizon = self.limit.horizon and sayable(self.language, f"pledges.{key}_horizon")
        reason = say(self.language, f"pledges.{key}{'_horizon' if horizon else ''}", **words)
        return Judgement(verdict, rule, reason, self.events, self.limit)


def _reached(case: _Case) -> Judgement | None:
    """Rules 5 and 6."""
    limit, at_limit = case.limit, case.at_limit
    if at_limit and at_limit.state == "reached":
        # A ceiling is kept by the value at the deadline, a goal by the first day it was reached for good.
        event = at_limit if case.test.at_most is not None else _first_reached(case.events, at_limit)
        if case.test.differs:
            return case.judged("changed", "reached", "differs", event)
        if limit.moves and limit.first and event.day > limit.first:
            return case.judged("changed", "reached", "kept_moved" if limit.now else "kept_removed", event)
        return case.judged("kept", "reached", "kept" if limit.now else "kept_open", event)
    later = next((event for event in case.after if event.state == "reached"), None)
    now = state_at(case.events, case.day)
    if later and now and now.state == "reached" and not limit.horizon:  # nobody promised the end of a term
        return case.judged("late", "late", "late_differs" if case.test.differs else "late", later)
    return None


def _moved(case: _Case) -> Judgement | None:
    """Rule 7."""
    if not case.limit.moves or case.passed:
        return None
    moves = "; ".join(_move(deadline, case.language) for deadline in case.limit.moves)
    return case.judged("changed", "moved", "moved", None, moves=moves)


def _move(deadline: Deadline, language: str) -> str:
    key = "moved_to" if deadline.day else "removed_on"
    on, what = period_words(deadline.step.date, language), clause(deadline.step.what, language)
    return say(language, f"pledges.{key}", due=_day(deadline.day, language), on=on, what=what)


def _passed(case: _Case, pledge: Pledge, strategy: Strategy) -> Judgement | None:
    """Rule 8."""
    if not case.passed or case.limit.now is None:
        return None
    latest = case.events[-1]
    if pledge.hedge == "possible":
        return case.judged("no evidence found", "passed", "possible", latest)
    running = strategy.period.end is None or case.day <= last_day(strategy.period.end)
    if running and latest.state != "ended" and case.goes_on:
        return case.judged("late", "passed", "late_ongoing", latest)
    short = case.shortfall
    if not short:
        return case.judged("no evidence found", "passed", "silent", latest)
    counted = next((e for e in reversed(case.events) if e.state == "short" and e.day <= case.limit.now), None)
    reached = next((e for e in case.events if e.state == "reached" and e.day < short.day), None)
    if reached and short.state == "ended":  # it had come about, and was undone
        first, end = _words(reached, case.language), _words(short, case.language)
        return case.judged("broken", "passed", "undone", None, evidence=first, undone=end)
    shown = dict.fromkeys(event for event in (counted, short) if event)
    evidence = " ".join(_words(event, case.language) for event in shown)
    stale = short.state == "short" and case.limit.now - short.day > RECENT
    return case.judged("broken", "passed", "broken_last" if stale else "broken", None, evidence=evidence)


def _under_way(case: _Case) -> Judgement:
    """Rule 9."""
    latest = case.events[-1]
    ended = case.at_limit is not None and case.at_limit.state == "ended"
    undone = next((e for e in case.events if e.state == "reached"), None)
    if undone and case.at_limit and case.at_limit.state == "ended":
        words = {"evidence": _words(undone, case.language), "undone": _words(case.at_limit, case.language)}
        return case.judged("under way", "under_way", "under_way_undone", None, **words)
    key = "under_way_open" if case.limit.now is None else "under_way_ended" if ended else "under_way"
    return case.judged("under way", "under_way", key, latest)


def _unmeasurable(pledge: Pledge, language: str) -> str:
    why = sentence(pledge.why_not, language)
    if pledge.act in ("position", "claim"):
        return say(language, f"pledges.is_{pledge.act}", why=why).strip()
    if pledge.measurable == "no":
        return say(language, "pledges.not_measurable", why=why)
    if pledge.measurable == "partly" and pledge.test is None and pledge.no_series is None:
        return say(language, "pledges.no_level", why=why)
    return ""


def _first_reached(events: Sequence[Event], at: Event) -> Event:
    """The event that first reached the goal and lasted: the one after the last setback."""
    run = at
    for event in reversed(events[: events.index(at) + 1]):
        if event.state == "reached":
            run = event
        elif event.state != "work":
            break
    return run


def _words(event: Event, language: str) -> str:
    what = event.text.rstrip(". ")
    return say(language, "pledges.evidence", date=period_words(event.label, language), what=what)


def clause(words: Mapping[str, str] | None, language: str) -> str:
    """A text of a file as part of a sentence: without its full stop."""
    return worded(words, language).rstrip(". ")


def sentence(words: Mapping[str, str] | None, language: str) -> str:
    """A text of a file as a sentence of its own."""
    text = clause(words, language)
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def _day(day: date | None, language: str) -> str:
    return period_words(day.isoformat(), language) if day else ""


def _row(event: Event, language: str) -> dict[str, str]:
    return {
        "date": event.label,
        "what": event.text,
        "state": say(language, f"pledges.state.{event.state}"),
        "verified": event.verified,
        "sources": ", ".join(event.sources),
    }


def _bound(test: Test | None, country: Country, language: str) -> str:
    """What a value was held against, in words; "" where there is none."""
    if test is None:
        return ""
    bound = test.at_least if test.at_least is not None else test.at_most
    if bound is None:
        return ""
    unit = country.indicators[test.indicator].unit if test.indicator else test.currency or ""
    words = value_words(float(bound), unit, language) if unit else number(float(bound))
    return say(language, f"pledges.{'at_least' if test.at_least is not None else 'at_most'}", value=words)


def _weakest(pledge: Pledge, events: Sequence[Event]) -> str:
    """The weakest way in which anything behind the verdict is known."""
    order = ("memory", "excerpt", "computed", "read")
    known = {pledge.verified, *(event.verified for event in events if event.state != "work")}
    return next((word for word in order if word in known), "read")


def _caveats(
    pledge: Pledge,
    strategy: Strategy,
    country: Country,
    found: Judgement,
    on: date | None,
    day: date,
    language: str,
) -> list[str]:
    lines: list[str] = []

    def add(key: str, **words: object) -> None:
        lines.append(say(language, f"pledges.caveat.{key}", **words))

    if found.limit and found.limit.horizon:
        add("horizon", day=_day(found.limit.now, language))
    if pledge.deadline_words and found.limit:
        lines.append(worded(pledge.deadline_words, language))
    if pledge.condition:
        add("condition", condition=clause(pledge.condition, language))
    if pledge.hedge not in ("none",):
        add(f"hedge_{pledge.hedge}")
    if pledge.measurable == "partly" and found.rule != "not_measurable" and pledge.why_not:
        add("partly", why=sentence(pledge.why_not, language))
    if bound := _bound(pledge.test, country, language):
        add("bound", bound=bound)
    if pledge.test and pledge.test.money and found.events:
        add("account")
    for event in found.events:
        if event.dissent and (event.state != "work" or event is found.events[-1]):
            add("dissent", date=period_words(event.label, language), words=event.dissent)
    if any(event.verified == "memory" and event.state != "work" for event in found.events):
        add("memory")
    if on and on > day:
        add("compiled", day=_day(day, language))
    for other in pledge.alternatives:
        name = worded(other.name, language)
        if other.test is None:
            add("alternative_none", name=name, why=sentence(other.no_series, language))
            continue
        judged = judge_test(other.test, pledge, strategy, country, day, language)
        verdict = say(language, f"dossier.verdict.{judged.verdict.replace(' ', '_')}.name")
        add("alternative", name=name, verdict=verdict, because=judged.because)
    return lines
