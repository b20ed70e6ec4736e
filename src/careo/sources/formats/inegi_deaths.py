"""INEGI: files of registered deaths, one row a death → counts by place, month, year of registration and manner of death.

A file holds the deaths *registered* in a year, whenever they occurred: that year's registered deaths are whole, those that
*occurred* in it are whole as of that edition, and of earlier years there is only what was registered late ("occurrence, in
part"). All are in the reading, under the key `dated_by`. Only counts leave this module, and none by sex or age, whose cells
would be persons.
"""

from __future__ import annotations

import polars as pl

from careo.base.errors import DataError
from careo.sources.formats.inegi import (
    first_of_month,
    month_number,
    unstated,
)
from careo.sources.formats.layout import Layout, Oddity, Reading, Table, code, number, text

OCCURRENCE, REGISTRATION, IN_PART = "occurrence", "registration", "occurrence, in part"

# INEGI, "presunto" to 2021, "tipo_defun" from 2022: 2 is homicide in every edition; 4, 8 and 9 changed places
_MANNERS = ("1", "2", "3", "4", "5", "8", "9", "")
_HOMICIDE = "2"
_NO_STATE, _NO_MUNICIPALITY = "99", "999"
_TWO_DIGITS = 98  # the editions before 1998 write years with two digits, and 99 where none is specified

_COLUMNS = (
    "ent_ocurr|ent_ocur|entocu|entidad_ocurrencia|ent_ocurrencia",
    "mun_ocurr|mun_ocur|munocu|municipio_ocurrencia|mun_ocurrencia",
    "mes_ocurr|mes_ocur|mesocu|mesdef|mes_ocurrencia",
    "anio_ocur|anio_ocurr|ano_ocur|ano_ocurr|anioocu|aniodef|anodef|anio_ocurrencia|ano_ocurrencia",
    "mes_regis|mes_reg|mesreg|mes_registro",
    "anio_regis|anio_reg|ano_regis|ano_reg|anioreg|anoreg|anio_registro|ano_registro",
    "presunto|tipo_defun|tipo_def|tipo_defuncion|tipo_de_defuncion",
)
_NEEDED = tuple(column.partition("|")[0] for column in _COLUMNS)

# every other column of the editions since 1990: known, and not counted by
_OTHERS = """
    ent_regis mun_regis tloc_regis loc_regis ent_resid mun_resid tloc_resid loc_resid tloc_ocurr loc_ocurr
    causa_def cod_adicio lista_mex lista_bas lista1 gr_lismex capitulo grupo maternas razon_m dis_re_oax
    dia_ocurr dia_regis dia_nacim mes_nacim anio_nacim dia_cert mes_cert anio_cert horas minutos
    sexo edad edad_agru ent_nac afromex conindig lengua cve_lengua nacionalid nacesp_cve sem_gest gramos
    cond_act ocupacion escolarida edo_civil derechohab area_ur embarazo rel_emba complicaro
    ocurr_trab lugar_ocur sitio_ocur par_agre vio_fami asist_medi cirugia natviole necropsia usonecrops encefalica
    donador cond_cert ent_ocules mun_ocules loc_ocules id_given
"""


