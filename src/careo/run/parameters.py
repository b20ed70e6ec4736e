"""The parameters of the mechanistic core: one cited table by country, and draws from it that are the same in every block.

The table is the country's `parameters.yaml`: symbol, unit, law and numbers of each parameter, its sources or numbered assumptions, its
grade, and whether any series of counts could tell it. Most of them no series can tell: their priors are all there is.

A national number becomes a state's so (i state, d draw; s a state's share of all homicides of the last twelve observed months, plus ½):

    members_id   = M_d s_i q_id / Σ_j s_j q_jd           (prisoners likewise; q the organised share, s q stands for organised-crime homicides)
    arrests_i, captures_i = national · s_i               groups_i = max(N_min, N* s_i^γ)
    saturation_d = ω_pub (M_pub / N*) M_d / Σ_i members_id² / groups_i                    (the published share of members drops out)
    recruitment_hazard_d = max(ρ_pub / 10, ρ_pub + λ_d − λ_pub + Δg_d) · M_d / Σ_i members_id^a V_i^(1−a)
    λ_d = [π A + Σ_i q_id y_i + ω_pub M_pub M_d / N* + κ0 M_d − r Σ P / τ_P] / M_d        (what members lose in month 0; y homicides)

so that the nation's members begin to grow as fast as in the published model whatever their number, which no count identifies. Shares and
sums are over all states of the country: a run of some of them draws the same numbers for them.

Sources: MODEL.md §2 (starting values and priors); prieto-curiel-code-2023 (ρ, ω, M_pub by week); the table itself for every number.
"""

from __future__ import annotations

import hashlib
import json
import math
import weakref
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, ClassVar, Literal, NamedTuple

import numpy as np
from numba import njit
from pydantic import ConfigDict, Field

from careo.base.citations import load_sources
from careo.base.dates import month_end
from careo.base.errors import CareoError, DataError
from careo.base.fields import CLOSED, Words, worded
from careo.base.shipped import country_folder
from careo.base.texts import say
from careo.base.yaml_files import Loc, Written, build, line_of, read_written
from careo.evidence.effects import Grade
from careo.model.luck import Luck, Process
from careo.model.quantiles import gamma_quantile, normal_quantile
from careo.panel import Country, load_country
from careo.panel.monthly import POPULATION, monthly_population
from careo.run.history import MEAN_MONTH_DAYS, homicide_history

Floats = np.ndarray
Law = Literal["fixed", "normal", "lognormal", "beta", "gamma", "uniform"]

MEMBERSHIP_SWEEP = (30_000, 60_000, 115_000, 230_000)
"""Numbers of members that are always shown side by side, since no count tells which is right [persons]."""
WEEKS_A_MONTH = 52 / 12
RECENT_MONTHS = 12
"""Observed months of homicides that members and arrests are shared like."""
_SMALLEST_HAZARD = 0.1  # of the published one
_NATIONAL = frozenset(
    {"members", "prisoners", "young_men", "arrests", "captures"}
)  # what a series can be multiplied by
_HAZARDS = frozenset(
    {"recruitment_hazard", "published_losses", "growth_shift", "saturation", "exit_hazard", "migration"}
)
_VERSION = 1  # of the formulas above: part of the key

_LAWS: Mapping[str, tuple[str, ...]] = {
    "fixed": ("value",), "normal": ("mean", "sd"), "lognormal": ("median", "log_sd"), "beta": ("a", "b"),
    "gamma": ("shape", "scale"), "uniform": ("low", "high"),
}  # fmt: skip
_NUMBERS = tuple(name for names in _LAWS.values() for name in names)

Support = Literal["any", "positive", "several", "share"]


_BOUNDS: Mapping[Support, tuple[float, float]] = {
    "any": (-math.inf, math.inf), "positive": (0.0, math.inf), "several": (1.0, math.inf), "share": (0.0, 1.0),
}  # fmt: skip


class _Slot(NamedTuple):
    """Where a parameter is drawn, and what it can be: `number` is its address of luck for ever, never another's."""

    number: int
    support: Support
    fixed: bool = False  # one number for all draws


