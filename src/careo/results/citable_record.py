"""Citing the record: strategies and what stands in them, ladders, levers, studies and money, part by part."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from typing import Any

from careo.base.citations import Source
from careo.base.dates import Period, parse_period
from careo.base.texts import say
from careo.record.strategy import Strategy, Test, load_strategy, sources_of, strategies
from careo.results.citable import FEW, Named, Narrowed, Part, Record
from careo.results.citable_figures import told, values_of
from careo.results.wording import number, value_words

# ── strategies ───────────────────────────────────────────────────────────────────────────────────────────────────


@cache
def _strategies(country: str) -> tuple[Strategy, ...]:
    return tuple(load_strategy(slug, country) for slug in strategies(country))


def in_all(within: Callable[[Strategy], Iterable[Named]]) -> Callable[[Record], Iterator[Named]]:
    return lambda record: (
        named for strategy in _strategies(record.country.key) for named in within(strategy)
    )


def _elements(kind: str, field: str, key: str = "id") -> Callable[[Strategy], Iterator[Named]]:
    """The things of one kind inside a strategy, each called `slug:id`, together with their strategy."""

    def within(strategy: Strategy) -> Iterator[Named]:
        for thing in getattr(strategy, field):
            yield Named(kind, f"{strategy.slug}:{getattr(thing, key)}", (strategy, thing))

    return within


PLEDGES, MEASURES = _elements("pledge", "pledges"), _elements("measure", "measures")
CONSTRAINTS, BUDGET = _elements("constraint", "constraints"), _elements("budget", "budget", "line")


def _own(record: Record, strategy: Strategy, keys: Sequence[str]) -> tuple[str | Source, ...]:
    """Sources of a strategy's file where it has its own of that key; else the record's."""
    if not strategy.own_sources:
        return tuple(keys)
    known = sources_of(strategy, record.country.key)
    return tuple(known[key] if key in strategy.own_sources else key for key in keys)


def of_pledge(record: Record, named: Named, narrowed: Narrowed) -> Iterator[Part]:
    """What was said; a share that was promised, as each report has it."""
    yield from of_element(record, named, narrowed)
    for promise in _money(record).promises:
        if f"{promise.strategy}:{promise.pledge}" == named.name:
            for value in promise.values:
                words = record.say(
                    "promised", share=number(round(value.share * 100, 2)), words=record.word(value.words)
                )
                yield Part(named.name, words, value.verified, value.sources)


def of_element(record: Record, named: Named, _narrowed: Narrowed) -> Iterator[Part]:
    """A pledge or a constraint: what was said."""
    strategy, thing = named.thing
    yield Part(named.name, record.word(thing.text), thing.verified, _own(record, strategy, thing.sources))
    for span in getattr(thing, "quoted", ()):
        if span.source not in thing.sources:
            words = record.word(thing.text)
            yield Part(named.name, words, thing.verified, _own(record, strategy, (span.source,)))


def beyond_element(record: Record, named: Named) -> Iterator[Part]:
    """What decides it."""
    thing = named.thing[1]
    if getattr(thing, "indicator", ""):  # a constraint
        yield from _series_of(record, thing.indicator, record.country.default_place)
    alternatives = (reading.test for reading in getattr(thing, "alternatives", ()))
    for test in (getattr(thing, "test", None), *alternatives):
        if test is not None:
            yield from _of_test(record, test)


def _of_test(record: Record, test: Test) -> Iterator[Part]:
    if test.ladder:
        for step in steps(record):
            ladder, what = step.thing
            if ladder.id == test.ladder and what.track == test.track:
                yield from of_step(record, step, Narrowed())
    elif test.indicator:
        yield from _series_of(record, test.indicator, test.place or record.country.default_place)
    else:
        period = parse_period(test.period) if test.period else None
        yield from _line(record, test.money, Narrowed(period, stage=test.stage or ""))


def _series_of(record: Record, indicator: str, place: str) -> Iterator[Part]:
    if indicator in record.country.indicators:
        yield from told(record, indicator, values_of(record, indicator, Narrowed(place=place)))


def of_measure(record: Record, named: Named, _narrowed: Narrowed) -> Iterator[Part]:
    strategy, measure = named.thing
    name = record.word(measure.name)
    yield Part(named.name, name, measure.verified, _own(record, strategy, measure.sources))
    for amount in (measure.announced, *measure.delivered):
        if amount is not None and amount.sources:
            unit, date = record.word(amount.unit), record.day(amount.date)
            words = record.say("amount", what=name, value=number(amount.value), unit=unit, date=date)
            yield Part(
                named.name, words, amount.verified or measure.verified, _own(record, strategy, amount.sources)
            )


def beyond_measure(record: Record, named: Named) -> Iterator[Part]:
    cost = named.thing[1].cost
    if cost and cost.money:
        yield from _line(record, cost.money, Narrowed(stage=cost.stage or ""))


def of_budget(record: Record, named: Named, _narrowed: Narrowed) -> Iterator[Part]:
    """The amounts that only the strategy's file has."""
    strategy, line = named.thing
    for flow in line.flows:
        amount = (
            "–" if flow.amount is None else value_words(float(flow.amount), flow.currency, record.language)
        )
        words = record.say(
            "flow", stage=_stage(record, flow.stage), period=record.day(flow.period), amount=amount
        )
        yield Part(named.name, words, flow.verified, _own(record, strategy, flow.sources))


