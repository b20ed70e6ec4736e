"""Strategies: cited files of what was promised, with which measures and money, under which constraints.

The nouns and the reading of a file with every mistake named. What a file refers to by id (levers, indicators, places,
ladders, lines of money) is looked up in `results/strategies.py`, where those meet.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field

from careo.base.citations import Source, load_sources
from careo.base.errors import CareoError, DataError
from careo.base.fields import CLOSED, DateText, PeriodText, Slug, Verified, Words, first_day, last_day
from careo.base.shipped import country_folder, shipped
from careo.base.yaml_files import Loc, Written, build, json_schema, line_of, read_written

Act = Literal["pledge", "request", "position", "claim"]
Kind = Literal["legal", "delivery", "money", "outcome", "position"]
Hedge = Literal["none", "expected", "possible", "conditional"]
Measurable = Literal["yes", "partly", "no"]
Coverage = Literal["answered", "recorded", "later"]
FlowStage = Literal["announced", "appropriated", "modified", "obligated", "accrued", "spent"]
PledgeVerdict = Literal[
    "kept", "under way", "late", "changed", "broken", "not measurable as stated", "no evidence found"
]

SCHEMA = "careo.strategy/1"
_ROUNDING = 0.01  # how far a printed conversion may be from the dose it gives, as a share


@dataclass(frozen=True, slots=True)
class Span:
    """Where a thing was said: characters of the decoded page and the hash of the words, never the words themselves."""

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    source: str
    start: Annotated[int, Field(ge=0)]
    end: Annotated[int, Field(gt=0)]
    hash: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]


@dataclass(frozen=True, slots=True)
class Test:
    """What decides a pledge: a stage of a ladder, a value of an indicator, or money of a line. Exactly one of the three.

    Attributes:
        ladder, track, goal: the stage that keeps it. at_least: with goal "implemented", the number to be done.
        differs: how what came about is not what was promised.
        indicator, place, unit: a series; at_least or at_most in the indicator's own unit.
        money, stage, period, currency: a line of money; at_least or at_most in that currency.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED
    __test__: ClassVar[bool] = False  # not one of pytest's

    ladder: str = ""
    goal: str = ""
    track: str = ""
    differs: Words | None = None
    indicator: str = ""
    place: str = ""
    unit: str = ""
    money: str = ""
    stage: FlowStage | None = None
    period: PeriodText | None = None
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None = None
    at_least: Annotated[Decimal, Field(ge=0)] | None = None
    at_most: Annotated[Decimal, Field(ge=0)] | None = None

    @property
    def kind(self) -> str:
        """ "ladder", "indicator" or "money"."""
        return "ladder" if self.ladder else "indicator" if self.indicator else "money"


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another reading of the same words: shown beside, never decisive."""

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    name: Words
    test: Test | None = None
    no_series: Words | None = None


@dataclass(frozen=True, slots=True)
class Override:
    """What a person decided about a pledge, and why."""

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    verdict: PledgeVerdict
    reason: Words
    by: str
    on: DateText


@dataclass(frozen=True, slots=True)
class Pledge:
    """One promise, request, position or claim.

    Attributes:
        id, text: ours, a paraphrase. quoted: where it was said. said: when, if not with the whole strategy.
        act: a pledge binds its actor, a request its addressee; positions and claims promise nothing.
        kind: what would fulfil it. component: chapter of the plan. addressee: who must act, when not the strategy's actor.
        hedge, condition; deadline: as first promised. deadline_words: why it is read so.
        measurable, why_not; test: what decides it; no_series: what was looked for and not found.
        alternatives: other readings. override: a person's decision.
        sources, verified; coverage, coverage_note: whether careo answers it.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    id: Slug
    text: Words
    act: Act
    kind: Kind
    measurable: Measurable
    sources: Annotated[tuple[str, ...], Field(min_length=1)]
    verified: Verified
    coverage: Coverage
    component: str = ""
    said: DateText | None = None
    addressee: Words | None = None
    hedge: Hedge = "none"
    deadline: DateText | None = None
    deadline_words: Words | None = None
    condition: Words | None = None
    why_not: Words | None = None
    test: Test | None = None
    no_series: Words | None = None
    alternatives: tuple[Alternative, ...] = ()
    quoted: tuple[Span, ...] = ()
    coverage_note: Words | None = None
    override: Override | None = None


