"""What the measures of a strategy cost in a year beside the most that the strategy itself says it may cost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from careo.base.dates import parse_period
from careo.base.errors import CareoError
from careo.base.fields import first_day, last_day
from careo.record.strategy import Ceiling
from careo.run.scenario_checks import ROUNDING, Frame
from careo.run.scenario_costs import MeasureCost, Note, Prices, at_prices, note


@dataclass(frozen=True, slots=True)
class Overspent:
    """A ceiling that the measures of one or several years exceed.

    Attributes:
        ceiling: its place in the file. years: of the strategy's own calendar. certain: even by the low end of every cost.
        limit, low, value, high: of the year that exceeds it most [currency of the prices, at their year]. measure: the dearest one.
    """

    ceiling: int
    years: tuple[int, ...]
    certain: bool
    limit: float
    low: float
    value: float
    high: float
    measure: str


def overspent(frame: Frame, costs: Sequence[MeasureCost], prices: Prices | None) -> Iterator[Overspent]:
    """The ceilings that the measures exceed, those first that they exceed for certain.

    Months that are not costed are left out of every sum, and a year of which the horizon holds a part is that part: both make the
    sums smaller, never larger.
    """
    if prices is None or not costs:
        return
    years = (np.arange(frame.months) + frame.origin) // 12
    sums = {
        int(year): np.array(
            [[np.nansum(end[years == year]) for end in (c.low, c.value, c.high)] for c in costs]
        )
        for year in np.unique(years)
    }  # [measure end]
    for place, ceiling in enumerate(frame.strategy.ceilings):
        found: dict[bool, list[tuple[float, int, float]]] = {True: [], False: []}
        for year in sums:
            limit = _limit(frame, ceiling, year, prices)
            if limit is None:
                continue
            low, value, _ = sums[year].sum(axis=0)
            certain = low > limit * (1 + ROUNDING)
            if certain or value > limit * (1 + ROUNDING):
                found[certain].append(((low if certain else value) - limit, year, limit))
        for certain, rows in found.items():
            if rows:
                _, worst, limit = max(rows)
                low, value, high = sums[worst].sum(axis=0)
                dearest = costs[int(np.argmax(sums[worst][:, 1]))].measure
                yield Overspent(
                    place, tuple(year for _, year, _ in rows), certain, limit, low, value, high, dearest
                )


def _limit(frame: Frame, ceiling: Ceiling, year: int, prices: Prices) -> float | None:
    """The ceiling in a year, in the currency and at the prices that costs are told in; None: it has none, or cannot be told."""
    period = frame.strategy.period
    first, last = first_day(period.start).year, last_day(period.end).year if period.end else None
    if ceiling.period:
        told = parse_period(ceiling.period)
        first = told.first.year if told.first else first
        last = told.last.year if told.last else last
    if year < first or (last is not None and year > last):
        return None
    return at_prices(prices, ceiling.per_year, ceiling.currency, ceiling.prices or year, [])


def ceiling_error(frame: Frame, over: Overspent, prices: Prices) -> CareoError:
    """An exceeded ceiling as a mistake with file and line, both amounts in one currency and price year."""
    found = (
        f"≥ {over.low:,.0f}" if over.certain else f"{over.value:,.0f} ({over.low:,.0f} – {over.high:,.0f})"
    )
    return frame.error(
        ("ceilings", over.ceiling, "per_year"),
        "scenario_ceiling" if over.certain else "scenario_ceiling_perhaps",
        expected=f"≤ {over.limit:,.0f} {prices.currency}",
        found=f"{found} {prices.currency}",
        **_words(over, prices),
    )


def ceiling_note(over: Overspent, prices: Prices) -> Note:
    """A ceiling that is perhaps exceeded, as a sentence that travels with the scenario."""
    limit, value = (f"{prices.currency} {amount:,.0f}" for amount in (over.limit, over.value))
    return note("ceiling_perhaps", limit=limit, value=value, **_words(over, prices))


def _words(over: Overspent, prices: Prices) -> dict[str, str]:
    years = [str(year) for year in over.years]
    told = ", ".join(years) if len(years) < 4 else f"{years[0]} … {years[-1]} ({len(years)})"
    return {"years": told, "prices": str(prices.year), "measure": over.measure}
