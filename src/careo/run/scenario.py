"""Strategies compiled to scenarios: the dose of each lever by place and month, with every mistake found before a number is drawn.

Rules; where one of them decided something, a note that travels with the scenario says so:

- Month 0 is the month that `period.start` of the strategy is nearest to the beginning of (up to the 16th its own, then the
  next); all dates are rounded so and keep their distance from it, whatever month the simulation starts in.
- A measure from before month 0 is in force from month 0, as far along its schedule or ramp as it was. One without a start
  is in force from month 0, one without an end to the horizon. One beyond the horizon, or over before month 0, is named.
- Before the first step of a schedule nothing is on record: the dose is 0 with the first step as its upper end.
- `low` and `high` belong to the last dose of a schedule; earlier steps have the same relative range.
- Doses of one lever in one place add up, and stop at the lever's largest dose. Their lows and highs add up, too, as if all
  measures went well or badly together: the widest range.
- A municipality in a run by state counts with its share of the state's people; without a known share it is not simulated.
- Doses are changes from what is in force then. Where nothing is said of that, what is in force counts as 0, and the doses
  of the file are the changes. With a scenario `in_force` the doses of the file are levels: the change is level − in force
  where a measure of the strategy stands, and 0 elsewhere, for what a strategy says nothing of stays as it is.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Unpack

import numpy as np

from careo.base.errors import CareoError, DataError, Mistakes
from careo.base.fields import first_day, last_day
from careo.base.yaml_files import line_of
from careo.evidence.levers import Lever, load_levers
from careo.panel import Country
from careo.record.strategy import Dose, Measure, Strategy
from careo.run.place_selection import chosen_note
from careo.run.place_selection import mask_places as mask_places
from careo.run.place_selection import top_places as top_places
from careo.run.scenario_budget import ceiling_error, ceiling_note, overspent
from careo.run.scenario_checks import (
    ROUNDING,
    Asked,
    Frame,
    Level,
    by_name,
    codes_of,
    largest_dose,
    measure_mistakes,
    over_budget,
    request_mistakes,
)
from careo.run.scenario_costs import (
    Costed,
    MeasureCost,
    Note,
    Prices,
    cost_of,
    measure_names,
    note,
    prices_of,
    unique,
)


@dataclass(frozen=True, slots=True)
class Dosed:
    """A measure that moves a lever inside the horizon.

    Attributes:
        id, name; lever, direction. begin, end: months after month 0 (end exclusive). places: how many places it reaches.
        basis: "delivered", "announced" or "judgement". grade: of the dose. how: the conversion in words.
    """

    id: str
    name: Note
    lever: str
    direction: int
    begin: int
    end: int
    places: int
    basis: str
    grade: str
    how: Note


@dataclass(frozen=True, slots=True)
class NotSimulated:
    """A measure that moves nothing here, which does not mean that it does nothing."""

    id: str
    name: Note
    lever: str
    reason: Note


@dataclass(frozen=True, slots=True, eq=False)
class Scenario:
    """Lever doses by place and month.

    Attributes:
        name: slug of the strategy. levers: ids, in the registry's order, of those that a measure moves.
        doses, doses_low, doses_high: changes from what is in force [dose units of the lever; lever place month], float64;
            for an event lever events a month. `doses` lies between the others.
        events: whether a lever's doses are events. places: codes. level: "state" or "municipality". start: first of month 0.
        measures: what was dosed. not_simulated: what was not, and why. costs: by measure, of those in the horizon.
        currency, price_year: of the costs; "" and 0 where the country has no price index.
        notes: what was assumed, by language. sources: keys.
    """

    name: str
    levers: tuple[str, ...]
    doses: np.ndarray
    doses_low: np.ndarray
    doses_high: np.ndarray
    events: tuple[bool, ...]
    places: tuple[str, ...]
    level: Level
    start: date
    measures: tuple[Dosed, ...] = ()
    not_simulated: tuple[NotSimulated, ...] = ()
    costs: tuple[MeasureCost, ...] = ()
    currency: str = ""
    price_year: int = 0
    notes: tuple[Note, ...] = ()
    sources: tuple[str, ...] = ()

    @property
    def months(self) -> int:
        """The number of months."""
        return self.doses.shape[2]


def compile_scenario(strategy: Strategy, places: Country, *, months: int, **asked: Unpack[Asked]) -> Scenario:
    """The doses of a strategy by lever, place and month.

    Args:
        strategy: as read. places: the country it is of. months: of the horizon.
        start: day in month 0 of the simulation, by default the month after the panel ends, which the caller knows;
            None: the strategy's own first month. level: "state" or "municipality".
        in_force: what is in force, over the same places and months; None: the doses are changes already.
        where: measure → codes of places instead of those of the file (of `top_places`, `mask_places`).
        ramp_months: measure → months over which its dose grows evenly, from 1 / n in its first to the whole in its n-th.
        budget_per_year: the most that any twelve months may cost [currency of the scenario]. price_year: whose prices costs
            are told in; None: the last year of the country's price index.
        path: the strategy's file, for messages; None: the shipped one, if it is that.

    Raises:
        DataError: a mistake; says file and line where the file is known. Mistakes: all of them, when there are several.
    """
    scenario, mistakes = _compiled(strategy, places, months, asked)
    if scenario is None or mistakes:
        raise mistakes[0] if len(mistakes) == 1 else Mistakes(mistakes)
    return scenario


def scenario_mistakes(
    strategy: Strategy, places: Country, *, months: int, **asked: Unpack[Asked]
) -> tuple[CareoError, ...]:
    """Every mistake for which `compile_scenario` would refuse, in the order of the file's lines."""
    return _compiled(strategy, places, months, asked)[1]


