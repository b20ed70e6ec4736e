"""Violent events of organised groups: OCVED (Osorio and Beltrán, from news) and UCDP's georeferenced event dataset.

    OCVED   date, date_elapsed, year, month, day, state, mun, counter, actor_main, actor_sub, longitude, latitude
    UCDP    id, year, type_of_violence, …, where_prec, …, adm_1, adm_2, …, date_prec, date_start, date_end, …, best, high, low
            (the complete file has some 50 columns and every country; extracts leave columns out)

An OCVED row is a day, a municipality and a group; `events` is the authors' own `counter`. `actor_sub` is not read: it
names persons. A UCDP row is one event with three estimates of its deaths. UCDP says how well it knows when and where, and an event
is not placed more finely than that: where the month or the state is not known it is empty. Headlines and texts of news are not read.
"""

from __future__ import annotations

import polars as pl

from careo.sources.formats.layout import (
    Layout,
    Oddity,
    Reading,
    Table,
    code,
    number,
    odd_cells,
    text,
    unknown_columns,
)

_COUNTRY = "mexico"
_VIOLENCE = {1: "state-based", 2: "non-state", 3: "one-sided"}
_MONTH_KNOWN = (
    4  # date_prec: 1 the day, 2 within 2-6 days, 3 the week, 4 the month, 5 a longer time within a year
)
_STATE_KNOWN = 4  # where_prec: 1 the place, 2 near it, 3 the municipality, 4 the state, 5 a region, 6 the country, 7 abroad
_MUNICIPALITY_KNOWN = 3


def _read_ocved(table: Table) -> Reading:
    stamp = text("date").str.replace_all(r"\D", "")
    read = table.rows().select(
        stamp.str.to_date("%Y%m%d", strict=False).alias("day"),
        code("mun", 5).alias("place"),
        text("actor_main").alias("actor"),
        number("counter").alias("events"),
        text("date").alias("written"),
        code("state", 2).alias("state"),
    )
    tally = read.select(
        pl.col("day").is_null().sum().alias("undated"),
        pl.col("written").filter(pl.col("day").is_null()).drop_nulls().first().alias("first"),
        (pl.col("place").str.head(2) != pl.col("state")).sum().alias("elsewhere"),
    ).collect()
    oddities = [*unknown_columns(table), *odd_cells(table.rows(), ["counter"])]
    undated, first, elsewhere = tally.row(0)
    if undated:
        oddities.append(
            Oddity("impossible_dates", {"count": str(undated), "first": first or "–"}, refused=True)
        )
    if elsewhere:
        oddities.append(Oddity("codes_disagree", {"count": str(elsewhere)}, grave=True))
    return Reading(
        "ocved_events", read.drop("written", "state"), ("actor",), ("events",), oddities=tuple(oddities)
    )


def _read_ucdp(table: Table) -> Reading:
    there = table.columns
    cells = table.rows()
    oddities = [*unknown_columns(table)]
    if "country" in there:
        here = (text("country").str.to_lowercase() == _COUNTRY).fill_null(False)
        others = cells.select((~here).sum()).collect().item()
        cells = cells.filter(here)
        if others:
            oddities.append(Oddity("other_countries", {"count": str(others)}, refused=True))
    else:
        oddities.append(Oddity("country_not_stated"))
    starts, ends = _day("date_start"), _day("date_end")
    placed = (number("where_prec") <= _STATE_KNOWN).fill_null(False)
    near = (number("where_prec") <= _MUNICIPALITY_KNOWN).fill_null(False)
    # a span over the end of a month is in neither of the two
    dated = (number("date_prec") <= _MONTH_KNOWN).fill_null(False) & (
        starts.dt.truncate("1mo") == ends.dt.truncate("1mo")
    )
    kind = number("type_of_violence").cast(pl.Int64, strict=False)
    keys = {
        "event": _whole("id"),
        "event_year": _whole("year"),
        "starts": starts.dt.to_string("iso"),
        "ends": ends.dt.to_string("iso"),
        "violence": pl.coalesce(
            kind.replace_strict(_VIOLENCE, default=None, return_dtype=pl.String), text("type_of_violence")
        ),
        "side_a": text("side_a"),
        "side_b": text("side_b"),
        "date_precision": _whole("date_prec"),
        "place_precision": _whole("where_prec"),
        "municipality": pl.when(near).then(_bare("adm_2")) if "adm_2" in there else pl.lit(None, pl.String),
    }
    values = ("best", "high", "low")
    rows = cells.select(
        pl.when(dated).then(starts.dt.truncate("1mo")).alias("month"),
        pl.lit(None, pl.String).alias("place"),
        pl.when(placed).then(_bare("adm_1")).alias("place_name"),
        *(expression.alias(name) for name, expression in keys.items()),
        *(number(name).alias(name) for name in values),
    )
    oddities += odd_cells(cells, list(values))
    return Reading("ucdp_events", rows, tuple(keys), values, oddities=(*oddities, *_unplaced(rows)))


