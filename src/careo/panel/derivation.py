"""Rows of an official file → values of indicators by place and period, under the rules of the dataset's card.

Rows never drop silently: a category that the card's rules need and a year does not have makes that year's value unknown, and a
category that the catalogue does not know is listed, and holds a series back when it could belong to it.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import polars as pl

from careo.base.shipped import country_folder
from careo.panel.gazetteer import shortened
from careo.panel.places import load_places
from careo.panel.suspects import (
    USUAL,
    plain,
    repeated_rows,
    row_shapes,
    total_rows,
    without_uneven,
    without_unlikely,
)
from careo.sources.catalog import Dataset, SeriesRule
from careo.sources.formats.layout import MONTH_COLUMNS, Oddity

SERIES = {
    "indicator": pl.String,
    "place": pl.String,
    "start": pl.Date,
    "step": pl.String,
    "value": pl.Float64,
}
"""Columns of a series table: `start` is the first day of a "month", "year" or "day" step (column `step`)."""

_NATION = 0.01  # deaths without a state are far fewer than this


@dataclass(frozen=True, slots=True)
class Derived:
    """What a file says of the card's indicators.

    Attributes:
        series: a table with the columns of SERIES; null values are months that were not reported.
        doubtful: (indicator, year) that rest on categories nobody mapped: kept only where a published total confirms them.
        oddities: what was odd.
        months: first and last month with anything in any row of a wide table; None for another table.
    """

    series: pl.DataFrame
    doubtful: frozenset[tuple[str, int]]
    oddities: tuple[Oddity, ...]
    months: tuple[str, str] | None = None


def derive(
    rows: pl.LazyFrame,
    dataset: Dataset,
    *,
    keys: Sequence[str],
    values: Sequence[str],
    country: str,
    unsure: Collection[str] = (),
) -> Derived:
    """The indicators of a card, formed from the rows of one file.

    Args:
        rows: columns place (official codes), year / month / day, keys and values as a `Reading` has them.
        dataset: the card. keys, values: as in the `Reading`. country: for the catalogue of categories.
        unsure: places that rows without a place may mean: what a listing lacks of them is not zero.
    """
    wide = tuple(values) == MONTH_COLUMNS
    rows = rows.with_columns(_year(rows).alias("year"))
    if "place" not in rows.collect_schema().names():
        rows = rows.with_columns(place=pl.lit(load_places(country).nation))
    combinations = rows.select(*keys, "year").unique().drop_nulls("year").collect()
    wanted = [name for rule in dataset.series.values() for names in rule.where.values() for name in names]
    totals = total_rows(combinations, keys, wanted, country)
    catalogued = _Catalogued.of(combinations.filter(~totals.any(keys)), dataset, keys, country)
    listing = dataset.absent == "zero" and dataset.places == "municipality"
    counted = _listing(rows, country) if listing else rows
    silent = _silent_months(rows, values, country) if wide else None
    oddities = [*totals.oddities, *catalogued.oddities, *(silent.oddities if silent else ())]
    doubtful: set[tuple[str, int]] = set()
    sums: list[pl.LazyFrame] = []
    shapes: list[pl.LazyFrame] = []
    for indicator, rule in dataset.series.items():
        chosen, absent, near = catalogued.match(rule)
        if dataset.absent == "zero":
            absent = {}
        if absent:
            oddities.append(_refused(indicator, absent, rule, whole_file=catalogued.everywhere(absent)))
        doubtful |= {(indicator, year) for year in near}
        years = sorted({year for gone in absent.values() for year in gone})
        # a row of a total beside its parts would count everybody twice
        chosen = [
            *chosen,
            ~totals.any(key for key in keys if key not in rule.where),
            ~pl.col("year").is_in(years),
        ]
        columns = list(values) if wide else [rule.value or values[0]]
        sums.append(_summed(counted.filter(*chosen), columns, indicator, wide=wide))
        shapes.append(row_shapes(counted.filter(*chosen), keys, combinations, indicator))
    if wide:
        oddities += repeated_rows(rows, combinations, country)
    tables = pl.collect_all([*sums, *shapes], engine="streaming") if sums else []
    empty = pl.DataFrame(schema=SERIES)
    series = pl.concat([empty, *(table.select(*SERIES) for table in tables[: len(sums)])])
    if silent is not None:
        series = silent.blank(series)
    if dataset.time != "day":  # events may well be alike
        series, odd = without_uneven(series, tables[len(sums) :], grid=wide, country=country)
        oddities += odd
    if dataset.cumulative_months == 12:
        series = _running(series)
    elif dataset.absent == "zero":
        series = _zeros(series, dataset, country, unsure)
    else:
        series, odd = without_unlikely(series, country, silent.months if silent else None)
        oddities += odd
    series, odd = _with_whole(series, dataset, country)
    return Derived(series, frozenset(doubtful), (*oddities, *odd), silent.months_told if silent else None)


def _year(rows: pl.LazyFrame) -> pl.Expr:
    columns = rows.collect_schema().names()
    if "year" in columns:
        return pl.col("year")
    timed = next((name for name in ("month", "day") if name in columns), "")
    return pl.col(timed).dt.year() if timed else pl.lit(None, pl.Int32)


def _summed(rows: pl.LazyFrame, columns: Sequence[str], indicator: str, *, wide: bool) -> pl.LazyFrame:
    """Sums by place and period; a period with a part that was not reported is not reported."""

    def whole(column: str) -> pl.Expr:
        return pl.when(pl.col(column).null_count() == 0).then(pl.col(column).sum()).alias(column)

    rows = rows.filter(pl.col("place").is_not_null() & (pl.col("place") != ""))
    if wide:
        table = rows.group_by("place", "year").agg(whole(c) for c in columns)
        months = {name: number for number, name in enumerate(MONTH_COLUMNS, start=1)}
        long = table.unpivot(columns, index=["place", "year"], value_name="value").with_columns(
            pl.date(pl.col("year"), pl.col("variable").replace_strict(months, return_dtype=pl.Int8), 1).alias(
                "start"
            ),
            step=pl.lit("month"),
        )
    else:
        names = rows.collect_schema().names()
        timed = next((name for name in ("month", "day", "year") if name in names), "year")
        start = pl.date(pl.col("year"), 1, 1) if timed == "year" else pl.col(timed).dt.truncate("1mo")
        long = (
            rows.with_columns(start.alias("start"))
            .filter(pl.col("start").is_not_null())
            .group_by("place", "start")
            .agg(whole(columns[0]).alias("value"))
            .with_columns(step=pl.lit("year" if timed == "year" else "month"))
        )
    return long.select(
        pl.lit(indicator).alias("indicator"), "place", "start", "step", pl.col("value").cast(pl.Float64)
    )


# --- categories -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Catalogued:
    """The categories of a file beside those that careo knows."""

    present: pl.DataFrame  # keys and year, as written
    keys: tuple[str, ...]
    new: tuple[tuple[str, ...], ...]  # combinations, folded, that no catalogue lists
    oddities: tuple[Oddity, ...]

    @staticmethod
    def of(present: pl.DataFrame, dataset: Dataset, keys: Sequence[str], country: str) -> _Catalogued:
        known_keys, known = _catalogue(country, dataset.catalogue) if dataset.catalogue else ((), frozenset())
        used = tuple(key for key in known_keys if key in keys)
        if not used or present.is_empty():
            return _Catalogued(present, tuple(keys), (), ())
        places = [known_keys.index(key) for key in used]
        listed = {tuple(row[place] for place in places) for row in known}
        written = {tuple(plain(cell) for cell in row): row for row in present.select(used).unique().rows()}
        new = tuple(sorted(set(written) - listed))
        gone = sorted(listed - set(written))
        oddities: list[Oddity] = []
        # what is gone matters where something new may have taken its place
        for code, combinations in (("categories_new", new), ("categories_gone", gone if new else [])):
            if combinations:
                names = (
                    " / ".join(dict.fromkeys(str(c) for c in written.get(row, row))) for row in combinations
                )
                oddities.append(
                    Oddity(
                        code,
                        {"count": str(len(combinations)), "categories": shortened(names)},
                        grave=code == "categories_new",
                    )
                )
        return _Catalogued(present, used, new, tuple(oddities))

    def match(self, rule: SeriesRule) -> tuple[list[pl.Expr], dict[str, list[int]], frozenset[int]]:
        """Filters for a rule; its categories that some years lack; the years with new categories that could belong to it."""
        filters: list[pl.Expr] = []
        absent: dict[str, list[int]] = {}
        near: set[int] = set()
        years = set(self.present["year"].unique().to_list())
        for key, wanted in rule.where.items():
            told = self.present.select(key, "year").unique().rows()
            spelled = [(raw, plain(raw), year) for raw, year in told if raw is not None]
            for category in wanted:
                there = {year for _, told_as, year in spelled if told_as == plain(category)}
                if years - there:
                    absent[category] = sorted(years - there)
            names = {plain(category) for category in wanted}
            filters.append(
                pl.col(key).is_in(sorted({raw for raw, told_as, _ in spelled if told_as in names}))
            )
            near |= self._near(key, names)
        return filters, absent, frozenset(near)

    def everywhere(self, absent: Mapping[str, list[int]]) -> bool:
        """Whether the file is merely a part without these categories: no year has them, and nothing new could be them."""
        years = self.present["year"].n_unique()
        return not self.new and all(len(gone) == years for gone in absent.values())

    def _near(self, key: str, names: set[str]) -> set[int]:
        """The years with a new combination beside those of a rule: the same category one level up, another name at its own."""
        if key not in self.keys or not self.new:
            return set()
        at = self.keys.index(key)
        rows = [
            (tuple(plain(cell) for cell in row[:-1]), row[-1])
            for row in self.present.select(*self.keys, "year").rows()
        ]
        above = {row[at - 1] for row, _ in rows if at and row[at] in names}
        new = set(self.new)
        return {
            year
            for row, year in rows
            if row in new
            and (
                row[at] in names  # a new kind of what is counted
                or (at and row[at - 1] in above)
                or any(_akin(row[at], name) for name in names)
            )
        }


def _akin(one: str, other: str) -> bool:
    """Whether a new category's name contains, or is contained in, a known one's words."""
    left, right = set(one.split()), set(other.split())
    return left <= right or right <= left


@cache
def _catalogue(country: str, name: str) -> tuple[tuple[str, ...], frozenset[tuple[str, ...]]]:
    path = Path(country_folder(country)) / "catalogues" / f"{name}.csv"
    with path.open(encoding="utf-8", newline="") as stream:
        reader = csv.reader(stream)
        keys = tuple(next(reader))
        return keys, frozenset(tuple(plain(cell) for cell in row) for row in reader)


def _refused(
    indicator: str, absent: Mapping[str, list[int]], rule: SeriesRule, *, whole_file: bool
) -> Oddity:
    years = sorted({year for gone in absent.values() for year in gone})
    return Oddity(
        "series_refused",
        {
            "indicator": indicator,
            "categories": shortened(absent),
            "column": ", ".join(rule.where),
            "years": shortened(str(year) for year in years),
        },
        grave=not whole_file,
        refused=True,
    )


# --- months that were not reported ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Silent:
    """Months printed as zero that nobody reported."""

    months: pl.DataFrame  # place, start
    after: int  # year * 12 + month - 1 of the last month with anything in it
    months_told: tuple[str, str] | None  # first and last month with anything
    oddities: tuple[Oddity, ...]

    def blank(self, series: pl.DataFrame) -> pl.DataFrame:
        """The series with those months as not observed."""
        position = pl.col("start").dt.year().cast(pl.Int32) * 12 + pl.col("start").dt.month() - 1
        marked = series.join(self.months.with_columns(silent=pl.lit(True)), on=["place", "start"], how="left")
        gone = pl.col("silent").fill_null(False) | (position > self.after)
        return marked.with_columns(pl.when(~gone).then(pl.col("value")).alias("value")).drop("silent")


def _silent_months(rows: pl.LazyFrame, values: Sequence[str], country: str) -> _Silent:
    """Months after the last one with anything in it, and months of a place with zeros in every row though it usually has many."""
    totals = (
        rows.filter(pl.col("place") != "")
        .group_by("place", "year")
        .agg(
            *(pl.col(v).sum().alias(v) for v in values), *(pl.col(v).count().alias(f"{v}_n") for v in values)
        )
        .collect(engine="streaming")
    )
    months = {name: number for number, name in enumerate(values, start=1)}
    long = totals.unpivot(list(values), index=["place", "year"], value_name="total").with_columns(
        pl.date(pl.col("year"), pl.col("variable").replace_strict(months, return_dtype=pl.Int8), 1).alias(
            "start"
        )
    )
    counted = totals.unpivot(
        [f"{v}_n" for v in values], index=["place", "year"], value_name="n"
    ).with_columns(
        pl.date(
            pl.col("year"), pl.col("variable").str.head(3).replace_strict(months, return_dtype=pl.Int8), 1
        ).alias("start")
    )
    long = long.join(counted.select("place", "start", "n"), on=["place", "start"])
    some = long.filter(pl.col("total") > 0)
    if some.is_empty():
        return _Silent(pl.DataFrame(schema={"place": pl.String, "start": pl.Date}), 0, None, ())
    last = some["start"].max()
    assert last is not None and hasattr(last, "year")  # noqa: S101 - some rows are left
    after = last.year * 12 + last.month - 1  # pyright: ignore[reportAttributeAccessIssue]
    future = long.filter(pl.col("start") > last)
    usual = some.group_by("place").agg(pl.col("total").median().alias("usual"))
    silent = (
        long.filter((pl.col("start") <= last) & (pl.col("total") == 0) & (pl.col("n") > 0))
        .join(usual, on="place")
        .filter(pl.col("usual") >= USUAL)
        .sort("place", "start")
    )
    oddities: list[Oddity] = []
    if not future.is_empty():
        zeros = future.filter(pl.col("n") > 0)["start"].n_unique()
        oddities.append(
            Oddity(
                "future_zero" if zeros else "future_blank",
                {"last": f"{last:%Y-%m}", "count": str(future["start"].n_unique())},
            )
        )
    if not silent.is_empty():
        names = load_places(country).by_code
        by_place = silent.group_by("place", maintain_order=True).agg("start").rows()
        listed = (
            f"{names[place].name if place in names else place} ({', '.join(f'{start:%Y-%m}' for start in starts)})"
            for place, starts in by_place
        )
        oddities.append(Oddity("not_reported", {"count": str(silent.height), "months": shortened(listed)}))
    return _Silent(
        silent.select("place", "start"),
        after,
        (f"{some['start'].min():%Y-%m}", f"{last:%Y-%m}"),
        tuple(oddities),
    )


# --- the whole ---------------------------------------------------------------------------------------------------------


def _with_whole(
    series: pl.DataFrame, dataset: Dataset, country: str
) -> tuple[pl.DataFrame, tuple[Oddity, ...]]:
    """The nation as the sum of its states; a file's own national row is believed only where it says the same."""
    places = load_places(country)
    if dataset.places != "state" or series.is_empty():
        return series, ()
    keys = ["indicator", "start", "step"]
    of_states = series.filter(pl.col("place").is_in(places.states))
    sums = (
        of_states.group_by(keys)
        .agg(pl.col("value").sum().alias("sum"), pl.col("value").count().alias("n"))
        .with_columns(whole=pl.col("n") == len(places.states))
    )
    own = series.filter(pl.col("place") == places.nation)
    beside = own.join(sums, on=keys, how="left")
    apart = (pl.col("value") - pl.col("sum")).abs() > _NATION * pl.max_horizontal(pl.col("sum"), pl.lit(1.0))
    odd = beside.filter(pl.col("whole") & apart).sort(keys)
    kept = beside.filter(pl.col("sum").is_null() | (pl.col("whole") & ~apart)).select(*SERIES)
    formed = (
        sums.filter("whole")
        .join(own, on=keys, how="anti")
        .select("indicator", "start", "step", place=pl.lit(places.nation), value=pl.col("sum"))
        .select(*SERIES)
    )
    oddities: tuple[Oddity, ...] = ()
    if odd.height:
        listed = (
            f"{row['start']:%Y-%m} ({row['value']:,.0f} / {row['sum']:,.0f})" for row in odd.rows(named=True)
        )
        words = {"count": str(odd.height), "periods": shortened(listed)}
        oddities = (Oddity("nation_differs", words, grave=True, refused=True),)
    rest = series.filter(pl.col("place") != places.nation)
    return pl.concat([rest, kept, formed]), oddities


