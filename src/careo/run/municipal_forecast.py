"""Forecasts by municipality, from the monthly record that a person has imported."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from careo.base.errors import CareoError
from careo.panel.country import Country, country_of
from careo.run.history import known_on
from careo.run.municipal_hindcast import blocks, filtered, municipal_records, municipalities_at

if TYPE_CHECKING:
    import xarray as xr

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
MOST_MONTHS = 72
MOST_DRAWS = 20_000
_BLOCK_SAMPLES = 600_000  # held at once by a thread: 2.4 MB of counts, 5 MB while quantiles are taken


@dataclass(frozen=True, eq=False)
class MunicipalForecast:
    """What is expected of every municipality when nothing new is done.

    Attributes:
        origin: the last month seen, by its first day. months: those forecast, by their first days `[month]`.
        codes: of municipalities. states: of their states, each once.
        quantiles: of each municipality, at `QUANTILES` `[events/month; municipality, month, quantile]`.
        means: `[events/month; municipality, month]`.
        state_quantiles: of the sum of each state's municipalities `[events/month; state, month, quantile]`. state_means: likewise.
        nation_quantiles: of the sum of all `[events/month; month, quantile]`.
        series, sources: of the record. left_out: municipalities too young, or that stopped reporting.
        draws, seed: of the samples.
    """

    origin: date
    months: tuple[date, ...]
    codes: tuple[str, ...]
    states: tuple[str, ...]
    quantiles: np.ndarray
    means: np.ndarray
    state_quantiles: np.ndarray
    state_means: np.ndarray
    nation_quantiles: np.ndarray
    series: str
    sources: tuple[str, ...]
    left_out: int
    draws: int
    seed: int


def forecast_municipalities(
    panel: Country | xr.Dataset | None = None,
    origin: date | None = None,
    months: int = 14,
    draws: int = 1000,
    seed: int = 7,
    *,
    threads: int | None = None,
) -> MunicipalForecast:
    """Forecasts the municipalities of the imported record; samples are drawn and summed up a block of places at a time.

    Totals by state and of the nation are sums draw by draw, of municipalities that can be forecast, in the record's own definition: they
    are not the forecast by state, which has another record and a better level (`model/forecast.py`).

    Args:
        panel: A country, or a panel of it with its `as_of`; None is Mexico.
        origin: Any day of the last month to be seen. Without it the last month of the record that reaches furthest; with it the
            preferred record that reaches it.
        months: How many to forecast, 1 to 72. draws: samples, 20 to 20,000. seed: of all luck. threads: as many as processors.

    Raises:
        CareoError: no monthly municipal record has been imported; a number out of range.
        DataError: no record reaches the origin, or no municipality has enough of it.
    """
    country = country_of(panel)
    if not 1 <= months <= MOST_MONTHS:
        raise CareoError("municipal_months", expected=f"1 … {MOST_MONTHS}", found=str(months))
    if not 20 <= draws <= MOST_DRAWS:
        raise CareoError("usage_value", expected=f"20 … {MOST_DRAWS}", found=repr(draws), option="--draws")
    tables = municipal_records(country, known_on(panel))
    if origin is None:
        table = max(tables, key=lambda one: one.months[-1])
        last = table.months[-1]
    else:
        last = np.datetime64(origin, "M")
        table = next((one for one in tables if one.months[0] <= last <= one.months[-1]), tables[0])
    day = last.astype("datetime64[D]").astype(date)
    chosen = municipalities_at(country, table, day, months=months, draws=draws, seed=seed)
    prepared = filtered(chosen.given)
    count, states = len(chosen.codes), len(chosen.states)
    quantiles, means = np.empty((count, months, len(QUANTILES))), np.empty((count, months))
    totals = np.zeros((states, months, draws), dtype=np.int64)

    def block(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        samples = prepared(rows)
        quantiles[rows] = np.moveaxis(np.quantile(samples, QUANTILES, axis=-1), 0, -1)
        means[rows] = samples.mean(axis=-1)
        part = np.zeros((int(np.ptp(chosen.state[rows])) + 1, months, draws), dtype=np.int64)
        first = chosen.state[rows].min()
        np.add.at(part, chosen.state[rows] - first, samples)
        return first, part

    size = max(1, _BLOCK_SAMPLES // (months * draws))
    with ThreadPoolExecutor(threads or min(os.cpu_count() or 1, 8)) as pool:
        for first, part in pool.map(block, blocks(count, size)):
            totals[first : first + len(part)] += part
    ahead = (last + np.arange(1, months + 1).astype("timedelta64[M]")).astype("datetime64[D]")
    return MunicipalForecast(
        origin=day, months=tuple(ahead.astype(date)), codes=chosen.codes, states=chosen.states, quantiles=quantiles, means=means,
        state_quantiles=np.moveaxis(np.quantile(totals, QUANTILES, axis=-1), 0, -1), state_means=totals.mean(axis=-1),
        nation_quantiles=np.moveaxis(np.quantile(totals.sum(axis=0), QUANTILES, axis=-1), 0, -1),
        series=table.name, sources=table.sources, left_out=chosen.left_out, draws=draws, seed=seed,
    )  # fmt: skip
