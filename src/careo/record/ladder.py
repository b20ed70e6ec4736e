"""Ladders: how a legal or institutional matter moved, step by step, each step dated and cited; as it stood on any day.

A ladder may hold several tracks (medical use, adult use, a market): what happens on one decides nothing on another.
Deadlines that a law sets as a term are computed; a later step that moves them is an amendment, and both are kept.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field

from careo.base.citations import load_sources
from careo.base.errors import CareoError
from careo.base.fields import CLOSED, DateText, Slug, Verified, Words, first_day, last_day
from careo.base.shipped import country_folder
from careo.base.yaml_files import Written, build, line_of, read_written

Stage = Literal[
    "announced", "bill", "passed", "in_force", "ruled", "struck_down", "amended", "implemented", "lapsed", "repealed", "context"
]  # fmt: skip
STAGES: tuple[str, ...] = (
    "announced", "bill", "passed", "in_force", "ruled", "struck_down", "amended", "implemented", "lapsed", "repealed", "context",
)  # fmt: skip
CLIMB = ("announced", "bill", "passed", "in_force", "implemented")
"""The stages in which a matter comes true: whoever reached one has passed those before it."""

ENDS = frozenset({"struck_down", "lapsed", "repealed"})
"""Stages that end what was pending or in force on their track."""

WORDS_ONLY = frozenset({"announced", "context"})
"""Stages in which nothing was done yet."""


@dataclass(frozen=True, slots=True)
class LegalTerm:
    """A time that a law sets, counted from the date of a step."""

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    start: Annotated[str, Field(alias="from")]
    years: Annotated[int, Field(ge=0, le=500)] = 0
    months: Annotated[int, Field(ge=0, le=6_000)] = 0
    days: Annotated[int, Field(ge=0, le=200_000)] = 0


@dataclass(frozen=True, slots=True)
class Step:
    """One dated step.

    Attributes:
        id: unique in its ladder. date: a day, a month or a year; None when it was not found. date_verified: how the date is
            known, when less well than the fact.
        stage: one of STAGES. track: key of the ladder's tracks, "" for the matter as a whole.
        what: what happened. dissent: where sources disagree.
        term, deadline: the deadline this step sets or moves: computed, as its text says, or "none" when it removes one.
        done, of, unit: for "implemented": how many, out of how many, of what [own unit].
        sources: keys. verified: how the fact is known.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    id: Slug
    stage: Stage
    what: Words
    sources: Annotated[tuple[str, ...], Field(min_length=1)]
    verified: Verified
    date: DateText | None = None
    date_verified: Verified | None = None
    track: str = ""
    dissent: Words | None = None
    term: LegalTerm | None = None
    deadline: DateText | Literal["none"] | None = None
    done: Annotated[float, Field(ge=0)] | None = None
    of: Annotated[float, Field(gt=0)] | None = None
    unit: Words | None = None


@dataclass(frozen=True, slots=True)
class Ladder:
    """The steps of one matter, in order of time, undated ones where their writer put them.

    Attributes:
        id, title, note: what it is. compiled: the day up to which the record was looked through.
        tracks: matters inside it that must not be mixed. steps: see `Step`.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    id: Slug
    title: Words
    compiled: DateText
    steps: Annotated[tuple[Step, ...], Field(min_length=1)]
    note: Words | None = None
    tracks: Mapping[str, Words] = field(default_factory=dict[str, Words])


@dataclass(frozen=True, slots=True)
class Deadline:
    """A deadline that a step set: `day` is None when the step removed it; `moved` when another was in force before."""

    step: Step
    day: date | None
    moved: bool


def load_ladders(country: str = "mexico") -> Mapping[str, Ladder]:
    """The ladders of a country by id, in order of id; none for a country without any.

    Raises:
        DataError: a file is broken; says file and line.
    """
    return _load(country)


@cache
def _load(country: str) -> Mapping[str, Ladder]:
    return {name: load_ladder(name, country) for name in ladder_names(country)}


def ladder_names(country: str = "mexico") -> tuple[str, ...]:
    """The ids of the ladders of a country, in order: those of their files."""
    return tuple(path.stem for path in sorted((country_folder(country) / "ladders").glob("*.yaml")))


@cache
def load_ladder(name: str, country: str = "mexico") -> Ladder:
    """One of the ladders of a country by its id.

    Raises:
        DataError: its file is broken; says file and line.
    """
    path = country_folder(country) / "ladders" / f"{name}.yaml"
    ladder, mistakes = read_ladder(path, load_sources(country))
    if ladder is None or mistakes:
        raise mistakes[0]
    return ladder


def read_ladder(path: Path, sources: Mapping[str, object]) -> tuple[Ladder | None, tuple[CareoError, ...]]:
    """A ladder's file, and every mistake in it; `sources` are the keys it may cite."""
    written = read_written(path)
    ladder, mistakes = build(written, Ladder)
    if ladder is None:
        return None, mistakes
    return ladder, tuple(sorted(_mistakes(written, ladder, path.stem, sources), key=line_of))


