"""Rows and values of an official file that cannot be what they seem: totals among parts, rows too many or too few, zeros out of nowhere.

What is suspect is left out of the series and named; a hole is honest, a wrong number is not.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import polars as pl

from careo.base.shipped import country_data
from careo.panel.gazetteer import shortened
from careo.panel.places import load_places
from careo.panel.words import fold
from careo.sources.formats.layout import Oddity, repaired

USUAL = 20
"""A place with this median around it does not have a period of none by chance (e^-20)."""

_AROUND = 13  # periods: half a year of months on either side
_MOST_ALIKE = 0.6  # of the places of a year must have one number of rows for the table to be a grid


@dataclass(frozen=True, slots=True)
class TotalRows:
    """Categories that are totals of the others of their column.

    Attributes:
        by_key: column → the categories as written. oddities: what to say of them.
    """

    by_key: dict[str, list[str]]
    oddities: tuple[Oddity, ...]

    def any(self, keys: Iterable[str]) -> pl.Expr:
        """Whether a row is a total in one of these columns."""
        tests = [pl.col(key).is_in(self.by_key[key]) for key in keys if key in self.by_key]
        return pl.any_horizontal(*tests).fill_null(False) if tests else pl.lit(False)


def total_rows(
    combinations: pl.DataFrame, keys: Sequence[str], wanted: Collection[str], country: str
) -> TotalRows:
    """The categories of a table that mean all of the others ("Total", "Ambos sexos"); none where a column has nothing else.

    Args:
        combinations: the distinct categories, columns `keys`. wanted: totals that a rule of the card asks for.
    """
    words = {plain(word) for word in country_data(country, "country.yaml").get("total_words") or ()}
    words -= {plain(category) for category in wanted}
    by_key: dict[str, list[str]] = {}
    for key in keys:
        written = [cell for cell in combinations[key].unique().to_list() if cell is not None]
        totals = sorted(cell for cell in written if plain(cell) in words)
        if totals and len(totals) < len(written):
            by_key[key] = totals
    if not by_key:
        return TotalRows({}, ())
    listed = "; ".join(f"{key}: {', '.join(cells)}" for key, cells in by_key.items())
    return TotalRows(by_key, (Oddity("totals_left_out", {"categories": listed}),))


def repeated_rows(rows: pl.LazyFrame, combinations: pl.DataFrame, country: str) -> tuple[Oddity, ...]:
    """Places that have more rows in a year than the year has categories: whatever they count would be counted twice.

    Args:
        rows: a wide table, one row a place, year and category. combinations: its categories, with the year.
    """
    most = combinations.group_by("year").len("most")
    counts = (
        rows.filter(pl.col("place") != "").group_by("place", "year").len("rows").collect(engine="streaming")
    )
    twice = counts.join(most, on="year").filter(pl.col("rows") > pl.col("most"))
    if twice.is_empty():
        return ()
    first = _listed(twice.with_columns(pl.date(pl.col("year"), 1, 1).alias("start")), country)
    count = int((twice["rows"] - twice["most"]).sum())
    return (Oddity("repeated_rows", {"count": str(count), "first": first}, grave=True),)


def row_shapes(
    rows: pl.LazyFrame, keys: Sequence[str], combinations: pl.DataFrame, indicator: str
) -> pl.LazyFrame:
    """How many rows a place and period have for an indicator, and how many different ones: indicator, place, start, rows, different.

    Categories written in other letters are the same category.
    """
    names = rows.collect_schema().names()
    period = next((name for name in ("month", "year") if name in names), "year")
    start = pl.date(pl.col("year"), 1, 1) if period == "year" else pl.col(period)
    folded = [
        pl.col(key).replace_strict(
            {cell: plain(cell) for cell in combinations[key].unique().drop_nulls().to_list()},
            default=None,
            return_dtype=pl.String,
        )
        for key in keys
    ]
    # what has no place of its own is told apart by its code as written
    place = pl.col("written") if "written" in names else pl.col("place")
    different = pl.struct(place.alias("place"), *folded).hash().n_unique()
    return (
        rows.filter(pl.col("place") != "", start.is_not_null())
        .group_by("place", start.alias("start"))
        .agg(pl.len().alias("rows"), different.alias("different"))
        .with_columns(indicator=pl.lit(indicator))
    )


def without_uneven(
    series: pl.DataFrame, shapes: Sequence[pl.DataFrame], *, grid: bool, country: str
) -> tuple[pl.DataFrame, tuple[Oddity, ...]]:
    """A series without the places and periods that have a row twice, or fewer rows than the other places of that year.

    Args:
        series: a table of values. shapes: of `row_shapes`, one for each indicator.
        grid: whether every place should have the same rows.
    """
    table = pl.concat([shape.drop_nulls("start") for shape in shapes if shape.height] or [_no_shapes()])
    twice = table.filter(pl.col("rows") > pl.col("different"))
    usual = pl.col("different").mode().max().over("indicator", "start")
    alike = (pl.col("different") == pl.col("usual")).mean().over("indicator", "start")
    few = (
        table.with_columns(usual=usual)
        .with_columns(alike=alike)
        .filter((pl.col("alike") >= _MOST_ALIKE) & (pl.col("different") < pl.col("usual")))
        if grid
        else table.clear()
    )
    held = pl.concat(
        [twice.select("indicator", "place", "start"), few.select("indicator", "place", "start")]
    ).unique()
    if held.is_empty():
        return series, ()
    oddities = tuple(
        Oddity(
            code,
            {"count": str(part.select("place", "start").n_unique()), "places": _listed(part, country)},
            grave=True,
            refused=True,
        )
        for code, part in (("rows_repeated", twice), ("rows_missing", few))
        if part.height
    )
    yearly = (series["step"].n_unique() == 1 and series["step"][0] == "year") or grid
    at = pl.col("start").dt.truncate("1y") if yearly else pl.col("start")
    marked = series.with_columns(at=at).join(
        held.rename({"start": "at"}).with_columns(held=pl.lit(True)),
        on=["indicator", "place", "at"],
        how="left",
    )
    return _blank(marked, pl.col("held").fill_null(False)).select(series.columns), oddities


def without_unlikely(
    series: pl.DataFrame, country: str, known: pl.DataFrame | None
) -> tuple[pl.DataFrame, tuple[Oddity, ...]]:
    """A series without zeros amid many, months that are zero everywhere, and negative values; single blanks are named.

    Args:
        series: a table of values. known: places and starts whose blanks have been named already.
    """
    if series.is_empty():
        return series, ()
    around = pl.col("value").rolling_median(_AROUND, center=True, min_samples=_AROUND // 2)
    marked = series.with_columns(
        usual=around.over("indicator", "place", order_by="start"),
        together=pl.col("value").sum().over("indicator", "start"),
        observed=pl.col("value").count().over("indicator", "start"),
    ).with_columns(level=pl.col("together").median().over("indicator"))
    nowhere = (pl.col("together") == 0) & (pl.col("level") >= USUAL) & (pl.col("observed") > 1)
    none = (pl.col("value") == 0) & (pl.col("usual") >= USUAL) & ~nowhere
    negative = pl.col("value") < 0
    oddities: list[Oddity] = []
    empty = marked.filter(nowhere)
    zeros = marked.filter(none)
    if empty.height:
        months = shortened(f"{start:%Y-%m}" for start in sorted(empty["start"].unique().to_list()))
        oddities.append(Oddity("zero_everywhere", {"months": months}, grave=True))
    if zeros.height:
        words = {"count": str(zeros.height), "places": _listed(zeros, country, months=True)}
        oddities.append(Oddity("zero_unlikely", words, grave=True))
    blank = marked.filter(pl.col("value").is_null() & (pl.col("observed") > 0))
    if known is not None:
        blank = blank.join(known, on=["place", "start"], how="anti")
    if blank.height:
        words = {"count": str(blank.height), "places": _listed(blank, country, months=True)}
        oddities.append(Oddity("values_blank", words))
    return _blank(marked, none | nowhere | negative).select(series.columns), tuple(oddities)


def plain(text: object) -> str:
    """A category for comparison: letters repaired, case, accents and commas gone."""
    return " ".join(fold(repaired(str(text or ""))).replace(",", " ").split())


def _blank(table: pl.DataFrame, condition: pl.Expr) -> pl.DataFrame:
    return table.with_columns(pl.when(~condition.fill_null(False)).then(pl.col("value")).alias("value"))


def _no_shapes() -> pl.DataFrame:
    return pl.DataFrame(
        schema={
            "place": pl.String,
            "start": pl.Date,
            "rows": pl.UInt32,
            "different": pl.UInt32,
            "indicator": pl.String,
        }
    )


def _listed(table: pl.DataFrame, country: str, *, months: bool = False) -> str:
    """Places with their periods, the first few of each."""
    names = load_places(country).by_code
    form = "%Y-%m" if months else "%Y"
    cells = table.select("place", "start").unique().sort("place", "start")
    return shortened(
        f"{names[place].name if place in names else place} ({shortened(dict.fromkeys(f'{start:{form}}' for start in starts))})"
        for place, starts in cells.group_by("place", maintain_order=True).agg("start").rows()
    )
