"""INEGI: what the interactive query writes."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from careo.base.errors import DataError
from readings import cells_written as written
from readings import told

INEGI = Path(__file__).resolve().parents[2] / "shared/data/inegi"

PLACED = "Ent y mun de ocurrencia"
STATES = {"08": "Chihuahua", "25": "Sinaloa"}
TOWNS = {"08019": "Chihuahua", "08037": "Juárez", "25006": "Culiacán"}


# --- the interactive query ------------------------------------------------------------------------------------------------


def formula(state: str) -> str:
    return f"=CONCATENAR({'0' if state < '10' else ' '},{int(state):02d}) "


def place_cells(code: str) -> tuple[str, str]:
    if code == "00":
        return "", "Total"
    if len(code) == 2:
        return formula(code), STATES.get(code, "Extranjero")
    return f" {code[:2]} {code[2:]} ", TOWNS.get(code, "No especificado")


def grouped(number: float) -> str:
    return f"{number:,.0f}" if number else ""


Cells = dict[tuple[str, ...], int]
"""(place, further labels …, column) → deaths, the finest cells only."""


def cube(cells: Cells) -> Cells:
    """The cells with every total that the query prints: over each label but the column, and over places."""
    whole: Cells = {}
    for (place, *labels, column), deaths in cells.items():
        rows: list[tuple[str, ...]] = [()]
        for label in labels:
            rows = [(*row, shown) for row in rows for shown in ("Total", label)]
        for level in dict.fromkeys(("00", place[:2], place)):
            for row in rows:
                whole[level, *row, column] = whole.get((level, *row, column), 0) + deaths
    return whole


def query(
    whole: Cells, *, by: str, across: str, narrowed: Sequence[str] = (), subject: str = ""
) -> list[list[str]]:
    """The rows of the file that INEGI's query writes for a cube."""
    columns = sorted({cell[-1] for cell in whole})
    labels = sorted({cell[:-1] for cell in whole})
    measured = f"Consulta de: {subject or 'Defunciones por homicidio'}   Por: {by}   Según: {across}"
    above = [["Mortalidad general"], *([line] for line in narrowed), [""], [measured]]
    width = len(labels[0]) + 1
    header = [*[""] * width, *columns, ""]
    body = [
        [*place_cells(place), *rest, *(grouped(whole.get((place, *rest, column), 0)) for column in columns)]
        for place, *rest in labels
    ]
    return [*above, header, *body, [], ["FUENTE: INEGI. Estadísticas de mortalidad."]]


def workbook(path: Path, rows: Sequence[Sequence[str]]) -> Path:
    """The smallest XLSX: one sheet of text cells."""
    body = "".join(
        f'<row r="{y}">'
        + "".join(
            f'<c r="{chr(65 + x)}{y}" t="inlineStr"><is><t xml:space="preserve">{escape(cell)}</t></is></c>'
            for x, cell in enumerate(row)
        )
        + "</row>"
        for y, row in enumerate(rows, start=1)
    )
    main, office = (
        "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
        "http://schemas.openxmlformats.org",
    )
    links = f"{office}/officeDocument/2006/relationships"
    relations = (
        f'<Relationships xmlns="{office}/package/2006/relationships"><Relationship Id="r1" Type="{links}/'
    )
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{office}/package/2006/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" '
        'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/><Override '
        'PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>',
        "_rels/.rels": f'{relations}officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/_rels/workbook.xml.rels": f'{relations}worksheet" Target="sheet.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{links}"><sheets><sheet name="Hoja1" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/sheet.xml": f'<worksheet xmlns="{main}"><sheetData>{body}</sheetData></worksheet>',
    }
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, f'<?xml version="1.0" encoding="UTF-8"?>{content}')
    return path


DEATHS: Cells = {
    ("08037", "20-24 años", "Hombre", "2031"): 1200,
    ("08037", "20-24 años", "Mujer", "2031"): 90,
    ("08037", "No especificado", "Hombre", "2032"): 7,
    ("08019", "20-24 años", "Hombre", "2031"): 40,
    ("08999", "20-24 años", "No especificado", "2031"): 2,
    ("25006", "25-29 años", "Hombre", "2031"): 310,
    ("33", "25-29 años", "Hombre", "2032"): 1,
}
OCCURRED = ("Año de ocurrencia : 2031", "Tipo de defunción : Homicidio")
ASKED: dict[str, Any] = {
    "by": f"{PLACED}, Edad y Sexo",
    "across": "Año de registro",
    "narrowed": OCCURRED,
    "subject": "Defunciones accidentales y violentas",
}


