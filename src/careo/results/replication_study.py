"""A published model as a country's file tells it: its figures, how they were seen, what a re-run must give, what it is fitted to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field

from careo.base.citations import load_sources
from careo.base.errors import CareoError
from careo.base.fields import CLOSED, Verified
from careo.base.shipped import country_folder
from careo.base.yaml_files import Loc, Written, build, line_of, read_written
from careo.panel.country import load_country

Year = Annotated[int, Field(ge=1900, le=2200)]
Positive = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(gt=0, le=1)]
Keys = Annotated[tuple[str, ...], Field(min_length=1)]

SCENARIOS = ("base", "half", "double", "zero", "both", "none")
FIGURES = (
    "members_first", "members_now", "members_last", "recruits", "deaths_first", "deaths_now", "deaths_last",
    *(f"{scenario}_{what}" for scenario in SCENARIOS for what in ("size", "deaths")), "weeks_back",
)  # fmt: skip
"""What a run of the model gives."""


@dataclass(frozen=True, slots=True)
class Figure:
    """What is known of a figure of the model.

    Attributes:
        unit: "percent" is a change from the middle year to the last. network, closure: reference values.
        within, closure_within: how far a re-run may be from them [unit]; None: half a percent.
        published: a figure, or two ends. seen: how that was seen.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    unit: Literal["persons", "persons/week", "percent", "weeks"]
    network: float
    published: Annotated[tuple[float, ...], Field(max_length=2)] = ()
    seen: Verified | None = None
    within: Positive | None = None
    closure: float | None = None
    closure_within: Positive | None = None


@dataclass(frozen=True, slots=True)
class Years:
    """January of the first year, of the year the levers move in, and of the last."""

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    first: Year
    now: Year
    last: Year


@dataclass(frozen=True, slots=True)
class Trends:
    """What the model is fitted to.

    Attributes:
        homicides, reports: ids of series. deaths_share: of both, the model's deaths. observed: last year of the fit, last observed.
        missing: persons missing in the first of these, by `missing_source`, as the fit had it.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    homicides: str
    reports: str
    deaths_share: Share
    missing: Annotated[int, Field(ge=0)]
    missing_source: str
    observed: tuple[Year, Year]
    sources: Keys


@dataclass(frozen=True, slots=True)
class Closure:
    """The network as one compartment: H at the start; s at the start and in the middle year, of which the mean is used."""

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    concentration: Share
    exposure: tuple[Share, Share]
    sources: Keys


@dataclass(frozen=True, slots=True)
class Levers:
    """Factors on recruitment and on incapacitation."""

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    recruitment: Annotated[float, Field(ge=0)]
    incapacitation: Annotated[float, Field(ge=0)]


@dataclass(frozen=True, slots=True)
class PublishedModel:
    """A published model.

    Attributes:
        study, code, sweep, critiques: keys of sources. years, trends, closure: see there.
        members: at the start, that the same deaths are fitted from [persons]. scenarios: name → factors. figures: name → what is known.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    study: str
    code: str
    sweep: str
    critiques: Keys
    years: Years
    trends: Trends
    closure: Closure
    members: Annotated[tuple[Positive, ...], Field(min_length=1)]
    scenarios: Mapping[str, Levers]
    figures: Mapping[str, Figure]


def published_models(country: str = "mexico") -> tuple[str, ...]:
    """The published models of a country that can be run again, by the keys of their sources."""
    return tuple(path.stem for path in sorted((country_folder(country) / "replications").glob("*.yaml")))


@cache
def load_published_model(study: str, country: str = "mexico") -> PublishedModel:
    """A published model by the key of its source, which is one of `published_models`.

    Raises:
        DataError: the first mistake of its file; says file and line.
    """
    model, mistakes = read_published_model(
        country_folder(country) / "replications" / f"{study}.yaml", country
    )
    if model is None or mistakes:
        raise mistakes[0]
    return model


def read_published_model(
    path: Path, country: str = "mexico"
) -> tuple[PublishedModel | None, tuple[CareoError, ...]]:
    """A published model's file, and every mistake in it in the order of its lines."""
    written = read_written(path)
    model, mistakes = build(written, PublishedModel)
    if model is None:
        return None, mistakes
    return model, tuple(sorted(_mistakes(written, model, path.stem, country), key=line_of))


def _mistakes(written: Written, model: PublishedModel, name: str, country: str) -> Iterator[CareoError]:
    if model.study != name:
        yield written.error(("study",), "file_id", found=model.study, expected=name)
    sources, series = load_sources(country), load_country(country).indicators
    cited: list[tuple[Loc, str]] = [((key,), getattr(model, key)) for key in ("study", "code", "sweep")]
    cited.append((("trends", "missing_source"), model.trends.missing_source))
    parts = ((("critiques",), model.critiques), (("trends", "sources"), model.trends.sources),
             (("closure", "sources"), model.closure.sources))  # fmt: skip
    cited += [((*loc, place), key) for loc, keys in parts for place, key in enumerate(keys)]
    for loc, key in cited:
        if key not in sources:
            yield written.error(loc, "file_source", known=sources, found=key)
    for key in ("homicides", "reports"):
        if getattr(model.trends, key) not in series:
            found = getattr(model.trends, key)
            yield written.error(("trends", key), "parameters_series", known=series, found=found)
    if not model.years.first < model.years.now < model.years.last:
        yield written.error(("years",), "strategy_order")
    first, last = model.trends.observed
    if not model.years.first <= first < model.years.now <= last < model.years.last:
        yield written.error(("trends", "observed"), "strategy_order")
    for part, known in (("scenarios", SCENARIOS), ("figures", FIGURES)):
        given = getattr(model, part)
        for key in known:
            if key not in given:
                yield written.error((part, key), "file_missing", fix="file_add")
        for key in given:
            if key not in known:
                yield written.error((part, key), "file_unknown_key", known=known, found=key)
    base = model.scenarios.get("base")
    if base and base != Levers(1, 1):
        yield written.error(
            ("scenarios", "base"), "replicate_base", expected="recruitment: 1, incapacitation: 1"
        )
    for key, figure in model.figures.items():
        if figure.published and figure.seen is None:
            yield written.error(("figures", key, "seen"), "file_missing", fix="file_add")
        if (figure.unit == "percent") != key.endswith(("_size", "_deaths")):
            yield written.error(("figures", key, "unit"), "replicate_unit", found=figure.unit)