@dataclass(frozen=True, slots=True)
class Amount:
    """How much of a measure, in its own unit, at a date."""

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    value: float
    unit: Words
    date: DateText | None = None
    sources: tuple[str, ...] = ()
    verified: Verified | None = None
    note: Words | None = None


@dataclass(frozen=True, slots=True)
class DoseFrom:
    """A dose that applies from a date on."""

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    start: Annotated[DateText, Field(alias="from")]
    value: float


@dataclass(frozen=True, slots=True)
class Dose:
    """A measure in the dose unit of its lever.

    Attributes:
        basis: what it was converted from. divide_by: the divisor of the conversion, checked against `value`.
        value, low, high: [dose units of the lever]. how: the conversion in words. grade: of the conversion, A to D.
        schedule: doses by date, when it changed.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    basis: Literal["delivered", "announced", "judgement"]
    value: float
    low: float
    high: float
    how: Words
    grade: Literal["A", "B", "C", "D"]
    divide_by: Annotated[float, Field(gt=0)] | None = None
    schedule: tuple[DoseFrom, ...] = ()


@dataclass(frozen=True, slots=True)
class Cost:
    """What a measure costs: a line of money, or an amount with a range."""

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    money: str = ""
    stage: FlowStage | None = None
    value: Decimal | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None = None
    basis: Words | None = None


@dataclass(frozen=True, slots=True)
class Measure:
    """Something done or announced that pulls a lever.

    Attributes:
        id, name; lever: id of the registry; direction: 1 as the lever is defined, -1 turned round, and why.
        where: "nation" or codes of places. start, end: None when not known or open.
        announced, delivered: amounts in their own units. dose: in the lever's unit; not_simulated: why there is none.
        cost: see `Cost`. sources, verified, note, coverage.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    id: Slug
    name: Words
    lever: str
    sources: Annotated[tuple[str, ...], Field(min_length=1)]
    verified: Verified
    coverage: Coverage
    where: Literal["nation"] | tuple[str, ...] = "nation"
    where_note: Words | None = None
    direction: Literal[1, -1] = 1
    direction_note: Words | None = None
    start: DateText | None = None
    end: DateText | None = None
    announced: Amount | None = None
    delivered: tuple[Amount, ...] = ()
    dose: Dose | None = None
    not_simulated: Words | None = None
    cost: Cost | None = None
    note: Words | None = None
    coverage_note: Words | None = None


@dataclass(frozen=True, slots=True)
class OwnFlow:
    """An amount of money that only this file has."""

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    stage: FlowStage
    amount: Annotated[Decimal, Field(ge=0)] | None
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    period: PeriodText
    sources: Annotated[tuple[str, ...], Field(min_length=1)]
    verified: Verified
    note: Words | None = None


@dataclass(frozen=True, slots=True)
class BudgetLine:
    """A line of money that belongs to the strategy.

    Attributes:
        line: id of the country's lines of money. role: what it is to this strategy. period: the years that belong to it.
        flows: amounts of this file's own. parts: amounts that must add up to the sum of `flows` [their currency].
    """

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    line: str
    role: Words
    coverage: Coverage
    period: PeriodText | None = None
    flows: tuple[OwnFlow, ...] = ()
    parts: Mapping[str, Decimal] = field(default_factory=dict[str, Decimal])
    coverage_note: Words | None = None


@dataclass(frozen=True, slots=True)
class Constraint:
    """A right that no result may be bought with."""

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    id: Slug
    text: Words
    rule: Words
    sources: Annotated[tuple[str, ...], Field(min_length=1)]
    verified: Verified
    coverage: Coverage
    indicator: str = ""
    no_series: Words | None = None
    coverage_note: Words | None = None


