"""Forecasting the past: what each way of forecasting would have said at an origin, and what then happened.

Every October is an origin. A forecaster sees the history as `run/history.py` gives it for that month, and nothing later; it is asked for the
months of the next calendar year, 3 to 14 months ahead, which are those a budget or a strategy of that year would be made for. What
happened is each month as its own source counted it: the year 2015 is scored on deaths registered, and from the origin of October 2015
on the registered past is matched to the victims that follow.

These hindcasts are pseudo-out-of-sample: the record is today's, revised, and deaths registered were published later than the origin
pretends. `disclosed` says so, and every table repeats it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from careo.base.errors import DataError
from careo.model.luck import Luck
from careo.model.rivals import Rival, Task, last_observation, log_random_walk, own_last_year, released
from careo.panel.country import Country, country_of
from careo.run import classics
from careo.run.calibrate import load_calibration
from careo.run.history import MEAN_MONTH_DAYS, History, exposure_days, homicide_history, joins
from careo.run.parameters import place_numbers

if TYPE_CHECKING:
    import xarray as xr

    from careo.run.later_data import LaterData

Floats = np.ndarray

FIRST_LEAD, LAST_LEAD = 3, 14
ORIGIN_MONTH = 10
FEWEST_MONTHS = 24
"""A place with a shorter history is not forecast."""
_MONTH = np.timedelta64(1, "M")

RIVALS: Mapping[str, Rival] = {
    "careo": released,
    "log random walk": log_random_walk,
    "last observation": last_observation,
    "conflictology-12": own_last_year,
    **{name: classics.rival(name) for name in classics.NAMES},
}
"""Every way to forecast, by name: a new one is one entry."""

RELEASED = "careo"
"""The forecaster that the laboratory uses."""

AGAINST = "log random walk"
"""What the others are set against unless something else is asked for."""


@dataclass(frozen=True, eq=False)
class Hindcast:
    """One origin: what a forecaster is given, and what then happened.

    Attributes:
        origin: The last month that it sees, by its first day.
        task: What it is given.
        places: Codes `[place]`.
        year: The year of the months that are scored.
        leads: How many months after the origin each of them is `[month]`; ends where the record ends.
        observed: What happened, as counted `[events/month; place, month]`.
    """

    origin: date
    task: Task
    places: tuple[str, ...]
    year: int
    leads: np.ndarray
    observed: Floats

    def samples(self, rival: Rival) -> np.ndarray:
        """What a forecaster says of the months that are scored `[events/month; place, month, draw]`."""
        return rival(self.task)[:, self.leads - 1]


def origin_sources(panel: Country | xr.Dataset | None, origin: date) -> tuple[str, ...]:
    """Keys of the sources that a forecaster sees at an origin, and of what it is scored on."""
    scored = homicide_history(panel, matched=False)
    return tuple(
        dict.fromkeys((*homicide_history(panel, last=min(origin, scored.last)).sources, *scored.sources))
    )


def hindcast(
    panel: Country | xr.Dataset | None,
    origin: date,
    *,
    draws: int,
    seed: int,
    later: LaterData | None = None,
) -> Hindcast:
    """The hindcast of one origin.

    Args:
        panel: A country, or a panel of it with its `as_of`; None is Mexico.
        origin: An October. draws: samples of each place and month. seed: of all luck; each origin has luck of its own.
        later: Months that a reader supplies beyond the record's own.

    Raises:
        DataError: a place with too short a history, one without an event, a gap among the months to be scored, none of which is known.
    """
    country = country_of(panel)
    past, ahead = _past(panel, origin, later), LAST_LEAD
    _refuse_unusable(country, past)
    first = np.datetime64(origin, "M") + _MONTH
    target = first + np.arange(FIRST_LEAD - 1, LAST_LEAD)
    observed = _observed(panel, past.places, target, later)
    known = np.flatnonzero(~np.isnan(observed).all(axis=0))
    if not known.size:
        raise DataError(
            "hindcast_no_target", found=f"{target[0]} … {target[-1]}", last=str(_record_end(panel, later))
        )
    months = int(known[-1]) + 1
    _refuse_gaps(country, past.places, target[:months], observed[:, :months])
    days = exposure_days(_day(first), ahead)
    task = Task(
        counts=past.counts,
        exposure=past.exposure,
        ahead=days / MEAN_MONTH_DAYS,
        places=place_numbers(country, past.places),
        draws=draws,
        luck=Luck(seed),
        constants=load_calibration(country.key).constants,
        first_month=origin.year * 1000 + origin.month,
    )
    leads = np.arange(FIRST_LEAD, FIRST_LEAD + months)
    return Hindcast(origin, task, past.places, origin.year + 1, leads, observed[:, :months])


def gaps(panel: Country | xr.Dataset | None, last: date) -> tuple[tuple[str, str], ...]:
    """Months before an origin that a state did not report, as (state, month): left out, never filled."""
    past = homicide_history(panel, last=last)
    holes = [
        (code, str(np.datetime64(past.first, "M") + np.timedelta64(int(month), "M")))
        for code, row in zip(past.places, past.counts, strict=True)
        for month in np.flatnonzero(np.isnan(row))
        if month > np.flatnonzero(~np.isnan(row))[0]
    ]
    return tuple(holes)


def disclosed(country: Country, origins: Sequence[date]) -> list[tuple[str, dict[str, object]]]:
    """What every table of hindcasts must say of them: keys of texts with their words."""
    told: list[tuple[str, dict[str, object]]] = [("revised", {})]
    for join in joins(country):
        if any(origin < join.until for origin in origins):
            told.append(("delay", {}))
        leaking = [origin for origin in origins if join.seen_from <= origin < date(join.over, 12, 1)]
        told += [("leak", {"origin": f"{origin:%Y-%m}", "year": join.over}) for origin in leaking]
    return told


def _past(panel: Country | xr.Dataset | None, origin: date, later: LaterData | None) -> History:
    """The history that a forecaster sees at an origin: the record's own, continued by what a reader supplies."""
    if later is None or origin <= later.record_end:
        past = homicide_history(panel, last=origin)
        if past.last < origin.replace(day=1) or np.isnan(past.counts[:, -1]).all():
            raise DataError("hindcast_origin", found=f"{origin:%Y-%m}", last=str(_record_end(panel, later)))
        return past
    whole = homicide_history(panel, last=later.record_end)
    more = (np.datetime64(origin, "M") - np.datetime64(later.first, "M")).astype(int) + 1
    if more > later.counts.shape[1]:
        raise DataError("hindcast_origin", found=f"{origin:%Y-%m}", last=str(_record_end(panel, later)))
    rows = [later.places.index(code) for code in whole.places]
    counts = np.hstack([whole.counts, later.counts[rows, :more]])
    return replace(whole, counts=counts, exposure_days=exposure_days(whole.first, counts.shape[1]))


