"""The register of disappeared persons: months of events, records without a date counted once, vintage as consulted."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from careo.base.errors import DataError
from careo.sources.formats import read, recognise
from careo.sources.formats.layout import Reading
from careo.sources.formats.rnpdno import _month
from careo.sources.tables import open_data
from readings import codes
from readings import lines_written as written

SHARED = Path(__file__).resolve().parents[2] / "shared"
REGISTER = SHARED / "data" / "disappeared" / "rnpdno"
MISSING = "DESAPARECIDA_O_NO_LOCALIZADA"
HEAD = "cve_entidad,entidad,periodo,categoria,sexo,cve_municipio,municipio,conteo,consultado_en"
USUAL = {"municipality_unknown": False, "undated_bucket": False, "consulted_days": False}
ROWS = [
    "01,AGUASCALIENTES,2031-01,LOCALIZADA_CON_VIDA,MUJER,01001,AGUASCALIENTES,7,2031-05-01",
    "01,AGUASCALIENTES,2031-01,DESAPARECIDA_O_NO_LOCALIZADA,HOMBRE,,SIN MUNICIPIO DE REFERENCIA,2,2031-05-01",
    "01,AGUASCALIENTES,2031-02,DESAPARECIDA_O_NO_LOCALIZADA,INDETERMINADO,01012,SE DESCONOCE,1,2031-05-02",
    "33,ENTIDAD NO ESPECIFICADA,2031-02,LOCALIZADA_SIN_VIDA,HOMBRE,33001,SE DESCONOCE,3,2031-05-02",
    "01,AGUASCALIENTES,SIN_FECHA,DESAPARECIDA_O_NO_LOCALIZADA,,,,40,2031-05-01",
]


def reading(path: Path) -> tuple[Reading, pl.DataFrame]:
    with open_data(path) as file:
        layout, table = recognise(file)
        assert layout.key == "rnpdno_register"
        found = read(layout, table)
        return found, found.rows.collect()


@pytest.mark.parametrize(
    "again",
    [HEAD, "\ufeff" + HEAD, HEAD.upper().replace("CONTEO", " Conteo "), HEAD.replace("cve_municipio", "")],
)
def test_files_put_one_behind_another_repeat_their_header_and_read_as_one(tmp_path: Path, again: str) -> None:
    _, plain = reading(written(tmp_path / "a.csv", [HEAD, *ROWS]))
    found, rows = reading(written(tmp_path / "b.csv", [HEAD, *ROWS[:2], again, *ROWS[2:4], again, ROWS[4]]))
    assert rows.equals(plain)
    assert codes(found) == {**USUAL, "headers_repeated": False}
    assert [o.words["count"] for o in found.oddities if o.code == "headers_repeated"] == ["2"]


def test_a_row_that_is_only_partly_its_header_is_no_header(tmp_path: Path) -> None:
    odd = "01,AGUASCALIENTES,periodo,categoria,sexo,cve_municipio,municipio,7,2031-05-01"
    found, _ = reading(written(tmp_path / "a.csv", [HEAD, *ROWS, odd]))
    assert codes(found)["unreadable_periods"] and "headers_repeated" not in codes(found)


def test_rows_stand_under_their_municipality_else_under_their_state(tmp_path: Path) -> None:
    found, rows = reading(written(tmp_path / "a.csv", [HEAD, *ROWS]))
    assert rows["place"].to_list() == ["01001", "01", "01", "33", "01"]
    assert rows["place_name"].to_list() == ["AGUASCALIENTES"] * 3 + [
        "ENTIDAD NO ESPECIFICADA",
        "AGUASCALIENTES",
    ]
    assert rows["month"].to_list() == [
        date(2031, 1, 1),
        date(2031, 1, 1),
        date(2031, 2, 1),
        date(2031, 2, 1),
        None,
    ]
    assert rows["dated"].to_list() == ["dated"] * 4 + ["undated"]
    assert rows["count"].to_list() == [7, 2, 1, 3, 40]
    assert found.keys == ("status", "sex", "dated") and found.vintage == "2031-05-02"
    assert codes(found) == USUAL


def test_a_municipality_that_is_unknown_or_has_no_code_counts_for_its_state(tmp_path: Path) -> None:
    more = [
        "10,DURANGO,2031-01,LOCALIZADA_CON_VIDA,MUJER,10040,SE DESCONOCE,2,2031-05-01",
        "10,DURANGO,2031-01,LOCALIZADA_CON_VIDA,MUJER,,SIN MUNICIPIO DE REFERENCIA,3,2031-05-01",
        "10,DURANGO,2031-01,LOCALIZADA_CON_VIDA,MUJER,,TIJUANA,4,2031-05-01",
        "10,DURANGO,2031-01,LOCALIZADA_CON_VIDA,MUJER,10999,OTRO,5,2031-05-01",
    ]
    found, rows = reading(written(tmp_path / "a.csv", [HEAD, *ROWS, *more]))
    durango = rows.filter(pl.col("place").str.starts_with("10"))
    assert durango.select("place", "place_name", "count").rows() == [
        ("10", "DURANGO", 9.0),
        ("10999", "OTRO", 5.0),
    ]
    words = {oddity.code: oddity.words for oddity in found.oddities}
    assert words["municipality_unknown"] == {"count": "5", "persons": "11"}
    assert words["municipality_uncoded"] == {"count": "1", "persons": "4", "places": "TIJUANA (10)"}
    assert "repeated_rows" not in words


def test_other_order_case_separator_and_encoding_change_nothing(tmp_path: Path) -> None:
    _, plain = reading(written(tmp_path / "a.csv", [HEAD, *ROWS]))
    order = [7, 2, 5, 6, 0, 1, 4, 3, 8]
    cells = [
        line.split(",") for line in [HEAD.upper(), *(row.replace("SIN_FECHA", "Sin fecha") for row in ROWS)]
    ]
    for row in cells[1:]:
        row[0], row[5] = row[0].lstrip("0"), row[5].lstrip("0")
        row[3] = row[3].replace("_", " ").capitalize()
    lines = [";".join(row[i] for i in order) for row in cells]
    found, other = reading(written(tmp_path / "b.csv", lines, "cp1252"))
    assert other.equals(plain)
    assert codes(found) == USUAL


def test_yearly_files_put_together_count_the_undated_once(tmp_path: Path) -> None:
    later = ROWS[-1].replace(",40,2031-05-01", ",41,2031-06-01")
    found, rows = reading(written(tmp_path / "a.csv", [HEAD, *ROWS, ROWS[-1], later]))
    assert rows.filter(pl.col("dated") == "undated")["count"].to_list() == [41]
    (repeated,) = [oddity for oddity in found.oddities if oddity.code == "undated_repeated"]
    assert repeated.words["count"] == "2" and not repeated.grave
    unlike = ROWS[-1].replace(",40,", ",39,")
    assert codes(reading(written(tmp_path / "b.csv", [HEAD, *ROWS, unlike]))[0])["undated_conflict"] is True


def test_dated_rows_that_stand_twice_are_grave(tmp_path: Path) -> None:
    assert codes(reading(written(tmp_path / "a.csv", [HEAD, *ROWS, ROWS[0]]))[0])["repeated_rows"] is True


@pytest.mark.parametrize(
    "form",
    ["2031-01", "2031-1", "2031/01", "01/2031", "1-2031", "203101", "2031-01-01", "2031-01-01 00:00:00"],
)
def test_months_that_leave_no_doubt_are_read(form: str) -> None:
    assert pl.DataFrame({"p": [f" {form} "]}).select(_month("p")).item() == date(2031, 1, 1)


@pytest.mark.parametrize(
    "form", ["2031", "2031-13", "31-01", "01/31", "2031-01-17", "ene 2031", "", "01/02/2031", "203113", "0"]
)
def test_periods_in_doubt_are_left_out_and_named(tmp_path: Path, form: str) -> None:
    odd = ROWS[0].replace("2031-01", form, 1)
    found, rows = reading(written(tmp_path / "a.csv", [HEAD, *ROWS, odd]))
    assert rows["count"].sum() == 53
    (left,) = [oddity for oddity in found.oddities if oddity.code == "unreadable_periods"]
    assert left.grave and left.refused and left.words == {"count": "1", "first": repr(form)}
    with pytest.raises(DataError, match="no row has a period in 'periodo'"):
        reading(written(tmp_path / "b.csv", [HEAD, odd]))


@given(st.integers(1900, 2099), st.integers(1, 12))
def test_every_month_reads_back_as_written(year: int, month: int) -> None:
    frame = pl.DataFrame({"p": [f"{year}-{month:02d}", f"{month:02d}/{year}", f"{year}{month:02d}"]})
    assert frame.select(_month("p")).to_series().to_list() == [date(year, month, 1)] * 3


def test_a_status_that_was_split_is_grave(tmp_path: Path) -> None:
    split = ROWS[0].replace("LOCALIZADA_CON_VIDA", "NO_LOCALIZADA")
    found = reading(written(tmp_path / "a.csv", [HEAD, *ROWS, split]))[0]
    (new,) = [oddity for oddity in found.oddities if oddity.code == "unknown_categories"]
    assert new.grave and new.words == {"column": "categoria", "categories": "NO_LOCALIZADA"}


def test_one_row_more_changes_only_what_it_can_reach(tmp_path: Path) -> None:
    _, before = reading(written(tmp_path / "a.csv", [HEAD, *ROWS]))
    more = "02,BAJA CALIFORNIA,2031-01,LOCALIZADA_CON_VIDA,MUJER,02004,TIJUANA,1,2031-05-01"
    _, after = reading(written(tmp_path / "b.csv", [HEAD, *ROWS, more]))
    assert after.filter(pl.col("place") != "02004").equals(before)


def test_a_file_without_the_day_of_consultation_has_no_vintage(tmp_path: Path) -> None:
    found, rows = reading(written(tmp_path / "a.csv", [line.rpartition(",")[0] for line in [HEAD, *ROWS]]))
    assert found.vintage == "" and rows.height == 5


def test_a_register_without_its_status_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(
        DataError, match=r"'rnpdno_register', but lacks: categoria\. Columns it does not know: situacion"
    ):
        reading(written(tmp_path / "a.csv", [HEAD.replace("categoria", "situacion"), *ROWS]))


# --- real files -------------------------------------------------------------------------------------------------------

real = pytest.mark.skipif(not REGISTER.is_dir(), reason="../shared/data is not beside the project")


@pytest.mark.realdata
@real
def test_the_undated_of_all_yearly_files_counted_once_give_the_published_series() -> None:
    readings = [reading(path) for path in sorted(REGISTER.glob("*.csv"))]
    assert [found.vintage for found, _ in readings] == ["2026-07-09"] * 14
    assert all(not oddity.grave for found, _ in readings for oddity in found.oddities)
    every = pl.concat([rows.filter(pl.col("status") == MISSING) for _, rows in readings])
    dated, undated = (every.filter(pl.col("dated") == told) for told in ("dated", "undated"))
    once = undated.unique(["place", "status", "sex", "count"])
    assert once["count"].sum() == 10_387
    # The compiled series goes to July 2026 and gives 128,992; of its 17 yearly files the 14 of 2010–2023 are at hand.
    with (SHARED / "facts" / "series.csv").open(encoding="utf-8") as file:
        compiled = {
            row["period"]: float(row["value"])
            for row in csv.DictReader(file)
            if row["indicator"] == "disappeared_still_missing_by_year" and row["place"] == "MX"
        }
    by_year = dict(
        dated.group_by(pl.col("month").dt.year().cast(pl.String)).agg(pl.col("count").sum()).rows()
    )
    assert by_year == {str(year): compiled[str(year)] for year in range(2010, 2024)}
    later = sum(value for period, value in compiled.items() if period[:4] in ("2024", "2025", "2026"))
    assert dated["count"].sum() + later + once["count"].sum() == 128_992
    assert every["count"].sum() + later + 3 * 10_387 == 295_184


@pytest.mark.realdata
@real
def test_real_yearly_files_in_one_repeat_the_undated_and_lose_the_repeats(tmp_path: Path) -> None:
    files = sorted(REGISTER.glob("*.csv"))
    lines = [
        line
        for number, path in enumerate(files)
        for line in path.read_text("utf-8").splitlines()[bool(number) :]
    ]
    found, rows = reading(written(tmp_path / "all.csv", lines))
    assert rows.filter(pl.col("status") == MISSING)["count"].sum() == 88_864 + 10_387
    assert "repeated_rows" not in codes(found)
    (repeated,) = [oddity for oddity in found.oddities if oddity.code == "undated_repeated"]
    assert repeated.words["count"] == str(13 * 99)