def _listing(rows: pl.LazyFrame, country: str) -> pl.LazyFrame:
    """Rows of a register that lists only places with something, once more for their state and once more for the nation.

    A row whose municipality is not stated counts for its state, one whose state is not stated for the nation: the state is told by the
    code as written.
    """
    places = load_places(country)
    names = rows.collect_schema().names()
    written = pl.col("written" if "written" in names else "place")
    rows = rows.with_columns(written.alias("written")).filter(
        written.is_not_null()
    )  # null: a total of other rows
    state = written.str.head(2)
    there = rows.select(state.alias("state")).unique().collect()["state"].to_list()
    nation = rows.with_columns(place=pl.lit(places.nation))
    if not set(places.states) <= set(there):
        nation = rows.filter(pl.col("place") == places.nation)  # a part of the country is not the nation
    of_state = rows.filter(state.is_in(places.states)).with_columns(place=state)
    kinds = {code: place.kind for code, place in places.by_code.items()}
    local = rows.filter(
        pl.col("place").replace_strict(kinds, default="", return_dtype=pl.String) == "municipality"
    )
    return pl.concat([local, of_state, nation], how="vertical")


def _zeros(series: pl.DataFrame, dataset: Dataset, country: str, unsure: Collection[str]) -> pl.DataFrame:
    """A listing with the places and periods that it does not list: none was counted there."""
    places = load_places(country)
    codes = [code for code, place in places.by_code.items() if place.kind in ("municipality", "state")]
    if dataset.places == "state":
        codes = list(places.states)
    there = series.filter(pl.col("place").is_in(places.states))["place"].n_unique()
    if series.is_empty() or there < len(places.states):
        return series  # a part of the country: what it does not list may stand in another file
    periods = series.select("indicator", "start", "step").unique()
    every = periods.join(pl.DataFrame({"place": codes}), how="cross")
    every = every.filter(~pl.col("place").is_in(sorted(unsure)))
    missing = every.join(series, on=["indicator", "place", "start", "step"], how="anti")
    return pl.concat([series, missing.with_columns(value=pl.lit(0.0)).select(*SERIES)])


def _running(series: pl.DataFrame) -> pl.DataFrame:
    """Running totals of twelve months: that of December is the calendar year; the others are no month's count."""
    december = series.filter((pl.col("step") == "month") & (pl.col("start").dt.month() == 12))
    return december.with_columns(start=pl.date(pl.col("start").dt.year(), 1, 1), step=pl.lit("year")).select(
        *SERIES
    )