@dataclass(frozen=True, slots=True)
class Reference:
    """A source that only this file has."""

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    producer: str
    title: str
    url: str = ""
    published: DateText | None = None
    seen: Verified = "excerpt"
    note: str = ""


@dataclass(frozen=True, slots=True)
class StrategyPeriod:
    """From when to when a strategy holds; an end of None is open."""

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    start: DateText
    end: DateText | None = None


@dataclass(frozen=True, slots=True)
class Strategy:
    """A strategy as its file has it.

    Attributes:
        schema, slug, country (code of the country); title, actor, summary, notes.
        announced: the day it was made public. period: when it holds. compiled: the day up to which its record was looked through.
        components: chapters of the plan. pledges, measures, budget, constraints: see there.
        own_sources: sources of this file alone (`sources:` in the file). path: of the file.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    schema: Literal["careo.strategy/1"]
    slug: Slug
    country: str
    title: Words
    actor: Words
    period: StrategyPeriod
    summary: Words
    compiled: DateText
    announced: DateText | None = None
    notes: tuple[Words, ...] = ()
    components: Mapping[str, Words] = field(default_factory=dict[str, Words])
    pledges: tuple[Pledge, ...] = ()
    measures: tuple[Measure, ...] = ()
    budget: tuple[BudgetLine, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    own_sources: Annotated[Mapping[str, Reference], Field(alias="sources")] = field(
        default_factory=dict[str, Reference]
    )

    def pledge(self, name: str) -> Pledge | None:
        """The pledge of an id."""
        return next((pledge for pledge in self.pledges if pledge.id == name), None)


def strategies(country: str = "mexico") -> tuple[str, ...]:
    """The names of the strategies shipped for a country."""
    return tuple(path.stem for path in sorted((country_folder(country) / "strategies").glob("*.yaml")))


def load_strategy(name: str | Path, country: str = "mexico") -> Strategy:
    """A shipped strategy by its slug, or one of a file.

    Raises:
        DataError: there is no such strategy; or its file is broken, with the first mistake (`check_strategy` gives all).
    """
    strategy, mistakes = read_strategy(find(name, country), country)
    if strategy is None or mistakes:
        raise mistakes[0]
    return strategy


def find(name: str | Path, country: str = "mexico") -> Path:
    """The file of a strategy: a shipped one by its slug, else a path.

    Raises:
        DataError: there is neither.
    """
    from difflib import get_close_matches

    known = strategies(country)
    if str(name) in known:
        return country_folder(country) / "strategies" / f"{name}.yaml"
    path = Path(name)
    if path.is_file():
        return path
    guess = get_close_matches(str(name), known, n=1)
    raise DataError(
        "strategy_unknown", expected=" | ".join(known), found=repr(str(name)),
        fix="did_you_mean" if guess else "strategy_list", guess=guess[0] if guess else "",
    )  # fmt: skip


def read_strategy(path: Path, country: str = "mexico") -> tuple[Strategy | None, tuple[CareoError, ...]]:
    """A strategy's file and every mistake that can be seen in it alone, in the order of its lines."""
    written = read_written(path)
    strategy, mistakes = build(written, Strategy)
    if strategy is None:
        return None, mistakes
    found = list(_mistakes(written, strategy, load_sources(country)))
    if (
        not path.is_relative_to(shipped())
        and path.parent != country_folder(country) / "strategies"
        and strategy.slug in strategies(country)
    ):
        found.append(written.error(("slug",), "strategy_slug_taken", found=strategy.slug))
    if path.is_relative_to(shipped()) and strategy.slug != path.stem:
        found.append(written.error(("slug",), "file_id", found=strategy.slug, expected=path.stem))
    return strategy, tuple(sorted(found, key=line_of))


def sources_of(strategy: Strategy, country: str = "mexico") -> Mapping[str, Source]:
    """Every source a strategy may cite: the country's and its own."""
    tiers = {"memory": 4}
    own = {
        key: Source(key=key, producer=r.producer, title=r.title, url=r.url, published=r.published or "", note=r.note,
                    seen=r.seen, tier=tiers.get(r.seen, 3))
        for key, r in strategy.own_sources.items()
    }  # fmt: skip
    return {**load_sources(country), **own}


