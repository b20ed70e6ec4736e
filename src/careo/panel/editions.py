"""Values of imported editions of official files: for figure checks as observations, for panels as tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from careo.base.citations import Source
from careo.base.dates import Period, month_end, period_of_year
from careo.panel.series import Observation
from careo.sources import store
from careo.sources.catalog import datasets
from careo.sources.snapshot import Snapshot

if TYPE_CHECKING:
    import polars as pl


def source_of(snapshot: Snapshot) -> Source:
    """An edition as a source; its key names dataset, vintage and the beginning of its checksum."""
    card = datasets(snapshot.country).get(snapshot.dataset)
    return Source(
        key=f"{snapshot.dataset}@{snapshot.vintage}#{snapshot.sha256[:8]}",
        producer=card.publisher if card else "",
        title=f"{card.title['en'] if card else snapshot.dataset} ({snapshot.name})",
        url=(card.url or card.page) if card else "",
        published=snapshot.vintage,
        accessed=snapshot.imported[:10],
        licence=card.licence["en"] if card else "",
        sha256=snapshot.sha256,
        tier=1,
    )


def observations(
    snapshots: Iterable[Snapshot], indicator: str, places: Sequence[str], *, summed: bool
) -> tuple[tuple[Observation, ...], tuple[Observation, ...]]:
    """What imported editions say of an indicator: yearly and monthly observations.

    Args:
        snapshots: the editions. places: official codes to read.
        summed: whether twelve months make a year (a flow); such years are tagged "computed".
    """
    years: list[Observation] = []
    months: list[Observation] = []
    for snapshot in snapshots:
        if indicator not in snapshot.indicators:
            continue
        key = source_of(snapshot).key
        table = values(snapshot, indicator).filter(_among(places)).sort("place", "start").collect()
        for place, start, step, value in table.select("place", "start", "step", "value").rows():
            period = period_of_year(start.year) if step == "year" else _month(start)
            found = Observation(place, period, value, snapshot.vintage, snapshot.known, key, "read")
            (years if step == "year" else months).append(found)
        if summed:
            for place, year, value in _whole_years(table):
                years.append(
                    Observation(
                        place, period_of_year(year), value, snapshot.vintage, snapshot.known, key, "computed"
                    )
                )
    return tuple(years), tuple(months)


def values(snapshot: Snapshot, indicator: str) -> pl.LazyFrame:
    """The values of an indicator in an edition: columns place, start, step, value; what was not reported is left out."""
    import polars as pl

    table = pl.scan_parquet(store.table(snapshot, "series"))
    return table.filter((pl.col("indicator") == indicator) & pl.col("value").is_not_null()).drop("indicator")


@dataclass(frozen=True, slots=True)
class RegisterTotal:
    """A register that is published in several files, each of which repeats the rows without a date.

    Attributes:
        indicator: whose rows. files: how many editions it stands in. dated, undated: rows with a date, and without, counted once.
        added_up: what adding the files up would give.
    """

    indicator: str
    files: int
    dated: float
    undated: float
    added_up: float


def register_totals(snapshots: Sequence[Snapshot]) -> Iterator[RegisterTotal]:
    """The whole of every register among the editions, rows without a date counted once, as the newest edition has them."""
    import polars as pl

    for name in dict.fromkeys(snapshot.dataset for snapshot in snapshots):
        held = [snapshot for snapshot in snapshots if snapshot.dataset == name]
        card = datasets(held[0].country).get(name)
        if card is None or card.undated != "once":
            continue
        periods = {
            (s.first, s.last): s for s in held
        }  # oldest first: of two editions of a period the newest stays
        tables = [pl.scan_parquet(store.table(s, "rows")) for s in periods.values()]
        for indicator, rule in card.series.items():
            chosen = [pl.col(key).is_in(list(wanted)) for key, wanted in rule.where.items()]
            value = pl.col(rule.value)
            sums = [
                table.filter(*chosen)
                .select(dated=value.filter(pl.col("month").is_not_null()).sum(), whole=value.sum())
                .collect()
                .row(0)
                for table in tables
            ]
            dated, whole = sum(row[0] for row in sums), sum(row[1] for row in sums)
            undated = sums[-1][1] - sums[-1][0]
            yield RegisterTotal(indicator, len(tables), dated, undated, whole)


def _among(places: Sequence[str]) -> pl.Expr:
    import polars as pl

    return pl.col("place").is_in(list(places))


def _month(start: date) -> Period:
    return Period(start, month_end(start.year, start.month))


def _whole_years(table: pl.DataFrame) -> Iterable[tuple[Any, ...]]:
    import polars as pl

    return (
        table.filter(pl.col("step") == "month")
        .group_by("place", pl.col("start").dt.year().alias("year"))
        .agg(pl.col("value").sum(), pl.len().alias("n"))
        .filter(pl.col("n") == 12)
        .sort("place", "year")
        .select("place", "year", "value")
        .rows()
    )
