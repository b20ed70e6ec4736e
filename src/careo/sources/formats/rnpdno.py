"""The register of disappeared and not located persons (RNPDNO): public counts by municipality, month of the events, status and sex.

    cve_entidad, entidad, periodo, categoria, sexo, cve_municipio, municipio, conteo, consultado_en

`periodo` is the month of the events (2013-01), not of the report. Records without a date (SIN_FECHA) stand in every yearly file,
by state and status only: they get no month and the key `dated` = "undated". A row without a municipality stands under its state,
whatever code it has: the register gives "SE DESCONOCE" the number after a state's last municipality, which INEGI has since given to
new ones (23009 is unknown here and Tulum there).
"""

from __future__ import annotations

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
    folded,
    unknown_categories,
    unread_periods,
    without_headers,
    without_notes,
)

STATUSES = ("DESAPARECIDA_O_NO_LOCALIZADA", "LOCALIZADA_CON_VIDA", "LOCALIZADA_SIN_VIDA")
"""The three parts of the register that the public consultation tells apart by municipality and sex."""

SEXES = ("HOMBRE", "MUJER", "INDETERMINADO")
DATED, UNDATED = "dated", "undated"

_NO_DATE = r"^(sin fecha|sin fecha de (los )?hechos|fecha nula)$"
_MONTH_FORMS = (  # year and month leave no doubt in any of these; anything else is refused
    r"^(?P<year>(?:19|20)\d{2})[-/](?P<month>0?[1-9]|1[0-2])(?:[-/]0?1(?: 00:00:00)?)?$",
    r"^(?P<year>(?:19|20)\d{2})(?P<month>0[1-9]|1[0-2])$",
    r"^(?P<month>0?[1-9]|1[0-2])[-/](?P<year>(?:19|20)\d{2})$",
)
_NOWHERE = r"^(se (desconoce|ignora)|sin municipio\b.*|sin especificar|(municipio )?no (desglosado|especificado|identificado))$"
_KEYS = ("place", "place_name", "month", "status", "sex", "dated")
_SHOWN = 6  # names listed in a sentence


def _read(table: Table) -> Reading:
    rows, headers = without_headers(table)
    rows, notes = without_notes(rows, ("periodo", "conteo"))
    undated = folded(pl.col("periodo")).str.contains(_NO_DATE)
    month = _month("periodo")
    told = pl.when(undated).then(pl.lit(UNDATED)).when(month.is_not_null()).then(pl.lit(DATED))
    dated = "consultado_en" in table.columns
    consulted = text("consultado_en").str.slice(0, 10) if dated else pl.lit("")
    municipality = text("municipio")
    nowhere = municipality.is_null() | folded(municipality).str.contains(_NOWHERE)
    coded = ~nowhere & code("cve_municipio", 5).is_not_null()
    every = rows.select(
        pl.when(coded).then(code("cve_municipio", 5)).otherwise(code("cve_entidad", 2)).alias("place"),
        pl.when(coded).then(municipality).otherwise(text("entidad")).alias("place_name"),
        month.alias("month"),
        _category("categoria").alias("status"),
        _category("sexo").alias("sex"),
        told.alias("dated"),
        number("conteo").alias("count"),
        consulted.alias("consulted"),
        municipality.alias("municipality"),
        pl.when(coded)
        .then(pl.lit("coded"))
        .when(nowhere)
        .then(pl.lit("nowhere"))
        .otherwise(pl.lit("named"))
        .alias("told"),
    ).filter(pl.col("dated").is_not_null())
    twice = repeated_rows(every.filter(pl.col("dated") == DATED), (*_KEYS, "municipality"))
    located = _unlocated(every.filter(pl.col("dated") == DATED))
    whole = pl.when(pl.col("count").null_count() == 0).then(pl.col("count").sum()).alias("count")
    # of a row that stands twice nobody knows which is right: neither is counted, nor the state and nation it belongs to
    once = pl.when(pl.len().over(*_KEYS, "municipality") == 1).then(pl.col("count")).alias("count")
    dated_rows = (
        every.filter(pl.col("dated") == DATED)
        .with_columns(once)
        .group_by(_KEYS, maintain_order=True)
        .agg(whole)
    )
    bucket, undated_found = _undated_once(every.filter(pl.col("dated") == UNDATED))
    read = pl.concat([dated_rows, bucket])
    facts = every.select(
        pl.col("status").unique().implode(),
        pl.col("sex").unique().implode(),
        pl.col("consulted").unique().sort().implode(),
    ).collect(engine="streaming")
    statuses, sexes, days = facts.row(0)
    vintage, consultations = _vintage([day for day in days if day])
    return Reading(
        dataset="rnpdno_register",
        rows=read,
        keys=("status", "sex", "dated"),
        values=("count",),
        vintage=vintage,
        oddities=(
            *unknown_columns(table),
            *headers,
            *notes,
            *unread_periods(rows, "periodo", told, where=table.file.name, expected="2013-01, SIN_FECHA"),
            *odd_cells(rows, ("conteo",)),
            *unknown_categories("categoria", statuses, STATUSES),
            *unknown_categories("sexo", sexes, SEXES),
            *twice,
            *located,
            *undated_found,
            *consultations,
        ),
    )


