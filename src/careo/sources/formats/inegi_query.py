"""INEGI: what the interactive query of deaths writes to a file.

    "Mortalidad general"
    "Año de ocurrencia : 2010"                                   what the query was narrowed to, a line each
    "Tipo de defunción : Homicidio"
    "Consulta de: Defunciones …   Por: Ent y mun de ocurrencia, Edad y Sexo   Según: Año de registro"
    "","","","","2010","2011"                                    no names above what rows are cut by
    " 01 001 ","Aguascalientes","Total","Hombre","1,051",""

The line "Consulta de" says what is counted, what rows are cut by and what columns are cut by: any dimension may stand on either
side. Rows hold totals beside their parts; a reading keeps the finest parts, so that each death is in it once.

A death has two dates. A query narrowed to one year of occurrence gives that year's deaths, not those of any year of registration,
and the reverse: `dated_by` says which date the period of a row is, and only deaths dated whole are in the reading.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from careo.base.errors import DataError
from careo.sources.formats.inegi import (
    NATION,
    first_of_month,
    month_number,
    place_code,
    unstated,
)
from careo.sources.formats.inegi_totals import TOTALS, finest_parts, is_total
from careo.sources.formats.layout import (
    Layout,
    Oddity,
    Reading,
    Table,
    key,
    number,
    odd_cells,
    repaired,
    repeated_rows,
    text,
    year,
)
from careo.sources.tables import DataFile, Sheet

HOMICIDE = "Homicidio"
"""What `counted` says where a query counts homicides and is narrowed to no part of them."""

_DIMENSIONS = (
    (
        r"(?:ent|entidad)(?:_federativa)?(?:_y_(?:mun|municipio))?_de_(ocurrencia|registro|residencia(?:_habitual)?)",
        "place",
    ),
    (r"ano_de_(ocurrencia|registro)", "{}_year"),
    (r"mes_de_(ocurrencia|registro)", "{}_month"),
    (
        r"(?:grupos?_(?:quinquenales_)?de_)?edad(?:_quinquenal|_agrupada|_desplegada)?(?:_del_fallecido)?",
        "age",
    ),
    (r"sexo(?:_del_fallecido)?", "sex"),
    (r"tipo_de_defuncion", "manner"),
)
_DATES = {"ocurrencia": "occurrence", "registro": "registration", "residencia": "residence"}
_HOMICIDES = r"(?:(?:defunciones|muertes|mortalidad)(?:_registradas)?_por_)?(?:presuntos?_)?homicidios?"
_QUERY = re.compile(
    r"consulta\s+de\s*:(?P<subject>.*?)(?:\bpor\s*:(?P<rows>.*?))?(?:\bseg.{1,2}n\s*:(?P<columns>.*))?$",
    re.I | re.S,
)
_SHARED = (
    "manner",
    "occurrence_year",
    "occurrence_month",
    "registration_year",
    "registration_month",
)
# lines that narrow nothing
_REMARKS = re.compile(r"(nota|fuente|fecha|unidad|cifras|ultima_actualizacion)(_.*)?")
_PREAMBLE = 30  # rows that may stand above the table


@dataclass(frozen=True, slots=True)
class _Dimension:
    """Something a query is cut by. `date` is the event that a place, year or month is of: "occurrence", "registration" …"""

    name: str
    written: str
    date: str = ""
    municipal: bool = False


@dataclass(frozen=True, slots=True)
class _Query:
    """What stands above the table of a query.

    Attributes:
        row: where the line "Consulta de" stands. subject: what is counted, as written.
        rows, columns: "Por:" and "Según:" as written.
        narrowed: dimension as written → the value the query was narrowed to.
    """

    row: int
    subject: str
    rows: str
    columns: str
    narrowed: Mapping[str, str]


def _query(sheet: Sheet) -> _Query | None:
    narrowed: dict[str, str] = {}
    for row, cells in enumerate(sheet.head[:_PREAMBLE]):
        line = repaired(", ".join(cell for cell in cells if cell))
        found = _QUERY.search(line)
        if found is not None:
            parts = {name: (part or "").strip(" |,\t") for name, part in found.groupdict().items()}
            return _Query(row, **parts, narrowed=narrowed)
        name, colon, value = line.partition(":")
        if colon:
            narrowed[name.strip()] = value.strip()
    return None


def _find(file: DataFile, sheet: Sheet) -> Table | None:
    query = _query(sheet)
    if query is None:
        return None
    width = max(len(cells) for cells in sheet.head)
    for row in range(query.row + 1, min(query.row + 6, len(sheet.head))):
        cells = sheet.head[row] + ("",) * (width - len(sheet.head[row]))
        # above the years may stand one cell with the name of what they are
        if any(cells) and [key(cell) for cell in cells if cell] != [key(query.columns)]:
            labels = next(place for place, cell in enumerate(cells) if cell)
            names = [f"label_{place}" if place < labels else f"value_{place}" for place in range(len(cells))]
            return Table(file, sheet, row, {name: str(place) for place, name in enumerate(names)})
    return Table(file, sheet, query.row, {})


def _read(table: Table) -> Reading:
    query = _query(table.sheet)
    assert query is not None  # noqa: S101 - `_find` saw it
    if not re.search("defuncion|mortalidad|muerte|homicidio", key(query.subject)):
        raise DataError("query_subject", where=table.file.name, subject=query.subject or "–")
    shape = _shape(table, query)
    cells, oddities = _cells(table, shape)
    cells, summed = finest_parts(
        cells, details=shape.details, places=shape.place.written if shape.place else ""
    )
    narrowed = _narrowed(query, table)
    cells = _with_narrowed(cells, query, shape, narrowed)
    dates = _dates(table, cells, narrowed)
    monthly = [date for date in dates if _says(cells, f"{date}_month")]
    time = "month" if monthly else "year"
    dated = [_dated(cells, date, time) for date in monthly or dates]
    rows = pl.concat(dated, how="diagonal")
    keys = tuple(name for name in rows.columns if name not in ("place", "place_name", time, "value"))
    return Reading(
        dataset=f"inegi_query_{time}",
        rows=rows.rename({"value": "deaths"}).lazy(),
        keys=keys,
        values=("deaths",),
        oddities=(
            *oddities,
            *summed,
            *unstated(dated[0].lazy(), time, "value"),
            *_reach(cells, dates, narrowed),
        ),
    )


# --- the shape of the table -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Shape:
    """Which column is what.

    Attributes:
        labels: dimensions that rows are cut by, in order of columns. code: whether a column of codes stands before the places.
        across: the dimension that columns are cut by; None for a single column of totals.
        heads: value column → what stands above it.
    """

    labels: tuple[_Dimension, ...]
    code: bool
    across: _Dimension | None
    heads: Mapping[str, str]

    @property
    def place(self) -> _Dimension | None:
        """The dimension of places, if any."""
        return next((each for each in self.labels if each.name == "place"), None)

    @property
    def details(self) -> dict[str, str]:
        """Every dimension but places → its name as written."""
        every = (*self.labels, *filter(None, [self.across]))
        return {each.name: each.written for each in every if each.name != "place"}


def _shape(table: Table, query: _Query) -> _Shape:
    where = table.file.name
    labels, across = _dimensions(query.rows, where), _dimensions(query.columns, where)
    header = dict(enumerate(table.sheet.head[table.header]))
    heads = {
        name: header.get(int(place), "") for name, place in table.columns.items() if name.startswith("value")
    }
    columns = sum(name.startswith("label") for name in table.columns)
    place = next((each for each in labels if each.name == "place"), None)
    coded = columns == len(labels) + 1
    # names alone cannot tell a state from a municipality
    plain = columns == len(labels) and not (place and place.municipal)
    named = [head for head in heads.values() if head]
    names = [each.name for each in (*labels, *across)]
    clear = (
        len(across) <= 1
        and not any(each.name == "place" for each in across)
        and len(set(names)) == len(names)
    )
    if not (named and clear and len(set(named)) == len(named) and ((place and coded) or plain)):
        raise DataError(
            "query_shape",
            where=where,
            expected=", ".join(each.written for each in (*labels, *across)) or "–",
            found=" | ".join(table.sheet.head[table.header])[:200],
            columns=columns,
        )
    return _Shape(labels, coded and place is not None, across[0] if across else None, heads)


def _dimensions(written: str, where: str) -> tuple[_Dimension, ...]:
    """The dimensions of a list such as "Ent y mun de ocurrencia, Edad y Sexo"."""
    rest = key(written)
    found: list[_Dimension] = []
    while rest:
        for pattern, name in _DIMENSIONS:
            match = re.match(f"(?:{pattern})(?=_|$)", rest)
            if match:
                date = _DATES.get((match.groups() or ("",))[0].partition("_")[0], "")
                words = match.group().replace("_", " ")
                found.append(_Dimension(name.format(date), words, date, "_mun" in match.group()))
                rest = re.sub(r"^_(y_)?", "", rest[match.end() :])
                break
        else:
            raise DataError(
                "query_dimension",
                where=where,
                expected="ent y mun de …, año de …, mes de … (ocurrencia, registro), edad, sexo, tipo de defunción",
                found=written,
                fix="query_dimension",
                dimension=rest.replace("_", " "),
            )
    return tuple(found)


# --- its cells ------------------------------------------------------------------------------------------------------------


def _cells(table: Table, shape: _Shape) -> tuple[pl.DataFrame, tuple[Oddity, ...]]:
    """One row a cell that holds anything: place, place_name, the details and `value`."""
    headed = [name for name, head in shape.heads.items() if head]
    loose = [name for name, head in shape.heads.items() if not head]
    rows = table.rows().filter(_any(*headed, *loose)).collect()  # the rest are blank lines and the source
    labels = [name for name in rows.columns if name.startswith("label")]
    oddities = [*odd_cells(rows.lazy(), headed), *repeated_rows(rows.lazy(), labels)]
    if loose and rows.select(_any(*loose).any()).item():
        oddities.append(Oddity("unnamed_columns", grave=True, refused=True))
    selected: list[pl.Expr] = []
    column = 0
    for dimension in shape.labels:
        if dimension.name == "place":
            name = pl.col(f"label_{column + shape.code}").str.strip_chars()
            given = _code(pl.col(f"label_{column}")) if shape.code else pl.lit(None, pl.String)
            nation = is_total(name) & (given.is_null() if shape.code else True)
            if shape.code:
                _check_codes(
                    rows.select(given.alias("code"), name.alias("name"), pl.col(f"label_{column}")),
                    table.file.name,
                )
            selected += [
                pl.when(nation).then(pl.lit(NATION)).otherwise(given).alias("place"),
                name.alias("place_name"),
            ]
            column += shape.code
        else:
            selected.append(pl.col(f"label_{column}").str.strip_chars().alias(dimension.name))
        column += 1
    if shape.place is None:
        selected += [pl.lit(NATION).alias("place"), pl.lit(None, pl.String).alias("place_name")]
    labelled = rows.select(*selected, *headed)
    across = shape.across.name if shape.across else "across"
    long = (
        labelled.unpivot(headed, index=[c for c in labelled.columns if c not in headed], variable_name=across)
        .with_columns(pl.col(across).replace_strict({name: shape.heads[name] for name in headed}))
        .filter(pl.col("value").str.strip_chars() != "")  # blank: no deaths
        .with_columns(number("value").alias("value"))
    )
    return long if shape.across else long.drop(across), tuple(oddities)


def _check_codes(places: pl.DataFrame, where: str) -> None:
    """Raise when places have no code: spreadsheets that do not know the formula of the states write #NAME? in its place."""
    lost = places.filter(pl.col("code").is_null() & ~is_total(pl.col("name")).fill_null(value=False)).head(1)
    if not lost.is_empty():
        _, name, written = lost.row(0)
        raise DataError(
            "query_codes", where=where, found=f"{written or '–'} | {name or '–'}", fix="query_codes"
        )