def asked(**changed: Any) -> dict[str, Any]:
    return ASKED | changed


def test_a_query_of_one_year_of_death_gives_that_year_and_no_year_of_registration(tmp_path: Path) -> None:
    found = told(written(tmp_path / "q.csv", query(cube(DEATHS), **ASKED)))
    assert found.dataset == "inegi_query_year"
    assert found.rows["year"].unique().to_list() == [2031]
    assert found.rows["dated_by"].unique().to_list() == ["occurrence"]
    assert found.total() == sum(DEATHS.values()) == 1650
    assert set(found.rows["place"]) == {*TOWNS, "08999", "33"}  # each death once, at its finest place
    assert found.state("08") == 1339 and found.total(place="08037") == 1297 and found.total(place="33") == 1
    assert found.total(place="08037", registration_year="2032") == 7
    assert found.total(sex="Mujer") == 90 and found.total(age="25-29 años") == 311
    assert "Total" not in {*found.rows["age"], *found.rows["sex"], *found.rows["registration_year"]}
    assert not found.codes(grave=True)
    assert {"thousands_separators", "unplaced_counts"} <= found.codes()
    series = found.series()
    assert series["indicator"].unique().to_list() == ["homicide_inegi_occurrence"]
    assert series.filter(place="08037")["value"].to_list() == [1297]
    assert series.filter(place="08")["value"].to_list() == [1339]
    assert series.filter(place="MX").is_empty()  # some states are not the nation


@pytest.mark.parametrize(
    "write",
    [
        lambda path, rows: written(path, rows, encoding="utf-8"),
        lambda path, rows: written(path, rows, encoding="utf-8-sig"),
        lambda path, rows: written(path, rows, delimiter=";"),
        lambda path, rows: written(
            path,
            [[cell.encode().decode("cp1252", "replace") for cell in row] for row in rows],
            encoding="utf-8",
        ),
        workbook,
        lambda path, rows: written(path, [row for row in rows if any(row)]),
        lambda path, rows: written(path, [*rows[:1], ["Fecha de consulta: 3 de mayo de 2033"], *rows[1:]]),
        lambda path, rows: written(path, [[cell.replace("   ", " | ") for cell in row] for row in rows]),
        lambda path, rows: written(
            path, [[cell.replace("Según: ", "SEGÚN:") for cell in row] for row in rows]
        ),
    ],
    ids=[
        "utf8",
        "mark",
        "semicolons",
        "mojibake",
        "xlsx",
        "no blank lines",
        "a date above",
        "bars",
        "capitals",
    ],
)
def test_the_way_a_query_is_saved_changes_no_number(
    tmp_path: Path, write: Callable[[Path, list[list[str]]], Path]
) -> None:
    rows = query(cube(DEATHS), **ASKED)
    plain = told(written(tmp_path / "plain.csv", rows))
    other = told(write(tmp_path / "other", rows))
    columns = ["place", "year", "registration_year", "counted", "place_of", "deaths"]
    assert other.rows.select(columns).sort(columns).equals(plain.rows.select(columns).sort(columns))


def test_a_query_of_all_years_of_death_gives_both_dates(tmp_path: Path) -> None:
    cells = {
        ("08037", "2030", "2030"): 50,
        ("08037", "2030", "2031"): 5,
        ("08037", "2031", "2031"): 60,
        ("25006", "No especificado", "2031"): 3,
    }
    found = told(
        written(
            tmp_path / "q.csv",
            query(cube(cells), by=f"{PLACED} y Año de ocurrencia", across="Año de registro"),
        )
    )
    assert found.total(dated_by="registration", year=2031) == 68
    assert found.total(dated_by="registration", year=2030) == 50
    assert found.total(place="08037", dated_by="occurrence", year=2030) == 55
    assert found.rows.filter(pl.col("year").is_null())["dated_by"].unique().to_list() == ["occurrence"]
    assert {"undated_counts", "late_registrations"} <= found.codes()
    series = found.series().filter(pl.col("place") == "08037").sort("indicator", "start")
    assert series.select("indicator", pl.col("start").dt.year(), "value").rows() == [
        ("homicide_inegi_occurrence", 2030, 55),
        ("homicide_inegi_occurrence", 2031, 60),
        ("homicide_inegi_registered", 2030, 50),
        ("homicide_inegi_registered", 2031, 65),
    ]