_SLOTS: Mapping[str, _Slot] = {
    "members": _Slot(0, "positive"),
    "prisoners": _Slot(1, "positive"),
    "groups": _Slot(2, "several", fixed=True),
    "groups_exponent": _Slot(3, "share", fixed=True),
    "groups_least": _Slot(4, "several", fixed=True),
    "young_men": _Slot(5, "positive", fixed=True),
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
    "corruption_elasticity": _Slot(24, "any"),
    "extortion_exponent": _Slot(25, "any"),
    "clearance_elasticity": _Slot(26, "any"),
    "overdispersion": _Slot(27, "positive"),
}  # fmt: skip
_AS_DRAWN = (
    "recruitment_exponent", "recruitment_rent_exponent", "conflict_rent_exponent", "capture_share", "exit_hazard", "recidivism",
    "prison_months", "fragmentation", "groups_return_months", "migration", "corruption_elasticity", "extortion_exponent",
    "clearance_elasticity", "overdispersion",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Parameters:
    """Parameters of a block of draws, float64; names as in MODEL.md §2. θ is not among them: it follows from expected homicides.

    Attributes:
        members, prisoners: of armed groups in month 0, free and in prison [persons; place draw].
        groups: effective number of groups, in month 0 and at rest [groups; place].
        young_men: aged 15 to 29 [persons; place]. arrests_per_month: those that can reach members [persons/month; place].
        captures_per_month: of leaders [captures/month; place].
        organised_share: q, of homicides [share; place draw].
        recruitment_hazard: ρ of ρ M^a V^(1−a) R^eR [1/month; draw]. recruitment_exponent: a. recruitment_rent_exponent: eR.
        conflict_rent_exponent: ε [–; draw]. saturation: ω [1/(person·month); draw]. capture_share: π, members among the arrested
        [share; draw]. exit_hazard: κ0 [1/month; draw]. recidivism: r [share; draw]. prison_months: τ_P [months; draw].
        fragmentation: φ, growth of groups by a capture [share/capture; draw]. groups_return_months: τ_H [months; draw].
        migration: δ_M [1/month; draw]. corruption_elasticity: ec, extortion_exponent: ν, clearance_elasticity [–; draw].
        overdispersion: α, variance = mean + α mean² [–; draw].
    """

    members: Floats
    prisoners: Floats
    groups: Floats
    young_men: Floats
    arrests_per_month: Floats
    captures_per_month: Floats
    organised_share: Floats
    recruitment_hazard: Floats
    recruitment_exponent: Floats
    recruitment_rent_exponent: Floats
    conflict_rent_exponent: Floats
    saturation: Floats
    capture_share: Floats
    exit_hazard: Floats
    recidivism: Floats
    prison_months: Floats
    fragmentation: Floats
    groups_return_months: Floats
    migration: Floats
    corruption_elasticity: Floats
    extortion_exponent: Floats
    clearance_elasticity: Floats
    overdispersion: Floats


@dataclass(frozen=True)
class ParameterRow:
    """A parameter for a page.

    Attributes:
        id, name, symbol, unit: what it is. law: its law in words. low, high: its 5% and 95% points [unit], equal where it is fixed.
        sources: keys. assumptions: numbered texts. grade: A to D. identified: whether any series of counts could tell it.
    """

    id: str
    name: str
    symbol: str
    unit: str
    law: str
    low: float
    high: float
    sources: tuple[str, ...]
    assumptions: tuple[str, ...]
    grade: Grade
    identified: bool


def draw_parameters(
    country: Country,
    places: Sequence[str],
    *,
    seed: int,
    first_draw: int,
    draws: int,
    members_nation: float | None = None,
    last: date | None = None,
) -> Parameters:
    """The parameters of a block of draws: draw 17 has the same in any block, for any choice and order of places.

    Args:
        country: whose table and record. places: codes of states. seed, first_draw, draws: of the block.
        members_nation: members in the nation in month 0, when they are not to be drawn [persons].
        last: any day of the last month that may be seen; None: all that is known.

    Raises:
        DataError: a mistake in the table; says file and line.
        CareoError: a place that is no state, or without a population.
    """
    if members_nation is not None and not 0 < members_nation < math.inf:
        raise ValueError(f"members_nation must be a positive number, not {members_nation}")
    start = _start(country, last)
    rows = _rows_of(country, start, places)
    drawn = _Drawn(load_table(country.key).parameters, start.amounts, Luck(seed), first_draw, draws)
    share = start.share
    q = drawn.by_place("organised_share", place_numbers(country, start.places))
    organised = share[:, None] * q
    organised /= _over_places(organised)
    nation = drawn("members") if members_nation is None else np.full(draws, float(members_nation))
    members, prisoners = nation * organised, drawn("prisoners") * organised
    groups = np.maximum(
        drawn.one("groups_least"), drawn.one("groups") * share ** drawn.one("groups_exponent")
    )
    young_men = drawn.one("young_men") * start.population / start.population.sum()
    plain = {name: drawn(name) for name in _AS_DRAWN}
    drop_out = drawn("saturation") * drawn.one("published_members") / drawn.one("groups")
    losses = (
        plain["capture_share"] * drawn.one("arrests")
        + _over_places(q * start.homicides[:, None])
        - plain["recidivism"] * drawn("prisoners") / plain["prison_months"]
    ) / nation + (drop_out + plain["exit_hazard"])
    published = drawn("recruitment_hazard")
    hazard = published + losses - drawn.one("published_losses") + drawn("growth_shift")
    pool = _recruiting(members, young_men, plain["recruitment_exponent"])
    return Parameters(
        members=members[rows],
        prisoners=prisoners[rows],
        groups=groups[rows],
        young_men=young_men[rows],
        arrests_per_month=drawn.one("arrests") * share[rows],
        captures_per_month=drawn.one("captures") * share[rows],
        organised_share=q[rows],
        recruitment_hazard=np.maximum(_SMALLEST_HAZARD * published, hazard) * nation / pool,
        saturation=drop_out / (nation * _over_places(organised**2 / groups[:, None])),
        **plain,
    )


def parameters_key(country: Country, *, last: date | None = None) -> str:
    """A hash of everything that draws depend on beside seed, draw and place: laws, numbers and what the record gives."""
    start, table = _start(country, last), load_table(country.key)
    laws = {
        name: [p.law, p.of, p.per, *(getattr(p, number) for number in _LAWS[p.law])]
        for name, p in table.parameters.items()
    }
    seen = [start.places, start.homicides.tolist(), start.population.tolist(), start.amounts]
    code = [_VERSION, {name: slot.number for name, slot in _SLOTS.items()}]
    return hashlib.sha256(json.dumps([code, laws, seen], sort_keys=True).encode()).hexdigest()


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
            assumptions=tuple(f"{a}: {worded(table.assumptions[a], language)}" for a in p.assumptions),
            grade=p.grade,
            identified=p.identified,
        )
        for name, p in table.parameters.items()
    )


