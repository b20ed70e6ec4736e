"""INEGI: the interactive query, registered deaths row by row, and the tables compiled from both."""

from __future__ import annotations

import bz2
import csv
import io
import zipfile
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from careo.base.errors import DataError
from careo.base.texts import say
from careo.panel.derivation import derive
from careo.sources.catalog import datasets
from careo.sources.formats import inegi, inegi_deaths, inegi_query, read, recognise
from careo.sources.formats.layout import Oddity
from careo.sources.tables import open_data

INEGI = Path(__file__).resolve().parents[2] / "shared/data/inegi"
realdata = pytest.mark.skipif(not INEGI.is_dir(), reason="../shared is not beside the project")

PLACED = "Ent y mun de ocurrencia"
STATES = {"08": "Chihuahua", "25": "Sinaloa"}
TOWNS = {"08019": "Chihuahua", "08037": "Juárez", "25006": "Culiacán"}


class Told(NamedTuple):
    """A file's reading, collected."""

    dataset: str
    rows: pl.DataFrame
    keys: tuple[str, ...]
    oddities: tuple[Oddity, ...]

    def state(self, code: str, **where: object) -> float:
        """The deaths of a state and its municipalities."""
        return self._replace(rows=self.rows.filter(pl.col("place").str.starts_with(code))).total(**where)  # pyright: ignore[reportArgumentType]

    def codes(self, *, grave: bool = False) -> set[str]:
        return {oddity.code for oddity in self.oddities if oddity.grave or not grave}

    def total(self, value: str = "deaths", **where: object) -> float:
        chosen = self.rows.filter(*(pl.col(name) == wanted for name, wanted in where.items()))
        return sum(chosen[value].drop_nulls().to_list())

    def series(self) -> pl.DataFrame:
        """What the dataset's card makes of it."""
        values = [name for name in self.rows.columns if name in ("deaths", "homicides", "rivalry_deaths")]
        card = datasets()[self.dataset]
        rows = self.rows.with_columns(pl.col("place").replace("00", "MX"))  # as the import places them
        return derive(rows.lazy(), card, keys=self.keys, values=values, country="mexico").series


def told(path: Path) -> Told:
    with open_data(path) as file:
        reading = read(*recognise(file))
        for oddity in reading.oddities:  # every sentence can be said, in both languages
            assert all(
                say(language, f"data.oddity.{oddity.code}", **oddity.words) for language in ("en", "es")
            )
        return Told(reading.dataset, reading.rows.collect(), reading.keys, reading.oddities)


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


def written(
    path: Path, rows: Sequence[Sequence[str]], *, delimiter: str = ",", encoding: str = "latin-1"
) -> Path:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(rows)
    path.write_bytes(text.getvalue().encode(encoding))
    return path


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


# --- registered deaths, row by row ----------------------------------------------------------------------------------------

EDITION_2023 = (
    "ent_regis,mun_regis,ent_resid,mun_resid,ent_ocurr,mun_ocurr,causa_def,lista_mex,sexo,edad,dia_ocurr,mes_ocurr,anio_ocur,"
    "dia_regis,mes_regis,anio_regis,tipo_defun,afromex,conindig"
)


def death(place: str, occurred: str, registered: str, manner: str = "2") -> dict[str, str]:
    """A death; dates as "2031-07"."""
    return {
        "ent_ocurr": place[:2],
        "mun_ocurr": place[2:],
        "anio_ocur": occurred[:-3],
        "mes_ocurr": str(int(occurred[-2:])),
        "anio_regis": registered[:-3],
        "mes_regis": str(int(registered[-2:])),
        "tipo_defun": manner,
        "sexo": "1",
        "edad": "4023",
    }


def deaths_file(
    path: Path, deaths: Sequence[dict[str, str]], header: str = EDITION_2023, encoding: str = "utf-8"
) -> Path:
    names = header.split(",")
    return written(
        path, [names, *([row.get(name.lower(), "1") for name in names] for row in deaths)], encoding=encoding
    )