def overlap_mistakes(
    strategy: Strategy, places: Country, *, months: int, **asked: Unpack[Asked]
) -> tuple[CareoError, ...]:
    """Measures that together ask more of a lever in one place than its full dose: one thing, most likely, counted twice.

    `compile_scenario` stops such doses at the full one and says so; in a file that people write they are a mistake. The strategy
    must be without those of `scenario_mistakes`.
    """
    frame = _frame(strategy, places, months, asked)
    levers = load_levers(places.key)
    index = {measure.id: place for place, measure in enumerate(strategy.measures)}
    found: list[CareoError] = []
    sums: dict[tuple[str, int], np.ndarray] = {}
    before: dict[tuple[str, int], list[_Part]] = {}
    for part in sorted(_in_horizon(frame, levers, asked).parts, key=lambda part: index[part.measure.id]):
        kind = (part.lever.id, part.measure.direction)
        mine = part.weights[:, None] * part.value
        total = sums[kind] = sums.get(kind, 0.0) + mine
        here = (mine > 0) & (total > mine) & (total > largest_dose(part.lever) + ROUNDING)
        if here.any():
            others = [
                one.measure.id
                for one in before[kind]
                if (here & (one.weights[:, None] * one.value > 0)).any()
            ]
            loc = ("measures", index[part.measure.id], "dose", "value")
            found.append(
                frame.error(
                    loc, "scenario_overlap_dose", others=", ".join(others),
                    expected=f"≤ {largest_dose(part.lever):g}", found=f"{total[here].max():g}",
                )
            )  # fmt: skip
        before.setdefault(kind, []).append(part)
    return tuple(found)


def budget_warnings(
    strategy: Strategy, places: Country, *, months: int, **asked: Unpack[Asked]
) -> tuple[CareoError, ...]:
    """The strategy's own ceilings that its measures exceed by the middle of their costs, though not by the low end.

    The strategy must be without mistakes.
    """
    frame = _frame(strategy, places, months, asked)
    prices = prices_of(strategy, places.key, asked.get("price_year"))
    parts = _in_horizon(frame, load_levers(places.key), asked).parts
    costs = [_cost(frame, part, prices) for part in parts]
    beyond = (one for one in overspent(frame, costs, prices) if not one.certain)
    return tuple(ceiling_error(frame, one, prices) for one in beyond if prices)