def test_months_may_stand_above_the_columns(tmp_path: Path) -> None:
    cells = {
        ("08037", "2031", "Enero"): 4,
        ("08037", "2031", "Diciembre"): 6,
        ("08019", "2031", "No especificado"): 1,
    }
    whole = cube(cells)
    for place, year in {cell[:2] for cell in whole}:
        whole[place, year, "Total"] = sum(
            deaths for cell, deaths in whole.items() if cell[:2] == (place, year)
        )
    rows = query(whole, by=f"{PLACED} y Año de ocurrencia", across="Mes de ocurrencia")
    found = told(written(tmp_path / "q.csv", rows))
    assert found.dataset == "inegi_query_month"
    assert found.total(place="08037", month=date(2031, 1, 1)) == 4
    assert found.total(place="08037", month=date(2031, 12, 1)) == 6
    assert found.rows.filter(place="08019")["month"].to_list() == [None]
    assert not found.codes(grave=True) and "undated_counts" in found.codes()
    assert found.series().filter(place="08037").sort("start")["value"].to_list() == [4, 6]


def test_the_year_may_stand_before_the_place_and_the_place_be_that_of_registration(tmp_path: Path) -> None:
    rows = [
        ["Defunciones por homicidios"],
        [
            "Consulta de: Defunciones por homicidio | Por: Año de registro y Ent y mun de registro | Según: Mes de registro"
        ],
        ["", "", "", "Total", "Enero", "Febrero"],
        ["Total", "", "Total", "9", "4", "5"],
        ["2031", "", "Total", "9", "4", "5"],
        ["2031", formula("08"), "Chihuahua", "9", "4", "5"],
        ["2031", " 08 037 ", "Juárez", "9", "4", "5"],
    ]
    found = told(written(tmp_path / "q.csv", rows))
    assert found.total(place="08037", month=date(2031, 2, 1)) == 5
    assert found.rows["place_of"].unique().to_list() == ["registration"]
    assert not found.codes(grave=True)
    assert found.series().is_empty()  # the indicators place deaths where they occurred


@pytest.mark.parametrize(
    ("by", "rows", "place"),
    [
        ("Sexo", [["Total", "10"], ["Hombre", "9"], ["Mujer", "1"]], "00"),
        ("Ent de ocurrencia", [["Total", "10"], ["Chihuahua", "10"]], None),
        ("Entidad federativa de ocurrencia", [["", "Total", "10"], ["8", "Chihuahua", "10"]], "08"),
        (
            "Ent y municipio de ocurrencia",
            [["00", "Nacional", "10"], ["=CONCATENATE(0,08)", "Chihuahua", "10"]],
            "08",
        ),
    ],
)
def test_a_query_may_be_of_states_or_of_the_nation(
    tmp_path: Path, by: str, rows: list[list[str]], place: str | None
) -> None:
    header = [*[""] * (len(rows[0]) - 1), "2031"]
    above = [[f"Consulta de: Defunciones por homicidio Por: {by} Según: Año de registro"]]
    found = told(written(tmp_path / "q.csv", [*above, header, *rows]))
    assert found.total() == 10 and found.rows["place"].unique().to_list() == [place]
    assert found.rows["place_name"].unique().to_list() == (["Chihuahua"] if by != "Sexo" else [None])
    # one state is not the nation; where its name is all there is, the import finds it
    whole = {"00": "MX", "08": "08"}.get(place or "")
    if whole:
        assert found.series().filter(place=whole)["value"].to_list() == [10]
    assert (whole == "MX") is (found.series().filter(place="MX").height == 1)
    other = [[cell.replace("10", "11") for cell in row] for row in rows[:1]]
    assert "totals_differ" in told(written(tmp_path / "q.csv", [*above, header, *other, *rows[1:]])).codes(
        grave=True
    )


