"""What the laboratory starts from: one monthly history of homicides by state, and the present level of the other outcomes.

Which series make them is said by the country's `forecast.yaml`: stretches of series in their order, the month each ends with, the year over
which an earlier stretch is matched to the next, and the series whose published values repair a sum.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from careo.base.dates import Period, month_end
from careo.base.errors import CareoError
from careo.base.fields import first_day
from careo.panel.country import Country, country_of
from careo.panel.monthly import monthly_indicators, monthly_population, monthly_values
from careo.panel.series import Observation
from careo.run.forecast_file import (
    CalibrationPlan,
    HistoryStretch,
    MunicipalProtocol,
    Protocol,
    forecast_file,
)

if TYPE_CHECKING:
    import xarray as xr

Floats = np.ndarray

_MONTH = np.timedelta64(1, "M")
MEAN_MONTH_DAYS = 30.4375
RECENT_MONTHS = 12


@dataclass(frozen=True, eq=False)
class History:
    """Monthly homicides by state as the forecaster may see them from an origin.

    Attributes:
        counts: Homicides, NaN where not observed; before a join matched to what follows, so not whole numbers
            `[events/month; place, month]`.
        exposure_days: Days of each month `[days; month]`.
        places: Codes of states with any observed month `[place]`.
        first: The first month, by its first day.
        population: Inhabitants in the middle of the last month, or of the last one known of the five years before; NaN where none is
            `[persons; place]`.
        factors: By what earlier stretches were multiplied to match the last one, 1 where there is no join `[place, stretch]`.
        sources: Keys of the sources, in the order of the stretches.
        unobserved: Codes of states of which nothing is known; they are in no array.
    """

    counts: Floats
    exposure_days: Floats
    places: tuple[str, ...]
    first: date
    population: Floats
    factors: Floats
    sources: tuple[str, ...]
    unobserved: tuple[str, ...] = ()

    @property
    def last(self) -> date:
        """The origin: the last month, by its first day."""
        return _month_day(np.datetime64(self.first, "M") + np.timedelta64(self.counts.shape[1] - 1, "M"))

    @property
    def exposure(self) -> Floats:
        """Length of each month, 1 for one of 30.4375 days `[month]`."""
        return self.exposure_days / MEAN_MONTH_DAYS


@dataclass(frozen=True, eq=False)
class CompanionLevel:
    """How often another outcome happens now.

    Attributes:
        outcome: Its name in the laboratory.
        monthly: Mean number `[events/month; place]`.
        period: What the mean is taken over; a state that did not report all of its months reaches further back.
        shared: Codes of states of which nothing is known: the nation's number by their share of the population.
        sources: Keys of the sources.
        unverified: Whether any value rests on memory.
    """

    outcome: str
    monthly: Floats
    period: Period
    shared: tuple[str, ...]
    sources: tuple[str, ...]
    unverified: bool


@dataclass(frozen=True)
class CompanionLevels:
    """Levels by outcome, and the names of outcomes of which no level is known."""

    levels: Mapping[str, CompanionLevel]
    missing: tuple[str, ...]


def homicide_history(
    panel: Country | xr.Dataset | None = None, *, last: date | None = None, matched: bool = True
) -> History:
    """Monthly homicides by state up to an origin, joined as the country's `forecast.yaml` says.

    An origin before a join sees the earlier stretch alone, as it was counted. From the origin on that the join names, the earlier
    stretch is multiplied by each state's own factor: the next stretch over this one, in the year of matching. (Origins within that year
    see its later months through the factor: a leak that the protocol discloses.)

    Args:
        panel: A country, or a panel of it with its `as_of`; None is Mexico.
        last: Any day of the last month; None is the last month with a value.
        matched: False for every stretch as it was counted, which is what forecasts are scored on.

    Errors:
        CareoError: nothing is observed up to that month.
        DataError: `forecast.yaml` is missing or wrong.
    """
    country, as_of = country_of(panel), known_on(panel)
    key = ("homicide_history", as_of, last, matched)
    if key not in country.derived:
        found = _homicide_history(country, as_of, last, matched=matched)
        for array in (found.counts, found.exposure_days, found.population, found.factors):
            array.setflags(write=False)
        country.derived[key] = found
    return country.derived[key]


def _homicide_history(country: Country, as_of: date | None, last: date | None, *, matched: bool) -> History:
    stretches = forecast_file(country).history
    codes = sorted(p.code for p in country.places.by_code.values() if p.kind == "state")
    tables = _tables(country, codes, as_of)
    months, factors = _axis(tables), np.ones((len(codes), len(stretches)))
    arrays = [_on(table, months) for table in tables]
    if last is not None:
        months = months[months <= np.datetime64(last, "M")]
    origin = months[-1] if len(months) else np.datetime64("NaT", "M")
    for k in range(len(stretches) - 2, -1, -1):
        join = stretches[k].matched_to_next
        if matched and join and origin >= np.datetime64(first_day(join.from_), "M"):
            factors[:, k] = factors[:, k + 1] * _factor(arrays[k], arrays[k + 1], _axis(tables), join.over)
    counts, begins = np.full((len(codes), len(months)), np.nan), np.datetime64("0001-01", "M")
    used: list[str] = []
    for k, stretch in enumerate(stretches):
        ends = (
            np.datetime64(first_day(stretch.until), "M") if stretch.until else np.datetime64("9999-12", "M")
        )
        mine = (months >= begins) & (months <= ends)
        counts[:, mine] = arrays[k][:, : len(months)][:, mine] * factors[:, k : k + 1]
        used += tables[k].sources if mine.any() or (factors[:, :k] != 1).any() else ()
        begins = ends + _MONTH
    seen = np.asarray(~np.isnan(counts))
    if not seen.any():
        raise CareoError(
            "panel_no_months",
            where=", ".join(stretches[0].sum_of),
            places="state",
            day=f" ({last})" if last else "",
        )
    kept, begun = np.any(seen, axis=1), np.flatnonzero(np.any(seen, axis=0))
    span = slice(int(begun[0]), None if last else int(begun[-1]) + 1)
    months = months[span]
    places = tuple(code for code, there in zip(codes, kept.tolist(), strict=True) if there)
    return History(
        counts=counts[kept][:, span],
        exposure_days=_days(months),
        places=places,
        first=_month_day(months[0]),
        population=_population(country, places, months[-1]),
        factors=factors[kept],
        sources=tuple(dict.fromkeys(used)),
        unobserved=tuple(code for code in codes if code not in places),
    )


def exposure_days(first: date, months: int) -> Floats:
    """Days of so many months `[days; month]`."""
    return _days(np.datetime64(first, "M") + np.arange(months).astype("timedelta64[M]"))


def companion_levels(
    panel: Country | xr.Dataset | None = None, *, places: Sequence[str], last: date | None = None
) -> CompanionLevels:
    """The mean monthly level of the outcomes beside homicides, by state.

    A monthly series gives the mean of its last 12 observed months; one by year the newest whole years of which every series of the sum
    is known. A state of which nothing is known is given the nation's number by its share of the nation's population: that is said in
    `shared`.

    Args:
        panel: As for `homicide_history`.
        places: Codes of states.
        last: Nothing after this day's month is used; None is no limit.
    """
    country, as_of = country_of(panel), known_on(panel)
    key = ("companion_levels", tuple(places), as_of, last)
    if key not in country.derived:
        found = _companion_levels(country, places, as_of, last)
        for level in found.levels.values():
            level.monthly.setflags(write=False)
        country.derived[key] = found
    return country.derived[key]


def _companion_levels(
    country: Country, places: Sequence[str], as_of: date | None, last: date | None
) -> CompanionLevels:
    end = month_end(last.year, last.month) if last else date.max
    levels: dict[str, CompanionLevel] = {}
    missing: list[str] = []
    for outcome, series in forecast_file(country).companions.items():
        monthly = set(series) <= monthly_indicators(country)
        find = _level_by_month if monthly else _level_by_period
        level = find(country, outcome, series, tuple(places), end, as_of)
        if level is None:
            missing.append(outcome)
        else:
            levels[outcome] = level
    return CompanionLevels(levels, tuple(missing))


def companion_series(country: Country, outcome: str) -> tuple[str, ...]:
    """Indicators whose sum is the level of an outcome; none where the country names none."""
    return tuple(forecast_file(country).companions.get(outcome, ()))


def homicide_series(country: Country, month: date) -> tuple[str, ...]:
    """Indicators whose sum the laboratory calls homicides, seen from a month: those of its stretch, or of the next one once matched to it."""
    stretches = forecast_file(country).history
    at = next(i for i, one in enumerate(stretches) if one.until is None or first_day(one.until) >= month)
    matching = stretches[at].matched_to_next
    if matching and first_day(matching.from_) <= month:
        at += 1
    return stretches[at].sum_of


def municipal_series(country: Country) -> tuple[str, ...]:
    """Indicators that tell how a state's homicides are shared among its municipalities, the one to be preferred first."""
    return forecast_file(country).municipalities


