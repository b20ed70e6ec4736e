"""What holds for every layout: its header is found wherever it stands, and nothing odd in the rows below passes unsaid."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from careo.base.errors import CareoError, DataError
from careo.base.texts import sentences
from careo.sources import formats
from careo.sources.formats import layout as layout_module
from careo.sources.formats import read, recognise
from careo.sources.formats.layout import (
    Layout,
    Oddity,
    Reading,
    Table,
    code,
    key,
    number,
    odd_cells,
    sound_rows,
    year,
)
from careo.sources.tables import open_data
from workbooks import write_workbook

HEAD = ("Año", "Clave", "Delito", "Enero", "Febrero")
ROWS = [("2019", "1", "Robo", "3", "4"), ("2020", "1", "Robo", "5", "6")]
MONTHS = ("enero", "febrero")


def _read(table: Table, dataset: str) -> Reading:
    sound = sound_rows(table, year_column="ano", values=MONTHS)
    rows = sound.rows.select(
        sound.year.alias("year"), "clave", "delito", *(sound.count(m).alias(m) for m in MONTHS)
    )
    return Reading(
        dataset, rows, ("delito",), MONTHS, oddities=(*layout_module.unknown_columns(table), *sound.oddities)
    )


PLAIN = Layout("plain", ("ano|year", "clave|cve", "delito", *MONTHS), partial(_read, dataset="plain"))
BY_SEX = Layout("by_sex", (*PLAIN.columns, "sexo"), partial(_read, dataset="by_sex"))
UNREAD = Layout("unread", ("folio", "placa", "color"), None)


@pytest.fixture(autouse=True)
def _three_layouts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "layouts", lambda: (PLAIN, BY_SEX, UNREAD))


def written(path: Path, rows: Sequence[Sequence[str]], *, delimiter: str = ",", end: str = "\n") -> Path:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows(rows)
    path.write_text(text.getvalue().rstrip("\n") + end, encoding="utf-8", newline="")
    return path


def reading(path: Path) -> tuple[str, pl.DataFrame, dict[str, Oddity]]:
    with open_data(path) as file:
        layout, table = recognise(file)
        found = read(layout, table)
        return layout.key, found.rows.collect(), {oddity.code: oddity for oddity in found.oddities}


def told(
    tmp_path: Path, rows: Sequence[Sequence[str]], **how: str
) -> tuple[str, pl.DataFrame, dict[str, Oddity]]:
    return reading(written(tmp_path / "a.csv", rows, **how))


def refused(tmp_path: Path, rows: Sequence[Sequence[str]]) -> CareoError:
    with pytest.raises(CareoError) as caught:
        told(tmp_path, rows)
    return caught.value


# --- the header -------------------------------------------------------------------------------------------------------


def test_the_plain_world(tmp_path: Path) -> None:
    layout, rows, odd = told(tmp_path, [HEAD, *ROWS])
    assert layout == "plain"
    assert rows.rows() == [(2019, "1", "Robo", 3.0, 4.0), (2020, "1", "Robo", 5.0, 6.0)]
    assert not odd


@pytest.mark.parametrize(
    "head",
    [
        ("AÑO", "CLAVE", "DELITO", "ENERO", "FEBRERO"),
        ("ano", "cve", "Delito ", "enero", " febrero"),
        ("AÃ±o", "Clave", "Delito", "Enero", "Febrero"),
        ("A\ufffdo", "Clave", "Delito", "Enero", "Febrero"),
        ("\ufeffYear", "Cve.", "delito", "Enero.", "Febrero"),
    ],
)
def test_case_accents_and_spelling_of_headers_do_not_matter(tmp_path: Path, head: tuple[str, ...]) -> None:
    _, rows, odd = told(tmp_path, [head, *ROWS])
    assert rows["febrero"].to_list() == [4.0, 6.0]
    assert set(odd) == (
        {"broken_encoding"} if "Ã" in head[0] else {"lost_letters"} if "\ufffd" in head[0] else set()
    )


@given(st.permutations(range(5)), st.sampled_from(",;\t|"), st.integers(0, 3))
def test_order_delimiter_and_titles_do_not_matter(
    tmp_path_factory: pytest.TempPathFactory, order: list[int], delimiter: str, titles: int
) -> None:
    table = [[row[place] for place in order] for row in (HEAD, *ROWS)]
    path = tmp_path_factory.mktemp("a") / "a.csv"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(formats, "layouts", lambda: (PLAIN, BY_SEX, UNREAD))
        _, rows, odd = reading(written(path, [["Incidencia"]] * titles + table, delimiter=delimiter))
    assert rows.sort("year").rows()[0] == (2019, "1", "Robo", 3.0, 4.0)
    assert not odd


def test_of_two_layouts_that_fit_the_one_that_explains_more_wins(tmp_path: Path) -> None:
    layout, _, odd = told(tmp_path, [(*HEAD, "Sexo"), (*ROWS[0], "Mujer")])
    assert (layout, odd) == ("by_sex", {})


def test_an_unknown_column_is_named_and_grave(tmp_path: Path) -> None:
    layout, _, odd = told(tmp_path, [(*HEAD, "Turno"), (*ROWS[0], "noche")])
    assert layout == "plain"
    assert odd["unknown_columns"].words["columns"] == "Turno" and odd["unknown_columns"].grave


def test_a_missing_column_names_the_nearest_layout_and_what_differs(tmp_path: Path) -> None:
    error = refused(tmp_path, [("Año", "Clave", "Tipo", "Enero", "Febrero"), *ROWS])
    assert error.key == "layout_nearly"
    assert error.words["layout"] == "plain"
    assert (error.words["missing"], error.words["unknown"]) == ("delito", "Tipo")


def test_a_column_that_stands_twice_is_refused_with_its_headers(tmp_path: Path) -> None:
    error = refused(tmp_path, [("Año", "Clave", "Delito", "Enero", "Febrero", "ENERO"), (*ROWS[0], "9")])
    assert isinstance(error, DataError) and error.key == "layout_twice"
    assert error.found == "enero: Enero, ENERO"


def test_an_unknown_column_may_stand_twice(tmp_path: Path) -> None:
    _, rows, odd = told(tmp_path, [(*HEAD, "x", "x"), (*ROWS[0], "1", "2")])
    assert rows.height == 1 and odd["unknown_columns"].grave


def test_two_layouts_that_fit_alike_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    twin = Layout("twin", PLAIN.columns, PLAIN.read)
    monkeypatch.setattr(formats, "layouts", lambda: (PLAIN, twin))
    error = refused(tmp_path, [HEAD, *ROWS])
    assert (error.key, error.found) == ("layout_ambiguous", "plain, twin")


def test_a_known_layout_that_is_not_read_says_so(tmp_path: Path) -> None:
    error = refused(tmp_path, [("Folio", "Placa", "Color"), ("1", "x", "y")])
    assert (error.key, error.words["layout"]) == ("layout_not_read", "unread")


def test_a_header_alone_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path, [HEAD]).key == "table_no_rows"


# --- the rows ---------------------------------------------------------------------------------------------------------


def test_a_row_with_more_cells_than_the_header_is_grave(tmp_path: Path) -> None:
    _, _, odd = told(tmp_path, [HEAD, *ROWS, ("2021", "1", "Robo", "x", "7", "8", "9")])
    assert odd["surplus_cells"].grave
    assert odd["surplus_cells"].words == {"count": "1", "first": "2021, 1, Robo, x, 7, 8, 9"}
    far = [("2021", str(place), "Robo", "1", "2") for place in range(100)]
    _, _, odd = told(tmp_path, [HEAD, *far, ("2021", "1", "Daño", "a las cosas", "7", "8")])
    assert odd["surplus_cells"].grave


def test_empty_cells_right_of_the_header_are_nothing(tmp_path: Path) -> None:
    _, rows, odd = told(tmp_path, [(*HEAD, "", ""), *((*row, "", "") for row in ROWS)])
    assert rows.height == 2 and not odd


def test_a_file_that_ends_in_the_middle_of_a_row_is_grave(tmp_path: Path) -> None:
    _, _, odd = told(tmp_path, [HEAD, *ROWS, ("2021", "1", "Ro")], end="")
    assert odd["breaks_off"].grave
    for last in ((), ("Fuente: SESNSP", " corte a marzo"), ("Nota",)):
        _, rows, odd = told(tmp_path, [HEAD, *ROWS, *([last] if last else [])], end="")
        assert rows.height == 2 and set(odd) <= {"note_rows"}


def test_rows_swallowed_by_quotation_marks_are_grave(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('Año,Clave,Delito,Enero,Febrero\n2019,1,"Robo,3,4\n2020,1,Robo",5,6\n', encoding="utf-8")
    assert reading(path)[2]["line_breaks"].grave
    path.write_text('Año,Clave,Delito,Enero,Febrero\n2019,1,"Robo\nsimple",3,4\n', encoding="utf-8")
    odd = reading(path)[2]["line_breaks"]
    assert not odd.grave and odd.words["first"] == "Robo simple"


def test_notes_blank_rows_and_headers_put_in_between_lose_nothing(tmp_path: Path) -> None:
    between = [
        (),
        HEAD,
        ("2021", "1", "Robo", "7", "8"),
        ("", "", "", "", ""),
        ("Fuente: SESNSP, corte a marzo",),
    ]
    _, rows, odd = told(tmp_path, [HEAD, *ROWS, *between])
    assert rows["year"].to_list() == [2019, 2020, 2021]
    assert {name: (o.grave, o.words["count"]) for name, o in odd.items()} == {
        "headers_repeated": (False, "1"),
        "note_rows": (False, "1"),
    }


def test_numbers_in_a_row_without_a_year_are_grave(tmp_path: Path) -> None:
    for last in (
        ("Total", "", "", "8", "10"),
        ("2019-2020", "1", "Robo", "8", "10"),
        ("", "", "Robo", "1", ""),
    ):
        _, rows, odd = told(tmp_path, [HEAD, *ROWS, last])
        assert rows["year"].to_list() == [2019, 2020]
        assert odd["unreadable_periods"].grave and odd["unreadable_periods"].refused
        assert odd["unreadable_periods"].words["first"] == ", ".join(cell for cell in last if cell)


def test_another_order_of_columns_further_down_is_grave(tmp_path: Path) -> None:
    other = ("Clave", "Año", "Delito", "Enero", "Febrero")
    _, _, odd = told(tmp_path, [HEAD, *ROWS, other, ("1", "2021", "Robo", "7", "8")])
    assert odd["unreadable_periods"].words["count"] == "2"


@pytest.mark.parametrize(
    ("cell", "value", "code_", "grave"),
    [
        ("7", 7.0, "", False),
        ("", None, "", False),
        ("NA", None, "", False),
        ("n.d.", None, "", False),
        (" 7 ", 7.0, "", False),
        ("7.0", 7.0, "counts_as_decimals", False),
        ("1,119", 1119.0, "thousands_separators", False),
        ("-1,119", -1119.0, "negative_counts", True),
        ("0,125", None, "unreadable_cells", True),
        ("12,5", None, "unreadable_cells", True),
        ("1.119", 1.119, "points_in_counts", True),
        ("1.000", 1.0, "points_in_counts", True),
        ("7.5", 7.5, "fractional_counts", True),
        ("-3", -3.0, "negative_counts", True),
        ("siete", None, "unreadable_cells", True),
        ("inf", None, "unreadable_cells", True),
        ("1e3", 1000.0, "", False),
        ("٣", None, "unreadable_cells", True),
        ("1 119", None, "unreadable_cells", True),
    ],
)
def test_how_counts_are_written(
    tmp_path: Path, cell: str, value: float | None, code_: str, grave: bool
) -> None:
    _, rows, odd = told(tmp_path, [HEAD, ROWS[0], ("2020", "1", "Robo", "5", cell)])
    assert rows["febrero"].to_list() == [4.0, value]
    assert rows["enero"].to_list() == [3.0, 5.0]
    if not code_:
        assert not odd
    else:
        assert odd[code_].grave is grave
        assert odd[code_].words == {"count": "1", "first": f"{cell!r} (febrero)"}


def test_fractions_and_negatives_are_usual_where_nothing_is_counted() -> None:
    rows = pl.LazyFrame({"a": ["1.5", "-2", "1.119", "1,119", None, ""]})
    assert [oddity.code for oddity in odd_cells(rows, ["a"], counts=False)] == ["thousands_separators"]


@pytest.mark.parametrize(
    ("cell", "value"), [("2019", 2019), ("2019.0", 2019), ("2019.5", None), ("19", None), ("2019 p/", None)]
)
def test_a_year_is_a_whole_number_of_this_age(cell: str, value: int | None) -> None:
    assert pl.DataFrame({"a": [cell]}).select(year("a")).item() == value


@pytest.mark.parametrize(
    ("cell", "value"),
    [("1", "01001"), ("1.0", "01001"), (" 01 001 ", "01001"), ("1,001", "01001"), ("", None)],
)
def test_codes_are_padded(cell: str, value: str | None) -> None:
    whole = {"1": "1001", "1.0": "1001.0"}.get(cell, cell)
    assert pl.DataFrame({"a": [whole]}).select(code("a", 5)).item() == value


@given(st.floats(-1e12, 1e12) | st.integers(-(10**12), 10**12))
def test_numbers_written_with_and_without_commas_are_the_same(value: float) -> None:
    cells = pl.DataFrame({"a": [f"{value:,.3f}", f"{value:.3f}"]}).select(number("a"))["a"]
    assert cells[0] == cells[1] == float(f"{value:.3f}")


@given(st.text(max_size=30))
def test_a_key_is_a_name_and_its_own_key(header: str) -> None:
    assert key(key(header)) == key(header)
    assert set(key(header)) <= set("abcdefghijklmnopqrstuvwxyz0123456789_")


# --- workbooks --------------------------------------------------------------------------------------------------------


def test_sheets_with_the_same_columns_are_one_table(tmp_path: Path) -> None:
    other = ("Delito", "Clave", "Año", "Enero", "Febrero")
    sheets = {
        "2019": [["Incidencia"], HEAD, ROWS[0]],
        "notas": [["Fuente: nadie"]],
        "2020": [other, ("Robo", "1", "2020", "5", "6")],
    }
    _, rows, odd = reading(write_workbook(tmp_path / "a.xlsx", sheets))
    assert rows.rows() == [(2019, "1", "Robo", 3.0, 4.0), (2020, "1", "Robo", 5.0, 6.0)]
    assert odd["several_sheets"].words["sheets"] == "2019, 2020"


def test_a_hidden_sheet_and_one_with_fewer_columns_are_not_read_in_silence(tmp_path: Path) -> None:
    sheets = {"a": [(*HEAD, "Sexo"), (*ROWS[0], "Mujer")], "vieja": [(*HEAD, "Sexo"), (*ROWS[1], "Mujer")]}
    _, rows, odd = reading(write_workbook(tmp_path / "a.xlsx", sheets, hidden=["vieja"]))
    assert rows.height == 1
    assert odd["sheets_unread"].grave and odd["sheets_unread"].words["sheets"] == "vieja"


def test_every_oddity_has_its_sentence_in_both_languages() -> None:
    import inspect
    import re

    written_here = "".join(inspect.getsource(module) for module in (layout_module, formats))
    codes = set(re.findall(r'(?:Oddity|of)\(\s*"([a-z_0-9]+)"', written_here))
    assert len(codes) > 12
    for language in ("en", "es"):
        assert not {name for name in codes if f"data.oddity.{name}" not in sentences(language)}