def _any(*columns: str) -> pl.Expr:
    return pl.any_horizontal(text(column).is_not_null() for column in columns)


def _code(cell: pl.Expr) -> pl.Expr:
    """The codes of a query: " 08 037 ", and "=CONCATENAR( ,33) " where the sheet was meant to join a state's digits."""
    plain = cell.str.strip_chars().fill_null("")
    state, municipality = (plain.str.extract(r"^(\d{1,2})\s+(\d{1,3})$", group) for group in (1, 2))
    formula = plain.str.extract(r"[,;]\s*(\d{1,2})\s*\)$")
    return place_code(pl.coalesce(state.str.zfill(2) + municipality.str.zfill(3), formula, plain))


# --- what a query was narrowed to, and its dates --------------------------------------------------------------------------


def _narrowed(query: _Query, table: Table) -> dict[str, tuple[_Dimension, str]]:
    """Name of a dimension → it, and the value the query was narrowed to."""
    found: dict[str, tuple[_Dimension, str]] = {}
    for written, value in query.narrowed.items():
        if key(value) in ("", "todos", "todas", *TOTALS) or _REMARKS.fullmatch(key(written)):
            continue
        try:
            (dimension,) = _dimensions(written, table.file.name)
        except (DataError, ValueError):  # a dimension rows cannot be cut by may still narrow a query
            dimension = _Dimension(key(written), written)
        found[dimension.name] = (replace(dimension, written=written), value)
    return found