def _observed(
    panel: Country | xr.Dataset | None, places: Sequence[str], months: np.ndarray, later: LaterData | None
) -> Floats:
    """What happened, each month as its own source counted it; NaN where nothing is known `[events/month; place, month]`."""
    counted = homicide_history(panel, matched=False)
    found = np.full((len(places), len(months)), np.nan)
    parts = [(counted.places, counted.first, counted.counts)]
    if later is not None:
        parts.append((later.places, later.first, later.counts))
    for codes, first, values in parts:
        at = (months - np.datetime64(first, "M")).astype(int)
        there = np.flatnonzero((at >= 0) & (at < values.shape[1]))
        for i, code in enumerate(places):
            if code in codes:
                found[i, there] = values[codes.index(code), at[there]]
    return found


def _record_end(panel: Country | xr.Dataset | None, later: LaterData | None) -> np.datetime64:
    if later is not None and later.counts.shape[1]:
        return np.datetime64(later.first, "M") + np.timedelta64(later.counts.shape[1] - 1, "M")
    return np.datetime64(homicide_history(panel, matched=False).last, "M")


def _refuse_unusable(country: Country, past: History) -> None:
    """Raises DataError for a place of which a forecast would say nothing."""
    if past.unobserved:
        names = ", ".join(country.places.by_code[code].name for code in past.unobserved)
        raise DataError("hindcast_unobserved", where=names, month=f"{past.last:%Y-%m}")
    for code, row in zip(past.places, past.counts, strict=True):
        name = country.places.by_code[code].name
        seen = int((~np.isnan(row)).sum())
        if seen < FEWEST_MONTHS:
            raise DataError(
                "hindcast_short", where=f"{name}, {past.last:%Y-%m}", months=seen, least=FEWEST_MONTHS
            )
        if not np.nan_to_num(row).any():
            raise DataError("hindcast_zeros", where=f"{name}, {past.first:%Y-%m} … {past.last:%Y-%m}")
        if np.isnan(row[-1]):
            raise DataError("hindcast_gap", where=f"{name}, {past.last:%Y-%m}")


def _refuse_gaps(country: Country, places: Sequence[str], months: np.ndarray, observed: Floats) -> None:
    missing = np.argwhere(np.isnan(observed))
    if len(missing):
        place, month = (int(at) for at in missing[0])
        name = country.places.by_code[places[place]].name
        raise DataError("hindcast_gap", where=f"{name}, {months[month]}", count=len(missing))


def _day(month: np.datetime64) -> date:
    return month.astype("datetime64[D]").astype(date)