def strategy_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a strategy's file, for editors."""
    schema = json_schema(Strategy)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": SCHEMA, **schema}


def without(strategy: Strategy, pledge: Pledge) -> Strategy:
    """The strategy with a pledge of the same id replaced."""
    return replace(strategy, pledges=tuple(pledge if p.id == pledge.id else p for p in strategy.pledges))


# ── mistakes that a file shows by itself ─────────────────────────────────────────────────────────────────────────


def _mistakes(written: Written, strategy: Strategy, shared: Collection[str]) -> Iterator[CareoError]:
    known = {*shared, *strategy.own_sources}
    start = first_day(strategy.period.start)
    end = last_day(strategy.period.end) if strategy.period.end else None
    if end and end < start:
        yield written.error(("period", "end"), "strategy_period", found=strategy.period.end)
    if strategy.announced and last_day(strategy.compiled) < first_day(strategy.announced):
        yield written.error(("compiled",), "strategy_compiled_early", found=strategy.compiled)
    for key in strategy.own_sources:
        if key in shared:
            yield written.error(("sources", key), "strategy_source_taken", found=key)
    yield from _twice(written, strategy)
    for loc, keys in _citations(strategy):
        for place, key in enumerate(keys):
            if key not in known:
                yield written.error(
                    (*loc, place), "file_source", known=known, found=key, fix="" if known else "file_add"
                )
    for index, pledge in enumerate(strategy.pledges):
        loc: Loc = ("pledges", index)
        yield from _pledge(written, strategy, pledge, loc)
        for place, span in enumerate(pledge.quoted):
            if span.source not in known:
                yield written.error(
                    (*loc, "quoted", place, "source"), "file_source", known=known, found=span.source
                )
            if span.end <= span.start:
                yield written.error((*loc, "quoted", place, "end"), "strategy_span", found=span.end)
    for index, measure in enumerate(strategy.measures):
        yield from _measure(written, strategy, measure, ("measures", index))
    for index, line in enumerate(strategy.budget):
        yield from _budget(written, line, ("budget", index))
    for index, constraint in enumerate(strategy.constraints):
        loc = ("constraints", index)
        if not constraint.indicator and constraint.no_series is None:
            yield written.error(loc, "strategy_no_series", fix="file_add")
        yield from _covered(written, constraint.coverage, constraint.coverage_note, loc)


def _twice(written: Written, strategy: Strategy) -> Iterator[CareoError]:
    seen: set[str] = set()
    for part in ("pledges", "measures", "constraints"):
        for index, element in enumerate(getattr(strategy, part)):
            if element.id in seen:
                yield written.error((part, index, "id"), "file_id_twice", found=element.id)
            seen.add(element.id)
    lines: set[str] = set()
    for index, line in enumerate(strategy.budget):
        if line.line in lines:
            yield written.error(("budget", index, "line"), "file_id_twice", found=line.line)
        lines.add(line.line)


def _citations(strategy: Strategy) -> Iterator[tuple[Loc, tuple[str, ...]]]:
    for part in ("pledges", "measures", "constraints"):
        for index, element in enumerate(getattr(strategy, part)):
            yield (part, index, "sources"), element.sources
    for index, measure in enumerate(strategy.measures):
        for place, amount in enumerate(measure.delivered):
            yield ("measures", index, "delivered", place, "sources"), amount.sources
        if measure.announced:
            yield ("measures", index, "announced", "sources"), measure.announced.sources
    for index, line in enumerate(strategy.budget):
        for place, flow in enumerate(line.flows):
            yield ("budget", index, "flows", place, "sources"), flow.sources


