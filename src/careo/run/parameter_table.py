"""The table of the core's parameters: a country's `parameters.yaml`, read with every mistake named, and told in words.

Each parameter has a symbol, a unit, a law with its numbers, its sources or numbered assumptions, a grade, and whether any series of
counts could tell it. Most of them no series can tell: their priors are all there is. `run/parameters.py` draws from the table.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Annotated, ClassVar, Literal, NamedTuple, get_args

from pydantic import ConfigDict, Field

from careo.base.citations import load_sources
from careo.base.errors import CareoError, DataError
from careo.base.fields import CLOSED, Words, worded
from careo.base.shipped import laboratory_file
from careo.base.texts import say
from careo.base.yaml_files import Loc, Written, build, line_of, read_written
from careo.evidence.effects import Grade
from careo.panel import load_country

Law = Literal["fixed", "normal", "lognormal", "beta", "gamma", "uniform"]

_NATIONAL = frozenset(
    {"members", "prisoners", "young_men", "arrests", "captures"}
)  # what a series can be multiplied by
_HAZARDS = frozenset(
    {"recruitment_hazard", "published_losses", "growth_shift", "saturation", "exit_hazard", "migration"}
)

LAWS: Mapping[str, tuple[str, ...]] = {
    "fixed": ("value",), "normal": ("mean", "sd"), "lognormal": ("median", "log_sd"), "beta": ("a", "b"),
    "gamma": ("shape", "scale"), "uniform": ("low", "high"),
}  # fmt: skip
"""Law → its numbers; in the order that `law_quantiles` counts them."""
_NUMBERS = tuple(name for names in LAWS.values() for name in names)

Support = Literal["any", "positive", "several", "share"]


_BOUNDS: Mapping[Support, tuple[float, float]] = {
    "any": (-math.inf, math.inf), "positive": (0.0, math.inf), "several": (1.0, math.inf), "share": (0.0, 1.0),
}  # fmt: skip


Outcome = Literal["homicides", "disappearances", "extortion", "kidnapping", "rights_complaints"]

OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
_CORE: tuple[Outcome, ...] = ("homicides", "disappearances", "extortion", "kidnapping")
_CROWD: tuple[Outcome, ...] = ("extortion", "kidnapping")
_COMPANIONS: tuple[Outcome, ...] = ("disappearances", "extortion", "kidnapping", "rights_complaints")


class _Slot(NamedTuple):
    """Where a parameter is drawn, and what it can be: `number` is its address of luck for ever, never another's."""

    number: int
    support: Support
    fixed: bool = False  # one number for all draws
    moves: tuple[Outcome, ...] = (
        _CORE  # the outcomes whose difference between strategies depends on it; a test proves it
    )


SLOTS: Mapping[str, _Slot] = {
    "members": _Slot(0, "positive"),
    "prisoners": _Slot(1, "positive"),
    "groups": _Slot(2, "several", fixed=True),
    "groups_exponent": _Slot(3, "share", fixed=True),
    "groups_least": _Slot(4, "several", fixed=True),
    "young_men": _Slot(5, "positive", fixed=True, moves=()),
    "arrests": _Slot(6, "positive", fixed=True),
    "captures": _Slot(7, "positive", fixed=True),
    "organised_share": _Slot(8, "share"),
    "recruitment_hazard": _Slot(9, "positive"),
    "published_losses": _Slot(10, "positive", fixed=True),
    "growth_shift": _Slot(11, "any"),
    "recruitment_exponent": _Slot(12, "share"),
    "recruitment_rent_exponent": _Slot(13, "any"),
    "conflict_rent_exponent": _Slot(14, "any"),
    "saturation": _Slot(15, "positive"),
    "published_members": _Slot(16, "positive", fixed=True),
    "capture_share": _Slot(17, "share"),
    "exit_hazard": _Slot(18, "positive"),
    "recidivism": _Slot(19, "share"),
    "prison_months": _Slot(20, "positive"),
    "fragmentation": _Slot(21, "positive"),
    "groups_return_months": _Slot(22, "positive"),
    "migration": _Slot(23, "positive"),
    "extortion_exponent": _Slot(25, "any", moves=_CROWD),
    "clearance_elasticity": _Slot(26, "any"),
    "overdispersion": _Slot(27, "positive", moves=_COMPANIONS),
}  # fmt: skip

RETIRED_NUMBERS = frozenset({24})
"""Addresses of luck of parameters that are gone: never another's."""


