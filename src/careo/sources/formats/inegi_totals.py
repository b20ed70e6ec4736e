"""Tables that print totals among their parts: which cells count every death once, and which totals are no sums."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import polars as pl

from careo.sources.formats.inegi import NATION
from careo.sources.formats.layout import Oddity

TOTALS = ("total", "total_nacional", "estados_unidos_mexicanos", "nacional")
"""What a total is called, as a `key`."""


def is_total(cell: pl.Expr) -> pl.Expr:
    """Whether a label says that the row is a total."""
    return cell.str.to_lowercase().str.replace_all(" ", "_").is_in(TOTALS)


def finest_parts(
    cells: pl.DataFrame, *, details: Mapping[str, str], places: str
) -> tuple[pl.DataFrame, tuple[Oddity, ...]]:
    """The cells of a table without the totals whose parts are there, and what did not add up.

    Where only some totals of a dimension were opened in the query, the totals stay and their parts go: taking some of each would
    count a death twice.

    Args:
        cells: columns place, place_name, the details and `value`. details: column → name of the dimension as written.
        places: name of the dimension of places as written; "" where there is none.
    """
    oddities: list[Oddity] = []
    for detail, written in details.items():
        others = [name for name in cells.columns if name not in (detail, "value")]
        total = is_total(pl.col(detail))
        totals, parts = cells.filter(total), cells.filter(~total)
        if totals.is_empty() or parts.is_empty():
            continue
        opened = totals.join(parts, on=others, how="semi", nulls_equal=True)
        if opened.height == totals.height:
            oddities += _differing(totals, parts, others, written, how="left")
            cells = parts
        else:
            orphans = parts.join(totals, on=others, how="anti", nulls_equal=True)
            cells = pl.concat([totals, orphans])
            oddities.append(Oddity("partly_opened", {"dimension": written}, refused=True))
    if not places:
        return cells, tuple(oddities)
    cells, differing = _finest_places(cells, places)
    return cells, (*oddities, *differing)


def _finest_places(cells: pl.DataFrame, written: str) -> tuple[pl.DataFrame, list[Oddity]]:
    """Municipalities, the states that have none in the table (abroad), the nation where it stands alone; and sums that differ."""
    others = [name for name in cells.columns if name not in ("place", "place_name", "value")]
    place = pl.col("place")
    nation, parts = cells.filter(place == NATION), cells.filter(place.is_null() | (place != NATION))
    municipalities = parts.filter(place.str.len_bytes() == 5)
    above = place.is_in(municipalities["place"].str.head(2).unique().implode()).fill_null(value=False)
    opened, finest = parts.filter(above), parts.filter(~above)
    states = pl.concat([opened, finest.filter(place.is_null() | (place.str.len_bytes() == 2))])
    found: list[Oddity] = []
    if not opened.is_empty():
        found += _differing(
            opened, municipalities.with_columns(place.str.head(2)), ["place", *others], written
        )
    if not nation.is_empty() and not states.is_empty():
        found += _differing(nation, states.with_columns(place=pl.lit(NATION)), ["place", *others], written)
    return (nation if finest.is_empty() else finest), found


def _differing(
    totals: pl.DataFrame,
    parts: pl.DataFrame,
    others: Sequence[str],
    written: str,
    how: Literal["left", "full"] = "full",
) -> list[Oddity]:
    """Totals that are not the sum of their parts; with "full", also parts without a total."""
    summed = parts.group_by(others).agg(pl.col("value").sum().alias("parts"))
    odd = (
        totals.group_by(others)
        .agg(pl.col("value").sum())
        .join(summed, on=others, how=how, coalesce=True, nulls_equal=True)
        .fill_null(0)
        .filter(pl.col("value") != pl.col("parts"))
        .sort(others)
    )
    if odd.is_empty():
        return []
    row = odd.row(0, named=True)
    at = ", ".join(str(row[name]) for name in others if row[name])
    first = f"{at}: {row['value']:,.0f} ≠ {row['parts']:,.0f}"
    return [
        Oddity("totals_differ", {"dimension": written, "count": str(odd.height), "first": first}, grave=True)
    ]
