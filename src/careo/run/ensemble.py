"""Strategies under the same luck: the panel's forecast, the registry's priors and the strategies' doses meet here.

Draw 17 of a place and month is the same world under every strategy, in an ensemble of any size and on any number of threads: blocks of
draws are run side by side and put together, and nothing depends on which thread ran which block.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, TypedDict, Unpack

import numpy as np

from careo.base.errors import DataError
from careo.evidence.levers import load_levers
from careo.model.forecast import Baseline, Constants, fit, log_intensities
from careo.model.luck import Luck
from careo.model.mechanisms import OUTCOMES, Core, Effects, run_block
from careo.panel import Country, country_of
from careo.record.strategy import Strategy
from careo.run.calibrate import Calibration, load_calibration
from careo.run.effects import EffectPlan, LeftOut, draw_effects, plan_effects
from careo.run.history import (
    MEAN_MONTH_DAYS,
    CompanionLevels,
    History,
    companion_levels,
    exposure_days,
    homicide_history,
)
from careo.run.municipal import MunicipalPart, run_municipal, within_states
from careo.run.municipal_record import municipal_record
from careo.run.parameters import Parameters, draw_parameters, neighbours, place_numbers
from careo.run.scenario import Level, Scenario, compile_scenario
from careo.run.scenario_checks import LONGEST

if TYPE_CHECKING:
    import xarray as xr

STATUS_QUO = "status-quo"
HOMICIDES, RIGHTS = "homicides", "rights_complaints"
BLOCK = 125
"""Draws of a block: small enough for the caches of a core, large enough that a block outweighs its start."""


@dataclass(frozen=True, eq=False)
class Ensemble:
    """Futures of several strategies under the same luck. Arrays with named axes are made when they are asked for.

    Attributes:
        by_year: counts by place [events/year; strategy outcome place year draw], int64; −1 where a draw failed.
        by_month: counts of the nation [events/month; strategy outcome month draw].
        members_by_year: at the end of each year [persons; strategy place year draw].
        outcomes, places: the names along those axes.
        baseline_year: counts of the last twelve observed months by place, homicides only [events/year; place].
        scenarios: of the strategies, the status quo first. seed; start: first of month 0. members_nation: of the membership
            scale, None where it was drawn. failures: draws that broke down. left_out: effects no run by state can hold.
        companions: what the levels of other outcomes rest on. without: grades of evidence left out.
        by_municipality: homicides [events/year; strategy municipality year draw]; None in a run by state. part: what they rest on.
    """

    by_year: np.ndarray
    by_month: np.ndarray
    members_by_year: np.ndarray
    outcomes: tuple[str, ...]
    places: tuple[str, ...]
    baseline_year: np.ndarray
    scenarios: tuple[Scenario, ...]
    seed: int
    start: date
    members_nation: float | None
    failures: int
    left_out: tuple[LeftOut, ...]
    companions: CompanionLevels
    without: frozenset[str] = frozenset()
    by_municipality: np.ndarray | None = None
    part: MunicipalPart | None = None

    @cached_property
    def yearly(self) -> xr.DataArray:
        """`by_year` with names: strategy, outcome, place, year (1 is the first), draw."""
        return self._named(self.by_year, "strategy", "outcome", "place", "year", "draw")

    @cached_property
    def monthly(self) -> xr.DataArray:
        """`by_month` with names: strategy, outcome, month, draw."""
        return self._named(self.by_month, "strategy", "outcome", "month", "draw")

    @cached_property
    def members(self) -> xr.DataArray:
        """`members_by_year` with names: strategy, place, year, draw."""
        return self._named(self.members_by_year, "strategy", "place", "year", "draw")

    @cached_property
    def municipal(self) -> xr.DataArray | None:
        """`by_municipality` with names: strategy, municipality, year, draw."""
        if self.by_municipality is None:
            return None
        return self._named(self.by_municipality, "strategy", "municipality", "year", "draw")

    def _named(self, values: np.ndarray, *axes: str) -> xr.DataArray:
        import xarray as xr

        names: dict[str, object] = {
            "strategy": list(self.strategies), "outcome": list(self.outcomes), "place": list(self.places),
            "municipality": list(self.part.record.codes) if self.part else [],
            "year": np.arange(1, self.by_year.shape[3] + 1),
            "month": np.datetime64(self.start, "M") + np.arange(self.by_month.shape[2]).astype("timedelta64[M]"),
        }  # fmt: skip
        return xr.DataArray(values, dims=axes, coords={axis: names[axis] for axis in axes if axis in names})

    @property
    def strategies(self) -> tuple[str, ...]:
        """Their names, the status quo first."""
        return tuple(scenario.name for scenario in self.scenarios)


class Question(TypedDict, total=False):
    """What a run can be asked, beside its strategies; defaults stand in `prepare`, words in `simulate`."""

    months: int
    seed: int
    start: date | None
    members_nation: float | None
    without: frozenset[str]
    outcomes: Sequence[str]
    level: Level
    where: Mapping[str, Mapping[str, Sequence[str]]] | None
    calibration: Calibration | None


def simulate(
    strategies: Sequence[Strategy],
    panel: Country | xr.Dataset | None = None,
    *,
    draws: int = 1000,
    threads: int | None = None,
    progress: Callable[[int], None] | None = None,
    **question: Unpack[Question],
) -> Ensemble:
    """Runs strategies against the status quo, the levers at their baseline.

    Args:
        strategies: to be compared; each is re-dated so that its first month is `start`.
        panel: whose history and parameters; Mexico by default.
        draws: how many worlds; 1,000 by default. months, seed: of the run; 72 and 7. start: month 0; the month after the history ends when not given.
        members_nation: membership of armed groups in month 0 [persons], when it is not to be drawn: no count identifies it.
        without: grades whose effects are left out, to see what rests on them.
        outcomes: which are counted, beside homicides and complaints of rights violations: rights are constraints.
        level: "municipality" counts homicides by municipality, too, and lets measures act where in a state they are; that needs a
            municipal record that was imported.
        where: strategy → measure → codes of places instead of those of its file (of `top_places`, `mask_places`).
        calibration: the forecaster's constants; those that the country ships when not given.
        threads: as many as there are cores when not given. progress: called with the draws done so far.

    Raises:
        DataError: a mistake in a strategy, two of one name, or a start before the record ends; before a number is drawn.
        CareoError: a run by municipality, and no municipal record.
    """
    job = prepare(strategies, panel, **question)
    blocks = [(begin, min(BLOCK, draws - begin)) for begin in range(0, draws, BLOCK)]
    done = 0
    parts: list[tuple[np.ndarray, ...]] = []
    with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
        for part, (_, size) in zip(pool.map(job.run, blocks), blocks, strict=True):
            parts.append(part)
            done += size
            if progress:
                progress(done)
    return gathered(job, parts)


def prepare(
    strategies: Sequence[Strategy],
    panel: Country | xr.Dataset | None = None,
    *,
    months: int = 72,
    seed: int = 7,
    start: date | None = None,
    members_nation: float | None = None,
    without: frozenset[str] = frozenset(),
    outcomes: Sequence[str] = OUTCOMES,
    level: Level = "state",
    where: Mapping[str, Mapping[str, Sequence[str]]] | None = None,
    calibration: Calibration | None = None,
    origin: date | None = None,
) -> Job:
    """What every block of draws needs, with every mistake found. Arguments and errors as of `simulate`.

    Args:
        origin: the last month that the run may see of the record; all of it when not given. No question of `simulate`: runs that are
            kept are about the future, `run/replay.py` is about the past.
    """
    country = country_of(panel)
    unknown = [name for name in outcomes if name not in OUTCOMES]
    if unknown:
        raise DataError("run_outcome", found=", ".join(unknown), expected=" | ".join(OUTCOMES))
    names = [STATUS_QUO, *(strategy.slug for strategy in strategies)]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError("run_twice", found=", ".join(twice))
    history = homicide_history(panel, last=origin)
    after = next_month(history.last)
    first = (start or after).replace(day=1)
    if first < after:
        raise DataError("simulate_start", where="--start", found=str(first), expected=str(after))
    if months_between(after, first) > LONGEST:
        raise DataError("simulate_start_far", where="--start", found=str(first), expected=f"≤ {LONGEST}")
    chosen = where or {}
    unknown = sorted(set(chosen) - set(names))
    if unknown:
        raise DataError("run_strategy", expected=" | ".join(names[1:]), found=", ".join(unknown))
    compiled = tuple(
        compile_scenario(s, country, months=months, start=first, level=level, where=chosen.get(s.slug, {}))
        for s in strategies
    )
    companions = companion_levels(panel, places=history.places, last=origin)
    scenarios: tuple[Scenario, ...] = (quiet_scenario(history.places, first, months), *compiled)
    part = None
    if level == "municipality":
        record = municipal_record(panel, history.places, first)
        everywhere = compiled[0].places if compiled else record.codes
        quiet = quiet_scenario(everywhere, first, months, level)
        scenarios, part = within_states(record, history.places, (quiet, *compiled), load_levers(country.key))
    return Job(
        country,
        history,
        scenarios,
        companions,
        months,
        seed,
        first,
        members_nation,
        without,
        tuple(counted_of(outcomes)),
        (calibration or load_calibration(country.key)).constants,
        part,
    )


def counted_of(outcomes: Sequence[str]) -> list[str]:
    """The outcomes that a run counts when these are asked for: homicides always, and complaints, for rights are constraints."""
    return [name for name in OUTCOMES if name in (HOMICIDES, RIGHTS, *outcomes)]


def quiet_scenario(places: Sequence[str], start: date, months: int, level: Level = "state") -> Scenario:
    """The status quo: nothing changes from what is in force."""
    empty = np.zeros((0, len(places), months))
    return Scenario(STATUS_QUO, (), empty, empty, empty, (), tuple(places), level, start)


@dataclass(frozen=True, eq=False)
class Job:
    """What every block of draws needs.

    Attributes:
        scenarios: by state. municipal: what acts within states, in a run by municipality. split: whether municipalities are counted.
    """

    country: Country
    history: History
    scenarios: tuple[Scenario, ...]
    companions: CompanionLevels
    months: int
    seed: int
    start: date
    members_nation: float | None
    without: frozenset[str]
    outcomes: tuple[str, ...]
    constants: Constants
    municipal: MunicipalPart | None = None
    split: bool = True

    @cached_property
    def baseline(self) -> Baseline:
        """The forecast without any strategy, fitted to the history."""
        kept = self.country.derived.get(("baseline",))  # a slider asks for the same one again and again
        if kept is None or kept[0] is not self.history or kept[1] is not self.constants:
            numbers = place_numbers(self.country, self.history.places)
            found = fit(self.history.counts, self.history.exposure, self.constants, places=numbers)
            kept = self.country.derived[("baseline",)] = self.history, self.constants, found
        return kept[2]

    @cached_property
    def plan(self) -> EffectPlan:
        """The effects of the levers that the scenarios move, but for the grades left out."""
        part = "states" if self.municipal else "whole"
        return plan_effects(self.scenarios, load_levers(self.country.key), without=self.without, part=part)

    @cached_property
    def local_plan(self) -> EffectPlan:
        """The effects within states, by class of municipalities."""
        assert self.municipal is not None  # noqa: S101 - of runs by municipality
        levers = load_levers(self.country.key)
        return plan_effects(self.municipal.scenarios, levers, without=self.without, part="municipalities")

    def run(self, block: tuple[int, int]) -> tuple[np.ndarray, ...]:
        """One block, its first draw and how many: what `run_block` gives, and where they are counted homicides by municipality."""
        first_draw, draws = block
        given = {"seed": self.seed, "first_draw": first_draw, "draws": draws}
        effects, quiet = draw_effects(self.plan, **given), self.quiet(block)
        if self.municipal is None:
            return quiet.run(effects, self.companion_rates(), outcomes=self.outcomes)
        local = draw_effects(self.local_plan, **given)
        return run_municipal(
            self.municipal, quiet.seed, quiet.places, first_draw, quiet.log_intensity, quiet.core, effects,
            self.companion_rates(), local=local, first_month=quiet.wait, outcomes=self.outcomes, split=self.split,
        )  # fmt: skip

    def shapes(self, draws: int) -> tuple[tuple[int, ...], ...]:
        """Of the arrays of a block: counts by year, counts by month, members, and where they are counted homicides by municipality."""
        strategies, outcomes, places = len(self.scenarios), len(self.outcomes), len(self.history.places)
        years = -(-self.months // 12)
        codes = (len(self.municipal.record.codes),) if self.municipal and self.split else ()
        return (
            (strategies, outcomes, places, years, draws),
            (strategies, outcomes, self.months, draws),
            (strategies, places, years, draws),
            *((strategies, count, years, draws) for count in codes),
        )

    def quiet(self, block: tuple[int, int]) -> QuietBlock:
        """What a block is without any strategy: its first draw and how many."""
        first_draw, draws = block
        places = self.history.places
        after = next_month(self.history.last)
        wait = months_between(after, self.start)
        exposure = exposure_days(after, wait + self.months) / MEAN_MONTH_DAYS
        paths = log_intensities(self.baseline, Luck(self.seed), exposure, draws=draws, first_draw=first_draw)
        parameters = draw_parameters(
            self.country,
            places,
            seed=self.seed,
            first_draw=first_draw,
            draws=draws,
            members_nation=self.members_nation,
            last=self.history.last,
        )
        return QuietBlock(
            self.seed,
            self.baseline.places,
            first_draw,
            wait,
            np.ascontiguousarray(paths[:, wait:]),
            parameters,
            _core(
                parameters,
                np.exp(self.baseline.level),
                neighbours(self.country, places),
                self.constants.dispersion,
            ),
        )

    def companion_rates(self) -> np.ndarray:
        """How often the other outcomes happen now, NaN where nothing is known [events/month; outcome−1 place]."""
        unknown = np.full(len(self.history.places), np.nan)
        levels = self.companions.levels
        return np.stack([levels[name].monthly if name in levels else unknown for name in OUTCOMES[1:]])


@dataclass(frozen=True, eq=False)
class QuietBlock:
    """A block of draws before any strategy.

    Attributes:
        seed: of the run. places: numbers of the places in addresses of luck [place]. first_draw: of the block.
        wait: months between the end of the history and month 0.
        log_intensity: of homicides with every lever at its baseline [ln events/month; place month draw].
        parameters: of the block. core: the same as the kernel takes them.
    """

    seed: int
    places: np.ndarray
    first_draw: int
    wait: int
    log_intensity: np.ndarray
    parameters: Parameters
    core: Core

    def run(
        self, effects: Effects, companions: np.ndarray, *, outcomes: Sequence[str] = OUTCOMES
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Counts by year, counts by month and members, as of `run_block`, under the effects of this block's draws."""
        return run_block(
            self.seed, self.places, self.first_draw, self.log_intensity, self.core, effects, companions,
            first_month=self.wait, outcomes=outcomes,
        )  # fmt: skip