SOME_DEATHS = [
    death("08037", "2031-07", "2031-07"),
    death("08037", "2031-07", "2031-08"),
    death("08037", "2031-07", "2031-08", manner="1"),
    death("08999", "2031-12", "2031-12"),
    death("25006", "2030-12", "2031-01"),
    death("25006", "2031-99", "2031-02"),
    death("99999", "9999-99", "2031-03"),
    death("33010", "2031-01", "2031-05"),
]


def test_deaths_are_counted_by_place_month_and_year_of_registration(tmp_path: Path) -> None:
    found = told(deaths_file(tmp_path / "d.csv", SOME_DEATHS))
    homicides = found._replace(rows=found.rows.filter(pl.col("manner") == "2"))
    assert homicides.total(place="08037", dated_by="occurrence", month=date(2031, 7, 1)) == 2
    assert homicides.total(place="08037", dated_by="registration", month=date(2031, 8, 1)) == 1
    assert homicides.total(dated_by="registration") == 7
    assert homicides.state("08", dated_by="registration") == 3
    assert homicides.total(place="08999", dated_by="occurrence") == 1
    assert homicides.total(place="33010", dated_by="registration") == 1
    assert homicides.total(place="99999", dated_by="registration", month=date(2031, 3, 1)) == 1
    assert homicides.total(dated_by="occurrence, in part", occurrence_year="2030", place="25006") == 1
    assert found.total(place="08037", manner="1", dated_by="registration") == 1
    words = {oddity.code: oddity.words.get("count") for oddity in found.oddities}
    assert words["undated_occurrence"] == "2" and words["unplaced_counts"] == "3"
    assert not found.codes(grave=True)


def test_the_file_of_one_year_gives_its_registered_deaths_and_only_its_own_year_of_death(
    tmp_path: Path,
) -> None:
    series = told(deaths_file(tmp_path / "d.csv", SOME_DEATHS)).series()
    registered = series.filter(indicator="homicide_inegi_registered")
    assert [registered.filter(place=state)["value"].sum() for state in ("08", "25")] == [3, 2]
    occurred = series.filter(indicator="homicide_inegi_occurrence")
    assert occurred["start"].dt.year().unique().to_list() == [2031]
    assert occurred.filter(place="08")["value"].sum() == 3
    assert occurred.filter(place="25")["value"].sum() == 0  # not the one who died in the year before


def test_files_of_following_years_together_give_the_years_of_death_from_the_first_on(tmp_path: Path) -> None:
    later = [
        death("25006", "2030-12", "2030-12"),
        death("25006", "2029-12", "2030-01"),
        death("25006", "2027-05", "2028-01"),
    ]
    found = told(deaths_file(tmp_path / "d.csv", [*SOME_DEATHS, *later]))
    whole = found.rows.filter(dated_by="occurrence", place="25006", manner="2").drop_nulls("month")
    assert whole["month"].to_list() == [date(2030, 12, 1)] * whole.height
    assert whole["deaths"].sum() == 2
    assert found.total(dated_by="occurrence, in part", place="25006", manner="2", occurrence_year="2029") == 1
    assert found.total(dated_by="occurrence, in part", place="25006", manner="2", occurrence_year="2027") == 1


def test_nothing_by_sex_or_age_leaves_the_file(tmp_path: Path) -> None:
    assert set(told(deaths_file(tmp_path / "d.csv", SOME_DEATHS)).rows.columns) == {
        "place", "month", "dated_by", "occurrence_year", "registration_year", "manner", "deaths",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("header", "encoding"),
    [
        (EDITION_2023.upper(), "latin-1"),
        (EDITION_2023.replace("tipo_defun", "presunto"), "utf-8-sig"),
        (",".join(reversed(EDITION_2023.split(","))), "utf-8"),
    ],
)
def test_editions_write_their_header_differently_and_say_the_same(
    tmp_path: Path, header: str, encoding: str
) -> None:
    rows = [row | {"presunto": row["tipo_defun"]} for row in SOME_DEATHS]
    one = told(deaths_file(tmp_path / "a.csv", SOME_DEATHS)).rows
    other = told(deaths_file(tmp_path / "b.csv", rows, header, encoding)).rows
    assert other.equals(one)


