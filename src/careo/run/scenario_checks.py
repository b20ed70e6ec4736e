"""What a scenario is compiled in, and every mistake in what was asked of it: in the request, in the measures, in the budget."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypedDict, cast

import numpy as np

from careo.base.errors import CareoError, DataError
from careo.base.fields import first_day, last_day
from careo.base.yaml_files import Loc, Written, read_written
from careo.evidence.levers import Lever
from careo.panel import Country
from careo.panel.monthly import monthly_population
from careo.record.strategy import (
    Dose,
    MaskFile,
    Measure,
    Strategy,
    TopPlaces,
    find,
    read_strategy,
    strategies,
)
from careo.run.place_selection import chosen_places
from careo.run.scenario_costs import MeasureCost

if TYPE_CHECKING:
    from careo.run.scenario import Scenario

Level = Literal["state", "municipality"]
LONGEST = 1200
"""Months of the longest horizon."""

ROUNDING = 1e-9
_LOOK_BACK = 240  # months for which the last known population stands in


class Asked(TypedDict, total=False):
    """What may be asked of a scenario beside its horizon; see `compile_scenario`."""

    start: date | None
    level: Level
    in_force: Scenario | None
    where: Mapping[str, Sequence[str]]
    ramp_months: Mapping[str, int]
    budget_per_year: float | None
    price_year: int | None
    path: str | Path | None


@dataclass(frozen=True)
class Frame:
    """What all measures of a scenario share: places, months, the strategy's own calendar and its file."""

    strategy: Strategy
    country: Country
    level: Level
    months: int
    start: date  # first of month 0 of the simulation
    origin: int  # month 0 in the strategy's own calendar [months since year 0]
    path: str | Path | None
    chosen: dict[TopPlaces | MaskFile, tuple[str, ...]] = field(default_factory=dict[Any, tuple[str, ...]])

    @cached_property
    def codes(self) -> tuple[str, ...]:
        """The places, sorted."""
        return tuple(sorted(p.code for p in self.country.places.by_code.values() if p.kind == self.level))

    @cached_property
    def rows(self) -> Mapping[str, int]:
        """Code → place."""
        return {code: row for row, code in enumerate(self.codes)}

    @cached_property
    def written(self) -> Written | None:
        """The strategy's file: the one given, or the shipped one when the strategy is what stands in it."""
        if self.path is not None:
            return read_written(self.path)
        if self.strategy.slug in strategies(self.country.key):
            shipped = find(self.strategy.slug, self.country.key)
            if read_strategy(shipped, self.country.key)[0] == self.strategy:
                return read_written(shipped)
        return None

    def error(
        self, loc: Loc, key: str, *, known: Iterable[str] = (), found: object = None, **words: object
    ) -> DataError:
        """A mistake at a value of the file; with its line where the file is known, else with the strategy's name."""
        if self.written is not None:
            return self.written.error(
                self._written_at(self.written, loc), key, known=known, found=found, **words
            )
        told = Written("", None, {}).error(loc, key, known=known, found=found, **words)
        where = self.strategy.slug
        return DataError(
            key, where=where, expected=told.expected, found=told.found, fix=told.fix, **told.words
        )

    def _written_at(self, written: Written, loc: Loc) -> Loc:
        """A loc of the strategy in hand as one of its file, which may have its measures in another order."""
        if len(loc) < 2 or loc[0] != "measures" or not isinstance(written.value, dict):
            return loc
        rows = cast(dict[str, Any], written.value).get("measures")
        listed = cast(list[Any], rows) if isinstance(rows, list) else []
        ids = [cast(dict[str, Any], row).get("id") if isinstance(row, dict) else None for row in listed]
        measure = self.strategy.measures[int(loc[1])].id
        here = int(loc[1]) < len(ids) and ids[int(loc[1])] == measure
        return loc if here or measure not in ids else ("measures", ids.index(measure), *loc[2:])

    def people(self, codes: Sequence[str]) -> np.ndarray:
        """Inhabitants at month 0, or in the last month before it that they are known of; NaN when not [persons; place]."""
        last = np.datetime64(self.start, "M")
        window = np.arange(last - np.timedelta64(_LOOK_BACK, "M"), last + np.timedelta64(1, "M"))
        found = monthly_population(self.country, codes, window)
        known = np.isfinite(found)
        latest = known.shape[1] - 1 - np.argmax(known[:, ::-1], axis=1)
        return np.where(known.any(axis=1), found[np.arange(len(codes)), latest], np.nan)

    @cached_property
    def shares(self) -> np.ndarray:
        """Each place's share of the people of all places; all NaN when one is not known [place]."""
        people = self.people(self.codes)
        return people / people.sum()