def scenario_key(scenario: Scenario) -> str:
    """The sha256 of everything that a simulated number can depend on, the same in every process.

    Names, notes, reasons and sources are words about it and no part of it; the order of measures is none either.
    """
    head = {
        "schema": "careo.scenario/1",
        "levers": scenario.levers,
        "events": scenario.events,
        "places": scenario.places,
        "level": scenario.level,
        "start": scenario.start.isoformat()[:7],
        "shape": scenario.doses.shape,
        "costs": [(cost.measure, cost.lever) for cost in scenario.costs],
        "prices": (scenario.currency, scenario.price_year),
    }
    digest = hashlib.sha256(json.dumps(head, sort_keys=True).encode())
    arrays = [scenario.doses, scenario.doses_low, scenario.doses_high]
    arrays += [array for cost in scenario.costs for array in (cost.low, cost.value, cost.high)]
    for array in arrays:
        digest.update(np.ascontiguousarray(array, dtype="<f8").tobytes())
    return digest.hexdigest()


def over_levers(scenario: Scenario, levers: Sequence[str], events: Sequence[bool]) -> Scenario:
    """The same scenario over a longer list of levers, those it does not move at 0.

    Raises:
        ValueError: a lever of the scenario is not in the list.
    """
    rows = [list(levers).index(lever) for lever in scenario.levers]
    arrays: list[np.ndarray] = []
    for old in (scenario.doses, scenario.doses_low, scenario.doses_high):
        new = np.zeros((len(levers), *old.shape[1:]))
        new[rows] = old
        arrays.append(_fixed(new))
    return replace(
        scenario, levers=tuple(levers), events=tuple(events), doses=arrays[0], doses_low=arrays[1], doses_high=arrays[2]
    )  # fmt: skip


# ── compiling ────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, eq=False)
class _Part:
    """A measure in force within the horizon."""

    measure: Measure
    lever: Lever
    weights: np.ndarray  # [place], 0 … 1
    begin: int
    end: int | None
    active: np.ndarray  # [bool; month]
    low: np.ndarray  # without direction [dose units; month]
    value: np.ndarray
    high: np.ndarray
    notes: tuple[Note, ...] = ()


@dataclass
class _Found:
    parts: list[_Part] = field(default_factory=list[_Part])
    outside: list[int] = field(default_factory=list[int])  # measures that the horizon leaves out
    not_simulated: list[NotSimulated] = field(default_factory=list[NotSimulated])
    notes: list[Note] = field(default_factory=list[Note])


def _compiled(
    strategy: Strategy, country: Country, months: int, asked: Asked
) -> tuple[Scenario | None, tuple[CareoError, ...]]:
    frame = _frame(strategy, country, months, asked)
    mistakes = list(request_mistakes(frame, asked))
    if mistakes:
        return None, tuple(mistakes)
    levers = load_levers(country.key)
    mistakes = [*measure_mistakes(frame, levers, asked)]
    span = [_span(frame, measure) for measure in strategy.measures if measure.dose]
    if span and all(begin >= months or (end is not None and end <= 0) for begin, end in span):
        first = next(place for place, measure in enumerate(strategy.measures) if measure.dose)
        mistakes.append(frame.error(("measures", first, "start"), "scenario_outside", months=months))
    if mistakes:
        return None, tuple(sorted(mistakes, key=line_of))
    found = _in_horizon(frame, levers, asked)
    if found.outside and not found.parts:
        index = min(found.outside)
        return None, (frame.error(("measures", index, "start"), "scenario_outside", months=months),)
    prices = prices_of(strategy, country.key, asked.get("price_year"))
    years = sorted({index.year for index in prices.money.prices}) if prices else []
    if prices and prices.year not in years:
        mistake = DataError(
            "scenario_price_year", expected=f"{years[0]} … {years[-1]}", found=str(prices.year)
        )
        return None, (mistake,)
    costs = tuple(_cost(frame, part, prices) for part in found.parts)
    over = over_budget(frame, costs, asked.get("budget_per_year"))
    if over:
        return None, (over,)
    beyond = tuple(overspent(frame, costs, prices))
    if prices and any(one.certain for one in beyond):
        return None, tuple(ceiling_error(frame, one, prices) for one in beyond if one.certain)
    found.notes += [ceiling_note(one, prices) for one in beyond if prices]
    return _scenario(frame, levers, found, costs, prices, asked), ()