def hindcast_protocol(country: Country) -> Protocol:
    """How the country's forecasts are judged, as its `forecast.yaml` says."""
    return forecast_file(country).hindcast


def calibration_plan(country: Country) -> CalibrationPlan:
    """How the forecaster's constants are learnt, as the country's `forecast.yaml` says."""
    return forecast_file(country).calibration


@dataclass(frozen=True, slots=True)
class Join:
    """Where one stretch of the history ends, and how it is brought to the level of the next.

    Attributes:
        until: its last month. over: the year of matching. seen_from: the first origin that sees it matched.
    """

    until: date
    over: int
    seen_from: date


def joins(country: Country) -> tuple[Join, ...]:
    """The matched joins of the history, oldest first."""
    return tuple(
        Join(first_day(stretch.until), stretch.matched_to_next.over, first_day(stretch.matched_to_next.from_))
        for stretch in forecast_file(country).history
        if stretch.until and stretch.matched_to_next
    )


def municipal_protocol(country: Country) -> MunicipalProtocol | None:
    """Which municipal record forecasts were tuned on; None where no municipal forecast was tuned."""
    return forecast_file(country).municipal_hindcast


def stretches(country: Country) -> tuple[tuple[str, ...], ...]:
    """The indicators whose sum is the history, stretch by stretch."""
    return tuple(stretch.sum_of for stretch in forecast_file(country).history)