def _law_words(p: Parameter, language: str, country: str) -> str:
    numbers = {name: f"{getattr(p, name):,.7g}" for name in _LAWS[p.law]}
    words = say(language, f"parameters.law.{p.law}", **numbers)
    if p.of is None:
        return words
    series = worded(load_country(country).indicators[p.of].name, language)
    return say(language, "parameters.of", law=words, series=series)


def neighbours(country: Country, places: Sequence[str]) -> Floats:
    """W: the share of those who leave a place that goes to each neighbour, equal shares [–; place place].

    Rows sum to 1; that of a place without neighbours among `places` is 0, so nobody leaves it.
    """
    rows = {code: row for row, code in enumerate(places)}
    matrix = np.zeros((len(places), len(places)))
    for code, row in rows.items():
        beside = [rows[other] for other in country.neighbours.get(code, ()) if other in rows]
        matrix[row, beside] = 1.0 / len(beside) if beside else 0.0
    return matrix


def place_numbers(country: Country, places: Sequence[str]) -> np.ndarray:
    """Each state's own number in addresses of luck, whichever states a run has: its official code where that is a number [place]."""
    positions = {code: position for position, code in enumerate(country.places.states)}
    return np.array([int(code) if code.isdigit() else positions[code] for code in places], dtype=np.int64)


# ── the table ────────────────────────────────────────────────────────────────────────────────────────────────────

