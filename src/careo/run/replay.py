"""What the laboratory would have said before a measure, with the doses that were then delivered, and what was counted afterwards.

The run sees the record up to the origin and nothing later: the history, the levels of the other outcomes, the population and the
parameters' series end there, and the forecaster's constants are learnt again from what was known by then where the shipped ones know
more. Nothing is fitted to what came. Three things cannot be taken back, and are said beside every replay: the priors of levers were
written with knowledge of these very events, the form of the forecaster was chosen after a look at the whole record, and the
record is today's, revised.

With and without the measure are the same worlds: draw 17 has the same luck in both, and without doses both are the same numbers.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from careo.base.errors import DataError
from careo.base.texts import LANGUAGES, say
from careo.evidence.levers import load_levers
from careo.model.luck import Luck
from careo.model.mechanisms import run_block
from careo.model.rivals import Task, log_random_walk
from careo.panel.country import Country, country_of
from careo.panel.monthly import monthly_population
from careo.record.replay import CountedDose, ReplayCase
from careo.record.strategy import Dose, DoseFrom, Measure, Strategy, StrategyPeriod, load_strategy
from careo.run.calibrate import Calibration, calibrate, load_calibration
from careo.run.effects import LeftOut, draw_effects
from careo.run.ensemble import BLOCK, HOMICIDES, Job, prepare
from careo.run.history import (
    MEAN_MONTH_DAYS,
    CompanionLevels,
    History,
    exposure_days,
    homicide_history,
    joins,
)
from careo.run.parameters import borrowed_later, place_numbers
from careo.run.scenario import Scenario
from careo.run.scenario_checks import largest_dose

if TYPE_CHECKING:
    import xarray as xr

Floats = np.ndarray

_MONTH = np.timedelta64(1, "M")


@dataclass(frozen=True, slots=True)
class Group:
    """Places that are looked at together.

    Attributes:
        name: "treated" and "rest", or "more" and "less" where every place has a dose but not the same; "nation". places: codes.
    """

    name: str
    places: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Rerun:
    """A replay, run.

    Attributes:
        case: its file. country. strategy: the measures of the replay alone, as they were compiled. scenario: their doses.
        places: codes `[place]`. observed: what was counted `[events/month; place, month]`.
        without, with_measure: what the laboratory would have said `[events/month; place, month, draw]`.
        walk: what the log random walk would have said, the same shape.
        groups: of places, the nation last. history: what was seen. calibration: of the constants in use.
        companions: levels of the other outcomes as of the origin. borrowed: series of the core of which nothing was known by then, so that
            their oldest later value stands in. failures: draws that broke down and are in none of the arrays.
        left_out: effects that no run by state holds. capped: measure → codes of places whose dose was above the full one.
    """

    case: ReplayCase
    country: Country
    strategy: Strategy
    scenario: Scenario
    places: tuple[str, ...]
    observed: Floats
    without: np.ndarray
    with_measure: np.ndarray
    walk: np.ndarray
    groups: tuple[Group, ...]
    history: History
    calibration: Calibration
    companions: CompanionLevels
    borrowed: tuple[str, ...]
    failures: int
    left_out: tuple[LeftOut, ...]
    capped: dict[str, tuple[str, ...]]


def rerun(
    case: ReplayCase,
    panel: Country | xr.Dataset | None = None,
    *,
    draws: int = 1000,
    seed: int = 7,
    threads: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> Rerun:
    """Runs a replay.

    Args:
        case: as read. panel: a country, or a panel of it with its `as_of`; Mexico by default.
        draws: how many worlds. seed: of all luck. threads: as many as there are cores when not given. progress: told the share done.

    Raises:
        DataError: the record does not reach the origin or the last month, has a gap there, or changes its source in between.
        CareoError: the record before the origin is too short to learn the forecaster's constants from.
    """
    country = country_of(panel)
    history = homicide_history(panel, last=case.origin_month)
    if history.last < case.origin_month:
        raise DataError("hindcast_origin", found=f"{case.origin_month:%Y-%m}", last=f"{history.last:%Y-%m}")
    observed = _observed(panel, case, history.places)
    calibration = calibration_at(panel, case.origin_month)
    strategy, capped = measures_alone(case, country)
    job = prepare(
        [strategy],
        panel,
        months=case.months,
        seed=seed,
        origin=case.origin_month,
        calibration=calibration,
        outcomes=(),
    )
    blocks = [(first, min(BLOCK, draws - first)) for first in range(0, draws, BLOCK)]
    parts: list[np.ndarray] = []
    with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
        for part in pool.map(lambda block: _by_month(job, block), blocks):
            parts.append(part)
            if progress:
                progress(len(parts) / len(blocks))
    counts = np.concatenate(parts, axis=-1)
    sound = counts[0, 0, 0] >= 0
    scenario = job.scenarios[1]
    return Rerun(
        case, country, strategy, scenario, history.places, observed, counts[0][..., sound], counts[1][..., sound],
        log_random_walk(_task(job, draws)), groups_of(scenario), history, calibration, job.companions,
        borrowed_later(country, case.origin_month), int((~sound).sum()), job.plan.left_out, capped,
    )  # fmt: skip


def calibration_at(panel: Country | xr.Dataset | None, origin: date) -> Calibration:
    """The forecaster's constants as they would have been learnt at an origin: the shipped ones, unless they know more.

    Raises:
        CareoError: the record is too short by then.
    """
    shipped = load_calibration(country_of(panel).key)
    if shipped.until <= f"{origin:%Y-%m}":
        return shipped
    return calibrate(panel, until=origin)[0]


def measures_alone(case: ReplayCase, country: Country) -> tuple[Strategy, dict[str, tuple[str, ...]]]:
    """The measures of a replay as a strategy that begins after its origin; and by measure the states whose dose was cut to the full one."""
    whole = load_strategy(case.strategy, country.key)
    chosen: list[Measure] = []
    capped: dict[str, tuple[str, ...]] = {}
    for measure in whole.measures:
        if measure.id not in case.measures:
            continue
        if measure.id in case.by_state:
            by_state, cut = _counted(measure, case.by_state[measure.id], case, country)
            chosen += by_state
            if cut:
                capped[measure.id] = cut
        else:
            chosen.append(measure)
    alone = replace(
        whole, slug=case.slug, title=case.title, period=StrategyPeriod(f"{case.start:%Y-%m}"), measures=tuple(chosen),
        pledges=(), budget=(), ceilings=(), constraints=(), notes=(),
    )  # fmt: skip
    return alone, capped


def groups_of(scenario: Scenario) -> tuple[Group, ...]:
    """Places with a dose against those without; where all have one, the half with more against the half with less; and the nation."""
    doses = np.abs(scenario.doses).mean(axis=(0, 2))
    nation = Group("nation", scenario.places)
    most = doses.max()
    if most <= 0 or doses.min() >= most * (1 - 1e-9):
        return (nation,)
    dosed = doses.min() > 0
    mine = doses > np.median(doses) if dosed else doses > 0
    names = ("more", "less") if dosed else ("treated", "rest")
    halves = (tuple(np.asarray(scenario.places)[rows].tolist()) for rows in (mine, ~mine))
    return (*(Group(name, codes) for name, codes in zip(names, halves, strict=True)), nation)


def _by_month(job: Job, block: tuple[int, int]) -> np.ndarray:
    """Homicides of a block, with and without, by place and month `[events/month; strategy, place, month, draw]`."""
    quiet = job.quiet(block)
    effects = draw_effects(job.plan, seed=job.seed, first_draw=block[0], draws=block[1])
    counts, _, _ = run_block(
        job.seed, quiet.places, quiet.first_draw, quiet.log_intensity, quiet.core, effects, job.companion_rates(),
        first_month=quiet.wait, months_per_year=1, outcomes=job.outcomes,
    )  # fmt: skip
    return counts[:, job.outcomes.index(HOMICIDES)]


def _task(job: Job, draws: int) -> Task:
    ahead = exposure_days(job.start, job.months) / MEAN_MONTH_DAYS
    past = job.history
    return Task(
        counts=past.counts, exposure=past.exposure, ahead=ahead, places=place_numbers(job.country, past.places), draws=draws,
        luck=Luck(job.seed), constants=job.constants,
    )  # fmt: skip


def _observed(panel: Country | xr.Dataset | None, case: ReplayCase, places: Sequence[str]) -> Floats:
    """What was counted after the origin, by the source that the origin saw `[events/month; place, month]`."""
    country, counted = country_of(panel), homicide_history(panel, matched=False)
    start, months = np.datetime64(case.start, "M"), case.months
    end = start + np.timedelta64(months - 1, "M")
    last = np.datetime64(counted.last, "M")
    if end > last:
        raise DataError("hindcast_no_target", found=f"{start} … {end}", last=str(last))
    for join in joins(country):
        until = np.datetime64(join.until, "M")
        if not (start > until if case.origin_month >= join.seen_from else end <= until):
            raise DataError("replay_join", found=f"{start} … {end}", expected=f"≤ {until}")
    at = int((start - np.datetime64(counted.first, "M")).astype(int))
    found = counted.counts[[counted.places.index(code) for code in places], at : at + months]
    missing = np.argwhere(np.isnan(found))
    if len(missing):
        place, month = (int(at) for at in missing[0])
        name = country.places.by_code[places[place]].name
        raise DataError("hindcast_gap", where=f"{name}, {start + month}", count=len(missing))
    return found


def _counted(
    measure: Measure, by: CountedDose, case: ReplayCase, country: Country
) -> tuple[list[Measure], tuple[str, ...]]:
    """A measure of the nation as one of each state, dosed as the record counts it; and the states where that was above the full dose."""
    dose = measure.dose
    assert dose is not None  # noqa: S101 - load_replay refuses one without
    lever = load_levers(country.key)[measure.lever]
    most, months = largest_dose(lever), np.datetime64(case.start, "M") + np.arange(case.months) * _MONTH
    codes = country.places.states
    people = monthly_population(country, codes, months)
    made: list[Measure] = []
    cut: list[str] = []
    for code, inhabitants in zip(codes, people, strict=True):
        steps: list[DoseFrom] = []
        for month, count in _monthly(country, by.indicator, code):
            at = int((month - months[0]).astype(int))
            if not 0 <= at < len(months):
                continue
            value = round(count * by.inhabitants / float(inhabitants[at]), 4)
            cut += [code] if value > most else []
            value = min(value, most)
            if not steps or steps[-1].value != value:
                steps.append(DoseFrom(str(month), value))
        if not steps:
            continue
        last = steps[-1].value
        low, high = (
            min(last * end / dose.value, most) if dose.value else last for end in (dose.low, dose.high)
        )
        how = {
            language: say(language, "replay.counted", indicator=by.indicator, inhabitants=f"{by.inhabitants:,.0f}",
                          first=steps[0].start, last=steps[-1].start)
            for language in LANGUAGES
        }  # fmt: skip
        made.append(
            replace(measure, id=f"{measure.id}-{code.lower()}", where=(code,), start=steps[0].start, cost=None,
                    dose=Dose("delivered", last, low, high, how, dose.grade, None, tuple(steps)))
        )  # fmt: skip
    if not made:
        raise DataError("replay_not_counted", where=measure.id, found=by.indicator)
    return made, tuple(dict.fromkeys(cut))


def _monthly(country: Country, indicator: str, code: str) -> list[tuple[np.datetime64, float]]:
    """A state's values by month as known today, oldest first."""
    newest: dict[np.datetime64, tuple[date, float]] = {}
    for o in country.series(indicator).observations:
        if o.place == code and o.period.first and len(str(o.period)) == len("2019-07"):
            month = np.datetime64(o.period.first, "M")
            if month not in newest or newest[month][0] <= o.known:
                newest[month] = (o.known, float(o.value))
    return [(month, newest[month][1]) for month in sorted(newest)]
