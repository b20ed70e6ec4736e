"""SESNSP's files: every layout by its header, both catalogues of crimes, and the known totals of real editions."""

from __future__ import annotations

import csv
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from careo.base.errors import DataError
from careo.base.shipped import country_folder
from careo.base.texts import sentences
from careo.sources.catalog import datasets
from careo.sources.formats import layouts, read, recognise
from careo.sources.formats.layout import MONTH_COLUMNS, Oddity
from careo.sources.tables import open_data
from workbooks import write_workbook

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
REAL = SHARED / "data" / "sesnsp"
sys.path.insert(0, str(ROOT))

from benchmarks import municipal_file  # noqa: E402 - found beside the tests, not installed

MONTHS = list(municipal_file.MONTHS)
KINDS = ["Bien jurídico afectado", "Tipo de delito", "Subtipo de delito", "Modalidad"]
STATE = ["Año", "Clave_Ent", "Entidad", *KINDS, *MONTHS]
MUNICIPAL = ["Año", "Clave_Ent", "Entidad", "Cve. Municipio", "Municipio", *KINDS, *MONTHS]
PERSONS = ["Sexo", "Rango de edad"]
HOMICIDE = ("La vida y la Integridad corporal", "Homicidio", "Homicidio doloso", "Con arma de fuego")
ATTEMPT = (*HOMICIDE[:2], "Tentativa de homicidio doloso", "Tentativa de homicidio doloso")
COUNTS = tuple(str(month) for month in range(1, 13))
STATE_ROW = ("2031", "1", "Aguascalientes", *HOMICIDE, *COUNTS)
MUNICIPAL_ROW = ("2031", "1", "Aguascalientes", "1001", "Aguascalientes", *HOMICIDE, *COUNTS)
HEADERS: dict[str, tuple[list[str], tuple[str, ...]]] = {
    "sesnsp_state_cases": (STATE, STATE_ROW),
    "sesnsp_municipal_cases": (MUNICIPAL, MUNICIPAL_ROW),
    "sesnsp_state_victims": ([*STATE[:7], *PERSONS, *MONTHS], (*STATE_ROW[:7], "Mujer", "Adultos (18 y más)", *COUNTS)),
    "sesnsp_municipal_victims": (
        [*MUNICIPAL[:9], *PERSONS, *MONTHS],
        (*MUNICIPAL_ROW[:9], "Mujer", "18 a 29 años", *COUNTS),
    ),
    "sesnsp_state_cases_old": (
        ["AÑO", "INEGI", "ENTIDAD", "MODALIDAD", "TIPO", "SUBTIPO", *map(str.upper, MONTHS)],
        ("2001", "1", "AGUASCALIENTES", "HOMICIDIOS", "DOLOSOS", "CON ARMA DE FUEGO", *COUNTS),
    ),
    "sesnsp_municipal_cases_old": (
        ["AÑO", "INEGI", "ENTIDAD", "MUNICIPIO", "MODALIDAD", "TIPO", "SUBTIPO", *map(str.upper, MONTHS)],
        ("2011", "1001", "AGUASCALIENTES", "AGUASCALIENTES", "HOMICIDIOS", "DOLOSOS", "OTROS", *COUNTS),
    ),
    "sesnsp_federal_crimes": (
        ["AÑO", "INEGI", "ENTIDAD", "LEY", "CONCEPTO", "TIPO", *map(str.upper, MONTHS)],
        ("2031", "1", "AGUASCALIENTES", "CODIGO PENAL FEDERAL", "CONTRA LA SALUD", "POSESION", *COUNTS),
    ),
}  # fmt: skip