def _whole(column: str) -> pl.Expr:
    """A whole number as text: "182027.0" is "182027"."""
    return text(column).str.replace(r"\.0+$", "")


def _day(column: str) -> pl.Expr:
    return text(column).str.head(10).str.to_date("%Y-%m-%d", strict=False)


def _bare(column: str) -> pl.Expr:
    """A name without its level: "Sinaloa state" is "Sinaloa", also where "municipality" is misspelt."""
    return text(column).str.replace(r"(?i)\s+(state|mu\w+ty)$", "")


def _unplaced(rows: pl.LazyFrame) -> list[Oddity]:
    table = rows.select("month", "place_name", "starts", "violence", "event", "best", "high", "low").collect()
    deaths = pl.col("best").sum().fill_null(0)
    found: list[Oddity] = []
    for kind, there in (("event_month_unknown", "month"), ("event_state_unknown", "place_name")):
        without = table.filter(pl.col(there).is_null())
        if without.height:
            words = {"count": str(without.height), "deaths": f"{without.select(deaths).item():,.0f}"}
            found.append(Oddity(kind, words, refused=True))
    if undated := table["starts"].null_count():
        found.append(Oddity("undated_rows", {"count": str(undated)}, grave=True))
    unknown = table.filter(~pl.col("violence").is_in(list(_VIOLENCE.values())))["violence"].unique().sort()
    if unknown.len():
        found.append(
            Oddity("unknown_violence", {"types": ", ".join(str(name) for name in unknown)}, grave=True)
        )
    if repeated := table["event"].is_duplicated().sum():
        found.append(Oddity("events_repeated", {"count": str(repeated)}, grave=True))
    if outside := table.filter((pl.col("best") < pl.col("low")) | (pl.col("best") > pl.col("high"))).height:
        found.append(Oddity("estimates_out_of_order", {"count": str(outside)}))
    return found


LAYOUTS = (
    Layout(
        "ocved_events",
        columns=("date", "state", "mun", "counter", "actor_main"),
        optional=("date_elapsed", "year", "month", "day", "actor_sub", "longitude", "latitude"),
        read=_read_ocved,
    ),
    Layout(
        "ucdp_events",
        columns=(
            "id",
            "year",
            "type_of_violence",
            "side_a",
            "side_b",
            "where_prec",
            "adm_1",
            "date_prec",
            "date_start",
            "date_end",
            "best|best_est",
            "high|high_est",
            "low|low_est",
        ),
        optional=(
            "relid",
            "active_year",
            "active_yr",
            "code_status",
            "conflict_dset_id",
            "conflict_new_id",
            "conflict_name",
            "dyad_dset_id",
            "dyad_new_id",
            "dyad_name",
            "side_a_dset_id",
            "side_a_new_id",
            "side_b_dset_id",
            "side_b_new_id",
            "number_of_sources",
            "source_article",
            "source_office",
            "source_date",
            "source_headline",
            "source_original",
            "where_coordinates",
            "where_description",
            "adm_2",
            "latitude",
            "longitude",
            "geom_wkt",
            "priogrid_gid",
            "country",
            "country_id",
            "region",
            "event_clarity",
            "deaths_a",
            "deaths_b",
            "deaths_civilians",
            "deaths_unknown",
            "gwnoa",
            "gwnob",
        ),
        read=_read_ucdp,
    ),
)