def test_codes_that_a_spreadsheet_lost_are_refused(tmp_path: Path) -> None:
    rows = [
        ["#NAME?" if cell.startswith("=") else cell for cell in row] for row in query(cube(DEATHS), **ASKED)
    ]
    with pytest.raises(DataError, match=r"#NAME\? \| Chihuahua"):
        told(written(tmp_path / "q.csv", rows))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"by": f"{PLACED}, Edad y Signo zodiacal"}, ("signo zodiacal", "Por", "expected")),
        ({"by": f"{PLACED}, Sexo"}, ("columns before the numbers: 4", "ent y mun de ocurrencia, sexo")),
        ({"by": f"{PLACED}, Edad y Edad"}, ("Consulta de",)),
        ({"across": "Año de registro y Sexo", "by": f"{PLACED}, Edad"}, ("Consulta de",)),
        ({"across": "Escolaridad"}, ("escolaridad",)),
        ({"subject": "Nacimientos registrados"}, ("Nacimientos registrados", "not deaths")),
        (
            {"narrowed": ("Tipo de defunción : Homicidio",), "across": "Tipo de defunción"},
            ("no year of occurrence",),
        ),
        (
            {"narrowed": (*OCCURRED, "Mes de registro : Enero"), "across": "Tipo de defunción"},
            ("no year", "Mes de registro"),
        ),
    ],
)
def test_a_query_of_another_shape_is_refused_with_what_differs(
    tmp_path: Path, changed: dict[str, Any], words: tuple[str, ...]
) -> None:
    path = written(tmp_path / "q.csv", query(cube(DEATHS), **asked(**changed)))
    with pytest.raises(DataError) as error:
        told(path)
    for word in words[:1] if "Por" in words else words:
        assert word in error.value.render("en")
    assert error.value.render("es") != error.value.render("en")


def test_a_total_that_is_not_the_sum_of_its_parts_is_grave(tmp_path: Path) -> None:
    whole = cube(DEATHS)
    whole["25", "Total", "Total", "2031"] += 5
    found = told(written(tmp_path / "q.csv", query(whole, **ASKED)))
    assert "totals_differ" in found.codes(grave=True)
    oddity = next(oddity for oddity in found.oddities if oddity.code == "totals_differ")
    assert "25" in oddity.words["first"] and "315 ≠ 310" in oddity.words["first"]
    whole = {cell: deaths for cell, deaths in cube(DEATHS).items() if cell[0] != "08019"}
    assert "totals_differ" in told(written(tmp_path / "q.csv", query(whole, **ASKED))).codes(grave=True)


def test_what_was_opened_in_part_is_read_by_its_totals(tmp_path: Path) -> None:
    whole = {
        cell: deaths for cell, deaths in cube(DEATHS).items() if cell[0] == "08037" or cell[2] == "Total"
    }
    found = told(written(tmp_path / "q.csv", query(whole, **ASKED)))
    assert found.total() == 1650 and found.total(place="08037") == 1297
    assert found.rows["sex"].unique().to_list() == ["Total"]
    assert "partly_opened" in found.codes()


@pytest.mark.parametrize(
    ("narrowed", "subject", "counted"),
    [
        (("Año de ocurrencia : 2031", "Sexo : Mujer"), "Defunciones por homicidio", "Homicidio; Sexo: Mujer"),
        (
            ("Año de ocurrencia : 2031", "Nacionalidad : Mexicana"),
            "Defunciones por homicidio",
            "Homicidio; Nacionalidad: Mexicana",
        ),
        (
            ("Año de ocurrencia : 2031", "Tipo de defunción : Suicidio"),
            "Defunciones accidentales y violentas",
            "Suicidio",
        ),
        (("Año de ocurrencia : 2031",), "Defunciones generales", "Defunciones generales"),
    ],
)
def test_a_query_of_less_or_of_other_deaths_feeds_no_series(
    tmp_path: Path, narrowed: tuple[str, ...], subject: str, counted: str
) -> None:
    found = told(
        written(tmp_path / "q.csv", query(cube(DEATHS), **asked(narrowed=narrowed, subject=subject)))
    )
    assert found.rows["counted"].unique().to_list() == [counted]
    assert found.series().is_empty()
    assert {"narrowed", "other_deaths"} & found.codes()