Finite = Annotated[float, Field(allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One row of the table.

    Attributes:
        name, symbol, unit: in words. law: see `LAWS`, with its numbers; of a log-normal one `median` and the deviation of the logarithm.
        of: a series of the record the number is multiplied by. per: of a hazard, the time it is of.
        grade: A to D. identified: whether any series of counts could tell it. sources: keys. assumptions: keys in the same file.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    name: Words
    symbol: str
    unit: Words
    law: Law
    grade: Grade
    identified: bool
    value: Finite | None = None
    mean: Finite | None = None
    sd: Positive | None = None
    median: Positive | None = None
    log_sd: Positive | None = None
    a: Positive | None = None
    b: Positive | None = None
    shape: Positive | None = None
    scale: Positive | None = None
    low: Finite | None = None
    high: Finite | None = None
    of: str | None = None
    per: Literal["week", "month"] = "month"
    sources: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """The parameters of a country by id, and the assumptions they name."""

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    parameters: Mapping[str, Parameter]
    assumptions: Mapping[str, Words] = field(default_factory=dict[str, Words])


@cache
def load_table(country: str = "mexico") -> Table:
    """The table of a country.

    Raises:
        DataError: the first mistake in it; says file and line.
    """
    table, mistakes = read_table(laboratory_file(country, "parameters.yaml"), country)
    if table is None or mistakes:
        raise mistakes[0]
    return table


def read_table(path: Path, country: str = "mexico") -> tuple[Table | None, tuple[CareoError, ...]]:
    """A table, and every mistake in it in the order of its lines."""
    written = read_written(path)
    table, mistakes = build(written, Table)
    if table is None:
        return None, mistakes
    return table, tuple(sorted(_mistakes(written, table, country), key=line_of))


def _mistakes(written: Written, table: Table, country: str) -> Iterator[CareoError]:
    for name in SLOTS.keys() - table.parameters.keys():
        yield written.error(("parameters", name), "file_missing", fix="file_add")
    for name, parameter in table.parameters.items():
        if name not in SLOTS:
            yield written.error(("parameters", name), "file_unknown_key", known=SLOTS, found=name)
        else:
            yield from _of_law(written, name, parameter)
            yield from _of_uses(written, name, parameter, country)
            yield from _of_origin(written, name, parameter, table, country)
    used = {key for p in table.parameters.values() for key in p.assumptions}
    for key in table.assumptions.keys() - used:
        yield written.error(("assumptions", key), "parameters_unused", found=key)


def _of_law(written: Written, name: str, p: Parameter) -> Iterator[DataError]:
    """Laws without their numbers or with others', and laws that can give what the parameter cannot be."""
    here: Loc = ("parameters", name)
    slot, wanted = SLOTS[name], LAWS[p.law]
    given = [number for number in _NUMBERS if getattr(p, number) is not None]
    if set(given) != set(wanted):
        found = ", ".join(given) or "–"
        yield written.error(
            (*here, "law"), "parameters_law", law=p.law, expected=", ".join(wanted), found=found
        )
        return
    if slot.fixed and p.law != "fixed":
        yield written.error((*here, "law"), "parameters_fixed", expected="fixed", found=p.law)
        return
    if p.low is not None and p.high is not None and p.low >= p.high:
        yield written.error((*here, "high"), "parameters_range", expected=f"> {p.low:g}", found=f"{p.high:g}")
        return
    lowest, highest = _range(p)
    least, most = _BOUNDS[slot.support]
    reached = p.law in ("fixed", "uniform") and slot.support in ("positive", "several") and lowest <= least
    if lowest < least or highest > most or reached:
        yield written.error(
            (*here, "value" if p.law == "fixed" else "law"),
            "parameters_support",
            expected=f"{least:g} … {most:g}" if slot.support == "share" else f"> {least:g}",
            found=f"{lowest:g}" if lowest == highest else f"{lowest:g} … {highest:g}",
        )


def _range(p: Parameter) -> tuple[float, float]:
    """What the law can give, at least and at most."""
    if p.law == "fixed":
        return p.value or 0.0, p.value or 0.0
    if p.law == "uniform":
        return p.low or 0.0, p.high or 0.0
    return {
        "normal": (-math.inf, math.inf), "lognormal": (0.0, math.inf), "gamma": (0.0, math.inf), "beta": (0.0, 1.0),
    }[p.law]  # fmt: skip


def _of_uses(written: Written, name: str, p: Parameter, country: str) -> Iterator[DataError]:
    """Series that do not exist, and keys that mean nothing for this parameter."""
    here: Loc = ("parameters", name)
    if p.per == "week" and name not in _HAZARDS:
        yield written.error((*here, "per"), "parameters_per", found=p.per)
    if p.of is not None:
        known = load_country(country).indicators
        if name not in _NATIONAL:
            yield written.error(
                (*here, "of"), "parameters_of", expected=" | ".join(sorted(_NATIONAL)), found=name
            )
        elif p.of not in known:
            yield written.error((*here, "of"), "parameters_series", known=known, found=p.of)


def _of_origin(written: Written, name: str, p: Parameter, table: Table, country: str) -> Iterator[DataError]:
    """Numbers that come from nowhere, and origins that do not exist."""
    here: Loc = ("parameters", name)
    if not p.sources and not p.assumptions:
        yield written.error(here, "parameters_unsourced", fix="parameters_unsourced")
    cited = load_sources(country)
    for index, key in enumerate(p.sources):
        if key not in cited:
            yield written.error((*here, "sources", index), "file_source", known=cited, found=key)
    for index, key in enumerate(p.assumptions):
        if key not in table.assumptions:
            yield written.error(
                (*here, "assumptions", index), "parameters_assumption", known=table.assumptions, found=key
            )


@dataclass(frozen=True)
class ParameterRow:
    """A parameter for a page.

    Attributes:
        id, name, symbol, unit: what it is. law: its law in words. low, high: its 5% and 95% points [unit], equal where it is fixed.
        sources: keys. assumptions: number → text. grade: A to D. identified: whether any series of counts could tell it.
        per: "week" where it is a hazard of a week, else "month".
        moves: the outcomes whose difference between strategies depends on it.
    """

    id: str
    name: str
    symbol: str
    unit: str
    law: str
    low: float
    high: float
    sources: tuple[str, ...]
    assumptions: Mapping[str, str]
    grade: Grade
    identified: bool
    per: Literal["week", "month"]
    moves: tuple[Outcome, ...]


def parameter_rows(language: str, country: str = "mexico") -> tuple[ParameterRow, ...]:
    """The table in a language, in its order, for a page.

    Raises:
        DataError: a mistake in the table; says file and line.
    """
    table = load_table(country)
    return tuple(
        ParameterRow(
            id=name,
            name=worded(p.name, language),
            symbol=p.symbol,
            unit=worded(p.unit, language),
            law=_law_words(p, language, country),
            low=quantile(p, 0.05),
            high=quantile(p, 0.95),
            sources=p.sources,
            assumptions={a: worded(table.assumptions[a], language) for a in p.assumptions},
            grade=p.grade,
            identified=p.identified,
            per=p.per,
            moves=SLOTS[name].moves,
        )
        for name, p in table.parameters.items()
    )


def _law_words(p: Parameter, language: str, country: str) -> str:
    numbers = {name: f"{getattr(p, name):,.7g}" for name in LAWS[p.law]}
    words = say(language, f"parameters.law.{p.law}", **numbers)
    if p.of is None:
        return words
    series = worded(load_country(country).indicators[p.of].name, language)
    return say(language, "parameters.of", law=words, series=series)


def find_parameter(name: str, language: str, country: str = "mexico") -> ParameterRow:
    """A parameter by its id or its symbol.

    Raises:
        CareoError: there is none of this name; suggests the nearest. DataError: a mistake in the table.
    """
    rows = parameter_rows(language, country)
    asked = name.strip()
    found = [row for row in rows if asked == row.symbol or asked.lower().replace("-", "_") == row.id]
    if found:
        return found[0]
    guess = get_close_matches(asked.lower(), [row.id for row in rows], n=1)
    raise CareoError(
        "parameters_unknown", found=repr(asked[:60]), fix="did_you_mean" if guess else "parameters",
        guess=guess[0] if guess else "",
    )  # fmt: skip


def quantile(parameter: Parameter, u: float) -> float:
    """The point below which a parameter stands with probability u [its unit]; the number itself where it is fixed."""
    import numpy as np

    from careo.model.laws import law_quantiles

    return float(law_quantiles(*law_numbers(parameter), np.array([[u]]))[0, 0])


def law_numbers(parameter: Parameter) -> tuple[int, float, float]:
    """A parameter's law as `law_quantiles` counts them, and its first and last number: the arguments of `law_quantiles`."""
    numbers = [getattr(parameter, name) for name in LAWS[parameter.law]]
    return list(LAWS).index(parameter.law), float(numbers[0]), float(numbers[-1])