def _pledge(written: Written, strategy: Strategy, pledge: Pledge, loc: Loc) -> Iterator[CareoError]:
    if pledge.component and pledge.component not in strategy.components:
        yield written.error(
            (*loc, "component"), "strategy_component", known=strategy.components, found=pledge.component
        )
    if pledge.measurable != "yes" and pledge.why_not is None:
        yield written.error(loc, "strategy_why_not", fix="file_add")
    if pledge.measurable == "no" and pledge.test:
        yield written.error((*loc, "test"), "strategy_test_of_nothing")
    if pledge.measurable == "yes" and pledge.test is None and pledge.no_series is None:
        yield written.error(loc, "strategy_no_series", fix="file_add")
    if pledge.act == "request" and pledge.addressee is None:
        yield written.error(loc, "strategy_addressee", fix="file_add")
    said = pledge.said or strategy.announced or strategy.period.start
    if pledge.deadline and last_day(pledge.deadline) < first_day(said):
        yield written.error((*loc, "deadline"), "strategy_deadline", found=pledge.deadline, said=said)
    if pledge.override and last_day(pledge.override.on) < first_day(said):
        yield written.error(
            (*loc, "override", "on"), "strategy_override", found=pledge.override.on, said=said
        )
    if pledge.test:
        yield from _test(written, pledge.test, (*loc, "test"))
    for place, other in enumerate(pledge.alternatives):
        if other.test:
            yield from _test(written, other.test, (*loc, "alternatives", place, "test"))
        elif other.no_series is None:
            yield written.error((*loc, "alternatives", place), "strategy_no_series", fix="file_add")
    yield from _covered(written, pledge.coverage, pledge.coverage_note, loc)


_FOREIGN = {
    "ladder": ("place", "unit", "stage", "period", "currency", "at_most"),
    "indicator": ("goal", "track", "differs", "stage", "period", "currency"),
    "money": ("goal", "track", "differs", "place", "unit"),
}
"""Kind of test → fields that only other kinds have."""


def _test(written: Written, test: Test, loc: Loc) -> Iterator[CareoError]:
    if sum(map(bool, (test.ladder, test.indicator, test.money))) != 1:
        yield written.error(loc, "strategy_test", expected="ladder | indicator | money")
        return
    for name in _FOREIGN[test.kind]:
        if getattr(test, name):
            yield written.error(
                (*loc, name), "strategy_test_foreign", found=getattr(test, name), kind=test.kind
            )
    if test.ladder:
        from careo.record.ladder import STAGES

        if test.goal not in STAGES:
            yield written.error((*loc, "goal"), "file_choice", known=STAGES, found=test.goal)
        if test.at_least is not None and test.goal != "implemented":
            yield written.error((*loc, "at_least"), "strategy_done", found=test.at_least)
        return
    if (test.at_least is None) == (test.at_most is None):
        yield written.error(loc, "strategy_bound", expected="at_least | at_most")
    if test.money:
        for name in ("stage", "period", "currency"):
            if getattr(test, name) is None:
                yield written.error((*loc, name), "file_missing", fix="file_add")


def _measure(written: Written, strategy: Strategy, measure: Measure, loc: Loc) -> Iterator[CareoError]:
    if measure.direction == -1 and measure.direction_note is None:
        yield written.error((*loc, "direction"), "strategy_direction", fix="file_add")
    if (measure.dose is None) == (measure.not_simulated is None):
        yield written.error(loc, "strategy_dose", expected="dose | not_simulated")
    begin = first_day(measure.start) if measure.start else None
    close = last_day(measure.end) if measure.end else None
    if begin and close and close < begin:
        yield written.error((*loc, "end"), "strategy_period", found=measure.end)
    latest = last_day(strategy.period.end) if strategy.period.end else None
    if measure.start and latest and first_day(measure.start) > latest:
        yield written.error(
            (*loc, "start"), "strategy_outside", found=measure.start, period=_period(strategy)
        )
    if measure.end and last_day(measure.end) < first_day(strategy.period.start):
        yield written.error((*loc, "end"), "strategy_outside", found=measure.end, period=_period(strategy))
    days = [last_day(amount.date) for amount in measure.delivered if amount.date]
    for place, amount in enumerate(measure.delivered):
        if amount.date is None:
            yield written.error((*loc, "delivered", place), "strategy_undated", fix="file_add")
        elif first_day(amount.date) > last_day(strategy.compiled):
            yield written.error((*loc, "delivered", place, "date"), "strategy_compiled", found=amount.date)
    if days != sorted(days):
        yield written.error((*loc, "delivered"), "strategy_order")
    if measure.dose:
        yield from _dose(written, measure, measure.dose, (*loc, "dose"))
    if measure.cost:
        yield from _cost(written, measure.cost, (*loc, "cost"))
    yield from _covered(written, measure.coverage, measure.coverage_note, loc)