def _with_narrowed(
    cells: pl.DataFrame, query: _Query, shape: _Shape, narrowed: Mapping[str, tuple[_Dimension, str]]
) -> pl.DataFrame:
    """The cells with what the whole table shares: `place_of`, `counted`, and the dates it was narrowed to."""
    place = shape.place
    counted = pl.lit(HOMICIDE if re.fullmatch(_HOMICIDES, key(query.subject)) else query.subject)
    parts: list[str] = []
    for name, (dimension, value) in narrowed.items():
        if name == "manner":
            counted = pl.lit(HOMICIDE if re.fullmatch(_HOMICIDES, key(value)) else value)
        elif name.endswith(("_year", "_month")):
            if name not in cells.columns:
                cells = cells.with_columns(pl.lit(value).alias(name))
        else:
            parts.append(f"{dimension.written}: {value}")
        if name == "place" and place is None:
            place = dimension
            cells = cells.with_columns(place=pl.lit(None, pl.String), place_name=pl.lit(value))
    if "manner" in cells.columns:
        written = pl.col("manner")
        counted = (
            pl.when(written.str.to_lowercase().str.contains(r"^(presuntos? )?homicidios?$"))
            .then(pl.lit(HOMICIDE))
            .otherwise(written)
        )
        cells = cells.with_columns(counted.alias("manner"))
        counted = pl.col("manner")
    if parts:
        counted = pl.concat_str(counted, pl.lit("; " + "; ".join(parts)))
    place_of = place.date if place else "nation"
    result = cells.with_columns(pl.lit(place_of).alias("place_of"), counted.alias("counted"))
    return result.drop("manner", strict=False)


