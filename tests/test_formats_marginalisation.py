"""The marginalisation index: the edition's year from its header, two methods that run in opposite directions."""

from __future__ import annotations

from pathlib import Path

import pytest

from careo.base.errors import DataError
from readings import codes, reading
from readings import lines_written as written

SHARED = Path(__file__).resolve().parents[2] / "shared"
INDEX = SHARED / "data" / "covariates"
HEAD = "CVE_ENT,NOM_ENT,CVE_MUN,NOM_MUN,POB_TOT,ANALF,SBASC,OVSDE,OVSEE,OVSAE,OVPT,VHAC,PL.5000,PO2SM,IM_2030,GM_2030,IMN_2030"
ROWS = [
    "01,Aguascalientes,01001,Aguascalientes,948990,1.6,20.4,0.1,0.1,0.4,0.6,10.3,7.5,54.2,60.3,Muy bajo,0.94",
    "07,Chiapas,07001,Acacoyagua,17994,12.5,52.0,1.9,1.5,8.0,9.0,40.2,100,90.1,52.1,Muy Alto,0.81",
]
FORMER = "CVE_ENT,ENT,CVE_MUN,MUN,POB_TOT,VP,ANALF,SPRIM,OVSDE,OVSEE,OVSAE,VHAC,OVPT,PL<5000,PO2SM,OVSD,OVSDSE,IM,GM,IND0A100,LUG_NAC,LUGAR_EST,AÑO"


def test_the_year_comes_from_the_header_and_grades_become_numbers(tmp_path: Path) -> None:
    layout, found, rows = reading(written(tmp_path / "a.csv", [HEAD, *ROWS], "utf-8-sig"))
    assert layout == "marginalisation_index" and codes(found) == {}
    assert rows.select("place", "year", "index", "grade", "index_normalised", "population").rows() == [
        ("01001", 2030, 60.3, 1.0, 0.94, 948990.0),
        ("07001", 2030, 52.1, 5.0, 0.81, 17994.0),
    ]
    assert rows["in_small_localities_percent"].to_list() == [7.5, 100.0]


@pytest.mark.parametrize("code", ["7001", "1", "001", "07001", "7001.0"])
def test_codes_are_five_digits_whatever_the_file_does(tmp_path: Path, code: str) -> None:
    row = ROWS[1].replace("07,Chiapas,07001", f"7,Chiapas,{code}")
    assert reading(written(tmp_path / "a.csv", [HEAD, row]))[2]["place"].to_list() == ["07001"]


def test_an_edition_that_its_own_column_contradicts_is_grave(tmp_path: Path) -> None:
    head = HEAD.replace("POB_TOT", "POB_TOT,ANIO")
    rows = [",".join([*row.split(",")[:5], "2025", *row.split(",")[5:]]) for row in ROWS]
    found = reading(written(tmp_path / "a.csv", [head, *rows]))[1]
    (odd,) = found.oddities
    assert (
        odd.code == "edition_contradicted"
        and odd.grave
        and odd.words == {"edition": "2030", "year": "2025", "count": "2"}
    )


def test_two_editions_in_one_table_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="several editions") as raised:
        reading(written(tmp_path / "a.csv", [HEAD + ",IM_2020", *(row + ",50" for row in ROWS)]))
    assert "2020, 2030" in str(raised.value)


def test_an_index_without_its_year_is_refused_by_what_it_lacks(tmp_path: Path) -> None:
    head = HEAD.replace("_2030", "")
    with pytest.raises(DataError, match="layout 'marginalisation_index"):
        reading(written(tmp_path / "a.csv", [head, *ROWS]))
    with pytest.raises(DataError, match="lacks: im_2030"):
        reading(written(tmp_path / "b.csv", [HEAD.replace("IM_2030", "INDICE"), *ROWS]))