def _cost(written: Written, cost: Cost, loc: Loc) -> Iterator[CareoError]:
    if bool(cost.money) == (cost.value is not None):
        yield written.error(loc, "strategy_cost", expected="money | value")
    if cost.value is None:
        return
    if cost.currency is None:
        yield written.error((*loc, "currency"), "file_missing", fix="file_add")
    low, high = (cost.value if end is None else end for end in (cost.low, cost.high))
    if not low <= cost.value <= high:
        yield written.error((*loc, "value"), "strategy_range", found=f"{low} … {cost.value} … {high}")


def _dose(written: Written, measure: Measure, dose: Dose, loc: Loc) -> Iterator[CareoError]:
    if not dose.low <= dose.value <= dose.high:
        yield written.error(
            (*loc, "value"), "strategy_range", found=f"{dose.low} … {dose.value} … {dose.high}"
        )
    steps = [first_day(part.start) for part in dose.schedule]
    if steps != sorted(steps):
        yield written.error((*loc, "schedule"), "strategy_order")
    elif steps and abs(dose.schedule[-1].value - dose.value) > _ROUNDING * abs(dose.value):
        yield written.error(
            (*loc, "schedule"), "strategy_schedule", found=dose.schedule[-1].value, expected=str(dose.value)
        )
    if dose.basis != "delivered" and dose.grade != "D":
        yield written.error((*loc, "grade"), "strategy_grade", found=dose.grade)
    amount = (
        measure.announced
        if dose.basis == "announced"
        else measure.delivered[-1]
        if measure.delivered
        else None
    )
    if dose.basis != "judgement" and amount is None:
        yield written.error((*loc, "basis"), "strategy_basis", found=dose.basis)
    elif (
        dose.divide_by
        and amount
        and abs(amount.value / dose.divide_by - dose.value)
        > _ROUNDING * max(abs(dose.value), abs(amount.value / dose.divide_by))
    ):
        yield written.error(
            (*loc, "value"), "strategy_conversion", found=dose.value,
            expected=f"{amount.value:g} / {dose.divide_by:g} = {amount.value / dose.divide_by:.4g}",
        )  # fmt: skip


def _budget(written: Written, line: BudgetLine, loc: Loc) -> Iterator[CareoError]:
    if line.parts:
        stages = {(flow.stage, flow.currency) for flow in line.flows}
        total = sum((flow.amount for flow in line.flows if flow.amount is not None), Decimal(0))
        parts = sum(line.parts.values(), Decimal(0))
        if len(stages) != 1:
            yield written.error((*loc, "parts"), "strategy_parts_stage")
        elif parts != total:
            yield written.error((*loc, "parts"), "strategy_sum", found=f"{parts:,}", expected=f"{total:,}")
    for place, flow in enumerate(line.flows):
        if flow.amount is None and flow.note is None:
            yield written.error((*loc, "flows", place, "amount"), "strategy_amount", fix="file_add")
    yield from _covered(written, line.coverage, line.coverage_note, loc)


def _covered(written: Written, coverage: str, note: object, loc: Loc) -> Iterator[CareoError]:
    if coverage != "answered" and note is None:
        yield written.error((*loc, "coverage"), "strategy_coverage_note", found=coverage, fix="file_add")


def _period(strategy: Strategy) -> str:
    return f"{strategy.period.start} – {strategy.period.end or '…'}"