def test_years_of_two_digits_are_of_the_nineties_and_99_is_none(tmp_path: Path) -> None:
    found = told(
        deaths_file(tmp_path / "d.csv", [death("08037", "94-03", "95-01"), death("08037", "99-99", "95-02")])
    )
    assert found.rows["registration_year"].unique().to_list() == ["1995"]
    assert sorted(found.rows["occurrence_year"].unique()) == ["", "1994"]


@pytest.mark.parametrize("padded", ["08", "8", "8.0", " 08 "])
def test_codes_may_be_padded_or_not(tmp_path: Path, padded: str) -> None:
    row = death("08037", "2031-07", "2031-07") | {"ent_ocurr": padded, "mun_ocurr": "37", "tipo_defun": "02"}
    found = told(deaths_file(tmp_path / "d.csv", [row]))
    assert found.rows["place"].unique().sort().to_list() == ["08037"]
    assert found.rows["manner"].unique().to_list() == ["2"]


def test_a_new_column_of_an_edition_changes_no_count_and_is_named(tmp_path: Path) -> None:
    found = told(deaths_file(tmp_path / "d.csv", SOME_DEATHS, f"{EDITION_2023},discapacid"))
    assert found.total(manner="2", dated_by="registration") == 7
    assert any("discapacid" in oddity.words.get("columns", "") for oddity in found.oddities)
    assert not found.codes(grave=True)


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([death("08037", "2031-07", "2031-07", manner="Homicidio")], "unknown_codes"),
        ([death("08037", "2031-07", "2031-07", manner="1")], "no_homicides"),
        (
            [death("08037", "2031-07", "2031-99"), death("08037", "2031-07", "2031-01")],
            "undated_registration",
        ),
    ],
)
def test_codes_that_would_make_numbers_wrong_are_grave(
    tmp_path: Path, rows: list[dict[str, str]], code: str
) -> None:
    assert code in told(deaths_file(tmp_path / "d.csv", rows)).codes(grave=True)


def test_blank_lines_are_no_deaths(tmp_path: Path) -> None:
    path = deaths_file(tmp_path / "d.csv", SOME_DEATHS)
    path.write_bytes(path.read_bytes() + b'"",' * 18 + b'""\r\n\r\n')
    assert told(path).total(dated_by="registration") == len(SOME_DEATHS)


def test_a_file_of_deaths_without_the_manner_is_refused_by_name(tmp_path: Path) -> None:
    path = deaths_file(tmp_path / "d.csv", SOME_DEATHS, EDITION_2023.replace("tipo_defun", "clase_de_muerte"))
    with pytest.raises(DataError, match=r"inegi_deaths.*presunto") as error:
        told(path)
    assert "clase_de_muerte" in error.value.render("es")
    unregistered = deaths_file(tmp_path / "e.csv", [row | {"anio_regis": "9999"} for row in SOME_DEATHS])
    with pytest.raises(DataError, match="year of registration"):
        told(unregistered)


# --- tables of counts -----------------------------------------------------------------------------------------------------


