"""Two editions of one dataset: what was revised, where, and by how much."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from careo.base.errors import CareoError
from careo.panel.places import load_places
from careo.sources import store
from careo.sources.catalog import datasets
from careo.sources.formats.layout import MONTH_COLUMNS
from careo.sources.snapshot import Snapshot


@dataclass(frozen=True)
class Revisions:
    """What a later edition changed.

    Attributes:
        old, new: the editions, the earlier one first.
        values: one row a changed value of an indicator: indicator, place, start, step, old, new (null: not in that edition).
        summary: one row an indicator and kind ("revised", "added", "gone"): cells, old, new, places.
        rows: one row a category of the file itself: its keys, cells revised, old, new (sums over the cells both editions have).
    """

    old: Snapshot
    new: Snapshot
    values: pl.DataFrame
    summary: pl.DataFrame
    rows: pl.DataFrame


def compare_editions(one: Snapshot, other: Snapshot) -> Revisions:
    """The revisions between two editions, whichever is named first.

    Raises:
        CareoError: they are of different datasets.
    """
    if one.dataset != other.dataset:
        raise CareoError("data_other_dataset", expected=one.dataset, found=other.dataset)
    old, new = sorted((one, other), key=lambda s: (s.known, s.imported))
    keys = ["indicator", "place", "start", "step"]
    left, right = (pl.scan_parquet(store.table(s, "series")).drop_nulls("value") for s in (old, new))
    both = left.rename({"value": "old"}).join(
        right.rename({"value": "new"}), on=keys, how="full", coalesce=True
    )
    values = both.filter(pl.col("old").ne_missing(pl.col("new"))).sort(keys).collect()
    parts = values.filter(pl.col("place") != load_places(old.country).nation)
    values = parts if parts.height else values  # the nation is the sum of its states
    kind = (
        pl.when(pl.col("old").is_null())
        .then(pl.lit("added"))
        .when(pl.col("new").is_null())
        .then(pl.lit("gone"))
        .otherwise(pl.lit("revised"))
    )
    summary = (
        values.group_by("indicator", kind.alias("kind"))
        .agg(
            pl.len().alias("cells"),
            pl.col("old").sum(),
            pl.col("new").sum(),
            pl.col("place").n_unique().alias("places"),
        )
        .sort("indicator", "kind")
    )
    return Revisions(old, new, values, summary, _rows(old, new))


def _rows(old: Snapshot, new: Snapshot) -> pl.DataFrame:
    """Revised cells by category, of every category and not only those of an indicator."""
    left, right = (pl.scan_parquet(store.table(s, "rows")) for s in (old, new))
    columns = [c for c in left.collect_schema().names() if c in right.collect_schema().names()]
    types = left.collect_schema()
    values = [c for c in columns if types[c].is_float()]
    timed = [c for c in ("year", "month", "day") if c in columns]
    keys = [c for c in columns if types[c] == pl.String and c not in ("place", "place_name")]
    if not values or "place" not in columns or datasets(old.country)[old.dataset].time == "none":
        return pl.DataFrame()
    index = ["place", *timed, *keys]

    def summed(frame: pl.LazyFrame) -> pl.LazyFrame:
        return frame.group_by(index).agg(
            pl.col(v).sum() if len(values) < len(MONTH_COLUMNS) else pl.col(v).first() for v in values
        )

    both = summed(left).join(summed(right), on=index, suffix="_new")
    changed = [(pl.col(v) != pl.col(f"{v}_new")).fill_null(False) for v in values]
    shared = [pl.col(v).is_not_null() & pl.col(f"{v}_new").is_not_null() for v in values]
    return (
        both.select(
            *keys,
            cells=pl.sum_horizontal(c.cast(pl.Int64) for c in changed),
            old=pl.sum_horizontal(pl.when(s).then(pl.col(v)) for s, v in zip(shared, values, strict=True)),
            new=pl.sum_horizontal(
                pl.when(s).then(pl.col(f"{v}_new")) for s, v in zip(shared, values, strict=True)
            ),
        )
        .group_by(keys)
        .agg(pl.col("cells", "old", "new").sum())
        .filter(pl.col("cells") > 0)
        .sort("cells", *keys, descending=[True, *([False] * len(keys))])
        .collect(engine="streaming")
    )
