"""Traps of official files that only the whole table shows: a year copied from another, places that come and go."""

from __future__ import annotations

from itertools import combinations

import polars as pl

from careo.panel.country import Country
from careo.panel.gazetteer import shortened
from careo.panel.places import Places
from careo.sources.formats.layout import Oddity

_ENOUGH = 20  # cells other than zero that two years must share before equality is no coincidence
_ALIKE = 0.95  # of them: somebody may have mended a few cells of a copy


def copied_years(series: pl.DataFrame, country: Country) -> dict[str, list[tuple[int, int]]]:
    """Indicator → pairs of years of which one repeats the other. Which of them is the copy, totals must tell.

    Args:
        series: a table of values. country: whose indicators; a stock may well stay the same for a year.
    """
    found: dict[str, list[tuple[int, int]]] = {}
    for (indicator,), part in series.drop_nulls("value").partition_by("indicator", as_dict=True).items():
        if indicator not in country.indicators or not country.sums(str(indicator)):
            continue
        cells = part.select(
            "place",
            pl.col("start").dt.month().alias("month"),
            pl.col("start").dt.year().alias("year"),
            "value",
        )
        table = cells.pivot("year", index=["place", "month"], values="value", aggregate_function="sum")
        years = sorted(int(name) for name in table.columns[2:])
        tests = [
            (
                one,
                other,
                (pl.col(str(one)) > 0) | (pl.col(str(other)) > 0),
                pl.col(str(one)) == pl.col(str(other)),
            )
            for one, other in combinations(years, 2)
        ]
        counts = (
            table.select(
                *(some.sum().alias(f"{one} {other} some") for one, other, some, _ in tests),
                *((some & same).sum().alias(f"{one} {other} same") for one, other, some, same in tests),
            ).row(0, named=True)
            if tests
            else {}
        )
        for one, other, *_ in tests:
            some, same = counts[f"{one} {other} some"], counts[f"{one} {other} same"]
            if some >= _ENOUGH and same >= _ALIKE * some:
                found.setdefault(str(indicator), []).append((one, other))
    return found


def incomplete_periods(rows: pl.LazyFrame, places: Places) -> tuple[Oddity, ...]:
    """States that some years (or months) of a file have and others lack: a file cut short, or rows that were lost."""
    names = rows.collect_schema().names()
    period = next((name for name in ("month", "year") if name in names), "")
    if not period or "place" not in names:
        return ()
    state = pl.col("place").str.head(2)
    table = rows.select(state.alias("state"), period).unique().drop_nulls().collect()
    table = table.filter(pl.col("state").is_in(places.states))
    missing = (
        table.select(pl.col("state").unique())
        .join(table.select(pl.col(period).unique()), how="cross")
        .join(table, on=["state", period], how="anti")
        .sort("state", period)
    )
    if missing.is_empty():
        return ()
    form = "%Y-%m" if period == "month" else ""
    listed = (
        f"{places.by_code[code].name} ({shortened(format(when, form) if form else str(when) for when in periods)})"
        for code, periods in missing.group_by("state", maintain_order=True).agg(period).rows()
    )
    return (Oddity("periods_incomplete", {"places": shortened(listed)}, grave=True),)


def passing_places(rows: pl.LazyFrame, *, level: str) -> tuple[Oddity, ...]:
    """Municipal codes that some years of the file have and others lack: new, merged or split municipalities."""
    names = rows.collect_schema().names()
    if level != "municipality" or not {"place", "year"} <= set(names):
        return ()
    table = rows.filter(pl.col("place") != "").select("place", "year").unique().drop_nulls().collect()
    count = table["year"].n_unique()
    if count < 2:
        return ()
    some = table.group_by("place").agg(
        pl.len().alias("n"), pl.col("year").min().alias("first"), pl.col("year").max().alias("last")
    )
    some = some.filter(pl.col("n") < count).sort("place")
    if (
        some.is_empty() or some.height > table["place"].n_unique() / 2
    ):  # a file that lists only places with something
        return ()
    listed = (
        f"{place} ({first}–{last})" for place, first, last in some.select("place", "first", "last").rows()
    )
    return (Oddity("places_not_every_year", {"count": str(some.height), "places": shortened(listed)}),)
