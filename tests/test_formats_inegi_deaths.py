"""INEGI: registered deaths, row by row."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from careo.base.errors import DataError
from readings import cells_written as written
from readings import told

INEGI = Path(__file__).resolve().parents[2] / "shared/data/inegi"


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
