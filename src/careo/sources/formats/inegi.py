"""INEGI: tables of homicides by place and period, as INEGI and those who compile its deaths hand them on.

Layouts by header:

    municipal months     date, CVE_ENT, CVE_MUN, V1, Total: two measures, homicides and deaths attributed to criminal rivalry
    municipal years      cvegeo, municipio, year_occurrence, homicides: years of death
    registered years     cve, mun, year, homicides, pob: years of registration
    estimates            cvegeo, hom_2019, hom_icd_2019 …: a column for each year
    state months         cve_ent, year, month, homicides, pop_est: months of death
    national years       Year, Total: says nothing of what it counts, so it is told by its totals

What the publisher's own query writes is in `inegi_query`, its files of one row a death in `inegi_deaths`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import polars as pl

from careo.sources.formats.layout import (
    MONTHS,
    Layout,
    Oddity,
    Reading,
    Table,
    code,
    key,
    number,
    odd_cells,
    repeated_rows,
    sound_rows,
    spellings,
    text,
    unknown_columns,
    year,
)
from careo.sources.tables import DataFile, Sheet

NATION = "00"
_NATIONAL = ("total", "nacional", "estados unidos mexicanos", "total nacional")
_UNSTATED = r"^(3[3-9]|99)|^\d{2}99[6-9]$"  # abroad or not specified; a municipality not specified

# INEGI, deaths by homicide by year of registration, final (2017 and earlier editions differ by up to 4%)
_PUBLISHED = {
    2004: 9329, 2005: 9921, 2006: 10452, 2007: 8867, 2008: 14006, 2009: 19803, 2010: 25757, 2011: 27213, 2012: 25967,
    2013: 23063, 2014: 20013, 2015: 20763, 2016: 24560, 2017: 32082, 2018: 36687, 2019: 36662, 2020: 36773, 2021: 35700,
    2022: 33287, 2023: 32252,
}  # fmt: skip
_ALIKE = 0.05  # of a published total; preliminary figures moved by -0.3% to +3.8%
_SHARED_YEARS = 2  # years that must agree before a table of totals is taken for INEGI's


# --- what all INEGI layouts share ---------------------------------------------------------------------------------------


def place_code(cell: pl.Expr) -> pl.Expr:
    """A code of a state (two digits) or municipality (five) → itself, padded; the nation "00"; null when empty or no code."""
    plain = cell.str.strip_chars().str.replace(r"\.0+$", "")
    padded = pl.when(plain.str.len_bytes() <= 2).then(plain.str.zfill(2)).otherwise(plain.str.zfill(5))
    return (
        pl.when(plain.str.to_lowercase().is_in(_NATIONAL))
        .then(pl.lit(NATION))
        .when(plain.str.contains(r"^\d{1,5}$"))
        .then(padded.str.replace(r"^(\d{2})000$", "${1}"))  # "08000" is the state as a whole
    )


def municipality_code(state: str, municipality: str) -> pl.Expr:
    """State and municipality in two columns → one code; a state alone where the municipality is empty."""
    own = code(state, 2)
    return pl.coalesce(place_code(own + code(municipality, 3)), place_code(own))


def month_number(cell: pl.Expr) -> pl.Expr:
    """A month written as a number or by its Spanish name; null for everything else."""
    named = (
        cell.str.strip_chars()
        .str.to_lowercase()
        .replace_strict(dict(zip(MONTHS, range(1, 13), strict=True)), default=None)
    )
    return pl.coalesce(cell.str.strip_chars().cast(pl.Float64, strict=False), named.cast(pl.Float64))


def first_of_month(year: pl.Expr, month: pl.Expr) -> pl.Expr:
    """The first day of a month; null when year or month is not specified (99)."""
    return pl.when(month.is_between(1, 12)).then(pl.date(year, month, 1))


def unstated(rows: pl.LazyFrame, time: str, value: str) -> tuple[Oddity, ...]:
    """How much of a value has no date, and how much a code that stands for no known place.

    Args:
        rows: columns place, `time` and `value`.
    """
    tally = (
        rows.filter(pl.col(value) > 0)
        .select(
            undated_counts=pl.col(value).filter(pl.col(time).is_null()).sum(),
            unplaced_counts=pl.col(value).filter(pl.col("place").str.contains(_UNSTATED)).sum(),
        )
        .collect(engine="streaming")
        .row(0, named=True)
    )
    return tuple(Oddity(name, {"count": f"{count:,.0f}"}) for name, count in tally.items() if count)


# --- tables of counts ---------------------------------------------------------------------------------------------------


def _read(
    table: Table,
    *,
    dataset: str,
    place: pl.Expr,
    places: tuple[str, ...],
    values: Mapping[str, str],
    time: pl.Expr | None = None,
    period: tuple[str, ...] = ("year",),
    name: str = "",
) -> Reading:
    """One row a place and period.

    Args:
        place: the code of a row's place. places: the columns it is read from.
        values: name of a value → its column.
        time: the period of a row, named "month"; None where it is the year of `period`. period: its columns, the year first.
        name: column with the names of places; "" for none.
    """
    columns = tuple(values.values())
    if period == ("date",):  # a date holds its year
        rows, count = table.rows(), number
        oddities = odd_cells(rows, columns)
    else:
        sound = sound_rows(table, year_column=period[0], values=columns)
        rows, count, oddities = sound.rows, sound.count, sound.oddities
    oddities = (*repeated_rows(rows, (*period, *places)), *oddities)
    when = year(period[0]).alias("year") if time is None else time
    read = rows.select(
        place.alias("place"),
        *([text(name).alias("place_name")] if name in table.columns else []),
        when,
        *(count(column).alias(value) for value, column in values.items()),
    )
    return Reading(
        dataset=dataset,
        rows=read,
        keys=(),
        values=tuple(values),
        oddities=(
            *unknown_columns(table),
            *oddities,
            *_unreadable(rows, when, period[-1]),
            *unstated(read, when.meta.output_name(), next(iter(values))),
        ),
    )


def _unreadable(rows: pl.LazyFrame, time: pl.Expr, column: str) -> tuple[Oddity, ...]:
    """Dates and months that are written and are none; 99 is a month not specified."""
    odd = rows.select(time.alias("time"), text(column).alias("written")).filter(
        pl.col("time").is_null() & ~pl.col("written").is_in(["99", "9999"])
    )
    count, first = odd.select(pl.len(), pl.col("written").first()).collect(engine="streaming").row(0)
    return (
        (Oddity("unreadable_periods", {"count": str(count), "first": repr(first)}, grave=True),)
        if count
        else ()
    )


def _read_wide(table: Table, *, dataset: str) -> Reading:
    """A column for each measure and year."""
    rows = table.rows()
    measures = {"homicides": "hom", "homicides_by_cause": "hom_icd"}
    headed = [column for column in table.columns if re.fullmatch(_ESTIMATES, column)]
    years = sorted({column[-4:] for column in headed})
    read = pl.concat(
        rows.select(
            place_code(pl.col("cvegeo")).alias("place"),
            pl.lit(int(each), pl.Int32).alias("year"),
            *(
                (number(f"{stem}_{each}") if f"{stem}_{each}" in headed else pl.lit(None, pl.Float64)).alias(
                    measure
                )
                for measure, stem in measures.items()
            ),
        )
        for each in years
    )
    oddities = (
        *unknown_columns(table),
        *repeated_rows(rows, ("cvegeo",)),
        *odd_cells(rows, headed),
        *unstated(read, "year", "homicides"),
    )
    return Reading(dataset=dataset, rows=read, keys=(), values=tuple(measures), oddities=oddities)


def _find_national(file: DataFile, sheet: Sheet) -> Table | None:
    """A table of years and totals that agree with what INEGI published."""
    known = spellings(("year|ano|anio", "total|homicides|homicidios|defunciones_por_homicidio"))
    for row, cells in enumerate(sheet.head[:10]):
        columns = {known[key(cell)]: str(place) for place, cell in enumerate(cells) if key(cell) in known}
        if len(columns) == 2 == sum(map(bool, cells)):
            table = Table(file, sheet, row, columns)
            years = table.rows().select(year("year"), number("total")).drop_nulls().collect().rows()
            pairs = [(total, _PUBLISHED[each]) for each, total in years if each in _PUBLISHED]
            alike = all(abs(total - published) <= _ALIKE * published for total, published in pairs)
            return table if alike and len(pairs) >= _SHARED_YEARS else None
    return None


def _read_national(table: Table, *, dataset: str) -> Reading:
    reading = _read(table, dataset=dataset, place=pl.lit(NATION), places=(), values={"homicides": "total"})
    return replace(reading, oddities=(*reading.oddities, Oddity("told_by_totals")))


_ESTIMATES = "hom(_icd)?_[0-9]{4}"
_DAY = pl.coalesce(
    pl.col("date").str.strip_chars().str.head(10).str.to_date(pattern, strict=False)
    for pattern in ("%Y-%m-%d", "%d/%m/%Y", "%Y/%m/%d")
)
_HOMICIDES = "homicides|homicidios"

LAYOUTS = (
    Layout(
        "inegi_municipal_month",
        columns=(
            "date|fecha",
            "cve_ent|ent",
            "cve_mun|mun",
            "v1|homicides|homicidios",
            "total|rivalry_deaths",
        ),
        optional=(
            "id",
            "munname",
            "long",
            "lat",
            "distusborder",
            "metroarea",
            "statename",
            "population",
            "per",
        ),
        read=partial(
            _read,
            dataset="inegi_municipal_month",
            place=municipality_code("cve_ent", "cve_mun"),
            places=("cve_ent", "cve_mun"),
            time=_DAY.dt.truncate("1mo").alias("month"),
            period=("date",),
            values={"homicides": "v1", "rivalry_deaths": "total"},
            name="munname",
        ),
    ),
    Layout(
        "inegi_municipal_occurrence",
        columns=(
            "cvegeo|cve_geo",
            "year_occurrence|ano_ocurrencia|anio_ocurrencia|ano_de_ocurrencia",
            _HOMICIDES,
        ),
        optional=("municipio|municipality|nom_mun",),
        read=partial(
            _read,
            dataset="inegi_municipal_occurrence",
            place=place_code(pl.col("cvegeo")),
            places=("cvegeo",),
            period=("year_occurrence",),
            values={"homicides": "homicides"},
            name="municipio",
        ),
    ),
    Layout(
        "inegi_municipal_registered",
        columns=(
            "cve|cvegeo|clave",
            "mun|municipio",
            "year|ano|anio",
            _HOMICIDES,
            "pob|poblacion|population",
        ),
        optional=("state|cve_ent", "state2|entidad", "rate|tasa"),
        read=partial(
            _read,
            dataset="inegi_municipal_registered",
            place=place_code(pl.col("cve")),
            places=("cve",),
            values={"homicides": "homicides"},
            name="mun",
        ),
    ),
    Layout(
        "inegi_municipal_estimates",
        columns=("cvegeo|cve_geo",),
        optional=("pob_conapo", "hom_3a", "tasa_100k", "hom_icd_3a"),
        pattern=_ESTIMATES,
        read=partial(_read_wide, dataset="inegi_municipal_estimates"),
    ),
    Layout(
        "inegi_state_occurrence",
        columns=(
            "cve_ent|clave_ent",
            "year|ano|anio",
            "month|mes",
            _HOMICIDES,
            "pop_est|poblacion|population",
        ),
        optional=("homicide_rate|tasa", "entidad|state"),
        read=partial(
            _read,
            dataset="inegi_state_occurrence",
            place=place_code(pl.col("cve_ent")),
            places=("cve_ent",),
            time=first_of_month(year("year"), month_number(pl.col("month"))).alias("month"),
            period=("year", "month"),
            values={"homicides": "homicides"},
            name="entidad",
        ),
    ),
    Layout(
        "inegi_national_registered",
        columns=("year", "total"),
        find=_find_national,
        read=partial(_read_national, dataset="inegi_national_registered"),
    ),
)