def request_mistakes(frame: Frame, asked: Asked) -> Iterator[CareoError]:
    """Mistakes in what was asked for."""
    if not 0 < frame.months <= LONGEST:
        yield DataError("scenario_months", expected=f"1 … {LONGEST}", found=str(frame.months))
        return
    if frame.strategy.country != frame.country.code:
        yield frame.error(
            ("country",), "strategy_country", found=frame.strategy.country, expected=frame.country.code
        )
    if not frame.codes:
        yield DataError("scenario_level", found=frame.level)
    ids = {measure.id for measure in frame.strategy.measures}
    for name in ("where", "ramp_months"):
        for measure in asked.get(name, {}):
            if measure not in ids:
                yield frame.error(("measures",), "scenario_measure", known=ids, found=measure)
    for measure, length in asked.get("ramp_months", {}).items():
        if length < 1:
            yield frame.error(("measures",), "scenario_ramp", found=length, measure=measure)
    budget = asked.get("budget_per_year")
    if budget is not None and not 0 <= budget < math.inf:
        yield DataError("scenario_budget_number", found=str(budget))
    standing = asked.get("in_force")
    if standing and (standing.places, standing.start, standing.months) != (
        frame.codes,
        frame.start,
        frame.months,
    ):
        yield DataError(
            "scenario_in_force", name=standing.name,
            expected=f"{len(frame.codes)}, {frame.start:%Y-%m}, {frame.months}",
            found=f"{len(standing.places)}, {standing.start:%Y-%m}, {standing.months}",
        )  # fmt: skip


def measure_mistakes(frame: Frame, levers: Mapping[str, Lever], asked: Asked) -> Iterator[CareoError]:
    """Mistakes in the measures: what they refer to, ids that stand twice, doses that mean nothing."""
    seen: set[str] = set()
    named = by_name(levers)
    for index, measure in enumerate(frame.strategy.measures):
        loc: Loc = ("measures", index)
        if measure.id in seen:
            yield frame.error((*loc, "id"), "scenario_overlap", found=measure.id)
        seen.add(measure.id)
        lever = named.get(measure.lever.lower())
        if lever is None:
            yield frame.error((*loc, "lever"), "strategy_lever", known=levers, found=measure.lever)
        yield from _places(frame, index, measure, asked)
        if (measure.dose is None) == (measure.not_simulated is None):
            yield frame.error(loc, "strategy_dose", expected="dose | not_simulated")
        begin, end = measure.start, measure.end
        if begin and end and last_day(end) < first_day(begin):
            yield frame.error((*loc, "end"), "strategy_period", found=end)
        if measure.dose and lever:
            yield from _bounds(frame, (*loc, "dose"), measure.dose, lever)


def _at(frame: Frame, loc: Loc, error: CareoError, where: str) -> DataError:
    """The same mistake as one of a value of the strategy's file, which is where it stands if nothing else is said."""
    told = frame.error(loc, "file_value")
    return DataError(
        error.key, where=where or told.where, expected=error.expected, found=error.found, fix=error.fix,
        **{**error.words, "field": told.words["field"]},
    )  # fmt: skip