def test_an_index_that_runs_the_other_way_is_grave(tmp_path: Path) -> None:
    upside = [ROWS[0].replace("Muy bajo", "Muy alto"), ROWS[1].replace("Muy Alto", "Muy bajo")]
    assert codes(reading(written(tmp_path / "a.csv", [HEAD, *upside]))[1]) == {"index_direction": True}


def test_new_grades_odd_percentages_and_twins_are_grave(tmp_path: Path) -> None:
    assert codes(reading(written(tmp_path / "a.csv", [HEAD, *ROWS, ROWS[0]]))[1])["repeated_rows"] is True
    new = ROWS[0].replace("01001", "01002").replace("Muy bajo", "Extremo")
    found = reading(written(tmp_path / "b.csv", [HEAD, *ROWS, new]))[1]
    (odd,) = found.oddities
    assert odd.grave and odd.words == {"column": "GM_2030", "categories": "extremo"}
    share = ROWS[0].replace("01001", "01002").replace(",20.4,", ",204,")
    assert codes(reading(written(tmp_path / "c.csv", [HEAD, *ROWS, share]))[1]) == {
        "percent_out_of_range": True
    }


def test_states_have_a_layout_of_their_own(tmp_path: Path) -> None:
    cut = [
        ",".join(cell for i, cell in enumerate(line.split(",")) if i not in (2, 3)) for line in [HEAD, *ROWS]
    ]
    layout, found, rows = reading(written(tmp_path / "a.csv", cut))
    assert (
        layout == "marginalisation_index_state"
        and rows["place"].to_list() == ["01", "07"]
        and codes(found) == {}
    )


def test_the_former_method_says_its_years_in_rows_and_runs_upwards(tmp_path: Path) -> None:
    rows = [
        "1,Aguascalientes,1001,Aguascalientes,506274,100,5.1,20.0,4.0,2.0,1.9,40.1,6.0,13.1,60.0,-,-,-1.9,Muy bajo,10.2,2300,11,1990",
        "7,Chiapas,7001,Acacoyagua,12189,100,25.1,60.0,44.0,32.0,31.9,70.1,56.0,100,90.0,-,-,1.2,Alto,40.2,300,50,1990",
    ]
    layout, found, table = reading(written(tmp_path / "a.csv", [FORMER, *rows], "latin-1"))
    assert layout == "marginalisation_index_former" and codes(found) == {}
    assert table.select(
        "place", "place_name", "year", "index", "grade", "without_primary_percent"
    ).rows() == [
        ("01001", "Aguascalientes", 1990, -1.9, 1.0, 20.0),
        ("07001", "Acacoyagua", 1990, 1.2, 4.0, 60.0),
    ]


# --- real files -------------------------------------------------------------------------------------------------------

real = pytest.mark.skipif(not INDEX.is_dir(), reason="../shared/data is not beside the project")


@pytest.mark.realdata
@real
@pytest.mark.parametrize(("year", "rows", "census"), [(2010, 2456, 112_336_538), (2020, 2469, 126_014_024)])
def test_real_editions_hold_the_population_of_their_census(year: int, rows: int, census: int) -> None:
    layout, found, table = reading(INDEX / f"marginalisation_{year}.csv")
    assert layout == "marginalisation_index" and codes(found) == {}
    assert (table.height, table["population"].sum(), table["year"].unique().to_list()) == (
        rows,
        census,
        [year],
    )
    assert table["place"].n_unique() == rows and table["grade"].null_count() == 0


@pytest.mark.realdata
@real
def test_the_real_table_of_parts_agrees_with_the_index() -> None:
    layout, found, parts = reading(INDEX / "municipal_components_2020.csv")
    assert (
        layout == "marginalisation_components"
        and codes(found) == {}
        and parts["year"].unique().to_list() == [2020]
    )
    _, _, index = reading(INDEX / "marginalisation_2020.csv")
    both = parts.join(index, on="place")
    assert both.height == 2469
    assert (both["analf_pct"] - both["illiterate_percent"]).abs().max() < 1e-4
