"""CONAPO's populations: every layout, what a later edition may change, and what must never become a number."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from careo.base.errors import DataError
from careo.sources.formats.wide import out_of_line
from readings import codes, reading
from readings import lines_written as written

SHARED = Path(__file__).resolve().parents[2] / "shared"
POPULATION = SHARED / "data" / "population"
STATES = [
    "Aguascalientes", "Baja California", "Baja California Sur", "Campeche", "Coahuila", "Colima", "Chiapas", "Chihuahua",
    "Ciudad de México", "Durango", "Guanajuato", "Guerrero", "Hidalgo", "Jalisco", "México", "Michoacán", "Morelos", "Nayarit",
    "Nuevo León", "Oaxaca", "Puebla", "Querétaro", "Quintana Roo", "San Luis Potosí", "Sinaloa", "Sonora", "Tabasco",
    "Tamaulipas", "Tlaxcala", "Veracruz", "Yucatán", "Zacatecas",
]  # fmt: skip
AGES = range(110)


def by_age(year: str = "AÑO", *, men: int = 1000, women: int = 1100, places: tuple[tuple[int, str], ...] = ((0, "República Mexicana"), (15, "México"))) -> list[str]:  # fmt: skip
    lines = [f"RENGLON,{year},ENTIDAD,CVE_GEO,EDAD,SEXO,POBLACION"]
    for code, name in places:
        for age in AGES:
            for sex, count in (("Hombres", men), ("Mujeres", women)):
                lines.append(f"{len(lines)},2020,{name},{code},{age},{sex},{count}")
    return lines


# --- by state and single age ------------------------------------------------------------------------------------------


def test_single_ages_are_added_up_and_the_sexes_where_no_total_stands(tmp_path: Path) -> None:
    layout, found, rows = reading(written(tmp_path / "00_Pob_Mitad_1950_2070.csv", by_age(), "latin-1"))
    assert layout == "conapo_state_projection" and found.keys == ("sex",)
    assert rows.filter(pl.col("place") == "15").select("sex", "population").rows() == [
        ("Hombres", 110_000.0),
        ("Mujeres", 121_000.0),
        ("Total", 231_000.0),
    ]
    assert rows["place"].unique().sort().to_list() == ["00", "15"]
    assert rows["population_start_of_year"].null_count() == rows.height
    assert codes(found) == {"sexes_summed": False}


def test_the_copy_with_other_headers_and_more_columns_reads_the_same(tmp_path: Path) -> None:
    plain = by_age()
    shuffled = ["FECHA;POBLACION;SEXO;EDAD;CVE_GEO;ENTIDAD_FEDERATIVA;ENTIDAD;ANIO;RENGLON"]
    for line in plain[1:]:
        number, year, name, code, age, sex, count = line.split(",")
        shuffled.append(f"{year}-01-01;{count};{sex.upper()};{age};{code}.0;{name};{name};{year};{number}")
    _, _, rows = reading(written(tmp_path / "00_Pob_Mitad.csv", plain, "latin-1"))
    _, found, other = reading(written(tmp_path / "pob_mitad_2.csv", shuffled, "utf-8-sig"))
    assert other.equals(rows)
    assert codes(found) == {"sexes_summed": False}


def test_a_row_of_both_sexes_is_taken_and_never_added_to(tmp_path: Path) -> None:
    lines = by_age()
    lines += [f"0,2020,México,15,{age},Total,2100" for age in AGES]
    _, found, rows = reading(written(tmp_path / "pob_mitad.csv", lines))
    state = rows.filter((pl.col("place") == "15") & (pl.col("sex") == "Total"))
    assert state["population"].to_list() == [231_000.0]
    assert "total_not_sum" not in codes(found)
    lines[-1] = lines[-1].replace("2100", "9100")
    _, found, rows = reading(written(tmp_path / "pob_mitad_b.csv", lines))
    assert codes(found)["total_not_sum"] is True


def test_a_row_of_all_ages_is_taken_and_never_added_to(tmp_path: Path) -> None:
    lines = by_age()
    lines += [
        f"0,2020,México,15,Total,{sex},{count}" for sex, count in (("Hombres", 110_000), ("Mujeres", 121_000))
    ]
    _, _, rows = reading(written(tmp_path / "pob_mitad.csv", lines))
    assert rows.filter((pl.col("place") == "15") & (pl.col("sex") == "Total"))["population"].to_list() == [
        231_000.0
    ]


def test_one_file_or_the_other_is_told_by_the_national_total(tmp_path: Path) -> None:
    men, women = 128_209_170 // 2, 128_209_170 - 128_209_170 // 2
    lines = by_age(men=0, women=0, places=((0, "República Mexicana"),))
    lines[1], lines[2] = lines[1].removesuffix(",0") + f",{men}", lines[2].removesuffix(",0") + f",{women}"
    _, found, rows = reading(written(tmp_path / "unnamed.csv", lines))
    assert codes(found) == {"sexes_summed": False}
    assert rows.filter(pl.col("sex") == "Total")["population"].to_list() == [128_209_170.0]
    # one person fewer is another revision or another day, and no name helps
    lines[1] = lines[1].replace(f",{men}", f",{men - 1}")
    _, found, _ = reading(written(tmp_path / "unnamed_b.csv", lines))
    assert codes(found)["population_moment"] is True


def test_the_file_of_the_first_of_january_never_stands_as_mid_year(tmp_path: Path) -> None:
    _, found, rows = reading(written(tmp_path / "00_Pob_Inicio_1950_2070.csv", by_age()))
    assert codes(found)["population_start_of_year"] is False
    assert rows["population"].null_count() == rows.height
    assert rows["population_start_of_year"].max() == 231_000.0


def test_a_filtered_file_is_not_a_population(tmp_path: Path) -> None:
    grown_up = [line for line in by_age() if line.startswith("RENGLON") or int(line.split(",")[4]) >= 15]
    assert codes(reading(written(tmp_path / "pob_mitad.csv", grown_up))[1])["ages_partial"] is True
    cut = by_age()[:-30]
    assert codes(reading(written(tmp_path / "pob_mitad_b.csv", cut))[1])["ages_uneven"] is True
    doubled = by_age() + by_age()[1:]
    assert codes(reading(written(tmp_path / "pob_mitad_c.csv", doubled))[1])["repeated_rows"] is True


def test_a_sum_with_an_unreadable_part_is_unknown(tmp_path: Path) -> None:
    lines = by_age()
    at = next(i for i, line in enumerate(lines) if ",15,7,Hombres," in line)
    lines[at] = lines[at].replace(",1000", ",mil")
    _, found, rows = reading(written(tmp_path / "pob_mitad.csv", lines))
    state = dict(rows.filter(pl.col("place") == "15").select("sex", "population").rows())
    assert state == {"Hombres": None, "Mujeres": 121_000.0, "Total": None}
    assert codes(found)["unreadable_cells"] is True


def test_a_new_sex_category_stops_the_sum_and_is_named(tmp_path: Path) -> None:
    lines = by_age() + [f"0,2020,México,15,{age},No binario,1" for age in AGES]
    _, found, rows = reading(written(tmp_path / "pob_mitad.csv", lines))
    assert "Total" not in rows.filter(pl.col("place") == "15")["sex"].to_list()
    (new,) = [oddity for oddity in found.oddities if oddity.code == "unknown_categories"]
    assert new.grave and new.words["categories"] == "No binario"


def test_a_year_that_is_none_leaves_its_row_out_and_says_so(tmp_path: Path) -> None:
    lines = [*by_age(), "1,20x0,México,15,0,Hombres,5", "AÑO 2020 es proyección,,,,,,"]
    _, found, rows = reading(written(tmp_path / "pob_mitad.csv", lines))
    assert rows["population"].max() == 231_000.0
    assert codes(found) == {"sexes_summed": False, "unreadable_periods": True, "note_rows": False}
    with pytest.raises(DataError, match="no row has a period in 'ano'"):
        reading(written(tmp_path / "pob_mitad_b.csv", [lines[0], "1,veinte,México,15,0,Hombres,5"]))


def test_the_file_of_deaths_with_the_same_keys_is_refused(tmp_path: Path) -> None:
    lines = by_age()
    lines[0] = lines[0].replace("POBLACION", "DEFUNCIONES")
    with pytest.raises(DataError, match=r"lacks: poblacion\. Columns it does not know: DEFUNCIONES"):
        reading(written(tmp_path / "01_Defunciones_1950_2070.csv", lines))


# --- by municipality --------------------------------------------------------------------------------------------------


def test_age_groups_as_rows_are_added_up(tmp_path: Path) -> None:
    groups = [f"pobm_{age:02d}_{age + 4:02d}" for age in range(0, 65, 5)] + ["pobm_65_mm"]
    lines = ["RENGLON,CLAVE,CLAVE_ENT,NOM_ENT,MUN,SEXO,AÑO,EDAD_QUIN,POB"]
    for sex, count in (("Mujeres", 12), ("Hombres", 10)):
        lines += [f"1,1001,1,Aguascalientes,Aguascalientes,{sex},2029,{group},{count}" for group in groups]
    layout, found, rows = reading(written(tmp_path / "a.csv", lines, "latin-1"))
    assert layout == "conapo_municipal_projection"
    assert dict(rows.select("sex", "population").rows()) == {
        "Hombres": 140.0,
        "Mujeres": 168.0,
        "Total": 308.0,
    }
    assert rows["place"].unique().to_list() == ["01001"]
    assert codes(found) == {"sexes_summed": False}


def test_age_groups_as_columns_give_their_total_and_are_checked(tmp_path: Path) -> None:
    lines = [
        "CLAVE,CLAVE_ENT,NOM_ENT,NOM_MUN,SEXO,AÑO,POB_00_04,POB_05_09,POB_010_014,POB_15_mm,POB_TOTAL",
        "01001,01,Aguascalientes,Aguascalientes,HOMBRES,1990,10,10,10,70,100",
        "01001,01,Aguascalientes,Aguascalientes,MUJERES,1990,10,10,10,75,105",
    ]
    layout, found, rows = reading(written(tmp_path / "a.csv", lines))
    assert layout == "conapo_municipal_age_groups" and found.dataset == "conapo_municipal_projection"
    assert dict(rows.select("sex", "population").rows()) == {
        "Hombres": 100.0,
        "Mujeres": 105.0,
        "Total": 205.0,
    }
    lines[2] = lines[2].replace(",105", ",1050")
    found = reading(written(tmp_path / "b.csv", lines))[1]
    (off,) = [oddity for oddity in found.oddities if oddity.code == "total_not_sum"]
    assert off.grave and "01001" in off.words["first"]


def test_wide_municipalities_pad_codes_and_know_states_and_the_nation(tmp_path: Path) -> None:
    lines = [
        "CVE;Entidad;Municipio;X1990;X1991",
        '0;;Total;"81,000,000";82000000',
        "1000;Aguascalientes;Total;719659;720000",
        "1001;Aguascalientes;Aguascalientes;499839;500000.0",
        "32058;Zacatecas;Santa María;3251;",
    ]
    layout, found, rows = reading(written(tmp_path / "mun.csv", lines, "utf-8-sig"))
    assert layout == "conapo_municipal_population"
    assert rows.filter(pl.col("year") == 1990)["place"].to_list() == ["00", "01", "01001", "32058"]
    assert rows.filter(pl.col("year") == 1990)["population"].to_list() == [
        81_000_000.0,
        719_659.0,
        499_839.0,
        3251.0,
    ]
    assert rows.filter((pl.col("year") == 1991) & (pl.col("place") == "32058"))["population"].to_list() == [
        None
    ]
    assert codes(found) == {
        "thousands_separators": False,
        "counts_as_decimals": False,
        "content_unsaid": False,
    }


# --- wide by state ----------------------------------------------------------------------------------------------------


def wide(values: dict[str, list[float]], years: list[str], head: str = "ENTIDAD") -> list[str]:
    return [",".join([head, *years]), *(",".join([name, *map(str, row)]) for name, row in values.items())]


def test_wide_states_keep_names_and_the_nation_gets_its_code(tmp_path: Path) -> None:
    values: dict[str, list[float]] = {name: [1_000_000, 1_100_000] for name in STATES}
    values["República Mexicana"] = [32_000_000, 128_209_170]
    layout, found, rows = reading(
        written(tmp_path / "a.csv", [*wide(values, ["2019", "2020"]), "Fuente: CONAPO"])
    )
    assert layout == "conapo_state_population" and found.keys == ()
    named = dict(rows.filter(pl.col("year") == 2020).select("place_name", "place").rows())
    assert named["República Mexicana"] == "00" and named["México"] is None
    assert codes(found) == {"note_rows": False}


def test_a_wide_table_that_nothing_confirms_asks_for_a_look(tmp_path: Path) -> None:
    values: dict[str, list[float]] = {name: [1_000_000, 1_100_000] for name in STATES}
    assert codes(reading(written(tmp_path / "a.csv", wide(values, ["2019", "2020"])))[1]) == {
        "population_unconfirmed": True
    }
    twice = wide(values, ["2019", "2020"])
    found = reading(written(tmp_path / "pob_mitad.csv", [*twice, *twice[1:]]))[1]
    assert codes(found) == {"repeated_rows": True}


def test_other_tables_of_states_and_years_are_no_populations(tmp_path: Path) -> None:
    homicides: dict[str, list[float]] = {name: [310, 420] for name in STATES}
    with pytest.raises(
        DataError, match="columns are those of 'conapo_state_population', but the numbers are of another size"
    ):
        reading(written(tmp_path / "homicidios.csv", wide(homicides, ["2019", "2020"])))
    crimes = ["Entidad,Delito,2019,2020", *(f"{name},Robo,30000,42000" for name in STATES)]
    with pytest.raises(DataError, match="no official layout that careo knows"):
        reading(written(tmp_path / "delitos.csv", crimes))


def test_by_sex_keeps_both_moments_apart(tmp_path: Path) -> None:
    lines = ["n_year,nombre_estado,cve_ent,genero,pob_start_year,pob_mid_year"]
    lines += [
        f"2031,Estado de México,15,{sex},{start},{mid}"
        for sex, start, mid in (("Hombres", 10, 11), ("Mujeres", 20, 22))
    ]
    layout, found, rows = reading(written(tmp_path / "a.csv", lines))
    assert layout == "conapo_population_by_sex"
    total = rows.filter(pl.col("sex") == "Total").row(0, named=True)
    assert (total["population"], total["population_start_of_year"]) == (33.0, 30.0)
    assert codes(found) == {"sexes_summed": False}


# --- out of line ------------------------------------------------------------------------------------------------------


def flagged(values: list[float]) -> list[int]:
    frame = pl.DataFrame({"place": ["a"] * len(values), "value": values})
    return frame.with_row_index().filter(out_of_line("value", over=["place"]))["index"].to_list()


@given(st.integers(200, 10_000), st.integers(3, 12), st.data())
def test_a_digit_too_many_is_flagged_and_nothing_else(level: int, length: int, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, length - 1))
    values = [float(level)] * length
    values[at] = level * 10.0
    assert flagged(values) == [at]


@given(st.floats(1, 1e6), st.lists(st.floats(1 / 3, 3), max_size=12))
def test_jumps_of_up_to_three_times_are_never_flagged(first: float, factors: list[float]) -> None:
    values = [first]
    for factor in factors:
        values.append(values[-1] * factor)
    assert all(max(a, b) <= 3.001 * min(a, b) for a, b in pairwise(values))
    assert flagged(values) == []


@given(st.integers(100, 10_000), st.integers(2, 6), st.integers(2, 6), st.integers(4, 30))
def test_a_jump_that_lasts_is_never_flagged(level: int, before: int, after: int, factor: int) -> None:
    assert flagged([float(level)] * before + [float(level * factor)] * after) == []


# --- real files -------------------------------------------------------------------------------------------------------

real = pytest.mark.skipif(not POPULATION.is_dir(), reason="../shared/data is not beside the project")


@pytest.mark.realdata
@real
@pytest.mark.parametrize(
    ("name", "layout", "rows"),
    [
        ("ent_total.csv", "conapo_state_population", 32 * 101),
        ("mun_total.csv", "conapo_municipal_population", 2475 * 51),
        ("state_by_sex_1950-2070.csv", "conapo_population_by_sex", 3 * (121 + 32 * 101)),
    ],
)
def test_real_populations_agree_with_the_published_totals(name: str, layout: str, rows: int) -> None:
    found_layout, found, table = reading(POPULATION / name)
    assert (found_layout, table.height, codes(found)) == (layout, rows, {})
    if "sex" in table.columns:
        table = table.filter((pl.col("sex") == "Total") & (pl.col("place") != "00"))
    totals = dict(table.group_by("year").agg(pl.col("population").sum()).rows())
    assert totals[2010] == 114_756_059 and totals[2020] == 128_209_170


@pytest.mark.realdata
@real
def test_the_published_total_is_that_of_mid_year_not_of_january() -> None:
    nation = reading(POPULATION / "state_by_sex_1950-2070.csv")[2].filter(
        (pl.col("place") == "00") & (pl.col("sex") == "Total") & (pl.col("year") == 2020)
    )
    assert nation["population"].to_list() == [128_209_170]
    assert nation["population_start_of_year"].item() < 127_900_000