def beyond_budget(record: Record, named: Named) -> Iterator[Part]:
    line = named.thing[1]
    yield from _line(record, line.line, Narrowed(parse_period(line.period) if line.period else None))


def shipped_strategies(record: Record) -> Iterator[Named]:
    for strategy in _strategies(record.country.key):
        yield Named("strategy", strategy.slug, strategy)


def of_strategy(record: Record, named: Named, narrowed: Narrowed) -> Iterator[Part]:
    for within, parts, _ in _INSIDE:
        for part in within(named.thing):
            yield from parts(record, part, narrowed)
    for ceiling in named.thing.ceilings:
        amount = value_words(float(ceiling.per_year), ceiling.currency, record.language)
        words = record.say("ceiling", amount=amount)
        yield Part(named.name, words, ceiling.verified, _own(record, named.thing, ceiling.sources))


def beyond_strategy(record: Record, named: Named) -> Iterator[Part]:
    for within, _, beyond in _INSIDE:
        for part in within(named.thing):
            yield from beyond(record, part)


_INSIDE = (
    (PLEDGES, of_pledge, beyond_element),
    (MEASURES, of_measure, beyond_measure),
    (BUDGET, of_budget, beyond_budget),
    (CONSTRAINTS, of_element, beyond_element),
)


# ── ladders ──────────────────────────────────────────────────────────────────────────────────────────────────────


def ladders(record: Record) -> Iterator[Named]:
    from careo.record.ladder import load_ladders

    for name, ladder in load_ladders(record.country.key).items():
        yield Named("ladder", name, ladder)


def steps(record: Record) -> Iterator[Named]:
    for ladder in ladders(record):
        yield from _steps_of(ladder.thing)


def _steps_of(ladder: Any) -> Iterator[Named]:
    for step in ladder.steps:
        yield Named("step", f"{ladder.id}:{step.id}", (ladder, step))


def of_step(record: Record, named: Named, _narrowed: Narrowed) -> Iterator[Part]:
    step = named.thing[1]
    date = record.day(step.date)
    yield Part(
        named.name, record.say("step", date=date, what=record.word(step.what)), step.verified, step.sources
    )
    if step.date_verified:
        yield Part(named.name, record.say("step_date", date=date), step.date_verified, step.sources)


def of_ladder(record: Record, named: Named, narrowed: Narrowed) -> Iterator[Part]:
    for step in _steps_of(named.thing):
        yield from of_step(record, step, narrowed)


def topics(record: Record) -> Iterator[Named]:
    from careo.record.topic import load_topics

    for name, topic in load_topics(record.country.key).items():
        yield Named("topic", name, topic)


def of_topic(record: Record, named: Named, narrowed: Narrowed) -> Iterator[Part]:
    """What the topic names, each as it is cited itself."""
    topic = named.thing
    for within, parts, wanted in (
        (PLEDGES, of_pledge, topic.pledges),
        (MEASURES, of_measure, topic.measures),
    ):
        for element in in_all(within)(record):
            if element.name in wanted:
                yield from parts(record, element, narrowed)
    for step in steps(record):
        ladder, what = step.thing
        if ladder.id in topic.ladders and what.track in topic.tracks.get(ladder.id, (what.track,)):
            yield from of_step(record, step, narrowed)
    for line in topic.lines:
        yield from _line(record, line, narrowed)
    for indicator in topic.series:
        yield from _series_of(record, indicator, record.country.default_place)


# ── levers and studies ───────────────────────────────────────────────────────────────────────────────────────────


def levers(record: Record) -> Iterator[Named]:
    from careo.evidence.levers import load_levers

    for name, lever in load_levers(record.country.key).items():
        yield Named("lever", name, lever, (lever.code,))


