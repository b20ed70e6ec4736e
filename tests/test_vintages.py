"""Of which day an edition is: given, stated by the file, inferred from its last month, or the day it was imported."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careo.base.dates import parse_period
from careo.base.errors import DataError
from careo.panel.imports import import_file
from careo.sources import store
from careo.sources.snapshot import Snapshot
from official_files import case_file, states

TODAY = date(2032, 5, 17)
REGISTER = "cve_entidad,entidad,periodo,categoria,sexo,cve_municipio,municipio,conteo,consultado_en"


def cases(folder: Path, *, until: int = 12) -> Path:
    """State case files of 2030 with values in the first months only."""
    return case_file(
        folder / "cases.csv", years=[2030], value=lambda y, s, c, m: "" if m >= until else str(1 + m)
    )


def register(folder: Path, consulted: str, months: Sequence[str] = ("2031-02",)) -> Path:
    lines = [
        f"{code},{name.upper()},{month},DESAPARECIDA_O_NO_LOCALIZADA,MUJER,{code}001,X,3,{consulted}"
        for code, name in states()
        for month in months
    ]
    path = folder / "register.csv"
    path.write_text("\n".join([REGISTER, *lines]) + "\n", "utf-8")
    return path


def population(folder: Path, years: Sequence[int]) -> Path:
    lines = [
        f"{year},{name},{code},{sex},1000000"
        for year in years
        for code, name in states()
        for sex in ("Hombres", "Mujeres")
    ]
    path = folder / "population.csv"
    path.write_text("\n".join(["AÑO,ENTIDAD,CVE_GEO,SEXO,POB_MITAD", *lines]) + "\n", "utf-8")
    return path


def edition(snapshot: Snapshot) -> tuple[str, str, date]:
    return snapshot.vintage, snapshot.vintage_basis, snapshot.known


@pytest.mark.parametrize(
    ("vintage", "known"),
    [("2031-02-20", date(2031, 2, 20)), ("2031-02", date(2031, 2, 28)), ("2031", date(2031, 12, 31))],
)
def test_a_day_a_month_or_a_year_names_an_edition(tmp_path: Path, vintage: str, known: date) -> None:
    found = import_file(cases(tmp_path), vintage=vintage, today=TODAY).snapshot
    assert edition(found) == (vintage, "given", known)


@pytest.mark.parametrize(
    "vintage",
    ["2031-01/2031-06", "2031/2031", "2006/..", "../2031", "undated", "..", "2031-13", "31-01-2031", "soon", " 2031", "2031-1", "２０３１"],
)  # fmt: skip
def test_anything_else_is_refused_with_the_right_forms_in_both_languages(
    tmp_path: Path, vintage: str
) -> None:
    with pytest.raises(DataError) as error:
        import_file(cases(tmp_path), vintage=vintage)
    assert error.value.key == "vintage_form"
    for language, words in (("en", "a day, a month or a year"), ("es", "un día, un mes o un año")):
        message = error.value.render(language)
        assert words in message and repr(vintage) in message and "--vintage 2019-03-01, 2019-03" in message
        assert "2006/.. " not in message and "undated." not in message
    assert not store.snapshots()


@given(st.text(max_size=12) | st.from_regex(r"[0-9]{4}(-[0-9]{2}){0,2}", fullmatch=True))
def test_what_is_accepted_is_one_day_month_or_year(vintage: str) -> None:
    from careo.panel.imports import _last_day

    try:
        last = _last_day(vintage, "--vintage")
    except DataError:
        return
    assert str(parse_period(vintage)) == vintage and parse_period(vintage).last == last


@pytest.mark.parametrize("vintage", ["2030-07-31", "2030-07", "2029", "1990-01-01"])
def test_an_edition_older_than_what_it_reports_is_refused_and_nothing_is_kept(
    tmp_path: Path, vintage: str
) -> None:
    with pytest.raises(DataError) as error:
        import_file(cases(tmp_path, until=8), vintage=vintage)
    assert error.value.key == "vintage_before"
    for words in (f"edition of {vintage}", "2030-08", "cases.csv", "nothing was imported"):
        assert words in str(error.value)
    assert "no se importó nada" in error.value.render("es")
    assert not store.snapshots()


@pytest.mark.parametrize("vintage", ["2030-08-01", "2030-08", "2030"])
def test_an_edition_of_its_last_month_is_taken_though_later_months_stand_blank(
    tmp_path: Path, vintage: str
) -> None:
    found = import_file(cases(tmp_path, until=8), vintage=vintage).snapshot
    assert (found.last, found.vintage) == ("2030-08", vintage)


def test_a_file_that_states_a_day_before_its_last_month_is_refused(tmp_path: Path) -> None:
    found = import_file(register(tmp_path, "2031-02-01"), today=TODAY).snapshot
    assert edition(found) == ("2031-02-01", "stated", date(2031, 2, 1))
    with pytest.raises(DataError, match=r"register\.csv.*2031-01-31 cannot report 2031-02"):
        import_file(register(tmp_path, "2031-01-31"))
    given = import_file(register(tmp_path, "2031-01-31"), vintage="2031-03").snapshot
    assert given.vintage_basis == "given", "what the user says comes before what the file says"


def test_a_day_the_file_states_in_another_form_is_named_with_the_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"register\.csv: .*\n.*'09/07/2031'") as error:
        import_file(register(tmp_path, "09/07/2031"))
    assert "--vintage" in error.value.render("es")


def test_projections_look_ahead(tmp_path: Path) -> None:
    found = import_file(population(tmp_path, (2030, 2050)), vintage="2031").snapshot
    assert (found.last, found.vintage) == ("2050", "2031")


def test_where_nothing_tells_the_edition_it_is_of_the_day_of_the_import_and_says_so(tmp_path: Path) -> None:
    found = import_file(population(tmp_path, (2030, 2031)), today=TODAY).snapshot
    assert edition(found) == ("2032-05-17", "imported", TODAY)
    inferred = import_file(cases(tmp_path), today=TODAY).snapshot
    assert edition(inferred) == ("2031-01", "inferred", date(2031, 1, 31))


def test_the_day_of_an_import_gives_way_to_whatever_is_told(tmp_path: Path) -> None:
    path = population(tmp_path, (2030, 2031))
    import_file(path, today=TODAY)
    again = import_file(path, today=date(2033, 1, 1)).snapshot
    assert edition(again) == ("2032-05-17", "imported", TODAY), "the file was there to be had on that day"
    told = import_file(path, vintage="2031-10").snapshot
    assert edition(told) == ("2031-10", "given", date(2031, 10, 31))
    assert edition(import_file(path, today=TODAY).snapshot) == edition(told)
    assert store.snapshots() == (told,)
