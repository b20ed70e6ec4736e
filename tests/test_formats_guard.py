"""National Guard: months in any spelling, values out of line, and tables that only look alike."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from careo.base.errors import DataError
from careo.sources.formats.layout import MONTH_COLUMNS, MONTHS
from readings import codes, reading
from readings import lines_written as written

SHARED = Path(__file__).resolve().parents[2] / "shared"
GUARD = SHARED / "data" / "interventions"
STATES = [f"Entidad {number}" for number in range(1, 13)]


def wide(months: list[str], level: int = 2000) -> list[str]:
    lines = [",".join(["Entidad", "Año", *months])]
    for number, state in enumerate(STATES):
        lines.append(
            ",".join([state, "2031", *(str(level + 10 * number + month) for month in range(len(months)))])
        )
    return lines


@pytest.mark.parametrize(
    "months",
    [list(MONTHS), [m[:3] for m in MONTHS], [m[:3].upper() for m in MONTHS], [m.title() for m in MONTHS]],
)
def test_months_are_read_in_every_spelling(tmp_path: Path, months: list[str]) -> None:
    layout, found, rows = reading(written(tmp_path / "guardia.csv", wide(months), "latin-1"))
    assert layout == "guard_deployment" and found.values == MONTH_COLUMNS
    assert rows.row(0)[1:] == ("Entidad 1", 2031, *(float(2000 + month) for month in range(12)))
    assert codes(found) == {}


def test_a_part_of_a_year_leaves_the_other_months_unknown(tmp_path: Path) -> None:
    months = ["sept", "oct", "nov"]
    _, _, rows = reading(written(tmp_path / "guardia.csv", wide(months)))
    assert [name for name in MONTH_COLUMNS if rows[name].null_count() == 0] == ["m09", "m10", "m11"]


def test_titles_above_and_notes_below_are_left_out(tmp_path: Path) -> None:
    lines = [
        "Despliegue de la Guardia Nacional,,,",
        "",
        *wide(["ene", "feb", "mar"]),
        "Total,2031,24660,24672,24684",
        "Fuente: conferencia,,,,",
    ]
    _, found, rows = reading(written(tmp_path / "a.csv", lines))
    assert rows.height == 13 and rows["place"].to_list()[-1] == "00"
    assert codes(found) == {"note_rows": False}


def test_a_value_out_of_line_is_named_and_stays(tmp_path: Path) -> None:
    lines = wide(["ene", "feb", "mar", "abr"])
    lines[3] = "Entidad 3,2031,2222,2173,12224,2173"
    lines[4] = "Entidad 4,2031,900,2700,2650,880"  # three times as many, and back
    _, found, rows = reading(written(tmp_path / "guardia.csv", lines))
    (odd,) = found.oddities
    assert odd.code == "out_of_line" and not odd.grave
    assert odd.words == {
        "place": "Entidad 3",
        "month": "2031-03",
        "value": "12,224",
        "before": "2,173",
        "after": "2,173",
    }
    assert rows["m03"][2] == 12_224


def test_a_month_that_repeats_another_in_every_state_is_named(tmp_path: Path) -> None:
    lines = [line + f",{line.split(',')[2]}" for line in wide(["ene", "feb"])]
    lines[0] = "Entidad,Año,ene,feb,mar"
    (odd,) = reading(written(tmp_path / "guardia.csv", lines))[1].oddities
    assert odd.code == "months_copied" and odd.words["months"] == "2031-03 = 2031-01"


def test_a_table_of_another_size_is_refused_and_an_unnamed_one_is_doubted(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"'guard_deployment', but the numbers are of another size"):
        reading(written(tmp_path / "homicidios.csv", wide(["ene", "feb"], level=30)))
    assert codes(reading(written(tmp_path / "a.csv", wide(["ene", "feb"])))[1]) == {"content_unsaid": False}


def test_a_case_file_that_lost_a_column_is_not_taken_for_the_guard(tmp_path: Path) -> None:
    head = "Año,Clave_Ent,Entidad,Bien jurídico afectado,Tipo de delito,Subtipo de delito," + ",".join(MONTHS)
    row = "2031,1,Entidad 1,La vida,Homicidio,Homicidio doloso," + ",".join(["2000"] * 12)
    with pytest.raises(DataError, match="lacks: modalidad"):
        reading(written(tmp_path / "guardia.csv", [head, row]))


def test_two_columns_of_one_month_are_refused(tmp_path: Path) -> None:
    lines = wide(["ene", "feb", "mar"])
    lines[0] = "Entidad,Año,ene,feb,enero"
    with pytest.raises(DataError, match="several columns stand for the same period") as raised:
        reading(written(tmp_path / "guardia.csv", lines))
    assert "ene, enero" in str(raised.value)


def test_the_long_table_has_two_measures(tmp_path: Path) -> None:
    lines = ["ANO;MES;ENTIDAD;CVE_ENTIDAD;DESPLIEGUE;MIGRANTES_DETENIDOS"]
    lines += [
        f"2031;{month};baja_california;2;{2000 + n};{n}"
        for n, month in enumerate(["Ene", "FEBRERO", "mar.", "4"])
    ]
    layout, found, rows = reading(written(tmp_path / "a.csv", lines))
    assert layout == "guard_deployment_monthly" and found.values == ("deployed", "migrants_detained")
    assert rows["month"].to_list() == [date(2031, month, 1) for month in (1, 2, 3, 4)]
    assert rows["place"].to_list() == ["02"] * 4 and rows["migrants_detained"].to_list() == [0, 1, 2, 3]
    assert codes(found) == {}
    one = [line.rpartition(";")[0] for line in lines]
    _, _, rows = reading(written(tmp_path / "b.csv", one))
    assert rows["migrants_detained"].null_count() == 4 and rows["deployed"].sum() == 8006


def test_a_month_that_is_none_leaves_its_row_out_and_says_so(tmp_path: Path) -> None:
    lines = ["ano,mes,entidad,cve_entidad,despliegue", "2031,ene,a,01,2000", "2031,primero,a,01,9000"]
    _, found, rows = reading(written(tmp_path / "a.csv", lines))
    assert rows["deployed"].to_list() == [2000]
    (odd,) = found.oddities
    assert odd.code == "unreadable_periods" and odd.grave and odd.words["first"] == "'primero'"


# --- real files -------------------------------------------------------------------------------------------------------

real = pytest.mark.skipif(not GUARD.is_dir(), reason="../shared/data is not beside the project")


@pytest.mark.realdata
@real
@pytest.mark.parametrize(
    ("year", "month", "total"), [(2019, "m12", 74_437), (2020, "m07", 96_182), (2021, "m03", 99_608)]
)
def test_real_workbooks_agree_with_the_published_readings(year: int, month: str, total: int) -> None:
    layout, found, rows = reading(GUARD / f"guardia_{year}.xlsx")
    assert layout == "guard_deployment" and rows.height == 32 and rows[month].sum() == total
    assert not any(oddity.grave for oddity in found.oddities)


@pytest.mark.realdata
@real
def test_the_shifted_rows_of_march_2021_are_found_in_both_real_layouts() -> None:
    for name, coahuila in (
        ("guardia_2021.xlsx", "Coahuila"),
        ("guardia_estaciones_final.csv", "coahuila_de_zaragoza"),
    ):
        found = reading(GUARD / name)[1]
        odd = [oddity.words for oddity in found.oddities if oddity.code == "out_of_line"]
        assert {(words["month"], words["value"]) for words in odd} == {
            ("2021-03", "12,224"),
            ("2021-03", "979"),
        }
        (one,) = [words for words in odd if words["place"] == coahuila]
        assert (one["before"], one["after"]) == ("2,222", "2,173")


@pytest.mark.realdata
@real
def test_the_real_long_table_holds_what_the_workbooks_hold() -> None:
    _, _, long = reading(GUARD / "guardia_estaciones_final.csv")
    totals = dict(long.group_by("month").agg(pl.col("deployed").sum()).rows())
    for year in (2019, 2020, 2021):
        rows = reading(GUARD / f"guardia_{year}.xlsx")[2]
        for number, name in enumerate(MONTH_COLUMNS, start=1):
            if rows[name].null_count() < rows.height:
                assert totals[date(year, number, 1)] == rows[name].sum()