@pytest.mark.parametrize("by", [f"{PLACED}, Edad y Sexo", "Edad y Sexo"])
def test_a_query_narrowed_to_a_state_is_not_taken_for_the_nation(tmp_path: Path, by: str) -> None:
    cells = {cell: deaths for cell, deaths in DEATHS.items() if cell[0][:2] == "08"}
    rows = query(cube(cells), **asked(by=by, narrowed=(*OCCURRED, "Ent y mun de ocurrencia : Chihuahua")))
    if by == "Edad y Sexo":
        above = next(place for place, row in enumerate(rows) if row[0].startswith("Consulta")) + 1
        nation = [row for row in rows[above + 1 :] if len(row) > 1 and row[1] == "Total"]
        rows = [*rows[:above], rows[above][2:], *(row[2:] for row in nation)]
    found = told(written(tmp_path / "q.csv", rows))
    assert found.total() == 1339 and "narrowed" in found.codes()
    assert found.series().is_empty()


def test_rows_that_stand_twice_are_grave_though_every_total_agrees(tmp_path: Path) -> None:
    rows = query(cube(DEATHS), **ASKED)
    assert "repeated_rows" in told(written(tmp_path / "q.csv", [*rows, *rows[6:-2]])).codes(grave=True)


def test_the_manner_of_death_may_be_a_row(tmp_path: Path) -> None:
    cells = {("08037", "Homicidio", "2031"): 9, ("08037", "Suicidio", "2031"): 4}
    rows = query(
        cube(cells),
        by=f"{PLACED} y Tipo de defunción",
        across="Año de registro",
        subject="Defunciones accidentales y violentas",
    )
    found = told(written(tmp_path / "q.csv", rows))
    assert found.series().filter(place="08037")["value"].to_list() == [9]


def test_numbers_in_columns_without_a_head_are_grave(tmp_path: Path) -> None:
    rows = query(cube(DEATHS), **ASKED)
    rows[6] = [*rows[6], "12"]
    assert "unnamed_columns" in told(written(tmp_path / "q.csv", rows)).codes(grave=True)


def test_one_more_death_changes_its_own_cell_and_nothing_else(tmp_path: Path) -> None:
    first = told(written(tmp_path / "a.csv", query(cube(DEATHS), **ASKED))).rows
    more = DEATHS | {("25006", "25-29 años", "Hombre", "2031"): 311}
    second = told(written(tmp_path / "b.csv", query(cube(more), **ASKED))).rows
    places = [name for name in first.columns if name != "deaths"]
    both = first.join(second, on=places, how="full", coalesce=True, suffix="_after", nulls_equal=True)
    changed = both.filter(pl.col("deaths") != pl.col("deaths_after"))
    assert changed["place"].to_list() == ["25006"] and both.height == first.height


SOME = st.dictionaries(
    st.tuples(
        st.sampled_from([*TOWNS, "08999", "33"]),
        st.sampled_from(["20-24 años", "85 años y más", "No especificado"]),
        st.sampled_from(["Hombre", "Mujer", "No especificado"]),
        st.sampled_from(["2031", "2032", "2033"]),
    ),
    st.integers(1, 4000),
    min_size=1,
    max_size=12,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cells=SOME, data=st.data())
def test_every_death_of_a_query_counts_once_whatever_the_order_of_rows(
    tmp_path: Path, cells: Cells, data: st.DataObject
) -> None:
    rows = query(cube(cells), **ASKED)
    head, body = rows[:6], data.draw(st.permutations(rows[6:-2]))
    found = told(written(tmp_path / "q.csv", [*head, *body]))
    assert found.total() == sum(cells.values())
    for place in {cell[0] for cell in cells}:
        assert found.total(place=place) == sum(deaths for cell, deaths in cells.items() if cell[0] == place)
    assert not found.codes(grave=True)
