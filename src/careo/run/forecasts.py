"""What comes when nothing new is done: the forecaster of `model/forecast.py` on a country's record, as samples that add up.

Samples are the status quo of `careo simulate` with the same seed, number for number. A state that has not reported the newest months is
nowcast: those months are drawn from what was observed, on the same path as what follows, and told apart from it (`kind`). A missing month
among observed ones is never filled.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from careo.base.errors import CareoError, DataError
from careo.base.words import fold
from careo.model.counts import observe
from careo.model.forecast import Baseline, fit, log_intensities, months_unobserved
from careo.model.luck import SEED_LIMIT, WORD_LIMIT, Luck
from careo.panel.country import Country, country_of
from careo.run.calibrate import Calibration, load_calibration
from careo.run.ensemble import next_month
from careo.run.hindcast import FEWEST_MONTHS
from careo.run.history import MEAN_MONTH_DAYS, History, exposure_days, homicide_history
from careo.run.parameters import place_numbers

if TYPE_CHECKING:
    import xarray as xr

    Panel = Country | xr.Dataset | None

MOST_MONTHS, MOST_DRAWS, LEAST_DRAWS = 120, 20_000, 20
MOST_LAG = 12
"""Months that a state may lag behind: what reported longer ago is no record of the present."""
YEAR = 12
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_BLOCK = 1000
_MONTH = np.timedelta64(1, "M")


@dataclass(frozen=True, eq=False)
class Outlook:
    """A place in a sentence: what was counted, and what comes.

    Attributes:
        place: its code. observed: of its last twelve observed months, or, where fewer are forecast, of the same months a year
            before [events]; NaN where some of them were not observed.
        observed_until: the last month that was observed of it.
        quantiles: of the sum of the next twelve months, or of all where they are fewer, at `QUANTILES` [events].
        rises: probability of more than `observed`; NaN where that is not to be had.
    """

    place: str
    observed: float
    observed_until: date
    quantiles: tuple[float, ...]
    rises: float


@dataclass(frozen=True, eq=False)
class Forecast:
    """Counts to come, as samples: draw d of all places is one world.

    Attributes:
        country: whose. level: as asked for, of `LEVELS`; "state" where codes were. places: codes of the rows.
        samples: dims (place, month, draw), int64 [events/month]; months that some place lags by come first, as `kind` says.
        total: the sum of all parts, draw by draw; dims (month, draw).
        kind: "forecast"; "nowcast" for a month not observed yet; "observed" for one that others lack; dims (place, month).
        total_kind: the same of the nation, "nowcast" where any part is; dims (month).
        observed: the record that was seen; dims (place, month), NaN where nothing was observed.
        total_observed: the same of the nation, NaN unless all parts were observed; dims (month).
        origin: the last month of that record, by its first day. record_end: of the country's whole record. months: ahead.
        seed: of all luck. calibration: the forecaster's constants.
        unobserved: the newest months that a place has not reported, as (place, month). gaps: the same among observed ones.
        provisional: how many of the newest months were set aside as not final. sources: keys of the sources.
    """

    country: Country
    level: str
    places: tuple[str, ...]
    samples: xr.DataArray
    total: xr.DataArray
    kind: xr.DataArray
    total_kind: xr.DataArray
    observed: xr.DataArray
    total_observed: xr.DataArray
    origin: date
    record_end: date
    months: int
    seed: int
    calibration: Calibration
    unobserved: tuple[tuple[str, str], ...] = ()
    gaps: tuple[tuple[str, str], ...] = ()
    provisional: int = 0
    sources: tuple[str, ...] = ()

    @property
    def pseudo(self) -> bool:
        """Whether the record goes on beyond the origin, so that this is no forecast of what nobody knew."""
        return self.origin < self.record_end

    @property
    def draws(self) -> int:
        """Samples of each place and month."""
        return self.total.sizes["draw"]

    @property
    def rows(self) -> tuple[str, ...]:
        """The nation's code, and those of `places` that are not it."""
        nation = self.country.default_place
        return (nation, *(code for code in self.places if code != nation))

    @cached_property
    def quantiles(self) -> xr.DataArray:
        """Of `samples`, linear between them; dims (place, month, quantile)."""
        return _quantiles(self.samples)

    @cached_property
    def total_quantiles(self) -> xr.DataArray:
        """Of `total`; dims (month, quantile)."""
        return _quantiles(self.total)

    @cached_property
    def yearly(self) -> xr.DataArray:
        """Sums of twelve months ahead, the last perhaps of fewer; dims (place, year, draw), year 1 is the first."""
        return _yearly(self.samples.isel(month=slice(-self.months, None)))

    @cached_property
    def total_yearly(self) -> xr.DataArray:
        """The same of `total`; dims (year, draw)."""
        return _yearly(self.total.isel(month=slice(-self.months, None)))

    def of(self, code: str) -> tuple[xr.DataArray, xr.DataArray, xr.DataArray, xr.DataArray]:
        """Samples, quantiles, kind and record of one of `rows`."""
        if code == self.country.default_place:
            return self.total, self.total_quantiles, self.total_kind, self.total_observed
        parts = (self.samples, self.quantiles, self.kind, self.observed)
        return tuple(part.sel(place=code) for part in parts)  # pyright: ignore[reportReturnType]

    def outlook(self, code: str) -> Outlook:
        """The next twelve months of one of `rows`, or all where they are fewer, beside as many that were observed."""
        samples, _, _, record = self.of(code)
        seen = record.dropna("month")
        ahead = samples.isel(month=slice(-self.months, None)).isel(month=slice(YEAR)).sum("month").values
        before = record[-YEAR:][: self.months] if self.months < YEAR else seen[-YEAR:]
        whole = before.sizes["month"] == min(self.months, YEAR)
        last = float(before.sum(skipna=False)) if whole else np.nan
        return Outlook(
            code,
            last,
            seen["month"].values[-1].astype("datetime64[D]").astype(date),
            tuple(np.quantile(ahead, QUANTILES).tolist()),
            float((ahead > last).mean()) if not np.isnan(last) else np.nan,
        )


