"""What was done when and where, and which questions are asked of it: events, outcomes and evaluations, as files of a country.

An event is a dated fact with its source and how surely it is known. An evaluation names events by id, an outcome, a stretch of the record and
windows after the start. Persons are never named: whoever led a group is the group's name and a date.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field

from careo.base.citations import load_sources
from careo.base.dates import parse_period
from careo.base.errors import CareoError, DataError, Mistakes
from careo.base.fields import CLOSED, DateText, PeriodText, Slug, Verified, Words, first_day, last_day
from careo.base.shipped import country_folder
from careo.base.yaml_files import Loc, Written, build, read_written
from careo.evidence.effects import SOME
from careo.evidence.levers import load_levers
from careo.evidence.studies import load_studies

Kind = Literal["leader_removal", "joint_operation", "deployment", "programme", "incident"]
Reach = Literal["places", "nation", "list"]
"""Where an event was: in the places it names, everywhere at once, or in a list of places that nobody has published."""

_SURENESS: tuple[Verified, ...] = ("memory", "excerpt", "read")
_OUTCOMES = "outcomes.yaml"


@dataclass(frozen=True, slots=True)
class Dose:
    """How much of a measure an event was, as it was announced or counted."""

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    value: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    unit: Words


@dataclass(frozen=True, slots=True)
class Event:
    """Something that was done, or that was announced and never was.

    Attributes:
        id: unique in a country. kind: of measure. date: of its start; end: of its end, None where it had none or nobody says.
        reach: where. places: codes of states, or of municipalities in a user's file. municipalities: codes, where the place is known so closely.
        name: in words. group, way, role: of a removal: the organisation's code, captured or killed, how high. dose: see `Dose`.
        sources: keys of the country's sources; in a user's own file any words that lead a reader there.
        verified: how the event is known; date_verified, place_verified: how its day and place are, where they are known less surely.
        untrue: it was announced and did not happen: of use only as a placebo. note: what a reader must know.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    id: Slug
    kind: Kind
    date: DateText
    sources: Annotated[tuple[str, ...], SOME]
    verified: Verified
    places: tuple[str, ...] = ()
    reach: Reach = "places"
    end: DateText | None = None
    name: Words | None = None
    municipalities: tuple[str, ...] = ()
    group: str | None = None
    way: Literal["captured", "killed"] | None = None
    role: Literal["top", "senior", "faction"] | None = None
    dose: Dose | None = None
    date_verified: Verified | None = None
    place_verified: Verified | None = None
    untrue: bool = False
    note: Words | None = None

    @property
    def sureness(self) -> Verified:
        """The least sure of how the event, its day and its place are known."""
        told = (self.verified, self.date_verified, self.place_verified)
        return next(tag for tag in _SURENESS if tag in told)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is counted after an event.

    Attributes:
        id: as asked for. name, definition: in words.
        history: it is the country's joined monthly history (`forecast.yaml`). sum_of: else, indicators that are added.
        also: ids of other definitions of the same thing, for the check on the definition.
        yearly: indicators with values by municipality and year, for choices that were made by year; the first that has a value stands.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    id: Slug
    name: Words
    definition: Words
    history: bool = False
    sum_of: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    yearly: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Contrast:
    """Where a measure came everywhere at once, but not equally: places with much of it against places with little.

    Attributes:
        indicator: a monthly stock by place, taken per inhabitant over the first `months` months.
        months: [months]. Places in the upper half are treated, those in the lower half are the comparison.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    indicator: str
    months: Annotated[int, Field(ge=1, le=60)] = 12


@dataclass(frozen=True, slots=True)
class Choice:
    """Places that are said to have been chosen because they were the worst.

    Attributes:
        count: how many. year: the last whole year that who chose could see. over: years that the rate was taken over.
        after: years after which the chosen are looked at again. list: a table of the real places, code first; None where there is none.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    count: Annotated[int, Field(ge=1, le=100_000)]
    year: Annotated[int, Field(ge=1900, le=2100)]
    over: Annotated[int, Field(ge=1, le=10)] = 1
    after: Annotated[tuple[Annotated[int, Field(ge=1, le=10)], ...], SOME] = (1, 2)
    list: str | None = None