def _frame(strategy: Strategy, country: Country, months: int, asked: Asked) -> Frame:
    first = _nearest(first_day(strategy.period.start))
    start = asked.get("start") or _day(first)
    level = asked.get("level", "state")
    return Frame(strategy, country, level, months, start.replace(day=1), first, asked.get("path"))


def _span(frame: Frame, measure: Measure) -> tuple[int, int | None]:
    """From which month to before which a measure is in force, counted from the strategy's month 0; None: open."""
    begin = _nearest(first_day(measure.start)) - frame.origin if measure.start else 0
    if not measure.end:
        return begin, None
    return begin, max(_after(measure.end) - frame.origin, begin + 1)


def _in_horizon(frame: Frame, levers: Mapping[str, Lever], asked: Asked) -> _Found:
    """Every measure, in the order of ids: within the horizon, or named with the reason why not."""
    found, named = _Found(), by_name(levers)
    open_start: list[Measure] = []
    for index, measure in sorted(enumerate(frame.strategy.measures), key=lambda item: item[1].id):
        lever = named[measure.lever.lower()]
        begin, end = _span(frame, measure)
        reason = measure.not_simulated
        weights: np.ndarray | None = None
        notes: list[Note] = []
        if measure.dose is None:
            reason = reason or note("no_dose")
        elif begin >= frame.months:
            reason = note("past_horizon", month=begin + 1, months=frame.months)
        elif end is not None and end <= 0:
            reason = note("over_before", end=measure.end)
        else:
            codes = codes_of(frame, measure, asked)
            if measure.id not in asked.get("where", {}) and (
                how := chosen_note(measure, frame.country, len(codes))
            ):
                notes.append(how)
            weights, reason = _weights(frame, codes, measure, notes)
        if measure.dose is None or weights is None:
            assert reason is not None  # noqa: S101 - each way here has one
            found.not_simulated.append(NotSimulated(measure.id, measure.name, lever.id, reason))
            if measure.dose is not None and (begin >= frame.months or (end is not None and end <= 0)):
                found.outside.append(index)
            continue
        if measure.start is None:
            open_start.append(measure)
        ramp = asked.get("ramp_months", {}).get(measure.id, 1)
        found.parts.append(_part(frame, measure, measure.dose, lever, weights, (begin, end), ramp, notes))
    if open_start:
        found.notes.append(note("open_start", measures=measure_names(*open_start)))
    return found


def _part(
    frame: Frame,
    measure: Measure,
    dose: Dose,
    lever: Lever,
    weights: np.ndarray,
    span: tuple[int, int | None],
    ramp: int,
    notes: list[Note],
) -> _Part:
    """The doses of a measure by month."""
    begin, end = span
    month = np.arange(frame.months)
    active = (month >= begin) & (month < (frame.months if end is None else end))
    steps = [_nearest(first_day(step.start)) - frame.origin for step in dose.schedule] or [begin]
    values = [step.value for step in dose.schedule] or [dose.value]
    ranges = [_range(dose, value, largest_dose(lever)) for value in values]
    before = (0.0, 0.0, ranges[0][2])  # nothing on record yet: at most what came first
    table = np.array([before, *ranges])[
        np.searchsorted(steps, month, side="right")
    ]  # [month; low value high]
    if (active & (month < steps[0])).any():
        notes.append(note("before_schedule", measure=measure_names(measure), date=dose.schedule[0].start))
    grown = np.clip((month - begin + 1) / ramp, 0.0, 1.0)
    low, value, high = (table * (active * grown)[:, None]).T
    return _Part(measure, lever, weights, begin, end, active, low, value, high, tuple(notes))