def forecast(
    panel: Country | xr.Dataset | None = None,
    *,
    origin: date | None = None,
    months: int = 14,
    draws: int = 1000,
    seed: int = 7,
    places: str | Sequence[str] = "state",
    calibration: Calibration | None = None,
    provisional: int = 0,
) -> Forecast:
    """Forecasts homicides by month and state, every lever at its baseline.

    Args:
        panel: a country, or a panel of it with its `as_of`; Mexico by default.
        origin: any day of the last month that is to be seen; the last month of the record when not given.
        months: how many after the origin. draws: samples. seed: of all luck.
        places: "state" for all states, "national" for their sum alone, or codes of states.
        calibration: the forecaster's constants; those that the country ships when not given.
        provisional: how many of the newest months are not to be trusted yet, and are nowcast for all states.

    Raises:
        CareoError: a number out of bounds, an unknown place.
        DataError: an origin outside the record; a state with too short a record, without any event, with a gap at the origin, or silent for
            too long; names the state and the month.
    """
    bounds = {"--months": (months, 1, MOST_MONTHS), "--draws": (draws, LEAST_DRAWS, MOST_DRAWS), "--seed": (seed, 0, SEED_LIMIT - 1),
              "--provisional": (provisional, 0, MOST_LAG)}  # fmt: skip
    for option, (value, least, most) in bounds.items():
        if not least <= value <= most:
            raise CareoError("usage_value", expected=f"{least} … {most}", found=repr(value), option=option)
    level = places if isinstance(places, str) and places in LEVELS else "state"
    country = country_of(panel)
    calibration = calibration or load_calibration(country.key)
    parts = LEVELS[level](panel, origin, months, draws, seed, calibration, provisional)
    nation = country.default_place
    chosen = _chosen(country, parts.places, places, level)
    rows = [parts.places.index(code) for code in chosen if code != nation]
    return _named(country, parts, level, chosen, rows, calibration, months, seed, provisional)


@dataclass(frozen=True, eq=False)
class Parts:
    """What a level of places gives: all parts of the nation, as arrays.

    Attributes:
        places: codes [place]. counts: of the record, NaN where not observed, or set aside [events/month; place, month].
        samples: of the last `late` months of that record and all months ahead [events/month; place, month, draw]. late: the longest lag.
        unobserved: (place, month) at the end. first, origin, record_end: months by their first day.
    """

    places: tuple[str, ...]
    counts: np.ndarray
    samples: np.ndarray
    late: int
    unobserved: tuple[tuple[str, str], ...]
    first: date
    origin: date
    record_end: date
    sources: tuple[str, ...]


