"""Sums of an official file against totals that the publisher, or another one, has published."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl

from careo.base.dates import period_of_year
from careo.panel.country import Country
from careo.panel.places import Places

TOLERANCE = 0.02  # of a published total of an edition of about the same time
_REVISED = 0.10  # of one published long before or after: registers revise their past
_SAME_TIME = 100  # days between editions


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """One year's sum of a file beside the published national totals.

    Attributes:
        indicator, year: what was summed. value: the sum.
        published: the published total it is nearest to, and its vintage and source; None when none is embedded.
        nearest: the published total of the nearest year where this one has none; None when no year has one.
        fits: whether they agree as well as two editions so far apart can be expected to; None when there is nothing to compare.
    """

    indicator: str
    year: int
    value: float
    published: float | None
    vintage: str
    source: str
    fits: bool | None
    nearest: float | None = None


def reconcile(series: pl.DataFrame, country: Country, known: date) -> tuple[Reconciliation, ...]:
    """The national years of a series table against the embedded totals, years in order.

    Args:
        series: columns of `derivation.SERIES`. A year counts when all its months are there.
        known: the day from which the edition counts as known.
    """
    found: list[Reconciliation] = []
    for indicator, place, year, step, value in whole_years(series, country.places).rows():
        if indicator not in country.indicators or (step == "month" and not country.sums(indicator)):
            continue  # the months of a stock make no year
        # an edition must not vouch for itself: only embedded totals count
        totals = [o for o in country.at(indicator, place, period_of_year(year)) if "@" not in o.source]
        best = min(totals, key=lambda o: abs(o.value - value), default=None)
        fits = None
        if best is not None:
            allowed = TOLERANCE if abs((best.known - known).days) <= _SAME_TIME else _REVISED
            fits = abs(value - best.value) <= allowed * max(best.value, 1.0)
        published = (best.value, best.vintage, best.source) if best else (None, "", "")
        nearest = None if best else _nearest(country, indicator, place, year)
        found.append(Reconciliation(indicator, year, value, *published, fits, nearest))
    return tuple(found)


def _nearest(country: Country, indicator: str, place: str, year: int) -> float | None:
    """The embedded total of the year nearest to one that has none."""
    totals = [
        (abs(o.period.first.year - year), o.value)
        for o in country.series(indicator).observations
        if o.place == place
        and "@" not in o.source
        and o.period.first
        and o.period == period_of_year(o.period.first.year)
    ]
    return min(totals)[1] if totals else None


def whole_years(series: pl.DataFrame, places: Places) -> pl.DataFrame:
    """Yearly values of the nation, or of a country abroad: columns indicator, place, year, step, value.

    The file's own row, else the sum of its municipalities: a municipal file speaks for the nation when every state is in it. A year
    counts when all its months are there.
    """
    abroad = [code for code in places.codes if code not in places.by_code]
    own = series.filter(pl.col("place").is_in([places.nation, *abroad]))
    state_of = {place.code: place.parent for place in places.by_code.values() if place.kind == "municipality"}
    parts = series.filter(
        pl.col("place").is_in(list(state_of))
        & ~pl.col("indicator").is_in(own["indicator"].unique().implode())
    )
    states = pl.col("place").replace_strict(state_of, return_dtype=pl.String).n_unique().over("indicator")
    summed = parts.filter(states >= len(places.states)).with_columns(place=pl.lit(places.nation))
    yearly = (
        pl.concat([own, summed])
        .group_by("indicator", "place", pl.col("start").dt.year().alias("year"), "step")
        .agg(
            pl.col("value").sum(),
            pl.col("value").null_count().alias("gaps"),
            pl.col("start").n_unique().alias("steps"),
        )
    )
    complete = (pl.col("gaps") == 0) & ((pl.col("step") == "year") | (pl.col("steps") == 12))
    columns = ("indicator", "place", "year")
    return yearly.filter(complete).sort(columns).select(*columns, "step", "value")