def written(
    path: Path, rows: Sequence[Sequence[str]], encoding: str = "cp1252", delimiter: str = ","
) -> Path:
    with path.open("w", encoding=encoding, newline="") as stream:
        csv.writer(stream, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    return path


def reading(path: Path) -> tuple[str, str, pl.DataFrame, dict[str, Oddity]]:
    with open_data(path) as file:
        layout, table = recognise(file)
        found = read(layout, table)
        return (
            layout.key,
            found.dataset,
            found.rows.collect(),
            {oddity.code: oddity for oddity in found.oddities},
        )


# --- layouts ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", HEADERS)
@pytest.mark.parametrize("kind", ["latin-1", "utf-8 with a mark", "semicolons", "XLSX", "other order"])
def test_every_layout_is_told_by_its_header(tmp_path: Path, name: str, kind: str) -> None:
    head, row = HEADERS[name]
    path = tmp_path / "download"
    if kind == "XLSX":
        write_workbook(path, {"Hoja1": [["SESNSP"], head, row]})
    elif kind == "other order":
        written(path, [head[::-1], row[::-1]])
    else:
        written(
            path,
            [head, row],
            "utf-8-sig" if "utf-8" in kind else "cp1252",
            ";" if kind == "semicolons" else ",",
        )
    layout, dataset, rows, odd = reading(path)
    assert layout == name
    assert dataset in datasets()
    assert not odd
    told = rows.row(0, named=True)
    assert told["place"] == ("01001" if "municipal" in name else "01")
    assert str(told["place_name"]).title() == "Aguascalientes"
    assert [told[month] for month in MONTH_COLUMNS] == [float(count) for count in COUNTS]
    assert rows.schema["year"] == pl.Int32


def test_both_spellings_of_september_and_codes_are_known(tmp_path: Path) -> None:
    head = [
        {"Septiembre": "Setiembre", "Clave_Ent": "Cve_Ent", "Año": "ANIO"}.get(name, name.upper())
        for name in STATE
    ]
    assert reading(written(tmp_path / "a.csv", [head, STATE_ROW]))[0] == "sesnsp_state_cases"


def test_victims_are_never_taken_for_case_files(tmp_path: Path) -> None:
    head, row = HEADERS["sesnsp_municipal_victims"]
    layout, dataset, rows, odd = reading(written(tmp_path / "a.csv", [head, row]))
    assert (layout, dataset) == ("sesnsp_municipal_victims", "sesnsp_municipal_victims_2026")
    assert rows.select("sex", "age_group").row(0) == ("Mujer", "18 a 29 años")
    assert not odd


def test_a_renamed_column_names_the_layout_and_both_names(tmp_path: Path) -> None:
    head = ["Delito" if name == "Tipo de delito" else name for name in STATE]
    with pytest.raises(DataError, match=r"'sesnsp_state_cases', but lacks: tipo_de_delito.*know: Delito\."):
        reading(written(tmp_path / "a.csv", [head, STATE_ROW]))


def test_a_month_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="'sesnsp_state_cases', but lacks: diciembre"):
        reading(written(tmp_path / "a.csv", [STATE[:-1], STATE_ROW[:-1]]))


def test_a_new_column_is_grave(tmp_path: Path) -> None:
    path = written(
        tmp_path / "a.csv", [[*STATE[:7], "Grado", *MONTHS], [*STATE_ROW[:7], "Consumado", *COUNTS]]
    )
    assert reading(path)[3]["unknown_columns"].words["columns"] == "Grado"


# --- places, months, rows -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "cell", "code"),
    [
        ("1", "1001", "01001"),
        ("01", "01001", "01001"),
        ("14", "14998", "14998"),
        ("14", "14999.0", "14999"),
        ("14", "39", "14039"),
        ("9", "002", "09002"),
        ("20", "20,001", "20001"),
    ],
)
def test_municipal_codes_are_five_digits(tmp_path: Path, state: str, cell: str, code: str) -> None:
    row = ["2031", state, "x", cell, "No Especificado", *MUNICIPAL_ROW[5:]]
    _, _, rows, _ = reading(written(tmp_path / "a.csv", [MUNICIPAL, row], delimiter=";"))
    assert rows.select("place", "place_name").row(0) == (code, "No Especificado")


def test_blank_months_are_not_zero_and_thousands_are_read(tmp_path: Path) -> None:
    row = [*STATE_ROW[:7], "1,119", "0", "3.0", *[""] * 9]
    _, _, rows, odd = reading(written(tmp_path / "a.csv", [STATE, row]))
    assert rows.row(0)[-12:] == (1119.0, 0.0, 3.0, *[None] * 9)
    assert {name: oddity.grave for name, oddity in odd.items()} == {
        "thousands_separators": False,
        "counts_as_decimals": False,
    }


def test_misread_letters_in_cells_are_repaired(tmp_path: Path) -> None:
    row = ["2031", "15", "MÃ©xico", *(cell.replace("í", "Ã\xad") for cell in HOMICIDE), *COUNTS]
    _, _, rows, odd = reading(written(tmp_path / "a.csv", [STATE, row], "utf-8"))
    assert rows["place_name"][0] == "México"
    assert set(odd) == {"broken_encoding"}


