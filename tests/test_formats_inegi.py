"""INEGI: the tables compiled from queries and deaths, and the files at hand."""

from __future__ import annotations

import bz2
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from careo.base.errors import DataError
from careo.sources.catalog import datasets
from careo.sources.formats import inegi, inegi_deaths, inegi_query
from readings import told

INEGI = Path(__file__).resolve().parents[2] / "shared/data/inegi"
realdata = pytest.mark.skipif(not INEGI.is_dir(), reason="../shared is not beside the project")


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