Month = Annotated[int, Field(ge=0, le=240)]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A question put to the record.

    Attributes:
        id: as asked for. name, question: in words. outcome: id of an `Outcome`.
        events: ids of events that are the measure. own_events: events of this file alone.
        wider: ids that enter only a sensitivity run, with all that rest on memory. placebos: ids of events that never were.
        level: of places. design: "by_places": difference in differences from three treated places, synthetic control below;
            "interrupted": a national series described; "dated_history": the worst N at every earlier date.
        period: months of the record that are looked at. windows: months after the start, first and last, the main one first.
        contrast: see `Contrast`. choice: see `Choice`. not_compared: places that may not serve as comparison.
        lever: id of the lever this bears on. studies: keys of studies whose estimates stand beside ours.
        notes: what a reader must know. sources: keys.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    id: Slug
    name: Words
    question: Words
    outcome: str
    period: PeriodText
    events: tuple[str, ...] = ()
    own_events: tuple[Event, ...] = ()
    wider: tuple[str, ...] = ()
    placebos: tuple[str, ...] = ()
    level: Literal["nation", "state", "municipality"] = "state"
    design: Literal["by_places", "interrupted", "dated_history"] = "by_places"
    windows: Annotated[tuple[tuple[Month, Month], ...], SOME] = ((0, 11), (12, 23))
    contrast: Contrast | None = None
    choice: Choice | None = None
    not_compared: tuple[str, ...] = ()
    lever: str | None = None
    studies: tuple[str, ...] = ()
    notes: tuple[Words, ...] = ()
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _EventFile:
    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class _OutcomeFile:
    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    outcomes: tuple[Outcome, ...]


# ── what a country has ───────────────────────────────────────────────────────────────────────────────────────────


@cache
def load_events(country: str = "mexico") -> Mapping[str, Event]:
    """The events of a country by id, in the order of their dates.

    Raises:
        DataError: a file is broken; says file and line.
    """
    found: dict[str, Event] = {}
    for path in sorted((country_folder(country) / "events").glob("*.yaml")):
        events, mistakes = read_events(path, load_sources(country), known=found)
        if mistakes:
            raise mistakes[0]
        found |= {event.id: event for event in events}
    return MappingProxyType(dict(sorted(found.items(), key=lambda item: (first_day(item[1].date), item[0]))))


def read_events(
    path: Path, sources: Collection[str], *, known: Collection[str] = ()
) -> tuple[tuple[Event, ...], tuple[CareoError, ...]]:
    """The events of a file, and every mistake in it; `sources` are the keys it may cite, `known` the ids that other files took."""
    written = read_written(path)
    file, mistakes = build(written, _EventFile)
    if file is None:
        return (), mistakes
    return file.events, tuple(_event_mistakes(written, ("events",), file.events, sources, known))


@cache
def load_outcomes(country: str = "mexico") -> Mapping[str, Outcome]:
    """The outcomes of a country by id, the usual one first; none for a country without that file.

    Raises:
        DataError: the file is broken; says file and line.
    """
    path = country_folder(country) / "evaluations" / _OUTCOMES
    if not path.is_file():
        return MappingProxyType({})
    written = read_written(path)
    file, mistakes = build(written, _OutcomeFile)
    if file is None:
        raise mistakes[0]
    ids = [outcome.id for outcome in file.outcomes]
    for index, outcome in enumerate(file.outcomes):
        if outcome.id in ids[:index]:
            raise written.error(("outcomes", index, "id"), "file_id_twice", found=outcome.id)
        if outcome.history == bool(outcome.sum_of):
            raise written.error(("outcomes", index, "sum_of"), "outcome_of", found=outcome.id)
        for place, name in enumerate(outcome.also):
            if name not in ids:
                raise written.error(
                    ("outcomes", index, "also", place), "evaluation_outcome", known=ids, found=name
                )
    return MappingProxyType({outcome.id: outcome for outcome in file.outcomes})