# ── stretches ────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, eq=False)
class _Table:
    """Sums of a stretch: values [events/month; place, month], months, keys of sources."""

    values: Floats
    months: Floats
    sources: tuple[str, ...]


def _tables(country: Country, codes: Sequence[str], as_of: date | None) -> list[_Table]:
    """The sums of all stretches; read once for all origins."""
    key = ("stretches", as_of)
    if key not in country.derived:
        found = [_table(country, stretch, codes, as_of) for stretch in forecast_file(country).history]
        for table in found:
            table.values.setflags(write=False)
        country.derived[key] = found
    return country.derived[key]


def _table(country: Country, stretch: HistoryStretch, codes: Sequence[str], as_of: date | None) -> _Table:
    """The sum of a stretch's series by state; NaN unless all of them were observed or the sum was repaired."""
    found = _load(country, stretch.sum_of, codes, as_of)
    if stretch.repaired_by is None:
        return found
    sources, rows = list(found.sources), {code: row for row, code in enumerate(codes)}
    for o in country.series(stretch.repaired_by).observations:
        month = _whole_month(o.period)
        inside = month is not None and o.place in rows and (as_of is None or o.known <= as_of)
        if month is not None and inside and found.months[0] <= month <= found.months[-1]:
            found.values[rows[o.place], (month - found.months[0]).astype(int)] = o.value  # oldest first
            sources.append(o.source)
    return _Table(found.values, found.months, tuple(dict.fromkeys(sources)))


def _load(country: Country, series: Sequence[str], codes: Sequence[str], as_of: date | None) -> _Table:
    found = monthly_values(country, places=codes, indicators=series, as_of=as_of)
    values = np.full((len(codes), len(found.months)), np.nan)
    rows = {code: row for row, code in enumerate(codes)}
    values[[rows[code] for code in found.places]] = sum(found.values[name] for name in series)
    sources = [source for name in series for source in found.sources[name]]
    return _Table(values, found.months, tuple(dict.fromkeys(sources)))


def _axis(tables: Sequence[_Table]) -> Floats:
    first, last = min(t.months[0] for t in tables), max(t.months[-1] for t in tables)
    return np.arange(first, last + _MONTH)


def _on(table: _Table, months: Floats) -> Floats:
    values = np.full((len(table.values), len(months)), np.nan)
    start = int((table.months[0] - months[0]).astype(int))
    values[:, start : start + len(table.months)] = table.values
    return values


def _factor(earlier: Floats, later: Floats, months: Floats, year: int) -> Floats:
    """Each state's later sum over its earlier one in the months of a year that both observed; the nation's where that says nothing."""
    both = (months.astype("datetime64[Y]").astype(int) + 1970 == year) & ~np.isnan(earlier) & ~np.isnan(later)
    above, below = (np.where(both, values, 0.0).sum(axis=1) for values in (later, earlier))
    nation = above.sum() / below.sum() if below.sum() and above.sum() else 1.0
    sound = (above > 0) & (below > 0)
    return np.where(sound, above / np.where(sound, below, 1.0), nation)


# ── companions ───────────────────────────────────────────────────────────────────────────────────────────────────


