"""Replays: files that say which measures of a strategy, delivered and dated, a forecast from before them is held against.

A replay names an origin (the last month that may be seen), the last month that is looked at, and measures of a strategy that
all begin after the origin: what was in force before belongs to the history. What cannot be dosed is named, with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field

from careo.base.citations import load_sources
from careo.base.errors import CareoError, DataError
from careo.base.fields import CLOSED, DateText, Slug, Verified, Words, first_day, last_day
from careo.base.files import is_file
from careo.base.shipped import country_folder
from careo.base.yaml_files import Written, build, line_of, read_written
from careo.record.strategy import Strategy, load_strategy, sources_of, strategies

SCHEMA = "careo.replay/1"


@dataclass(frozen=True, slots=True)
class CountedDose:
    """A measure of the nation whose dose in each state and month the record counts.

    Attributes:
        indicator: a monthly series by state of what was there, such as deployed guards. inhabitants: to how many of them a count of 1 is
            one dose unit.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    indicator: str
    inhabitants: Annotated[float, Field(gt=0)]


@dataclass(frozen=True, slots=True)
class NotDosed:
    """What was also done and stands in no measure of the replay, and why."""

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    what: Words
    why: Words
    sources: Annotated[tuple[str, ...], Field(min_length=1)]
    verified: Verified


@dataclass(frozen=True, slots=True)
class ReplayCase:
    """A replay as its file has it.

    Attributes:
        origin: the last month that may be seen; why. until: the last month looked at; why.
        strategy: whose measures. measures: their ids; each has a dose and begins after the origin.
        by_state: measure → where its dose by state and month is counted. not_dosed: what else was done. notes: of the compiler.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    schema: Literal["careo.replay/1"]
    slug: Slug
    country: str
    title: Words
    compiled: DateText
    origin: DateText
    origin_why: Words
    until: DateText
    until_why: Words
    strategy: Slug
    measures: Annotated[tuple[str, ...], Field(min_length=1)]
    by_state: Mapping[str, CountedDose] = field(default_factory=dict[str, CountedDose])
    not_dosed: tuple[NotDosed, ...] = ()
    notes: tuple[Words, ...] = ()

    @property
    def origin_month(self) -> date:
        """The last month that may be seen, by its first day."""
        return first_day(self.origin).replace(day=1)

    @property
    def start(self) -> date:
        """The month after the origin, by its first day."""
        return (last_day(self.origin) + timedelta(days=1)).replace(day=1)

    @property
    def months(self) -> int:
        """How many months are looked at."""
        last = last_day(self.until)
        return (last.year - self.start.year) * 12 + last.month - self.start.month + 1


def replays(country: str = "mexico") -> tuple[str, ...]:
    """The names of the replays shipped for a country."""
    return tuple(path.stem for path in sorted((country_folder(country) / "replays").glob("*.yaml")))


def load_replay(name: str | Path, country: str = "mexico") -> ReplayCase:
    """A shipped replay by its slug, or one of a file.

    Raises:
        DataError: there is no such replay; or its file is broken, with the first mistake.
    """
    path = _find(name, country)
    case, mistakes = read_replay(path, country)
    if case is None or mistakes:
        raise mistakes[0]
    return case


def read_replay(path: Path, country: str = "mexico") -> tuple[ReplayCase | None, tuple[CareoError, ...]]:
    """A replay's file and every mistake in it, in the order of its lines."""
    written = read_written(path)
    case, mistakes = build(written, ReplayCase)
    if case is None:
        return None, mistakes
    return case, tuple(sorted(_mistakes(written, case, country), key=line_of))


def _find(name: str | Path, country: str) -> Path:
    from difflib import get_close_matches

    known = replays(country)
    if str(name) in known:
        return country_folder(country) / "replays" / f"{name}.yaml"
    path = Path(name)
    if is_file(path):
        return path
    guess = get_close_matches(str(name), known, n=1)
    raise DataError(
        "replay_unknown", expected=" | ".join(known), found=repr(str(name)[:60]),
        fix="did_you_mean" if guess else "", guess=guess[0] if guess else "",
    )  # fmt: skip


def _mistakes(written: Written, case: ReplayCase, country: str) -> list[CareoError]:
    found: list[CareoError] = []
    for name in ("origin", "until"):
        text = getattr(case, name)
        if len(text) != len("2008-02"):
            found.append(written.error((name,), "replay_month", expected="2008-02", found=text))
    if not found and case.months < 1:
        found.append(written.error(("until",), "strategy_period", found=case.until))
    if case.strategy not in strategies(country):
        return [
            *found,
            written.error(("strategy",), "strategy_unknown", known=strategies(country), found=case.strategy),
        ]
    strategy = load_strategy(case.strategy, country)
    if case.country != strategy.country:
        found.append(
            written.error(("country",), "strategy_country", found=case.country, expected=strategy.country)
        )
    found += _mistaken_measures(written, case, strategy)
    known = {**load_sources(country), **sources_of(strategy, country)}
    for index, each in enumerate(case.not_dosed):
        for at, key in enumerate(each.sources):
            if key not in known:
                loc = ("not_dosed", index, "sources", at)
                found.append(written.error(loc, "file_source", known=known, found=key))
    return found


def _mistaken_measures(written: Written, case: ReplayCase, strategy: Strategy) -> list[CareoError]:
    found: list[CareoError] = []
    measures = {measure.id: measure for measure in strategy.measures}
    for index, name in enumerate(case.measures):
        loc = ("measures", index)
        measure = measures.get(name)
        if measure is None or name in case.measures[:index]:
            key = "replay_measure" if measure is None else "scenario_overlap"
            found.append(written.error(loc, key, known=measures, found=name))
        elif measure.dose is None:
            found.append(written.error(loc, "replay_no_dose", found=name))
        elif measure.start is None or last_day(measure.start) < case.start:
            found.append(
                written.error(
                    loc, "replay_before", found=f"{name}: {measure.start}", expected=f"≥ {case.start:%Y-%m}"
                )
            )
    for name in case.by_state:
        if name not in case.measures:
            found.append(written.error(("by_state", name), "replay_measure", known=case.measures, found=name))
        elif name in measures and measures[name].where != "nation":
            found.append(written.error(("by_state", name), "replay_not_national", found=name))
    return found
