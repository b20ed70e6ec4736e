"""CDC/NCHS: provisional counts of drug overdose deaths in the United States (VSRR), by state and drug.

    State, Year, Month, Period, Indicator, Data Value, Percent Complete, Percent Pending Investigation, State Name, Footnote,
    Footnote Symbol, Predicted Value                (the publisher's interface writes the same in lower case with underscores)

A value is the sum of the twelve months that end in `month`: values of two months overlap and are never added. Places are USPS
codes: US is the nation, and NY leaves out New York City, which stands beside it as YC. Rows of percentages ("Percent with drugs
specified") are no counts and fill `share` instead.
"""

from __future__ import annotations

import polars as pl

from careo.sources.formats.layout import (
    Layout,
    Oddity,
    Reading,
    Table,
    number,
    odd_cells,
    text,
    unknown_columns,
    year,
)

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_JURISDICTIONS = 52  # the states, the District of Columbia, and New York City
_TWELVE_MONTHS = r"(?i)^12.months?.ending$"


def _read(table: Table) -> Reading:
    cells = table.rows()
    there = table.columns
    share = text("indicator").str.starts_with("Percent")
    measures = {
        "reported": pl.when(~share).then(number("data_value")),
        "predicted": pl.when(~share).then(number("predicted_value")) if "predicted_value" in there else None,
        "share": pl.when(share).then(number("data_value") / 100),
        "complete_share": _percent("percent_complete") / 100 if "percent_complete" in there else None,
        "pending_share": _percent("percent_pending_investigation") / 100
        if "percent_pending_investigation" in there
        else None,
    }
    values = {name: expression for name, expression in measures.items() if expression is not None}
    rows = cells.select(
        pl.date(year("year"), _month("month"), 1).alias("month"),
        _place("state").alias("place"),
        text("state_name" if "state_name" in there else "state").alias("place_name"),
        text("indicator").alias("cause"),
        text("period").alias("period"),
        *(expression.alias(name) for name, expression in values.items()),
        _underreported().alias("under") if "footnote" in there else pl.lit(False).alias("under"),
    ).collect()
    counts = [column for column in ("data_value", "predicted_value") if column in there]
    oddities = (
        *unknown_columns(table),
        *odd_cells(cells.filter(~share), counts),
        *_flags(rows),
        *_nation(rows),
    )
    return Reading(
        "cdc_overdose", rows.drop("under").lazy(), ("cause", "period"), tuple(values), oddities=oddities
    )


def _place(column: str) -> pl.Expr:
    """A country or its part in ISO 3166: "US", "US-AL". Bare, AL would be Albania."""
    state = text(column).str.to_uppercase()
    return pl.when(state == "US").then(state).otherwise("US-" + state)


def _month(column: str) -> pl.Expr:
    """The number of a month: "January", "Jan" or "1"; null for anything else."""
    numbers = {word: place for place, word in enumerate(_MONTHS, start=1)}
    named = (
        text(column)
        .str.to_lowercase()
        .str.head(3)
        .replace_strict(numbers, default=None, return_dtype=pl.Int8)
    )
    month = pl.coalesce(named, number(column).cast(pl.Int8, strict=False))
    return pl.when(month.is_between(1, 12)).then(month)


def _percent(column: str) -> pl.Expr:
    """A percentage; "99.5+" is the least that it can be."""
    return text(column).str.strip_chars_end("+%").cast(pl.Float64, strict=False)


def _underreported() -> pl.Expr:
    return text("footnote").str.contains("(?i)underreported|incomplete data").fill_null(False)


def _flags(rows: pl.DataFrame) -> list[Oddity]:
    """What the publisher says of single rows, blank counts, rows of another period, and rows without a month."""
    found: list[Oddity] = []
    under = rows.filter("under")
    if under.height:
        words = {"count": str(under.height), "first": str(under["month"].min())[:7]}
        found.append(Oddity("underreported_rows", words))
    if blank := rows.filter(pl.col("reported").is_null() & pl.col("share").is_null()).height:
        found.append(Oddity("suppressed_counts", {"count": str(blank)}))
    other = rows.filter(~pl.col("period").str.contains(_TWELVE_MONTHS).fill_null(False))
    if other.height:
        periods = ", ".join(other["period"].drop_nulls().unique(maintain_order=True).head(5))
        found.append(
            Oddity("other_period", {"count": str(other.height), "periods": periods or "–"}, grave=True)
        )
    if undated := rows["month"].null_count():
        found.append(Oddity("undated_rows", {"count": str(undated)}, grave=True))
    return found


def _nation(rows: pl.DataFrame) -> list[Oddity]:
    """Months whose national count is not the sum of every jurisdiction (with New York City), where none is blank."""
    here = pl.col("place") == "US"
    sums = (
        rows.filter(pl.col("cause").str.starts_with("Number"))
        .group_by("cause", "period", "month")
        .agg(
            pl.col("reported").filter(here).sum().alias("nation"),
            pl.col("reported").filter(~here).sum().alias("states"),
            pl.col("reported").is_not_null().sum().alias("reporting"),
            pl.len().alias("rows"),
        )
        .filter((pl.col("rows") == _JURISDICTIONS + 1) & (pl.col("reporting") == pl.col("rows")))
    )
    gap = (pl.col("nation") - pl.col("states")).abs()
    off = sums.filter(gap > 0.005 * pl.col("states")).sort("month")
    if off.is_empty():
        return []
    return [
        Oddity(
            "nation_not_its_states", {"count": str(off.height), "first": str(off["month"][0])[:7]}, grave=True
        )
    ]


LAYOUTS = (
    Layout(
        "cdc_overdose",
        columns=("state", "year", "month", "period", "indicator", "data_value"),
        optional=(
            "state_name",
            "percent_complete",
            "percent_pending_investigation",
            "footnote",
            "footnote_symbol",
            "predicted_value",
        ),
        read=_read,
    ),
)
