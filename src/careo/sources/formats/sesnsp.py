"""SESNSP: case files and victims of the common jurisdiction, federal crimes, and the catalogue used before 2015.

All are wide: one row for a place, year and category, a column for each month. Layouts by header:

    state cases        Año, Clave_Ent, Entidad, Bien jurídico afectado, Tipo de delito, Subtipo de delito, Modalidad, Enero … Diciembre
    municipal cases    the same with Cve. Municipio, Municipio
    victims            either with Sexo, Rango de edad
    before 2015        AÑO, INEGI, ENTIDAD, MODALIDAD, TIPO, SUBTIPO, ENERO … DICIEMBRE; municipal with MUNICIPIO
    federal crimes     AÑO, INEGI, ENTIDAD, LEY, CONCEPTO, TIPO, ENERO … DICIEMBRE

Since January 2026 the same headers carry another catalogue (Registro Nacional de Incidencia Delictiva, RNID): 114 categories, attempts
apart, ages in five groups, one year a file. Those files are datasets of their own ("…_2026"): an edition of them replaces
no edition of 2015-2025, and only some of their categories continue a series.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import polars as pl

from careo.sources.formats.layout import (
    MONTH_COLUMNS,
    MONTHS,
    Layout,
    Oddity,
    Reading,
    Table,
    code,
    sound_rows,
    text,
)
from careo.sources.formats.layout import unknown_columns as unknown_columns

_YEAR = "ano|anio"
_STATE = "clave_ent|clave_entidad|clave_de_entidad|cve_ent|cve_entidad|inegi|id_entidad"
_STATE_NAME = "entidad|entidad_federativa|estado|nom_ent"
_MUNICIPALITY = "cve_municipio|clave_municipio|clave_de_municipio|cve_mun|cvegeo|clave_mun|id_municipio"
_MUNICIPALITY_NAME = "municipio|nom_mun|nombre_municipio"
_CATEGORIES = {
    "bien_juridico_afectado|bien_juridico": "legal_interest",
    "tipo_de_delito|tipo_delito": "crime",
    "subtipo_de_delito|subtipo_delito": "subtype",
    "modalidad|modalidad_del_delito": "modality",
}
_PERSONS = {"sexo": "sex", "rango_de_edad|rango_edad|grupo_de_edad": "age_group"}
_OLD = {"modalidad": "legal_interest", "tipo": "crime", "subtipo": "subtype"}
_FEDERAL = {"ley": "law", "concepto": "crime", "tipo": "subtype"}
_MONTHS = tuple("septiembre|setiembre" if month == "septiembre" else month for month in MONTHS)

_REGISTER_FROM = (
    2026  # Consejo Nacional de Seguridad Pública, Acuerdo 11/L/2024: the RNID counts from January 2026
)
_REGISTER_ONLY = (
    r"(?i)^(tentativa de|extorsi.n (presencial|por)|secuestro \w|narcomenudeo \w|trata de personas \w"
    r"|robo de (veh.culo automotor|maquinaria) -)"
)  # subtypes that only its catalogue has


def _read(table: Table, *, dataset: str, keys: Mapping[str, str], renewed: bool = False) -> Reading:
    """What a table says.

    Args:
        dataset: the card. keys: header keys with their spellings → key columns. renewed: whether the RNID carries the same header.
    """
    named = {spellings.partition("|")[0]: name for spellings, name in keys.items()}
    there = table.columns
    name = "municipio" if "municipio" in there else "entidad"
    sound = sound_rows(table, year_column="ano", values=MONTHS)
    rows = sound.rows.select(
        sound.year.alias("year"),
        (_municipality("clave_ent" in there) if "cve_municipio" in there else code("clave_ent", 2)).alias(
            "place"
        ),
        text(name).alias("place_name"),
        *(text(column).alias(key) for column, key in named.items()),
        *(sound.count(month).alias(value) for month, value in zip(MONTHS, MONTH_COLUMNS, strict=True)),
    )
    found = [*unknown_columns(table), *sound.oddities]
    if renewed and sound.last >= _REGISTER_FROM and _of_register(sound.rows):
        if sound.first >= _REGISTER_FROM:
            dataset += "_2026"
            found.append(Oddity("register_2026"))
        else:
            found.append(
                Oddity("two_catalogues", {"first": str(sound.first), "last": str(sound.last)}, grave=True)
            )
    return Reading(dataset, rows, tuple(named.values()), MONTH_COLUMNS, oddities=tuple(found))


def _of_register(rows: pl.LazyFrame) -> bool:
    subtype = pl.col("subtipo_de_delito").str.strip_chars()
    return bool(rows.select(subtype.str.contains(_REGISTER_ONLY).any()).collect(engine="streaming").item())


def _municipality(with_state: bool) -> pl.Expr:
    """The five-digit code; one of up to three digits counts within the state of its row."""
    plain = code("cve_municipio", 1)
    whole = plain.str.zfill(5)
    if not with_state:
        return whole
    return (
        pl.when(plain.str.len_bytes() <= 3).then(code("clave_ent", 2) + plain.str.zfill(3)).otherwise(whole)
    )


LAYOUTS = (
    Layout(
        "sesnsp_state_cases",
        columns=(_YEAR, _STATE, _STATE_NAME, *_CATEGORIES, *_MONTHS),
        read=partial(_read, dataset="sesnsp_state_cases", keys=_CATEGORIES, renewed=True),
    ),
    Layout(
        "sesnsp_municipal_cases",
        columns=(_YEAR, _STATE, _STATE_NAME, _MUNICIPALITY, _MUNICIPALITY_NAME, *_CATEGORIES, *_MONTHS),
        read=partial(_read, dataset="sesnsp_municipal_cases", keys=_CATEGORIES, renewed=True),
    ),
    Layout(
        "sesnsp_state_victims",
        columns=(_YEAR, _STATE, _STATE_NAME, *_CATEGORIES, *_PERSONS, *_MONTHS),
        read=partial(_read, dataset="sesnsp_state_victims", keys=_CATEGORIES | _PERSONS, renewed=True),
    ),
    Layout(  # victims by municipality are published since the RNID only
        "sesnsp_municipal_victims",
        columns=(
            _YEAR,
            _STATE,
            _STATE_NAME,
            _MUNICIPALITY,
            _MUNICIPALITY_NAME,
            *_CATEGORIES,
            *_PERSONS,
            *_MONTHS,
        ),
        read=partial(_read, dataset="sesnsp_municipal_victims_2026", keys=_CATEGORIES | _PERSONS),
    ),
    Layout(
        "sesnsp_state_cases_old",
        columns=(_YEAR, _STATE, _STATE_NAME, *_OLD, *_MONTHS),
        read=partial(_read, dataset="sesnsp_state_cases_old", keys=_OLD),
    ),
    Layout(
        "sesnsp_municipal_cases_old",
        columns=(_YEAR, f"{_MUNICIPALITY}|inegi", _STATE_NAME, _MUNICIPALITY_NAME, *_OLD, *_MONTHS),
        read=partial(_read, dataset="sesnsp_municipal_cases_old", keys=_OLD),
        optional=(_STATE.replace("|inegi", ""),),
    ),
    Layout(
        "sesnsp_federal_crimes",
        columns=(_YEAR, _STATE, _STATE_NAME, *_FEDERAL, *_MONTHS),
        read=partial(_read, dataset="sesnsp_federal_crimes", keys=_FEDERAL),
    ),
)
