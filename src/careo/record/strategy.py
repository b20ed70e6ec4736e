"""Strategies: cited files of what was promised, with which measures and money, under which constraints.

The nouns and the reading of a file with every mistake named. What a file refers to by id (levers, indicators, places,
ladders, lines of money) is looked up in `results/strategies.py`, where those meet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Discriminator, Field, Tag

from careo.base.citations import Source, load_sources
from careo.base.errors import CareoError, DataError
from careo.base.fields import CLOSED, DateText, PeriodText, Slug, Verified, Words
from careo.base.files import is_file
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
class TopPlaces:
    """The places with the highest rates of an indicator at a date.

    Attributes:
        top: how many. by: id of the indicator, a count by month. on: a day of the last of the `months` months that are counted.
        level: of the places.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    top: Annotated[int, Field(ge=1)]
    by: str
    on: DateText
    level: Literal["state", "municipality"] = "state"
    months: Annotated[int, Field(ge=1, le=120)] = 12


@dataclass(frozen=True, slots=True)
class MaskFile:
    """The places whose official codes stand in a file: a table or a list, the code first in each line.

    Attributes:
        file: its path from the strategy's folder, which it may not leave; absolute once the strategy has been read.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    file: Annotated[str, Field(min_length=1)]


def _form_of_where(value: object) -> str:
    """Which of the forms of `where` is meant, so that only its mistakes are named. (No key of a file: see `yaml_files`.)"""
    if isinstance(value, (TopPlaces, MaskFile)):
        return "ranking" if isinstance(value, TopPlaces) else "mask"
    if isinstance(value, Mapping):
        return "mask" if "file" in value else "ranking"
    return "list" if isinstance(value, (list, tuple)) else "nation"


Where = Annotated[
    Annotated[Literal["nation"], Tag("nation")]
    | Annotated[tuple[str, ...], Tag("list")]
    | Annotated[TopPlaces, Tag("ranking")]
    | Annotated[MaskFile, Tag("mask")],
    Discriminator(_form_of_where),
]
"""Where a measure acts: everywhere, in places by code, in the worst at a date, or in those of a file."""


@dataclass(frozen=True, slots=True)
class Measure:
    """Something done or announced that pulls a lever.

    Attributes:
        id, name; lever: id of the registry; direction: 1 as the lever is defined, -1 turned round, and why.
        where: "nation", codes of places, the worst at a date (`TopPlaces`) or those of a file (`MaskFile`). start, end: None when not known or open.
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
    where: Where = "nation"
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
class Ceiling:
    """The most that all measures together may cost in a year, as the strategy itself says.

    Attributes:
        per_year, currency. prices: the year whose prices it is told in; None: of each year itself.
        period: the years in which it holds; None: all of the strategy.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    per_year: Annotated[Decimal, Field(ge=0)]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    sources: Annotated[tuple[str, ...], Field(min_length=1)]
    verified: Verified
    prices: Annotated[int, Field(ge=1900, le=2200)] | None = None
    period: PeriodText | None = None
    note: Words | None = None


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
        components: chapters of the plan. pledges, measures, budget, ceilings, constraints: see there.
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
    ceilings: tuple[Ceiling, ...] = ()
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
    if is_file(path):
        return path
    guess = get_close_matches(str(name), known, n=1)
    raise DataError(
        "strategy_unknown", expected=" | ".join(known), found=repr(str(name)),
        fix="did_you_mean" if guess else "strategy_list", guess=guess[0] if guess else "",
    )  # fmt: skip


def read_strategy(path: Path, country: str = "mexico") -> tuple[Strategy | None, tuple[CareoError, ...]]:
    """A strategy's file and every mistake that can be seen in it alone, in the order of its lines."""
    return strategy_of(read_written(path), country)


def strategy_of(written: Written, country: str = "mexico") -> tuple[Strategy | None, tuple[CareoError, ...]]:
    """As `read_strategy`, of a file that was read."""
    path = Path(written.path)
    strategy, mistakes = build(written, Strategy)
    if strategy is None:
        return None, mistakes
    from careo.record.strategy_mistakes import mistakes_of

    strategy, found = _with_masks(written, strategy, path)
    found += mistakes_of(written, strategy, load_sources(country))
    if (
        not path.is_relative_to(shipped())
        and path.parent != country_folder(country) / "strategies"
        and strategy.slug in strategies(country)
    ):
        found.append(written.error(("slug",), "strategy_slug_taken", found=strategy.slug))
    if path.is_relative_to(shipped()) and strategy.slug != path.stem:
        found.append(written.error(("slug",), "file_id", found=strategy.slug, expected=path.stem))
    return strategy, tuple(sorted(found, key=line_of))


def _with_masks(written: Written, strategy: Strategy, path: Path) -> tuple[Strategy, list[CareoError]]:
    """The strategy with its mask files found, and those that are not there or not in its folder."""
    folder = path.parent.resolve()
    measures, found = list(strategy.measures), list[CareoError]()
    for index, measure in enumerate(strategy.measures):
        if not isinstance(measure.where, MaskFile):
            continue
        loc: Loc = ("measures", index, "where", "file")
        name = measure.where.file
        try:
            file = (folder / name).resolve()
            there = file.is_file()
        except (OSError, ValueError):  # a loop of links, or no name of a file
            file, there = folder, False
        if "\\" in name or Path(name).is_absolute() or not file.is_relative_to(folder):
            found.append(written.error(loc, "strategy_mask_outside", found=name))
            measures[index] = replace(measure, where=MaskFile("-"))  # nobody reads it by mistake
        elif not there:
            found.append(written.error(loc, "strategy_mask_missing", found=name))
        else:
            measures[index] = replace(measure, where=MaskFile(str(file)))
    return replace(strategy, measures=tuple(measures)), found


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
