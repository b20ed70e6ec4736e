"""Studies of effects: who found what where, by which design, and how it was seen; numbers as the study gives them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field

from careo.base.citations import load_sources
from careo.base.errors import CareoError
from careo.base.fields import CLOSED, Words
from careo.base.shipped import country_folder
from careo.base.yaml_files import Written, build, read_written
from careo.evidence.effects import SOME, Finite, Grade, Level, Mechanism

Design = Literal[
    "randomised", "discontinuity", "instrument", "differences", "synthetic_control", "time_series", "panel", "matching",
    "survey", "meta_analysis", "review", "simulation", "descriptive",
]  # fmt: skip
Metric = Literal[
    "log_points", "relative_change", "rate_ratio", "elasticity", "percentage_points", "per_100k", "deaths", "deaths_per_year",
    "homicides_per_year", "standard_deviations", "share_of_rise",
]  # fmt: skip
Known = Literal["read", "excerpt", "memory", "computed"]
"""How a finding is known: read in full, seen in an abstract or excerpt, recalled and not checked, computed by us."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """One number of a study.

    Attributes:
        outcome: of what. metric: how it is expressed; changes are parts of one (0.8 for +80%).
        value: as given; None where only a range is. low, high: interval or range, as given.
        coverage: of the interval (0.95); None: the ends of a range, or not said.
        of_neighbours: of places beside the treated ones, not of these. speaks_to: the mechanism it bears on. level: where. indirect: another outcome or place than the prior's, shown hollow.
        to_dose: how many of the study's units make a full dose (−1: the other way round).
        verified: how the number is known. note: what it rests on.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    outcome: Words
    metric: Metric
    speaks_to: Mechanism
    verified: Known
    value: Finite | None = None
    low: Finite | None = None
    high: Finite | None = None
    coverage: Annotated[float, Field(gt=0, lt=1)] | None = None
    level: Level | None = None
    indirect: bool = False
    of_neighbours: bool = False
    to_dose: Finite = 1.0
    note: Words | None = None


@dataclass(frozen=True, slots=True)
class Study:
    """A study, a review, or a simulation.

    Attributes:
        key: unique, also the key of its source. authors, year, appeared: as printed; "" when not known.
        about: what it studies, in our words. design, place, outcome, result: how, where, of what, and what was found.
        speaks_to: mechanisms it bears on. estimates: its numbers, also those that cannot be drawn.
        verified: how the finding is known. note: what a reader must know.
        sources: keys; empty: its own key is one. grade, lever: of an evaluation of our own, and what it bears on; studies of
            others are named and graded by their levers.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    key: str
    authors: str
    about: Words
    design: Design
    place: Words
    outcome: Words
    result: Words
    speaks_to: Annotated[tuple[Mechanism, ...], SOME]
    verified: Known
    year: str = ""
    appeared: str = ""
    estimates: tuple[Estimate, ...] = ()
    note: Words | None = None
    sources: tuple[str, ...] = ()
    grade: Grade | None = None
    lever: str | None = None

    @property
    def cited(self) -> tuple[str, ...]:
        """Keys of its sources."""
        return self.sources or (self.key,)


@dataclass(frozen=True, slots=True)
class _File:
    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    studies: tuple[Study, ...]


def load_studies(country: str = "mexico") -> Mapping[str, Study]:
    """The studies of a country's levers by key, as `levers/studies.yaml` has them; none for a country without that file.

    Raises:
        DataError: the file is broken; says file and line.
    """
    return _load(country)


@cache
def _load(country: str) -> Mapping[str, Study]:
    path = country_folder(country) / "levers" / "studies.yaml"
    if not path.is_file():
        return MappingProxyType({})
    studies, mistakes = read_studies(path, load_sources(country))
    if mistakes:
        raise mistakes[0]
    return MappingProxyType({study.key: study for study in studies})


def read_studies(
    path: Path, sources: Mapping[str, object]
) -> tuple[tuple[Study, ...], tuple[CareoError, ...]]:
    """The studies of a file, and every mistake in it; `sources` are the keys it may cite."""
    written = read_written(path)
    file, mistakes = build(written, _File)
    if file is None:
        return (), mistakes
    return file.studies, tuple(_mistakes(written, file.studies, sources))


def _mistakes(
    written: Written, studies: tuple[Study, ...], sources: Mapping[str, object]
) -> list[CareoError]:
    found: list[CareoError] = []
    seen: set[str] = set()
    for index, study in enumerate(studies):
        loc = ("studies", index)
        if study.key in seen:
            found.append(written.error((*loc, "key"), "file_id_twice", found=study.key))
        seen.add(study.key)
        for place, key in enumerate(study.cited):
            if key not in sources:
                at = (*loc, "sources", place) if study.sources else (*loc, "key")
                found.append(written.error(at, "file_source", known=map(str, sources), found=key))
        for place, estimate in enumerate(study.estimates):
            at = (*loc, "estimates", place)
            ends = [end for end in (estimate.low, estimate.value, estimate.high) if end is not None]
            if estimate.value is None and (estimate.low is None or estimate.high is None):
                found.append(written.error((*at, "value"), "study_number"))
            if ends != sorted(ends):
                found.append(
                    written.error((*at, "low"), "study_order", found=", ".join(f"{end:g}" for end in ends))
                )
            floor = {"relative_change": -1.0, "rate_ratio": 0.0}.get(estimate.metric)
            if floor is not None and ends and min(ends) <= floor:
                found.append(
                    written.error((*at, "value"), "study_below", found=min(ends), expected=f"> {floor:g}")
                )
    return found


def log_points(estimate: Estimate) -> tuple[float | None, float | None, float | None] | None:
    """Value, low and high at a full dose [log points], low below high; None when the metric says nothing of a ratio."""
    turn = {
        "log_points": lambda x: x,
        "relative_change": math.log1p,
        "rate_ratio": math.log,
    }.get(estimate.metric)
    if turn is None:
        return None
    value, low, high = (
        None if x is None else turn(x) * estimate.to_dose
        for x in (estimate.value, estimate.low, estimate.high)
    )
    return (value, high, low) if estimate.to_dose < 0 else (value, low, high)
