"""CONAPO: the marginalisation index, and a municipal table of its parts with poverty measures of CONEVAL.

    editions recalculated by distances (2010, 2020)   CVE_ENT, NOM_ENT, CVE_MUN, NOM_MUN, POB_TOT, ANALF … PO2SM, IM_2020, GM_2020, IMN_2020
    the same by state                                 CVE_ENT, NOM_ENT, POB_TOT, ANALF … IM_2020, GM_2020, IMN_2020
    the former method, 1990–2015                      CVE_ENT, ENT, CVE_MUN, MUN, POB_TOT, VP, ANALF, SPRIM … IM, GM, IND0A100, AÑO
    parts (a rearrangement in use)                    cvegeo, nom_mun, analf_pct, sin_basica_pct … lp_ingreso_pct

The year of an edition stands in its column names. The two methods run in opposite directions: in the first a higher index means less
marginalised, in the former more.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import polars as pl

from careo.base.errors import DataError
from careo.sources.formats.layout import (
    Layout,
    Oddity,
    Reading,
    Table,
    code,
    number,
    odd_cells,
    repeated_rows,
    text,
)
from careo.sources.formats.sesnsp import unknown_columns
from careo.sources.formats.wide import (
    calendar_year,
    closed,
    folded,
    municipality_code,
    state_code,
    unknown_categories,
    unread_periods,
    without_notes,
)

GRADES = {"muy bajo": 1, "bajo": 2, "medio": 3, "alto": 4, "muy alto": 5}
"""Grades of marginalisation as numbers, from very low to very high."""

_SHARES = {  # percent of persons (of dwellings where the name says so)
    "analf": "illiterate_percent",
    "sbasc": "without_basic_education_percent",
    "sprim": "without_primary_percent",
    "ovsde": "without_drainage_percent",
    "ovsee": "without_electricity_percent",
    "ovsae": "without_piped_water_percent",
    "ovpt": "earth_floor_percent",
    "vhac": "crowded_dwellings_percent",
    "pl_5000": "in_small_localities_percent",
    "po2sm": "low_income_percent",
}
_NEW_SHARES = tuple(name for name in _SHARES if name != "sprim")
_OLD_SHARES = tuple(name for name in _SHARES if name != "sbasc")
_EDITION = r"(im|imn|gm)_?((?:19|20)\d{2})"
_PART = r"[a-z0-9_]+_(?:pct|num)|pob_(?:conapo|(?:19|20)\d{2}_[a-z]+)"
_STATE_CODE = "cve_ent|clave_ent|cve_entidad"
_MUNICIPALITY_CODE = "cve_mun|cvegeo|cve_geo|clave_mun"


def _read_edition(table: Table, *, dataset: str, municipal: bool) -> Reading:
    edition = _edition(table)
    columns = {match[1]: name for name in table.columns if (match := re.fullmatch(_EDITION, name))}
    return _indexed(
        table,
        dataset=dataset,
        municipal=municipal,
        columns=columns,
        shares=_NEW_SHARES,
        edition=edition,
        rising=False,
    )


def _read_municipal(table: Table) -> Reading:
    return _read_edition(table, dataset="marginalisation_index", municipal=True)


def _read_states(table: Table) -> Reading:
    return _read_edition(table, dataset="marginalisation_index_state", municipal=False)


def _read_former(table: Table) -> Reading:
    columns = {"im": "im", "gm": "gm", **({"imn": "ind0a100"} if "ind0a100" in table.columns else {})}
    return _indexed(
        table,
        dataset="marginalisation_index_former",
        municipal=True,
        columns=columns,
        shares=_OLD_SHARES,
        edition=None,
        rising=True,
    )


def _edition(table: Table) -> int:
    """The one year in the names of the index columns."""
    years = sorted({match[2] for name in table.columns if (match := re.fullmatch(_EDITION, name))})
    there = any((match := re.fullmatch(_EDITION, name)) and match[1] == "im" for name in table.columns)
    if not there:
        raise DataError(
            "layout_nearly",
            where=table.file.name,
            layout="marginalisation_index",
            missing=f"im_{years[0]}",
            unknown="–",
        )
    if len(years) > 1:
        raise DataError("editions_mixed", where=table.file.name, found=", ".join(years))
    return int(years[0])


def _indexed(
    table: Table,
    *,
    dataset: str,
    municipal: bool,
    columns: Mapping[str, str],
    shares: tuple[str, ...],
    edition: int | None,
    rising: bool,
) -> Reading:
    """A table of the index.

    Args:
        columns: "im", "gm", "imn" → the header keys that hold them. shares: the parts, as header keys.
        edition: the year of the whole table; None when every row says its own. rising: True when a higher index means more
            marginalised.
    """
    numbers = {"pob_tot": "population", columns["im"]: "index"}
    if "imn" in columns:
        numbers[columns["imn"]] = "index_normalised"
    numbers |= {share: _SHARES[share] for share in shares if share in table.columns}
    values = ("population", "index", "index_normalised", "grade", *(_SHARES[share] for share in shares))
    rows, notes = without_notes(table.rows(), tuple(numbers))
    name = text("nom_mun" if municipal else "nom_ent")
    grade = folded(text(columns["gm"])) if "gm" in columns else pl.lit(None, pl.String)
    when = calendar_year("ano") if edition is None else pl.lit(edition, pl.Int32)
    read = rows.select(
        (_municipality() if municipal else state_code(code("cve_ent", 2), name)).alias("place"),
        name.alias("place_name"),
        when.alias("year"),
        *(number(column).alias(value) for column, value in numbers.items()),
        grade.replace_strict(GRADES, default=None, return_dtype=pl.Float64).alias("grade"),
    )
    read = read.with_columns(
        pl.lit(None, pl.Float64).alias(v) for v in values if v not in {*numbers.values(), "grade"}
    )
    oddities = [*unknown_columns(table), *notes]
    if edition is None:
        oddities += unread_periods(rows, "ano", when, where=table.file.name, expected="2015")
        read = read.filter(pl.col("year").is_not_null())
    elif "ano" in table.columns:
        other = rows.select(calendar_year("ano").alias("year")).filter(pl.col("year") != edition).collect()
        if other.height:
            words = {"edition": str(edition), "year": str(other["year"][0]), "count": str(other.height)}
            oddities.append(Oddity("edition_contradicted", words, grave=True))
    grades = (
        rows.select(pl.when(~grade.is_in(["", "-", "nd", "na"])).then(grade)).unique().collect().to_series()
    )
    oddities += unknown_categories(columns.get("gm", "gm").upper(), grades, GRADES)
    oddities += odd_cells(rows, tuple(numbers), counts=False)
    oddities += repeated_rows(read, ("place", "year"))
    oddities += _out_of_range(read, tuple(_SHARES[share] for share in shares))
    oddities += _direction(read, rising=rising)
    return Reading(
        dataset, read.select("place", "place_name", "year", *values), (), values, oddities=tuple(oddities)
    )


def _municipality() -> pl.Expr:
    """Five digits, from a code that holds the state's or from the two parts."""
    own = text("cve_mun").str.replace(r"\.0+$", "")
    joined = pl.concat_str(code("cve_ent", 2), own.str.zfill(3))
    return pl.when(own.str.len_bytes() <= 3).then(joined).otherwise(municipality_code("cve_mun"))


