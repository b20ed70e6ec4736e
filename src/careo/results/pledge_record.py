"""What the record shows of a pledge's test on a day: dated events, and the deadline in force."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median

from careo.base.dates import Period, parse_period
from careo.base.fields import first_day, last_day, worded
from careo.base.texts import say
from careo.panel import Country
from careo.panel.series import Observation
from careo.record import ladder as ladders
from careo.record import money as moneys
from careo.record.ladder import Deadline, Ladder, Step
from careo.record.money import Money
from careo.record.strategy import Pledge, Strategy, Test
from careo.results.wording import number, value_words

FRESH = timedelta(days=366)
"""How old the last value before a deadline may be and still say how things stood at it."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing the record shows.

    Attributes:
        day: when it counts from. state: "reached" the goal, "short" of it, "ended" (what was pending or in force is over),
            "work" (something done that decides nothing).
        label: the date as written. text: in the reader's language. sources: keys. verified: how it is known.
        value: what was counted, where something was. dissent: how sources disagree about it.
    """

    day: date
    state: str
    label: str
    text: str
    sources: tuple[str, ...]
    verified: str
    value: float | None = None
    dissent: str = ""


@dataclass(frozen=True, slots=True)
class Ground:
    """What a test is held against: the record of a country, from the day a pledge was made to the day of the verdict."""

    country: Country
    money: Money
    since: date
    day: date
    language: str


@dataclass(frozen=True, slots=True)
class Limit:
    """The deadline of a pledge on a day.

    Attributes:
        first: as first promised, or as the law first set it. now: in force; None when there is none, or it was removed.
        moves: what amended it, each before the deadline then in force had passed. horizon: True when none was given and the
            end of the strategy's period is taken.
    """

    first: date | None
    now: date | None
    moves: tuple[Deadline, ...] = ()
    horizon: bool = False


def said_on(pledge: Pledge, strategy: Strategy) -> date:
    """The first day a pledge can have been made; what was done before does not fulfil it."""
    if pledge.said:
        return first_day(pledge.said)
    days = [strategy.period.start, *([strategy.announced] if strategy.announced else [])]
    return min(map(first_day, days))


def limit_on(pledge: Pledge, strategy: Strategy, day: date, country: str) -> Limit:
    """The deadline of a pledge as it stood on a day: as promised, as the law set it, as it was moved in time."""
    first = now = last_day(pledge.deadline) if pledge.deadline else None
    moves: list[Deadline] = []
    for deadline in _deadlines(pledge, day, country):
        taken = last_day(deadline.step.date or "")
        if taken <= _made(pledge, strategy):
            if not pledge.deadline:
                first = now = deadline.day
        elif now is None and not moves:
            first = now = deadline.day
        elif deadline.day != now and (now is None or taken <= now):
            now = deadline.day
            moves.append(deadline)
    if first is None and not moves and strategy.period.end:
        end = last_day(strategy.period.end)
        return Limit(end, end, horizon=True)
    return Limit(first, now, tuple(moves))


def _made(pledge: Pledge, strategy: Strategy) -> date:
    return last_day(pledge.said or strategy.announced or strategy.period.start)


def _deadlines(pledge: Pledge, day: date, country: str) -> Sequence[Deadline]:
    test = pledge.test
    if test is None or not test.ladder:
        return ()
    return ladders.deadlines_on(ladders.load_ladders(country)[test.ladder], day, test.track)


def events_on(test: Test, ground: Ground) -> tuple[Event, ...]:
    """What the record shows of a test, from the day it was promised to a day, oldest first."""
    read = {"ladder": _of_ladder, "indicator": _of_series, "money": _of_money}[test.kind]
    return tuple(sorted(read(test, ground), key=lambda event: event.day))


def _of_ladder(test: Test, ground: Ground) -> Iterator[Event]:
    ladder: Ladder = ladders.load_ladders(ground.country.key)[test.ladder]
    steps = [
        step
        for step in ladders.steps_on(ladder, ground.day, test.track)
        if step.stage not in ladders.WORDS_ONLY and last_day(step.date or "") >= ground.since
    ]
    for place, step in enumerate(steps):
        hit, end = ladders.reached(steps[: place + 1], test.goal)
        if step.stage in ladders.ENDS and step.stage != test.goal:
            state = "ended"
        elif test.at_least is not None:
            enough = step.done is not None and step.done >= float(test.at_least)
            state = "work" if step.done is None else "reached" if enough else "short"
        else:
            state = "reached" if hit and not end else "work"
        verified = "memory" if "memory" in (step.verified, step.date_verified) else step.verified
        text = worded(step.what, ground.language)
        if step.done is not None:
            text = f"{text.rstrip('. ')} ({counted(step, ground.language)})"
        day = last_day(step.date or "")
        yield Event(
            day,
            state,
            step.date or "",
            text,
            step.sources,
            verified,
            step.done,
            worded(step.dissent, ground.language),
        )


def counted(step: Step, language: str) -> str:
    """The number of a step in words: "458 of 2,736 amnesties granted"."""
    key = "ladder.counted_of" if step.of is not None else "ladder.counted"
    return say(
        language, key, done=number(step.done or 0), of=number(step.of or 0), unit=worded(step.unit, language)
    )


def _of_series(test: Test, ground: Ground) -> Iterator[Event]:
    item, place = ground.country.indicators[test.indicator], test.place or ground.country.default_place
    name = item.name.get(ground.language, test.indicator)
    latest: dict[Period, Observation] = {}
    for value in ground.country.series(test.indicator).observations:
        last = value.period.last
        if value.place == place and last is not None and value.known <= ground.day and last >= ground.since:
            latest[value.period] = value  # vintages come oldest first: the last one known stays
    usual = _usual_days(
        o.period for o in ground.country.series(test.indicator).observations if o.place == place
    )
    for period, value in latest.items():
        if item.kind == "flow" and not 0.9 * usual <= _days(period) <= 1.1 * usual:
            continue  # part of a year, or several years together, is not held against a bound for one
        text = f"{name}: {value_words(value.value, item.unit, ground.language)}"
        last = period.last or ground.day
        state = _against(value.value, test)
        yield Event(last, state, str(period), text, (value.source,), value.verified, value.value)


def _usual_days(periods: Iterable[Period]) -> float:
    """How long the periods of a series usually are [days]."""
    return median([_days(period) for period in periods if _days(period)] or [0])


def _days(period: Period) -> int:
    return (period.last - period.first).days + 1 if period.first and period.last else 0


def _of_money(test: Test, ground: Ground) -> Iterator[Event]:
    money = moneys.known_on(ground.money, ground.day)
    told = moneys.total(money, test.money, test.stage or "", test.period or "", test.currency or "")
    ends = [end for end in (told.amount, told.low, told.high) if end is not None]
    sources, verified = told.sources, told.verified
    if not ends:  # running totals of exactly this period answer for it
        whole = [f for f in moneys.flows_of(money, test.money, told.stage) if f.period == told.period]
        running = [f for f in whole if f.basis == "cumulative" and f.currency == told.currency]
        ends = [flow.amount for flow in running if flow.amount is not None]
        sources = tuple(dict.fromkeys(key for flow in running for key in flow.sources))
        verified = moneys.weakest(flow.verified for flow in running)
    if not ends:
        return
    period = parse_period(told.period)
    voted = told.stage in (
        "announced",
        "appropriated",
    )  # money is voted for a period before it is spent in it
    day = (period.first if voted else period.last) or ground.since
    states = {_against(float(end), test) for end in ends}
    name = worded(ground.money.lines[test.money].name, ground.language)
    stage = say(ground.language, f"money.stage.{told.stage}")
    amounts = " – ".join(
        value_words(float(end), told.currency, ground.language) for end in dict.fromkeys(ends)
    )
    text = say(ground.language, "pledges.money", line=name, stage=stage, amount=amounts)
    state = states.pop() if len(states) == 1 else "work"  # rival reports on either side decide nothing
    yield Event(max(day, ground.since), state, told.period, text, sources, verified)


def _against(value: float, test: Test) -> str:
    if test.at_least is not None:
        return "reached" if value >= float(test.at_least) else "short"
    return "reached" if test.at_most is not None and value <= float(test.at_most) else "short"


def state_at(events: Sequence[Event], day: date) -> Event | None:
    """The last event by a day that says whether the goal was reached, missed or ended."""
    telling = [event for event in events if event.day <= day and event.state != "work"]
    return telling[-1] if telling else None
