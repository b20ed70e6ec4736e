"""The published network model of criminal groups (Prieto-Curiel, Campedelli and Hope, 2023): its groups, ties and yearly trends.

    groups   Node, Group, State, ShortName            one row for a group and the state it is listed under
    ties     Edge, Node, Group, RNode, RGroup, weight     one row for a tie seen from one group
    trends   YEAR, homicide, missings, arrests        yearly national figures that the model was fitted to

Alliances and rivalries have the same header; the letter of `Edge` tells them apart (R, from "red", for alliances; E for
rivalries). Some ties stand twice, once from either group, and others once: weights are read as they are, and never summed over rows.
"""

from __future__ import annotations

import polars as pl

from careo.base.errors import DataError
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

_KINDS = {"R": "network_alliances", "E": "network_rivalries"}


def _read_groups(table: Table) -> Reading:
    names = {"node": "node", "group": "group", "shortname": "short_name"}
    rows = table.rows().select(
        pl.lit(None, pl.String).alias("place"),
        text("state").alias("place_name"),
        *(text(column).alias(name) for column, name in names.items() if column in table.columns),
        pl.lit(1.0).alias("groups"),
    )
    keys = tuple(name for column, name in names.items() if column in table.columns)
    oddities = list(unknown_columns(table))
    repeated = rows.select(pl.col("node").is_duplicated().sum()).collect().item()
    if repeated:
        oddities.append(Oddity("nodes_repeated", {"count": str(repeated)}, grave=True))
    return Reading("network_groups", rows, keys, ("groups",), oddities=tuple(oddities))


def _read_ties(table: Table) -> Reading:
    rows = (
        table.rows()
        .select(
            pl.lit(None, pl.String).alias("place"),
            text("edge").alias("edge"),
            text("node").alias("node"),
            text("group").alias("group"),
            text("rnode").alias("other_node"),
            text("rgroup").alias("other_group"),
            number("weight").alias("weight"),
        )
        .collect()
    )
    letters = rows["edge"].str.head(1).str.to_uppercase().drop_nulls().unique().sort().to_list()
    if len(letters) != 1 or letters[0] not in _KINDS:
        told = ", ".join(letters) or "–"
        raise DataError("network_ties", where=table.file.name, letters=told, fix="layout_not_read")
    back = rows.select("node", "other_node", pl.col("weight").alias("back"))
    both = rows.join(back, left_on=["node", "other_node"], right_on=["other_node", "node"])
    unequal = both.filter(pl.col("weight").ne_missing(pl.col("back"))).height
    oddities = [*unknown_columns(table), *odd_cells(table.rows(), ["weight"])]
    if both.height:
        words = {"pairs": str(both.height // 2), "single": str(rows.height - both.height)}
        oddities.append(Oddity("ties_twice", words))
    if unequal:
        oddities.append(Oddity("ties_unequal", {"count": str(unequal)}, grave=True))
    keys = ("edge", "node", "group", "other_node", "other_group")
    return Reading(_KINDS[letters[0]], rows.lazy(), keys, ("weight",), oddities=tuple(oddities))


def _read_trends(table: Table) -> Reading:
    columns = {"homicide": "homicides", "missings": "missing_persons", "arrests": "arrests"}
    rows = table.rows().select(
        year("year").alias("year"),
        pl.lit("00").alias("place"),
        *(number(column).alias(name) for column, name in columns.items()),
    )
    oddities = (*unknown_columns(table), *odd_cells(table.rows(), list(columns)))
    return Reading("network_trends", rows, (), tuple(columns.values()), oddities=oddities)


LAYOUTS = (
    Layout(
        "network_groups",
        columns=("node", "group", "state"),
        optional=("shortname|short_name",),
        read=_read_groups,
    ),
    Layout("network_ties", columns=("edge", "node", "group", "rnode", "rgroup", "weight"), read=_read_ties),
    Layout("network_trends", columns=("year", "homicide", "missings", "arrests"), read=_read_trends),
)