def table(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes("\n".join(line.strip() for line in text.strip().splitlines()).encode(encoding))
    return path


def test_the_two_measures_of_the_monthly_table_are_named_for_what_they_are(tmp_path: Path) -> None:
    found = told(
        table(
            tmp_path / "m.csv",
            """"date","CVE_ENT","CVE_MUN","id","V1","Total","MunName","Population"
            2006-11-15,8,37,"8037",31,,"Juárez",1300000
            2006-12-15,8,37,"8037",35,12,"Juárez",1300000
            2007-01-15,8,37,"8037",,20,"Juárez",1300000""",
        )
    )
    assert found.rows["place"].unique().to_list() == ["08037"]
    assert found.rows["homicides"].to_list() == [31, 35, None]
    assert found.rows["rivalry_deaths"].to_list() == [None, 12, 20]
    series = found.series().drop_nulls("value").sort("indicator", "start")
    assert series.select("indicator", pl.col("start").cast(pl.String), "value").rows() == [
        ("homicide_inegi_occurrence", "2006-11-01", 31),
        ("homicide_inegi_occurrence", "2006-12-01", 35),
        ("rivalry_deaths_presidency", "2006-12-01", 12),
        ("rivalry_deaths_presidency", "2007-01-01", 20),
    ]


def test_years_of_death_and_years_of_registration_are_told_apart(tmp_path: Path) -> None:
    occurred = told(
        table(
            tmp_path / "o.csv",
            "cvegeo;Municipio;Año ocurrencia;Homicidios\n8037;Juárez;2009;1,200\n08999;No especificado;2009;3",
            "latin-1",
        )
    )
    assert occurred.dataset == "inegi_municipal_occurrence"
    assert occurred.rows.rows() == [("08037", "Juárez", 2009, 1200), ("08999", "No especificado", 2009, 3)]
    assert {"thousands_separators", "unplaced_counts"} <= occurred.codes() and not occurred.codes(grave=True)
    registered = told(
        table(
            tmp_path / "r.csv",
            """year,cve,mun,state,state2,homicides,rate,pob
            2018,1001,Aguascalientes,1,Aguascalientes,62,7.7,804008.8
            2018,8037,Juarez,8,Chihuahua,900,60,1500000.1""",
        )
    )
    assert registered.dataset == "inegi_municipal_registered"
    assert registered.rows["place"].to_list() == ["01001", "08037"]
    assert registered.series()["indicator"].unique().to_list() == ["homicide_inegi_registered"]


def test_a_column_for_each_year_becomes_a_row_for_each_year(tmp_path: Path) -> None:
    path = tmp_path / "wide.parquet"
    pl.DataFrame(
        {
            "cvegeo": ["08037", "25006"],
            "hom_2024": [5.0, 6.0],
            "hom_icd_2024": [5.0, 7.0],
            "hom_2025": [8.0, None],
            "hom_3a": [1.0, 1.0],
        }
    ).write_parquet(path)
    found = told(path)
    assert found.rows.sort("place", "year").rows() == [
        ("08037", 2024, 5, 5), ("08037", 2025, 8, None), ("25006", 2024, 6, 7), ("25006", 2025, None, None),
    ]  # fmt: skip
    assert found.series().filter(place="08037").sort("start")["value"].to_list() == [5, 8]


@pytest.mark.parametrize("month", ["7", "07", "Julio"])
def test_states_by_month_of_death(tmp_path: Path, month: str) -> None:
    found = told(
        table(
            tmp_path / "s.csv",
            f"cve_ent|year|month|homicides|pop_est|homicide_rate\n8|2023|{month}|150|3800000.5|47\n00|2023|99|4|1|1",
        )
    )
    assert found.rows.rows() == [("08", date(2023, 7, 1), 150), ("00", None, 4)]
    assert found.codes() == {"undated_counts"}


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ("8|2023|13|150|1|1", "unreadable_periods"),
        ("8|2O23|7|150|1|1\n8|2023|7|150|1|1", "unreadable_periods"),
        ("8|2023|7|150|1|1\n8|2023|7|151|1|1", "repeated_rows"),
        ("8|2023|7|15x|1|1", "unreadable_cells"),
    ],
)
def test_rows_that_would_make_a_table_wrong_are_grave(tmp_path: Path, rows: str, code: str) -> None:
    header = "cve_ent|year|month|homicides|pop_est|homicide_rate"
    assert code in told(table(tmp_path / "s.csv", f"{header}\n{rows}")).codes(grave=True)


def test_a_renamed_column_is_named_in_the_refusal(tmp_path: Path) -> None:
    path = table(tmp_path / "s.csv", "cve_ent|year|month|asesinatos|pop_est|homicide_rate\n8|2023|7|150|1|1")
    with pytest.raises(DataError, match=r"inegi_state_occurrence.*homicides.*asesinatos"):
        told(path)