def _dates(table: Table, cells: pl.DataFrame, narrowed: Mapping[str, tuple[_Dimension, str]]) -> list[str]:
    """The dates by which the table has every death of its periods: occurrence, registration or both."""
    whole = [
        date
        for date, other in (("occurrence", "registration"), ("registration", "occurrence"))
        if _says(cells, f"{date}_year") and not {f"{other}_year", f"{other}_month"} & set(narrowed)
    ]
    if not whole:
        found = "; ".join(f"{dimension.written}: {value}" for dimension, value in narrowed.values())
        raise DataError("query_undated", where=table.file.name, found=found, fix="query_undated")
    return whole


def _says(cells: pl.DataFrame, name: str) -> bool:
    """Whether the cells are cut by a year or month, and not only by the total of all."""
    if name not in cells.columns:
        return False
    told = month_number(pl.col(name)) if name.endswith("_month") else year(name)
    return cells.select(told.is_not_null().any()).item()


def _dated(cells: pl.DataFrame, date: str, time: str) -> pl.DataFrame:
    """The cells with the period they are dated by; the dates as written stay beside it as keys."""
    of = year(f"{date}_year")
    when = first_of_month(of, month_number(pl.col(f"{date}_month"))) if time == "month" else of
    return cells.with_columns(when.alias(time), pl.lit(date).alias("dated_by"))


def _reach(
    cells: pl.DataFrame, dates: Sequence[str], narrowed: Mapping[str, tuple[_Dimension, str]]
) -> tuple[Oddity, ...]:
    """What the table does not reach: deaths registered later, other deaths than homicides, parts it was narrowed to."""
    found: list[Oddity] = []
    if "occurrence" in dates and _says(cells, "registration_year"):
        occurred, registered = (
            cells.select(year(f"{date}_year")).to_series().max() for date in ("occurrence", "registration")
        )
        if occurred == registered:
            found.append(Oddity("late_registrations", {"year": str(occurred)}))
    narrow = [f"{each.written}: {value}" for name, (each, value) in narrowed.items() if name not in _SHARED]
    if narrow:
        found.append(Oddity("narrowed", {"to": "; ".join(narrow)}))
    if not cells.select(pl.col("counted").str.starts_with(HOMICIDE).any()).item():
        counted = ", ".join(cells["counted"].unique().sort().head(5).to_list())
        found.append(Oddity("other_deaths", {"counted": counted}))
    return tuple(found)


LAYOUTS = (Layout("inegi_query", columns=(), read=_read, find=_find),)
