"""Treasury (SHCP): the federal public account, its open database, and the consumer price index that deflates them.

    public account   CICLO, ENTE, RAMO, [SUBRAMO], [PROGRAMA], PRESUPUESTO, GC_…, GC_SUMA, GI_…, GI_SUMA, TOTAL, PORCENTAJE_…
    open database    CICLO, ID_RAMO, DESC_RAMO, …, ID_MODALIDAD, ID_PP, DESC_PP, …, MONTO_APROBADO … MONTO_EJERCIDO
                     (2025: Ciclo, R, RAMO_DESC, …, MOD, PP, PP_DESC, …, Original_Bruto … Ejercido_Bruto)
    price index      Fecha, IPC

In the public account a stage of the budget (approved, modified, accrued, spent) is a row, not a column, and totals stand among
their parts: `level` says which is which ("power", "group", "branch", "programme"), and only rows of one level may be summed.
Ratios between stages, and rows that hold nothing but a programme's name, are no amounts and are left out.
Amounts are pesos of the year.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from careo.sources.formats.layout import (
    MONTHS,
    Layout,
    Oddity,
    Reading,
    Table,
    code,
    number,
    odd_cells,
    text,
    unknown_columns,
    year,
)

_STAGES = {
    "aprobado": "approved",
    "modificado": "modified",
    "comprometido": "committed",
    "devengado": "accrued",
    "ejercicio": "spent",
    "ejercido": "spent",
    "pagado": "paid",
}
_RATIO = "^porcentaje|^variaci|%"
_AMOUNTS = {
    "gc_servicios_personales": "personnel",
    "gc_gasto_de_operacion": "operation",
    "gc_subsidios": "current_subsidies",
    "gc_otros_de_corriente": "other_current",
    "gc_suma": "current",
    "gi_pensiones_y_jubilaciones": "pensions",
    "gi_inversion_fisica": "physical_investment",
    "gi_subsidios": "investment_subsidies",
    "gi_otros_de_inversion": "other_investment",
    "gi_suma": "investment",
    "total": "total",
}
_SUMMANDS = ("current", "pensions", "investment")
_KEYS = ("entity", "branch", "programme_code", "programme", "level", "stage")
_ROUNDING = 1.0  # pesos by which each number of a sum may be rounded

_ITEM_KEYS = {
    "desc_ramo": "branch",
    "id_ur": "unit_code",
    "desc_ur": "unit",
    "desc_gpo_funcional": "purpose",
    "desc_funcion": "function",
    "desc_subfuncion": "subfunction",
    "desc_pp": "programme",
    "desc_objeto_del_gasto": "object",
    "desc_tipogasto": "spending_type",
    "desc_ff": "funding",
    "desc_entidad_federativa": "state",
}
_ITEM_AMOUNTS = {
    "monto_aprobado": "approved",
    "monto_modificado": "modified",
    "monto_devengado": "accrued",
    "monto_pagado": "paid",
    "monto_adefas": "arrears",
    "monto_ejercido": "spent",
}


# --- public account ----------------------------------------------------------------------------------------------------


def _read_account(table: Table) -> Reading:
    values = tuple(name for column, name in _AMOUNTS.items() if column in table.columns)
    cells = _told(table).collect()
    filled = pl.any_horizontal((pl.col(name) != 0).fill_null(False) for name in values)
    ratio = pl.col("word").str.contains(_RATIO).fill_null(False)
    # a row whose "stage" is no stage and which has no amount gives the name of the programme whose stages follow
    names = cells.with_columns(
        pl.when(pl.col("known").is_null() & ~ratio & ~filled & pl.col("programa").is_not_null())
        .then(pl.col("presupuesto"))
        .alias("programme")
    ).with_columns(
        pl.coalesce(pl.col("programme").forward_fill(), pl.col("programme").backward_fill())
        .over("ente", "ramo", "subramo", "programa")
        .alias("programme")
    )
    amounts = names.filter(~ratio & (pl.col("known").is_not_null() | filled)).with_columns(
        pl.coalesce("known", "presupuesto").alias("stage")
    )
    rows = amounts.select(
        "year",
        pl.lit("00").alias("place"),
        pl.when(pl.col("subramo").is_not_null()).then("ramo").otherwise("ente").alias("entity"),
        pl.coalesce("subramo", "ramo", "ente").alias("branch"),
        pl.when(pl.col("level") == "programme").then("programa").alias("programme_code"),
        pl.when(pl.col("level") == "programme").then("programme").alias("programme"),
        "level",
        "stage",
        *values,
    )
    written = table.rows().filter(
        ~text("presupuesto").str.to_lowercase().str.contains(_RATIO).fill_null(False)
    )
    oddities = [
        *unknown_columns(table),
        *odd_cells(written, [c for c in _AMOUNTS if c in table.columns], counts=False),
    ]
    if left_out := cells.filter(ratio).height:
        oddities.append(Oddity("ratio_rows", {"count": str(left_out)}))
    unknown = amounts.filter(pl.col("known").is_null())
    if unknown.height:
        stages = ", ".join(unknown["stage"].unique(maintain_order=True).drop_nulls().head(5))
        oddities.append(
            Oddity("unknown_stage", {"count": str(unknown.height), "stages": stages or "–"}, grave=True)
        )
    oddities += [*_undated(rows), *_repeated(rows, values), *_summands(rows), *_parts(amounts)]
    return Reading("public_account", rows.lazy(), _KEYS, values, oddities=tuple(oddities))


def _told(table: Table) -> pl.LazyFrame:
    """Names and amounts of every row, its stage as written (`word`) and as known, and its level."""
    there = table.columns
    titles = [
        text(c).alias(c) if c in there else pl.lit(None, pl.String).alias(c) for c in ("subramo", "programa")
    ]
    read = table.rows().select(
        year("ciclo").alias("year"),
        text("ente").alias("ente"),
        text("ramo").alias("ramo"),
        *titles,
        text("presupuesto").alias("presupuesto"),
        *(number(column).alias(name) for column, name in _AMOUNTS.items() if column in there),
    )
    whole = pl.col("programa").is_null() | (pl.col("programa").str.to_uppercase() == "TOTAL")
    grouping = pl.col("subramo").is_not_null().any().over("ente", "ramo")
    level = (
        pl.when(~whole)
        .then(pl.lit("programme"))
        .when(pl.col("subramo").is_not_null())
        .then(pl.lit("branch"))
        .when(pl.col("ramo").is_null())
        .then(pl.lit("power"))
        .when(grouping)
        .then(pl.lit("group"))
        .otherwise(pl.lit("branch"))
    )
    word = pl.col("presupuesto").str.to_lowercase()
    return read.with_columns(
        word.alias("word"),
        word.replace_strict(_STAGES, default=None, return_dtype=pl.String).alias("known"),
        level.alias("level"),
    )


def _undated(rows: pl.DataFrame) -> tuple[Oddity, ...]:
    undated = rows["year"].null_count()
    return (Oddity("undated_rows", {"count": str(undated)}, grave=True),) if undated else ()


def _repeated(rows: pl.DataFrame, values: Sequence[str]) -> list[Oddity]:
    """Rows under the names of another: a copy counts money twice; other amounts mean that a name is missing."""
    again = rows.filter(pl.struct("year", *_KEYS).is_duplicated() & (pl.col("total") != 0).fill_null(False))
    copies = again.filter(pl.struct("year", *_KEYS, *values).is_duplicated())
    namesakes = again.filter(~pl.struct("year", *_KEYS, *values).is_duplicated())
    return [
        Oddity(kind, {"count": str(found.height), "first": _place_of(found)}, grave=kind == "rows_copied")
        for kind, found in (("rows_copied", copies), ("names_repeated", namesakes))
        if found.height
    ]


def _summands(rows: pl.DataFrame) -> list[Oddity]:
    """Rows whose total is not the sum of current spending, pensions and investment."""
    parts = [pl.col(name).fill_null(0) for name in _SUMMANDS if name in rows.columns]
    gap = (pl.col("total").fill_null(0) - pl.sum_horizontal(parts)).abs()
    off = rows.with_columns(gap.alias("gap")).filter(pl.col("gap") > _ROUNDING * (len(parts) + 1))
    return [_gap_oddity("total_not_its_parts", off)] if off.height else []


def _parts(amounts: pl.DataFrame) -> list[Oddity]:
    """Totals of a branch that are not the sum of its programmes, and of a power or group that are not that of its branches."""
    offs: list[pl.DataFrame] = []
    for whole, part, by in (
        ("branch", "programme", ("ente", "ramo", "subramo")),
        ("group", "branch", ("ente", "ramo")),
        ("power", "branch", ("ente",)),
    ):
        keys = ["year", *by, "stage"]
        wholes = amounts.filter(pl.col("level") == whole).group_by(keys, maintain_order=True)
        parts = amounts.filter(pl.col("level") == part).group_by(keys, maintain_order=True)
        joined = wholes.agg(pl.col("total").sum()).join(
            parts.agg(pl.col("total").sum().alias("parts"), pl.len().alias("many")), on=keys, nulls_equal=True
        )
        gap = (pl.col("total") - pl.col("parts")).abs()
        off = joined.with_columns(gap.alias("gap")).filter(pl.col("gap") > _ROUNDING * (pl.col("many") + 1))
        offs.append(off.select("year", pl.coalesce(*reversed(by)).alias("branch"), "stage", "gap"))
    off = pl.concat(offs)
    return [_gap_oddity("parts_not_the_total", off)] if off.height else []


def _gap_oddity(kind: str, off: pl.DataFrame) -> Oddity:
    off = off.sort("gap", descending=True)
    words = {"count": str(off.height), "largest": f"{off['gap'][0]:,.0f}", "first": _place_of(off)}
    return Oddity(kind, words, grave=True)


def _place_of(rows: pl.DataFrame) -> str:
    return " · ".join(str(rows[name][0]) for name in ("year", "branch", "stage"))


# --- open database -----------------------------------------------------------------------------------------------------


def _read_items(table: Table) -> Reading:
    there = table.columns
    cells = table.rows()
    columns = [c for c in (*_ITEM_AMOUNTS, "monto_ejercicio") if c in there]
    amounts = {_ITEM_AMOUNTS[c]: number(c) for c in columns if c in _ITEM_AMOUNTS}
    if "monto_ejercicio" in there:
        # two names of one stage: an edition fills the one or the other, some have a column for each
        other = number("monto_ejercicio")
        spent = amounts.get("spent", pl.lit(None, pl.Float64))
        amounts["spent"] = (
            pl.when((spent != 0).fill_null(False)).then(spent).otherwise(pl.coalesce(other, spent))
        )
    told = [text(c).alias(name) for c, name in _ITEM_KEYS.items() if c in there and name != "state"]
    states = [text(c) for c in ("desc_entidad_federativa", "entidad_federativa") if c in there]
    if states:
        told.append(pl.coalesce(states).alias("state"))
    keys = ["branch_code", "programme_code", *(expression.meta.output_name() for expression in told)]
    some = pl.any_horizontal(text(c).is_not_null() for c in there)
    values = tuple(amounts)
    rows = cells.filter(some).select(
        year("ciclo").alias("year"),
        pl.lit("00").alias("place"),
        code("id_ramo", 2).alias("branch_code"),
        pl.concat_str(text("id_modalidad"), code("id_pp", 3)).alias("programme_code"),
        *told,
        *(expression.alias(name) for name, expression in amounts.items()),
    )
    there_are = (
        rows.group_by("year")
        .agg(pl.len().alias("rows"), *(pl.col(name).count() for name in values))
        .collect()
    )
    # an amount left blank in a row that has others means none at that stage; a column that a year left blank was not published
    published = {name: there_are.filter(pl.col(name) > 0)["year"].to_list() for name in values}
    blanks = sum((there_are["rows"] - there_are[name]).filter(there_are[name] > 0).sum() for name in values)
    undated = there_are.filter(pl.col("year").is_null())["rows"].sum()
    empty = cells.select((~some).sum()).collect().item()
    oddities = [*unknown_columns(table), *odd_cells(cells, columns, counts=False)]
    if empty:
        oddities.append(Oddity("empty_rows", {"count": str(empty)}))
    if undated:
        oddities.append(Oddity("undated_rows", {"count": str(undated)}, grave=True))
    if blanks:
        oddities.append(Oddity("blank_amounts", {"count": str(blanks)}))
    rows = rows.with_columns(
        pl.when(pl.col(name).is_null() & pl.col("year").is_in(years, nulls_equal=True))
        .then(0.0)
        .otherwise(pl.col(name))
        .alias(name)
        for name, years in published.items()
    )
    return Reading("public_account_items", rows, tuple(keys), values, oddities=tuple(oddities))


# --- price index -------------------------------------------------------------------------------------------------------


def _read_prices(table: Table) -> Reading:
    cell = text("fecha").str.to_lowercase()
    named = {month[:3]: str(place) for place, month in enumerate(MONTHS, start=1)}
    spelled = cell.str.extract(r"([a-z]{3})").replace_strict(named, default=None, return_dtype=pl.String)
    numbered = pl.coalesce(
        cell.str.extract(r"^\d{4}[-/](\d{1,2})\b"), cell.str.extract(r"^(\d{1,2})[-/]\d{4}$"), spelled
    )
    month = pl.date(cell.str.extract(r"\b(\d{4})\b").cast(pl.Int32), numbered.cast(pl.Int8, strict=False), 1)
    valid = numbered.cast(pl.Int8, strict=False).is_between(1, 12)
    rows = (
        table.rows()
        .filter(cell.is_not_null())
        .select(
            pl.when(valid).then(month).alias("month"),
            pl.lit("00").alias("place"),
            number("ipc").alias("index"),
        )
        .collect()
    )
    oddities = [*unknown_columns(table), *odd_cells(table.rows(), ["ipc"], counts=False)]
    if undated := rows["month"].null_count():
        oddities.append(Oddity("undated_rows", {"count": str(undated)}, grave=True))
    if repeated := rows["month"].drop_nulls().is_duplicated().sum():
        oddities.append(Oddity("months_repeated", {"count": str(repeated)}, grave=True))
    return Reading("price_index", rows.lazy(), (), ("index",), oddities=tuple(oddities))


LAYOUTS = (
    Layout(
        "public_account",
        columns=("ciclo", "ente", "ramo", "presupuesto", "gc_suma", "gi_suma", "total"),
        optional=(
            "subramo",
            "programa",
            *(column for column in _AMOUNTS if column not in ("gc_suma", "gi_suma", "total")),
            "porcentaje_corriente",
            "porcentaje_pensiones_y_jubilaciones",
            "porcentaje_inversion",
        ),
        read=_read_account,
    ),
    Layout(
        "public_account_items",
        columns=(
            "ciclo",
            "id_ramo|r",
            "desc_ramo|ramo_desc",
            "id_modalidad|mod",
            "id_pp|pp",
            "desc_pp|pp_desc",
            "monto_aprobado|original_bruto",
        ),
        optional=(
            "id_ur|ur",
            "desc_ur|ur_desc",
            "gpo_funcional|id_gpo_funcional|fi",
            "desc_gpo_funcional|fin_desc",
            "id_funcion|fu",
            "desc_funcion|fun_desc",
            "id_subfuncion|sf",
            "desc_subfuncion|sf_desc",
            "id_ai|ai",
            "desc_ai|ai_desc",
            "desc_modalidad|mod_desc",
            "id_capitulo",
            "desc_capitulo",
            "id_concepto",
            "desc_concepto",
            "id_partida_generica",
            "desc_partida_generica",
            "id_objeto_del_gasto|id_partida_especifica|ptda",
            "desc_objeto_del_gasto|desc_partida_especifica|ptda_desc",
            "id_tipogasto|tipogasto|tg",
            "desc_tipogasto|tg_desc",
            "id_ff|ff",
            "desc_ff|ff_desc",
            "id_entidad_federativa|ef",
            "entidad_federativa",
            "desc_entidad_federativa|ef_desc",
            "id_clave_cartera|ppi",
            "monto_modificado|modificado_bruto",
            "monto_devengado|devengado",
            "monto_pagado|pagado",
            "monto_adefas|adefas",
            "monto_ejercido|ejercido_bruto",
            "monto_ejercicio|ejercicio",
        ),
        read=_read_items,
    ),
    Layout("price_index", columns=("fecha|periodo", "ipc|inpc"), read=_read_prices),
)