def _states(
    panel: Panel,
    origin: date | None,
    months: int,
    draws: int,
    seed: int,
    calibration: Calibration,
    provisional: int,
) -> Parts:
    country, record = country_of(panel), homicide_history(panel)
    last = (origin or record.last).replace(day=1)
    if last > record.last:
        raise DataError(
            "hindcast_origin", where="--origin", found=f"{last:%Y-%m}", last=f"{record.last:%Y-%m}"
        )
    if last < record.first:
        raise DataError(
            "forecast_before", where="--origin", found=f"{last:%Y-%m}", first=f"{record.first:%Y-%m}"
        )
    past = homicide_history(panel, last=last)
    _refuse_unusable(country, past, record)
    late = months_unobserved(past.counts)
    counts = past.counts.copy()
    if provisional:
        counts[:, -provisional:] = np.nan
    baseline = fit(counts, past.exposure, calibration.constants, places=place_numbers(country, past.places))
    longest = int(baseline.features.lag.max())
    ahead = exposure_days(next_month(last), months) / MEAN_MONTH_DAYS
    parts = [
        _draws(baseline, Luck(seed), ahead, past.exposure, longest, first, min(_BLOCK, draws - first))
        for first in range(0, draws, _BLOCK)
    ]
    samples = np.concatenate(parts, axis=-1)
    if longest:
        seen = counts[:, -longest:]
        samples[:, :longest] = np.where(
            np.isnan(seen)[..., None], samples[:, :longest], np.rint(np.nan_to_num(seen))[..., None]
        )
    end = np.datetime64(last, "M")
    unobserved = tuple(
        (code, str(end - np.timedelta64(back, "M")))
        for code, lag in zip(past.places, late.tolist(), strict=True)
        for back in range(lag - 1, -1, -1)
    )
    return Parts(
        past.places, counts, samples, longest, unobserved, past.first, last, record.last, past.sources
    )


LEVELS: Mapping[str, Callable[..., Parts]] = {"state": _states, "national": _states}
"""What may be asked for by a word; the first is the default. A new level is one entry."""


def _draws(
    baseline: Baseline, luck: Luck, ahead: np.ndarray, past: np.ndarray, late: int, first: int, size: int
) -> np.ndarray:
    """A block of draws: the last `late` months of the record, and those ahead [events/month; place, month, draw]."""
    before = past[len(past) - late :]
    paths = log_intensities(baseline, luck, ahead, draws=size, first_draw=first, before=before)
    dispersion = baseline.constants.dispersion
    # Months of the record have the addresses below that of the first month ahead, which is 0.
    spans = [(paths[:, late:], 0), *([(np.nan_to_num(paths[:, :late]), WORD_LIMIT - late)] if late else [])]
    drawn = [
        observe(span, luck, baseline.places, dispersion=dispersion, first_draw=first, first_month=month)
        for span, month in spans
    ]
    return np.concatenate(drawn[::-1], axis=1)


def _chosen(
    country: Country, known: Sequence[str], places: str | Sequence[str], level: str
) -> tuple[str, ...]:
    """Codes of the rows asked for by code or by name; raises CareoError for one that is no part."""
    if level == "national":
        return (country.default_place,)
    if places == level:
        return tuple(known)
    places_known = [country.places.by_code[code] for code in known]
    named = {fold(name): each.code for each in places_known for name in (each.name, *each.aliases)}
    asked = [place.strip() for place in (places.split(",") if isinstance(places, str) else places)]
    codes = [named.get(fold(place), place) for place in asked]
    for code in codes or [""]:
        if code not in known:
            expected = " | ".join(
                (*LEVELS, *(f"{each.code} | {each.name}" for each in places_known[:3]), "…")
            )
            raise CareoError("usage_place", where="--places", expected=expected, found=repr(code[:40]))
    return tuple(dict.fromkeys(codes))