def _out_of_range(read: pl.LazyFrame, shares: tuple[str, ...]) -> tuple[Oddity, ...]:
    """Percentages that are none."""
    outside = pl.any_horizontal(~pl.col(share).is_between(0, 100) for share in shares)
    odd = read.filter(outside).select("place", "place_name").collect()
    if odd.is_empty():
        return ()
    first = " ".join(str(cell) for cell in odd.row(0) if cell is not None)
    return (Oddity("percent_out_of_range", {"count": str(odd.height), "first": first}, grave=True),)


def _direction(read: pl.LazyFrame, *, rising: bool) -> tuple[Oddity, ...]:
    """Whether the index runs the way its method does: a file that runs the other way would be read upside down."""
    means = read.group_by("grade").agg(pl.col("index").mean()).drop_nulls().sort("grade").collect()
    if means.height < 2:
        return ()
    up = means["index"][-1] > means["index"][0]
    return () if up == rising else (Oddity("index_direction", grave=True),)


def _read_parts(table: Table) -> Reading:
    columns = tuple(column for column in table.columns if re.fullmatch(_PART, column))
    years = {match[1] for column in columns if (match := re.fullmatch(r"pob_(\d{4})_[a-z]+", column))}
    rows, notes = without_notes(table.rows(), columns)
    read = rows.select(
        municipality_code("cvegeo").alias("place"),
        text("nom_mun").alias("place_name"),
        pl.lit(int(min(years)) if len(years) == 1 else None, pl.Int32).alias("year"),
        *(number(column).alias(column) for column in columns),
    )
    return Reading(
        dataset="marginalisation_components",
        rows=read,
        keys=(),
        values=columns,
        oddities=(
            *unknown_columns(table),
            *notes,
            *odd_cells(rows, columns, counts=False),
            *repeated_rows(read, ("place", "year")),
            *_out_of_range(read, tuple(column for column in columns if column.endswith("_pct"))),
        ),
    )


_SHARE_COLUMNS = ("analf", "ovsee", "ovsae", "ovpt", "vhac", "pl_5000|pl5000", "po2sm")

LAYOUTS = (
    Layout(
        "marginalisation_index",
        columns=(_STATE_CODE, "nom_ent|entidad", _MUNICIPALITY_CODE, "nom_mun|municipio", "pob_tot", "sbasc", "ovsde", *_SHARE_COLUMNS),
        optional=("ano|anio",),
        pattern=_EDITION,
        read=_read_municipal,
    ),
    Layout(
        "marginalisation_index_state",
        columns=(_STATE_CODE, "nom_ent|entidad", "pob_tot", "sbasc", "ovsde", *_SHARE_COLUMNS),
        optional=("ano|anio",),
        pattern=_EDITION,
        find=closed(
            (_STATE_CODE, "nom_ent|entidad", "pob_tot", "sbasc", "ovsde", *_SHARE_COLUMNS),
            optional=("ano|anio", "lug_nac|lugar_nac"),
            pattern=_EDITION,
        ),
        read=_read_states,
    ),
    Layout(
        "marginalisation_index_former",
        columns=(_STATE_CODE, "nom_ent|ent", "cve_mun", "nom_mun|mun", "pob_tot", "analf", "vhac", "po2sm", "im", "gm", "ano|anio|year"),
        optional=(
            "vp", "sprim", "ovsde", "ovsee", "ovsae", "ovpt", "pl_5000|pl5000", "ovsd", "ovsdse", "ind0a100",
            "lug_nac|lugar_nac", "lugar_est|lug_est|lug_edo",
        ),
        read=_read_former,
    ),
    Layout(
        "marginalisation_components",
        columns=("cvegeo", "nom_mun", "analf_pct", "sin_basica_pct", "sin_electr_pct", "sin_agua_pct", "piso_tierra_pct"),
        optional=("cve_ent", "nom_ent", "coneval_completo"),
        pattern=_PART,
        read=_read_parts,
    ),
)  # fmt: skip
