"""Forecasting the past by municipality: what each way would have said at an origin, of thousands of places without holding them all.

The record is what a person has imported: of the series that `forecast.yaml` names, one at a time, as it was counted. Origins are Octobers and
the months of the next calendar year are scored, as for states. A municipality takes part when at least 15 months of it are known, one of
them among the last 12 before the origin; one that is younger, or that stopped reporting, is left out and counted. A month that it
did not report is neither a zero nor scored.

A forecaster is prepared once, with all places in sight, and then asked for a block of them at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from careo.base.errors import CareoError, DataError
from careo.model import municipal_forecast, random_walk
from careo.model.counts import observe
from careo.model.luck import Luck
from careo.model.rivals import Rival, Task, last_observation, own_last_year
from careo.panel.country import Country
from careo.run.calibrate import load_calibration
from careo.run.hindcast import FIRST_LEAD, LAST_LEAD, ORIGIN_MONTH
from careo.run.history import MEAN_MONTH_DAYS, exposure_days, municipal_protocol, municipal_series
from careo.run.municipal_record import (
    MunicipalTable,
    municipal_tables,
    municipalities_of,
    municipality_numbers,
)
from careo.run.parameters import place_numbers

Floats = np.ndarray

FEWEST_MONTHS = 15
"""Observed months that a municipality must have, and a record before its first origin: with fewer the log random walk has no scale."""
RECENT_MONTHS = 12
"""A municipality of which no month among so many before the origin is known has stopped reporting."""
_MONTH = np.timedelta64(1, "M")


@dataclass(frozen=True, eq=False)
class LocalTask:
    """What a forecaster of municipalities is given.

    Attributes:
        task: As for states. states: the number of each place's state in addresses of luck `[place]`.
    """

    task: Task
    states: np.ndarray


Prepared = Callable[[np.ndarray], np.ndarray]
"""Positions of places → samples of their months ahead `[events/month; place, lead, draw]`."""
LocalRival = Callable[[LocalTask], Prepared]


@dataclass(frozen=True, eq=False)
class Municipalities:
    """The municipalities that can be forecast from an origin.

    Attributes:
        codes: Theirs. states: codes of their states, each once; state: index of each one's state `[place]`.
        left_out: How many of the record are too young or stopped reporting.
        given: What a forecaster is given.
    """

    codes: tuple[str, ...]
    states: tuple[str, ...]
    state: np.ndarray
    left_out: int
    given: LocalTask


@dataclass(frozen=True, eq=False)
class MunicipalHindcast:
    """One origin.

    Attributes:
        origin: The last month that forecasters see, by its first day. year: of the months that are scored.
        places: The municipalities.
        leads: How many months after the origin each scored month is `[month]`; ends where the record ends.
        observed: What happened, NaN where nothing was reported `[events/month; place, month]`.
    """

    origin: date
    year: int
    places: Municipalities
    leads: np.ndarray
    observed: Floats


def municipal_records(country: Country, day: date | None = None) -> list[MunicipalTable]:
    """The imported monthly series by municipality, the preferred one first.

    Raises:
        CareoError: the country has no municipalities, or nothing monthly is known of them.
    """
    codes, _ = _all_municipalities(country)
    tables = municipal_tables(country, codes, day)
    if not tables:
        expected = ", ".join(municipal_series(country)) or "–"
        raise CareoError(
            "municipal_forecast_none", where=country.key, expected=expected, fix="municipal_data"
        )
    return tables


def municipal_origins(country: Country, table: MunicipalTable) -> tuple[date, ...]:
    """The origins that a record is judged at: those of the protocol for the record it names, of another every October that serves."""
    protocol = municipal_protocol(country)
    served = servable_origins(table)
    if protocol is None or protocol.series != table.name:
        return served
    first, last = (date.fromisoformat(f"{part}-01") for part in protocol.origins.split("/"))
    return tuple(day for day in served if first <= day <= last)


def servable_origins(table: MunicipalTable) -> tuple[date, ...]:
    """Octobers with enough of a record before them and some of it in the year to be scored."""
    known = np.asarray(~np.isnan(table.counts).all(axis=0))
    found: list[date] = []
    for at, month in enumerate(table.months):
        day = month.astype("datetime64[D]").astype(date)
        ahead = known[at + FIRST_LEAD : at + LAST_LEAD + 1]
        if day.month == ORIGIN_MONTH and known[: at + 1].sum() >= FEWEST_MONTHS and known[at] and ahead.any():
            found.append(day)
    return tuple(found)


def municipal_window(country: Country, series: str, year: int) -> str:
    """Whether forecasters were tuned on a year of a series: "tuning" or "test"."""
    protocol = municipal_protocol(country)
    tuned = protocol is not None and protocol.series == series and year <= protocol.tuned_until
    return "tuning" if tuned else "test"


def municipalities_at(
    country: Country, table: MunicipalTable, origin: date, *, months: int, draws: int, seed: int
) -> Municipalities:
    """The municipalities that can be forecast from an origin, and what a forecaster is given.

    Args:
        table: The record. origin: its last month to be seen. months: how many to forecast. draws, seed: of the samples.

    Raises:
        DataError: the record does not reach the origin, or no municipality has enough of it.
    """
    first, last = np.datetime64(table.months[0], "M"), np.datetime64(origin, "M")
    seen = int((last - first).astype(int)) + 1
    if not 1 <= seen <= table.counts.shape[1]:
        span = f"{table.months[0]} … {table.months[-1]}"
        raise DataError("municipal_origin", where=table.name, found=f"{origin:%Y-%m}", expected=span)
    counts = table.counts[:, :seen]
    known = ~np.isnan(counts)
    serving = (known.sum(axis=1) >= FEWEST_MONTHS) & known[:, -RECENT_MONTHS:].any(axis=1)
    if not serving.any():
        raise DataError(
            "municipal_short", where=f"{table.name}, {origin:%Y-%m}", months=seen, least=FEWEST_MONTHS
        )
    codes, state_of = _all_municipalities(country)
    rows = np.flatnonzero(serving)
    all_states = country.places.states
    used, state = np.unique(state_of[rows], return_inverse=True)
    states = tuple(all_states[i] for i in used)
    chosen = tuple(codes[i] for i in rows)
    ahead = exposure_days((last + _MONTH).astype("datetime64[D]").astype(date), months)
    task = Task(
        counts=counts[rows],
        exposure=exposure_days(first.astype("datetime64[D]").astype(date), seen) / MEAN_MONTH_DAYS,
        ahead=ahead / MEAN_MONTH_DAYS,
        places=municipality_numbers(country, chosen),
        draws=draws,
        luck=Luck(seed),
        constants=load_calibration(country.key).constants,
        first_month=origin.year * 1000 + origin.month,
    )
    left_out = int((known.any(axis=1) & ~serving).sum())
    given = LocalTask(task, place_numbers(country, states)[state])
    return Municipalities(chosen, states, state, left_out, given)


def municipal_hindcast(
    country: Country, table: MunicipalTable, origin: date, *, draws: int, seed: int
) -> MunicipalHindcast:
    """The hindcast of one origin.

    Args:
        table: The record. origin: an October. draws, seed: of the samples; each origin has luck of its own.

    Raises:
        DataError: as of `municipalities_at`, or nothing is known of the months to be scored.
    """
    places = municipalities_at(country, table, origin, months=LAST_LEAD, draws=draws, seed=seed)
    row_of = {code: row for row, code in enumerate(_all_municipalities(country)[0])}
    rows = [row_of[code] for code in places.codes]
    seen = places.given.task.counts.shape[1]
    observed = table.counts[rows, seen + FIRST_LEAD - 1 : seen + LAST_LEAD]
    known = np.flatnonzero(~np.isnan(observed).all(axis=0))
    if not known.size:
        target = np.datetime64(origin, "M") + FIRST_LEAD
        found = f"{target} … {target + LAST_LEAD - FIRST_LEAD}"
        raise DataError("municipal_no_target", where=table.name, found=found, last=str(table.months[-1]))
    months = int(known[-1]) + 1
    leads = np.arange(FIRST_LEAD, FIRST_LEAD + months)
    return MunicipalHindcast(origin, origin.year + 1, places, leads, observed[:, :months])


def _all_municipalities(country: Country) -> tuple[tuple[str, ...], np.ndarray]:
    return municipalities_of(country, country.places.states)


# ── forecasters ──────────────────────────────────────────────────────────────────────────────────────────────────


def filtered(given: LocalTask) -> Prepared:
    """The forecaster of this version: `model/municipal_forecast.py`."""
    task = given.task
    levels = municipal_forecast.fit(task.counts, task.exposure, states=given.states, places=task.places)

    def forecast(rows: np.ndarray) -> np.ndarray:
        return municipal_forecast.sample(
            levels, task.luck, task.ahead, rows=rows, draws=task.draws, first_month=task.first_month
        )

    return forecast


def _walking(given: LocalTask) -> Prepared:
    """The log random walk: season and dependence learnt from all places."""
    task = given.task
    walk = random_walk.fit(task.counts, task.exposure, places=task.places)

    def forecast(rows: np.ndarray) -> np.ndarray:
        block = replace(
            walk, level=walk.level[rows], scale=walk.scale[rows], measured=walk.measured[rows], ceiling=walk.ceiling[rows],
            places=walk.places[rows],
        )  # fmt: skip
        paths = random_walk.log_intensities(
            block, task.luck, task.ahead, draws=task.draws, first_month=task.first_month
        )
        return observe(paths, task.luck, block.places, first_month=task.first_month)

    return forecast


def _each(rival: Rival) -> LocalRival:
    """A forecaster that looks at one place at a time."""

    def prepare(given: LocalTask) -> Prepared:
        task = given.task
        return lambda rows: rival(replace(task, counts=task.counts[rows], places=task.places[rows]))

    return prepare


MUNICIPAL_RELEASED = "municipal filter"
"""The forecaster of this version."""
MUNICIPAL_AGAINST = "conflictology-12"
"""What the others are set against: the best of the naive ways, for most months of most places are zeros."""
MUNICIPAL_RIVALS: Mapping[str, LocalRival] = {
    MUNICIPAL_RELEASED: filtered,
    "log random walk": _walking,
    "last observation": _each(last_observation),
    MUNICIPAL_AGAINST: _each(own_last_year),
}


def blocks(count: int, size: int) -> Sequence[np.ndarray]:
    """Positions 0 … count − 1 in blocks."""
    return [np.arange(at, min(at + size, count)) for at in range(0, count, size)]