def _level_by_month(
    country: Country,
    outcome: str,
    series: Sequence[str],
    places: tuple[str, ...],
    end: date,
    as_of: date | None,
) -> CompanionLevel | None:
    """The mean of the last 12 observed months of each state."""
    table = _load(country, series, (country.default_place, *places), as_of)
    past = table.months <= np.datetime64(end, "M")
    values, months = table.values[:, past], table.months[past]
    means = np.full(len(values), np.nan)
    for i, row in enumerate(values):
        seen = np.flatnonzero(~np.isnan(row))[-RECENT_MONTHS:]
        means[i] = row[seen].mean() if len(seen) else np.nan
    observed = months[~np.isnan(values).all(axis=0)][-RECENT_MONTHS:]
    if not len(observed):
        return None
    stop = _month_day(observed[-1])
    period = Period(_month_day(observed[0]), month_end(stop.year, stop.month))
    return _level(country, outcome, means, places, period, table.sources, unverified=False)


def _level_by_period(
    country: Country,
    outcome: str,
    series: Sequence[str],
    places: tuple[str, ...],
    end: date,
    as_of: date | None,
) -> CompanionLevel | None:
    """The newest whole years of which every series of the sum is known for the nation or for some state."""
    if not all(country.sums(name) for name in series):
        return None
    for period in sorted(_years(country, series, end), key=lambda p: (p.last, p.first), reverse=True):  # pyright: ignore[reportArgumentType,reportCallIssue]
        means, used = np.full(len(places) + 1, np.nan), list[Observation]()
        for i, place in enumerate((country.default_place, *places)):
            found = [_value(country, name, place, period, as_of) for name in series]
            if all(found):
                whole = [o for o in found if o]
                means[i] = sum(o.value for o in whole) / _months_of(period)
                used += whole
        if not np.isnan(means).all():
            sources = tuple(dict.fromkeys(o.source for o in used))
            unverified = any(o.verified == "memory" for o in used)
            return _level(country, outcome, means, places, period, sources, unverified=unverified)
    return None


def _level(
    country: Country, outcome: str, means: Floats, places: tuple[str, ...], period: Period,
    sources: tuple[str, ...], *, unverified: bool,
) -> CompanionLevel | None:  # fmt: skip
    """Levels by state from means of the nation (first) and the states; what is missing is the nation's by population."""
    nation, monthly = means[0], means[1:].copy()
    unknown = np.isnan(monthly)
    if unknown.any():
        assert period.last is not None  # noqa: S101 - made of whole months
        people = _population(country, (country.default_place, *places), np.datetime64(period.last, "M"))
        known = ~unknown & ~np.isnan(people[1:])
        per_person = nation / people[0]
        if np.isnan(per_person) and known.any():  # months that not every state reported have no national sum
            per_person = monthly[known].sum() / people[1:][known].sum()
        monthly[unknown] = per_person * people[1:][unknown]
        if np.isnan(monthly).any():
            return None
    shared = tuple(place for place, lacks in zip(places, unknown, strict=True) if lacks)
    return CompanionLevel(outcome, monthly, period, shared, sources, unverified)


def _years(country: Country, series: Sequence[str], end: date) -> set[Period]:
    found = {
        o.period
        for name in series
        for o in country.series(name).observations
        if o.period.first and o.period.last and o.period.last <= end
    }
    return {p for p in found if str(p).replace("/", "").isdigit()}  # "2019", "2021/2022": whole years


def _value(country: Country, name: str, place: str, period: Period, as_of: date | None) -> Observation | None:
    return country.newest(name, place, period) if as_of is None else country.known(name, place, period, as_of)


def _months_of(period: Period) -> int:
    first, last = period.years()
    assert first is not None and last is not None  # noqa: S101 - whole years
    return (last - first + 1) * 12


def _population(country: Country, places: Sequence[str], month: np.datetime64) -> Floats:
    """Inhabitants at the middle of a month, or of the last one known within five years before it `[persons; place]`."""
    known = monthly_population(country, places, month - np.arange(61)[::-1])
    latest = np.where(np.isnan(known), -1, np.arange(known.shape[1])).max(axis=1)
    return np.where(latest < 0, np.nan, known[np.arange(len(known)), latest])


# ── months ───────────────────────────────────────────────────────────────────────────────────────────────────────


def known_on(panel: Country | xr.Dataset | None) -> date | None:
    """The day whose knowledge a panel holds; None is today."""
    text = "" if panel is None else getattr(panel, "attrs", {}).get("as_of", "")
    return date.fromisoformat(text) if text else None


def _whole_month(period: Period) -> np.datetime64 | None:
    return np.datetime64(period.first, "M") if period.first and len(str(period)) == 7 else None


def _month_day(month: np.datetime64) -> date:
    return month.astype("datetime64[D]").astype(date)


def _days(months: Floats) -> Floats:
    return ((months + _MONTH).astype("datetime64[D]") - months.astype("datetime64[D]")).astype(np.float64)