def _range(dose: Dose, value: float, most: float) -> tuple[float, float, float]:
    """Low, value and high of a step of the schedule, as wide relative to it as the last dose's."""
    if value == dose.value:
        return dose.low, dose.value, dose.high
    if dose.value > 0:
        low, high = value * dose.low / dose.value, value * dose.high / dose.value
    else:
        low, high = value + dose.low - dose.value, value + dose.high - dose.value
    return max(low, 0.0), value, max(min(high, most), value)


def _weights(
    frame: Frame, codes: Sequence[str], measure: Measure, notes: list[Note]
) -> tuple[np.ndarray | None, Note | None]:
    """How much of a measure's dose each place gets [place], 0 … 1; or why that cannot be told."""
    by_code, weights = frame.country.places.by_code, np.zeros(len(frame.codes))
    whole: set[str] = set()
    parts: list[str] = []
    for code in dict.fromkeys(codes):
        kind = by_code[code].kind if code in by_code else "foreign"
        if kind == "nation":
            whole.update(frame.codes)
        elif kind == frame.level:
            whole.add(code)
        elif kind == "state":
            whole.update(
                place.code for place in frame.country.places.within(code) if place.code in frame.rows
            )
        elif kind == "municipality":
            parts.append(code)
        else:
            return None, note("abroad", place=code)
    weights[[frame.rows[code] for code in sorted(whole)]] = 1.0
    parts = sorted(code for code in parts if by_code[code].parent not in whole)
    if parts:
        parents = [by_code[code].parent for code in parts]
        states = list(dict.fromkeys(parents))
        people = dict(zip(states, frame.people(states), strict=True))
        shares = frame.people(parts) / np.array([people[parent] for parent in parents])
        unknown = [code for code, share in zip(parts, shares, strict=True) if not np.isfinite(share)]
        if unknown:
            return None, note("no_share", places=", ".join(unknown[:6]) + (" …" if len(unknown) > 6 else ""))
        for parent, share in zip(parents, shares, strict=True):
            weights[frame.rows[parent]] = min(weights[frame.rows[parent]] + share, 1.0)
        notes.append(
            note(
                "municipal",
                measure=measure_names(measure),
                count=len(parts),
                states=len(states),
                month=f"{frame.start:%Y-%m}",
            )
        )
    return weights, None


def _cost(frame: Frame, part: _Part, prices: Prices | None) -> MeasureCost:
    same = part.weights.max() == part.weights.min()
    people = float(part.weights[0]) if same else float((part.weights * frame.shares).sum())
    return cost_of(
        Costed(
            part.measure, part.lever, frame.origin, part.begin, part.end, part.active, part.low, part.value, part.high,
            people, float(part.weights.sum()),
        ),
        prices,
    )  # fmt: skip


