"""The parameters of the mechanistic core: draws from a country's table (`parameter_table.py`) that are the same in every block.

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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numba import njit

from careo.base.dates import month_end
from careo.base.errors import CareoError
from careo.model.laws import law_quantiles
from careo.model.luck import Luck, Process
from careo.panel import Country
from careo.panel.monthly import POPULATION, monthly_population
from careo.run.history import MEAN_MONTH_DAYS, homicide_history
from careo.run.parameter_table import LAWS, SLOTS, Parameter, law_numbers, load_table

Floats = np.ndarray

MEMBERSHIP_SWEEP = (30_000, 60_000, 115_000, 230_000)
"""Numbers of members that are always shown side by side, since no count tells which is right [persons]."""
WEEKS_A_MONTH = 52 / 12
RECENT_MONTHS = 12
"""Observed months of homicides that members and arrests are shared like."""
_SMALLEST_HAZARD = 0.1  # of the published one
_VERSION = 1  # of the formulas above: part of the key

RECRUITS = "recruits_by_killing"
"""No parameter but what follows from several: recruitment against conflict."""
AS_DRAWN = (
    "recruitment_exponent", "recruitment_rent_exponent", "conflict_rent_exponent", "capture_share", "exit_hazard", "recidivism",
    "prison_months", "fragmentation", "groups_return_months", "migration", "extortion_exponent",
    "clearance_elasticity", "overdispersion",
)  # fmt: skip
"""Parameters that the core takes as the table says, one number a draw."""


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
        migration: δ_M [1/month; draw]. extortion_exponent: ν, clearance_elasticity [–; draw].
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
    extortion_exponent: Floats
    clearance_elasticity: Floats
    overdispersion: Floats


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
    plain = {name: drawn(name) for name in AS_DRAWN}
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


def parameter_draws(
    country: Country,
    *,
    seed: int,
    first_draw: int,
    draws: int,
    members_nation: float | None = None,
    last: date | None = None,
) -> Mapping[str, Floats]:
    """Every parameter that is drawn, as the draws of a run had it, in the unit of the table [its unit; draw].

    Of one that differs by state, the mean over states by their share of homicides; members when they were not given. Beside the
    table's: `RECRUITS`, recruits for each member killed in month 0, which is recruitment against conflict. Arguments and errors as of
    `draw_parameters`.
    """
    start, table = _start(country, last), load_table(country.key).parameters
    drawn = _Drawn(table, start.amounts, Luck(seed), first_draw, draws)
    found: dict[str, Floats] = {}
    for name, parameter in table.items():
        if parameter.law == "fixed" or (name == "members" and members_nation is not None):
            continue
        if name == "organised_share":
            found[name] = _over_places(
                start.share[:, None] * drawn.by_place(name, place_numbers(country, start.places))
            )
        else:
            found[name] = drawn(name) / drawn.factor(name)
    p = draw_parameters(
        country,
        start.places,
        seed=seed,
        first_draw=first_draw,
        draws=draws,
        members_nation=members_nation,
        last=last,
    )
    recruits = p.recruitment_hazard * _recruiting(p.members, p.young_men, p.recruitment_exponent)
    found[RECRUITS] = recruits / _over_places(p.organised_share * start.homicides[:, None])
    return found


def parameters_key(country: Country, *, last: date | None = None) -> str:
    """A hash of everything that draws depend on beside seed, draw and place: laws, numbers and what the record gives."""
    start, table = _start(country, last), load_table(country.key)
    laws = {
        name: [p.law, p.of, p.per, *(getattr(p, number) for number in LAWS[p.law])]
        for name, p in table.parameters.items()
    }
    seen = [start.places, start.homicides.tolist(), start.population.tolist(), start.amounts]
    code = [_VERSION, {name: slot.number for name, slot in SLOTS.items()}]
    return hashlib.sha256(json.dumps([code, laws, seen], sort_keys=True).encode()).hexdigest()


def borrowed_later(country: Country, last: date) -> tuple[str, ...]:
    """Series of which nothing is known up to an origin, so that their oldest later value stands in: a run that starts there is not blind to it."""
    end = month_end(last.year, last.month)
    asked = dict.fromkeys(
        p.of for p in load_table(country.key).parameters.values() if p.of not in (None, POPULATION)
    )
    return tuple(
        name for name in asked if name and not any(until <= end for until, _, _ in _amounts(country, name))
    )


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
    months = np.datetime64(history.last, "M") - np.arange(61)[::-1].astype(
        "timedelta64[M]"
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
    found = _amounts(country, series)
    if not found:
        raise CareoError("parameters_amount", where=series, expected=country.default_place)
    before = [each for each in found if each[0] <= end]
    return max(before)[2] if before else min(found)[2]


def _amounts(country: Country, series: str) -> list[tuple[date, date, float]]:
    """The nation's values: last day, day they were known, value; a flow of at least a year by month."""
    flow = country.sums(series)
    found: list[tuple[date, date, float]] = []
    for o in country.series(series).observations:
        first, until = o.period.first, o.period.last
        if o.place == country.default_place and first and until:
            days = (until - first).days + 1
            if not flow or days >= 365:
                found.append((until, o.known, o.value * MEAN_MONTH_DAYS / days if flow else o.value))
    return found


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
        return (self.parameters[name].value or 0.0) * self.factor(name)

    def by_place(self, name: str, places: np.ndarray) -> Floats:
        """A parameter of places by their numbers [place draw]."""
        block = np.arange(self.first_draw, self.first_draw + self.draws)
        uniforms = self.luck.uniform(Process.PARAMETERS + SLOTS[name].number, 0, places, block)
        return law_quantiles(*law_numbers(self.parameters[name]), uniforms) * self.factor(name)

    def factor(self, name: str) -> float:
        """What a number of the table is multiplied by."""
        week = WEEKS_A_MONTH if self.parameters[name].per == "week" else 1.0
        return week * self.amounts.get(name, 1.0)


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