def _month(column: str) -> pl.Expr:
    """The first day of a month written in one of `_MONTH_FORMS`; null for anything else."""
    cell = text(column)
    forms = [cell.str.extract_groups(form) for form in _MONTH_FORMS]
    years, months = (pl.coalesce(form.struct.field(part) for form in forms) for part in ("year", "month"))
    return pl.date(years.cast(pl.Int32), months.cast(pl.Int8), 1)


def _category(column: str) -> pl.Expr:
    """A category as the register writes it: capitals, no accents, words joined by underscores."""
    cell = folded(text(column)).str.to_uppercase().str.replace_all(r"[^A-Z0-9]+", "_").str.strip_chars("_")
    return pl.when(cell != "").then(cell)


def _unlocated(dated: pl.LazyFrame) -> tuple[Oddity, ...]:
    """Dated rows that stand under their state: their municipality is unknown, or named without a code."""
    tally = (
        dated.filter(pl.col("told") != "coded")
        .group_by("told")
        .agg(
            pl.len().alias("rows"),
            pl.col("count").sum().alias("persons"),
            pl.format("{} ({})", pl.col("municipality").fill_null("–"), pl.col("place"))
            .unique()
            .sort()
            .alias("names"),
        )
        .sort("told")
        .collect(engine="streaming")
    )
    found: list[Oddity] = []
    for row in tally.rows(named=True):
        words = {"count": str(row["rows"]), "persons": f"{row['persons']:,.0f}"}
        if row["told"] == "named":
            more = len(row["names"]) - _SHOWN
            words["places"] = ", ".join(row["names"][:_SHOWN]) + (f" … (+{more})" if more > 0 else "")
        found.append(
            Oddity("municipality_uncoded" if row["told"] == "named" else "municipality_unknown", words)
        )
    return tuple(found)


def _undated_once(undated: pl.LazyFrame) -> tuple[pl.LazyFrame, tuple[Oddity, ...]]:
    """The rows without a date once each, as last consulted: several yearly files put together repeat them."""
    keys = [key for key in _KEYS if key != "month"]
    bucket = undated.select(*_KEYS, "count", "consulted").collect(engine="streaming")
    once = bucket.unique([*keys, "count", "consulted"], keep="first", maintain_order=True)
    last = once.sort("consulted", maintain_order=True).unique(keys, keep="last", maintain_order=True)
    oddities: list[Oddity] = []
    if bucket.height:
        words = {"count": str(last.height), "persons": f"{last['count'].sum():,.0f}"}
        oddities.append(Oddity("undated_bucket", words))
    if bucket.height > last.height:
        oddities.append(Oddity("undated_repeated", {"count": str(bucket.height - last.height)}))
    conflicting = once.group_by(*keys, "consulted").len().filter(pl.col("len") > 1).height
    if conflicting:
        oddities.append(Oddity("undated_conflict", {"count": str(conflicting)}, grave=True))
    return last.drop("consulted").lazy(), tuple(oddities)


def _vintage(days: list[str]) -> tuple[str, tuple[Oddity, ...]]:
    """The last day of consultation; a register read over several days is not one state of it."""
    if not days:
        return "", ()
    several = (Oddity("consulted_days", {"first": days[0], "last": days[-1]}),) if len(days) > 1 else ()
    return days[-1], several


LAYOUTS = (
    Layout(
        "rnpdno_register",
        columns=(
            "cve_entidad|cve_ent|clave_entidad|clave_ent",
            "entidad|nom_ent|estado",
            "periodo|mes_de_hechos|fecha_de_hechos",
            "categoria|estatus|estatus_victima",
            "sexo",
            "cve_municipio|cve_mun|clave_municipio|cvegeo",
            "municipio|nom_mun",
            "conteo|total|personas",
        ),
        optional=("consultado_en|consultado|fecha_de_consulta",),
        read=_read,
    ),
)