def _core(parameters: Parameters, intensity: np.ndarray, matrix: np.ndarray, dispersion: float) -> Core:
    """The core's arrays; θ so that the baseline's killings are the organised share of the expected homicides."""
    p = parameters
    meetings = p.members**2 * (1.0 - 1.0 / p.groups[:, None])
    theta = p.organised_share * intensity[:, None] / np.maximum(meetings, 1e-9)
    return Core(
        members=p.members, prisoners=p.prisoners, conflict_rate=theta, organised_share=p.organised_share, groups=p.groups,
        groups_rest=p.groups, young_men=p.young_men, arrests=p.arrests_per_month, captures=p.captures_per_month,
        neighbours=matrix, recruitment=p.recruitment_hazard, recruitment_exponent=p.recruitment_exponent,
        recruitment_rent_exponent=p.recruitment_rent_exponent, conflict_rent_exponent=p.conflict_rent_exponent,
        saturation=p.saturation, capture_share=p.capture_share, exit=p.exit_hazard, recidivism=p.recidivism,
        prison_months=p.prison_months, fragmentation=p.fragmentation, groups_return_months=p.groups_return_months,
        migration=p.migration, extortion_exponent=p.extortion_exponent, clearance_elasticity=p.clearance_elasticity,
        overdispersion=np.full(p.members.shape[1], dispersion),
        companion_overdispersion=p.overdispersion,
    )  # fmt: skip


def gathered(job: Job, parts: Sequence[tuple[np.ndarray, ...]]) -> Ensemble:
    """The blocks of a job, in order, as one ensemble."""
    yearly, monthly, members, *rest = (np.concatenate(arrays, axis=-1) for arrays in zip(*parts, strict=True))
    failures = int((yearly[0, 0, 0, 0] < 0).sum())
    for k, name in enumerate(job.outcomes):
        if name != HOMICIDES and name not in job.companions.levels:
            yearly[:, k], monthly[:, k] = -1, -1
    return Ensemble(
        by_year=yearly, by_month=monthly, members_by_year=members, outcomes=job.outcomes, places=tuple(job.history.places),
        baseline_year=np.nansum(job.history.counts[:, -12:], axis=1),
        scenarios=job.scenarios, seed=job.seed, start=job.start, members_nation=job.members_nation,
        failures=failures, left_out=job.plan.left_out, companions=job.companions, without=job.without,
        by_municipality=rest[0] if rest else None, part=job.municipal,
    )  # fmt: skip


def months_between(first: date, second: date) -> int:
    """Months from one to the other."""
    return (second.year - first.year) * 12 + second.month - first.month


def next_month(day: date) -> date:
    """The first day of the month after."""
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)
