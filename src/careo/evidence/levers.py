"""Levers: what can be done, on which mechanism it works, how surely, how late and at what cost; each file cited and graded.

Every mean and standard deviation is somebody's judgement built on studies, and the file has to say whose; the floor by
grade (`effects.least_sd`) is enforced while a file is read.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, ConfigDict, Field

from careo.base.citations import load_sources
from careo.base.errors import CareoError
from careo.base.fields import CLOSED, Verified, Words
from careo.base.shipped import country_folder
from careo.base.yaml_files import Loc, Written, build, read_written, refuse
from careo.evidence.effects import (
    KAPPA,
    MECHANISMS,
    SMALLEST_MEAN,
    SOME,
    Effect,
    Grade,
    Lag,
    Link,
    Prior,
    least_sd,
    too_sure,
)
from careo.evidence.studies import Study, load_studies

_STUDIES = "studies.yaml"
Family = Literal["prevention", "coercion", "neither"]


def _code(text: str) -> str:
    if not re.fullmatch(r"[A-Z]{1,3}\d{1,3}", text):
        raise refuse("file_choice", expected="L1 … L999")
    return text


@dataclass(frozen=True, slots=True)
class DoseUnit:
    """The unit of a dose; one of it is a full dose (u = 1)."""

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    name: Words
    symbol: str


@dataclass(frozen=True, slots=True)
class Cost:
    """What a full dose costs, in the whole country.

    Attributes:
        value, low, high: [currency of `price_year`; per year, or per event where the lever's dose is one].
        basis: how it was found. judgement: it is ours; then grade D. sources: keys of what it starts from.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    value: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    low: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    high: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    currency: str
    price_year: Annotated[int, Field(ge=1900, le=2100)]
    basis: Words
    per: Literal["year", "event"] = "year"
    judgement: bool = True
    grade: Grade = "D"
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Interaction:
    """What this lever's effect depends on: another lever (by id), or a mechanism."""

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    partner: Annotated[str, Field(alias="with")]
    note: Words


@dataclass(frozen=True, slots=True)
class Lever:
    """A measure that can be dosed.

    Attributes:
        id: its name, unique in a country. code: its short name (L7). name, what: in words.
        family: "coercion": it works by force or the threat of it, by arrest, trial or punishment; "prevention": it works before or
            instead, on why people join, stay or offend again; "neither": laws, money flows, institutions, other governments. careo's
            own classification, as of the lines of money; None: nobody has classed it.
        full_dose: what u = 1 means. dose_unit: one unit is u = 1. dose_kind: a level held over months, or events counted by
            month (then an effect holds after each event at full height; it is not spread over its window).
        effects, links: priors, see `Effect` and `Link`. lag: of all effects that name none of their own.
        grade: of the evidence as a whole. grade_note: where that needs words.
        evidence_from: where it was estimated: "here" (this country), "elsewhere", "both", "simulation", "none".
        prior_basis: whose judgement the priors are and what they are built on.
        sign_open: why the sign is open, or how studies conflict; None where neither is so.
        rights: how it touches rights, which are never traded; None where it does not.
        studies: keys. sources: keys of further sources. unverified: what was not checked.
        interactions: see `Interaction`. cost: see `Cost`; None: a search refuses the lever. verified: how the row is known.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    id: str
    code: Annotated[str, AfterValidator(_code)]
    name: Words
    what: Words
    full_dose: Words
    dose_unit: DoseUnit
    effects: Annotated[tuple[Effect, ...], SOME]
    lag: Lag
    grade: Grade
    evidence_from: Literal["here", "elsewhere", "both", "simulation", "none"]
    prior_basis: Words
    unverified: Words
    sources: Annotated[tuple[str, ...], SOME]
    verified: Verified
    family: Family | None = None
    dose_kind: Literal["level", "event"] = "level"
    studies: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()
    interactions: tuple[Interaction, ...] = ()
    grade_note: Words | None = None
    sign_open: Words | None = None
    rights: Words | None = None
    cost: Cost | None = None
    note: Words | None = None

    @property
    def transported(self) -> bool:
        """Whether any of its evidence was estimated elsewhere."""
        return self.evidence_from in ("elsewhere", "both")


def load_levers(country: str = "mexico") -> Mapping[str, Lever]:
    """The levers of a country by id, in order of code; none for a country without a folder of them.

    Raises:
        DataError: a file is broken, or surer than its grade allows; says file and line.
    """
    return _load(country)


@cache
def _load(country: str) -> Mapping[str, Lever]:
    studies, sources = load_studies(country), load_sources(country)
    levers: dict[str, Lever] = {}
    codes: dict[str, str] = {}
    for path in _files(country_folder(country) / "levers"):
        lever, mistakes = read_lever(path, studies, sources)
        if lever is None or mistakes:
            raise mistakes[0]
        if lever.code in codes:
            written = read_written(path)
            raise written.error(("code",), "lever_code_twice", found=lever.code, other=codes[lever.code])
        codes[lever.code] = lever.id
        levers[lever.id] = lever
    ordered = sorted(levers.values(), key=lambda lever: _order(lever.code))
    return MappingProxyType({lever.id: lever for lever in ordered})


def find_lever(name: str, country: str = "mexico") -> Lever:
    """A lever by its id or its code, in any case.

    Raises:
        CareoError: there is none of this name; suggests the nearest.
    """
    levers = load_levers(country)
    asked = re.sub(r"[\s_]+", "-", name.strip()).lower()
    by_name = {key: lever for lever in levers.values() for key in (lever.id.lower(), lever.code.lower())}
    if asked in by_name:
        return by_name[asked]
    guess = _nearest(asked, levers.values())
    raise CareoError(
        "usage_lever",
        found=repr(name[:60]),
        fix="did_you_mean" if guess else "levers",
        guess=guess,
    )


def _nearest(asked: str, levers: Iterable[Lever]) -> str:
    from difflib import get_close_matches

    words = {lever.id: lever for lever in levers}
    for key, lever in words.items():  # the beginning of a name, or a word of it, is what somebody types first
        if len(asked) > 2 and (key.startswith(asked) or asked in key.split("-")):
            return lever.id
    near = get_close_matches(asked, words, n=1, cutoff=0.5)
    return near[0] if near else ""


def _files(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.glob("*.yaml")) if path.name != _STUDIES]


def _order(code: str) -> tuple[str, int]:
    letters = code.rstrip("0123456789")
    return letters, int(code[len(letters) :])


# ── one file ─────────────────────────────────────────────────────────────────────────────────────────────────────


def read_lever(
    path: Path, studies: Mapping[str, Study], sources: Mapping[str, object]
) -> tuple[Lever | None, tuple[CareoError, ...]]:
    """A lever's file, and every mistake in it; `studies` and `sources` are the keys it may cite."""
    written = read_written(path)
    lever, mistakes = build(written, Lever)
    if lever is None:
        return None, mistakes
    ids = {other.stem for other in _files(path.parent)} | MECHANISMS.keys()
    found = [*_unsure(written, lever), *_unknown(written, lever, path.stem, ids, studies, sources)]
    return lever, tuple(found)


def _unsure(written: Written, lever: Lever) -> Iterator[CareoError]:
    """Laws without their numbers, and priors that are surer than their grade."""
    for index, effect in enumerate(lever.effects):
        loc: Loc = ("effects", index)
        given = {name for name in ("mean", "sd", "a", "b") if getattr(effect, name) is not None}
        wanted = {"normal": {"mean", "sd"}, "beta_log_share": {"a", "b"}, "structural": given & {"mean"}}
        if given != wanted[effect.law]:
            needed = {"normal": "mean, sd", "beta_log_share": "a, b", "structural": "mean | –"}[effect.law]
            yield written.error(
                (*loc, "law"),
                "lever_law",
                law=effect.law,
                found=", ".join(sorted(given)) or "–",
                expected=needed,
            )
        grade = effect.grade or lever.grade
        if effect.law == "normal" and too_sure(effect, grade):
            yield _floor(written, (*loc, "sd"), effect, grade)
        if effect.rebound and too_sure(effect.rebound, grade):
            yield _floor(written, (*loc, "rebound", "sd"), effect.rebound, grade)
        if (
            effect.from_month is not None
            and effect.to_month is not None
            and effect.from_month >= effect.to_month
        ):
            yield written.error((*loc, "to_month"), "lever_window", found=effect.to_month)
    for index, link in enumerate(lever.links):
        if too_sure(link, link.grade or lever.grade):
            yield _floor(written, ("links", index, "sd"), link, link.grade or lever.grade)


def _floor(written: Written, loc: Loc, prior: Prior, grade: str) -> CareoError:
    mean = prior.mean or 0.0
    least = (
        math.ceil(round(least_sd(grade, mean) * 1e6, 3)) / 1e6
    )  # what is printed must pass when it is written
    return written.error(
        loc,
        "lever_floor",
        grade=grade,
        kappa=f"{KAPPA[grade]:g}",
        mean=f"{mean:g}",
        smallest=f"{SMALLEST_MEAN:g}",
        least=f"{least:.10g}",
        expected=f"≥ {least:.10g}",
        found=f"{prior.sd:g}",
        fix="lever_floor",
    )


def _unknown(
    written: Written,
    lever: Lever,
    stem: str,
    ids: set[str],
    studies: Mapping[str, Study],
    sources: Mapping[str, object],
) -> Iterator[CareoError]:
    """References to what does not exist, and numbers of a cost that contradict each other."""
    if lever.id != stem:
        yield written.error(("id",), "file_id", found=lever.id, expected=stem)
    for index, key in enumerate(lever.studies):
        if key not in studies:
            yield written.error(("studies", index), "lever_study", known=studies, found=key)
    cited: list[tuple[Loc, str]] = [(("sources", index), key) for index, key in enumerate(lever.sources)]
    if lever.cost:
        cited += [(("cost", "sources", index), key) for index, key in enumerate(lever.cost.sources)]
    for loc, key in cited:
        if key not in sources:
            yield written.error(loc, "file_source", known=map(str, sources), found=key)
    for index, interaction in enumerate(lever.interactions):
        if interaction.partner not in ids:
            yield written.error(
                ("interactions", index, "with"), "lever_partner", known=ids, found=interaction.partner
            )
    cost = lever.cost
    if cost and not cost.low <= cost.value <= cost.high:
        yield written.error(
            ("cost", "low"), "lever_cost", found=f"{cost.low:g}, {cost.value:g}, {cost.high:g}"
        )
    if cost and cost.judgement and cost.grade != "D":
        yield written.error(("cost", "grade"), "lever_cost_grade", found=cost.grade)
    if cost and not cost.judgement and not cost.sources:
        yield written.error(("cost", "sources"), "lever_cost_source")