def _scenario(
    frame: Frame,
    levers: Mapping[str, Lever],
    found: _Found,
    costs: tuple[MeasureCost, ...],
    prices: Prices | None,
    asked: Asked,
) -> Scenario:
    moved = {part.lever.id for part in found.parts}
    ids = [lever for lever in levers if lever in moved]
    shape = (len(ids), len(frame.codes), frame.months)
    low, value, high = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    stands = np.zeros(shape, dtype=bool)
    for part in found.parts:
        row = ids.index(part.lever.id)
        bounds = (part.low, part.value, part.high)
        if part.measure.direction == -1:
            bounds = (-part.high, -part.value, -part.low)
        for array, dose in zip((low, value, high), bounds, strict=True):
            array[row] += part.weights[:, None] * dose
        stands[row] |= (part.weights[:, None] > 0) & part.active
    notes = [*_stated(frame, asked), *found.notes, *(each for part in found.parts for each in part.notes)]
    for row, lever in enumerate(ids):
        most = largest_dose(levers[lever])
        over = np.flatnonzero((np.abs(value[row]) > most + ROUNDING).any(axis=1))
        if len(over):
            codes = ", ".join(frame.codes[place] for place in over[:6].tolist()) + (
                " …" if len(over) > 6 else ""
            )
            notes.append(note("capped", lever=levers[lever].name, most=f"{most:g}", places=codes))
        for array in (low, value, high):
            np.clip(array[row], -most, most, out=array[row])
    standing = asked.get("in_force")
    if standing:
        for row, lever in enumerate(ids):
            if lever in standing.levers:
                base = np.where(stands[row], standing.doses[standing.levers.index(lever)], 0.0)
                for array in (low, value, high):
                    array[row] -= base
    if not found.parts and frame.strategy.measures:
        notes.append(note("nothing"))
    notes += [each for cost in costs for each in cost.notes]
    if costs:
        notes.append(note("no_purpose"))
    sources = {key for m in frame.strategy.measures for key in m.sources}
    sources |= {key for m in frame.strategy.measures for amount in m.delivered for key in amount.sources}
    return Scenario(
        name=frame.strategy.slug,
        levers=tuple(ids),
        doses=_fixed(value),
        doses_low=_fixed(low),
        doses_high=_fixed(high),
        events=tuple(levers[lever].dose_kind == "event" for lever in ids),
        places=frame.codes,
        level=frame.level,
        start=frame.start,
        measures=tuple(_dosed(frame, part) for part in found.parts),
        not_simulated=tuple(found.not_simulated),
        costs=costs,
        currency=prices.currency if prices else "",
        price_year=prices.year if prices else 0,
        notes=tuple(unique(notes)),
        sources=tuple(sorted(sources)),
    )


def _stated(frame: Frame, asked: Asked) -> Iterator[Note]:
    """How its calendar and its zero are to be read."""
    own = f"{_day(frame.origin):%Y-%m}"
    now = f"{frame.start:%Y-%m}"
    yield note("own_calendar", start=now) if own == now else note("redated", own=own, start=now)
    standing = asked.get("in_force")
    yield note("in_force", name=standing.name) if standing else note("changes")
    end = frame.strategy.period.end
    if end:
        length = _after(end) - frame.origin
        if frame.months > length and any(m.dose and not m.end for m in frame.strategy.measures):
            yield note("beyond_period", months=frame.months, length=length)


def _dosed(frame: Frame, part: _Part) -> Dosed:
    measure, dose = part.measure, part.measure.dose
    assert dose is not None  # noqa: S101 - a part has one
    end = frame.months if part.end is None else min(part.end, frame.months)
    return Dosed(
        measure.id, measure.name, part.lever.id, measure.direction, max(part.begin, 0), end,
        int((part.weights > 0).sum()), dose.basis, dose.grade, dose.how,
    )  # fmt: skip


def _nearest(day: date) -> int:
    """The beginning of a month that is nearest to a day: of its own up to the 16th, then of the next [months since year 0]."""
    return day.year * 12 + day.month - 1 + (day.day > 16)


def _after(end: str) -> int:
    """The month that begins nearest to the day after an end [months since year 0]."""
    last = last_day(end)
    return _nearest(last + timedelta(days=1)) if last < date.max else 12 * (last.year + 1)


def _day(month: int) -> date:
    """The first of a month counted since year 0."""
    return date(month // 12, month % 12 + 1, 1)


def _fixed(array: np.ndarray) -> np.ndarray:
    """The array, without minus zeros and read-only."""
    array += 0.0
    array.setflags(write=False)
    return array