def test_places_without_a_code_are_told_apart_by_their_names(tmp_path: Path) -> None:
    head, row = HEADERS["sesnsp_federal_crimes"]
    table = [head, row, (row[0], "", "EXTRANJERO", *row[3:]), (row[0], "", "NO ESPECIFICADO", *row[3:])]
    _, _, rows, odd = reading(written(tmp_path / "a.csv", table))
    assert rows["place"].to_list() == ["01", None, None]
    assert not odd


# --- the catalogue of 2026 ----------------------------------------------------------------------------------------------


def test_a_file_of_the_register_is_a_dataset_of_its_own(tmp_path: Path) -> None:
    table = [STATE, ("2026", *STATE_ROW[1:]), ("2026", *STATE_ROW[1:3], *ATTEMPT, *COUNTS)]
    layout, dataset, rows, odd = reading(written(tmp_path / "a.csv", table, "utf-8-sig"))
    assert (layout, dataset) == ("sesnsp_state_cases", "sesnsp_state_cases_2026")
    assert rows.height == 2
    assert {name: oddity.grave for name, oddity in odd.items()} == {"register_2026": False}


def test_without_its_categories_a_later_year_stays_in_the_old_dataset(tmp_path: Path) -> None:
    assert reading(written(tmp_path / "a.csv", [STATE, STATE_ROW]))[1] == "sesnsp_state_cases"


def test_two_catalogues_in_one_file_are_grave(tmp_path: Path) -> None:
    table = [STATE, ("2025", *STATE_ROW[1:]), ("2026", *STATE_ROW[1:3], *ATTEMPT, *COUNTS)]
    _, dataset, _, odd = reading(written(tmp_path / "a.csv", table))
    assert dataset == "sesnsp_state_cases"
    assert odd["two_catalogues"].grave


def _catalogue(name: str) -> list[dict[str, str]]:
    with (country_folder("mexico") / "catalogues" / f"{name}.csv").open(
        encoding="utf-8", newline=""
    ) as stream:
        return list(csv.DictReader(stream))


@pytest.mark.parametrize(
    ("name", "rows", "subtypes"),
    [
        ("sesnsp_2015", 98, 55),
        ("sesnsp_victims_2015", 36, 15),
        ("sesnsp_2026", 114, 79),
        ("sesnsp_old", 66, 29),
        ("sesnsp_federal", 30, 30),
    ],
)
def test_catalogues_have_as_many_categories_as_the_publisher_says(
    name: str, rows: int, subtypes: int
) -> None:
    categories = _catalogue(name)
    assert len(categories) == len({tuple(row.values()) for row in categories}) == rows
    assert len({row["subtype"] for row in categories}) == subtypes


def test_victims_are_counted_for_a_part_of_the_categories_of_case_files() -> None:
    cases = {tuple(row.values()) for row in _catalogue("sesnsp_2015")}
    assert {tuple(row.values()) for row in _catalogue("sesnsp_victims_2015")} < cases


def test_cards_count_only_categories_of_their_catalogue_and_no_attempt() -> None:
    cards = {name: card for name, card in datasets().items() if name.startswith("sesnsp_")}
    assert len(cards) == 10
    for card in cards.values():
        categories = _catalogue(card.catalogue)
        assert card.traps
        for rule in card.series.values():
            chosen = [
                row for row in categories if all(row[key] in wanted for key, wanted in rule.where.items())
            ]
            assert chosen
            assert not any("tentativa" in row["subtype"].lower() for row in chosen)
            for key, wanted in rule.where.items():
                assert {row[key] for row in chosen} == set(wanted)


def test_every_dataset_that_a_layout_can_give_has_a_card() -> None:
    ours = [layout.key for layout in layouts() if layout.key.startswith("sesnsp_")]
    assert set(ours) == set(HEADERS)
    assert {"sesnsp_state_cases_2026", "sesnsp_municipal_cases_2026", "sesnsp_state_victims_2026"} <= set(
        datasets()
    )
    for language in ("en", "es"):
        assert {"data.oddity.register_2026", "data.oddity.two_catalogues"} <= set(sentences(language))


# --- the yardstick ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def yardstick(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("yardstick") / "municipal.csv"
    assert municipal_file.write_municipal_file(path, years=1) == 2475 * 98
    return path


def test_the_yardstick_is_the_same_file_every_time_and_in_the_official_layout(yardstick: Path) -> None:
    again = yardstick.with_name("again.csv")
    municipal_file.write_municipal_file(again, years=1)
    assert again.read_bytes() == yardstick.read_bytes()
    layout, dataset, rows, odd = reading(yardstick)
    assert (layout, dataset) == ("sesnsp_municipal_cases", "sesnsp_municipal_cases")
    assert rows.height == 2475 * 98
    assert rows["place"].n_unique() == 2475
    assert rows["m12"].null_count() == rows.height
    assert not odd