@cache
def load_evaluations(country: str = "mexico") -> Mapping[str, Evaluation]:
    """The evaluations of a country by id, in the order of what they are about.

    Raises:
        DataError: a file is broken; says file and line.
    """
    found: list[Evaluation] = []
    events = load_events(country)
    for path in sorted((country_folder(country) / "evaluations").glob("*.yaml")):
        if path.name != _OUTCOMES:
            evaluation, mistakes = read_evaluation(path, country)
            if evaluation is None or mistakes:
                raise mistakes[0]
            found.append(evaluation)

    def begins(evaluation: Evaluation) -> tuple[str, str]:
        days = [first_day(event.date).isoformat() for event in events_of(evaluation, events)]
        return min(days, default="9"), evaluation.id

    return MappingProxyType({evaluation.id: evaluation for evaluation in sorted(found, key=begins)})


def find_evaluation(name: str | Path, country: str = "mexico", *, places: Collection[str] = ()) -> Evaluation:
    """An evaluation by its id, or one that somebody wrote, by the path of its file.

    Args:
        places: codes that a file of one's own may name; empty where nobody asks.

    Raises:
        CareoError: there is none of this name; suggests the nearest.
        DataError: the file is broken; every mistake, with file and line.
    """
    text = str(name)
    if isinstance(name, Path) or text.lower().endswith((".yaml", ".yml")) or "/" in text:
        evaluation, mistakes = read_evaluation(Path(name), country, own=True, places=places)
        if evaluation is None or mistakes:
            raise mistakes[0] if len(mistakes) == 1 else Mistakes(mistakes)
        return evaluation
    known = load_evaluations(country)
    asked = "-".join(text.strip().lower().replace("_", " ").split())
    if asked in known:
        return known[asked]
    from difflib import get_close_matches

    near = [each for each in known if len(asked) > 2 and asked in each] or get_close_matches(
        asked, known, n=1, cutoff=0.5
    )
    raise CareoError(
        "usage_evaluation", found=repr(text[:60]), expected=" | ".join(known) or "–",
        fix="did_you_mean" if near else "evaluations", guess=near[0] if near else "",
    )  # fmt: skip


def events_of(
    evaluation: Evaluation, events: Mapping[str, Event], *, ids: Iterable[str] | None = None
) -> tuple[Event, ...]:
    """The events that an evaluation names, its own among them, in the order of their dates."""
    own = {event.id: event for event in evaluation.own_events}
    wanted = [*(evaluation.events if ids is None else ids), *(own if ids is None else ())]
    found = [own[name] if name in own else events[name] for name in dict.fromkeys(wanted)]
    return tuple(sorted(found, key=lambda event: (first_day(event.date), event.id)))


# ── one evaluation ───────────────────────────────────────────────────────────────────────────────────────────────


def read_evaluation(
    path: Path, country: str = "mexico", *, own: bool = False, places: Collection[str] = ()
) -> tuple[Evaluation | None, tuple[CareoError, ...]]:
    """An evaluation's file, and every mistake in it.

    Args:
        own: somebody wrote it for themselves: it need not be called like its id, and may cite sources in words.
        places: codes it may name; empty where they are not checked.
    """
    written = read_written(path)
    evaluation, mistakes = build(written, Evaluation)
    if evaluation is None:
        return None, mistakes
    return evaluation, tuple(_evaluation_mistakes(written, evaluation, country, own, places))