Finite = Annotated[float, Field(allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One row of the table.

    Attributes:
        name, symbol, unit: in words. law: see `_LAWS`, with its numbers; of a log-normal one `median` and the deviation of the logarithm.
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
    table, mistakes = read_table(country_folder(country) / "parameters.yaml", country)
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
    for name in _SLOTS.keys() - table.parameters.keys():
        yield written.error(("parameters", name), "file_missing", fix="file_add")
    for name, parameter in table.parameters.items():
        if name not in _SLOTS:
            yield written.error(("parameters", name), "file_unknown_key", known=_SLOTS, found=name)
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
    slot, wanted = _SLOTS[name], _LAWS[p.law]
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


# ── what the record gives ────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, eq=False)
class _Start:
    """The states of a country in month 0.

    Attributes:
        places: codes of all states [place]. homicides: mean of the last observed months [events/month; place].
        population: [persons; place]. amounts: what a parameter's number is multiplied by, by id [its unit].
    """

    places: tuple[str, ...]
    homicides: Floats
    population: Floats
    amounts: Mapping[str, float]

    @property
    def share(self) -> Floats:
        """Of all homicides, with ½ more in each state: nobody is without members [–; place]."""
        raised = self.homicides + 0.5 / RECENT_MONTHS
        return raised / raised.sum()


_started: dict[tuple[int, date | None], tuple[weakref.ref[Country], _Start]] = {}


def _start(country: Country, last: date | None) -> _Start:
    """Read once for each country in memory: blocks of draws ask for it again and again."""
    key = (id(country), last)
    kept = _started.get(key)
    if kept is not None and kept[0]() is country:
        return kept[1]
    start = _read_start(country, last)
    _started[key] = weakref.ref(country), start
    return start


def _read_start(country: Country, last: date | None) -> _Start:
    history = homicide_history(country, last=last)
    places = country.places.states
    months = (
        np.datetime64(history.last, "M") - np.arange(61)[::-1]
    )  # a last known population stands for later months
    known = monthly_population(country, places, months)
    latest = np.where(np.isnan(known), -1, np.arange(known.shape[1])).max(axis=1)
    for code, found in zip(places, latest.tolist(), strict=True):
        if found < 0:
            raise CareoError("parameters_population", where=code, expected=POPULATION)
    population = known[np.arange(len(known)), latest]
    homicides = np.full(len(places), np.nan)
    for code, counts in zip(history.places, history.counts, strict=True):
        homicides[places.index(code)] = counts[~np.isnan(counts)][-RECENT_MONTHS:].mean()
    unseen = np.isnan(homicides)
    if unseen.any():  # a state nobody counted has the rate of the others
        rate = homicides[~unseen].sum() / population[~unseen].sum()
        homicides[unseen] = rate * population[unseen]
    amounts = {
        name: float(population.sum()) if p.of == POPULATION else _amount(country, p.of, history.last, last)
        for name, p in load_table(country.key).parameters.items()
        if p.of is not None
    }
    return _Start(places, homicides, population, amounts)


def _amount(country: Country, series: str, origin: date, last: date | None) -> float:
    """The nation's newest value up to an origin, or the oldest after it; a flow, of at least a year, by month."""
    end = month_end(origin.year, origin.month) if last else date.max
    flow = country.sums(series)
    found: list[tuple[date, date, float]] = []
    for o in country.series(series).observations:
        first, until = o.period.first, o.period.last
        if o.place == country.default_place and first and until:
            days = (until - first).days + 1
            if not flow or days >= 365:
                found.append((until, o.known, o.value * MEAN_MONTH_DAYS / days if flow else o.value))
    if not found:
        raise CareoError("parameters_amount", where=series, expected=country.default_place)
    before = [each for each in found if each[0] <= end]
    return max(before)[2] if before else min(found)[2]


def _rows_of(country: Country, start: _Start, places: Sequence[str]) -> list[int]:
    rows = {code: row for row, code in enumerate(start.places)}
    for code in places:
        if code not in rows:
            raise CareoError(
                "parameters_place",
                where=country.key,
                expected=", ".join(start.places[:6]) + ", …",
                found=repr(code),
            )
    return [rows[code] for code in places]


# ── draws ────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class _Drawn:
    """A block of draws of the table's parameters, in units of persons and months."""

    parameters: Mapping[str, Parameter]
    amounts: Mapping[str, float]
    luck: Luck
    first_draw: int
    draws: int

    def __call__(self, name: str) -> Floats:
        """A parameter of the nation [draw]."""
        return self.by_place(name, np.zeros(1, dtype=np.int64))[0]

    def one(self, name: str) -> float:
        """A parameter that is the same in all draws."""
        return (self.parameters[name].value or 0.0) * self._factor(name)

    def by_place(self, name: str, places: np.ndarray) -> Floats:
        """A parameter of places by their numbers [place draw]."""
        block = np.arange(self.first_draw, self.first_draw + self.draws)
        uniforms = self.luck.uniform(Process.PARAMETERS + _SLOTS[name].number, 0, places, block)
        return _quantiles(*_coded(self.parameters[name]), uniforms) * self._factor(name)

    def _factor(self, name: str) -> float:
        week = WEEKS_A_MONTH if self.parameters[name].per == "week" else 1.0
        return week * self.amounts.get(name, 1.0)


def quantile(parameter: Parameter, u: float) -> float:
    """The point below which a parameter stands with probability u [its unit]; the number itself where it is fixed."""
    return float(_quantiles(*_coded(parameter), np.array([[u]]))[0, 0])


def _coded(p: Parameter) -> tuple[int, float, float]:
    numbers = [getattr(p, name) for name in _LAWS[p.law]]
    return list(_LAWS).index(p.law), float(numbers[0]), float(numbers[-1])


@njit(cache=True, nogil=True)
def _quantiles(law: int, one: float, two: float, uniforms: Floats) -> Floats:
    """The quantiles of a law by its place in `_LAWS` [unit of the law; place draw]."""
    out = np.empty(uniforms.shape)
    for i in range(uniforms.shape[0]):
        for d in range(uniforms.shape[1]):
            u = uniforms[i, d]
            if law == 0:
                out[i, d] = one
            elif law == 1:
                out[i, d] = one + two * normal_quantile(u)
            elif law == 2:
                out[i, d] = one * math.exp(two * normal_quantile(u))
            elif law == 3:
                out[i, d] = beta_quantile(u, one, two)
            elif law == 4:
                out[i, d] = two * gamma_quantile(u, one)
            else:
                out[i, d] = one + (two - one) * u
    return out


@njit(cache=True, nogil=True)
def beta_quantile(u: float, a: float, b: float) -> float:
    """The beta quantile, to about 1e-12 of its value (in the upper half, of its distance from 1); NaN for what is no law."""
    if not (0.0 < u < 1.0 and 0.0 < a < math.inf and 0.0 < b < math.inf):
        return math.nan
    return _lower_beta(u, a, b) if u < 0.5 else 1.0 - _lower_beta(1.0 - u, b, a)


@njit(cache=True, nogil=True)
def _lower_beta(u: float, a: float, b: float) -> float:
    """The beta quantile for u ≤ ½: Newton's steps on the logarithm of the share below, in log x, inside a shrinking bracket."""
    front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    low, high = 0.0, 1.0
    x = min(a / (a + b), math.exp((math.log(u) + math.log(a) - front) / a))
    for _ in range(200):
        if not 0.0 < x < 1.0:
            return x
        power = math.exp(front + a * math.log(x) + b * math.log1p(-x))
        if x <= (a + 1.0) / (a + b + 2.0):
            below = power * _beta_fraction(x, a, b) / a
        else:
            below = 1.0 - power * _beta_fraction(1.0 - x, b, a) / b
        if below > u:
            high = x
        else:
            low = x
        step = math.log(below / u) * below * (1.0 - x) / power if below > 0.0 and power > 0.0 else -math.inf
        new = x * math.exp(-step)
        if not low <= new <= high:
            new = 0.5 * (low + high)
        step, x = abs(new - x), new
        if step <= 1e-9 * min(x, 1.0 - x):  # Newton's next step would be its square
            break
    return x


@njit(cache=True, nogil=True)
def _beta_fraction(x: float, a: float, b: float) -> float:
    """The continued fraction of x^a (1 − x)^b / (a B(a, b)) in the share below x, by Lentz's method (DLMF 8.17.22)."""
    tiny = 1e-300
    c, d = 1.0, 1.0 - (a + b) * x / (a + 1.0)
    d = 1.0 / (d if d != 0.0 else tiny)
    value = d
    for m in range(1, 100_000):
        even = m * (b - m) * x / ((a + 2 * m - 1.0) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1.0))
        for term in (even, odd):
            d = 1.0 + term * d
            c = 1.0 + term / c
            d = 1.0 / (d if d != 0.0 else tiny)
            c = c if c != 0.0 else tiny
            value *= d * c
        if abs(d * c - 1.0) < 1e-16:
            break
    return value


@njit(cache=True, nogil=True)
def _over_places(values: Floats) -> Floats:
    """Sums over places, one after the other: NumPy's own order depends on how many draws a block has [unit of values; draw]."""
    out = np.zeros(values.shape[1])
    for i in range(values.shape[0]):
        for d in range(values.shape[1]):
            out[d] += values[i, d]
    return out


@njit(cache=True, nogil=True)
def _recruiting(members: Floats, young_men: Floats, exponent: Floats) -> Floats:
    """Σ_i M_i^a V_i^(1−a) [persons; draw]."""
    out = np.zeros(members.shape[1])
    for i in range(members.shape[0]):
        for d in range(members.shape[1]):
            out[d] += members[i, d] ** exponent[d] * young_men[i] ** (1.0 - exponent[d])
    return out
