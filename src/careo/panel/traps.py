"""Traps of official files that only the whole table shows: a year copied from another, places that come and go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import polars as pl

from careo.panel.gazetteer import shortened
from careo.sources.formats.layout import Oddity

_ENOUGH = 20  # cells other than zero that two years must share before equality is no coincidence


@dataclass(frozen=True, slots=True)
class Copy:
    """Two years with the same values in every row. Which of them is the copy, totals must tell."""

    column: str
    years: tuple[int, int]


def copied_years(rows: pl.LazyFrame, *, keys: Sequence[str], values: Sequence[str]) -> tuple[Copy, ...]:
    """Pairs of years of which one repeats the other, cell by cell.

    Args:
        rows: columns place, year (or month), keys, values. keys, values: as in the `Reading`.
    """
    columns = rows.collect_schema().names()
    if "year" not in columns and "month" not in columns:
        return ()
    if "year" in columns:
        rows = rows.with_columns(pl.lit(0, pl.Int8).alias("within"))
    else:
        rows = rows.with_columns(
            pl.col("month").dt.year().alias("year"), pl.col("month").dt.month().alias("within")
        )
    groups = [tuple(values)] if len(values) == 12 else [(value,) for value in values]
    found: list[Copy] = []
    for group in groups:
        anything = pl.any_horizontal((pl.col(v) != 0).fill_null(False) for v in group)
        # the order of rows does not matter: a sum of hashes of whole rows is the same for the same set of rows
        signature = pl.struct("place", "within", *keys, *group).hash(seed=7)
        table = (
            rows.filter(anything & pl.col("year").is_not_null())
            .group_by("year")
            .agg(
                signature.sum().alias("sum"),
                (signature // 7).sum().alias("other"),
                pl.len().alias("rows"),
                pl.sum_horizontal((pl.col(v) != 0).sum() for v in group).alias("cells"),
            )
            .filter(pl.col("cells") >= _ENOUGH)
            .sort("sum", "other", "year")
            .collect(engine="streaming")
        )
        for one, other in pairwise(table.rows(named=True)):
            if all(one[name] == other[name] for name in ("sum", "other", "rows", "cells")):
                found.append(Copy(group[0] if len(group) == 1 else "", (one["year"], other["year"])))
    return tuple(found)


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
