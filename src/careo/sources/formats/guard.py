"""National Guard: members deployed by state at the last reading of each month, as shown in the presidential briefings.

    wide    entidad, ano, ene … dic; one row for a state and year, as many months as there are
    long    ano, mes, entidad, cve_entidad, despliegue, migrantes_detenidos; one row for a state and month

The wide header does not say what is counted; the size of the numbers is looked at before they are believed.
"""

from __future__ import annotations

import polars as pl

from careo.base.errors import DataError
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
    repeated_rows,
    text,
)
from careo.sources.formats.sesnsp import unknown_columns
from careo.sources.formats.wide import (
    calendar_year,
    closed,
    folded,
    out_of_line,
    plausible,
    said,
    state_code,
    unread_periods,
    without_notes,
)

_MONTH_NUMBERS = {
    **{spelling: number_ for number_, name in enumerate(MONTHS, start=1) for spelling in (name, name[:3])},
    "sept": 9, "set": 9, "setiembre": 9,
}  # fmt: skip
_MONTH_COLUMN = "|".join(sorted(_MONTH_NUMBERS, key=len, reverse=True))
_DEPLOYED = (200, 20_000)  # members in a state; the middle of all cells
_ENOUGH = 10  # states that must repeat another month before it is no coincidence
_YEAR = "ano|anio|year"
_STATE = "entidad|estado|nom_ent|entidad_federativa|nombre_entidad"
_STATE_CODE = "cve_entidad|cve_ent|clave_ent|cve_geo|clave_entidad"
_MEASURES = {"despliegue": "deployed", "migrantes_detenidos": "migrants_detained"}


def _read_wide(table: Table) -> Reading:
    months = {column: _MONTH_NUMBERS[column] for column in table.columns if column in _MONTH_NUMBERS}
    twice = [column for column, n in months.items() if list(months.values()).count(n) > 1]
    if twice:
        raise DataError("columns_twice", where=table.file.name, found=", ".join(twice))
    rows, notes = without_notes(table.rows(), tuple(months))
    read = rows.select(
        _place(table).alias("place"),
        text("entidad").alias("place_name"),
        calendar_year("ano").alias("year"),
        *(number(column).alias(MONTH_COLUMNS[n - 1]) for column, n in months.items()),
        *(
            pl.lit(None, pl.Float64).alias(MONTH_COLUMNS[n - 1])
            for n in range(1, 13)
            if n not in months.values()
        ),
    ).filter(pl.col("year").is_not_null())
    numbers = {name: n for n, name in enumerate(MONTH_COLUMNS, start=1)}
    long = read.unpivot(
        MONTH_COLUMNS, index=["place", "place_name", "year"], variable_name="month", value_name="deployed"
    ).with_columns(
        month=pl.date(pl.col("year"), pl.col("month").replace_strict(numbers, return_dtype=pl.Int8), 1)
    )
    plausible(long, "deployed", *_DEPLOYED, table=table, layout="guard_deployment")
    unsaid = (
        ()
        if said(table, "guardia|despliegue")
        else (Oddity("content_unsaid", {"layout": "guard_deployment"}),)
    )
    return Reading(
        dataset="guard_deployment",
        rows=read.select("place", "place_name", "year", *MONTH_COLUMNS),
        keys=(),
        values=MONTH_COLUMNS,
        oddities=(
            *notes,
            *unread_periods(rows, "ano", calendar_year("ano"), where=table.file.name, expected="2020"),
            *odd_cells(rows, tuple(months)),
            *repeated_rows(read, ("place", "place_name", "year")),
            *unsaid,
            *_odd_months(long),
        ),
    )


def _read_long(table: Table) -> Reading:
    there = [column for column in _MEASURES if column in table.columns]
    rows, notes = without_notes(table.rows(), ("ano", "mes", *there))
    month = pl.date(calendar_year("ano"), _month_number("mes"), 1)
    read = rows.select(
        _place(table).alias("place"),
        text("entidad").alias("place_name"),
        month.alias("month"),
        *(
            (number(column) if column in there else pl.lit(None, pl.Float64)).alias(name)
            for column, name in _MEASURES.items()
        ),
    ).filter(pl.col("month").is_not_null())
    return Reading(
        dataset="guard_deployment_monthly",
        rows=read,
        keys=(),
        values=tuple(_MEASURES.values()),
        oddities=(
            *unknown_columns(table),
            *notes,
            *unread_periods(rows, "mes", month, where=table.file.name, expected="2020, ene"),
            *odd_cells(rows, there),
            *repeated_rows(read, ("place", "place_name", "month")),
            *_odd_months(read.select("place", "place_name", "month", "deployed")),
        ),
    )


def _place(table: Table) -> pl.Expr:
    return state_code(code("cve_entidad", 2) if "cve_entidad" in table.columns else None, text("entidad"))


def _month_number(column: str) -> pl.Expr:
    """1 to 12 from a Spanish name, short or long, or from the number itself; null for anything else."""
    name = folded(pl.col(column)).str.strip_chars(".")
    value = number(column)
    told = pl.when(value.is_between(1, 12) & (value == value.floor())).then(value)
    return pl.coalesce(
        name.replace_strict(_MONTH_NUMBERS, default=None, return_dtype=pl.Int8), told.cast(pl.Int8)
    )


def _odd_months(long: pl.LazyFrame) -> tuple[Oddity, ...]:
    """Values out of line with the months around them, and months that repeat another in every state."""
    series = ("place", "place_name")
    frame = long.drop_nulls("deployed").sort(*series, "month").collect()
    strange = frame.with_columns(
        pl.col("deployed").shift(1).over(series).alias("before"),
        pl.col("deployed").shift(-1).over(series).alias("after"),
    ).filter(out_of_line("deployed", over=series))
    found = [
        Oddity(
            "out_of_line",
            {
                "place": row["place_name"] or row["place"] or "–",
                "month": f"{row['month']:%Y-%m}",
                "value": f"{row['deployed']:,.0f}",
                "before": "–" if row["before"] is None else f"{row['before']:,.0f}",
                "after": "–" if row["after"] is None else f"{row['after']:,.0f}",
            },
        )
        for row in strange.rows(named=True)
    ]
    readings: dict[tuple[object, ...], str] = {}
    copies: list[str] = []
    for (month,), part in frame.sort("month", maintain_order=True).group_by("month", maintain_order=True):
        values = tuple(part.sort(*series).select(*series, "deployed").rows())
        name = f"{month:%Y-%m}"
        if part.height >= _ENOUGH and values in readings:
            copies.append(f"{name} = {readings[values]}")
        readings.setdefault(values, name)
    if copies:
        found.append(Oddity("months_copied", {"count": str(len(copies)), "months": ", ".join(copies)}))
    return tuple(found)


LAYOUTS = (
    Layout(
        "guard_deployment",
        columns=(_STATE, _YEAR),
        optional=(_STATE_CODE,),
        pattern=_MONTH_COLUMN,
        find=closed((_STATE, _YEAR), optional=(_STATE_CODE,), pattern=_MONTH_COLUMN),
        read=_read_wide,
    ),
    Layout(
        "guard_deployment_monthly",
        columns=(
            _YEAR,
            "mes|month",
            _STATE,
            "despliegue|desplegados|elementos_desplegados|personal_desplegado",
        ),
        optional=(_STATE_CODE, "migrantes_detenidos|migrantes"),
        read=_read_long,
    ),
)
