"""SESNSP: case files and victims of the common jurisdiction, federal crimes, and the catalogue used before 2015.

All are wide: one row for a place, year and category, a column for each month. Layouts by header:

    state cases       Año, Clave_Ent, Entidad, Bien jurídico afectado, Tipo de delito, Subtipo de delito, Modalidad, Enero … Diciembre
    municipal cases   the same with Cve. Municipio, Municipio
    state victims     the state layout with Sexo, Rango de edad
    before 2015       AÑO, INEGI, ENTIDAD, MODALIDAD, TIPO, SUBTIPO, ENERO … DICIEMBRE
    federal crimes    AÑO, INEGI, ENTIDAD, LEY, CONCEPTO, TIPO, ENERO … DICIEMBRE
"""

from __future__ import annotations

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
    number,
    odd_cells,
    text,
    year,
)

_YEAR = "ano|anio"
_STATE = "clave_ent|clave_entidad|cve_ent|cve_entidad|inegi"
_CATEGORY = {
    "bien_juridico_afectado": "legal_interest",
    "tipo_de_delito": "crime",
    "subtipo_de_delito": "subtype",
    "modalidad": "modality",
}
_VICTIM = {"sexo": "sex", "rango_de_edad": "age_group"}
_OLD = {"modalidad": "legal_interest", "tipo": "crime", "subtipo": "subtype"}
_FEDERAL = {"ley": "law", "concepto": "crime", "tipo": "subtype"}


def _read(table: Table, *, dataset: str, keys: dict[str, str], municipal: bool = False) -> Reading:
    rows = table.rows()
    months = [month for month in MONTHS if month in table.columns]
    place = code("cve_municipio", 5) if municipal else code("clave_ent", 2)
    read = rows.select(
        year("ano").alias("year"),
        place.alias("place"),
        text("municipio" if municipal else "entidad").alias("place_name"),
        *(text(column).alias(name) for column, name in keys.items()),
        *(number(month).alias(name) for month, name in zip(MONTHS, MONTH_COLUMNS, strict=True) if month in months),
    )
    return Reading(
        dataset=dataset,
        rows=read,
        keys=tuple(keys.values()),
        values=MONTH_COLUMNS,
        oddities=(*unknown_columns(table), *odd_cells(rows, months)),
    )


def unknown_columns(table: Table) -> tuple[Oddity, ...]:
    """Columns that the layout does not know, and headers that had to be repaired."""
    found: list[Oddity] = []
    if table.unknown:
        found.append(Oddity("unknown_columns", {"columns": ", ".join(table.unknown)}, grave=True))
    if table.repaired:
        found.append(Oddity("broken_encoding"))
    return tuple(found)


LAYOUTS = (
    Layout(
        "sesnsp_state_cases",
        columns=(_YEAR, _STATE, "entidad", *_CATEGORY, *MONTHS),
        read=partial(_read, dataset="sesnsp_state_cases", keys=_CATEGORY),
    ),
    Layout(
        "sesnsp_municipal_cases",
        columns=(_YEAR, _STATE, "entidad", "cve_municipio|clave_municipio|cve_mun", "municipio", *_CATEGORY, *MONTHS),
        read=partial(_read, dataset="sesnsp_municipal_cases", keys=_CATEGORY, municipal=True),
    ),
    Layout(
        "sesnsp_state_victims",
        columns=(_YEAR, _STATE, "entidad", *_CATEGORY, *_VICTIM, *MONTHS),
        read=partial(_read, dataset="sesnsp_state_victims", keys=_CATEGORY | _VICTIM),
    ),
    Layout(
        "sesnsp_state_cases_old",
        columns=(_YEAR, _STATE, "entidad", *_OLD, *MONTHS),
        read=partial(_read, dataset="sesnsp_state_cases_old", keys=_OLD),
    ),
    Layout(
        "sesnsp_federal_crimes",
        columns=(_YEAR, _STATE, "entidad", *_FEDERAL, *MONTHS),
        read=partial(_read, dataset="sesnsp_federal_crimes", keys=_FEDERAL),
    ),
)