def _bounds(frame: Frame, loc: Loc, dose: Dose, lever: Lever) -> Iterator[CareoError]:
    most = largest_dose(lever)
    numbers: list[tuple[Loc, float]] = [
        ((*loc, name), getattr(dose, name)) for name in ("low", "value", "high")
    ]
    numbers += [((*loc, "schedule", place, "value"), step.value) for place, step in enumerate(dose.schedule)]
    for where, number in numbers:
        if not 0 <= number <= most * (1 + ROUNDING):
            yield frame.error(
                where, "scenario_dose", found=f"{number:g}", lever=lever.id, unit=lever.dose_unit.symbol,
                expected=f"0 … {most:g}" if math.isfinite(most) else "≥ 0",
            )  # fmt: skip
    if not dose.low <= dose.value <= dose.high:
        yield frame.error((*loc, "value"), "strategy_range", found=f"{dose.low} … {dose.value} … {dose.high}")


def largest_dose(lever: Lever) -> float:
    """The largest dose that means something: 1, the full dose; no limit where a dose is a sum of money by definition.

    Such a lever's cost says so: it is one number without a range, and no judgement.
    """
    cost = lever.cost
    by_definition = cost is not None and not cost.judgement and cost.low == cost.value == cost.high
    return math.inf if by_definition else 1.0


def over_budget(frame: Frame, costs: Sequence[MeasureCost], budget: float | None) -> CareoError | None:
    """The first twelve months that cost more than the budget, if there are any; what is not costed is not counted."""
    if budget is None or not costs:
        return None
    for first in range(0, frame.months, 12):
        window = slice(first, first + 12)
        parts = [float(np.nansum(cost.value[window])) for cost in costs]
        if sum(parts) > budget * (1 + ROUNDING):
            dearest = costs[int(np.argmax(parts))].measure
            index = [measure.id for measure in frame.strategy.measures].index(dearest)
            return frame.error(
                ("measures", index, "id"), "scenario_budget", expected=f"≤ {budget:,.0f}", found=f"{sum(parts):,.0f}",
                months=f"{first + 1}–{min(first + 12, frame.months)}", measure=dearest,
            )  # fmt: skip
    return None


def codes_of(frame: Frame, measure: Measure, asked: Asked) -> Sequence[str]:
    """The places of a measure as they were written, or as they were chosen instead.

    Raises:
        CareoError: a ranking or a file of places that gives none.
    """
    chosen = asked.get("where", {}).get(measure.id)
    if chosen is not None:
        return chosen
    where = measure.where
    if isinstance(where, (TopPlaces, MaskFile)):
        if where not in frame.chosen:
            frame.chosen[where] = chosen_places(where, frame.country)
        return frame.chosen[where]
    return (frame.country.places.nation,) if where == "nation" else where


def _places(frame: Frame, index: int, measure: Measure, asked: Asked) -> Iterator[CareoError]:
    """Places that do not exist, and rankings or files that give none."""
    loc: Loc = ("measures", index, "where")
    if measure.where != "nation" and not measure.where:
        yield frame.error(loc, "file_empty")
    if isinstance(measure.where, MaskFile) and not Path(measure.where.file).is_absolute():
        yield frame.error((*loc, "file"), "strategy_mask_missing", found=measure.where.file)
        return
    top = measure.where if isinstance(measure.where, TopPlaces) else None
    if top and top.by not in frame.country.indicators:
        known = frame.country.indicators
        yield frame.error((*loc, "by"), "strategy_indicator", known=known, found=top.by)
        return
    try:
        codes = codes_of(frame, measure, asked)
    except CareoError as error:
        yield _at(frame, loc, error, "" if top else error.where)  # a file of places has its own lines
        return
    for place, code in enumerate(codes):
        if code not in frame.country.places.codes:
            yield frame.error((*loc, place), "strategy_place", known=frame.country.places.codes, found=code)


def by_name(levers: Mapping[str, Lever]) -> Mapping[str, Lever]:
    """Levers by id and by code, in lower case."""
    return {name.lower(): lever for lever in levers.values() for name in (lever.id, lever.code)}