def _evaluation_mistakes(
    written: Written, evaluation: Evaluation, country: str, own: bool, places: Collection[str]
) -> Iterator[CareoError]:
    sources = load_sources(country)
    if not own and evaluation.id != Path(written.path).stem:
        yield written.error(("id",), "file_id", found=evaluation.id, expected=Path(written.path).stem)
    outcomes = load_outcomes(country)
    if evaluation.outcome not in outcomes:
        yield written.error(("outcome",), "evaluation_outcome", known=outcomes, found=evaluation.outcome)
    events = load_events(country)
    yield from _event_mistakes(
        written, ("own_events",), evaluation.own_events, () if own else sources, events
    )
    known = {*events, *(event.id for event in evaluation.own_events)}
    for name in ("events", "wider", "placebos"):
        for index, each in enumerate(getattr(evaluation, name)):
            if each not in known:
                yield written.error((name, index), "evaluation_event", known=known, found=each)
            elif name == "events" and _event(each, evaluation, events).untrue:
                yield written.error((name, index), "evaluation_untrue", found=each)
    if not (evaluation.events or evaluation.own_events or evaluation.choice):
        yield written.error(("events",), "evaluation_no_event")
    for index, (first, last) in enumerate(evaluation.windows):
        if first > last:
            yield written.error(("windows", index), "evaluation_window", found=f"{first}, {last}")
    period = parse_period(evaluation.period)
    if period.first is None or period.last is None:
        yield written.error(("period",), "evaluation_period", found=evaluation.period)
    for name, needed in (("dated_history", "choice"), ("by_places", "")):
        if evaluation.design == name and (evaluation.choice is None) == bool(needed):
            yield written.error(("choice",), "evaluation_choice", found=evaluation.design)
    if evaluation.lever and evaluation.lever not in load_levers(country):
        yield written.error(
            ("lever",), "evaluation_lever", known=load_levers(country), found=evaluation.lever
        )
    for index, key in enumerate(evaluation.studies):
        if key not in load_studies(country):
            yield written.error(("studies", index), "lever_study", known=load_studies(country), found=key)
    for index, key in enumerate(evaluation.sources):
        if not own and key not in sources:
            yield written.error(("sources", index), "file_source", known=map(str, sources), found=key)
    if places:
        told: list[tuple[Loc, str]] = [
            (("not_compared", i), c) for i, c in enumerate(evaluation.not_compared)
        ]
        for index, event in enumerate(evaluation.own_events):
            told += [(("own_events", index, "places", i), c) for i, c in enumerate(event.places)]
        for loc, code in told:
            if code not in places:
                yield written.error(loc, "panel_place", known=places, found=code)


def _event(name: str, evaluation: Evaluation, events: Mapping[str, Event]) -> Event:
    return next((event for event in evaluation.own_events if event.id == name), None) or events[name]


def _event_mistakes(
    written: Written, at: Loc, events: tuple[Event, ...], sources: Collection[str], known: Collection[str]
) -> Iterator[DataError]:
    seen = set(known)
    for index, event in enumerate(events):
        loc: Loc = (*at, index)
        if event.id in seen:
            yield written.error((*loc, "id"), "file_id_twice", found=event.id)
        seen.add(event.id)
        if (event.reach == "places") != bool(event.places):
            yield written.error((*loc, "places"), "event_places", found=event.reach)
        if event.end and last_day(event.end) < first_day(event.date):
            yield written.error((*loc, "end"), "event_end", found=event.end, expected=f"≥ {event.date}")
        for place, key in enumerate(event.sources):
            if not key.strip() or (sources and key not in sources):
                yield written.error(
                    (*loc, "sources", place), "file_source", known=map(str, sources), found=key
                )
        removal = event.kind == "leader_removal"
        if removal != (event.group is not None) or removal != (event.role is not None):
            yield written.error((*loc, "group"), "event_group", found=event.group or "–")
        if not removal and event.name is None:
            yield written.error((*loc, "name"), "file_missing", fix="file_add")