def _mistakes(written: Written, ladder: Ladder, stem: str, sources: Mapping[str, object]) -> list[CareoError]:
    found: list[CareoError] = []
    if ladder.id != stem:
        found.append(written.error(("id",), "file_id", found=ladder.id, expected=stem))
    seen: dict[str, int] = {}
    latest = date.min
    ids = [step.id for step in ladder.steps]
    for index, step in enumerate(ladder.steps):
        loc = ("steps", index)
        if step.id in seen:
            found.append(written.error((*loc, "id"), "file_id_twice", found=step.id))
        seen[step.id] = index
        if step.track and step.track not in ladder.tracks:
            found.append(
                written.error((*loc, "track"), "ladder_track", known=ladder.tracks, found=step.track)
            )
        for place, key in enumerate(step.sources):
            if key not in sources:
                found.append(
                    written.error((*loc, "sources", place), "file_source", known=map(str, sources), found=key)
                )
        if step.date and last_day(step.date) < latest:
            found.append(written.error((*loc, "date"), "ladder_order", found=step.date))
        if step.date:
            latest = max(latest, first_day(step.date))
        if step.term and step.deadline:
            found.append(written.error((*loc, "deadline"), "ladder_two_deadlines", found=step.deadline))
        if step.term and step.term.start not in ids:
            found.append(
                written.error((*loc, "term", "from"), "ladder_step", known=ids, found=step.term.start)
            )
        elif step.term and not ladder.steps[ids.index(step.term.start)].date:
            found.append(written.error((*loc, "term", "from"), "ladder_undated", found=step.term.start))
        if step.term and not (step.term.years or step.term.months or step.term.days):
            found.append(written.error((*loc, "term"), "ladder_term"))
        if step.done is not None and step.stage != "implemented":
            found.append(written.error((*loc, "done"), "ladder_done_stage", found=step.stage))
        if step.of is not None and step.done is None:
            found.append(written.error((*loc, "of"), "ladder_done", found=step.of))
        if step.done is not None and step.unit is None:
            found.append(written.error((*loc, "done"), "ladder_unit", found=step.done))
    return found


def steps_on(ladder: Ladder, day: date, track: str | None = None) -> tuple[Step, ...]:
    """The dated steps that were taken by the end of a day, oldest first; of one track when it is given.

    A step dated by month or year counts from the last day it can mean. Undated steps are not among them: nothing tells
    whether they were taken by then.
    """
    taken = [
        s for s in ladder.steps if s.date and last_day(s.date) <= day and (track is None or s.track == track)
    ]
    return tuple(sorted(taken, key=lambda step: last_day(step.date or "9999")))


def status_on(ladder: Ladder, day: date, track: str | None = None) -> Step | None:
    """The step that says how the matter stood on a day: the last one that did something; None when only words were spoken."""
    acts = [step for step in steps_on(ladder, day, track) if step.stage not in WORDS_ONLY]
    return acts[-1] if acts else None


def deadlines_on(ladder: Ladder, day: date, track: str | None = None) -> tuple[Deadline, ...]:
    """Every deadline that steps had set by a day, in order; the last one of a track is in force.

    A term counted from a step that was not taken yet sets no deadline until it is.
    """
    taken = steps_on(ladder, day)
    dates = {step.id: last_day(step.date or "") for step in taken}
    found: list[Deadline] = []
    for step in taken:
        if track is not None and step.track != track:
            continue
        if step.deadline:
            due = None if step.deadline == "none" else last_day(step.deadline)
        elif step.term and step.term.start in dates:
            due = add(dates[step.term.start], step.term)
        else:
            continue
        found.append(Deadline(step, due, moved=any(other.step.track == step.track for other in found)))
    return tuple(found)


def add(day: date, term: LegalTerm) -> date:
    """The day on which a term ends: the same day of the month so many years and months later, or the month's last; then days."""
    months = day.year * 12 + day.month - 1 + term.years * 12 + term.months
    year, month = divmod(months, 12)
    end = date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
    return end + timedelta(days=term.days)


def reached(steps: Sequence[Step], goal: str) -> tuple[Step | None, Step | None]:
    """The step that first reached a goal stage and the one that ended it later, if any; both in the order given."""
    wanted = set(CLIMB[CLIMB.index(goal) :]) if goal in CLIMB else {goal}
    hit: Step | None = None
    end: Step | None = None
    for step in steps:
        if step.stage in wanted and (hit is None or end is not None):
            hit, end = step, None  # reached for the first time, or once more after it had ended
        elif hit is not None and step.stage in ENDS and step.stage not in wanted:
            end = step
    return hit, end