def of_lever(record: Record, named: Named, _narrowed: Narrowed) -> Iterator[Part]:
    lever = named.thing
    yield Part(named.name, record.say("lever"), lever.verified, lever.sources)
    if lever.cost:
        words = record.say("cost_judged" if lever.cost.judgement else "cost")
        yield Part(named.name, words, "", lever.cost.sources)


def beyond_lever(record: Record, named: Named) -> Iterator[Part]:
    for study in studies(record):
        if study.name in named.thing.studies:
            yield from of_study(record, study, Narrowed())


def studies(record: Record) -> Iterator[Named]:
    from careo.evidence.studies import load_studies

    for name, study in load_studies(record.country.key).items():
        yield Named("study", name, study)


def of_study(record: Record, named: Named, _narrowed: Narrowed) -> Iterator[Part]:
    study = named.thing
    yield Part(named.name, record.word(study.result), study.verified, study.cited)
    for estimate in study.estimates:
        words = record.say("estimate", outcome=record.word(estimate.outcome))
        yield Part(named.name, words, estimate.verified, study.cited)


# ── money ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _money(record: Record) -> Any:
    from careo.record.money import load_money

    return load_money(record.country.key)


def lines(record: Record) -> Iterator[Named]:
    for name, line in _money(record).lines.items():
        yield Named("money", name, line)


def _stage(record: Record, stage: str) -> str:
    return say(record.language, f"money.stage.{stage}")


def of_line(record: Record, named: Named, narrowed: Narrowed) -> Iterator[Part]:
    yield from _line(record, named.name, narrowed)
    earmark = named.thing.earmark
    if earmark and not narrowed:
        yield Part(named.name, record.word(earmark.reason), earmark.verified, earmark.sources)


def _line(record: Record, line: str, narrowed: Narrowed) -> Iterator[Part]:
    """The amounts of a line by stage and source: few one by one, many by number and time."""
    groups: dict[tuple[str, tuple[str, ...], str], list[tuple[str, Period]]] = {}
    for flow in _money(record).flows:
        period = parse_period(flow.period)
        within = narrowed.period is None or narrowed.period.overlaps(period)
        if flow.line == line and within and narrowed.stage in ("", flow.stage):
            amount = (
                "–"
                if flow.amount is None
                else value_words(float(flow.amount), flow.currency, record.language)
            )
            words = record.say(
                "flow", stage=_stage(record, flow.stage), period=record.day(flow.period), amount=amount
            )
            basis = "" if flow.basis == "whole" else say(record.language, f"money.basis.{flow.basis}")
            more = "; ".join(word for word in (flow.account, basis) if word)
            words += f" ({more})" if more else ""
            groups.setdefault((flow.stage, flow.sources, flow.verified), []).append((words, period))
    for (stage, sources, verified), flows in groups.items():
        few = "; ".join(words for words, _ in flows)
        period = record.span(period for _, period in flows)
        many = record.say("flows", stage=_stage(record, stage), count=len(flows), period=period)
        yield Part(line, few if len(flows) <= FEW else many, verified, sources)


def rates(record: Record) -> Iterator[Named]:
    for rate in _money(record).rates:
        yield Named("rate", f"{rate.quoted}/{rate.base}@{rate.period}", rate)


def of_rate(record: Record, named: Named, _narrowed: Narrowed) -> Iterator[Part]:
    rate = named.thing
    words = record.say(
        "rate", rate=f"{rate.rate:f}", pair=f"{rate.quoted}/{rate.base}", date=record.day(rate.period),
        note=record.word(rate.note),
    )  # fmt: skip
    yield Part(named.name, words, rate.verified, rate.sources)


def prices(record: Record) -> Iterator[Named]:
    prices = _money(record).prices
    for currency in dict.fromkeys(price.currency for price in prices):
        yield Named("prices", f"prices-{currency}", [price for price in prices if price.currency == currency])


def of_prices(record: Record, named: Named, _narrowed: Narrowed) -> Iterator[Part]:
    groups: dict[tuple[tuple[str, ...], str], list[int]] = {}
    for price in named.thing:
        groups.setdefault((price.sources, price.verified), []).append(price.year)
    for (sources, verified), years in groups.items():
        period = record.day(f"{min(years)}/{max(years)}" if len(years) > 1 else str(years[0]))
        yield Part(named.name, record.say("prices", count=len(years), period=period), verified, sources)


def shares(record: Record) -> Iterator[Named]:
    for name, definition in _money(record).shares.items():
        yield Named("share", name, definition)


def of_share(record: Record, named: Named, _narrowed: Narrowed) -> Iterator[Part]:
    definition = named.thing
    for line in dict.fromkeys((*definition.share, *definition.of)):
        for stage in definition.stages:
            yield from _line(record, line, Narrowed(parse_period(definition.years), stage=stage))