def _refuse_unusable(country: Country, past: History, record: History) -> None:
    """Raises DataError for a state of which a forecast would say nothing."""
    name = lambda code: country.places.by_code[code].name  # noqa: E731
    origin = f"{past.last:%Y-%m}"
    if past.unobserved:
        raise DataError("hindcast_unobserved", where=", ".join(map(name, past.unobserved)), month=origin)
    lags = months_unobserved(past.counts)
    for code, row, lag in zip(past.places, past.counts, lags.tolist(), strict=True):
        seen = int((~np.isnan(row)).sum())
        if seen < FEWEST_MONTHS:
            raise DataError(
                "hindcast_short", where=f"{name(code)}, {origin}", months=seen, least=FEWEST_MONTHS
            )
        if not np.nansum(row):
            raise DataError("hindcast_zeros", where=f"{name(code)}, {past.first:%Y-%m} … {origin}")
        later = record.counts[record.places.index(code), past.counts.shape[1] :]
        missing = np.datetime64(past.last, "M") - np.timedelta64(lag - 1, "M")
        if lag and not np.isnan(later).all():
            raise DataError("hindcast_gap", where=f"{name(code)}, {missing}")
        if lag > MOST_LAG:
            raise DataError("forecast_lag", where=f"{name(code)}, {missing}", months=lag, most=MOST_LAG)


# ── names ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _named(
    country: Country, parts: Parts, level: str, chosen: tuple[str, ...], rows: Sequence[int],
    calibration: Calibration, months: int, seed: int, provisional: int,
) -> Forecast:  # fmt: skip
    import xarray as xr

    known = np.datetime64(parts.first, "M") + np.arange(parts.counts.shape[1]).astype("timedelta64[M]")
    shown = np.datetime64(parts.origin, "M") + np.arange(1 - parts.late, months + 1).astype("timedelta64[M]")
    missing = np.isnan(parts.counts[:, parts.counts.shape[1] - parts.late :])
    ahead = np.full((len(parts.places), months), "forecast", dtype="<U8")
    kind = np.concatenate([np.where(missing, "nowcast", "observed"), ahead], axis=1)
    total_kind = np.concatenate([np.where(missing.any(axis=0), "nowcast", "observed"), ahead[0]])
    total = xr.DataArray(parts.samples.sum(axis=0), dims=("month", "draw"), coords={"month": shown})
    of_total = xr.DataArray(total_kind, dims=("month",), coords={"month": shown})
    record = xr.DataArray(parts.counts.sum(axis=0), dims=("month",), coords={"month": known})
    if level == "national":
        own = {"place": [country.default_place]}
        samples, kinds, observed = (each.expand_dims(own) for each in (total, of_total, record))
    else:
        at = {"place": list(chosen)}
        samples = xr.DataArray(
            parts.samples[rows], dims=("place", "month", "draw"), coords={**at, "month": shown}
        )
        kinds = xr.DataArray(kind[rows], dims=("place", "month"), coords={**at, "month": shown})
        observed = xr.DataArray(parts.counts[rows], dims=("place", "month"), coords={**at, "month": known})
    return Forecast(
        country, level, chosen, samples, total, kinds, of_total, observed, record, parts.origin, parts.record_end, months, seed,
        calibration, parts.unobserved, _gaps(parts), provisional, parts.sources,
    )  # fmt: skip


def _gaps(parts: Parts) -> tuple[tuple[str, str], ...]:
    """Months between observed ones that a place did not report."""
    found: list[tuple[str, str]] = []
    for code, row in zip(parts.places, parts.counts, strict=True):
        seen = np.flatnonzero(~np.isnan(row))
        inside = np.arange(seen[0], seen[-1])
        holes = inside[np.isnan(row[inside])]
        found += [
            (code, str(np.datetime64(parts.first, "M") + np.timedelta64(int(month), "M"))) for month in holes
        ]
    return tuple(found)


def _quantiles(samples: xr.DataArray) -> xr.DataArray:
    return samples.quantile(QUANTILES, dim="draw").transpose(..., "quantile")


def _yearly(ahead: xr.DataArray) -> xr.DataArray:
    import xarray as xr

    at = ahead.get_axis_num("month")
    sums = np.add.reduceat(ahead.values, np.arange(0, ahead.sizes["month"], YEAR), axis=at)  # pyright: ignore[reportArgumentType]
    dims = [str(dim) if dim != "month" else "year" for dim in ahead.dims]
    coords = {"year": np.arange(1, sums.shape[at] + 1)}  # pyright: ignore[reportArgumentType, reportCallIssue]
    return xr.DataArray(
        sums, dims=dims, coords=coords | ({"place": ahead["place"].values} if "place" in dims else {})
    )