@pytest.mark.slow
def test_careo_and_pandas_read_the_same_sums_from_it(yardstick: Path) -> None:
    usual = municipal_file.pandas_way(yardstick)
    rows = reading(yardstick)[2].filter(pl.col("subtype").is_in(municipal_file.SUBTYPES))
    sums: Mapping[Any, Any] = {
        (place, subtype): months
        for place, subtype, *months in rows.group_by("place", "subtype")
        .agg(pl.col(MONTH_COLUMNS[:9]).sum())
        .rows()
    }
    assert len(usual) == len(sums) == 2475 * len(municipal_file.SUBTYPES)
    for index, months in zip(usual.index, usual.to_numpy()[:, :9].tolist(), strict=True):
        assert sums[index] == months


# --- real files ---------------------------------------------------------------------------------------------------------

_real = [
    pytest.mark.realdata,
    pytest.mark.skipif(not REAL.is_dir(), reason="../shared is not beside the project"),
]
TOTALS = [
    ("IDEFC_state_cases_2015-2023.csv", 28_224, "homicide_sesnsp_case_files", {2015: 16_119, 2018: 29_095, 2023: 25_271}),
    ("IDEFC_state_cases_vintage_2020-10.csv", 18_816, "homicide_sesnsp_case_files", {2018: 29_099}),
    ("IDEFC_state_cases_vintage_2020-10.csv", 18_816, "extortion_victims.case_files", {2018: 6_721, 2019: 8_734}),
    ("IDEFC_state_cases_vintage_2019-03.xlsx", 15_680, "homicide_sesnsp_case_files", {2018: 28_956}),
    ("IDVFC_state_victims_vintage_2019-11.xlsx", 36_800, "homicide_sesnsp_victims", {2015: 17_886, 2018: 33_743}),
    ("IDVFC_state_victims_vintage_2019-11.xlsx", 36_800, "feminicide_victims", {2018: 912}),
    ("IDVFC_state_victims_vintage_2019-11.xlsx", 36_800, "kidnapping_victims", {2015: 1_311, 2018: 1_559}),
    ("IDVFC_state_victims_vintage_2019-11.xlsx", 36_800, "extortion_victims", {2015: 5_277, 2018: 6_606}),
    ("IDVFC_state_victims_vintage_2019-11.xlsx", 36_800, "homicide_sesnsp_victims.plus_feminicide", {2018: 33_743 + 912}),
    ("old_methodology_state_1997-2017.xlsx", 44_352, "homicide_sesnsp_case_files.old_method", {}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "height", "indicator", "totals"), [pytest.param(*row, marks=_real) for row in TOTALS]
)
def test_real_files_sum_to_known_totals(
    name: str, height: int, indicator: str, totals: dict[int, int]
) -> None:
    layout, dataset, rows, odd = reading(REAL / name)
    assert layout == dataset
    assert rows.height == height
    assert not any(oddity.grave for oddity in odd.values())
    if not totals:
        path = country_folder("mexico") / "series" / f"{indicator}.csv"
        with path.open(encoding="utf-8", newline="") as stream:
            totals = {
                int(row["period"]): int(row["value"])
                for row in csv.DictReader(stream)
                if row["place"] == "MX"
            }
        assert len(totals) > 10
    where = datasets()[dataset].series[indicator].where
    chosen = rows.filter(*(pl.col(key).is_in(list(wanted)) for key, wanted in where.items()))
    sums = dict(chosen.group_by("year").agg(pl.sum_horizontal(pl.col(MONTH_COLUMNS).sum())).rows())
    assert {year: sums[year] for year in totals} == totals


@pytest.mark.realdata
@pytest.mark.skipif(not REAL.is_dir(), reason="../shared is not beside the project")
def test_real_files_hold_exactly_the_categories_of_the_catalogues() -> None:
    for name in sorted(path.name for path in REAL.iterdir()):
        _, dataset, rows, odd = reading(REAL / name)
        categories = _catalogue(datasets()[dataset].catalogue)
        written_ = set(rows.select(categories[0].keys()).unique().rows())
        known = {tuple(row.values()) for row in categories}
        assert written_ <= known if "municipal" in name else written_ == known
        assert set(odd) <= {"thousands_separators", "counts_as_decimals"}, name
