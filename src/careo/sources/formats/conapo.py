"""CONAPO: population by state and municipality, reconciled to 2019 and projected from 2020.

    state by age        RENGLON, AÑO (ANIO), ENTIDAD, CVE_GEO, EDAD, SEXO, POBLACION; one row for a single age
    municipal by age    CLAVE, CLAVE_ENT, NOM_ENT, MUN, SEXO, AÑO, EDAD_QUIN, POB; one row for five ages (edition of 2019)
    municipal, 2024     CLAVE, CLAVE_ENT, NOM_ENT, NOM_MUN, SEXO, AÑO, POB_00_04 … POB_85_MM, POB_TOTAL; ages as columns
    by sex              n_year, nombre_estado, cve_ent, genero, pob_start_year, pob_mid_year (a rearrangement in use)
    wide                ENTIDAD, 1970 … 2070, and CVE, Entidad, Municipio, 1990 … 2040 (rearrangements in use)

CONAPO prints the population of 1 January and that of mid-year in two files with the same columns. Rates need the second; which
of them a file is, its national total tells, or else its name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import polars as pl

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
    NATION,
    calendar_year,
    closed,
    folded,
    municipality_code,
    plausible,
    said,
    state_code,
    unknown_categories,
    unread_periods,
    without_notes,
)

MEN, WOMEN, BOTH = "Hombres", "Mujeres", "Total"
"""The sexes as CONAPO writes them; every other spelling is brought to these."""

_SEXES = {
    "hombres": MEN, "hombre": MEN, "masculino": MEN,
    "mujeres": WOMEN, "mujer": WOMEN, "femenino": WOMEN,
    "total": BOTH, "ambos": BOTH, "ambos sexos": BOTH, "total general": BOTH,
}  # fmt: skip
_MID_YEAR = {2010: 114_756_059, 2020: 128_209_170}  # CONAPO, conciliación and proyecciones, revision of 2023
_STATES = 32
_MOMENTS = ("population", "population_start_of_year")  # at mid-year, on 1 January
_OPEN_AGE = 60  # the last age group of every edition begins here or above
_YEAR_COLUMN = r"(?:x|ano_|anio_|pob_?|poblacion_)?((?:19|20)\d{2})(?:_0)?"
_BAND_COLUMN = r"pob_(\d+)_(\d+|mm|mas|y_mas)"
_STATE_SIZE, _MUNICIPAL_SIZE = (20_000, 40_000_000), (200, 5_000_000)  # persons; the middle of all cells

_YEAR = "ano|anio|year|n_year"
_SEX = "sexo|genero"
_STATE = "entidad|nom_ent|estado|nombre_estado|entidad_federativa|nombre_entidad"
_STATE_CODE = "cve_geo|cve_ent|clave_ent|cvegeo|clave_entidad|cve_entidad"
_MUNICIPALITY = "mun|nom_mun|municipio|nombre_municipio"
_MUNICIPALITY_CODE = "clave|cve|cve_mun|cvegeo|clave_mun|cve_municipio|clave_municipio"


# --- long tables ------------------------------------------------------------------------------------------------------


def _read_states(table: Table) -> Reading:
    rows, notes = without_notes(table.rows(), ("ano", "poblacion"))
    parts = rows.select(
        state_code(code("cve_geo", 2), text("entidad")).alias("place"),
        text("entidad").alias("place_name"),
        calendar_year("ano").alias("year"),
        _sex("sexo").alias("sex"),
        text("edad").alias("age"),
        number("poblacion").alias("population"),
    )
    frame, found = _over_ages(parts)
    frame, more = _with_both_sexes(frame, ("population",))
    frame, moment = _moment(frame, table, header_says_population=True)
    return Reading(
        dataset="conapo_state_projection",
        rows=frame.lazy(),
        keys=("sex",),
        values=_MOMENTS,
        oddities=(
            *unknown_columns(table),
            *notes,
            *unread_periods(rows, "ano", calendar_year("ano"), where=table.file.name, expected="2020"),
            *odd_cells(rows, ("poblacion",)),
            *found,
            *more,
            *moment,
        ),
    )


def _read_municipal(table: Table) -> Reading:
    rows, notes = without_notes(table.rows(), ("ano", "pob"))
    parts = rows.select(
        municipality_code("clave").alias("place"),
        text("mun").alias("place_name"),
        calendar_year("ano").alias("year"),
        _sex("sexo").alias("sex"),
        text("edad_quin").alias("age"),
        number("pob").alias("population"),
    )
    frame, found = _over_ages(parts)
    frame, more = _with_both_sexes(frame, ("population",))
    return Reading(
        dataset="conapo_municipal_projection",
        rows=frame.lazy(),
        keys=("sex",),
        values=("population",),
        oddities=(
            *unknown_columns(table),
            *notes,
            *unread_periods(rows, "ano", calendar_year("ano"), where=table.file.name, expected="2020"),
            *odd_cells(rows, ("pob",)),
            *found,
            *more,
        ),
    )


def _read_bands(table: Table) -> Reading:
    rows, notes = without_notes(table.rows(), ("ano", "pob_total"))
    bands = [column for column in table.columns if re.fullmatch(_BAND_COLUMN, column)]
    frame = (
        rows.select(
            municipality_code("clave").alias("place"),
            text("mun").alias("place_name"),
            calendar_year("ano").alias("year"),
            _sex("sexo").alias("sex"),
            number("pob_total").alias("population"),
            pl.sum_horizontal([number(band) for band in bands], ignore_nulls=False).alias("bands"),
        )
        .filter(pl.col("year").is_not_null())
        .collect(engine="streaming")
    )
    twice = repeated_rows(frame.lazy(), ("place", "year", "sex"))
    off = frame.filter((pl.col("population") - pl.col("bands")).abs() > len(bands))
    frame, more = _with_both_sexes(frame.drop("bands"), ("population",))
    return Reading(
        dataset="conapo_municipal_projection",
        rows=frame.lazy(),
        keys=("sex",),
        values=("population",),
        oddities=(
            *unknown_columns(table),
            *notes,
            *unread_periods(rows, "ano", calendar_year("ano"), where=table.file.name, expected="2020"),
            *odd_cells(rows, ("pob_total", *bands)),
            *twice,
            *_not_sum(off),
            *more,
        ),
    )


def _read_by_sex(table: Table) -> Reading:
    columns = {"pob_mid_year": _MOMENTS[0], "pob_start_year": _MOMENTS[1]}
    there = {column: name for column, name in columns.items() if column in table.columns}
    rows, notes = without_notes(table.rows(), ("ano", *there))
    frame = (
        rows.select(
            state_code(code("cve_geo", 2), text("entidad")).alias("place"),
            text("entidad").alias("place_name"),
            calendar_year("ano").alias("year"),
            _sex("sexo").alias("sex"),
            *(number(column).alias(name) for column, name in there.items()),
            *(pl.lit(None, pl.Float64).alias(name) for name in _MOMENTS if name not in there.values()),
        )
        .filter(pl.col("year").is_not_null())
        .collect(engine="streaming")
    )
    twice = repeated_rows(frame.lazy(), ("place", "year", "sex"))
    frame, more = _with_both_sexes(frame, _MOMENTS)
    return Reading(
        dataset="conapo_population_by_sex",
        rows=frame.lazy(),
        keys=("sex",),
        values=_MOMENTS,
        oddities=(
            *unknown_columns(table),
            *notes,
            *unread_periods(rows, "ano", calendar_year("ano"), where=table.file.name, expected="2020"),
            *odd_cells(rows, tuple(there)),
            *twice,
            *more,
        ),
    )


# --- wide tables ------------------------------------------------------------------------------------------------------


def _read_wide_states(table: Table) -> Reading:
    place = state_code(code("cve_geo", 2) if "cve_geo" in table.columns else None, text("entidad"))
    long, oddities = _unpivoted(table, place, text("entidad"))
    plausible(long, "population", *_STATE_SIZE, table=table, layout="conapo_state_population")
    frame, moment = _moment(long.collect(), table, header_says_population=False)
    return Reading(
        dataset="conapo_state_population",
        rows=frame.lazy(),
        keys=(),
        values=_MOMENTS,
        oddities=(*oddities, *repeated_rows(long, ("place", "place_name", "year")), *moment),
    )


def _read_wide_municipal(table: Table) -> Reading:
    long, oddities = _unpivoted(table, municipality_code("clave"), text("mun"))
    plausible(long, "population", *_MUNICIPAL_SIZE, table=table, layout="conapo_municipal_population")
    municipal = long.filter(pl.col("place").str.len_bytes() == 5)
    sums = municipal.group_by("year").agg(pl.col("population").sum()).collect()
    sure = _is_mid_year(dict(sums.rows())) or said(table, "pob|conapo")
    return Reading(
        dataset="conapo_municipal_population",
        rows=long,
        keys=(),
        values=("population",),
        oddities=(
            *oddities,
            *repeated_rows(long, ("place", "year")),
            *(() if sure else (Oddity("content_unsaid", {"layout": "conapo_municipal_population"}),)),
        ),
    )


def _unpivoted(table: Table, place: pl.Expr, name: pl.Expr) -> tuple[pl.LazyFrame, tuple[Oddity, ...]]:
    """The year columns as rows (place, place_name, year, population), and what was odd in cells."""
    years = {column: match[1] for column in table.columns if (match := re.fullmatch(_YEAR_COLUMN, column))}
    rows, notes = without_notes(table.rows(), tuple(years))
    wide = rows.select(
        place.alias("place"), name.alias("place_name"), *(number(column).alias(column) for column in years)
    )
    long = wide.unpivot(
        list(years), index=["place", "place_name"], variable_name="year", value_name="population"
    )
    long = long.with_columns(pl.col("year").replace_strict(years).cast(pl.Int32))
    return long, (*unknown_columns(table), *notes, *odd_cells(rows, tuple(years)))


# --- sums and what they are of ----------------------------------------------------------------------------------------


def _sex(column: str) -> pl.Expr:
    return folded(text(column)).replace_strict(_SEXES, default=text(column))


def _over_ages(parts: pl.LazyFrame) -> tuple[pl.DataFrame, tuple[Oddity, ...]]:
    """Population by place, year and sex: the row of all ages where the file has one, else the sum of its ages.

    One pass over the file; what it leaves is small. A sum with an unreadable part is unknown.
    """
    whole = folded(pl.col("age")).str.contains(r"\btotal|\btodas?\b")
    groups = (
        parts.filter(pl.col("year").is_not_null())
        .with_columns(
            whole.fill_null(False).alias("whole"),
            pl.col("age").str.extract(r"(\d+)").cast(pl.Int32).alias("from"),
        )
        .group_by("place", "year", "sex", "whole")
        .agg(
            pl.col("place_name").min(),
            pl.when(pl.col("population").null_count() == 0)
            .then(pl.col("population").sum())
            .alias("population"),
            pl.len().alias("rows"),
            pl.col("age").n_unique().alias("ages"),
            pl.col("from").min().alias("youngest"),
            pl.col("from").max().alias("oldest"),
        )
        .collect(engine="streaming")
        .sort("place", "year", "sex", "whole")
    )
    chosen = groups.filter(pl.col("whole") | ~pl.col("whole").any().over("place", "year", "sex"))
    oddities: list[Oddity] = []
    twice = chosen.filter(pl.col("rows") > pl.col("ages"))
    if twice.height:
        oddities.append(
            Oddity("repeated_rows", {"count": str(twice.height), "first": _named(twice)}, grave=True)
        )
    summed = chosen.filter(~pl.col("whole"))
    uneven = summed.filter(pl.col("ages") != pl.col("ages").mode().max())
    if uneven.height:
        oddities.append(
            Oddity("ages_uneven", {"count": str(uneven.height), "first": _named(uneven)}, grave=True)
        )
    partial = summed.filter(
        (pl.col("youngest") != 0).fill_null(True) | (pl.col("oldest") < _OPEN_AGE).fill_null(True)
    )
    if partial.height:
        words = {"count": str(partial.height), "first": _named(partial)}
        oddities.append(Oddity("ages_partial", words, grave=True))
    return chosen.select("place", "place_name", "year", "sex", "population"), tuple(oddities)


def _with_both_sexes(frame: pl.DataFrame, values: Sequence[str]) -> tuple[pl.DataFrame, tuple[Oddity, ...]]:
    """The table with a row of both sexes for every place and year that has men and women and no such row."""
    keys = ("place", "year")
    sexes = frame.group_by(keys).agg(pl.col("sex").unique().sort().alias("sexes"), pl.len().alias("rows"))
    pair = sexes.filter((pl.col("sexes") == [MEN, WOMEN]) & (pl.col("rows") == 2)).select(keys)
    sums = (
        frame.filter(pl.col("sex").is_in([MEN, WOMEN]))
        .group_by(keys)
        .agg(
            pl.col("place_name").min(),
            *(pl.when(pl.col(v).null_count() == 0).then(pl.col(v).sum()).alias(v) for v in values),
        )
        .with_columns(sex=pl.lit(BOTH))
        .select(frame.columns)
    )
    # a place without a code is not told apart here: names are matched later, so only coded places are summed
    added = sums.join(pair, on=keys, how="semi")
    both = frame.filter(pl.col("sex") == BOTH).join(sums, on=keys, suffix="_sum")
    men_and_women = sexes.filter(pl.col("sexes").list.set_intersection([MEN, WOMEN]).list.len() == 2)
    both = both.join(men_and_women.select(keys), on=keys, how="semi")
    off = both.filter(pl.any_horizontal((pl.col(v) - pl.col(f"{v}_sum")).abs() > 2 for v in values))
    oddities = [
        *unknown_categories("sexo", frame["sex"].fill_null("–").unique(), (MEN, WOMEN, BOTH)),
        *_not_sum(off),
    ]
    if added.height:
        oddities.append(Oddity("sexes_summed", {"count": str(added.height)}))
    return pl.concat([frame, added]).sort("place", "year", "sex"), tuple(oddities)


def _not_sum(off: pl.DataFrame) -> tuple[Oddity, ...]:
    if off.is_empty():
        return ()
    return (Oddity("total_not_sum", {"count": str(off.height), "first": _named(off)}, grave=True),)


def _named(frame: pl.DataFrame) -> str:
    row = frame.sort(frame.columns[:3]).row(0, named=True)
    return " ".join(
        str(row[name]) for name in ("place", "place_name", "year", "sex") if row.get(name) is not None
    )


def _moment(
    frame: pl.DataFrame, table: Table, *, header_says_population: bool
) -> tuple[pl.DataFrame, tuple[Oddity, ...]]:
    """The table with its population under the moment it is of: told by national totals, else by the names around the table."""
    whole = frame.filter(pl.col("sex") == BOTH) if "sex" in frame.columns else frame
    own = whole.filter(pl.col("place") == NATION)
    states = whole.filter(pl.col("place").ne_missing(NATION))
    sums = (
        states.group_by("year")
        .agg(pl.col("population").sum(), pl.struct("place", "place_name").n_unique().alias("n"))
        .filter(pl.col("n") == _STATES)
        .select("year", "population")
    )
    totals = dict(sums.rows()) | dict(own.select("year", "population").rows())
    mid, start = (
        frame.with_columns(pl.lit(None, pl.Float64).alias(_MOMENTS[1])),
        frame.rename({"population": _MOMENTS[1]}),
    )
    start = start.with_columns(pl.lit(None, pl.Float64).alias(_MOMENTS[0])).select(mid.columns)
    if _is_mid_year(totals):
        return mid, ()
    if said(table, "inicio") and not said(table, "mitad"):
        return start, (Oddity("population_start_of_year"),)
    if said(table, "mitad"):
        return mid, ()
    code_ = "population_moment" if header_says_population else "population_unconfirmed"
    return mid, (Oddity(code_, grave=True),)


def _is_mid_year(totals: dict[int, float]) -> bool:
    """Whether a total is that of mid-year in the revision that careo knows. Near misses are other revisions or 1 January."""
    return any(totals.get(year) == total for year, total in _MID_YEAR.items())


_WIDE_STATES = (_STATE,)
_WIDE_MUNICIPAL = (_MUNICIPALITY_CODE, _MUNICIPALITY)

LAYOUTS = (
    Layout(
        "conapo_state_projection",
        columns=(_YEAR, "entidad|nom_ent|estado", _STATE_CODE, "edad", _SEX, "poblacion|pob"),
        optional=("renglon", "entidad_federativa", "fecha"),
        read=_read_states,
    ),
    Layout(
        "conapo_municipal_projection",
        columns=(
            _MUNICIPALITY_CODE,
            _MUNICIPALITY,
            _SEX,
            _YEAR,
            "edad_quin|edad_quinq|edad_quinquenal|edad",
            "pob|poblacion",
        ),
        optional=("renglon", "clave_ent|cve_ent", "nom_ent|entidad", "fecha"),
        read=_read_municipal,
    ),
    Layout(
        "conapo_municipal_age_groups",
        columns=(_MUNICIPALITY_CODE, _MUNICIPALITY, _SEX, _YEAR, "pob_total"),
        optional=("renglon", "clave_ent|cve_ent", "nom_ent|entidad", "fecha", "etiqueta_estado"),
        pattern=_BAND_COLUMN,
        read=_read_bands,
    ),
    Layout(
        "conapo_population_by_sex",
        columns=(_YEAR, _STATE, _STATE_CODE, _SEX, "pob_mid_year|pob_mitad|pob_mitad_ano|poblacion_mitad"),
        optional=("pob_start_year|pob_inicio|pob_inicio_ano|poblacion_inicio",),
        read=_read_by_sex,
    ),
    Layout(
        "conapo_state_population",
        columns=_WIDE_STATES,
        optional=(_STATE_CODE,),
        pattern=_YEAR_COLUMN,
        find=closed(_WIDE_STATES, optional=(_STATE_CODE,), pattern=_YEAR_COLUMN),
        read=_read_wide_states,
    ),
    Layout(
        "conapo_municipal_population",
        columns=_WIDE_MUNICIPAL,
        optional=("entidad|nom_ent|estado", "cve_ent|clave_ent"),
        pattern=_YEAR_COLUMN,
        find=closed(
            _WIDE_MUNICIPAL, optional=("entidad|nom_ent|estado", "cve_ent|clave_ent"), pattern=_YEAR_COLUMN
        ),
        read=_read_wide_municipal,
    ),
)