def _read(table: Table) -> Reading:
    # rows are put together as they are written, a million of them; what they mean is read from the few that differ
    written = table.rows().select(_NEEDED).group_by(_NEEDED).agg(pl.len().cast(pl.Float64).alias("deaths"))
    counted = (
        written.collect(engine="streaming")
        .filter(pl.any_horizontal(text(column).is_not_null() for column in _NEEDED))  # no blank lines
        .select(
            (
                code("ent_ocurr", 2).fill_null(_NO_STATE) + code("mun_ocurr", 3).fill_null(_NO_MUNICIPALITY)
            ).alias("place"),
            month_number(pl.col("mes_ocurr")).alias("month_of_occurrence"),
            _full_year("anio_ocur").alias("occurrence_year"),
            month_number(pl.col("mes_regis")).alias("month_of_registration"),
            _full_year("anio_regis").alias("registration_year"),
            text("presunto")
            .str.replace(r"\.0+$", "")
            .str.strip_chars_start("0")
            .fill_null("")
            .alias("manner"),
            "deaths",
        )
    )
    if counted["registration_year"].null_count() == counted.height:
        raise DataError("deaths_undated", where=table.file.name)
    years = set(counted["registration_year"].drop_nulls().to_list())
    rows = pl.concat([_dated(counted, OCCURRENCE, years), _dated(counted, REGISTRATION, years)])
    keys = ("dated_by", "occurrence_year", "registration_year", "manner")
    places = rows.group_by("place", "month", *keys).agg(pl.col("deaths").sum())
    return Reading(
        dataset="inegi_deaths",
        rows=places.sort("dated_by", "month", "place", *keys[1:]).lazy(),
        keys=keys,
        values=("deaths",),
        oddities=(*_columns(table), *_oddities(counted, rows)),
    )


def _full_year(column: str) -> pl.Expr:
    """A year with four digits; two digits mean 19…, and 99 none: after 1998 no edition writes two."""
    given = number(column)
    whole = pl.when(given.is_between(50, _TWO_DIGITS)).then(given + 1900).otherwise(given)
    return pl.when(whole.is_between(1900, 2100)).then(whole).cast(pl.Int32)  # 9999: not specified


def _dated(counted: pl.DataFrame, by: str, years: set[int]) -> pl.DataFrame:
    """The counts with the month they are dated by, and whether the file has all of a year.

    Args:
        years: of registration in the file. The deaths of a year are whole, as of the last one, when none since is missing.
    """
    label = pl.lit(by)
    if by == OCCURRENCE:
        last = max(years)
        first = next(year for year in range(last, 0, -1) if year - 1 not in years)
        whole = pl.col("occurrence_year").is_between(first, last)
        label = pl.when(whole).then(pl.lit(OCCURRENCE)).otherwise(pl.lit(IN_PART))
    return counted.select(
        "place",
        first_of_month(pl.col(f"{by}_year"), pl.col(f"month_of_{by}")).alias("month"),
        label.alias("dated_by"),
        *(pl.col(f"{each}_year").cast(pl.String).fill_null("") for each in (OCCURRENCE, REGISTRATION)),
        "manner",
        "deaths",
    )


def _columns(table: Table) -> tuple[Oddity, ...]:
    """New columns of an edition; each row stays one death, so no number rests on them."""
    return (Oddity("new_columns", {"columns": ", ".join(table.unknown)}),) if table.unknown else ()


def _oddities(counted: pl.DataFrame, rows: pl.DataFrame) -> tuple[Oddity, ...]:
    homicides = rows.filter(pl.col("manner") == _HOMICIDE)
    last = counted["registration_year"].max()
    found = [Oddity("late_registrations", {"year": str(last)})]
    for by in (OCCURRENCE, REGISTRATION):
        dated = homicides.filter(pl.col("dated_by").str.starts_with(by))
        for oddity in unstated(dated.lazy(), "month", "deaths"):
            if oddity.code == "undated_counts":
                found.append(Oddity(f"undated_{by}", oddity.words, grave=by == REGISTRATION))
            elif by == OCCURRENCE:
                found.append(oddity)
    manners = set(counted["manner"].unique().to_list())
    unknown = sorted(manners - set(_MANNERS))
    if unknown:
        found.append(
            Oddity(
                "unknown_codes",
                {"column": "presunto / tipo_defun", "codes": ", ".join(unknown[:8])},
                grave=True,
            )
        )
    if homicides.is_empty():
        found.append(Oddity("no_homicides", grave=True))
    return tuple(found)


LAYOUTS = (
    Layout(
        "inegi_deaths",
        columns=_COLUMNS,
        optional=tuple(_OTHERS.split()),
        read=_read,
    ),
)