def test_a_table_of_years_and_totals_is_inegis_only_when_its_totals_are(tmp_path: Path) -> None:
    found = told(table(tmp_path / "n.csv", "Año,Total\n2017,31174\n2018,36687\n2026,30000"))
    assert found.dataset == "inegi_national_registered" and "told_by_totals" in found.codes()
    assert found.rows["place"].unique().to_list() == ["00"] and found.total("homicides", year=2018) == 36687
    for other in ("2017,9000\n2018,36687", "2026,30000\n2027,31000", "2018,36687\n2026,30000"):
        with pytest.raises(DataError):
            told(table(tmp_path / "n.csv", f"Año,Total\n{other}"))


@pytest.mark.parametrize(
    ("written_as", "code"),
    [("8037", "08037"), (" 08037.0 ", "08037"), ("8", "08"), ("08000", "08"), ("0", "00"), ("00000", "00"),
     ("Estados Unidos Mexicanos", "00"), ("", None), ("Juárez", None)],
)  # fmt: skip
def test_codes_of_places(written_as: str, code: str | None) -> None:
    assert pl.DataFrame({"x": [written_as]}).select(inegi.place_code(pl.col("x"))).item() == code


def test_every_series_of_the_cards_names_columns_that_the_readings_have() -> None:
    layouts = (*inegi.LAYOUTS, *inegi_deaths.LAYOUTS, *inegi_query.LAYOUTS)
    cards = {name for name in datasets() if name.startswith("inegi_")}
    assert {layout.key for layout in layouts} - cards == {
        "inegi_query"
    }  # its two cards are by month and by year
    assert cards - {layout.key for layout in layouts} == {"inegi_query_month", "inegi_query_year"}


# --- the files at hand ----------------------------------------------------------------------------------------------------


@pytest.mark.realdata
@realdata
@pytest.mark.parametrize(
    ("year", "first", "deaths", "abroad"),
    [(2007, 8507, 8836, 3), (2008, 13628, 14214, 0), (2010, 25000, 25000, 0)],
)
def test_the_queries_at_hand_add_up(year: int, first: int, deaths: int, abroad: int) -> None:
    found = told(INEGI / "export_layout" / f"{year}.csv.bz2")
    assert found.total(registration_year=str(year)) == first  # the top left cell of the file
    assert found.total(year=year, dated_by="occurrence") == deaths
    assert found.total(place="33") == abroad
    assert not found.codes(grave=True)
    assert ("late_registrations" in found.codes()) == (year == 2010)


@pytest.mark.realdata
@realdata
@pytest.mark.parametrize(
    ("name", "value", "totals"),
    [
        ("municipal_month_2004-2010.csv.bz2", "homicides", {2007: 8845, 2010: 25091}),
        ("municipal_month_2004-2010.csv.bz2", "rivalry_deaths", {2006: 61, 2010: 15258, 2011: 12903}),
        ("municipal_year_1990-2008.csv", "homicides", {1990: 11500, 2007: 8800, 2008: 13628}),
        ("municipal_year_2010-2017.csv", "homicides", {2010: 25736, 2012: 25906, 2017: 31092}),
        ("municipal_year_2019-2021.parquet", "homicides", {2019: 34503, 2020: 34825, 2021: 33694}),
        ("state_month_occurrence_2000-2022.csv", "homicides", {2018: 34426, 2022: 31048}),
        ("national_registered_1990-2017.csv", "homicides", {2007: 8867, 2011: 27213, 2017: 31174}),
    ],
)
def test_the_tables_at_hand_have_their_known_totals(name: str, value: str, totals: dict[int, int]) -> None:
    found = told(INEGI / name)
    year = pl.col("year") if "year" in found.rows.columns else pl.col("month").dt.year()
    assert {each: found.rows.filter(year == each)[value].sum() for each in totals} == totals
    assert not found.codes(grave=True)


@pytest.mark.realdata
@realdata
def test_a_query_at_hand_that_breaks_off_no_longer_adds_up(tmp_path: Path) -> None:
    lines = bz2.decompress((INEGI / "export_layout" / "2008.csv.bz2").read_bytes()).splitlines(keepends=True)
    path = tmp_path / "half.csv"
    path.write_bytes(b"".join(lines[: len(lines) // 2]))
    assert "totals_differ" in told(path).codes(grave=True)
